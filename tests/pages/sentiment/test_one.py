"""explore/sentiment, one review: what is drawn is what the models say, and what cannot be read gives a line."""

import json
from urllib.parse import parse_qs

import numpy as np
import pytest
import xarray as xr

from rnnviz.models import checkpoints
from rnnviz.studies import judging
from rnnviz.ui.rooms import sentiment
from rnnviz.ui.rooms.sentiment import page as room_page
from rnnviz.ui.rooms.sentiment import pictures
from rnnviz.ui.rooms.sentiment.opinions import Opinion, percent
from tests.pages.sentiment.conftest import TEXT, Page, opinion, percents, save

HOSTILE = 'bad <img src=x onerror="alert(1)"> ![a](http://example.org/a.png) **bold**'


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
        f"The 8 of 10 units that contribute most at the end give {total:+.3f}".replace("-", "−") in said
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
    assert seen.lines == [
        "Only the first 200 words and punctuation marks are read; the rest (50) is left out."
    ]
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
    for named, more in ((6, ""), (5, " and once more"), (3, " and 3 more times")):
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
    assert (
        line
        == "These models know none of these tokens: their verdict is the same for any text of this length."
    )


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


def test_models_that_are_missing_are_named_and_the_others_are_shown(page, own_models):
    for which in ("rnn", "lstm", "lstm-mean"):
        (own_models / f"sentiment-english-{which}.json").unlink()
    seen = page()
    (line,) = seen.lines
    assert line.startswith(
        "Missing here: sentiment-english-rnn, sentiment-english-lstm, sentiment-english-lstm-mean."
    )
    assert "python -m rnnviz train sentiment-english-rnn" in line
    assert [item["name"] for item in seen.parts("verdicts", "headline")[0]["items"]] == ["GRU"]
    assert seen.parts("shares", "picker")[0]["chosen"] == "gru" and "readouts" not in seen.sections


def test_without_any_model_the_page_says_how_to_train_one(page, own_models):
    for path in own_models.glob("sentiment-*"):
        path.unlink()
    for view in sentiment.VIEWS:
        seen = page(sentiment_view=view)
        assert seen.drawn is None and len(seen.lines) == 1


def test_a_damaged_model_gives_one_line_and_the_others_are_shown(page, own_models):
    (own_models / "sentiment-english-rnn.safetensors").write_bytes(b"no")
    seen = page()
    (line,) = seen.lines
    assert line.startswith("This model cannot be opened:")
    assert [item["name"] for item in seen.parts("verdicts", "headline")[0]["items"]] == ["GRU", "LSTM"]


@pytest.mark.parametrize("name", ["language", "view", "model"])
def test_a_damaged_link_gives_one_line(page, name):
    seen = page(**{f"sentiment_{name}": "nothing"})
    assert any(f"sentiment_{name}" in line for line in seen.greeting) and seen.drawn


@pytest.mark.parametrize(("test", "ahead"), [(71.0, "naive Bayes"), (90.0, "network")])
def test_who_is_ahead_on_reviews_that_none_has_seen_is_said(page, own_models, test, ahead):
    save("english", "gru", scores=(80.0, test))
    said = next(part.value for part in page().test.markdown if part.value.startswith("On test reviews"))
    assert f"{test:.1f} %" in said and "79.5 %" in said
    assert said.startswith(
        "On test reviews naive Bayes" if ahead == "naive Bayes" else "On test reviews GRU, the best network"
    )


def test_what_chance_does_to_an_accuracy_is_said(page, own_models):
    name = "sentiment-english-gru"
    path = own_models / f"{name}.json"
    card = json.loads(path.read_text("utf-8"))
    card["data"]["reviews"] = {"test": 1068}
    card["scores"] = {"validation": 80.0, "test": 78.0}
    path.write_text(json.dumps(card), "utf-8")
    said = next(part.value for part in page().test.markdown if part.value.startswith("On test reviews"))
    assert said.endswith(
        " 95 % intervals for 1,068 test reviews (Wilson 1927): GRU 75.4 – 80.4 %, naive Bayes 77.0 – 81.8 %. Where they "
        "overlap, a difference may be chance."
    )
