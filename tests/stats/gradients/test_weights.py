"""What each step adds to the gradient of the recurrent weight: together it is what torch has in `.grad`."""

import numpy as np
import pytest
import torch
from torch import nn

from rnnviz import record, stats
from tests.stats.gradients.networks import KINDS

MODULES = {
    "tanh": (nn.RNN, {}),
    "relu": (nn.RNN, {"nonlinearity": "relu"}),
    "gru": (nn.GRU, {}),
    "lstm": (nn.LSTM, {}),
    "projected": (nn.LSTM, {"proj_size": 2}),
}


def recorded(kind, packed=False, calls=1):
    torch.manual_seed(0)
    make, more = MODULES[kind]
    module = make(3, 4, 2, bidirectional=True, **more).double()
    rows = [torch.randn(steps, 3).double() for steps in (6, 4, 5)]
    x = nn.utils.rnn.pack_sequence(rows, enforce_sorted=False) if packed else torch.randn(6, 2, 3).double()
    with record(module) as recording:
        state, loss = None, 0.0
        for _call in range(calls):
            output, state = module(x, state)
            loss = loss + (output.data if packed else output).sin().sum()
        loss.backward()
    return module, recording.trace["rnn" if kind in ("tanh", "relu") else kind.replace("projected", "lstm")]


def sequences(node):
    for layer in range(node.sizes["layer"]):
        for direction in range(node.sizes["direction"]):
            yield (
                layer,
                direction,
                [
                    node.to_dataset().isel(layer=layer, direction=direction, batch=row)
                    for row in range(node.sizes["batch"])
                ],
            )


@pytest.mark.parametrize(("packed", "calls"), [(False, 1), (True, 1), (False, 3)])
@pytest.mark.parametrize("kind", KINDS)
def test_contributions_add_up_to_what_torch_has(kind, packed, calls):
    module, node = recorded(kind, packed, calls)
    for layer, direction, rows in sequences(node):
        parts = [stats.gradients.weight_contributions(row) for row in rows]
        name = f"l{layer}{'_reverse' * direction}"
        weight = getattr(module, f"weight_hh_{name}").grad.numpy()
        summed = sum(part.sum("time") for part in parts).values.reshape(weight.shape)
        np.testing.assert_allclose(summed, weight, rtol=0, atol=1e-10)
        bias = sum(stats.gradients.deltas(row).sum("time") for row in rows).values.ravel()
        np.testing.assert_allclose(bias, getattr(module, f"bias_hh_{name}").grad, rtol=0, atol=1e-10)
        delta = stats.gradients.deltas(rows[-1])
        for gate in delta["gate"].values:
            factors = stats.gradients.delta_factors(rows[-1], gate)
            np.testing.assert_array_equal(factors.prod("factor", skipna=False), delta.sel(gate=gate))
        sizes = stats.gradients.weight_norms(rows[-1])
        wanted = np.sqrt((parts[-1] ** 2).sum(("gate", "unit", "previous_unit"), skipna=False))
        np.testing.assert_allclose(sizes, wanted, atol=1e-12)


@pytest.mark.parametrize("kind", ["tanh", "gru", "lstm"])
def test_a_window_is_the_gradient_of_truncated_backpropagation(kind):
    torch.manual_seed(1)
    module = MODULES[kind][0](3, 4).double()
    x = torch.randn(9, 1, 3).double()
    with record(module) as recording:
        module(x)[0][-1].sin().sum().backward()
    node = recording.trace["rnn" if kind == "tanh" else kind].isel(layer=0, direction=0, batch=0)
    whole = module.weight_hh_l0.grad.clone()
    with torch.no_grad():
        _output, state = module(x[:5])  # cut off here: nothing goes back through it
    module.zero_grad()
    module(x[5:], state)[0][-1].sin().sum().backward()
    cut = module.weight_hh_l0.grad
    found = stats.gradients.weight_window(node, 5, 8)
    np.testing.assert_allclose(found["kept"].values.reshape(cut.shape), cut, atol=1e-12)
    np.testing.assert_allclose(found["whole"].values.reshape(cut.shape), whole, atol=1e-12)
    cosine = nn.functional.cosine_similarity(cut.flatten(), whole.flatten(), dim=0)
    assert found["angle"].item() == pytest.approx(np.degrees(np.arccos(cosine.item())), abs=1e-6)
    assert found["share"].item() == pytest.approx((cut.norm() / whole.norm()).item())
    assert stats.gradients.weight_window(node, 0, 8)["angle"].item() == pytest.approx(0, abs=1e-5)


def test_what_cannot_be_is_said():
    _module, node = recorded("gru")
    one = node.isel(layer=0, direction=0, batch=0)
    with pytest.raises(ValueError, match="choose one layer, direction and sequence"):
        stats.gradients.deltas(node)
    with pytest.raises(ValueError, match="need 0 <= first <= last < 6; got 3 and 6"):
        stats.gradients.weight_window(one, 3, 6)
    with pytest.raises(ValueError, match="steps must be positions on time, 0 to 5; got 7"):
        stats.gradients.weight_contributions(one, 7)
    with pytest.raises(ValueError, match="gate must be one of reset_gate, update_gate, candidate; got 'o'"):
        stats.gradients.delta_factors(one, "o")
    with pytest.raises(ValueError, match="no gradients"):
        stats.gradients.deltas(one.to_dataset().drop_vars("hidden_grad"))
