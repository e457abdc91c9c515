"""The worksheet: tasks for a pencil, and their answers, each worked out from what its task gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rnnviz.studies import worksheet
from rnnviz.ui.parts.numbers import percent, shown
from rnnviz.ui.rooms.teach import plans
from rnnviz.ui.shell.language import _


@dataclass(frozen=True)
class Task:
    """lines: of room to write. room, view: the picture that shows the answer."""

    asks: str
    answer: str
    lines: int
    room: str
    view: Mapping[str, object] = field(default_factory=dict)


def tasks() -> tuple[Task, ...]:
    """In the reader's language."""
    h = worksheet.states(0.5, (1, 0, 0))
    weights, context = worksheet.attention((2, 1, 0), (1, 0, -1))
    return (
        Task(
            _(
                "An RNN layer has 2 inputs and 3 hidden units. How many numbers does it learn (W_xh, W_hh, one bias for each "
                "unit)? How many if it reads eight steps in place of four?"
            ),
            _(
                "2·3 + 3·3 + 3 = {count}. The same for eight steps: every step uses the same weights. (PyTorch holds two biases "
                "for each unit, so it counts three more.)"
            ).format(count=worksheet.parameters(2, 3)),
            2,
            "network",
            plans.UNROLLED,
        ),
        Task(
            _(
                "hₜ = tanh(0.5 · hₜ₋₁ + xₜ), h₀ = 0. The inputs are 1, 0, 0. Work out h₁, h₂ and h₃. What becomes of the 1?"
            ),
            _("h₁ = {one}, h₂ = {two}, h₃ = {three}: it fades.").format(
                one=shown(h[0]), two=shown(h[1]), three=shown(h[2])
            ),
            3,
            "network",
            plans.LOOP,
        ),
        Task(
            _(
                "An LSTM has cₜ₋₁ = 2. Work out cₜ for f = 0.5, i = 1, g = −0.5, and for f = 1, i = 0, g = −0.5. Which "
                "of the two remembers?"
            ),
            _("{first} and {second}. The second: with f = 1 and i = 0 the cell state stays.").format(
                first=shown(worksheet.cell(2, 0.5, 1, -0.5)), second=shown(worksheet.cell(2, 1, 0, -0.5))
            ),
            2,
            "cell",
            plans.REMEMBER,
        ),
        Task(
            _("A forget gate stays at 0.9. After how many steps is half of the cell state left? (0.9ⁿ = ½)"),
            _("n = ln 2 / −ln 0.9 = {steps} steps.").format(steps=f"{worksheet.half_life(0.9):.2f}"),
            2,
            "gates",
            plans.HALF,
        ),
        Task(
            _(
                "A GRU has hₜ₋₁ = 1 and the candidate n = −1. Work out hₜ = (1 − z) · n + z · hₜ₋₁ for z = 0.75. Does a large z "
                "keep the old state or take the new one?"
            ),
            _(
                "{state}: a large z keeps. That is PyTorch’s sign; in many textbooks z and 1 − z change places, and a large z "
                "takes the new."
            ).format(state=shown(worksheet.gru(1, 0.75, -1))),
            2,
            "cell",
            {"cell_kind": "gru"},
        ),
        Task(
            _(
                "On its way back a gradient of 1 is multiplied by the same factor at every step. How much is left after 20 steps "
                "with 0.8? And with 1.2? What is each case called?"
            ),
            _("{small}: it vanishes. {large}: it explodes.").format(
                small=shown(worksheet.left(0.8, 20)), large=shown(worksheet.left(1.2, 20))
            ),
            2,
            "vanishing",
            plans.SHRINKS,
        ),
        Task(
            _("A gradient of norm 12 is clipped at 3. By what is it multiplied? What stays as it was?"),
            _("By {factor}. Its direction stays.").format(factor=shown(worksheet.clipped(12, 3))),
            2,
            "clipping",
        ),
        Task(
            _(
                "Attention has the scores 2, 1, 0 for three words whose values are 1, 0, −1. Work out the three weights "
                "(softmax) and the context."
            ),
            _("{weights}; the context is {context}.").format(
                weights=", ".join(map(percent, weights)), context=shown(context)
            ),
            3,
            "attention_by_hand",
        ),
    )
