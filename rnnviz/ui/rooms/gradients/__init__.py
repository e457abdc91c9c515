"""How much of the error at one step reaches each earlier step: RNN, GRU and LSTM on one absolute axis."""

import json

from rnnviz.ui.parts import explored
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import checked, number, one_of


def _beside(value: str) -> str:
    found = json.loads(value) if value.startswith("[") and len(value) < 2000 else None
    if not isinstance(found, list) or len(found) > 2 or not all(isinstance(one, str) for one in found):
        raise ValueError(_("The link names what stands beside a recording in a way that cannot be read."))
    return json.dumps(found)


SETTINGS = explored.SETTINGS | {
    "loss": one_of("step", ("step", "all")),
    "back": number(50, 1, 100_000),  # steps, at which what is left is said
    "part": one_of("total", ("total", "direct")),
    "beside": checked(None, _beside),  # of a recording; None: what else the app was started on
}
