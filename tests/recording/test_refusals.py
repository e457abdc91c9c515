"""What cannot be recorded is refused in one line that says what to do."""

import pytest
import torch
from torch import nn

from rnnviz.recording.block import record


def test_what_cannot_be_recorded_is_refused_in_one_line():
    gru, x = nn.GRU(3, 4), torch.randn(5, 2, 3)
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


def test_a_reentrant_checkpoint_is_refused_in_one_line():
    module, x = nn.GRU(4, 5), torch.randn(5, 2, 4, requires_grad=True)
    with (
        pytest.raises(NotImplementedError, match="runs the module again, as torch.utils.checkpoint"),
        record(module),
    ):
        torch.utils.checkpoint.checkpoint(lambda x: module(x)[0], x, use_reentrant=True)


class Own(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return super().__torch_function__(func, types, args, kwargs or {})


def test_a_tensor_that_answers_for_itself_is_refused():
    module = nn.GRU(4, 5)
    with (
        pytest.raises(NotImplementedError, match="cannot read Own, which has a __torch_function__"),
        record(module),
    ):
        module(torch.randn(3, 2, 4).as_subclass(Own))


class Peephole(nn.LSTMCell):
    def forward(self, x, states=None):
        return (x @ self.weight_ih.T)[:, :4].tanh()


class Computed(nn.Module):
    def __init__(self):
        super().__init__()
        self.weights = nn.ParameterList([nn.Parameter(torch.randn(16, n)) for n in (3, 4)])

    def forward(self, x):
        begin = torch.zeros(1, x.shape[1], 4)
        return torch.lstm(
            x, (begin, begin), [2 * w for w in self.weights], False, 1, 0.0, False, False, False
        )


@pytest.mark.parametrize(
    ("model", "shape", "message"),
    [
        (Peephole(3, 4), (2, 3), "'Peephole' has a forward of its own without torch's kernel"),
        (Computed(), (5, 2, 3), "torch's lstm was called with weights that no module of it holds"),
    ],
)
def test_why_nothing_was_seen_of_what_was_called(model, shape, message):
    with record(model) as recording:
        model(torch.randn(shape))
    with pytest.raises(RuntimeError, match=message):
        _ = recording.trace


class Quantised(nn.LSTM):
    """Stands for torch.ao.nn.quantized.dynamic.LSTM, which torch warns of when one is made."""

    def forward(self, x):
        return x


Quantised.__module__, Quantised.__name__ = "torch.ao.nn.quantized.dynamic.modules.rnn", "LSTM"


def test_a_quantised_module_is_named_and_costs_the_others_nothing():
    with record(alone := nn.ModuleDict({"reader": Quantised(4, 5)})) as recording:
        alone["reader"](torch.randn(5, 2, 4))
    with pytest.raises(RuntimeError, match="'reader' is a quantised LSTM.*record the float model"):
        _ = recording.trace
    with record(both := nn.ModuleDict({"reader": Quantised(4, 5), "head": nn.GRU(4, 5)})) as recording:
        both["head"](both["reader"](torch.randn(5, 2, 4)))
    with pytest.warns(RuntimeWarning, match="'reader' is a quantised LSTM"):
        assert list(recording.trace.children) == ["head"]


@pytest.mark.filterwarnings("ignore")
def test_a_model_that_is_traced_is_refused_in_one_line():
    module = nn.GRU(4, 5)
    with pytest.raises(NotImplementedError, match="trace the model outside the block"), record(module):
        torch.export.export(module, (torch.randn(5, 2, 4),))
