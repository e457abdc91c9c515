"""What does clipping save? Every experiment of the page over ten seeds, without clipping and at each threshold.

python benchmarks/clipping.py                     what the shipped trainings say
python benchmarks/clipping.py --write [NAME …]    trains them anew and writes checkpoints/clipping: ten minutes on one core
"""

import sys

from rnnviz.stats import learning
from rnnviz.studies.clipping import survey


def main(arguments: list[str]) -> None:
    names = [name for name in arguments if not name.startswith("-")] or list(survey.EXPERIMENTS)
    for name in names:
        if "--write" in arguments:
            path = survey.path(name)
            path.parent.mkdir(exist_ok=True)
            survey.write(survey.together(list(survey.run(survey.setup(name)))), path)
        report(name)


def report(name: str) -> None:
    found = survey.ends(survey.opened(name))
    print(
        f"{name}, {survey.path(name).stat().st_size / 1000:.0f} kB; worst updates {found['at'].values.tolist()}"
    )
    for clip in found["clip"].values.tolist():
        one = found.sel(clip=clip)
        shares = learning.shares(one["learned"])
        print(
            f"  {f'clipped at {clip:g}' if clip else 'not clipped':16}"
            f" learned {shares['learned'].item():2.0f} of {shares['seeds'].item()}"
            f" [{shares['low'].item():.0%}, {shares['high'].item():.0%}],"
            f" thrown back {int(one['thrown'].notnull().sum())},"
            f" left float32 {int(one['left'].notnull().sum())},"
            f" largest norm {one['norm'].max().item():.3g}, median of them {one['norm'].median().item():.3g}",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
