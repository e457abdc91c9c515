"""The tree of a beam search: what is kept is solid, the best thick and square, tokens stay text."""

import numpy as np
import pytest

from rnnviz.figures import style, tree
from rnnviz.stats.trees import layout

STEP = [0, 0, 1, 1, 1, 1, 2, 2]
PARENT = [None, None, 1, 0, 0, 1, 3, 3]
TOTAL = [-0.5, -1.0, -1.1, -1.2, -3.0, -4.0, -1.3, -5.0]
KEPT = [True, True, True, True, False, False, True, False]
TOKENS = ["a", "<b>", "∎", "&", "d", "e", "∎", "f"]
NODES = layout(STEP, PARENT, TOTAL, KEPT, best=6)


def traces(figure):
    return {trace.name: trace for trace in figure.data if trace.name}


def segments(trace):
    """The edges of a line: pairs of places."""
    points = list(zip(trace.x, trace.y, strict=True))
    return [(points[i], points[i + 1]) for i in range(0, len(points), 3)]


def test_every_edge_leads_from_parent_to_child_in_its_own_look():
    drawn = traces(tree(NODES, TOKENS, "gru"))
    assert segments(drawn["best"]) == [((1, 0), (2, 1)), ((2, 1), (3, 1))]
    assert segments(drawn["kept"]) == [((1, 1), (2, 0))]
    assert len(segments(drawn["discarded"])) == 3
    assert drawn["kept"].line.color == drawn["best"].line.color == style.ARCHITECTURE["gru"]
    assert drawn["best"].line.width > drawn["kept"].line.width > drawn["discarded"].line.width


def test_the_best_is_marked_by_more_than_colour():
    figure = tree(NODES, TOKENS, "gru")
    (squares,) = [t for t in figure.data if t.mode == "markers+text" and t.marker.symbol == "square"]
    assert list(squares.x) == [1, 2, 3] and list(squares.text) == ["a", "&amp;", "∎"]


def test_ends_bear_their_scores():
    (ends,) = [t for t in tree(NODES, TOKENS).data if t.mode == "text" and t.textposition == "middle right"]
    assert list(ends.text) == ["−0.55 · 33 %", "<b>★ −0.43 · 27 %</b>"]


def test_tokens_stay_text():
    figure = tree(NODES, TOKENS)
    words = [word for t in figure.data if t.text is not None for word in t.text]
    assert "&lt;b&gt;" in words and "<b>" not in words
    told = [line for t in figure.data if t.customdata is not None for line in t.customdata]
    assert any("<b>&lt;b&gt;</b>" in line for line in told)


def test_a_hover_tells_the_sentence_so_far_with_its_numbers():
    told = [line for t in tree(NODES, TOKENS).data if t.customdata is not None for line in t.customdata]
    assert "step 3: <b>∎</b> 90.48 %<br>a&amp;∎<br>so far 27.25 %, −0.4333 nats per token<br>kept" in told
    assert sum(line.endswith("discarded") for line in told) == 3


def test_a_large_tree_starts_with_what_can_be_read():
    """80 steps of a beam of 6: the rest is dragged to."""
    width, steps = 6, 80
    step = [t for t in range(steps) for _ in range(width if t == 0 else width**2)]
    kept = [i < width if t == 0 else (i - width) % width**2 < width for i, t in enumerate(step)]
    first = [0] + [width + (t - 1) * width**2 for t in range(1, steps)]
    parent = [None if t == 0 else first[t - 1] + (i - first[t]) // width for i, t in enumerate(step)]
    nodes = layout(step, parent, -np.arange(len(step), dtype=float), kept)
    figure = tree(nodes, ["뷁"] * len(step))
    low, high = figure.layout.xaxis.range
    assert high - low < 23 and figure.layout.dragmode == "pan"
    bottom, top = figure.layout.yaxis.range
    assert 6 < bottom - top <= 15 and figure.layout.height < 500
    assert len(figure.layout.xaxis.tickvals) == steps
    assert figure.layout.xaxis.maxallowed > steps and figure.layout.yaxis.maxallowed == width**2 - 0.4


def test_one_token_is_a_tree():
    figure = tree(layout([0], [None], [-0.1], [True], best=0), ["∎"])
    assert len(figure.data) == 8


def test_a_token_for_each_node_is_needed():
    with pytest.raises(ValueError, match="a token for each of the 8 nodes; got 2"):
        tree(NODES, ["a", "b"])
