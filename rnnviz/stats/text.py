"""What a language model expects: likely next tokens and the surprise of what came."""

import numpy as np
import xarray as xr


def candidates(log_probability: xr.DataArray, count: int = 5) -> xr.Dataset:
    """The likeliest next tokens after each step, best first.

    log_probability: (time, candidate), nats. Returns `id` (time, rank), positions along `candidate`, and `probability`
    (time, rank). Raises ValueError unless 1 <= count.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1; got {count}")
    values = log_probability.transpose("time", "candidate").values
    count = min(count, values.shape[1])
    best = np.argpartition(-values, count - 1, axis=1)[:, :count]
    falling = np.argsort(-np.take_along_axis(values, best, 1), axis=1, kind="stable")
    best = np.take_along_axis(best, falling, 1)
    probability = np.exp(np.take_along_axis(values, best, 1))
    limits = {"long_name": "probability of the next token", "units": "1", "valid_range": [0.0, 1.0]}
    return xr.Dataset(
        {"id": (("time", "rank"), best), "probability": (("time", "rank"), probability, limits)}
    )


def surprise(log_probability: xr.DataArray, ids: list[int]) -> xr.DataArray:
    """How surprised the model was by each token, -ln p(token | tokens before it); NaN at the first, which nothing predicts.

    log_probability: (time, candidate), nats, row t for what follows token t. Returns (time,), nats.
    Raises ValueError unless there is one id for each step.

    >>> import numpy as np, rnnviz, xarray as xr
    >>> logs = xr.DataArray(np.log([[0.5, 0.5], [0.9, 0.1]]), dims=("time", "candidate"))
    >>> rnnviz.stats.text.surprise(logs, [0, 1]).values.round(3)
    array([  nan, 0.693], dtype=float32)
    """
    values = log_probability.transpose("time", "candidate").values
    if len(ids) != len(values):
        raise ValueError(f"wanted one id for each of {len(values)} steps; got {len(ids)}")
    nats = np.full(len(ids), np.nan, np.float32)
    nats[1:] = -values[np.arange(len(ids) - 1), ids[1:]]
    return xr.DataArray(nats, dims="time", attrs={"long_name": "surprise", "units": "nat"})


def divergence(before: xr.DataArray, after: xr.DataArray) -> xr.DataArray:
    """How far what is expected after each step has moved: KL(before ‖ after) = Σ p ln (p / q), p before and q after.

    before, after: (time, candidate), nats, over the same candidates and steps. Returns (time,), nats, from 0 up: 0 where they are
    the same. Source: Kullback & Leibler 1951. Raises ValueError where they are of unlike shape.

    >>> import numpy as np, rnnviz, xarray as xr
    >>> p, q = (xr.DataArray(np.log([shares]), dims=("time", "candidate")) for shares in ([0.5, 0.5], [0.9, 0.1]))
    >>> rnnviz.stats.text.divergence(p, q).values.round(3)
    array([0.511])
    """
    p, q = (one.transpose("time", "candidate").values.astype(np.float64) for one in (before, after))
    if p.shape != q.shape:
        raise ValueError(
            f"before came with {p.shape}, after with {q.shape} (time, candidate); wanted the same"
        )
    share = np.exp(p)
    with np.errstate(invalid="ignore"):
        nats = np.where(share > 0, share * (p - q), 0.0).sum(-1)
    same = (p == q).all(-1)
    found = np.where(same, 0.0, np.maximum(nats, 0.0))
    return xr.DataArray(
        found, dims="time", attrs={"long_name": "change of the prediction, KL", "units": "nat"}
    )


def rates(surprise: xr.DataArray) -> xr.Dataset:
    """How well a text was foreseen, as the field reports it.

    surprise: (time,), nats, NaN where nothing was foreseen. Returns `count`, characters that count; `nats`, their mean;
    `bits` a character, nats / ln 2; `perplexity`, exp(nats) (Jelinek et al. 1977). NaN where none counts.
    """
    values = surprise.values[~np.isnan(surprise.values)].astype(np.float64)
    nats = values.mean() if len(values) else np.nan
    return xr.Dataset(
        {
            "count": ((), len(values)),
            "nats": ((), nats, {"units": "nat"}),
            "bits": ((), nats / np.log(2), {"units": "bit"}),
            "perplexity": ((), np.exp(nats), {"units": "1"}),
        }
    )
