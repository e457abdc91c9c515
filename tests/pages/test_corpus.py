"""The page that searches a long text: what it shows is what the library finds, and what is wrong is one line."""

import base64
import json
import shutil
import sys

import numpy as np
import pytest

import rnnviz
from rnnviz import corpus
from rnnviz.cli.explore import TEMPLATE as own_model
from rnnviz.models import held_out
from rnnviz.studies import live
from rnnviz.ui.parts.explored import DEFAULT_TEXTS, recorded, stores
from rnnviz.ui.parts.explored.live import EXPLORED
from rnnviz.ui.parts.numbers import shown
from rnnviz.ui.rooms.corpus import STRETCHES
from tests.conftest import until
from tests.pages.conftest import Opened

TEXT = "To be, or not to be"
LONG = "To be, or not to be: that is the question.\nWhether 'tis nobler in the mind to suffer\n" * 6
SMALL = {"model": "shakespeare-gru", "text": TEXT, "where_text": LONG, "layer": 2}


class Searched(Opened):
    page = "corpus"

    @property
    def sent(self) -> dict:
        return self.visit._sent("rnnviz_places")

    @property
    def places(self) -> list[dict]:
        """Each place that is shown, with what was found there as `here`."""
        sent = self.sent["groups"][0]["places"] if self.sent else []
        return [one | {"here": "".join(one["tokens"][one["at"] : one["to"]])} for one in sent]

    def read(self) -> "Searched":
        """Has the long text read, unless another visit had, and waits for it."""
        if any(button.key == "where_record" for button in self.test.button):
            self.press("where_record")
        until(lambda: all(job.over for job in self.test.session_state["where_jobs"].values()))
        self.test.run()
        return self

    def press(self, key: str) -> None:
        next(button for button in self.test.button if button.key == key).click().run()

    @property
    def store(self) -> corpus.Corpus:
        ((path, _job),) = self.test.session_state["where_jobs"].items()
        return corpus.Corpus.open(path)


def unpacked(values: dict) -> np.ndarray:
    return np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"].replace("f4", "<f4"))


@pytest.fixture
def page(visit):
    return lambda **params: Searched(visit, **SMALL | params)


def test_the_places_are_those_that_the_library_finds(page):
    seen = page(where_steps="4-5", where_threshold=0.2).read()
    assert not seen.lines and not seen.test.exception
    model = rnnviz.live.shipped("shakespeare-gru")
    hidden = model.read(TEXT).subject.trace["rnn"]["hidden"].isel(layer=1, direction=0, batch=0)
    on = corpus.standing_out(hidden.transpose("time", "unit").values, 3, 4, 0.2)
    assert on and f"and not right before or after: {len(on)}." in seen.visit.board["summary"]
    assert seen.visit.board["marks"] == [{"first": 3, "last": 4, "units": None}]
    found = corpus.match(seen.store, corpus.Pattern(on, threshold=0.2, outside=True))
    assert len(seen.places) == min(25, len(found))
    for place, start, stop in zip(seen.places, found.starts, found.stops, strict=False):
        assert place["here"] == "".join(map(rnnviz.vocabularies.visible, LONG[start:stop]))
    # coloured by the mean of what is sought
    own, first = seen.store, int(found.starts[0]) - seen.places[0]["at"]
    mean = own.values("rnn/layer_1/hidden", 0, on).mean(0)[first : first + len(seen.places[0]["tokens"])]
    np.testing.assert_allclose(unpacked(seen.places[0]["values"]), mean, atol=1e-6)


def test_units_may_be_named_and_a_link_holds_the_search(page):
    asked = {"where_on": "3 7-8", "where_off": "5", "where_outside": False, "where_threshold": -0.1}
    seen = page(**asked).read()
    found = corpus.match(seen.store, corpus.Pattern((3, 7, 8), (5,), -0.1))
    assert any(
        f"{len(found):,} places in {len(LONG):,} characters" in m.value.replace("\\", "")
        for m in seen.test.markdown
    )
    assert "where_on=3+7-8" in seen.visit.address and "where_off=5" in seen.visit.address
    assert "Chosen units: 3 on, 1 off." in seen.visit.board["summary"]


def test_the_nearest_states_are_those_of_the_step_at_the_cursor(page):
    seen = page(where_by="state", step=6, where_metric="euclid").read()
    assert not seen.test.exception
    hidden = rnnviz.live.shipped("shakespeare-gru").read(TEXT).subject.trace["rnn"]["hidden"]
    state = hidden.isel(layer=1, direction=0, batch=0, time=5).values
    found = corpus.nearest(seen.store, state, 20, "euclid")
    assert [place["here"] for place in seen.places] == [
        rnnviz.vocabularies.visible(LONG[step]) for step in found.steps
    ]
    assert found.distances[0] < 0.2, "the long text begins as the short one"


def test_a_regular_expression_and_the_units_that_tell_its_places(page):
    seen = page(where_by="text", where_regex=r"\bto\b").read()
    assert len(seen.places) == LONG.count(" to ") == 12
    seen.press("where_tell")
    until(lambda: all(job.over for job in seen.test.session_state["where_telling"].values()))
    seen.test.run()
    assert not seen.test.exception and not seen.lines
    own = seen.store
    found = corpus.telling(own, corpus.search(own, r"\bto\b").where())
    assert seen.test.dataframe[0].value.index.tolist() == found["unit"].values.tolist()


def on_at(first, last, *more):
    model = rnnviz.live.shipped("shakespeare-gru")
    hidden = model.read(TEXT).subject.trace["rnn"]["hidden"].isel(layer=1, direction=0, batch=0)
    return corpus.standing_out(hidden.transpose("time", "unit").values, first, last, 0.2, *more)


def heres(found):
    return [
        "".join(map(rnnviz.vocabularies.visible, LONG[start:stop]))
        for start, stop in zip(found.starts[:25], found.stops[:25], strict=True)
    ]


@pytest.mark.parametrize("way", ["and", "not"])
def test_a_second_condition_on_the_text_leaves_what_the_library_leaves(page, way):
    asked = {"where_on": "3 7", "where_threshold": -0.1, "where_also": way, "where_also_regex": "[tb]"}
    seen = page(**asked, where_outside=False).read()
    assert not seen.lines and not seen.test.exception
    found = corpus.match(seen.store, corpus.Pattern((3, 7), threshold=-0.1))
    left = corpus.combined(found, corpus.search(seen.store, "[tb]").where(), way == "not")
    assert [place["here"] for place in seen.places] == heres(left)
    assert f"where_also={way}" in seen.visit.address and "where_also_regex=" in seen.visit.address
    likely = [one for one in corpus.common(seen.store, left) if one.p <= 0.05][:10]
    frames = [one.value for one in seen.test.dataframe]
    assert [len(frame) for frame in frames] == [len(likely)] * bool(likely)


def test_a_second_stretch_is_marked_too_and_its_units_are_sought(page):
    asked = {"where_steps": "4-5", "where_threshold": 0.2, "where_outside": False, "where_also": "and"}
    seen = page(**asked, where_also_by="steps", where_also_steps="5-6").read()
    assert [(one["first"], one["last"]) for one in seen.visit.board["marks"]] == [(3, 4), (4, 5)]
    found, second = (
        corpus.match(seen.store, corpus.Pattern(on_at(*steps, False), threshold=0.2))
        for steps in ((3, 4), (4, 5))
    )
    assert [place["here"] for place in seen.places] == heres(corpus.combined(found, second.where()))
    seen.press("where_also_take")
    assert seen.settings["where_also_steps"] == "4-5"


def test_inverted_the_units_that_are_off_there_are_sought(page):
    seen = page(where_steps="4-5", where_threshold=0.2, where_inverted=True).read()
    off = on_at(3, 4, True, True)
    assert off and f"and above it right before and after: {len(off)}." in seen.visit.board["summary"]
    found = corpus.match(seen.store, corpus.Pattern(off=off, threshold=0.2, outside=True))
    assert [place["here"] for place in seen.places] == heres(found)


def test_the_nearest_cell_states_are_sought_by_the_units_that_are_sought(page):
    asked = {"where_by": "state", "step": 6, "where_field": "cell", "where_among": "sought"}
    seen = page(**asked, model="shakespeare-lstm", where_on="3 70", where_metric="euclid").read().read()
    assert not seen.test.exception
    node = rnnviz.live.shipped("shakespeare-lstm").read(TEXT).subject.trace["rnn"]
    state = node["cell"].isel(layer=1, direction=0, batch=0, time=5).values
    stores = [corpus.Corpus.open(path) for path in seen.test.session_state["where_jobs"]]
    (own,) = [one for one in stores if "rnn/layer_1/cell" in one.arrays]
    found = corpus.nearest(own, state, 20, "euclid", (3, 70), "rnn/layer_1/cell")
    assert [place["here"] for place in seen.places] == [
        rnnviz.vocabularies.visible(LONG[step]) for step in found.steps
    ]


def test_places_are_coloured_by_what_is_known_of_them(page):
    seen = page(
        where_on="3", where_outside=False, where_threshold=-0.1, where_colour="position in line"
    ).read()
    position = corpus.shared.positions(seen.store)
    assert seen.sent["limits"] == [0, position.max()] and seen.sent["scale"] == "gate"
    found = corpus.match(seen.store, corpus.Pattern((3,), threshold=-0.1))
    for place, start in zip(seen.places, found.starts, strict=False):
        first = start - place["at"]
        assert unpacked(place["values"]).tolist() == position[first : first + len(place["tokens"])].tolist()
    plain = page(where_on="3", where_outside=False, where_threshold=-0.1, where_colour="none").read()
    assert all("values" not in place for place in plain.places)


def test_a_page_sends_little(visit):
    seen = Searched(visit, model="shakespeare-lstm").read()
    assert len(seen.places) == 19
    assert sum(len(one.proto.json) for one in seen.test.get("bidi_component")) < 300_000


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"where_by": "text", "where_regex": "(a"}, "is no regular expression"),
        ({"where_by": "text", "where_regex": "(o+)+!!!!"}, "matches nothing"),
        ({"where_on": "3", "where_threshold": 1.0}, "nowhere in"),
        ({"where_on": "3", "where_off": "3"}, "unit 3 is both on and off"),
        ({"where_on": "3 9999"}, "The units must be from 0 to"),
        ({"where_on": "three"}, "'three' are no whole numbers"),
        ({"where_steps": "3 9"}, "The steps must be one stretch"),
        ({"where_on": "3", "where_also": "and", "where_also_regex": "(a"}, "is no regular expression"),
        ({"where_on": "3", "where_also": "and", "where_also_regex": "qqq"}, "matches nothing"),
        ({"where_on": "3", "where_also": "not", "where_also_regex": "(?s)."}, "none is left without it"),
        (
            {"where_also": "and", "where_also_by": "steps", "where_also_steps": "900"},
            "The steps must be one stretch",
        ),
    ],
)
def test_what_cannot_be_found_is_one_line(page, asked, words):
    seen = page(**asked).read()
    assert not seen.test.exception
    assert any(words in line for line in seen.lines), seen.lines


def test_without_a_text_of_the_readers_one_that_comes_along_is_searched(visit):
    seen = Searched(visit, model="korean-gru").read()
    assert not seen.lines
    own, whole = seen.store, held_out.read("korean")
    assert own.steps == whole.characters and own.text(0, own.steps) == "".join(t for _n, t in whole.passages)
    assert len(seen.places) == 25 and {place["here"] for place in seen.places} == {"다"}
    assert any("CC0" in one.value for one in seen.test.caption)
    said = [one.value.replace("\\", "") for one in seen.test.markdown]
    assert any(
        "apart most: next character “.”, 100.0 % of them (in the whole text: 4.6" in one for one in said
    )


@pytest.mark.parametrize("name", STRETCHES)
def test_what_a_page_opens_on_is_found_elsewhere_and_says_something(name, tmp_path):
    model, (first, last) = rnnviz.live.shipped(name), STRETCHES[name]
    passages = held_out.shipped(name)[:12]
    own = corpus.record(model, passages, tmp_path / "own.zarr", layers=[0], bits=8)
    text = DEFAULT_TEXTS[name.partition("-")[0]]
    hidden = model.read(text).subject.trace["rnn"]["hidden"].isel(layer=0, direction=0, batch=0)
    on = corpus.standing_out(hidden.transpose("time", "unit").values, first, last, 0.3)
    found = corpus.match(own, corpus.Pattern(on, threshold=0.3, outside=True))
    best = corpus.common(own, found)[0]
    assert len(found) >= 5 and best.p < 0.01 and best.here == best.of_here


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """A corpus that the app was started on."""

    def make(model, texts, name="states.zarr", **how):
        own = corpus.record(model, texts, tmp_path / name, **how)
        monkeypatch.setenv(stores.VARIABLE, json.dumps([str(own.path)]))
        return own

    return make


def test_a_corpus_of_the_readers_own_is_searched_and_a_link_calls_it_by_name(page, stored):
    own = stored(rnnviz.live.shipped("shakespeare-gru"), [("a", LONG), ("b", TEXT)])
    asked = {"where_on": "3 7", "where_threshold": -0.1, "where_outside": False, "where_text": ""}
    found = corpus.match(own, corpus.Pattern((3, 7), threshold=-0.1))
    for more in ({}, {"where_store": "states.zarr"}):
        seen = page(**asked, **more)
        assert not seen.lines and not seen.test.exception
        assert [place["note"] for place in seen.places] == [shown(one) for one in found.scores[:25]]
        assert str(own.path.parent) not in repr([one.proto for one in seen.test.get("bidi_component")])
    other = page(**asked | {"where_store": "none", "where_text": LONG}).read()
    assert not other.lines and other.store.path != own.path
    seen = page(**asked, where_by="state", model="shakespeare-lstm", where_store="states.zarr")
    assert any("holds states of another model" in line for line in seen.lines)
    assert any("in a way that cannot be read" in line for line in page(where_store="../x").greeting)
    assert any("rnnviz view gone.zarr" in line for line in page(where_store="gone.zarr").read().lines)


def test_a_corpus_of_a_model_of_ones_own_is_searched(visit, stored, tmp_path, monkeypatch):
    (tmp_path / "own_where.py").write_text(own_model.read_text("utf-8"))
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setenv(EXPLORED, "own_where:subject")
    model = live.found("own_where:subject")
    own = stored(model, model.text * 4)
    subject = {"subject": live.link("own_where:subject")}
    seen = Searched(visit, **subject, where_on="3", where_threshold=0.1, where_outside="False")
    assert not seen.lines and not seen.test.exception
    found = corpus.match(own, corpus.Pattern((3,), threshold=0.1))
    assert [place["note"] for place in seen.places] == [shown(one) for one in found.scores[:25]]
    about = visit("unit", **subject)
    assert not about.test.exception and not about.lines and about._sent("rnnviz_places")["groups"]
    monkeypatch.delenv(stores.VARIABLE)
    assert any("--corpus states.zarr" in line for line in Searched(visit, **subject).lines)
    stored(rnnviz.live.shipped("shakespeare-gru"), TEXT, "other.zarr")
    assert any("holds states of another model" in line for line in Searched(visit, **subject).lines)


def test_stores_that_nobody_asked_for_lately_make_room(tmp_path):
    kept = recorded.Stores(most=100)
    first = kept.path("a", 60)
    first.mkdir()
    second = kept.path("b", 40)
    second.mkdir()
    assert kept.path("a", 60) == first
    third = kept.path("c", 30)
    assert first.exists() and not second.exists() and third not in (first, second)
    assert kept.path("b", 40) != second
    kept.forget("a")
    assert not first.exists()


def test_what_was_cleared_away_is_offered_to_be_read_again(page):
    seen = page(where_on="3").read()
    shutil.rmtree(seen.store.path)
    recorded._open.clear()
    seen.test.run()
    assert not seen.test.exception
    assert any(button.key == "where_record" for button in seen.test.button)
    assert not seen.lines
