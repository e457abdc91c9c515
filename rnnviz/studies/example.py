"""The one example of the course: small networks that have learned the word “hello”, letter by letter, and what they read.

They are those that learn/letters trains before the reader's eyes and that are shipped in checkpoints/tiny: an RNN, a GRU and an
LSTM of three units each. They read h, e, l, l; after the first l another l is right, after the second o, and the input does not
tell which. Their weights, float32 as they were trained, are put into float64: pages that multiply many of them show one number.

    model = network("rnn")
    hidden, _last = model.rnn(inputs())      # what every page that shows the example shows of it
"""

import copy
import functools
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from rnnviz.models.networks import KINDS
from rnnviz.studies import courses, tiny
from rnnviz.studies.tiny import LETTERS, Reader

if TYPE_CHECKING:
    from rnnviz.studies.live import Live

READ = "".join(LETTERS.sequences[0])
WORD = READ + LETTERS.tokens[LETTERS.targets[-1]]
LETTER_NAMES = LETTERS.tokens
UNITS, SEED = 3, 0
STEPS = len(READ)


def network(kind: str) -> Reader:
    """The trained network of a kind, in float64, a copy of its own. Raises ValueError for another kind.

    >>> from rnnviz.studies import example
    >>> example.network("rnn").rnn
    RNN(4, 3, batch_first=True)
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {kind!r}")
    return copy.deepcopy(_trained(kind))


def inputs(steps: int = STEPS) -> Tensor:
    """The first letters of the word, one-hot: (time, input), float64."""
    return LETTERS.x[0, :steps].double()


def targets(steps: int = STEPS) -> Tensor:
    """Which letter is right after each of them: (time,)."""
    return torch.tensor(LETTERS.targets[:steps])


def states(kind: str) -> Tensor:
    """h after each letter: (time, unit), float64."""
    model = network(kind)
    with torch.no_grad():
        hidden: Tensor = model.rnn(inputs()[None])[0][0]
    return hidden


def chances(kind: str) -> Tensor:
    """The probability of each letter after each of those read: (time, letter), float64."""
    model = network(kind)
    with torch.no_grad():
        return functional.softmax(model(inputs()[None])[0], -1)


@functools.cache
def live(kind: str) -> "Live":
    """The same to look into on the exploring pages, in float32 as it was trained; it reads whatever is spelled with its letters.
    Shared: look, never change."""
    from rnnviz.studies.live import Live, LiveError  # pages that show one number of it need not wait for this

    def one_hot(text: str) -> Tensor:
        """(batch, time, input)."""
        if unknown := [letter for letter in text if letter not in LETTER_NAMES]:
            raise LiveError(
                "{name}: this network knows only {known}; it cannot read {letter!r}",
                name=WORD,
                known=", ".join(LETTER_NAMES),
                letter=unknown[0],
            )
        return LETTERS.one_hot([list(text)])

    model = network(kind).float()
    return Live(model, one_hot, WORD, name=kind.upper(), next=lambda scores: scores[0], outputs=LETTER_NAMES)


def factors() -> tuple[list[float], float]:
    """Of the RNN: ‖∂h_t/∂h_(t−1)‖ from the second step on, and ‖∂h_T/∂h_1‖, the norm of their product; largest singular values,
    float64."""
    weight = network("rnn").rnn.get_parameter("weight_hh_l0").detach()
    each = [(1 - h**2)[:, None] * weight for h in states("rnn")[1:]]
    whole = functools.reduce(lambda product, one: one @ product, each)
    *norms, last = torch.linalg.matrix_norm(torch.stack([*each, whole]), 2).tolist()
    return norms, last


@functools.cache
def _trained(kind: str) -> Reader:
    """As it is shipped; trained anew, which takes a second, where the file is not there or damaged."""
    key = ("letters", kind, UNITS, SEED)
    found = courses.shipped(*key)
    model = courses.start(*key)[kind]
    if found is None:
        for _step in tiny.train({kind: model}, LETTERS):
            pass
    else:
        last = torch.tensor(found[f"weights_{kind}"].values[-1])
        model = tiny.with_weights(model, last)
    assert isinstance(model, Reader)
    return model.double()
