"""Directions: the mean state at one kind of character less the mean elsewhere, and what it does when it is added."""

import numpy as np
import pytest

from rnnviz.studies import directions, live
from rnnviz.studies.progress import Done
from tests.studies.test_ablation import LETTERS, subject_of, unknown

TEXT = "".join(np.random.default_rng(1).choice(list(LETTERS.characters), 300))


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
def test_it_is_the_difference_of_two_means(kind):
    subject = subject_of(kind)
    found = directions.of(subject, TEXT, "blanks", layer=1)
    states = subject.read(TEXT).subject.layer("rnn", 1)["hidden"].values
    blank = np.array([character.isspace() for character in TEXT])
    np.testing.assert_allclose(found, states[blank].mean(0) - states[~blank].mean(0), atol=1e-6)
    assert (found.attrs["inside"], found.attrs["outside"]) == (blank.sum(), (~blank).sum())
    other = directions.of(unknown(kind), TEXT, "blanks", layer=1)
    np.testing.assert_allclose(other, found, atol=1e-6)


def test_a_character_a_quotation_and_a_kind_are_told():
    assert directions.masked('a "b" c', "quotations") == [False, False, True, True, False, False, False]
    assert directions.masked("abab", "u62") == [False, True, False, True]
    assert directions.masked("a b", "blanks") == [False, True, False]
    assert directions.known("u1f642") and not any(map(directions.known, ("u110000", "u", "U62", "", "rest")))


def test_what_cannot_be_is_one_line():
    subject = subject_of("gru")
    with pytest.raises(
        ValueError, match="20 characters of the kind and as many others; this text has 0 and 300"
    ):
        directions.of(subject, TEXT, "u7a")
    with pytest.raises(ValueError, match="has no 'cell'"):
        directions.of(subject, TEXT, "blanks", "cell")
    with pytest.raises(ValueError, match="a direction is one of capitals"):
        directions.of(subject, TEXT, "verbs")


def test_a_worker_finds_what_the_library_finds_in_what_the_model_writes(monkeypatch):
    monkeypatch.setattr(directions, "WRITTEN", 400)
    work, seen = directions.shipped("growing-gru", "ROMEO:", "blanks", "hidden", 0, 1), []
    while True:
        try:
            seen.append(next(work))
        except StopIteration as end:
            found = end.value
            break
    subject = live.shipped("growing-gru")
    text = directions.written(subject, "ROMEO:")
    assert len(text) == 400 and seen[-1] == Done(400, 400, "reading")
    np.testing.assert_array_equal(found["lead"], directions.of(subject, text, "blanks"))


def test_led_towards_line_ends_a_model_predicts_what_stands_at_the_beginning_of_lines(monkeypatch):
    """In the middle of a word capitals are hardly expected; they are once the state is led to where it is after a line end."""
    from rnnviz.studies import changing
    from rnnviz.studies.changing import Change

    monkeypatch.setattr(directions, "WRITTEN", 1500)
    subject = live.shipped("growing-gru")
    change = Change("hidden", "lead", None, (8, 8), 1.0, toward="line ends")
    found = changing.changed(subject, "It was th", [change])
    capitals = [place for place, token in enumerate(subject.outputs) if token.isupper()]
    was, now = (np.exp(one.log_probability.values[8, capitals]).sum() for one in (found.before, found.after))
    assert was < 0.05 < 0.25 < now
