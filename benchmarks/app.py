"""How fast the app answers, measured in a real browser on a server of its own. Prints a table; nothing is asserted.

python benchmarks/app.py [REPEATS]        needs tests/requirements.txt and Chromium
"""

import datetime
import json
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import sync_playwright  # noqa: E402

from rnnviz.training.dates import written_date  # noqa: E402
from tests.browser.conftest import DRAWING, FLAGS, Reader, serving  # noqa: E402

REPEATS = int(sys.argv[1]) if len(sys.argv) > 1 else 9
SPOKEN = (
    "men and women want to go to the station with you tomorrow because they have to see what she did there"
    " if it is not too late for them."
)
WORDS = "the king shall speak of love and death this night, my lord; "


def row(what: str, seconds: list[float], limit: float) -> None:
    median = statistics.median(seconds) * 1000
    print(
        f"{what:62} median {median:6.0f} ms  limit {limit:5.0f}  ratio {median / limit:.2f}  (n={len(seconds)})"
    )


def timed(seen: Reader, act) -> float:
    before, start = seen.revision, time.perf_counter()
    act()
    seen.tab.wait_for_function(
        "([r, board]) => { const b = document.querySelector(board);"
        " return b && b.dataset.drawn && b.dataset.revision !== r; }",
        arg=[before, DRAWING],
    )
    return time.perf_counter() - start


def type_text(seen: Reader, text: str) -> float:
    seen.tab.get_by_role("textbox", name="Your text").fill(text)
    return timed(seen, lambda: seen.tab.keyboard.press("Control+Enter"))


def click_row(seen: Reader, share: float) -> float:
    box = seen.box("hidden")
    seen.tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + 8 + share * (box["height"] - 30))
    seen.tab.wait_for_timeout(80)

    def press():
        seen.tab.mouse.down()
        seen.tab.mouse.up()

    return timed(seen, press)


def drag_zoom(seen: Reader) -> float:
    box = seen.box("hidden")
    seen.tab.mouse.move(box["x"] + 200, box["y"] + 90)
    seen.tab.mouse.down()
    seen.tab.mouse.move(box["x"] + 225, box["y"] + 90, steps=3)
    start = time.perf_counter()
    seen.tab.mouse.up()
    exact = "document.querySelector('[data-figure=hidden] .rv-value').textContent"
    seen.tab.wait_for_function(f"{exact} && !{exact}.includes('≈')")
    return time.perf_counter() - start


def in_the_browser(chromium) -> None:
    boxes, pictures = [], []
    for _ in range(3):
        start = time.perf_counter()
        with serving() as address:
            tab = chromium.new_context(viewport={"width": 1280, "height": 1000}).new_page()
            tab.goto(address)
            tab.get_by_role("textbox", name="Your text").wait_for()
            boxes.append(time.perf_counter() - start)
            Reader(tab, address).drawn()
            pictures.append(time.perf_counter() - start)
            tab.context.close()
    row("start of the server -> the text box can be typed in", boxes, 4000)
    row("start of the server -> the first picture is drawn, at rest", pictures, 4000)

    with serving() as address:
        tab = chromium.new_context(viewport={"width": 1280, "height": 1000}).new_page()
        seen = Reader(tab, address)
        seen.open("/states?order=similarity")
        texts = [(str(i) + WORDS * 4)[:200] for i in range(REPEATS)]
        row(
            "200 characters typed -> all figures of the states page", [type_text(seen, t) for t in texts], 500
        )
        row(
            "another unit -> redrawn", [click_row(seen, (i + 1) / (REPEATS + 2)) for i in range(REPEATS)], 250
        )

        tab.evaluate(
            "() => { window.sent = 0; const send = WebSocket.prototype.send;"
            " WebSocket.prototype.send = function (m) { window.sent++; return send.call(this, m); }; }"
        )
        box = seen.box("hidden")
        for i in range(200):
            tab.mouse.move(box["x"] + 70 + 2 * i, box["y"] + 40 + i)
        print(f"{'messages to the server while the cursor moved 200 times':62} {tab.evaluate('window.sent')}")

        long = [(str(i) + WORDS * 40)[:2000] for i in range(max(3, REPEATS // 2))]
        seen.open("/states?model=shakespeare-rnn")
        row("2,000 characters, 512 units: typed -> read and drawn", [type_text(seen, t) for t in long], 500)
        warm = [click_row(seen, 0.3 + 0.05 * i) for i in range(5)]
        row("2,000 characters, 512 units: cached -> drawn (another unit)", warm, 500)
        row("2,000 characters, 512 units: zoom -> exact values", [drag_zoom(seen)], 500)
        for part, label in (
            ("unit", "Weight w"),
            ("network", "Spectral radius ρ of the plain RNN"),
            ("helps", "Bias of the forget gate"),
        ):
            seen.open(f"/vanishing?vanishing_part={part}")
            slider = tab.get_by_role("slider", name=label)
            slider.focus()
            keys = ["ArrowRight", "ArrowLeft"] * REPEATS  # there and back: a slider ends
            moved = [timed(seen, lambda key=key: tab.keyboard.press(key)) for key in keys[:REPEATS]]
            row(f"a slider of learn/vanishing moved, part {part} -> drawn", moved, 150)
        attention(seen)
        learn(tab, address)
        tab.context.close()


# from a key to the frame in which what it changed is painted
PAINTED = """([box, key]) => new Promise((done) => {
    const start = performance.now();
    document.querySelector(box).dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    requestAnimationFrame(() => requestAnimationFrame(() => done((performance.now() - start) / 1000)));
})"""


def learn(tab, address: str) -> None:
    """A step of a cell and of a network, which ask no server, and a network trained on the spot."""
    for path, box, what in (
        ("/cell?cell_kind=all", ".cv", "a step of learn/cell, three cells side by side -> painted"),
        (
            "/network?network_stage=unrolled&network_steps=8",
            ".nw-picture",
            "a step of learn/network -> painted",
        ),
    ):
        tab.goto(address + path)
        tab.wait_for_selector(box)
        tab.wait_for_timeout(1500)
        keys = ["ArrowRight", "ArrowLeft"] * REPEATS
        row(what, [tab.evaluate(PAINTED, [box, key]) for key in keys[:REPEATS]], 100)
    tab.goto(address + "/order")
    tab.get_by_text("Trained: 200 of 200 steps").wait_for()
    seconds = []
    for _ in range(3):
        tab.wait_for_timeout(500)
        start = time.perf_counter()
        tab.get_by_role("button", name="Train again").click()
        tab.get_by_text("Trained: 200 of 200 steps").wait_for(state="hidden")
        tab.get_by_text("Trained: 200 of 200 steps").wait_for()
        seconds.append(time.perf_counter() - start)
    row("learn/order trained anew, with its loss drawn", seconds, 2000)


def attention(seen: Reader) -> None:
    """A sentence of 30 tokens translated, recorded and drawn; then one weight of it set by its bar's keys."""
    tab = seen.tab
    form = "the {day_words} of {Month}, {Y}"  # 26 to 35 characters
    dates = [written_date(datetime.date(1960 + 7 * i, 9, 20 + i), form) for i in range(REPEATS)]
    sentences = [f"{i + 2} {SPOKEN}" for i in range(REPEATS)]
    for task, rows, label in (
        ("dates", dates, "A date, written any way you like"),
        ("korean", sentences, "An English sentence"),
    ):
        seen.open(f"/attention?translate_task={task}")
        typed = []
        for text in rows:
            tab.get_by_role("textbox", name=label).fill(text)
            typed.append(timed(seen, lambda: tab.keyboard.press("Enter")))
        row(f"attention, {task}: 30 tokens typed -> translated, drawn", typed, 600)
        edits = []
        for i in range(REPEATS):
            tab.locator(".ra-slider").nth(i).focus()
            edits.append(timed(seen, lambda: tab.keyboard.press("ArrowRight")))
        row(f"attention, {task}: a weight edited -> new output drawn", edits, 300)


def on_the_server() -> None:
    from streamlit.testing.v1 import AppTest

    for page in ("states", "gates"):
        test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        test.query_params["text"] = WORDS
        test.run()
        test.switch_page(f"pages/explore/{page}.py").run()
        seconds = []
        for _ in range(3 * REPEATS):
            start = time.perf_counter()
            test.run()
            seconds.append(time.perf_counter() - start)
        row(f"server work of a rerun with a cached trace, {page}", seconds, 30)
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    for name, value in {"model": "shakespeare-rnn", "text": (WORDS * 40)[:2000]}.items():
        test.query_params[name] = value
    test.run()
    for page in ("states", "gates"):
        test.switch_page(f"pages/explore/{page}.py").run()
        (sent,) = (
            c.proto.json for c in test.get("bidi_component") if c.proto.component_name == "rnnviz_board"
        )
        print(
            f"{f'bytes sent for 2,000 characters, 512 units, {page}':62} {len(sent.encode()):,} (limit 1,000,000)"
        )
        assert json.loads(sent)["tokens"]


if __name__ == "__main__":
    on_the_server()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        in_the_browser(browser)
        browser.close()
