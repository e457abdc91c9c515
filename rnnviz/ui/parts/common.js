// What every component has: it is put before the component's own file (see component.py).

const things = new WeakMap();

// one thing for each place on the page, made once, told of every change of its data, and taken away with the place
function mounted(make) {
  return ({ data, parentElement, setStateValue, setTriggerValue }) => {
    if (!things.has(parentElement)) things.set(parentElement, make(parentElement));
    const thing = things.get(parentElement);
    thing.send = { state: setStateValue, trigger: setTriggerValue };
    thing.update(data);
    return () => {
      thing.destroy();
      things.delete(parentElement);
    };
  };
}

// children are elements, or text that is shown as text
function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

// of a drawing: attributes by name
function shape(tag, attributes = {}, parent = undefined) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  parent?.append(made);
  return made;
}

const hexParts = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

// whether the page is 'light' or 'dark': read from its background, whatever way that is written
function themeSide(root) {
  const canvas = element("canvas").getContext("2d");
  canvas.fillStyle = getComputedStyle(root).getPropertyValue("--st-background-color").trim() || "#ffffff";
  return luminance(hexParts(canvas.fillStyle.startsWith("#") ? canvas.fillStyle : "#ffffff")) < 0.179 ? "dark" : "light";
}

// of red, green and blue up to 255, as the contrast of text is defined (WCAG 2)
function luminance(parts) {
  const [r, g, b] = parts.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

// the more legible of black and white on a colour
const inkOn = (parts) => (luminance(parts) > 0.179 ? "#000000" : "#ffffff");

// the colour at a share, 0 to 1, of a scale: stops are red, green and blue, evenly spread
function between(stops, share) {
  const at = clamp(share, 0, 1) * (stops.length - 1);
  const low = Math.min(Math.floor(at), stops.length - 2);
  return stops[low].map((v, i) => Math.round(v + (stops[low + 1][i] - v) * (at - low)));
}
