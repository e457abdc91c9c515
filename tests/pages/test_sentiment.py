"""explore/sentiment as a reader meets it: what is drawn is what the models say, and what cannot be read gives a line."""

import json
from urllib.parse import parse_qs

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr

from rnnviz.models import checkpoints
from rnnviz.models.networks import Classifier
from rnnviz.models.vocabularies import Lexicon
from rnnviz.studies import judging
from rnnviz.ui.parts import tables
from rnnviz.ui.rooms import sentiment
from rnnviz.ui.rooms.sentiment import page as room_page
from rnnviz.ui.rooms.sentiment import pictures, reviews
from rnnviz.ui.rooms.sentiment.opinions import Opinion, percent
from tests.pages.conftest import Opened

PAGE = "pages/explore/sentiment.py"
TEXT = "the film is not bad at all"
HOSTILE = 'bad <img src=x onerror="alert(1)"> ![a](http://example.org/a.png) **bold**'


def save(folder, language, which, scores=(70.0, 71.0), baseline=(78.0, 79.5)):
    """A small untrained model that knows the words of TEXT, or some syllables."""
    entries = tuple(TEXT.split()) if language == "english" else tuple(" 이영화정말재미있없다안보면후회한")
    lexicon = Lexicon("words" if language == "english" else "characters", entries)
    kind, _dash, readout = which.partition("-")
    size = {
        "kind": kind,
        "vocabulary": len(lexicon),
        "embedding": 4,
        "hidden": 10,
        "readout": readout or "last",
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(len(which))
        model = Classifier(**size)
        with torch.no_grad():
            model.head.weight *= 9
            model.embedding.weight *= 3
    parts = ("validation", "test")
    card = {
        "task": "sentiment",
        "model": size,
        "scores": dict(zip(parts, scores, strict=True)),
        "scores_unit": "%",
        "baseline": {"name": "naive Bayes of a test", "scores": dict(zip(parts, baseline, strict=True))},
        "parameters": 1000,
        "data": {"source": "a test", "licence": "none", "split": "one"},
        "command": f"train {which}",
        "words": {"unit": lexicon.unit, "tokens": list(lexicon.entries)},
    }
    checkpoints.save(f"sentiment-{language}-{which}", model, card)


@pytest.fixture
def models(tmp_path, monkeypatch):
    monkeypatch.setenv("RNNVIZ_CHECKPOINTS", str(tmp_path))
    for language in sentiment.LANGUAGES:
        for which in sentiment.MODELS:
            save(tmp_path, language, which)
    return tmp_path


class Page(Opened):
    page = PAGE

    @property
    def drawn(self) -> dict | None:
        return self.visit._sent("rnnviz_sentiment")

    @property
    def sections(self) -> dict[str, dict]:
        return {section["name"]: section for section in self.drawn["sections"]}

    def parts(self, section: str, part: str) -> list[dict]:
        return [each for each in self.sections[section]["parts"] if each["part"] == part]

    def widget(self, key: str):
        kinds = (
            *self.test.text_area,
            *self.test.text_input,
            *self.test.get("button_group"),
            *self.test.button,
        )
        return next(w for w in kinds if w.key == key)

    def type(self, text: str, box: str = "sentiment_text") -> "Page":
        self.widget(f"pick_{box}").set_value(text).run()
        assert not self.test.exception
        return self


@pytest.fixture
def page(models, visit):
    return lambda text=TEXT, **more: Page(visit, **{"sentiment_text": text} | more)


@pytest.fixture
def saved(monkeypatch):
    """The files of tables, by name, as frames of what stands in them."""
    found = {}

    def table_csv(frame, name, file):
        found[name] = file
        tables.table_csv(frame, name, file)

    for room in (room_page, reviews):
        monkeypatch.setattr(room, "table_csv", table_csv)
    return found


def opinion(which: str, text: str = TEXT, language: str = "english"):
    """What a model says, asked by hand."""
    model, card = checkpoints.load(f"sentiment-{language}-{which}")
    return model, judging.read(model, checkpoints.words(card).encode(text))


def percents(texts):
    return np.array([float(text.strip("<> %")) / 100 for text in texts])


# ---- one review


def test_the_curves_are_the_verdicts_of_the_text_up_to_each_token(page):
    seen = page()
    (chart,) = seen.parts("verdicts", "chart")
    (headline,) = seen.parts("verdicts", "headline")
    assert seen.drawn["places"] == chart["labels"] == TEXT.split()
    for which, line, item in zip(("rnn", "gru", "lstm"), chart["lines"], headline["items"], strict=True):
        _model, numbers = opinion(which)
        praise = numbers["probability"].values
        np.testing.assert_allclose(line["values"], praise, atol=1e-5)
        np.testing.assert_allclose(percents(line["says"]), praise, atol=6e-4)
        assert line["marks"] == [t for t in range(1, 7) if (praise[t] > 0.5) != (praise[t - 1] > 0.5)]
        assert item["word"] == ("positive" if praise[-1] > 0.5 else "negative")
        assert percents([item["percent"]])[0] == pytest.approx(praise[-1], abs=6e-4)


def test_where_a_network_changes_its_mind_is_said(page):
    seen = page()
    (said,) = seen.parts("verdicts", "lines")
    for which, line in zip(("rnn", "gru", "lstm"), said["lines"], strict=True):
        turns = judging.turns(opinion(which)[1]["verdict"])
        named = [f"{t + 1} “{TEXT.split()[t]}” (" in line["text"] for t in turns[: pictures.NAMED]]
        assert all(named) and ("changes its mind" in line["text"]) == bool(turns)


@pytest.mark.parametrize("which", sentiment.MODELS)
def test_the_three_rows_are_the_shares_of_the_chosen_model_on_one_scale(page, which):
    seen = page(sentiment_model=which)
    model, numbers = opinion(which)
    wanted = judging.shares(
        model, checkpoints.words(checkpoints.card(f"sentiment-english-{which}")).encode(TEXT)
    )
    strips = seen.parts("shares", "strip")
    (legend,) = seen.parts("shares", "legend")
    assert [strip["limit"] for strip in (*strips, legend)] == [pictures.LIMIT] * 4
    for method, strip in zip(judging.METHODS, strips, strict=True):
        shares = [token["value"] for token in strip["tokens"]]
        np.testing.assert_allclose(shares, wanted[method], rtol=1e-4, atol=1e-6)
        total = float(strip["foot"].split(";")[0].removeprefix("sum ").replace("−", "-"))
        assert total == pytest.approx(sum(shares), abs=1e-3)
        assert [token["opposed"] for token in strip["tokens"]] == wanted["opposed"].values.tolist()
    assert f"{numbers['verdict'].values[-1]:+.3f}".replace("-", "−") in strips[1]["foot"]


@pytest.mark.parametrize("which", sentiment.MODELS)
def test_units_others_and_bias_sum_to_the_verdict_after_every_token(page, which):
    seen = page(sentiment_model=which)
    (table,) = seen.parts("units", "units")
    others, bias, total = (np.array(row["values"]) for row in table["sums"])
    curves = np.array([row["curve"] for row in table["rows"]])
    assert len(curves) == pictures.UNITS
    np.testing.assert_allclose(curves.sum(0) + others + bias, total, atol=2e-4)
    np.testing.assert_allclose(total, opinion(which)[1]["verdict"], atol=1e-4)
    states = np.array([row["states"] for row in table["rows"]])
    np.testing.assert_allclose(
        states * np.array([[row["weight"]] for row in table["rows"]]), curves, atol=1e-3
    )
    assert (np.diff(np.abs(curves[:, -1])) <= 1e-5).all()


@pytest.mark.parametrize("length", [1, 4, 5])
def test_a_rank_correlation_needs_five_tokens(page, length):
    (said,) = page(" ".join(TEXT.split()[:length])).parts("shares", "lines")
    assert any("rank correlation" in line["text"] for line in said["lines"]) == (length >= 5)


def test_what_the_listed_units_give_of_the_verdict_is_said(page):
    seen = page()
    given = opinion("lstm")[1]["contribution"].values
    listed = np.sort(np.abs(given[-1]))[::-1][: pictures.UNITS]
    (table,) = seen.parts("units", "units")
    total = sum(row["curve"][-1] for row in table["rows"])
    said = seen.sections["units"]["lead"]
    share = f"make up {100 * listed.sum() / np.abs(given[-1]).sum():.1f} % of all |w · h|."
    assert (
        f"The 8 of 10 units that give most at the end give {total:+.3f}".replace("-", "−") in said
        and share in said
    )
    curves = np.abs([row["curve"] for row in table["rows"]])
    assert table["limit"] == pytest.approx(curves.max(), abs=1e-5)


def test_a_verdict_of_few_units_is_told_from_one_of_many(page, monkeypatch):
    assert not page().sections["units"]["lead"].endswith("spread over many units.")
    monkeypatch.setattr(pictures, "UNITS", 1)
    assert page(TEXT + " bad").sections["units"]["lead"].endswith("spread over many units.")


def test_readouts_show_what_each_token_weighs_in_them(page):
    seen = page()
    (last,) = seen.parts("readouts", "row")
    assert last["about"].endswith("% positive, read from the last token’s state alone")
    mean, attention = seen.parts("readouts", "strip")
    np.testing.assert_allclose([token["value"] for token in mean["tokens"]], 1 / 7, rtol=1e-5)
    wanted = opinion("lstm-attention")[1]["weight"]
    np.testing.assert_allclose([token["value"] for token in attention["tokens"]], wanted, rtol=1e-4)


def test_the_table_has_a_row_for_each_token(page):
    table = page().test.dataframe[0].value
    assert table["token"].tolist() == TEXT.split() and len(table.columns) == 1 + 5 + 1 + 3
    for which in sentiment.MODELS:
        turned = [room_page.called(which) in cell.split(", ") for cell in table["changes its mind"]]
        assert np.flatnonzero(turned).tolist() == judging.turns(opinion(which)[1]["verdict"])


def test_the_file_has_the_numbers_in_full(page, saved):
    page()
    table = saved["rnnviz-sentiment"]
    model, numbers = opinion("lstm")
    np.testing.assert_allclose(table["LSTM: p"], numbers["probability"], rtol=1e-6)
    np.testing.assert_allclose(table["LSTM: log odds"], numbers["verdict"], rtol=1e-6)
    share = judging.shares(model, checkpoints.words(checkpoints.card("sentiment-english-lstm")).encode(TEXT))
    wanted = share["integrated_gradients"]
    difference = wanted.attrs["value"] - wanted.attrs["value_baseline"]
    assert table["LSTM: integrated gradients"].sum() == pytest.approx(difference, abs=1e-4)
    assert table["LSTM: occlusion"].tolist() == pytest.approx(share["occlusion"].values.tolist(), rel=1e-12)


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0.0, "0.0 %"),
        (1e-5, "< 0.1 %"),
        (0.0004, "< 0.1 %"),
        (0.0006, "0.1 %"),
        (0.052, "5.2 %"),
        (0.9994, "99.9 %"),
        (0.9996, "> 99.9 %"),
        (1.0, "100.0 %"),
        (np.nan, "–"),
    ],
)
def test_only_what_is_exactly_all_or_nothing_is_called_so(share, shown):
    assert percent(share) == shown


def test_a_model_that_is_clicked_is_looked_into_and_in_the_address(page):
    seen = page(sentiment_model="gru")
    (picker,) = seen.parts("shares", "picker")
    assert picker["chosen"] == "gru" and [o["value"] for o in picker["options"]] == list(sentiment.MODELS)
    address = parse_qs(seen.visit.address[1:])
    assert address["sentiment_model"] == ["gru"] and address["sentiment_text"] == [TEXT]


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("language", sentiment.LANGUAGES)
def test_examples_are_a_click_away_in_both_languages(page, language, lang):
    seen = page(lang=lang, sentiment_language=language)
    for name, text in room_page.EXAMPLES[language].items():
        seen.widget("pick_sentiment_example").set_value(name).run()
        assert not seen.test.exception and seen.widget("pick_sentiment_text").value == text
        assert len(seen.drawn["places"]) <= 200


@pytest.mark.parametrize(("lang", "language"), [("en", "english"), ("ko", "korean")])
def test_the_first_reviews_are_in_the_readers_own_language(models, visit, lang, language):
    seen = Page(visit, lang=lang)
    assert seen.widget("pick_sentiment_text").value == room_page.EXAMPLES[language]["turn"]
    assert seen.drawn["joined"] == (language == "english")


def test_what_was_typed_stays_when_the_language_changes_and_comes_back(page):
    seen = page()
    seen.type("the film is all bad")
    seen.widget("pick_sentiment_language").set_value("korean").run()
    assert seen.widget("pick_sentiment_text").value == room_page.EXAMPLES["korean"]["turn"]
    seen.widget("pick_sentiment_language").set_value("english").run()
    assert seen.widget("pick_sentiment_text").value == "the film is all bad"
    seen.widget("pick_lang").set_value("ko").run()
    assert seen.widget("pick_sentiment_text").value == "the film is all bad"


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_nothing_typed_gives_one_line(page, text):
    seen = page().type(text)
    assert seen.lines == ["Type a review above, and the networks will judge it."] and seen.drawn is None
    assert seen.type(TEXT).drawn


def test_a_long_review_is_cut_and_it_is_said(page):
    seen = page("bad " * 250)
    assert seen.lines == ["Only the first 200 words and signs are read; the rest (50) is left out."]
    assert len(seen.drawn["places"]) == 200 and seen.widget("pick_sentiment_text").value.count("bad") == 250


@pytest.mark.parametrize("text", ["bad", "!", "한", "😀"])
def test_one_token_is_judged(page, text):
    seen = page(text)
    assert seen.drawn["places"] == [text] and not seen.test.exception


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("english", "정말 재미있다", "This is in Hangul"),
        ("english", "좋다 ok", "This is in Hangul"),
        ("korean", "a good film", "This is in Latin letters"),
        ("english", "a good film 좋다", None),
        ("korean", "정말 good", "This is in Latin letters"),
        ("korean", "정말 재미 ok!", None),
        ("korean", "12 !?", None),
    ],
)
def test_a_review_in_the_other_script_is_told_the_switch(page, language, text, said):
    seen = page(text, sentiment_language=language)
    found = [line for line in seen.lines if "under “Reviews in”" in line]
    assert [line.startswith(said or "") for line in found] == ([True] if said else [])
    assert seen.drawn and seen.widget("pick_sentiment_language").label == "Reviews in"


def test_the_cursor_stays_with_the_text_and_not_with_the_model(page):
    ids = {
        page(text, sentiment_model=which).drawn["id"] for text in (TEXT, "bad") for which in ("gru", "lstm")
    }
    assert len(ids) == 2


def test_all_turns_are_named_or_counted(monkeypatch):
    odds = xr.DataArray(np.array([1.0, -1] * 4)[:7], dims="time")
    for named, more in ((6, ""), (5, " and once more"), (3, " and 3 times more")):
        monkeypatch.setattr(pictures, "NAMED", named)
        numbers = xr.Dataset({"verdict": odds, "probability": 1 / (1 + np.exp(-odds))})
        told = Opinion("lstm", "", {}, None, TEXT, tuple(TEXT.split()), (1,) * 7, numbers)
        line = pictures._turning(told)
        assert line.endswith(f"){more}.") and line.count("→") == named


def test_unknown_tokens_are_marked_and_named(page):
    seen = page("the film 좋다 😀 bad qqq")
    assert seen.lines == ["Tokens that these models do not know, read as “unknown”: 좋다 😀 qqq."]
    marks = [token["unknown"] for token in seen.parts("shares", "strip")[0]["tokens"]]
    assert marks == [False, False, True, True, False, True]


def test_a_review_that_is_wholly_unknown_is_said_to_be_so(page):
    (line,) = page("zzz qqq").lines
    assert line == "These models know none of it: their verdict is the same for any text of this length."


@pytest.mark.parametrize("view", sentiment.VIEWS)
def test_what_was_typed_is_never_taken_for_markdown(page, view):
    seen = page(HOSTILE, sentiment_view=view, sentiment_first=HOSTILE, sentiment_second=TEXT)
    if view == "many":
        seen.type(HOSTILE, "sentiment_pasted")
    shown = [part.value for kind in (seen.test.markdown, seen.test.caption) for part in kind]
    assert not any(word in text for text in shown for word in ("example.org", "onerror", "bold"))
    assert not any("![" in part.value or "<img" in part.value for part in seen.test.warning)


def test_a_second_look_computes_nothing(page, monkeypatch):
    seen = page()
    for name in ("read", "shares"):
        monkeypatch.setattr(judging, name, lambda *a: pytest.fail("computed again"))
    assert not seen.test.run().exception


def test_models_that_are_missing_are_named_and_the_others_are_shown(page, models):
    for which in ("rnn", "lstm", "lstm-mean"):
        (models / f"sentiment-english-{which}.json").unlink()
    seen = page()
    (line,) = seen.lines
    assert line.startswith(
        "Not here: sentiment-english-rnn, sentiment-english-lstm, sentiment-english-lstm-mean."
    )
    assert "python -m rnnviz train sentiment-english-rnn" in line
    assert [item["name"] for item in seen.parts("verdicts", "headline")[0]["items"]] == ["GRU"]
    assert seen.parts("shares", "picker")[0]["chosen"] == "gru" and "readouts" not in seen.sections


def test_without_any_model_the_page_says_how_to_train_one(page, models):
    for path in models.glob("sentiment-*"):
        path.unlink()
    for view in sentiment.VIEWS:
        seen = page(sentiment_view=view)
        assert seen.drawn is None and len(seen.lines) == 1


def test_a_damaged_model_gives_one_line_and_the_others_are_shown(page, models):
    (models / "sentiment-english-rnn.safetensors").write_bytes(b"no")
    seen = page()
    (line,) = seen.lines
    assert line.startswith("This model cannot be opened:")
    assert [item["name"] for item in seen.parts("verdicts", "headline")[0]["items"]] == ["GRU", "LSTM"]


@pytest.mark.parametrize("name", ["language", "view", "model"])
def test_a_damaged_link_gives_one_line(page, name):
    seen = page(**{f"sentiment_{name}": "nothing"})
    assert any(f"sentiment_{name}" in line for line in seen.greeting) and seen.drawn


@pytest.mark.parametrize(("test", "ahead"), [(71.0, "naive Bayes"), (90.0, "network")])
def test_who_is_ahead_on_reviews_that_none_has_seen_is_said(page, models, test, ahead):
    save(models, "english", "gru", scores=(80.0, test))
    said = next(part.value for part in page().test.markdown if part.value.startswith("On test reviews"))
    assert f"{test:.1f} %" in said and "79.5 %" in said
    assert said.startswith(
        "On test reviews naive Bayes" if ahead == "naive Bayes" else "On test reviews GRU, the best network"
    )


def test_what_chance_does_to_an_accuracy_is_said(page, models):
    name = "sentiment-english-gru"
    path = models / f"{name}.json"
    card = json.loads(path.read_text("utf-8"))
    card["data"]["reviews"] = {"test": 1068}
    card["scores"] = {"validation": 80.0, "test": 78.0}
    path.write_text(json.dumps(card), "utf-8")
    said = next(part.value for part in page().test.markdown if part.value.startswith("On test reviews"))
    assert said.endswith(
        " 95 % intervals for 1,068 test reviews (Wilson 1927): GRU 75.4 – 80.4 %, naive Bayes 77.0 – 81.8 %. Where they "
        "overlap, a difference may be chance."
    )


# ---- two reviews


def test_two_reviews_stand_side_by_side_and_part_where_their_words_do(page):
    other = "the film is bad at all"
    seen = page(sentiment_view="two", sentiment_first=TEXT, sentiment_second=other)
    assert seen.drawn["places"] == ["the", "film", "is", "not | –", "bad", "at", "all"]
    first = opinion("lstm")[1]
    second = opinion("lstm", other)[1]
    (chart,) = seen.parts("pair", "chart")
    np.testing.assert_allclose(chart["lines"][0]["values"], first["probability"], atol=1e-5)
    np.testing.assert_allclose(
        chart["lines"][1]["values"], second["probability"].values[[0, 1, 2, 2, 3, 4, 5]], atol=1e-5
    )
    (apart,) = seen.parts("distance", "chart")
    gap = first["hidden"].values - second["hidden"].values[[0, 1, 2, 2, 3, 4, 5]]
    np.testing.assert_allclose(apart["lines"][0]["values"], np.linalg.norm(gap, axis=1), atol=1e-4)
    (aligned,) = seen.parts("pair", "aligned")
    assert [place["differs"] for place in aligned["places"]] == [False] * 3 + [True] + [False] * 3
    (said,) = seen.parts("pair", "lines")
    assert seen.sections["pair"]["title"] == "Where the two reviews part (LSTM)"
    assert "part at place 4 (“not | –”)" in said["lines"][0]["text"]
    assert [say.get("dash", False) for say in seen.parts("pair", "readout")[0]["says"][0]] == [
        False,
        True,
        False,
    ]


def test_the_places_of_two_reviews_are_a_table_with_a_file(page, saved):
    seen = page(sentiment_view="two", sentiment_first="not bad", sentiment_second="bad")
    shown, file = seen.test.dataframe[0].value, saved["rnnviz-two-reviews"]
    assert shown["first review"].tolist() == ["not", "bad"] and shown["second review"].tolist() == ["", "bad"]
    assert shown["second review: p"].tolist()[0] == "–" and shown["first review: p"].str.endswith(" %").all()
    first, second = opinion("lstm", "not bad")[1], opinion("lstm", "bad")[1]
    np.testing.assert_allclose(file["first review: log odds"], first["verdict"], rtol=1e-6)
    gap = first["hidden"].values[-1] - second["hidden"].values[-1]
    assert file["‖h − h′‖"].iloc[-1] == pytest.approx(np.linalg.norm(gap), rel=1e-5)


def test_the_same_review_twice_is_nowhere_apart(page):
    seen = page(sentiment_view="two", sentiment_first=TEXT, sentiment_second=TEXT.upper())
    assert seen.parts("pair", "lines")[0]["lines"] == [{"text": "Both are the same to these models."}]
    assert set(seen.parts("distance", "chart")[0]["lines"][0]["values"]) == {0}


def test_two_reviews_with_nothing_in_common_are_compared(page):
    seen = page(sentiment_view="two", sentiment_first="bad", sentiment_second="the film is not")
    assert len(seen.drawn["places"]) == 4 and not seen.test.exception


@pytest.mark.parametrize("language", sentiment.LANGUAGES)
def test_pairs_are_a_click_away(page, language):
    seen = page(sentiment_view="two", sentiment_language=language)
    for name, pair in room_page.PAIRS[language].items():
        seen.widget("pick_sentiment_example").set_value(name).run()
        values = tuple(seen.widget(f"pick_sentiment_{which}").value for which in ("first", "second"))
        assert not seen.test.exception and values == pair and seen.drawn


def test_an_empty_second_box_gives_a_line_and_keeps_the_first(page):
    seen = page(sentiment_view="two", sentiment_first=TEXT).type(" ", "sentiment_second")
    assert seen.lines == ["Fill in both boxes."] and seen.drawn is None
    assert seen.widget("pick_sentiment_first").value == TEXT


# ---- many reviews


def chosen_file(seen, raw: bytes, name: str = "reviews.csv"):
    """The page with a file in its box."""
    seen.widget("sentiment_source").set_value("file").run()
    seen.test.file_uploader[0].upload(name, raw, "text/csv").run()
    assert not seen.test.exception
    return seen


def table_of(seen):
    return seen.test.dataframe[0].value


@pytest.fixture
def several(page):
    return lambda **more: page(sentiment_view="many", **more)


def test_a_pasted_list_is_judged_line_by_line(several):
    seen = several().type("the film is bad\n\n  not bad at all \nqqq bad", "sentiment_pasted")
    table = table_of(seen)
    assert table["review"].tolist() == ["the film is bad", "not bad at all", "qqq bad"]
    assert table["tokens"].tolist() == [4, 4, 2] and table["unknown (%)"].tolist() == [0, 0, 50]
    for which in sentiment.MODELS:
        wanted = [100 * opinion(which, text)[1]["probability"].values[-1] for text in table["review"]]
        np.testing.assert_allclose(table[f"{room_page.called(which)} (%)"], wanted, atol=0.051)


def test_nothing_pasted_gives_one_line(several):
    assert several().type(" \n ", "sentiment_pasted").lines == ["Type or paste at least one review."]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_file_is_judged_and_its_labels_give_an_accuracy(several, delimiter):
    rows = [("the film is bad", "0"), ("the film is not bad", "positive"), ("all", "부정"), ("bad", "")]
    lines = ["\ufeffid,Text,label", *(f"{i},{text},{label}" for i, (text, label) in enumerate(rows))]
    seen = chosen_file(several(), "\n".join(lines).replace(",", delimiter).encode())
    table = table_of(seen)
    assert table["review"].tolist() == [text for text, _label in rows]
    assert table["label"].tolist() == [label for _text, label in rows]
    odds = (
        opinion("gru", "the film is bad")[1],
        opinion("gru", "the film is not bad")[1],
        opinion("gru", "all")[1],
    )
    right = [
        (one["verdict"].values[-1] > 0) == wanted
        for one, wanted in zip(odds, (False, True, False), strict=True)
    ]
    said = next(part.value for part in seen.test.markdown if part.value.startswith("Judged right"))
    assert "of 3 reviews" in said and f"GRU {100 * sum(right) / 3:.1f} %" in said
    assert seen.lines == ["Rows without a label, which are not counted: 1."]


@pytest.mark.parametrize(
    ("labels", "other", "blank"),
    [("1 2 3 4 5", 4, 0), ("1 0 perhaps", 1, 0), ("1 0 -1", 1, 0), ("5  1", 1, 1), ("3 3", 2, 0)],
)
def test_labels_that_mean_something_else_give_no_accuracy(several, labels, other, blank):
    rows = "".join(f"bad,{label}\n" for label in labels.split(" "))
    seen = chosen_file(several(), f"text,label\n{rows}".encode())
    assert not any(part.value.startswith("Judged right") for part in seen.test.markdown)
    assert [line.split(":")[1].split()[0].rstrip(".") for line in seen.lines] == [
        str(n) for n in (blank, other) if n
    ]
    assert "understood: 1, pos, positive, 긍정; 0, −1, neg, negative, 부정" in seen.lines[-1]


@pytest.mark.parametrize("labels", ["1 0", "pos neg", "1 -1", "1.0 0.0", "긍정 부정", "Positive NEGATIVE"])
def test_labels_that_are_understood_give_an_accuracy(several, labels):
    rows = "".join(f"bad,{label}\n" for label in labels.split())
    seen = chosen_file(several(), f"text,label\n{rows}".encode())
    said = next(part.value for part in seen.test.markdown if part.value.startswith("Judged right"))
    assert "of 2 reviews" in said and said.count("50.0 %") == 5 and seen.lines == []


@pytest.mark.parametrize("encoding", ["cp949", "euc_kr"])
def test_a_file_in_cp949_is_read_and_it_is_said(several, encoding):
    texts = ["정말 재미있다", "안 보면 후회한다", "film"] + (["똠방각하"] if encoding == "cp949" else [])
    seen = chosen_file(several(), "\n".join(["text", *texts]).encode(encoding))
    assert seen.lines == ["The file is not UTF-8; it was read as CP949 (EUC-KR)."]
    assert table_of(seen)["review"].tolist() == texts


def test_the_file_of_many_has_numbers_in_full_and_no_formulas(several, saved):
    texts = ["=1+1 bad", "+bad", "-bad", "@bad", "not = bad", "bad"]
    rows = "".join(
        f'"{text}",{label}\n' for text, label in zip(texts, ("=A1", -1, 1, 0, "pos", "-x"), strict=True)
    )
    seen = chosen_file(several(), f"text,label\n{rows}".encode())
    table = saved["rnnviz-reviews"]
    assert table["review"].tolist() == ["'=1+1 bad", "'+bad", "'-bad", "'@bad", "not = bad", "bad"]
    assert table["label"].tolist() == ["'=A1", "-1", "1", "0", "pos", "'-x"]
    assert table_of(seen)["review"].tolist() == texts
    for which in sentiment.MODELS:
        wanted = [opinion(which, text)[1] for text in texts]
        name = room_page.called(which)
        np.testing.assert_allclose(
            table[f"{name}: log odds"], [one["verdict"][-1] for one in wanted], rtol=1e-4
        )
        np.testing.assert_allclose(
            table[f"{name}: p"], 1 / (1 + np.exp(-table[f"{name}: log odds"])), rtol=1e-12
        )
    assert table["unknown share"].between(0, 1).all()


def test_many_are_said_not_to_be_in_the_address(several):
    assert any("not part of the address" in part.value for part in several().test.markdown)


def test_a_table_without_a_file_of_its_own_is_saved_as_it_is_shown(monkeypatch):
    given = []
    monkeypatch.setattr(tables.st, "dataframe", lambda frame, **more: given.append(frame))
    monkeypatch.setattr(tables.st, "download_button", lambda label, data, **more: given.append(data()))
    shown, file = pd.DataFrame({"a": ["−0.1"]}), pd.DataFrame({"a": [-0.123456789], "b": ["−"]})
    tables.table_csv(shown, "name")
    tables.table_csv(shown, "name", file)
    assert given[0] is given[2] is shown
    assert given[1] == b",a\n0,-0.1\n" and given[3] == ",a,b\n0,-0.123456789,−\n".encode()


def test_another_column_can_be_chosen(several):
    seen = chosen_file(several(), b"title,body\nbad,the film\nall,not bad\n")
    (line,) = seen.lines
    assert line.startswith("No column is called “text” or “review”") and line.endswith(
        "There are: title, body."
    )
    seen.test.selectbox[0].set_value(1).run()
    assert table_of(seen)["review"].tolist() == ["the film", "not bad"]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("text\nun film réel, étonné et très étrange".encode("latin-1"), "is not text in UTF-8"),
        ("text\nbad".encode("utf-16"), "The file is UTF-16"),
        (b"text\n\xff\xff\xff", "is not text in UTF-8"),
        (b"text\n\0bad", "is not a text table"),
        (b"", "at least one row"),
        (b"text\n\n\n", "at least one row"),
        (b"text,label\n,1\n", "The column “text” is empty"),
        (b'text\n"' + b"a" * 200_000 + b'"', "cannot be read as CSV"),
        (b"text\n" + b"bad\n" * 1_400_000, "The file has 5.3 MB; up to 5 MB are read"),
    ],
)
def test_a_file_that_cannot_be_read_gives_one_line(several, raw, words):
    seen = chosen_file(several(), raw)
    (line,) = seen.lines
    assert words in line and "\n" not in line and "review" not in table_of(seen)


def test_rows_without_a_review_and_long_ones_are_judged_as_far_as_can_be(several):
    seen = chosen_file(several(), b"text,n\nbad,1\n,2\n" + b"bad " * 230 + b",3\nfilm\n")
    table = table_of(seen)
    assert np.isnan(table["GRU (%)"].tolist()).tolist() == [False, True, False, False]
    assert seen.lines == [
        "Rows without a review, which get no verdict: 1.",
        "Reviews of which only the first 200 tokens are read: 1.",
    ]


def test_no_more_rows_are_judged_than_there_is_room_for(several, monkeypatch):
    monkeypatch.setattr(reviews, "ROWS", 3)
    seen = several().type("bad\n" * 5, "sentiment_pasted")
    assert seen.lines == ["There are 5 reviews; the first 3 are judged."] and len(table_of(seen)) == 3


def test_work_that_was_stopped_shows_what_is_done_and_goes_on(several, monkeypatch):
    monkeypatch.setattr(reviews, "CHUNK", 2)
    seen = several()
    judged = judging.log_odds
    calls = []

    def some(model, rows):
        calls.append(len(rows))
        if len(calls) == 6:  # five models judge the first chunk; then the reader stops
            reviews._stop(seen.test.session_state["sentiment_work"], True)
            reviews.st.stop()
        return judged(model, rows)

    monkeypatch.setattr(judging, "log_odds", some)
    seen.type("bad\nfilm\nnot bad\nthe film\nall", "sentiment_pasted")
    seen.test.run()
    assert seen.lines == ["Stopped: 2 of 5 reviews are judged."] and len(table_of(seen)) == 2
    seen.widget("sentiment_on").click().run()
    assert seen.lines == [] and len(table_of(seen)) == 5


def test_what_was_judged_is_not_judged_again(several, monkeypatch):
    seen = several().type("bad\nfilm", "sentiment_pasted")
    monkeypatch.setattr(judging, "log_odds", lambda *a: pytest.fail("judged again"))
    assert not seen.test.run().exception and len(table_of(seen)) == 2


def test_all_that_is_sent_is_json_without_gaps_in_its_numbers(page):
    assert "NaN" not in json.dumps(
        page(sentiment_view="two", sentiment_first="bad", sentiment_second="not bad").drawn
    )
