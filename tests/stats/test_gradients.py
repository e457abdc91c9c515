"""Jacobians are autograd's, their products keep every digit over thousands of steps, and what is summed is what arrived."""

from functools import cache

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import example as example_of
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch.autograd.functional import jacobian

from rnnviz import record
from rnnviz.recording import cells
from rnnviz.stats import gates, gradients

NAN, INF = np.nan, np.inf
LN2 = np.log(2)
KINDS = ["tanh", "relu", "gru", "lstm", "projected"]
DIRECTIONS = ["forward", "backward"]
ROWS = {"rnn": ["hidden"], "gru": list("rzn"), "lstm": list("ifgo")}


def linear(weight, steps, start=1.0):
    """A relu network whose units are always on: its Jacobian is the weight, at every step."""
    weight = np.asarray(weight, np.float64)
    units = len(weight)
    hidden = np.full((steps, units), start)
    return xr.Dataset(
        {
            "hidden": (("time", "unit"), hidden),
            "hidden_initial": ("unit", np.full(units, start)),
            "recurrent_weight": (("gate", "unit", "previous_unit"), weight[None]),
        },
        coords={"time": np.arange(steps), "direction": "forward"},
        attrs={"kind": "rnn", "nonlinearity": "relu"},
    )


def kept(forget):
    """A GRU that only keeps, h_t = z h_{t-1}: its Jacobians are diagonal, z of each step. forget: (time, unit)."""
    z = np.asarray(forget, np.float64)
    steps, units = z.shape
    zeros = np.zeros((steps, units))
    return xr.Dataset(
        {
            "hidden": (("time", "unit"), zeros),
            "hidden_initial": ("unit", np.zeros(units)),
            "reset_gate": (("time", "unit"), zeros),
            "update_gate": (("time", "unit"), z),
            "candidate": (("time", "unit"), zeros),
            "recurrent_weight": (("gate", "unit", "previous_unit"), np.zeros((3, units, units))),
            "recurrent_bias": (("gate", "unit"), np.zeros((3, units))),
        },
        coords={"time": np.arange(steps), "direction": "forward"},
        attrs={"kind": "gru"},
    )


@pytest.fixture
def walk(monkeypatch):
    """walk(matrices): a node whose step t has the Jacobian matrices[t].

    The Jacobians are put in place of a path's: a network's own cannot be chosen freely.
    """

    def make(matrices):
        matrices = [np.asarray(matrix, np.float64) for matrix in matrices]
        node = kept(np.ones((len(matrices), len(matrices[0]))))
        linked = np.arange(len(matrices)) > 0
        path = gradients._Path(np.arange(len(matrices)), linked, matrices.__getitem__, None, len(matrices[0]))
        monkeypatch.setattr(gradients, "_path", lambda _: path)
        return node

    return make


def step(kind, weights):
    """One step of a cell as a function of (x, state): state = h or (h, c) in one piece, what comes is a tuple of them."""
    projection = weights.get("projection")
    own = [weights[name] for name in ("input_weight", "recurrent_weight", "input_bias", "recurrent_bias")]

    def run(x, state):
        if kind in ("tanh", "relu"):
            return (cells.rnn_step(x, state, *own, nonlinearity=kind),)
        if kind == "gru":
            return cells.gru_step(x, state, *own)[:1]
        if kind == "lstm":
            return cells.lstm_step(x, *state.chunk(2), *own)[:2]
        # Sak et al. 2014: h_t = W_hr (o * tanh c_t)
        width = projection.shape[0]
        h, c = state[:width], state[width:]
        rows = own[0] @ x + own[2] + own[1] @ h + own[3]
        i, f, g, o = rows.chunk(4)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return projection @ (o.sigmoid() * c.tanh()), c

    return run


@cache
def example(kind, direction="forward", steps=6, units=4, scale=1.0):
    """A node with gradients, and what made it: (node, step function, inputs, states before each step), float64.

    The loss is Σ_t <d_t, h_t> with random d, so that d_t is the direct gradient. All by a loop of steps and autograd.
    """
    generator = torch.Generator().manual_seed(5)

    def random(*shape):
        return scale * torch.randn(*shape, generator=generator, dtype=torch.float64)

    family = {"tanh": "rnn", "relu": "rnn", "projected": "lstm"}.get(kind, kind)
    gate_count = len(ROWS[family])
    width = 3 if kind == "projected" else units
    weights = {
        "input_weight": random(gate_count * units, 2),
        "recurrent_weight": random(gate_count * units, width),
        "input_bias": random(gate_count * units),
        "recurrent_bias": random(gate_count * units),
    }
    if kind == "projected":
        weights["projection"] = random(width, units)
    run = step(kind, weights)
    inputs = random(steps, 2)
    initial = random(width + (units if family == "lstm" else 0)) / 2
    direct = random(steps, width)
    order = range(steps) if direction == "forward" else range(steps - 1, -1, -1)
    before, after, state = {}, {}, initial.requires_grad_()
    for t in order:
        before[t] = state
        after[t] = run(inputs[t], state)
        for part in after[t]:
            part.retain_grad()
        state = torch.cat(after[t])
    sum((after[t][0] * direct[t]).sum() for t in order).backward()
    return (
        _node(family, kind, direction, weights, inputs, initial, before, after, direct),
        run,
        inputs,
        before,
    )


def _node(family, kind, direction, weights, inputs, initial, before, after, direct):
    steps, units = len(inputs), len(weights["input_bias"]) // len(ROWS[family])
    width = direct.shape[1]
    over = "projection" if kind == "projected" else "unit"
    previous_h = torch.stack([before[t][:width] for t in range(steps)]).detach()
    projection = torch.nn.functional.linear(inputs, weights["input_weight"], weights["input_bias"])
    own = (projection, previous_h, weights["recurrent_weight"], weights["recurrent_bias"])
    arrays_ = {
        "hidden": (("time", over), torch.stack([after[t][0] for t in range(steps)])),
        "hidden_grad": (("time", over), torch.stack([after[t][0].grad for t in range(steps)])),
        "hidden_grad_direct": (("time", over), direct),
        "hidden_initial": (over, initial[:width]),
    }
    if family == "lstm":
        arrays_ |= {name: (("time", "unit"), gate) for name, gate in cells.lstm_gates(*own)._asdict().items()}
        arrays_["cell"] = (("time", "unit"), torch.stack([after[t][1] for t in range(steps)]))
        arrays_["cell_grad"] = (("time", "unit"), torch.stack([after[t][1].grad for t in range(steps)]))
        arrays_["cell_initial"] = ("unit", initial[width:])
    if family == "gru":
        arrays_ |= {name: (("time", "unit"), gate) for name, gate in cells.gru_gates(*own)._asdict().items()}
    if kind == "projected":
        arrays_["projection_weight"] = (("projection", "unit"), weights["projection"])
    gate_rows = len(ROWS[family])
    recurrent = weights["recurrent_weight"].reshape(gate_rows, units, width)
    arrays_["recurrent_weight"] = (("gate", "unit", "previous_unit"), recurrent)
    arrays_["recurrent_bias"] = (("gate", "unit"), weights["recurrent_bias"].reshape(gate_rows, units))
    return xr.Dataset(
        {name: (dims, values.detach().numpy()) for name, (dims, values) in arrays_.items()},
        coords={"time": np.arange(steps), "direction": direction},
        attrs={"kind": family} | ({"nonlinearity": kind} if family == "rnn" else {}),
    )


def in_reading_order(node):
    order = np.arange(node.sizes["time"])
    return order[::-1] if str(node["direction"].item()) == "backward" else order


def padded(node, extra=3):
    """The same sequence with NaN after its end."""
    longer = node.pad(time=(0, extra), constant_values=NAN)
    return longer.assign_coords(time=np.arange(longer.sizes["time"]))


# Jacobians


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_jacobians_are_those_of_autograd(kind, direction):
    node, run, inputs, before = example(kind, direction)
    found = gradients.jacobians(node)
    assert found.dims == ("time", "state", "previous_state") and found.dtype == np.float64
    for t in range(node.sizes["time"]):
        wanted = jacobian(lambda state, t=t: torch.cat(run(inputs[t], state)), before[t].detach())
        np.testing.assert_allclose(found[t], wanted, rtol=0, atol=1e-12)


def test_the_state_of_an_lstm_is_h_and_c():
    found = gradients.jacobians(example("projected")[0])
    assert found["state"].values.tolist() == ["h0", "h1", "h2", "c0", "c1", "c2", "c3"]
    assert found["previous_state"].values.tolist() == found["state"].values.tolist()
    assert gradients.jacobians(example("gru")[0])["state"].values.tolist() == ["h0", "h1", "h2", "h3"]


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("kind", ["tanh", "gru", "lstm", "projected"])
def test_padding_has_no_jacobian_and_changes_none(kind, direction):
    node = example(kind, direction)[0]
    found = gradients.jacobians(padded(node))
    np.testing.assert_array_equal(found[:6], gradients.jacobians(node))
    assert found[6:].isnull().all()


@pytest.mark.parametrize("steps", [[4, 1], slice(1, None, 2), 3])
def test_jacobians_of_chosen_steps(steps):
    node = example("lstm")[0]
    wanted = gradients.jacobians(node).isel(time=np.atleast_1d(np.arange(6)[steps]))
    xr.testing.assert_identical(gradients.jacobians(node, steps), wanted)


def test_jacobians_that_would_not_fit_are_refused():
    node = kept(np.full((1100, 400), 0.5))
    with pytest.raises(
        ValueError, match="Jacobians of 1100 steps, each 400 × 400, take 1.3 GiB.*choose `steps`"
    ):
        gradients.jacobians(node)
    assert gradients.jacobians(node, slice(0, 2)).shape == (2, 400, 400)
    with pytest.raises(ValueError, match="steps must be positions on time, 0 to 1099; got 1100"):
        gradients.jacobians(node, 1100)


def test_a_node_with_batch_left_is_refused():
    node = example("tanh")[0].expand_dims(batch=2)
    with pytest.raises(ValueError, match="choose one layer, direction and sequence: hidden came as"):
        gradients.jacobians(node)


# Products of Jacobians


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


@pytest.mark.parametrize(("factor", "nats"), [(0.5, -LN2), (2.0, LN2), (1e-3, -3 * np.log(10))])
def test_five_thousand_steps_neither_underflow_nor_overflow(factor, nats):
    found = gradients.reach(linear(factor * np.eye(3), steps=5001))
    np.testing.assert_allclose(
        found["log_spectral_norm"], nats * np.arange(5000, -1, -1), rtol=1e-11, atol=1e-11
    )
    np.testing.assert_allclose(
        found["log_frobenius_norm"] - found["log_spectral_norm"], np.log(3) / 2, atol=1e-9
    )


def test_each_unit_fades_at_its_own_rate_over_thousands_of_decades():
    rates = np.array([0.0, -1.0, -1.5, -4.0])
    found = gradients.reach(kept(np.exp(np.tile(rates[[2, 0, 3, 1]], (3001, 1)))))
    wanted = rates * np.arange(3000, -1, -1)[:, None]
    np.testing.assert_allclose(found["log_singular_values"], wanted, rtol=1e-11, atol=1e-11)


def test_a_direction_that_was_far_behind_may_lead_again():
    falling, steady = np.repeat([[1e-3, 1.0]], 500, 0), np.repeat([[1.0, 1e-6]], 500, 0)
    found = gradients.reach(kept(np.vstack(([[1, 1]], falling, steady))), count=1)["log_spectral_norm"]
    assert found[500].item() == pytest.approx(0, abs=1e-9)
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
    matrices = [np.linalg.qr(random.normal(size=(units, units)))[0] for _ in range(120)]
    matrices = [turn * np.exp(-random.uniform(0, 3, units)) for turn in matrices]
    node = walk(matrices)
    monkeypatch.setattr(gradients, "_WINDOW", 25.0)
    windows = gradients.reach(node)["log_singular_values"]
    monkeypatch.setattr(gradients, "_WINDOW", 1e9)
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


# Calls


def called(kind, direction, carried):
    """The path of `example` as two calls of 3 and 2 steps, the second from where the first ended or from elsewhere."""
    node = example(kind, steps=5)[0]
    names = ("hidden", "cell") if kind == "lstm" else ("hidden",)
    for name in names:
        initial = np.stack([node[f"{name}_initial"], node[name][2] + (0 if carried else 1)])
        node = node.assign({f"{name}_initial_by_call": (("calls", "unit"), initial)})
    read = [0, 1, 2, 3, 4] if direction == "forward" else [2, 1, 0, 4, 3]  # each call is read from its end
    node = node.isel(time=np.argsort(read)).assign_coords(time=np.arange(5), direction=direction)
    return node.assign_coords(call=("time", [0, 0, 0, 1, 1]))


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


# Lyapunov exponents


def test_a_linear_network_has_the_logarithms_of_its_eigenvalues():
    matrix = np.array([[0.5, 3.0, -1.0], [0.0, 2.0, 5.0], [0.0, 0.0, -0.1]])
    found = gradients.lyapunov(linear(matrix, steps=200), skip=60)
    np.testing.assert_allclose(found, np.log([2.0, 0.5, 0.1]), atol=1e-12)
    mixed = np.array([[1.0, 2.0, 0.0], [-1.0, 3.0, 1.0], [0.5, 0.2, 0.1]])
    wanted = -np.sort(-np.log(np.abs(np.linalg.eigvals(mixed))))
    np.testing.assert_allclose(gradients.lyapunov(linear(mixed, steps=20000), skip=100), wanted, atol=1e-3)
    assert found.attrs["units"] == "nat/step"


def test_leading_exponents_are_the_first_of_all():
    matrix = np.diag([0.25, 2.0, 0.5])
    np.testing.assert_allclose(gradients.lyapunov(linear(matrix, steps=150), 1, skip=60), [LN2], atol=1e-12)
    assert gradients.lyapunov(linear(matrix, steps=4), count=9).shape == (3,)


@pytest.mark.parametrize("kind", ["tanh", "gru", "lstm", "projected"])
def test_exponents_sum_to_the_mean_log_determinant(kind):
    node = example(kind, steps=40)[0]
    determinants = np.linalg.slogdet(gradients.jacobians(node).values)[1]
    found = gradients.lyapunov(node)
    assert found.sum().item() == pytest.approx(determinants.mean(), rel=1e-9)
    assert (np.diff(found) <= 0).all()
    skipped = gradients.lyapunov(node, skip=10)
    assert skipped.sum().item() == pytest.approx(determinants[10:].mean(), rel=1e-9)


def test_a_singular_step_ends_an_exponent_for_good():
    found = gradients.lyapunov(kept([[0.5, 0.5], [0.5, 0.0], [0.5, 0.5]]))
    assert np.isfinite(found[0]) and np.isneginf(found[1])
    assert gradients.lyapunov(kept(np.zeros((3, 2)))).values.tolist() == [-INF, -INF]
    assert np.isnan(gradients.lyapunov(kept(np.ones((3, 2))), skip=3)).all()
    with pytest.raises(ValueError, match="skip must be at least 0; got -1"):
        gradients.lyapunov(kept(np.ones((3, 2))), skip=-1)


def test_thousands_of_steps_of_contraction_have_the_exponent_of_one():
    found = gradients.lyapunov(linear([[0.5, 0.0], [0.0, 0.5]], steps=5000))
    np.testing.assert_allclose(found, [-LN2, -LN2], rtol=1e-11)


# Norms


def test_norms_are_over_units_and_keep_every_other_dim():
    values = np.zeros((2, 1, 3, 4, 2), np.float32)
    values[..., 0], values[..., 1] = 3.0, 4.0
    values[0, 0, 1, 3] = NAN
    dims = ("layer", "direction", "batch", "time", "unit")
    node = xr.Dataset(
        {
            "hidden_grad": (dims, values),
            "hidden_grad_direct": (dims, 2 * values),
            "cell_grad": (dims, values),
        },
        attrs={"kind": "lstm"},
    )
    total, direct, cell = (
        gradients.norm(node),
        gradients.norm(node, "direct"),
        gradients.norm(node, of="cell"),
    )
    assert total.dims == ("layer", "direction", "batch", "time") and total.dtype == np.float64
    np.testing.assert_allclose(total, np.where(np.isnan(values[..., 0]), NAN, 5.0))
    np.testing.assert_allclose(direct, 2 * total)
    assert total.attrs == {"long_name": "total gradient norm ‖∂L/∂h‖", "units": "1"}
    assert direct.attrs["long_name"] == "direct gradient norm ‖∂L/∂h‖"
    assert cell.attrs["long_name"] == "total gradient norm ‖∂L/∂c‖"


def test_squares_do_not_underflow():
    node = xr.Dataset(
        {"hidden_grad": (("time", "projection"), [[3e-200, 4e-200], [0.0, 0.0]])}, attrs={"kind": "lstm"}
    )
    np.testing.assert_allclose(gradients.norm(node), [5e-200, 0.0], rtol=1e-12)


@settings(max_examples=40, deadline=None)
@given(arrays(np.float64, (3, 4), elements=st.floats(-1e6, 1e6)))
def test_a_norm_is_numpys(values):
    node = xr.Dataset({"hidden_grad": (("time", "unit"), values)}, attrs={"kind": "rnn"})
    np.testing.assert_allclose(gradients.norm(node), np.linalg.norm(values, axis=1), rtol=1e-12, atol=1e-150)


def test_without_a_backward_there_are_no_norms():
    node = kept(np.ones((2, 2)))
    for asked in (gradients.norm, gradients.contributions):
        with pytest.raises(
            ValueError, match="^no gradients in this trace: run backward inside the record block$"
        ):
            asked(node)


def test_a_part_that_is_not_there_is_refused():
    node = example("gru")[0]
    with pytest.raises(ValueError, match="part must be total or direct; got 'all'"):
        gradients.norm(node, "all")
    with pytest.raises(ValueError, match="of must be hidden or cell; got 'c'"):
        gradients.norm(node, of="c")
    with pytest.raises(ValueError, match="a gru has no cell state"):
        gradients.norm(node, of="cell")
    with pytest.raises(ValueError, match="a cell has the total gradient alone"):
        gradients.norm(example("lstm")[0], "direct", of="cell")


# Contributions


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
    path = gradients._path(example(kind)[0])
    rows = np.random.default_rng(0).normal(size=(5, path.width))
    wanted = rows @ path.jacobian(3)
    np.testing.assert_allclose(path.back(3, rows), wanted, rtol=1e-13, atol=1e-13)


def test_a_gradient_halved_at_each_step_is_still_known_after_5000():
    node = linear([[0.5]], steps=5001)
    direct = np.zeros((5001, 1))
    direct[-1] = 1
    node["hidden_grad_direct"] = (("time", "unit"), direct)
    found = gradients.contributions(node)
    np.testing.assert_allclose(found[-1], -LN2 * np.arange(5000, -1, -1), rtol=1e-11)
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


# Decay


def test_a_norm_that_halves_at_each_step_by_hand():
    found = gradients.decay(xr.DataArray(2.0 ** np.arange(-20, 1), dims="time"))
    assert found["rate"].item() == pytest.approx(-LN2)
    assert found["half_life"].item() == pytest.approx(1)
    assert found["horizon"].item() == pytest.approx(np.log2(1000))  # 9.97 steps
    assert found["crossed"].item() is True
    assert found["rate"].attrs["units"] == "nat/step"


def test_the_horizon_is_the_first_crossing_between_two_steps():
    found = gradients.decay(xr.DataArray([1.0, 0.0001, 0.01, 1.0], dims="time"))
    assert found["horizon"].item() == pytest.approx(
        1.5
    )  # ln falls by two decades from 0.01 to 0.0001; half is 0.001
    short = gradients.decay(xr.DataArray([0.5, 0.7, 1.0], dims="time"))
    assert short["horizon"].item() == INF and not short["crossed"]


def test_what_grows_has_no_half_life():
    found = gradients.decay(xr.DataArray([8.0, 4.0, 2.0, 1.0], dims="time"))
    assert found["rate"].item() == pytest.approx(LN2)
    assert found["half_life"].item() == INF and found["horizon"].item() == INF


def test_decay_starts_at_the_last_step_that_has_gradient():
    norms = xr.DataArray([0.25, 0.5, 1.0, 0.0, 0.0, NAN], dims="time")
    assert gradients.decay(norms)["rate"].item() == pytest.approx(-LN2)
    assert gradients.decay(norms, last=1)["rate"].item() == pytest.approx(-LN2)
    assert np.isnan(gradients.decay(norms, last=3)["rate"])
    with pytest.raises(ValueError, match="last must be a position on time, 0 to 5; got 6"):
        gradients.decay(norms, last=6)


def test_each_direction_is_read_its_own_way():
    rising, falling = [0.25, 0.5, 1.0, NAN], [1.0, 0.25, 0.0625, NAN]
    norms = xr.DataArray(
        [[rising, falling]],
        dims=("batch", "direction", "time"),
        coords={"direction": ["forward", "backward"]},
    )
    found = gradients.decay(norms)
    assert found["rate"].dims == ("batch", "direction")
    np.testing.assert_allclose(found["rate"], [[-LN2, -2 * LN2]])
    np.testing.assert_allclose(found["half_life"], [[1.0, 0.5]])
    alone = gradients.decay(norms.isel(direction=1))
    np.testing.assert_allclose(alone["rate"], [-2 * LN2])
    np.testing.assert_allclose(gradients.decay(norms, last=1)["rate"], [[-LN2, -2 * LN2]])


def test_logarithms_beyond_float64_decay_as_well():
    node = linear(0.5 * np.eye(2), steps=3001)
    found = gradients.decay(gradients.reach(node)["log_spectral_norm"], logarithmic=True)
    assert found["rate"].item() == pytest.approx(-LN2)
    assert found["horizon"].item() == pytest.approx(np.log2(1000))


def test_zeros_do_not_bend_the_slope_and_end_the_reach():
    found = gradients.decay(xr.DataArray([0.0, 0.25, 0.5, 1.0], dims="time"))
    assert found["rate"].item() == pytest.approx(-LN2)
    assert found["horizon"].item() == 2 and found["crossed"]
    gone = gradients.decay(xr.DataArray([0.0, 0.0, 1.0], dims="time"))
    assert gone["rate"].item() == -INF and gone["half_life"].item() == 0 and gone["horizon"].item() == 0


@pytest.mark.parametrize("values", [[], [0.0, 0.0], [NAN, NAN]])
def test_without_gradient_there_is_no_decay(values):
    found = gradients.decay(xr.DataArray(np.array(values, np.float64), dims="time"))
    assert np.isnan(found["rate"]) and np.isnan(found["horizon"]) and not found["crossed"]


def test_a_negative_norm_is_refused():
    with pytest.raises(ValueError, match="a norm cannot be negative; got -1"):
        gradients.decay(xr.DataArray([-1.0, 2.0], dims="time"))


@settings(max_examples=40, deadline=None)
@given(arrays(np.float64, 9, elements=st.floats(1e-30, 1e30)), st.floats(1e-3, 1e3))
def test_decay_does_not_depend_on_the_size_of_the_loss(values, size):
    one, other = (gradients.decay(xr.DataArray(scale * values, dims="time")) for scale in (1.0, size))
    assert one["rate"].item() == pytest.approx(other["rate"].item(), rel=1e-9, abs=1e-9)
    assert one["horizon"].item() == pytest.approx(other["horizon"].item(), rel=1e-6)


# The smallest there is


@pytest.mark.parametrize("kind", KINDS)
def test_one_step_and_none(kind):
    whole = example(kind)[0]
    one, none = whole.isel(time=slice(0, 1)), whole.isel(time=slice(0, 0))
    assert gradients.jacobians(one).sizes["time"] == 1
    assert gradients.reach(one)["log_spectral_norm"].values.tolist() == [0.0]
    assert gradients.contributions(one).shape == (1, 1)
    assert np.exp(gradients.contributions(one)).item() == pytest.approx(gradients.norm(one, "direct").item())
    assert gradients.lyapunov(one).notnull().all()
    assert gradients.jacobians(none).sizes["time"] == 0
    assert gradients.reach(none)["log_singular_values"].shape[0] == 0
    assert gradients.contributions(none).shape == (0, 0)
    assert gradients.lyapunov(none).isnull().all()
    assert gradients.norm(none).shape == (0,)


def test_what_came_before_is_the_gates_statistics_previous():
    node = example("lstm", "backward")[0]
    path = gradients._path(node)
    before = gradients._before(node, "cell", path.positions)
    np.testing.assert_array_equal(before, gates.previous(node, "cell")[path.positions])


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_on_a_recording_the_contributions_add_up_and_reach_is_their_jacobian(kind, direction):
    torch.manual_seed(0)
    module = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[kind](
        3, 4, bidirectional=True
    ).double()
    with record(module) as recording:
        module(torch.randn(7, 2, 3).double())[0][3].sum().backward()  # one step speaks alone
    node = recording.trace[kind].to_dataset().isel(layer=0, batch=1).sel(direction=direction)
    node = node.assign_attrs(recording.trace[kind].attrs)
    alone = gradients.contributions(node).isel(source=3)
    total = gradients.norm(node)
    reached = np.isfinite(alone.values)
    assert reached.sum() == 4
    np.testing.assert_allclose(alone.values[reached], np.log(total.values[reached]), atol=1e-9)
    assert not total.values[~reached].any()
