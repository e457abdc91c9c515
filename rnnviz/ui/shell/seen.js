// What this browser has seen of the way: a list of addresses in its own store, the last one at its end. A browser that keeps nothing
// shows no marks. A mark is drawn by a style sheet, so that the links stay Streamlit's own.

const KEY = "rnnviz-seen";
const PLACES = ':is([data-testid="stSidebar"], .st-key-way)'; // where the links are that are marked

/** @param {string} address of a page; Streamlit's links are relative or whole */
const linkTo = (address) => `${PLACES} :is(a[href="${address}"], a[href$="/${address}"])`;

/** @returns {string[]} */
function kept() {
  try {
    const found = JSON.parse(window.localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
}

/** @param {{ data: { here: string, addresses: string[], said: string } }} call here: "" where there is nothing to keep; said: for who hears the mark */
export function mark({ data: { here, addresses, said } }) {
  const seen = kept().filter((one) => addresses.includes(one) && one !== here);
  if (here) seen.push(here);
  try {
    window.localStorage.setItem(KEY, JSON.stringify(seen));
  } catch {
    // it keeps nothing: what is marked is this page alone
  }
  let sheet = document.getElementById(KEY);
  if (!sheet) document.head.append((sheet = Object.assign(document.createElement("style"), { id: KEY })));
  const marked = `{ content: " ✓" / ${JSON.stringify(` ${said}`)}; opacity: 0.7; }`;
  sheet.textContent = seen.length ? `${seen.map((one) => `${linkTo(one)} p::after`).join(",")} ${marked}` : "";
}

/**
 * The stop that was seen last, as a link; followed inside the app where one of the links leads there, so that nothing is loaded anew.
 * @param {{ data: { stops: Record<string, string>, said: string }, parentElement: HTMLElement }} call
 */
export function last({ data: { stops, said }, parentElement }) {
  const address = kept().findLast((one) => Object.hasOwn(stops, one));
  parentElement.querySelector(".rnnviz-last")?.remove();
  if (!address) return;
  const link = Object.assign(document.createElement("a"), { href: new URL(address, document.baseURI).href, textContent: stops[address] });
  link.addEventListener("click", (event) => {
    const own = document.querySelector(linkTo(address));
    if (!(own instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    own.click();
  });
  const line = Object.assign(document.createElement("p"), { className: "rnnviz-last" });
  line.append(`${said} `, link);
  parentElement.append(line);
}
