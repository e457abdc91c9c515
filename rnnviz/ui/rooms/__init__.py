"""A room for each page, named as the page: its settings, its words, what it draws, and its own component. A room knows no other.

A room's `__init__` holds the page's question and its settings, and imports nothing heavy: the first answer waits for it.
"""

import importlib
import pkgutil

from rnnviz.ui.parts import explored
from rnnviz.ui.shell.settings import Setting


def _collected() -> dict[str, Setting]:
    """What all rooms declare, and what the exploring rooms share. Raises ValueError where two take one name."""
    found = dict(explored.SETTINGS)
    for room in pkgutil.iter_modules(__path__, f"{__name__}."):
        own = importlib.import_module(room.name).SETTINGS
        if taken := found.keys() & own.keys():
            raise ValueError(f"{room.name}: another room has the setting {', '.join(sorted(taken))}")
        found |= own
    return found


SETTINGS = _collected()
