"""From page to page with the same text, model, layer and unit; a second text goes along."""

import pytest

from rnnviz.ui.parts import working

TEXT = "To be, or not to be"
SMALL = {"model": "growing-gru", "text": TEXT, "unit": 9}


@pytest.fixture
def seen(visit, monkeypatch):
    monkeypatch.setattr(working, "PATIENCE", 600)

    def opened(page, **params):
        found = visit(page, **SMALL, **params)
        assert not found.test.exception
        return found

    return opened


def follow(seen, room: str) -> dict:
    next(one for one in seen.test.button if one.key == f"elsewhere_{room}").click().run()
    assert not seen.test.exception and not seen.lines
    assert seen.test.session_state["room"] == room
    seen.go(room)  # where AppTest is from now on
    found = seen.test.session_state["settings"]
    assert (found["model"], found["text"], found["unit"]) == ("growing-gru", TEXT, 9)
    return found


def test_side_by_side_carries_its_second_text_to_transplant_and_back(seen):
    page = seen("pair", pair_text="To me, or not to be", step=5)
    assert follow(page, "transplant")["transplant_text"] == "To me, or not to be"
    assert page.test.header[0].value == "Transplant" and page.board is not None
    page.test.session_state["settings"]["transplant_text"] = "So be, or not to be"
    page.test.run()
    found = follow(page, "pair")
    assert page.test.header[0].value == "Side by side"
    assert (found["pair_with"], found["pair_text"]) == ("text", "So be, or not to be")


def test_a_unit_that_is_looked_at_is_the_one_that_is_silenced(seen):
    page = seen("units", units_field="update_gate")
    found = follow(page, "change")
    assert page.test.header[0].value == "Change it"
    assert found["changes"] == "1,update_gate,zero,9,all"
    follow(page, "lens")
    assert page.test.header[0].value == "Read it out early"
    assert follow(page, "change")["changes"] == "1,update_gate,zero,9,all", "a list of changes stays"


def test_the_text_that_states_were_taken_from_goes_along(seen):
    page = seen("change", changes="1,hidden,swap So be it%2C or not,all,5")
    assert follow(page, "transplant")["transplant_text"] == "So be it, or not"


def test_from_a_translation_the_way_leads_to_the_text(seen):
    page = seen("lens")
    page.test.session_state["settings"]["change_kind"] = "translation"
    page.test.run()
    assert follow(page, "change")["change_kind"] == "text"
