"""Part 3: a network of one unit, where each factor is w · f′."""

import math

import streamlit as st

from rnnviz import figures, stats
from rnnviz.figures.style import INK
from rnnviz.ui.parts import example
from rnnviz.ui.parts.board import drawn
from rnnviz.ui.parts.numbers import number
from rnnviz.ui.parts.tasks import Asked
from rnnviz.ui.rooms.vanishing.section import pictured, slide
from rnnviz.ui.rooms.vanishing.tasks import of_unit
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import notice, pick


def unit() -> Asked:
    st.write(
        _(
            "A network of one unit, $h_t=f(w\\,h_{t-1}+u\\,x_t)$: each factor is w·f′. The dotted line is what w alone "
            "would do; the gap to the solid line is f′. Turn the input down to 0, then drag w from below 1 to above it."
        )
    )
    columns = st.columns(4)
    with columns[0]:
        pick(
            st.segmented_control,
            "vanishing_function",
            _("Activation function f"),
            ["tanh", "relu"],
            required=True,
        )
    with columns[1]:
        w = slide("weight", _("Weight w"), 0.0, 2.0, 0.01)
    with columns[2]:
        u = slide("input", _("Input weight u"), 0.0, 1.0, 0.01)
    with columns[3]:
        steps = slide("steps", _("Steps T"), 2, 100, 1)
    f = settings()["vanishing_function"]
    chain = stats.vanishing.one_unit(w, steps, u, nonlinearity=f)
    logs = chain["log_gradient"]
    if f == "relu" and not u:
        notice(_("The state is 0, where relu′ is 0: nothing passes. Give the unit some input."))
    across = "|∂h<sub>T</sub>/∂h<sub>t</sub>|"
    array = stats.vanishing.side_by_side(
        {"w<sup>T−t</sup>": stats.vanishing.geometric(w, steps), across: logs}, across
    )
    drawing = drawn(
        "unit",
        _("How much of step t is left at step T"),
        lambda: figures.powers(array, [INK, "rnn"], ["dot", "solid"], across=_("step t")),
    )
    halved = stats.gradients.decay(logs, last=steps - 1, logarithmic=True)["halved"].item()
    summary = (
        _("Weight {w:.2f}, input weight {u:.2f}: more than half of the gradient is left at every step.")
        if math.isinf(halved)
        else _("Weight {w:.2f}, input weight {u:.2f}: half of the gradient is left after {life:.4g} steps.")
    ).format(w=w, u=u, life=halved)
    lines = [
        _(
            "The unit starts at h₀ = 0 and reads numbers between 0 and 1. The dotted line is what w alone would do."
        ),
        _(
            "Without input the state stays 0, where tanh′ is 1: below w = 1 the gradient vanishes, at 1 it stays, above 1 "
            "it explodes. With input, a large w holds the state near 1, where tanh′ is small: a state that is held safely "
            "passes on no gradient (Bengio, Simard & Frasconi 1994)."
        ),
        _(
            "“relu diverges, so take tanh” is true for w above 1. At w = 1 relu carries the gradient unchanged over any "
            "number of steps (Le, Jaitly & Hinton 2015). One slider takes you from one to the other."
        ),
    ]
    pictured(
        [drawing], summary, worked(chain, w, u), lines, below=lambda: example.met_on_the_way_back("vanishing")
    )
    return of_unit(chain, w, u)


def worked(chain, w: float, u: float) -> list[str]:
    """The formula with its numbers, for the last three steps."""
    f = {"tanh": r"\tanh", "relu": r"\mathrm{relu}"}[chain.attrs["nonlinearity"]]
    last = chain.sizes["time"]
    h, x, slopes, factors = (
        [f"{value:.3f}" for value in chain[name].values.tolist()]
        for name in ("hidden", "input", "derivative", "factor")
    )
    shown = range(last, max(1, last - 3), -1)
    steps = [
        rf"\frac{{\partial h_{{{t}}}}}{{\partial h_{{{t - 1}}}}}&=w\,{f}'(a_{{{t}}})"
        rf"={w:.2f}\cdot {slopes[t - 1]}={factors[t - 1]}"
        for t in shown
    ]
    product = r"\cdot ".join(factors[t - 1] for t in shown) + (r"\cdots" if last > 4 else "")
    return [
        rf"a_{{{last}}}&={w:.2f}\cdot {h[-2]}+{u:.2f}\cdot {x[-1]}",
        rf"h_{{{last}}}&={f}(a_{{{last}}})={h[-1]}",
        *steps,
        rf"\frac{{\partial h_{{{last}}}}}{{\partial h_1}}&={product}",
        f"&={number(chain['log_gradient'].values[0])}",
    ]
