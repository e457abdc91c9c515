"""One step of dot-product attention, every product of it kept, so that it can be followed on paper."""

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike
from scipy.special import entr, logsumexp, softmax

EVERYTHING = (-np.inf, np.inf)


def step(
    memory: ArrayLike, state: ArrayLike, combine: ArrayLike, head: ArrayLike, bias: ArrayLike | None = None
) -> xr.Dataset:
    """From the encoder's states and one decoder state to the probabilities of the next token, in float64.

    memory: h (key, unit), one state a source token. state: s_t (unit,). combine: W_c (unit, joined), where joined is twice
    unit, the context's half first. head: W_y (candidate, unit). bias: b_y (candidate,), zeros without it.
    Returns, each with long_name, units and valid_range:
        score_term (key, unit)       h_iu s_u            score (key,)        s·h_i, their sum
        length (key,)                ‖h_i‖               state_length ()     ‖s_t‖
        cosine (key,)                of the angle between s_t and h_i; 0 where one of them is 0
        score_log_total ()           ln Σ e^score        weight (key,)       α_i = e^score_i / Σ e^score
        weighted (key, unit)         α_i h_i             context (unit,)     a_t, their sum
        joined (joined,)             [a_t; s_t]
        product_term (unit, joined)  W_c,uj [a_t; s_t]_j product (unit,)     W_c [a_t; s_t], their sum
        attentional (unit,)          s̃_t = tanh(product)
        logit_term (candidate, unit) W_y,cu s̃_u          logit (candidate,)  W_y s̃_t + b_y
        logit_log_total ()           ln Σ e^logit        probability (candidate,)
    The softmax takes the largest score from all of them first: weights may come out as 0 or 1, never as no number.
    Source: Luong, Pham & Manning 2015, arXiv:1508.04025, equations 5 to 8, score 'dot'.
    Raises ValueError for other shapes, and where a number or a sum of products is not finite.

    >>> import numpy as np, rnnviz
    >>> memory, state = np.eye(2), np.array([1.0, 0.0])
    >>> found = rnnviz.stats.attention.step(memory, state, combine=np.ones((2, 4)), head=np.eye(2))
    >>> found["weight"].values.round(3)  # e / (e + 1) and 1 / (e + 1)
    array([0.731, 0.269])
    """
    memory, state, combine, head = (
        _array(name, given, dims)
        for name, given, dims in (
            ("memory", memory, ("key", "unit")),
            ("state", state, ("unit",)),
            ("combine", combine, ("unit", "joined")),
            ("head", head, ("candidate", "unit")),
        )
    )
    bias = np.zeros(len(head)) if bias is None else _array("bias", bias, ("candidate",))
    units = memory.shape[1]
    for name, given, wanted in (
        ("state", state, (units,)),
        ("combine", combine, (units, 2 * units)),
        ("head", head, (len(head), units)),
        ("bias", bias, (len(head),)),
    ):
        if given.shape != wanted:
            raise ValueError(
                f"{name} must have shape {wanted} beside memory {memory.shape}; got {given.shape}"
            )
    with np.errstate(over="ignore", invalid="ignore"):  # said below
        score_term = memory * state
        score = _finite("score", score_term.sum(1))
        length, state_length = _finite("length", _length(memory)), _finite("length", _length(state))
        cosine = _direction(memory, length) @ _direction(state, state_length)
        score_log_total = logsumexp(score)
        weight = softmax(score)
        weighted = weight[:, None] * memory
        context = _finite("context", weighted.sum(0))
        joined = np.concatenate((context, state))
        product_term = combine * joined
        product = _finite("product", product_term.sum(1))
        attentional = np.tanh(product)
        logit_term = head * attentional
        logit = _finite("logit", logit_term.sum(1) + bias)
        logit_log_total = logsumexp(logit)
    named = {
        "score_term": (("key", "unit"), score_term, "h_i ∘ s_t", "1", EVERYTHING),
        "score": ("key", score, "score s_t·h_i", "1", EVERYTHING),
        "length": ("key", length, "length ‖h_i‖", "1", (0.0, np.inf)),
        "state_length": ((), state_length, "length ‖s_t‖", "1", (0.0, np.inf)),
        "cosine": ("key", np.clip(cosine, -1, 1), "cosine of s_t and h_i", "1", (-1.0, 1.0)),
        "score_log_total": ((), score_log_total, "ln Σ e^score", "nat", EVERYTHING),
        "weight": ("key", weight, "attention weight α", "1", (0.0, 1.0)),
        "weighted": (("key", "unit"), weighted, "α_i h_i", "1", EVERYTHING),
        "context": ("unit", context, "context vector a_t", "1", EVERYTHING),
        "joined": ("joined", joined, "[a_t; s_t]", "1", EVERYTHING),
        "product_term": (("unit", "joined"), product_term, "W_c ∘ [a_t; s_t]", "1", EVERYTHING),
        "product": ("unit", product, "W_c [a_t; s_t]", "1", EVERYTHING),
        "attentional": ("unit", attentional, "attentional state s̃_t", "1", (-1.0, 1.0)),
        "logit_term": (("candidate", "unit"), logit_term, "W_y ∘ s̃_t", "1", EVERYTHING),
        "logit": ("candidate", logit, "W_y s̃_t + b_y", "1", EVERYTHING),
        "logit_log_total": ((), logit_log_total, "ln Σ e^logit", "nat", EVERYTHING),
        "probability": ("candidate", softmax(logit), "probability", "1", (0.0, 1.0)),
    }
    return xr.Dataset(
        {
            name: (dims, array, {"long_name": title, "units": units_of, "valid_range": limits})
            for name, (dims, array, title, units_of, limits) in named.items()
        },
        coords={"half": ("joined", np.repeat(["context", "state"], units))},
    )


def looked_at(weights: xr.DataArray) -> xr.Dataset:
    """Where each query looks most, and over how many keys its look is spread.

    weights: (query, key), each row 0 or more and of sum 1; NaN where a key is none. Returns over query: `key`, the place of the
    largest weight; `weight`, that weight; `spread`, e^H with H = −Σ α ln α, the number of keys that equal weights of this
    entropy would be on: 1 where all is on one key. NaN (key −1) in a row without numbers. The mean of several heads is taken as
    it comes: its rows sum to 1 as well.

    >>> import rnnviz, xarray as xr
    >>> weights = xr.DataArray([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]], dims=("query", "key"))
    >>> found = rnnviz.stats.attention.looked_at(weights)
    >>> found["key"].values.tolist(), found["spread"].values.round(3).tolist()
    ([0, 2], [2.0, 1.0])
    """
    weights = weights.transpose("query", "key").astype(np.float64)
    values = weights.values
    empty = np.isnan(values).all(1)
    known = np.nan_to_num(values)
    entropy = np.where(empty, np.nan, entr(known).sum(1))
    first = known.argmax(1) if known.shape[1] else np.zeros(len(known), int)
    largest = known.max(1, initial=0.0)
    arrays = {
        "key": (np.where(empty, -1, first), "key that is looked at most", "1", (-1, values.shape[1] - 1)),
        "weight": (np.where(empty, np.nan, largest), "largest attention weight", "1", (0.0, 1.0)),
        "spread": (np.exp(entropy), "keys looked at, e^entropy", "1", (1.0, float(max(1, values.shape[1])))),
    }
    return xr.Dataset(
        {
            name: ("query", array, {"long_name": title, "units": units, "valid_range": limits})
            for name, (array, title, units, limits) in arrays.items()
        },
        coords={"query": weights["query"]} if "query" in weights.coords else None,
    )


def _array(name: str, given: ArrayLike, dims: tuple[str, ...]) -> np.ndarray:
    """The given numbers in float64. Raises ValueError for other dims, none along one, or what is not finite."""
    array = np.asarray(given, np.float64)
    if array.ndim != len(dims) or not array.size:
        raise ValueError(f"{name} must be ({', '.join(dims)}), at least 1 of each; got shape {array.shape}")
    return _finite(name, array)


def _length(vectors: np.ndarray) -> np.ndarray:
    """The norm over the last dim, also where a square is beyond float64."""
    lengths: np.ndarray = np.hypot.reduce(vectors, axis=-1)
    return lengths


def _direction(vectors: np.ndarray, length: np.ndarray) -> np.ndarray:
    """The vectors (…, unit) at a length of 1; zeros stay zeros."""
    pointed: np.ndarray = np.zeros_like(vectors)
    np.divide(vectors, length[..., None], out=pointed, where=length[..., None] > 0)
    return pointed


def _finite(name: str, array: np.ndarray) -> np.ndarray:
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds a number that is not finite: {array.tolist()}")
    return array
