"""The map and its cells: what its rows are, how it is drawn, and which cell is looked at."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
import xarray as xr

from rnnviz import figures
from rnnviz.figures.counting import Look
from rnnviz.figures.style import GREY, SKY_BLUE, VERMILION
from rnnviz.models.vocabularies import visible
from rnnviz.ui.parts import board
from rnnviz.ui.parts.board import Choice, Drawn, drawn
from rnnviz.ui.rooms.transplant import GROUPS
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import notice, pick


@dataclass(frozen=True)
class Row:
    """A row of the map: which units of which layers are put in. units: by layer, None for all. whole: whether it is more than a
    group."""

    name: str
    tick: str
    units: tuple[tuple[int, tuple[int, ...] | None], ...]
    whole: bool


def rows_of(layers: int, units: int, groups: int) -> list[Row]:
    """The whole state, and of each layer its whole state and its groups, as studies.patching cuts them."""
    everything = tuple((layer, None) for layer in range(layers))
    everywhere = _("all")
    found = [Row(_("the whole state"), everywhere, everything, True)]
    for layer in range(layers):
        called = _("layer {layer}").format(layer=layer + 1)
        if layers > 1:
            found.append(Row(called, f"{everywhere} {layer + 1}", ((layer, None),), True))
        for part in np.array_split(np.arange(units), min(groups, units)):
            which = tuple(part.tolist())
            said = str(which[0]) if len(which) == 1 else f"{which[0]}–{which[-1]}"
            name = _("units {list}").format(list=said)
            tick = said if len(which) == 1 else f"{which[0]}–"  # short enough for a phone
            found.append(Row(f"{called}, {name}" if layers > 1 else name, tick, ((layer, which),), False))
    return found


def stacked(found: xr.Dataset, measure: str, layers: int) -> xr.DataArray:
    """The measure of all rows, as `rows_of` has them: (row, time)."""
    parts = [found[f"{measure}_all"].values[None]]
    each = found.sizes["group"] // layers
    for layer in range(layers):
        if layers > 1:
            parts.append(found[f"{measure}_layer"].values[layer][None])
        parts.append(found[measure].values[layer * each : (layer + 1) * each])
    return shares(parts)


def shares(parts: Sequence[np.ndarray]) -> xr.DataArray:
    """Rows of the map under each other: (row, time)."""
    about = {"long_name": "share of the way", "units": "1"}
    return xr.DataArray(np.concatenate(parts).astype(np.float32), dims=("row", "time"), attrs=about)


def chosen(moved: xr.DataArray, rows: Sequence[Row]) -> tuple[int, int] | None:
    """The cell that is looked at, (row, step): the one that was clicked, else the group that moves the prediction the most; None
    where nothing can be put in."""
    return taken(moved) or furthest_group(moved, rows)


def taken(moved: xr.DataArray) -> tuple[int, int] | None:
    """The cell that was clicked, (row, step), if it is one of these."""
    now = settings()
    row, step = now["transplant_row"], now["step"]
    if row is not None and step is not None and row < moved.sizes["row"] and step < moved.sizes["time"]:
        return row, step
    return None


def furthest_group(moved: xr.DataArray, rows: Sequence[Row]) -> tuple[int, int] | None:
    """Of the rows that are groups, the cell whose share is nearest to 1; None where there is none."""
    groups = [place for place, one in enumerate(rows) if not one.whole]
    best = furthest(moved.values[groups])
    return None if best is None else (groups[best[0]], best[1])


def furthest(values: np.ndarray) -> tuple[int, int] | None:
    """The cell whose share is nearest to 1, the whole way; None where there is none."""
    off = np.abs(values - 1)
    if np.isnan(off).all():
        return None
    row, step = np.unravel_index(int(np.nanargmin(off)), off.shape)
    return int(row), int(step)


def clicked(choice: Choice) -> None:
    """A cell of the map is looked at; elsewhere on the board the step alone changes."""
    if choice.time is None:
        return
    if choice.figure in ("map", "keyboard") and choice.unit is not None:
        choose(transplant_row=choice.unit)
    choose(step=choice.time)


def show_board(
    id: str,
    tokens: Sequence[str],
    drawings: Sequence[Drawn],
    cell: tuple[int, int] | None,
    subject: str,
    summary: str,
    rows: str = "",
) -> None:
    """The board with the map on it. cell: that is looked at; the others as `board.show_board` takes them."""
    board.show_board(
        id,
        tokens,
        [],
        drawings,
        unit=None if cell is None else cell[0],
        rows=rows,
        subject=subject,
        cursor=None if cell is None else cell[1],
        clicked=clicked,
        summary=summary,
    )


def picture(moved: xr.DataArray, rows: Sequence[Row], title: str) -> Drawn:
    names, ticks = tuple(row.name for row in rows), tuple(row.tick for row in rows)
    height = int(np.clip(16 * len(rows) + 60, 150, 460))
    return drawn("map", title, figures.named_rows, moved, names, ticks, (-1.0, 1.0), None, None, height)


def bars(shares: xr.DataArray, names: Sequence[str], title: str) -> Drawn:
    """Probabilities of a few candidates, as the first text has them, with the transplant, and as the second has them."""
    height = 40 * len(names) + 110
    return drawn(
        "predictions", title, figures.next_tokens, shares, tuple(names), None, height, _looks(), (0.0, 1.0)
    )


def _looks() -> Mapping[str, Look]:
    return {
        "first": Look(_("first text"), GREY),
        "changed": Look(_("first text, with the transplant"), VERMILION),
        "second": Look(_("second text"), SKY_BLUE),
    }


def differ(ids: Sequence[Sequence[object]]) -> bool:
    """Whether there are two texts that differ; if not, a line says so."""
    if all(ids) and ids[0] != ids[1]:
        return True
    notice(_("The second text must be another than the first, both of at least one character."))
    return False


def side_by_side(tokens: Sequence[str], others: Sequence[str], places: Sequence[int | None]) -> list[str]:
    """The tokens of the first text as they are shown; where the second has another, both. places: in the second, of each."""
    found = []
    for token, place in zip(tokens, places, strict=True):
        this, that = visible(token), None if place is None else visible(others[place])
        found.append(this if that in (None, this) else f"{this}|{that}")
    return found


def key(*read: object) -> str:
    """What stands for what was read, in a board's id."""
    return hashlib.sha256(repr(read).encode("utf-8", "replace")).hexdigest()[:16]


def choose_groups() -> None:
    pick(
        st.segmented_control,
        "transplant_groups",
        _("Groups in a layer"),
        list(GROUPS),
        format_func=str,
        required=True,
        help=_("Units that are neighbours in the tensor make a group. Fewer units in each take longer."),
    )


def words() -> list[str]:
    """What is said of the measure, on every kind of reading."""
    return [
        _(
            "Colour: of the distance between the two texts' log odds of two tokens, the share that the prediction moves: "
            "(d − d_first) / (d_second − d_first). 0: as before, 1: as in the second text; below 0: away, above 1: too far."
        ),
        _(
            "The state is put in at one step. Everything after it is computed anew from there, over the first text's own "
            "characters, so that what is put in can spread, fade or be overwritten."
        ),
        _(
            "Shares of groups need not add up to the share of the layer: the network is not linear, and units stand in for each "
            "other."
        ),
        _("This is activation patching (Vig et al. 2020; Meng et al. 2022), here for recurrent states."),
    ]
