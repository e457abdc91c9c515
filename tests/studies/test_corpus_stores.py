"""Stores that were moved, copied in part, written over or filled a disk: one line each, and never a corpus that is not one."""

import errno
import json
import shutil

import pytest
import safetensors.torch

from rnnviz import corpus
from rnnviz.cli import main
from rnnviz.studies.corpus import recording, store
from rnnviz.told import Told
from tests.studies.test_corpus import TEXTS, contents, model, small

__all__ = ["small"]


@pytest.fixture
def half(tmp_path, small):
    """A store that is cut short within its last text."""

    def stop(done, _steps):
        if done > 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        corpus.record(model(), TEXTS, tmp_path / "s.zarr", cut=7, progress=stop)
    return tmp_path / "s.zarr"


@pytest.mark.parametrize("gone", ["moved", "deleted"])
def test_a_store_that_goes_while_it_is_recorded_is_not_made_again(tmp_path, small, gone):
    out = tmp_path / "s.zarr"

    def go(done, _steps):
        if done > 20 and out.exists():
            out.rename(tmp_path / "elsewhere") if gone == "moved" else shutil.rmtree(out)

    with pytest.raises(Told, match=r"s\.zarr was moved or deleted while it was recorded: put it back"):
        corpus.record(model(), TEXTS, out, cut=7, progress=go)
    assert not out.exists()
    if gone == "moved":
        (tmp_path / "elsewhere").rename(out)
    own = corpus.record(model(), TEXTS, out, cut=7)
    whole = corpus.record(model(), TEXTS, tmp_path / "whole.zarr", cut=7)
    assert contents(own.path) == contents(whole.path)


def test_a_disk_that_is_full_on_the_way_is_said_and_it_goes_on(tmp_path, small, monkeypatch):
    put, count = store.Array.put, []

    def full(self, first, values):
        count.append(first)
        if len(count) == 9:
            raise OSError(errno.ENOSPC, "No space left on device")
        put(self, first, values)

    monkeypatch.setattr(store.Array, "put", full)
    with pytest.raises(Told, match=r"s\.zarr: the disk is full; free some of it, and record it again"):
        corpus.record(model(), TEXTS, tmp_path / "s.zarr", cut=7)
    own = corpus.record(model(), TEXTS, tmp_path / "s.zarr", cut=7)
    whole = corpus.record(model(), TEXTS, tmp_path / "whole.zarr", cut=7)
    assert contents(own.path) == contents(whole.path)


@pytest.mark.parametrize(
    "said",
    [
        "[]",
        '{"done": ["a"], "at": {}}',
        '{"done": [0, 99], "at": {}}',
        '{"done": [0], "at": {"99": 5}}',
        '{"done": [0], "at": {"0": -5}}',
        '{"done": [0], "at": {"0": 5000}}',
        '{"done": [1], "at": {"0": 5}}',
    ],
)
def test_a_file_of_what_is_left_that_makes_no_sense_is_damaged(half, said):
    (half / recording.GOING).write_bytes(safetensors.torch.save({}, {"standing": said}))
    with pytest.raises(Told, match=r"going\.safetensors is not as rnnviz writes it: record the corpus again"):
        corpus.record(model(), TEXTS, half, cut=7)


def test_a_copy_that_was_broken_off_is_not_opened(tmp_path, small, capsys):
    own = corpus.record(model(), TEXTS, tmp_path / "s.zarr")
    (own.path / "rnn/layer_0/hidden/c/3/0").unlink()
    said = r"rnn/layer_0/hidden is not there, or was cut short"
    with pytest.raises(Told, match=said):
        corpus.Corpus.open(own.path)
    with pytest.raises(Told, match=said):
        corpus.record(model(), TEXTS, own.path)
    assert main(["units", str(own.path)]) == 2
    assert "delete it and record it anew" in capsys.readouterr().err


CHANGES = {
    "steps": [("steps", "many"), ("steps", float("inf")), ("steps", -3), ("steps", None)],
    "places": [
        ("places", None),
        ("places", [1]),
        ("places", "rnn"),
        ("places", ["../s.zarr/rnn/layer_0/hidden"]),
    ],
    "rest": [("joint", None), ("outputs", "x"), ("outputs", float("inf"))],
}


@pytest.mark.parametrize(("name", "value"), [pair for pairs in CHANGES.values() for pair in pairs])
def test_attributes_that_make_no_sense_are_one_line(tmp_path, name, value):
    own = corpus.record(model(), TEXTS, tmp_path / "s.zarr")
    described = json.loads((own.path / store.META).read_text("utf-8"))
    described["attributes"][name] = value
    (own.path / store.META).write_text(json.dumps(described), "utf-8")
    with pytest.raises(Told, match="is not as rnnviz writes it|is not there"):
        corpus.Corpus.open(own.path)


def test_a_store_that_does_not_say_it_is_whole_is_half_written(half):
    described = json.loads((half / store.META).read_text("utf-8"))
    del described["attributes"]["complete"]
    (half / store.META).write_text(json.dumps(described), "utf-8")
    with pytest.raises(Told, match="is half written: record it again"):
        corpus.Corpus.open(half)
    assert corpus.record(model(), TEXTS, half, cut=7).steps == 96


@pytest.mark.parametrize(("field", "value"), [("attributes", {"scale_factor": "x"}), ("attributes", [])])
def test_an_array_that_makes_no_sense_is_one_line(tmp_path, field, value):
    own = corpus.record(model(), TEXTS, tmp_path / "s.zarr")
    path = own.path / "rnn/layer_0/hidden" / store.META
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {field: value}), "utf-8")
    with pytest.raises(Told, match="is not as rnnviz writes it"):
        corpus.Corpus.open(own.path)
