"""Opens pages by links and types into them what nobody would: the same as tests/pages/test_hostile.py, as long as you like.

python benchmarks/hostile.py [--links 200] [--seed 0]        needs tests/requirements.txt

Prints each link after which a page shows an error, and those that took longest.
"""

import argparse
import random
import sys
import time
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)

from rnnviz.ui import rooms  # noqa: E402
from rnnviz.ui.shell.folding import fold, packed  # noqa: E402
from tests.pages.conftest import PAGES, Visit  # noqa: E402
from tests.pages.test_hostile import TEXTS, boxes  # noqa: E402

NUMBERS = (
    "-1",
    "0",
    "1",
    "2",
    "3",
    "6",
    "9",
    "12",
    "80",
    "200",
    "999",
    "999999",
    "0.05",
    "1e-300",
    "nan",
    "9" * 5000,
)
WORDS = (
    "lstm",
    "gru",
    "rnn",
    "counts",
    "own",
    "characters",
    "korean",
    "many",
    "two",
    "heldout",
    "smoothing",
    "True",
)
PLAIN = (
    None,
    0,
    -1,
    1e308,
    float("inf"),
    10**400,
    "",
    "rnn",
    [],
    {},
    [[]] * 9,
    {"rows": [{}]},
    {"sizes": {"units": 9}},
)
LONG = ("a" * 190_000, "a " * 90_000, "a" + "\u0301\u0327" * 90_000, "\0" * 2000)


def link(page: str, draw: random.Random) -> dict[str, str]:
    """Some of a page's settings, each with what may stand in a link or not."""
    own = rooms.OF_ROOM[page]
    found = {}
    for name in draw.sample(sorted(own), draw.randint(1, len(own)) if own else 0):
        if own[name].folds and draw.random() < 0.2:
            found[f"{name}z"] = fold(draw.choice(LONG))
        else:
            kinds = (NUMBERS, WORDS, TEXTS, [packed(draw.choice(PLAIN))], ["1:>5;2:*=0,1=1e308,2=1e308"])
            found[name] = draw.choice(draw.choice(kinds))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--links", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    draw, took = random.Random(options.seed), []
    for _turn in range(options.links):
        page = draw.choice(sorted(PAGES))
        params = link(page, draw)
        begun = time.perf_counter()
        try:
            test = Visit(page, **params).test
            for box in boxes(test):
                box.set_value(draw.choice(TEXTS))
            wrong = [*test.exception, *test.run().exception]
        except Exception as problem:  # the test's own client, which refuses what no browser sends
            wrong = [problem]
        took.append((time.perf_counter() - begun, page, urlencode(params)[:200]))
        if wrong:
            print(f"WRONG {page}?{urlencode(params)}\n  {wrong[0]!r}"[:1000], flush=True)
    for seconds, page, params in sorted(took)[-5:]:
        print(f"{seconds:6.1f} s  {page}?{params}")


if __name__ == "__main__":
    main()
