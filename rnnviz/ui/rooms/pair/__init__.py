"""Where do two readings part, and for how long?"""

from rnnviz.ui.parts import explored
from rnnviz.ui.shell.settings import checked, one_of, text

WITH = ("text", "model", "moment")
FIELDS = (
    "hidden",
    "cell",
    "input_gate",
    "forget_gate",
    "output_gate",
    "reset_gate",
    "update_gate",
    "candidate",
)

SETTINGS = explored.SETTINGS | {
    "pair_with": one_of("text", WITH),
    "pair_text": text(),  # None: the first one with a letter changed
    "pair_model": checked(None, explored.module_named),  # None: the first other one that reads the same
    "pair_trained": checked(None, explored.training_step),  # None: the first that was kept
    "pair_field": one_of("hidden", FIELDS),
    "pair_shows": one_of("difference", ("difference", "one", "other")),
}
