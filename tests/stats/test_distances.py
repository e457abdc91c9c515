"""A gradient over the distance from the last step that was read."""

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import rnnviz
from rnnviz.stats.gradients import by_distance, norm


@given(
    lengths=st.lists(st.integers(1, 6), min_size=1, max_size=5),
    scale=st.sampled_from([1e-200, 1.0, 1e150]),
    seed=st.integers(0, 999),
)
def test_each_sequence_is_counted_back_from_its_own_end(lengths, scale, seed):
    drawn = scale * np.random.default_rng(seed).random((2, len(lengths), max(lengths)))
    for row, length in enumerate(lengths):
        drawn[:, row, length:] = np.nan
    norms = xr.DataArray(
        drawn, dims=("direction", "batch", "time"), coords={"direction": ["forward", "backward"]}
    )
    found = by_distance(norms)
    assert found.dims == ("direction", "distance")
    for place in range(2):
        for distance in range(max(lengths)):
            rows = [
                drawn[place, row, length - 1 - distance if place == 0 else distance]
                for row, length in enumerate(lengths)
                if length > distance
            ]
            largest = max(rows)
            want = largest * np.sqrt(np.mean([(one / largest) ** 2 for one in rows])) if largest else 0.0
            assert found.values[place, distance] == pytest.approx(want, rel=1e-12)


def test_a_gap_in_the_middle_keeps_its_place():
    norms = xr.DataArray([[1.0, np.nan, 3.0, np.nan]], dims=("batch", "time"))
    np.testing.assert_allclose(by_distance(norms).values, [3.0, np.nan, 1.0, np.nan], rtol=1e-12)


def test_of_a_recorded_module_in_both_directions():
    torch.manual_seed(0)
    model = torch.nn.GRU(3, 4, 2, bidirectional=True).double()
    packed = torch.nn.utils.rnn.pack_sequence([torch.randn(n, 3).double() for n in (5, 3)])
    with rnnviz.record(model) as recording:
        model(packed)[0].data.square().sum().backward()
    norms = norm(recording.trace["gru"])
    found = by_distance(norms)
    assert dict(found.sizes) == {"layer": 2, "direction": 2, "distance": 5}
    ends = norms.isel(direction=0, batch=0, time=4) ** 2 + norms.isel(direction=0, batch=1, time=2) ** 2
    np.testing.assert_allclose(
        found.isel(direction=0, distance=0).values, np.sqrt(ends.values / 2), rtol=1e-12
    )
    first = (norms.isel(direction=1, time=0) ** 2).mean("batch")
    np.testing.assert_allclose(found.isel(direction=1, distance=0).values, np.sqrt(first.values), rtol=1e-12)
