"""The page that searches a long text: what it shows is what the library finds, and what is wrong is one line."""

import shutil

import pytest

import rnnviz
from rnnviz import corpus
from rnnviz.models import held_out
from rnnviz.ui.parts.explored import DEFAULT_TEXTS, recorded
from rnnviz.ui.rooms.corpus import STRETCHES
from tests.conftest import until
from tests.pages.conftest import Opened

TEXT = "To be, or not to be"
LONG = "To be, or not to be: that is the question.\nWhether 'tis nobler in the mind to suffer\n" * 6
SMALL = {"model": "shakespeare-gru", "text": TEXT, "where_text": LONG, "layer": 2}


class Searched(Opened):
    page = "corpus"

    @property
    def places(self) -> list[str]:
        return self.test.code[0].value.splitlines() if self.test.code else []

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
    for line, start, stop in zip(seen.places, found.starts, found.stops, strict=False):
        here = line.partition("│")[2].partition("│")[0]
        assert here == "".join(map(rnnviz.vocabularies.visible, LONG[start:stop]))
    columns = {line.index("│") for line in seen.places}
    assert len(columns) == 1, "what was found stands in one column"


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
    heres = [line.partition("│")[2].partition("│")[0] for line in seen.places]
    assert heres == [rnnviz.vocabularies.visible(LONG[step]) for step in found.steps]
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
    assert len(seen.places) == 25 and all("다│" in line for line in seen.places)
    assert any("CC0" in one.value for one in seen.test.caption)


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


def test_stores_that_nobody_asked_for_lately_make_room(tmp_path):
    stores = recorded.Stores(most=100)
    first = stores.path("a", 60)
    first.mkdir()
    second = stores.path("b", 40)
    second.mkdir()
    assert stores.path("a", 60) == first
    third = stores.path("c", 30)
    assert first.exists() and not second.exists() and third not in (first, second)
    assert stores.path("b", 40) != second
    stores.forget("a")
    assert not first.exists()


def test_what_was_cleared_away_is_offered_to_be_read_again(page):
    seen = page(where_on="3").read()
    shutil.rmtree(seen.store.path)
    recorded._open.clear()
    seen.test.run()
    assert not seen.test.exception
    assert any(button.key == "where_record" for button in seen.test.button)
    assert not seen.lines
