"""Predict, then see: what is asked is judged by what the page has just computed, and what is reached by hand is ticked."""

import math

import pytest
import torch
from torch import nn

from rnnviz.studies import one_cell, shared_weight, unrolled
from rnnviz.ui.rooms.cell import setup as cell_setup
from rnnviz.ui.shell.folding import packed
from tests.pages.asking import Asking

# ---- what holds on every page, on the page of the cell


def test_nothing_is_said_before_a_guess_and_the_picture_is_there_while_the_questions_are_folded():
    seen = Asking("cell", cell_preset="latch")
    assert list(seen.asked) == ["left", "bounded"] and set(seen.verdicts.values()) == {""}
    assert "visibility: hidden" not in seen.html
    assert seen.test.expander[0].label == "**Guess first** · 2 questions · three to do by hand, further down"


def test_while_one_guesses_the_picture_is_out_of_sight_until_all_is_answered():
    seen = Asking("cell", cell_preset="latch")
    seen.test.session_state["guess_cell"] = True
    assert "visibility: hidden" in seen.run().html
    seen.guess("left", "part")
    seen.test.session_state["guess_cell"] = True
    assert "visibility: hidden" in seen.run().html
    seen.guess("bounded", "no")
    seen.test.session_state["guess_cell"] = True
    assert "visibility: hidden" not in seen.run().html


def test_a_guess_is_judged_by_what_is_computed_now_and_may_be_taken_back():
    seen = Asking("cell", cell_preset="latch")
    assert seen.guess("bounded", "no") == "Right. The largest is 1.0000, in unit 1 at step 1."
    assert seen.guess("left", "all").startswith("Wrong. f of unit 1 from step 2 on: 1 · 1 · 0 · 1 · 0;")
    assert seen.test.button(key="guess_cell_again").label == "1 of 2 right · guess again"
    seen.set(cell_preset="explode")  # another cell: the old guesses are judged by it
    assert seen.verdicts["bounded"] == "Wrong. The largest is 7.2213, in unit 1 at step 8."
    assert seen.verdicts["left"].startswith("Right.")
    seen.test.button(key="guess_cell_again").click()
    assert set(seen.run().verdicts.values()) == {""}


def test_guesses_and_what_is_done_are_no_part_of_the_link():
    seen = Asking("cell", cell_preset="latch")
    before = seen.address
    seen.guess("bounded", "no")
    assert seen.address == before


def test_what_a_link_brings_along_is_not_ticked_but_what_is_reached_stays_so():
    seen = Asking("cell", cell_preset="explode", cell_own=packed({"sizes": {"steps": 12}}))
    assert abs(seen.test.session_state["settings"]["cell_preset"] == "explode") and seen.done == {}
    seen.set(cell_own=None)
    assert seen.done == {}
    seen.set(cell_own=packed({"sizes": {"steps": 12}}))
    assert list(seen.done) == ["count"]
    assert [toast.value for toast in seen.test.toast] != []
    seen.set(cell_own=None)
    seen.go("order").go("cell")
    assert list(seen.done) == ["count"]
    assert next(part.value for part in seen.test.subheader) == "To do by hand: 1 of 3 done"


def test_in_korean_everything_is_korean():
    seen = Asking("cell", lang="ko", cell_preset="latch")
    assert "먼저 예측" in seen.test.expander[0].label
    seen.guess("bounded", "no")
    assert "맞습니다" in seen.html and "해야 할 일" in seen.html


# ---- the cell


def module(kind: str, preset: str) -> tuple[nn.Module, torch.Tensor]:
    """torch's own module with a preset's numbers, and its inputs."""
    given = one_cell.cut(one_cell.preset(preset), kind)
    x = torch.tensor(given["inputs"], dtype=torch.float64)
    weights = list(given["weights"].values())
    units = len(weights[0]["input"])
    more = {"nonlinearity": given["nonlinearity"]} if kind == "rnn" else {}
    made = one_cell.KINDS[kind](x.shape[1], units, dtype=torch.float64, **more)
    stacked = {
        "weight_ih_l0": [row for one in weights for row in one["input"]],
        "weight_hh_l0": [row for one in weights for row in one["recurrent"]],
        "bias_ih_l0": [row[0] for one in weights for row in one["bias"]],
        "bias_hh_l0": [row[1] for one in weights for row in one["bias"]],
    }
    made.load_state_dict({name: torch.tensor(rows, dtype=torch.float64) for name, rows in stacked.items()})
    return made, x


@pytest.mark.parametrize("preset", ["latch", "forget", "counter", "explode"])
def test_what_is_left_of_an_rnn_is_what_torch_differentiates(preset):
    made, x = module("rnn", preset)
    first = made(x[:1])[0][-1].detach()
    slope = torch.autograd.functional.jacobian(lambda h: made(x[1:], h[None])[0][-1], first)[0, 0]
    right = "nothing" if abs(slope) < 0.05 else "all" if abs(slope) > 0.95 else "part"
    seen = Asking("cell", cell_kind="rnn", cell_preset=preset)
    assert seen.guess("left", right).startswith("Right.")
    other = "all" if right != "all" else "nothing"
    assert seen.guess("left", other).startswith("Wrong. The product of W_hh and tanh′ (or relu′)")


@pytest.mark.parametrize("preset", ["latch", "remember", "counter", "explode"])
def test_whether_c_passes_one_is_what_torch_runs(preset):
    made, x = module("lstm", preset)
    state, largest = None, 0.0
    for step in x:
        _output, state = made(step[None], state)
        largest = max(largest, state[1].abs().max().item())
    seen = Asking("cell", cell_preset=preset)
    right = "yes" if largest > 1 else "no"
    assert seen.guess("bounded", right).startswith("Right.")
    assert f"{largest:.4f}" in seen.guess("bounded", "no" if right == "yes" else "yes")


def test_a_large_z_keeps_the_old_state():
    seen = Asking("cell", cell_kind="gru", cell_preset="remember")
    assert seen.guess("update", "new").startswith("Wrong. z = 1.0000")
    assert seen.guess("update", "old").startswith("Right.")
    seen.set(cell_preset="forget")  # z is 0 everywhere: even where it is largest the candidate comes in
    assert seen.verdicts["update"].startswith("Wrong. z = 0.0000")


def own(preset: str, change) -> str:
    """What `cell_own` holds once a preset was changed in place."""
    setup = one_cell.preset(preset)
    change(setup)
    return packed(cell_setup._difference(one_cell.preset(preset), setup))


@pytest.mark.parametrize(("kind", "gate"), [("lstm", "forget_gate"), ("gru", "update_gate")])
def test_a_cell_that_forgets_after_two_steps_is_recognised(kind, gate):
    def forgets(setup):
        block = setup["weights"][kind][gate]
        for rows in (block["input"], block["recurrent"]):
            rows[0] = [0.0] * len(rows[0])
        block["bias"][0] = [-0.9, 0.0]

    seen = Asking("cell", cell_kind=kind, cell_preset="remember")
    assert seen.done == {}
    seen.set(cell_own=own("remember", forgets))
    share = 1 / (1 + math.exp(0.9))
    assert f"together {100 * share**2:.2g} % is left" in seen.done["forget"]


def test_a_tanh_that_loses_nothing_is_recognised():
    def carries(setup):
        setup["nonlinearity"] = "tanh"
        setup["inputs"] = [[0.0] * len(row) for row in setup["inputs"]]
        block = setup["weights"]["rnn"]["hidden"]
        block["recurrent"][0] = [1.0] + [0.0] * (len(block["recurrent"][0]) - 1)

    seen = Asking("cell", cell_kind="rnn")
    assert seen.set(cell_own=own("latch", carries)).done == {"carry": "100.0 % of it is left after 5 steps."}


# ---- the order of words, and the four letters


def trained(seen: Asking):
    """The networks of the page after training, as it keeps them."""
    return list(seen.test.session_state["tiny"].values())[-1]


def test_the_bag_of_words_can_only_say_how_many_of_the_three_are_right():
    seen = Asking("order")
    assert seen.guess("bag", 34.0).startswith("Right. The bag says 33.3 %, 33.3 %, 33.3 %")
    assert seen.guess("bag", 90.0).startswith("Wrong. The bag says 33.3 %")


def test_the_same_last_word_leaves_another_state():
    seen = Asking("order")
    one = trained(seen).main.rnn
    x = torch.eye(2)  # as, soon
    ends = [one(torch.stack([x[i] for i in words]))[0][-1] for words in ((0, 1, 0), (1, 0, 0))]
    apart = (ends[0] - ends[1]).norm().item()
    said = seen.guess("state", "yes")
    assert said.startswith("Wrong. After “as soon as” h = (") and f": {apart:.4g} apart." in said
    assert seen.guess("state", "no").startswith("Right.")


@pytest.mark.parametrize(
    ("task", "network", "says"),
    [
        ("single", {"kind": "rnn", "units": 1}, "RNN with one unit, seed 0: loss 0.0"),
        ("bag", {"kind": "gru", "units": 1}, "GRU (units: 1, seed: 0): loss 0.63"),
        ("sure", {"kind": "rnn", "units": 8}, "RNN (units: 8, seed: 0): the least it gives is 99.9"),
    ],
)
def test_networks_that_learn_the_order_well_and_badly_are_recognised(task, network, says):
    seen = Asking("order")
    assert seen.done == {}
    seen.set(**{f"order_{name}": value for name, value in network.items()})
    assert seen.done[task].startswith(says)


def test_the_letter_that_is_learned_last_is_the_one_whose_curve_comes_up_last():
    seen = Asking("letters")
    right = trained(seen).right().values
    last = max(range(4), key=lambda row: next(k for k in range(201) if (right[row, k:] > 0.5).all()))
    assert seen.guess("last", last).startswith("Right.")
    assert seen.guess("last", 1).startswith("Wrong. They stay above 50 % from these steps on: 1: h → e: ")


def test_what_an_untrained_network_gives_is_near_a_guess():
    seen = Asking("letters")
    mean = 100 * trained(seen).right().values[:, 0].mean()
    assert seen.guess("untrained", round(mean) + 1.0).startswith("Right.")
    assert f"on average {mean:.1f} %" in seen.guess("untrained", 90.0)


def test_what_is_found_of_the_letters_is_recognised():
    seen = Asking("letters")
    right = trained(seen).right().values
    first = next(k for k in range(0, 201, 5) if (right[:, k] > 0.5).all())
    assert seen.set(letters_trained=first).done["earliest"].startswith(f"Step {first}: ")
    seen.set(letters_trained=200, letters_temperature=2.0)
    for draw in range(1, 60):
        if "astray" in seen.set(letters_draw=draw).done:
            break
    assert seen.done["astray"].startswith("At a temperature of 2 it wrote “h")
    assert "hello" not in seen.done["astray"]
    seen.set(letters_kind="lstm", letters_units=1, letters_seed=1)
    assert seen.done["small"] == "LSTM (units: 1, seed: 1): the likeliest of the four gets 82.1 %."


# ---- from a perceptron to an unrolled network


def count(module: nn.Module) -> int:
    return sum(one.numel() for one in module.parameters())


def test_the_parameters_of_a_perceptron_are_torchs():
    seen = Asking("network", network_numbers="seed")
    parameters = count(nn.Linear(3, 1))
    assert seen.guess("parameters", float(parameters)).startswith("Right. 3 (1 × 3) + 1 (1) = 4")
    assert seen.guess("parameters", 3.0).startswith("Wrong.")
    seen.set(network_stage="multilayer")  # the guess is judged by the network that is there now
    parameters = count(nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 3)))
    assert f"= {parameters}:" in seen.verdicts["parameters"]


def test_twice_the_weights_are_not_twice_the_output():
    seen = Asking("network", network_numbers="seed")
    made = unrolled.describe(unrolled.Topology("perceptron"))
    (y,) = (node.values[0][0] for node in made.nodes if node.role == "output")
    twice = math.tanh(2 * math.atanh(y))
    assert abs(twice) < 2 * abs(y) and seen.guess("doubled", "less").startswith("Right. Now y = ")
    assert f"then y = {twice:.4g}".replace("-", "−") in seen.guess("doubled", "same")


@pytest.mark.parametrize(("kind", "module"), [("rnn", nn.RNN), ("gru", nn.GRU), ("lstm", nn.LSTM)])
def test_more_steps_cost_no_parameters_but_more_units_cost_more_than_twice(kind, module):
    seen = Asking("network", network_stage="recurrent", network_kind=kind)
    small, large = (count(module(3, units)) + count(nn.Linear(units, 3)) for units in (4, 8))
    assert seen.guess("steps", "more").startswith(f"Wrong. {small} at 4 steps, {small} at 8:")
    assert seen.guess("steps", "same").startswith("Right.")
    assert seen.guess("units", "same").startswith(f"Wrong. {small} with 4 units, {large} with 8")
    assert large > 2 * small and seen.guess("units", "more").startswith("Right.")


def test_what_is_left_of_the_gradient_is_what_the_picture_shows():
    seen = Asking("network", network_stage="unrolled")
    graph = unrolled.describe(unrolled.Topology("unrolled", shape="many_to_one", steps=4))
    norms = [math.hypot(*node.gradient) for node in graph.nodes if node.role == "hidden"]
    share = norms[0] / norms[-1]
    assert 0.01 < share < 0.5 and seen.guess("fades", "some").startswith("Right.")
    assert seen.guess("fades", "much") == f"Wrong. ‖∂L/∂h1‖ is {100 * share:.2g} % of ‖∂L/∂h4‖."


def test_networks_that_are_built_by_hand_are_recognised():
    seen = Asking("network", network_stage="unrolled")
    assert seen.done == {}
    seen.set(network_units=16, network_inputs=1, network_outputs=1)
    whole = count(nn.RNN(1, 16)) + count(nn.Linear(16, 1))
    assert seen.done["square"].startswith(f"W_hh holds 256 of {whole} parameters")
    seen.set(network_layers=3, network_directions=2, network_steps=8)
    assert seen.done["chain"] == "24 cells must be computed one after the other."
    seen.set(
        network_layers=1,
        network_directions=1,
        network_units=4,
        network_inputs=3,
        network_outputs=3,
        network_seed=6,
    )
    assert seen.done["faded"].startswith("‖∂L/∂h1‖ is ")


# ---- one weight, many steps


def test_the_step_that_adds_most_is_torchs():
    seen = Asking("bptt", bptt_network="own")
    back = shared_weight.send_back(
        shared_weight.network(task := shared_weight.reading("abracadabra"), "rnn", 4, 0, 0), task, "last"
    )
    norms = back.copies.isel(gate=0).values.reshape(len(back.copies["time"]), -1)
    most = int((norms**2).sum(1).argmax()) + 1
    assert most == 10 and seen.guess("most", "late").startswith("Right. Step 10 adds most: ")
    assert "Step 1 adds 0, " in seen.guess("most", "early")
    kept, whole = norms[-3:].sum(0), norms.sum(0)
    share = 100 * math.sqrt((kept**2).sum() / (whole**2).sum())
    assert seen.guess("share", round(share)).startswith(f"Right. {share:.1f} % of its length")
    assert seen.guess("share", 30.0).startswith("Wrong.")


def test_windows_and_losses_found_by_hand_are_recognised():
    seen = Asking("bptt", bptt_network="own")
    assert seen.done == {}
    assert seen.set(bptt_seed=1, bptt_window=1).done["longer"].startswith("The last 1 steps: ")
    seen.set(bptt_seed=0, bptt_loss="all", bptt_window=3)
    assert seen.done["early"].startswith("Step 2 adds ")
    seen.set(bptt_kind="gru", bptt_trained="yes")
    assert seen.done["against"] == "The last 3 steps point 108.8° away."
    assert set(seen.done) == {"longer", "early", "against"}
