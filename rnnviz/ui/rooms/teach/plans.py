"""Two lessons: which page when, what to ask, what to expect. A number in them is worked out, the same way as on the worksheet."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rnnviz.studies import worksheet
from rnnviz.ui.parts.numbers import shown
from rnnviz.ui.shell.language import _

# views that several of us open, as links have them
LOOP = {"network_stage": "recurrent"}
UNROLLED = {"network_stage": "unrolled"}
REMEMBER = {"cell_preset": "remember"}
SHRINKS = {
    "vanishing_part": "unit",
    "vanishing_function": "relu",
    "vanishing_weight": 0.8,
    "vanishing_steps": 21,  # from the last back to the first: 20 factors
}
GROWS = SHRINKS | {"vanishing_weight": 1.2}
HALF = {"model": "shakespeare-lstm"}


@dataclass(frozen=True)
class Step:
    """minutes: in class. asks: what the teacher asks before the picture answers. expects: what the picture then says. room,
    view: that picture."""

    minutes: int
    asks: str
    expects: str
    room: str
    view: Mapping[str, object] = field(default_factory=dict)


def plan(minutes: str) -> tuple[Step, ...]:
    """The lesson of so many minutes, in the reader's language."""
    return _short() if minutes == "50" else _long()


def _begin(minutes: int) -> Step:
    return Step(
        minutes,
        _("Cover the titles of the rows. On which characters does each unit react? Then try a sentence of the class."),
        _(
            "The title says what the unit tells apart, the share beside it how often it is right on this very text. Nobody "
            "told the network: it only learned to guess the next character."
        ),
        "home",
    )  # fmt: skip


def _loop(minutes: int) -> Step:
    return Step(
        minutes,
        _("A perceptron forgets. What has to be added so that it remembers the step before?"),
        _("One arrow from the hidden layer back to itself: the weights W_hh."),
        "network",
        LOOP,
    )


def _unrolled(minutes: int) -> Step:
    return Step(
        minutes,
        _("The network is to read eight steps in place of four. How many more weights does it need?"),
        _("None. Move the number of steps: the count of parameters stays, every step uses the same weights."),
        "network",
        UNROLLED,
    )


def _cell(minutes: int) -> Step:
    return Step(
        minutes,
        _("Which gate of an LSTM has to be open and which shut, so that the cell state stays as it is?"),
        _(
            "The forget gate open (f = 1), the input gate shut (i = 0): then c does not change from step to step."
        ),
        "cell",
        REMEMBER,
    )


def _shrinks(minutes: int) -> Step:
    return Step(
        minutes,
        _(
            "On its way back a gradient of 1 is multiplied by 0.8 at every step. How much is left after 20 steps? "
            "And how much with 1.2?"
        ),
        _(
            "{small} with 0.8, {large} with 1.2: move the weight to both sides of 1 and watch the line."
        ).format(small=shown(worksheet.left(0.8, 20)), large=shown(worksheet.left(1.2, 20))),
        "vanishing",
        SHRINKS,
    )


def _half(minutes: int) -> Step:
    return Step(
        minutes,
        _("A forget gate stays at 0.9. After how many steps is half of the cell state left?"),
        _(
            "After {steps} steps. The half-life at the cursor says it for each unit of a trained LSTM: some forget at once, "
            "others keep for many steps."
        ).format(steps=f"{worksheet.half_life(0.9):.1f}"),
        "gates",
        HALF,
    )


def _end(minutes: int) -> Step:
    return Step(
        minutes,
        _("In pairs: choose three questions, answer them aloud, then check."),
        _("Each question leads to the picture that answers it."),
        "explain",
    )


def _short() -> tuple[Step, ...]:
    return (_begin(5), _loop(7), _unrolled(6), _cell(10), _shrinks(10), _half(7), _end(5))


def _long() -> tuple[Step, ...]:
    return (
        _begin(5),
        Step(
            8,
            _("One pair of words of a good sentence was never counted. Which probability does the sentence get?"),
            _("0: one factor of 0 wipes out the whole product."),
            "counting",
            {"counting_part": "zero"},
        ),
        _loop(8),
        _unrolled(6),
        Step(
            8,
            _("“as soon as” and “soon as as” hold the same words. By what can a network tell them apart?"),
            _("By the hidden state after each word, which depends on all that came before."),
            "order",
        ),
        _cell(12),
        Step(
            10,
            _("All steps share one weight matrix. Where does its gradient come from?"),
            _("Each step adds a matrix; their sum is what PyTorch has in .grad."),
            "bptt",
        ),
        _shrinks(12),
        _half(8),
        Step(
            8,
            _("Three scores are to become shares of attention. What has to hold for the shares?"),
            _("None is below 0, and they sum to 1: that is the softmax. The context is the weighted sum."),
            "attention_by_hand",
        ),
        _end(5),
    )  # fmt: skip
