"""Made tasks have their answer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnviz.training import generated


@given(st.integers(1, 40), st.integers(1, 5))
def test_the_first_symbol_is_the_answer_and_comes_never_again(steps, batch):
    read, answer = generated.first_symbol(batch, steps, seed=2)
    assert read.shape == (batch, steps) and np.array_equal(read[:, 0], answer)
    assert np.isin(answer, (0, 1)).all() and (read[:, 1:] >= 2).all() and (read < 6).all()


@given(st.integers(1, 40), st.integers(1, 5))
def test_parity_is_odd_where_the_ones_are(steps, batch):
    read, answer = generated.parity(batch, steps, seed=3)
    assert [sum(row) % 2 for row in read.tolist()] == answer.tolist()


@given(st.integers(4, 41), st.integers(1, 8), st.integers(0, 5))
def test_the_answer_is_1_where_there_are_as_many_b_as_a(steps, batch, seed):
    read, answer = generated.brackets(batch, steps, seed)
    for row, said in zip(read.tolist(), answer.tolist(), strict=True):
        assert row == sorted(row) and {1, 2} <= set(row)  # blanks, a, b
        assert (row.count(1) == row.count(2)) == said


def test_one_number_is_the_sum_of_itself():
    read, said = generated.adding(3, 1)
    assert (read[..., 1] == 1).all() and np.array_equal(said, read[..., 0])


@given(st.integers(2, 40), st.integers(1, 5), st.integers(0, 5))
def test_the_adding_problem_marks_one_number_in_each_half_and_says_their_sum(steps, batch, seed):
    read, said = generated.adding(batch, steps, seed)
    numbers, marks = read[..., 0], read[..., 1]
    assert read.shape == (batch, steps, 2) and said.shape == (batch, steps)
    assert (marks[:, : steps // 2].sum(1) == 1).all() and (marks[:, steps // 2 :].sum(1) == 1).all()
    assert np.isin(marks, (0, 1)).all() and (numbers >= 0).all() and (numbers < 1).all()
    for row in range(batch):
        assert said[row, -1] == pytest.approx(sum(numbers[row][marks[row] == 1]))
        assert said[row, 0] in (0, numbers[row, 0])
    assert np.array_equal(read, generated.adding(batch, steps, seed)[0])


@given(st.integers(3, 60), st.integers(1, 4))
def test_copy_memory_asks_for_what_it_showed(steps, batch):
    read, said = generated.copy_memory(batch, steps, seed=1)
    copied = min(10, (steps - 1) // 2)
    assert np.array_equal(read[:, :copied], said[:, -copied:])
    assert (read[:, :copied] < 8).all()
    assert (said[:, :-copied] == 8).all()
    assert (read[:, -copied - 1] == 9).all() and (read == 9).sum() == batch
    assert (read[:, -copied:] == 8).all() and (read[:, copied : -copied - 1] == 8).all()


def test_a_task_that_has_no_room_is_refused():
    with pytest.raises(ValueError, match="at least 1 step; got 0"):
        generated.adding(1, 0)
    with pytest.raises(ValueError, match="at least 3 steps; got 2"):
        generated.copy_memory(1, 2)
