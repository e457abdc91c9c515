"""How much of the error at one step reaches each earlier step: RNN, GRU and LSTM on one absolute axis."""

from rnnviz.ui.parts import explored
from rnnviz.ui.shell.settings import number, one_of

SETTINGS = explored.SETTINGS | {
    "loss": one_of("step", ("step", "all")),
    "back": number(50, 1, 100_000),  # steps, at which what is left is said
    "part": one_of("total", ("total", "direct")),
}
