"""learn/network: the stages, the options of a set-up, the picture, and what the network costs."""

from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st
import xarray as xr

from rnnviz import figures
from rnnviz.figures.style import INK, PURPLE, VERMILION
from rnnviz.studies import unrolled
from rnnviz.ui.parts import example
from rnnviz.ui.parts.board import drawn, show_figures
from rnnviz.ui.parts.tasks import answers, by_hand, guess_first
from rnnviz.ui.rooms.network.picture import show_network
from rnnviz.ui.rooms.network.tasks import questions, tasks
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import folded, pick, pick_cell

STAGES = unrolled.STAGES


def show() -> None:
    st.header(_("From a perceptron to an unrolled network"))
    stepper()
    guessing = st.container()
    # whatever the stage offers, the picture keeps its place on the page, and so its life in the browser
    with st.container():
        options()
    with answers():
        graph = picture()
        if graph.setup.numbers == "hello":
            example.met("network", graph.setup.kind)
    with guessing:
        guess_first("network", questions(graph))
    with answers("costs"):
        costs(graph)
    if graph.setup.stage in ("recurrent", "unrolled"):
        given_back()
    by_hand("network", tasks(graph))
    background()


def stages() -> dict[str, str]:
    return {
        "perceptron": _("1 A perceptron"),
        "multilayer": _("2 Layers"),
        "recurrent": _("3 A loop"),
        "unrolled": _("4 Unrolled"),
    }


def shapes() -> dict[str, str]:
    return {
        "one_to_one": _("one-to-one"),
        "one_to_many": _("one-to-many"),
        "many_to_one": _("many-to-one"),
        "many_to_many": _("many-to-many"),
        "encoder_decoder": _("encoder-decoder"),
    }


def setup() -> unrolled.Topology:
    """The set-up that the settings describe."""
    now = settings()
    return unrolled.Topology(
        **{
            name: now[f"network_{name}"]
            for name in (
                "stage",
                "shape",
                "kind",
                "layers",
                "directions",
                "steps",
                "inputs",
                "units",
                "outputs",
                "seed",
                "numbers",
            )
        }
    )


def stepper() -> None:
    """The stages by name, one step on or back, and a sentence about the one that is shown."""
    now = settings()["network_stage"]
    at = STAGES.index(now)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        pick(
            st.segmented_control,
            "network_stage",
            _("Stage"),
            list(STAGES),
            format_func=stages().get,
            required=True,
        )
        for label, other in ((_("Previous stage"), at - 1), (_("Next stage"), at + 1)):
            there = 0 <= other < len(STAGES)
            st.button(
                label,
                key=f"network_{other - at}",
                disabled=not there,
                on_click=choose,
                kwargs={"network_stage": STAGES[other]} if there else None,
            )
        numbers = {"hello": example.name(), "seed": _("from a seed")}
        pick(
            st.segmented_control,
            "network_numbers",
            _("Weights"),
            list(numbers),
            format_func=numbers.get,
            required=True,
            help=_(
                "The example has learned its word and has its own sizes; other sizes have weights from a seed."
            ),
        )
        low, high = unrolled.LIMITS["seed"]
        if settings()["network_numbers"] == "seed":
            pick(
                st.number_input,
                "network_seed",
                _("Seed"),
                min_value=low,
                max_value=high,
                step=1,
                width=136,
                help=_("Weights, inputs and targets are drawn from it."),
            )
    sentences = {
        "perceptron": _(
            "One unit weighs its inputs, adds a bias and squashes the sum: $y = \\tanh(w\\,x + b)$. The wider a line, the "
            "larger its weight."
        ),
        "multilayer": _(
            "Many units side by side make a layer, and each layer reads the one below. Nothing is remembered yet."
        ),
        "recurrent": _(
            "One layer drawn as one node, and a loop: its state h goes back in at the next step. Play the forward pass: "
            "the same weights every time."
        ),
        "unrolled": _(
            "The loop pulled apart: one copy for each step, all with the same weights. Choose many-to-one, play the backward "
            "pass, and watch the gradient fade on its way to the first step."
        ),
    }
    st.markdown(sentences[now])


def options() -> None:
    """What can be changed at this stage; what cannot is kept for the stages that have it."""
    one = setup()
    if one.numbers == "hello":
        options_of_example(one)
        return
    if one.stage == "unrolled":
        pick(
            st.segmented_control,
            "network_shape",
            _("Shape of the task"),
            list(unrolled.SHAPES),
            format_func=shapes().get,
            required=True,
        )
        st.text(task(one.shape))
    with st.container(horizontal=True, vertical_alignment="top", gap="small"):
        if one.stage in ("recurrent", "unrolled"):
            pick_cell("network_kind")
        if one.stage != "perceptron":
            pick(st.segmented_control, "network_layers", _("Hidden layers"), [1, 2, 3], required=True)
        if one.stage == "unrolled":
            directions = {1: _("forward"), 2: _("both ways")}
            pick(
                st.segmented_control,
                "network_directions",
                _("Directions"),
                [1, 2],
                format_func=directions.get,
                required=True,
                disabled=one.shape == "one_to_many",
            )
        if one.stage in ("recurrent", "unrolled"):
            low, high = unrolled.LIMITS["steps"]
            pick(
                st.slider,
                "network_steps",
                _("Steps T"),
                min_value=low,
                max_value=high,
                step=1,
                width=120,
                disabled=one.stage == "unrolled" and one.shape == "one_to_one",
            )
        size("inputs", _("Input size"))
        if one.stage != "perceptron":
            size("units", _("Units"))
            size("outputs", _("Output size"), disabled=one.stage == "unrolled" and one.shape == "one_to_many")
    if one.stage == "unrolled" and one.drawn.directions != one.directions:
        st.caption(_("One direction only: what a second one would read first has not been written yet."))
    if one.stage == "unrolled" and one.drawn.outputs != one.outputs:
        st.caption(_("What is written is read at the next step, so an output is as large as an input."))


def options_of_example(one: unrolled.Topology) -> None:
    """Its sizes are its own; it can be read as another kind of cell, as another task, and less far."""
    if one.stage in ("perceptron", "multilayer"):
        st.caption(
            _(
                "One unit of the example as it reads the first letter: x₁ to x₄ stand for h, e, l, o, and that of h is 1."
            )
            if one.stage == "perceptron"
            else _(
                "The example as it reads the first letter: x₁ to x₄ stand for h, e, l, o, and y₁ to y₄ are the probabilities "
                "that each of them comes next."
            )
        )
        return
    shape = one.drawn.shape
    with st.container(horizontal=True, vertical_alignment="top", gap="small"):
        pick_cell("network_kind")
        if one.stage == "unrolled":
            names = {name: said for name, said in shapes().items() if name != "encoder_decoder"}
            pick(
                st.segmented_control,
                "network_shape",
                _("Shape of the task"),
                list(names),
                value=shape,
                format_func=names.get,
                required=True,
            )
        pick(
            st.slider,
            "network_steps",
            _("Steps T"),
            value=one.drawn.steps,
            min_value=1,
            max_value=len(example.READ),
            step=1,
            width=120,
            disabled=one.stage == "unrolled" and shape == "one_to_one",
        )
    if one.stage == "unrolled":
        st.text(task(shape))


def size(name: str, label: str, disabled: bool = False) -> None:
    """A slider for how many numbers a node has."""
    low, high = unrolled.LIMITS[name]
    pick(
        st.slider,
        f"network_{name}",
        label,
        min_value=low,
        max_value=high,
        step=1,
        width=120,
        disabled=disabled,
    )


def task(shape: str) -> str:
    """A shape's task, in one sentence."""
    return {
        "one_to_one": _(
            "One input, one output: one step, and the loop is never used. For example, a picture and its name."
        ),
        "one_to_many": _(
            "One input; after that, each step reads what was written before it. For example, a picture and a sentence about "
            "it."
        ),
        "many_to_one": _(
            "Everything is read, then comes one answer. For example, a review: positive or negative?"
        ),
        "many_to_many": _(
            "An answer at every step, aligned with the inputs. For example, the next letter, or each word's part of speech."
        ),
        "encoder_decoder": _(
            "First everything is read, then as many steps are written; all that passes is the last state. For example, "
            "translation."
        ),
    }[shape]


def picture():
    """The drawn network; returns what was drawn."""
    one = setup()
    graph = kept(unrolled.describe, one)
    show_network(graph, settings()["network_step"])
    return graph


def given_back() -> None:
    """`output` beside h_n, with their shapes: what PyTorch's module gives back of this network."""
    found = kept(unrolled.returned, setup())
    one = setup().drawn
    st.subheader(_("What PyTorch gives back: output and h_n"))
    says = {
        "output": _("h of the last layer at every step, both directions side by side")
        if one.directions == 2
        else _("h of the last layer at every step"),
        "h_n": _("h of every layer after the last step it read, each direction by itself")
        if one.directions == 2
        else _("h of every layer after the last step"),
        "c_n": _("c of every layer after the last step"),
    }
    means = {
        "output": "T × H" if one.directions == 1 else "T × 2H",
        "h_n": _("layers × H") if one.directions == 1 else _("2 layers × H"),
    }
    rows = {
        each.name: {
            _("shape"): f"{' × '.join(map(str, each.shape))} ({means.get(each.name, means['h_n'])})",
            _("what it is"): says[each.name],
        }
        for each in found
    }
    frame = pd.DataFrame(rows).T
    frame.index.name = _("name in PyTorch")
    st.table(frame)
    lines = {
        1: _("The last row of output is the last row of h_n: they differ by {same}."),
        2: _(
            "In the forward half the last row of output is in h_n; in the backward half it is the first, as that direction ends "
            "there. They differ by {same}."
        ),
    }
    st.text(lines[one.directions].format(same=f"{found[0].same:.4g}"))


def costs(graph) -> None:
    """The parameters, matrix by matrix, and how the costs grow."""
    st.subheader(_("What it costs"))
    left, right = st.columns(2, gap="medium")
    with left:
        counts(graph)
    if graph.setup.stage in ("recurrent", "unrolled"):
        with right:
            growth(graph)


def counts(graph) -> None:
    rows = pd.DataFrame(
        {
            _("shape"): [" × ".join(map(str, matrix.shape)) for matrix in graph.matrices],
            _("parameters"): [f"{matrix.parameters:,}" for matrix in graph.matrices],
            _("multiplications"): [f"{matrix.products:,}" for matrix in graph.matrices],
        },
        index=pd.Index([matrix.name for matrix in graph.matrices], name=_("weights")),
    )
    rows.loc[_("gates times states")] = ["", "", f"{graph.elementwise:,}"]
    rows.loc[_("in total")] = ["", f"{graph.parameters:,}", f"{graph.a_step:,}"]
    if not graph.elementwise:
        rows = rows.drop(_("gates times states"))
    st.table(rows)
    if graph.setup.stage in ("perceptron", "multilayer"):
        lines = [_("Each weight is multiplied once, by its own input; a bias is added.")]
    else:
        of_all = _(
            "Multiplications of one step; all steps together: {count:,}, as an output is computed only where one is wanted."
        )
        if graph.setup.shape == "encoder_decoder":
            of_all = _("Multiplications of one step read and one written; all steps together: {count:,}.")
        waiting = _(
            "{chain} cells must be computed one after another: each waits for the one before it, however many processors "
            "there are."
        )
        lines = [of_all.format(count=graph.multiplications), waiting.format(chain=graph.chain)]
    for line in lines:
        st.text(line)


def growth(graph) -> None:
    """Two figures: what a network costs over its units, and over its length."""
    one = graph.setup
    widths = range(unrolled.LIMITS["units"][0], unrolled.LIMITS["units"][1] + 1)
    # over all kinds and units, whichever is chosen
    found = kept(unrolled.growth_with_units, replace(one.sizes, kind="rnn", units=1, seed=0), widths)
    own = found.sel(architecture=one.kind.upper())
    rows = xr.concat(
        [found["parameters"], own["multiplications"].expand_dims("architecture")], "architecture"
    )
    rows = np.log(rows).assign_attrs(long_name="count", units="1")
    rows = rows.assign_coords(
        architecture=[*found["architecture"].values, f"{one.kind.upper()}, multiplications per step"]
    )
    drawings = [
        drawn(
            "units",
            _("Parameters against the number of units"),
            lambda: figures.powers(
                rows,
                ["rnn", "gru", "lstm", INK],
                ["solid", "solid", "solid", "dot"],
                point=rows.sel(units=[one.units]),
                across=_("units"),
                height=300,
            ),
        )
    ]
    summary = _("With {units} units: {parameters:,} parameters.").format(
        units=one.units, parameters=graph.parameters
    )
    if one.shape != "one_to_one":
        lengths = kept(unrolled.growth_with_length, replace(one.sizes, steps=unrolled.Topology.steps, seed=0))
        names = [lengths[name].attrs["long_name"] for name in lengths]
        rows = np.log(xr.concat([lengths[name] for name in lengths], "series", combine_attrs="drop"))
        rows = rows.assign_coords(series=names).assign_attrs(long_name="count", units="1")
        drawings.append(
            drawn(
                "lengths",
                _("The same network, longer"),
                lambda: figures.powers(
                    rows,
                    [PURPLE, INK, one.kind, VERMILION],
                    ["solid", "dot", "dash", "solid"],
                    across=_("steps T"),
                    height=300,
                    symbols=["", "", "", "circle"],
                ),
            )
        )
    show_figures("network", drawings, summary=summary)


def background() -> None:
    """What to know about the picture, folded, and where to go next."""
    folded(
        [
            _(
                "Every number comes from the network on screen: it is built in PyTorch with weights, inputs and targets "
                "drawn from the seed, then run and recorded in float64. It has learned nothing yet."
            ),
            _(
                "The example has learned: it reads h, e, l, l and gives each letter the probability that it comes next, "
                "y = softmax(W_y h + b_y). Its backward pass sends back L = −Σ ln p of the letters that are right."
            ),
            _(
                "An edge is as wide as the norm of the Jacobian along it: the most that a small change at its start can move "
                "its end (the largest singular value). An LSTM's node is its h and c together. Where an edge is one weight, its "
                "width can be |w| instead, or |w · value|: what it adds to the sum."
            ),
            _(
                "The backward pass sends back L = ½ Σ (y − target)² from all outputs. The colour is the norm of the total "
                "gradient, all later steps included, on one log scale."
            ),
            _(
                "Cells that light up together need nothing from each other, so they could be computed at the same time. "
                "Steps cannot: each waits for the one before."
            ),
            _(
                "In one direction a layer can start before the layer below has ended: T + layers − 1 cells in a row. In both "
                "directions, or where what was written is read again, it cannot: T × layers. PyTorch computes layer by layer: "
                "T × layers as well."
            ),
            _(
                "Recurrent is not recursive. A recurrent network, as here, applies the same weights along time, from one step to "
                "the next. A recursive one applies them along a tree, as from words to phrases to the sentence (Goller & Küchler "
                "1996; Socher et al. 2011). A chain is a tree without branches, so recurrent is the special case."
            ),
            _(
                "Parameters and the cost of a step do not depend on T: the copies share their weights. Twice as many units "
                "make W_hh four times as large."
            ),
            _(
                "Rosenblatt's perceptron (1958) had a step in place of tanh; learning by gradients needs a slope (Rumelhart, "
                "Hinton & Williams 1986). The loop: Elman 1990. Unrolled to send errors back: Werbos 1990. Both directions: "
                "Schuster & Paliwal 1997. The five shapes: Karpathy 2015."
            ),
            _(
                "Keys (first click the picture, or press Tab until it has the focus): ← → go one step, space plays, f "
                "forward, b backward, Home and End go to the ends, ↑ ↓ read out nodes and edges."
            ),
        ]
    )
