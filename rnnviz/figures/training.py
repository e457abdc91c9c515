"""How networks learn a task: right answers over the updates, and what of the gradient reaches each step meanwhile."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from rnnviz.figures import style
from rnnviz.figures.monitoring import SIDE, upright
from rnnviz.figures.tiny import PERCENT
from rnnviz.figures.words import _, series


def right_answers(
    accuracy: xr.DataArray, kinds: Sequence[str], chosen: int, at: float, chance: float, height: int = 220
) -> go.Figure:
    """The share of right answers over the updates: a faint line for each seed, a bold one for the one that is chosen.

    accuracy: (seed, network, update), NaN where there is none. kinds: for each network 'rnn', 'gru', 'lstm' or a colour. chosen:
    the place of a seed. at: the update that is looked at. chance: the share that guessing gets.
    """
    across, rest = accuracy["update"].values, [s for s in range(accuracy.sizes["seed"]) if s != chosen]
    faint, bold = [], []
    for place, (name, kind) in enumerate(zip(accuracy["network"].values, kinds, strict=True)):
        colour, title = style.ARCHITECTURE.get(kind, kind), series(str(name))
        rows = accuracy.isel(network=place)
        others = [[*rows.values[s].tolist(), None] for s in rest]  # a gap between two seeds
        line = {"color": colour}
        look = {
            "mode": "lines",
            "name": title,
            "legendgroup": str(place),
            "opacity": 0.3,
            "hoverinfo": "skip",
        }
        faint.append(
            go.Scatter(
                x=[*across.tolist(), None] * len(rest),
                y=[value for row in others for value in row],
                line=line | {"width": 1},
                showlegend=False,
                **look,
            )
        )
        bold.append(
            go.Scatter(
                x=across,
                y=rows.values[chosen],
                name=title,
                legendgroup=str(place),
                mode="lines",
                line=line | {"width": 3},
                hovertemplate="%{y:.1%}",
            )
        )
    drawn = style.figure(
        *(faint if rest else []),
        *bold,
        axis="free",
        title=style.axis_title(accuracy),
        height=height,
        legend=True,
        chooses="x",
        x=_updates(across) | {"unifiedhovertitle": {"text": _("update") + " %{x}"}},
        y={"range": [-0.04, 1.06]} | PERCENT,
        more={"hovermode": "x unified", "margin": SIDE},
    )
    drawn.update_layout(shapes=[upright(at), style.level(chance)])
    return drawn


def arrivals(
    log_norm: xr.DataArray,
    learned: xr.DataArray,
    at: float,
    limits: tuple[float, float] = (-8, 0),
    height: int = 310,
) -> go.Figure:
    """What reaches each step, as colour, over the updates: a block for each network, its first step on top, its last at the
    bottom.

    log_norm: (network, update, time), natural logs, with the coordinate `kind` (network). learned: (network,), the update at
    which each had learned it, NaN where none; a ring marks it. at: the update that is looked at. limits: exponents between which
    colour changes; what lies outside takes the colour of the limit, and −inf, nothing, is left empty. A click gives back the
    update.
    """
    steps, across = log_norm.sizes["time"], log_norm["update"].values
    gap = max(1, round(0.12 * steps))
    exponents = style.exponents(log_norm.transpose("network", "time", "update").values)
    blocks, said, ticks, texts = [], [], [], []
    nothing = np.full((gap, len(across)), np.nan)
    for place, name in enumerate(log_norm["network"].values):
        title, start = series(str(name)), place * (steps + gap)
        blocks += [exponents[place], nothing]
        said += [_("{name}, step {step}").format(name=title, step=t + 1) for t in range(steps)] + [""] * gap
        kind = str(log_norm["kind"].values[place]).upper()
        ends = [(start, "1"), (start + steps - 1, str(steps))] if steps > 2 else []
        for tick, text in sorted([*ends, (start + (steps - 1) / 2, kind)]):
            ticks.append(tick)
            texts.append(text)
    z = np.concatenate(blocks[:-1]).astype(np.float32)
    low, high = limits
    heat = go.Heatmap(
        z=z,
        x=across,
        y=np.arange(len(z)),
        zmin=low,
        zmax=high,
        colorscale=style.colorscale("norm"),
        colorbar=style.power_bar(low, high),
        text=[[one] * len(across) for one in said[: len(z)]],
        hovertemplate="%{text}, " + _("update") + " %{x}: 10<sup>%{z:.2f}</sup><extra></extra>",
        hoverongaps=False,
    )
    places = np.flatnonzero(learned.notnull().values)
    rings = go.Scatter(
        x=learned.values[places],
        y=places * (steps + gap),
        mode="markers",
        marker={"symbol": "circle-open", "size": 14, "color": style.INK, "line": {"width": 2.5}},
        hovertemplate=_("learned: update") + " %{x}<extra></extra>",
        cliponaxis=False,
    )
    return style.figure(
        heat,
        rings,
        axis="free",
        title=_("total gradient norm ‖∂L/∂h‖ at every step: first step on top"),
        height=height,
        scale="norm",
        limits=[low, high],
        powers=True,
        beyond=True,
        chooses="x",
        x=_updates(across),
        y={"range": [len(z) - 0.5, -0.5], "tickvals": ticks, "ticktext": texts, "showgrid": False},
        more={"margin": SIDE, "shapes": [upright(at)]},
    )


def shares(found: xr.Dataset, kinds: Sequence[str], at: float | None = None, height: int = 280) -> go.Figure:
    """In how many of the seeds it was learned, over the length: a line for each network, a bar over its interval at each length.

    found: `share`, `low`, `high` (steps, network), as stats.learning.shares makes them for each length. at: the length that is
    shown.
    """
    traces = []
    lengths = found["steps"].values
    spread = 1.03 ** (np.arange(found.sizes["network"]) - (found.sizes["network"] - 1) / 2)
    for place, (name, kind) in enumerate(zip(found["network"].values, kinds, strict=True)):
        one = found.isel(network=place)
        colour = style.ARCHITECTURE.get(kind, kind)
        share = one["share"].values
        traces.append(
            go.Scatter(
                x=lengths * spread[place],  # side by side where they are equal
                y=share,
                name=series(str(name)),
                mode="lines+markers",
                line={"color": colour, "width": 2.5},
                marker={"color": colour, "size": 10},
                error_y={
                    "type": "data",
                    "symmetric": False,
                    "array": one["high"].values - share,
                    "arrayminus": share - one["low"].values,
                    "color": colour,
                    "thickness": 1.5,
                    "width": 5,
                },
                customdata=np.stack((one["low"].values, one["high"].values), -1),
                hovertemplate="%{y:.0%} (%{customdata[0]:.0%} – %{customdata[1]:.0%})",
            )
        )
    drawn = style.figure(
        *traces,
        axis="free",
        title=style.axis_title(found["share"]),
        height=height,
        legend=True,
        chooses="x",
        x={
            "type": "log",
            "title": _("steps of a sequence"),
            "tickvals": lengths,
            "ticktext": [str(n) for n in lengths],
            "range": np.log10([0.85 * lengths[0], 1.18 * lengths[-1]]).tolist(),
        },
        y={"range": [-0.06, 1.06]} | PERCENT,
        more={"margin": SIDE},
    )
    if at is not None and lengths[0] <= at <= lengths[-1]:
        drawn.update_layout(shapes=[upright(at)])
    return drawn


def _updates(across: np.ndarray) -> style.Style:
    """An axis over the updates."""
    last = max(float(across[-1]), 1.0)
    return {"title": _("update"), "range": [-0.01 * last, 1.01 * last], "nticks": 11}
