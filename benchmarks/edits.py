"""How long a change of a state takes on the page “Change it”, from the changed link to all that is drawn. Prints a table.

python benchmarks/edits.py        needs tests/requirements.txt and Chromium

With a text of 200 characters and 2 × 256 units. First the changed run alone; then the server's part, a rerun of the whole page,
in processor time, so that others on the machine count little; then all of it, in a real browser on a server of its own, by the
clock: from a click on a change in the list to the board that shows it. Every time another change. The limit that we set ourselves
is 300 ms.
"""

import sys
import time
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import sync_playwright  # noqa: E402
from streamlit.testing.v1 import AppTest  # noqa: E402

from benchmarks.app import row  # noqa: E402
from benchmarks.growing import TEXT  # noqa: E402
from rnnviz import changing, live  # noqa: E402
from tests.browser.conftest import FLAGS, Reader, serving  # noqa: E402

LIMIT = 300  # ms
MODELS = ("shakespeare-lstm", "shakespeare-gru")
UNITS = (3, 17, 40, 99, 120, 133, 200, 250)
KINDS = {
    "one unit, a stretch": "1,hidden,zero,{unit},{unit}-{last}",
    "one unit, all steps": "1,hidden,zero,{unit},all",
}


def changes(form: str, unit: int) -> str:
    first = unit % 150 + 1
    return form.format(unit=unit, last=unit + 30).replace(f"{unit}-{unit + 30}", f"{first}-{first + 30}")


def alone(model: str) -> None:
    one = live.shipped(model)
    before = one.read(TEXT)
    for what, form in KINDS.items():
        found = []
        for unit in UNITS:
            made, start = changing.parsed(changes(form, unit)), time.process_time()
            changing.changed(one, TEXT, made, before=before)
            found.append(time.process_time() - start)
        row(f"{model}, {what}: the changed run", found, LIMIT)


def on_the_server(model: str) -> None:
    for what, form in KINDS.items():
        test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        test.query_params["model"], test.query_params["text"] = model, TEXT
        test.switch_page("pages/explore/change.py").run()
        found = []
        for unit in UNITS:
            test.session_state["settings"]["changes"] = changes(form, unit)
            start = time.process_time()
            test.run()
            found.append(time.process_time() - start)
        row(f"{model}, {what}: the server's part", found, LIMIT)


def in_a_browser(seen: Reader, model: str) -> None:
    written = ";".join(changes(KINDS["one unit, a stretch"], unit) + ",off" for unit in UNITS)
    seen.tab.goto(f"{seen.address}/change?{urlencode({'model': model, 'text': TEXT, 'changes': written})}")
    seen.drawn()
    found = []
    for unit in UNITS:
        pill = seen.tab.get_by_role("button", name=f"unit {unit},")
        start = time.perf_counter()
        seen.after(pill.click)
        found.append(time.perf_counter() - start)
        seen.tab.wait_for_timeout(200)
    row(f"{model}, a change switched on: in a browser", found, LIMIT)


def main() -> None:
    for model in MODELS:
        alone(model)
        on_the_server(model)
    with sync_playwright() as playwright, serving() as address:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        tab = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        for model in MODELS:
            in_a_browser(Reader(tab, address), model)
        browser.close()


if __name__ == "__main__":
    main()
