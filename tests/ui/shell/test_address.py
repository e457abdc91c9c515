"""Whatever a link holds, it is read: a setting is what it says or its default, and what is wrong is one line."""

from types import SimpleNamespace
from urllib.parse import parse_qsl

import pytest
from hypothesis import example, given
from hypothesis import settings as bounded
from hypothesis import strategies as some

from rnnviz.ui import rooms
from rnnviz.ui.rooms.attention_by_hand.setup import ONE
from rnnviz.ui.rooms.compare.setup import BENCH, ROW
from rnnviz.ui.shell import address
from rnnviz.ui.shell import settings as shell
from rnnviz.ui.shell.folding import packed

NAMES = sorted(shell.OWN | rooms.SETTINGS)
HUGE = 10**400  # an int that no float holds
fields = some.sampled_from([*ONE, *BENCH, *ROW, "lstm", "0", "1", "inputs", "units", "steps"])
plain = some.recursive(
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats()
    | some.sampled_from(["rnn", "1", "ones", HUGE, -HUGE]),
    lambda inner: some.lists(inner, max_size=5) | some.dictionaries(fields, inner, max_size=4),
    max_leaves=12,
)
values = (
    some.text(max_size=40)
    | some.sampled_from(["", "9" * 5000, "1e999", "nan", "-inf", "1_0", "\0", "\ud800", "1:1=1e308,2=1e308"])
    | some.integers().map(str)
    | some.floats().map(str)
    | some.lists(some.sampled_from(["lstm", "clip", "gru", "3:>5", "2:*=0,1=1"])).map(",".join)
    | plain.map(packed)
)


def visit(params: dict[str, str], monkeypatch) -> tuple[list[str], dict, str]:
    """What is said of a link, the settings after it, and the address that is then written."""
    state, sent = {}, []
    monkeypatch.setattr(shell, "_declared", shell.OWN | rooms.SETTINGS)
    monkeypatch.setattr(shell.st, "session_state", state)
    monkeypatch.setattr(shell.st, "query_params", SimpleNamespace(to_dict=lambda: dict(params)))
    monkeypatch.setattr(shell.st, "context", SimpleNamespace(url="http://here/"))
    monkeypatch.setattr(address, "_address", lambda data, key: sent.append(data["search"]))
    lines = address.read()
    address.write(NAMES)
    return lines, dict(shell.settings()), sent[0]


def packed_memory(number) -> str:
    """A link to attention by hand with this number in a table."""
    return packed({"memory": [[number, *ONE["memory"][0][1:]], *ONE["memory"][1:]]})


@bounded(max_examples=150, deadline=None)
@given(
    some.dictionaries(some.sampled_from([*NAMES, *(f"{n}z" for n in NAMES), "nobody"]), values, max_size=8)
)
@example({"attention_own": packed_memory(HUGE), "unit": "7"})
@example({"cell_own": packed({"sizes": {"units": HUGE}}), "bench": packed({"steps": HUGE, "rows": [{}]})})
@example({"text": "\ud800\0", "attention_example": "\ud800", "module": "\ud800", "runs_module": "\ud800"})
@example({"bench": "[" * 5000, "cell_own": packed([[]] * 99), "attention_own": packed(None)})
def test_any_link_leaves_settings_that_can_be_written_and_read_again(params):
    with pytest.MonkeyPatch.context() as patch:
        lines, found, written = visit(params, patch)
        assert not any("\n" in line for line in lines)
        assert len(lines) <= len(params)
        again = visit(dict(parse_qsl(written[1:], keep_blank_values=True)), patch)
        assert again[0] == []
        assert again[1] == found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("attention_own", packed_memory(HUGE)),
        ("attention_own", packed_memory(float("nan"))),
        ("attention_own", packed({"words": ["a"] * 9})),
        ("cell_own", packed({"sizes": {"units": HUGE}})),
        ("bench", packed({"gain": 1, "rows": [{"gain": float("inf")}]})),
        ("generate_changes", packed([["lstm", HUGE, "a"]])),
        ("translate_changes", "1:>5;" * 9 + f"{'9' * 5000}:>5"),
    ],
)
def test_a_damaged_setting_is_one_line_and_costs_no_other(monkeypatch, name, value):
    lines, found, _written = visit({name: value, "unit": "7"}, monkeypatch)
    assert len(lines) == 1 and "damaged" in lines[0]
    assert (found[name], found["unit"]) == (rooms.SETTINGS[name].default, 7)


def test_what_nobody_foresaw_costs_its_setting_only(monkeypatch, caplog):
    broken = shell.Setting("lstm", lambda name, value: 1 // 0)
    monkeypatch.setitem(rooms.SETTINGS, "cell_kind", broken)
    lines, found, _written = visit({"cell_kind": "rnn", "unit": "7"}, monkeypatch)
    assert lines == ["The link's value for “cell_kind” is damaged and was left out."]
    assert (found["cell_kind"], found["unit"]) == ("lstm", 7)
    assert "cell_kind" in caplog.text


@pytest.mark.parametrize(("text", "travels"), [("가" * 200_000, True), ("a" * 300_000, False)])
def test_a_long_text_comes_back_from_the_link_or_the_page_says_that_it_does_not(monkeypatch, text, travels):
    visit({}, monkeypatch)
    sent = []
    monkeypatch.setattr(address, "_address", lambda data, key: sent.append(data["search"]))
    shell.choose(text=text)
    assert address.write(["text"]) == travels
    lines, found, _written = visit(dict(parse_qsl(sent[0][1:])), monkeypatch)
    assert lines == []
    assert found["text"] == (text if travels else None)
