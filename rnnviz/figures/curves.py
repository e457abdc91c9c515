"""Curves over time."""

from collections.abc import Iterable

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from rnnviz.figures import steps, style
from rnnviz.figures.arranged import arranged, check_holds, refusal
from rnnviz.figures.words import _, named


def lines(
    array: xr.DataArray, kind: str = "lstm", limits: tuple[float, float] | None = None, height: int = 190
) -> go.Figure:
    """One curve over time, or one for each entry of another dim.

    array: (time,) or (other, time). kind: 'rnn', 'gru' or 'lstm', whose colour is taken; a dim `architecture` brings
    its own. limits: of the vertical axis; without them `valid_range`, and where there is none the axis fits the data.
    Raises ValueError for more dims.

    >>> import rnnviz, xarray as xr
    >>> unit = xr.DataArray([0.1, -0.2, 0.3], dims="time", attrs={"long_name": "hidden state h", "valid_range": (-1, 1)})
    >>> drawn = rnnviz.figures.lines(unit)
    >>> len(drawn.data), drawn.layout.title.text
    (1, 'hidden state h')
    """
    if not isinstance(array, xr.DataArray):
        raise refusal(array, "time", of="lines")
    several = sum(length > 1 for dim, length in array.sizes.items() if dim != "time")
    array = arranged(array, *[None] * bool(several), "time", of="lines")
    limits = limits or array.attrs.get("valid_range")
    other = [d for d in array.dims if d != "time"]
    rows = [array] if not other else [array.isel({other[0]: i}) for i in range(array.sizes[other[0]])]
    traces = []
    for row in rows:
        name = str(row[other[0]].item()) if other and other[0] in row.coords else ""
        traces.append(_line(row, name, style.ARCHITECTURE.get(name, style.ARCHITECTURE[kind])))
    up: style.Style = {"nticks": 5}
    if limits is not None:
        pad = (limits[1] - limits[0]) * 0.04
        up["range"] = [limits[0] - pad, limits[1] + pad]
    crossed = limits is None or limits[0] < 0 < limits[1]
    return style.figure(
        *traces,
        axis="time",
        title=style.axis_title(array),
        height=height,
        unit=_unit(array),
        limits=_listed(limits),
        x=style.time_axis(*steps.edges(array)) | steps.ticks(array),
        y=up,
        **steps.pooled(array),
        more={"shapes": [style.level(0)]} if crossed else None,
    )


def inputs(array: xr.DataArray, forecast: xr.DataArray | None = None, height: int = 170) -> go.Figure:
    """What was read at each step, a curve for each of up to six features.

    array: (feature, time); a coordinate `feature` names them. forecast: of the same features what had been said of each step,
    dotted; NaN is a gap. Raises ValueError for other dims and for more features.
    """
    array = arranged(array, "feature", "time", of="inputs")
    if array.sizes["feature"] > len(style.SEVERAL):
        raise ValueError(f"inputs draws up to {len(style.SEVERAL)} features; got {array.sizes['feature']}")
    named_by = array["feature"].values if "feature" in array.coords else range(1, array.sizes["feature"] + 1)
    traces = [
        _line(array.isel(feature=place), str(name), style.SEVERAL[place])
        for place, name in enumerate(named_by)
    ]
    if forecast is not None:
        forecast = arranged(forecast, "feature", "time", of="inputs")
        for place, name in enumerate(named_by):
            title = _("{name}, forecast").format(name=name)
            curve = _line(forecast.isel(feature=place), title, style.SEVERAL[place])
            traces.append(curve.update(line_dash="dot", mode="lines"))
    return style.figure(
        *traces,
        axis="time",
        title=style.axis_title(array),
        height=height,
        legend=True,
        x=style.time_axis(*steps.edges(array)),
        y={"nticks": 5},
        **steps.pooled(array),
    )


def answered(said: xr.DataArray, wanted: xr.DataArray, height: int = 160) -> go.Figure:
    """What a model answers if it is asked after each step, a curve for each answer; rings where it is asked, and what is right.

    said: (answer, time), with a coordinate `answer`; wanted: (time,), as studies.answers has them. A ring stands at the
    probability of the right answer; of a single answer, a number, at the right number. Raises ValueError for other dims.
    """
    said, wanted = (arranged(said, "answer", "time", of="answered"), arranged(wanted, "time", of="answered"))
    curves = []
    for place, name in enumerate(said["answer"].values):
        curve = _line(said.isel(answer=place), str(name), style.SEVERAL[place % len(style.SEVERAL)])
        curves.append(curve.update(line_dash="dot" if place >= len(style.SEVERAL) else "solid"))
    asked, right = np.flatnonzero(wanted.notnull().values), wanted.values.astype(float)
    if len(curves) > 1 and "pooled" not in said.attrs:
        right[asked] = said.values[right[asked].astype(int), asked]
    rings = go.Scatter(
        x0=0,
        dx=1,
        y=right,
        name=_("right, where it is asked"),
        mode="markers",
        marker={"color": style.INK, "size": 16, "symbol": "circle-open", "line": {"width": 2}},
        hovertemplate="%{y:.4g}",
    )
    limits = said.attrs.get("valid_range")
    return style.figure(
        *curves,
        *[rings] * bool(asked.size and (len(curves) == 1 or "pooled" not in said.attrs)),
        axis="time",
        title=style.axis_title(said),
        height=height,
        legend=True,
        limits=_listed(limits),
        x=style.time_axis(*steps.edges(said)) | steps.ticks(said),
        y={"nticks": 5} | ({"range": [-0.06, 1.06]} if limits else {}),
        **steps.pooled(said),
    )


def before_after(
    before: xr.DataArray,
    after: xr.DataArray,
    kind: str = "lstm",
    limits: tuple[float, float] | None = None,
    height: int = 160,
    names: tuple[str, str] | None = None,
) -> go.Figure:
    """One quantity over time, as it was (dotted) and as it is after a change (solid).

    before, after: (time,). names: what they are called. kind: 'rnn', 'gru' or 'lstm', whose colour is taken. limits: of the
    vertical axis; without them `valid_range`, and where there is none the axis fits the data. Raises ValueError for more dims.
    """
    was, now = (arranged(one, "time", of="before_after") for one in (before, after))
    limits = limits or now.attrs.get("valid_range")
    up: style.Style = {"nticks": 5}
    if limits is not None:
        pad = (limits[1] - limits[0]) * 0.04
        up["range"] = [limits[0] - pad, limits[1] + pad]
    names = names or (_("as it was"), _("changed"))
    earlier = _line(was, names[0], style.INK).update(line_dash="dot", mode="lines")
    return style.figure(
        _line(now, names[1], style.ARCHITECTURE[kind]).update(mode="lines"),
        earlier,
        axis="time",
        title=style.axis_title(now),
        height=height,
        unit=_unit(now),
        legend=True,
        limits=_listed(limits),
        x=style.time_axis(*steps.edges(now)) | steps.ticks(now),
        y=up,
        **steps.pooled(now),
    )


def _line(row: xr.DataArray, name: str, colour: str) -> go.Scatter:
    return go.Scatter(
        x0=steps.first(row),
        dx=steps.spacing(row),
        y=row.values,
        name=named(name),
        mode="lines+markers" if row.size <= 300 else "lines",
        line={"color": colour, "width": 2},
        marker={"size": 5},
        **_hover(row),
    )


def contributions(parts: xr.Dataset, height: int = 240) -> go.Figure:
    """What a unit keeps (solid) and writes (hatched) at each step, stacked, and their sum, its state, as a line.

    parts: `keep`, `write`, `state`, each (time,), as stats.gates.contributions makes them, for one unit.
    Raises ValueError for more dims.
    """
    check_holds(parts, "keep", "write", "state", of="contributions", made="stats.gates.contributions")
    parts = parts.map(arranged, keep_attrs=True, args=("time",), of="contributions")
    colour = style.ARCHITECTURE[parts["state"].attrs["kind"]]
    place = {"x0": steps.first(parts["state"]), "dx": steps.spacing(parts["state"])}
    bars = [
        go.Bar(
            **place,
            y=parts[name].values,
            name=named(parts[name].attrs["long_name"]),
            **_hover(parts["state"]),
            marker={
                "color": colour,
                "opacity": opacity,
                "line": {"width": 0},
                "pattern": {"shape": shape, "fillmode": "replace"},
            },
        )
        for name, opacity, shape in (("keep", 0.85, ""), ("write", 1.0, "/"))
    ]
    state = parts["state"]
    line = go.Scatter(
        **place,
        y=state.values,
        name=named(state.attrs["long_name"]),
        mode="lines",
        **_hover(state),
        line={"color": style.INK, "width": 2},
    )
    return style.figure(
        *bars,
        line,
        axis="time",
        title=style.axis_title(state),
        height=height,
        unit=_unit(state),
        legend=True,
        x=style.time_axis(*steps.edges(state)) | steps.ticks(state),
        more={"barmode": "relative", "bargap": 0.15, "shapes": [style.level(0)]},
        **steps.pooled(state),
    )


def _hover(array: xr.DataArray) -> style.Style:
    return {"hovertext": steps.said(array), "hovertemplate": "%{hovertext}: %{y:.4g}"}


def _unit(array: xr.DataArray) -> int | None:
    return int(array["unit"].item()) if "unit" in array.coords and array["unit"].ndim == 0 else None


def _listed(limits: Iterable[float] | None) -> list[float] | None:
    return None if limits is None else [float(v) for v in limits]
