"""What if it had been different: a change is what `Edit` makes of it, is written and read back, and its code does the same."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import rnnviz
from rnnviz.recording.edits import FIELDS
from rnnviz.studies import changing
from rnnviz.studies.changing import Change

TEXT = "To be, or not to be"
MODEL = None


def model():
    global MODEL
    MODEL = MODEL or rnnviz.live.shipped("shakespeare-gru")
    return MODEL


@pytest.mark.parametrize("field", FIELDS["gru"])
@pytest.mark.parametrize("steps", [None, (3, 9)])
def test_what_was_there_written_back_changes_nothing(field, steps):
    found = changing.changed(model(), TEXT, [Change(field, "keep", steps=steps, layer=1)])
    np.testing.assert_array_equal(found.after.log_probability, found.before.log_probability)
    assert not found.divergence.any()
    assert not found.difference("rnn", 1).any()


def test_all_of_another_texts_state_makes_its_predictions_from_there_on():
    """The texts agree after the swap, so that what follows is the other's, to rounding."""
    one, other = "He said to me that", "She aid to me that"
    layers = [Change("hidden", "swap", steps=(5, 5), layer=layer) for layer in (0, 1)]
    found = changing.changed(model(), one, layers, other)
    wanted = model().read(other).log_probability
    np.testing.assert_allclose(found.after.log_probability[5:], wanted[5:], atol=2e-5)
    np.testing.assert_array_equal(found.after.log_probability[:5], found.before.log_probability[:5])
    assert found.divergence[5:].max() > 1e-4


def test_a_silent_unit_is_one_whose_outgoing_weights_are_zero():
    """By hand: nothing of the unit enters the recurrence of its layer, or the layer above."""
    torch.manual_seed(0)
    letters = "abc "

    class Writer(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.rnn, self.head = (
                nn.Embedding(4, 3),
                nn.GRU(3, 5, 2, batch_first=True),
                nn.Linear(5, 4),
            )

        def forward(self, ids):
            return self.head(self.rnn(self.embedding(ids))[0])

    own = Writer().double()
    live = rnnviz.Live(
        own,
        lambda text: torch.tensor([[letters.index(c) for c in text]]),
        "abc",
        next=lambda scores: scores[0],
        outputs=list(letters),
    )
    found = changing.changed(live, "cab a", [Change("hidden", "zero", units=(2,))])
    with torch.no_grad():
        own.rnn.weight_ih_l1[:, 2] = 0
        own.rnn.weight_hh_l0[:, 2] = 0
        # its own old value comes back through z; with its update gate open it keeps nothing
        own.rnn.bias_ih_l0[5 + 2] = -1e4
        wanted = live.read("cab a").log_probability
    np.testing.assert_allclose(found.after.log_probability, wanted, atol=1e-6)


def test_frozen_it_stays_as_it_was_at_the_first_step():
    found = changing.changed(model(), TEXT, [Change("hidden", "freeze", (4, 7), (6, 11))])
    now = found.after.subject.layer("rnn")["hidden"].values[6:12, [4, 7]]
    was = found.before.subject.layer("rnn")["hidden"].values[6, [4, 7]]
    np.testing.assert_array_equal(now, np.tile(was, (6, 1)))


def test_added_and_set_values_are_there():
    changes = [
        Change("hidden", "add", (1,), (2, 2), 0.5),
        Change("update_gate", "set", None, (8, 9), 1.0, layer=1),
    ]
    found = changing.changed(model(), TEXT, changes)
    moved = found.difference("rnn", 0).values
    np.testing.assert_allclose(moved[2, 1], 0.5, atol=1e-6)
    assert not moved[:2].any()
    upper = found.after.subject.layer("rnn", 1)
    np.testing.assert_array_equal(
        upper["hidden"].values[8], upper["hidden"].values[7]
    )  # z = 1 keeps the old state
    assert found.divergence.attrs["units"] == "nat"


def test_a_direction_is_added_as_often_as_is_said():
    way = np.random.default_rng(0).normal(size=model().model.rnn.hidden_size).astype(np.float32)
    change = Change("hidden", "lead", (1, 5), (3, 4), 2.0, toward="blanks")
    found = changing.changed(model(), TEXT, [change], leads={change.way: way})
    moved = found.difference("rnn", 0).values
    np.testing.assert_allclose(moved[3, [1, 5]], 2 * way[[1, 5]], atol=1e-6)
    assert not moved[:3].any() and not np.delete(moved[3], [1, 5]).any()


def test_a_change_that_is_off_counts_for_nothing():
    found = changing.changed(model(), TEXT, [Change("hidden", "zero", on=False)])
    assert found.after is found.before and not found.edits


UNITS = st.one_of(
    st.none(), st.lists(st.integers(0, 999), min_size=1, unique=True).map(lambda u: tuple(sorted(u)))
)
STEPS = st.one_of(
    st.none(), st.tuples(st.integers(0, 400), st.integers(0, 400)).map(lambda s: tuple(sorted(s)))
)


@st.composite
def changes(draw):
    field = draw(st.sampled_from(sorted({*sum(FIELDS.values(), ())})))
    how, value = draw(st.sampled_from(changing.HOW)), 0.0
    if how in changing.VALUED:
        value = float(f"{draw(st.floats(*changing.limits(field), allow_nan=False)):g}")
    toward = source = ""
    if how == "swap":
        source = draw(
            st.one_of(
                st.just(""), st.text(max_size=30), st.sampled_from(["a;b,c 100%\n", "%2C", "지루했다. "])
            )
        )
    if how == "lead":
        toward = draw(st.sampled_from(["first letters", "quotations", "u65", "u2c"]))
        field = draw(st.sampled_from(changing.STATES))
    side, on = draw(st.sampled_from(["forward", "backward"])), draw(st.booleans())
    module = draw(st.one_of(st.none(), st.sampled_from(["rnn", "encoder.layers.0", "a,b"])))
    return Change(
        field, how, draw(UNITS), draw(STEPS), value, draw(st.integers(0, 5)), side, module, on, toward, source
    )


@settings(deadline=None)
@given(st.lists(changes(), max_size=changing.MOST_SOURCES))
def test_what_is_written_is_read_back(made):
    assert changing.parsed(changing.written(made)) == tuple(made)
    assert changing.written(made).isprintable()


@settings(deadline=None)
@given(st.text(max_size=60))
def test_whatever_a_link_says_is_changes_or_one_line(text):
    try:
        changing.parsed(text)
    except ValueError as problem:
        assert "\n" not in str(problem).replace(repr(text)[1:-1], "")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("1,hidden,zero,3", "is no change; wanted layer,field,how,units,steps"),
        ("1,hidden,zero,3-1,all", "'3-1' runs from 3 to 1"),
        ("1,hidden,zero,all,3 7", "steps '3 7' are not one stretch, counted from 1"),
        ("1,hidden,zero,all,0", "steps '0' are not one stretch, counted from 1"),
        ("1,forget_gate,set 1.5,all,all", "forget_gate: the value must be a number from 0 to 1; got 1.5"),
        ("1,hidden,set nan,all,all", "hidden: the value must be a number from -100 to 100; got nan"),
        ("1,hidden,add 1e30,all,all", "hidden: the value must be at most 100; got 1e\\+30"),
        (
            "1,hidden,zero 3,all,all",
            "is no way to change something; set, add, lead need a number, no other has one",
        ),
        ("1,memory,zero,all,all", "field must be one of .*; got 'memory'"),
        ("1,hidden,lead 1,all,all", "'' is no direction"),
        ("1,hidden,lead 1 blunks,all,all", "'blunks' is no direction; it is one of capitals"),
        ("1,hidden,lead 1 u110000,all,all", "'u110000' is no direction"),
        ("1,hidden,lead blanks,all,all", "'blanks' is no number"),
        ("1,update_gate,lead 1 blanks,all,all", "a direction is one of a state"),
        ("1,hidden,melt,all,all", "how must be one of .*; got 'melt'"),
        (";".join(["1,hidden,zero,all,all"] * 13), "at most 12 changes can be made at once; got 13"),
        (";".join(f"1,hidden,swap {n},all,1" for n in range(7)), "from at most 6 other texts; got 7"),
        (f"1,hidden,swap {'a' * 2001},all,1", "a text to take from has at most 2000 characters; got 2001"),
    ],
)
def test_what_is_no_change_is_one_line(text, line):
    with pytest.raises(ValueError, match=line):
        changing.parsed(text)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            Change("forget_gate", "set", value=1.0),
            "a GRU has no forget_gate; it has reset_gate, update_gate, candidate, hidden",
        ),
        (Change("hidden", "zero", (512,)), "unit 512 is not there; wanted 0 to"),
        (Change("hidden", "zero", steps=(3, 19)), "step 19 is not there; wanted 0 to 18"),
        (Change("hidden", "zero", layer=2), "layer 2 is not there; wanted 0 to 1"),
        (Change("hidden", "zero", module="decoder"), "there is no module decoder"),
        (Change("hidden", "zero", direction="backward"), "rnn has no direction backward"),
        (Change("hidden", "swap"), "another text is needed to take states from"),
    ],
)
def test_a_change_without_a_place_is_one_line(change, line):
    with pytest.raises(ValueError, match=line):
        changing.changed(model(), TEXT, [change])


def test_only_a_swap_takes_from_a_text():
    with pytest.raises(ValueError, match="only swap takes from another text, and not zero"):
        Change("hidden", "zero", source="abc")


def test_each_change_takes_from_a_text_of_its_own():
    """By hand: the states of two texts written in with `Edit`."""
    texts = ("Was it so, or was it not", "O Romeo, Romeo! wherefore", "How now, good friend, what")
    layers = [Change("hidden", "swap", (0, 1, 2), (4, 6), layer=n, source=texts[n]) for n in (0, 1)]
    general = Change("hidden", "swap", (9,), (8, 8))
    found = changing.changed(model(), TEXT, [*layers, general], texts[2])
    edits = [
        rnnviz.Edit(
            "hidden",
            model().read(text).subject.layer("rnn", layer)["hidden"].values[steps][:, units][:, None],
            units=units,
            steps=range(steps.start, steps.stop),
            layer=layer,
        )
        for text, layer, steps, units in (
            (texts[0], 0, slice(4, 7), [0, 1, 2]),
            (texts[1], 1, slice(4, 7), [0, 1, 2]),
            (texts[2], 0, slice(8, 9), [9]),
        )
    ]
    wanted = model().read(TEXT, edits).log_probability
    np.testing.assert_array_equal(found.after.log_probability, wanted)
    one = changing.changed(model(), TEXT, [Change("hidden", "swap", source=texts[0], on=False), *layers[1:]])
    assert len(one.edits) == 1, "what is off is not even read"


def test_the_own_text_swapped_in_changes_nothing():
    found = changing.changed(model(), TEXT, [Change("hidden", "swap", layer=n, source=TEXT) for n in (0, 1)])
    np.testing.assert_array_equal(found.after.log_probability, found.before.log_probability)


def test_a_text_that_is_too_short_to_swap_from_is_said():
    with pytest.raises(ValueError, match="the other text has 2 steps; step 5 is not there"):
        changing.changed(model(), TEXT, [Change("hidden", "swap", steps=(4, 5))], "ab")


@pytest.mark.parametrize(
    "text",
    [
        "1,hidden,zero,3 7-9,5-12",
        "2,update_gate,set 1,all,4;1,hidden,add -0.25,2,all;1,candidate,zero,all,all,off",
        "1,hidden,keep,1-4,3-6;2,hidden,freeze,all,2-9",
        "2,hidden,swap,all,3",
        "2,hidden,swap O Romeo%2C Romeo,all,3;1,hidden,swap,3 4,5-6;1,hidden,swap How now%3B 'what',all,2",
        "2,hidden,lead 1.5 blanks,all,4-9;1,hidden,lead -1 u65,3 7-9,all",
    ],
)
def test_the_code_does_the_same(text):
    made, other = changing.parsed(text), "Was it so, or was it not"
    lines = changing.code(made, 'rnnviz.live.shipped("shakespeare-gru")', TEXT, other)
    known: dict = {}
    exec(lines, known)
    wanted = changing.changed(model(), TEXT, made, other).after.log_probability
    np.testing.assert_array_equal(known["after"].log_probability, wanted)
