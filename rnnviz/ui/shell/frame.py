"""What stands around every page: its settings, the way to every other page, language and projector, and the address."""

from collections.abc import Callable, Container, Mapping
from pathlib import Path

import streamlit as st

from rnnviz import shipped
from rnnviz.ui.shell import address, lesson, offline, way, ways
from rnnviz.ui.shell.language import LANGUAGES, _, current
from rnnviz.ui.shell.server import FIRST_FILES, script_url
from rnnviz.ui.shell.settings import Setting, declare, settings
from rnnviz.ui.shell.widgets import notice, pick

ICON = shipped.path("static") / "rnnviz.svg"
STYLE = """
[data-testid="stMainBlockContainer"] { padding: 3.5rem clamp(1rem, 4vw, 3.5rem) 4rem; max-width: 1500px; }
.st-key-address, .st-key-preload, .st-key-seen, .st-key-present { display: none; }
/* where there is room, a formula is no region to scroll */
@media (min-width: 700px) { .stMarkdown .katex-display, .katex-display { overflow: visible !important; } }
/* a page's name is never cut off */
[data-testid="stSidebar"] [data-testid="stPageLink"] :is(a, span, p) { white-space: normal; overflow: visible; height: auto; }
[data-testid="stMain"] [data-testid="stPageLink"] :is(a, span, p) { white-space: normal; overflow: visible; height: auto; }
/* controls in a row: their labels stand at one height, and none is cut off on a telephone */
[data-testid="stButtonGroup"] button[data-variant^="segmented_control"] { min-height: 2.5rem; }
[data-testid="stButtonGroup"] [role="radiogroup"] { flex-wrap: wrap; row-gap: 4px; }
@media (max-width: 640px) {  /* where they go on in another line, each has its own left edge */
  [data-testid="stButtonGroup"] button[data-variant="segmented_control"]:not([aria-checked="true"]) {
    border-left-color: color-mix(in srgb, currentColor 20%, transparent) !important;
  }
}
/* Streamlit's pale type of captions is too pale to read on white */
[data-testid="stCaptionContainer"] { opacity: 0.8 !important; }
/* where a page stands on the way takes no room from its picture */
.st-key-stop { margin: -0.25rem 0 -1.5rem; }
body:has([data-testid="stExpandSidebarButton"]) .st-key-stop { margin-top: 0.75rem; }  /* below Streamlit's own bar */
/* the way through the pages is a list, not a stack of boxes */
[data-testid="stSidebarUserContent"] [data-testid="stVerticalBlock"] { gap: 0.375rem; }
[data-testid="stSidebar"] [data-testid="stExpander"] details { border: none; }
[data-testid="stSidebar"] [data-testid="stExpander"] summary { padding: 0.25rem 0.5rem; }
[data-testid="stSidebar"] [data-testid="stExpander"] summary { border: none !important; background: none !important; }
[data-testid="stSidebar"] [data-testid="stExpanderDetails"] { padding: 0 0 0.25rem 1rem; }
/* a form that opens upwards ends below the top of the window */
[data-testid="stPopoverBody"] { max-height: min(60vh, 34rem) !important; overflow-y: auto !important; }
/* what is being made anew fades only where that takes long */
[data-stale="true"] { transition-delay: 3s !important; }
/* what is written on a button of the dark theme's light blue is dark */
[data-testid="stBaseButton-primary"]:not(:disabled) :is(p, span) { color: light-dark(#ffffff, #11151c); }
/* Korean breaks between words, not inside them */
[data-testid="stApp"] :is(h1, h2, p, li) { word-break: keep-all; overflow-wrap: anywhere; }
/* on paper: the page alone and whole, no control and no way elsewhere */
@media print {
  :is([data-testid="stSidebar"], [data-testid="stHeader"], [data-testid="stExpandSidebarButton"]),
  :is(.st-key-stop, .st-key-onward, .st-key-lesson), CONTROLS, BUTTONS { display: none !important; }
  :is(html, body, #root, #root > div, [data-testid="stApp"], [data-testid="stAppViewContainer"], [data-testid="stMain"]) {
    display: block !important; position: static !important; height: auto !important; overflow: visible !important; }
  [data-testid="stMainBlockContainer"] { padding: 0 !important; max-width: none !important; }
  [data-testid="stApp"] { print-color-adjust: exact; }
}
"""
# in a frame of another site's: as wide and as high as what is shown
EMBEDDED = """
[data-testid="stMainBlockContainer"] { padding: 0.75rem 1rem; }
[data-testid="stMain"] { overflow-x: hidden; }
"""

_PLACE = '[data-testid="stMain"] [data-testid="stElementContainer"]'
_KINDS = "ButtonGroup Slider Selectbox MultiSelect Checkbox Radio NumberInput TextInput TextArea FileUploader".split()
CONTROLS = f"{_PLACE}:has({', '.join(f'[data-testid=st{kind}]' for kind in _KINDS)})"
BUTTONS = f'{_PLACE}:has(.stButton, .stDownloadButton):not([class*="st-key-leave_"])'
STYLE = STYLE.replace("CONTROLS", CONTROLS).replace("BUTTONS", BUTTONS)
FILES = f'{_PLACE}:has([data-testid="stFileUploader"])'
# by what a lesson asks for; a button or a file would change what is locked
LESSON = {
    lesson.LOCKED: f"{BUTTONS}, {FILES} {{ display: none; }}",
    lesson.BARE: f"{CONTROLS} {{ display: none; }}",
}

# read from the last row: no type below 20 px, where it is 14 px else
PROJECTOR = "html { font-size: calc(16px * 20 / 14) !important; }"

_PRESENT, _EMBED = (script_url(Path(__file__).with_name(f"{name}.js")) for name in ("present", "embed"))
_present = st.components.v2.component("rnnviz_present", js=way.CALLED.format(url=_PRESENT, name="present"))
_embed = st.components.v2.component(
    "rnnviz_embed",
    css="a { color: var(--st-link-color); font-family: var(--st-font); }",
    js=way.CALLED.format(url=_EMBED, name="embed"),
)

# the browser reads plotly.js while the server still reads the text
_preload = st.components.v2.component(
    "rnnviz_preload",
    js="""export default ({ data }) => {
  for (const file of data.files) import(new URL(file, document.baseURI)).catch(() => {});
};""",
)


def start(rooms: Mapping[str, Setting]) -> None:
    """Page settings and what the address brings; first of all in app.py. rooms: the settings that they declare."""
    declare(rooms)
    st.session_state.setdefault("notices", []).extend(address.read())
    sidebar = "collapsed" if settings()["projector"] else "auto"  # its room is the picture's
    st.set_page_config(page_title="rnnviz", page_icon=str(ICON), layout="wide", initial_sidebar_state=sidebar)
    st.html(f"<style>{STYLE}{PROJECTOR if settings()['projector'] else ''}</style>")
    _preload(data={"files": FIRST_FILES}, key="preload")


def gone() -> str | None:
    """The page that the address asks for, where there is none of that name (any more): the first is shown in its place."""
    return address.gone(_addresses())


def open_page(page, room: str, below: Callable[[str], None] | None = None) -> None:
    """The sidebar with the way to every page, then the page, with where it stands on the way above and what comes next below.

    below: draws what stands between the page and the next one, where the page is neither alone nor a lesson's.

    The links are ours: the list that Streamlit draws mixes headings and entries, which screen readers stumble over.
    """
    st.session_state["room"] = page.url_path
    notices = [*st.session_state["notices"], *lesson.settle(page.url_path)]
    if page.url_path == st.session_state.get("gone"):
        line = _("There is no page “{name}” here, or no longer: this is the first page.")
        notices.append(line.format(name=page.url_path))
    lone = st.context.is_embedded or lesson.asks(lesson.ALONE)
    if not lone:
        _beside(room)
    for line in notices:
        notice(line)
    if not lone:
        way.heading(room)
    page.run()
    if lesson.shown():
        _taken()
    elif below and not lone and offline.kept() is None:
        below(room)
    if not lone:
        way.onward(room)
    way.mark(room)
    if st.context.is_embedded:
        st.html(f"<style>{EMBEDDED}</style>")
        _embed(data={"lang": current(), "whole": _("Open in rnnviz")}, key="embed")
    else:
        _present(data=_presented(), key="present")


def _presented() -> dict:
    """What the keys of whoever presents views need to know."""
    labels = {
        "bar": _("Views of the lesson"),
        "of": _("{number} of {count}"),
        "previous": _("The view before (page up, p)"),
        "next": _("The next view (page down, n)"),
        "black": _("Black screen (b or .)"),
        "large": _("Large cursor (l)"),
        "end": _("End the presentation"),
        "lifted": _("The screen is black. Any key brings the page back."),
    }
    return {"lang": current(), "pages": _addresses(), "labels": labels}


def _addresses() -> list[str]:
    """Of all pages; the first page's is empty."""
    return ["" if room == "home" else name for room, name in ways.ADDRESSES.items()]


def _beside(room: str) -> None:
    """The sidebar."""
    with st.sidebar:
        way.sidebar(room)
        st.divider()
        pick(
            st.segmented_control,
            "lang",
            _("Language"),
            list(LANGUAGES),
            format_func=LANGUAGES.__getitem__,
            required=True,
        )
        pick(
            st.toggle,
            "projector",
            _("Projector view"),
            help=_("Larger type that can be read from the back row."),
        )
        st.caption(_("The address above holds this view: copy it to share it."))


def _taken() -> None:
    """What a lesson asks for, done by the page's looks; and below the page how to leave it."""
    asked = lesson.now()
    styles = [style for word, style in LESSON.items() if word in asked]
    st.html(f"<style>{''.join(styles)}</style>")
    with st.container(horizontal=True, vertical_alignment="center", key="lesson"):
        locked = _("A lesson’s view: its settings are locked; cursors, zoom and play are not.")
        st.caption(locked if lesson.LOCKED in asked else _("A lesson’s view."), width="content")
        st.button(_("Look around freely"), key="leave_lesson", on_click=lesson.leave, type="tertiary")


def finish(names: Container[str]) -> None:
    """Writes the address; last of all in app.py. names: of the page's settings."""
    # a page that ran itself again before its end has not been seen
    st.session_state["noticed"], st.session_state["notices"] = st.session_state["notices"], []
    if not address.write(names):
        st.caption(_("A text on this page is too long for a link: the address holds the view without it."))
