"""The board as a notebook shows it: the widget's own script and traits, in a bare host that gives what anywidget gives."""

import base64

import pytest
import torch
from torch import nn

import rnnviz
from tests.conftest import PATIENCE
from tests.paper.conftest import HOSTILE, recorded

anywidget = pytest.importorskip("anywidget")
# a model with traits, and the module that anywidget would import
HOST = """async ([script, style, traits, chosen]) => {
  document.head.append(Object.assign(document.createElement("style"), { textContent: style }));
  const el = document.body.appendChild(document.createElement("div"));
  const view = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  const state = Object.fromEntries(Object.entries(traits).map(([name, text]) => [name, view(text)]));
  window.model = { state: { ...state, chosen }, saved: 0, get: (name) => model.state[name],
    set: (name, value) => { model.state[name] = value; }, save_changes: () => { model.saved += 1; } };
  const widget = await import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
  window.end = await widget.default.render({ model: window.model, el });
}"""


@pytest.fixture(scope="module")
def host(chromium):
    """A page with the widget on it, and what its console said."""
    torch.manual_seed(0)  # units stand by how alike they are: with these weights there is one above unit 2
    board = rnnviz.board(recorded(nn.GRU(2, 4), tokens=HOSTILE), picture="gates", unit=2)
    assert repr(board) == "rnnviz board: recording"
    context = chromium.new_context(color_scheme="dark", locale="en-US")
    context.set_default_timeout(1000 * PATIENCE)
    tab, wrong = context.new_page(), []
    tab.on("console", lambda message: wrong.append(message.text))
    tab.on("pageerror", lambda problem: wrong.append(str(problem)))
    traits = {name: getattr(board, name) for name in ("contents", "numbers", "plotly")}
    packed = {name: base64.b64encode(value).decode() for name, value in traits.items()}
    tab.evaluate(HOST, [str(board._esm), str(board._css), packed, board.chosen])
    yield tab, wrong
    context.close()


def test_the_board_stands_in_a_notebook_and_tells_what_is_chosen(host):
    tab, wrong = host
    tab.wait_for_selector(".rv-board[data-drawn$='-gates'][data-theme=dark]")
    tab.wait_for_selector(".rv-title:text-is('Unit 2: kept and written')")
    board = tab.locator(".rv-board")
    board.focus()
    for key in ("Home", "ArrowRight", "ArrowUp", "Enter"):
        tab.keyboard.press(key)
    tab.wait_for_function("model.state.step === 1 && model.state.chosen.unit !== 2 && model.saved > 0")
    assert tab.locator("img").count() == 0 and tab.url == "about:blank"
    tab.evaluate("window.end()")
    assert tab.locator(".rp-page").count() == 0
    assert wrong == []
