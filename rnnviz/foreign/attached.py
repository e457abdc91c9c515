"""What stands around the recurrent layers: the embedding below and the dense layer above, where shapes leave no doubt."""

import re
from collections.abc import Collection

from torch import nn

from rnnviz.foreign import layers
from rnnviz.foreign.arrays import FLOATS, Array, Arrays, shown

_OUTPUTS = {"why": "by", "wya": "by", "whq": "bq"}  # NumPy habits: weight and bias


def embedding(arrays: Arrays, free: Collection[str], width: int, output: int) -> str | None:
    """The one array that gives each token `width` numbers, or None where there is none or more than one.

    free: arrays that no layer uses. output: what the last layer gives; an array that could take that is not taken by its shape
    alone.
    """
    tables = [array for name in free if (array := arrays[name]).dtype in FLOATS and len(array.shape) == 2]
    called = [array for array in tables if is_embedding(array)]
    if called:
        fitting = [array for array in called if array.shape[1] == width]
    else:
        fitting = [
            array
            for array in tables
            if array.shape[1] == width != output and not array.role and "kernel" not in array.name
        ]
    if len(fitting) != 1 or fitting[0].shape[0] < 2 or (not called and bias_of(arrays, fitting[0])):
        return None
    return fitting[0].name


def is_embedding(array: Array) -> bool:
    return array.role == "embedding" or (
        not array.role and re.search(r"emb(ed|$|[^a-z])", array.name.lower()) is not None
    )


def bias_of(arrays: Arrays, array: Array) -> str:
    """The bias that lies beside a dense layer's weight, or ''."""
    if array.bias:
        return array.bias
    head, last = re.fullmatch(r"(.*[./])?([^./]*)", array.name, re.DOTALL).groups()  # type: ignore[union-attr]
    other = re.sub(r"^(weight|kernel)(?=$|:)", "bias", last)
    other = _OUTPUTS.get(last.replace("_", "").lower(), other)
    beside = [
        name
        for name in arrays
        if name.removeprefix(head or "").replace("_", "").lower() == other.replace("_", "").lower()
    ]
    return beside[0] if other != last and len(beside) == 1 and beside[0].startswith(head or "") else ""


def dense(arrays: Arrays, free: Collection[str], width: int) -> str | None:
    """The one dense layer that takes `width` numbers, by its weight's name; None where there is none, or doubt.

    A layer whose result another one takes is not the last, and not attached.
    """
    weights = [
        array
        for name in free
        if (array := arrays[name]).dtype in FLOATS and len(array.shape) == 2 and not is_embedding(array)
    ]
    fitting = [array for array in weights if any(shape[1] == width for shape in shapes(array))]
    if len(fitting) != 1:
        return None
    (found,) = fitting
    gives = [shape[0] for shape in shapes(found) if shape[1] == width]
    bias = bias_of(arrays, found)
    others = [array for array in weights if array is not found and array.name != bias]
    if len(gives) != 1 or any(shape[1] == gives[0] for other in others for shape in shapes(other)):
        return None
    bias = bias_of(arrays, found)
    return (
        found.name if not bias or arrays[bias].shape in ((gives[0],), (gives[0], 1), (1, gives[0])) else None
    )


def shapes(array: Array) -> list[tuple[int, int]]:
    """(output, input) of a dense layer with that weight: one where the name or the file tells which comes first, else both."""
    first, second = array.shape
    last = re.split("[./]", array.name)[-1].removesuffix(":0")
    turned = (
        {"weight": False, "kernel": True}.get(last, array.turned) if array.turned is None else array.turned
    )
    if turned is None:
        return (
            list(dict.fromkeys([(first, second), (second, first)]))
            if first != second
            else [(first, second)] * 2
        )
    return [(second, first)] if turned else [(first, second)]


def built_embedding(arrays: Arrays, name: str, width: int) -> nn.Embedding:
    """Raises ValueError where that array gives other than `width` numbers a token."""
    _known(arrays, name)
    return layers.embedding(arrays.numbers(name, "tokens", width))


def built_output(arrays: Arrays, name: str, width: int) -> tuple[nn.Linear, frozenset[str]]:
    """The dense layer and the arrays it was made of. Raises ValueError where that array takes other than `width` numbers."""
    _known(arrays, name)
    array = arrays[name]
    fitting = [shape for shape in shapes(array) if shape[1] == width] if len(array.shape) == 2 else []
    if not fitting:
        raise ValueError(f"{array} takes no {width} numbers; wanted (output, {width})")
    weight = arrays.numbers(name)
    named = array.turned is None and name.removesuffix(":0").endswith("kernel")
    if tuple(weight.shape) != fitting[0] or (fitting[0] == (width, width) and (array.turned or named)):
        weight = weight.T.contiguous()
    bias = bias_of(arrays, array)
    rows = fitting[0][0]
    if bias and arrays[bias].shape in ((rows,), (rows, 1), (1, rows)):
        return layers.linear(weight, arrays.numbers(bias).reshape(rows)), frozenset({name, bias})
    return layers.linear(weight, None), frozenset({name})


def _known(arrays: Arrays, name: str) -> None:
    if name not in arrays:
        raise ValueError(f"there is no array {shown(name)}")
