"""The reviews that come along."""

import json
import shutil

import pytest

from rnnviz.models import checkpoints
from rnnviz.studies import reviews, trajectories
from rnnviz.told import Told


@pytest.mark.parametrize("language", reviews.LANGUAGES)
def test_half_of_the_shipped_reviews_praise_and_their_card_says_where_they_come_from(language):
    found = reviews.shipped(language)
    assert len(found.texts) == len(set(found.ids)) == 400 and sum(found.labels) == 200
    assert all(text == text.strip() and "\t" not in text for text in found.texts)
    assert {"source", "licence", "attribution", "split"} <= found.card["data"].keys()
    words = checkpoints.words(checkpoints.card(f"sentiment-{language}-gru"))
    assert all(5 <= len(words.split(text)) <= 70 for text in found.texts)


@pytest.mark.parametrize("language", reviews.LANGUAGES)
def test_a_judge_is_about_as_good_on_them_as_its_card_says(language):
    model, card = checkpoints.load(f"sentiment-{language}-lstm")
    found, words = reviews.shipped(language), checkpoints.words(card)
    read = trajectories.of_reviews(model, [words.encode(text) for text in found.texts])
    wrong = trajectories.wrong(trajectories.last(read), found.labels)
    assert abs(1 - len(wrong) / 400 - card["scores"]["test"] / 100) < 0.04  # twice the standard error of 400


def test_a_file_that_is_not_what_its_card_says_is_not_read(tmp_path, monkeypatch):
    shutil.copytree(checkpoints.folder() / "reviews", tmp_path / "reviews")
    monkeypatch.setattr(checkpoints, "folder", lambda: tmp_path)
    reviews._shipped.cache_clear()
    try:
        (tmp_path / "reviews" / "english.tsv").write_text("id\tlabel\ttext\nx\t1\tfine\n", "utf-8")
        card = json.loads((tmp_path / "reviews" / "korean.json").read_text("utf-8"))
        del card["sha256"]
        (tmp_path / "reviews" / "korean.json").write_text(json.dumps(card), "utf-8")
        for language in reviews.LANGUAGES:
            with pytest.raises(Told, match=f"checkpoints/reviews/{language} is missing or damaged"):
                reviews.shipped(language)
        with pytest.raises(Told, match="english, korean; got 'latin'"):
            reviews.shipped("latin")
    finally:
        reviews._shipped.cache_clear()
