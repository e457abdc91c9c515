"""Who learns what lies some steps back? Every experiment of the page over ten seeds, with the shares that learned it.

python benchmarks/memory.py                     what the shipped trainings say
python benchmarks/memory.py --write [NAME …]    trains them anew and writes checkpoints/memory: about an hour on one core
"""

import sys
import time

from rnnviz.stats import learning
from rnnviz.studies.memory import survey


def main(arguments: list[str]) -> None:
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
