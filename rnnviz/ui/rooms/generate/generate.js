// Texts that several models write side by side, what the chosen one carried meanwhile, and why a character came. Playing,
// stepping and looking happen here; Python hears of four things: the next piece is wanted ("ask"), a character was changed
// ("change", "undo"), other states are wanted ("show"), and where the reader has come to rest ("rest").
// The same file shows how a text surprises the models. Text of the reader goes in through textContent only.

import { element, mounted, shape } from "../../parts/js/dom.js";
import { clamp } from "../../parts/js/numbers.js";
import { between, hexParts, inkOn, themeSide } from "../../parts/js/theme.js";

export default mounted((parent) => new Either(parent));

const PACES = [5, 20, 60, 200, Infinity]; // characters a second
const AHEAD = 0.8; // seconds of text that are to lie ready
const FRAME = 33; // milliseconds between two paintings, and where speed is all that counts: four texts take long to paint
const FRAME_FAST = 120;
const LOST = 8000; // milliseconds after which an answer no longer comes
const STROKE = 0.625; // rem: the width of a character on the strip
const NARROW = 560; // pixels up to which the texts lie under each other
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
const minus = (text) => text.replaceAll("-", "\u2212");
const percent = (value) => {
  if (value === 0) return "0 %";
  return value < 1e-4 ? "< 0.01 %" : `${(100 * value).toFixed(value >= 0.0995 ? 1 : 2)} %`;
};
const natsOf = (value) => (value < 0.001 ? "< 0.001" : value.toFixed(3));
const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

// drawn, as not every machine has a letter for it
function sign(name) {
  const made = shape("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" });
  made.setAttribute("class", "gn-sign");
  shape("path", { d: { play: "M2 0.5 11.5 6 2 11.5Z", stop: "M1 1H11V11H1Z", step: "M1 0.5 8 6 1 11.5ZM9 0.5H11V11.5H9Z", start: "M11 0.5 4 6 11 11.5ZM3 0.5H1V11.5H3Z" }[name] }, made);
  return made;
}

function tool(className, text, act) {
  const made = element("button", className, text);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

class Either {
  constructor(parent) {
    this.parent = parent;
  }

  update(data) {
    this.one ??= data.mode === "writing" ? new Texts(this.parent) : new Surprise(this.parent);
    this.one.send = this.send;
    this.one.update(data);
  }

  destroy() {
    this.one?.destroy();
  }
}

// ---- what one model has written: the pieces that came, put together ----------------------------------------------------

class Written {
  constructor(info) {
    this.key = info.key;
    this.count = 0;
    this.ids = [];
    this.floats = [];
  }

  // false where a piece is missing in between
  add(info) {
    this.info = info;
    if (info.from > this.count) return false;
    const [ids, floats] = [new Uint16Array(bytesOf(info.ids).buffer), new Float32Array(bytesOf(info.floats).buffer)];
    const [wide, long] = [3 + info.candidates, 5 + 2 * info.candidates];
    for (let i = this.count - info.from; i < info.count; i += 1) {
      this.ids.push(ids.subarray(i * wide, (i + 1) * wide));
      this.floats.push(floats.subarray(i * long, (i + 1) * long));
      this.count += 1;
    }
    return true;
  }

  id(at) {
    return this.ids[at][0];
  }

  // how the character at a place was chosen
  of(at) {
    const [floats, n] = [this.floats[at], this.info.candidates];
    const [id, drawn, rank, ...ids] = this.ids[at];
    const [number, low, length, before, after] = floats;
    const rows = ids.map((one, i) => ({ id: one, before: floats[5 + i], after: floats[5 + n + i] }));
    if (!ids.includes(id)) rows.push({ id, before, after, below: true });
    return { id, drawn, rank, rows, number, low, length, before, after };
  }
}

// of what follows from the same settings; characters that were changed come after it
const rootOf = (key) => key.split("-")[0];

class Texts {
  constructor(parent) {
    this.shown = 0;
    this.chosen = null; // a character's number from 0; none: the last one that is shown
    this.pace = 20;
    this.playing = false;
    this.stopped = false;
    this.asked = null;
    this.serial = 0;
    this.tall = 0; // pixels of the states, as far as they follow what is beside them
    this.revision = 0;
    this.texts = new Map();
    this.columns = new Map();
    this.states = null;
    this.build(parent);
  }

  // ---- the frame, made once -----------------------------------------------------------------------------------------

  build(parent) {
    this.root = element("section", "gn-root");
    this.root.setAttribute("role", "group");
    this.buttons = {};
    const make = (name, inside) => (this.buttons[name] = tool("gn-button", inside, () => this.act(name)));
    this.speed = element("select", "gn-select");
    this.speed.addEventListener("change", () => (this.pace = PACES[this.speed.selectedIndex]));
    this.progress = element("span", "gn-progress");
    this.tools = element("div", "gn-tools", make("start", sign("start")), make("step", sign("step")), make("play"), this.speed, this.progress, make("undo"));
    this.buttons.undo.classList.add("gn-wide");
    this.grid = element("div", "gn-columns");
    this.panel = element("div", "gn-panel");
    this.title = element("h3", "gn-title");
    this.layer = element("select", "gn-select");
    this.layer.addEventListener("change", () => this.send.trigger("show", { generate_layer: this.layer.selectedIndex + 1 }));
    this.quantity = element("select", "gn-select");
    this.quantity.addEventListener("change", () => this.send.trigger("show", { generate_quantity: this.quantity.value }));
    this.canvas = element("canvas", "gn-canvas");
    this.canvas.setAttribute("role", "img");
    this.canvas.addEventListener("pointermove", (event) => this.hover(event));
    this.canvas.addEventListener("pointerleave", () => this.readout.replaceChildren("\u00a0"));
    this.canvas.addEventListener("click", (event) => this.picked(event));
    this.readout = element("p", "gn-readout", "\u00a0");
    this.legend = element("div", "gn-legend");
    this.note = element("p", "gn-note");
    this.panel.append(element("div", "gn-head", this.title, this.layer, this.quantity), this.canvas, element("div", "gn-foot", this.legend, this.readout), this.note);
    this.why = element("div", "gn-why");
    this.live = element("p", "gn-hidden");
    this.live.setAttribute("aria-live", "polite");
    this.probe = element("i", "gn-probe");
    this.lower = element("div", "gn-lower", this.why, this.panel);
    this.root.append(this.tools, this.grid, this.lower, this.live, this.probe);
    parent.append(this.root);
    // the theme's variables change without a call: a transition of a colour that follows them tells when
    this.probe.addEventListener("transitionend", () => this.recolour());
    this.observer = new ResizeObserver(() => this.data && this.fit());
    this.observer.observe(this.root);
    this.observer.observe(this.probe); // one rem wide: tells when the page's type grows
    this.root.addEventListener("keydown", (event) => this.key(event));
    // where nothing has the focus, a key goes to what the page lies in
    this.space = (event) => event.key === " " && event.target.contains(this.root) && this.key(event);
    document.addEventListener("keydown", this.space);
  }

  destroy() {
    this.gone = true;
    document.removeEventListener("keydown", this.space);
    this.observer.disconnect();
    clearTimeout(this.resting);
    clearTimeout(this.missing);
    clearTimeout(this.next);
    this.root.remove();
  }

  update(data) {
    const first = !this.data;
    const changed = first || data.writers.some((w) => !this.texts.has(w.key));
    const roots = new Set([...this.texts.keys()].map(rootOf));
    const anew = !first && data.writers.some((w) => !roots.has(rootOf(w.key)));
    const complete = !first && this.shown >= this.data.length; // of the length that there was
    this.data = data;
    if (first) this.serial = data.answer; // the page was left and is back
    if (data.answer >= this.serial) this.asked = null;
    let whole = true;
    const texts = new Map();
    for (const info of data.writers) {
      const text = this.texts.get(info.key) ?? new Written(info);
      whole = text.add(info) && whole;
      texts.set(info.key, text);
    }
    this.texts = texts;
    whole = this.addStates(data.states) && whole;
    if (first) this.chosen = data.place === null ? null : data.place - 1;
    else if (data.place !== this.place && this.resting === undefined) this.chosen = data.place === null ? null : data.place - 1;
    this.place = data.place;
    if (first) this.goal = data.reached;
    else if (changed) this.goal = Math.max(this.goal, Math.min(this.shown, data.length), this.chosen === null ? 0 : this.chosen + 1);
    if (complete && data.length > this.shown && !this.playing) [this.goal, this.stopped] = [Math.max(this.goal, data.opening), false];
    if (changed) this.stopped = false; // another text is wanted, as far as the one before was shown
    if (anew) {
      this.anew = true;
      this.live.textContent = data.labels.anew;
    }
    // at rest all that is wanted is shown as it comes, and a text that is changed does not take its neighbours with it
    if (this.playing) this.shown = Math.min(this.shown, this.ready);
    else this.shown = Math.min(data.length, Math.max(this.goal, this.shown));
    this.ask(!whole); // before anything is drawn, so that both work at the same time
    this.layout(changed);
    if (changed || first || this.drawnStates !== data.states.key) this.recolour();
    else if (this.playing) this.controls();
    else this.grow();
    this.drawnStates = data.states.key;
    this.root.dataset.revision = this.revision += 1;
    this.root.dataset.drawn = "";
  }

  // ---- the next piece -----------------------------------------------------------------------------------------------

  get written() {
    return this.data.writers.map((w) => this.texts.get(w.key));
  }

  // how many characters all of them have
  get ready() {
    return Math.min(...this.written.map((text) => text.count));
  }

  // asks where too little lies ready, once at a time
  ask(again = false) {
    if (this.asked !== null || this.gone) return;
    const { length } = this.data;
    const ahead = this.playing ? (Number.isFinite(this.pace) ? Math.max(16, this.pace * AHEAD) : length) : 0;
    const wanted = Math.min(length, Math.max(this.goal, this.shown + ahead));
    if (!again && (this.stopped || this.ready >= wanted)) return;
    const have = Object.fromEntries(this.written.map((text) => [text.key, text.count]));
    if (this.states) have[this.states.key] = this.states.count;
    this.asked = this.serial += 1;
    this.reached = this.shown;
    this.send.trigger("ask", { serial: this.serial, have, shown: this.shown });
    clearTimeout(this.missing);
    this.missing = setTimeout(() => {
      this.asked = null;
      this.ask();
    }, LOST);
  }

  addStates(info) {
    if (this.states?.key !== info.key) this.states = { key: info.key, count: 0, values: [] };
    const states = this.states;
    states.info = info;
    if (info.from > states.count) return false;
    const bytes = bytesOf(info.bytes);
    for (let i = states.count - info.from; i < info.count; i += 1) {
      states.values.push(bytes.subarray(i * info.units, (i + 1) * info.units));
      states.count += 1;
    }
    return true;
  }

  // ---- playing ------------------------------------------------------------------------------------------------------

  act(name) {
    const { length } = this.data;
    this.anew = false;
    if (name === "undo") return this.send.trigger("undo", this.serial);
    if (name === "start") {
      this.shown = this.goal = 0;
      this.chosen = null;
      this.rest();
    }
    if (name === "play") return this.playing ? this.pause(true) : this.play();
    this.pause();
    if (name === "step") {
      this.goal = Math.min(length, this.shown + 1);
      this.chosen = null;
      this.shown = this.goal;
      this.ask();
      this.rest();
    }
    this.grow();
  }

  play() {
    if (this.shown >= this.data.length) this.shown = 0;
    this.playing = true;
    this.stopped = false;
    this.chosen = null;
    this.rest();
    this.goal = 0;
    this.last = performance.now();
    this.due = this.shown;
    this.controls();
    this.ask();
    this.tick();
  }

  tick() {
    clearTimeout(this.next);
    this.next = setTimeout(() => this.frame(performance.now()), Number.isFinite(this.pace) ? FRAME : FRAME_FAST);
  }

  pause(stop = false) {
    const played = this.playing;
    if (played || stop) this.goal = Math.min(this.shown, this.ready);
    this.playing = false;
    this.stopped = stop;
    this.controls();
    if (played) this.look();
    if (played) this.rest();
  }

  frame(now) {
    if (!this.playing || this.gone) return;
    const { length } = this.data;
    const { ready } = this;
    if (Number.isFinite(this.pace)) this.due = Math.min(this.due + ((now - this.last) / 1000) * this.pace, ready + 0.99);
    else this.due = calm.matches ? ready : Math.min(ready, this.shown + Math.ceil((ready - this.shown) / 2));
    this.last = now;
    const shown = Math.min(Math.floor(this.due), ready);
    if (shown !== this.shown) {
      this.shown = shown;
      this.grow();
    }
    if (this.shown >= length) return this.pause();
    this.ask();
    this.tick();
  }

  key(event) {
    if (event.target.matches("button, select, input") && event.key !== "Escape") return;
    const last = this.shown - 1;
    const now = this.at;
    const to = event.ctrlKey || event.metaKey || event.altKey ? undefined : { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: last }[event.key];
    if (event.key === " ") this.act("play");
    else if (event.key === "Escape") this.choose(null);
    else if (to !== undefined && last >= 0) this.choose(clamp(to, 0, last));
    else return;
    event.preventDefault();
  }

  // ---- the chosen character -----------------------------------------------------------------------------------------

  get at() {
    const last = Math.min(this.shown, this.texts.get(this.author.key).count) - 1;
    return this.chosen === null ? last : Math.min(this.chosen, last);
  }

  get author() {
    return this.data.writers.find((w) => w.kind === this.data.states.kind);
  }

  choose(number, kind = this.author.kind) {
    if (number !== null) this.pause();
    this.chosen = number;
    if (kind !== this.author.kind) {
      clearTimeout(this.resting);
      this.resting = undefined;
      this.place = number === null ? null : number + 1;
      this.send.trigger("show", { generate_writer: kind, generate_place: this.place });
    } else this.rest();
    this.look();
    const author = this.data.writers.find((w) => w.kind === kind);
    if (number !== null) this.live.textContent = author.visible[this.texts.get(author.key).id(number)];
  }

  // tells where the reader has come to rest
  rest() {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      this.resting = undefined;
      const place = this.chosen === null ? null : this.chosen + 1;
      const reached = this.playing ? this.reached : this.shown;
      if (place === this.place && reached === this.reached) return;
      [this.place, this.reached] = [place, reached];
      this.send.trigger("rest", [place ?? 0, reached]);
    }, 700);
  }

  change(character) {
    const number = this.at;
    this.pause();
    clearTimeout(this.resting);
    this.resting = undefined;
    this.chosen = number;
    this.goal = Math.max(this.shown, number + 1);
    this.stopped = false;
    this.send.trigger("change", [this.author.kind, number + 1, character]);
  }

  // ---- what is drawn ------------------------------------------------------------------------------------------------

  layout(changed) {
    const { data } = this;
    const { labels } = data;
    const opened = this.columns;
    this.root.setAttribute("aria-label", labels.board);
    this.columns = new Map();
    for (const writer of data.writers) {
      const old = opened.get(writer.kind);
      const column = old ?? this.column(writer.kind);
      column.head.textContent = writer.title;
      column.head.title = fill(labels.show, { model: writer.title });
      column.head.setAttribute("aria-label", column.head.title);
      column.head.setAttribute("aria-pressed", String(writer.kind === data.states.kind));
      column.root.classList.toggle("gn-current", writer.kind === data.states.kind && data.writers.length > 1);
      column.box.setAttribute("aria-label", fill(labels.written, { model: writer.title }));
      column.seed.title = labels.seedText;
      if (column.key !== writer.key || column.seed.textContent !== data.text) {
        const text = this.texts.get(writer.key);
        // what is the same stays, so that a change is seen to leave what was before it
        const keep = column.text && column.seed.textContent === data.text ? this.common(column, text) : 0;
        if (column.seed.textContent !== data.text) column.seed.textContent = data.text;
        this.shorten(column, keep);
        column.key = writer.key;
      }
      column.text = this.texts.get(writer.key);
      if (changed) column.letters.forEach((letter, i) => this.mark(letter, writer.changed.includes(i)));
      this.columns.set(writer.kind, column);
    }
    this.grid.dataset.count = data.writers.length;
    if (opened.size !== this.columns.size || [...opened.keys()].join() !== [...this.columns.keys()].join()) {
      this.grid.replaceChildren(...[...this.columns.values()].map((column) => column.root));
    }
    const { states } = data;
    const author = this.author;
    const counts = states.kind === "counts";
    this.title.textContent = counts ? `${author.title}: ${labels.context}` : author.title;
    this.options(this.layer, Array.from({ length: states.layers }, (_, i) => [String(i + 1), `${labels.layer} ${i + 1}`]), String(states.layer), labels.layer);
    this.options(this.quantity, Object.entries(states.options), states.quantity, labels.quantity);
    this.layer.hidden = counts || states.layers < 2;
    this.quantity.hidden = counts;
    this.canvas.setAttribute("aria-label", fill(counts ? labels.contexts : labels.states, { model: author.title, quantity: states.options[states.quantity] }));
    this.options(this.speed, PACES.map((pace) => [String(pace), Number.isFinite(pace) ? fill(labels.pace, { count: pace }) : labels.fast]), String(this.pace), labels.speed);
    this.note.textContent = counts ? "" : labels.look;
    this.root.classList.toggle("gn-far", data.projector);
    for (const name of ["start", "step"]) this.named(this.buttons[name], labels[name]);
    this.buttons.undo.textContent = `↶ ${labels.undo}`;
    this.buttons.undo.hidden = !data.undo;
    if (changed) for (const column of this.columns.values()) column.follow = true;
    this.placeWhy();
  }

  // on a phone the reasons stand under the text that they are of, else beside the states; what was tapped stays where it is
  placeWhy() {
    const column = this.columns.get(this.author.kind).root;
    const narrow = this.root.clientWidth <= NARROW;
    if (narrow ? column.nextSibling === this.why : this.why.parentNode === this.lower) return;
    const before = column.getBoundingClientRect().top;
    if (narrow) column.after(this.why);
    else this.lower.prepend(this.why);
    if (narrow && this.chosen !== null) this.page.scrollBy(0, column.getBoundingClientRect().top - before);
  }

  fit() {
    const size = `${this.root.clientWidth} ${this.probe.offsetWidth}`;
    if (size !== this.size) [this.size, this.tall] = [size, 0];
    this.placeWhy();
    this.paintStates();
  }

  common(column, text) {
    let same = 0;
    while (same < column.letters.length && same < text.count && Number(column.letters[same].dataset.id) === text.id(same)) same += 1;
    return same;
  }

  named(button, label) {
    button.title = label;
    button.setAttribute("aria-label", label);
  }

  options(select, entries, value, label) {
    select.setAttribute("aria-label", label);
    const now = JSON.stringify(entries);
    if (select.dataset.entries !== now) {
      select.dataset.entries = now;
      select.replaceChildren(
        ...entries.map(([name, text]) => {
          const option = element("option", "", text);
          option.value = name;
          return option;
        }),
      );
    }
    select.value = value;
  }

  column(kind) {
    const head = tool("gn-name", "", () => this.choose(this.chosen, kind));
    const seed = element("span", "gn-seed");
    const box = element("div", "gn-text", element("div", "gn-row", seed));
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    const column = { root: element("div", "gn-column", element("h3", "gn-heading", head), box), head, seed, box, letters: [], follow: true };
    box.addEventListener("click", (event) => {
      const letter = event.target.closest(".gn-letter");
      if (!letter) return;
      this.tapped = kind;
      this.choose(column.letters.indexOf(letter), kind);
    });
    box.addEventListener("focus", () => {
      if (kind !== this.author.kind && box.matches(":focus-visible")) this.choose(this.chosen, kind);
    });
    // a reader who has scrolled back is not pulled to the end
    box.addEventListener("scroll", () => (column.follow = box.scrollTop + box.clientHeight > box.scrollHeight - 24));
    return column;
  }

  recolour() {
    if (!this.data) return;
    this.side = themeSide(this.root);
    this.root.dataset.theme = this.side;
    for (const writer of this.data.writers) this.columns.get(writer.kind).root.style.setProperty("--gn-own", writer.colour[this.side]);
    this.root.style.setProperty("--gn-shown", this.author.colour[this.side]);
    const { states, scales, labels } = this.data;
    const own = this.author.colour[this.side];
    const stops = states.kind === "counts" ? [scales.gate[this.side][0], own] : scales[states.limits[0] < 0 ? "diverging" : "gate"][this.side];
    this.table = Array.from({ length: 256 }, (_, i) => between(stops.map(hexParts), i / 255));
    if (states.kind === "counts") {
      const key = (at, text) => {
        const box = element("i", "gn-box");
        box.style.background = `rgb(${this.table[at]})`;
        return element("span", "gn-key", box, text);
      };
      this.legend.replaceChildren(key(0, labels.never), key(128, labels.seen), key(255, labels.followed));
    } else {
      const bar = element("i", "gn-bar");
      bar.style.background = `linear-gradient(to right, ${stops})`;
      const [low, high] = states.limits.map((v) => minus(String(v)));
      this.legend.replaceChildren(element("span", "gn-key", low, bar, high));
    }
    this.grow();
  }

  mark(letter, changed) {
    letter.classList.toggle("gn-changed", changed);
    letter.title = changed ? this.data.labels.mark : "";
  }

  shorten({ letters, box }, length) {
    while (letters.length > length) {
      const letter = letters.pop();
      while (letter.parentNode !== box.lastChild) box.lastChild.remove();
      letter.remove();
    }
  }

  // brings all to where `shown` is
  grow() {
    for (const column of this.columns.values()) {
      const { letters, text } = column;
      this.shorten(column, this.shown);
      if (letters.length < this.shown) {
        for (let i = letters.length; i < Math.min(this.shown, text.count); i += 1) {
          const id = text.id(i);
          const token = text.info.tokens[id];
          const letter = element("span", token === "\n" ? "gn-letter gn-break" : "gn-letter", token === "\n" ? "↵" : token);
          letter.dataset.id = id;
          this.mark(letter, text.info.changed.includes(i));
          letters.push(letter);
          column.box.lastChild.append(letter);
          // a line of its own: the browser need not lay out the lines before it again
          if (token === "\n") column.box.append(element("div", "gn-row"));
        }
        if (column.follow && this.chosen === null) column.box.scrollTop = column.box.scrollHeight;
      }
    }
    this.root.dataset.shown = Math.min(this.shown, this.ready);
    this.controls();
    this.look();
  }

  controls() {
    const { labels, length } = this.data;
    const now = this.playing ? "stop" : "play";
    if (this.buttons.play.dataset.sign !== now) {
      this.buttons.play.dataset.sign = now;
      this.buttons.play.replaceChildren(sign(now));
    }
    this.named(this.buttons.play, labels[now]);
    this.buttons.step.disabled = this.shown >= length;
    this.buttons.start.disabled = !this.shown;
    const progress = fill(labels.progress, { shown: Math.min(this.shown, this.ready).toLocaleString("en"), length: length.toLocaleString("en") });
    const said = this.anew ? labels.anew : this.stopped && this.shown < length ? labels.stopped : "";
    this.progress.textContent = said ? `${progress} · ${said}` : progress;
  }

  // marks the chosen character; the reasons follow a text that is played a few times a second only
  look() {
    const at = this.at;
    for (const [kind, { letters, box }] of this.columns) {
      const own = kind === this.author.kind;
      const letter = letters[at];
      const marked = box.querySelector(".gn-at");
      if (marked !== letter) {
        marked?.classList.remove("gn-at");
        letter?.classList.add("gn-at");
        if (letter && this.chosen !== null) this.reveal(box, letter);
      }
      letter?.classList.toggle("gn-own", own);
    }
    const now = performance.now();
    if (!this.playing || now - (this.told ?? 0) >= 200) {
      this.told = now;
      this.reasons();
    }
    this.paintStates();
    if (this.tapped === this.author.kind) this.bring();
  }

  // on a phone: the reasons come into view under the letter that was tapped
  bring() {
    this.tapped = undefined;
    if (this.why.parentNode === this.lower) return;
    const letter = this.columns.get(this.author.kind).letters[this.at];
    const { top, height } = this.why.getBoundingClientRect();
    const below = top + Math.min(height, window.innerHeight / 2) - window.innerHeight;
    if (below > 0 && letter) this.page.scrollBy(0, Math.min(below, letter.getBoundingClientRect().top - 80));
  }

  get page() {
    return this.root.closest('[data-testid="stMain"]') ?? window;
  }

  reveal(box, letter) {
    const [frame, own] = [box.getBoundingClientRect(), letter.getBoundingClientRect()];
    if (own.top < frame.top + 8) box.scrollTop -= frame.top + 40 - own.top;
    else if (own.bottom > frame.bottom - 8) box.scrollTop += own.bottom - frame.bottom + 40;
  }

  // ---- the states, under a strip of the text ------------------------------------------------------------------------

  // columns that are in view: [first, end) of the states
  window(columns) {
    const { states } = this;
    const seeds = this.data.seed.length - states.info.start;
    const end = Math.min(seeds + this.shown, states.count);
    const wanted = this.chosen === null ? end : Math.min(end, Math.max(columns, seeds + this.at + Math.ceil(columns / 2)));
    return [Math.max(0, wanted - columns), wanted, seeds];
  }

  letter(column, seeds) {
    const text = this.texts.get(this.author.key);
    return column < seeds ? this.data.seed[this.states.info.start + column] : text.info.visible[text.id(column - seeds)];
  }

  paintStates() {
    if (!this.states || !this.table) return;
    const { canvas, states } = this;
    const rem = this.probe.offsetWidth || 16;
    const width = canvas.clientWidth;
    if (!width) return;
    const stroke = STROKE * rem;
    const top = 1.75 * rem;
    const counts = states.info.kind === "counts";
    const { units } = states.info;
    // as tall as the reasons beside it, which do not shrink
    const beside = this.why.parentNode === this.lower && this.why.offsetTop === this.panel.offsetTop;
    this.tall = beside ? Math.max(this.tall, this.why.offsetHeight - this.panel.offsetHeight + canvas.offsetHeight - top) : 0;
    const height = counts && !beside ? Math.max(1, units) * 2 * rem : Math.max(14 * rem, this.tall);
    const ratio = window.devicePixelRatio || 1;
    const size = [Math.round(width * ratio), Math.round((top + height) * ratio)];
    if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
    canvas.style.height = `${top + height}px`;
    const left = 2 * rem;
    const columns = Math.max(1, Math.floor((width - left) / stroke));
    const [first, end, seeds] = this.window(columns);
    this.view = { first, end, seeds, stroke, top, height, left };
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, top + height);
    const style = getComputedStyle(this.root);
    const ink = style.color;
    const count = end - first;
    if (count > 0 && units > 0) {
      const image = new ImageData(count, units);
      for (let c = 0; c < count; c += 1) {
        const values = states.values[first + c];
        for (let unit = 0; unit < units; unit += 1) {
          const row = counts ? units - 1 - unit : unit;
          const [r, g, b] = this.table[values[counts ? unit : states.info.rows[unit]]];
          const at = 4 * (row * count + c);
          image.data[at] = r;
          image.data[at + 1] = g;
          image.data[at + 2] = b;
          image.data[at + 3] = 255;
        }
      }
      this.sheet ??= document.createElement("canvas");
      this.sheet.width = count;
      this.sheet.height = units;
      this.sheet.getContext("2d").putImageData(image, 0, 0);
      context.imageSmoothingEnabled = false;
      context.drawImage(this.sheet, left, top, count * stroke, height);
    }
    context.font = `${Math.max(14, 0.9375 * rem)}px ${style.getPropertyValue("--rnnviz-mono")}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    const at = seeds + this.at - first;
    for (let c = 0; c < count; c += 1) {
      const text = this.letter(first + c, seeds);
      context.globalAlpha = first + c < seeds ? 0.6 : 1;
      context.fillStyle = ink;
      // a name that has no shape of its own is longer than a stroke
      context.fillText(text.length > 2 ? "�" : text, left + (c + 0.5) * stroke, top / 2);
    }
    context.globalAlpha = 1;
    context.fillStyle = ink;
    context.font = `${Math.max(14, 0.875 * rem)}px ${style.fontFamily}`;
    context.textAlign = "right";
    context.textBaseline = "middle";
    if (counts) for (let i = 0; i < units; i += 1) context.fillText(String(units - i), left - 6, top + ((i + 0.5) / units) * height);
    else {
      context.save();
      context.translate(left / 2, top + height / 2);
      context.rotate(-Math.PI / 2);
      context.textAlign = "center";
      context.fillText(this.data.labels.units, 0, 0);
      context.restore();
    }
    if (at >= 0 && at < count) {
      context.strokeStyle = ink;
      context.lineWidth = 1.5;
      context.strokeRect(left + at * stroke, 1, stroke, top + height - 2);
    }
  }

  spot(event) {
    const box = this.canvas.getBoundingClientRect();
    const { first, end, stroke, top, height, left } = this.view;
    const column = first + Math.floor((event.clientX - box.left - left) / stroke);
    if (column < first || column >= end || event.clientX - box.left < left) return null;
    const { units } = this.states.info;
    const row = clamp(Math.floor(((event.clientY - box.top - top) / height) * units), 0, units - 1);
    return { column, row, inside: event.clientY - box.top >= top };
  }

  hover(event) {
    const spot = this.view && this.spot(event);
    if (!spot || !spot.inside) return this.readout.replaceChildren("\u00a0");
    const { labels } = this.data;
    const { info, values } = this.states;
    const counts = info.kind === "counts";
    const unit = counts ? info.units - 1 - spot.row : info.rows[spot.row];
    const value = values[spot.column][unit];
    const [low, high] = info.limits;
    const said = counts ? [labels.never, labels.seen, labels.followed][Math.round(value / 127.5)] : minus(`≈ ${(low + (value / 255) * (high - low)).toFixed(2)}`);
    const character = this.letter(spot.column, this.view.seeds);
    this.readout.textContent = fill(counts ? labels.length : labels.value, { row: counts ? unit + 1 : unit, character, value: said });
  }

  picked(event) {
    const spot = this.view && this.spot(event);
    if (!spot) return;
    const number = spot.column - this.view.seeds;
    if (number >= 0) this.choose(number);
  }

  // ---- why a character came -----------------------------------------------------------------------------------------

  reasons() {
    const { labels, greedy } = this.data;
    const at = this.at;
    const author = this.author;
    const typing = this.why.contains(document.activeElement) && document.activeElement.matches("input");
    if (typing && this.reason === `${author.key}/${at}`) return;
    const focused = this.why.contains(document.activeElement) ? document.activeElement.dataset.id : undefined;
    this.reason = `${author.key}/${at}`;
    if (at < 0) return this.why.replaceChildren(element("p", "gn-note", labels.waiting));
    const text = this.texts.get(author.key);
    const one = text.of(at);
    const name = (id) => (id ? author.visible[id] : "�");
    const token = author.tokens[one.id];
    const asked = token === " " ? labels.whyBlank : token === "\n" ? labels.whyEnd : fill(labels.why, { character: name(one.id) });
    const title = element("h3", "gn-title", asked);
    const about = element("p", "gn-note", fill(labels.number, { number: at + 1, model: author.title }));
    const shares = fill(labels.shares, { before: percent(one.before), rank: one.rank, nats: natsOf(-Math.log(one.before)), after: percent(one.after) });
    const parts = [element("div", "gn-head", title, about), element("p", "gn-note", shares)];
    const yours = author.changed.includes(at);
    const [low, high] = [one.low, one.low + one.length].map((v) => v.toFixed(4));
    const values = { value: one.number.toFixed(4), character: name(one.drawn), low, high };
    if (!greedy) parts.push(this.line(one, name));
    parts.push(element("p", "gn-note", yours ? fill(greedy ? labels.yoursGreedy : labels.yours, values) : greedy ? labels.greedy : fill(labels.luck, values)));
    const table = element("table", "gn-table");
    table.setAttribute("aria-label", labels.candidates);
    const head = element("tr", "", element("th", "gn-who"), element("th", "", labels.before), element("th", "", labels.after));
    for (const cell of head.children) cell.scope = "col";
    head.firstChild.append(element("span", "gn-hidden", labels.candidates));
    table.append(head, ...one.rows.map((row) => this.candidate(row, one, name(row.id))));
    parts.push(table);
    const input = element("input", "gn-input");
    input.setAttribute("aria-label", labels.type);
    input.maxLength = 1;
    input.addEventListener("input", () => (said.textContent = ""));
    const said = element("span", "gn-note");
    const form = element("form", "gn-form", element("span", "gn-note", labels.branch), input, said);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const [character] = Array.from(input.value);
      if (character === undefined) return;
      if (author.tokens.indexOf(character) < 1) said.textContent = fill(labels.unknown, { character });
      else {
        input.blur();
        this.change(character);
      }
    });
    parts.push(form);
    this.why.replaceChildren(...parts);
    if (focused) this.why.querySelector(`[data-id="${focused}"]`)?.focus();
  }

  // 0 to 1: the candidates side by side, and where the number fell
  line(one, name) {
    const track = element("div", "gn-line");
    track.setAttribute("aria-hidden", "true");
    const stretch = (className, low, length, text) => {
      const part = element("i", `gn-stretch ${className}`, length > 0.06 ? text : "");
      part.style.left = `${100 * low}%`;
      part.style.width = `${100 * length}%`;
      track.append(part);
    };
    let from = 0;
    for (const { id, after } of one.rows.filter((row) => !row.below && row.after > 0)) {
      stretch(id === one.drawn ? "gn-hit" : "", from, after, name(id));
      from += after;
    }
    if (from < 1 - 1e-4) stretch("gn-others", from, 1 - from, this.data.labels.others);
    if (!one.rows.some(({ id, below }) => id === one.drawn && !below)) stretch("gn-hit", one.low, one.length, name(one.drawn));
    const mark = element("i", "gn-mark");
    mark.style.left = `${100 * one.number}%`;
    track.append(mark);
    return track;
  }

  candidate({ id, before, after, below }, one, shown) {
    const { labels } = this.data;
    const row = element("tr", `${id === one.id ? "gn-true" : ""} ${below ? "gn-below" : ""}`);
    const name = element("th", "gn-who");
    name.scope = "row";
    if (id && id !== one.id) {
      const put = tool("gn-put", shown, () => this.change(this.author.tokens[id]));
      this.named(put, fill(labels.put, { character: shown }));
      put.dataset.id = id;
      name.append(put);
    } else {
      name.append(element("span", "gn-put", id ? `${shown} ✓` : shown));
      if (!id) name.title = labels.never_written;
    }
    row.append(name, ...[["before", before], ["after", after]].map(([what, share]) => {
      const bar = element("span", `gn-share gn-${what}`);
      bar.style.width = `${100 * share}%`;
      return element("td", "", element("span", "gn-track", bar), element("span", "gn-number", percent(share)));
    }));
    return row;
  }
}

// ---- how a text surprises ------------------------------------------------------------------------------------------------

class Surprise {
  constructor(parent) {
    this.revision = 0;
    this.at = null;
    this.root = element("section", "gn-root gn-surprise");
    this.legend = element("div", "gn-legend");
    this.grid = element("div", "gn-columns");
    this.probe = element("i", "gn-probe");
    this.root.append(this.legend, this.grid, this.probe);
    parent.append(this.root);
    this.probe.addEventListener("transitionend", () => this.recolour());
  }

  destroy() {
    this.root.remove();
  }

  update(data) {
    const same = this.data && this.data.characters.join("") === data.characters.join("");
    this.data = data;
    if (!same) this.at = null;
    this.grid.dataset.count = data.models.length;
    this.panels = data.models.map((model) => this.panel(model));
    this.grid.replaceChildren(...this.panels.map(({ root }) => root));
    this.recolour();
    this.root.dataset.revision = this.revision += 1;
    this.root.dataset.drawn = "";
  }

  panel(model) {
    const { shown, unknown, labels } = this.data;
    const odd = new Set(unknown);
    const letters = shown.map((character, i) => element("span", odd.has(i) ? "gn-letter gn-unknown" : "gn-letter", character));
    const box = element("div", "gn-text", ...letters);
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", fill(labels.text, { model: model.title }));
    const said = element("p", "gn-said", labels.hover);
    box.addEventListener("pointerover", (event) => {
      const at = letters.indexOf(event.target);
      if (at >= 0) this.look(at);
    });
    box.addEventListener("keydown", (event) => {
      const to = { ArrowRight: (this.at ?? -1) + 1, ArrowLeft: (this.at ?? 1) - 1, Home: 0, End: letters.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      this.look(clamp(to, 0, letters.length - 1));
    });
    const heading = element("h3", "gn-heading", element("span", "gn-name", model.title));
    return { root: element("div", "gn-column", heading, box, said), letters, said, model };
  }

  recolour() {
    if (!this.data) return;
    const { scales, most, labels } = this.data;
    const side = themeSide(this.root);
    const stops = scales.surprise[side].map(hexParts);
    for (const { root, letters, model } of this.panels) {
      root.style.setProperty("--gn-own", model.colour[side]);
      letters.forEach((letter, i) => {
        const nats = model.nats[i];
        if (nats === null) return;
        const colour = between(stops, nats / most);
        letter.style.background = `rgb(${colour})`;
        letter.style.color = inkOn(colour);
      });
    }
    const bar = element("i", "gn-bar");
    bar.style.background = `linear-gradient(to right, ${scales.surprise[side]})`;
    this.legend.replaceChildren(element("span", "gn-key", labels.legend, " 0", bar, `${most}+`));
    if (this.at !== null) this.look(this.at);
  }

  // the same character in all of them
  look(at) {
    const { labels, characters, unknown } = this.data;
    this.at = at;
    for (const { letters, said, model } of this.panels) {
      for (const marked of letters.filter((letter) => letter.classList.contains("gn-at"))) marked.classList.remove("gn-at");
      letters[at].classList.add("gn-at");
      const nats = model.nats[at];
      if (!at) said.textContent = labels.first;
      else if (nats === null) said.textContent = unknown.includes(at) ? labels.unknown : "";
      else {
        const own = fill(labels.surprise, { character: characters[at], nats: natsOf(nats), share: percent(Math.exp(-nats)) });
        const other = fill(labels.expected, { character: model.likeliest[at], share: percent(model.share[at]) });
        said.textContent = model.likeliest[at] === characters[at] ? own : `${own}; ${other}`;
      }
    }
  }
}
