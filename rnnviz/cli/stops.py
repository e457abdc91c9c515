"""Ctrl+C and a polite kill, while something runs that must not be cut in the midst of a step."""

import contextlib
import signal
from collections.abc import Iterator


@contextlib.contextmanager
def stops_noted() -> Iterator[list]:
    """While it lasts, Ctrl+C and a polite kill do no more than add to the list."""
    asked: list[bool] = []
    before = {s: signal.signal(s, lambda *_: asked.append(True)) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
