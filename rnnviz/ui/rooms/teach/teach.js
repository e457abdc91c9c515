// What of the teachers' page is done in the browser: printing, the code of a link, the list of views.

import { button, drawn, element, mounted } from "../../parts/js/dom.js";
import { views } from "../../shell/views.js";
import { DENSE, drawing, modules } from "./code.js";
import { add, List } from "./list.js";

/** @typedef {import("./types.js").Data} Data */

class Teach {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.root = element("div", "te-root");
    parent.append(this.root);
  }

  /** @param {Data} data */
  update(data) {
    this.root.replaceChildren();
    if (data.part === "print") this.root.append(button("te-button", data.labels.print, () => window.print()));
    else if (data.part === "link") this.link(data);
    else new List(this.root, data);
    drawn(this.root, data.part);
  }

  /** @private @param {import("./types.js").LinkData} data */
  link({ link, kept, title, labels }) {
    const dark = modules(link);
    const said = element("p", "te-said");
    said.setAttribute("role", "status");
    const open = Object.assign(element("a", "te-button", `${labels.open} ↗`), { href: link, target: "_blank", rel: "noopener" });
    const keeps = button("te-button", labels.add, () => {
      const became = add({ title, link: kept || "./" });
      const line = became === "full" ? labels.full : labels.added.replace("{count}", String(views().length));
      said.textContent = became === "unkept" ? `${line} ${labels.unkept}` : line;
    });
    const beside = element("div", "te-beside", element("div", "te-row", open, keeps), said);
    if (!dark) beside.append(element("p", "te-hint", labels.long));
    else if (dark.length >= DENSE) beside.append(element("p", "te-hint", labels.dense));
    this.root.append(...(dark ? [drawing(dark, labels.code)] : []), beside);
  }

  destroy() {
    this.root.remove();
  }
}

export default mounted((parent) => new Teach(parent));
