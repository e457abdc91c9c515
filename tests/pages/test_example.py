"""One example through the course: pages open on it, call it the same, and show the same numbers, also against torch."""

import numpy as np
import pytest

from rnnviz.stats import gradients
from rnnviz.ui.parts import example
from rnnviz.ui.parts.numbers import shown
from rnnviz.ui.rooms.bptt.found import found_of_example
from tests.pages.conftest import Visit
from tests.pages.test_pages import decoded
from tests.studies.test_example import KINDS, by_torch

ROOMS = ("network", "cell", "letters", "bptt")


def sent(seen: Visit, name: str) -> dict:
    return seen._sent(f"rnnviz_{name}")


def opened(room: str, kind: str, **more) -> Visit:
    seen = Visit(room, **example.view(room, kind), **more)
    assert not seen.test.exception and seen.lines == []
    return seen


@pytest.mark.parametrize("kind", KINDS)
def test_the_state_of_every_step_is_the_same_on_every_page_and_torchs(kind):
    hidden, _chances = by_torch(kind)
    (cell,) = sent(opened("cell", kind), "cell")["views"]
    np.testing.assert_allclose(cell["hidden"], hidden, rtol=0, atol=1e-15)
    drawn = sent(opened("network", kind), "network")
    states = [node["values"][0] for node in drawn["nodes"] if node["role"] == "hidden"]
    np.testing.assert_allclose(states, hidden, rtol=0, atol=1e-15)
    taken = found_of_example(kind, "last")
    np.testing.assert_allclose(taken.before[1:], hidden[:-1], rtol=0, atol=1e-15)
    (float32,) = sent(opened("letters", kind), "cell")["views"]
    np.testing.assert_allclose(float32["hidden"], hidden, rtol=0, atol=1e-5)
    for step in (2, 3, 4):
        product = opened("bptt", kind, bptt_step=step).test.table[1].value
        wanted = [shown(value) for value in hidden[step - 2]]
        assert [column.split(" = ")[1] for column in product.columns] == wanted


@pytest.mark.parametrize(("loss", "shape"), [("last", "many_to_one"), ("all", "many_to_many")])
def test_the_gradient_on_the_network_is_the_one_that_is_taken_apart(loss, shape):
    drawn = sent(opened("network", "rnn", network_shape=shape), "network")
    norms = [node["gradient"][0] for node in drawn["nodes"] if node["role"] == "hidden"]
    np.testing.assert_allclose(norms, gradients.norm(found_of_example("rnn", loss).back.node), rtol=1e-9)


@pytest.mark.parametrize("room", ["network", "cell", "bptt"])
@pytest.mark.parametrize(("lang", "name"), [("en", "the example “hello”"), ("ko", "예제 “hello”")])
def test_a_page_opens_on_it_and_calls_it_by_its_name(room, lang, name):
    seen = Visit(room, lang=lang)
    setting = {"network": "network_numbers", "cell": "cell_preset", "bptt": "bptt_network"}[room]
    assert seen.test.session_state["settings"][setting] == "hello"
    assert any(name in group.options for group in seen.test.get("button_group"))
    assert setting not in seen.address  # a link that says nothing opens on it as well


@pytest.mark.parametrize("room", [*ROOMS, "vanishing"])
def test_a_line_says_where_its_numbers_are_met_and_leads_there(room):
    seen = opened(room, "rnn")
    line = next(one.value for one in seen.test.caption if "hello" in one.value and "also on" in one.value)
    if room != "vanishing":
        for number in ("0.0659", "−0.9886", "−0.8875", "−0.9101", "99.6 %", "99.7 %"):
            assert number in line.replace("\\", "")
    links = [(link.proto.page, link.proto.query_string) for link in seen.test.main.get("page_link")]
    for other in {*ROOMS, "vanishing"} - {room}:
        said = [f"{name}={value}" for name, value in example.view(other, "rnn").items()]
        assert any(page == other and all(one in query for one in said) for page, query in links)


def test_no_line_where_it_is_not_shown():
    for room, more in (
        ("cell", {"cell_preset": "latch"}),
        ("network", {"network_numbers": "seed"}),
        ("bptt", {"bptt_network": "own"}),
        ("letters", {"letters_units": 2}),
    ):
        assert not any("also on" in one.value for one in Visit(room, **more).test.caption)


OLD = [
    ("cell", {"cell_kind": "gru"}, {"cell_preset": "latch"}),
    ("cell", {"cell_preset": "forget"}, {"cell_kind": "lstm"}),
    ("cell", {"cell_preset": "random", "cell_seed": "7"}, {"cell_kind": "lstm"}),
    ("network", {"network_stage": "unrolled"}, {"network_numbers": "seed"}),
    ("network", {"network_units": "7", "network_stage": "recurrent"}, {"network_numbers": "seed"}),
    ("bptt", {"bptt_window": "5"}, {"bptt_network": "own"}),
    ("bptt", {"bptt_text": "a" * 2000 + "b"}, {"bptt_network": "own"}),
]


@pytest.mark.parametrize(("room", "link", "means"), OLD)
def test_a_link_from_before_shows_what_it_showed_and_stays_as_it_was(room, link, means):
    seen = Visit(room, **link)
    settings = seen.test.session_state["settings"]
    assert {name: settings[name] for name in means} == means
    address = seen.address
    assert not any(f"{name}=" in address for name in means)
    assert all(f"{name}=" in address for name in link)


def test_a_link_to_another_page_leaves_the_example_where_it_is():
    seen = Visit("vanishing", vanishing_part="unit")
    assert seen.go("cell").test.session_state["settings"]["cell_preset"] == "hello"


def test_numbers_of_the_example_that_are_changed_are_the_readers_and_the_network_is_left():
    seen = opened("cell", "rnn")
    assert sent(seen, "cell")["around"].startswith("network?network_numbers=hello&network_kind=rnn")
    assert sent(seen, "cell")["tokens"] == list("hell")
    seen.test.number_input(key="cell_steps").set_value(2).run()
    assert sent(seen, "cell")["around"] is None and sent(seen, "cell")["tokens"] == list("he")
    assert not any("also on" in one.value for one in seen.test.caption)
    assert any("“the example “hello””" in one.value for one in seen.test.text)


def test_a_step_and_a_product_come_with_a_link_and_what_makes_no_sense_is_one_line():
    seen = opened("cell", "lstm", cell_step=3, cell_product="xf-2")
    assert sent(seen, "cell")["begin"] == {"step": 2, "product": "xf-2"}
    wrong = Visit("cell", cell_product="<b>", cell_step="0")
    assert len(wrong.lines) == 2 and sent(wrong, "cell")["begin"] == {"step": 0, "product": None}
    far = opened("cell", "rnn", cell_step=99)
    assert sent(far, "cell")["begin"]["step"] == 98  # the drawing shows its last


def test_parts_of_the_network_lead_into_the_cell():
    drawn = sent(opened("network", "gru"), "network")
    zoom = {node["id"]: node["zoom"] for node in drawn["nodes"]}
    assert zoom["h0f2"] == {"step": 2, "product": None} and zoom["x0"] is False and zoom["y3"] is False
    edges = {(edge["source"], edge["target"]): edge["zoom"] for edge in drawn["edges"]}
    assert edges["x2", "h0f2"] == {"step": 2, "product": "x"}
    assert edges["h0f1", "h0f2"] == {"step": 2, "product": "h"} and edges["h0f3", "y3"] is False


def test_parts_of_the_first_stages_lead_to_one_product_of_one_unit():
    for stage, unit, edge in (("perceptron", "yu0", ("xu1", "yu0")), ("multilayer", "h0u2", ("xu1", "h0u2"))):
        drawn = sent(Visit("network", network_numbers="hello", network_stage=stage), "network")
        wanted = {"step": 0, "product": f"xh-{int(unit[-1]) + 1}"}
        assert next(node["zoom"] for node in drawn["nodes"] if node["id"] == unit) == wanted
        assert next(one["zoom"] for one in drawn["edges"] if (one["source"], one["target"]) == edge) == wanted
        assert drawn["zoom"].startswith("cell?cell_preset=hello&cell_kind=rnn")
    assert sent(Visit("network", network_numbers="seed"), "network")["zoom"] is None


def test_what_it_writes_itself_is_not_what_the_cell_reads():
    drawn = sent(opened("network", "rnn", network_shape="one_to_many"), "network")
    assert drawn["zoom"] is None and not any(node["zoom"] for node in drawn["nodes"])


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_questions_are_asked_of_it_and_judged_by_it(lang):
    from tests.pages.asking import Asking

    hidden, _chances = by_torch("rnn")
    network = Asking("network", lang=lang)
    assert list(network.asked) == ["parameters", "doubled"]
    right = "Right" if lang == "en" else "맞습니다"
    assert network.guess("parameters", 5.0).startswith(right)
    assert shown(round(hidden[0, 0], 4)) in network.guess("doubled", "less")
    cell = Asking("cell", lang=lang)
    assert list(cell.asked) == ["left", "bounded"] and cell.guess("bounded", "no").startswith(right)
    gradient = Asking("bptt", lang=lang)
    most = int(found_of_example("rnn", "last").norms.values.argmax()) + 1
    assert most == 3 and gradient.guess("most", "late").startswith(right)
    assert gradient.done == {}


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_the_gates_are_those_of_the_cell(kind):
    (cell,) = sent(opened("cell", kind), "cell")["views"]
    seen = opened("gates", kind)
    for place, gate in enumerate(cell["gates"]):
        (drawn,) = seen.figures[gate]["data"]
        order = [int(name) for name in seen.figures[gate]["layout"]["yaxis"]["ticktext"]]
        values = np.array(decoded(drawn["z"]), float).reshape(3, -1)[:, :4]
        wanted = np.array(cell["activation"])[:, place].T[order]
        np.testing.assert_allclose(values, wanted, rtol=0, atol=1e-6)
    assert any("also on" in one.value for one in seen.test.caption)


@pytest.mark.parametrize(("room", "kind"), [("gates", "lstm"), ("gradients", "rnn")])
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_an_exploring_page_offers_it_with_its_own_text(room, kind, lang):
    seen = Visit(room, lang=lang, text="To be", unit=3)
    seen.test.button(key=f"{room}_hello").click().run()
    assert not seen.test.exception and seen.lines == []
    assert seen.board["tokens"] == list("hello")
    assert f"subject=hello-{kind}" in seen.address and "text=" not in seen.address
    learn = "Learn, step by step" if lang == "en" else "차근차근 배우기"
    assert any(learn in one.value for one in seen.test.main.caption)  # it is nobody's own network
    wrong = Visit(room, **example.view(room, kind), text="help", lang=lang)
    assert not wrong.test.exception and len(wrong.lines) == 1
