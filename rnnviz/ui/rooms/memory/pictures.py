"""The pictures of a training, and what they come to in numbers."""

import math

import pandas as pd
import streamlit as st
import xarray as xr

from rnnviz import figures
from rnnviz.figures.words import series
from rnnviz.stats import learning
from rnnviz.studies import memory
from rnnviz.studies.memory import survey
from rnnviz.ui.parts.board import Choice, drawn, show_board
from rnnviz.ui.parts.numbers import percent, power
from rnnviz.ui.parts.tables import table_csv
from rnnviz.ui.rooms.memory.results import Found
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings


def moment(found: Found) -> float:
    """The update that is looked at: the one that was chosen, or the last before it. By default the last before
    a network had learned the task, as all is small after that; else, and in a training of the reader's own, the last there is."""
    one = found.dataset.isel(seed=found.place)
    there = one["update"].values[_there(found)]
    wanted = settings()["memory_update"]
    if wanted is None and found.shipped:
        first = learning.learned(one["accuracy"], survey.LEVEL).min()
        wanted = None if first.isnull() else first.item() - 1
    return float(max((u for u in there if wanted is None or u <= wanted), default=there[0]))


def _there(found: Found):
    """Which moments the seed that is looked at came to."""
    return found.dataset["accuracy"].isel(seed=found.place).notnull().any("network").values


def show(found: Found) -> None:
    """Right answers over the updates; under them what reached each step; and all of it at one moment."""
    whole, one = found.dataset, found.dataset.isel(seed=found.place)
    kinds, at = whole["kind"].values.tolist(), moment(found)
    now = one.sel(update=at)
    # an axis that all moments share: whole powers of ten, at least those of the colours
    limits = learning.ends(one["log_norm"])
    names = [series(str(name)) for name in whole["network"].values]
    line = _("{name}: {share} right, ‖∂L/∂h_1‖ {norm}")
    summary = [
        line.format(name=name, share=percent(right), norm=power(log))
        for name, right, log in zip(
            names, now["accuracy"].values.tolist(), now["log_norm"].isel(time=0).values.tolist(), strict=True
        )
        if not math.isnan(right)
    ]
    own = learning.learned(one["accuracy"], survey.LEVEL)
    profile = (
        now["log_norm"]
        .drop_vars("update")
        .assign_attrs(long_name="total gradient norm ‖∂L/∂h‖", units="1", scale="natural logarithm")
    )
    title = _("What reaches each step after {update:,} updates").format(update=int(at))
    lengths = kept(_over_lengths, found.shipped) if found.shipped else None
    far = (
        []
        if lengths is None
        else [
            drawn(
                "shares",
                _("Learned within {updates:,} updates, over {seeds} seeds, with the 95 % interval").format(
                    updates=found.setup.updates, seeds=int(lengths["seeds"])
                ),
                figures.shares,
                lengths[["share", "low", "high"]],
                kinds,
                found.setup.steps,
            )
        ]
    )
    show_board(
        f"memory-{found.setup.task}-{found.setup.steps}",
        (),
        (),
        [
            drawn(
                "right",
                _("Right answers on sequences that no update saw"),
                figures.right_answers,
                whole["accuracy"],
                kinds,
                found.place,
                at,
                memory.chance(found.setup.task),
            ),
            drawn(
                "arrivals",
                _("How much gradient ‖∂L/∂h‖ reaches each step; ring: learned"),
                figures.arrivals,
                one["log_norm"],
                own,
                at,
            ),
            drawn("reach", title, figures.log_norms, profile, kinds, None, title, 280, "free", limits=limits),
            *far,
        ],
        summary=_("After {update:,} updates:").format(update=int(at)) + " " + "; ".join(summary),
        subject=subject(found),
        clicked=_clicked,
    )


def _clicked(choice: Choice) -> None:
    if choice.figure in ("right", "arrivals") and choice.time is not None:
        choose(memory_update=max(0, choice.time))
    elif choice.figure == "shares" and choice.time is not None:
        near = min(survey.STEPS, key=lambda steps: abs(steps - choice.time))
        choose(memory_steps=near, memory_update=None)


def subject(found: Found) -> str:
    """What was trained, for the title of a saved figure."""
    one = found.setup
    return f"{one.task}, {one.steps} steps, {one.optimiser} {one.rate:g}, seed {one.seed}"


def results(found: Found) -> None:
    """When each network had learned it, and when the gradient had arrived."""
    whole, one = found.dataset, found.dataset.isel(seed=found.place)
    ended = learning.ended(one["loss"]).values.tolist()
    for name, last in zip(whole["network"].values, ended, strict=True):
        if found.shipped is None and not math.isnan(last):  # a shipped one ends where all was right
            line = _(
                "{name}: after update {update:,} its numbers grew beyond what 32 bits hold; it is drawn up to there."
            )
            st.text(line.format(name=series(str(name)), update=int(last)))
    own, reached = learning.learned(one["accuracy"], survey.LEVEL), learning.arrived(one["log_norm"])
    last = learning.at_the_end(one["accuracy"])
    never = (
        _("not yet")
        if found.shipped is None
        else _("not within {count:,} updates").format(count=found.setup.updates)
    )
    rows = {
        series(str(name)): {
            _("gradient arrived (update)"): _update(reached.values[i], never),
            _("learned (update)"): _update(own.values[i], never),
            _("right answers at the end"): percent(float(last.values[i])),
        }
        for i, name in enumerate(whole["network"].values)
    }
    frame = pd.DataFrame(rows).T
    frame.index.name = _("network")
    table_csv(frame, "memory")
    st.markdown(
        _(
            "Arrived: the gradient at the first step is ten times what it was before training, or a hundredth of that at the "
            "last "
            "step. Learned: at least {level} of the answers are right."
        ).format(level=percent(survey.LEVEL))
    )


def _update(value: float, never: str) -> str:
    if value == 0:
        return _("from the start")
    return never if math.isnan(value) else f"{int(value):,}"


def over_lengths(name: str) -> None:
    """Over ten seeds: in how many each network learned it, at every length that is shipped, as numbers."""
    found = kept(_over_lengths, name)
    if found is None:
        return
    st.subheader(_("Where does each one stop learning?"), anchor=False)
    rows = {
        series(str(network)): {
            _("{steps} steps").format(steps=int(steps)): _share(found.sel(network=network, steps=steps))
            for steps in found["steps"].values
        }
        for network in found["network"].values
    }
    frame = pd.DataFrame(rows).T
    frame.index.name = _("network")
    table_csv(frame, "memory-lengths")
    st.markdown(
        _(
            "Of the seeds; in brackets the 95 % interval, and the median of the updates at which it was learned."
        )
    )


def _share(one: xr.Dataset) -> str:
    said = _("{learned} of {seeds}").format(learned=int(one["learned"]), seeds=int(one["seeds"]))
    bounds = f"{100 * one['low'].item():.0f}–{100 * one['high'].item():.0f} %"
    middle = "" if math.isnan(one["update"]) else f"; {int(one['update']):,}"
    return f"{said} ({bounds}{middle})"


def _over_lengths(name: str) -> xr.Dataset | None:
    """`learning.shares` at every length that is shipped, and `update`, the median of those that learned it."""
    every = {}
    for steps in survey.STEPS:
        try:
            found = survey.opened(name, steps)
        except ValueError:
            continue
        own = learning.learned(found["accuracy"], survey.LEVEL)
        every[steps] = learning.shares(own).assign(update=own.median("seed"))
    if not every:
        return None
    return xr.concat(
        every.values(), dim=xr.DataArray(list(every), dims="steps", name="steps"), data_vars="all"
    ).assign(seeds=next(iter(every.values()))["seeds"])
