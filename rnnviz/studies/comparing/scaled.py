"""Backpropagation beyond what float64 holds: the same reverse loop, with powers of 2 taken out on the way."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from rnnviz.recording import backpropagation, passes
from rnnviz.studies.comparing.networks import Stack, pieces
from rnnviz.trace import GATES

PIECE = 64  # steps that go back between two looks at the size of the numbers
FAR = 400  # powers of 2 that these may leave 1 by
NOTHING = -(1 << 30)  # the power of 2 of a zero: below all others


def log_norm(values: np.ndarray) -> np.ndarray:
    """ln of the root mean square over the batch of the length over units and directions; NaN where it is no number.

    values: (direction, batch, time, unit). Returns (time,). The largest entry is taken out, so that no square underflows.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        largest = np.abs(values).max((0, 1, 3))
        squares = np.square(values / np.where(largest == 0, 1, largest)[:, None])
        logs = np.log(largest) + np.log(squares.sum((0, 1, 3)) / values.shape[1]) / 2
    return np.where(np.isnan(logs) & (largest == 0), -np.inf, logs)


@dataclass(frozen=True)
class Scaled:
    """Numbers of any size: values · 2^powers. values: (time, batch, wide), each step's largest near 1; powers: (time,), whole."""

    values: np.ndarray
    powers: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, powers: np.ndarray | int = 0) -> "Scaled":
        largest = np.abs(values).max((1, 2))
        taken = np.frexp(largest)[1].astype(np.int64)
        return cls(np.ldexp(values, -taken[:, None, None]), np.where(largest == 0, NOTHING, powers + taken))

    def at(self, powers: np.ndarray) -> np.ndarray:
        """The values with these powers taken out instead, none of them smaller than its own."""
        by = np.maximum(self.powers - powers, -5000).astype(np.int32)
        found: np.ndarray = np.ldexp(self.values, by[:, None, None])
        return found

    def __add__(self, other: "Scaled") -> "Scaled":
        powers = np.maximum(self.powers, other.powers)
        return Scaled.of(self.at(powers) + other.at(powers), powers)

    def __getitem__(self, index: slice) -> "Scaled":
        return Scaled(self.values[index], self.powers[index])

    def log_norm(self) -> np.ndarray:
        """(time,), as `log_norm`."""
        return log_norm(self.values.transpose(1, 0, 2)[None]) + self.powers * math.log(2)


def _beside(parts: Sequence[Scaled]) -> Scaled:
    powers = np.maximum.reduce([part.powers for part in parts])
    return Scaled(np.concatenate([part.at(powers) for part in parts], -1), powers)


def carried_log_norms(
    network: Stack, nodes: list[dict[str, np.ndarray]], truncate: int | None
) -> dict[str, np.ndarray]:
    """The logarithms of `measure`, from the same reverse loop over the recorded gates, run in pieces between which a power of
    2 is taken out. Backpropagation is linear: what is taken out may be put back at the end."""
    one = network.architecture
    outputs: list[np.ndarray] = []  # of each layer, with what residual connections add
    for node in nodes:
        hidden = np.concatenate(node["hidden"].transpose(0, 2, 1, 3), -1)
        outputs.append(hidden + outputs[-1] if outputs and one.residual else hidden)
    found: dict[str, list[np.ndarray]] = {"log_norm": [], "log_norm_direct": []}
    if one.kind == "lstm":
        found["log_cell_norm"] = []
    arriving = Scaled.of(np.concatenate(nodes[-1]["hidden_grad_direct"].transpose(0, 2, 1, 3), -1))
    for layer in range(one.layers - 1, -1, -1):
        module = network.layers[layer]
        assert isinstance(module, nn.RNNBase)
        backs = []
        for direction in range(1 + one.bidirectional):
            own = slice(direction * one.units, (direction + 1) * one.units)
            direct = Scaled.of(arriving.values[..., own], arriving.powers)
            reading = slice(None, None, -1) if direction else slice(None)
            one_pass = _pass(module, nodes[layer], direction)
            back = _back(one_pass, direct[reading], pieces(len(direct.powers), truncate), layer > 0)
            backs.append([part if part is None else part[reading] for part in back])
        totals, cells, inputs = zip(*backs, strict=True)
        found["log_norm"].append(_beside(totals).log_norm())
        found["log_norm_direct"].append(arriving.log_norm())
        if one.kind == "lstm":
            found["log_cell_norm"].append(_beside(cells).log_norm())
        if layer:
            down = inputs[0] if len(inputs) == 1 else inputs[0] + inputs[1]
            if network.norms:
                read = torch.from_numpy(outputs[layer - 1]).requires_grad_()
                normed = network.norms[layer - 1](read)
                (sent,) = torch.autograd.grad(normed, read, torch.from_numpy(down.values))
                down = Scaled.of(sent.numpy(), down.powers)
            arriving = arriving + down if one.residual else down
    return {name: np.stack(layers[::-1]) for name, layers in found.items()}


def _pass(module: nn.RNNBase, node: dict[str, np.ndarray], direction: int) -> passes.Pass:
    """One direction of a layer as `passes` goes back through it, in reading order."""

    def turned(name: str) -> Tensor:
        array = node[name][direction].transpose(1, 0, 2)
        return torch.from_numpy(np.ascontiguousarray(array[::-1] if direction else array))

    kind = module.mode.split("_")[0].lower()
    suffix = "_reverse" if direction else ""
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    weights = passes.Weights(*(getattr(module, f"{name}_l0{suffix}").detach() for name in names))
    hidden = turned("hidden")
    read = hidden.new_empty(1).expand(*hidden.shape[:2], module.input_size)  # its size alone counts
    cell = turned("cell") if kind == "lstm" else None
    rows = torch.cat([turned(name) for name in GATES[kind]], -1) if kind != "rnn" else None
    initial = (torch.zeros_like(hidden[0]),) * (2 if kind == "lstm" else 1)
    nonlinearity = module.nonlinearity if isinstance(module, nn.RNN) else ""
    return passes.Pass(kind, nonlinearity, read, hidden, initial, weights, rows, cell)


def _back(
    one: passes.Pass, direct: Scaled, between: list[tuple[int, int]], input: bool
) -> tuple[Scaled, Scaled | None, Scaled | None]:
    """Total gradient of h, of c, and that of what the pass read, where asked for. between: where backpropagation is cut."""
    total = np.zeros(one.hidden.shape)
    cell = None if one.cell is None else np.zeros(one.cell.shape)
    read = np.zeros(one.input.shape) if input else None
    powers = np.full(len(one.hidden), NOTHING)
    for cut, end in between[::-1]:
        handed = Scaled(np.zeros((1, *one.hidden.shape[1:])).repeat(len(one.initial), 2), np.array([NOTHING]))
        while end > cut:
            first = max(cut, end - PIECE)
            if max(direct.powers[first:end].max(), handed.powers[0]) == NOTHING:
                end = first
                continue
            while True:
                power = max(direct.powers[first:end].max(), handed.powers[0])
                back = _back_piece(one, direct[first:end], handed, power, first, end, input)
                size = np.maximum.reduce([np.abs(part).max((1, 2)) for part in back[:2] if part is not None])
                if end - first == 1 or (size.min() > 2.0**-FAR and size.max() < 2.0**FAR):
                    break
                first = (first + end) // 2  # so long a piece may have left float64 on its way
            for array, part in zip((total, cell, read), back, strict=False):
                if array is not None:
                    array[first:end] = part
            powers[first:end] = power
            handed, end = Scaled.of(back[3], power), first
    cells = None if cell is None else Scaled.of(cell, powers)
    return Scaled.of(total, powers), cells, None if read is None else Scaled.of(read, powers)


def _back_piece(
    one: passes.Pass, direct: Scaled, handed: Scaled, power: int, first: int, end: int, input: bool
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None, np.ndarray]:
    """The same for some steps, all at one power, and what they hand to the step before, (1, batch, unit or twice)."""
    states = [one.hidden] if one.cell is None else [one.hidden, one.cell]
    initial = tuple(s[first - 1] if first else i for s, i in zip(states, one.initial, strict=True))
    part = passes.Pass(
        one.kind,
        one.nonlinearity,
        one.input[first:end],
        one.hidden[first:end],
        initial,
        one.weights,
        None if one.rows is None else one.rows[first:end],
        None if one.cell is None else one.cell[first:end],
    )
    came = torch.from_numpy(direct.at(np.full(end - first, power)))
    hidden, *cell = torch.split(torch.from_numpy(handed.at(np.array([power]))[0]), one.units, -1)
    came[-1] += hidden
    back = backpropagation.backpropagate(part, came, cell[0] if cell else None, input, weights=False)
    given = torch.cat(back.initial, -1)[None]
    cells = None if back.cell is None else back.cell.numpy()
    read = None if back.input is None else back.input.numpy()
    return back.total.numpy(), cells, read, given.numpy()
