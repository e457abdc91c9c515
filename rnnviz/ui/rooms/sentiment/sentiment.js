// Reviews and what networks say of them: curves, token strips and a table of units under one cursor, a place in the text.
// The cursor moves here alone; Python hears of another model. Text of the reader goes in through textContent only.

import { element, mounted, shape } from "../../parts/js/dom.js";
import { clamp } from "../../parts/js/numbers.js";
import { between, hexParts, inkOn, themeSide } from "../../parts/js/theme.js";

export default mounted((parent) => new Review(parent));

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
const plain = (value) => value.toFixed(3).replace("-", "−");

class Review {
  constructor(parent) {
    this.root = element("section", "se-root");
    this.probe = element("i", "se-theme");
    this.body = element("div", "se-body");
    this.root.append(this.probe, this.body);
    parent.append(this.root);
    this.measure = element("canvas").getContext("2d");
    this.revision = 0;
    // the theme's variables change without a call: a transition of a colour that follows them tells when
    this.probe.addEventListener("transitionend", () => this.paint());
    this.observer = new ResizeObserver(() => this.layout());
    this.observer.observe(this.body);
    this.observer.observe(this.probe); // one rem wide: tells when the page's type grows
  }

  destroy() {
    this.observer.disconnect();
    this.root.remove();
  }

  update(data) {
    const stop = this.body.contains(document.activeElement) ? document.activeElement.dataset.stop : undefined;
    const last = data.places.length - 1;
    if (data.id !== this.data?.id) this.place = last;
    this.data = data;
    this.tokens = data.places.map(() => []); // what is marked at each place
    this.painted = []; // tokens with a value, and their scale
    this.sliders = [];
    this.charts = [];
    this.followers = []; // what else follows the cursor
    this.body.replaceChildren(...data.sections.map((section) => this.section(section)));
    this.paint();
    this.layout();
    this.move(Math.min(this.place, last));
    if (stop !== undefined) this.body.querySelector(`[data-stop="${stop}"]`)?.focus();
    this.root.dataset.revision = this.revision += 1;
    this.root.dataset.drawn = "";
  }

  section({ name, title, lead, parts }) {
    const made = element("div", "se-section");
    made.dataset.section = name;
    if (title) made.append(element("h3", "se-title", title));
    if (lead) made.append(element("p", "se-lead", lead));
    made.append(...parts.map((part) => this[part.part](part)));
    return made;
  }

  // ---- the cursor ------------------------------------------------------------------------------------------------

  move(place) {
    for (const token of this.tokens[this.place] ?? []) token.classList.remove("se-here");
    this.place = place;
    for (const token of this.tokens[place]) token.classList.add("se-here");
    for (const chart of this.charts) chart.mark();
    for (const follow of this.followers) follow(place);
    for (const { node, says } of this.sliders) {
      node.setAttribute("aria-valuenow", place + 1);
      node.setAttribute("aria-valuetext", `${place + 1} ${this.data.places[place]}: ${says(place)}`);
    }
  }

  // a place on the way of Tab; arrow keys move the cursor there
  slider(node, label, says) {
    node.setAttribute("role", "slider");
    node.setAttribute("aria-label", label);
    node.setAttribute("aria-valuemin", 1);
    node.setAttribute("aria-valuemax", this.data.places.length);
    node.tabIndex = 0;
    node.dataset.stop = this.sliders.length;
    node.addEventListener("keydown", (event) => {
      const last = this.data.places.length - 1;
      const to = { Home: 0, End: last }[event.key] ?? this.place + STEPS[event.key];
      if (Number.isNaN(to) || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      this.move(clamp(to, 0, last));
    });
    this.sliders.push({ node, says });
    return node;
  }

  // ---- parts -----------------------------------------------------------------------------------------------------

  headline({ items }) {
    const made = element("div", "se-headline");
    for (const { name, about, kind, dash, percent, word } of items) {
      const item = element("div", `se-verdict se-${kind}`);
      const key = element("i", dash ? "se-key se-dashed" : "se-key");
      item.append(element("div", "se-name", key, name), element("div", "se-percent", percent, element("span", "se-word", word)));
      if (about) item.append(element("div", "se-about", about));
      made.append(item);
    }
    return made;
  }

  lines({ lines }) {
    const made = element("div", "se-lines");
    for (const { kind, name, text } of lines) {
      const line = element("p", `se-line ${kind ? `se-${kind}` : ""}`);
      if (name) line.append(element("b", "se-line-name", element("i", "se-dot"), name), " ");
      line.append(text);
      made.append(line);
    }
    return made;
  }

  picker({ label, options, chosen }) {
    const made = element("div", "se-picker");
    made.setAttribute("role", "group");
    made.setAttribute("aria-label", label);
    made.append(element("span", "se-soft", label));
    for (const { value, text } of options) {
      const button = element("button", "se-button", text);
      button.type = "button";
      button.dataset.stop = `pick-${value}`;
      button.setAttribute("aria-pressed", value === chosen);
      button.addEventListener("click", () => value !== chosen && this.send.trigger("model", value));
      made.append(button);
    }
    return made;
  }

  // what the numbers of this section are at the cursor
  readout({ says }) {
    const made = element("div", "se-readout");
    this.followers.push((place) => {
      made.replaceChildren(
        element("span", "se-soft", String(place + 1)),
        element("b", "se-token-name", this.data.places[place]),
        ...says[place].map(({ kind, dash, name, text }) => {
          const say = element("span", `se-say ${kind ? `se-${kind}` : ""}`);
          if (kind) say.append(element("i", dash ? "se-dot se-ring" : "se-dot"));
          say.append(`${name} `, element("b", "", text));
          return say;
        }),
      );
    });
    return made;
  }

  row({ title, about }) {
    return element("div", "se-row", element("div", "se-row-title", title, element("span", "se-about", about ?? "")));
  }

  strip({ title, about, tokens, scale, limit, foot }) {
    const made = this.row({ title, about });
    const line = element("div", this.data.joined ? "se-strip se-joined" : "se-strip");
    this.slider(line, title, (place) => tokens[place].say);
    tokens.forEach(({ text, unknown, opposed, value }, place) => {
      const token = element("span", "se-token", text);
      token.classList.toggle("se-unknown", Boolean(unknown));
      token.classList.toggle("se-opposed", Boolean(opposed));
      token.addEventListener("pointerenter", () => this.move(place));
      token.addEventListener("click", () => this.move(place));
      this.tokens[place].push(token);
      this.painted.push({ token, scale, share: this.share(scale, value, limit) });
      line.append(token);
      if (this.data.joined) line.append(" ");
      else if (text === "·" || text === "↵") line.append(element("wbr"));
    });
    made.append(line);
    if (foot) made.append(element("p", "se-foot", foot));
    return made;
  }

  // two reviews, one above the other, that wrap together; a gap where one has nothing
  aligned({ title, places }) {
    const made = element("div", "se-aligned");
    this.slider(made, title, (place) => places[place].say);
    places.forEach(({ texts, unknown, differs }, place) => {
      const column = element("span", differs ? "se-pair se-differs" : "se-pair");
      texts.forEach((text, side) => {
        const token = element("span", unknown[side] ? "se-token se-unknown" : "se-token", text ?? "–");
        token.classList.toggle("se-gap", text === null);
        column.append(token);
      });
      column.addEventListener("pointerenter", () => this.move(place));
      column.addEventListener("click", () => this.move(place));
      this.tokens[place].push(column);
      made.append(column);
    });
    return made;
  }

  // how far up its scale a value lies; weights by their square root, so that small ones are seen
  share(scale, value, limit) {
    return scale === "diverging" ? 0.5 + value / limit / 2 : Math.sqrt(value / limit);
  }

  legend({ title, scale, limit, ticks, keys }) {
    const made = element("div", "se-legend");
    const bar = element("span", "se-gradient");
    bar.dataset.scale = scale;
    const marks = element("span", "se-ticks");
    for (const { value, text } of ticks) {
      const mark = element("span", "se-tick", text);
      mark.style.left = `${100 * this.share(scale, value, limit)}%`;
      marks.append(mark);
    }
    made.append(element("span", "se-soft", title), element("span", "se-scale", bar, marks));
    for (const { mark, text } of keys) made.append(element("span", "se-note", element("span", `se-token ${mark}`, "abc"), ` ${text}`));
    return made;
  }

  chart(part) {
    const chart = new Chart(this, part);
    this.charts.push(chart);
    this.slider(chart.node, part.title, (place) => part.lines.map(({ name, says }) => `${name} ${says[place]}`).join(", "));
    return chart.node;
  }

  units({ title, columns, rows, sums, limit, limitOfSums, about }) {
    const table = element("table", "se-units");
    table.setAttribute("aria-label", title);
    const head = element("tr");
    for (const column of columns) {
      const cell = element("th", "", column);
      cell.scope = "col";
      head.append(cell);
    }
    const body = element("tbody");
    for (const { unit, weight, states, curve } of rows) {
      const [state, product] = [element("td", "se-number"), element("td", "se-number")];
      const row = element("tr", "", element("th", "", String(unit)), element("td", "se-number", signed(weight)), state, product);
      row.firstChild.scope = "row";
      row.append(element("td", "se-spark", this.spark(curve, limit)));
      body.append(row);
      this.followers.push((place) => {
        state.textContent = signed(states[place]);
        product.textContent = signed(curve[place]);
      });
    }
    for (const { name, values } of sums) {
      const value = element("td", "se-number");
      const label = element("th", "", name);
      label.scope = "row";
      label.colSpan = 3;
      body.append(element("tr", "se-sum", label, value, element("td", "se-spark", this.spark(values, limitOfSums))));
      this.followers.push((place) => (value.textContent = signed(values[place])));
    }
    table.append(element("thead", "", head), body);
    return element("div", "se-units-box", table, element("p", "se-foot", about));
  }

  // a curve as wide as its cell, from −limit to limit
  spark(values, limit) {
    const count = values.length;
    const svg = shape("svg", { viewBox: `0 ${-limit} ${count} ${2 * limit}`, preserveAspectRatio: "none", class: "se-sparkline", "aria-hidden": true });
    shape("line", { x1: 0, x2: count, y1: 0, y2: 0, class: "se-zero" }, svg);
    const points = values.map((value, t) => `${t + 0.5},${-clamp(value, -limit, limit)}`);
    shape("polyline", { points: count > 1 ? points.join(" ") : `0,${-values[0]} 1,${-values[0]}`, class: "se-curve" }, svg);
    const cursor = shape("line", { y1: -limit, y2: limit, class: "se-cursor" }, svg);
    this.followers.push((place) => {
      cursor.setAttribute("x1", place + 0.5);
      cursor.setAttribute("x2", place + 0.5);
    });
    return svg;
  }

  // ---- theme and room --------------------------------------------------------------------------------------------

  paint() {
    this.side = themeSide(this.root);
    this.root.dataset.theme = this.side;
    const scales = Object.fromEntries(Object.entries(this.data.scales).map(([name, sides]) => [name, sides[this.side].map(hexParts)]));
    for (const { token, scale, share } of this.painted) {
      const parts = between(scales[scale], share);
      token.style.background = `rgb(${parts})`;
      token.style.color = inkOn(parts);
    }
    for (const bar of this.body.querySelectorAll(".se-gradient")) {
      const stops = scales[bar.dataset.scale];
      bar.style.background = `linear-gradient(to right, ${stops.map((parts) => `rgb(${parts})`).join(", ")})`;
    }
  }

  layout() {
    if (!this.data) return;
    this.rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    for (const chart of this.charts) chart.draw();
  }
}

// Curves or bars over the places of the text, with the tokens below.
class Chart {
  constructor(review, part) {
    this.review = review;
    this.part = part;
    this.node = element("div", "se-chart");
  }

  draw() {
    const { review, part } = this;
    const { rem } = review;
    const wide = Math.round(this.node.clientWidth);
    if (!wide || this.drawn === `${wide} ${rem}`) return;
    this.drawn = `${wide} ${rem}`;
    const type = 0.875 * rem;
    const labels = part.labels;
    const [left, right, top] = [3.25 * rem, 0.5 * rem, 0.75 * rem];
    const slot = (wide - left - right) / labels.length;
    const below = this.below(labels, slot, type);
    const tall = part.height * rem;
    const high = top + tall + below.height;
    this.x = (place) => left + (place + 0.5) * slot;
    this.y = (value) => top + tall * (1 - (value - part.low) / (part.high - part.low));
    const svg = shape("svg", { width: wide, height: high, "aria-hidden": true, class: "se-svg" });
    for (const { value, text } of part.ticks) {
      const y = this.y(value);
      shape("line", { x1: left, x2: wide - right, y1: y, y2: y, class: value === part.middle ? "se-middle" : "se-grid" }, svg);
      shape("text", { x: left - 0.4 * rem, y: y + 0.35 * type, class: "se-tick-text", "text-anchor": "end" }, svg).textContent = text;
    }
    for (const [name, y] of [["above", top + type], ["below", top + tall - 0.35 * type]]) {
      if (part[name]) shape("text", { x: left + 0.25 * rem, y, class: "se-side" }, svg).textContent = part[name];
    }
    this.cursor = shape("line", { y1: top, y2: top + tall, class: "se-cursor" }, svg);
    for (const line of part.lines) svg.append(part.bars ? this.bars(line, slot) : this.line(line, slot));
    this.texts = below.texts.map(({ place, text, turned }) => {
      const [x, y] = [this.x(place), top + tall + (turned ? 0.6 : 1.15) * type];
      const label = shape("text", { x, y, class: "se-label", "text-anchor": turned ? "end" : "middle" }, svg);
      if (turned) label.setAttribute("transform", `rotate(-60 ${x} ${y}) translate(-2 ${0.3 * type})`);
      label.textContent = text;
      return { label, place };
    });
    svg.addEventListener("pointermove", (event) => this.pointed(event));
    svg.addEventListener("pointerdown", (event) => this.pointed(event));
    this.left = left;
    this.slot = slot;
    this.node.replaceChildren(svg);
    this.mark();
  }

  // the tokens below: level where they fit, slanted where there is room for a line each, else only their numbers
  below(labels, slot, type) {
    const { measure, root } = this.review;
    measure.font = `${type}px ${getComputedStyle(root).getPropertyValue("--rnnviz-mono")}`;
    const widths = labels.map((text) => measure.measureText(text).width);
    const widest = Math.max(...widths);
    if (widest + 4 <= slot) return { height: 1.7 * type, texts: labels.map((text, place) => ({ place, text })) };
    if (slot >= 1.25 * type) {
      const longest = 9 * type;
      const texts = labels.map((text, place) => ({ place, text: text.length > 14 ? `${text.slice(0, 13)}…` : text, turned: true }));
      return { height: Math.min(widest, longest) * 0.87 + 1.4 * type, texts };
    }
    const stride = [2, 5, 10, 20, 50].find((s) => s * slot > 2.5 * type) ?? 100;
    const texts = labels.map((_, place) => ({ place, text: String(place + 1) })).filter(({ place }) => (place + 1) % stride === 0);
    return { height: 1.7 * type, texts };
  }

  line({ kind, dash, values, marks }, slot) {
    const group = shape("g", { class: `se-${kind}` });
    let path = "";
    values.forEach((value, place) => {
      if (value === null) return;
      const joined = place > 0 && values[place - 1] !== null;
      path += `${joined ? "L" : "M"}${this.x(place).toFixed(1)},${this.y(value).toFixed(1)}`;
    });
    shape("path", { d: path, class: dash ? "se-path se-path-dashed" : "se-path" }, group);
    values.forEach((value, place) => {
      if (value === null) return;
      if (slot >= 9 || values.length === 1) shape("circle", { cx: this.x(place), cy: this.y(value), r: 3.5, class: dash ? "se-point se-hollow" : "se-point" }, group);
      if (marks?.includes(place)) shape("circle", { cx: this.x(place), cy: this.y(value), r: slot < 14 ? 5 : 8, class: "se-turn" }, group);
    });
    return group;
  }

  bars({ kind, values }, slot) {
    const group = shape("g", { class: `se-${kind}` });
    const width = Math.min(0.6 * slot, 2.5 * this.review.rem);
    values.forEach((value, place) => {
      const y = this.y(value);
      shape("rect", { x: this.x(place) - width / 2, width, y, height: Math.max(0, this.y(this.part.low) - y), class: "se-bar" }, group);
    });
    return group;
  }

  pointed(event) {
    const across = event.clientX - this.node.getBoundingClientRect().left - this.left;
    this.review.move(clamp(Math.floor(across / this.slot), 0, this.part.labels.length - 1));
  }

  mark() {
    if (!this.cursor) return;
    const { place } = this.review;
    this.cursor.setAttribute("x1", this.x(place));
    this.cursor.setAttribute("x2", this.x(place));
    for (const one of this.texts) one.label.classList.toggle("se-label-here", one.place === place);
  }
}
