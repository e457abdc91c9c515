"""How gradients travel back through time: Jacobians of the steps, their products, what decays and how fast.

Everything here follows from the trace alone, in float64. Numbers that span thousands of decades are kept as natural
logarithms from the start, so that nothing underflows: −7000 nats is a number like any other.

One layer, one direction and one sequence has a path of states s_t, s = h for an RNN or GRU and s = (h, c) for an LSTM. Each
step has a Jacobian J_t = ∂s_t/∂s_{t-1}, the steps counted in the direction of reading; gradients, as rows, travel by
∂L/∂s_{t-1} = ∂L/∂s_t · J_t, and ∂s_T/∂s_t = J_T … J_{t+1} (Werbos 1990; Pascanu, Mikolov & Bengio 2013). A call that did not
start from the state where the call before it had ended starts a new path: nothing passes between the two.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.linalg import eigvalsh, lapack, qr
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from rnnviz.stats.gates import previous

LARGEST = 2**30
"""Bytes above which a result is refused."""

# nats: columns at most this far apart share one call of LAPACK; float64 holds about 1400
_REPRESENTABLE = 600.0
_NEGLIGIBLE = 25.0  # nats: values this far apart disturb each other by the square of e^-25, 2e-22
_WINDOW = 150.0  # nats of singular values that are found together
_EVEN = 7.0  # nats: within this spread an ordinary SVD loses no more than three digits


@dataclass(frozen=True)
class _Path:
    """The steps of one sequence in the direction of reading, without padding.

    positions: where each step stands on time, (step,). linked: whether a step started from the state of the step before it,
    (step,). jacobian: step -> (state, state). back: step, rows -> rows @ jacobian(step), without forming it; the rows,
    (row, state), are overwritten. slope: ∂h_t/∂c_t while the gates hold, (step, unit), and projection: W_hr or None, for
    an LSTM. hidden, cell: how many states of each kind.
    """

    positions: np.ndarray
    linked: np.ndarray
    jacobian: Callable[[int], np.ndarray]
    back: Callable[[int, np.ndarray], np.ndarray]
    hidden: int
    cell: int = 0
    slope: np.ndarray | None = None
    projection: np.ndarray | None = None

    @property
    def width(self) -> int:
        return self.hidden + self.cell


def jacobians(node, steps=None) -> xr.DataArray:
    """∂s_t/∂s_{t-1} of each step: what one step does to a small change of the state it started from.

    node: a recorded module with one layer, direction and sequence chosen. steps: positions on time (integers or a slice);
    all by default. Returns (time, state, previous_state), float64, dimensionless, NaN in padding; `state` is h0, h1, … and
    for an LSTM then c0, c1, …: its state is (h, c). 'Previous' is in the direction of reading, the initial state at a
    call's first step. From the chain rule on PyTorch's equations, with what was recorded of gates and states:

        RNN   J = diag(1 - h²) W_hh, or diag(h > 0) W_hh for relu
        GRU   J = diag(z) + diag((h' - n) z(1-z)) W_hz + diag((1-z)(1-n²)) (diag(r) W_hn + diag(m r(1-r)) W_hr)
              with h' = h_{t-1}, m = W_hn h' + b_hn
        LSTM  ∂c/∂h' = diag(g i(1-i)) W_hi + diag(c' f(1-f)) W_hf + diag(i(1-g²)) W_hg, ∂c/∂c' = diag(f),
              ∂h/∂h' = diag(tanh(c) o(1-o)) W_ho + diag(o(1-tanh²c)) ∂c/∂h', ∂h/∂c' = diag(o(1-tanh²c) f),
              and with a projection the last two multiplied by W_hr from the left

    Raises ValueError if the result would exceed 1 GiB, if a step is not on time, or if more than one layer, direction or
    sequence is left in the node.
    """
    path = _path(node)
    total = node.sizes["time"]
    wanted = np.arange(total) if steps is None else steps
    try:
        wanted = np.atleast_1d(
            np.arange(total)[wanted if isinstance(wanted, slice) else np.asarray(wanted, int)]
        )
    except IndexError:
        raise ValueError(f"steps must be positions on time, 0 to {total - 1}; got {steps}") from None
    size = 8 * len(wanted) * path.width**2
    if size > LARGEST:
        raise ValueError(
            f"Jacobians of {len(wanted)} steps, each {path.width} × {path.width}, take {size / 2**30:.1f} GiB; "
            "the limit is 1 GiB: choose `steps`"
        )
    values = np.full((len(wanted), path.width, path.width), np.nan)
    step_at = {position: step for step, position in enumerate(path.positions.tolist())}
    for row, position in enumerate(wanted.tolist()):
        if position in step_at:
            values[row] = path.jacobian(step_at[position])
    names = np.array([f"h{i}" for i in range(path.hidden)] + [f"c{i}" for i in range(path.cell)], dtype=str)
    return xr.DataArray(
        values,
        dims=("time", "state", "previous_state"),
        coords=_along_time(node.isel(time=wanted)) | {"state": names, "previous_state": names},
        attrs={"long_name": "Jacobian of one step ∂s_t/∂s_{t-1}", "units": "1"},
    )


def reach(node, to: int | None = None, count: int | None = None) -> xr.Dataset:
    """How much of a small change at each step is left at step `to`: the size of ∂s_to/∂s_t = J_to … J_{t+1}.

    node: as for `jacobians`. to: a position on time; the last step in the direction of reading by default. count: how many
    leading singular values to find; all by default. Every direction is carried whatever `count` is, since one that is far
    behind may come to lead further back: `count` spares the search for singular values, not the products.

    Returns, in nats (natural logarithm of a dimensionless number):
        log_spectral_norm (time,)              the largest singular value: the most a change can grow
        log_frobenius_norm (time,)             root sum of squares of all of them
        log_singular_values (time, rank)       in falling order
    At `to` itself the matrix is the identity. NaN after `to` and in padding; −inf where nothing at all passes.

    Method: the product is never formed. It is kept as Q · e^d · L · (an orthogonal matrix that changes no singular value
    and is dropped), Q orthonormal, e^d positive and falling, L lower triangular with rows near unit length: J'Q is
    multiplied in, and a QR factorisation with column pivoting followed by an LQ factorisation brings back the form
    (Demmel, Gu, Eisenstat, Slapničar, Veselić & Drmač 1999, "Computing the singular value decomposition with high relative
    accuracy"). Singular values of e^d L come from one-sided Jacobi (Demmel & Veselić 1992; LAPACK's dgejsv, Drmač &
    Veselić 2008), or from an ordinary SVD or the squares where those asked for lie close together, in windows of d: values
    more than 25 nats outside a window do not disturb it. States and directions that no entry of a factor connects are
    factored apart, so that no rounding enters where the product has zeros.

    Accuracy: the values are those of a product of Jacobians each off by rounding, ‖δJ‖ ≈ 1e-16 n ‖J‖, and no more. Every one
    of them, the smallest too, is therefore right to about 1e-16 n Σ κ(J) in nats, the sum over the steps multiplied, κ the
    condition number of one step's Jacobian, however far apart the values are and however many steps there are, and to about
    1e-16 of itself a step, as sums of logarithms are (after 5000 halvings 2e-10 of 3466 nats). A Jacobian that
    is singular because rows or columns of it are 0 (dead relu units, gates at 0) gives −inf for exactly as many values;
    one that is singular in a hidden way cannot be told from one at 1e-16 of it. Where Jacobians mix states in separate groups
    alone, each group is as right as it would be by itself: diagonal ones give exact sums of logarithms, whatever κ is.
    A limit: where a zero takes away the states that lead, and those left had mixed with them at a later step and have since
    fallen 700 nats and more behind, what is left can be some nats off.
    Raises ValueError as `jacobians` does, if `to` is not a step of the sequence, or unless count >= 1.
    """
    path = _path(node)
    last = _step_of(path, to, node.sizes["time"])
    ranks = _count(count, path.width)
    total = node.sizes["time"]
    singular = np.full((total, ranks), np.nan)
    frobenius = np.full(total, np.nan)
    basis, logs, lower = np.eye(path.width), np.zeros(path.width), np.eye(path.width)
    for step in range(last, -1, -1):
        position = path.positions[step]
        singular[position] = _log_singular_values(logs, lower, ranks)
        frobenius[position] = _log_frobenius(logs, lower)
        if step:
            if path.linked[step]:
                basis, logs, lower = _multiplied(path.jacobian(step), basis, logs, lower)
            else:
                basis, logs, lower = basis[:, :0], logs[:0], lower[:0, :0]
    what = "of ∂s_T/∂s_t"
    return xr.Dataset(
        {
            "log_spectral_norm": (
                "time",
                singular[:, 0] if ranks else frobenius,
                {"long_name": f"ln of the spectral norm {what}", "units": "nat"},
            ),
            "log_frobenius_norm": (
                "time",
                frobenius,
                {"long_name": f"ln of the Frobenius norm {what}", "units": "nat"},
            ),
            "log_singular_values": (
                ("time", "rank"),
                singular,
                {"long_name": f"ln of the singular values {what}", "units": "nat"},
            ),
        },
        coords=_along_time(node) | {"rank": np.arange(ranks)},
        attrs={"to": int(path.positions[last])} if last >= 0 else {},
    )


def lyapunov(node, count: int | None = None, skip: int = 0) -> xr.DataArray:
    """Lyapunov exponents along the path: by how much a small change grows a step, in nats, in falling order.

    node: as for `jacobians`. count: how many leading exponents; all by default. skip: steps at the start that turn the
    directions but do not count. Returns (exponent,), float64, nats a step; NaN where no step counts.

    Orthonormal directions Q are carried along by J_t Q = Q' R, and exponent i is the mean of ln |R_ii| (Benettin et al. 1980;
    for recurrent networks Vogt, Puelma Touzel, Shlizerman & Lajoie 2022 (arXiv 2020), and Engelken, Wolf & Abbott 2023). The
    directions start at random, from a fixed seed; what is left of that in an exponent falls like 1 / (steps), and faster with
    `skip`. The sum of all exponents is the mean of ln |det J| whatever the start. An LSTM's exponents are over (h, c).
    A Jacobian with rows or columns of zeros gives −inf for as many exponents. All calls count together.
    Raises ValueError as `jacobians` does, unless count >= 1, and unless skip >= 0.
    """
    path = _path(node)
    exponents = _count(count, path.width)
    if skip < 0:
        raise ValueError(f"skip must be at least 0; got {skip}")
    steps = len(path.positions)
    start = np.random.default_rng(0).normal(size=(path.width, exponents))
    directions = qr(start, mode="economic")[0] if exponents else start
    stretch = np.zeros(exponents)
    for step in range(steps):
        jacobian = path.jacobian(step)
        rank = min(directions.shape[1], np.count_nonzero(jacobian.any(0)), np.count_nonzero(jacobian.any(1)))
        stretch[rank:] = -np.inf  # this many directions are gone, at this step and so for good
        directions = directions[:, :rank]
        if not rank:
            break
        directions, triangle = qr(
            jacobian @ directions, mode="economic", overwrite_a=True, check_finite=False
        )
        if step >= skip:
            with np.errstate(divide="ignore"):
                stretch[:rank] += np.log(np.abs(np.diagonal(triangle)))
    values = -np.sort(-stretch / (steps - skip)) if steps > skip else np.full(exponents, np.nan)
    return xr.DataArray(
        values,
        dims="exponent",
        coords={"exponent": np.arange(exponents)},
        attrs={"long_name": "Lyapunov exponent", "units": "nat/step"},
    )


def norm(node, part: str = "total", of: str = "hidden") -> xr.DataArray:
    """The length of the loss's gradient at each step: ‖∂L/∂h_t‖ or ‖∂L/∂c_t‖, L2 over the units.

    node: a recorded module, whole or with any of its dims chosen. part: 'total', the recurrence included, or 'direct', what
    reaches h_t other than through the next step. of: 'hidden' or, of an LSTM, 'cell', which has the total alone. Returns the
    gradient's dims without unit (or projection), float64, absolute; NaN in padding. The largest entry is taken out before
    squaring, so that no square underflows.
    Raises ValueError where no backward ran while recording, and for another `part` or `of`.
    """
    if part not in ("total", "direct"):
        raise ValueError(f"part must be total or direct; got {part!r}")
    if of not in ("hidden", "cell"):
        raise ValueError(f"of must be hidden or cell; got {of!r}")
    if of == "cell" and node.attrs["kind"] != "lstm":
        raise ValueError(f"a {node.attrs['kind']} has no cell state, so no gradient of one")
    if of == "cell" and part == "direct":
        raise ValueError("a cell has the total gradient alone: part='total'")
    gradient = _gradient(node, f"{of}_grad" + ("_direct" if part == "direct" else ""))
    over = "projection" if "projection" in gradient.dims else "unit"
    values = gradient.transpose(..., over)
    lengths = np.exp(_log_length(values.values))
    symbol = "h" if of == "hidden" else "c"
    kept = values.isel({over: 0}, drop=True)
    return xr.DataArray(
        lengths,
        dims=kept.dims,
        coords=kept.coords,
        attrs={"long_name": f"{part} gradient norm ‖∂L/∂{symbol}‖", "units": "1"},
    )


def logarithm(norms: xr.DataArray) -> xr.DataArray:
    """Natural logs of norms, -inf where one is exactly 0, with their names."""
    with np.errstate(divide="ignore"):
        return np.log(norms).assign_attrs(norms.attrs)


def factor(rate: float) -> float:
    """What a gradient is multiplied by at each step back. rate: nats a step, as `decay` gives it."""
    return float(np.exp(rate))


def contributions(node, of: str = "hidden") -> xr.DataArray:
    """Where a gradient came from: what the loss at each step `source` adds to the total gradient at each step `time`.

    node: as for `jacobians`, recorded with a backward. of: 'hidden' for what it adds to ∂L/∂h, 'cell' for ∂L/∂c of an LSTM.
    Returns (source, time), ln of the norm over units, in nats. The direct gradient d of a source enters at h and travels as
    the row (d, 0) J_source … J_{time+1} (Werbos 1990); summed over the sources these vectors, not their norms, are the total
    gradient. Where the model uses c itself, as c_n after the last step, that part has no source here.
    −inf where nothing arrives: at steps read after the source, or at an exact zero; NaN in padding.

    All sources that have a gradient go back in one pass; of a row that grows or shrinks beyond 2^±32 a power of 2 is taken out
    and kept as its logarithm. A value is right to about 1e-16 n a step times the most that step could have passed on over what it
    did, and to 1e-16 of itself a step.
    Raises ValueError as `jacobians` does, where no backward ran, for another `of`, and if the result would exceed 1 GiB.
    """
    if of not in ("hidden", "cell"):
        raise ValueError(f"of must be hidden or cell; got {of!r}")
    if of == "cell" and node.attrs["kind"] != "lstm":
        raise ValueError(f"a {node.attrs['kind']} has no cell state, so no gradient of one")
    gradient = _gradient(node, "hidden_grad_direct")
    total = node.sizes["time"]
    if 8 * total**2 > LARGEST:
        size = 8 * total**2 / 2**30
        raise ValueError(
            f"contributions of {total} sources to {total} steps take {size:.1f} GiB; the limit is 1 GiB"
        )
    path = _path(node)
    over = "projection" if "projection" in gradient.dims else "unit"
    direct = gradient.transpose("time", over).values[path.positions].astype(np.float64)
    steps = len(path.positions)
    found = np.full((steps, steps), -np.inf)  # [source, time], both in the direction of reading
    sources = np.flatnonzero(direct.any(1))[::-1]  # the last one sets out first
    rows, logs = np.zeros((len(sources), path.width)), np.zeros(len(sources))
    first = under_way = 0
    for step in range(steps - 1, -1, -1):
        if step + 1 < steps:
            if path.linked[step + 1]:
                rows[first:under_way] = path.back(step + 1, rows[first:under_way])
            else:
                first = under_way
        if under_way < len(sources) and sources[under_way] == step:
            rows[under_way, : path.hidden] = direct[step]
            under_way += 1
        here = slice(first, under_way)
        _near_one(rows[here], logs[here])
        part = rows[here, : path.hidden]
        if of == "cell":
            through = part if path.projection is None else part @ path.projection
            part = rows[here, path.hidden :] + through * path.slope[step]
        found[sources[here], step] = logs[here] + _log_length(part)
    values = np.full((total, total), np.nan)
    values[np.ix_(path.positions, path.positions)] = found
    times = node["time"].values if "time" in node.coords else np.arange(total)
    symbol = "h" if of == "hidden" else "c"
    return xr.DataArray(
        values,
        dims=("source", "time"),
        coords=_along_time(node) | {"source": times},
        attrs={
            "long_name": f"ln of the norm that the direct gradient of a source adds to the total ∂L/∂{symbol}",
            "units": "nat",
        },
    )


def decay(norms: xr.DataArray, last: int | None = None, logarithmic: bool = False) -> xr.Dataset:
    """How fast a gradient fades going back from the last step that has one.

    norms: dims include time, values >= 0 such as those of `norm`; with `logarithmic` their natural logarithms, as `reach`
    and `contributions` give them. last: the position on time to go back from; by default the last step, in the direction of
    reading, whose norm is neither 0 nor NaN. A `direction` coordinate of 'backward' turns the reading round.
    Returns, without time, with y_k = ln norm k steps back, padding left out:
        rate (nat/step)    least-squares slope of y_k over k: negative where it fades, positive where it grows. Exact zeros
                           have no logarithm and do not enter; with nothing but zeros further back it is −inf
        half_life (steps)  −ln 2 / rate: steps back to half at that rate; inf where it does not fade
        horizon (steps)    the first k, between steps linear in y, at which y_k <= y_0 − ln 1000: a thousandth is left.
                           inf where that never happens within the text. An exact zero is crossed at the step before it
        crossed (bool)     whether it happened
    NaN where the sequence has no gradient, and rate and half_life NaN where there is one step alone.
    Raises ValueError if a norm is negative, or `last` is not on time.
    """
    total = norms.sizes["time"]
    if last is not None and not 0 <= last < total:
        raise ValueError(f"last must be a position on time, 0 to {total - 1}; got {last}")
    lines = norms.transpose(..., "time")
    values = lines.values.astype(np.float64)
    if not logarithmic:
        if (values < 0).any():
            raise ValueError(f"a norm cannot be negative; got {np.nanmin(values):g}")
        with np.errstate(divide="ignore"):
            values = np.log(values)
    kept = lines.isel(time=0, drop=True) if total else lines.sum("time")
    backward = np.zeros(kept.shape, bool)
    if "direction" in lines.coords:
        backward = np.broadcast_to((kept["direction"] == "backward").broadcast_like(kept).values, kept.shape)
    found = np.full((4, *kept.shape), np.nan)
    for index in np.ndindex(kept.shape):
        line = (
            values[index]
            if last is None
            else values[index][last:]
            if backward[index]
            else values[index][: last + 1]
        )
        found[(slice(None), *index)] = _fading(line if backward[index] else line[::-1], last is not None)
    names = {
        "rate": ("slope of ln norm going back", "nat/step"),
        "half_life": ("half-life going back", "steps"),
        "horizon": ("steps back to a thousandth", "steps"),
        "crossed": ("a thousandth is reached within the text", "1"),
    }
    return xr.Dataset(
        {
            name: (
                kept.dims,
                row.astype(bool) if name == "crossed" else row,
                {"long_name": text, "units": units},
            )
            for row, (name, (text, units)) in zip(found, names.items(), strict=True)
        },
        coords=kept.coords,
    )


# One path of states, and the Jacobians of its steps


def _path(node) -> _Path:
    """The path of a node with one layer, direction and sequence chosen. Raises ValueError where more is left."""
    hidden = node["hidden"]
    over = "projection" if "projection" in hidden.dims else "unit"
    if set(hidden.dims) != {"time", over}:
        came = ", ".join(f"{dim} {size}" for dim, size in hidden.sizes.items())
        raise ValueError(
            f"choose one layer, direction and sequence: hidden came as ({came}), wanted (time, {over})"
        )
    kind = node.attrs["kind"]
    read = np.flatnonzero(
        np.isfinite(hidden.transpose("time", over).values).all(1)
    )  # what is left is padding
    positions = _in_reading_order(node, read)
    node = node if isinstance(node, xr.Dataset) else node.to_dataset().assign_attrs(node.attrs)
    names = ("hidden", "cell") if kind == "lstm" else ("hidden",)
    states = [_over_time(node, name)[positions] for name in names]
    before = [_before(node, name, positions) for name in names]
    linked = np.zeros(len(positions), bool)
    linked[1:] = np.logical_and.reduce(
        [(start[1:] == end[:-1]).all(1) for start, end in zip(before, states, strict=True)]
    )
    weight = node["recurrent_weight"].transpose("gate", "unit", "previous_unit").values.astype(np.float64)
    if kind == "lstm":
        return _lstm(node, positions, linked, weight, states[1], before[1])
    if kind == "gru":
        return _gru(node, positions, linked, weight, before[0])
    return _rnn(node, positions, linked, weight, states[0])


def _in_reading_order(node, read: np.ndarray) -> np.ndarray:
    """Positions in the order in which they were read: calls follow each other, each in its direction."""
    backward = "direction" in node.coords and str(node["direction"].item()) == "backward"
    if not backward:
        return read
    calls = node["call"].values[read] if "call" in node.coords else np.zeros(len(read))
    return read[np.lexsort((-read, calls))]


def _over_time(node: xr.Dataset, name: str) -> np.ndarray:
    """A state or gate as float64 (time, unit or projection)."""
    return node[name].transpose("time", ...).values.astype(np.float64)


def _before(node: xr.Dataset, name: str, positions: np.ndarray) -> np.ndarray:
    """The state each step started from, (step, unit or projection), steps in reading order."""
    if not len(positions):
        return _over_time(node, name)[positions]
    names = [key for key in (name, f"{name}_initial", f"{name}_initial_by_call") if key in node]
    read = np.sort(positions)  # without padding a backward reading starts at the sequence's own end
    part = node[names].isel(time=read)
    part = part.drop_vars([key for key in part.coords if key not in ("call", "direction")])
    part = part.rename({"projection": "unit"} if "projection" in part.dims else {})
    if f"{name}_initial_by_call" in part:  # a call that is nothing but padding here has no first step
        present, call = np.unique(part["call"].values, return_inverse=True)
        part = part.isel(calls=present).assign_coords(call=("time", call))
    values = previous(part, name).values.astype(np.float64)
    return values[np.searchsorted(read, positions)]


def _rnn(
    node: xr.Dataset, positions: np.ndarray, linked: np.ndarray, weight: np.ndarray, hidden: np.ndarray
) -> _Path:
    slope = (hidden > 0).astype(np.float64) if node.attrs.get("nonlinearity") == "relu" else 1 - hidden**2

    def jacobian(step: int) -> np.ndarray:
        return slope[step][:, None] * weight[0]

    def back(step: int, rows: np.ndarray) -> np.ndarray:
        rows *= slope[step]
        return rows @ weight[0]

    return _Path(positions, linked, jacobian, back, hidden.shape[1])


def _gru(
    node: xr.Dataset, positions: np.ndarray, linked: np.ndarray, weight: np.ndarray, before: np.ndarray
) -> _Path:
    names = ("reset_gate", "update_gate", "candidate")
    r, z, n = (_over_time(node, name)[positions] for name in names)
    bias = node["recurrent_bias"].transpose("gate", "unit").values.astype(np.float64)
    rows = ((before - n) * z * (1 - z), (1 - z) * (1 - n**2))
    in_reach = before @ weight[2].T + bias[2]  # what r multiplies
    by_gate = np.stack((rows[1] * in_reach * r * (1 - r), rows[0], rows[1] * r), axis=-1)

    def jacobian(step: int) -> np.ndarray:
        found = _weighted(by_gate[step], weight)
        found[np.diag_indices_from(found)] += z[step]
        return found

    def back(step: int, rows: np.ndarray) -> np.ndarray:
        return rows @ jacobian(step)

    return _Path(positions, linked, jacobian, back, before.shape[1])


def _lstm(
    node: xr.Dataset,
    positions: np.ndarray,
    linked: np.ndarray,
    weight: np.ndarray,
    cell: np.ndarray,
    before: np.ndarray,
) -> _Path:
    names = ("input_gate", "forget_gate", "candidate", "output_gate")
    i, f, g, o = (_over_time(node, name)[positions] for name in names)
    heard = np.tanh(cell)
    slope = o * (1 - heard**2)
    by_gate = np.stack((g * i * (1 - i), before * f * (1 - f), i * (1 - g**2)), axis=-1)
    by_output = heard * o * (1 - o)
    projection = None
    if "projection" in node["hidden"].dims:
        projection = node["projection_weight"].transpose("projection", "unit").values.astype(np.float64)
    units, width = weight.shape[1:]

    def jacobian(step: int) -> np.ndarray:
        into_cell = _weighted(by_gate[step], weight[:3])
        into_hidden = by_output[step][:, None] * weight[3] + slope[step][:, None] * into_cell
        found = np.zeros((width + units, width + units))
        found[:width, :width] = into_hidden if projection is None else projection @ into_hidden
        through = slope[step] * f[step]
        found[:width, width:] = np.diag(through) if projection is None else projection * through
        found[width:, :width] = into_cell
        found[width:, width:] = np.diag(f[step])
        return found

    def back(step: int, rows: np.ndarray) -> np.ndarray:
        # all that reaches c comes together first: half the multiplications of the Jacobian's four quarters
        of_hidden, of_cell = rows[:, :width], rows[:, width:]
        shown = of_hidden if projection is None else of_hidden @ projection
        of_cell += shown * slope[step]
        through_output = by_output[step][:, None] * weight[3]
        through_hidden = through_output if projection is None else projection @ through_output
        rows[:, :width] = rows @ np.concatenate((through_hidden, _weighted(by_gate[step], weight[:3])))
        of_cell *= f[step]
        return rows

    return _Path(positions, linked, jacobian, back, width, units, slope, projection)


def _weighted(by_gate: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Σ diag(by_gate) W over the gates. by_gate: (unit, gate); weight: (gate, unit, state)."""
    return sum(own[:, None] * matrix for own, matrix in zip(by_gate.T, weight, strict=True))


# A product of Jacobians, transposed: basis · e^logs · lower · (orthogonal, dropped)


def _multiplied(
    jacobian: np.ndarray, basis: np.ndarray, logs: np.ndarray, lower: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same form of J' · basis · e^logs · lower. basis: (state, rank); logs: (rank,); lower: (rank, rank).

    States that the step does not set or does not hear are taken out first: a rank that is lost is lost exactly.
    """
    set_, heard = jacobian.any(1), jacobian.any(0)
    within = basis[set_]
    if len(within) < len(logs):
        within, logs, lower = _factored(within, logs, lower)
    found, logs, lower = _factored(jacobian[np.ix_(set_, heard)].T @ within, logs, lower)
    basis = np.zeros((len(jacobian), len(logs)))
    basis[heard] = found
    return basis, logs, lower


def _factored(
    product: np.ndarray, logs: np.ndarray, lower: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """product · e^logs · lower in the form orthonormal · e^logs · lower, a right orthogonal factor dropped.

    Directions that meet in no state are factored apart: rounding in one would else leak into another, where the exact
    product has zeros, and be all that is left once a later zero takes the first away.
    """
    columns, gained = _unit_length((product @ _between(lower, logs)).T)
    scales = logs + gained
    order = np.argsort(-scales, kind="stable")[: np.count_nonzero(np.isfinite(scales))]
    columns, scales = columns.T[:, order], scales[order]
    parts = list(_parts(columns))
    if len(parts) == 1:
        return _one_part(columns, scales)
    return _side_by_side(
        len(product),
        [(states, _one_part(columns[np.ix_(states, own)], scales[own])) for states, own in parts],
    )


def _parts(columns: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows and columns, as indices, of the parts that no entry connects."""
    height, width = columns.shape
    if columns.all():
        yield np.arange(height), np.arange(width)
        return
    rows, own = np.nonzero(columns)
    edges = coo_array((np.ones(len(rows), bool), (rows, height + own)), shape=(height + width,) * 2)
    count, part = connected_components(edges, directed=False)
    members = np.split(np.argsort(part, kind="stable"), np.cumsum(np.bincount(part, minlength=count))[:-1])
    for member in members:
        if member[-1] >= height:  # a row of zeros is no part
            split = np.searchsorted(member, height)
            yield member[:split], member[split:] - height


def _one_part(columns: np.ndarray, scales: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """columns · e^scales as orthonormal · e^logs · lower. columns: of unit length; scales: falling."""
    if len(scales) == 1:
        return columns, scales, np.ones((1, 1))
    basis, upper, pivots, columns_order = _graded_qr(columns, scales)
    scales = scales[columns_order]
    diagonal = np.abs(upper[np.arange(len(pivots)), pivots])
    apart = np.minimum(scales - scales[pivots][:, None], _REPRESENTABLE)
    rows = upper / diagonal[:, None] * np.exp(apart)  # 1 at its pivot, about 1 or less right of it
    triangle = qr(rows.T, mode="r", check_finite=False)[0][: len(pivots)] if len(pivots) else rows[:, :0]
    return basis, scales[pivots] + np.log(diagonal), np.tril(triangle.T)


def _side_by_side(height: int, parts: list) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Parts (states, (basis, logs, lower)) as one, logs falling and lower triangular still."""
    logs = np.concatenate([own for _, (_, own, _) in parts] or [np.zeros(0)])
    # within a part the order stays, or lower would not be triangular
    falling = [_falling(own) for _, (_, own, _) in parts]
    order = np.argsort(-np.concatenate(falling or [logs]), kind="stable")
    place = np.empty(len(order), int)
    place[order] = np.arange(len(order))
    basis, lower, first = np.zeros((height, len(order))), np.zeros((len(order),) * 2), 0
    for states, (own_basis, own, own_lower) in parts:
        here = place[first : first + len(own)]
        basis[np.ix_(states, here)] = own_basis
        lower[np.ix_(here, here)] = own_lower
        first += len(own)
    return basis, logs[order], lower


def _falling(logs: np.ndarray) -> np.ndarray:
    """The largest from each place on."""
    return np.maximum.accumulate(logs[::-1])[::-1]


def _between(lower: np.ndarray, logs: np.ndarray) -> np.ndarray:
    """e^logs · lower · e^-logs: lower triangular, and the nearer to diagonal the further apart the logs are."""
    return lower * np.exp(np.minimum(logs[:, None] - logs, _REPRESENTABLE))


def _graded_qr(
    columns: np.ndarray, scales: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """QR with column pivoting of columns · e^scales for scales beyond what float64 can hold.

    columns: (row, column) of unit length; scales: (column,), falling. Householder's QR does not mind a column's scale, only
    the choice of pivots does: so columns within one range of float64 are pivoted together, the largest range first.
    Returns orthonormal (row, rank), upper (rank, column) without the scales, the column of each row's pivot, (rank,), and
    the order that the columns were put in.
    """
    height, width = columns.shape
    basis, upper = np.eye(height, order="F"), np.zeros((min(height, width), width))
    order, pivots = np.arange(width), []
    rest, first = columns, 0  # rest: rows and columns that have no pivot yet
    while first < width and len(pivots) < height:
        rank = len(pivots)
        near = np.count_nonzero(scales[first:] > scales[first] - _REPRESENTABLE)
        here = slice(first, first + near)
        scale = np.exp(scales[here] - scales[first])
        packed, chosen, tau, _, _ = lapack.dgeqp3(rest[:, :near] * scale, lwork=2 * near + 32 * (near + 1))
        chosen = chosen - 1
        triangle = np.triu(packed[: len(tau)])
        gained = np.count_nonzero(np.diagonal(triangle))
        far = _turned(packed, tau, rest[:, near:], "L", "T")
        upper[rank : rank + gained, here] = triangle[:gained] / scale[chosen]
        upper[rank : rank + gained, here.stop :] = far[:gained]
        order[here] = order[here][chosen]
        basis[:, rank:] = _turned(packed, tau, basis[:, rank:], "R", "N")
        pivots += range(first, first + gained)
        rest, first = far[gained:], here.stop
    rank = len(pivots)
    return basis[:, :rank], upper[:rank], np.array(pivots, int), order


def _turned(
    packed: np.ndarray, tau: np.ndarray, matrix: np.ndarray, side: str, transposed: str
) -> np.ndarray:
    """Q matrix, Q' matrix or matrix Q, of a Q that LAPACK left packed."""
    if not matrix.size:
        return matrix
    work = 64 * max(matrix.shape) + 64 * 65
    return lapack.dormqr(side, transposed, packed[:, : len(tau)], tau, matrix, work)[0]


def _log_singular_values(logs: np.ndarray, lower: np.ndarray, count: int) -> np.ndarray:
    """ln of the `count` largest singular values of e^logs · lower, in falling order; −inf beyond its rank."""
    found = np.full(count, -np.inf)
    between = _between(lower, logs)
    falling = _falling(logs)
    end = min(count, len(logs))
    start = 0
    while start < end:
        top = falling[start]
        stop = min(end, np.count_nonzero(falling > top - _WINDOW))
        above = np.count_nonzero(falling > top + _NEGLIGIBLE)
        below = np.count_nonzero(falling > falling[stop - 1] - _NEGLIGIBLE)
        here = slice(above, below)
        block = between[here, here] * np.exp(logs[here] - top)
        values = _accurate_singular_values(block, np.ptp(logs[here]), stop - above)
        with np.errstate(divide="ignore"):
            found[start:stop] = np.log(values[start - above :]) + top
        start = stop
    return -np.sort(-found)


def _accurate_singular_values(block: np.ndarray, spread: float, count: int) -> np.ndarray:
    """The `count` largest singular values, each to its own last digits, of a matrix with columns scaled over `spread` nats."""
    if len(block) == 1:
        return np.abs(block[0])
    if 4 * count <= len(block):
        # few: from their squares, unless these lose more than three digits to the largest
        within = [len(block) - count, len(block) - 1]
        squares = eigvalsh(block @ block.T, subset_by_index=within, check_finite=False)
        if squares[0] > squares[-1] * np.exp(-_EVEN):
            return np.sqrt(squares[::-1])
    if spread < _EVEN:
        return np.linalg.svd(block, compute_uv=False)[:count]
    # joba=0: 'C', columns scaled; its default drops what is small beside the largest. jobu, jobv=3: values alone.
    values, _, _, work, _, failed = lapack.dgejsv(block, joba=0, jobu=3, jobv=3, jobp=0)
    if failed:
        raise ArithmeticError(f"one-sided Jacobi did not converge on a {len(block)} × {len(block)} matrix")
    return values[:count] * (work[0] / work[1])


def _log_frobenius(logs: np.ndarray, lower: np.ndarray) -> float:
    if not len(logs):
        return -np.inf
    return float(np.logaddexp.reduce(2 * (logs + _log_length(lower))) / 2)


# Lengths


def _log_length(rows: np.ndarray) -> np.ndarray:
    """ln of the L2 length over the last axis; −inf for zeros. Where a square might underflow, the largest entry comes out."""
    rows = np.asarray(rows, np.float64)
    with np.errstate(over="ignore", divide="ignore"):
        squares = np.einsum("...i,...i->...", rows, rows)
        logs = np.log(squares) / 2
    far = (squares < 1e-200) | (squares > 1e200)
    if far.any():
        logs = np.where(far, 0, logs)
        logs[far] = _unit_length(rows[far])[1]
    return logs


def _unit_length(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of length 1 over the last axis (0 where they were 0), and ln of the length they had."""
    rows = np.asarray(rows, np.float64)
    largest = np.abs(rows).max(-1, initial=0, keepdims=True)
    rows = rows / np.where(largest == 0, 1, largest)
    length = np.sqrt(np.square(rows).sum(-1, keepdims=True))
    with np.errstate(divide="ignore"):
        logs = np.log(largest) + np.log(np.where(length == 0, 1, length))
    return rows / np.where(length == 0, 1, length), logs[..., 0]


def _near_one(rows: np.ndarray, logs: np.ndarray) -> None:
    """Takes powers of 2 out of rows whose largest entry has left [2^-32, 2^32], into their logs; both in place."""
    largest = np.maximum(rows.max(-1, initial=0), -rows.min(-1, initial=0))
    far = np.flatnonzero((largest > 0) & ((largest < 2.0**-32) | (largest > 2.0**32)))
    if len(far):
        power = np.frexp(largest[far])[1]
        rows[far] = np.ldexp(rows[far], -power[:, None])
        logs[far] += power * np.log(2)


def _fading(line: np.ndarray, fixed: bool) -> tuple[float, float, float, bool]:
    """rate, half-life, horizon and whether it was crossed, of ln norms going back, NaN left out.

    fixed: the first of them is where to start; else the first that has a gradient.
    """
    if fixed and not (len(line) and np.isfinite(line[0])):
        return np.nan, np.nan, np.nan, False
    line = line[~np.isnan(line)]
    some = np.flatnonzero(np.isfinite(line))
    if not len(some):
        return np.nan, np.nan, np.nan, False
    line = line[some[0] :]
    back = np.flatnonzero(np.isfinite(line))
    if len(back) > 1:
        centred = back - back.mean()
        rate = float(centred @ (line[back] - line[back].mean()) / (centred @ centred))
    else:
        rate = -np.inf if len(line) > 1 else np.nan
    half_life = np.nan if np.isnan(rate) else -np.log(2) / rate if rate < 0 else np.inf
    left = line - (line[0] - np.log(1000))
    below = np.flatnonzero(left <= 0)
    if not len(below):
        return rate, half_life, np.inf, False
    step = below[0]
    share = left[step - 1] / (left[step - 1] - left[step])  # 0 where the step is an exact zero
    return rate, half_life, float(step - 1 + share), True


def _gradient(node, name: str) -> xr.DataArray:
    try:
        return node[name]
    except KeyError:
        raise ValueError("no gradients in this trace: run backward inside the record block") from None


def _along_time(node) -> dict[str, xr.DataArray]:
    """The coordinates that label time."""
    return {key: value for key, value in node.coords.items() if value.dims == ("time",)}


def _step_of(path: _Path, position: int | None, total: int) -> int:
    """The step at a position on time; the last one by default, −1 where there is none."""
    if position is None:
        return len(path.positions) - 1
    found = np.flatnonzero(path.positions == position)
    if not len(found):
        raise ValueError(
            f"to must be a step of the sequence, a position on time from 0 to {total - 1}; got {position}"
        )
    return int(found[0])


def _count(count: int | None, width: int) -> int:
    if count is not None and count < 1:
        raise ValueError(f"count must be at least 1; got {count}")
    return width if count is None else min(count, width)
