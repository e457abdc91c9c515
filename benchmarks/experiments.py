"""How long a comparison computes: six architectures, 64 units, 5 seeds, as the bench of the app has them. Nothing is asserted.

python benchmarks/experiments.py

whole      wall time of `compare`, the median of five, limit in brackets
one        of one architecture with its five seeds
inside     of `dynamics`: singular values, Lyapunov exponents and eigenvalues of one network
"""

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rnnviz.studies.comparing import Architecture, Setup, compare, dynamics

ROWS = (
    Architecture("rnn"),
    Architecture("rnn", nonlinearity="relu", initialisation="identity"),
    Architecture("rnn", initialisation="orthogonal"),
    Architecture("gru"),
    Architecture("lstm"),
    Architecture("lstm", forget_bias=2),
)
LIMITS = {200: 1.0, 1000: 5.0}  # seconds


def median(function, times: int = 5) -> float:
    """Seconds."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        function()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


compare(Setup(ROWS, steps=20, seeds=1))  # what is loaded once
for steps, limit in LIMITS.items():
    setup = Setup(ROWS, steps=steps)
    seconds = median(lambda setup=setup: compare(setup))
    rate = setup.cost() / seconds
    print(
        f"{steps:5} steps   whole  {seconds:6.2f} s ({limit:g} s)   {rate:.2g} of what LIMIT counts a second"
    )
    for row in ROWS:
        seconds = median(lambda row=row, steps=steps: compare(Setup((row,), steps=steps)), 3)
        inside = median(lambda row=row, steps=steps: dynamics(row, Setup((row,), steps=steps)), 1)
        print(f"              one    {seconds:6.2f} s   inside {inside:6.2f} s   {row.name}", flush=True)
