"""A recording into a file is what the same recording in memory is; what was written is held no longer."""

import numpy as np
import pytest
import torch
from torch import nn

import rnnviz
from rnnviz.recording import to_file
from rnnviz.recording.block import record
from tests.recording.compared import CELLS, KINDS
from tests.recording.test_outputs import Reader


def same(one, other):
    """Two traces of the same numbers and words, but that a file always has the states before each call."""
    assert set(one.children) == set(other.children)  # a file has them in the order in which they came
    for name in one.children:
        mine, theirs = one[name].to_dataset(inherit=False), other[name].to_dataset(inherit=False)
        assert set(theirs.variables) <= set(mine.variables)
        for key in theirs.variables:
            assert mine[key].dims == theirs[key].dims and set(mine[key].attrs) == set(theirs[key].attrs), key
            if theirs[key].dtype.kind in "fiu":
                np.testing.assert_allclose(mine[key], theirs[key], atol=1e-6, err_msg=key)
            else:
                assert mine[key].values.tolist() == theirs[key].values.tolist()
        assert {key: mine.attrs[key] for key in ("kind", "steps") if key in theirs.attrs} == {
            key: theirs.attrs[key] for key in ("kind", "steps") if key in theirs.attrs
        }


@pytest.mark.parametrize(("kind", "gathered"), [("rnn", 10**9), ("gru", 0), ("lstm", 0), ("lstm", 10**9)])
def test_a_file_holds_what_memory_would(kind, gathered, tmp_path, monkeypatch):
    monkeypatch.setattr(to_file, "GATHERED", gathered)
    module, cell = KINDS[kind](2, 3, 2, bidirectional=True), CELLS[kind](2, 3)
    model, x = nn.ModuleDict({"a": module, "b": cell}), torch.randn(9, 3, 2)
    words = {"tokens": {"a": "abcdefghi"}, "names": {"a": ["x", "y", "z"]}, "labels": {"b": [1, 2, 3]}}
    found = []
    for more in ({}, {"file": tmp_path / "run.nc"}):
        with torch.no_grad(), record(model, **words, **more) as recording:
            _, states = module(x[:4])
            module(x[4:], states)
            module(x[:, :1])
            for step in x:
                cell(step)
        found.append(recording.trace)
    memory, file = found
    assert not file["a"]["hidden"].variable._in_memory
    same(file, memory)
    assert file["a_2"].attrs["calls"] == memory["a_2"].attrs["calls"] == 2  # a list of one is one in a file
    assert [path.name for path in tmp_path.iterdir()] == ["run.nc"]
    rnnviz.save(file, tmp_path / "again.nc")
    assert rnnviz.open_trace(tmp_path / "again.nc")["a"]["token"].values.tolist() == list("abcdefghi")


def test_outputs_packed_calls_and_what_is_kept_are_written_too(tmp_path, monkeypatch):
    monkeypatch.setattr(to_file, "GATHERED", 0)
    model, x = Reader(), torch.randn(2, 6, 2)
    packed = nn.utils.rnn.pack_sequence([torch.randn(n, 2) for n in (2, 5)], enforce_sorted=False)
    found = []
    for more in ({}, {"file": tmp_path / "run.nc"}):
        with torch.no_grad(), record(model, outputs=True, keep=["update_gate"], **more) as recording:
            model(x)
            model(x)
            model.rnn(packed)
            model.rnn(packed)
        found.append(recording.trace)
    same(found[1], found[0])
    assert set(found[1].children) == {"rnn", "rnn_2", "rnn_3", "outputs"}


def test_what_was_written_is_held_no_longer(tmp_path, monkeypatch):
    monkeypatch.setattr(to_file, "GATHERED", 0)
    module = nn.LSTM(2, 3)
    with torch.no_grad(), record(module, file=tmp_path / "run.nc") as recording:
        for _ in range(3):
            module(torch.randn(4, 1, 2))
            assert not recording._observed.watched[0].calls
    assert recording.trace["lstm"].sizes["time"] == 12


def test_a_block_that_raises_leaves_what_came_before(tmp_path):
    module = nn.GRU(2, 3)
    line = "into a file has no gradients: call the model under torch.no_grad"
    with pytest.raises(RuntimeError, match=line), record(module, file=tmp_path / "run.nc") as recording:
        with torch.no_grad():
            module(torch.randn(4, 1, 2))
        module(torch.randn(4, 1, 2))
    assert recording.trace["gru"].sizes["time"] == 4


@pytest.mark.parametrize(
    ("more", "error", "line"),
    [
        ({"file": "none/run.nc"}, FileNotFoundError, "no such folder"),
        ({"edit": rnnviz.Edit("update_gate", 1.0)}, ValueError, "edits cannot be recorded into a file"),
    ],
)
def test_what_cannot_be_written_is_said_before_the_run(more, error, line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=line), record(nn.GRU(2, 3), **({"file": "run.nc"} | more)):
        raise AssertionError("the block must not run")
    assert not list(tmp_path.iterdir())


def test_a_block_in_which_nothing_was_called_leaves_no_file(tmp_path):
    with record(nn.GRU(2, 3), file=tmp_path / "run.nc") as recording:
        pass
    with pytest.raises(RuntimeError, match="no recurrent call was seen"):
        _ = recording.trace
    assert not list(tmp_path.iterdir())


def test_a_disk_that_is_nearly_full_is_told_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(to_file, "GATHERED", 0)
    module, left = nn.GRU(2, 3), [10**12, 10**12, 1000]
    monkeypatch.setattr("shutil.disk_usage", lambda _path: type("Disk", (), {"free": left.pop(0)}))
    refused = pytest.raises(OSError, match="the disk has 1,000 bytes left, too few for")
    with torch.no_grad(), refused, record(module, file=tmp_path / "run.nc"):
        for _ in range(3):
            module(torch.randn(4, 1, 2))
    assert rnnviz.open_trace(tmp_path / "run.nc")["gru"].sizes["time"] == 8
