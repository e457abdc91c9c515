"""One layer and direction of a call, in torch's own kernel: the part of a network that is run and kept at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from rnnviz.recording import edits, kernels
from rnnviz.recording.calls import Key, Running
from rnnviz.recording.edits import Edit
from rnnviz.recording.layout import Layout
from rnnviz.recording.passes import Pass, working
from rnnviz.recording.torch_private import in_one_buffer

Kernel = Callable[..., tuple[Tensor, ...]]


@dataclass(frozen=True)
class Placing:
    """An edit of a module that is called, its title, and the first step of this call, counted over all calls."""

    edit: Edit
    title: str
    start: int


def place(running: Running, key: Key, one: Pass, placing: Sequence[Placing]) -> list[edits.Placed]:
    """The edits of one layer and direction. Raises ValueError for an edit of what this call does not have anywhere."""
    seen, (layer, direction) = running.seen, key
    placed = []
    for each in placing:
        here = edits.place(
            each.edit, each.title, one, seen.layers, seen.directions, each.start, seen.layout.order
        )
        if (each.edit.layer, edits.DIRECTIONS.index(each.edit.direction)) == (layer, direction):
            placed.append(here)
    return placed


def order_of(layout: Layout, key: Key) -> edits.Order:
    """For each step in reading order, the sequences that have it, each with the step of the text that it is."""
    lengths: list[int] = layout.lengths.tolist()

    def order(t: int) -> list[tuple[int, int]]:
        rows = [row for row, length in enumerate(lengths) if t < length]
        return [(row, lengths[row] - 1 - t if key[1] else t) for row in rows]

    return order


@dataclass(frozen=True)
class Layer:
    """One layer and direction, by its number, as `kernel` runs it. states: how many it carries, h alone or h and c. alone:
    whether its module has no other. lowered: what torch.autocast turns its numbers into, None where it is off."""

    key: Key
    kernel: Kernel
    layout: Layout
    biases: bool
    training: bool
    states: int
    alone: bool = True
    lowered: torch.dtype | None = None

    def plain(self, x: Tensor, begin: Sequence[Tensor], weights: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """torch's own kernel on the data as they lie: output and final states."""
        return self._call(x, begin, weights, self.layout.sizes)

    def _call(
        self, x: Tensor, begin: Sequence[Tensor], weights: Sequence[Tensor], sizes: Tensor | None
    ) -> tuple[Tensor, ...]:
        if not self.alone and x.is_cuda:
            weights = in_one_buffer(weights, self.kernel)
        states = tuple(begin) if self.states > 1 else begin[0]
        more = (list(weights), self.biases, 1, 0.0, self.training, False)
        return self.kernel(x, states, *more, False) if sizes is None else self.kernel(x, sizes, states, *more)

    def forward(
        self,
        running: Running,
        x: Tensor,
        begin: Sequence[Tensor],
        weights: Sequence[Tensor],
        placing: Sequence[Placing] = (),
    ) -> tuple[Tensor, ...]:
        """Runs, and notes the pass in `running`: output and final states, with the edits of `placing` made."""
        if self.lowered is not None:
            # autocast keeps what it made of a leaf, and here without its graph: who used the weight next would lose its gradient
            weights = [weight.detach() for weight in weights]
        given = (
            running.seen.kind == "lstm"
            and self.lowered is None
            and running.seen.wanted.all_gates("lstm")
            and self.layout.sizes is None
            and kernels.gives_gates(x, begin, weights, self.biases)
        )
        result: tuple[Tensor, ...]
        if given:
            rows = running.rows_of(self.key, weights[1].shape[0])
            result = kernels.lstm(x, begin, weights, self.biases, rows)
        else:
            result = self.plain(x, begin, weights)
        wanted, held = running.seen.wanted, self.key[0] in running.seen.held
        with torch.no_grad():
            dense = self.layout.dense
            if self.key == (0, 0) and "input" in wanted and not (held and wanted.replays(running.seen.kind)):
                running.keep_input(dense(x))
            if not held:
                return result
            initial, final = ([state[0] for state in states] for states in (begin, result[1:]))
            one = running.keep(self.key, dense(x), dense(result[0]), initial, final, given)
            return self._edited(running, one, result, placing, weights) if placing else result

    def _edited(
        self,
        running: Running,
        one: Pass,
        result: tuple[Tensor, ...],
        placing: Sequence[Placing],
        weights: Sequence[Tensor],
    ) -> tuple[Tensor, ...]:
        """The result with the edits of this layer and direction made; the very result where none changes a number."""
        layout = self.layout
        placed = place(running, self.key, one, placing)
        if not placed:
            return result

        def segment(x: Tensor, states: Sequence[Tensor]) -> Tensor:
            dtype = weights[0].dtype
            begin = [state[None].to(dtype) for state in states]
            return working(self._call(x.to(dtype), begin, weights, None)[0])

        one, error, changed = edits.run(one, placed, segment, order_of(layout, self.key))
        running.edit(self.key, one, error)
        if not changed:
            return result
        states = (one.hidden,) if one.cell is None else (one.hidden, one.cell)
        finals = [s[layout.last][None].to(x.dtype) for x, s in zip(result[1:], states, strict=True)]
        return layout.flat(one.hidden).to(result[0].dtype, copy=True), *finals
