"""The memory that the process holds for itself, on Linux; nothing elsewhere."""

import ctypes
import gc
import sys


def share_arenas(most: int = 2) -> None:
    """C's library keeps free memory apart for each thread, by the dozen; so many heaps do for all of them.

    Large arrays that go back to the system at once (M_MMAP_THRESHOLD) would save 4 % for a class, and make Gradients take twice
    as long.
    """
    if sys.platform == "linux":
        choose = getattr(ctypes.CDLL(None), "mallopt", None)
        if choose:
            choose(ctypes.c_int(-8), ctypes.c_int(most))  # M_ARENA_MAX


def give_back() -> None:
    """What is garbage is found, and what is free given back to the system; C's library would keep it for what comes next."""
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim:
            trim(0)
