"""The drawn network against torch: its states, gradients, Jacobians and counts."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from rnnviz.studies import topology, unrolled
from rnnviz.studies.unrolled import SHAPES, STAGES, Topology, build, describe

CELLS = {"rnn": nn.RNNCell, "gru": nn.GRUCell, "lstm": nn.LSTMCell}
KINDS = tuple(CELLS)


def cell_of(module, kind, layer, backward=False):
    """One layer and direction of a stock module as torch's own cell."""
    suffix = f"_l{layer}" + "_reverse" * backward
    weight = getattr(module, f"weight_ih{suffix}")
    cell = CELLS[kind](weight.shape[1], module.hidden_size, dtype=torch.float64)
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        getattr(cell, name).data = getattr(module, name + suffix).data
    return cell


def node(graph, id):
    return next(node for node in graph.nodes if node.id == id)


def edge(graph, source, target):
    return next(edge for edge in graph.edges if (edge.source, edge.target) == (source, target))


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


def state_of(node):
    """h, and of an LSTM then c."""
    return tensor([*node.values[0], *(node.cell[0] if node.cell else ())])


def stepped(cell, read, state, units):
    """The state after a step, in one row, from the state before it, in one row."""
    parts = state.split(units)
    found = cell(read[None], (parts[0][None], parts[1][None]) if len(parts) == 2 else parts[0][None])
    return torch.cat([part[0] for part in (found if isinstance(found, tuple) else (found,))])


def largest(function, at):
    return torch.linalg.matrix_norm(torch.autograd.functional.jacobian(function, at), 2).item()


@pytest.mark.parametrize("kind", KINDS)
def test_states_and_jacobians_of_a_deep_network_are_those_of_torchs_cells(kind):
    setup = Topology(kind=kind, layers=2, steps=3, units=5, seed=7)
    graph, model = describe(setup), build(setup)
    for layer in (0, 1):
        cell = cell_of(model.rnn, kind, layer)
        state = torch.zeros(10 if kind == "lstm" else 5, dtype=torch.float64)
        for t in range(3):
            below = node(graph, f"h{layer - 1}f{t}" if layer else f"x{t}")
            here = node(graph, f"h{layer}f{t}")
            read = tensor(below.values[0])
            if t:
                norm = largest(lambda s, r=read, c=cell: stepped(c, r, s, 5), state)
                assert edge(graph, f"h{layer}f{t - 1}", here.id).norm[0] == pytest.approx(norm)
            norm = largest(lambda r, s=state, c=cell: stepped(c, r, s, 5), read)
            assert edge(graph, below.id, here.id).norm[0] == pytest.approx(norm)
            state = stepped(cell, read, state, 5).detach()
            np.testing.assert_allclose(state_of(here), state, atol=1e-12)
    top = tensor(node(graph, "h1f2").values[0])
    np.testing.assert_allclose(node(graph, "y2").values[0], model.head(top).tanh().detach(), atol=1e-12)
    norm = largest(lambda h: model.head(h).tanh(), top)
    assert edge(graph, "h1f2", "y2").norm[0] == pytest.approx(norm)


@pytest.mark.parametrize("kind", KINDS)
def test_an_encoder_hands_both_its_last_states_to_a_decoder_that_reads_what_it_wrote(kind):
    setup = Topology(shape="encoder_decoder", kind=kind, directions=2, steps=2, units=3)
    graph, model = describe(setup), build(setup)
    decoder = cell_of(model.decoder, kind, 0)
    ahead, back = state_of(node(graph, "h0f1")).split(3), state_of(node(graph, "h0b0")).split(3)
    first, written = node(graph, "d0f0"), node(graph, "y2")

    def begun(ahead, back):
        pairs = zip(ahead.split(3), back.split(3), strict=True)
        return stepped(
            decoder, torch.zeros(3).double(), torch.cat([part for pair in pairs for part in pair]), 6
        )

    ahead, back = torch.cat(ahead), torch.cat(back)
    np.testing.assert_allclose(state_of(first), begun(ahead, back).detach(), atol=1e-12)
    assert edge(graph, "h0f1", "d0f0").norm[0] == pytest.approx(largest(lambda s: begun(s, back), ahead))
    assert edge(graph, "h0b0", "d0f0").norm[0] == pytest.approx(largest(lambda s: begun(ahead, s), back))
    read = tensor(written.values[0])
    after = lambda r: stepped(decoder, r, state_of(first), 6)  # noqa: E731
    np.testing.assert_allclose(state_of(node(graph, "d0f1")), after(read).detach(), atol=1e-12)
    assert edge(graph, "y2", "d0f1").norm[0] == pytest.approx(largest(after, read))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", ["many_to_one", "many_to_many", "one_to_many"])
def test_the_gradients_are_the_total_ones_that_autograd_keeps(shape, kind):
    setup = Topology(shape=shape, kind=kind, steps=4, units=3, seed=2)
    graph, model = describe(setup), build(setup)
    cell = cell_of(model.rnn, kind, 0)
    outputs = [one for one in graph.nodes if one.role == "output"]
    # the targets come from the same stream, after the parameters and the inputs
    generator = torch.Generator().manual_seed(2)
    topology.drawn_from(topology.empty(setup), generator)
    inputs = [topology.uniform(3, generator).requires_grad_() for one in graph.nodes if one.role == "input"]
    targets = [topology.uniform(3, generator) for _ in outputs]
    state, states, written = None, [], []
    for t in range(4):
        read = inputs[t] if t < len(inputs) else written[-1]
        state = cell(read[None], state)
        hidden = state[0] if kind == "lstm" else state
        hidden.retain_grad()
        states.append(hidden)
        if shape != "many_to_one" or t == 3:
            written.append(model.head(hidden[0]).tanh())
            written[-1].retain_grad()
    loss = sum(((y - target) ** 2).sum() for y, target in zip(written, targets, strict=True)) / 2
    loss.backward()
    assert graph.loss == pytest.approx(loss.item())
    for t, hidden in enumerate(states):
        assert node(graph, f"h0f{t}").gradient[0] == pytest.approx(hidden.grad.norm().item())
    for one, found in zip([n for n in graph.nodes if n.role == "input"], inputs, strict=True):
        assert one.gradient[0] == pytest.approx(found.grad.norm().item())
    for one, found in zip(outputs, written, strict=True):
        assert one.gradient[0] == pytest.approx(found.grad.norm().item())


def test_a_layer_of_both_directions_hears_both_below():
    setup = Topology(kind="gru", layers=2, directions=2, steps=3, units=2)
    graph, model = describe(setup), build(setup)
    cell = cell_of(model.rnn, "gru", 1, backward=True)
    below = tensor([*node(graph, "h0f2").values[0], *node(graph, "h0b2").values[0]])
    start = torch.zeros(2, dtype=torch.float64)
    np.testing.assert_allclose(
        node(graph, "h1b2").values[0], stepped(cell, below, start, 2).detach(), atol=1e-12
    )
    by = torch.autograd.functional.jacobian(lambda read: stepped(cell, read, start, 2), below)
    for other, part in zip("fb", by.split(2, 1), strict=True):
        norm = torch.linalg.matrix_norm(part, 2).item()
        assert edge(graph, f"h0{other}2", "h1b2").norm[0] == pytest.approx(norm)
    assert edge(graph, "h1b2", "h1b1").role == "recurrent"


def test_a_perceptron_is_one_unit_and_its_edges_are_weight_times_slope():
    setup = Topology("perceptron", seed=5)
    graph, layer = describe(setup), build(setup).layers[0]
    x = tensor([one.values[0][0] for one in graph.nodes if one.role == "input"])
    (y,) = (one for one in graph.nodes if one.role == "output")
    assert y.values[0][0] == pytest.approx(layer(x).tanh().item())
    slope = 1 - y.values[0][0] ** 2
    found = [one.norm[0] for one in graph.edges]
    np.testing.assert_allclose(found, (slope * layer.weight[0]).abs().detach())
    back = [one.gradient[0] for one in graph.nodes if one.role == "input"]
    np.testing.assert_allclose(back, y.gradient[0] * np.array(found))


def test_the_loop_and_its_unrolling_are_the_same_network():
    setup = Topology("recurrent", kind="lstm", layers=2, steps=5)
    rolled, long = describe(setup), describe(replace(setup, stage="unrolled"))
    assert [one.id for one in rolled.nodes] == ["x", "h0", "h1", "y"]
    for t in range(5):
        assert node(rolled, "h1").values[t] == node(long, f"h1f{t}").values[0]
        assert node(rolled, "h1").gradient[t] == node(long, f"h1f{t}").gradient[0]
    loop = edge(rolled, "h0", "h0")
    assert np.isnan(loop.norm[0])
    assert loop.norm[3] == edge(long, "h0f2", "h0f3").norm[0]
    assert (rolled.loss, rolled.matrices, rolled.chain) == (long.loss, long.matrices, long.chain)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("directions", [1, 2])
def test_every_shape_has_an_order_in_which_it_is_computed_and_sent_back(shape, kind, directions):
    graph = describe(Topology(shape=shape, kind=kind, layers=2, directions=directions, steps=3))
    depth = {one.id: one.depth for one in graph.nodes}
    back = {one.id: one.depth_back for one in graph.nodes}
    assert all(depth[one.source] < depth[one.target] for one in graph.edges)
    assert all(back[one.source] > back[one.target] for one in graph.edges)
    assert all(one.norm[0] > 0 for one in graph.edges)
    assert all(one.gradient[0] > 0 for one in graph.nodes)
    assert len({(one.column, one.row) for one in graph.nodes}) == len(graph.nodes)
    count = {"one_to_one": 1, "many_to_one": 1}.get(shape, 3)
    assert sum(one.role == "output" for one in graph.nodes) == count


@pytest.mark.parametrize(
    ("changes", "chain"),
    [
        ({}, 4),
        ({"layers": 3}, 6),  # T + layers − 1: a layer starts as soon as the one below has begun
        ({"layers": 3, "directions": 2}, 12),  # T · layers: a layer waits for the end of the one below
        ({"shape": "one_to_many", "layers": 3}, 12),  # what was written is waited for
        ({"shape": "encoder_decoder"}, 8),
        ({"stage": "recurrent", "layers": 2}, 5),
        ({"stage": "multilayer", "layers": 3}, 4),
        ({"stage": "perceptron"}, 1),
    ],
)
def test_the_chain_of_what_must_follow_each_other(changes, chain):
    assert describe(Topology(**changes)).chain == chain


@pytest.mark.parametrize("kind", KINDS)
def test_parameters_and_products_are_torchs_own(kind):
    setup = Topology(kind=kind, layers=2, units=6, steps=5)
    graph = describe(setup)
    stock = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[kind](3, 6, 2)
    assert graph.parameters == sum(p.numel() for p in stock.parameters()) + 3 * 6 + 3
    with FlopCounterMode(display=False) as counter:  # two operations a product
        for layer, wide in ((0, 3), (1, 6)):
            cell_of(stock.double(), kind, layer)(torch.zeros(1, wide, dtype=torch.float64))
        nn.Linear(6, 3)(torch.zeros(1, 6))
    assert graph.a_step - graph.elementwise == counter.get_total_flops() / 2
    assert graph.elementwise == {"rnn": 0, "gru": 36, "lstm": 36}[kind]
    assert graph.multiplications == 5 * graph.a_step


@pytest.mark.parametrize(
    ("shape", "sizes"), [("many_to_one", (5, 2)), ("encoder_decoder", (5, 2)), ("one_to_many", (5, 5))]
)
def test_inputs_and_outputs_have_sizes_of_their_own_unless_what_is_written_is_read(shape, sizes):
    setup = Topology(shape=shape, steps=2, inputs=5, units=4, outputs=2)
    graph, model = describe(setup), build(setup)
    lengths = {
        role: {len(one.values[0]) for one in graph.nodes if one.role == role} for role in ("input", "output")
    }
    assert lengths == {"input": {sizes[0]}, "output": {sizes[1]}}
    assert (model.rnn.input_size, model.head.out_features) == sizes
    if shape == "encoder_decoder":
        assert model.decoder.input_size == 2  # it reads what was written


def test_a_single_weight_and_what_it_adds_stand_at_its_edge():
    graph = describe(Topology("multilayer", inputs=2, units=3, outputs=1))
    for layer, below, above in zip(build(graph.setup).layers, ("x", "h0"), ("h0", "y"), strict=True):
        values = [node(graph, f"{below}u{unit}").values[0][0] for unit in range(layer.in_features)]
        for to in range(layer.out_features):
            found = [edge(graph, f"{below}u{of}", f"{above}u{to}") for of in range(layer.in_features)]
            assert [one.weight for one in found] == layer.weight[to].tolist()
            total = sum(one.product for one in found) + layer.bias[to].item()
            assert np.tanh(total) == pytest.approx(node(graph, f"{above}u{to}").values[0][0])
            np.testing.assert_allclose(
                [one.product for one in found], np.array(values) * layer.weight[to].tolist()
            )
    assert np.isnan(describe(Topology()).edges[0].weight)  # there an edge is a whole matrix


def test_the_head_is_used_once_for_each_output():
    many, one = (describe(Topology(shape=shape, steps=5)) for shape in ("many_to_many", "many_to_one"))
    assert many.multiplications - one.multiplications == 4 * 3 * 4


def test_costs_over_units_and_length():
    setup = Topology(kind="gru", units=8)
    wide = unrolled.growth_with_units(setup, [8, 16])
    graph = describe(setup)
    assert wide["parameters"].sel(architecture="GRU", units=8) == graph.parameters
    assert wide["multiplications"].sel(architecture="GRU", units=8) == graph.a_step
    long = unrolled.growth_with_length(setup)
    assert set(long["parameters"].values) == {graph.parameters}
    assert set(long["a_step"].values) == {graph.a_step}
    np.testing.assert_array_equal(long["multiplications"], graph.a_step * np.arange(1, 9))
    np.testing.assert_array_equal(long["chain"], np.arange(1, 9))


def test_a_seed_draws_the_same_network_and_leaves_torchs_generator_alone():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first, again, other = (describe(Topology(seed=seed)) for seed in (1, 1, 2))
    assert torch.equal(before, torch.get_rng_state())
    assert first == again
    assert first.loss != other.loss


def test_what_cannot_be_is_drawn_as_what_can():
    assert describe(Topology(shape="one_to_one", steps=8)).setup.steps == 1
    assert describe(Topology(shape="one_to_many", directions=2)).setup.directions == 1
    many = {"shape": "encoder_decoder", "kind": "lstm", "directions": 2, "steps": 8}
    for stage in ("perceptron", "multilayer"):
        assert describe(Topology(stage, **many)) == describe(Topology(stage))


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"inputs": 9}, "inputs must be a whole number from 1 to 8; got 9"),
        ({"stage": "five"}, f"stage must be one of {', '.join(STAGES)}; got 'five'"),
        ({"kind": "cnn"}, "kind must be one of rnn, gru, lstm; got 'cnn'"),
        ({"shape": ""}, "shape must be one of one_to_one"),
        ({"units": 17}, "units must be a whole number from 1 to 16; got 17"),
        ({"steps": 0}, "steps must be a whole number from 1 to 8; got 0"),
        ({"layers": 1.0}, "layers must be a whole number from 1 to 3; got 1.0"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(changes, line):
    with pytest.raises(ValueError, match=line):
        Topology(**changes)


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("directions", [1, 2])
def test_what_torch_gives_back_has_these_shapes_and_ends_in_the_same_states(kind, directions):
    setup = Topology(kind=kind, layers=2, directions=directions, steps=5, units=3)
    found = {each.name: each for each in unrolled.returned(setup)}
    module = build(setup).rnn
    output, state = module(torch.ones(5, module.input_size, dtype=torch.float64))
    states = dict(zip(("h_n", "c_n"), state if kind == "lstm" else (state,), strict=False))
    assert {name: each.shape for name, each in found.items()} == {
        name: tuple(values.shape) for name, values in {"output": output, **states}.items()
    }
    assert found["output"].same == found["h_n"].same == 0


def test_a_network_without_a_loop_gives_back_no_states():
    with pytest.raises(ValueError, match="a perceptron has no recurrent module"):
        unrolled.returned(Topology(stage="perceptron"))
