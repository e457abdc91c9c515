"""Search by example: the states of a corpus that are nearest to one, with none left out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnnviz.studies.corpus.opened import Corpus
from rnnviz.studies.progress import Progress
from rnnviz.told import Told

METRICS = ("cosine", "euclid")
BLOCK = 4096  # candidates that are looked at again together


@dataclass(frozen=True, eq=False)
class Neighbours:
    """steps: (neighbour,), the nearest first, of equals the earlier. distances: (neighbour,), float64: euclid ‖a − b‖, cosine
    1 − a·b / (‖a‖ ‖b‖), 1 where a state is nothing but zeros."""

    metric: str
    steps: np.ndarray
    distances: np.ndarray

    def __len__(self) -> int:
        return len(self.steps)


def nearest(
    corpus: Corpus,
    query: int | np.ndarray,
    k: int = 20,
    metric: str = "cosine",
    units: Sequence[int] | None = None,
    place: str | None = None,
    progress: Progress | None = None,
) -> Neighbours:
    """The k states nearest to one. query: a step of the corpus, which is then none of them, or a state (unit,). units: only
    these.

    Exact: products are taken in float32; whatever these, with the most that they can be off by (Higham 2002, Accuracy and
    Stability, section 3.1: n ε ‖a‖ ‖b‖), leave a chance to be among the k is measured again in float64.
    Raises Told for a step or unit that is not there, another metric, and a state of zeros under cosine.
    """
    name = corpus.place(place)
    if metric not in METRICS:
        raise Told("metric must be one of {names}; got {metric!r}", names=", ".join(METRICS), metric=metric)
    chosen = None if units is None else corpus.units(name, units)
    if k < 1 or (chosen is not None and not chosen):
        raise Told("wanted at least one neighbour, by at least one unit")
    itself = None
    if isinstance(query, int | np.integer):
        itself = int(query)
        vector = corpus.state(name, itself)
    else:
        vector = np.asarray(query, np.float32)
        if vector.shape != (corpus.arrays[name].units,) or not np.isfinite(vector).all():
            raise Told("the state must have {count} finite numbers", count=corpus.arrays[name].units)
    if chosen is not None:
        vector = vector[chosen]
    exact = vector.astype(np.float64)
    length = float(np.sqrt(exact @ exact))
    if metric == "cosine" and not length:
        raise Told("a state of nothing but zeros has no direction: use euclid, or other units")
    squares = _squares(corpus, name, chosen)
    products = np.empty(corpus.steps, np.float32)

    def multiply(number: int, first: int, last: int) -> None:
        np.matmul(vector, corpus.values(name, number, chosen), out=products[first:last])

    for _done in corpus.each(name, multiply, progress):
        pass
    return _ranked(corpus, name, chosen, metric, exact, length, squares, products, itself, k)


def _ranked(
    corpus: Corpus,
    name: str,
    chosen: list[int] | None,
    metric: str,
    exact: np.ndarray,
    length: float,
    squares: np.ndarray,
    products: np.ndarray,
    itself: int | None,
    k: int,
) -> Neighbours:
    lengths = np.sqrt(squares)  # float32, off by less than what `slack` allows for
    relative = np.float32(2 * (len(exact) + 8) * np.finfo(np.float32).eps)
    if metric == "cosine":
        with np.errstate(divide="ignore", invalid="ignore"):
            near = 1 - products / (lengths * np.float32(length))
        near[lengths == 0] = 1
        slack: np.ndarray | np.float32 = relative
    else:  # of the squared distance
        near = squares - 2 * products + np.float32(length**2)
        slack = relative * (lengths + np.float32(length)) ** 2
    if itself is not None:
        near[itself] = np.inf
    count = min(k, corpus.steps - (itself is not None))
    if not count:
        return Neighbours(metric, np.empty(0, np.int64), np.empty(0))
    # whatever may be no farther than the k-th at its farthest
    farthest = np.partition(near + slack, count - 1)[count - 1]
    candidates = np.flatnonzero(near - slack <= farthest)
    distances = np.empty(len(candidates))
    size = corpus.arrays[name].steps
    files = candidates // size
    for number in np.unique(files):
        own = np.flatnonzero(files == number)
        values = corpus.values(name, int(number), chosen)
        for begin in range(0, len(own), BLOCK):
            part = own[begin : begin + BLOCK]
            states = values[:, candidates[part] - number * size].astype(np.float64).T
            distances[part] = _distance(metric, states, exact, length)
    order = np.lexsort((candidates, distances))[:count]
    return Neighbours(metric, candidates[order].astype(np.int64), distances[order])


def _distance(metric: str, states: np.ndarray, exact: np.ndarray, length: float) -> np.ndarray:
    """(state,), in float64. states: (state, unit)."""
    if metric == "euclid":
        apart = states - exact
        found: np.ndarray = np.sqrt(np.einsum("su,su->s", apart, apart))
        return found
    own = np.sqrt(np.einsum("su,su->s", states, states))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = 1 - states @ exact / (own * length)
    found[own == 0] = 1
    return found


def _squares(corpus: Corpus, name: str, chosen: list[int] | None) -> np.ndarray:
    """The squared length of each state, (step,), float32; of all units it is kept."""
    key = f"{name}:squares"
    if chosen is None and key in corpus._kept:
        return corpus._kept[key]
    found = np.empty(corpus.steps, np.float32)

    def take(number: int, first: int, last: int) -> None:
        values = corpus.values(name, number, chosen)
        found[first:last] = np.einsum("us,us->s", values, values)

    for _done in corpus.each(name, take):
        pass
    if chosen is None:
        corpus._kept[key] = found
    return found
