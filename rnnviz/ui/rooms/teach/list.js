// The list of a teacher's views: to name, to put in order, to add to, and to present from.

import { button, element, named } from "../../parts/js/dom.js";
import { to } from "../../shell/present.js";
import { inside, keep, MOST, pageOf, views } from "../../shell/views.js";

/** @typedef {import("../../shell/views.js").View} View */

/** @param {View} view @returns {"added" | "full" | "unkept"} what has become of it */
export function add(view) {
  const list = views();
  if (list.length >= MOST) return "full";
  return keep([...list, view]) ? "added" : "unkept";
}

export class List {
  /** @param {HTMLElement} root @param {import("./types.js").ViewsData} data */
  constructor(root, data) {
    this.root = root;
    this.data = data;
    this.items = element("ol", "te-views");
    this.items.setAttribute("aria-label", data.labels.list);
    this.said = element("p", "te-said");
    this.said.setAttribute("role", "status");
    root.append(this.items, this.form(), this.said);
    this.draw();
  }

  /** @private */
  form() {
    const { labels } = this.data;
    const field = Object.assign(element("input", "te-field"), { type: "text", placeholder: labels.paste });
    field.setAttribute("aria-label", labels.paste);
    const form = element("form", "te-form", field, Object.assign(element("button", "te-button", labels.add), { type: "submit" }));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!field.value.trim()) return;
      const link = inside(field.value);
      const title = link === null ? undefined : this.data.titles[pageOf(link)];
      if (link === null || title === undefined) return this.say("foreign");
      const became = add({ title, link });
      if (became !== "full") field.value = "";
      this.say(became === "added" ? null : became);
      this.draw();
    });
    return form;
  }

  /** @private @param {"foreign" | "full" | "unkept" | null} what */
  say(what) {
    this.said.textContent = what ? this.data.labels[what] : "";
  }

  /** @private @param {View[]} list */
  save(list) {
    this.say(keep(list) ? null : "unkept");
  }

  /** @private */
  draw() {
    const { labels } = this.data;
    const list = views();
    this.items.replaceChildren(...list.map((view, at) => this.item(view, at, list.length)));
    if (!list.length) this.items.append(element("li", "te-none", labels.none));
  }

  /** @private @param {View} view @param {number} at @param {number} count */
  item(view, at, count) {
    const { labels, titles } = this.data;
    const page = titles[pageOf(view.link)];
    const field = Object.assign(element("input", "te-field"), { type: "text", value: view.title, maxLength: 120 });
    field.setAttribute("aria-label", labels.title.replace("{number}", String(at + 1)));
    field.addEventListener("change", () => {
      this.save(views().map((one, i) => (i === at ? { ...one, title: field.value.trim() || one.title } : one)));
      this.draw();
    });
    /** @param {string} sign @param {"up" | "down" | "remove" | "start"} label @param {() => void} act */
    const does = (sign, label, act) => {
      const made = button("te-button", sign, act);
      named(made, labels[label].replace("{title}", view.title));
      return made;
    };
    const [up, down] = [does("↑", "up", () => this.swap(at, at - 1)), does("↓", "down", () => this.swap(at, at + 1))];
    up.disabled = at === 0;
    down.disabled = at === count - 1;
    const start = does("▶", "start", () => to(at));
    start.disabled = page === undefined;
    const remove = does("✕", "remove", () => {
      this.save(views().filter((_one, i) => i !== at));
      this.draw();
    });
    const line = element("span", "te-page", page ?? labels.gone);
    return element("li", "te-view", start, field, line, up, down, remove);
  }

  /** @private @param {number} at @param {number} other */
  swap(at, other) {
    const list = views();
    if (!list[at] || !list[other]) return;
    [list[at], list[other]] = [list[other], list[at]];
    this.save(list);
    this.draw();
    const moved = this.items.children[other]?.querySelector("input");
    if (moved instanceof HTMLElement) moved.focus();
  }
}
