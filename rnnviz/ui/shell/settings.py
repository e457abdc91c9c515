"""What the reader has chosen, kept over page changes. Each room declares its settings; the shell knows none of them by name.

    SETTINGS = {
        "cell_kind": one_of("lstm", ("rnn", "lstm", "gru", "all")),
        "cell_seed": number(1, 1, 9999),
    }

A declaration says all that there is to know of a setting: what it is until it is chosen, how a link is read, whether a link
counts it from 1, whether it is a text that folds, and which others fall back when it is chosen.
"""

import contextlib
import contextvars
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from rnnviz.models.vocabularies import UNKNOWN, visible
from rnnviz.ui.shell.language import LANGUAGES, _

LONGEST = 2000  # characters of a reader's text that are read
LONGEST_LINK = 200_000  # characters of a text that travel in a link


@dataclass(frozen=True)
class Setting:
    """One setting.

    default: until it is chosen. read: (name, what stands in a link) to the value; ValueError, in the reader's language, where it
    is none; None for what is no part of the address. counts: from 1 on screen and in a link, from 0 here. folds: a text, which
    is folded in a link where it is long. always: stands in every link, also where it is the default. resets: settings that fall
    back to their defaults when this one is chosen. undo: the setting that keeps what was here when it fell back. was, among: of
    a page that opens on something else than it once did, see `opened_on`.
    """

    default: object
    read: Callable[[str, str], object] | None = None
    counts: bool = False
    folds: bool = False
    always: bool = False
    resets: tuple[str, ...] = ()
    undo: str | None = None
    was: object = None
    among: tuple[str, ...] = ()

    def but(self, **changes) -> "Setting":
        """The same with changes, as in `text().but(resets=("step",))`."""
        return replace(self, **changes)


def kept(default) -> Setting:
    """What is kept over page changes, but is no part of the address."""
    return Setting(default)


def text(default: str | None = None) -> Setting:
    """A text of the reader's. None stands for what the page shows until something is typed."""
    return Setting(default, lambda _name, value: value[:LONGEST_LINK], folds=True)


def typed(value: str) -> str:
    """A text as it is kept, from wherever it came: its line ends are one sign, and in place of NUL and of lone surrogates, which
    no file and no browser takes, stands the sign that they are shown by."""
    value = value.replace("\r\n", "\n").replace("\r", "\n").replace("\0", visible("\0"))
    return without_surrogates(value)


def without_surrogates(value: str) -> str:
    """The text with the sign of what is unknown in place of lone surrogates, which cannot be written as UTF-8."""
    return re.sub("[\ud800-\udfff]", UNKNOWN, value)


def checked(default, check: Callable[[str], object]) -> Setting:
    """What has a form of its own. check: to the value; ValueError, in the reader's language, where it is damaged."""
    return Setting(default, lambda _name, value: check(value))


def one_of(default, options: Iterable | Callable[[], Iterable]) -> Setting:
    """One of several. options: or what gives them, where they are dear to import."""

    def read(name: str, value: str):
        there = tuple(options() if callable(options) else options)
        for option in there:
            if str(option) == value:
                return option
        message = _("The link's value for “{name}” must be one of {options}.")
        raise ValueError(message.format(name=name, options=", ".join(map(str, there))))

    return Setting(default, read)


def some_of(default: list[str], options: Iterable[str]) -> Setting:
    """Any number of several."""

    def read(name: str, value: str) -> list[str]:
        chosen = [part for part in value.split(",") if part]
        if set(chosen) - set(options):
            message = _("The link's value for “{name}” must be one of {options}.")
            raise ValueError(message.format(name=name, options=", ".join(options)))
        return chosen

    return Setting(default, read)


def number(default: float | None, low: float, high: float, kind: type | None = None) -> Setting:
    """A number in a range. kind: int or float, as its widget has it; that of the default, where it has one."""
    kind = kind or type(default)

    def read(name: str, value: str):
        try:
            found = kind(value)
        except ValueError:
            found = None
        if found is None or len(value) > 12 or not low <= found <= high:
            message = _("The link's value for “{name}” must be a number from {low} to {high}.")
            raise ValueError(message.format(name=name, low=low, high=high))
        return found

    return Setting(default, read)


def index(default: int | None, lowest: int = 1, last: bool = False) -> Setting:
    """A place in what is shown, whatever its length. lowest: as a link counts it. last: which is shown where a link has none."""

    def read(name: str, value: str) -> int:
        if not (value.isascii() and value.isdecimal()) or len(value) > 6 or int(value) < lowest:
            message = _("The link's value for “{name}” must be a whole number of at least {lowest}.")
            shown = _("The last step is shown.") if last else _("The first one is shown.")
            raise ValueError(f"{message.format(name=name, lowest=lowest)} {shown}")
        return int(value) - lowest

    return Setting(default, read, counts=lowest == 1)


def opened_on(room: Mapping[str, Setting], **was: object) -> dict[str, Setting]:
    """The settings of a room whose page opens on something else than it once did. was: what some of its settings were then. A
    link that names another of the room's settings, and not these, means what it meant; one that names none has the defaults."""
    among = {name: tuple(room.keys() - {name}) for name in was}
    return {
        name: one.but(was=was[name], among=among[name]) if name in was else one for name, one in room.items()
    }


OWN = {"lang": one_of("en", tuple(LANGUAGES)), "projector": one_of(False, (False, True))}  # the shell's

_declared: dict[str, Setting] = dict(OWN)
_closed: contextvars.ContextVar[bool] = contextvars.ContextVar("closed", default=False)


def declare(rooms: Mapping[str, Setting]) -> None:
    """Collects what the rooms declare. Raises ValueError where another setting has taken a name."""
    if taken := rooms.keys() & OWN.keys():
        raise ValueError(f"settings of the shell: {', '.join(sorted(taken))}")
    _declared.update(rooms)


def declared() -> Mapping[str, Setting]:
    """All settings, by name."""
    return _declared


def settings() -> dict:
    """The reader's settings; change them through `choose`."""
    if _closed.get():
        raise RuntimeError(
            "what is computed once must be given all that it depends on; it asked for the reader's settings"
        )
    now = st.session_state.setdefault("settings", {})
    for name in _declared.keys() - now.keys():
        now[name] = _declared[name].default
    return now


@contextlib.contextmanager
def closed() -> Iterator[None]:
    """No one in this block may ask what the reader has chosen."""
    token = _closed.set(True)
    try:
        yield
    finally:
        _closed.reset(token)


def held() -> bool:
    """Whether a lesson's link holds the settings of its page fast."""
    return bool(st.session_state.get("held"))


def _by_the_reader() -> bool:
    """Whether the reader has chosen, and not the page: what a control tells is heard before the page runs."""
    context = get_script_run_ctx(suppress_warning=True)
    return context is not None and not context.has_script_started


def choose(**changes) -> None:
    """Changes settings; those that follow from one that is chosen fall back to their defaults, unless they are chosen too. Where
    they are held fast, what the reader chooses changes none of them."""
    if held() and _by_the_reader() and changes.keys() - OWN.keys():
        st.session_state["held_back"] = True
        changes = {name: value for name, value in changes.items() if name in OWN}
    now, waiting = settings(), list(changes)
    while waiting:
        for name in _declared[waiting.pop()].resets:
            if name in changes:
                continue
            one = _declared[name]
            if one.undo and one.undo not in changes:
                changes[one.undo] = now[name] or now[one.undo]
            changes[name] = one.default
            waiting.append(name)
    now.update(
        {
            name: typed(value) if _declared[name].folds and isinstance(value, str) else value
            for name, value in changes.items()
        }
    )
