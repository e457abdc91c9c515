"""What to guess of a network before the picture and its costs say it, and what to build by hand."""

import math
from collections.abc import Mapping
from dataclasses import replace

from rnnviz.studies import unrolled
from rnnviz.ui.parts.numbers import percent, power, shown
from rnnviz.ui.parts.tasks import Answer, Question, Task
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _

FADED = 1e-3  # of the last step's gradient


def questions(graph: unrolled.Graph) -> list[Question]:
    stage = graph.setup.stage
    if stage == "perceptron":
        return [_parameters(graph), _doubled(graph)]
    if stage == "multilayer":
        return [_parameters(graph), _units(graph)]
    if stage == "recurrent" or not (ways := _back(graph)):
        return [_steps(graph), _units(graph)]
    return [_steps(graph), _fades(*ways)]


def _parameters(graph: unrolled.Graph) -> Question:
    def answer() -> Answer:
        parts = " + ".join(f"{one.parameters} ({' × '.join(map(str, one.shape))})" for one in graph.matrices)
        says = _("{parts} = {count}: one weight for each line, and one bias for each unit.")
        return Answer(graph.parameters, says.format(parts=parts, count=graph.parameters))

    return Question(
        "parameters", _("How many parameters, weights and biases, does this network have?"), answer
    )


def _doubled(graph: unrolled.Graph) -> Question:
    """What the squashing does: twice the sum is not twice the output."""
    (output,) = (node for node in graph.nodes if node.role == "output")

    def answer() -> Answer:
        y = output.values[0][0]
        twice = math.tanh(2 * math.atanh(y))
        says = _("Now y = {now}, then y = {then}: tanh presses the sum below 1.").format(
            now=shown(round(y, 4)), then=shown(round(twice, 4))
        )
        return Answer("less" if abs(twice) < abs(2 * y) else "same", says)

    choices = {"less": _("to less than twice as much"), "same": _("to twice as much"), "more": _("to more")}
    asks = _("Double all weights and the bias: how far does y get away from 0?")
    return Question("doubled", asks, answer, choices)


def _steps(graph: unrolled.Graph) -> Question:
    now, most = graph.setup.steps, unrolled.LIMITS["steps"][1]
    other = most if now < most else most // 2
    asks = _("How many parameters does it have if it reads {other} steps in place of {now}?")

    def answer() -> Answer:
        count = kept(unrolled.describe, replace(graph.setup.sizes, steps=other)).parameters
        says = _("{now} at {steps} steps, {then} at {other}: every step uses the same weights.").format(
            now=graph.parameters, then=count, steps=now, other=other
        )
        return Answer(_compared(count, graph.parameters), says)

    choices = {"fewer": _("fewer"), "same": _("just as many"), "more": _("more")}
    return Question("steps", asks.format(other=other, now=now), answer, choices)


def _compared(count: float, with_it: float) -> str:
    return "same" if count == with_it else "more" if count > with_it else "fewer"


def _units(graph: unrolled.Graph) -> Question:
    """Twice as many units, or from half as many where there may be no more."""
    units, most = graph.setup.units, unrolled.LIMITS["units"][1]
    small, large = (units, 2 * units) if 2 * units <= most else (units // 2, 2 * (units // 2))
    asks = _("With {large} hidden units in place of {small}: how many times as many parameters?")

    def answer() -> Answer:
        before, after = (
            kept(unrolled.describe, replace(graph.setup.sizes, units=n)).parameters for n in (small, large)
        )
        says = _("{before} with {small} units, {after} with {large}: {times:.2f} times as many.").format(
            before=before, after=after, small=small, large=large, times=after / before
        )
        return Answer(_compared(after, 2 * before), says)

    choices = {"fewer": _("fewer than twice"), "same": _("exactly twice"), "more": _("more than twice")}
    return Question("units", asks.format(small=small, large=large), answer, choices)


def _back(graph: unrolled.Graph) -> tuple[float, int] | None:
    """What reaches the first step's state of what the last one's gets, in the top layer, and how many steps there are: of a
    network that answers once, after it has read everything. None of others."""
    one = graph.setup.drawn
    if graph.setup.stage != "unrolled" or one.shape != "many_to_one" or one.steps < 2:
        return None
    top = [
        node
        for node in graph.nodes
        if node.role == "hidden" and not node.backward and node.layer == one.layers - 1
    ]
    gradients = {node.step: math.hypot(*node.gradient) for node in top}
    return gradients[0] / gradients[one.steps - 1], one.steps


def _fades(share: float, steps: int) -> Question:
    asks = _("Of the gradient at h{steps}, how much is there at h1, {back} steps before?")
    choices = {
        "much": _("more than half"),
        "some": _("less than half, more than a hundredth"),
        "little": _("less than a hundredth"),
    }

    def answer() -> Answer:
        says = _("‖∂L/∂h1‖ is {share} of ‖∂L/∂h{steps}‖.").format(share=_small(share), steps=steps)
        return Answer("much" if share > 0.5 else "some" if share > 0.01 else "little", says)

    return Question("fades", asks.format(steps=steps, back=steps - 1), answer, choices)


def _small(share: float) -> str:
    return percent(share) if share >= 1e-4 else power(math.log(share))


def tasks(graph: unrolled.Graph) -> list[Task]:
    return [
        Task(
            "square",
            _("Build an RNN that keeps at least half of its parameters in W_hh, from state to state."),
            _("W_hh holds {own} of {all} parameters, {share}: it grows with the square of the units."),
            lambda: _square(graph),
        ),
        Task(
            "chain",
            _(
                "Build an unrolled network, its weights from a seed, of which at least 20 cells must wait for each other."
            ),
            _("{count} cells must be computed one after the other."),
            lambda: _chain(graph),
        ),
        Task(
            "faded",
            _(
                "Find a many-to-one network in which less than a thousandth of the gradient at the last step reaches the first."
            ),
            _("‖∂L/∂h1‖ is {share} of the norm at step {steps}."),
            lambda: _faded(graph),
        ),
    ]


def _square(graph: unrolled.Graph) -> Mapping[str, str] | bool | None:
    if graph.setup.stage not in ("recurrent", "unrolled") or graph.setup.kind != "rnn":
        return None
    own = sum(one.parameters for one in graph.matrices if ".weight_hh_" in one.name)
    share = own / graph.parameters
    return share >= 0.5 and {"own": str(own), "all": str(graph.parameters), "share": percent(share)}


def _chain(graph: unrolled.Graph) -> Mapping[str, str] | bool | None:
    if graph.setup.stage != "unrolled":
        return None
    return graph.chain >= 20 and {"count": str(graph.chain)}


def _faded(graph: unrolled.Graph) -> Mapping[str, str] | bool | None:
    ways = _back(graph)
    if ways is None:
        return None
    share, steps = ways
    return share < FADED and {"share": _small(share), "steps": str(steps)}
