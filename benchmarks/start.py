"""How long the first answer takes, and how much memory the server then has, for one checkout or several beside each other.

python benchmarks/start.py [CHECKOUT …] [--repeats 5]        needs tests/requirements.txt and Chromium

The checkouts take turns, so that what else the machine does meets all of them. Prints medians, and the ratio to the first.
"""

import argparse
import contextlib
import statistics
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import sync_playwright  # noqa: E402

from tests.browser.conftest import DRAWING, FLAGS, started  # noqa: E402


def measured(chromium, checkout: Path, port: int) -> dict[str, float]:
    """Seconds from the start of the server, and MiB once the first picture is drawn."""
    begun = time.perf_counter()
    server = started(port, checkout)
    found = {}
    try:
        while "it listens, s" not in found:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).close()
                found["it listens, s"] = time.perf_counter() - begun
            time.sleep(0.02)
        tab = chromium.new_context(viewport={"width": 1280, "height": 1000}).new_page()
        tab.set_default_timeout(120_000)
        tab.goto(f"http://127.0.0.1:{port}")
        tab.get_by_role("textbox", name="Your text").wait_for()
        found["the text box can be typed in, s"] = time.perf_counter() - begun
        tab.wait_for_selector(f"{DRAWING}[data-drawn]")
        found["the first picture is drawn, s"] = time.perf_counter() - begun
        tab.context.close()
        status = Path(f"/proc/{server.pid}/status").read_text()
        found["memory then, MiB"] = int(status.split("VmRSS:")[1].split()[0]) / 1024
    finally:
        server.terminate()
        server.wait(20)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkouts", nargs="*", type=Path, default=[ROOT])
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    runs = {checkout: [] for checkout in options.checkouts}
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for turn in range(options.repeats):
            for number, checkout in enumerate(options.checkouts):
                runs[checkout].append(measured(chromium, checkout, 8600 + 10 * turn + number))
        chromium.close()
    first = None
    for checkout, rows in runs.items():
        medians = {name: statistics.median(row[name] for row in rows) for name in rows[0]}
        first = first or medians
        print(checkout)
        for name, value in medians.items():
            print(f"  {name:32} {value:8.2f}   {value / first[name]:.2f} of the first (n={len(rows)})")


if __name__ == "__main__":
    main()
