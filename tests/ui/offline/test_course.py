"""The course as files: every view is what a reader's own visit would show, and every answer is the page's own."""

import base64
import gzip
import itertools
import json
import re
from html import escape

import pytest

from rnnviz.ui.offline import folder
from rnnviz.ui.offline.choices import CHOICES
from rnnviz.ui.offline.elements import Sheet
from rnnviz.ui.offline.visits import Visit
from rnnviz.ui.shell import ways
from tests.pages.conftest import Visit as Reader


def seen(room, language="en", most=None):
    visit = Visit(language)
    visit.go(room)
    empty = lambda controls: Sheet(controls, "?", lambda page, query: None, "")  # noqa: E731
    return list(visit.views(CHOICES[room], empty, most))


@pytest.fixture(scope="module")
def cells():
    return seen("cell")


def held(path):
    """What a page's script reads."""
    data = re.search(r'id="rnnviz-contents">([^<]*)<', path.read_text("utf-8"))
    return json.loads(gzip.decompress(base64.b64decode(data[1])))


def test_every_learn_page_of_the_way_is_a_file():
    learn = {room for chapter in ways.chapters() for room in chapter.rooms} & set(ways.FOLDERS["learn"])
    assert set(CHOICES) == learn | {"words"}


def test_all_that_can_be_chosen_together_is_there_once(cells):
    assert sorted(tuple(view.chosen.values()) for view in cells) == list(
        itertools.product(range(4), range(7))
    )


@pytest.mark.parametrize("link", [{"cell_kind": "gru", "cell_preset": "counter"}, {"cell_kind": "all"}])
def test_a_view_is_what_the_link_to_it_shows_in_the_app(cells, link):
    wanted = {"cell_kind": "lstm", "cell_preset": "latch"} | link
    (view,) = [one for one in cells if one.held == wanted]
    reader = Reader("cell", **link)
    sent = json.loads(
        next(
            one.proto.json
            for one in reader.test.get("bidi_component")
            if one.proto.component_name == "rnnviz_cell"
        )
    )
    sent.pop("heard")
    assert view.sheet.parts["cell-bench"]["data"] == sent | {"largest": None}
    for said in reader.test.text:
        assert escape(said.value) in view.sheet.html


def test_an_answer_that_lies_in_the_file_is_the_one_that_the_page_gives(cells):
    asked = cells[0].questions[1]
    assert asked["choices"] == ["Yes", "No"]
    for at, choice in enumerate(("yes", "no")):
        reader = Reader("cell")
        group = next(g for g in reader.test.get("button_group") if g.key == "guess_cell_bounded")
        group.set_value(choice).run()
        verdict = "Right." if at in asked["right"] else "Wrong."
        assert f"<strong>{verdict}</strong> {asked['says']}" in _said(reader)


def test_a_number_counts_as_right_where_the_page_counts_it():
    asked = seen("order", most=1)[0].questions[0]
    reader = Reader("order")
    for off, verdict in ((0.9, "Right."), (-0.9, "Right."), (1.1, "Wrong.")):
        guess = asked["value"] + off * asked["tolerance"]
        reader.test.number_input(key="guess_order_bag").set_value(guess).run()
        assert f"<strong>{verdict}</strong> {asked['says']}" in _said(reader)


def _said(reader):
    return "".join(part.proto.body for part in reader.test.get("html"))


def test_where_a_choice_brings_others_with_it_they_are_those_of_the_app():
    views = seen("counting", most=8)
    parts = [view.held["counting_part"] for view in views]
    assert parts[:5] == ["chain", "zero", "smoothing", "network", "heldout"]
    assert views[0].held["counting_sentence"] == "two times one is three"
    assert views[1].held["counting_sentence"] == "seven times one is seven"  # which has a zero
    assert "counting_sentence" not in views[4].held


def test_what_was_left_out_is_said(cells):
    assert "Change the numbers" in cells[0].sheet.beyond
    assert "To do by hand" not in cells[0].sheet.html


def test_a_folder_holds_the_pages_in_both_languages_and_names_what_needs_the_app(tmp_path):
    written = list(folder.write(tmp_path, ("ko", "en"), ("cell", "explain"), most=2))
    assert {path.name for path in written} == {
        *("index.html", "cell.html", "explain.html", "index.en.html", "cell.en.html", "explain.en.html"),
        *("rnnviz.js", "rnnviz.css", "plotly.min.js"),
    }
    korean, english = (tmp_path / name for name in ("cell.html", "cell.en.html"))
    assert 'lang="ko"' in korean.read_text("utf-8") and "셀 하나" in korean.read_text("utf-8")
    assert [len(held(path)["views"]) for path in (korean, english)] == [2, 2]
    explained = (tmp_path / "explain.en.html").read_text("utf-8")
    assert 'href="cell.en.html#cell_kind=lstm&amp;cell_preset=remember"' in explained
    assert "The limits of counting (in the app)" in explained
    whole = "".join(path.read_text("utf-8") for path in written if path.suffix in (".html", ".css"))
    assert not re.search(r"""(?:src|href|url\()\s*=?\s*["']?(?:https?:)?//""", whole)


def test_a_view_offers_what_the_page_offers_there_and_no_way_that_only_the_app_has():
    views = seen("network", most=4)
    parts = [part for view in [*views, seen("cell", most=1)[0]] for part in view.sheet.parts.values()]
    assert {part["data"].get("zoom", part["data"].get("around")) for part in parts} == {None}
    unrolled = views[3].sheet.html
    assert "encoder" not in unrolled and "None" not in unrolled
    reader = Reader("network", network_stage="unrolled", network_numbers="hello")
    steps = next(one for one in reader.test.slider if one.key == "pick_network_steps")
    shapes = next(one for one in reader.test.get("button_group") if one.key == "pick_network_shape")
    offered = [re.findall(r"<button[^>]*>(.*?)</button>", group) for group in unrolled.split('role="group"')]
    assert shapes.options in offered
    assert ["2", "4"] in offered and steps.max == 4


def test_where_a_page_chooses_by_itself_its_choice_is_the_one_that_is_shown():
    views = seen("bptt", most=6)
    assert views[0].held["bptt_window"] == "2"  # which is no setting until it is chosen
    rnn = [view.held["bptt_window"] for view in views if view.held["bptt_kind"] == "rnn"]
    assert rnn == ["2", "1", "3", "4"]  # the example has four steps
