"""A text as a few units of a trained network see it, one row each; then two doors, and every page on the way."""

from pathlib import Path

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnviz.models import checkpoints
from rnnviz.models.vocabularies import visible
from rnnviz.paper.packing import LOOK, packed
from rnnviz.studies.telling import FIRST, Telling
from rnnviz.ui.parts.component import component
from rnnviz.ui.parts.explored import HANGUL
from rnnviz.ui.parts.explored.runs import Run, read_by
from rnnviz.ui.parts.numbers import percent
from rnnviz.ui.rooms.home import ENGLISH, KOREAN, LONGEST, shown_text
from rnnviz.ui.shell import ways
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.way import go_on
from rnnviz.ui.shell.widgets import folded, notice

_units = component(Path(__file__).parent)


def show(place: DeltaGenerator) -> None:
    """What stands round the reader's text. place: above it, for the picture."""
    text = shown_text()
    name = KOREAN if _is_korean(text) else ENGLISH
    if name not in checkpoints.names("language"):
        notice(
            _("The model {name} is not here; look at another one on the page “Hidden states”.").format(
                name=name
            ),
            error=True,
        )
    elif run := read_by(name, text[:LONGEST]):
        if len(text) > LONGEST:
            line = _("The first {count} characters are shown here; all of them on the page “Hidden states”.")
            notice(line.format(count=LONGEST))
        with place:
            _draw(run, name)
    _doors(name)
    _reading()
    _way()


def _is_korean(text: str) -> bool:
    """Whether more of the letters are Hangul than are not."""
    hangul = len(HANGUL.findall(text))
    return hangul > sum(map(str.isalpha, text)) - hangul


def _draw(run: Run, name: str) -> None:
    hidden, text = run.states(FIRST[name][0].layer)["hidden"], "".join(run.text or ())
    rows, said = [], []
    for one in FIRST[name]:
        share = kept(one.right, hidden, text)
        title = _title(one)
        rows.append(
            {
                "title": title,
                "unit": _("unit {unit}").format(unit=one.unit),
                "right": _("not in this text")
                if share is None
                else _("pairs told apart: {share}").format(share=percent(share)),
                "values": packed(hidden.sel(unit=one.unit).transpose("time").values.astype(np.float32)),
            }
        )
        said.append(f"{title}: {rows[-1]['right']}")
    _units(
        data={
            "tokens": [visible(c) for c in text],
            "breaks": [t for t, c in enumerate(text) if c == "\n"],
            "unknown": run.strip["unknown"],
            "rows": rows,
            "labels": {"text": _("Your text, as this unit sees it"), "summary": "; ".join(said)},
            **LOOK,
        },
        key="units",
    )


def _title(one: Telling) -> str:
    """What a unit knows, in the reader's words."""
    return {
        "late in the line": _("This unit notices that a line is getting long"),
        "vowels": _("This one tells vowels from everything else"),
        "blanks": _("This one is on between the words"),
        "last syllables": _("This one picks out sentence endings: 다 and 요 before a full stop"),
        "particles": _("This one marks particles: 은, 는, 이, 가, 을, 를 …"),
    }[one.kind]


def _doors(name: str) -> None:
    """The two ways in."""
    known, way = ways.stops(), ways.ways()[ways.LEARN]
    learn, look = st.columns(2, gap="medium")
    with learn.container(border=True, height="stretch"):
        if st.button(_("Learn it, step by step"), key="leave_learn", type="primary", width="stretch"):
            st.switch_page(known[way[0]].file)
        line = _(
            "From counting words to a network that reads your text: {count} short stops, about {hours:.1f} hours in all."
        )
        st.write(line.format(count=len(way), hours=ways.minutes(way) / 60))
        go_on()
    with look.container(border=True, height="stretch"):
        if st.button(_("Look inside a trained network"), key="leave_inside", type="primary", width="stretch"):
            one = FIRST[name][0]
            choose(subject=None, model=name, trained=None, text=shown_text(), layer=one.layer, unit=one.unit)
            st.switch_page(ways.FILES["states"])
        line = _("All units of a layer on your text, what comes next, gates and gradients.")
        st.write(line)


def _reading() -> None:
    """How to read the picture, folded below."""
    folded(
        (
            _(
                "A network read the text from left to right, one character at a time. After each character every unit holds a "
                "number between −1 and 1; its colour says which: one hue above zero, another below, none at zero."
            ),
            _(
                "Nobody told the network about lines, words or vowels: it learned to guess the next character, and these units "
                "came of it."
            ),
            _(
                "“Pairs told apart” is counted on your text. Take every pair of one character of the kind and one that "
                "is not: the share is how often the unit’s number tells which is which. Tossing a coin gives 50 %. The "
                "units were found on other text, from plays or reviews that the network had not read."
            ),
        )
    )


def _way() -> None:
    """Every page on the way, by chapters."""
    known, order = ways.stops(), ways.ways()[ways.LEARN]
    st.header(_("The way, stop by stop"), anchor=False)
    with st.container(key="way"):
        for chapter in ways.chapters():
            st.subheader(chapter.title, anchor=False)
            columns = st.columns(3)
            for number, room in enumerate(chapter.rooms):
                stop = known[room]
                with columns[number % 3]:
                    st.page_link(stop.file, label=f"**{order.index(room) + 1} · {stop.title}**")
                    line = _("{question} (about {minutes} minutes)")
                    st.caption(line.format(question=stop.question, minutes=stop.minutes))
        chapter = ways.own()
        st.header(chapter.title, anchor=False)
        columns = st.columns(4)
        for column, room in zip(columns, chapter.rooms, strict=True):
            with column:
                st.page_link(known[room].file, label=f"**{known[room].title}**")
                st.caption(known[room].question)
        st.page_link(known["teach"].file, label=f"**{known['teach'].title}**")
        st.caption(_("Lesson plans, a worksheet, links for a class, views to present."))


def moved() -> None:
    """Where a link to this page holds what is looked at elsewhere, the way there."""
    now = settings()
    if now["subject"] is not None or now["trained"] is not None or now["unit"] or now["layer"]:
        st.page_link(
            ways.FILES["states"],
            label=_("Your link shows more than this page: open it on “Hidden states”") + " →",
        )
