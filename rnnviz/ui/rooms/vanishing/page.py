"""The five parts of learn/vanishing: each asks one question, draws one picture and writes its formula with the numbers in."""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st
import xarray as xr

from rnnviz import figures, stats
from rnnviz.figures.style import INK, PURPLE, SKY_BLUE, VERMILION
from rnnviz.figures.words import series
from rnnviz.studies import comparing
from rnnviz.ui.parts.board import drawn, show_figures
from rnnviz.ui.parts.numbers import aligned, number, power, shown
from rnnviz.ui.parts.tables import table_csv
from rnnviz.ui.rooms.vanishing import CLIPS, COUNTS, RATES
from rnnviz.ui.rooms.vanishing.networks import SEEDS, UNITS, measured, over_seeds, plain, single_paths, weight
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import folded, notice, pick

NORM = "‖∂L/∂h<sub>t</sub>‖"
# where the gradient of the parameters is measured
RADII = (0.4, 0.7, 0.9, 1.0, 1.1, 1.2, 1.35, 1.5, 1.75, 2.0)


def show() -> None:
    parts = {
        "factor": (_("1 One factor"), factor),
        "product": (_("2 Many factors"), product),
        "unit": (_("3 One unit"), unit),
        "network": (_("4 A network"), network),
        "helps": (_("5 What helps"), helps),
    }
    st.header(_("Why gradients vanish"))
    pick(
        st.segmented_control,
        "vanishing_part",
        _("Part"),
        list(parts),
        format_func=lambda name: parts[name][0],
        required=True,
    )
    parts[settings()["vanishing_part"]][1]()


def slide(name: str, label: str, low: float, high: float, step: float) -> float:
    digits = None if isinstance(step, int) else f"%.{1 if step >= 0.1 else 2}f"
    pick(st.slider, f"vanishing_{name}", label, min_value=low, max_value=high, step=step, format=digits)
    return settings()[f"vanishing_{name}"]


def pictured(
    drawings: list, summary: str, formulas: list[str], lines: list[str], below: Callable = lambda: None
) -> None:
    """The picture, what is drawn below it, the formula with its numbers, and what it means, folded."""
    show_figures("vanishing-" + settings()["vanishing_part"], drawings, summary=summary)
    below()
    if formulas:
        aligned(formulas)
    folded(lines)


def factor() -> None:
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


def product() -> None:
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


def unit() -> None:
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
    pictured([drawing], summary, worked(chain, w, u), lines)


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


def radius_and_steps() -> tuple[float, int]:
    left, right = st.columns(2)
    with left:
        radius = slide("radius", _("Spectral radius ρ of the plain RNN"), 0.1, 2.0, 0.05)
    with right:
        return radius, slide("steps", _("Steps T"), 2, 100, 1)


def network() -> None:
    st.write(
        _(
            "The weight is a matrix now. Solid is the measured gradient. Dotted is what the weight alone would leave, with every "
            "tanh′ set to 1; dashed is the bound, σmax at every step. Drag the spectral radius ρ past 1."
        )
    )
    radius, steps = radius_and_steps()
    recurrent = kept(weight)
    scale = radius / recurrent["spectral_radius"].item()
    stretch = scale * recurrent["singular_value"].values[0].item()
    paths = single_paths(plain(radius))
    norms, alone = paths.sel(path="measured"), paths.sel(path="weights alone")
    last = norms.values[-1].item()
    bound = stats.vanishing.geometric(stretch, steps, last)
    array = stats.vanishing.side_by_side(
        {"bound σ<sub>max</sub><sup>T−t</sup>": bound, "W alone": alone, "measured": norms}, NORM
    )
    drawings = [
        drawn(
            "network",
            _("What reaches step t from a loss at step T"),
            lambda: figures.powers(
                array,
                [VERMILION, INK, "rnn"],
                ["dash", "dot", "solid"],
                across=_("step t"),
                holds=["measured"],  # the bound may be 10²⁵, which would flatten it
            ),
        ),
        drawn(
            "eigenvalues",
            _("Eigenvalues of the recurrent weight"),
            lambda: figures.eigenvalues(recurrent["eigenvalue"] * scale, radius),
        ),
    ]
    summary = _("Spectral radius {radius:.2f}, largest singular value {stretch:.4g}, {steps} steps.").format(
        radius=radius, stretch=stretch, steps=steps
    )
    st.markdown(verdict(*(curve.values[0].item() - last for curve in (norms, alone, bound)), steps))
    formulas = [
        rf"\sigma_{{\max}}(W_{{hh}})&={stretch:.4g}\qquad \rho(W_{{hh}})={radius:.2f}",
        rf"\lVert\partial L/\partial h_{{{steps}}}\rVert&={number(last)}",
        rf"\lVert\partial L/\partial h_1\rVert&={number(norms.values[0].item())}",
        rf"&\le {stretch:.4g}^{{{steps - 1}}}\cdot {number(last)}",
        f"&={number(array.values[0, 0].item())}",
    ]
    lines = [
        _(
            "An RNN of {units} tanh units reads noise; what you see was recorded from it. PyTorch drew its recurrent weight "
            "with ρ = {radius:.2f}; here it is rescaled. σmax is its largest singular value."
        ).format(units=UNITS, radius=recurrent["spectral_radius"].item()),
        _(
            "The bound is ‖∂L/∂h_T‖ · (σmax · max tanh′)^(T − t), with max tanh′ = 1. With σmax below 1 the gradient must "
            "vanish; above 1 it may explode, but need not (Pascanu, Mikolov & Bengio 2013)."
        ),
        _(
            "Why the bound lies so high: it lets every step stretch the gradient by σmax, but W turns it out of that direction "
            "again. In the long run W alone multiplies by ρ a step (dotted). Over 49 steps of PyTorch’s start it makes 13 powers "
            "of ten (12 to 15 in 16 networks), whatever ρ is set to. The rest, from dotted to solid, is tanh′: 1.4 powers at "
            "ρ = 0.6, but 12 at ρ = 2, where units saturate. So the gradient grows only once ρ is well above 1, here about 1.5."
        ),
        _(
            "Directions with eigenvalues inside the circle shrink in the long run, those outside grow, as long as tanh′ is "
            "near 1: the same network can vanish in one direction and explode in another."
        ),
    ]
    pictured(drawings, summary, formulas, lines)


def helps() -> None:
    st.write(
        _(
            "The plain RNN stays as the reference, at the spectral radius that you choose. Switch on what is said to help, "
            "and see how much of the gradient reaches the early steps."
        )
    )
    radius, steps = radius_and_steps()
    now, one = settings(), comparing.Architecture
    bias, every = now["vanishing_forget_bias"], now["vanishing_truncate"]
    # a switch's name; the curve's name, its architecture, colour, dash and mark
    rows = {
        "gru": ("GRU", "GRU", one("gru", units=UNITS), "gru", "solid", ""),
        "lstm": ("LSTM", "LSTM", one("lstm", units=UNITS), "lstm", "solid", ""),
        "forget_bias": (
            _("Forget bias"),
            f"LSTM, forget bias {bias:g}",
            one("lstm", units=UNITS, forget_bias=bias),
            "lstm",
            "dash",
            "circle",
        ),
        "orthogonal": (
            _("Orthogonal start"),
            "RNN, orthogonal",
            one("rnn", units=UNITS, initialisation="orthogonal"),
            PURPLE,
            "solid",
            "circle",
        ),
        "identity": (
            _("Identity start, relu"),
            "RNN relu, identity",
            one("rnn", nonlinearity="relu", units=UNITS, initialisation="identity"),
            VERMILION,
            "solid",
            "diamond",
        ),
        "deeper": (_("Deeper"), "RNN, 3 layers", plain(radius, layers=3), VERMILION, "dash", "square"),
        "skip": (
            _("Skip connections"),
            "RNN, 3 layers, skip",
            plain(radius, layers=3, residual=True),
            PURPLE,
            "dash",
            "triangle-up",
        ),
        "bidirectional": (
            _("Bidirectional"),
            "RNN, bidirectional",
            plain(radius, bidirectional=True),
            SKY_BLUE,
            "dot",
            "triangle-down",
        ),
        "truncate": (_("Truncated BPTT"), f"RNN, cut every {every}", plain(radius), PURPLE, "dot", "cross"),
        "clip": (_("Clipping"), "", None, "", "", ""),
    }
    pick(
        st.pills,
        "vanishing_helps",
        _("Compare with"),
        list(rows),
        format_func=lambda name: rows[name][0],
        selection_mode="multi",
    )
    chosen = [name for name in rows if name in now["vanishing_helps"]]
    sliders = {
        "forget_bias": lambda: slide("forget_bias", _("Bias of the forget gate"), -2.0, 6.0, 0.5),
        "truncate": lambda: slide("truncate", _("Steps between two cuts"), 1, 100, 1),
        "clip": lambda: pick(st.select_slider, "vanishing_clip", _("Clip the gradient's norm at"), CLIPS),
        "rate": lambda: pick(st.select_slider, "vanishing_rate", _("Learning rate η"), RATES),
    }
    wanted = [name for name in sliders if name in chosen or (name == "rate" and "clip" in chosen)]
    for column, name in zip(st.columns(max(1, len(wanted))), wanted, strict=False):
        with column:
            sliders[name]()
    every_seed, looks = {f"RNN, ρ = {radius:.2f}": over_seeds(plain(radius))}, [("rnn", "solid", "")]
    for name in chosen:
        if name != "clip":
            _switch, label, architecture, *look = rows[name]
            more = {"truncate": every} if name == "truncate" else {}
            every_seed[label] = over_seeds(architecture, **more)
            looks.append(look)
    array, low, high = (
        stats.vanishing.side_by_side({name: of(norms) for name, (norms, _lives) in every_seed.items()}, NORM)
        for of in (lambda n: n.isel(seed=0), lambda n: n.min("seed"), lambda n: n.max("seed"))
    )
    band = xr.concat([low, high], "bound")
    colours, dashes, symbols = zip(*looks, strict=True)
    drawings = [
        drawn(
            "helps",
            _("What reaches step t from a loss at step T"),
            lambda: figures.powers(
                array, colours, dashes, across=_("step t"), height=420, symbols=symbols, band=band
            ),
        )
    ]
    formulas = []
    if "clip" in chosen or "truncate" in chosen:
        norm = measured(plain(radius))["parameter_norm"].item()
        formulas.append(rf"\lVert g\rVert&={norm:#.4g}")
    if "clip" in chosen:
        formulas += clipping(drawings, radius, steps)
    if "truncate" in chosen:
        norm = measured(plain(radius), truncate=every)["parameter_norm"].item()
        formulas.append(rf"\lVert g_{{\text{{cut every {every}}}}}\rVert&={norm:#.4g}")
    table = spread(every_seed, steps)
    summary = "; ".join(
        f"{series(name)}: " + ", ".join(f"{title} {value}" for title, value in row.items())
        for name, row in table.iterrows()
    )
    # the shares of 16 networks: benchmarks/vanishing.py
    lines = {
        "gru": _(
            "GRU: on the direct path along h, each step multiplies by the update gate z and by no weight (PyTorch's z keeps "
            "the old); before training z is near 1/2."
        ),
        "lstm": _(
            "“The cell state has no activation, so nothing vanishes”: along the cell each step multiplies by the forget gate, "
            "which is near 1/2 before training, so that path alone halves the gradient at every step. The paths through the "
            "gates and h add to it: what is measured fades more slowly, yet it fades."
        ),
        "forget_bias": _(
            "A forget bias opens the gate from the start (Jozefowicz, Zaremba & Sutskever 2015). With a bias of 2 it stands near "
            "0.88: alone it would halve the gradient every 5.5 steps, but the curve is almost level, as the recurrent paths add "
            "to it. An LSTM’s gradient can even grow going back: with a bias of 3 it did in 11 of 16 networks, with 4 in all 16."
        )
        + " "
        + _(
            "How far it carries hangs on the random start: with a bias of 2 the half-life was anything from 11 steps to none at "
            "all in those 16, so no single one speaks for all."
        ),
        "orthogonal": _(
            "Orthogonal: all singular values are 1, so W neither shrinks nor stretches anything; only tanh′ is left."
        ),
        "identity": _(
            "Identity with relu: as long as a unit stays above 0 it passes everything on (Le, Jaitly & Hinton 2015)."
        ),
        "deeper": _(
            "Deeper: the curve belongs to the lowest of three layers. There are more paths through time, yet the slope is "
            "about the same."
        ),
        "skip": _(
            "Skip connections carry the loss past the layers down to the lowest one; they do not shorten the way through time, "
            "so the slope stays."
        ),
        "bidirectional": _(
            "Bidirectional: a loss at the last step reaches early steps through the forward direction alone. It helps where "
            "later words decide."
        ),
        "truncate": _(
            "Truncated BPTT cuts what would have gone further back: beyond the cut the gradient is exactly 0."
        ),
        "clip": _(
            "Clipping by the norm keeps the direction and limits the step; it stops explosions but cannot bring back what "
            "has vanished (Pascanu, Mikolov & Bengio 2013). ‖Δθ‖ is the step that SGD would have taken, then the one it "
            "does take."
        ),
    }
    about = _(
        "Networks of {units} units that are not trained yet, each on a sequence of noise. A line is one network; its band spans "
        "{seeds} that differ only in the random start and the noise. ‖∂L/∂h_t‖ is the total gradient in the lowest layer; "
        "training moves all of it."
    ).format(units=UNITS, seeds=SEEDS)
    opened = [rows[name][1:3] for name in ("lstm", "forget_bias") if name in chosen]
    pictured(
        drawings,
        summary,
        formulas,
        [about, *(lines[name] for name in chosen)],
        lambda: (
            table_csv(table, "rnnviz-vanishing"),
            *(st.caption(cell_alone(label, architecture, steps)) for label, architecture in opened),
        ),
    )


def spread(every_seed: dict, steps: int) -> pd.DataFrame:
    """A row for each curve: what is left at step 1 in the network drawn, and the half-lives over the seeds."""
    rows = {}
    for name, (norms, lives) in every_seed.items():
        drawn_one = norms.isel(seed=0).values
        half = {"lowest": lives.min(), "median": lives.median(), "highest": lives.max()}
        lowest, median, highest = (
            _("does not fade") if np.isinf(life) else shown(life.item()) for life in half.values()
        )
        rows[series(name)] = {
            _("left after {steps} steps").format(steps=steps - 1): shown(
                math.exp(drawn_one[0] - drawn_one[-1])
            ),
            _("half-life of the line (steps)"): _("does not fade")
            if np.isinf(lives[0])
            else shown(lives[0].item()),
            _("lowest of {seeds}").format(seeds=SEEDS): lowest,
            _("median of {seeds}").format(seeds=SEEDS): median,
            _("highest of {seeds}").format(seeds=SEEDS): highest,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(_("network"))


def cell_alone(name: str, architecture, steps: int) -> str:
    """What the forget gates alone would leave of an LSTM's gradient, beside what is left of it."""
    paths = single_paths(architecture)
    left = {
        path: math.exp(row[0] - row[-1]) for path, row in zip(paths["path"].values, paths.values, strict=True)
    }
    return _(
        "{name}: after {steps} steps back, {measured} of the cell’s gradient ∂L/∂c is left; its forget gates alone would have "
        "left {alone}."
    ).format(
        name=name, steps=steps - 1, measured=shown(left["measured"]), alone=shown(left["forget gate alone"])
    )


def verdict(measured: float, alone: float, bound: float, steps: int) -> str:
    """In words what becomes of the gradient from the last step to the first, and what the bound overlooks. All in nats,
    relative to the gradient at the last step: measured, of the weight alone, and the bound."""
    ten = math.log(10)
    names = {
        "steps": steps - 1,
        "left": shown(math.exp(measured)),
        "powers": shown(round(abs(measured) / ten, 1)),
    }
    line = (
        _(
            "Over {steps} steps back the gradient **shrinks** to {left} of its size, by {powers} powers of ten."
        )
        if measured < 0
        else _(
            "Over {steps} steps back the gradient **grows** to {left} times its size, by {powers} powers of ten."
        )
    )
    gap = {
        name: shown(round(value / ten, 1) + 0.0)  # no −0
        for name, value in (("gap", bound - measured), ("turned", bound - alone), ("flat", alone - measured))
    }
    more = _(
        "The bound lies {gap} powers above that: {turned} because W stretches no direction by σmax at every step, {flat} "
        "because tanh′ is below 1."
    )
    return f"{line} {more}".format(**names, **gap)


def clipping(drawings: list, radius: float, steps: int) -> list[str]:
    """Adds the picture of clipping. Returns its formulas."""
    threshold, rate = settings()["vanishing_clip"], settings()["vanishing_rate"]
    here = measured(plain(radius), clip=threshold).isel(architecture=0)
    before, after = here["parameter_norm"].item(), here["parameter_norm_clipped"].item()
    array, point = stats.vanishing.clipping(
        RADII, measured(*map(plain, RADII))["parameter_norm"], threshold, radius, (before, after)
    )
    drawings.append(
        drawn(
            "clipping",
            _("The gradient of all parameters, before and after clipping"),
            lambda: figures.powers(
                array, ["rnn", PURPLE], ["solid", "dash"], point, across=_("spectral radius ρ"), height=280
            ),
        )
    )
    return [
        rf"\lVert g_{{\text{{clipped}}}}\rVert&={after:#.4g}",
        rf"\lVert\Delta\theta\rVert=\eta\lVert g\rVert&={rate * before:#.4g}\;\to\;{rate * after:#.4g}",
    ]
