"""What to guess of a cell before its drawing says it, and what to make of one by hand."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import xarray as xr

from rnnviz.stats import vanishing
from rnnviz.ui.parts.numbers import percent, shown
from rnnviz.ui.parts.tasks import Answer, Question, Task
from rnnviz.ui.shell.language import _

KEEPER = {"lstm": ("forget_gate", "f"), "gru": ("update_gate", "z")}
LITTLE, MUCH = 0.05, 0.95  # of what unit 1 held


def questions(found: Sequence[xr.Dataset]) -> list[Question]:
    """Of the first cell that is drawn. found: what stats.worked.steps returned of each."""
    one = found[0]
    kind = one.attrs["kind"]
    return [_left(one), _keeps_or_takes(one) if kind == "gru" else _bounded(one)]


def _left(one: xr.Dataset) -> Question:
    kind, last = one.attrs["kind"], one.sizes["time"]
    shares = {"nothing": _("next to nothing"), "part": _("a part"), "all": _("nearly all of it")}
    if kind == "rnn":
        asks = _("RNN: of a small change of unit 1 at step 1, how much is left in unit 1 at step {last}?")
    else:
        asks = _("{cell}: of what unit 1 holds after step 1, how much does {gate} carry on to step {last}?")
        asks = asks.replace("{gate}", KEEPER[kind][1])

    def answer() -> Answer:
        if kind == "rnn":
            left = abs(passed_on(one))
            says = _("The product of W_hh and tanh′ (or relu′) from step to step leaves {left}.").format(
                left=percent(left)
            )
        else:
            gates = keeping(one)[1:]
            left = float(np.prod(gates))
            says = _("{gate} of unit 1 from step 2 on: {gates}; multiplied, {left}.").format(
                gate=KEEPER[kind][1], gates=" · ".join(map(shown, gates.round(4))), left=percent(left)
            )
        return Answer("nothing" if left < LITTLE else "all" if left > MUCH else "part", says)

    return Question("left", asks.format(cell=kind.upper(), last=last), answer, shares)


def _bounded(one: xr.Dataset) -> Question:
    name, letter = _memory(one)
    asks = _("{cell}: does a number of {letter} ever get larger than 1, either way?").format(
        cell=one.attrs["kind"].upper(), letter=letter
    )

    def answer() -> Answer:
        sizes = abs(one[name].values)
        step, unit = np.unravel_index(sizes.argmax(), sizes.shape)
        says = _("The largest is {value}, in unit {unit} at step {step}.").format(
            value=f"{one[name].values[step, unit]:.4f}".replace("-", "−"), unit=unit + 1, step=step + 1
        )
        return Answer("yes" if sizes.max() > 1 else "no", says)

    return Question("bounded", asks, answer, {"yes": _("Yes"), "no": _("No")})


def _keeps_or_takes(one: xr.Dataset) -> Question:
    """The sign of z, which textbooks turn around."""
    z = one["activation"].sel(gate="update_gate").values
    step, unit = np.unravel_index(z.argmax(), z.shape)
    asks = _("GRU: z is largest at step {step}, in unit {unit}. What is its new h there, mostly?")

    def answer() -> Answer:
        kept, written = (one[name].values[step, unit] for name in ("kept", "written"))
        share = z[step, unit]
        says = _("z = {z}: h = z · h before + (1 − z) · n = {kept} + {written}. A large z keeps.").format(
            z=f"{share:.4f}", kept=shown(round(kept, 4)), written=shown(round(written, 4))
        )
        return Answer("old" if share > 0.5 else "new", says)

    return Question(
        "update",
        asks.format(step=step + 1, unit=unit + 1),
        answer,
        {"old": _("the old h"), "new": _("the candidate n")},
    )


def _memory(one: xr.Dataset) -> tuple[str, str]:
    return ("cell", "c") if one.attrs["kind"] == "lstm" else ("hidden", "h")


def keeping(one: xr.Dataset) -> np.ndarray:
    """What the gate that keeps is at each step, in unit 1: (time,)."""
    return one["activation"].sel(gate=KEEPER[one.attrs["kind"]][0]).values[:, 0]


def passed_on(one: xr.Dataset) -> float:
    """Of an RNN: ∂h_T/∂h_1, of unit 1 by unit 1, through all units and steps."""
    slopes = vanishing.derivative(one.attrs["nonlinearity"], one["pre_activation"].values[:, 0])
    weight = one["recurrent_weight"].values[0]
    product = np.eye(len(weight))
    for slope in slopes[1:]:
        product = slope[:, None] * weight @ product
    return float(product[0, 0])


# ---- by hand -------------------------------------------------------------------------------------------------------


def tasks(found: Sequence[xr.Dataset]) -> list[Task]:
    """What to reach with any of the cells that are drawn."""
    cells = {one.attrs["kind"]: one for one in found}

    def any_of(kinds: Sequence[str], done: Callable[[xr.Dataset], Mapping[str, str] | bool]):
        there = [done(cells[kind]) for kind in kinds if kind in cells]
        return next((one for one in there if one is not False), False) if there else None

    return [
        Task(
            "forget",
            _(
                "Make an LSTM or a GRU forget after two steps: of what unit 1 holds after step 1, at least 20 % is left at step "
                "2, and at most 10 % at step 3."
            ),
            _("{gate} at steps 2 and 3: {first} and {second}; together {left} is left."),
            lambda: any_of(("lstm", "gru"), _forgets),
        ),
        Task(
            "count",
            _(
                "Bring the c of an LSTM to 10 or more. How many steps does it take at least, if i and g are at most 1?"
            ),
            _("c of unit {unit} is {value} at step {step}; its h is only {hidden}."),
            lambda: any_of(("lstm",), _counts),
        ),
        Task(
            "carry",
            _(
                "Make an RNN with tanh that hands on at least 90 % of a small change of unit 1, over five steps or more. When is "
                "tanh′ 1?"
            ),
            _("{left} of it is left after {steps} steps."),
            lambda: any_of(("rnn",), _carries),
        ),
    ]


def _forgets(one: xr.Dataset) -> Mapping[str, str] | bool:
    first, second = (*keeping(one)[1:3], 1.0, 1.0)[:2]
    if first < 0.2 or first * second > 0.1:
        return False
    gate = KEEPER[one.attrs["kind"]][1]
    return {"gate": gate, "first": shown(first), "second": shown(second), "left": percent(first * second)}


def _counts(one: xr.Dataset) -> Mapping[str, str] | bool:
    cell = one["cell"].values
    step, unit = np.unravel_index(abs(cell).argmax(), cell.shape)
    if abs(cell[step, unit]) < 10:
        return False
    numbers = {"value": cell[step, unit], "hidden": one["hidden"].values[step, unit]}
    return {name: shown(value) for name, value in numbers.items()} | {
        "unit": str(unit + 1),
        "step": str(step + 1),
    }


def _carries(one: xr.Dataset) -> Mapping[str, str] | bool:
    steps, left = one.sizes["time"] - 1, abs(passed_on(one))
    if one.attrs["nonlinearity"] != "tanh" or steps < 5 or left < 0.9:
        return False
    return {"left": percent(left), "steps": str(steps)}
