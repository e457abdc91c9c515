"""Curves over time."""

import numpy as np
import pytest
import xarray as xr

from rnnviz import figures
from rnnviz.paper import curves
from rnnviz.stats import pixels


def test_inputs_are_a_curve_each_by_their_names():
    values = xr.DataArray([[1.0, 2], [3, 4]], dims=("feature", "time"), coords={"feature": ["wind", "rain"]})
    drawn = figures.inputs(values)
    assert [(line.name, list(line.y)) for line in drawn.data] == [("wind", [1, 2]), ("rain", [3, 4])]
    assert len({line.line.color for line in drawn.data}) == 2
    with pytest.raises(ValueError, match="up to 6 features; got 7"):
        figures.inputs(xr.DataArray(np.zeros((7, 2)), dims=("feature", "time")))


def waves(count=1) -> xr.DataArray:
    """(row, time), steps 50 … 2,049, by name."""
    steps = np.arange(50, 2050)
    values = np.sin(steps * np.arange(1, count + 1)[:, None] / 30)
    attrs = {"long_name": "h", "valid_range": (-1, 1)}
    return xr.DataArray(values, dims=("feature", "time"), coords={"time": steps}, attrs=attrs)


def parts(array) -> xr.Dataset:
    said = {"kind": "gru", "long_name": "h", "units": "1"}
    return xr.Dataset({name: array.assign_attrs(said) for name in ("keep", "write", "state")})


@pytest.mark.parametrize(
    ("draw", "whole"),
    [
        (figures.lines, waves()[0]),
        (figures.inputs, waves(3)),
        (figures.contributions, parts(waves()[0])),
        (lambda logs: figures.log_norms(logs, ["gru"] * 2), waves(2)),
    ],
    ids=["lines", "inputs", "contributions", "log_norms"],
)
def test_a_pooled_curve_lies_where_its_steps_lay_and_says_that_it_is_pooled(draw, whole):
    pool = pixels.pool_together if isinstance(whole, xr.Dataset) else pixels.pool
    before, after = draw(whole), draw(pool(whole, 100))
    assert before.layout.xaxis.range == after.layout.xaxis.range == (49.5, 2049.5)
    assert before.layout.xaxis.tickvals == after.layout.xaxis.tickvals
    assert after.layout.meta["pooled"] >= 40 and "pooled" not in before.layout.meta
    for long, short in zip(before.data, after.data, strict=True):
        assert (long.x0, long.dx) == (50, 1) and len(short.y) <= 100
        ends = short.x0 - short.dx / 2, short.x0 + short.dx * (len(short.y) - 0.5)
        assert ends[0] == pytest.approx(49.5) and 2049.5 <= ends[1] < 2049.5 + after.layout.meta["pooled"]
        assert (short.y.min(), short.y.max()) == (long.y.min(), long.y.max())
        assert short.hovertext[0].startswith("step ≈ ")


def test_norms_say_what_there_is_at_an_end_that_is_not_drawn():
    logs = xr.DataArray([[-2.0, -1.0], [-3.0, -4.0]], dims=("architecture", "time"))
    drawn = curves.norms(logs.assign_attrs(long_name="norm"), ["gru", "lstm"], 9, [np.log(100), -np.inf])
    assert drawn.layout.meta["end"] == 9 and drawn.layout.meta["ends"] == [pytest.approx(2), None]
    assert "ends" not in curves.norms(logs.assign_attrs(long_name="norm"), ["gru", "lstm"], 1).layout.meta


def test_answers_are_a_curve_each_with_rings_where_it_is_asked():
    shares = xr.DataArray(
        [[0.5, 0.2, 0.1], [0.5, 0.8, 0.9]], dims=("answer", "time"), coords={"answer": ["even", "odd"]}
    ).assign_attrs(long_name="probability", units="1", valid_range=(0.0, 1.0))
    drawn = figures.answered(shares, xr.DataArray([np.nan, 0, 1], dims="time"))
    assert [(line.name, list(line.y)) for line in drawn.data[:2]] == [
        ("even", [0.5, 0.2, 0.1]),
        ("odd", [0.5, 0.8, 0.9]),
    ]
    np.testing.assert_array_equal(drawn.data[2].y, [np.nan, 0.2, 0.9])
    number = figures.answered(shares[:1], xr.DataArray([np.nan, np.nan, 1.25], dims="time"))
    np.testing.assert_array_equal(number.data[1].y, [np.nan, np.nan, 1.25])  # where it ought to be
    nobody = figures.answered(shares, xr.DataArray([np.nan] * 3, dims="time"))
    assert len(nobody.data) == 2
