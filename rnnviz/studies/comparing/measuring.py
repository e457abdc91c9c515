"""What reaches back in one network: one loss is sent back through it, and `record` sees what arrives at each step."""

import math

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from rnnviz.recording.block import record
from rnnviz.stats import mechanism
from rnnviz.studies.comparing.networks import Stack
from rnnviz.studies.comparing.scaled import carried_log_norms, log_norm
from rnnviz.studies.comparing.sequences import Data, data
from rnnviz.studies.comparing.setup import Architecture, Setup
from rnnviz.trace import GATES, branch

REPRESENTABLE = math.log(1e-250)  # from here down norms are carried, as parts of them may have left float64


def measure(network: Stack, own: Data, setup: Setup) -> dict[str, np.ndarray | float | str]:
    """What reaches back in one network: (layer, time) logarithms and single numbers, as `compare` names them."""
    nodes, loss = _sent_back(network, own, setup)
    norm, clipped = _parameter_norms([p.grad for p in network.parameters() if p.grad is not None], setup.clip)
    blown, way = _blown(nodes, loss)
    steps = own.x.shape[1]
    while (
        steps and not np.isfinite(nodes[-1]["hidden_grad_direct"]).all()
    ):  # no gradient: as far as there is one
        steps = next((n for n in map(_finite_steps, nodes) if n < steps), steps - 1)  # the lowest layer first
        if steps:
            nodes, _ = _sent_back(network, own.first(steps), setup)
    # the loss is the mean over the batch: each sequence's own is that many times as much
    scale = math.log(len(own.x))
    found: dict[str, np.ndarray | float | str] = {}
    for name, array in _log_norms(network, nodes, setup.truncate).items() if steps else ():
        whole = np.full((len(nodes), own.x.shape[1]), np.nan)
        whole[:, :steps] = array + scale
        found[name] = whole
    found |= {"loss": loss, "parameter_norm": norm, "parameter_norm_clipped": clipped}
    return found | {"blown": blown, "blown_in": way}


def paths(architecture: Architecture, setup: Setup, seed: int = 0) -> xr.DataArray:
    """The gradient in the lowest layer of one network, measured and along single paths, as `stats.mechanism.paths` names them.

    The network and data of that seed, its first sequence, its loss sent back from the last step in one piece. Returns (path,
    time), natural logs; of an LSTM it is ∂L/∂c.

    >>> from rnnviz.studies.comparing import Architecture, Setup, paths
    >>> row = Architecture("rnn", units=4)
    >>> found = paths(row, Setup((row,), steps=10))
    >>> found["path"].values.tolist(), found.sizes["time"]
    (['measured', 'slopes alone', 'weights alone'], 10)
    """
    own = data(setup, seed)
    own = Data(own.x[:1], own.target[:1], own.outputs)
    network = Stack(architecture, own.x.shape[-1], own.outputs, seed)
    with record(network) as recording:
        own.loss(network(own.x), "last").backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    node = branch(recording.trace, "layers.0").isel(layer=0, direction=0, batch=0).to_dataset()
    return mechanism.paths(node, own.x.shape[1] - 1)


def _sent_back(network: Stack, own: Data, setup: Setup) -> tuple[list[dict[str, np.ndarray]], float]:
    """The arrays of each layer, and the loss; the gradients of the parameters are those of this loss."""
    network.zero_grad()
    with record(network) as recording:
        loss = own.loss(network(own.x, setup.truncate), setup.loss)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    nodes = [branch(recording.trace, f"layers.{layer}") for layer in range(len(network.layers))]
    return [_arrays(node) for node in nodes], loss.item()


def _log_norms(
    network: Stack, nodes: list[dict[str, np.ndarray]], truncate: int | None
) -> dict[str, np.ndarray]:
    """CURVES of one network, each (layer, time)."""
    names = {"log_norm": "hidden_grad", "log_norm_direct": "hidden_grad_direct", "log_cell_norm": "cell_grad"}
    found = {
        name: np.stack([log_norm(node[gradient]) for node in nodes])
        for name, gradient in names.items()
        if gradient in nodes[0]
    }
    if all((array > REPRESENTABLE).all() for name, array in found.items() if name != "log_norm_direct"):
        return found
    carried = carried_log_norms(network, nodes, truncate)
    return {name: np.where(array > REPRESENTABLE, array, carried[name]) for name, array in found.items()}


def _arrays(node: xr.DataTree) -> dict[str, np.ndarray]:
    """What is needed of a node that has one layer: arrays (direction, batch, time, unit)."""
    kind = node.attrs["kind"]
    names = ["hidden", "hidden_grad", "hidden_grad_direct", *GATES[kind]]
    names += ["cell", "cell_grad"] if kind == "lstm" else []
    dataset = node.to_dataset()
    return {name: dataset[name].values[0] for name in names}


def _finite_steps(node: dict[str, np.ndarray]) -> int:
    """How many steps one of its directions took, the least, before a state left float64."""
    states = [node[name] for name in ("hidden", "cell") if name in node]
    return min(int(np.isfinite(state).all((1, 3)).sum(1).min()) for state in states)


def _blown(nodes: list[dict[str, np.ndarray]], loss: float) -> tuple[int, str]:
    """The first step, on its way, at which a number is not finite, and which way that was."""
    states = [node[name] for node in nodes for name in ("hidden", "cell") if name in node]
    wrong = np.flatnonzero(~np.logical_and.reduce([np.isfinite(s).all((0, 1, 3)) for s in states]))
    if len(wrong):
        return int(wrong[0]), "forward"
    if not math.isfinite(loss):
        return states[0].shape[2] - 1, "forward"
    back = [node[name] for node in nodes for name in ("hidden_grad", "cell_grad") if name in node]
    wrong = np.flatnonzero(~np.logical_and.reduce([np.isfinite(b).all((0, 1, 3)) for b in back]))
    return (int(wrong[-1]), "backward") if len(wrong) else (-1, "")


def _parameter_norms(grads: list[Tensor], clip: float | None) -> tuple[float, float]:
    """L2 norm of the gradient of all parameters, and of what is left of it after clipping by the norm: all of it is
    multiplied by clip / norm where the norm is above clip (Pascanu, Mikolov & Bengio 2013, algorithm 1)."""
    flat = torch.cat([grad.flatten() for grad in grads])
    norm = _length(flat)
    if clip is None or not norm > clip:
        return norm, norm
    return norm, _length(flat * (clip / norm)) if math.isfinite(norm) else math.nan


def _length(flat: Tensor) -> float:
    largest = flat.abs().max().item()
    return largest * (flat / largest).norm().item() if largest and math.isfinite(largest) else largest
