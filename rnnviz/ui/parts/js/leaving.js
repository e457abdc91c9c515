// Whether the reader is on the way to another page. What a component still tells then would reach Python after the page has
// changed: Streamlit answers for the page that was left, and what it shows is empty, or that page again.

const WAYS = '[data-testid="stPageLink-NavLink"], [class*="st-key-leave_"] button, .rnnviz-way'; // links, and buttons named so in Python
const LONGEST = 5000; // ms until the reader has stayed after all

/** @type {{ path: string, at: number } | undefined} */
let left;

/** @param {MouseEvent} event */
export function heard({ target, button, ctrlKey, metaKey, shiftKey }) {
  const way = target instanceof Element && button === 0 && !ctrlKey && !metaKey && !shiftKey ? target.closest(WAYS) : null;
  const { pathname } = window.location;
  if (way && !(way instanceof HTMLAnchorElement && way.pathname === pathname)) left = { path: pathname, at: performance.now() };
}

export const leaving = () => left !== undefined && left.path === window.location.pathname && performance.now() - left.at < LONGEST;

if (typeof document !== "undefined") document.addEventListener("click", heard, { capture: true });
