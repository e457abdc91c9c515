"""A language model run in many rows at once, each with a change of its own to states or gates: what a study of units stands on.

The numbers are those of `record(edit=…)`, row by row; layers below the lowest change are run once, layers above the highest by
the kernel.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from rnnviz.models.networks import LanguageModel, Stock, reading
from rnnviz.recording import cells
from rnnviz.recording.cells import States, Touch
from rnnviz.recording.edits import FIELDS
from rnnviz.studies.live import Live
from rnnviz.studies.progress import Progress
from rnnviz.told import Told

ROWS = 64  # that are run together: the processor's product is at its best from here on
NUMBERS = 1 << 25  # that the states of a layer may be: of long texts fewer rows are run together
SCORES = 1 << 22  # numbers that are scored at once: many candidates would fill the memory


@dataclass(frozen=True)
class Change:
    """A field of a layer that is set at every step. chosen: (row, unit), where; value: what it broadcasts from."""

    field: str
    layer: int
    chosen: Tensor
    value: Tensor

    def part(self, rows: slice) -> "Change":
        """The same of some of the rows."""
        value = self.value if self.value.dim() < 2 or len(self.value) == 1 else self.value[rows]
        return Change(self.field, self.layer, self.chosen[rows], value)


def kind_of(rnn: Stock) -> str:
    """'rnn', 'gru' or 'lstm'."""
    return "rnn" if isinstance(rnn, nn.RNN) else "gru" if isinstance(rnn, nn.GRU) else "lstm"


def weights_of(rnn: Stock, layer: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """W_ih, W_hh, b_ih and b_hh of a layer."""
    w_ih, w_hh, b_ih, b_hh = (weight.detach() for weight in rnn.all_weights[layer])
    return w_ih, w_hh, b_ih, b_hh


def untouched(_field: str, now: Tensor) -> Tensor:
    """Leaves the values as they are."""
    return now


def step(rnn: Stock, layer: int, projection: Tensor, before: States, touch: Touch = untouched) -> States:
    """One step of a layer of all rows. projection: W_ih x + b_ih, (row, gate * unit) or (gate * unit,); before: the states.

    touch: is given each field in the order in which it comes about; what follows is made from what it returns.
    """
    _w_ih, w_hh, _b_ih, b_hh = weights_of(rnn, layer)
    nonlinearity = str(rnn.nonlinearity) if isinstance(rnn, nn.RNN) else ""
    return cells.touched_step(kind_of(rnn), projection, before, w_hh, b_hh, touch, nonlinearity)


def start(rnn: Stock, rows: int) -> States:
    """The states before the first step: zeros."""
    weight = weights_of(rnn, 0)[1]
    return tuple(weight.new_zeros(rows, rnn.hidden_size) for _ in range(2 if isinstance(rnn, nn.LSTM) else 1))


def part_of(rnn: Stock, first: int, end: int) -> Stock | None:
    """Its layers first … end - 1 as a module by itself, with time first; None where there are none."""
    if end <= first:
        return None
    width = rnn.input_size if first == 0 else rnn.hidden_size
    more: dict[str, Any] = {"nonlinearity": rnn.nonlinearity} if isinstance(rnn, nn.RNN) else {}
    with torch.device("meta"):  # no number is drawn
        part = type(rnn)(width, rnn.hidden_size, end - first, **more)
    for layer in range(first, end):
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            setattr(part, f"{name}_l{layer - first}", getattr(rnn, f"{name}_l{layer}"))
    return part.eval()


def ids_of(subject: Live, text: str) -> list[int] | None:
    """The ids of a text, where the subject is a `LanguageModel` whose scores are told as they come; None of any other."""
    model = subject.model
    if not isinstance(model, LanguageModel) or subject.loss is not None or subject.next is None:
        return None
    with reading(model), torch.inference_mode():
        ids = subject.encode(text)
        if not isinstance(ids, Tensor) or ids.shape != (1, len(subject.steps(text))):
            return None
        result = model(ids)
        return ids[0].tolist() if torch.equal(subject.next(result), result[0][0]) else None


def states(model: LanguageModel, ids: Sequence[int], changes: Sequence[Change]) -> Tensor:
    """The states of the top layer, (time, row, unit), of a text that every row reads, each with its part of the changes."""
    rnn = model.rnn
    _refuse(rnn, changes)
    rows = len(changes[0].chosen)
    layers = [change.layer for change in changes]
    x: Tensor = model.embedding(torch.tensor(list(ids)))[
        :, None
    ]  # (time, 1, feature): the same in all rows until a layer is changed
    under, above = part_of(rnn, 0, min(layers)), part_of(rnn, max(layers) + 1, rnn.num_layers)
    if under is not None:
        x = under(x)[0]
    for layer in range(min(layers), max(layers) + 1):
        w_ih, _w_hh, b_ih, _b_hh = weights_of(rnn, layer)
        own = [change for change in changes if change.layer == layer]

        def touch(field: str, now: Tensor, own: Sequence[Change] = own) -> Tensor:
            for change in own:
                if change.field == field:
                    now = torch.where(change.chosen, change.value, now)
            return now

        carried, found = start(rnn, rows), []
        alike = x.shape[1] == 1  # all rows read the same: what that gives is one product for all steps
        for below in linear(x, w_ih, b_ih) if alike else x:
            projection = below if alike else linear(below, w_ih, b_ih)
            carried = step(rnn, layer, projection, carried, touch)
            found.append(carried[0])
        x = torch.stack(found)
    if above is not None:
        x = above(x)[0]
    return x


def losses(
    model: LanguageModel, ids: Sequence[int], changes: Sequence[Change], progress: Progress | None = None
) -> Tensor:
    """What each row loses at each step but the last, (row, time - 1), nats; see `states`. progress: told as the rows go."""
    total = len(changes[0].chosen)
    wanted = torch.tensor(list(ids[1:]))
    found = torch.empty(total, len(wanted), dtype=model.head.weight.dtype)
    with reading(model), torch.inference_mode():
        for part in _pieces(total, max(1, min(ROWS, NUMBERS // (model.rnn.hidden_size * len(ids))))):
            if progress is not None:
                progress(part.start, total)
            top = states(model, ids, [change.part(part) for change in changes])
            each = max(1, SCORES // (top.shape[1] * model.head.out_features))
            for steps in _pieces(len(wanted), each):
                scores: Tensor = model.head(top[steps])  # (time, row, candidate)
                of_each = scores.gather(-1, wanted[steps, None, None].expand(-1, len(scores[0]), 1))[..., 0]
                found[part, steps] = (scores.logsumexp(-1) - of_each).T
        if progress is not None:
            progress(total, total)
    return found


def _pieces(total: int, size: int) -> Iterator[slice]:
    for first in range(0, total, size):
        yield slice(first, min(total, first + size))


def _refuse(rnn: Stock, changes: Sequence[Change]) -> None:
    """Raises ValueError for a field or a layer that is not there."""
    for change in changes:
        if change.field not in FIELDS[kind_of(rnn)]:
            raise Told(
                "field must be one of {names}; got {field!r}",
                names=", ".join(FIELDS[kind_of(rnn)]),
                field=change.field,
            )
        if not 0 <= change.layer < rnn.num_layers:
            raise Told(
                "layer must be 0 to {num_layers}; got {layer}",
                num_layers=rnn.num_layers - 1,
                layer=change.layer,
            )
