"""What is asked of trainings, of gradients that vanish, of attention, blanks and counts, and what is found there by hand."""

import numpy as np
import pytest

from rnnviz.studies.clipping import survey as clipped
from rnnviz.studies.memory import survey
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
    assert seen.guess("first", 2).startswith("Right." if own[0][2] == own[0].min() != np.inf else "No.")
    count = int(np.isfinite(own[:, 0]).sum())
    assert seen.guess("seeds", float(count)).startswith(f"Right. Of 10 seeds learned: RNN: {count}, ")
    assert seen.guess("seeds", float((count + 5) % 11)).startswith("No.")


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
    assert seen.guess("harm", "yes" if right == "no" else "no").startswith("No.")
    assert run["right"].sel(clip=1.0) > run["right"].sel(clip=0.0) + 0.02
    assert seen.guess("ends", "with").startswith("Right. Without clipping: ")
    assert seen.guess("ends", "same").startswith("No. Without clipping: ")


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
