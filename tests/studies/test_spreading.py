"""Work spread over a Dask cluster: the same bytes and numbers as without, whoever is killed, and one line where it cannot be."""

import os
import signal
import threading

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

from rnnviz import corpus
from rnnviz.cli import main
from rnnviz.studies import comparing, live, spreading
from rnnviz.studies.comparing import Architecture, Setup
from rnnviz.studies.corpus import recording, store
from rnnviz.told import Told
from tests.studies.test_corpus import SENTENCES, TEXTS, Own, contents, model, small, words

distributed = pytest.importorskip("distributed")
__all__ = ["small"]
MIXED = [*TEXTS, *((f"long {n}", "abba cd\n" * (11 + n), "z") for n in range(3)), ("last", "ab", "")]


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as made:
        yield made


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def alone(tmp_path, small, one_thread):
    """The store as it is written without a cluster."""
    return corpus.record(model(), MIXED, tmp_path / "alone.zarr", cut=7)


def test_a_store_is_the_same_though_a_worker_is_killed_in_the_middle(tmp_path, alone, cluster):
    told = []

    def progress(done, steps):
        told.append(done)
        if done and not killed:
            killed.append(next(iter(cluster.workers.values())).pid)
            os.kill(killed[0], signal.SIGKILL)

    killed = []
    own = corpus.record(
        model(), MIXED, tmp_path / "s.zarr", cut=7, progress=progress, dask=cluster.scheduler_address
    )
    assert killed and contents(own.path) == contents(alone.path)
    assert told == sorted(told) and told[-1] == own.steps == alone.steps


@pytest.mark.parametrize("first", ["alone", "spread"])
def test_what_was_stopped_goes_on_with_or_without_a_cluster(tmp_path, alone, cluster, first):
    def stop(done, _steps):
        if done > 60:
            raise KeyboardInterrupt

    with distributed.Client(cluster, set_as_default=False) as client:
        asked = {"model": model(), "texts": MIXED, "out": tmp_path / "s.zarr", "cut": 7}
        with pytest.raises(KeyboardInterrupt):
            corpus.record(**asked, progress=stop, dask=client if first == "spread" else None)
        with pytest.raises(Told, match="half written"):
            corpus.Corpus.open(tmp_path / "s.zarr")
        told = []
        own = corpus.record(
            **asked,
            progress=lambda done, _steps: told.append(done),
            dask=None if first == "spread" else client,
        )
    assert contents(own.path) == contents(alone.path) and min(told) > 60


def rows():
    torch.manual_seed(0)
    network = nn.LSTM(1, 3, batch_first=True)
    return live.Live(
        network, lambda rows: torch.tensor(rows, dtype=torch.float32)[None], "1\n2", "series", rows=True
    )


SERIES = [("a", "\n".join(str(n % 7) for n in range(40))), ("b", "1\n2\n3"), ("c", "4\n5\n6\n7")]


@pytest.mark.parametrize(("made", "texts"), [(lambda: words(Own()), SENTENCES), (rows, SERIES)])
def test_models_of_ones_own_are_spread_with_what_they_are_made_of(
    tmp_path, small, one_thread, cluster, monkeypatch, made, texts
):
    monkeypatch.setattr(recording, "GATHERED", 6)
    one = made()
    whole = corpus.record(one, texts, tmp_path / "alone.zarr", cut=2)
    own = corpus.record(one, texts, tmp_path / "s.zarr", cut=2, dask=cluster.scheduler_address)
    assert contents(own.path) == contents(whole.path)


def test_what_a_worker_cannot_do_is_said_as_it_is_without_one(tmp_path, cluster):
    with pytest.raises(Told, match="cannot be carried on from cut to cut"):
        corpus.record(
            words(Own(bidirectional=True)),
            SENTENCES,
            tmp_path / "s.zarr",
            cut=3,
            dask=cluster.scheduler_address,
        )


def test_a_model_that_cannot_be_sent_is_said_and_nothing_is_written(tmp_path, cluster):
    lock = threading.Lock()
    one = live.Live(Own(), lambda text: torch.tensor([lock.locked() + 1 for _ in text]), "ab")
    with pytest.raises(Told, match="the model cannot be sent to workers: TypeError"):
        corpus.record(one, "to be", tmp_path / "s.zarr", dask=cluster.scheduler_address)
    assert not list(tmp_path.glob("s.zarr*"))


ROWS = (Architecture("rnn", units=3), Architecture("lstm", units=3, layers=2))


def test_a_comparison_has_the_same_numbers_bit_for_bit(cluster):
    setup = Setup(ROWS, steps=8, seeds=3, batch=2)
    told = []
    with distributed.Client(cluster, set_as_default=False) as client:
        spread = comparing.compare(setup, told.append, dask=client)
    xr.testing.assert_identical(spread, comparing.compare(setup))
    done = [at for at in told if at.measured is not None]
    assert [at.done for at in done] == [1, 2, 3, 4, 5, 6]
    assert {(at.measured.row, at.measured.seed) for at in done} == {(r, s) for r in (0, 1) for s in range(3)}


def test_commands_take_the_address_of_a_scheduler(tmp_path, cluster, capsys):
    address, text = cluster.scheduler_address, tmp_path / "a.txt"
    text.write_text("to be\nor not\n", "utf-8")
    asked = ["corpus", "shakespeare-lstm", str(text), "--by", "line", "--layers", "-1"]
    assert main([*asked, "--out", str(tmp_path / "a.zarr")]) == 0
    assert main([*asked, "--out", str(tmp_path / "s.zarr"), "--dask", address]) == 0
    assert store.attributes_of(tmp_path / "s.zarr") == store.attributes_of(tmp_path / "a.zarr")
    ours, theirs = (
        corpus.Corpus.open(tmp_path / name).values("rnn/layer_1/hidden", 0) for name in ("s.zarr", "a.zarr")
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
    rows = ["compare", "rnn,units=3", "lstm,units=3", "--steps", "6", "--seeds", "2", "--dynamics"]
    assert main([*rows, "--out", str(tmp_path / "a")]) == 0
    assert main([*rows, "--out", str(tmp_path / "s"), "--dask", address]) == 0
    for name in ("compare.csv", "curves.csv", "compare.html", "dynamics.nc", "compare.nc"):
        ours, theirs = ((tmp_path / folder / name).read_bytes() for folder in "sa")
        assert name.endswith((".nc", ".html")) or ours == theirs
    for name in ("compare.nc", "dynamics.nc"):
        with xr.open_dataset(tmp_path / "s" / name) as ours, xr.open_dataset(tmp_path / "a" / name) as theirs:
            xr.testing.assert_identical(ours.load(), theirs.load())


def test_ctrl_c_stops_a_comparison_on_a_cluster(tmp_path, cluster, capsys, monkeypatch):
    take = spreading.Spread.take

    def stopping(self):
        signal.raise_signal(signal.SIGINT)
        return take(self)

    monkeypatch.setattr(spreading.Spread, "take", stopping)
    asked = ["compare", "rnn,units=3", "--steps", "6", "--dask", cluster.scheduler_address]
    assert main([*asked, "--out", str(tmp_path / "out")]) == 1
    assert "stopped; nothing was written" in capsys.readouterr().out


# what cannot be used


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("here", "'here' is no address of a Dask scheduler; wanted one as tcp://127.0.0.1:8786"),
        (
            "tcp://127.0.0.1:1",
            "no Dask scheduler answers at tcp://127.0.0.1:1: start one with: dask scheduler",
        ),
    ],
)
def test_a_scheduler_that_is_none_is_one_line(tmp_path, capsys, monkeypatch, address, words):
    monkeypatch.setattr(spreading, "PATIENCE", 1)
    text = tmp_path / "a.txt"
    text.write_text("to be", "utf-8")
    out = str(tmp_path / "s.zarr")
    assert main(["corpus", "shakespeare-lstm", str(text), "--out", out, "--dask", address]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("rnnviz: ") and words in said and not list(tmp_path.glob("s.zarr*"))


def test_without_dask_the_extra_is_named(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert main(["compare", "rnn", "--dask", "tcp://127.0.0.1:8786", "--out", str(tmp_path / "out")]) == 2
    assert "distributed is not installed; get it with: pip install 'rnnviz[dask]'" in capsys.readouterr().err


class Answering:
    """A client whose workers answer so."""

    def __init__(self, workers, scheduler):
        self.workers, self.scheduler = workers, scheduler

    def wait_for_workers(self, _count, timeout):
        if not self.workers:
            raise TimeoutError

    def run(self, _function, _asked, on_error):
        return dict(self.workers)

    def run_on_scheduler(self, _function, _asked):
        if isinstance(self.scheduler, Exception):
            raise self.scheduler
        return self.scheduler


SAME = spreading.versions()
LACKS = ModuleNotFoundError("No module named 'rnnviz'", name="rnnviz")


@pytest.mark.parametrize(
    ("workers", "scheduler", "words"),
    [
        ({}, SAME, "the Dask cluster has no workers: start one with: dask worker"),
        ({"tcp://b:1": LACKS}, SAME, "the worker tcp://b:1 has no rnnviz: start it where that is installed"),
        ({"tcp://b:1": SAME}, LACKS, "the scheduler has no rnnviz"),
        ({"tcp://b:1": OSError("disk")}, SAME, "the worker tcp://b:1 cannot import rnnviz: OSError: disk"),
        ({"tcp://b:1": SAME | {"torch": "1.0"}}, SAME, "the worker tcp://b:1 has torch 1.0, and here is"),
    ],
)
def test_a_cluster_that_would_give_other_numbers_or_none_is_refused(workers, scheduler, words):
    with pytest.raises(Told, match=words):
        spreading._check(Answering(workers, scheduler))


def test_what_is_lost_again_and_again_is_one_line():
    killed = distributed.scheduler.KilledWorker("piece", None, 3)
    for problem, said in (
        (killed, "4 workers were lost over the same piece"),
        (distributed.CancelledError("piece"), "the Dask cluster is gone: start it again"),
        (ModuleNotFoundError("No module named 'mine'", name="mine"), "a worker has no mine"),
    ):
        with pytest.raises(Told, match=said), spreading._said():
            raise problem
