"""What did my own network do?"""

from rnnviz.ui.parts import explored
from rnnviz.ui.shell.settings import kept, one_of

SCALES = ("as they are", "standardised", "from 0 to 1")  # as studies.series names them
SETTINGS = {
    name: explored.SETTINGS[name] for name in ("subject", "module", "sequence", "direction", "layer", "unit")
} | {
    "own_numbers": kept(None),  # a table that was typed or pasted: it may be longer than a link
    "own_vocabulary": kept(None),
    "own_scale": one_of(SCALES[0], SCALES),
}
