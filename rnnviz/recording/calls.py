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
from rnnviz.recording.passes import ACTIVATIONS, Pass, Weights, storage, working
from rnnviz.recording.wanted import ALL, Wanted

Key = tuple[int, int]  # layer and direction of a pass


@dataclass(frozen=True)
class Seen:
    """A call as it came.

    kind: 'rnn', 'gru' or 'lstm'; nonlinearity: of an RNN. weights: PyTorch's flat list, a snapshot, since an optimiser may
    step before the block ends. tracked: whether it is part of autograd's graph. follows: the earlier calls whose states it
    was given. wanted: what is to be held of it: all of a call that a backward may come to. lowered: the type that torch.autocast
    turned what it read into, None where it was off.
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
    wanted: Wanted = ALL
    lowered: torch.dtype | None = None

    @property
    def held(self) -> tuple[int, ...]:
        """The layers of which something is held, in order."""
        return self.wanted.of_layers(self.layers)

    def place(self, key: Key) -> Key:
        """Where a pass lies in an array of the layers that are held, and of the directions."""
        return self.held.index(key[0]), key[1]

    @property
    def dtype(self) -> torch.dtype:
        return self.weights[0].dtype

    @property
    def ran_in(self) -> torch.dtype:
        """The type that the kernel multiplied in."""
        return self.lowered or self.dtype

    def read(self, tensor: Tensor) -> Tensor:
        """An input or a weight as the kernel read it."""
        return tensor if self.lowered is None else tensor.detach().to(self.lowered)

    def weights_of(self, key: Key) -> Weights:
        """Those of one pass as the kernel read them, in the trace's type."""
        layer, direction = key
        each = len(self.weights) // (self.layers * self.directions)
        at = (layer * self.directions + direction) * each
        return Weights.of(
            [working(self.read(weight)) for weight in self.weights[at : at + each]], self.biases
        )

    def storage(self, like: Tensor, wide: int) -> Tensor:
        """(layer, direction, time, batch, wide) of the layers that are held, to be filled."""
        return storage(like, len(self.held), self.directions, self.layout.steps, self.layout.batch, wide)


@dataclass(frozen=True)
class Run:
    """A call that has run.

    hidden: (layer, direction, time, batch, unit) in reading order; the passes hold parts of it. input: of the first
    layer, (time, batch, input), empty where nobody wants it. rows: room for all gates,
    where a kernel handed out those of a pass. edited: passes whose gates stand as an edit left them, and the error of those
    that were recovered for it.
    """

    hidden: Tensor
    passes: Mapping[Key, Pass]
    input: Tensor
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

    backwards: which backward calls came, by autograd's numbers of them.
    """

    total: Tensor
    direct: Tensor
    cell: Tensor | None = None
    backwards: frozenset[int] = frozenset()

    def __add__(self, other: "Gradients") -> "Gradients":
        cell = other.cell if self.cell is None or other.cell is None else self.cell + other.cell
        return Gradients(
            self.total + other.total, self.direct + other.direct, cell, self.backwards | other.backwards
        )

    def copy(self) -> "Gradients":
        """The same, in arrays of its own."""
        cell = None if self.cell is None else self.cell.clone()
        return replace(self, total=self.total.clone(), direct=self.direct.clone(), cell=cell)


@dataclass(frozen=True)
class CameBack:
    """What all backward calls so far brought to one call.

    gradients: of its passes. handed: dL/dh_0 of each pass, which the call before may have given. cut: whether a backward was
    told to stop on its way to what lies below. unknown: whether more came back, through gradients of gradients.
    """

    gradients: Mapping[Key, Gradients] = field(default_factory=dict)
    handed: Mapping[Key, Tensor] = field(default_factory=dict)
    cut: bool = False
    unknown: bool = False

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

    seen, run: as above; run raises RuntimeError before the call has run. came_back: so far; further: what came through
    gradients of gradients (`second_order`), added to in place. recordings: how many keep it;
    listening: how many of them still take what comes back.
    """

    def __init__(self, seen: Seen):
        self.seen = seen
        self.came_back = CameBack()
        self.further: dict[Key, Gradients] = {}
        self.recordings = self.listening = 0
        self._run: Run | None = None
        self._recovered: Recovered | None = None

    @property
    def run(self) -> Run:
        if self._run is None:
            raise RuntimeError(f"this call of the {self.seen.kind} has not run yet")
        return self._run

    def has_run(self, run: Run, recordings: int, listening: int) -> None:
        """It ran, and so many recordings keep it, of which so many take what comes back."""
        self._run, self.recordings, self.listening = run, recordings, listening

    def all_that_came_back(self) -> CameBack:
        """Until now, and no longer changing."""
        back = self.came_back
        for key, further in self.further.items():
            back = back.with_gradients(key, further.copy())
        return back

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
        self.edited: dict[Key, float] = {}
        self.hidden: Tensor | None = None
        self.rows: Tensor | None = None
        self.input: Tensor | None = None

    def rows_of(self, key: Key, gates: int) -> Tensor:
        """Where a kernel that hands out its gates may put those of a pass."""
        if self.rows is None:
            self.rows = self.seen.storage(working(self.seen.weights[0]), gates)
        return self.rows[self.seen.place(key)]

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
        own = self.hidden[seen.place(key)]
        own.copy_(hidden)
        input = seen.read(input)
        if seen.wanted.replays(seen.kind):
            # the caller may write to the first layer's input later; those above are nobody else's
            input = working(input) if key[0] else _copy(input)
        else:
            input = working(input).new_empty(len(input), 0, 0)
        if key == (0, 0) and self.input is None:
            self.input = input
        rows = self.rows[seen.place(key)] if given and self.rows is not None else None
        states = tuple(working(state).clone() for state in initial)
        one = Pass(seen.kind, seen.nonlinearity, input, own, states, seen.weights_of(key), rows)
        cell = working(final[1]).clone() if seen.kind == "lstm" else None
        one = self.passes[key] = replace(one, valid=seen.layout.valid, given=given, final_cell=cell)
        return one

    def keep_input(self, input: Tensor) -> None:
        """Notes what the first layer reads, (time, batch, input), where nothing else holds it."""
        self.input = _copy(self.seen.read(input))

    def edit(self, key: Key, one: Pass, error: float) -> None:
        """Notes a pass as an edit left it."""
        self.passes[key], self.edited[key] = one, error

    def done(self) -> Run:
        """All passes are noted. Raises RuntimeError where there was none."""
        if self.hidden is None:
            raise RuntimeError(f"no pass of this {self.seen.kind} has run")
        input = self.hidden.new_empty(0) if self.input is None else self.input
        return Run(self.hidden, self.passes, input, self.rows, self.edited)


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
        at = seen.place(key)
        own = (None if rows is None else rows[at], None if cell is None else cell[at])
        one = replace(known, rows=own[0], cell=own[1])
        if key in run.edited:
            for room, array in zip(own, (known.rows, known.cell), strict=True):
                if room is not None and array is not None:
                    room.copy_(array)
            off = run.edited[key]
        else:
            one, off = gates.recover(one)
        if off >= error:
            error, tolerance = off, gates.rounding(one, off, seen.ran_in)
        passes[key] = one
    return Recovered(run.hidden, passes, rows, cell, error, tolerance)


def recover_some(seen: Seen, run: Run, names: Sequence[str]) -> tuple[dict[str, Tensor], float, float]:
    """Some of what `recover` gives, by name, each (layer, direction, time, batch, unit), with its replay_error and tolerance;
    the rest is held for a few steps at a time."""
    units = next(iter(run.passes.values())).units
    found = {name: seen.storage(run.hidden, units) for name in names}
    error, tolerance = 0.0, math.inf
    for key, one in run.passes.items():
        for first, part, off in gates.recover_by_parts(one):
            arrays = {} if part.cell is None else {"cell": part.cell}
            if part.rows is not None:
                activations = ACTIVATIONS[seen.kind]
                arrays |= dict(zip(activations, part.rows.chunk(len(activations), -1), strict=True))
            for name in names:
                found[name][seen.place(key)][first : first + len(part.hidden)] = arrays[name]
            if off >= error:
                error, tolerance = off, gates.rounding(part, off, seen.ran_in)
    return found, error, tolerance


def _copy(tensor: Tensor) -> Tensor:
    own = working(tensor)
    return storage(own, *own.shape).copy_(own)
