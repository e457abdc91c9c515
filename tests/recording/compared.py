"""What the tests of the recorder share: a call without and with a recording, and when two results are the same."""

import numpy as np
import pytest
import torch
from torch import nn

from rnnviz.recording import cells
from rnnviz.recording.block import record

KINDS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
CELLS = {"rnn": nn.RNNCell, "gru": nn.GRUCell, "lstm": nn.LSTMCell}
each_kind = pytest.mark.parametrize("kind", KINDS)


def states(kind, module, batch=2, dtype=torch.float32):
    """Random initial states as the module wants them."""
    shape = (module.num_layers * (2 if module.bidirectional else 1), batch, module.hidden_size)
    h, c = torch.randn(2, *shape, dtype=dtype)
    return (h, c) if kind == "lstm" else h


def flat(outputs):
    """All tensors of (output, h_n) or (output, (h_n, c_n))."""
    output, final = outputs
    return (output, *final) if isinstance(final, tuple) else (output, final)


def same(one, other):
    """Equal to rounding: a few units in the last place of numbers of size 1."""
    return all(
        torch.allclose(a, b, rtol=0, atol=8 * torch.finfo(a.dtype).eps, equal_nan=True)
        for a, b in zip(flat(one), flat(other), strict=True)
    )


def plain_and_recorded(module, *inputs):
    """What the module returns without and with a recording, from one state of the random generator."""
    torch.manual_seed(1)
    plain = module(*inputs)
    after = torch.get_rng_state()
    torch.manual_seed(1)
    with record(module) as recording:
        came = module(*inputs)
    assert torch.equal(after, torch.get_rng_state())
    return plain, came, recording.trace


def footprint(model):
    return {
        name: (set(vars(module)), module.training, len(module._forward_hooks), len(module._forward_pre_hooks))
        for name, module in model.named_modules()
    }


def loop(kind, module, x, initial):
    """States and gates by layer and direction, stepped one by one: dicts of (time, batch, unit)."""
    found, width = {}, 2 if module.bidirectional else 1
    for layer in range(module.num_layers):
        outputs = []
        for direction in range(width):
            suffix = f"l{layer}" + ("_reverse" if direction else "")
            names = ["weight_ih_", "weight_hh_"] + (["bias_ih_", "bias_hh_"] if module.bias else [])
            weights = [getattr(module, name + suffix) for name in names]
            h = (initial[0] if kind == "lstm" else initial)[layer * width + direction]
            c = initial[1][layer * width + direction] if kind == "lstm" else None
            steps = [None] * len(x)
            for t in range(len(x))[:: -1 if direction else 1]:
                if kind == "lstm":
                    h, c, gates = cells.lstm_step(x[t], h, c, *weights)
                    steps[t] = {"hidden": h, "cell": c, **gates._asdict()}
                elif kind == "gru":
                    h, gates = cells.gru_step(x[t], h, *weights)
                    steps[t] = {"hidden": h, **gates._asdict()}
                else:
                    weights += [None] * (4 - len(weights))
                    h = cells.rnn_step(x[t], h, *weights, module.nonlinearity)
                    steps[t] = {"hidden": h}
            found[layer, direction] = {key: torch.stack([step[key] for step in steps]) for key in steps[0]}
            outputs.append(found[layer, direction]["hidden"])
        x = torch.cat(outputs, -1)
    return found


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.LSTM(3, 4, batch_first=True)
        self.head = nn.ModuleDict({"rnn": nn.GRU(4, 2, batch_first=True)})

    def forward(self, x):
        return self.head["rnn"](self.encoder(x)[0])[0]


def close(one, other, names=None, atol=1e-12):
    """Two nodes of the same numbers."""
    for name in names or [n for n in one.data_vars if n in other and one[n].dims == other[n].dims]:
        np.testing.assert_allclose(one[name], other[name], atol=atol, err_msg=name)
