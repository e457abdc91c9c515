"""What is computed for the page: the second reading, both on one axis, and how they differ."""

import functools
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from rnnviz import stats
from rnnviz.models.vocabularies import visible
from rnnviz.studies import differing, patching
from rnnviz.studies.differing import Pair
from rnnviz.studies.live import Live, Reading
from rnnviz.told import Told
from rnnviz.ui.parts.explored.runs import Run
from rnnviz.ui.rooms.pair import FIELDS
from rnnviz.ui.shell.keeping import kept

TRACED = 64  # steps up to which a prediction is traced back

GAPS = 60_000  # numbers of a picture up to which gaps are drawn as gaps


@dataclass(frozen=True)
class Both(Run):
    """The first reading as it lies on the axis of both: a step is a place."""

    pair: Pair | None = None

    @property
    def steps(self) -> int:
        return self.pair.steps.shape[1]

    @functools.cached_property
    def strip(self) -> dict[str, list]:
        found = []
        for place, (a, b) in enumerate(self.pair.steps.T.tolist()):
            this, that = (
                visible(one.tokens[at]) if at >= 0 else "–"
                for one, at in ((self.pair.one, a), (self.pair.other, b))
            )
            found.append(this if self.pair.same[place] else f"{this}|{that}")
        return {"tokens": found, "unknown": []}


def both(run: Run, one: Reading, other: Reading) -> Both:
    """The two on one axis. Raises Told."""
    return kept(_both, run, one, other)


def _both(run: Run, one: Reading, other: Reading) -> Both:
    pair = differing.aligned(one, other, run.module)
    key = f"{run.key}-{one.subject.key}-{other.subject.key}"
    return Both(
        key,
        run.name,
        one.subject,
        None,
        run.module,
        run.direction,
        outputs=run.outputs,
        card=run.card,
        own=run.own,
        pair=pair,
    )


def second(found: Both) -> Both:
    """The second reading as it lies on the axis of both."""
    return kept(_second, found)


def _second(found: Both) -> Both:
    return replace(found, key=f"{found.key}-2", subject=found.pair.other.subject)


def states(found: Both, which: int, layer: int, field: str = "hidden") -> xr.Dataset:
    """The hidden states of one of the two at the places of the axis, or its cells or a gate, under that name all the same."""
    return kept(_states, found, which, layer, field)


def _states(found: Both, which: int, layer: int, field: str) -> xr.Dataset:
    reading = (found.pair.one, found.pair.other)[which]
    node = reading.subject.states if field == "hidden" else reading.subject.layer
    values = node(found.module, layer, found.direction)[field]
    return xr.Dataset({"hidden": _drawable(found.pair.laid(values, which))})


def _drawable(array: xr.DataArray) -> xr.DataArray:
    """In single precision; of a large picture, which is sent in codes, gaps are 0."""
    array = array.astype(np.float32)
    return array if array.size <= GAPS else array.fillna(0.0)


def difference(found: Both, layer: int, field: str = "hidden") -> xr.Dataset:
    """Raises Told where the units cannot be held against each other."""
    return kept(_difference, found, layer, field)


def _difference(found: Both, layer: int, field: str) -> xr.Dataset:
    hidden = differing.difference(found.pair, layer, field, found.direction)
    return xr.Dataset({"hidden": _drawable(hidden)})


def fields(found: Both, layer: int) -> list[str]:
    """What both have of a layer: states, cells and gates, where their units are those of the states."""
    nodes = [
        one.subject.layer(found.module, layer, found.direction) for one in (found.pair.one, found.pair.other)
    ]
    wide = found.units
    return [n for n in FIELDS if all(n in node and node[n].shape[-1] == wide for node in nodes)]


def distances(found: Both, model: Live | None, text: str) -> xr.DataArray:
    """ln ‖h − h′‖ of each layer, measured, and to first order where there is such a way: (series, time); −inf where they are the
    same."""
    return kept(_distances, found, model, text)


def _distances(found: Both, model: Live | None, text: str) -> xr.DataArray:
    layers = found.pair.one.subject.node(found.module).sizes["layer"]
    sizes = [differing.distance(found.pair, layer, found.direction).values for layer in range(layers)]
    names = [f"layer {layer + 1}" for layer in range(layers)]
    if model is not None and (way := differing.predicted(model, text, found.pair)) is not None:
        sizes += list(way.values)
        names += [f"layer {layer + 1}, first order" for layer in range(layers)]
    with np.errstate(divide="ignore"):
        logs = np.log(np.array(sizes))
    about = {"long_name": "distance ‖h − h′‖", "units": "1", "scale": "natural logarithm"}
    return xr.DataArray(logs, dims=("series", "time"), coords={"series": names}, attrs=about)


def divergence(found: Both) -> xr.DataArray | None:
    return kept(_divergence, found)


def _divergence(found: Both) -> xr.DataArray | None:
    nats = differing.divergence(found.pair)
    return None if nats is None else nats.astype(np.float32)


def candidates(found: Both) -> tuple[xr.Dataset, list[str], xr.DataArray | None] | None:
    """The likeliest next tokens of the first at each place, what they are called, and what the second gives them."""
    return kept(_candidates, found)


def _candidates(found: Both) -> tuple[xr.Dataset, list[str], xr.DataArray | None] | None:
    pair = found.pair
    one, other = pair.one.log_probability, pair.other.log_probability
    if one is None or not found.outputs:
        return None
    best = stats.text.candidates(one.isel(time=np.maximum(pair.steps[0], 0)))
    names = [visible(token) for token in found.outputs]
    if other is None or other.sizes["candidate"] != one.sizes["candidate"]:
        return best, names, None
    logs = other.transpose("time", "candidate").values[np.maximum(pair.steps[1], 0)]
    chances = np.exp(np.take_along_axis(logs, best["id"].values, 1))
    chances[pair.steps[1] < 0] = 0
    return best, names, xr.DataArray(chances, dims=("time", "rank"))


def looked_at(found: Both, moved: xr.DataArray | None, chosen: int | None) -> int | None:
    """The place whose prediction is traced back: the chosen one, or the last at which the predictions still differ by a tenth of
    the most they do. None where there is none, or it lies too far into the text."""
    pair = found.pair
    if moved is None or pair.parted is None or found.direction:
        return None
    if chosen is None:
        largest = float(moved.max())
        there = np.flatnonzero(np.nan_to_num(moved.values) >= 0.1 * largest) if largest > 0 else []
        within = [place for place in there if pair.steps[0, place] < TRACED]
        chosen = int(within[-1]) if within else None
    if chosen is None or not pair.both[chosen] or pair.steps[0, chosen] >= TRACED:
        return None
    return chosen


def carried(found: Both, model: Live, one: str, other: str, place: int) -> xr.DataArray | None:
    """How far the prediction after a place moves towards the second one where the second state is put in at one step: (feature,
    time), of each layer and of all. None where nothing differs there, or the texts are told apart otherwise."""
    return kept(_carried, found, model, one, other, place)


def _carried(found: Both, model: Live, one: str, other: str, place: int) -> xr.DataArray | None:
    try:
        came = patching.patch(
            model,
            one,
            other,
            groups=1,
            at=int(found.pair.steps[0, place]),
            align=found.pair.places,
            module=found.module,
        )
    except Told:
        return None
    rows = np.concatenate([came["moved_layer"].values, came["moved_all"].values[None]])
    if np.isnan(rows).all():
        return None
    names = [*(f"layer {layer + 1}" for layer in range(len(rows) - 1)), "all layers"]
    whole = np.full((len(rows), found.steps), np.nan)
    for at, step in enumerate(found.pair.steps[0]):
        if 0 <= step < rows.shape[1]:
            whole[:, at] = rows[:, step]
    about = {"long_name": "share of the way", "units": "1"}
    return xr.DataArray(whole, dims=("feature", "time"), coords={"feature": names}, attrs=about)


def exponent(found: Both, layer: int) -> float:
    """The largest Lyapunov exponent of a layer along the first reading, from where they part on; nats a step."""
    return kept(_exponent, found, layer)


def _exponent(found: Both, layer: int) -> float:
    node = found.pair.one.subject.layer(found.module, layer, found.direction)
    begin = 0 if found.pair.parted is None else max(0, int(found.pair.steps[0, found.pair.parted]))
    return float(stats.gradients.lyapunov(node, count=1, skip=begin)[0])
