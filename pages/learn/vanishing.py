"""Why do gradients vanish or explode, and what helps?"""

import streamlit as st

from rnnviz import figures, stats, ui
from rnnviz.ui import _

UNITS = 64  # of every network on this page
RADII = [0.4, 0.6, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2.0]  # where clipping is measured

# to move to ui/choices.py: DEFAULTS, and a reader of each
VANISHING = {
    "vanishing_part": "factor",  # a key of PARTS
    "vanishing_x": 1.0,  # -6 to 6
    "vanishing_factors": 100,  # 1 to 1000
    "vanishing_function": "tanh",  # tanh, relu
    "vanishing_weight": 0.9,  # 0 to 2
    "vanishing_input": 0.0,  # 0 to 1
    "vanishing_steps": 50,  # 2 to 100
    "vanishing_radius": 0.9,  # 0.1 to 2
    "vanishing_helps": ["lstm"],  # any keys of HELPS
    "vanishing_forget_bias": 2.0,  # -2 to 6
    "vanishing_truncate": 20,  # 1 to 100
    "vanishing_clip": 1.0,  # 0.01 to 10
}


def number(log: float, sign: float = 1) -> str:
    """e^log as LaTeX."""
    mantissa, exponent = stats.vanishing.decimal(log)
    shown = f"{'-' if sign < 0 else ''}{mantissa:.2f}"
    return shown if exponent == 0 else rf"{shown}\times 10^{{{exponent}}}"


def draw(part: str, drawings: list, summary: str, lines: list[str]) -> None:
    ui.show_figures(f"vanishing-{part}", drawings, summary=summary)
    with st.expander(_("What you see")):
        for line in lines:
            st.markdown(f"- {line}")


def factor() -> None:
    st.write(
        _(
            "One step back multiplies the gradient by the derivative of the activation function. Move the point away "
            "from 0: sigmoid′ and tanh′ fall, relu′ is 1 or 0."
        )
    )
    ui.pick(st.slider, "vanishing_x", _("The reader's point x"), min_value=-6.0, max_value=6.0, step=0.1)
    x = ui.settings()["vanishing_x"]
    curves = ui.kept(stats.vanishing.functions, "vanishing-functions")
    point = ui.kept(lambda: stats.vanishing.functions([x]), "vanishing-point", x)
    slopes = dict(zip(stats.vanishing.FUNCTIONS, point["derivative"].values[:, 0].tolist(), strict=True))
    st.latex(
        rf"\begin{{aligned}}\sigma'({x:.1f})&={slopes['sigmoid']:.4g}\\ \tanh'({x:.1f})&={slopes['tanh']:.4g}\\ "
        rf"\mathrm{{relu}}'({x:.1f})&={slopes['relu']:g}\end{{aligned}}"
    )
    largest = stats.vanishing.LARGEST
    drawings = [
        ui.drawn(
            "derivatives",
            lambda: figures.functions(curves["derivative"], point["derivative"], (0, 1), largest),
            _("Derivatives and their maxima"), x,
        ),
        ui.drawn(
            "functions",
            lambda: figures.functions(curves["value"], point["value"], (-1, 2), height=220),
            _("The functions themselves"), x,
        ),
    ]  # fmt: skip
    summary = _("At x = {x:.1f}: sigmoid′ {sigmoid:.4g}, tanh′ {tanh:.4g}, relu′ {relu:g}.").format(
        x=x, **slopes
    )
    lines = [
        _("sigmoid′ is at most 1/4, at 0: two of them in a row leave a sixteenth at best."),
        _(
            "“The derivative of tanh is below 1, so gradients vanish” is nearly right: at 0 it is exactly 1. What counts "
            "is its product with the weight, which part 3 shows."
        ),
        _(
            "relu′ is exactly 1 above 0 and exactly 0 below: it does not shrink a gradient, it passes it or stops it."
        ),
        _("Where it was first worked out: Hochreiter 1991."),
    ]
    draw("factor", drawings, summary, lines)


def product() -> None:
    st.write(
        _(
            "The same derivative T times is a straight line on a log axis: the further its factor is below 1, the steeper "
            "it falls."
        )
    )
    left, right = st.columns(2)
    with left:
        ui.pick(st.slider, "vanishing_factors", _("Number of factors T"), min_value=1, max_value=1000)
    with right:
        ui.pick(st.slider, "vanishing_x", _("The reader's point x"), min_value=-6.0, max_value=6.0, step=0.1)
    x, count = ui.settings()["vanishing_x"], ui.settings()["vanishing_factors"]
    logs = stats.vanishing.functions([x])["log_derivative"].values[:, 0].tolist()
    best = stats.vanishing.functions([0.0])["log_derivative"].values[0].tolist()
    names = [f"{name}′({x:.1f})" for name in stats.vanishing.FUNCTIONS]
    rows = [
        rf"{sign}'({x:.1f})^{{{count}}}&={number(log)}^{{{count}}}={number(log * count)}"
        for sign, log in zip((r"\sigma", r"\tanh", r"\mathrm{relu}"), logs, strict=True)
    ]
    st.latex(r"\begin{aligned}" + r"\\".join(rows) + r"\end{aligned}")
    array = stats.vanishing.products([*logs, *best], count, [*names, "sigmoid′(0) = 1/4"])
    drawing = ui.drawn(
        "product",
        lambda: figures.powers(
            array, [*stats.vanishing.FUNCTIONS, "sigmoid"], ["dash", "solid", "dot", "dashdot"],
            across=_("number of factors"),
        ),
        _("The product of T derivatives"), x, count,
    )  # fmt: skip
    summary = _("Powers of ten of {count} factors: sigmoid′ {sigmoid:.4g}, tanh′ {tanh:.4g}.").format(
        count=count, sigmoid=logs[0] * count / 2.302585, tanh=logs[1] * count / 2.302585
    )
    lines = [
        _(
            "At best, at 0, sigmoid′ takes away six tenths of a power of ten a factor: 10 leave a millionth, 50 leave "
            "10⁻³⁰, 100 leave 10⁻⁶⁰. tanh′(0) = 1 and relu′ = 1 leave everything."
        ),
        _(
            "A computer's float32 ends at 10⁻⁴⁵ and float64 at 10⁻³²⁴; beyond, a program holds 0. This page adds logarithms, "
            "so the line goes on. A factor that is exactly 0, as relu′ below 0, has no line: the product is 0."
        ),
    ]
    draw("product", [drawing], summary, lines)


def unit() -> None:
    st.write(
        _(
            "Now each factor is w · f′. Move w from below 1 to above 1; then turn the input up: a saturated tanh has a small "
            "derivative, and the same weight lets the gradient vanish."
        )
    )
    columns = st.columns(4)
    with columns[0]:
        ui.pick(
            st.segmented_control, "vanishing_function", _("Activation function"), ["tanh", "relu"], required=True
        )  # fmt: skip
    with columns[1]:
        ui.pick(st.slider, "vanishing_weight", _("Weight w"), min_value=0.0, max_value=2.0, step=0.01)
    with columns[2]:
        ui.pick(st.slider, "vanishing_input", _("Input weight u"), min_value=0.0, max_value=1.0, step=0.01)
    with columns[3]:
        ui.pick(st.slider, "vanishing_steps", _("Steps T"), min_value=2, max_value=100)
    now = ui.settings()
    f, w, u = now["vanishing_function"], now["vanishing_weight"], now["vanishing_input"]
    steps, key = now["vanishing_steps"], (f, w, u, now["vanishing_steps"])
    chain = ui.kept(lambda: stats.vanishing.one_unit(w, steps, u, nonlinearity=f), "vanishing-unit", *key)
    logs = chain["log_gradient"]
    st.latex(worked(chain, w, u))
    array = stats.vanishing.side_by_side(
        {"|∂h_T/∂h_t|": logs, "w^(T − t)": stats.vanishing.geometric(w, steps)}, "|∂h_T/∂h_t|"
    )
    drawing = ui.drawn(
        "unit", lambda: figures.powers(array, ["rnn", "#7F7F7F"], ["solid", "dot"], across=_("step t")),
        _("How much of step t is left at step T"), *key,
    )  # fmt: skip
    half_life = stats.gradients.decay(logs, logarithmic=True)["half_life"].item()
    if f == "relu" and not chain["hidden"].any():
        ui.notice(_("The state is 0, where relu′ is 0: nothing at all passes. Give the unit some input."))
    summary = _(
        "Weight {w:.2f}: |∂h_T/∂h_1| is 10 to the power of {power:.4g}; half-life {life:.4g} steps."
    ).format(w=w, power=logs[0].item() / 2.302585, life=half_life)
    lines = [
        _("The unit starts at h₀ = 0 and reads x between 0 and 1. The dotted line is what w alone would do."),
        _(
            "With u = 0 the state stays 0 and tanh′ is 1: below w = 1 the gradient vanishes, at 1 it stays, above 1 it "
            "explodes. With input a large w holds the state near 1, where tanh′ is small: what is held safely passes no "
            "gradient (Bengio, Simard & Frasconi 1994)."
        ),
        _(
            "“relu diverges, so tanh is used” holds for w above 1. At w = 1 relu carries the gradient unchanged over any "
            "number of steps (Le, Jaitly & Hinton 2015): both are one slider apart."
        ),
    ]
    draw("unit", [drawing], summary, lines)


def worked(chain, w: float, u: float) -> str:
    """The formula with its numbers, for the last steps, as LaTeX."""
    f = {"tanh": r"\tanh", "relu": r"\mathrm{relu}"}[chain.attrs["nonlinearity"]]
    last, slopes = chain.sizes["time"], chain["derivative"].values.tolist()
    hidden, x, factors = (chain[name].values.tolist() for name in ("hidden", "input", "factor"))
    before = hidden[-2] if last > 1 else 0.0
    rows = [rf"h_{{{last}}}&={f}({w:.2f}\cdot {before:.4g}+{u:.2f}\cdot {x[-1]:.4g})={hidden[-1]:.4g}"]
    for t in range(last, max(1, last - 3), -1):
        rows.append(
            rf"\frac{{\partial h_{{{t}}}}}{{\partial h_{{{t - 1}}}}}&=w\,{f}'(a_{{{t}}})"
            rf"={w:.2f}\cdot {slopes[t - 1]:.4g}={factors[t - 1]:.4g}"
        )
    whole = number(chain["log_gradient"].values[0])
    first = rf"\frac{{\partial h_{{{last}}}}}{{\partial h_1}}"
    shown = r"\cdot ".join(f"{factors[t - 1]:.4g}" for t in range(last, max(1, last - 3), -1))
    more = r"\cdots" if last > 4 else ""
    return r"\begin{aligned}" + r"\\".join([*rows, rf"{first}&={shown}{more}={whole}"]) + r"\end{aligned}"


def plain(spectrum):
    """The plain RNN whose recurrent weight has the chosen spectral radius."""
    gain = ui.settings()["vanishing_radius"] / spectrum["spectral_radius"].item()
    return experiments.Architecture("rnn", units=UNITS, gain=gain)


def measured(architecture, **more):
    """One network, compared with nothing: what reaches back in it."""
    setup = experiments.Setup(
        (architecture,), steps=ui.settings()["vanishing_steps"], seeds=1, batch=1, **more
    )
    return ui.kept(lambda: experiments.compare(setup).isel(architecture=0, seed=0), "compare", repr(setup))


PARTS = {"factor": factor, "product": product, "unit": unit}

for name, value in VANISHING.items():
    if name not in ui.settings():
        ui.choose(**{name: value})
st.header(_("Why gradients vanish"))
titles = {
    "factor": _("1 One factor"),
    "product": _("2 A product"),
    "unit": _("3 One unit"),
    "network": _("4 A network"),
    "helps": _("5 What helps"),
}
ui.pick(st.segmented_control, "vanishing_part", _("Part"), list(PARTS), format_func=titles.get, required=True)
PARTS[ui.settings()["vanishing_part"]]()
