"""What the pages call a quantity, the letter it has in a formula, and the limits that its colours always mean the same by."""

import xarray as xr

from rnnviz import stats
from rnnviz.figures.words import _, named

# limits that a colour always means the same by; what is not named here is a gate
LIMITS = {"cell": (-3.0, 3.0), "candidate": (-1.0, 1.0), "hidden": (-1.0, 1.0)}
LETTERS = {
    "lstm": {"input_gate": "i", "forget_gate": "f", "candidate": "g", "output_gate": "o", "cell": "c"},
    "gru": {"reset_gate": "r", "update_gate": "z", "candidate": "n"},
    "rnn": {"hidden": "h", "slope": "1 − h²"},
}


def gate_name(name: str, kind: str | None = None) -> str:
    """A field's name, with its letter in a kind of cell: 'forget_gate' -> 'forget gate', 'forget gate f', translated."""
    term = name.replace("_", " ")
    return named(term if kind is None else f"{term} {LETTERS[kind][name]}")


def part_names() -> dict[str, str]:
    """What the two gradients of a state are called."""
    return {"total": _("total"), "direct": _("direct")}


def limits_of(node: xr.Dataset, name: str) -> tuple[float, float]:
    """What the colours and the axis of an array run between: of states without bounds (relu, edits), the next round number."""
    if name == "hidden" and "valid_range" not in node[name].attrs:
        limit = stats.mechanism.round_limit(node[name])
        return -limit, limit
    return LIMITS.get(name, (0.0, 1.0))
