"""What the workers of test_jobs.py do. A worker imports this file: nothing here that takes long to import."""

import os
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import xarray as xr


def counting(steps, seconds=0.0, note=""):
    print("a library that prints")
    for done in range(steps):
        yield SimpleNamespace(done=done, total=steps, what=f"step {done}")
        time.sleep(seconds)
    values = xr.DataArray(np.array([1.5, -np.inf, np.nan, 1e300]), dims="time", attrs={"units": "nat"})
    return xr.Dataset({"value": values, "process": os.getpid()}, attrs={"note": note})


def held(file):
    """Goes on until there is such a file."""
    yield SimpleNamespace(done=0, total=1, what="")
    while not Path(file).exists():
        time.sleep(0.01)
    return xr.Dataset()


def refusing(line):
    yield SimpleNamespace(done=0, total=1, what="")
    raise ValueError(line)


def breaking():
    yield SimpleNamespace(done=0, total=1, what="")
    raise RuntimeError


def dying():
    yield SimpleNamespace(done=0, total=1, what="")
    os._exit(3)


def showing(frames, file=None):
    """Shows a frame after the other, each with what it needs to go on; then goes on until there is such a file."""
    for done in range(frames):
        yield SimpleNamespace(
            done=done, total=frames, what="", frame={"at": done}, kept=bytes([done, 10]) * 3
        )
    while file and not Path(file).exists():
        time.sleep(0.01)
    return xr.Dataset()


def awaited(task, kind, units, seed):
    """Never ends by itself."""
    yield SimpleNamespace(done=0, total=1, what="")
    while True:
        time.sleep(0.01)
