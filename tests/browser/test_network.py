"""learn/network in a real browser: one picture that transforms, and passes that need no server."""

import re

import pytest
from playwright.sync_api import expect

from rnnviz.studies import unrolled
from tests.browser.conftest import violations

UNROLLED = "/network?network_stage=unrolled&network_shape=many_to_one&network_steps=3"
PERCEPTRON = unrolled.describe(unrolled.Topology("perceptron")).edges[0]
GRAPH = unrolled.describe(unrolled.Topology(shape="many_to_one", steps=3))


def still(seen):
    seen.tab.wait_for_selector(".nw-picture[data-still]")
    return seen.tab.locator(".nw-picture")


def readout(seen) -> str:
    return seen.tab.locator(".nw-readout").inner_text()


def numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?\d+\.\d+(?:e-?\d+)?", text.replace("−", "-"))]


def test_one_picture_goes_through_all_stages(reader):
    seen = reader(UNROLLED)
    picture = still(seen)
    picture.evaluate("one => { one.dataset.mark = 'the same'; }")
    for stage, nodes in (
        ("3 A loop", 3),
        ("2 Layers", 10),
        ("1 A perceptron", 4),
        ("2 Layers", 10),
        ("4 Unrolled", 7),
    ):
        before = picture.get_attribute("data-revision")
        seen.tab.get_by_role("radio", name=stage).click()
        expect(picture).not_to_have_attribute("data-revision", before)
        still(seen)
        expect(seen.tab.locator(".nw-node")).to_have_count(nodes)
        expect(picture).to_have_attribute("data-mark", "the same")
        if stage == "1 A perceptron":
            line = seen.tab.locator("[data-edge='0'] .nw-edge")
            for choice, size in (("weight", PERCEPTRON.weight), ("product", PERCEPTRON.product)):
                seen.tab.get_by_label("Width of an edge").select_option(choice)
                width = line.evaluate("one => parseFloat(one.style.strokeWidth)")
                assert width == pytest.approx(max(0.3, 6 * abs(size)), rel=1e-3)
    expect(seen.tab.get_by_label("Width of an edge")).to_be_hidden()  # here an edge is a whole matrix
    seen.tab.wait_for_function("location.search.includes('network_steps=3')")


def test_the_loop_shows_one_step_after_the_other_and_parts_move_from_where_they_were(reader):
    """Unless motion is not wanted."""
    seen = reader("/network?network_stage=recurrent&network_steps=3")
    still(seen).focus()
    seen.tab.keyboard.press("Home")
    assert readout(seen) == "Forward pass, 1 of 3: the same network at step 1"
    colours = (
        "one => [...one.querySelectorAll('[data-node=h0] .nw-band')].map(b => b.getAttribute('fill')).join()"
    )
    picture, found = seen.tab.locator(".nw-picture"), set()
    for _ in range(3):
        found.add(picture.evaluate(colours))
        seen.tab.keyboard.press("ArrowRight")
    assert len(found) == 3
    watch = (
        "() => { window.places = new Set(); const look = () => {"
        " const g = document.querySelector('[data-node=h0f2]'); if (g) window.places.add(g.getAttribute('transform'));"
        " requestAnimationFrame(look); }; look(); }"
    )
    for wish, moves in (("no-preference", True), ("reduce", False)):
        seen.tab.emulate_media(reduced_motion=wish)
        for _ in range(20):  # a busy machine may draw no frame between the first and the last
            seen.tab.get_by_role("radio", name="3 A loop").click()
            expect(seen.tab.locator(".nw-picture[data-stage=recurrent][data-still]")).to_be_attached()
            seen.tab.evaluate(watch)
            seen.tab.get_by_role("radio", name="4 Unrolled").click()
            expect(seen.tab.locator(".nw-picture[data-stage=unrolled][data-still]")).to_be_attached()
            if (seen.tab.evaluate("window.places.size") > 2) or not moves:
                break
        assert (seen.tab.evaluate("window.places.size") > 2) is moves


def test_passes_are_stepped_through_read_out_and_played_without_the_server(reader):
    seen = reader(UNROLLED)
    picture = still(seen)
    # what is not computed yet is empty
    seen.tab.locator(".nw-picture").focus()
    seen.tab.keyboard.press("Home")
    assert readout(seen) == "Forward pass, 1 of 5: x₁, x₂, x₃"
    expect(seen.tab.locator(".nw-node.nw-waiting")).to_have_count(4)
    expect(seen.tab.locator("[data-node=h0f0] .nw-band")).to_have_count(0)
    seen.tab.keyboard.press("ArrowRight")
    assert readout(seen) == "Forward pass, 2 of 5: h₁"
    expect(seen.tab.locator("[data-node=h0f0] .nw-band")).to_have_count(4)
    seen.tab.keyboard.press("ArrowLeft")
    seen.tab.keyboard.press("ArrowLeft")
    expect(seen.tab.get_by_role("button", name="One step back")).to_be_disabled()
    # keys read out every node and edge
    picture.focus()
    heard = set()
    for _ in range(len(GRAPH.nodes) + len(GRAPH.edges)):
        seen.tab.keyboard.press("ArrowUp")
        heard.add(readout(seen).split(".")[0])
    assert len(heard) == len(GRAPH.nodes) + len(GRAPH.edges)
    assert any("h₁ → h₂: from one step to the next" in line for line in heard)
    arrows = seen.tab.locator(".nw-edge[marker-end]"), seen.tab.locator(".nw-edge[marker-start]")
    expect(arrows[0]).to_have_count(len(GRAPH.edges))
    seen.tab.keyboard.press("b")
    seen.tab.keyboard.press(" ")
    expect(arrows[1]).to_have_count(len(GRAPH.edges))  # they have turned round
    expect(arrows[0]).to_have_count(0)
    assert readout(seen).startswith("Backward pass, 1 of 5")
    seen.tab.keyboard.press(" ")
    # both passes play to their end
    seen.tab.get_by_label("Speed", exact=True).select_option("4")
    seen.rests().count_sent()
    seen.tab.get_by_role("button", name="Forward pass").click()
    expect(picture).to_have_attribute("data-playing", "forward")
    expect(picture).to_have_attribute("data-playing", "")
    assert readout(seen) == "Forward pass, 5 of 5: y"
    seen.tab.get_by_role("button", name="Backward pass").click()
    expect(picture).to_have_attribute("data-pass", "backward")
    expect(picture).to_have_attribute("data-playing", "")
    assert readout(seen) == "Backward pass, 5 of 5: the gradient reaches x₁"
    assert seen.sent == 0


def test_the_numbers_of_every_node_and_edge_are_the_librarys_and_are_coloured_by_unit_and_theme(reader):
    seen = reader(UNROLLED)
    still(seen)
    detail = seen.tab.locator(".nw-detail")
    for node in GRAPH.nodes:
        seen.tab.locator(f"[data-node={node.id}]").hover()
        expect(seen.tab.locator(f"[data-node={node.id}]")).to_have_class(re.compile("nw-looked"))
        *values, mean, gradient = numbers(detail.inner_text())
        assert values == pytest.approx([round(value, 4) for value in node.values[0]])
        assert mean == pytest.approx(node.mean[0], rel=1e-3)
        assert gradient == pytest.approx(node.gradient[0], rel=1e-3)
    seen.tab.locator(".nw-picture").focus()
    seen.tab.evaluate("document.querySelector('.nw-picture').blur()")
    seen.tab.mouse.move(0, 0)  # what it rests on would be looked at when the page moves under it
    for place, edge in enumerate(GRAPH.edges):
        seen.tab.locator(f"[data-edge='{place}'] .nw-hit").dispatch_event("pointerover", {"bubbles": True})
        assert numbers(detail.inner_text().split(":")[1]) == pytest.approx([edge.norm[0]], rel=1e-3)
        width = seen.tab.locator(f"[data-edge='{place}'] .nw-edge").evaluate(
            "one => parseFloat(one.style.strokeWidth)"
        )
        assert width == pytest.approx(6 * edge.norm[0], rel=1e-3)
    # a change of theme recolours at once
    band = seen.tab.locator("[data-node=x0] .nw-band").first
    before = band.get_attribute("fill")
    seen.tab.emulate_media(color_scheme="dark")
    expect(band).not_to_have_attribute("fill", before)
    # one unit, or the mean
    for choice, value in (("mean", GRAPH.nodes[3].mean[0]), ("2", GRAPH.nodes[3].values[0][2])):
        seen.tab.get_by_label("Colour", exact=True).select_option(choice)
        expect(seen.tab.locator("[data-node=h0f0] .nw-band")).to_have_count(1)
        shown = seen.tab.locator("[data-node=h0f0] .nw-number").text_content().replace("−", "-")
        assert float(shown) == pytest.approx(value, abs=0.006)


@pytest.mark.parametrize(
    ("path", "others"),
    [
        ("recurrent&network_kind=gru", {"multilayer": "2 Layers", "perceptron": "1 A perceptron"}),
        ("unrolled&network_shape=encoder_decoder&network_steps=8&lang=ko", {}),
    ],
)
def test_no_stage_violates_accessibility(reader, path, others):
    seen = reader(f"/network?network_stage={path}")
    still(seen)
    assert violations(seen.tab, "light", "dark") == []
    for stage, name in others.items():
        seen.tab.get_by_role("radio", name=name).click()
        expect(seen.tab.locator(f".nw-picture[data-stage={stage}][data-still]")).to_be_attached()
        seen.rests()
        assert violations(seen.tab, "light", "dark") == []


@pytest.mark.parametrize("more", ["", "&lang=ko", "&projector=True"])
def test_nothing_runs_over_the_edge_of_a_phone(reader, more):
    seen = reader(f"/network?network_stage=unrolled&network_steps=8{more}", width=400, height=800)
    still(seen)
    assert seen.tab.evaluate("document.documentElement.scrollWidth") <= 400
    expect(seen.tab.locator(".nw-more")).to_be_visible()
    small = seen.tab.evaluate(
        "() => [...document.querySelectorAll('.nw-picture *')].filter(e => e.textContent && !e.children.length"
        " && e.tagName !== 'OPTION' && e.tagName.toLowerCase() !== 'sup' && parseFloat(getComputedStyle(e).fontSize) < 14)"
        ".map(e => e.className.baseVal ?? e.className)"
    )
    assert small == []
