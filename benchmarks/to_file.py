"""Recordings that are larger than memory: what one into a file takes, what one that keeps little takes.

    python benchmarks/to_file.py            # each in a process of its own, whose memory is measured

It must hold: memory of a recording into a file does not grow with its length.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = """
import resource, sys, time, torch, rnnviz
calls, steps, batch, units = map(int, sys.argv[1:5])
more = {"file": sys.argv[6]} if sys.argv[5] == "file" else {}
more |= {"keep": ["forget_gate"], "layers": [-1]} if sys.argv[5] == "one gate" else {}
torch.manual_seed(0)
module = torch.nn.LSTM(16, units, 2)
with torch.no_grad(), rnnviz.record(module) as warm:
    module(torch.randn(8, 1, 16))
warm.trace
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.perf_counter()
with torch.no_grad(), rnnviz.record(module, **more) as recording:
    states = None
    for _ in range(calls):
        _, states = module(torch.randn(steps, batch, 16), states)
node = recording.trace["lstm"]
took = time.perf_counter() - start
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
last = float(abs(node["hidden"].isel(layer=-1, direction=0, batch=-1, time=slice(-steps, None))).max())
assert 0 < last < 1
held = sum(array.nbytes for array in node.data_vars.values())
said = f"{sys.argv[5]:>8}: {calls:3} calls, a trace of {held / 1e6:6.0f} MB"
print(f"{said}, memory + {(after - before) / 1e3:5.0f} MB, {took:5.1f} s")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=256)
    options = parser.parse_args()
    for what in ("memory", "one gate", "file"):
        for calls in (4, 16, 32) if what == "file" else (16,):
            with tempfile.TemporaryDirectory() as folder:
                size = map(str, (calls, 250, 16, options.units))
                path = str(Path(folder) / "run.nc")
                done = subprocess.run(
                    [sys.executable, "-c", PROGRAM, *size, what, path], capture_output=True, text=True
                )
                print(done.stdout or done.stderr, end="", flush=True)


if __name__ == "__main__":
    main()
