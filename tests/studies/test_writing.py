"""What is drawn from, what is drawn, and a text that grows, is changed and is looked at."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnviz.models.counting import NGrams
from rnnviz.models.networks import LanguageModel
from rnnviz.recording.block import record
from rnnviz.studies.writing import (
    Counts,
    Network,
    Rule,
    Writing,
    at_temperatures,
    draw,
    filtered,
    surprises,
    uniform,
)

HALVES = np.log([1e-9, 0.5, 0.3, 0.2])  # candidate 0 is the unknown one
SIZE = 7


def network(kind="lstm", seed=2, scale=3.0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LanguageModel(kind, SIZE, embedding=4, hidden=6).eval()
    with torch.no_grad():
        model.head.weight *= scale
    return Network(model)


def counts(order=3):
    text = np.random.default_rng(1).integers(1, SIZE, 200)
    return Counts(NGrams.of(text, 4, SIZE), order, 0.75)


WRITERS = {**{kind: lambda kind=kind: network(kind) for kind in ("rnn", "gru", "lstm")}, "counts": counts}
writers = pytest.mark.parametrize("make", WRITERS.values(), ids=WRITERS)
networks = pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])


# --- what is drawn from


@pytest.mark.parametrize(
    ("how", "wanted"),
    [
        ({}, [0, 0.5, 0.3, 0.2]),
        ({"temperature": 0}, [0, 1, 0, 0]),
        ({"temperature": 0.5}, [0, 25 / 38, 9 / 38, 4 / 38]),  # squares
        ({"top_k": 2}, [0, 5 / 8, 3 / 8, 0]),
        ({"top_k": 99}, [0, 0.5, 0.3, 0.2]),
        ({"top_p": 0.5}, [0, 1, 0, 0]),
        ({"top_p": 0.51}, [0, 5 / 8, 3 / 8, 0]),
        ({"top_p": 0.8}, [0, 5 / 8, 3 / 8, 0]),
        ({"top_p": 1e-6}, [0, 1, 0, 0]),
        # first temperature: 25/38 reaches 0.6 alone, 0.5 would not
        ({"temperature": 0.5, "top_p": 0.6}, [0, 1, 0, 0]),
        # top-k before top-p: 5/8 of what is left reaches 0.6, 0.5 would not
        ({"top_k": 2, "top_p": 0.6}, [0, 1, 0, 0]),
    ],
)
def test_what_is_drawn_from_by_hand(how, wanted):
    np.testing.assert_allclose(filtered(HALVES, **how), wanted, atol=1e-8)


def test_greedy_takes_the_first_of_equals():
    assert filtered(np.log([0.1, 0.3, 0.3, 0.3]), temperature=0).tolist() == [0, 1, 0, 0]


def test_the_unknown_character_is_never_drawn_however_likely():
    np.testing.assert_allclose(filtered(np.log([0.98, 0.01, 0.01])), [0, 0.5, 0.5])
    with pytest.raises(ValueError, match="only the unknown character"):
        filtered(np.array([0.0, -np.inf]))


@pytest.mark.parametrize(
    ("how", "line"),
    [
        ({"temperature": -0.1}, "the temperature must be a number from 0 up; got -0.1"),
        ({"temperature": math.nan}, "the temperature must be a number from 0 up; got nan"),
        ({"temperature": math.inf}, "the temperature must be a number from 0 up; got inf"),
        ({"top_k": -1}, "top-k must be a whole number from 0"),
        ({"top_k": 1.5}, "top-k must be a whole number from 0"),
        ({"top_p": 0}, "nothing is left to draw from, and at most 1; got 0"),
        ({"top_p": 1.1}, "at most 1; got 1.1"),
        ({"top_p": math.nan}, "got nan"),
    ],
)
def test_a_rule_that_is_none_gives_one_line(how, line):
    for make in (lambda: filtered(HALVES, **how), lambda: Rule(**how)):
        with pytest.raises(ValueError) as problem:
            make()
        assert line in str(problem.value) and "\n" not in str(problem.value)


scores = st.lists(st.floats(-30, 30), min_size=2, max_size=12).map(
    lambda s: np.array(s) - np.logaddexp.reduce(s)
)


@settings(max_examples=150, deadline=None)
@given(
    logs=scores,
    temperature=st.floats(0, 3),
    top_k=st.integers(0, 15),
    top_p=st.floats(1e-6, 1),
    number=st.floats(0, 1, exclude_max=True),
)
def test_what_is_drawn_from_always_sums_to_1_and_keeps_the_likeliest(logs, temperature, top_k, top_p, number):
    found = filtered(logs, temperature, top_k, top_p)
    assert found.dtype == np.float64 and found[0] == 0 and (found >= 0).all()
    assert found.sum() == pytest.approx(1)
    kept = found > 0
    assert kept[1 + np.argmax(logs[1:])]
    assert not top_k or kept.sum() <= top_k
    # whatever is kept is at least as likely as whatever known candidate is not
    if (~kept[1:]).any():
        assert logs[kept].min() >= logs[1:][~kept[1:]].max() - 1e-9 or temperature < 0.1
    id, low = draw(found, number)
    assert kept[id] and low <= number + 1e-9 and number < low + found[id] + 1e-9


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.lists(st.floats(-9, 0), min_size=5, max_size=5), min_size=1, max_size=4))
def test_many_rows_at_once_are_each_alone(rows):
    rows = np.array(rows)
    together = filtered(rows, 0.7, 3, 0.9)
    np.testing.assert_array_equal(together, [filtered(row, 0.7, 3, 0.9) for row in rows])


# --- luck


def test_two_temperatures_share_their_candidates_and_come_from_the_same_scores():
    logs = np.log([0.1, 0.2, 0.5, 0.2])  # of the unknown character first
    found = at_temperatures(logs, (0.5, 2.0, 0.0), count=2)
    assert found["id"].values.tolist() == [2, 1]
    wanted = [torch.tensor(logs[1:] / t).softmax(0)[[1, 0]].numpy() for t in (0.5, 2.0)]
    np.testing.assert_allclose(found["probability"], [*wanted, [1, 0]])
    np.testing.assert_allclose(found["others"], [1 - wanted[0].sum(), 1 - wanted[1].sum(), 0], atol=1e-12)


def test_a_number_falls_into_its_stretch():
    shares = np.array([0, 0.2, 0.5, 0.3])  # on the line: candidate 2, then 3, then 1
    assert draw(shares, 0.0) == (2, 0.0)
    assert draw(shares, 0.4999) == (2, 0.0)
    assert draw(shares, 0.5) == (3, 0.5)
    assert draw(shares, 0.79) == (3, 0.5)
    assert draw(shares, 0.99) == (1, 0.8)
    assert draw(np.array([0, 1.0, 0]), 1 - 2**-53) == (1, 0.0)


def test_luck_follows_from_seed_and_place_alone():
    # of hashlib's BLAKE2b: the same on every machine
    assert uniform(1, 7) == uniform(1, 7) == 0.0685167475512043
    numbers = np.array([uniform(seed, place) for seed in range(20) for place in range(200)])
    assert ((numbers >= 0) & (numbers < 1)).all() and len(set(numbers)) == 4000
    assert abs(numbers.mean() - 0.5) < 0.02 and abs(np.mean(numbers < 0.1) - 0.1) < 0.02


# --- a text that grows


@writers
def test_every_character_is_drawn_from_what_the_model_says_of_the_text_before_it(make):
    text = Writing(make(), [1, 2, 3], Rule(temperature=0.9, top_k=5, top_p=0.95, seed=4))
    text.write(30)
    text.write(10)
    assert len(text.ids) == 43 and text.ids[:3] == [1, 2, 3] and 0 not in text.ids
    steps = text.steps()
    wanted = make().log_probability(text.ids)[2:-1]
    np.testing.assert_allclose(steps["log_probability"], wanted, atol=1e-5)
    for place, id in enumerate(text.ids[3:], 3):
        one = steps.sel(time=place)
        shares = filtered(one["log_probability"].values, 0.9, 5, 0.95)
        np.testing.assert_array_equal(one["probability"], shares)
        assert draw(shares, uniform(4, place)) == (id, one["low"].item()) and one["uniform"] == uniform(
            4, place
        )
        assert one["surprise"].item() == pytest.approx(-wanted[place - 3, id], abs=1e-5)
        assert (
            one["rank"].item() == 1 + (one["log_probability"][1:] > one["log_probability"][id]).sum().item()
        )
    assert (steps["id"] == steps["drawn"]).all()


@writers
def test_the_same_seed_gives_the_same_text_in_pieces_of_any_size(make):
    whole = Writing(make(), [1], Rule(seed=9))
    whole.write(150)
    pieces = Writing(make(), [1], Rule(seed=9))
    for size in (1, 0, 64, 2, 83):
        pieces.write(size)
    assert whole.ids == pieces.ids
    other = Writing(make(), [1], Rule(seed=10))
    other.write(30)
    assert other.ids != whole.ids[:31]


@writers
def test_greedy_is_the_likeliest_each_time(make):
    text = Writing(make(), [1, 2], Rule(temperature=0))
    text.write(20)
    assert (text.steps()["rank"] == 1).all()


@writers
def test_a_branch_keeps_what_was_before_it_and_goes_on_as_if_written_so(make):
    text = Writing(make(), [1, 2], Rule(seed=3))
    text.write(100)
    before = list(text.ids)
    id = next(i for i in range(1, SIZE) if i != text.ids[70])
    other = text.branch(70, id)
    other.write(100 + 2 - len(other.ids))
    assert text.ids == before
    assert other.ids[:71] == [*before[:70], id] and len(other.ids) == 102
    steps = other.steps()
    assert steps["id"].sel(time=70) == id and steps["drawn"].sel(time=70) == before[70]
    fresh = Writing(make(), [1, 2], Rule(seed=3), {70: id})
    fresh.write(100)
    assert fresh.ids == other.ids
    again = other.branch(20, 1 if before[20] != 1 else 2)
    assert set(again.changes) == {20}  # what stood after it is gone


@writers
def test_changes_must_be_of_written_characters_to_known_ones(make):
    text = Writing(make(), [1, 2], Rule())
    text.write(3)
    for place, id, line in (
        (1, 1, "places from 2 on"),
        (9, 1, "5 characters are there; got place 9"),
        (3, 0, "unknown"),
    ):
        with pytest.raises(ValueError, match=line):
            text.branch(place, id)
    with pytest.raises(ValueError, match="at least one character"):
        Writing(make(), [], Rule())


def test_no_steps_where_nothing_is_written():
    text = Writing(network(), [1, 2], Rule())
    assert text.steps().sizes == {"time": 0, "candidate": SIZE}
    text.write(5)
    assert text.steps(0, 4)["time"].values.tolist() == [2, 3]


# --- states


@networks
def test_the_states_of_a_piece_are_those_of_one_pass_over_the_text(kind):
    writer = network(kind)
    text = Writing(writer, [1, 2, 3], Rule(seed=5))
    text.write(70)
    text.write(80)
    with torch.no_grad(), record(writer.model) as recording:
        writer.model(torch.tensor([text.ids]))
    wanted = recording.trace["rnn"].to_dataset().isel(batch=0, direction=0)
    for span in ((0, 153), (10, 20), (63, 65), (64, 130), (152, 153)):
        found = text.states(*span)
        assert found["time"].values.tolist() == list(range(*span))
        for name in ("hidden", "cell", "forget_gate", "update_gate"):
            assert (name in found) == (name in wanted)
            if name in found:
                np.testing.assert_allclose(
                    found[name].transpose("layer", "time", "unit"),
                    wanted[name].transpose("layer", "time", "unit")[:, slice(*span)],
                    atol=1e-5,
                    err_msg=f"{name}, {span}",
                )


@networks
def test_stepping_gave_the_states_that_the_recording_shows(kind):
    writer = network(kind)
    ids, state = [3, 1, 4, 1, 5], None
    _row, state = writer.read([2, 6], state)
    start, hidden = state, []
    for id in ids:
        _row, state = writer.read([id], state)
        hidden.append((state[0] if kind == "lstm" else state)[:, 0].numpy())
    seen = writer.watch(ids, start)["hidden"].transpose("time", "layer", "unit")
    np.testing.assert_allclose(seen, hidden, atol=1e-5)


def test_counts_say_how_long_a_context_was_seen():
    table = Counts(NGrams.of([1, 2, 3, 1, 2, 4], 3, SIZE), 3, 0.75)
    text = Writing(table, [1, 2], Rule(), {2: 3, 3: 5, 4: 1})
    text.write(3)
    found = text.states(0, 5)  # 1 2 3 5 1
    assert found["context"].values.tolist() == [
        [False, False],  # nothing before it
        [True, False],  # 1
        [True, True],  # 2, and 1 2
        [True, True],  # 3, and 2 3
        [False, False],  # 5
    ]
    assert found["followed"].values.tolist() == [
        [False, False],
        [True, False],  # 1 2
        [True, True],  # 1 2 3
        [False, False],  # 3 5
        [False, False],
    ]
    np.testing.assert_array_equal(text.states(3, 5)["context"], found["context"][3:])


# --- surprise


@writers
def test_the_surprise_of_a_text_and_what_was_rather_expected(make):
    ids = [2, 3, 0, 5, 5]
    writer = make()
    found = surprises(writer, ids)
    rows = writer.log_probability(ids)
    assert np.isnan(found["surprise"].values).tolist() == [True, False, True, False, False]
    np.testing.assert_allclose(
        found["surprise"][[1, 3, 4]], [-rows[0, 3], -rows[2, 5], -rows[3, 5]], rtol=1e-5
    )
    assert found["likeliest"].values.tolist() == [-1, *rows.argmax(1)[:-1]]
    np.testing.assert_allclose(found["probability"][1:], np.exp(rows.max(1)[:-1]), rtol=1e-5)


def test_counts_surprise_as_their_probabilities_say():
    table = NGrams.of([1, 2, 3, 1, 2, 4, 1, 2, 3], 3, SIZE)
    ids = [1, 2, 3, 4, 1]
    wanted = -np.log(table.probability(ids, "kneser-ney", 3, discount=0.6))
    found = surprises(Counts(table, 3, 0.6), ids)["surprise"]
    np.testing.assert_allclose(found[1:], wanted[1:], rtol=1e-5)


def test_a_single_character_is_foreseen_by_nothing():
    assert np.isnan(surprises(network(), [3])["surprise"].item())


def test_writing_leaves_the_model_as_it_was():
    writer = network()
    writer.model.train()
    state = torch.get_rng_state()
    text = Writing(writer, [1], Rule())
    text.write(5)
    text.states(0, 6)
    assert writer.model.training and torch.equal(state, torch.get_rng_state())
