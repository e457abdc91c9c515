"""What several pages draw of a run: made once, kept, and in the reader's language."""

import math
from collections.abc import Callable, Mapping

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
import xarray as xr

from rnnviz import figures, stats
from rnnviz.ui.parts.board import Drawn, zoom
from rnnviz.ui.parts.runs import Back, Run, kept
from rnnviz.ui.shell.choices import settings
from rnnviz.ui.shell.language import _


def drawn(id: str, make: Callable[[], go.Figure], title: str, *key) -> Drawn:
    """A figure for the board, made once for its key. key: the board's id and the settings that `make` depends on."""
    return kept(lambda: Drawn.of(id, make(), title), "drawn", id, title, *key)


def unit_heatmap(
    run: Run,
    board: str,
    array: xr.DataArray,
    limits: tuple[float, float],
    title: str,
    height: int,
    columns: int = 800,
    cells: int = 60_000,
    order: str | None = None,
) -> tuple[Drawn, bool]:
    """A heatmap unit × time in the chosen order of the units, and whether there are finer values than were drawn.

    board: the id of the board it lies on, whose zoom decides what is drawn exactly. array: (unit, time) named as in
    the trace. columns, cells: see stats.pixels.fit.
    """
    now = settings()
    order, window = order or now["order"], zoom(board, len(run.text))
    key = (board, array.name, order, window)
    units = array.transpose("unit", "time").isel(unit=run.order(now["layer"], order))
    shown = kept(lambda: stats.pixels.fit(units, limits, window, columns, cells), "shown", *key)
    rows_title = {"similarity": _("unit, by similarity"), "activity": _("unit, by activity")}.get(
        order, _("unit")
    )
    make = lambda: figures.heatmap(shown, limits, height, rows_title)  # noqa: E731
    picture = drawn(str(array.name), make, title, *key, rows_title)
    return picture, shown.size < array.size or shown.dtype != array.dtype


def subject(run: Run) -> str:
    """What a board shows, as the title of a saved figure says it."""
    now = settings()
    return _("{model}, layer {layer}, unit {unit}").format(
        model=run.name, layer=now["layer"] + 1, unit=now["unit"]
    )


# limits that a colour always means the same by; what is not named here is a gate
LIMITS = {"cell": (-3.0, 3.0), "candidate": (-1.0, 1.0), "hidden": (-1.0, 1.0)}
LETTERS = {
    "lstm": {"input_gate": "i", "forget_gate": "f", "candidate": "g", "output_gate": "o", "cell": "c"},
    "gru": {"reset_gate": "r", "update_gate": "z", "candidate": "n"},
    "rnn": {"hidden": "h", "slope": "1 − h²"},
}


def gate_name(name: str, kind: str | None = None) -> str:
    """The field's English term, with its letter in a kind of cell: 'forget_gate' -> 'forget gate', 'forget gate f'."""
    term = name.replace("_", " ")
    return term if kind is None else f"{term} {LETTERS[kind][name]}"


def small_multiples(run: Run, board: str, layer: xr.Dataset, names) -> tuple[list[Drawn], bool]:
    """One low heatmap for each of the names, and whether there are finer values than were drawn."""
    pictures = [
        unit_heatmap(
            run,
            board,
            layer[name],
            LIMITS.get(name, (0.0, 1.0)),
            gate_name(name, run.kind),
            height=176,
            columns=400,
            cells=30_000,
        )
        for name in names
    ]
    return [picture for picture, _finer in pictures], any(finer for _picture, finer in pictures)


MOST_ROWS = 40  # of a table in the projector view; a longer one scrolls


def table_csv(frame: pd.DataFrame, name: str, file: pd.DataFrame | None = None) -> None:
    """A table, and the same as CSV to take away. name: of the file. file: what it holds where that is not what is shown,
    as numbers in full."""
    if settings()["projector"] and len(frame.index) <= MOST_ROWS:
        st.table(frame)  # whose type grows with the page's
    else:
        st.dataframe(frame, width="stretch")
    st.download_button(
        _("Download the table (CSV)"),
        data=lambda: (frame.to_csv().replace("−", "-") if file is None else file.to_csv()).encode("utf-8"),
        file_name=f"{name}.csv",
        mime="text/csv",
        key=f"csv_{name}",
        on_click="ignore",
    )


def compared(backs: list[Back], layer: int, part: str, *key) -> xr.DataArray:
    """Gradient norms of several models on one text: natural logs, (architecture, time)."""

    def make() -> xr.DataArray:
        logs = [stats.gradients.logarithm(stats.gradients.norm(back.at(layer), part)) for back in backs]
        joined = xr.concat(
            [log.drop_vars([c for c in log.coords if c != "time"]) for log in logs],
            dim="architecture",
            coords="minimal",
        )
        return joined.assign_coords(architecture=[back.kind.upper() for back in backs]).assign_attrs(
            logs[0].attrs
        )

    return kept(make, "compared", *key)


def shown(value: float) -> str:
    """A number as a table has it: four digits, a true minus."""
    return "–" if math.isnan(value) else f"{value:.4g}".replace("inf", "∞").replace("-", "−")


def faded(decay: Mapping[str, float], steps: int) -> dict[str, str]:
    """How fast a gradient fades, as cells of a table. decay: numbers as stats.gradients.decay names them."""
    half_life, horizon = decay["half_life"], decay["horizon"]
    return {
        _("a step (factor)"): shown(stats.gradients.factor(decay["rate"])),
        _("half-life (steps)"): _("does not fade") if half_life == math.inf else shown(half_life),
        _("a thousandth is left after (steps)"): _("not within {steps}").format(steps=steps)
        if horizon == math.inf
        else shown(horizon),
    }


def fading(backs: list[Back], norms: xr.DataArray, last: int) -> pd.DataFrame:
    """How fast each architecture's gradient fades, a row each."""
    found = stats.gradients.decay(norms, last=last, logarithmic=True)
    rows = {}
    for i, back in enumerate(backs):
        one = {name: value.item() for name, value in found.isel(architecture=i).data_vars.items()}
        rows[back.name] = {_("loss (nats)"): shown(back.loss), **faded(one, norms.sizes["time"])}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(_("Model"))
