"""Of a network that grows up: what the training steps beside this one take to compute is there before the reader goes on."""

from collections.abc import Callable
from functools import partial

from rnnviz.models import checkpoints
from rnnviz.ui.parts.explored.runs import Run, read
from rnnviz.ui.shell.keeping import ahead
from rnnviz.ui.shell.settings import settings


def beside(run: Run) -> list[str]:
    """What the network is called one kept training step later and one earlier, where the reader goes through them."""
    if run.card is None or "moment" not in run.card or settings()["trained"] is None:
        return []
    steps = checkpoints.moments(run.name)
    here = steps.index(run.card["moment"])
    places = [place for place in (here + 1, here - 1) if 0 <= place < len(steps)]
    return [checkpoints.at(run.name, steps[place]) for place in places]


def prepare(run: Run, further: Callable[[Run], object] | None = None) -> None:
    """Has the text read at both of these, while the reader looks at this one. further: what the page needs of each."""
    if names := beside(run):
        ahead(*(partial(_read, name, run.text, further) for name in names))


def _read(name: str, text: str, further: Callable[[Run], object] | None) -> None:
    run = read(name, checkpoints.stamp(name), text)
    if further is not None:
        further(run)
