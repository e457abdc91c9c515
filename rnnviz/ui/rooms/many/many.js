// Many sequences in one plane under one cursor, which counts steps or parts of each one's way. All of it happens here: Python
// hears of nothing. Text of the reader goes in through textContent only.

import { button, drawn, element, mounted, named } from "../../parts/js/dom.js";
import { recall, recalledNumber, remember } from "../../parts/js/link.js";
import { clamp } from "../../parts/js/numbers.js";
import { Player } from "../../parts/js/player.js";
import { themeSide, watchPage } from "../../parts/js/theme.js";
import { filled } from "../../parts/js/words.js";
import { Paths } from "./paths.js";
import { Picture } from "./picture.js";
import { Side } from "./side.js";

/** @typedef {import("./types.js").Data} Data */
/** @typedef {import("./types.js").By} By */

/** @type {By[]} */
const BYS = ["share", "step"];
const PACE = 70; // ms a step

export default mounted((/** @type {HTMLElement} */ parent) => new Many(parent));

class Many {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    /** @type {Data | undefined} */
    this.data = undefined;
    /** @type {Paths | undefined} */
    this.paths = undefined;
    /** @type {import("./picture.js").View} */
    this.view = { by: "share", at: 0, chosen: 0, grouping: 0 };
    this.picture = new Picture({ hover: (...found) => this.tell(...found), choose: (i) => this.choose(i) });
    this.side = new Side((i) => this.choose(i), (step) => this.goTo(step));
    this.tip = element("div", "mn-tip");
    this.tip.hidden = true;
    this.picture.place.append(this.tip);
    this.colours = element("div", "mn-choice");
    this.bys = element("div", "mn-choice");
    this.keys = element("div", "mn-keys");
    this.play = button("mn-button mn-play", "▶", () => this.player.toggle());
    this.back = button("mn-button", "‹", () => this.player.move(-1));
    this.forward = button("mn-button", "›", () => this.player.move(1));
    this.slider = element("input", "mn-slider");
    this.slider.type = "range";
    this.slider.min = "0";
    this.slider.addEventListener("input", () => this.player.to(Number(this.slider.value)));
    this.readout = element("output", "mn-readout");
    this.readout.setAttribute("aria-live", "off");
    const bar = element("div", "mn-bar", this.back, this.play, this.forward, this.slider);
    const below = element("div", "mn-choices", this.readout, this.bys);
    const main = element("div", "mn-main", element("div", "mn-choices", this.colours, this.keys), this.picture.place, bar, below, this.side.below);
    this.body = element("div", "mn-body", main, this.side.root);
    this.root = element("section", "mn-root", this.body);
    parent.append(this.root);
    this.player = new Player({
      step: () => this.view.at,
      steps: () => (this.paths?.last(this.view.by) ?? 0) + 1,
      go: (step) => this.go(step),
      pace: PACE,
      changed: () => this.showPlaying(),
    });
    this.wide = 0;
    this.unwatch = watchPage(this.root, { themed: () => this.draw(), resized: () => this.resized() });
  }

  destroy() {
    this.player.destroy();
    this.unwatch();
    this.root.remove();
  }

  /** @param {Data} data */
  update(data) {
    const first = this.data === undefined;
    this.player.stop();
    const count = this.paths?.count;
    this.data = data;
    this.paths = new Paths(data);
    const beginning = data.missed?.[0] ?? 0;
    if (first) {
      const [by, colour] = [recall("by"), recall("colour")];
      const grouping = data.groupings.findIndex((one) => one.key === colour);
      this.view = { by: by === "step" ? "step" : "share", at: -1, chosen: (recalledNumber("seq") ?? beginning + 1) - 1, grouping: Math.max(0, grouping) };
      this.view.at = recalledNumber("at") ?? this.paths.last(this.view.by);
    } else if (count !== this.paths.count) {
      this.view = { ...this.view, at: this.paths.last(this.view.by), chosen: beginning };
    }
    this.view.at = clamp(this.view.at, 0, this.paths.last(this.view.by));
    if (this.view.chosen < 0 || this.view.chosen >= this.paths.count) this.view.chosen = beginning;
    this.view.grouping = Math.min(this.view.grouping, data.groupings.length - 1);
    this.root.setAttribute("aria-label", data.labels.summary);
    named(this.play, data.labels.play);
    named(this.back, data.labels.back);
    named(this.forward, data.labels.forward);
    this.slider.setAttribute("aria-label", data.labels.cursor);
    this.picture.update(data, this.paths);
    this.side.update(data, this.paths);
    this.drawChoices();
    this.draw();
  }

  draw() {
    if (!this.data || !this.paths) return;
    this.root.dataset.theme = themeSide(this.root);
    this.wide = this.picture.place.clientWidth;
    this.picture.draw(this.view);
    this.drawKeys();
    this.side.show(this.view.chosen);
    this.showCursor();
    this.showPlaying();
    drawn(this.root);
  }

  resized() {
    if (this.data && this.picture.place.clientWidth !== this.wide) this.draw();
  }

  // ---- what is chosen --------------------------------------------------------------------------------------------

  drawChoices() {
    const { data } = this;
    if (!data) return;
    offer(this.colours, data.labels.colour, data.groupings.map(({ title }, i) => ({ title, on: this.view.grouping === i, act: () => this.colourBy(i) })));
    offer(this.bys, data.labels.by, BYS.map((by) => ({ title: data.labels[by], on: this.view.by === by, act: () => this.countBy(by) })));
  }

  /** What the colours mean. */
  drawKeys() {
    if (!this.data) return;
    const { groups } = this.data.groupings[this.view.grouping];
    const made = groups.map(({ name, colour, count }) => {
      const dot = element("i", "mn-dot");
      dot.style.background = this.picture.tint(colour);
      return element("span", "mn-key", dot, `${name} (${count})`);
    });
    this.keys.replaceChildren(...made, element("span", "mn-soft", this.data.labels.mean));
  }

  /** @param {number} grouping */
  colourBy(grouping) {
    this.view.grouping = grouping;
    remember("colour", grouping ? /** @type {Data} */ (this.data).groupings[grouping].key : null);
    this.drawChoices();
    this.drawKeys();
    this.show();
  }

  /** The cursor stays about where it is. @param {By} by */
  countBy(by) {
    const paths = /** @type {Paths} */ (this.paths);
    if (by === this.view.by) return;
    this.player.stop();
    const share = this.view.at / Math.max(1, paths.last(this.view.by));
    this.view.by = by;
    this.view.at = Math.round(share * paths.last(by));
    remember("by", by === "share" ? null : by);
    this.drawChoices();
    this.show();
  }

  /** @param {number} i */
  choose(i) {
    this.view.chosen = i;
    remember("seq", i === (this.data?.missed?.[0] ?? 0) ? null : i + 1);
    this.side.show(i);
    this.show();
  }

  /** @param {number} at */
  go(at) {
    this.view.at = at;
    this.show();
  }

  /** To a step of the chosen sequence. @param {number} step */
  goTo(step) {
    const paths = /** @type {Paths} */ (this.paths);
    const last = Math.max(1, paths.lengths[this.view.chosen] - 1);
    this.player.to(this.view.by === "step" ? step : Math.round((100 * step) / last));
  }

  show() {
    this.picture.show(this.view);
    this.showCursor();
    drawn(this.root);
  }

  showCursor() {
    const { data, paths, view } = this;
    if (!data || !paths) return;
    const last = paths.last(view.by);
    remember("at", view.at === last ? null : view.at);
    this.slider.max = String(last);
    this.slider.value = String(view.at);
    const { labels } = data;
    const said =
      view.by === "share"
        ? filled(labels.atShare, { share: `${view.at} %`, count: paths.count })
        : filled(labels.atStep, { step: view.at + 1, count: paths.there(view.at), all: paths.count });
    this.readout.textContent = said;
    this.slider.setAttribute("aria-valuetext", said);
    this.side.mark(paths.stepOf(view.chosen, view.by, view.at));
  }

  showPlaying() {
    this.play.hidden = !this.player.allowed;
    this.play.textContent = this.player.playing ? "❚❚" : "▶";
    this.play.setAttribute("aria-pressed", String(this.player.playing));
  }

  /** Which sequence the pointer is over. @param {number | null} i @param {number} x @param {number} y */
  tell(i, x, y) {
    this.tip.hidden = i === null;
    if (i === null || !this.data) return;
    const says = this.data.says[i];
    this.tip.replaceChildren(element("b", "", this.side.called(i)), element("span", "", says), ...(this.data.texts ? [element("span", "", this.side.brief(i))] : []));
    const wide = this.picture.place.clientWidth;
    this.tip.style.left = `${clamp(x + 14, 4, Math.max(4, wide - this.tip.offsetWidth - 4))}px`;
    this.tip.style.top = `${y + 16}px`;
  }
}

/** Buttons of which one is pressed. @param {HTMLElement} place @param {string} label @param {{ title: string, on: boolean, act: () => void }[]} options */
function offer(place, label, options) {
  const focused = [...place.querySelectorAll("button")].findIndex((one) => one === document.activeElement);
  place.setAttribute("role", "group");
  place.setAttribute("aria-label", label);
  const made = options.map(({ title, on, act }) => {
    const one = button("mn-button", title, act);
    one.setAttribute("aria-pressed", String(on));
    return one;
  });
  place.replaceChildren(element("span", "mn-soft", label), ...made);
  made[focused]?.focus();
}
