"""A recurrent cell, one step at a time: a drawing in which the step's values stand, and its equations with the numbers."""

from collections.abc import Callable, Sequence
from pathlib import Path

import xarray as xr

from rnnviz.figures.style import ARCHITECTURE, ON_DARK, SCALES
from rnnviz.ui.parts.component import component
from rnnviz.ui.shell.language import _

HERE = Path(__file__).parent
ARRAYS = (
    "input",
    "previous_hidden",
    "hidden",
    "previous_cell",
    "cell",
    "input_product",
    "recurrent_product",
    "input_part",
    "recurrent_part",
    "reset_part",
    "pre_activation",
    "activation",
    "kept",
    "written",
    "squashed",
    "input_weight",
    "recurrent_weight",
    "input_bias",
    "recurrent_bias",
)

_component = component(HERE)


def show_cell(
    id: str,
    working: xr.Dataset | Sequence[xr.Dataset],
    *,
    tokens: Sequence[str] | None = None,
    edited: Callable[[object], None] | None = None,
    largest: float | None = None,
    begin: tuple[int | None, str | None] = (None, None),
    around: str | None = None,
) -> None:
    """Draws one cell, or several that read the same, all steps at once: stepping asks the server for nothing.

    id: tells apart what stands on one page, and stays while the numbers change: the reader keeps the step. working: what
    stats.worked.steps returned. tokens: what was read at each step; by default what the trace has.
    edited: told what the reader has changed in the drawing, of a set-up as studies.one_cell takes it: names and places in each
    other, down to the number; None where nothing can be changed. largest: the largest such number, either way. begin: the
    step that is shown first and the product that is open, as a link names them. around: a link to the network that the cell is a
    part of, to which the script adds the step.
    """
    several = [working] if isinstance(working, xr.Dataset) else list(working)
    if tokens is None and "token" in several[0].coords:
        tokens = several[0]["token"].values.tolist()
    data = {
        "views": [_view(one) for one in several],
        "tokens": None if tokens is None else list(map(str, tokens)),
        "largest": largest if edited else None,
        "begin": {"step": begin[0] or 0, "product": begin[1]},
        "around": around,
        "scales": SCALES,
        "labels": _labels(),
    }
    _component(data=data, key=f"cell-{id}", on={"edit": edited} if edited else None)


def _view(working: xr.Dataset) -> dict:
    kind, colour = working.attrs["kind"], ARCHITECTURE[working.attrs["kind"]]
    about = {
        "rnn": _("W_xh x_t and W_hh h_(t−1), each with its bias, are added and squashed: that is h_t."),
        "lstm": _(
            "The cell state runs along the top: the forget gate multiplies it, input gate times candidate is added. The "
            "output gate decides how much of its tanh is shown as h_t."
        ),
        "gru": _(
            "The state runs along the top: the update gate z keeps a part of it, and 1 − z of the candidate n is added. The "
            "reset gate r decides how much of the old state the candidate hears."
        ),
    }
    name = kind.upper() + (f" ({working.attrs['nonlinearity']})" if kind == "rnn" else "")
    return {
        "kind": kind,
        "name": name,
        "about": about[kind],
        "nonlinearity": working.attrs["nonlinearity"],
        "gates": working["gate"].values.tolist(),
        "colour": {"light": colour, "dark": ON_DARK.get(colour, colour)},
    } | {array: working[array].values.tolist() for array in ARRAYS if array in working}


def keys() -> str:
    """The keys that the drawing hears."""
    return _(
        "Keys (first click the drawing, or press Tab until it has the focus): ← → go one step, Home and End go to the first "
        "and last, the space bar plays."
    )


def _labels() -> dict[str, str]:
    return {
        "cell": _("One cell, step by step. {keys}").format(keys=keys()),
        "drawing": _(
            "Drawing of the cell; its values are read out at each step and appear in the equations below."
        ),
        "steps": _("Steps"),
        "step": _("step"),
        "unit": _("unit"),
        "input": _("input"),
        "output": _("output"),
        "around": _("In the network, at this step"),
        "first": _("Back to the first step"),
        "back": _("One step back"),
        "forward": _("One step forward"),
        "play": _("Play or pause"),
        "speed": _("Speed"),
        "predict": _("Predict"),
        "scroll": _("The drawing goes on to the right: scroll inside it."),
        "hover": _(
            "Point at a square to read its value; click one inside the cell to see its products below."
        ),
        "change": _(
            "Click a number with a dotted edge or line to change it; open W x or W h for the weights."
        ),
        "edit": _("{name}: {value}. Change it"),
        "range": _("Type a number from −1,000,000 to 1,000,000, such as 0.5."),
        "signed": _("states, inputs, candidates"),
        "sums": _("cell state, sums"),
        "gates": _("gates"),
        "keep": _("kept"),
        "write": _("written"),
        "shares": _("Shares, of their sizes added:"),
        "question": _("Step {step}: what is"),
        "which": _("Which cell"),
        "what": _("What is asked"),
        "guess": _("Your prediction"),
        "reveal": _("Reveal"),
        "other": _("Ask something else"),
        "score": _("{right} of {all} right"),
        "number": _("Type a number, such as 0.5."),
        "right": _("Right: it is {value}."),
        "wrong": _("Off by {off}: it is {value}."),
    }
