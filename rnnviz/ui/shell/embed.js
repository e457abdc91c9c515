// A page in a frame of another site: the page around hears how high it is, links open outside of it, and below it one leads to the whole.

/** @type {ResizeObserver | undefined} */
let watched;
let told = 0;

/** @param {{ data: { lang: string, whole: string }, parentElement: HTMLElement }} call whole: what the link to the whole is called */
export function embed({ data, parentElement }) {
  if (!watched) {
    document.addEventListener("click", (event) => outside(event, data.lang), true);
    watched = new ResizeObserver(tell);
  }
  const page = document.querySelector('[data-testid="stMainBlockContainer"]');
  watched.disconnect();
  if (page) watched.observe(page);
  parentElement.querySelector("a")?.remove();
  const link = Object.assign(document.createElement("a"), { className: "rnnviz-whole", href: whole(window.location.href, data.lang), textContent: `${data.whole} ↗` });
  parentElement.append(link);
}

/** @param {ResizeObserverEntry[]} entries */
function tell([{ target }]) {
  const height = Math.ceil(target.getBoundingClientRect().height);
  if (height === told) return;
  told = height;
  window.parent.postMessage({ rnnviz: "height", height }, "*"); // a height is nobody's secret
}

/** The same page outside of a frame. @param {string} href @param {string} lang */
export function whole(href, lang) {
  const url = new URL(href);
  for (const name of [...url.searchParams.keys()]) if (name.startsWith("embed")) url.searchParams.delete(name);
  if (!url.searchParams.has("lang")) url.searchParams.set("lang", lang);
  return url.href;
}

/** @param {MouseEvent} event @param {string} lang */
function outside(event, lang) {
  const link = event.composedPath().find((one) => one instanceof HTMLAnchorElement);
  if (!(link instanceof HTMLAnchorElement) || !link.href || link.hasAttribute("download")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const here = link.origin === window.location.origin;
  const to = link.className === "rnnviz-whole" ? window.location.href : link.href; // where one stands may have changed since
  window.open(here ? whole(to, lang) : to, "_blank", "noopener");
}
