"""Small untrained models that know a few words, and the page that shows what they say of a review."""

import shutil

import numpy as np
import pytest
import torch

from rnnviz.models import checkpoints
from rnnviz.models.networks import Classifier
from rnnviz.models.vocabularies import Lexicon
from rnnviz.studies import judging
from rnnviz.ui.parts import tables
from rnnviz.ui.rooms import sentiment
from rnnviz.ui.rooms.sentiment import page as room_page
from rnnviz.ui.rooms.sentiment import reviews
from tests.pages.conftest import Opened

TEXT = "the film is not bad at all"


def save(language, which, scores=(70.0, 71.0), baseline=(78.0, 79.5)):
    """A small untrained model that knows the words of TEXT, or some syllables."""
    entries = tuple(TEXT.split()) if language == "english" else tuple(" 이영화정말재미있없다안보면후회한")
    lexicon = Lexicon("words" if language == "english" else "characters", entries)
    kind, _dash, readout = which.partition("-")
    size = {
        "kind": kind,
        "vocabulary": len(lexicon),
        "embedding": 4,
        "hidden": 10,
        "readout": readout or "last",
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(len(which))
        model = Classifier(**size)
        with torch.no_grad():
            model.head.weight *= 9
            model.embedding.weight *= 3
    parts = ("validation", "test")
    card = {
        "task": "sentiment",
        "model": size,
        "scores": dict(zip(parts, scores, strict=True)),
        "scores_unit": "%",
        "baseline": {"name": "naive Bayes of a test", "scores": dict(zip(parts, baseline, strict=True))},
        "parameters": 1000,
        "data": {"source": "a test", "licence": "none", "split": "one"},
        "command": f"train {which}",
        "words": {"unit": lexicon.unit, "tokens": list(lexicon.entries)},
    }
    checkpoints.save(f"sentiment-{language}-{which}", model, card)


@pytest.fixture(scope="session")
def saved_models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("RNNVIZ_CHECKPOINTS", str(folder))
        for language in sentiment.LANGUAGES:
            for which in sentiment.MODELS:
                save(language, which)
    return folder


@pytest.fixture
def models(saved_models, monkeypatch):
    monkeypatch.setenv("RNNVIZ_CHECKPOINTS", str(saved_models))


@pytest.fixture
def own_models(models, saved_models, tmp_path, monkeypatch):
    """Models that a test may change: their folder."""
    monkeypatch.setenv(
        "RNNVIZ_CHECKPOINTS",
        str(shutil.copytree(saved_models, tmp_path / "models", copy_function=shutil.copyfile)),
    )
    return tmp_path / "models"


class Page(Opened):
    page = "sentiment"

    @property
    def drawn(self) -> dict | None:
        return self.visit._sent("rnnviz_sentiment")

    @property
    def sections(self) -> dict[str, dict]:
        return {section["name"]: section for section in self.drawn["sections"]}

    def parts(self, section: str, part: str) -> list[dict]:
        return [each for each in self.sections[section]["parts"] if each["part"] == part]

    def widget(self, key: str):
        kinds = (
            *self.test.text_area,
            *self.test.text_input,
            *self.test.get("button_group"),
            *self.test.button,
        )
        return next(w for w in kinds if w.key == key)

    def type(self, text: str, box: str = "sentiment_text") -> "Page":
        self.widget(f"pick_{box}").set_value(text).run()
        assert not self.test.exception
        return self


@pytest.fixture
def page(models, visit):
    return lambda text=TEXT, **more: Page(visit, **{"sentiment_text": text} | more)


@pytest.fixture
def saved(monkeypatch):
    """The files of tables, by name, as frames of what stands in them."""
    found = {}

    def table_csv(frame, name, file):
        found[name] = file
        tables.table_csv(frame, name, file)

    for room in (room_page, reviews):
        monkeypatch.setattr(room, "table_csv", table_csv)
    return found


def opinion(which: str, text: str = TEXT, language: str = "english"):
    """What a model says, asked by hand."""
    model, card = checkpoints.load(f"sentiment-{language}-{which}")
    return model, judging.read(model, checkpoints.words(card).encode(text))


def percents(texts):
    return np.array([float(text.strip("<> %")) / 100 for text in texts])
