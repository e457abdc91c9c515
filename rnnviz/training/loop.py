"""One training loop: a generator of metrics, with no screen in it."""

import hashlib
import io
import math
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Generic, Literal, NotRequired, TypedDict, TypeVar

import torch
from torch import Tensor, nn

from rnnviz import files
from rnnviz.models.cards import Card
from rnnviz.training.corpora import Corpus, Examples
from rnnviz.training.recipes import Trained

FORMAT = b"rnnviz training 1\n"  # then the sha256 of all that follows: a flipped bit must not be trained on


OwnRecipe = TypeVar("OwnRecipe", bound=Trained)
OwnCorpus = TypeVar("OwnCorpus", bound=Corpus | Examples[Any])
OwnModel = TypeVar("OwnModel", bound=nn.Module)


class State(TypedDict):
    """All that is needed to go on with a training."""

    recipe: dict[str, Any]
    corpus: str
    step: int
    model: dict[str, Any]
    optimiser: dict[str, Any]
    schedule: dict[str, Any]
    kept: NotRequired[dict[int, dict[str, Tensor]]]  # the weights at each moment, of a network that grows up


class Training(Generic[OwnRecipe, OwnCorpus, OwnModel]):
    """A model on its way: model, optimiser, schedule and the step reached. Nothing here is random but by `recipe.seed`.

    What is trained on what is up to a subclass: `_begin` reads the data and makes the model, `_loss` draws a batch.
    """

    task: str
    counted: Literal["characters", "sentences", "reviews"]  # what the parts of the data are made of

    def __init__(self, recipe: OwnRecipe, corpus: OwnCorpus):
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

    def _begin(self, corpus: OwnCorpus) -> OwnModel:
        raise NotImplementedError

    def _loss(self) -> Tensor:
        """The loss (nats a token) of this step's batch; torch's generator has been seeded for it."""
        raise NotImplementedError

    def described(self) -> Card:
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
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip)
        self.optimiser.step()
        self.schedule.step()
        self.step += 1
        return {"step": self.step, "loss": loss.item(), "gradient_norm": norm.item()}

    def state(self) -> State:
        """All that is needed to go on."""
        return {
            "recipe": asdict(self.recipe),
            "corpus": self.corpus,
            "step": self.step,
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
        }

    def restore(self, state: State) -> None:
        """Stands where `state` was taken. Whatever it raises, the state is none to go on from."""
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.step = state["step"]

    def save(self, path: Path) -> None:
        """Writes all that is needed to go on; the file appears whole or not at all."""
        packed = io.BytesIO()
        torch.save(self.state(), packed)
        with files.written(path) as unfinished, unfinished.open("wb") as file:
            file.write(FORMAT + hashlib.sha256(packed.getbuffer()).digest())
            file.write(packed.getbuffer())

    def resume(self, path: Path) -> None:
        """Goes on from a file that `save` wrote. Raises ValueError where it is damaged or belongs to another recipe."""
        state = saved(path)
        theirs = state["recipe"]
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
        except (RuntimeError, TypeError, KeyError) as problem:
            raise ValueError(
                f"{path} holds a model of another shape; delete it or train with --fresh"
            ) from problem
        try:
            self.restore(state)
            self._check()
        except Exception as problem:  # what torch raises for a state that is none, nobody has listed
            line = " ".join(str(problem).split())[:200]
            raise ValueError(
                f"{path} cannot be gone on from ({line}); delete it or train with --fresh"
            ) from problem

    def _check(self) -> None:
        """Raises ValueError where model, optimiser, schedule and step do not belong together."""
        if type(self.step) is not int or not 0 <= self.step <= self.recipe.steps:
            raise ValueError(f"step {self.step!r} of {self.recipe.steps}")
        if self.schedule.last_epoch != self.step:
            raise ValueError(f"step {self.step}, but the schedule is at {self.schedule.last_epoch}")
        for name, weight in self.model.named_parameters():
            moments = [
                m for m in self.optimiser.state.get(weight, {}).values() if torch.is_tensor(m) and m.ndim
            ]
            if any(m.shape != weight.shape for m in moments):
                raise ValueError(f"the optimiser's state of {name} has another shape")
            if not all(each.isfinite().all() for each in (weight, *moments)):
                raise ValueError(f"{name} holds numbers that are not finite")


AnyTraining = Training[Any, Any, Any]


def saved(path: Path) -> State:
    """What `Training.save` wrote, sound to the last bit. Raises ValueError where it is not."""
    try:
        raw = path.read_bytes()
        start = len(FORMAT) + hashlib.sha256().digest_size
        if raw[:start] != FORMAT + hashlib.sha256(raw[start:]).digest():
            raise ValueError("its checksum is wrong")
        state: State = torch.load(io.BytesIO(raw[start:]), weights_only=True)
        if not isinstance(state["recipe"], dict):
            raise ValueError("it has no recipe")
        return state
    except Exception as problem:
        raise ValueError(f"{path} is not a saved training; delete it or train with --fresh") from problem
