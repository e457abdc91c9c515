"""Which architecture carries the error furthest back, and what helps?"""

import streamlit as st

from rnnviz.ui.parts.board import show_figures
from rnnviz.ui.parts.explored.controls import text_box
from rnnviz.ui.parts.tables import fading_words, table_csv
from rnnviz.ui.rooms.compare import pictures, results, setup, table
from rnnviz.ui.shell.language import _


def show() -> None:
    st.header(_("Compare architectures"), anchor=False)
    st.write(
        _(
            "How much of the error reaches each earlier step? One log axis for all: the flatter a line, the further back the "
            "network can learn. Choose an example, or edit a row and press Run."
        )
    )
    table.presets()
    table.table()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        inputs = {
            "noise": _("noise"),
            "adding": _("adding problem"),
            "copy": _("copy memory"),
            "text": _("your text"),
        }
        table.pick(st.selectbox, "input", _("Input"), list(inputs), format_func=inputs.get, width=140)
        table.pick(st.number_input, "steps", _("Steps"), width=85)
        losses = {"last": _("last step"), "all": _("all steps")}
        table.pick(
            st.segmented_control, "loss", _("Loss at"), list(losses), format_func=losses.get, required=True
        )
        table.pick(st.number_input, "seeds", _("Seeds"), width=80)
        table.pick(st.number_input, "clip", _("Clip at norm"), width=100)
        table.pick(st.number_input, "truncate", _("Truncate at"), width=100)
        pressed = st.button(_("Run"))
    if setup.draft()["input"] == "text":
        text_box()

    if found := results.found(pressed):
        with results.place(found):
            with st.container(horizontal=True):
                pictures.pick_part(found)
                pictures.pick_inside(found)
            pictures.remarks(found)
            inside = pictures.inside(found)
            show_figures(
                f"compare-{found.key}",
                pictures.pictures(found, inside),
                summary=pictures.summary(found),
                subject=results.subject(found),
            )
            if found.setup.seeds > 1:
                st.caption(_("Line: the median over the seeds. Band: from the lowest seed to the highest."))
            st.subheader(_("How fast it fades"))
            table_csv(pictures.fading(found), "compare")
            st.caption(fading_words())
            pictures.exponents(found, inside)
            pictures.take_away(found)
    pictures.reading()
