"""Linear probes find what was planted, at the distance at which it is there, and nothing in what was shuffled."""

import numpy as np
import pytest
import torch
from torch import nn

from rnnviz.studies import live, probing
from rnnviz.studies.live import Live
from rnnviz.studies.probing import PROPERTIES, Property
from rnnviz.studies.writing import Rule
from tests.studies.test_ablation import subject_of

LETTERS = "abcd\n"
RANDOM = np.random.default_rng(5)
TEXT = "".join(RANDOM.choice(list(LETTERS), 2400))
STEPS = 3000


class Register(nn.Module):
    """Its units hold the token that was read and the one before it, and nothing else."""

    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(5, 12, batch_first=True)
        with torch.no_grad():
            for weight in self.rnn.parameters():
                weight.zero_()
            self.rnn.weight_ih_l0[:5] = 0.5 * torch.eye(5)
            self.rnn.weight_hh_l0[5:10, :5] = torch.eye(5)

    def forward(self, x):
        return self.rnn(x)[0]


def encode(text):
    return torch.eye(5)[[LETTERS.index(letter) for letter in text]][None]


SUBJECT = Live(Register(), encode, "abc")


def planted(seed=0):
    """States with one direction in which an answer lies, and the answers."""
    random = np.random.default_rng(seed)
    answers = random.integers(0, 2, STEPS)
    states = random.normal(size=(STEPS, 20))
    states += 4 * (answers[:, None] - 0.5) * random.normal(size=20) / 4
    return states, answers


def test_planted_information_is_found_and_shuffled_is_not():
    states, answers = planted()
    parts = probing.split([STEPS], 20)
    assert probing.score(states, answers, parts) > 0.95
    chance = 3 * 0.5 / np.sqrt(parts.tested.sum())
    for seed in range(5):
        shuffled = np.random.default_rng(seed).permutation(answers)
        assert probing.score(states, shuffled, parts) < 0.5 + chance + 0.02


def test_planted_numbers_are_found_and_shuffled_are_not():
    random = np.random.default_rng(1)
    states = random.normal(size=(STEPS, 20))
    numbers = states @ random.normal(size=20) + 7
    parts = probing.split([STEPS], 20)
    assert probing.score(states, numbers, parts, numeric=True) > 0.98
    assert abs(probing.score(states, random.permutation(numbers), parts, numeric=True)) < 0.05


def test_what_a_register_holds_is_read_up_to_its_length():
    found = probing.probe(SUBJECT, TEXT, properties=["token", "vowel"], distances=[0, 1, 2, 5])
    score = found["score"].sel(field="hidden")
    np.testing.assert_array_equal(score.sel(distance=[0, 1]), 1)
    chance = 3 * 0.5 / np.sqrt(found.attrs["tested"])
    assert (score.sel(property="token", distance=[2, 5]) < 0.2 + chance).all()
    np.testing.assert_allclose(
        score.sel(property="vowel", distance=5), found["majority"].sel(property="vowel", distance=5)
    )
    present = found["present"].sel(property="token")
    assert present.sel(distance=0) == 1 and present.sel(distance=1) < 0.2 + chance
    # a token's name by lot is known as well as its own: what a control is for
    assert (found["control"].sel(distance=1) == 1).all()
    np.testing.assert_array_equal(found["selectivity"], found["score"] - found["control"])


def test_what_needs_memory_is_not_told_by_the_present_token():
    """Whether the token before was an a or a b: the register has it, the token just read knows nothing of it."""
    before = Property(lambda tokens: [one in "ab" for one in [" ", *tokens[:-1]]])
    found = probing.probe(SUBJECT, TEXT, properties={"ab before": before}, distances=[0, 1])
    assert found["score"].sel(distance=0).item() == 1
    chance = 3 * 0.5 / np.sqrt(found.attrs["tested"])
    assert found["present"].sel(distance=0).item() < 0.6 + chance
    assert found["score"].sel(distance=1).item() < 0.6 + chance


def test_numbers_are_told_as_r2_against_the_mean():
    last = Property(lambda tokens: [float(LETTERS.index(token)) for token in tokens], numeric=True)
    found = probing.probe(SUBJECT, TEXT, properties={"last": last}, distances=[0, 1, 3])
    score = found["score"].values[0, 0]
    assert (score[:2] > 0.99).all() and abs(score[2]) < 0.05
    np.testing.assert_array_equal(found["majority"] == 0, True)
    assert found["numeric"].values.tolist() == [True]


def test_the_present_token_alone_foretells_what_goes_round():
    found = probing.probe(SUBJECT, "abcd" * 400, properties=["token"], distances=[3])
    assert found["present"].item() == found["score"].item() == 1 > found["majority"].item()


def test_stretches_do_not_touch_and_texts_do_not_mix():
    parts = probing.split([600, 900], 21)
    learned, tested = np.flatnonzero(parts.learned), np.flatnonzero(parts.tested)
    for start, end in ((0, 600), (600, 1500)):
        own, others = (one[(one >= start) & (one < end)] for one in (learned, tested))
        assert abs(own[:, None] - others).min() > 21 and len(others) == (end - start) / 4
    both = probing.probe(SUBJECT, [TEXT[:1200], TEXT[1200:]], properties=["token"], distances=[1])
    assert both["score"].item() == 1


def test_lots_are_one_for_each_token_as_often_as_the_property_and_never_itself():
    kinds = np.array([LETTERS.index(letter) for letter in TEXT])
    answers = kinds == 4
    for seed in range(5):
        lots = probing._lots(answers, kinds, np.random.default_rng(seed))
        assert all(len(np.unique(lots[kinds == kind])) == 1 for kind in range(5))
        assert (lots != answers).any() and abs(lots.mean() - answers.mean()) < 0.05


def test_the_same_seed_gives_the_same_numbers_and_one_answer_gives_none():
    given = {"properties": ["token", "bracket depth"], "distances": [0, 2]}
    one, again = (probing.probe(SUBJECT, TEXT, **given, seed=3) for _ in range(2))
    assert one.identical(again)
    assert np.isnan(one["score"].sel(property="bracket depth")).all()
    other = probing.probe(SUBJECT, TEXT, **given, seed=4)
    np.testing.assert_array_equal(one["score"], other["score"])


def test_properties_are_what_they_are_called():
    text = 'ROMEO:\nOh, "my (d[a]y)" ends\n'

    def of(name):
        return list(PROPERTIES[name].of(list(text)))

    where = {
        name: "".join("^" if yes else "." for yes in of(name))
        for name in PROPERTIES
        if not PROPERTIES[name].numeric
    }
    assert where["capital"] == "^^^^^.." + "^" + "." * (len(text) - 8)
    assert where["speaker's line"] == "^" * 7 + "." * (len(text) - 7)
    assert where["in a quotation"] == "." * 11 + "^" * 11 + "." * (len(text) - 22)
    assert of("bracket depth")[15:23] == [1, 1, 2, 2, 1, 1, 0, 0]
    assert of("place in the line")[5:10] == [5, 0, 1, 2, 3]
    assert of("place in the word")[:9] == [0, 1, 2, 3, 4, 0, 0, 1, 2]
    assert of("token") == list(text) and where["punctuation"][5:7] == "^."
    words = ["To", "be,", "or"]
    assert list(PROPERTIES["punctuation"].of(words)) == [False, True, False]


def test_progress_is_told_from_the_first_and_can_stop_the_work():
    told = []
    given = {"properties": ["token", "capital"], "distances": [0, 1]}
    probing.probe(SUBJECT, TEXT, **given, progress=lambda *now: told.append(now))
    assert told[0] == (0, 8) and told[-1] == (8, 8) and told == sorted(told)

    def stop(_done, _total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        probing.probe(SUBJECT, TEXT, progress=stop)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"texts": "abc"}, "probes need 200 steps to learn from"),
        ({"texts": []}, "wanted one text or several"),
        ({"fields": "cell"}, "rnn has no 'cell'"),
        ({"layer": 1}, "layer must be 0 to 0; got 1"),
        ({"distances": []}, "distances must be 0 to 1000 steps, at least one"),
        ({"distances": [-1]}, "distances must be 0 to 1000"),
        ({"properties": ["verb"]}, "a property is one of token, capital"),
        ({"properties": []}, "name at least one property"),
        ({"properties": {"odd": Property(lambda tokens: [1])}}, "'odd' gave 1 answers for 2400 tokens"),
        ({"properties": {"odd": Property(lambda tokens: [np.nan] * len(tokens), True)}}, "a finite number"),
    ],
)
def test_what_cannot_be_is_one_line(more, said):
    with pytest.raises(ValueError, match="^[^\n]*$") as problem:
        probing.probe(SUBJECT, **({"texts": TEXT} | more))
    assert said in str(problem.value)


def test_how_far_back_is_remembered_is_what_the_states_hold():
    """The register holds the token that was read and the one before it."""
    found = probing.probe(SUBJECT, TEXT, properties=["token", "place in the line"], distances=(0, 1, 2, 3))
    beyond = probing.memory(found)
    assert beyond["reach"].sel(property="token").item() == 1
    assert np.isnan(beyond["reach"].sel(property="place in the line").item())
    best = np.maximum(found["majority"], found["present"])
    np.testing.assert_array_equal(beyond["guess"], best)


def test_enough_is_the_shortest_text_that_is_probed():
    for distances in ((0, 1), (0, 1, 20)):
        fewest = probing.enough(distances)
        probing.probe(SUBJECT, TEXT[:fewest], properties=["line end"], distances=distances)
        with pytest.raises(ValueError, match="probes need 200 steps"):
            probing.probe(SUBJECT, TEXT[: fewest - 1], properties=["line end"], distances=distances)


def finished(**asked):
    """What a worker makes of it, and what it said on the way."""
    steps, told = probing.shipped(**asked), []
    while True:
        try:
            told.append(next(steps))
        except StopIteration as end:
            return end.value, told


def test_a_worker_reads_what_the_model_writes_after_the_text():
    asked = {"layer": 0, "field": "hidden", "properties": ["blank"], "seed": 3}
    found, told = finished(name="growing-gru", text="ROMEO:\n", length=900, **asked)
    subject = live.shipped("growing-gru")
    text = found.attrs["text"]
    assert text[:60] == subject.write("ROMEO:\n", 53, Rule(seed=3)) and len(text) == 900
    alone = probing.probe(subject, text, properties=["blank"], seed=3)
    np.testing.assert_array_equal(found["score"], alone["score"])
    written = [(one.done, one.total) for one in told if one.what == "writing"]
    assert written == [(done, 893) for done in range(0, 893, 100)]
    assert [one.total for one in told if not one.what][-1] == 20
    again, told = finished(name="growing-gru", text=text, length=900, **asked)
    np.testing.assert_array_equal(again["score"], found["score"])
    assert not any(one.what for one in told)


def test_who_speaks_is_the_last_that_was_named():
    text = "x\nA B:\nhi\nC:\nho"
    assert probing.speakers(text) == [""] * 7 + ["A B"] * 3 + [""] * 3 + ["C"] * 2
    assert not probing.heard_again(text) and not probing.heard_again("A:\nhi\n" * 9)
    assert probing.heard_again("A:\nhi\nB:\nho\n" * 4) and not probing.heard_again(
        "A:\nhi\n" * 4 + "B:\nho\n" * 3
    )


def test_a_probe_finds_who_speaks_where_the_state_tells_it():
    """Each speaker has letters of its own, so that the token just read tells who speaks."""
    text = "E:\nbbbbbb\nEE:\ndddddd\n" * 40
    found = probing.probe(subject_of("gru"), text, properties=["speaker"], distances=[0], layer=0)
    assert found["score"].item() > 0.9 > found["majority"].item()
