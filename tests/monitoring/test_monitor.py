"""A training that is monitored: the same training, and numbers that torch gives as well."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.checkpoint import checkpoint

import rnnviz
from rnnviz.monitoring import Monitor, Run, arrays, found, layers, numbers
from rnnviz.monitoring.moments import MOST_DISTANCES, distances
from tests.conftest import PATIENCE, full_disk, until


class Model(nn.Module):
    def __init__(self, kind=nn.LSTM, **choices):
        super().__init__()
        self.embedding = nn.Embedding(7, 3)
        self.rnn = kind(3, 5, batch_first=True, **choices)
        self.head = nn.Linear(5 * (1 + choices.get("bidirectional", False)), 7)

    def forward(self, x):
        return self.head(self.rnn(self.embedding(x))[0])


def batch(step, steps=6):
    generator = torch.Generator().manual_seed(step)
    return torch.randint(7, (4, steps), generator=generator), torch.randint(
        7, (4, steps), generator=generator
    )


def trained(model, updates, monitor=None, inside=False, clip=0.1, seen=None):
    """A loop as anybody writes it. seen: told of the gradients before and after clipping."""
    optimiser = torch.optim.SGD(model.parameters(), 0.5)

    def loss_of(step):
        x, y = batch(step)
        return cross_entropy(model(x).flatten(0, 1), y.flatten())

    for step in range(updates):
        optimiser.zero_grad()
        if monitor is None:
            loss_of(step).backward()
        elif inside:
            with monitor:
                loss_of(step).backward()
        else:
            loss = loss_of(step)
            with monitor:
                loss.backward()
        before = nn.utils.clip_grad_norm_(model.parameters(), clip)
        if seen is not None:
            seen(step, before.item())
        optimiser.step()
    return model


@pytest.fixture
def run(tmp_path):
    """Makes monitors, and closes them in the end."""
    made = []

    def monitor(model, *args, folder="a", **choices):
        made.append(Monitor(tmp_path / folder, model, *args, **choices))
        return made[-1]

    yield monitor
    for one in made:
        one.close()


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
def test_the_training_is_the_same_and_the_numbers_are_torchs(run, tmp_path, kind, inside):
    torch.manual_seed(0)
    plain = Model(kind, num_layers=2, dropout=0.5, bidirectional=True).double()
    watched = Model(kind, num_layers=2, dropout=0.5, bidirectional=True).double()
    watched.load_state_dict(plain.state_dict())
    torch.manual_seed(1)
    trained(plain, 7)
    torch.manual_seed(1)
    norms = {}
    monitor = run(watched, every=3)
    trained(watched, 7, monitor, inside, seen=norms.__setitem__)
    for mine, theirs in zip(watched.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-10, atol=1e-13)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in watched.modules())
    monitor.close()
    kept = Run(tmp_path / "a")
    assert [moment["step"] for moment in kept.moments] == [0, 3, 6]
    assert not any("missing" in moment for moment in kept.moments)
    whole = numbers(kept)
    np.testing.assert_allclose(whole["gradient_norm"].values, [norms[s] for s in (0, 3, 6)], rtol=1e-9)
    np.testing.assert_allclose(whole["clipped_norm"].values, 0.1, rtol=1e-4)
    found = layers(kept, "rnn")
    assert dict(found["total"].sizes) == {"update": 3, "layer": 2, "direction": 2, "distance": 6}


@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
def test_a_moment_holds_what_a_recording_of_it_says(run, tmp_path, kind):
    torch.manual_seed(0)
    model = Model(kind, bidirectional=True).double()
    x, y = batch(0)
    with rnnviz.record(model) as recording:
        loss = cross_entropy(model(x).flatten(0, 1), y.flatten())
        loss.backward()
    model.zero_grad()
    monitor = run(model)
    with monitor:
        cross_entropy(model(x).flatten(0, 1), y.flatten()).backward()
    monitor.close()
    kept = Run(tmp_path / "a")
    assert numbers(kept)["loss"].item() == pytest.approx(loss.item(), rel=1e-12)
    found, node = layers(kept, "rnn").isel(update=0), recording.trace["rnn"]
    for part in ("total", "direct"):
        want = rnnviz.stats.gradients.by_distance(rnnviz.stats.gradients.norm(node, part))
        np.testing.assert_allclose(found[part].values, want.values, rtol=1e-10)
    for gate in found["gate"].values:
        values = node[str(gate)].stack(all=("batch", "time", "unit"))
        np.testing.assert_allclose(found["mean"].sel(gate=gate).values, values.mean("all").values, rtol=1e-10)
        shut = (values < 0.1).mean("all")
        np.testing.assert_allclose(found["shut"].sel(gate=gate).values, shut.values)
    for direction in range(2):
        weight = getattr(model.rnn, "weight_hh_l0" + "_reverse" * direction).detach().numpy()
        for place, part in enumerate(weight.reshape(-1, 5, 5)):
            radius = np.abs(np.linalg.eigvals(part)).max()
            one = found.isel(layer=0, direction=direction, part=place)
            assert one["spectral_radius"].item() == pytest.approx(radius, rel=1e-10)
            assert one["spectral_norm"].item() == pytest.approx(np.linalg.norm(part, 2), rel=1e-10)
    assert sorted(found["gate"].values) == sorted(n for n in rnnviz.stats.gates.names(node) if "gate" in n)


class Loop(nn.Module):
    """A cell in a loop of its own."""

    def __init__(self):
        super().__init__()
        self.cell, self.head = nn.GRUCell(3, 5), nn.Linear(5, 1)

    def forward(self, x):
        h = x.new_zeros(x.shape[1], 5)
        for step in x:
            h = self.cell(step, h)
        return self.head(h)


def test_cells_in_a_loop_are_steps_and_a_look_at_held_out_data_is_none(run, tmp_path):
    model, x = Loop(), torch.randn(4, 2, 3)
    monitor = run(model)
    with torch.no_grad():
        model(x)
    with monitor:
        model(x).sum().backward()
    monitor.close()
    found = layers(Run(tmp_path / "a"), "cell")
    assert found.sizes["distance"] == 4
    assert (found["total"].values > 0).all()


def test_what_cannot_be_recorded_is_said_and_the_training_goes_on(run, tmp_path):
    model = Model(nn.GRU)
    x, y = batch(0)
    monitor = run(model, every=1)
    with monitor:
        loss = cross_entropy(checkpoint(model, x, use_reentrant=False).flatten(0, 1), y.flatten())
        loss.backward()
    with monitor:
        model.head(torch.zeros(1, 5)).sum().backward()
    with pytest.raises(RuntimeError, match="of its own"), monitor:
        raise RuntimeError("of its own")
    assert monitor.step == 2
    monitor.close()
    first, second = Run(tmp_path / "a").moments
    assert first["loss"] == pytest.approx(loss.item()) and "torch.utils.checkpoint" in first["missing"][0]
    assert "no recurrent module ran" in second["missing"][0]


def test_a_loss_that_leaves_the_numbers_is_kept_as_json_has_it(run, tmp_path):
    model = Model()
    monitor = run(model)
    with monitor:
        (model(batch(0)[0]).sum() * float("inf")).backward()
    monitor.log(loss=float("-inf"), other=float("nan"))
    monitor.close()
    raw = (tmp_path / "a" / "run.jsonl").read_bytes()
    for line in raw.splitlines():
        json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    kept = numbers(Run(tmp_path / "a"))
    assert kept["loss"].item() == -np.inf and np.isnan(kept["logged"].sel(name="other").values).all()


def test_what_is_logged_stands_beside_its_step(run, tmp_path):
    monitor = run(Model(), every=2)
    trained(monitor.model, 3, monitor)
    monitor.log(validation=2.5, loss=torch.tensor(7.0))
    with pytest.raises(TypeError, match="log takes numbers; note came as str"):
        monitor.log(note="good")
    kept = numbers(Run(tmp_path / "a"))
    assert kept["loss"].sel(update=2).item() == 7.0
    assert kept["logged"].sel(name="validation").dropna("update")["update"].item() == 2


def test_bad_input_is_one_line(run, tmp_path):
    model = Model()
    run(model)
    with pytest.raises(ValueError, match="written to by another Monitor: close\\(\\) it"):
        run(model)
    with pytest.raises(ValueError, match="every is a whole number of blocks"):
        run(model, every=0, folder="b")
    with pytest.raises(ValueError, match="holds no nn.RNN"):
        run(nn.Linear(1, 1), folder="b")
    with pytest.raises(TypeError, match="nn.Module"):
        run("model", folder="b")
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        run(model, folder="file/a")
    assert not (tmp_path / "b").exists()


def test_a_run_goes_on_where_it_was_left(run, tmp_path):
    model = Model()
    monitor = run(model, every=2)
    trained(model, 3, monitor)
    monitor.close()
    monitor.close()
    with pytest.raises(ValueError, match="holds a run already"):
        run(model)
    with (tmp_path / "a" / "run.jsonl").open("ab") as file:
        file.write(b'{"step": 4, "loss": 1')  # it was killed here
    again = run(model, every=1, resume=True)
    assert again.step == 3
    trained(model, 2, again)
    again.close()
    kept = Run(tmp_path / "a")
    assert [moment["step"] for moment in kept.moments] == [0, 2, 3, 4] and kept.unread == 1
    other = run(model, every=1, resume=True, step=3)
    trained(model, 1, other)
    other.close()
    assert [moment["step"] for moment in Run(tmp_path / "a").moments] == [0, 2, 3]


SCRIPT = """
import sys, torch, rnnviz
from torch import nn
model = nn.GRU(2, 3)
optimiser = torch.optim.SGD(model.parameters(), 0.1)
monitor = rnnviz.Monitor(sys.argv[1], model, every=1)
while True:
    with monitor:
        model(torch.ones(4, 1, 2))[0].sum().backward()
    optimiser.step()
"""


def test_a_run_is_read_while_it_is_written_and_survives_a_kill(run, tmp_path):
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, tmp_path / "a"])
    try:
        until((tmp_path / "a" / "run.jsonl").exists)
        until(lambda: (tmp_path / "a" / "run.jsonl").read_bytes().count(b"\n") > 2)
        reading = Run(tmp_path / "a")
        assert reading.is_written and reading.name == "a"
        before = len(reading.moments)
        until(lambda: reading.refresh() and len(reading.moments) > before)
        with pytest.raises(BlockingIOError, match="by another process"):
            run(nn.GRU(2, 3))
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)
    reading.refresh()
    whole = Run(tmp_path / "a")
    assert (
        [m["step"] for m in whole.moments]
        == [m["step"] for m in reading.moments]
        == list(range(len(whole.moments)))
    )
    assert whole.unread == 0
    run(nn.GRU(2, 3), resume=True)  # what a kill has left behind locks nobody out


def test_a_file_that_is_begun_anew_is_read_anew_and_a_deleted_one_is_said(run, tmp_path):
    first = run(Model(), every=1)
    trained(first.model, 3, first)
    first.close()
    reading = Run(tmp_path / "a")
    path = tmp_path / "a" / "run.jsonl"
    path.unlink()
    with pytest.raises(FileNotFoundError, match="is not there"):
        reading.refresh()
    second = run(Model(), every=1)
    trained(second.model, 1, second)
    second.close()
    assert reading.refresh() and len(reading.moments) == 1
    assert not reading.refresh()


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "its first line is not whole"),
        (b'{"format": "rnnviz run 1"', "its first line is not whole"),
        (b'{"format": "rnnviz run 2"}\n', "it says 'rnnviz run 2'"),
        (b"\x00\xff\n", "not a run that this rnnviz reads"),
        (b"[" * 100_000 + b"\n", "not a run that this rnnviz reads"),
    ],
)
def test_what_is_no_run_is_said(tmp_path, raw, says):
    (tmp_path / "run.jsonl").write_bytes(raw)
    with pytest.raises(ValueError, match=says):
        Run(tmp_path)


def test_lines_that_are_none_are_counted_and_odd_ones_give_no_numbers(tmp_path):
    lines = [
        '{"format": "rnnviz run 1"}',
        "nonsense",
        '{"step": -1, "modules": {}}',
        '{"step": 1, "modules": {"rnn": {"layer": [0], "direction": ["forward"], "distance": [0, "x", -3, 1e99]}}}',
        '{"step": 2, "loss": "many", "modules": {"rnn": {"layer": [0], "direction": ["forward"], "distance": [0],'
        ' "total": [[[1, 2]]], "gates": {"a": 3}, "parts": ["b"], "spectral_norm": [[["x"]]]}}}',
        '{"step": 3, "modules": {"rnn": 7}}',
        '{"step": 3, "logged": {"<b>": "many"}}',
    ]
    (tmp_path / "run.jsonl").write_text("\n".join(lines) + "\n")
    kept = Run(tmp_path)
    assert kept.unread == 2 and len(kept.moments) == 3
    assert np.isnan(numbers(kept)["loss"].values).all()
    found = layers(kept, "rnn")
    assert found.sizes["update"] == 2 and all(np.isnan(found[name].values).all() for name in found)
    with pytest.raises(KeyError, match="keeps nothing of 'other'; it has rnn"):
        layers(kept, "other")
    assert arrays.modules(kept) == ["rnn"]


def test_without_the_package_of_the_event_files_nothing_is_left_behind(run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ModuleNotFoundError, match="pip install tensorboard"):
        run(Model(), tensorboard=True)
    assert not (tmp_path / "a").exists()
    run(Model())


def test_where_the_disk_is_full_the_training_goes_on_without(run, tmp_path):
    torch.manual_seed(0)
    model = Model()
    monitor = run(model, every=1)
    size = (tmp_path / "a" / "run.jsonl").stat().st_size
    with full_disk(size), pytest.warns(RuntimeWarning, match="nothing more is kept of this training"):
        trained(model, 3, monitor)
    assert monitor.step == 3 and not (tmp_path / "a" / "writing").exists()
    monitor.log(validation=1.0)
    run(model, resume=True)  # the folder is free for another


def test_a_monitor_that_is_closed_in_its_own_block_leaves_nothing_on(run):
    model = Model()
    monitor = run(model, every=1)
    depth = torch._C._len_torch_function_stack()
    with monitor:
        monitor.close()
    assert torch._C._len_torch_function_stack() == depth


def test_runs_are_found_below_a_folder(run, tmp_path):
    for name in ("x/a", "x/b", "x/y/c"):
        run(Model(), folder=name)
    (tmp_path / "x" / "d").mkdir()
    assert [path.parent.name for path in found(tmp_path / "x")] == ["a", "b", "c"]
    assert found(tmp_path / "x" / "d") == []


def test_distances_are_all_or_the_nearest_and_ever_fewer():
    assert distances(5).tolist() == [0, 1, 2, 3, 4]
    many = distances(100_000)
    assert len(many) <= MOST_DISTANCES and many[0] == 0 and many[-1] == 99_999
    assert (np.diff(many) > 0).all() and (np.diff(many)[:255] == 1).all()


def test_a_long_sequence_is_kept_at_some_of_its_distances(run, tmp_path):
    model = nn.RNN(1, 2)
    monitor = run(model)
    with monitor:
        model(torch.randn(700, 1, 1))[0].sum().backward()
    monitor.close()
    assert layers(Run(tmp_path / "a"), "rnn")["distance"].values[-1] == 699


def test_tensorboard_reads_the_same_numbers(run, tmp_path):
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    monitor = run(Model(), every=1, tensorboard=True)
    trained(monitor.model, 2, monitor)
    monitor.log(validation=2.0)
    monitor.close()
    theirs = events.EventAccumulator(str(tmp_path / "a"))
    theirs.Reload()
    kept = Run(tmp_path / "a")
    losses = [event.value for event in theirs.Scalars("loss")]
    np.testing.assert_allclose(losses, numbers(kept)["loss"].dropna("update").values, rtol=1e-6)
    radius = [event.value for event in theirs.Scalars("rnn/0/forward/spectral_radius/forget_gate")]
    want = layers(kept, "rnn")["spectral_radius"].sel(part="forget_gate").values[:, 0, 0]
    np.testing.assert_allclose(radius, want, rtol=1e-6)
    assert os.listdir(tmp_path / "a") != ["run.jsonl"]
