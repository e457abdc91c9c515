"""What is learned: a text or a series that was typed or brought, or an example of these; or a task."""

import functools
from collections.abc import Callable

import streamlit as st

from rnnviz.studies.lab import Letters, Table, asked
from rnnviz.studies.lab import table as series
from rnnviz.studies.lab.material import Material
from rnnviz.ui.parts import brought
from rnnviz.ui.parts.trainings import choices
from rnnviz.ui.rooms.train import DATA, SCALES, TASKS
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import pick

LARGEST = 2  # MB
LONGEST = 20_000  # characters that stand in a box


text_example = brought.source
series_example = functools.cache(series.example)


def here() -> dict:
    """What is to be learned, as `studies.lab.asked` takes it."""
    now = settings()
    if now["train_data"] == "text":
        return {"text": _given("text", text_example)}
    if now["train_data"] == "series":
        return {"series": _given("table", series_example), "scale": now["train_scale"]}
    return {"task": now["train_task"], "steps": now["train_steps"]}


def _given(name: str, example: Callable[[], str]) -> str:
    """What was brought, else what was typed, else the example."""
    if (file := brought.file(f"train_{name}")) is not None:
        return file[1]
    own = settings()[f"train_{name}"]
    return example() if own is None else own


def take(of: dict, name: str) -> None:
    """Makes it what is to be learned, as if it had been chosen here. name: of a long text, which stands as a file."""
    if "task" in of:
        choose(train_data="task", train_task=of["task"], train_steps=of["steps"])
        return
    kind, setting, example = (
        ("text", "text", text_example) if "text" in of else ("series", "table", series_example)
    )
    choose(train_data=kind)
    if kind == "series":
        choose(train_scale=of["scale"])
    text = of[kind]
    brought.drop(f"train_{setting}")
    if len(text) > LONGEST and text != example():
        brought.take(f"train_{setting}", name, text)
    else:
        choose(**{f"train_{setting}": None if text == example() else text})


def made(of: dict) -> Material:
    """It, ready to be learned. Raises ValueError in one line."""
    return kept(asked.material, of)


def choice() -> None:
    """What is learned from, and all that belongs to it."""
    words = {"text": _("a text"), "series": _("a series"), "task": _("a generated task")}
    pick(st.segmented_control, "train_data", _("It learns"), list(DATA), format_func=words.get, required=True)
    data = settings()["train_data"]
    if data == "text":
        brought.box(
            "train_text",
            _("A text to learn from; empty: the source of this app"),
            _("At least 200 characters, up to {size} MB. Press Ctrl+Enter or click outside the box."),
            _("or a text file (UTF-8), up to {size} MB"),
            ["txt", "md", "py", "csv", "tex"],
            text_example()[:400],
            Letters.of,
            LARGEST,
        )
    elif data == "series":
        brought.box(
            "train_table",
            _("A table of numbers, one step a line; empty: the Mackey-Glass equation"),
            _(
                "Numbers parted by commas, tabs or blanks; names in the first line and times in the first column if you like. At "
                "least 20 rows, up to 16 columns and {size} MB. Press Ctrl+Enter or click outside the box."
            ),
            _("or a CSV file (UTF-8), up to {size} MB"),
            ["csv", "tsv", "txt"],
            series_example()[:400],
            Table.of,
            LARGEST,
        )
        choices.scale("train_scale", SCALES)
    else:
        st.text(choices.rules()[settings()["train_task"]])
        with st.container(horizontal=True, vertical_alignment="bottom"):
            choices.task("train_task", TASKS)
            pick(
                st.number_input,
                "train_steps",
                _("Steps of a sequence"),
                min_value=1,
                max_value=200,
                step=1,
                width=150,
            )
