// A link that leads from a picture to another page of the app: followed in this visit where it is simply clicked, and a link like
// any other where it is copied, opened beside, or stands in another site's frame. Back leads to where the reader was.

import { element } from "./dom.js";
import { flush } from "./link.js";

/** @param {string} className */
export function way(className) {
  const made = element("a", `rnnviz-way ${className}`);
  made.addEventListener("click", (event) => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    flush(); // where the reader stands
    window.history.pushState(null, "", made.href);
    window.dispatchEvent(new PopStateEvent("popstate")); // Streamlit opens what the address says, as after Back
  });
  return made;
}
