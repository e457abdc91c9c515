"""Two readings side by side: where they part, how fast the difference fades, and when it is forgotten.

model = rnnviz.live.shipped("shakespeare-lstm")
pair = differing.aligned(model.read("He said so"), model.read("She said so"))
differing.distance(pair, layer=0)          # (time,): how far the two states lie apart
differing.predicted(model, "He said so", pair)      # what a small difference would do, by the Jacobians along the way
"""

import difflib
import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr

from rnnviz import stats
from rnnviz.recording.edits import FIELDS, Edit
from rnnviz.studies.live import Live, Reading
from rnnviz.told import Told

SMALL = 1e-6  # of the difference: so much is added where its way is followed to first order
FORGOTTEN = 0.01  # of its largest: below that a difference counts as forgotten
GAP = "·"  # what stands where one of the two has no step


@dataclass(frozen=True, eq=False)
class Pair:
    """Two readings on one axis. one, other: what was read. steps: of both, their step at each place of the axis, −1 where it has
    none there. module: of both."""

    one: Reading
    other: Reading
    steps: np.ndarray  # (2, place)
    module: str

    @functools.cached_property
    def both(self) -> np.ndarray:
        """Where both have a step: (place,)."""
        return np.asarray((self.steps >= 0).all(0))

    @functools.cached_property
    def same(self) -> np.ndarray:
        """Where both read the same: (place,)."""
        texts = (self.one.tokens, self.other.tokens)
        pairs = zip(*self.steps.tolist(), strict=True)
        return np.array([a >= 0 and b >= 0 and texts[0][a] == texts[1][b] for a, b in pairs])

    @property
    def places(self) -> list[int | None]:
        """For each step of the first the step of the second beside it; None where it stands alone."""
        return [None if b < 0 else b for a, b in self.steps.T.tolist() if a >= 0]

    @property
    def tokens(self) -> list[str]:
        """What stands at each place: one token where both read the same, else 'this|that'."""
        found = []
        for place, (a, b) in enumerate(self.steps.T.tolist()):
            this = self.one.tokens[a] if a >= 0 else GAP
            that = self.other.tokens[b] if b >= 0 else GAP
            found.append(this if self.same[place] else f"{this}|{that}")
        return found

    @property
    def parted(self) -> int | None:
        """The last place at which they read something different; None where they never do."""
        places = np.flatnonzero(~self.same)
        return int(places[-1]) if len(places) else None

    def laid(self, array: xr.DataArray, which: int) -> xr.DataArray:
        """An array over `time` of one of the two, at the places of the axis; NaN where it has no step."""
        array = array.drop_vars("time", errors="ignore")
        steps = self.steps[which]
        found = array.isel(time=np.maximum(steps, 0)).astype(float).copy()
        return found.where(xr.DataArray(steps >= 0, dims="time")).assign_attrs(array.attrs)


def aligned(one: Reading, other: Reading, module: str | None = None) -> Pair:
    """Two readings, their steps side by side where they read the same, in order; what one of them has alone stands alone.

    A stretch that is other in both stands side by side as far as both have steps. module: a recurrent module of both; the first.
    Raises Told where they have no module in common.
    """
    name = module or one.subject.modules[0]
    for reading in (one, other):
        if name not in reading.subject.modules:
            raise Told("{name} has no module {module}", name=reading.subject.name, module=name)
    matcher = difflib.SequenceMatcher(None, one.tokens, other.tokens, autojunk=False)
    steps: list[tuple[int, int]] = []
    for _kind, a, a_end, b, b_end in matcher.get_opcodes():
        for i in range(max(a_end - a, b_end - b)):
            steps.append((a + i if a + i < a_end else -1, b + i if b + i < b_end else -1))
    if not steps:
        raise Told("there is nothing to compare: both are empty")
    return Pair(one, other, np.array(steps).T, name)


def alike(pair: Pair) -> bool:
    """Whether the two were read by networks of one shape, so that unit can be held against unit."""
    nodes = [reading.subject.node(pair.module) for reading in (pair.one, pair.other)]
    return nodes[0].attrs["kind"] == nodes[1].attrs["kind"] and all(
        nodes[0].sizes[dim] == nodes[1].sizes[dim] for dim in ("layer", "direction", "unit")
    )


def difference(pair: Pair, layer: int = 0, field: str = "hidden", direction: int = 0) -> xr.DataArray:
    """The second less the first of one field of a layer, (time, unit), NaN where one of them has no step. Raises Told where
    their units cannot be held against each other."""
    if not alike(pair):
        raise Told("the two networks are of unlike shape: their units cannot be held against each other")
    one, other = (
        pair.laid(reading.subject.states(pair.module, layer, direction)[field], which)
        for which, reading in enumerate((pair.one, pair.other))
    )
    return (other - one).assign_attrs(long_name="difference", units="1")


def distance(pair: Pair, layer: int = 0, direction: int = 0) -> xr.DataArray:
    """How far the hidden states of a layer lie apart at each place: ‖h − h′‖, (time,), 0 where they are the same, NaN where one
    has no step. Raises Told as `difference`."""
    found = difference(pair, layer, "hidden", direction)
    size = (found**2).sum("unit", skipna=False) ** 0.5
    return size.assign_attrs(long_name="distance ‖h − h′‖", units="1")


def divergence(pair: Pair) -> xr.DataArray | None:
    """KL(first ‖ second) of what is expected after each place, (time,), nats, NaN where one has no step; None where one of the
    models does not say, or they choose from unlike candidates."""
    logs = [reading.log_probability for reading in (pair.one, pair.other)]
    if logs[0] is None or logs[1] is None or logs[0].sizes["candidate"] != logs[1].sizes["candidate"]:
        return None
    steps = pair.steps[:, pair.both]
    p, q = logs[0].isel(time=steps[0]), logs[1].isel(time=steps[1])
    found = np.full(pair.steps.shape[1], np.nan)
    found[pair.both] = stats.text.divergence(p, q).values
    return xr.DataArray(
        found, dims="time", attrs={"long_name": "difference of the predictions, KL", "units": "nat"}
    )


def predicted(model: Live, text: str, pair: Pair) -> xr.DataArray | None:
    """What becomes of the difference to first order: ‖J … J δ‖ of each layer, (layer, time), from the last place at which the two
    read something different; NaN before it. None where they never do, or no step follows it.

    δ is the difference of all states (h, of an LSTM c as well, in all layers) at that place, and J the Jacobians of one step
    along the first reading. A millionth of δ is added to the first reading's states in double precision, and what comes of it is
    taken a million times: so it holds to about six digits, and through all layers. Raises LiveError as `Live.read`.
    """
    place = pair.parted
    if place is None or not alike(pair) or not pair.both[place]:
        return None
    step, twin = (int(pair.steps[which, place]) for which in (0, 1))
    node = pair.one.subject.node(pair.module)
    steps = pair.one.subject.steps(pair.module)
    if step + 1 >= steps or node.sizes["direction"] > 1:
        return None
    kind = node.attrs["kind"]
    exact = model.doubled()
    before = exact.read(text)
    edits = []
    for layer in range(node.sizes["layer"]):
        # both are written: h would follow from the cell, and of an upper layer both from the layer below
        for field in ("cell", "hidden") if "cell" in FIELDS[kind] else ("hidden",):
            own = before.subject.layer(pair.module, layer)[field].values[step]
            was, now = (
                reading.subject.layer(pair.module, layer)[field].values[at].astype(np.float64)
                for reading, at in ((pair.one, step), (pair.other, twin))
            )
            pushed = torch.from_numpy(own + SMALL * (now - was))
            module = pair.module if len(pair.one.subject.modules) > 1 else None
            edits.append(Edit(field, pushed[None, None], None, [step], layer=layer, module=module))
    after = exact.read(text, edits)
    found = np.full((node.sizes["layer"], pair.steps.shape[1]), np.nan)
    onward = [at for at, (a, _b) in enumerate(pair.steps.T.tolist()) if at >= place and a >= step]
    for layer in range(node.sizes["layer"]):
        moved = _hidden(after, pair.module, layer) - _hidden(before, pair.module, layer)
        sizes = np.linalg.norm(moved, axis=1) / SMALL
        found[layer, onward] = sizes[pair.steps[0, onward]]
    return xr.DataArray(
        found, dims=("layer", "time"), attrs={"long_name": "distance to first order", "units": "1"}
    )


def _hidden(reading: Reading, module: str, layer: int) -> np.ndarray:
    found: np.ndarray = reading.subject.layer(module, layer)["hidden"].values
    return found


def forgotten(size: Sequence[float], place: int | None, share: float = FORGOTTEN) -> int | None:
    """How many places after `place` a size stays below so much of the largest it has from there on; None where it never does, or
    is known nowhere."""
    if place is None:
        return None
    after = np.asarray(size, float)[place:]
    known = after[~np.isnan(after)]
    if not len(known):
        return None
    if known.max() == 0:
        return 0
    above = np.flatnonzero(np.nan_to_num(after) >= share * known.max())
    found = int(above[-1]) + 1
    return found if found < len(after) else None


def rate(size: Sequence[float], place: int | None) -> float:
    """By how much a size grows a place, in nats: the slope of a straight line through its logarithms from `place` on; NaN where
    fewer than three are above 0."""
    if place is None:
        return math.nan
    after = np.asarray(size, float)[place:]
    there = np.flatnonzero(after > 0)
    if len(there) < 3:
        return math.nan
    return float(np.polyfit(there, np.log(after[there]), 1)[0])
