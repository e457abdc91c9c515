"""Small trained models on disk: weights as safetensors, a card that says what they are, and their principal components.

checkpoints/NAME.safetensors   the weights; no pickle is ever executed
checkpoints/NAME.json          the card: model, vocabulary, data, recipe, command, scores, sha256 of the weights
checkpoints/NAME.nc            principal components of the states on held-out text (see stats.states)

Of a network that grows up they hold every moment of its training that was kept: the card lists them in `moments`, a weight is
called `STEP.NAME` and is in float16, and the components lie over `moment`. NAME@STEP names it after so many steps, as in
`rnnviz.load("growing-lstm@100")`; NAME alone is its last moment.
"""

import contextlib
import functools
import hashlib
import json
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

from rnnviz import files, shipped
from rnnviz.models import cards
from rnnviz.models.cards import Card
from rnnviz.models.vocabularies import Lexicon, Vocabulary

if TYPE_CHECKING:  # cards are read by pages that should not wait for torch
    from collections.abc import Callable, Mapping

    from torch import Tensor, nn

    from rnnviz.models.counting import NGrams

FOLDER = shipped.path("checkpoints")
LARGEST = 64 * 2**20  # bytes: nothing shipped comes near, and no more is read into memory


class CheckpointError(ValueError):
    """A checkpoint that is missing, damaged or not a checkpoint. The message is one line and says what to do."""


def folder() -> Path:
    """Where checkpoints lie: the project's own folder, or what RNNVIZ_CHECKPOINTS names."""
    return Path(os.environ.get("RNNVIZ_CHECKPOINTS") or FOLDER)


def names(task: str | None = None) -> list[str]:
    """The checkpoints that are there, by the name of their card, in alphabetical order; only those of a task, if one is named.

    task: 'language', 'translation', 'blank', 'sentiment' or 'counts'. A card that cannot be read counts as a language model's.
    """
    found = sorted(p.stem for p in folder().glob("*.json"))
    return found if task is None else [name for name in found if _task(name) == task]


def _task(name: str) -> str:
    path = folder() / f"{name}.json"
    try:
        return _read_task(path, _state(path))
    except ValueError:
        return cards.DEFAULT_TASK  # where all models are offered, and what is wrong with this one is said


@functools.lru_cache(maxsize=256)
def _read_task(path: Path, state: str) -> str:
    """state: of the file; every rerun of a page asks, and cards are long."""
    return cards.task_of(cards.read(path))


def at(name: str, step: int) -> str:
    """What a network that grows up is called after so many steps of its training."""
    return f"{parted(name)[0]}@{step}"


def parted(name: str) -> tuple[str, int | None]:
    """The name of a checkpoint's files, and the training step that is asked for; None where none is."""
    base, mark, step = name.rpartition("@")
    if mark and step.isascii() and step.isdecimal() and len(step) <= 12:
        return base, int(step)
    return name, None


def moments(name: str) -> tuple[int, ...]:
    """The training steps at which a network that grows up was kept, rising; none of any other, or where the card is damaged."""
    path = folder() / f"{parted(name)[0]}.json"
    try:
        return _read_moments(path, _state(path))
    except ValueError:
        return ()


@functools.lru_cache(maxsize=256)
def _read_moments(path: Path, state: str) -> tuple[int, ...]:
    found = cards.read(path)
    cards.check(found)
    return _steps(found)


def _steps(card: Card) -> tuple[int, ...]:
    return tuple(moment["step"] for moment in card.get("moments", ()))


def card(name: str) -> Card:
    """What a checkpoint says of itself; of a network that grows up, what it says of one moment, whose step is then in `moment`.
    Raises CheckpointError where it is missing or not a card, or has not been kept at that step."""
    whole, (name, step) = name, parted(name)
    if name not in names():
        have = ", ".join(names()) or "none: train one with python -m rnnviz train"
        raise CheckpointError(f"there is no checkpoint {name!r}; there is {have}")
    found = _card(name)
    if step is None and not found.get("moments"):
        return found
    for moment in found.get("moments", ()):
        if moment["step"] == (_steps(found)[-1] if step is None else step):
            scores = {"validation": moment["validation"], "test": moment["test"]}
            return found | {"name": whole, "scores": scores, "moment": moment["step"]}
    have = ", ".join(map(str, _steps(found))) or "only the end of its training"
    raise CheckpointError(f"{name} was not kept at training step {step}; there is {have}")


def _card(name: str) -> Card:
    """The card as it is in its file, checked."""
    try:
        path = folder() / f"{name}.json"
        return _checked(path, _state(path)) | {"name": name}
    except (ValueError, KeyError) as problem:
        raise CheckpointError(
            f"the card {name}.json is damaged ({_cut(problem)}); {_again(name)}"
        ) from problem


@functools.lru_cache(maxsize=64)
def _checked(path: Path, state: str) -> Card:
    """state: of the file; every rerun of a page asks for several cards, and they are long. Raises ValueError, KeyError."""
    found = cards.read(path)
    cards.check(found)
    for field, size in KNOWN[cards.task_of(found)](found).items():
        if found["model"][field] != size:
            raise ValueError(
                f"model.{field} is {found['model'][field]}, but the card lists {size} tokens: they do not agree"
            )
    return found


def vocabulary(card: Card) -> Vocabulary:
    """The vocabulary that a card holds."""
    return Vocabulary(tuple(card["vocabulary"]))


def lexicons(card: Card) -> tuple[Lexicon, Lexicon]:
    """What a translator reads and what it writes, as its card says."""
    return _lexicon(card["source"]), _lexicon(card["target"])


def _lexicon(said: cards.Tokens) -> Lexicon:
    return Lexicon(said["unit"], tuple(said["tokens"]))


def _known_characters(card: Card) -> dict[str, int]:
    return {"vocabulary": len(vocabulary(card))}


def words(card: Card) -> Lexicon:
    """What a model that reads words knows, as its card says."""
    return _lexicon(card["words"])


def _known_words(card: Card) -> dict[str, int]:
    return {"vocabulary": len(words(card))}


def _known_tokens(card: Card) -> dict[str, int]:
    source, target = lexicons(card)
    return {"source": len(source), "target": len(target)}


def _known_either(card: Card) -> dict[str, int]:
    return _known_words(card) if "words" in card else _known_characters(card)


# what a card must agree on with its model, by task
KNOWN: "dict[str, Callable[[Card], dict[str, int]]]" = {
    "language": _known_characters,
    "translation": _known_tokens,
    "blank": _known_words,
    "sentiment": _known_words,
    "counts": _known_either,
}


def load(name: str) -> "tuple[nn.Module | NGrams, Card]":
    """A shipped model, ready to read (eval mode), and its card.

    By its task it is a LanguageModel, a Translator, a BlankFiller or a Classifier, or NGrams.
    Raises CheckpointError, in one line, where a file is missing, truncated, changed or not what its card says.

    >>> import rnnviz
    >>> model, card = rnnviz.load("shakespeare-lstm")
    >>> type(model).__name__, card["model"]["kind"], card["parameters"]
    ('LanguageModel', 'lstm', 877250)
    """
    import safetensors.numpy
    import safetensors.torch
    import torch

    from rnnviz.models.counting import NGrams
    from rnnviz.models.networks import BlankFiller, Classifier, LanguageModel, Translator

    kinds = {
        "language": LanguageModel,
        "translation": Translator,
        "blank": BlankFiller,
        "sentiment": Classifier,
    }
    found, name = card(name), parted(name)[0]
    path = folder() / f"{name}.safetensors"
    if not path.is_file():
        raise CheckpointError(f"{path.name} is missing; {_again(name)}")
    if path.stat().st_size > LARGEST:
        raise CheckpointError(
            f"{path.name} has {path.stat().st_size:,} bytes, more than {LARGEST:,}; {_again(name)}"
        )
    raw = b""
    if "moment" in found:  # of many, one is read
        sound = _sha256(path, _state(path)) == found["sha256"]
    else:
        raw = path.read_bytes()
        sound = hashlib.sha256(raw).hexdigest() == found["sha256"]
    if not sound:
        raise CheckpointError(
            f"{path.name} is truncated or is not the file its card describes; {_again(name)}"
        )
    try:
        task, size = cards.task_of(found), found["model"]
        if task == "counts":
            counts = NGrams.from_arrays(size["vocabulary"], safetensors.numpy.load(raw))
            if counts.order != size["order"]:
                raise ValueError(f"n-grams of 1 to {counts.order}; the card says {size['order']}")
            return counts, found
        weights = _at(path, found["moment"]) if "moment" in found else safetensors.torch.load(raw)
        if (least := _least(size)) > (have := sum(each.numel() for each in weights.values())):
            raise ValueError(f"{have:,} numbers; a model of that size has {least:,} and more")
        # the random start that is overwritten must not move anyone's generator
        with torch.random.fork_rng(devices=[]):
            model = kinds[task](**size)
        _compare(weights, model.state_dict())
        model.load_state_dict(weights)
    except Exception as problem:  # what safetensors and torch raise, nobody has listed
        raise CheckpointError(
            f"{path.name} does not hold the model of its card ({_cut(problem)}); {_again(name)}"
        ) from problem
    return model.eval().requires_grad_(False), found


@functools.lru_cache(maxsize=16)
def _sha256(path: Path, state: str) -> str:
    """Of a file with many moments, once and not for each of them. state: of the file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _at(path: Path, step: int) -> "dict[str, Tensor]":
    """The weights of one moment, in float32, by their names in the model."""
    import safetensors

    with safetensors.safe_open(path, "pt") as file:
        start = f"{step}."
        own = [key for key in file.keys() if key.startswith(start)]  # noqa: SIM118  it is no mapping
        return {key.removeprefix(start): file.get_tensor(key).float() for key in own}


def _least(size: "Mapping[str, int]") -> int:
    """Numbers that a network of that size has, and more: one that claims more than its file holds must not be built."""
    tokens = size.get("vocabulary", 0) + size.get("source", 0) + size.get("target", 0)
    embedding, hidden, layers = size["embedding"], size["hidden"], size.get("layers", 1)
    return tokens * embedding + hidden * (embedding + hidden) + (layers - 1) * 2 * hidden**2


def _compare(weights: "Mapping[str, Tensor]", claimed: "Mapping[str, Tensor]") -> None:
    """Raises ValueError that names the first array that is not the one of the claimed model, or is not of finite numbers."""
    for key in [*claimed, *weights]:
        if key not in weights or key not in claimed:
            raise ValueError(f"{key} is {'missing' if key in claimed else 'no part of it'}")
        own, wanted = weights[key], claimed[key]
        if (own.shape, own.dtype) != (wanted.shape, wanted.dtype):
            shapes = [f"{tuple(each.shape)} of {each.dtype}" for each in (own, wanted)]
            raise ValueError(f"{key} came as {shapes[0]}; the card says {shapes[1]}")
        if not math.isfinite(own.sum()) and not own.isfinite().all():  # a sum may overflow by itself
            raise ValueError(f"{key} holds numbers that are not finite")


def save(
    name: str,
    model: "nn.Module | NGrams",
    card: Card,
    components: bytes | memoryview | None = None,
    moments: "Mapping[int, Mapping[str, Tensor]] | None" = None,
) -> Path:
    """Writes weights or counts, and card; the card gets their sha256. Returns the path of the weights.

    components: principal components of the states, as netCDF. moments: of a network that grows up, in place of its last weights
    those at each training step. Either all files are written or, where one cannot be, none.
    """
    import safetensors.numpy
    import safetensors.torch

    from rnnviz.models.counting import NGrams

    folder().mkdir(parents=True, exist_ok=True)
    path = folder() / f"{name}.safetensors"
    if isinstance(model, NGrams):
        raw = safetensors.numpy.save(model.arrays())
    elif moments:
        raw = safetensors.torch.save(
            {f"{step}.{k}": v.contiguous() for step, weights in moments.items() for k, v in weights.items()}
        )
    else:
        raw = safetensors.torch.save({k: v.contiguous() for k, v in model.state_dict().items()})
    card = card | {"name": name, "sha256": hashlib.sha256(raw).hexdigest()}
    said = json.dumps(card, indent=1, ensure_ascii=False) + "\n"
    contents: dict[Path, bytes | memoryview] = {path: raw, folder() / f"{name}.json": said.encode("utf-8")}
    if components is not None:
        contents[components_path(name)] = components
    with contextlib.ExitStack() as together:  # all are written before the first takes its place
        for place, content in contents.items():
            together.enter_context(files.written(place)).write_bytes(content)
    return path


def stamp(name: str) -> str:
    """Changes when a file of the checkpoint does. Caches are keyed on it."""
    return " ".join(_state(folder() / f"{parted(name)[0]}.{kind}") for kind in ("json", "safetensors", "nc"))


def _state(path: Path) -> str:
    """Changes when the file does, also when another takes its place; 'missing' where there is none."""
    try:
        now = path.stat()
    except (OSError, ValueError):  # a name with a NUL
        return "missing"
    return f"{now.st_mtime_ns}-{now.st_size}-{now.st_ino}"


def components_path(name: str) -> Path:
    """Where the principal components of a checkpoint's states lie (netCDF)."""
    return folder() / f"{parted(name)[0]}.nc"


def _cut(problem: Exception) -> str:
    """What is wrong, in a line that is not too long."""
    line = " ".join(str(problem).split()) or type(problem).__name__
    return line if len(line) <= 200 else line[:199] + "…"


def _again(name: str) -> str:
    return f"restore it with git, or train it again: python -m rnnviz train {name}"
