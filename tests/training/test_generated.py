"""Made tasks have their answer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnviz.training import generated


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
    with pytest.raises(ValueError, match="at least 2 steps; got 1"):
        generated.adding(1, 1)
    with pytest.raises(ValueError, match="at least 3 steps; got 2"):
        generated.copy_memory(1, 2)
