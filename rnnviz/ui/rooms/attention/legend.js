// What the colours of the map mean, and what its states are called.

import { element } from "../../parts/js/dom.js";
import { gradient } from "../../parts/js/theme.js";
import { filled } from "../../parts/js/words.js";

/** The states in words, with how many units share a pixel. @param {import("./types.js").Data} data @param {{ encoder: number, decoder: number }} pools */
export function stateNames({ labels, units }, pools) {
  /** @param {"encoder" | "decoder"} name */
  const named = (name) => {
    const shared = pools[name] > 1 ? `, ${filled(labels.stronger, { count: pools[name] })}` : "";
    return `${labels[name]}: ${units} ${labels.units}${shared}`;
  };
  return { encoder: named("encoder"), decoder: named("decoder") };
}

/** @param {import("./types.js").Data} data @param {{ encoder: number, decoder: number }} pools @param {import("./types.js").Side} side */
export function legendOf(data, pools, side) {
  const { labels, scales } = data;
  const names = stateNames(data, pools);
  /** @param {string} name @param {string} low @param {string} scale @param {string} high */
  const legend = (name, low, scale, high) => {
    const bar = element("span", "ra-gradient");
    bar.style.background = gradient(scales[scale][side]);
    return element("span", "ra-legend", element("span", "", name), element("span", "ra-scale", low, bar, high));
  };
  return [
    legend(`${labels.weight} α`, "0", "probability", "1"),
    legend(names.encoder, "−1", "diverging", "1"),
    element("span", "ra-legend", pools.encoder === pools.decoder ? labels.decoder : names.decoder),
  ];
}
