"""The recurrent layers of somebody's file, as stock modules."""

import itertools
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from torch import nn

from rnnviz.foreign import attached, flat, hdf5, naming, onnx, pickles, vocabulary, zips
from rnnviz.foreign.arrays import (
    FLOATS,
    LARGEST,
    MOST_LAYERS,
    Arrays,
    Refusals,
    Refused,
    WeightsError,
    in_a_line,
    shown,
)
from rnnviz.foreign.layers import Layer, module, stacked

READ = ".safetensors, .pt or .pth (a state dict), .npz, .onnx, Keras .h5, .hdf5 or .keras"
JOINED = ("hidden first", "input first")


class Left(NamedTuple):
    """An array of the file that is in no module."""

    name: str
    shape: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Weights(Mapping[str, nn.RNNBase]):
    """The recurrent layers of a file by name: `nn.LSTM`, `nn.GRU` or `nn.RNN`, float32, batch first, in eval mode.

    chain: their names in the order in which data passes through them, one taking what the one before gives; () where the file
    and the shapes do not tell. embedding, output: what stands below the first and above the last of the chain, None where there
    is none or more than one fits. left: arrays of numbers in no module. notes: what was taken for granted, a line each. refused:
    the recurrent layers that are no stock module, each with the reason; where there is one, nothing is put below or above the
    others by shapes alone. vocabulary: what tokens are called by their ids, where the file says it under such a name, once;
    `rnnviz.studies.worded` makes of it all a model that reads text. format: what the file is.
    """

    modules: Mapping[str, nn.RNNBase]
    chain: tuple[str, ...]
    embedding: nn.Embedding | None
    output: nn.Linear | None
    left: tuple[Left, ...]
    notes: tuple[str, ...]
    format: str
    refused: tuple[Refused, ...] = ()
    vocabulary: Mapping[int, str] | None = None

    def __getitem__(self, name: str) -> nn.RNNBase:
        return self.modules[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.modules)

    def __len__(self) -> int:
        return len(self.modules)


def weights(
    path: str | os.PathLike[str],
    *,
    embedding: str | None = None,
    output: str | None = None,
    joined: str | None = None,
) -> Weights:
    """The recurrent layers of a file as stock torch modules by name, with the weights in, ready to run and to record.

    Reads .safetensors, .pt and .pth (a state dict, of any version of torch), .npz, .onnx, and Keras's .h5, .hdf5 and .keras,
    whatever the file is called. Order of gates and transposes: `rnnviz/foreign/gates.py`. No code of the file is run, no pickle
    is executed.

    embedding, output: name one of `left`, where several fit and the caller knows. joined: 'hidden first' or 'input first', for
    LSTMs of NumPy whose matrices multiply state and input in one.

    Raises FileNotFoundError where there is no such file, WeightsError (a ValueError) in one line for one that is damaged, larger
    than 512 MiB or claims more than it holds, that holds no recurrent layer or none that is a stock module. One that is none
    (peepholes, clipped sums, other activations, a GRU that resets the state before the product) stands in `refused` beside the
    others, with the reason.

    >>> import pathlib, tempfile, torch
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mine.pt"
    >>> parts = {"embed": torch.nn.Embedding(50, 8), "rnn": torch.nn.GRU(8, 16), "out": torch.nn.Linear(16, 50)}
    >>> mine = torch.nn.ModuleDict(parts)
    >>> torch.save(mine.state_dict(), path)
    >>> found = weights(path)
    >>> found["rnn"], found.embedding, found.output.out_features, found.left
    (GRU(8, 16, batch_first=True), Embedding(50, 8), 50, ())
    >>> found["rnn"](found.embedding(torch.tensor([[1, 2, 3]])))[0].shape
    torch.Size([1, 3, 16])
    """
    path = Path(path)
    name = shown(path.name or path)
    if joined not in (None, *JOINED):
        raise WeightsError(f"joined came as {shown(joined)!r}; wanted {' or '.join(map(repr, JOINED))}")
    try:
        if path.is_dir():
            raise ValueError("a folder; wanted a file of weights")
        if not path.exists():
            raise FileNotFoundError(f"no such file of weights: {shown(path)}")
        if not path.is_file():
            raise ValueError("no file that could be read twice; wanted a file of weights")
        size = path.stat().st_size
        if not size:
            raise ValueError("empty")
        if size > LARGEST:
            raise ValueError(f"{size:,} bytes; at most {LARGEST:,} are read")
        with ExitStack() as open_until:
            return _read(path, open_until, embedding, output, joined)
    except FileNotFoundError:
        raise
    except (ValueError, NotImplementedError, OSError) as problem:
        raise WeightsError(f"{name}: {in_a_line(problem)}") from problem
    except Exception as problem:  # what a damaged file makes four libraries raise, nobody has listed
        raise WeightsError(
            f"{name}: damaged or cut short ({type(problem).__name__}: {in_a_line(problem)})"
        ) from problem


def _read(
    path: Path, open_until: ExitStack, embedding: str | None, output: str | None, joined: str | None
) -> Weights:
    refused = Refusals()
    form, arrays, found, notes = _opened(path, open_until, joined, refused)
    if not found and refused:
        more = f"; and {len(refused) - 1:,} more layers are refused" if len(refused) > 1 else ""
        raise ValueError(refused[0].why + more)
    if not found:
        here = ", ".join(flat.names_of(arrays)) or "no array at all"
        raise ValueError(f"{form}, and no recurrent layer in it; found {here}")
    if len(found) > MOST_LAYERS:
        raise ValueError(f"{len(found):,} recurrent layers; at most {MOST_LAYERS:,}")
    if len({layer.name for layer in found}) < len(found):
        found = _apart(found)
    used = frozenset().union(*(layer.used for layer in found))
    free = [name for name in arrays if name not in used]
    insides = {arrays[name].inside for name in used if name in arrays}
    if len(insides) == 1:  # beside the model a checkpoint may hold an optimizer's state
        free = [name for name in free if arrays[name].inside in insides]
    widths = {
        arrays[name].shape[-1] for name in free if attached.is_embedding(arrays[name]) and arrays[name].shape
    }
    found, lines = stacked(found, widths)
    notes = [*notes, *lines, *(_merged(layer) for layer in found if layer.merged)]
    modules = {layer.name: module(layer) for layer in found}
    chain = _chain(found, widths, {one.name for one in refused})
    ends = (found[0], found[-1]) if chain and not refused else (None, None)
    below, above = embedding, output
    if chain and below is None and ends[0]:
        below = attached.embedding(arrays, free, ends[0].inputs, found[-1].outputs)
    if chain and above is None and ends[1]:
        above = attached.dense(arrays, [name for name in free if name != below], ends[1].outputs)
    if not chain and (below or above):
        raise ValueError("the order of its layers is not known, so nothing can be put below or above them")
    table = None if below is None else attached.built_embedding(arrays, below, found[0].inputs)
    last, taken = (
        (None, frozenset[str]()) if above is None else attached.built_output(arrays, above, found[-1].outputs)
    )
    taken |= {below} if below is not None else set()
    others = [arrays[name] for name in free if name not in taken and arrays[name].dtype in FLOATS]
    left = tuple(Left(shown(array.name), array.shape) for array in others if array.shape)
    words = vocabulary.of_file(arrays.said)
    return Weights(modules, chain, table, last, left, tuple(notes), form, tuple(refused), words)


def _opened(
    path: Path, open_until: ExitStack, joined: str | None, refused: Refusals
) -> tuple[str, Arrays, list[Layer], list[str]]:
    """What the file is, by how it begins and not by how it is called; its arrays and recurrent layers; what it does not say.
    refused: takes the layers that are no stock module."""
    with path.open("rb") as file:
        start = file.read(16)
    silent = "the file holds weights only: taken for layers with tanh, and sigmoid for their gates"
    if start.startswith(b"\x89HDF\r\n\x1a\n"):
        return ("HDF5", *hdf5.contents(path, None, open_until, refused))
    if start.startswith(b"PK"):
        archive = open_until.enter_context(zips.opened(path))
        names = archive.namelist()
        if "config.json" in names and "model.weights.h5" in names:
            return ("Keras", *_keras(archive, open_until, refused))
        programs = [name for name in names if name.endswith("/data.pkl") and name.count("/") == 1]
        if len(programs) == 1:
            form, arrays = "PyTorch", pickles.archived(archive, programs[0])
        elif any(name.endswith(".npy") for name in names):
            form, arrays = "NumPy", flat.npz(path, archive)
        else:
            raise ValueError(f"an archive of neither PyTorch, Keras nor NumPy; wanted {READ}")
    elif start.startswith(b"\x93NUMPY"):
        form, arrays = "NumPy", flat.npy(path)
    elif start[8:9] == b"{":
        form, arrays = "safetensors", flat.safetensors(path)
    elif start[:1] == b"\x80" and start[1:2] <= b"\5":
        form, arrays = "PyTorch", pickles.before_archives(path)
    elif path.suffix.lower() == ".onnx" or start[:1] == b"\x08":
        return ("ONNX", *onnx.contents(path, refused))
    else:
        raise ValueError(f"none of the files that are read; wanted {READ}")
    found = naming.find(arrays, refused, joined)
    plain = [layer for layer in found if layer.kind == "rnn"]
    return form, arrays, found, [silent] if plain or form == "NumPy" else []


def _keras(
    archive: zipfile.ZipFile, open_until: ExitStack, refused: Refusals
) -> tuple[Arrays, list[Layer], list[str]]:
    """HDF5 is read from a file: that of the archive is unpacked into a folder that goes when all is read."""
    folder = Path(open_until.enter_context(TemporaryDirectory()))
    config = zips.content(archive, "config.json", hdf5.CONFIG).decode("utf-8")
    unpacked = folder / "model.weights.h5"
    unpacked.write_bytes(zips.content(archive, "model.weights.h5", LARGEST))
    return hdf5.contents(unpacked, config, open_until, refused)


def _apart(found: list[Layer]) -> list[Layer]:
    """Layers whose names are the same, numbered."""
    names: list[str] = []
    for layer in found:
        name, count = layer.name, 0
        while name in names:
            count += 1
            name = f"{layer.name}_{count}"
        names.append(name)
    return [replace(layer, name=name) for layer, name in zip(found, names, strict=True)]


def _merged(layer: Layer) -> str:
    return f"{layer.name}: its file merges the directions ({shown(layer.merged)}); the module gives them side by side"


def _chain(found: list[Layer], widths: set[int], refused: set[str]) -> tuple[str, ...]:
    """Names of the layers if each is known to take what the one before gives, or could take nothing else; else (). refused: names
    of those that are not among them, any of which may stand between two."""
    if found[0].after in refused:
        return ()
    for below, layer in itertools.pairwise(found):
        alone = layer.inputs not in widths and layer.inputs != below.inputs
        known = layer.after == below.name or (layer.after is None and alone and not refused)
        if layer.inputs != below.outputs or below.merged or not known:
            return ()
    return tuple(layer.name for layer in found) if not found[-1].merged else ()
