"""Small writers, and the page on which they write."""

import base64
import json
import shutil

import numpy as np
import pytest
import torch

from rnnviz.models import checkpoints
from rnnviz.models.counting import NGrams
from rnnviz.models.networks import LanguageModel
from rnnviz.models.vocabularies import Vocabulary
from rnnviz.studies.writing import Counts, Network, Rule, Writing
from rnnviz.ui.rooms.generate import texts
from rnnviz.ui.shell.folding import packed
from tests.pages.conftest import Opened

LETTERS = Vocabulary(
    tuple(sorted(set("\n ROMEO:To be, or not to be, that is the question: whether to tweet it.def")))
)
SIZE = len(LETTERS)
ORDER = 4
PIECE = 12  # of each of four writers


def save() -> None:
    """Small untrained models that know the characters of the examples, and counts."""
    common = {
        "vocabulary": list(LETTERS.characters),
        "scores": {"validation": 2.0, "test": 2.0},
        "parameters": 100,
        "data": {
            "source": "a test",
            "licence": "none",
            "characters": {"train": 500, "validation": 0, "test": 0},
        },
        "command": "none",
        "scores_unit": "nats a character",
        "recipe": {"discount": 0.6, "k": 0.01, "unit": "characters"},
    }
    for name in ("shakespeare-rnn", "shakespeare-gru", "shakespeare-lstm", "python-lstm"):
        size = {"kind": name.split("-")[1], "vocabulary": SIZE, "embedding": 3, "hidden": 5, "layers": 2}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(len(name))
            model = LanguageModel(**size)
        with torch.no_grad():
            model.head.weight *= 6
        checkpoints.save(name, model, common | {"model": size})
    text = np.random.default_rng(3).integers(1, SIZE, 500)
    size = {"kind": "counts", "vocabulary": SIZE, "unit": "characters", "order": ORDER}
    checkpoints.save(
        "counts-characters", NGrams.of(text, ORDER, SIZE), common | {"model": size, "task": "counts"}
    )


@pytest.fixture(scope="module")
def saved_models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("RNNVIZ_CHECKPOINTS", str(folder))
        save()
    return folder


@pytest.fixture
def models(saved_models, monkeypatch):
    monkeypatch.setenv("RNNVIZ_CHECKPOINTS", str(saved_models))
    monkeypatch.setattr(texts, "PIECE", 4 * PIECE)
    monkeypatch.setattr(texts, "OPENING", 32)


@pytest.fixture
def own_models(models, saved_models, tmp_path, monkeypatch):
    """Models that a test may change: their folder."""
    monkeypatch.setenv(
        "RNNVIZ_CHECKPOINTS",
        str(shutil.copytree(saved_models, tmp_path / "models", copy_function=shutil.copyfile)),
    )
    return tmp_path / "models"


class Page(Opened):
    page = "generate"

    def sent(self, mode: str) -> dict | None:
        for found in self.test.get("bidi_component"):
            if found.proto.component_name == "rnnviz_generate":
                data = json.loads(found.proto.json)
                if data["mode"] == mode:
                    return data
        return None

    @property
    def drawn(self) -> dict | None:
        return self.sent("writing")

    def ask(self, have=None) -> dict:
        """What the browser is given when it asks for more. have: of each text; by default all that was sent."""
        kept = self.test.session_state["generate"]
        kept["ask"] = {"serial": 5, "have": dict(kept["sent"]) if have is None else have}
        self.test.run()
        assert not self.test.exception
        return self.drawn


@pytest.fixture
def page(models, visit):
    return lambda **more: Page(visit, **({"generate_text": "ROMEO:"} | more))


def unpacked(text, kind, count):
    found = np.frombuffer(base64.b64decode(text), kind)
    return found.reshape(count, -1) if count else found


def ids(writer):
    return unpacked(writer["ids"], np.uint16, writer["count"])[:, 0].tolist()


def by_hand(kind="lstm", text="ROMEO:", count=PIECE, rule=None, changes=None, name=None):
    """The same text, written without the page."""
    model, _card = checkpoints.load(
        name or ("counts-characters" if kind == "counts" else f"shakespeare-{kind}")
    )
    writer = Counts(model, ORDER, 0.6) if kind == "counts" else Network(model)
    writing = Writing(writer, LETTERS.encode(text), rule or Rule(0.8, 0, 1.0, 1), changes)
    writing.write(count)
    return writing


def change(*one, **more):
    return {"generate_changes": packed([list(o) for o in one])} | more
