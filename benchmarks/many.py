"""What many sequences at once cost, what the page says of them for every judge, and whether the shipped reviews are sound.

    python -m benchmarks.many                       # 500 sequences of 100 steps of 128 units: time, and bytes sent
    python -m benchmarks.many --reviews             # what the page says, for every judge that comes along
    python -m benchmarks.many --check DATA          # compares these reviews with the corpora in the folder DATA

It must hold, on two cores: 500 × 100 × 128 to paths, mean paths and neighbours within half a second; at most 300 kB sent.
"""

import argparse
import csv
import json
import time
from pathlib import Path

import numpy as np
import xarray as xr

from rnnviz.models import checkpoints
from rnnviz.studies import reviews, trajectories
from rnnviz.ui.rooms.many import MODELS, pictures
from rnnviz.ui.rooms.many.material import Material

FILES = {
    "english": ("rt_polarity_en/rt_polarity.tsv", "id"),
    "korean": ("nsmc_24k_ko/nsmc_24k.tsv", "review_id"),
}


def made(sequences: int, steps: int, units: int) -> xr.Dataset:
    """States that wander as those of a network do: each is what was there before, and a little of something new."""
    random = np.random.default_rng(0)
    states = np.zeros((sequences, steps, units), np.float32)
    now = np.zeros((sequences, units))
    mixing = random.normal(size=(units, units)) / np.sqrt(units)
    for step in range(steps):
        now = np.tanh(0.9 * now @ mixing + random.normal(size=(sequences, units)))
        states[:, step] = now
    hidden = states.reshape(-1, units)
    return xr.Dataset(
        {"hidden": (("state", "unit"), hidden), "length": ("sequence", np.full(sequences, steps))}
    )


def costs(sequences: int, steps: int, units: int) -> None:
    found = made(sequences, steps, units)
    print(f"{sequences} sequences x {steps} steps x {units} units")
    times = {}

    def timed(name, call, *arguments, **named):
        best = []
        for _turn in range(3):
            start = time.perf_counter()
            result = call(*arguments, **named)
            best.append(time.perf_counter() - start)
        times[name] = min(best)
        return result

    label = np.arange(sequences) % 2
    axes = timed("principal components of all states", trajectories.axes, found)
    paths = timed("paths", trajectories.paths, found, axes)
    for by in trajectories.BYS:
        timed(f"mean paths by {by}", trajectories.mean_path, paths, found["length"], label, by=by)
    near = {
        one: timed(f"neighbours by {one}", trajectories.nearest, found, metric=one)
        for one in trajectories.METRICS
    }
    material = Material("made", "made", found, ("a", "b"), label, None, sort="sequence")
    drawn = pictures.computed(material)
    sent = timed("what is sent", pictures.data, material, drawn, near)
    for name, took in times.items():
        print(f"  {name}: {1000 * took:.0f} ms")
    print(f"  together: {1000 * sum(times.values()):.0f} ms")
    print(f"  sent: {len(json.dumps(sent)) / 1000:.0f} kB")


def said() -> None:
    """What the page says, over the judges."""
    for language in reviews.LANGUAGES:
        shipped = reviews.shipped(language)
        labels = np.array(shipped.labels)
        for which in MODELS:
            model, card = checkpoints.load(f"sentiment-{language}-{which}")
            words = checkpoints.words(card)
            start = time.perf_counter()
            found = trajectories.of_reviews(model, [words.encode(text) for text in shipped.texts])
            took = time.perf_counter() - start
            axes = trajectories.axes(found)
            paths = trajectories.paths(found, axes)
            gap = trajectories.gap(trajectories.mean_path(paths, found["length"], labels, by="share"))
            ratio = (gap["distance"] / gap["spread"]).values
            wrong = trajectories.wrong(trajectories.last(found), labels)
            strayed = trajectories.strayed(paths, found["length"], labels)
            praise = trajectories.last(found) > 0
            near = trajectories.nearest(found)["neighbour"].values
            alike = (praise[near] == praise[:, None]).mean()
            print(
                f"{language} {which}: read in {took:.2f} s; {axes['share'].sum().item():.1%} of the variance; right "
                f"{1 - len(wrong) / len(labels):.1%}; apart {ratio[0]:.1f}, {ratio[25]:.1f}, {ratio[-1]:.1f} spreads; of "
                f"{len(wrong)} wrong {strayed[wrong].sum()} end with the others, of the right ones "
                f"{strayed.sum() - strayed[wrong].sum()}; neighbours of the same verdict {alike:.1%}"
            )


def check(folder: Path) -> None:
    for language, (name, id) in FILES.items():
        with (folder / name).open(encoding="utf-8", newline="") as file:
            rows = {row[id]: row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}
        shipped = reviews.shipped(language)
        for id_, label, text in zip(shipped.ids, shipped.labels, shipped.texts, strict=True):
            row = rows[id_]
            assert (row["split"], int(row["label"]), row["text"].strip()) == ("test", label, text), id_
        print(f"{language}: {len(shipped.ids)} reviews are those of the test part of {name}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--reviews", action="store_true")
    parser.add_argument("--check", type=Path, metavar="DATA")
    asked = parser.parse_args()
    if asked.check:
        check(asked.check)
    elif asked.reviews:
        said()
    else:
        costs(500, 100, 128)


if __name__ == "__main__":
    main()
