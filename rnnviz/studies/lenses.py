"""Lenses that come with the shipped models, and lenses fitted to what a model writes itself.

checkpoints/lens/NAME.safetensors   `weight` (layer, unit, top) and `bias` (layer, top) of the layers below the top, float16
checkpoints/lens/NAME.json          the card: whose lens it is, what it was fitted to, and its held-out KL and loss

    rnnviz.lenses.shipped("shakespeare-lstm")       # as rnnviz.lens.fit returns one; None where there is none
"""

import hashlib
import json
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
import xarray as xr

from rnnviz import files
from rnnviz.models import cards, checkpoints
from rnnviz.models.cards import NUMBER, TEXT, Schema, Wanted, whole
from rnnviz.models.checkpoints import CheckpointError
from rnnviz.studies import lens, live, probing
from rnnviz.studies.progress import Done, Progress, followed

FOLDER = "lens"
LARGEST = 16 * 2**20  # bytes
OWN = 6144  # tokens that a model writes to be fitted to
SCORES = ("kl", "kl_raw", "loss", "loss_raw")  # each one number for each layer, the top one last
NUMBERS = Wanted("a list of finite numbers", lambda v: isinstance(v, list) and all(map(NUMBER.holds, v)))
CARD: Mapping[str, Schema] = {
    "model": TEXT,
    "of": TEXT,  # sha256 of the model's weights
    "sha256": TEXT,
    "layers": whole(2, 64),
    "units": cards.SIZE,
    "data": {"source": TEXT, "licence": TEXT, "attribution?": TEXT, "split": TEXT, "characters": cards.PARTS},
    "recipe": {"ridge": NUMBER, "iterations": cards.COUNT},
    "scores": {name: NUMBERS for name in SCORES} | {"network": NUMBER, "characters": cards.COUNT},
    "scores_unit": TEXT,
    "command": TEXT,
}


def path(name: str, kind: str = "safetensors") -> Path:
    """Where the lens of a model lies, or its card ('json')."""
    return checkpoints.folder() / FOLDER / f"{name}.{kind}"


def stamp(name: str) -> str:
    """Changes when a file of the lens does."""
    found = [one.stat() if one.is_file() else None for one in (path(name), path(name, "json"))]
    return " ".join("missing" if one is None else f"{one.st_mtime_ns}-{one.st_size}" for one in found)


def shipped(name: str) -> xr.Dataset | None:
    """The lens of a shipped model as `lens.fit` returns it, its figures those of its card, which is in attrs `card`, as JSON;
    None where there is none. Raises CheckpointError, in one line, where it is damaged or that of other weights."""
    if "@" in name or not path(name).is_file() or not path(name, "json").is_file():
        return None
    try:
        card = _card(name)
        if card["of"] != checkpoints.card(name)["sha256"]:
            raise ValueError("it was fitted to other weights")
        if path(name).stat().st_size > LARGEST:
            raise ValueError(f"it has more than {LARGEST:,} bytes")
        raw = path(name).read_bytes()
        if hashlib.sha256(raw).hexdigest() != card["sha256"]:
            raise ValueError("it is truncated, or not the file that its card describes")
        return _dataset(safetensors.numpy.load(raw), card)
    except Exception as problem:  # what safetensors and JSON raise, nobody has listed
        line = " ".join(str(problem).split())[:200]
        raise CheckpointError(
            f"the lens of {name} cannot be used ({line}); restore it with git, or fit it again: "
            f"python benchmarks/lenses.py {name} --write"
        ) from problem


def save(name: str, found: xr.Dataset, card: dict[str, Any]) -> None:
    """Writes a lens and its card, which gets what `CARD` wants and can be told from the lens."""
    below = found.isel(layer=slice(-1))
    arrays = {name: below[name].values.astype(np.float16) for name in ("weight", "bias")}
    raw = safetensors.numpy.save(arrays)
    said = card | {
        "model": name,
        "of": checkpoints.card(name)["sha256"],
        "sha256": hashlib.sha256(raw).hexdigest(),
        "layers": found.sizes["layer"],
        "units": found.sizes["unit"],
        "recipe": {"ridge": found.attrs["ridge"], "iterations": found.attrs["iterations"]},
        "scores": {one: [round(value, 4) for value in found[one].values.tolist()] for one in SCORES}
        | {"network": round(found.attrs["loss"], 4), "characters": found.attrs["held_out"]},
    }
    cards.compare(said, CARD)
    path(name).parent.mkdir(parents=True, exist_ok=True)
    with files.written(path(name)) as place:
        place.write_bytes(raw)
    with files.written(path(name, "json")) as place:
        place.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", "utf-8")


def halved(found: xr.Dataset) -> xr.Dataset:
    """The lens as a file holds it: in float16."""
    rounded = {name: found[name].astype(np.float16).astype(np.float32) for name in ("weight", "bias")}
    return found.assign(rounded)


def to_own_text(name: str, text: str, seed: int) -> Generator[Done, None, xr.Dataset]:
    """A lens for a shipped model, fitted to what it writes on from a text, for a worker. Raises ValueError, CheckpointError."""
    subject = live.shipped(name)
    corpus = yield from probing.gone_on(subject, text, OWN, seed)

    def work(progress: Progress) -> xr.Dataset:
        return lens.fit(subject, corpus, progress=progress)

    return (yield from followed(work))


def _card(name: str) -> dict[str, Any]:
    found: Any = cards.read(path(name, "json"))
    cards.compare(found, CARD)
    if any(len(found["scores"][one]) != found["layers"] for one in SCORES):
        raise ValueError(f"scores need {found['layers']} numbers each, one for each layer")
    return dict(found)


def _dataset(arrays: Mapping[str, np.ndarray], card: dict[str, Any]) -> xr.Dataset:
    layers, units = card["layers"], card["units"]
    wanted = {"weight": (layers - 1, units, units), "bias": (layers - 1, units)}
    if {name: one.shape for name, one in arrays.items()} != wanted:
        raise ValueError(f"it holds other arrays than {wanted}")
    weight, bias = (arrays[name].astype(np.float32) for name in ("weight", "bias"))
    if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
        raise ValueError("it holds numbers that are not finite")
    scores = {name: ("layer", np.array(card["scores"][name]), {"units": "nat"}) for name in SCORES}
    return xr.Dataset(
        {
            "weight": (
                ("layer", "unit", "top"),
                np.concatenate([weight, np.eye(units, dtype=np.float32)[None]]),
            ),
            "bias": (("layer", "top"), np.concatenate([bias, np.zeros((1, units), np.float32)])),
            **scores,
        },
        attrs={
            "loss": card["scores"]["network"],
            "held_out": card["scores"]["characters"],
            "subject": card["model"],
            "card": json.dumps(card),
        },
    )
