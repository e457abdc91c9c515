"""rnnviz.board: the app's board in a notebook."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rnnviz.paper import contents

if TYPE_CHECKING:
    from rnnviz.paper.widget import Board

PICTURES = ("states", "gates", "gradients")


def board(
    recording: Any,
    *,
    picture: str = "states",
    layer: int = 0,
    unit: int = 0,
    name: str | None = None,
    modules: Sequence[str] | None = None,
    sequences: Iterable[int] | None = None,
) -> "Board":
    """A recording on the app's board, as a widget of Jupyter, VS Code, Colab or marimo: hidden states, gates and gradients under
    one cursor, by the app's own scripts.

    recording, name, modules, sequences: as `rnnviz.page` takes them. picture: 'states', 'gates' or 'gradients'; layer, unit: from
    0; what it begins with. `chosen` and `step` of what it returns say what the reader has chosen since.
    Raises, in one line: ModuleNotFoundError without anywidget; ValueError for another picture; and what `rnnviz.page` raises.

        with rnnviz.record(model, tokens=list(text)) as recording:
            model(x)
        rnnviz.board(recording)
    """
    if picture not in PICTURES:
        raise ValueError(f"picture must be one of {', '.join(PICTURES)}; got {picture!r}")
    try:
        from rnnviz.paper.widget import Board
    except ModuleNotFoundError as problem:
        if problem.name not in ("anywidget", "traitlets"):
            raise
        raise ModuleNotFoundError(
            "rnnviz.board needs anywidget: pip install 'rnnviz[notebook]'", name=problem.name
        ) from None
    packed = contents.packed(recording, name, modules, sequences)
    return Board(packed, {"picture": picture, "layer": layer, "unit": unit})
