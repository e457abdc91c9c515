"""A recording as one file: what it holds is what was recorded, and what cannot be shown is said in a line."""

import base64
import gzip
import json
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

import rnnviz
from rnnviz import stats
from rnnviz.paper import bundle, contents
from tests.paper.conftest import HOSTILE, recorded


class Opened:
    """What a page holds, read from its file."""

    def __init__(self, path):
        self.text = path.read_text("utf-8")
        self.contents = json.loads(self._part("contents"))
        self._numbers = self._part("numbers")

    def _part(self, name):
        found = re.search(rf'id="rnnviz-{name}">([^<]*)</script>', self.text)
        return gzip.decompress(base64.b64decode(found[1]))

    def array(self, name):
        placed = self.contents["arrays"][name]
        part = np.frombuffer(self._numbers, np.uint8)[placed["from"] : placed["from"] + placed["size"]]
        kind = np.dtype(placed["dtype"])
        return part.reshape(kind.itemsize, -1).T.copy().view(kind).reshape(placed["shape"])

    def view(self, name, place="0-0-0-0", language="en"):
        return self.contents["languages"][language]["views"][place][name]

    def figure(self, view, id, **where):
        return next(one for one in self.view(view, **where)["figures"] if one["id"] == id)


@pytest.fixture(scope="module")
def written(lstm, tmp_path_factory):
    return Opened(rnnviz.page(lstm, tmp_path_factory.mktemp("page") / "run.html", name="<i>my</i> run"))


def test_the_page_holds_the_recorded_numbers_unrounded(written, lstm):
    for layer in (0, 1):
        node = lstm.trace["lstm"].to_dataset().isel(layer=layer, direction=0, batch=0)
        place = f"0-0-0-{layer}"
        for view, name in (("states", "hidden"), ("gates", "forget_gate"), ("total", "hidden_grad")):
            drawn = written.figure(view, name, place=place)["spec"]["data"][0]["z"]["array"]
            np.testing.assert_array_equal(written.array(drawn), node[name].transpose("unit", "time").values)


def test_its_statistics_are_those_of_the_library(written, lstm):
    node = lstm.trace["lstm"].to_dataset().isel(layer=0, direction=0, batch=0)
    node = node.assign_attrs(lstm.trace["lstm"].attrs)
    parts = stats.gates.contributions(node)
    keep, write, state = map(written.array, written.figure("gates", "contributions")["rows"])
    for found, name in ((keep, "keep"), (write, "write"), (state, "state")):
        np.testing.assert_array_equal(found, parts[name].transpose("unit", "time").values)
    exponents = written.array(written.figure("total", "norms")["spec"]["data"][0]["y"]["array"])
    np.testing.assert_allclose(10**exponents, stats.gradients.norm(node).values)
    order = written.array(written.view("states")["orders"]["similarity"])
    assert order.tolist() == stats.states.order(node["hidden"], "similarity").tolist()


def test_both_languages_are_in_it_and_each_number_is_there_once(written):
    assert written.figure("states", "hidden")["title"] == "Hidden state h"
    assert written.figure("states", "hidden", language="ko")["title"] == "은닉 상태 h"
    english, korean = (
        written.figure("states", "hidden", language=one)["spec"]["data"] for one in ("en", "ko")
    )
    assert english == korean


def test_text_of_the_reader_stays_text(written):
    assert "<title>&lt;i&gt;my&lt;/i&gt; run</title>" in written.text
    assert not [token for token in HOSTILE if len(token) > 4 and token in written.text]
    assert written.contents["places"]["0-0-0-0"]["tokens"][0] == HOSTILE[0].replace(" ", "·")
    assert len(re.findall("</script>", written.text)) == 4


def test_without_a_backward_the_gradients_say_what_would_bring_them(tmp_path):
    recording = recorded(nn.GRU(2, 3), backward=False)
    opened = Opened(rnnviz.page(recording, tmp_path / "run.html"))
    assert opened.view("total")["figures"] == []
    assert "recording holds no gradients. Send a loss back" in opened.view("total")["line"]


@pytest.mark.parametrize(
    "module",
    [
        nn.RNN(2, 3, nonlinearity="relu"),
        nn.GRU(2, 3, bidirectional=True),
        nn.LSTM(2, 4, proj_size=2),
        nn.LSTM(2, 1),
    ],
    ids=["relu", "both ways", "projected", "one unit"],
)
@pytest.mark.parametrize("steps", [1, 4])
def test_every_kind_of_module_can_be_put_on_paper(module, steps, tmp_path):
    opened = Opened(rnnviz.page(recorded(module, steps, batch=2), tmp_path / "run.html"))
    assert len(opened.contents["places"]) == 2 * (1 + module.bidirectional)
    assert [len(opened.view(name)["figures"]) > 0 for name in ("states", "gates", "total", "direct")] == [
        True
    ] * 4


def test_only_what_is_chosen_is_in_it(tmp_path):
    recording = recorded(nn.GRU(2, 3), batch=3)
    opened = Opened(rnnviz.page(recording, tmp_path / "run.html", modules=["gru"], sequences=[2]))
    assert list(opened.contents["places"]) == ["0-2-0-0"]
    assert opened.contents["modules"][0]["sequences"] == [{"number": 2, "name": "3"}]


def test_a_page_is_written_over_and_a_saved_trace_can_be_given(lstm, tmp_path):
    rnnviz.save(lstm.trace, tmp_path / "run.nc")
    (tmp_path / "run.html").write_text("an older page")
    assert Opened(rnnviz.page(tmp_path / "run.nc", tmp_path / "run.html")).contents["name"] == "run.nc"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.html", "run.nc"]


def refused(kind, message, *arguments, **named):
    with pytest.raises(kind, match=re.escape(message)) as problem:
        rnnviz.page(*arguments, **named)
    assert "\n" not in str(problem.value)


def test_what_cannot_be_put_on_paper_is_said_in_a_line(lstm, tmp_path, monkeypatch):
    path = tmp_path / "run.html"
    refused(ValueError, "a page is a file that ends in .html; got 'run.nc'", lstm, tmp_path / "run.nc")
    refused(FileNotFoundError, f"no such folder: {tmp_path / 'none'}", lstm, tmp_path / "none" / "run.html")
    refused(FileNotFoundError, "no such trace", tmp_path / "none.nc", path)
    refused(TypeError, "wanted a recording, a trace or the path of a saved one; got int", 3, path)
    refused(ValueError, "recording holds no recurrent module", xr.DataTree(), path)
    refused(ValueError, "holds no module 'gru'; it holds lstm", lstm, path, modules=["gru"])
    refused(ValueError, "lstm has sequences 0 to 0; got 4", lstm, path, sequences=[4])
    refused(ValueError, "recording has no steps to draw", lstm, path, sequences=[])
    monkeypatch.setattr(contents, "MOST", 100)
    refused(ValueError, "choose with modules=['lstm'] and sequences=[0]", lstm, path)
    assert not path.exists()


def test_a_page_is_made_without_streamlit():
    program = """
import sys, rnnviz, rnnviz.paper.file, rnnviz.paper.contents
print(*[m for m in ("streamlit", "torch") if m in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout.split()) == (0, [])


def test_a_script_that_cannot_be_joined_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "_PACKAGE", tmp_path)
    (tmp_path / "a.js").write_text('import b from "./b.js";\n')
    with pytest.raises(ValueError, match="a.js: cannot be put into one script with others: import b from"):
        bundle.script(tmp_path / "a.js")
    (tmp_path / "c.js").write_text('import { c } from "./c.js";\n')
    with pytest.raises(ValueError, match="c.js imports itself"):
        bundle.script(tmp_path / "c.js")


def test_a_torch_tensor_is_no_recording(tmp_path):
    refused(TypeError, "got Tensor", torch.zeros(2), tmp_path / "run.html")


@pytest.mark.parametrize(
    ("keep", "gates", "gradients", "missing"),
    [
        (["forget_gate"], ["forget_gate"], [], "input gate"),
        (["hidden_grad"], [], ["norms", "hidden_grad"], "direct"),
        (
            ["hidden_grad", "cell_grad", "forget_gate"],
            ["forget_gate"],
            ["norms", "mechanism", "hidden_grad"],
            "cell",
        ),
    ],
)
@pytest.mark.parametrize("size", [0, 2])
def test_a_recording_that_kept_a_part_is_drawn_as_far_as_it_goes(
    keep, gates, gradients, missing, size, tmp_path
):
    module = nn.LSTM(2, 4, proj_size=size)
    with rnnviz.record(module, keep=keep) as recording:
        module(torch.randn(5, 1, 2))[0].sum().backward()
    opened = Opened(rnnviz.page(recording, tmp_path / "run.html"))
    for view, wanted in (("gates", gates), ("total", gradients)):
        assert [one["id"] for one in opened.view(view)["figures"]] == wanted
        assert "did not keep all of it; missing: " in opened.view(view)["line"]
    assert opened.view("direct")["figures"] == []
