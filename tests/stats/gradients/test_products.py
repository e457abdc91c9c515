"""Products of Jacobians keep every digit over thousands of steps, and stop where a call started anew."""

import numpy as np
import pytest
from hypothesis import example as example_of
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rnnviz.stats import gradients
from rnnviz.stats.gradients import graded
from tests.stats.gradients.networks import (
    DIRECTIONS,
    INF,
    KINDS,
    LN2,
    NAN,
    called,
    example,
    in_reading_order,
    kept,
    linear,
    padded,
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_reach_is_the_singular_values_of_the_product(kind, direction):
    node = example(kind, direction)[0]
    order, each = in_reading_order(node), gradients.jacobians(node).values
    found = gradients.reach(node)
    product = np.eye(each.shape[1])
    for t, before in zip(order[::-1], [*order[-2::-1], None], strict=True):
        values = np.linalg.svd(product, compute_uv=False)
        real = values > 1e-9 * values[0]  # as far as forming the product is right
        np.testing.assert_allclose(np.exp(found["log_singular_values"][t])[real], values[real], rtol=1e-6)
        assert np.exp(found["log_spectral_norm"][t]) == pytest.approx(values[0])
        assert np.exp(found["log_frobenius_norm"][t]) == pytest.approx(np.linalg.norm(values))
        product = product @ each[t]
        assert before is None or t != before


def test_to_chooses_the_step_and_what_is_read_later_is_nan():
    forget = np.array([[0.5], [0.25], [0.5], [0.5]])
    found = gradients.reach(kept(forget), to=2)
    np.testing.assert_allclose(found["log_spectral_norm"], [-3 * LN2, -LN2, 0, NAN])
    backward = gradients.reach(kept(forget).assign_coords(direction="backward"), to=1)
    np.testing.assert_allclose(backward["log_spectral_norm"], [NAN, 0, -2 * LN2, -3 * LN2])
    assert found.attrs["to"] == 2
    with pytest.raises(
        ValueError, match="to must be a step of the sequence, a position on time from 0 to 3; got 4"
    ):
        gradients.reach(kept(forget), to=4)


@pytest.mark.parametrize(("factor", "steps"), [(0.5, 5000), (2.0, 1500), (1e-3, 500)])
def test_thousands_of_nats_neither_underflow_nor_overflow(factor, steps):
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    found = gradients.reach(linear(factor * turn, steps=steps + 1))
    wanted = np.log(factor) * np.arange(steps, -1, -1)  # float64 holds −745 to 709
    np.testing.assert_allclose(found["log_spectral_norm"], wanted, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(
        found["log_frobenius_norm"] - found["log_spectral_norm"], np.log(3) / 2, atol=1e-9
    )


def test_each_unit_fades_at_its_own_rate_over_thousands_of_decades():
    rates = np.array([0.0, -4.0, -6.0, -16.0])
    found = gradients.reach(kept(np.exp(np.tile(rates[[2, 0, 3, 1]], (751, 1)))))
    wanted = rates * np.arange(750, -1, -1)[:, None]
    np.testing.assert_allclose(found["log_singular_values"], wanted, rtol=1e-11, atol=1e-11)


def test_a_direction_that_was_far_behind_may_lead_again():
    falling, steady = np.repeat([[1e-6, 1.0]], 250, 0), np.repeat([[1.0, 1e-12]], 250, 0)
    found = gradients.reach(kept(np.vstack(([[1, 1]], falling, steady))), count=1)["log_spectral_norm"]
    assert found[250].item() == pytest.approx(0, abs=1e-9)
    # going back from the end: first unit 0 keeps all, unit 1 falls by 3000 decades; then unit 0 falls by 1500
    np.testing.assert_allclose(found[0], -1500 * np.log(10), rtol=1e-11)


def oracle(matrices, digits):
    """ln of the singular values of the product, from a product of that many digits."""
    mpmath = pytest.importorskip("mpmath", reason="mpmath comes with torch's sympy; without it no oracle")
    with mpmath.workdps(digits):
        product = mpmath.eye(len(matrices[0]))
        for matrix in matrices:
            product = mpmath.matrix(matrix.tolist()) * product
        values = [float(mpmath.log(value)) for value in mpmath.svd_r(product, compute_uv=False)]
    return sorted(values, reverse=True)


@pytest.mark.parametrize(
    ("units", "steps", "scale", "digits"), [(2, 700, 1e-5, 7200), (3, 250, 1e-2, 1500), (5, 60, 1, 200)]
)
def test_singular_values_are_those_of_exact_arithmetic(walk, units, steps, scale, digits):
    matrices = scale * np.random.default_rng(units).normal(size=(steps, units, units))
    found = gradients.reach(walk(matrices))["log_singular_values"][0]
    wanted = oracle(matrices[1:], digits)
    bound = 1e-16 * units * sum(np.linalg.cond(matrix) for matrix in matrices) + 1e-13 * abs(wanted[-1])
    np.testing.assert_allclose(found, wanted, rtol=0, atol=bound)
    assert bound < 1e-8


def test_graded_far_beyond_float64_and_full_of_mixing(walk):
    random = np.random.default_rng(0)
    grading = np.diag(np.exp(-np.array([0.0, 4, 8, 12])))
    matrices = [np.linalg.qr(random.normal(size=(4, 4)))[0] for _ in range(120)]
    matrices = [turn.T @ grading @ turn for turn in matrices[:1] * 120]  # one frame: σ = e^(-4 i t)
    found = gradients.reach(walk(matrices))["log_singular_values"]
    wanted = -4.0 * np.arange(4) * np.arange(119, -1, -1)[:, None]
    np.testing.assert_allclose(
        found, wanted, atol=1e-16 * 4 * 120 * np.exp(12)
    )  # e^12: each step's condition


@pytest.mark.parametrize("units", [24, 40])
def test_windows_give_what_one_piece_gives(walk, monkeypatch, units):
    random = np.random.default_rng(0)
    matrices = [np.linalg.qr(random.normal(size=(units, units)))[0] for _ in range(60)]
    matrices = [turn * np.exp(-random.uniform(0, 6, units)) for turn in matrices]
    node = walk(matrices)
    monkeypatch.setattr(graded, "_WINDOW", 25.0)
    windows = gradients.reach(node)["log_singular_values"]
    monkeypatch.setattr(graded, "_WINDOW", 1e9)
    assert 100 < np.ptp(windows[0].values) < 600
    np.testing.assert_allclose(windows, gradients.reach(node)["log_singular_values"], atol=1e-12)


def test_all_singular_values_multiply_to_the_determinant_whichever_way_they_are_found(walk):
    """Over 1400 nats between the first and the last: more than float64 can hold."""
    random = np.random.default_rng(0)
    matrices = [np.linalg.qr(random.normal(size=(12, 12)))[0] for _ in range(600)]
    matrices = [turn * np.exp(-random.uniform(0, 10, 12)) for turn in matrices]
    found = gradients.reach(walk([np.eye(12), *matrices]))["log_singular_values"][0].values
    determinants = [np.linalg.slogdet(matrix)[1] for matrix in matrices]
    assert np.ptp(found) > 1400
    assert found.sum() == pytest.approx(sum(determinants), rel=1e-12)
    turned = gradients.reach(walk([np.eye(12), *(matrix.T for matrix in matrices[::-1])]))
    np.testing.assert_allclose(turned["log_singular_values"][0], found, rtol=1e-11)


@pytest.mark.parametrize("units", [6, 12])  # 2 of 6 and 2 of 12 are found in different ways
def test_count_gives_the_leading_ones(walk, units):
    node = walk(np.random.default_rng(0).normal(size=(60, units, units)))
    everything, leading = gradients.reach(node), gradients.reach(node, count=2)
    assert leading["log_singular_values"].shape == (60, 2)
    np.testing.assert_allclose(
        leading["log_singular_values"], everything["log_singular_values"][:, :2], rtol=1e-12, atol=1e-12
    )
    np.testing.assert_allclose(leading["log_frobenius_norm"], everything["log_frobenius_norm"])
    with pytest.raises(ValueError, match="count must be at least 1; got 0"):
        gradients.reach(node, count=0)


def test_a_rank_that_is_lost_is_lost_exactly(walk):
    random = np.random.default_rng(0)
    matrices = random.normal(size=(9, 4, 4))
    matrices[6][2] = 0  # a dead unit: nothing sets it
    matrices[4][:, :2] = 0  # two units that nobody hears
    found = gradients.reach(walk(matrices))["log_singular_values"]
    assert np.isneginf(found).sum("rank").values.tolist() == [2, 2, 2, 2, 1, 1, 0, 0, 0]
    assert np.isfinite(found[0, :2]).all()


def test_dead_relu_units_and_shut_gates_pass_nothing():
    dead = linear(np.eye(2), steps=4)
    dead["hidden"][2] = [0.0, 1.0]
    dead["hidden"][1] = [0.0, 0.0]
    found = gradients.reach(dead)
    np.testing.assert_array_equal(found["log_singular_values"], [[-INF, -INF], [0, -INF], [0, 0], [0, 0]])
    shut = gradients.reach(kept([[1, 1], [0, 0.5], [1, 1]]))
    np.testing.assert_allclose(shut["log_singular_values"], [[-LN2, -INF], [0, 0], [0, 0]])
    assert gradients.reach(kept(np.zeros((3, 2))))["log_frobenius_norm"].values.tolist()[:2] == [-INF, -INF]


@settings(max_examples=40, deadline=None)
@given(arrays(np.float64, (7, 3), elements=st.floats(0, 1).filter(lambda z: z == 0 or z > 1e-300)))
@example_of(
    np.array([[0, 0, 0], [0, 1, 0], [1, 2**-126, 1], [1, 1, 1], [1, 1 / 8, 1 / 4], [1, 1, 0.8], [0.4, 1, 1]])
)
@example_of(
    np.array([[0, 0, 0], [0, 1, 0], [0, 2**-126, 1], [0, 1, 1], [1, 0.06, 0.09], [1, 1, 0.8], [0.4, 1, 1]])
)
def test_diagonal_steps_multiply(z):
    found = gradients.reach(kept(z))["log_singular_values"]
    with np.errstate(divide="ignore"):
        wanted = -np.sort(-np.log(z[1:]).sum(0))
    np.testing.assert_allclose(found[0], wanted, rtol=1e-12, atol=1e-12)
    assert (found[:, 1:].values <= found[:, :-1].values).all()


def test_steps_that_move_each_state_elsewhere_multiply_too(walk):
    random = np.random.default_rng(0)
    factors = np.exp(-random.uniform(0, 300, (400, 6))) * random.choice([-1, 1], (400, 6))
    factors[7, 2] = factors[31, 4] = 0
    moves = [random.permutation(6) for _ in factors]
    # of what started in each state: how much is left, and where it is now
    logs, place = np.zeros(6), np.arange(6)
    for factor, move in zip(factors, moves, strict=True):
        with np.errstate(divide="ignore"):
            logs += np.log(np.abs(factor[place]))
        place = np.argsort(move)[place]
    matrices = [np.diag(factor)[move] for factor, move in zip(factors, moves, strict=True)]
    found = gradients.reach(walk([np.eye(6), *matrices]))["log_singular_values"][0]
    np.testing.assert_allclose(found, -np.sort(-logs), rtol=1e-12)


@pytest.mark.parametrize("zero", [False, True])
def test_groups_of_states_that_never_mix_do_not_disturb_each_other(walk, zero):
    """Units 1, 3, 4 fall 40 nats a step behind units 0, 2; then, perhaps, these end."""
    random = np.random.default_rng(0)
    near, far = random.normal(size=(60, 2, 2)), np.exp(-40) * random.normal(size=(60, 3, 3))
    if zero:
        near[1] = 0
    both = np.zeros((60, 5, 5))
    both[np.ix_(range(60), [0, 2], [0, 2])], both[np.ix_(range(60), [1, 3, 4], [1, 3, 4])] = near, far
    each = [gradients.reach(walk(group))["log_singular_values"].values for group in (near, far)]
    found = gradients.reach(walk(both))["log_singular_values"]
    np.testing.assert_allclose(found, -np.sort(-np.concatenate(each, axis=1)), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("kind", ["tanh", "gru", "lstm", "projected"])
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_padding_never_enters(kind, direction):
    node = example(kind, direction)[0]
    short, long = gradients.reach(node), gradients.reach(padded(node))
    for name in short:
        np.testing.assert_array_equal(long[name][:6], short[name])
        assert long[name][6:].isnull().all()
    np.testing.assert_array_equal(gradients.lyapunov(padded(node)), gradients.lyapunov(node))
    added = gradients.contributions(padded(node))
    np.testing.assert_array_equal(added[:6, :6], gradients.contributions(node))
    assert added[6:].isnull().all() and added[:, 6:].isnull().all()


@pytest.mark.parametrize("kind", ["gru", "lstm"])
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_gradient_passes_from_call_to_call_only_where_the_state_did(kind, direction):
    order = [0, 1, 2, 3, 4] if direction == "forward" else [2, 1, 0, 4, 3]
    node = called(kind, direction, carried=True)
    each, found = gradients.jacobians(node).values, gradients.reach(node)
    product = np.eye(each.shape[1])
    for t in order[:0:-1]:
        product = product @ each[t]
    np.testing.assert_allclose(np.exp(found["log_spectral_norm"][order[0]]), np.linalg.norm(product, 2))
    apart = gradients.reach(called(kind, direction, carried=False))["log_spectral_norm"]
    assert np.isneginf(apart[order[:3]]).all() and np.isfinite(apart[order[3:]]).all()
