"""Words are put where they belong, row by row, and what does not fit is refused in one line that costs nothing."""

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

import rnnviz
from rnnviz.naming import named
from rnnviz.studies import subjects


def trace(steps=3, batch=2, lengths=None):
    module, x = nn.GRU(2, 3), torch.zeros(steps, batch, 2)
    if lengths:
        x = nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
    with torch.no_grad(), rnnviz.record(module) as recording:
        module(x)
    return recording.trace


@pytest.mark.parametrize(
    ("tokens", "dims", "wanted"),
    [
        ("abc", ("time",), ["a", "b", "c"]),
        (["the", "end", "."], ("time",), ["the", "end", "."]),
        (["abc", "xyz"], ("batch", "time"), [["a", "b", "c"], ["x", "y", "z"]]),
        (iter([["ab", "c", ""], ("x", "y", "z")]), ("batch", "time"), [["ab", "c", ""], ["x", "y", "z"]]),
        (np.array([["a", "b", "c"], ["x", "y", "z"]]), ("batch", "time"), [["a", "b", "c"], ["x", "y", "z"]]),
    ],
)
def test_tokens_are_of_the_steps_or_of_each_row(tokens, dims, wanted):
    token = named(trace(), tokens)["gru"]["token"]
    assert token.dims == dims and token.values.tolist() == wanted


def test_texts_that_could_be_steps_and_rows_alike_are_refused():
    square = trace(steps=2)
    with pytest.raises(
        ValueError, match="gru: 2 tokens could be one for each step or a text for each of the 2"
    ):
        named(square, ["ab", "cd"])
    assert named(square, [["ab", "cd"]] * 2)["gru"]["token"].values.tolist() == [["ab", "cd"]] * 2
    assert named(square, ["a", "b"])["gru"]["token"].values.tolist() == ["a", "b"]  # no text of 2
    assert named(trace(1, 1), ["a"])["gru"]["token"].dims == ("time",)  # both are the same


@pytest.mark.parametrize(
    ("words", "error", "line"),
    [
        (
            {"tokens": "ab"},
            ValueError,
            r"gru: tokens came with length 2; time has length 3 \(or give a list for",
        ),
        (
            {"tokens": [list("abc"), list("ab")]},
            ValueError,
            "tokens of sequence 1 came with length 2; it has 3",
        ),
        (
            {"tokens": {"gro": "abc"}},
            ValueError,
            "tokens for 'gro', which the trace does not hold; it holds gru",
        ),
        ({"tokens": [1, 2, 3]}, TypeError, "tokens must be strings; token 0 is 1"),
        ({"names": "abc"}, ValueError, "gru: names came with length 3; batch has length 2"),
        ({"labels": [0.5, 1.5]}, TypeError, "labels must be strings; label 0 is 0.5"),
        ({"names": ["a\0", "b"]}, ValueError, "cannot be kept in a file"),
    ],
)
def test_words_that_do_not_fit_are_refused_in_one_line(words, error, line):
    with pytest.raises(error, match=line):
        named(trace(), **words)


def test_rows_end_where_their_sequences_end():
    packed = trace(lengths=[2, 3])
    rows = named(packed, [["a", "b"], ["x", "y", "z"]])["gru"]["token"].values.tolist()
    assert rows == [["a", "b", ""], ["x", "y", "z"]]


def test_a_file_has_them_and_the_app_calls_the_sequences_by_them(tmp_path):
    rnnviz.save(trace(), tmp_path / "a.nc")
    opened = named(
        rnnviz.open_trace(tmp_path / "a.nc", lazy=True), ["abc", "xyz"], ["one", "two"], labels=[1, 0]
    )
    assert not opened["gru"]["hidden"].variable._in_memory
    rnnviz.save(opened, tmp_path / "b.nc")
    assert rnnviz.open_trace(tmp_path / "b.nc").identical(opened)
    subject = subjects.opened(tmp_path / "b.nc")
    assert subject.sequences("gru") == ("one · 1", "two · 0")
    assert subject.tokens("gru", 1) == ("x", "y", "z")
    assert subject.layer("gru", sequence=1)["token"].values.tolist() == ["x", "y", "z"]


def test_words_leave_the_trace_that_they_were_given_to_as_it_was():
    before = trace()
    copy = before.copy(deep=True)
    named(before, "abc", ["one", "two"])
    assert before.identical(copy) and isinstance(before, xr.DataTree)


def test_words_that_can_be_no_text_are_refused_before_the_run():
    with (
        pytest.raises(TypeError, match="tokens must be strings; token 1 is None"),
        rnnviz.record(nn.GRU(2, 3), tokens=["a", None]),
    ):
        raise AssertionError("the block must not run")
