"""Where the reader is on the way, as the sidebar and every page say it. What was seen is kept in the browser and nowhere else."""

import streamlit as st

from rnnviz.ui.shell import ways
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import settings

# What was seen is a list of addresses in the browser's own store, the last one at its end; a browser that keeps nothing shows no
# marks. A mark is drawn by a style sheet, so that the links stay Streamlit's own; its text after the slash is for screen readers.
_seen = st.components.v2.component(
    "rnnviz_seen",
    js="""const KEY = "rnnviz-seen";
export default function ({ data: { here, addresses, said } }) {
  let seen = [];
  try {
    const kept = JSON.parse(window.localStorage.getItem(KEY) ?? "[]");
    seen = Array.isArray(kept) ? kept.filter((one) => addresses.includes(one) && one !== here) : [];
    if (here) seen.push(here);
    window.localStorage.setItem(KEY, JSON.stringify(seen));
  } catch {
    // it keeps nothing: nothing is marked
  }
  const bars = ':is([data-testid="stSidebar"], .st-key-way)';
  const links = seen.map((one) => `${bars} :is(a[href="${one}"], a[href$="/${one}"]) p::after`);
  let sheet = document.getElementById(KEY);
  if (!sheet) document.head.append((sheet = Object.assign(document.createElement("style"), { id: KEY })));
  const marked = `{ content: " ✓" / ${JSON.stringify(` ${said}`)}; opacity: 0.7; }`;
  sheet.textContent = links.length ? `${links.join(",")} ${marked}` : "";
}""",
)
# The stop that was seen last, as a link. Followed inside the app where the sidebar has it, so that nothing is loaded anew.
_last = st.components.v2.component(
    "rnnviz_last",
    css=".rnnviz-last { margin: 0; font-family: var(--st-font); } .rnnviz-last a { color: var(--st-link-color); }",
    js="""export default function ({ data: { stops, said }, parentElement }) {
  let last;
  try {
    last = JSON.parse(window.localStorage.getItem("rnnviz-seen") ?? "[]").findLast((one) => Object.hasOwn(stops, one));
  } catch {
    // it keeps nothing
  }
  parentElement.querySelector(".rnnviz-last")?.remove();
  if (!last) return;
  const link = Object.assign(document.createElement("a"), { href: new URL(last, document.baseURI), textContent: stops[last] });
  link.addEventListener("click", (event) => {
    const own = document.querySelector(`:is([data-testid="stSidebar"], .st-key-way) :is(a[href="${last}"], a[href$="/${last}"])`);
    if (!own || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    own.click();
  });
  const line = Object.assign(document.createElement("p"), { className: "rnnviz-last" });
  line.append(`${said} `, link);
  parentElement.append(line);
}""",
)


def sidebar(room: str) -> None:
    """The way to every page: the chapters of the course, of which the one with this page is open, then what is for a network of
    one's own. room: that of the page."""
    known, way = ways.stops(), ways.way_of(room)
    order = ways.ways()[ways.LEARN]
    st.page_link(ways.FILES["home"], label=_("Start"), width="stretch")
    st.caption(_("Learn, step by step"))
    for chapter in ways.chapters():
        with st.expander(chapter.title, expanded=room in chapter.rooms and way == ways.LEARN):
            for one in chapter.rooms:
                stop = known[one]
                st.page_link(stop.file, label=f"{order.index(one) + 1} · {stop.title}", width="stretch")
    st.page_link(known["words"].file, label=known["words"].title, width="stretch")
    st.caption(_("Research"))
    chapter = ways.own()
    with st.expander(chapter.title, expanded=way == ways.OWN):
        for one in chapter.rooms:
            st.page_link(known[one].file, label=known[one].title, width="stretch")


def mark(room: str) -> None:
    """Keeps in the browser that this page was seen, and marks those that were."""
    here = ways.ADDRESSES.get(room, "") if room != "home" else ""
    _seen(data={"here": here, "addresses": list(ways.ADDRESSES.values()), "said": _("seen")}, key="seen")


def go_on() -> None:
    """Where this browser has been on the way for learners, the way back there."""
    known, order = ways.stops(), ways.ways()[ways.LEARN]
    stops = {ways.ADDRESSES[room]: f"{number} · {known[room].title}" for number, room in enumerate(order, 1)}
    _last(data={"stops": stops, "said": _("You were last at:")}, key="last")


def heading(room: str) -> None:
    """A line above a page: which stop of the way it is, how long it takes, what it builds on."""
    way = ways.way_of(room)
    if way is None or settings()["projector"]:  # whose screen is for the picture
        return
    rooms, known = ways.ways()[way], ways.stops()
    names = {ways.LEARN: _("Learn, step by step"), ways.OWN: _("Your own network")}
    parts = [
        names[way],
        _("stop {number} of {count}").format(number=rooms.index(room) + 1, count=len(rooms)),
        _("about {minutes} minutes").format(minutes=known[room].minutes),
    ]
    before = [known[one].title for one in ways.BUILDS_ON.get(room, ()) if one in rooms]
    if before:
        parts.append(_("builds on: {pages}").format(pages=", ".join(before)))
    with st.container(key="stop"):
        st.caption(" · ".join(parts))


def onward(room: str) -> None:
    """Below a page: the one that comes next on the way, with its question, and the one before."""
    way = ways.way_of(room)
    if way is None:
        return
    rooms, known = ways.ways()[way], ways.stops()
    at = rooms.index(room)
    st.divider()
    with st.container(
        horizontal=True, vertical_alignment="top", horizontal_alignment="distribute", key="onward"
    ):
        if at:
            stop = known[rooms[at - 1]]
            st.page_link(stop.file, label=f"← {stop.title}", width="content")
        if at + 1 < len(rooms):
            stop = known[rooms[at + 1]]
            with st.container(width="content"):
                st.page_link(
                    stop.file, label=_("**Next: {title}**").format(title=stop.title) + " →", width="content"
                )
                st.caption(stop.question)
        else:
            st.page_link(
                ways.FILES["home"],
                label=_("**You are at the end of the way**: back to the start"),
                width="content",
            )
