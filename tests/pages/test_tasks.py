"""Predict, then see: what is asked is judged by what the page has just computed, and what is reached by hand is ticked."""

import math

import pytest
import torch
from torch import nn

from rnnviz.studies import one_cell
from rnnviz.ui.rooms.cell import setup as cell_setup
from rnnviz.ui.shell.folding import packed
from tests.pages.asking import Asking


# ---- what holds on every page, on the page of the cell


def test_nothing_is_said_before_a_guess_and_the_picture_is_there_while_the_questions_are_folded():
    seen = Asking("cell")
    assert list(seen.asked) == ["left", "bounded"] and set(seen.verdicts.values()) == {""}
    assert "visibility: hidden" not in seen.html
    assert seen.test.expander[0].label == "**Guess first** · 2 questions"


def test_while_one_guesses_the_picture_is_out_of_sight_until_all_is_answered():
    seen = Asking("cell")
    seen.test.session_state["guess_cell"] = True
    assert "visibility: hidden" in seen.run().html
    seen.guess("left", "part")
    seen.test.session_state["guess_cell"] = True
    assert "visibility: hidden" in seen.run().html
    seen.guess("bounded", "no")
    seen.test.session_state["guess_cell"] = True
    assert "visibility: hidden" not in seen.run().html


def test_a_guess_is_judged_by_what_is_computed_now_and_may_be_taken_back():
    seen = Asking("cell")
    assert seen.guess("bounded", "no") == "Right. The largest is 1.0000, in unit 1 at step 1."
    assert seen.guess("left", "all").startswith("No. f of unit 1 from step 2 on: 1 · 1 · 0 · 1 · 0;")
    assert seen.test.button(key="guess_cell_again").label == "1 of 2 right · guess again"
    seen.set(cell_preset="explode")  # another cell: the old guesses are judged by it
    assert seen.verdicts["bounded"] == "No. The largest is 7.2213, in unit 1 at step 8."
    assert seen.verdicts["left"].startswith("Right.")
    seen.test.button(key="guess_cell_again").click()
    assert set(seen.run().verdicts.values()) == {""}


def test_guesses_and_what_is_done_are_no_part_of_the_link():
    seen = Asking("cell")
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
    assert [part.value for part in seen.test.subheader][0] == "To do by hand: 1 of 3 done"


def test_in_korean_everything_is_korean():
    seen = Asking("cell", lang="ko")
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
    assert seen.guess("left", other).startswith("No. The product of W_hh and tanh′ (or relu′)")


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
    assert seen.guess("update", "new").startswith("No. z = 1.0000")
    assert seen.guess("update", "old").startswith("Right.")
    seen.set(cell_preset="forget")  # z is 0 everywhere: even where it is largest the candidate comes in
    assert seen.verdicts["update"].startswith("No. z = 0.0000")


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
