"""What the exploring pages draw of a run."""

import numpy as np
import pandas as pd
import streamlit as st
import xarray as xr

from rnnviz import figures, stats
from rnnviz.figures.words import named
from rnnviz.paper import terms
from rnnviz.paper.packing import Drawn
from rnnviz.paper.terms import gate_name
from rnnviz.stats.pixels import Curves
from rnnviz.ui.parts import board, explored
from rnnviz.ui.parts.board import drawn
from rnnviz.ui.parts.explored.backs import Back
from rnnviz.ui.parts.explored.runs import MOST_CURVES, Run
from rnnviz.ui.parts.numbers import percent, shown
from rnnviz.ui.parts.tables import faded
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _, said
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import notice, pick_one

SMALLEST = 1e-3  # the limit of the colours of a difference, at least


def show_board(
    id: str, run: Run, drawings: list[Drawn], *, summary: str, cursor: int | None = None, **more
) -> None:
    """The board under the run's text, or under the numbers that it read: what is clicked on it is chosen. cursor: until a step is
    clicked. more: see parts.board."""
    if run.inputs is not None:
        read, said = in_view(run.inputs, id, run.steps), None
        title = _("What it read")
        if run.forecast is not None and run.forecast.shape == run.inputs.shape:
            said, title = (
                in_view(run.forecast, id, run.steps),
                _("What it read, and what it had forecast (dotted)"),
            )
        drawings = [drawn("inputs", title, figures.inputs, read, said), *drawings]
    if run.answers is not None:
        st.text(_answered(run.answers))
        title = _("The same head asked after every step; it was trained at the end alone")
        said, wanted = in_view(run.answers["said"], id, run.steps), run.answers["wanted"]
        drawings = [drawn("answers", title, figures.answered, said, wanted), *drawings]
    board.show_board(
        id,
        **run.strip,
        figures=drawings,
        unit=settings()["unit"],
        subject=subject(run),
        cursor=explored.cursor(cursor),
        clicked=explored.clicked,
        rows=settings()["order"],
        summary=summary,
        **more,
    )


def returned(run: Run, id: str) -> list[Drawn]:
    """What the model returned, where a recording has it: shares over what was to come where its outputs have names, else its
    numbers as curves or, of many, as colour."""
    try:
        found = run.returned
    except ValueError as problem:
        notice(said(problem), error=True)
        return []
    if found is None:
        return []
    count = found.sizes["output"]
    if "true" in found.coords:
        title = _("What the model expected: shares of its outputs")
        if (found["true"] >= 0).any():
            title = _("What the model expected: shares of its outputs, a ring on what was to come")
        limits = (0.0, 1.0)
    elif count <= MOST_CURVES:
        curves = found.drop_vars("output", errors="ignore").rename(output="feature")
        return [
            drawn("returned", _("What the model returned"), figures.inputs, in_view(curves, id, run.steps))
        ]
    else:
        title = _("What the model returned, {count:,} numbers a step").format(count=count)
        bound = kept(lambda: stats.mechanism.round_limit(found))
        limits = (-bound, bound) if bool((found < 0).any()) else (0.0, bound)
    window = board.zoom(id, run.steps)
    seen = kept(lambda: stats.pixels.fit(found.fillna(0.0) if found.size > 60_000 else found, limits, window))
    true = seen["true"] if "true" in seen.coords else None
    height = max(160, min(380, 60 + 18 * count))
    return [drawn("returned", title, figures.outputs, seen, true, limits, height)]


def _answered(found: xr.Dataset) -> str:
    """What it answers at the end, and what is right there."""
    asked = found.isel(time=slice(-found.attrs["asked"], None))
    said, wanted = asked["said"], asked["wanted"].values
    if said.sizes["answer"] == 1:
        line = _("Asked at the end, it says {said}. Right is {right}.")
        right = "–" if np.isnan(wanted).all() else shown(float(wanted[-1]))
        return line.format(said=shown(said.values[0, -1].item()), right=right)
    names = [named(str(name)) for name in said["answer"].values]
    chosen = said.argmax("answer").values
    words = {
        "said": "".join(names[i] for i in chosen),
        "share": percent(float(said.max("answer").mean())),
        "count": len(wanted),
    }
    if np.isnan(wanted).any():
        return _("Asked at the end, it answers {said} with {share}.").format(**words)
    words["right"] = "".join(names[int(i)] for i in wanted)
    given = said.values[wanted.astype(int), np.arange(len(wanted))]
    words["given"] = percent(float(given.mean()))
    if len(wanted) == 1:
        line = _(
            "Asked at the end, it answers {said} with {share}. Right is {right}, to which it gives {given}."
        )
    else:
        line = _(
            "Asked at the last {count} steps, it answers {said} with {share} on average. Right is {right}, to which it gives "
            "{given} on average."
        )
    return line.format(**words)


def in_view(parts: Curves, id: str, steps: int) -> Curves:
    """Curves over time as they are drawn on the board `id`: of a long sequence the steps in view; see stats.pixels.curves.

    parts: over so many steps, and kept: what is made anew is pooled anew.
    """
    if steps <= stats.pixels.LONG:
        return parts
    return kept(stats.pixels.curves, parts, board.zoom(id, steps))


def limits_of(node: xr.Dataset, name: str) -> tuple[float, float]:
    """What the colours and the axis of an array run between; see paper.terms."""
    return kept(terms.limits_of, node, name)


def unit_heatmap(
    run: Run,
    id: str,
    node: xr.Dataset,
    name: str,
    limits: tuple[float, float],
    title: str,
    height: int,
    columns: int = 800,
    cells: int = 60_000,
    order: str | None = None,
    units_of: Run | None = None,
) -> tuple[Drawn, bool]:
    """A heatmap unit × time in the chosen order of the units, and whether there are finer values than were drawn.

    id: of the board it lies on, whose zoom decides what is drawn exactly. node: has the array `name` (unit, time). columns,
    cells: see stats.pixels.fit. units_of: the run whose order of the units is kept, if it is another.
    """
    order, window, layer = order or settings()["order"], board.zoom(id, run.steps), settings()["layer"]
    units = (units_of or run).order(layer, order, "hidden" if node.sizes["unit"] == run.units else name)
    rows = board.rows_in_view(id, settings()["order"], len(units))
    seen = kept(_seen, node, name, units, rows, limits, window, columns, cells)
    rows_title = {"similarity": _("unit, by similarity"), "activity": _("unit, by activity")}.get(
        order, _("unit")
    )
    first = rows[0] if rows else 0
    sheet = (seen, limits, height, rows_title, first, len(units))
    picture = drawn(name, title, figures.heatmap, *sheet, hover=False)  # the board says what is at its cursor
    return picture, seen.size < node[name].size or seen.dtype != node[name].dtype


def choose_picture(setting: str, names: dict[str, str]) -> None:
    """Which of several the largest picture shows. names: of the choices."""
    pick_one(setting, _("The picture shows"), names)


def difference_heatmap(run: Run, id: str, node: xr.Dataset, title: str, height: int) -> tuple[Drawn, bool]:
    """`unit_heatmap` of a difference of hidden states: its colours run as far to either side as the largest does."""
    bound = SMALLEST
    if float(abs(node["hidden"]).max()) > SMALLEST:
        bound = stats.mechanism.round_limit(node["hidden"])
    return unit_heatmap(run, id, node, "hidden", (-bound, bound), title, height)


def _seen(node, name, units, rows, limits, window, columns, cells) -> xr.DataArray:
    ordered = node[name].transpose("unit", "time").isel(unit=units[slice(*rows)] if rows else units)
    return stats.pixels.fit(ordered, limits, window, columns, cells)


def subject(run: Run) -> str:
    """What a board shows, as the title of a saved figure says it."""
    now = settings()
    return _("{model}, layer {layer}, unit {unit}").format(
        model=run.name, layer=now["layer"] + 1, unit=now["unit"]
    )


def small_multiples(run: Run, id: str, node: xr.Dataset, names) -> tuple[list[Drawn], bool]:
    """One low heatmap for each of the names, and whether there are finer values than were drawn."""
    pictures = [
        unit_heatmap(
            run,
            id,
            node,
            name,
            limits_of(node, name),
            gate_name(name, run.kind),
            height=176,
            columns=400,
            cells=30_000,
        )
        for name in names
    ]
    return [picture for picture, _finer in pictures], any(finer for _picture, finer in pictures)


def compared(backs: list[Back], layer: int, part: str, steps: int) -> xr.DataArray:
    """Gradient norms of several models over so many steps: natural logs, (architecture, time); NaN beyond a model's last."""
    names = [back.kind.upper() if back.loss is not None else back.name for back in backs]
    return kept(_compared, [back.at(layer) for back in backs], names, part, steps)


def _compared(nodes: list[xr.Dataset], names: list[str], part: str, steps: int) -> xr.DataArray:
    logs = [stats.gradients.logarithm(stats.gradients.norm(node, part)).transpose("time") for node in nodes]
    alone = [
        log.drop_vars(list(log.coords)).assign_coords(time=range(log.size)).reindex(time=range(steps))
        for log in logs
    ]
    joined = xr.concat(alone, dim="architecture", coords="minimal")
    return joined.assign_coords(architecture=names).assign_attrs(logs[0].attrs)


def faded_row(back: Back, layer: int, part: str) -> dict[str, str]:
    """How fast one recording's gradient fades, going back from the last step that has one."""
    node = back.at(layer)
    found = stats.gradients.decay(stats.gradients.norm(node, part))
    one = {name: value.item() for name, value in found.data_vars.items()}
    loss = "–" if back.loss is None else shown(back.loss)
    return {_("loss (nats)"): loss, **faded(one, node.sizes["time"])}


def fading(backs: list[Back], norms: xr.DataArray, last: int) -> pd.DataFrame:
    """How fast each architecture's gradient fades, a row each."""
    found = stats.gradients.decay(norms, last=last, logarithmic=True)
    rows = {}
    for i, back in enumerate(backs):
        one = {name: value.item() for name, value in found.isel(architecture=i).data_vars.items()}
        rows[back.name] = {_("loss (nats)"): shown(back.loss), **faded(one, norms.sizes["time"])}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(_("Model"))
