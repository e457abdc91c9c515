"""Which architecture carries the error furthest back, and what helps?"""

import streamlit as st

from rnnviz.ui.parts.board import show_figures
from rnnviz.ui.parts.views import table_csv
from rnnviz.ui.rooms.compare import bench
from rnnviz.ui.shell.frame import reader_text
from rnnviz.ui.shell.language import _

st.header(_("Compare architectures"), anchor=False)
st.write(
    _(
        "How much of the error reaches each earlier step? One log axis for all: the flatter a line, the further back the "
        "network can learn. Choose an example, or edit a row and press Run."
    )
)
bench.presets()
bench.table()
with st.container(horizontal=True, vertical_alignment="bottom"):
    inputs = {
        "noise": _("noise"),
        "adding": _("adding problem"),
        "copy": _("copy memory"),
        "text": _("your text"),
    }
    bench.pick(st.selectbox, "input", _("Input"), list(inputs), format_func=inputs.get, width=140)
    bench.pick(st.number_input, "steps", _("Steps"), width=85)
    losses = {"last": _("last step"), "all": _("all steps")}
    bench.pick(
        st.segmented_control, "loss", _("Loss at"), list(losses), format_func=losses.get, required=True
    )
    bench.pick(st.number_input, "seeds", _("Seeds"), width=80)
    bench.pick(st.number_input, "clip", _("Clip at norm"), width=100)
    bench.pick(st.number_input, "truncate", _("Truncate at"), width=100)
    pressed = st.button(_("Run"))
if bench.draft()["input"] == "text":
    reader_text()

if found := bench.found(pressed):
    with bench.place(found):
        with st.container(horizontal=True):
            bench.pick_part(found)
            bench.pick_inside(found)
        bench.remarks(found)
        inside = bench.inside(found)
        show_figures(
            f"compare-{found.key}",
            bench.pictures(found, inside),
            summary=bench.summary(found),
            subject=bench.subject(found),
        )
        if found.setup.seeds > 1:
            st.caption(_("Line: the median over the seeds. Band: from the smallest to the largest of them."))
        st.subheader(_("How fast it fades"))
        table_csv(bench.fading(found), "compare")
        bench.exponents(found, inside)
        bench.take_away(found)
bench.reading()
