"""Small trained models on disk: weights as safetensors, a card that says what they are, and their principal components.

checkpoints/NAME.safetensors   the weights; no pickle is ever executed
checkpoints/NAME.json          the card: model, vocabulary, data, recipe, command, scores, sha256 of the weights
checkpoints/NAME.nc            principal components of the states on held-out text (see stats.states)
"""

import functools
import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from rnnviz import shipped
from rnnviz.models.vocabularies import Lexicon, Vocabulary

if TYPE_CHECKING:  # cards are read by pages that should not wait for torch
    from torch import nn

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
    try:
        path = folder() / f"{name}.json"
        return _read_task(path, path.stat().st_mtime_ns)
    except (OSError, ValueError, AttributeError):
        return "language"  # where all models are offered, and what is wrong with this one is said


@functools.lru_cache(maxsize=256)
def _read_task(path: Path, changed: int) -> str:
    """changed: when the file was; every rerun of a page asks, and cards are long."""
    return _task_of(json.loads(path.read_text("utf-8")))


def _task_of(card: dict) -> str:
    return card.get("task", "language")  # older cards do not say it


def card(name: str) -> dict:
    """What a checkpoint says of itself. Raises CheckpointError where it is missing or not a card."""
    if name not in names():
        have = ", ".join(names()) or "none: train one with python -m rnnviz train"
        raise CheckpointError(f"there is no checkpoint {name!r}; there is {have}")
    try:
        found = json.loads((folder() / f"{name}.json").read_text("utf-8"))
        sizes = KNOWN[_task_of(found)](found)
        if not isinstance(found["model"]["kind"], str) or any(
            found["model"][k] != n for k, n in sizes.items()
        ):
            raise ValueError("vocabulary and model do not agree")
        for name_wanted, kind_wanted in {
            "scores": dict,
            "parameters": int,
            "data": dict,
            "command": str,
        }.items():
            if not isinstance(found[name_wanted], kind_wanted):
                raise ValueError(f"{name_wanted} is not a {kind_wanted.__name__}")
        return found
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise CheckpointError(f"the card {name}.json is damaged ({problem}); {_again(name)}") from problem


def vocabulary(card: dict) -> Vocabulary:
    """The vocabulary that a card holds."""
    return Vocabulary(tuple(card["vocabulary"]))


def lexicons(card: dict) -> tuple[Lexicon, Lexicon]:
    """What a translator reads and what it writes, as its card says."""
    source, target = (
        Lexicon(card[side]["unit"], tuple(card[side]["tokens"])) for side in ("source", "target")
    )
    return source, target


def _known_characters(card: dict) -> dict[str, int]:
    return {"vocabulary": len(vocabulary(card))}


def words(card: dict) -> Lexicon:
    """What a model that reads words knows, as its card says."""
    return Lexicon(card["words"]["unit"], tuple(card["words"]["tokens"]))


def _known_words(card: dict) -> dict[str, int]:
    return {"vocabulary": len(words(card))}


def _known_tokens(card: dict) -> dict[str, int]:
    source, target = lexicons(card)
    return {"source": len(source), "target": len(target)}


def _known_either(card: dict) -> dict[str, int]:
    return _known_words(card) if "words" in card else _known_characters(card)


# what a card must agree on with its model, by task
KNOWN = {
    "language": _known_characters,
    "translation": _known_tokens,
    "blank": _known_words,
    "sentiment": _known_words,
    "counts": _known_either,
}


def load(name: str) -> "tuple[nn.Module | NGrams, dict]":
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
    found = card(name)
    path = folder() / f"{name}.safetensors"
    if not path.is_file():
        raise CheckpointError(f"{path.name} is missing; {_again(name)}")
    if path.stat().st_size > LARGEST:
        raise CheckpointError(
            f"{path.name} has {path.stat().st_size:,} bytes, more than {LARGEST:,}; {_again(name)}"
        )
    raw = path.read_bytes()
    if hashlib.sha256(raw).hexdigest() != found.get("sha256"):
        raise CheckpointError(
            f"{path.name} is truncated or is not the file its card describes; {_again(name)}"
        )
    try:
        if _task_of(found) == "counts":
            return NGrams.from_arrays(found["model"]["vocabulary"], safetensors.numpy.load(raw)), found
        weights = safetensors.torch.load(raw)
        with torch.random.fork_rng(
            devices=[]
        ):  # the random start that is overwritten must not move anyone's generator
            model = kinds[_task_of(found)](**found["model"])
        model.load_state_dict(weights)
    except (
        safetensors.SafetensorError,
        RuntimeError,
        TypeError,
        ValueError,
        KeyError,
        IndexError,
    ) as problem:
        line = str(problem).splitlines()[0]
        raise CheckpointError(
            f"{path.name} does not hold the model of its card ({line}); {_again(name)}"
        ) from problem
    return model.eval().requires_grad_(False), found


def save(name: str, model: "nn.Module | NGrams", card: dict) -> Path:
    """Writes weights or counts, and card; the card gets their sha256. Returns the path of the weights."""
    import safetensors.numpy
    import safetensors.torch

    from rnnviz.models.counting import NGrams

    folder().mkdir(parents=True, exist_ok=True)
    path = folder() / f"{name}.safetensors"
    if isinstance(model, NGrams):
        raw = safetensors.numpy.save(model.arrays())
    else:
        raw = safetensors.torch.save({k: v.contiguous() for k, v in model.state_dict().items()})
    path.write_bytes(raw)
    card = card | {"name": name, "sha256": hashlib.sha256(raw).hexdigest()}
    (folder() / f"{name}.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return path


def stamp(name: str) -> str:
    """Changes when the file of the weights does; 'missing' where there is none. Caches are keyed on it."""
    try:
        return str((folder() / f"{name}.safetensors").stat().st_mtime_ns)
    except OSError:
        return "missing"


def components_path(name: str) -> Path:
    """Where the principal components of a checkpoint's states lie (netCDF)."""
    return folder() / f"{name}.nc"


def _again(name: str) -> str:
    return f"restore it with git, or train it again: python -m rnnviz train {name}"
