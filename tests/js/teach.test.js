// The code of a link can be read again by another program; a text beyond a code has none.
import assert from "node:assert/strict";
import { test } from "node:test";
import jsqr from "jsqr";
import { modules } from "../../rnnviz/ui/rooms/teach/code.js";

const read = /** @type {typeof jsqr.default} */ (jsqr.default ?? jsqr);

/** As a camera sees it: modules of four pixels, with a margin. @param {boolean[][]} dark */
function seen(dark) {
  const scale = 4;
  const size = (dark.length + 8) * scale;
  const pixels = new Uint8ClampedArray(size * size * 4).fill(255);
  dark.forEach((row, y) =>
    row.forEach((is, x) => {
      for (let i = 0; is && i < scale * scale; i++) {
        const at = (((y + 4) * scale + Math.floor(i / scale)) * size + (x + 4) * scale + (i % scale)) * 4;
        pixels.fill(0, at, at + 3);
      }
    }),
  );
  return { pixels, size };
}

const LINKS = {
  short: "http://192.168.0.5:8501/cell?lesson=locked-alone-1f3c9a2b&lang=ko",
  folded: `http://192.168.0.5:8501/states?textz=${"eNpLTEpOSU1Lz8jMys7JzcsvKCwqLiktK6-orKo".repeat(12)}&lang=en#frame=f-3`,
  long: `http://192.168.0.5:8501/states?text=${"a%20b".repeat(480)}`,
};

for (const [name, link] of Object.entries(LINKS)) {
  test(`a ${name} link is read back from its code`, () => {
    const dark = modules(link);
    assert.ok(dark);
    const { pixels, size } = seen(dark);
    assert.equal(read(pixels, size, size)?.data, link);
  });
}

test("a link beyond a code has none", () => assert.equal(modules(`http://localhost/${"a".repeat(3000)}`), null));

test("what is at the limit still has one", () => assert.equal(modules("a".repeat(2953))?.length, 177));
