"""A network growing up: when, in its training, does a unit begin to follow something in the text?

found = growing.tracked({step: model_at(step) for step in steps}, vocabulary.encode(text), text)
found["correlation"].sel(annotation="line")       # (moment,), |r| of the best unit, measured where it was not chosen
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr

from rnnviz.models.networks import LanguageModel, reading
from rnnviz.stats import tracking


def place_in_line(text: str) -> np.ndarray:
    """How many characters since the last line end, that one counted as 0: (time,)."""
    return _since(text, "\n".__eq__)


def place_in_word(text: str) -> np.ndarray:
    """How many letters of a word have been read, 0 outside of words: (time,)."""
    return _since(text, lambda c: not c.isalpha())


def _since(text: str, ends: Callable[[str], bool]) -> np.ndarray:
    found, count = [], 0
    for character in text:
        count = 0 if ends(character) else count + 1
        found.append(count)
    return np.array(found, float)


def before_line_end(text: str) -> np.ndarray:
    """Whether a line end comes next, which the network has not read yet: (time,), 0 or 1; 0 at the last character."""
    return np.array([after == "\n" for after in (*text[1:], "")], float)


def speaker(text: str) -> np.ndarray:
    """Whether a character stands in a line that names the speaker: one that ends with a colon, at the beginning of the text or
    after an empty line. (time,), 0 or 1; the line end is no part of it."""
    found, empty = [], True
    for line in text.splitlines(keepends=True):
        said = line.rstrip("\n")
        named = empty and said.endswith(":")
        found += [float(named)] * len(said) + [0.0] * (len(line) - len(said))
        empty = not said
    return np.array(found, float)


ANNOTATIONS: dict[str, Callable[[str], np.ndarray]] = {
    "line": place_in_line,
    "end": before_line_end,
    "speaker": speaker,
    "word": place_in_word,
}


def tracked(
    models: Mapping[int, LanguageModel],
    ids: Sequence[int] | npt.NDArray[np.int64],
    text: str,
    annotations: Mapping[str, Callable[[str], np.ndarray]] = ANNOTATIONS,
) -> xr.Dataset:
    """At each moment of a training, for each annotation the unit of the top layer that follows it most closely.

    models: by the training step, rising. ids: of the text, one for each character; it is read in one go. Returns over
    (annotation, moment): `best`, its number; `correlation`, its |r| where it was not chosen; `control`, the largest |r| that the
    same choice finds for shifted labels; `followed`, the |r|, measured likewise, of the unit that is best at the last moment.
    See stats.tracking.best.
    """
    wanted = {name: mark(text) for name, mark in annotations.items()}
    states = {}
    with torch.inference_mode():
        for step, model in models.items():
            with reading(model):
                hidden, _last = model.rnn(model.embedding(torch.tensor([list(ids)])))
            states[step] = xr.DataArray(hidden[0].numpy(), dims=("time", "unit"))
    rows = {
        name: [tracking.best(hidden, mark) for hidden in states.values()] for name, mark in wanted.items()
    }
    half = len(ids) // 2
    second = slice(half, 2 * half)
    followed = [
        [
            abs(tracking.correlation(hidden.isel(time=second), wanted[name][second])).values[
                int(row[-1]["unit"])
            ]
            for hidden in states.values()
        ]
        for name, row in rows.items()
    ]
    dims = ("annotation", "moment")
    size = {"long_name": "|correlation|", "units": "1", "valid_range": (0.0, 1.0)}
    found = {
        "best": [[int(one["unit"]) for one in row] for row in rows.values()],
        "correlation": [[float(one["correlation"]) for one in row] for row in rows.values()],
        "control": [[float(one["control"].max()) for one in row] for row in rows.values()],
        "followed": followed,
    }
    return xr.Dataset(
        {name: (dims, np.array(values), {} if name == "best" else size) for name, values in found.items()},
        coords={"annotation": list(rows), "moment": list(states)},
    )
