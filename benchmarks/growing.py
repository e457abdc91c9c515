"""How long a training step of a network that grows up takes, from a key on the slider to all that is drawn. Prints a table.

python benchmarks/growing.py        needs tests/requirements.txt and Chromium

With a text of 200 characters. First the server's part, a rerun of the whole page, in processor time, so that others on the
machine count little. Then all of it, in a real browser on a server of its own, by the clock. `new`: a training step for the first
time, where the network reads the text and all pictures are made; `again`: on the way back, when both are kept. The limit that we
set ourselves is 150 ms.
"""

import statistics
import sys
import time
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import sync_playwright  # noqa: E402
from streamlit.testing.v1 import AppTest  # noqa: E402

from benchmarks.app import row  # noqa: E402
from rnnviz.models import checkpoints  # noqa: E402
from tests.browser.conftest import FLAGS, Reader, serving  # noqa: E402

TEXT = (
    "KING HENRY:\nMy lord of York, what news?\n\nYORK:\nThe king is dead, they say, my gracious liege,\nand all his men are "
    "gone to France and Rome.\n\nKING HENRY:\nThen go, and say we come with men to him.\n\nYORK:\nI go."
)
LIMIT = 150  # ms
EVERY = 2  # of the kept training steps


def on_the_server(model: str) -> None:
    for page in ("states", "gates", "gradients"):
        test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        test.query_params["model"], test.query_params["text"] = model, TEXT
        test.switch_page(f"pages/explore/{page}.py").run()
        steps = checkpoints.moments(model)[-2::-EVERY]
        for what, order in (("new", steps), ("again", steps[::-1])):
            found = []
            for step in order:
                slider, start = test.select_slider[0].set_value(step), time.process_time()
                slider.run()
                found.append(time.process_time() - start)
            row(f"{page}: {model}, the server's part, {what}", found, LIMIT)


def pages(seen: Reader, model: str) -> None:
    steps = len(checkpoints.moments(model)) // EVERY
    explored = urlencode({"model": model, "text": TEXT})
    for page, query in (
        ("states", explored),
        ("gates", explored),
        ("gradients", explored),
        ("generate", urlencode({"generate_who": "growing", "generate_text": TEXT})),
    ):
        seen.tab.goto(f"{seen.address}/{page}?{query}")
        seen.root = ".gn-root[data-shown]" if page == "generate" else ".rv-board"
        seen.drawn()
        slider = seen.tab.get_by_role("slider", name="Training step")
        for key, what in (("ArrowLeft", "new"), ("ArrowRight", "again")):
            found = []
            for _each in range(steps):
                slider.focus()
                start = time.perf_counter()
                seen.after(lambda key=key: seen.tab.keyboard.press(key))
                found.append(time.perf_counter() - start)
                seen.tab.wait_for_timeout(200)
            row(f"{page}: {model}, a training step, {what}", found, LIMIT)


def opened() -> None:
    """Without a screen: one moment of a file with many, the first and the others."""
    checkpoints.load("shakespeare-rnn")  # which brings torch
    for kind in ("rnn", "gru", "lstm"):
        name = f"growing-{kind}"
        found = []
        for step in checkpoints.moments(name):
            start = time.perf_counter()
            checkpoints.load(checkpoints.at(name, step))
            found.append(time.perf_counter() - start)
        first, rest = 1000 * found[0], 1000 * statistics.median(found[1:])
        print(f"{name}: opened in {first:.0f} ms the first time, {rest:.0f} ms each further training step")


if __name__ == "__main__":
    opened()
    on_the_server("growing-lstm")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        with serving() as address:
            tab = chromium.new_context(viewport={"width": 1280, "height": 1000}).new_page()
            pages(Reader(tab, address), "growing-lstm")
        chromium.close()
