"""Why gradients vanish or explode, in the smallest cases: one derivative, a product of them, one unit, one matrix.

A gradient that goes back one step is multiplied by the derivative of the activation function and by the recurrent weight; T
steps multiply T such factors (Hochreiter 1991; Bengio, Simard & Frasconi 1994). Products are sums of natural logarithms
here, so that none of them underflows: −7000 nats is a number like any other, and −inf stands for an exact zero alone.
"""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike
from scipy.special import expit

FUNCTIONS = ("sigmoid", "tanh", "relu")
LARGEST = {"sigmoid": 0.25, "tanh": 1.0, "relu": 1.0}
"""The largest derivative of each: of sigmoid and tanh at 0, of relu at all x > 0."""


def value(function: str, x: ArrayLike) -> np.ndarray:
    """The activation function at x, any shape. Raises ValueError for another function."""
    _known(function)
    x = np.asarray(x, np.float64)
    found: np.ndarray = (
        expit(x) if function == "sigmoid" else np.tanh(x) if function == "tanh" else np.maximum(x, 0)
    )
    return found


def log_derivative(function: str, x: ArrayLike) -> np.ndarray:
    """ln of the derivative at x, any shape, in nats; −inf where it is 0. Raises ValueError for another function.

    sigmoid' = e^-|x| / (1 + e^-|x|)², tanh' = 4 e^-2|x| / (1 + e^-2|x|)²: exact where 1 − h² would have lost all digits.
    relu' is 1 for x > 0 and else 0, at 0 too, as in PyTorch.
    """
    _known(function)
    x = np.asarray(x, np.float64)
    if function == "relu":
        return np.where(x > 0, 0.0, -np.inf)
    scale = 1 if function == "sigmoid" else 2
    away = scale * np.abs(x)
    logs: np.ndarray = 2 * np.log(scale) - away - 2 * np.log1p(np.exp(-away))
    return logs


def derivative(function: str, x: ArrayLike) -> np.ndarray:
    """The derivative at x, any shape. Raises ValueError for another function."""
    return np.asarray(np.exp(log_derivative(function, x)))


def functions(x: ArrayLike | None = None) -> xr.Dataset:
    """All three functions at x: `value`, `derivative` and, in nats, `log_derivative`, each (function, x).

    x: numbers, (x,); without them 481 from −6 to 6.
    """
    x = np.linspace(-6, 6, 481) if x is None else np.atleast_1d(np.asarray(x, np.float64))
    made = {"value": value, "derivative": derivative, "log_derivative": log_derivative}
    names = {
        "value": ("activation function f(x)", "1"),
        "derivative": ("derivative f′(x)", "1"),
        "log_derivative": ("ln of the derivative", "nat"),
    }
    return xr.Dataset(
        {
            name: (
                ("function", "x"),
                np.stack([of(function, x) for function in FUNCTIONS]),
                {"long_name": names[name][0], "units": names[name][1]},
            )
            for name, of in made.items()
        },
        coords={"function": list(FUNCTIONS), "x": x},
    )


def products(log_factors: Sequence[float], steps: int, names: Sequence[str] | None = None) -> xr.DataArray:
    """ln of the product of 1, 2, … `steps` equal factors, for each of the factors.

    log_factors: ln of a factor, (series,), −inf for 0. names: of the series. Returns (series, time) in nats; at time k stand
    k + 1 factors. Raises ValueError unless steps >= 1.
    """
    if steps < 1:
        raise ValueError(f"a product needs at least 1 factor; got {steps}")
    logs = np.asarray(log_factors, np.float64)
    return xr.DataArray(
        logs[:, None] * np.arange(1, steps + 1),
        dims=("series", "time"),
        coords={"series": list(names or map(str, range(len(logs)))), "time": np.arange(steps)},
        attrs={"long_name": "product", "units": "1"},
    )


def one_unit(
    weight: float,
    steps: int,
    input_weight: float = 0.0,
    bias: float = 0.0,
    nonlinearity: str = "tanh",
    seed: int = 0,
) -> xr.Dataset:
    """A network of one unit, h_t = f(w h_{t-1} + u x_t + b) with h_0 = 0, and how h_T hears each earlier h_t.

    weight: w. input_weight: u. steps: T. nonlinearity: f, one of FUNCTIONS. seed: of the input, drawn evenly between 0 and 1.
    Returns over time, in float64:
        input x_t, preactivation a_t = w h_{t-1} + u x_t + b, hidden h_t, derivative f′(a_t), factor w f′(a_t) = ∂h_t/∂h_{t-1}
        log_gradient    ln |∂h_T/∂h_t| = Σ_{k>t} ln |factor_k|, nats; 0 at t = T, −inf where a factor is 0
        sign            of ∂h_T/∂h_t: −1, 0 or 1
    Raises ValueError unless steps >= 1, and for another nonlinearity.
    """
    if steps < 1:
        raise ValueError(f"need at least 1 step; got {steps}")
    _known(nonlinearity)
    drawn = np.random.default_rng(seed).uniform(size=steps)
    before, hidden, preactivation = 0.0, np.zeros(steps), np.zeros(steps)
    for step in range(steps):
        preactivation[step] = weight * before + input_weight * drawn[step] + bias
        before = hidden[step] = float(value(nonlinearity, preactivation[step]))
    logs = log_derivative(nonlinearity, preactivation)
    with np.errstate(divide="ignore"):
        of_factor = logs + np.log(abs(weight))
    slope = np.exp(logs)
    log_gradient = np.append(of_factor[1:], 0)[::-1].cumsum()[::-1]
    sign = np.where(np.isfinite(log_gradient), np.sign(weight) ** np.arange(steps - 1, -1, -1), 0)
    named = {
        "input": (drawn, "input x"),
        "preactivation": (preactivation, "w·h + u·x + b"),
        "hidden": (hidden, "hidden state h"),
        "derivative": (slope, "derivative of the activation function"),
        "factor": (weight * slope, "∂h_t/∂h_{t-1}"),
        "sign": (sign, "sign of ∂h_T/∂h_t"),
    }
    found = {
        name: ("time", array, {"long_name": title, "units": "1"}) for name, (array, title) in named.items()
    }
    found["log_gradient"] = ("time", log_gradient, {"long_name": "ln |∂h_T/∂h_t|", "units": "nat"})
    return xr.Dataset(found, coords={"time": np.arange(steps)}, attrs={"nonlinearity": nonlinearity})


def spectrum(weight: np.ndarray) -> xr.Dataset:
    """What a recurrent weight alone says. weight: (unit, previous_unit), finite.

    Returns eigenvalue (eigenvalue,), complex, the largest first; spectral_radius, the largest of their sizes; and
    singular_value (singular_value,), falling: the first is the most that the matrix can stretch a gradient in one step.
    Raises ValueError unless the matrix is square, not empty and finite.

    >>> import numpy as np, rnnviz
    >>> found = rnnviz.stats.vanishing.spectrum(np.array([[0.0, 2.0], [0.5, 0.0]]))
    >>> found["spectral_radius"].item(), found["singular_value"].values
    (1.0, array([2. , 0.5]))
    """
    weight = np.asarray(weight, np.float64)
    if weight.ndim != 2 or weight.shape[0] != weight.shape[1] or not weight.size:
        raise ValueError(f"a recurrent weight is square, (unit, unit); got shape {weight.shape}")
    if not np.isfinite(weight).all():
        raise ValueError("the recurrent weight holds numbers that are not finite")
    found = np.linalg.eigvals(weight)
    found = found[np.argsort(-np.abs(found), kind="stable")]
    return xr.Dataset(
        {
            "eigenvalue": ("eigenvalue", found, {"long_name": "eigenvalue of W_hh", "units": "1"}),
            "singular_value": (
                "singular_value",
                np.linalg.svd(weight, compute_uv=False),
                {"long_name": "singular value of W_hh", "units": "1"},
            ),
            "spectral_radius": ((), np.abs(found[0]), {"long_name": "spectral radius of W_hh", "units": "1"}),
        }
    )


def geometric(factor: float, steps: int, last: float = 0.0) -> xr.DataArray:
    """ln of last · factor^(T − t) at each of T steps: what the same factor at every step makes of a gradient that sets out
    at step T. factor >= 0; last: ln of the size it sets out with. Returns (time,), nats.

    With factor = σmax(W) · max f′ it is the upper bound of ‖∂L/∂h_t‖ for a loss at the last step (Pascanu, Mikolov & Bengio
    2013, section 2.1). Raises ValueError unless steps >= 1 and factor >= 0.
    """
    if steps < 1 or factor < 0:
        raise ValueError(f"need steps >= 1 and factor >= 0; got steps={steps}, factor={factor}")
    back = np.arange(steps - 1, -1, -1)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.where(back == 0, 0.0, back * np.log(factor)) + last
    return xr.DataArray(
        values, dims="time", coords={"time": np.arange(steps)}, attrs={"long_name": "bound", "units": "1"}
    )


def side_by_side(curves: dict[str, xr.DataArray], long_name: str = "") -> xr.DataArray:
    """Curves of one length as (series, time), named by their keys. Raises ValueError where there is none."""
    if not curves:
        raise ValueError("no curve to put side by side")
    values = np.stack([np.asarray(curve, np.float64) for curve in curves.values()])
    return xr.DataArray(
        values,
        dims=("series", "time"),
        coords={"series": list(curves), "time": np.arange(values.shape[1])},
        attrs={"long_name": long_name, "units": "1"},
    )


def clipped(log_norm: ArrayLike, threshold: float) -> np.ndarray:
    """ln of a gradient's norm after clipping by the norm: g becomes g · threshold / ‖g‖ where ‖g‖ is above the threshold.

    log_norm: nats, any shape. Pascanu, Mikolov & Bengio 2013, algorithm 1. Raises ValueError unless threshold > 0.
    """
    _above_zero(threshold)
    return np.minimum(log_norm, np.log(threshold))


def clip_factor(norm: ArrayLike, threshold: float) -> np.ndarray:
    """What clipping by the norm multiplies a gradient by, min(1, threshold / ‖g‖): its direction stays, its norm is at most the
    threshold. 1 for a gradient of 0.

    norm: ‖g‖, any shape. Pascanu, Mikolov & Bengio 2013, algorithm 1; torch.nn.utils.clip_grad_norm_ divides by ‖g‖ + 10⁻⁶.
    Raises ValueError unless threshold > 0.

    >>> import rnnviz
    >>> rnnviz.stats.vanishing.clip_factor([25.0, 2.0], 5.0).tolist()
    [0.2, 1.0]
    """
    _above_zero(threshold)
    with np.errstate(divide="ignore"):
        return np.asarray(np.minimum(1.0, threshold / np.asarray(norm, np.float64)))


def one_clipped(norm: float, threshold: float) -> xr.Dataset:
    """One gradient before and after clipping by the norm: `norm` (series,), ‖g‖ and what is left of it, and the `factor` between.

    norm: ‖g‖ >= 0. Raises ValueError unless norm >= 0 and threshold > 0.
    """
    if not norm >= 0:
        raise ValueError(f"a norm is at least 0; got {norm}")
    factor = clip_factor(norm, threshold)
    return xr.Dataset(
        {
            "norm": ("series", [norm, (factor * norm).item()], {"long_name": "‖g‖", "units": "1"}),
            "factor": ((), factor, {"long_name": "factor on the gradient", "units": "1"}),
        },
        coords={"series": ["before", "clipped"]},
        attrs={"threshold": threshold},
    )


def clipping(
    radii: Sequence[float], norms: ArrayLike, threshold: float, radius: float, here: tuple[float, float]
) -> tuple[xr.DataArray, xr.DataArray]:
    """Gradient norms of networks over their spectral radius, before and after clipping, and one network's own.

    radii, norms: of networks, both (radius,). here: the norms of the network at `radius`, before and after, as they were
    measured. Returns (series, radius) twice, ln of the norms, in nats: the curves, which go through it, and the one point. A norm
    that is no number, of a network that exploded beyond it, stays none. Raises ValueError unless threshold > 0.
    """
    others = {float(at): norm for at, norm in zip(radii, np.asarray(norms, np.float64), strict=True)}
    through = dict(sorted((others | {float(radius): here[0]}).items()))
    with np.errstate(divide="ignore"):
        before, point = np.log(np.array(list(through.values()))), np.log(np.asarray(here, np.float64))
    series, attributes = ["before", "clipped"], {"long_name": "‖g‖", "units": "1"}
    curves = xr.DataArray(
        np.stack((before, clipped(before, threshold))),
        dims=("series", "radius"),
        coords={"series": series, "radius": list(through)},
        attrs=attributes,
    )
    return curves, xr.DataArray(
        point[:, None],
        dims=("series", "radius"),
        coords={"series": series, "radius": [radius]},
        attrs=attributes,
    )


def decimal(log: float, digits: int = 2) -> tuple[float, int]:
    """e^log as mantissa and exponent of ten, however small: decimal(-1000) is (5.08, -435). 0 for −inf is (0.0, 0).

    digits: decimals of the mantissa, which is rounded so that it stays below 10. Raises ValueError for NaN and +inf.

    >>> import rnnviz
    >>> rnnviz.stats.vanishing.decimal(-1000)
    (5.08, -435)
    """
    if log == -np.inf:
        return 0.0, 0
    if not np.isfinite(log):
        raise ValueError(f"no decimal form of e^{log}")
    exponent = int(np.floor(log / np.log(10)))
    mantissa = round(float(10 ** (log / np.log(10) - exponent)), digits)
    return (1.0, exponent + 1) if mantissa >= 10 else (mantissa, exponent)


def _known(function: str) -> None:
    if function not in FUNCTIONS:
        raise ValueError(f"function must be one of {', '.join(FUNCTIONS)}; got {function!r}")


def _above_zero(threshold: float) -> None:
    if not threshold > 0:
        raise ValueError(f"a threshold is above 0; got {threshold}")
