"""The moments of a run as labelled arrays."""

import math
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from rnnviz.monitoring.runs import NUMBERS, Kept

TITLES = {
    "loss": "loss",
    "gradient_norm": "gradient norm of all parameters before clipping",
    "clipped_norm": "gradient norm of all parameters after clipping",
}


def numbers(run: Kept) -> xr.Dataset:
    """loss, gradient_norm and clipped_norm of each moment, float64 (update,), NaN where they are not known, and what the trainer
    logged under names of its own (`logged`, (name, update), at all steps at which something was). The coordinate update counts
    the blocks of the monitor that came before. `loss` takes what was logged as loss, where that was."""
    steps = sorted({m["step"] for m in run.moments} | {s for own in run.logged.values() for s in own})
    place = {step: i for i, step in enumerate(steps)}
    found = {name: np.full(len(steps), math.nan) for name in NUMBERS}
    for moment in run.moments:
        for name in NUMBERS:
            found[name][place[moment["step"]]] = _array(moment.get(name), ())
    for step, number in run.logged.get("loss", {}).items():
        found["loss"][place[step]] = number
    names = [name for name in run.logged if name != "loss"]
    logged = np.full((len(names), len(steps)), math.nan)
    for row, name in enumerate(names):
        for step, number in run.logged[name].items():
            logged[row, place[step]] = number
    return xr.Dataset(
        {
            name: ("update", values, {"long_name": TITLES[name], "units": "1"})
            for name, values in found.items()
        }
        | {"logged": (("name", "update"), logged)},
        coords={"update": ("update", steps, {"long_name": "update", "units": "1"}), "name": names},
        attrs={"run": run.name},
    )


def modules(run: Kept) -> list[str]:
    """The recurrent modules of which something was kept, in the order in which they first were."""
    return list(dict.fromkeys(name for moment in run.moments for name in moment["modules"]))


def layers(run: Kept, module: str) -> xr.Dataset:
    """What was kept of a module: float64, NaN where something is not known.

    total, direct (update, layer, direction, distance): ‖∂L/∂h‖ at each distance from the last step, the root mean square over the
    sequences. mean, deviation, shut, open (update, layer, direction, gate): of the gates. hidden (update, layer, direction).
    spectral_radius, spectral_norm (update, layer, direction, part): of W_hh. Raises KeyError where nothing was kept of it.
    """
    kept = [
        (m["step"], m["modules"][module]) for m in run.moments if isinstance(m["modules"].get(module), dict)
    ]
    if not kept:
        raise KeyError(
            f"{run.name} keeps nothing of {module!r}; it has {', '.join(modules(run)) or 'no module'}"
        )
    steps, nodes = [step for step, _ in kept], [node for _, node in kept]
    last = nodes[-1]
    layer, direction = _names(last, "layer"), _names(last, "direction")
    shape = len(layer), len(direction)
    distance = sorted({int(d) for node in nodes for d in _list(node.get("distance")) if _whole(d)})
    gate, parts = list(_dict(last.get("gates"))), _names(last, "parts")
    found: dict[Hashable, Any] = {}
    titles = {"total": "total gradient norm ‖∂L/∂h‖", "direct": "direct gradient norm ‖∂L/∂h‖"}
    for name, title in titles.items():
        values = np.full((len(steps), *shape, len(distance)), math.nan)
        place = {d: i for i, d in enumerate(distance)}
        for row, node in enumerate(nodes):
            own = [place[d] for d in _list(node.get("distance")) if d in place]
            values[row][..., own] = _array(node.get(name), (*shape, len(own)))
        found[name] = (
            ("update", "layer", "direction", "distance"),
            values,
            {"long_name": title, "units": "1"},
        )
    for name, title in {
        "mean": "mean of the gate",
        "deviation": "standard deviation of the gate",
        "shut": "share below 0.1",
        "open": "share above 0.9",
    }.items():
        rows = [
            [_array(_dict(_dict(node.get("gates")).get(one)).get(name), shape) for one in gate]
            for node in nodes
        ]
        values = np.moveaxis(np.reshape(rows, (len(steps), len(gate), *shape)), 1, -1)
        about: dict[str, Any] = {"long_name": title, "units": "1"}
        if name != "deviation":
            about |= {"valid_range": (0.0, 1.0)}
        found[name] = (("update", "layer", "direction", "gate"), values, about)
    hidden = np.array([_array(node.get("hidden"), shape) for node in nodes])
    found["hidden"] = (
        ("update", "layer", "direction"),
        hidden,
        {"long_name": "root mean square of h", "units": "1"},
    )
    for name, title in {
        "spectral_radius": "spectral radius of W_hh",
        "spectral_norm": "spectral norm of W_hh",
    }.items():
        values = np.array([_array(node.get(name), (*shape, len(parts))) for node in nodes])
        found[name] = (("update", "layer", "direction", "part"), values, {"long_name": title, "units": "1"})
    return xr.Dataset(
        found,
        coords={
            "update": ("update", steps, {"long_name": "update", "units": "1"}),
            "layer": layer,
            "direction": direction,
            "distance": ("distance", distance, {"long_name": "steps before the last", "units": "1"}),
            "gate": gate,
            "part": parts,
        },
        attrs={"kind": str(last.get("kind")), "run": run.name, "module": module},
    )


def _array(value: Any, shape: Sequence[int]) -> np.ndarray:
    """Numbers of that shape; NaN for all where they are something else."""
    try:
        found = np.array(value, np.float64)
    except (TypeError, ValueError):
        found = np.array(math.nan)
    return found if found.shape == tuple(shape) else np.full(shape, math.nan)


def _names(node: dict[str, Any], name: str) -> list[Any]:
    return [one if isinstance(one, int) else str(one) for one in _list(node.get(name))]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _whole(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**31
