"""What was read at each step, as a figure's ticks and hover say it: the coordinate `token` of an array, where it has one."""

from typing import Any

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


def edges(array: xr.DataArray, width: float | None = None) -> tuple[int, int]:
    """The first step of an array over time, and the one after its last: of one that is pooled (stats.pixels.pool), of what it was
    pooled from. width: of its columns, steps; else their spacing."""
    middle, width = first(array), spacing(array) if width is None else width
    start = round(middle - width / 2 + 0.5)
    return start, start + array.attrs.get("steps", round(width * array.sizes["time"]))


def first(array: xr.DataArray) -> float:
    """Where the first column lies: at a step, or in the middle of several that are pooled."""
    return float(array["time"].values[0]) if "time" in array.coords else 0.0


def spacing(array: xr.DataArray) -> float:
    """Steps from one column to the next: 1, unless it is pooled."""
    if "pooled" not in array.attrs or array.sizes["time"] < 2:
        return 1.0
    return float(array["time"].values[1] - array["time"].values[0])


def pooled(array: xr.DataArray) -> dict[str, Any]:
    """For a figure's `meta`: how many steps two columns or more stand for, where it is pooled."""
    return {"pooled": int(array.attrs["pooled"])} if "pooled" in array.attrs else {}


def said(array: xr.DataArray) -> np.ndarray:
    """What a hover calls each step: its number, counted from 1, and its token; of pooled ones about where they lie."""
    time = array["time"].values if "time" in array.coords else np.arange(array.sizes["time"])
    names = tokens(array)
    word = _("step")
    if "pooled" in array.attrs:
        found = [f"{word} ≈ {round(step) + 1}" for step in time]
    elif names is None:
        found = [f"{word} {step + 1:g}" for step in time]
    else:
        found = [f"{word} {step + 1:g} {name}" for step, name in zip(time, names, strict=True)]
    return np.array(found, dtype=str)  # of which plotly checks the kind, and not each text


def ticks(array: xr.DataArray) -> dict[str, list[float] | list[str]]:
    """The ticks of an axis of time where tokens have room on it, to be laid over those that count; else nothing."""
    names = tokens(array) if 0 < array.sizes["time"] <= FEW else None
    if names is None or max(map(len, names)) > SHORT:
        return {}
    time = array["time"].values if "time" in array.coords else np.arange(len(names))
    return {"tickvals": [float(step) for step in time], "ticktext": names}
