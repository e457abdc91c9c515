"""Probes as they are drawn: for each property a colour, and three dashes that say which curve is which."""

import numpy as np
import xarray as xr

from rnnviz import figures

ARRAYS = {
    "score": [[1, 0.9], [0.8, 0.7]],
    "control": [[0.9, 0.6], [0.7, 0.6]],
    "guess": [[1, 0.5], [0.7, 0.7]],
}
PROBES = xr.Dataset(
    {name: (("property", "distance"), values) for name, values in ARRAYS.items()},
    coords={"property": ["token", "blank"], "distance": ("distance", [0, 2], {"long_name": "tokens back"})},
)


def test_each_property_has_its_colour_and_its_three_curves():
    drawn = figures.by_distance(PROBES, {"blank": "A blank?", "token": "Which?"})
    curves = drawn.data[:6]
    for curve, (name, which) in zip(
        curves, [(name, which) for name in ("blank", "token") for which in ARRAYS], strict=True
    ):
        np.testing.assert_array_equal(curve.y, PROBES[which].sel(property=name))
        assert list(curve.x) == [0, 2]
        assert curve.line.dash == {"score": "solid", "control": "dash", "guess": "dot"}[which]
    assert len({curve.line.color for curve in curves[:3]}) == 1
    assert curves[0].line.color != curves[3].line.color
    assert [curve.name for curve in drawn.data if curve.showlegend is not False] == [
        "A blank?",
        "Which?",
        "probe",
        "on the control task",
        "guess without memory",
    ]
    assert curves[1].customdata[1] == "A blank?, on the control task: 60.0%"
    assert drawn.layout.xaxis.title.text == "tokens back"


def test_numbers_are_told_as_r2():
    drawn = figures.by_distance(PROBES, {"token": "place"}, numbers=True)
    assert drawn.layout.yaxis.title.text == "R²" and drawn.data[0].customdata[1] == "place, probe: 0.90"
