"""How fast text is written, measured in a real browser on a server of its own. Prints a table; nothing is asserted.

python benchmarks/generate.py [REPEATS]        needs tests/requirements.txt and Chromium
"""

import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import sync_playwright  # noqa: E402

from tests.browser.conftest import FLAGS, serving  # noqa: E402

REPEATS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
LENGTH = 1500
OPENING = 128  # characters that are there before it is played
LIMIT = 150  # characters a second
CHANGED = "count => document.querySelectorAll('.gn-changed').length === count"
SHOWN = "count => document.querySelector('.gn-root')?.dataset.shown === String(count)"


def row(what: str, rates: list[float]) -> None:
    median = statistics.median(rates)
    print(
        f"{what:58} p50 {median:6.0f} characters/s  slowest {min(rates):6.0f}  wanted {LIMIT}  "
        f"ratio {median / LIMIT:.2f}  (n={len(rates)})"
    )


def played(tab, address: str, settings: str, seed: int) -> float:
    """Characters a second from the click on Play until the last one is painted, states shown."""
    tab.goto(f"{address}/generate?generate_length={LENGTH}&generate_seed={seed}&{settings}")
    tab.wait_for_function(SHOWN, arg=OPENING)
    tab.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    tab.locator(".gn-tools select").select_option("Infinity")
    start = time.perf_counter()
    tab.get_by_role("button", name="Play (Space)", exact=True).click()
    tab.wait_for_function(SHOWN, arg=LENGTH, timeout=120_000, polling=50)
    return (LENGTH - OPENING) / (time.perf_counter() - start)


def branched(tab, times: int) -> float:
    """Seconds from the click on another candidate, far into the text, until it stands there. times: before this one."""
    tab.locator(f".gn-column:nth-child(4) .gn-letter >> nth={LENGTH - 200 + 20 * times}").click()
    tab.wait_for_timeout(1500)
    start = time.perf_counter()
    tab.locator("button.gn-put").first.click()
    tab.wait_for_function(CHANGED, arg=times + 1, polling=20)
    return time.perf_counter() - start


def surprised(tab, seed: int) -> float:
    """Seconds from a pasted text of 1,000 characters until all models' surprise at it is drawn."""
    text = (f"{seed} " + "The king shall speak of love and death this night, my lord; " * 20)[:1000]
    drawn = "document.querySelector('.gn-surprise').dataset.revision"
    before = tab.evaluate(drawn)
    tab.get_by_role("textbox", name="Any text").fill(text)
    start = time.perf_counter()
    tab.keyboard.press("Control+Enter")
    tab.wait_for_function(f"before => {drawn} !== before", arg=before)
    return time.perf_counter() - start


def milliseconds(what: str, seconds: list[float]) -> None:
    print(f"{what:58} p50 {1000 * statistics.median(seconds):6.0f} ms  (n={len(seconds)})")


if __name__ == "__main__":
    with sync_playwright() as playwright, serving() as address:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        tab = browser.new_context(viewport={"width": 1280, "height": 1000}, locale="en-US").new_page()
        played(tab, address, "generate_who=plays", 0)  # the first visit reads the models
        for what, settings in (
            ("one LSTM (Python), its hidden states shown", "generate_who=python"),
            ("RNN, GRU, LSTM and counts, the LSTM's states shown", "generate_who=plays"),
        ):
            row(what, [played(tab, address, settings, seed) for seed in range(1, REPEATS + 1)])
        milliseconds(
            "a character changed -> it stands, the text goes on", [branched(tab, i) for i in range(REPEATS)]
        )
        milliseconds(
            "1,000 characters pasted -> coloured for four models", [surprised(tab, i) for i in range(REPEATS)]
        )
        browser.close()
