"""Predict, then see: questions that a reader answers before the picture does, and things to reach with a page's own settings.

    with st.container(): tasks.guess_first("echo", [Question(…), Question(…)])
    with tasks.answers():
        …
    tasks.by_hand("echo", [Task(…), Task(…), Task(…)])

A room declares both as short lists, made from what the page has just computed. An answer is computed when a guess stands, and
again in every run: after a change of the settings an old guess is judged by what is on screen now. A task is ticked when what it
asks for becomes true, not where a link brought it along, and it stays ticked in this visit. Nothing of it stands in a link.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

import streamlit as st

from rnnviz.ui.shell import lesson, offline
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import as_text, shows

STYLE = """
.st-key-guess { margin: -0.75rem 0; }
.st-key-guess [data-testid="stExpander"] details { border: none; }
.st-key-guess [data-testid="stExpander"] summary { padding: 0.25rem 0; border: none !important; background: none !important; }
.st-key-guess [data-testid="stExpanderDetails"] { padding: 0.25rem 0 0.5rem; }
.st-key-guess [data-testid="stNumberInputContainer"] { max-width: 14rem; }
.rnnviz-verdict { margin: -0.5rem 0 0; line-height: 1.5; max-width: 60rem; }
ul.rnnviz-tasks { list-style: none; margin: 0; padding: 0; max-width: 60rem; }
ul.rnnviz-tasks > li { display: grid; grid-template-columns: 1.5rem minmax(0, 1fr); margin: 0 0 0.5rem; padding: 0; }
ul.rnnviz-tasks p { margin: 0; line-height: 1.5; }
.rnnviz-heard { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
"""
# it keeps its place, and nobody hears or reaches it; Streamlit makes some of its parts visible by themselves
COVERED = "[class*=st-key-answers], [class*=st-key-answers] * { visibility: hidden !important; }"


@dataclass(frozen=True)
class Answer:
    """value: the choice that is right, several in a tuple where they are equally right, or the number. says: the sentence that
    shows the number, in plain text."""

    value: Hashable
    says: str


@dataclass(frozen=True)
class Question:
    """asks: in Markdown. answer: computes it from what is on screen. choices: what may be answered; without them it is a number,
    which counts as right within the tolerance."""

    name: str
    asks: str
    answer: Callable[[], Answer]
    choices: Mapping[Hashable, str] | None = None
    tolerance: float = 0.0
    step: float = 1.0

    def right(self, guess: Hashable, answer: Answer) -> bool:
        if self.choices is None:
            return abs(guess - answer.value) <= self.tolerance + 1e-9
        return guess in answer.value if isinstance(answer.value, tuple) else guess == answer.value


@dataclass(frozen=True)
class Task:
    """asks: what to reach, in plain text. shows: the sentence once it is done, with names of numbers in braces. done: those
    numbers as they are shown where it is reached, False where it is not, None where it cannot be told from what is on screen."""

    name: str
    asks: str
    shows: str
    done: Callable[[], Mapping[str, str] | bool | None]


@dataclass(frozen=True)
class Asked:
    """What a part of a page asks, and which of the page's tasks can be told from it: by name, as `Task.done` has it."""

    questions: list[Question]
    reached: Mapping[str, Mapping[str, str] | bool] = field(default_factory=dict)

    def tasks(self, texts: Mapping[str, tuple[str, str]]) -> list[Task]:
        """The page's tasks. texts: what each asks and shows, by its name."""
        return [
            Task(name, *two, lambda name=name: self.reached.get(name))  # type: ignore[misc]
            for name, two in texts.items()
        ]


def answers(name: str = ""):
    """Where the picture that answers stands: out of sight while a reader is guessing. name: of one of several."""
    return st.container(key=f"answers_{name}" if name else "answers")


# ---- guessing ------------------------------------------------------------------------------------------------------


def guess_first(room: str, questions: Sequence[Question], opened: str | None = None) -> None:
    """A line that unfolds to the questions; a lesson that leaves the answers out judges no guess. opened: the setting that says
    whether it is unfolded, where a link may say so."""
    if questions and (kept := offline.kept()) is not None:
        kept["questions"] = [_handed(one) for one in questions]
        with st.container(key="guess"):
            st.empty()
    elif questions:
        st.fragment(_panel)(room, tuple(questions), opened)


def _handed(one: Question) -> dict:
    """A question with its answer, for a page in a file, where nobody computes it any more."""
    answer = one.answer()
    found = {"asks": one.asks, "says": answer.says}
    if one.choices is None:
        return found | {"value": answer.value, "tolerance": one.tolerance}
    right = [at for at, choice in enumerate(one.choices) if one.right(choice, answer)]
    return found | {"choices": list(one.choices.values()), "right": right}


def _panel(room: str, questions: tuple[Question, ...], opened: str | None) -> None:
    guesses = _guesses(room)
    for one in questions:
        if one.choices is not None and guesses.get(one.name) not in one.choices:
            guesses.pop(one.name, None)  # what may be chosen is something else now
    judged = {one.name: _judged(one, guesses) for one in questions if one.name in guesses}
    key = f"guess_{room}"
    if opened:
        shows(key, settings()[opened])
    with st.container(key="guess"):
        st.html(f"<style>{STYLE}</style>")
        panel = st.expander(
            # another label would fold it
            _("**Guess first** · {count} questions · three to do by hand, further down").format(
                count=len(questions)
            ),
            key=key,
            on_change=_folded if opened else "rerun",
            **({"args": (key, opened)} if opened else {}),
        )
        with panel:
            for one in questions:
                _question(room, one, judged.get(one.name))
            waiting = panel.open and len(judged) < len(questions)
            if waiting:
                line = _("The picture comes back when you have answered, or when you fold this away.")
                st.html(f"<p class='rnnviz-verdict'>{escape(line)}</p><style>{COVERED}</style>")
            if judged and not lesson.asks(lesson.UNANSWERED):
                st.button(
                    _("{right} of {count} right · guess again").format(
                        right=sum(is_right for is_right, _says in judged.values()), count=len(questions)
                    ),
                    key=f"{key}_again",
                    type="tertiary",
                    on_click=_forget,
                    args=(room,),
                )


def _folded(key: str, opened: str) -> None:
    choose(**{opened: bool(st.session_state[key])})


def _guesses(room: str) -> dict:
    """What the reader has guessed in this visit, by the question's name."""
    return st.session_state.setdefault("guesses", {}).setdefault(room, {})


def _judged(one: Question, guesses: Mapping) -> tuple[bool, str]:
    answer = one.answer()
    return one.right(guesses[one.name], answer), answer.says


def _question(room: str, one: Question, judged: tuple[bool, str] | None) -> None:
    key = f"guess_{room}_{one.name}"
    shows(key, _guesses(room).get(one.name), one.asks, one.choices)
    common = {"key": key, "on_change": _guessed, "args": (room, one.name, key)}
    if one.choices is None:
        st.number_input(one.asks, step=one.step, format="%g", placeholder=_("your guess"), **common)
    else:
        st.pills(one.asks, list(one.choices), format_func=one.choices.get, **common)
    said = ""
    if judged is not None and lesson.asks(lesson.UNANSWERED):
        said = escape(_("Noted."))
    elif judged is not None:
        verdict = _("Right.") if judged[0] else _("Wrong.")
        said = f"<strong>{escape(verdict)}</strong> {escape(judged[1])}"
    st.html(f"<p class='rnnviz-verdict' role='status'>{said}</p>")


def _guessed(room: str, name: str, key: str) -> None:
    guess = st.session_state[key]
    if guess is None:
        _guesses(room).pop(name, None)
    else:
        _guesses(room)[name] = guess


def _forget(room: str) -> None:
    _guesses(room).clear()


# ---- what to do by hand --------------------------------------------------------------------------------------------


def by_hand(room: str, tasks: Sequence[Task]) -> None:
    """What there is to reach on this page, each ticked once the page has been brought there; not in a file."""
    if offline.kept() is not None:
        return
    done, before = (
        st.session_state.setdefault(name, {}).setdefault(room, {}) for name in ("tasks_done", "tasks_before")
    )
    for one in tasks:
        if one.name in done:
            continue
        now = one.done()
        if now is None:
            continue
        reached = isinstance(now, Mapping)
        if reached and before.get(one.name) is False:
            done[one.name] = dict(now)
            st.toast(as_text(one.shows.format(**now)), icon="✅")
        before[one.name] = reached
    st.subheader(
        _("To do by hand: {done} of {count} done").format(done=len(done), count=len(tasks)), anchor=False
    )
    st.caption(_("Change the settings of this page. What you reach is ticked by itself, with its number."))
    st.html(f"<ul class='rnnviz-tasks'>{''.join(_row(one, done.get(one.name)) for one in tasks)}</ul>")


def _row(one: Task, numbers: Mapping[str, str] | None) -> str:
    mark, heard = ("✓", _("Done:")) if numbers is not None else ("○", _("To do:"))
    shown = "" if numbers is None else f"<p><strong>{escape(one.shows.format(**numbers))}</strong></p>"
    says = f"<p><span class='rnnviz-heard'>{escape(heard)} </span>{escape(one.asks)}</p>{shown}"
    return f"<li data-task='{one.name}'><span aria-hidden='true'>{mark}</span><div>{says}</div></li>"
