"""What is asked of trainings, of gradients that vanish, of attention, blanks and counts, and what is found there by hand."""

import itertools

import numpy as np
import pytest
import torch

from rnnviz.models import checkpoints
from rnnviz.models.vocabularies import END_ID, START_ID
from rnnviz.studies.clipping import survey as clipped
from rnnviz.studies.memory import survey
from rnnviz.ui.rooms.attention_by_hand import setup as hand
from rnnviz.ui.rooms.blank import filled
from rnnviz.ui.rooms.blank import page as blanks
from rnnviz.ui.rooms.counting.setup import DEFAULT_TEXT
from rnnviz.ui.shell.folding import packed
from tests.pages.asking import Asking

KINDS = ("rnn", "gru", "lstm")


# ---- who remembers longest


def learned(name: str, steps: int) -> np.ndarray:
    """The first update at which nearly all answers are right: (seed, network), ∞ where there is none."""
    found = survey.opened(name, steps)
    rows = found["accuracy"].transpose("seed", "network", "update").values >= survey.LEVEL
    return np.where(rows.any(-1), found["update"].values[rows.argmax(-1)], np.inf)


@pytest.mark.parametrize("steps", survey.STEPS)
def test_who_learns_first_and_how_often_is_what_the_trainings_say(steps):
    own = learned("plain", steps)
    seen = Asking("memory", memory_steps=steps)
    first = "none" if np.isinf(own[0]).all() else int(own[0].argmin())
    assert seen.guess("first", first).startswith("Right. Learned after so many updates: RNN: ")
    assert seen.guess("first", 2).startswith("Right." if own[0][2] == own[0].min() != np.inf else "Wrong.")
    count = int(np.isfinite(own[:, 0]).sum())
    assert seen.guess("seeds", float(count)).startswith(f"Right. Of 10 seeds learned: RNN: {count}, ")
    assert seen.guess("seeds", float((count + 5) % 11)).startswith("Wrong.")


def test_trainings_that_are_found_by_hand_are_recognised():
    seen = Asking("memory")
    assert seen.done == {}
    seen.set(memory_steps=50)
    assert seen.done["arrived"].startswith("RNN, seed 0: arrived after 20 updates, and ")
    starts = dict.fromkeys(("memory_rnn", "memory_gru"), "orthogonal")
    seen.set(memory_lstm="default", memory_forget=3.0, **starts)
    assert seen.done["far"] == f"50 steps: learned after {learned('repaired', 50)[0, 2]:.0f} updates."
    seen.test.button_group(key="memory_examples").set_value("adding")
    assert seen.run().done["adding"] == "RNN: 0, GRU: 10 of 10 seeds, over 50 steps."


# ---- what clipping saves


@pytest.mark.parametrize("seed", range(4))
def test_what_does_the_harm_and_who_ends_better_is_what_both_runs_say(seed):
    run = clipped.opened("relu").sel(seed=seed)
    norms = run["norm"].sel(clip=0.0).values
    worst = int(run["worst_update"])
    right = "yes" if int(np.nanargmax(norms)) + 1 == worst else "no"
    seen = Asking("clipping", clipping_seed=seed)
    assert seen.guess("harm", right).startswith(f"Right. The loss rises most at update {worst}, norm ")
    assert seen.guess("harm", "yes" if right == "no" else "no").startswith("Wrong.")
    assert run["right"].sel(clip=1.0) > run["right"].sel(clip=0.0) + 0.02
    assert seen.guess("ends", "with").startswith("Right. Without clipping: ")
    assert seen.guess("ends", "same").startswith("Wrong. Without clipping: ")


def test_trainings_with_and_without_clipping_are_recognised():
    seen = Asking("clipping")
    assert seen.done == {}
    seen.set(clipping_seed=9, clipping_clip=10.0)
    assert seen.done["unclipped"].startswith("Update 144: its norm ")
    seen.test.button_group(key="clipping_examples").set_value("adam")
    right = clipped.opened("adam").sel(seed=9, clip=0.0)["right"].item()
    assert seen.run().done["needless"].startswith(f"Without clipping, {100 * right:.1f} % of the answers")
    seen.test.button_group(key="clipping_examples").set_value("numbers")
    assert seen.run().done["beyond"].startswith("Its last update was number ")


# ---- why gradients vanish


def test_at_its_best_tanh_takes_nothing_away():
    seen = Asking("vanishing")
    assert seen.guess("highest", 0.5).startswith("Wrong. tanh′(0) = 1: exactly there")
    assert seen.guess("highest", 1.0).startswith("Right.")
    assert seen.guess("largest", "tanh").startswith(
        "Wrong. sigmoid′(1.0) = 0.1966, tanh′(1.0) = 0.42, relu′(1.0) = 1."
    )
    assert seen.guess("largest", "relu").startswith("Right.")
    seen.set(vanishing_x=-1.0)
    assert seen.verdicts["largest"].startswith("Wrong.") and seen.guess("largest", "tanh").startswith(
        "Right."
    )


def test_a_product_of_sigmoids_loses_what_quarters_lose():
    seen = Asking("vanishing", vanishing_part="product", vanishing_factors=50)
    lost = 50 * np.log10(4)
    assert seen.guess("powers", round(lost)).startswith("Right. sigmoid′(0) = 1/4, and (1/4)^50 = ")
    assert f"{lost:.1f} powers of ten" in seen.guess("powers", 5.0)
    assert seen.guess("relu", "some") == "Wrong. relu′(1.0) = 1, and so is its product."
    assert seen.guess("relu", "all").startswith("Right.")
    assert seen.set(vanishing_x=-1.0).verdicts["relu"] == "Wrong. relu′(-1.0) = 0, and so is its product."


def of_unit(w: float, u: float, steps: int, function) -> np.ndarray:
    """∂h_T/∂h_t by torch, (time,)."""
    x = torch.tensor(np.random.default_rng(0).uniform(size=steps))
    states = [torch.zeros((), dtype=torch.float64, requires_grad=True)]
    for one in x:
        states.append(function(w * states[-1] + u * one))
    return np.array([one.item() for one in torch.autograd.grad(states[-1], states[1:])])


def test_what_is_left_of_a_units_gradient_is_torchs():
    left = of_unit(0.9, 0.5, 50, torch.tanh)
    back = int(np.argmax(left[::-1] < 0.5))
    seen = Asking("vanishing", vanishing_part="unit")
    assert seen.guess("halved", "soon" if back <= 2 else "some").startswith(f"Right. {back} steps back, ")
    assert seen.guess("halved", "late").startswith("Wrong.")
    assert left[0] < 0.9**49 and seen.guess("against", "less").startswith("Right.")
    seen.set(vanishing_input=0.0)  # a state of 0, where tanh′ is 1: the weight alone
    assert seen.guess("against", "less").startswith("Wrong.") and seen.guess("against", "same").startswith(
        "Right."
    )


def test_what_the_matrix_takes_and_what_tanh_takes_is_told_apart():
    seen = Asking("vanishing", vanishing_part="network")
    assert seen.guess("grows", "grows").startswith("Wrong. ")
    assert seen.guess("gap", "turned").startswith("Right. σmax = ")  # 13 powers against 1.4, as the page says
    seen.set(vanishing_radius=2.0)
    assert seen.verdicts["grows"].startswith("Right. ")


def test_which_help_carries_most_is_what_the_table_says():
    seen = Asking("vanishing", vanishing_part="helps")
    assert seen.guess("most", "LSTM, forget bias 2").startswith("Right. Left after 49 steps: RNN, ρ = 0.60: ")
    assert seen.guess("least", "LSTM").startswith("Wrong.")
    assert seen.guess("least", "RNN, ρ = 0.60").startswith("Right.")
    seen.set(vanishing_radius=0.7)  # another curve: that guess is gone
    assert seen.verdicts["least"] == ""


def test_units_and_networks_that_explode_fade_and_carry_are_recognised():
    seen = Asking("vanishing", vanishing_part="unit")
    assert seen.done == {}
    seen.set(vanishing_function="relu", vanishing_weight=1.2)
    assert seen.done["explode"] == f"w = 1.20, u = 0.50, relu: {1.2**49:.0f} of it arrives after 49 steps."
    seen.set(vanishing_part="network").set(vanishing_radius=1.1)
    assert seen.done["above"].startswith("ρ = 1.10: 0.15 % is left after 49 steps")
    seen.set(vanishing_part="helps", vanishing_radius=0.6)
    seen.set(vanishing_steps=100, vanishing_forget_bias=3.0)
    assert seen.done["carry"].startswith("LSTM, forget bias 3: ")


# ---- attention by hand


def test_the_largest_weight_and_what_is_said_without_it_are_computed():
    memory, state, combine, head, bias = map(torch.tensor, hand.arrays(hand.ONE))
    scores = memory @ state

    def likeliest(rows: torch.Tensor) -> int:
        context = torch.softmax(rows @ state, 0) @ rows
        return int((head @ torch.tanh(combine @ torch.cat([context, state])) + bias).argmax())

    seen = Asking("attention_by_hand")
    most = int(scores.argmax())
    assert seen.guess("largest", most).startswith("Right. The scores ")
    assert seen.guess("largest", (most + 1) % 3).startswith("Wrong. The scores ")
    rest = torch.cat([memory[:most], memory[most + 1 :]])
    right = "same" if likeliest(memory) == likeliest(rest) else "other"
    assert seen.guess("without", right).startswith("Right. With it: ")
    assert seen.guess("without", "other" if right == "same" else "same").startswith("Wrong. With it: ")


def test_attention_that_is_made_by_hand_is_recognised():
    def own(**changes) -> dict:
        return {"attention_example": "own", "attention_own": packed(changes)}

    seen = Asking("attention_by_hand")
    assert seen.done == {}
    seen.set(**own(state=[5 * value for value in hand.ONE["state"]]))
    assert seen.done["saturate"].startswith("‖sₜ‖ = 15: the largest weight is 99.99")
    seen.set(**own(memory=[hand.ONE["memory"][0]] * 5))
    assert seen.done["even"] == "The weights are h₁: 33.3 %, h₂: 33.3 %, h₃: 33.3 %."
    head = [[*row[:4], 10.0 if at == 0 else 0.0] for at, row in enumerate(hand.ONE["head"])]
    seen.set(**own(head=head))
    assert seen.done["output"].startswith("커피를 (coffee) has become 나는 (I), with the weights h₁: 1.8 %")


def test_an_example_that_is_a_click_away_is_nothing_done():
    seen = Asking("attention_by_hand")
    for name in ("even", "tie", "long", "turned"):
        seen.set(attention_example=name)
    assert seen.done == {}


# ---- fill in the blank


def test_who_is_surer_and_who_hears_the_future_is_what_both_models_say():
    seen = Asking("blank")
    forward, both = (checkpoints.load(name)[0] for name in filled.MODELS)
    lexicon = checkpoints.words(checkpoints.load(filled.MODELS[1])[1])
    ids = torch.tensor([[START_ID, *lexicon.encode("show me the weather forecast for new york"), END_ID]])
    chances = [one(ids)[0].softmax(-1)[3, ids[0, 4]].item() for one in (forward, both)]
    assert seen.guess("surer", "both" if chances[1] > chances[0] else "left").startswith(
        "Right. From the left it gets "
    )
    assert seen.guess("surer", "same").startswith("Wrong. From the left it gets ")
    assert seen.guess("after", "yes").startswith("Wrong. Its probabilities move by 0 % at most")
    assert seen.guess("after", "no").startswith("Right.")


def test_blanks_that_are_found_by_hand_are_recognised():
    seen = Asking("blank")
    assert seen.done == {}
    seen.set(blank_place=6)
    assert seen.done["future"].startswith("“new”: from the left 0.48 %")
    text, _place = blanks.EXAMPLES["verb"]
    seen.set(blank_text=text, blank_place=9)
    assert seen.done["left"].startswith("“my”: from the left 70.8 %")
    text, _place = blanks.EXAMPLES["first"]
    seen.set(blank_text=text, blank_place=6)
    assert seen.done["fooled"].startswith("Both say “6”")


# ---- the limits of counting


def pairs(sentence: str) -> list[tuple[int, int]]:
    """c(h w) and c(h) of each token at order 2, counted in our lines."""
    lines, words = DEFAULT_TEXT.split(), sentence.split()
    follows = list(itertools.pairwise(lines))
    firsts = [one for one, _next in follows]
    found = [(lines.count(words[0]), len(lines))]
    return found + [(follows.count(two), firsts.count(two[0])) for two in itertools.pairwise(words)]


def test_a_factor_is_what_one_counts_in_the_lines():
    seen = Asking("counting")
    count, total = pairs("two times one is three")[-1]
    assert seen.guess("factor", round(100 * count / total)).startswith(
        f"Right. It was counted {count} times among {total}"
    )
    assert seen.guess("factor", 90.0).startswith("Wrong. It was counted ")
    verdicts = [seen.guess("longer", name)[:3] for name in ("more", "same", "less")]
    assert sorted(verdicts) == ["Rig", "Wro", "Wro"]


def test_the_zeros_of_a_sentence_are_what_one_counts():
    seen = Asking("counting", counting_part="zero")
    zeros = sum(count == 0 for count, _total in pairs("seven times one is seven"))
    assert seen.guess("zeros", float(zeros)) == f"Right. {zeros} of 5 factors are 0; the sentence gets 0."
    assert seen.guess("zeros", 5.0).startswith("Wrong.")
    assert seen.guess("alone", "no").startswith("Wrong. At order 1, each word by itself: ")
    assert seen.guess("alone", "yes").startswith("Right.")


def test_smoothing_lifts_the_unseen_and_pays_with_the_seen():
    seen = Asking("counting", counting_part="smoothing")
    assert seen.guess("best", "likelihood").startswith("Wrong. ")
    size, lowered, known = 15, 0, 0
    for count, total in pairs("seven times one is seven"):
        known += count > 0
        lowered += count > 0 and (count + 1) / (total + size) < count / total
    assert f"add-k lowers {lowered} of the {known} tokens" in seen.guess("price", "none")
    right = "all" if lowered == known else "most" if 2 * lowered > known else "few"
    assert seen.guess("price", right).startswith("Right.")


def test_a_network_never_says_0_and_the_best_is_the_one_that_the_table_says():
    seen = Asking("counting", counting_part="network")
    assert seen.guess("never", "yes").startswith("Wrong. ")
    assert seen.guess("never", "no").startswith("Right. ")
    seen = Asking("counting", counting_part="heldout")
    scores = {kind: checkpoints.card(f"shakespeare-{kind}")["scores"]["validation"] for kind in KINDS}
    assert seen.guess("best", min(scores, key=scores.get)).startswith("Right. Perplexities: ")
    assert seen.guess("best", "rnn").startswith("Wrong.")
    assert seen.guess("order", 1.0).startswith("Wrong.")
    order = int(seen.verdicts["order"].split("Kneser-Ney: n = ")[1].split(".")[0])
    points = [
        one for one in checkpoints.card("counts-characters")["held_out"] if one["method"] == "kneser-ney"
    ]
    assert order == min(points, key=lambda one: one["loss"])["order"]


def test_sentences_and_estimates_found_by_hand_are_recognised():
    seen = Asking("counting")
    seen.set(counting_sentence="three is six")
    seen.set(counting_sentence="two is one")
    assert seen.done == {"new": "“is one” was never seen: a factor of 0."}
    seen.set(counting_part="zero", counting_sentence=None)
    assert "order" not in seen.done
    seen.set(counting_order=1)
    assert seen.done["order"].startswith("At order 1 its probability is ")
    seen.set(counting_part="smoothing", counting_order=None)
    assert "little" not in seen.done
    seen.set(counting_k=0.01)
    assert seen.done["little"].startswith("k = 0.01: together 6 %; with k = 1 it would be 76.5 %")
