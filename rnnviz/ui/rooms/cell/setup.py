"""The numbers of a cell as a reader edits them.

A set-up is what studies.one_cell takes. It travels in the address as a preset's name, and as `cell_own`, the numbers that differ
from that preset, once it was edited.
"""

import contextlib

from rnnviz.studies import one_cell
from rnnviz.ui.shell.folding import packed, unpacked
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings

DAMAGED = (AttributeError, KeyError, IndexError, TypeError, ValueError)  # what changes that do not fit raise
LONGEST_LINK = 50_000  # characters that a set-up may unfold to


def draft() -> dict:
    """The set-up as it is edited: a preset with the reader's changes."""
    now = settings()
    setup = one_cell.preset(now["cell_preset"], now["cell_seed"])
    return setup if now["cell_own"] is None else merged(setup, now["cell_own"])


def change(setup: dict) -> None:
    """Makes this the set-up, and with it the address."""
    now = settings()
    changes = _difference(one_cell.preset(now["cell_preset"], now["cell_seed"]), setup)
    choose(cell_own=packed(changes) if changes else None)


def edit(changes: object) -> None:
    """Puts numbers that the reader changed in the drawing into the set-up, as `cell_own` holds them; what makes no sense does
    nothing."""
    with contextlib.suppress(*DAMAGED):
        change(_merge(draft(), changes, ()))


def checked(value: str) -> str:
    """Changes of a set-up from an address, for choices: themselves, where all can be read. Raises ValueError in one line."""
    merged(one_cell.preset("latch"), value)
    return value


def merged(setup: dict, folded_changes: str) -> dict:
    """The set-up with the changes that were folded. Raises ValueError, in one line, where they are damaged."""
    try:
        return _merge(setup, unpacked(folded_changes, LONGEST_LINK), ())
    except DAMAGED:
        raise ValueError(_("The numbers in this link are damaged; those of the preset are shown.")) from None


def _merge(own, changes, path: tuple[str, ...]):
    """`own` with `changes`, a dict of dicts down to the leaves that differ. Raises where a leaf does not fit."""
    if isinstance(own, dict | list):
        places = {str(key): key for key in (own if isinstance(own, dict) else range(len(own)))}
        if changes.keys() - places.keys():
            raise ValueError("unknown places")
        for name, value in changes.items():
            own[places[name]] = _merge(own[places[name]], value, (*path, name))
        return own
    if path == ("nonlinearity",):
        if changes not in one_cell.NONLINEARITIES:
            raise ValueError("nonlinearity")
        return changes
    if path[0] == "sizes":
        if type(changes) is not int or not 1 <= changes <= one_cell.MOST[path[1]]:
            raise ValueError("size")
        return changes
    if changes is None:
        return None
    if type(changes) not in (int, float) or not abs(changes) <= one_cell.LARGEST:
        raise ValueError("number")
    return float(changes)


def _difference(own, other):
    """What `_merge` needs to lead from one set-up to the other; empty or NaN where nothing differs."""
    if isinstance(own, dict | list):
        pairs = own.items() if isinstance(own, dict) else enumerate(own)
        found = {str(key): _difference(value, other[key]) for key, value in pairs}
        return {key: value for key, value in found.items() if value != {}}
    return {} if own == other else other
