"""What was read stands at the steps and in the hover of a figure."""

import numpy as np
import pytest
import xarray as xr

from rnnviz import figures


def state(tokens, units=2):
    steps = len(tokens)
    values = np.linspace(-1, 1, units * steps, dtype=np.float32).reshape(units, steps)
    coords = {"unit": [7, 9], "time": range(steps), "token": ("time", list(tokens))}
    attrs = {"long_name": "hidden state", "units": "1", "valid_range": (-1, 1)}
    return xr.DataArray(values, dims=("unit", "time"), coords=coords, attrs=attrs)


def test_a_cell_of_a_heatmap_says_unit_step_token_and_value():
    drawn = figures.heatmap(state("a \n<")).data[0]
    assert list(drawn.hovertext[1]) == [
        "unit 9, step 1 a",
        "unit 9, step 2 ·",
        "unit 9, step 3 ↵",
        "unit 9, step 4 &lt;",
    ]
    assert "%{z" in drawn.hovertemplate


def test_tokens_are_ticks_where_they_have_room():
    few, long = figures.lines(state("to be")[0]), figures.lines(state(["a"] * 41)[0])
    assert few.layout.xaxis.ticktext == ("t", "o", "·", "b", "e") and few.layout.xaxis.tickvals == (
        0,
        1,
        2,
        3,
        4,
    )
    assert long.layout.xaxis.ticktext[:2] == ("5", "10")
    assert figures.lines(state(["words", "are", "wide"])[0]).layout.xaxis.ticktext == ("1", "2", "3")


def test_a_curve_says_step_and_token_and_keeps_its_limits():
    drawn = figures.lines(state("to")[0])
    assert list(drawn.data[0].hovertext) == ["step 1 t", "step 2 o"]
    assert (
        drawn.layout.yaxis.range == pytest.approx((-1.08, 1.08)) and drawn.layout.title.text == "hidden state"
    )


def test_without_tokens_the_steps_are_counted():
    bare = state("to").drop_vars("token")
    assert figures.heatmap(bare).data[0].hovertext[0] == ["unit 7, step 1", "unit 7, step 2"]
    assert figures.lines(bare[0]).layout.xaxis.ticktext == ("1", "2")


def test_a_heatmap_too_large_to_say_every_cell_says_none():
    wide = xr.DataArray(
        np.zeros((2, 40_000), np.float32), dims=("unit", "time"), attrs={"valid_range": (-1, 1)}
    )
    assert figures.heatmap(wide).data[0].hoverinfo == "none"
