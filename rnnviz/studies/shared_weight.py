"""One weight, many steps: a small network reads a text, its loss is sent back, and each step adds to the gradient of W_hh.

    task = reading("abracadabra")                        # ten letters are read, after each the next one is right
    model = network(task, "rnn", units=4, seed=0)
    back = send_back(model, task, "last")
    back.node                                            # for stats.gradients.weight_contributions and weight_window
    back.grad                                            # what torch has in weight_hh_l0.grad
    back.copies                                          # the gradients of copies of W_hh, one for each step

All of it in float64: that the steps add up is to be seen in every digit that there is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from rnnviz.recording.block import record
from rnnviz.studies import tiny
from rnnviz.studies.tiny import Reader, Task

LOSSES = ("last", "all")
SHORTEST = 3  # letters: two are read, since before the first there is no state
STEP: dict[str, Callable[..., Any]] = {
    "rnn": torch.rnn_tanh_cell,
    "gru": torch.gru_cell,
    "lstm": torch.lstm_cell,
}


@dataclass(frozen=True, eq=False)
class Back:
    """A loss that was sent back. loss: nats. node: what was recorded of the one layer, as stats.gradients take it.

    grad: ∂L/∂W_hh as torch has it, (gate, unit, previous_unit). copies: ∂L/∂W_hh⁽ᵗ⁾ of networks that share nothing over time,
    (time, gate, unit, previous_unit). Both float64.
    """

    loss: float
    node: xr.Dataset
    grad: xr.DataArray
    copies: xr.DataArray


def reading(text: str) -> Task:
    """Reading a text letter by letter, where after each letter the next one is right. The tokens are its own letters.

    Raises ValueError for fewer than three letters, and where all are the same: then there is nothing to learn.

    >>> from rnnviz.studies.shared_weight import reading
    >>> task = reading("hello")
    >>> task.tokens, task.sequences, task.targets
    (('e', 'h', 'l', 'o'), (('h', 'e', 'l', 'l'),), (0, 2, 2, 3))
    """
    tokens = tuple(sorted(set(text)))
    if len(text) < SHORTEST or len(tokens) < 2:
        raise ValueError(f"need {SHORTEST} letters or more, not all the same; got {text!r}")
    return Task(
        tokens, (tuple(text[:-1]),), tuple(tokens.index(letter) for letter in text[1:]), outputs=len(tokens)
    )


def network(task: Task, kind: str, units: int, seed: int, updates: int = 0) -> Reader:
    """A network in float64, as it is drawn or after some updates with Adam, see `tiny.train`: at all steps, whatever loss is then
    looked at. Raises ValueError as `tiny.build`."""
    model = tiny.build(task, kind, units, seed)
    for _step in tiny.train({"": model}, task, updates):
        pass
    return model.double()


def send_back(model: Reader, task: Task, loss: str) -> Back:
    """Reads the text and sends one loss back: of its last letter ('last'), or the sum over all ('all'), −ln p each.

    model: in float64; nothing of it is changed. Raises ValueError for another loss.
    """
    if loss not in LOSSES:
        raise ValueError(f"loss must be one of {', '.join(LOSSES)}; got {loss!r}")
    x = task.x.double()
    weight = model.rnn.get_parameter("weight_hh_l0")
    # by torch alone, with nobody watching
    (grad,) = torch.autograd.grad(_loss(model(x), task, loss), [weight])
    with record(model, tokens=list(task.sequences[0])) as recording:
        found = _loss(model(x), task, loss)
        torch.autograd.grad(found, [weight])
    tree = recording.trace["rnn"]
    node = tree.to_dataset().isel(layer=0, direction=0, batch=0).assign_attrs(tree.attrs)
    gates = node["gate"].values
    copies = _copies(model, x, lambda scores: _loss(scores, task, loss))
    dims = ("time", "gate", "unit", "previous_unit")
    units = grad.shape[1]
    split = np.stack([copy.numpy() for copy in (grad, *copies)]).reshape(-1, len(gates), units, units)
    of_all = xr.DataArray(split[1:], dims=dims, coords={"gate": gates, "token": node["token"]})
    return Back(found.item(), node, xr.DataArray(split[0], dims=dims[1:], coords={"gate": gates}), of_all)


def _loss(scores: Tensor, task: Task, loss: str) -> Tensor:
    """scores: (1, time, token)."""
    logs = tiny.log_right(scores, task)
    return -(logs[-1] if loss == "last" else logs.sum())


def _copies(model: Reader, x: Tensor, loss: Callable[[Tensor], Tensor]) -> tuple[Tensor, ...]:
    """The gradient of each of the copies of W_hh that an unrolled network has, (gate · unit, unit), by torch alone.

    x: (1, time, input). loss: of the scores (1, time, token).
    """
    kind = model.rnn.mode.partition("_")[0].lower()
    before, _shared, *biases = (weight.detach() for weight in model.rnn.parameters())
    shared = model.rnn.get_parameter("weight_hh_l0").detach()
    own = [shared.clone().requires_grad_() for _step in range(x.shape[1])]
    hidden = cell = x.new_zeros(1, model.rnn.hidden_size)
    states = []
    for x_t, weight in zip(x[0], own, strict=True):
        state = (hidden, cell) if kind == "lstm" else hidden
        given = STEP[kind](x_t[None], state, before, weight, *biases)
        hidden, cell = given if kind == "lstm" else (given, cell)
        states.append(hidden)
    return torch.autograd.grad(loss(model.head(torch.stack(states, 1))), own)
