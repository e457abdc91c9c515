// The board in a notebook: what anywidget calls.

import { bytesOf, explore } from "./explorer.js";

/**
 * A widget's model, as anywidget hands it over.
 * @typedef {object} Model
 * @property {(name: string) => any} get
 * @property {(name: string, value: unknown) => void} set
 * @property {() => void} save_changes
 */

/** @param {{ model: Model, el: HTMLElement }} given @returns {Promise<() => void>} ends it */
export async function render({ model, el }) {
  const [contents, numbers, plotly] = ["contents", "numbers", "plotly"].map((name) => bytesOf(model.get(name)));
  const explorer = await explore(el, { contents, numbers, plotly }, {
    chosen: model.get("chosen"),
    tell: (chosen, step) => {
      model.set("chosen", { ...chosen });
      model.set("step", step);
      model.save_changes();
    },
  });
  return () => explorer.destroy();
}
