"""Recordings of the reader's own: brought in, what was found in them, and the way to the pages that show them."""

import pandas as pd
import streamlit as st

from rnnviz.ui.parts.explored import live, subjects
from rnnviz.ui.rooms.own import weights
from rnnviz.ui.shell.language import _, said
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import as_text, notice

LARGEST = 16  # MB of a file that is brought here
SCRIPT = """\
import rnnviz

# all nn.RNN, nn.LSTM, nn.GRU in it
with rnnviz.record(model) as recording:
    loss = criterion(model(x), y)
    loss.backward()  # for gradients
rnnviz.save(recording.trace, "run.nc")
"""


def show() -> None:
    st.header(_("Your own"), anchor=False)
    st.write(
        _(
            "Record any PyTorch model in three lines, and look at its hidden states, gates and gradients on the same pages as at "
            "ours."
        )
    )
    _found()
    weights.show()
    _series()
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader(_("In your script"), anchor=False)
        st.code(SCRIPT, language=None)  # colours of code would be too pale to read
    with right:
        st.subheader(_("Bring the file"), anchor=False)
        _upload()
        st.write(_("A larger one, or several at once: start the app on them. They never leave your machine."))
        st.code("rnnviz view run.nc", language=None)


def _series() -> None:
    """A series to begin with."""
    with st.container(horizontal=True, vertical_alignment="center", key="own_series"):
        if st.button(_("Look at a series"), key="leave_series"):
            choose(subject=live.SHIPPED, text=None)
            st.switch_page("pages/explore/states.py")
        st.write(
            _(
                "Nothing at hand? Yearly sunspots from 1947 to 2008, forecast by a GRU that learned from 1700 to 1946."
            )
        )


def _upload() -> None:
    number = st.session_state.setdefault("own_uploads", 0)
    file = st.file_uploader(
        _("A recording (.nc), or weights: {formats}; up to {size} MB").format(
            formats=", ".join(subjects.WEIGHTS), size=LARGEST
        ),
        type=["nc", *(ending[1:] for ending in subjects.WEIGHTS)],
        max_upload_size=LARGEST,
        key=f"own_file_{number}",
    )
    if line := st.session_state.pop("own_problem", None):
        notice(line, error=True)
    if file is None:
        return
    try:
        if file.size > LARGEST * 2**20:
            line = _(
                "The file has {size:.1f} MB; the limit is {largest} MB. Start the app on it: rnnviz view {name}"
            )
            raise ValueError(line.format(size=file.size / 2**20, largest=LARGEST, name=file.name))
        if file.name.lower().endswith(".nc"):
            subjects.bring(file.name, file.getvalue())
        else:
            weights.bring(file.name, file.getvalue())
    except (ValueError, OSError) as problem:
        st.session_state["own_problem"] = said(problem)
    st.session_state["own_uploads"] = number + 1  # an empty box: what was brought is kept once, and not here
    st.rerun()


def _layers(numbers: tuple[int, ...]) -> str:
    """How many there are; of those that were kept of more, also which."""
    if numbers == tuple(range(len(numbers))):
        return str(len(numbers))
    return _("{count} (layer {numbers})").format(
        count=len(numbers), numbers=", ".join(str(n + 1) for n in numbers)
    )


def _found() -> None:
    """What is in the recording that is looked at, and where to see it."""
    here = subjects.here()
    if settings()["subject"] is not None and settings()["subject"] not in here:
        notice(subjects.wanted())
    if not here:
        return
    now = settings()["subject"] if settings()["subject"] in here else next(iter(here))
    if len(here) > 1:
        key = "own_subject"
        st.session_state[key] = now
        st.selectbox(
            _("What you look at"),
            list(here),
            key=key,
            format_func=lambda name: f"{here[name].name} ({here[name].key[:4]})",
            on_change=lambda: choose(subject=st.session_state[key]),
        )
    if settings()["subject"] is None:
        choose(subject=now)
    subject = here[now]
    st.markdown(f"**{as_text(subject.name)}**")
    rows = {}
    for module in subject.modules:
        node = subject.node(module)
        rows[module] = {
            _("kind"): str(node.attrs["kind"]).upper(),
            _("layers"): _layers(subject.layers(module)),
            _("directions"): node.sizes["direction"],
            _("units"): node.sizes["unit"],
            _("sequences"): node.sizes["batch"],
            _("steps"): node.sizes["time"],
            _("tokens"): _("yes") if "token" in node.coords else _("no"),
            _("gradients"): _("yes") if subject.has_gradients(module) else _("no"),
        }
    for module in subject.attentions:
        node = subject.node(module)
        rows[module] = {
            _("kind"): _("attention"),
            _("heads"): node.sizes["head"],
            _("sequences"): node.sizes["batch"],
            _("steps"): node.sizes["query"],
            _("tokens"): _("yes") if "query_token" in node.coords else _("no"),
        }
    st.dataframe(pd.DataFrame.from_dict(rows, orient="index").rename_axis(_("Module")), width="stretch")
    with st.container(horizontal=True):
        if subject.modules:
            st.page_link("pages/explore/states.py", label=f"**{_('Hidden states')}**")
            st.page_link("pages/explore/gates.py", label=f"**{_('Gates')}**")
            st.page_link("pages/explore/gradients.py", label=f"**{_('Gradients')}**")
        if subject.attentions:
            st.page_link("pages/explore/attention.py", label=f"**{_('Attention')}**")
