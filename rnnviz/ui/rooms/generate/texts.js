// Texts that several models write side by side, what the chosen one carried meanwhile, and why a character came. Playing,
// stepping and looking happen here; Python hears of four things: the next piece is wanted ("ask"), a character was changed
// ("change", "undo"), other states are wanted ("show"), and where the reader has come to rest ("rest").

import { stepOf } from "../../parts/js/cursor.js";
import { drawn, element } from "../../parts/js/dom.js";
import { Player, calm } from "../../parts/js/player.js";
import { themeSide, typeSize, watchPage } from "../../parts/js/theme.js";
import { Asking, goalOf, wanted } from "./asking.js";
import { Columns } from "./columns.js";
import { Lower } from "./lower.js";
import { Panel } from "./panel.js";
import { Pieces } from "./pieces.js";
import { Reasons } from "./reasons.js";
import { Resting } from "./resting.js";
import { Tools } from "./tools.js";

/** @typedef {import("./types.js").Writing} Data */
/** @typedef {import("./types.js").Writer} Writer */

const PACE = 20; // characters a second at first
const FRAME = 33; // ms between two paintings
const FRAME_FAST = 120; // where speed is all that counts: four texts take long to paint
const TOLD = 200; // ms between two reasons of a text that is played

export class Texts {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    /** @type {import("../../parts/js/dom.js").Send | undefined} */
    this.send = undefined;
    this.behind = false; // whether Python has yet to hear what was told last
    /** @type {Data | null} */
    this.data = null;
    this.shown = 0; // characters
    this.goal = 0; // characters that are wanted at rest
    this.due = 0; // the same as shown, with fractions, while it is played
    /** @type {number | null} */
    this.chosen = null; // a character's number from 0; none: the last one that is shown
    this.pace = PACE;
    this.stopped = false; // by the reader
    this.anew = false; // whether other texts than those before are shown
    this.wasPlaying = false;
    this.last = 0; // when it was painted
    this.told = 0; // when the reasons were
    /** @type {string | undefined} */
    this.tapped = undefined; // the kind of the author whose letter was
    this.size = "";
    this.drawn = ""; // states that are shown
    this.pieces = new Pieces();
    this.player = new Player({
      step: () => this.shown, steps: () => (this.data?.length ?? 0) + 1, go: (shown) => this.go(shown), pace: FRAME, changed: () => this.played(), stills: false,
    });
    this.asking = new Asking((serial) => {
      this.resting.known.reached = this.shown;
      this.send?.trigger("ask", { serial, have: this.pieces.counts, shown: this.shown });
    }, () => this.ask());
    this.tools = new Tools((tool) => this.act(tool), (pace) => {
      this.pace = pace;
      this.player.speed = Number.isFinite(pace) ? 1 : FRAME / FRAME_FAST;
    });
    this.columns = new Columns((kind) => this.heard(kind));
    this.reasons = new Reasons((character) => this.change(character));
    this.panel = new Panel((setting) => this.send?.trigger("show", setting), (number) => this.choose(number));
    this.lower = new Lower(this.reasons.root, this.panel.root);
    this.resting = new Resting((known) => this.rest(known), (rest) => this.send?.trigger("rest", rest));
    this.live = element("p", "gn-hidden");
    this.live.setAttribute("aria-live", "polite");
    this.root = element("section", "gn-root", this.tools.root, this.columns.root, this.lower.root, this.live);
    this.root.setAttribute("role", "group");
    this.root.addEventListener("keydown", (event) => this.key(event));
    parent.append(this.root);
    this.unwatch = watchPage(this.root, { themed: () => this.recolour(), resized: () => this.fit() });
    // where nothing has the focus, a key goes to what the page lies in
    this.space = (/** @type {KeyboardEvent} */ event) => {
      if (event.key === " " && event.target instanceof Node && event.target.contains(this.root)) this.key(event);
    };
    document.addEventListener("keydown", this.space);
  }

  destroy() {
    this.data = null;
    document.removeEventListener("keydown", this.space);
    this.player.destroy();
    this.asking.destroy();
    this.unwatch();
    this.resting.cancel();
    this.root.remove();
  }

  /** @param {Data} data */
  update(data) {
    const first = this.data === null;
    const { playing } = this.player;
    const longer = this.data !== null && !playing && this.shown >= this.data.length && data.length > this.shown;
    const changed = this.pieces.differ(data.writers);
    const anew = this.pieces.beginAnew(data.writers);
    this.data = data;
    if (first) this.asking.serial = data.answer; // the page was left and is back
    this.asking.hear(data.answer);
    const whole = this.pieces.add(data);
    if (first || (!this.behind && !this.resting.waits)) this.chosen = data.place === null ? null : data.place - 1;
    if (!this.behind) this.resting.known.place = data.place;
    this.goal = first ? data.reached : goalOf(data, { changed, longer, goal: this.goal, shown: this.shown, chosen: this.chosen });
    if (changed || longer) this.stopped = false; // another text is wanted, as far as the one before was shown
    if (anew) {
      this.anew = true;
      this.live.textContent = data.labels.anew;
    }
    // at rest all that is wanted is shown as it comes, and a text that is changed does not take its neighbours with it
    if (playing) this.shown = Math.min(this.shown, this.pieces.ready);
    else this.shown = Math.min(data.length, Math.max(this.goal, this.shown));
    this.ask(!whole); // before anything is drawn, so that both work at the same time
    this.layout(data, changed);
    if (changed || first || this.drawn !== data.states.key) this.recolour();
    else if (playing) this.controls();
    else this.grow();
    this.drawn = data.states.key;
    drawn(this.root);
  }

  // ---- the next piece -----------------------------------------------------------------------------------------------

  /** @private @param {boolean} [again] whether a piece was missing */
  ask(again = false) {
    if (!this.data) return;
    const { goal, shown, pace } = this;
    if (again || (!this.stopped && this.pieces.ready < wanted({ length: this.data.length, goal, shown, playing: this.player.playing, pace }))) this.asking.ask();
  }

  // ---- playing ------------------------------------------------------------------------------------------------------

  /** @private @param {import("./tools.js").Tool} tool */
  act(tool) {
    if (!this.data) return;
    this.anew = false;
    if (tool === "undo") this.send?.trigger("undo", this.asking.serial);
    else if (tool === "play" && this.player.playing) this.pause(true);
    else if (tool === "play") this.play();
    else {
      this.pause();
      this.chosen = null;
      this.goal = tool === "start" ? 0 : Math.min(this.data.length, this.shown + 1);
      this.shown = this.goal;
      this.ask();
      this.resting.wait();
      this.grow();
    }
  }

  /** @private */
  play() {
    this.stopped = false;
    this.chosen = null;
    this.goal = 0;
    this.last = performance.now();
    this.due = this.shown;
    this.resting.wait();
    this.player.play();
    this.ask();
  }

  /** By hand, or where the reader looks at something. @private @param {boolean} [stop] whether nothing more is wanted */
  pause(stop = false) {
    if (this.player.playing || stop) this.goal = Math.min(this.shown, this.pieces.ready);
    this.stopped = stop;
    this.player.stop();
    this.controls();
  }

  /** Playing has begun or ended, or its speed is another. @private */
  played() {
    const ended = this.wasPlaying && !this.player.playing;
    this.wasPlaying = this.player.playing;
    if (!this.data) return;
    this.controls();
    if (!ended) return;
    this.goal = Math.min(this.shown, this.pieces.ready);
    this.look();
    this.resting.wait();
  }

  /** As far as it is time for, and as there is text. @private @param {number} to 0 where it begins anew */
  go(to) {
    if (!this.data) return;
    const { pace, pieces: { ready } } = this;
    const now = performance.now();
    const before = this.shown;
    if (to === 0) this.due = this.shown = 0;
    else if (Number.isFinite(pace)) this.due = Math.min(this.due + ((now - this.last) / 1000) * pace, ready + 0.99);
    else this.due = calm?.matches ? ready : Math.min(ready, this.shown + Math.ceil((ready - this.shown) / 2));
    this.last = now;
    this.shown = Math.min(Math.floor(this.due), ready);
    if (this.shown !== before) this.grow();
    this.ask();
  }

  /** @private @param {KeyboardEvent} event */
  key(event) {
    if (event.target instanceof Element && event.target.matches("button, select, input") && event.key !== "Escape") return;
    const last = this.shown - 1;
    const to = stepOf(event, this.at, last);
    if (event.key === " ") this.act("play");
    else if (event.key === "Escape") this.choose(null);
    else if (to !== null && last >= 0) this.choose(to);
    else return;
    event.preventDefault();
  }

  // ---- the chosen character -----------------------------------------------------------------------------------------

  /** @returns {Writer} whose states are shown */
  get author() {
    const { writers, states } = /** @type {Data} */ (this.data);
    return /** @type {Writer} */ (writers.find(({ kind }) => kind === states.kind));
  }

  get at() {
    const last = Math.min(this.shown, this.pieces.of(this.author).count) - 1;
    return this.chosen === null ? last : Math.min(this.chosen, last);
  }

  /** @private @param {number | null} number @param {string} [kind] of the author */
  choose(number, kind) {
    if (!this.data) return;
    if (number !== null) this.pause();
    this.chosen = number;
    const author = this.data.writers.find((writer) => writer.kind === kind) ?? this.author;
    if (author !== this.author) {
      const place = number === null ? null : number + 1;
      this.resting.cancel();
      this.resting.known.place = place;
      this.send?.trigger("show", { generate_writer: author.kind, generate_place: place });
    } else this.resting.wait();
    this.look();
    const text = this.pieces.of(author);
    if (number !== null && number < text.count) this.live.textContent = author.visible[text.id(number)];
  }

  /** Where the reader is; a text that is played is on its way. @private @param {number} known */
  rest(known) {
    return { place: this.chosen === null ? null : this.chosen + 1, reached: this.player.playing && known >= 0 ? known : this.shown };
  }

  /** @private @param {string} character in place of the one that is looked at */
  change(character) {
    const number = this.at;
    this.pause();
    this.resting.cancel();
    this.chosen = number;
    this.goal = Math.max(this.shown, number + 1);
    this.send?.trigger("change", [this.author.kind, number + 1, character]);
  }

  // ---- what is drawn ------------------------------------------------------------------------------------------------

  /** @private @param {Data} data @param {boolean} changed whether there are other texts */
  layout(data, changed) {
    const { labels } = data;
    this.root.setAttribute("aria-label", labels.board);
    this.columns.fill(data, this.pieces, changed);
    this.panel.name(data, this.author.title);
    this.tools.name(labels, this.pace, data.undo);
    this.root.classList.toggle("gn-far", data.projector);
    this.place();
  }

  /** What happens to a column. @private @param {string} kind @returns {import("./columns.js").Heard} */
  heard(kind) {
    return {
      name: () => this.choose(this.chosen, kind),
      letter: (number) => {
        this.tapped = kind;
        this.choose(number, kind);
      },
      focus: () => kind !== this.author.kind && this.choose(this.chosen, kind),
    };
  }

  /** @private */
  place() {
    this.lower.place(this.columns.of(this.author.kind).root, this.root.clientWidth, this.chosen !== null);
  }

  /** @private */
  fit() {
    if (!this.data) return;
    const size = `${this.root.clientWidth} ${typeSize()}`;
    if (size !== this.size) this.panel.tall = 0;
    this.size = size;
    this.place();
    this.paint();
  }

  /** @private */
  recolour() {
    if (!this.data) return;
    const side = themeSide(this.root);
    this.root.dataset.theme = side;
    this.columns.recolour(this.data.writers, side);
    const own = this.author.colour[side];
    this.root.style.setProperty("--gn-shown", own);
    this.panel.recolour(this.data, own, side);
    this.grow();
  }

  /** Brings all to where `shown` is. @private */
  grow() {
    if (!this.data) return;
    this.columns.grow(this.shown, this.chosen === null, this.data.labels.mark);
    this.root.dataset.shown = String(Math.min(this.shown, this.pieces.ready));
    this.controls();
    this.look();
  }

  /** @private */
  controls() {
    if (!this.data) return;
    const { labels, length } = this.data;
    const { shown, pieces: { ready } } = this;
    const said = this.anew ? labels.anew : this.stopped && shown < length ? labels.stopped : "";
    this.tools.show(labels, { playing: this.player.playing, shown, ready, length, said });
  }

  /** Marks the chosen character; the reasons follow a text that is played a few times a second only. @private */
  look() {
    if (!this.data) return;
    const { at, author } = this;
    this.columns.look(at, author.kind, this.chosen !== null);
    const now = performance.now();
    if (!this.player.playing || now - this.told >= TOLD) {
      this.told = now;
      this.reasons.show(author, this.pieces.of(author), at, this.data.labels, this.data.greedy);
    }
    this.paint();
    if (this.tapped !== author.kind) return;
    this.tapped = undefined;
    this.lower.bring(this.columns.of(author.kind).letters[at]);
  }

  /** @private */
  paint() {
    const { data, shown, at } = this;
    const { carried } = this.pieces;
    if (!data || !carried) return;
    const text = this.pieces.of(this.author);
    this.panel.paint({ data, carried, text, shown, at, chosen: this.chosen !== null }, this.lower.beside);
  }
}
