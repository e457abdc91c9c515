"""Who learns what lies some steps back? Every experiment of the page over ten seeds, with the shares that learned it.

python benchmarks/memory.py                     what the shipped trainings say
python benchmarks/memory.py --write [NAME …]    trains them anew and writes checkpoints/memory: some 90 minutes on one core
"""

import itertools
import sys
import time

from rnnviz.stats import learning
from rnnviz.studies.comparing import Architecture
from rnnviz.studies.memory import Setup, survey
from rnnviz.ui.shell.jobs import Jobs


def main(arguments: list[str]) -> None:
    if "--live" in arguments:
        live()
        return
    writing = "--write" in arguments
    names = [name for name in arguments if not name.startswith("-")] or list(survey.EXPERIMENTS)
    for steps in survey.STEPS:
        for name in names:
            begun = time.perf_counter()
            if writing:
                path = survey.path(name, steps)
                path.parent.mkdir(exist_ok=True)
                survey.write(survey.together(list(survey.run(survey.setup(name, steps)))), path)
            report(name, steps, time.perf_counter() - begun)


def live() -> None:
    """Three networks of 64 units, 20 steps, in a worker that was started before, as it is when the page has been opened."""
    setup = Setup(tuple(Architecture(kind, units=64) for kind in survey.KINDS), updates=400)
    jobs = Jobs()
    jobs.warm("rnnviz.studies.memory.work")
    time.sleep(10)
    begun, came, seen = time.perf_counter(), [], 0
    right: dict[str, float] = {}
    job = jobs.start("rnnviz.studies.memory.work:train", {"setup": setup.to_dict()}, "benchmark")
    while not job.over and len(right) < 3:
        jobs.hear(job, "benchmark")
        for frame in job.frames[seen:]:
            now = time.perf_counter() - begun
            came.append(now)
            for network, share in zip(setup.networks, frame["accuracy"], strict=True):
                if share > 0.95:
                    right.setdefault(network.name, now)
        seen = len(came)
        time.sleep(0.01)
    jobs.close()
    gaps = sorted(b - a for a, b in itertools.pairwise(came))
    middle, most = gaps[len(gaps) // 2], gaps[int(0.95 * len(gaps))]
    print(f"first picture after {came[0]:.2f} s; then every {middle:.2f} s, p95 {most:.2f} s")
    for network in setup.networks:
        print(f"  {network.name:8} above 95 % after {right.get(network.name, float('nan')):.1f} s")


def report(name: str, steps: int, seconds: float) -> None:
    found = survey.opened(name, steps)
    learned = learning.learned(found["accuracy"], survey.LEVEL)
    arrived = learning.arrived(found["log_norm"])
    shares = learning.shares(learned)
    size = survey.path(name, steps).stat().st_size / 1000
    print(f"{name}, {steps} steps ({seconds:.0f} s, {size:.0f} kB)")
    for network in found["network"].values:
        one, own, reached = (each.sel(network=network) for each in (shares, learned, arrived))
        middle = own.median("seed").item()
        print(
            f"  {network:32} {one['learned'].item():2.0f} of {one['seeds'].item()}"
            f" [{one['low'].item():.0%}, {one['high'].item():.0%}], median update {middle:.0f};"
            f" arrived before it was learned in {int((reached <= own).sum())} of {int(own.notnull().sum())},"
            f" arrived and never learned: {int((reached.notnull() & own.isnull()).sum())}",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
