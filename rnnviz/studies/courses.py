"""How one of the tiny networks learns, from before its first update to its last: trained in a worker, or shipped.

checkpoints/tiny/TASK-KIND-UNITS-SEED.nc    what `train` returns, of the settings that the pages open with
"""

from collections.abc import Generator
from pathlib import Path

import numpy as np
import xarray as xr
from torch import nn

from rnnviz import netcdf
from rnnviz.models import checkpoints
from rnnviz.studies import tiny
from rnnviz.studies.progress import Done
from rnnviz.studies.tiny import LETTERS, ORDER, STEPS

TASKS = {"order": ORDER, "letters": LETTERS}
KEPT = 5  # training steps between two weights that are kept
SHIPPED = [(task, kind, 3, 0) for task in TASKS for kind in ("rnn", "gru", "lstm")]


def start(task: str, kind: str, units: int, seed: int) -> dict[str, nn.Module]:
    """The untrained networks of a course: one of the kind, and beside it, where the order of words is learned, a bag of words.
    Raises ValueError for another task, kind or size."""
    if task not in TASKS:
        raise ValueError(f"the tasks are {', '.join(TASKS)}; got {task!r}")
    models: dict[str, nn.Module] = {kind: tiny.build(TASKS[task], kind, units, seed)}
    if task == "order":
        models["bag"] = tiny.bag(TASKS[task], units, seed)
    return models


def train(task: str, kind: str, units: int, seed: int) -> Generator[Done, None, xr.Dataset]:
    """Trains the networks of a course; yields after each update.

    Returns `log_right` (model, step, answer), as `tiny.Step` has it, and `weights_MODEL` (moment, parameter) of each model after
    every KEPT updates, all in float32, as torch has them.
    """
    models = start(task, kind, units, seed)
    right: list[list[list[float]]] = []
    weights: dict[str, list[np.ndarray]] = {name: [] for name in models}
    for now in tiny.train(models, TASKS[task]):
        right.append(list(now.log_right.values()))
        if now.step % KEPT == 0:
            for name, model in models.items():
                weights[name].append(tiny.weights(model).numpy())
        yield Done(now.step, STEPS, kind)
    arrays = {
        f"weights_{name}": (("moment", f"parameter_{name}"), np.array(rows)) for name, rows in weights.items()
    }
    logs = np.array(right, np.float32).transpose(1, 0, 2)
    return xr.Dataset(
        {"log_right": (("model", "step", "answer"), logs, {"long_name": "log probability", "units": "nats"})}
        | arrays,
        coords={"model": list(models)},
    )


def path(task: str, kind: str, units: int, seed: int) -> Path:
    """Where a course lies, if it is shipped."""
    return checkpoints.folder() / "tiny" / f"{task}-{kind}-{units}-{seed}.nc"


def shipped(task: str, kind: str, units: int, seed: int) -> xr.Dataset | None:
    """A shipped course, as `train` returns it. Shared: look, never change. None where it is not shipped, or its file cannot be
    read or is of another size: then it can be trained."""
    where = path(task, kind, units, seed)
    if not where.is_file():
        return None
    try:
        found = netcdf.whole(netcdf.stamp(where))
        right = found["log_right"]
        for name, model in start(task, kind, units, seed).items():
            wanted = (STEPS // KEPT + 1, tiny.weights(model).numel())
            if found[f"weights_{name}"].shape != wanted or not np.isfinite(found[f"weights_{name}"]).all():
                return None
            if (
                right.sel(model=name).shape != (STEPS + 1, len(TASKS[task].targets))
                or not right.notnull().all()
            ):
                return None
    except (ValueError, KeyError, OSError):
        return None
    return found


def write(found: xr.Dataset, where: Path) -> None:
    """Writes what `train` returned."""
    packed = {name: {"zlib": True, "complevel": 9, "shuffle": True} for name in found.data_vars}
    found.to_netcdf(where, engine="h5netcdf", encoding=packed)
