"""A corpus: its store holds what the model leaves behind, whatever cut it short, and says in one line what it cannot do."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr
import zarr
from torch import nn

from rnnviz import corpus
from rnnviz.models.networks import LanguageModel
from rnnviz.models.vocabularies import Vocabulary
from rnnviz.studies import live
from rnnviz.studies.corpus import material, recording, store
from rnnviz.told import Told

LETTERS = "abcde \n"
TEXTS = [("one", "abba abba\n" * 3, "x"), ("two", "cde", "y"), ("three", "ab\nde a" * 9, "x")]


def model(kind="lstm", seed=0, layers=2):
    torch.manual_seed(seed)
    vocabulary = Vocabulary.of(LETTERS)
    network = LanguageModel(kind, len(vocabulary), embedding=3, hidden=5, layers=layers)
    return live.language(network, vocabulary, f"tiny-{kind}", "ab")


def alone(one, text, layer=1, field="hidden"):
    """What the model leaves behind of one text, (step, unit), recorded by itself and in one go."""
    return one.read(text).subject.trace["rnn"][field].isel(layer=layer, direction=0, batch=0).values


def stored(path, place="rnn/layer_1/hidden"):
    """What zarr itself reads of a store."""
    return zarr.open(path, mode="r")[place][:]


@pytest.fixture
def small(monkeypatch):
    """Groups as of large corpora, of texts that the eye can follow."""
    monkeypatch.setattr(recording, "GATHERED", 20)
    monkeypatch.setattr(store, "STEPS", 16)


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("cut", [4, 7, 1000])
def test_the_states_are_those_of_each_text_read_in_one_go(tmp_path, small, kind, cut):
    one = model(kind)
    own = corpus.record(one, TEXTS, tmp_path / "s.zarr", cut=cut)
    for place, layer in (("rnn/layer_0/hidden", 0), ("rnn/layer_1/hidden", 1)):
        found = stored(own.path, place)
        assert found.dtype == np.float32
        expected = np.concatenate([alone(one, text, layer) for _name, text, _label in TEXTS])
        np.testing.assert_allclose(found, expected, atol=2e-6)
        ours = [own.values(place, number) for number in range(own.arrays[place].count)]
        np.testing.assert_array_equal(np.concatenate(ours, 1).T, found)


def test_cells_and_gates_are_kept_where_they_are_asked_for(tmp_path):
    one = model()
    corpus.record(one, TEXTS, tmp_path / "s.zarr", layers=[-1], fields=["cell", "forget_gate"])
    for field in ("cell", "forget_gate"):
        found = stored(tmp_path / "s.zarr", f"rnn/layer_1/{field}")
        np.testing.assert_allclose(found[:30], alone(one, TEXTS[0][1], 1, field), atol=2e-6)
    assert set(zarr.open(tmp_path / "s.zarr", mode="r")["rnn"].group_keys()) == {"layer_1"}


def test_xarray_reads_a_store_with_its_tokens_names_and_labels(tmp_path):
    corpus.record(model(), TEXTS, tmp_path / "s.zarr")
    with xr.open_datatree(tmp_path / "s.zarr", engine="zarr") as tree:
        words = tree["vocabulary"].values[tree["token"].values]
        assert "".join(words) == "".join(text for _name, text, _label in TEXTS)
        assert tree["start"].values.tolist() == [0, 30, 33] and tree["length"].values.tolist() == [30, 3, 63]
        assert tree["sequence"].values.tolist() == ["one", "two", "three"]
        assert tree["label"].values.tolist() == ["x", "y", "x"]
        assert tree["rnn/layer_1/hidden"].dims == ("step", "unit") and tree.attrs["complete"]
        assert tree.attrs["weights_sha256"] == material.weights_sha256(model())


def test_eight_bits_are_off_by_no_more_than_the_store_says(tmp_path):
    fields = ["hidden", "forget_gate", "cell"]
    exact = corpus.record(model(), TEXTS, tmp_path / "exact.zarr", fields=fields)
    rough = corpus.record(model(), TEXTS, tmp_path / "rough.zarr", fields=fields, bits=8)
    with xr.open_datatree(rough.path, engine="zarr") as tree:
        for field, most in (("hidden", 1 / 254), ("forget_gate", 1 / 510)):
            place = f"rnn/layer_1/{field}"
            assert tree[place].attrs["largest_error"] == pytest.approx(most)
            error = abs(tree[place].values - stored(exact.path, place))
            assert 0 < error.max() <= most + 1e-7
            np.testing.assert_allclose(rough.values(place, 0).T, tree[place].values, atol=1e-7)
        assert "rnn/layer_0/hidden: 0.00394" in tree.attrs["quantisation"]
    assert stored(rough.path, "rnn/layer_1/cell").dtype == np.float32  # no bounds: left as it is


def test_the_size_is_said_before_anything_is_written(tmp_path):
    text = "abcde a\n" * 2000
    size = corpus.size_of(model(), text, tmp_path, bits=8)
    assert not list(tmp_path.iterdir())
    own = corpus.record(model(), text, tmp_path / "s.zarr", bits=8)
    taken = sum(path.stat().st_size for path in own.path.rglob("*") if path.is_file())
    assert size.bytes * 0.6 < taken <= size.bytes and size.steps == own.steps == 16_000
    assert "16,000 steps in 1 sequence" in str(size) and "off by at most 0.0039" in str(size)
    assert corpus.size_of(model(), text, tmp_path).largest_error == 0


@pytest.mark.parametrize(
    ("count", "said"), [(12, "12 bytes"), (4_000, "4.0 kB"), (1.5e9, "1.5 GB"), (2e8, "200 MB")]
)
def test_bytes_are_written_as_one_reads_them(count, said):
    assert recording.readable(count) == said


def test_a_disk_that_is_too_small_is_said_and_nothing_is_written(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    with pytest.raises(Told, match=r"s\.zarr needs .* kB; 1\.0 kB are free there: keep fewer layers"):
        corpus.record(model(), TEXTS, tmp_path / "s.zarr")
    assert not list(tmp_path.iterdir())


# cut short

KILLED = """
import os, signal, sys, torch
torch.set_num_threads(1)
from rnnviz.studies.corpus import recording, store
from tests.studies.test_corpus import TEXTS, model
recording.GATHERED, store.STEPS = 20, 16
told = []
def progress(done, steps):
    told.append(done)
    if len(told) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
put, count = store.Array.put, []
def killing(self, first, values):
    put(self, first, values)
    count.append(first)
    if len(count) == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
store.Array.put = killing
recording.record(model(), TEXTS, sys.argv[1], cut=7, progress=progress)
"""


@pytest.mark.parametrize(
    ("told", "put", "left"), [(1, 0, 14), (3, 0, 12), (6, 0, 9), (0, 2, 15), (0, 5, 15), (0, 8, 13)]
)
def test_a_recording_that_was_killed_goes_on_and_gives_the_same_bytes(tmp_path, small, told, put, left):
    path = tmp_path / "s.zarr"
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(path), str(told), str(put)],
        cwd=root,
        timeout=300,
        capture_output=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    with pytest.raises(Told, match="half written|something else"):
        corpus.Corpus.open(path)
    seen = []
    corpus.record(model(), TEXTS, path, cut=7, progress=lambda done, _steps: seen.append(done))
    whole = []
    corpus.record(
        model(), TEXTS, tmp_path / "whole.zarr", cut=7, progress=lambda done, _steps: whole.append(done)
    )
    assert seen == whole[-left:] and len(whole) == 15
    assert contents(path) == contents(tmp_path / "whole.zarr")


def contents(path):
    return {str(p.relative_to(path)): p.read_bytes() for p in path.rglob("*") if p.is_file()}


def test_a_progress_that_raises_stops_and_the_same_call_goes_on(tmp_path, small):
    def stop(done, _steps):
        if done > 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        corpus.record(model(), TEXTS, tmp_path / "s.zarr", cut=7, progress=stop)
    seen = []
    own = corpus.record(
        model(), TEXTS, tmp_path / "s.zarr", cut=7, progress=lambda done, _steps: seen.append(done)
    )
    assert seen[0] > 40 and seen[-1] == own.steps == 96
    assert not (own.path / recording.GOING).exists()
    before = contents(own.path)
    corpus.record(model(), TEXTS, own.path, cut=7, progress=lambda *_: pytest.fail("it is whole"))
    assert contents(own.path) == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": model(seed=1)}, "holds states of another model"),
        ({"texts": TEXTS[:2]}, "holds states over other texts"),
        ({"fields": ["cell"]}, "holds other layers, fields, bits or cuts"),
        ({"bits": 8}, "holds other layers, fields, bits or cuts"),
        ({"cut": 3}, "holds other layers, fields, bits or cuts"),
        ({"resume": False}, "is there already"),
    ],
)
def test_a_folder_with_another_corpus_is_left_as_it_is(tmp_path, change, words):
    asked = {"model": model(), "texts": TEXTS, "out": tmp_path / "s.zarr"}
    corpus.record(**asked)
    before = contents(tmp_path)
    with pytest.raises(Told, match=words):
        corpus.record(**asked | change)
    assert contents(tmp_path) == before


def test_a_folder_with_something_else_is_left_as_it_is(tmp_path):
    (tmp_path / "thesis.txt").write_text("years")
    with pytest.raises(Told, match="holds something else than a corpus: name another folder"):
        corpus.record(model(), TEXTS, tmp_path)
    with pytest.raises(Told, match="holds something else than a corpus"):
        corpus.Corpus.open(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_store_of_another_model_is_not_opened_with_this_one(tmp_path):
    corpus.record(model(), TEXTS, tmp_path / "s.zarr")
    assert corpus.Corpus.open(tmp_path / "s.zarr", model()).steps == 96
    with pytest.raises(Told, match=r"holds states of another model, tiny-lstm"):
        corpus.Corpus.open(tmp_path / "s.zarr", model(seed=1))


def test_a_store_that_is_moved_or_cut_while_open_is_said_in_one_line(tmp_path):
    own = corpus.record(model(), TEXTS, tmp_path / "s.zarr")
    pattern = corpus.Pattern(on=(0,))
    file = own.path / "rnn/layer_1/hidden/c/0/0"
    os.truncate(file, 100)
    with pytest.raises(Told, match="is not there, or was cut short"):
        corpus.match(own, pattern)
    own.path.rename(tmp_path / "moved.zarr")
    with pytest.raises(Told, match="is not there, or was cut short"):
        corpus.match(own, pattern)
    with pytest.raises(Told, match="there is no corpus"):
        corpus.Corpus.open(own.path)


@pytest.mark.parametrize("name", ["zarr.json", "token/zarr.json", "token/c/0", "vocabulary/c/0", "start/c/0"])
@pytest.mark.parametrize("damage", [b"", b"{", b"{}", b"\xff" * 40])
def test_a_store_that_is_damaged_is_said_in_one_line(tmp_path, name, damage):
    own = corpus.record(model(), TEXTS, tmp_path / "s.zarr")
    (own.path / name).write_bytes(damage)
    with pytest.raises(Told):
        corpus.Corpus.open(own.path)


# what a corpus is made of


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ([], "the corpus is empty"),
        ("", "1 is empty"),
        ([("a", "abc"), ("b", "")], "b is empty"),
        ([("a", "a")], "a has 1 token: give at least two"),
    ],
)
def test_texts_that_are_none_are_said_in_one_line(tmp_path, texts, words):
    with pytest.raises(Told, match=words):
        corpus.record(model(), texts, tmp_path / "s.zarr")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"fields": ["hiden"]}, "'hiden' is no field of a trace; wanted some of hidden, candidate, cell"),
        ({"fields": ["reset_gate"]}, "tiny-lstm has no reset_gate at each step"),
        ({"layers": [2]}, "layer 2 is not there; rnn has 2"),
        ({"layers": []}, "nothing is to be kept: name at least one layer"),
        ({"bits": 4}, "bits must be 32 or 8; got 4"),
        ({"cut": 0}, "cut must be at least 1 step; got 0"),
    ],
)
def test_what_cannot_be_kept_is_said_in_one_line(tmp_path, asked, words):
    with pytest.raises(Told, match=words):
        corpus.record(model(), TEXTS, tmp_path / "s.zarr", **asked)
    assert not list(tmp_path.iterdir())


def test_what_the_model_does_not_know_is_kept_as_it_was_and_counted(tmp_path):
    own = corpus.record(model(), "abЖЖ가", tmp_path / "s.zarr")
    assert own.text(0, 5) == "abЖЖ가" and own.outputs == 8
    assert store.attributes_of(own.path)["unknown"] == 3
    np.testing.assert_allclose(stored(own.path), alone(model(), "abЖЖ가"), atol=2e-6)


class Own(nn.Module):
    """A model of somebody's own: a GRU, time first, over words; `start` is a state that it is given."""

    def __init__(self, bidirectional=False, start=None):
        super().__init__()
        torch.manual_seed(0)
        self.embedding = nn.Embedding(10, 3)
        self.gru = nn.GRU(3, 4, bidirectional=bidirectional)
        self.start = start

    def forward(self, ids):
        first = None if self.start is None else torch.full((1, 1, 4), self.start)
        return self.gru(self.embedding(ids)[:, None], first)[0]


def words(network):
    def encode(text):
        return torch.tensor([len(word) for word in text.split(" ")])

    return live.Live(network, encode, "to be", "own", steps=lambda text: text.split(" "), joint=" ")


SENTENCES = ["to be or not to be", "that is the question whether", "it is nobler in the mind to suffer"]


@pytest.mark.parametrize("start", [None, 0.0])
def test_a_model_of_ones_own_is_carried_on_from_cut_to_cut(tmp_path, small, start):
    one = words(Own(start=start))
    own = corpus.record(one, SENTENCES, tmp_path / "s.zarr", cut=2)
    expected = [one.read(text).subject.trace["gru"]["hidden"].values[0, 0, 0] for text in SENTENCES]
    np.testing.assert_allclose(stored(own.path, "gru/layer_0/hidden"), np.concatenate(expected), atol=2e-6)
    assert own.names == ("1", "2", "3") and own.text(0, 2) == "to be"


def test_long_texts_of_a_model_that_reads_one_at_a_time_go_on_after_a_stop(tmp_path, small, monkeypatch):
    monkeypatch.setattr(recording, "GATHERED", 3)
    one, seen = words(Own()), []

    def stop(done, _steps):
        seen.append(done)
        if len(seen) % 2:
            raise KeyboardInterrupt

    for _ in range(20):
        try:
            own = corpus.record(one, SENTENCES, tmp_path / "s.zarr", cut=2, progress=stop)
            break
        except KeyboardInterrupt:
            continue
    expected = [one.read(text).subject.trace["gru"]["hidden"].values[0, 0, 0] for text in SENTENCES]
    np.testing.assert_allclose(stored(own.path, "gru/layer_0/hidden"), np.concatenate(expected), atol=2e-6)
    assert sorted(seen) == seen and len(set(seen)) == len(seen)  # nothing was read twice


def test_both_directions_are_kept_of_a_text_that_is_not_cut(tmp_path):
    one = words(Own(bidirectional=True))
    own = corpus.record(one, SENTENCES, tmp_path / "s.zarr")
    assert list(own.arrays) == ["gru/layer_0/hidden", "gru/layer_0_backward/hidden"]
    expected = one.read(SENTENCES[0]).subject.trace["gru"]["hidden"].values[0, 1, 0]
    np.testing.assert_allclose(stored(own.path, "gru/layer_0_backward/hidden")[:6], expected, atol=2e-6)


class OverCells(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.cell = nn.Embedding(10, 3), nn.GRUCell(3, 4)

    def forward(self, ids):
        state = None
        for each in self.embedding(ids):
            state = self.cell(each[None], state)
        return state


@pytest.mark.parametrize("network", [Own(bidirectional=True), Own(start=0.5), OverCells()])
def test_a_state_that_cannot_be_carried_on_is_said_and_a_longer_cut_helps(tmp_path, network):
    with pytest.raises(Told, match="cannot be carried on from cut to cut"):
        corpus.record(words(network), SENTENCES, tmp_path / "s.zarr", cut=3)
    shutil.rmtree(tmp_path / "s.zarr", ignore_errors=True)
    assert corpus.record(words(network), SENTENCES, tmp_path / "s.zarr", cut=8).steps == 19


def test_a_series_of_numbers_is_a_corpus_too(tmp_path):
    torch.manual_seed(0)
    network = nn.LSTM(1, 3, batch_first=True)
    one = live.Live(
        network, lambda rows: torch.tensor(rows, dtype=torch.float32)[None], "1\n2", "series", rows=True
    )
    table = "\n".join(str(n % 7) for n in range(40))
    own = corpus.record(one, [("a", table), ("b", "1\n2\n3")], tmp_path / "s.zarr", cut=9)
    found = stored(own.path, "lstm/layer_0/hidden")
    expected = one.read(table).subject.trace["lstm"]["hidden"].values[0, 0, 0]
    np.testing.assert_allclose(found[:40], expected, atol=2e-6)
    assert own.starts.tolist() == [0, 40, 43]


def test_two_recordings_do_not_write_one_store(tmp_path):
    def again(_done, _steps):
        corpus.record(model(), TEXTS, tmp_path / "s.zarr")

    with pytest.raises(BlockingIOError, match="by another process"):
        corpus.record(model(), TEXTS, tmp_path / "s.zarr", progress=again)


def test_what_a_killed_process_left_behind_is_cleared_away_and_what_a_living_one_has_is_not(
    tmp_path, monkeypatch
):
    program = """
import os, signal, sys, tempfile
tempfile.tempdir = sys.argv[1]
from rnnviz.studies.corpus import store
folder = store.passing("rnnviz-test-")
(folder / "states").mkdir()
print(folder, flush=True)
sys.stdin.read()
os.kill(os.getpid(), signal.SIGKILL)
"""
    root = Path(__file__).resolve().parents[2]
    told = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": root}
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], **told) as process:
        other = Path(process.stdout.readline().strip())
        mine = store.passing("rnnviz-test-")
        assert other.is_dir() and mine.is_dir() and mine != other
    assert process.returncode == -signal.SIGKILL
    another = store.passing("rnnviz-test-")
    assert not other.exists() and mine.is_dir() and another.is_dir()
