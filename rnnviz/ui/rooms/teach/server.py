"""What a machine carries, where it says that it is well, and what it limits: in a teacher's words."""

import math

import streamlit as st

from rnnviz.ui.rooms.teach import links
from rnnviz.ui.shell import jobs, keeping
from rnnviz.ui.shell.language import _

# measured by benchmarks/classes.py on two cores: what an answer costs, s of the processor, where every other one is a new text
ANSWER = 0.126
PAUSE = 10.0  # s between two acts of a reader in class
BUSY = 0.5  # share of the cores that may be taken: beyond it queues grow
MEMORY = 1.9  # GB of a process that has served a class for a while, of which there is one for each core


def carries(cores: int) -> int:
    """Readers at once, to the ten below."""
    return math.floor(cores * BUSY * PAUSE / ANSWER / 10) * 10


def show() -> None:
    st.write(
        _(
            "One computer serves a class; nobody else installs anything, and no page asks the internet for anything. "
            "On that computer:"
        )
    )
    st.code(".venv/bin/python -m rnnviz app --host 0.0.0.0", language=None, wrap_lines=True)
    st.write(
        _(
            "It prints the address that your class opens. Where nginx is installed, one process for each core shares the readers."
        )
    )
    st.subheader(_("How many readers"), anchor=False)
    st.table(
        {
            _("cores"): ["2", "8", "32"],
            _("readers at once, about"): [f"{carries(cores)}" for cores in (2, 8, 32)],
            _("memory, about"): [f"{math.ceil(cores * MEMORY + 1)} GB" for cores in (2, 8, 32)],
        }
    )
    st.caption(
        _(
            "Measured on 2 cores, worked out for 8 and 32: an answer costs about {cost} ms of one core where every other one is "
            "a new text; a reader does something every {pause:.0f} s; {busy:.0f} % of the cores are taken. "
            "Trainings of readers come on top."
        ).format(cost=round(1000 * ANSWER), pause=PAUSE, busy=100 * BUSY)
    )
    st.subheader(_("Is it well?"), anchor=False)
    st.write(
        _(
            "Open the address below: it answers “ok” while the app runs. A process that dies is started again by itself, and its "
            "readers’ pages come back with their settings."
        )
    )
    st.code(links.root() + "_stcore/health", language=None, wrap_lines=True)
    st.subheader(_("Limits"), anchor=False)
    lines = (
        _(
            "Long computations wait in a queue of {queue}; one reader has at most {share} of them there."
        ).format(queue=jobs.QUEUE, share=jobs.SHARE),
        _(
            "One computation runs for {minutes:.0f} minutes at most, and ends {grace:.0f} s after its reader has gone."
        ).format(minutes=jobs.LONGEST / 60, grace=jobs.GRACE),
        _(
            "What was computed is kept for all, up to {size:.0f} MB in each process, then the oldest goes."
        ).format(size=keeping.MOST / 2**20),
        _(
            "There are no accounts: who reaches the address may read and compute. No reader sees what another typed."
        ),
    )
    for line in lines:
        st.markdown(f"- {line}")
