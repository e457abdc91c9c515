"""One training loop: a generator of metrics, with no screen in it."""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from rnnviz.models.counting import METHODS, NGrams
from rnnviz.models.decoding import greedy_many, padded
from rnnviz.models.networks import BlankFiller, Classifier, LanguageModel, Translator, reading
from rnnviz.models.vocabularies import END_ID, START_ID, Lexicon, Vocabulary
from rnnviz.training import tasks


@dataclass(frozen=True)
class Recipe:
    """All that decides how a language model comes out: the same recipe gives the same weights on the same machine.

    steps: optimiser steps of `batch` windows of `length` tokens. learning_rate: the peak of the one-cycle schedule
    (Smith & Topin 2018, arXiv:1708.07120). clip: largest gradient norm let through. unknown: share of the input
    tokens that are hidden behind the unknown token, so that its embedding is trained too.
    """

    kind: str
    corpus: str
    hidden: int
    embedding: int = 64
    layers: int = 2
    dropout: float = 0.2
    steps: int = 2500
    batch: int = 64
    length: int = 100
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    clip: float = 1.0
    unknown: float = 0.002
    seed: int = 1


@dataclass(frozen=True)
class TranslationRecipe:
    """The same for a Translator. corpus: of pairs. source: what it reads, 'characters' or 'words'; it writes characters.

    at_least: how often a token must occur to be known. longest: characters of a target; pairs beyond it are not trained on.
    smoothing: of the labels. attention: None for the twin without.
    """

    kind: str
    corpus: str
    source: str
    hidden: int
    attention: str | None = "dot"
    embedding: int = 64
    layers: int = 1
    bidirectional: bool = True
    dropout: float = 0.1
    at_least: int = 1
    longest: int = 60
    steps: int = 3000
    batch: int = 64
    learning_rate: float = 4e-3
    weight_decay: float = 0.01
    clip: float = 1.0
    unknown: float = 0.01
    smoothing: float = 0.0
    seed: int = 1


_DATES = TranslationRecipe("gru", "dates", "characters", hidden=96, embedding=32, steps=1500)
_KOREAN = TranslationRecipe(
    "gru",
    "tatoeba",
    "words",
    hidden=192,
    embedding=128,
    dropout=0.4,
    at_least=2,
    longest=40,
    steps=3000,
    learning_rate=2e-3,
    weight_decay=0.05,
    unknown=0.05,
    smoothing=0.1,
)


@dataclass(frozen=True)
class BlankRecipe:
    """The same for a BlankFiller. corpus: of sentences. at_least: how often a word must occur to be known."""

    kind: str
    corpus: str
    hidden: int
    bidirectional: bool
    embedding: int = 64
    dropout: float = 0.3
    at_least: int = 4
    steps: int = 2000
    batch: int = 64
    learning_rate: float = 5e-3
    weight_decay: float = 0.01
    clip: float = 1.0
    unknown: float = 0.02
    seed: int = 1


@dataclass(frozen=True)
class SentimentRecipe:
    """The same for a Classifier. corpus: of reviews. unit: 'words' or 'characters' (in Korean, syllables)."""

    kind: str
    corpus: str
    unit: str
    hidden: int
    readout: str = "last"
    embedding: int = 64
    dropout: float = 0.5
    recurrent_dropout: float = 0.1
    at_least: int = 4
    longest: int = 150
    steps: int = 1500
    batch: int = 64
    learning_rate: float = 5e-3
    weight_decay: float = 0.05
    clip: float = 1.0
    unknown: float = 0.05
    seed: int = 1


@dataclass(frozen=True)
class CountRecipe:
    """All that decides how n-grams are counted. unit: 'characters' or 'words'. at_least: how often a word must occur to be
    known. order: of the table that is kept. discount: of its scores; k: what add-k adds in the comparison.
    """

    corpus: str
    unit: str
    order: int
    at_least: int = 1
    discount: float = 0.9
    k: float = 0.01


_ENGLISH = SentimentRecipe("lstm", "rt_polarity", "words", hidden=128)
_KOREAN_REVIEWS = SentimentRecipe(
    "lstm",
    "nsmc",
    "characters",
    hidden=128,
    dropout=0.3,
    at_least=3,
    steps=3000,
    learning_rate=3e-3,
    unknown=0.02,
)
_REVIEWS = {"english": _ENGLISH, "korean": _KOREAN_REVIEWS}

RECIPES = {
    "counts-characters": CountRecipe("shakespeare", "characters", order=6),
    "counts-words": CountRecipe("shakespeare", "words", order=6, at_least=2, discount=0.75),
    # one budget: 859 to 877 thousand parameters, the same data, steps and search for the learning rate
    "shakespeare-rnn": Recipe("rnn", "shakespeare", hidden=512, learning_rate=8e-3),
    "shakespeare-gru": Recipe("gru", "shakespeare", hidden=296, learning_rate=3e-3),
    "shakespeare-lstm": Recipe("lstm", "shakespeare", hidden=256, learning_rate=8e-3),
    "python-lstm": Recipe("lstm", "python", hidden=256, learning_rate=8e-3),
    # each with its twin, which is the same but for the attention
    "translate-dates": _DATES,
    "translate-dates-plain": replace(_DATES, attention=None),
    "translate-korean": _KOREAN,
    "translate-korean-plain": replace(_KOREAN, attention=None),
    # about as many parameters, the same data, steps and rate
    "blank-forward": BlankRecipe("lstm", "snips", hidden=171, bidirectional=False),
    "blank-both": BlankRecipe("lstm", "snips", hidden=96, bidirectional=True),
    # hidden units for about the same number of parameters in the recurrent layer
    **{
        f"sentiment-{language}-{kind}": replace(recipe, kind=kind, hidden=hidden)
        for language, recipe in _REVIEWS.items()
        for kind, hidden in (("gru", 151), ("lstm", 128))
    },
    **{
        f"sentiment-{language}-rnn": replace(_REVIEWS[language], kind="rnn", hidden=283, learning_rate=rate)
        for language, rate in (("english", 1e-3), ("korean", 2e-3))
    },
    **{
        f"sentiment-{language}-lstm-{readout}": replace(recipe, readout=readout)
        for language, recipe in _REVIEWS.items()
        for readout in ("mean", "attention")
    },
}
RARE = 50  # a character seen less often in the training part is unknown
LEARNING_RATES = (
    1e-3,
    3e-3,
    8e-3,
)  # each tried for 300 steps of its own one-cycle, see benchmarks/learning_rates.py
TUNING = (
    f"peak learning rate chosen among {', '.join(map(str, LEARNING_RATES))} by validation after 300 steps"
)
_LIKE_LSTM = "settings found by hand for the LSTM on validation; the others took them"
NOTES = {
    **{
        f"sentiment-{language}-{name}": _LIKE_LSTM
        for language in _REVIEWS
        for name in ("gru", "lstm", "lstm-mean", "lstm-attention")
    },
    "sentiment-english-rnn": f"{_LIKE_LSTM}, but for the learning rate: with theirs, 0.005, it learned nothing, and "
    "0.001 was the best of 0.0005, 0.001 and 0.002",
    "sentiment-korean-rnn": f"{_LIKE_LSTM}, but for the learning rate: 0.002 was a little better than theirs, 0.003",
    **dict.fromkeys(
        (
            "translate-dates",
            "translate-dates-plain",
            "translate-korean",
            "translate-korean-plain",
            "blank-forward",
            "blank-both",
        ),
        "the learning rate was not searched: both of a pair have the same",
    ),
    "python-lstm": "not searched on this corpus: the rate found for shakespeare-lstm was taken",
    "shakespeare-gru": "the best of them, 0.008, diverged over the full run (2.637 on validation), so the second best was taken",
}


def vocabulary_of(recipe: Recipe, corpus: tasks.Corpus) -> Vocabulary:
    """The characters the model will know: all of a small alphabet, the common ones of a large one."""
    return Vocabulary.of(corpus.train, at_least=RARE if recipe.corpus == "python" else 1)


class Training:
    """A model on its way: model, optimiser, schedule and the step reached. Nothing here is random but by `recipe.seed`.

    What is trained on what is up to a subclass: `_begin` reads the data and makes the model, `_loss` draws a batch.
    """

    task: str
    counted: str  # what the parts of the data are made of

    def __init__(self, recipe, corpus):
        if recipe.steps < 3 or recipe.learning_rate <= 0:
            raise ValueError(
                f"need at least 3 steps and a positive learning rate; got {recipe.steps} and {recipe.learning_rate}"
            )
        short = [part for part in ("train", "validation", "test") if len(getattr(corpus, part)) < 2]
        if short:
            raise ValueError(f"the data leave nothing for {', '.join(short)}; give a larger corpus")
        self.recipe = recipe
        self.corpus = corpus.sha256
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(recipe.seed)
            self.model = self._begin(corpus)
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        warm_up = max(0.2, 2 / recipe.steps)  # a share of the steps, and at least two of them
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser, recipe.learning_rate, total_steps=recipe.steps, pct_start=warm_up
        )
        self.step = 0

    def _begin(self, corpus) -> nn.Module:
        raise NotImplementedError

    def _loss(self) -> torch.Tensor:
        """The loss (nats a token) of this step's batch; torch's generator has been seeded for it."""
        raise NotImplementedError

    def described(self) -> dict:
        """What the card says of this kind of model: `model`, `scores`, `scores_unit` and its vocabularies."""
        raise NotImplementedError

    def run(self) -> Iterator[dict[str, float]]:
        """Trains to the end of the recipe. After each step yields step, loss (nats a token) and gradient norm.

        Stop asking for more and the training stands still; ask again, or save and resume, and it goes on as if it
        had never stopped. Raises FloatingPointError where the loss is no longer finite.
        """
        while self.step < self.recipe.steps:
            yield self._one_step()

    def _one_step(self) -> dict[str, float]:
        self.model.train()
        # dropout draws from torch's global generator: seeded for each step, and given back as it was
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.recipe.seed * 1_000_003 + self.step)
            loss = self._loss()
        if not math.isfinite(loss.item()):
            raise FloatingPointError(
                f"the loss is {loss.item()} at step {self.step + 1}; lower the learning rate"
            )
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip)
        self.optimiser.step()
        self.schedule.step()
        self.step += 1
        return {"step": self.step, "loss": loss.item(), "gradient_norm": norm.item()}

    def save(self, path: Path) -> None:
        """Writes all that is needed to go on; the file appears whole or not at all."""
        state = {
            "recipe": asdict(self.recipe),
            "corpus": self.corpus,
            "step": self.step,
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
        }
        partial = path.with_suffix(path.suffix + ".writing")
        torch.save(state, partial)
        partial.replace(path)

    def resume(self, path: Path) -> None:
        """Goes on from a file that `save` wrote. Raises ValueError where it belongs to another recipe."""
        try:
            state = torch.load(path, weights_only=True)
            theirs = state["recipe"]
        except Exception as problem:
            raise ValueError(f"{path} is not a saved training; delete it or train with --fresh") from problem
        mine = asdict(self.recipe)
        if theirs != mine:
            other = ", ".join(
                f"{k} {theirs.get(k)} (now {mine[k]})" for k in mine if theirs.get(k) != mine[k]
            )
            raise ValueError(
                f"{path} was started with another recipe: {other}; delete it or train with --fresh"
            )
        if state.get("corpus") != self.corpus:
            raise ValueError(
                f"{path} was started on other data; give that data, delete it or train with --fresh"
            )
        try:
            self.model.load_state_dict(state["model"])
        except RuntimeError as problem:
            raise ValueError(
                f"{path} holds a model of another shape; delete it or train with --fresh"
            ) from problem
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.step = state["step"]


class LanguageTraining(Training):
    """A LanguageModel and a text. Ids of its parts: (time,)."""

    task, counted = "language", "characters"

    def _begin(self, corpus: tasks.Corpus) -> LanguageModel:
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
        inputs, targets = tasks.windows(self.train_ids, recipe.batch, recipe.length, recipe.seed, self.step)
        hide = np.random.default_rng([recipe.seed, self.step, 1]).random(inputs.shape) < recipe.unknown
        inputs = np.where(hide, 0, inputs)
        scores, _ = self.model(torch.from_numpy(inputs))
        return nn.functional.cross_entropy(scores.flatten(0, 1), torch.from_numpy(targets).flatten())

    def described(self) -> dict:
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
            "scores_unit": "nats a character, 16 streams read from the zero state to their end",
            "vocabulary": list(self.vocabulary.characters),
        }


class TranslationTraining(Training):
    """A Translator and pairs of sentences, taught with the true tokens before each."""

    task, counted = "translation", "sentences"

    def _begin(self, corpus: tasks.Examples) -> Translator:
        recipe = self.recipe
        self.pairs = {part: getattr(corpus, part) for part in ("train", "validation", "test")}
        self.source = Lexicon.of((source for source, _ in corpus.train), recipe.source, recipe.at_least)
        self.target = Lexicon.of((target for _, target in corpus.train), "characters", recipe.at_least)
        self.train_ids = [
            (self.source.encode(source), [START_ID, *self.target.encode(target), END_ID])
            for source, target in corpus.train
            if len(target) <= recipe.longest
        ]
        return Translator(**self._size(), dropout=recipe.dropout)

    def _size(self) -> dict:
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

    def described(self) -> dict:
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

    def _by_length(self, written: list[str], groups: int = 6) -> list[dict]:
        """The test's score in groups of sources of like length, as many in each as their lengths allow."""
        lengths = np.array([len(self.source.split(source)) for source, _ in self.pairs["test"]])
        edges = np.unique(np.quantile(lengths, np.linspace(0, 1, groups + 1)).round().astype(int))
        found = []
        for low, high in zip(edges[:-1], [*(edges[1:-1] - 1), edges[-1]], strict=True):
            among = np.flatnonzero((lengths >= low) & (lengths <= high)).tolist()
            if among:
                score = round(self.score("test", written, among), 2)
                found.append({"from": int(low), "to": int(high), "sentences": len(among), "score": score})
        return found


class BlankTraining(Training):
    """A BlankFiller and sentences: every word of a sentence is asked for, from what its sides say."""

    task, counted = "blank", "sentences"

    def _begin(self, corpus: tasks.Examples) -> BlankFiller:
        self.words = Lexicon.of(corpus.train, "words", self.recipe.at_least)
        self.parts = {
            part: [
                [START_ID, *ids, END_ID] for text in getattr(corpus, part) if (ids := self.words.encode(text))
            ]
            for part in ("train", "validation", "test")
        }
        return BlankFiller(**self._size(), dropout=self.recipe.dropout)

    def _size(self) -> dict:
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

    def described(self) -> dict:
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


class SentimentTraining(Training):
    """A Classifier and reviews with their labels, 0 or 1."""

    task, counted = "sentiment", "reviews"

    def _begin(self, corpus: tasks.Examples) -> Classifier:
        recipe = self.recipe
        self.reviews = {part: getattr(corpus, part) for part in ("train", "validation", "test")}
        self.words = Lexicon.of((text for text, _ in corpus.train), recipe.unit, recipe.at_least)
        self.parts = {
            part: [(self.words.encode(text)[: recipe.longest] or [0], label) for text, label in reviews]
            for part, reviews in self.reviews.items()
        }
        drops = {"dropout": recipe.dropout, "recurrent_dropout": recipe.recurrent_dropout}
        return Classifier(**self._size(), **drops)

    def _size(self) -> dict:
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

    def described(self) -> dict:
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


TRAININGS = {
    Recipe: LanguageTraining,
    TranslationRecipe: TranslationTraining,
    BlankRecipe: BlankTraining,
    SentimentRecipe: SentimentTraining,
}


def begin(recipe, corpus) -> Training:
    """The training that a recipe asks for. Raises ValueError where it cannot be trained."""
    return TRAININGS[type(recipe)](recipe, corpus)


ORDERS = range(1, 7)
SHARES = (1 / 64, 1 / 16, 1 / 4, 1)  # of the training text, in the comparison


def count(recipe: CountRecipe, corpus: tasks.Corpus) -> tuple[NGrams, dict]:
    """The n-grams of a text, and what their card says: `described` for counts.

    `held_out` has the loss (nats a token) on the validation text by method, order and share of the training text.
    """
    characters = recipe.unit == "characters"
    known = (
        Vocabulary.of(corpus.train)
        if characters
        else Lexicon.of([corpus.train], recipe.unit, recipe.at_least)
    )
    ids, validation, test = (known.encode(part) for part in (corpus.train, corpus.validation, corpus.test))
    least = round(max(ORDERS) / min(SHARES))
    if len(ids) < least or min(len(validation), len(test)) < 2:
        raise ValueError(
            f"counting needs {least} tokens to train on and 2 in each other part; got {len(ids)}"
        )
    held_out = []
    for share in SHARES:
        tokens = int(len(ids) * share)
        every = NGrams.of(ids[:tokens], max(ORDERS), len(known))
        for method in METHODS:
            for order in ORDERS:
                more = {"k": recipe.k, "discount": recipe.discount}
                loss = math.log(every.perplexity(validation, method, order, **more))
                held_out.append(
                    {
                        "method": method,
                        "order": order,
                        "tokens": tokens,
                        "loss": round(loss, 4) if math.isfinite(loss) else None,
                    }
                )
    counts = NGrams(every.size, every.levels[: recipe.order])
    scores = {
        part: round(math.log(counts.perplexity(own, discount=recipe.discount)), 4)
        for part, own in (("validation", validation), ("test", test))
    }
    card = {
        "task": "counts",
        "model": {"kind": "counts", "vocabulary": len(known), "unit": recipe.unit, "order": recipe.order},
        "scores": scores,
        "scores_unit": f"nats a {recipe.unit.removesuffix('s')}, interpolated Kneser-Ney",
        "held_out": held_out,
        "parameters": sum(len(level.key) for level in counts.levels),
    }
    known_tokens = (
        {"vocabulary": list(known.characters)}
        if characters
        else {"words": {"unit": "words", "tokens": list(known.entries)}}
    )
    return counts, card | known_tokens


def held_out_loss(model: nn.Module, ids: np.ndarray, streams: int = 16, length: int = 500) -> float:
    """Mean loss in nats a token on a text the model has not seen, read as `streams` parts with the state carried on.

    ids: (time,). Each part starts from the zero state and every token but its first is predicted once.
    """
    streams = max(1, min(streams, len(ids) // 2))
    rows = torch.from_numpy(ids[: len(ids) // streams * streams].reshape(streams, -1))
    total, count, state = 0.0, 0, None
    with reading(model), torch.inference_mode():
        for start in range(0, rows.shape[1] - 1, length):
            block = rows[:, start : start + length + 1]
            scores, state = model(block[:, :-1], state)
            target = block[:, 1:].flatten()
            total += nn.functional.cross_entropy(scores.flatten(0, 1), target, reduction="sum").item()
            count += target.numel()
    return total / count
