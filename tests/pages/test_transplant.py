"""The page of transplants: its map is what the library finds, its bars are the prediction with that cell put in."""

import base64

import numpy as np
import pytest
import torch

from rnnviz.models import checkpoints, decoding
from rnnviz.studies import live, patching
from rnnviz.ui.parts import working

FIRST, SECOND = "The king is", "The king, s"


@pytest.fixture
def opened(visit, monkeypatch):
    monkeypatch.setattr(working, "PATIENCE", 600)

    def opened(**params):
        seen = visit("transplant", **params)
        assert not seen.test.exception
        return seen

    return opened


def texts(opened, **more):
    asked = {"model": "growing-lstm", "text": FIRST, "transplant_text": SECOND, "transplant_groups": 4}
    return opened(**asked | more)


def numbers(values) -> np.ndarray:
    found = np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"])
    return found.reshape([int(n) for n in values["shape"].split(",")]) if "shape" in values else found


def drawn(seen) -> np.ndarray:
    return numbers(seen.figures["map"]["data"][0]["z"])


@pytest.mark.parametrize("measure", ["moved", "nearer"])
def test_the_map_is_what_the_library_finds(opened, measure):
    seen = texts(opened, transplant_measure=measure, transplant_at=11)
    line = next(one.value for one in seen.test.markdown if one.value.startswith("Log odds of")).replace(
        "\\", ""
    )
    tokens = tuple(part[1:-1] for part in (line[12:15], line[24:27]))[::-1]
    tokens = tuple({"·": " ", "↵": "\n"}.get(token, token) for token in tokens)
    found = patching.patch(live.shipped("growing-lstm"), FIRST, SECOND, groups=4, at=10, tokens=tokens)
    shown, part = drawn(seen), 8  # the first step at which the texts differ
    assert np.isnan(shown[:, :part]).all()
    np.testing.assert_allclose(shown[0, part:], found[f"{measure}_all"].values[part:], atol=1e-4)
    np.testing.assert_allclose(shown[1:, part:], found[measure].values[:, part:], atol=1e-4)
    assert seen.figures["map"]["layout"]["meta"]["names"][1:3] == ["units 0–31", "units 32–63"]
    assert seen.board["tokens"][8:] == ["·|,", "i|·", "s"]


def test_a_cell_that_was_clicked_shows_the_prediction_with_it_put_in(opened):
    seen = texts(opened, transplant_at=11, transplant_row=3, step=10)
    subject = live.shipped("growing-lstm")
    units = tuple(range(32, 64))
    wanted = {
        "first": subject.read(FIRST),
        "changed": patching.put(subject, FIRST, SECOND, 9, 9, {0: units}),
        "second": subject.read(SECOND),
    }
    bars = seen.figures["predictions"]
    names = [name.strip("<b>✓/ ") for name in bars["layout"]["yaxis"]["ticktext"]]
    ids = [subject.outputs.index({"·": " ", "↵": "\n"}.get(name, name)) for name in names]
    for bar, reading in zip(bars["data"], wanted.values(), strict=True):
        shares = np.exp(reading.log_probability.values[10][ids])
        np.testing.assert_allclose(numbers(bar["x"]), shares, atol=1e-6)
    assert (seen.board["unit"], seen.board["step"]) == (2, 9)
    assert any(one.value.startswith("units 32–63 at step 10:") for one in seen.test.text)


def test_all_that_differs_put_in_is_the_prediction_of_the_second_text(opened):
    seen = texts(opened, transplant_at=11, transplant_row=1, step=11)
    _first, changed, second = (numbers(bar["x"]) for bar in seen.figures["predictions"]["data"])
    np.testing.assert_allclose(changed, second, atol=1e-6)


def test_texts_with_nothing_to_put_across_are_told(opened):
    assert any("must be another" in line for line in texts(opened, transplant_text=FIRST).lines)
    assert any(
        "same as far as they stand" in line for line in texts(opened, transplant_text=FIRST + "!").lines
    )
    seen = texts(opened, transplant_at=2)
    assert any("After step 2 the two texts cannot be compared" in line for line in seen.lines)
    assert seen.board is not None


def test_a_verdict_moves_as_the_library_says(opened):
    first, second, name = "The film is funny.", "The film is not funny.", "sentiment-english-gru"
    seen = opened(transplant_kind="review", transplant_judge=name, transplant_groups=4)
    model, card = checkpoints.load(name)
    ids = [checkpoints.words(card).encode(text) for text in (first, second)]
    found = patching.verdict(model, *ids, groups=4)
    np.testing.assert_allclose(drawn(seen)[0], found["moved_all"], atol=1e-5)
    np.testing.assert_allclose(drawn(seen)[1:], found["moved"], atol=1e-5)
    praise = [100 / (1 + np.exp(-found.attrs[f"verdict_{which}"])) for which in ("first", "second")]
    line = seen.board["summary"]
    assert all(f"{share:.1f} %" in line for share in praise)


def test_a_translation_moves_as_the_library_says(opened):
    name = "translate-dates"
    seen = opened(transplant_kind="translation", transplant_translator=name)
    model, card = checkpoints.load(name)
    source, target = checkpoints.lexicons(card)
    ids = [source.encode(text) for text in ("March 5, 2024", "March 7, 2024")]
    written = decoding.greedy(model, ids[0]).tokens
    with torch.inference_mode():
        found = patching.source(model, *ids, written)
    np.testing.assert_allclose(drawn(seen)[:-1], found["moved"], atol=1e-5)
    np.testing.assert_allclose(drawn(seen)[-1], found["moved_all"], atol=1e-5)
    assert f"“{target.decode(written)}”" in seen.board["summary"]
    five = "March 5, 2024".index("5")
    assert seen.board["unit"] == five  # the token that differs carries it


@pytest.mark.parametrize("kind", ["review", "translation"])
def test_the_same_twice_and_nothing_at_all_are_one_line(opened, kind):
    names = {"review": ("first", "second"), "translation": ("source", "instead")}[kind]
    for one, other in (("good", "good"), ("", "good"), ("good", "")):
        texts = {f"transplant_{name}": text for name, text in zip(names, (one, other), strict=True)}
        seen = opened(transplant_kind=kind, **texts)
        assert len(seen.lines) == 1 and seen.board is None


def test_it_is_korean(opened):
    seen = texts(opened, lang="ko")
    assert seen.figures["map"]["layout"]["meta"]["names"][0] == "상태 전체"
