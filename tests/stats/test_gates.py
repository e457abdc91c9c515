"""What a gate keeps and what it writes are the state; what it never does is not counted."""

import math
from functools import cache

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import nn

from rnnviz.recording.block import record
from rnnviz.stats import gates, gradients

NAN = np.nan
MODULES = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


def gate(rows, **attrs):
    return xr.DataArray(np.array(rows, np.float64), dims=("unit", "time"), attrs=attrs)


@cache
def read(kind, calls=1):
    """A node of two layers and two directions that started from states other than zero."""
    torch.manual_seed(1)
    module = MODULES[kind](3, 4, 2, bidirectional=True)
    with record(module) as recording:
        for _ in range(calls):
            h, c = torch.randn(2, 4, 2, 4)
            module(3 * torch.randn(7, 2, 3), (h, c) if kind == "lstm" else h)
    return recording.trace[kind]


def chosen(node, layer, direction, batch=1):
    """One layer, direction and sequence, as a page chooses it."""
    picked = node.to_dataset().isel(layer=layer, batch=batch).sel(direction=direction)
    return picked.assign_attrs(node.attrs)


@pytest.mark.parametrize("kind", ["lstm", "gru"])
@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_kept_and_written_are_the_state(kind, layer, direction):
    parts = gates.contributions(chosen(read(kind), layer, direction))
    assert parts["state"].dims == parts["keep"].dims == ("time", "unit")
    np.testing.assert_allclose(parts["keep"] + parts["write"], parts["state"], atol=1e-6)
    assert np.abs(parts["keep"]).min() > 0  # also at the first step, which starts from the initial state


@pytest.mark.parametrize("kind", ["lstm", "gru"])
@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_kept_and_written_are_the_state_over_several_calls(kind, direction):
    parts = gates.contributions(chosen(read(kind, calls=2), 0, direction))
    np.testing.assert_allclose(parts["keep"] + parts["write"], parts["state"], atol=1e-6)


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_what_is_derived_lies_in_the_range_it_claims(kind):
    node = chosen(read(kind), 0, "forward")
    for part in (*gates.contributions(node).values(), gates.half_life(node[gates.KEEPING[kind]])):
        low, high = part.attrs.get("valid_range", (-np.inf, np.inf))
        assert low <= part.min() and part.max() <= high, part.attrs


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_parts_carry_the_kind_whose_colour_they_have(kind):
    parts = gates.contributions(chosen(read(kind), 0, "forward"))
    assert {part.attrs["kind"] for part in parts.values()} == {kind}


def test_a_plain_rnn_keeps_nothing_apart():
    with pytest.raises(ValueError, match="a rnn has no gates"):
        gates.contributions(chosen(read("rnn"), 0, "forward"))


@pytest.mark.parametrize("kind", MODULES)
def test_every_name_is_an_array_of_the_node(kind):
    node = read(kind)
    assert set(gates.names(node)) <= set(node.data_vars)
    assert kind == "rnn" or gates.KEEPING[kind] in gates.names(node)


@pytest.mark.parametrize(("direction", "wanted"), [("forward", [9, 1, 2]), ("backward", [2, 3, 9])])
def test_the_previous_state_is_that_of_the_step_read_before(direction, wanted):
    dims, coords = ("time", "unit"), {"time": [0, 1, 2], "direction": direction}
    state = xr.DataArray([[1], [2], [3]], dims=dims, coords=coords)
    node = xr.Dataset({"cell": state, "cell_initial": ("unit", [9])})
    assert gates.previous(node, "cell").values[:, 0].tolist() == wanted
    assert node["cell"].values[:, 0].tolist() == [1, 2, 3]


def test_saturation_counts_shut_and_open_steps():
    shares = gates.saturation(gate([[0.05, 0.5, 0.95, 0.99], [0.1, 0.9, NAN, NAN]]))
    assert shares["shut"].values.tolist() == [0.25, 0.0]
    assert shares["open"].values.tolist() == [0.5, 0.0]


shares_of_a_gate = arrays(np.float64, (3, 6), elements=st.one_of(st.floats(0, 1), st.just(NAN)))


@settings(max_examples=60, deadline=None)
@given(
    values=shares_of_a_gate,
    limits=st.tuples(st.floats(0, 1), st.floats(0, 1)).filter(lambda pair: pair[0] < pair[1]),
)
def test_saturation_is_a_share_and_padding_never_counts(values, limits):
    shares = gates.saturation(gate(values), *limits)
    for unit, row in enumerate(values):
        real = row[~np.isnan(row)]
        shut, opened = shares["shut"][unit].item(), shares["open"][unit].item()
        if len(real):
            assert 0 <= shut <= 1 and 0 <= opened <= 1 and shut + opened <= 1
            assert shut == pytest.approx(np.mean(real < limits[0]))
            assert opened == pytest.approx(np.mean(real > limits[1]))
        else:
            assert math.isnan(shut) and math.isnan(opened)


@pytest.mark.parametrize("limits", [(0.9, 0.1), (0.5, 0.5), (-0.1, 0.5), (0.5, 1.1)])
def test_limits_that_do_not_rise_within_0_and_1_are_refused(limits):
    with pytest.raises(ValueError, match="need 0 <= low < high <= 1; got low="):
        gates.saturation(gate([[0.5]]), *limits)


def test_a_gate_of_nine_tenths_halves_a_memory_in_6_6_steps():
    lives = gates.half_life(gate([[0.9, 0.9, 0.9], [0.5, 0.5, NAN], [0.9, NAN, NAN]]))
    np.testing.assert_allclose(lives, [6.5788, 1.0, 6.5788], atol=1e-4)
    assert lives.attrs["units"] == "steps"


def test_a_gate_that_never_closes_keeps_for_ever_and_one_that_shut_once_does_not():
    lives = gates.half_life(gate([[1.0, 1.0, 1.0], [0.0, 1.0, 0.5]]))
    assert lives.values.tolist() == [np.inf, 0.0]


@settings(max_examples=60, deadline=None)
@given(arrays(np.float64, (1, 5), elements=st.floats(0.01, 0.999)))
def test_a_memory_is_halved_once_a_half_life(values):
    lives = gates.half_life(gate(values)).item()
    assert np.prod(values) == pytest.approx(0.5 ** (5 / lives))


@pytest.mark.parametrize(
    ("direction", "time"),
    [
        ("forward", slice(2, 5)),
        ("forward", slice(None, None, 2)),
        ("backward", slice(0, 3)),
        ("backward", slice(2, 5)),
    ],
)
def test_a_slice_of_time_is_refused_where_the_state_before_it_counts(direction, time):
    module = nn.LSTM(3, 4, bidirectional=True)
    with record(module) as recording:
        module(torch.randn(6, 1, 3))
    node = recording.trace["lstm"].sel(direction=direction).isel(layer=0, batch=0)
    for statistic in (gates.contributions, gradients.jacobians, gradients.reach, gradients.lyapunov):
        statistic(node)
        with pytest.raises(ValueError, match="wanted all of them: the state before a slice is not in it"):
            statistic(node.isel(time=time))


def test_the_first_steps_of_a_forward_reading_are_whole():
    module = nn.GRU(3, 4)
    with record(module) as recording:
        module(torch.randn(6, 1, 3))
    node = recording.trace["gru"].isel(layer=0, direction=0, batch=0)
    xr.testing.assert_allclose(
        gates.contributions(node.isel(time=slice(0, 3))), gates.contributions(node).isel(time=slice(0, 3))
    )
