"""The numbers of a step that a reader edits: examples, the reader's own, their tables and their form in a link.

The set-up is a dict of plain lists at their largest size, of which `sizes` says how much is shown: what was typed stays when
a size shrinks. It travels in the address as `attention_example`, or packed as `attention_own` once it was edited.
"""

import copy
import sys

import numpy as np
import pandas as pd
import streamlit as st

from rnnviz.ui.parts.tasks import answers
from rnnviz.ui.shell import folding
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, held, settings, typed
from rnnviz.ui.shell.widgets import shows

LONGEST_NAME = 40
LONGEST_LINK = 20_000  # characters that a set-up may unfold to
SIZES = {"words": (2, 5), "units": (2, 4), "candidates": (2, 4)}
SUBSCRIPTS = "₁₂₃₄₅"

ONE = {
    "sizes": {"words": 3, "units": 3, "candidates": 3},
    "words": ["I", "drink", "coffee", "every", "morning"],
    "memory": [
        [1.0, 0.2, -0.5, 0.0],
        [-0.2, 1.0, 0.5, 0.0],
        [-0.5, 0.5, 1.0, 0.5],
        [0.2, -0.5, 0.2, 1.0],
        [-0.5, -0.2, 0.5, 1.5],
    ],
    "state": [-1.0, -2.0, 2.0, 0.5],
    # W_c: four columns for the context, four for the decoder's state
    "combine": [
        [1.0, 0.0, -0.5, 0.0, 0.5, 0.0, 0.0, 0.0],
        [0.0, 1.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0],
        [-0.5, 0.0, 1.0, 0.0, 0.0, 0.0, 0.5, 0.0],
        [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.5],
    ],
    "candidates": ["나는 (I)", "마신다 (drink)", "커피를 (coffee)", "매일 (daily)"],
    # W_y, and the bias b_y last
    "head": [
        [2.0, 0.0, -1.0, 0.0, 0.0],
        [-1.0, 2.0, 0.0, 0.0, 0.0],
        [-1.0, 0.0, 2.0, 0.0, 0.0],
        [0.0, -1.0, 0.0, 2.0, 0.0],
    ],
}
# the same words and weights with states that make a point; the rows below are of the words that are shown
EXAMPLES = {
    "one": ONE,
    "even": ONE
    | {
        "memory": [[1.0, -1.0, 0.0, 0.0], [-1.0, 0.5, 0.5, 0.0], [-0.5, -0.5, 1.0, 0.0], *ONE["memory"][3:]],
        "state": [1.0, 1.0, 1.0, 0.0],
    },
    "tie": ONE
    | {
        "memory": [[1.0, -0.5, -0.5, 0.0], [0.0, 1.5, 0.5, 0.0], [0.0, 0.5, 1.5, 0.0], *ONE["memory"][3:]],
        "state": [-1.0, 1.0, 1.0, 0.0],
    },
    "long": ONE
    | {
        "memory": [[1.0, -0.5, -0.5, 0.0], [-1.0, 2.0, -0.5, 0.0], [0.0, 0.5, 0.25, 0.0], *ONE["memory"][3:]],
        "state": [0.0, 2.0, 1.0, 0.0],
    },
    "turned": ONE | {"state": [-value for value in ONE["state"]]},
}


def draft() -> dict:
    """The set-up as it is: an example, or the reader's own."""
    now = settings()
    if now["attention_example"] == "own" and now["attention_own"]:
        return unpacked(now["attention_own"])
    return copy.deepcopy(EXAMPLES.get(now["attention_example"], ONE))


def change(**changes) -> None:
    """Changes the set-up, and with it the address."""
    now = draft() | changes
    example = next((name for name, setup in EXAMPLES.items() if setup == now), None)
    if example is None:
        choose(attention_example="own", attention_own=_packed(now))
    else:
        choose(attention_example=example, attention_own=None)


def checked(value: str) -> str:
    """A packed set-up from an address, for choices: itself, where all of it can be read. Raises ValueError in one line."""
    unpacked(value)
    return value


def unpacked(value: str) -> dict:
    """The set-up that was packed. Raises ValueError, in one line, where it is damaged or holds what no field takes."""
    try:
        given = folding.unpacked(value, LONGEST_LINK)
        if given.keys() - ONE.keys():
            raise ValueError("unknown fields")
        return copy.deepcopy(ONE) | {name: _like(ONE[name], given[name]) for name in given} | _sizes(given)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ValueError(_("The set-up in this link is damaged; the default one is shown.")) from None


def _packed(setup: dict) -> str:
    plain = {name: value for name, value in setup.items() if value != ONE[name]}
    return folding.packed(plain)


def _sizes(given: dict) -> dict:
    sizes = given.get("sizes", ONE["sizes"])
    if sizes.keys() != SIZES.keys() or not all(
        type(sizes[name]) is int and low <= sizes[name] <= high for name, (low, high) in SIZES.items()
    ):
        raise ValueError("sizes")
    return {"sizes": sizes}


def _like(model, value):
    """The value, where it has the shape and the kinds of the model. Raises ValueError else."""
    if isinstance(model, list):
        if not isinstance(value, list) or len(value) != len(model):
            raise ValueError("shape")
        return [_like(*pair) for pair in zip(model, value, strict=True)]
    if isinstance(model, str):
        if not isinstance(value, str) or len(value) > LONGEST_NAME:
            raise ValueError("name")
        return typed(value)
    if isinstance(model, float):
        if value is not None and (number := _cell(value)) is None:
            raise ValueError("number")
        return None if value is None else number
    return value


def arrays(setup: dict) -> list[np.ndarray]:
    """memory, state, W_c, W_y and b_y in the sizes that are shown, empty cells as 0: what stats.attention.step takes."""
    words, units, candidates = (setup["sizes"][name] for name in SIZES)
    memory, state, combine, head = (
        np.array(setup[name], dtype=np.float64) for name in ("memory", "state", "combine", "head")
    )
    joined = [*range(units), *range(4, 4 + units)]
    cut = (
        memory[:words, :units],
        state[:units],
        combine[:units, joined],
        head[:candidates, :units],
        head[:candidates, -1],
    )
    return [np.nan_to_num(array, nan=0.0) for array in cut]


# Editing it


def examples() -> None:
    """Numbers that make a point, and the reader's own, each a click away; what the chosen one shows."""
    names = {
        "one": _("looks at one word"),
        "even": _("spreads evenly"),
        "tie": _("two words tie"),
        "long": _("a long vector wins"),
        "turned": _("the query turned around"),
    }
    if settings()["attention_own"]:
        names["own"] = _("your numbers")
    now = settings()["attention_example"]
    shows("attention_pill", now if now in names else "one")
    st.pills(
        _("Examples"),
        list(names),
        key="attention_pill",
        format_func=names.get,
        on_change=_example_picked,
        disabled=held(),
    )
    points = {
        "one": _(
            "$s_t$ points much the same way as $h_3$: one score stands out, and nearly all the weight goes there."
        ),
        "even": _("$s_t$ is at right angles to every $h_i$: all scores are 0, and no word is preferred."),
        "tie": _(
            "Two different states, the same score: $a_t$ lies halfway between them, where there is no word."
        ),
        "long": _(
            "$h_3$ points exactly the same way as $s_t$, and yet $h_2$ wins: a dot product grows with length, too."
        ),
        "turned": _(
            "$-s_t$ in place of $s_t$: every score changes its sign, and the word looked at most becomes the one looked at "
            "least."
        ),
    }
    with answers("said"):
        st.write(points.get(now) or _("Your own numbers. The address holds them: copy it to share them."))


def _example_picked() -> None:
    name = st.session_state["attention_pill"]
    if name is not None:
        choose(attention_example=name)


def sizes() -> None:
    """How many words, units and candidates; numbers beyond a size are kept for when it grows again."""
    labels = {"words": _("Source words"), "units": _("Units"), "candidates": _("Candidates")}
    now = draft()["sizes"]
    for (name, (low, high)), column in zip(SIZES.items(), st.columns(len(SIZES)), strict=True):
        key = f"attention_{name}"
        shows(key, now[name])
        column.segmented_control(
            labels[name],
            range(low, high + 1),
            key=key,
            required=True,
            disabled=held(),
            on_change=_size_picked,
            args=(name, key),
        )


def _size_picked(name: str, key: str) -> None:
    change(sizes=draft()["sizes"] | {name: st.session_state[key]})


def given() -> None:
    """The source words with their states, and the decoder's state, to edit."""
    setup = draft()
    words, units = setup["sizes"]["words"], setup["sizes"]["units"]
    _grid("memory", setup, words, [*range(units)], [f"h{SUBSCRIPTS[i]}" for i in range(words)], "words")
    _grid("state", setup, 1, [*range(units)], ["sₜ"])


def combine() -> None:
    """W_c to edit: the columns that meet the context, then those that meet the decoder's state."""
    setup = draft()
    units = setup["sizes"]["units"]
    columns = [*range(units), *range(4, 4 + units)]
    _grid("combine", setup, units, columns, [f"{_('unit')} {i + 1}" for i in range(units)])


def head() -> None:
    """The candidates' names, W_y and b_y to edit."""
    setup = draft()
    rows, units = setup["sizes"]["candidates"], setup["sizes"]["units"]
    _grid("head", setup, rows, [*range(units), 4], [f"y{SUBSCRIPTS[i]}" for i in range(rows)], "candidates")


def _heading(name: str, column: int) -> str:
    if name == "combine":
        return f"{'as'[column // 4]}{SUBSCRIPTS[column % 4]}"
    if name == "head" and column == 4:
        return "b"
    return f"{_('unit')} {column + 1}"


def _grid(name: str, setup: dict, rows: int, columns: list[int], index: list[str], names: str = "") -> None:
    """A field of the set-up as a table, with a name in front of each row if `names` is the field that holds them."""
    tables = st.session_state.setdefault("attention_tables", {})
    version, base, seen = tables.get(name, (0, None, None))
    now = _shown(setup, name, rows, columns, names)
    key = f"attention_{name}_{version}"
    if seen != now or key not in st.session_state:  # changed by an example or a link: another table
        version, base = version + 1, now
        key = f"attention_{name}_{version}"
    tables[name] = version, base, now
    width = 54 if name == "combine" else 64  # twice as many columns
    headings = {str(c): st.column_config.NumberColumn(_heading(name, c), width=width) for c in columns}
    frame = pd.DataFrame([numbers for _name, numbers in base], index, list(headings), dtype="float64")
    frame.index.name = {"memory": "h", "state": "s", "combine": "W", "head": "y"}[
        name
    ]  # a heading for those who listen
    if names:
        frame.insert(0, "name", pd.Series([called for called, _numbers in base], index, dtype="object"))
        title = _("word") if names == "words" else _("candidate")
        headings["name"] = st.column_config.TextColumn(title, max_chars=LONGEST_NAME, width=104)
    st.data_editor(
        frame,
        key=key,
        width="stretch",
        disabled=held(),
        column_config=headings,
        on_change=_edited,
        args=(name, columns, names, key),
    )


def _shown(setup: dict, name: str, rows: int, columns: list[int], names: str) -> list[tuple]:
    """What a table shows: a name and numbers for each row."""
    called = setup[names] if names else [""] * rows
    return [(called[i], [row[c] for c in columns]) for i, row in enumerate(_rows(setup, name)[:rows])]


def _rows(setup: dict, name: str) -> list[list]:
    return [setup[name]] if name == "state" else setup[name]


def _edited(name: str, columns: list[int], names: str, key: str) -> None:
    """Takes the edits of a table into the set-up."""
    tables = st.session_state["attention_tables"]
    version, base, _seen = tables[name]
    setup = draft()
    for row, (called, numbers) in enumerate(base):
        edits = st.session_state[key]["edited_rows"].get(row, {})
        if names:
            setup[names][row] = typed(str(edits.get("name", called) or "")[:LONGEST_NAME])
        for column, before in zip(columns, numbers, strict=True):
            _rows(setup, name)[row][column] = _cell(edits.get(str(column), before))
    tables[name] = version, base, _shown(setup, name, len(base), columns, names)
    change(**setup)


def _cell(value) -> float | None:
    """The number that was typed, or that a link names; None where there is none."""
    if type(value) not in (int, float) or not abs(value) <= sys.float_info.max:
        return None
    return float(value)


def called(setup: dict, names: str) -> list[str]:
    """The names that are shown, a number in place of an empty one."""
    sign = {"words": "h", "candidates": "y"}[names]
    shown = setup[names][: setup["sizes"][names]]
    return [name.strip() or f"{sign}{SUBSCRIPTS[i]}" for i, name in enumerate(shown)]


def empty(setup: dict) -> str:
    """Which fields have empty cells among those that are shown, and how many."""
    words, units, candidates = (setup["sizes"][name] for name in SIZES)
    shown = {
        "h": [row[:units] for row in setup["memory"][:words]],
        "s": [setup["state"][:units]],
        "W_c": [row[:units] + row[4 : 4 + units] for row in setup["combine"][:units]],
        "W_y, b_y": [[*row[:units], row[4]] for row in setup["head"][:candidates]],
    }
    counts = {name: sum(row.count(None) for row in rows) for name, rows in shown.items()}
    return ", ".join(f"{name} ({count})" for name, count in counts.items() if count)
