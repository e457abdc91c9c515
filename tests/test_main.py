"""The command line starts the app, trains, stops and goes on, compares, and says in one line what is wrong."""

import hashlib
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import xarray as xr

import rnnviz
from rnnviz.cli import app, main, workers
from rnnviz.models import checkpoints
from rnnviz.studies import comparing
from rnnviz.studies.comparing import running
from rnnviz.training import loop, recipes
from tests.conftest import full_disk

ROOT = Path(__file__).resolve().parent.parent
TINY = recipes.Recipe("gru", "python", hidden=4, embedding=3, steps=6, batch=2, length=6)
# three files that corpora.python_source puts into train, validation and test
PARTS = {"train": "m0.py", "validation": "m23.py", "test": "m5.py"}

# The same command with the recipe `tiny`; it waits after the second step, so that a signal comes in time.
WAITING = f"""
import sys
from rnnviz.training import loop, recipes
from rnnviz.cli import app, main, workers
run = loop.Training.run
def waiting(self):
    for measured in run(self):
        if measured["step"] == 2:
            print("two steps done", flush=True)
            sys.stdin.readline()
        yield measured
loop.Training.run = waiting
recipes.RECIPES["tiny"] = recipes.{TINY}
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a test tried to download")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    monkeypatch.setenv("RNNVIZ_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setitem(recipes.RECIPES, "tiny", TINY)
    return tmp_path / "checkpoints"


@pytest.fixture
def data(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for name in PARTS.values():
        (source / name).write_text("def f(x):\n    return x + 1\n" * 60)
    return str(source)


def one_line(capsys):
    """What stands on stderr, which is one line by rnnviz."""
    err = capsys.readouterr().err
    assert err.startswith("rnnviz: ") and err.count("\n") == 1
    return err


def weights(folder, name="tiny"):
    return hashlib.sha256((folder / f"{name}.safetensors").read_bytes()).hexdigest()


def test_train_writes_a_model_with_its_card_and_components(folder, data, capsys):
    handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    assert main(["train", "tiny", "--data", data, "--seed", "3"]) == 0
    assert handlers == (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))
    assert sorted(p.name for p in folder.iterdir()) == ["tiny.json", "tiny.nc", "tiny.safetensors"]
    _, card = checkpoints.load("tiny")
    assert card["command"] == "python -m rnnviz train tiny --seed 3"
    assert card["recipe"]["seed"] == 3 and card["recipe"]["steps"] == 6
    assert set(card["scores"]) == {"validation", "test"}
    assert {"source", "licence", "sha256", "split", "characters"} == set(card["data"])
    assert sum(card["data"]["characters"].values()) == 3 * 60 * len("def f(x):\n    return x + 1\n")
    assert f"{card['parameters']:,} parameters" in capsys.readouterr().out
    assert main(["models"]) == 0
    listed = capsys.readouterr().out
    assert listed.startswith("tiny ") and f"validation {card['scores']['validation']:.4f}" in listed


def test_a_network_that_grows_up_is_written_with_all_its_moments(folder, data, monkeypatch):
    sizes = {"hidden": 4, "embedding": 3, "steps": 6, "batch": 2, "length": 6, "moments": (0, 1, 4, 6)}
    monkeypatch.setitem(recipes.RECIPES, "grows", recipes.GrowingRecipe("gru", "python", **sizes))
    assert main(["train", "grows", "--data", data, "--steps", "5"]) == 0
    assert sorted(p.name for p in folder.iterdir()) == ["grows.json", "grows.nc", "grows.safetensors"]
    assert checkpoints.moments("grows") == (0, 1, 4, 5)  # those that were reached, and the end
    scores = [checkpoints.load(f"grows@{step}")[1]["scores"]["validation"] for step in (0, 5)]
    assert scores[0] != scores[1] == checkpoints.card("grows")["scores"]["validation"]
    with xr.open_dataset(folder / "grows.nc", engine="h5netcdf") as found:
        assert found["axis"].sizes["moment"] == 4
        assert found["correlation"].sizes == {"annotation": 4, "moment": 4}


def test_the_same_command_gives_the_same_weights(folder, data):
    for name in ("one", "two"):
        assert main(["train", "tiny", "--data", data, "--as", name]) == 0
    assert weights(folder, "one") == weights(folder, "two")
    assert checkpoints.card("two")["command"].endswith("train tiny --as two")


def test_a_stop_saves_and_the_same_command_goes_on(folder, data, capsys):
    command = ["train", "tiny", "--data", data]
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", WAITING, *command],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout.readline() == "two steps done\n"
        assert main(command) == 2  # two trainings of one name do not overwrite each other
        assert one_line(capsys) == "rnnviz: tiny is being trained by another process; wait until it ends\n"
        child.send_signal(signal.SIGINT)
        out, err = child.communicate("go on\n", timeout=60)
    assert child.returncode == 1
    assert out == "stopped at step 2 of 6; the same command goes on from there\n"
    assert "Traceback" not in err
    assert [p.name for p in folder.iterdir()] == ["tiny.training.pt"]
    (folder / "tiny.training.lock").touch()  # as a killed process leaves it: it locks nobody out
    assert main(command) == 0
    assert capsys.readouterr().out.startswith("going on from step 2 of ")
    assert not (folder / "tiny.training.pt").exists()
    assert main([*command, "--as", "never-stopped"]) == 0
    assert weights(folder) == weights(folder, "never-stopped")


def test_a_polite_kill_in_the_midst_of_a_step_waits_for_its_end(folder, data, monkeypatch):
    one_step = loop.Training._one_step

    def killed(training):
        if training.step == 3:
            signal.raise_signal(signal.SIGTERM)
        return one_step(training)

    monkeypatch.setattr(loop.Training, "_one_step", killed)
    assert main(["train", "tiny", "--data", data]) == 1
    assert loop.saved(folder / "tiny.training.pt")["step"] == 4


def test_a_damaged_unfinished_training_is_named_and_fresh_starts_again(folder, data, capsys):
    folder.mkdir()
    (folder / "tiny.training.pt").write_text("garbage")
    assert main(["train", "tiny", "--data", data]) == 2
    assert "is not a saved training; delete it or train with --fresh" in one_line(capsys)
    assert main(["train", "tiny", "--data", data, "--fresh"]) == 0
    assert not (folder / "tiny.training.pt").exists()


@pytest.mark.parametrize("place", ["/proc/checkpoints", "a file", "a file/in it"])
def test_a_folder_that_cannot_be_written_is_said_before_anything_is_read(
    place, tmp_path, monkeypatch, capsys
):
    (tmp_path / "a file").write_text("no folder")
    monkeypatch.setenv("RNNVIZ_CHECKPOINTS", str(tmp_path / place))
    assert main(["train", "tiny", "--data", "/nowhere"]) == 2
    assert f"nothing can be written to {tmp_path / place}: " in one_line(capsys)


def test_a_disk_that_is_full_ends_a_training_in_one_line_and_costs_no_older_model(folder, data, capsys):
    command = ["train", "tiny", "--data", data]
    assert main(command) == 0
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with full_disk(1000):
        assert main([*command, "--seed", "2"]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("rnnviz: ") and "tiny.safetensors" in said
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nobody"], "no recipe 'nobody'; there is counts-characters, "),
        (["tiny", "--steps", "0"], "got 0 and "),
        (["tiny", "--learning-rate", "-1"], "got 6 and -1.0"),
        (["tiny", "--dropout", "1"], "dropout must be from 0 to below 1; got 1.0"),
        (["tiny", "--recurrent-dropout", "0.2"], "tiny has no recurrent_dropout"),
        (["counts-words", "--steps", "5"], "counts-words has no steps"),
        (["tiny", "--as", "../a"], "letters, digits, - and _ only; got '../a'"),
        (["tiny", "--data", "/nowhere"], "no Python source in /nowhere"),
        (["shakespeare-rnn", "--data", "/nowhere"], "No such file or directory: '/nowhere'"),
        (["shakespeare-rnn", "--data", "/"], "Is a directory: '/'"),
        (["shakespeare-rnn", "--data", __file__], "not Tiny Shakespeare: sha256 is"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(folder, data, capsys, arguments, words):
    if "--data" not in arguments:
        arguments = [*arguments, "--data", data]
    assert main(["train", *arguments]) == 2
    assert words in one_line(capsys)
    assert not folder.exists()


def test_another_dropout_is_trained_with_and_named_in_the_card(folder, data):
    assert main(["train", "tiny", "--data", data, "--dropout", "0.4"]) == 0
    card = json.loads((folder / "tiny.json").read_text())
    assert card["recipe"]["dropout"] == 0.4
    assert card["command"].endswith("train tiny --dropout 0.4")


@pytest.mark.parametrize("missing", ["validation", "test"])
def test_a_corpus_without_held_out_text_is_refused_before_training(folder, data, capsys, missing):
    (Path(data) / PARTS[missing]).unlink()
    assert main(["train", "tiny", "--data", data]) == 2
    err = capsys.readouterr().err
    assert "it/s" not in err and "step/s" not in err
    assert missing in err and "division by zero" not in err


def test_list_shows_every_recipe_and_no_name_is_not_done(capsys):
    assert main(["train", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(recipes.RECIPES)
    assert "2 x 4 units, 6 steps, python" in lines[-1]
    assert main(["train"]) == 2


def test_without_a_command_the_help_is_shown(capsys):
    assert main([]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("usage: rnnviz") and shown.err == ""
    assert all(f"\n    {command} " in shown.out for command in ("app", "models", "train", "compare"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fly"], "invalid choice: 'fly'"),
        (["train", "tiny", "--steps", "many"], "argument --steps: invalid int value: 'many'"),
        (["app", "--port", "web"], "argument --port: invalid int value: 'web'"),
    ],
)
def test_what_cannot_be_parsed_ends_with_2_and_one_line(arguments, words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    line = one_line(capsys)
    assert words in line and line.endswith("--help shows what there is\n")


@pytest.mark.parametrize("command", ["models", "app"])
def test_where_there_are_no_checkpoints_it_is_said_where_they_come_from(command, folder, capsys):
    assert main([command]) == 2
    line = one_line(capsys)
    assert f"no checkpoints in {folder}; restore them with git" in line and "RNNVIZ_CHECKPOINTS" in line


@pytest.mark.parametrize("lost", ["scores", "parameters"])
def test_models_says_in_one_line_which_card_lacks_what(folder, data, capsys, lost):
    main(["train", "tiny", "--data", data])
    card = checkpoints.card("tiny")
    del card[lost]
    (folder / "tiny.json").write_text(json.dumps(card))
    capsys.readouterr()
    assert main(["models"]) == 2
    assert "tiny" in one_line(capsys)


@pytest.mark.parametrize(("missing", "command"), [("streamlit", ["app"]), ("captum", ["app"])])
def test_an_extra_that_is_not_installed_is_named(missing, command, monkeypatch, capsys):
    without(missing, monkeypatch)
    assert main(command) == 2
    assert one_line(capsys) == f"rnnviz: {missing} is not installed; get it with: pip install 'rnnviz[app]'\n"


def test_training_says_what_it_lacks_before_it_begins(folder, data, monkeypatch, capsys):
    without("sacrebleu", monkeypatch)
    assert main(["train", "tiny", "--data", data]) == 2
    assert one_line(capsys).endswith("sacrebleu is not installed; get it with: pip install 'rnnviz[train]'\n")
    assert not folder.exists()


def test_what_the_library_itself_lacks_is_named_without_an_extra(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert main(["compare", "rnn"]) == 2
    assert one_line(capsys) == "rnnviz: tqdm is not installed; get it with: pip install rnnviz\n"


def without(module, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == module else find(name))


def test_a_port_that_is_taken_is_said_with_one_that_is_free(monkeypatch, capsys):
    monkeypatch.delenv("RNNVIZ_CHECKPOINTS")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["app", "--port", str(port), "--no-browser"]) == 2
    line = one_line(capsys)
    assert f"port {port} is taken; end what listens there, or choose another: rnnviz app --port " in line
    socket.create_server(("127.0.0.1", int(line.split()[-1]))).close()  # it is free


@pytest.mark.parametrize("port", ["0", "-1", "65536"])
def test_a_port_that_cannot_be_is_refused(port, monkeypatch, capsys):
    monkeypatch.delenv("RNNVIZ_CHECKPOINTS")
    assert main(["app", "--port", port]) == 2
    assert one_line(capsys) == f"rnnviz: a port is a number from 1 to 65535; got {port}\n"


@pytest.mark.parametrize("number", ["0", "-1", "1000"])
def test_a_number_of_processes_that_cannot_be_is_refused(number, monkeypatch, capsys):
    monkeypatch.delenv("RNNVIZ_CHECKPOINTS")
    assert main(["app", "--workers", number]) == 2
    assert one_line(capsys) == f"rnnviz: --workers is a number from 1 to 64; got {number}\n"


def test_without_nginx_there_is_one_process_and_whoever_wanted_more_is_told(monkeypatch, capsys):
    monkeypatch.setattr(workers, "cores", lambda: 4)
    assert app._processes(3, "127.0.0.1") == (3 if workers.nginx() else 1)
    monkeypatch.setattr(workers, "nginx", lambda: None)
    capsys.readouterr()
    assert app._processes(1, "0.0.0.0") == app._processes(None, "127.0.0.1") == 1
    assert capsys.readouterr().err == ""
    assert app._processes(None, "0.0.0.0") == 1
    assert one_line(capsys).startswith("rnnviz: one process, not 4: nginx is not installed")
    monkeypatch.setattr(workers, "nginx", lambda: "/usr/sbin/nginx")
    assert app._processes(None, "127.0.0.1") == 4


@pytest.mark.parametrize("host", ["192.0.2.200", "no.such.name.invalid", "a b"])
def test_a_host_that_this_machine_is_not_is_refused(host, monkeypatch, capsys):
    monkeypatch.delenv("RNNVIZ_CHECKPOINTS")
    assert main(["app", "--host", host]) == 2
    assert one_line(capsys) == (
        f"rnnviz: --host is an address of this machine, 127.0.0.1, or 0.0.0.0 for all of them; got {host}\n"
    )


def test_view_says_in_one_line_what_cannot_be_shown(tmp_path, capsys):
    (tmp_path / "bad.nc").write_bytes(b"no recording")
    none, bad = str(tmp_path / "none.nc"), str(tmp_path / "bad.nc")
    for files, words in (
        ([none], "no such trace"),
        ([bad], "cannot be read as a trace"),
        ([bad] * 7, "up to 6"),
    ):
        assert main(["view", *files]) == 2
        assert words in one_line(capsys)
    with pytest.raises(ValueError, match="1 to 6 recordings; got 0"):
        rnnviz.view()
    with pytest.raises(TypeError, match="recordings, traces or paths of saved ones; got int"):
        rnnviz.view(7)
    with pytest.raises(ValueError, match=r"bad\.nc cannot be read as a trace"):
        rnnviz.view(bad, browser=False)


def test_view_is_started_on_trainings_or_on_recordings(tmp_path, capsys, monkeypatch):
    opened = []
    monkeypatch.setattr(app, "run", lambda options: opened.append(options.page) or 0)
    monkeypatch.setenv("RNNVIZ_RUNS", "[]")
    empty, other = tmp_path / "empty", tmp_path / "other"
    empty.mkdir()
    other.mkdir()
    (other / "bad.jsonl").write_text("{}\n")
    assert main(["view", str(empty)]) == 0  # a training may begin any moment
    assert opened == ["runs"] and json.loads(os.environ["RNNVIZ_RUNS"]) == [str(empty)]
    for files, words in (
        ([other], "holds no run (run.jsonl) that rnnviz.Monitor has written"),
        ([other / "bad.jsonl"], "is not a run that this rnnviz reads"),
        ([other / "none.jsonl"], "is not there"),
        ([empty, other / "run.nc"], "one kind, and again on the other"),
    ):
        assert main(["view", *map(str, files)]) == 2
        assert words in one_line(capsys)


def test_a_text_is_trained_by_the_command_that_the_page_prints(tmp_path, capsys):
    text, out = tmp_path / "text.txt", tmp_path / "out.zip"
    text.write_text("the dog sees a cat.\n" * 20, "utf-8")
    options = "--units 4 --length 8 --updates 3 --clip none".split()
    assert main(["train-text", str(text), "--out", str(out), *options]) == 0
    with zipfile.ZipFile(out) as archive:
        card = json.loads(archive.read("card.json"))
    assert card["command"] == "rnnviz train-text text.txt --units 4 --length 8 --updates 3 --clip none"
    assert f"{card['held_out']['loss']:.4f} nats a character" in capsys.readouterr().out
    table = tmp_path / "table.csv"
    table.write_text("a,b\n" + "".join(f"{i % 7},{i % 5}\n" for i in range(60)), "utf-8")
    for given, says in (
        (["train-series", str(table), "--scale", "from 0 to 1"], "where the last value is repeated"),
        (["train-task", "first", "--steps", "5"], "of the answers right"),
    ):
        assert main([*given, "--out", str(out), *options]) == 0
        with zipfile.ZipFile(out) as archive:
            card = json.loads(archive.read("card.json"))
        assert card["command"].startswith(f"rnnviz {given[0]} ") and "--clip none" in card["command"]
        assert says in capsys.readouterr().out
    assert main(["train-series", str(text), *options]) == 2
    assert "wanted a number" in one_line(capsys)
    text.write_bytes(b"\xff\xfe" * 200)
    assert main(["train-text", str(text)]) == 2
    assert "is not text in UTF-8" in one_line(capsys)
    assert main(["train-text", str(text), "--units", "999"]) == 2
    assert "units must be at most 256" in one_line(capsys)


def test_python_m_rnnviz_is_the_same_command(folder):
    called = subprocess.run(
        [sys.executable, "-W", "error", "-m", "rnnviz", "fly"],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert called.returncode == 2
    assert called.stdout == ""
    assert called.stderr.startswith("rnnviz: ") and called.stderr.count("\n") == 1


# compare

ROWS = ["--architecture", "lstm,units=3,layers=2,forget_bias=2", "--architecture", "rnn,units=4"]


def compared(tmp_path, *arguments):
    return main(["compare", *arguments, "--out", str(tmp_path / "out")])


def test_compare_writes_arrays_tables_and_a_page_of_its_own(tmp_path, capsys):
    asked = [
        "--input",
        "adding",
        "--steps",
        "12",
        "--loss",
        "all",
        "--seeds",
        "3",
        "--batch",
        "2",
        "--clip",
        "0.1",
    ]
    assert compared(tmp_path, *ROWS, *asked) == 0
    out = tmp_path / "out"
    assert sorted(p.name for p in out.iterdir()) == [
        "compare.csv",
        "compare.html",
        "compare.nc",
        "curves.csv",
    ]
    setup = comparing.Setup(
        (
            comparing.Architecture("lstm", units=3, layers=2, forget_bias=2),
            comparing.Architecture("rnn", units=4),
        ),
        input="adding",
        steps=12,
        loss="all",
        seeds=3,
        batch=2,
        clip=0.1,
    )
    expected = comparing.compare(setup)
    with xr.open_dataset(out / "compare.nc", engine="h5netcdf") as found:
        xr.testing.assert_equal(found.load(), expected)
        assert comparing.Setup.from_dict(json.loads(found.attrs["setup"])) == setup
    table = pd.read_csv(out / "compare.csv").set_index(["architecture", "seed"])
    assert len(table) == 6
    rate = expected["rate"].sel(architecture="RNN, 4 units", seed=2).item()
    assert table.loc[("RNN, 4 units", 2), "rate"] == pytest.approx(rate, rel=1e-12)
    curves = pd.read_csv(out / "curves.csv")
    assert len(curves) == 3 * 12 * (2 + 1)  # no rows for the layer that the RNN does not have
    one = curves.query("architecture == 'RNN, 4 units' and seed == 1 and time == 3")["log_norm"].item()
    assert one == pytest.approx(
        expected["log_norm"].sel(architecture="RNN, 4 units")[1, 0, 3].item(), rel=1e-12
    )
    shown = capsys.readouterr().out
    assert "RNN, 4 units" in shown and "compare.html" in shown


def test_the_page_of_compare_needs_nothing_from_elsewhere(tmp_path):
    rows = ["rnn,units=3", "gru,units=3", "lstm,units=3,layers=2"]
    assert (
        compared(tmp_path, *rows, "--input", "text", "--text", "<b>a & b</b>", "--seeds", "2", "--dynamics")
        == 0
    )
    page = (tmp_path / "out" / "compare.html").read_text("utf-8")
    assert (
        page.count('class="plotly-graph-div"') == 3 + 4
    )  # norms: top, bottom, cell; singular values of each layer
    assert "<script src=" not in page and "<link" not in page
    assert "&lt;b&gt;a &amp; b&lt;/b&gt;" in page and "<b>a & b" not in page
    for name in ("RNN, 3 units", "GRU, 3 units", "LSTM 2 layers, 3 units"):
        assert f"<td>{name}</td>" in page
    with xr.open_dataset(tmp_path / "out" / "dynamics.nc", engine="h5netcdf") as inside:
        assert dict(inside["log_singular_value"].sizes) == {
            "architecture": 3,
            "layer": 2,
            "rank": 3,
            "time": 11,
        }


def test_compare_draws_what_blew_up_as_far_as_it_goes(tmp_path, capsys):
    row = "rnn,nonlinearity=relu,initialisation=identity,gain=1e30,units=3"
    assert compared(tmp_path, row, "--steps", "30", "--seeds", "1") == 0
    assert "forward, step 1" in capsys.readouterr().out
    assert "forward, step 1" in (tmp_path / "out" / "compare.html").read_text("utf-8")


def test_compare_reads_a_setup_and_options_change_it(tmp_path, capsys):
    setup = comparing.Setup((comparing.Architecture("gru", units=3),), steps=7, seeds=2)
    (tmp_path / "a.json").write_text(json.dumps(setup.to_dict()))
    assert compared(tmp_path, "--setup", str(tmp_path / "a.json"), "--steps", "5") == 0
    with xr.open_dataset(tmp_path / "out" / "compare.nc", engine="h5netcdf") as found:
        assert found.sizes["time"] == 5 and list(found["architecture"].values) == ["GRU, 3 units"]
        assert found.sizes["seed"] == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "nothing to compare: give architectures, as in compare rnn gru lstm"),
        (["mamba"], "kind must be one of rnn, gru, lstm; got 'mamba'"),
        (["rnn,width=3"], "no field 'width'"),
        (["rnn,forget_bias=1"], "forget_bias is for an lstm"),
        (["rnn", "rnn"], "two rows are the same: RNN"),
        (["rnn", "--steps", "0"], "steps must be a whole number"),
        (["rnn", "--steps", "1000000000"], "GiB; the limit is 4 GiB"),
        (["rnn", "--input", "noises"], "input must be one of noise, adding, copy, text"),
        (["rnn", "--input", "text"], "at least 2 characters"),
        (["rnn", "--clip", "0"], "clip must be above 0; got 0"),
        (["--setup", "/nowhere.json"], "No such file or directory: '/nowhere.json'"),
        (["--setup", __file__], "is no JSON"),
        (["--setup", "deep.json"], "is no JSON"),
    ],
)
def test_what_cannot_be_compared_is_said_in_one_line(tmp_path, capsys, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    Path("deep.json").write_text("[" * 10_000)
    assert compared(tmp_path, *arguments) == 2
    assert words in one_line(capsys)
    assert not (tmp_path / "out" / "compare.nc").exists()


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_computed(tmp_path, capsys):
    (tmp_path / "out").write_text("a file")
    assert compared(tmp_path, "rnn") == 2
    assert "out" in one_line(capsys)


def test_ctrl_c_ends_a_comparison_in_one_line(tmp_path, capsys, monkeypatch):
    measure, handlers = running.measure, signal.getsignal(signal.SIGINT)

    def stopped(*arguments):
        signal.raise_signal(signal.SIGINT)
        return measure(*arguments)

    monkeypatch.setattr(running, "measure", stopped)
    assert compared(tmp_path, *ROWS, "--steps", "5") == 1
    said = capsys.readouterr()
    assert said.out == "stopped; nothing was written\n" and "Traceback" not in said.err
    assert signal.getsignal(signal.SIGINT) == handlers
    assert list((tmp_path / "out").iterdir()) == []


def test_ctrl_c_anywhere_else_is_one_line_too(capsys, monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoints, "names", interrupted)
    assert main(["models"]) == 1
    assert one_line(capsys) == "rnnviz: stopped\n"
