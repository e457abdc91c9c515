"""Where nodes of a beam search stand: the likelier higher, a sentence that has ended on a row of its own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnviz.stats.trees import layout

# a beam of two: "b" overtakes "a", then "a…" ends while "b…" goes on
STEP = [0, 0, 1, 1, 1, 1, 2, 2]
PARENT = [None, None, 1, 0, 0, 1, 3, 3]
TOTAL = [-0.5, -1.0, -1.1, -1.2, -3.0, -4.0, -1.3, -5.0]
KEPT = [True, True, True, True, False, False, True, False]


def test_within_a_step_the_likelier_stands_higher():
    assert layout(STEP, PARENT, TOTAL, KEPT)["row"].values[:6].tolist() == [0, 1, 0, 1, 2, 3]


def test_a_sentence_that_has_ended_keeps_its_row():
    found = layout(STEP, PARENT, TOTAL, KEPT)
    assert found["ends"].values.tolist() == [False, False, True, False, False, False, True, False]
    assert found["row"].values[6:].tolist() == [1, 2]  # row 0 is node 2's, which ended at step 1


def test_scores_are_means_and_a_tokens_own_is_what_it_adds():
    found = layout(STEP, PARENT, TOTAL, KEPT)
    assert found["score"].values[6] == pytest.approx(-1.3 / 3)
    np.testing.assert_allclose(found["own"].values, [-0.5, -1.0, -0.1, -0.7, -2.5, -3.0, -0.1, -3.8])
    assert found["score"].attrs["units"] == "nat"


def test_the_best_is_marked_back_to_its_first_token():
    found = layout(STEP, PARENT, TOTAL, KEPT, best=6)
    assert np.flatnonzero(found["best"]).tolist() == [0, 3, 6]
    assert not layout(STEP, PARENT, TOTAL, KEPT)["best"].any()


def test_nothing_is_a_tree_too():
    assert layout([], [], [], []).sizes["node"] == 0


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (([0, 1], [None], [-1.0], [True]), "for each node; got [2, 1, 1, 1]"),
        (
            ([0, 1], [None, None], [-1, -2], [True, True]),
            "node 1 of step 1: its parent must be a kept node of step 0",
        ),
        (([0, 1], [None, 0], [-1, -2], [False, True]), "its parent must be a kept node of step 0; got 0"),
        (([0, 1], [None, 7], [-1, -2], [True, True]), "got 7"),
        (([0], [None], [-1], [True], 3), "best must be one of the nodes 0 to 0; got 3"),
    ],
)
def test_what_is_no_tree_is_refused_in_one_line(arguments, line):
    with pytest.raises(ValueError) as refused:
        layout(*arguments)
    assert line in str(refused.value) and "\n" not in str(refused.value)


@given(st.data())
def test_no_two_nodes_share_a_place_and_ended_rows_stay_free(data):
    """Any tree that a beam of any width may walk."""
    step, parent, total, kept = [], [], [], []
    live = [None]
    for at in range(data.draw(st.integers(1, 6))):
        places = [p for p in live for _ in range(data.draw(st.integers(1, 3)))]
        new = range(len(step), len(step) + len(places))
        step += [at] * len(places)
        parent += places
        total += data.draw(st.lists(st.floats(-50, 0), min_size=len(places), max_size=len(places)))
        kept += data.draw(st.lists(st.booleans(), min_size=len(places), max_size=len(places)))
        live = [n for n in new if kept[n] and data.draw(st.booleans())]
        if not live:
            break
    found = layout(step, parent, total, kept)
    row = found["row"].values
    assert len(set(zip(step, row.tolist(), strict=True))) == len(step)
    for end in np.flatnonzero(found["ends"]):
        later = np.array(step) > step[end]
        assert row[end] not in row[later]
    for at in set(step):
        here = np.array(step) == at
        order = np.array(total)[here][np.argsort(row[here])]
        assert (np.diff(order) <= 0).all()
