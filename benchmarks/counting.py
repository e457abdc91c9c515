"""How fast learn/counting answers. Prints a table; nothing is asserted.

python benchmarks/counting.py [REPEATS]        needs tests/requirements.txt and Chromium
"""

import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT)]

from playwright.sync_api import sync_playwright  # noqa: E402
from streamlit.testing.v1 import AppTest  # noqa: E402

from app import row, timed  # noqa: E402
from rnnviz.models import checkpoints  # noqa: E402
from rnnviz.models.counting import METHODS  # noqa: E402
from tests.browser.conftest import FLAGS, Reader, serving  # noqa: E402

REPEATS = int(sys.argv[1]) if len(sys.argv) > 1 else 9
PARTS = ("chain", "zero", "smoothing", "network", "heldout")
SENTENCE = "the king shall speak of love and death this night, my lord"


def library() -> None:
    """Counts from their file, and the surprise of a sentence by every method."""
    for unit in ("characters", "words"):
        seconds = []
        for _ in range(REPEATS):
            start = time.perf_counter()
            counts, card = checkpoints.load(f"counts-{unit}")
            seconds.append(time.perf_counter() - start)
        size = (checkpoints.folder() / f"counts-{unit}.safetensors").stat().st_size / 2**20
        row(f"counts of {unit} read from {size:.1f} MiB", seconds, 500)
        known = checkpoints.words(card) if unit == "words" else checkpoints.vocabulary(card)
        ids = known.encode(SENTENCE)
        for method in METHODS:
            start = time.perf_counter()
            counts.probability(ids, method)
            first = time.perf_counter() - start
            again = []
            for _ in range(REPEATS):
                start = time.perf_counter()
                counts.probability(ids, method)
                again.append(time.perf_counter() - start)
            row(f"  {len(ids)} tokens, {method} (first time {1000 * first:.0f} ms)", again, 30)


def on_the_server() -> None:
    for part in PARTS:
        test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        test.query_params.update({"counting_part": part, "counting_source": "words"})
        test.run()
        test.switch_page("pages/learn/counting.py").run()
        seconds = []
        for _ in range(3 * REPEATS):
            start = time.perf_counter()
            test.run()
            seconds.append(time.perf_counter() - start)
        row(f"server work of a rerun where nothing changed, part {part}", seconds, 30)


def in_the_browser(chromium) -> None:
    with serving() as address:
        tab = chromium.new_context(viewport={"width": 1280, "height": 1000}).new_page()
        seen = Reader(tab, address)
        for part, source in (("chain", "own"), ("smoothing", "words"), ("network", "characters")):
            seen.open(f"/counting?counting_part={part}&counting_source={source}")
            typed = []
            for i in range(REPEATS):
                tab.get_by_role("textbox", name="The sentence").fill(f"{SENTENCE} {'again ' * i}")
                typed.append(timed(seen, lambda: tab.keyboard.press("Enter")))
            row(f"a sentence typed -> drawn, part {part}, {source}", typed, 500)
        seen.open("/counting?counting_part=smoothing&counting_source=words")
        tab.locator(".cn-token[aria-pressed=true]").focus()
        moved = [
            timed(seen, lambda key=key: tab.keyboard.press(key))
            for key in (["ArrowLeft", "ArrowRight"] * REPEATS)[:REPEATS]
        ]
        row("another token chosen -> its arithmetic and figures drawn", moved, 250)
        tab.context.close()


if __name__ == "__main__":
    library()
    on_the_server()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        in_the_browser(browser)
        browser.close()
