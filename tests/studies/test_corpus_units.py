"""What is asked of one unit of a corpus, and which units are found: each number that of a plain loop or of another library."""

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import matthews_corrcoef

from benchmarks.units import rates
from rnnviz import ablation, corpus, live, probing, stats
from rnnviz.models.networks import LanguageModel
from rnnviz.models.vocabularies import Vocabulary
from rnnviz.stats import chance
from rnnviz.studies.corpus import annotating, finding, grouping, machine, naming, speaking, unit
from rnnviz.told import Told
from tests.studies.test_corpus_questions import made

SIGNS = 'aB "([)]}“”\n é.'


def of_text(text, lengths=None, labels=None, states=None):
    letters = tuple(sorted(set(text)))
    tokens = [letters.index(one) for one in text]
    states = np.zeros((len(text), 1)) if states is None else states
    return made(states, lengths, tokens, labels, vocabulary=letters)


# chance


@settings(max_examples=50)
@given(st.lists(st.floats(-5, 5, width=32), min_size=1, max_size=40), st.randoms())
def test_labels_are_turned_to_every_place(row, random):
    labels = [random.uniform(-1, 1) for _ in row]
    expected = [
        sum(value * labels[(step - turn) % len(row)] for step, value in enumerate(row))
        for turn in range(len(row))
    ]
    np.testing.assert_allclose(chance.turned(np.array(row), np.array(labels)), expected, atol=1e-4)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_rejects_what_its_steps_reject(chances):
    level = 0.05
    order = sorted(range(len(chances)), key=lambda n: chances[n])
    rejected = set()
    for rank, n in enumerate(order):  # as Holm wrote it: one after the other, until one is kept
        if chances[n] * (len(chances) - rank) > level:
            break
        rejected.add(n)
    found = chance.holm(np.array(chances))
    assert {n for n in range(len(chances)) if found[n] <= level} == rejected


def test_what_was_not_tried_costs_nothing():
    np.testing.assert_array_equal(chance.holm(np.array([0.02, np.nan])), [0.02, np.nan])


# annotations


@settings(max_examples=200)
@given(st.lists(st.text(SIGNS, min_size=1, max_size=20), min_size=1, max_size=4))
def test_annotations_are_those_of_probes_within_each_paragraph(texts):
    own = of_text("".join(texts), [len(text) for text in texts])
    told = {one.name: one for one in annotating.of(own)}
    names = {
        "bracket depth": "bracket depth",
        "in a quotation": "in a quotation",
        "capitals": "capital",
        "first letters": "first letter",
        "blanks": "blank",
        "line ends": "line end",
        "vowels": "vowel",
        "punctuation": "punctuation",
    }
    for name, theirs in names.items():
        expected = []
        for text in texts:
            parts = paragraphs(text) if name in ("bracket depth", "in a quotation") else [text]
            for part in parts:
                expected += list(probing.PROPERTIES[theirs].of(list(part)))
        if name in told:
            assert told[name].values.tolist() == pytest.approx(expected), name
        else:
            assert len(set(expected)) == 1, name


def test_the_position_in_a_line_begins_anew_behind_its_end():
    own = of_text("ab\n\ncb", [5, 1])
    told = {one.name: one.values for one in annotating.of(own)}
    assert told["position in line"].tolist() == [0, 1, 2, 0, 0, 0]


def paragraphs(text):
    """Cut behind each line that holds nothing but its end."""
    found, line = [""], 0
    for sign in text:
        found[-1] += sign
        empty = sign == "\n" and line == 0
        line = 0 if sign == "\n" else line + 1
        if empty:
            found.append("")
    return [one for one in found if one]


def test_indentation_is_what_was_read_of_it():
    own = of_text("if a:\n  b\n\n c")
    told = {one.name: one.values for one in annotating.of(own)}
    assert told["indentation"].tolist() == [0] * 6 + [1, 2, 2, 2] + [0] + [1, 1]


def test_labels_of_sequences_are_annotations():
    own = of_text("abcd", [1, 2, 1], ["good", "bad", "good"])
    told = {one.name: one.values.tolist() for one in annotating.of(own)}
    assert told["label good"] == [True, False, False, True] and "label bad" not in told


def test_a_reader_brings_labels_of_three_forms():
    own = of_text("abcdef")
    each = annotating.of_csv(own, "label\n0\n1\n2.5\n0\n0\n0\n")
    assert each[0].numeric and each[0].values.tolist() == [0, 1, 2.5, 0, 0, 0]
    (truths,) = annotating.of_csv(own, "start,stop\n2,3\n6,6\n")
    assert truths.values.tolist() == [False, True, True, False, False, True] and not truths.numeric
    verb, noun = annotating.of_csv(own, "start,stop,label\n1,2,verb\n4,4,noun\n")[::-1]
    assert (verb.name, noun.name) == ("verb", "noun")
    assert verb.values.tolist() == [True, True, False, False, False, False]
    assert annotating.of_regex(own, "b|e").values.tolist() == [False, True, False, False, True, False]
    counted = annotating.of_function(own, lambda tokens: range(len(tokens)), "count")
    assert counted.numeric and counted.values.tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("", "needs a header"),
        ("step,word\n1,2\n", "needs a header"),
        ("label\n1\n", "has 1 rows; the corpus has 6 steps"),
        ("label\n" + "1\n" * 6, "says the same of every step"),
        ("label\nnan\n" + "1\n" * 5, "must be a finite number"),
        ("start,stop\n1\n", "row 2 has 1 columns"),
        ("start,stop\n0,2\n", "must be steps from 1 to 6"),
        ("start,stop\n4,2\n", "must be steps from 1 to 6"),
        ("start,stop\n1,99999999999999999999999\n", "whole numbers"),
        ("start,stop\none,2\n", "whole numbers"),
        ("start,stop,label\n" + "".join(f"1,1,n{n}\n" for n in range(13)), "13 different labels"),
        ('label\n"a\n', "no CSV"),
    ],
)
def test_a_damaged_file_of_labels_is_one_line(table, words):
    with pytest.raises(Told, match=words) as told:
        annotating.of_csv(of_text("abcdef"), table)
    assert "\n" not in str(told.value)


def test_a_function_that_goes_wrong_is_one_line():
    own = of_text("abcdef")
    with pytest.raises(Told, match="mine raised KeyError"):
        annotating.of_function(own, lambda tokens: {}["a"], "mine")
    with pytest.raises(Told, match="for each of 6 tokens"):
        annotating.of_function(own, lambda tokens: [1, 2], "mine")


# one unit


def walk(steps, units=3, seed=0, keep=0.9):
    random = np.random.default_rng(seed)
    states = random.standard_normal((steps, units))
    for step in range(1, steps):
        states[step] = keep * states[step - 1] + np.sqrt(1 - keep**2) * states[step]
    return np.tanh(states).astype(np.float32)


def test_classes_hold_what_is_stored(tmp_path):
    text = "ab \n" * 40
    own = corpus.record(small("ab \n"), text, tmp_path / "own.zarr", bits=8)
    stored = own.arrays["rnn/layer_1/hidden"].whole()
    column = unit.column(own, "rnn/layer_1", 2)
    np.testing.assert_allclose(column.at(slice(None)), stored[:, 2] * np.float32(1 / 127), rtol=1e-6)
    floats = made(walk(500))
    column = unit.column(floats, None, 1)
    span = np.ptp(walk(500)[:, 1])
    assert abs(column.at(slice(None)) - walk(500)[:, 1]).max() <= 1.01 * span / 8_190
    mean, deviation = column.spread
    assert mean == pytest.approx(walk(500)[:, 1].mean(), abs=1e-4)
    assert deviation == pytest.approx(walk(500)[:, 1].std(), abs=1e-4)
    assert unit.saturation(column) == pytest.approx(
        [(walk(500)[:, 1] < -0.9).mean(), (walk(500)[:, 1] > 0.9).mean()]
    )


@pytest.mark.parametrize("highest", [True, False])
def test_contexts_are_the_most_extreme_that_differ(highest):
    random = np.random.default_rng(1)
    tokens = random.integers(0, 3, 3000)
    states = walk(3000, seed=2)
    own = made(states, [1000, 2000], tokens)
    column = unit.column(own, None, 0)
    found = unit.contexts(own, column, 12, highest)
    codes = column.codes.astype(int) * (-1 if highest else 1)

    def alike(one, other):
        ends = [tokens[max(1000 * (s >= 1000), s - 3) : s + 1].tolist() for s in (one, other)]
        return abs(one - other) < 20 or ends[0] == ends[1]

    assert len(found) == 12 and (np.diff(codes[found]) >= 0).all()
    assert not any(alike(a, b) for n, a in enumerate(found) for b in found[:n])
    # whatever is more extreme than the last of them is like one of them
    for step in np.flatnonzero(codes < codes[found[-1]]):
        assert step in found or any(alike(step, one) for one in found)


def test_a_unit_that_is_the_same_most_of_the_time_still_has_contexts_that_differ():
    random = np.random.default_rng(3)
    tokens = random.integers(0, 5, 20_000)
    states = np.where(random.random((20_000, 1)) < 0.9, 1.0, -1.0)
    own = made(states, tokens=tokens)
    found = unit.contexts(own, unit.column(own, None, 0), 10)
    assert len({tuple(tokens[s - 3 : s + 1]) for s in found}) == 10
    assert np.ptp(found) > 5_000, "they come from all over the corpus, not from its beginning alone"


def test_the_autocorrelation_is_that_of_all_pairs_within_sequences():
    states, lengths = walk(300, seed=4), [120, 7, 173]
    own = made(states, lengths)
    row = states[:, 1].astype(float) - states[:, 1].mean()
    found = unit.autocorrelation(own, unit.column(own, None, 1), 50)
    for lag in (0, 1, 6, 7, 50):
        pairs = [
            row[first + step] * row[first + step + lag]
            for first, length in zip([0, 120, 127], lengths, strict=True)
            for step in range(length - lag)
        ]
        assert found.sel(lag=lag).item() == pytest.approx(np.mean(pairs) / row.var(), abs=2e-3)


def test_the_half_life_is_where_half_is_left():
    curve = xr.DataArray([1.0, 0.9, 0.4, 0.6], dims="lag")
    assert unit.half_life(curve) == pytest.approx(1.8)
    assert unit.half_life(curve[:2]) == np.inf
    own = made(walk(60_000, 1, keep=0.5 ** (1 / 10)))
    assert unit.half_life(unit.autocorrelation(own, unit.column(own, None, 0))) == pytest.approx(10, rel=0.1)
    still = made(np.full((50, 1), 0.25))
    assert np.isnan(unit.half_life(unit.autocorrelation(still, unit.column(still, None, 0))))


@pytest.mark.parametrize("keep", [0.1, 0.8, 0.97])
def test_the_half_life_by_a_few_lags_is_that_by_all(keep):
    own = made(walk(900, 1, keep=keep), [300, 2, 1, 5, 592])
    column = unit.column(own, None, 0)
    expected = unit.half_life(unit.autocorrelation(own, column))
    assert unit.life(own, column) == pytest.approx(expected, rel=1e-3)


def test_what_a_unit_tells_is_what_other_libraries_say_of_the_second_half():
    states = walk(600, seed=5)
    states[:, 2] = np.round(states[:, 2], 1)  # ties
    random = np.random.default_rng(6)
    truths = np.repeat(random.random(60) < 0.4, 10)
    numbers = np.round(states[:, 2] + random.standard_normal(600), 1).astype(np.float32)
    own = made(states)
    annotated = unit.Annotated(
        own, (annotating.Annotation("truths", truths), annotating.Annotation("numbers", numbers, True))
    )
    late = slice(annotated.cut, None)
    column = unit.column(own, None, 2)
    found = unit.reactions(column, annotated)
    hidden = xr.DataArray(column.at(slice(None))[None], dims=("unit", "time"))
    one = found.sel(annotation="truths")
    assert one["held_out"].item() == pytest.approx(
        stats.states.separation(hidden[:, late], truths[late]).item()
    )
    rho = spearmanr(column.at(late), numbers[late]).statistic
    assert found["held_out"].sel(annotation="numbers").item() == pytest.approx(rho, abs=1e-6)
    # the threshold and the side of the first half, on the second
    early, values = slice(0, annotated.cut), column.at(slice(None))
    scores = {t: matthews_corrcoef(truths[early], values[early] >= t) for t in np.unique(values[early])}
    best = max(scores, key=lambda t: abs(scores[t]))
    expected = matthews_corrcoef(truths[late], values[late] >= best) * np.sign(scores[best])
    assert one["mcc"].item() == pytest.approx(expected)
    # p by a plain loop over all turns
    side = 1 if one["found"].item() >= 0.5 else -1
    shares = [
        side * stats.states.separation(hidden[:, late], np.roll(truths[late], turn)).item()
        for turn in range(600 - annotated.cut)
    ]
    assert one["p"].item() == pytest.approx(np.mean(np.array(shares) >= shares[0] - 1e-9), abs=0.01)
    tried = found["p"].sel(annotation=["truths", "numbers"]).values
    np.testing.assert_allclose(
        found["corrected"].sel(annotation=["truths", "numbers"]).values, chance.holm(tried)
    )


def test_what_one_half_says_nothing_of_is_not_tried():
    own = made(walk(100))
    late_only = np.arange(100) > 90
    annotated = unit.Annotated(own, (annotating.Annotation("late", late_only),))
    assert annotated.tried == []
    assert unit.reactions(unit.column(own, None, 0), annotated).sizes["annotation"] == 0
    with pytest.raises(Told, match="nothing can be told by this"):
        finding.by_annotation(own, annotated)


# which units


def test_what_is_planted_is_found_and_what_is_not_is_not():
    shares = rates(30, steps=1500, units=24, planted=1.5)
    assert shares["planted"] == 1.0
    # of 30 corpora, at 5 % each: six or more are found by chance less than once in three hundred
    assert shares["false"] * 30 < 6 and shares["beside"] * 30 < 6 and shares["unit"] * 30 < 6


def test_units_are_chosen_on_the_first_half_and_measured_on_the_second():
    own = made(walk(800, 6, seed=7))
    truths = annotating.Annotation("truths", np.repeat(np.arange(80) % 3 == 0, 10))
    annotated = unit.Annotated(own, (truths,))
    found = finding.by_annotation(own, annotated, count=4).sel(annotation="truths")
    every = {n: unit.reactions(unit.column(own, None, n), annotated).isel(annotation=0) for n in range(6)}
    best = sorted(every, key=lambda n: -abs(every[n]["found"].item() - 0.5))[:4]
    assert set(found["unit"].values.tolist()) == set(best)
    for row, number in enumerate(found["unit"].values.tolist()):
        assert found["held_out"].values[row] == pytest.approx(every[number]["held_out"].item())
    np.testing.assert_allclose(np.sort(found["corrected"]), np.sort(chance.holm(found["p"].values)))


def test_the_survey_tells_slow_from_fast_and_twins_from_loners():
    slow, fast = walk(5000, 1, 1, keep=0.98)[:, 0], walk(5000, 1, 2, keep=0.3)[:, 0]
    twin = np.tanh(2 * fast)
    still = np.full(5000, 0.3) + 1e-5 * walk(5000, 1, 3)[:, 0]
    own = made(np.stack([slow, fast, twin, still], 1), [2500, 2500])
    found = finding.survey(own)
    assert found["half_life"].values[0] > 10 > found["half_life"].values[1]
    middle = (np.sort(slow)[249] + np.sort(slow)[4749]) / 2
    crossed = np.diff(slow > middle)
    assert found["switches"].values[0] == pytest.approx(
        (crossed.sum() - crossed[2499]) / 4998 * 1000, rel=0.02
    )
    assert found["like"].values[:3].tolist()[1:] == [2, 1]
    expected = abs(np.corrcoef(np.stack([slow, fast, twin])))
    assert found["nearest"].values[:3] == pytest.approx(
        [max(expected[0, 1:]), expected[1, 2], expected[1, 2]], abs=1e-3
    )
    assert np.isnan(found["half_life"].values[3]) and np.isnan(found["nearest"].values[3])


# the network


def small(letters, layers=2, hidden=7):
    torch.manual_seed(0)
    vocabulary = Vocabulary.of(letters)
    model = LanguageModel("lstm", len(vocabulary), 5, hidden, layers)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(2)
    return live.language(model, vocabulary, "small", letters)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    random = np.random.default_rng(0)
    text = "".join(random.choice(list("ab \n"), 3000, p=[0.4, 0.3, 0.2, 0.1]))
    model = small("ab \n")
    return model, corpus.record(model, text, tmp_path_factory.mktemp("told") / "own.zarr"), text


@pytest.mark.parametrize("layer", [0, 1])
def test_silencing_costs_what_the_study_of_silencing_says(told, layer):
    model, own, text = told
    parts = [(100, 160), (400, 430)]
    found = speaking.silenced(model, own, layer, 3, parts=parts)
    expected = ablation.ablate(model, [text[first:last] for first, last in parts], layer=layer)
    np.testing.assert_allclose(found["growth"], expected["growth"].values[0, 3], atol=1e-6)
    np.testing.assert_allclose(found["loss"], expected["loss"].values, atol=1e-6)
    assert found["change"].sum().item() == pytest.approx(0, abs=1e-7)
    # any other model is run as it is, with the same numbers
    other = live.Live(
        Wrapped(model.model), model.encode, "ab", "other", next=lambda out: out[0][0], outputs=model.outputs
    )
    again = speaking.silenced(other, own, layer, 3, parts=parts, module="inner.rnn")
    np.testing.assert_allclose(again["growth"], found["growth"], atol=1e-5)
    np.testing.assert_allclose(again["change"], found["change"], atol=1e-5)


class Wrapped(torch.nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, ids):
        return self.inner(ids)


def test_the_direct_effect_is_what_the_scores_gain(told):
    model, own, _text = told
    assert speaking.direct(model, 0, 3) is None
    found = speaking.direct(model, 1, 3)
    hidden = torch.from_numpy(own.state("rnn/layer_1/hidden", 50))
    before = model.model.head(hidden).detach()
    hidden[3] += 1
    gain = (model.model.head(hidden).detach() - before).double().numpy()
    np.testing.assert_allclose(found.values, gain - gain.mean(), atol=1e-5)


def test_stretches_are_drawn_from_all_of_the_corpus_without_overlap():
    own = made(np.zeros((500, 1)), [300, 200])
    found = speaking.stretches(own, 4, 60)
    assert len(found) == 4 and all(last - first == 60 for first, last in found)
    steps = [step for first, last in found for step in range(first, last)]
    assert len(set(steps)) == 240 and not any(first < 300 < last for first, last in found)


# groups, and a machine


def test_responses_are_mean_changes_and_planted_groups_are_found():
    random = np.random.default_rng(0)
    tokens = random.integers(0, 4, 4000)
    change = np.zeros((4000, 6))
    for units, kinds in (((0, 1, 2), (0, 1)), ((3, 4, 5), (2, 3))):
        for number in units:
            change[:, number] = np.isin(tokens, kinds) * random.normal(0.5, 0.05, 4000)
    states = np.cumsum(change + random.normal(0, 0.01, change.shape), 0) * 0.01
    own = made(states, [1500, 2500], tokens, vocabulary=("a", "b", "c", "d"), file=512)
    response = grouping.responses(own)
    values = np.diff(states.astype(np.float32), axis=0, prepend=0)
    for number, token in ((0, 1), (4, 3)):
        counted = (tokens == token) & ~np.isin(np.arange(4000), (0, 1500))
        expected = values[counted, number].mean()
        assert response.sel(token="abcd"[token]).values[number] == pytest.approx(expected, rel=1e-3)
    found = grouping.groups(response, 2)
    groups = {
        frozenset(found["number"].values[found["unit_group"].values == one].tolist()): frozenset(
            found["token"].values[found["token_group"].values == one].tolist()
        )
        for one in (0, 1)
    }
    assert groups == {frozenset({0, 1, 2}): frozenset("ab"), frozenset({3, 4, 5}): frozenset("cd")}
    assert found.attrs["modularity"] > 0.45 > found.attrs["chance"]
    with pytest.raises(Told, match="wanted 2 to 4 groups"):
        grouping.groups(response, 9)


def test_a_planted_machine_is_found_and_foretells():
    tokens = np.tile([0, 1, 2], 400)
    states = np.eye(3)[tokens] + np.random.default_rng(0).normal(0, 0.05, (1200, 3))
    own = made(states, [600, 600], tokens, vocabulary=("a", "b", "c"))
    made_of = machine.build(own, states=3)
    found = made_of.found
    assert found["share"].values == pytest.approx([1 / 3] * 3)
    order = [int(made_of.clusters[n]) for n in range(3)]
    assert [int(found["transition"].values[one].argmax()) for one in order] == [order[1], order[2], order[0]]
    assert found["transition"].max("to").values.tolist() == [1, 1, 1] and found.attrs["stays"] == 1
    assert found["loss"].sel(by="machine").item() < 0.05 < 1 < found["loss"].sel(by="nothing").item()
    assert np.isnan(found["divergence"].sel(by="cluster").item()), "there is no network to compare with"
    for one in range(3):
        assert (made_of.clusters[made_of.contexts[one]] == one).all()
    with pytest.raises(Told, match="need"):
        machine.build(own, states=30)


def test_a_machine_is_held_against_the_network_it_is_of(told):
    model, own, text = told
    made_of = machine.build(own, "rnn/layer_0", 4, model=model)
    found, cut = made_of.found, own.steps // 2
    logs = model.read(text).log_probability.transpose("time", "candidate").values.astype(float)
    late = np.arange(cut, own.steps - 1)
    assert found["loss"].sel(by="network").item() == pytest.approx(
        -logs[late, own.tokens[late + 1]].mean(), abs=1e-4
    )
    # of the cluster, counted by hand
    often = np.bincount(own.tokens[1:cut], minlength=len(own.vocabulary)) + 0.5
    table = np.zeros((4, len(own.vocabulary)))
    for step in range(cut - 1):
        table[made_of.clusters[step], own.tokens[step + 1]] += 1
    table += often / often.sum()
    said = np.log(table / table.sum(1, keepdims=True))[made_of.clusters[late]]
    assert found["loss"].sel(by="cluster").item() == pytest.approx(
        -said[np.arange(len(late)), own.tokens[late + 1]].mean()
    )
    share = np.exp(logs[late])
    assert found["divergence"].sel(by="cluster").item() == pytest.approx(
        (share * (logs[late] - said)).sum(1).mean(), abs=1e-4
    )
    assert found["agreement"].sel(by="cluster").item() == pytest.approx(
        (said.argmax(1) == share.argmax(1)).mean()
    )


# names


def test_names_are_kept_beside_the_corpus(told):
    own = told[1]
    assert naming.names(own) == {}
    naming.name(own, "rnn/layer_1", 3, "  quotes \n of all kinds ")
    naming.name(own, "rnn/layer_0", 1, "줄 끝")
    known = {("rnn/layer_1/hidden", 3): "quotes of all kinds", ("rnn/layer_0/hidden", 1): "줄 끝"}
    assert naming.names(own) == known and naming.path(own).name == "own.zarr.units.json"
    assert naming.name(own, "rnn/layer_1", 3, "") == {("rnn/layer_0/hidden", 1): "줄 끝"}
    with pytest.raises(Told, match="up to 80 characters"):
        naming.name(own, "rnn/layer_1", 3, "x" * 81)
    with pytest.raises(Told, match="unit 99 is not there"):
        naming.name(own, "rnn/layer_1", 99, "x")
    for damaged in ("[", "{}", '{"format": "rnnviz units 1", "names": {"a": {"b": "c"}}}', "[" * 10_000):
        naming.path(own).write_text(damaged)
        with pytest.raises(Told, match="holds no names of units"):
            naming.names(own)
    naming.path(own).unlink()
