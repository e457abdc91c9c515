"""A recipe gives the same weights, never stopped or stopped often, whoever else draws random numbers."""

import hashlib
import io
import itertools
import math
import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from rnnviz.models.networks import LanguageModel, parameter_count
from rnnviz.training import loop
from rnnviz.training.corpora import Corpus, Examples, dates, windows
from rnnviz.training.recipes import RECIPES, GrowingRecipe, Recipe, TranslationRecipe
from rnnviz.training.scores import held_out_loss
from rnnviz.training.trainings import GrowingTraining, LanguageTraining, begin
from tests.conftest import full_disk

TEXT = "the quick brown fox jumps over the lazy dog. " * 20
CORPUS = Corpus(TEXT, TEXT[:90], TEXT[:90], "a test", "none", "0", "by hand")
RECIPE = Recipe("lstm", "shakespeare", hidden=5, embedding=3, steps=6, batch=2, length=7)
each_kind = pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])


def finished(recipe=RECIPE, corpus=CORPUS):
    training = LanguageTraining(recipe, corpus)
    list(training.run())
    return training


def weights(training):
    return torch.cat([p.detach().flatten() for p in training.model.parameters()])


def test_the_seed_decides_the_weights():
    assert torch.equal(weights(finished()), weights(finished()))
    assert not torch.equal(weights(finished()), weights(finished(replace(RECIPE, seed=2))))


@each_kind
@pytest.mark.parametrize("stops", [[1], [5], [2, 3]])
def test_stopped_saved_and_resumed_is_never_stopped(tmp_path, kind, stops):
    recipe = replace(RECIPE, kind=kind)
    path = tmp_path / "a.training.pt"
    for stop in stops:
        training = LanguageTraining(recipe, CORPUS)
        if path.exists():
            training.resume(path)
        for measured in training.run():
            if measured["step"] == stop:
                break
        training.save(path)
    resumed = LanguageTraining(recipe, CORPUS)
    resumed.resume(path)
    came = list(resumed.run())
    whole = LanguageTraining(recipe, CORPUS)
    assert came == list(whole.run())[stops[-1] :]
    assert torch.equal(weights(resumed), weights(whole))
    assert [p.name for p in tmp_path.iterdir()] == ["a.training.pt"]


def test_training_leaves_every_random_generator_as_it_was():
    def states():
        return torch.get_rng_state().tolist(), random.getstate(), str(np.random.get_state())

    before = states()
    training = LanguageTraining(RECIPE, CORPUS)
    for _ in training.run():
        assert states() == before
    held_out_loss(training.model, training.test_ids)
    assert states() == before


def test_what_others_draw_does_not_change_the_weights():
    disturbed = LanguageTraining(RECIPE, CORPUS)
    for measured in disturbed.run():
        torch.manual_seed(measured["step"])
        torch.rand(3)
    assert torch.equal(weights(disturbed), weights(finished()))


def test_the_first_loss_is_the_cross_entropy_of_the_first_windows():
    training = LanguageTraining(replace(RECIPE, dropout=0.0, unknown=0.0), CORPUS)
    inputs, targets = map(torch.from_numpy, windows(training.train_ids, 2, 7, seed=1, step=0))
    with torch.no_grad():
        scores, _ = training.model(inputs)
    wanted = -scores.log_softmax(-1).gather(-1, targets[..., None]).mean()
    assert next(training.run())["loss"] == pytest.approx(wanted.item(), rel=1e-5)


def test_the_loss_falls():
    training = LanguageTraining(replace(RECIPE, hidden=16, steps=60, batch=8, learning_rate=5e-2), CORPUS)
    losses = [measured["loss"] for measured in training.run()]
    assert losses[0] == pytest.approx(math.log(len(training.vocabulary)), rel=0.1)  # it knows nothing yet
    assert np.mean(losses[-5:]) < 0.8 * losses[0]


def test_a_card_says_which_share_of_the_held_out_text_is_unknown_and_what_a_character_is():
    corpus = replace(CORPUS, train="가나 " * 9 + "다" * 12 + "가나 ", validation="가다나\n", test="가나다가")
    card = LanguageTraining(replace(RECIPE, corpus="nsmc_text"), corpus).described()
    assert card["vocabulary"] == [" ", "가", "나", "다"]  # ten times each, or more
    assert card["unknown"] == {"validation": 0.25, "test": 0.0}
    assert card["scores_unit"].startswith("nats a character (of Hangul, a syllable), ")
    assert "Hangul" not in LanguageTraining(RECIPE, CORPUS).described()["scores_unit"]


@pytest.mark.parametrize("steps", range(3, 12))
def test_any_number_of_steps_from_three_can_be_trained(steps):
    assert finished(replace(RECIPE, steps=steps)).step == steps


@pytest.mark.parametrize(
    "change", [{"steps": 2}, {"steps": 0}, {"learning_rate": 0.0}, {"learning_rate": -1.0}]
)
def test_a_recipe_that_cannot_be_trained_is_refused(change):
    with pytest.raises(ValueError, match="at least 3 steps and a positive learning rate"):
        LanguageTraining(replace(RECIPE, **change), CORPUS)


def test_the_learning_rate_rises_to_its_peak_and_falls_to_nearly_nothing():
    training, rates = LanguageTraining(replace(RECIPE, steps=20), CORPUS), []
    for _ in range(20):
        rates.append(training.optimiser.param_groups[0]["lr"])
        next(training.run())
    peak = int(np.argmax(rates))
    assert rates[peak] == pytest.approx(RECIPE.learning_rate)
    assert np.all(np.diff(rates[: peak + 1]) > 0) and np.all(np.diff(rates[peak:]) < 0)
    assert rates[-1] < RECIPE.learning_rate / 1000


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_the_unknown_token_is_learned_where_tokens_are_hidden(share):
    recipe = replace(RECIPE, unknown=share, weight_decay=0.0)
    start, end = (t.model.embedding.weight for t in (LanguageTraining(recipe, CORPUS), finished(recipe)))
    changed = (start != end).any(1)
    assert changed[0].item() is (share == 1)
    assert changed[1:].any().item() is (share == 0)


def test_a_loss_that_is_not_finite_stops_the_training():
    training = LanguageTraining(RECIPE, CORPUS)
    nn.init.constant_(training.model.head.bias, math.nan)
    with pytest.raises(FloatingPointError, match="the loss is nan at step 1; lower the learning rate"):
        next(training.run())


def test_a_training_of_another_recipe_is_refused_and_named(tmp_path):
    LanguageTraining(RECIPE, CORPUS).save(tmp_path / "a.pt")
    other = LanguageTraining(replace(RECIPE, seed=7), CORPUS)
    with pytest.raises(
        ValueError, match=r"another recipe: seed 1 \(now 7\); delete it or train with --fresh"
    ):
        other.resume(tmp_path / "a.pt")


def flipped(byte):
    """A bit of that byte flipped: negative from the end."""
    return lambda raw: raw[:byte] + bytes([raw[byte] ^ 4]) + raw[byte:][1:]


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: b"",
        lambda raw: b"not a training",
        lambda raw: raw[:-200],
        *(flipped(byte) for byte in (3, 30, 1_000, 5_000, -4_000, -900, -2)),
    ],
)
def test_a_damaged_training_is_refused_in_one_line(tmp_path, damage):
    path = tmp_path / "a.pt"
    training = LanguageTraining(RECIPE, CORPUS)
    training.save(path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match="not a saved training") as refused:
        training.resume(path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda state: state.update(step=99), "step 99 of 6"),
        (lambda state: state.update(step="2"), "step '2' of 6"),
        (lambda state: state.update(step=1), "step 1, but the schedule is at 2"),
        (
            lambda state: state["model"]["head.bias"].fill_(math.nan),
            "head.bias holds numbers that are not finite",
        ),
        (lambda state: state["optimiser"]["state"][0].update(exp_avg=torch.zeros(2)), "has another shape"),
        (lambda state: state.pop("schedule"), "('schedule')"),
        (lambda state: state.update(optimiser=[]), "cannot be gone on from"),
        (lambda state: state.update(recipe="mine"), "is not a saved training"),
        (lambda state: state.update(model=3), "a model of another shape"),
    ],
)
def test_a_training_whose_parts_do_not_fit_is_refused_in_one_line(tmp_path, change, words):
    path, training = tmp_path / "a.pt", LanguageTraining(RECIPE, CORPUS)
    for measured in training.run():
        if measured["step"] == 2:
            break
    training.save(path)
    state = loop.saved(path)
    change(state)
    packed = io.BytesIO()
    torch.save(state, packed)
    path.write_bytes(loop.FORMAT + hashlib.sha256(packed.getvalue()).digest() + packed.getvalue())
    with pytest.raises(ValueError) as refused:
        LanguageTraining(RECIPE, CORPUS).resume(path)
    assert words in str(refused.value) and "\n" not in str(refused.value)


def test_a_disk_that_is_full_costs_no_older_state(tmp_path):
    path, training = tmp_path / "a.pt", LanguageTraining(RECIPE, CORPUS)
    training.save(path)
    before = path.read_bytes()
    next(training.run())
    with full_disk(2**10), pytest.raises(OSError, match="a.pt"):
        training.save(path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_a_training_on_another_alphabet_is_refused_in_one_line(tmp_path):
    LanguageTraining(RECIPE, CORPUS).save(tmp_path / "a.pt")
    other = LanguageTraining(RECIPE, replace(CORPUS, train=TEXT + "0123456789"))
    with pytest.raises(ValueError) as refused:
        other.resume(tmp_path / "a.pt")
    assert "\n" not in str(refused.value)


def test_a_training_on_another_text_of_the_same_alphabet_is_refused(tmp_path):
    LanguageTraining(RECIPE, CORPUS).save(tmp_path / "a.pt")
    other = LanguageTraining(RECIPE, replace(CORPUS, train=TEXT[::-1], sha256="1"))
    with pytest.raises(ValueError):
        other.resume(tmp_path / "a.pt")


def one_stream(model, ids):
    """Mean of -ln p(token | tokens before it), token after token."""
    with torch.no_grad():
        rows = model.eval()(torch.tensor([list(ids)]))[0][0].log_softmax(-1)
    return -np.mean([rows[t, ids[t + 1]].item() for t in range(len(ids) - 1)])


def test_a_network_that_grows_up_keeps_its_weights_as_they_were(tmp_path):
    """What is kept is what a shorter look would have seen, in half precision; a stop in between changes nothing."""
    recipe = growing()
    seen, whole = {0: weights(begin(recipe, CORPUS))}, begin(recipe, CORPUS)
    assert isinstance(whole, GrowingTraining)
    for measured in whole.run():
        seen[measured["step"]] = weights(whole)
    assert list(whole.kept) == [0, 2, 6]
    for step in whole.kept:
        at = torch.cat([p.flatten() for p in whole.at(step).parameters()])
        assert torch.equal(at, seen[step].half().float())
    stopped = begin(recipe, CORPUS)
    next(stopped.run())
    stopped.save(tmp_path / "a.training.pt")
    resumed = begin(recipe, CORPUS)
    resumed.resume(tmp_path / "a.training.pt")
    list(resumed.run())
    assert list(resumed.kept) == [0, 2, 6]
    assert all(
        torch.equal(one, whole.kept[step][name])
        for step, named in resumed.kept.items()
        for name, one in named.items()
    )


def growing(**changed):
    return GrowingRecipe(
        "lstm",
        "shakespeare",
        hidden=5,
        **({"steps": 6, "batch": 2, "length": 7, "moments": (0, 2, 6)} | changed),
    )


def test_its_card_scores_each_moment_and_ends_with_the_last():
    training = begin(growing(), CORPUS)
    list(training.run())
    card = training.described()
    assert [one["step"] for one in card["moments"]] == [0, 2, 6]
    assert card["moments"][0]["test"] == round(held_out_loss(training.at(0), training.test_ids), 4)
    assert card["scores"] == {part: card["moments"][-1][part] for part in ("validation", "test")}


def test_a_stopped_training_that_has_lost_a_moment_is_refused(tmp_path):
    training, path = begin(growing(), CORPUS), tmp_path / "a.training.pt"
    list(training.run())
    del training.kept[2]
    training.save(path)
    with pytest.raises(ValueError, match=r"it has kept the steps \[0, 6\]; at step 6 wanted \[0, 2, 6\]"):
        begin(growing(), CORPUS).resume(path)


def test_the_three_that_grow_up_share_one_recipe_and_one_width():
    recipes = [RECIPES[f"growing-{kind}"] for kind in ("rnn", "gru", "lstm")]
    assert len({replace(one, kind="", learning_rate=1.0) for one in recipes}) == 1
    moments = recipes[0].moments
    assert len(moments) >= 16 and moments[0] == 0 and moments[-1] == recipes[0].steps
    assert {0, 10, 100, 1000} <= set(moments) and list(moments) == sorted(set(moments))


@each_kind
@pytest.mark.parametrize("length", [1, 3, 8, 500])
def test_held_out_loss_of_one_stream_is_the_direct_mean(kind, length):
    torch.manual_seed(1)
    model = LanguageModel(kind, 5, 3, 4)
    ids = np.array([1, 4, 2, 0, 3, 3, 1, 2, 4])
    assert held_out_loss(model, ids, streams=1, length=length) == pytest.approx(
        one_stream(model, ids), rel=1e-5
    )


def test_held_out_loss_of_two_streams_is_the_mean_of_two_starts():
    torch.manual_seed(1)
    model = LanguageModel("gru", 5, 3, 4)
    ids = np.array([1, 4, 2, 0, 3, 3, 1, 2, 4, 0])
    wanted = (one_stream(model, ids[:5]) + one_stream(model, ids[5:])) / 2
    assert held_out_loss(model, ids, streams=2, length=2) == pytest.approx(wanted, rel=1e-5)


def test_a_model_that_knows_nothing_loses_the_log_of_its_alphabet():
    model = LanguageModel("rnn", 5, 3, 4, dropout=0.9)
    nn.init.zeros_(model.head.weight)
    nn.init.zeros_(model.head.bias)
    assert held_out_loss(model, np.arange(40) % 5) == pytest.approx(math.log(5), rel=1e-6)
    assert model.training


@pytest.mark.parametrize(
    ("text", "tokens", "least", "most"),
    [("shakespeare", 66, 859_000, 878_000), ("korean", 1049, 447_000, 451_000)],
)
def test_the_three_recipes_of_a_text_share_one_budget(text, tokens, least, most):
    """tokens: that the training text holds often enough, and the unknown one."""
    recipes = {kind: RECIPES[f"{text}-{kind}"] for kind in ("rnn", "gru", "lstm")}
    counts = [
        parameter_count(LanguageModel(kind, tokens, r.embedding, r.hidden, r.layers))
        for kind, r in recipes.items()
    ]
    assert min(counts) >= least
    assert max(counts) < most
    alike = {replace(recipe, kind="", hidden=0, learning_rate=0.0) for recipe in recipes.values()}
    assert len(alike) == 1


# translators

SMALL = TranslationRecipe("gru", "dates", "characters", hidden=8, embedding=4, steps=6, batch=3, dropout=0.2)
DATES = dates(pairs=(50, 20, 30))
RUN = ("I run.", "난 뛰어.")
SENTENCES = Examples(
    [RUN, ("You run.", "넌 뛰어.")] * 3, [RUN] * 2, [("We run.", "우린 뛰어.")] * 2, "", "", "0", ""
)


def a_stop_changes_nothing(recipe, data, path):
    """Stopped after the third step, saved and resumed: the same metrics and weights as if never stopped."""
    first = begin(recipe, data)
    for measured in first.run():
        if measured["step"] == 3:
            break
    first.save(path)
    resumed, whole = begin(recipe, data), begin(recipe, data)
    resumed.resume(path)
    assert list(resumed.run()) == list(whole.run())[3:]
    assert torch.equal(weights(resumed), weights(whole))


@pytest.mark.parametrize("attention", ["dot", None])
def test_a_translator_stopped_saved_and_resumed_is_never_stopped(tmp_path, attention):
    a_stop_changes_nothing(replace(SMALL, attention=attention), DATES, tmp_path / "a.pt")


def test_the_first_loss_of_a_translator_is_the_mean_over_what_is_not_padding():
    training = begin(replace(SMALL, dropout=0.0, unknown=0.0), DATES)
    draw = np.random.default_rng([1, 0])
    rows = [training.train_ids[i] for i in draw.integers(50, size=3)]
    losses = []
    with torch.no_grad():
        for source, target in rows:
            scores = training.model(torch.tensor([source]), None, torch.tensor([target[:-1]]))
            losses += nn.functional.cross_entropy(
                scores[0], torch.tensor(target[1:]), reduction="none"
            ).tolist()
    assert next(training.run())["loss"] == pytest.approx(np.mean(losses), rel=1e-5)


def test_a_card_of_dates_counts_what_is_right_also_by_length():
    training = begin(SMALL, DATES)
    right = [target for _, target in DATES.test]
    assert training.score("test", right) == 100
    assert training.score("test", [*right[:-3], "", "", ""]) == pytest.approx(90)
    training.translated = lambda part: [target for _, target in training.pairs[part]]
    card = training.described()
    assert card["scores"] == {"validation": 100.0, "test": 100.0}
    assert sum(group["sentences"] for group in card["by_length"]) == 30
    lengths = [len(source) for source, _ in DATES.test]
    assert card["by_length"][0]["from"] == min(lengths) and card["by_length"][-1]["to"] == max(lengths)
    spans = [(group["from"], group["to"]) for group in card["by_length"]]
    assert all(low <= high < following for (low, high), (following, _) in itertools.pairwise(spans))


def test_no_group_of_lengths_is_wide_unless_its_part_would_be_small():
    training = begin(SMALL, DATES)
    lengths = [*[6] * 60, *[10] * 60, *range(20, 60), *[59] * 20]
    training.pairs["test"] = [("1" * length, "") for length in lengths]
    spans = [(group["from"], group["to"]) for group in training._by_length([""] * len(lengths))]
    assert spans[-1][1] == 59 and spans[-1][0] >= 30
    few = [*[6] * 60, *[10] * 60, 20, 59]
    training.pairs["test"] = [("1" * length, "") for length in few]
    assert training._by_length([""] * len(few))[-1]["to"] == 59
    assert all(group["sentences"] >= 2 for group in training._by_length([""] * len(few)))


def test_sentences_are_scored_by_sacrebleu():
    training = begin(replace(SMALL, corpus="tatoeba", source="words"), SENTENCES)
    assert training.score("test", ["우린 뛰어."] * 2) == pytest.approx(100)
    assert training.score("test", ["가"] * 2) == 0
    assert training.scores_unit.startswith("chrF2 by sacrebleu")
    assert training.source.unit == "words" and training.target.unit == "characters"


def test_pairs_beyond_the_longest_are_not_trained_on():
    training = begin(replace(SMALL, corpus="tatoeba", longest=4), SENTENCES)
    assert training.train_ids == []


def test_a_translator_learns_a_handful_of_dates_by_heart():
    few = replace(DATES, train=DATES.train[:4], validation=DATES.train[:4], test=DATES.train[:4])
    recipe = replace(SMALL, hidden=24, steps=100, batch=4, dropout=0.0, learning_rate=3e-2, unknown=0.0)
    training = begin(recipe, few)
    list(training.run())
    assert training.described()["scores"]["test"] == 100


def test_the_twins_share_one_recipe_but_for_the_attention():
    for name in ("translate-dates", "translate-korean"):
        assert replace(RECIPES[name], attention=None) == RECIPES[f"{name}-plain"]
