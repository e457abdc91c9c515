"""Many sequences at once: the states of a layer at every step, their paths in the plane of the main axes, and who goes astray.

    found = rnnviz.trajectories.of_reviews(model, [words.encode(text) for text in texts])
    axes = rnnviz.trajectories.axes(found)                     # principal components of all states, with their shares
    paths = rnnviz.trajectories.paths(found, axes)             # (state, component)
    rnnviz.trajectories.mean_path(paths, found["length"], labels, by="share")
    rnnviz.trajectories.nearest(found, 5, "cosine")            # by the last states
    rnnviz.trajectories.wrong(found, labels)                   # sequences, the surest first

Sequences of unlike lengths lie one after the other along `state`, as CF calls a contiguous ragged array: the first `length[0]`
states are those of the first sequence, and so on.

The plane is that of principal components, whose distances can be read. UMAP's cannot, and umap-learn would bring numba and
llvmlite, 64 MB of wheels.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
import xarray as xr

from rnnviz.models.networks import Classifier, reading
from rnnviz.stats import outputs, states
from rnnviz.studies.progress import Progress
from rnnviz.studies.subjects import Subject
from rnnviz.told import Told

METRICS = ("cosine", "euclid")
BYS = ("step", "share")
BATCH = 64  # reviews that are read together
POINTS = 51  # of a mean path by share: 0, 2, … 100 %
BLOCK = 512  # rows of distances that are computed together


def of_reviews(
    model: Classifier, reviews: Sequence[Sequence[int]], progress: Progress | None = None
) -> xr.Dataset:
    """What a judge's layer does on many reviews, and what it would say after every token, had the review ended there.

    reviews: ids, at least one each. Returns `hidden` (state, unit), float32; `length` (sequence,); `verdict` (state,), log odds
    of praise in nats. Raises Told where there is none, or one has no token.
    """
    lengths = [len(ids) for ids in reviews]
    if not lengths or not min(lengths):
        raise Told("wanted at least one review, of at least one token each")
    starts = np.concatenate(([0], np.cumsum(lengths)))
    hidden = np.empty((int(starts[-1]), model.rnn.hidden_size), np.float32)
    verdict = np.empty(int(starts[-1]))
    order = np.argsort(lengths, kind="stable")  # reviews of about one length together: little padding
    with reading(model), torch.inference_mode():
        for begin in range(0, len(order), BATCH):
            some = order[begin : begin + BATCH].tolist()
            rows = [torch.tensor(list(reviews[i])) for i in some]
            sizes = torch.tensor([len(row) for row in rows])
            padded = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
            every = model.states(model.embedding(padded), sizes)
            for own, i in enumerate(some):
                alone = every[own, : lengths[i]]
                hidden[starts[i] : starts[i + 1]] = alone.numpy()
                verdict[starts[i] : starts[i + 1]] = model.verdicts(alone).numpy()
            if progress is not None:
                progress(begin + len(some), len(order))
    found = _gathered(hidden, np.array(lengths))
    said = {"long_name": "log odds of a positive review", "units": "nat"}
    return found.assign(verdict=("state", verdict, said))


def of_subject(
    subject: Subject,
    module: str | None = None,
    layer: int = 0,
    direction: int = 0,
    most: int | None = None,
    most_states: int | None = None,
) -> xr.Dataset:
    """The same of the sequences of a recording, or of what a model of one's own has just read.

    layer, direction: places, from 0. most, most_states: so many sequences, and states in all, are taken, the first ones; else
    all. A sequence without a step is left out. Returns `hidden`, `length`, and the coordinates `number` (sequence,), which of the
    recording it is, `name` and, where there are any, `label`; where the recording has outputs with names, and a sequence's label
    is one of them, `said` (sequence,), the name of the largest at its end, '' of the others. A direction that reads backwards
    ends at the first token: its states are in the order in which they were made.
    Raises Told where there are fewer than two sequences; ValueError as `Subject.layer`.
    """
    name = subject.only(module)
    node = subject.node(name)
    parts: list[np.ndarray] = []
    numbers: list[int] = []
    for number in range(node.sizes["batch"]):
        if most is not None and len(parts) == most:
            break
        steps = subject.steps(name, number)
        if most_states is not None and parts and sum(len(part) for part in parts) + steps > most_states:
            break
        if steps:
            parts.append(_states(subject, name, layer, direction, number))
            numbers.append(number)
    found = _joined(parts, subject.name)
    names = [str(number + 1) for number in numbers]
    if "sequence" in node.coords:
        every = node.coords["sequence"].values
        names = [str(every[number]) for number in numbers]
    found = found.assign_coords(number=("sequence", numbers), name=("sequence", names))
    if "label" not in node.coords:
        return found
    labels = [str(node.coords["label"].values[number]) for number in numbers]
    found = found.assign_coords(label=("sequence", labels))
    said = [_said(subject, name, number, label) for number, label in zip(numbers, labels, strict=True)]
    return found.assign_coords(said=("sequence", said)) if any(said) else found


def of_readings(
    subjects: Sequence[Subject], module: str | None = None, layer: int = 0, direction: int = 0
) -> xr.Dataset:
    """The same of several texts that a model has read one after the other: the first sequence of each recording, which has a step
    at least. Returns `hidden` and `length`. Raises as `of_subject`."""
    parts = [_states(one, one.only(module), layer, direction, 0) for one in subjects]
    return _joined(parts, subjects[0].name if subjects else "–")


def _states(subject: Subject, module: str, layer: int, direction: int, number: int) -> np.ndarray:
    """(time, unit), in the order in which they were made."""
    alone: np.ndarray = (
        subject.states(module, layer, direction, number)["hidden"].transpose("time", "unit").values
    )
    directions = subject.node(module).coords.get("direction")
    backward = directions is not None and str(directions.values[direction]) == "backward"
    return alone[::-1] if backward else alone


def _joined(parts: Sequence[np.ndarray], name: str) -> xr.Dataset:
    """Sequences one after the other, each (time, unit)."""
    if len(parts) < 2:
        raise Told("{name} holds fewer than two sequences; wanted several", name=name)
    hidden = np.concatenate(parts).astype(np.float32)
    if not np.isfinite(hidden).all():
        raise Told("{name} holds states that are no finite numbers", name=name)
    return _gathered(hidden, np.array([len(part) for part in parts]))


def _said(subject: Subject, module: str, number: int, label: str) -> str:
    """Of outputs with names the one that is largest at the sequence's end; '' where its label is none of them."""
    returned = subject.outputs(module, number)
    if returned is None or "output_name" not in returned.coords:
        return ""
    names = returned["output_name"].values.tolist()
    last = outputs.shares(returned).transpose("time", "output").values
    last = last[np.isfinite(last).all(1)]
    return str(names[int(last[-1].argmax())]) if label in names and len(last) else ""


def _gathered(hidden: np.ndarray, lengths: np.ndarray) -> xr.Dataset:
    return xr.Dataset(
        {
            "hidden": (("state", "unit"), hidden, {"long_name": "hidden state", "units": "1"}),
            "length": (
                "sequence",
                lengths.astype(np.int64),
                {"long_name": "steps of the sequence", "units": "step", "sample_dimension": "state"},
            ),
        }
    )


def starts(length: xr.DataArray | np.ndarray) -> np.ndarray:
    """Where each sequence begins along `state`, and where the last one ends: (sequence + 1,)."""
    return np.concatenate(([0], np.cumsum(np.asarray(length)))).astype(np.int64)


def ends(found: xr.Dataset) -> np.ndarray:
    """The last state of each sequence, (sequence, unit)."""
    last: np.ndarray = found["hidden"].values[starts(found["length"])[1:] - 1]
    return last


def axes(found: xr.Dataset, count: int = 2) -> xr.Dataset:
    """The principal components of all states, each state counting once: `mean` (unit), `axis` (component, unit), `share`
    (component), the fraction of the variance along it. See rnnviz.stats.states.principal_components: exact, not sampled.

    Raises Told where the states are all the same: they have no direction.
    """
    hidden = found["hidden"]
    if not np.ptp(hidden.values, axis=0).any():
        raise Told("all of these states are the same, so that they spread nowhere")
    return states.own_components(hidden.rename(state="time"), count)


def paths(found: xr.Dataset, components: xr.Dataset) -> xr.DataArray:
    """Every state along the axes: (state, component)."""
    return states.path(found["hidden"].rename(state="time"), components).rename(time="state")


def mean_path(
    along: xr.DataArray,
    length: xr.DataArray | np.ndarray,
    group: Sequence[int] | np.ndarray,
    by: str = "step",
    points: int = POINTS,
    least: int = 2,
) -> xr.Dataset:
    """The mean path of each group of sequences, and how they spread around it.

    along: (state, component), as `paths` returns it. group: (sequence,), the group's number from 0; −1: of none. by: 'step', the
    mean over those sequences that are that long; 'share', over all of them at the same share of their length, first state 0,
    last 1, straight between two steps. points: of a path by share. least: where fewer sequences are left there is no mean (NaN).

    Returns over (group, point): `mean` (… component); `covariance` (… component, other), of the sequences, divided by their
    count; `count`, of sequences; and `at` (point), the step from 0, or the share of the length. Raises Told for another `by`, and
    where groups and lengths do not fit.

    >>> import xarray as xr
    >>> along = xr.DataArray([[0.0], [4.0], [2.0], [3.0], [6.0]], dims=("state", "component"))
    >>> mean_path(along, [2, 3], [0, 0], by="share", points=3)["mean"].values[0, :, 0].tolist()
    [1.0, 2.5, 5.0]
    >>> mean_path(along, [2, 3], [0, 0], least=1)["mean"].values[0, :, 0].tolist()
    [1.0, 3.5, 6.0]
    """
    if by not in BYS:
        raise Told("by must be one of {names}; got {by!r}", names=", ".join(BYS), by=by)
    lengths, groups = np.asarray(length), np.asarray(group)
    values = along.transpose("state", "component").values.astype(np.float64)
    if len(lengths) != len(groups) or int(lengths.sum()) != len(values):
        raise Told(
            "{groups} groups and lengths of {states} states do not fit {count} sequences of {own} states",
            groups=len(groups),
            states=int(lengths.sum()),
            count=len(lengths),
            own=len(values),
        )
    at, rows = _aligned(values, lengths, by, points)
    width = values.shape[1]
    kinds = int(groups.max(initial=-1)) + 1
    count = np.zeros((kinds, len(at)), np.int64)
    mean = np.full((kinds, len(at), width), np.nan)
    covariance = np.full((kinds, len(at), width, width), np.nan)
    for kind in range(kinds):
        own = rows[groups == kind]  # (sequence, point, component)
        there = np.isfinite(own).all(2)
        count[kind] = there.sum(0)
        enough = count[kind] >= max(1, least)
        if not enough.any():
            continue
        own, there, many = own[:, enough], there[:, enough], count[kind, enough]
        centre = np.where(there[..., None], own, 0).sum(0) / many[:, None]
        apart = np.where(there[..., None], own - centre, 0)
        mean[kind, enough] = centre
        covariance[kind, enough] = np.einsum("spc,spd->pcd", apart, apart) / many[:, None, None]
    unit, name = ("step", "step") if by == "step" else ("1", "share of the length")
    attrs = {"units": along.attrs.get("units", "1")}
    return xr.Dataset(
        {
            "mean": (("group", "point", "component"), mean, attrs | {"long_name": "mean path"}),
            "covariance": (
                ("group", "point", "component", "other"),
                covariance,
                {"long_name": "covariance around the mean path", "units": "1"},
            ),
            "count": (("group", "point"), count, {"long_name": "sequences", "units": "1"}),
        },
        coords={"at": ("point", at, {"long_name": name, "units": unit})},
    )


def _aligned(values: np.ndarray, lengths: np.ndarray, by: str, points: int) -> tuple[np.ndarray, np.ndarray]:
    """Where the points are, and all paths at these: (sequence, point, component), NaN where one has ended."""
    begin = starts(lengths)[:-1]
    if by == "step":
        at = np.arange(int(lengths.max(initial=0)))
        there = at < lengths[:, None]
        rows = values[np.where(there, begin[:, None] + at, 0)]
        rows[~there] = np.nan
        return at, rows
    shares = np.linspace(0, 1, points)
    place = shares * (lengths[:, None] - 1)
    # rounding may not carry what lies on a step off it
    nearest = np.rint(place)
    place = np.where(np.abs(place - nearest) < 1e-9, nearest, place)
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, lengths[:, None] - 1)
    part = (place - low)[..., None]
    return shares, values[begin[:, None] + low] * (1 - part) + values[begin[:, None] + high] * part


def nearest(found: xr.Dataset, count: int = 5, metric: str = "cosine") -> xr.Dataset:
    """The sequences whose last states are nearest to each one's, itself left out, the nearest first, of equals the earlier.

    metric: 'euclid', ‖a − b‖, or 'cosine', 1 − a·b / (‖a‖ ‖b‖), 1 where a state is nothing but zeros. In float64, over all units.
    Returns `neighbour` and `distance`, (sequence, rank). Raises Told for another metric, and for no neighbour.
    """
    if metric not in METRICS:
        raise Told("metric must be one of {names}; got {metric!r}", names=", ".join(METRICS), metric=metric)
    last = ends(found).astype(np.float64)
    count = min(count, len(last) - 1)
    if count < 1:
        raise Told("wanted at least one neighbour, of at least two sequences")
    neighbour = np.empty((len(last), count), np.int64)
    distance = np.empty((len(last), count))
    for begin, apart in _distances(last, metric):
        rows = np.arange(len(apart))
        apart[rows, begin + rows] = np.inf
        order = np.argsort(apart, axis=1, kind="stable")[:, :count]
        neighbour[begin : begin + len(apart)] = order
        distance[begin : begin + len(apart)] = np.take_along_axis(apart, order, 1)
    names = {"cosine": "distance by cosine", "euclid": "distance (Euclid)"}
    return xr.Dataset(
        {
            "neighbour": (("sequence", "rank"), neighbour, {"long_name": "nearest sequence", "units": "1"}),
            "distance": (("sequence", "rank"), distance, {"long_name": names[metric], "units": "1"}),
        },
        attrs={"metric": metric},
    )


def _distances(last: np.ndarray, metric: str) -> Iterator[tuple[int, np.ndarray]]:
    """A block of rows of the distances at a time, and where it begins. last: (sequence, unit), float64."""
    from scipy.spatial.distance import cdist

    if metric == "euclid":
        for begin in range(0, len(last), BLOCK):
            yield begin, cdist(last[begin : begin + BLOCK], last)
        return
    size = np.linalg.norm(last, axis=1, keepdims=True)
    directions = np.divide(last, size, out=np.zeros_like(last), where=size > 0)
    for begin in range(0, len(last), BLOCK):
        yield begin, 1 - directions[begin : begin + BLOCK] @ directions.T


def wrong(verdict: np.ndarray | xr.DataArray, label: Sequence[int] | np.ndarray) -> np.ndarray:
    """The sequences that are judged wrong, the surest first, of equals the earlier: (wrong,), integers.

    verdict: (sequence,), log odds of praise at the end; exactly 0 is taken for criticism, as everywhere here. label: (sequence,),
    1 praise, 0 criticism, else unknown: such a sequence is neither right nor wrong.

    >>> wrong([2.0, -3.0, 0.5, -1.0], [1, 1, 0, -1]).tolist()
    [1, 2]
    """
    odds, labels = np.asarray(verdict, np.float64), np.asarray(label)
    known = np.isin(labels, (0, 1)) & np.isfinite(odds)
    missed = np.flatnonzero(known & ((odds > 0) != (labels == 1)))
    return missed[np.argsort(-np.abs(odds[missed]), kind="stable")]


def last(found: xr.Dataset) -> np.ndarray:
    """The verdict on each whole review, (sequence,), log odds in nats."""
    said: np.ndarray = found["verdict"].values[starts(found["length"])[1:] - 1]
    return said


def gap(means: xr.Dataset, first: int = 0, second: int = 1) -> xr.Dataset:
    """How far the mean paths of two groups lie apart, beside how far their sequences spread.

    means: as `mean_path` returns it. Returns over (point): `distance` ‖m − m′‖ and `spread`, the root of the mean of the two
    groups' variances, summed over the components.
    """
    mean = means["mean"].transpose("group", "point", "component").values
    variance = np.trace(
        means["covariance"].transpose("group", "point", "component", "other").values, axis1=2, axis2=3
    )
    return xr.Dataset(
        {
            "distance": (
                "point",
                np.linalg.norm(mean[first] - mean[second], axis=1),
                {"long_name": "distance of the mean paths", "units": "1"},
            ),
            "spread": (
                "point",
                np.sqrt((variance[first] + variance[second]) / 2),
                {"long_name": "spread around the mean paths", "units": "1"},
            ),
        },
        coords={"at": means["at"]},
    )


def strayed(
    along: xr.DataArray, length: xr.DataArray | np.ndarray, label: Sequence[int] | np.ndarray
) -> np.ndarray:
    """Whether each sequence ends nearer to the mean end of another label than to that of its own: (sequence,), bool; false where
    it has no label (a negative one). along: (state, component), as `paths` returns it."""
    last = along.transpose("state", "component").values[starts(length)[1:] - 1].astype(np.float64)
    labels = np.asarray(label)
    kinds = np.unique(labels[labels >= 0])
    if len(kinds) < 2:
        return np.zeros(len(labels), bool)
    middles = np.stack([last[labels == kind].mean(0) for kind in kinds])
    closest = kinds[np.linalg.norm(last[:, None] - middles, axis=2).argmin(1)]
    found: np.ndarray = (labels >= 0) & (closest != labels)
    return found
