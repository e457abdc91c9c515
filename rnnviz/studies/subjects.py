"""What is looked at: recorded modules, the sequences that they read, and how the steps are called.

subject = rnnviz.subjects.opened("run.nc")
subject.modules                              # ('encoder', 'decoder')
subject.layer("encoder", layer=0, direction=0, sequence=3)["forget_gate"]      # (time, unit)
"""

import functools
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import xarray as xr

from rnnviz import trace
from rnnviz.told import Told

Numbers = TypeVar("Numbers", xr.DataArray, xr.Dataset)
WHOLE = 4 * 2**20  # bytes of a file up to which all of it makes its key
PIECES, PIECE = (
    64,
    2**16,
)  # of a larger one: so many pieces of so many bytes, the first and the last among them


@dataclass(frozen=True, eq=False)
class Subject:
    """Recorded modules with their sequences. Shared between readers: look, never change.

    name: as a reader calls it. key: stands for what it holds. trace: what was recorded; of a file, read where it is looked at.
    """

    name: str
    key: str
    trace: xr.DataTree

    @property
    def link(self) -> str:
        """How a link and the app call it: by its name and its key."""
        return f"{self.name}~{self.key}"

    @functools.cached_property
    def modules(self) -> tuple[str, ...]:
        """The recurrent modules, by their names in the trace."""
        nodes = (node for node in self.trace.subtree if node.attrs.get("kind") in trace.FIELDS)
        return tuple(node.path.lstrip("/") for node in nodes)

    @functools.cached_property
    def attentions(self) -> tuple[str, ...]:
        """The modules that attend, by their names in the trace."""
        return tuple(
            node.path.lstrip("/") for node in self.trace.subtree if node.attrs.get("kind") == "attention"
        )

    def only(self, module: str | None) -> str:
        """The module that is named, or where none is named the only one. Raises ValueError where there are several."""
        if module is None and len(self.modules) > 1:
            raise Told("name one of the modules with module=: {names}", names=", ".join(self.modules))
        return module or self.modules[0]

    def node(self, module: str) -> xr.DataTree:
        """What was recorded of a module. Raises ValueError where there is none of that name."""
        if module not in self.modules + self.attentions:
            have = ", ".join(self.modules + self.attentions) or "none"
            raise ValueError(f"{self.name} holds no module {module!r}; it holds {have}")
        return trace.branch(self.trace, module)

    def sequences(self, module: str) -> tuple[str, ...]:
        """What the sequences of the batch are called: by their names, or else by their numbers, counted from 1; and by their
        labels, where they have any."""
        node = self.node(module)
        names: list[object] = list(range(1, node.sizes["batch"] + 1))
        if "sequence" in node.coords:
            names = node.coords["sequence"].values.tolist()
        if "label" in node.coords:
            names = [
                f"{name} · {label}" for name, label in zip(names, node.coords["label"].values, strict=True)
            ]
        return tuple(map(str, names))

    def layers(self, module: str) -> tuple[int, ...]:
        """The numbers of the layers that are there, from 0, as the module has them: a recording may have kept some alone."""
        node = self.node(module)
        if "layer" not in node.coords:
            return tuple(range(node.sizes["layer"]))
        return tuple(int(number) for number in node.coords["layer"].values)

    def units(self, module: str) -> int:
        """Of the states of a module; with proj_size there are more of its cell's."""
        sizes = self.node(module).sizes
        found: int = sizes.get("projection", sizes["unit"])
        return found

    def steps(self, module: str, sequence: int = 0) -> int:
        """How many steps a sequence has."""
        node = self.node(module)
        whole: int = node.sizes["time"]
        return int(node.coords["length"].values[sequence]) if "length" in node.coords else whole

    def tokens(self, module: str, sequence: int = 0) -> tuple[str, ...] | None:
        """What was read at each step of a sequence; None where nobody said."""
        node = self.node(module)
        if "token" not in node.coords:
            return None
        tokens = node.coords["token"]
        row = tokens.isel(batch=sequence) if "batch" in tokens.dims else tokens
        return tuple(map(str, row.values[: self.steps(module, sequence)].tolist()))

    def has_gradients(self, module: str) -> bool:
        """Whether a loss was sent back through the module while it was recorded, and what came of it was kept."""
        return any(name in self.node(module) for name in ("hidden_grad", "hidden_grad_direct"))

    def inputs(self, module: str, sequence: int = 0) -> xr.DataArray | None:
        """What the module read, (feature, time), without what lies beyond its end; None where that was not kept."""
        node = self.node(module)
        if "input" not in node:
            return None
        found = node["input"].isel(batch=sequence, time=slice(self.steps(module, sequence)))
        return found.transpose("feature", "time")

    def outputs(self, module: str, sequence: int = 0) -> xr.DataArray | None:
        """What the model itself returned while a module read, (time, output), without what lies beyond its end; None where that
        was not kept, or lies on another axis. Its coordinate `output_name` says what they are called, where somebody did.

        Raises ValueError where the file cannot be read there.
        """
        own, steps = self.node(module).sizes, self.steps(module, sequence)
        for node in self.trace.subtree:
            alike = node.attrs.get("kind") == "output" and "value" in node
            if alike and (node.sizes["time"], node.sizes["batch"]) == (own["time"], own["batch"]):
                found = node.dataset["value"].isel(batch=sequence, time=slice(steps))
                return read(found.transpose("time", "output"), self.name, node.path[1:])
        return None

    def layer(self, module: str, layer: int = 0, direction: int = 0, sequence: int = 0) -> xr.Dataset:
        """One layer and direction of a module over one sequence, without what lies beyond its end: arrays (time, unit) and
        weights, in memory. With proj_size the states and their gradients are (time, projection).

        Raises ValueError where there is no such place, and where the file cannot be read there.
        """
        node = self.node(module)
        for dim, place in (("layer", layer), ("direction", direction), ("batch", sequence)):
            if not 0 <= place < node.sizes[dim]:
                raise ValueError(
                    f"{self.name}, {module}: {dim} must be 0 to {node.sizes[dim] - 1}; got {place}"
                )
        found = node.to_dataset(inherit=False).isel(layer=layer, direction=direction, batch=sequence)
        steps = self.steps(module, sequence)
        whole = (
            {"steps": steps} if "steps" in node.attrs else {}
        )  # the sequence ends where it ended: this is no slice of it
        return read(found.isel(time=slice(steps)), self.name, module).assign_attrs(node.attrs | whole)

    def attention(self, module: str, sequence: int = 0, head: int | None = None) -> xr.DataArray:
        """The attention weights (query, key) of one head over one sequence, in memory; head: None for the mean of all heads. Keys
        that no query can look at, as padding, are left out.

        Raises ValueError where there is no such place, and where the file cannot be read there.
        """
        node = self.node(module)
        for dim, place in (("head", head or 0), ("batch", sequence)):
            if not 0 <= place < node.sizes[dim]:
                raise ValueError(
                    f"{self.name}, {module}: {dim} must be 0 to {node.sizes[dim] - 1}; got {place}"
                )
        weight = node.dataset["weight"].isel(batch=sequence)
        found = read(weight if head is None else weight.isel(head=head), self.name, module)
        if head is None:
            found = found.mean("head", keep_attrs=True)
        there = found.notnull().any("query")
        return found.isel(key=there.values)

    def states(self, module: str, layer: int = 0, direction: int = 0, sequence: int = 0) -> xr.Dataset:
        """The same with states and gradients over `unit`, projected or not; with proj_size without cells and gates."""
        return of_states(self.layer(module, layer, direction, sequence))


def read(found: Numbers, name: str, module: str) -> Numbers:
    """The same in memory. Raises ValueError, in one line, where the file cannot be read there."""
    try:
        return found.load()
    except Exception as error:  # what a file that is damaged inside makes HDF5 raise, nobody has listed
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise ValueError(f"{name}, {module}: cannot be read: {reason}") from error


def of_states(found: xr.Dataset) -> xr.Dataset:
    """Of what `Subject.layer` returns: states and their gradients over `unit`, projected or not."""
    if "projection" not in found["hidden"].dims:
        return found
    return found.drop_dims("unit").rename(projection="unit")


def opened(path: str | os.PathLike[str], name: str | None = None) -> Subject:
    """The subject that a saved trace is. Its numbers are read from the file where they are looked at, so that it may be
    larger than memory. name: as a reader calls it; that of the file.

    Raises FileNotFoundError and ValueError as `open_trace`; ValueError where it holds no recurrent module and no attention.
    """
    subject = Subject(name or Path(path).name, fingerprint(path), trace.open_trace(path, lazy=True))
    if not subject.modules and not subject.attentions:
        raise ValueError(f"{subject.name} holds no recurrent module and no attention")
    return subject


def fingerprint(path: str | os.PathLike[str]) -> str:
    """16 hexadecimal digits that stand for what a file holds: SHA-256 of its size and of all its bytes; of a file of more than
    4 MiB, of 64 pieces evenly spread over it, so that a large one is told in milliseconds. Raises FileNotFoundError."""
    if not Path(path).is_file():
        raise FileNotFoundError(f"no such trace: {path}")
    with Path(path).open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        found = hashlib.sha256(str(size).encode())
        if size <= WHOLE:
            file.seek(0)
            found.update(file.read())
        else:
            for piece in range(PIECES):
                file.seek((size - PIECE) * piece // (PIECES - 1))
                found.update(file.read(PIECE))
    return found.hexdigest()[:16]
