"""Units that go together, and the tokens that they go with.

Source: Ming et al. 2017, RNNVis, arXiv:1710.10777: what a token does to a unit is the mean change of its state when the token is
read, and units and tokens are clustered together by it (Dhillon 2001, spectral co-clustering; scikit-learn's).
"""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rnnviz.studies.corpus import finding
from rnnviz.studies.corpus.opened import Corpus
from rnnviz.studies.progress import Progress
from rnnviz.told import Told

GROUPS = 6
TOKENS = 60
FEWEST = 20  # times that a token must occur
SHUFFLES = 20


def responses(
    corpus: Corpus, asked: Sequence[str] | None = None, count: int = TOKENS, progress: Progress | None = None
) -> xr.DataArray:
    """How far each token moves each unit when it is read: the mean of h_t − h_(t−1), (unit, token), with coordinates `place` and
    `number` of the units. The commonest `count` tokens, each of which occurs `FEWEST` times or more; the first step of a sequence
    does not count, since nothing is known of the state before. Raises Told where there are fewer than two such tokens."""
    from scipy.sparse import csr_array

    names = finding.places(corpus, asked)
    counted = np.ones(corpus.steps, bool)
    counted[corpus.starts[:-1]] = False
    often = np.bincount(corpus.tokens[counted], minlength=len(corpus.vocabulary))
    tokens = np.argsort(-often, kind="stable")[:count]
    tokens = tokens[often[tokens] >= FEWEST]
    if len(tokens) < 2:
        raise Told("fewer than two tokens occur {few} times or more: record a longer text", few=FEWEST)
    column = np.full(len(corpus.vocabulary), -1)
    column[tokens] = np.arange(len(tokens))
    own = np.where(counted, column[corpus.tokens], -1)
    every = finding.units_of(corpus, names)
    sums = np.zeros((len(every), len(tokens)))
    before: np.ndarray | None = None
    for number, first, last in corpus.pieces(names[0]):
        values = np.concatenate([corpus.values(name, number) for name in names])
        previous = values[:, :1] if before is None else before
        change = np.diff(values, axis=1, prepend=previous)
        before = values[:, -1:].copy()
        at = np.flatnonzero(own[first:last] >= 0)
        taken = csr_array(
            (np.ones(len(at), np.float32), (at, own[first:last][at])), (last - first, len(tokens))
        )
        sums += (taken.T @ change.T).T
        if progress:
            progress(last, corpus.steps)
    return xr.DataArray(
        sums / often[tokens],
        dims=("unit", "token"),
        coords=finding.labels(every) | {"token": np.array([corpus.vocabulary[n] for n in tokens], object)},
        attrs={"long_name": "mean change of the state", "units": "1"},
    )


def groups(response: xr.DataArray, count: int = GROUPS, seed: int = 0) -> xr.Dataset:
    """Units and tokens, clustered together by the size of the responses, |mean change|.

    Returns `response`, its units and tokens ordered by their groups, within these by what they have in them, and `unit_group`
    and `token_group`, numbered by falling number of units. In attrs: `modularity`, the share of all size that lies where a unit
    meets a token of its own group, less what would lie there if each unit's size were parted over the tokens as all of it is
    (Barber 2007, doi:10.1103/PhysRevE.76.066102), and `chance`, the most of it that `SHUFFLES` matrices had in which each unit's
    responses are shuffled over the tokens. Raises Told for a number of groups that cannot be.
    """
    most = min(response.shape)
    if not 2 <= count <= most:
        raise Told("wanted 2 to {most} groups; got {count}", most=most, count=count)
    size = np.abs(response.transpose("unit", "token").values) + 1e-12
    rows, columns = _clustered(size, count, seed)
    renamed = by_size(rows, count)
    rows, columns = renamed[rows], renamed[columns]
    inside = size * (rows[:, None] == columns)
    random = np.random.default_rng(seed)
    shuffled = []
    for _turn in range(SHUFFLES):
        other = random.permuted(size, axis=1)
        own, theirs = _clustered(other, count, seed)
        shuffled.append(_modularity(other, own, theirs))
    units = np.lexsort((-inside.sum(1), rows))
    tokens = np.lexsort((-inside.sum(0), columns))
    return xr.Dataset(
        {
            "response": response.isel(unit=units, token=tokens),
            "unit_group": ("unit", rows[units]),
            "token_group": ("token", columns[tokens]),
        },
        attrs={"modularity": _modularity(size, rows, columns), "chance": max(shuffled), "groups": count},
    )


def by_size(own: np.ndarray, count: int) -> np.ndarray:
    """(group,), the number that each of so many groups gets where the largest is 0. own: the group of each member."""
    return np.argsort(np.argsort(-np.bincount(own, minlength=count), kind="stable"))


def _modularity(size: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> float:
    share = size / size.sum()
    expected = np.outer(share.sum(1), share.sum(0))
    return float(((share - expected) * (rows[:, None] == columns)).sum())


def _clustered(size: np.ndarray, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.cluster import SpectralCoclustering  # slow to import

    found = SpectralCoclustering(count, random_state=seed, n_init=3).fit(size)
    return np.asarray(found.row_labels_), np.asarray(found.column_labels_)
