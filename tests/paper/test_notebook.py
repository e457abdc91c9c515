"""rnnviz.board: what it is made of, and what it says where it cannot be made."""

import sys

import pytest

import rnnviz
from rnnviz.paper import bundle


def test_without_anywidget_it_says_what_brings_it(lstm, monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.delitem(sys.modules, "rnnviz.paper.widget", raising=False)
    with pytest.raises(
        ModuleNotFoundError, match=r"^rnnviz\.board needs anywidget: pip install 'rnnviz\[notebook\]'$"
    ):
        rnnviz.board(lstm)


def test_a_picture_that_is_not_there_is_named(lstm):
    with pytest.raises(ValueError, match="picture must be one of states, gates, gradients; got 'loss'"):
        rnnviz.board(lstm, picture="loss")


def test_it_holds_what_a_page_holds(lstm):
    pytest.importorskip("anywidget")
    board = rnnviz.board(lstm, layer=1, unit=3)
    assert board.chosen == {"picture": "states", "layer": 1, "unit": 3}
    assert board.contents[:2] == b"\x1f\x8b" and board.plotly == bundle.plotly()
