"""The teachers' page: its views open as they stand, its numbers are worked out, and links are taken apart and put together."""

import math
from urllib.parse import parse_qsl, urlsplit

import pytest

from rnnviz.studies import worksheet
from rnnviz.ui.rooms.teach import PARTS, links, plans, server, tasks
from rnnviz.ui.shell import lesson, ways
from tests.pages.conftest import Visit


def link(visit: Visit) -> str:
    """What the page offers to a class."""
    return visit.test.main.code[0].value


def opened(address: str) -> Visit:
    """A visit that begins with a link."""
    parts = urlsplit(address)
    page = parts.path.strip("/").replace("-", "_") or "home"
    return Visit(page, **dict(parse_qsl(parts.query, keep_blank_values=True)))


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("part", PARTS)
def test_every_part_is_there_in_both_languages(part, language):
    visit = Visit("teach", teach_part=part, lang=language)
    assert not visit.test.exception and not visit.test.error


@pytest.mark.parametrize("minutes", ["50", "90"])
def test_a_plan_fills_its_lesson(minutes):
    assert sum(one.minutes for one in plans.plan(minutes)) == int(minutes)


VIEWS = {(one.room, tuple(one.view.items())) for length in ("50", "90") for one in plans.plan(length)}
VIEWS |= {(one.room, tuple(one.view.items())) for one in tasks.tasks()}


@pytest.mark.parametrize(("room", "view"), sorted(VIEWS, key=str))
def test_every_view_of_plans_and_answers_opens_as_it_is_meant(room, view):
    if room == "attention_by_hand":
        pytest.skip("its address is not its file's name")
    visit = Visit(room, **dict(view))
    assert not visit.test.exception and visit.lines == []
    now = visit.test.session_state["settings"]
    assert {name: str(now[name]) for name, _value in view} == {name: str(value) for name, value in view}


def test_the_picture_of_what_is_left_shows_the_number_of_the_plan():
    (formula,) = (one.value for one in Visit("vanishing", **plans.SHRINKS).test.latex if "cdots" in one.value)
    assert f"{worksheet.left(0.8, 20):.4g}" in formula


def test_the_preset_of_the_plan_keeps_its_cell_state():
    from rnnviz.studies import one_cell

    given = one_cell.cut(one_cell.preset(plans.REMEMBER["cell_preset"]), "lstm")
    cell = one_cell.run(**given)["lstm"]["cell"]
    assert (abs(cell - cell.isel(time=0)) < 1e-6).all()


def test_a_longer_network_has_no_more_weights():
    """As the plan and the first task say."""

    def counted(steps: int) -> list[str]:
        test = Visit("network", network_stage="unrolled", network_steps=steps).test
        tables = [one.value for one in (*test.dataframe, *test.table)]
        return [text for table in tables if "parameters" in table for text in table["parameters"]]

    assert counted(4) == counted(8) != []


def test_answers_are_left_out_where_they_are_not_wanted():
    def said(answers: bool) -> str:
        visit = Visit("teach", teach_part="worksheet", teach_answers=answers)
        return "\n".join(one.value for one in visit.test.main.markdown)

    assert all(one.answer in said(True) and one.answer not in said(False) for one in tasks.tasks())


def test_a_chosen_page_becomes_a_link_that_opens_it():
    visit = Visit("teach", teach_part="link", teach_page="order", teach_asks="locked,alone", teach_large=True)
    found = opened(link(visit))
    assert found.test.header[0].value and found.greeting == [] and found.test.session_state["held"]
    assert found.test.session_state["settings"]["projector"] is True


def test_hidden_controls_are_locked_too():
    found = opened(link(Visit("teach", teach_part="link", teach_asks="bare")))
    assert found.test.session_state["held"] and found.greeting == []


def test_a_pasted_view_becomes_a_link_that_opens_it():
    visit = Visit("teach", teach_part="link", teach_asks="locked")
    pasted = "http://192.168.0.5:8501/cell?cell_preset=forget&lang=ko&projector=True&lesson=locked-1&embed=true#step=3"
    visit.test.text_input(key="pick_teach_pasted").set_value(pasted).run()
    parts = urlsplit(link(visit))
    assert parts.path == "/cell" and parts.fragment == "step=3"
    found = dict(parse_qsl(parts.query))
    assert found.keys() == {"cell_preset", "lesson", "lang"} and found["lang"] == "en"
    assert opened(link(visit)).greeting == []


@pytest.mark.parametrize(
    ("pasted", "line"),
    [
        ("http://[", "This is no link"),
        ("https://example.org/news?id=1", "There is no page “news” here"),
        ("hello", "There is no page “hello” here"),
        ("/teach?teach_part=link&x=" + "a" * 50_000, "This link is too long"),
    ],
)
def test_what_is_no_link_is_one_line(pasted, line):
    visit = Visit("teach", teach_part="link")
    visit.test.text_input(key="pick_teach_pasted").set_value(pasted).run()
    assert not visit.test.exception and [
        one.value.replace("\\", "").startswith(line) for one in visit.test.error
    ] == [True]


def test_a_pasted_link_that_knows_too_much_keeps_the_rest():
    with_lines = Visit("teach", teach_part="link")
    pasted = "/cell?cell_preset=forget&cell_kind=transformer&colour=red"
    with_lines.test.text_input(key="pick_teach_pasted").set_value(pasted).run()
    assert len([line for line in with_lines.lines if "cell_kind" in line or "colour" in line]) == 2
    assert "cell_preset=forget" in link(with_lines) and "transformer" not in link(with_lines)


def test_links_hold_any_text_of_a_reader():
    text = "a b&c=d#e%20\nㄱ😀"
    view, wrong = links.read(links.made(links.View("states", {"text": text}), [lesson.LOCKED], "ko"))
    assert (view, wrong) == (links.View("states", {"text": text}), [])


@pytest.mark.parametrize("room", sorted(set(ways.FILES) - {"teach"}))
def test_every_page_can_be_linked(room):
    assert links.read(links.made(links.View(room), (), "en"))[0].room == room


def test_a_larger_machine_carries_more():
    assert server.carries(8) == pytest.approx(4 * server.carries(2), abs=40)
    assert server.carries(2) == math.floor(2 * server.BUSY * server.PAUSE / server.ANSWER / 10) * 10
