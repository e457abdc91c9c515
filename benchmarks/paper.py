"""A recording on paper: how large the file is, of what, and how long it takes to make.

    python benchmarks/paper.py

It must hold: 200 characters read by the shipped LSTM, under 6 MB (6,000,000 bytes), plotly.js in it, with gradients as well.
"""

import base64
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import rnnviz
from rnnviz.models import checkpoints, networks
from rnnviz.paper import bundle, contents

MOST = 6_000_000
VERSE = "Shall I compare thee to a summer's day?\nThou art more lovely and more temperate:\n"


def recorded(backward: bool):
    model, card = rnnviz.load("shakespeare-lstm")
    text = (VERSE * 3)[:200]
    ids = checkpoints.vocabulary(card).encode(text)
    with rnnviz.record(model, tokens=list(text)) as recording:
        if backward:
            networks.send_back(model, ids, [[len(ids) - 2]])
        else:
            networks.log_probabilities(model, ids)
    return recording


def main() -> None:
    script = len(bundle.script()) + len(bundle.styles())
    plotly = len(base64.b64encode(bundle.plotly()))
    print(
        f"plotly.js {plotly / 1e6:.2f} MB of {bundle.PLOTLY_FILE.stat().st_size / 1e6:.2f}, scripts {script / 1e6:.2f} MB"
    )
    with tempfile.TemporaryDirectory() as folder:
        for backward in (False, True):
            recording = recorded(backward)
            assert recording.trace  # made once, before the clock runs
            start = time.perf_counter()
            size = rnnviz.page(recording, Path(folder, "run.html")).stat().st_size
            took = time.perf_counter() - start
            numbers = len(base64.b64encode(contents.packed(recording).numbers))
            said = "with gradients" if backward else "without gradients"
            held = "" if size < MOST else ": too large"
            print(
                f"200 characters, {said}: {size / 1e6:.2f} MB (6), numbers {numbers / 1e6:.2f} MB, made in {took:.1f} s{held}"
            )


if __name__ == "__main__":
    main()
