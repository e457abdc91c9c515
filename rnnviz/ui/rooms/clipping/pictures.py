"""The pictures of a training without clipping and with it, one update in numbers, and what ten seeds came to."""

import math

import numpy as np
import pandas as pd
import streamlit as st
import xarray as xr

from rnnviz import figures
from rnnviz.studies.clipping import after_clipping, survey
from rnnviz.ui.parts.board import Choice, drawn, show_board
from rnnviz.ui.parts.numbers import percent, shown
from rnnviz.ui.parts.tables import table_csv
from rnnviz.ui.rooms.clipping.results import Found
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings


def chosen(one: Found) -> int:
    """The update that is looked at: the one that was chosen, or the last there is before it; by default the worst."""
    wanted = settings()["clipping_update"]
    return one.worst if wanted is None else min(wanted, one.dataset.sizes["update"])


def largest(one: Found) -> int:
    """The update of the run without clipping that had the largest gradient norm, of those that were made."""
    run = one.dataset.sel(run="without")
    norm = run["norm"].where(run["length"].notnull(), -math.inf)
    return int(run["update"][int(norm.values.argmax())])


def show(one: Found, at: int, look: xr.Dataset | None) -> None:
    """Losses over the updates; under them the gradient norms; and the loss along the update that is looked at."""
    whole, clip = one.dataset, one.setup.clip or math.inf
    named = whole.assign_coords(run=["without clipping", f"clipped at {clip:g}"])
    board = [
        drawn("losses", _("Loss of each batch before its update"), figures.run_losses, named["loss"], at),
        drawn(
            "norms",
            _("Gradient norm of all parameters; shaded: what clipping cuts off"),
            figures.run_norms,
            named["norm"],
            after_clipping(named["norm"].isel(run=1), clip),
            clip,
            at,
        ),
    ]
    if look is not None:
        ways = [0, 1] if two_lines(one, look) else [0]
        board.append(
            drawn(
                "along",
                _("Update {update:,}: the loss of its batch along the update").format(update=at),
                figures.along_update,
                look["along"].isel(way=ways),
                look[["length", "after"]],
                look["loss"].item(),
            )
        )
    show_board(
        f"clipping-{one.setup.task}",
        (),
        (),
        board,
        summary=" ".join(ended(one)) + " " + (sentence(look, at, clip) if look is not None else ""),
        subject=subject(one),
        clicked=_clicked,
    )


def two_lines(one: Found, look: xr.Dataset) -> bool:
    """Whether a clipped update goes another way: with Adam, where the gradient is clipped."""
    return one.setup.optimiser == "adam" and look["factor"].values[1] < 1


def _clicked(choice: Choice) -> None:
    if choice.figure in ("losses", "norms") and choice.time is not None:
        choose(clipping_update=max(1, choice.time))


def subject(one: Found) -> str:
    """What was trained, for the title of a saved figure."""
    of = one.setup
    return f"{of.networks[0].name}, {of.task}, {of.optimiser} {of.rate:g}, seed {of.seed}"


def ended(one: Found) -> list[str]:
    """How each run ended."""
    names = [_("Without clipping"), _("Clipped at {value}").format(value=f"{one.setup.clip:g}")]
    lines = []
    for name, right, lengths in zip(
        names, one.dataset["right"].values, one.dataset["length"].values, strict=True
    ):
        made = np.isfinite(lengths)
        if not math.isnan(right):
            line = _("{name}: {share} of the answers are right after {count:,} updates.")
            lines.append(line.format(name=name, share=percent(float(right)), count=int(made.sum())))
        elif not made.all():
            line = _(
                "{name}: after update {count:,} the numbers are larger than 32 bits can hold; it ends there."
            )
            lines.append(line.format(name=name, count=int(made.sum())))
    return lines


def outcome(one: Found) -> None:
    """How both runs ended, in a line each."""
    st.text("\n".join(ended(one)))


def sentence(look: xr.Dataset, at: int, clip: float) -> str:
    """What the optimiser did, and what it would have done."""
    (whole, cut), (after, other) = look["length"].values, look["after"].values
    size, loss, norm = (look[name].item() for name in ("size", "loss", "norm"))
    line = _(
        "Update {update:,}: gradient norm {norm}. The whole update moves the weights by {length}, {share} of their own length; "
        "the loss of the same batch goes from {loss} to {after}."
    ).format(
        update=at,
        norm=shown(norm),
        length=shown(whole),
        share=percent(whole / size),
        loss=shown(loss),
        after=_loss(after),
    )
    if look["factor"].values[1] < 1:
        more = _("Clipped at {clip}, it moves them by {length}, and the loss goes to {after}.")
        return line + " " + more.format(clip=f"{clip:g}", length=shown(cut), after=_loss(other))
    return (
        line
        + " "
        + _("The norm is not above {clip}: clipping would change nothing.").format(clip=f"{clip:g}")
    )


def _loss(value: float) -> str:
    return shown(value) if math.isfinite(value) else _("beyond 32 bits")


def one_update(one: Found, at: int, look: xr.Dataset) -> None:
    """An update in numbers, both ways."""
    st.subheader(_("What the optimiser did at update {update:,}").format(update=at), anchor=False)
    clip = one.setup.clip or math.inf
    st.text(sentence(look, at, clip))
    norm, size, loss = (look[name].item() for name in ("norm", "size", "loss"))
    rows: dict[str, list[str]] = {
        _("gradient norm before clipping"): [shown(norm)] * 2,
        _("factor"): [shown(value) for value in look["factor"].values],
        _("gradient norm after clipping"): [shown(norm * value) for value in look["factor"].values],
        _("length of the update ‖Δθ‖"): [shown(value) for value in look["length"].values],
        _("length of all weights ‖θ‖"): [shown(size)] * 2,
        _("update as a share of the weights"): [percent(value / size) for value in look["length"].values],
        _("loss of the batch before"): [shown(loss)] * 2,
        _("loss of the same batch after"): [_loss(value) for value in look["after"].values],
    }
    columns = [_("whole update"), _("clipped at {value}").format(value=f"{clip:g}")]
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    frame.index.name = _("quantity")
    table_csv(frame, "clipping-update")


def over_seeds(name: str) -> None:
    """What every threshold came to over ten seeds, as numbers."""
    try:
        found = survey.counted(name)
    except ValueError:
        return
    st.subheader(_("The same over ten seeds"), anchor=False)
    rows = {
        (_("clipped at {value}").format(value=f"{clip:g}") if clip else _("without clipping")): {
            _("learned"): _share(found, clip, "learned"),
            _("thrown back"): _share(found, clip, "thrown"),
            _("left 32 bits"): _share(found, clip, "left"),
            _("largest gradient norm (median)"): shown(found["norm"].sel(clip=clip).item()),
        }
        for clip in (0.0, *reversed(survey.THRESHOLDS))
    }
    frame = pd.DataFrame(rows).T
    frame.index.name = _("clipping")
    table_csv(frame, "clipping-seeds")
    st.markdown(
        _(
            "Of the seeds; in brackets the 95 % interval. Learned: at least {level} of the answers are right at the end. Thrown "
            "back: at some update the loss is more than twice what it was before training."
        ).format(level=percent(survey.LEVEL))
    )


def _share(found: xr.Dataset, clip: float, name: str) -> str:
    count, low, high = (found[f"{name}{end}"].sel(clip=clip).item() for end in ("", "_low", "_high"))
    said = _("{learned} of {seeds}").format(learned=int(count), seeds=int(found["seeds"]))
    return f"{said} ({100 * low:.0f}–{100 * high:.0f} %)"
