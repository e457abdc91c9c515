"""A room for each page, named as the page: its settings, its words, what it draws, and its own component. A room knows no other.

A room's `__init__` holds the page's question and its settings, those that it shares with other rooms included, and imports
nothing heavy: the first answer waits for it.
"""

import importlib
import pkgutil
from collections.abc import Mapping

from rnnviz.ui.shell.settings import Setting


def _joined(rooms: Mapping[str, Mapping[str, Setting]]) -> dict[str, Setting]:
    """What all rooms declare. Raises ValueError where two take one name for two settings."""
    found: dict[str, Setting] = {}
    for room, own in rooms.items():
        if taken := [name for name in found.keys() & own.keys() if found[name] is not own[name]]:
            raise ValueError(f"{room}: another room has the setting {', '.join(sorted(taken))}")
        found |= own
    return found


OF_ROOM = {
    room.name: importlib.import_module(f"{__name__}.{room.name}").SETTINGS
    for room in pkgutil.iter_modules(__path__)
}
SETTINGS = _joined(OF_ROOM)
