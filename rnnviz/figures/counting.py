"""What counting says of a text, beside what networks say: products with their zero, surprises, and losses on held-out text."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from rnnviz.figures import style
from rnnviz.figures.filling import HATCHED, word_axis
from rnnviz.figures.steps import escaped
from rnnviz.figures.words import _, named


class Look(NamedTuple):
    """How a series is drawn. dash, symbol: as plotly calls them; width: of the line, pixels."""

    name: str
    colour: str
    dash: str = "solid"
    symbol: str = "circle"
    width: float = 2.5

    @property
    def title(self) -> str:
        """The name in the reader's language."""
        return named(self.name)


LOOKS = {
    "likelihood": Look("likelihood", style.GREY, "dot", "cross"),
    "add-k": Look("add-k", style.VERMILION, "dash", "square"),
    "backoff": Look("backoff", style.SKY_BLUE, "dashdot", "diamond"),
    "kneser-ney": Look("Kneser-Ney", style.PURPLE, "solid", "circle"),
    "rnn": Look("RNN", style.ARCHITECTURE["rnn"], "solid", "triangle-up"),
    "gru": Look("GRU", style.ARCHITECTURE["gru"], "solid", "triangle-down"),
    "lstm": Look("LSTM", style.ARCHITECTURE["lstm"], "solid", "diamond"),
}
GAP = 0.22  # between two groups of bars
BARS = 16  # tokens up to which each estimate has a bar of its own
PERPLEXITIES = (1, 2, 3, 4, 5, 6, 8, *(m * 10**n for n in range(1, 6) for m in (1, 1.5, 2, 3, 5, 7)))


def order_looks(orders: Sequence[str], chosen: str) -> list[Look]:
    """The chosen order stands out, the others recede."""
    bright = LOOKS["add-k"].colour
    return [
        Look(_("order {n}").format(n=order), bright, "solid", "circle", 3.5)
        if order == chosen
        else Look(_("order {n}").format(n=order), LOOKS["likelihood"].colour, "dot", "cross", 1.5)
        for order in orders
    ]


def down_to_zero(
    logs: xr.DataArray,
    looks: Sequence[Look],
    tokens: Sequence[str],
    wall: int | None = None,
    axis: str = "free",
    height: int = 340,
) -> go.Figure:
    """Probabilities on an axis of powers of ten that has a floor for 0: what falls to it is drawn there, never left out.

    logs: (series, time), natural logs, −inf for 0. tokens: of each step. wall: the series whose first 0 is shown as a wall
    over all steps after it. axis: 'free' with the tokens below, or 'time' under a token strip.
    """
    first, exponents = int(axis == "free"), logs.values / math.log(10)
    finite = exponents[np.isfinite(exponents)]
    low = min(-1, math.floor(finite.min())) if finite.size else -1
    high = math.ceil(finite.max() + 1e-9) if finite.size else 0
    floor = low - 0.16 * (high - low)
    falls = np.isneginf(exponents)
    steps = np.arange(first, first + len(tokens))
    traces = []
    for row, fallen, look in zip(exponents, falls, looks, strict=True):
        said = [
            "" if math.isnan(value) else f"{look.title}, {escaped(token)}: {'0' if zero else _power(value)}"
            for token, value, zero in zip(tokens, row, fallen, strict=True)
        ]
        marks = {"color": look.colour, "size": 3 * look.width + 1, "line": {"width": 0}}
        line = {"color": look.colour, "width": look.width, "dash": look.dash}
        plain: style.Style = {
            "mode": "lines+markers",
            "line": line,
            "hovertemplate": "%{customdata}<extra></extra>",
        }
        plain["zorder"] = int(look.width > 3)  # the chosen one lies on top
        traces.append(
            go.Scatter(
                x0=first,
                dx=1,
                y=np.where(fallen, np.nan, row),
                name=look.title,
                customdata=said,
                marker=marks | {"symbol": look.symbol},
                **plain,
            )
        )
        if fallen.any():
            # every zero stands on the floor: a trace of its own, as it is no number on this axis. The fall is upright
            at = int(fallen.argmax())
            before = [row[at - 1]] if at and math.isfinite(row[at - 1]) else []
            corners = [*before, *before, floor] if before else [floor]
            across = [steps[at] - 1, steps[at] - 0.5, steps[at] - 0.5] if before else [steps[at] - 0.5]
            traces.append(
                go.Scatter(
                    x=[*across, *steps[at:]],
                    y=[*corners, *np.where(fallen[at:], floor, np.nan)],
                    name=f"{look.title}: 0",
                    showlegend=False,
                    customdata=[*[""] * len(across), *said[at:]],
                    **plain,
                    marker=marks
                    | {"symbol": "x", "size": [*[0] * len(across), *[marks["size"]] * (len(tokens) - at)]},
                )
            )
    drawn = style.figure(
        *traces, axis=axis, title=style.axis_title(logs), height=height, legend=True, log10=True
    )
    if falls.any():
        drawn.add_hline(floor, line={"color": style.INK, "width": 1.5})
    if wall is not None and falls[wall].any():
        start = int(falls[wall].argmax()) + first - 0.5
        drawn.add_vrect(
            start,
            len(tokens) + first - 0.5,
            fillcolor=LOOKS["add-k"].colour,
            opacity=0.14,
            line={"width": 0},
            layer="below",
        )
        drawn.add_vline(start, line={"color": LOOKS["add-k"].colour, "width": 2})
        drawn.add_annotation(
            x=(start + len(tokens) + first - 0.5) / 2,
            y=0.85,
            yref="paper",
            text="<b>0</b>",
            showarrow=False,
            font={"size": 40},
        )
    stride = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500) if (high - low) / s <= 6 or s == 500)
    ticks = [t for t in range(low, high + 1) if t % stride == 0]
    drawn.update_yaxes(
        title=style.axis_title(logs),
        range=[floor - 0.06 * (high - low), high + 0.06 * (high - low)],
        tickvals=[*ticks, *([floor] if falls.any() else [])],
        ticktext=[*map(style.power, ticks), *(["<b>0</b>"] if falls.any() else [])],
    )
    return _along(drawn, tokens, axis)


def estimates(
    values: xr.DataArray,
    tokens: Sequence[str],
    place: int | None = None,
    axis: str = "free",
    height: int = 340,
) -> go.Figure:
    """−ln p of each token under several estimates, on one axis from 0; an infinite one goes beyond all others and says so.

    values: (series, time), nats, inf where p is 0 and NaN where nothing was said; series as in LOOKS. place: a token to mark.
    Few tokens have bars, many have lines.
    """
    first, finite = int(axis == "free"), values.values[np.isfinite(values.values)]
    highest = max(1.0, float(finite.max())) if finite.size else 1.0
    endless = np.isinf(values.values)
    edge = 1.02 * highest  # what is infinite reaches it, and says so above
    top = highest * (1.18 if endless.any() else 1.05)
    bars, count = axis == "free" and len(tokens) <= BARS, values.sizes["series"]
    steps = np.arange(first, first + len(tokens))
    traces = []
    for i, (row, infinite, key) in enumerate(
        zip(values.values, endless, values["series"].values.tolist(), strict=True)
    ):
        look = LOOKS[key]
        said = [
            ""
            if math.isnan(value)
            else f"{look.title}, {escaped(token)}: {_number(value)} {named('nats')}, "
            f"p = {_percent(math.exp(-value))}"
            for token, value in zip(tokens, row, strict=True)
        ]
        plain = {"customdata": said, "hovertemplate": "%{customdata}<extra></extra>"}
        if bars:
            pattern = HATCHED | {"shape": ["" if yes else "/" for yes in infinite]}
            marks: style.Style = {
                "color": look.colour,
                "line": {"width": 1, "color": look.colour},
                "pattern": pattern if key == "likelihood" else {},
            }
            traces.append(
                go.Bar(
                    x0=first, dx=1, y=np.where(infinite, edge, row), name=look.title, marker=marks, **plain
                )
            )
        else:
            line = {"color": look.colour, "width": look.width, "dash": look.dash}
            marks = {"color": look.colour, "symbol": look.symbol, "size": 7}
            traces.append(
                go.Scatter(
                    x0=first,
                    dx=1,
                    y=row,
                    name=look.title,
                    mode="lines+markers",
                    line=line,
                    marker=marks,
                    **plain,
                )
            )
        if infinite.any():
            beside = (i - (count - 1) / 2) * (1 - GAP) / count if bars else 0
            traces.append(
                go.Scatter(
                    x=steps + beside,
                    y=np.where(infinite, highest * 1.1, np.nan),
                    mode="text",
                    text="∞",
                    name=f"{look.title}: ∞",
                    textfont={"size": 20},
                    showlegend=False,
                    **plain,
                )
            )
    drawn = style.figure(*traces, axis=axis, title=style.axis_title(values), height=height, legend=True)
    drawn.update_layout(barmode="group", bargap=GAP, bargroupgap=0.06, hoverlabel={"font": {"size": 14}})
    drawn.update_yaxes(title=style.axis_title(values), range=[0, top], nticks=6)
    if endless.any():
        drawn.add_hline(edge, line={"color": style.INK, "width": 1, "dash": "dot"})
    if place is not None:
        drawn.add_vrect(
            place + first - 0.5,
            place + first + 0.5,
            fillcolor=style.INK,
            opacity=0.16,
            line={"width": 0},
            layer="below",
        )
    return _along(drawn, tokens, axis)


def next_tokens(
    shares: xr.DataArray,
    names: Sequence[str],
    own: int | None = None,
    height: int = 460,
    looks: Mapping[str, Look] = LOOKS,
    limits: tuple[float, float] | None = None,
) -> go.Figure:
    """What several estimates give to the same few candidates: a row for each candidate, a bar for each estimate.

    shares: (series, candidate), fractions; series as in looks. names: of the candidates, best first. own: the row that came.
    limits: of the axis; None: from 0 as far as the longest bar.
    """
    rows = list(range(len(names)))
    traces = [
        go.Bar(
            x=values,
            y=rows,
            name=looks[key].title,
            orientation="h",
            marker={
                "color": looks[key].colour,
                "line": {"width": 1, "color": looks[key].colour},
                "pattern": HATCHED if key == "likelihood" else {},
            },
            customdata=[
                f"{looks[key].title}, {escaped(n)}: {_percent(v)}" for n, v in zip(names, values, strict=True)
            ],
            hovertemplate="%{customdata}<extra></extra>",
        )
        for key, values in zip(shares["series"].values.tolist(), shares.values, strict=True)
    ]
    drawn = style.figure(*traces, axis="free", title=style.axis_title(shares), height=height, legend=True)
    drawn.update_layout(barmode="group", bargap=0.25, bargroupgap=0.05, hoverlabel={"font": {"size": 14}})
    shown = [f"<b>{escaped(name)} ✓</b>" if i == own else escaped(name) for i, name in enumerate(names)]
    drawn.update_yaxes(
        tickvals=rows,
        ticktext=shown,
        range=[len(rows) - 0.5, -0.5],
        automargin=True,
        ticklabeloverflow="allow",
    )
    return drawn.update_xaxes(
        title=style.axis_title(shares),
        tickformat=".3~p",
        rangemode="tozero",
        range=limits,
        nticks=6,
        showgrid=True,
        gridcolor=style.GRID,
    )


def build_up(parts: xr.Dataset, names: Sequence[str], height: int = 240) -> go.Figure:
    """How Kneser-Ney's estimate grows order by order: what a context's own counts give (solid), what is passed down (hatched).

    parts: `own` and `passed`, (order,), fractions. names: of the rows.
    """
    look, rows = LOOKS["kneser-ney"], list(range(len(names)))
    traces = [
        go.Bar(
            x=parts[name].values,
            y=rows,
            name=named(parts[name].attrs["long_name"]),
            orientation="h",
            marker={"color": look.colour, "line": {"width": 1, "color": look.colour}, "pattern": pattern},
            customdata=[
                f"{escaped(row)}, {named(parts[name].attrs['long_name'])}: {_percent(v)}"
                for row, v in zip(names, parts[name].values, strict=True)
            ],
            hovertemplate="%{customdata}<extra></extra>",
        )
        for name, pattern in (("own", {}), ("passed", HATCHED))
    ]
    drawn = style.figure(*traces, axis="free", title="p", height=height, legend=True)
    drawn.update_layout(barmode="stack", bargap=0.3, hoverlabel={"font": {"size": 14}})
    drawn.update_yaxes(
        tickvals=rows,
        ticktext=[escaped(name) for name in names],
        range=[len(rows) - 0.5, -0.5],
        automargin=True,
    )
    return drawn.update_xaxes(
        title=_("probability"),
        tickformat=".3~p",
        rangemode="tozero",
        nticks=6,
        showgrid=True,
        gridcolor=style.GRID,
    )


def held_out(
    losses: xr.DataArray, best: xr.DataArray, networks: Mapping[str, float], unit: str, height: int = 460
) -> go.Figure:
    """Perplexity on text that was not counted: against the order, and against the size of the training text.

    losses: (series, order, tokens), nats, inf for infinite; series as in LOOKS. best: (series, tokens) with `order`.
    networks: loss of each kind, trained on the largest text; a line over all orders and a point at that size.
    unit: 'character' or 'word'.
    """
    sizes = losses["tokens"].values
    whole = losses.sel(tokens=sizes.max())
    finite = np.concatenate([losses.values[np.isfinite(losses.values)], np.array(list(networks.values()))])
    low, high = float(finite.min()), float(finite.max())
    above = high + 0.13 * (high - low)  # where what is infinite is drawn
    traces = []
    for method in losses["series"].values.tolist():
        look = LOOKS[method]
        row, over = whole.sel(series=method), best.sel(series=method)
        order = int(over["order"])
        for panel, across, values, where in (
            ("x", row["order"].values, row.values, [_("order {n}").format(n=n) for n in row["order"].values]),
            (
                "x2",
                sizes,
                over.values,
                [f"{_('order {n}').format(n=order)}, {_amount(n, unit)}" for n in sizes],
            ),
        ):
            traces.append(
                go.Scatter(
                    x=across,
                    y=np.where(np.isinf(values), above, values),
                    xaxis=panel,
                    name=look.title,
                    mode="lines+markers",
                    line={"color": look.colour, "width": look.width, "dash": look.dash},
                    showlegend=panel == "x",
                    marker={"color": look.colour, "symbol": look.symbol, "size": 10},
                    cliponaxis=False,
                    customdata=[
                        f"{look.title}, {at}: {_loss(v, unit)}" for at, v in zip(where, values, strict=True)
                    ],
                    hovertemplate="%{customdata}<extra></extra>",
                )
            )
    orders = losses["order"].values
    ends = [orders.min() - 0.4, orders.max() + 0.4]
    for kind, loss in networks.items():
        look, dashed = LOOKS[kind], kind == "lstm"  # GRU and LSTM nearly coincide: both must be seen
        for panel, places, mode in (("x", ends, "lines"), ("x2", [sizes.max()], "markers")):
            traces.append(
                go.Scatter(
                    x=places,
                    y=[loss] * len(places),
                    xaxis=panel,
                    name=look.title,
                    mode=mode,
                    showlegend=panel == "x",
                    line={"color": look.colour, "width": 3, "dash": "dash" if dashed else "solid"},
                    cliponaxis=False,
                    marker={"color": look.colour, "symbol": look.symbol, "size": 9 if dashed else 15},
                    customdata=[f"{look.title}: {_loss(loss, unit)}"] * len(places),
                    hovertemplate="%{customdata}<extra></extra>",
                )
            )
    drawn = style.figure(*traces, axis="free", title=_("perplexity"), height=height, legend=True)
    least, most = math.log10(sizes.min()) - 0.15, math.log10(sizes.max()) + 0.15
    drawn.update_layout(
        hoverlabel={"font": {"size": 14}},
        xaxis={"domain": [0, 0.47], "range": ends, "tickvals": orders, "title": _("order")},
        xaxis2={
            "domain": [0.53, 1],
            "type": "log",
            "range": [least, most],
            "tickvals": sizes,
            "ticktext": [_thousands(n) for n in sizes],
            "anchor": "y",
            "showgrid": False,
            "zeroline": False,
            "linecolor": style.INK,
            "tickcolor": style.INK,
        },
    )
    drawn.add_annotation(
        text={"character": _("training characters"), "word": _("training words")}[unit],
        xref="x2 domain",
        x=0.5,
        yref="paper",
        y=0,
        yshift=-30,
        yanchor="top",
        showarrow=False,
    )
    pad = 0.06 * (high - low)
    inside = sorted(p for p in PERPLEXITIES if low - pad <= math.log(p) <= high + 0.5 * pad)
    ticks = inside[:: max(1, math.ceil(len(inside) / 8))]
    endless = bool(np.isinf(losses.values).any())
    drawn.update_yaxes(
        title=_("perplexity"),
        range=[low - pad, above + pad if endless else high + pad],
        tickvals=[*map(math.log, ticks), *([above] if endless else [])],
        ticktext=[*(f"{p:,.0f}" for p in ticks), *(["∞"] if endless else [])],
    )
    if endless:
        drawn.add_hline(above, line={"color": style.INK, "width": 1, "dash": "dot"}, layer="below")
    return drawn


def _along(drawn: go.Figure, tokens: Sequence[str], axis: str) -> go.Figure:
    if axis == "time":
        return drawn.update_xaxes(**style.time_axis(0, len(tokens)))
    return word_axis(drawn, tokens, 1).update_xaxes(range=[0.5, len(tokens) + 0.5])


def _number(value: float) -> str:
    return "∞" if math.isinf(value) else f"{value:.4g}"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _power(exponent: float) -> str:
    return f"{10 ** (exponent - math.floor(exponent)):.3f} × {style.power(math.floor(exponent))}"


def _loss(nats: float, unit: str) -> str:
    if math.isinf(nats):
        return _("infinite: it gave some token no chance")
    said = {
        "character": _("perplexity {perplexity:.4g}, {nats:.4f} nats, {bits:.4f} bits per character"),
        "word": _("perplexity {perplexity:.4g}, {nats:.4f} nats, {bits:.4f} bits per word"),
    }[unit]
    return said.format(perplexity=math.exp(nats), nats=nats, bits=nats / math.log(2))


def _amount(count: int, unit: str) -> str:
    return {"character": _("{count:,} characters"), "word": _("{count:,} words")}[unit].format(count=count)


def _thousands(count: int) -> str:
    return f"{count / 1e6:.3g}M" if count >= 1e6 - 500 else f"{count / 1e3:.0f}k"
