"""What stands around every page: start, sidebar, text box, notices, address."""

import string
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import streamlit as st

from rnnviz.models import checkpoints
from rnnviz.ui.shell import choices as chosen
from rnnviz.ui.shell.language import LANGUAGES, _
from rnnviz.ui.shell.server import FIRST_FILES

ICON = Path(__file__).resolve().parents[3] / "static" / "rnnviz.svg"
STYLE = """
[data-testid="stMainBlockContainer"] { padding: 3.5rem clamp(1rem, 4vw, 3.5rem) 4rem; max-width: 1500px; }
.st-key-address, .st-key-preload { display: none; }
/* where there is room, a formula is no region to scroll */
@media (min-width: 700px) { .stMarkdown .katex-display, .katex-display { overflow: visible !important; } }
/* a page's name is never cut off */
[data-testid="stSidebar"] [data-testid="stPageLink"] :is(a, span, p) { white-space: normal; overflow: visible; height: auto; }
/* Korean breaks between words, not inside them */
[data-testid="stApp"] :is(h1, h2, p, li) { word-break: keep-all; overflow-wrap: anywhere; }
"""

# read from the last row: no type below 20 px, where it is 14 px else
PROJECTOR = "html { font-size: calc(16px * 20 / 14) !important; }"

# the browser reads plotly.js and the board's scripts while the server still reads the text
_preload = st.components.v2.component(
    "rnnviz_preload",
    js="""export default ({ data }) => {
  for (const file of data.files) import(new URL(file, document.baseURI)).catch(() => {});
};""",
)


def start() -> None:
    """Page settings and what the address brings; first of all in app.py."""
    st.set_page_config(page_title="rnnviz", page_icon=str(ICON), layout="wide")
    st.session_state["notices"] = chosen.read_address()
    st.html(f"<style>{STYLE}{PROJECTOR if chosen.settings()['projector'] else ''}</style>")
    _preload(data={"files": FIRST_FILES}, key="preload")


def open_page(page, rooms: dict[str, list]) -> None:
    """The sidebar with the way to every page, then the page; a model that is not there falls back to one that is.

    The links are ours: the list that Streamlit draws mixes headings and entries, which screen readers stumble over.
    """
    names = checkpoints.names("language")
    if names and chosen.settings()["model"] not in names:
        chosen.choose(model=chosen.DEFAULT_MODEL if chosen.DEFAULT_MODEL in names else names[0])
    with st.sidebar:
        for heading, entries in rooms.items():
            if heading:
                st.caption(heading)
            for entry in entries:
                st.page_link(entry, width="stretch")
        st.divider()
        # the language models are explored; the other rooms, and attention, have networks of their own
        others = ("attention", "sentiment", "generate")
        explored = page in (*rooms[""], *rooms[_("Explore")]) and page.url_path not in others
        _sidebar(names if explored else None)
    for line in st.session_state.pop("notices", []):
        notice(line)
    page.run()


def finish() -> None:
    """Writes the address; last of all in app.py."""
    if not chosen.write_address():
        st.caption(_("A text on this page is too long for a link: the address holds the view without it."))


def pick(widget, name: str, label: str, options=None, value=None, choose=None, **more):
    """A widget that shows and changes the setting `name`, and keeps it over page changes; what is typed stays.

    value: shown where it is not the setting itself, as for a text that nobody has typed yet. choose: called with what the
    reader chose, in place of choices.choose.
    """
    key = f"pick_{name}"
    st.session_state[key] = chosen.settings()[name] if value is None else value
    arguments = {} if options is None else {"options": options}
    choose = choose or (lambda value: chosen.choose(**{name: value}))
    return widget(label, key=key, on_change=_picked, args=(key, choose), **arguments, **more)


def examples(key: str, options: Iterable, here, choose: Callable, names: Mapping | None = None) -> None:
    """Texts that make a point, each a click away. here: the one that is shown, None for the reader's own. choose: called with
    the one that was clicked. names: what they are called, where that is not what they are."""
    st.session_state[key] = here
    st.pills(
        _("Examples"),
        list(options),
        key=key,
        on_change=_picked,
        args=(key, choose),
        **({"format_func": names.get} if names else {}),
    )


def reader_text() -> None:
    """The box for the reader's text; what is typed stays, also when it cannot be read."""
    pick(
        st.text_area,
        "text",
        _("Your text"),
        value=chosen.text(),
        height=100,
        help=_("Up to {longest:,} characters. Ctrl+Enter, or a click outside the box, reads it.").format(
            longest=chosen.LONGEST
        ),
    )
    texts = chosen.EXAMPLES[chosen.corpus()]
    names = {
        "speaker": _("speakers in capitals"),
        "verse": _("line ends"),
        "repetition": _("a phrase repeated"),
        "quotation": _("a long quotation"),
        "indentation": _("indentation"),
        "brackets": _("nested brackets"),
        "string": _("a string and a comment"),
    }
    here = next((k for k, v in texts.items() if v == chosen.text()), None)
    examples("pick_example", texts, here, lambda name: chosen.choose(text=texts[name]), names)


def notice(line: str, error: bool = False) -> None:
    """One line for the reader, shown as text: nothing in it is taken for markdown."""
    shown = "".join(f"\\{c}" if c in string.punctuation else c for c in line)
    (st.error if error else st.warning)(shown)


def about(card: dict) -> None:
    """What a model was trained on and how well it reads."""
    scores = card["scores"]
    rows = {
        _(
            "architecture"
        ): f"{card['model']['kind'].upper()}, {card['model']['layers']} × {card['model']['hidden']}",
        _("parameters"): f"{card['parameters']:,}",
        _("held-out loss"): _("{validation:.3f} validation, {test:.3f} test (nats a character)").format(
            **scores
        ),
        _("data"): card["data"]["source"].removeprefix("https://"),
        _("licence"): card["data"]["licence"],
        _("made by"): card["command"],
    }
    for name, value in rows.items():
        st.caption(name)
        st.text(value)


def _sidebar(names: list[str] | None) -> None:
    """names: of the models to choose from, if the page reads with one."""
    now = chosen.settings()
    if names is None:
        pass
    elif names:
        pick(st.selectbox, "model", _("Model"), names)
        try:
            card = checkpoints.card(now["model"])
        except checkpoints.CheckpointError:
            card = None  # the page says what is wrong with it
        if card:
            layers, units = card["model"]["layers"], card["model"]["hidden"]
            if now["layer"] < layers > 1:
                pick(
                    st.segmented_control,
                    "layer",
                    _("Layer"),
                    range(layers),
                    format_func=lambda i: str(i + 1),
                    required=True,
                )
            if now["unit"] < units:
                pick(
                    st.number_input,
                    "unit",
                    _("Unit"),
                    min_value=0,
                    max_value=units - 1,
                    step=1,
                    help=_("Or click a row of a heatmap. Units are numbered from 0, as in the tensor."),
                )
            with st.expander(_("About this model")):
                about(card)
    else:
        notice(
            _("There is no trained model here. Train one:") + " python -m rnnviz train shakespeare-lstm",
            error=True,
        )
    pick(
        st.segmented_control,
        "lang",
        _("Language"),
        list(LANGUAGES),
        format_func=LANGUAGES.__getitem__,
        required=True,
    )
    pick(st.toggle, "projector", _("Projector view"), help=_("Larger type, to be read from the last row."))
    st.caption(_("The address above holds this view: copy it to share it."))


def _picked(key: str, choose: Callable) -> None:
    value = st.session_state[key]
    if value is not None:
        choose(value)


def reading(page: str) -> None:
    """How to read a page's pictures and which keys move them, folded below."""
    from rnnviz.ui.parts.board import keys

    lines = {
        "home": (
            _(
                "Each column is one character, each row one unit's value h between −1 and 1 after reading it. "
                "White (or the dark background) is 0."
            ),
            _("The candidates are the model's own probabilities for the next character at the cursor."),
        ),
        "states": (
            _(
                "Each column is one character, each row one unit's value h between −1 and 1 after reading it. "
                "White (or the dark background) is 0."
            ),
            _(
                "Units with similar curves lie side by side when ordered by similarity; by activity, the busiest are on top."
            ),
            _(
                "The path shows the whole state of the layer as one point that moves. Its axes were fitted once on "
                "held-out text, so two texts can be compared."
            ),
            _("The candidates are the model's own probabilities for the next character at the cursor."),
        ),
        "gradients": (
            _(
                "The total gradient ∂L/∂h is what a small change of the state at a step would do to the loss, through all "
                "the steps after it. The direct part is what does not come back from the next step."
            ),
            _(
                "One log axis for all models and no rescaling: a straight line is a constant factor a step; the higher "
                "it is at the left end, the further back the error reaches."
            ),
            _(
                "Why: for an LSTM, ∂L/∂c beside what the forget gates alone would leave of it; for a GRU, ∂L/∂h beside the "
                "update gates alone; for an RNN the slopes of tanh and the weights, each alone. The rest comes through the "
                "other paths."
            ),
            _(
                "In the matrix each row is one step's loss and each column an earlier step; click a row to send that loss back."
            ),
            _(
                "Hochreiter 1991; Bengio, Simard & Frasconi 1994; Pascanu, Mikolov & Bengio 2013. Computed in float64 on the "
                "model's own weights."
            ),
        ),
        "gates": (
            _(
                "LSTM: i lets the candidate g in, f keeps the old cell state c, o shows it: c = f∘c + i∘g, h = o∘tanh(c)."
            ),
            _(
                "GRU, in PyTorch's sign: h = (1 − z)∘n + z∘h before, so z keeps the old. Chung et al. 2014 and many "
                "textbooks write z the other way round."
            ),
            _(
                "A dot at the right edge is a unit whose gate is nearly always open, at the top one that is nearly "
                "always shut; on the dotted line it is never in between."
            ),
            _(
                "The half-life is what the keeping gate alone implies: a gate of 0.9 halves a memory every 6.6 steps. "
                "Other paths through the gates come on top."
            ),
        ),
    }
    folded((*lines[page], keys()))


def folded(lines: Sequence[str]) -> None:
    """What to know about the pictures above, under each other, folded away."""
    with st.expander(_("What you see")):
        for line in lines:
            st.markdown(f"- {line}")


def downloads(run) -> None:
    """The recording to take away; made only when asked for."""
    st.download_button(
        _("Download the recording (netCDF)"),
        data=lambda: _as_netcdf(run.trace),
        file_name=f"{run.name}.nc",
        mime="application/x-netcdf",
        on_click="ignore",
        help=_("All states, gates and weights; open it with rnnviz.open_trace or xarray."),
    )


def _as_netcdf(tree) -> bytes:
    from rnnviz import trace

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.nc"
        trace.save(tree, path)
        return path.read_bytes()
