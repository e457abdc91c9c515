"""Two readings side by side: aligned where they read the same, and their difference followed as the Jacobians would have it."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import rnnviz
from rnnviz.studies import differing
from rnnviz.told import Told

MODELS = {}


def model(name="shakespeare-gru"):
    if name not in MODELS:
        MODELS[name] = rnnviz.live.shipped(name)
    return MODELS[name]


def pair_of(one, other, name="shakespeare-gru"):
    return differing.aligned(model(name).read(one), model(name).read(other))


class Read:
    """What aligning needs of a reading."""

    class subject:
        name, modules = "read", ("rnn",)

    def __init__(self, text):
        self.tokens = tuple(text)


@settings(deadline=None)
@given(st.text("ab c", max_size=12), st.text("ab c", max_size=12))
def test_each_step_stands_once_in_order_and_the_same_beside_the_same(one, other):
    if not one and not other:
        return
    pair = differing.aligned(Read(one), Read(other))
    for which, text in enumerate((one, other)):
        assert [step for step in pair.steps[which] if step >= 0] == list(range(len(text)))
    for place in np.flatnonzero(pair.same):
        assert one[pair.steps[0, place]] == other[pair.steps[1, place]]
    assert (pair.steps >= 0).any(0).all()
    if one == other:
        assert pair.same.all() and pair.parted is None


def test_texts_that_differ_in_one_word_stand_side_by_side():
    pair = pair_of("He said so", "She said so")
    assert "".join(token[0] for token in pair.tokens[-8:]) == " said so"
    assert pair.tokens[0] in ("H|S", "·|S") and pair.same[-8:].all()


def test_the_same_text_lies_nowhere_apart():
    pair = pair_of("to be", "to be")
    assert not differing.distance(pair).any() and not differing.divergence(pair).any()
    assert differing.predicted(model(), "to be", pair) is None


def test_distance_and_divergence_are_those_of_the_two_runs():
    one, other = "To be or not", "To me or not"
    pair = pair_of(one, other)
    a, b = (model().read(text) for text in (one, other))
    wanted = np.linalg.norm(
        a.subject.layer("rnn", 1)["hidden"].values - b.subject.layer("rnn", 1)["hidden"].values, axis=1
    )
    np.testing.assert_allclose(differing.distance(pair, 1), wanted, rtol=1e-5)
    p, q = (one.log_probability.values.astype(float) for one in (a, b))
    np.testing.assert_allclose(differing.divergence(pair), (np.exp(p) * (p - q)).sum(1), atol=1e-6)
    assert not differing.distance(pair, 1)[:3].any()
    longer = pair_of("To be or", "To be, or")
    assert np.isnan(differing.distance(longer).values).sum() == 1


@pytest.mark.parametrize("name", ["shakespeare-rnn", "shakespeare-gru", "shakespeare-lstm"])
def test_the_way_to_first_order_is_that_of_the_jacobians(name):
    """Jacobian-vector products through torch's own module, from the same states, in double precision."""
    one, other = "To be or not to be", "To me or not to be"
    pair = pair_of(one, other, name)
    found = differing.predicted(model(name), one, pair)
    place = pair.parted
    exact = model(name).doubled().model
    ids = torch.tensor([rnnviz.checkpoints.vocabulary(rnnviz.load(name)[1]).encode(one)])
    fields = ("hidden", "cell") if name.endswith("lstm") else ("hidden",)

    def states(reading):
        return tuple(
            torch.stack(
                [
                    torch.from_numpy(reading.subject.layer("rnn", layer)[field].values[place]).double()
                    for layer in (0, 1)
                ]
            )[:, None]
            for field in fields
        )

    with torch.no_grad():
        _, begun = exact(ids[:, : place + 1])
        begun = begun if isinstance(begun, tuple) else (begun,)
    was, now = states(pair.one), states(pair.other)
    delta = tuple(n - w for n, w in zip(now, was, strict=True))

    def after(*given):
        state, found = given if len(given) > 1 else given[0], []
        for t in range(place + 1, ids.shape[1]):
            _hidden, state = exact.rnn(exact.embedding(ids[:, t : t + 1]), state)
            found.append(state[0] if isinstance(state, tuple) else state)
        return torch.stack(found)[:, :, 0]

    _, moved = torch.autograd.functional.jvp(after, begun, delta)
    np.testing.assert_allclose(found[:, place + 1 :], moved.norm(dim=2).T, rtol=1e-4)
    np.testing.assert_allclose(
        found[:, place], torch.stack([d for d in delta[0][:, 0]]).norm(dim=1), rtol=1e-4
    )
    assert np.isnan(found[:, :place]).all()


def test_a_rate_is_the_slope_and_what_is_forgotten_stays_so():
    size = np.concatenate([[0, 0], 3 * np.exp(-0.5 * np.arange(20))])
    assert math.isclose(differing.rate(size, 2), -0.5, rel_tol=1e-9)
    assert differing.forgotten(size, 2) == 10  # e^-5 is 0.0067, e^-4.5 0.0111
    assert differing.forgotten([1, 0.001, 0.5, 0.001], 0) == 3
    assert differing.forgotten([1, 0.5, 0.2], 0) is None and differing.forgotten([1, np.nan], 1) is None
    assert math.isnan(differing.rate([1, 0, 0], 0)) and math.isnan(differing.rate(size, None))


def test_unlike_networks_are_told_apart_in_one_line():
    pair = differing.aligned(model().read("abc"), model("shakespeare-rnn").read("abc"))
    assert not differing.alike(pair)
    with pytest.raises(Told, match="the two networks are of unlike shape"):
        differing.difference(pair)
    assert differing.divergence(pair).notnull().all()
    with pytest.raises(Told, match="has no module decoder"):
        differing.aligned(model().read("abc"), model().read("abd"), "decoder")
