"""What is asked of a corpus: each answer is that of a plain loop, what is planted is found, and what is shuffled is not."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnviz import corpus, stats
from rnnviz.studies.corpus import store
from rnnviz.told import Told

PLACE = "rnn/layer_0/hidden"
VOCABULARY = ("a", "b", "c", " ", "\n")


def made(states, lengths=None, tokens=None, labels=None, file=16, vocabulary=VOCABULARY, joint=""):
    """A corpus of these states, (step, unit), held in memory. file: steps of a file."""
    states = np.asarray(states, np.float32)
    lengths = [len(states)] if lengths is None else lengths
    tokens = np.zeros(len(states), np.int32) if tokens is None else np.asarray(tokens, np.int32)
    array = store.Array(Path("nowhere"), states.shape, min(file, len(states)), np.dtype("float32"))
    own = corpus.Corpus(
        Path("nowhere"),
        "made",
        tuple(str(n) for n in range(len(lengths))),
        tuple(labels or [""] * len(lengths)),
        np.append(0, np.cumsum(lengths)),
        tokens,
        vocabulary,
        joint,
        len(vocabulary),
        {PLACE: array},
    )
    own._held[PLACE] = [np.ascontiguousarray(states[first:last].T) for _n, first, last in own.pieces(PLACE)]
    return own


# matches


def by_a_loop(states, lengths, pattern):
    """{(start, stop): score}, looking at one stretch after the other."""
    signs = {**dict.fromkeys(pattern.on, 1), **dict.fromkeys(pattern.off, -1)}

    def so(step, way=1):
        return all(
            (states[step][unit] > pattern.threshold) == (sign * way > 0) for unit, sign in signs.items()
        )

    def score(start, stop):
        beyond = [
            sign * (float(states[step][unit]) - pattern.threshold)
            for step in range(start, stop)
            for unit, sign in signs.items()
        ]
        return sum(beyond) / len(beyond)

    found, begin = {}, 0
    for length in lengths:
        end = begin + length
        step = begin
        while step < end:
            if not so(step):
                step += 1
                continue
            stop = step
            while stop < end and so(stop):
                stop += 1
            size, start = stop - step, step
            step = stop
            if pattern.outside and not (
                (start == begin or so(start - 1, -1)) and (stop == end or so(stop, -1))
            ):
                continue
            if pattern.length is None:
                if size >= pattern.at_least and (pattern.at_most is None or size <= pattern.at_most):
                    found[start, stop] = score(start, stop)
            elif size == pattern.length or (size > pattern.length and not pattern.outside):
                parts = [(start + n, start + n + pattern.length) for n in range(size - pattern.length + 1)]
                best = max(parts, key=lambda part: (score(*part), -part[0]))
                found[best] = score(*best)
        begin = end
    return found


@st.composite
def sought(draw):
    lengths = draw(st.lists(st.integers(1, 12), min_size=1, max_size=5))
    units = draw(st.integers(1, 4))
    steps = sum(lengths)
    # eighths, so that sums are exact, whichever way they are taken
    values = draw(st.lists(st.integers(-8, 8), min_size=steps * units, max_size=steps * units))
    states = np.array(values, np.float32).reshape(steps, units) / 8
    chosen = draw(st.lists(st.integers(0, units - 1), min_size=1, unique=True))
    cut = draw(st.integers(0, len(chosen)))
    least = draw(st.integers(1, 3))
    pattern = corpus.Pattern(
        on=tuple(chosen[:cut]),
        off=tuple(chosen[cut:]),
        threshold=draw(st.integers(-8, 8)) / 8,
        length=draw(st.none() | st.integers(1, 4)),
        at_least=least,
        at_most=draw(st.none() | st.integers(least, 5)),
        outside=draw(st.booleans()),
    )
    return states, lengths, pattern, draw(st.integers(1, 20))


@settings(max_examples=400)
@given(sought())
def test_matches_are_those_of_a_plain_loop(case):
    states, lengths, pattern, file = case
    expected = by_a_loop(states, lengths, pattern)
    try:
        found = corpus.match(made(states, lengths, file=file), pattern)
    except Told as problem:
        assert ("nowhere" in str(problem) and not expected) or "at every one" in str(problem)
        return
    got = dict(
        zip(zip(found.starts.tolist(), found.stops.tolist(), strict=True), found.scores.tolist(), strict=True)
    )
    assert got == pytest.approx(expected)
    ranked = [(-score, start - stop, start) for (start, stop), score in got.items()]
    assert ranked == sorted(ranked)
    inside = {step for start, stop in expected for step in range(start, stop)}
    assert set(np.flatnonzero(found.where())) == inside


@settings(max_examples=200)
@given(sought(), st.sampled_from(["int8", "uint8"]), st.integers(-3, 3))
def test_matches_of_8_bits_are_those_of_a_plain_loop_over_what_they_stand_for(case, kind, near):
    states, lengths, pattern, file = case
    scale = 1 / 127 if kind == "int8" else 1 / 255
    ends = np.iinfo(kind)
    numbers = np.clip(np.rint(states / scale), max(ends.min, -127), ends.max).astype(kind)
    # thresholds at what a number stands for, next to it, and beyond all of them
    exact = np.float32(numbers.flat[0]) * np.float32(scale)
    limit = float(exact) + near * 1e-6 if abs(near) < 2 else near * 1.0
    pattern = replace(pattern, threshold=limit)
    own = made(states, lengths, file=file)
    shape, at = states.shape, own.arrays[PLACE].steps
    own.arrays[PLACE] = store.Array(Path("nowhere"), shape, at, np.dtype(kind), scale)
    own._held[PLACE] = [np.ascontiguousarray(numbers[first:last].T) for _n, first, last in own.pieces(PLACE)]
    plain = own.arrays[PLACE].decoded(numbers)
    threshold = float(np.float32(limit))
    expected = by_a_loop(plain, lengths, replace(pattern, threshold=threshold))
    try:
        found = corpus.match(own, pattern)
    except Told as problem:
        assert ("nowhere" in str(problem) and not expected) or "at every one" in str(problem)
        return
    pairs = zip(found.starts.tolist(), found.stops.tolist(), strict=True)
    got = dict(zip(pairs, found.scores.tolist(), strict=True))
    if pattern.length is None:
        assert got == pytest.approx(expected, abs=1e-6)
    else:  # of parts that are alike but for rounding, either may be taken
        assert sorted(got.values()) == pytest.approx(sorted(expected.values()), abs=1e-6)


def test_a_match_of_a_store_on_disk_is_that_of_one_in_memory(tmp_path):
    random = np.random.default_rng(0)
    states = random.standard_normal((1000, 5)).astype(np.float32)
    own = made(states, [400, 600], file=64)
    array = store.Array(tmp_path / "hidden", states.shape, 64, np.dtype("float32"))
    array.create(["step", "unit"], {})
    for begin in range(0, 1000, 37):
        array.put(begin, states[begin : begin + 37])
    read = made(states, [400, 600])
    read.arrays[PLACE] = array
    read._held.clear()
    told = []
    pattern = corpus.Pattern(on=(1, 3), off=(0,), threshold=0.3)
    found = corpus.match(read, pattern, lambda *at: told.append(at))
    expected = corpus.match(own, pattern)
    np.testing.assert_array_equal(found.starts, expected.starts)
    np.testing.assert_array_equal(found.scores, expected.scores)
    assert told[-1] == (1000, 1000) and len(told) == 16
    np.testing.assert_array_equal(corpus.nearest(read, 5, 7).steps, corpus.nearest(read.hold(), 5, 7).steps)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, "names at least one unit"),
        ({"on": (1,), "off": (1,)}, "unit 1 is both on and off"),
        ({"on": (1,), "threshold": float("nan")}, "the threshold must be a number; got nan"),
        ({"on": (1,), "length": 0}, "a stretch has at least one step"),
        ({"on": (1,), "at_least": 3, "at_most": 2}, "a stretch has at least one step"),
        ({"on": (9,)}, "unit 9 is not there; rnn/layer_0/hidden has 2"),
        ({"on": (1,), "place": "gru"}, "the corpus has no gru; it has rnn/layer_0/hidden"),
        ({"on": (1,), "threshold": 2.0}, "nowhere in 4 steps are these units so; lower the threshold (2)"),
        (
            {"on": (1,), "threshold": -2.0},
            "these units are so at every one of 4 steps; raise the threshold (-2)",
        ),
    ],
)
def test_a_pattern_that_finds_nothing_or_cannot_be_is_said_in_one_line(asked, words):
    with pytest.raises(Told, match=re.escape(words)):
        corpus.match(made([[0, 1], [1, 0], [0, 1], [0, 0]]), corpus.Pattern(**asked))


def test_contexts_stay_within_their_sequence():
    own = made(np.zeros((6, 1)), [2, 4], [0, 1, 2, 0, 1, 2])
    assert own.context(3, 4, before=3, after=1) == ("c", "a", "b")
    assert own.context(0, 1, before=3, after=9) == ("", "a", "b")


# neighbours


def brute(states, query, metric, units=None):
    states = states.astype(np.float64)[:, units if units is not None else slice(None)]
    query = query.astype(np.float64)[units if units is not None else slice(None)]
    if metric == "euclid":
        return np.sqrt(((states - query) ** 2).sum(1))
    lengths = np.sqrt((states**2).sum(1))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = 1 - states @ query / (lengths * np.sqrt(query @ query))
    found[lengths == 0] = 1
    return found


@pytest.mark.parametrize("metric", ["cosine", "euclid"])
@pytest.mark.parametrize("spread", [1.0, 1e-4, 1e4])
@pytest.mark.parametrize("units", [None, [0, 3, 4]])
def test_neighbours_are_those_of_brute_force_in_float64(metric, spread, units):
    """Also where all lie so close together, or so far out, that float32 alone could not rank them."""
    random = np.random.default_rng(0)
    states = (3 + spread * random.standard_normal((3000, 8))).astype(np.float32)
    states[100:110] = states[7]  # ties
    states[50] = 0
    own = made(states, file=256)
    for query in (7, 500, 2999):
        found = corpus.nearest(own, query, 25, metric, units)
        expected = brute(states, states[query], metric, units)
        expected[query] = np.inf
        np.testing.assert_allclose(found.distances, np.sort(expected)[:25], atol=1e-12, rtol=1e-9)
        np.testing.assert_allclose(expected[found.steps], found.distances, atol=1e-14)  # up to ties
        assert len(set(found.steps)) == 25 and query not in found.steps


def test_a_state_of_ones_own_may_be_sought_too():
    own = made([[1, 0], [0, 1], [0.9, 0.1], [2, 0]])
    found = corpus.nearest(own, np.array([1.0, 0.0]), 4, "euclid")
    assert found.steps.tolist() == [0, 2, 3, 1]
    np.testing.assert_allclose(found.distances, [0, 0.02**0.5, 1, 2**0.5], atol=1e-6)
    assert corpus.nearest(own, np.array([1.0, 0.0]), 2).steps.tolist() == [0, 3]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"query": 9}, "step 9 is not there; the corpus has 4"),
        ({"query": 0, "metric": "taxi"}, "metric must be one of cosine, euclid; got 'taxi'"),
        ({"query": 0, "units": [7]}, "unit 7 is not there"),
        ({"query": 0, "units": []}, "at least one neighbour, by at least one unit"),
        ({"query": 3}, "a state of nothing but zeros has no direction"),
        ({"query": np.array([1.0])}, "the state must have 2 finite numbers"),
        ({"query": np.array([1.0, np.nan])}, "the state must have 2 finite numbers"),
    ],
)
def test_neighbours_that_cannot_be_are_said_in_one_line(asked, words):
    with pytest.raises(Told, match=re.escape(words)):
        corpus.nearest(made([[1, 0], [0, 1], [0.9, 0.1], [0, 0]]), **asked)


# text


@pytest.mark.parametrize("regex", ["ab", "^b", "a$", "[^a]+", "a|b", "(?<=a)b", "."])
def test_places_are_those_of_re_in_each_sequence(regex):
    random = np.random.default_rng(1)
    tokens, lengths = random.integers(0, 5, 200), [50, 1, 149]
    found = corpus.search(made(np.zeros((200, 1)), lengths, tokens), regex)
    expected, begin = [], 0
    for length in lengths:
        text = "".join(VOCABULARY[n] for n in tokens[begin : begin + length])
        expected += [
            (begin + one.start(), begin + one.end()) for one in re.finditer(regex, text, re.MULTILINE)
        ]
        begin += length
    assert list(zip(found.starts, found.stops, strict=True)) == expected and not found.more


def test_a_token_of_several_letters_counts_where_one_of_its_letters_does():
    own = made(np.zeros((4, 1)), None, [0, 1, 2, 1], vocabulary=("to", "be", "or"), joint=" ")
    found = corpus.search(own, "e or")
    assert list(zip(found.starts, found.stops, strict=True)) == [(1, 3)]
    assert own.text(0, 4) == "to be or be"


def test_of_more_places_than_were_asked_for_the_first_are_given():
    found = corpus.search(made(np.zeros((9, 1))), "a", most=4)
    assert found.starts.tolist() == [0, 1, 2, 3] and found.more


@pytest.mark.parametrize(
    ("regex", "words"),
    [
        ("", "wanted a regular expression of 1 to 1000"),
        ("a" * 1001, "wanted a regular expression of 1 to 1000"),
        ("(a", "'(a' is no regular expression: missing )"),
        ("z", "'z' matches nothing in 40 steps"),
        ("x*", "'x*' matches nothing in 40 steps"),
    ],
)
def test_an_expression_that_finds_nothing_is_said_in_one_line(regex, words):
    with pytest.raises(Told, match=re.escape(words)):
        corpus.search(made(np.zeros((40, 1))), regex)


def test_an_expression_that_never_ends_is_given_up():
    own = made(np.zeros((400, 1)))
    with pytest.raises(Told, match=r"had not ended after 0\.5 seconds: nested repeats"):
        corpus.search(own, "(a+)+z", limit=0.5)


# which units tell


def planted(seed, strength=0.0, steps=600, units=6):
    random = np.random.default_rng(seed)
    where = random.random(steps) < 0.1
    states = random.standard_normal((steps, units))
    for step in range(1, steps):  # what is near is alike
        states[step] = 0.8 * states[step - 1] + 0.6 * states[step]
    states[:, 2] += strength * where
    return made(states, file=128), where


def test_a_planted_unit_is_found_and_measured_on_the_other_half():
    own, where = planted(0, strength=3)
    found = corpus.telling(own, where)
    assert found["unit"].values[0] == 2 and found["held_out"].values[0] > 0.9
    assert found["p"].values[0] == 1 / 200
    cut = found.attrs["cut"]
    states = np.concatenate(own._held[PLACE], 1)
    for half, name in ((slice(None, cut), "found"), (slice(cut, None), "held_out")):
        hidden = xr.DataArray(states[:, half], dims=("unit", "time"))
        expected = stats.states.separation(hidden, where[half])
        np.testing.assert_allclose(found[name].values, expected.values[found["unit"].values])


def test_among_units_that_tell_nothing_one_is_said_to_at_the_stated_rate():
    """200 corpora with states that do not know of the places: at 5 %, 10 are expected; 20 would be one in a thousand."""
    low = [
        bool((corpus.telling(*planted(seed, steps=300, units=3))["p"] <= 0.05).any()) for seed in range(200)
    ]
    assert 1 <= sum(low) <= 20


@pytest.mark.parametrize("where", [np.zeros(600, bool), np.ones(600, bool)])
def test_places_that_are_none_or_all_tell_nothing(where):
    with pytest.raises(Told, match="wanted steps of both kinds in both halves"):
        corpus.telling(planted(0)[0], where)
    with pytest.raises(Told, match="where has 3 steps; the corpus has 600"):
        corpus.telling(planted(0)[0], [True, False, True])


# what they have in common


def found_at(own, starts, length=1):
    starts = np.array(starts)
    return corpus.Found(starts, starts + length, False, own.steps)


def test_what_comes_next_is_counted_against_the_corpus_by_hand():
    """Ten steps 'a b a b …': after each of the five 'a' comes a 'b'; two places, both before a 'b'."""
    own = made(np.zeros((10, 1)), None, [0, 1] * 5)
    (one,) = [one for one in corpus.common(own, found_at(own, [0, 4])) if one.what == "next token"]
    assert (one.value, one.here, one.of_here, one.all, one.of_all) == ("b", 2, 2, 5, 9)
    # (5/9)(4/8), one value tried of two that is frequent enough: 'a' is there four times only; times three kinds
    assert one.p == pytest.approx(3 * 5 / 9 * 4 / 8) and one.times == pytest.approx(9 / 5)


def test_a_position_in_the_line_counts_from_its_begin():
    own = made(np.zeros((12, 1)), [8, 4], [0, 1, 4, 0, 0, 0, 4, 1, 1, 1, 4, 0])
    assert corpus.shared.positions(own).tolist() == [0, 1, 2, 0, 1, 2, 3, 0, 0, 1, 2, 0]


def test_what_is_planted_is_found_in_each_of_the_three_kinds():
    random = np.random.default_rng(0)
    tokens = random.integers(0, 4, 6000)
    tokens[::50] = 4
    labels = ["x", "y"] * 30
    own = made(np.zeros((6000, 1)), [100] * 60, tokens, labels)
    at = np.flatnonzero(tokens[1:] == 2)[::5]
    assert likeliest(own, at) == ("next token", "c")
    at = np.arange(1, 6000, 50) + random.integers(4, 8, 120)
    assert likeliest(own, at) == ("position in line", "5–9")
    at = (np.arange(0, 6000, 200)[:, None] + random.integers(0, 99, (30, 2))).ravel()
    assert likeliest(own, np.unique(at)) == ("label", "x")


def likeliest(own, at):
    first = corpus.common(own, found_at(own, at))[0]
    assert first.p < 0.01 and first.times > 1.5
    return first.what, first.value


def test_where_nothing_is_in_common_something_is_said_to_be_at_the_stated_rate(monkeypatch):
    """200 corpora whose states know nothing of their texts: at 5 %, 10 are expected at most; 20 would be one in a thousand."""
    monkeypatch.setattr(corpus.shared, "TURNS", 299)
    low = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        states = random.standard_normal((1200, 2)).cumsum(0) % 2 - 1
        lengths = random.multinomial(1200 - 30 * 5, np.ones(30) / 30) + 5
        labels = [str(n) for n in random.integers(0, 3, 30)]
        own = made(states, lengths, random.integers(0, 5, 1200), labels, file=512)
        found = corpus.match(own, corpus.Pattern(on=(0,), threshold=0.5))
        low += min(one.p for one in corpus.common(own, found)) <= 0.05
    assert low <= 20


def test_nothing_is_in_common_of_no_places():
    own = made(np.zeros((4, 1)))
    with pytest.raises(Told, match="there are no matches to count"):
        corpus.common(own, found_at(own, np.empty(0, int)))
