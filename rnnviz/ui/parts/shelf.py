"""What a reader made and other tabs of the same browser may open, by a link that opens nothing in other hands."""

import secrets
import threading
from collections import OrderedDict
from typing import Generic, TypeVar

from rnnviz.ui.shell.readers import person

Thing = TypeVar("Thing")


class Shelf(Generic[Thing]):
    """Things of one kind, of all readers, shared by the tabs of the browser in which each was made.

    Each has a key that a link holds; it opens only where the browser's cookie says that it is the same person. kept: how many
    there are; the one that was put there first goes first.
    """

    def __init__(self, kept: int = 16):
        self._kept, self._lock = kept, threading.Lock()
        self._all: OrderedDict[tuple[str, str], Thing] = (
            OrderedDict()
        )  # by person and key, the last one put there last

    def put(self, thing: Thing, key: str = "") -> str:
        """Under a new key, which nobody guesses, or under one that is given, in place of what was there. Returns the key."""
        key = key or secrets.token_urlsafe(16)
        with self._lock:
            self._all[person(), key] = thing
            self._all.move_to_end((person(), key))
            while len(self._all) > self._kept:
                self._all.popitem(last=False)
        return key

    def get(self, key: str) -> Thing | None:
        """What lies there of this person's; None for what is another's, and for what is not there."""
        with self._lock:
            return self._all.get((person(), key))

    def mine(self) -> dict[str, Thing]:
        """All of this person's, by key."""
        who = person()
        with self._lock:
            return {key: thing for (whose, key), thing in self._all.items() if whose == who}

    def drop(self, key: str) -> None:
        """Takes it away, where it is this person's."""
        with self._lock:
            self._all.pop((person(), key), None)
