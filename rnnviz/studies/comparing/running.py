"""Every architecture with every seed, one network after the other, and the result as labelled arrays."""

import json
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
import xarray as xr

from rnnviz.stats import gradients
from rnnviz.studies import spreading
from rnnviz.studies.comparing.measuring import measure
from rnnviz.studies.comparing.networks import Stack
from rnnviz.studies.comparing.sequences import data
from rnnviz.studies.comparing.setup import Setup, refuse_size
from rnnviz.studies.progress import ended
from rnnviz.studies.spreading import one_thread

if TYPE_CHECKING:
    from distributed import Client

CURVES = {
    "log_norm": ("ln of the total gradient norm ‖∂L/∂h‖", "nat"),
    "log_norm_direct": ("ln of the direct gradient norm ‖∂L/∂h‖", "nat"),
    "log_cell_norm": ("ln of the total gradient norm ‖∂L/∂c‖", "nat"),
}
NUMBERS = {
    "loss": ("loss, mean over the batch", "1"),
    "parameter_norm": ("gradient norm of all parameters", "1"),
    "parameter_norm_clipped": ("gradient norm of all parameters after clipping", "1"),
}
ENDS = {
    "blown": ("step at which a number is beyond float64, -1 if none is", "1"),
    "blown_in": ("way on which that was: forward or backward", "1"),
}


@dataclass(frozen=True)
class Measured:
    """What was measured in one network, by name, as `measure` returns it. row: its architecture's, from 0."""

    row: int
    seed: int
    values: Mapping[str, np.ndarray | float | str]


@dataclass(frozen=True)
class Progress:
    """How far a comparison is. done, total: networks. what: the one that was run. measured: in it; None where nothing has ended
    since, as where a cluster is waited for."""

    done: int
    total: int
    what: str
    measured: Measured | None = None


def compare(
    setup: Setup, progress: Callable[[Progress], None] | None = None, dask: "str | Client | None" = None
) -> xr.Dataset:
    """Runs every architecture with every seed and says what reaches back. progress: called after each network. dask: a cluster
    that shares them, by the address of its scheduler or a client of it; the numbers are the same.

    Returns, over architecture (names, with the coordinates `kind` and `layers`), seed, layer and time, in float64:
        log_norm (architecture, seed, layer, time)   ln of the total ‖∂L/∂h_t‖
        log_norm_direct, log_cell_norm               of the direct part; of the total ‖∂L/∂c_t‖ of an LSTM
        rate, half_life, halved, horizon, crossed, fitted (architecture, seed)  of log_norm in the top layer, see
                                                     `stats.gradients.decay`
        loss, parameter_norm, parameter_norm_clipped (architecture, seed)   the gradient of all parameters, L2
        blown, blown_in (architecture, seed)         where a number left float64, and on which way, -1 and '' if none did:
                                                     with 'forward' the first step of the states, with 'backward' the first
                                                     step that the gradient met going back
    Norms are L2 over the units, of both directions together, and the root mean square over the batch, of each sequence's own
    loss. −inf where exactly 0: nothing arrives. A gradient beyond what float64 holds is given all the same. Where the
    states leave float64 the loss has no gradient; drawn is that of a sequence that ends before. NaN after that, and in a layer
    that an architecture does not have.
    Raises ValueError if a network would take more than 4 GiB, and Told for a cluster that cannot be used.

    >>> from rnnviz.studies.comparing import Architecture, Setup, compare
    >>> rows = (Architecture("rnn", units=4), Architecture("lstm", units=4, forget_bias=2))
    >>> found = compare(Setup(rows, steps=20, seeds=2))
    >>> found["architecture"].values.tolist(), dict(found["log_norm"].sizes)
    (['RNN, 4 units', 'LSTM, 4 units, forget bias 2'], {'architecture': 2, 'seed': 2, 'layer': 1, 'time': 20})
    """
    return ended(run(setup, dask=dask), progress)


def run(
    setup: Setup, before: Iterable[Measured] = (), dask: "str | Client | None" = None
) -> Generator[Progress, None, xr.Dataset]:
    """`compare` one network at a time, so that it can be watched and stopped; the generator returns the result.

    before: what was measured when it was broken off, and is not measured again. Raises ValueError as `compare` does, at once.
    """
    refuse_size(setup)
    return _run(setup, {(one.row, one.seed): one for one in before}, dask)


def _run(
    setup: Setup, before: Mapping[tuple[int, int], Measured], dask: "str | Client | None"
) -> Generator[Progress, None, xr.Dataset]:
    found = _empty(setup)
    for known in before.values():
        _fill(found, known)
    every = [(row, seed) for row in range(len(setup.architectures)) for seed in range(setup.seeds)]
    left = [each for each in every if each not in before]
    done, what = len(before), ""
    for measured in _measured(setup, left) if dask is None else spreading.each(dask, setup, _one, left):
        if measured is not None:
            _fill(found, measured)
            done, what = done + 1, f"{setup.architectures[measured.row].name}, seed {measured.seed}"
        yield Progress(done, len(every), what, measured)
    return _finished(found, setup)


def _measured(setup: Setup, left: Iterable[tuple[int, int]]) -> Iterator[Measured]:
    for row, seed in left:
        with one_thread():
            measured = _one(setup, row, seed)
        yield measured


def _one(setup: Setup, row: int, seed: int) -> Measured:
    own = data(setup, seed)
    network = Stack(setup.architectures[row], own.x.shape[-1], own.outputs, seed)
    return Measured(row, seed, measure(network, own, setup))


def curves(
    found: xr.Dataset, name: str = "log_norm", layer: str = "top"
) -> tuple[xr.DataArray, xr.DataArray]:
    """What `figures.log_norms` draws: the median over the seeds (architecture, time), and the lowest and the highest seed
    (bound, architecture, time); natural logarithms under the name of what they are drawn as.

    name: one of CURVES; architectures that have none are left out. layer: 'top' or 'bottom' of each.
    """
    layers = found["layers"] - 1 if layer == "top" else xr.zeros_like(found["layers"])
    every = found[name].isel(layer=layers.drop_vars("layers")).dropna("architecture", how="all")
    band = xr.concat([every.min("seed"), every.max("seed")], dim="bound")
    middle = every.median("seed").transpose("architecture", "time")
    drawn_as = {"long_name": CURVES[name][0].removeprefix("ln of the "), "units": "1"}
    drawn_as["scale"] = "natural logarithm"
    return middle.assign_attrs(drawn_as), band


def _empty(setup: Setup) -> dict[str, np.ndarray]:
    runs = (len(setup.architectures), setup.seeds)
    curves = (*runs, max(one.layers for one in setup.architectures), setup.length)
    found = {name: np.full(curves, np.nan) for name in CURVES}
    found |= {name: np.full(runs, np.nan) for name in NUMBERS}
    return found | {"blown": np.full(runs, -1), "blown_in": np.full(runs, "", "U8")}


def _fill(found: dict[str, np.ndarray], measured: Measured) -> None:
    at = measured.row, measured.seed
    for name, value in measured.values.items():
        if isinstance(value, np.ndarray):  # a curve
            found[name][at][: len(value)] = value
        else:
            found[name][at] = value


def _finished(found: dict[str, np.ndarray], setup: Setup) -> xr.Dataset:
    curve, number = ("architecture", "seed", "layer", "time"), ("architecture", "seed")
    rows = setup.architectures
    coords = {
        "architecture": [one.name for one in rows],
        "kind": ("architecture", [one.kind for one in rows], {"long_name": "kind of cell"}),
        "layers": ("architecture", [one.layers for one in rows], {"long_name": "layers"}),
        "seed": np.arange(setup.seeds),
        "layer": np.arange(found["log_norm"].shape[2]),
        "time": np.arange(setup.length),
    }
    if setup.input == "text":
        coords["token"] = ("time", list(setup.text[: setup.length]))
    result = xr.Dataset(
        {
            name: (curve if name in CURVES else number, found[name], {"long_name": text, "units": units})
            for name, (text, units) in (CURVES | NUMBERS | ENDS).items()
        },
        coords=coords,
        attrs={
            "setup": json.dumps(setup.to_dict(), ensure_ascii=False),
            "torch_version": str(torch.__version__),
        },
    )
    tops = result["layers"].drop_vars("layers") - 1
    top = result["log_norm"].isel(layer=tops).drop_vars(["layer", "layers"])
    return result.merge(gradients.decay(top, logarithmic=True))
