"""Arrays named as people do who write a network in NumPy, against the loops that they write."""

import numpy as np
import pytest
import torch
from torch import nn

import rnnviz
from rnnviz.foreign import WeightsError
from tests.foreign.oracles import keras_rnn, sigmoid

X = np.random.default_rng(0).normal(size=(6, 3))


def drawn(*shape):
    return np.random.default_rng(sum(shape) + len(shape)).uniform(-1, 1, shape)


def read(path, arrays, **more):
    np.savez(path, **arrays)
    return rnnviz.weights(path, **more)


def states(module):
    with torch.no_grad():
        return module(torch.tensor(X, dtype=torch.float32))[0].numpy()


def assert_close(came, wanted):
    np.testing.assert_allclose(came, wanted, atol=1e-5, rtol=0)


def test_the_hundred_lines_of_karpathy(tmp_path):
    """Wxh (unit, character), Whh, Why, bh and by as columns."""
    arrays = {
        "Wxh": drawn(5, 3),
        "Whh": drawn(5, 5),
        "Why": drawn(3, 5),
        "bh": drawn(5, 1),
        "by": drawn(3, 1),
    }
    found = read(tmp_path / "min.npz", arrays)
    assert list(found) == ["rnn"] and found.left == ()
    assert found.notes == (
        "the file holds weights only: taken for layers with tanh, and sigmoid for their gates",
    )
    wanted = keras_rnn(X, arrays["Wxh"].T, arrays["Whh"].T, arrays["bh"][:, 0])
    assert_close(states(found["rnn"]), wanted)
    with torch.no_grad():
        came = found.output(torch.tensor(wanted, dtype=torch.float32)).numpy()
    assert_close(came, wanted @ arrays["Why"].T + arrays["by"][:, 0])


def test_rows_times_matrices(tmp_path):
    """The book of Zhang et al.: W_xh (input, unit), as in x @ W."""
    arrays = {"W_xh": drawn(3, 5), "W_hh": drawn(5, 5), "b_h": drawn(5)}
    assert_close(states(read(tmp_path / "a.npz", arrays)["rnn"]), keras_rnn(X, *arrays.values()))


def by_gates(input, recurrent, bias):
    """An LSTM of gate matrices, each a function of state and input to come."""
    hidden = cell = np.zeros(5)
    found = []
    for step in X:
        i, f, g, o = (input(gate) @ step + recurrent(gate) @ hidden + bias(gate) for gate in "ifco")
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
        hidden = sigmoid(o) * np.tanh(cell)
        found.append(hidden)
    return np.array(found)


@pytest.mark.parametrize(
    ("given", "drawn_from", "bias"),
    [("W_x{}", "W_h{}", "b_{}"), ("W{}", "U{}", "b{}")],
    ids=["W_xf", "Wf Uf"],
)
@pytest.mark.parametrize("turned", [False, True])
def test_a_matrix_for_each_gate(given, drawn_from, bias, turned, tmp_path):
    random = np.random.default_rng(1)
    parts = {
        gate: (random.normal(size=(5, 3)), random.normal(size=(5, 5)), random.normal(size=5))
        for gate in "ifco"
    }
    arrays = {}
    for gate, (first, second, third) in parts.items():
        arrays |= {given.format(gate): first.T if turned else first}
        arrays |= {drawn_from.format(gate): second.T if turned else second, bias.format(gate): third}
    module = read(tmp_path / "a.npz", arrays)["lstm"]
    assert_close(states(module), by_gates(*(lambda gate, n=n: parts[gate][n] for n in range(3))))


@pytest.mark.parametrize("joined", ["hidden first", "input first"])
@pytest.mark.parametrize("turned", [False, True])
def test_matrices_over_state_and_input_are_read_as_the_caller_says(joined, turned, tmp_path):
    random = np.random.default_rng(2)
    parts = {
        gate: (random.normal(size=(5, 3)), random.normal(size=(5, 5)), random.normal(size=(5, 1)))
        for gate in "ifco"
    }
    arrays = {}
    for gate, (first, second, third) in parts.items():
        both = np.hstack([second, first] if joined == "hidden first" else [first, second])
        arrays |= {f"W{gate}": both.T if turned else both, f"b{gate}": third}
    found = read(tmp_path / "a.npz", arrays, joined=joined)
    wanted = by_gates(lambda g: parts[g][0], lambda g: parts[g][1], lambda g: parts[g][2][:, 0])
    assert_close(states(found["lstm"]), wanted)
    with pytest.raises(
        WeightsError, match="the file does not say which comes first: pass joined='hidden first'"
    ):
        rnnviz.weights(tmp_path / "a.npz")


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_the_names_of_pytorchs_formulas(kind, tmp_path):
    module = getattr(nn, kind)(3, 5, batch_first=True)
    gates = "ifgo" if kind == "LSTM" else "rzn"
    arrays = {}
    for side, letter in (("ih", "i"), ("hh", "h")):
        for sort in ("weight", "bias"):
            parts = getattr(module, f"{sort}_{side}_l0").detach().numpy().reshape(len(gates), 5, -1)
            for gate, part in zip(gates, parts, strict=True):
                arrays[f"{sort[0].replace('w', 'W')}_{letter}{gate}"] = (
                    part if sort == "weight" else part[:, 0]
                )
    found = read(tmp_path / "a.npz", arrays)
    assert_close(states(found[kind.lower()]), states(module))


def square(**more):
    return {"Wxh": drawn(5, 5), "Whh": drawn(5, 5), **more}


def test_square_matrices_are_read_only_where_another_shape_tells(tmp_path):
    turned = read(tmp_path / "a.npz", square(bh=drawn(1, 5)))["rnn"].weight_ih_l0
    upright = read(tmp_path / "b.npz", square(bh=drawn(5, 1)))["rnn"].weight_ih_l0
    assert torch.equal(turned, upright.T)
    with pytest.raises(WeightsError, match=r"c.npz: Wxh \(5, 5\) is square, and no other shape says"):
        read(tmp_path / "c.npz", square(bh=drawn(5)))


def test_a_gru_in_doubt_is_refused(tmp_path):
    arrays = {f"{start}{gate}": drawn(5, 3 if start == "W" else 5) for start in "WU" for gate in "zrh"}
    with pytest.raises(
        WeightsError, match="a GRU of separate matrices; the file does not say whether its reset"
    ):
        read(tmp_path / "gru.npz", arrays)


def test_order_of_memory_and_bytes_does_not_matter(tmp_path):
    arrays = {"W_xh": np.asfortranarray(drawn(3, 5)), "W_hh": drawn(5, 5).astype(">f4"), "b_h": drawn(5)}
    np.savez_compressed(tmp_path / "a.npz", **arrays)
    assert_close(states(rnnviz.weights(tmp_path / "a.npz")["rnn"]), keras_rnn(X, *arrays.values()))


def test_pickled_objects_and_single_arrays_are_refused(tmp_path):
    np.savez(tmp_path / "objects.npz", weight_hh_l0=np.array([{}, 1], dtype=object))
    with pytest.raises(WeightsError, match="weight_hh_l0 holds Python objects or records"):
        rnnviz.weights(tmp_path / "objects.npz")
    np.save(tmp_path / "one.npy", np.ones((3, 4)))
    with pytest.raises(WeightsError, match=r"one.npy: one array \(3, 4\) of float64, without a name"):
        rnnviz.weights(tmp_path / "one.npy")


# What stands around the layers


def parts(**arrays):
    state = {f"rnn.{name}": value.numpy() for name, value in nn.GRU(3, 5).state_dict().items()}
    return state | {name.replace("__", "."): value for name, value in arrays.items()}


def test_an_embedding_and_a_dense_layer_are_attached_where_only_they_fit(tmp_path):
    table, weight, bias = drawn(11, 3), drawn(7, 5), drawn(7)
    found = read(
        tmp_path / "a.npz",
        parts(table__weight=table, out__weight=weight, out__bias=bias, norm__weight=drawn(5)),
    )
    assert_close(found.embedding.weight.detach(), table)
    assert_close(found.output.weight.detach(), weight)
    assert_close(found.output.bias.detach(), bias)
    assert found.left == (("norm.weight", (5,)),)


def test_where_two_fit_both_are_left_and_the_caller_says(tmp_path):
    arrays = parts(
        a__embedding__weight=drawn(11, 3),
        b__embedding__weight=drawn(12, 3),
        x__weight=drawn(7, 5),
        y__weight=drawn(8, 5),
    )
    found = read(tmp_path / "a.npz", arrays)
    assert found.embedding is None and found.output is None and len(found.left) == 4
    found = rnnviz.weights(tmp_path / "a.npz", embedding="b.embedding.weight", output="x.weight")
    assert found.embedding.num_embeddings == 12 and found.output.out_features == 7
    assert [left.name for left in found.left] == ["a.embedding.weight", "y.weight"]
    for wrong, message in (
        ("x.weight", r"came as \(7, 5\); wanted \(tokens, 3\)"),
        ("nothing", "there is no array nothing"),
    ):
        with pytest.raises(WeightsError, match=message):
            rnnviz.weights(tmp_path / "a.npz", embedding=wrong)


def test_a_dense_layer_that_feeds_another_is_not_the_output(tmp_path):
    found = read(tmp_path / "a.npz", parts(first__weight=drawn(8, 5), second__weight=drawn(7, 8)))
    assert found.output is None


def test_a_table_that_could_as_well_be_the_output_is_not_taken_by_its_shape(tmp_path):
    state = {f"rnn.{name}": value.numpy() for name, value in nn.GRU(5, 5).state_dict().items()}
    found = read(tmp_path / "a.npz", state | {"one.weight": drawn(11, 5), "two.weight": drawn(11, 5)})
    assert found.embedding is None and found.output is None
