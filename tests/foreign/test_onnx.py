"""ONNX nodes against the reference evaluator of the standard, and against onnxruntime where it is installed."""

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from torch import nn

import rnnviz
from rnnviz.foreign import WeightsError
from tests.recording.test_oracles import RNN

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
RESET = {"linear_before_reset": 1}
X = np.random.default_rng(0).normal(size=(6, 2, 3)).astype(np.float32)  # (time, batch, input)


def drawn(*shape):
    return np.random.default_rng(sum(shape)).uniform(-1, 1, shape).astype(np.float32)


def constants(operator, end="", width=3, units=5, directions=1):
    rows = GATES[operator] * units
    shapes = {"W": (rows, width), "R": (rows, units), "B": (2 * rows,)}
    return {name + end: drawn(directions, *shape) for name, shape in shapes.items()}


def value(name, rank):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * rank)


def made(path, nodes, arrays, outputs, inputs=(("X", 3),)):
    given = [value(name, rank) for name, rank in inputs]
    kept = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    graph = helper.make_graph(nodes, "g", given, [value(*one) for one in outputs], kept)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return model


def node(operator, end="", source="X", **said):
    name = said.pop("name", "")
    more = RESET if operator == "GRU" else {}
    given = [source, f"W{end}", f"R{end}", f"B{end}", *said.pop("inputs", [])]
    return helper.make_node(operator, given, [f"Y{end}"], name, hidden_size=5, **more, **said)


def run(module, x=X):
    """Y (time, direction, batch, unit), as ONNX has it."""
    with torch.no_grad():
        y = module(torch.tensor(x).transpose(0, 1))[0].transpose(0, 1)
    return y.reshape(*y.shape[:2], -1, module.hidden_size).transpose(1, 2).numpy()


CASES = [("LSTM", {}), ("GRU", {}), ("RNN", {}), ("RNN", {"activations": ["Relu"]})]


@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize(("operator", "said"), CASES, ids=["lstm", "gru", "tanh", "relu"])
def test_a_node_gives_what_the_standard_says(operator, said, directions, tmp_path):
    path = tmp_path / "one.onnx"
    said = {key: many * directions for key, many in said.items()}
    more = {"direction": "bidirectional"} if directions == 2 else {}
    arrays = constants(operator, directions=directions)
    model = made(path, [node(operator, name="/enc/LSTM", **more, **said)], arrays, [("Y", 4)])
    module = rnnviz.weights(path)["enc.LSTM" if operator != "LSTM" else "enc"]
    (wanted,) = ReferenceEvaluator(model, new_ops=[RNN]).run(None, {"X": X})
    np.testing.assert_allclose(run(module), wanted, atol=1e-5, rtol=0)


@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize(("operator", "said"), CASES, ids=["lstm", "gru", "tanh", "relu"])
def test_a_node_gives_what_onnxruntime_gives(operator, said, directions, tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    path = tmp_path / "one.onnx"
    said = {key: many * directions for key, many in said.items()}
    more = {"direction": "bidirectional"} if directions == 2 else {}
    made(path, [node(operator, **more, **said)], constants(operator, directions=directions), [("Y", 4)])
    (module,) = rnnviz.weights(path).values()
    (wanted,) = runtime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"X": X})
    np.testing.assert_allclose(run(module), wanted, atol=1e-5, rtol=0)


def stack():
    """Two LSTMs with an embedding below and a dense layer above, as exporters write them."""
    arrays = constants("LSTM", "0") | constants("LSTM", "1", 5)
    arrays |= {"table": drawn(9, 3), "weight": drawn(7, 5), "bias": drawn(7), "axes": np.array([1])}
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["x"]),
        node("LSTM", "0", "x", name="/rnn/LSTM"),
        helper.make_node("Squeeze", ["Y0", "axes"], ["y0"]),
        node("LSTM", "1", "y0", name="/rnn/LSTM_1"),
        helper.make_node("Squeeze", ["Y1", "axes"], ["y1"]),
        helper.make_node("Transpose", ["weight"], ["turned"], perm=[1, 0]),
        helper.make_node("Constant", [], ["rows"], value_ints=[-1, 5]),
        helper.make_node("Reshape", ["y1", "rows"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weight", "bias"], ["out"], transB=1),
    ]
    return nodes, arrays


def test_nodes_one_on_the_other_are_one_module_with_what_stands_around_it(tmp_path):
    nodes, arrays = stack()
    given = [helper.make_tensor_value_info("ids", TensorProto.INT64, [None, None])]
    kept = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    model = helper.make_model(helper.make_graph(nodes, "g", given, [value("out", 2)], kept))
    onnx.save(model, tmp_path / "stack.onnx")
    found = rnnviz.weights(tmp_path / "stack.onnx")
    assert list(found) == ["rnn"] and found["rnn"].num_layers == 2
    assert found.left == ()
    ids = np.array([[1, 2], [3, 4], [8, 0]])
    (wanted,) = ReferenceEvaluator(model).run(None, {"ids": ids})
    with torch.no_grad():
        states = found["rnn"](found.embedding(torch.tensor(ids)).transpose(0, 1))[0].transpose(0, 1)
        came = found.output(states.reshape(-1, 5))
    np.testing.assert_allclose(came, wanted, atol=1e-5, rtol=0)


def test_a_node_inside_if_is_found_with_constants_from_around_it(tmp_path):
    arrays = constants("GRU")
    kept = [numpy_helper.from_array(arrays.pop("R"), "R")]
    then = helper.make_graph([node("GRU", name="then/GRU")], "then", [], [value("Y", 4)], kept)
    other = helper.make_graph([helper.make_node("Identity", ["Z"], ["Y2"])], "else", [], [value("Y2", 4)])
    nodes = [helper.make_node("If", ["flag"], ["out"], then_branch=then, else_branch=other)]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("flag", TensorProto.BOOL, []), value("X", 3), value("Z", 4)],
        [value("out", 4)],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
    onnx.save(model, tmp_path / "if.onnx")
    (module,) = rnnviz.weights(tmp_path / "if.onnx").values()
    zeros = np.zeros((1, 1, 1, 1), np.float32)
    (wanted,) = ReferenceEvaluator(model).run(None, {"flag": np.array(True), "X": X, "Z": zeros})
    np.testing.assert_allclose(run(module), wanted, atol=1e-5, rtol=0)


def test_constants_that_nodes_only_move_about_are_followed(tmp_path):
    arrays = constants("LSTM")
    flat = {"w": arrays["W"][0], "r": arrays["R"][0].T.copy(), "b": arrays["B"][0], "zero": np.array([0])}
    nodes = [
        helper.make_node("Unsqueeze", ["w", "zero"], ["W"]),
        helper.make_node("Transpose", ["r"], ["turned"], perm=[1, 0]),
        helper.make_node("Unsqueeze", ["turned", "zero"], ["R"]),
        helper.make_node("Unsqueeze", ["b", "zero"], ["B"]),
        node("LSTM"),
    ]
    model = made(tmp_path / "moved.onnx", nodes, flat, [("Y", 4)])
    (module,) = rnnviz.weights(tmp_path / "moved.onnx").values()
    (wanted,) = ReferenceEvaluator(model).run(None, {"X": X})
    np.testing.assert_allclose(run(module), wanted, atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", ["float16", "float64", "listed", "packed halves"])
def test_numbers_are_read_however_they_are_written(kind, tmp_path):
    arrays = constants("GRU")
    path = tmp_path / "one.onnx"
    model = made(path, [node("GRU")], arrays, [("Y", 4)])
    for tensor in model.graph.initializer:
        array = arrays[tensor.name]
        if kind == "listed":
            tensor.CopyFrom(helper.make_tensor(tensor.name, TensorProto.FLOAT, array.shape, array.ravel()))
        elif kind == "packed halves":
            tensor.CopyFrom(helper.make_tensor(tensor.name, TensorProto.FLOAT16, array.shape, array.ravel()))
        else:
            tensor.CopyFrom(numpy_helper.from_array(array.astype(kind), tensor.name))
    onnx.save(model, path)
    (module,) = rnnviz.weights(path).values()
    rows = module.weight_hh_l0.detach().numpy().reshape(3, 5, 5)[[1, 0, 2]].reshape(15, 5)  # r z n to z r h
    wanted = arrays["R"][0].astype(
        np.float16 if "16" in kind or "half" in kind or "halves" in kind else float
    )
    np.testing.assert_allclose(rows, wanted, atol=1e-7)


def test_a_state_to_start_from_is_said(tmp_path):
    arrays = constants("GRU") | {"start": np.ones((1, 2, 5), np.float32)}
    made(tmp_path / "one.onnx", [node("GRU", inputs=["", "start"])], arrays, [("Y", 4)])
    found = rnnviz.weights(tmp_path / "one.onnx")
    assert found.notes == ("gru: starts from start (1, 2, 5), not from 0; give it to the module as h_0",)


@pytest.mark.parametrize(
    ("operator", "said", "message"),
    [
        ("LSTM", {"clip": 3.0}, "LSTM node enc has clip"),
        ("LSTM", {"input_forget": 1}, "LSTM node enc has input_forget=1"),
        ("LSTM", {"inputs": ["", "", "", "P"]}, "LSTM node enc has peepholes (P), which nn.LSTM has not"),
        ("LSTM", {"direction": "reverse"}, "LSTM node enc has direction='reverse'"),
        (
            "LSTM",
            {"activations": ["HardSigmoid", "Tanh", "Tanh"]},
            "LSTM node enc has activations hardsigmoid, tanh, tanh; wanted sigmoid, tanh, tanh",
        ),
        ("RNN", {"activations": ["Elu"]}, "RNN node enc has activations elu; wanted tanh"),
    ],
)
def test_what_is_no_stock_module_is_refused(operator, said, message, tmp_path):
    arrays = constants(operator) | {"P": drawn(1, 15)}
    made(tmp_path / "one.onnx", [node(operator, name="enc", **said)], arrays, [("Y", 4)])
    with pytest.raises(WeightsError) as problem:
        rnnviz.weights(tmp_path / "one.onnx")
    assert str(problem.value).startswith(f"one.onnx: {message}")


def test_a_gru_that_resets_before_the_product_is_refused(tmp_path):
    before = helper.make_node("GRU", ["X", "W", "R", "B"], ["Y"], "enc", hidden_size=5)
    made(tmp_path / "one.onnx", [before], constants("GRU"), [("Y", 4)])
    with pytest.raises(
        WeightsError, match="one.onnx: GRU node enc has linear_before_reset=0: it resets the state before"
    ):
        rnnviz.weights(tmp_path / "one.onnx")


def test_external_data_is_refused(tmp_path):
    made(tmp_path / "one.onnx", [node("GRU")], constants("GRU"), [("Y", 4)])
    model = onnx.load(tmp_path / "one.onnx")
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    (tmp_path / "out.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(WeightsError, match=r"out.onnx: W: its numbers lie in another file \(external data\)"):
        rnnviz.weights(tmp_path / "out.onnx")


def test_a_shape_beyond_what_is_there_is_refused(tmp_path):
    made(tmp_path / "one.onnx", [node("GRU")], constants("GRU"), [("Y", 4)])
    model = onnx.load(tmp_path / "one.onnx")
    model.graph.initializer[1].dims[1] = 10**9
    (tmp_path / "big.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(
        WeightsError, match=r"R claims \(1, 1000000000, 5\), 5,000,000,000 numbers, and has 75"
    ):
        rnnviz.weights(tmp_path / "big.onnx")


def test_a_layer_that_two_branches_run_is_one(tmp_path):
    kept = [numpy_helper.from_array(array, name) for name, array in constants("LSTM").items()]
    sides = [
        helper.make_graph([node("LSTM", name=f"{side}/LSTM")], side, [], [value("Y", 4)]) for side in "ab"
    ]
    branch = helper.make_node("If", ["flag"], ["out"], then_branch=sides[0], else_branch=sides[1])
    flag = helper.make_tensor_value_info("flag", TensorProto.BOOL, [])
    model = helper.make_model(
        helper.make_graph([branch], "g", [flag, value("X", 3)], [value("out", 4)], kept)
    )
    onnx.save(model, tmp_path / "if.onnx")
    assert len(rnnviz.weights(tmp_path / "if.onnx")) == 1


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_what_torch_exports_comes_back(kind, tmp_path):
    torch.manual_seed(0)
    table, layers, dense = (
        nn.Embedding(11, 4),
        getattr(nn, kind)(4, 5, 2, bidirectional=True),
        nn.Linear(10, 7),
    )

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.layers, self.dense = table, layers, dense

        def forward(self, ids):
            return self.dense(self.layers(self.table(ids))[0])

    ids = torch.randint(0, 11, (6, 2))
    torch.onnx.export(Model().eval(), (ids,), tmp_path / "made.onnx", dynamo=False)
    found = rnnviz.weights(tmp_path / "made.onnx")
    assert list(found) == ["layers"] and found["layers"].num_layers == 2 and found.left == ()
    with torch.no_grad():
        came = found.output(found["layers"](found.embedding(ids).transpose(0, 1))[0]).transpose(0, 1)
        np.testing.assert_allclose(came, Model()(ids), atol=1e-5, rtol=0)


def test_a_state_to_start_from_that_is_spread_over_the_batch_is_said(tmp_path):
    arrays = constants("GRU") | {"start": np.ones((1, 1, 5), np.float32), "sizes": np.array([1, 2, 5])}
    spread = helper.make_node("Expand", ["start", "sizes"], ["h"])
    made(tmp_path / "one.onnx", [spread, node("GRU", inputs=["", "h"])], arrays, [("Y", 4)])
    found = rnnviz.weights(tmp_path / "one.onnx")
    assert found.notes == ("gru: starts from start (1, 1, 5), not from 0; give it to the module as h_0",)
    assert found.left == ()


def test_a_node_that_is_no_stock_module_costs_the_others_nothing(tmp_path):
    before = helper.make_node("GRU", ["X", "W_b", "R_b", "B_b"], ["Z"], "old", hidden_size=5)
    arrays = constants("LSTM") | constants("GRU", "_b")
    made(tmp_path / "two.onnx", [node("LSTM", name="new"), before], arrays, [("Y", 4), ("Z", 4)])
    found = rnnviz.weights(tmp_path / "two.onnx")
    made(tmp_path / "one.onnx", [node("LSTM", name="new")], constants("LSTM") | arrays, [("Y", 4)])
    alone = rnnviz.weights(tmp_path / "one.onnx")
    np.testing.assert_array_equal(run(found["new"])[0], run(alone["new"])[0])
    assert [name for name, _why in found.refused] == ["old"] and list(found) == ["new"]
