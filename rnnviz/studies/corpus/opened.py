"""A corpus that was recorded: its tokens in memory, its states read from the store where they are asked for."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypeVar

import numpy as np

from rnnviz.studies.corpus import material, store
from rnnviz.studies.live import Live
from rnnviz.studies.progress import Progress
from rnnviz.told import Told

Answer = TypeVar("Answer")
THREADS = 2


@dataclass(frozen=True, eq=False)
class Corpus:
    """model: what it is called. names, labels: of each sequence. starts: the step at which each begins, and behind them how many
    steps there are. tokens: (step,) ids of `vocabulary`, of which the first `outputs` are the model's own. arrays: by their path
    in the store, as 'rnn/layer_1/hidden', lower layers first."""

    path: Path
    model: str
    names: tuple[str, ...]
    labels: tuple[str, ...]
    starts: np.ndarray
    tokens: np.ndarray
    vocabulary: tuple[str, ...]
    joint: str
    outputs: int
    arrays: dict[str, store.Array]
    _held: dict[str, list[np.ndarray]] = field(default_factory=dict, init=False, repr=False)
    _kept: dict[str, np.ndarray] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def open(cls, path: str | Path, model: Live | None = None) -> Self:
        """The corpus of a store that `record` wrote. model: whose states they must be.

        Raises Told where nothing is there, where it is something else, was cut short, is damaged, or is of another model.
        """
        path = Path(path)
        if not path.exists():
            raise Told(
                "there is no corpus {path}; make one with: rnnviz corpus MODEL TEXT --out {path}", path=path
            )
        if not (path / store.META).exists():
            raise Told("{path} holds something else than a corpus: name another folder", path=path)
        said = store.attributes_of(path)
        if said.get("format") != store.FORMAT:
            raise Told("{path} holds something else than a corpus: name another folder", path=path)
        if said.get("complete") is not True:
            raise Told(
                "{path} is half written: record it again with the same model and texts, and it goes on",
                path=path,
            )
        if model is not None and (
            said.get("weights_sha256") != material.weights_sha256(model)
            or said.get("vocabulary_sha256") != material.vocabulary_sha256(model.outputs)
        ):
            raise Told(
                "{path} holds states of another model, {name}: open it with that, or record anew",
                path=path,
                name=said["model"],
            )
        try:
            places = [str(one) for one in said["places"]]
            if not isinstance(said["joint"], str) or any(".." in one or one[:1] in "/\\" for one in places):
                raise TypeError
            found = cls(
                path,
                str(said["model"]),
                tuple(store.texts(path / "sequence")),
                tuple(store.texts(path / "label")),
                np.append(store.open_array(path / "start").whole(), int(said["steps"])),
                store.open_array(path / "token").whole(),
                tuple(store.texts(path / "vocabulary")),
                str(said["joint"]),
                int(said["outputs"]),
                {one: store.open_array(path / one) for one in places},
            )
        except Told:
            raise
        except (KeyError, TypeError, ValueError, OverflowError):
            raise store.damaged(path) from None
        found._check()
        return found

    def _check(self) -> None:
        lengths = np.diff(self.starts)
        right = (
            len(self.starts) == len(self.names) + 1 == len(self.labels) + 1
            and self.starts[0] == 0
            and bool((lengths > 0).all())
            and len(self.tokens) == self.steps
            and self.tokens.min() >= 0
            and self.tokens.max() < len(self.vocabulary)
            and self.arrays
            and all(one.shape[0] == self.steps and len(one.shape) == 2 for one in self.arrays.values())
        )
        if not right:
            raise store.damaged(self.path)
        for one in self.arrays.values():
            one.check()

    @property
    def steps(self) -> int:
        return int(self.starts[-1])

    def place(self, name: str | None = None) -> str:
        """The path of an array, by it or by its layer ('rnn/layer_1' is its hidden states); None: the highest hidden states that
        there are. Raises Told where there is none."""
        if name is None:
            return next(
                (one for one in reversed(self.arrays) if one.endswith("/hidden")), next(iter(self.arrays))
            )
        for each in (name, f"{name}/hidden"):
            if each in self.arrays:
                return each
        raise Told("the corpus has no {name}; it has {names}", name=name, names=", ".join(self.arrays))

    def units(self, place: str, units: Sequence[int] | None) -> list[int]:
        """These units, or all. Raises Told for one that is not there."""
        count = self.arrays[place].units
        found = list(range(count)) if units is None else [int(one) for one in units]
        for one in found:
            if not 0 <= one < count:
                raise Told("unit {unit} is not there; {name} has {count}", unit=one, name=place, count=count)
        return found

    def hold(self, place: str | None = None) -> Self:
        """Keeps an array in memory, as it is stored, so that no question about it reads the disk again. Returns itself."""
        name = self.place(place)
        array = self.arrays[name]
        if name not in self._held:
            self._held[name] = [array.file(number) for number in range(array.count)]
        return self

    def pieces(self, place: str) -> Iterator[tuple[int, int, int]]:
        """(number, first step, first beyond) of each file of an array."""
        array = self.arrays[place]
        for number in range(array.count):
            yield number, *array.span(number)

    def each(
        self, place: str, look: Callable[[int, int, int], Answer], progress: Progress | None = None
    ) -> Iterator[Answer]:
        """What `look` answers of each of `pieces`, in their order, from two threads: numpy lets the other run while it computes.
        progress: is told (steps looked at, steps in all) after each, and may raise to stop."""
        with ThreadPoolExecutor(THREADS) as pool:
            try:
                asked = [(pool.submit(look, *piece), piece[2]) for piece in self.pieces(place)]
                for answer, last in asked:
                    yield answer.result()
                    if progress:
                        progress(last, self.steps)
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def values(self, place: str, number: int, units: Sequence[int] | None = None) -> np.ndarray:
        """What stands in a file of an array, (unit, step), float32."""
        array = self.arrays[place]
        if place not in self._held:
            return array.values(number, units)
        held = self._held[place][number]
        return array.decoded(held if units is None else held[list(units)])

    def one(self, place: str, number: int, unit: int) -> np.ndarray:
        """One unit in a file of an array, (step,), float32: of what is held, without a copy."""
        array = self.arrays[place]
        if place not in self._held:
            return np.asarray(array.values(number, [unit])[0])
        return array.decoded(self._held[place][number][unit])

    def stored(self, place: str, number: int, unit: int) -> np.ndarray:
        """One unit in a file of an array as it is stored, (step,)."""
        if place not in self._held:
            return np.asarray(self.arrays[place].file(number, [unit])[0])
        return np.asarray(self._held[place][number][unit])

    def state(self, place: str, step: int) -> np.ndarray:
        """All units at one step, (unit,). Raises Told for a step that is not there."""
        if not 0 <= step < self.steps:
            raise Told("step {step} is not there; the corpus has {steps:,}", step=step, steps=self.steps)
        number, offset = divmod(step, self.arrays[place].steps)
        return np.array(self.values(place, number)[:, offset])

    def sequence(self, step: int) -> int:
        """Which sequence a step is of."""
        return int(np.searchsorted(self.starts, step, side="right")) - 1

    def text(self, start: int, stop: int) -> str:
        """The tokens of steps from `start` up to `stop`."""
        return self.joint.join(self.vocabulary[n] for n in self.tokens[max(0, start) : stop])

    def context(self, start: int, stop: int, before: int = 30, after: int = 30) -> tuple[str, str, str]:
        """What stands before some steps, at them, and after them, within their sequence."""
        sequence = self.sequence(start)
        low, high = int(self.starts[sequence]), int(self.starts[sequence + 1])
        left = self.text(max(low, start - before), start)
        return left, self.text(start, stop), self.text(stop, min(high, stop + after))


def inside(starts: np.ndarray, stops: np.ndarray, steps: int) -> np.ndarray:
    """(step,), whether a step is in one of the stretches, each from its start up to its stop."""
    found = np.zeros(steps + 1, np.int32)
    np.add.at(found, starts, 1)
    np.add.at(found, stops, -1)
    return np.asarray(found[:-1].cumsum() > 0)
