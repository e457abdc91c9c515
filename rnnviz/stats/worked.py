"""The working of every step of a recurrent cell: what was multiplied, added, squashed, kept and written."""

import numpy as np
import xarray as xr

from rnnviz.stats.gates import contributions, previous
from rnnviz.stats.nodes import Node, dataset

ROWS = {
    "rnn": ("hidden",),
    "gru": ("reset_gate", "update_gate", "candidate"),
    "lstm": ("input_gate", "forget_gate", "candidate", "output_gate"),
}
SATURATED = 5e-5  # from a limit: four digits no longer tell the two apart


def steps(node: Node, read: xr.DataArray | None = None) -> xr.Dataset:
    """Every number between x_t and h_t, in PyTorch's layout: gates = act(x_t W_ihᵀ + b_ih + h_{t-1} W_hhᵀ + b_hh).

    node: a recorded nn.RNN, nn.GRU or nn.LSTM with one layer, direction and sequence chosen. read: what the layer read,
    (time, any), where it is not the first one. Returns, over (time, gate, unit) unless said otherwise:

    - `input` (time, input_unit), `previous_hidden`, `hidden` (time, unit), for an LSTM `previous_cell`, `cell`;
    - `input_weight`, `recurrent_weight`, `input_bias`, `recurrent_bias` (gate, unit, …), as they were;
    - `input_product` W_ih x_t, `recurrent_product` W_hh h_{t-1}, and with their biases `input_part`, `recurrent_part`;
    - `pre_activation`, the sum of the parts, and `activation`, what torch made of it, from the recording. In a GRU's
      candidate the recurrent part goes through r first: `reset_part` (time, unit) is r ∘ (W_hn h_{t-1} + b_hn);
    - `kept` and `written` (time, unit), see `stats.gates.contributions`; for an LSTM `squashed`, tanh(c_t).

    float64. Raises ValueError for an LSTM with proj_size, and where a higher layer comes without `read`.
    """
    node = dataset(node)
    kind = node.attrs["kind"]
    if "projection" in node["hidden"].dims:
        raise ValueError("an LSTM with proj_size has a further product, which is not worked here")
    if set(node["hidden"].dims) != {"time", "unit"}:
        raise ValueError(f"choose one layer, direction and sequence: hidden came over {node['hidden'].dims}")
    if read is None:
        if int(node["layer"]):
            raise ValueError(f"layer {int(node['layer'])} reads the layer below: give it as read")
        read = node["input"].rename(feature="input_unit")
    x = read.transpose("time", ...).values.astype(np.float64)
    before = previous(node, "hidden").values.astype(np.float64)
    weights = {
        name: node[name].transpose("gate", "unit", ...).values.astype(np.float64)
        for name in ("input_weight", "recurrent_weight", "input_bias", "recurrent_bias")
    }
    weights["input_weight"] = weights["input_weight"][
        ..., : x.shape[1]
    ]  # beyond a layer's own width it is NaN
    products = np.einsum("tk,guk->tgu", x, weights["input_weight"])
    recurrent = np.einsum("tk,guk->tgu", before, weights["recurrent_weight"])
    parts = products + weights["input_bias"], recurrent + weights["recurrent_bias"]
    activation = np.stack([node[name].transpose("time", "unit").values for name in ROWS[kind]], axis=1)
    sums, more = parts[0] + parts[1], {}
    if kind == "gru":
        more["reset_part"] = activation[:, 0] * parts[1][:, 2]
        sums[:, 2] = parts[0][:, 2] + more["reset_part"]
    if kind != "rnn":
        both = contributions(node)
        more |= {"kept": both["keep"].values, "written": both["write"].values}
    if kind == "lstm":
        cell = node["cell"].transpose("time", "unit").values
        more |= {"previous_cell": previous(node, "cell").values, "cell": cell, "squashed": np.tanh(cell)}
    by_gate = {
        "input_product": products,
        "recurrent_product": recurrent,
        "input_part": parts[0],
        "recurrent_part": parts[1],
        "pre_activation": sums,
        "activation": activation,
    }
    by_unit = {"previous_hidden": before, "hidden": node["hidden"].transpose("time", "unit").values, **more}
    ends = {"input_weight": ("input_unit",), "recurrent_weight": ("previous_unit",)}
    found = xr.Dataset(
        {"input": (("time", "input_unit"), x)}
        | {name: (("time", "unit"), values.astype(np.float64)) for name, values in by_unit.items()}
        | {name: (("time", "gate", "unit"), values.astype(np.float64)) for name, values in by_gate.items()}
        | {name: (("gate", "unit", *ends.get(name, ())), values) for name, values in weights.items()},
        coords={"gate": list(ROWS[kind])},
        attrs={"kind": kind, "nonlinearity": node.attrs.get("nonlinearity", "tanh")},
    )
    if "token" in node.coords:
        found = found.assign_coords(token=("time", node["token"].values))
    for name in found.data_vars:
        found[name].attrs = {"long_name": str(name).replace("_", " "), "units": "1"}
    return found


def saturated(working: xr.Dataset) -> tuple[int, int]:
    """How many activations lie so near a limit of their function that four digits show the limit, and how many there are.

    working: as `steps` returns it. A relu has no upper limit: only tanh and sigmoid count.
    """
    if working.attrs["kind"] == "rnn" and working.attrs["nonlinearity"] == "relu":
        return 0, 0
    signed = working["gate"].isin(["candidate", "hidden"])
    activation = working["activation"]
    above = 1 - activation
    left = activation.where(activation < above, above).where(~signed, 1 - abs(activation))
    return int((left < SATURATED).sum()), activation.size
