"""A recording is a block: what it leaves behind, and what it does not."""

import threading

import numpy as np
import pytest
import torch
from torch import nn

from rnnviz.recording.block import record
from tests.recording.compared import Tagger, footprint


def test_nothing_is_left_on_the_model_also_when_it_raises():
    model = Tagger().eval()
    before = footprint(model)
    with pytest.raises(ZeroDivisionError), record(model) as recording:
        model(torch.randn(1, 5, 3))
        raise ZeroDivisionError
    assert footprint(model) == before
    assert torch.overrides._get_current_function_mode() is None
    assert recording.trace["encoder"]["time"].size == 5  # what ran before is there
    with pytest.raises(ValueError, match="Expected input"), record(model):
        model(torch.randn(1, 1, 5, 3))
    assert torch.overrides._get_current_function_mode() is None


def test_an_inner_recording_does_not_hide_the_call_from_the_outer():
    model, x = Tagger(), torch.randn(1, 5, 3)
    with record(model) as outer:
        with record(model.encoder) as inner:
            plain = model(x)
        model(x)
    assert inner.trace["lstm"]["hidden"].shape == (1, 1, 1, 5, 4)
    assert outer.trace["encoder"]["hidden"].shape == (1, 1, 1, 10, 4)
    assert torch.equal(plain, model(x))


def test_two_threads_record_each_their_own():
    model, traces, together = nn.GRU(3, 4), {}, threading.Barrier(2)

    def run(steps):
        with record(model) as recording:
            together.wait()
            model(torch.randn(steps, 1, 3))
            together.wait()
        traces[steps] = recording.trace["gru"]["time"].size

    threads = [threading.Thread(target=run, args=(steps,)) for steps in (4, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert traces == {4: 4, 7: 7}


def test_the_trace_comes_after_the_block_and_needs_a_call():
    module = nn.LSTM(3, 4)
    with record(module) as recording, pytest.raises(RuntimeError, match="after the block"):
        _ = recording.trace
    with pytest.raises(RuntimeError, match="no recurrent call was seen: call LSTM inside the block"):
        _ = recording.trace
    with record(nn.Linear(2, 2)) as recording:
        pass
    with pytest.raises(RuntimeError, match="Linear holds no nn.RNN"):
        _ = recording.trace


def test_nested_recordings_do_not_share_their_arrays():
    module, x = nn.LSTM(3, 4), torch.randn(6, 2, 3)
    with record(module) as outer, record(module) as inner:
        module(x)
    inner.trace["lstm"]["hidden"].values[:] = 99
    assert np.abs(outer.trace["lstm"]["hidden"].values).max() <= 1


def test_a_call_that_raised_was_none():
    module, x = nn.LSTM(3, 4), torch.randn(10, 2, 3)
    wrong = torch.zeros(1, 2, 4).double()
    with record(module) as recording:
        with pytest.raises(RuntimeError):
            module(x, (wrong, wrong))
        module(x)
    assert recording.trace["lstm"].sizes["time"] == 10


def test_modules_go_by_their_names_in_the_model():
    with record(model := Tagger()) as recording:
        model(torch.randn(1, 5, 3))
    assert set(recording.trace.children) == {"encoder", "head.rnn"}
    assert recording.trace["head.rnn"]["update_gate"].shape == (1, 1, 1, 5, 2)
    assert recording.trace.attrs["torch_version"] == torch.__version__
