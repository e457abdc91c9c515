"""Part 4: a network, what its weight alone would leave of the gradient, and the bound above both."""

import math

import streamlit as st

from rnnviz import figures, stats
from rnnviz.figures.style import INK, VERMILION
from rnnviz.ui.parts.board import drawn
from rnnviz.ui.parts.numbers import number, shown
from rnnviz.ui.parts.tasks import Asked
from rnnviz.ui.rooms.vanishing.networks import UNITS, plain, single_paths, weight
from rnnviz.ui.rooms.vanishing.section import NORM, pictured, radius_and_steps
from rnnviz.ui.rooms.vanishing.tasks import of_network
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _


def network() -> Asked:
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
    left = [curve.values[0].item() - last for curve in (norms, alone, bound)]
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
    pictured(drawings, summary, formulas, lines, above=lambda: st.markdown(verdict(*left, steps)))
    return of_network(radius, stretch, *left, steps)


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
