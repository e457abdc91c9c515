"""The page on probes: its pictures are what the library finds, on the text that it says; too short a text is told."""

import base64

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from rnnviz.studies import live, probing, verdicts
from rnnviz.ui.parts import working
from rnnviz.ui.rooms.knows import NAMED, NUMBERS, pictures

TEXT = "ROMEO:\nWhat say you to my Lord?\n"
LENGTH = 1200


@pytest.fixture
def opened(visit, monkeypatch):
    monkeypatch.setattr(working, "PATIENCE", 600)
    monkeypatch.setattr(pictures, "LENGTH", LENGTH)

    def opened(text=TEXT, model="growing-gru", **params):
        seen = visit("knows", text=text, model=model, **params)
        assert not seen.test.exception
        return seen

    return opened


def numbers(values) -> np.ndarray:
    return np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"])


def read(seen) -> str:
    """The text that the page says was read."""
    return seen.test.expander[0].text[0].value


def test_the_pictures_are_what_the_library_finds(opened):
    seen = opened()
    text = read(seen)
    assert text.startswith(TEXT) and len(text) == LENGTH
    with threadpool_limits(1):  # as in the worker: another number of threads rounds otherwise
        found = probing.probe(live.shipped("growing-gru"), text, properties=[*NAMED, *NUMBERS], seed=1)
    found = found.merge(probing.memory(found)).isel(field=0)
    drawn = seen.figures
    assert list(drawn) == ["probes", "places"]
    for figure, names in (("probes", ("token", "blank", "vowel")), ("places", NUMBERS)):
        curves = drawn[figure]["data"]
        wanted = [
            found[which].sel(property=name) for name in names for which in ("score", "control", "guess")
        ]
        for curve, values in zip(curves, wanted, strict=False):
            np.testing.assert_allclose(numbers(curve["y"]), values, atol=1e-6)
        assert len(curves) == len(wanted) + 3  # what solid, dashed and dotted mean
    at = found.sel(property="blank")
    lines = [one.value for one in seen.test.text if one.value.startswith("“A blank?”")]
    assert len(lines) == 1 and f"up to {int(at['reach'])} back" in lines[0]
    for distance in (1, 10):
        for which in ("score", "control", "guess"):
            assert f"{100 * at[which].sel(distance=distance).item():.1f} %" in lines[0]


def test_a_seed_writes_its_own_text_and_the_cell_is_read_as_well(opened):
    seen = opened(model="growing-lstm", knows_field="cell", knows_seed=7, knows_properties="capital")
    text = read(seen)
    assert text != read(opened(model="growing-lstm"))
    with threadpool_limits(1):
        found = probing.probe(live.shipped("growing-lstm"), text, fields="cell", properties=["capital"])
    drawn = seen.figures["probes"]["data"]
    np.testing.assert_allclose(numbers(drawn[0]["y"]), found["score"].values.ravel(), atol=1e-6)
    for choice in ("knows_field=cell", "knows_seed=7", "knows_properties=capital"):
        assert choice in seen.address


def test_too_short_a_text_is_told_and_a_click_has_it_gone_on_with(opened):
    seen = opened(knows_text="own")
    assert seen.board is None
    line = f"at least {probing.enough()}, and your text has {len(TEXT)}."
    assert any(line in one for one in seen.lines)
    next(one for one in seen.test.button if one.label == "Let the network go on").click().run()
    assert read(seen).startswith(TEXT) and "knows_text" not in seen.address


def test_a_text_that_is_long_enough_is_read_alone(opened):
    text = "A line, and one more.\n" * 40 + "The end"
    assert read(opened(text=text, knows_text="own")) == text


def test_what_the_text_hardly_answers_is_not_asked_for(opened):
    seen = opened(model="korean-gru", text="재미있을 줄 알았는데", knows_properties="capital,blank")
    assert "knows_properties=blank" in seen.address
    assert [line["name"] for line in seen.figures["probes"]["data"] if line.get("showlegend")] == ["A blank?"]


def test_another_property_is_drawn_and_nothing_computed_anew(opened):
    from rnnviz.ui.shell.jobs import jobs

    seen = opened()
    before = len(jobs._jobs)
    seen.test.session_state["settings"] = seen.test.session_state["settings"] | {
        "knows_properties": ["capital"]
    }
    seen.test.run()
    assert seen.figures["probes"]["data"][0]["name"] == "A capital?" and len(jobs._jobs) == before


def test_a_field_that_the_model_lacks_gives_way(opened):
    seen = opened(knows_field="cell")
    assert "knows_field" not in seen.address and seen.figures


def test_it_is_korean(opened):
    seen = opened(lang="ko")
    assert seen.figures["probes"]["layout"]["yaxis"]["title"]["text"] == "맞힌 비율"


@pytest.mark.parametrize("axis", ["end", "share"])
@pytest.mark.parametrize("field", ["hidden", "cell"])
def test_what_the_judges_of_reviews_know_is_what_came_with_them(visit, axis, field):
    seen = visit("knows", knows_kind="review", knows_field=field, knows_axis=axis)
    assert not seen.test.exception and not seen.lines
    found = verdicts.shipped("sentiment-english-lstm")[axis].sel(field=field)
    curves = seen.figures["probes"]["data"]
    wanted = [
        found[which].sel(property=name)
        for name in verdicts.PROPERTIES
        for which in ("score", "control", "guess")
    ]
    for curve, values in zip(curves, wanted, strict=False):
        np.testing.assert_allclose(numbers(curve["y"]), values, atol=1e-6)
    place = {"end": 10, "share": 50}[axis]
    score = found["score"].sel(property="label", distance=place).item()
    assert f"{100 * score:.1f} %" in next(one.value for one in seen.test.text if "praise" in one.value)


def test_a_judge_without_a_cell_or_that_is_gone_gives_way_and_korean_reads_korean(visit):
    seen = visit("knows", knows_kind="review", knows_judge="sentiment-english-gru", knows_field="cell")
    assert not seen.test.exception and seen.figures and "knows_field" not in seen.address
    seen = visit("knows", knows_kind="review", knows_judge="sentiment-gone")
    assert seen.lines == ["The model sentiment-gone is not here any more; sentiment-english-lstm is shown."]
    seen = visit("knows", knows_kind="review", lang="ko")
    assert seen.figures["probes"]["layout"]["xaxis"]["title"]["text"] == "끝에서 앞으로 센 토큰 수"
    assert any(one.value.startswith("“칭찬하는 리뷰인가?”") for one in seen.test.text)
