"""Who remembers longest? Networks learn a task whose answer lies a known number of steps back, and what reaches back is kept.

    setup = Setup((Architecture("rnn"), Architecture("lstm", forget_bias=1)), task="first", steps=20, updates=300)
    found = train(setup)
    found["accuracy"]                       # (network, moment), on held-out sequences
    found["log_norm"].isel(moment=-1)       # (network, time), ln of the total ‖∂L/∂h_t‖

Every network is one stock nn.RNN, nn.GRU or nn.LSTM and a linear head, drawn from its seed; all of them read the same batches.
The same set-up gives the same numbers, also when it was stopped and gone on with.
"""

from rnnviz.studies.memory.running import Moment, Race, gathered, train
from rnnviz.studies.memory.setup import LARGEST_WORK, OPTIMISERS, Setup
from rnnviz.studies.memory.tasks import TASKS, Examples, chance, examples

__all__ = [
    "LARGEST_WORK",
    "OPTIMISERS",
    "TASKS",
    "Examples",
    "Moment",
    "Race",
    "Setup",
    "chance",
    "examples",
    "gathered",
    "train",
]
