"""Characters that the reader changes in a text that was written."""

from urllib.parse import parse_qs

import pytest

from rnnviz.studies.writing import Rule, Writing
from rnnviz.ui.shell import folding
from rnnviz.ui.shell.folding import packed
from tests.pages.generate.conftest import LETTERS, PIECE, by_hand, change, ids


def test_a_change_of_a_link_stands_and_only_its_writer_goes_on_differently(page):
    seen = page(**change(("gru", 4, "q")))
    for writer in seen.drawn["writers"]:
        if writer["kind"] == "gru":
            (q,) = LETTERS.encode("q")
            assert ids(writer) == by_hand("gru", changes={9: q}).ids[6:]
            assert writer["changed"] == [3] and ids(writer)[3] == q
        else:
            assert ids(writer) == by_hand(writer["kind"]).ids[6:] and writer["changed"] == []
    assert seen.drawn["undo"]
    address = parse_qs(seen.visit.address[1:])
    assert folding.unpacked(address["generate_changes"][0], 999) == [["gru", 4, "q"]]


def test_a_later_change_before_it_undoes_it(page):
    seen = page(**change(("gru", 9, "q"), ("lstm", 2, "b"), ("gru", 4, "t")))
    assert {w["kind"]: w["changed"] for w in seen.drawn["writers"]} == {
        "rnn": [],
        "gru": [3],
        "lstm": [1],
        "counts": [],
    }


def test_undo_brings_the_former_text_back_without_writing_it_again(page, monkeypatch):
    seen = page()
    former = {w["kind"]: ids(w) for w in seen.drawn["writers"]}
    keys = [w["key"] for w in seen.drawn["writers"]]
    settings = seen.settings
    settings["generate_changes"] = packed([["lstm", 5, "q"]])
    seen.test.run()
    changed = ids(next(w for w in seen.drawn["writers"] if w["kind"] == "lstm"))
    assert changed[:4] == former["lstm"][:4] and changed[4:] != former["lstm"][4:]
    settings["generate_changes"] = ""
    monkeypatch.setattr(Writing, "write", lambda self, count: pytest.fail("written again") if count else None)
    again = seen.ask(dict.fromkeys(keys, 0))
    assert {w["kind"]: ids(w)[:PIECE] for w in again["writers"]} == former


def test_another_text_begins_without_the_changes_of_the_one_before(page):
    seen = page(**change(("gru", 4, "q")))
    seen.test.main.slider[0].set_value(1.5).run()
    assert seen.settings["generate_changes"] == "" and not seen.drawn["undo"]
    assert ids(seen.drawn["writers"][1]) == by_hand("gru", rule=Rule(1.5, 0, 1.0, 1)).ids[6:]


def test_changes_that_another_setting_leaves_out_are_said_and_can_be_put_back(page):
    seen = page(**change(("gru", 4, "q"), ("lstm", 2, "b")))
    made = seen.settings["generate_changes"]
    assert seen.lines == []
    for temperature in (1.5, 1.2):  # the second change has none to leave out, and forgets none
        seen.test.main.slider[0].set_value(temperature).run()
        assert seen.lines == ["The texts were written again, without the changed characters (2)."]
    next(b for b in seen.test.button if b.key == "generate_back").click().run()
    assert seen.lines == [] and seen.settings["generate_changes"] == made
    (q,) = LETTERS.encode("q")
    wanted = by_hand("gru", rule=Rule(1.2, 0, 1.0, 1), changes={9: q}).ids[6:]
    assert ids(next(w for w in seen.drawn["writers"] if w["kind"] == "gru"))[:PIECE] == wanted


@pytest.mark.parametrize("have", [None, [], {"x": "y"}, {"x": -5}, "nonsense"])
def test_an_ask_that_makes_no_sense_is_answered(page, have):
    seen = page()
    seen.test.session_state["generate"]["ask"] = {"serial": 1, "have": have}
    seen.test.run()
    assert not seen.test.exception and seen.drawn["writers"][0]["from"] == 0


def test_a_changed_character_that_no_model_knows_is_left_out(page):
    seen = page(**change(("lstm", 2, "한")))
    assert seen.lines == ["“한” is unknown to these models: this change is left out."]


@pytest.mark.parametrize(
    "value",
    [
        "x",
        "eJw",
        packed([["lstm", 0, "a"]]),
        packed([["cat", 1, "a"]]),
        packed({}),
        packed([["lstm", 1, "ab"]]),
        packed([["lstm", True, "a"]]),
        packed([["lstm", 1, "a"]] * 99),
    ],
)
def test_a_damaged_link_gives_one_line(page, value):
    seen = page(generate_changes=value)
    assert "The changes in this link are damaged and were left out." in seen.greeting
    assert seen.drawn is not None


# --- one step at two temperatures
