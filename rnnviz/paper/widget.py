"""The widget that a notebook shows; it needs anywidget, see `notebook`."""

import anywidget
import traitlets

from rnnviz.paper import bundle
from rnnviz.paper.contents import Packed


class Board(anywidget.AnyWidget):
    """A recording on the app's board. chosen: what the reader has chosen (picture, module, layer, unit …), from 0; step: where
    the cursor was when they last chose, from 0. Both follow the browser and can be observed."""

    _esm = f"const rnnviz = {bundle.script(bundle.WIDGET)};\nexport default {{ render: rnnviz.render }};\n"
    _css = bundle.styles()

    contents = traitlets.Bytes().tag(sync=True)
    numbers = traitlets.Bytes().tag(sync=True)
    plotly = traitlets.Bytes().tag(sync=True)
    chosen = traitlets.Dict().tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)

    def __init__(self, packed: Packed, chosen: dict[str, object]):
        super().__init__(
            contents=packed.contents, numbers=packed.numbers, plotly=bundle.plotly(), chosen=chosen
        )
        self._name = packed.name

    def __repr__(self) -> str:
        return f"rnnviz board: {self._name}"
