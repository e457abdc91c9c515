"""Keras's files against Keras itself where it is installed, against what it gave once, and against its formulas in NumPy."""

import json
import zipfile

import h5py
import numpy as np
import pytest
import torch

import rnnviz
from rnnviz.foreign import WeightsError
from tests.foreign import make_fixtures
from tests.foreign.oracles import keras_gru, keras_lstm, keras_rnn, to_cudnn


def through(found, ids):
    """What each layer of a chain gives, and the output layer, (batch, time, …)."""
    x = found.embedding(torch.as_tensor(ids))
    given = {}
    with torch.no_grad():
        for name in found.chain:
            x, _last = found[name](x)
            given[name] = x.numpy()
        given["output"] = found.output(x).numpy()
    return given


def assert_same(given, wanted):
    assert set(given) == set(wanted)
    for name in wanted:
        np.testing.assert_allclose(given[name], wanted[name], atol=1e-5, rtol=0)


def test_a_model_of_keras_3_gives_what_keras_gave():
    found = rnnviz.weights(make_fixtures.FOLDER / "model.keras")
    wanted = dict(np.load(make_fixtures.FOLDER / "keras_outputs.npz"))
    assert found.chain == make_fixtures.LAYERS and found.left == () and found.notes == ()
    assert found["simple_rnn"].nonlinearity == "relu"
    assert_same(through(found, wanted.pop("ids")), wanted)


@pytest.fixture
def keras(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    found = pytest.importorskip("keras")
    if found.backend.backend() != "torch":
        pytest.skip("Keras runs on another backend")
    return found


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".hdf5", ".weights.h5"])
@pytest.mark.filterwarnings("ignore")
def test_files_give_what_keras_gives(keras, suffix, tmp_path):
    model, ids = make_fixtures.model(), np.random.default_rng(4).integers(0, 11, (2, 5))
    wanted = make_fixtures.outputs(model, ids)
    path = tmp_path / f"model{suffix}"
    (model.save_weights if suffix == ".weights.h5" else model.save)(path)
    found = rnnviz.weights(path)
    if suffix == ".weights.h5":  # which does not say that the last one has relu
        assert found["simple_rnn"].nonlinearity == "tanh"
        assert "holds weights only: taken for layers with tanh" in found.notes[0]
        found["simple_rnn"].nonlinearity, found["simple_rnn"].mode = "relu", "RNN_RELU"
    assert_same(through(found, ids), wanted)


@pytest.mark.filterwarnings("ignore")
def test_layers_one_on_the_other_are_one_module(keras, tmp_path):
    L = keras.layers
    made = [
        L.Input((5, 3)),
        *(L.Bidirectional(L.LSTM(4, return_sequences=True), name=f"up_{n}") for n in range(3)),
    ]
    model = make_fixtures.randomised(keras.Sequential(made))
    model.save(tmp_path / "model.keras")
    x = np.random.default_rng(1).normal(size=(2, 5, 3)).astype(np.float32)
    found = rnnviz.weights(tmp_path / "model.keras")
    assert list(found) == ["up"] and found["up"].num_layers == 3
    assert found.notes == ("up: up_0, up_1, up_2, one on the other",)
    with torch.no_grad():
        np.testing.assert_allclose(found["up"](torch.tensor(x))[0], model(x).detach(), atol=1e-5, rtol=0)


@pytest.mark.filterwarnings("ignore")
def test_an_encoder_and_a_decoder_stay_apart(keras, tmp_path):
    """Of one width all over, the shapes would let one stand on the other; the model says that it does not."""
    L = keras.layers
    source, target = keras.Input((5,)), keras.Input((5,))
    _, h, c = L.LSTM(4, return_state=True, name="lstm")(L.Embedding(7, 4)(source))
    read = L.LSTM(4, return_sequences=True, name="lstm_1")(L.Embedding(7, 4)(target), initial_state=[h, c])
    model = keras.Model([source, target], L.Dense(7)(read))
    for suffix in (".keras", ".h5", ".weights.h5"):
        path = tmp_path / f"model{suffix}"
        (model.save_weights if suffix == ".weights.h5" else model.save)(path)
        found = rnnviz.weights(path)
        assert list(found) == ["lstm", "lstm_1"]
        assert found.chain == () and found.embedding is found.output is None and len(found.left) == 4


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda L: L.GRU(3, reset_after=False),
            "has reset_after=False: it resets the state before the product",
        ),
        (lambda L: L.LSTM(3, activation="relu"), "has activation='relu'; wanted tanh"),
        (lambda L: L.LSTM(3, recurrent_activation="hard_sigmoid"), "has recurrent_activation='hard_sigmoid'"),
        (lambda L: L.SimpleRNN(3, activation="elu"), "has activation='elu'; wanted tanh or relu"),
        (
            lambda L: L.LSTM(3, go_backwards=True),
            "has go_backwards=True; no stock module reads backwards only",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_what_is_no_stock_module_is_refused(keras, make, message, tmp_path):
    model = keras.Sequential([keras.layers.Input((5, 2)), make(keras.layers)])
    for suffix in (".keras", ".h5"):
        model.save(tmp_path / f"model{suffix}")
        with pytest.raises(WeightsError) as problem:
            rnnviz.weights(tmp_path / f"model{suffix}")
        assert message in str(problem.value) and str(problem.value).startswith(
            f"model{suffix}: {model.layers[0].name}: "
        )


# Keras 2, by hand: a group for each layer, arrays named as the weights


def drawn(*shape):
    return np.random.default_rng(sum(shape)).uniform(-1, 1, shape)


def write(path, arrays, **said):
    with h5py.File(path, "w") as file:
        for name, value in arrays.items():
            file[name] = value.astype(np.float32)
        for name, value in said.items():
            file.attrs[name] = value


def config(*layers):
    return json.dumps({"class_name": "Sequential", "config": {"layers": list(layers)}})


def layer(kind, name, **said):
    return {"class_name": kind, "config": {"name": name, **said}}


ORACLES = {"lstm": (keras_lstm, 4, ()), "gru": (keras_gru, 3, (2,)), "simple_rnn": (keras_rnn, 1, ())}
X = drawn(6, 3)


@pytest.mark.parametrize("kind", ORACLES)
def test_keras_2_follows_its_formulas(kind, tmp_path):
    oracle, gates, more = ORACLES[kind]
    kernel, recurrent, bias = drawn(3, gates * 5), drawn(5, gates * 5), drawn(*more, gates * 5)
    names = ("kernel:0", "recurrent_kernel:0", "bias:0")
    arrays = dict(zip(names, (kernel, recurrent, bias), strict=True))
    top = f"model_weights/{kind}/{kind}/{kind}_cell"
    write(
        tmp_path / "old.h5", {f"{top}/{name}": value for name, value in arrays.items()}, keras_version="2.4.0"
    )
    module = rnnviz.weights(tmp_path / "old.h5")[kind]
    with torch.no_grad():
        came = module(torch.tensor(X, dtype=torch.float32))[0]
    np.testing.assert_allclose(came, oracle(X, kernel, recurrent, bias), atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_the_layout_of_cudnn_is_turned_back(kind, tmp_path):
    oracle, gates, _more = ORACLES[kind]
    kernel, recurrent, bias = drawn(3, gates * 5), drawn(5, gates * 5), drawn(2, gates * 5)
    turned = to_cudnn(kernel, recurrent, gates)
    arrays = {"kernel:0": turned[0], "recurrent_kernel:0": turned[1], "bias:0": bias.reshape(-1)}
    write(tmp_path / "old.h5", {f"rnn_1/rnn_1/{name}": value for name, value in arrays.items()})
    found = rnnviz.weights(tmp_path / "old.h5")
    assert list(found) == ["rnn_1"] and found.notes == ()
    with torch.no_grad():
        came = found["rnn_1"](torch.tensor(X, dtype=torch.float32))[0]
    wanted = oracle(X, kernel, recurrent, bias if kind == "gru" else bias.sum(0))
    np.testing.assert_allclose(came, wanted, atol=1e-5, rtol=0)


def lstm_arrays(name, width=3, units=5, cell="lstm_cell/"):
    arrays = {
        "kernel:0": drawn(width, 4 * units),
        "recurrent_kernel:0": drawn(units, 4 * units),
        "bias:0": drawn(4 * units),
    }
    return {f"{name}/{name}/{cell}{key}": value for key, value in arrays.items()}


def test_numbered_layers_are_stacked_where_only_one_order_fits(tmp_path):
    write(tmp_path / "one.h5", lstm_arrays("rnn_1") | lstm_arrays("rnn_2", 5))
    assert rnnviz.weights(tmp_path / "one.h5")["rnn"].num_layers == 2
    write(tmp_path / "doubt.h5", lstm_arrays("rnn_1", 5) | lstm_arrays("rnn_2", 5))
    found = rnnviz.weights(tmp_path / "doubt.h5")
    assert list(found) == ["rnn_1", "rnn_2"] and found.chain == ()
    table = {"embedding/embedding/embeddings:0": drawn(9, 5)}
    write(tmp_path / "table.h5", lstm_arrays("rnn_1") | lstm_arrays("rnn_2", 5) | table)
    assert list(rnnviz.weights(tmp_path / "table.h5")) == ["rnn_1", "rnn_2"]


def test_directions_are_joined(tmp_path):
    ends = [f"bi/bi/{side}_lstm/lstm_cell" for side in ("forward", "backward")]
    arrays = {
        f"{end}/{key}:0": drawn(*shape) + n
        for n, end in enumerate(ends)
        for key, shape in {"kernel": (3, 8), "recurrent_kernel": (2, 8), "bias": (8,)}.items()
    }
    write(tmp_path / "bi.h5", arrays)
    module = rnnviz.weights(tmp_path / "bi.h5")["bi"]
    with torch.no_grad():
        came = module(torch.tensor(X, dtype=torch.float32))[0].numpy()
    sides = [[arrays[f"{end}/{key}:0"] for key in ("kernel", "recurrent_kernel", "bias")] for end in ends]
    wanted = np.hstack([keras_lstm(X, *sides[0]), keras_lstm(X[::-1], *sides[1])[::-1]])
    np.testing.assert_allclose(came, wanted, atol=1e-5, rtol=0)


def test_directions_that_the_file_adds_up_are_said(tmp_path):
    ends = [f"bi/bi/{side}_lstm/lstm_cell" for side in ("forward", "backward")]
    arrays = {
        f"{end}/{key}:0": drawn(*shape)
        for end in ends
        for key, shape in {"kernel": (3, 8), "recurrent_kernel": (2, 8), "bias": (8,)}.items()
    }
    inner = layer("LSTM", "lstm", activation="tanh", recurrent_activation="sigmoid")
    said = config(
        {"class_name": "Bidirectional", "config": {"name": "bi", "layer": inner, "merge_mode": "sum"}}
    )
    write(tmp_path / "bi.h5", arrays, model_config=said)
    found = rnnviz.weights(tmp_path / "bi.h5")
    assert found.notes == ("bi: its file merges the directions (sum); the module gives them side by side",)
    assert found.chain == ()


def test_a_gru_whose_file_shows_that_it_resets_before_the_product_is_refused(tmp_path):
    arrays = {"kernel:0": drawn(3, 15), "recurrent_kernel:0": drawn(5, 15), "bias:0": drawn(15)}
    write(tmp_path / "gru.h5", {f"gru/gru/{key}": value for key, value in arrays.items()})
    with pytest.raises(
        WeightsError,
        match=r"gru.h5: gru/gru/bias:0 \(15,\): one bias for each gate, so this GRU has reset_after=False",
    ):
        rnnviz.weights(tmp_path / "gru.h5")


def test_an_optimizer_is_no_layer(tmp_path):
    arrays = lstm_arrays("lstm")
    inner = {f"model_weights/{key}": value for key, value in arrays.items()}
    slots = {f"optimizer_weights/Adam/m/{key}": value for key, value in arrays.items()}
    write(tmp_path / "full.h5", inner | slots)
    assert list(rnnviz.weights(tmp_path / "full.h5")) == ["lstm"]


def test_a_kernel_that_does_not_fit_is_named(tmp_path):
    arrays = lstm_arrays("lstm") | {"lstm/lstm/lstm_cell/kernel:0": drawn(3, 16)}
    write(tmp_path / "bad.h5", arrays)
    with pytest.raises(WeightsError) as problem:
        rnnviz.weights(tmp_path / "bad.h5")
    assert str(problem.value) == "bad.h5: lstm/lstm/lstm_cell/kernel:0 came as (3, 16); wanted (input, 20)"


def test_an_archive_of_keras_is_unpacked_nowhere_for_long(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    rnnviz.weights(make_fixtures.FOLDER / "model.keras")
    assert list(tmp_path.iterdir()) == []


def test_a_configuration_that_is_none_is_refused(tmp_path):
    with zipfile.ZipFile(make_fixtures.FOLDER / "model.keras") as old:
        raw = old.read("model.weights.h5")
    for said, message in (
        (b"[" * 100_000, "no JSON, or nested too deep"),
        (b" " * 2**24, "claims 16,777,216 bytes"),
    ):
        with zipfile.ZipFile(tmp_path / "bad.keras", "w") as new:
            new.writestr("config.json", said)
            new.writestr("model.weights.h5", raw)
        with pytest.raises(WeightsError, match=message):
            rnnviz.weights(tmp_path / "bad.keras")


def test_layers_beside_a_refused_one_are_had_and_not_taken_for_its_neighbours(tmp_path):
    arrays = lstm_arrays("low") | lstm_arrays("high", width=5)
    arrays |= {
        f"between/gru_cell/{key}:0": drawn(*shape)
        for key, shape in {"kernel": (5, 15), "recurrent_kernel": (5, 15), "bias": (15,)}.items()
    }
    told = config(
        layer("LSTM", "low", return_sequences=True),
        layer("GRU", "between", reset_after=False, return_sequences=True),
        layer("LSTM", "high"),
    )
    write(tmp_path / "mixed.h5", arrays, model_config=told)
    found = rnnviz.weights(tmp_path / "mixed.h5")
    assert list(found) == ["low", "high"] and found.chain == ()
    ((name, why),) = found.refused
    assert name == "between" and "reset_after=False" in why
