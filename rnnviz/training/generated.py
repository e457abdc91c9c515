"""Tasks that are made up, with known answers: however long ago what counts was read."""

import numpy as np

COPY_SYMBOLS = 8  # that a sequence to copy is made of
COPIED = 10  # symbols of a sequence to copy


def adding(batch: int, steps: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The adding problem: add the two numbers that are marked, however long ago they were.

    Returns what is read, (batch, time, 2): a number drawn evenly from 0 to 1, and a mark, 1 at one step of each half, else 0;
    and the sum of the marked numbers so far, (batch, time), at the last step the answer. Raises ValueError unless steps >= 2.
    Source: Hochreiter & Schmidhuber 1997, section 5.4, in the form of Le, Jaitly & Hinton 2015, arXiv:1504.00941.
    """
    if steps < 2:
        raise ValueError(f"the adding problem needs at least 2 steps; got {steps}")
    draw = np.random.default_rng(seed)
    numbers, marks = draw.uniform(size=(batch, steps)), np.zeros((batch, steps))
    half = steps // 2
    for low, high in ((0, half), (half, steps)):
        marks[np.arange(batch), draw.integers(low, high, batch)] = 1
    return np.stack((numbers, marks), -1), (numbers * marks).cumsum(1)


def copy_memory(batch: int, steps: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Copy memory: say again what was shown at the start, when asked for it at the end.

    Returns what is read and what is to be said, each (batch, time), whole numbers: symbols 0 to 7, 8 for a blank, 9 for the
    question. Read: 10 symbols, blanks, the question, 10 blanks; to be said: blanks, and in the last 10 steps the symbols. With
    fewer than 21 steps there are as many symbols as have room. Raises ValueError unless steps >= 3.
    Source: Hochreiter & Schmidhuber 1997, in the form of Arjovsky, Shah & Bengio 2016, arXiv:1511.06464, section 5.1.
    """
    if steps < 3:
        raise ValueError(f"copy memory needs at least 3 steps; got {steps}")
    copied = min(COPIED, (steps - 1) // 2)
    symbols = np.random.default_rng(seed).integers(0, COPY_SYMBOLS, (batch, copied))
    read, said = (np.full((batch, steps), COPY_SYMBOLS) for _ in range(2))
    read[:, :copied] = said[:, -copied:] = symbols
    read[:, -copied - 1] = COPY_SYMBOLS + 1
    return read, said
