"""Untrained networks of an architecture, drawn from a seed."""

from typing import Any

import torch
from torch import Tensor, nn

from rnnviz.models.networks import KINDS, made_room
from rnnviz.studies.comparing.setup import Architecture


class Stack(nn.Module):
    """Recurrent layers of one architecture on each other and a linear head, drawn from a seed, in float64.

    Layer l > 0 reads the output of the layer below, after layer norm where there is one; with `residual` what it reads (before
    the norm) is added to what it says. `layers` are single-layer stock modules.
    """

    def __init__(self, architecture: Architecture, inputs: int, outputs: int, seed: int = 0):
        super().__init__()
        self.architecture = one = architecture
        wide = one.units * (1 + one.bidirectional)
        more: dict[str, Any] = {"nonlinearity": one.nonlinearity} if one.kind == "rnn" else {}
        more |= {"batch_first": True, "bidirectional": one.bidirectional}
        # on meta nothing is drawn: torch's own generator is left to others, who may draw from it at the same time
        empty: dict[str, Any] = {"dtype": torch.float64, "device": "meta"}
        self.layers = nn.ModuleList(
            KINDS[one.kind](wide if layer else inputs, one.units, **more, **empty)
            for layer in range(one.layers)
        )
        between = one.layers - 1 if one.layer_norm else 0
        self.norms = nn.ModuleList(nn.LayerNorm(wide, **empty) for _ in range(between))
        self.head = nn.Linear(wide, outputs, **empty)
        made_room(self)
        self._draw(torch.Generator().manual_seed(seed))

    @torch.no_grad()
    def _draw(self, generator: torch.Generator) -> None:
        one = self.architecture
        # the same for every way to draw the recurrent weight, which comes last
        for module in (*self.layers, self.head):
            wide = one.units if module is not self.head else self.head.in_features
            for parameter in module.parameters():
                parameter.uniform_(-(wide**-0.5), wide**-0.5, generator=generator)
        for norm in self.norms:
            assert isinstance(norm, nn.LayerNorm)
            norm.reset_parameters()
        for name, parameter in self.layers.named_parameters():
            if "weight_hh" in name:
                for block in torch.split(parameter, one.units):
                    if one.initialisation == "orthogonal":
                        nn.init.orthogonal_(block, generator=generator)
                    elif one.initialisation == "identity":
                        nn.init.eye_(block)
                parameter.mul_(one.gain)
            elif "bias" in name and one.initialisation == "identity" and one.kind == "rnn":
                parameter.zero_()
            elif "bias" in name and one.forget_bias is not None:  # rows i, f, g, o; PyTorch adds two biases
                parameter[one.units : 2 * one.units] = one.forget_bias if "bias_ih" in name else 0.0

    def forward(self, x: Tensor, truncate: int | None = None) -> Tensor:
        """x: (batch, time, input). truncate: states are cut off every that many steps from the end. Returns what the head
        says, (batch, time, output)."""
        for number, layer in enumerate(self.layers):
            read = self.norms[number - 1](x) if number and self.norms else x
            parts, state = [], None
            for first, end in pieces(x.shape[1], truncate):
                part, state = layer(read[:, first:end], state)
                state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
                parts.append(part)
            hidden = torch.cat(parts, 1) if len(parts) > 1 else parts[0]
            x = hidden + x if number and self.architecture.residual else hidden
        said: Tensor = self.head(x)
        return said


def pieces(steps: int, truncate: int | None) -> list[tuple[int, int]]:
    """(first, end) of what backpropagation does not leave, from the first to the last."""
    ends = list(range(steps, 0, -(truncate or steps)))[::-1]
    return list(zip([0, *ends[:-1]], ends, strict=True))
