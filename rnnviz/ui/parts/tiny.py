"""What the two pages share that train a tiny network while the page is looked at."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st
import torch
import xarray as xr
from torch import Tensor, nn

from rnnviz import figures, stats
from rnnviz.figures.style import PURPLE
from rnnviz.paper.packing import Drawn
from rnnviz.studies import courses, tiny
from rnnviz.studies.courses import KEPT, TASKS
from rnnviz.studies.tiny import LETTERS, STEPS
from rnnviz.ui.parts import working
from rnnviz.ui.parts.board import drawn
from rnnviz.ui.shell.jobs import Job, jobs
from rnnviz.ui.shell.keeping import keeps, kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.readers import reader
from rnnviz.ui.shell.settings import choose, declared, settings
from rnnviz.ui.shell.widgets import notice, pick, pick_cell, run_again

CHUNK = 40  # steps of training between two pictures
PATIENCE = 0.4  # seconds that a page waits for a training before it shows how far it is
FRAME = 0.3  # seconds between two looks at one
BAG = PURPLE  # colour of the bag of words
WORK = "rnnviz.studies.courses:train"
STYLE = """
.stMarkdown .katex-display { padding: 2px 2px 4px 0; } /* where a formula fits there is nothing to scroll */
@media (max-width: 700px) { /* tables and formulas fit a telephone */
  .stMarkdown .katex { font-size: 0.875rem; }
  [data-testid="stTable"] :is(th, td) { padding: 4px 3px; overflow-wrap: anywhere; }
}
"""


@dataclass(eq=False)
class Course:
    """How the networks of one seed learn: the same for all readers. Shared: look, never change.

    models: before the first update. seen: all steps, from there on. weights: of each model, every KEPT steps.
    """

    models: dict[str, nn.Module]
    seen: list[tiny.Step]
    weights: dict[str, Tensor]
    seed: int

    @classmethod
    def of(cls, page: str, kind: str, units: int, seed: int, found: xr.Dataset) -> "Course":
        """found: as `courses.train` returns it."""
        models = courses.start(page, kind, units, seed)
        right = found["log_right"].transpose("step", "model", "answer").sel(model=list(models))
        seen = [
            tiny.Step(step, dict(zip(models, logs, strict=True)))
            for step, logs in enumerate(right.values.tolist())
        ]
        weights = {name: torch.tensor(found[f"weights_{name}"].values) for name in models}
        return cls(models, seen, weights, seed)

    def models_at(self, step: int) -> dict[str, nn.Module]:
        """The networks as they were after so many updates, of those whose weights were kept."""
        return {
            name: tiny.with_weights(model, self.weights[name][step // KEPT])
            for name, model in self.models.items()
        }


@dataclass
class Training:
    """A reader's way through a course, kept in the session. step: updates that the reader has seen."""

    course: Course
    step: int = 0
    over: bool = False

    @classmethod
    def whole(cls, course: Course) -> "Training":
        """All of it seen."""
        return cls(course, STEPS, over=True)

    def go_on(self) -> None:
        """The next few steps."""
        self.step = min(self.step + CHUNK, STEPS)
        self.over |= self.step == STEPS

    @property
    def seen(self) -> list[tiny.Step]:
        return self.course.seen[: self.step + 1]

    @property
    def kept_steps(self) -> range:
        """The steps whose networks can be looked at."""
        return range(0, self.step + 1, KEPT)

    def models_at(self, step: int) -> dict[str, nn.Module]:
        """The networks as they were after one of `kept_steps`. Shared: look, never change."""
        return kept(self.course.models_at, step)

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


def _jobs() -> dict[tuple, Job]:
    """What this visit waits for, or waited for last."""
    return st.session_state.setdefault("tiny_jobs", {})


def _again(page: str, changes: dict, then: dict) -> None:
    """Another start; with changes, of another network. then: settings that begin anew with it."""
    choose(**changes)
    _trainings().pop(asked(page), None)
    _jobs().pop(asked(page), None)
    st.session_state["tiny_again"] = asked(page)
    choose(**then)


def _stop(page: str, who: str) -> None:
    if training := _trainings().get(asked(page)):
        training.over = True
    elif job := _jobs().get(asked(page)):
        jobs.leave(job, who)


def _course(key: tuple) -> Course | None:
    """The course of a network that was trained before; None, and a job, where it is trained now."""
    found = kept(courses.shipped, *key)
    if found is None:
        if key not in _jobs():
            for old in list(_jobs())[:-7]:
                _jobs().pop(old)
            argument = dict(zip(("task", "kind", "units", "seed"), key, strict=True))
            _jobs()[key] = jobs.start(WORK, argument, reader(), short=True)
        found = _jobs()[key].result
    return None if found is None else kept(Course.of, *key, found)


def _begun(key: tuple) -> Training | None:
    """This visit's way through the course of its network. What was trained before is there at once, unless the reader wants to
    see it again; None where it is being trained, or came to nothing."""
    made, waited = _trainings(), _jobs()
    if key not in made:
        again = st.session_state.pop("tiny_again", None) == key or key in waited
        course = _course(key)
        if course is None:
            again, shown = True, st.empty()
            if not waited[key].over:
                shown.progress(0.0, text=working.where(waited[key], _so_far))
                waited[key].ended.wait(PATIENCE)
            shown.empty()
            course = _course(key)
        if course is None:
            return None
        waited.pop(key, None)
        for old in list(made)[:-7]:
            del made[old]
        made[key] = Training(course) if again else Training.whole(course)
    found = made[key]
    if not found.over:
        found.go_on()
    return found


def _so_far(job: Job) -> str:
    return _("Training: step {step} of {steps}").format(step=job.done, steps=job.total)


def _waits(job: Job) -> None:
    """How far a training is, until it has ended."""
    jobs.hear(job, reader())
    if job.over:
        run_again()
    st.progress(job.done / job.total if job.total else 0.0, text=working.where(job, _so_far))


def training(page: str, **then) -> Training | None:
    """The network that the settings describe, a few steps further, and the widgets that choose, stop and repeat it. None while it
    is trained in a worker, which the page shows, and where that came to nothing, which it says.

    then: settings that begin anew with another start.
    """
    now = settings()
    jobs.warm("rnnviz.studies.courses")
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
    key = asked(page)
    found = _begun(key)
    job = None if found else _jobs()[key]
    over = found.over if found else job.over
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            _("Train again"), key=f"{page}_again", on_click=_again, args=(page, {}, then), disabled=not over
        )
        st.button(_("Stop"), key=f"{page}_stop", on_click=_stop, args=(page, reader()), disabled=over)
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
        if found:
            said = _("Trained: {step} of {steps} steps") if over else _("Training: step {step} of {steps}")
            st.progress(found.step / STEPS, text=said.format(step=found.step, steps=STEPS))
        elif not over:
            st.fragment(_waits, run_every=FRAME)(job)
    if job and over and (line := working.came_to_nothing(job)):
        notice(line)
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


@keeps
def steps(model: nn.Module, task: tiny.Task, sequence: Sequence[str]) -> xr.Dataset:
    """The working of every step of a reading, see stats.worked. Shared: look, never change."""
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
