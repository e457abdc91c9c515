"""The store of a corpus: Zarr v3 on disk, written and read here by the specification, so that xarray and zarr open it too.

Arrays (step, unit) lie in files of `STEPS` steps and all units, each unit's numbers one after the other: what asks for a few
units reads no others, and what asks for all reads whole files. Nothing is compressed, so that sizes are known before anything is
written. zarr's own Python package, which reads whole files, takes fifty times as long for four units of 256, and longer for all
(see benchmarks/corpus.py); so it is no dependency, and a test reads each store through it. Source: zarr-specs.readthedocs.io,
Zarr core specification version 3.
"""

import atexit
import contextlib
import io
import json
import math
import os
import shutil
import struct
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rnnviz import files
from rnnviz.told import Told

FORMAT = "rnnviz corpus 1"
STEPS = 32_768  # of a file of states: 32 MB of 256 units
TOKENS = 1 << 20  # of a file of tokens
META = "zarr.json"
HELD = "held"  # a file that a process holds as long as it lives
KINDS = ("float32", "int8", "uint8", "int32", "int64")


@dataclass(frozen=True)
class Array:
    """Numbers of a store. path: its folder. shape: (n,) or (step, unit). steps: rows of a file. scale: what a stored whole number
    stands for; None where numbers stand as they are. A value is np.float32(number) * np.float32(scale)."""

    path: Path
    shape: tuple[int, ...]
    steps: int
    kind: np.dtype[Any]
    scale: float | None = None

    @property
    def units(self) -> int:
        return self.shape[1] if len(self.shape) > 1 else 1

    @property
    def count(self) -> int:
        """How many files it has."""
        return math.ceil(self.shape[0] / self.steps)

    @property
    def bytes(self) -> int:
        """What its files take once all are there."""
        return self.count * self.steps * self.units * self.kind.itemsize

    def span(self, number: int) -> tuple[int, int]:
        """The first step of a file, and the first that is not in it."""
        return number * self.steps, min(self.shape[0], (number + 1) * self.steps)

    def create(self, dims: Sequence[str], attributes: Mapping[str, object]) -> None:
        chunk = (self.steps, *self.shape[1:])
        codecs: list[dict[str, object]] = [{"name": "bytes", "configuration": {"endian": "little"}}]
        if len(self.shape) > 1:
            codecs.insert(0, {"name": "transpose", "configuration": {"order": [1, 0]}})
        if self.kind.itemsize == 1:
            codecs[-1] = {"name": "bytes"}
        scaled = {} if self.scale is None else {"scale_factor": float(np.float32(self.scale))}
        _put(
            self.path / META,
            _array(self.shape, chunk, self.kind.name, 0, codecs, dims, {**attributes, **scaled}),
        )

    def put(self, first: int, values: np.ndarray) -> None:
        """Writes values from a step on, (step,) or (step, unit), of the array's own kind."""
        at, size = 0, self.kind.itemsize
        while at < len(values):
            number, offset = divmod(first + at, self.steps)
            taken = min(len(values) - at, self.steps - offset)
            # a unit's numbers lie side by side in the file
            piece = np.ascontiguousarray(values[at : at + taken].reshape(taken, self.units).T)
            path = self._file(number)
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "r+b" if path.exists() else "x+b", buffering=0) as file:
                file.truncate(self.steps * self.units * size)
                if taken == self.steps:
                    _written(file, piece, 0)
                else:
                    for unit in range(self.units):
                        _written(file, piece[unit], (unit * self.steps + offset) * size)
            at += taken

    def file(self, number: int, units: Sequence[int] | None = None) -> np.ndarray:
        """The numbers of a file as they are stored, (unit, step), of these units or of all. Raises Told where it is gone."""
        first, last = self.span(number)
        chosen = range(self.units) if units is None else units
        found = np.empty((len(chosen), self.steps if units is None else last - first), self.kind)
        size = self.kind.itemsize
        try:
            file = open(self._file(number), "rb", buffering=0)  # noqa: SIM115 (closed below)
        except OSError:
            raise gone(self.path) from None
        with file:
            if os.fstat(file.fileno()).st_size != self.steps * self.units * size:
                raise gone(self.path)
            if units is None:
                _read(file, found, 0, self.path)
            else:
                for row, unit in zip(found, chosen, strict=True):
                    _read(file, row, unit * self.steps * size, self.path)
        return found[:, : last - first]

    def check(self) -> None:
        """Raises Told where one of its files is gone, or has another size: as after a copy that was broken off."""
        size = self.steps * self.units * self.kind.itemsize
        for number in range(self.count):
            try:
                whole = self._file(number).stat().st_size == size
            except OSError:
                whole = False
            if not whole:
                raise gone(self.path)

    def values(self, number: int, units: Sequence[int] | None = None) -> np.ndarray:
        """The same as float32, as they stand for."""
        return self.decoded(self.file(number, units))

    def decoded(self, stored: np.ndarray) -> np.ndarray:
        return stored if self.scale is None else stored.astype(np.float32) * np.float32(self.scale)

    def whole(self) -> np.ndarray:
        """All of it, (n,) or (step, unit), as it is stored."""
        found = np.concatenate([self.file(number).T for number in range(self.count)])
        return found[:, 0] if len(self.shape) == 1 else found

    def _file(self, number: int) -> Path:
        return self.path / "c" / str(number) / "0" if len(self.shape) > 1 else self.path / "c" / str(number)


def open_array(path: Path) -> Array:
    """An array that `Array.create` described. Raises Told where it is none, or one that other programs wrote otherwise."""
    described = attributes_of(path, whole=True)
    try:
        shape = tuple(int(n) for n in described["shape"])
        chunk = tuple(int(n) for n in described["chunk_grid"]["configuration"]["chunk_shape"])
        kind = str(described["data_type"])
        names = [each["name"] for each in described["codecs"]]
        scale = described["attributes"].get("scale_factor")
        number = None if scale is None else float(scale)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise damaged(path) from None
    wanted = ["transpose", "bytes"] if len(shape) == 2 else ["bytes"]
    if kind not in KINDS or names != wanted or chunk[1:] != shape[1:] or min((*shape, *chunk)) < 1:
        raise damaged(path)
    return Array(path, shape, chunk[0], np.dtype(kind), number)


def put_texts(path: Path, texts: Sequence[str], dim: str) -> None:
    """An array of texts, in one file."""
    encoded = [text.encode("utf-8", "replace") for text in texts]
    _put(
        path / META,
        _array(
            (len(texts),),
            (max(1, len(texts)),),
            "string",
            "",
            [{"name": "vlen-utf8", "configuration": {}}],
            [dim],
        ),
    )
    with _file_of(path / "c" / "0") as unfinished:
        unfinished.write_bytes(
            struct.pack("<I", len(encoded)) + b"".join(struct.pack("<I", len(one)) + one for one in encoded)
        )


def texts(path: Path) -> list[str]:
    """What `put_texts` wrote. Raises Told where it is gone or damaged."""
    try:
        raw = (path / "c" / "0").read_bytes()
    except OSError:
        raise gone(path) from None
    try:
        (count,) = struct.unpack_from("<I", raw)
        found, at = [], 4
        for _ in range(count):
            (length,) = struct.unpack_from("<I", raw, at)
            found.append(raw[at + 4 : at + 4 + length].decode("utf-8"))
            at += 4 + length
        if at != len(raw):
            raise ValueError
    except (struct.error, ValueError):
        raise damaged(path) from None
    return found


def put_group(path: Path, attributes: Mapping[str, object], nested: bool = False) -> None:
    """A group with these attributes, over what was said of it before. nested: it also lists what all inside it are, so that
    others open the store in one look (consolidated metadata, as zarr's Python package writes it)."""
    described: dict[str, object] = {"zarr_format": 3, "node_type": "group", "attributes": dict(attributes)}
    if nested:
        inside = {
            str(each.parent.relative_to(path)): json.loads(each.read_text("utf-8"))
            for each in sorted(path.rglob(META))
            if each.parent != path
        }
        described["consolidated_metadata"] = {"kind": "inline", "must_understand": False, "metadata": inside}
    _put(path / META, described)


def attributes_of(path: Path, whole: bool = False) -> dict[str, Any]:
    """The attributes of a group or array; whole: all that is said of it. Raises Told where it is gone or damaged."""
    try:
        described = json.loads((path / META).read_text("utf-8"))
        found: dict[str, Any] = described if whole else described["attributes"]
        if not isinstance(found, dict):
            raise TypeError
    except OSError:
        raise gone(path) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise damaged(path) from None
    return found


def passing(prefix: str) -> Path:
    """A folder for stores that last as long as this process. Those of processes that were killed are cleared away first."""
    for left in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        if (left / HELD).exists():
            with contextlib.suppress(OSError), files.alone(left / HELD, f"{left} is used"):
                shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    held = contextlib.ExitStack()
    held.enter_context(files.alone(folder / HELD, f"{folder} is used"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(held.close)  # which comes first
    return folder


def gone(path: Path) -> Told:
    return Told(
        "{path} is not there, or was cut short: was the corpus moved or deleted? Open it again, or delete it and record it anew",
        path=path,
    )


def damaged(path: Path) -> Told:
    return Told("{path} is not as rnnviz writes it: record the corpus again", path=path)


def _array(
    shape: Sequence[int],
    chunk: Sequence[int],
    kind: str,
    fill: object,
    codecs: Sequence[Mapping[str, object]],
    dims: Sequence[str],
    attributes: Mapping[str, object] | None = None,
) -> dict[str, object]:
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(shape),
        "data_type": kind,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(chunk)}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": float(fill) if kind == "float32" and isinstance(fill, int) else fill,
        "codecs": list(codecs),
        "dimension_names": list(dims),
        "attributes": dict(attributes or {}),
    }


def _put(path: Path, described: Mapping[str, object]) -> None:
    with _file_of(path) as unfinished:
        unfinished.write_text(json.dumps(described, indent=1), "utf-8")


def _file_of(path: Path) -> Any:
    path.parent.mkdir(parents=True, exist_ok=True)
    return files.written(path)


def _written(file: io.FileIO, piece: np.ndarray, offset: int) -> None:
    file.seek(offset)
    left = piece.data.cast("B")
    while left:
        left = left[file.write(left) :]


def _read(file: io.FileIO, into: np.ndarray, offset: int, path: Path) -> None:
    file.seek(offset)
    left = into.data.cast("B")
    while left:
        done = file.readinto(left)
        if not done:
            raise gone(path)
        left = left[done:]
