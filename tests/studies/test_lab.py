"""A text of the reader's own is learned as a loop of torch's would learn it; stopped and gone on, it is the same."""

import io
import json
import math
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from rnnviz.models.networks import LanguageModel
from rnnviz.models.vocabularies import Vocabulary
from rnnviz.monitoring import arrays
from rnnviz.monitoring.runs import Kept
from rnnviz.studies import series
from rnnviz.studies.lab import Letters, Setup, Table, Task, Training, asked, live, packed
from rnnviz.studies.lab.result import command
from rnnviz.studies.lab.table import example
from rnnviz.studies.lab.work import train
from rnnviz.studies.memory.running import DATA
from rnnviz.studies.memory.tasks import TASKS, answer, examples
from rnnviz.training.corpora import windows
from rnnviz.training.generated import mackey_glass

TEXT = "the dog sees a cat. the cat hears a bird.\n" * 30
ROWS = [(day, math.sin(day / 5) + day / 40, 3 + math.cos(day / 9) * day) for day in range(100)]
TABLE = "day,a,b\n" + "".join(f"{day},{a},{b}\n" for day, a, b in ROWS)
SMALL = Setup(units=8, length=12, batch=4, updates=6, every=3, rate=0.01, clip=0.2)


@pytest.fixture(scope="module")
def letters():
    return Letters.of(TEXT)


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_a_training_is_torchs_own(letters, kind, optimiser):
    setup = replace(SMALL, kind=kind, optimiser=optimiser)
    training = Training(setup, letters)
    torch.manual_seed(setup.seed)
    model = LanguageModel(kind, len(letters.vocabulary), 8, 8, 1)
    make = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[optimiser]
    theirs = make(model.parameters(), setup.rate)
    moments = list(training.run())
    for update in range(setup.updates):
        inputs, targets = map(torch.from_numpy, windows(letters.train, 4, 12, 0, update))
        theirs.zero_grad()
        loss = nn.functional.cross_entropy(model(inputs)[0].flatten(0, 1), targets.flatten())
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), 0.2)
        theirs.step()
    for mine, other in zip(training.model.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-6)
    last = moments[-1]
    assert [moment["step"] for moment in moments] == [0, 3, 6] and math.isnan(moments[0]["loss"])
    assert last["loss"] == pytest.approx(loss.item(), rel=1e-4)
    assert last["gradient_norm"] == pytest.approx(norm.item(), rel=1e-4)
    assert last["clipped_norm"] == pytest.approx(min(norm.item(), 0.2), rel=1e-4)
    ids = torch.from_numpy(letters.held_out[None])
    assert 0 < last["held_out"] < 2 * math.log(len(letters.vocabulary)) and ids.shape[1] > 100


@pytest.mark.parametrize("material", ["series", "adding", "copy"])
def test_a_series_and_a_task_are_learned_as_by_torchs_own_loop(material):
    setup = replace(SMALL, kind="gru")
    own = Table.of(TABLE) if material == "series" else Task(material, 20)
    training = Training(setup, own)
    torch.manual_seed(setup.seed)
    inner, head = nn.GRU(training.model.rnn.input_size, 8, batch_first=True), training.model.head
    head = nn.Linear(8, head.out_features)
    parameters = [*inner.parameters(), *head.parameters()]
    theirs = torch.optim.Adam(parameters, setup.rate)
    learned = own.values[:80] if material == "series" else None
    for update in range(setup.updates):
        if learned is not None:
            inputs, wanted = map(torch.from_numpy, windows(learned, 4, 12, 0, update))
            loss = nn.functional.mse_loss(head(inner(inputs)[0]), wanted)
        else:  # 20 steps, cut 12 before the end
            drawn = examples(material, 20, 4, setup.seed * DATA + 1 + update)
            before, state = inner(drawn.x[:, :8])
            said = head(torch.cat([before, inner(drawn.x[:, 8:], state.detach())[0]], 1))
            loss = drawn.losses(said).mean()
        theirs.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 0.2)
        theirs.step()
    moments = list(training.run())
    for mine, other in zip(training.model.parameters(), parameters, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-6)
    assert moments[-1]["loss"] == pytest.approx(loss.item(), rel=1e-4)
    norms = np.array(moments[-1]["modules"]["rnn"]["total"])[0, 0]
    assert norms.size == (12 if learned is not None else 20) and norms[0] > 0
    assert learned is not None or (norms[12:] == 0).all()  # nothing passes the cut


def test_a_series_is_forecast_beside_what_repeating_the_last_value_gives():
    own = Table.of(TABLE, "from 0 to 1")
    training = Training(replace(SMALL, length=30), own)
    last = list(training.run())[-1]
    scale = series.Scale.of(own.series.values[:80], "from 0 to 1")
    wanted = scale.apply(own.series.values)
    assert own.cut == 80 and own.values[:80].min() == 0 and own.values[:80].max() == 1 < own.values.max()
    assert last["repeated"] == pytest.approx(np.square(np.diff(wanted, axis=0)[79:]).mean(), rel=1e-5)
    with torch.no_grad():  # the thirty steps before the first that is held out are read too
        said = training.model.eval()(torch.tensor(wanted[None, 49:-1]).float())[0][0][30:]
    assert last["held_out"] == pytest.approx(np.square(said.numpy() - wanted[80:]).mean(), rel=1e-4)
    np.testing.assert_allclose(last["forecast"], scale.undo(said.numpy()), rtol=1e-4)
    looked = live(training, "mine")
    assert looked.text.startswith("step,a,b\n80,") and looked.read(looked.text).tokens[0] == "80"
    reading = looked.read(TABLE)
    with torch.no_grad():
        states = training.model.rnn(torch.tensor(wanted[None]).float())[0][0]
    np.testing.assert_allclose(
        reading.subject.layer("rnn")["hidden"].values, states.numpy(), rtol=1e-4, atol=1e-6
    )
    assert looked.send_back(TABLE, 0).loss == pytest.approx(
        np.square(
            training.model(torch.tensor(wanted[None, :1]).float())[0].detach().numpy() - wanted[1]
        ).mean(),
        rel=1e-4,
    )
    with pytest.raises(ValueError, match=r"wanted 2 numbers a step \(a, b\); got 1"):
        looked.read("1\n2\n3")
    file = packed(training, last["held_out"], command(training.setup, own))
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        card = json.loads(archive.read("card.json"))
    assert card["columns"][0] == {"name": "a", "centre": scale.centre[0], "spread": scale.spread[0]}
    assert 'train-series series.csv --scale "from 0 to 1" --units 8' in card["command"]


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("1,2", "at least two rows of numbers; got 1"),
        ("1\n2\n3", "has 3 rows; at least 20 are needed"),
        (
            "a,b\n" + "".join(f"{i},7\n" for i in range(50)),
            "column 'b' is 7 in all 40 rows that are learned from",
        ),
        ("a,b\n1,2\n3,\n", "line 3, column 'b': a gap"),
        ("a\n" + "1\n" * 30 + "word\n", "line 32, column 'a': wanted a number; got 'word'"),
        (",".join("1" * 17) + "\n" + (",".join("2" * 17) + "\n") * 30, "17 columns; up to 16"),
        ("1\n" * 2_000_000, "the table has 3.8 MB; up to 2 MB"),
        ("1\n" * 120_000, "120,000 lines; the limit is 100,000"),
    ],
)
def test_a_table_that_cannot_be_forecast_is_one_line(table, says):
    with pytest.raises(ValueError) as refused:
        Table.of(table)
    assert says in str(refused.value) and "\n" not in str(refused.value)


def test_what_is_asked_for_in_plain_values_is_what_is_learned():
    assert asked.material({"task": "parity", "steps": 7}) == Task("parity", 7)
    assert asked.material({"series": TABLE, "scale": "as they are"}).values[3, 0] == np.float32(ROWS[3][1])
    with pytest.raises(ValueError, match="windows of 80 steps need a table of more than 101 rows"):
        Training(replace(SMALL, length=80), Table.of(TABLE))
    for wrong, says in (
        ({"task": "first", "steps": 201}, "takes 1 to 200 steps"),
        ({"task": "chess", "steps": 5}, "task must be one of"),
        ({"series": TABLE, "scale": "log"}, "scale must be one of"),
        ({}, "nothing is learned from nothing"),
    ):
        with pytest.raises(ValueError, match=says):
            asked.material(wrong)


def test_the_example_is_the_equation_and_a_table_is_written_as_it_is_read():
    found, fine = mackey_glass(30, every=1), mackey_glass(300, every=1)
    slope = 0.2 * fine[20 - 17] / (1 + fine[20 - 17] ** 10) - 0.1 * fine[20]
    assert (fine[21] - fine[19]) / 2 == pytest.approx(slope, abs=2e-3) and (found == fine[:30]).all()
    assert len(Table.of(example()).values) == 800
    for table in (
        TABLE,
        "1.5\n2\n",
        "t,max temp\n1,1\n2,2\n",
        "x,1,2\ny,3,4\nx,5,6",
        '"a;b",d,e\n1,2,3\n3,4,5',
    ):
        before = series.parse(table)
        after = series.parse(series.written(before))
        assert after.steps == before.steps and (after.values == before.values).all()


@pytest.mark.parametrize("task", list(TASKS))
def test_a_task_that_was_learned_reads_its_symbols_and_has_a_loss_at_their_end(task):
    own = Task(task, 12)
    training = Training(replace(SMALL, updates=1, every=1), own)
    moment = list(training.run())[-1]
    held_out = own.of(training.setup)
    for x, wanted in zip(held_out.x[:40], held_out.target, strict=False):
        torch.testing.assert_close(answer(task, x), wanted, check_dtype=False)
    said = training.model.eval()(held_out.x)[0].detach()
    assert moment["held_out"] == pytest.approx(held_out.losses(said).mean().item(), rel=1e-5)
    assert moment["right"] == held_out.right(said) and len(moment["answers"]) == 6
    looked = live(training, "mine")
    whole = looked.send_back(looked.text)
    assert whole.loss == pytest.approx(held_out.losses(said)[0].item(), rel=1e-3)
    assert len(looked.read(looked.text).subject.layer("rnn")["hidden"]) == 12
    answers, back = looked.read(looked.text).answers, whole.answers
    shares = said[0].softmax(-1) if held_out.outputs > 1 else said[0]
    np.testing.assert_allclose(answers["said"].T, shares, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(answers["said"], back["said"], rtol=1e-4, atol=1e-6)
    asked = held_out.target.shape[1]
    assert answers.attrs["asked"] == asked and answers["wanted"][:-asked].isnull().all()
    np.testing.assert_allclose(answers["wanted"][-asked:], held_out.target[0], atol=1e-3)
    with pytest.raises(ValueError, match="wanted"):
        looked.read("1,2,3\n4,5,6" if task == "adding" else "!!")
    assert command(training.setup, own).startswith(f"rnnviz train-task {task} --steps 12 --units 8")


@pytest.mark.parametrize("material", ["text", "series", "task"])
def test_stopped_and_gone_on_is_the_same_to_the_last_bit_also_with_dropout(material):
    letters = {"text": Letters.of(TEXT), "series": Table.of(TABLE), "task": Task("first", 15)}[material]
    shows = {"text": "sample", "series": "forecast", "task": "answers"}[material]
    setup = replace(SMALL, dropout=0.3, layers=2)
    whole = Training(setup, letters)
    every = list(whole.run())
    first = Training(replace(setup, updates=3), letters)
    list(first.run())
    second = Training.of(setup, letters, first.state())
    later = list(second.run())
    assert [m["step"] for m in later] == [6]
    for name in ("loss", "held_out", shows, "gradient_norm", "modules"):
        assert later[-1][name] == every[-1][name]
    assert all(map(torch.equal, second.model.parameters(), whole.model.parameters()))
    other = Training.of(replace(setup, rate=0.5, clip=None), letters, first.state())
    assert next(other.run())["held_out"] != every[-1]["held_out"]
    for wrong in (replace(setup, units=9), replace(setup, kind="gru"), replace(setup, seed=1)):
        with pytest.raises(ValueError, match="cannot be gone on with"):
            Training.of(wrong, letters, first.state())
    with pytest.raises(ValueError, match="other data"):
        Training.of(setup, Letters.of(TEXT + "XYZ" * 400), first.state())
    with pytest.raises(ValueError, match="cannot be gone on with"):
        Training.of(setup, letters, b"nothing")


def test_a_rate_that_diverges_ends_it_where_it_left_the_numbers(letters):
    training = Training(replace(SMALL, optimiser="sgd", rate=1e38, clip=None), letters)
    moments = list(training.run())
    assert training.diverged and moments[-1]["step"] < 6
    assert "sample" not in moments[-1]


def test_a_moment_is_drawn_as_one_of_a_monitor(letters):
    kept = Kept({}, "mine", Training(SMALL, letters).run())
    found = arrays.layers(kept, "rnn")
    assert dict(found["total"].sizes) == {"update": 3, "layer": 1, "direction": 1, "distance": 12}
    assert (found["total"].values > 0).all() and found["gate"].values.tolist() == [
        "input_gate",
        "forget_gate",
        "output_gate",
    ]


def test_a_text_is_split_known_and_refused_in_one_line():
    letters = Letters.of("ab\r\nc" * 100 + "é" * 45)
    assert letters.text[:6] == "ab\ncab" and len(letters.held_out) == 45
    assert letters.unknown == 1.0 and "é" not in letters.vocabulary.characters
    assert Letters.of("한국어 " * 60).vocabulary.characters[-1] == "한"
    many = "".join(chr(0x4E00 + i) for i in range(3000)) * 2 + "a" * 1000
    assert len(Letters.of(many).vocabulary) <= 1001
    for text, says in (
        ("a" * 300, "holds 'a' alone"),
        ("abc", "at least 200"),
        ("", "at least 200"),
        ("ab" * 2_000_000, "up to 2 MB"),
    ):
        with pytest.raises(ValueError, match=says):
            Letters.of(text)
    with pytest.raises(ValueError, match="need a text of more than"):
        Training(replace(SMALL, length=200), Letters.of("ab" * 100))


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("kind", "cnn", "kind"),
        ("units", 257, "at most 256"),
        ("units", 0, "units"),
        ("layers", 4, "at most 3"),
        ("rate", 0, "above 0"),
        ("clip", -1.0, "above 0"),
        ("dropout", 1.0, "below 1"),
        ("updates", 10**9, "at most 20000"),
        ("every", 0, "every"),
        ("seed", -1, "seed"),
    ],
)
def test_a_set_up_that_makes_no_sense_is_refused(field, value, says):
    with pytest.raises(ValueError, match=says):
        Setup(**{field: value})
    with pytest.raises(ValueError):
        Setup.from_dict({"speed": 1})


def test_what_was_trained_is_read_written_on_and_taken_away(letters):
    training = Training(SMALL, letters)
    moments = list(training.run())
    own = live(training, "mine")
    reading = own.read("the cat")
    ids = torch.tensor([letters.vocabulary.encode("the cat")])
    scores = training.model.eval()(ids)[0][0]
    np.testing.assert_allclose(
        reading.log_probability.values, scores.log_softmax(-1).detach().numpy(), rtol=1e-4, atol=1e-5
    )
    sent = own.send_back("the cat")
    want = nn.functional.cross_entropy(scores[:-1].double(), ids[0, 1:], reduction="sum")
    assert sent.loss == pytest.approx(want.item(), rel=1e-4)
    file = packed(training, moments[-1]["held_out"], command(SMALL, letters))
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        card = json.loads(archive.read("card.json"))
        weights = safetensors.torch.load(archive.read("model.safetensors"))
    model = LanguageModel(
        *(card["model"][n] for n in ("kind", "vocabulary", "embedding", "hidden", "layers"))
    )
    model.load_state_dict(weights)
    assert all(map(torch.equal, model.parameters(), training.model.parameters()))
    assert Vocabulary(tuple(card["vocabulary"])) == letters.vocabulary
    assert "--units 8" in card["command"] and "--clip 0.2" in card["command"]
    assert card["held_out"]["loss"] == moments[-1]["held_out"]


def test_a_worker_tells_each_moment_and_how_far_it_came(letters):
    told = train(SMALL.to_dict(), {"text": TEXT})
    seen = []
    while True:
        try:
            seen.append(next(told))
        except StopIteration as end:
            found = end.value
            break
        kept = seen[-1].kept
    assert found.attrs == {"update": 6, "diverged": 0}
    assert [one.frame["step"] for one in seen] == [0, 3, 6] and seen[0].frame["loss"] is None
    assert Training.of(SMALL, letters, kept).update == 6
