"""For teachers: lesson plans, a worksheet, links for a class, views to present, pages in others, what a machine carries."""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from rnnviz.ui.parts.component import component
from rnnviz.ui.rooms.teach import PARTS, PLANS, links, plans, server
from rnnviz.ui.rooms.teach.tasks import tasks
from rnnviz.ui.shell import lesson, ways
from rnnviz.ui.shell.language import _, current
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import notice, pick

_component = component(Path(__file__).parent)


def show() -> None:
    with st.container(key="teach_head"):
        _head()
    {
        "plan": _plan,
        "worksheet": _worksheet,
        "link": _link,
        "views": _views,
        "embed": _embed,
        "server": server.show,
    }[settings()["teach_part"]]()


def _head() -> None:
    """What the page is called, and its parts."""
    st.header(_("For teachers"), anchor=False)
    parts = {
        "plan": _("Lesson plans"),
        "worksheet": _("Worksheet"),
        "link": _("Links for a class"),
        "views": _("Present"),
        "embed": _("In a course page"),
        "server": _("The server"),
    }
    pick(
        st.segmented_control,
        "teach_part",
        _("What you need"),
        list(PARTS),
        format_func=parts.get,
        required=True,
        label_visibility="collapsed",
    )


def _titles() -> dict[str, str]:
    """Of all pages that a class can be sent to, by their rooms."""
    return {"home": _("Start")} | {room: stop.title for room, stop in ways.stops().items() if room != "teach"}


def _leads(room: str, view: Mapping[str, object]) -> None:
    """The way to a page, as it is to be seen."""
    query = {name: str(value) for name, value in view.items()} | {"lang": current()}
    st.page_link(ways.FILES[room], label=f"{_titles()[room]} →", query_params=query)


def _plan() -> None:
    names = {"50": _("50 minutes"), "90": _("90 minutes")}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        pick(
            st.segmented_control, "teach_plan", _("Length"), list(PLANS), format_func=names.get, required=True
        )
        _print()
    st.write(
        _(
            "Ask first, let the class write an answer down, then open the picture. What is expected was worked out; the picture "
            "shows it."
        )
    )
    begin = 0
    for one in plans.plan(settings()["teach_plan"]):
        with st.container(border=True, key=f"teach_step_{begin}"):
            when, what = st.columns([1, 5], gap="small")
            with when:
                st.markdown(_("**{begin} to {end} min**").format(begin=begin, end=begin + one.minutes))
                _leads(one.room, one.view)
            with what:
                st.markdown(_("**Ask:** {question}").format(question=one.asks))
                st.markdown(_("**Expect:** {answer}").format(answer=one.expects))
        begin += one.minutes


def _worksheet() -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        pick(
            st.toggle,
            "teach_answers",
            _("With the answers"),
            help=_("They are printed on a sheet of their own."),
        )
        _print()
    known = tasks()
    with st.container(key="teach_sheet"):
        st.subheader(_("Recurrent networks: worksheet"), anchor=False)
        st.write(_("Name:") + " ______________________   " + _("Class:") + " __________")
        for number, one in enumerate(known, 1):
            st.markdown(f"**{number}.** {one.asks}")
            st.html('<div class="teach-line" aria-hidden="true"></div>' * one.lines)
    if not settings()["teach_answers"]:
        return
    with st.container(key="teach_solved"):
        st.subheader(_("Answers"), anchor=False)
        for number, one in enumerate(known, 1):
            st.markdown(f"**{number}.** {one.answer}")
            _leads(one.room, one.view)


def _print() -> None:
    _component(data={"part": "print", "labels": {"print": _("Print")}}, key="teach_print")


def _link() -> None:
    st.write(
        _(
            "Choose a page, or set one up as you want it and paste its address here. The link below opens it like that for "
            "everyone."
        )
    )
    left, right = st.columns(2, gap="medium")
    with left:
        titles = _titles()
        pick(st.selectbox, "teach_page", _("Page"), list(titles), format_func=titles.get)
    with right:
        pick(
            st.text_input,
            "teach_pasted",
            _("Or the address of a view"),
            placeholder="http://…",
            help=_("Copied from the address bar. It goes before the page on the left."),
        )
    names = {
        lesson.LOCKED: _("Lock the settings"),
        lesson.BARE: _("Hide the controls"),
        lesson.ALONE: _("Hide the other pages"),
        lesson.UNANSWERED: _("Hide the explanations"),
    }
    pick(
        st.pills,
        "teach_asks",
        _("In this lesson"),
        list(names),
        format_func=names.get,
        selection_mode="multi",
    )
    pick(st.toggle, "teach_large", _("Type for the projector"))
    view = links.View(settings()["teach_page"])
    if pasted := settings()["teach_pasted"].strip():
        try:
            view, wrong = links.read(pasted)
        except ValueError as problem:
            notice(str(problem), error=True)
            return
        for line in wrong:
            notice(line)
    asks = settings()["teach_asks"]
    if lesson.BARE in asks and lesson.LOCKED not in asks:
        asks = [lesson.LOCKED, *asks]
    kept = links.made(view, asks, current(), settings()["teach_large"])
    whole = links.root() + kept
    if links.local(whole):
        notice(
            _(
                "This link opens on this computer only. For a class, start the app for your network and open this page by the "
                "computer’s address there: “The server” says how."
            )
        )
    st.code(whole, language=None, wrap_lines=True)
    _component(
        data={
            "part": "link",
            "link": whole,
            "kept": kept,
            "title": titles[view.room],
            "labels": {
                "code": _("QR code of the link"),
                "dense": _("This link is long, and its code fine: from the back row it may not be read."),
                "long": _("This link is too long for a QR code; send it as text."),
                "open": _("Open it"),
                "add": _("Add to my views"),
                "added": _("Added: {count} views, see “Present”."),
                "full": _("The list is full."),
                "unkept": _("This browser keeps nothing: the list is gone when the page is loaded anew."),
            },
        },
        key="teach_link",
    )
    with st.expander(_("What a locked link is, and what it is not")):
        st.markdown(
            "- "
            + _(
                "Locked: controls are shown and cannot be changed, buttons that would change settings are gone, and the server "
                "ignores what is changed all the same. Cursors, zoom and play go on working."
            )
        )
        st.markdown(
            "- "
            + _(
                "It is a courtesy and no guard: below the page stands “Look around freely”, and whoever takes the word lesson "
                "out of the address has the whole page. Nothing secret is in the link."
            )
        )
        st.markdown(
            "- "
            + _(
                "A link that was edited by hand says so in one line and shows what it says now. A link from another version of "
                "the app says what it no longer knows and shows the rest."
            )
        )
        st.markdown(
            "- " + _("“Hide the explanations” takes away “What you see” and the hints below questions.")
        )


def _views() -> None:
    st.write(
        _(
            "Your views in order, kept in this browser alone. Present them, and the keys of a clicker lead through them on every "
            "page."
        )
    )
    _component(
        data={
            "part": "views",
            "titles": {
                ("" if room == "home" else ways.ADDRESSES[room]): title for room, title in _titles().items()
            },
            "labels": {
                "list": _("My views"),
                "none": _("No views yet: add one below, or make one under “Links for a class”."),
                "title": _("Title of view {number}"),
                "up": _("Up: {title}"),
                "down": _("Down: {title}"),
                "remove": _("Take out: {title}"),
                "start": _("Present from here: {title}"),
                "gone": _("This page is no longer here; it is passed over."),
                "paste": _("Address of a view"),
                "add": _("Add"),
                "foreign": _("This is no address of a page of this app: copy one from the address bar."),
                "full": _("The list is full."),
                "unkept": _("This browser keeps nothing: the list is gone when the page is loaded anew."),
            },
        },
        key="teach_views",
    )
    st.markdown(
        _(
            "**Keys while you present:** page down or n: next view; page up or p: the one before; b or . : black screen, any key "
            "brings it back; l: large cursor. They rest while you type, and what a picture does with a letter goes first. The "
            "bar at the lower right does the same; ✕ ends it."
        )
    )


def _embed() -> None:
    st.write(
        _(
            "Add embed=true to the address of any view, and a course page can show it in a frame: without the sidebar, as high "
            "as it is, with links that open in a tab of their own. It needs no cookies."
        )
    )
    view = links.View(settings()["teach_page"])
    titles = _titles()
    pick(st.selectbox, "teach_page", _("Page"), list(titles), format_func=titles.get)
    address = links.root() + links.made(view, (), current()) + "&embed=true"
    st.code(
        SNIPPET.format(address=address.replace("&", "&amp;"), title=titles[view.room]),
        language=None,
        wrap_lines=True,
    )
    st.caption(
        _(
            "The script sets the height that the page tells. Without it, give the frame a height of your own. With a sandbox, "
            "the frame needs allow-scripts, allow-same-origin and allow-popups."
        )
    )


SNIPPET = """\
<iframe class="rnnviz" src="{address}" title="{title}" style="width: 100%; height: 700px; border: 0"></iframe>
<script>
  addEventListener("message", (event) => {{
    if (event.data?.rnnviz !== "height") return;
    for (const frame of document.querySelectorAll("iframe.rnnviz"))
      if (frame.contentWindow === event.source) frame.style.height = `${{event.data.height}}px`;
  }});
</script>"""
