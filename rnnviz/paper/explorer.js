// The app's board on a recording, where no Python is: in a file of its own and in a notebook. What the board asks Python for in the
// app (another unit, another layer, another order) is taken here from what the page holds.

import { Board } from "../ui/parts/board/board.js";
import { loaded } from "../ui/parts/board/plotly.js";
import { bytes, inflated } from "../ui/parts/js/arrays.js";
import { element } from "../ui/parts/js/dom.js";
import { detach, recall, remember } from "../ui/parts/js/link.js";
import { clamp, fixed } from "../ui/parts/js/numbers.js";
import { filled } from "../ui/parts/js/words.js";
import { Controls } from "./controls.js";
import { Shelf, sent } from "./shelf.js";

/** @typedef {import("./types.js").Contents} Contents */
/** @typedef {import("./types.js").View} View */
/** @typedef {import("./types.js").Picture} Picture */
/** @typedef {import("./types.js").Order} Order */
/** @typedef {import("./types.js").Part} Part */

/**
 * What is chosen.
 * @typedef {object} Chosen
 * @property {string} language
 * @property {string} theme auto, light or dark
 * @property {Picture} picture
 * @property {number} module
 * @property {number} sequence place in the list
 * @property {number} direction
 * @property {number} layer
 * @property {number} unit
 * @property {Order} order
 * @property {Part} part
 */

const NUMBERS = /** @type {const} */ (["module", "sequence", "direction", "layer", "unit"]);

export class Explorer {
  /**
   * @param {HTMLElement} parent
   * @param {Contents} contents
   * @param {ArrayBuffer} numbers the bytes of all arrays
   * @param {{ plotly: string, whole?: boolean, chosen?: Partial<Chosen>, tell?: (chosen: Chosen, step: number) => void }} how plotly: the
   *   address of plotly.js; whole: a page of its own, whose link says what is chosen; tell: hears of every choice
   */
  constructor(parent, contents, numbers, { plotly, whole = false, chosen = {}, tell = () => undefined }) {
    this.contents = contents;
    this.shelf = new Shelf(contents.arrays, numbers);
    this.plotly = plotly;
    this.whole = whole;
    if (!whole) detach(); // the address is the notebook's
    this.tell = tell;
    /** @type {Chosen} */
    this.chosen = {
      language: languageOf(Object.keys(contents.languages)),
      theme: "auto",
      picture: "states",
      module: 0,
      sequence: 0,
      direction: 0,
      layer: 0,
      unit: 0,
      order: "similarity",
      part: "total",
      ...(whole ? this.recalled() : {}),
      ...chosen,
    };
    this.root = element("div", whole ? "rp-page rp-alone" : "rp-page");
    this.heading = element(whole ? "h1" : "h2", "rp-heading", contents.name);
    this.look = element("p", "rp-look");
    this.line = element("p", "rp-line");
    this.place = element("div", "rp-board");
    this.foot = element("p", "rp-foot");
    this.help = element("details", "rp-help", element("summary", ""), element("p", ""));
    this.controls = new Controls(this);
    const head = element("header", "rp-head", this.heading, this.controls.reading);
    this.root.append(head, this.controls.pictures, this.look, this.controls.what, this.line, this.place, this.help, this.foot);
    parent.append(this.root);
    this.board = new Board(this.place);
    this.read = ""; // which sequence the cursor stands in
    this.board.send = { state: () => undefined, trigger: (_name, value) => this.heard(/** @type {any} */ (value)) };
    this.show();
  }

  destroy() {
    this.board.destroy();
    this.root.remove();
  }

  // ---- what is chosen ---------------------------------------------------------------------------------------------

  /** What the page's own link says. @returns {Partial<Chosen>} */
  recalled() {
    /** @type {Record<string, string | number>} */
    const found = {};
    for (const name of ["language", "theme", "picture", "order", "part"]) {
      const said = recall(name);
      if (said !== null) found[name] = said;
    }
    for (const name of NUMBERS) {
      const said = recall(name);
      if (said !== null && /^\d{1,6}$/.test(said)) found[name] = Number(said) - (name === "unit" ? 0 : 1);
    }
    return found;
  }

  /** What is not there gives way to what is. */
  settle() {
    const { chosen, contents } = this;
    /** @template {string} T @param {T} value @param {T[]} among @returns {T} */
    const one = (value, among) => (among.includes(value) ? value : among[0]);
    chosen.language = one(chosen.language, Object.keys(contents.languages));
    chosen.theme = one(chosen.theme, ["auto", "light", "dark"]);
    chosen.picture = one(chosen.picture, ["states", "gates", "gradients"]);
    chosen.order = one(chosen.order, ["similarity", "stored", "activity"]);
    chosen.part = one(chosen.part, ["total", "direct"]);
    chosen.module = clamp(chosen.module, 0, contents.modules.length - 1);
    chosen.layer = clamp(chosen.layer, 0, this.module.layers.length - 1);
    chosen.direction = clamp(chosen.direction, 0, this.module.directions.length - 1);
    chosen.sequence = clamp(chosen.sequence, 0, this.module.sequences.length - 1);
    chosen.unit = clamp(chosen.unit, 0, this.view.units - 1);
  }

  get module() {
    return this.contents.modules[this.chosen.module];
  }

  get said() {
    return this.contents.languages[this.chosen.language];
  }

  get key() {
    const { module, sequence, direction, layer } = this.chosen;
    return [module, this.module.sequences[sequence].number, direction, layer].join("-");
  }

  /** @returns {View} */
  get view() {
    const { picture, part } = this.chosen;
    return this.said.views[this.key][picture === "gradients" ? part : picture];
  }

  /** @param {Partial<Chosen>} changes */
  choose(changes) {
    Object.assign(this.chosen, changes);
    this.show();
    if (!this.whole) return;
    for (const [name, value] of Object.entries(changes)) {
      remember(name, typeof value === "number" && name !== "unit" ? value + 1 : /** @type {string | number} */ (value));
    }
  }

  /** What is clicked on the board is chosen. @param {{ unit: number | null }} told */
  heard({ unit }) {
    if (unit !== null && unit !== this.chosen.unit) this.choose({ unit });
    else this.tell(this.chosen, this.board.cursor.at);
  }

  // ---- what is shown ----------------------------------------------------------------------------------------------

  show() {
    this.settle();
    const { chosen, said, view } = this;
    const { words } = said;
    this.root.lang = chosen.language;
    this.root.dataset.side = chosen.theme;
    if (this.whole) document.documentElement.lang = chosen.language;
    this.controls.show();
    this.look.textContent = words.look[chosen.picture];
    this.line.textContent = view.line;
    this.line.hidden = !view.line;
    this.place.hidden = this.help.hidden = !view.figures.length;
    this.foot.textContent = words.made;
    this.help.children[0].textContent = words.settings;
    this.help.children[1].textContent = said.labels.keys;
    if (view.figures.length) this.board.update(this.data(view));
    this.tell(chosen, this.board.cursor.at);
  }

  /** What the board is sent, as in the app. @param {View} view @returns {import("../ui/parts/board/types.js").Data} */
  data(view) {
    const { chosen, contents, key, said, shelf } = this;
    const { colour } = view;
    const { unit } = chosen;
    const order = [...shelf.numbers(view.orders[chosen.order])];
    const rowsTitle = said.words.rows[chosen.order];
    const lists = this.lists(view);
    const [low, high] = lists.length ? [lists[1].entries[0]?.value, lists[0].entries[0]?.value] : [NaN, NaN];
    return {
      id: `${key}-${chosen.picture}`,
      plotly: this.plotly,
      tokens: contents.places[key].tokens,
      unknown: [],
      figures: view.figures.map((drawn) => sent(drawn, shelf, { unit, order, rowsTitle })),
      scales: contents.scales,
      palette: contents.palette,
      colour: colour && { ...colour, values: shelf.packedRow(colour.rows, unit), label: filled(colour.label, { unit }) },
      candidates: null,
      lists,
      unit,
      step: this.step(view),
      summary: filled(view.summary, { unit, low: fixed(low, 2), high: fixed(high, 2) }),
      subject: filled(said.words.subject, { model: contents.name, layer: this.module.layers[chosen.layer], unit }),
      rows: chosen.order,
      finer: false,
      labels: said.labels,
      unloaded: "",
    };
  }

  /** Where the chosen unit is highest and lowest. @param {View} view */
  lists({ lists, colour }) {
    const { shelf } = this;
    const { unit } = this.chosen;
    const curve = colour ? shelf.row(colour.rows, unit) : [];
    return lists.map(({ title, steps }) => ({
      title,
      entries: [...shelf.row(steps, unit)].map((step) => ({ step, value: curve[step] })),
    }));
  }

  /** The cursor stays where it is while the same sequence is looked at; at the end of gradients, it goes to the loss. @param {View} view */
  step(view) {
    const { module, sequence } = this.chosen;
    const now = `${module}-${sequence}`;
    const stays = now === this.read;
    this.read = now;
    const { at, last } = this.board.cursor;
    return stays && (at < last || view.step === null) ? at : view.step;
  }
}

/** The first of the reader's languages that there is. @param {string[]} there */
function languageOf(there) {
  const wanted = navigator.languages.map((language) => language.slice(0, 2));
  return wanted.find((language) => there.includes(language)) ?? there[0];
}

/** Of what a notebook hands over. @param {DataView} view */
export const bytesOf = (view) => new Uint8Array(/** @type {ArrayBuffer} */ (view.buffer), view.byteOffset, view.byteLength);

/** plotly.js, if it is not on this page, and where it can be had again. @param {Uint8Array} packed */
async function readied(packed) {
  const text = new TextDecoder().decode(await inflated(packed));
  if (!loaded()) {
    const script = element("script");
    script.textContent = text;
    document.head.append(script);
  }
  return URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
}

/**
 * What was packed, on the page.
 * @param {HTMLElement} place
 * @param {{ contents: Uint8Array, numbers: Uint8Array, plotly: Uint8Array }} packed
 * @param {ConstructorParameters<typeof Explorer>[3] extends infer How ? Omit<How, "plotly"> : never} how
 */
export async function explore(place, packed, how) {
  const plotly = await readied(packed.plotly);
  const contents = JSON.parse(new TextDecoder().decode(await inflated(packed.contents)));
  return new Explorer(place, contents, await inflated(packed.numbers), { ...how, plotly });
}

/** A page of its own: what it holds lies in it, as base64. @param {HTMLElement} place @param {string} failed said where the browser is too old */
export async function alone(place, failed) {
  const [contents, numbers, plotly] = ["contents", "numbers", "plotly"].map((name) => bytes(document.getElementById(`rnnviz-${name}`)?.textContent ?? ""));
  try {
    await explore(place, { contents, numbers, plotly }, { whole: true });
  } catch (problem) {
    place.replaceChildren(element("p", "rp-failed", failed));
    throw problem;
  }
}
