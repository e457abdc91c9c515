"""One call of a recurrent module, in the states that it goes through. Each is a record that does not change; the next step
makes the next one.

    Seen        it came: its kind, its shape, its weights            before any kernel has run
    Run         it ran: the states of every layer and direction      as the kernels returned them
    Recovered   its gates and cells are known                        when a backward or a reader needs them (`gates`)
    CameBack    what every backward so far brought back              beside the others, as it may come at any time

What is read into a trace (`to_trace`) is made from the last of them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from rnnviz.recording import gates
from rnnviz.recording.layout import Layout
from rnnviz.recording.passes import Pass, Weights, distance, storage, working

Key = tuple[int, int]  # layer and direction of a pass


@dataclass(frozen=True)
class Seen:
    """A call as it came.

    kind: 'rnn', 'gru' or 'lstm'; nonlinearity: of an RNN. weights: PyTorch's flat list, a snapshot, since an optimiser may
    step before the block ends. tracked: whether it is part of autograd's graph. follows: the earlier calls whose states it
    was given.
    """

    kind: str
    nonlinearity: str
    layers: int
    directions: int
    layout: Layout
    weights: Sequence[Tensor]
    biases: bool
    tracked: bool = False
    follows: "tuple[Call, ...]" = ()

    @property
    def dtype(self) -> torch.dtype:
        return self.weights[0].dtype

    def weights_of(self, key: Key) -> Weights:
        """Those of one pass, in the trace's type."""
        layer, direction = key
        each = len(self.weights) // (self.layers * self.directions)
        at = (layer * self.directions + direction) * each
        return Weights.of([working(weight) for weight in self.weights[at : at + each]], self.biases)

    def storage(self, like: Tensor, wide: int) -> Tensor:
        """(layer, direction, time, batch, wide), to be filled."""
        return storage(like, self.layers, self.directions, self.layout.steps, self.layout.batch, wide)


@dataclass(frozen=True)
class Run:
    """A call that has run.

    hidden: (layer, direction, time, batch, unit) in reading order; the passes hold parts of it. final_cells: c_n of each
    pass as the kernel returned it. rows: room for all gates, where a kernel handed out those of a pass. edited: passes
    whose gates stand as an edit left them, and the error of those that were recovered for it.
    """

    hidden: Tensor
    passes: Mapping[Key, Pass]
    final_cells: Mapping[Key, Tensor] = field(default_factory=dict)
    rows: Tensor | None = None
    edited: Mapping[Key, float] = field(default_factory=dict)

    @property
    def untouched(self) -> bool:
        """Whether nothing but the states is known."""
        return self.rows is None and not self.edited


@dataclass(frozen=True)
class Recovered:
    """A call whose gates are known.

    hidden: as in `Run`. passes: with their gates and cells, which lie in rows (layer, direction, time, batch, gate * unit)
    and cell (…, unit); None for a kind that has none. replay_error: the largest difference between the states that follow
    from the gates and the kernel's; tolerance: what rounding explains of it.
    """

    hidden: Tensor
    passes: Mapping[Key, Pass]
    rows: Tensor | None
    cell: Tensor | None
    replay_error: float
    tolerance: float


@dataclass(frozen=True)
class Gradients:
    """What came back through one pass, summed over all backward calls: (time, batch, unit) in reading order.

    calls: how many came; one that brings a part of a step (a cell's own gradient) counts for none.
    """

    total: Tensor
    direct: Tensor
    cell: Tensor | None = None
    calls: int = 1

    def __add__(self, other: "Gradients") -> "Gradients":
        cell = other.cell if self.cell is None or other.cell is None else self.cell + other.cell
        return Gradients(self.total + other.total, self.direct + other.direct, cell, self.calls + other.calls)


@dataclass(frozen=True)
class CameBack:
    """What all backward calls so far brought to one call.

    gradients: of its passes. handed: dL/dh_0 of each pass, which the call before may have given. cut: whether a backward was
    told to stop on its way to what lies below.
    """

    gradients: Mapping[Key, Gradients] = field(default_factory=dict)
    handed: Mapping[Key, Tensor] = field(default_factory=dict)
    cut: bool = False

    def with_gradients(self, key: Key, came: Gradients) -> "CameBack":
        """The same, and this."""
        known = self.gradients.get(key)
        return replace(self, gradients={**self.gradients, key: came if known is None else known + came})

    def with_handed(self, key: Key, came: Tensor) -> "CameBack":
        """The same, and this for the call before."""
        known = self.handed.get(key)
        return replace(self, handed={**self.handed, key: came if known is None else known + came})

    def cut_short(self) -> "CameBack":
        """The same, where a backward stopped."""
        return replace(self, cut=True)


class Call:
    """One call: the records of the states that it has reached. Autograd's nodes and the recordings hold it by this.

    seen, run: as above; run raises RuntimeError before the call has run. came_back: so far. recordings: how many keep it;
    listening: how many of them still take what comes back.
    """

    def __init__(self, seen: Seen):
        self.seen = seen
        self.came_back = CameBack()
        self.recordings = self.listening = 0
        self._run: Run | None = None
        self._recovered: Recovered | None = None

    @property
    def run(self) -> Run:
        if self._run is None:
            raise RuntimeError(f"this call of the {self.seen.kind} has not run yet")
        return self._run

    def has_run(self, run: Run, recordings: int) -> None:
        """It ran, and so many recordings keep it."""
        self._run, self.recordings, self.listening = run, recordings, recordings

    @property
    def is_recovered(self) -> bool:
        return self._recovered is not None

    @property
    def recovered(self) -> Recovered:
        """Its gates and cells, computed when they are first asked for."""
        if self._recovered is None:
            self._recovered = recover(self.seen, self.run)
        return self._recovered


class Running:
    """A call while it runs: its passes are noted one after the other, and make a `Run` in the end."""

    def __init__(self, seen: Seen):
        self.seen = seen
        self.passes: dict[Key, Pass] = {}
        self.final_cells: dict[Key, Tensor] = {}
        self.edited: dict[Key, float] = {}
        self.hidden: Tensor | None = None
        self.rows: Tensor | None = None

    def rows_of(self, key: Key, gates: int) -> Tensor:
        """Where a kernel that hands out its gates may put those of a pass."""
        if self.rows is None:
            self.rows = self.seen.storage(working(self.seen.weights[0]), gates)
        return self.rows[key]

    def keep(
        self,
        key: Key,
        input: Tensor,
        hidden: Tensor,
        initial: Sequence[Tensor],
        final: Sequence[Tensor],
        given: bool = False,
    ) -> Pass:
        """Notes a pass: input and hidden (time, batch, …) in reading order, states (batch, unit).

        given: whether its gates lie in `rows_of` already.
        """
        seen = self.seen
        if self.hidden is None:
            self.hidden = seen.storage(working(hidden), hidden.shape[-1])
        own = self.hidden[key]
        own.copy_(hidden)
        # the caller may write to the first layer's input later; those above are nobody else's
        input = working(input) if key[0] else _copy(input)
        rows = self.rows[key] if given and self.rows is not None else None
        states = tuple(working(state).clone() for state in initial)
        one = Pass(seen.kind, seen.nonlinearity, input, own, states, seen.weights_of(key), rows)
        one = self.passes[key] = replace(one, valid=seen.layout.valid, given=given)
        if seen.kind == "lstm":
            self.final_cells[key] = working(final[1]).clone()
        return one

    def edit(self, key: Key, one: Pass, error: float) -> None:
        """Notes a pass as an edit left it."""
        self.passes[key], self.edited[key] = one, error

    def done(self) -> Run:
        """All passes are noted. Raises RuntimeError where there was none."""
        if self.hidden is None:
            raise RuntimeError(f"no pass of this {self.seen.kind} has run")
        return Run(self.hidden, self.passes, self.final_cells, self.rows, self.edited)


def recover(seen: Seen, run: Run) -> Recovered:
    """The gates and cells of all passes of a call."""
    one = next(iter(run.passes.values()))
    rows, cell = run.rows, None
    if seen.kind != "rnn" and rows is None:
        rows = seen.storage(run.hidden, one.weights.recurrent.shape[0])
    if seen.kind == "lstm":
        cell = seen.storage(run.hidden, one.units)
    passes: dict[Key, Pass] = {}
    error, tolerance = 0.0, math.inf
    for key, known in run.passes.items():
        own = (None if rows is None else rows[key], None if cell is None else cell[key])
        one = replace(known, rows=own[0], cell=own[1])
        if key in run.edited:
            for room, array in zip(own, (known.rows, known.cell), strict=True):
                if room is not None and array is not None:
                    room.copy_(array)
            off = run.edited[key]
        else:
            one, off = gates.recover(one)
        if one.cell is not None and not run.edited:
            off = max(off, distance(one.cell[seen.layout.last], run.final_cells[key]))
        if off >= error:
            error, tolerance = off, gates.rounding(one, off, seen.dtype)
        passes[key] = one
    return Recovered(run.hidden, passes, rows, cell, error, tolerance)


def _copy(tensor: Tensor) -> Tensor:
    own = working(tensor)
    return storage(own, *own.shape).copy_(own)
