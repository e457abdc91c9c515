"""Text written character by character, by a network that carries a state or by counts: what was drawn, and from what.

    writing = Writing(Network(model), vocabulary.encode("ROMEO:"), Rule(temperature=0.8, seed=3))
    writing.write(100)
    writing.steps()            # of each character: the distribution before and after, the number that chose it
    writing.states(0, 50)      # hidden states and gates over the text, from a recording

A place is a character's number in the whole text, the seed text included, from 0.
"""

import copy
import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from rnnviz import stats
from rnnviz.models.counting import NGrams
from rnnviz.models.networks import LanguageModel, State, reading
from rnnviz.recording.block import record
from rnnviz.trace import branch

CELLS: dict[str, Callable[..., Any]] = {
    "RNN_TANH": torch.rnn_tanh_cell,
    "GRU": torch.gru_cell,
    "LSTM": torch.lstm_cell,
}
MARK = 64  # places between two states that are kept, so that any part of a text can be read again
NEAR = 1e-12  # a sum of probabilities that misses top-p by so little has reached it


@dataclass(frozen=True)
class Rule:
    """How a next character is drawn; see `filtered`. seed: the number that all luck follows from.

    Raises ValueError, in one line, for what is none of these.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.temperature) and self.temperature >= 0):
            raise ValueError(f"the temperature must be a number from 0 up; got {self.temperature}")
        if self.top_k < 0 or self.top_k != int(self.top_k):
            raise ValueError(f"top-k must be a whole number from 0 (off) up; got {self.top_k}")
        if not 0 < self.top_p <= 1:
            raise ValueError(
                f"top-p must be above 0, else nothing is left to draw from, and at most 1; got {self.top_p}"
            )


def filtered(
    log_probability: np.ndarray, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0
) -> np.ndarray:
    """What is drawn from: probabilities after temperature, then top-k, then top-p, each time summing to 1 again.

    log_probability: (…, candidate), nats. temperature: divides the logarithms; 0 is greedy, all on the likeliest, the first
    of equals. top_k: so many of the likeliest are left, 0 for all. top_p: of these the fewest likeliest whose probabilities
    together reach it, 1 for all. Candidate 0, the unknown character, is never written and taken out first.
    Returns (…, candidate), float64. Sources: Ackley, Hinton & Sejnowski 1985 (temperature); Fan, Lewis & Dauphin 2018,
    arXiv:1805.04833 (top-k); Holtzman et al. 2020, arXiv:1904.09751 (top-p). Raises ValueError as `Rule` does, and where
    candidate 0 is all there is.
    """
    rule = Rule(temperature, top_k, top_p)
    logs = np.array(log_probability, np.float64)
    logs[..., 0] = -np.inf
    highest = logs.max(-1, keepdims=True)
    if not np.isfinite(highest).all():
        raise ValueError("no candidate is left: only the unknown character has a probability")
    order = np.argsort(-logs, axis=-1, kind="stable")
    if rule.temperature == 0:
        found = np.zeros_like(logs)
        np.put_along_axis(found, order[..., :1], 1.0, -1)
        return found
    with np.errstate(over="ignore"):  # at a temperature near 0 the others are infinitely unlikely
        falling = np.exp((np.take_along_axis(logs, order, -1) - highest) / rule.temperature)
    if rule.top_k:
        falling[..., rule.top_k :] = 0
    falling /= falling.sum(-1, keepdims=True)
    if rule.top_p < 1:
        before = np.cumsum(falling, -1) - falling
        falling = np.where(before < rule.top_p - NEAR, falling, 0)
        falling /= falling.sum(-1, keepdims=True)
    found = np.empty_like(falling)
    np.put_along_axis(found, order, falling, -1)
    return found


def at_temperatures(
    log_probability: np.ndarray, temperatures: Sequence[float], count: int = 10
) -> xr.Dataset:
    """One step's distribution at several temperatures, from the same logarithms, before top-k and top-p.

    log_probability: (candidate,), nats. count: of candidates, the likeliest without the unknown character: the same at every
    temperature, as none changes their order. Returns `id` (rank,), best first; `probability` (temperature, rank); `others`
    (temperature,), what is left to all others. Raises ValueError as `filtered` does.
    """
    shares = np.stack([filtered(log_probability, temperature) for temperature in temperatures])
    best = 1 + np.argsort(-np.asarray(log_probability)[1:], kind="stable")[:count]
    likely = shares[:, best]
    limits = {"long_name": "probability", "units": "1", "valid_range": [0.0, 1.0]}
    return xr.Dataset(
        {
            "id": ("rank", best),
            "probability": (("temperature", "rank"), likely, limits),
            "others": ("temperature", (1 - likely.sum(1)).clip(0, 1), limits),
        },
        coords={"temperature": list(temperatures)},
    )


def uniform(seed: int, place: int) -> float:
    """The number in [0, 1) that chooses the character at a place: the same for all models, machines and versions."""
    digest = hashlib.blake2b(f"{seed}:{place}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53


def draw(probability: np.ndarray, number: float) -> tuple[int, float]:
    """The candidate whose stretch of 0 to 1 a number falls into, and where that stretch begins.

    The stretches lie side by side from the likeliest candidate on, each as long as its probability (the inverse of the
    cumulative distribution). probability: (candidate,), sums to 1. number: in [0, 1).
    """
    order = np.argsort(-probability, kind="stable")
    ends = np.cumsum(probability[order])
    rank = min(int(np.searchsorted(ends, number, "right")), int(np.count_nonzero(probability)) - 1)
    return int(order[rank]), float(ends[rank - 1]) if rank else 0.0


Carried = TypeVar("Carried")


class Writer(Protocol[Carried]):
    """Who can write on from what it carries from character to character: a Network or Counts."""

    start: Carried

    def read(self, ids: Sequence[int], state: Carried) -> tuple[np.ndarray, Carried]:
        """Reads on from a state. Returns the log probability of each next token, (candidate,), nats, and the new state."""

    def watch(self, ids: Sequence[int], state: Carried) -> xr.Dataset:
        """What there is to see while tokens are read on from a state, over `time`."""


class Network:
    """A language model as a writer: it carries its state from character to character."""

    def __init__(self, model: LanguageModel):
        self.model = model
        self.start: State | None = None

    def read(self, ids: Sequence[int], state: State | None) -> tuple[np.ndarray, State | None]:
        """Reads on from a state. Returns the log probability of each next token, (candidate,), nats, and the new state."""
        scores: Tensor
        with torch.inference_mode():
            if len(ids) == 1 and state is not None:
                scores, state = self._step(ids[0], state)
            else:
                with reading(self.model):
                    rows, state = self.model(torch.tensor([ids]), state)
                scores = rows[0, -1]
            return scores.double().log_softmax(-1).float().numpy(), state

    def _step(self, id: int, state: State) -> tuple[Tensor, State]:
        """One character, by torch's kernel for a single step: two to four times faster than a sequence of one."""
        rnn, head, run = self.model.rnn, self.model.head, CELLS[self.model.rnn.mode]
        below: Tensor = self.model.embedding.weight[id : id + 1]
        hidden, cells = [], []
        if isinstance(state, tuple):
            for layer, weights in enumerate(rnn.all_weights):
                below, cell = run(below, (state[0][layer], state[1][layer]), *weights)
                hidden.append(below)
                cells.append(cell)
            return head(below)[0], (torch.stack(hidden), torch.stack(cells))
        for layer, weights in enumerate(rnn.all_weights):
            below = run(below, state[layer], *weights)
            hidden.append(below)
        return head(below)[0], torch.stack(hidden)

    def log_probability(self, ids: Sequence[int]) -> np.ndarray:
        """(time, candidate), nats: row t for what follows token t."""
        with torch.inference_mode(), reading(self.model):
            scores: Tensor = self.model(torch.tensor([ids]))[0][0]
            return scores.double().log_softmax(-1).numpy()

    def watch(self, ids: Sequence[int], state: State | None) -> xr.Dataset:
        """Hidden states and gates as a trace has them, (layer, time, unit), of tokens read on from a state."""
        with torch.inference_mode(), reading(self.model), record(self.model) as recording:
            self.model(torch.tensor([ids]), state)
        return branch(recording.trace, "rnn").to_dataset().isel(batch=0, direction=0)


class Counts:
    """n-gram counts as a writer: all they carry is the last few characters. order, discount: see NGrams.probability."""

    def __init__(self, counts: NGrams, order: int, discount: float, method: str = "kneser-ney"):
        self.counts, self.order, self.discount, self.method = counts, order, discount, method
        self.start: tuple[int, ...] = ()

    def read(self, ids: Sequence[int], state: tuple[int, ...]) -> tuple[np.ndarray, tuple[int, ...]]:
        """As Network.read; a state is the last order - 1 tokens."""
        state = self._last((*state, *ids))
        shares = self.counts.distribution(state, self.method, self.order, discount=self.discount)
        return np.log(shares).astype(np.float32), state

    def _last(self, ids: tuple[int, ...]) -> tuple[int, ...]:
        return ids[len(ids) - min(len(ids), self.order - 1) :]

    def log_probability(self, ids: Sequence[int]) -> np.ndarray:
        """As Network.log_probability."""
        return np.log(self.counts.distributions(ids, self.method, self.order, discount=self.discount))

    def watch(self, ids: Sequence[int], state: tuple[int, ...]) -> xr.Dataset:
        """How much of what stands before each token was ever seen: booleans (time, length).

        `context`: whether the `length` tokens before it were seen; `followed`: whether they were seen with it after them.
        Lengths from 1 to order - 1.
        """
        total, count = self.counts.seen((*state, *ids), self.order)[::-1]
        found = {"context": total, "followed": count}
        own = slice(len(state), None)
        return xr.Dataset(
            {name: (("time", "length"), (array[1:, own] > 0).T) for name, array in found.items()},
            coords={"length": np.arange(1, self.order)},
        )


class Writing(Generic[Carried]):
    """A text that grows.

    writer: a Network or Counts. seed_text: its ids, at least one. changes: ids that stand at a place whatever was drawn
    there. Raises ValueError for an empty seed text and for changes within it or to the unknown character.

    >>> import rnnviz
    >>> from rnnviz.studies.writing import Network, Rule, Writing
    >>> model, card = rnnviz.load("shakespeare-lstm")
    >>> known = rnnviz.checkpoints.vocabulary(card)
    >>> text = Writing(Network(model), known.encode("ROMEO:"), Rule(temperature=0))
    >>> text.write(10)
    >>> known.decode(text.ids).split()
    ['ROMEO:', 'I', 'will', 'no']
    """

    def __init__(
        self,
        writer: Writer[Carried],
        seed_text: Sequence[int],
        rule: Rule,
        changes: Mapping[int, int] | None = None,
    ):
        if not len(seed_text):
            raise ValueError("a seed text has at least one character: something must be read before writing")
        self.writer, self.rule, self.first = writer, rule, len(seed_text)
        self.changes = dict(changes or {})
        for place, id in self.changes.items():
            self._check(place, id)
        self.ids = list(seed_text)
        self._rows: list[np.ndarray] = []  # of what is written: log probabilities it was drawn from
        self._draws: list[tuple[int, float]] = []  # what was drawn there, and where its stretch begins
        self._marks = {0: writer.start}  # by place: the state before it
        self._next, self._state = writer.read(self.ids, writer.start)

    def _check(self, place: int, id: int) -> None:
        if place < self.first:
            raise ValueError(f"places from {self.first} on are written; got {place}")
        if not id:
            raise ValueError("the unknown character is never written")

    def write(self, count: int) -> None:
        """Writes so many characters more."""
        began = len(self.ids)
        for place in range(began, began + count):
            if place % MARK == 0 or place == began:  # what was written at one time is read again at one time
                self._marks[place] = self._state
            shares = filtered(self._next, self.rule.temperature, self.rule.top_k, self.rule.top_p)
            drawn = draw(shares, uniform(self.rule.seed, place))
            self.ids.append(self.changes.get(place, drawn[0]))
            self._rows.append(self._next)
            self._draws.append(drawn)
            self._next, self._state = self.writer.read(self.ids[-1:], self._state)

    def branch(self, place: int, id: int) -> "Writing[Carried]":
        """The same text up to a place, there another character; what follows is to be written anew. This one stays.

        Raises ValueError where nothing is written at the place yet, or for the unknown character.
        """
        self._check(place, id)
        if place >= len(self.ids):
            raise ValueError(f"{len(self.ids)} characters are there; got place {place}")
        other = copy.copy(self)
        other.changes = {p: c for p, c in self.changes.items() if p < place} | {place: id}
        other.ids = self.ids[:place]
        written = place - self.first
        other._rows, other._draws = self._rows[:written], self._draws[:written]
        other._marks = {p: state for p, state in self._marks.items() if p <= place}
        mark = max(other._marks)
        other._next, other._state = self._rows[written], other._marks[mark]
        if mark < place:
            _row, other._state = self.writer.read(self.ids[mark:place], other._state)
        other.write(1)
        return other

    def states(self, first: int, end: int) -> xr.Dataset:
        """What the writer's `watch` shows of the places first … end - 1; `time` counts places."""
        mark = max(p for p in self._marks if p <= first)
        found = self.writer.watch(self.ids[mark:end], self._marks[mark])
        return found.isel(time=slice(first - mark, None)).assign_coords(time=np.arange(first, end))

    def steps(self, first: int | None = None, end: int | None = None) -> xr.Dataset:
        """How the characters at the places first … end - 1 were chosen; all that are written, if not said.

        Over `time`, the places: `id`; `drawn`, the id that was drawn, another one where it was changed; `uniform`, the number
        that drew it; `low`, where the drawn one's stretch begins; `surprise`, -ln p of `id` in nats; `rank`, from 1, among
        the known candidates. Over (time, candidate): `log_probability` before, nats, and `probability` after the filter.
        """
        first = self.first if first is None else max(first, self.first)
        end = len(self.ids) if end is None else min(end, len(self.ids))
        places = np.arange(first, max(first, end))
        size = len(self._next)
        rows = np.array(self._rows[first - self.first : end - self.first]).reshape(len(places), size)
        ids = np.array(self.ids[first:end], np.int64)
        rule = self.rule
        shares = (
            filtered(rows, rule.temperature, rule.top_k, rule.top_p) if len(places) else np.zeros((0, size))
        )
        numbers = np.array([uniform(rule.seed, int(place)) for place in places])
        draws = np.array(self._draws[first - self.first : end - self.first], "f8").reshape(len(places), 2)
        own = np.take_along_axis(rows, ids[:, None], 1)
        return xr.Dataset(
            {
                "id": ("time", ids),
                "drawn": ("time", draws[:, 0].astype(np.int64)),
                "uniform": ("time", numbers),
                "low": ("time", draws[:, 1]),
                "surprise": ("time", -own[:, 0], {"long_name": "surprise", "units": "nat"}),
                "rank": ("time", 1 + (rows[:, 1:] > own).sum(1)),
                "log_probability": (("time", "candidate"), rows, {"units": "nat"}),
                "probability": (("time", "candidate"), shares, {"units": "1", "valid_range": [0.0, 1.0]}),
            },
            coords={"time": places},
        )


def surprises(writer: Network | Counts, ids: Sequence[int]) -> xr.Dataset:
    """How a text that is there surprises a model, and what it would rather have read.

    ids: (time,), at least one. Returns over time `surprise`, -ln p in nats; `likeliest`, the id of the best candidate, and
    `probability`, its share. NaN and -1 at the first character, which nothing predicts; the surprise is NaN at unknown ones.
    """
    rows = xr.DataArray(writer.log_probability(ids), dims=("time", "candidate"))
    best = stats.text.candidates(rows, 1).isel(rank=0)
    nats = stats.text.surprise(rows, list(ids))
    likeliest = np.append(-1, best["id"].values[:-1])
    shares = np.append(np.nan, best["probability"].values[:-1])
    return xr.Dataset(
        {
            "surprise": nats.where(np.array(ids) > 0),
            "likeliest": ("time", likeliest),
            "probability": ("time", shares),
        }
    )
