"""A second condition on what was found: the stretches are those of a plain loop, and what the condition alone brings along is not
taken for what the units say."""

import itertools
from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnviz import corpus
from rnnviz.stats import chance
from rnnviz.told import Told
from tests.studies.test_corpus_questions import made


@given(st.lists(st.integers(-8, 8), min_size=4, max_size=60), st.data(), st.booleans())
def test_what_is_combined_is_what_a_plain_loop_leaves(values, data, without):
    states = np.array(values, np.float32)[:, None] / 8
    where = data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values)))
    own = made(states)
    try:
        found = corpus.match(own, corpus.Pattern(on=(0,), threshold=0.25))
    except Told:
        return
    expected = [
        (start, stop, score)
        for start, stop, score in zip(found.starts, found.stops, found.scores, strict=True)
        if any(where[start:stop]) != without
    ]
    try:
        left = corpus.combined(found, where, without)
    except Told as problem:
        assert not expected and "second condition" in str(problem)
        return
    assert list(zip(left.starts, left.stops, left.scores, strict=True)) == expected
    twice = corpus.combined(left, where, without)
    assert len(twice) == len(left) and len(twice.conditions) == 2


@given(st.integers(1, 3), st.data())
def test_the_chance_of_several_heaps_is_that_of_all_ways_to_draw(count, data):
    heaps = []
    for _heap in range(count):
        size = data.draw(st.integers(1, 7))
        heaps.append((size, data.draw(st.integers(0, size)), data.draw(st.integers(0, size))))
    least = data.draw(st.integers(0, 12))
    ways = Fraction(0)
    for parts in itertools.product(*(range(draws + 1) for _size, _kinds, draws in heaps)):
        if sum(parts) >= least:
            one = Fraction(1)
            for part, (size, kinds, draws) in zip(parts, heaps, strict=True):
                one *= Fraction(comb(kinds, part) * comb(size - kinds, draws - part), comb(size, draws))
            ways += one
    sizes, kinds, draws = map(np.array, zip(*heaps, strict=True))
    assert chance.drawn(least, sizes, kinds, draws) == pytest.approx(float(ways), abs=2e-12)


def test_stretches_are_held_against_all_that_meet_the_condition_by_hand():
    """Twelve steps; 'b' at 2, 5 and 8 meets the condition, and a 'c' comes after two of the three. Both places found are before
    one: against three places, two of which are so, that is one way of three."""
    tokens = [0, 0, 1, 2, 0, 1, 2, 0, 1, 0, 0, 0]
    states = np.zeros((12, 1))
    states[[2, 5, 10], 0] = 1
    own = made(states, None, tokens * 1)
    found = corpus.match(own, corpus.Pattern(on=(0,), threshold=0.5))
    left = corpus.combined(found, np.array(tokens) == 1)
    assert left.starts.tolist() == [2, 5]
    (heap,) = corpus.combining.heaps(own, left)
    assert (heap.length, heap.starts.tolist(), heap.own.tolist()) == (1, [2, 5, 8], [0, 1])
    others = corpus.combined(found, np.array(tokens) == 1, without=True)
    assert others.starts.tolist() == [10]
    (heap,) = corpus.combining.heaps(own, others)
    assert heap.starts.tolist() == [0, 1, 3, 4, 6, 7, 9, 10, 11]
    assert chance.drawn(2, np.array([3]), np.array([2]), np.array([2])) == pytest.approx(1 / 3)


def planted(seed=0):
    """A 'b' is always followed by a 'c'; unit 0 is on at random, unit 1 at every other 'b' late in the line."""
    random = np.random.default_rng(seed)
    tokens = random.choice([0, 3], 6000)
    tokens[5::50] = 4
    at = np.arange(10, 5990, 10)
    tokens[at], tokens[at + 1] = 1, 2
    states = np.zeros((6000, 2), np.float32)
    states[:, 0] = random.random(6000) < 0.5
    states[at[at % 50 > 30], 1] = 1
    labels = ["x", "y"] * 30
    return made(states, [100] * 60, tokens, labels), tokens


def test_what_the_condition_alone_brings_along_is_not_in_common():
    own, tokens = planted()
    found = corpus.match(own, corpus.Pattern(on=(0,), threshold=0.5, at_most=1))
    assert min(one.p for one in corpus.common(own, found)) > 0.05
    left = corpus.combined(found, tokens == 1)
    assert all(own.tokens[stop] == 2 for stop in left.stops)
    (next_c,) = [one for one in corpus.common(own, left) if one.value == "c"]
    assert next_c.p == 1 and next_c.of_all == (tokens == 1).sum() and next_c.times == pytest.approx(1)
    assert min(one.p for one in corpus.common(own, left)) > 0.05


def test_what_the_units_say_beyond_the_condition_is_in_common():
    own, tokens = planted()
    found = corpus.match(own, corpus.Pattern(on=(1,), threshold=0.5))
    left = corpus.combined(found, tokens == 1)
    best = corpus.common(own, left)[0]
    assert (best.what, best.value) == ("position in line", "30–39") and best.p < 1e-6


def test_where_a_condition_leaves_nothing_in_common_something_is_said_to_be_at_the_stated_rate(monkeypatch):
    """200 corpora: at 5 %, 10 are expected at most; 20 would be one in a thousand."""
    monkeypatch.setattr(corpus.shared, "TURNS", 99)
    low = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        states = random.standard_normal((1200, 1)).cumsum(0) % 2 - 1
        lengths = random.multinomial(1200 - 30 * 5, np.ones(30) / 30) + 5
        tokens = random.integers(0, 5, 1200)
        own = made(states, lengths, tokens, [str(n) for n in random.integers(0, 3, 30)], file=512)
        found = corpus.match(own, corpus.Pattern(on=(0,), threshold=0.5))
        left = corpus.combined(found, np.isin(tokens, [0, 1]), without=bool(seed % 2))
        low += min(one.p for one in corpus.common(own, left)) <= 0.05
    assert low <= 20


def test_inverted_stands_out_what_is_off_there_and_on_around():
    random = np.random.default_rng(0)
    states = random.standard_normal((9, 200)).astype(np.float32)
    for first, last, outside in ((0, 1, True), (3, 3, True), (7, 8, True), (2, 4, False)):
        expected = [
            unit
            for unit in range(200)
            if all(states[step, unit] <= 0.25 for step in range(first, last + 1))
            and (
                not outside
                or all(states[step, unit] > 0.25 for step in (first - 1, last + 1) if 0 <= step < 9)
            )
        ]
        found = corpus.standing_out(states, first, last, 0.25, outside, inverted=True)
        assert found and list(found) == expected


def test_a_condition_of_another_corpus_is_refused():
    own = made(np.array([[0.0], [1.0], [0.0]]))
    found = corpus.match(own, corpus.Pattern(on=(0,), threshold=0.5))
    with pytest.raises(Told, match="where has 2 steps; the corpus has 3"):
        corpus.combined(found, [True, False])
