"""A lesson's link: what it asks for holds on its page alone, and an edited link says so in one line and carries on."""

from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from rnnviz.ui.shell import lesson
from tests.conftest import PATIENCE
from tests.pages.conftest import PAGES, Visit

CHANGED = "This lesson’s link was changed after it was made; the page shows what the link says now."


def opened(page: str, *words: str, **params) -> Visit:
    params = {name: str(value) for name, value in params.items()}
    return Visit(page, **params, lesson=lesson.tag(page, params, words))


def said(visit: Visit) -> list[str]:
    """The lines about lessons."""
    return [line for line in visit.lines if "lesson" in line]


def test_an_untouched_link_says_nothing_and_its_address_is_a_lesson_too():
    visit = opened("cell", lesson.LOCKED, cell_preset="remember")
    assert said(visit) == []
    again = {name: value for name, (value,) in parse_qs(visit.address.lstrip("?")).items()}
    assert again["lesson"].startswith("locked-") and again["cell_preset"] == "remember"
    assert said(Visit("cell", **again)) == []


def test_an_edited_link_is_one_line_and_shows_what_it_says():
    tag = lesson.tag("cell", {"cell_preset": "remember"}, [lesson.LOCKED])
    visit = Visit("cell", cell_preset="forget", lesson=tag)
    assert said(visit) == [CHANGED]
    assert visit.test.session_state["settings"]["cell_preset"] == "forget"


@pytest.mark.parametrize(
    "damaged", ["", "locked", "-", "locked-", "a" * 500, "locked-zzzzzzzz", "잠금-1", "a b%&="]
)
def test_a_damaged_word_is_one_line(damaged):
    visit = Visit("cell", lesson=damaged)
    assert not visit.test.exception and said(visit) == [CHANGED]


def test_language_and_projector_are_the_readers_own():
    tag = lesson.tag("cell", {}, [lesson.LOCKED])
    visit = Visit("cell", lesson=tag, lang="ko", projector="True")
    assert not visit.lines and "lang=ko" in visit.address


def test_what_this_version_does_not_know_is_one_line_and_the_rest_holds():
    visit = opened("cell", lesson.LOCKED, cell_preset="remember", cell_colour="red")
    line = "This lesson asks for “cell_colour”, which this version does not know; the rest is as it was made."
    assert said(visit) == [line]
    assert visit.test.session_state["settings"]["cell_preset"] == "remember"
    unknown = lesson.tag("cell", {}, [lesson.LOCKED]).replace("locked", "locked-quiet")
    assert [line.partition(" that ")[0] for line in said(Visit("cell", lesson=unknown))] == [
        "This lesson asks for something"
    ]


@pytest.mark.parametrize(
    ("page", "held"), [("network", {"network_stage": "unrolled"}), ("compare", {}), ("change", {})]
)
def test_controls_of_a_locked_lesson_are_shown_and_cannot_be_changed(page, held):
    test = opened(page, lesson.LOCKED, **held).test
    kinds = ("button_group", "slider", "number_input", "selectbox", "text_input")
    drawn = [one for kind in kinds for one in test.main.get(kind)]
    drawn = [one for one in drawn if not one.key.startswith("guess_")]  # what a reader guesses is no setting
    assert len(drawn) > 3 and all(one.proto.disabled for one in drawn)
    assert not any(one.proto.disabled for one in test.sidebar.get("button_group"))  # the language


def test_what_is_changed_all_the_same_changes_nothing():
    visit = opened("network", lesson.LOCKED, network_stage="unrolled")
    visit.test.button(key="network_-1").click().run()  # the stage before
    assert visit.test.session_state["settings"]["network_stage"] == "unrolled"
    assert said(visit) == ["The settings of this lesson are locked: nothing was changed."]
    visit.test.run()
    assert said(visit) == []


def test_the_language_can_be_changed_under_a_lock():
    visit = opened("network", lesson.LOCKED)
    visit.test.sidebar.button_group(key="pick_lang").set_value("ko").run()
    assert visit.test.session_state["settings"]["lang"] == "ko" and "lesson=locked" in visit.address


def test_a_locked_link_beyond_its_page_is_put_right_by_the_page():
    """What a page itself corrects is not held."""
    visit = opened("states", lesson.LOCKED, unit=900_000, layer=900_000)
    assert not visit.test.exception


def test_the_next_page_is_free():
    visit = opened("network", lesson.LOCKED, lesson.ALONE)
    assert not visit.test.sidebar.get("page_link")
    visit.go("order")
    assert visit.test.sidebar.get("page_link") and "lesson" not in visit.address
    assert not any(one.proto.disabled for one in visit.test.main.get("button_group"))


def test_who_looks_around_freely_keeps_the_view():
    visit = opened("network", lesson.LOCKED, lesson.ALONE, network_stage="unrolled")
    visit.test.button(key="leave_lesson").click().run()
    assert visit.address == "?network_stage=unrolled" and visit.test.sidebar.get("page_link")


def test_explanations_can_be_left_out():
    def folded(visit):
        return [one.label for one in visit.test.main.expander if "Guess first" not in one.label]

    assert folded(Visit("vanishing")) and not folded(opened("vanishing", lesson.UNANSWERED))
    looks = [caption.value for caption in Visit("explain").test.main.caption]
    kept = [caption.value for caption in opened("explain", lesson.UNANSWERED).test.main.caption]
    assert len(looks) - len(kept) >= 20 - 1


@pytest.mark.parametrize("page", sorted(set(PAGES) - {"home", "attention_by_hand", "teach"}))
def test_every_page_can_be_a_lesson(page):
    visit = opened(page, *lesson.WORDS)
    assert not visit.test.exception and said(visit) == []


def test_where_answers_are_left_out_a_guess_is_noted_and_not_judged():
    def page():
        import streamlit as st

        from rnnviz.ui.parts import tasks

        st.session_state["guesses"] = {"echo": {"size": 3.0}}
        question = tasks.Question("size", "How many?", lambda: tasks.Answer(4.0, "There are 4."))
        tasks.guess_first("echo", [question])

    for words, wanted in ((set(), "Wrong.</strong> There are 4."), ({lesson.UNANSWERED}, "Noted.")):
        test = AppTest.from_function(page, default_timeout=PATIENCE)
        test.session_state["settings"] = {}
        test.session_state[lesson.NAME] = ("echo", frozenset(words))
        test.run()
        assert not test.exception
        html = " ".join(one.proto.body for one in test.get("html"))
        assert wanted in html and ("There are 4." in html) == (not words)
