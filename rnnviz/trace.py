"""The schema of a trace: which arrays a recurrent module leaves behind, over which dims, and how they are
kept in a file.

A trace is an xarray.DataTree with one node for each recurrent module. `FIELDS` says what a node holds,
`assemble` makes one from numpy arrays, `check` tells whether a tree is one, `save` and `open_trace` keep it
in one netCDF file.
"""

import os
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from rnnviz import netcdf

FORMAT = "rnnviz trace 1"

STATE = ("layer", "direction", "batch", "time", "unit")
INITIAL = ("layer", "direction", "batch", "unit")
SIGNED = (-1.0, 1.0)
SHARE = (0.0, 1.0)


@dataclass(frozen=True)
class Field:
    """One array of a trace: its dims in order, what a reader calls it, its bounds if it has any."""

    dims: tuple[str, ...]
    long_name: str
    valid_range: tuple[float, float] | None = None
    comment: str = ""
    optional: bool = False
    units: str = "1"  # dimensionless, as all numbers inside a network are


def _calls(field: Field) -> Field:
    """The same state once for each call, kept only where a module was called several times."""
    comment = "one for each call, in order; only where there were several calls"
    return Field(("calls", *field.dims), f"{field.long_name} of each call", comment=comment, optional=True)


_BACKWARD = "summed over all backward calls of the recording"


def _gradient(long_name: str, comment: str = _BACKWARD) -> Field:
    return Field(STATE, long_name, comment=comment, optional=True)


_HIDDEN_INITIAL = Field(INITIAL, "hidden state before the first step")
_CELL_INITIAL = Field(INITIAL, "cell state before the first step")
_ALL = {
    "hidden": Field(STATE, "hidden state", SIGNED),
    "hidden_initial": _HIDDEN_INITIAL,
    "hidden_initial_by_call": _calls(_HIDDEN_INITIAL),
    "input": Field(("batch", "time", "feature"), "input of the first layer"),
    # xarray takes an array named like one of the dims for a coordinate, so no dim is called `input`: layer 0
    # reads features, a layer above reads the units below it, and the weights hold room for the widest.
    "input_weight": Field(
        ("layer", "direction", "gate", "unit", "input_unit"),
        "input weight",
        comment="layers differ in input width: the narrower ones are NaN beyond theirs",
    ),
    "recurrent_weight": Field(
        ("layer", "direction", "gate", "unit", "previous_unit"), "recurrent weight from h_{t-1} to the gate"
    ),
    "input_bias": Field(
        ("layer", "direction", "gate", "unit"), "input bias", comment="0 where there are no biases"
    ),
    "recurrent_bias": Field(
        ("layer", "direction", "gate", "unit"), "recurrent bias", comment="0 where there are no biases"
    ),
    "hidden_grad": _gradient("total gradient ∂L/∂h", f"the recurrence included; {_BACKWARD}"),
    "hidden_grad_direct": _gradient(
        "direct gradient ∂L/∂h", f"all but what comes back from the next step; {_BACKWARD}"
    ),
}

# What each kind of module leaves behind.
FIELDS: dict[str, dict[str, Field]] = {
    "rnn": _ALL,
    "gru": {
        **_ALL,
        "reset_gate": Field(STATE, "reset gate r", SHARE),
        "update_gate": Field(STATE, "update gate z", SHARE, comment="z keeps: h_t = (1 - z) n + z h_{t-1}"),
        "candidate": Field(STATE, "candidate n", SIGNED),
    },
    "lstm": {
        **_ALL,
        "cell": Field(STATE, "cell state"),
        "cell_initial": _CELL_INITIAL,
        "cell_initial_by_call": _calls(_CELL_INITIAL),
        "input_gate": Field(STATE, "input gate i", SHARE),
        "forget_gate": Field(STATE, "forget gate f", SHARE),
        "candidate": Field(STATE, "candidate g", SIGNED),
        "output_gate": Field(STATE, "output gate o", SHARE),
        "cell_grad": _gradient("total gradient ∂L/∂c", f"the recurrence included; {_BACKWARD}"),
        "projection_weight": Field(
            ("layer", "direction", "projection", "unit"),
            "weight of h = W_hr (o tanh c)",
            comment="only with proj_size",
            optional=True,
        ),
    },
}

_LOOK = ("batch", "head", "query", "key")
ATTENTION = {
    "weight": Field(_LOOK, "attention weight", SHARE),
    "score": Field(_LOOK, "score", comment="before the softmax", optional=True),
    "context": Field(("batch", "query", "feature"), "context vector", optional=True),
}

OUTPUT = {
    "value": Field(
        ("batch", "time", "output"),
        "output of the model",
        comment="as the model returned it; NaN at steps where it returned nothing",
    )
}

# With proj_size these are over the projection, not the units.
_PROJECTED = ("hidden", "hidden_initial", "hidden_initial_by_call", "hidden_grad", "hidden_grad_direct")


def fields(kind: str, projected: bool = False) -> dict[str, Field]:
    """What a kind of module leaves behind; projected: an LSTM with proj_size."""
    if not projected:
        return FIELDS[kind]
    changed = {}
    for key in _PROJECTED:
        own = FIELDS[kind][key]
        dims = tuple("projection" if dim == "unit" else dim for dim in own.dims)
        changed[key] = replace(own, dims=dims, valid_range=None)  # W_hr may lead beyond -1 … 1
    return FIELDS[kind] | changed


# PyTorch's order of the rows of a weight.
GATES = {
    "rnn": ("hidden",),
    "gru": ("reset_gate", "update_gate", "candidate"),
    "lstm": ("input_gate", "forget_gate", "candidate", "output_gate"),
}

DIRECTIONS = ("forward", "backward")

COORDINATES = {
    "layer": "layer, counted from 0 at the input",
    "direction": "direction of reading",
    "batch": "sequence in the batch",
    "time": "position in the input",
    "unit": "unit",
    "projection": "projected unit",
    "length": "steps of the sequence; what lies beyond is NaN",
    "gate": "rows of a weight, in PyTorch's order",
    "call": "which call of the module this step belongs to",
    "token": "token read at this position",
    "sequence": "name of the sequence",
    "label": "label of the sequence",
    "output": "output",
    "output_name": "name of the output",
    "feature": "feature that the first layer reads",
    "head": "head of attention",
    "query": "position that looks",
    "key": "position that is looked at",
    "query_token": "token at the position that looks",
    "key_token": "token that is looked at",
}
# the other coordinates are numbers
TEXTS = (
    "direction",
    "gate",
    "token",
    "sequence",
    "label",
    "feature",
    "query_token",
    "key_token",
    "output_name",
)


@dataclass(frozen=True)
class Recorded:
    """What one module left behind, as numpy arrays in the shapes of `FIELDS`.

    kind: 'lstm', 'gru', 'rnn', 'attention' or 'output'. steps: how many steps each call had; they add up to the length of
    `time`, of an attention to that of `query`.
    attributes: written on the node as they are (nonlinearity, replay_error); where they have `kept`, fields that grow with the
    steps and are not named there may be missing. lengths: (batch,) where they differ; the arrays are NaN beyond them.
    layers: their numbers, where they are not all.
    """

    kind: str
    arrays: Mapping[str, np.ndarray]
    steps: Sequence[int]
    attributes: Mapping[str, object] = field(default_factory=dict)
    lengths: np.ndarray | None = None
    layers: Sequence[int] | None = None


def assemble(modules: Mapping[str, Recorded], attributes: Mapping[str, object] | None = None) -> xr.DataTree:
    """The trace of these modules, one node for each, under its name. attributes: written at the root.

    Raises ValueError, naming the field, the shape that came and the shape that was wanted.
    """
    return rooted({name: node(name, own) for name, own in modules.items()}, attributes)


def rooted(nodes: Mapping[str, xr.Dataset], attributes: Mapping[str, object] | None = None) -> xr.DataTree:
    """The trace of these nodes. attributes: written at the root."""
    root = xr.Dataset(attrs={"format": FORMAT, **(attributes or {})})
    return xr.DataTree.from_dict({"/": root, **nodes})


def pad_inputs(layers: Sequence[np.ndarray]) -> np.ndarray:
    """Input weights of all layers as one array, NaN beyond a layer's own width.

    layers: each (direction, gate, unit, its input width).
    Returns (layer, direction, gate, unit, widest input).
    """
    widest = max(weight.shape[-1] for weight in layers)
    margins = [[(0, 0)] * 3 + [(0, widest - weight.shape[-1])] for weight in layers]
    padded = [
        np.pad(weight, margin, constant_values=np.nan) for weight, margin in zip(layers, margins, strict=True)
    ]
    return np.stack(padded)


def check(tree: xr.DataTree) -> None:
    """Nothing, if the tree is a trace.

    Raises ValueError naming the field, the shape that came and the shape that was wanted. Arrays and nodes
    that the schema does not know (a statistic kept beside its trace) are left alone.
    """
    if not isinstance(tree, xr.DataTree) or _word(tree, "format") != FORMAT:
        raise ValueError(
            f"not a trace: wanted a DataTree with the attribute format={FORMAT!r}; got {_described(tree)}"
        )
    for node in tree.subtree:
        name, kind = node.path.lstrip("/"), _word(node, "kind")
        if kind in FIELDS:
            _check_node(name, kind, node.to_dataset(inherit=False))
        if kind in ("attention", "output"):
            own = node.to_dataset(inherit=False)
            schema = ATTENTION if kind == "attention" else OUTPUT
            _check_fields(name, own, schema, {str(dim): length for dim, length in own.sizes.items()})
            _check_coordinates(name, own)


def save(tree: xr.DataTree, path: str | os.PathLike[str]) -> None:
    """Keeps a trace in one netCDF file, over one that may be there. Raises ValueError if it is no trace.

    >>> import pathlib, rnnviz, tempfile, torch
    >>> with rnnviz.record(module := torch.nn.GRU(2, 3)) as recording:
    ...     _ = module(torch.zeros(4, 1, 2))
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "run.nc"
    >>> rnnviz.save(recording.trace, path)
    >>> rnnviz.open_trace(path)["gru"].attrs["kind"]
    'gru'
    """
    check(tree)
    netcdf.write(tree, path)


def packed(tree: xr.DataTree) -> bytes:
    """What `save` would write, without a disk. Raises ValueError if it is no trace."""
    check(tree)
    return netcdf.packed(tree)


def open_trace(path: str | os.PathLike[str], lazy: bool = False) -> xr.DataTree:
    """A saved trace, wholly in memory, its file closed again. lazy: numbers are read from the file where they are looked at,
    and it stays open as long as the trace is there; what is damaged inside is then found only where it is read.

    Raises FileNotFoundError if there is no such file, ValueError if it is cut short, damaged or not a trace, if it leads to other
    files, or claims more than it can hold (see `netcdf.look_over`).

    >>> import pathlib, rnnviz, tempfile, torch
    >>> with rnnviz.record(module := torch.nn.GRU(2, 3)) as recording:
    ...     _ = module(torch.zeros(4, 1, 2))
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "run.nc"
    >>> rnnviz.save(recording.trace, path)
    >>> dict(rnnviz.open_trace(path)["gru"]["update_gate"].sizes)
    {'layer': 1, 'direction': 1, 'batch': 1, 'time': 4, 'unit': 3}
    """
    if not Path(path).exists():
        raise FileNotFoundError(f"no such trace: {path}")
    try:
        netcdf.look_over(path)
        tree = xr.open_datatree(path, engine="h5netcdf", phony_dims="access")
        if not lazy:
            with tree:
                tree = tree.load()
    except Exception as error:  # what a damaged file makes four libraries raise, nobody has listed
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise ValueError(f"{path} cannot be read as a trace: {reason}") from error
    try:
        check(tree)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return tree


def branch(tree: xr.DataTree, path: str) -> xr.DataTree:
    """The node of that path. Raises KeyError where there is none."""
    found = tree[path]
    if not isinstance(found, xr.DataTree):
        raise KeyError(path)
    return found


def node(name: str, recorded: Recorded) -> xr.Dataset:
    """What one module left behind, as its node. Raises ValueError as `assemble`."""
    _check_name(name)
    if recorded.kind == "attention":
        return _attention_node(name, recorded)
    if recorded.kind == "output":
        return _output_node(name, recorded)
    kind, arrays = recorded.kind, recorded.arrays
    schema = fields(kind, "projection_weight" in arrays) if kind in FIELDS else {}
    sizes = _sizes(name, kind, schema, arrays)
    for key, wanted in schema.items():
        if key in arrays:
            _check_shape(f"{name}: {key}", arrays[key].shape, wanted.dims, sizes)
        elif _is_needed(key, wanted, recorded.attributes.get("kept")):
            raise ValueError(f"{name}: {key} is missing; wanted {_shape_text(wanted.dims, sizes)}")
    if sum(recorded.steps) != sizes["time"]:
        raise ValueError(
            f"{name}: the steps of all calls are {sum(recorded.steps)}; time has {sizes['time']}"
        )
    coordinates = {
        "layer": ("layer", np.array(recorded.layers or range(sizes["layer"]))),
        "direction": ("direction", np.array(DIRECTIONS[: sizes["direction"]])),
        "batch": ("batch", np.arange(sizes["batch"])),
        "time": ("time", np.arange(sizes["time"])),
        "unit": ("unit", np.arange(sizes["unit"])),
        "gate": ("gate", np.array(GATES[kind])),
        "call": ("time", np.repeat(np.arange(len(recorded.steps)), recorded.steps)),
    }
    if "projection" in sizes:
        coordinates["projection"] = ("projection", np.arange(sizes["projection"]))
    if recorded.lengths is not None:
        coordinates["length"] = ("batch", recorded.lengths)
    unbounded = _unbounded(kind, arrays, recorded.attributes)
    return _dataset(recorded, schema, coordinates, unbounded)


def _attention_node(name: str, recorded: Recorded) -> xr.Dataset:
    arrays = recorded.arrays
    _check_shape(f"{name}: weight", arrays["weight"].shape, _LOOK, {})
    sizes = dict(zip(_LOOK, arrays["weight"].shape, strict=True))
    for key, wanted in ATTENTION.items():
        if key in arrays:
            _check_shape(f"{name}: {key}", arrays[key].shape, wanted.dims, sizes)
    coordinates = {dim: (dim, np.arange(length)) for dim, length in sizes.items()}
    coordinates["call"] = ("query", np.repeat(np.arange(len(recorded.steps)), recorded.steps))
    return _dataset(recorded, ATTENTION, coordinates)


def _output_node(name: str, recorded: Recorded) -> xr.Dataset:
    _check_shape(f"{name}: value", recorded.arrays["value"].shape, OUTPUT["value"].dims, {})
    sizes = dict(zip(OUTPUT["value"].dims, recorded.arrays["value"].shape, strict=True))
    coordinates = {dim: (dim, np.arange(length)) for dim, length in sizes.items()}
    coordinates["call"] = ("time", np.repeat(np.arange(len(recorded.steps)), recorded.steps))
    if recorded.lengths is not None:
        coordinates["length"] = ("batch", recorded.lengths)
    return _dataset(recorded, OUTPUT, coordinates)


def _check_name(name: str) -> None:
    if "/" in name:
        raise ValueError(
            f"{name!r} cannot name a node of a trace: a slash parts levels there; rename the module"
        )


def _dataset(
    recorded: Recorded,
    schema: Mapping[str, Field],
    coordinates: Mapping[str, tuple[str, np.ndarray]],
    unbounded: Iterable[str] = (),
) -> xr.Dataset:
    return xr.Dataset(
        {
            key: (wanted.dims, recorded.arrays[key], _attributes(wanted, key not in unbounded))
            for key, wanted in schema.items()
            if key in recorded.arrays
        },
        coords={key: coordinate(key, (dim,), values) for key, (dim, values) in coordinates.items()},
        attrs={"kind": recorded.kind, **recorded.attributes},
    )


def coordinate(key: str, dims: tuple[str, ...], values: np.ndarray) -> xr.Variable:
    """A coordinate of the schema."""
    return xr.Variable(dims, values, {"long_name": COORDINATES[key], "units": "1"})


def _attributes(wanted: Field, bounded: bool) -> dict[str, object]:
    attributes: dict[str, object] = {"long_name": wanted.long_name, "units": wanted.units}
    if wanted.valid_range and bounded:
        attributes["valid_range"] = np.array(wanted.valid_range)
    if wanted.comment:
        attributes["comment"] = wanted.comment
    return attributes


def _unbounded(kind: str, arrays: Mapping[str, np.ndarray], attributes: Mapping[str, object]) -> set[str]:
    """The fields that lose their range: relu states, and a GRU's that mix in a start beyond it."""
    starts = arrays.get("hidden_initial_by_call", arrays["hidden_initial"])
    beyond = kind == "gru" and not bool((np.abs(starts) <= 1).all())
    if "edits" in attributes:
        limits = {key: wanted.valid_range for key, wanted in FIELDS[kind].items() if key in arrays}
        return {key for key, own in limits.items() if own and _leaves(arrays[key], own)}
    return {"hidden"} if attributes.get("nonlinearity") == "relu" or beyond else set()


def _leaves(array: np.ndarray, limits: tuple[float, float]) -> bool:
    return bool((array < limits[0]).any() or (array > limits[1]).any())


def _sizes(
    name: str, kind: str, schema: Mapping[str, Field], arrays: Mapping[str, np.ndarray]
) -> dict[str, int]:
    """Length of every dim, from the arrays that define them."""
    if kind not in FIELDS:
        raise ValueError(f"{name}: kind must be one of {', '.join(FIELDS)}; got {kind!r}")
    sizes = {"gate": len(GATES[kind])}
    for key in ("hidden", "projection_weight", "input", "input_weight", "hidden_initial_by_call"):
        if key not in schema:
            continue
        dims = schema[key].dims
        if key not in arrays:
            continue
        if arrays[key].ndim != len(dims):
            _check_shape(f"{name}: {key}", arrays[key].shape, dims, sizes)
        for dim, length in zip(dims, arrays[key].shape, strict=True):
            sizes.setdefault(dim, length)
    sizes["previous_unit"] = sizes.get("projection", sizes.get("unit", 0))
    return sizes


def _check_node(name: str, kind: str, node: xr.Dataset) -> None:
    sizes = {str(dim): length for dim, length in node.sizes.items()} | {"gate": len(GATES[kind])}
    sizes["previous_unit"] = sizes.get("projection", sizes.get("unit", 0))
    _check_fields(name, node, fields(kind, "projection_weight" in node), sizes)
    _check_coordinates(name, node)
    for coordinate, wanted_values in (("gate", GATES[kind]), ("direction", DIRECTIONS[: sizes["direction"]])):
        came = tuple(node[coordinate].values.ravel().tolist()) if coordinate in node else None
        if came != wanted_values:
            raise ValueError(f"{name}: {coordinate} came as {came}; wanted {wanted_values}")


def _check_fields(name: str, node: xr.Dataset, schema: Mapping[str, Field], sizes: Mapping[str, int]) -> None:
    kept = node.attrs.get("kept")
    for key, wanted in schema.items():
        if key in node:
            _check_dims(f"{name}: {key}", node[key], wanted.dims, sizes)
        elif _is_needed(key, wanted, kept):
            raise ValueError(f"{name}: {key} is missing; wanted {_shape_text(wanted.dims, sizes)}")


def _is_needed(key: str, wanted: Field, kept: object) -> bool:
    """Whether a node must have a field. kept: the names of those that were to be kept, None where all were."""
    chosen = isinstance(kept, str) and "time" in wanted.dims and key != "hidden"
    return not wanted.optional and not (chosen and key not in str(kept).split())


def _check_coordinates(name: str, node: xr.Dataset) -> None:
    """Raises ValueError where a coordinate that the schema knows is text where numbers belong, or the other way round."""
    for key in COORDINATES:
        if key not in node.coords:
            continue
        if key not in TEXTS:
            _check_numbers(f"{name}: {key}", node[key])
        elif not all(isinstance(each, str) for each in node[key].values.ravel().tolist()):
            raise ValueError(f"{name}: {key} came as {node[key].dtype}; wanted text")


def _check_numbers(title: str, array: xr.DataArray) -> None:
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{title} came as {array.dtype}; wanted numbers")


def _word(node: xr.DataTree, key: str) -> str | None:
    """An attribute that is one word; None where it is not there."""
    found = node.attrs.get(key)
    if found is not None and not isinstance(found, str):
        raise ValueError(
            f"{node.path.lstrip('/') or '/'}: the attribute {key} came as {found!r:.60}; wanted one word"
        )
    return found


def _check_dims(title: str, array: xr.DataArray, dims: tuple[str, ...], sizes: Mapping[str, int]) -> None:
    if array.dims != dims:
        came = _shape_text(map(str, array.dims), {str(dim): size for dim, size in array.sizes.items()})
        raise ValueError(f"{title} came as {came}; wanted {_shape_text(dims, sizes)}")
    _check_shape(title, array.shape, dims, sizes)
    _check_numbers(title, array)


def _check_shape(title: str, shape: tuple[int, ...], dims: tuple[str, ...], sizes: Mapping[str, int]) -> None:
    if len(shape) != len(dims) or any(
        sizes.get(dim, got) != got for dim, got in zip(dims, shape, strict=True)
    ):
        raise ValueError(f"{title} came as {tuple(shape)}; wanted {_shape_text(dims, sizes)}")


def _shape_text(dims: Iterable[Hashable], sizes: Mapping[Any, int]) -> str:
    return "(" + ", ".join(f"{dim} {sizes[dim]}" if dim in sizes else str(dim) for dim in dims) + ")"


def _described(tree: object) -> str:
    return (
        f"format={tree.attrs.get('format')!r}"
        if isinstance(tree, xr.DataTree)
        else f"a {type(tree).__name__}"
    )
