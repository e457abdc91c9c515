"""What rnnviz.Monitor costs the training that it keeps: the Shakespeare LSTM, batches of 64 windows of 100 characters.

    python benchmarks/monitor.py [--blocks 12]

A plain update and one that is kept are timed in turns, in one process; with every=50 one of fifty is kept. The weights after
both trainings are held beside each other.
"""

import argparse
import copy
import statistics
import tempfile
import time
from pathlib import Path

import torch
from torch import nn

import rnnviz
from rnnviz.models import checkpoints

EVERY = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--blocks", type=int, default=12, help="updates of each kind")
    blocks = parser.parse_args().blocks
    torch.set_num_threads(1)
    model, card = checkpoints.load("shakespeare-lstm")
    plain, kept = (copy.deepcopy(model).requires_grad_().train() for _ in range(2))
    vocabulary = len(card["vocabulary"])
    generator = torch.Generator().manual_seed(1)
    optimisers = [torch.optim.AdamW(one.parameters(), 1e-3) for one in (plain, kept)]
    times: dict[str, list[float]] = {"plain": [], "kept": [], "not kept": []}
    with tempfile.TemporaryDirectory() as folder:
        monitor = rnnviz.Monitor(Path(folder, "run"), kept, every=2)
        for number in range(2 * blocks):
            windows = torch.randint(vocabulary, (64, 101), generator=generator)
            for name, one, optimiser in zip(("plain", "kept"), (plain, kept), optimisers, strict=True):
                torch.manual_seed(number)
                began = time.perf_counter()
                optimiser.zero_grad()
                logits, _state = one(windows[:, :-1])
                loss = nn.functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())
                if name == "plain":
                    loss.backward()
                else:
                    with monitor:
                        loss.backward()
                nn.utils.clip_grad_norm_(one.parameters(), 1.0)
                optimiser.step()
                which = name if name == "plain" or number % 2 == 0 else "not kept"
                if number > 1:
                    times[which].append(time.perf_counter() - began)
        monitor.close()
        size = Path(folder, "run", "run.jsonl").stat().st_size / len(
            rnnviz.monitoring.Run(Path(folder, "run")).moments
        )
    middle = {name: statistics.median(many) for name, many in times.items()}
    apart = max(
        ((a - b).norm() / a.norm()).item() for a, b in zip(plain.parameters(), kept.parameters(), strict=True)
    )
    longer = (middle["kept"] - middle["plain"]) / EVERY / middle["plain"]
    print(
        f"an update: plain {middle['plain']:.3f} s, not kept {middle['not kept']:.3f} s, kept {middle['kept']:.3f} s"
    )
    print(f"with every={EVERY}: {100 * longer:.1f} % longer (wanted: at most 5 %)")
    print(
        f"a moment: {size / 1000:.1f} kB; weights after {2 * blocks} updates apart by {apart:.1e} of their length"
    )


if __name__ == "__main__":
    main()
