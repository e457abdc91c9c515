"""The researcher's bench, as a reader meets it."""

import base64
import json
import math
import os
import shlex
import signal
import zlib

import numpy as np
import pandas as pd
import pytest

from rnnviz import cli
from rnnviz.cli.compare import asked
from rnnviz.studies import comparing
from rnnviz.ui.rooms.compare import results, setup, table
from tests.conftest import PATIENCE, until

RNN, GRU, LSTM = ({"kind": kind, "units": 5} for kind in ("rnn", "gru", "lstm"))


@pytest.fixture
def open_bench(visit, monkeypatch):
    """Opens the page on a small set-up; what it asks for is computed before it returns."""
    monkeypatch.setattr(results, "PATIENCE", 600)

    def open_bench(patience=600, text=None, lang="en", **changes):
        monkeypatch.setattr(results, "PATIENCE", patience)
        small = setup.BENCH | {"rows": [RNN, GRU, LSTM], "steps": 12, "seeds": 3} | changes
        small["rows"] = [setup.ROW | row for row in small["rows"]]
        params = {"lang": lang, "bench": setup._packed(small)}
        seen = visit("compare", **params | ({} if text is None else {"text": text}))
        assert not seen.test.exception
        return seen

    return open_bench


def press(seen, label="Run"):
    next(button for button in seen.test.button if button.label == label).click().run()
    assert not seen.test.exception


def drawn_lines(figure) -> dict[str, np.ndarray]:
    """The curves of a figure by name; the edges of bands have none."""
    lines = [trace for trace in figure["data"] if trace.get("showlegend") is not False]
    return {
        trace["name"]: np.frombuffer(base64.b64decode(trace["y"]["bdata"]), trace["y"]["dtype"])
        for trace in lines
    }


def test_a_first_visit_computes_the_usual_set_up(visit, monkeypatch):
    monkeypatch.setattr(results, "PATIENCE", 600)
    seen = visit("compare")
    assert not seen.test.exception
    assert seen.lines == []
    assert list(drawn_lines(seen.figures["norms"])) == [
        "RNN",
        "RNN relu, identity",
        "GRU",
        "LSTM, forget bias 1",
    ]
    assert "bench=" not in seen.address


@pytest.mark.parametrize("part", ["log_norm", "log_norm_direct", "log_cell_norm"])
def test_the_curves_are_the_medians_that_the_library_computes(open_bench, part):
    seen = open_bench(rows=[RNN, LSTM], part=part, loss="all")
    rows = tuple(comparing.Architecture(**row) for row in (RNN, LSTM))
    wanted = comparing.compare(comparing.Setup(rows, steps=12, seeds=3, loss="all"))[part]
    lines = drawn_lines(seen.figures["norms"])
    assert list(lines) == (["LSTM, 5 units"] if "cell" in part else ["RNN, 5 units", "LSTM, 5 units"])
    for name, line in lines.items():
        middle = wanted.sel(architecture=name).isel(layer=0).median("seed")
        np.testing.assert_allclose(line, middle / math.log(10), rtol=1e-6)


def test_the_layer_is_the_top_or_the_bottom_of_each(open_bench):
    rows = [LSTM, LSTM | {"layers": 3}]
    wanted = comparing.compare(
        comparing.Setup(tuple(comparing.Architecture(**row) for row in rows), steps=12, seeds=3)
    )["log_norm"].median("seed")
    for layer, of in {"top": (0, 2), "bottom": (0, 0)}.items():
        lines = drawn_lines(open_bench(rows=rows, layer=layer).figures["norms"])
        for row, (line, number) in enumerate(zip(lines.values(), of, strict=True)):
            np.testing.assert_allclose(line, wanted[row, number] / math.log(10), rtol=1e-6)


def test_the_table_says_slope_half_life_and_horizon(open_bench):
    seen = open_bench(rows=[RNN, RNN | {"nonlinearity": "relu", "initialisation": "identity"}])
    table = seen.test.dataframe[1].value
    rows = tuple(
        comparing.Architecture(**row)
        for row in (RNN, RNN | {"nonlinearity": "relu", "initialisation": "identity"})
    )
    found = comparing.compare(comparing.Setup(rows, steps=12, seeds=3)).median("seed")
    assert list(table.index) == ["RNN, 5 units", "RNN relu, 5 units, identity"]
    slope = found["rate"][0].item() / math.log(10)
    assert table["slope (log10 per step)"].iloc[0] == f"{slope:.4g}".replace("-", "−")
    assert table["half-life of the line (steps)"].iloc[0] == f"{found['half_life'][0].item():.4g}"
    assert table["half left after (steps)"].iloc[0] == f"{found['halved'][0].item():.4g}"
    assert table["thousandth after (steps)"].iloc[1] == "not within 12"


def test_clipping_adds_the_norm_after_it(open_bench):
    table = open_bench(rows=[RNN], clip=0.01).test.dataframe[1].value
    assert float(table["parameter gradient"].iloc[0]) > 0.01
    assert float(table["after clipping"].iloc[0]) == pytest.approx(0.01)


def test_a_link_brings_back_the_whole_set_up(open_bench):
    row = LSTM | {
        "layers": 2,
        "forget_bias": 1.5,
        "residual": True,
        "gain": 0.5,
        "initialisation": "orthogonal",
    }
    seen = open_bench(rows=[row, GRU], input="adding", steps=20, loss="all", seeds=2, clip=1.0, truncate=7)
    assert table._rows(seen.test.dataframe[0].value) == [setup.ROW | row, setup.ROW | GRU]
    assert [box.value for box in seen.test.number_input if box.key.startswith("bench_")] == [20, 2, 1.0, 7]
    assert seen.test.selectbox(key="bench_input").value == "adding"
    packed = seen.address.split("bench=")[1].split("&")[0].replace("%3D", "=")
    now = setup.unpacked(packed)
    assert (now["rows"][0], now["clip"], now["truncate"]) == (setup.ROW | row, 1.0, 7)


def test_what_was_changed_is_computed_when_run_is_pressed(open_bench):
    seen = open_bench()
    seen.test.number_input(key="bench_steps").set_value(9).run()
    assert ["Press Run" in line for line in seen.lines] == [True]
    assert len(drawn_lines(seen.figures["norms"])["GRU, 5 units"]) == 12
    press(seen)
    assert seen.lines == []
    assert len(drawn_lines(seen.figures["norms"])["GRU, 5 units"]) == 9


@pytest.mark.parametrize("name", setup.PRESETS)
def test_an_example_is_one_click(open_bench, name):
    seen = open_bench(seeds=1)
    seen.test.pills(key="bench_preset").set_value(name).run()
    assert not seen.test.exception
    assert table._rows(seen.test.dataframe[0].value) == [setup.ROW | row for row in setup.PRESETS[name]]
    assert len(drawn_lines(seen.figures["norms"])) == len(setup.PRESETS[name])
    assert seen.lines == []


BAD_ROWS = {
    "forget bias of a GRU": (GRU | {"forget_bias": 1.0}, "Row 2 is left out: forget_bias"),
    "residual in one layer": (LSTM | {"residual": True}, "Row 2 is left out: residual"),
    "layer norm in one layer": (LSTM | {"layer_norm": True}, "Row 2 is left out: layer_norm"),
    "the same again": (RNN, "Row 2 is left out: it is the same as row 1."),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_a_row_that_makes_no_sense_gets_one_line_and_the_rest_is_computed(open_bench, name):
    row, line = BAD_ROWS[name]
    seen = open_bench(rows=[RNN, row, GRU])
    assert [line in shown for shown in seen.lines] == [True]
    assert list(drawn_lines(seen.figures["norms"])) == ["RNN, 5 units", "GRU, 5 units"]


LINES = {
    "no rows": ({"rows": []}, "Add a row to the table"),
    "one step": ({"steps": 1}, "no slope and no horizon"),
    "copy in one step": ({"steps": 1, "input": "copy"}, "at least 3 steps"),
    "truncated": (
        {"truncate": 5},
        "is exactly 0 at 7 of 12 steps, which a log axis cannot show. That is what truncation",
    ),
    "exploding": (
        {"rows": [RNN | {"nonlinearity": "relu", "initialisation": "identity", "gain": 100.0}], "steps": 200},
        "stops being finite at step",
    ),
    "all is zero": ({"rows": [RNN | {"gain": 0.0}]}, "is exactly 0 at 11 of 12 steps"),
    "too long for the server": (
        {"rows": [LSTM | {"units": 1024}], "steps": 2000, "seeds": 50},
        "Run this command on your own machine",
    ),
    "an empty text": ({"input": "text", "text": "a"}, "at least 2 characters"),
}


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_bad_input_gets_one_line(open_bench, name, lang):
    changes, line = LINES[name]
    seen = open_bench(lang=lang, **changes)
    assert len(seen.lines) == 1
    if lang == "en":
        assert line in seen.lines[0]


def test_a_text_is_read_and_its_length_counts(open_bench):
    seen = open_bench(input="text", text="hello, hello", steps=200)
    assert seen.lines == []
    assert len(drawn_lines(seen.figures["norms"])["GRU, 5 units"]) == 11


@pytest.mark.parametrize(
    "link", ["%%%", "eJw", "AAAA", base64.urlsafe_b64encode(b"x" * 50).decode(), "é", "", "0" * 5000]
)
def test_a_damaged_link_gets_one_line_and_the_usual_set_up(visit, monkeypatch, link):
    monkeypatch.setattr(results, "PATIENCE", 600)
    seen = visit(bench=link)
    assert ["set-up in this link is damaged" in line for line in seen.lines] == [True]
    seen.go("compare")
    assert not seen.test.exception
    assert len(drawn_lines(seen.figures["norms"])) == 4


@pytest.mark.parametrize(
    "changes",
    [
        {"steps": 5000},
        {"steps": "9"},
        {"steps": True},
        {"steps": 1.5},
        {"seeds": 0},
        {"clip": math.nan},
        {"clip": -1.0},
        {"input": "nonsense"},
        {"loss": None},
        {"more": 1},
        {"rows": 3},
        {"rows": [3]},
        {"rows": [{"kind": "perceptron"}]},
        {"rows": [{"units": 10**9}]},
        {"rows": [{"cell": 1}]},
        {"rows": [{}] * 13},
        {"rows": [{"residual": 1}]},
        {"rows": [{"gain": math.inf}]},
        {"inside": -2},
    ],
)
def test_a_link_that_holds_what_no_field_takes_is_refused(changes):
    link = base64.urlsafe_b64encode(zlib.compress(json.dumps(changes).encode())).decode()
    with pytest.raises(ValueError, match="damaged"):
        setup.checked(link)


def test_a_link_that_unfolds_without_end_is_refused():
    with pytest.raises(ValueError, match="damaged"):
        setup.checked(base64.urlsafe_b64encode(zlib.compress(b" " * 10**7)).decode())


def test_a_set_up_survives_its_link():
    rows = [setup.ROW | row for preset in setup.PRESETS.values() for row in preset][: setup.MOST_ROWS]
    one = setup.BENCH | {"rows": rows, "clip": 2.5, "truncate": 10, "inside": 3, "part": "log_cell_norm"}
    assert setup.unpacked(setup._packed(one)) == one


def test_rows_survive_the_table_and_new_ones_are_as_usual():
    rows = [setup.ROW | row for preset in setup.PRESETS.values() for row in preset]
    assert table._rows(table._frame(rows)) == rows
    added = pd.concat([table._frame(rows[:1]), pd.DataFrame([{}, {"cell": "gru"}])])
    assert table._rows(added) == [rows[0], setup.ROW, setup.ROW | {"kind": "gru"}]


def test_the_command_line_does_the_same_set_up(open_bench):
    row = LSTM | {"layers": 2, "forget_bias": 1.5, "residual": True, "gain": 0.5}
    text = '-- it\'s "a" text;\n'
    seen = open_bench(
        rows=[row, RNN | {"nonlinearity": "relu"}], input="text", text=text, clip=1.0, truncate=7
    )
    line = shlex.split(seen.test.code[0].value)
    assert line[:4] == ["python", "-m", "rnnviz", "compare"]
    options = cli.parser().parse_args(line[3:])
    assert comparing.Setup.from_dict(asked(options)) == comparing.Setup(
        (comparing.Architecture(**row), comparing.Architecture(**RNN | {"nonlinearity": "relu"})),
        input="text",
        text=text,
        steps=12,
        seeds=3,
        clip=1.0,
        truncate=7,
    )


@pytest.mark.parametrize(
    ("row", "figures"), [(0, ["norms", "singular", "eigenvalues"]), (2, ["norms", "singular"])]
)
def test_a_look_inside_draws_singular_values(open_bench, row, figures):
    seen = open_bench(inside=row)
    assert list(seen.figures) == figures
    rows = tuple(comparing.Architecture(**one) for one in (RNN, GRU, LSTM))
    wanted = comparing.dynamics(rows[row], comparing.Setup(rows, steps=12, seeds=3))
    lines = drawn_lines(seen.figures["singular"])
    np.testing.assert_allclose(
        lines["largest"], wanted["log_singular_value"].sel(layer=0, rank="largest") / math.log(10), atol=1e-6
    )
    largest = f"{wanted['lyapunov'].max().item():.4g}".replace("-", "−")
    assert any(f"the largest is {largest} nats per step" in part.value for part in seen.test.markdown)


def test_a_look_inside_that_is_too_much_for_the_server_says_so(open_bench):
    seen = open_bench(rows=[LSTM | {"units": 512}], steps=30, seeds=1, inside=0)
    assert ["longer than this server allows" in line for line in seen.lines] == [True]
    assert seen.test.code[0].value.endswith(" --dynamics")
    assert list(seen.figures) == ["norms"]


def test_long_work_shows_its_progress_and_can_be_stopped(open_bench):
    seen = open_bench(patience=0, rows=[LSTM | {"units": 256}], steps=500, seeds=9)
    assert len(seen.test.get("progress")) == 1
    assert seen.board is None
    press(seen, "Stop")
    seen.test.run()
    assert seen.lines == ["Stopped before it was finished."]
    assert len(seen.test.get("progress")) == 0
    press(seen, "Start again")
    assert len(seen.test.get("progress")) == 1
    press(seen, "Stop")


def test_a_job_says_at_once_what_is_going_on(open_bench, monkeypatch):
    shown = []
    monkeypatch.setattr(results.st, "progress", lambda value, text: shown.append((value, text)))
    seen = open_bench(patience=0, rows=[LSTM | {"units": 256}], steps=500, seeds=8)
    assert shown == [(0.0, "Starting, which may take a few seconds")]
    press(seen, "Stop")


BEFORE = "Below, faded: the previous set-up (noise, 12 steps, loss: last, 3 seeds)."


def test_pictures_of_the_set_up_before_say_so_while_another_is_computed_and_after_stop(
    open_bench, monkeypatch
):
    seen = open_bench()
    said = lambda: [text.value for text in seen.test.text]  # noqa: E731
    assert said() == []
    monkeypatch.setattr(results, "PATIENCE", 0)
    seen.test.number_input(key="bench_steps").set_value(2000).run()
    seen.test.number_input(key="bench_seeds").set_value(50).run()
    press(seen)
    assert len(seen.test.get("progress")) == 1
    assert said() == [BEFORE]
    press(seen, "Stop")
    seen.test.run()
    assert said() == [BEFORE]
    assert len(drawn_lines(seen.figures["norms"])["GRU, 5 units"]) == 12


def test_pictures_of_the_set_up_before_say_so_where_there_is_nothing_to_compute(open_bench):
    seen = open_bench()
    seen.test.selectbox(key="bench_input").set_value("copy").run()
    seen.test.number_input(key="bench_steps").set_value(1).run()
    assert ["at least 3 steps" in line for line in seen.lines] == [True]
    assert [text.value for text in seen.test.text] == [BEFORE]
    seen.test.number_input(key="bench_steps").set_value(12).run()
    seen.test.selectbox(key="bench_input").set_value("noise").run()
    assert [text.value for text in seen.test.text] == []


def test_run_pressed_again_goes_on_with_what_runs(open_bench):
    seen = open_bench(patience=0, rows=[LSTM | {"units": 256}], steps=500, seeds=7)
    job = seen.test.session_state["bench"]["compare_job"]
    press(seen)
    assert seen.test.session_state["bench"]["compare_job"] is job and not job.over
    press(seen, "Stop")


def test_the_band_is_explained_where_there_is_one(open_bench):
    line = "Line: the median over the seeds. Band: from the lowest seed to the highest."
    captions = [caption.value for caption in open_bench().test.caption]
    assert line in captions
    assert line not in [caption.value for caption in open_bench(seeds=1).test.caption]


def test_the_same_set_up_is_computed_once_for_all_readers(open_bench):
    open_bench(steps=13)
    seen = open_bench(patience=0, steps=13)
    assert "norms" in seen.figures


def test_in_korean_the_page_is_korean(open_bench):
    seen = open_bench(lang="ko")
    assert seen.test.header[0].value == "구조 비교하기"
    assert seen.test.pills(key="bench_preset").label == "예시"


def killed(job):
    """Its worker, by force, once some networks are done."""
    until(lambda: job.worker and len(job.frames) >= 2)  # one that goes on has frames before it has begun
    os.kill(job.worker.pid, signal.SIGKILL)
    until(lambda: job.over)
    assert job.state == "lost"


def test_a_worker_killed_in_the_middle_costs_one_line_and_nothing_that_was_computed(open_bench, monkeypatch):
    seen = open_bench()  # the set-up before
    rows = [LSTM | {"units": 32}, GRU | {"units": 32}]
    wanted = {"rows": [setup.ROW | row for row in rows], "steps": 300, "seeds": 6}
    monkeypatch.setattr(results, "PATIENCE", 0)
    seen.test.session_state["settings"]["bench"] = setup._packed(setup.BENCH | wanted)
    seen.test.run()
    state = seen.test.session_state["bench"]
    job = state["compare_job"]
    killed(job)
    done = [dict(frame) for frame in job.frames]
    seen.test.run()
    assert not seen.test.exception
    (line,) = seen.lines
    assert line == (
        "The computation broke off, perhaps because it ran out of memory. "
        f"Done and kept: {len(done)} of 12 networks."
    )
    assert len(drawn_lines(seen.figures["norms"])) == 3  # the pictures from before are there still
    press(seen, "Go on")
    further = state["compare_job"]
    assert further is not job and further.frames[: len(done)] == done
    killed(further)  # and once more
    assert len(further.frames) >= len(done)
    monkeypatch.setattr(results, "PATIENCE", PATIENCE)
    seen.test.run()
    press(seen, "Go on")
    assert seen.lines == [] and len(drawn_lines(seen.figures["norms"])) == 2
    last = state["compare_job"]
    assert (last.state, last.frames) == ("done", [])  # all of them are in the result
    alone = comparing.compare(
        comparing.Setup(tuple(comparing.Architecture(**row) for row in rows), steps=300, seeds=6)
    )
    for name in alone.data_vars:
        np.testing.assert_array_equal(last.result[name], alone[name], err_msg=name)


def test_what_was_stopped_goes_on_where_it_stands(open_bench, monkeypatch):
    seen = open_bench(patience=0, rows=[GRU | {"units": 33}], steps=300, seeds=8)
    job = seen.test.session_state["bench"]["compare_job"]
    until(lambda: len(job.frames) >= 2)
    press(seen, "Stop")
    (line,) = seen.lines
    assert line == f"Stopped before it was finished. Done and kept: {len(job.frames)} of 8 networks."
    monkeypatch.setattr(results, "PATIENCE", PATIENCE)
    press(seen, "Go on")
    assert seen.lines == [] and "norms" in seen.figures
