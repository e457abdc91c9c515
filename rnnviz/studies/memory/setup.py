"""What is trained, on which task and how; each field is checked, in one line."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from rnnviz.studies.comparing.setup import Architecture, number, one_of, row_of, whole
from rnnviz.studies.memory.tasks import TASKS
from rnnviz.told import Told
from rnnviz.trace import GATES

OPTIMISERS = ("adam", "sgd")
LONGEST = 200  # steps of a sequence
WIDEST = 256  # units
MOMENTS = 400  # of one training, at most
LARGEST_WORK = 4e11  # multiplications, and what takes as long: some minutes on one core
OVERHEAD = 2.5e5  # multiplications that take as long as starting the operations of one step, there and back


def within(task: str, steps: int) -> None:
    """Raises ValueError for so many steps where a task cannot have them."""
    if not TASKS[task] <= steps <= LONGEST:
        raise Told(
            "{task!r} takes {tasks} to {longest} steps; got {steps}",
            task=task,
            tasks=TASKS[task],
            longest=LONGEST,
            steps=steps,
        )


@dataclass(frozen=True)
class Setup:
    """A few networks, the task that all of them learn, and how they are trained.

    networks: of one layer, one direction. task: 'first' (the first symbol decides), 'adding', 'copy', 'parity' or 'brackets'; see
    `training.generated`. steps: of each sequence. updates: of the weights. batch: sequences of an update. optimiser: 'adam' or
    'sgd', without momentum; rate: its learning rate. clip: norm to which the gradient of all parameters is clipped, None for
    none. truncate: backpropagation is cut every that many steps, counted back from the end. every: updates from one moment that
    is kept to the next. seed: of weights and data.

    Raises ValueError, in one line, for a set-up that makes no sense.
    """

    networks: tuple[Architecture, ...]
    task: str = "first"
    steps: int = 20
    updates: int = 500
    batch: int = 32
    optimiser: str = "adam"
    rate: float = 0.003
    clip: float | None = 1.0
    truncate: int | None = None
    every: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "networks", tuple(self.networks))
        if not self.networks or not all(isinstance(one, Architecture) for one in self.networks):
            raise Told("nothing to train: give at least one Architecture")
        one_of(self, "task", tuple(TASKS))
        one_of(self, "optimiser", OPTIMISERS)
        for name in ("steps", "updates", "batch", "every"):
            whole(self, name)
        whole(self, "truncate", optional=True)
        number(self, "rate")
        number(self, "clip", optional=True)
        number(self, "seed")
        object.__setattr__(self, "seed", int(self.seed))
        if not 0 <= self.seed < 1_000_000:
            raise Told("seed must be from 0 to 999999; got {seed}", seed=self.seed)
        for name in ("rate", "clip"):
            if getattr(self, name) is not None and getattr(self, name) <= 0:
                raise Told("{name} must be above 0; got {value:g}", name=name, value=getattr(self, name))
        within(self.task, self.steps)
        names = [one.name for one in self.networks]
        for one in self.networks:
            if one.layers > 1 or one.bidirectional:
                raise Told("{name}: one layer that reads forwards is trained here", name=one.name)
            if one.units > WIDEST:
                raise Told("at most {widest} units; got {units}", widest=WIDEST, units=one.units)
            if names.count(one.name) > 1:
                raise Told("two networks are the same: {name}", name=one.name)
        if self.updates // self.every > MOMENTS:
            raise Told(
                "at most {moments} moments are kept; {updates} updates need every={value} or more",
                moments=MOMENTS,
                updates=self.updates,
                value=-(-self.updates // MOMENTS),
            )

    @property
    def course(self) -> "Setup":
        """Stands for what is the same in a longer training and in one that is looked at more often: all but that."""
        return replace(self, updates=1, every=1)

    def moments(self) -> list[int]:
        """The updates after which what is so is kept: 0, every `every`-th, and the last."""
        return sorted({*range(0, self.updates + 1, self.every), self.updates})

    def work(self) -> float:
        """Multiplications that the training takes, roughly: to be held against LARGEST_WORK."""
        each = (4 * len(GATES[one.kind]) * one.units**2 * self.batch * 3 + OVERHEAD for one in self.networks)
        return float(sum(each) * self.steps * self.updates)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON has them."""
        return asdict(self) | {"networks": [asdict(one) for one in self.networks]}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Setup":
        """The inverse of `to_dict`; what is left out is as by default. Raises ValueError for what is no field."""
        if not isinstance(values, dict) or not isinstance(values.get("networks"), (list, tuple)):
            raise Told("a set-up is an object with a list of networks")
        return row_of(
            cls, values | {"networks": tuple(row_of(Architecture, row) for row in values["networks"])}
        )
