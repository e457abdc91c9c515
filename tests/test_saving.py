"""A trace that is read where it is looked at is saved again a piece at a time, and is the same."""

import tracemalloc

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

import rnnviz
from rnnviz import netcdf


def said(attributes):
    return {key: str(value) for key, value in attributes.items()}


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.rnn, self.look = nn.LSTM(3, 4, batch_first=True), nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, x):
        states = self.rnn(x)[0]
        return self.look(states, states, states)[0]


def test_what_is_written_in_pieces_is_what_was_there(tmp_path, monkeypatch):
    model, x = Model(), torch.randn(2, 50, 3)
    tokens = {"rnn": [str(n) for n in range(50)], "look": ([str(n) for n in range(50)], ["한"] * 50)}
    with rnnviz.record(model, tokens, names=["a", "b"], outputs=["w", "x", "y", "z"]) as recording:
        model(x).sum().backward()
    rnnviz.save(recording.trace, tmp_path / "one.nc")
    lazy = rnnviz.open_trace(tmp_path / "one.nc", lazy=True)
    monkeypatch.setattr(netcdf, "WHOLE", 2_000)
    rnnviz.save(lazy, tmp_path / "two.nc")
    one, two = (rnnviz.open_trace(tmp_path / name) for name in ("one.nc", "two.nc"))
    assert one.attrs == two.attrs and list(one.children) == list(two.children)
    for name in one.children:
        for key, array in one[name].variables.items():
            np.testing.assert_array_equal(
                two[name].variables[key].values, array.values, err_msg=f"{name} {key}"
            )
            assert said(two[name].variables[key].attrs) == said(array.attrs), key
        assert set(two[name].coords) == set(one[name].coords)
        assert said(two[name].attrs) == said(one[name].attrs)
    # over the very file that it is read from
    rnnviz.save(lazy, tmp_path / "one.nc")
    xr.testing.assert_equal(rnnviz.open_trace(tmp_path / "one.nc"), two)


def test_no_more_than_a_piece_is_in_memory(tmp_path, monkeypatch):
    module = nn.RNN(2, 100)
    with torch.no_grad(), rnnviz.record(module) as recording:
        module(torch.randn(20_000, 2, 2))
    rnnviz.save(recording.trace, tmp_path / "one.nc")
    size = sum(array.nbytes for array in recording.trace["rnn"].data_vars.values())
    lazy = rnnviz.open_trace(tmp_path / "one.nc", lazy=True)
    monkeypatch.setattr(netcdf, "WHOLE", size // 16)
    tracemalloc.start()
    rnnviz.save(lazy, tmp_path / "two.nc")
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < size / 3
    again = rnnviz.open_trace(tmp_path / "two.nc", lazy=True)
    np.testing.assert_array_equal(
        again["rnn"]["hidden"][..., -5:, :], recording.trace["rnn"]["hidden"][..., -5:, :]
    )


def test_a_disk_that_is_full_leaves_what_was_there(tmp_path, monkeypatch):
    module = nn.GRU(2, 3)
    with torch.no_grad(), rnnviz.record(module) as recording:
        module(torch.randn(50, 1, 2))
    rnnviz.save(recording.trace, tmp_path / "one.nc")
    (tmp_path / "two.nc").write_bytes(b"before")
    lazy = rnnviz.open_trace(tmp_path / "one.nc", lazy=True)
    monkeypatch.setattr(netcdf, "WHOLE", 500)
    monkeypatch.setattr(netcdf, "SPARE", 2**62)
    with pytest.raises(OSError, match="too few for"):
        rnnviz.save(lazy, tmp_path / "two.nc")
    assert (tmp_path / "two.nc").read_bytes() == b"before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.nc", "two.nc"]
