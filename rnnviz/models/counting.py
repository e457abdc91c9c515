"""Counting what came after what: n-gram models, which recurrent networks replaced.

The table of n-grams is a tree: an n-gram is the place of its first n - 1 tokens in the table below, and its last token. So a
key is one whole number for any order and vocabulary, and everything is done for many n-grams at once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Number = TypeVar("Number", np.int64, np.float64)

METHODS = ("likelihood", "add-k", "backoff", "kneser-ney")
KEPT = 8  # of what estimates need of every n-gram: one text needs Kneser-Ney of six orders, and backoff
MOST = 10**12  # times that an n-gram of a file may have been seen: sums stay exact
KINDS = ("uu", "ui", "iu", "ii")  # of the arrays of a file: whole numbers


@dataclass(frozen=True)
class Level:
    """All n-grams of one length that were seen, in rising order of key.

    key: place of the first n - 1 tokens in the level below, times the size of the vocabulary, plus the last token. count: how
    often it was seen. Both (gram,).
    """

    key: Ints
    count: Ints


@dataclass(frozen=True)
class _Fitted:
    """What the estimates of an order need of every n-gram, each by level.

    count: of each, or what the method takes for it (gram,). total: the same of each context followed by anything, rest: what the
    estimate of the shorter context is multiplied by after it. Both (context,).
    """

    count: list[Ints]
    total: list[Floats]
    rest: list[Floats]


def _sums(places: Ints, weights: npt.ArrayLike, length: int) -> Floats:
    """The weights that lie at each of so many places, added up."""
    found = np.bincount(places, weights=weights, minlength=length)
    return found  # type: ignore[return-value]  # numpy's stub does not know that weights make floats


class NGrams:
    """Counts of all n-grams up to an order, and what they say of a next token.

    size: of the vocabulary; tokens are whole numbers below it. Every estimate but 'likelihood' gives each token something:
    the last word is 1 / size. Methods: 'likelihood' c(hw) / c(h); 'add-k' (c(hw) + k) / (c(h) + k size); 'backoff' with
    absolute discounting (Katz 1987; Ney, Essen & Kneser 1994); 'kneser-ney', interpolated (Chen & Goodman 1999, equation 12
    and section 2.7). The first tokens of a text have shorter contexts: theirs is the estimate of the order that fits.
    Raises ValueError for an order below 1 or a token that is not in the vocabulary.
    """

    def __init__(self, size: int, levels: Sequence[Level]):
        self.size, self.levels = size, list(levels)
        # any number between 0 and 1 is a discount: what was asked for last is kept, not all that ever was
        self._weights = lru_cache(maxsize=KEPT)(self._fitted)
        # by level: how often each context was followed by anything
        self._total = [
            _sums(level.key // size, level.count, 1 if n == 0 else len(self.levels[n - 1].key))
            for n, level in enumerate(self.levels)
        ]
        # by level: the place of the last n - 1 tokens in the level below. They follow the last n - 2 of the n-gram without
        # its last token
        self._suffix = [np.zeros(len(level.key), np.int64) for level in self.levels[:1]]
        for n, level in enumerate(self.levels[1:], 1):
            shorter = self._suffix[-1][level.key // size]
            self._suffix.append(self._step(n - 1, shorter, level.key % size))

    @classmethod
    def of(cls, ids: Sequence[int], order: int, size: int) -> "NGrams":
        """Counts a text. ids: (time,)."""
        tokens = np.asarray(ids, np.int64)
        if order < 1:
            raise ValueError(f"the order must be at least 1; got {order}")
        if not len(tokens):
            raise ValueError("there is nothing to count: give at least one token")
        if tokens.min() < 0 or tokens.max() >= size:
            raise ValueError(f"tokens must be from 0 to {size - 1}; got {tokens.min()} to {tokens.max()}")
        levels, places = [], np.zeros(len(tokens) + 1, np.int64)  # the place of the empty context
        for n in range(1, min(order, len(tokens)) + 1):
            keys = places[: len(tokens) - n + 1] * size + tokens[n - 1 :]
            key, places, count = np.unique(keys, return_inverse=True, return_counts=True)
            levels.append(Level(key, count))
        return cls(size, levels)

    @property
    def order(self) -> int:
        return len(self.levels)

    def place(self, grams: Ints) -> Ints:
        """Where n-grams stand in their level, -1 where they were never seen. grams: (…, n). Returns (…,)."""
        found = np.zeros(grams.shape[:-1], np.int64)
        for n in range(grams.shape[-1]):
            found = self._step(n, found, grams[..., n])
        return found

    def _step(self, n: int, context: Ints, token: Ints) -> Ints:
        """The place at level n of context and token, -1 where it was never seen."""
        if n >= self.order:
            return np.full(np.broadcast(context, token).shape, -1)
        keys = self.levels[n].key
        wanted = np.where(context < 0, -1, context * self.size + token)
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[at] == wanted, at, -1)

    def count(self, gram: Sequence[int]) -> int:
        """How often these tokens were seen one after the other."""
        place = int(self.place(np.asarray(gram, np.int64)))
        return 0 if place < 0 else int(self.levels[len(gram) - 1].count[place])

    def probability(
        self,
        ids: Sequence[int],
        method: str = "kneser-ney",
        order: int | None = None,
        k: float = 1.0,
        discount: float = 0.75,
    ) -> Floats:
        """Probability of each token of a text, given those before it. ids: (time,). Returns (time,).

        order: of the estimate, at most the one that was counted. k: of 'add-k', above 0. discount: of 'backoff' and
        'kneser-ney', between 0 and 1. Raises ValueError for what is none of these.
        """
        order = self._checked(method, order, k, discount)
        tokens = np.asarray(ids, np.int64)
        lengths = np.minimum(np.arange(len(tokens)), order - 1)
        return self._estimate(self._contexts(tokens, order), lengths, tokens, method, k, discount)

    def distribution(
        self,
        context: Sequence[int],
        method: str = "kneser-ney",
        order: int | None = None,
        k: float = 1.0,
        discount: float = 0.75,
    ) -> Floats:
        """Probability of every token after a context: (token,). See `probability`."""
        # whatever comes last, its context is what counts
        row: Floats = self._at([*context, 0], slice(-1, None), method, order, k, discount)[0]
        return row

    def distributions(
        self,
        ids: Sequence[int],
        method: str = "kneser-ney",
        order: int | None = None,
        k: float = 1.0,
        discount: float = 0.75,
    ) -> Floats:
        """The same after every token of a text: (time, token), row t for what follows token t."""
        return self._at([*ids, 0], slice(1, None), method, order, k, discount)

    def _at(
        self, ids: list[int], places: slice, method: str, order: int | None, k: float, discount: float
    ) -> Floats:
        """Probability of every token at some places of a text, by what stands before: (place, token)."""
        order, read = self._checked(method, order, k, discount), np.asarray(ids, np.int64)
        lengths = np.minimum(np.arange(len(read)), order - 1)[places]
        contexts = [np.repeat(each[places], self.size) for each in self._contexts(read, order)]
        tokens = np.tile(np.arange(self.size), len(lengths))
        estimate = self._estimate(contexts, np.repeat(lengths, self.size), tokens, method, k, discount)
        return estimate.reshape(len(lengths), self.size)

    def seen(self, ids: Sequence[int], order: int | None = None) -> tuple[Ints, Ints]:
        """What stands in the fractions: c(h w) and c(h) of each token w of a text, for every length of the context h before it.

        ids: (time,). Returns whole numbers, (length, time) twice, lengths from 0 to order - 1: how often h was followed by w,
        and by anything; 0 where there are fewer tokens before. Raises ValueError for an order that was not counted.
        """
        order, tokens = self._checked(METHODS[0], order, 1.0, 0.5), np.asarray(ids, np.int64)
        found = [
            self._numbers(n, places, tokens, self.levels[n].count, self._total[n].astype(np.int64))
            for n, places in enumerate(self._contexts(tokens, order))
        ]
        counts, totals = zip(*found, strict=True)
        return np.stack(counts), np.stack(totals)

    def stages(
        self, ids: Sequence[int], method: str = "kneser-ney", order: int | None = None, discount: float = 0.75
    ) -> dict[str, np.ndarray]:
        """How 'backoff' and 'kneser-ney' build the estimate of each token up, from no context to the longest.

        ids: (time,). Returns by name, each (length, time), lengths from 0 to order - 1:
            count, total    c(h w) and c(h), or what the method takes for them: Kneser-Ney below a token's longest context
                            counts after how many different tokens an n-gram was seen
            own             (count - discount) / total, what the token's own count gives; 0 where it was not seen
            rest            what the estimate of the shorter context is multiplied by; 1 where h was never seen
            estimate        so far, the last is `probability`: Kneser-Ney own + rest * shorter; backoff own where the token was
                            seen after h, else rest * shorter. What is shorter than no context is 1 / size.
        Raises ValueError for another method, order or discount.
        """
        order = self._checked(method, order, 1.0, discount)
        if method not in METHODS[2:]:
            raise ValueError(f"only {' and '.join(METHODS[2:])} have stages; got {method!r}")
        tokens = np.asarray(ids, np.int64)
        lengths = np.minimum(np.arange(len(tokens)), order - 1)
        rows = self._stages(self._contexts(tokens, order), lengths, tokens, method, discount)
        names = ("count", "total", "own", "rest", "estimate")
        return dict(zip(names, map(np.stack, zip(*rows, strict=True)), strict=True))

    def _checked(self, method: str, order: int | None, k: float, discount: float) -> int:
        order = self.order if order is None else order
        if method not in METHODS:
            raise ValueError(f"the method must be one of {', '.join(METHODS)}; got {method!r}")
        if not 1 <= order <= self.order:
            raise ValueError(f"the order must be from 1 to {self.order}; got {order}")
        if not k > 0:
            raise ValueError(f"k must be above 0; got {k}")
        if not 0 < discount < 1:
            raise ValueError(f"the discount must be between 0 and 1; got {discount}")
        return order

    def _contexts(self, ids: Ints, order: int) -> list[Ints]:
        """By length from 0: the place of the tokens before each token, -1 where there are fewer or they were never seen."""
        contexts = [np.zeros(len(ids), np.int64)]
        for n in range(1, order):
            places = np.full(len(ids), -1)
            if len(ids) > n:
                windows = np.lib.stride_tricks.sliding_window_view(ids[:-1], n)
                places[n:] = self.place(windows)
            contexts.append(places)
        return contexts

    def _estimate(
        self, contexts: list[Ints], lengths: Ints, tokens: Ints, method: str, k: float, discount: float
    ) -> Floats:
        if method in ("likelihood", "add-k"):
            found = np.zeros(len(tokens))
            add = k if method == "add-k" else 0.0
            for n, places in enumerate(contexts):
                count, total = self._numbers(n, places, tokens, self.levels[n].count, self._total[n])
                below = total + add * self.size
                estimate = (count + add) / np.where(
                    below > 0, below, 1
                )  # 0 where nothing ever came after this
                found = np.where(lengths == n, estimate, found)
            return found
        *_, (*_parts, found) = self._stages(contexts, lengths, tokens, method, discount)
        return found

    def _stages(
        self, contexts: list[Ints], lengths: Ints, tokens: Ints, method: str, discount: float
    ) -> Iterator[tuple[Ints, Floats, Floats, Floats, Floats]]:
        """How backoff and Kneser-Ney build an estimate up: for each length of context count, total, own, rest and estimate."""
        found = np.full(len(tokens), 1 / self.size)
        fitted = self._weights(method, len(contexts), discount)
        for n, places in enumerate(contexts):
            count, total, rest = self._fractions(n, places, tokens, fitted)
            if method == "kneser-ney" and n < len(contexts) - 1 and (whole := lengths == n).any():
                # all the context there is: what was counted counts, as in the estimate of this order
                longest = self._weights(method, n + 1, discount)
                count[whole], total[whole], rest[whole] = self._fractions(
                    n, places[whole], tokens[whole], longest
                )
            # where every token followed, there is nothing to save for others
            taken = discount if method == "kneser-ney" else np.where(rest > 0, discount, 0)
            own = np.maximum(count - taken, 0) / np.where(total > 0, total, 1)
            mixed = own + rest * found if method == "kneser-ney" else np.where(count > 0, own, rest * found)
            found = np.where(total > 0, mixed, found)
            yield count, total, own, rest, found

    def _fractions(self, n: int, context: Ints, token: Ints, fitted: _Fitted) -> tuple[Ints, Floats, Floats]:
        """Of each context and token, as an estimate takes them: count, total, and the weight of the shorter context."""
        count, total = self._numbers(n, context, token, fitted.count[n], fitted.total[n])
        return count, total, np.where(total > 0, fitted.rest[n][np.maximum(context, 0)], 1.0)

    def _numbers(
        self, n: int, context: Ints, token: Ints, counts: Ints, totals: npt.NDArray[Number]
    ) -> tuple[Ints, npt.NDArray[Number]]:
        """Of each context and token: their count, and that of the context followed by anything."""
        place = self._step(n, context, token)
        count = np.where(place >= 0, counts[np.maximum(place, 0)], 0)
        return count, np.where(context >= 0, totals[np.maximum(context, 0)], 0)

    def _fitted(self, method: str, order: int, discount: float) -> _Fitted:
        """What the estimates of an order need of every n-gram."""
        counts = [level.count for level in self.levels[:order]]
        if method == "kneser-ney":
            # below the top: after how many different tokens an n-gram was seen
            for n in range(order - 1):
                counts[n] = np.bincount(self._suffix[n + 1], minlength=len(counts[n]))
        totals, rests = [], []
        own = np.full(1, 1 / self.size)  # of no token, where the shortest suffix is
        for n, (level, count) in enumerate(zip(self.levels, counts, strict=False)):
            parents, contexts = level.key // self.size, len(self._total[n])
            total = _sums(parents, count, contexts)
            kinds = _sums(parents, count > 0, contexts)
            rest = discount * kinds / np.maximum(total, 1)
            if method == "backoff":
                # what is left for the tokens that never followed, over what these have in the estimate below
                below = own[self._suffix[n]]
                theirs = 1 - _sums(parents, below, contexts)
                rest = np.where(theirs > 1e-12, rest / np.maximum(theirs, 1e-12), 0.0)
                own = (count - np.where(rest > 0, discount, 0)[parents]) / total[parents]
            totals.append(total)
            rests.append(rest)
        return _Fitted(counts, totals, rests)

    def perplexity(
        self, ids: Sequence[int], method: str = "kneser-ney", order: int | None = None, **more: float
    ) -> float:
        """exp of the mean of -ln p over a text: infinite where one token was given no probability."""
        with np.errstate(divide="ignore"):
            return float(np.exp(-np.log(self.probability(ids, method, order, **more)).mean()))

    def arrays(self) -> dict[str, np.ndarray]:
        """All that is needed to make it again, by name, in as few bytes as each needs: for a file."""
        return {
            f"{name}_{n}": own.astype(np.min_scalar_type(int(own.max())))
            for n, level in enumerate(self.levels, 1)
            for name, own in (("key", level.key), ("count", level.count))
        }

    @classmethod
    def from_arrays(cls, size: int, arrays: Mapping[str, np.ndarray]) -> "NGrams":
        """What `arrays` gave. Raises KeyError where one is missing, ValueError, naming it, where one cannot be."""
        levels: list[Level] = []
        for n in range(1, len(arrays) // 2 + 1):
            key, count = (arrays[f"{name}_{n}"] for name in ("key", "count"))
            if key.ndim != 1 or key.shape != count.shape or key.dtype.kind + count.dtype.kind not in KINDS:
                raise ValueError(f"key_{n} and count_{n} are not as many whole numbers, in a row")
            key, count = key.astype(np.int64), count.astype(np.int64)
            below = len(levels[-1].key) if levels else 1
            if not len(key) or key[0] < 0 or key[-1] >= below * size or (np.diff(key) <= 0).any():
                raise ValueError(f"key_{n} does not rise from 0 to below {below * size:,}")
            if count.min() < 1 or count.max() > MOST:
                raise ValueError(f"count_{n} holds numbers that are not from 1 to {MOST:,}")
            levels.append(Level(key, count))
        if len(arrays) != 2 * len(levels) or not levels:
            raise ValueError("not two arrays for each length of n-gram")
        found = cls(size, levels)
        for n, suffix in enumerate(found._suffix, 1):
            if (suffix < 0).any():
                raise ValueError(f"key_{n} holds an n-gram whose end key_{n - 1} does not hold")
        return found
