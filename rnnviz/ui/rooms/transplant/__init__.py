"""Which step, and which units, carry what two texts differ in?"""

from rnnviz.ui.parts import explored
from rnnviz.ui.shell.settings import checked, index, one_of, text

KINDS = ("text", "review", "translation")
GROUPS = (4, 8, 16, 32)  # of the units of each layer
STATES = ("state", "hidden", "cell")
MEASURES = ("moved", "nearer")

SETTINGS = explored.SETTINGS | {
    "transplant_kind": one_of("text", KINDS),
    "transplant_text": text().but(resets=("step", "transplant_row")),  # None: the first with a letter changed
    "transplant_at": index(None),  # the step whose prediction is looked at; None: where they still differ
    "transplant_groups": one_of(8, GROUPS).but(resets=("transplant_row",)),
    "transplant_state": one_of("state", STATES),
    "transplant_measure": one_of("moved", MEASURES),
    "transplant_row": index(None),  # of the map, where one was clicked
    "transplant_judge": checked(None, explored.module_named).but(resets=("step", "transplant_row")),
    "transplant_first": text().but(resets=("step", "transplant_row")),
    "transplant_second": text().but(resets=("step", "transplant_row")),
    "transplant_translator": checked(None, explored.module_named).but(resets=("step", "transplant_row")),
    "transplant_source": text().but(resets=("step", "transplant_row")),
    "transplant_instead": text().but(resets=("step", "transplant_row")),
}
