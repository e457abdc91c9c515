"""PyTorch's files: tensors found by reading the pickle inside as a text, which nothing executes.

A pickle is a program for a small machine with a stack. Here its words are followed by `_run`, which makes dicts, lists and
tuples as asked, and where the program says "call this" only notes what it wanted to call. What is noted as a call of torch's
tensor builder is a claim: a storage, an offset, sizes, strides. It is checked against the bytes that are there before one of
them is read.

Formats: torch.serialization (an archive with data.pkl, byteorder and data/KEY; before 1.6 four pickles and the storages one after
the other); pickletools of the standard library for the words.
"""

import io
import math
import pickletools
import zipfile
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from rnnviz.foreign import zips
from rnnviz.foreign.arrays import DEEPEST, LARGEST, Array, Arrays, shown
from rnnviz.foreign.flat import piece
from rnnviz.foreign.vocabulary import is_called_so

LONGEST = 1_000  # letters of a name
WORDS = 1_000_000  # of a pickle: a second or two
PROGRAM = 4 * 2**20  # bytes of a pickle: that of a large checkpoint has a few hundred thousand
MAGIC = 0x1950A86A20F9469CFC6C  # how a file of torch before 1.6 begins
STORAGES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
}


@dataclass(frozen=True)
class _Name:
    """A function or class that the pickle names; it is not looked up."""

    full: str


@dataclass(frozen=True)
class _Made:
    """What a call that was not made would have returned."""

    full: str


@dataclass(frozen=True)
class _Storage:
    dtype: str
    key: str
    numbers: int


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    sizes: tuple[int, ...]
    strides: tuple[int, ...]


_MARK = object()


def archived(archive: zipfile.ZipFile, program: str) -> Arrays:
    """The tensors of an archive of torch.save. program: the name of its data.pkl."""
    top = program.removesuffix("data.pkl")
    names = set(archive.namelist())
    if f"{top}constants.pkl" in names or any(name.startswith(f"{top}code/") for name in names):
        raise ValueError("a TorchScript program; wanted a state dict: torch.save(model.state_dict(), …)")
    if f"{top}byteorder" in names and zips.content(archive, f"{top}byteorder", 64).strip() != b"little":
        raise ValueError("its numbers are not little-endian")
    root = _run(io.BytesIO(zips.content(archive, program, PROGRAM)))

    def read(storage: _Storage) -> bytes:
        return zips.content(archive, f"{top}data/{storage.key}", LARGEST)

    def room(storage: _Storage) -> int:
        name = f"{top}data/{storage.key}"
        if name not in names:
            raise ValueError(f"{shown(name)} is missing in the archive")
        return archive.NameToInfo[name].file_size

    return Arrays((_array(*each, room, read) for each in _tensors(root)), _said(root))


def before_archives(path: Path) -> Arrays:
    """The tensors of a file that torch.save wrote before version 1.6."""
    with path.open("rb") as file:
        if _run(file) != MAGIC:
            raise ValueError("a pickle, which is never executed; wanted a state dict as torch.save writes it")
        _run(file)  # the version of the protocol
        system = _run(file)
        if isinstance(system, dict) and system.get("little_endian") is False:
            raise ValueError("its numbers are not little-endian")
        root, keys = _run(file), _run(file)
        tensors = list(_tensors(root))
        dtypes = {tensor.storage.key: tensor.storage.dtype for _path, _name, tensor in tensors}
        where: dict[str, tuple[int, int]] = {}
        size = path.stat().st_size
        for key in keys if isinstance(keys, list) else []:
            if not isinstance(key, str) or key not in dtypes:
                raise ValueError("a storage that belongs to no tensor")
            count = int.from_bytes(file.read(8), "little")
            length = count * _width(dtypes[key])
            if file.tell() + length > size:
                raise ValueError(f"the storage {shown(key)} claims {length:,} bytes; the file ends before")
            where[key] = file.tell(), length
            file.seek(length, io.SEEK_CUR)

    def room(storage: _Storage) -> int:
        if storage.key not in where:
            raise ValueError(f"the storage {shown(storage.key)} is missing")
        return where[storage.key][1]

    arrays = (_array(*each, room, lambda storage: piece(path, *where[storage.key])) for each in tensors)
    return Arrays(arrays, _said(root))


def _said(root: object) -> Iterator[object]:
    """What a dict, or one inside it, holds under the name of a vocabulary."""
    inner = [one for one in root.values() if isinstance(one, dict)] if isinstance(root, dict) else []
    for mapping in [root, *inner[:100]]:
        for key, value in mapping.items() if isinstance(mapping, dict) else ():
            if isinstance(key, str) and is_called_so(key) and isinstance(value, dict | list | tuple | str):
                yield value


def _width(dtype: str) -> int:
    return int(getattr(torch, dtype).itemsize)


def _array(
    inside: str,
    name: str,
    tensor: _Tensor,
    room: Callable[[_Storage], int],
    read: Callable[[_Storage], bytes],
) -> Array:
    """A tensor whose claims hold. Raises ValueError where it reaches beyond its storage, or has more numbers than are there."""
    storage, bytes_there = tensor.storage, room(tensor.storage)
    there = bytes_there // _width(storage.dtype)
    if storage.numbers > there:
        raise ValueError(
            f"{shown(name)}: its storage claims {storage.numbers:,} numbers, and {there:,} are there"
        )
    count = math.prod(tensor.sizes)
    reach = tensor.offset + sum(
        (size - 1) * stride for size, stride in zip(tensor.sizes, tensor.strides, strict=True)
    )
    if count and (count > there or reach >= there):
        raise ValueError(
            f"{shown(name)} claims {tensor.sizes} with strides {tensor.strides} "
            f"from number {tensor.offset:,} on, in a storage of {there:,}"
        )

    def numbers() -> Tensor:
        flat = torch.frombuffer(bytearray(read(storage)), dtype=getattr(torch, storage.dtype), count=there)
        return flat.as_strided(tensor.sizes, tensor.strides, tensor.offset)

    return Array(name, tensor.sizes, storage.dtype, numbers, inside=inside)


def _tensors(root: object) -> Iterator[tuple[str, str, _Tensor]]:
    """The tensors of a dict, and of the dicts inside it: the path of the dict, the whole name, the claim. Each dict once."""
    if not isinstance(root, dict):
        what = f"an object of {shown(root.full)}" if isinstance(root, _Made) else f"a {type(root).__name__}"
        raise ValueError(f"{what}, pickled; wanted a state dict: torch.save(model.state_dict(), …)")
    waiting: deque[tuple[str, dict[Any, Any], int]] = deque([("", root, 0)])
    seen = {id(root)}
    found = False
    objects: list[str] = []
    while waiting:
        path, mapping, depth = waiting.popleft()
        if depth > DEEPEST:
            raise ValueError(f"{shown(path)}: mappings lie more than {DEEPEST} deep")
        for key, value in mapping.items():
            name = f"{path}.{key}".removeprefix(".")
            if len(name) > LONGEST:
                raise ValueError(f"{shown(name)}: a name of more than {LONGEST:,} letters")
            if isinstance(value, _Tensor):
                found = True
                yield path, name, value
            elif isinstance(value, _Made):
                objects.append(f"{shown(name)}, an object of {shown(value.full)}")
            elif isinstance(value, dict) and id(value) not in seen:
                seen.add(id(value))
                waiting.append((name, value, depth + 1))
    if not found and objects:
        raise ValueError(
            f"no tensors, but {objects[0]}; wanted a state dict: torch.save(model.state_dict(), …)"
        )


def _run(file: Any) -> Any:
    """What one pickle of a file builds: dicts, lists, tuples, numbers, texts, tensors as claims; names for all else.

    Raises ValueError for a word that no state dict needs, and where the program is too long, damaged or cut short.
    """
    try:
        return _followed(file)
    except (IndexError, KeyError, StopIteration) as problem:
        raise ValueError("its pickle is damaged: it takes more than there is") from problem


def _followed(file: Any) -> Any:
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    start = file.tell()
    argument: Any
    for count, (opcode, argument, position) in enumerate(pickletools.genops(file)):
        word = opcode.name
        if count > WORDS or (position or start) - start > PROGRAM:
            raise ValueError(f"its pickle has more than {WORDS:,} words or {PROGRAM:,} bytes")
        if word == "STOP":
            return stack.pop()
        if word in ("PROTO", "FRAME"):
            pass
        elif word in _STACK:
            _STACK[word](stack)
        elif word in ("BINPUT", "LONG_BINPUT", "PUT"):
            memo[argument] = stack[-1]
        elif word == "MEMOIZE":
            memo[len(memo)] = stack[-1]
        elif word in ("BINGET", "LONG_BINGET", "GET"):
            stack.append(memo[argument])
        elif word == "GLOBAL":
            stack.append(_Name(argument.replace(" ", ".")))
        elif isinstance(argument, int | float | str | bytes) and not opcode.stack_before:
            stack.append(argument)
        else:
            raise ValueError(f"its pickle says {word}, which no state dict needs")
    raise ValueError("its pickle was cut short")


def _top(stack: list[Any]) -> list[Any]:
    """All above the last mark, which goes too."""
    place = next(n for n in range(len(stack) - 1, -1, -1) if stack[n] is _MARK)
    items = stack[place + 1 :]
    del stack[place:]
    return items


def _last(stack: list[Any], count: int) -> list[Any]:
    if len(stack) < count:
        raise ValueError("its pickle takes more than there is")
    items = stack[len(stack) - count :]
    del stack[len(stack) - count :]
    return items


def _set_items(stack: list[Any], pairs: list[Any]) -> None:
    if isinstance(stack[-1], dict):
        stack[-1].update(_pairs(pairs))


def _pairs(items: list[Any]) -> dict[Any, Any]:
    """Pairs whose key can be part of a name."""
    return {key: value for key, value in zip(items[::2], items[1::2], strict=False) if _is_key(key)}


def _is_key(key: object) -> bool:
    return isinstance(key, str | int | float)


def _append(stack: list[Any], items: list[Any]) -> None:
    if isinstance(stack[-1], list):
        stack[-1].extend(items)


def _called(stack: list[Any]) -> None:
    """Where the program wants a call: the few that a state dict needs are known, of others the name is kept."""
    function, arguments = _last(stack, 2)
    name = function.full if isinstance(function, _Name) else ""
    arguments = arguments if isinstance(arguments, tuple) else ()
    if name == "collections.OrderedDict":
        rows = arguments[0] if arguments and isinstance(arguments[0], list) else []
        rows = [row for row in rows if isinstance(row, list | tuple) and len(row) == 2 and _is_key(row[0])]
        stack.append({key: value for key, value in rows})
    elif name in ("torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor"):
        stack.append(_claim(arguments))
    elif name.startswith("torch._utils._rebuild_parameter") and arguments:
        stack.append(arguments[0])
    else:
        stack.append(_Made(name))


def _claim(arguments: tuple[Any, ...]) -> Any:
    if len(arguments) < 4 or not isinstance(arguments[0], _Storage):
        return _Made("a tensor of another kind")
    storage, offset, sizes, strides = arguments[:4]
    sizes = sizes if isinstance(sizes, tuple) else (sizes,)
    strides = strides if isinstance(strides, tuple) else (strides,)
    whole = all(type(n) is int and 0 <= n < 2**63 for n in (offset, *sizes, *strides))
    if not whole or len(sizes) != len(strides) or len(sizes) > 64:
        raise ValueError("a tensor whose sizes, strides and offset are not whole numbers from 0 on")
    return _Tensor(storage, offset, sizes, strides)


def _stored(stack: list[Any]) -> None:
    """What the pickle says of a storage: ('storage', kind, key, device, numbers, …)."""
    (said,) = _last(stack, 1)
    if not isinstance(said, tuple) or len(said) < 5 or said[0] != "storage":
        stack.append(_Made("something kept elsewhere"))
        return
    _word, kind, key, _device, numbers = said[:5]
    dtype = STORAGES.get(kind.full.removeprefix("torch.")) if isinstance(kind, _Name) else None
    if dtype is None or any(view is not None for view in said[5:]):
        stack.append(_Made(f"a storage of {kind.full if isinstance(kind, _Name) else 'no kind'}"))
        return
    if type(numbers) is not int or not 0 <= numbers < 2**63 or not isinstance(key, str):
        raise ValueError("a storage that claims no whole number of numbers, or has no name")
    stack.append(_Storage(dtype, key, numbers))


def _named(stack: list[Any]) -> None:
    module, name = _last(stack, 2)
    stack.append(_Name(f"{module}.{name}" if isinstance(module, str) and isinstance(name, str) else ""))


def _made_new(stack: list[Any], count: int) -> None:
    first = _last(stack, count)[0]
    stack.append(_Made(first.full if isinstance(first, _Name) else ""))


def _frozen(stack: list[Any]) -> None:
    _top(stack)
    stack.append(_Made("frozenset"))


_STACK: dict[str, Callable[[list[Any]], object]] = {
    "MARK": lambda stack: stack.append(_MARK),
    "NONE": lambda stack: stack.append(None),
    "NEWTRUE": lambda stack: stack.append(True),
    "NEWFALSE": lambda stack: stack.append(False),
    "EMPTY_DICT": lambda stack: stack.append({}),
    "EMPTY_LIST": lambda stack: stack.append([]),
    "EMPTY_TUPLE": lambda stack: stack.append(()),
    "EMPTY_SET": lambda stack: stack.append(_Made("set")),
    "DICT": lambda stack: stack.append(_pairs(_top(stack))),
    "LIST": lambda stack: stack.append(_top(stack)),
    "TUPLE": lambda stack: stack.append(tuple(_top(stack))),
    "FROZENSET": _frozen,
    "TUPLE1": lambda stack: stack.append(tuple(_last(stack, 1))),
    "TUPLE2": lambda stack: stack.append(tuple(_last(stack, 2))),
    "TUPLE3": lambda stack: stack.append(tuple(_last(stack, 3))),
    "SETITEM": lambda stack: _set_items(stack, _last(stack, 2)),
    "SETITEMS": lambda stack: _set_items(stack, _top(stack)),
    "APPEND": lambda stack: _append(stack, _last(stack, 1)),
    "APPENDS": lambda stack: _append(stack, _top(stack)),
    "ADDITEMS": _top,
    "POP": lambda stack: stack.pop(),
    "POP_MARK": _top,
    "DUP": lambda stack: stack.append(stack[-1]),
    "REDUCE": _called,
    "NEWOBJ": lambda stack: _made_new(stack, 2),
    "NEWOBJ_EX": lambda stack: _made_new(stack, 3),
    "BUILD": lambda stack: _last(stack, 1),
    "BINPERSID": _stored,
    "STACK_GLOBAL": _named,
}
