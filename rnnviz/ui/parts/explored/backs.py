"""What a loss sends back through the models that read the reader's text, for the pages on gradients."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from rnnviz import stats
from rnnviz.models import checkpoints, networks
from rnnviz.recording.block import record
from rnnviz.studies import reaching
from rnnviz.studies.subjects import Subject
from rnnviz.ui.parts.explored.runs import Run, exact_model, model_of, read
from rnnviz.ui.shell import memory
from rnnviz.ui.shell.keeping import keeps, kept


@dataclass(frozen=True)
class Back:
    """What a loss sent back through one model. node: with gradients, of one sequence. loss: nats; None where a recording does not
    say. last: the last step it speaks at. ways: what each step passes back (layer, way, time), as stats.mechanism.ways has it.
    """

    name: str
    kind: str
    node: xr.Dataset
    loss: float | None
    last: int
    ways: xr.DataArray | None = None

    def at(self, layer: int) -> xr.Dataset:
        there = (
            self.node["layer"].values.tolist()
            if "layer" in self.node.coords
            else range(self.node.sizes["layer"])
        )
        place = list(there).index(layer) if layer in there else min(layer, self.node.sizes["layer"] - 1)
        return kept(lambda: self.node.isel(layer=place))


def peers(run: Run) -> list[str]:
    """The models that learned from the same data, to compare: a plain RNN first, then GRU and LSTM. Of a network that grows up,
    those that do so, after as many steps."""
    found = {}
    for name in checkpoints.names("language"):
        try:
            if checkpoints.moments(name) and "moment" in run.card:
                name = checkpoints.at(name, run.card["moment"])
            card = checkpoints.card(name)
        except checkpoints.CheckpointError:
            continue
        if card["data"] == run.card["data"] and ("moment" in card) == ("moment" in run.card):
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
    model, vocabulary = exact_model(name, stamp)
    ids = vocabulary.encode(text)
    steps = list(range(len(ids) - 1)) if step is None else [step]
    with record(model) as recording:
        loss = networks.send_back(model, ids, [steps])
    node = memory.once(recording.trace)["rnn"]
    fields = [field for field in DRAWN_BACK[node.attrs["kind"]] if field in node]
    whole = node.to_dataset().isel(direction=0, batch=0).assign_attrs(node.attrs)
    ways = [stats.mechanism.ways(whole.isel(layer=layer)) for layer in range(whole.sizes["layer"])]
    picked = whole[fields].copy(deep=True)  # a gate alone: it would keep all gates of its layer with it
    picked = picked.assign({name: whole[name] for name in fields if name.endswith("_weight")})
    picked = picked.assign_attrs(node.attrs)
    return Back(name, node.attrs["kind"], picked, loss.item(), steps[-1], xr.concat(ways, "layer"))


def with_gradients(run: Run) -> Subject:
    """What was looked at, for a page: of a shipped model, with the gradients of the loss of the last step as well.

    It asks for nothing of the reader's, so that it can run when the page has long been sent. Gradients come in float64, in
    float32 where that holds them all.
    """
    if run.card is None or run.steps < 2:
        return run.subject
    model, vocabulary = exact_model(run.name, checkpoints.stamp(run.name))
    with record(model) as recording:
        networks.send_back(model, vocabulary.encode(run.text), [[run.steps - 2]])
    names = ("hidden_grad", "hidden_grad_direct", "cell_grad")
    found = recording.trace["rnn"]
    arrays = {name: _lighter(found[name]) for name in names if name in found}
    node = run.node.to_dataset().assign(arrays)
    whole = xr.DataTree.from_dict({"/": run.trace.to_dataset(), run.module: node})
    return Subject(run.name, run.key, whole)


def _lighter(array: xr.DataArray) -> xr.DataArray:
    tiny = np.finfo(np.float32).tiny
    lost = bool(((abs(array) < tiny) & (array != 0)).any())
    return array if lost else array.astype(np.float32)


MATRIX = 4_000  # rows of a batch times steps that are sent back at once


def loss_matrix(name: str, text: str) -> xr.DataArray:
    """What the loss of single steps contributes to each step: natural logs of total norms, (layer, loss step, time).

    As many loss steps as fit, evenly spread: each is a row of a batch of its own, so that every layer is exact.
    """
    return _loss_matrix(name, checkpoints.stamp(name), text)


@keeps
def _loss_matrix(name: str, stamp: str, text: str) -> xr.DataArray:
    model, _card, vocabulary, _components = model_of(name, stamp)
    ids = vocabulary.encode(text)
    count = max(2, min(64, MATRIX // len(ids), len(ids) - 1))
    every = sorted({round(i * (len(ids) - 2) / max(1, count - 1)) for i in range(count)})
    # in float32, whose colours end long before its numbers do: below 1e-38 is 0 here, not slow
    with networks.without_denormals():
        norms = reaching.contributions(model, read(name, stamp, text).node, ids, every)
    return stats.gradients.logarithm(norms)
