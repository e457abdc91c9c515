"""The example of the course: what is shipped, what it gets right, and that every study of it has the same numbers."""

import numpy as np
import pytest
import torch
from torch import nn

from rnnviz import stats
from rnnviz.studies import courses, example, one_cell, shared_weight, tiny, unrolled
from rnnviz.studies.unrolled import Topology

KINDS = ("rnn", "gru", "lstm")
CELLS = {"rnn": nn.RNNCell, "gru": nn.GRUCell, "lstm": nn.LSTMCell}


def by_torch(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """h after each letter and the probabilities of the next, by torch's own cell in float64, from what is shipped."""
    shipped = courses.shipped("letters", kind, 3, 0)[f"weights_{kind}"].values[-1]
    cell, head = CELLS[kind](4, 3, dtype=torch.float64), nn.Linear(3, 4, dtype=torch.float64)
    nn.utils.vector_to_parameters(
        torch.tensor(shipped, dtype=torch.float64), [*cell.parameters(), *head.parameters()]
    )
    state, hidden = None, []
    with torch.no_grad():
        for x in torch.eye(4, dtype=torch.float64)[["helo".index(letter) for letter in "hell"]]:
            state = cell(x, state)
            hidden.append(state[0] if kind == "lstm" else state)
        return torch.stack(hidden).numpy(), head(torch.stack(hidden)).softmax(-1).numpy()


@pytest.mark.parametrize("kind", KINDS)
def test_its_states_and_probabilities_are_torchs(kind):
    hidden, chances = by_torch(kind)
    np.testing.assert_allclose(example.states(kind), hidden, rtol=0, atol=1e-15)
    np.testing.assert_allclose(example.chances(kind), chances, rtol=0, atol=1e-15)


@pytest.mark.parametrize("kind", KINDS)
def test_it_gives_every_right_letter_more_than_99_percent_also_after_the_same_letter(kind):
    chances = example.chances(kind)
    assert [example.LETTER_NAMES[row.argmax()] for row in chances] == list("ello")
    assert chances.max(-1).values.min() > 0.99
    assert (example.inputs()[2] == example.inputs()[3]).all()
    states = example.states(kind)
    assert (states[2] - states[3]).abs().max() > 1  # of one unit at least


@pytest.mark.parametrize("kind", KINDS)
def test_the_cell_the_network_and_its_gradient_hold_the_same_states(kind):
    hidden, chances = by_torch(kind)
    cell = one_cell.run(**one_cell.cut(one_cell.preset("hello"), kind))[kind]["hidden"].values[0, 0, 0]
    np.testing.assert_allclose(cell, hidden, rtol=0, atol=1e-15)
    for loss, shape in (("last", "many_to_one"), ("all", "many_to_many")):
        back = shared_weight.send_back(example.network(kind), tiny.LETTERS, loss)
        node = back.node["hidden"].transpose("time", "unit").values
        np.testing.assert_allclose(node, hidden, rtol=0, atol=1e-15)
        graph = unrolled.describe(Topology("unrolled", shape, kind, numbers="hello"))
        states = [one for one in graph.nodes if one.role == "hidden"]
        np.testing.assert_allclose([one.values[0] for one in states], hidden, rtol=0, atol=1e-15)
        outputs = [one.values[0] for one in graph.nodes if one.role == "output"]
        np.testing.assert_allclose(outputs, chances[-len(outputs) :], rtol=0, atol=1e-15)
        assert graph.loss == pytest.approx(back.loss, rel=1e-12)
        if kind != "lstm":  # an LSTM's node is its h and c together
            found = [one.gradient[0] for one in states]
            np.testing.assert_allclose(found, stats.gradients.norm(back.node), rtol=1e-9)


def test_the_first_stages_are_its_first_step():
    hidden, chances = by_torch("rnn")
    (y,) = (
        one
        for one in unrolled.describe(Topology("perceptron", numbers="hello")).nodes
        if one.role == "output"
    )
    assert y.values[0][0] == pytest.approx(hidden[0, 0], abs=1e-15)
    layered = unrolled.describe(Topology("multilayer", numbers="hello"))
    by_role = {
        role: [one.values[0][0] for one in layered.nodes if one.role == role] for role in ("hidden", "output")
    }
    assert by_role["hidden"] == pytest.approx(hidden[0].tolist(), abs=1e-15)
    assert by_role["output"] == pytest.approx(chances[0].tolist(), abs=1e-15)
    unit = next(one for one in layered.nodes if one.id == "h0u0")
    assert y.gradient[0] == pytest.approx(unit.gradient[0], rel=1e-12)  # the same error comes back to it
    rolled = unrolled.describe(Topology("recurrent", numbers="hello"))
    (loop,) = (one for one in rolled.nodes if one.role == "hidden")
    np.testing.assert_allclose(loop.values, hidden, rtol=0, atol=1e-15)
    (read,) = (one for one in rolled.nodes if one.role == "input")
    assert read.tokens == tuple("hell")


@pytest.mark.parametrize("stage", ["multilayer", "unrolled"])
def test_an_edge_into_probabilities_is_as_wide_as_torchs_jacobian(stage):
    """Against torch's own derivative of the softmax."""
    model = example.network("rnn")
    first = example.states("rnn")[0]
    jacobian = torch.autograd.functional.jacobian(lambda h: model.head(h).softmax(-1), first)
    graph = unrolled.describe(Topology(stage, "many_to_many", numbers="hello"))
    if stage == "multilayer":
        norms = {(e.source, e.target): e.norm[0] for e in graph.edges if e.target[0] == "y"}
        for i in range(4):
            for j in range(3):
                assert norms[f"h0u{j}", f"yu{i}"] == pytest.approx(abs(jacobian[i, j].item()), rel=1e-9)
    else:
        (norm,) = (edge.norm[0] for edge in graph.edges if edge.target == "y0")
        assert norm == pytest.approx(torch.linalg.matrix_norm(jacobian, 2).item(), rel=1e-9)


@pytest.mark.parametrize("stage", ["perceptron", "multilayer", "recurrent", "unrolled"])
@pytest.mark.parametrize("shape", unrolled.SHAPES)
@pytest.mark.parametrize("kind", KINDS)
def test_it_can_be_drawn_whatever_is_chosen_with_it(stage, shape, kind):
    setup = Topology(
        stage,
        shape,
        kind,
        layers=3,
        directions=2,
        steps=8,
        units=16,
        inputs=2,
        outputs=5,
        seed=7,
        numbers="hello",
    )
    graph = unrolled.describe(setup)
    assert graph.setup.steps <= 4 and graph.setup.layers == 1
    assert all(np.isfinite(one.values).all() for one in graph.nodes)
    wanted = unrolled.describe(graph.setup.sizes)
    assert [one.shape for one in wanted.matrices] == [one.shape for one in graph.matrices]


def test_its_factors_are_those_on_the_arrows_and_their_product_is_torchs():
    factors, whole = example.factors()
    graph = unrolled.describe(Topology("unrolled", numbers="hello"))
    arrows = [edge.norm[0] for edge in graph.edges if edge.role == "recurrent"]
    assert factors == pytest.approx(arrows, rel=1e-9)
    model, x = example.network("rnn"), example.inputs()
    last = torch.autograd.functional.jacobian(
        lambda h: model.rnn(x[None, 1:], h[None, None])[0][0, -1], example.states("rnn")[0]
    )
    assert whole == pytest.approx(torch.linalg.matrix_norm(last, 2).item(), rel=1e-9)
    assert whole <= np.prod(factors)


def test_without_its_file_it_is_trained_anew_and_is_the_same(monkeypatch):
    wanted = example.states("gru")
    monkeypatch.setattr(courses, "shipped", lambda *key: None)
    example._trained.cache_clear()
    try:
        np.testing.assert_allclose(example.states("gru"), wanted, rtol=0, atol=1e-5)
    finally:
        example._trained.cache_clear()


def test_nobody_changes_it_for_others():
    mine = example.network("rnn")
    with torch.no_grad():
        mine.head.weight.zero_()
    assert example.network("rnn").head.weight.abs().max() > 0
    with pytest.raises(ValueError, match="kind must be one of rnn, gru, lstm; got 'cnn'"):
        example.network("cnn")


@pytest.mark.parametrize("kind", KINDS)
def test_the_exploring_pages_read_the_same_numbers_and_send_back_the_same_loss(kind):
    hidden, chances = by_torch(kind)
    reading = example.live(kind).read("hello")
    states = reading.subject.layer("rnn")["hidden"].transpose("time", "unit").values
    np.testing.assert_allclose(states[:4], hidden, rtol=0, atol=1e-6)
    np.testing.assert_allclose(np.exp(reading.log_probability)[:4], chances, rtol=0, atol=1e-6)
    back = shared_weight.send_back(example.network(kind), tiny.LETTERS, "last")
    sent = example.live(kind).send_back("hello", step=3)
    assert sent.loss == pytest.approx(back.loss, rel=1e-9)
    norms = stats.gradients.norm(sent.subject.layer("rnn")).values[:4]
    np.testing.assert_allclose(norms, stats.gradients.norm(back.node), rtol=1e-9)
    with pytest.raises(ValueError, match="^hello: this network knows only h, e, l, o; it cannot read 'p'$"):
        example.live(kind).read("help")
