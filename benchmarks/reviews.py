"""What do the judges of reviews know while they read? Linear probes of a review's label and of the verdict so far.

python benchmarks/reviews.py [MODEL …] --data FOLDER            how well each reads them, at the end and half-way
python benchmarks/reviews.py [MODEL …] --data FOLDER --write    fits them anew and writes checkpoints/probes

FOLDER holds rt_polarity_en/rt_polarity.tsv and nsmc_24k_ko/nsmc_24k.tsv. The probes learn from the validation part and are
tested on the test part: neither was trained on.
"""

import argparse
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rnnviz.models import checkpoints
from rnnviz.studies import verdicts
from rnnviz.training import corpora

LONGEST = 150  # tokens, as the judges were trained
SEED = 1


def main() -> None:
    reader = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    reader.add_argument("models", nargs="*", default=checkpoints.names("sentiment"))
    reader.add_argument("--data", type=Path, required=True)
    reader.add_argument("--write", action="store_true")
    asked = reader.parse_args()
    torch.set_num_threads(1)
    for name in asked.models:
        began = time.perf_counter()
        if "korean" in name:
            corpus = corpora.nsmc(asked.data / "nsmc_24k_ko" / "nsmc_24k.tsv")
        else:
            corpus = corpora.rt_polarity(asked.data / "rt_polarity_en" / "rt_polarity.tsv")
        model, card = checkpoints.load(name)
        words = checkpoints.words(card)
        parts = [
            [(words.encode(text)[:LONGEST] or [0], label) for text, label in part]
            for part in (corpus.validation, corpus.test)
        ]
        found = verdicts.probe(model, *parts, seed=SEED)
        end = found["end"]
        for field in end["field"].values:
            for what in verdicts.PROPERTIES:
                at = end.sel(property=what)
                line = ", ".join(
                    f"{far} back {at['score'].sel(field=field, distance=far):.3f} "
                    f"(guess {at['guess'].sel(distance=far):.3f}, control {at['control'].sel(field=field, distance=far):.3f})"
                    for far in (0, 5, 10)
                )
                print(f"{name:32} {field:6} {what:7} {line}; {time.perf_counter() - began:.0f} s", flush=True)
        if asked.write:
            data = {"source": corpus.source, "licence": corpus.licence, "attribution": corpus.attribution}
            split = f"{corpus.split}; learned from validation, tested on test"
            verdicts.save(
                name,
                found,
                {
                    "data": {key: value for key, value in data.items() if value} | {"split": split},
                    "seed": SEED,
                    "command": f"python benchmarks/reviews.py {name} --data FOLDER --write",
                },
            )


if __name__ == "__main__":
    main()
