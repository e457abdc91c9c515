"""What is compared: the architectures, the data and the loss, and what that costs; each field is checked, in one line."""

import math
from dataclasses import Field, asdict, dataclass, fields
from typing import Any, ClassVar, Protocol, TypeVar

from rnnviz.models.networks import KINDS
from rnnviz.trace import GATES

INPUTS = ("noise", "adding", "copy", "text")
LOSSES = ("last", "all")
INITIALISATIONS = ("default", "orthogonal", "identity")
NONLINEARITIES = ("tanh", "relu")
NOISE = 8  # numbers that a step of noise has
LIMIT = 2e11  # multiplications, and what takes as long: about a minute on two cores
OVERHEAD = 2e5  # multiplications that take as long as starting the operations of one step
PER_PIECE = 30  # steps that take as long as starting a piece of a truncated sequence
LARGEST = 4 * 2**30  # bytes that one network may take


@dataclass(frozen=True)
class Architecture:
    """One row of a comparison: a stack of recurrent layers of one kind, and how its weights are drawn.

    kind: 'rnn', 'gru' or 'lstm'; nonlinearity: of an rnn, 'tanh' or 'relu'. layers, units: how many, and how wide each.
    initialisation: of the recurrent weight, each gate's block by itself: 'default' (PyTorch's, uniform within 1/√units),
    'orthogonal', or 'identity', for an rnn with biases of 0 (Le, Jaitly & Hinton 2015, arXiv:1504.00941). gain: what it is
    multiplied by. forget_bias: of an LSTM, the whole bias of its forget gate (Jozefowicz, Zaremba & Sutskever 2015); None as
    drawn. residual: each layer but the first adds its input to its output. bidirectional: each layer reads both ways.
    layer_norm: of what each layer but the first reads (Ba, Kiros & Hinton 2016, arXiv:1607.06450).

    Raises ValueError, in one line, for a row that makes no sense.
    """

    kind: str = "lstm"
    nonlinearity: str = "tanh"
    layers: int = 1
    units: int = 64
    initialisation: str = "default"
    gain: float = 1.0
    forget_bias: float | None = None
    residual: bool = False
    bidirectional: bool = False
    layer_norm: bool = False

    def __post_init__(self) -> None:
        one_of(self, "kind", tuple(KINDS))
        one_of(self, "nonlinearity", NONLINEARITIES)
        one_of(self, "initialisation", INITIALISATIONS)
        whole(self, "layers")
        whole(self, "units")
        number(self, "gain")
        number(self, "forget_bias", optional=True)
        for name in ("residual", "bidirectional", "layer_norm"):
            switch(self, name)
        if self.nonlinearity != "tanh" and self.kind != "rnn":
            raise ValueError(f"nonlinearity {self.nonlinearity!r} is for an rnn; a {self.kind} has its own")
        if self.forget_bias is not None and self.kind != "lstm":
            raise ValueError(f"forget_bias is for an lstm; a {self.kind} has no forget gate")
        for name in ("residual", "layer_norm"):
            if getattr(self, name) and self.layers == 1:
                raise ValueError(f"{name} goes between layers; wanted layers of 2 or more, got 1")

    @property
    def name(self) -> str:
        """A short label, another one for every unlike row: 'LSTM 2 layers, forget bias 2'."""
        head = self.kind.upper() + (" relu" if self.nonlinearity == "relu" else "")
        if self.layers > 1:
            head += f" {self.layers} layers"
        parts = [
            f"{self.units} units" if self.units != 64 else "",
            self.initialisation if self.initialisation != "default" else "",
            f"gain {_short(self.gain)}" if self.gain != 1 else "",
            f"forget bias {_short(self.forget_bias)}" if self.forget_bias is not None else "",
            "residual" if self.residual else "",
            "bidirectional" if self.bidirectional else "",
            "layer norm" if self.layer_norm else "",
        ]
        return ", ".join([head, *filter(None, parts)])

    @classmethod
    def parse(cls, text: str) -> "Architecture":
        """From 'lstm,units=64,forget_bias=2': a kind, then fields by name. Raises ValueError for what is no field."""
        kind, *rest = (part.strip() for part in text.split(","))
        given = (part.partition("=") for part in rest)
        values = {name.strip(): _value(value if equals else "true") for name, equals, value in given}
        return row_of(cls, {"kind": kind} | values)


@dataclass(frozen=True)
class Setup:
    """What is compared, on which data, and how the loss is sent back.

    input: 'noise' (8 normal numbers a step, and one to be told); 'adding' and 'copy' (see `training.generated`);
    'text' (one-hot characters, the next one to be told: one sequence of at most `steps` characters). loss: 'last', at the
    last step, or 'all', the mean over the steps. seeds: how many, 0, 1, …: each draws weights and data. batch: sequences.
    clip: norm to which the gradient of all parameters is clipped (Pascanu, Mikolov & Bengio 2013). truncate: backpropagation
    is cut every that many steps, counted back from the end.

    Raises ValueError, in one line, for a set-up that makes no sense.
    """

    architectures: tuple[Architecture, ...]
    input: str = "noise"
    text: str = ""
    steps: int = 200
    loss: str = "last"
    seeds: int = 5
    batch: int = 4
    clip: float | None = None
    truncate: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "architectures", tuple(self.architectures))
        one_of(self, "input", INPUTS)
        one_of(self, "loss", LOSSES)
        for name in ("steps", "seeds", "batch"):
            whole(self, name)
        whole(self, "truncate", optional=True)
        number(self, "clip", optional=True)
        if self.clip is not None and self.clip <= 0:
            raise ValueError(f"clip must be above 0; got {self.clip:g}")
        if not self.architectures or not all(isinstance(one, Architecture) for one in self.architectures):
            raise ValueError("nothing to compare: give at least one Architecture")
        names = [architecture.name for architecture in self.architectures]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two rows are the same: {name}")
        if self.truncate is not None and any(one.bidirectional for one in self.architectures):
            raise ValueError("truncate: a bidirectional network reads from the end too and cannot be cut")
        if not isinstance(self.text, str):
            raise ValueError(f"text must be a text; got {self.text!r}")
        if "\0" in self.text or any("\ud800" <= character <= "\udfff" for character in self.text):
            raise ValueError("text: NUL and lone surrogates cannot be kept in a file")
        if self.input == "text" and len(self.text) < 2:
            raise ValueError(f"input 'text' needs a text of at least 2 characters; got {len(self.text)}")
        if self.input == "copy" and self.steps < 3:
            raise ValueError(f"input 'copy' needs at least 3 steps; got {self.steps}")
        if self.input == "adding" and self.steps < 2:
            raise ValueError(f"input 'adding' needs at least 2 steps; got {self.steps}")

    @property
    def length(self) -> int:
        """Steps that are read: `steps`, or as many as the text has."""
        return min(self.steps, len(self.text) - 1) if self.input == "text" else self.steps

    @property
    def sequences(self) -> int:
        """`batch`, or 1 for a text."""
        return 1 if self.input == "text" else self.batch

    def cost(self) -> float:
        """Multiplications that the comparison takes, roughly: to be held against LIMIT."""
        return float(sum(self._cost_of(one) for one in self.architectures) * self.seeds * self.length)

    def _cost_of(self, one: Architecture) -> float:
        matrices = 4 * len(GATES[one.kind]) * one.units**2 * self.sequences
        starts = OVERHEAD * (1 + (PER_PIECE / self.truncate if self.truncate else 0))
        return one.layers * (1 + one.bidirectional) * (starts + matrices)

    def memory(self) -> float:
        """Bytes that the largest of the networks takes while it runs, roughly, or the result where that is more."""
        largest = 0.0
        for one in self.architectures:
            gates = len(GATES[one.kind])
            layers = one.layers * (1 + one.bidirectional)
            states = 5 * (gates + 4) * one.units * self.sequences * self.length
            largest = max(largest, 8.0 * layers * (states + 6 * gates * one.units * (2 * one.units)))
        layers = max(one.layers for one in self.architectures)
        return max(largest, 8.0 * 4 * len(self.architectures) * self.seeds * layers * self.length)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON has them."""
        return asdict(self) | {"architectures": [asdict(one) for one in self.architectures]}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Setup":
        """The inverse of `to_dict`; what is left out is as by default. Raises ValueError for what is no field."""
        if not isinstance(values, dict) or not isinstance(values.get("architectures"), (list, tuple)):
            raise ValueError("a set-up is an object with a list of architectures")
        rows = tuple(
            Architecture.parse(row) if isinstance(row, str) else row_of(Architecture, row)
            for row in values["architectures"]
        )
        return row_of(cls, values | {"architectures": rows})


def refuse_size(setup: Setup) -> None:
    if setup.memory() > LARGEST:
        raise ValueError(
            f"this would take {setup.memory() / 2**30:.1f} GiB; the limit is {LARGEST / 2**30:.0f} GiB:"
            " fewer steps, units, layers, sequences or seeds"
        )


# Reading what was asked for; each raises ValueError, in one line, for what no field takes


def one_of(row: object, name: str, allowed: tuple[str, ...]) -> None:
    """The field is one of those allowed."""
    if getattr(row, name) not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}; got {getattr(row, name)!r}")


def whole(row: object, name: str, optional: bool = False) -> None:
    """The field as an int of at least 1; a table on a page gives 64.0 for 64, and NaN for nothing."""
    value = number(row, name, optional)
    if value is None:
        return
    if value != int(value) or not 1 <= value <= 1e9:
        raise ValueError(f"{name} must be a whole number of at least 1; got {value:g}")
    object.__setattr__(row, name, int(value))


def number(row: object, name: str, optional: bool = False) -> float | None:
    """The field as a finite float; None, also for NaN, where it is optional."""
    given = getattr(row, name)
    try:
        value = None if given is None else float(given)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a number; got {given!r}") from None
    if optional and (value is None or math.isnan(value)):
        object.__setattr__(row, name, None)
        return None
    if value is None or isinstance(given, bool) or not math.isfinite(value):
        raise ValueError(f"{name} must be a number; got {given!r}")
    object.__setattr__(row, name, value)
    return value


def switch(row: object, name: str) -> None:
    """The field as a bool."""
    if getattr(row, name) not in (True, False):
        raise ValueError(f"{name} must be true or false; got {getattr(row, name)!r}")
    object.__setattr__(row, name, bool(getattr(row, name)))


def _short(number: float) -> str:
    return str(int(number)) if number == int(number) else repr(number)


def _value(text: str) -> float | bool | str:
    """A value as it is written in a row: a number, true, false, or a word."""
    word = text.strip()
    if word.lower() in ("true", "false"):
        return word.lower() == "true"
    try:
        return float(word)
    except ValueError:
        return word


class _WithFields(Protocol):
    """A dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


Row = TypeVar("Row", bound=_WithFields)


def row_of(of: type[Row], values: object) -> Row:
    """A row of that type; ValueError for what is no field of it."""
    if not isinstance(values, dict):
        raise ValueError(f"a row is an object with fields; got {values!r}")
    names = [field.name for field in fields(of)]
    for name in values:
        if name not in names:
            raise ValueError(f"no field {name!r}; there is {', '.join(names)}")
    return of(**values)
