"""What is asked of a Classifier: its verdict after every token and the units that carry it, each token's share, where two
reviews part, and many reviews at once.

    reading = rnnviz.judging.read(model, ids)          # reading["verdict"]: log odds after each token
    rnnviz.judging.turns(reading["verdict"])           # the steps at which it changes its mind
    rnnviz.judging.shares(model, ids)                  # by three methods, with their disagreement
"""

from collections.abc import Sequence
from difflib import SequenceMatcher

import numpy as np
import torch
import xarray as xr

from rnnviz.models.networks import Classifier, reading
from rnnviz.studies.attribution import attributions

METHODS = ("gradient_input", "integrated_gradients", "occlusion")
STEPS = (32, 128, 512)  # slopes on the way of integrated gradients
SHORT = 120  # tokens of a review up to which the last of them is tried
PRECISE = 1e-4  # relative error of completeness that ends the search
ANY = 2.0  # a relative error cannot be larger
SLIGHT = 0.05  # nats: at 50 % about one percent of probability
BATCH = 128  # reviews that are read together


def read(model: Classifier, ids: Sequence[int]) -> xr.Dataset:
    """One review, and what the model says of it after every token, had it ended there.

    ids: (time,), at least one. Returns `hidden` (time, unit); `weight` (time,), how much of the last verdict is read from
    each state, sum 1; `pooled` (time, unit), what is read out after each token; `head` (unit,), the weights w of the linear
    head; `contribution` (time, unit), w · pooled, in nats; `verdict` (time,), the log odds of praise in nats, which is
    the sum of the contributions and the attribute `bias`; `probability` (time,), of praise.
    Raises ValueError without a token.

    >>> import rnnviz
    >>> model, card = rnnviz.load("sentiment-english-gru")
    >>> review = rnnviz.judging.read(model, rnnviz.checkpoints.words(card).encode("a very funny film"))
    >>> bool(review["probability"][-1] > 0.9), dict(review["hidden"].sizes)
    (True, {'time': 4, 'unit': 151})
    """
    if not len(ids):
        raise ValueError("a review needs at least one token; got none")
    with reading(model), torch.inference_mode():
        states = model.states(model.embedding(torch.tensor([list(ids)])))[0]
        steps = len(states)
        weights = model.weights(
            states.expand(steps, -1, -1), torch.ones(steps, steps, dtype=torch.bool).tril()
        )
        pooled = weights @ states
        verdict = model.head(pooled)[:, 0]
        head = model.head.weight[0]
        found = {
            "hidden": (("time", "unit"), states, "hidden state", "1"),
            "weight": ("time", weights[-1], "weight in the readout", "1"),
            "pooled": (("time", "unit"), pooled, "what is read out", "1"),
            "head": ("unit", head, "weight of the head", "nat"),
            "contribution": (("time", "unit"), pooled * head, "contribution to the log odds", "nat"),
            "verdict": ("time", verdict, "log odds of a positive review", "nat"),
            "probability": ("time", verdict.sigmoid(), "probability of a positive review", "1"),
        }
        dataset = xr.Dataset(
            {
                name: (dims, values.numpy().copy(), {"long_name": long_name, "units": units})
                for name, (dims, values, long_name, units) in found.items()
            },
            attrs={"bias": model.head.bias.item(), "readout": model.readout},
        )
    for name, limits in {
        "hidden": (-1.0, 1.0),
        "pooled": (-1.0, 1.0),
        "weight": (0.0, 1.0),
        "probability": (0.0, 1.0),
    }.items():
        dataset[name].attrs["valid_range"] = limits
    return dataset


def turns(verdict: xr.DataArray) -> list[int]:
    """The steps at which the model changes its mind: the probability is on the other side of 50 % than a step before.

    verdict: (time,), log odds. No step is before the first, so it is never among them.
    """
    return (np.flatnonzero(np.diff(verdict.values > 0)) + 1).tolist()


def shares(model: Classifier, ids: Sequence[int]) -> xr.Dataset:
    """Each token's share of the log odds, by `rnnviz.attribution.attributions` against vectors of zeros, in nats.

    Integrated gradients takes as many of `STEPS` as it needs for a relative completeness error of `PRECISE`, the last of
    them up to `SHORT` tokens; where the network changes abruptly on the way it is not reached: then those that come
    closest are taken, and the attributes say how close.
    Adds `opposed` (time,): whether one method gives a token more than `SLIGHT` for praise and another as much against it.
    """

    def error(tried: xr.Dataset) -> float:
        relative: float = tried["integrated_gradients"].attrs["completeness_error_relative"]
        return relative

    every: list[xr.Dataset] = []
    for steps in STEPS if len(ids) <= SHORT else STEPS[:-1]:
        every.append(attributions(model, ids, lambda odds: odds, units="nat", steps=steps, tolerance=ANY))
        if error(every[-1]) <= PRECISE:
            break
    found = min(every, key=error)
    values = np.stack([found[name].values for name in METHODS])
    opposed = (values > SLIGHT).any(0) & (values < -SLIGHT).any(0)
    return found.assign(opposed=("time", opposed, {"long_name": "methods of opposite sign", "units": "1"}))


def align(first: Sequence[str], second: Sequence[str]) -> list[tuple[int | None, int | None]]:
    """Two token lists side by side: at each place a step of the first, of the second, or of both.

    None: the other one has a token more here. Tokens that stand for each other need not be the same. By the longest
    blocks in common (difflib, after Ratcliff & Obershelp 1988).
    """
    places = []
    for _kind, a, b, c, d in SequenceMatcher(None, list(first), list(second), autojunk=False).get_opcodes():
        for i in range(max(b - a, d - c)):
            places.append((a + i if a + i < b else None, c + i if c + i < d else None))
    return places


def parting(
    first: xr.Dataset, second: xr.Dataset, places: Sequence[tuple[int | None, int | None]]
) -> xr.Dataset:
    """Where two readings of one model part, over the places of an alignment.

    first, second: as `read` returns them. Returns `verdict` and `probability` (review, place), NaN before a review's first
    token, and `distance` (place,), ‖h − h′‖ (L2) of the states after all that each has read up to there; the state before
    the first token is 0. Where one review has no token at a place, its state and its verdict stay.
    """
    reached = np.array([[-1 if step is None else step for step in place] for place in places]).T
    reached = np.maximum.accumulate(reached, 1)  # (review, place)

    def gathered(name: str, before: float) -> np.ndarray:
        both = []
        for one, steps in zip((first, second), reached, strict=True):
            values = one[name].values.astype(np.float64)
            both.append(np.concatenate((np.full_like(values[:1], before), values))[steps + 1])
        return np.stack(both)

    states = gathered("hidden", 0.0)
    described = {name: first[name].attrs for name in ("verdict", "probability")}
    return xr.Dataset(
        {
            "verdict": (("review", "place"), gathered("verdict", np.nan), described["verdict"]),
            "probability": (("review", "place"), gathered("probability", np.nan), described["probability"]),
            "distance": (
                "place",
                np.linalg.norm(states[0] - states[1], axis=-1),
                {"long_name": "distance of the states", "units": "1"},
            ),
        }
    )


def log_odds(model: Classifier, reviews: Sequence[Sequence[int]]) -> np.ndarray:
    """The verdicts on many reviews: (review,), log odds of praise in nats; NaN for a review without a token."""
    found = np.full(len(reviews), np.nan)
    # reviews of about one length together: little padding
    order = sorted((i for i, ids in enumerate(reviews) if len(ids)), key=lambda i: len(reviews[i]))
    with reading(model), torch.inference_mode():
        for start in range(0, len(order), BATCH):
            some = order[start : start + BATCH]
            rows = [torch.tensor(list(reviews[i])) for i in some]
            ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
            found[some] = model(ids, torch.tensor([len(row) for row in rows])).numpy()
    return found


def interval(share: float, count: int) -> tuple[float, float]:
    """The 95 % interval of an accuracy: where the true one may lie, with so many reviews judged.

    share: of `count` reviews that are judged right, 0 to 1; a rounded one is taken for the nearest number of reviews. Binomial,
    by Wilson's score (Wilson 1927, J. Am. Stat. Assoc. 22:209).
    Raises ValueError where share is not within 0 and 1 or count is below 1.

    >>> import rnnviz
    >>> low, high = rnnviz.judging.interval(0.78, 1068)
    >>> round(low, 3), round(high, 3)
    (0.754, 0.804)
    """
    if not (0 <= share <= 1 and count >= 1):
        raise ValueError(f"share must lie in 0…1 and count be 1 or more; got {share!r} and {count!r}")
    from scipy.stats import binomtest  # slow to import

    low, high = binomtest(round(share * count), count).proportion_ci(method="wilson")
    return float(low), float(high)
