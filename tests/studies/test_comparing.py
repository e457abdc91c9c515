"""Each number of a comparison where it is known beforehand: what decays, what is kept, what is cut, what float64 cannot hold."""

import json
import math

import numpy as np
import pytest
import torch
import xarray as xr

from rnnviz.models.networks import KINDS
from rnnviz.studies import comparing
from rnnviz.studies.comparing import (
    Architecture,
    Data,
    Setup,
    Stack,
    compare,
    dynamics,
    measure,
    measuring,
    scaled,
    work,
)

SMALL = Architecture("rnn", units=4)
STACKS = (
    Architecture("rnn", units=3),
    Architecture("rnn", nonlinearity="relu", units=5, layers=3, residual=True),
    Architecture("gru", units=3, layers=2, bidirectional=True),
    Architecture("lstm", units=3, forget_bias=1.5),
    Architecture("lstm", units=3, layers=2, residual=True, bidirectional=True, layer_norm=True),
)
DEPTH = math.log(10)


def network(architecture, inputs=2, outputs=1, seed=0, **weights):
    """A network with the given weights of its first layer; all other weights of that layer are 0."""
    made = Stack(architecture, inputs, outputs, seed)
    with torch.no_grad():
        for name, parameter in made.layers[0].named_parameters() if weights else ():
            parameter.copy_(torch.as_tensor(weights.get(name.removesuffix("_l0"), 0.0)))
    return made


def test_single_paths_start_where_the_measured_gradient_does_and_carry_it_back_by_the_weight_alone():
    setup = Setup((SMALL,), steps=12, seeds=2, batch=1)
    found = comparing.paths(SMALL, setup, seed=1)
    wanted = compare(setup)["log_norm"].isel(architecture=0, seed=1, layer=0)
    np.testing.assert_allclose(found.sel(path="measured"), wanted, rtol=1e-9)
    own, made = comparing.data(setup, 1), Stack(SMALL, comparing.NOISE, 1, 1)
    hidden = made.layers[0](own.x)[0]
    (grad,) = torch.autograd.grad(nn_loss(own, made, hidden), hidden)
    by_hand = [torch.linalg.matrix_power(made.layers[0].weight_hh_l0.T, k) @ grad[0, -1] for k in range(12)]
    alone = [row.norm().log().item() for row in by_hand[::-1]]
    np.testing.assert_allclose(found.sel(path="weights alone"), alone, rtol=1e-9)


def nn_loss(own, made, hidden):
    return own.loss(made.head(hidden), "last")


def numbers(steps, batch=1, inputs=2, seed=0):
    """Positive numbers to read; 0 to be said."""
    drawn = torch.Generator().manual_seed(seed)
    x = torch.rand(batch, steps, inputs, dtype=torch.float64, generator=drawn) + 0.1
    return Data(x, torch.zeros(batch, steps, 1, dtype=torch.float64), 1)


def linear(gain, steps, units=4, truncate=None, first=1.0):
    """What is measured of a linear network: a relu RNN whose states stay positive; W = gain · Q, Q a permutation."""
    weight = gain * torch.eye(units, dtype=torch.float64).roll(1, 0)
    made = network(
        Architecture("rnn", nonlinearity="relu", units=units),
        weight_hh=weight,
        weight_ih=torch.full((units, 2), first, dtype=torch.float64),
    )
    return measure(made, numbers(steps), Setup((SMALL,), truncate=truncate))


# What is known beforehand


@pytest.mark.parametrize("gain", [0.5, 0.9, 1.0, 1.1, 2.0])
def test_a_linear_rnn_decays_by_exactly_log10_of_its_gain_a_step(gain):
    exponents = linear(gain, 60)["log_norm"][0] / DEPTH
    assert np.allclose(np.diff(exponents), -math.log10(gain), rtol=0, atol=1e-12)


def test_an_orthogonal_start_of_gain_g_decays_by_log10_g_where_tanh_is_linear():
    made = Stack(Architecture("rnn", units=8, initialisation="orthogonal", gain=0.8), 2, 1)
    with torch.no_grad():
        for name, parameter in made.layers.named_parameters():
            if "weight_hh" not in name:
                parameter.mul_(1e-12)  # states so small that 1 - h² is 1
    exponents = measure(made, numbers(50), Setup((SMALL,)))["log_norm"][0] / DEPTH
    assert np.allclose(np.diff(exponents), -math.log10(0.8), rtol=0, atol=1e-12)


def test_an_identity_relu_rnn_keeps_the_norm_on_positive_input():
    made = Stack(Architecture("rnn", nonlinearity="relu", units=8, initialisation="identity"), 2, 1)
    assert torch.equal(made.layers[0].weight_hh_l0, torch.eye(8, dtype=torch.float64))
    assert not made.layers[0].bias_ih_l0.any() and not made.layers[0].bias_hh_l0.any()
    with torch.no_grad():
        made.layers[0].weight_ih_l0.abs_()
    logs = measure(made, numbers(200), Setup((SMALL,)))["log_norm"][0]
    assert np.ptp(logs) < 1e-13


def test_a_forget_gate_held_open_carries_the_cells_gradient_unchanged():
    bias = torch.tensor([-1.0, 40.0, 0.3, 0.5], dtype=torch.float64).repeat_interleave(3)  # i, f, g, o
    made = network(Architecture("lstm", units=3), bias_ih=bias)
    found = measure(made, numbers(100), Setup((SMALL,)))
    assert np.ptp(found["log_cell_norm"][0]) < 1e-14
    assert (
        found["log_norm"][0][:-1] == -np.inf
    ).all()  # no recurrent weight: h is heard at the last step alone


def test_the_forget_bias_is_the_whole_bias_of_the_forget_gate():
    layer = Stack(Architecture("lstm", units=4, forget_bias=2), 2, 1).layers[0]
    whole = layer.bias_ih_l0 + layer.bias_hh_l0
    assert (whole[4:8] == 2).all() and not (whole[:4] == 2).any()


@pytest.mark.parametrize("architecture", STACKS, ids=lambda one: one.name)
@pytest.mark.parametrize("loss", ["last", "all"])
def test_total_gradients_are_those_of_finite_differences(architecture, loss):
    """Also across layers: each state of each layer is moved while the network runs, step by step."""
    steps, setup = 4, Setup((architecture,), loss=loss)
    made, own = Stack(architecture, 2, 1), numbers(steps, batch=2)
    found = measure(made, own, setup)
    for layer in range(architecture.layers):
        for time in range(steps):
            slopes = _slopes(made, own, setup, layer, time)
            length = np.sqrt((slopes**2).sum() / 2)  # each sequence's own loss; mean over two
            assert np.exp(found["log_norm"][layer][time]) == pytest.approx(length, rel=1e-6, abs=1e-9)


def _slopes(made, own, setup, layer, time, by=1e-5):
    """How the loss of each sequence changes with each number of one state of one layer, which all later steps of its
    direction start from: (sequence, unit). A row of the batch for each number that is moved, up and down."""
    units = made.architecture.units
    wide = units * (1 + made.architecture.bidirectional)
    moves = by * torch.eye(wide, dtype=torch.float64)
    moves = torch.cat([moves, -moves]).repeat(len(own.x), 1)  # (sequence × up and down × unit, unit)

    def step_by_step(module, args, output):
        x, hidden = args[0], torch.empty_like(output[0])
        kind = type(module).__name__.lower()
        more = {"nonlinearity": module.nonlinearity} if kind == "rnn" else {}
        one = KINDS[kind](module.input_size, units, batch_first=True, dtype=torch.float64, **more)
        for direction in range(1 + module.bidirectional):
            here = slice(direction * units, (direction + 1) * units)
            for name, parameter in one.named_parameters():
                parameter.copy_(getattr(module, name + "_reverse" * direction))
            state = None
            for t in range(x.shape[1])[:: -1 if direction else 1]:
                _, state = one(x[:, t : t + 1], state)
                states = state[0] if kind == "lstm" else state  # (1, batch, unit)
                if t == time:
                    states[0] += moves[:, here]
                hidden[:, t, here] = states[0]
        return hidden, output[1]

    hook = made.layers[layer].register_forward_hook(step_by_step)
    try:
        with torch.no_grad():
            said = made(own.x.repeat_interleave(2 * wide, 0))
    finally:
        hook.remove()
    targets = own.target.repeat_interleave(2 * wide, 0)
    losses = [
        Data(None, target[None], 1).loss(row[None], setup.loss).item()
        for row, target in zip(said, targets, strict=True)
    ]
    up, down = np.reshape(losses, (len(own.x), 2, wide)).transpose(1, 0, 2)
    return (up - down) / (2 * by)


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
def test_the_parameter_norm_is_that_of_finite_differences(kind):
    made, own = Stack(Architecture(kind, units=2), 2, 1), numbers(3)
    found = measure(made, own, Setup((SMALL,)))
    squares = 0.0
    with torch.no_grad():
        for parameter in made.parameters():
            for index in np.ndindex(parameter.shape):
                losses = []
                for by in (1e-6, -2e-6):
                    parameter[index] += by
                    losses.append(own.loss(made(own.x), "last").item())
                parameter[index] += 1e-6
                squares += ((losses[0] - losses[1]) / 2e-6) ** 2
    assert found["parameter_norm"] == pytest.approx(math.sqrt(squares), rel=1e-6)


# Clipping and truncation


def test_clipping_scales_by_exactly_threshold_over_norm():
    plain = compare(Setup((SMALL,), steps=10, seeds=3))["parameter_norm"].values[0]
    for clip in (1e-6, 0.01, float(np.median(plain)), 1e9):
        found = compare(Setup((SMALL,), steps=10, seeds=3, clip=clip))
        assert (found["parameter_norm"].values[0] == plain).all()
        assert np.allclose(found["parameter_norm_clipped"][0], np.minimum(plain, clip), rtol=1e-15, atol=0)
    assert (compare(Setup((SMALL,), steps=10, seeds=3))["parameter_norm_clipped"].values[0] == plain).all()


@pytest.mark.parametrize(
    "architecture", [one for one in STACKS if not one.bidirectional], ids=lambda one: one.name
)
@pytest.mark.parametrize("k", [1, 3, 7, 12])
def test_truncation_leaves_exact_zeros_beyond_k_and_changes_nothing_within(architecture, k):
    cut = compare(Setup((architecture,), steps=12, seeds=2, truncate=k))
    whole = compare(Setup((architecture,), steps=12, seeds=2))
    for name in ("log_norm", "log_cell_norm") if architecture.kind == "lstm" else ("log_norm",):
        assert (cut[name].isel(time=slice(0, 12 - k)) == -np.inf).all()
        kept = slice(12 - k, None)
        assert np.allclose(cut[name].isel(time=kept), whole[name].isel(time=kept), rtol=0, atol=1e-12)
    assert (cut["loss"] == whole["loss"]).all()


def test_with_the_loss_of_all_steps_each_piece_hears_its_own():
    cut = compare(Setup((SMALL,), steps=12, truncate=4, loss="all"))
    assert np.isfinite(cut["log_norm"]).all()
    ends = cut.isel(time=[3, 7, 11])  # nothing comes from the next piece
    assert np.allclose(ends["log_norm"], ends["log_norm_direct"], rtol=0, atol=1e-14)


# Beyond what float64 holds


@pytest.mark.parametrize("gain", [1e-3, 1e-30, 1e-300, 1e3])
def test_norms_beyond_float64_are_given_at_their_value(gain):
    exponents = linear(gain, 101, first=1e-250 if gain > 1 else 1.0)["log_norm"][0] / DEPTH
    assert np.allclose(
        exponents - exponents[-1], np.arange(100, -1, -1) * math.log10(gain), rtol=1e-14, atol=1e-11
    )


def test_norms_of_1e_minus_2000_and_1e300_stand_beside_each_other():
    assert linear(1e-20, 101)["log_norm"][0][0] / DEPTH == pytest.approx(-2000, abs=2)
    found = linear(1e3, 101, first=1e-301)  # states of 1e-301 to 1
    assert found["log_norm"][0][0] / DEPTH == pytest.approx(found["log_norm"][0][-1] / DEPTH + 300, rel=1e-12)
    assert found["blown"] == -1


@pytest.mark.parametrize("architecture", STACKS, ids=lambda one: one.name)
@pytest.mark.parametrize("options", [{}, {"loss": "all"}, {"truncate": 13}], ids=str)
def test_what_is_carried_is_what_was_recorded(architecture, options, monkeypatch):
    if architecture.bidirectional:
        options = {name: value for name, value in options.items() if name != "truncate"}
    setup = Setup((architecture,), steps=70, seeds=1, **options)
    recorded = compare(setup)
    monkeypatch.setattr(measuring, "REPRESENTABLE", math.inf)
    for piece in (5, 64):
        monkeypatch.setattr(scaled, "PIECE", piece)
        carried = compare(setup)
        for name in comparing.CURVES:
            one, other = recorded[name].values, carried[name].values
            assert ((one == -np.inf) == (other == -np.inf)).all()
            here = np.isfinite(one)
            assert np.allclose(one[here], other[here], rtol=0, atol=1e-11)


def test_a_gradient_beyond_float64_is_said_and_carried():
    # states of 1e-300 to 1e-10, a gradient of 1e90 at the last step: only the way back leaves float64
    made = network(
        Architecture("rnn", nonlinearity="relu", units=1),
        weight_hh=torch.full((1, 1), 1e10, dtype=torch.float64),
        weight_ih=torch.full((1, 2), 1e-300, dtype=torch.float64),
    )
    with torch.no_grad():
        made.head.weight.fill_(1e50)
    found = measure(made, numbers(30), Setup((SMALL,)))
    assert found["blown_in"] == "backward"
    assert np.allclose(np.diff(found["log_norm"][0]) / DEPTH, -10, rtol=0, atol=1e-9)
    held = np.flatnonzero(found["log_norm"][0] / DEPTH < 308)
    assert found["blown"] == held[0] - 1


def test_states_that_reach_infinity_are_said_and_drawn_as_far_as_they_go():
    grows = Architecture("rnn", nonlinearity="relu", units=4, initialisation="identity", gain=1e3)
    found = compare(Setup((grows, SMALL), steps=150, seeds=4)).isel(architecture=0)
    assert (found["blown_in"] == "forward").all()
    for seed in range(4):
        own = found.isel(seed=seed, layer=0)
        assert 90 < own["blown"] < 120
        finite = np.isfinite(own["log_norm"].values)
        assert finite[: int(own["blown"]) - 3].all() and not finite[int(own["blown"]) :].any()
        assert float(own["rate"]) == pytest.approx(math.log(1e3), rel=1e-3)  # a unit may die on the way
        assert not np.isfinite(own["loss"])


def test_the_rest_of_a_comparison_does_not_mind_a_network_that_blows_up():
    grows = Architecture("rnn", nonlinearity="relu", units=4, initialisation="identity", gain=1e300)
    both = compare(Setup((grows, SMALL), steps=20, seeds=2))
    alone = compare(Setup((SMALL,), steps=20, seeds=2))
    xr.testing.assert_equal(both.isel(architecture=[1]), alone)


def test_no_gradient_at_all_is_minus_infinity():
    made = Stack(SMALL, 2, 1)
    with torch.no_grad():
        made.head.weight.zero_()
    found = measure(made, numbers(9), Setup((SMALL,)))
    assert (found["log_norm"] == -np.inf).all() and found["blown"] == -1


def test_one_step_has_a_norm_and_no_rate():
    found = compare(Setup((SMALL, Architecture("lstm", layers=2, units=4)), steps=1, seeds=2))
    assert np.isfinite(found["log_norm"].isel(layer=0)).all()
    assert (found["log_norm"] == found["log_norm_direct"]).isel(layer=0).all()
    assert found["rate"].isnull().all() and (found["horizon"] == np.inf).all()


# The result


def test_the_same_setup_gives_the_same_numbers_and_leaves_torchs_generator_alone():
    setup = Setup(STACKS, steps=15, seeds=2, input="adding")
    before = torch.get_rng_state()
    one, other = compare(setup), compare(setup)
    xr.testing.assert_identical(one, other)
    assert torch.equal(before, torch.get_rng_state())
    assert (one["loss"].isel(seed=0) != one["loss"].isel(seed=1)).all()


def test_rows_share_data_and_all_weights_but_what_tells_them_apart():
    rows = [Architecture("rnn", units=4, initialisation=how) for how in comparing.INITIALISATIONS]
    networks = [Stack(one, 2, 1, seed=3) for one in rows]
    for name in ("layers.0.weight_ih_l0", "head.weight"):
        first, *others = (dict(one.named_parameters())[name] for one in networks)
        assert all(torch.equal(first, other) for other in others)
    turned = networks[1].layers[0].weight_hh_l0
    assert torch.allclose(turned @ turned.T, torch.eye(4, dtype=torch.float64))


def test_default_weights_are_drawn_as_pytorch_draws_them():
    drawn = Stack(Architecture("gru", units=100), 2, 1).layers[0]
    for parameter in drawn.parameters():
        assert parameter.abs().max() <= 0.1
    assert drawn.weight_hh_l0.std().item() == pytest.approx(0.1 / math.sqrt(3), rel=0.02)


def test_a_result_names_what_it_holds_and_survives_a_file(tmp_path):
    setup = Setup(STACKS, steps=6, seeds=2, input="text", text="hello there")
    found = compare(setup)
    assert found["log_norm"].dims == ("architecture", "seed", "layer", "time")
    assert dict(found.sizes) == {"architecture": 5, "seed": 2, "layer": 3, "time": 6}
    assert list(found["kind"].values) == ["rnn", "rnn", "gru", "lstm", "lstm"]
    assert "".join(found["token"].values) == "hello "
    assert all({"long_name", "units"} <= set(found[name].attrs) for name in found.data_vars)
    assert found["log_norm"].isel(architecture=0, layer=1).isnull().all()  # it has one layer
    assert found["log_cell_norm"].isel(architecture=0).isnull().all()
    assert Setup.from_dict(json.loads(found.attrs["setup"])) == setup
    found.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "a.nc", engine="h5netcdf") as again:
        xr.testing.assert_equal(again.load(), found)


def test_a_run_can_be_watched_and_left():
    setup = Setup((SMALL, Architecture("gru", units=4)), steps=5, seeds=3)
    seen = []
    found = compare(setup, seen.append)
    assert [(one.done, one.total) for one in seen] == [(n, 6) for n in range(1, 7)]
    assert seen[3].what == "GRU, 4 units, seed 0"
    steps = comparing.run(setup)
    next(steps)
    steps.close()
    assert found.sizes["seed"] == 3


def test_the_rate_is_of_the_top_layer():
    row = Architecture("rnn", units=4, layers=3)
    found = compare(Setup((row, SMALL), steps=30, seeds=1))
    top = found["log_norm"].isel(architecture=0, seed=0, layer=2).values[::-1]
    assert float(found["rate"][0, 0]) == pytest.approx(np.polyfit(np.arange(30), top, 1)[0])


def test_curves_are_the_median_and_the_span_of_the_seeds():
    found = compare(Setup((SMALL, Architecture("lstm", units=4, layers=2)), steps=9, seeds=3))
    middle, band = comparing.curves(found)
    assert middle.dims == ("architecture", "time") and band.dims[0] == "bound"
    own = found["log_norm"].isel(architecture=1, layer=1).values
    assert np.array_equal(middle[1], np.median(own, 0))
    assert middle.attrs == {
        "long_name": "total gradient norm ‖∂L/∂h‖",
        "units": "1",
        "scale": "natural logarithm",
    }
    assert np.array_equal(band[0, 1], own.min(0)) and np.array_equal(band[1, 1], own.max(0))
    assert list(comparing.curves(found, "log_cell_norm")[0]["architecture"].values) == [
        "LSTM 2 layers, 4 units"
    ]
    bottom, _ = comparing.curves(found, layer="bottom")
    assert np.array_equal(bottom[1], np.median(found["log_norm"].isel(architecture=1, layer=0), 0))


@pytest.mark.parametrize("which", comparing.INPUTS)
@pytest.mark.parametrize("loss", comparing.LOSSES)
def test_every_input_is_read_with_every_loss(which, loss):
    found = compare(Setup((SMALL,), input=which, text="abcab", steps=4, seeds=1, loss=loss, batch=3))
    assert found.sizes["time"] == 4
    assert np.isfinite(found["log_norm"]).all()
    assert (found["log_norm_direct"] > -np.inf).sum() == (4 if loss == "all" else 1)


def test_norms_do_not_depend_on_how_many_sequences_are_read():
    own = numbers(6)
    twice = Data(own.x.repeat(5, 1, 1), own.target.repeat(5, 1, 1), 1)
    one, other = (measure(Stack(SMALL, 2, 1), each, Setup((SMALL,))) for each in (own, twice))
    assert np.allclose(one["log_norm"], other["log_norm"], rtol=0, atol=1e-12)


# From inside


def test_singular_values_and_exponents_of_a_linear_rnn_are_the_log_of_its_gain():
    row = Architecture("rnn", units=6, initialisation="orthogonal", gain=1e-3)
    found = dynamics(row, Setup((SMALL,), steps=20))
    # states are small but not 0: tanh' is a little below 1
    eigenvalues = np.hypot(found["eigenvalue_real"], found["eigenvalue_imag"])
    assert np.allclose(eigenvalues, 1e-3, rtol=1e-12)
    assert (np.diff(found["lyapunov"]) <= 0).all() and (found["lyapunov"] < math.log(1e-3)).all()
    last = found["log_singular_value"].isel(layer=0, time=-1)
    assert np.allclose(last, 0, atol=1e-12)  # the identity
    largest, median, smallest = found["log_singular_value"].isel(layer=0).values
    assert (largest >= median).all() and (median >= smallest).all()
    assert (largest <= np.arange(19, -1, -1) * math.log(1e-3) + 1e-9).all()


def test_dynamics_of_identity_relu_on_positive_states_keep_what_lives():
    row = Architecture("rnn", nonlinearity="relu", units=6, initialisation="identity")
    found = dynamics(row, Setup((SMALL,), steps=10))
    assert np.isin(found["log_singular_value"], (0.0, -np.inf)).all()
    assert np.allclose(found["eigenvalue_real"], 1) and np.allclose(found["eigenvalue_imag"], 0)


def test_dynamics_are_given_for_each_layer_and_kind():
    for kind, wide in (("gru", 3), ("lstm", 6)):
        found = dynamics(Architecture(kind, layers=2, units=3, bidirectional=True), Setup((SMALL,), steps=8))
        assert dict(found["log_singular_value"].sizes) == {"layer": 2, "rank": 3, "time": 8}
        assert found["lyapunov"].sizes["exponent"] == wide and "eigenvalue_real" not in found
        assert np.isfinite(found["lyapunov"]).all()
    steps = comparing.run_dynamics(Setup((SMALL, Architecture("lstm", layers=2, units=3)), steps=5))
    while True:
        try:
            next(steps)
        except StopIteration as end:
            both = end.value
            break
    assert both["lyapunov"].sizes == {"architecture": 2, "layer": 2, "exponent": 6}
    assert both["lyapunov"].isel(architecture=0, layer=1).isnull().all()


# What makes no sense


def come_to(job):
    """What a job said on its way, and its result."""
    said = []
    while True:
        try:
            said.append(next(job))
        except StopIteration as end:
            return said, end.value


def test_a_worker_is_given_plain_values_and_comes_to_the_same():
    setup = Setup((SMALL,), steps=4, seeds=2)
    asked, row = (json.loads(json.dumps(plain)) for plain in (setup.to_dict(), vars(SMALL)))
    said, found = come_to(work.compare(asked))
    assert [(one.done, one.total, one.what) for one in said] == [
        (n, 2, f"{SMALL.name}, seed {n - 1}") for n in (1, 2)
    ]
    xr.testing.assert_identical(found, compare(setup))
    said, found = come_to(work.dynamics(row, asked))
    assert [(one.done, one.total, one.what) for one in said] == [(0, 1, SMALL.name)]
    xr.testing.assert_identical(found, dynamics(SMALL, setup))
