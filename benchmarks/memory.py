"""Who learns what lies some steps back? Every experiment of the page over ten seeds, with the shares that learned it.

python benchmarks/memory.py                     what the shipped trainings say
python benchmarks/memory.py --live              how soon it is learned after the button (processor time, clock), how often a
                                                picture comes, and what another reader notices; needs Chromium
python benchmarks/memory.py --write [NAME …]    trains them anew, writes checkpoints/memory: an hour and a half on one core
"""

import itertools
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from rnnviz.stats import learning  # noqa: E402
from rnnviz.studies.comparing import Architecture  # noqa: E402
from rnnviz.studies.memory import Race, Setup, survey  # noqa: E402
from rnnviz.ui.shell.jobs import Jobs  # noqa: E402


def main(arguments: list[str]) -> None:
    if "--live" in arguments:
        alone()
        live()
        watched()
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


WATCHED = Setup(tuple(Architecture(kind, units=64) for kind in survey.KINDS), updates=400)


def alone() -> None:
    """The training itself in processor time, so that others on the machine count little."""
    begun, times = time.process_time(), [0.0]
    right: dict[str, float] = {}
    for moment in Race(WATCHED).run():
        times.append(time.process_time() - begun)
        for network, share in zip(WATCHED.networks, moment.accuracy, strict=True):
            if share > 0.95:
                right.setdefault(network.kind.upper(), times[-1])
    gaps = sorted(b - a for a, b in itertools.pairwise(times))
    said = ", ".join(f"{kind} {seconds:.1f} s" for kind, seconds in right.items())
    print(f"processor time until above 95 %: {said}; of {WATCHED.updates} updates: {times[-1]:.1f} s")
    print(f"  a moment every {1000 * gaps[len(gaps) // 2]:.0f} ms, at most {1000 * gaps[-1]:.0f} ms")


def live() -> None:
    """Three networks of 64 units, 20 steps, in a worker that was started before, as it is when the page has been opened."""
    setup = WATCHED
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


PICTURES = """() => {
  window.pictures = [];
  const seen = new MutationObserver(() => window.pictures.push(performance.now()));
  seen.observe(document.querySelector("[data-testid=stMain]"), { subtree: true, attributeFilter: ["data-drawn"] });
}"""


def watched(answers: int = 25) -> None:
    """The same in a browser, on a server of its own: the pictures as they are drawn, and another reader beside it."""
    from playwright.sync_api import sync_playwright

    from benchmarks.train import CHROMIUM, PATIENCE, another_readers_answers, busy
    from tests.browser.conftest import FLAGS, serving

    def waits() -> str:
        seen = another_readers_answers(address, answers, seed=1)
        own = [wait for said, every in seen.waits.items() if said != "first visit" for wait in every]
        parts = statistics.quantiles(own, n=20, method="inclusive")
        return f"p50 {parts[9]:.3f} s, p95 {parts[18]:.3f} s of {len(own)} answers"

    print(busy())
    with sync_playwright() as playwright, serving() as address:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        tab = browser.new_context(viewport={"width": 1280, "height": 1000}).new_page()
        tab.goto(f"{address}/memory?memory_units=64&memory_updates=1400&memory_seed=999")
        tab.get_by_role("button", name="Train now").wait_for(timeout=PATIENCE)
        another_readers_answers(address, answers, seed=1)  # what is kept for all is kept now
        print("another reader, while nobody trains:", waits())
        begun = time.perf_counter()
        tab.get_by_role("button", name="Train now").click()
        tab.wait_for_selector("[data-figure=right] .rv-plot", timeout=PATIENCE)
        first = time.perf_counter() - begun
        tab.evaluate(PICTURES)
        print("another reader, while it learns:", waits())
        drawn = tab.evaluate("window.pictures")
        gaps = sorted(
            b - a for a, b in itertools.pairwise(drawn) if b - a > 30
        )  # one picture sets it more than once
        parts = statistics.quantiles(gaps, n=20, method="inclusive")
        print(
            f"in the browser the first curve after {first:.2f} s, then every {parts[9]:.0f} ms, p95 {parts[18]:.0f} ms"
        )
        browser.close()
    print(busy())


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
