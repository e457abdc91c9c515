"""The set-up of a comparison as a reader edits it.

The whole set-up travels in the address as one packed setting, `bench`. Edits change the draft; Run computes it.
"""

import dataclasses

import streamlit as st

from rnnviz.studies import comparing
from rnnviz.ui.shell import folding
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings

ROW = dataclasses.asdict(comparing.Architecture())
RELU = {"kind": "rnn", "nonlinearity": "relu", "initialisation": "identity"}
# what sets of rows show when they are set side by side
PRESETS = {
    "kinds": [{"kind": "rnn"}, RELU, {"kind": "gru"}, {"forget_bias": 1.0}],
    "initialisation": [
        *({"kind": "rnn", "initialisation": i} for i in ("default", "orthogonal", "identity")),
        RELU,
    ],
    "gain": [{"kind": "rnn", "initialisation": "orthogonal", "gain": g} for g in (0.9, 1.0, 1.1, 1.5)],
    "forget bias": [{"forget_bias": b} for b in (-1.0, 0.0, 1.0, 2.0)],
    "depth": [
        {},
        {"layers": 4},
        {"layers": 4, "residual": True},
        {"layers": 4, "residual": True, "layer_norm": True},
    ],
}
# the set-up of a first visit; `part`, `layer` and `inside` are what is looked at: a variable, each
# architecture's top or bottom layer, and an architecture by its number, -1 for none
BENCH = {
    "rows": [ROW | row for row in PRESETS["kinds"]],
    "input": "noise",
    "steps": 200,
    "loss": "last",
    "seeds": 5,
    "batch": 4,
    "clip": None,
    "truncate": None,
    "part": "log_norm",
    "layer": "top",
    "inside": -1,
}
CELLS = {
    "rnn tanh": {"kind": "rnn"},
    "rnn relu": {"kind": "rnn", "nonlinearity": "relu"},
    "gru": {"kind": "gru"},
    "lstm": {"kind": "lstm"},
}
OPTIONS = {
    "kind": ("rnn", "gru", "lstm"),
    "nonlinearity": comparing.NONLINEARITIES,
    "initialisation": comparing.INITIALISATIONS,
    "input": comparing.INPUTS,
    "loss": comparing.LOSSES,
    "part": tuple(comparing.CURVES),
    "layer": ("top", "bottom"),
}
# numbers and the smallest and largest that a field takes; None where it may be left empty
RANGES = {
    "layers": (1, 16),
    "units": (1, 1024),
    "gain": (0.0, 100.0),
    "forget_bias": (-100.0, 100.0),
    "steps": (1, 2000),
    "seeds": (1, 50),
    "batch": (1, 64),
    "clip": (1e-6, 1e6),
    "truncate": (1, 2000),
    "inside": (-1, 11),
}
EMPTY = ("forget_bias", "clip", "truncate")
MOST_ROWS = 12
LONGEST_LINK = 20_000  # characters that a set-up may unfold to


def visit() -> dict:
    """What this visit's bench keeps beside the draft: its table, its jobs, what was found last."""
    return st.session_state.setdefault("bench", {})


def draft() -> dict:
    """The set-up as it is edited: a value for each field of BENCH."""
    packed = settings().get("bench")
    return dict(BENCH) if packed is None else unpacked(packed)


def change(**changes) -> None:
    """Changes the draft, and with it the address."""
    now = draft() | changes
    packed = None if now == BENCH else _packed(now)
    choose(bench=packed)
    visit()["seen"] = packed


def checked(value: str) -> str:
    """A packed set-up from an address, for the settings: itself, where all of it can be read. Raises ValueError in one line."""
    unpacked(value)
    return value


def unpacked(value: str) -> dict:
    """The set-up that was packed. Raises ValueError, in one line, where it is damaged or holds what no field takes."""
    try:
        given = folding.unpacked(value, LONGEST_LINK)
        rows = given.pop("rows", None)
        found = BENCH | {name: _field(name, given[name]) for name in given}
        if rows is not None:
            found["rows"] = [ROW | {name: _field(name, row[name]) for name in row} for row in rows]
            for row in found["rows"]:  # a table has no place for that of another kind
                row["nonlinearity"] = row["nonlinearity"] if row["kind"] == "rnn" else "tanh"
        if not (given.keys() <= BENCH.keys() and all(row.keys() <= ROW.keys() for row in found["rows"])):
            raise ValueError("unknown fields")
        if len(found["rows"]) > MOST_ROWS:
            raise ValueError("too many rows")
    except (AttributeError, TypeError, ValueError):
        raise ValueError(_("The set-up in this link is damaged; the default one is shown.")) from None
    return found


def _packed(setup: dict) -> str:
    plain = {name: value for name, value in setup.items() if value != BENCH[name]}
    if "rows" in plain:
        plain["rows"] = [{k: v for k, v in row.items() if v != ROW[k]} for row in plain["rows"]]
    return folding.packed(plain)


def _field(name: str, value):
    """The value, of the kind that the field takes. Raises ValueError else."""
    if value is None and name in EMPTY:
        return None
    if name in OPTIONS and value in OPTIONS[name]:
        return value
    if name in RANGES and type(value) in (int, float):
        low, high = RANGES[name]
        if low <= value <= high and (type(low) is float or type(value) is int):
            return type(low)(value)
    if name in ROW and type(ROW[name]) is bool is type(value):
        return value
    raise ValueError(name)
