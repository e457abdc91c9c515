"""What every reader hands over: arrays with a name and a measured claim, none of them read yet; and how a file is refused."""

import contextlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

LARGEST = 512 * 2**20  # bytes: of a file, and of all that is read of it as float32
MOST = 10_000  # arrays of a file
MOST_LAYERS = 1_000
DEEPEST = 20  # mappings inside mappings, groups inside groups, graphs inside graphs
FREE = 64 * 2**20  # bytes that the parts of a compressed file of any size may claim …
TIMES = 50  # … and beyond them so many times its own size: weights hardly get smaller
FLOATS = {
    "float16": 2,
    "bfloat16": 2,
    "float32": 4,
    "float64": 8,
}  # kinds of numbers that are read, and their bytes


class WeightsError(ValueError):
    """A file of weights that is refused. The message is one line: file, field, what came and, where that helps, what was
    wanted.
    """


class TooMuch(ValueError):
    """What is read of a file has come to its limit: that refuses the file, and not one layer of it."""


class Refused(NamedTuple):
    """A recurrent layer of the file that is no module here, and why, in one line."""

    name: str
    why: str


class Refusals(list[Refused]):
    """The layers that are refused while the others are read."""

    @contextlib.contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Whatever is wrong with the layer of that name costs this layer only. Raises TooMuch."""
        try:
            yield
        except TooMuch:
            raise
        except (ValueError, NotImplementedError) as problem:
            self.append(Refused(shown(name), in_a_line(problem)))


def shown(name: object) -> str:
    """A name in a line: without control characters, cut where it is long."""
    text = "".join(letter if letter.isprintable() else "�" for letter in str(name))
    return text if len(text) <= 100 else f"{text[:50]} … {text[-40:]}"


def in_a_line(problem: BaseException) -> str:
    """What an exception says, in one line that is not too long."""
    line = shown_long(" ".join(str(problem).split())) or type(problem).__name__
    return line if len(line) <= 400 else line[:399] + "…"


def shown_long(text: str) -> str:
    return "".join(letter if letter.isprintable() else "�" for letter in text)


@dataclass(frozen=True)
class Array:
    """An array of a file that has been measured and not been read.

    role: 'embedding' or 'dense' where the file says what it is for; turned: a dense layer's weight is (input, output), not
    (output, input) as torch has it; None where nobody says. inside: the mapping in the file that it lies in, as the front of its
    name. bias: the array that is added to a dense layer's product, where the file says it.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    read: Callable[[], Tensor] = field(repr=False, compare=False)
    role: str = ""
    turned: bool | None = None
    inside: str = ""
    bias: str = ""

    def __str__(self) -> str:
        return f"{shown(self.name)} {self.shape}"


class Arrays(Mapping[str, Array]):
    """The arrays of a file by name, in its order. What is read of them all together has a limit: names may share memory.

    said: what the file holds beside them under the name of a vocabulary; see `vocabulary.of_file`.
    """

    def __init__(self, arrays: Iterable[Array], said: Iterable[object] = ()) -> None:
        self.said = tuple(said)
        self._arrays: dict[str, Array] = {}
        self._left = LARGEST
        for array in arrays:
            if array.name in self._arrays:
                raise ValueError(f"{shown(array.name)} stands in it twice")
            self._arrays[array.name] = array
            if len(self._arrays) > MOST:
                raise ValueError(f"more than {MOST:,} arrays")

    def __getitem__(self, name: str) -> Array:
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def numbers(self, name: str, *shape: int | str) -> Tensor:
        """An array as float32, in memory of its own. Raises ValueError that names it where it is none that weights can be.

        shape: the wanted one, if it is known; a word stands for any length.
        """
        array = self[name]
        if shape and not _fits(array.shape, shape):
            raise ValueError(f"{shown(name)} came as {array.shape}; wanted ({', '.join(map(str, shape))})")
        if 0 in array.shape or len(array.shape) > 8:
            raise ValueError(f"{shown(name)} came as {array.shape}; wanted numbers in it")
        if array.dtype not in FLOATS:
            raise ValueError(f"{shown(name)} is of {shown(array.dtype)}; wanted {', '.join(FLOATS)}")
        self._left -= math.prod(array.shape) * 4
        if self._left < 0:
            raise TooMuch(f"up to {shown(name)} the weights take more than {LARGEST:,} bytes")
        numbers = array.read().to(torch.float32, copy=True).contiguous()
        if tuple(numbers.shape) != array.shape:
            raise ValueError(f"{shown(name)} claims {array.shape} and has {tuple(numbers.shape)}")
        return finite(numbers, name)


def finite(numbers: Tensor, name: str) -> Tensor:
    """The same numbers. Raises ValueError where one is none."""
    if not math.isfinite(numbers.sum()) and not numbers.isfinite().all():  # a sum may overflow by itself
        raise ValueError(f"{shown(name)} {tuple(numbers.shape)} holds NaN or infinite numbers")
    return numbers


def _fits(shape: tuple[int, ...], wanted: tuple[int | str, ...]) -> bool:
    return len(shape) == len(wanted) and all(
        isinstance(size, str) or size == own for own, size in zip(shape, wanted, strict=True)
    )
