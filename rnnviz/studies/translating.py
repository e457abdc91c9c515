"""One text translated by a model with attention: every number of every step, and what another weight or token makes of it.

A translator that reads with states changed reads as a language model does, so that the same changes can be made:

    model = rnnviz.translating.shipped("translate-dates")
    found = rnnviz.changing.changed(model, "June 7, 1981", [Change("hidden", "zero", steps=(5, 5), module="encoder")])
    found.before.written, found.after.written     # ('1981-06-07', …)
"""

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from functools import partial
from typing import TypeVar

import numpy as np
import torch
import xarray as xr

from rnnviz import stats
from rnnviz.models import checkpoints, decoding
from rnnviz.models.networks import Translator
from rnnviz.models.vocabularies import END_ID, START, Lexicon
from rnnviz.recording import record
from rnnviz.recording.edits import Edit
from rnnviz.studies.live import Edits, Reading
from rnnviz.studies.subjects import Subject
from rnnviz.told import Told


@dataclass(frozen=True)
class Override:
    """What is set by hand at one step of decoding.

    weights: of those places in the source that were set, counted from 0. bare: all the others are 0, not what the network
    gives them. token: the id that is taken instead.
    """

    weights: Mapping[int, float] = field(default_factory=dict)
    bare: bool = False
    token: int | None = None

    def over(self, own: list[float]) -> list[float] | None:
        """The weights that it makes of the network's own; None where it leaves them. Raises ValueError for another length."""
        if not self.weights and not self.bare:
            return None
        if max(self.weights, default=0) >= len(own):
            raise ValueError(f"there are {len(own)} weights; got one for place {max(self.weights) + 1}")
        return [self.weights.get(i, 0.0 if self.bare else weight) for i, weight in enumerate(own)]


Token = TypeVar("Token", int, str)


def parse(value: str) -> dict[int, Override]:
    """Overrides by step from their written form: '3:*=0,7=1;5:>12' looks at step 3 only at place 7 and takes token 12 at step 5.

    Steps and places count from 1 there. Raises ValueError for anything else, and for more steps than a text can have.
    """
    found = {}
    try:
        if len(value) > 20_000:
            raise ValueError
        for part in filter(None, value.split(";")):
            step, wishes = _matched(r"(\d{1,3}):(.+)", part)
            weights: dict[int, float] = {}
            bare, token = False, None
            for wish in wishes.split(","):
                if wish == "*=0":
                    bare = True
                elif wish.startswith(">"):
                    token = int(_matched(r">(\d{1,6})", wish)[0])
                else:
                    place, weight = _matched(r"(\d{1,3})=([0-9.e+-]{1,30})", wish)
                    weights[int(place) - 1] = float(weight)
            if int(step) < 1 or any(i < 0 or not 0 <= w < math.inf for i, w in weights.items()):
                raise ValueError
            found[int(step) - 1] = Override(weights, bare, token)
        if len(found) > decoding.LONGEST:
            raise ValueError
    except ValueError:
        raise ValueError(f"no overrides of a translation: {value[:60]!r}") from None
    return found


def _matched(pattern: str, text: str) -> tuple[str, ...]:
    """The groups of a pattern. Raises ValueError where the text is another."""
    if (found := re.fullmatch(pattern, text, re.ASCII)) is None:
        raise ValueError(text)
    return found.groups()


def written(overrides: Mapping[int, Override]) -> str:
    """Overrides as text; see `parse`."""
    parts = []
    for step, one in sorted(overrides.items()):
        wishes = ["*=0"] if one.bare else []
        wishes += [f"{place + 1}={weight!r}" for place, weight in sorted(one.weights.items())]
        wishes += [] if one.token is None else [f">{one.token}"]
        if wishes:
            parts.append(f"{step + 1}:{','.join(wishes)}")
    return ";".join(parts)


@dataclass(frozen=True)
class Translation:
    """One text translated by one model with attention.

    source_ids, target_ids: what was read and written, with `END` unless it was cut. steps: memory (key, unit), hidden, context,
    product, attentional (query, unit), score, weight, own (query, key), probability (query, target). overrides: those that were
    made, by step; given: their weights before they were normalised; ignored: steps whose override fits nothing.
    """

    source_ids: tuple[int, ...]
    target_ids: tuple[int, ...]
    trace: xr.DataTree
    steps: xr.Dataset
    overrides: dict[int, Override]
    given: dict[int, list[float]]
    ignored: tuple[int, ...]


def translate(
    model: Translator,
    source: Lexicon,
    target: Lexicon,
    text: str,
    overrides: Mapping[int, Override] | None = None,
) -> Translation:
    """The text translated greedily, with what is set by hand; an override leaves alone what it does not name.

    source, target: what the model reads and writes. However many overrides there are, the text is written twice: once to learn
    what the network makes of those before each, and once to be recorded.
    """
    ids, wanted = source.encode(text), dict(sorted((overrides or {}).items()))
    made, given = {}, {}
    changes: dict[int, decoding.Change] = {}

    def fitting(step: int, own: list[float]) -> decoding.Change:
        override = wanted[step]
        try:
            if override.token is not None and override.token >= len(target):
                raise ValueError("no such token")
            weights = override.over(own)
            put = None if weights is None else decoding.normalised(weights)
            changes[step] = decoding.Change(put, override.token)
        except ValueError:
            return decoding.Change()
        made[step] = override
        if weights:
            given[step] = weights
        return changes[step]

    if wanted:
        with record(model):  # only so are its numbers the same to the last digit
            decoding.greedy(model, ids, {step: partial(fitting, step) for step in wanted})
    read = source.split(text)
    wrote: list[str] = []
    tokens = {"encoder": read, "decoder": wrote, "attention": (wrote, read)}
    with record(model, tokens=tokens) as recording:
        done = decoding.greedy(model, ids, changes)
        wrote += [START, *(target.tokens[i] for i in done.tokens[:-1])]  # what each step was told
    return Translation(
        tuple(ids),
        tuple(done.tokens),
        recording.trace,
        _steps(model, recording.trace, done, list(given)),
        made,
        given,
        tuple(step for step in wanted if step not in made),
    )


def _steps(model: Translator, trace: xr.DataTree, done: decoding.Written, given: list[int]) -> xr.Dataset:
    """The arithmetic of every step, as `Translation.steps` has it. given: the steps whose weights are not the network's own."""
    memory = trace["encoder"]["hidden"].isel(layer=-1, batch=0).transpose("time", "direction", "unit").values
    hidden = trace["decoder"]["hidden"].isel(layer=-1, direction=0, batch=0).values
    looked = trace["attention"].to_dataset().isel(batch=0, head=0)
    score, context, weight = (looked[name].values for name in ("score", "context", "weight"))
    own = weight.copy()
    own[given] = torch.from_numpy(score[given]).softmax(-1).numpy()
    with torch.inference_mode():
        product = model.combine(torch.from_numpy(np.concatenate([context, hidden], 1))).numpy()
    return xr.Dataset(
        {
            "memory": (("key", "unit"), memory.reshape(len(memory), -1)),
            "hidden": (("query", "unit"), hidden),
            "context": (("query", "unit"), context),
            "product": (("query", "unit"), product),
            "attentional": (("query", "unit"), done.attentional.numpy()),
            "score": (("query", "key"), score),
            "weight": (("query", "key"), weight),
            "own": (("query", "key"), own),
            "probability": (("query", "target"), done.log_probability.exp().numpy()),
        }
    )


@dataclass(frozen=True, eq=False)
class Rendered(Reading):
    """What came of one sentence: a `Reading` of two modules, `encoder` over the source's tokens and `decoder` over what it was
    told, `tokens`: the start, then what it had written. log_probability: of what is written after each of these. source: the
    source's tokens; target_ids: what was written, with `END` unless it was cut; written: the same as a text."""

    source: tuple[str, ...] = ()
    target_ids: tuple[int, ...] = ()
    written: str = ""


@dataclass(frozen=True, eq=False)
class Translating:
    """A translator that reads a sentence with states and gates changed, as `Live` reads a text. source, target: what it reads and
    writes."""

    model: Translator
    source: Lexicon
    target: Lexicon
    name: str = "translator"

    @property
    def outputs(self) -> tuple[str, ...]:
        """What the candidates are called."""
        return tuple(self.target.tokens)

    def read(self, text: str, edit: Edits = ()) -> Rendered:
        """The text translated greedily, with the edits made; those of the decoder go as far as it writes. Its steps are
        counted from the first, which is told that the sentence begins. Raises ValueError, in one line."""
        ids, read = self.source.encode(text), tuple(self.source.split(text))
        if not ids:
            raise Told("there is nothing to translate: give at least one token")
        edits = [_as_far_as_it_goes(one) for one in ([edit] if isinstance(edit, Edit) else edit)]
        told: list[str] = []
        with record(self.model, tokens={"encoder": list(read), "decoder": told}, edit=edits) as recording:
            done = decoding.greedy(self.model, ids)
            told += [START, *(self.target.tokens[i] for i in done.tokens[:-1])]
        key = f"{self.name}\n{text}" + "".join(f"\n{one}{id(one)}" for one in edits)
        logs = xr.DataArray(
            done.log_probability.numpy(),
            dims=("time", "candidate"),
            attrs={"long_name": "log probability", "units": "nat"},
        )
        subject = Subject(
            self.name, hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:16], recording.trace
        )
        said = self.target.decode([i for i in done.tokens if i != END_ID])
        return Rendered(subject, tuple(told), logs, source=read, target_ids=tuple(done.tokens), written=said)


def shipped(name: str) -> Translating:
    """A shipped translator, with attention or without. Raises CheckpointError, and ValueError for another network."""
    model, card = checkpoints.load(name)
    if not isinstance(model, Translator):
        raise Told(
            "{name} is no translator; one is {names}",
            name=name,
            names=", ".join(checkpoints.names("translation")),
        )
    return Translating(model, *checkpoints.lexicons(card), name)


def _as_far_as_it_goes(edit: Edit) -> Edit:
    """The edit over a stretch of steps that need not all come: how much a decoder writes depends on its edits."""
    if edit.steps is None or isinstance(edit.steps, slice) or edit.module == "encoder":
        return edit
    steps = [edit.steps] if isinstance(edit.steps, int) else list(edit.steps)
    if not steps or steps != list(range(steps[0], steps[0] + len(steps))):
        raise Told("steps of a decoder must be one stretch, counted from 0; got {steps}", steps=steps[:5])
    return replace(edit, steps=slice(steps[0], steps[-1] + 1))


def sent_back(
    model: Translator, source_ids: Sequence[int], written: Sequence[int], step: int | None
) -> xr.Dataset:
    """The loss of one output step, counted from 0, or of all (None), sent back to the source.

    written: ids of the text that the model wrote. Of a shorter text the last step is taken. Returns natural logs of norms over
    the units of both directions, `total` and `direct` (time,), and `loss`, nats. In float64 where the model is.
    """
    with record(model) as recording:
        loss = decoding.teach(
            model, source_ids, written, None if step is None else min(step, len(written) - 1)
        )
    node = recording.trace["encoder"].to_dataset().isel(layer=-1, batch=0)
    node.attrs = recording.trace["encoder"].attrs
    found = {}
    for part in ("total", "direct"):
        logs = stats.gradients.logarithm(stats.gradients.norm(node, part)).transpose("direction", "time")
        found[part] = ("time", np.logaddexp.reduce(2 * logs.values) / 2, logs.attrs)
    return xr.Dataset(found | {"loss": loss.item()}, coords={"time": range(len(source_ids))})


def different(
    wanted: Sequence[Token], found: Sequence[Token]
) -> tuple[list[int], list[tuple[int, list[Token]]]]:
    """Which places of `found` differ from `wanted`, and what is missing before which place of it."""
    places: list[int] = []
    missing = []
    for kind, a, b, c, d in SequenceMatcher(None, list(wanted), list(found), autojunk=False).get_opcodes():
        if kind != "equal":
            places += range(c, d)
        if kind == "delete":
            missing.append((c, list(wanted[a:b])))
    return places, missing
