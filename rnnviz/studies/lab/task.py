"""A task that is made up, made ready to be learned: the sequences of studies.memory, with a network of any depth."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from rnnviz.models.networks import NumberModel, reading
from rnnviz.studies.answers import Answers
from rnnviz.studies.comparing.networks import pieces
from rnnviz.studies.comparing.setup import one_of, whole
from rnnviz.studies.lab.material import MEASURED, number, resting, sizes
from rnnviz.studies.lab.setup import Setup
from rnnviz.studies.live import Live
from rnnviz.studies.memory.running import DATA, HELD_OUT
from rnnviz.studies.memory.setup import within
from rnnviz.studies.memory.tasks import ANSWERS, SYMBOLS, TASKS, Examples, answer, examples
from rnnviz.told import Told

SHOWN = 6  # held-out sequences whose answers are kept


@dataclass(frozen=True)
class Task:
    """A task: 'first' (the first symbol decides), 'adding', 'copy', 'parity' or 'brackets'; see `training.generated`. steps: of
    each sequence. New sequences come with every update; 256 others are held out. The loss is that of the answers, which are asked
    for at the end.

    Raises ValueError, in one line, for another task, and where it needs more steps or there are over 200.
    """

    task: str = "first"
    steps: int = 20

    part = f"{HELD_OUT} sequences drawn from a seed of their own"

    def __post_init__(self) -> None:
        one_of(self, "task", tuple(TASKS))
        whole(self, "steps")
        within(self.task, self.steps)

    @property
    def units(self) -> str:
        return "mean squared error" if self.task == "adding" else "nats an answer"

    @property
    def fingerprint(self) -> str:
        return f"{self.task}, {self.steps} steps"

    def check(self, setup: Setup) -> None:
        """Any set-up learns it, or tries to."""

    def of(self, setup: Setup, count: int = HELD_OUT) -> Examples:
        """The first `count` held-out sequences."""
        whole = examples(self.task, self.steps, HELD_OUT, setup.seed * DATA)
        return Examples(whole.x[:count], whole.target[:count], whole.outputs)

    def model(self, setup: Setup) -> NumberModel:
        one = self.of(setup, 1)
        return NumberModel(setup.kind, one.x.shape[-1], one.outputs, setup.units, setup.layers, setup.dropout)

    def batch(self, setup: Setup, update: int) -> tuple[Tensor, Tensor]:
        """x (batch, time, input) and the answers (batch, asked)."""
        drawn = examples(self.task, self.steps, setup.batch, setup.seed * DATA + 1 + update)
        return drawn.x, drawn.target

    def loss(self, model: nn.Module, setup: Setup, inputs: Tensor, wanted: Tensor) -> Tensor:
        """Backpropagation is cut every `setup.length` steps, counted back from the end."""
        parts, state = [], None
        for first, end in pieces(self.steps, setup.length if setup.length < self.steps else None):
            part, state = model(inputs[:, first:end], state)
            state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
            parts.append(part)
        said = torch.cat(parts, 1)
        return Examples(inputs, wanted, said.shape[-1]).losses(said).mean()

    def judged(self, model: nn.Module, setup: Setup) -> dict[str, float]:
        """The loss on 256 held-out sequences; `right`: the share of their answers that are right."""
        own = self.of(setup)
        with reading(model), torch.inference_mode():
            said = model(own.x)[0]
        return {"held_out": own.losses(said).mean().item(), "right": own.right(said)}

    def measured(self, setup: Setup) -> tuple[Tensor, Tensor]:
        own = self.of(setup, MEASURED)
        return own.x, own.target

    def shown(self, model: nn.Module, setup: Setup) -> dict[str, Any]:
        """`answers`: of the first six held-out sequences, for each what is asked for, the likeliest symbol and its probability;
        where a number is to be told, that number and null."""
        own = self.of(setup, SHOWN)
        with reading(model), torch.inference_mode():
            said = model(own.x)[0][:, -own.target.shape[1] :]
        if own.target.is_floating_point():
            return {"answers": [[[number(one), None] for one in row] for row in said[..., 0].tolist()]}
        sure, likeliest = said.softmax(-1).max(-1)
        pairs = zip(likeliest.tolist(), sure.tolist(), strict=True)
        return {"answers": [[[i, number(p)] for i, p in zip(*row, strict=True)] for row in pairs]}

    def written(self, x: Tensor) -> str:
        """A sequence as text, as `live` reads it. x: (time, input)."""
        if self.task == "adding":
            return "\n".join(["number,mark", *(f"{number:.4f},{mark:.0f}" for number, mark in x.tolist())])
        return "".join(SYMBOLS[self.task][i] for i in x.argmax(-1).tolist())

    def live(self, model: nn.Module, setup: Setup, name: str) -> Live:
        """It reads sequences of any length; the loss is that of what ought to be said at their end, and so are its answers."""
        rows = self.task == "adding"

        def read(typed: Any) -> Tensor:
            return _inputs(self.task, typed)[None]

        def asked(text: str) -> tuple[Tensor, Tensor]:
            from rnnviz.studies.series import parse

            x = _inputs(self.task, parse(text).values if rows else text)
            return x, answer(self.task, x)

        def errors(said: Tensor, text: str) -> Tensor:
            x, wanted = asked(text)
            return Examples(x[None], wanted[None], said.shape[-1]).losses(said[None])[0]

        def right(text: str) -> list[float]:
            try:
                found: list[float] = asked(text)[1].tolist()
            except Told:  # it begins with none of the symbols that count: nothing is right
                return []
            return found

        text = self.written(self.of(setup, 1).x[0])
        answers = Answers(ANSWERS[self.task], lambda said: said, right)
        return Live(resting(model), read, text, name=name, loss=errors, rows=rows, answers=answers)

    def card(self, model: NumberModel, setup: Setup) -> dict[str, Any]:
        symbols = {"symbols": SYMBOLS[self.task]} if self.task in SYMBOLS else {}
        return {"model": sizes(model, setup), "task": {"name": self.task, "steps": self.steps} | symbols}

    def command(self, *file: str) -> list[str]:
        return ["train-task", self.task, "--steps", str(self.steps)]


def _inputs(task: str, typed: Any) -> Tensor:
    """What is read of a typed sequence, float32 (time, input). Raises ValueError for what the task does not read."""
    if task == "adding":
        if typed.shape[1] != 2:
            raise Told("wanted a number and a mark a step; got {shape} columns", shape=typed.shape[1])
        return torch.from_numpy(typed).float()
    symbols = SYMBOLS[task]
    if wrong := [one for one in typed if one not in symbols]:
        raise Told("wanted the symbols {names}; got {wrong!r}", names=" ".join(symbols), wrong=wrong[0])
    return nn.functional.one_hot(torch.tensor([symbols.index(one) for one in typed]), len(symbols)).float()
