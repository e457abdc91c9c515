"""Figures of units over a corpus: each draws the numbers that it is given, and says what they are."""

import math

import numpy as np
import pytest
import xarray as xr

from rnnviz import figures


def test_a_distribution_is_drawn_bin_by_bin():
    shares = xr.DataArray(
        [0.25, 0.75], dims="bin", coords={"bin": [-0.5, 0.5]}, attrs={"long_name": "share of steps"}
    )
    drawn = figures.distribution(shares, "gru")
    assert drawn.data[0].x.tolist() == [-0.5, 0.5] and drawn.data[0].y.tolist() == [0.25, 0.75]
    assert drawn.layout.yaxis.title.text == "share of steps"


@pytest.mark.parametrize("half", [1.5, math.inf])
def test_the_half_life_is_marked_where_there_is_one(half):
    curve = xr.DataArray(
        [1.0, 0.7, 0.2],
        dims="lag",
        coords={"lag": ("lag", [0, 1, 2], {"long_name": "steps apart"})},
        attrs={"long_name": "autocorrelation"},
    )
    drawn = figures.autocorrelation(curve, half, "lstm")
    assert drawn.data[0].y.tolist() == [1.0, 0.7, 0.2]
    assert [(one.x[0], one.y[0]) for one in drawn.data[1:]] == ([(1.5, 0.5)] if half == 1.5 else [])


def test_effects_are_the_most_raised_and_the_most_lowered():
    change = xr.DataArray(
        [0.1, -0.3, 0.0, 0.2, -0.1],
        dims="candidate",
        coords={"candidate": ["a", "<b>", "c", "d", "e"]},
        attrs={"long_name": "change of the probability"},
    )
    drawn = figures.effects(change, count=2)
    assert drawn.data[0].y.tolist() == [0.2, 0.1, -0.1, -0.3]
    assert list(drawn.layout.xaxis.ticktext) == ["d", "a", "e", "&lt;b>"], "what was read is no markup"


def test_groups_are_parted_by_lines_where_they_change():
    found = xr.Dataset(
        {
            "response": (
                ("unit", "token"),
                np.array([[1.0, 0], [1, 0], [0, -1]]),
                {"long_name": "mean change of the state"},
            ),
            "unit_group": ("unit", [0, 0, 1]),
            "token_group": ("token", [0, 1]),
        },
        coords={"token": ["a", "b"]},
    )
    drawn = figures.co_clusters(found)
    np.testing.assert_array_equal(drawn.data[0].z, found["response"].values)
    assert sorted((s.x0, s.y0) for s in drawn.layout.shapes) == [(0, 1.5), (0.5, 0)]
    assert drawn.data[0].zmin == -drawn.data[0].zmax


def test_a_machine_shows_what_follows_often_and_how_large_its_states_are():
    found = xr.Dataset(
        {
            "transition": (("state", "to"), np.array([[0.5, 0.5, 0], [0.04, 0, 0.96], [1, 0, 0]])),
            "share": ("state", [0.5, 0.3, 0.2]),
        }
    )
    drawn = figures.state_machine(found, ["1: a", "2: b", "3: c"])
    arrows = drawn.layout.annotations
    assert len(arrows) == 3, (
        "0 → 1, 1 → 2, 2 → 0; what is rarer than one in twenty and what stays is no arrow"
    )
    assert sorted(arrow.arrowwidth for arrow in arrows) == pytest.approx([4, 6.76, 7])
    sizes = list(drawn.data[0].marker.size)
    assert sizes == sorted(sizes, reverse=True)
    assert "→ 2: b: 50%" in drawn.data[0].customdata[0] and "2: b" not in drawn.data[0].customdata[2]
