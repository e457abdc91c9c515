// plotly.js, which is loaded once for the page and speaks through a global name.

/** @type {Promise<import("./types.js").Plotly> | undefined} */
let loading;

/** @returns {import("./types.js").Plotly | undefined} */
export const loaded = () => /** @type {any} */ (window).Plotly;

/** It may be there already. @param {string} file its address, seen from the page's */
export function loadPlotly(file) {
  const there = loaded();
  loading ??= there ? Promise.resolve(there) : import(new URL(file, document.baseURI).href).then(() => /** @type {import("./types.js").Plotly} */ (loaded()));
  return loading;
}
