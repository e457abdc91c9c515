"""A text translated, and changed on the way: only what was touched may differ."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some

from rnnviz.models import checkpoints, decoding
from rnnviz.models.vocabularies import END_ID, Lexicon, cut
from rnnviz.studies import translating
from rnnviz.studies.translating import Override, different, parse, written
from rnnviz.ui.rooms.attention import translation
from rnnviz.ui.rooms.attention.translation import checked, translate

NAME, TEXT = "translate-dates", "the seventh of June 1981"
NUMBERS = ("memory", "hidden", "context", "product", "attentional", "score", "weight", "own", "probability")


def same(a, b, names=NUMBERS):
    return [name for name in names if not np.array_equal(a.steps[name].values, b.steps[name].values)] == []


edits = some.dictionaries(
    some.integers(0, 98),
    some.builds(
        Override,
        some.dictionaries(some.integers(0, 98), some.floats(0, 1e6), max_size=4),
        some.booleans(),
        some.none() | some.integers(0, 999),
    ).filter(lambda edit: edit.weights or edit.bare or edit.token is not None),
    max_size=4,
)


@given(edits)
def test_edits_survive_the_link(wanted):
    assert parse(written(wanted)) == wanted


def test_a_link_counts_from_one():
    assert parse("3:*=0,7=1;5:>12") == {2: Override({6: 1.0}, bare=True), 4: Override(token=12)}


def chosen(count: int) -> str:
    """A link that sets the token of so many steps."""
    return ";".join(f"{step}:>5" for step in range(1, count + 1))


@pytest.mark.parametrize(
    "value",
    [
        *("3", "3:", "0:1=1", "3:0=1", "3:1=-1", "3:1=nan", "3:1=1e999", "3:>x", "x" * 20_001, "3:1=1=1"),
        chosen(decoding.LONGEST + 1),
    ],
)
def test_a_damaged_link_is_one_line(value):
    with pytest.raises(ValueError, match="The changes in this link are damaged"):
        checked(value)


def test_the_numbers_are_those_of_the_model():
    reading = translate(NAME, TEXT)
    model, _card = checkpoints.load(NAME)
    with torch.inference_mode():
        memory, state = model.read(torch.tensor([reading.source_ids]))
        told = torch.tensor([[1, *reading.target_ids[:-1]]])
        scores, attentional, _state = model.write(told, state, memory)
    close = {"rtol": 1e-4, "atol": 1e-5}
    np.testing.assert_allclose(reading.steps["memory"], memory[0], **close)
    np.testing.assert_allclose(reading.steps["attentional"], attentional[0], **close)
    np.testing.assert_allclose(reading.steps["probability"], scores[0].softmax(-1), **close)
    np.testing.assert_allclose(np.tanh(reading.steps["product"]), reading.steps["attentional"], **close)
    np.testing.assert_allclose(
        (reading.steps["weight"] * reading.steps["memory"]).sum("key"), reading.steps["context"], **close
    )
    np.testing.assert_allclose(reading.steps["weight"].sum("key"), 1, atol=1e-6)
    assert reading.target_ids[-1] == END_ID


@pytest.mark.parametrize(
    ("name", "text"), [(NAME, TEXT), ("translate-korean", "Tom said he didn't want to study French.")]
)
@settings(deadline=None, max_examples=6)
@given(step=some.integers(0, 9), data=some.data())
def test_setting_weights_to_what_they_were_changes_nothing_to_the_last_digit(name, text, step, data):
    before = translate(name, text)
    own = before.steps["weight"].values[step].astype(float)
    places = data.draw(some.sets(some.integers(0, len(own) - 1), min_size=1))
    after = translate(name, text, written({step: Override({i: own[i].item() for i in places})}))
    assert list(after.translation.given) == [step]
    assert after.target_ids == before.target_ids
    # `own` of an edited step is computed anew from its scores
    assert same(before, after)


def test_only_what_was_touched_differs():
    before = translate(NAME, TEXT)
    own = before.steps["weight"].values[3].astype(float).tolist()
    place = int(np.argsort(own)[-2])
    after = translate(NAME, TEXT, f"4:{place + 1}=0.5")
    assert [w for i, w in enumerate(after.translation.given[3]) if i != place] == [
        w for i, w in enumerate(own) if i != place
    ]
    assert after.translation.given[3][place] == 0.5
    np.testing.assert_array_equal(after.steps["weight"][:3], before.steps["weight"][:3])
    np.testing.assert_array_equal(after.steps["score"][:4], before.steps["score"][:4])


def test_weights_are_normalised():
    after = translate(NAME, TEXT, "1:1=3")
    used = after.steps["weight"].values[0]
    assert sum(after.translation.given[0]) == pytest.approx(4, abs=0.01)
    assert used.sum() == pytest.approx(1, abs=1e-6)
    assert used[0] == pytest.approx(0.75, abs=0.01)


def test_looking_only_at_one_place_makes_its_state_the_context():
    after = translate(NAME, TEXT, "3:*=0,7=1")
    np.testing.assert_array_equal(after.steps["context"][2], after.steps["memory"][6])


def test_however_many_changes_a_link_has_the_text_is_written_twice(monkeypatch):
    runs, greedy = [], decoding.greedy
    monkeypatch.setattr(decoding, "greedy", lambda *given: runs.append(given) or greedy(*given))
    model, card = checkpoints.load(NAME)
    wanted = parse(chosen(decoding.LONGEST) + ";2:1=0.5,3=0.1")
    found = translating.translate(model, *checkpoints.lexicons(card), TEXT, wanted)
    assert found.target_ids == (*found.target_ids[:2], *[5] * (decoding.LONGEST - 2))
    assert list(found.given) == [1] and found.overrides == wanted and not found.ignored
    assert len(runs) == 2


def test_weights_whose_sum_is_beyond_float64_are_shares_like_all_others():
    after = translate(NAME, TEXT, "3:*=0,1=1e308,7=1e308")
    np.testing.assert_allclose(after.steps["weight"][2, [0, 6]], 0.5)


def test_another_token_is_taken_and_decoding_goes_on():
    before = translate(NAME, TEXT)
    other = next(i for i in range(3, 13) if i != before.target_ids[0])
    after = translate(NAME, TEXT, f"1:>{other}")
    assert after.target_ids[0] == other
    assert after.original_ids == before.target_ids
    np.testing.assert_array_equal(after.steps["hidden"][0], before.steps["hidden"][0])
    assert not np.array_equal(after.steps["hidden"][1], before.steps["hidden"][1])


@pytest.mark.parametrize("value", ["80:1=1", "1:99=1", "1:>9999", "1:*=0", "1:*=0,2=0"])
def test_what_fits_nothing_is_left_out_and_named(value):
    after = translate(NAME, TEXT, value)
    assert after.translation.ignored == (int(value.split(":")[0]) - 1,)
    assert after.overrides == {}
    assert same(after, translate(NAME, TEXT))


def test_the_recording_has_the_tokens_of_both_halves():
    reading = translate(NAME, TEXT)
    node = reading.trace["attention"]
    assert node["weight"].sizes["query"] == len(reading.target_ids)
    assert list(reading.trace["encoder"]["token"].values) == list(TEXT)
    assert reading.trace["decoder"]["token"].values[1] == reading.target.tokens[reading.target_ids[0]]


def test_the_twin_has_no_attention():
    model, card = checkpoints.load(f"{NAME}-plain")
    assert model.attention is None
    assert card["model"] | {"attention": "dot"} == checkpoints.card(NAME)["model"]


def test_what_differs_is_found_token_by_token():
    assert different("abcd", "abxd") == ([2], [])
    assert different("abcd", "abd") == ([], [(2, ["c"])])
    assert different("abcd", "abcd") == ([], [])
    assert different("ab", "xab") == ([0], [])


def test_a_long_text_is_cut_to_what_is_read():
    assert cut(Lexicon("characters", ()), " abcdef ", 4) == ("abcd", 2)
    assert cut(Lexicon("words", ()), "One two, three", 3) == ("one two ,", 1)
    assert cut(Lexicon("words", ()), "One two", 3) == ("One two", 0)


@pytest.mark.parametrize(
    ("text", "right", "line"),
    [
        ("5 Mar 2024", "2024-03-05", ""),
        ("2023년 2월 29일", None, "There is no such day from 1950 to 2049"),
        ("Guten Tag", None, "This is none of the 54 ways"),
    ],
)
def test_the_right_answer_is_known_where_there_is_one(text, right, line):
    found, said = translation.truth(translate(NAME, text))
    assert found == right
    assert said.startswith(line)
    assert bool(said) == bool(line)
