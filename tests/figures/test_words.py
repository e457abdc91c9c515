"""Figures write English until they are told who translates, and never translate what a reader typed."""

import pytest
import xarray as xr

from rnnviz import figures
from rnnviz.figures import words

CATALOGUE = {
    "step": "시점",
    "share of steps below {}": "{}보다 작은 시점의 비율",
    "forget bias {}": "망각 게이트 편향 {}",
    "hidden state": "은닉 상태",
}


@pytest.fixture
def korean(monkeypatch):
    monkeypatch.setattr(words, "_translate", lambda message: CATALOGUE.get(message, message))


def test_without_a_translator_a_word_is_itself(monkeypatch):
    monkeypatch.setattr(words, "_translate", str)
    assert words._("step") == "step"
    assert words.named("share of steps below 0.1") == "share of steps below 0.1"
    assert words.series("LSTM, forget bias 2") == "LSTM, forget bias 2"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("hidden state", "은닉 상태"),
        ("share of steps below 0.1", "0.1보다 작은 시점의 비율"),
        ("forget bias -2", "망각 게이트 편향 -2"),
        ("no name of ours 3", "no name of ours 3"),
        ("{step}", "{step}"),
    ],
)
def test_the_numbers_in_a_name_stand_in_its_translation(korean, name, said):
    assert words.named(name) == said


def test_a_curve_is_named_part_by_part(korean):
    assert words.series("LSTM, forget bias 2") == "LSTM, 망각 게이트 편향 2"


def test_a_figure_translates_when_it_draws_and_leaves_the_array_english(korean):
    array = xr.DataArray([0.1, 0.2], dims="time", attrs={"long_name": "hidden state", "valid_range": (-1, 1)})
    drawn = figures.lines(array)
    assert drawn.layout.title.text == "은닉 상태"
    assert drawn.layout.xaxis.title.text == "시점"
    assert array.attrs["long_name"] == "hidden state"


def test_what_a_reader_typed_is_not_translated(korean):
    array = xr.DataArray(
        [[0.5, 1.0], [0.2, 0.3]], dims=("model", "place"), coords={"model": ["a", "b"]}, attrs={"units": "1"}
    )
    drawn = figures.surprises(array, ["step", "<b>"], "lstm")
    assert drawn.layout.xaxis.ticktext == ("step", "&lt;b>")
    assert drawn.data[0].customdata[1] == "&lt;b>, a: 1 1, p = 36.8 %"  # e⁻¹
