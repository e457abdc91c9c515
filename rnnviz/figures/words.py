"""The words that a figure writes, in the reader's language: English until `speak` is told who translates.

    figures.words.speak(translate)  # whoever shows figures, once; translate is asked anew for every word

A figure's own words go through `_`. What an array brings along (its `long_name`, its units, the names of its series) stays
English data and is translated when it is drawn, by `named`. What a reader typed goes through neither.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# what arrays bring along, as `named` looks it up: a number stands as {}
NAMES = (
    # quantities
    "|correlation|",
    "activation function f(x)",
    "attention weight",
    "autocorrelation",
    "candidate g",
    "candidate n",
    "cell state",
    "cell state c",
    "contribution of a step to ∂L/∂W_hh",
    "count",
    "distance from the weights before the update",
    "derivative f′(x)",
    "direct gradient norm ‖∂L/∂h‖",
    "direct gradient ∂L/∂h",
    "forget gate f",
    "growth of the loss",
    "growth predicted by the gradient",
    "gradient norm of all parameters before clipping",
    "gradient ∂L/∂W_hh",
    "half-life",
    "held-out loss",
    "hidden state",
    "hidden state h",
    "input gate i",
    "loss",
    "loss of the batch along the update",
    "loss of the batch before its update",
    "mean activity",
    "memory length",
    "norm of a step's contribution to ∂L/∂W_hh",
    "output",
    "output gate o",
    "probability",
    "product",
    "product so far",
    "reset gate r",
    "right answers on held-out sequences",
    "output of the model",
    "share of each output",
    "share of the gradient that is passed back",
    "share of steps above {}",
    "share of steps below {}",
    "singular value",
    "slope of tanh, 1 - h²",
    "smallest probability",
    "total gradient norm ‖∂L/∂c‖",
    "total gradient norm ‖∂L/∂h‖",
    "total gradient ∂L/∂h",
    "update gate z",
    # fields of a cell as pages call them
    "cell c",
    "forget gate",
    "hidden h",
    "input gate",
    "output gate",
    "reset gate",
    "slope 1 − h²",
    "update gate",
    # units
    "% of dates written without a mistake, greedily",
    "chrF2 by sacrebleu, greedily (0 to 100)",
    "nats",
    "steps",
    # ways to count
    "backoff",
    "likelihood",
    # networks, part by part
    "GRU {} layers",
    "LSTM {} layers",
    "RNN relu {} layers",
    "RNN {} layers",
    "attention",
    "bidirectional",
    "cut every {}",
    "default",
    "forget bias {}",
    "gain {}",
    "identity",
    "layer norm",
    "mean",
    "orthogonal",
    "residual",
    "seed {}",
    "skip",
    "with attention",
    "without",
    "{} layers",
    # of two readings
    "change of h",
    "change of the prediction, KL",
    "change of the probability",
    "direct effect on the score",
    "mean change of the state",
    "share of steps",
    "steps apart",
    "difference",
    "difference of the predictions, KL",
    "distance ‖h − h′‖",
    "share of the way",
    "all layers",
    "equal",
    "even",
    "odd",
    "sum of the marked numbers",
    "unequal",
    "tokens back",
    "tokens before the end",
    "read so far (%)",
    "first order",
    "layer {}",
    "{} units",
    # series and dimensions
    "bound σ<sub>max</sub><sup>T−t</sup>",
    "W alone",
    "before",
    "candidate",
    "cells one after another",
    "clipped",
    "clipped at {}",
    "directly, times f",
    "directly, times z",
    "discounted count",
    "forget gate alone",
    "kept: f∘c before",
    "kept: z∘h before",
    "largest",
    "loss step",
    "key",
    "measured",
    "median",
    "multiplications per step",
    "multiplications, all steps",
    "parameters",
    "passed down",
    "previous unit",
    "query",
    "slopes",
    "slopes alone",
    "smallest",
    "together",
    "unit",
    "update gate alone",
    "weights",
    "weights alone",
    "without clipping",
    "written: i∘g",
    "written: (1-z)∘n",
)
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e-?\d+)?(?![\w.])")

_speaks: Callable[[str], str] = str
_spoken: ContextVar[Callable[[str], str] | None] = ContextVar("spoken", default=None)


def speak(translate: Callable[[str], str]) -> None:
    """From now on figures write what this makes of each English word."""
    global _speaks
    _speaks = translate


@contextmanager
def spoken(translate: Callable[[str], str]) -> Iterator[None]:
    """The same while it lasts, for the thread it is in alone."""
    before = _spoken.set(translate)
    try:
        yield
    finally:
        _spoken.reset(before)


def _translate(message: str) -> str:
    return (_spoken.get() or _speaks)(message)


def _(message: str) -> str:
    """A figure's own word."""
    return _translate(message)


def named(name: str) -> str:
    """A name that came with an array: the translation of NAMES, its numbers put back; as it came where there is none.

    >>> named("share of steps below 0.1")
    'share of steps below 0.1'
    """
    if (whole := _translate(name)) != name:
        return whole
    message = _NUMBER.sub("{}", name)
    found = _translate(message)
    return name if found == message else found.format(*_NUMBER.findall(name))


def series(name: str) -> str:
    """The name of a curve, part by part where the whole has no translation: 'LSTM, 4 units' has two."""
    whole = named(name)
    return ", ".join(map(named, name.split(", "))) if whole == name else whole
