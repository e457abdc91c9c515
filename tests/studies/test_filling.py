"""Each word left out in turn: the scores are the model's, split exactly into what each side says."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from rnnviz.models.networks import BlankFiller
from rnnviz.models.vocabularies import END_ID, START_ID
from rnnviz.studies import filling

IDS = [START_ID, 3, 5, 0, 6, 4, END_ID]
KINDS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
each_model = pytest.mark.parametrize(
    ("kind", "bidirectional"), [(k, b) for k in KINDS for b in (True, False)]
)


def small(kind="lstm", bidirectional=True):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return BlankFiller(kind, 7, 3, 4, bidirectional, dropout=0.5)


def scores(found):
    total = found["left"] + found["bias"]
    return total + found["right"] if "right" in found else total


@each_model
def test_the_parts_sum_to_the_models_own_scores(kind, bidirectional):
    model = small(kind, bidirectional)
    found, _trace = filling.fill(model, IDS)
    with torch.no_grad():
        own = model.eval()(torch.tensor([IDS]))[0]
    assert dict(scores(found).sizes) == {"place": 5, "candidate": 7}
    np.testing.assert_allclose(scores(found).values, own.numpy(), atol=1e-6)
    np.testing.assert_allclose(found["log_probability"].values, own.log_softmax(-1).numpy(), atol=1e-6)
    np.testing.assert_allclose(np.exp(found["log_probability"]).sum("candidate"), 1)
    assert ("right" in found) is bidirectional


@each_model
def test_each_side_is_what_it_reads_alone(kind, bidirectional):
    """Left: the forward network over the words before, as a network of its own; right: the backward one over those after."""
    model = small(kind, bidirectional).eval()
    found, _trace = filling.fill(model, IDS)
    alone = KINDS[kind](3, 4, batch_first=True)
    for side, suffix in (("left", ""), ("right", "_reverse"))[: 1 + bidirectional]:
        alone.load_state_dict(
            {
                name: getattr(model.rnn, f"{name}{suffix}")
                for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
            }
        )
        for place in range(5):
            read = IDS[: place + 1] if side == "left" else IDS[: place + 1 : -1]
            with torch.no_grad():
                last = alone(model.embedding(torch.tensor([read])))[0][0, -1]
                said = last @ getattr(model, side).weight.T
            np.testing.assert_allclose(found[side].values[place], said.numpy(), atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(3, 6), min_size=1, max_size=6),
    st.data(),
    st.sampled_from(["rnn", "gru", "lstm"]),
    st.booleans(),
)
def test_a_place_knows_nothing_of_its_own_word(words, data, kind, bidirectional):
    place = data.draw(st.integers(0, len(words) - 1))
    other = [*words]
    other[place] = data.draw(st.integers(0, 6))
    model = small(kind, bidirectional)
    one, two = (filling.fill(model, [START_ID, *w, END_ID])[0] for w in (words, other))
    np.testing.assert_array_equal(scores(one)[place], scores(two)[place])
    if not bidirectional:  # nor, reading from the left, of any word after it
        np.testing.assert_array_equal(scores(one)[: place + 1], scores(two)[: place + 1])


def test_surprise_and_rank_are_of_the_word_that_stands_there():
    found, _trace = filling.fill(small(), IDS)
    logs = found["log_probability"].values
    for place, word in enumerate(IDS[1:-1]):
        surprise, rank = (found[name].values[place] for name in ("surprise", "rank"))
        if word == 0:
            assert np.isnan(surprise) and np.isnan(rank)
        else:
            assert surprise == -logs[place, word]
            assert np.argsort(-logs[place])[int(rank) - 1] == word


def test_filling_leaves_the_model_and_the_random_generator_as_they_were():
    model = small().train()
    before = torch.get_rng_state()
    first, _trace = filling.fill(model, IDS)
    assert first.identical(filling.fill(model, IDS)[0])
    assert model.training and torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("ids", [[], [1, 2], [3, 4, 5], [1, 3], [1, 3, 4], [3, 2]])
def test_a_sentence_without_ends_or_words_is_refused_in_one_line(ids):
    with pytest.raises(ValueError, match="a sentence stands between 1 and 2") as refused:
        filling.fill(small(), ids)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("place", range(5))
def test_the_states_run_towards_the_blank_ordered_by_what_they_give(place):
    model = small()
    found, trace = filling.fill(model, IDS, list("abcdefg"))
    flow = filling.flow(found, trace, place, 5)
    hidden = trace["rnn"]["hidden"].isel(layer=0, batch=0)
    assert np.isnan(flow.values[:, place + 1]).all()
    for side, direction, times in (
        ("left", "forward", range(place + 1)),
        ("right", "backward", range(place + 2, 7)),
    ):
        parts, units = flow[f"{side}_part"].values, flow[f"{side}_unit"].values
        assert sorted(units) == [0, 1, 2, 3] and (np.diff(parts) <= 0).all()
        assert parts.sum() == pytest.approx(found[side].values[place, 5], abs=1e-6)
        for time in times:
            wanted = hidden.sel(direction=direction).isel(time=time, unit=units)
            np.testing.assert_array_equal(flow.values[:, time], wanted.values)


def test_a_forward_model_has_no_states_after_the_blank():
    found, trace = filling.fill(small(bidirectional=False), IDS)
    flow = filling.flow(found, trace, 2, 5)
    assert np.isnan(flow.values[:, 3:]).all() and not np.isnan(flow.values[:, :3]).any()
    assert "right_unit" not in flow.coords
