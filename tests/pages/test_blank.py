"""learn/blank as a reader meets it: what is drawn is what the two models say of the word that is left out."""

import base64
import math
from urllib.parse import parse_qs

import numpy as np
import pytest
import torch

from rnnviz.models import checkpoints
from rnnviz.models.networks import BlankFiller
from rnnviz.models.vocabularies import END_ID, START_ID, Lexicon
from rnnviz.studies import filling
from rnnviz.ui.rooms.blank import page as room_page
from tests.pages.conftest import Opened

WORDS = tuple(dict.fromkeys(" ".join(text for text, _place in room_page.EXAMPLES.values()).split()))
TEXT = "play a song by queen"


@pytest.fixture
def models(tmp_path, monkeypatch):
    """Two small untrained models that know the words of the examples and those of TEXT but 'queen'."""
    monkeypatch.setenv("RNNVIZ_CHECKPOINTS", str(tmp_path))
    lexicon = Lexicon("words", tuple(dict.fromkeys((*WORDS, "play", "a", "song", "by"))))
    for name, bidirectional, score in (("blank-forward", False, 20.0), ("blank-both", True, 40.0)):
        size = {
            "kind": "lstm",
            "vocabulary": len(lexicon),
            "embedding": 5,
            "hidden": 6,
            "bidirectional": bidirectional,
        }
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(3)
            model = BlankFiller(**size)
            with torch.no_grad():
                model.left.weight *= 8
        card = {
            "task": "blank",
            "model": size,
            "scores": {"validation": score, "test": score},
            "scores_unit": "%",
            "parameters": 1000,
            "data": {"source": "a test", "licence": "none"},
            "command": "none",
            "words": {"unit": "words", "tokens": list(lexicon.entries)},
        }
        checkpoints.save(name, model, card)
    return tmp_path


class Page(Opened):
    """The page inside the app, opened by a link."""

    page = "blank"

    @property
    def drawn(self) -> dict | None:
        """What was sent to be drawn."""
        return self.visit._sent("rnnviz_blank")

    @property
    def candidates(self) -> list[dict[str, dict]]:
        """The candidates of the forward model and of the other, by word."""
        return [{row["text"]: row for row in model["candidates"]} for model in self.drawn["models"]]

    def type(self, text: str) -> "Page":
        self.test.main.text_input[0].set_value(text).run()
        assert not self.test.exception
        return self


@pytest.fixture
def page(models, visit):
    return lambda text=TEXT, place=3, **more: Page(visit, blank_text=text, blank_place=place, **more)


def probabilities(name: str, text: str, place: int) -> dict[str, float]:
    """What the model says of a place, counted from 0, asked by hand."""
    model, card = checkpoints.load(name)
    words = checkpoints.words(card)
    with torch.inference_mode():
        scores = model(torch.tensor([[START_ID, *words.encode(text), END_ID]]))[0, place]
    return dict(zip(words.tokens, scores.softmax(-1).tolist(), strict=True))


def values(trace, key="y"):
    array = trace[key]
    if isinstance(array, dict):
        found = np.frombuffer(base64.b64decode(array["bdata"]), array["dtype"])
        return found.reshape([int(n) for n in array["shape"].split(",")]) if "shape" in array else found
    return np.array([np.nan if v is None else v for v in array])


@pytest.mark.parametrize("place", [1, 3, 5])
def test_the_candidates_are_the_models_own(page, place):
    seen = page(place=place)
    for name, found in zip(room_page.MODELS, seen.candidates, strict=True):
        wanted = probabilities(name, TEXT, place - 1)
        ranked = sorted(wanted, key=wanted.get, reverse=True)
        assert list(found)[:8] == ranked[:8]
        assert [row["share"] for row in found.values()] == pytest.approx(
            [wanted[word] for word in found], rel=1e-4
        )
        own = TEXT.split()[place - 1]
        if own == "queen":  # which they do not know
            assert len(found) == 8 and not any(row["own"] for row in found.values())
        else:
            assert [word for word, row in found.items() if row["own"]] == [own]
            assert int(found[own]["rank"]) == ranked.index(own) + 1


def test_each_score_is_split_into_what_sums_to_it(page):
    seen = page(place=2)
    names = [[row["text"] for row in model["split"]] for model in seen.drawn["models"]]
    assert names[0] == names[1] and "a" in names[0]
    for name, drawn in zip(room_page.MODELS, seen.drawn["models"], strict=True):
        model, card = checkpoints.load(name)
        words = checkpoints.words(card)
        with torch.inference_mode():
            scores = model(torch.tensor([[START_ID, *words.encode(TEXT), END_ID]]))[0, 1]
        sides = ["left", "bias"] if name == "blank-forward" else ["left", "right", "bias"]
        for row in drawn["split"]:
            assert [part["side"] for part in row["parts"]] == sides
            numbers = [float(part["text"].replace("−", "-")) for part in row["parts"]]
            total = float(row["sum"].replace("−", "-"))
            assert sum(numbers) == pytest.approx(total, abs=0.002)
            assert total == pytest.approx(scores[words.tokens.index(row["text"])].item(), abs=1e-3)
            limit = float(seen.drawn["ticks"][2])
            for part, number in zip(row["parts"], numbers, strict=True):
                assert part["from"] == pytest.approx(0.5 + min(number, 0) / limit / 2, abs=1e-3)
                assert part["to"] == pytest.approx(0.5 + max(number, 0) / limit / 2, abs=1e-3)


def test_the_bars_of_surprise_are_those_of_every_word_left_out_in_turn(page):
    data = page().visit.figures["surprises"]["data"]
    for name, trace in zip(room_page.MODELS, data, strict=True):
        wanted = [
            -math.log(probabilities(name, TEXT, i)[word])
            for i, word in enumerate(TEXT.split())
            if word != "queen"
        ]
        np.testing.assert_allclose(values(trace)[:4], wanted, rtol=1e-4)
        assert np.isnan(values(trace)[4])
    assert data[0]["marker"]["pattern"]["shape"] == "/" and "pattern" not in data[1]["marker"]


def test_the_states_are_those_before_and_after_the_blank(page):
    spec = page(place=3).visit.figures["flow"]
    assert spec["layout"]["xaxis"]["ticktext"] == ["⟨start⟩", *TEXT.split(), "⟨end⟩"]
    drawn = values(spec["data"][0], "z")
    assert drawn.shape == (6, 7) and np.isnan(drawn[:, 3]).all()
    model, card = checkpoints.load("blank-both")
    with torch.inference_mode():
        ids = torch.tensor([[START_ID, *checkpoints.words(card).encode(TEXT), END_ID]])
        hidden = model.rnn(model.embedding(ids))[0][0].numpy()
    np.testing.assert_allclose(np.sort(drawn[:, :3], 0), np.sort(hidden.T[:6, :3], 0), atol=1e-6)
    np.testing.assert_allclose(np.sort(drawn[:, 4:], 0), np.sort(hidden.T[6:, 4:], 0), atol=1e-6)


def test_the_table_has_a_row_for_each_word(page):
    (table,) = page().test.dataframe
    assert table.value["word"].tolist() == TEXT.split()
    assert (
        table.value.iloc[4].tolist().count("–") == 6
    )  # of 'queen' nothing can be said but what they guess instead


def test_accuracy_size_and_data_of_both_are_there(page):
    seen = page()
    assert [model["about"][:12] for model in seen.drawn["models"]] == ["names 20.0 %", "names 40.0 %"]
    said = [part.value for part in seen.test.text]
    assert "20 %; 20 % · 40 %; 40 %" in said and "1,000 · 1,000" in said and "a test" in said


def test_the_address_leads_back_to_the_same_blank(page):
    address = parse_qs(page(place=4).visit.address[1:])
    assert address["blank_text"] == [TEXT] and address["blank_place"] == ["4"]


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("example", room_page.EXAMPLES)
def test_each_example_is_a_click_away_in_both_languages(page, example, lang):
    seen = page(lang=lang)
    pills = next(p for p in seen.test.get("button_group") if p.key == "pick_blank_example")
    pills.set_value(example).run()
    text, place = room_page.EXAMPLES[example]
    assert not seen.test.exception and seen.lines == []
    assert [word["text"] for word in seen.drawn["words"]] == text.split()
    assert seen.drawn["place"] == place


def test_without_a_link_the_first_example_is_shown(models, visit):
    seen = Page(visit)
    text, place = room_page.EXAMPLES["weather"]
    assert [word["text"] for word in seen.drawn["words"]] == text.split() and seen.drawn["place"] == place


# --- bad input


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_nothing_typed_gives_one_line(page, text):
    seen = page(place=1).type(text)
    assert seen.lines == ["Type a sentence above, then click the word that the networks should fill in."]
    assert seen.drawn is None
    assert seen.type(TEXT).drawn["place"] == 0


def test_one_word_is_filled_in_from_the_ends_alone(page):
    seen = page("play", 1)
    (line,) = seen.lines
    assert line.startswith("A single word has nothing on either side")
    assert seen.candidates[1]["play"]["own"]


def test_a_long_sentence_is_cut_and_it_is_said(page):
    seen = page(" ".join(["play"] * 75), 2)
    assert seen.lines == [
        "Only the first 60 words and punctuation marks are read; the rest (15) is left out."
    ]
    assert len(seen.drawn["words"]) == 60 and seen.test.main.text_input[0].value.count("play") == 75


@pytest.mark.parametrize("text", ["zzz qqq xxx", "파리 날씨 알려 줘"])
def test_words_that_are_all_unknown_give_one_line_and_are_still_filled_in(page, text):
    seen = page(text, 2)
    count = len(text.split())
    assert seen.lines == [
        f"Unknown to these models: {count} of {count} words. They know English voice commands."
    ]
    assert all(word["unknown"] for word in seen.drawn["words"]) and len(seen.candidates[0]) == 8


def test_unknown_words_are_named(page):
    seen = page("play qqq by zzz song play", 1)
    assert seen.lines == []
    assert [word["text"] for word in seen.drawn["words"] if word["unknown"]] == ["qqq", "zzz"]
    assert seen.drawn["read"] == "play qqq by zzz song play"
    assert set(seen.drawn["known"].split()) >= set(WORDS) and "qqq" not in seen.drawn["known"]
    (line,) = page("play qqq by play song", 2).lines
    assert line.startswith("“qqq” is not among the ")


def test_a_blank_that_is_no_longer_there_moves_to_the_last_word(page):
    seen = page(place=5).type("play a song")
    assert seen.lines == [
        "There is no word 5 any more, since the sentence has 3: the last one is left out instead."
    ]
    assert seen.drawn["place"] == 2 and seen.settings["blank_text"] == "play a song"
    assert seen.test.run() and seen.lines == []


def test_a_blank_that_the_reader_writes_is_the_blank(page):
    seen = page(place=1).type("play ____ by song")
    assert seen.drawn["place"] == 1 and seen.lines == []
    assert not any(row["own"] for row in seen.candidates[1].values())


@pytest.mark.parametrize("value", ["0", "-1", "x", "1.5"])
def test_a_damaged_link_gives_one_line(page, value):
    seen = page(place=value)
    assert len(seen.greeting) >= 1 and any("blank_place" in line for line in seen.greeting)
    assert seen.drawn["place"] == 0


def test_what_the_reader_typed_is_never_taken_for_markdown(page):
    seen = page("play ![x](https://example.org/x.png) <b> by a song", 9)
    shown = [part.value for kind in (seen.test.markdown, seen.test.caption) for part in kind]
    assert not any("example.org" in text or "<b>" in text for text in shown)
    ticks = seen.visit.figures["flow"]["layout"]["xaxis"]["ticktext"]
    assert "&lt;" in ticks and "<" not in ticks


def test_a_model_that_is_missing_gives_one_line(page, models):
    (models / "blank-forward.json").unlink()
    (line,) = page().lines
    assert line.startswith("This model cannot be opened:")


def test_a_second_look_computes_nothing(page, monkeypatch):
    seen = page()
    monkeypatch.setattr(filling, "fill", lambda *a, **k: pytest.fail("computed again"))
    assert not seen.test.run().exception
