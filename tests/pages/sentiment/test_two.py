"""explore/sentiment, two reviews side by side: where they part is where their words do."""

import json

import numpy as np
import pytest

from rnnviz.ui.rooms import sentiment
from rnnviz.ui.rooms.sentiment import page as room_page
from tests.pages.sentiment.conftest import TEXT, opinion


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


def test_all_that_is_sent_is_json_without_gaps_in_its_numbers(page):
    assert "NaN" not in json.dumps(
        page(sentiment_view="two", sentiment_first="bad", sentiment_second="not bad").drawn
    )
