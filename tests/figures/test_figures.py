"""Figures draw what they were given, on axes and in colours that do not depend on it."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from rnnviz import figures
from rnnviz.figures import style
from rnnviz.stats import pixels
from rnnviz.stats.gates import half_life as lives_of
from rnnviz.stats.gates import saturation as shares_of

# lines before contributions: importing their module would hide the function lines (see test_layers)
heatmap, lines, contributions = figures.heatmap, figures.lines, figures.contributions
path, saturation, half_lives = figures.path, figures.saturation, figures.half_lives

ROOT = Path(__file__).resolve().parents[2]
COLOURS = {"rnn": "#E69F00", "gru": "#009E73", "lstm": "#0072B2"}
SIGNED = {"valid_range": [-1.0, 1.0], "long_name": "hidden state", "units": "1"}
each_kind = pytest.mark.parametrize("kind", COLOURS)


def states(values=((0.1, 0.2, -0.3), (0.0, 0.5, 0.4)), first=0, **changed):
    """(unit, time), as an opened trace has it: coordinates, tokens that repeat, a long name and a range."""
    values = np.array(values, np.float32)
    time = np.arange(first, first + values.shape[1])
    coordinates = {"unit": np.arange(len(values)), "time": time, "token": ("time", ["a"] * len(time))}
    return xr.DataArray(values, dims=("unit", "time"), coords=coordinates, attrs=SIGNED | changed)


def parts(kind="lstm"):
    """What one unit keeps and writes in three steps, and their sum."""
    rows = {"keep": [0.5, -0.2, 0.0], "write": [0.1, 0.3, -0.4], "state": [0.6, 0.1, -0.4]}
    time = {"time": np.arange(3), "unit": 5}
    return xr.Dataset(
        {
            name: xr.DataArray(
                row, dims="time", coords=time, attrs={"long_name": name, "units": "1", "kind": kind}
            )
            for name, row in rows.items()
        }
    )


def points(count, steps=4):
    values = np.arange(steps * count, dtype=np.float32).reshape(steps, count)
    return xr.DataArray(
        values, dims=("time", "component"), coords={"share": ("component", [0.5, 0.25, 0.125][:count])}
    )


GATE = xr.DataArray(
    [[0.05, 0.95], [0.5, 0.99], [0.9, 0.9]], dims=("unit", "time"), coords={"unit": [7, 2, 4]}
)


def drawings(kind):
    """One of each figure that takes an architecture's colour, with the colour it took."""
    path2, path3 = (path(points(n), kind) for n in (2, 3))
    dots = saturation(shares_of(GATE), kind, chosen=2)
    lives = half_lives(lives_of(GATE), kind)
    curve, bars = lines(states()[0], kind), contributions(parts(kind))
    return [
        (curve, curve.data[0].line.color),
        (bars, bars.data[0].marker.color),
        (bars, bars.data[1].marker.color),
        (path2, path2.data[0].marker.colorscale[-1][1]),
        (path3, path3.data[0].marker.colorscale[-1][1]),
        (dots, dots.data[0].marker.color),
        (lives, lives.data[0].marker.color),
    ]


@each_kind
def test_an_architecture_has_one_colour_in_every_figure(kind):
    assert {colour for _, colour in drawings(kind)} == {COLOURS[kind]}


@each_kind
def test_every_figure_says_which_axis_it_shares_and_can_be_written(kind):
    for figure in [heatmap(states()), *(figure for figure, _ in drawings(kind))]:
        assert figure.layout.meta["axis"] in ("time", "path", "unit")
        assert json.loads(figure.to_json())["data"]


# --- heatmap


def test_the_limits_of_a_heatmap_are_the_valid_range_whatever_the_data():
    for values in ([[0.1, 0.2]], [[-9.0, 9.0]], [[np.nan, np.nan]]):
        drawn = heatmap(states(values))
        assert (drawn.data[0].zmin, drawn.data[0].zmax) == (-1, 1)
        assert drawn.data[0].colorbar.ticktext == ("-1", "0", "1")
        assert drawn.data[0].zauto is None


def test_given_limits_come_before_the_valid_range():
    drawn = heatmap(states(), limits=(0, 3))
    assert (drawn.data[0].zmin, drawn.data[0].zmax) == (0, 3)
    assert drawn.layout.meta["limits"] == [0, 3]


def test_a_heatmap_without_limits_is_refused():
    array = states().rename("cell")
    del array.attrs["valid_range"]
    with pytest.raises(ValueError, match=r"cell has no valid_range; give limits=\(low, high\)"):
        heatmap(array)


def test_the_first_row_is_on_top_and_rows_keep_their_names():
    drawn = heatmap(states().isel(unit=[1, 0]))
    assert drawn.layout.yaxis.range == (1.5, -0.5)
    np.testing.assert_allclose(drawn.data[0].z[0], [0.0, 0.5, 0.4])
    assert drawn.layout.yaxis.ticktext == ("1", "0")
    assert drawn.layout.meta["units"] == [1, 0]


def test_rows_are_titled_by_their_dim_unless_told():
    assert heatmap(states()).layout.yaxis.title.text == "unit"
    assert heatmap(states(), rows_title="unit, by activity").layout.yaxis.title.text == "unit, by activity"


def test_a_tall_heatmap_names_a_few_rows_each_at_its_place():
    drawn = heatmap(states(np.zeros((256, 3))).isel(unit=slice(None, None, -1)))
    at, names = drawn.layout.yaxis.tickvals, drawn.layout.yaxis.ticktext
    assert len(at) <= 8
    assert [int(name) for name in names] == [255 - row for row in at]


def test_signed_values_diverge_and_gates_do_not():
    signed, gate = heatmap(states()), heatmap(states(valid_range=[0.0, 1.0]))
    assert [signed.layout.meta["scale"], gate.layout.meta["scale"]] == ["diverging", "gate"]
    assert signed.data[0].colorscale == tuple(map(tuple, style.colorscale("diverging")))
    assert gate.data[0].colorscale == tuple(map(tuple, style.colorscale("gate")))


def test_the_middle_of_a_diverging_scale_is_at_zero():
    stops = dict(map(tuple, style.colorscale("diverging")))
    assert stops[0.5] == style.SCALES["diverging"]["light"][3]
    drawn = heatmap(states())
    assert drawn.data[0].zmin == -drawn.data[0].zmax


def test_coded_bytes_go_from_0_to_255_and_are_labelled_by_their_limits():
    drawn = heatmap(pixels.codes(states(), (-1, 1)), limits=(-1, 1))
    bar = drawn.data[0].colorbar
    assert (drawn.data[0].zmin, drawn.data[0].zmax) == (0, 255)
    assert drawn.data[0].z.dtype == np.uint8
    assert list(zip(bar.tickvals, bar.ticktext, strict=True)) == [(0, "-1"), (127.5, "0"), (255, "1")]


def test_coded_bytes_are_never_labelled_by_other_limits():
    """Their limits are needed (heatmap's own words), or those they were coded with are known."""
    coded = pixels.codes(states(), (-0.5, 0.5))
    try:
        labels = heatmap(coded).data[0].colorbar.ticktext
    except ValueError:
        return
    assert labels == ("-0.5", "0", "0.5")


def test_pooled_columns_stand_where_their_steps_do():
    pooled = pixels.pool(states(np.linspace(-1, 1, 2000).reshape(2, 1000), first=50), 100)
    drawn = heatmap(pooled)
    assert drawn.data[0].dx == 10
    assert drawn.data[0].x0 - drawn.data[0].dx / 2 == 49.5
    assert drawn.layout.xaxis.range == (49.5, 1049.5)
    assert drawn.layout.meta["pooled"] == 20


@pytest.mark.parametrize("steps", [101, 1001, 99_999])
def test_a_pooled_heatmap_and_the_curve_below_it_have_one_time_axis(steps):
    array = states(np.zeros((1, steps)))
    pooled, curve = heatmap(pixels.pool(array, 100)), lines(array[0])
    assert pooled.layout.xaxis.range == curve.layout.xaxis.range
    assert pooled.layout.xaxis.tickvals == curve.layout.xaxis.tickvals


# --- time


def over_time(first=0):
    """Every figure over the same three steps; nobody said what was read, see test_steps.py."""
    array = states(first=first).drop_vars("token")
    shifted = parts().assign_coords(time=np.arange(first, first + 3))
    return [heatmap(array), lines(array[0]), contributions(shifted)]


@pytest.mark.parametrize("first", [0, 100])
def test_time_is_numeric_and_counted_from_1(first):
    for drawn in over_time(first):
        axis = drawn.layout.xaxis
        assert axis.type in (None, "linear")
        assert axis.range == (first - 0.5, first + 2.5)
        assert axis.tickvals == (first, first + 1, first + 2)
        assert axis.ticktext == tuple(str(first + t) for t in (1, 2, 3))
        for trace in drawn.data:
            assert trace.x is None and (trace.x0, trace.dx) == (first, 1)


def test_repeated_tokens_are_not_merged():
    for drawn in over_time():
        for trace in drawn.data:
            values = trace.z[0] if trace.type == "heatmap" else trace.y
            assert len(values) == 3
        assert len(set(drawn.layout.xaxis.tickvals)) == 3


@pytest.mark.parametrize("steps", [1, 14, 15, 40, 1000, 20_000])
def test_few_labels_on_round_steps(steps):
    axis = lines(states(np.zeros((1, steps)))[0].drop_vars("token")).layout.xaxis
    assert 1 <= len(axis.tickvals) <= 14
    assert [int(text) for text in axis.ticktext] == [t + 1 for t in axis.tickvals]
    strides = set(np.diff(axis.tickvals))
    assert len(strides) <= 1
    assert all(int(text) % stride == 0 for text in axis.ticktext for stride in strides)
    assert axis.range == (-0.5, steps - 0.5)


# --- lines


def test_a_curve_is_the_array_on_the_axis_of_its_range():
    drawn = lines(states()[1])
    np.testing.assert_allclose(drawn.data[0].y, [0.0, 0.5, 0.4])
    assert drawn.layout.yaxis.range == pytest.approx((-1.08, 1.08))
    assert drawn.layout.title.text == "hidden state"
    assert drawn.layout.meta["unit"] == 1
    assert [shape.y0 for shape in drawn.layout.shapes] == [0]  # the zero line


def test_a_curve_without_a_range_fits_the_data_and_a_gate_has_no_zero_line():
    free = states()[0]
    del free.attrs["valid_range"]
    assert lines(free).layout.yaxis.range is None
    assert lines(states(valid_range=[0.0, 1.0])[0]).layout.shapes == ()
    assert lines(free, limits=(0, 50)).layout.yaxis.range == (-2, 52)


def test_each_architecture_brings_its_own_colour():
    array = xr.DataArray(
        np.arange(6.0).reshape(3, 2), dims=("architecture", "time"), coords={"architecture": list(COLOURS)}
    )
    for given in (array, array.T):
        drawn = lines(given, kind="rnn")
        assert {trace.name: trace.line.color for trace in drawn.data} == COLOURS
        assert [trace.y.tolist() for trace in drawn.data] == [[0, 1], [2, 3], [4, 5]]


def test_a_unit_that_is_not_one_is_named():
    drawn = lines(states(units="nat", long_name="surprise")[0])
    assert drawn.layout.title.text == "surprise (nat)"


# --- contributions


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_kept_and_written_are_stacked_to_the_state(kind):
    drawn = contributions(parts(kind))
    keep, write, state = drawn.data
    assert drawn.layout.barmode == "relative"
    assert [keep.type, write.type, state.type] == ["bar", "bar", "scatter"]
    np.testing.assert_allclose(keep.y + write.y, state.y)
    assert drawn.layout.meta["unit"] == 5


def test_kept_is_solid_and_written_is_hatched():
    keep, write, state = contributions(parts()).data
    assert keep.marker.pattern.shape == "" and write.marker.pattern.shape == "/"
    assert state.line.color == style.INK
    assert [trace.name for trace in (keep, write, state)] == ["keep", "write", "state"]


# --- points


@pytest.mark.parametrize(("count", "type"), [(2, "scatter"), (3, "scatter3d")])
def test_a_path_has_a_point_for_each_step_from_light_to_dark(count, type):
    (trace,) = (drawn := path(points(count), "gru")).data
    assert trace.type == type and drawn.layout.meta["axis"] == "path"
    assert trace.x.tolist() == [0, count, 2 * count, 3 * count]
    assert trace.y.tolist() == [1, count + 1, 2 * count + 1, 3 * count + 1]
    assert trace.marker.color.tolist() == [0, 1, 2, 3]
    axis = drawn.layout.xaxis if count == 2 else drawn.layout.scene.xaxis
    assert axis.title.text == f"component 1 (50%{' of variance' if count == 2 else ''})"


def test_a_path_along_one_component_is_refused():
    with pytest.raises(ValueError, match="2 or 3 components; got 1"):
        path(points(1))


def test_saturation_puts_each_unit_at_its_open_and_shut_share():
    drawn = saturation(shares_of(GATE), "lstm", chosen=2)
    assert drawn.data[0].x.tolist() == [0.5, 0.5, 0.0]
    assert drawn.data[0].y.tolist() == [0.5, 0.0, 0.0]
    assert drawn.layout.meta["points"] == [7, 2, 4]
    assert drawn.layout.xaxis.title.text == "share of steps above 0.9"
    assert drawn.layout.yaxis.title.text == "share of steps below 0.1"
    for axis in (drawn.layout.xaxis, drawn.layout.yaxis):
        assert axis.range == (-0.03, 1.03) and axis.tickformat == ".0%"


def test_the_diagonal_is_where_a_gate_is_never_in_between():
    diagonal = saturation(shares_of(GATE), "gru").data[1]
    assert [x + y for x, y in zip(diagonal.x, diagonal.y, strict=True)] == [1, 1]


def test_only_the_chosen_unit_is_marked():
    for drawn in (
        saturation(shares_of(GATE), "lstm", chosen=2),
        half_lives(lives_of(GATE), "lstm", chosen=2),
    ):
        sizes, edges = drawn.data[0].marker.size, drawn.data[0].marker.line.color
        assert [size > min(sizes) for size in sizes] == [False, True, False]
        assert [edge == style.INK for edge in edges] == [False, True, False]
        assert drawn.data[0].marker.opacity == 1  # half of it would fall below 3:1 on the page
    unmarked = half_lives(lives_of(GATE), "lstm")
    assert len(set(unmarked.data[0].marker.size)) == 1


def test_half_lives_are_drawn_in_the_order_given_on_a_log_axis():
    drawn = half_lives(lives_of(GATE), "lstm")
    assert drawn.layout.yaxis.type == "log"
    assert drawn.layout.yaxis.title.text == "memory length (steps)"
    assert (drawn.data[0].x0, drawn.data[0].dx) == (1, 1)
    np.testing.assert_allclose(drawn.data[0].y[2], 6.5788, atol=1e-4)
    assert drawn.layout.meta["points"] == [7, 2, 4]


# --- colours


def theme(side):
    return tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))["theme"][side]


@pytest.mark.parametrize("side", ["light", "dark"])
def test_what_is_near_zero_recedes_into_the_page(side):
    background = theme(side)["backgroundColor"].lower()
    diverging, gate = (style.SCALES[name][side] for name in ("diverging", "gate"))
    assert len(diverging) % 2 == 1 and diverging[len(diverging) // 2].lower() == background
    assert gate[0].lower() == background


def luminance(colour):
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return np.dot([0.2126, 0.7152, 0.0722], linear)


def contrast(colour, other):
    """WCAG 2.2; 3 is wanted for what is no text."""
    low, high = sorted((luminance(colour), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@each_kind
def test_marks_stand_out_on_the_dark_page(kind):
    for colour in (COLOURS[kind], style.EARLY, style.INK):
        shown = style.ON_DARK.get(colour, colour)
        assert contrast(shown, theme("dark")["backgroundColor"]) >= 3


@pytest.mark.parametrize("colour", [COLOURS["gru"], COLOURS["lstm"], style.EARLY, style.INK])
def test_marks_stand_out_on_the_light_page(colour):
    assert contrast(colour, theme("light")["backgroundColor"]) >= 3


@pytest.mark.parametrize("side", ["light", "dark"])
def test_scales_leave_the_background_steadily_so_that_they_are_read_without_hue(side):
    away = -1 if side == "light" else 1
    gate = [luminance(c) for c in style.SCALES["gate"][side]]
    diverging = [luminance(c) for c in style.SCALES["diverging"][side]]
    assert np.all(np.diff(gate) * away > 0)
    assert np.all(np.diff(diverging[3:]) * away > 0) and np.all(np.diff(diverging[3::-1]) * away > 0)


def test_both_sides_of_a_scale_have_as_many_stops_so_that_the_board_can_swap_them():
    for sides in style.SCALES.values():
        assert len(sides["light"]) == len(sides["dark"])


def test_figures_lie_on_the_page_they_are_on_with_type_of_14_pixels():
    for figure in (heatmap(states()), lines(states()[0]), path(points(3))):
        assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"
        assert figure.layout.font.size >= 14


def test_rows_with_names_say_them_and_what_stands_in_their_cells():
    shares = xr.DataArray(
        [[0.1, 0.2], [0.3, 1.0]],
        dims=("layer", "time"),
        attrs={"valid_range": (0.0, 1.0), "long_name": "probability"},
    )
    drawn = figures.named_rows(
        shares, ["lower layer", "upper layer"], ["low", "up"], said=[["a", " "], ["<b>", "\n"]]
    )
    trace, meta = drawn.data[0], drawn.layout.meta
    np.testing.assert_array_equal(trace.z, shares.values)
    assert [list(row) for row in trace.text] == [["a", "·"], ["&lt;b>", "↵"]]  # no tag of the reader's
    assert meta["names"] == ["lower layer", "upper layer"] and meta["ticks"] == ["low", "up"]
    assert meta["units"] == [0, 1] and drawn.layout.yaxis.ticktext == ("low", "up")
    assert (trace.zmin, trace.zmax, meta["scale"]) == (0, 1, "gate")
    with pytest.raises(ValueError, match="a name for each of 2 rows; got 1"):
        figures.named_rows(shares, ["one"])
    with pytest.raises(ValueError, match="valid_range"):
        figures.named_rows(shares.assign_attrs(valid_range=None), ["a", "b"])
