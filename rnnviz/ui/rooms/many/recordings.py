"""The sequences of a recording, or what a model of the reader's own makes of one text after the other."""

from urllib.parse import urlencode

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnviz.models.vocabularies import visible
from rnnviz.studies import trajectories
from rnnviz.studies.live import LiveError, Reading
from rnnviz.studies.subjects import Subject
from rnnviz.ui.parts import explored
from rnnviz.ui.parts.explored import aside, live, runs, subjects
from rnnviz.ui.parts.explored.controls import layer_of_all
from rnnviz.ui.rooms.many.material import MOST, MOST_STATES, Material
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _, said
from rnnviz.ui.shell.settings import LONGEST, choose, settings
from rnnviz.ui.shell.widgets import notice

LABELS = 6  # that have a colour of their own
MOST_LINES = 100  # that a model of the reader's own reads one after the other


def chosen(row: DeltaGenerator) -> Material | None:
    """What is drawn; None, and a line on the page, where there is nothing. row: for the controls."""
    if live.is_chosen():
        return _own(row)
    subject = subjects.chosen()
    if subject is None:
        notice(subjects.wanted())
        st.page_link("pages/lab/own.py", label=_("To “Your own”"))
        return None
    if not subject.modules:
        line = _("{name} holds attention and no recurrent module: look at it on the page “Attention”.")
        notice(line.format(name=subject.name))
        return None
    with row:
        layer_of_all(subject)
    module = runs.module_of(subject, subject.modules)
    layer, direction = _place(subject, module)
    try:
        with st.spinner(_("Reading …")):
            found = kept(_read, subject, module, layer, direction)
    except ValueError as problem:
        notice(said(problem), error=True)
        return None
    all_of_them = subject.node(module).sizes["batch"]
    if found.count < all_of_them:
        line = _("The recording has {all:,} sequences; the first {count:,} that have steps are drawn.")
        notice(line.format(all=all_of_them, count=found.count))
    return found


def _own(row: DeltaGenerator) -> Material | None:
    """What a model of the reader's own makes of every line of its text."""
    try:
        own = live.chosen()
        if own.rows:
            notice(
                _(
                    "This model reads one table of numbers, and the page shows many sequences: record a batch of them "
                    "(rnnviz.record) and open the file on “Your own”."
                )
            )
            return None
        texts = tuple(line[:LONGEST] for line in explored.reader_text().splitlines() if line.strip())
        if len(texts) < 2:
            notice(_("Type several texts, one a line: each is read by itself."))
            return None
        if len(texts) > MOST_LINES:
            line = _("There are {count:,} lines; the first {most} are read.")
            notice(line.format(count=len(texts), most=MOST_LINES))
        readings = [runs.reread(own, text) for text in texts[:MOST_LINES]]
    except LiveError as problem:
        aside.say(problem)
        return None
    first = readings[0].subject
    with row:
        layer_of_all(first)
    module = runs.module_of(first, first.modules)
    layer, direction = _place(first, module)
    try:
        return kept(_of_readings, tuple(readings), own.name, module, layer, direction)
    except ValueError as problem:
        notice(said(problem), error=True)
        return None


def _place(subject: Subject, module: str) -> tuple[int, int]:
    """Which layer and direction are looked at, as places in the arrays; what is not there gives way to the first."""
    layers, directions = subject.layers(module), subject.node(module)["direction"].values.tolist()
    if settings()["layer"] not in layers:
        choose(layer=layers[0])
    direction = directions.index(settings()["direction"]) if settings()["direction"] in directions else 0
    return layers.index(settings()["layer"]), direction


def _of_readings(
    readings: tuple[Reading, ...], name: str, module: str, layer: int, direction: int
) -> Material:
    found = trajectories.of_readings([one.subject for one in readings], module, layer, direction)
    backward = _backward(readings[0].subject, module, direction)
    rows = [one.tokens[::-1] if backward else one.tokens for one in readings]
    return Material(
        key=f"{name}-{module}-{layer}-{direction}",
        name=name,
        found=found,
        label=np.full(len(readings), -1),
        tokens=tuple(tuple(visible(token) for token in row) for row in rows),
        names=tuple(_("Line {number}").format(number=number + 1) for number in range(len(readings))),
        sort="sequence",
    )


def _read(subject: Subject, module: str, layer: int, direction: int) -> Material:
    found = trajectories.of_subject(subject, module, layer, direction, MOST, MOST_STATES)
    numbers = found["number"].values.tolist()
    tokens = [subject.tokens(module, number) for number in numbers]
    names, label, missed, answers = _labels(found)
    shown = None
    if all(tokens):
        turned = [row[::-1] for row in tokens] if _backward(subject, module, direction) else tokens
        shown = tuple(tuple(visible(token) for token in row) for row in turned)
    return Material(
        key=f"{subject.key}-{module}-{layer}-{direction}",
        name=subject.name,
        found=found,
        labels=names,
        label=label,
        missed=missed,
        tokens=shown,
        names=tuple(
            found["name"].values.tolist()
            if "sequence" in subject.node(module).coords
            else [_("Sequence {number}").format(number=number + 1) for number in numbers]
        ),
        said=answers,
        link="states?"
        + urlencode({"subject": subject.link, "module": module, "layer": layer + 1})
        + "&sequence={number}",
        numbers=tuple(number + 1 for number in numbers),
        sort="sequence",
    )


def _backward(subject: Subject, module: str, direction: int) -> bool:
    """Whether a direction reads from the end."""
    return str(subject.node(module)["direction"].values[direction]) == "backward"


def _labels(found) -> tuple[tuple[str, ...], np.ndarray, np.ndarray | None, tuple[str, ...]]:
    """The names of the labels, which of them each sequence has, those that the model gets wrong, and what it said."""
    count = found.sizes["sequence"]
    if "label" not in found.coords:
        return (), np.full(count, -1), None, ()
    labels = found["label"].values.tolist()
    common = sorted(set(labels), key=lambda one: (-labels.count(one), one))[:LABELS]
    common.sort()
    label = np.array([common.index(one) if one in common else -1 for one in labels])
    if "said" not in found.coords:
        return tuple(common), label, None, ()
    answers = found["said"].values.tolist()
    missed = [n for n, (one, right) in enumerate(zip(answers, labels, strict=True)) if one and one != right]
    words = [_("answered {answer}").format(answer=one) if one else "" for one in answers]
    return tuple(common), label, np.array(missed, int), tuple(words)
