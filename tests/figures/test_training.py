"""Pictures of a training: what is drawn is what came in."""

import math

import numpy as np
import pytest
import xarray as xr

from rnnviz import figures

NETWORKS = {"network": ["RNN", "LSTM"], "kind": ("network", ["rnn", "lstm"])}
UPDATES = [0, 10, 20]


def test_every_seed_is_a_line_and_the_chosen_one_bold():
    right = xr.DataArray(
        np.arange(12).reshape(2, 2, 3) / 12,
        dims=("seed", "network", "update"),
        coords=NETWORKS | {"update": UPDATES},
        attrs={"long_name": "right answers", "units": "1"},
    )
    drawn = figures.right_answers(right, ["rnn", "lstm"], chosen=1, at=10, chance=0.5)
    faint, bold = drawn.data[:2], drawn.data[2:]
    assert [line.name for line in bold] == ["RNN", "LSTM"]
    assert list(bold[1].y) == right.values[1, 1].tolist() and list(faint[0].y) == [*right.values[0, 0], None]
    assert drawn.layout.shapes[0].x0 == 10 and drawn.layout.shapes[1].y0 == 0.5
    assert drawn.layout.meta["chooses"] == "x"
    alone = figures.right_answers(right.isel(seed=[0]), ["rnn", "lstm"], 0, 0, 0.5)
    assert [line.name for line in alone.data] == ["RNN", "LSTM"]


def test_each_network_is_a_block_whose_first_step_is_on_top():
    logs = np.log(10.0) * -np.arange(24).reshape(2, 3, 4)  # (network, update, time)
    logs[0, 0, 0] = -np.inf
    array = xr.DataArray(logs, dims=("network", "update", "time"), coords=NETWORKS | {"update": UPDATES})
    learned = xr.DataArray([20.0, math.nan], dims="network")
    drawn = figures.arrivals(array, learned, at=10)
    heat, rings = drawn.data
    assert heat.z.shape == (4 + 1 + 4, 3) and np.isnan(heat.z[4]).all() and np.isnan(heat.z[0, 0])
    assert heat.z[1, 2] == -9 and heat.z[5].tolist() == [-12, -16, -20]
    assert heat.text[6][0] == "LSTM, step 2"
    assert list(rings.x) == [20] and list(rings.y) == [0]
    assert dict(zip(drawn.layout.yaxis.tickvals, drawn.layout.yaxis.ticktext, strict=True)) == {
        0: "1",
        1.5: "RNN",
        3: "4",
        5: "1",
        6.5: "LSTM",
        8: "4",
    }


def test_what_a_unit_follows_stands_over_the_training_steps_with_its_control():
    found = xr.Dataset(
        {
            "correlation": ("moment", [0.3, 0.4, 0.9, 0.8], {"long_name": "|correlation|", "units": "1"}),
            "followed": ("moment", [0.1, 0.2, 0.9, 0.8]),
            "control": ("moment", [0.02, 0.03, 0.04, 0.05]),
            "best": ("moment", [5, 6, 7, 7]),
        },
        coords={"moment": [0, 5, 100, 2000]},
    )
    drawn = figures.tracking(found, "gru", at=0, level=0.5)
    best, followed, control = drawn.data
    before = best.x[0]
    assert list(best.x) == [before, 5, 100, 2000] and round(before) == 0 < before
    assert list(best.y) == [0.3, 0.4, 0.9, 0.8] and best.customdata[2] == "unit 7"
    assert followed.name == "unit 7 all along" and list(followed.y) == [0.1, 0.2, 0.9, 0.8]
    assert list(control.y) == [0.02, 0.03, 0.04, 0.05]
    assert list(drawn.layout.xaxis.ticktext) == ["0", "100"] and drawn.layout.xaxis.type == "log"
    assert drawn.layout.shapes[0].x0 == before and drawn.layout.shapes[1].y0 == 0.5
    assert drawn.layout.meta["chooses"] == "x"
    assert figures.tracking(found, "gru", at=100, level=0.5).layout.shapes[0].x0 == 100


def test_a_share_stands_with_its_interval_at_its_length():
    found = xr.Dataset(
        {
            name: (("steps", "network"), np.array(values))
            for name, values in {
                "share": [[1, 0.8], [0.5, 0]],
                "low": [[0.7, 0.4], [0.2, 0]],
                "high": [[1, 0.9], [0.8, 0.3]],
            }.items()
        },
        coords=NETWORKS | {"steps": [5, 50]},
    )
    found["share"].attrs = {"long_name": "share of the seeds that learned it", "units": "1"}
    drawn = figures.shares(found, ["rnn", "lstm"], at=5)
    lstm = drawn.data[1]
    assert list(lstm.y) == [0.8, 0] and lstm.x == pytest.approx([5, 50], rel=0.05)
    assert lstm.error_y.array == pytest.approx([0.1, 0.3]) and lstm.error_y.arrayminus == pytest.approx(
        [0.4, 0]
    )
    assert len(drawn.layout.shapes) == 1


def test_an_axis_of_norms_can_be_given():
    logs = xr.DataArray(
        [[-1.0, 0.0]], dims=("series", "time"), coords={"series": ["a"]}, attrs={"units": "nat"}
    )
    drawn = figures.log_norms(logs, ["rnn"], axis="free", limits=(-12, 1))
    assert drawn.layout.yaxis.range[0] < -12 and drawn.layout.yaxis.range[1] > 1


def test_a_forecast_lies_over_what_came_on_an_axis_of_what_came():
    when = {"time": [7, 8, 9]}
    truth = xr.DataArray([1.0, 3.0, 5.0], dims="time", coords=when, name="what came")
    said = xr.DataArray([1.0, math.nan, 90.0], dims="time", coords=when, name="GRU")
    drawn = figures.forecast(truth.assign_coords(token=("time", ["a", "<b>", "c"])), [said], ["#009E73"])
    came, forecast = drawn.data
    assert list(came.x) == [8, 9, 10] and list(came.y) == [1, 3, 5] and forecast.y[2] == 90
    assert (
        list(came.customdata) == [" (a)", " (&lt;b>)", " (c)"] and "customdata" not in forecast.hovertemplate
    )
    assert drawn.layout.yaxis.range == (0, 6) and forecast.line.color == "#009E73"
