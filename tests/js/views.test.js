// The list of views: kept where the browser keeps things, else until the page goes; what leads elsewhere is no view.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

/** @param {boolean} keeps @returns {Storage} */
function store(keeps) {
  const held = new Map();
  const only = (act) => (...given) => {
    if (!keeps) throw new Error("SecurityError");
    return act(...given);
  };
  return { getItem: only((name) => held.get(name) ?? null), setItem: only((name, value) => held.set(name, value)), removeItem: only((name) => held.delete(name)) };
}

let views;
let count = 0;
const begun = async (keeps) => {
  globalThis.window = { localStorage: store(keeps), sessionStorage: store(keeps) };
  globalThis.document = { baseURI: "http://school.example/rnn/teach?x=1" };
  views = await import(`../../rnnviz/ui/shell/views.js?${(count += 1)}`);
};
beforeEach(() => begun(true));

const VIEW = { title: "a", link: "cell?cell_kind=gru#step=2" };

test("what was kept comes back", () => {
  assert.equal(views.keep([VIEW]), true);
  assert.deepEqual(views.views(), [VIEW]);
  views.show(0);
  assert.equal(views.shown(), 0);
  views.show(null);
  assert.equal(views.shown(), null);
});

test("a browser that keeps nothing has the list until the page goes", async () => {
  await begun(false);
  assert.deepEqual(views.views(), []);
  assert.equal(views.keep([VIEW]), false);
  assert.deepEqual(views.views(), [VIEW]);
  views.show(3);
  assert.equal(views.shown(), 3);
  views.show(null);
  assert.equal(views.shown(), null);
});

test("what somebody else left in the store is no view", () => {
  for (const found of ["{", "3", "null", '[1, null, {"title": 1, "link": "cell"}, {"title": "a", "link": "javascript:alert(1)"}]']) {
    globalThis.window.localStorage.setItem("rnnviz-views", found);
    assert.deepEqual(views.views(), []);
  }
  globalThis.window.sessionStorage.setItem("rnnviz-presenting", "-1e9");
  assert.equal(views.shown(), null);
});

test("a list has an end", () => {
  views.keep(Array(99).fill(VIEW));
  assert.equal(views.views().length, views.MOST);
});

test("links are kept from the app's own address on, and none leads out of it", () => {
  assert.equal(views.inside(" http://school.example/rnn/cell?a=1#b "), "cell?a=1#b");
  assert.equal(views.inside("cell?a=1"), "cell?a=1");
  assert.equal(views.inside("http://school.example/rnn/"), "./");
  for (const elsewhere of ["http://school.example/other", "https://school.example/rnn/cell", "//evil.example", "javascript:alert(1)", "", "http://[", "../x"])
    assert.equal(views.inside(elsewhere), null, elsewhere);
});

test("views whose page is gone are passed over", () => {
  const list = ["cell", "gone?x", "./?lang=ko", "gone"].map((link) => ({ title: link, link }));
  assert.equal(views.following(list, 0, 1, ["", "cell"]), 2);
  assert.equal(views.following(list, 2, 1, ["", "cell"]), null);
  assert.equal(views.following(list, 2, -1, ["", "cell"]), 0);
});
