"""Plain lists in torch's own modules: the numbers, the presets' points, and what makes no sense."""

import copy

import numpy as np
import pytest
import torch

from rnnviz.stats import worked
from rnnviz.studies import one_cell
from rnnviz.trace import GATES


def setup_of(name, seed=1, **changes):
    return one_cell.preset(name, seed) | changes


def states(name, kind, **changes):
    """c of an LSTM, h of another, (step, unit)."""
    node = one_cell.run(**one_cell.cut(setup_of(name, **changes), kind))[kind]
    return node["cell" if kind == "lstm" else "hidden"].values[0, 0, 0]


@pytest.mark.parametrize("kind", one_cell.KINDS)
@pytest.mark.parametrize("seed", [1, 2])
def test_it_is_torchs_own_module_with_these_numbers(kind, seed):
    given = one_cell.cut(setup_of("random", seed, hidden=[0.5] * 8, cell=[-2.0] * 8), kind)
    node = one_cell.run(**given)[kind]
    module = one_cell.KINDS[kind](2, 3, dtype=torch.float64)
    for name, key, part in (
        ("weight_ih", "input", None),
        ("weight_hh", "recurrent", None),
        ("bias_ih", "bias", 0),
        ("bias_hh", "bias", 1),
    ):
        rows = [given["weights"][gate][key] for gate in GATES[kind]]
        values = torch.tensor(rows, dtype=torch.float64)
        values = values.flatten(0, 1) if part is None else values[..., part].flatten()
        getattr(module, f"{name}_l0").data = values
    start = torch.full((1, 3), 0.5, dtype=torch.float64)
    first = (start, torch.full_like(start, -2.0)) if kind == "lstm" else start
    output, _last = module(torch.tensor(given["inputs"], dtype=torch.float64), first)
    np.testing.assert_allclose(node["hidden"].values[0, 0, 0], output.detach(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", one_cell.NAMES)
@pytest.mark.parametrize("kind", one_cell.KINDS)
def test_every_preset_runs_on_every_kind_and_at_its_largest(name, kind):
    setup = setup_of(name)
    assert np.isfinite(states(name, kind)).all()
    setup["sizes"] = dict(one_cell.MOST)
    assert one_cell.run(**one_cell.cut(setup, kind))[kind]["hidden"].shape == (1, 1, 1, 12, 8)


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn"])
def test_the_latch_is_set_by_1_and_reset_by_2(kind):
    first, second = (states("latch", kind) > 0.5).T
    assert first.tolist() == [True, True, True, False, False, True]
    assert second.tolist() == [False, False, False, True, True, False]


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_remember_keeps_the_first_input_for_ever(kind):
    found = states("remember", kind)
    np.testing.assert_allclose(found, np.tile(np.tanh([0.8, -0.5]), (6, 1)), atol=1e-7)


def test_an_rnn_cannot_remember():
    assert np.abs(np.diff(states("remember", "rnn"), axis=0)).max() > 0.5


@pytest.mark.parametrize("kind", one_cell.KINDS)
def test_forget_leaves_the_newest_input_alone(kind):
    newest = np.tanh(np.array(one_cell.PRESETS["forget"]["inputs"])[:, :2])
    np.testing.assert_allclose(states("forget", kind), newest, atol=1e-7)


def test_the_counter_counts_and_a_gru_cannot():
    for kind in ("lstm", "rnn"):
        counted = [[1, 1], [2, 2], [2, 2], [3, 3], [2, 3], [3, 4]]
        np.testing.assert_allclose(states("counter", kind), counted, atol=1e-6)
    assert np.abs(states("counter", "gru")).max() < 1


def test_only_the_relu_rnn_explodes():
    grown = states("explode", "rnn")
    assert (grown[4:] > 1.8 * grown[3:-1]).all()  # towards the eigenvalue 2
    assert np.abs(states("explode", "rnn", nonlinearity="tanh")).max() < 1
    assert np.diff(states("explode", "lstm"), axis=0).max() <= 1
    assert np.abs(states("explode", "gru")).max() < 1


def test_random_numbers_follow_from_the_seed_and_stay_when_the_cell_grows():
    assert one_cell.preset("random", 4) == one_cell.preset("random", 4) != one_cell.preset("random", 5)


def test_huge_weights_saturate_and_stay_finite():
    setup = setup_of("random", sizes=dict(one_cell.MOST))

    def huge(values):
        return list(map(huge, values)) if isinstance(values, list) else 1e6 * (1 if values >= 0 else -1)

    setup["inputs"] = huge(setup["inputs"])
    for kind in one_cell.KINDS:
        for nonlinearity in one_cell.NONLINEARITIES:
            given = one_cell.cut(setup | {"nonlinearity": nonlinearity}, kind)
            for block in given["weights"].values():
                block.update({name: huge(values) for name, values in block.items()})
            working = worked.steps(
                one_cell.run(**given)[kind].to_dataset().isel(layer=0, direction=0, batch=0)
            )
            assert all(np.isfinite(array.values).all() for array in working.data_vars.values())


def wrong(change):
    given = copy.deepcopy(one_cell.cut(setup_of("random"), "gru"))
    change(given)
    return given


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda g: g.update(kind="cnn"), "kind must be one of rnn, lstm, gru; got 'cnn'"),
        (lambda g: g.update(nonlinearity="sine"), "nonlinearity must be one of tanh, relu; got 'sine'"),
        (lambda g: g["weights"].pop("candidate"), "a gru has weights for reset_gate, update_gate, candidate"),
        (lambda g: g.update(inputs=[]), "steps must be from 1 to 12; got 0"),
        (lambda g: g.update(inputs=[[1.0, 2.0]] * 13), "steps must be from 1 to 12; got 13"),
        (lambda g: g.update(inputs=[[1.0] * 9]), "inputs must be from 1 to 8; got 9"),
        (lambda g: g["inputs"][1].__setitem__(0, None), "inputs, row 2, column 1 is empty"),
        (
            lambda g: g["inputs"][1].__setitem__(0, "two"),
            "inputs, row 2, column 1 must be a number; got 'two'",
        ),
        (lambda g: g["inputs"][1].__setitem__(0, float("nan")), "row 2, column 1 must be a number; got nan"),
        (
            lambda g: g["inputs"][0].__setitem__(1, 2e6),
            "row 1, column 2 must be from −1,000,000 to 1,000,000",
        ),
        (lambda g: g["hidden"].append(0.0), "hidden: wanted (3,); got rows of 4"),
        (
            lambda g: g["weights"]["reset_gate"]["recurrent"].pop(),
            "reset_gate, recurrent: wanted (3, 3); got rows of 3, 3",
        ),
    ],
)
def test_what_makes_no_sense_is_said_in_one_line(change, message):
    with pytest.raises(ValueError) as raised:
        one_cell.run(**wrong(change))
    assert message in str(raised.value) and "\n" not in str(raised.value)


def test_an_unknown_preset():
    with pytest.raises(ValueError, match="preset must be one of latch, remember"):
        one_cell.preset("nothing")
