"""Which architecture, start and gate keeps the error alive the longest?"""

from rnnviz.ui.parts import explored
from rnnviz.ui.shell.settings import checked


def _setup(value: str) -> str:
    from rnnviz.ui.rooms.compare import setup

    return setup.checked(value)


SETTINGS = {
    "text": explored.SETTINGS["text"],  # what is read, where that is what the networks get
    "bench": checked(None, _setup),  # the whole set-up, packed
}
