"""Networks whose gradients are known: by hand, or by a loop of steps and autograd."""

from functools import cache

import numpy as np
import torch
import xarray as xr

from rnnviz.recording import cells

NAN, INF = np.nan, np.inf
LN2 = np.log(2)
KINDS = ["tanh", "relu", "gru", "lstm", "projected"]
DIRECTIONS = ["forward", "backward"]
ROWS = {"rnn": ["hidden"], "gru": list("rzn"), "lstm": list("ifgo")}


def linear(weight, steps, start=1.0):
    """A relu network whose units are always on: its Jacobian is the weight, at every step."""
    weight = np.asarray(weight, np.float64)
    units = len(weight)
    hidden = np.full((steps, units), start)
    return xr.Dataset(
        {
            "hidden": (("time", "unit"), hidden),
            "hidden_initial": ("unit", np.full(units, start)),
            "recurrent_weight": (("gate", "unit", "previous_unit"), weight[None]),
        },
        coords={"time": np.arange(steps), "direction": "forward"},
        attrs={"kind": "rnn", "nonlinearity": "relu"},
    )


def kept(forget):
    """A GRU that only keeps, h_t = z h_{t-1}: its Jacobians are diagonal, z of each step. forget: (time, unit)."""
    z = np.asarray(forget, np.float64)
    steps, units = z.shape
    zeros = np.zeros((steps, units))
    return xr.Dataset(
        {
            "hidden": (("time", "unit"), zeros),
            "hidden_initial": ("unit", np.zeros(units)),
            "reset_gate": (("time", "unit"), zeros),
            "update_gate": (("time", "unit"), z),
            "candidate": (("time", "unit"), zeros),
            "recurrent_weight": (("gate", "unit", "previous_unit"), np.zeros((3, units, units))),
            "recurrent_bias": (("gate", "unit"), np.zeros((3, units))),
        },
        coords={"time": np.arange(steps), "direction": "forward"},
        attrs={"kind": "gru"},
    )


def step(kind, weights):
    """One step of a cell as a function of (x, state): state = h or (h, c) in one piece, what comes is a tuple of them."""
    projection = weights.get("projection")
    own = [weights[name] for name in ("input_weight", "recurrent_weight", "input_bias", "recurrent_bias")]

    def run(x, state):
        if kind in ("tanh", "relu"):
            return (cells.rnn_step(x, state, *own, nonlinearity=kind),)
        if kind == "gru":
            return cells.gru_step(x, state, *own)[:1]
        if kind == "lstm":
            return cells.lstm_step(x, *state.chunk(2), *own)[:2]
        # Sak et al. 2014: h_t = W_hr (o * tanh c_t)
        width = projection.shape[0]
        h, c = state[:width], state[width:]
        rows = own[0] @ x + own[2] + own[1] @ h + own[3]
        i, f, g, o = rows.chunk(4)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return projection @ (o.sigmoid() * c.tanh()), c

    return run


@cache
def example(kind, direction="forward", steps=6, units=4, scale=1.0):
    """A node with gradients, and what made it: (node, step function, inputs, states before each step), float64.

    The loss is Σ_t <d_t, h_t> with random d, so that d_t is the direct gradient. All by a loop of steps and autograd.
    """
    generator = torch.Generator().manual_seed(5)

    def random(*shape):
        return scale * torch.randn(*shape, generator=generator, dtype=torch.float64)

    family = {"tanh": "rnn", "relu": "rnn", "projected": "lstm"}.get(kind, kind)
    gate_count = len(ROWS[family])
    width = 3 if kind == "projected" else units
    weights = {
        "input_weight": random(gate_count * units, 2),
        "recurrent_weight": random(gate_count * units, width),
        "input_bias": random(gate_count * units),
        "recurrent_bias": random(gate_count * units),
    }
    if kind == "projected":
        weights["projection"] = random(width, units)
    run = step(kind, weights)
    inputs = random(steps, 2)
    initial = random(width + (units if family == "lstm" else 0)) / 2
    direct = random(steps, width)
    order = range(steps) if direction == "forward" else range(steps - 1, -1, -1)
    before, after, state = {}, {}, initial.requires_grad_()
    for t in order:
        before[t] = state
        after[t] = run(inputs[t], state)
        for part in after[t]:
            part.retain_grad()
        state = torch.cat(after[t])
    sum((after[t][0] * direct[t]).sum() for t in order).backward()
    return (
        _node(family, kind, direction, weights, inputs, initial, before, after, direct),
        run,
        inputs,
        before,
    )


def _node(family, kind, direction, weights, inputs, initial, before, after, direct):
    steps, units = len(inputs), len(weights["input_bias"]) // len(ROWS[family])
    width = direct.shape[1]
    over = "projection" if kind == "projected" else "unit"
    previous_h = torch.stack([before[t][:width] for t in range(steps)]).detach()
    projection = torch.nn.functional.linear(inputs, weights["input_weight"], weights["input_bias"])
    own = (projection, previous_h, weights["recurrent_weight"], weights["recurrent_bias"])
    variables = {
        "hidden": (("time", over), torch.stack([after[t][0] for t in range(steps)])),
        "hidden_grad": (("time", over), torch.stack([after[t][0].grad for t in range(steps)])),
        "hidden_grad_direct": (("time", over), direct),
        "hidden_initial": (over, initial[:width]),
    }
    if family == "lstm":
        variables |= {
            name: (("time", "unit"), gate) for name, gate in cells.lstm_gates(*own)._asdict().items()
        }
        variables["cell"] = (("time", "unit"), torch.stack([after[t][1] for t in range(steps)]))
        variables["cell_grad"] = (("time", "unit"), torch.stack([after[t][1].grad for t in range(steps)]))
        variables["cell_initial"] = ("unit", initial[width:])
    if family == "gru":
        variables |= {
            name: (("time", "unit"), gate) for name, gate in cells.gru_gates(*own)._asdict().items()
        }
    if kind == "projected":
        variables["projection_weight"] = (("projection", "unit"), weights["projection"])
    gate_rows = len(ROWS[family])
    recurrent = weights["recurrent_weight"].reshape(gate_rows, units, width)
    variables["recurrent_weight"] = (("gate", "unit", "previous_unit"), recurrent)
    variables["recurrent_bias"] = (("gate", "unit"), weights["recurrent_bias"].reshape(gate_rows, units))
    return xr.Dataset(
        {name: (dims, values.detach().numpy()) for name, (dims, values) in variables.items()},
        coords={"time": np.arange(steps), "direction": direction},
        attrs={"kind": family} | ({"nonlinearity": kind} if family == "rnn" else {}),
    )


def in_reading_order(node):
    order = np.arange(node.sizes["time"])
    return order[::-1] if str(node["direction"].item()) == "backward" else order


def padded(node, extra=3):
    """The same sequence with NaN after its end."""
    longer = node.pad(time=(0, extra), constant_values=NAN)
    return longer.assign_coords(time=np.arange(longer.sizes["time"]))


def called(kind, direction, carried):
    """The path of `example` as two calls of 3 and 2 steps, the second from where the first ended or from elsewhere."""
    node = example(kind, steps=5)[0]
    names = ("hidden", "cell") if kind == "lstm" else ("hidden",)
    for name in names:
        initial = np.stack([node[f"{name}_initial"], node[name][2] + (0 if carried else 1)])
        node = node.assign({f"{name}_initial_by_call": (("calls", "unit"), initial)})
    read = [0, 1, 2, 3, 4] if direction == "forward" else [2, 1, 0, 4, 3]  # each call is read from its end
    node = node.isel(time=np.argsort(read)).assign_coords(time=np.arange(5), direction=direction)
    return node.assign_coords(call=("time", [0, 0, 0, 1, 1]))
