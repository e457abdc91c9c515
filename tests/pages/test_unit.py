"""The page about a unit: what it shows is what the library finds, a name stays in the link, and what is wrong is one line."""

import json

import numpy as np
import pytest

import rnnviz
from rnnviz import corpus
from rnnviz.models import held_out
from rnnviz.models.vocabularies import visible
from rnnviz.studies.corpus import finding, grouping, machine, speaking, unit, work
from rnnviz.ui.parts.explored import DEFAULT_TEXTS, recorded
from rnnviz.ui.rooms.unit import BEHAVING, EXAMPLES, joined, named
from tests.conftest import until
from tests.pages.conftest import Opened

LONG = "To be, or not to be: that is the question.\nWhether 'tis nobler in the mind to suffer\n" * 6
SMALL = {"model": "shakespeare-gru", "where_text": LONG, "layer": 2, "unit": 257}


class Looked(Opened):
    page = "unit"

    def read(self) -> "Looked":
        """Has the long text read, and waits for all that the page asks for."""
        for button in self.test.button:
            if button.key == "where_record":
                button.click().run()
                break
        for _turn in range(4):
            until(lambda: all(job.over for job in self.jobs()))
            self.test.run()
            assert not self.test.exception
        return self

    def jobs(self) -> list:
        state = self.test.session_state
        own = [*(state["where_jobs"].values() if "where_jobs" in state else [])]
        for name in ("unit_found", "unit_survey", "unit_groups", "unit_states"):
            if f"{name}_work" in state and "job" in state[f"{name}_work"]:
                own.append(state[f"{name}_work"]["job"])
        return own

    @property
    def store(self) -> corpus.Corpus:
        return corpus.Corpus.open(next(iter(recorded.stores._known.values()))[0])

    @property
    def groups(self) -> dict[str, list[dict]]:
        sent = self.visit._sent("rnnviz_places")
        return {group["title"]: group["places"] for group in sent["groups"]}

    @property
    def said(self) -> list[str]:
        return [one.value.replace("\\", "") for one in self.test.markdown]


@pytest.fixture
def page(visit, monkeypatch):
    monkeypatch.setattr(recorded, "stores", recorded.Stores())
    return lambda **params: Looked(visit, **SMALL | params)


def test_the_places_and_numbers_are_those_that_the_library_finds(page):
    seen = page().read()
    assert not seen.lines
    own = seen.store
    assert list(own.arrays) == ["rnn/layer_0/hidden", "rnn/layer_1/hidden"], "a short text keeps all layers"
    column = unit.column(own, "rnn/layer_1", 257)
    for title, highest in (("Where it is strongest", True), ("Where it is weakest", False)):
        steps = unit.contexts(own, column, 10, highest)
        assert len(seen.groups[title]) == len(steps)
        for place, step in zip(seen.groups[title], steps, strict=True):
            first = step - place["at"]
            assert place["tokens"] == [visible(c) for c in LONG[first : first + len(place["tokens"])]]
    life = unit.half_life(unit.autocorrelation(own, column))
    assert any(f"half-life {life:.4g} steps" in line for line in seen.said)
    spread = seen.visit.figures["spread"]
    assert len(json.dumps(seen.visit.board)) < 300_000 and spread["data"][0]["type"] == "bar"
    table = seen.test.dataframe[0].value
    found = unit.reactions(column, unit.Annotated(own))
    assert len(table) == found.sizes["annotation"] and table.index[0] is not None
    model = rnnviz.live.shipped("shakespeare-gru")
    growth = speaking.silenced(model, own, 1, 257)["growth"].values.mean()
    titles = {one["id"]: one["title"] for one in seen.visit.board["figures"]}
    assert f"the loss grows by {growth:.4f}".rstrip("0").replace("-", "−") in titles["silenced"]
    assert "direct" in titles, "the highest layer has weights to the scores"


def test_a_lower_layer_has_no_direct_effect(page):
    seen = page(layer=1, unit=3).read()
    assert {"spread", "autocorrelation", "silenced"} == set(seen.visit.figures)


def test_where_no_text_is_there_the_model_has_begun_to_write_one(visit, monkeypatch):
    monkeypatch.setattr(recorded, "stores", recorded.Stores())
    monkeypatch.setattr(recorded, "WRITTEN", 400)
    monkeypatch.setattr(held_out, "of", lambda card: None)
    seen = Looked(visit, model="shakespeare-gru", layer=2, unit=24).read()
    own = seen.store
    assert own.text(0, own.steps).startswith(DEFAULT_TEXTS["shakespeare"]) and own.steps == 400 + 42
    assert seen.groups["Where it is strongest"]
    assert any("400 characters that the model wrote after it" in one.label for one in seen.test.expander)


def test_a_name_stays_in_the_link_and_with_its_unit(page):
    seen = page().read()
    seen.test.text_input(key="pick_one_names").set_value("  lines; getting\u200b long ").run()
    assert seen.settings["one_names"] == "shakespeare-gru/1/257=lines getting long"
    assert "one_names=shakespeare-gru" in seen.visit.address
    seen.test.number_input(key="pick_unit").set_value(3).run()
    assert seen.test.text_input(key="pick_one_names").value == ""
    seen.test.number_input(key="pick_unit").set_value(257).run()
    assert seen.test.text_input(key="pick_one_names").value == "lines getting long"
    again = page(one_names="shakespeare-gru/1/257=a=b", one_view="find", one_by="blanks").read()
    frame = again.test.dataframe[0].value
    assert again.test.text_input(key="pick_one_names").value == "a=b"
    assert ("You call it" in frame.columns) == ("layer 2, unit 257" in frame.index)


def test_names_that_are_too_many_let_the_first_go():
    many = {f"shakespeare-gru/1/{n}": "x" * 60 for n in range(50)}
    kept = named(joined(many))
    assert 0 < len(kept) < 50 and list(kept)[-1] == "shakespeare-gru/1/49" and len(joined(many)) <= 2_000
    for damaged in ("x", "a/b=c", "a/1/2=", "a/1/2/3=x", "/1/2=x", "a/1/x=n", "a/1/2=" + "n" * 81):
        with pytest.raises(ValueError, match="cannot be read"):
            named(damaged)


def test_units_that_tell_something_are_ranked_and_can_be_looked_at(page):
    seen = page(one_view="find", one_by="blanks").read()
    own = seen.store
    found = finding.by_annotation(own, unit.Annotated(own)).sel(annotation="blanks")
    frame = seen.test.dataframe[0].value
    place, number = found["place"].values[0], found["unit"].values[0]
    assert frame.index[0] == f"layer {int('layer_1' in place) + 1}, unit {number}"
    pills = next(one for one in seen.test.get("button_group") if one.proto.label == "Look at one of them")
    assert pills.options[0] == frame.index[0]
    pills.set_value((int("layer_1" in place), int(number))).run()
    assert not seen.test.exception
    assert (seen.settings["unit"], seen.settings["one_view"]) == (number, "unit")


@pytest.mark.parametrize("by", BEHAVING)
def test_units_that_behave_so_are_ranked(page, by):
    seen = page(one_view="find", one_by=by).read()
    found = finding.survey(seen.store)
    values = found[by].values
    best = np.nanargmax(values) if by == "half_life" else np.nanargmin(values)
    layer, number = int("layer_1" in found["place"].values[best]), found["number"].values[best]
    assert seen.test.dataframe[0].value.index[0] == f"layer {layer + 1}, unit {number}"


def test_a_regular_expression_of_the_readers_own_is_told(page):
    seen = page(one_view="find", one_by="regex", one_regex=r"\bto\b").read()
    own = seen.store
    annotated = unit.Annotated(own, (corpus.annotating.of_regex(own, r"\bto\b"),))
    found = finding.by_annotation(own, annotated).isel(annotation=0)
    place, number = found["place"].values[0], found["unit"].values[0]
    assert seen.test.dataframe[0].value.index[0] == f"layer {int('layer_1' in place) + 1}, unit {number}"


def test_a_file_of_labels_of_the_readers_own_is_told(page):
    seen = page(one_view="find", one_by="labels").read()
    assert not seen.test.dataframe and not seen.lines
    table = "label\n" + "\n".join("1" if c == "t" else "0" for c in LONG) + "\n"
    seen.test.get("file_uploader")[-1].set_value([("own.csv", table.encode(), "text/csv")]).run()
    seen.read()
    assert len(seen.test.dataframe[0].value) == 15
    seen.test.get("file_uploader")[-1].set_value([("own.csv", b"label\n1\n", "text/csv")]).run()
    seen.read()
    assert any("has 1 rows; the corpus has" in line for line in seen.lines)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"one_by": "regex", "one_regex": "(a"}, "is no regular expression"),
        ({"one_by": "regex", "one_regex": "qqq"}, "matches nothing"),
        ({"one_by": "regex", "one_regex": r"\ATo"}, "nothing can be told by this"),
        ({"one_by": "indentation"}, "This text says too little of that"),
        ({"unit": 9999}, "unit 0 is shown"),
        ({"one_names": "x"}, "The link's names of units cannot be read"),
    ],
)
def test_what_cannot_be_shown_is_one_line(page, asked, words):
    seen = page(one_view="find", **asked)
    greeting = seen.greeting
    seen.read()
    assert any(words in line for line in [*seen.lines, *greeting]), seen.lines


def test_groups_and_the_machine_are_those_of_the_library(page):
    seen = page(one_view="groups", one_groups=4).read()
    own = seen.store
    found = grouping.groups(grouping.responses(own), 4)
    assert any(f"score {round(found.attrs['modularity'], 3):.4g}" in line for line in seen.said)
    assert seen.test.dataframe[0].value["units"].sum() == 2 * 296
    assert len(json.dumps(seen.visit.board)) < 300_000
    seen = page(one_view="states", one_states=3).read()
    made = machine.build(own, "rnn/layer_1", 3, model=rnnviz.live.shipped("shakespeare-gru"))
    loss = made.found["loss"].sel(by="machine").item()
    assert any(f"costs it {round(loss, 3):.4g} nats" in line for line in seen.said)
    assert len(seen.groups) == 3 and seen.visit.figures["machine"]["data"][0]["text"] == ["1", "2", "3"]


@pytest.mark.parametrize("name", ["shakespeare-gru", "korean-lstm"])
def test_the_units_that_are_offered_are_among_the_best(name, tmp_path):
    for _done in work.record(name, None, None, str(tmp_path / "own.zarr"), held_out=True):
        pass
    own = corpus.Corpus.open(tmp_path / "own.zarr")
    told, behave = finding.by_annotation(own, unit.Annotated(own)), finding.survey(own)
    for what, (layer, number) in EXAMPLES[name].items():
        place = f"rnn/layer_{layer}/hidden"
        if what in BEHAVING:
            best = behave.sortby("half_life", ascending=False)
            best = list(zip(best["place"].values[:5], best["number"].values[:5], strict=True))
        else:
            one = told.sel(annotation=what)
            assert one["corrected"].values[0] < 0.05
            best = list(zip(one["place"].values[:5], one["unit"].values[:5], strict=True))
        assert (place, number) in best, what
