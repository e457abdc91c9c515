"""A text of the reader's own, made ready to be learned: its characters, and a part that no update sees."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rnnviz.models.networks import LanguageModel
from rnnviz.models.vocabularies import UNKNOWN, Vocabulary, composed
from rnnviz.studies.lab.material import MEASURED, resting
from rnnviz.studies.lab.setup import Setup
from rnnviz.studies.live import Live
from rnnviz.studies.writing import Network, Rule, Writing
from rnnviz.told import Told
from rnnviz.training.corpora import windows
from rnnviz.training.scores import held_out_loss

FEWEST = 200  # characters
LARGEST = 2 * 2**20  # bytes of UTF-8
MOST_CHARACTERS = 1000  # different ones that are known; the rarer are unknown
HELD_OUT = 4_000  # held-out characters that a loss is measured on
SAMPLE = 160  # characters that it writes
RARE = 2  # in a large alphabet: what occurs less often in the training part is unknown


@dataclass(frozen=True, eq=False)
class Letters:
    """A text as numbers: `train`, the first nine tenths, and `held_out`, the last, int64 (time,). unknown: the share of held-out
    characters that the vocabulary does not have. text: what was read, composed (NFC), lines ended by one sign.

    Raises ValueError, in one line, for a text of fewer than 200 characters, of over 2 MB or of one symbol alone.
    """

    text: str
    vocabulary: Vocabulary
    train: np.ndarray
    held_out: np.ndarray
    unknown: float

    units = "nats a character"
    part = "the last tenth of the text"

    @classmethod
    def of(cls, text: str) -> "Letters":
        size = len(text.encode("utf-8", "replace"))
        if size > LARGEST:
            raise Told(
                "the text has {size:.1f} MB; up to {largest} MB are trained on: give a part of it",
                size=size / 2**20,
                largest=LARGEST // 2**20,
            )
        text = composed(text.replace("\r\n", "\n").replace("\r", "\n"))
        if len(text) < FEWEST:
            raise Told(
                "the text has {count} characters; at least {fewest} are needed to learn from",
                count=len(text),
                fewest=FEWEST,
            )
        counts = Counter(text)
        if len(counts) < 2:
            raise Told(
                "the text holds {counts!r} alone: there is nothing to tell apart", counts=next(iter(counts))
            )
        cut = len(text) * 9 // 10
        train, held_out = text[:cut], text[cut:]
        known = Counter(c for c in train if c != UNKNOWN)
        least = RARE if len(known) > 200 else 1
        common = [c for c, n in known.most_common(MOST_CHARACTERS) if n >= least]
        vocabulary = Vocabulary(tuple(sorted(common)))
        learned, held = (np.array(vocabulary.encode(part), np.int64) for part in (train, held_out))
        return cls(text, vocabulary, learned, held, float((held == 0).mean()))

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.text.encode("utf-8", "replace")).hexdigest()

    def check(self, setup: Setup) -> None:
        """Raises ValueError where the text is too short for windows of that length."""
        if len(self.train) <= setup.length:
            raise Told(
                "windows of {length} characters need a text of more than {length_2}; this one has {count}",
                length=setup.length,
                length_2=setup.length * 10 // 9 + 1,
                count=len(self.text),
            )

    def model(self, setup: Setup) -> LanguageModel:
        embedding = min(64, setup.units)
        return LanguageModel(
            setup.kind, len(self.vocabulary), embedding, setup.units, setup.layers, setup.dropout
        )

    def batch(self, setup: Setup, update: int) -> tuple[Tensor, Tensor]:
        """Windows of the training part and, for each character, the one after it: (batch, length)."""
        inputs, targets = windows(self.train, setup.batch, setup.length, setup.seed, update)
        return torch.from_numpy(inputs), torch.from_numpy(targets)

    def loss(self, model: nn.Module, setup: Setup, inputs: Tensor, wanted: Tensor) -> Tensor:
        scores, _state = model(inputs)
        return nn.functional.cross_entropy(scores.flatten(0, 1), wanted.flatten())

    def judged(self, model: nn.Module, setup: Setup) -> dict[str, float]:
        """nats a character"""
        return {"held_out": held_out_loss(model, self.held_out[:HELD_OUT])}

    def measured(self, setup: Setup) -> tuple[Tensor, Tensor]:
        """Windows of the held-out part, as `batch` has them."""
        length = min(setup.length, len(self.held_out) - 1)
        inputs, targets = (
            windows(self.held_out, MEASURED, length, setup.seed, 0)
            if len(self.held_out) > length + 1
            else (self.held_out[None, :-1], self.held_out[None, 1:])
        )
        return torch.from_numpy(inputs), torch.from_numpy(targets)

    def shown(self, model: nn.Module, setup: Setup) -> dict[str, Any]:
        """`sample`: what it writes, after twenty held-out characters."""
        assert isinstance(model, LanguageModel)
        begin = [i for i in self.held_out[:20].tolist() if i] or [1]
        writing = Writing(Network(model), begin, Rule(temperature=0.8, seed=setup.seed))
        writing.write(SAMPLE)
        return {"sample": self.vocabulary.decode(writing.ids[len(begin) :])}

    def live(self, model: nn.Module, setup: Setup, name: str) -> Live:
        def encode(typed: str) -> Tensor:
            return torch.tensor([self.vocabulary.encode(typed)])

        text = self.text[len(self.train) :][:80]
        return Live(
            resting(model),
            encode,
            text,
            name=name,
            next=lambda scores: scores,
            outputs=self.vocabulary.tokens,
        )

    def card(self, model: nn.Module, setup: Setup) -> dict[str, Any]:
        return {
            "model": {
                "kind": setup.kind,
                "vocabulary": len(self.vocabulary),
                "embedding": min(64, setup.units),
                "hidden": setup.units,
                "layers": setup.layers,
            },
            "vocabulary": list(self.vocabulary.characters),
            "text": {"characters": len(self.text), "sha256": self.fingerprint},
        }

    def command(self, *file: str) -> list[str]:
        return ["train-text", *(file or ("text.txt",))]
