"""Decoding writes the likeliest tokens, follows changes, and a beam finds what a search of everything finds."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import rnnviz
from rnnviz.models import decoding
from rnnviz.models.decoding import Change, beam, greedy, greedy_many, normalised, path, sentences, teach
from rnnviz.models.networks import Translator
from rnnviz.models.vocabularies import END_ID, START_ID

SOURCE = [3, 4, 5, 6, 3]
each_attention = pytest.mark.parametrize("attention", ["dot", "general", "additive", None])


def translator(attention="dot", kind="gru", seed=0, **more):
    torch.manual_seed(seed)
    return Translator(kind, 7, 6, 3, 8, attention=attention, **more)


def teacher_forced(model, source, target):
    """Log probability (nats) of every token at each step, all steps in one call: (query, target)."""
    with torch.no_grad():
        scores = model.eval()(torch.tensor([source]), None, torch.tensor([[START_ID, *target[:-1]]]))
    return scores[0].log_softmax(-1)


@each_attention
@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("shape", [{}, {"bidirectional": False}, {"layers": 2}])
def test_step_by_step_is_what_all_steps_at_once_give(attention, kind, shape):
    model = translator(attention, kind, **shape)
    written = greedy(model, SOURCE, longest=9)
    rows = teacher_forced(model, SOURCE, written.tokens)
    torch.testing.assert_close(written.log_probability, rows, atol=1e-5, rtol=1e-5)
    assert written.tokens == rows.argmax(-1).tolist()
    assert written.ended == (written.tokens[-1] == END_ID)


@each_attention
def test_many_at_once_are_what_each_is_alone(attention):
    model = translator(attention, layers=2)
    sources = [[3], [4, 5, 6], SOURCE, [6, 6]]
    alone = [greedy(model, source, longest=12).tokens for source in sources]
    together = greedy_many(model, sources, longest=12, batch=3)
    assert together == [[t for t in tokens if t != END_ID] for tokens in alone]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 40), st.integers(0, 8), st.sampled_from(["gru", "lstm"]))
def test_weights_set_to_what_they_were_change_nothing_to_the_last_digit(seed, step, kind):
    model = translator(kind=kind, seed=seed)
    with rnnviz.record(model) as recording:
        before = greedy(model, SOURCE, longest=9)
    step = min(step, len(before.tokens) - 1)
    weights = tuple(recording.trace["attention"]["weight"][0, 0, step].values.tolist())
    after = greedy(model, SOURCE, {step: Change(weights)}, longest=9)
    assert after.tokens == before.tokens
    assert torch.equal(after.log_probability, before.log_probability)
    assert torch.equal(after.attentional, before.attentional)


def test_a_forced_place_is_all_the_context_there_is():
    model = translator()
    with rnnviz.record(model) as recording:
        greedy(model, SOURCE, {1: Change((0.0, 0.0, 1.0, 0.0, 0.0))}, longest=4)
    memory = recording.trace["encoder"]["hidden"].isel(layer=0, batch=0, time=2).values.ravel()
    np.testing.assert_array_equal(recording.trace["attention"]["context"][0, 1], memory)
    assert recording.trace["attention"]["weight"][0, 0, 1].values.tolist() == [0, 0, 1, 0, 0]


def test_before_a_change_nothing_changes_and_after_it_the_decoder_goes_on_from_there():
    model = translator()
    before = greedy(model, SOURCE, longest=8)
    token = (before.tokens[2] + 1) % 6 or 3
    after = greedy(model, SOURCE, {2: Change(token=token)}, longest=8)
    assert after.tokens[:3] == [*before.tokens[:2], token]
    assert torch.equal(after.log_probability[:3], before.log_probability[:3])
    torch.testing.assert_close(
        after.log_probability, teacher_forced(model, SOURCE, after.tokens), atol=1e-5, rtol=1e-5
    )


@given(
    st.lists(st.floats(0, 1e6) | st.floats(0, 1.7e308), min_size=1, max_size=9).filter(
        lambda w: sum(w) > 1e-9
    )
)
def test_normalised_weights_sum_to_one_and_stay_what_they_are(weights):
    once = normalised(weights)
    assert math.fsum(once) == pytest.approx(1, abs=2e-6)
    assert normalised(once) == once


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ([0.5, -0.1], "weight 2 is -0.1"),
        ([math.nan], "weight 1 is nan"),
        ([math.inf, 1], "weight 1 is inf"),
        ([0.0, 0.0], "all weights are 0"),
    ],
)
def test_weights_that_are_none_are_refused(weights, words):
    with pytest.raises(ValueError, match=words):
        normalised(weights)


@pytest.mark.parametrize(
    ("source", "changes", "words"),
    [
        ([], {}, "nothing to read"),
        (SOURCE, {0: Change((1.0,))}, "step 0: 5 weights are needed; got 1"),
        (SOURCE, {3: Change(token=6)}, "step 3: a token must be from 0 to 5; got 6"),
        (SOURCE, {3: Change(token=-1)}, "step 3: a token must be from 0 to 5; got -1"),
    ],
)
def test_what_cannot_be_decoded_is_refused(source, changes, words):
    with pytest.raises(ValueError, match=words):
        greedy(translator(), source, changes)


def test_weights_for_a_model_without_attention_are_refused():
    with pytest.raises(ValueError, match="this model has no attention"):
        greedy(translator(None), SOURCE, {0: Change((1.0,) * 5)})


def everything(model, longest):
    """Each sentence of at most that many tokens that ends, and its log probability: nats."""
    found = {}
    for length in range(longest):
        for tokens in itertools.product([t for t in range(6) if t != END_ID], repeat=length):
            whole = [*tokens, END_ID]
            rows = teacher_forced(model, SOURCE, whole)
            found[tuple(whole)] = rows[range(len(whole)), whole].sum().item()
    return found


@each_attention
def test_a_beam_as_wide_as_all_there_is_finds_the_best_of_all(attention):
    model = translator(attention, seed=3)
    wanted = everything(model, 3)
    nodes = beam(model, SOURCE, width=200, longest=3)
    score, places = sentences(nodes)[0]
    best = max(wanted, key=lambda tokens: wanted[tokens] / len(tokens))
    assert [nodes[i].token for i in places] == list(best)
    assert score == pytest.approx(wanted[best] / len(best), abs=1e-5)


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_a_beam_of_one_is_greedy(kind):
    model = translator(kind=kind, seed=2)
    nodes = beam(model, SOURCE, width=1, longest=8)
    written = greedy(model, SOURCE, longest=8)
    kept = [node for node in nodes if node.kept]
    assert [node.token for node in kept] == written.tokens
    total = written.log_probability.max(-1).values.sum().item()
    assert kept[-1].log_probability == pytest.approx(total, abs=1e-4)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 5), st.integers(0, 30))
def test_every_node_is_as_likely_as_its_path_says_and_no_more_are_kept_than_the_width(width, seed):
    model = translator(seed=seed)
    nodes = beam(model, SOURCE, width, longest=6)
    for step in {node.step for node in nodes}:
        assert sum(node.kept for node in nodes if node.step == step) <= width
    for place in (len(nodes) - 1, len(nodes) // 2):
        tokens = [nodes[i].token for i in path(nodes, place)]
        rows = teacher_forced(model, SOURCE, tokens)
        wanted = rows[range(len(tokens)), tokens].sum().item()
        assert nodes[place].log_probability == pytest.approx(wanted, abs=1e-4)
        assert [nodes[i].step for i in path(nodes, place)] == list(range(len(tokens)))
    found = sentences(nodes)
    assert [score for score, _ in found] == sorted((score for score, _ in found), reverse=True)
    assert 1 <= len(found) <= width


@pytest.mark.parametrize(("source", "width"), [([], 2), (SOURCE, 0)])
def test_a_beam_over_nothing_or_of_no_width_is_refused(source, width):
    with pytest.raises(ValueError):
        beam(translator(), source, width)


@each_attention
def test_the_gradient_at_an_encoder_state_is_a_finite_difference(attention):
    """dL/dh_t of the last layer, by moving what the decoder is given: its start and its memory."""
    model = translator(attention, bidirectional=False).double().eval().requires_grad_(False)
    target = [4, 3, END_ID]
    with rnnviz.record(model) as recording:
        loss = teach(model, SOURCE, target)
    rows = teacher_forced(model, SOURCE, target)
    assert loss.item() == pytest.approx(-rows[range(3), target].sum().item())
    found = recording.trace["encoder"]["hidden_grad"][0, 0, 0, -1].values
    memory, state = model.read(torch.tensor([SOURCE]))
    for unit in (0, 3, 7):
        losses = []
        for move in (1e-6, -1e-6):
            moved, start = memory.clone(), state.clone()
            moved[0, -1, unit] += move
            start[0, 0, unit] += move
            scores = model.write(torch.tensor([[START_ID, *target[:-1]]]), start, moved)[0][0].log_softmax(-1)
            losses.append(-scores[range(3), target].sum().item())
        assert found[unit] == pytest.approx((losses[0] - losses[1]) / 2e-6, abs=1e-6)


def test_the_loss_of_one_step_is_one_of_the_sum_and_leaves_no_gradient_on_the_model():
    model = translator()
    each = [teach(model, SOURCE, [4, 3, END_ID], step).item() for step in range(3)]
    assert sum(each) == pytest.approx(teach(model, SOURCE, [4, 3, END_ID]).item(), rel=1e-5)
    assert all(p.grad is None for p in model.parameters())
    with pytest.raises(ValueError, match="there are steps 0 to 2"):
        teach(model, SOURCE, [4, 3, END_ID], 3)


def test_reading_leaves_the_model_in_the_mode_it_was_in():
    model = translator(dropout=0.5).train()
    assert torch.equal(greedy(model, SOURCE).log_probability, greedy(model, SOURCE).log_probability)
    beam(model, SOURCE), greedy_many(model, [SOURCE]), teach(model, SOURCE, [END_ID])
    assert model.training


def test_padded_rows_have_their_lengths():
    ids, lengths = decoding.padded([[3], [4, 5]])
    assert ids.tolist() == [[3, 0], [4, 5]] and lengths.tolist() == [1, 2]
