"""What counts say of a text, labelled: products with their zero, and the losses of a comparison."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnviz.stats import counting

ROWS = [
    {"method": method, "order": order, "tokens": tokens, "loss": loss}
    for method, losses in (("likelihood", [None, 3.0, None, None]), ("backoff", [2.5, 2.0, 2.6, 1.5]))
    for (order, tokens), loss in zip(((1, 10), (1, 20), (2, 10), (2, 20)), losses, strict=True)
]


def test_one_zero_makes_every_later_product_zero():
    logs = counting.products({"a": np.array([0.5, 0.25, 0.0, 1.0])})
    assert logs.dims == ("series", "time")
    np.testing.assert_allclose(np.exp(logs.values[0]), [0.5, 0.125, 0, 0])


@given(st.lists(st.floats(1e-300, 1), min_size=1, max_size=20))
def test_a_product_is_the_sum_of_its_surprises_however_small(p):
    p = {"a": np.array(p)}
    np.testing.assert_allclose(counting.products(p).values[0, -1], -counting.surprises(p).values[0].sum())


def test_a_surprise_is_infinite_where_nothing_was_given():
    values = counting.surprises({"a": np.array([1.0, 0.0]), "b": np.array([0.5, 0.5])})
    assert values.values[0].tolist() == [0, np.inf]
    assert values.sel(series="b").values == pytest.approx(np.log(2)) and values.attrs["units"] == "nats"


def test_the_smallest_of_each_step():
    found = counting.smallest({"a": np.log([[0.5, 0.5], [0.9, 0.1]])})
    np.testing.assert_allclose(np.exp(found.values), [[0.5, 0.1]])


def test_losses_find_their_place_and_none_is_infinite():
    losses = counting.held_out(ROWS)
    assert losses.sizes == {"series": 2, "order": 2, "tokens": 2}
    assert losses.sel(series="backoff", order=2, tokens=20) == 1.5
    assert losses.sel(series="likelihood", order=2, tokens=20) == np.inf


def test_each_method_is_taken_at_the_order_that_is_best_with_the_whole_text():
    found = counting.best(counting.held_out(ROWS))
    assert found["order"].values.tolist() == [1, 2]
    np.testing.assert_array_equal(found.values, [[np.inf, 3.0], [2.6, 1.5]])


@pytest.mark.parametrize("rows", [[], ROWS[1:], [*ROWS[1:], ROWS[1]]])
def test_a_comparison_with_holes_is_refused(rows):
    with pytest.raises(ValueError, match="loss"):
        counting.held_out(rows)
