"""What of a module is to be kept: which fields, which layers. What nobody wants is not held while the model runs."""

from collections.abc import Iterable
from dataclasses import dataclass

from rnnviz.recording.passes import ACTIVATIONS
from rnnviz.trace import FIELDS

GRADIENTS = ("hidden_grad", "hidden_grad_direct", "cell_grad")
# what grows with the steps and may be left out; hidden states, weights and initial states are always kept
FIELDS_OF_STEPS = sorted(
    {name for own in FIELDS.values() for name, field in own.items() if "time" in field.dims} - {"hidden"}
)


@dataclass(frozen=True)
class Wanted:
    """fields: of those that grow with the steps, by their names in the trace; layers: counted from 0, or from -1 down. None:
    all."""

    fields: frozenset[str] | None = None
    layers: frozenset[int] | None = None

    @classmethod
    def of(cls, fields: Iterable[str] | None, layers: Iterable[int] | None) -> "Wanted":
        """Raises ValueError for a field that no trace has."""
        if isinstance(fields, str):
            fields = [fields]
        own = None if fields is None else frozenset(fields) - {"hidden"}
        for name in sorted(own or ()):
            if name not in FIELDS_OF_STEPS:
                raise ValueError(f"keep names {name!r}; wanted some of hidden, {', '.join(FIELDS_OF_STEPS)}")
        return cls(own, None if layers is None else frozenset(layers))

    def __or__(self, other: "Wanted") -> "Wanted":
        """What either wants."""
        fields = None if self.fields is None or other.fields is None else self.fields | other.fields
        layers = None if self.layers is None or other.layers is None else self.layers | other.layers
        return Wanted(fields, layers)

    def __contains__(self, field: str) -> bool:
        return self.fields is None or field in self.fields

    @property
    def gradients(self) -> bool:
        """Whether any gradient is wanted."""
        return any(name in self for name in GRADIENTS)

    def recovered(self, kind: str) -> list[str]:
        """The fields of a kind of module that follow from its states: its gates, and of an LSTM the cell."""
        names = (*ACTIVATIONS[kind], *(["cell"] if kind == "lstm" else []))
        return [name for name in names if name in self]

    def replays(self, kind: str) -> bool:
        """Whether steps are computed again from the states: for what is wanted of them, or to hold them against the kernel's."""
        return self.fields is None or bool(self.recovered(kind))

    def all_gates(self, kind: str) -> bool:
        return all(name in self for name in ACTIVATIONS[kind])

    def of_layers(self, count: int) -> tuple[int, ...]:
        """The layers that are kept of so many, in order."""
        if self.layers is None:
            return tuple(range(count))
        return tuple(sorted({layer % count for layer in self.layers if -count <= layer < count}))


ALL = Wanted()
