"""learn/network as a reader meets it: what is drawn is what the settings say, and the address holds it."""

import json
import math

import pytest
from streamlit.testing.v1 import AppTest

from rnnviz.studies import unrolled
from rnnviz.ui import rooms
from rnnviz.ui.rooms import network
from tests.pages.conftest import PAGES, app
from tests.pages.test_pages import decoded


class Page:
    """The page in the app, with settings (without their prefix) as the reader left them; weights from the seed unless they say
    otherwise."""

    def __init__(self, lang: str = "en", **settings):
        self.test = app()
        own = {f"network_{name}": value for name, value in settings.items()}
        self.test.session_state["settings"] = {"lang": lang, "network_numbers": "seed"} | own
        self.test.switch_page(PAGES["network"]).run()
        assert not self.test.exception

    def sent(self, name: str) -> dict:
        return sent(self.test, name)

    @property
    def picture(self) -> dict:
        return self.sent("rnnviz_network")

    @property
    def labels(self) -> list[str]:
        return [node["label"] for node in self.picture["nodes"]]


def sent(test: AppTest, name: str) -> dict:
    return next(
        json.loads(found.proto.json)
        for found in test.get("bidi_component")
        if found.proto.component_name == name
    )


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("stage", network.STAGES)
def test_every_stage_draws_in_both_languages(stage, lang):
    seen = Page(lang, stage=stage)
    shape = rooms.SETTINGS["network_shape"].default if stage == "unrolled" else unrolled.Topology.shape
    graph = unrolled.describe(unrolled.Topology(stage, shape))
    assert seen.picture["stage"] == stage
    assert [node["values"] for node in seen.picture["nodes"]] == [
        [list(row) for row in node.values] for node in graph.nodes
    ]
    assert [one.label in ("What you see", "그림 읽는 법") for one in seen.test.main.expander].count(True) == 1
    assert not seen.test.warning


@pytest.mark.parametrize("shape", network.SHAPES)
def test_every_shape_is_drawn(shape):
    seen = Page(stage="unrolled", shape=shape, steps=2)
    expected = {
        "one_to_one": ["x₁", "h₁", "y₁"],
        "one_to_many": ["x₁", "h₁", "h₂", "y₁", "y₂"],
        "many_to_one": ["x₁", "x₂", "h₁", "h₂", "y"],
        "many_to_many": ["x₁", "x₂", "h₁", "h₂", "y₁", "y₂"],
        "encoder_decoder": ["x₁", "x₂", "h₁", "h₂", "s₁", "s₂", "y₁", "y₂"],
    }
    assert seen.labels == expected[shape]


@pytest.mark.parametrize("stage", network.STAGES[:3])
def test_options_of_the_last_stage_are_kept_and_disturb_no_other(stage):
    seen = Page(stage=stage, shape="encoder_decoder", directions=2, kind="lstm", layers=3)
    assert seen.picture["stage"] == stage
    assert seen.test.session_state["settings"]["network_shape"] == "encoder_decoder"


def test_layers_and_directions_are_named():
    seen = Page(stage="unrolled", shape="many_to_many", layers=2, directions=2, steps=1)
    assert seen.labels == ["x₁", "h₁⁽¹⁾", "←h₁⁽¹⁾", "h₁⁽²⁾", "←h₁⁽²⁾", "y₁"]
    names = [node["name"] for node in seen.picture["nodes"]]
    assert names[2] == "hidden state, layer 1, reads backward, step 1"


def test_the_loop_has_no_past_at_the_first_step():
    picture = Page(stage="recurrent", steps=3).picture
    (loop,) = (edge for edge in picture["edges"] if edge["role"] == "recurrent")
    assert loop["norm"][0] is None and loop["norm"][1] > 0
    assert picture["times"] == 3
    assert {edge["weight"] for edge in picture["edges"]} == {None}  # each is a whole matrix


def test_next_and_previous_lead_through_the_stages():
    seen = Page()
    for stage in network.STAGES[1:]:
        seen.test.button(key="network_1").click().run()
        assert seen.picture["stage"] == stage
    assert seen.test.button(key="network_1").disabled
    seen.test.button(key="network_-1").click().run()
    assert seen.picture["stage"] == "recurrent"


def test_an_option_draws_another_network():
    seen = Page(stage="unrolled")
    seen.test.segmented_control(key="pick_network_kind").set_value("lstm").run()
    assert all(node["cell"] for node in seen.picture["nodes"] if node["role"] == "hidden")
    seen.test.slider(key="pick_network_units").set_value(16).run()
    assert {len(node["values"][0]) for node in seen.picture["nodes"] if node["role"] == "hidden"} == {16}


def test_the_table_counts_what_the_model_has():
    seen = Page(stage="unrolled", kind="gru", units=5)
    table = seen.test.table[0].value
    graph = unrolled.describe(unrolled.Topology(kind="gru", units=5))
    assert table.loc["rnn.weight_hh_l0"].tolist() == ["15 × 5", "75", "75"]
    assert table.loc["gates times states", "multiplications"] == "15"
    assert table.loc["in total", "parameters"] == f"{graph.parameters:,}"


def test_longer_networks_have_the_same_parameters_and_longer_chains():
    seen = Page(stage="unrolled", layers=2)
    figures = {f["id"]: json.loads(f["spec"]) for f in seen.sent("rnnviz_board")["figures"]}
    curves = {
        trace["name"]: [round(10**y) for y in decoded(trace["y"])] for trace in figures["lengths"]["data"]
    }
    parameters = unrolled.describe(unrolled.Topology(layers=2)).parameters
    assert curves["parameters"] == [parameters] * 8
    assert curves["cells one after another"] == [2, 3, 4, 5, 6, 7, 8, 9]
    (mark,) = (t for t in figures["units"]["data"] if t.get("showlegend") is False)
    assert min(decoded(mark["x"])) == 4
    assert any(math.isclose(10**y, parameters) for y in decoded(mark["y"]))


def test_one_direction_is_drawn_where_the_future_is_not_written_yet():
    seen = Page(stage="unrolled", shape="one_to_many", directions=2)
    assert not any(node["backward"] for node in seen.picture["nodes"])
    assert any("One direction only" in caption.value for caption in seen.test.caption)
    assert seen.test.session_state["settings"]["network_directions"] == 2  # kept for the other shapes
    seen.test.slider(key="pick_network_inputs").set_value(5).run()
    assert {len(node["values"][0]) for node in seen.picture["nodes"] if node["letter"] in "xy"} == {5}
    assert seen.test.slider(key="pick_network_outputs").disabled
    assert any("as large as an input" in caption.value for caption in seen.test.caption)


def visit(**params):
    test = app()
    for name, value in params.items():
        test.query_params[name] = value
    return test.switch_page(PAGES["network"]).run()


def test_a_link_brings_its_network_and_holds_it():
    test = visit(
        network_stage="unrolled", network_shape="encoder_decoder", network_kind="lstm", network_units="7"
    )
    picture = sent(test, "rnnviz_network")
    assert "encoder_decoder" in picture["id"] and "units=7" in picture["id"]
    assert "network_units=7" in sent(test, "rnnviz_address")["search"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("network_stage", "five"),
        ("network_shape", "<b>"),
        ("network_kind", "cnn"),
        ("network_layers", "9"),
        ("network_directions", "0"),
        ("network_steps", "3.5"),
        ("network_units", "many"),
        ("network_seed", "-1"),
    ],
)
def test_a_bad_value_in_a_link_is_one_line_and_the_picture_is_there(name, value):
    test = visit(**{name: value})
    (line,) = (part.value.replace("\\", "") for part in test.warning)
    assert f"“{name}”" in line
    assert not test.exception
    assert sent(test, "rnnviz_network")["nodes"]


def test_the_address_takes_what_the_library_takes():
    assert network.STAGES == unrolled.STAGES
    assert network.SHAPES == unrolled.SHAPES
    for name, (low, high) in unrolled.LIMITS.items():
        key = f"network_{name}"
        read = rooms.SETTINGS[key].read
        assert (read(key, str(low)), read(key, str(high))) == (low, high)
        for outside in (low - 1, high + 1):
            with pytest.raises(ValueError, match="network"):
                read(key, str(outside))
