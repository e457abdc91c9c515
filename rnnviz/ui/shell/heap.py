"""The memory that the process holds for itself, on Linux; nothing elsewhere."""

import ctypes
import gc
import sys


def of_a_server(arenas: int = 2, large: int = 256 * 2**10) -> None:
    """C's library keeps free memory apart for each thread, by the dozen: so many arenas do for all of them. What is larger than
    so many bytes is asked of the system and given back to it at once: an array that is let go leaves no hole (100 of 600 MB)."""
    if sys.platform == "linux":
        choose = getattr(ctypes.CDLL(None), "mallopt", None)
        if choose:
            choose(ctypes.c_int(-8), ctypes.c_int(arenas))  # M_ARENA_MAX
            choose(ctypes.c_int(-3), ctypes.c_int(large))  # M_MMAP_THRESHOLD


def give_back() -> None:
    """What is garbage is found, and what is free given back to the system; C's library would keep it for what comes next."""
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim:
            trim(0)
