"""What is computed once is kept, and shared by all readers: keyed by the function and by all that it was given.

    lives = kept(lambda: stats.gates.half_life(layer[keeping]))

Nobody names the key: it is the code of the function, its arguments, every value that it closes over, and the reader's language.
Numbers, texts, frozen records and small arrays count by what they are; large arrays, recordings and models by which they are, so
take a large one from what was kept: one that is made anew is computed with anew. What is kept may not ask for the reader's
settings, which would be no part of its key.

It is kept while there is room, the last used longest, and let go when nobody has asked for it for a while; see `sweep`.
"""

import contextlib
import dataclasses
import functools
import itertools
import threading
import time
import types
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import xarray as xr

from rnnviz.ui.shell import heap, language, memory
from rnnviz.ui.shell.settings import closed

MOST = 400 * 2**20 // memory.processes()  # bytes of all results
REST = 300.0  # s after which a result that nobody asked for is let go
SMALL = 65_536  # bytes of an array up to which it counts by what it holds
Result = TypeVar("Result")


@dataclasses.dataclass(eq=False)
class _Entry:
    result: Future = dataclasses.field(default_factory=Future)
    used: float = 0.0
    held: tuple[int, ...] = ()


_lock = threading.Lock()
_results: OrderedDict[Hashable, _Entry] = OrderedDict()
_held = memory.Held()
_numbers: dict[int, tuple[weakref.ref, int]] = {}  # of things that count by which they are, by their id
_next_number = itertools.count()
computed = 0  # how often something was computed, for the tests


def kept(function: Callable[..., Result], *arguments, **named) -> Result:
    """What the function returns for these arguments, computed once. Shared: look, never change.

    Raises TypeError where it is given, or closes over, what has no identity that could stand in a key.
    """
    global computed
    key = (language.current(), _key(function), _key(arguments), _key(named))
    while True:
        with _lock:
            entry = _results.get(key)
            mine = entry is None
            if mine:
                entry = _results[key] = _Entry()
                computed += 1
            entry.used = time.monotonic()
            _results.move_to_end(key)
        if mine:
            return _computed(key, entry, function, *arguments, **named)
        try:
            return entry.result.result()
        except CancelledError:
            pass  # who computed it was called away


_behind = ThreadPoolExecutor(1, thread_name_prefix="ahead")
_awaited: list[Future] = []  # what was asked for ahead, and has perhaps not begun


def ahead(*calls: Callable[[], object]) -> Future:
    """Has what a reader may look at next computed while they look at this: calls that keep what they compute, in this order, in a
    thread of its own and in the reader's language. Of what was asked for before, and has not begun, nothing is computed.

    Nobody hears what goes wrong: whoever needs it computes it again, and is told. Returns what ends when all is there.
    """
    spoken = language.current()

    def all_of_them() -> None:
        with language.spoken(spoken), contextlib.suppress(Exception):
            for call in calls:
                call()

    with _lock:
        for one in _awaited:
            one.cancel()
        asked = _behind.submit(all_of_them)
        _awaited[:] = [asked]
    return asked


def keeps(function: Callable[..., Result]) -> Callable[..., Result]:
    """The function with all its results kept; a decorator."""

    @functools.wraps(function)
    def called(*arguments, **named) -> Result:
        return kept(function, *arguments, **named)

    return called


def _computed(key: Hashable, entry: _Entry, function: Callable[..., Result], *arguments, **named) -> Result:
    try:
        with closed():
            result = function(*arguments, **named)
    except BaseException as problem:
        with _lock:
            if _results.get(key) is entry:
                _let_go(key)
        if isinstance(problem, Exception):
            entry.result.set_exception(problem)
        else:
            entry.result.cancel()  # a rerun of this reader's page is none of the others'
        raise
    buffers = memory.buffers(result)
    with _lock:
        entry.result.set_result(result)
        if _results.get(key) is entry:
            entry.held = _held.add(buffers)
        if _held.total > MOST:
            _make_room(entry)
    return result


def _make_room(newest: _Entry) -> None:
    for key, entry in list(_results.items()):
        if entry is not newest and entry.result.done():
            _let_go(key)
        if _held.total <= MOST:
            return


def _let_go(key: Hashable) -> None:
    if entry := _results.pop(key, None):
        _held.drop(entry.held)


def sweep() -> None:
    """Lets go of what nobody has asked for lately and of what sessions left behind, and gives the memory back."""
    with _lock:
        last = time.monotonic() - REST
        old = [key for key, entry in _results.items() if entry.result.done() and entry.used < last]
        for key in old:
            _let_go(key)
    heap.give_back()


def forget() -> None:
    """Drops all that was kept."""
    with _lock:
        for key in list(_results):
            _let_go(key)


def _key(value) -> Hashable:
    """What stands for a value in a key."""
    match value:
        case None | bool() | int() | float() | complex() | str() | bytes() | range() | slice():
            return type(value), repr(value)
        case np.generic():  # as attributes come from a file
            return value.dtype.str, value.tobytes()
        case types.FunctionType():
            cells = tuple(_key(cell.cell_contents) for cell in value.__closure__ or ())
            return "function", value.__code__, cells, _key(value.__defaults__), _key(value.__kwdefaults__)
        case types.MethodType():
            return "method", _key(value.__func__), _key(value.__self__)
        case functools.partial():
            return "partial", _key(value.func), _key(value.args), _key(value.keywords)
        case type() | types.ModuleType() | types.BuiltinFunctionType():
            return "named", id(value)  # they stay
        case dict() | types.MappingProxyType():
            return "dict", tuple((_key(k), _key(v)) for k, v in value.items())
        case list() | tuple() | set() | frozenset():
            parts = [_key(v) for v in value]
            return type(value), frozenset(parts) if isinstance(value, set | frozenset) else tuple(parts)
        case np.ndarray() if value.nbytes <= SMALL:
            return (
                value.dtype.str,
                value.shape,
                _key(value.tolist()) if value.dtype.hasobject else value.tobytes(),
            )
        case xr.Variable() if value.nbytes <= SMALL:
            return value.dims, _key(value.values), _key(value.attrs)
        case xr.DataArray() if value.nbytes + sum(one.nbytes for one in value.coords.values()) <= SMALL:
            return "array", value.name, _key(value.variable), _key(dict(value.coords.variables))
        case xr.Dataset() if value.nbytes <= SMALL:
            return "dataset", _key(dict(value.variables)), _key(value.attrs)
    if callable(value) and hasattr(value, "__qualname__"):
        return "named", value.__module__, value.__qualname__
    if dataclasses.is_dataclass(value) and type(value).__hash__ not in (None, object.__hash__):
        try:
            hash(value)
        except TypeError:  # it holds arrays
            return _number(value)
        return value
    return _number(value)


def _number(thing: object) -> int:
    """A number that this thing has for itself as long as it lives, and no other thing after it."""
    with _lock:
        known = _numbers.get(id(thing))
        if known is not None and known[0]() is thing:
            return known[1]
        number, place = next(_next_number), id(thing)

        def gone(reference: weakref.ref) -> None:
            if (at := _numbers.get(place)) is not None and at[0] is reference:
                del _numbers[place]

        try:
            _numbers[place] = (weakref.ref(thing, gone), number)
        except TypeError:
            raise TypeError(
                f"{type(thing).__name__} cannot stand in a key: give numbers, texts, arrays or frozen records"
            ) from None
        return number
