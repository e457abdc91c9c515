"""From calls to a trace: what each module left behind, as the arrays of the schema (`rnnviz.trace`).

All calls of a module follow each other on `time`; a backward direction is turned so that a state stands at what it read;
sequences come in the caller's order; what lies beyond a sequence's end is NaN.
"""

import itertools
import math
import warnings
from collections.abc import Container, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from rnnviz.recording import edits
from rnnviz.recording.attention import recorded_looks
from rnnviz.recording.calls import Call, CameBack, Key, Recovered, Run, Seen, recover, recover_some
from rnnviz.recording.layout import Layout
from rnnviz.recording.observed import Observed, Watched
from rnnviz.recording.packed import by_node, side_by_side
from rnnviz.recording.passes import ACTIVATIONS, Pass, storage
from rnnviz.recording.wanted import ALL, Wanted
from rnnviz.trace import Recorded, node, pad_inputs

SHORT = 32  # steps of a call below which many are put together as if they were one
Array = np.ndarray[tuple[int, ...], np.dtype[np.floating]]


def recorded(observed: Observed) -> dict[str, xr.Dataset]:
    """The nodes of every module that was called, by their names.

    Calls that cannot lie on one time axis (another batch size, packed sequences) have nodes of their own, `encoder`,
    `encoder_2`, …, whose attribute `calls` says which they are; of many packed ones see `packed`.

    Raises RuntimeError where the weights of a module changed between its calls, ValueError for an edit of a step that never
    came; where other nodes remain it warns, and leaves that one out. Warns with RuntimeWarning where gates rebuild the states
    worse than rounding explains.
    """
    found: dict[str, xr.Dataset] = {}
    refused: list[RuntimeError | ValueError] = []
    with torch.no_grad():
        for title, watched in observed.titled.items():
            try:
                parts = _module(watched, observed.wanted)
                for number, part in enumerate(parts):
                    own = title if not number else free(f"{title}_{number + 1}", found)
                    found[own] = side_by_side([node(own, each) for each in part])
            except (RuntimeError, ValueError) as error:
                refused.append(error)
        found |= looks_of(observed, found)
    if refused and not found:
        raise refused[0]
    missing = [f"{refusal}; its node is left out" for refusal in refused] + (
        observed.left_out if found else []
    )
    for line in missing:
        warnings.warn(line, RuntimeWarning, stacklevel=3)
    return found


def looks_of(observed: Observed, taken: Container[str]) -> dict[str, xr.Dataset]:
    """The nodes of all attention, under names that are not taken."""
    found: dict[str, xr.Dataset] = {}
    for module, looks in observed.looks.items():
        name = observed.names[module]
        for number, part in enumerate(recorded_looks(looks)):
            title = name or "attention"
            if title in taken or title in found:
                title = f"{name}_attention" if name else "attention_itself"
            title = title if not number else f"{title}_{number + 1}"
            while title in taken or title in found:
                title += "_"
            found[title] = node(title, part)
    return found


def beside(problems: Iterable[str]) -> None:
    """Warns of words that do not fit a trace."""
    for line in problems:
        advice = "left out; give them afterwards: rnnviz.named(recording.trace, …)"
        warnings.warn(f"{line}; {advice}", RuntimeWarning, stacklevel=3)


def free(title: str, taken: Container[str]) -> str:
    """The title, or one like it that no node has."""
    if title not in taken:
        return title
    return next(f"{title}_{number}" for number in itertools.count(2) if f"{title}_{number}" not in taken)


def _module(watched: Watched, wanted: Wanted) -> list[list[Recorded]]:
    """All calls of one module, those together that can lie on one time axis, by the node that they are in."""
    name, calls = watched.title, watched.calls
    _refuse_unlike(name, calls)
    edited = _edited(name, watched.edits, sum(call.seen.layout.steps for call in calls))
    gradients = _gradient_arrays(calls, watched.came_back, wanted)
    together = grouped(calls)
    found = []
    for numbers in together.values():
        own = [gradients[number] for number in numbers] if gradients else []
        back = [watched.came_back[number] for number in numbers]
        attributes = edited if len(together) == 1 else edited | {"calls": np.array(numbers)}
        found.append(of_calls(name, [calls[number] for number in numbers], wanted, own, back, attributes))
    return by_node(found, lambda _part: None)


def grouped(calls: Sequence[Call]) -> dict[Hashable, list[int]]:
    """The numbers of the calls that can lie on one time axis: of one batch size, each packed one alone."""
    together: dict[Hashable, list[int]] = {}
    for number, call in enumerate(calls):
        layout = call.seen.layout
        together.setdefault((layout.batch, None if layout.valid is None else number), []).append(number)
    return together


def of_calls(
    name: str,
    calls: Sequence[Call],
    wanted: Wanted,
    gradients: Sequence[dict[str, Tensor]] = (),
    came_back: Sequence[CameBack] = (),
    more: Mapping[str, object] = MappingProxyType({}),
    by_call: bool = False,
) -> Recorded:
    """Calls of one module that follow each other on `time`. gradients: of each, if there are any; more: attributes; by_call:
    whether the states before each call are given also where there is one call."""
    seen = calls[0].seen
    layers = wanted.of_layers(seen.layers)
    steps = [call.seen.layout.steps for call in calls]
    pieces, errors = _pieces(calls, wanted)
    for error, tolerance in errors:
        if error > tolerance:
            warnings.warn(
                f"{name!r}: the gates rebuild its states with an error of {error:.3g},"
                f" more than rounding explains ({tolerance:.3g})",
                RuntimeWarning,
                stacklevel=5,
            )
    joined = {key: _along_time([piece[key] for piece in pieces]) for key in pieces[0]}
    if gradients:
        joined |= {key: _along_time([own[key] for own in gradients]) for key in gradients[0]}
    arrays = {key: _finished(seen, key, array, steps) for key, array in joined.items()}
    arrays |= _initials(calls, layers, by_call) | _weight_arrays(seen, layers)
    attributes: dict[str, object] = {"nonlinearity": seen.nonlinearity} if seen.nonlinearity else {}
    attributes["steps"] = sum(steps)  # so that a slice of time can be told from the whole
    if errors:
        attributes["replay_error"] = max(error for error, _ in errors)
    if wanted.fields is not None:
        attributes["kept"] = " ".join(["hidden", *sorted(wanted.fields)])
    attributes |= {**more} | (_odd_numbers(arrays["input"], seen) if "input" in arrays else {})
    if gradients:
        came = [own for one in came_back for own in one.gradients.values()]
        attributes["backward_calls"] = max(1, *(len(own.backwards) for own in came))
    lengths = None
    if seen.layout.valid is not None:
        lengths = seen.layout.unsorted(seen.layout.lengths, 0).cpu().numpy()
    return Recorded(
        seen.kind, arrays, steps, attributes, lengths, None if layers == tuple(range(seen.layers)) else layers
    )


def _refuse_unlike(name: str, calls: Sequence[Call]) -> None:
    first = calls[0].seen
    for number, call in enumerate(calls):
        if call.seen.weights is not first.weights:
            raise RuntimeError(
                f"the weights of {name!r} changed before its call {number}:"
                " record each step of training in its own block"
            )


def _edited(name: str, made: Sequence[edits.Edit], total: int) -> dict[str, object]:
    for each in made:
        if edits.last_step(each) >= total:
            raise ValueError(
                f"edit of {name!r}, {each.field}: step {edits.last_step(each)} is not there; wanted 0 to {total - 1}"
            )
    return {"edits": "; ".join(map(str, made))} if made else {}


def _pieces(
    calls: Sequence[Call], wanted: Wanted
) -> tuple[list[dict[str, Tensor]], list[tuple[float, float]]]:
    """The arrays of all calls that are wanted, those of many short ones as if they were one call, in one go; and the errors with
    which gates rebuilt the states, with what rounding explains."""
    if all(call.run.untouched and not call.is_recovered for call in calls):
        if wanted.fields is not None:
            return _some_pieces(calls, wanted)
        if len(calls) > 1:
            seen, run = _joined(calls)
            one = recover(seen, run)
            return [_chosen(seen, _arrays(seen, run, one), wanted)], [(one.replay_error, one.tolerance)]
    pieces = [
        _own(_chosen(call.seen, _arrays(call.seen, call.run, call.recovered), wanted), call, wanted)
        for call in calls
    ]
    return pieces, [(call.recovered.replay_error, call.recovered.tolerance) for call in calls]


def _some_pieces(
    calls: Sequence[Call], wanted: Wanted
) -> tuple[list[dict[str, Tensor]], list[tuple[float, float]]]:
    """The same where only some fields are wanted: no more than a few steps of the others are held at once, but of short calls."""
    pieces, errors = [], []
    short = len(calls) > 1 and sum(call.seen.layout.steps for call in calls) < SHORT * len(calls)
    for seen, run in [_joined(calls)] if short else [(call.seen, call.run) for call in calls]:
        found = {"hidden": run.hidden, "input": run.input}
        if names := wanted.recovered(seen.kind):
            some, error, tolerance = recover_some(seen, run, names)
            found |= some
            errors.append((error, tolerance))
        pieces.append(_chosen(seen, found, wanted))
    if not short:
        pieces = [_own(piece, call, wanted) for piece, call in zip(pieces, calls, strict=True)]
    return pieces, errors


def _chosen(seen: Seen, arrays: dict[str, Tensor], wanted: Wanted) -> dict[str, Tensor]:
    """Those that are wanted, of the layers that are."""
    places = [seen.held.index(layer) for layer in wanted.of_layers(seen.layers)]
    every = places == list(range(len(seen.held)))
    return {
        name: array if every or name == "input" else array[places]
        for name, array in arrays.items()
        if name == "hidden" or name in wanted
    }


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
        cells = [p.final_cell for p in own if p.final_cell is not None]
        passes[key] = replace(
            one,
            input=input,
            hidden=hidden[first.seen.place(key)],
            initial=initial,
            starts=starts,
            final_cell=torch.stack(cells) if cells else None,
        )
    seen = replace(first.seen, layout=Layout(sum(steps), first.seen.layout.batch))
    return seen, Run(hidden, passes, torch.cat([call.run.input for call in calls]))


def _own(arrays: dict[str, Tensor], call: Call, wanted: Wanted) -> dict[str, Tensor]:
    """Copies, where another recording has them too, a backward after the block will still need them, or they are parts of
    something larger that need not be kept."""
    parts = wanted != ALL and call.is_recovered
    if call.recordings > 1 or parts or (call.seen.tracked and not call.came_back.gradients):
        return {key: array.clone() for key, array in arrays.items()}
    return arrays


def _arrays(seen: Seen, run: Run, one: Recovered) -> dict[str, Tensor]:
    """(layer, direction, time, batch, …) in reading order, and the input as it was read."""
    found = {"hidden": one.hidden, "input": run.input}
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
    for layer in range(len(array)):
        at = 0
        for each in steps:
            part = slice(at, at + each)
            turned[layer, 1, part] = seen.layout.turned_dense(array[layer, 1, part])
            at += each
    return turned


def _initials(calls: Sequence[Call], layers: Container[int], by_call: bool) -> dict[str, Array]:
    """The states before the first call, and where there are several before each."""
    found = {}
    for position, name in enumerate(("hidden_initial", "cell_initial")[: 1 + (calls[0].seen.kind == "lstm")]):
        each = []
        for call in calls:
            own = [one.initial[position] for key, one in call.run.passes.items() if key[0] in layers]
            states = _by_pass(own, call.seen)
            each.append(call.seen.layout.unsorted(states, 2).cpu().numpy())
        found[name] = each[0]
        if len(each) > 1 or by_call:
            found[f"{name}_by_call"] = np.stack(each)
    return found


def _by_pass(arrays: Sequence[Tensor], seen: Seen) -> Tensor:
    """(layer, direction, …) of one array for each pass of some layers."""
    stacked = arrays[0][None] if len(arrays) == 1 else torch.stack(list(arrays))
    return stacked.view(len(arrays) // seen.directions, seen.directions, *stacked.shape[1:])


def _gradient_arrays(
    calls: Sequence[Call], came_back: Sequence[CameBack], wanted: Wanted
) -> list[dict[str, Tensor]]:
    """Total and direct gradients of each call, nothing where no backward came. What the loss does not depend on is 0;
    what a backward was told not to reach is not known, NaN."""
    if not any(own.gradients for own in came_back):
        return []
    unknown = math.nan if _cut_short(calls, came_back) else 0.0
    found: list[dict[str, Tensor]] = []
    after: dict[Call, list[tuple[Call, CameBack]]] = {}  # the calls that were given the states of each
    for later, back in zip(calls, came_back, strict=True):
        for source in later.seen.follows:
            after.setdefault(source, []).append((later, back))
    for call, own in zip(calls, came_back, strict=True):
        following = after.get(call, [])
        passes: dict[str, list[Tensor]] = {}
        for key, one in call.run.passes.items():
            if key[0] not in wanted.of_layers(call.seen.layers):
                continue
            gradients = None if own.unknown else own.gradients.get(key)
            if gradients is not None:
                total, cell = gradients.total, gradients.cell
                direct = _without_next_calls(key, gradients.direct, call, following)
            else:
                nothing = math.nan if own.unknown else unknown
                total = direct = torch.full_like(one.hidden, nothing)
                cell = one.hidden.new_full((*one.hidden.shape[:2], one.units), nothing)
            passes.setdefault("hidden_grad", []).append(total)
            passes.setdefault("hidden_grad_direct", []).append(direct)
            if call.seen.kind == "lstm" and cell is not None:
                passes.setdefault("cell_grad", []).append(cell)
        found.append({name: _by_pass(arrays, call.seen) for name, arrays in passes.items() if name in wanted})
    return found


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
    key: Key, direct: Tensor, call: Call, following: Iterable[tuple[Call, CameBack]]
) -> Tensor:
    """What later calls that began with this one's last states hand back is not direct. What of a state was set to zero on its
    way (a reset by a mask) hands nothing back; where it was changed otherwise, how much came back is not known: NaN."""
    one, order = call.run.passes[key], call.seen.layout.order
    for later, back in following:
        if key not in back.handed:
            continue
        direct = direct.clone()
        if later.seen.layout.valid is call.seen.layout.valid is None:
            last, begun = one.hidden[-1], later.run.passes[key].initial[0]
            if last.shape == begun.shape and torch.equal(last, begun):
                direct[-1] -= back.handed[key]
                continue
        begun = later.seen.layout.unsorted(later.run.passes[key].initial[0], 0)
        handed = later.seen.layout.unsorted(back.handed[key], 0)
        last = call.seen.layout.unsorted(one.hidden[one.ends], 0)
        if begun.shape != last.shape:
            direct[one.ends] = math.nan
            continue
        kept, reset = begun == last, begun == 0
        share = torch.full_like(last, math.nan).masked_fill(reset, 0.0).masked_fill(kept, 1.0)
        share = share.masked_fill(kept & reset, math.nan)  # what is 0 anyway does not say which it was
        share = torch.where(reset.all(-1, keepdim=True), 0.0, share)
        share = torch.where(kept.all(-1, keepdim=True), 1.0, share)
        through = torch.where(handed == 0, 0.0, handed * share)
        direct[one.ends] -= (
            through if order is None else torch.empty_like(through).index_copy_(0, order, through)
        )
    return direct


def _odd_numbers(input: Array, seen: Seen) -> dict[str, object]:
    valid = input if seen.layout.valid is None else input[~np.isnan(input).all(-1)]
    odd = int(valid.size - np.isfinite(valid).sum())
    return {"nonfinite_inputs": odd} if odd else {}


def _weight_arrays(seen: Seen, layers: Sequence[int]) -> dict[str, Array]:
    """Weights and biases over (layer, direction, gate, unit, …)."""
    gates = max(1, len(ACTIVATIONS[seen.kind]))

    def by_gate(key: Key, name: str) -> Array:
        """(gate, unit, …) of one pass."""
        weight: Tensor = getattr(seen.weights_of(key), name)
        own: Array = weight.view(gates, len(weight) // gates, *weight.shape[1:]).cpu().numpy()
        return own

    def of_layers(name: str) -> list[Array]:
        return [
            np.stack([by_gate((layer, direction), name) for direction in range(seen.directions)])
            for layer in layers
        ]

    found: dict[str, Array] = {
        "input_weight": pad_inputs(of_layers("input")),
        "recurrent_weight": np.stack(of_layers("recurrent")),
    }
    for name in ("input_bias", "recurrent_bias"):
        zeros = np.zeros_like(found["recurrent_weight"][..., 0])
        found[name] = np.stack(of_layers(name)) if seen.biases else zeros
    keys = itertools.product(layers, range(seen.directions))
    projections = [p for key in keys if (p := seen.weights_of(key).projection) is not None]
    if projections:
        found["projection_weight"] = _by_pass(projections, seen).cpu().numpy()
    return found
