"""Candidates are the likeliest tokens, and surprise is the loss of each token."""

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnviz.stats import text

BY_HAND = xr.DataArray(np.log([[0.5, 0.2, 0.3], [0.1, 0.8, 0.1]]), dims=("time", "candidate"))


def random(steps, tokens, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(steps, tokens, generator=generator).log_softmax(-1)


def labelled(rows):
    return xr.DataArray(rows.numpy(), dims=("time", "candidate"))


@pytest.mark.parametrize("given_as", [BY_HAND, BY_HAND.T])
def test_the_two_likeliest_tokens_by_hand(given_as):
    best = text.candidates(given_as[:1] if given_as is BY_HAND else given_as[:, :1], 2)
    assert best["id"].values.tolist() == [[0, 2]]
    np.testing.assert_allclose(best["probability"], [[0.5, 0.3]])


@settings(max_examples=40, deadline=None)
@given(steps=st.integers(1, 6), tokens=st.integers(1, 9), count=st.integers(1, 12), seed=st.integers(0, 999))
def test_candidates_are_torchs_topk(steps, tokens, count, seed):
    rows = random(steps, tokens, seed)
    best = text.candidates(labelled(rows), count)
    probability, ids = rows.exp().topk(min(count, tokens))
    assert best["id"].values.tolist() == ids.tolist()
    np.testing.assert_allclose(best["probability"], probability, rtol=1e-5)


def test_all_candidates_together_are_certain():
    total = text.candidates(labelled(random(4, 9)), 9)["probability"].sum("rank")
    np.testing.assert_allclose(total, 1, rtol=1e-5)


def test_no_candidates_is_refused():
    with pytest.raises(ValueError, match="count must be at least 1; got 0"):
        text.candidates(BY_HAND, 0)


@pytest.mark.parametrize("given_as", [BY_HAND, BY_HAND.T])
def test_surprise_by_hand(given_as):
    came = text.surprise(given_as, [1, 2])
    assert np.isnan(came[0])
    assert came[1].item() == pytest.approx(-np.log(0.3))
    assert came.attrs["units"] == "nat"


def test_the_mean_surprise_is_torchs_cross_entropy():
    rows, ids = random(9, 5), [1, 4, 2, 0, 3, 3, 1, 2, 4]
    wanted = torch.nn.functional.cross_entropy(rows[:-1], torch.tensor(ids[1:]))
    assert text.surprise(labelled(rows), ids).mean().item() == pytest.approx(wanted.item(), rel=1e-5)


@pytest.mark.parametrize("ids", [[1], [1, 2, 0], []])
def test_one_id_for_each_step(ids):
    with pytest.raises(ValueError, match=f"one id for each of 2 steps; got {len(ids)}"):
        text.surprise(BY_HAND, ids)


def test_nats_bits_and_perplexity_by_hand():
    # p = 1/2, 1/8: the mean is 2 bits, as hard as 4 equally likely characters
    surprise = xr.DataArray([np.nan, np.log(2), np.nan, np.log(8)], dims="time")
    found = text.rates(surprise)
    assert found["count"] == 2
    assert found["nats"].item() == pytest.approx(2 * np.log(2))
    assert found["bits"].item() == pytest.approx(2)
    assert found["perplexity"].item() == pytest.approx(4)


def test_where_nothing_was_foreseen_there_is_no_rate():
    found = text.rates(xr.DataArray([np.nan], dims="time"))
    assert found["count"] == 0 and np.isnan(found["perplexity"]) and np.isnan(found["nats"])
