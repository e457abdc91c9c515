"""rnnviz corpus: a store from a model and texts, sizes first, and one line where something is wrong."""

import signal

import numpy as np
import pytest

from rnnviz import corpus
from rnnviz.cli import main
from rnnviz.studies import live
from rnnviz.studies.corpus import recording


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("To be, or not to be\nthat is the question\n\nWhether\n", "utf-8")
    return path


def test_a_store_is_written_and_its_size_said_first(tmp_path, text, capsys):
    out = tmp_path / "states.zarr"
    assert main(["corpus", "shakespeare-lstm", str(text), "--out", str(out), "--layers", "-1"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert "50 steps in 1 sequence: " in said[0] and "are free" in said[0]
    assert said[-1] == f"{out}: 50 steps, rnn/layer_1/hidden"
    own = corpus.Corpus.open(out, live.shipped("shakespeare-lstm"))
    hidden = live.shipped("shakespeare-lstm").read(text.read_text()).subject.trace["rnn"]["hidden"]
    np.testing.assert_allclose(
        own.values("rnn/layer_1/hidden", 0).T, hidden.isel(layer=1, direction=0, batch=0), atol=1e-5
    )
    assert own.names == ("text.txt",)


def test_the_text_that_comes_along_takes_the_place_of_files(tmp_path, text, capsys):
    out = tmp_path / "own.zarr"
    asked = ["corpus", "korean-lstm", "--held-out", "--out", str(out), "--layers", "0", "--bits", "8"]
    assert main(asked) == 0
    own = corpus.Corpus.open(out)
    assert own.names == tuple(name for name, _text in corpus.held_out.shipped("korean-lstm"))
    for wrong in ([*asked[:2], str(text), *asked[2:]], ["corpus", "korean-lstm", "--out", str(out)]):
        assert main(wrong) and "or --held-out and none" in capsys.readouterr().err


def test_lines_may_be_sequences_with_labels(tmp_path, capsys):
    path = tmp_path / "lines.txt"
    path.write_text("good\tso it is\n\nbad\tnot so\n", "utf-8")
    out = str(tmp_path / "s.zarr")
    asked = ["corpus", "shakespeare-lstm", str(path), "--out", out, "--by", "line", "--labels"]
    assert main([*asked, "--fields", "hidden, cell", "--bits", "8"]) == 0
    own = corpus.Corpus.open(out)
    assert own.labels == ("good", "bad") and own.names == ("lines.txt:1", "lines.txt:3")
    assert own.text(0, own.steps) == "so it isnot so" and own.starts.tolist() == [0, 8, 14]
    assert "rnn/layer_0/cell" in own.arrays and own.arrays["rnn/layer_0/hidden"].kind == np.int8


def test_ctrl_c_stops_and_the_same_command_goes_on(tmp_path, text, capsys, monkeypatch):
    put, count = recording._going_on, []

    def stopping(*given):
        put(*given)
        count.append(given)
        if len(count) == 2:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(recording, "_going_on", stopping)
    monkeypatch.setattr(recording, "GATHERED", 10)
    asked = ["corpus", "shakespeare-lstm", str(text), "--out", str(tmp_path / "s.zarr"), "--cut", "10"]
    assert main(asked) == 1
    assert "stopped after 20 of 50 steps; the same command goes on" in capsys.readouterr().out
    assert main(asked) == 0 and corpus.Corpus.open(tmp_path / "s.zarr").steps == 50
    assert len(count) == 5  # five cuts: none was read twice


@pytest.mark.parametrize(
    ("content", "more", "words"),
    [
        ("가나다라".encode("cp949"), [], "text.txt is not text in UTF-8: save it as UTF-8"),
        (b"", [], "text.txt is empty: give a text of at least two tokens"),
        (b"a", [], "text.txt has 1 token: give at least two"),
        (b"ab", ["--layers", "x"], "--layers takes numbers parted by commas, as 0,1 or -1; got 'x'"),
        (b"ab", ["--layers", "7"], "layer 7 is not there; rnn has 2"),
        (b"ab", ["--fields", "sense"], "'sense' is no field of a trace"),
        (b"ab", ["--bits", "5"], "bits must be 32 or 8; got 5"),
        (b"ab", ["--cut", "0"], "cut must be at least 1 step; got 0"),
        (b"ab", ["--labels"], "--labels needs --by line"),
        (b"ab", ["--by", "line", "--labels"], "text.txt, line 1 has no tab"),
        (b"\n\n", ["--by", "line"], "the corpus is empty: give at least one text"),
        (b"ab", ["other.txt"], "No such file"),
    ],
)
def test_what_is_wrong_is_one_line_and_nothing_is_written(tmp_path, text, capsys, content, more, words):
    text.write_bytes(content)
    asked = ["corpus", "shakespeare-lstm", str(text), *more, "--out", str(tmp_path / "s.zarr")]
    assert main(asked) == 2
    err = capsys.readouterr().err
    line = err.splitlines()[-1]
    assert line.startswith("rnnviz: ") and words in line and "Traceback" not in err
    assert not (tmp_path / "s.zarr").exists()


@pytest.mark.parametrize("name", ["sentiment-english-lstm", "no-such-model", "no_such_module:subject"])
def test_a_model_that_is_none_is_one_line(tmp_path, text, capsys, name):
    assert main(["corpus", name, str(text), "--out", str(tmp_path / "s.zarr")]) == 2
    assert capsys.readouterr().err.startswith("rnnviz: ")
