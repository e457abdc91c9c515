"""How long do the tiny networks of learn/order and learn/letters take to learn, and how many seeds learn “hello”?

python benchmarks/tiny.py            the seconds of each training that is shipped
python benchmarks/tiny.py --write    trains them anew and writes checkpoints/tiny
python benchmarks/tiny.py --seeds 10 trains the networks of the example, “hello” with three units, from so many seeds

The example of the course (studies.example) is what is shipped of “hello”: seed 0.
"""

import argparse
import math
import time

from rnnviz.studies import courses, example, tiny
from rnnviz.studies.progress import ended
from rnnviz.studies.tiny import LETTERS


def shipped(write: bool) -> None:
    for asked in courses.SHIPPED:
        begun = time.perf_counter()
        found = ended(courses.train(*asked))
        seconds, path = time.perf_counter() - begun, courses.path(*asked)
        if write:
            path.parent.mkdir(exist_ok=True)
            courses.write(found, path)
        before = courses.shipped(*asked)
        same = before is not None and found.identical(before)
        print(f"{path.stem:16} {seconds:.2f} s, {'the same as' if same else 'other than'} what is shipped")


def over_seeds(count: int) -> None:
    """What each seed gives the four right letters at the end, and how many steps of training it takes until all are likeliest."""
    pairs = [f"{a}→{b}" for a, b in zip(example.READ, example.WORD[1:], strict=True)]
    print("kind seed  all over 1/2 from step  " + "  ".join(f"{pair:>7}" for pair in pairs))
    for kind in ("rnn", "gru", "lstm"):
        learned, least = 0, []
        for seed in range(count):
            model = tiny.build(LETTERS, kind, example.UNITS, seed)
            steps = list(tiny.train({kind: model}, LETTERS))
            worst = [min(step.log_right[kind]) for step in steps]
            half = math.log(0.5)
            late = max((step.step for step, log in zip(steps, worst, strict=True) if log <= half), default=-1)
            right = late < tiny.STEPS
            learned += right
            chances = [math.exp(log) for log in steps[-1].log_right[kind]]
            least.append(min(chances))
            print(
                f"{kind:4} {seed:4}  {late + 1 if right else 'never':>22}  "
                + "  ".join(f"{100 * share:6.1f}%" for share in chances)
            )
        print(
            f"{kind}: {learned} of {count} seeds learn all four; the least a right letter gets: {100 * min(least):.1f} %"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--seeds", type=int)
    options = parser.parse_args()
    if options.seeds:
        over_seeds(options.seeds)
    else:
        shipped(options.write)


if __name__ == "__main__":
    main()
