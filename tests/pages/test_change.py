"""The page that changes states and gates: what it shows is what the library makes of the same change."""

import json
import random
import re
from urllib.parse import parse_qsl

import numpy as np
import pytest

import rnnviz
from rnnviz.studies import changing
from rnnviz.ui.parts import working
from tests.pages.conftest import Opened

TEXT = "To be, or not to be"
SMALL = {"model": "shakespeare-gru", "text": TEXT}


class Changed(Opened):
    page = "change"

    @property
    def board(self):
        return self.visit.board

    def curves(self, figure: str) -> list[np.ndarray]:
        return [numbers(trace["y"]) for trace in self.visit.figures[figure]["data"]]

    def press(self, key: str) -> None:
        next(button for button in self.test.button if button.key == key).click().run()

    @property
    def code(self) -> str:
        return next(code.value for code in self.test.code if "import rnnviz" in code.value)


def numbers(array) -> np.ndarray:
    import base64

    if not isinstance(array, dict):
        return np.array([np.nan if value is None else value for value in array], float)
    kind = {"f4": np.float32, "f8": np.float64}[array["dtype"]]
    return np.frombuffer(base64.b64decode(array["bdata"]), kind).astype(float)


@pytest.fixture
def page(visit):
    return lambda **params: Changed(visit, **params)


def test_the_picture_is_what_the_library_makes_of_the_same_changes(page):
    text = "1,hidden,zero,3 7-9,5-12;2,update_gate,set 1,all,15"
    seen = page(**SMALL, changes=text)
    assert not seen.lines and not seen.greeting
    model = rnnviz.live.shipped("shakespeare-gru")
    found = changing.changed(model, TEXT, changing.parsed(text))
    np.testing.assert_allclose(seen.curves("moved")[0], found.divergence, rtol=1e-5, atol=1e-7)
    now, was = seen.curves("curve")
    for curve, one in ((now, found.after), (was, found.before)):
        np.testing.assert_allclose(curve, one.subject.layer("rnn")["hidden"].values[:, 0], atol=1e-6)
    assert seen.board["marks"] == [{"first": 4, "last": 11, "units": [3, 7, 8, 9]}], (
        "of the layer that is shown"
    )
    step = int(found.divergence.values.argmax())
    assert f"after step {step + 1}, “" in seen.board["summary"]


def test_the_code_on_the_page_makes_the_same_numbers(page):
    seen = page(**SMALL, changes="1,hidden,freeze,all,6-19;2,hidden,add 0.5,2,all")
    known: dict = {}
    exec(seen.code, known)
    moved = rnnviz.stats.text.divergence(known["before"].log_probability, known["after"].log_probability)
    np.testing.assert_allclose(seen.curves("moved")[0], moved, rtol=1e-5, atol=1e-7)


def test_it_opens_on_a_change_that_shows_something_for_every_kind(page):
    for kind in ("rnn", "gru", "lstm"):
        seen = page(model=f"shakespeare-{kind}", text=TEXT)
        moved = seen.curves("moved")[0]
        half = len(TEXT) // 2
        assert not moved[:half].any() and moved[half] > 0.1
        assert "changes=" not in seen.visit.address


def test_what_is_marked_stands_in_the_form_and_becomes_a_change_that_can_be_undone(page):
    seen = page(**SMALL, changes="1,hidden,zero,1,2", unit=4)
    seen.test.session_state["settings"]["mark_steps"] = (4, 9)
    seen.test.session_state["settings"]["mark_units"] = (30, 31, 32)
    seen.test.run()
    assert seen.test.session_state["change_units"] == "30-32"
    assert seen.test.session_state["change_steps"] == "5-10"
    seen.test.selectbox(key="change_how").select("set").run()
    seen.test.text_input(key="change_value").set_value("0.5").run()
    seen.press("change_add")
    assert seen.settings["changes"] == "1,hidden,zero,1,2;1,hidden,set 0.5,30-32,5-10"
    hidden = seen.board["marks"][-1]
    assert hidden == {"first": 4, "last": 9, "units": [30, 31, 32]}
    assert "changes=" in seen.visit.address
    seen.press("change_undo")
    assert seen.settings["changes"] == "1,hidden,zero,1,2"
    seen.press("change_clear")
    assert seen.settings["changes"] == "" and not seen.curves("moved")[0].any()
    assert seen.board["summary"] == "Nothing is changed yet."
    seen.press("change_undo")
    assert seen.settings["changes"] == "1,hidden,zero,1,2"


def test_a_change_is_switched_off_and_on(page):
    seen = page(**SMALL, changes="1,hidden,zero,1,2;1,hidden,zero,all,5")
    # AppTest has no pills of several that can be clicked one by one
    seen.test.session_state["change_list"] = [0]
    from rnnviz.ui.rooms.change import making

    assert making.said(changing.parsed("1,hidden,zero,1,2")[0], "gru") == "h = 0, layer 1, unit 1, step 2"
    off = page(**SMALL, changes="1,hidden,zero,1,2;1,hidden,zero,all,5,off")
    alone = page(**SMALL, changes="1,hidden,zero,1,2")
    np.testing.assert_array_equal(off.curves("moved")[0], alone.curves("moved")[0])


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ("1,hidden,melt,3,5", "The changes in this link cannot be read; none are made. how must be one of"),
        ("1,update_gate,set 3,all,5", "update_gate: the value must be a number from 0 to 1; got 3"),
        ("1,hidden,add nan,all,5", "the value must be a number"),
        ("1,hidden,add 1e30,all,5", "the value must be at most 100; got 1e+30"),
        ("1,hidden,zero,512,5", "Not made: h = 0, layer 1, unit 512, step 5 (unit 512 is not there"),
        (
            "1,hidden,zero,3,5-99",
            "Not made: h = 0, layer 1, unit 3, steps 5–99 (step 99 is not there; wanted 1 to 19)",
        ),
        ("1,forget_gate,set 1,all,all", "a GRU has no forget_gate"),
        ("9,hidden,zero,all,all", "layer 9 is not there; wanted 1 to 2"),
        ("1,hidden,swap,all,3", "another text is needed to take states from"),
        ("1,hidden,swap ab,all,3", "Not made: h from “ab”, layer 1, step 3 (the other text has 2 steps;"),
        (";".join(f"1,hidden,swap {n},all,1" for n in range(7)), "take from at most 6 other texts; got 7"),
    ],
)
def test_a_link_whose_changes_have_no_place_says_so_and_shows_the_rest(page, changes, line):
    seen = page(**SMALL, changes=changes)
    assert any(line in said for said in seen.lines), seen.lines
    assert not seen.test.exception and seen.board is not None
    assert seen.settings["changes"] == changes, "nothing is lost"


def test_a_link_full_of_anything_is_one_line(page):
    seen = page(**SMALL, changes="x" * 50_000)
    assert seen.greeting == ["The link's changes cannot be read; none are made."]


@pytest.mark.parametrize(
    ("units", "steps", "line"),
    [
        ("3, x", "", "Units and steps are whole numbers, as in 3, 7-9."),
        ("3", "9-2", "Units and steps are whole numbers, as in 3, 7-9."),
        ("3", "2, 5", "The steps must be one stretch, from 1 to 19."),
        ("3", "0", "The steps must be one stretch, from 1 to 19."),
        ("3", "15-20", "The steps must be one stretch, from 1 to 19."),
        ("999", "", "The units must be from 0 to"),
    ],
)
def test_what_the_form_cannot_be_is_said_and_stays(page, units, steps, line):
    seen = page(**SMALL, changes="1,hidden,zero,1,2")
    seen.test.text_input(key="change_units").set_value(units).run()
    seen.test.text_input(key="change_steps").set_value(steps).run()
    seen.press("change_add")
    assert any(line in said for said in seen.lines), seen.lines
    assert seen.settings["changes"] == "1,hidden,zero,1,2"
    assert seen.test.text_input(key="change_units").value == units


@pytest.mark.parametrize("value", ["5", "-0.1", "nan", "much", "", "1e30"])
def test_a_value_that_a_gate_cannot_have_is_refused_and_stays(page, value):
    seen = page(**SMALL, changes="1,hidden,zero,1,2")
    seen.test.selectbox(key="change_field").select("update_gate").run()
    seen.test.selectbox(key="change_how").select("set").run()
    seen.test.text_input(key="change_value").set_value(value).run()
    seen.press("change_add")
    assert "The value must be a number from 0 to 1." in seen.lines
    assert seen.settings["changes"] == "1,hidden,zero,1,2"
    assert seen.test.text_input(key="change_value").value == value


def test_states_are_taken_from_another_text(page):
    other = "Was it so, or was it not"
    seen = page(**SMALL, changes="1,hidden,swap,all,8;2,hidden,swap,all,8", change_other=other)
    assert not seen.lines
    model = rnnviz.live.shipped("shakespeare-gru")
    wanted = changing.changed(model, TEXT, changing.parsed(seen.settings["changes"]), other)
    np.testing.assert_allclose(seen.curves("moved")[0], wanted.divergence, rtol=1e-5, atol=1e-7)


def test_each_change_takes_from_a_text_of_its_own_and_that_can_be_undone(page):
    """A link of before has one text for all; what is added to it names its own, and so does the link from then on."""
    other, third = "Was it so, or was it not", "O Romeo, Romeo; *where* 100%\nfore"
    before = "1,hidden,swap,all,8"
    seen = page(**SMALL, changes=before, change_other=other, unit=3)
    seen.test.selectbox(key="change_how").select("swap").run()
    assert seen.test.text_area(key="change_text").value == other, "the last text is offered again"
    seen.test.text_area(key="change_text").set_value(third).run()
    seen.test.text_input(key="change_steps").set_value("5-6").run()
    seen.press("change_add")
    made = changing.parsed(seen.settings["changes"])
    assert [one.source for one in made] == [other, third] and not seen.lines
    model = rnnviz.live.shipped("shakespeare-gru")
    wanted = changing.changed(model, TEXT, made).divergence
    np.testing.assert_allclose(seen.curves("moved")[0], wanted, rtol=1e-5, atol=1e-7)
    known: dict = {}
    exec(seen.code, known)
    np.testing.assert_array_equal(known["moved"], wanted)
    again = page(**dict(parse_qsl(seen.visit.address[1:])))
    np.testing.assert_array_equal(again.curves("moved")[0], seen.curves("moved")[0])
    assert again.settings["changes"] == seen.settings["changes"]
    pills = next(one for one in seen.test.get("button_group") if one.key == "change_list")
    assert [name.replace("\\", "") for name in pills.options] == [
        "h from “Was·it·so,·or·was·i…”, layer 1, step 8",
        "h from “O·Romeo,·Romeo;·*wh…”, layer 1, unit 3, steps 5–6",
    ]
    seen.press("change_undo")
    assert changing.parsed(seen.settings["changes"]) == made[:1]


def test_long_texts_to_take_from_are_folded_into_the_link(page):
    texts = ["".join(random.Random(n).choices("abcdefgh ", k=1900)) for n in range(2)]
    changes = ";".join(f"1,hidden,swap {text},all,{n + 3}" for n, text in enumerate(texts))
    seen = page(**SMALL, changes=changes)
    assert "changesz=" in seen.visit.address and not seen.lines
    again = page(**dict(parse_qsl(seen.visit.address[1:])))
    assert again.settings["changes"] == changes and not again.greeting
    damaged = page(**SMALL, changesz="AAAA")
    assert damaged.greeting == ["The text in this link is damaged; type or paste the text again."]


def test_more_texts_than_are_read_are_refused_and_stay_in_the_form(page):
    changes = ";".join(f"1,hidden,swap {letter * 20},all,5" for letter in "abcdef")
    seen = page(**SMALL, changes=changes)
    seen.test.selectbox(key="change_how").select("swap").run()
    seen.test.text_area(key="change_text").set_value("g" * 20).run()
    seen.press("change_add")
    assert seen.lines == ["Changes take from up to 6 other texts: take one out first."]
    assert seen.settings["changes"] == changes
    assert seen.test.text_area(key="change_text").value == "g" * 20


def test_a_group_that_was_found_stands_in_the_form(page):
    from rnnviz import stats

    seen = page(model="growing-gru", text=TEXT, changes="1,hidden,zero,1,2", unit=4)
    hidden = rnnviz.live.shipped("growing-gru").read(TEXT).subject.layer("rnn", 0)["hidden"]
    values = hidden.values
    alike = np.abs(np.corrcoef(values.T)[4])
    tells = np.abs(stats.states.separation(hidden, [c == " " for c in TEXT]).values - 0.5)
    for name, strength in (("like", alike), ("blanks", tells)):
        seen.test.selectbox(key="change_group").select(name).run()
        wanted = np.sort(np.argsort(-strength, kind="stable")[:8])
        assert seen.test.session_state["change_units"] == changing.numbers(wanted.tolist()).replace(" ", ", ")
    seen.press("change_add")
    assert seen.settings["changes"].endswith(f"hidden,zero,{changing.numbers(wanted.tolist())},all")


def test_a_state_is_led_towards_a_kind_of_character(page, monkeypatch):
    monkeypatch.setattr(working, "PATIENCE", 600)
    seen = page(model="growing-gru", text=TEXT, changes="1,hidden,zero,1,2", step=6)
    seen.test.selectbox(key="change_how").select("lead").run()
    seen.test.selectbox(key="change_toward").select("line ends").run()
    seen.test.text_input(key="change_value").set_value("1").run()
    seen.test.text_input(key="change_units").set_value("").run()
    seen.test.text_input(key="change_steps").set_value("5").run()
    seen.press("change_add")
    seen.press("change_out_0")
    assert seen.settings["changes"] == "1,hidden,lead 1 line ends,all,5" and not seen.lines
    known: dict = {}
    exec(seen.code, known)
    moved = rnnviz.stats.text.divergence(known["before"].log_probability, known["after"].log_probability)
    np.testing.assert_allclose(seen.curves("moved")[0], moved, rtol=1e-4, atol=1e-6)
    assert moved[4] > 0.1 and not moved[:4].any()


def test_a_link_with_two_directions_has_both_found(page):
    changes = "1,hidden,lead 1 line ends,all,5;1,hidden,lead 1 blanks,all,5"
    seen = page(model="growing-gru", text=TEXT, changes=changes)
    while any(one.key.endswith("_stop") for one in seen.test.button):
        seen.test.run()
        assert not seen.test.exception and not seen.lines
    assert seen.settings["changes"] == changes
    assert "'line ends'" in seen.code and "'blanks'" in seen.code


def test_both_write_on_with_the_same_luck(page):
    seen = page(**SMALL, changes="2,hidden,zero,all,all")
    seen.press("change_write")
    was, now = [code.value for code in seen.test.code if "import rnnviz" not in code.value]
    assert was != now and len(was) == len(now) == 60
    model = rnnviz.live.shipped("shakespeare-gru")
    rule = rnnviz.writing.Rule(temperature=0.8, seed=0)
    assert model.write(TEXT, 60, rule) == TEXT + was


def test_a_recording_cannot_be_run_again_and_says_so(page, tmp_path, monkeypatch):
    seen = page(subject="run.nc~0123456789abcdef")
    assert seen.lines and not seen.test.exception


def test_it_is_korean_in_korean(page):
    seen = page(**SMALL, lang="ko", changes="1,hidden,zero,1,2")
    assert "예측" in seen.board["summary"]
    for spec in seen.visit.figures.values():
        assert not re.search(r"as it was|changed", json.dumps(spec))


def test_a_unit_that_tells_something_is_silenced_and_what_that_costs_is_said(page):
    seen = page(model="shakespeare-gru")
    pills = next(one for one in seen.test.get("button_group") if one.key == "pick_change")
    assert "silence the unit for line ends" in pills.options
    text = "Shall I compare thee to a summer's day?\nThou art more lovely and more temperate:\n"
    seen = page(model="shakespeare-gru", text=text, changes="2,hidden,zero,116,all", layer=2, unit=116)
    (line,) = [part.value.replace("\\", "") for part in seen.test.markdown if "tells" in part.value]
    model = rnnviz.live.shipped("shakespeare-gru")
    found = changing.changed(model, text, changing.parsed(seen.settings["changes"]))
    after = text.index("\n") + 1
    ids = [model.outputs.index(character) for character in text]
    was, now = (
        -float(one.log_probability[after - 1, ids[after]]) for one in (found.before, found.after)
    )  # the last line end is followed by nothing
    assert f"goes from {was:.4g} to {now:.4g} nats" in line
    assert ("need not hang on it" in line) == (now - was < 0.1)


def test_each_change_is_switched_by_words_of_its_own(page, visit):
    """Streamlit tells pills apart by what they say."""
    twice = page(**SMALL, changes="1,hidden,zero,3,8;1,hidden,zero,3,8")
    both = Rewritten(visit, change_kind="translation")
    for seen, first, second in (
        (twice, "h = 0, layer 1, unit 3, step 8", "h = 0, layer 1, unit 3, step 8 (2)"),
        (
            both,
            "encoder, h from “March·7,·2024”, layer 1, step 7",
            "encoder, h from “March·7,·2024”, layer 1, backward, step 7",
        ),
    ):
        pills = next(one for one in seen.test.get("button_group") if one.key == "change_list")
        assert [name.replace("\\", "") for name in pills.options] == [first, second]
        assert pills.value == [0, 1]


class Rewritten(Changed):
    """The same page with a sentence and its translation."""

    @property
    def written(self) -> tuple[str, str]:
        was, now = [code.value for code in self.test.code if "import rnnviz" not in code.value]
        return was, now


@pytest.fixture
def sentence(visit):
    return lambda **params: Rewritten(visit, change_kind="translation", **params)


def test_a_sentence_is_translated_from_changed_states_of_the_encoder(sentence):
    seen = sentence()
    assert seen.written == ("2024-03-05", "2024-03-07") and not seen.lines
    assert "the prediction moves most at step 10" in seen.board["summary"]
    assert "At step 10 “7” is written instead of “5”" in seen.board["summary"]
    known: dict = {}
    exec(seen.code, known)
    assert (known["before"].written, known["after"].written) == seen.written
    was = known["before"].subject.layer("encoder")["hidden"].values[:, 0]
    now = known["after"].subject.layer("encoder")["hidden"].values[:, 0]
    np.testing.assert_allclose(seen.curves("curve")[0], now, atol=1e-6)
    np.testing.assert_allclose(seen.curves("curve")[1], was, atol=1e-6)


def test_a_change_of_the_decoder_is_held_against_the_original_as_far_as_both_write_the_same(sentence):
    seen = sentence(module="decoder", changes="1,hidden,zero,all,6,,decoder")
    assert seen.written == ("2024-03-05", "2024-24-05")
    model = rnnviz.translating.shipped("translate-dates")
    wanted = changing.changed(model, "March 5, 2024", changing.parsed(seen.settings["changes"])).divergence
    moved = seen.curves("moved")[0]
    np.testing.assert_allclose(moved[: wanted.size], wanted, rtol=1e-4, atol=1e-7)
    assert np.isnan(moved[wanted.size :]).all() and wanted.size == 6
    kept = sentence(module="decoder", changes="1,hidden,keep,all,all,,decoder")
    assert kept.board["summary"] == "These changes alter no prediction."
    assert kept.written == ("2024-03-05",) * 2 and not kept.curves("moved")[0].any()
    late = sentence(module="decoder", changes="1,hidden,zero,all,1,,decoder;1,hidden,zero,all,11,,decoder")
    assert any("ends after 6 steps, before these changes: decoder, h = 0" in line for line in late.lines)


@pytest.mark.parametrize(
    ("params", "line"),
    [
        ({"changes": "1,hidden,zero,all,40,,encoder"}, "step 40 is not there; wanted 1 to 13"),
        ({"changes": "1,hidden,zero,512,1,,decoder"}, "unit 512 is not there; wanted 0 to 95"),
        ({"changes": "1,hidden,zero,all,1,,rnn"}, "there is no module rnn"),
        ({"changes": "1,hidden,lead 1 blanks,all,1,,encoder"}, "a translator has none"),
        ({"change_translator": "translate-gone"}, "The model translate-gone is not here any more"),
        ({"change_source": "  "}, "Type a sentence above"),
        ({"change_source": "1 " * 60}, "Only the first 40 tokens of a sentence are read."),
        ({"changes": "1,hidden,swap ab,all,7,,encoder"}, "the other text has 2 steps; step 7 is not there"),
    ],
)
def test_what_a_translation_cannot_have_is_a_line(sentence, params, line):
    seen = sentence(**params)
    assert any(line in said for said in seen.lines), seen.lines
    assert not seen.test.exception


def test_a_form_for_a_translation_names_the_module(sentence):
    seen = sentence(module="decoder", changes="", unit=5)
    assert "lead" not in seen.test.selectbox(key="change_how").options
    seen.test.text_input(key="change_steps").set_value("3-4").run()
    seen.press("change_add")
    assert seen.settings["changes"] == "1,hidden,zero,5,3-4,,decoder" and not seen.lines
    seen.press("change_undo")
    assert seen.settings["changes"] == ""


def test_a_translation_is_korean_in_korean(sentence):
    seen = sentence(lang="ko")
    assert seen.written[1] == "나는 감옥에 있어." and "시점" in seen.board["summary"]
