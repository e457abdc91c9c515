"""explore/many: what is drawn is what the library finds, on reviews that come along, on the reader's own and on recordings."""

import base64
import json

import numpy as np
import pytest
import torch
import xarray as xr

import rnnviz
from rnnviz import trace, trajectories
from rnnviz.models import checkpoints
from rnnviz.models.vocabularies import visible
from rnnviz.studies import reviews
from rnnviz.ui.parts.explored.subjects import VIEWED
from rnnviz.ui.rooms.many import pictures
from rnnviz.ui.rooms.many.material import Material
from tests.pages.conftest import Opened

LANGUAGES = ("english", "korean")


class Seen(Opened):
    page = "many"

    @property
    def sent(self) -> dict | None:
        return self.visit._sent("rnnviz_many")

    @property
    def said(self) -> list[str]:
        return [one.value.replace("\\", "") for one in (*self.test.markdown, *self.test.caption)]

    def widget(self, key: str):
        return next(
            one for kind in ("button_group", "selectbox") for one in self.test.get(kind) if one.key == key
        )


@pytest.fixture
def page(visit):
    return lambda **params: Seen(visit, **params)


def unpacked(packed: dict) -> np.ndarray:
    return np.frombuffer(
        base64.b64decode(packed["bdata"]), {"u1": "u1", "u2": "<u2", "f4": "<f4"}[packed["dtype"]]
    )


def points(sent: dict) -> np.ndarray:
    raw = np.frombuffer(base64.b64decode(sent["paths"]), "u1").reshape(-1, 3).astype(int)
    grains = np.stack((raw[:, 0] << 4 | raw[:, 1] >> 4, (raw[:, 1] & 15) << 8 | raw[:, 2]), -1)
    low, high = np.array(sent["box"][:2]), np.array(sent["box"][2:])
    return low + (high - low) * grains / 4095


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_paths_are_those_of_the_library_and_what_is_sent_is_small(page, language):
    seen = page(many_language=language, many_model="gru")
    assert seen.greeting == seen.lines == []
    model, card = checkpoints.load(f"sentiment-{language}-gru")
    words, shipped = checkpoints.words(card), reviews.shipped(language)
    found = trajectories.of_reviews(model, [words.encode(text) for text in shipped.texts])
    axes = trajectories.axes(found)
    paths = trajectories.paths(found, axes).values
    sent = seen.sent
    assert sent["every"] == 1 and unpacked(sent["lengths"]).tolist() == found["length"].values.tolist()
    assert np.abs(points(sent) - paths).max() <= (paths.max(0) - paths.min(0)).max() / 4095
    odds = (unpacked(sent["verdict"]).astype(int) - pictures.EVEN) / 1000
    np.testing.assert_allclose(odds, found["verdict"].values, atol=6e-4)
    wrong = trajectories.wrong(trajectories.last(found), shipped.labels).tolist()
    assert sent["missed"] == wrong
    for metric, near in sent["nearest"].items():
        expected = trajectories.nearest(found, near["ranks"], metric)["neighbour"].values
        assert unpacked(near["who"]).reshape(400, -1).tolist() == expected.tolist()
    label, right, length = sent["groupings"]
    assert [one["count"] for one in label["groups"]] == [200, 200]
    assert sum(one["count"] for one in right["groups"][1:]) == len(wrong) and right["grey"] == 0
    assert sum(one["count"] for one in length["groups"]) == 400
    mean = trajectories.mean_path(paths_of(found, axes), found["length"], shipped.labels, by="share")["mean"]
    np.testing.assert_allclose(
        unpacked(label["means"]["share"]["mean"]), mean.values.ravel(), rtol=1e-4, atol=1e-5
    )
    first = [visible(token) for token in words.split(shipped.texts[0])]
    assert sent["texts"][0] == sent["apart"].join(first)
    assert len(json.dumps(sent)) < 300_000
    assert any(f"Judged right: {400 - len(wrong)} of 400" in line for line in seen.said)
    assert any(f"{axes['share'].values.sum():.1%}".replace("%", " %") in line for line in seen.said)
    assert any(card["data"]["licence"] in line for line in seen.said)


def paths_of(found, axes):
    return trajectories.paths(found, axes)


def test_the_page_speaks_the_reader_s_language_and_begins_with_its_reviews(page):
    seen = page(lang="ko")
    assert seen.sent["link"].startswith("sentiment?sentiment_language=korean&sentiment_model=lstm")
    assert seen.sent["groupings"][0]["groups"][1]["name"] == "칭찬"


def test_a_pasted_list_has_verdicts_and_no_labels(page):
    seen = page(many_language="english", many_from="paste")
    sent = seen.sent
    assert len(sent["texts"]) == 3 and sent["missed"] is None and sent["groupings"][0]["key"] == "verdict"
    box = next(one for one in seen.test.text_area if one.key == "pick_many_pasted")
    box.set_value("<b>one</b> film\n\n**two** films\n![](http://example.org/x.png)").run()
    assert not seen.test.exception and len(seen.sent["texts"]) == 3
    assert seen.sent["texts"][0].startswith("< b > one"), "what a reader typed is sent as text"
    box = next(one for one in seen.test.text_area if one.key == "pick_many_pasted")
    box.set_value("one film").run()
    assert seen.lines == ["Two reviews at least are needed; there is 1."] and seen.sent is None


def test_a_file_brings_labels_of_its_own(page):
    seen = page(many_language="english", many_from="file")
    assert seen.sent is None
    uploader = seen.test.get("file_uploader")[0]
    rows = "text,label\na very funny film,1\na dull film,0\na dull film,1\n,1\nwhat a waste,0\n"
    uploader.set_value(("reviews.csv", rows.encode(), "text/csv")).run()
    assert not seen.test.exception
    assert seen.lines == ["Rows without a review, which get no verdict: 1."]
    sent = seen.sent
    assert [one["count"] for one in sent["groupings"][0]["groups"]] == [2, 2] and sent["missed"] == [2]


def test_the_sequences_of_a_recording_are_drawn_with_their_names_and_labels(page, tmp_path, monkeypatch):
    torch.manual_seed(0)
    rnn = torch.nn.LSTM(2, 6, num_layers=2, bidirectional=True, batch_first=True)
    rows = [torch.randn(3 + number % 4, 2) for number in range(9)]
    with rnnviz.record(rnn) as recording:
        rnn(torch.nn.utils.rnn.pack_sequence(rows, enforce_sorted=False))
    names, labels = [f"<i>{number}</i>" for number in range(9)], ["up", "down", "up"] * 3
    trace.save(rnnviz.named(recording.trace, names=names, labels=labels), tmp_path / "run.nc")
    monkeypatch.setenv(VIEWED, json.dumps([str(tmp_path / "run.nc")]))
    subject = rnnviz.subjects.opened(tmp_path / "run.nc")
    seen = page(subject=subject.link, layer=2, direction="backward")
    assert seen.lines == []
    sent = seen.sent
    found = trajectories.of_subject(subject, layer=1, direction=1)
    paths = trajectories.paths(found, trajectories.axes(found)).values
    assert np.abs(points(sent) - paths).max() <= np.ptp(paths, axis=0).max() / 4095 + 1e-6
    assert sent["names"] == names and sent["texts"] is None and sent["verdict"] is None
    assert [(one["name"], one["count"]) for one in sent["groupings"][0]["groups"]] == [("down", 3), ("up", 6)]
    assert sent["link"].startswith("states?subject=run.nc") and sent["numbers"] == list(range(1, 10))
    with rnnviz.record(rnn) as recording:
        rnn(rows[0][None])
    trace.save(recording.trace, tmp_path / "run.nc")
    subject = rnnviz.subjects.opened(tmp_path / "run.nc")
    assert page(subject=subject.link).lines == ["run.nc holds fewer than two sequences; wanted several"]
    assert "is not here" in page(subject="gone.nc~0123456789abcdef").lines[0]


def test_a_model_of_one_s_own_reads_each_line_by_itself(page):
    hello = "hello-gru~0000000000000000"
    seen = page(subject=hello)
    assert seen.lines == ["Type several texts, one a line: each is read by itself."] and seen.sent is None
    seen = page(subject=hello, text="hello\nhel\n\nlo")
    assert seen.lines == []
    sent = seen.sent
    assert sent["texts"] == ["hello", "hel", "lo"] and sent["names"][2] == "Line 3"
    assert unpacked(sent["lengths"]).tolist() == [5, 3, 2] and sent["groupings"][0]["key"] == "length"
    start = points(sent)
    np.testing.assert_allclose(start[:3], start[5:8], atol=1e-3), "the same letters lead the same way"
    assert "several" not in page(subject="sunspots~0000000000000000").lines[0]


def test_where_there_are_many_steps_some_are_left_out_and_the_last_never():
    lengths = np.array([1000] * 199 + [1])
    every, places, counts = pictures.thinned(lengths, 50_000)
    starts = trajectories.starts(lengths)
    assert every == 4 and counts.sum() == len(places) <= 50_000 + 200
    assert set(starts[1:] - 1) <= set(places) and set(starts[:-1]) <= set(places)
    assert places[: counts[0] - 1].tolist() == list(range(0, 999, every)) and counts[-1] == 1
    assert pictures.thinned(np.array([5, 1, 2]), 8)[1].tolist() == list(range(8))


@pytest.mark.parametrize("tokens", [None, ("한", "글"), ("<word>", "longer-words")])
def test_however_much_is_read_little_is_sent(tokens):
    random = np.random.default_rng(0)
    hidden = random.normal(size=(500 * 200, 4)).astype(np.float32)
    found = xr.Dataset({"hidden": (("state", "unit"), hidden), "length": ("sequence", np.full(500, 200))})
    if tokens:
        found["verdict"] = ("state", random.normal(size=500 * 200))
    label = np.arange(500) % 2
    material = Material(
        "key",
        "name",
        found,
        labels=("one", "other"),
        label=label,
        missed=np.arange(0, 500, 3),
        tokens=None if tokens is None else (tokens * 100,) * 500,
        names=() if tokens else tuple(f"sequence {number}" for number in range(500)),
        said=("비판으로 판정",) * 500,
    )
    drawn = pictures.computed(material)
    sent = pictures.data(material, drawn, pictures._nearest(material))
    assert len(json.dumps(sent)) < 300_000
    assert sent["every"] > 1 and len(points(sent)) == unpacked(sent["counts"]).sum()


def test_what_is_not_there_is_a_line(page, monkeypatch):
    monkeypatch.setattr(
        checkpoints, "load", lambda name: (_ for _ in ()).throw(checkpoints.CheckpointError("torn"))
    )
    from rnnviz.ui.rooms.many import reviews as room

    room._model.clear()
    seen = page(many_language="english", many_model="rnn", many_from="paste")
    assert seen.lines == ["torn"] and seen.sent is None
    seen = page(many_model="transformer")
    assert "must be one of rnn, gru, lstm" in seen.greeting[0]
