"""Experiments: networks of several architectures on the same data and the same loss, and how much of the error reaches back.

    setup = Setup((Architecture("rnn"), Architecture("lstm", forget_bias=2)), steps=200, seeds=5)
    found = compare(setup)
    found["log_norm"].sel(architecture="LSTM, forget bias 2", layer=0).median("seed")

Every network is built of stock nn.RNN, nn.GRU or nn.LSTM in float64, drawn from its seed and not trained; it reads, a loss is
sent back, and `record` sees what arrives at each step. The same setup gives the same numbers. What float64 cannot hold is
carried as a logarithm, so that a gradient of 1e-2000 is that and not 0.
"""

from rnnviz.studies.comparing.measuring import measure, paths
from rnnviz.studies.comparing.networks import Stack, pieces
from rnnviz.studies.comparing.running import CURVES, ENDS, NUMBERS, Progress, compare, curves, run
from rnnviz.studies.comparing.sequences import Data, data
from rnnviz.studies.comparing.setup import (
    INITIALISATIONS,
    INPUTS,
    LARGEST,
    LIMIT,
    LOSSES,
    NOISE,
    NONLINEARITIES,
    Architecture,
    Setup,
)
from rnnviz.studies.comparing.stability import dynamics, run_dynamics

__all__ = [
    "CURVES",
    "ENDS",
    "INITIALISATIONS",
    "INPUTS",
    "LARGEST",
    "LIMIT",
    "LOSSES",
    "NOISE",
    "NONLINEARITIES",
    "NUMBERS",
    "Architecture",
    "Data",
    "Progress",
    "Setup",
    "Stack",
    "compare",
    "curves",
    "data",
    "dynamics",
    "measure",
    "paths",
    "pieces",
    "run",
    "run_dynamics",
]
