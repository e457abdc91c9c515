"""What the units of the first page tell apart, on 24 stretches of 400 characters of text that no model has trained on.

python benchmarks/telling.py MODEL TEXT      as: shakespeare-gru input.txt (its last twentieth), korean-lstm reviews.txt

Prints for each unit the mean of its share of right pairs (0.5 is chance), the least and the most over the stretches; then, for
every kind, which unit of its layer is best.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rnnviz import record, stats
from rnnviz.models import checkpoints, networks
from rnnviz.studies.telling import FIRST, KINDS

STRETCHES, LENGTH = 24, 400


def main() -> None:
    if len(sys.argv) != 3 or sys.argv[1] not in FIRST:
        sys.exit(f"usage: python benchmarks/telling.py {' | '.join(FIRST)} TEXT")
    name, text = sys.argv[1], Path(sys.argv[2]).read_text("utf-8")
    held_out = text[-max(len(text) // 20, STRETCHES * LENGTH) :]
    apart = max(LENGTH, len(held_out) // STRETCHES)
    parts = [held_out[n * apart : n * apart + LENGTH] for n in range(STRETCHES)]
    network, card = checkpoints.load(name)
    vocabulary, layer = checkpoints.vocabulary(card), FIRST[name][0].layer
    shares: dict[str, list[float]] = {one.kind: [] for one in FIRST[name]}
    every: dict[str, list[np.ndarray]] = {kind: [] for kind in KINDS}
    for part in map(vocabulary.read, parts):
        with record(network) as recording:
            networks.log_probabilities(network, vocabulary.encode(part))
        hidden = recording.trace["rnn"]["hidden"].isel(layer=layer, direction=0, batch=0)
        for one in FIRST[name]:
            if (share := one.right(hidden, part)) is not None:
                shares[one.kind].append(share)
        for kind, holds in KINDS.items():
            if 0 < sum(where := holds(part)) < len(where):
                every[kind].append(stats.states.separation(hidden, where).values)
    print(f"{name}, layer {layer + 1}, {len(parts)} stretches of {LENGTH} characters")
    for one in FIRST[name]:
        found = shares[one.kind]
        print(
            f"  unit {one.unit:3}  {one.kind:20} right {np.mean(found):.3f}, from {min(found):.3f} to {max(found):.3f},"
            f" of {len(found)} stretches"
        )
    print("the best unit of the layer for each kind")
    for kind, found in every.items():
        if len(found) > STRETCHES // 2:
            mean = np.mean(found, 0)
            best = int(np.abs(mean - 0.5).argmax())
            print(f"  {kind:24} unit {best:3}, {max(mean[best], 1 - mean[best]):.3f}")


if __name__ == "__main__":
    main()
