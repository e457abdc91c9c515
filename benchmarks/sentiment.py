"""How fast reviews are judged, measured in a real browser on a server of its own. Prints a table; nothing is asserted.

python benchmarks/sentiment.py [REPEATS]        needs tests/requirements.txt and Chromium
"""

import random
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import sync_playwright  # noqa: E402

from benchmarks.app import REPEATS, row  # noqa: E402
from tests.browser.conftest import FLAGS, serving  # noqa: E402

DRAWN = """r => {
    const root = document.querySelector(".se-root");
    return root?.dataset.drawn !== undefined && root.dataset.revision !== r;
}"""
WATCHED = """() => {
    window.seen = new Set();
    new MutationObserver(() => {
        const bar = document.querySelector("[data-testid=stProgress]");
        if (bar) window.seen.add(bar.textContent);
    }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""
WORDS = {
    "english": "the film is a warm but dull story with great actors and no jokes , yet it moves like few others do .".split(),
    "korean": list("배우들 연기는 정말 좋았는데 이야기가 너무 지루해서 보다가 졸았다 그래도 음악은 최고"),
}


def review(language: str, tokens: int, number: int) -> str:
    """A review of so many tokens, another one for each number."""
    drawn = random.Random(number).choices(WORDS[language], k=tokens - 1)
    if language == "korean":
        return "".join(drawn).strip().ljust(tokens, "!")
    return " ".join([*drawn, "."])


def waited(tab, act) -> float:
    """Seconds from what is done to the next drawing."""
    before, start = tab.locator(".se-root").get_attribute("data-revision"), time.perf_counter()
    act()
    tab.wait_for_function(DRAWN, arg=before)
    return time.perf_counter() - start


def typed(tab, text: str) -> float:
    tab.get_by_role("textbox", name="A film review").fill(text)
    return waited(tab, lambda: tab.keyboard.press("Control+Enter"))


def from_a_file(tab, address: str, path: Path, rows: int) -> tuple[float, int]:
    """Seconds from the choice of a file to its table, and how many looks at the progress the reader had."""
    tab.goto(f"{address}/sentiment?sentiment_view=many")
    tab.get_by_role("radio", name="a CSV file").click()
    tab.locator("input[type=file]").wait_for(state="attached")
    tab.wait_for_timeout(1000)
    tab.evaluate(WATCHED)
    start = time.perf_counter()
    tab.locator("input[type=file]").set_input_files(path)
    tab.get_by_text(f"Judged right, of {rows:,} reviews").wait_for()
    tab.locator("[data-testid=stDataFrame] canvas").first.wait_for()
    return time.perf_counter() - start, tab.evaluate("window.seen.size")


if __name__ == "__main__":
    with sync_playwright() as playwright, serving() as address:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        tab = browser.new_context(viewport={"width": 1280, "height": 1000}, locale="en-US").new_page()
        for language in WORDS:
            tab.goto(f"{address}/sentiment?sentiment_language={language}")
            tab.wait_for_function(DRAWN, arg=None)
            tab.wait_for_timeout(1500)
            for tokens in (50, 200):
                seconds = [typed(tab, review(language, tokens, i)) for i in range(REPEATS)]
                row(
                    f"{language}, {tokens} tokens typed -> three models, three methods drawn",
                    seconds,
                    16 * tokens,
                )
            which = ["GRU", "RNN", "LSTM"] * REPEATS
            seconds = [
                waited(tab, lambda name=name: tab.get_by_role("button", name=name, exact=True).click())
                for name in which[:REPEATS]
            ]
            row(f"{language}, 200 tokens: another model looked into -> drawn", seconds, 800)
        with tempfile.TemporaryDirectory() as folder:
            for rows, times in ((1000, max(3, REPEATS // 3)), (10_000, 1)):
                seconds, looks = [], []
                for turn in range(times):
                    path = Path(folder) / f"{rows}-{turn}.csv"
                    lines = [
                        f'"{review("english", 8 + i % 35, 1000 * turn + i)}",{i % 2}' for i in range(rows)
                    ]
                    path.write_text("\n".join(["text,label", *lines]), "utf-8")
                    one, seen = from_a_file(tab, address, path, rows)
                    seconds.append(one)
                    looks.append(seen)
                row(
                    f"{rows:,} reviews of a CSV chosen -> table (progress seen {min(looks)} times)",
                    seconds,
                    5 * rows,
                )
        browser.close()
