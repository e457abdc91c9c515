"""A sentence with each of its words left out in turn: what a BlankFiller puts there, and which side said so."""

from collections.abc import Sequence

import numpy as np
import torch
import xarray as xr

from rnnviz.models.networks import BlankFiller, reading
from rnnviz.models.vocabularies import END_ID, START_ID
from rnnviz.recording.block import record


def fill(
    model: BlankFiller, ids: Sequence[int], tokens: Sequence[str] | None = None
) -> tuple[xr.Dataset, xr.DataTree]:
    """Every word of one sentence left out in turn; one reading does for all, as no place's score has seen its own word.

    ids: `START_ID`, the sentence, `END_ID`. tokens: their names for the recording. Returns, from the recorded states in
    float64, what each side gives to the score of each candidate, `left` and `right` (place, candidate), the latter only
    where the words after a place are read, and `bias` (candidate,): their sum is the score. Further `log_probability`
    (place, candidate), nats, and of the word that stands there `surprise`, -ln p in nats, and `rank`, from 1, (place,), both
    NaN where it is unknown; `left_weight` and `right_weight` (candidate, unit). And the recording.
    Raises ValueError where an end is missing or nothing stands between them.

    >>> import rnnviz
    >>> from rnnviz.models.vocabularies import END_ID, START_ID
    >>> model, card = rnnviz.load("blank-both")
    >>> ids = [START_ID, *rnnviz.checkpoints.words(card).encode("play the song"), END_ID]
    >>> found, trace = rnnviz.filling.fill(model, ids)
    >>> found["rank"].values.tolist()
    [1.0, 2.0, 2.0]
    """
    ids = list(ids)
    if len(ids) < 3 or ids[0] != START_ID or ids[-1] != END_ID:
        raise ValueError(
            f"a sentence stands between {START_ID} and {END_ID} and has at least one word; got {ids}"
        )
    with record(model, tokens=tokens) as recording, torch.inference_mode(), reading(model):
        model(torch.tensor([ids]))
    hidden = recording.trace["rnn"]["hidden"].isel(layer=0, batch=0).transpose("direction", "time", "unit")
    states = hidden.values.astype(np.float64)
    weight, bias = (p.detach().double().numpy() for p in (model.left.weight, model.left.bias))
    left = states[0, :-2] @ weight.T
    found = {
        "left": (("place", "candidate"), left, {"long_name": "what the words before say"}),
        "bias": ("candidate", bias, {"long_name": "what the candidate brings along"}),
        "left_weight": (("candidate", "unit"), weight),
    }
    score = left + bias
    if model.right is not None:
        weight = model.right.weight.detach().double().numpy()
        right = states[1, 2:] @ weight.T
        score = score + right
        found["right"] = (("place", "candidate"), right, {"long_name": "what the words after say"})
        found["right_weight"] = (("candidate", "unit"), weight)
    logs = score - np.logaddexp.reduce(score, axis=1, keepdims=True)
    words = np.array(ids[1:-1])
    own = np.take_along_axis(logs, words[:, None], 1)
    known = words > END_ID
    found["log_probability"] = (("place", "candidate"), logs, {"units": "nat"})
    surprise = np.where(known, -own[:, 0], np.nan)
    found["surprise"] = ("place", surprise, {"long_name": "−ln p of the word left out", "units": "nats"})
    found["rank"] = ("place", np.where(known, 1 + (logs > own).sum(1), np.nan))
    return xr.Dataset(found), recording.trace


def flow(found: xr.Dataset, trace: xr.DataTree, place: int, candidate: int) -> xr.DataArray:
    """The states that run towards a blank from both sides, as `fill` found them: (row, time).

    Up to the blank the forward states, after it the backward ones, NaN where nothing is read. On top the units that give most
    to the candidate's score, at the bottom those that speak most against it; `left_unit` and `right_unit` (row,) are their
    numbers, `left_part` and `right_part` (row,) what they give.
    """
    hidden = trace["rnn"]["hidden"].isel(layer=0, batch=0).transpose("direction", "unit", "time").values
    rows = np.full(hidden.shape[1:], np.nan, np.float32)
    named: dict[str, tuple[str, np.ndarray]] = {}
    spans = {"left": slice(None, place + 1), "right": slice(place + 2, None)}
    for states, (side, span), last in zip(hidden, spans.items(), (place, place + 2), strict=False):
        parts = found[f"{side}_weight"].values[candidate] * states[:, last]
        order = np.argsort(-parts, kind="stable")
        rows[:, span] = states[order, span]
        named |= {f"{side}_unit": ("row", order), f"{side}_part": ("row", parts[order])}
    return xr.DataArray(
        rows,
        dims=("row", "time"),
        coords=named,
        attrs={"long_name": "hidden state", "units": "1", "valid_range": (-1.0, 1.0)},
    )
