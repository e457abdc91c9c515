"""A text of the reader's own, made ready to be learned: its characters, and a part that no update sees."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from rnnviz.models.vocabularies import UNKNOWN, Vocabulary, composed

FEWEST = 200  # characters
LARGEST = 2 * 2**20  # bytes of UTF-8
MOST_CHARACTERS = 1000  # different ones that are known; the rarer are unknown
RARE = 2  # in a large alphabet: what occurs less often in the training part is unknown


@dataclass(frozen=True, eq=False)
class Letters:
    """A text as numbers: `train`, the first nine tenths, and `held_out`, the last, int64 (time,). unknown: the share of held-out
    characters that the vocabulary does not have. text: what was read, composed (NFC), lines ended by one sign.

    Raises ValueError, in one line, for a text of fewer than 200 characters, of over 2 MB or of one symbol alone.
    """

    text: str
    vocabulary: Vocabulary
    train: np.ndarray
    held_out: np.ndarray
    unknown: float

    @classmethod
    def of(cls, text: str) -> "Letters":
        size = len(text.encode("utf-8", "replace"))
        if size > LARGEST:
            raise ValueError(
                f"the text has {size / 2**20:.1f} MB; up to {LARGEST // 2**20} MB are trained on: give a part of it"
            )
        text = composed(text.replace("\r\n", "\n").replace("\r", "\n"))
        if len(text) < FEWEST:
            raise ValueError(
                f"the text has {len(text)} characters; at least {FEWEST} are needed to learn from"
            )
        counts = Counter(text)
        if len(counts) < 2:
            raise ValueError(f"the text holds {next(iter(counts))!r} alone: there is nothing to tell apart")
        cut = len(text) * 9 // 10
        train, held_out = text[:cut], text[cut:]
        known = Counter(c for c in train if c != UNKNOWN)
        least = RARE if len(known) > 200 else 1
        common = [c for c, n in known.most_common(MOST_CHARACTERS) if n >= least]
        vocabulary = Vocabulary(tuple(sorted(common)))
        ids = [np.array(vocabulary.encode(part), np.int64) for part in (train, held_out)]
        return cls(text, vocabulary, *ids, float((ids[1] == 0).mean()))
