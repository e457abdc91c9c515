"""Scores by length: a point at the middle of each group, its range beside it, the limits always the same."""

import pytest
import xarray as xr

from rnnviz.figures import by_length, style


def scores(values):
    return xr.DataArray(
        values,
        dims="group",
        coords={"from": ("group", [2, 5]), "to": ("group", [4, 12]), "sentences": ("group", [40, 1000])},
        attrs={"long_name": "score", "units": "% without a mistake"},
    )


BOTH = {"with attention": scores([99.0, 98.5]), "without": scores([90.0, 20.25])}


def test_points_stand_at_the_middle_of_their_group():
    figure = by_length(BOTH, "gru")
    for trace, name in zip(figure.data, BOTH, strict=True):
        assert trace.name == name and trace.line.color == style.ARCHITECTURE["gru"]
        assert list(trace.x) == [3, 8.5] and list(trace.error_x.array) == [1, 3.5]
        assert list(trace.y) == BOTH[name].values.tolist()
    assert [t.line.dash for t in figure.data] == ["solid", "dash"]
    assert figure.data[1].customdata[1] == "without: 20.25, 5–12 tokens, 1,000 sentences"


def test_the_axis_is_the_whole_range_and_says_its_unit():
    axis = by_length(BOTH, "gru").layout.yaxis
    assert axis.range[0] <= 0 and axis.range[1] >= 100
    assert axis.title.text == "% without a mistake"


@pytest.mark.parametrize("own", [1, 3, 12, 40])
def test_the_readers_own_length_is_on_the_axis(own):
    figure = by_length(BOTH, "gru", own=own)
    low, high = figure.layout.xaxis.range
    assert low < own < high
    assert figure.layout.shapes[0].x0 == own and figure.layout.annotations[0].text == f"this sentence: {own}"
    assert len(by_length(BOTH, "gru").layout.shapes) == 0
