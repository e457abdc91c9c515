"""Characters that the reader put in the place of others, as the settings and a link keep them."""

from rnnviz.ui.rooms.generate import WRITERS
from rnnviz.ui.shell.folding import packed, unpacked
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import LONGEST, settings

MOST_CHANGES = 60


def changes() -> list[list]:
    """[kind of the writer, number of the character from 1, the character that stands there], in the order they were made."""
    return read_changes(settings()["generate_changes"])


def read_changes(value: str) -> list[list]:
    """Changes from what settings keep. Raises ValueError where they are damaged."""
    if not value:
        return []
    try:
        found = unpacked(value, 10_000)
        right = (
            isinstance(found, list)
            and len(found) <= MOST_CHANGES
            and all(
                isinstance(one, list)
                and len(one) == 3
                and one[0] in WRITERS
                and type(one[1]) is int
                and 1 <= one[1] <= LONGEST
                and isinstance(one[2], str)
                and len(one[2]) == 1
                for one in found
            )
        )
        if not right:
            raise ValueError
        return found
    except ValueError:
        raise ValueError(_("The changes in this link are damaged and were left out.")) from None


def checked(value: str) -> str:
    """The changes of a link as settings keep them. Raises ValueError where they are damaged."""
    return packed_changes(read_changes(value))


def packed_changes(found: list[list]) -> str:
    """Changes as settings keep them."""
    return packed(found) if found else ""
