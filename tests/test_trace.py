"""A trace says what it holds, refuses what does not fit, and comes back from its file as it was."""

import h5py
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnviz.naming import named
from rnnviz.trace import FIELDS, Recorded, assemble, check, open_trace, pad_inputs, save
from tests.conftest import DAMAGED, EXAMPLES, full_disk

SIZES = {
    "layer": 2,
    "direction": 2,
    "batch": 2,
    "time": 5,
    "unit": 3,
    "feature": 4,
    "input_unit": 6,
    "previous_unit": 3,
    "calls": 2,
}
GATE_COUNT = {"rnn": 1, "gru": 3, "lstm": 4}
TOKENS = ["\n", " ", "한", "/", "🙂"]


def arrays(kind="lstm", by_call=False):
    sizes = SIZES | {"gate": GATE_COUNT[kind]}
    return {
        name: np.full([sizes[dim] for dim in field.dims], 0.5, np.float32)
        for name, field in FIELDS[kind].items()
        if name != "projection_weight"
        if by_call or not field.optional
    }


def recorded(kind="lstm", steps=(5,), **changed):
    return Recorded(kind, arrays(kind, len(steps) > 1) | changed, steps, {"replay_error": 0.0})


@pytest.mark.parametrize("kind", FIELDS)
def test_every_array_says_what_it_is(kind):
    node = assemble({"m": recorded(kind)})["m"]
    for name in node.data_vars:
        assert node[name].dims == FIELDS[kind][name].dims
        assert node[name].attrs["long_name"] and node[name].attrs["units"] == "1"
    for coordinate in ("layer", "direction", "batch", "time", "unit", "gate", "call"):
        assert node[coordinate].attrs["units"] == "1"


def test_gates_and_tanh_states_have_a_range_and_cells_have_none():
    node = assemble({"m": recorded()})["m"]
    assert node["forget_gate"].attrs["valid_range"].tolist() == [0, 1]
    assert node["hidden"].attrs["valid_range"].tolist() == [-1, 1]
    assert "valid_range" not in node["cell"].attrs
    relu = Recorded("rnn", arrays("rnn"), [5], {"nonlinearity": "relu"})
    assert "valid_range" not in assemble({"m": relu})["m"]["hidden"].attrs


def test_gates_stand_in_pytorchs_order():
    tree = assemble({"a": recorded("lstm"), "b": recorded("gru")})
    assert tree["a"]["gate"].values.tolist() == ["input_gate", "forget_gate", "candidate", "output_gate"]
    assert tree["b"]["gate"].values.tolist() == ["reset_gate", "update_gate", "candidate"]


def test_narrow_layers_are_padded_with_nan():
    padded = pad_inputs([np.ones((1, 1, 1, 1)), np.ones((1, 1, 1, 2))])
    assert np.array_equal(padded[:, 0, 0, 0], [[1, np.nan], [1, 1]], equal_nan=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cell": np.zeros((2, 2, 2, 5, 4))}, r"m: cell came as \(2, 2, 2, 5, 4\); wanted .*unit 3\)"),
        ({"hidden": np.zeros(3)}, r"m: hidden came as \(3,\); wanted \(layer, direction"),
        ({"recurrent_weight": np.zeros((2, 2, 3, 3, 3))}, r"recurrent_weight came .* gate 4"),
        ({"recurrent_weight": np.zeros((2, 2, 4, 3, 2))}, r"recurrent_weight came .* previous_unit 3"),
    ],
)
def test_an_array_of_the_wrong_shape_is_named(change, message):
    with pytest.raises(ValueError, match=message):
        assemble({"m": recorded(**change)})


def test_a_missing_array_is_named():
    without = {name: array for name, array in arrays().items() if name != "cell"}
    with pytest.raises(ValueError, match="m: cell is missing; wanted"):
        assemble({"m": Recorded("lstm", without, [5])})


@pytest.mark.parametrize("tokens", [["a", "\0", "b", "c", "d"], ["\ud800"] * 5])
def test_tokens_that_no_file_keeps_are_refused(tokens):
    with pytest.raises(ValueError, match="cannot be kept in a file"):
        named(assemble({"m": recorded()}), tokens)


@pytest.mark.parametrize("tokens", [TOKENS, ["", "", "", "", ""], ["a", "", "\u200b", "\t", "a\r\nb"], None])
def test_a_trace_comes_back_as_it_was(tmp_path, tokens):
    modules = {"rnn": Recorded("rnn", arrays("rnn"), [5], {"nonlinearity": "tanh", "replay_error": 1e-7})}
    if tokens is TOKENS:  # every kind once: files of many arrays are slow
        modules |= {"head.rnn": recorded("gru"), "lstm": recorded("lstm", steps=(2, 3))}
    tree = named(assemble(modules, {"torch_version": "2"}), tokens)
    save(tree, tmp_path / "a.nc")
    opened = open_trace(tmp_path / "a.nc")
    save(opened, tmp_path / "b.nc")
    for came in (opened, open_trace(tmp_path / "b.nc")):
        assert came.identical(tree)
        for name in modules:
            assert came[name].name == name
            for key, variable in tree[name].variables.items():
                assert came[name][key].dtype == variable.dtype
            assert tokens is None or came[name]["token"].values.tolist() == tokens
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["a.nc", "b.nc"]


def test_an_opened_file_may_be_written_over(tmp_path):
    path = tmp_path / "a.nc"
    save(assemble({"m": recorded("rnn")}), path)
    opened = open_trace(path)
    save(opened, path)
    assert open_trace(path).identical(opened)


def test_a_file_that_is_no_trace_is_refused_in_one_line(tmp_path):
    whole, cut, other, text = (tmp_path / name for name in ("whole.nc", "cut.nc", "other.nc", "text.nc"))
    save(assemble({"m": recorded()}), whole)
    content = whole.read_bytes()
    cut.write_bytes(content[: len(content) // 2])
    xr.Dataset({"x": ("time", [1.0])}).to_netcdf(other, engine="h5netcdf")
    text.write_text("hello")
    with pytest.raises(FileNotFoundError, match="no such trace"):
        open_trace(tmp_path / "none.nc")
    for path in (cut, other, text, tmp_path):
        with pytest.raises(ValueError, match="trace") as error:
            open_trace(path)
        assert "\n" not in str(error.value)


def test_check_names_the_field_and_the_shapes():
    tree = assemble({"m": recorded()})
    check(tree)
    tree["m"] = xr.DataTree(tree["m"].to_dataset().drop_vars("forget_gate"))
    with pytest.raises(ValueError, match="m: forget_gate is missing"):
        check(tree)
    tree["m"] = xr.DataTree(assemble({"m": recorded()})["m"].to_dataset().transpose("time", ...))
    with pytest.raises(ValueError, match=r"m: hidden came as \(time 5.*; wanted \(layer 2"):
        check(tree)
    with pytest.raises(ValueError, match="not a trace"):
        check(xr.Dataset())
    with pytest.raises(ValueError, match="not a trace"):
        check(xr.DataTree())


# files that lie


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The file of a small trace, to be copied and changed."""
    path = tmp_path_factory.mktemp("saved") / "a.nc"
    save(named(assemble({"m": recorded("rnn")}), list("abcde")), path)
    return path.read_bytes()


def deep(file):
    for _ in range(1500):
        file = file.create_group("g")


def virtual(file):
    layout = h5py.VirtualLayout((5,), "f4")
    layout[:] = h5py.VirtualSource("elsewhere.nc", "/m/call", (5,))
    file["m"].create_virtual_dataset("x", layout)


def one_long_text_often(file):
    """A text of a megabyte that a thousand places point to: a gigabyte, once it is read."""
    texts = file["m"].create_dataset("x", shape=(2,), dtype=h5py.string_dtype())
    texts[:] = ["y" * 2**20, "z"]
    file.flush()
    one = file.id.name.decode(), texts.id.get_offset()
    with open(one[0], "rb") as raw:
        raw.seek(one[1])
        pointer = raw.read(16)
    many = file["m"].create_dataset("many", shape=(1000,), dtype=h5py.string_dtype())
    many[:] = [""] * 1000
    file.flush()
    start = many.id.get_offset()
    file.close()
    with open(one[0], "r+b") as raw:
        raw.seek(start)
        raw.write(pointer * 1000)


def texts_for_numbers(file):
    shape, dims = file["m/hidden"].shape, FIELDS["rnn"]["hidden"].dims
    del file["m/hidden"]
    hidden = file["m"].create_dataset("hidden", data=np.full(shape, "x", object), dtype=h5py.string_dtype())
    for axis, dim in enumerate(dims):
        hidden.dims[axis].attach_scale(file["m"][dim])


def array(**more):
    return lambda file: file["m"].create_dataset("x", **more)


def link(to):
    return lambda file: file["m"].__setitem__("x", to)


def attribute(name, value, at="m"):
    return lambda file: file[at].attrs.__setitem__(name, value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            array(shape=(9,), dtype="u1", external=[("/etc/passwd", 0, 9)]),
            "m/x: lies in another file, '/etc/passwd'",
        ),
        (virtual, "m/x: is put together from other arrays"),
        (link(h5py.ExternalLink("/etc/passwd", "/")), "m/x: a ExternalLink"),
        (link(h5py.SoftLink("/m")), "m/x: a SoftLink"),
        (lambda file: file["m"].__setitem__("x", file["/"]), "m/x: stands in the file twice"),
        (deep, "groups lie more than 20 deep"),
        (array(shape=(3 * 10**9,), dtype="f4"), "m/x: up to here the arrays claim more than 6"),
        (array(shape=(3 * 10**9,), dtype="f4", chunks=(10**6,), compression="gzip"), "m/x: up to here"),
        (array(shape=(2,), maxshape=(None,), dtype="f4", chunks=(10**9,)), "m/x: up to here"),
        (one_long_text_often, "m/many: up to here"),
        (array(data=np.zeros(9), compression="lzf"), "m/x: compressed by 'lzf'"),
        (array(data=np.zeros(9, "V4")), "m/x: of type |V4; wanted numbers or text"),
        (array(data=h5py.Empty("f4")), "m/x: empty"),
        (link(np.dtype("f4")), "m/x: neither a group nor an array"),
        (texts_for_numbers, "m: hidden came as <U1; wanted numbers"),
        (attribute("kind", ["rnn", "gru"]), "m: the attribute kind came as ['rnn', 'gru']; wanted one word"),
        (attribute("format", [1.0], "/"), "/: the attribute format came as"),
    ],
)
def test_a_file_that_lies_is_refused_in_one_line_that_names_the_part(tmp_path, saved, change, message):
    path = tmp_path / "lies.nc"
    path.write_bytes(saved)
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(ValueError) as refused:
        open_trace(path)
    said = str(refused.value)
    assert message in said and said.startswith(str(path)) and "\n" not in said


def test_a_trace_that_was_compressed_is_opened(tmp_path):
    tree = assemble({"m": recorded("rnn")})
    how = {"zlib": True, "shuffle": True, "fletcher32": True}
    tree.to_netcdf(tmp_path / "a.nc", engine="h5netcdf", encoding={"/m": {"hidden": how, "input": how}})
    assert open_trace(tmp_path / "a.nc")["m"]["hidden"].equals(tree["m"]["hidden"])


def test_a_disk_that_is_full_costs_no_older_trace(tmp_path):
    path = tmp_path / "a.nc"
    save(assemble({"m": recorded("rnn")}), path)
    before = path.read_bytes()
    with full_disk(2**14), pytest.raises(OSError):
        save(assemble({"m": recorded()}), path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


@pytest.fixture(scope="module")
def smallest(tmp_path_factory):
    """The file of the smallest trace, and a path for others."""
    sizes = dict.fromkeys((*SIZES, "gate"), 1) | {"time": 2}
    fields = {key: field for key, field in FIELDS["rnn"].items() if not field.optional}
    ones = {key: np.ones([sizes[dim] for dim in field.dims], np.float32) for key, field in fields.items()}
    path = tmp_path_factory.mktemp("smallest") / "a.nc"
    save(named(assemble({"m": Recorded("rnn", ones, [2])}), ["a", "b"]), path)
    return path, path.read_bytes()


@pytest.mark.filterwarnings("default")  # what a library warns of is no exception to a reader
@settings(DAMAGED, max_examples=max(10, EXAMPLES // 10))
@given(st.data())
def test_any_flipped_bits_of_a_file_give_a_trace_or_one_line(smallest, data):
    path, raw = smallest[0], bytearray(smallest[1])
    for bit in data.draw(st.lists(st.integers(0, 8 * len(raw) - 1), min_size=1, max_size=4)):
        raw[bit // 8] ^= 1 << bit % 8
    path.write_bytes(raw)
    opens_or_says(path)


VALUES = (
    st.none() | st.integers(-2, 2**31) | st.floats() | st.text(st.characters(codec="ascii", min_codepoint=32))
)


@pytest.mark.filterwarnings("default")
@settings(DAMAGED, max_examples=max(10, EXAMPLES // 10))
@given(st.data(), VALUES | st.lists(st.integers(-2, 2**31), max_size=3))
def test_any_value_in_any_attribute_of_a_file_gives_a_trace_or_one_line(smallest, data, value):
    path, raw = smallest
    path.write_bytes(raw)
    with h5py.File(path, "r+") as file:
        parts = ["/", "m", *(f"m/{name}" for name in file["m"])]
        part = file[data.draw(st.sampled_from(parts))]
        name = data.draw(st.sampled_from([*sorted(part.attrs), "scale_factor", "units", "dtype"]))
        if value is None:
            part.attrs.pop(name, None)
        else:
            part.attrs[name] = value
    opens_or_says(path)


def opens_or_says(path):
    try:
        open_trace(path)
    except ValueError as problem:
        assert str(problem).startswith(str(path)) and "\n" not in str(problem)
