"""What learn/vanishing says of networks before training, over seeds. Prints two tables; nothing is asserted. About a minute.

python benchmarks/vanishing.py [SEEDS]
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rnnviz import stats
from rnnviz.studies import comparing
from rnnviz.studies.comparing import NOISE, Architecture, Setup, Stack

SEEDS = int(sys.argv[1]) if len(sys.argv) > 1 else 16
UNITS, STEPS = 64, 50


def spread(values: list[float]) -> str:
    return f"{np.median(values):8.2f} ({min(values):.2f} to {max(values):.2f})"


def of_network(architecture: Architecture, seed: int) -> dict[str, np.ndarray]:
    """Exponents of ten of the gradient measured and along single paths, by path."""
    found = comparing.paths(architecture, Setup((architecture,), steps=STEPS, batch=1), seed) / np.log(10)
    return {name: found.sel(path=name).values for name in found["path"].values}


def recurrent(seed: int) -> np.ndarray:
    return Stack(Architecture("rnn", units=UNITS), NOISE, 1, seed).layers[0].weight_hh_l0.detach().numpy()


print(f"A plain RNN, powers of ten over {STEPS - 1} steps back, median of {SEEDS} seeds (lowest to highest)")
for radius in (0.3, 0.6, 0.9, 1.0, 1.1, 1.3, 1.6, 2.0):
    grown, direction, slopes = [], [], []
    for seed in range(SEEDS):
        own = stats.vanishing.spectrum(recurrent(seed))
        gain = radius / own["spectral_radius"].item()
        found = of_network(Architecture("rnn", units=UNITS, gain=gain), seed)
        change = {name: line[0] - line[-1] for name, line in found.items()}
        bound = (STEPS - 1) * np.log10(gain * own["singular_value"].values[0])
        grown.append(change["measured"])
        direction.append(bound - change["weights alone"])
        slopes.append(change["weights alone"] - change["measured"])
    print(
        f"  radius {radius}: measured {spread(grown)}; bound over W alone {spread(direction)}; "
        f"W alone over measured, which is tanh′ {spread(slopes)}"
    )

print(f"An LSTM, by forget bias: {SEEDS} seeds, {STEPS} steps")
rows = [Architecture("lstm", units=UNITS, forget_bias=bias) for bias in (None, 0, 1, 2, 3, 4, 5)]
compared = comparing.compare(Setup(rows, steps=STEPS, seeds=SEEDS, batch=1))
for number, row in enumerate(rows):
    lines = [of_network(row, seed) for seed in range(SEEDS)]
    alone = [line["forget gate alone"][0] - line["forget gate alone"][-1] for line in lines]
    cell = [line["measured"][0] - line["measured"][-1] for line in lines]
    lives = compared["half_life"][number].values
    print(
        f"  {row.name}: half-life of the line {spread(list(lives))}, none in {np.isinf(lives).sum()}; "
        f"∂L/∂c over {STEPS - 1} steps, powers of ten: {spread(cell)}, by the forget gate alone {spread(alone)}"
    )
