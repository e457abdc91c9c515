"""A model reading the reader's text: done once, kept, and shared by all pages and readers."""

import copy
import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st
import xarray as xr

from rnnviz import netcdf, stats
from rnnviz.models import checkpoints, networks
from rnnviz.models.vocabularies import Vocabulary, visible
from rnnviz.recording.block import record
from rnnviz.ui.parts import explored
from rnnviz.ui.shell.keeping import keeps, kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import LONGEST, choose, settings
from rnnviz.ui.shell.widgets import notice


@dataclass(frozen=True)
class Run:
    """One text read by one model. Shared between readers: look, never change.

    node: the recorded module. log_probability: (time, candidate), nats. components: the model's principal components.
    """

    key: str
    name: str
    card: dict
    vocabulary: Vocabulary
    text: str
    trace: xr.DataTree
    log_probability: xr.DataArray
    components: xr.Dataset
    unknown: Counter

    @property
    def node(self) -> xr.DataTree:
        return self.trace["rnn"]

    @property
    def kind(self) -> str:
        return self.card["model"]["kind"]

    @property
    def strip(self) -> dict[str, list]:
        """What the board's strip shows: `tokens`, one visible one a step, and the steps that are `unknown`."""
        return {
            "tokens": [visible(c) for c in self.text],
            "unknown": [t for t, c in enumerate(self.text) if c in self.unknown],
        }

    @property
    def candidates(self) -> tuple[xr.Dataset, list[str]]:
        """The likeliest next characters after each step, and the shown form of the vocabulary."""
        best = kept(stats.text.candidates, self.log_probability)
        return best, [visible(token) for token in self.vocabulary.tokens]

    def order(self, layer: int, by: str):
        """The units of a layer in drawing order: (unit,), integers."""
        return kept(lambda: stats.states.order(self.at(layer)["hidden"], by))

    def at(self, layer: int) -> xr.Dataset:
        """What was recorded of one layer of this one text."""
        return kept(_one_text, self.trace, layer)


def _one_text(trace: xr.DataTree, layer: int) -> xr.Dataset:
    return trace["rnn"].to_dataset().isel(layer=layer, direction=0, batch=0).assign_attrs(trace["rnn"].attrs)


def current_run() -> Run | None:
    """The chosen model reading the chosen text; None, and a line on the page, where that cannot be."""
    now, text = settings(), explored.reader_text()
    if not text:
        notice(_("Type at least one character above, and the network will read it."))
        return None
    if len(text) > LONGEST:
        message = _(
            "The text has {count:,} characters; only the first {longest:,} are read. Shorten it to choose which ones."
        )
        notice(message.format(count=len(text), longest=LONGEST))
    try:
        run = read(now["model"], checkpoints.stamp(now["model"]), text[:LONGEST])
    except checkpoints.CheckpointError as problem:
        notice(_("This model cannot be opened:") + f" {problem}", error=True)
        return None
    layers, units = run.node.sizes["layer"], run.node.sizes["unit"]
    if now["layer"] >= layers:
        notice(_("This model has {count} layers; the first one is shown.").format(count=layers))
        choose(layer=0)
    if now["unit"] >= units:
        notice(_("This model has units 0 to {last}; unit 0 is shown.").format(last=units - 1))
        choose(unit=0)
    if now["step"] is not None and now["step"] >= len(run.text):
        choose(step=None)
    if run.unknown:
        count, total = run.unknown.total(), len(run.text)
        line = _(
            "Characters unknown to this model: {count} of {total} ({kinds} different). It reads each as “unknown”; "
            "they are underlined."
        ).format(count=count, total=total, kinds=len(run.unknown))
        if count > total / 2:
            language = {"shakespeare": _("English plays"), "python": _("Python code")}[explored.corpus()]
            source = run.card["data"]["source"].removeprefix("https://")
            line += " " + _("This model was trained on {language}: {source}.").format(
                language=language, source=source
            )
        notice(line)
    return run


@st.cache_resource(max_entries=8, show_spinner=False)
def _model(name: str, stamp: str):
    model, card = checkpoints.load(name)
    return model, card, checkpoints.vocabulary(card), _components(name, card["model"])


def _components(name: str, size: Mapping[str, int]) -> xr.Dataset:
    """The principal components of a model's states. size: of the model, as its card says. Raises CheckpointError."""
    path = checkpoints.components_path(name)
    try:
        netcdf.look_over(path)
        with xr.open_dataset(path, engine="h5netcdf") as opened:
            components = opened.load()
        wanted = {
            "layer": size["layers"],
            "direction": 1,
            "component": min(3, size["hidden"]),
            "unit": size["hidden"],
        }
        for key, left_out in (("mean", "component"), ("axis", ""), ("share", "unit")):
            found = components[key]
            if dict(found.sizes) != {dim: n for dim, n in wanted.items() if dim != left_out}:
                raise ValueError(f"{key} came as {dict(found.sizes)}")
            if found.dtype.kind != "f" or not np.isfinite(found).all():
                raise ValueError(f"{key} holds what is no finite number")
        return components
    except Exception as problem:  # what a damaged file makes four libraries raise, nobody has listed
        raise checkpoints.CheckpointError(
            f"{path.name} is missing or damaged; restore it with git, or train it again: python -m rnnviz train {name}"
        ) from problem


@keeps
def read(name: str, stamp: str, text: str) -> Run:
    """The model `name` reading `text`. stamp: changes when the file does. Raises CheckpointError."""
    model, card, vocabulary, components = _model(name, stamp)
    ids = vocabulary.encode(text)
    with record(model, tokens=list(text)) as recording:
        log_probability = networks.log_probabilities(model, ids)
    return Run(
        key=f"{name}-{hashlib.sha256(f'{stamp}{text}'.encode()).hexdigest()[:16]}",
        name=name,
        card=card,
        vocabulary=vocabulary,
        text=text,
        trace=recording.trace,
        log_probability=xr.DataArray(
            log_probability.numpy(),
            dims=("time", "candidate"),
            attrs={"long_name": "log probability", "units": "nat"},
        ),
        components=components,
        unknown=vocabulary.unknown(text),
    )


@st.cache_resource(max_entries=8, show_spinner=False)
def _exact_model(name: str, stamp: str):
    """The model in float64, in which gradients have room down to 1e-308, and with nothing to learn."""
    model, _card, vocabulary, _components = _model(name, stamp)
    return copy.deepcopy(model).double().eval().requires_grad_(False), vocabulary


@dataclass(frozen=True)
class Back:
    """What a loss sent back through one model. node: with gradients, batch 0. loss: nats. last: the last step it speaks at.
    ways: what each step passes back (layer, way, time), as stats.mechanism.ways has it.
    """

    name: str
    kind: str
    node: xr.Dataset
    loss: float
    last: int
    ways: xr.DataArray

    def at(self, layer: int) -> xr.Dataset:
        layer = min(layer, self.node.sizes["layer"] - 1)
        return kept(lambda: self.node.isel(layer=layer))


def peers(run: Run) -> list[str]:
    """The models that learned from the same data, to compare: a plain RNN first, then GRU and LSTM."""
    found = {}
    for name in checkpoints.names("language"):
        try:
            card = checkpoints.card(name)
        except checkpoints.CheckpointError:
            continue
        if card["data"] == run.card["data"]:
            found[name] = ("rnn", "gru", "lstm").index(card["model"]["kind"])
    return sorted(found, key=found.get)


def send_back(name: str, text: str, step: int | None) -> Back:
    """The loss at `step`, or of all steps, sent back through the model `name` reading `text`."""
    return _send_back(name, checkpoints.stamp(name), text, step)


# of a recording in float64, what is drawn: the rest would fill the memory
DRAWN_BACK = {
    "rnn": ("hidden_grad", "hidden_grad_direct", "hidden", "recurrent_weight"),
    "gru": ("hidden_grad", "hidden_grad_direct", "update_gate"),
    "lstm": ("hidden_grad", "hidden_grad_direct", "cell_grad", "forget_gate"),
}


@keeps
def _send_back(name: str, stamp: str, text: str, step: int | None) -> Back:
    model, vocabulary = _exact_model(name, stamp)
    ids = vocabulary.encode(text)
    steps = list(range(len(ids) - 1)) if step is None else [step]
    with record(model) as recording:
        loss = networks.send_back(model, ids, [steps])
    node = recording.trace["rnn"]
    fields = [field for field in DRAWN_BACK[node.attrs["kind"]] if field in node]
    whole = node.to_dataset().isel(direction=0, batch=0).assign_attrs(node.attrs)
    ways = [stats.mechanism.ways(whole.isel(layer=layer)) for layer in range(whole.sizes["layer"])]
    picked = whole[fields].assign_attrs(node.attrs)
    return Back(name, node.attrs["kind"], picked, loss.item(), steps[-1], xr.concat(ways, "layer"))


MATRIX = 4_000  # rows of a batch times steps that are sent back at once


def loss_matrix(name: str, text: str) -> xr.DataArray:
    """What the loss of single steps contributes to each step: natural logs of total norms, (layer, loss step, time).

    As many loss steps as fit, evenly spread: each is a row of a batch of its own, so that every layer is exact.
    """
    return _loss_matrix(name, checkpoints.stamp(name), text)


@keeps
def _loss_matrix(name: str, stamp: str, text: str) -> xr.DataArray:
    model, _card, vocabulary, _components = _model(name, stamp)
    ids = vocabulary.encode(text)
    count = max(2, min(64, MATRIX // len(ids), len(ids) - 1))
    every = sorted({round(i * (len(ids) - 2) / max(1, count - 1)) for i in range(count)})
    # in float32, whose colours end long before its numbers do: below 1e-38 is 0 here, not slow
    with record(model) as recording, networks.without_denormals():
        networks.send_back(model, ids, [[step] for step in every])
    norms = stats.gradients.norm(recording.trace["rnn"]).isel(direction=0)
    logs = stats.gradients.logarithm(norms)
    return (
        logs.rename(batch="loss step")
        .assign_coords({"loss step": every})
        .transpose("layer", "loss step", "time")
    )
