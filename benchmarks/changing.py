"""What it costs to ask what units are for, what a state carries and what it still knows: what is promised, and what it takes.

python benchmarks/changing.py [TEXT] [MODEL]      as: input.txt shakespeare-lstm; without a text, characters drawn at random

Every unit silenced in turn on 200 characters: 3 s. A map of 40 steps × 16 groups of what another text's state moves: 2 s. Linear
probes for 12 properties at 10 distances: 20 s. Each is run three times on one thread; told are the least seconds on the clock and
the least of this process's own processor time, which a busy machine changes less, and their ratios to what is promised.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rnnviz import ablation, lens, live, patching, probing

RUNS = 3


def measured(what: str, promised: float, work: Callable[[Callable[[int, int], None]], object]) -> None:
    clock, processor, first = [], [], []
    for _run in range(RUNS):
        told: list[float] = []
        began, spent = time.perf_counter(), time.process_time()
        work(lambda _done, _total, told=told: told.append(time.perf_counter()))
        clock.append(time.perf_counter() - began)
        processor.append(time.process_time() - spent)
        first.append(told[0] - began)
    ratios = (
        f"{min(clock) / promised:.2f} and {min(processor) / promised:.2f} of {promised:g} s"
        if promised
        else ""
    )
    print(
        f"{what:64} {min(clock):6.2f} s on the clock, {min(processor):6.2f} s of the processor   {ratios}"
        f"   (progress from {min(first):.2f} s)"
    )


def main() -> None:
    if len(sys.argv) > 3:
        sys.exit(str(__doc__).splitlines()[2])
    torch.set_num_threads(1)
    subject = live.shipped(sys.argv[2] if len(sys.argv) > 2 else "shakespeare-lstm")
    rnn = subject.model.rnn
    if len(sys.argv) > 1:
        text = Path(sys.argv[1]).read_text("utf-8")
        text = text[-len(text) // 20 :]  # its last twentieth, which no shipped model has trained on
    else:
        text = "".join(np.random.default_rng(0).choice(list(subject.outputs[1:]), 60_000))
    size = f"{rnn.num_layers} × {rnn.hidden_size}"
    short = text[:200]
    measured(
        f"{size} units silenced in turn, 200 characters",
        3,
        lambda p: ablation.ablate(subject, short, progress=p),
    )
    measured(
        f"one gate of {size} units shut in turn, 200 characters",
        0,
        lambda p: ablation.ablate(subject, short, field=gate(rnn), progress=p),
    )
    found = ablation.ablate(subject, short)
    measured(
        "the curve of the k most, least and random",
        0,
        lambda p: ablation.curve(subject, short, found, progress=p),
    )
    first = text[:40]
    second = first[:4] + ("e" if first[4] != "e" else "o") + first[5:]
    groups = 16 // rnn.num_layers
    measured(
        f"a map of 40 steps × {groups * rnn.num_layers} groups, and whole layers, {size} units",
        2,
        lambda p: patching.patch(subject, first, second, groups=groups, progress=p),
    )
    long = text[:6000]
    none = (
        "in a quotation",
        "bracket depth",
    )  # Shakespeare has neither: two others stand in, so that twelve are fitted
    properties = {name: one for name, one in probing.PROPERTIES.items() if name not in (*none, "speaker")}
    properties |= {"a or e": letters("ae"), "t or h": letters("th")}
    measured(
        f"probes of {len(properties)} properties at {len(probing.DISTANCES)} distances, {len(long)} characters",
        20,
        lambda p: probing.probe(subject, long, layer=rnn.num_layers - 1, properties=properties, progress=p),
    )
    if rnn.num_layers > 1:
        corpus = text[:50_000]
        measured(
            f"a lens for {rnn.num_layers - 1} layer, {len(corpus)} characters",
            0,
            lambda p: lens.fit(subject, corpus, progress=p),
        )
        fitted = lens.fit(subject, corpus)
        print(
            f"  KL(output ‖ lens) of the first layer, held out: {fitted['kl'].values[0]:.3f} nats with the map,"
            f" {fitted['kl_raw'].values[0]:.3f} without"
        )


def gate(rnn: torch.nn.Module) -> str:
    return {"LSTM": "forget_gate", "GRU": "update_gate"}.get(type(rnn).__name__, "hidden")


def letters(which: str) -> probing.Property:
    return probing.Property(lambda tokens: [token in which for token in tokens])


if __name__ == "__main__":
    main()
