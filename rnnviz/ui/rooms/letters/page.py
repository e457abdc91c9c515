"""A network that learns “hello” letter by letter, then reads what it wrote itself."""

from html import escape

import pandas as pd
import streamlit as st
import xarray as xr
from torch import nn

from rnnviz import figures
from rnnviz.figures.style import ARCHITECTURE, PURPLE
from rnnviz.models.vocabularies import visible
from rnnviz.studies import tiny
from rnnviz.studies.tiny import LETTERS, STEPS
from rnnviz.ui.parts import example
from rnnviz.ui.parts.board import drawn, show_figures
from rnnviz.ui.parts.cell import show_cell
from rnnviz.ui.parts.numbers import percent
from rnnviz.ui.parts.tasks import answers, by_hand, guess_first
from rnnviz.ui.parts.tiny import KEPT, Training, code, go_on, losses, shapes, steps, training
from rnnviz.ui.rooms.letters.tasks import questions, tasks
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import folded, notice, pick

LONGEST = 13  # letters that are read
RIGHT = (
    ARCHITECTURE["lstm"],
    ARCHITECTURE["rnn"],
    PURPLE,
    ARCHITECTURE["gru"],
)  # one for each letter to come


def show() -> None:
    st.header(_("The four letters"))
    st.write(
        _(
            "A network learns which letter of “hello” comes next. Move the slider to see how well it knew this at each step "
            "of training; below, it writes by itself."
        )
    )
    guessing = st.container()
    found = training("letters", letters_trained=STEPS)
    if found is None:
        return
    with guessing:
        guess_first("letters", questions(found))
    with answers():
        network = _picture(found)
    go_on(found)
    st.subheader(_("Reading and writing, letter by letter"))
    st.write(
        _(
            "Move the slider above to step 10, or the temperature up to 2: once a wrong letter is drawn and fed back, the "
            "two rows part ways."
        )
    )
    if text := _text():
        _steps(network, text)
    by_hand("letters", tasks(found, network, text))
    if text:
        _numbers(network, text)
    _twins(network)
    now = settings()
    if found.over and (now["letters_units"], now["letters_seed"], now["letters_trained"]) == example.LEARNED:
        example.met("letters", now["letters_kind"])
    shapes(found, "letters")
    code("letters")
    _reading()


def _picture(found: Training) -> nn.Module:
    """The largest picture: how likely each right letter becomes in training. Returns the network at the chosen step."""
    last = found.kept_steps[-1]
    if found.over:
        now = settings()["letters_trained"]
        choose(letters_trained=min(now // KEPT * KEPT, last))
        if last:
            pick(
                st.slider,
                "letters_trained",
                _("Training step shown"),
                min_value=0,
                max_value=last,
                step=KEPT,
                help=_("0 is before training. The weights of every fifth step were kept."),
            )
    at = min(settings()["letters_trained"], last) if found.over else last
    right = found.right()
    here = right.sel(step=at)
    show_figures(
        "letters",
        [
            drawn(
                "right",
                _("The probability of each right letter"),
                figures.learning,
                right,
                RIGHT,
                at,
                height=380,
            ),
            losses(found, at),
        ],
        summary=_("At training step {step}:").format(step=at)
        + " "
        + "; ".join(
            f"{name} {percent(value)}" for name, value in zip(here["answer"].values, here.values, strict=True)
        ),
    )
    return next(iter(found.models_at(at).values()))


def _text() -> str | None:
    """What the reader typed, as it is read; None, and a line, where it cannot be."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        pick(st.text_input, "letters_text", _("Letters to read"), width=240)
        pick(
            st.slider,
            "letters_temperature",
            _("Temperature"),
            min_value=0.0,
            max_value=2.0,
            step=0.1,
            width=220,
            help=_("Scores are divided by it before the softmax: at 0 the likeliest letter is always taken."),
        )
        pick(
            st.number_input,
            "letters_draw",
            _("Seed of the draw"),
            min_value=0,
            max_value=999,
            step=1,
            width=150,
        )
    typed = settings()["letters_text"].strip()
    text = typed.lower()
    unknown = [letter for letter in dict.fromkeys(text) if letter not in LETTERS.tokens]
    if unknown:
        line = _("This network knows only h, e, l and o; it cannot read “{letters}”. Change it above.")
        notice(line.format(letters=" ".join(map(visible, unknown))[:40]))
        return None
    if len(text) < 2:
        notice(_("Type at least two of the letters h, e, l, o: one to read and one to predict."))
        return None
    if len(text) > LONGEST:
        notice(_("The first {longest} letters are read.").format(longest=LONGEST))
    return text[:LONGEST]


def _steps(model: nn.Module, text: str) -> None:
    """Teacher forcing and the network's own writing, step by step, side by side."""
    now = settings()
    count = len(text) - 1
    true = kept(tiny.read, model, LETTERS, text)
    drawn_with = now["letters_temperature"], now["letters_draw"]
    own = kept(tiny.write, model, LETTERS, text[0], count, *drawn_with)
    at = min(now["letters_shown"], count)
    with st.container(horizontal=True):
        st.button(
            _("Draw the next letter"),
            key="letters_next",
            disabled=at == count,
            type="primary",
            on_click=choose,
            kwargs={"letters_shown": at + 1},
        )
        st.button(
            _("Start over"),
            key="letters_first",
            disabled=at == 1,
            on_click=choose,
            kwargs={"letters_shown": 1},
        )
        st.button(
            _("All letters"),
            key="letters_all",
            disabled=at == count,
            on_click=choose,
            kwargs={"letters_shown": LONGEST - 1},
        )
        st.button(
            _("Another draw"),
            key="letters_redraw",
            disabled=not now["letters_temperature"],
            on_click=choose,
            kwargs={"letters_draw": (now["letters_draw"] + 1) % 1000},
        )
    cards = [
        "<li>"
        + _card(true.isel(time=t), _("Teacher forcing"), _("true: {letter}"), t, t + 1 < count)
        + _card(own.isel(time=t), _("Fed back"), _("drawn: {letter}"), t, t + 1 < count)
        + "</li>"
        for t in range(at)
    ]
    st.html(f"<style>{CARDS}</style><ol class='letters-steps'>{''.join(cards)}</ol>")
    written = text[0] + "".join(own["following"].values[:at])
    st.text(_("Given: {text}. Written: {written}").format(text=text[: at + 1], written=written))


CARDS = """
ol.letters-steps { list-style: none; display: flex; flex-wrap: wrap; gap: 12px; margin: 0; padding: 0; }
ol.letters-steps > li { flex: 1 1 11.5rem; max-width: 15rem; display: grid; gap: 8px; margin: 0; padding: 0; }
.letters-card {
  border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: 8px; padding: 8px 10px; min-width: 0;
}
.letters-card + .letters-card { border-style: dashed; }
.letters-card p { margin: 0; font-size: 0.875rem; line-height: 1.5; }
.letters-card b { font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 1rem; }
.letters-bar {
  display: grid; grid-template-columns: 1.25rem minmax(0, 1fr) 4rem; gap: 6px; align-items: center; font-size: 0.875rem;
}
.letters-bar i { display: block; height: 0.75rem; border-radius: 2px; }
.letters-bar > i { background: color-mix(in srgb, currentColor 12%, transparent); }
.letters-bar i i { background: color-mix(in srgb, currentColor 50%, transparent); }
.letters-bar > span { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.letters-taken { font-weight: 700; }
.letters-taken i i { background: currentColor; }
@media (max-width: 700px) {
  ol.letters-steps > li { flex: 1 1 100%; max-width: none; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
  .letters-card { padding: 6px; }
  .letters-bar { grid-template-columns: 1rem minmax(0, 1fr) 3.75rem; gap: 4px; }
}
"""


def _card(step: xr.Dataset, title: str, taken: str, t: int, more: bool) -> str:
    """One step as HTML: what was fed, the distribution, the letter that is right or drawn. more: whether it is fed next."""
    letter, fed = step["following"].item(), step["fed"].item()
    bars = "".join(
        f"<div class='letters-bar{' letters-taken' if name == letter else ''}'><b>{escape(name)}</b>"
        f"<i><i style='width:{100 * share:.2f}%'></i></i><span>{percent(share)}</span></div>"
        for name, share in zip(
            step["letter"].values.tolist(), step["probability"].values.tolist(), strict=True
        )
    )
    reads = escape(_("reads"))
    said = escape(taken).replace("{letter}", f"<b>{escape(letter)}</b>")
    onward = " → " + escape(_("fed next")) if more else ""
    return (
        f"<div class='letters-card'><p>{t + 1} · {escape(title)}</p><p>{reads} <b>{escape(fed)}</b></p>{bars}"
        f"<p>{said}{onward}</p></div>"
    )


def _twins(model: nn.Module) -> None:
    """The same letter twice, with two right successors: only the state differs."""
    st.subheader(_("The same letter, two answers"))
    st.markdown(
        _(
            "In “hello” the letter l is read twice: after the first, another l is right, after the second, o. The input is "
            "the same; only the state tells them apart."
        )
    )
    word = "".join(LETTERS.sequences[0])
    states = steps(model, LETTERS, word)["hidden"].values
    chances = kept(tiny.read, model, LETTERS, word + "o")["probability"]
    both = [t for t, letter in enumerate(word) if letter == "l"]
    rows = pd.DataFrame(
        {
            _("input"): ["l"] * 2,
            _("state h"): [
                "(" + ", ".join(f"{v:.2f}".replace("-", "−") for v in states[t]) + ")" for t in both
            ],
            _("next is l"): [percent(chances.sel(letter="l").values[t]) for t in both],
            _("next is o"): [percent(chances.sel(letter="o").values[t]) for t in both],
        },
        index=pd.Index([str(t + 1) for t in both], name=_("step")),
    )
    st.table(rows)


def _numbers(model: nn.Module, text: str) -> None:
    """Every number of the reading under teacher forcing."""
    st.subheader(_("Every step, with its numbers"))
    show_cell("letters", steps(model, LETTERS, text[:-1]), tokens=list(text[:-1]))


def _reading() -> None:
    """What to know about the page, folded, and where to go next."""
    folded(
        [
            _(
                "Teacher forcing: whatever the network says, the true letter is fed next; that is how it is trained. Fed "
                "back: the letter that was drawn is fed next, right or wrong; that is how it writes. After one wrong letter "
                "it reads what it never saw in training."
            ),
            _(
                "At the left end of the slider the network knows nothing yet. Move it to the right and watch which of the "
                "four letters it learns last: often one of those after an l."
            ),
            _(
                "The bars of the drawn letters are at your temperature: below 1 the likely letters get likelier, above 1 "
                "all of them move closer together. The bars of teacher forcing are the network's own, at temperature 1."
            ),
            _(
                "Trained with Adam (rate {rate}) for {steps} steps on h→e, e→l, l→l, l→o; the loss is "
                "cross-entropy, the mean of −ln p of the right letter. The same seed gives the same numbers."
            ).format(rate=tiny.RATE, steps=STEPS),
        ]
    )
    st.page_link("pages/explore/generate.py", label=_("A network that learned all of Shakespeare this way"))
