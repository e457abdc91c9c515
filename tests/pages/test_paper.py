"""What is looked at can be taken away as a page, from each of the exploring pages."""

import threading

import numpy as np
import pytest
import streamlit as st

from rnnviz.paper import contents
from rnnviz.ui.parts import recordings
from rnnviz.ui.parts.explored.backs import with_gradients
from tests.paper.test_page import Opened

LABEL = "Download this view as a page (HTML)"


@pytest.fixture
def offered(monkeypatch):
    """What the download buttons of the last run were made of, by label."""
    found = {}
    plain = st.download_button

    def button(label, **how):
        found[label] = how
        return plain(label, **how)

    monkeypatch.setattr(st, "download_button", button)
    return found


def made(offered):
    """The file, made where the browser asks for it: not in the page's own run."""
    there = []
    thread = threading.Thread(target=lambda: there.append(offered[LABEL]["data"]()))
    thread.start()
    thread.join()
    return there[0]


@pytest.mark.parametrize("page", ["states", "gates", "gradients"])
def test_each_exploring_page_offers_its_view_as_a_page(page, visit, offered):
    seen = visit(page, text="To be", lang="ko")
    assert not seen.test.exception
    assert [one.label for one in seen.test.get("download_button")][-1] == "이 화면을 한 파일로 내려받기(HTML)"


def test_the_file_is_made_when_asked_for_and_holds_both_languages_and_gradients(
    visit, offered, tmp_path, monkeypatch
):
    counted = []
    monkeypatch.setattr(recordings, "with_gradients", lambda run: counted.append(run) or with_gradients(run))
    seen = visit("gates", text="To be")
    assert not seen.test.exception and counted == []
    (tmp_path / "run.html").write_bytes(made(offered))
    opened = Opened(tmp_path / "run.html")
    assert offered[LABEL]["file_name"] == "shakespeare-lstm.html"
    assert opened.contents["places"]["0-0-0-0"]["tokens"] == ["T", "o", "·", "b", "e"]
    assert opened.figure("states", "hidden", language="ko")["title"] == "은닉 상태 h"
    [run] = counted
    drawn = opened.array(opened.figure("states", "hidden")["spec"]["data"][0]["z"]["array"])
    np.testing.assert_array_equal(drawn, run.node["hidden"].values[0, 0, 0].T)
    assert {one["id"] for one in opened.view("total")["figures"]} == {
        "norms",
        "mechanism",
        "ways",
        "hidden_grad",
    }
    assert opened.view("total")["step"] == 3  # the last that has a next one


def test_what_is_too_much_for_a_page_is_said_at_the_button(visit, offered, monkeypatch):
    monkeypatch.setattr(contents, "MOST", 1000)
    visit("states", text="To be")
    assert offered[LABEL]["disabled"] and "MiB have room" in offered[LABEL]["help"]
