"""Units silenced in turn: as in a network written by hand without them, side by side as one by one, beside what gradients say."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from rnnviz.models.networks import LanguageModel
from rnnviz.models.vocabularies import Vocabulary
from rnnviz.recording.edits import FIELDS, Edit
from rnnviz.studies import ablation, live, rows
from rnnviz.studies.progress import Done, followed

LETTERS = Vocabulary(tuple("\n abcdE()"))
TEXT = "abE (cad)\nbEa d(b)ca\n cabE"
EVERY = [(kind, field) for kind in FIELDS for field in FIELDS[kind]]


def model_of(kind, layers=2, units=5):
    torch.manual_seed(3)
    model = LanguageModel(kind, len(LETTERS), 4, units, layers).double().eval()
    with torch.no_grad():  # a network that does something
        for weight in model.parameters():
            weight *= 2.5
    return model


def subject_of(kind, **more):
    return live.language(model_of(kind, **more), LETTERS, kind, TEXT)


class Plain(nn.Module):
    """The same network as one that nobody knows."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, ids):
        return self.model(ids)[0][0]


def unknown(kind):
    return live.Live(
        Plain(model_of(kind)),
        lambda text: torch.tensor([LETTERS.encode(text)]),
        TEXT,
        kind,
        list,
        lambda scores: scores,
        LETTERS.tokens,
    )


def loss_of(model, text=TEXT):
    ids = torch.tensor(LETTERS.encode(text))
    with torch.no_grad():
        return nn.functional.cross_entropy(model(ids[None])[0][0, :-1], ids[1:]).item()


@pytest.mark.parametrize("kind", FIELDS)
def test_a_silenced_unit_is_one_whose_outgoing_weights_are_zero(kind):
    subject = subject_of(kind)
    growth = ablation.ablate(subject, TEXT)["growth"]
    plain = loss_of(subject.model)
    for layer in (0, 1):
        for unit in range(5):
            without = copy.deepcopy(subject.model)
            with torch.no_grad():
                getattr(without.rnn, f"weight_hh_l{layer}")[:, unit] = 0
                onward = without.rnn.weight_ih_l1 if layer == 0 else without.head.weight
                onward[:, unit] = 0
            wanted = loss_of(without) - plain
            assert growth.sel(layer=layer, unit=unit).item() == pytest.approx(wanted, abs=1e-10)
    assert np.ptp(growth.values) > 0.01


@pytest.mark.parametrize(("kind", "field"), EVERY)
def test_side_by_side_is_as_one_by_one(kind, field):
    one, other = subject_of(kind), unknown(kind)
    texts = [TEXT, "dab\nEEa"]
    batched = ablation.ablate(one, texts, field=field, to=0.3)
    singly = ablation.ablate(other, texts, field=field, to=0.3)
    assert (batched.attrs["batched"], singly.attrs["batched"]) == (1, 0)
    for name in ("growth", "first_order", "activity", "loss"):
        np.testing.assert_allclose(batched[name], singly[name], atol=1e-10)
    both = ablation.curve(one, texts, batched), ablation.curve(other, texts, singly)
    np.testing.assert_allclose(both[0]["growth"], both[1]["growth"], atol=1e-10)


@pytest.mark.parametrize(("kind", "field"), EVERY)
def test_what_is_foretold_is_the_slope_on_the_way_to_silence(kind, field):
    subject = subject_of(kind)
    found = ablation.ablate(subject, TEXT, field=field, to=0.2)
    little = 1e-6
    for layer, unit in ((0, 1), (1, 4)):

        def toward(share, layer=layer, unit=unit):
            way = Edit(field, lambda now: now + share * (0.2 - now), [unit], layer=layer)
            return subject.losses(TEXT, way).mean()

        slope = (toward(little) - toward(-little)) / (2 * little)
        assert found["first_order"].sel(layer=layer, unit=unit).item() == pytest.approx(slope, abs=1e-7)


def test_activity_is_the_mean_size_over_the_steps():
    subject = subject_of("gru")
    hidden = subject.read(TEXT).subject.layer("rnn", 1)["hidden"]
    found = ablation.ablate(subject, TEXT, layer=1)
    np.testing.assert_allclose(found["activity"].values[0, :, 0], abs(hidden).mean("time"), atol=1e-12)
    assert found["layer"].values.tolist() == [1]


def test_a_mean_is_over_all_steps_of_the_texts_that_are_given():
    subject, more = subject_of("lstm"), ["abab", "dE\n(a)c"]
    hidden = np.concatenate([subject.read(text).subject.layer("rnn", 0)["hidden"] for text in more])
    found = ablation.ablate(subject, TEXT, layer=0, to="mean", means=more)
    set_by_hand = Edit("hidden", float(hidden[:, 2].mean()), [2])
    wanted = subject.losses(TEXT, set_by_hand).mean() - loss_of(subject.model)
    assert found["growth"].sel(unit=2).item() == pytest.approx(wanted, abs=1e-10)


def test_a_kind_of_token_counts_where_it_comes_next():
    subject = subject_of("rnn")
    found = ablation.ablate(subject, [TEXT, "abcd"], kind="line ends")
    ends = [t - 1 for t, character in enumerate(TEXT) if character == "\n"]
    losses = subject.losses(TEXT)
    assert found["counted"].values.tolist() == [2, 0]
    assert found["loss"].values[0] == pytest.approx(losses[ends].mean())
    assert np.isnan(found["growth"].values[..., 1]).all()
    silenced = subject.losses(TEXT, Edit("hidden", 0.0, [3], layer=1))
    wanted = (silenced - losses)[ends].mean()
    assert found["growth"].sel(layer=1, unit=3).values[0] == pytest.approx(wanted, abs=1e-10)
    assert not np.isnan(ablation.ranked(found)["growth"]).any()
    other = ablation.ablate(subject, TEXT, kind=lambda text: [c == "\n" for c in text])
    np.testing.assert_allclose(other["growth"], found["growth"][..., :1])


def test_ranks_run_from_the_largest_and_agree_with_themselves():
    found = ablation.ranked(ablation.ablate(subject_of("lstm"), [TEXT, "dab\nEEa"]))
    growth = found["growth"].values.ravel()
    first = found["rank"].sel(measure="growth").values.ravel()
    assert growth[first == 1] == growth.max() and sorted(first) == list(range(1, 11))
    size = found["rank"].sel(measure="size").values.ravel()
    assert abs(found["foretold"].values.ravel())[size == 1] == abs(found["foretold"].values).max()
    assert found["agreement"].sel(measure="growth").item() == pytest.approx(1)
    assert found["agreement"].sel(measure="foretold") > 0.5


def test_the_curve_begins_with_the_unit_that_matters_most_and_ends_without_any():
    subject = subject_of("gru")
    found = ablation.ablate(subject, TEXT)
    curve = ablation.curve(subject, TEXT, found)
    assert curve["count"].values.tolist() == [1, 2, 4, 8, 10]
    growth = curve["growth"].isel(text=0)
    assert growth.sel(order="most", count=1).item() == pytest.approx(found["growth"].max().item())
    assert growth.sel(order="least", count=1).item() == pytest.approx(found["growth"].min().item())
    silent = copy.deepcopy(subject.model)
    with torch.no_grad():
        silent.head.weight.zero_()
    np.testing.assert_allclose(growth.sel(count=10), loss_of(silent) - loss_of(subject.model), atol=1e-10)
    again = ablation.curve(subject, TEXT, found)
    np.testing.assert_array_equal(curve["growth"], again["growth"])


def test_progress_is_told_from_the_first_and_can_stop_the_work(monkeypatch):
    monkeypatch.setattr(rows, "ROWS", 2)
    subject, told = subject_of("rnn"), []
    ablation.ablate(subject, [TEXT, "abab"], progress=lambda done, total: told.append((done, total)))
    assert told[0] == (0, 20) and told[-1] == (20, 20)
    assert [done for done, _total in told] == sorted(done for done, _total in told)

    class Stop(Exception):
        pass

    def stop(done, _total):
        if done >= 4:
            raise Stop

    with pytest.raises(Stop):
        ablation.ablate(subject, TEXT, progress=stop)


def test_the_model_is_left_as_it_was():
    subject = subject_of("lstm")
    before = copy.deepcopy(subject.model.state_dict())
    subject.model.train()
    state = torch.get_rng_state()
    ablation.curve(subject, TEXT, ablation.ablate(subject, TEXT))
    assert subject.model.training and torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(one, before[name]) for name, one in subject.model.state_dict().items())


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"layer": 2}, "layer must be 0 to 1; got 2"),
        ({"field": "cell"}, "rnn has no 'cell'; it has hidden"),
        ({"to": float("nan")}, "to must be a number up to 1e+06 in size, or 'mean'; got nan"),
        ({"to": 1e30}, "to must be a number up to 1e+06 in size, or 'mean'; got 1e+30"),
        ({"kind": "verbs"}, "kind must be one of capitals"),
        ({"kind": lambda text: [True]}, "kind told of 1 tokens; the text has 26"),
        ({"kind": lambda text: [False] * len(text)}, "no token counts"),
        ({"texts": "a"}, "wanted one text or several, each of at least two tokens"),
        ({"texts": []}, "wanted one text or several"),
    ],
)
def test_what_cannot_be_is_one_line(more, said):
    with pytest.raises(ValueError, match="^[^\n]*$") as problem:
        ablation.ablate(subject_of("rnn"), **({"texts": TEXT} | more))
    assert said in str(problem.value)


def test_a_gate_is_set_within_its_bounds():
    with pytest.raises(ValueError, match="a gate lies between 0 and 1; forget_gate cannot be set to 1.5"):
        ablation.ablate(subject_of("lstm"), TEXT, field="forget_gate", to=1.5)


def test_long_texts_and_many_candidates_are_run_in_smaller_pieces(monkeypatch):
    subject = subject_of("lstm")
    whole = ablation.ablate(subject, TEXT)["growth"]
    monkeypatch.setattr(rows, "NUMBERS", 3 * 5 * len(TEXT))
    monkeypatch.setattr(rows, "SCORES", 2 * 3 * len(LETTERS))
    np.testing.assert_allclose(ablation.ablate(subject, TEXT)["growth"], whole, atol=1e-12)


def test_a_worker_is_told_the_way_and_given_one_layer():
    asked = {"name": "growing-gru", "text": "To be", "layer": 0, "field": "hidden", "to": 0.0, "kind": None}
    steps, told = ablation.shipped(**asked), []
    while True:
        try:
            told.append(next(steps))
        except StopIteration as end:
            found = end.value
            break
    assert told[0].done == 0 and told[-1].done == told[-1].total == 128
    subject = live.shipped("growing-gru")
    alone = ablation.ranked(ablation.ablate(subject, "To be")).isel(layer=0)
    np.testing.assert_array_equal(found["growth"], alone["growth"])
    assert found["together"].dims == ("order", "count")
    found.to_netcdf()  # as a worker hands it over


def test_work_that_is_followed_stops_when_nobody_waits_and_hands_on_what_it_raises():
    ended = []

    def endless(progress):
        try:
            while True:
                progress(1, 2)
        finally:
            ended.append(True)

    steps = followed(endless)
    assert next(steps) == Done(1, 2)
    steps.close()
    assert ended

    def broken(progress):
        raise ValueError("no such thing")

    with pytest.raises(ValueError, match="no such thing"):
        list(followed(broken))
