"""Keras's files: weights in HDF5, and beside them what the model says of its layers.

`.keras` (Keras 3 and the last of 2) is an archive of config.json and model.weights.h5. In `.h5` and `.hdf5` of Keras 2 the
groups are named as the layers and the arrays as the weights; the file may hold weights only, and then nothing says which
functions they are for.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
from torch import Tensor

from rnnviz import netcdf
from rnnviz.foreign import keras
from rnnviz.foreign.arrays import DEEPEST, Array, Arrays, Refusals, Refused, shown
from rnnviz.foreign.keras import CLASSES, Config
from rnnviz.foreign.layers import Layer
from rnnviz.foreign.vocabulary import is_called_so

CONFIG = 8 * 2**20  # bytes of what a model says of itself
PASSING = {
    "Dropout",
    "SpatialDropout1D",
    "GaussianNoise",
    "GaussianDropout",
    "Masking",
}  # nothing, once trained
_VARS = re.compile(r"(.*?)(/cell)?/vars/(\d+)", re.DOTALL)


@dataclass(frozen=True)
class Told:
    """What a configuration tells: the recurrent layers by name, and the class of every layer."""

    recurrent: Mapping[str, Config]
    classes: Mapping[str, str]


def contents(
    path: Path, config: str | None, open_until: ExitStack, refused: Refusals
) -> tuple[Arrays, list[Layer], list[str]]:
    """Arrays and recurrent layers of a file of Keras's, and what is not said in it.

    config: config.json; None if it may lie in the file itself. The file stays open, to be read from, until `open_until` ends.
    refused: takes the layers that are no stock module.
    Raises ValueError, as `netcdf.look_over` does, where the file is hostile or damaged.
    """
    longest = netcdf.look_over(path)
    file = open_until.enter_context(h5py.File(path, "r"))
    if config is None:
        config = _text(file, "model_config", longest)
    told = _told(config) if config else Told({}, {})
    names = _names(file, told, longest)
    said = [_text(file, name, longest) for name in file.attrs if is_called_so(name)]
    arrays = Arrays(_arrays(file, told, names), said)
    found = [*_by_number(arrays, names, refused), *_by_name(arrays)]
    notes = []
    if not config and not all(keras.is_cudnn(arrays, weights) for weights in found):
        version = _text(file, "keras_version", longest) or ""
        old = re.match(r"(1|2\.[0-2])\.", version) is not None
        notes.append(
            "the file holds weights only: taken for layers with tanh, and sigmoid for their gates"
            + (f"; Keras {shown(version)} had hard_sigmoid unless it was told otherwise" if old else "")
        )
    return arrays, list(keras.layers(arrays, found, told.recurrent, refused)), notes


def _text(part: Any, name: str, longest: int) -> str | None:
    """An attribute that is one text, or None. It is measured first: an attribute may claim more than the file holds."""
    if name not in part.attrs:
        return None
    kind = part.attrs.get_id(name)
    if kind.get_space().get_simple_extent_npoints() != 1:
        return None
    if max(longest, kind.get_type().get_size()) > CONFIG:
        raise ValueError(f"{shown(name)} claims {max(longest, kind.get_type().get_size()):,} bytes")
    value = part.attrs[name]
    value = value.item() if isinstance(value, np.ndarray) and value.size == 1 else value
    if isinstance(value, bytes):
        return value.decode("utf-8")
    return value if isinstance(value, str) else None


def _arrays(file: h5py.File, told: Told, names: Mapping[str, str]) -> Iterator[Array]:
    def parts(group: Any, path: str) -> Iterator[tuple[str, Any]]:
        for key in group:
            if path or not key.startswith("optimizer"):
                part = group[key]
                name = f"{path}/{key}".removeprefix("/")
                if isinstance(part, h5py.Group):
                    yield from parts(part, name)
                else:
                    yield name, part

    for name, data in parts(file, ""):
        array = Array(name, tuple(map(int, data.shape)), data.dtype.name, _reading(data))
        numbered = _VARS.fullmatch(name)
        path = numbered[1] if numbered else ""
        words = [names.get(path, ""), path.rpartition("/")[2]] if path else name.split("/")
        known = [told.classes[word] for word in words if word in told.classes]
        first = numbered[3] == "0" if numbered else re.search(r"(kernel|embeddings)(:0)?$", name) is not None
        if first and len(array.shape) == 2 and "recurrent_kernel" not in name:
            if "Embedding" in known or (not known and re.search(r"embedding", name)):
                array = replace(array, role="embedding")
            elif "Dense" in known or (not known and re.search(r"(^|/)(time_distributed|dense)", name)):
                bias = re.sub("0$", "1", name) if numbered else re.sub(r"kernel(:0)?$", r"bias\1", name)
                array = replace(array, role="dense", turned=True, bias=bias if bias in file else "")
        yield array


def _reading(data: h5py.Dataset) -> Any:
    def read() -> Tensor:
        numbers = np.asarray(data[()])
        return torch.from_numpy(numbers.astype(numbers.dtype.newbyteorder("=")))

    return read


def _by_name(arrays: Arrays) -> list[keras.Weights]:
    """Keras 2: …/lstm/lstm_cell/kernel:0, recurrent_kernel:0, bias:0."""
    groups: dict[str, dict[str, str]] = {}
    for name in arrays:
        path, _slash, last = name.rpartition("/")
        groups.setdefault(path, {})[last.removesuffix(":0")] = name
    return [
        keras.Weights(
            [part for part in path.split("/") if part != "model_weights"],
            group.get("kernel", ""),
            group["recurrent_kernel"],
            group.get("bias"),
        )
        for path, group in groups.items()
        if "recurrent_kernel" in group
    ]


def _by_number(arrays: Arrays, names: Mapping[str, str], refused: Refusals) -> list[keras.Weights]:
    """Keras 3: …/lstm/cell/vars/0 (kernel), 1 (recurrent kernel), 2 (bias)."""
    groups: dict[str, dict[int, str]] = {}
    for name in arrays:
        if (match := _VARS.fullmatch(name)) and match[2]:
            groups.setdefault(match[1], {})[int(match[3])] = name
    found = []
    for path, group in groups.items():
        if sorted(group) not in ([0, 1], [0, 1, 2]):
            why = f"{shown(path)}: a cell of {len(group)} arrays; wanted kernel, recurrent kernel, bias"
            refused.append(Refused(shown(names.get(path) or path), why))
            continue
        owner, _slash, side = path.rpartition("/")
        if not re.match(r"(forward|backward)_", side):
            owner, side = path, ""
        name = names.get(owner) or owner.removeprefix("layers/").replace("/layers/", "/")
        found.append(keras.Weights([name, side], group[0], group[1], group.get(2)))
    return found


def _names(file: h5py.File, told: Told, longest: int) -> dict[str, str]:
    """Keras 3 calls the groups by the layers' classes, and keeps the names of the layers beside the weights; at first it did not.

    Returns the names of the layers by the paths of their groups.
    """
    found: dict[str, str] = {}
    counts: dict[str, int] = {}
    for name, kind in told.classes.items():  # as it counts them: lstm, lstm_1, …
        stem = re.sub(r"(?<=[a-z0-9])([A-Z])|(?<=.)([A-Z])(?=[a-z])", r"_\1\2", kind).lower()
        stem = {"cu_dnnlstm": "cudnnlstm", "cu_dnngru": "cudnngru"}.get(stem, stem)
        number = counts.get(stem, 0)
        counts[stem] = number + 1
        found[f"layers/{stem}_{number}" if number else f"layers/{stem}"] = name
    said: dict[str, str] = {}

    def look(path: str, part: Any) -> None:
        if path.endswith("/vars") and isinstance(part, h5py.Group) and (name := _text(part, "name", longest)):
            said[path.removesuffix("/vars")] = name

    file.visititems(look)
    return said or found


def _told(config: str) -> Told:
    if len(config) > CONFIG:
        raise ValueError(f"its model_config has {len(config):,} letters; at most {CONFIG:,}")
    try:
        model = json.loads(config)
    except (ValueError, RecursionError) as problem:
        raise ValueError("its model_config is no JSON, or nested too deep") from problem
    recurrent: dict[str, Config] = {}
    classes: dict[str, str] = {}
    _layers(model, recurrent, classes, 0)
    return Told(recurrent, classes)


def _layers(model: Any, recurrent: dict[str, Config], classes: dict[str, str], depth: int) -> None:
    if depth > DEEPEST:
        raise ValueError("its model_config: models lie too deep in models")
    config = model.get("config") if isinstance(model, dict) else None
    layers = config.get("layers") if isinstance(config, dict) else config  # Keras 1: a list
    layers = [layer for layer in layers if isinstance(layer, dict)] if isinstance(layers, list) else []
    in_line = isinstance(model, dict) and model.get("class_name") == "Sequential"
    sources: dict[str, str] = {}  # of each layer, the one that it reads; '' where that is not to be seen
    before = ""
    for layer in layers:
        said = layer.get("config")
        said = said if isinstance(said, dict) else {}
        name = said.get("name", layer.get("name"))
        if not isinstance(name, str):
            continue
        kind = str(layer.get("class_name"))
        sources[name] = before if in_line else _source(layer.get("inbound_nodes"))
        before = name
        found = _config(name, kind, said)
        inner = said.get("layer")
        classes[name] = (
            str(inner.get("class_name")) if kind == "TimeDistributed" and isinstance(inner, dict) else kind
        )
        if found is not None:
            after = sources[name]
            for _step in range(20):  # no further, and in no circle
                after = sources.get(after, "") if classes.get(after) in PASSING else after
            below = recurrent.get(after)
            whole = below is not None and below.said.get("return_sequences") is True
            recurrent[name] = replace(found, after=after if whole else "")
        elif isinstance(said.get("layers"), list):
            _layers(layer, recurrent, classes, depth + 1)


def _source(nodes: Any) -> str:
    """The one layer that a layer reads, by Keras 2's and Keras 3's way to say it; '' where it is not one, or states come
    along.
    """
    if not isinstance(nodes, list) or len(nodes) != 1:
        return ""
    (node,) = nodes
    if isinstance(node, dict):
        arguments = node.get("args")
        tensor = arguments[0] if isinstance(arguments, list) and len(arguments) == 1 else None
        said = tensor.get("config") if isinstance(tensor, dict) else None
        history = said.get("keras_history") if isinstance(said, dict) else None
        more = node.get("kwargs")
        if isinstance(more, dict) and more.get("initial_state") is not None:
            return ""
    else:
        history = node[0] if isinstance(node, list) and len(node) == 1 else None
        if isinstance(history, list) and len(history) > 3 and history[3]:
            return ""
    if isinstance(history, list) and len(history) >= 3 and isinstance(history[0], str) and history[2] == 0:
        return history[0]
    return ""


def _config(name: str, kind: str, said: Mapping[str, Any]) -> Config | None:
    """What the model says of one layer, if it is recurrent."""

    def inner(key: str) -> tuple[str, Mapping[str, Any]]:
        part = said.get(key)
        own = part.get("config") if isinstance(part, dict) else None
        return (
            (str(part.get("class_name")), own)
            if isinstance(part, dict) and isinstance(own, dict)
            else ("", {})
        )

    if kind in CLASSES:
        return Config(name, kind, said)
    if kind == "RNN":
        cell, own = inner("cell")
        return Config(
            name,
            cell.removesuffix("Cell") if cell.removesuffix("Cell") in CLASSES else cell or "RNN",
            {**said, **own},
        )
    if kind == "Bidirectional":
        (forward, own), (_backward, other) = inner("layer"), inner("backward_layer")
        found = _config(name, forward, own) if forward != "Bidirectional" else None
        merge = said.get("merge_mode")
        merge = merge if isinstance(merge, str) else "none"
        return None if found is None else replace(found, backward=other or None, merge=merge)
    return None
