"""Figures take what a researcher has, and say in one line what they cannot draw."""

import numpy as np
import pytest
import torch
import xarray as xr

import rnnviz
from rnnviz import figures, stats
from rnnviz.figures.arranged import arranged


@pytest.fixture(scope="module")
def node():
    torch.manual_seed(0)
    model = torch.nn.LSTM(2, 3)
    with rnnviz.record(model) as recording:
        model(torch.randn(5, 2, 2))[0][-1].sum().backward()
    return recording.trace["lstm"]


def test_units_and_steps_are_told_apart_by_their_names(node):
    one = node["hidden"].isel(batch=0)  # layer and direction of length 1, steps before units
    drawn = figures.heatmap(one)
    np.testing.assert_array_equal(drawn.data[0].z, one.values[0, 0].T)
    assert drawn.layout.yaxis.title.text == "unit" and drawn.layout.xaxis.title.text == "step"


@pytest.mark.parametrize(
    ("draw", "line"),
    [
        (lambda n: figures.heatmap(n["hidden"]), r"heatmap draws \(one more, time\); got \(layer: 1, .*batch: 2, .*choose one"),
        (lambda n: figures.lines(n["hidden"]), r"lines draws .*choose one"),
        (lambda n: figures.half_lives(stats.gates.half_life(n["forget_gate"]), "lstm"), r"half_lives draws \(unit\)"),
        (lambda n: figures.saturation(stats.gates.saturation(n["forget_gate"]), "lstm"), r"saturation draws \(unit\)"),
        (lambda n: figures.heatmap(n["recurrent_weight"].isel(gate=0), (-1, 1)), "time missing"),
        (lambda n: figures.log_norms(stats.gradients.norm(n), ["lstm"]), r"a kind for each of the 2 series; got 1"),
    ],
)  # fmt: skip
def test_dims_that_are_left_over_are_named(node, draw, line):
    with pytest.raises(ValueError, match=line):
        draw(node)


def test_what_is_chosen_in_the_advice_can_be_drawn(node):
    with pytest.raises(ValueError, match=r"array\.isel\(batch=0\)"):
        figures.heatmap(node["hidden"])
    assert arranged(node["hidden"].isel(batch=0), None, "time", of="heatmap").dims == ("unit", "time")


def test_norms_and_their_logarithms_give_the_same_picture(node):
    norms = stats.gradients.norm(node).isel(batch=0)
    first, second = (
        figures.log_norms(each, ["lstm"]).data[0].y for each in (norms, stats.gradients.logarithm(norms))
    )
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(10 ** np.asarray(first, float), norms.values.ravel())


def test_what_may_be_norms_is_asked_for():
    array = xr.DataArray([[0.109, 0.2]], dims=("series", "time"), coords={"series": ["a"]})
    with pytest.raises(ValueError, match=r"take stats\.gradients\.logarithm"):
        figures.log_norms(array, ["lstm"])
    with pytest.raises(ValueError, match=r"take stats\.gradients\.logarithm"):
        figures.log_matrix(array.rename(series="source"))
    assert figures.log_norms(array.assign_attrs(scale="natural logarithm"), ["lstm"]).data[0].y[
        0
    ] == 0.109 / np.log(10)


def test_a_whole_node_is_answered_with_the_arrays_that_it_holds(node):
    with pytest.raises(
        TypeError, match=r"heatmap draws one array \(one more, time\); got a DataTree; it holds hidden, "
    ):
        figures.heatmap(node)
    with pytest.raises(TypeError, match=r"lines draws one array .*got a ndarray$"):
        figures.lines(np.zeros(3))


def test_what_a_statistic_makes_of_a_node_is_asked_for_by_its_name(node):
    whole = node.to_dataset()
    with pytest.raises(
        ValueError, match=r"keep, write, state missing\. Take stats\.gates\.contributions of it"
    ):
        figures.contributions(whole)
    with pytest.raises(ValueError, match=r"open, shut missing\. Take stats\.gates\.saturation of it"):
        figures.saturation(whole, "lstm")
