import assert from "node:assert/strict";
import { test } from "node:test";
import { brief, clamp, fixed, minus, number, parsed, percent, power, scientific, signed } from "../../rnnviz/ui/parts/js/numbers.js";

/** @param {(value: any) => string} write @param {[unknown, string][]} pairs */
const writes = (write, pairs) => pairs.forEach(([value, text]) => assert.equal(write(value), text));

test("a number in full has four significant digits, and four places below 1", () =>
  writes(number, [
    [0, "0.0000"], [0.5, "0.5000"], [-0.12345, "−0.1235"], [0.00012, "0.0001"], [0.99996, "1.000"], [1.5, "1.500"], [9.99996, "10.00"],
    [-99.996, "−100.0"], [999.96, "1000"], [12345.6, "12346"],
  ]));

test("what would show nothing has an exponent, with our minus and no plus", () =>
  writes(number, [[0.0000123456, "1.235e−5"], [-1e-9, "−1.000e−9"], [123456, "1.235e5"]]));

test("what is no number says so", () =>
  writes(number, [[NaN, "–"], [undefined, "–"], [null, "–"], [Infinity, "∞"], [-Infinity, "−∞"]]));

test("given places, with a sign where it is asked for; nothing is never minus nothing", () => {
  assert.equal(fixed(-0.00001, 3), "0.000");
  assert.equal(fixed(-2.0005, 2), "−2.00");
  assert.equal(signed(0.25, 3), "+0.250");
  assert.equal(signed(-0.25, 3), "−0.250");
  assert.equal(scientific(0.00512, 0), "5e−3");
});

test("a square has room for two digits behind the point, or fewer", () =>
  writes(brief, [[0.004, "0.00"], [-0.126, "−0.13"], [9.996, "10.0"], [99.96, "100"], [12345, "1e4"]]));

test("percent: three digits at most, and never nothing where there is something", () =>
  writes(percent, [
    [1, "100.0 %"], [0.5, "50.0 %"], [0.0995, "10.0 %"], [0.0512, "5.12 %"], [0.0001, "0.01 %"], [0.00009, "< 0.01 %"], [0, "0 %"], [NaN, "– %"],
  ]));

test("a power of ten is written where the number itself would underflow", () =>
  writes(power, [[-400.5, "3.162e−401"], [0, "1.000e0"], [-4.0000001, "1.000e−4"], [-Infinity, "0"], [NaN, "0"]]));

test("a typed number may have a comma and our minus", () => {
  assert.equal(parsed(" −0,5 "), -0.5);
  assert.equal(parsed("1e-3"), 0.001);
  for (const text of ["", "  ", "a", "1,2,3"]) assert.ok(Number.isNaN(parsed(text)), text);
});

test("every hyphen of a number becomes a minus; a value stays within its limits", () => {
  assert.equal(minus("-1e-5"), "−1e−5");
  assert.deepEqual([-1, 0.5, 2].map((value) => clamp(value, 0, 1)), [0, 0.5, 1]);
});
