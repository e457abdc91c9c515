"""What cannot be recorded is refused in one line that says what to do."""

import pytest
import torch
from torch import nn

from rnnviz.recording.block import record


def test_what_cannot_be_recorded_is_refused_in_one_line():
    compiled = torch.compile(nn.GRU(3, 4), backend="eager")
    with pytest.raises(NotImplementedError, match="compiled"), record(compiled):
        pass
    gru, x = nn.GRU(3, 4), torch.randn(5, 2, 3)
    with (
        pytest.raises(NotImplementedError, match="outside torch.autocast"),
        record(gru),
        torch.autocast("cpu", torch.bfloat16),
    ):
        gru(x)
    with pytest.raises(NotImplementedError, match="inside torch.func"), record(gru):
        torch.func.grad(lambda x: gru(x)[0].sum())(x)
    with pytest.raises(TypeError, match="wants an nn.Module; got int"), record(3):
        pass


@pytest.mark.filterwarnings("ignore:`torch.jit")
def test_a_scripted_module_is_refused():
    with (
        pytest.raises(NotImplementedError, match="ScriptModule"),
        record(nn.Sequential(torch.jit.script(nn.GRU(3, 4)))),
    ):
        pass


def test_a_checkpointed_model_is_refused_in_one_line():
    module, x = nn.GRU(4, 5), torch.randn(5, 2, 4)
    with pytest.raises(NotImplementedError, match="torch.utils.checkpoint"), record(module):
        torch.utils.checkpoint.checkpoint(lambda x: module(x)[0], x, use_reentrant=False)


@pytest.mark.filterwarnings("ignore:`torch.jit")  # forward-mode AD itself loads it
def test_what_else_cannot_be_followed_is_refused_in_one_line():
    module, x = nn.GRU(3, 4, dtype=torch.float64), torch.randn(5, 2, 3).double().requires_grad_()
    with pytest.raises(NotImplementedError, match="batched backward"), record(module):
        output, _ = module(x)
        torch.autograd.grad(output, x, torch.stack([torch.ones_like(output)] * 2), is_grads_batched=True)
    with (
        pytest.raises(NotImplementedError, match="forward-mode"),
        record(module),
        torch.autograd.forward_ad.dual_level(),
    ):
        module(torch.autograd.forward_ad.make_dual(x.detach(), torch.ones_like(x)))
    with pytest.raises(RuntimeError, match="changed before its call 1"):
        with record(module) as recording, torch.no_grad():
            module(x)
            module.float()(x.float())
        _ = recording.trace
    with pytest.raises(ValueError, match="a slash parts levels"):
        with record(model := nn.ModuleDict({"a/b": nn.GRU(3, 4)})) as recording:
            model["a/b"](torch.randn(5, 2, 3))
        _ = recording.trace


def test_a_sequence_of_no_steps_is_named():
    with (
        pytest.raises(RuntimeError, match=r"'gru': input came with shape \(time 0, batch 2, feature 4\)"),
        record(m := nn.GRU(4, 5)),
    ):
        m(torch.randn(0, 2, 4))
