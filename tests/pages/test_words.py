"""The words of the course: listed on their page, and reachable from every page for learners."""

import json

import pytest

from rnnviz.ui.rooms.words import here
from rnnviz.ui.rooms.words.terms import terms
from rnnviz.ui.shell import ways


def sent(visit):
    """What the page was told of the words; None where it is not."""
    for one in visit.test.get("bidi_component"):
        if one.proto.component_name == "rnnviz_words":
            return json.loads(one.proto.json)
    return None


def test_a_page_knows_every_word_in_both_languages_and_its_sentence_in_the_readers(visit):
    found = sent(visit("cell", lang="ko"))
    assert [one["english"] for one in found["words"]] == [one.english for one in terms()]
    assert all(one["korean"] and one["says"] for one in found["words"])
    token = found["words"][0]
    assert (token["english"], token["korean"]) == ("token", "토큰")
    assert "토큰" in token["says"] or "한" in token["says"]  # in Korean
    assert found["labels"]["here"] == "이 페이지의 용어:"


@pytest.mark.parametrize("page", ["home", "words", "teach", "own"])
def test_pages_that_teach_no_word_are_left_alone(visit, page):
    assert sent(visit(page)) is None


def test_a_lesson_is_left_alone(visit):
    assert sent(visit("cell", lesson="locked-0")) is None


def test_a_word_opens_among_all_and_the_page_keeps_what_was_chosen(visit):
    reader = visit("cell", cell_preset="counter")
    reader.test.session_state["word_asked"] = "forget gate"
    reader.test.run()
    assert reader.test.header[0].value == "The words"
    shown = [part.value for part in reader.test.markdown if part.value.startswith("**")]
    assert shown == ["**forget gate** · 망각 게이트"]
    reader.go("cell")
    assert reader.test.session_state["settings"]["cell_preset"] == "counter"


@pytest.mark.parametrize("told", ["nothing", None, 3, ["token"], {"token": 1}])
def test_only_a_word_that_is_there_is_taken_from_the_browser(told, monkeypatch):
    state = {}
    monkeypatch.setattr(here.st, "session_state", state)
    here._ask(told)
    assert state == {}
    here._ask("token")
    assert state == {"word_asked": "token"}


def test_every_word_leads_to_a_page_that_is_there():
    assert {one.room for one in terms()} <= set(ways.FILES)
