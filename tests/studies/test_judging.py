"""A verdict after each token is that of the text up to it, and is the sum of its units; reviews side by side; many at once."""

import math

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from rnnviz.models.networks import READOUTS, Classifier
from rnnviz.studies import judging

IDS = [3, 5, 4, 5, 1]
KINDS = ("rnn", "gru", "lstm")
each_readout = pytest.mark.parametrize("readout", READOUTS)
each_kind = pytest.mark.parametrize("kind", KINDS)
some_ids = st.lists(st.integers(0, 6), min_size=1, max_size=9)


def classifier(kind="gru", readout="last", vocabulary=7, **more):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        model = Classifier(kind, vocabulary, 4, 5, readout, **more).eval()
        with torch.no_grad():
            model.head.weight *= 6  # so that verdicts differ
    return model


@each_readout
@each_kind
def test_the_verdict_after_each_token_is_that_of_the_text_up_to_it(kind, readout):
    model = classifier(kind, readout)
    found = judging.read(model, IDS)
    with torch.no_grad():
        wanted = [model(torch.tensor([IDS[: t + 1]])).item() for t in range(len(IDS))]
    np.testing.assert_allclose(found["verdict"], wanted, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found["probability"], 1 / (1 + np.exp(-np.array(wanted))), rtol=1e-4)


@hypothesis(max_examples=40, deadline=None)
@given(st.sampled_from(KINDS), st.sampled_from(READOUTS), some_ids)
def test_units_and_bias_sum_to_the_verdict_and_the_weights_of_the_readout_to_one(kind, readout, ids):
    found = judging.read(classifier(kind, readout), ids)
    np.testing.assert_allclose(
        found["contribution"].sum("unit") + found.attrs["bias"], found["verdict"], atol=1e-5
    )
    np.testing.assert_allclose(found["pooled"] * found["head"], found["contribution"], atol=1e-6)
    assert found["weight"].sum().item() == pytest.approx(1, abs=1e-5)
    pooled = (found["weight"] * found["hidden"]).sum("time")
    np.testing.assert_allclose(pooled, found["pooled"].isel(time=-1), atol=1e-5)


def test_a_last_state_is_read_out_as_it_is_and_a_mean_as_the_mean_so_far():
    last, mean = (judging.read(classifier(readout=name), IDS) for name in ("last", "mean"))
    np.testing.assert_allclose(last["pooled"], last["hidden"])
    np.testing.assert_allclose(mean["pooled"][1], mean["hidden"][:2].mean("time"), atol=1e-6)
    assert last["weight"].values.tolist() == [0, 0, 0, 0, 1]
    np.testing.assert_allclose(mean["weight"], 0.2)


def test_reading_changes_nothing_of_the_model():
    model = classifier(dropout=0.5, recurrent_dropout=0.5).train()
    first = judging.read(model, IDS)
    xr.testing.assert_identical(first, judging.read(model, IDS))
    assert model.training and all(p.grad is None for p in model.parameters())


def test_a_review_without_a_token_is_refused():
    with pytest.raises(ValueError, match="at least one token"):
        judging.read(classifier(), [])


@pytest.mark.parametrize(
    ("odds", "steps"),
    [([1, 2, -1, -2, 3], [2, 4]), ([1, 0.5], []), ([-1], []), ([0, 1, 0], [1, 2]), ([-1, 0], [])],
)
def test_a_mind_is_changed_where_the_probability_crosses_half(odds, steps):
    assert judging.turns(xr.DataArray(np.array(odds, float), dims="time")) == steps


@each_readout
def test_the_shares_of_integrated_gradients_sum_to_what_the_review_adds(readout):
    model = classifier("lstm", readout)
    found = judging.shares(model, IDS)
    share = found["integrated_gradients"]
    assert share.sum().item() == pytest.approx(share.attrs["value"] - share.attrs["value_baseline"], abs=1e-3)
    assert share.attrs["value"] == pytest.approx(judging.read(model, IDS)["verdict"][-1].item(), abs=1e-5)
    values = np.stack([found[name] for name in judging.METHODS])
    opposed = [max(column) > judging.SLIGHT and min(column) < -judging.SLIGHT for column in values.T]
    assert found["opposed"].values.tolist() == opposed


def test_more_steps_are_taken_where_few_do_not_sum(monkeypatch):
    assert judging.shares(classifier(), IDS)["integrated_gradients"].attrs["steps"] == 32
    steps = lambda ids: judging.shares(classifier(), ids)["integrated_gradients"].attrs["steps"]  # noqa: E731
    errors, asked = {32: 0.3, 128: 0.1, 512: 0.2}, []
    own = judging.attributions

    def rough(*arguments, steps, **more):
        asked.append(steps)
        found = own(*arguments, steps=8, **more)
        found["integrated_gradients"].attrs |= {"completeness_error_relative": errors[steps], "steps": steps}
        return found

    monkeypatch.setattr(judging, "attributions", rough)
    assert steps(IDS) == 128 and asked == [32, 128, 512]  # the closest is taken
    errors[512], asked[:] = 0.01, []
    assert steps(IDS) == 512
    assert steps([1] * (judging.SHORT + 1)) == 128 and asked[3:] == [32, 128]


@pytest.mark.parametrize(
    ("share", "count"), [(0.5, 10), (0.0, 20), (1.0, 20), (0.78, 1000), (0.7968, 10_000)]
)
def test_the_ends_of_an_interval_are_196_standard_errors_from_the_accuracy(share, count):
    for end in judging.interval(share, count):  # Wilson's two solutions
        error = math.sqrt(end * (1 - end) / count)
        assert abs(share - end) == pytest.approx(1.959964 * error, abs=1e-6)


@hypothesis(max_examples=60, deadline=None)
@given(st.floats(0, 1), st.integers(1, 10**6))
def test_an_interval_holds_the_accuracy_and_narrows_with_more_reviews(share, count):
    low, high = judging.interval(share, count)
    assert -1e-9 <= low <= share + 1e-9 and share - 1e-9 <= high <= 1 + 1e-9
    nearer = judging.interval(share, 4 * count)
    assert nearer[1] - nearer[0] < high - low


@pytest.mark.parametrize(("share", "count"), [(1.1, 10), (-0.1, 10), (0.5, 0), (float("nan"), 5)])
def test_an_interval_of_what_is_no_accuracy_is_refused(share, count):
    with pytest.raises(ValueError, match="share must lie in 0…1"):
        judging.interval(share, count)


@pytest.mark.parametrize(
    ("first", "second", "places"),
    [
        ("a film", "a film", [(0, 0), (1, 1)]),
        ("it is bad", "it is not bad", [(0, 0), (1, 1), (None, 2), (2, 3)]),
        ("very good", "good", [(0, None), (1, 0)]),
        ("a b c", "a x c", [(0, 0), (1, 1), (2, 2)]),
        ("a b b c", "a x c", [(0, 0), (1, 1), (2, None), (3, 2)]),
    ],
)
def test_two_reviews_side_by_side(first, second, places):
    assert judging.align(first.split(), second.split()) == places


@hypothesis(max_examples=100, deadline=None)
@given(st.text("abc", max_size=12), st.text("abc", max_size=12))
def test_an_alignment_has_every_token_once_and_in_order(first, second):
    places = judging.align(first, second)
    assert [i for i, _ in places if i is not None] == list(range(len(first)))
    assert [j for _, j in places if j is not None] == list(range(len(second)))
    assert (None, None) not in places


def test_states_part_where_the_words_do_and_wait_where_there_is_none():
    model, first, second = classifier("lstm"), [3, 4, 5], [3, 6, 4, 5]
    a, b = judging.read(model, first), judging.read(model, second)
    parted = judging.parting(a, b, [(0, 0), (None, 1), (1, 2), (2, 3)])
    h, other = a["hidden"].values, b["hidden"].values
    wanted = [
        0,
        np.linalg.norm(h[0] - other[1]),
        np.linalg.norm(h[1] - other[2]),
        np.linalg.norm(h[2] - other[3]),
    ]
    np.testing.assert_allclose(parted["distance"], wanted, atol=1e-6)
    np.testing.assert_allclose(parted["verdict"][0], a["verdict"].values[[0, 0, 1, 2]])
    np.testing.assert_allclose(parted["probability"][1], b["probability"])


def test_before_its_first_token_a_review_has_the_state_zero_and_no_verdict():
    a, b = (judging.read(classifier(), ids) for ids in ([4], [3, 4]))
    parted = judging.parting(a, b, [(None, 0), (0, 1)])
    assert parted["distance"][0].item() == pytest.approx(np.linalg.norm(b["hidden"][0]))
    assert np.isnan(parted["verdict"][0, 0]) and not np.isnan(parted["verdict"][:, 1]).any()


@hypothesis(max_examples=30, deadline=None)
@given(st.sampled_from(KINDS), some_ids, some_ids)
def test_a_review_is_nowhere_apart_from_itself_and_two_are_as_far_apart_from_either_side(kind, first, second):
    model = classifier(kind)
    a, b = judging.read(model, first), judging.read(model, second)
    assert judging.parting(a, a, judging.align(first, first))["distance"].max() == 0
    places = judging.align(first, second)
    there = judging.parting(a, b, places)["distance"]
    back = judging.parting(b, a, [(j, i) for i, j in places])["distance"]
    np.testing.assert_allclose(there, back)


@each_readout
@hypothesis(max_examples=20, deadline=None)
@given(reviews=st.lists(st.lists(st.integers(0, 6), max_size=7), max_size=9), batch=st.integers(1, 4))
def test_many_reviews_are_judged_as_each_alone(readout, reviews, batch):
    model = classifier(readout=readout)
    before = judging.BATCH
    try:
        judging.BATCH = batch
        found = judging.log_odds(model, reviews)
    finally:
        judging.BATCH = before
    wanted = [judging.read(model, ids)["verdict"][-1].item() if ids else np.nan for ids in reviews]
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
