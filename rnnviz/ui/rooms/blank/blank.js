// A sentence of which each word can be left out, and what two models put there: candidates, and which side spoke for them.
// Python hears of a choice, the place of a word; text of the reader goes in through textContent only.

import { element, mounted } from "../../parts/js/dom.js";

export default mounted((parent) => new Drawing(parent));

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

class Drawing {
  constructor(parent) {
    this.root = element("section", "bl-root");
    this.sentence = element("div", "bl-sentence");
    this.sentence.setAttribute("role", "radiogroup");
    this.sentence.addEventListener("keydown", (event) => this.key(event));
    this.panels = element("div", "bl-panels");
    this.root.append(this.sentence, this.panels);
    parent.append(this.root);
    this.revision = 0;
  }

  destroy() {
    this.root.remove();
  }

  update(data) {
    const focused = this.sentence.contains(document.activeElement);
    this.data = data;
    this.sentence.setAttribute("aria-label", data.labels.sentence);
    this.words = data.words.map(({ text, unknown }, place) => {
      const word = element("button", unknown ? "bl-word bl-unknown" : "bl-word");
      word.type = "button";
      word.setAttribute("role", "radio");
      word.setAttribute("aria-label", `${place + 1} ${text}`);
      word.addEventListener("click", () => this.choose(place));
      return word;
    });
    this.sentence.replaceChildren(...this.words);
    this.mark(data.place, focused);
    this.panels.replaceChildren(...data.models.map((model) => this.panel(model)));
    this.root.dataset.revision = this.revision += 1;
    this.root.dataset.drawn = "";
  }

  // ---- the sentence: one of its words is left out -----------------------------------------------------------------

  mark(place, focus) {
    this.place = place;
    this.words.forEach((word, i) => {
      word.setAttribute("aria-checked", i === place);
      word.tabIndex = i === place ? 0 : -1;
      word.textContent = i === place ? "____" : this.data.words[i].text;
    });
    if (focus) this.words[place].focus();
  }

  choose(place) {
    if (place === this.place) return;
    this.mark(place, true); // at once; what the models say of it follows
    this.send.trigger("choice", place);
  }

  key(event) {
    const last = this.words.length - 1;
    const to = { Home: 0, End: last }[event.key] ?? this.place + STEPS[event.key];
    if (Number.isNaN(to)) return;
    event.preventDefault();
    this.choose(Math.min(last, Math.max(0, to)));
  }

  // ---- what a model says of the blank -----------------------------------------------------------------------------

  panel({ title, about, hatched, candidates, split }) {
    const { labels } = this.data;
    const panel = element("div", hatched ? "bl-panel bl-hatched" : "bl-panel");
    const table = element("table", "bl-table");
    table.setAttribute("aria-label", `${title}: ${labels.candidates}`);
    for (const one of candidates) table.append(this.candidate(one));
    panel.append(element("h3", "bl-title", title), element("p", "bl-about", about), table);
    panel.append(element("h4", "bl-head", labels.split), this.legend(split));
    for (const one of split) panel.append(this.split(one));
    const scale = element("div", "bl-scale");
    const ticks = element("span", "bl-ticks");
    for (const tick of this.data.ticks) ticks.append(element("span", "", tick));
    scale.append(ticks);
    panel.append(scale);
    return panel;
  }

  candidate({ rank, text, share, percent, own, below }) {
    const row = element("tr", `${own ? "bl-true" : ""} ${below ? "bl-below" : ""}`);
    const name = element("th", "bl-name", own ? `${text} ✓` : text);
    name.scope = "row";
    name.title = own ? `${text}: ${this.data.labels.own}` : text;
    const place = element("td");
    const track = element("span", "bl-track");
    const bar = element("span", "bl-bar");
    bar.style.width = `${100 * share}%`;
    track.append(bar);
    place.append(track);
    row.append(element("td", "bl-rank", `${rank}.`), name, place, element("td", "bl-share", percent));
    return row;
  }

  legend(split) {
    const legend = element("div", "bl-legend");
    for (const { side } of split[0].parts) {
      const key = element("span", "bl-key");
      key.append(element("i", `bl-${side}`), this.data.labels[side]);
      legend.append(key);
    }
    return legend;
  }

  split({ text, own, parts, sum }) {
    const row = element("div", own ? "bl-split bl-true" : "bl-split");
    const name = element("span", "bl-split-name", own ? `${text} ✓` : text);
    name.title = text;
    const bars = element("div", "bl-bars");
    const line = element("span", "bl-sum");
    parts.forEach(({ side, from, to, text: number }, i) => {
      const part = element("span", "bl-part");
      const bar = element("i", `bl-${side}`);
      bar.style.left = `${100 * from}%`;
      bar.style.width = `${100 * (to - from)}%`;
      part.append(bar);
      bars.append(part);
      line.append(i ? ` ${number.startsWith("−") ? "−" : "+"} ${number.replace("−", "")}` : number);
    });
    line.append(" = ", element("b", "", sum));
    row.append(name, bars, line);
    return row;
  }
}
