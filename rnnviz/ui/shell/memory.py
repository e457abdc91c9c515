"""How much memory results hold: what two of them share counts once. What they hold alike can be shared."""

import dataclasses
import os
import sys
import threading
import weakref
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import xarray as xr

SMALL = 1_000  # bytes below which a thing is not counted
SHORT = 200  # letters of a text that is smaller than that whatever it is written in: a sequence may have many


def processes() -> int:
    """How many processes of the app share this machine, as `rnnviz app` says; 1 by itself."""
    said = os.environ.get("RNNVIZ_PROCESSES", "")
    return max(1, int(said)) if said.isascii() and said.isdecimal() and len(said) < 4 else 1


class Held:
    """The buffers of all results that are held, by where they lie."""

    def __init__(self) -> None:
        self.total = 0  # bytes
        self._holders: Counter[int] = Counter()
        self._sizes: dict[int, int] = {}

    def add(self, found: Mapping[int, int]) -> tuple[int, ...]:
        """Counts the `buffers` of a result; returns what `drop` takes to uncount them."""
        for place, size in found.items():
            if not self._holders[place]:
                self._sizes[place] = size
                self.total += size
            self._holders[place] += 1
        return tuple(found)

    def drop(self, places: Iterable[int]) -> None:
        for place in places:
            self._holders[place] -= 1
            if not self._holders[place]:
                del self._holders[place]
                self.total -= self._sizes.pop(place)


_alike: "weakref.WeakValueDictionary[tuple[object, ...], np.ndarray]" = weakref.WeakValueDictionary()
_lock = threading.Lock()
_SAMPLED = 64  # numbers of an array that are looked at before all of it is compared


def once(trace: xr.DataTree) -> xr.DataTree:
    """A trace that was just made, with the weights of its model in memory once, however many texts the model has read: each
    trace comes with a copy of its own. Returns the trace itself, to whose numbers nothing may be written from now on."""
    for node in trace.subtree:
        for name in [str(name) for name in node.data_vars if str(name).endswith(("_weight", "_bias"))]:
            variable = node[name].variable
            own = variable.data
            if not isinstance(own, np.ndarray) or own.nbytes < SMALL:
                continue
            sample = own.flat[:: max(1, own.size // _SAMPLED)].tobytes()
            with _lock:
                known = _alike.setdefault((name, own.shape, own.dtype.str, sample), own)
            if known is not own and np.array_equal(known, own, equal_nan=True):
                variable.data = known
    return trace


def buffers(value: object) -> dict[int, int]:
    """Where the arrays and texts of a value lie, and their bytes. A view counts as all of what it keeps alive."""
    found: dict[int, int] = {}
    seen: dict[int, object] = {}  # by id, and held so that no id is used again meanwhile
    left: list[Any] = [value]
    while left:
        thing = left.pop()
        if id(thing) in seen:
            continue
        seen[id(thing)] = thing
        match thing:
            case str() | bytes():
                found[id(thing)] = sys.getsizeof(thing)
            case np.ndarray():
                while isinstance(thing.base, np.ndarray):
                    thing = thing.base
                if hasattr(thing.base, "untyped_storage"):
                    left.append(thing.base)
                else:
                    found[thing.__array_interface__["data"][0]] = thing.nbytes
            case xr.DataTree():
                left += [node.to_dataset(inherit=False) for node in thing.subtree]
            case xr.Dataset():
                left += thing.variables.values()
            case xr.DataArray():
                left += [thing.variable, *thing.coords.variables.values()]
            case xr.IndexVariable():
                pass  # an axis
            case xr.Variable():
                if getattr(thing, "_in_memory", True):  # else it is read from its file where it is looked at
                    left.append(thing.data)
            case Mapping():
                left += thing.values()
            case list() | tuple() | set() | frozenset():
                found[id(thing)] = sys.getsizeof(thing)
                left += [one for one in thing if not (isinstance(one, str) and len(one) < SHORT)]
            case _ if hasattr(thing, "untyped_storage"):  # a tensor
                storage = thing.untyped_storage()
                found[storage.data_ptr()] = storage.nbytes()
            case _ if hasattr(thing, "state_dict"):  # a module
                left += thing.state_dict().values()
            case _ if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
                left += (getattr(thing, field.name) for field in dataclasses.fields(thing))
    return {place: size for place, size in found.items() if size >= SMALL}
