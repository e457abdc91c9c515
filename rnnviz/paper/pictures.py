"""The three pictures of a recorded layer, as a page without Python draws them: hidden states, gates, gradients.

Each is what the app's page of that name draws, by the same functions. What follows the chosen unit comes for all units: a figure
says which arrays (unit, time) its curves are rows of, and the browser takes the row.
"""

import functools
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from rnnviz import figures, stats
from rnnviz.figures.words import _
from rnnviz.models.vocabularies import visible
from rnnviz.paper import curves
from rnnviz.paper.packing import colour_label
from rnnviz.paper.store import Store
from rnnviz.paper.terms import LETTERS, gate_name, limits_of, part_names
from rnnviz.studies.subjects import Subject, of_states

PARTS = {"total": "hidden_grad", "direct": "hidden_grad_direct"}
View = dict[str, Any]


class Place:
    """One layer and direction of a module over one sequence. Numbers are computed once, for both languages."""

    def __init__(self, subject: Subject, module: str, layer: int, direction: int, sequence: int):
        self.module, self.layer = module, layer
        self.number = subject.layers(module)[layer] + 1  # as the module counts them
        self.name = f"{subject.name} · {module}" if len(subject.modules) > 1 else subject.name
        self.node = subject.layer(module, layer, direction, sequence)
        self.tokens = subject.tokens(module, sequence)
        self.kind: str = self.node.attrs["kind"]
        self.steps: int = self.node.sizes["time"]
        self._top = subject, module, subject.node(module).sizes["layer"] - 1, direction, sequence

    @functools.cached_property
    def states(self) -> xr.Dataset:
        return of_states(self.node)

    @functools.cached_property
    def hidden(self) -> xr.DataArray:
        return self.states["hidden"].transpose("unit", "time")

    @functools.cached_property
    def orders(self) -> dict[str, np.ndarray]:
        """Unit numbers in drawing order, of the states."""
        return {by: stats.states.order(self.hidden, by) for by in stats.states.ORDERS}

    @functools.cached_property
    def cell_orders(self) -> dict[str, np.ndarray]:
        """The same of gates, of which there are more where an LSTM projects its states."""
        if self.kind != "lstm" or "projection" not in self.node["hidden"].dims:
            return self.orders
        array = self.node[next(name for name in ("cell", *stats.gates.names(self.node)) if name in self.node)]
        return {by: stats.states.order(array, by) for by in stats.states.ORDERS}

    @functools.cached_property
    def axes(self) -> xr.Dataset | None:
        """Two principal components of this sequence; None where it is too short to have them."""
        if not min(self.steps, self.hidden.sizes["unit"]) > 2:
            return None
        return stats.states.own_components(self.hidden, 2)

    @functools.cached_property
    def path(self) -> xr.DataArray | None:
        return None if self.axes is None else stats.states.path(self.states["hidden"], self.axes)

    @functools.cached_property
    def extremes(self) -> dict[str, np.ndarray]:
        """The steps at which each unit is highest and lowest, (unit, rank) each."""
        found = [stats.states.strongest(self.hidden.isel(unit=unit)) for unit in range(len(self.hidden))]
        names = ("highest", "lowest")
        return {name: np.stack([one[f"{name}_step"].values for one in found]) for name in names}

    @functools.cached_property
    def lives(self) -> xr.DataArray:
        return stats.gates.half_life(self.node[stats.gates.KEEPING[self.kind]])

    @functools.cached_property
    def shares(self) -> xr.Dataset:
        return stats.gates.saturation(self.node[stats.gates.KEEPING[self.kind]])

    @functools.cached_property
    def parts(self) -> xr.Dataset:
        return stats.gates.contributions(self.node)

    @functools.cached_property
    def last(self) -> int:
        """The last step at which the loss speaks, in the layer that hears it first."""
        subject, module, layer, direction, sequence = self._top
        top = subject.states(module, layer, direction, sequence)
        return curves.last_spoken(top[next(field for field in PARTS.values() if field in top)])

    @functools.cached_property
    def ways(self) -> xr.DataArray | None:
        with suppress(
            ValueError
        ):  # of several calls, a projection, and what was kept in part, they are not known
            return stats.mechanism.ways(self.node)
        return None


class Sheet:
    """A view while it is drawn: its figures, with what of them follows the chosen unit."""

    def __init__(self, store: Store, place: Place, orders: dict[str, np.ndarray], summary: str):
        self.store, self.place = store, place
        self.view: View = {
            "figures": [],
            "orders": {by: store.put(order.astype(np.int32)) for by, order in orders.items()},
            "units": len(orders["stored"]),
            "colour": None,
            "lists": [],
            "summary": summary,
            "line": "",
            "step": None,
        }

    def add(
        self, id: str, figure: go.Figure, title: str, rows: Sequence[xr.DataArray] = (), marks: bool = False
    ) -> None:
        """rows: of each curve that follows the unit, the curves of all units. marks: whether the unit's point is marked."""
        self.view["figures"].append(
            {
                "id": id,
                "spec": self.store.figure(figure),
                "title": title,
                "rows": [self.store.put(array.transpose("unit", "time").values) for array in rows],
                "marks": marks,
            }
        )

    def heatmap(
        self, name: str, array: xr.DataArray, limits: tuple[float, float], title: str, height: int
    ) -> None:
        # the browser puts the rows into the chosen order
        drawn = figures.heatmap(array.transpose("unit", "time"), limits, height, _("unit"), hover=False)
        self.add(name, drawn, title)

    def colour(self, array: xr.DataArray, limits: tuple[float, float], name: str, keeps: str = "") -> None:
        self.view["colour"] = {
            "rows": self.store.put(array.transpose("unit", "time").values),
            "limits": list(map(float, limits)),
            "scale": "diverging" if limits[0] < 0 else "gate",
            "label": colour_label(self.place.tokens is not None).format(value=name, unit="{unit}"),
            "keeps": keeps,
        }


def states(store: Store, place: Place) -> View:
    """All units of the layer, the chosen one as a curve, the state's path along its main axes."""
    hidden, limits = place.hidden, limits_of(place.states, "hidden")
    summary = _(
        "Hidden states of {model}, layer {layer}; units: {units}, steps: {steps}. "
        "Unit {unit} runs from {low:.2f} to {high:.2f}."
    ).replace(":.2f", "")  # the browser puts in what belongs to the unit
    said = {"model": place.name, "layer": place.number, "units": len(hidden), "steps": place.steps}
    summary = summary.format(**said, unit="{unit}", low="{low}", high="{high}")
    sheet = Sheet(store, place, place.orders, summary)
    height = 420 if len(hidden) <= 300 else 560
    sheet.heatmap("hidden", hidden, limits, _("Hidden state h"), height)
    curve = figures.lines(hidden.isel(unit=0), place.kind, limits)
    sheet.add("curve", curve, _("Unit {unit}"), [hidden])
    if place.axes is not None and place.path is not None:
        title = _("The state's path in {count} of its {units} dimensions: {share} of the variance").format(
            count=2, units=len(hidden), share=f"{place.axes['share'].sum().item():.1%}".replace("%", " %")
        )
        shown = None if place.tokens is None else [visible(token) for token in place.tokens]
        sheet.add("path", figures.path(place.path, place.kind, tokens=shown), title)
    sheet.colour(hidden, limits, _("hidden state h"))
    titles = {"highest": _("Highest at"), "lowest": _("Lowest at")}
    sheet.view["lists"] = [
        {"title": titles[name], "steps": store.put(steps.astype(np.int32)), "ranks": steps.shape[1]}
        for name, steps in place.extremes.items()
    ]
    return sheet.view


def gates(store: Store, place: Place) -> View:
    """The gates of the layer, what the chosen unit keeps and writes, how often each is open and how long each remembers."""
    if place.kind == "rnn":
        return _ungated(store, place)
    node, keeping = place.node, stats.gates.KEEPING[place.kind]
    summary = _("Gates of {model}, layer {layer}; steps: {steps}.")
    said = {"model": place.name, "layer": place.number, "steps": place.steps}
    missing = lacking(node)
    there = [name for name in stats.gates.names(node) if name not in missing]
    sheet = Sheet(store, place, place.cell_orders if there else place.orders, summary.format(**said))
    for name in there:
        sheet.heatmap(name, node[name], limits_of(node, name), gate_name(name, place.kind), 176)
    if missing:
        sheet.view["line"] = partly(place.name, place.kind, missing)
        return sheet.view
    parts = [place.parts[name] for name in ("keep", "write", "state")]
    drawn = figures.contributions(place.parts.isel(unit=0))
    sheet.add("contributions", drawn, _("Unit {unit}: kept and written"), parts)
    title = _("How often is the {gate} open, how often shut?").format(gate=gate_name(keeping))
    first = int(place.node["unit"].values[0])
    sheet.add("saturation", figures.saturation(place.shares, place.kind, first), title, marks=True)
    title = _("Memory length of each unit: steps to half, by its mean {gate} over this text").format(
        gate=gate_name(keeping)
    )
    lives = place.lives.sortby(place.lives, ascending=False)
    longest = int(lives["unit"].values[0])
    sheet.add("half_life", figures.half_lives(lives, place.kind, longest), title, marks=True)
    sheet.colour(node[keeping], (0, 1), gate_name(keeping, place.kind), LETTERS[place.kind][keeping])
    return sheet.view


def _ungated(store: Store, place: Place) -> View:
    relu = place.node.attrs.get("nonlinearity") == "relu"
    slope = stats.states.slope(place.hidden, relu)
    summary = _("Hidden state and slope of the nonlinearity of {model}.").format(model=place.name)
    sheet = Sheet(store, place, place.orders, summary)
    sheet.heatmap(
        "hidden", place.hidden, limits_of(place.states, "hidden"), gate_name("hidden", place.kind), 176
    )
    sheet.heatmap("slope", slope, (0, 1), gate_name("slope", place.kind), 176)
    sheet.colour(slope, (0, 1), gate_name("slope", place.kind))
    sheet.view["line"] = without_gates(relu)
    return sheet.view


def gradients(store: Store, place: Place, part: str) -> View:
    """What reaches each step of the loss that was sent back, and why. part: 'total' or 'direct'.

    Where the recording holds no gradients: a view without figures whose `line` says what would bring them.
    """
    if PARTS[part] not in place.node:
        sheet = Sheet(store, place, place.orders, "")
        kept = place.node.attrs.get("kept")
        sheet.view["line"] = (
            without_gradients(place.name) if kept is None else partly(place.name, place.kind, [PARTS[part]])
        )
        return sheet.view
    node, last = place.node, place.last
    models = {"models": place.name, "steps": place.steps}
    summary = _("Gradient norms of {models} over {steps} steps.").format(**models)
    sheet = Sheet(store, place, place.orders, summary)
    logs = stats.gradients.logarithm(stats.gradients.norm(place.states, part)).transpose("time")
    rows = logs.drop_vars([name for name in logs.coords if name != "time"]).expand_dims(
        architecture=[place.name]
    )
    sheet.add("norms", curves.norms(rows, [place.kind], last), _("What reaches each step"))
    if str(node["direction"].values) == "forward":
        with suppress(ValueError):  # of a part that was not kept
            why = curves.mechanism(stats.mechanism.paths(node, last), place.kind)
            sheet.add("mechanism", why, _("Why, in {model}").format(model=place.name))
        if place.ways is not None:
            title = _("Why, step by step: what each way back passes on, {model}").format(model=place.name)
            sheet.add("ways", curves.ways(place.ways), title)
    gradient = place.states[PARTS[part]]
    limit = stats.mechanism.round_limit(gradient)
    said = {"part": part_names()[part], "model": place.name}
    title = _("Gradient of each unit ({part}), {model}").format(**said)
    sheet.heatmap(PARTS[part], gradient, (-limit, limit), title, 360)
    sheet.view["line"] = _("The loss of this recording, as it was sent back")
    if missing := lacking(node, gradients=True):
        sheet.view["line"] += ". " + partly(place.name, place.kind, missing)
    sheet.view["step"] = last
    return sheet.view


def lacking(node: xr.Dataset, gradients: bool = False) -> list[str]:
    """The fields that were not kept (record's keep=) of those that the gates, or the gradients as well, are drawn from."""
    kind = node.attrs["kind"]
    more = [*PARTS.values(), *(["cell_grad"] if kind == "lstm" else [])] if gradients else []
    return [name for name in (*stats.gates.names(node), *more) if name not in node]


def partly(name: str, kind: str, missing: Sequence[str]) -> str:
    """What a recording that kept a part says of the rest."""
    line = _("{name} did not keep all of it; missing: {missing}. Record it without keep=, and they are here.")
    gates = stats.gates.NAMES[kind]
    said = [gate_name(each, kind) if each in gates else each for each in missing]
    return line.format(name=name, missing=", ".join(said))


def without_gradients(name: str) -> str:
    """What a recording without gradients says, and what would bring them."""
    return _(
        "{name} holds no gradients. Send a loss back while you record: with rnnviz.record(model) as recording: "
        "loss = criterion(model(x), y); loss.backward()"
    ).format(name=name)


def without_gates(relu: bool) -> str:
    """What is drawn of a plain RNN in the place of gates."""
    if relu:
        return _(
            "A plain RNN has no gates: at every step one relu overwrites the whole state. What you can see instead is the hidden "
            "state and the slope of its relu: 1 where the unit is on; 0 where it is off and passes on no gradient."
        )
    return _(
        "A plain RNN has no gates: at every step one tanh overwrites the whole state. What you can see instead is the "
        "hidden state and the slope of its tanh, 1 − h². Where the slope is near 0, the unit is saturated and passes on "
        "no gradient."
    )
