"""Under torch.autocast: the kernels run in its type, and the trace holds what they read and gave."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from rnnviz.recording.block import record
from rnnviz.recording.edits import Edit
from tests.recording.compared import CELLS, KINDS, each_kind, flat

DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")),
]
TYPES = {"cpu": torch.bfloat16, "cuda": torch.float16}


def lowered(device="cpu"):
    return torch.autocast(device, TYPES[device])


def gradients(module, x, packed=False):
    """What a call under autocast and a backward of its squares give: outputs, then the gradients of x and of the weights."""
    x = x.clone().requires_grad_()
    with lowered(x.device.type):
        outputs = flat(module(pack_padded_sequence(x, [9, 9, 4]) if packed else x))
        outputs = [
            getattr(part, "data", part) if packed and index == 0 else part
            for index, part in enumerate(outputs)
        ]
    loss = sum(part.float().square().sum() for part in outputs)
    return outputs, torch.autograd.grad(loss, [x, *module.parameters()])


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("packed", [False, True])
@each_kind
def test_outputs_are_the_kernels_own_and_gradients_no_further_from_the_truth(kind, packed, device):
    torch.manual_seed(0)
    module, x = KINDS[kind](6, 25, 2, bidirectional=True).to(device), torch.randn(9, 3, 6, device=device)
    plain, theirs = gradients(module, x, packed)
    with record(module) as recording:
        came, ours = gradients(module, x, packed)
    for one, other in zip(came, plain, strict=True):
        assert one.dtype == other.dtype and torch.equal(one, other)
    exact = KINDS[kind](6, 25, 2, bidirectional=True).double().to(device)
    exact.load_state_dict(module.state_dict())
    with torch.autocast(device, enabled=False):
        _, true = gradients(exact, x.double(), packed)

    def off(found):
        return max(((a.double() - b).norm() / b.norm()).item() for a, b in zip(found, true, strict=True))

    assert off(ours) < 1.5 * off(theirs) < 0.05
    assert {gradient.dtype for gradient in ours} == {torch.float32}
    node = recording.trace[kind]
    assert node["hidden"].dtype == np.float32 and node.attrs["replay_error"] < 0.02
    assert np.isfinite(node["hidden_grad"]).all() or packed
    read = torch.from_numpy(node["input"].values)
    assert torch.equal(read, read.to(TYPES[device]).float()) or packed  # NaN beyond a sequence's end


@each_kind
def test_cells_edits_and_calls_without_gradients_are_recorded_too(kind):
    torch.manual_seed(0)
    cell, x = CELLS[kind](4, 5), torch.randn(6, 2, 4)

    def loop():
        state, found = None, []
        for one in x:
            state = cell(one, state)
            found.append(state[0] if kind == "lstm" else state)
        return torch.stack(found)

    with lowered():
        plain = loop()
        with record(cell) as recording:
            came = loop()
            came.float().square().sum().backward()
    assert torch.equal(plain, came)
    assert recording.trace[kind].attrs["replay_error"] < 0.02
    module = KINDS[kind](4, 5)
    with lowered(), torch.no_grad():
        plain = flat(module(x))
        with record(module) as recording:
            module(x)
        there = recording.trace[kind]["hidden"].isel(layer=0, direction=0, time=3)
        edit = Edit("hidden", there.transpose("batch", "unit").values, steps=3)
        with record(module, edit=[edit]):
            came = flat(module(x))
    for one, other in zip(came, plain, strict=True):
        assert one.dtype == other.dtype and torch.equal(one, other)


@each_kind
def test_what_raises_without_a_recording_raises_with_it_and_no_gradient_is_lost(kind):
    module, x = KINDS[kind](4, 5), torch.randn(6, 2, 4)
    found = {}
    for recorded in (False, True):
        with lowered():
            if recorded:
                with record(module):
                    first = module(x)[0]
            else:
                first = module(x)[0]
            later = module(x)[0]  # the same weights, of which autocast may have kept what it made
        with torch.no_grad():
            module.weight_hh_l0.mul_(1)  # written to: the kernel read a copy
        found[recorded] = torch.autograd.grad(
            first.float().sum() + later.float().sum(), list(module.parameters())
        )
    for one, other in zip(found[True], found[False], strict=True):
        assert torch.allclose(one, other, rtol=0.05, atol=0.05)


def test_gradients_of_gradients_are_refused_in_one_line():
    gru, x = nn.GRU(4, 5), torch.randn(6, 2, 4, requires_grad=True)
    with record(gru), lowered():
        loss = gru(x)[0].float().sum()
        with pytest.raises(NotImplementedError, match="under torch.autocast: leave autocast out"):
            torch.autograd.grad(loss, x, create_graph=True)
