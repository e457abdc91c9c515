"""LSTMVis's own folders as corpora: the numbers and words of its files, searched as any other; and hostile ones refused."""

import os

import h5py
import numpy as np
import pytest

from rnnviz import corpus
from rnnviz.cli import main
from rnnviz.studies.corpus import store
from rnnviz.told import Told
from tests.studies.test_corpus import contents, stored

pytest.importorskip("yaml")

# as its README has it: the tabs, the comments, and `word_sequence` that calls train.h5 by its name without the ending
CONFIG = """\
name: children books  # project name
description: children book texts from the Gutenberg project # little description

files: # assign files to reference name
  states: cbt_epoch10.h5 # HDF5 files have to end with .h5 or .hdf5 !!!
  word_ids: train.h5
  words: words.dict # dict files have to end with .dict !!

word_sequence: # defines the word sequence
  file: train # HDF5 file
  path: word_ids # path to table in HDF5
  dict_file: words # dictionary to map IDs from HDF5 to words

states: # section to define which states of your model you want to look at
  file: states # HDF5 files containing the state for each position
  types: [
  \t{type: state, layer: 1, path: states1}, # type={state, output}, layer=[1..x], path = HDF5 path
\t{type: state, layer: 2, path: states2},
  \t{type: output, layer: 2, path: output2}
  ]
"""
WORDS = ("the cat sees the dog </s> the dog sees the cat </s> " * 4 + "<unk> sees").split()
NUMBERS = {word: number for number, word in enumerate(dict.fromkeys(WORDS), 1)}  # from 1, as Lua counts
random = np.random.default_rng(0)
STATES = {name: random.standard_normal((48, 5), np.float32) for name in ("states1", "states2", "output2")}


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "book"
    path.mkdir()
    (path / "lstm.yml").write_text(CONFIG, "utf-8")
    (path / "words.dict").write_text(
        "".join(f"{word} {number}\n" for word, number in NUMBERS.items()), "utf-8"
    )
    with h5py.File(path / "train.h5", "w") as file:
        file["word_ids"] = np.array([NUMBERS[word] for word in WORDS])  # two more than there are states
    with h5py.File(path / "cbt_epoch10.h5", "w") as file:
        for name, values in STATES.items():
            file[name] = values
    return path


PLACES = {"lstm/layer_0/cell": "states1", "lstm/layer_1/cell": "states2", "lstm/layer_1/hidden": "output2"}


def test_the_numbers_and_words_are_those_of_its_files(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "STEPS", 20)
    told = []
    own = corpus.from_lstmvis(folder, tmp_path / "s.zarr", lambda *at: told.append(at))
    assert told == [(20, 48), (40, 48), (48, 48)]
    assert list(own.arrays) == list(PLACES)
    for place, name in PLACES.items():
        np.testing.assert_array_equal(stored(own.path, place), STATES[name])
    assert own.text(0, 12) == "the cat sees the dog </s> the dog sees the cat </s>"
    assert own.model == own.names[0] == "children books" and own.steps == 48


def test_searches_find_what_a_loop_over_its_arrays_finds(folder, tmp_path):
    own = corpus.from_lstmvis(folder, tmp_path / "s.zarr")
    found = corpus.match(own, corpus.Pattern(on=(2,), threshold=0.3, place="lstm/layer_1/cell"))
    on = STATES["states2"][:, 2] >= 0.3
    begins = [n for n in range(48) if on[n] and (n == 0 or not on[n - 1])]
    assert sorted(found.starts.tolist()) == begins
    near = corpus.nearest(own, 3, 4, "euclid", place="lstm/layer_0/cell")
    away = np.linalg.norm(STATES["states1"].astype(float) - STATES["states1"][3], axis=1)
    assert set(near.steps.tolist()) == set(np.argsort(away)[1:5].tolist())


def test_the_commands_take_a_folder_and_then_its_store(folder, tmp_path, capsys):
    out = str(tmp_path / "s.zarr")
    assert main(["corpus", "--lstmvis", str(folder), "--out", out]) == 0
    said = capsys.readouterr().out
    assert said.endswith(f"{out}: 48 steps, {', '.join(PLACES)}\n")
    assert main(["units", out, "--regex", "the"]) == 0
    assert "lstm/layer_1/hidden" in capsys.readouterr().out
    assert main(["units", out, "--unit", "3", "--place", "lstm/layer_0/cell"]) == 0
    assert "lstm/layer_0/cell 3" in capsys.readouterr().out


def test_characters_and_blanks_are_words_too(folder, tmp_path):
    (folder / "words.dict").write_text("a 1\n  2\nb 3\n\x0b 4\nd 5\ne 6\nf 7\n", "utf-8")
    own = corpus.from_lstmvis(folder, tmp_path / "s.zarr")
    assert own.text(0, 6) == "a ba\x0bd"


def test_a_layer_may_be_there_twice_and_in_another_file(folder, tmp_path):
    text = CONFIG.replace("files:", "files:\n  more: more.hdf5").replace(
        "path: states2}", "path: one/two, file: more, transform: none}"
    )
    (folder / "lstm.yml").unlink()
    (folder / "lstm.yaml").write_text(text.replace("layer: 2", "layer: 1"), "utf-8")
    values = random.standard_normal((48, 3))
    with h5py.File(folder / "more.hdf5", "w") as file:
        file.create_dataset("one/two", data=values, compression="gzip", chunks=(4, 3))
    own = corpus.from_lstmvis(folder, tmp_path / "s.zarr")
    assert list(own.arrays) == ["lstm/layer_0/cell", "lstm_2/layer_0/cell", "lstm/layer_0/hidden"]
    np.testing.assert_array_equal(stored(own.path, "lstm_2/layer_0/cell"), values.astype(np.float32))


def test_what_was_cut_short_is_written_anew_and_what_is_whole_is_opened(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "STEPS", 20)

    def stop(_done, _steps):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        corpus.from_lstmvis(folder, tmp_path / "s.zarr", stop)
    with pytest.raises(Told, match="half written"):
        corpus.Corpus.open(tmp_path / "s.zarr")
    corpus.from_lstmvis(folder, tmp_path / "s.zarr")
    before = contents(tmp_path / "s.zarr")
    corpus.from_lstmvis(folder, tmp_path / "s.zarr", lambda *_: pytest.fail("it is whole"))
    assert contents(tmp_path / "s.zarr") == before
    os.utime(folder / "cbt_epoch10.h5", (1, 1))
    with pytest.raises(Told, match="holds states of another model"):
        corpus.from_lstmvis(folder, tmp_path / "s.zarr")


def config(old, new):
    return lambda folder: (folder / "lstm.yml").write_text(CONFIG.replace(old, new), "utf-8")


def text(name, content):
    return lambda folder: (folder / name).write_bytes(content)


def array(file, name, values):
    def put(folder):
        with h5py.File(folder / file, "a") as opened:
            del opened[name]
            opened[name] = values

    return put


def elsewhere(folder):
    with h5py.File(folder / "cbt_epoch10.h5", "a") as file:
        del file["states1"]
        file["states1"] = h5py.ExternalLink("/etc/other.h5", "/states1")


def huge(folder):
    with h5py.File(folder / "cbt_epoch10.h5", "a") as file:
        del file["states1"]
        file.create_dataset("states1", (10**9, 10**4), "f4", chunks=(1000, 10), compression="gzip")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda folder: (folder / "lstm.yml").unlink(), "has no lstm.yml: name a folder of LSTMVis's"),
        (text("lstm.yml", b"{"), "lstm.yml is no YAML"),
        (text("lstm.yml", b"[" * 5000), "lstm.yml is no YAML"),
        (text("lstm.yml", b"\xff\xfe\xff"), "lstm.yml is no YAML"),
        (text("lstm.yml", b"- a"), "holds no fields"),
        (text("lstm.yml", b"a: &a [1]\nb: [*a, *a]"), r"repeats parts by \*alias"),
        (text("lstm.yml", b"!!python/object/apply:os.system ['true']"), "lstm.yml is no YAML"),
        (text("lstm.yml", b"a: b\n" * 20_000), "has 100,000 bytes; at most 65,536"),
        (config("files:", "fails:"), "has no files with fields below it"),
        (config("file: states", "file: other"), "states: file is other, which `files` does not list"),
        (config("train.h5", "../train.h5"), "names ../train.h5, outside its folder"),
        (config("train.h5", "/etc/passwd"), "which `files` does not list|outside its folder"),
        (config("cbt_epoch10.h5", "cbt.h5"), "cbt.h5 is not there, which lstm.yml names"),
        (config("path: states1", "path: states9"), "cbt_epoch10.h5 has no array states9"),
        (config("path: states1", "path: [1]"), "has no array"),
        (
            config("type: state, layer: 1", "type: state, layer: 0"),
            "entry 1 of states is of type state, layer 0",
        ),
        (config("type: output", "type: gate"), "entry 3 of states is of type gate"),
        (config("types: [", "types: [1,"), "entry 1 of states is no list of fields"),
        (
            text("cbt_epoch10.h5", b"nothing of the sort"),
            "cbt_epoch10.h5 cannot be read: no netCDF or HDF5 file",
        ),
        (text("cbt_epoch10.h5", b""), "cbt_epoch10.h5 cannot be read"),
        (elsewhere, "cannot be read: .*ExternalLink"),
        (huge, "claim more than"),
        (array("cbt_epoch10.h5", "states1", np.zeros(48)), "wanted numbers, steps by units"),
        (
            array("cbt_epoch10.h5", "states2", np.zeros((11, 5))),
            "states2 has 11 steps, and the one before it 48",
        ),
        (array("train.h5", "word_ids", np.ones((16, 3), int)), "wanted one number of a word for each step"),
        (array("train.h5", "word_ids", np.ones(11, int)), "48 steps of states, and 11 words"),
        (array("train.h5", "word_ids", np.full(48, 1.5)), "other than whole numbers"),
        (array("train.h5", "word_ids", np.full(48, np.nan)), "other than whole numbers"),
        (array("train.h5", "word_ids", np.full(48, 99)), "words.dict has no word of number 99"),
        (text("words.dict", b"the\n"), "words.dict, line 1: wanted a word and its number"),
        (text("words.dict", "고양이 1".encode("cp949")), "words.dict is not text in UTF-8"),
    ],
)
def test_a_folder_that_is_none_is_one_line_and_nothing_is_written(folder, tmp_path, capsys, change, words):
    change(folder)
    with pytest.raises(Told, match=words):
        corpus.from_lstmvis(folder, tmp_path / "s.zarr")
    assert main(["corpus", "--lstmvis", str(folder), "--out", str(tmp_path / "s.zarr")]) == 2
    err = capsys.readouterr().err
    assert err.splitlines()[-1].startswith("rnnviz: ") and "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["book"]


def test_a_folder_of_one_step_is_none(folder, tmp_path):
    for name in STATES:
        array("cbt_epoch10.h5", name, np.zeros((1, 5)))(folder)
    with pytest.raises(Told, match="children books has 1 token: give at least two"):
        corpus.from_lstmvis(folder, tmp_path / "s.zarr")


def test_what_goes_with_a_folder_is_said(folder, tmp_path, capsys):
    assert main(["corpus", "shakespeare-lstm", "--lstmvis", str(folder)]) == 2
    assert "--lstmvis goes with --out alone" in capsys.readouterr().err
    assert main(["corpus", "shakespeare-lstm"]) == 2
    assert "give a model and at least one file" in capsys.readouterr().err
