"""What the sources of a gradient add is what arrived."""

import numpy as np
import pytest

from rnnviz.stats import gradients
from rnnviz.stats.gradients import paths
from tests.stats.gradients.networks import DIRECTIONS, KINDS, LN2, called, example, in_reading_order, linear


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_what_the_sources_contribute_sums_to_the_total_gradient(kind, direction):
    node = example(kind, direction)[0]
    order, each = in_reading_order(node), gradients.jacobians(node).values
    direct, total = node["hidden_grad_direct"].values, node["hidden_grad"].values
    found = gradients.contributions(node)
    assert found.dims == ("source", "time")
    for position, t in enumerate(order):
        added = np.zeros(total.shape[1])
        for later in order[position:]:
            row = np.zeros(each.shape[1])
            row[: total.shape[1]] = direct[later]
            for between in order[position + 1 : list(order).index(later) + 1][::-1]:
                row = row @ each[between]
            added += row[: total.shape[1]]
            length = np.linalg.norm(row[: total.shape[1]])
            assert np.exp(found.sel(source=later, time=t).item()) == pytest.approx(length, rel=1e-9, abs=0)
        np.testing.assert_allclose(added, total[t], rtol=1e-10, atol=1e-12)  # total: by autograd
        assert np.isneginf(found.sel(source=order[:position], time=t)).all()


@pytest.mark.parametrize("kind", ["lstm", "projected"])
def test_one_source_alone_is_the_total_gradient_of_the_cell_too(kind):
    node = example(kind)[0]
    only = np.zeros_like(node["hidden_grad_direct"])
    rows = {}
    for source in range(6):
        only[:] = 0
        only[source] = node["hidden_grad_direct"][source]
        alone = node.assign(hidden_grad_direct=(node["hidden"].dims, only))
        rows[source] = gradients.contributions(alone, of="cell").sel(source=source).values
    found = gradients.contributions(node, of="cell")
    # one row or six at once: BLAS adds in another order
    np.testing.assert_allclose(found, np.array([rows[s] for s in range(6)]), rtol=0, atol=1e-14)
    # at the last step there is one source alone
    last = gradients.norm(node, of="cell")[-1]
    assert np.exp(rows[5][5]) == pytest.approx(last.item(), rel=1e-12)


def test_a_source_without_gradient_adds_nothing_and_changes_nothing():
    node = example("lstm")[0]
    direct = node["hidden_grad_direct"].values.copy()
    direct[[1, 4]] = 0
    found = gradients.contributions(node.assign(hidden_grad_direct=(node["hidden"].dims, direct)))
    assert np.isneginf(found[[1, 4]]).all()
    speaking = [0, 2, 3, 5]
    np.testing.assert_allclose(found[speaking], gradients.contributions(node)[speaking], rtol=0, atol=1e-14)


@pytest.mark.parametrize("size", [1e-290, 1e290])
def test_contributions_grow_with_the_loss_alone(size):
    node = example("lstm")[0]
    scaled = node.assign(hidden_grad_direct=size * node["hidden_grad_direct"])
    wanted = gradients.contributions(node) + np.log(size)
    np.testing.assert_allclose(gradients.contributions(scaled), wanted, rtol=1e-14)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_go_back_by_the_jacobian(kind):
    path = paths.path_of(example(kind)[0])
    rows = np.random.default_rng(0).normal(size=(5, path.width))
    wanted = rows @ path.jacobian(3)
    np.testing.assert_allclose(path.back(3, rows), wanted, rtol=1e-13, atol=1e-13)


def test_a_gradient_halved_at_each_step_is_still_known_after_2000():
    node = linear([[0.5]], steps=2001)
    direct = np.zeros((2001, 1))
    direct[-1] = 1
    node["hidden_grad_direct"] = (("time", "unit"), direct)
    found = gradients.contributions(node)
    np.testing.assert_allclose(found[-1], -LN2 * np.arange(2000, -1, -1), rtol=1e-11)
    assert np.isneginf(found[:-1]).all()


def test_contributions_that_would_not_fit_are_refused():
    node = linear([[0.5]], steps=12000)
    node["hidden_grad_direct"] = node["hidden"]
    with pytest.raises(ValueError, match="contributions of 12000 sources to 12000 steps take 1.1 GiB"):
        gradients.contributions(node)


def test_nothing_passes_between_calls_that_did_not_pass_their_state():
    for carried in (True, False):
        found = gradients.contributions(called("gru", "forward", carried))
        assert np.isfinite(found[3:, :3]).all() == carried
        assert np.isfinite(found[4, 3]) and np.isneginf(found[0, 1])


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_calls_that_passed_their_state_are_one_path(kind):
    order = [2, 1, 0, 4, 3]
    whole = gradients.contributions(example(kind, steps=5)[0]).values
    parts = gradients.contributions(called(kind, "backward", carried=True)).values
    np.testing.assert_array_equal(parts[np.ix_(order, order)], whole)
