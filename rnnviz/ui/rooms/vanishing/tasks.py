"""What to guess in each part before its picture says it, and what to bring a unit and a network to by hand."""

import math
from collections.abc import Mapping

import numpy as np
import xarray as xr

from rnnviz.figures.words import series
from rnnviz.stats import vanishing
from rnnviz.ui.parts.numbers import percent, power, shown
from rnnviz.ui.parts.tasks import Answer, Asked, Question, Task
from rnnviz.ui.shell.language import _

LARGEST_FIRST = 1000.0  # times: an explosion that nobody overlooks


def tasks(asked: Asked) -> list[Task]:
    texts = {
        "explode": (
            _(
                "Part 3: find a weight and an input with which the gradient grows a thousandfold on its way back to step 1."
            ),
            _("w = {weight}, u = {input}, {function}: {left} of it arrives after {steps} steps."),
        ),
        "above": (
            _(
                "Part 4: find a spectral radius above 1 with which less than a hundredth of the gradient reaches step 1."
            ),
            _("ρ = {radius}: {left} is left after {steps} steps, though W alone would have left {alone}."),
        ),
        "carry": (
            _(
                "Part 5: find something that carries at least half of the gradient over 99 steps. The RNN itself does not count."
            ),
            _("{name}: {left} is left after {steps} steps."),
        ),
    }
    return asked.tasks(texts)


def _small(log: float) -> str:
    """e^log: in percent as long as that can be read."""
    return percent(math.exp(log)) if math.log(1e-4) <= log <= math.log(10) else power(log)


# ---- part by part --------------------------------------------------------------------------------------------------


def of_factor(x: float, point: xr.Dataset, curves: xr.Dataset) -> Asked:
    names = {"sigmoid": "sigmoid′", "tanh": "tanh′", "relu": "relu′"}

    def largest() -> Answer:
        values = dict(zip(names, point["derivative"].values[:, 0].tolist(), strict=True))
        says = ", ".join(f"{names[name]}({x:.1f}) = {shown(value)}" for name, value in values.items()) + "."
        return Answer(tuple(name for name in names if values[name] == max(values.values())), says)

    def highest() -> Answer:
        of_tanh = curves["derivative"].sel(function="tanh")
        says = _(
            "tanh′({x:g}) = {most:g}: exactly there it takes nothing away. Everywhere else it is smaller."
        )
        at = int(of_tanh.values.argmax())
        most = of_tanh.values[at].item()
        return Answer(most, says.format(x=abs(of_tanh["x"].values[at].item()), most=most))

    asks = _("Which of the three derivatives is largest at x = {x}?").format(x=f"{x:.1f}")
    return Asked(
        [
            Question("largest", asks, largest, names),
            Question(
                "highest",
                _("What is the largest value that tanh′ takes anywhere?"),
                highest,
                tolerance=0.02,
                step=0.1,
            ),
        ]
    )


def of_product(x: float, count: int, logs: list[float], best: float) -> Asked:
    def powers() -> Answer:
        lost = -best * count / math.log(10)
        says = _("sigmoid′(0) = 1/4, and (1/4)^{count} = {left}: {lost} powers of ten.")
        return Answer(lost, says.format(count=count, left=power(best * count), lost=f"{lost:.1f}"))

    def rectified() -> Answer:
        log = logs[list(vanishing.FUNCTIONS).index("relu")]
        says = _("relu′({x}) = {one}, and so is its product.").format(x=f"{x:.1f}", one=f"{math.exp(log):g}")
        return Answer("all" if log == 0 else "none", says)

    asks = _("{count} factors of sigmoid′ at its best, at 0: how many powers of ten does the product lose?")
    return Asked(
        [
            Question("powers", asks.format(count=count), powers, tolerance=max(1.0, 0.06 * count)),
            Question(
                "relu",
                _("And what do {count} factors of relu′ at x = {x} leave?").format(count=count, x=f"{x:.1f}"),
                rectified,
                {"all": _("all"), "some": _("something in between"), "none": _("nothing")},
            ),
        ]
    )


def of_unit(chain: xr.Dataset, w: float, u: float) -> Asked:
    logs = chain["log_gradient"].values  # of ∂h_T/∂h_t, 0 at the last step
    steps = len(logs)
    alone = float(vanishing.geometric(w, steps).values[0])

    def halved() -> Answer:
        back = np.flatnonzero(logs[::-1] < math.log(0.5))
        if not len(back):
            says = _("Even {steps} steps back, {left} is left.").format(steps=steps - 1, left=_small(logs[0]))
            return Answer("late", says)
        says = _("{steps} steps back, {left} is left; a step later it is {more}.").format(
            steps=back[0], left=_small(logs[-1 - back[0]]), more=_small(logs[-back[0]])
        )
        return Answer("soon" if back[0] <= 2 else "some" if back[0] <= 10 else "late", says)

    def against() -> Answer:
        says = _("Left of step 1 at step {steps}: {left}. The weight alone would leave {alone}.").format(
            steps=steps, left=_small(logs[0]), alone=_small(alone)
        )
        even = logs[0] == alone or abs(logs[0] - alone) < 1e-6
        return Answer("same" if even else "less" if logs[0] < alone else "more", says)

    choices = {
        "soon": _("after one or two steps"),
        "some": _("after 3 to 10 steps"),
        "late": _("later, or never"),
    }
    reached = {
        "weight": f"{w:.2f}",
        "input": f"{u:.2f}",
        "function": chain.attrs["nonlinearity"],
        "left": _small(logs[0]),
        "steps": str(steps - 1),
    }
    return Asked(
        [
            Question("halved", _("How far back is less than half of the gradient left?"), halved, choices),
            Question(
                "against",
                _("Is more or less left at step 1 than w alone would leave?"),
                against,
                {"more": _("more"), "same": _("the same"), "less": _("less")},
            ),
        ],
        {"explode": logs[0] > math.log(LARGEST_FIRST) and reached},
    )


def of_network(
    radius: float, stretch: float, measured: float, alone: float, bound: float, steps: int
) -> Asked:
    """measured, alone, bound: what is left of the last step's gradient at step 1, in nats. stretch: σmax."""

    def grows() -> Answer:
        says = _("{left} of it arrives after {steps} steps; W alone would leave {alone}.").format(
            left=_small(measured), alone=_small(alone), steps=steps - 1
        )
        return Answer("grows" if measured > 0 else "shrinks", says)

    def gap() -> Answer:
        turned, flat = ((high - low) / math.log(10) for high, low in ((bound, alone), (alone, measured)))
        says = _(
            "σmax = {stretch}, ρ = {radius}: the turning costs {turned} powers of ten, tanh′ {flat}."
        ).format(stretch=f"{stretch:.3g}", radius=f"{radius:.2f}", turned=f"{turned:.1f}", flat=f"{flat:.1f}")
        return Answer("turned" if turned > flat else "flat", says)

    choices = {"turned": _("that W turns it from step to step"), "flat": _("that tanh′ is below 1")}
    reached = {
        "radius": f"{radius:.2f}",
        "left": _small(measured),
        "alone": _small(alone),
        "steps": str(steps - 1),
    }
    asks = _("At ρ = {radius}: does the gradient grow or shrink on its way back to step 1?")
    return Asked(
        [
            Question(
                "grows",
                asks.format(radius=f"{radius:.2f}"),
                grows,
                {"grows": _("it grows"), "shrinks": _("it shrinks")},
            ),
            Question("gap", _("What keeps the gradient farther from its bound?"), gap, choices),
        ],
        {"above": radius > 1 and measured < math.log(0.01) and reached},
    )


def of_helps(left: Mapping[str, float], steps: int) -> Asked:
    """left: of the last step's gradient at step 1, in nats, by the curve's name; the plain RNN first."""
    names = list(left)

    def kept_by(best: float) -> Answer:
        listed = ", ".join(f"{series(name)}: {_small(log)}" for name, log in left.items())
        says = _("Left after {steps} steps: {listed}.").format(steps=steps - 1, listed=listed)
        return Answer(tuple(name for name in names if left[name] == best), says)

    choices = {name: series(name) for name in names}
    able = [name for name in names[1:] if steps >= 100 and left[name] >= math.log(0.5)]
    reached = able and {"name": series(able[0]), "left": _small(left[able[0]]), "steps": str(steps - 1)}
    return Asked(
        [
            Question(
                "most",
                _("With which of these does most of the gradient reach step 1?"),
                lambda: kept_by(max(left.values())),
                choices,
            ),
            Question("least", _("And with which the least?"), lambda: kept_by(min(left.values())), choices),
        ],
        {"carry": reached or False},
    )
