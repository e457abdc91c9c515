"""A setting is declared once, in its room; the shell collects them, reads them from links and writes them there."""

import contextlib
from types import SimpleNamespace
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rnnviz.ui import rooms
from rnnviz.ui.shell import address
from rnnviz.ui.shell import settings as shell
from rnnviz.ui.shell.folding import fold, packed, unfold, unpacked
from rnnviz.ui.shell.settings import (
    LONGEST_LINK,
    OWN,
    declare,
    index,
    number,
    one_of,
    opened_on,
    some_of,
    text,
)


@pytest.fixture
def session(monkeypatch):
    """A visit without a browser, with two rooms of its own."""
    state = {}
    monkeypatch.setattr(shell.st, "session_state", state)
    declared = {
        "task": one_of("a", ("a", "b")).but(resets=("words",)),
        "words": text().but(resets=("place", "changes")),
        "place": index(None),
        "changes": text("").but(undo="dropped"),
        "dropped": shell.kept(""),
    }
    monkeypatch.setattr(shell, "_declared", OWN | declared)
    return state


def test_a_setting_is_its_default_until_it_is_chosen(session):
    assert shell.settings()["task"] == "a"
    shell.choose(task="b")
    assert shell.settings()["task"] == "b"


def test_what_follows_from_a_choice_falls_back_step_by_step(session):
    shell.choose(words="x", place=3)
    shell.choose(place=4)
    shell.choose(task="b")
    assert [shell.settings()[n] for n in ("words", "place")] == [None, None]


def test_what_is_chosen_too_does_not_fall_back(session):
    shell.choose(task="b", words="x", place=2)
    assert [shell.settings()[n] for n in ("words", "place")] == ["x", 2]


def test_what_fell_back_can_be_undone(session):
    shell.choose(changes="mine")
    shell.choose(words="x")
    assert (shell.settings()["changes"], shell.settings()["dropped"]) == ("", "mine")
    shell.choose(words="y")  # nothing was changed in between: what can be undone stays
    assert shell.settings()["dropped"] == "mine"


def test_a_name_of_the_shell_cannot_be_taken(session):
    with pytest.raises(ValueError, match="settings of the shell: lang"):
        declare({"lang": text()})


def test_a_name_that_nobody_declared_is_an_error(session):
    with pytest.raises(KeyError):
        shell.choose(taks="b")


@pytest.mark.parametrize("name", rooms.SETTINGS)
def test_every_setting_reads_its_own_default_or_has_none(name):
    one = rooms.SETTINGS[name]
    for other in one.resets:
        assert other in rooms.SETTINGS
    if one.undo:
        assert rooms.SETTINGS[one.undo].read is None
    if one.read is None or one.default is None:
        return
    shown = one.default + 1 if one.counts else one.default
    shown = ",".join(shown) if isinstance(shown, list) else str(shown)
    assert one.read(name, shown) == one.default


@pytest.mark.parametrize(
    ("one", "value"),
    [
        (number(1.0, 0, 2), "3"),
        (number(1.0, 0, 2), "nan"),
        (number(1, 0, 9), "1.5"),
        (number(1, 0, 9), "0000000000001"),
        (index(0), "0"),
        (index(0), "-1"),
        (index(0), "٣"),
        (index(0), "9999999"),
        (one_of("a", ("a", "b")), "c"),
        (some_of(["a"], ("a", "b")), "a,c"),
    ],
)
def test_a_bad_value_is_one_line_that_names_the_setting(one, value):
    with pytest.raises(ValueError, match="“unit”") as refused:
        one.read("unit", value)
    assert "\n" not in str(refused.value)


@given(some.text())
def test_a_text_survives_its_folding(value):
    assert unfold(fold(value), LONGEST_LINK) == value.encode("utf-8", "replace").decode()


@given(
    some.recursive(some.none() | some.booleans() | some.integers() | some.text(), some.lists, max_leaves=5)
)
def test_plain_values_survive_their_packing(value):
    clean = packed(value)
    assert packed(unpacked(clean, LONGEST_LINK)) == clean


@given(some.binary() | some.text())
def test_what_was_never_folded_is_refused_or_read(value):
    value = value if isinstance(value, str) else value.decode("latin-1")
    with contextlib.suppress(ValueError):
        unpacked(value, 100)


def test_what_unfolds_to_more_than_it_may_is_refused():
    with pytest.raises(ValueError, match="longer than it may be"):
        unfold(fold("a" * 10**6), 1000)


ROOM = opened_on(
    {
        "kind": one_of("rnn", ("rnn", "lstm", "gru")),
        "preset": one_of("new", ("new", "old", "other")),
        "seed": number(1, 1, 9),
        "words": text("a"),
    },
    kind="lstm",
    preset="old",
)
ELSEWHERE = {"else": number(0, 0, 9)}


def read_back(monkeypatch, params: dict[str, str]) -> tuple[dict, dict[str, str]]:
    """What a link makes of the room's settings, and the link that is then written."""
    sent = []
    monkeypatch.setattr(shell, "_declared", OWN | ROOM | ELSEWHERE)
    monkeypatch.setattr(shell.st, "session_state", {})
    monkeypatch.setattr(shell.st, "query_params", SimpleNamespace(to_dict=lambda: dict(params)))
    monkeypatch.setattr(shell.st, "context", SimpleNamespace(url="http://here/"))
    monkeypatch.setattr(address, "_address", lambda data, key: sent.append(data["search"]))
    assert address.read() == []
    address.write(ROOM)
    found = {name: shell.settings()[name] for name in ROOM}
    return found, dict(parse_qsl(sent[0][1:]))


@pytest.mark.parametrize(
    ("link", "means"),
    [
        ({}, ("rnn", "new")),
        ({"lang": "ko"}, ("rnn", "new")),
        ({"else": "3"}, ("rnn", "new")),  # another page's
        ({"kind": "gru"}, ("gru", "old")),
        ({"preset": "other"}, ("lstm", "other")),
        ({"preset": "new"}, ("lstm", "new")),
        ({"seed": "7"}, ("lstm", "old")),
        ({"words": "b"}, ("lstm", "old")),
        ({"wordsz": fold("b" * 4000)}, ("lstm", "old")),
        ({"kind": "rnn", "preset": "new", "seed": "2"}, ("rnn", "new")),
    ],
)
def test_a_link_from_before_a_page_opened_on_something_else_means_what_it_meant(monkeypatch, link, means):
    found, _written = read_back(monkeypatch, link)
    assert (found["kind"], found["preset"]) == means


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("preset", ["new", "old", "other"])
@pytest.mark.parametrize("seed", ["1", "5"])
def test_whatever_is_chosen_is_written_so_that_it_is_read_again(monkeypatch, kind, preset, seed):
    found, written = read_back(monkeypatch, {"kind": kind, "preset": preset, "seed": seed})
    assert (found["kind"], found["preset"]) == (kind, preset)
    assert read_back(monkeypatch, written)[0] == found
    assert (written == {}) == ((kind, preset, seed) == ("rnn", "new", "1"))
    if (kind, preset) == ("lstm", "old") and seed != "1":
        assert written == {"seed": seed}  # as it was written before
