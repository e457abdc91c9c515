"""The board in a real JupyterLab, where one is installed (pip install jupyterlab): it stands there and tells what is chosen."""

import json
import os
import socket
import subprocess
import sys
import urllib.request

import pytest

from tests.conftest import PATIENCE, until

pytest.importorskip("anywidget")
pytest.importorskip("jupyterlab")
CELLS = (
    "import torch, rnnviz\n"
    "torch.manual_seed(0)\n"  # units stand by how alike they are: with these weights there is one above unit 2
    "with rnnviz.record(torch_gru := torch.nn.GRU(2, 4), tokens=list('hello')) as recording:\n"
    "    torch_gru(torch.randn(5, 1, 2))[0].sum().backward()\n"
    "board = rnnviz.board(recording, picture='gates', unit=2)\n"
    "board",
    "print('chosen', board.chosen['picture'], board.chosen['unit'], board.step)",
)


@pytest.fixture
def lab(tmp_path):
    """The address of a notebook in a JupyterLab of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    blank = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
    cells = [{**blank, "id": f"cell-{n}", "source": source} for n, source in enumerate(CELLS)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    book = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "one.ipynb").write_text(json.dumps(book))
    base = f"http://127.0.0.1:{port}"
    more = [
        f"--port={port}",
        "--IdentityProvider.token=t",
        f"--ServerApp.root_dir={tmp_path}",
        "--allow-root",
    ]
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", *more],
        env=os.environ | {"HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.DEVNULL,
    )

    def listens():
        try:
            return urllib.request.urlopen(f"{base}/api?token=t", timeout=5).status == 200
        except OSError:
            return False

    try:
        until(listens)
        yield f"{base}/lab/tree/one.ipynb?token=t"
    finally:
        server.terminate()
        server.wait(PATIENCE)


def test_the_board_stands_in_jupyterlab_and_the_kernel_hears_what_is_chosen(chromium, lab):
    context = chromium.new_context(locale="en-US", viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(1000 * PATIENCE)
    tab, wrong = context.new_page(), []
    tab.on("pageerror", lambda problem: wrong.append(str(problem)))
    tab.goto(lab)
    tab.get_by_text("(ipykernel) | Idle").wait_for()
    cell = tab.locator(".jp-CodeCell .cm-content")
    cell.first.click()
    tab.keyboard.press("Shift+Enter")
    tab.wait_for_selector(".rv-board[data-drawn$='-gates']")
    tab.locator(".rv-board").focus()
    for key in ("Home", "ArrowRight", "ArrowUp", "Enter"):
        tab.keyboard.press(key)
    cell.nth(1).click()
    tab.keyboard.press(
        "Control+Enter"
    )  # the kernel takes what it is told in order: it hears of the choice first
    said = tab.locator(".jp-CodeCell").nth(1).locator(".jp-OutputArea-output")
    said.get_by_text("chosen gates").wait_for()
    unit, step = said.inner_text().split()[2:]
    assert unit != "2" and step == "1"
    assert wrong == []
    context.close()
