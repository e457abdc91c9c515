"""The page that asks where the translator looks while it writes."""

import base64
import json

import numpy as np
import pytest

from rnnviz.ui.rooms.attention import translation

NAME, TEXT = "translate-dates", "the seventh of June 1981"


def sent(seen):
    return seen._sent("rnnviz_attention")


def array(data, name):
    found = data["arrays"][name]
    return np.frombuffer(base64.b64decode(found["bdata"]), "f4").reshape(found["shape"])


def test_a_first_visit_shows_the_map_of_a_date(visit):
    seen = visit("attention")
    data = sent(seen)
    assert "".join(data["source"]) == TEXT.replace(" ", "·")
    assert data["target"][-1] == "⟨end⟩"
    assert [line["name"] for line in data["lines"]] == ["original", "changed", "plain"]
    assert data["lines"][1]["said"] == "You have not changed anything yet."
    np.testing.assert_array_equal(array(data, "weight"), translation.translate(NAME, TEXT).steps["weight"])
    assert not seen.test.exception
    assert seen.lines == []


def test_the_right_date_is_known_and_compared(visit):
    data = sent(visit("attention", translate_text="5 Mar 2024"))
    assert data["right"] == "2024-03-05"
    for line in data["lines"]:
        assert line["said"] or line["right"] == ("".join(line["tokens"][:-1]) == "2024-03-05")


def test_a_link_brings_changes_and_the_address_keeps_them(visit):
    seen = visit("attention", translate_changes="3:*=0,7=1;5:4=0.5", translate_step=3)
    data = sent(seen)
    assert data["edits"]["2"] == {
        "given": [0, 0, 0, 0, 0, 0, 1] + [0] * (len(TEXT) - 7),
        "places": [6],
        "bare": True,
        "token": None,
    }
    assert data["step"] == 2
    assert [line["name"] for line in data["lines"]] == ["original", "changed", "plain"]
    assert "translate_changes=3%3A%2A%3D0%2C7%3D1.0%3B5%3A4%3D0.5" in seen.address
    assert "translate_step=3" in seen.address


def test_a_change_that_alters_nothing_says_so(visit):
    (line,) = (
        line
        for line in sent(visit("attention", translate_changes="1:24=0.9"))["lines"]
        if line["name"] == "changed"
    )
    assert line["said"] == "Your change alters nothing: the same tokens are written." and line["tokens"] == []


def test_a_damaged_link_is_one_line_and_the_page_opens(visit):
    seen = visit(translate_changes="3:oops")
    assert seen.lines == ["The changes in this link are damaged and were left out."]
    assert sent(seen.go("attention"))["edits"] == {}


def test_changes_that_fit_nothing_are_named(visit):
    assert visit("attention", translate_changes="70:1=1").lines == [
        "The changes at step 70 do not fit here and were left out."
    ]


def test_another_text_starts_unchanged(visit):
    seen = visit("attention", translate_changes="3:*=0,7=1")
    (box,) = seen.test.text_input
    box.set_value("5 Mar 2024").run()
    assert sent(seen)["edits"] == {}
    assert "translate_changes" not in seen.address
    assert "translate_text=5+Mar+2024" in seen.address


@pytest.mark.parametrize("typed", ["", "   "])
def test_an_empty_text_is_one_line(visit, typed):
    seen = visit("attention")
    (box,) = seen.test.text_input
    box.set_value(typed).run()
    assert seen.lines == ["Type something above, and the networks will translate it."]
    assert sent(seen) is None
    assert seen.test.text_input[0].value == typed


def test_a_long_text_is_cut_and_the_limit_said(visit):
    typed = "5 March 2024 " * 10
    seen = visit("attention", translate_text=typed)
    assert seen.lines == ["Only the first 100 characters are read; the rest (29) is left out."]
    assert len(sent(seen)["source"]) == 100
    assert seen.test.text_input[0].value == typed


def test_unknown_characters_are_named_and_marked(visit):
    seen = visit("attention", translate_text="5 März 2024 ♥")
    data = sent(seen)
    assert [data["source"][i] for i in data["unknown"]] == ["ä", "z", "♥"] or [
        data["source"][i] for i in data["unknown"]
    ] == ["ä", "♥"]
    (line,) = seen.lines
    assert line.startswith(f"Unknown to these models: {len(data['unknown'])} of 13 (")


def test_a_text_in_the_wrong_language_is_said(visit):
    seen = visit("attention", translate_text="Дай мне дату")
    assert "These models read dates, in English and Korean." in seen.lines[0]


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("2023년 2월 29일", "There is no such day from 1950 to 2049"),
        ("March 5, 1890", "There is no such day from 1950 to 2049"),
        ("Guten Tag", "This is none of the 54 ways"),
    ],
)
def test_a_date_that_cannot_be_known_is_said_and_translated(visit, typed, line):
    data = sent(visit("attention", translate_text=typed))
    assert data["note"].startswith(line)
    assert data["right"] is None
    assert all(entry["right"] is None for entry in data["lines"])
    assert len(data["target"]) > 1


def test_the_weights_are_there_as_a_table(visit):
    seen = visit("attention", translate_text="5 Mar 2024")
    (table,) = seen.test.dataframe
    assert table.value.columns[0] == "1 5"
    np.testing.assert_allclose(table.value.sum(axis=1), 1, atol=1e-5)


def test_user_text_stays_text(visit):
    seen = visit("attention", translate_text="<b>![](http://x)")
    assert sent(seen)["source"][:3] == ["<", "b", ">"]
    assert "<b>" not in json.dumps([m.value for m in seen.test.markdown])
