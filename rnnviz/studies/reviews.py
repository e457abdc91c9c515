"""Film reviews that come along, with what their writers meant: held out from every model that is shipped.

english = rnnviz.studies.reviews.shipped("english")
english.texts[0], english.labels[0]            # 1: praise, 0: criticism
"""

import functools
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from rnnviz.models import checkpoints
from rnnviz.told import Told

LANGUAGES = ("english", "korean")


@dataclass(frozen=True)
class Reviews:
    """ids: as the corpus calls them. texts: one review each. labels: 1 where it praises, else 0. card: where
    they come from, and how they were chosen."""

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    labels: tuple[int, ...]
    card: dict[str, Any]


def shipped(language: str) -> Reviews:
    """400 reviews of a language, half of them praise; their card says where they come from, under which licence. Shared: look,
    never change.

    Raises Told where there are none, or a file is not what its card says.

    >>> found = shipped("english")
    >>> len(found.texts), sum(found.labels), found.card["data"]["licence"]
    (400, 200, 'CC BY 4.0')
    """
    if language not in LANGUAGES:
        raise Told(
            "language must be one of {names}; got {language!r}", names=", ".join(LANGUAGES), language=language
        )
    return _shipped(language)


@functools.cache
def _shipped(language: str) -> Reviews:
    name = f"checkpoints/reviews/{language}"
    folder = checkpoints.folder() / "reviews"
    try:
        card = json.loads((folder / f"{language}.json").read_text("utf-8"))
        text = (folder / f"{language}.tsv").read_text("utf-8")
        whole = hashlib.sha256(text.encode("utf-8")).hexdigest() == card["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise Told("{name} is missing or damaged; restore it with git", name=name) from problem
    if not whole:
        raise Told("{name} is missing or damaged; restore it with git", name=name)
    ids, labels, texts = zip(*(line.split("\t", 2) for line in text.splitlines()[1:]), strict=True)
    return Reviews(ids, texts, tuple(map(int, labels)), card)
