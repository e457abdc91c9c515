"""What stands around every page: its settings, the way to every other page, language and projector, and the address."""

from collections.abc import Container, Mapping

import streamlit as st

from rnnviz import shipped
from rnnviz.ui.shell import address, way
from rnnviz.ui.shell.language import LANGUAGES, _
from rnnviz.ui.shell.server import FIRST_FILES
from rnnviz.ui.shell.settings import Setting, declare, settings
from rnnviz.ui.shell.widgets import notice, pick

ICON = shipped.path("static") / "rnnviz.svg"
STYLE = """
[data-testid="stMainBlockContainer"] { padding: 3.5rem clamp(1rem, 4vw, 3.5rem) 4rem; max-width: 1500px; }
.st-key-address, .st-key-preload, .st-key-seen { display: none; }
/* where there is room, a formula is no region to scroll */
@media (min-width: 700px) { .stMarkdown .katex-display, .katex-display { overflow: visible !important; } }
/* a page's name is never cut off */
[data-testid="stSidebar"] [data-testid="stPageLink"] :is(a, span, p) { white-space: normal; overflow: visible; height: auto; }
[data-testid="stMain"] [data-testid="stPageLink"] :is(a, span, p) { white-space: normal; overflow: visible; height: auto; }
/* controls in a row: their labels stand at one height, and none is cut off on a telephone */
[data-testid="stButtonGroup"] button[data-variant^="segmented_control"] { min-height: 2.5rem; }
[data-testid="stButtonGroup"] [role="radiogroup"] { flex-wrap: wrap; row-gap: 4px; }
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
/* what is being made anew fades only where that takes long */
[data-stale="true"] { transition-delay: 3s !important; }
/* what is written on a button of the dark theme's light blue is dark */
[data-testid="stBaseButton-primary"]:not(:disabled) :is(p, span) { color: light-dark(#ffffff, #11151c); }
/* Korean breaks between words, not inside them */
[data-testid="stApp"] :is(h1, h2, p, li) { word-break: keep-all; overflow-wrap: anywhere; }
"""

# read from the last row: no type below 20 px, where it is 14 px else
PROJECTOR = "html { font-size: calc(16px * 20 / 14) !important; }"

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


def open_page(page, room: str) -> None:
    """The sidebar with the way to every page, then the page, with where it stands on the way above and what comes next below.

    The links are ours: the list that Streamlit draws mixes headings and entries, which screen readers stumble over.
    """
    st.session_state["room"] = page.url_path
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
    for line in st.session_state["notices"]:
        notice(line)
    way.heading(room)
    page.run()
    way.onward(room)
    way.mark(room)


def finish(names: Container[str]) -> None:
    """Writes the address; last of all in app.py. names: of the page's settings."""
    st.session_state["notices"] = []  # a page that ran itself again before its end has not been seen
    if not address.write(names):
        st.caption(_("A text on this page is too long for a link: the address holds the view without it."))
