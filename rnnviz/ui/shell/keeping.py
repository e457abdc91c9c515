"""What is computed once is kept, and shared by all readers: keyed by the function and by all that it was given.

    lives = kept(lambda: stats.gates.half_life(layer[keeping]))

Nobody names the key: it is the code of the function, its arguments, every value that it closes over, and the reader's language.
Numbers, texts, frozen records and small arrays count by what they are; large arrays, recordings and models by which they are, so
take a large one from what was kept: one that is made anew is computed with anew. What is kept may not ask for the reader's
settings, which would be no part of its key.
"""

import dataclasses
import functools
import itertools
import threading
import types
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import TypeVar

import numpy as np
import xarray as xr

from rnnviz.ui.shell import language
from rnnviz.ui.shell.settings import closed

MOST = 200  # results
SMALL = 65_536  # bytes of an array up to which it counts by what it holds
Result = TypeVar("Result")

_lock = threading.Lock()
_results: OrderedDict[Hashable, Future] = OrderedDict()
_numbers: dict[int, tuple[weakref.ref, int]] = {}  # of things that count by which they are, by their id
_next_number = itertools.count()
computed = 0  # how often something was computed, for the tests


def kept(function: Callable[..., Result], *arguments, **named) -> Result:
    """What the function returns for these arguments, computed once. Shared: look, never change.

    Raises TypeError where it is given, or closes over, what has no identity that could stand in a key.
    """
    global computed
    key = (language.current(), _key(function), _key(arguments), _key(named))
    with _lock:
        found = _results.get(key)
        mine = found is None
        if mine:
            found = _results[key] = Future()
            computed += 1
            while len(_results) > MOST:
                _results.popitem(last=False)
        _results.move_to_end(key)
    if not mine:
        return found.result()
    try:
        with closed():
            found.set_result(function(*arguments, **named))
    except BaseException as problem:
        with _lock:
            _results.pop(key, None)
        found.set_exception(problem)
    return found.result()


def forget() -> None:
    """Drops all that was kept."""
    with _lock:
        _results.clear()


def _key(value) -> Hashable:
    """What stands for a value in a key."""
    match value:
        case None | bool() | int() | float() | complex() | str() | bytes() | range() | slice():
            return type(value), repr(value)
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
        case xr.DataArray() if value.nbytes <= SMALL:
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
