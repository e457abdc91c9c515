"""What is looked at: one layer of one sequence of an opened recording is what torch computed, and nothing else is read."""

import numpy as np
import pytest
import torch
import xarray as xr

import rnnviz
from rnnviz.studies import subjects

LENGTHS = [7, 3, 5]
WORDS = [f"word {t}" for t in range(7)]


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = torch.nn.LSTM(4, 6, 2, bidirectional=True, proj_size=3)
        self.head = torch.nn.GRU(6, 5)

    def forward(self, inputs):
        states, _last = self.encoder(inputs)
        return self.head(states)[0]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A model, what it read, and the file of its recording."""
    torch.manual_seed(0)
    model, inputs = Model(), torch.randn(7, 3, 4)
    packed = torch.nn.utils.rnn.pack_padded_sequence(inputs, LENGTHS, enforce_sorted=False)
    with rnnviz.record(model, tokens={"encoder": WORDS}) as recording:
        model(packed).data.square().sum().backward()
    path = tmp_path_factory.mktemp("recorded") / "run.nc"
    rnnviz.save(recording.trace, path)
    return model, inputs, path


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """100,000 steps with names and gradients, of three features and six units: 1,000 that were read, over and over."""
    torch.manual_seed(3)
    with rnnviz.record(module := torch.nn.GRU(3, 6)) as recording:
        module(torch.randn(1000, 1, 3))[0].square().sum().backward()
    node = recording.trace["gru"].to_dataset()
    again = node.isel(time=np.tile(np.arange(1000), 100)).assign_coords(time=np.arange(100_000))
    tree = xr.DataTree.from_dict({"/": recording.trace.to_dataset(), "/gru": again})
    path = tmp_path_factory.mktemp("long") / "long.nc"
    rnnviz.save(rnnviz.named(tree, tokens=[f"2026-{step:06}" for step in range(100_000)]), path)
    return path


@pytest.mark.filterwarnings("ignore:LSTM with projections")
def test_a_layer_of_a_sequence_is_what_torch_computed_without_its_padding(recorded):
    model, inputs, path = recorded
    subject = subjects.opened(path)
    assert (subject.name, subject.modules) == ("run.nc", ("encoder", "head"))
    assert subject.sequences("encoder") == ("1", "2", "3")
    for sequence, length in enumerate(LENGTHS):
        alone, _last = model.encoder(inputs[:length, sequence : sequence + 1])
        assert subject.steps("encoder", sequence) == length
        assert subject.tokens("encoder", sequence) == tuple(WORDS[:length])
        for direction in range(2):
            states = subject.states("encoder", 1, direction, sequence)["hidden"].transpose("time", "unit")
            wanted = alone[:, 0, 3 * direction : 3 * direction + 3].detach().numpy()
            np.testing.assert_allclose(states.values, wanted, atol=1e-6)
    layer = subject.layer("encoder", 0, 0, 1)
    assert dict(layer["forget_gate"].sizes) == {"time": 3, "unit": 6}
    assert dict(layer["hidden"].sizes) == {"time": 3, "projection": 3}
    assert layer.attrs["kind"] == "lstm"
    assert subject.has_gradients("head")
    assert subject.tokens("head") is None


def test_only_what_is_looked_at_is_read(recorded):
    subject = subjects.opened(recorded[2])
    subject.layer("encoder")
    assert not subject.trace["encoder"]["hidden"].variable._in_memory
    assert not subject.trace["head"]["update_gate"].variable._in_memory


def test_the_key_stands_for_what_the_file_holds(recorded, tmp_path):
    raw = recorded[2].read_bytes()
    same, other, large, changed = (tmp_path / name for name in "abcd")
    same.write_bytes(raw)
    other.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    large.write_bytes(bytes(subjects.WHOLE + 1))
    changed.write_bytes(bytes(subjects.WHOLE) + b"\1")
    assert subjects.fingerprint(same) == subjects.opened(recorded[2]).key
    assert len({subjects.fingerprint(path) for path in (same, other, large, changed)}) == 4


def test_what_is_not_there_is_said(recorded, tmp_path):
    subject = subjects.opened(recorded[2])
    for asked, line in (
        (("decoder",), r"run.nc holds no module 'decoder'; it holds encoder, head"),
        (("encoder", 2), r"run.nc, encoder: layer must be 0 to 1; got 2"),
        (("head", 0, 1), r"run.nc, head: direction must be 0 to 0; got 1"),
        (("head", 0, 0, -1), r"run.nc, head: batch must be 0 to 2; got -1"),
    ):
        with pytest.raises(ValueError, match=line):
            subject.layer(*asked)
    with pytest.raises(FileNotFoundError, match="no such trace"):
        subjects.opened(tmp_path / "none.nc")
    (tmp_path / "bad.nc").write_bytes(b"no trace")
    with pytest.raises(ValueError, match=r"bad.nc cannot be read as a trace"):
        subjects.opened(tmp_path / "bad.nc")


def test_a_file_that_is_damaged_inside_is_one_line_where_it_is_read(recorded, tmp_path):
    """Lazily opened, a damaged block of a compressed array is found only then."""
    tree = rnnviz.open_trace(recorded[2])
    path = tmp_path / "damaged.nc"
    tree.to_netcdf(
        path, engine="h5netcdf", encoding={"/head": {"hidden": {"zlib": True, "fletcher32": True}}}
    )
    import h5py

    with h5py.File(path) as file:
        block = file["head/hidden"].id.get_chunk_info(0)
    with path.open("r+b") as file:
        file.seek(block.byte_offset)
        file.write(bytes(block.size))
    subject = subjects.opened(path)
    with pytest.raises(ValueError, match=r"damaged.nc, head: cannot be read: "):
        subject.layer("head")
