"""Texts that come along: of each corpus a part that no shipped model has trained on, in passages that are read side by side.

checkpoints/texts/NAME.json   the passages, where they are from, under which licence, and which part of the corpus they are

    rnnviz.corpus.held_out.shipped("shakespeare-lstm")     # (("1", "…"), …); rnnviz corpus shakespeare-lstm --held-out
"""

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnviz import files
from rnnviz.models import cards, checkpoints
from rnnviz.models.cards import TEXT, Card, Schema, Wanted
from rnnviz.models.checkpoints import CheckpointError

FOLDER = "texts"
LARGEST = 4 * 2**20  # bytes
NAMES = ("shakespeare", "python", "korean")
PASSAGES = Wanted(
    "a list of [name, text]",
    lambda v: (
        isinstance(v, list) and bool(v) and all(isinstance(one, list) and _is_passage(one) for one in v)
    ),
)
CARD: Mapping[str, Schema] = {
    "title": TEXT,
    "data": {"source": TEXT, "licence": TEXT, "attribution?": TEXT, "sha256": TEXT, "split": TEXT},
    "licence_text?": TEXT,
    "chosen": TEXT,
    "command": TEXT,
    "sha256": TEXT,
    "passages": PASSAGES,
}


def _is_passage(one: list[Any]) -> bool:
    return len(one) == 2 and all(isinstance(part, str) for part in one) and len(one[1]) > 1


@dataclass(frozen=True)
class HeldOut:
    """name: of the file. passages: (name, text) of each. card: where they are from, as the file says."""

    name: str
    passages: tuple[tuple[str, str], ...]
    card: dict[str, Any]

    @property
    def characters(self) -> int:
        return sum(len(text) for _name, text in self.passages)


def path(name: str) -> Path:
    return checkpoints.folder() / FOLDER / f"{name}.json"


def of(model: Card) -> HeldOut | None:
    """The text of the corpus that a language model has trained on, by the model's card; None where none comes along. Raises
    CheckpointError, in one line, where it is damaged."""
    for name in NAMES:
        if path(name).is_file() and (found := read(name)).card["data"]["sha256"] == model["data"].get(
            "sha256"
        ):
            return found
    return None


def shipped(model: str) -> tuple[tuple[str, str], ...]:
    """The passages that come along for a shipped language model, by its name: (name, text) of each. Raises CheckpointError, in
    one line, where there are none."""
    if (found := of(checkpoints.card(model))) is None:
        raise CheckpointError(f"no text comes along for {model}: give one of your own")
    return found.passages


def read(name: str) -> HeldOut:
    """The text of that name. Raises CheckpointError, in one line, where it is damaged."""
    where = path(name)
    try:
        seen = where.stat()
        return _read(where, name, f"{seen.st_mtime_ns}-{seen.st_size}")
    except (OSError, ValueError) as problem:
        line = " ".join(str(problem).split())[:200]
        raise CheckpointError(
            f"the text {where.name} cannot be used ({line}); restore it with git, or cut it again: "
            "python benchmarks/held_out.py --write"
        ) from problem


@functools.lru_cache(maxsize=8)
def _read(where: Path, name: str, state: str) -> HeldOut:
    """state: of the file."""
    if where.stat().st_size > LARGEST:
        raise ValueError(f"it has more than {LARGEST:,} bytes")
    card: dict[str, Any] = dict(cards.read(where))
    cards.compare(card, CARD)
    passages = tuple((str(one), str(text)) for one, text in card.pop("passages"))
    if sha256(passages) != card["sha256"]:
        raise ValueError("it is not the text that its card describes")
    return HeldOut(name, passages, card)


def sha256(passages: tuple[tuple[str, str], ...]) -> str:
    return hashlib.sha256(json.dumps(passages, ensure_ascii=False).encode("utf-8")).hexdigest()


def save(name: str, passages: tuple[tuple[str, str], ...], card: dict[str, Any]) -> None:
    """Writes a text with its card, which gets the sha256 of the passages. Raises ValueError where it lacks something."""
    whole = card | {"sha256": sha256(passages), "passages": [list(one) for one in passages]}
    cards.compare(whole, CARD)
    path(name).parent.mkdir(parents=True, exist_ok=True)
    with files.written(path(name)) as unfinished:
        unfinished.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", "utf-8")
