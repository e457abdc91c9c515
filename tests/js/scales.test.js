import assert from "node:assert/strict";
import { test } from "node:test";
import { between, gradient, hexParts, inkOn, luminance, shade } from "../../rnnviz/ui/parts/js/theme.js";

const GREYS = [[0, 0, 0], [100, 100, 100], [200, 200, 200]];

test("a colour is its red, green and blue", () => assert.deepEqual(hexParts("#0072b2"), [0, 114, 178]));

test("between two stops colours are mixed; outside, the ends hold", () => {
  assert.deepEqual([0, 0.25, 0.5, 1].map((share) => between(GREYS, share)[0]), [0, 50, 100, 200]);
  assert.deepEqual([-1, 2].map((share) => between(GREYS, share)[0]), [0, 200]);
});

test("luminance is WCAG's: 0 for black, 1 for white, 0.2126 for red", () => {
  assert.equal(luminance([0, 0, 0]), 0);
  assert.ok(Math.abs(luminance([255, 255, 255]) - 1) < 1e-12);
  assert.ok(Math.abs(luminance([255, 0, 0]) - 0.2126) < 1e-12);
});

test("the ink has a contrast of 4.5 at least on every grey", () => {
  for (let v = 0; v < 256; v += 1) {
    const back = luminance([v, v, v]);
    const contrast = inkOn([v, v, v]) === "#000000" ? (back + 0.05) / 0.05 : 1.05 / (back + 0.05);
    assert.ok(contrast >= 4.5, `${v}: ${contrast}`);
  }
});

test("for CSS: a colour with its ink, a scale from left to right", () => {
  assert.deepEqual(shade(GREYS, 1), { back: "rgb(200,200,200)", ink: "#000000" });
  assert.equal(gradient(["#000000", "#ffffff"]), "linear-gradient(to right, #000000, #ffffff)");
});
