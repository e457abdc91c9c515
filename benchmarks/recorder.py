"""What recording costs, as ratios to the plain call in one run on two threads. Prints a table; nothing is asserted.

python benchmarks/recorder.py             T 500 only, some minutes
python benchmarks/recorder.py 100 2000    these lengths
python benchmarks/recorder.py all         T 100, 500, 2,000 and 10,000, about half an hour
python benchmarks/recorder.py memory      peak memory against what the trace holds

plain      the module's own forward without gradients, or forward and backward
recorded   the same inside `record`, ratio to plain, limit in brackets
+ trace    the same with the trace read: assembling it, and the gates where no backward made them
loop       an explicit loop over the steps that keeps the same things
torchlens  its log of the same call, where it is installed (pip install torchlens): the kernel's output, no gates
"""

import gc
import resource
import subprocess
import sys
import time
import warnings
from pathlib import Path

import torch
from torch import nn

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from rnnviz import record  # noqa: E402
from rnnviz.recording import cells  # noqa: E402

KINDS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
SECONDS = 1.5  # of repeats for one number


def best(*functions) -> list[float]:
    """Shortest time of each, taken in turns so that a busy moment of the machine meets all of them."""
    times = [[] for _ in functions]
    start = time.perf_counter()
    while len(times[-1]) < 2 or (
        time.perf_counter() - start < SECONDS * len(functions) and len(times[-1]) < 30
    ):
        for function, own in zip(functions, times, strict=True):
            gc.collect() if not times[-1] else None
            begin = time.perf_counter()
            function()
            own.append(time.perf_counter() - begin)
    return [min(own) for own in times]


def loop(kind, module, x):
    """States and gates of one layer, step by step: the input's share for all steps at once, no slicing inside."""
    w_ih, w_hh, b_ih, b_hh = module._flat_weights
    h = c = x.new_zeros(x.shape[1], module.hidden_size)
    kept = []
    for projection in nn.functional.linear(x, w_ih, b_ih).unbind(0):
        if kind == "lstm":
            gates = cells.lstm_gates(projection, h, w_hh, b_hh)
            c = gates.forget_gate * c + gates.input_gate * gates.candidate
            h = cells.lstm_hidden(gates, c)
            kept.append((h, c, *gates))
        elif kind == "gru":
            gates = cells.gru_gates(projection, h, w_hh, b_hh)
            h = cells.gru_hidden(gates, h)
            kept.append((h, *gates))
        else:
            h = cells.rnn_states(projection, h, w_hh, b_hh)
            kept.append((h,))
    return kept


def forward(kind, module, x) -> dict[str, float]:
    def plain():
        with torch.no_grad():
            module(x)

    def recorded():
        with torch.no_grad(), record(module) as recording:
            module(x)
        for watched in recording._observed.watched:  # all the arithmetic, without the labels
            for call in watched.calls:
                with torch.no_grad():
                    _ = call.recovered

    def read():
        with torch.no_grad(), record(module) as recording:
            module(x)
        return recording.trace

    def stepped():
        with torch.no_grad():
            for states in zip(*loop(kind, module, x), strict=True):
                torch.stack(states)

    names, functions = ["plain", "recorded", "+ trace"], [plain, recorded, read]
    if len(x) * x.shape[1] <= 64_000:
        names.append("loop")
        functions.append(stepped)
    lens = torchlens(module, x)
    if lens:
        names.append("torchlens")
        functions.append(lens)
    return dict(zip(names, best(*functions), strict=True))


def backward(kind, module, x) -> dict[str, float]:
    weights = torch.randn(*x.shape[:2], module.hidden_size)

    def loss(output):
        return (output * weights).sum()

    def plain():
        loss(module(x)[0]).backward()

    def recorded():
        with record(module):
            loss(module(x)[0]).backward()

    def read():
        with record(module) as recording:
            loss(module(x)[0]).backward()
        return recording.trace

    def stepped():
        kept = loop(kind, module, x)
        for states in kept:
            for state in states[: 2 if kind == "lstm" else 1]:
                state.retain_grad()
        loss(torch.stack([states[0] for states in kept])).backward()
        torch.stack([states[0].grad for states in kept])

    names, functions = ["plain", "recorded", "+ trace"], [plain, recorded, read]
    if len(x) * x.shape[1] <= 16_000:
        names.append("loop")
        functions.append(stepped)
    return dict(zip(names, best(*functions), strict=True))


def torchlens(module, x):
    try:
        import torchlens
    except ImportError:
        return None

    def logged():
        torchlens.trace(module, x)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            logged()
    except Exception as problem:  # another's program: say what it said
        print(f"torchlens does not work here: {type(problem).__name__}: {str(problem)[:100]}")
        return None
    return logged


def limit(what: str, steps: int, batch: int) -> float | None:
    if what == "forward":
        return 2.0 if steps >= 500 else None
    return (1.75 if batch == 1 else 2.5) if steps >= 500 else 3.0


def table(lengths) -> None:
    print(f"{'':26} {'plain':>10}  {'recorded':>14}  {'+ trace':>8}  {'loop':>6}  {'torchlens':>9}")
    for units in (128, 512):
        for batch in (1, 32):
            for steps in lengths:
                for kind, module in KINDS.items():
                    torch.manual_seed(0)
                    module, x = module(units, units), torch.randn(steps, batch, units)
                    for what, measure in (("forward", forward), ("backward", backward)):
                        found = measure(kind, module, x)
                        plain, most = found["plain"], limit(what, steps, batch)
                        ratio = {name: seconds / plain for name, seconds in found.items()}
                        over = "!" if most and ratio["recorded"] > most else " "
                        bound = f"({most:.2f})" if most else ""
                        shown = [
                            f"{ratio[name]:.2f}" if name in ratio else ""
                            for name in ("+ trace", "loop", "torchlens")
                        ]
                        print(
                            f"{kind:4} {what:8} B{batch:<3}T{steps:<6}H{units:<4}{plain * 1e3:8.1f} ms  "
                            f"{ratio['recorded']:6.2f}{over}{bound:>7}  {shown[0]:>8}  {shown[1]:>6}  {shown[2]:>9}",
                            flush=True,
                        )


def held(kind: str, steps: int, batch: int, units: int, gradients: bool) -> None:
    """In a process of its own, since a peak is never taken back: prints peak and trace in bytes."""
    module, x = KINDS[kind](units, units), torch.randn(steps, batch, units)
    with record(module) as recording:  # what the first call loads
        module(x[:2])[0].sum().backward()
    _ = recording.trace
    del recording, _
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    now = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    with torch.set_grad_enabled(gradients), record(module) as recording:
        output, _ = module(x)
        if gradients:
            output.sum().backward()
            module.zero_grad()
        del output, _
    size = recording.trace.nbytes
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(max(peak, before) - now, size)


def memory() -> None:
    print("peak memory over what was there before, against the trace (limit 2.5)")
    for batch, steps, units in ((1, 10_000, 512), (32, 2_000, 128), (32, 2_000, 512)):
        for kind in KINDS:
            for gradients in (False, True):
                command = [
                    sys.executable,
                    __file__,
                    "held",
                    kind,
                    *map(str, (steps, batch, units, int(gradients))),
                ]
                peak, size = map(
                    int, subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
                )
                name = "with gradients" if gradients else "states and gates"
                print(
                    f"{kind:4} B{batch:<3}T{steps:<6}H{units:<4}{name:17} trace {size / 1e6:8.1f} MB  peak"
                    f" {peak / 1e6:8.1f} MB  ratio {peak / size:.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    torch.set_num_threads(2)
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    if asked == "held":
        held(sys.argv[2], *map(int, sys.argv[3:6]), sys.argv[6] == "1")
    elif asked == "memory":
        memory()
    else:
        lengths = [int(n) for n in sys.argv[1:] if n.isdecimal()]
        table((100, 500, 2_000, 10_000) if asked == "all" else lengths or (500,))
