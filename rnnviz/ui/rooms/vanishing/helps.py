"""Part 5: what is said to help, each beside the plain RNN."""

import math

import numpy as np
import pandas as pd
import streamlit as st
import xarray as xr

from rnnviz import figures, stats
from rnnviz.figures.style import PURPLE, SKY_BLUE, VERMILION
from rnnviz.figures.words import series
from rnnviz.studies import comparing
from rnnviz.ui.parts.board import drawn
from rnnviz.ui.parts.numbers import shown
from rnnviz.ui.parts.tables import table_csv
from rnnviz.ui.parts.tasks import Asked
from rnnviz.ui.rooms.vanishing import RATES
from rnnviz.ui.rooms.vanishing.clipping import clipping, in_words, own_gradient
from rnnviz.ui.rooms.vanishing.networks import SEEDS, UNITS, measured, over_seeds, plain, single_paths
from rnnviz.ui.rooms.vanishing.section import NORM, pictured, radius_and_steps, slide, typed
from rnnviz.ui.rooms.vanishing.tasks import of_helps
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import pick


def helps() -> Asked:
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
        "clip": lambda: typed("clip", _("Clip the gradient's norm at c"), 0.001, 1000.0, 0.5),
        "norm": lambda: typed("norm", _("A norm of your own ‖g‖"), 0.0, 100_000.0, 1.0),
        "rate": lambda: pick(st.select_slider, "vanishing_rate", _("Learning rate η"), RATES),
    }
    wanted = [name for name in sliders if name in chosen or (name in ("norm", "rate") and "clip" in chosen)]
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
        formulas += clipping(drawings, radius)
    if "truncate" in chosen:
        norm = measured(plain(radius), truncate=every)["parameter_norm"].item()
        formulas.append(rf"\lVert g_{{\text{{cut every {every}}}}}\rVert&={norm:#.4g}")
    table = spread(every_seed, steps)
    summary = "; ".join(
        f"{series(name)}: " + ", ".join(f"{title} {value}" for title, value in row.items())
        for name, row in table.iterrows()
    )
    if "clip" in chosen:
        summary += ". " + in_words(own_gradient())
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
        )
        + " "
        + _(
            "PyTorch’s clip_grad_norm_ divides by ‖g‖ + 10⁻⁶, for a gradient of 0: at a norm of 1 that changes the factor by a "
            "millionth."
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
    ends = {name: norms.isel(seed=0).values for name, (norms, _lives) in every_seed.items()}
    return of_helps({name: float(row[0] - row[-1]) for name, row in ends.items()}, steps)


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
