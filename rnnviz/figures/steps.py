"""What was read at each step, as a figure's ticks and hover say it: the coordinate `token` of an array, where it has one."""

import numpy as np
import xarray as xr

from rnnviz.figures.words import _

SIGNS = str.maketrans({" ": "·", "\n": "↵", "\t": "⇥"})
FEW = 40  # steps up to which each tick is a token
SHORT = 4  # letters of a token that has room there


def escaped(text: str) -> str:
    """Plotly reads tags; what the reader typed has none."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


def tokens(array: xr.DataArray) -> list[str] | None:
    """One a step, blanks and line ends as signs, for plotly; None where nobody said what was read."""
    if "token" not in array.coords or array["token"].dims != ("time",):
        return None
    return [escaped(str(token).translate(SIGNS)) for token in array["token"].values]


def said(array: xr.DataArray) -> list[str]:
    """What a hover calls each step: its number, counted from 1, and its token."""
    time = array["time"].values if "time" in array.coords else np.arange(array.sizes["time"])
    names = tokens(array)
    word = _("step")
    if names is None:
        return [f"{word} {step + 1:g}" for step in time]
    return [f"{word} {step + 1:g} {name}" for step, name in zip(time, names, strict=True)]


def ticks(array: xr.DataArray) -> dict[str, list[float] | list[str]]:
    """The ticks of an axis of time where tokens have room on it, to be laid over those that count; else nothing."""
    names = tokens(array)
    if names is None or not 0 < len(names) <= FEW or max(map(len, names)) > SHORT:
        return {}
    time = array["time"].values if "time" in array.coords else np.arange(len(names))
    return {"tickvals": [float(step) for step in time], "ticktext": names}
