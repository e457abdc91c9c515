"""rnnviz units: tables of a store, names beside it, and one line for what is wrong."""

import pytest
import torch

from rnnviz import cli, corpus, live
from rnnviz.models.networks import LanguageModel
from rnnviz.models.vocabularies import Vocabulary


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    torch.manual_seed(0)
    vocabulary = Vocabulary.of("abN \n")
    model = live.language(LanguageModel("gru", len(vocabulary), 4, 6), vocabulary, "small", "ab")
    path = tmp_path_factory.mktemp("units") / "states.zarr"
    corpus.record(model, "aNb abab\nba Na\n" * 60, path, bits=8)
    return str(path)


def test_units_are_listed_for_each_annotation(store, capsys):
    assert cli.main(["units", store]) == 0
    said = capsys.readouterr().out
    assert "capitals (pairs told apart" in said and "position in line (rank correlation" in said
    assert "rnn/layer_0/hidden" in said and "rnn/layer_1/hidden" in said
    assert cli.main(["units", store, "--regex", "ab", "--behave", "--place", "rnn/layer_0"]) == 0
    said = capsys.readouterr().out
    assert "\nab (pairs" in said and "remember longest" in said and "rnn/layer_1" not in said


def test_a_unit_is_shown_and_named(store, capsys):
    assert cli.main(["units", store, "--unit", "3", "--name", "capitals, mostly"]) == 0
    said = capsys.readouterr().out
    assert "rnn/layer_1/hidden 3 “capitals, mostly”" in said and "half-life" in said and "highest" in said
    assert cli.main(["units", store, "--unit", "3", "--name", ""]) == 0
    assert "“" not in capsys.readouterr().out


def test_a_function_says_what_is_sought(store, capsys, tmp_path, monkeypatch):
    (tmp_path / "own_labels.py").write_text(
        "def late(tokens):\n    return [n % 9 > 4 for n in range(len(tokens))]\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert cli.main(["units", store, "--function", "own_labels:late"]) == 0
    assert "own_labels:late (pairs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--regex", "(a"], "is no regular expression"),
        (["--regex", "x"], "matches nothing"),
        (["--regex", "(a+)+!!", "--unit", "99"], "matches nothing"),
        (["--unit", "99"], "unit 99 is not there"),
        (["--place", "rnn/layer_7"], "has no rnn/layer_7"),
        (["--name", "x"], "--name needs --unit"),
        (["--labels", "nowhere.csv"], "nowhere.csv"),
        (["--function", "nowhere:function"], "there is no module nowhere"),
    ],
)
def test_what_is_wrong_is_one_line(store, capsys, options, words):
    assert cli.main(["units", store, *options]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("rnnviz: ") and words in said
