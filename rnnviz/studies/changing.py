"""What if it had been different? States and gates of a model are changed while it reads, and everything downstream follows.

    model = rnnviz.live.shipped("shakespeare-lstm")
    found = changing.changed(model, "To be, or not to be", [Change("hidden", "zero", units=(3,), steps=(4, 7))])
    found.divergence                       # (time,), nats: how far the prediction has moved at each step

A change is said in a line, so that a link can hold it: `written` and `parsed`.
"""

import functools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import quote, unquote

import numpy as np
import torch
import xarray as xr

from rnnviz import stats
from rnnviz.recording.edits import DIRECTIONS, FIELDS, Edit
from rnnviz.studies import directions
from rnnviz.studies.live import Edits, Live, Reading
from rnnviz.told import Told

HOW = ("zero", "set", "add", "keep", "freeze", "swap", "lead")
VALUED = ("set", "add", "lead")  # the ways that need a number
LARGEST = 100.0  # that is written into a state
MOST = 12  # changes of one run
MOST_SOURCES = 6  # other texts that those take from
LONGEST_SOURCE = 2000  # characters of one in a link
SAID = re.compile(r"\d{1,6}(-\d{1,6})?( \d{1,6}(-\d{1,6})?)*")
STATES = ("hidden", "cell")
COMPARED = (
    "moved = rnnviz.stats.text.divergence(before.log_probability, after.log_probability)",
    "print(moved.values.round(4))  # nats, step by step",
)
Leads = Mapping[tuple[str, str, int, str, str | None], np.ndarray]  # by Change.way, each (unit,)


class Reads(Protocol):
    """What reads a text with edits made: a `Live`, or a translator (`translating.Translating`)."""

    def read(self, text: str, edit: Edits = ()) -> Reading: ...


@dataclass(frozen=True)
class Change:
    """One change of one field of one layer, over a stretch of steps.

    field: `hidden`, `cell` or a gate, as in the trace. how: 'zero' writes 0; 'set' writes `value`; 'add' adds it; 'keep' writes
    what was there without any change, step by step; 'freeze' holds what was there at the first of the steps; 'swap' writes what
    another text had at the same steps, `source`, or where that is empty the text that all take from; 'lead' adds `value` times
    the direction towards a kind of character that `toward` names (`directions.of`). units: which of them, None for all. steps:
    the first and the last, None for all. layer, direction, module: as of `Edit`. on: whether it counts.

    Raises ValueError, in one line, for what can be no change of any network.
    """

    field: str
    how: str
    units: tuple[int, ...] | None = None
    steps: tuple[int, int] | None = None
    value: float = 0.0
    layer: int = 0
    direction: str = "forward"
    module: str | None = None
    on: bool = True
    toward: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        if not any(self.field in fields for fields in FIELDS.values()):
            names = ", ".join(sorted({*sum(FIELDS.values(), ())}))
            raise Told("field must be one of {names}; got {field!r}", names=names, field=self.field)
        if self.how not in HOW:
            raise Told("how must be one of {names}; got {how!r}", names=", ".join(HOW), how=self.how)
        if self.direction not in DIRECTIONS:
            names = ", ".join(DIRECTIONS)
            raise Told(
                "direction must be one of {names}; got {direction!r}", names=names, direction=self.direction
            )
        low, high = limits(self.field)
        if not math.isfinite(self.value) or (self.how == "set" and not low <= self.value <= high):
            raise Told(
                "{field}: the value must be a number from {low:g} to {high:g}; got {value:g}",
                field=self.field,
                low=low,
                high=high,
                value=self.value,
            )
        if abs(self.value) > LARGEST:
            raise Told(
                "{field}: the value must be at most {most:g}; got {value:g}",
                field=self.field,
                most=LARGEST,
                value=self.value,
            )
        if (self.how == "lead") != directions.known(self.toward) or (self.how != "lead" and self.toward):
            raise Told(
                "{toward!r} is no direction; it is one of {names}",
                toward=self.toward,
                names=", ".join(directions.NAMES),
            )
        if self.how == "lead" and self.field not in STATES:
            raise Told("a direction is one of a state, not of {field}", field=self.field)
        if self.source and self.how != "swap":
            raise Told("only swap takes from another text, and not {how}", how=self.how)
        if self.units is not None and (not self.units or min(self.units) < 0):
            raise Told("units must be whole numbers from 0, at least one, or None for all")
        if self.steps is not None and not 0 <= self.steps[0] <= self.steps[1]:
            raise Told("steps must be the first and the last, counted from 0; got {steps}", steps=self.steps)
        if self.layer < 0:
            raise Told("layer must be a whole number from 0; got {layer}", layer=self.layer)

    @property
    def way(self) -> tuple[str, str, int, str, str | None]:
        """What stands for the direction that it adds."""
        return self.toward, self.field, self.layer, self.direction, self.module


@dataclass(frozen=True, eq=False)
class Changed:
    """What a model made of a text, as it is and with the changes. edits: those that were made."""

    before: Reading
    after: Reading
    edits: tuple[Edit, ...]

    @functools.cached_property
    def divergence(self) -> xr.DataArray | None:
        """KL(before ‖ after) of what is expected after each step, (time,), nats; None where the model does not say. Of a
        translation as far as both have been told the same: see `shared`."""
        was, now = self.before.log_probability, self.after.log_probability
        if was is None or now is None:
            return None
        return stats.text.divergence(was[: self.shared], now[: self.shared])

    @functools.cached_property
    def shared(self) -> int:
        """How many steps have read the same: all of a text; of a translation those up to the first token that is written
        otherwise, which the steps after it are told."""
        both = zip(self.before.tokens, self.after.tokens, strict=False)
        apart = next((step for step, (was, now) in enumerate(both) if was != now), None)
        return min(len(self.before.tokens), len(self.after.tokens)) if apart is None else apart

    def difference(self, module: str, layer: int, field: str = "hidden", direction: int = 0) -> xr.DataArray:
        """After less before of one field of a layer, (time, unit)."""
        now, was = (one.subject.layer(module, layer, direction)[field] for one in (self.after, self.before))
        found = (now - was).assign_attrs(now.attrs)
        found.attrs["long_name"] = f"change of {now.attrs.get('long_name', field)}"
        found.attrs.pop("valid_range", None)
        return found


def limits(field: str) -> tuple[float, float]:
    """What a field can be set to: a gate lies between 0 and 1, a candidate between −1 and 1."""
    if field in STATES:
        return -LARGEST, LARGEST
    return (-1.0, 1.0) if field == "candidate" else (0.0, 1.0)


def changed(
    model: Reads,
    text: str,
    changes: Sequence[Change],
    other: str | None = None,
    before: Reading | None = None,
    leads: Leads | None = None,
    others: Mapping[str, Reading] | None = None,
) -> Changed:
    """The model reading the text as it is and with the changes made. other: the text that a 'swap' without a `source` takes from.
    before: the first of the two, where it is there already; others: readings of texts that 'swap' takes from, by text, likewise.
    leads: the directions that 'lead' adds, by `Change.way`; those that are missing are taken from what the model writes itself.

    Raises ValueError, in one line, for a change that this model or this text has no place for (see `misfit`), and LiveError as
    `Live.read` does.
    """
    before = before or model.read(text)
    known = dict(leads or {})
    missing = [c for c in changes if c.on and c.how == "lead" and c.way not in known]
    if missing and not isinstance(model, Live):
        raise Told("a direction is one of a model that goes on with a text; a translator has none")
    if missing and isinstance(model, Live):
        corpus = directions.written(model)
        known |= {change.way: lead(model, corpus, change).values for change in missing}
    changes, there = sourced(changes, other), dict(others or {})
    there |= {source: model.read(source) for source in sources(changes) if source not in there}
    found = edits(changes, before, there, known)
    return Changed(before, model.read(text, found) if found else before, tuple(found))


def sources(changes: Sequence[Change]) -> list[str]:
    """The texts that the changes which are on take from, each once."""
    return list(dict.fromkeys(c.source for c in changes if c.on and c.how == "swap" and c.source))


def sourced(changes: Sequence[Change], other: str | None) -> tuple[Change, ...]:
    """The changes, those that take from the text of all now from this one."""
    return tuple(
        replace(c, source=other) if other and c.how == "swap" and not c.source else c for c in changes
    )


def lead(model: Live, corpus: str, change: Change) -> xr.DataArray:
    """The direction that a change adds, (unit,). corpus: what its means are taken over. Raises ValueError, LiveError."""
    return directions.of(
        model,
        corpus,
        change.toward,
        change.field,
        layer=change.layer,
        direction=DIRECTIONS.index(change.direction),
        module=change.module,
    )


def misfit(change: Change, before: Reading, other: Reading | None = None, counted: int = 0) -> Told | None:
    """Why a change has no place in what was read; None where it has one. other: what was read of its `source`.
    counted: what the line calls the first step and the first layer."""
    subject = before.subject
    module = change.module or subject.modules[0]
    if module not in subject.modules:
        return Told("there is no module {module}", module=module)
    node = subject.node(module)
    kind, layers, steps = node.attrs["kind"], node.sizes["layer"], subject.steps(module)
    units = subject.units(module) if change.field == "hidden" else node.sizes["unit"]
    if change.field not in FIELDS[kind]:
        names = ", ".join(FIELDS[kind])
        return Told(
            "a {kind} has no {field}; it has {names}", kind=kind.upper(), field=change.field, names=names
        )
    if change.layer >= layers:
        last = layers - 1 + counted
        return Told(
            "layer {layer} is not there; wanted {first} to {last}",
            layer=change.layer + counted,
            first=counted,
            last=last,
        )
    if change.direction not in node.dataset["direction"].values:
        return Told("{module} has no direction {direction}", module=module, direction=change.direction)
    if change.units is not None and max(change.units) >= units:
        return Told("unit {unit} is not there; wanted 0 to {last}", unit=max(change.units), last=units - 1)
    if change.steps is not None and change.steps[1] >= steps:
        return Told(
            "step {step} is not there; wanted {first} to {last}",
            step=change.steps[1] + counted,
            first=counted,
            last=steps - 1 + counted,
        )
    if change.how != "swap":
        return None
    if other is None:
        return Told("another text is needed to take states from")
    there, last = other.subject.steps(module), stretch(change, steps)[-1]
    if last >= there:
        return Told(
            "the other text has {count} steps; step {step} is not there", count=there, step=last + counted
        )
    return None


def stretch(change: Change, steps: int) -> range:
    """The steps of a change in a text of so many."""
    first, last = change.steps or (0, steps - 1)
    return range(first, last + 1)


def edits(
    changes: Sequence[Change],
    before: Reading,
    others: Mapping[str, Reading] | None = None,
    leads: Leads | None = None,
) -> list[Edit]:
    """What `record` is to be given for the changes that are on. before: of the same text, without any change; others: of the
    texts that 'swap' takes from, by `Change.source`; leads: what 'lead' adds, by `Change.way`. Raises ValueError, in one
    line, for a change that has no place."""
    found = []
    for change in (change for change in changes if change.on):
        other = (others or {}).get(change.source)
        if problem := misfit(change, before, other):
            raise problem
        found.append(_edit(change, before, other, leads or {}))
    return found


def _edit(change: Change, before: Reading, other: Reading | None, leads: Leads) -> Edit:
    module = change.module or before.subject.modules[0]
    steps = stretch(change, before.subject.steps(module))
    where: dict[str, Any] = {"layer": change.layer, "direction": change.direction}
    if len(before.subject.modules) > 1:
        where["module"] = module
    units = None if change.units is None else list(change.units)
    chosen = None if change.steps is None else list(steps)
    if change.how in ("zero", "set"):
        return Edit(change.field, change.value if change.how == "set" else 0.0, units, chosen, **where)
    if change.how == "add":
        return Edit(change.field, functools.partial(_plus, change.value), units, chosen, **where)
    if change.how == "lead":
        if change.way not in leads:
            raise Told("the direction towards {toward} is not there", toward=change.toward)
        way = torch.tensor(leads[change.way])
        way = change.value * (way if units is None else way[units])
        return Edit(change.field, functools.partial(_plus, way), units, chosen, **where)
    source = (other if change.how == "swap" else before) or before
    side = DIRECTIONS.index(change.direction)
    values = source.subject.layer(module, change.layer, side)[change.field].values
    values = values if units is None else values[:, units]
    # in reading order the first of a backward direction is the last of the text
    first = steps[-1] if side else steps[0]
    rows = values[[first] * len(steps)] if change.how == "freeze" else values[steps.start : steps.stop]
    return Edit(change.field, torch.tensor(rows[:, None]), units, list(steps), **where)


def _plus(value, now):  # type: ignore[no-untyped-def]  # a tensor in, a tensor out
    return now + value


# ---- in words that a link can hold ---------------------------------------------------------------------------------


def written(changes: Sequence[Change]) -> str:
    """Changes as a link writes them: fields with commas, changes with semicolons; layers and steps counted from 1, units from 0,
    as on screen. `parsed` reads it back.

    >>> import rnnviz
    >>> Change = rnnviz.studies.changing.Change
    >>> rnnviz.studies.changing.written([Change("forget_gate", "set", (3, 7, 8, 9), (4, 11), 0.5, layer=1)])
    '2,forget_gate,set 0.5,3 7-9,5-12'
    """
    found = []
    for change in changes:
        how = f"{change.how} {_escaped(change.source)}" if change.source else change.how
        if change.how in VALUED:
            how = f"{change.how} {change.value:g} {change.toward}".rstrip()
        layer = f"{change.layer + 1}{'b' if change.direction == 'backward' else ''}"
        steps = "all" if change.steps is None else numbers(range(change.steps[0] + 1, change.steps[1] + 2))
        parts = [layer, change.field, how, "all" if change.units is None else numbers(change.units), steps]
        parts += ["" if change.on else "off"] if change.module or not change.on else []
        parts += [change.module] if change.module else []
        found.append(",".join(parts))
    return ";".join(found)


def parsed(text: str) -> tuple[Change, ...]:
    """What `written` has written. Raises ValueError, in one line, for anything else."""
    found = [_parsed(part) for part in text.split(";") if part]
    if len(found) > MOST:
        raise Told("at most {most} changes can be made at once; got {count}", most=MOST, count=len(found))
    if (count := len({change.source for change in found if change.source})) > MOST_SOURCES:
        raise Told(
            "changes take from at most {most} other texts; got {count}", most=MOST_SOURCES, count=count
        )
    return tuple(found)


def _escaped(text: str) -> str:
    """A text between the signs of `written`: those, and what cannot be seen, as %2C; all else as it is."""
    return "".join(
        quote(c, safe="", errors="replace") if c in "%,;" or not c.isprintable() else c for c in text
    )


def _parsed(text: str) -> Change:
    parts = text.split(",", 6)
    if len(parts) < 5 or not (place := re.fullmatch(r"(\d{1,3})(b?)", parts[0])) or int(place[1]) < 1:
        raise Told("{text!r} is no change; wanted layer,field,how,units,steps", text=text[:60])
    how, _space, value = parts[2].partition(" ")
    toward = source = ""
    if how == "swap":
        value, source = "", unquote(value)
    if len(source) > LONGEST_SOURCE:
        raise Told(
            "a text to take from has at most {most} characters; got {count}",
            most=LONGEST_SOURCE,
            count=len(source),
        )
    if how == "lead":
        value, _space, toward = value.partition(" ")
    if (how in VALUED) != bool(value):
        raise Told(
            "{how!r} is no way to change something; {names} need a number, no other has one",
            how=parts[2][:60],
            names=", ".join(VALUED),
        )
    try:
        number = float(value or 0)
    except ValueError:
        raise Told("{value!r} is no number", value=value[:60]) from None
    steps = None if parts[4] == "all" else whole(parts[4])
    if steps and (steps[0] < 1 or len(steps) != steps[-1] - steps[0] + 1):
        raise Told("steps {steps!r} are not one stretch, counted from 1", steps=parts[4][:60])
    off, module = ([*parts[5:], "", ""])[:2]
    return Change(
        parts[1],
        how,
        None if parts[3] == "all" else whole(parts[3]),
        None if steps is None else (steps[0] - 1, steps[-1] - 1),
        number,
        int(place[1]) - 1,
        "backward" if place[2] else "forward",
        module or None,
        off != "off",
        toward,
        source,
    )


def whole(text: str) -> tuple[int, ...]:
    """Whole numbers as a reader lists them: '3 7-9' or '3, 7–9'. Rising, each once. Raises ValueError for anything else."""
    plain = re.sub(r"[\s,;]+", " ", re.sub(r"\s*[-–−]\s*", "-", text)).strip()
    if not SAID.fullmatch(plain):
        raise Told("{text!r} are no whole numbers; wanted as in 3, 7-9", text=text[:60])
    found: set[int] = set()
    for part in plain.split():
        first, _dash, last = part.partition("-")
        low, high = int(first), int(last or first)
        if high < low or high - low > 100_000:
            raise Told("{part!r} runs from {low} to {high}", part=part, low=low, high=high)
        found |= set(range(low, high + 1))
    return tuple(sorted(found))


def numbers(values: Sequence[int]) -> str:
    """Whole numbers as `whole` reads them, runs as '7-9'."""
    found: list[list[int]] = []
    for value in sorted(values):
        if found and value == found[-1][-1] + 1:
            found[-1].append(value)
        else:
            found.append([value])
    return " ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in found)


def code(
    changes: Sequence[Change],
    model: str,
    text: str,
    other: str | None = None,
    module: str = "rnn",
    corpus: str = "rnnviz.directions.written(model)",
    last: Sequence[str] = COMPARED,
) -> str:
    """The lines of Python that do the same. model: the expression that makes the `Live`; module: where a change names none;
    corpus: the expression for what directions are means over; last: what is done with `before` and `after`."""
    lines = ["import rnnviz", "", f"model = {model}", f"text = {text!r}", "before = model.read(text)"]
    made: list[str] = []
    changes = sourced(changes, other)
    texts = sources(changes)
    names = {source: "other" if len(texts) == 1 else f"other_{n}" for n, source in enumerate(texts)}
    lines += [f"{name} = model.read({source!r})" for source, name in names.items()]
    if any(change.how == "lead" and change.on for change in changes):
        lines[1:1] = ["import torch"]
        lines.append(f"corpus = {corpus}")
    for change in (change for change in changes if change.on):
        number = len(made)
        value: str = repr(float(change.value)) if change.how in VALUED else "0.0"
        if change.how == "add":
            value = f"lambda now: now + {value}"
        elif change.how == "lead":
            side = DIRECTIONS.index(change.direction)
            where = f"{change.field!r}, layer={change.layer}, direction={side}, module={change.module!r}"
            lines.append(f"way = rnnviz.directions.of(model, corpus, {change.toward!r}, {where})")
            units = "" if change.units is None else f"[{list(change.units)}]"
            lines.append(f"way_{number} = {value} * torch.tensor(way.values){units}")
            value = f"lambda now: now + way_{number}"
        elif change.how in ("keep", "freeze", "swap"):
            source = names.get(change.source, "other") if change.how == "swap" else "before"
            side = DIRECTIONS.index(change.direction)
            where = f"{change.module or module!r}, layer={change.layer}, direction={side}"
            lines.append(f"was_{number} = {source}.subject.layer({where})[{change.field!r}].values")
            value = _rows(change, number)
        made.append(f"    rnnviz.Edit({change.field!r}, {value}{_where(change)}),")
    lines += ["after = model.read(text, [", *made, "])", *last]
    return "\n".join(lines)


def _rows(change: Change, number: int) -> str:
    """The expression for (step, 1, unit) of what was there."""
    units = "" if change.units is None else f"[:, {list(change.units)}]"
    if change.how != "freeze":
        rows = "" if change.steps is None else f"[{change.steps[0]}:{change.steps[1] + 1}]"
        return f"was_{number}{rows}{units}[:, None]"
    first, last = change.steps or (0, -1)
    at = last if change.direction == "backward" else first
    return f"was_{number}[[{at}]]{units}[:, None]"


def _where(change: Change) -> str:
    found = "" if change.units is None else f", units={list(change.units)}"
    found += "" if change.steps is None else f", steps=range({change.steps[0]}, {change.steps[1] + 1})"
    found += f", layer={change.layer}" if change.layer else ""
    found += f", direction={change.direction!r}" if change.direction != "forward" else ""
    return found + (f", module={change.module!r}" if change.module else "")


def without(changes: Sequence[Change], place: int) -> tuple[Change, ...]:
    """All but one of them."""
    return (*changes[:place], *changes[place + 1 :])
