"""What a card must hold, field by field: it is a file that anyone may have written, and pages show what it says."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypedDict

LARGEST = 4 * 2**20  # bytes: the longest that is shipped has 100 thousand
DEFAULT_TASK = "language"  # older cards do not say it

Scores = dict[str, float]  # by part of the data, 'validation' and 'test'


class Tokens(TypedDict):
    """What is needed to make a Lexicon again."""

    unit: str
    tokens: list[str]


class Moment(TypedDict):
    """One moment of a training that was kept, and how well the network did then."""

    step: int
    validation: float
    test: float


# sentences of like length, and how well they are translated
Group = TypedDict("Group", {"from": int, "to": int, "sentences": int, "score": float})


class Point(TypedDict):
    """An estimate's loss on held-out text, after so many tokens were counted; None where it is infinite."""

    method: str
    order: int
    tokens: int
    loss: float | None


class Baseline(TypedDict):
    """What else was tried on the same data."""

    name: str
    scores: Scores


class Data(TypedDict, total=False):
    """What was learned from; the last three are numbers by part."""

    source: str
    licence: str
    sha256: str
    split: str
    attribution: str
    characters: dict[str, int]
    sentences: dict[str, int]
    reviews: dict[str, int]


class Card(TypedDict, total=False):
    """A card as its file has it, once `check` has let it pass; which fields one has, the schemas below say."""

    name: str
    task: str
    model: dict[str, Any]  # what its class is made with
    parameters: int
    scores: Scores
    scores_unit: str
    data: Data
    recipe: dict[str, Any]
    tuning: str
    command: str
    seconds_of_last_run: int
    torch: str
    sha256: str
    vocabulary: list[str]
    words: Tokens
    source: Tokens
    target: Tokens
    unknown: Scores
    moments: list[Moment]
    moment: int  # which of them is meant; no file says it
    by_length: list[Group]
    held_out: list[Point]
    baseline: Baseline


@dataclass(frozen=True)
class Wanted:
    """What a value is to be, in words and as a test."""

    words: str
    holds: Callable[[object], bool]


Schema = Wanted | Mapping[str, "Schema"] | list["Schema"]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value.encode("utf-8", "replace").decode("utf-8") == value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 1e15


def whole(least: int, most: int) -> Wanted:
    return Wanted(
        f"a whole number from {least:,} to {most:,}", lambda v: type(v) is int and least <= v <= most
    )


def among(*values: object) -> Wanted:
    return Wanted(
        f"one of {', '.join(map(repr, values))}", lambda v: not isinstance(v, list | dict) and v in values
    )


TEXT = Wanted("text", _is_text)
TEXT_OR_NONE = Wanted("text or null", lambda v: v is None or _is_text(v))
TEXTS = Wanted("a list of texts", lambda v: isinstance(v, list) and all(map(_is_text, v)))
NUMBER = Wanted("a finite number", _is_number)
FLAG = Wanted("true or false", lambda v: isinstance(v, bool))
COUNT = whole(0, 10**12)
SIZE = whole(1, 2**20)
LAYERS = whole(1, 64)  # a model is built of them before its weights can be compared
KIND = among("rnn", "gru", "lstm")
SCORES = {"validation": NUMBER, "test": NUMBER}
PARTS = {"train?": COUNT, "validation?": COUNT, "test?": COUNT}
LEXICON = {"unit": among("words", "characters"), "tokens": TEXTS}

# An object is a mapping of its fields, a list one schema in brackets. A field with ? may be missing; others may come on top.
COMMON: Mapping[str, Schema] = {
    "scores": SCORES,
    "scores_unit": TEXT,
    "parameters": COUNT,
    "data": {
        "source": TEXT,
        "licence": TEXT,
        "attribution?": TEXT,
        "split?": TEXT,
        "characters?": PARTS,
        "sentences?": PARTS,
        "reviews?": PARTS,
    },
    "command": TEXT,
    "sha256": TEXT,
}
_WIDTHS = {"kind": KIND, "embedding": SIZE, "hidden": SIZE}
# by task: what stands in `model`, and nothing else, and what else a card holds
MODELS: Mapping[str, Mapping[str, Wanted]] = {
    "language": _WIDTHS | {"vocabulary": SIZE, "layers": LAYERS},
    "translation": _WIDTHS
    | {"source": SIZE, "target": SIZE, "layers": LAYERS, "bidirectional": FLAG, "attention": TEXT_OR_NONE},
    "blank": _WIDTHS | {"vocabulary": SIZE, "bidirectional": FLAG},
    "sentiment": _WIDTHS | {"vocabulary": SIZE, "readout": TEXT},
    "counts": {"kind": among("counts"), "vocabulary": SIZE, "unit": LEXICON["unit"], "order": LAYERS},
}
_GROUP = {"from": COUNT, "to": COUNT, "sentences": COUNT, "score": NUMBER}
_POINT = {
    "method": TEXT,
    "order": LAYERS,
    "tokens": COUNT,
    "loss": Wanted("a finite number or null", lambda v: v is None or NUMBER.holds(v)),
}
MORE: Mapping[str, Mapping[str, Schema]] = {
    "language": {
        "vocabulary": TEXTS,
        "unknown?": SCORES,  # the share of held-out characters that are not known
        "moments?": [{"step": COUNT} | SCORES],
    },
    "translation": {
        "source": LEXICON,
        "target": LEXICON,
        "by_length?": [_GROUP],
        "data": {"sentences": {"train": COUNT}},
    },
    "blank": {"words": LEXICON},
    "sentiment": {"words": LEXICON, "baseline?": {"name": TEXT, "scores": SCORES}},
    "counts": {
        "vocabulary?": TEXTS,
        "words?": LEXICON,
        "held_out?": [_POINT],
        "recipe": {"unit": LEXICON["unit"], "discount": NUMBER, "k": NUMBER},
        "data": {"characters": {"train": COUNT, "validation": COUNT}},
    },
}


def read(path: Path) -> Card:
    """A card as it is in its file, not checked. Raises ValueError, in words that fit into a line, where it is none."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise ValueError(f"it has more than {LARGEST:,} bytes")
        found: Card = json.loads(raw.decode("utf-8"))
    except OSError as problem:
        raise ValueError(f"it cannot be read: {problem.strerror}") from problem
    except RecursionError as problem:
        raise ValueError("it is nested too deep") from problem
    if not isinstance(found, dict):
        raise ValueError("it holds no object with fields")
    return found


def task_of(card: Card) -> str:
    """'language', 'translation', 'blank', 'sentiment' or 'counts'. Raises ValueError for another."""
    task = card.get("task", DEFAULT_TASK)
    _check(task, among(*MODELS), "task")
    return task


def check(card: Card) -> None:
    """Nothing, if a card holds what it must. Raises ValueError that names the field, what came and what was wanted."""
    task = task_of(card)
    _check(card, COMMON, "")
    _check(card, {"model": MODELS[task]}, "")
    _check(card, MORE[task], "")
    steps = [moment["step"] for moment in card.get("moments", ())]
    if any(later <= earlier for earlier, later in pairwise(steps)):
        raise ValueError(f"moments has the steps {_shown(steps)}; wanted them rising")
    if unknown := card["model"].keys() - MODELS[task].keys():
        raise ValueError(f"model.{_shown(min(unknown))[1:-1]} is no field of a {task} model")


def compare(value: object, schema: Schema) -> None:
    """Nothing, if a value is what a schema wants. Raises ValueError as `check`."""
    _check(value, schema, "")


def _check(value: object, schema: Schema, path: str) -> None:
    if isinstance(schema, Wanted):
        if not schema.holds(value):
            raise ValueError(f"{path} came as {_shown(value)}; wanted {schema.words}")
    elif isinstance(schema, list):
        if not isinstance(value, list):
            raise ValueError(f"{path} came as {_shown(value)}; wanted a list")
        for place, each in enumerate(value):
            _check(each, schema[0], f"{path}[{place}]")
    else:
        if not isinstance(value, dict):
            raise ValueError(f"{path} came as {_shown(value)}; wanted an object with fields")
        for field, inner in schema.items():
            name = field.removesuffix("?")
            full = f"{path}.{name}".removeprefix(".")
            if name in value:
                _check(value[name], inner, full)
            elif name == field:
                raise ValueError(f"{full} is missing")


def _shown(value: object) -> str:
    """A value in a line, cut where it is long."""
    try:
        text = json.dumps(value)
    except RecursionError:
        text = "something nested"
    return text if len(text) <= 60 else text[:59] + "…"
