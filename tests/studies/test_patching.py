"""States of one text put into the run of another: all of them make its predictions, none of what is common moves anything."""

import numpy as np
import pytest
import torch

from rnnviz.models.networks import Classifier, Translator
from rnnviz.recording import record
from rnnviz.recording.edits import FIELDS, Edit
from rnnviz.studies import differing, judging, live, patching
from tests.studies.test_ablation import model_of, subject_of, unknown

FIRST, SECOND = "abE (cad)\nbEa", "abE (bbb)\nbEa"
LONGER = "abE (caE d)\nbEa"


@pytest.mark.parametrize(
    ("first", "second", "align", "places"),
    [
        ("He said", '"He said', "edit", [1, 2, 3, 4, 5, 6, 7]),
        ("a cat!", "a horse!", "left", [0, 1, 2, 3, 4, 5]),
        ("a cat!", "a horse!", "edit", [0, 1, 4, 5, 6, 7]),
        ("a horse!", "a cat!", "edit", [0, 1, None, None, 2, 3, 4, 5]),
        ("aaa", "aa", "edit", [0, 1, None]),
        ("aaa", "aa", "left", [0, 1, None]),
        ("ab", "cd", "edit", [0, 1]),
    ],
)
def test_steps_stand_for_each_other(first, second, align, places):
    assert patching.aligned(first, second, align) == places


@pytest.mark.parametrize("kind", FIELDS)
@pytest.mark.parametrize("second", [SECOND, LONGER])
def test_a_patch_of_everything_gives_the_other_texts_predictions(kind, second):
    found = patching.patch(subject_of(kind), FIRST, second, at=10)
    part = next(n for n in range(20) if FIRST[n] != second[n])
    agree = [t for t in range(11) if FIRST[t + 1 :] == second[found["time_second"].values[t] + 1 :]]
    assert agree == [7, 8, 9, 10]
    for name in ("moved_all", "nearer_all"):
        np.testing.assert_allclose(found[name].values[agree], 1, atol=1e-10)
        np.testing.assert_allclose(found[name].values[:part], 0, atol=1e-10)
    np.testing.assert_allclose(found["moved"].values[:, :part], 0, atol=1e-10)
    assert np.ptp(found["moved"].values[:, part:]) > 0.01


@pytest.mark.parametrize(
    ("kind", "state"),
    [(kind, state) for kind in FIELDS for state in ("state", *FIELDS[kind][-2:]) if state in patching.WHAT],
)
def test_side_by_side_is_as_run_by_run(kind, state):
    for groups in (2, [[0, 3], [1]]):
        one = patching.patch(subject_of(kind), FIRST, LONGER, groups=groups, state=state)
        other = patching.patch(unknown(kind), FIRST, LONGER, groups=groups, state=state)
        assert set(one) == set(other) and one["moved"].shape == (4, len(FIRST))
        for name in one:  # Live tells its log probabilities in float32
            np.testing.assert_allclose(one[name], other[name], rtol=1e-4, atol=1e-4)


def test_one_group_at_one_step_is_an_edit_by_hand():
    model, subject = model_of("lstm"), subject_of("lstm")
    found = patching.patch(subject, FIRST, SECOND, groups=[[0, 1], [2, 3, 4]], at=11, tokens=("a", "E"))
    node = subject.read(SECOND).subject.layer("rnn", 1)
    put = [
        Edit(field, torch.from_numpy(node[field].values[6, 2:]), [2, 3, 4], steps=6, layer=1)
        for field in ("hidden", "cell")
    ]

    def odds(text, edit=()):
        with record(model, edit=edit), torch.no_grad():
            scores = model(subject.encode(text))[0][0, 11]
        return (scores[subject.outputs.index("E")] - scores[subject.outputs.index("a")]).item()

    wanted = (odds(FIRST, put) - odds(FIRST)) / (odds(SECOND) - odds(FIRST))
    assert found["group_layer"].values.tolist() == [0, 0, 1, 1]
    assert found["group_units"].values.tolist() == ["0–1", "2–4"] * 2
    assert found["moved"].values[3, 6] == pytest.approx(wanted, abs=1e-9)
    assert found.attrs["log_odds_first"] == pytest.approx(odds(FIRST))
    assert (found.attrs["first_token"], found.attrs["second_token"], found.attrs["at"]) == ("a", "E", 11)
    assert found["time"].size == 12


def test_where_nothing_differs_nothing_can_move():
    subject = subject_of("gru")
    with torch.no_grad():
        subject.model.head.weight.zero_()
    found = patching.patch(subject, FIRST, SECOND)
    assert all(np.isnan(found[name]).all() for name in found)


def test_steps_without_a_place_in_the_second_text_are_left_out():
    found = patching.patch(subject_of("rnn"), LONGER, FIRST, groups=1)
    assert np.isnan(found["moved"].values[:, 7:9]).all() and not np.isnan(found["moved"].values[:, 9:]).any()
    assert found["time_second"].values[6:10].tolist() == [6, -1, -1, 7]


def test_progress_is_told_from_the_first_and_can_stop_the_work():
    told = []
    patching.patch(subject_of("rnn"), FIRST, SECOND, groups=1, progress=lambda *now: told.append(now))
    assert told[0] == (0, 5 * len(FIRST)) and told[-1] == (5 * len(FIRST), 5 * len(FIRST))

    def stop(done, _total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        patching.patch(subject_of("rnn"), FIRST, SECOND, progress=stop)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"second": FIRST}, "the two texts are the same"),
        ({"state": "cell"}, "rnn has no cell"),
        ({"state": "gates"}, "state must be one of state, hidden, cell"),
        ({"at": 13}, "step 13 of the first text has no place in the second; choose one up to 12"),
        ({"groups": 0}, "groups must be 1 or more, or lists of units; got 0"),
        ({"groups": [[9]]}, "a group holds units 0 to 4, at least one; got 9"),
        ({"groups": [[]]}, "at least one; got none"),
        ({"tokens": ("a", "Z")}, "tokens must be two different ones"),
        ({"align": "right"}, "align must be one of edit, left"),
        ({"first": "abc", "second": "a", "at": 2}, "step 2 of the first text has no place"),
        ({"first": "ab", "second": "cab", "at": 7}, "choose one up to 1"),
    ],
)
def test_what_cannot_be_is_one_line(more, said):
    with pytest.raises(ValueError, match="^[^\n]*$") as problem:
        patching.patch(subject_of("rnn"), **({"first": FIRST, "second": SECOND} | more))
    assert said in str(problem.value)


@pytest.mark.parametrize("readout", ["last", "mean", "attention"])
def test_a_verdict_moves_as_when_the_state_is_put_in_by_hand(readout):
    torch.manual_seed(1)
    model = Classifier("lstm", 12, 4, 6, readout).double().eval()
    first, second = [3, 4, 5, 6, 7], [3, 9, 8, 5, 6, 7]
    found = patching.verdict(model, first, second, groups=2)
    with record(model) as recording, torch.no_grad():
        model(torch.tensor([second]))
    node = recording.trace["rnn"]
    put = [
        Edit(field, torch.from_numpy(node[field].values[0, 0, 0, 3, 3:]), [3, 4, 5], steps=2)
        for field in ("hidden", "cell")
    ]
    with record(model, edit=put), torch.no_grad():
        changed = model(torch.tensor([first])).item()
    one, other = judging.log_odds(model, [first, second])
    assert found["moved"].values[1, 2] == pytest.approx((changed - one) / (other - one), abs=1e-9)
    assert (found.attrs["verdict_first"], found.attrs["verdict_second"]) == pytest.approx((one, other))
    if readout == "last":
        np.testing.assert_allclose(found["moved_all"].values[1:], 1, atol=1e-9)


@pytest.mark.parametrize("attention", ["dot", None])
@pytest.mark.parametrize("kind", FIELDS)
def test_a_source_words_state_moves_a_translation_as_when_it_is_put_in_by_hand(kind, attention):
    torch.manual_seed(2)
    model = Translator(kind, 12, 12, 4, 6, 2, attention=attention).double().eval()
    first, second, written, other = [3, 4, 5, 6], [3, 9, 5, 6], [4, 5, 2], [6, 5, 7, 2]
    found = patching.source(model, first, second, written, other=other)
    np.testing.assert_allclose(found["moved_all"].values[[0, 2]], 1, atol=1e-9)
    assert np.isnan(found["moved_all"].values[1])  # both want the same token there
    with record(model.encoder) as recording, torch.no_grad():
        model.read(torch.tensor([second]))
    node = next(n for n in recording.trace.subtree if "hidden" in n)
    put = [
        Edit(
            field,
            torch.from_numpy(node[field].values[layer, way, 0, 1]),
            steps=1,
            layer=layer,
            direction=name,
        )
        for field in ("hidden", "cell")
        if field in node
        for layer in (0, 1)
        for way, name in enumerate(("forward", "backward"))
    ]

    def odds(source, edit=()):
        with record(model.encoder, edit=edit), torch.no_grad():
            scores = model(torch.tensor([source]), None, torch.tensor([[1, 4, 5]]))[0, 2]
        return (scores[7] - scores[2]).item()

    wanted = (odds(first, put) - odds(first)) / (odds(second) - odds(first))
    assert found["moved"].values[1, 2] == pytest.approx(wanted, abs=1e-9)
    cell = np.log(found["p_wanted"].values[1, 2] / found["p_written"].values[1, 2])
    assert cell == pytest.approx(odds(first, put), abs=1e-9)
    for text, source in (("first", first), ("second", second)):
        ends = [found[f"p_{token}_{text}"].values[2] for token in ("wanted", "written")]
        assert np.log(ends[0] / ends[1]) == pytest.approx(odds(source), abs=1e-9)


def test_the_caller_may_say_which_steps_stand_for_each_other():
    subject = live.shipped("shakespeare-gru")
    first, second = "He said so to him", "She said to them"
    pair = differing.aligned(subject.read(first), subject.read(second))
    found = patching.patch(subject, first, second, groups=1, align=pair.places)
    last = patching.patch(subject, first, second, groups=1)
    for name in ("moved_all", "nearer_all"):
        np.testing.assert_allclose(found[name][-1], last[name][-1], atol=1e-5)  # the texts end alike
    alone = [place is None for place in pair.places]
    assert any(alone) and found["moved_all"].isnull().values.tolist() == alone
    same = patching.patch(subject, first, second, groups=1, align=patching.aligned(first, second))
    np.testing.assert_array_equal(same["moved"], last["moved"])
    for wrong in ([0, 1], [99] * len(first)):
        with pytest.raises(
            ValueError, match="align must say a step of the second text, or None, for each of the 17"
        ):
            patching.patch(subject, first, second, align=wrong)


@pytest.mark.parametrize("kind", FIELDS)
def test_one_cell_put_in_is_that_cell_of_the_map(kind):
    subject = subject_of(kind)
    found = patching.patch(subject, FIRST, LONGER, groups=2, tokens=("a", "E"), at=10)
    step, at = 8, 10
    place = int(found["time_second"][step])
    a, e = subject.outputs.index("a"), subject.outputs.index("E")

    def moved(units):
        logs = patching.put(subject, FIRST, LONGER, step, place, units).log_probability.values[at]
        begin, end = found.attrs["log_odds_first"], found.attrs["log_odds_second"]
        return (float(logs[e]) - float(logs[a]) - begin) / (end - begin)

    for cell, units in {
        found["moved"][3, step].item(): {1: (3, 4)},
        found["moved_layer"][0, step].item(): {0: None},
        found["moved_all"][step].item(): {0: None, 1: None},
    }.items():
        assert moved(units) == pytest.approx(cell, abs=1e-4)
    with pytest.raises(ValueError, match="state must be one of"):
        patching.put(subject, FIRST, LONGER, step, place, {0: None}, state="gate")


def test_what_a_worker_finds_is_what_the_library_finds():
    name, texts = "growing-gru", ("To be,", "So be,")
    align = patching.aligned(*texts)
    work = patching.shipped(name, *texts, groups=2, state="hidden", at=5, tokens=None, align=align)
    while True:
        try:
            done = next(work)
        except StopIteration as end:
            found = end.value
            break
    assert done.done == done.total
    wanted = patching.patch(live.shipped(name), *texts, groups=2, state="hidden", at=5)
    np.testing.assert_array_equal(found["moved"], wanted["moved"])
