"""The path of states that one sequence takes, and the Jacobian of each of its steps, from what was recorded."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from rnnviz.stats.gates import NAMES, previous
from rnnviz.stats.nodes import Node, dataset, refuse_partial, refuse_slice

LARGEST = 2**30
"""Bytes above which a result is refused."""


@dataclass(frozen=True)
class Path:
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


def jacobians(node: Node, steps: int | slice | Sequence[int] | np.ndarray | None = None) -> xr.DataArray:
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

    >>> import rnnviz, torch
    >>> _ = torch.manual_seed(0)
    >>> model = torch.nn.LSTM(2, 3)
    >>> with rnnviz.record(model) as recording:
    ...     model(torch.randn(5, 1, 2))[0][-1].sum().backward()
    >>> node = recording.trace["lstm"].sel(layer=0, direction="forward").isel(batch=0)
    >>> dict(rnnviz.stats.gradients.jacobians(node).sizes)  # the state of an LSTM is (h, c)
    {'time': 5, 'state': 6, 'previous_state': 6}
    """
    path = path_of(node)
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
        coords=along_time(node.isel(time=wanted)) | {"state": names, "previous_state": names},
        attrs={"long_name": "Jacobian of one step ∂s_t/∂s_{t-1}", "units": "1"},
    )


def path_of(node: Node) -> Path:
    """The path of a node with one layer, direction and sequence chosen. Raises ValueError where more is left, and for a slice
    of time."""
    node, positions = one_sequence(node)
    kind = node.attrs["kind"]
    refuse_partial(node, *NAMES[kind])
    names = ("hidden", "cell") if kind == "lstm" else ("hidden",)
    states = [over_time(node, name)[positions] for name in names]
    before = [states_before(node, name, positions) for name in names]
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


def one_sequence(node: Node) -> tuple[xr.Dataset, np.ndarray]:
    """The arrays of a node with one layer, direction and sequence chosen, and the positions of its steps on time, without
    padding, in the direction of reading. Raises ValueError where more is left, and for a slice of time."""
    node = dataset(node)
    refuse_slice(node)
    hidden = node["hidden"]
    over = "projection" if "projection" in hidden.dims else "unit"
    if set(hidden.dims) != {"time", over}:
        came = ", ".join(f"{dim} {size}" for dim, size in hidden.sizes.items())
        raise ValueError(
            f"choose one layer, direction and sequence: hidden came as ({came}), wanted (time, {over})"
        )
    read = np.flatnonzero(
        np.isfinite(hidden.transpose("time", over).values).all(1)
    )  # what is left is padding
    return node, _in_reading_order(node, read)


def _in_reading_order(node: xr.Dataset, read: np.ndarray) -> np.ndarray:
    """Positions in the order in which they were read: calls follow each other, each in its direction."""
    backward = "direction" in node.coords and str(node["direction"].item()) == "backward"
    if not backward:
        return read
    calls = node["call"].values[read] if "call" in node.coords else np.zeros(len(read))
    return read[np.lexsort((-read, calls))]


def over_time(node: xr.Dataset, name: str) -> np.ndarray:
    """A state or gate as float64 (time, unit or projection)."""
    return np.asarray(node[name].transpose("time", ...).values, np.float64)


def states_before(node: xr.Dataset, name: str, positions: np.ndarray) -> np.ndarray:
    """The state each step started from, (step, unit or projection), steps in reading order."""
    if not len(positions):
        none: np.ndarray = over_time(node, name)[positions]
        return none
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
) -> Path:
    slope = (hidden > 0).astype(np.float64) if node.attrs.get("nonlinearity") == "relu" else 1 - hidden**2

    def jacobian(step: int) -> np.ndarray:
        found: np.ndarray = slope[step][:, None] * weight[0]
        return found

    def back(step: int, rows: np.ndarray) -> np.ndarray:
        rows *= slope[step]
        found: np.ndarray = rows @ weight[0]
        return found

    return Path(positions, linked, jacobian, back, hidden.shape[1])


def _gru(
    node: xr.Dataset, positions: np.ndarray, linked: np.ndarray, weight: np.ndarray, before: np.ndarray
) -> Path:
    names = ("reset_gate", "update_gate", "candidate")
    r, z, n = (over_time(node, name)[positions] for name in names)
    bias = node["recurrent_bias"].transpose("gate", "unit").values.astype(np.float64)
    rows = ((before - n) * z * (1 - z), (1 - z) * (1 - n**2))
    in_reach = before @ weight[2].T + bias[2]  # what r multiplies
    by_gate = np.stack((rows[1] * in_reach * r * (1 - r), rows[0], rows[1] * r), axis=-1)

    def jacobian(step: int) -> np.ndarray:
        found = _weighted(by_gate[step], weight)
        found[np.diag_indices_from(found)] += z[step]
        return found

    def back(step: int, rows: np.ndarray) -> np.ndarray:
        found: np.ndarray = rows @ jacobian(step)
        return found

    return Path(positions, linked, jacobian, back, before.shape[1])


def _lstm(
    node: xr.Dataset,
    positions: np.ndarray,
    linked: np.ndarray,
    weight: np.ndarray,
    cell: np.ndarray,
    before: np.ndarray,
) -> Path:
    names = ("input_gate", "forget_gate", "candidate", "output_gate")
    i, f, g, o = (over_time(node, name)[positions] for name in names)
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

    return Path(positions, linked, jacobian, back, width, units, slope, projection)


def _weighted(by_gate: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Σ diag(by_gate) W over the gates. by_gate: (unit, gate); weight: (gate, unit, state)."""
    total: np.ndarray = sum(own[:, None] * matrix for own, matrix in zip(by_gate.T, weight, strict=True))
    return total


def along_time(node: Node) -> dict[Hashable, xr.DataArray]:
    """The coordinates that label time."""
    return {key: value for key, value in node.coords.items() if value.dims == ("time",)}


def step_of(path: Path, position: int | None, total: int) -> int:
    """The step at a position on time; the last one by default, −1 where there is none."""
    if position is None:
        return len(path.positions) - 1
    found = np.flatnonzero(path.positions == position)
    if not len(found):
        raise ValueError(
            f"to must be a step of the sequence, a position on time from 0 to {total - 1}; got {position}"
        )
    return int(found[0])


def count_of(count: int | None, width: int) -> int:
    if count is not None and count < 1:
        raise ValueError(f"count must be at least 1; got {count}")
    return width if count is None else min(count, width)
