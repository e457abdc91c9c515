// One view turned into another: what is the same stays, with its focus and all that a component has made in it.

/** @param {Element} now what is on the page @param {Iterable<Node>} then what is to stand in it */
export function morph(now, then) {
  const [old, coming] = [[...now.childNodes], [...then]];
  coming.forEach((one, at) => {
    const name = named(one);
    const same = name ? old.findIndex((there) => named(there) === name) : -1;
    // what has gone before it, and what has come before what stays
    for (const gone of old.splice(0, Math.max(same, 0))) gone.remove();
    const there = old[0];
    const stays = there && named(there);
    if (!there || (stays && stays !== name && coming.slice(at + 1).some((later) => named(later) === stays))) {
      now.insertBefore(one, there ?? null);
      return;
    }
    old.shift();
    if (!alike(there, one)) there.replaceWith(one);
    else if (there instanceof Element && one instanceof Element) become(there, one);
    else if (there.nodeValue !== one.nodeValue) there.nodeValue = one.nodeValue;
  });
  for (const gone of old) gone.remove();
}

/** What tells a part of a page from those beside it: its key, or that of the first component in it. @param {Node} node @returns {string} */
function named(node) {
  if (!(node instanceof HTMLElement)) return "";
  const { axis, guess, part } = node.dataset;
  const key = /\bst-key-\S+/.exec(node.className)?.[0] ?? "";
  if (part) return `part ${part}`;
  if (axis || guess || key) return `${axis ?? guess ?? ""} ${key}`;
  const inner = node.querySelector("[data-part]");
  return inner instanceof HTMLElement ? `around ${inner.dataset.part}` : "";
}

/** Whether the one can become the other. @param {Node} there @param {Node} one */
function alike(there, one) {
  return there.nodeName === one.nodeName && named(there) === named(one);
}

/** @param {Element} there @param {Element} one */
function become(there, one) {
  const own = there instanceof HTMLElement && (there.dataset.part || there.dataset.guess);
  if (own || there.isEqualNode(one)) return;
  const open = there.tagName === "DETAILS" && there.hasAttribute("open"); // by the reader
  for (const { name } of [...there.attributes]) if (!one.hasAttribute(name)) there.removeAttribute(name);
  for (const { name, value } of one.attributes) if (there.getAttribute(name) !== value) there.setAttribute(name, value);
  if (open) there.setAttribute("open", "");
  if (there instanceof HTMLInputElement && one instanceof HTMLInputElement) there.value = one.value;
  morph(there, one.childNodes);
}

/** HTML of Python's own, as what stands in it. @param {string} html @returns {Node[]} */
export const parsed = (html) => [...new DOMParser().parseFromString(html, "text/html").body.childNodes];
