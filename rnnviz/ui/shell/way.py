"""Where the reader is on the way, as the sidebar and every page say it. What was seen is kept in the browser and nowhere else."""

from pathlib import Path

import streamlit as st

from rnnviz.ui.shell import ways
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.server import script_url
from rnnviz.ui.shell.settings import settings

# a script of ours that has one thing to do for each call; where it does not come, nothing is marked
CALLED = """export default (call) => {{
  import(new URL("{url}", document.baseURI)).then(({{ {name} }}) => {name}(call)).catch(() => undefined);
}};"""
_URL = script_url(Path(__file__).with_name("seen.js"))
_seen = st.components.v2.component("rnnviz_seen", js=CALLED.format(url=_URL, name="mark"))
_last = st.components.v2.component(
    "rnnviz_last",
    css=".rnnviz-last { margin: 0; font-family: var(--st-font); } .rnnviz-last a { color: var(--st-link-color); }",
    js=CALLED.format(url=_URL, name="last"),
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
    for one in ("words", "teach"):
        st.page_link(known[one].file, label=known[one].title, width="stretch")
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
