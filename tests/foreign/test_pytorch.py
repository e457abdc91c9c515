"""State dicts of PyTorch and arrays with its names, in all files that hold them."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

import rnnviz
from rnnviz.foreign import WeightsError

MODULES = [
    nn.LSTM(3, 5),
    nn.LSTM(3, 5, num_layers=3, bidirectional=True),
    nn.LSTM(4, 6, num_layers=2, proj_size=2, bidirectional=True),
    nn.LSTM(6, 6, bias=False),
    nn.GRU(3, 5, num_layers=2),
    nn.GRU(5, 5, bidirectional=True, bias=False),
    nn.RNN(3, 5, num_layers=2, bidirectional=True),
]
KINDS = {nn.LSTM: "lstm", nn.GRU: "gru", nn.RNN: "rnn"}


def numpy_archive(state, path):
    np.savez(path, **{name: value.numpy() for name, value in state.items()})


WRITERS = {
    ".safetensors": lambda state, path: safetensors.torch.save_file(dict(state), path),
    ".pt": torch.save,
    ".pth": lambda state, path: torch.save(state, path, _use_new_zipfile_serialization=False),
    ".npz": numpy_archive,
}


def alike(came, wanted):
    """Whether two recurrent modules give the same, bit for bit, batch first."""
    if wanted.proj_size:  # torch warns of its own way to run it
        state = wanted.state_dict()
        return (
            all(torch.equal(value, state.pop(name)) for name, value in came.state_dict().items())
            and not state
        )
    x = torch.randn(2, 7, wanted.input_size)
    return torch.equal(came(x)[0], wanted(x.transpose(0, 1))[0].transpose(0, 1))


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_comes_back_as_it_was(module, suffix, tmp_path):
    WRITERS[suffix](module.state_dict(), tmp_path / f"one{suffix}")
    found = rnnviz.weights(tmp_path / f"one{suffix}")
    (name,) = found
    assert name == KINDS[type(module)]
    assert type(found[name]) is type(module) and found[name].batch_first and not found[name].training
    assert alike(found[name], module)
    assert found.chain == (name,) and found.left == ()


def test_what_comes_back_can_be_recorded_with_gradients(tmp_path):
    torch.save(nn.LSTM(3, 5, 2).state_dict(), tmp_path / "one.pt")
    module = rnnviz.weights(tmp_path / "one.pt")["lstm"]
    with rnnviz.record(module) as recording:
        module(torch.randn(1, 4, 3))[0].sum().backward()
    assert "hidden_grad" in recording.trace["lstm"]


def test_reading_moves_no_random_generator(tmp_path):
    torch.save(nn.GRU(3, 5).state_dict(), tmp_path / "one.pt")
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    rnnviz.weights(tmp_path / "one.pt")
    assert torch.equal(torch.random.get_rng_state(), before)


def test_layers_are_named_as_in_the_model_without_wrappers_or_the_mapping_around_it(tmp_path):
    model = nn.ModuleDict({"encoder": nn.GRU(3, 4), "head": nn.Sequential(nn.LSTM(7, 2))})
    state = {f"module.{name}": value for name, value in model.state_dict().items()}
    optimizer = {"state": {0: {"exp_avg": torch.ones(2, 2)}}}
    torch.save({"epoch": 3, "model_state": state, "optimizer": optimizer}, tmp_path / "run.pt")
    found = rnnviz.weights(tmp_path / "run.pt")
    assert list(found) == ["encoder", "head.0"]
    assert alike(found["encoder"], model["encoder"]) and alike(found["head.0"], model["head"][0])
    assert found.left == () and found.chain == ()  # 4 numbers do not go into 7


def test_two_models_in_one_file_keep_the_names_of_their_mappings(tmp_path):
    torch.save({"model": nn.GRU(3, 4).state_dict(), "average": nn.GRU(3, 4).state_dict()}, tmp_path / "a.pt")
    assert sorted(rnnviz.weights(tmp_path / "a.pt")) == ["average", "model"]


def test_a_cell_is_a_layer(tmp_path):
    cell = nn.LSTMCell(3, 5)
    torch.save({f"cell.{name}": value for name, value in cell.state_dict().items()}, tmp_path / "cell.pt")
    module = rnnviz.weights(tmp_path / "cell.pt")["cell"]
    x = torch.randn(1, 3)
    assert torch.allclose(module(x[None])[0][0], cell(x)[0], atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("suffix", [".pt", ".pth", ".safetensors"])
def test_other_numbers_become_float32(dtype, suffix, tmp_path):
    module = nn.GRU(3, 5).to(dtype)
    WRITERS[suffix](module.state_dict(), tmp_path / f"one{suffix}")
    came = rnnviz.weights(tmp_path / f"one{suffix}")["gru"]
    assert torch.equal(came.weight_hh_l0, module.weight_hh_l0.float())


def test_views_of_one_storage_are_read_as_torch_reads_them(tmp_path):
    state = nn.GRU(3, 5).state_dict()
    whole = torch.randn(15, 8)
    state["weight_ih_l0"], state["weight_hh_l0"] = whole[:, :3], whole[:, 3:]
    for new in (True, False):
        torch.save(state, tmp_path / "views.pt", _use_new_zipfile_serialization=new)
        came = rnnviz.weights(tmp_path / "views.pt")["gru"]
        wanted = torch.load(tmp_path / "views.pt", weights_only=True)
        assert all(torch.equal(getattr(came, name), value) for name, value in wanted.items())


def test_parameters_and_objects_beside_the_tensors_are_passed_over(tmp_path):
    state = dict(nn.GRU(3, 5).named_parameters())
    torch.save(
        {"state": state, "where": Path("x"), "seen": {1, 2}, "dtype": torch.float32}, tmp_path / "a.pt"
    )
    assert list(rnnviz.weights(tmp_path / "a.pt")) == ["gru"]


def test_no_pickle_is_executed(tmp_path):
    class Bomb:
        def __reduce__(self):
            return open, (str(tmp_path / "gone-off"), "w")

    state = nn.GRU(3, 5).state_dict()
    for new in (True, False):
        torch.save({"state": state, "bomb": Bomb()}, tmp_path / "bomb.pt", _use_new_zipfile_serialization=new)
        assert list(rnnviz.weights(tmp_path / "bomb.pt")) == ["gru"]
        assert not (tmp_path / "gone-off").exists()


def changed(state, **arrays):
    return {name: value for name, value in (state | arrays).items() if value is not None}


BASE = {f"enc.{name}": value for name, value in nn.LSTM(3, 5, 2).state_dict().items()}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"enc.weight_hh_l1": None}, "one.pt: enc.weight_hh_l1 is missing"),
        ({"enc.bias_hh_l0": None}, "one.pt: enc.bias_hh_l0 is missing"),
        ({"enc.weight_ih_l1": torch.ones(20, 4)}, "one.pt: enc.weight_ih_l1 came as (20, 4); wanted (20, 5)"),
        (
            {"enc.weight_hh_l0": torch.ones(10, 5)},
            "one.pt: enc.weight_hh_l0 (10, 5): neither an LSTM's (4 · unit, unit), nor a GRU's (3 · unit, unit), "
            "nor an RNN's (unit, unit)",
        ),
        ({"enc.bias_ih_l0": torch.ones(19)}, "one.pt: enc.bias_ih_l0 came as (19,); wanted (20)"),
        (
            {"enc.bias_ih_l0": torch.full((20,), torch.nan)},
            "one.pt: enc.bias_ih_l0 (20,) holds NaN or infinite numbers",
        ),
        (
            {"enc.bias_ih_l0": torch.ones(20, dtype=torch.int8)},
            "one.pt: enc.bias_ih_l0 is of int8; wanted float16, bfloat16, float32, float64",
        ),
        (
            {"enc.weight_ih_l0": torch.ones(1, 1).expand(20, 3)},
            "one.pt: enc.weight_ih_l0 claims (20, 3) with strides (0, 0) from number 0 on, in a storage of 1",
        ),
        ({"enc.weight_ih_l900": torch.ones(20, 5)}, "one.pt: enc: 901 layers claimed, by 9 arrays"),
    ],
)
def test_what_does_not_fit_is_named(change, message, tmp_path):
    torch.save(changed(BASE, **change), tmp_path / "one.pt")
    with pytest.raises(WeightsError) as problem:
        rnnviz.weights(tmp_path / "one.pt")
    assert str(problem.value) == message


def test_a_whole_model_is_refused(tmp_path):
    torch.save(nn.GRU(3, 5), tmp_path / "whole.pt")
    with pytest.raises(
        WeightsError, match="an object of torch.nn.modules.rnn.GRU, pickled; wanted a state dict"
    ):
        rnnviz.weights(tmp_path / "whole.pt")


def test_a_claim_beyond_what_is_there_is_refused_before_memory_is_taken(tmp_path):
    """A pickle that says 10⁹ numbers where the storage has 15, as torch.save writes it otherwise."""
    made = io.BytesIO()
    torch.save({"weight_hh_l0": torch.ones(15, 5)}, made)
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(tmp_path / "big.pt", "w") as new:
        for part in old.infolist():
            raw = old.read(part)
            if part.filename.endswith("data.pkl"):
                raw = raw.replace(b"K\x0fK\x05\x86", b"J\x00\xca\x9a\x3bK\x05\x86")  # sizes (15, 5)
                assert b"\x9a\x3b" in raw
            new.writestr(part.filename, raw)
    with pytest.raises(WeightsError, match=r"claims \(1000000000, 5\) with strides .* in a storage of 75"):
        rnnviz.weights(tmp_path / "big.pt")


def test_a_layer_that_does_not_fit_costs_the_others_nothing(tmp_path):
    torch.manual_seed(0)
    embed, rnn, other = nn.Embedding(50, 3), nn.GRU(3, 5), nn.LSTM(5, 4)
    state = nn.ModuleDict({"embed": embed, "rnn": rnn, "other": other}).state_dict()
    torch.save(state, tmp_path / "whole.pt")
    assert rnnviz.weights(tmp_path / "whole.pt").refused == ()
    state["other.weight_ih_l0"][0, 0] = torch.nan
    state["third.weight_ih_l0"] = torch.zeros(16, 4)
    torch.save(state, tmp_path / "part.pt")
    found = rnnviz.weights(tmp_path / "part.pt")
    assert dict(found.refused) == {
        "other": "other.weight_ih_l0 (16, 5) holds NaN or infinite numbers",
        "third": "third.weight_hh_l0 is missing",
    }
    assert list(found) == ["rnn"] and alike(found["rnn"], rnn)
    # what is refused may stand between or around: nothing is attached but by name
    assert found.embedding is None and found.output is None
    by_name = rnnviz.weights(tmp_path / "part.pt", embedding="embed.weight")
    assert torch.equal(by_name.embedding.weight, embed.weight)


def test_a_file_of_nothing_but_refused_layers_is_refused(tmp_path):
    torch.save({f"{name}.weight_ih_l0": torch.zeros(16, 4) for name in "abc"}, tmp_path / "none.pt")
    with pytest.raises(WeightsError, match=r"a.weight_hh_l0 is missing; and 2 more layers are refused"):
        rnnviz.weights(tmp_path / "none.pt")
