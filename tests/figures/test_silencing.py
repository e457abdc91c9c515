"""Silenced units as they are drawn: the data of the figures, in the order and at the places that they say."""

import numpy as np
import pytest
import xarray as xr

from rnnviz import figures

RANKED = xr.Dataset(
    {
        "growth": ("unit", [0.1, 0.5, -0.2], {"long_name": "growth of the loss", "units": "nats"}),
        "foretold": (
            "unit",
            [0.2, 0.4, 0.0],
            {"long_name": "growth predicted by the gradient", "units": "nats"},
        ),
        "activity": ("unit", [0.9, 0.1, 0.5], {"long_name": "mean activity", "units": "1"}),
    },
    coords={"unit": [0, 1, 2]},
)


def test_units_stand_in_the_order_of_what_the_loss_grows_by():
    drawn = figures.importances(RANKED, "lstm", chosen=0)
    growth, foretold = drawn.data
    assert list(growth.y) == [0.5, 0.1, -0.2] and list(foretold.y) == [0.4, 0.2, 0.0]
    assert drawn.layout.meta["points"] == [1, 0, 2]
    assert drawn.layout.meta["said"][0] == (
        "unit 1: growth of the loss 0.5, growth predicted by the gradient 0.4"
    )
    assert drawn.layout.meta["said"][2].count("−") == 1
    assert list(growth.marker.size).index(16) == 1  # unit 0 is the second
    assert drawn.layout.yaxis.title.text == "growth of the loss (nats)"


@pytest.mark.parametrize("measure", ["foretold", "activity"])
def test_a_measure_stands_across_and_the_growth_up(measure):
    drawn = figures.beside_growth(RANKED, measure, "gru", chosen=2, marked=(1,))
    dots = drawn.data[0]
    np.testing.assert_array_equal(dots.x, RANKED[measure])
    np.testing.assert_array_equal(dots.y, RANKED["growth"])
    assert list(dots.text) == ["", "1", ""]
    diagonal = drawn.data[1:]
    assert [list(line.x) == list(line.y) for line in diagonal] == ([True] if measure == "foretold" else [])


def test_curves_are_named_by_what_goes_first():
    growth = xr.DataArray(
        [[0.1, 0.3], [0.0, 0.3], [0.05, 0.3]],
        dims=("order", "count"),
        coords={"order": ["most", "least", "random"], "count": [1, 4]},
        attrs={"long_name": "growth of the loss", "units": "nats"},
    )
    drawn = figures.silenced_together(growth, "rnn")
    assert {line.name: list(line.y) for line in drawn.data} == {
        "the most missed first": [0.1, 0.3],
        "the least missed first": [0.0, 0.3],
        "at random": [0.05, 0.3],
    }
    assert list(drawn.data[0].x) == [1, 4] and drawn.layout.xaxis.type == "log"


def test_what_is_no_ranking_is_refused():
    with pytest.raises(ValueError, match="ablation.ranked"):
        figures.importances(RANKED.drop_vars("foretold"), "lstm")
