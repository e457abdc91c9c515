"""Tasks that are made up, with known answers: however long ago what counts was read."""

import numpy as np

COPY_SYMBOLS = 8  # that a sequence to copy is made of
COPIED = 10  # symbols of a sequence to copy
ASKED = 2  # symbols one of which comes first, where the first decides
SYMBOLS = 6  # in all, where the first decides


def adding(batch: int, steps: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The adding problem: add the two numbers that are marked, however long ago they were.

    Returns what is read, (batch, time, 2): a number drawn evenly from 0 to 1, and a mark, 1 at one step of each half, else 0;
    and the sum of the marked numbers so far, (batch, time), at the last step the answer. With one step there is one half, and
    the answer is what was read. Raises ValueError unless steps >= 1.
    Source: Hochreiter & Schmidhuber 1997, section 5.4, in the form of Le, Jaitly & Hinton 2015, arXiv:1504.00941.
    """
    _refuse_short("the adding problem", steps, 1)
    draw = np.random.default_rng(seed)
    numbers, marks = draw.uniform(size=(batch, steps)), np.zeros((batch, steps))
    half = steps // 2
    for low, high in ((0, half), (half, steps)) if half else ((0, 1),):
        marks[np.arange(batch), draw.integers(low, high, batch)] = 1
    return np.stack((numbers, marks), -1), (numbers * marks).cumsum(1)


def copy_memory(batch: int, steps: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Copy memory: say again what was shown at the start, when asked for it at the end.

    Returns what is read and what is to be said, each (batch, time), whole numbers: symbols 0 to 7, 8 for a blank, 9 for the
    question. Read: 10 symbols, blanks, the question, 10 blanks; to be said: blanks, and in the last 10 steps the symbols. With
    fewer than 21 steps there are as many symbols as have room. Raises ValueError unless steps >= 3.
    Source: Hochreiter & Schmidhuber 1997, in the form of Arjovsky, Shah & Bengio 2016, arXiv:1511.06464, section 5.1.
    """
    _refuse_short("copy memory", steps, 3)
    again = copied(steps)
    symbols = np.random.default_rng(seed).integers(0, COPY_SYMBOLS, (batch, again))
    read, said = (np.full((batch, steps), COPY_SYMBOLS) for _ in range(2))
    read[:, :again] = said[:, -again:] = symbols
    read[:, -again - 1] = COPY_SYMBOLS + 1
    return read, said


def copied(steps: int) -> int:
    """How many symbols are copied in so many steps."""
    return min(COPIED, (steps - 1) // 2)


def first_symbol(batch: int, steps: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The first symbol decides: say at the end which of two it was; all that comes after it is drawn from four others.

    Returns what is read, (batch, time), whole numbers: symbols 0 and 1 at the first step, 2 to 5 after it; and the answer,
    (batch,), 0 or 1. Raises ValueError unless steps >= 1. Source: Bengio, Simard & Frasconi 1994, section II, with symbols for
    numbers.
    """
    _refuse_short("the first symbol", steps, 1)
    draw = np.random.default_rng(seed)
    answer = draw.integers(0, ASKED, batch)
    read = draw.integers(ASKED, SYMBOLS, (batch, steps))
    read[:, 0] = answer
    return read, answer


def parity(batch: int, steps: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Parity: whether the number of ones is odd. Every step counts, and one alone tells nothing.

    Returns what is read, (batch, time), 0 or 1, and the answer, (batch,), 1 for odd. Raises ValueError unless steps >= 1.
    """
    _refuse_short("parity", steps, 1)
    read = np.random.default_rng(seed).integers(0, 2, (batch, steps))
    return read, read.sum(1) % 2


def brackets(batch: int, steps: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The language aⁿbⁿ: whether there are as many b as a. As many opening as closing brackets, and nothing else.

    Returns what is read, (batch, time): blanks, 0, then one a, 1, or more, then one b, 2, or more; and the answer, (batch,), 1
    where the two are as many. Half of the answers are 1; there are from 1 to steps // 2 of each letter, evenly drawn. Raises
    ValueError unless steps >= 4. Source: Gers & Schmidhuber 2001, asked for an answer at the end.
    """
    _refuse_short("the language aⁿbⁿ", steps, 4)
    draw, most = np.random.default_rng(seed), steps // 2
    answer = draw.integers(0, 2, batch)
    opened = draw.integers(1, most + 1, batch)
    other = draw.integers(1, most, batch)  # evenly, of all numbers but that of the opened
    closed = np.where(answer == 1, opened, other + (other >= opened))
    left = np.arange(steps, 0, -1)  # steps to the end, this one among them
    read = np.where(left <= closed[:, None], 2, np.where(left <= (opened + closed)[:, None], 1, 0))
    return read, answer


def mackey_glass(steps: int, every: int = 6, delay: int = 17) -> np.ndarray:
    """The Mackey-Glass equation, dx/dt = 0.2 x(t − delay) / (1 + x(t − delay)¹⁰) − 0.1 x(t): a series that never repeats and yet
    follows from its past. The first 300 time units are left out.

    Returns (time,), x at every `every`-th time unit, by Euler's steps of 0.1 from x = 1.2. Source: Mackey & Glass 1977, Science
    197.
    """
    fine = 10  # steps of Euler's a time unit
    found = np.full((steps * every + 300) * fine + 1, 1.2)
    for t in range(len(found) - 1):
        late = found[max(0, t - delay * fine)]
        found[t + 1] = found[t] + (0.2 * late / (1 + late**10) - 0.1 * found[t]) / fine
    return found[300 * fine :: every * fine][:steps]


def _refuse_short(task: str, steps: int, least: int) -> None:
    if steps < least:
        raise ValueError(f"{task} needs at least {least} step{'s' * (least > 1)}; got {steps}")
