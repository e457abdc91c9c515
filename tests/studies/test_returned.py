"""What a model returned while it was recorded: the same numbers, as shares, beside what was to come."""

import numpy as np
import pytest
import torch
from torch import nn

import rnnviz
from rnnviz import stats
from rnnviz.studies import returned, subjects
from rnnviz.studies.subjects import Subject

LETTERS = "abc"


class Writer(nn.Module):
    def __init__(self, last=False):
        super().__init__()
        torch.manual_seed(0)
        self.embedding, self.rnn, self.head = (
            nn.Embedding(3, 4),
            nn.GRU(4, 5, batch_first=True),
            nn.Linear(5, 3),
        )
        self.last = last

    def forward(self, ids):
        scores = self.head(self.rnn(self.embedding(ids))[0])
        return scores[:, -1] if self.last else scores


IDS = torch.tensor([[0, 1, 2, 1], [2, 2, 0, 1]])
TOKENS = [["a", "b", "c", "b"], ["c", "c", "a", "b"]]


def recorded(model=None, **more):
    model = model or Writer()
    with torch.no_grad(), rnnviz.record(model, **({"outputs": list(LETTERS)} | more)) as recording:
        scores = model(IDS)
    return scores, Subject("run", "0" * 16, recording.trace)


def test_shares_are_the_softmax_and_the_next_token_was_to_come():
    scores, subject = recorded(tokens=TOKENS)
    found = returned.rows(subject, "rnn", 1)
    assert found["output_name"].values.tolist() == list(LETTERS)
    np.testing.assert_allclose(found, scores[1].softmax(-1).T, atol=1e-6)
    assert found["true"].values.tolist() == [2, 0, 1, -1]
    names, logs = returned.expected(subject, "rnn", 1)
    assert names == list(LETTERS)
    np.testing.assert_allclose(logs, scores[1].log_softmax(-1), atol=1e-5)


def test_of_classes_the_label_was_to_come_and_what_is_said_once_stands_at_the_last_step():
    scores, subject = recorded(Writer(last=True), labels=["b", "c"])
    found = returned.rows(subject, "rnn", 0)
    assert found["true"].values.tolist() == [1] * 4
    assert np.isnan(found[:, :-1]).all()
    np.testing.assert_allclose(found[:, -1], scores[0].softmax(-1), atol=1e-6)
    assert returned.expected(subject, "rnn", 0) == ((), None)


def test_without_names_the_numbers_stand_as_they_came_and_names_can_be_given_afterwards():
    scores, subject = recorded(outputs=True, tokens=TOKENS)
    np.testing.assert_array_equal(returned.rows(subject, "rnn", 0), scores[0].T)
    assert returned.expected(subject, "rnn") == ((), None)
    named = rnnviz.named(subject.trace, outputs=LETTERS)
    assert "true" in returned.rows(Subject("run", "1" * 16, named), "rnn").coords
    with pytest.raises(ValueError, match="outputs: outputs came with length 2; output has length 3"):
        rnnviz.named(subject.trace, outputs="ab")
    with pytest.raises(TypeError, match="outputs must be strings"):
        rnnviz.named(subject.trace, outputs=[1, 2, 3])
    _scores, bare = recorded(outputs=False)
    assert returned.rows(bare, "rnn") is None and returned.expected(bare, "rnn") == ((), None)


def test_names_that_do_not_fit_cost_the_recording_nothing():
    with pytest.warns(RuntimeWarning, match="outputs came with length 2"):
        _scores, subject = recorded(outputs=["a", "b"])
        assert "output_name" not in subject.trace["outputs"].coords


def test_what_is_recorded_into_a_file_has_its_names_too(tmp_path):
    scores, _subject = recorded(tokens=TOKENS, file=tmp_path / "run.nc")
    found = returned.rows(subjects.opened(tmp_path / "run.nc"), "rnn", 0)
    np.testing.assert_allclose(found, scores[0].softmax(-1).T, atol=1e-6)
    assert found["true"].values.tolist() == [1, 2, 1, -1]


def test_of_many_outputs_those_that_came_and_the_largest_are_drawn():
    share = np.zeros((3, 40))
    share[0, 7], share[1, 30], share[2, 2] = 0.9, 0.5, 0.4
    import xarray as xr

    array = xr.DataArray(share, dims=("time", "output"))
    assert stats.outputs.leading(array, np.array([11, -1, -1]), most=3).tolist() == [7, 11, 30]
    assert len(stats.outputs.leading(array, np.array([-1, -1, -1]))) == stats.outputs.ROWS
    probabilities = xr.DataArray([[0.2, 0.8]], dims=("time", "output"))
    np.testing.assert_array_equal(stats.outputs.shares(probabilities), probabilities)
