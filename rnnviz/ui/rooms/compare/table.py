"""The set-up's controls: a table with a row for each architecture, sets of rows that make a point, and single fields."""

import pandas as pd
import streamlit as st

from rnnviz.figures.words import named
from rnnviz.ui.rooms.compare.setup import (
    CELLS,
    EMPTY,
    MOST_ROWS,
    OPTIONS,
    PRESETS,
    RANGES,
    ROW,
    change,
    draft,
    visit,
)
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import held
from rnnviz.ui.shell.widgets import notice, shows


def table() -> None:
    """The architectures, a row each, to edit; rows are added at the end and deleted by their boxes."""
    now, state = draft()["rows"], visit()
    version, base, seen = state.get("table", (0, None, None))
    if (
        seen != now or f"bench_rows_{version}" not in st.session_state
    ):  # changed by a preset or a link: another table
        version, base = version + 1, now
    column = st.column_config
    headings = {
        "cell": column.SelectboxColumn(
            _("cell"), options=list(CELLS), required=True, default="lstm", width=88
        ),
        "initialisation": column.SelectboxColumn(
            _("initialisation"),
            options=OPTIONS["initialisation"],
            format_func=named,
            required=True,
            default="default",
            width=118,
            help=_("How the recurrent weight is initialised, block by block for each gate."),
        ),
    }
    numbers = {
        "layers": (_("layers"), 72),
        "units": (_("units"), 68),
        "gain": (_("gain"), 66),
        "forget_bias": (_("forget bias"), 104),
    }
    for name, (title, width) in numbers.items():
        low, high = RANGES[name]
        headings[name] = column.NumberColumn(
            title,
            min_value=low,
            max_value=high,
            step=1 if type(low) is int else None,
            default=ROW[name],
            required=name not in EMPTY,
            width=width,
        )
    switches = {
        "residual": (_("residual"), 88),
        "bidirectional": (_("bidirectional"), 112),
        "layer_norm": (_("layer norm"), 104),
    }
    for name, (title, width) in switches.items():
        headings[name] = column.CheckboxColumn(title, default=False, width=width)
    edited = st.data_editor(
        _frame(base),
        key=f"bench_rows_{version}",
        num_rows="fixed" if held() else "dynamic",
        disabled=held(),
        hide_index=True,
        width="stretch",
        column_config=headings,
    )
    rows = _rows(edited)
    if len(rows) > MOST_ROWS:
        notice(_("The first {most} rows are read.").format(most=MOST_ROWS))
        rows = rows[:MOST_ROWS]
    state["table"] = version, base, rows
    if rows != now:
        change(rows=rows)


def _frame(rows: list[dict]) -> pd.DataFrame:
    """The rows as a table shows them: kind and nonlinearity in one column, `cell`."""
    kinds = {int: "Int64", float: "float64", type(None): "float64", bool: "bool"}
    frame = pd.DataFrame(rows, columns=list(ROW))
    frame = frame.astype({name: kinds[type(value)] for name, value in ROW.items() if type(value) in kinds})
    cells = [row["kind"] if row["kind"] != "rnn" else f"rnn {row['nonlinearity']}" for row in rows]
    frame.insert(0, "cell", pd.Series(cells, dtype="object"))
    return frame.drop(columns=["kind", "nonlinearity"])


def _rows(frame: pd.DataFrame) -> list[dict]:
    """The rows of an edited table; what was left empty is as usual."""
    rows = []
    for record in frame.to_dict("records"):
        given = {name: value for name, value in record.items() if not pd.isna(value)}
        row = ROW | CELLS[given.pop("cell", "lstm")]
        for name, value in given.items():
            row[name] = type(RANGES[name][0])(value) if name in RANGES else type(ROW[name])(value)
        rows.append(row)
    return rows


def presets() -> None:
    """Sets of rows, each a click away."""
    names = {
        "kinds": _("RNN, GRU and LSTM"),
        "initialisation": _("initialisation of an RNN"),
        "gain": _("gain"),
        "forget bias": _("forget bias"),
        "depth": _("depth"),
    }
    rows = draft()["rows"]
    same = (name for name, preset in PRESETS.items() if [ROW | row for row in preset] == rows)
    shows("bench_preset", next(same, None))
    st.pills(
        _("Examples"),
        list(PRESETS),
        key="bench_preset",
        format_func=names.get,
        disabled=held(),
        on_change=_preset_picked,
    )


def _preset_picked() -> None:
    name = st.session_state["bench_preset"]
    if name is not None:
        change(rows=[ROW | row for row in PRESETS[name]], inside=-1)
        visit()["run"] = True


def pick(widget, name: str, label: str, options=None, **more) -> None:
    """A widget that shows and changes a field of the draft."""
    key = f"bench_{name}"
    shows(key, draft()[name])
    given = {} if options is None else {"options": options}
    if widget is st.number_input:
        low, high = RANGES[name]
        given = {"min_value": low, "max_value": high, "step": 1 if type(low) is int else None}
        given |= {"value": None, "placeholder": _("none")} if name in EMPTY else {}
    more["disabled"] = more.get("disabled", False) or held()
    widget(label, key=key, on_change=_picked, args=(name, key), **given, **more)


def _picked(name: str, key: str) -> None:
    value = st.session_state[key]
    if value is not None or name in EMPTY:
        change(**{name: value})
