"""How a text of the reader's own is learned; each field is checked, in one line."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from rnnviz.studies.comparing.setup import number, one_of, row_of, whole
from rnnviz.told import Told

KINDS = ("rnn", "gru", "lstm")
OPTIMISERS = ("adam", "sgd")
WIDEST, DEEPEST, LONGEST, MOST_UPDATES = 256, 3, 200, 20_000
MOMENTS = 400  # of one training, at most


@dataclass(frozen=True)
class Setup:
    """A language model and how it is trained.

    kind: 'rnn', 'gru' or 'lstm', of so many units and layers; dropout: on the embedding, between layers and before the output.
    length: characters of a window, over which backpropagation runs; batch: windows of an update. optimiser: 'adam' or 'sgd',
    without momentum; rate: its learning rate. clip: norm to which the gradient of all parameters is clipped, None for none.
    every: updates from one moment that is kept to the next. seed: of weights, windows and dropout.

    Raises ValueError, in one line, for a set-up that makes no sense.
    """

    kind: str = "lstm"
    units: int = 128
    layers: int = 1
    dropout: float = 0.0
    length: int = 60
    batch: int = 32
    updates: int = 1000
    optimiser: str = "adam"
    rate: float = 0.003
    clip: float | None = 1.0
    every: int = 20
    seed: int = 0

    def __post_init__(self) -> None:
        one_of(self, "kind", KINDS)
        one_of(self, "optimiser", OPTIMISERS)
        for name in ("units", "layers", "length", "batch", "updates", "every"):
            whole(self, name)
        for name in ("rate", "dropout", "seed"):
            number(self, name)
        number(self, "clip", optional=True)
        object.__setattr__(self, "seed", int(self.seed))
        for name, most in (
            ("units", WIDEST),
            ("layers", DEEPEST),
            ("length", LONGEST),
            ("updates", MOST_UPDATES),
        ):
            if getattr(self, name) > most:
                raise Told(
                    "{name} must be at most {most}; got {value}",
                    name=name,
                    most=most,
                    value=getattr(self, name),
                )
        for name in ("rate", "clip"):
            if getattr(self, name) is not None and getattr(self, name) <= 0:
                raise Told("{name} must be above 0; got {value:g}", name=name, value=getattr(self, name))
        if not 0 <= self.dropout < 1:
            raise Told("dropout must be from 0 to below 1; got {dropout:g}", dropout=self.dropout)
        if not 0 <= self.seed < 1_000_000:
            raise Told("seed must be from 0 to 999999; got {seed}", seed=self.seed)
        if self.updates // self.every > MOMENTS:
            raise Told(
                "at most {moments} moments are kept; {updates} updates need every={value} or more",
                moments=MOMENTS,
                updates=self.updates,
                value=-(-self.updates // MOMENTS),
            )

    @property
    def network(self) -> "Setup":
        """Stands for what cannot be changed on the way: all but the rate, clipping, how long it lasts and how often it is
        looked at."""
        return replace(self, rate=1.0, clip=None, updates=1, every=1)

    @property
    def name(self) -> str:
        """What tells it from others, in short."""
        layers = f", {self.layers} layers" if self.layers > 1 else ""
        return f"{self.kind.upper()}, {self.units} units{layers}"

    def moments(self) -> list[int]:
        """The updates after which what is so is kept: 0, every `every`-th, and the last."""
        return sorted({*range(0, self.updates + 1, self.every), self.updates})

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON has them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Setup":
        """The inverse of `to_dict`; what is left out is as by default. Raises ValueError for what is no field."""
        return row_of(cls, values)
