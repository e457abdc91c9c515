"""LSTMVis's files: a folder with lstm.yml, which says in which HDF5 files the states and the words of each step lie.

    name: children books
    files: {states: cbt_epoch10.h5, train: train.h5, words: words.dict}
    word_sequence: {file: train, path: word_ids, dict_file: words}
    states: {file: states, types: [{type: state, layer: 1, path: states1}, {type: output, layer: 2, path: output2}]}

An array of states is (step, unit); `state` is the cell state of a layer, `output` its hidden state; layers count from 1. A line
of the dictionary is a word and its number. Source: github.com/HendrikStrobelt/LSTMVis, README.md, docs/chapter/config_states.md
and lstmdata/data_handler.py.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from rnnviz import netcdf
from rnnviz.foreign.arrays import shown
from rnnviz.told import Told

CONFIGS = ("lstm.yml", "lstm.yaml")
LONGEST = 2**16  # bytes of lstm.yml
DICTIONARY = 64 * 2**20  # bytes of a dictionary
MOST = 256  # arrays of states
FIELDS = {"state": "cell", "output": "hidden"}
_LINE = re.compile(r"(\S+|\s)\s+(\d{1,9})")


@dataclass(frozen=True)
class States:
    """An array of states, which is read where it is asked for. layer: from 0. field: `cell` or `hidden`."""

    layer: int
    field: str
    steps: int
    units: int
    _data: h5py.Dataset

    def read(self, first: int, last: int) -> np.ndarray:
        """Some steps of it, (step, unit) float32. Raises Told where the file is damaged."""
        try:
            return np.asarray(self._data[first:last], np.float32)
        except (OSError, ValueError, RuntimeError) as problem:
            raise Told(
                "{path} in {file} is damaged: {problem}",
                path=shown(self._data.name),
                file=Path(self._data.file.filename).name,
                problem=" ".join(str(problem).split())[:100],
            ) from None


@dataclass(frozen=True, eq=False)
class Folder:
    """What LSTMVis shows of a folder. words: of each number that occurs, in their order. ids: (step,) places in `words`. states:
    as lstm.yml lists them. left_out: words at the end that have no states."""

    name: str
    words: tuple[str, ...]
    ids: np.ndarray
    states: tuple[States, ...]
    left_out: int
    files: tuple[Path, ...]


@contextlib.contextmanager
def opened(folder: str | Path) -> Iterator[Folder]:
    """A folder of LSTMVis's, whose states can be read while it lasts.

    Raises Told, in one line, for what is missing, damaged or hostile: files outside the folder are not opened, and each is looked
    over (see `netcdf.look_over`) before anything in it is read. ModuleNotFoundError where PyYAML is not installed.
    """
    folder = Path(folder)
    said = _config(folder)
    listed = _part(said, "files")
    with contextlib.ExitStack() as stack:
        held: dict[Path, h5py.File] = {}

        def array(where: Mapping[str, Any], part: str, default: object = None) -> h5py.Dataset:
            path = _file(folder, listed, where.get("file", default), f"{part}: file")
            if path not in held:
                held[path] = stack.enter_context(_hdf5(path))
            name = where.get("path")
            found = held[path].get(name) if isinstance(name, str) and name else None
            if not isinstance(found, h5py.Dataset):
                raise Told(
                    "{file} has no array {name}, which lstm.yml names", file=path.name, name=shown(name)
                )
            return found

        sequence = _part(said, "word_sequence")
        words = array(sequence, "word_sequence")
        if len(words.shape) > 2 or words.shape[1:] not in ((), (1,)) or words.dtype.kind not in "iuf":
            raise Told(
                "{name} has the shape {shape}, {kind}; wanted one number of a word for each step",
                name=shown(words.name),
                shape=tuple(words.shape),
                kind=words.dtype,
            )
        dictionary = _file(folder, listed, sequence.get("dict_file"), "word_sequence: dict_file")
        states = tuple(_states(said, array))
        steps = states[0].steps
        given = np.asarray(words[()]).reshape(-1)
        with np.errstate(invalid="ignore"):
            numbers = given.astype(np.int64)
        if not (numbers == given).all():
            raise Told("{name} holds other than whole numbers of words", name=shown(words.name))
        if len(numbers) < steps:
            raise Told(
                "{steps:,} steps of states, and {count:,} words: wanted a word for each",
                steps=steps,
                count=len(numbers),
            )
        there, ids = np.unique(numbers[:steps], return_inverse=True)
        called = _dictionary(dictionary)
        for number in there.tolist():
            if number not in called:
                raise Told("{file} has no word of number {number}", file=dictionary.name, number=number)
        yield Folder(
            shown(said.get("name") or folder.resolve().name),
            tuple(called[number] for number in there.tolist()),
            ids.astype(np.int32),
            states,
            len(numbers) - steps,
            tuple(held),
        )


def _config(folder: Path) -> Mapping[str, Any]:
    import yaml

    path = next((folder / name for name in CONFIGS if (folder / name).is_file()), None)
    if path is None:
        raise Told("{folder} has no lstm.yml: name a folder of LSTMVis's", folder=folder)
    raw = path.read_bytes()
    if len(raw) > LONGEST:
        raise Told("{path} has {count:,} bytes; at most {most:,}", path=path, count=len(raw), most=LONGEST)
    raw = raw.expandtabs(2)  # its README has some, which YAML refuses
    try:
        if any(isinstance(one, yaml.AliasEvent) for one in yaml.parse(raw, Loader=yaml.SafeLoader)):
            raise Told(
                "{path} repeats parts by *alias: write them out", path=path
            )  # ten in ten in ten … fill any memory
        said = yaml.safe_load(raw)
    except Told:
        raise
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        line = " ".join(str(problem).split())[:150]
        raise Told("{path} is no YAML: {line}", path=path, line=line) from None
    if not isinstance(said, dict):
        raise Told("{path} holds no fields: wanted files, word_sequence and states", path=path)
    return said


def _part(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = said.get(name)
    if not isinstance(found, dict):
        raise Told("lstm.yml has no {name} with fields below it", name=name)
    return found


def _file(folder: Path, listed: Mapping[str, Any], called: object, what: str) -> Path:
    """A file by what `files` calls it; the README of LSTMVis itself calls one by its name without the ending."""
    name = listed.get(called) if isinstance(called, str) else None
    if name is None:
        name = next((n for n in listed.values() if isinstance(n, str) and Path(n).stem == called), None)
    if not isinstance(name, str) or not name:
        raise Told(
            "lstm.yml: {what} is {called}, which `files` does not list", what=what, called=shown(called)
        )
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise Told("lstm.yml names {name}, outside its folder: put it there", name=shown(name))
    path = folder / name
    if not path.is_file():
        raise Told("{path} is not there, which lstm.yml names", path=path)
    return path


def _hdf5(path: Path) -> h5py.File:
    try:
        netcdf.look_over(path)
        return h5py.File(path, "r")
    except (OSError, ValueError, RuntimeError, KeyError) as problem:
        line = " ".join(str(problem).split())[:200]
        raise Told("{path} cannot be read: {line}", path=path, line=line) from None


def _states(said: Mapping[str, Any], array: Any) -> Iterator[States]:
    section = _part(said, "states")
    types = section.get("types")
    if not isinstance(types, list) or not types:
        raise Told("lstm.yml: states has no list of types")
    if len(types) > MOST:
        raise Told("lstm.yml lists {count:,} arrays of states; at most {most}", count=len(types), most=MOST)
    before: States | None = None
    for number, one in enumerate(types, 1):
        if not isinstance(one, dict):
            raise Told("lstm.yml: entry {number} of states is no list of fields", number=number)
        kind, layer = one.get("type", "state"), one.get("layer", 1)
        if not isinstance(kind, str) or kind not in FIELDS or type(layer) is not int or not 1 <= layer < 1000:
            raise Told(
                "lstm.yml: entry {number} of states is of type {kind}, layer {layer}; wanted state or output, and a layer from 1",
                number=number,
                kind=shown(kind),
                layer=shown(layer),
            )
        data = array(one, "states", section.get("file"))
        if len(data.shape) != 2 or not all(data.shape) or data.dtype.kind not in "fiu":
            raise Told(
                "{name} has the shape {shape}, {kind}; wanted numbers, steps by units",
                name=shown(data.name),
                shape=tuple(data.shape),
                kind=data.dtype,
            )
        found = States(layer - 1, FIELDS[kind], int(data.shape[0]), int(data.shape[1]), data)
        if before is not None and found.steps != before.steps:
            raise Told(
                "{name} has {steps:,} steps, and the one before it {before:,}: wanted the same",
                name=shown(data.name),
                steps=found.steps,
                before=before.steps,
            )
        yield found
        before = found


def _dictionary(path: Path) -> dict[int, str]:
    """Words by their numbers. A line that begins with a blank has it as its word."""
    if path.stat().st_size > DICTIONARY:
        raise Told(
            "{path} is larger than a dictionary: {count:,} bytes", path=path, count=path.stat().st_size
        )
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise Told("{path} is not text in UTF-8: save it as UTF-8", path=path) from None
    found = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        said = _LINE.fullmatch(line.rstrip())
        if said is None:
            raise Told("{path}, line {number}: wanted a word and its number", path=path, number=number)
        found[int(said[2])] = said[1]
    return found
