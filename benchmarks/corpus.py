"""What a corpus costs: recording, matches, neighbours, and what they take in memory.

    python benchmarks/corpus.py                    # a million steps; with --large also ten million on disk (10 GB)

It must hold, on two cores: a match over 1,000,000 steps × 256 units within 0.3 s and over 10,000,000 from disk within 3 s; the
neighbours of a state among 1,000,000 within 0.3 s; recording at 0.6 of the plain forward's speed or more, memory flat. That share
is the median of five pairs, one after the other; on a busy machine the one by the processor's time tells more. States are
drawn at random, each near the one before; units are on half of the time, which is the most that there can be to look at. The
first question about lengths of states takes them once; it is shown by itself.
"""

import argparse
import contextlib
import functools
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from rnnviz import corpus, live
from rnnviz.models.networks import LanguageModel, reading
from rnnviz.models.vocabularies import Vocabulary
from rnnviz.studies.corpus import store

UNITS = 256
MATCHES = {
    "1 unit": corpus.Pattern(on=(3,)),
    "4 units, off outside": corpus.Pattern(on=(3, 70, 120, 200), outside=True),
    "8 units, length 3": corpus.Pattern(on=(1, 2, 3, 4), off=(5, 6, 7, 8), length=3),
    "256 units": corpus.Pattern(on=tuple(range(UNITS)), threshold=-0.999995),
}


def made(folder: Path, steps: int, bits: int) -> corpus.Corpus:
    """A store as `record` leaves one."""
    kind = np.dtype("float32" if bits == 32 else "int8")
    array = store.Array(
        folder / "rnn/layer_0/hidden", (steps, UNITS), store.STEPS, kind, None if bits == 32 else 1 / 127
    )
    for above in array.path.parents[:2]:
        store.put_group(above, {})
    array.create(["step", "unit"], {})
    random = np.random.default_rng(0)
    for first in range(0, steps, store.STEPS):
        count = min(store.STEPS, steps - first)
        states = random.standard_normal((count, UNITS), np.float32)
        states[1:] += states[:-1]
        states = np.tanh(states)
        array.put(first, states if bits == 32 else np.rint(states * 127).astype(np.int8))
    texts = store.put_texts
    texts(folder / "sequence", ["text"], "sequence")
    texts(folder / "label", [""], "sequence")
    texts(folder / "vocabulary", list("abcdefgh \n"), "entry")
    for name, values in (
        ("token", random.integers(0, 10, steps, np.int32)),
        ("start", np.zeros(1, np.int64)),
        ("length", np.full(1, steps, np.int64)),
    ):
        own = store.Array(folder / name, values.shape, min(len(values), store.TOKENS), values.dtype)
        own.create(["step" if name == "token" else "sequence"], {})
        own.put(0, values)
    about = {"format": store.FORMAT, "model": "random", "joint": "", "outputs": 10, "steps": steps}
    store.put_group(folder, {**about, "places": ["rnn/layer_0/hidden"], "complete": True}, nested=True)
    return corpus.Corpus.open(folder)


def timed(what: str, function, times: int = 3) -> None:
    """The median of some runs, and all of them."""
    took = []
    for _ in range(times):
        start = time.perf_counter()
        result = function()
        took.append(time.perf_counter() - start)
    said = f", {len(result):,} found" if hasattr(result, "__len__") else ""
    print(f"{what:<58} {sorted(took)[times // 2]:7.3f} s  ({', '.join(f'{one:.3f}' for one in took)}){said}")


def ask(own: corpus.Corpus, where: str) -> None:
    for name, pattern in MATCHES.items():
        timed(f"match, {where}, {name}", lambda pattern=pattern: corpus.match(own, pattern))


def neighbours(own: corpus.Corpus, where: str) -> None:
    timed(f"lengths of all states, {where}, once", lambda: corpus.nearest(own, 0, 1), times=1)
    for metric in ("cosine", "euclid"):
        timed(f"20 nearest, {where}, {metric}", lambda m=metric: corpus.nearest(own, 4321, 20, m))


def beside_zarr(own: corpus.Corpus) -> None:
    """The same numbers through zarr's own Python package."""
    import zarr

    (name, array), units = next(iter(own.arrays.items())), [3, 70, 120, 200]
    other = zarr.open(own.path, mode="r")[name]
    timed("read all of it", lambda: [array.file(number) for number in range(array.count)])
    timed("  through zarr", lambda: other[:], times=1)
    timed("read four units", lambda: [array.file(number, units) for number in range(array.count)])
    timed("  through zarr", lambda: other.oindex[:, units], times=1)


def forget(path: Path) -> str:
    """What of a store lies in the system's memory is written and let go, where the system lets us; says which."""
    subprocess.run(["sync"], check=False)
    with contextlib.suppress(OSError):
        Path("/proc/sys/vm/drop_caches").write_text("3")
        return "read from the disk itself"
    return "as far as the system holds it in memory"


RECORD = """
import resource, sys, torch
torch.set_num_threads(1)
from benchmarks.corpus import network
from rnnviz import corpus
text = "abcdefgh\\n" * (int(sys.argv[1]) // 9)
model = network()
corpus.record(model, text[:40_000], sys.argv[2] + "/warm.zarr")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
corpus.record(model, text, sys.argv[2] + "/long.zarr")
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e3)
"""


def network(layers: int = 2) -> live.Live:
    torch.manual_seed(0)
    vocabulary = Vocabulary.of("abcdefgh \n")
    model = LanguageModel("lstm", len(vocabulary), 64, UNITS, layers)
    return live.language(model, vocabulary, "random", "ab")


def recording(folder: Path, steps: int) -> None:
    model = network()
    line = "abcdefgh\n"
    long = line * (steps // len(line))
    short = [line * 100] * (steps // 900)
    for what, texts in (("one text", [long]), (f"{len(short)} texts of 900", short)):
        batch = torch.tensor([model.encode(text)[0].tolist() for text in texts[:32]])

        def plain(batch=batch) -> None:
            state = None
            with reading(model.model), torch.no_grad():
                for cut in batch.split(2048, 1):
                    _scores, state = model.model(cut, state)

        for bits in (32, 8):
            wall, own = [], []  # of pairs that follow each other, so that both find the machine as busy
            for turn in range(5):
                out = folder / f"{len(texts)}-{bits}-{turn}.zarr"
                before = spent(plain, batch.numel())
                written = functools.partial(corpus.record, model, texts, out, bits=bits)
                here = spent(written, sum(map(len, texts)))
                shutil.rmtree(out)
                wall.append((before[0], here[0]))
                own.append(here[1] / before[1])
            fast, slow = (sorted(each)[2] for each in zip(*wall, strict=True))
            share = sorted(after / before for before, after in wall)[2]
            print(
                f"recording {what}, 2 x {UNITS} units, {bits} bits: plain {fast:,.0f} steps/s, recorded {slow:,.0f}: "
                f"{share:.2f} of it, {sorted(own)[2]:.2f} by the processor's time"
            )


def spent(function, steps: int) -> tuple[float, float]:
    """Steps a second, by the clock and by the time that the processor spent on it."""
    start, own = time.perf_counter(), time.process_time()
    function()
    return steps / (time.perf_counter() - start), steps / (time.process_time() - own)


def memory(folder: Path) -> None:
    for steps in (100_000, 400_000):
        inner = folder / f"memory-{steps}"
        inner.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", RECORD, str(steps), str(inner)],
            cwd=Path(__file__).resolve().parent.parent,
            capture_output=True,
            text=True,
            check=True,
        )
        print(f"memory of recording {steps:,} steps, beyond that of 40,000: {float(done.stdout):.0f} MB")
        shutil.rmtree(inner)


if __name__ == "__main__":
    reader = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    reader.add_argument("--large", action="store_true", help="also ten million steps on disk, 10 GB")
    reader.add_argument("--steps", type=int, default=1_000_000)
    reader.add_argument("--folder", type=Path, help="where stores are written: a folder for a while")
    options = reader.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(dir=options.folder) as inner:
        folder = Path(inner)
        recording(folder, 60_000)
        memory(folder)
        for bits in (32, 8):
            own = made(folder / f"{bits}.zarr", options.steps, bits).hold()
            where = f"{options.steps:,} x {UNITS} in memory, {bits} bits"
            ask(own, where)
            neighbours(own, where)
            beside_zarr(own)
            shutil.rmtree(own.path)
        del own
        if options.large:
            for bits in (8, 32):
                own = made(folder / f"large-{bits}.zarr", 10_000_000, bits)
                for name, pattern in MATCHES.items():
                    if len(pattern.on) < UNITS:
                        how = forget(own.path)
                        what = f"match, 10,000,000 of {bits} bits on disk, {name}, {how}"
                        timed(what, lambda own=own, pattern=pattern: corpus.match(own, pattern), times=1)
                        timed("  again", lambda own=own, pattern=pattern: corpus.match(own, pattern), times=1)
                shutil.rmtree(own.path)
        print(f"memory at most: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB")
