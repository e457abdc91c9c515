"""Files that are none, are damaged or lie: one line that names the file, before memory is taken, and nothing else."""

import io
import itertools
import json
import os
import re
import tracemalloc
import zipfile

import h5py
import numpy as np
import onnx
import pytest
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import rnnviz
from rnnviz.foreign import Weights, WeightsError, arrays, pickles
from tests.conftest import DAMAGED
from tests.foreign import make_fixtures
from tests.foreign.test_keras import lstm_arrays, write
from tests.foreign.test_onnx import constants, made, node

HEADER = {"weight_hh_l0": {"dtype": "F32", "shape": [15, 5], "data_offsets": [0, 300]}}


def refused(path, **more):
    """The line by which a file is refused; it names the file and is one."""
    with pytest.raises(WeightsError) as problem:
        rnnviz.weights(path, **more)
    line = str(problem.value)
    assert line.startswith(f"{arrays.shown(path.name)}: ") and line.isprintable() and len(line) < 600, line
    return line


def written(path, raw):
    path.write_bytes(raw)
    return path


def test_what_is_no_file_of_weights_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file of weights"):
        rnnviz.weights(tmp_path / "nothing.pt")
    assert "a folder" in refused(tmp_path)
    assert "empty" in refused(written(tmp_path / "empty.pt", b""))
    for name, raw in {
        "text.pt": b"hello, world",
        "picture.h5": b"\x89PNG\r\n\x1a\n" * 9,
        "x.onnx": b"hello there",
    }.items():
        refused(written(tmp_path / name, raw))
    os.mkfifo(tmp_path / "pipe.pt")
    assert "no file that could be read twice" in refused(tmp_path / "pipe.pt")
    line = refused(written(tmp_path / "bad\x1b[31m\n.pt", b"hello, world"))
    assert line.startswith("bad�[31m�.pt: none of the files that are read; wanted .safetensors")


def test_a_file_beyond_the_limit_is_refused(tmp_path):
    with (tmp_path / "big.pt").open("wb") as file:
        file.truncate(arrays.LARGEST + 1)
    assert "536,870,913 bytes; at most 536,870,912 are read" in refused(tmp_path / "big.pt")


def test_weights_without_a_recurrent_layer_say_what_was_found(tmp_path):
    torch.save(nn.Linear(3, 4).state_dict(), tmp_path / "a.pt")
    assert refused(tmp_path / "a.pt").endswith(
        "PyTorch, and no recurrent layer in it; found weight (4, 3), bias (4,)"
    )


def test_names_are_shown_without_control_characters(tmp_path):
    state = {f"a\x1b[2J\n.{name}": value for name, value in nn.GRU(3, 5).state_dict().items()}
    torch.save(state, tmp_path / "a.pt")
    assert list(rnnviz.weights(tmp_path / "a.pt")) == ["a�[2J�"]
    torch.save(dict(list(state.items())[1:]), tmp_path / "b.pt")
    refused(tmp_path / "b.pt")


def header(path, claims, numbers=b"\0" * 300):
    raw = json.dumps(claims).encode() if not isinstance(claims, bytes) else claims
    return written(path, len(raw).to_bytes(8, "little") + raw + numbers)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shape": [10**9, 5]}, "weight_hh_l0 (1000000000, 5) has 300 bytes; wanted 20,000,000,000"),
        ({"shape": [-15, -5]}, "weight_hh_l0: its header says no dtype, shape and two data_offsets"),
        ({"data_offsets": [0, 900]}, "weight_hh_l0 claims bytes 0 to 900 of the numbers, which are 300"),
        ({"data_offsets": [300, 0]}, "weight_hh_l0 claims bytes 300 to 0"),
        ({"dtype": "F8_E4M3"}, "weight_hh_l0 is of F8_E4M3; wanted float16"),
        ({"dtype": 3}, "weight_hh_l0: its header says no dtype"),
    ],
)
def test_a_header_of_safetensors_that_lies_is_refused(change, message, tmp_path):
    claims = {"weight_hh_l0": HEADER["weight_hh_l0"] | change}
    claims |= {"weight_ih_l0": HEADER["weight_hh_l0"]}
    assert message in refused(header(tmp_path / "a.safetensors", claims))


def test_a_header_that_is_none_is_refused(tmp_path):
    refused(header(tmp_path / "a.safetensors", b"{" * 100_000))
    refused(header(tmp_path / "b.safetensors", b"[" * 100_000))
    refused(header(tmp_path / "c.safetensors", b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"))
    refused(written(tmp_path / "d.safetensors", (2**60).to_bytes(8, "little") + b"{}"))


def test_names_that_share_memory_are_counted_each(tmp_path, monkeypatch):
    monkeypatch.setattr(arrays, "LARGEST", 2_000)
    claims = {f"l{n}.weight_{side}_l0": HEADER["weight_hh_l0"] for n in range(20) for side in ("ih", "hh")}
    assert re.search(
        "up to .* the weights take more than 2,000 bytes", refused(header(tmp_path / "a.safetensors", claims))
    )


def test_archives_that_grow_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("weight_hh_l0.npy", b"\0" * 2**27)
    assert "its parts claim 134,217,728 bytes unpacked" in refused(tmp_path / "bomb.npz")


def test_a_part_that_unpacks_to_another_length_is_refused(tmp_path):
    made = io.BytesIO()
    np.savez_compressed(
        made, weight_hh_l0=np.zeros((15, 5), np.float32), weight_ih_l0=np.zeros((15, 5), np.float32)
    )
    raw = made.getvalue()
    size = (428).to_bytes(4, "little")  # 128 bytes of header and 300 of numbers
    assert raw.count(size) >= 2
    refused(written(tmp_path / "a.npz", raw.replace(size, (10**7).to_bytes(4, "little"))))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000, 5)}",
            "claims (1000000000, 5) of float32",
        ),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (True, 5)}", "claims the shape (True, 5)"),
        ("{'descr': '|O', 'fortran_order': False, 'shape': (15, 5)}", "holds Python objects"),
        (
            "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (15, 5)}",
            "holds Python objects or records",
        ),
        ("{'descr': 'nonsense', 'fortran_order': False, 'shape': (15, 5)}", "claims the dtype nonsense"),
        ("__import__('os').system('touch gone-off')", "does not say descr"),
        ("(" * 5_000, "does not say descr"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_a_header_of_numpy_that_lies_is_refused(said, message, tmp_path):
    raw = b"\x93NUMPY\1\0" + len(said).to_bytes(2, "little") + said.encode() + b"\0" * 300
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("weight_hh_l0.npy", raw)
    assert message in refused(tmp_path / "a.npz")


def pickled(path, program):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", program)
        archive.writestr("archive/data/0", b"\0" * 300)
    return path


def test_programs_that_no_state_dict_needs_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(pickles, "PROGRAM", 100_000)
    doubling = b"\x80\2]q\0" + b"".join(
        b"(h" + bytes([n]) + b"h" + bytes([n]) + b"tq" + bytes([n + 1]) for n in range(60)
    )
    for name, program in {
        "cut": b"\x80\2}",
        "nothing": b"\x80\2.",
        "text": b"\x80\2X\3\0\0\0abc.",
        "itself": b"\x80\2}q\0X\1\0\0\0ah\0s.",
        "call": b"\x80\2cos\nsystem\nX\4\0\0\0true\x85R.",
        "instance": b"(S'true'\nios\nsystem\n.",
        "long": b"\x80\2" + b"}0" * 100_000 + b"}.",
        "deep": b"\x80\2" + b"}X\1\0\0\0a" * 500 + b"}" + b"s" * 500 + b".",
        "doubling": doubling + b"0" * 60 + b".",
        "memo": b"\x80\2h\7.",
    }.items():
        refused(pickled(tmp_path / f"{name}.pt", program))
        refused(written(tmp_path / f"{name}.pth", program))


def test_a_claim_in_hdf5_is_read_before_its_array(tmp_path):
    with h5py.File(tmp_path / "big.h5", "w") as file:
        file.create_dataset("lstm/lstm/kernel:0", (10**9, 12), "f4", chunks=(100, 12), compression="gzip")
        file.create_dataset("lstm/lstm/recurrent_kernel:0", (3, 12), "f4")
    tracemalloc.start()
    line = refused(tmp_path / "big.h5")
    assert tracemalloc.get_traced_memory()[1] < 10**7
    tracemalloc.stop()
    assert "lstm/lstm/kernel:0: up to here the arrays claim more than" in line


def test_hdf5_that_leads_elsewhere_is_refused(tmp_path):
    for name in ("link", "outside", "soft"):
        write(tmp_path / f"{name}.h5", lstm_arrays("lstm"))
    with h5py.File(tmp_path / "link.h5", "a") as file:
        file["out"] = h5py.ExternalLink("/etc/passwd", "/")
    with h5py.File(tmp_path / "soft.h5", "a") as file:
        file["again"] = h5py.SoftLink("/lstm")
    with h5py.File(tmp_path / "outside.h5", "a") as file:
        file.create_dataset("x", (5,), "f4", external=[("/etc/passwd", 0, 20)])
    assert "a ExternalLink; what a file holds lies in it" in refused(tmp_path / "link.h5")
    assert "a SoftLink" in refused(tmp_path / "soft.h5")
    assert "lies in another file, '/etc/passwd'" in refused(tmp_path / "outside.h5")


def test_an_attribute_that_claims_much_is_not_read(tmp_path):
    write(tmp_path / "a.h5", lstm_arrays("lstm"), model_config="x" * (9 * 2**20))
    assert "model_config claims" in refused(tmp_path / "a.h5")
    write(tmp_path / "b.h5", lstm_arrays("lstm"), model_config=["a", "b"], keras_version=[1, 2, 3])
    assert list(rnnviz.weights(tmp_path / "b.h5")) == ["lstm"]


def test_graphs_in_graphs_have_an_end(tmp_path):

    def field(number, raw):  # onnx itself reads no such file
        sizes = [len(raw) & 127 | 128, len(raw) >> 7 & 127 | 128, len(raw) >> 14]
        return bytes([number << 3 | 2, *sizes]) + raw

    graph = b""
    for _depth in range(40):
        graph = field(1, field(5, field(6, graph)))  # a node with an attribute that is a graph
    (tmp_path / "deep.onnx").write_bytes(field(7, graph))
    assert "graphs lie more than 20 deep in graphs" in refused(tmp_path / "deep.onnx")


def test_constants_that_grow_have_an_end(tmp_path):
    names = ["a"] + [f"b{n}" for n in range(40)]
    doubled = [
        onnx.helper.make_node("Concat", [one, one], [two], axis=0) for one, two in itertools.pairwise(names)
    ]
    cells = constants("GRU")
    del cells["W"]
    last = onnx.helper.make_node("Identity", [names[-1]], ["W"])
    made(
        tmp_path / "grow.onnx",
        [*doubled, last, node("GRU")],
        cells | {"a": np.ones((1, 15, 3), np.float32)},
        [("Y", 4)],
    )
    refused(tmp_path / "grow.onnx")


def small(suffix, folder):
    """The bytes of a small file of each kind."""
    path = folder / f"small{suffix}"
    state = nn.LSTM(2, 3).state_dict()
    if suffix == ".safetensors":
        safetensors.torch.save_file(state, path)
    elif suffix in (".pt", ".pth"):
        torch.save(state, path, _use_new_zipfile_serialization=suffix == ".pt")
    elif suffix == ".npz":
        np.savez_compressed(path, **{name: value.numpy() for name, value in state.items()})
    elif suffix == ".onnx":
        made(path, [node("LSTM", name="/enc/LSTM")], constants("LSTM"), [("Y", 4)])
    elif suffix == ".h5":
        said = {"class_name": "LSTM", "config": {"name": "lstm", "activation": "tanh"}}
        config = json.dumps({"class_name": "Sequential", "config": {"layers": [said]}})
        write(path, lstm_arrays("lstm"), model_config=config, keras_version="2.4.0")
    else:
        path.write_bytes((make_fixtures.FOLDER / "model.keras").read_bytes())
    return path.read_bytes()


KINDS = (".safetensors", ".pt", ".pth", ".npz", ".onnx", ".h5", ".keras")


@pytest.fixture(scope="module", params=KINDS)
def damaged(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("damaged")
    return folder / f"damaged{request.param}", small(request.param, folder)


@DAMAGED
@given(
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6),
    st.data(),
)
@pytest.mark.filterwarnings("ignore")
def test_any_flipped_bytes_leave_weights_or_one_line(damaged, changes, data):
    path, raw = damaged
    changed = bytearray(raw)
    for place, byte in changes:
        changed[int(place * len(raw))] = byte
    if data.draw(st.booleans()):
        del changed[data.draw(st.integers(0, len(raw))) :]
    path.write_bytes(changed)
    try:
        assert isinstance(rnnviz.weights(path), Weights)
    except WeightsError as problem:
        line = str(problem)
        assert line.startswith(f"{path.name}: ") and line.isprintable() and len(line) < 600
