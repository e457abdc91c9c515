"""From calls to a trace: what each module left behind, as the arrays of the schema (`rnnviz.trace`).

All calls of a module follow each other on `time`; a backward direction is turned so that a state stands at what it read;
sequences come in the caller's order; what lies beyond a sequence's end is NaN.
"""

import math
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from rnnviz.recording import edits
from rnnviz.recording.attention import Look
from rnnviz.recording.calls import Call, CameBack, Key, Recovered, Run, Seen, recover
from rnnviz.recording.layout import Layout
from rnnviz.recording.observed import Observed, Watched
from rnnviz.recording.passes import ACTIVATIONS, Pass, storage, working
from rnnviz.trace import Recorded, pad_inputs

Array = np.ndarray[tuple[int, ...], np.dtype[np.floating]]


def recorded(observed: Observed) -> dict[str, Recorded]:
    """What every module that was called left behind, by the names of their nodes.

    Raises RuntimeError where the calls of one cannot lie in one trace, ValueError for an edit of a step that never came.
    Warns with RuntimeWarning where gates rebuild the states worse than rounding explains.
    """
    with torch.no_grad():
        found = {title: _module(watched) for title, watched in observed.titled.items()}
        return found | {name: _attention(name, looks) for name, looks in observed.looks.items()}


def _module(watched: Watched) -> Recorded:
    """All calls of one module."""
    name, calls = watched.title, watched.calls
    seen = calls[0].seen
    _refuse_unlike(name, calls)
    steps = [call.seen.layout.steps for call in calls]
    gradients = _gradient_arrays(calls, watched.came_back)
    known = _recovered(calls)
    for one in known:
        if one.replay_error > one.tolerance:
            warnings.warn(
                f"{name!r}: the gates rebuild its states with an error of {one.replay_error:.3g},"
                f" more than rounding explains ({one.tolerance:.3g})",
                RuntimeWarning,
                stacklevel=5,
            )
    pieces = [_arrays(seen, one) for one in known]
    if len(known) == len(calls):
        pieces = [_own(piece, call) for piece, call in zip(pieces, calls, strict=True)]
    joined = {key: _along_time([piece[key] for piece in pieces]) for key in pieces[0]} | gradients
    arrays = {key: _finished(seen, key, array, steps) for key, array in joined.items()} | _initials(calls)
    arrays |= _weight_arrays(seen, known[0])
    attributes: dict[str, object] = {"nonlinearity": seen.nonlinearity} if seen.nonlinearity else {}
    attributes["replay_error"] = max(one.replay_error for one in known)
    attributes |= _edited(name, watched.edits, sum(steps)) | _odd_numbers(arrays["input"], seen)
    if gradients:
        came = [own for one in watched.came_back for own in one.gradients.values()]
        attributes["backward_calls"] = max(1, *(own.calls for own in came))
    lengths = None
    if seen.layout.valid is not None:
        lengths = seen.layout.unsorted(seen.layout.lengths, 0).cpu().numpy()
    return Recorded(seen.kind, arrays, steps, attributes, lengths)


def _refuse_unlike(name: str, calls: Sequence[Call]) -> None:
    first = calls[0].seen
    for number, call in enumerate(calls):
        seen = call.seen
        if seen.weights is not first.weights:
            raise RuntimeError(
                f"the weights of {name!r} changed before its call {number}:"
                " record each step of training in its own block"
            )
        if seen.layout.batch != first.layout.batch:
            raise RuntimeError(
                f"{name!r} was called with batch {first.layout.batch}, then {seen.layout.batch}:"
                " record each batch size in its own block"
            )
        if len(calls) > 1 and seen.layout.valid is not None:
            raise RuntimeError(
                f"{name!r} was called {len(calls)} times, one with a packed sequence:"
                " record each packed call in its own block"
            )


def _edited(name: str, made: Sequence[edits.Edit], total: int) -> dict[str, object]:
    for each in made:
        if edits.last_step(each) >= total:
            raise ValueError(
                f"edit of {name!r}, {each.field}: step {edits.last_step(each)} is not there; wanted 0 to {total - 1}"
            )
    return {"edits": "; ".join(map(str, made))} if made else {}


def _attention(name: str, looks: Sequence[Look]) -> Recorded:
    """All calls of one attention, one after the other on `query`; what is padding is NaN."""
    first = looks[0].weight
    for number, look in enumerate(looks):
        if (look.weight.shape[:2], look.weight.shape[3]) != (first.shape[:2], first.shape[3]):
            raise RuntimeError(
                f"{name!r} looked at {tuple(first.shape)} (batch, head, query, key), then, in call {number}, at"
                f" {tuple(look.weight.shape)}: record each in its own block"
            )
    found = {
        "weight": [_without_padding(look.weight, look.valid) for look in looks],
        "score": [_without_padding(look.score, look.valid) for look in looks],
        "context": [look.context for look in looks],
    }
    arrays = {}
    for key, parts in found.items():
        pieces = [part for part in parts if part is not None]
        if len(pieces) == len(looks):
            arrays[key] = working(torch.cat(pieces, 1 if key == "context" else 2)).cpu().numpy()
    return Recorded("attention", arrays, [look.weight.shape[2] for look in looks])


def _without_padding(array: Tensor | None, valid: Tensor | None) -> Tensor | None:
    if array is None or valid is None:
        return array
    return array.masked_fill(~valid[:, None, None], math.nan)


def _recovered(calls: Sequence[Call]) -> list[Recovered]:
    """The gates of all calls: of many short ones as if they were one call, in one go."""
    if len(calls) > 1 and all(call.run.untouched and not call.is_recovered for call in calls):
        seen, run = _joined(calls)
        return [recover(seen, run)]
    return [call.recovered for call in calls]


def _joined(calls: Sequence[Call]) -> tuple[Seen, Run]:
    """Many calls as one; each starts from its own initial state."""
    first = calls[0]
    steps = [call.seen.layout.steps for call in calls]
    hidden = torch.cat([call.run.hidden for call in calls], 2)
    starts = torch.tensor([0, *np.cumsum(steps)[:-1].tolist()], device=hidden.device)
    passes: dict[Key, Pass] = {}
    for key, one in first.run.passes.items():
        own = [call.run.passes[key] for call in calls]
        initial = tuple(torch.stack(states) for states in zip(*(p.initial for p in own), strict=True))
        input = torch.cat([p.input for p in own])
        passes[key] = replace(one, input=input, hidden=hidden[key], initial=initial, starts=starts)
    seen = replace(first.seen, layout=Layout(sum(steps), first.seen.layout.batch))
    return seen, Run(hidden, passes, calls[-1].run.final_cells)


def _own(arrays: dict[str, Tensor], call: Call) -> dict[str, Tensor]:
    """Copies, where another recording has them too, or a backward after the block will still need them."""
    if call.recordings > 1 or (call.seen.tracked and not call.came_back.gradients):
        return {key: array.clone() for key, array in arrays.items()}
    return arrays


def _arrays(seen: Seen, one: Recovered) -> dict[str, Tensor]:
    """(layer, direction, time, batch, …) in reading order, and the input as it was read."""
    found = {"hidden": one.hidden, "input": one.passes[0, 0].input}
    if one.cell is not None:
        found["cell"] = one.cell
    if one.rows is not None:
        names = ACTIVATIONS[seen.kind]
        found |= dict(zip(names, one.rows.chunk(len(names), -1), strict=True))
    return found


def _along_time(pieces: Sequence[Tensor]) -> Tensor:
    return pieces[0] if len(pieces) == 1 else torch.cat(list(pieces), 0 if pieces[0].ndim == 3 else 2)


def _finished(seen: Seen, name: str, array: Tensor, steps: Sequence[int]) -> Array:
    """As the trace has it: aligned to what was read, the caller's order of sequences, NaN beyond their ends."""
    layout = seen.layout
    if name == "input":
        array = array[None, None]
    elif seen.directions == 2:
        array = _aligned(seen, array, steps)
    if layout.valid is not None:
        array = array.masked_fill(~layout.valid[:, :, None], math.nan)
        array = layout.unsorted(array, 3)
    finished: Array = array.transpose(2, 3).cpu().numpy()  # (layer, direction, batch, time, …)
    return finished[0, 0] if name == "input" else finished


def _aligned(seen: Seen, array: Tensor, steps: Sequence[int]) -> Tensor:
    """Each call's backward passes turned, so that a state stands at what it read."""
    turned = storage(array, *array.shape)
    turned[:, 0] = array[:, 0]
    for layer in range(seen.layers):
        at = 0
        for each in steps:
            part = slice(at, at + each)
            turned[layer, 1, part] = seen.layout.turned_dense(array[layer, 1, part])
            at += each
    return turned


def _initials(calls: Sequence[Call]) -> dict[str, Array]:
    """The states before the first call, and where there are several before each."""
    found = {}
    for position, name in enumerate(("hidden_initial", "cell_initial")[: len(_first(calls).initial)]):
        each = []
        for call in calls:
            states = _by_pass([one.initial[position] for one in call.run.passes.values()], call.seen)
            each.append(call.seen.layout.unsorted(states, 2).cpu().numpy())
        found[name] = each[0]
        if len(each) > 1:
            found[f"{name}_by_call"] = np.stack(each)
    return found


def _first(calls: Sequence[Call]) -> Pass:
    return calls[0].run.passes[0, 0]


def _by_pass(arrays: Sequence[Tensor], seen: Seen) -> Tensor:
    """(layer, direction, …) of one array for each pass."""
    stacked = arrays[0][None] if len(arrays) == 1 else torch.stack(list(arrays))
    return stacked.view(seen.layers, seen.directions, *stacked.shape[1:])


def _gradient_arrays(calls: Sequence[Call], came_back: Sequence[CameBack]) -> dict[str, Tensor]:
    """Total and direct gradients of all calls, nothing where no backward came. What the loss does not depend on is 0;
    what a backward was told not to reach is not known, NaN."""
    if not any(own.gradients for own in came_back):
        return {}
    unknown = math.nan if _cut_short(calls, came_back) else 0.0
    found: dict[str, list[Tensor]] = {}
    for number, (call, own) in enumerate(zip(calls, came_back, strict=True)):
        after = zip(calls[number + 1 :], came_back[number + 1 :], strict=True)
        following = [(later, back) for later, back in after if call in later.seen.follows]
        passes: dict[str, list[Tensor]] = {}
        for key, one in call.run.passes.items():
            gradients = own.gradients.get(key)
            if gradients is not None:
                total, cell = gradients.total, gradients.cell
                direct = _without_next_calls(key, gradients.direct, one, following)
            else:
                total = direct = torch.full_like(one.hidden, unknown)
                cell = one.hidden.new_full((*one.hidden.shape[:2], one.units), unknown)
            passes.setdefault("hidden_grad", []).append(total)
            passes.setdefault("hidden_grad_direct", []).append(direct)
            if call.seen.kind == "lstm" and cell is not None:
                passes.setdefault("cell_grad", []).append(cell)
        for name, arrays in passes.items():
            found.setdefault(name, []).append(_by_pass(arrays, call.seen))
    return {name: _along_time(arrays) for name, arrays in found.items()}


def _cut_short(calls: Sequence[Call], came_back: Sequence[CameBack]) -> bool:
    """Whether a backward stopped before it had reached all that it could: it handed something to a call that got nothing."""
    reached = {call for call, own in zip(calls, came_back, strict=True) if own.gradients}
    handing = [
        call
        for call, own in zip(calls, came_back, strict=True)
        if any(bool(handed.any()) for handed in own.handed.values())
    ]
    return any(own.cut for own in came_back) or any(
        source not in reached for call in handing for source in call.seen.follows
    )


def _without_next_calls(
    key: Key, direct: Tensor, one: Pass, following: Iterable[tuple[Call, CameBack]]
) -> Tensor:
    """What later calls that began with this one's last states hand back is not direct. Where such a state was changed on
    its way (a mask, another order of the sequences), how much came back through it is not known: NaN."""
    for later, back in following:
        if key not in back.handed:
            continue
        handed = back.handed[key]
        last, begun = one.hidden[-1], later.run.passes[key].initial[0]
        same = (last == begun).all(-1, keepdim=True) | (handed == 0).all(-1, keepdim=True)
        direct = direct.clone()
        direct[-1] -= torch.where(same, handed, math.nan)
    return direct


def _odd_numbers(input: Array, seen: Seen) -> dict[str, object]:
    valid = input if seen.layout.valid is None else input[~np.isnan(input).all(-1)]
    odd = int(valid.size - np.isfinite(valid).sum())
    return {"nonfinite_inputs": odd} if odd else {}


def _weight_arrays(seen: Seen, one: Recovered) -> dict[str, Array]:
    """Weights and biases over (layer, direction, gate, unit, …)."""
    units = one.passes[0, 0].units

    def by_gate(key: Key, name: str) -> Array:
        """(gate, unit, …) of one pass."""
        weight: Tensor = getattr(one.passes[key].weights, name)
        own: Array = weight.reshape(-1, units, *weight.shape[1:]).cpu().numpy()
        return own

    def of_layers(name: str) -> list[Array]:
        return [
            np.stack([by_gate((layer, direction), name) for direction in range(seen.directions)])
            for layer in range(seen.layers)
        ]

    found: dict[str, Array] = {
        "input_weight": pad_inputs(of_layers("input")),
        "recurrent_weight": np.stack(of_layers("recurrent")),
    }
    for name in ("input_bias", "recurrent_bias"):
        zeros = np.zeros_like(found["recurrent_weight"][..., 0])
        found[name] = np.stack(of_layers(name)) if seen.biases else zeros
    projections = [p.weights.projection for p in one.passes.values() if p.weights.projection is not None]
    if projections:
        found["projection_weight"] = _by_pass(projections, seen).cpu().numpy()
    return found
