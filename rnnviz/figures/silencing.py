"""What the loss grows by where units are silenced: unit by unit, beside another measure of the same units, and many together."""

from collections.abc import Collection

import plotly.graph_objects as go
import xarray as xr

from rnnviz.figures import style
from rnnviz.figures.arranged import arranged, check_holds
from rnnviz.figures.points import markers
from rnnviz.figures.words import _, named


def importances(ranked: xr.Dataset, kind: str, chosen: int | None = None, height: int = 320) -> go.Figure:
    """What the loss grows by without each unit, the largest first, and what the gradient had foretold of it.

    ranked: `growth` and `foretold`, each (unit,), of one layer, as studies.ablation.ranked makes them; where there is
    `spread`, over several texts, a bar reaches one standard deviation up and down. chosen: the unit to mark.
    """
    check_holds(ranked, "growth", "foretold", of="importances", made="studies.ablation.ranked")
    growth = arranged(ranked["growth"], "unit", of="importances")
    growth = growth.sortby(growth, ascending=False)
    foretold = ranked["foretold"].sel(unit=growth["unit"])
    units = [int(unit) for unit in growth["unit"].values]
    dots = go.Scatter(
        x0=1,
        dx=1,
        y=growth.values,
        name=named(growth.attrs["long_name"]),
        mode="markers",
        marker=markers(units, chosen, kind),
        hoverinfo="none",
        error_y=_spread(ranked, growth),
    )
    slopes = go.Scatter(
        x0=1,
        dx=1,
        y=foretold.values,
        name=named(foretold.attrs["long_name"]),
        mode="markers",
        marker={"color": style.VERMILION, "size": 7, "symbol": "line-ew-open", "line": {"width": 2}},
        hoverinfo="skip",
    )
    return style.figure(
        dots,
        slopes,
        axis="unit",
        title="",
        height=height,
        points=units,
        said=_said(units, growth, foretold),
        x={"title": _("units, the most missed first")},
        y={"title": style.axis_title(growth), "nticks": 6},
        more={"shapes": [style.level(0)], "showlegend": True, "legend": {"orientation": "h", "y": 1.12}},
    )


def _spread(ranked: xr.Dataset, growth: xr.DataArray) -> dict[str, object] | None:
    """Bars of one standard deviation; none over one text."""
    if "spread" not in ranked or not bool((ranked["spread"] > 0).any()):
        return None
    sizes = ranked["spread"].sel(unit=growth["unit"]).values
    return {"array": sizes, "thickness": 1, "width": 0, "color": style.GREY}


def beside_growth(
    ranked: xr.Dataset,
    measure: str,
    kind: str,
    chosen: int | None = None,
    marked: Collection[int] = (),
    height: int = 360,
) -> go.Figure:
    """Each unit at another measure (across) and at what the loss grows by without it (up).

    ranked: as for `importances`. measure: `foretold`, of which a dotted line shows where it holds, or `activity`. marked: units
    that bear their numbers.
    """
    check_holds(ranked, "growth", measure, of="beside_growth", made="studies.ablation.ranked")
    growth, other = (arranged(ranked[name], "unit", of="beside_growth") for name in ("growth", measure))
    units = [int(unit) for unit in growth["unit"].values]
    dots = go.Scatter(
        x=other.values,
        y=growth.values,
        mode="markers+text",
        text=[str(unit) if unit in marked else "" for unit in units],
        textposition="top center",
        textfont={"size": 13},
        marker=markers(units, chosen, kind, edge=1.0),
        hoverinfo="none",
    )
    level = [style.level(0)]
    traces = [dots]
    if measure == "foretold":
        ends = [float(other.min()), float(other.max())]
        look = {"color": style.INK, "width": 1, "dash": "dot"}
        traces.append(go.Scatter(x=ends, y=ends, mode="lines", line=look, hoverinfo="skip"))
    return style.figure(
        *traces,
        axis="unit",
        title="",
        height=height,
        points=units,
        said=_said(units, growth, other),
        x={"title": style.axis_title(other), "nticks": 6},
        y={"title": style.axis_title(growth), "nticks": 6},
        more={"shapes": level},
    )


def silenced_together(growth: xr.DataArray, kind: str, height: int = 320) -> go.Figure:
    """What the loss grows by as more units are silenced: the most missed first, the least missed first, at random.

    growth: (order, count), as studies.ablation.curve makes it, the mean over its texts.
    """
    growth = arranged(growth, "order", "count", of="silenced_together")
    counts = growth["count"].values.tolist()
    names = {
        "most": _("the most missed first"),
        "least": _("the least missed first"),
        "random": _("at random"),
    }
    looks = {
        "most": (style.VERMILION, "solid"),
        "least": (style.ARCHITECTURE[kind], "dash"),
        "random": (style.GREY, "dot"),
    }
    traces = []
    for order in growth["order"].values.tolist():
        colour, dash = looks[order]
        traces.append(
            go.Scatter(
                x=counts,
                y=growth.sel(order=order).values,
                name=names[order],
                mode="lines+markers",
                line={"color": colour, "width": 2.5, "dash": dash},
                marker={"color": colour, "size": 7},
                hovertemplate="%{y:.4g}<extra></extra>",
            )
        )
    return style.figure(
        *traces,
        axis="free",
        title="",
        height=height,
        x={
            "type": "log",
            "tickvals": counts,
            "ticktext": [str(count) for count in counts],
            "title": _("units silenced together"),
        },
        y={"title": style.axis_title(growth), "nticks": 6},
        more={"shapes": [style.level(0)], "showlegend": True, "legend": {"orientation": "h", "y": 1.12}},
    )


def _said(units: list[int], growth: xr.DataArray, other: xr.DataArray) -> list[str]:
    """What stands under the cursor at each unit."""
    line, names = _("unit {unit}"), [named(one.attrs["long_name"]) for one in (growth, other)]
    return [
        f"{line.format(unit=unit)}: {names[0]} {up:.4g}, {names[1]} {across:.4g}".replace("-", "−")
        for unit, up, across in zip(units, growth.values, other.values, strict=True)
    ]
