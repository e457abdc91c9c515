"""What is shown of a comparison: figures, tables, and what a reader should know about the numbers."""

import dataclasses
import itertools
import math

import numpy as np
import pandas as pd
import streamlit as st
import xarray as xr

from rnnviz import figures
from rnnviz.figures.style import PURPLE, SKY_BLUE, VERMILION
from rnnviz.figures.words import series
from rnnviz.paper.packing import Drawn
from rnnviz.studies import comparing
from rnnviz.ui.parts.board import drawn
from rnnviz.ui.parts.numbers import shown
from rnnviz.ui.parts.tables import faded, table_csv
from rnnviz.ui.rooms.compare.results import Found, begin, command, follow, leave
from rnnviz.ui.rooms.compare.setup import change, draft, visit
from rnnviz.ui.rooms.compare.table import pick
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.widgets import folded, notice

FURTHER = (PURPLE, VERMILION, SKY_BLUE)
DEEPEST = 3e10  # layers · steps · states³ of a look inside: about a minute


def colours(kinds: list[str]) -> list[str]:
    """The first two of a kind bear its colour, the second dashed; further ones a colour of their own."""
    found, more = [], itertools.cycle(FURTHER)
    for i, kind in enumerate(kinds):
        found.append(kind if kinds[:i].count(kind) < 2 else next(more))
    return found


def pictures(of: Found, within: xr.Dataset | None) -> list[Drawn]:
    """The norms of all architectures; of the chosen one its singular values and, of an RNN, its eigenvalues.

    within: as `inside` gives it.
    """
    now = draft()
    part, layer = now["part"], now["layer"]
    middle, band = kept(comparing.curves, of.dataset, part, layer)
    drawings = []
    if middle.size:  # else nothing was finite, which the remarks say
        make = lambda: figures.log_norms(  # noqa: E731
            middle, colours(middle["kind"].values.tolist()), band, height=440, axis="free"
        )
        drawings.append(drawn("norms", _("What reaches each step"), make))
    if within is not None:
        one = of.setup.architectures[now["inside"]]
        own = within.isel(layer=-1 if layer == "top" else 0)
        values = (
            own["log_singular_value"]
            .transpose("rank", "time")
            .assign_attrs(long_name="singular value", units="1", scale="natural logarithm")
        )
        make = lambda: figures.log_norms(values, [one.kind] * len(values), axis="free")  # noqa: E731
        drawings.append(
            drawn(
                "singular",
                _("{name}: singular values of ∂s<sub>T</sub>/∂s<sub>t</sub>").format(name=series(one.name)),
                make,
            )
        )
        if "eigenvalue_real" in own:
            found = own["eigenvalue_real"] + 1j * own["eigenvalue_imag"]
            radius = float(abs(found).max())
            make = lambda: figures.eigenvalues(found, radius, max(2.1, 1.1 * radius))  # noqa: E731
            title = _("{name}: eigenvalues of the recurrent weight").format(name=series(one.name))
            drawings.append(drawn("eigenvalues", title, make))
    return drawings


def pick_part(of: Found) -> None:
    """Which gradient, and of which layer; only what there is to choose."""
    names = {
        "log_norm": _("total ∂L/∂h"),
        "log_norm_direct": _("direct ∂L/∂h"),
        "log_cell_norm": _("total ∂L/∂c"),
    }
    if not any(one.kind == "lstm" for one in of.setup.architectures):
        del names["log_cell_norm"]
        if draft()["part"] == "log_cell_norm":
            change(part="log_norm")
    pick(st.segmented_control, "part", _("Gradient"), list(names), format_func=names.get, required=True)
    if of.dataset.sizes["layer"] > 1:
        layers = {"top": _("top"), "bottom": _("bottom")}
        pick(st.segmented_control, "layer", _("Layer"), list(layers), format_func=layers.get, required=True)


def pick_inside(of: Found) -> None:
    """Which architecture to look into."""
    names = [series(one.name) for one in of.setup.architectures]
    if draft()["inside"] >= len(names):
        change(inside=-1)
    pick(
        st.selectbox,
        "inside",
        _("Look inside"),
        range(-1, len(names)),
        width=240,
        format_func=lambda i: _("none") if i < 0 else names[i],
        help=_(
            "Singular values of $\\partial s_T/\\partial s_t$ and Lyapunov exponents of one network, the one with the "
            "first seed."
        ),
    )


def inside(of: Found) -> xr.Dataset | None:
    """What `comparing.dynamics` finds of the chosen architecture, once it is computed."""
    state, number = visit(), draft()["inside"]
    asked = None if number < 0 else (of.key, number)
    if asked is None:
        leave("dynamics")
        state["inside"] = None
        return None
    one = of.setup.architectures[number]
    width = one.units * (2 if one.kind == "lstm" else 1)
    if one.layers * of.setup.length * width**3 > DEEPEST:
        leave("dynamics")
        notice(
            _(
                "Looking inside {name} takes longer than this server allows. Run this command on your own machine instead:"
            ).format(name=series(one.name))
        )
        st.code(command(of.setup) + " --dynamics", language="sh", wrap_lines=True)
        return None
    if state.get("inside") != asked:
        state["inside"] = asked
        begin("dynamics", of.setup, {"architecture": dataclasses.asdict(one), "setup": of.setup.to_dict()})
    job = follow("dynamics")
    return job.result if job else None


def remarks(of: Found) -> None:
    """What a reader should know about the numbers: where they ended, where there is nothing, what has no slope."""
    data = of.dataset
    steps, seeds = data.sizes["time"], data.sizes["seed"]
    for way, line in {
        "forward": _(
            "{name}: in the forward pass a number stops being finite at step {step} (seeds: {count} of {seeds}); the curve "
            "is drawn as far as it goes."
        ),
        "backward": _(
            "{name}: from step {step} back the gradient is beyond the range of float64 (seeds: {count} of {seeds}); it is "
            "kept as a logarithm and drawn all the same."
        ),
    }.items():
        blown = data["blown"].where(data["blown_in"] == way)
        for name in data["architecture"].values:
            own = blown.sel(architecture=name).dropna("seed")
            if own.size:
                step = int(own.min() if way == "forward" else own.max()) + 1
                notice(line.format(name=series(name), step=step, count=own.size, seeds=seeds))
    if steps == 1:
        notice(_("A single step has no slope and no horizon: choose more steps."))
        return
    middle, _band = kept(comparing.curves, data, "log_norm", "top")
    zeros = (middle == -np.inf).sum("time")
    for count in sorted({int(n) for n in zeros.values if n}):
        names = "; ".join(series(str(name)) for name in middle["architecture"].values[zeros.values == count])
        line = _(
            "{names}: the gradient is exactly 0 at {count} of {steps} steps, which a log axis cannot show."
        )
        if of.setup.truncate:
            line += " " + _("That is what truncation cuts away.")
        notice(line.format(names=names, count=count, steps=steps))


def fading(of: Found) -> pd.DataFrame:
    """How fast each architecture's gradient fades, a row each: medians over the seeds."""
    data = of.dataset
    numbers = data[
        [
            "rate",
            "half_life",
            "halved",
            "horizon",
            "fitted",
            "loss",
            "parameter_norm",
            "parameter_norm_clipped",
        ]
    ]
    middle, steps = numbers.median("seed"), data.sizes["time"]
    rows = {}
    for name in data["architecture"].values:
        one = {key: value.item() for key, value in middle.sel(architecture=name).data_vars.items()}
        rows[series(str(name))] = {
            _("slope (log10 per step)"): shown(one["rate"] / math.log(10)),
            **faded(one, steps),
            _("loss"): shown(one["loss"]),
            _("parameter gradient"): shown(one["parameter_norm"]),
        }
        if of.setup.clip is not None:
            rows[series(str(name))][_("after clipping")] = shown(one["parameter_norm_clipped"])
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(_("architecture"))


def take_away(of: Found) -> None:
    """The dataset as a file, and the command that makes it."""
    with st.container(horizontal=True):
        st.download_button(
            _("Download the numbers (netCDF)"),
            data=of.netcdf,
            file_name="compare.nc",
            mime="application/x-netcdf",
            on_click="ignore",
            help=_("Every seed, layer and step in float64; open it with xarray."),
        )
    with st.expander(_("The same on the command line")):
        st.code(command(of.setup), language="sh", wrap_lines=True)


def exponents(of: Found, within: xr.Dataset | None) -> None:
    """The Lyapunov exponents of the chosen architecture, a column a layer."""
    if within is None:
        return
    st.subheader(_("Lyapunov exponents"))
    values = within["lyapunov"].transpose("exponent", "layer")
    line = _("{name}: the largest is {value} nats per step.")
    st.write(
        line.format(
            name=series(of.setup.architectures[draft()["inside"]].name), value=shown(values.max().item())
        )
    )
    titles = [
        _("layer {layer} (nats per step)").format(layer=layer + 1) for layer in range(values.sizes["layer"])
    ]
    rows = {str(i + 1): [shown(v) for v in row] for i, row in enumerate(values.values.tolist())}
    with st.expander(_("All exponents")):
        table_csv(
            pd.DataFrame.from_dict(rows, orient="index", columns=titles).rename_axis(_("Layer")), "lyapunov"
        )


def summary(of: Found) -> str:
    """The picture in a sentence, for those who do not see it."""
    middle = of.dataset["horizon"].median("seed")
    steps = of.dataset.sizes["time"]
    found = "; ".join(
        _("{name}: not within {steps}").format(name=series(name), steps=steps)
        if horizon == math.inf
        else f"{series(name)}: {shown(horizon)}"
        for name, horizon in zip(middle["architecture"].values, middle.values, strict=True)
    )
    return _("Steps back until a thousandth of the gradient is left. {found}.").format(found=found)


def reading() -> None:
    """How to read the pictures, and where they come from, folded below."""
    lines = (
        _(
            "Each network is untrained, just as it was initialised: the picture shows where learning starts. A straight "
            "line means a constant factor per step; where it is level, the error arrives undiminished."
        ),
        _(
            "The total gradient is what a small change of the state at a step would do to the loss through all later steps; "
            "the direct part leaves out what comes back from the next step."
        ),
        _(
            "Singular values of $\\partial s_T/\\partial s_t$ explain why: the largest is the most that a small change at "
            "step t can grow by the end. The same network can carry one direction and lose another. An LSTM's state s is h "
            "and c together."
        ),
        _(
            "A positive Lyapunov exponent means that small changes grow on average, a negative one that they fade; at 0 "
            "they are carried along unchanged."
        ),
        _(
            "Clipping shortens the optimiser's step without changing its direction; truncation sets everything further back "
            "to exactly 0."
        ),
        _(
            "Hochreiter 1991; Bengio, Simard & Frasconi 1994; Hochreiter & Schmidhuber 1997; Pascanu, Mikolov & Bengio 2013; "
            "Le, Jaitly & Hinton 2015; Jozefowicz, Zaremba & Sutskever 2015."
        ),
    )
    folded(lines)
