"""A translation goes on from changed states: what is written back changes nothing, and what is changed is what a loop makes."""

import numpy as np
import pytest
import torch

import rnnviz
from rnnviz import Edit
from rnnviz.models import decoding
from rnnviz.models.vocabularies import START_ID
from rnnviz.recording.edits import FIELDS
from rnnviz.studies import changing, translating
from rnnviz.studies.changing import Change

NAMES = ("translate-dates", "translate-dates-plain", "translate-korean")
TEXTS = {"dates": ("March 5, 2024", "March 7, 2024"), "korean": ("I like music.", "I like dogs.")}


def texts(name):
    return TEXTS["korean" if "korean" in name else "dates"]


@pytest.fixture(scope="module", params=NAMES)
def model(request):
    return translating.shipped(request.param)


def test_it_writes_what_the_translator_writes(model):
    text = texts(model.name)[0]
    found, wanted = model.read(text), decoding.greedy(model.model, model.source.encode(text))
    assert list(found.target_ids) == wanted.tokens
    assert found.written == model.target.decode([i for i in wanted.tokens if i != rnnviz.decoding.END_ID])
    assert found.subject.modules == ("encoder", "decoder")
    assert found.subject.steps("encoder") == len(model.source.split(text))
    assert found.subject.steps("decoder") == len(found.tokens) == len(found.target_ids)


@pytest.mark.parametrize("field", FIELDS["gru"])
@pytest.mark.parametrize("module", ["encoder", "decoder"])
def test_what_was_there_written_back_changes_nothing_to_the_last_digit(model, module, field):
    sides = ("forward", "backward") if module == "encoder" else ("forward",)
    changes = [Change(field, "keep", module=module, direction=side) for side in sides]
    found = changing.changed(model, texts(model.name)[0], changes)
    assert found.edits and found.after is not found.before
    np.testing.assert_array_equal(found.after.log_probability, found.before.log_probability)
    assert found.after.written == found.before.written
    for one in ("encoder", "decoder"):
        for name in FIELDS["gru"]:
            now, was = (read.subject.node(one)[name] for read in (found.after, found.before))
            np.testing.assert_array_equal(now, was)


def test_all_of_another_sentences_encoder_gives_its_translation(model):
    one, other = texts(model.name)
    changes = [
        Change("hidden", "swap", module="encoder", direction=side, source=other)
        for side in ("forward", "backward")
    ]
    found, wanted = changing.changed(model, one, changes), model.read(other)
    assert found.after.written == wanted.written != found.before.written
    np.testing.assert_array_equal(found.after.log_probability, wanted.log_probability)


def test_a_changed_decoder_state_is_what_a_loop_makes_of_it(model):
    """By hand: the decoder's state is set to 0 at one step, and it writes on from there."""
    text, at = texts(model.name)[0], 3
    found = changing.changed(model, text, [Change("hidden", "zero", None, (at, at), module="decoder")])
    net, last, written = model.model, START_ID, []
    with torch.inference_mode():
        memory, state = net.read(torch.tensor([model.source.encode(text)]))
        for step in range(80):
            embedded = net.target_embedding(torch.tensor([[last]]))
            told, state = net.decoder(embedded, state)
            if step == at:
                told, state = torch.zeros_like(told), torch.zeros_like(state)
            read = told if net.attention is None else torch.cat((net.attention(told, memory), told), -1)
            last = int(net.head(net.combine(read).tanh())[0, 0].argmax())
            written.append(last)
            if last == decoding.END_ID:
                break
    assert list(found.after.target_ids) == written
    assert found.after.written != found.before.written
    assert not found.divergence[:at].any() and found.divergence.sizes["time"] == found.shared
    was, now = found.before.target_ids, found.after.target_ids
    assert (
        was[: found.shared - 1] == now[: found.shared - 1] and was[found.shared - 1] != now[found.shared - 1]
    )


def test_a_change_of_a_step_that_is_not_reached_is_none():
    model = translating.shipped("translate-dates")
    early = Change("hidden", "zero", None, (0, 0), module="decoder")
    found = changing.changed(model, TEXTS["dates"][0], [early])
    last = len(found.before.tokens) - 1
    assert len(found.after.tokens) < last, "the text ends earlier"
    both = changing.changed(
        model, TEXTS["dates"][0], [early, Change("hidden", "zero", None, (last, last), module="decoder")]
    )
    np.testing.assert_array_equal(both.after.log_probability, found.after.log_probability)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (Change("hidden", "lead", toward="blanks", value=1.0, module="encoder"), "a translator has none"),
        (Change("hidden", "zero", module="rnn"), "there is no module rnn"),
        (Change("hidden", "zero", (96,), module="decoder"), "unit 96 is not there; wanted 0 to 95"),
        (Change("hidden", "zero", steps=(3, 40), module="encoder"), "step 40 is not there; wanted 0 to 12"),
        (Change("cell", "zero", module="encoder"), "a GRU has no cell"),
        (
            Change("hidden", "zero", direction="backward", module="decoder"),
            "decoder has no direction backward",
        ),
    ],
)
def test_what_has_no_place_is_one_line(change, line):
    with pytest.raises(ValueError, match=line):
        changing.changed(translating.shipped("translate-dates"), TEXTS["dates"][0], [change])


def test_an_empty_sentence_another_network_and_steps_apart_are_one_line():
    model = translating.shipped("translate-dates")
    with pytest.raises(ValueError, match="there is nothing to translate"):
        model.read("")
    with pytest.raises(ValueError, match="shakespeare-gru is no translator; one is translate-dates"):
        translating.shipped("shakespeare-gru")
    with pytest.raises(ValueError, match="steps of a decoder must be one stretch"):
        model.read("March 5, 2024", Edit("hidden", 0.0, steps=[1, 3], module="decoder"))


def test_the_code_does_the_same():
    text, other = TEXTS["dates"]
    made = changing.parsed(
        f"1,hidden,swap {other.replace(',', '%2C')},all,7,,encoder;"
        f"1b,hidden,swap {other.replace(',', '%2C')},all,7,,encoder;1,update_gate,keep,3,2-4,,decoder"
    )
    lines = changing.code(
        made, "rnnviz.translating.shipped('translate-dates')", text, last=["print(after.written)"]
    )
    known: dict = {}
    exec(lines, known)
    wanted = changing.changed(translating.shipped("translate-dates"), text, made)
    assert known["after"].written == wanted.after.written == "2024-03-07"
    np.testing.assert_array_equal(known["after"].log_probability, wanted.after.log_probability)
