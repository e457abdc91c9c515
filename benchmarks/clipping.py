"""What does clipping save? Every experiment of the page over ten seeds, without clipping and at each threshold.

python benchmarks/clipping.py                     what the shipped trainings say
python benchmarks/clipping.py --write [NAME …]    trains them anew and writes checkpoints/clipping: ten minutes on one core
"""

import sys

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
    found = survey.counted(name)
    seeds = int(found["seeds"])
    print(f"{name}, {survey.path(name).stat().st_size / 1000:.0f} kB")
    for clip in found["clip"].values.tolist():
        one = found.sel(clip=clip)
        line = f"  {f'clipped at {clip:g}' if clip else 'not clipped':16}"
        for name in ("learned", "thrown", "left"):
            low, high = (one[f"{name}_{end}"].item() for end in ("low", "high"))
            line += f" {name} {int(one[name])} of {seeds} [{low:.0%}, {high:.0%}],"
        line += f" largest norm {one['norm'].item():.3g} in the median"
        if int(one["thrown"]):
            line += f"; thrown by one of {one['threw'].item():.3g}, before the largest in {int(one['late'])}"
        print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
