"""Parts 1 and 2: the derivative of an activation function, and the product of many."""

import streamlit as st

from rnnviz import figures, stats
from rnnviz.figures.style import INK
from rnnviz.ui.parts.board import drawn
from rnnviz.ui.parts.numbers import number, power
from rnnviz.ui.parts.tasks import Asked
from rnnviz.ui.rooms.vanishing import COUNTS
from rnnviz.ui.rooms.vanishing.section import pictured, slide
from rnnviz.ui.rooms.vanishing.tasks import of_factor, of_product
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import pick


def factor() -> Asked:
    st.write(
        _(
            "One step back multiplies the gradient by the derivative of the activation function. Move the point away "
            "from 0: sigmoid′ and tanh′ fall, relu′ is 1 or 0."
        )
    )
    x = slide("x", _("Your point x"), -6.0, 6.0, 0.1)
    curves = kept(stats.vanishing.functions)
    point = stats.vanishing.functions([x])
    drawings = [
        drawn(
            "derivatives",
            _("Derivatives and their maxima"),
            lambda: figures.functions(
                curves["derivative"], point["derivative"], (0, 1), stats.vanishing.LARGEST, height=360
            ),
        ),
        drawn(
            "functions",
            _("The functions themselves"),
            lambda: figures.functions(curves["value"], point["value"], (-1, 2), height=220),
        ),
    ]
    sigmoid, tanh, relu = point["derivative"].values[:, 0].tolist()
    summary = _("At x = {x:.1f}: sigmoid′ {sigmoid:.4g}, tanh′ {tanh:.4g}, relu′ {relu:g}.").format(
        x=x, sigmoid=sigmoid, tanh=tanh, relu=relu
    )
    logs = point["log_derivative"].values[:, 0].tolist()
    formulas = [
        rf"\sigma'({x:.1f})&=\sigma(x)\,(1-\sigma(x))",
        rf"&={number(logs[0])}\;\le \tfrac14",
        rf"\tanh'({x:.1f})&=1-\tanh^2(x)",
        rf"&={number(logs[1])}\;\le 1",
        rf"\mathrm{{relu}}'({x:.1f})&={relu:g}",
    ]
    lines = [
        _("sigmoid′ is at most 1/4, at 0: two of them in a row leave a sixteenth at best."),
        _(
            "“The derivative of tanh is below 1, so gradients vanish” is nearly right: at 0 it is exactly 1. What counts "
            "is its product with the weight; part 3 shows it."
        ),
        _(
            "relu′ is exactly 1 above 0 and exactly 0 below: it never shrinks a gradient, it either passes it on or stops "
            "it. At 0, PyTorch takes 0."
        ),
        _(
            "“relu is linear, so one layer of it is not non-linear” is wrong: relu is straight on both sides and bends at 0. "
            "relu(1) + relu(−1) = 1, yet relu(1 − 1) = 0: no linear function does that. One layer of relu is non-linear as soon "
            "as inputs fall on both sides of its bend."
        ),
        _("First worked out by Hochreiter (1991)."),
    ]
    pictured(drawings, summary, formulas, lines)
    return of_factor(x, point, curves)


def product() -> Asked:
    st.write(
        _(
            "T equal factors make a straight line on a log axis: the smaller the derivative, the steeper it falls."
        )
    )
    left, right = st.columns(2)
    with left:
        counts = sorted({*COUNTS, settings()["vanishing_factors"]})  # one that a link brings as well
        pick(st.select_slider, "vanishing_factors", _("Number of factors T"), counts)
        count = settings()["vanishing_factors"]
    with right:
        x = slide("x", _("Your point x"), -6.0, 6.0, 0.1)
    logs = stats.vanishing.functions([x])["log_derivative"].values[:, 0].tolist()
    best = stats.vanishing.log_derivative("sigmoid", 0.0).item()
    names = [f"{name}′({x:.1f})" for name in stats.vanishing.FUNCTIONS]
    array = stats.vanishing.products([*logs, best], count, [*names, "sigmoid′(0)"])
    drawing = drawn(
        "product",
        _("The product of T derivatives"),
        lambda: figures.powers(
            array,
            [*stats.vanishing.FUNCTIONS, INK],
            ["dash", "solid", "dot", "dashdot"],
            across=_("T factors"),
        ),
    )
    formulas = [
        row
        for sign, log in zip((r"\sigma", r"\tanh", r"\mathrm{relu}"), logs, strict=True)
        for row in (rf"{sign}'(x)^T&=({number(log)})^{{{count}}}", f"&={number(log * count)}")
    ]
    summary = (
        _("What {count} factors leave at x = {x:.1f}:").format(count=count, x=x)
        + " "
        + "; ".join(f"{name}: {power(log * count)}" for name, log in zip(names, logs, strict=True))
    )
    lines = [
        _(
            "Even at its best, at 0, sigmoid′ costs six tenths of a power of ten per factor: 10 of them leave a millionth, "
            "50 leave 10⁻³⁰, 100 leave 10⁻⁶⁰. A factor of exactly 1 loses nothing: tanh′(0), and relu′ above 0."
        ),
        _(
            "float32 ends at 10⁻⁴⁵ and float64 at 10⁻³²⁴: in a program, anything smaller is 0. Here logarithms are added "
            "instead, so the line goes on. A product with a factor of exactly 0 has no line: it is 0."
        ),
    ]
    pictured([drawing], summary, formulas, lines)
    return of_product(x, count, logs, best)
