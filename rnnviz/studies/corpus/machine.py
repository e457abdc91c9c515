"""The states of a layer as a small state machine, and how far it can be trusted.

The states after each step are put into a few clusters, and how often one follows the other is counted (as in DeepSeer, Wang et
al. 2023). All is learned from the first half of a corpus; on the second it says what it is worth: how well the cluster alone
foretells the next token, beside what the network itself, the token just read and no token at all foretell, and whether the
machine, run by itself from token to token, stays where the network is.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr

from rnnviz.models.networks import LanguageModel
from rnnviz.studies.corpus import unit as units
from rnnviz.studies.corpus.grouping import by_size
from rnnviz.studies.corpus.opened import Corpus
from rnnviz.studies.live import Live
from rnnviz.studies.progress import Progress
from rnnviz.told import Told

STATES = 8
COMPONENTS = 10
MOST_STATES = 40
FEWEST = 50  # steps of the first half for each state
CONTEXTS = 5
TYPICAL = 400  # steps nearest to a centre, of which contexts that differ are taken
BLOCK = 8192
SMOOTH = 1.0  # steps that are added to every count, parted as the tokens are in all


@dataclass(frozen=True, eq=False)
class Machine:
    """clusters: (step,), of the whole corpus; the largest of the first half is 0. found: what `build` says. contexts: of each
    cluster the steps of the first half that are nearest to its centre and differ."""

    clusters: np.ndarray
    found: xr.Dataset
    contexts: tuple[np.ndarray, ...]


def build(
    corpus: Corpus,
    place: str | None = None,
    states: int = STATES,
    components: int = COMPONENTS,
    model: Live | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Machine:
    """A machine of so many states, by k-means on the first principal components of the states of the first half.

    model: whose store it is, to compare with. `found` has, over (state, to) `transition`, shares of what follows a state; over
    state `share` of the first half's steps, and over (state, rank) `token`, the commonest tokens just read, with their
    `token_share`. Over `by`, of the second half: `loss`, nats a token, of 'nothing' (the commonest tokens), 'token' (what follows
    the token just read), 'cluster' (what follows the cluster), 'machine' (the cluster in which the machine is that runs by
    itself) and 'network'; `agreement` with the network on the likeliest next token, and `divergence`, KL of the network's
    prediction from it, nats; NaN where there is no model that foretells this corpus's tokens from its highest stored layer. In
    attrs `stays`: the share of steps at which the machine by itself is in the network's cluster; `explained`, of the variance
    by the components.

    Raises Told for a corpus that is too short, and numbers that cannot be.
    """
    name = corpus.place(place)
    cut = corpus.steps // 2
    if not 2 <= states <= MOST_STATES or components < 1:
        raise Told("wanted 2 to {most} states; got {states}", most=MOST_STATES, states=states)
    if cut < FEWEST * states:
        raise Told(
            "{states} states need {wanted:,} steps; the corpus has {steps:,}",
            states=states,
            wanted=2 * FEWEST * states,
            steps=corpus.steps,
        )
    points, explained = _projected(corpus, name, components, cut, progress)
    clusters, distances = _clustered(points, states, cut, seed)
    states = int(clusters.max()) + 1  # fewer where states are alike
    vocabulary = len(corpus.vocabulary)
    follows = np.ones(corpus.steps, bool)
    follows[corpus.starts[1:] - 1] = False  # after the last of a sequence there is nothing
    early, late = (
        np.flatnonzero(follows[first:last]) + first for first, last in ((0, cut - 1), (cut, corpus.steps))
    )
    if corpus.outputs:  # what the model does not know it cannot foretell
        late = late[corpus.tokens[late + 1] < corpus.outputs]
    if not len(late):
        raise Told("no token of the second half is known to {name}", name=corpus.model)
    after = np.zeros((states, states))
    np.add.at(after, (clusters[early], clusters[early + 1]), 1)
    read = np.zeros((states, vocabulary))
    np.add.at(read, (clusters[:cut], corpus.tokens[:cut]), 1)
    best = np.argsort(-read, axis=1, kind="stable")[:, :CONTEXTS]
    alone = _alone(corpus, clusters, states, early, cut)
    predictions = _predictions(corpus, clusters, alone, states, early, late)
    judged = _judged(corpus, predictions, model, late)
    stays = float((alone[late - cut] == clusters[late]).mean())
    share = read.sum(1) / cut
    found = xr.Dataset(
        {
            "transition": (
                ("state", "to"),
                after / np.maximum(after.sum(1, keepdims=True), 1),
                _share("share of what follows"),
            ),
            "share": ("state", share, _share("share of steps")),
            "token": (("state", "rank"), np.array(corpus.vocabulary, object)[best]),
            "token_share": (
                ("state", "rank"),
                np.take_along_axis(read, best, 1) / np.maximum(read.sum(1, keepdims=True), 1),
                _share("share of the state's steps"),
            ),
            **judged,
        },
        attrs={"place": name, "stays": stays, "explained": explained, "cut": cut, "tested": len(late)},
    )
    typical = tuple(_typical(corpus, clusters[:cut], distances, one) for one in range(states))
    return Machine(clusters, found, typical)


def _share(name: str) -> dict[str, object]:
    return {"long_name": name, "units": "1", "valid_range": [0.0, 1.0]}


def _projected(
    corpus: Corpus, name: str, components: int, cut: int, progress: Progress | None
) -> tuple[np.ndarray, float]:
    """All states along the principal components of the first half, (step, component), and what share of the variance that is."""
    size = corpus.arrays[name].units
    total, sums = np.zeros((size, size)), np.zeros(size)
    for number, first, last in corpus.pieces(name):
        if first >= cut:
            break
        values = corpus.values(name, number)[:, : max(0, min(last, cut) - first)]
        total += values @ values.T
        sums += values.sum(1, dtype=np.float64)
        if progress:
            progress(min(last, cut), 2 * corpus.steps)
    mean = sums / cut
    variances, axes = np.linalg.eigh(total / cut - np.outer(mean, mean))
    components = min(components, size)
    axes = axes[:, ::-1][:, :components].astype(np.float32)
    points = np.empty((corpus.steps, components), np.float32)
    for number, first, last in corpus.pieces(name):
        points[first:last] = (corpus.values(name, number) - mean[:, None].astype(np.float32)).T @ axes
        if progress:
            progress(corpus.steps + last, 2 * corpus.steps)
    return points, float(variances[::-1][:components].sum() / max(variances.sum(), 1e-12))


def _clustered(points: np.ndarray, states: int, cut: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(step,) of all, numbered by falling size in the first half; and how far each of the first half is from its centre."""
    from sklearn.cluster import KMeans  # slow to import

    states = min(states, len(np.unique(points[:cut], axis=0)))
    fit = KMeans(states, n_init=2, random_state=seed).fit(points[:cut])
    renamed = by_size(fit.labels_, states)
    own = fit.cluster_centers_[fit.labels_]
    return renamed[fit.predict(points)], np.asarray(((points[:cut] - own) ** 2).sum(1))


def _alone(corpus: Corpus, clusters: np.ndarray, states: int, early: np.ndarray, cut: int) -> np.ndarray:
    """Where the machine is at each step of the second half that is given nothing but the tokens: from a state it goes, with a
    token, where the network most often went; where that was never seen, where the token most often led. It begins where the
    network is, and anew with each sequence."""
    vocabulary = len(corpus.vocabulary)
    went = np.zeros((states, vocabulary, states), np.int32)
    np.add.at(went, (clusters[early], corpus.tokens[early + 1], clusters[early + 1]), 1)
    usual = went.sum(0)
    usual[usual.sum(1) == 0] = usual.sum(0)
    best = np.where(went.any(2), went.argmax(2), usual.argmax(1)).tolist()
    fresh = np.zeros(corpus.steps - cut, bool)
    fresh[0] = True
    begins = corpus.starts[:-1]
    fresh[begins[begins >= cut] - cut] = True
    found, now = [], 0
    steps = zip(fresh.tolist(), clusters[cut:].tolist(), corpus.tokens[cut:].tolist(), strict=True)
    for begin, own, token in steps:
        now = own if begin else best[now][token]
        found.append(now)
    return np.array(found)


def _predictions(
    corpus: Corpus, clusters: np.ndarray, alone: np.ndarray, states: int, early: np.ndarray, late: np.ndarray
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """By what is known: log probabilities of the next token for each kind of knowledge, (kind, candidate), counted on the first
    half; and which kind each tested step is."""
    count = len(corpus.vocabulary)
    following = corpus.tokens[early + 1]
    every = np.bincount(following, minlength=count) + 0.5
    every = every / every.sum()

    def counted(kinds: np.ndarray, size: int) -> np.ndarray:
        table = np.zeros((size, count))
        np.add.at(table, (kinds, following), 1)
        table += SMOOTH * every
        return np.asarray(np.log(table / table.sum(1, keepdims=True)))

    cut = corpus.steps - len(alone)
    of_cluster = counted(clusters[early], states)
    return {
        "nothing": (np.log(every)[None], np.zeros(len(late), int)),
        "token": (counted(corpus.tokens[early], count), corpus.tokens[late]),
        "cluster": (of_cluster, clusters[late]),
        "machine": (of_cluster, alone[late - cut]),
    }


def _judged(
    corpus: Corpus,
    predictions: dict[str, tuple[np.ndarray, np.ndarray]],
    model: Live | None,
    late: np.ndarray,
) -> dict[str, object]:
    names = [*predictions, "network"]
    loss, agreement, divergence = (np.full(len(names), np.nan) for _ in range(3))
    following = corpus.tokens[late + 1]
    for row, (logs, kinds) in enumerate(predictions.values()):
        loss[row] = -logs[kinds, following].mean()
    top = _top(corpus, model)
    if top is not None and top[1].out_features == corpus.outputs:
        sums = np.zeros((3, len(names)))
        for at, logs in _network(corpus, *top, late):
            share, part = np.exp(logs), slice(at, at + len(logs))
            own = (share * logs).sum(1)
            sums[0, -1] -= logs[np.arange(len(logs)), following[part]].sum()
            likeliest = logs.argmax(1)
            for row, (every, kinds) in enumerate(predictions.values()):
                said = every[:, : corpus.outputs]
                sums[1, row] += (said.argmax(1)[kinds[part]] == likeliest).sum()
                sums[2, row] += (own - (share @ said.T)[np.arange(len(logs)), kinds[part]]).sum()
        sums /= len(late)
        loss[-1], agreement, divergence = sums[0, -1], sums[1], sums[2]
        agreement[-1], divergence[-1] = 1.0, 0.0
    return {
        "loss": ("by", loss, {"long_name": "loss", "units": "nats"}),
        "agreement": ("by", agreement, _share("share of steps with the same likeliest token")),
        "divergence": ("by", divergence, {"long_name": "divergence from the network", "units": "nats"}),
        "by": np.array(names, object),
    }


def _top(corpus: Corpus, model: Live | None) -> tuple[str, torch.nn.Linear] | None:
    """Where the highest hidden states are and what reads the scores off them; None where they are not stored."""
    if model is None or not isinstance(model.model, LanguageModel):
        return None
    ending = f"/layer_{model.model.rnn.num_layers - 1}/hidden"
    name = next((one for one in corpus.arrays if one.endswith(ending)), None)
    return None if name is None else (name, model.model.head)


def _network(
    corpus: Corpus, name: str, head: torch.nn.Linear, late: np.ndarray
) -> Iterator[tuple[int, np.ndarray]]:
    """(place along `late`, log probabilities (step, candidate)) of some steps at a time, from the states as they are stored."""
    at = 0
    array = corpus.arrays[name]
    with torch.inference_mode():
        for number, first, last in corpus.pieces(name):
            own = late[(late >= first) & (late < last)]
            if not len(own):
                continue
            values = corpus.values(name, number)
            assert values.shape[1] == last - first <= array.steps
            for begin in range(0, len(own), BLOCK):
                part = own[begin : begin + BLOCK]
                states = torch.from_numpy(np.ascontiguousarray(values[:, part - first].T))
                logs = head(states.to(head.weight.dtype)).log_softmax(-1).double().numpy()
                yield at, logs
                at += len(part)


def _typical(corpus: Corpus, clusters: np.ndarray, distances: np.ndarray, one: int) -> np.ndarray:
    """Steps near to a centre that differ as `unit.contexts` do."""
    own = np.flatnonzero(clusters == one)
    own = own[np.argsort(distances[own], kind="stable")[:TYPICAL]]
    return units.differing(corpus, own.tolist(), CONTEXTS)
