"""One step of attention: worked by hand, against torch, and what always holds."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnviz.models import networks
from rnnviz.recording.attention import Attention
from rnnviz.stats.attention import step

SMALL = st.floats(-5, 5, width=32)


def drawn(keys: int = 4, units: int = 3, candidates: int = 5, seed: int = 0) -> list[np.ndarray]:
    """memory, state, combine, head and bias from a normal distribution."""
    random = np.random.default_rng(seed)
    shapes = (keys, units), units, (units, 2 * units), (candidates, units), candidates
    return [random.normal(size=shape) for shape in shapes]


def test_a_step_that_can_be_done_on_paper():
    """Scores ln 3 and 0, so weights 3/4 and 1/4; W_c adds the context to the state; W_y tells the sign."""
    found = step([[1, 0], [0, 4]], [np.log(3), 0], [[0, 0, 0, 0], [0, 1, 0, 0]], [[0, 1], [0, -1]])
    np.testing.assert_allclose(found["score"], [np.log(3), 0])
    assert np.exp(found["score_log_total"]).item() == pytest.approx(4)
    np.testing.assert_allclose(found["weight"], [0.75, 0.25])
    np.testing.assert_allclose(found["weighted"], [[0.75, 0], [0, 1]])
    np.testing.assert_allclose(found["context"], [0.75, 1])
    np.testing.assert_allclose(found["joined"], [0.75, 1, np.log(3), 0])
    assert found["half"].values.tolist() == ["context", "context", "state", "state"]
    np.testing.assert_allclose(found["product"], [0, 1])
    np.testing.assert_allclose(found["attentional"], [0, np.tanh(1)])
    np.testing.assert_allclose(found["logit"], [np.tanh(1), -np.tanh(1)])
    np.testing.assert_allclose(
        found["probability"], [1 / (1 + np.exp(-2 * np.tanh(1))), 1 / (1 + np.exp(2 * np.tanh(1)))]
    )


def test_a_score_is_both_lengths_times_the_cosine():
    found = step([[3, 4], [0, 0], [-4, 3], [-6, -8]], [3, 4], np.ones((2, 4)), np.eye(2))
    np.testing.assert_allclose(found["length"], [5, 0, 5, 10])
    np.testing.assert_allclose(found["cosine"], [1, 0, 0, -1], atol=1e-15)
    np.testing.assert_allclose(
        found["score"], found["state_length"] * found["length"] * found["cosine"], atol=1e-12
    )


def test_a_bias_is_added_to_the_logits():
    *arrays, bias = drawn()
    plain, moved = step(*arrays), step(*arrays, bias)
    np.testing.assert_allclose(moved["logit"] - plain["logit"], bias)


def test_the_terms_sum_to_what_they_are_terms_of():
    *arrays, bias = drawn()
    found = step(*arrays, bias)
    np.testing.assert_allclose(found["score_term"].sum("unit"), found["score"])
    np.testing.assert_allclose(found["weighted"].sum("key"), found["context"])
    np.testing.assert_allclose(found["product_term"].sum("joined"), found["product"])
    np.testing.assert_allclose(found["logit_term"].sum("unit") + bias, found["logit"])
    np.testing.assert_allclose(np.exp(found["score"] - found["score_log_total"]), found["weight"])
    np.testing.assert_allclose(np.exp(found["logit"] - found["logit_log_total"]), found["probability"])


def test_every_array_says_what_it_is():
    for name, array in step(*drawn()).data_vars.items():
        assert array.attrs["long_name"] and array.attrs["units"] in ("1", "nat"), name
        low, high = array.attrs["valid_range"]
        assert low <= array.min() and array.max() <= high, name
        assert array.dtype == np.float64


def test_the_weights_and_the_context_are_those_of_the_module():
    memory, state, combine, head, _bias = drawn(keys=7)
    found = step(memory, state, combine, head)
    module = Attention("dot", memory.shape[1])
    states, values = torch.tensor(state)[None, None], torch.tensor(memory)[None]
    np.testing.assert_allclose(found["score"], module.scores(states, values)[0, 0])
    np.testing.assert_allclose(found["context"], module(states, values)[0, 0], rtol=1e-12)


def test_a_translator_writes_the_same_from_its_own_weights():
    torch.manual_seed(0)
    model = networks.Translator("gru", source=9, target=6, embedding=4, hidden=8).double()
    with networks.reading(model), torch.inference_mode():
        memory, start = model.read(torch.tensor([[3, 5, 7, 4]]))
        ids = torch.tensor([[1]])
        states, _state = model.decoder(model.target_embedding(ids), start)
        scores, attentional, _state = model.write(ids, start, memory)
        found = step(memory[0], states[0, 0], model.combine.weight, model.head.weight, model.head.bias)
    np.testing.assert_allclose(found["attentional"], attentional[0, 0], rtol=1e-12)
    np.testing.assert_allclose(found["logit"], scores[0, 0], rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(found["probability"], scores[0, 0].softmax(-1), rtol=1e-12)


# --- what always holds


@settings(deadline=None)
@given(st.lists(st.tuples(SMALL, SMALL), min_size=1, max_size=6), st.tuples(SMALL, SMALL))
def test_weights_and_probabilities_are_shares_of_1(memory, state):
    found = step(memory, state, np.ones((2, 4)), np.eye(2))
    for name in ("weight", "probability"):
        assert (found[name] >= 0).all() and found[name].sum().item() == pytest.approx(1)


@settings(deadline=None)
@given(st.lists(SMALL, min_size=2, max_size=6), st.floats(-300, 300))
def test_a_shift_of_all_scores_changes_no_weight(scores, shift):
    """A second unit that is the same in every key adds the same to each score."""
    memory = [[score, 1.0] for score in scores]
    rest = np.zeros((2, 4)), np.eye(2)
    plain, moved = step(memory, [1, 0], *rest), step(memory, [1, shift], *rest)
    np.testing.assert_allclose(moved["weight"], plain["weight"], rtol=1e-9)


@settings(deadline=None)
@given(st.permutations(range(5)), st.integers(0, 100))
def test_another_order_of_the_memory_reorders_the_weights_and_nothing_else(order, seed):
    memory, *rest = drawn(keys=5, seed=seed)
    plain, moved = step(memory, *rest), step(memory[order], *rest)
    np.testing.assert_allclose(moved["weight"], plain["weight"][order], rtol=1e-12)
    np.testing.assert_allclose(moved["probability"], plain["probability"], rtol=1e-9)


@settings(deadline=None)
@given(st.lists(st.floats(-1e150, 1e150), min_size=1, max_size=5), st.floats(-1e150, 1e150))
def test_numbers_however_large_saturate_and_stay_numbers(memory, state):
    found = step([[h] for h in memory], [state], [[1, 1]], [[1e300], [-1e300]])
    assert found["weight"].sum().item() == pytest.approx(1)
    for array in found.data_vars.values():
        assert np.isfinite(array).all()


# --- what is refused


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({0: np.zeros(3)}, "memory must be (key, unit), at least 1 of each; got shape (3,)"),
        ({0: np.zeros((0, 3))}, "memory must be (key, unit), at least 1 of each; got shape (0, 3)"),
        ({1: np.zeros(2)}, "state must have shape (3,) beside memory (4, 3); got (2,)"),
        ({2: np.zeros((3, 3))}, "combine must have shape (3, 6) beside memory (4, 3); got (3, 3)"),
        ({3: np.zeros((5, 2))}, "head must have shape (5, 3) beside memory (4, 3); got (5, 2)"),
        ({4: np.zeros(3)}, "bias must have shape (5,) beside memory (4, 3); got (3,)"),
        ({1: [1, np.nan, 0]}, "state holds a number that is not finite: [1.0, nan, 0.0]"),
        ({0: np.full((4, 3), 1e200), 1: np.full(3, 1e200)}, "score holds a number that is not finite"),
        ({3: np.full((5, 3), 1e308), 2: np.full((3, 6), 1e3)}, "logit holds a number that is not finite"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(change, line):
    arrays = [change.get(i, array) for i, array in enumerate(drawn())]
    with pytest.raises(ValueError, match=re.escape(line)) as problem:
        step(*arrays)
    assert "\n" not in str(problem.value)
