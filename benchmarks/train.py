"""What *Train your own* costs: updates a second, the wait for the first curve, and what another reader notices. Prints tables.

python benchmarks/train.py [--updates 200] [--repeats 5] [--answers 40]        needs tests/requirements.txt and Chromium

First the loop alone, on one thread, as a worker runs it, by the clock: of each kind of data with the page's own set-up, the
updates alone, and with the moments that the page keeps of them. Then, in a real browser on a server of its own, the time from the
button to the first curve. Then another reader, who types texts and goes from page to page after half a second of thought: how
long the answers take while nobody trains, and while somebody in the same process does, whose browser draws along on this machine.
Times are those of this machine, as busy as it is: the load before and after is printed too.
"""

import argparse
import asyncio
import os
import random
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import sync_playwright  # noqa: E402

from benchmarks.load import Reader, Seen  # noqa: E402
from rnnviz.studies.comparing.running import one_thread  # noqa: E402
from rnnviz.studies.lab import Setup, Training, asked  # noqa: E402
from rnnviz.studies.series import SCALES  # noqa: E402
from rnnviz.ui.rooms.train.data import series_example, text_example  # noqa: E402
from tests.browser.conftest import FLAGS, serving  # noqa: E402

KINDS = ("rnn", "gru", "lstm")
THOUGHT = (0.4, 0.6)  # s, of the other reader
CHROMIUM = "/usr/bin/chromium"
PATIENCE = 60_000  # ms until a curve is there


def data() -> dict[str, dict]:
    """What the page opens on, of each kind."""
    return {
        "text": {"text": text_example()},
        "series": {"series": series_example(), "scale": SCALES[1]},
        "task": {"task": "first", "steps": 20},
    }


def busy() -> str:
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors (mean of the last minute)"


def updates_a_second(updates: int) -> None:
    print(f"{'updates a second, 64 units, 32 sequences':44}{'updates alone':>16}{'with moments':>16}")
    every = max(1, updates // 8)  # as often as the page does in 400
    for name, given in data().items():
        material = asked.material(given)
        for kind in KINDS:
            setup = Setup(kind=kind, units=64, length=50, updates=updates, rate=0.005, every=every)
            alone = Training(setup, material)
            with one_thread():
                begun = time.perf_counter()
                while alone.update < updates:
                    alone._one_update()
                took = time.perf_counter() - begun
            begun = time.perf_counter()
            for _moment in Training(setup, material).run():
                pass
            whole = time.perf_counter() - begun
            print(f"  {name + ', ' + kind.upper():42}{updates / took:16.0f}{updates / whole:16.0f}")


def opened(browser, address: str, name: str, seed: int, updates: int):
    """The page, ready to train. seed: one that was not trained yet, so that nothing is found done."""
    tab = browser.new_context(viewport={"width": 1280, "height": 1000}).new_page()
    tab.goto(f"{address}/train?train_data={name}&train_seed={seed}&train_updates={updates}")
    tab.get_by_role("button", name="Train now").wait_for()
    return tab


def press(tab) -> float:
    """Seconds from the button to the first curve."""
    begun = time.perf_counter()
    tab.get_by_role("button", name="Train now").click()
    tab.wait_for_selector("[data-figure=loss] .rv-plot", timeout=PATIENCE)
    return time.perf_counter() - begun


def until_the_first_curve(browser, address: str, repeats: int) -> None:
    print("from the button to the first curve, s           first      median        most")
    for name in data():
        waits = []
        for seed in range(repeats):
            tab = opened(browser, address, name, seed, 400)
            waits.append(press(tab))
            tab.get_by_role("button", name="Look into it: Gates").wait_for(timeout=PATIENCE)
            tab.context.close()
        print(f"  {name:42}{waits[0]:9.2f}{statistics.median(waits):12.2f}{max(waits):12.2f}")


def another_readers_answers(address: str, answers: int, seed: int) -> Seen:
    seen = Seen()
    reader = Reader(address, seen, random.Random(seed), 200, THOUGHT)
    with ThreadPoolExecutor(1) as thread:  # playwright has a loop of its own in this one
        thread.submit(lambda: asyncio.run(reader.visit(lambda n: n <= answers))).result()
    return seen


def what_another_reader_notices(browser, address: str, answers: int) -> None:
    print(f"{'another reader, s':48}{'answers':>8}{'p50':>12}{'p95':>12}")

    def row(what: str) -> None:
        seen = another_readers_answers(address, answers, seed=1)
        waits = [w for said, every in seen.waits.items() if said != "first visit" for w in every]
        parts = statistics.quantiles(waits, n=20, method="inclusive")
        print(f"  {what:46}{len(waits):8}{parts[9]:12.3f}{parts[18]:12.3f}")
        for line in dict.fromkeys(seen.errors):
            print("    ", line)

    another_readers_answers(address, answers, seed=1)  # what is kept for all is kept now
    row("while nobody trains")
    for name in data():
        tab = opened(browser, address, name, 999, 20_000)
        press(tab)
        row(f"while somebody trains: {name}")
        tab.get_by_role("button", name="Stop").click()
        tab.get_by_role("button", name="Train now").wait_for()
        tab.context.close()
    row("while nobody trains, again")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--updates", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--answers", type=int, default=40)
    options = parser.parse_args()
    print(busy())
    updates_a_second(options.updates)
    with sync_playwright() as playwright, serving() as address:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        until_the_first_curve(browser, address, options.repeats)
        what_another_reader_notices(browser, address, options.answers)
        browser.close()
    print(busy())


if __name__ == "__main__":
    main()
