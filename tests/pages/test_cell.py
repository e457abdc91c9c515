"""learn/cell: presets, kinds, sizes, grids, the address, and what is typed wrongly."""

import json

import pytest

from rnnviz.studies import one_cell
from rnnviz.ui.rooms.cell import setup as room_setup
from rnnviz.ui.shell.folding import fold
from tests.pages.conftest import PAGES, app

LATCH = {"cell_kind": "lstm", "cell_preset": "latch"}


class Page:
    """The page with these settings; a latch in an LSTM unless they say otherwise."""

    def __init__(self, lang: str = "en", **settings):
        self.test = app()
        own = {f"cell_{name}": value for name, value in settings.items()}
        self.test.session_state["settings"] = {"lang": lang} | LATCH | own
        self.test.switch_page(PAGES["cell"])
        self.run()

    def run(self) -> "Page":
        self.test.run()
        assert not self.test.exception
        return self

    @property
    def settings(self) -> dict:
        return self.test.session_state["settings"]

    @property
    def sent(self) -> dict:
        (found,) = (c for c in self.test.get("bidi_component") if c.proto.component_name == "rnnviz_cell")
        return json.loads(found.proto.json)

    @property
    def lines(self) -> list[str]:
        return [part.value.replace("\\", "") for part in (*self.test.warning, *self.test.error)]

    def set_up(self) -> dict:
        setup = one_cell.preset(self.settings["cell_preset"], self.settings["cell_seed"])
        own = self.settings["cell_own"]
        return setup if own is None else room_setup.merged(setup, own)


def packed(changes: dict) -> str:
    return fold(json.dumps(changes))


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("preset", one_cell.NAMES)
@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru", "all"])
def test_every_preset_draws_on_every_kind(kind, preset, lang):
    seen = Page(lang, kind=kind, preset=preset)
    views = seen.sent["views"]
    assert [view["kind"] for view in views] == (["rnn", "lstm", "gru"] if kind == "all" else [kind])
    assert seen.lines == []
    setup = one_cell.preset(preset)
    for view in views:
        node = one_cell.run(**one_cell.cut(setup, view["kind"]))[view["kind"]]
        assert view["hidden"] == node["hidden"].values[0, 0, 0].tolist()


def test_a_latch_in_an_lstm_is_drawn_said_and_may_be_changed():
    seen = Page()
    assert len(seen.sent["views"][0]["hidden"]) == 6
    assert seen.sent["largest"] == one_cell.LARGEST
    assert seen.sent["views"][0]["gates"] == ["input_gate", "forget_gate", "candidate", "output_gate"]
    assert any("Input 1 sets unit 1" in text.value for text in seen.test.text)
    assert any(caption.value.startswith("Saturated: ") for caption in seen.test.caption)


def test_a_size_changes_and_what_was_there_stays():
    seen = Page(preset="random")
    before = seen.sent["views"][0]["input_weight"]
    seen.test.number_input(key="cell_units").set_value(2)
    seen.run()
    view = seen.sent["views"][0]
    assert len(view["hidden"][0]) == 2 and seen.settings["cell_own"]
    assert view["input_weight"] == [rows[:2] for rows in before]
    seen.test.number_input(key="cell_units").set_value(3)
    seen.run()
    assert seen.sent["views"][0]["input_weight"] == before
    assert seen.settings["cell_own"] is None


def test_the_largest_cell_is_drawn():
    seen = Page(kind="all", preset="random", own=packed({"sizes": one_cell.MOST}))
    assert len(seen.sent["views"][2]["hidden"]) == 12 and len(seen.sent["views"][2]["hidden"][0]) == 8


def test_changed_numbers_come_from_the_address_and_can_be_undone_and_brought_back():
    own = packed({"weights": {"lstm": {"forget_gate": {"bias": {"0": {"0": -20.0}}}}}})
    seen = Page(own=own)
    assert seen.sent["views"][0]["input_bias"][1] == [-20.0, 20.0]
    (undo,) = (button for button in seen.test.button if button.label == "Back to the preset")
    undo.click()
    seen.run()
    assert seen.settings["cell_own"] is None and seen.sent["views"][0]["input_bias"][1] == [20.0, 20.0]
    (back,) = (button for button in seen.test.button if button.label == "Bring my numbers back")
    back.click()
    seen.run()
    assert seen.settings["cell_own"] == own


def test_a_preset_is_a_click_away_and_keeps_the_readers_numbers_in_reach():
    seen = Page(own=packed({"hidden": {"0": 0.5}}))
    (pills,) = (group for group in seen.test.get("button_group") if group.key == "cell_pill")
    pills.set_value("counter")
    seen.run()
    assert seen.settings["cell_preset"] == "counter" and seen.settings["cell_own"] is None
    assert any(button.label == "Bring my numbers back" for button in seen.test.button)
    assert seen.sent["views"][0]["cell"][-1] == pytest.approx([3, 4])


def test_an_empty_cell_is_said_in_one_line_and_counts_as_0():
    seen = Page(own=packed({"inputs": {"0": {"0": None}}}))
    assert seen.lines == ["Empty, and counted as 0 until you fill it: inputs, row 1, column 1."]
    assert seen.sent["views"][0]["input"][0] == [0, 0]
    assert seen.set_up()["inputs"][0][0] is None
    many = {"cell": {"1": None}, "weights": {"lstm": {"forget_gate": {"bias": {"1": {"0": None}}}}}}
    (line,) = Page(own=packed(many)).lines
    assert "cell, unit 2; forget gate, bias, row 2, column 1." in line


@pytest.mark.parametrize(
    "changes",
    [
        {"sizes": {"units": 9}},
        {"sizes": {"units": 0}},
        {"sizes": {"steps": 2.5}},
        {"sizes": {"depth": 2}},
        {"inputs": {"0": {"0": "two"}}},
        {"inputs": {"12": {"0": 1}}},
        {"inputs": {"0": {"0": 1e9}}},
        {"inputs": 3},
        {"weights": {"cnn": {}}},
        {"nonlinearity": "sine"},
        {"inputs": {"0": {"0": True}}},
        [],
    ],
)
def test_numbers_in_a_link_that_make_no_sense_are_refused_in_one_line(changes):
    with pytest.raises(ValueError, match=r"^The numbers in this link are damaged; .*\.$"):
        room_setup.checked(packed(changes))


@pytest.mark.parametrize(
    ("changes", "own"),
    [
        ({"inputs": {"0": {"1": 0.25}}}, {"inputs": {"0": {"1": 0.25}}}),
        ({"hidden": {"0": 0}}, None),  # as the preset has it
        ({"inputs": {"0": {"1": 1e9}}}, None),
        ({"inputs": {"99": {"1": 1}}}, None),
        ("inputs", None),
        (None, None),
    ],
)
def test_a_number_changed_in_the_drawing_is_taken_and_what_makes_no_sense_is_not(monkeypatch, changes, own):
    now = {"cell_preset": "latch", "cell_seed": 1, "cell_own": None}
    monkeypatch.setattr(room_setup, "settings", lambda: now)
    monkeypatch.setattr(room_setup, "choose", now.update)
    room_setup.edit(changes)
    assert now["cell_own"] == (own and room_setup.packed(own))


@pytest.mark.parametrize("value", ["%%%", "aGVsbG8=", packed({})[:-4]])
def test_a_damaged_link_is_refused_in_one_line(value):
    with pytest.raises(ValueError, match="damaged"):
        room_setup.checked(value)


def test_the_address_holds_everything_of_this_page(visit):
    own = packed({"hidden": {"0": 0.5}})
    seen = visit("cell", cell_kind="gru", cell_preset="random", cell_seed=7, cell_own=own)
    assert seen.test.session_state["settings"]["cell_own"] == own
    for part in ("cell_kind=gru", "cell_preset=random", "cell_seed=7", "cell_own="):
        assert part in seen.address
    assert "cell_" not in seen.go("gates").address
    assert "cell_own=" in seen.go("cell").address
    wrong = visit("home", cell_kind="cnn", cell_seed=0, cell_own="x")
    assert len(wrong.lines) == 3


def test_other_random_numbers():
    seen = Page(preset="random")
    before = seen.sent["views"][0]["hidden"]
    seen.test.button[0].click()
    seen.run()
    assert seen.settings["cell_seed"] == 2 and seen.sent["views"][0]["hidden"] != before


def test_the_function_of_an_rnn():
    seen = Page(kind="rnn", preset="explode")
    assert max(seen.sent["views"][0]["hidden"][-1]) > 60
    seen.test.segmented_control(key="cell_nonlinearity").set_value("tanh")
    seen.run()
    assert max(seen.sent["views"][0]["hidden"][-1]) < 1
