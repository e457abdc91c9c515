"""Edits: a state or a gate is clamped, zeroed or replaced while a model runs, and everything downstream follows.

Up to the first step at which an edit changes a number, the kernel's own result stands, to the bit; so an edit that writes
back what was recorded changes nothing. An edited step is computed by hand (`cells`), and the steps after it are the
kernel's again, from the edited state.
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn, SupportsIndex, cast

import torch
from torch import Tensor

from rnnviz.recording import cells, gates
from rnnviz.recording.cells import States
from rnnviz.recording.passes import ACTIVATIONS, Pass, product

FIELDS = {
    "lstm": (*ACTIVATIONS["lstm"], "cell", "hidden"),
    "gru": (*ACTIVATIONS["gru"], "hidden"),
    "rnn": ("hidden",),
}
DIRECTIONS = ("forward", "backward")

Index = int | slice | Sequence[int] | None
Whole = SupportsIndex | Sequence[SupportsIndex]  # one number, of Python's or of numpy's, or several
Refuse = Callable[[str], NoReturn]
Segment = Callable[[Tensor, States], Tensor]  # input and states -> hidden, the kernel on some steps
Order = Callable[[int], list[tuple[int, int]]]  # step in reading order -> its (batch row, aligned step)


@dataclass(frozen=True)
class Edit:
    """One change to one field of one layer.

        record(model, edit=[Edit("forget_gate", 1.0, units=[3, 7])])           # never forget
        record(model, edit=[Edit("hidden", lambda h: h.clamp(-0.1, 0.1))])
        record(model, edit=[Edit("cell", 0.0, steps=12, module="encoder")])

    field: as in the trace, `hidden`, `cell` or a gate. value: a number; an array that broadcasts to (step, batch, unit) of
    what is chosen; or a function from the values there, (batch, unit) of one step, to the new ones. module: its name in the
    model, needed where the model has several. layer, direction: as in the trace. units, steps, batch: which of them; an
    index, a list, a slice or None for all. steps are counted as on the trace's `time`, over all calls.
    Gradients: a number or an array takes the gradient from what it replaces, and receives it where it is a tensor that asks for
    one; a function is derived by autograd, also by what it holds. `hidden_grad` and the others are of the edited values.
    """

    field: str
    value: float | Tensor | Sequence[Any] | Callable[[Tensor], Tensor]
    units: Index = None
    steps: Index = None
    batch: Index = None
    layer: int = 0
    direction: str = "forward"
    module: str | None = None

    def __str__(self) -> str:
        value = getattr(self.value, "__name__", self.value)
        return (
            f"{self.field} of layer {self.layer}, {self.direction}, units {self.units}, steps {self.steps},"
            f" batch {self.batch}: {value}"
        )


@dataclass
class Placed:
    """An edit as one call of its module has it: which (step, batch) rows and units, and their values."""

    edit: Edit
    steps: dict[int, int]  # step of this call, aligned to the tokens -> its place among those chosen
    batch: Tensor
    units: Tensor
    values: Tensor | None

    def at(self, step: int, now: Tensor) -> Tensor:
        """`now`, (batch, unit), with the edit made."""
        if step not in self.steps:
            return now
        rows = self.batch[:, None]
        if self.values is None:
            change = cast(Callable[[Tensor], Tensor], self.edit.value)
            chosen = change(now[rows, self.units].clone())
            chosen = torch.as_tensor(chosen, dtype=now.dtype, device=now.device)
            wanted = (len(self.batch), len(self.units))
            if chosen.ndim and tuple(chosen.shape) != wanted:
                raise ValueError(
                    f"edit of {self.edit.field}: the function gave shape {tuple(chosen.shape)}; wanted {wanted} (batch, unit)"
                )
        else:
            chosen = self.values[self.steps[step]]
        edited = now.clone()
        edited[rows, self.units] = chosen.to(now)
        return edited


def place(
    edit: Edit, title: str, one: Pass, layers: int, directions: int, start: int, sorting: Tensor | None
) -> Placed:
    """The edit in a call of the module `title` whose first step is the recording's step `start`.

    one: a pass of that call; sorting: where each sequence stands in it, if they were sorted. Raises ValueError naming the
    module, the field, what came and what was wanted.
    """

    def refuse(problem: str) -> NoReturn:
        raise ValueError(f"edit of {title!r}, {edit.field}: {problem}")

    if edit.field not in FIELDS[one.kind]:
        refuse(f"wanted one of {', '.join(FIELDS[one.kind])}")
    if not 0 <= edit.layer < layers:
        refuse(f"layer came as {edit.layer}; wanted 0 to {layers - 1}")
    if edit.direction not in DIRECTIONS[:directions]:
        refuse(f"direction came as {edit.direction!r}; wanted one of {', '.join(DIRECTIONS[:directions])}")
    steps, batch = one.hidden.shape[:2]
    wide = one.hidden.shape[2] if edit.field == "hidden" else one.units
    units = _chosen(edit.units, wide, "unit", refuse)
    rows = _chosen(edit.batch, batch, "batch", refuse)
    wanted = _steps(edit.steps, start, steps, refuse)
    values = None
    if not callable(edit.value):
        size = (max(wanted.values(), default=-1) + 1, len(rows), len(units))
        values = _values(edit.value, one, size, refuse)
    return Placed(
        edit,
        wanted,
        torch.tensor(rows) if sorting is None else sorting.cpu()[rows],
        torch.tensor(units),
        values,
    )


def _values(value: object, one: Pass, whole: tuple[int, int, int], refuse: Refuse) -> Tensor:
    """The values of an edit over (step, batch, unit) of what is chosen; for later calls there may be more steps."""
    try:
        values = torch.as_tensor(cast(Any, value), dtype=one.hidden.dtype, device=one.hidden.device)
    except (TypeError, ValueError, RuntimeError):
        refuse(f"value came as {value!r}; wanted a number, an array or a function")
    if values.ndim == 3 and values.shape[0] > 1 and values.shape[0] >= whole[0]:
        return values.expand(values.shape[0], *whole[1:])
    try:
        return values.expand(whole)
    except RuntimeError:
        if not whole[0]:
            return values
        refuse(f"value came with shape {tuple(values.shape)}; wanted {whole} (step, batch, unit)")


def last_step(edit: Edit) -> int:
    """The last step that an edit names; -1 where it names none."""
    if edit.steps is None or isinstance(edit.steps, slice):
        return -1
    return max(map(operator.index, _several(edit.steps)), default=-1)


def _several(index: Whole) -> list[SupportsIndex]:
    """One or several, as a list."""
    if not hasattr(index, "__len__") or getattr(index, "ndim", 1) == 0:
        return [cast(SupportsIndex, index)]
    return list(cast(Sequence[SupportsIndex], index))


def _chosen(index: Index, length: int, dim: str, refuse: Refuse) -> list[int]:
    if index is None or isinstance(index, slice):
        return list(range(length))[index if index is not None else slice(None)]
    found = _whole(index, dim, refuse)
    for i in found:
        if not -length <= i < length:
            refuse(f"{dim} {i} is not there; wanted 0 to {length - 1}")
    return [i % length for i in found]


def _whole(index: Whole, dim: str, refuse: Refuse) -> list[int]:
    """Whole numbers, one or several; a mask of true and false is none."""
    found = []
    for i in _several(index):
        try:
            found.append(operator.index(i))
        except TypeError:
            refuse(f"{dim} came as {i!r}; wanted whole numbers")
        if isinstance(i, bool) or "bool" in str(getattr(i, "dtype", "")):
            refuse(f"{dim} came as a mask; wanted the whole numbers at which it is true")
    return found


def _steps(index: Index, start: int, steps: int, refuse: Refuse) -> dict[int, int]:
    """Steps of this call (counted from its first) and their places among all that are chosen."""
    if index is None or isinstance(index, slice):
        every = index or slice(None)
        if any(bound is not None and bound < 0 for bound in (every.start, every.stop, every.step)):
            refuse("a slice of steps counts from the start: no negative numbers")
        chosen = list(range(start + steps)[every])
    else:
        chosen = _whole(index, "step", refuse)
        if any(i < 0 for i in chosen):
            refuse(f"step {min(chosen)} is not there; steps are counted from 0")
    return {step - start: place for place, step in enumerate(chosen) if start <= step < start + steps}


def run(one: Pass, placed: Sequence[Placed], segment: Segment, order: Order) -> tuple[Pass, float, bool]:
    """Makes the edits in a pass whose states are the kernel's; its hidden states are then as edited, in place.

    Returns the pass with its gates and cells as edited, the largest error of those that were recovered, and whether a number
    was changed.
    """
    one, error = gates.recover(one)
    steps = len(one.hidden)
    events = sorted({t for t in range(steps) if any(p in e.steps for e in placed for _, p in order(t))})
    carry: States | None = None  # the state after the last step that was made, once it differs
    done, any_change = 0, False
    for t in [*events, steps]:
        if carry is not None and t > done:
            error = max(error, _onward(one, carry, done, t, segment))
            carry = None if t == steps else _states(one, t - 1)
        if t == steps:
            break
        if _edit_step(one, placed, t, carry, order):
            carry, any_change = _states(one, t), True
        done = t + 1
    return one, error, any_change


def _states(one: Pass, t: int) -> States:
    return (one.hidden[t],) if one.cell is None else (one.hidden[t], one.cell[t])


def _onward(one: Pass, carry: States, first: int, end: int, segment: Segment) -> float:
    """The steps first … end - 1 by the kernel, from another state than before."""
    part = slice(first, end)
    one.hidden[part] = segment(one.input[part], carry)
    rest = replace(
        one,
        input=one.input[part],
        hidden=one.hidden[part],
        initial=carry,
        rows=None if one.rows is None else one.rows[part],
        cell=None if one.cell is None else one.cell[part],
        valid=None if one.valid is None else one.valid[part],
        given=False,
        final_cell=None,
    )
    return gates.recover(rest)[1]


def _edit_step(one: Pass, placed: Sequence[Placed], t: int, carry: States | None, order: Order) -> bool:
    """Makes one step with its edits. carry: the state before it, None where that is as it was."""
    names = ACTIVATIONS[one.kind]
    every = (one.hidden,) if one.cell is None else (one.hidden, one.cell)
    before = carry or tuple(
        one.before(states, initial, t, t + 1)[0] for states, initial in zip(every, one.initial, strict=True)
    )
    projection = torch.nn.functional.linear(one.input[t], one.weights.input, one.weights.input_bias)
    recurrent = one.weights.recurrent, one.weights.recurrent_bias
    step: dict[str, Tensor] = {}
    if one.rows is not None and carry is not None:
        make = cells.lstm_gates if one.kind == "lstm" else cells.gru_gates
        step = make(projection, before[0], *recurrent)._asdict()
    elif one.rows is not None:
        step = dict(zip(names, (part.clone() for part in one.rows[t].chunk(len(names), -1)), strict=True))
    changed = carry is not None
    for name in names:
        if one.kind == "gru" and name == "candidate" and changed:
            step[name] = _candidate(one, projection, before[0], step["reset_gate"])
        made = edited(name, step[name], placed, t, order)
        changed |= not torch.equal(made, step[name])
        step[name] = made
    cell = None
    if one.cell is not None:
        carried = step["forget_gate"] * before[1] + step["input_gate"] * step["candidate"]
        kept = carried if changed else one.cell[t]
        cell = edited("cell", kept, placed, t, order)
        changed |= not torch.equal(cell, kept)
    if not changed:
        hidden = one.hidden[t]
    elif cell is not None:
        hidden = cells.lstm_hidden(cells.LSTMGates(**step), cell)
        hidden = hidden if one.weights.projection is None else hidden @ one.weights.projection.T
    elif one.kind == "gru":
        hidden = cells.gru_hidden(cells.GRUGates(**step), before[0])
    else:
        hidden = cells.rnn_states(projection, before[0], *recurrent, one.nonlinearity)
    after = edited("hidden", hidden, placed, t, order)
    changed |= not torch.equal(after, hidden)
    if changed:
        one.hidden[t] = after
        if cell is not None and one.cell is not None:
            one.cell[t] = cell
        if one.rows is not None:
            one.rows[t] = torch.cat([step[name] for name in names], -1)
    return changed


def _candidate(one: Pass, projection: Tensor, previous: Tensor, reset: Tensor) -> Tensor:
    """n = tanh(W_in x + b_in + r (W_hn h + b_hn)) of a GRU whose r is not what it was."""
    rows = slice(2 * one.units, None)
    bias = one.weights.recurrent_bias
    inner = product(previous, one.weights.recurrent[rows], None if bias is None else bias[rows])
    return (projection[..., rows] + reset * inner).tanh()


def edited(name: str, now: Tensor, placed: Sequence[Placed], t: int, order: Order) -> Tensor:
    """`now`, (batch, unit) of a quantity at step t in reading order, with the edits of it made."""
    for each in placed:
        if each.edit.field != name:
            continue
        by_step: dict[int, list[int]] = {}
        for row, step in order(t):
            by_step.setdefault(step, []).append(row)
        for step, rows in by_step.items():
            made = each.at(step, now)
            now = now.clone()
            now[rows] = made[rows]
    return now
