"""What the gates do: how often they are shut or open, what a cell keeps and writes, for how long it remembers."""

import numpy as np
import xarray as xr

from rnnviz.stats.nodes import Node, dataset, refuse_partial, refuse_slice

NAMES = {
    "lstm": ("input_gate", "forget_gate", "candidate", "output_gate", "cell"),
    "gru": ("reset_gate", "update_gate", "candidate"),
    "rnn": (),
}
KEEPING = {"lstm": "forget_gate", "gru": "update_gate"}
"""The gate that multiplies the old state: PyTorch's z keeps, as in h_t = (1 - z) n + z h_{t-1}."""


def names(node: Node) -> tuple[str, ...]:
    """The gates and what goes with them that a recorded module has, in drawing order; empty for a plain RNN."""
    return NAMES[node.attrs["kind"]]


def saturation(gate: xr.DataArray, low: float = 0.1, high: float = 0.9) -> xr.Dataset:
    """Share of steps at which each unit's gate is shut (< low) or open (> high).

    gate: dims include time; values in [0, 1]. Returns `shut` and `open`, without time, fractions in [0, 1]. They are the
    left- and right-saturated shares of Karpathy, Johnson & Fei-Fei 2015, arXiv:1506.02078, section 4.2.
    Raises ValueError unless 0 <= low < high <= 1.

    >>> import rnnviz, xarray as xr
    >>> gate = xr.DataArray([[0.05, 0.5, 0.95, 0.99]], dims=("unit", "time"))
    >>> shares = rnnviz.stats.gates.saturation(gate)
    >>> shares["shut"].item(), shares["open"].item()
    (0.25, 0.5)
    """
    if not 0 <= low < high <= 1:
        raise ValueError(f"need 0 <= low < high <= 1; got low={low}, high={high}")
    steps = gate.count("time")  # padding is NaN and does not count
    shares = {
        "shut": ((gate < low).sum("time") / steps, f"share of steps below {low:g}"),
        "open": ((gate > high).sum("time") / steps, f"share of steps above {high:g}"),
    }
    return xr.Dataset(
        {
            name: share.assign_attrs(long_name=text, units="1", valid_range=[0.0, 1.0])
            for name, (share, text) in shares.items()
        }
    )


def half_life(gate: xr.DataArray) -> xr.DataArray:
    """Memory length: steps after which half of a memory is left when only the gate acts on it, per unit, over a text.

    gate: dims include time; the gate that keeps, values in [0, 1]. A memory kept by f at each step is halved after
    ln(1/2) / ln(f) steps; over a text f is the geometric mean of its steps, so this is no step's own half-life. Returns the
    same without time; inf where the gate never closes, 0 where it once shut completely.

    >>> import rnnviz, xarray as xr
    >>> gate = xr.DataArray([[0.5, 0.5], [0.9, 0.9]], dims=("unit", "time"))
    >>> rnnviz.stats.gates.half_life(gate).values.round(2)
    array([1.  , 6.58])
    """
    with np.errstate(divide="ignore"):
        logs: xr.DataArray = xr.apply_ufunc(np.log, gate.astype(np.float64))
        rate = 0.0 - logs.mean("time")  # 0.0 - 0.0 is 0.0, where -0.0 would give -inf
        steps: xr.DataArray = np.log(2.0) / rate
    return steps.drop_attrs(deep=False).assign_attrs(long_name="memory length", units="steps")


def previous(node: Node, name: str) -> xr.DataArray:
    """The state each step started from: one step earlier in the direction of reading, the initial state at the first.

    node: a recorded module with one layer, direction and sequence chosen; name: `hidden` or `cell`. Where the module was
    called several times, each call starts from its own initial state. Returns (time, unit).
    Raises ValueError for a slice of time: what precedes it is not there.
    """
    node = dataset(node)
    refuse_slice(node)
    state = node[name].transpose("time", "unit")
    backward = str(state["direction"].item()) == "backward" if "direction" in state.coords else False
    shift = -1 if backward else 1
    moved = state.roll(time=shift, roll_coords=False).copy()
    if f"{name}_initial_by_call" not in node:
        moved[{"time": -1 if backward else 0}] = node[f"{name}_initial"].values
        return moved
    for call, initial in enumerate(node[f"{name}_initial_by_call"].transpose("calls", "unit").values):
        steps = np.flatnonzero(node["call"].values == call)
        moved[{"time": steps[-1] if backward else steps[0]}] = initial
    return moved


def contributions(node: Node) -> xr.Dataset:
    """What a cell keeps of its old state and what it writes; together they are the new state.

    node: a recorded LSTM (keep f∘c_{t-1}, write i∘g, state c_t) or GRU (keep z∘h_{t-1}, write (1-z)∘n, state h_t), with one
    layer, direction and sequence chosen. Returns `keep`, `write`, `state`, each (time, unit).
    Raises ValueError for a plain RNN, which keeps nothing apart from what it writes, and where a field was not kept.

    >>> import rnnviz, torch
    >>> _ = torch.manual_seed(0)
    >>> model = torch.nn.LSTM(2, 3)
    >>> with rnnviz.record(model) as recording:
    ...     model(torch.randn(5, 1, 2))[0][-1].sum().backward()
    >>> node = recording.trace["lstm"].sel(layer=0, direction="forward").isel(batch=0)
    >>> parts = rnnviz.stats.gates.contributions(node)
    >>> bool(abs(parts["keep"] + parts["write"] - parts["state"]).max() < 1e-6)
    True
    """
    node = dataset(node)
    kind = node.attrs["kind"]
    refuse_partial(node, *NAMES[kind])
    if kind == "lstm":
        state = node["cell"]
        keep = node["forget_gate"] * previous(node, "cell")
        write = node["input_gate"] * node["candidate"]
        texts = ("kept: f∘c before", "written: i∘g", "cell state c")
    elif kind == "gru":
        state = node["hidden"]
        keep = node["update_gate"] * previous(node, "hidden")
        write = (1 - node["update_gate"]) * node["candidate"]
        texts = ("kept: z∘h before", "written: (1-z)∘n", "hidden state h")
    else:
        raise ValueError(f"a {kind} has no gates, so nothing is kept apart from what is written")
    parts = dict(zip(("keep", "write", "state"), (keep, write, state), strict=True))
    return xr.Dataset(
        {
            name: part.transpose("time", "unit")
            .drop_attrs(deep=False)  # of the coordinates there is no need, and it takes 20 ms
            .assign_attrs(long_name=text, units="1", kind=kind)
            for (name, part), text in zip(parts.items(), texts, strict=True)
        }
    )
