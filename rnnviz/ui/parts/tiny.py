"""learn/order and learn/letters: networks that are trained in the reader's session while the page is looked at."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape

import numpy as np
import pandas as pd
import streamlit as st
import xarray as xr
from torch import Tensor, nn

from rnnviz import figures, stats
from rnnviz.studies import tiny
from rnnviz.studies.tiny import LETTERS, ORDER, STEPS
from rnnviz.ui.parts.board import Drawn, show_figures
from rnnviz.ui.parts.cell import show_cell
from rnnviz.ui.parts.sheet import percent, sums
from rnnviz.ui.parts.views import shown
from rnnviz.ui.rooms.vanishing.page import aligned
from rnnviz.ui.shell import choices as chosen
from rnnviz.ui.shell.frame import folded, notice, pick
from rnnviz.ui.shell.language import _

CHUNK = 40  # steps of training between two pictures
KEPT = 5  # training steps between two weights that are kept
LONGEST = 13  # letters that are read
BAG = "#CC79A7"
STYLE = """
.stMarkdown .katex-display { padding: 2px 2px 4px 0; } /* where a formula fits there is nothing to scroll */
@media (max-width: 700px) { /* tables and formulas fit a telephone */
  .stMarkdown .katex { font-size: 0.875rem; }
  [data-testid="stTable"] :is(th, td) { padding: 4px 3px; overflow-wrap: anywhere; }
}
"""
RIGHT = ("#0072B2", "#E69F00", "#CC79A7", "#009E73")  # one for each letter to come


@dataclass
class Training:
    """Networks on their way, kept in the reader's session. weights: of the main model, every KEPT steps."""

    models: dict[str, nn.Module]
    steps: Iterator[tiny.Step]
    seen: list[tiny.Step] = field(default_factory=list)
    weights: dict[int, Tensor] = field(default_factory=dict)
    over: bool = False

    @property
    def step(self) -> int:
        """Updates made so far."""
        return self.seen[-1].step

    @property
    def main(self) -> nn.Module:
        return next(iter(self.models.values()))

    def go_on(self) -> None:
        """The next few steps."""
        for now in self.steps:
            self.seen.append(now)
            if now.step % KEPT == 0:
                self.weights[now.step] = tiny.weights(self.main)
            if now.step and now.step % CHUNK == 0:
                break
        self.over |= self.step == STEPS

    def over_steps(self, values: list[list[float]], names: list[str], dim: str) -> xr.DataArray:
        """Numbers of each step seen, NaN for those to come: (dim, step). values: (step, dim)."""
        rows = np.full((len(names), STEPS + 1), np.nan)
        rows[:, : len(values)] = np.transpose(values)
        return xr.DataArray(rows, dims=(dim, "step"), coords={dim: names, "step": np.arange(STEPS + 1)})

    def log_losses(self) -> xr.DataArray:
        """ln of the losses so far: (model, step)."""
        found = np.log([list(one.losses().values()) for one in self.seen])
        return self.over_steps(found, [called(name) for name in self.models], "model").assign_attrs(
            long_name="loss", units="nats"
        )

    def right(self) -> xr.DataArray:
        """What the main model has given to each right answer so far: (answer, step)."""
        name = next(iter(self.models))
        found = np.exp([one.log_right[name] for one in self.seen])
        text = (*LETTERS.sequences[0], LETTERS.tokens[LETTERS.targets[-1]])
        names = [f"{i + 1}: {a} → {b}" for i, (a, b) in enumerate(itertools.pairwise(text))]
        return self.over_steps(found, names, "answer").assign_attrs(long_name="probability", units="1")


def called(name: str) -> str:
    return "bag of words" if name == "bag" else name.upper()


def _key(page: str) -> tuple:
    now = chosen.settings()
    return page, now[f"{page}_kind"], now[f"{page}_units"], now[f"{page}_seed"]


def _trainings() -> dict[tuple, Training]:
    return st.session_state.setdefault("tiny", {})


def _again(page: str, **changes) -> None:
    """Another start; with changes, of another network."""
    chosen.choose(**changes)
    _trainings().pop(_key(page), None)
    if page == "letters":
        chosen.choose(letters_trained=STEPS)


def _stop(page: str) -> None:
    if training := _trainings().get(_key(page)):
        training.over = True


def training(page: str) -> Training:
    """The network that the settings describe, a few steps further, and the widgets that choose, stop and repeat it."""
    now = chosen.settings()
    task = {"order": ORDER, "letters": LETTERS}[page]
    st.html(f"<style>{STYLE}</style>")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        pick(
            st.segmented_control,
            f"{page}_kind",
            _("Cell"),
            ["rnn", "gru", "lstm"],
            format_func=str.upper,
            required=True,
        )
        pick(st.slider, f"{page}_units", _("Units"), min_value=1, max_value=tiny.MOST, step=1, width=160)
        pick(
            st.number_input,
            f"{page}_seed",
            _("Seed"),
            min_value=0,
            max_value=999,
            step=1,
            width=120,
            help=_("The weights before training are drawn from it."),
        )
    made = _trainings()
    key = _key(page)
    if key not in made:
        kind, units, seed = key[1:]
        models = {kind: tiny.build(task, kind, units, seed)}
        if page == "order":
            models["bag"] = tiny.bag(task, units, seed)
        for old in list(made)[:-7]:
            del made[old]
        made[key] = Training(models, tiny.train(models, task))
    found = made[key]
    if not found.over:
        found.go_on()
    said = _("Training: step {step} of {steps}") if not found.over else _("Trained: {step} of {steps} steps")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            _("Train again"), key=f"{page}_again", on_click=_again, args=(page,), disabled=not found.over
        )
        st.button(_("Stop"), key=f"{page}_stop", on_click=_stop, args=(page,), disabled=found.over)
        st.button(
            _("Another seed"),
            key=f"{page}_other",
            on_click=_again,
            args=(page,),
            kwargs={f"{page}_seed": (now[f"{page}_seed"] + 1) % 1000},
        )
        start = {f"{page}_{name}": chosen.DEFAULTS[f"{page}_{name}"] for name in ("kind", "units", "seed")}
        st.button(
            _("The tutorials’ sizes"),
            key=f"{page}_reset",
            on_click=chosen.choose,
            kwargs=start,
            disabled=all(now[name] == value for name, value in start.items()),
        )
        st.progress(found.step / STEPS, text=said.format(step=found.step, steps=STEPS))
    return found


def go_on(found: Training) -> None:
    """While there is training to do, what follows on the page waits for its end."""
    if not found.over:
        st.rerun()


def _losses(found: Training, point: int | None = None):
    """The loss as it falls, on a log axis."""
    logs = found.log_losses()
    colours = [BAG if name == "bag" else name for name in found.models]
    marked = None if point is None else logs.sel(step=[point])
    return figures.powers(
        logs, colours, ["solid", "dash"][: len(colours)], marked, across="training step", height=260
    )


# learn/order


def order_picture(found: Training) -> None:
    """The largest picture: what both say after each word; below, the loss."""
    outputs = tiny.answers(found.models, ORDER)
    outputs = outputs.assign_coords(model=[called(name) for name in found.models])
    texts = [" ".join(words) for words in ORDER.sequences]
    last = [
        f"{name}: "
        + ", ".join(
            f"{text} {percent(value)}" for text, value in zip(texts, row[:, -1].tolist(), strict=True)
        )
        for name, row in zip(outputs["model"].values, outputs.values, strict=True)
    ]
    show_figures(
        "order",
        [
            Drawn.of(
                "answers",
                figures.answers(outputs, ORDER.targets, [_key("order")[1], BAG]),
                _("The output after each word; rings: what is wanted at the end"),
            ),
            Drawn.of("loss", _losses(found), _("The loss falls")),
        ],
        summary=_("After the last word:") + " " + "; ".join(last),
    )


def order_results(found: Training) -> None:
    """What both say in the end, and why the bag of words cannot do better."""
    last = tiny.answers(found.models, ORDER).isel(time=-1)
    texts = [" ".join(words) for words in ORDER.sequences]
    columns = {_("wanted"): [str(target) for target in ORDER.targets]} | {
        called(name): [percent(value) for value in last.sel(model=name).values.tolist()]
        for name in found.models
    }
    rows = pd.DataFrame(columns, index=pd.Index(texts, name=_("sequence")))
    rows.loc[_("loss (nats)")] = ["", *(shown(loss) for loss in found.seen[-1].losses().values())]
    left, right = st.columns(2, gap="medium")
    with left:
        st.table(rows)
        name = next(iter(found.models))
        if found.seen[-1].losses()[name] > 0.1:
            st.text(
                _(
                    "The {name} has not learned it. Let it train to the end, or try another seed or more units."
                ).format(name=called(name))
            )
    with right:
        st.subheader(_("Why the bag of words fails"), anchor=False)
        aligned(
            [
                rf"\text{{{text}}}&:\;"
                + "+".join(vector(v) for v in rows_)
                + rf"=\boldsymbol{{{vector(sum(rows_))}}}"
                for text, rows_ in zip(texts, ORDER.x.int().numpy(), strict=True)
            ]
        )
        share = float(np.mean(ORDER.targets))
        best = -(share * np.log(share) + (1 - share) * np.log(1 - share))
        st.markdown(
            _(
                "It adds up its inputs, and the three sums are the same vector: with any weights its three outputs are equal. "
                "The best it can do is to say {share} each time, a loss of {loss:.4g} nats."
            ).format(share=percent(share), loss=best)
        )


def vector(numbers) -> str:
    return "(" + ",".join(str(int(number)) for number in numbers) + ")"


def shapes(found: Training, page: str) -> None:
    """The shape of every weight, in textbooks and in PyTorch."""
    task = {"order": ORDER, "letters": LETTERS}[page]
    kind, units = _key(page)[1:3]
    st.subheader(_("The shape of every weight"))
    st.markdown(
        _(
            "The input has the shape {shape}: sequences, steps, and one number for each of the {count} tokens, one-hot: {codes}. "
            "Change the units or the cell above, and the shapes follow."
        ).format(
            shape=tuple(task.x.shape),
            count=len(task.tokens),
            codes=", ".join(
                f"{token} = {vector(row)}"
                for token, row in zip(task.tokens, np.eye(len(task.tokens)), strict=True)
            ),
        )
    )
    rows = tiny.shapes(found.main)
    times = [f"{len(row.gates)} × " if len(row.gates) > 1 else "" for row in rows]
    frame = pd.DataFrame(
        {
            _("textbook, x W"): [f"{t}{row.textbook}" for t, row in zip(times, rows, strict=True)],
            _("PyTorch, x Wᵀ"): [" + ".join([str(row.torch)] * (row.names.count(",") + 1)) for row in rows],
            _("name in PyTorch"): [row.names for row in rows],
            _("numbers"): [f"{row.count:,}" for row in rows],
        },
        index=pd.Index([row.symbol for row in rows], name=_("weights")),
    )
    frame.loc[_("in all")] = ["", "", "", f"{sum(row.count for row in rows):,}"]
    st.table(frame)
    lines = [
        _(
            "PyTorch keeps each matrix transposed, (to, from), and has two biases where textbooks have one: their sum counts."
        )
    ]
    if kind != "rnn":
        lines.append(
            _("{count} blocks of {units} rows lie under each other, one for each of {gates}.").format(
                count=len(tiny.SYMBOLS[kind]), units=units, gates=", ".join(tiny.SYMBOLS[kind])
            )
        )
    if kind == "gru":
        lines.append(_("In a GRU both biases of n count by themselves: r stands between them."))
    st.caption(" ".join(lines))


def order_steps(found: Training) -> None:
    """Every number of one sequence's reading, and of the output after it."""
    st.subheader(_("Every step, with its numbers"))
    texts = [" ".join(words) for words in ORDER.sequences]
    pick(
        st.segmented_control,
        "order_sequence",
        _("Sequence"),
        range(len(texts)),
        format_func=texts.__getitem__,
        required=True,
    )
    sequence = ORDER.sequences[chosen.settings()["order_sequence"]]
    working = steps(found.main, ORDER, sequence)
    show_cell("order", working, tokens=sequence)
    state = working["hidden"].values[-1]
    head = found.main.head
    w, b = head.weight.detach().double().numpy()[0], head.bias.item()
    score = float(w @ state + b)
    st.markdown(_("The head reads the last state and gives the output:"))
    sums(
        r"s&=W_y h_3+b_y,\quad y=\sigma(s)=\frac{1}{1+e^{-s}}",
        "%.0s",  # the one line has no number
        [zip(w, state, strict=True)],
        [w * state],
        [score],
        [b],
    )
    st.latex(rf"y=\sigma({score:.4g})=\boldsymbol{{{1 / (1 + np.exp(-score)):.4g}}}")


def steps(model: nn.Module, task, sequence) -> xr.Dataset:
    """The working of every step of a reading, see stats.worked."""
    node = tiny.recorded(model, task, sequence)
    one = node.to_dataset().isel(layer=0, direction=0, batch=0).assign_attrs(node.attrs)
    return stats.worked.steps(one)


def code(page: str) -> None:
    """The three lines of PyTorch that make each network, and what comes before them."""
    task = {"order": ORDER, "letters": LETTERS}[page]
    kind, units, seed = _key(page)[1:]
    st.subheader(_("In PyTorch"))
    st.markdown(
        _(
            "Three lines make each network; after the same seed they give the numbers of this page before training."
        )
    )
    st.code(tiny.start(task), language="python", wrap_lines=True)
    names = [kind, "bag"] if page == "order" else [kind]
    for name in names:
        st.caption(called(name))
        st.code(tiny.lines(task, name, units, seed), language="python", wrap_lines=True)


def order_reading() -> None:
    """What to know about the page, folded, and where to go next."""
    folded(
        [
            _(
                "Many-to-one: the network reads all three words and is asked once, after the last. The outputs before that are "
                "drawn too; nothing was wanted of them."
            ),
            _(
                "After two words “as soon” must have left another state than “soon as”, or the last word could not tell them "
                "apart. The bag's output after two words is that of the sum so far."
            ),
            _(
                "Trained in your session, with Adam (rate {rate}) for {steps} steps on all three sequences; the loss is binary "
                "cross-entropy, −ln of the probability of what is right. The same seed gives the same numbers."
            ).format(rate=tiny.RATE, steps=STEPS),
            _(
                "The bag is the same network without the loop: $\\tanh(W\\sum_t x_t+b)$ and the same head, with as many steps of "
                "training."
            ),
            _(
                "Some tutorials write the bias as (1,1); there is one number for each unit: ({units},)."
            ).format(units=chosen.settings()["order_units"]),
        ]
    )
    st.page_link("pages/learn/letters.py", label=_("Next: the four letters, a network that writes"))
    st.page_link("pages/learn/vanishing.py", label=_("Longer sentences: why gradients vanish"))


# learn/letters


def letters_picture(found: Training) -> nn.Module:
    """The largest picture: how likely each right letter becomes in training. Returns the network at the chosen step."""
    last = max(found.weights)
    if found.over:
        now = chosen.settings()["letters_trained"]
        chosen.choose(letters_trained=min(now // KEPT * KEPT, last))
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
    at = min(chosen.settings()["letters_trained"], last) if found.over else last
    right = found.right()
    here = right.sel(step=at)
    show_figures(
        "letters",
        [
            Drawn.of(
                "right",
                figures.learning(right, RIGHT, at, height=380),
                _("The probability of each right letter"),
            ),
            Drawn.of("loss", _losses(found, at), _("The loss falls")),
        ],
        summary=_("At training step {step}:").format(step=at)
        + " "
        + "; ".join(
            f"{name} {percent(value)}" for name, value in zip(here["answer"].values, here.values, strict=True)
        ),
    )
    return tiny.with_weights(found.main, found.weights[at])


def letters_text() -> str | None:
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
    typed = chosen.settings()["letters_text"].strip()
    text = typed.lower()
    unknown = sorted(set(text) - set(LETTERS.tokens), key=text.index)
    if unknown:
        line = _("This network knows only h, e, l and o; it cannot read “{letters}”. Change it above.")
        notice(line.format(letters=" ".join(unknown)[:40]))
        return None
    if len(text) < 2:
        notice(_("Type at least two of the letters h, e, l, o: one to read, one to come."))
        return None
    if len(text) > LONGEST:
        notice(_("The first {longest} letters are read.").format(longest=LONGEST))
    return text[:LONGEST]


def letters_steps(model: nn.Module, text: str) -> None:
    """Teacher forcing and the network's own writing, step by step, side by side."""
    now = chosen.settings()
    count = len(text) - 1
    true = tiny.read(model, LETTERS, text)
    own = tiny.write(model, LETTERS, text[0], count, now["letters_temperature"], now["letters_draw"])
    at = min(now["letters_shown"], count)
    with st.container(horizontal=True):
        st.button(
            _("Draw the next letter"),
            key="letters_next",
            disabled=at == count,
            type="primary",
            on_click=chosen.choose,
            kwargs={"letters_shown": at + 1},
        )
        st.button(
            _("Start over"),
            key="letters_first",
            disabled=at == 1,
            on_click=chosen.choose,
            kwargs={"letters_shown": 1},
        )
        st.button(
            _("All letters"),
            key="letters_all",
            disabled=at == count,
            on_click=chosen.choose,
            kwargs={"letters_shown": LONGEST - 1},
        )
        st.button(
            _("Another draw"),
            key="letters_redraw",
            disabled=not now["letters_temperature"],
            on_click=chosen.choose,
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


def letters_twins(model: nn.Module) -> None:
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
    chances = tiny.read(model, LETTERS, word + "o")["probability"]
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


def letters_numbers(model: nn.Module, text: str) -> None:
    """Every number of the reading under teacher forcing."""
    st.subheader(_("Every step, with its numbers"))
    show_cell("letters", steps(model, LETTERS, text[:-1]), tokens=list(text[:-1]))


def letters_reading() -> None:
    """What to know about the page, folded, and where to go next."""
    folded(
        [
            _(
                "Teacher forcing: whatever the network says, the true letter is fed next; that is how it is trained. Fed back: "
                "the letter that was drawn is fed next, right or wrong; that is how it writes. One wrong letter, and it reads "
                "what it never saw in training."
            ),
            _(
                "At the left of the slider the network knows nothing yet. Pull it to the right and watch which of the four "
                "letters it learns last: often one of those after an l."
            ),
            _(
                "Bars of the drawn letters are at your temperature: below 1 the likely gets likelier, above 1 all come closer. "
                "Those of teacher forcing are the network's own, temperature 1."
            ),
            _(
                "Trained in your session, with Adam (rate {rate}) for {steps} steps on h→e, e→l, l→l, l→o; the loss is "
                "cross-entropy, the mean of −ln p of the right letter. The same seed gives the same numbers."
            ).format(rate=tiny.RATE, steps=STEPS),
        ]
    )
    st.page_link("pages/explore/home.py", label=_("Next: a network that learned all of Shakespeare this way"))
    st.page_link(
        "pages/learn/vanishing.py", label=_("Why gradients vanish: what longer texts do to learning")
    )
