"""What learn/bptt says of a small network's gradient at W_hh, over seeds. Prints a table; nothing is asserted. A few minutes.

python benchmarks/shared_weight.py [TEXT] [SEEDS]
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rnnviz import stats
from rnnviz.models.networks import KINDS
from rnnviz.studies import shared_weight, tiny

TEXT = sys.argv[1] if len(sys.argv) > 1 else "abracadabra"
SEEDS = int(sys.argv[2]) if len(sys.argv) > 2 else 16
UNITS, KEPT = 4, 3


def spread(values) -> str:
    return f"{np.median(values):9.3g} ({min(values):.3g} to {max(values):.3g})"


task = shared_weight.reading(TEXT)
steps = len(task.sequences[0])
print(
    f"{TEXT!r}, {steps} steps, {UNITS} units: median of {SEEDS} seeds (lowest to highest); kept: the last {KEPT} steps"
)
for updates in (0, tiny.STEPS):
    for kind in KINDS:
        found = {loss: [] for loss in shared_weight.LOSSES}
        for seed in range(SEEDS):
            model = shared_weight.network(task, kind, UNITS, seed, updates)
            for loss, rows in found.items():
                back = shared_weight.send_back(model, task, loss)
                norms = stats.gradients.weight_norms(back.node).values
                parts = stats.gradients.weight_contributions(back.node).values
                window = stats.gradients.weight_window(back.node, steps - KEPT, steps - 1)
                rows.append(
                    (
                        back.loss,
                        np.linalg.norm(back.grad) / norms.sum(),
                        100 * window["share"].item(),
                        window["angle"].item(),
                        norms[-1] / norms[1],
                        abs(parts).max(),
                        abs(parts.sum(0) - back.grad.values).max(),
                        abs(parts - back.copies.values).max(),
                    )
                )
        for loss, rows in found.items():
            print(f"\n{kind}, {updates} updates, loss {loss}")
            names = ("loss, nats", "‖sum‖ / sum of norms", "share kept, %", "angle, degrees")
            names += ("norm at the end / at step 2", "largest number", "off .grad", "off the copies")
            for name, values in zip(names, zip(*rows, strict=True), strict=True):
                print(f"  {name:28}{spread(values)}")
