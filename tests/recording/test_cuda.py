"""The recorder's facts on CUDA, where cuDNN runs the kernels. One short file, so that a card is needed for a minute only.

pytest -q tests/recording/test_cuda.py
"""

import copy
import itertools
import warnings

import numpy as np
import pytest
import torch
from torch import nn

from rnnviz.recording.block import record
from tests.recording.compared import KINDS, each_kind, flat, loop, states

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")

SHAPES = [
    {"num_layers": layers, "bidirectional": two, "bias": bias, "batch_first": first}
    for layers, two, bias, first in itertools.product((1, 2, 3), (False, True), (False, True), (False, True))
]


def run(module, x, initial=None):
    """Output, final states and all gradients of one forward and backward, on the CPU."""
    x = x.clone().requires_grad_()
    outputs = flat(module(x, initial))
    outputs = [getattr(o, "data", o) if not isinstance(o, torch.Tensor) else o for o in outputs]
    grads = torch.autograd.grad(sum(o.square().sum() for o in outputs), [x, *module.parameters()])
    return [t.detach().cpu() for t in (*outputs, *grads)]


def agree(one, other, atol):
    for a, b in zip(one, other, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=atol)


@pytest.mark.parametrize("more", SHAPES, ids=str)
@each_kind
def test_recording_changes_no_output_and_no_gradient_and_warns_of_nothing(kind, more):
    torch.manual_seed(0)
    module = KINDS[kind](4, 5, **more).double().cuda()
    x = torch.randn(7, 3, 4).double().cuda()
    plain = run(module, x)
    reference = run(copy.deepcopy(module).cpu(), x.cpu())
    with warnings.catch_warnings(), record(module) as recording:
        warnings.simplefilter("error")
        came = run(module, x)
    agree(plain, reference, 1e-10)
    agree(came, reference, 1e-10)
    assert recording.trace[kind].attrs["replay_error"] < 1e-10


@pytest.mark.parametrize("bias", [False, True])
@each_kind
def test_states_gates_and_total_gradients_are_those_of_the_cpu(kind, bias):
    torch.manual_seed(0)
    module = KINDS[kind](4, 5, 2, bias=bias, bidirectional=True).double()
    x = torch.randn(7, 3, 4).double()
    traces = []
    for device in ("cpu", "cuda"):
        moved = copy.deepcopy(module).to(device)
        with record(moved) as recording:
            moved(x.to(device))[0].square().sum().backward()
        traces.append(recording.trace[kind])
    for name in traces[0].data_vars:
        np.testing.assert_allclose(traces[1][name], traces[0][name], atol=1e-10, err_msg=name)
    initial = states(kind, module, batch=3, dtype=torch.float64)
    with torch.no_grad(), record(cuda := copy.deepcopy(module).cuda()) as recording:
        cuda(x.cuda(), tuple(s.cuda() for s in initial) if kind == "lstm" else initial.cuda())
    wanted = loop(kind, module, x, initial)
    for (layer, direction), arrays in wanted.items():
        node = recording.trace[kind].isel(layer=layer, direction=direction)
        for name, array in arrays.items():
            came = node[name].transpose("time", "batch", "unit")
            np.testing.assert_allclose(came, array.detach(), atol=1e-10, err_msg=name)


@pytest.mark.parametrize("bias", [False, True])
@each_kind
def test_packed_sequences_too(kind, bias):
    torch.manual_seed(0)
    module = KINDS[kind](4, 5, 2, bias=bias, bidirectional=True).double().cuda()
    packed = nn.utils.rnn.pack_sequence(
        [torch.randn(n, 4).double().cuda() for n in (2, 5, 3)], enforce_sorted=False
    )
    found = []
    for recorded in (False, True):
        module.zero_grad()
        if recorded:
            with record(module):
                output, _ = module(packed)
                output.data.square().sum().backward()
        else:
            output, _ = module(packed)
            output.data.square().sum().backward()
        found.append([output.data.detach().cpu(), *(p.grad.cpu() for p in module.parameters())])
    agree(*found, 1e-10)


@pytest.mark.parametrize("bias", [False, True])
def test_projections_too(bias):
    torch.manual_seed(0)
    module = nn.LSTM(4, 6, 2, bias=bias, proj_size=3, bidirectional=True).double().cuda()
    x = torch.randn(7, 3, 4).double().cuda()
    plain = run(module, x)
    with record(module):
        agree(run(module, x), plain, 1e-10)


@pytest.mark.parametrize("first", [False, True], ids=["time_first", "batch_first"])
@each_kind
def test_whatever_raises_without_a_recording_raises_with_one(kind, first):
    def step_between(module):
        optimiser = torch.optim.SGD(module.parameters(), lr=0.1)
        first = module(torch.ones(3, 2, 4, device="cuda"))[0].sum()
        module(torch.ones(3, 2, 4, device="cuda"))[0].sum().backward()
        optimiser.step()
        first.backward()

    def written_to(module):
        output, _ = module(torch.ones(3, 2, 4, device="cuda"))
        with torch.no_grad():
            output.add_(1.0)
        output.sum().backward()

    for wrong in (step_between, written_to):
        said = []
        for recorded in (False, True):
            module = KINDS[kind](4, 5, batch_first=first).cuda()
            try:
                if recorded:
                    with record(module):
                        wrong(module)
                else:
                    wrong(module)
                said.append(None)
            except RuntimeError as error:
                said.append(str(error).split(":")[0])
        assert said[0] == said[1]
