"""What the two pages share that train a tiny network while the page is looked at."""

import copy
import itertools
import threading
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st
import xarray as xr
from torch import Tensor, nn

from rnnviz import figures, stats
from rnnviz.figures.style import PURPLE
from rnnviz.paper.packing import Drawn
from rnnviz.studies import tiny
from rnnviz.studies.tiny import LETTERS, ORDER, STEPS
from rnnviz.ui.parts.board import drawn
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, declared, settings
from rnnviz.ui.shell.widgets import pick, pick_cell

CHUNK = 40  # steps of training between two pictures
KEPT = 5  # training steps between two weights that are kept
BAG = PURPLE  # colour of the bag of words
TASKS = {"order": ORDER, "letters": LETTERS}
STYLE = """
.stMarkdown .katex-display { padding: 2px 2px 4px 0; } /* where a formula fits there is nothing to scroll */
@media (max-width: 700px) { /* tables and formulas fit a telephone */
  .stMarkdown .katex { font-size: 0.875rem; }
  [data-testid="stTable"] :is(th, td) { padding: 4px 3px; overflow-wrap: anywhere; }
}
"""


class Course:
    """How the networks of one seed learn: the same for all readers, and done once, as far as somebody has looked.

    seen: the steps so far, from before the first update. weights: of each model, every KEPT steps.
    """

    def __init__(self, page: str, kind: str, units: int, seed: int):
        task = TASKS[page]
        self.seed = seed
        self.models = {kind: tiny.build(task, kind, units, seed)}
        if page == "order":
            self.models["bag"] = tiny.bag(task, units, seed)
        self.seen: list[tiny.Step] = []
        self.weights: list[dict[str, Tensor]] = []
        self._learning = copy.deepcopy(self.models)
        self._steps = tiny.train(self._learning, task)
        self._lock = threading.Lock()

    def up_to(self, step: int) -> None:
        """Trains to that step, unless that was done before."""
        with self._lock:
            while len(self.seen) <= step:
                now = next(self._steps)
                if now.step % KEPT == 0:
                    self.weights.append({name: tiny.weights(model) for name, model in self._learning.items()})
                self.seen.append(now)


@dataclass
class Training:
    """A reader's way through a course, kept in the session. step: updates that the reader has seen."""

    course: Course
    step: int = 0
    over: bool = False

    def go_on(self) -> None:
        """The next few steps."""
        self.step = min(self.step + CHUNK, STEPS)
        self.course.up_to(self.step)
        self.over |= self.step == STEPS

    @property
    def seen(self) -> list[tiny.Step]:
        return self.course.seen[: self.step + 1]

    @property
    def kept_steps(self) -> range:
        """The steps whose networks can be looked at."""
        return range(0, self.step + 1, KEPT)

    def models_at(self, step: int) -> dict[str, nn.Module]:
        """The networks as they were after one of `kept_steps`."""
        weights = self.course.weights[step // KEPT]
        return {name: tiny.with_weights(model, weights[name]) for name, model in self.course.models.items()}

    @property
    def models(self) -> dict[str, nn.Module]:
        return self.models_at(self.step)

    @property
    def main(self) -> nn.Module:
        return next(iter(self.models.values()))

    def over_steps(self, values: list[list[float]], names: list[str], dim: str) -> xr.DataArray:
        """Numbers of each step seen, NaN for those to come: (dim, step). values: (step, dim)."""
        rows = np.full((len(names), STEPS + 1), np.nan)
        rows[:, : len(values)] = np.transpose(values)
        return xr.DataArray(rows, dims=(dim, "step"), coords={dim: names, "step": np.arange(STEPS + 1)})

    def log_losses(self) -> xr.DataArray:
        """ln of the losses so far: (model, step)."""
        found = np.log([list(one.losses().values()) for one in self.seen])
        return self.over_steps(found, [called(name) for name in self.course.models], "model").assign_attrs(
            long_name="loss", units="nats"
        )

    def right(self) -> xr.DataArray:
        """What the main model has given to each right answer so far: (answer, step)."""
        name = next(iter(self.course.models))
        found = np.exp([one.log_right[name] for one in self.seen])
        text = (*LETTERS.sequences[0], LETTERS.tokens[LETTERS.targets[-1]])
        names = [f"{i + 1}: {a} → {b}" for i, (a, b) in enumerate(itertools.pairwise(text))]
        return self.over_steps(found, names, "answer").assign_attrs(long_name="probability", units="1")


def called(name: str) -> str:
    return _("bag of words") if name == "bag" else name.upper()


def asked(page: str) -> tuple:
    """Page, kind of cell, units and seed of the network that the settings describe."""
    now = settings()
    return page, now[f"{page}_kind"], now[f"{page}_units"], now[f"{page}_seed"]


def _trainings() -> dict[tuple, Training]:
    return st.session_state.setdefault("tiny", {})


def _again(page: str, changes: dict, then: dict) -> None:
    """Another start; with changes, of another network. then: settings that begin anew with it."""
    choose(**changes)
    _trainings().pop(asked(page), None)
    choose(**then)


def _stop(page: str) -> None:
    if training := _trainings().get(asked(page)):
        training.over = True


def training(page: str, **then) -> Training:
    """The network that the settings describe, a few steps further, and the widgets that choose, stop and repeat it.

    then: settings that begin anew with another start.
    """
    now = settings()
    st.html(f"<style>{STYLE}</style>")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        pick_cell(f"{page}_kind")
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
    key = asked(page)
    if key not in made:
        for old in list(made)[:-7]:
            del made[old]
        made[key] = Training(kept(Course, *key))
    found = made[key]
    if not found.over:
        found.go_on()
    said = _("Training: step {step} of {steps}") if not found.over else _("Trained: {step} of {steps} steps")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            _("Train again"),
            key=f"{page}_again",
            on_click=_again,
            args=(page, {}, then),
            disabled=not found.over,
        )
        st.button(_("Stop"), key=f"{page}_stop", on_click=_stop, args=(page,), disabled=found.over)
        st.button(
            _("Another seed"),
            key=f"{page}_other",
            on_click=_again,
            args=(page, {f"{page}_seed": (now[f"{page}_seed"] + 1) % 1000}, then),
        )
        start = {f"{page}_{name}": declared()[f"{page}_{name}"].default for name in ("kind", "units", "seed")}
        st.button(
            _("Sizes from the tutorials"),
            key=f"{page}_reset",
            on_click=choose,
            kwargs=start,
            disabled=all(now[name] == value for name, value in start.items()),
        )
        st.progress(found.step / STEPS, text=said.format(step=found.step, steps=STEPS))
    return found


def go_on(found: Training) -> None:
    """While there is training to do, what follows on the page waits for its end."""
    if not found.over:
        st.rerun()


def losses(found: Training, point: int | None = None) -> Drawn:
    """The loss as it falls, on a log axis."""
    logs = found.log_losses()
    colours = [BAG if name == "bag" else name for name in found.course.models]
    marked = None if point is None else logs.sel(step=[point])
    styles = ["solid", "dash"][: len(colours)]
    title, across = _("The loss falls"), _("training step")
    return drawn("loss", title, figures.powers, logs, colours, styles, marked, across=across, height=260)


def vector(numbers) -> str:
    return "(" + ",".join(str(int(number)) for number in numbers) + ")"


def shapes(found: Training, page: str) -> None:
    """The shape of every weight, in textbooks and in PyTorch."""
    task = TASKS[page]
    kind, units = asked(page)[1:3]
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
    frame.loc[_("in total")] = ["", "", "", f"{sum(row.count for row in rows):,}"]
    st.table(frame)
    lines = [
        _(
            "PyTorch keeps each matrix transposed, (to, from), and has two biases where textbooks have one: what counts is "
            "their sum."
        )
    ]
    if kind != "rnn":
        lines.append(
            _("{count} blocks of {units} rows are stacked, one for each of {gates}.").format(
                count=len(tiny.SYMBOLS[kind]), units=units, gates=", ".join(tiny.SYMBOLS[kind])
            )
        )
    if kind == "gru":
        lines.append(_("In a GRU the two biases of n do not simply add up: r comes between them."))
    st.caption(" ".join(lines))


def steps(model: nn.Module, task, sequence) -> xr.Dataset:
    """The working of every step of a reading, see stats.worked."""
    node = tiny.recorded(model, task, sequence)
    one = node.to_dataset().isel(layer=0, direction=0, batch=0).assign_attrs(node.attrs)
    return stats.worked.steps(one)


def code(page: str) -> None:
    """The three lines of PyTorch that make each network, and what comes before them."""
    task = TASKS[page]
    kind, units, seed = asked(page)[1:]
    st.subheader(_("In PyTorch"))
    st.markdown(
        _(
            "Each network takes three lines; after the same seed they give the numbers of this page before training."
        )
    )
    st.code(tiny.start(task), language="python", wrap_lines=True)
    names = [kind, "bag"] if page == "order" else [kind]
    for name in names:
        st.caption(called(name))
        st.code(tiny.lines(task, name, units, seed), language="python", wrap_lines=True)
