"""A training without clipping and with it: what is drawn is what came in."""

import math

import numpy as np
import pytest
import xarray as xr

from rnnviz import figures, stats
from rnnviz.figures import style

RUNS = {"run": ["without clipping", "clipped at 1"], "update": [1, 2, 3, 4]}
LONG = {"long_name": "loss", "units": "1"}


def runs(*rows):
    return xr.DataArray(np.array(rows), dims=("run", "update"), coords=RUNS, attrs=LONG)


def test_each_run_is_a_curve_and_a_cross_stands_where_one_ended():
    drawn = figures.run_losses(runs([1.0, 30.0, math.inf, math.nan], [1.0, 0.5, 0.0, 0.1]), at=2)
    without, clipped, cross = drawn.data
    assert (without.name, clipped.name) == ("without clipping", "clipped at 1")
    assert list(without.y[:2]) == [1, 30] and np.isnan(without.y[2:]).all()  # inf has no place
    assert np.isnan(clipped.y[2]) and clipped.y[3] == 0.1  # nor has 0 on a log axis
    assert (list(cross.x), list(cross.y), cross.marker.color) == ([2], [30], style.VERMILION)
    assert drawn.layout.yaxis.type == "log" and drawn.layout.shapes[0].x0 == 2
    assert drawn.layout.meta["chooses"] == "x"


def test_a_loss_below_the_floor_leaves_the_picture():
    drawn = figures.run_losses(runs([1.0] * 4, [1.0, 1e-3, 1e-6, 1e-9]), at=1)
    assert drawn.layout.yaxis.range[0] == -4 and drawn.data[1].y[3] == 1e-9


def test_what_is_cut_off_lies_between_the_norm_and_what_is_left_of_it():
    norm = runs([2.0, 3.0, 4.0, 500.0], [2.0, 0.5, 3.0, 0.01])
    drawn = figures.run_norms(norm, norm.isel(run=1).clip(max=1), 1.0, at=4)
    after, cut, threshold = drawn.data[2:5]
    assert list(after.y) == [1, 0.5, 1, 0.01] and list(cut.y) == norm.values[1].tolist()
    assert cut.fill == "tonexty" and not after.showlegend
    assert list(threshold.y) == [1, 1] and threshold.name == "threshold 1"
    assert [drawn.layout.yaxis.range[0], *drawn.layout.yaxis.ticktext] == [
        -2,
        "10<sup>−2</sup>",
        "10<sup>−1</sup>",
        "1",
        "10<sup>1</sup>",
        "10<sup>2</sup>",
        "10<sup>3</sup>",
    ]


@pytest.mark.parametrize("ways", [1, 2])
def test_both_updates_land_where_they_end(ways):
    along = xr.DataArray(
        np.array([[1.0, 0.5, 8.0], [1.0, 0.4, 3.0]])[:ways],
        dims=("way", "place"),
        coords={"distance": ("place", [0.0, 0.1, 1.0], {"long_name": "distance"})},
        attrs=LONG,
    )
    landed = xr.Dataset({"length": ("way", [1.0, 0.1]), "after": ("way", [8.0, 0.5])})
    drawn = figures.along_update(along, landed, before=1.0)
    lines, marks = drawn.data[:ways], drawn.data[ways:]
    assert [list(line.y) for line in lines] == along.values.tolist()
    assert [bool(line.showlegend) for line in lines] == [ways == 2] * ways
    assert [(mark.name, *mark.x, *mark.y) for mark in marks] == [
        ("before the update", 0, 1),
        ("whole update", 1, 8),
        ("clipped update", 0.1, 0.5),
    ]
    assert drawn.layout.xaxis.title.text == "distance"


def test_an_update_that_leaves_float32_has_no_mark():
    along = xr.DataArray(
        [[1.0, 1e30, math.inf]],
        dims=("way", "place"),
        coords={"distance": ("place", [0.0, 1.0, 2.0], {"long_name": "distance"})},
        attrs=LONG,
    )
    landed = xr.Dataset({"length": ("way", [2.0, 0.1]), "after": ("way", [math.inf, 1.0])})
    line, _before, whole, clipped = figures.along_update(along, landed, 1.0).data
    assert np.isnan(line.y[2]) and np.isnan(whole.y[0]) and list(clipped.y) == [1.0]


@pytest.mark.parametrize(
    ("norm", "threshold", "end"), [(25.0, 5.0, 30), (3.0, 5.0, 6), (0.02, 0.001, 0.02), (0.0, 1.0, 1)]
)
def test_two_arrows_are_as_long_as_the_norms_on_one_axis(norm, threshold, end):
    one = stats.vanishing.one_clipped(norm, threshold)["norm"]
    drawn = figures.arrows(one, threshold)
    upright, *both = drawn.data
    assert set(upright.x) == {threshold, None}
    assert [list(arrow.x) for arrow in both] == [[0, norm], [0, min(norm, threshold)]]
    assert [list(arrow.y) for arrow in both] == [[0, 0], [-1, -1]]  # under each other, one way
    assert list(drawn.layout.xaxis.range) == pytest.approx([0, 1.03 * end])
    assert drawn.layout.annotations[0].text == f"before: ‖g‖ = {norm:.4g}"
