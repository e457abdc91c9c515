"""One training loop: a generator of metrics, with no screen in it."""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from rnnviz import tasks
from rnnviz.models import LanguageModel
from rnnviz.text import Vocabulary


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


RECIPES = {
    # one budget: 859 to 877 thousand parameters, the same data, steps and search for the learning rate
    "shakespeare-rnn": Recipe("rnn", "shakespeare", hidden=512, learning_rate=8e-3),
    "shakespeare-gru": Recipe("gru", "shakespeare", hidden=296, learning_rate=3e-3),
    "shakespeare-lstm": Recipe("lstm", "shakespeare", hidden=256, learning_rate=8e-3),
    "python-lstm": Recipe("lstm", "python", hidden=256, learning_rate=8e-3),
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
NOTES = {
    "python-lstm": "not searched on this corpus: the rate found for shakespeare-lstm was taken",
    "shakespeare-gru": "the best of them, 0.008, diverged over the full run (2.637 on validation), so the second best was taken",
}


def vocabulary_of(recipe: Recipe, corpus: tasks.Corpus) -> Vocabulary:
    """The characters the model will know: all of a small alphabet, the common ones of a large one."""
    return Vocabulary.of(corpus.train, at_least=RARE if recipe.corpus == "python" else 1)


class Training:
    """A model on its way: model, optimiser, schedule and the step reached. Nothing here is random but by `recipe.seed`."""

    def __init__(self, recipe: Recipe, corpus: tasks.Corpus):
        if recipe.steps < 3 or recipe.learning_rate <= 0:
            raise ValueError(
                f"need at least 3 steps and a positive learning rate; got {recipe.steps} and {recipe.learning_rate}"
            )
        short = [part for part in ("train", "validation", "test") if len(getattr(corpus, part)) < 2]
        if short:
            raise ValueError(f"the data leave nothing for {', '.join(short)}; give a larger corpus")
        self.recipe = recipe
        self.corpus = corpus.sha256
        self.vocabulary = vocabulary_of(recipe, corpus)
        self.train_ids, self.validation_ids, self.test_ids = (
            np.array(self.vocabulary.encode(part), dtype=np.int64)
            for part in (corpus.train, corpus.validation, corpus.test)
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(recipe.seed)
            self.model = LanguageModel(
                recipe.kind,
                len(self.vocabulary),
                recipe.embedding,
                recipe.hidden,
                recipe.layers,
                recipe.dropout,
            )
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        warm_up = max(0.2, 2 / recipe.steps)  # a share of the steps, and at least two of them
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser, recipe.learning_rate, total_steps=recipe.steps, pct_start=warm_up
        )
        self.step = 0

    def run(self) -> Iterator[dict[str, float]]:
        """Trains to the end of the recipe. After each step yields step, loss (nats a token) and gradient norm.

        Stop asking for more and the training stands still; ask again, or save and resume, and it goes on as if it
        had never stopped. Raises FloatingPointError where the loss is no longer finite.
        """
        while self.step < self.recipe.steps:
            yield self._one_step()

    def _one_step(self) -> dict[str, float]:
        recipe = self.recipe
        inputs, targets = tasks.windows(self.train_ids, recipe.batch, recipe.length, recipe.seed, self.step)
        hide = np.random.default_rng([recipe.seed, self.step, 1]).random(inputs.shape) < recipe.unknown
        inputs = np.where(hide, 0, inputs)
        self.model.train()
        # dropout draws from torch's global generator: seeded for each step, and given back as it was
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(recipe.seed * 1_000_003 + self.step)
            scores, _ = self.model(torch.from_numpy(inputs))
        loss = nn.functional.cross_entropy(scores.flatten(0, 1), torch.from_numpy(targets).flatten())
        if not math.isfinite(loss.item()):
            raise FloatingPointError(
                f"the loss is {loss.item()} at step {self.step + 1}; lower the learning rate"
            )
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), recipe.clip)
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


def held_out_loss(model: nn.Module, ids: np.ndarray, streams: int = 16, length: int = 500) -> float:
    """Mean loss in nats a token on a text the model has not seen, read as `streams` parts with the state carried on.

    ids: (time,). Each part starts from the zero state and every token but its first is predicted once.
    """
    streams = max(1, min(streams, len(ids) // 2))
    rows = torch.from_numpy(ids[: len(ids) // streams * streams].reshape(streams, -1))
    was_training = model.training
    model.eval()
    total, count, state = 0.0, 0, None
    try:
        with torch.inference_mode():
            for start in range(0, rows.shape[1] - 1, length):
                block = rows[:, start : start + length + 1]
                scores, state = model(block[:, :-1], state)
                target = block[:, 1:].flatten()
                total += nn.functional.cross_entropy(scores.flatten(0, 1), target, reduction="sum").item()
                count += target.numel()
    finally:
        model.train(was_training)
    return total / count
