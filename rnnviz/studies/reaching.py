"""What the loss of each of many steps contributes to each earlier step: one reading, and all losses sent back side by side."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn

from rnnviz import stats
from rnnviz.models.networks import LanguageModel
from rnnviz.recording.backpropagation import backpropagate
from rnnviz.recording.passes import Pass, Weights
from rnnviz.trace import GATES


def contributions(
    model: LanguageModel, node: xr.Dataset | xr.DataTree, ids: Sequence[int], steps: Sequence[int]
) -> xr.DataArray:
    """The norms of the total gradients of the loss of single steps: (layer, loss step, time), as `stats.gradients.norm` has them;
    0 after a loss.

    node: a recording of the model reading one text, with its gates. ids: the text. steps: whose loss, ascending: at step t, -ln
    of the probability that the model gives to token t + 1. The gates are the same whatever is sent back, so that the text is read
    once; a loss is in the batch from its own step on alone. Raises ValueError for a step that has no next.
    """
    for step in steps:
        if not 0 <= step < len(ids) - 1:
            raise ValueError(f"a loss needs a next token: steps 0 to {len(ids) - 2}; got {step}")
    passes = [_pass(model.rnn, node, layer) for layer in range(node.sizes["layer"])]
    read = passes[-1].hidden[list(steps), 0].clone().requires_grad_()
    with torch.enable_grad():
        following = torch.tensor([ids[step + 1] for step in steps])
        loss = nn.functional.cross_entropy(model.head(read), following, reduction="sum")
        (sent,) = torch.autograd.grad(loss, read)
    arriving = torch.zeros(len(ids), len(steps), sent.shape[-1], dtype=sent.dtype)
    arriving[list(steps), range(len(steps))] = sent
    totals: list[Tensor] = []
    for layer in range(len(passes) - 1, -1, -1):
        total, arriving = _back(passes[layer], arriving, steps, layer > 0)
        totals.append(total)
    gradients = torch.stack(totals[::-1]).transpose(1, 2).numpy()
    whole = xr.Dataset(
        {"hidden_grad": (("layer", "loss step", "time", "unit"), gradients)},
        coords={"layer": node["layer"].values, "loss step": list(steps), "time": node["time"].values},
        attrs=node.attrs,
    )
    return stats.gradients.norm(whole)


def _pass(module: nn.RNNBase, node: xr.Dataset | xr.DataTree, layer: int) -> Pass:
    """A layer as it was recorded, (time, 1, unit)."""
    one = node.isel(layer=layer, direction=0)

    def recorded(name: str) -> Tensor:
        return torch.from_numpy(np.array(one[name].transpose("time", "batch", "unit").values))

    def initial(name: str) -> Tensor:
        return torch.from_numpy(np.array(one[name].transpose("batch", "unit").values))

    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    weights = Weights(*(getattr(module, f"{name}_l{layer}").detach() for name in names))
    kind, hidden = node.attrs["kind"], recorded("hidden")
    states = ("hidden", "cell") if kind == "lstm" else ("hidden",)
    return Pass(
        kind,
        node.attrs.get("nonlinearity", ""),
        hidden.new_empty(1).expand(len(hidden), 1, weights.input.shape[1]),  # its size alone counts
        hidden,
        tuple(initial(f"{name}_initial") for name in states),
        weights,
        torch.cat([recorded(name) for name in GATES[kind]], -1) if kind != "rnn" else None,
        recorded("cell") if kind == "lstm" else None,
    )


def _back(one: Pass, direct: Tensor, steps: Sequence[int], input: bool) -> tuple[Tensor, Tensor]:
    """Total gradients of the states, and of what was read where it is asked for, each (time, loss, …). direct: of the losses at
    those steps, (time, loss, unit)."""
    total = torch.zeros_like(direct)
    read = direct.new_zeros(*direct.shape[:2], one.input.shape[-1] if input else 0)
    handed: tuple[Tensor, ...] = ()
    for row in range(len(steps) - 1, -1, -1):
        first, end = steps[row - 1] + 1 if row else 0, steps[row] + 1
        came = direct[first:end, row:].clone()
        cell = None
        if handed:  # by the step after, to the losses that come later; this one begins here
            came[-1, 1:] += handed[0]
            cell = torch.cat((torch.zeros_like(handed[1][:1]), handed[1])) if len(handed) > 1 else None
        back = backpropagate(_part(one, first, end), came, cell, input, weights=False)
        total[first:end, row:] = back.total
        if back.input is not None:
            read[first:end, row:] = back.input
        handed = back.initial
    return total, read


def _part(one: Pass, first: int, end: int) -> Pass:
    """Some steps of a pass."""
    states = [one.hidden] if one.cell is None else [one.hidden, one.cell]
    begun = tuple(s[first - 1] if first else i for s, i in zip(states, one.initial, strict=True))
    return replace(
        one,
        input=one.input[first:end],
        hidden=one.hidden[first:end],
        initial=begun,
        rows=None if one.rows is None else one.rows[first:end],
        cell=None if one.cell is None else one.cell[first:end],
    )
