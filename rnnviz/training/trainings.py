"""What is learned: for each task the data as ids, the loss of a batch, and the scores that the model's card bears."""

import copy
import math
from collections.abc import Iterator
from typing import Any, overload

import numpy as np
import torch
from torch import nn

from rnnviz.models.cards import Card, Group, Moment
from rnnviz.models.decoding import greedy_many, padded
from rnnviz.models.networks import BlankFiller, Classifier, LanguageModel, Translator, reading
from rnnviz.models.vocabularies import END_ID, START_ID, Lexicon, Vocabulary
from rnnviz.training.corpora import Corpus, Examples, windows
from rnnviz.training.loop import AnyTraining, State, Training
from rnnviz.training.recipes import (
    RARE,
    BlankRecipe,
    GrowingRecipe,
    Recipe,
    SentimentRecipe,
    Trained,
    TranslationRecipe,
)
from rnnviz.training.scores import held_out_loss


def vocabulary_of(recipe: Recipe, corpus: Corpus) -> Vocabulary:
    """The characters the model will know: all of a small alphabet, the common ones of a large one."""
    return Vocabulary.of(corpus.train, at_least=RARE.get(recipe.corpus, 1))


class LanguageTraining(Training[Recipe, Corpus, LanguageModel]):
    """A LanguageModel and a text. Ids of its parts: (time,)."""

    task, counted = "language", "characters"

    def _begin(self, corpus: Corpus) -> LanguageModel:
        recipe = self.recipe
        self.vocabulary = vocabulary_of(recipe, corpus)
        self.train_ids, self.validation_ids, self.test_ids = (
            np.array(self.vocabulary.encode(part), dtype=np.int64)
            for part in (corpus.train, corpus.validation, corpus.test)
        )
        size = len(self.vocabulary), recipe.embedding, recipe.hidden, recipe.layers, recipe.dropout
        return LanguageModel(recipe.kind, *size)

    def _loss(self) -> torch.Tensor:
        recipe = self.recipe
        inputs, targets = windows(self.train_ids, recipe.batch, recipe.length, recipe.seed, self.step)
        hide = np.random.default_rng([recipe.seed, self.step, 1]).random(inputs.shape) < recipe.unknown
        inputs = np.where(hide, 0, inputs)
        scores, _ = self.model(torch.from_numpy(inputs))
        return nn.functional.cross_entropy(scores.flatten(0, 1), torch.from_numpy(targets).flatten())

    def described(self) -> Card:
        recipe = self.recipe
        return {
            "model": {
                "kind": recipe.kind,
                "vocabulary": len(self.vocabulary),
                "embedding": recipe.embedding,
                "hidden": recipe.hidden,
                "layers": recipe.layers,
            },
            "scores": {
                part: round(held_out_loss(self.model, ids), 4)
                for part, ids in (("validation", self.validation_ids), ("test", self.test_ids))
            },
            "scores_unit": f"nats a character{self._syllables()}, 16 streams read from the zero state to their end",
            "unknown": {
                part: round(float((ids == 0).mean()), 6)
                for part, ids in (("validation", self.validation_ids), ("test", self.test_ids))
            },
            "vocabulary": list(self.vocabulary.characters),
        }

    def _syllables(self) -> str:
        return " (of Hangul, a syllable)" if self.vocabulary.composes else ""


class GrowingTraining(LanguageTraining):
    """The same, and its weights at each of the recipe's moments, in float16: what is kept is what is scored and shown."""

    recipe: GrowingRecipe

    def _begin(self, corpus: Corpus) -> LanguageModel:
        self.kept: dict[int, dict[str, torch.Tensor]] = {}
        return super()._begin(corpus)

    def run(self) -> Iterator[dict[str, float]]:
        if not self.step:
            self._keep()
        for measured in super().run():
            self._keep()
            yield measured

    def _moments(self) -> list[int]:
        """The recipe's, and the end of the training, which may have been asked for earlier."""
        steps = self.recipe.steps
        return [*(one for one in self.recipe.moments if one < steps), steps]

    def _keep(self) -> None:
        if self.step in self._moments():
            self.kept[self.step] = {name: one.half() for name, one in self.model.state_dict().items()}

    def state(self) -> State:
        return super().state() | {"kept": self.kept}

    def restore(self, state: State) -> None:
        super().restore(state)
        wanted = [moment for moment in self._moments() if moment <= self.step]
        if list(state["kept"]) != wanted:
            raise ValueError(
                f"it has kept the steps {list(state['kept'])}; at step {self.step} wanted {wanted}"
            )
        self.kept = state["kept"]

    def at(self, moment: int) -> LanguageModel:
        """The model as it was kept after so many steps, ready to read."""
        model = copy.deepcopy(self.model).eval()
        model.load_state_dict(self.kept[moment])
        return model

    def described(self) -> Card:
        scores: list[Moment] = [
            {
                "step": moment,
                "validation": round(held_out_loss(self.at(moment), self.validation_ids), 4),
                "test": round(held_out_loss(self.at(moment), self.test_ids), 4),
            }
            for moment in self.kept
        ]
        last = {"validation": scores[-1]["validation"], "test": scores[-1]["test"]}
        return super().described() | {"scores": last, "moments": scores}


FEWEST = 20  # sentences in a part of a group of lengths


class TranslationTraining(Training[TranslationRecipe, Examples[tuple[str, str]], Translator]):
    """A Translator and pairs of sentences, taught with the true tokens before each."""

    task, counted = "translation", "sentences"

    def _begin(self, corpus: Examples[tuple[str, str]]) -> Translator:
        recipe = self.recipe
        self.pairs = {"train": corpus.train, "validation": corpus.validation, "test": corpus.test}
        self.source = Lexicon.of((source for source, _ in corpus.train), recipe.source, recipe.at_least)
        self.target = Lexicon.of((target for _, target in corpus.train), "characters", recipe.at_least)
        self.train_ids = [
            (self.source.encode(source), [START_ID, *self.target.encode(target), END_ID])
            for source, target in corpus.train
            if len(target) <= recipe.longest
        ]
        return Translator(**self._size(), dropout=recipe.dropout)

    def _size(self) -> dict[str, Any]:
        recipe = self.recipe
        names = ("kind", "embedding", "hidden", "layers", "bidirectional", "attention")
        sizes = {"source": len(self.source), "target": len(self.target)}
        return sizes | {name: getattr(recipe, name) for name in names}

    def _loss(self) -> torch.Tensor:
        recipe = self.recipe
        draw = np.random.default_rng([recipe.seed, self.step])
        rows = [self.train_ids[i] for i in draw.integers(len(self.train_ids), size=recipe.batch)]
        source, lengths = padded([row for row, _ in rows])
        hide = torch.from_numpy(draw.random(source.shape) < recipe.unknown)
        source = source.masked_fill(hide, 0)
        target, _ = padded([row for _, row in rows])
        scores = self.model(source, lengths, target[:, :-1])
        # padding has the unknown token's id, which is not learned to be written
        return nn.functional.cross_entropy(
            scores.flatten(0, 1), target[:, 1:].flatten(), ignore_index=0, label_smoothing=recipe.smoothing
        )

    def described(self) -> Card:
        written = {part: self.translated(part) for part in ("validation", "test")}
        return {
            "model": self._size(),
            "scores": {part: round(self.score(part, written[part]), 2) for part in written},
            "scores_unit": self.scores_unit,
            "by_length": self._by_length(written["test"]),
            "source": {"unit": self.source.unit, "tokens": list(self.source.entries)},
            "target": {"unit": self.target.unit, "tokens": list(self.target.entries)},
        }

    def translated(self, part: str) -> list[str]:
        """What the model writes for each source of a part of the data."""
        sources = [self.source.encode(source) for source, _ in self.pairs[part]]
        return [self.target.decode(ids) for ids in greedy_many(self.model, sources)]

    @property
    def scores_unit(self) -> str:
        if self.recipe.corpus == "dates":
            return "% of dates written without a mistake, greedily"
        return "chrF2 by sacrebleu, greedily (0 to 100)"

    def score(self, part: str, written: list[str], among: list[int] | None = None) -> float:
        """How well a part of the data, or those among it, was written, in `scores_unit`."""
        wanted = [target for _, target in self.pairs[part]]
        among = list(range(len(wanted))) if among is None else among
        wanted, written = [wanted[i] for i in among], [written[i] for i in among]
        if self.recipe.corpus == "dates":
            return 100 * float(np.mean([a == b for a, b in zip(written, wanted, strict=True)]))
        import sacrebleu

        return sacrebleu.corpus_chrf(written, [wanted]).score

    def _by_length(self, written: list[str], groups: int = 6) -> list[Group]:
        """The test's score in groups of sources of like length, as many in each as their lengths allow.

        A group spans less than half its shortest length on top, so that the long ones are told apart too; a part of fewer than
        FEWEST sentences stays with its neighbour.
        """
        lengths = np.array([len(self.source.split(source)) for source, _ in self.pairs["test"]])
        edges = np.unique(np.quantile(lengths, np.linspace(0, 1, groups + 1)).round().astype(int))
        starts = []
        for low, end in zip(
            edges[:-1].tolist(), [*edges[1:-1].tolist(), int(lengths.max()) + 1], strict=True
        ):
            starts.append(low)
            while (low := math.ceil(1.5 * low)) < end:
                closed = (lengths >= starts[-1]) & (lengths < low)
                opened = (lengths >= low) & (lengths < min(end, math.ceil(1.5 * low)))
                if min(closed.sum(), opened.sum()) >= FEWEST:
                    starts.append(low)
        found: list[Group] = []
        for low, high in zip(starts, [*(start - 1 for start in starts[1:]), edges[-1]], strict=True):
            among = np.flatnonzero((lengths >= low) & (lengths <= high)).tolist()
            if among:
                score = round(self.score("test", written, among), 2)
                found.append({"from": int(low), "to": int(high), "sentences": len(among), "score": score})
        return found


class BlankTraining(Training[BlankRecipe, Examples[str], BlankFiller]):
    """A BlankFiller and sentences: every word of a sentence is asked for, from what its sides say."""

    task, counted = "blank", "sentences"

    def _begin(self, corpus: Examples[str]) -> BlankFiller:
        self.words = Lexicon.of(corpus.train, "words", self.recipe.at_least)
        self.parts = {
            part: [
                [START_ID, *ids, END_ID] for text in getattr(corpus, part) if (ids := self.words.encode(text))
            ]
            for part in ("train", "validation", "test")
        }
        return BlankFiller(**self._size(), dropout=self.recipe.dropout)

    def _size(self) -> dict[str, Any]:
        recipe = self.recipe
        names = ("kind", "embedding", "hidden", "bidirectional")
        return {"vocabulary": len(self.words)} | {name: getattr(recipe, name) for name in names}

    def _loss(self) -> torch.Tensor:
        recipe = self.recipe
        draw = np.random.default_rng([recipe.seed, self.step])
        rows = draw.integers(len(self.parts["train"]), size=recipe.batch)
        ids, lengths = padded([self.parts["train"][i] for i in rows])
        hide = torch.from_numpy(draw.random(ids.shape) < recipe.unknown)
        scores = self.model(ids.masked_fill(hide, 0), lengths)
        return nn.functional.cross_entropy(scores.flatten(0, 1), self._wanted(ids), ignore_index=0)

    @staticmethod
    def _wanted(ids: torch.Tensor) -> torch.Tensor:
        """The word of each place; 0, which is not asked for, where it is unknown, an end or padding."""
        wanted = ids[:, 1:-1]
        return wanted.masked_fill(wanted == END_ID, 0).flatten()

    def described(self) -> Card:
        return {
            "model": self._size(),
            "scores": {part: round(self.accuracy(part), 2) for part in ("validation", "test")},
            "scores_unit": "% of the known words named right at the first guess, each in turn left out",
            "words": {"unit": "words", "tokens": list(self.words.entries)},
        }

    def accuracy(self, part: str, batch: int = 200) -> float:
        """How many of the known words of a part of the data are the likeliest in their place, in percent."""
        right = asked = 0
        with reading(self.model), torch.inference_mode():
            for start in range(0, len(self.parts[part]), batch):
                ids, lengths = padded(self.parts[part][start : start + batch])
                wanted = self._wanted(ids)
                found = self.model(ids, lengths).argmax(-1).flatten()
                right += int(((found == wanted) & (wanted != 0)).sum())
                asked += int((wanted != 0).sum())
        return 100 * right / asked


class SentimentTraining(Training[SentimentRecipe, Examples[tuple[str, int]], Classifier]):
    """A Classifier and reviews with their labels, 0 or 1."""

    task, counted = "sentiment", "reviews"

    def _begin(self, corpus: Examples[tuple[str, int]]) -> Classifier:
        recipe = self.recipe
        self.reviews = {"train": corpus.train, "validation": corpus.validation, "test": corpus.test}
        self.words = Lexicon.of((text for text, _ in corpus.train), recipe.unit, recipe.at_least)
        self.parts = {
            part: [(self.words.encode(text)[: recipe.longest] or [0], label) for text, label in reviews]
            for part, reviews in self.reviews.items()
        }
        return Classifier(**self._size(), dropout=recipe.dropout, recurrent_dropout=recipe.recurrent_dropout)

    def _size(self) -> dict[str, Any]:
        names = ("kind", "embedding", "hidden", "readout")
        return {"vocabulary": len(self.words)} | {name: getattr(self.recipe, name) for name in names}

    def _loss(self) -> torch.Tensor:
        recipe = self.recipe
        draw = np.random.default_rng([recipe.seed, self.step])
        rows = [self.parts["train"][i] for i in draw.integers(len(self.parts["train"]), size=recipe.batch)]
        ids, lengths = padded([ids for ids, _ in rows])
        hide = torch.from_numpy(draw.random(ids.shape) < recipe.unknown)
        odds = self.model(ids.masked_fill(hide, 0), lengths)
        return nn.functional.binary_cross_entropy_with_logits(odds, torch.tensor([float(y) for _, y in rows]))

    def described(self) -> Card:
        return {
            "model": self._size(),
            "scores": {part: round(self.accuracy(part), 2) for part in ("validation", "test")},
            "scores_unit": "% of reviews judged right",
            "baseline": {
                "name": "naive Bayes on the same tokens and pairs of them (scikit-learn)",
                "scores": {part: round(self.naive_bayes(part), 2) for part in ("validation", "test")},
            },
            "words": {"unit": self.words.unit, "tokens": list(self.words.entries)},
        }

    def accuracy(self, part: str, batch: int = 250) -> float:
        """How many reviews of a part of the data are judged right, in percent."""
        right = 0
        with reading(self.model), torch.inference_mode():
            for start in range(0, len(self.parts[part]), batch):
                rows = self.parts[part][start : start + batch]
                odds = self.model(*padded([ids for ids, _ in rows]))
                right += int(((odds > 0) == torch.tensor([label == 1 for _, label in rows])).sum())
        return 100 * right / len(self.parts[part])

    def naive_bayes(self, part: str) -> float:
        """The same for the model that counts words and looks at no order but that of neighbours."""
        from sklearn.feature_extraction.text import CountVectorizer
        from sklearn.naive_bayes import MultinomialNB

        count = CountVectorizer(
            tokenizer=self.words.split, token_pattern=None, lowercase=False, ngram_range=(1, 2), binary=True
        )
        texts, labels = zip(*self.reviews["train"], strict=True)
        fitted = MultinomialNB().fit(count.fit_transform(texts), labels)
        texts, labels = zip(*self.reviews[part], strict=True)
        return 100 * float(fitted.score(count.transform(texts), labels))


TRAININGS: dict[type[Trained], type[AnyTraining]] = {
    Recipe: LanguageTraining,
    GrowingRecipe: GrowingTraining,
    TranslationRecipe: TranslationTraining,
    BlankRecipe: BlankTraining,
    SentimentRecipe: SentimentTraining,
}


@overload
def begin(recipe: GrowingRecipe, corpus: Corpus) -> GrowingTraining: ...
@overload
def begin(recipe: Recipe, corpus: Corpus) -> LanguageTraining: ...
@overload
def begin(recipe: TranslationRecipe, corpus: Examples[tuple[str, str]]) -> TranslationTraining: ...
@overload
def begin(recipe: BlankRecipe, corpus: Examples[str]) -> BlankTraining: ...
@overload
def begin(recipe: SentimentRecipe, corpus: Examples[tuple[str, int]]) -> SentimentTraining: ...
@overload
def begin(recipe: Trained, corpus: Corpus | Examples[Any]) -> AnyTraining: ...
def begin(recipe: Trained, corpus: Corpus | Examples[Any]) -> AnyTraining:
    """The training that a recipe asks for. Raises ValueError where it cannot be trained."""
    return TRAININGS[type(recipe)](recipe, corpus)
