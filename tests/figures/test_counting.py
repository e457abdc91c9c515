"""Pictures of counting: zeros and infinities are drawn, not dropped, and text of the reader has no tags."""

import math

import numpy as np
import pytest
import xarray as xr

from rnnviz import figures
from rnnviz.figures.counting import BARS, LOOKS, order_looks


def series(values, names, long_name="product so far", units="1"):
    return xr.DataArray(
        values,
        dims=("series", "time"),
        coords={"series": names},
        attrs={"long_name": long_name, "units": units},
    )


@pytest.mark.parametrize(("axis", "first"), [("free", 1), ("time", 0)])
def test_what_falls_to_zero_stands_on_the_floor_behind_a_wall(axis, first):
    logs = series(np.log([[0.1, 0.01, 0.001]]), ["1"])
    logs = xr.concat([logs, series([[math.log(0.1), -np.inf, -np.inf]], ["2"])], "series")
    drawn = figures.down_to_zero(logs, order_looks(["1", "2"], "2"), list("abc"), wall=1, axis=axis)
    above, chosen, fallen = drawn.data
    np.testing.assert_allclose(above.y, [-1, -2, -3])
    np.testing.assert_array_equal(np.isnan(chosen.y), [False, True, True])
    floor = fallen.y[-1]
    assert drawn.layout.yaxis.range[0] < floor < -3 and drawn.layout.yaxis.ticktext[-1] == "<b>0</b>"
    assert list(fallen.x) == [first, first + 0.5, first + 0.5, first + 1, first + 2]
    assert list(fallen.y) == pytest.approx([-1, -1, floor, floor, floor]) and not fallen.showlegend
    assert fallen.customdata[-1] == "order 2, c: 0"
    walls = [shape for shape in drawn.layout.shapes if shape.type == "rect"]
    assert [(w.x0, w.x1) for w in walls] == [(first + 0.5, first + 2.5)]
    assert [note.text for note in drawn.layout.annotations] == ["<b>0</b>"]


def test_without_a_zero_there_is_no_wall_and_no_floor():
    drawn = figures.down_to_zero(series(np.log([[0.5, 0.25]]), ["1"]), order_looks(["1"], "1"), "ab", wall=0)
    assert len(drawn.data) == 1 and not drawn.layout.shapes and "<b>0</b>" not in drawn.layout.yaxis.ticktext


def test_what_was_not_said_is_a_gap_and_no_zero():
    drawn = figures.down_to_zero(series([[np.nan, -1.0]], ["rnn"]), [LOOKS["rnn"]], "ab", axis="time")
    assert len(drawn.data) == 1 and drawn.data[0].customdata[0] == ""


def test_a_zero_from_the_first_token_on_is_drawn():
    drawn = figures.down_to_zero(series([[-np.inf, -np.inf]], ["1"]), order_looks(["1"], "1"), "ab", wall=0)
    assert len(set(drawn.data[1].y)) == 1 and np.isnan(drawn.data[0].y).all()


@pytest.mark.parametrize("count", [2, BARS + 1])
def test_an_infinite_surprise_goes_beyond_all_others_and_says_so(count):
    values = np.ones((2, count))
    values[0, 1] = np.inf
    array = series(values, ["likelihood", "kneser-ney"], "−ln p", "nats")
    drawn = figures.estimates(array, [f"<b>{i}" for i in range(count)], place=1)
    top = drawn.layout.yaxis.range[1]
    assert drawn.data[0].customdata[1] == "likelihood, &lt;b>1: ∞ nats, p = 0 %"
    if count <= BARS:
        likelihood, infinite, other = drawn.data
        assert (
            1 < likelihood.y[1] < infinite.y[1] and infinite.x[1] < 2
        )  # over its own bar, left of the other
        assert list(likelihood.marker.pattern.shape) == ["/", ""] and other.marker.pattern.shape is None
    else:
        likelihood, infinite, _other = drawn.data
        assert likelihood.mode == "lines+markers" and likelihood.y[1] == np.inf
        assert infinite.x[1] == 2
    assert infinite.text == "∞" and 1 < infinite.y[1] < top and np.isnan(infinite.y[0])
    assert [(s.x0, s.x1) for s in drawn.layout.shapes if s.type == "rect"] == [(1.5, 2.5)]


def test_the_likeliest_tokens_have_a_row_each_and_a_bar_for_each_estimate():
    shares = series([[0.5, 0.25], [0.4, 0.3]], ["likelihood", "add-k"], "p(w | h)").rename(time="candidate")
    drawn = figures.next_tokens(shares, ["<i>", "b"], own=1)
    assert [bar.name for bar in drawn.data] == ["likelihood", "add-k"]
    np.testing.assert_array_equal(drawn.data[1].x, [0.4, 0.3])
    assert list(drawn.layout.yaxis.ticktext) == ["&lt;i>", "<b>b ✓</b>"]
    assert drawn.layout.yaxis.range[0] > drawn.layout.yaxis.range[1]  # the best on top


def test_the_estimate_grows_from_what_is_its_own_and_what_is_passed_down():
    parts = xr.Dataset(
        {
            "own": ("order", [0.2, 0.0], {"long_name": "own"}),
            "passed": ("order", [0.1, 0.25], {"long_name": "passed down"}),
        }
    )
    own, passed = figures.build_up(parts, ["order 1", "order 2"]).data
    assert list(own.x) == [0.2, 0] and list(passed.x) == [0.1, 0.25]
    assert passed.marker.pattern.shape == "/" and own.marker.pattern.shape is None


def test_held_out_has_two_panels_with_infinity_on_top_and_the_networks_beside():
    losses = xr.DataArray(
        [[[3.5, 3.0], [np.inf, np.inf]], [[3.0, 2.0], [2.5, 1.5]]],
        dims=("series", "order", "tokens"),
        coords={"series": ["likelihood", "kneser-ney"], "order": [1, 2], "tokens": [1000, 10_000]},
    )
    best = xr.DataArray(
        [[3.5, 3.0], [2.5, 1.5]],
        dims=("series", "tokens"),
        coords={"series": losses["series"], "tokens": losses["tokens"], "order": ("series", [1, 2])},
    )
    drawn = figures.held_out(losses, best, {"lstm": 1.25}, "character")
    over_order, over_size, _kn, other, line, point = drawn.data
    above = over_order.y[1]
    assert over_order.y[0] == 3.0 and above > 3.5
    assert drawn.layout.yaxis.tickvals[-1] == above and drawn.layout.yaxis.ticktext[-1] == "∞"
    assert "infinite" in over_order.customdata[1]
    assert over_size.xaxis == "x2" and list(over_size.x) == [1000, 10_000] and list(over_size.y) == [3.5, 3.0]
    assert other.customdata[1] == (
        "Kneser-Ney, order 2, 10,000 characters: perplexity 4.482, 1.5000 nats, 2.1640 bits per character"
    )
    assert list(line.y) == [1.25, 1.25] and line.x[0] < 1 and line.x[1] > 2
    assert list(point.x) == [10_000] and point.xaxis == "x2" and not point.showlegend
    assert dict(zip(drawn.layout.yaxis.ticktext, drawn.layout.yaxis.tickvals, strict=True))["4"] == math.log(
        4
    )


def test_methods_and_networks_have_looks_of_their_own():
    assert len({(look.colour, look.dash, look.symbol) for look in LOOKS.values()}) == len(LOOKS)
    assert len({look.colour for look in LOOKS.values()}) == len(LOOKS)
