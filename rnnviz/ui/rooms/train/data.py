"""What is learned: a text or a series that was typed or brought, or an example of these; or a task."""

import functools
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from rnnviz import recording, stats
from rnnviz.studies.lab import Letters, Table, asked
from rnnviz.studies.lab import table as series
from rnnviz.studies.lab.material import Material
from rnnviz.ui.parts.trainings import choices
from rnnviz.ui.rooms.train import DATA, SCALES, TASKS
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings, typed
from rnnviz.ui.shell.widgets import as_text, notice, pick

LARGEST = 2  # MB
EXAMPLE = 200_000  # characters
LONGEST = 20_000  # characters that stand in a box


@functools.cache
def text_example() -> str:
    """The beginning of this app's own source: a text that is there wherever the app is."""
    folders = [Path(part.__file__).parent for part in (stats, recording)]
    files = [file for folder in folders for file in sorted(folder.rglob("*.py"))]
    return "".join(file.read_text("utf-8") for file in files)[:EXAMPLE]


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
    if (brought := f"train_{name}_file") in st.session_state:
        text: str = st.session_state[brought][1]
        return text
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
    text, brought = of[kind], f"train_{setting}_file"
    st.session_state.pop(brought, None)
    if len(text) > LONGEST and text != example():
        st.session_state[brought] = (name, text)
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
        _box(
            "text",
            _("A text to learn from; empty: the source of this app"),
            _("At least 200 characters, up to {size} MB. Press Ctrl+Enter or click outside the box."),
            _("or a text file (UTF-8), up to {size} MB"),
            ["txt", "md", "py", "csv", "tex"],
            text_example,
            Letters.of,
        )
    elif data == "series":
        _box(
            "table",
            _("A table of numbers, one step a line; empty: the Mackey-Glass equation"),
            _(
                "Numbers parted by commas, tabs or blanks; names in the first line and times in the first column if you like. At "
                "least 20 rows, up to 16 columns and {size} MB. Press Ctrl+Enter or click outside the box."
            ),
            _("or a CSV file (UTF-8), up to {size} MB"),
            ["csv", "tsv", "txt"],
            series_example,
            Table.of,
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


def _box(
    name: str,
    label: str,
    help: str,
    or_file: str,
    types: list[str],
    example: Callable[[], str],
    check: Callable[[str], object],
) -> None:
    """The box for a text, and the file in its place. name: of the setting, without the room's. check: raises ValueError, in one
    line, for what cannot be learned."""
    brought, problem, uploads = (f"train_{name}_{part}" for part in ("file", "problem", "uploads"))
    if brought in st.session_state:
        file_name, text = st.session_state[brought]
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{as_text(file_name)}**: " + _("{count:,} characters").format(count=len(text)))
            st.button(_("Take it out"), on_click=lambda: st.session_state.pop(brought, None), key="train_out")
        return
    setting = f"train_{name}"
    pick(
        st.text_area,
        setting,
        label,
        value=settings()[setting] or "",
        height=110,
        choose=lambda text: choose(**{setting: text or None}),
        placeholder=example()[:400],
        help=help.format(size=LARGEST),
    )
    number = st.session_state.setdefault(uploads, 0)
    file = st.file_uploader(
        or_file.format(size=LARGEST), type=types, max_upload_size=LARGEST, key=f"{brought}_{number}"
    )
    if line := st.session_state.pop(problem, None):
        notice(line, error=True)
    if file is None:
        return
    try:
        text = typed(file.getvalue().decode("utf-8-sig"))
        check(text)
        st.session_state[brought] = (file.name, text)
    except UnicodeDecodeError:
        st.session_state[problem] = _("The file is not text in UTF-8. Save it as UTF-8 and choose it again.")
    except ValueError as line:
        st.session_state[problem] = str(line)
    st.session_state[uploads] = number + 1
    st.rerun()
