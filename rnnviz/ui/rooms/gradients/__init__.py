"""How much of the error at one step reaches each earlier step: RNN, GRU and LSTM on one absolute axis."""

from rnnviz.ui.parts import explored
from rnnviz.ui.shell.settings import one_of

SETTINGS = explored.SETTINGS | {
    "loss": one_of("step", ("step", "all")),
    "part": one_of("total", ("total", "direct")),
}
