"""The pictures of trainings: side by side, and one of them looked into."""

import math

import numpy as np
import xarray as xr

from rnnviz import figures
from rnnviz.figures.steps import escaped
from rnnviz.figures.style import GREY, SEVERAL
from rnnviz.figures.words import series
from rnnviz.stats import learning
from rnnviz.stats.gradients import logarithm
from rnnviz.ui.parts.board import Drawn
from rnnviz.ui.parts.numbers import power
from rnnviz.ui.parts.trainings.seen import Seen
from rnnviz.ui.shell.language import _

GATES = {"input_gate": "input gate", "forget_gate": "forget gate", "output_gate": "output gate"} | {
    "reset_gate": "reset gate",
    "update_gate": "update gate",
    "candidate": "candidate",
}


def moment(updates: np.ndarray, wanted: int | None) -> float | None:
    """The update that is looked at: the one that is wanted, or the last before it; by default the last there is."""
    there = [u for u in updates.tolist() if wanted is None or u <= wanted]
    return float(max(there)) if there else (float(updates[0]) if len(updates) else None)


def beside(shown: list[Seen], wanted: int | None) -> list[Drawn]:
    """Loss, gradient norm and what was logged, of several trainings over their updates. wanted: the update that is looked at."""
    losses, norms, others, levels = [], [], [], {}
    names: set[str] = set()
    for seen, colour in zip(shown, SEVERAL, strict=False):
        numbers = seen.numbers()
        name = escaped(seen.name)
        losses.append((_there(numbers["loss"]).rename(name), colour, "solid"))
        for own in numbers["name"].values.tolist():
            label = escaped(series(own))
            curve = _there(numbers["logged"].sel(name=own).drop_vars("name"))
            curve = curve.rename(f"{name}, {label}" if len(shown) > 1 else label)
            held = seen.beside if seen.beside and seen.beside.logged == own else None
            if held and held.limits:
                curve.attrs["valid_range"] = held.limits
            if "loss" not in own:
                names.add(label)
            curves = losses if "loss" in own else others
            curves.append((curve, colour, "dot" if "loss" in own else "solid"))
            if held and curve.size:
                flat = xr.full_like(curve, held.value).rename(held.said)
                levels["loss" in own, held.said, round(held.value, 9)] = (flat, GREY, "dash")
        for field, dash in (("gradient_norm", "solid"), ("clipped_norm", "dot")):
            own = logarithm(_there(numbers[field]))
            what = _("before clipping") if dash == "solid" else _("after clipping")
            norms.append((own.rename(f"{name}, {what}" if len(shown) > 1 else what), colour, dash))
    for (is_loss, *_said), curve in levels.items():
        (losses if is_loss else others).append(curve)
    at = None if wanted is None or not shown else moment(_steps(shown[0]), wanted)
    title = _("Gradient norm of all parameters")
    found = [_drawn("loss", losses, at, _("Loss"), 300), _drawn("norm", norms, at, title, 250)]
    alone = next(iter(names)) if len(names) == 1 and levels else _("Numbers of your own")
    title = alone[:1].upper() + alone[1:]
    return found + ([_drawn("logged", others, at, title, 250)] if others else [])


def _steps(seen: Seen) -> np.ndarray:
    return np.array([m["step"] for m in seen.run.moments])


def _drawn(id: str, curves: list[tuple], at: float | None, title: str, height: int) -> Drawn:
    lines, colours, dashes = (list(part) for part in zip(*curves, strict=True))
    shown = figures.over_updates(lines, colours, at, dashes, height=height, title=title)
    return Drawn.of(id, shown, title)


def _there(curve: xr.DataArray) -> xr.DataArray:
    """Without the updates at which it is not known: a moment that is missing breaks no line."""
    return curve.where(~np.isnan(curve), drop=True) if curve.size else curve


def into(found: xr.Dataset, name: str, wanted: int | None) -> tuple[list[Drawn], str]:
    """One layer and direction of a run over its training, and what is so at the moment that is looked at, in words. found: as
    monitoring.layers gives it, with layer and direction chosen."""
    updates = found["update"].values
    at = moment(updates, wanted)
    logs = logarithm(found["total"])
    now = found.sel(update=at)
    drawn = []
    summary = []
    if np.isfinite(logs.values).any():
        title = _("How much gradient ‖∂L/∂h‖ gets how far back")
        drawn.append(Drawn.of("reached", figures.reached(logs, at, _colours(logs)), title))
        held = learning.ends(xr.concat([logs, logarithm(found["direct"])], "part"))
        curves = [logarithm(now[part].drop_vars("update")) for part in ("total", "direct")]
        names = [_("total"), _("direct: from this step's own loss and the layers above")]
        curves = [curve.rename(label) for curve, label in zip(curves, names, strict=True)]
        title = _("What reaches each step at update {update:,}").format(update=int(at or 0))
        shown = figures.profile(curves, [SEVERAL[0], SEVERAL[1]], ["solid", "dot"], held, title=title)
        drawn.append(Drawn.of("profile", shown, title))
        line = curves[0].values[np.isfinite(curves[0].values)]
        if line.size:
            summary.append(
                _("‖∂L/∂h‖ {last} at the last step, {first} at the first").format(
                    last=power(line[0]), first=power(line[-1])
                )
            )
    if found.sizes["gate"]:
        means = [found["mean"].sel(gate=gate).drop_vars("gate") for gate in found["gate"].values]
        curves = [
            m.rename(series(GATES.get(str(g), str(g))))
            for m, g in zip(means, found["gate"].values, strict=True)
        ]
        curves[0].attrs |= {"long_name": _("mean of each gate, over sequences, steps and units")}
        drawn.append(
            Drawn.of(
                "gates",
                figures.over_updates(curves, SEVERAL[: len(curves)], at),
                _("What the gates do on average"),
            )
        )
        shut = [
            found[side]
            .sel(gate=gate)
            .drop_vars("gate")
            .rename(f"{series(GATES.get(str(gate), str(gate)))}, {label}")
            for gate in found["gate"].values
            for side, label in (("open", _("above 0.9")), ("shut", _("below 0.1")))
        ]
        colours = [colour for colour in SEVERAL[: len(curves)] for _side in range(2)]
        shut[0].attrs |= {"long_name": _("share of a gate's values")}
        shown = figures.over_updates(shut, colours, at, ["solid", "dot"] * len(curves))
        drawn.append(Drawn.of("open", shown, _("How often each gate is open or shut")))
    for field, title in (
        ("spectral_radius", _("Spectral radius of W_hh, part by part")),
        ("spectral_norm", _("Spectral norm of W_hh, part by part")),
    ):
        if np.isnan(found[field].values).all():
            continue
        parts = [str(part) for part in found["part"].values]
        names = [series(GATES.get(part, part)) for part in parts] if len(parts) > 1 else ["W_hh"]
        curves = [found[field].isel(part=i, drop=True).rename(names[i]) for i in range(len(parts))]
        shown = figures.over_updates(curves, SEVERAL[: len(parts)], at, level=1.0, title=title)
        drawn.append(Drawn.of(field, shown, title))
        for i, label in enumerate(names):
            number = now[field].isel(part=i).item()
            if field == "spectral_radius" and not math.isnan(number):
                summary.append(f"ρ {label} {number:.3g}")
    where = _("{name}, update {update:,}:").format(name=name, update=int(at or 0))
    return drawn, f"{where} {'; '.join(summary)}" if summary else where


def _colours(logs: xr.DataArray) -> tuple[float, float]:
    """The powers of ten between which colour changes: eight of them below the largest there is."""
    high = learning.ends(logs)[1]
    return high - 8.0, float(high)
