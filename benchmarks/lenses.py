"""How much do lower layers already say? Affine maps that lead each lower layer's state to where the output layer reads it.

python benchmarks/lenses.py [MODEL …] --data FOLDER            the held-out KL of each, with the map and without
python benchmarks/lenses.py [MODEL …] --data FOLDER --write    fits them anew and writes checkpoints/lens

FOLDER holds tinyshakespeare_en/input.txt and nsmc_24k_ko/nsmc_24k.tsv; Python's own source is where Python is. Each map is
fitted to the beginning of the training text and measured, in float16 as it is written, on the beginning of the test text.
"""

import argparse
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rnnviz import lens, live
from rnnviz.models import checkpoints
from rnnviz.studies import lenses
from rnnviz.training import corpora
from rnnviz.training.corpora import Corpus

LEARNED, TESTED = 120, 40  # stretches
ITERATIONS = 25


def corpus_of(name: str, data: Path | None) -> Corpus:
    folder = data or Path()
    if name.startswith("shakespeare"):
        return corpora.shakespeare(folder / "tinyshakespeare_en" / "input.txt" if data else None)
    if name.startswith("korean"):
        return corpora.nsmc_text(folder / "nsmc_24k_ko" / "nsmc_24k.tsv")
    return corpora.python_source()


def stretched(text: str, count: int) -> str:
    return text[: count * lens.STRETCH]


def main() -> None:
    known = [name for name in checkpoints.names("language") if checkpoints.card(name)["model"]["layers"] > 1]
    reader = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    reader.add_argument("models", nargs="*", default=known)
    reader.add_argument("--data", type=Path)
    reader.add_argument("--write", action="store_true")
    asked = reader.parse_args()
    torch.set_num_threads(1)
    for name in asked.models:
        began = time.perf_counter()
        corpus, subject = corpus_of(name, asked.data), live.shipped(name)
        learned, tested = stretched(corpus.train, LEARNED), stretched(corpus.test, TESTED)
        found = lens.fit(
            subject, [learned, tested], held_out=TESTED / (LEARNED + TESTED), iterations=ITERATIONS
        )
        found = lenses.halved(found)
        own = lens.measure(subject, tested, found)
        found["kl"].values[:], found["loss"].values[:] = own["kl"].values, own["loss"].values
        for layer in range(found.sizes["layer"] - 1):
            print(
                f"{name:18} layer {layer + 1}: "
                f"KL {found['kl'].values[layer]:.3f} nats ({found['kl_raw'].values[layer]:.3f} raw), "
                f"loss {found['loss'].values[layer]:.3f} ({found['loss_raw'].values[layer]:.3f} raw); "
                f"network {found.attrs['loss']:.3f}; {time.perf_counter() - began:.0f} s",
                flush=True,
            )
        if asked.write:
            data = {"source": corpus.source, "licence": corpus.licence, "attribution": corpus.attribution}
            lenses.save(
                name,
                found,
                {
                    "data": {key: value for key, value in data.items() if value}
                    | {
                        "split": f"{corpus.split}; the beginnings of train and of test",
                        "characters": {"train": len(learned), "test": len(tested)},
                    },
                    "scores_unit": "nats a character of the test text, without the first 16 of each stretch of 256; in float16",
                    "command": f"python benchmarks/lenses.py {name} --data FOLDER --write",
                },
            )


if __name__ == "__main__":
    main()
