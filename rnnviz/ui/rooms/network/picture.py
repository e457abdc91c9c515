"""The network as a picture that changes from stage to stage, and its passes; all that moves, moves in the browser."""

import math
from pathlib import Path

from rnnviz.figures.style import ARCHITECTURE, ON_DARK, SCALES
from rnnviz.ui.parts import example
from rnnviz.ui.parts.component import component
from rnnviz.ui.shell.language import _

HERE = Path(__file__).parent
NORMS = (-4, 0)  # exponents of ten between which the colour of a gradient norm changes
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")

_component = component(HERE)


def show_network(graph, step: int | None = None) -> None:
    """Draws what rnnviz.unrolled.describe returned. Another set-up is another picture: the one before turns into it. step: whose
    cell is looked at first."""
    setup = graph.setup
    zooms = setup.numbers == "hello" and (setup.stage != "unrolled" or setup.shape != "one_to_many")
    letters = list(example.LETTERS) if setup.numbers == "hello" and setup.stage != "perceptron" else None
    rolled, single = setup.stage == "recurrent", setup.stage in ("perceptron", "multilayer")
    colour = ARCHITECTURE[setup.kind]
    _component(
        data={
            "id": repr(setup),
            "stage": setup.stage,
            "times": setup.steps if rolled else 1,
            "loops": rolled,
            "vectors": not single,
            "nodes": [_node(node, setup) | {"zoom": zooms and _zoom(node, setup)} for node in graph.nodes],
            "letters": letters,
            "zoom": example.address("cell", setup.kind) if zooms else None,
            # single weights of the example are large, and the slopes of its units small: |w| is seen, their product is not
            "width": "weight" if setup.numbers == "hello" and single else "norm",
            "look": None if step is None else f"h0f{step}",
            "edges": [
                {
                    "source": edge.source,
                    "target": edge.target,
                    "role": edge.role,
                    "norm": [None if math.isnan(norm) else norm for norm in edge.norm],
                    "weight": None if math.isnan(edge.weight) else edge.weight,
                    "product": None if math.isnan(edge.product) else edge.product,
                    "zoom": zooms and _opens(edge, setup),
                }
                for edge in graph.edges
            ],
            "scales": {name: SCALES[name] for name in ("diverging", "norm")},
            "limits": NORMS,
            "colour": {"light": colour, "dark": ON_DARK.get(colour, colour)},
            "labels": _labels(),
            "summary": summary(graph),
        },
        key="network",
    )


def _zoom(node, setup) -> dict | bool:
    """Where in the page of the cell a node is met: its step, from 0, None for each of its own; and a product. False: nowhere."""
    if setup.stage in ("recurrent", "unrolled"):
        return node.role == "hidden" and {"step": node.step, "product": None}
    unit = setup.stage == "perceptron" and node.role == "output"
    return (node.role == "hidden" or unit) and {"step": 0, "product": f"xh-{node.unit + 1}"}


def _opens(edge, setup) -> dict | bool:
    """The same of an edge: the product that it stands for."""
    if setup.stage in ("recurrent", "unrolled"):
        side = {"input": "x", "recurrent": "h"}.get(edge.role)
        step = int(edge.target.rpartition("f")[2]) if setup.stage == "unrolled" and side else None
        return side is not None and {"step": step, "product": side}
    _layer, _u, unit = edge.target.partition("u")
    into = "yu0" if setup.stage == "perceptron" else "h0"
    return edge.target.startswith(into) and {"step": 0, "product": f"xh-{int(unit) + 1}"}


def summary(graph) -> str:
    """The picture in words."""
    counted = {
        role: sum(node.role == role for node in graph.nodes)
        for role in ("input", "hidden", "decoder", "output")
    }
    return _(
        "A graph from the inputs at the bottom to the outputs at the top: {inputs} inputs, {hidden} hidden nodes, {outputs} "
        "outputs, {edges} edges. The up and down arrow keys read each one out with its numbers."
    ).format(
        inputs=counted["input"],
        hidden=counted["hidden"] + counted["decoder"],
        outputs=counted["output"],
        edges=len(graph.edges),
    )


def _node(node, setup) -> dict:
    letter = {"input": "x", "hidden": "h", "decoder": "s", "output": "y"}[node.role]
    index = node.unit if node.unit is not None else _step(node, setup)
    if setup.stage == "perceptron" and letter == "y":
        index = None
    label = letter + ("" if index is None else str(index + 1).translate(example.LOWERED))
    if letter in "hs" and setup.layers > 1 and setup.stage != "perceptron":
        label += f"⁽{str(node.layer + 1).translate(RAISED)}⁾"
    return {
        "id": node.id,
        "kin": node.kin,
        "role": node.role,
        "label": ("←" if node.backward else "") + label,
        "letter": letter,
        "name": _name(node, setup),
        "column": node.column,
        "row": node.row,
        "backward": node.backward,
        "unit": node.unit,
        "tokens": list(node.tokens),
        "values": node.values,
        "mean": node.mean,
        "cell": node.cell,
        "gradient": node.gradient,
        "depth": node.depth,
        "back": node.depth_back,
    }


def _step(node, setup) -> int | None:
    """A node's step as it is counted on screen: what is written is counted anew, and one output alone has no number."""
    if setup.shape == "many_to_one" and node.role == "output":
        return None
    written = setup.shape == "encoder_decoder" and node.role in ("decoder", "output")
    return node.step - setup.steps if written else node.step


def _name(node, setup) -> str:
    """A node in words."""
    words = {
        "input": _("input"),
        "hidden": _("hidden state"),
        "decoder": _("hidden state of the decoder"),
        "output": _("output"),
    }
    if node.unit is not None:
        words["hidden"] = _("hidden unit")
    said = [words[node.role]]
    if node.layer is not None and setup.layers > 1:
        said.append(_("layer {n}").format(n=node.layer + 1))
    if setup.directions == 2 and node.role == "hidden" and setup.stage == "unrolled":
        said.append(_("reads backward") if node.backward else _("reads forward"))
    if (step := _step(node, setup)) is not None:
        said.append(_("step {n}").format(n=step + 1))
    return ", ".join(said)


def _labels() -> dict:
    return {
        "picture": _("The network"),
        "forward": _("Forward pass"),
        "backward": _("Backward pass"),
        "back": _("One step back"),
        "on": _("One step forward"),
        "speed": _("Speed"),
        "colour": _("Colour"),
        "all": _("all units"),
        "mean": _("mean"),
        "unit": _("unit"),
        "step": _("step"),
        "more": _("Wider than the screen: drag or scroll it sideways."),
        "forwardLine": _("{pass}, {n} of {count}: {nodes}"),
        "backwardLine": _("{pass}, {n} of {count}: the gradient reaches {nodes}"),
        "again": _("{pass}, {n} of {count}: the same network at step {step}"),
        "value": _("Value"),
        "norms": _("Gradient norm"),
        "width": _("Width of an edge"),
        "widths": {"norm": _("norm of its Jacobian"), "weight": "|w|", "product": _("|w · value|")},
        "single": "w = {weight}, w · {value} = {product}",
        "gradient": "‖∂L/∂{letter}‖",
        "norm": _("norm of the Jacobian"),
        "unused": _("not used at this step: nothing comes before it"),
        "zoom": _("Into this cell, at step {step} →"),
        "softmax": _("one weight of a sum; the softmax makes probabilities of all sums"),
        "zoomed": _("Into this product, at step {step} →"),
        "hint": _("Point at a node or an edge to see its numbers, or press ↑ and ↓. A click holds it."),
        "roles": {
            "weight": _("one weight times the slope of tanh"),
            "input": _("from what is read to the state"),
            "up": _("from one layer to the next"),
            "recurrent": _("from one step to the next"),
            "handed": _("the encoder's last state starts the decoder"),
            "output": _("from the state to the output"),
            "feedback": _("what was written is read at the next step"),
        },
    }
