"""Counting is exact, every estimate is a distribution, and nltk counts and smooths the same."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnviz.models.counting import KEPT, METHODS, NGrams

TEXT = [0, 1, 2, 0, 1, 3, 0, 1, 2, 3, 0, 2]
texts = st.lists(st.integers(0, 3), min_size=1, max_size=30)


def grams(ids, n):
    return Counter(tuple(ids[i : i + n]) for i in range(len(ids) - n + 1))


@settings(max_examples=60, deadline=None)
@given(texts, st.integers(1, 6), st.lists(st.integers(0, 4), min_size=1, max_size=6))
def test_every_n_gram_is_counted_as_often_as_it_occurs(ids, order, gram):
    counts = NGrams.of(ids, order, 5)
    for n in range(1, counts.order + 1):
        for each, count in grams(ids, n).items():
            assert counts.count(each) == count
    if len(gram) <= counts.order:
        assert counts.count(gram) == grams(ids, len(gram))[tuple(gram)]


@settings(max_examples=60, deadline=None)
@given(
    texts,
    st.integers(1, 6),
    st.lists(st.integers(0, 4), max_size=7),
    st.sampled_from(METHODS[1:]),
    st.floats(0.1, 0.9),
)
def test_every_smoothed_estimate_is_a_distribution_without_a_zero(ids, order, context, method, discount):
    counts = NGrams.of(ids, order, 5)
    row = counts.distribution(context, method, discount=discount)
    assert row.min() > 0
    assert row.sum() == pytest.approx(1)


@settings(max_examples=60, deadline=None)
@given(texts, st.integers(1, 5), st.sampled_from(METHODS), texts)
def test_a_text_is_as_likely_as_its_tokens_one_by_one(ids, order, method, read):
    counts = NGrams.of(ids, order, 5)
    found = counts.probability(read, method)
    wanted = [counts.distribution(read[:t], method)[token] for t, token in enumerate(read)]
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


@settings(max_examples=60, deadline=None)
@given(texts, st.integers(1, 5), st.sampled_from(METHODS), texts)
def test_what_follows_each_token_is_what_follows_the_text_up_to_it(ids, order, method, read):
    counts = NGrams.of(ids, order, 5)
    wanted = [counts.distribution(read[: t + 1], method) for t in range(len(read))]
    np.testing.assert_array_equal(counts.distributions(read, method), wanted)


def test_the_zero_that_wipes_out_a_sentence():
    words = "one times two times three times".split()
    names = [*dict.fromkeys(words), "seven"]
    counts = NGrams.of([names.index(w) for w in words], 2, len(names))
    times, seven = names.index("times"), names.index("seven")
    assert counts.probability([times, seven], "likelihood")[1] == 0
    assert counts.perplexity([times, seven], "likelihood") == math.inf
    for method in METHODS[1:]:
        assert counts.perplexity([times, seven], method) < math.inf


def test_likelihood_by_hand():
    counts = NGrams.of(TEXT, 2, 4)
    assert counts.distribution([0], "likelihood").tolist() == [0, 3 / 4, 1 / 4, 0]
    assert counts.distribution([], "likelihood").tolist() == [4 / 12, 3 / 12, 3 / 12, 2 / 12]


def test_after_a_context_that_never_was_likelihood_gives_nothing_and_add_k_all_the_same():
    counts = NGrams.of([0, 1, 0, 1], 2, 4)
    assert counts.distribution([3], "likelihood").tolist() == [0, 0, 0, 0]
    assert counts.distribution([3], "add-k").tolist() == [0.25] * 4
    # 0 and 1 each came after one other token: (1 - 0.75) / 2 of their own, and a fourth of 0.75 as all have
    np.testing.assert_allclose(counts.distribution([3], "kneser-ney"), [0.3125, 0.3125, 0.1875, 0.1875])


def kneser_ney(ids, order, size, context, token, d):
    """Chen & Goodman 1999, equation 12, word for word, with 1 / size below the unigrams."""

    def count(gram):
        n = len(gram)
        if n == order:
            return grams(ids, n)[gram]
        return sum(1 for longer in grams(ids, n + 1) if longer[1:] == gram)

    def estimate(n):
        if n == 0:
            return 1 / size
        h = tuple(context[len(context) - n + 1 :]) if n > 1 else ()
        followers = [count((*h, w)) for w in range(size)]
        total = sum(followers)
        if not total:
            return estimate(n - 1)
        kinds = sum(f > 0 for f in followers)
        return max(followers[token] - d, 0) / total + d * kinds / total * estimate(n - 1)

    order = min(order, len(context) + 1)  # at the start of a text the estimate of the order that fits
    return estimate(order)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 3), min_size=5, max_size=25),
    st.integers(1, 4),
    st.lists(st.integers(0, 3), max_size=3),
)
def test_kneser_ney_is_that_of_the_paper(ids, order, context):
    order = min(order, len(ids))
    row = NGrams.of(ids, order, 4).distribution(context, "kneser-ney", discount=0.6)
    wanted = [kneser_ney(ids, order, 4, context, token, 0.6) for token in range(4)]
    np.testing.assert_allclose(row, wanted, rtol=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 3), min_size=5, max_size=25), st.lists(st.integers(0, 3), min_size=2, max_size=2)
)
def test_backoff_discounts_what_was_seen_and_shares_the_rest_by_the_shorter_context(ids, context):
    counts = NGrams.of(ids, 3, 4)
    row, below = counts.distribution(context, "backoff"), counts.distribution(context[-1:], "backoff", 2)
    followers = np.array([counts.count([*context, w]) for w in range(4)])
    if not followers.sum():
        np.testing.assert_allclose(row, below)
        return
    seen = followers > 0
    np.testing.assert_allclose(row[seen], (followers[seen] - 0.75 * (not seen.all())) / followers.sum())
    if below[~seen].sum() > 1e-9:
        np.testing.assert_allclose(row[~seen] / row[~seen].sum(), below[~seen] / below[~seen].sum())


@pytest.mark.parametrize("order", [1, 2, 3])
def test_nltk_counts_and_smooths_the_same(order):
    from nltk.lm import MLE, Lidstone
    from nltk.lm.vocabulary import Vocabulary
    from nltk.util import everygrams

    rng = np.random.default_rng(0)
    ids = rng.integers(0, 4, 200).tolist()
    words = [str(i) for i in ids]
    counts = NGrams.of(ids, order, 4)
    for method, model in (("likelihood", MLE(order)), ("add-k", Lidstone(0.3, order))):
        model.vocab = Vocabulary(words, unk_cutoff=1)
        model.fit([list(everygrams(words, max_len=order))])
        for context in ([], [1], [2, 3]):
            context = context[: order - 1]
            row = counts.distribution(context, method, k=0.3)
            size = len(model.vocab) if method == "add-k" else 0  # nltk counts its unknown word, too
            for token in range(4):
                wanted = model.score(str(token), [str(c) for c in context])
                if method == "add-k":
                    below = (counts.count(context) if context else 200) - (
                        context == ids[-len(context) :] if context else 0
                    )
                    wanted *= (below + 0.3 * size) / (below + 0.3 * 4)
                assert row[token] == pytest.approx(wanted, rel=1e-9)


def test_more_context_helps_on_a_text_with_a_pattern():
    ids = [0, 1, 2, 3] * 50
    counts = NGrams.of(ids, 3, 4)
    by_order = [counts.perplexity(ids[:40], "kneser-ney", order) for order in (1, 2, 3)]
    assert by_order[0] == pytest.approx(4, rel=0.05) and by_order[1] < 1.1 and by_order[2] < 1.1


def test_a_model_comes_back_from_its_arrays():
    counts = NGrams.of(TEXT, 4, 5)
    again = NGrams.from_arrays(5, counts.arrays())
    for method in METHODS:
        np.testing.assert_array_equal(
            again.probability(TEXT[::-1], method), counts.probability(TEXT[::-1], method)
        )


@pytest.mark.parametrize(
    ("ids", "order", "words"),
    [
        ([], 2, "nothing to count"),
        ([1], 0, "at least 1; got 0"),
        ([5], 1, "from 0 to 4; got 5"),
        ([-1], 1, "from 0 to 4; got -1"),
    ],
)
def test_what_cannot_be_counted_is_refused(ids, order, words):
    with pytest.raises(ValueError, match=words):
        NGrams.of(ids, order, 5)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"method": "magic"}, "one of likelihood"),
        ({"order": 3}, "from 1 to 2"),
        ({"k": 0}, "k must be above 0"),
        ({"discount": 1}, "between 0 and 1"),
    ],
)
def test_an_estimate_that_makes_no_sense_is_refused(asked, words):
    with pytest.raises(ValueError, match=words):
        NGrams.of(TEXT, 2, 5).probability(TEXT, **asked)


@settings(max_examples=60, deadline=None)
@given(texts, st.integers(1, 5), texts)
def test_the_fractions_are_of_what_was_counted(ids, order, read):
    counts = NGrams.of(ids, order, 5)
    count, total = counts.seen(read)
    assert count.shape == total.shape == (counts.order, len(read))
    for n in range(counts.order):
        for t in range(len(read)):
            before = read[t - n : t]
            whole = t >= n
            assert count[n, t] == (counts.count([*before, read[t]]) if whole else 0)
            assert total[n, t] == (sum(counts.count([*before, w]) for w in range(5)) if whole else 0)


@settings(max_examples=60, deadline=None)
@given(texts, st.integers(1, 5), st.sampled_from(METHODS[2:]), texts, st.floats(0.1, 0.9))
def test_the_stages_lead_to_the_estimate_and_each_follows_from_the_one_below(
    ids, order, method, read, discount
):
    counts = NGrams.of(ids, order, 5)
    found = counts.stages(read, method, discount=discount)
    np.testing.assert_allclose(found["estimate"][-1], counts.probability(read, method, discount=discount))
    below = np.full(len(read), 1 / 5)
    for own, rest, total, count, estimate in zip(
        *(found[name] for name in ("own", "rest", "total", "count", "estimate")), strict=True
    ):
        wanted = own + rest * below if method == "kneser-ney" else np.where(count > 0, own, rest * below)
        np.testing.assert_allclose(estimate, np.where(total > 0, wanted, below))
        below = estimate


def test_stages_by_hand():
    counts = NGrams.of([0, 1, 0, 2], 2, 3)
    found = counts.stages([0, 1], discount=0.5)
    # pairs 01, 10, 02: each of the three tokens but none twice, 0 after one kind, 1 and 2 after one kind
    assert found["count"][:, 1].tolist() == [1, 1] and found["total"][:, 1].tolist() == [3, 2]
    assert found["own"][:, 1].tolist() == pytest.approx([0.5 / 3, 0.25])
    assert found["estimate"][:, 1].tolist() == pytest.approx([1 / 3, 0.25 + 0.5 / 3])


@pytest.mark.parametrize("method", METHODS[:2])
def test_what_does_not_back_off_has_no_stages(method):
    with pytest.raises(ValueError, match="have stages"):
        NGrams.of(TEXT, 2, 4).stages([0], method)


def test_of_all_discounts_that_were_ever_asked_for_only_the_last_are_kept():
    counts = NGrams.of([0, 1, 0, 2, 1], 3, 3)
    first = counts.probability([0, 1, 2], discount=0.01)
    for thousandth in range(10, 100):
        counts.probability([0, 1, 2], discount=thousandth / 1000)
    assert counts._weights.cache_info().currsize <= KEPT
    np.testing.assert_array_equal(counts.probability([0, 1, 2], discount=0.01), first)
