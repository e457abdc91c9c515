"""What a page holds of a recording: every place of it drawn in both languages, and each number once."""

import gzip
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import xarray as xr

from rnnviz import __version__
from rnnviz.figures.words import _
from rnnviz.models.vocabularies import visible
from rnnviz.paper import pictures
from rnnviz.paper.language import LANGUAGES, speaking
from rnnviz.paper.packing import LOOK, labels
from rnnviz.paper.store import Store
from rnnviz.paper.terms import part_names
from rnnviz.studies import subjects
from rnnviz.studies.subjects import Subject

MOST = 64 * 2**20  # bytes of numbers that a page holds, before they are compressed
FOLLOWED = {
    "lstm": 8,
    "gru": 7,
    "rnn": 2,
}  # arrays (time, unit) that are drawn of a module; gradients are two more


@dataclass(frozen=True)
class Packed:
    """What a page holds, compressed: its JSON, and the bytes of all arrays that it names. name: of the recording."""

    name: str
    contents: bytes
    numbers: bytes


def packed(
    recording: Any,
    name: str | None = None,
    modules: Sequence[str] | None = None,
    sequences: Iterable[int] | None = None,
) -> Packed:
    """A recording as a page holds it. recording, modules, sequences: see `rnnviz.page`."""
    subject = taken(recording, name)
    chosen = checked(subject, modules, sequences)
    store = Store()
    places: dict[str, dict[str, list[str]]] = {}
    said: dict[str, dict[str, Any]] = {}
    drawn = {
        key: pictures.Place(subject, *place) for place, key in _places(subject, chosen).items()
    }  # numbers once, words twice
    for language, called in LANGUAGES.items():
        with speaking(language):
            views = {key: _views(store, place) for key, place in drawn.items()}
            said[language] = {"name": called, "labels": labels(), "words": _words(), "views": views}
    for key, place in drawn.items():
        names = place.tokens if place.tokens is not None else [""] * place.steps
        places[key] = {"tokens": [visible(token) for token in names]}
    contents = {
        "name": subject.name,
        "version": __version__,
        "modules": [_module(subject, module, numbers) for module, numbers in chosen.items()],
        "places": places,
        "languages": said,
        "arrays": store.placed,
        **LOOK,
    }
    text = json.dumps(contents, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Packed(subject.name, gzip.compress(text.encode(), 9, mtime=0), store.packed())


def taken(recording: Any, name: str | None = None) -> Subject:
    """The subject that somebody's recording is: what rnnviz.record has given, a trace, or the path of a saved one.

    Raises TypeError for anything else, ValueError where it holds no recurrent module.
    """
    if isinstance(recording, str | os.PathLike):
        return subjects.opened(recording, name)
    if isinstance(recording, Subject):
        return recording if name is None else Subject(name, recording.key, recording.trace)
    tree = recording if isinstance(recording, xr.DataTree) else getattr(recording, "trace", None)
    if not isinstance(tree, xr.DataTree):
        raise TypeError(
            f"wanted a recording, a trace or the path of a saved one; got {type(recording).__name__}"
        )
    subject = Subject(name or "recording", "", tree)
    if not subject.modules:
        raise ValueError(f"{subject.name} holds no recurrent module; a page shows nn.RNN, nn.GRU and nn.LSTM")
    return subject


def checked(
    subject: Subject, modules: Sequence[str] | None, sequences: Iterable[int] | None
) -> dict[str, list[int]]:
    """The sequences to draw of each module, those that have steps. Raises ValueError where they hold too much, or nothing."""
    names = subject.modules if modules is None else tuple(modules)
    wanted = None if sequences is None else list(sequences)
    chosen: dict[str, list[int]] = {}
    size = 0
    for module in names:
        node = subject.node(module)  # says which there are
        batch = node.sizes["batch"]
        if wanted is not None and (beyond := [one for one in wanted if not 0 <= one < batch]):
            raise ValueError(f"{module} has sequences 0 to {batch - 1}; got {beyond[0]}")
        there = [one for one in (range(batch) if wanted is None else wanted) if subject.steps(module, one)]
        if not there:
            continue
        chosen[module] = there
        fields = FOLLOWED[node.attrs["kind"]] + 2 * subject.has_gradients(module)
        layers = node.sizes["layer"] * node.sizes["direction"] * node.sizes["unit"] * fields
        size += sum(subject.steps(module, one) for one in there) * layers * node["hidden"].dtype.itemsize
    if not chosen:
        raise ValueError(f"{subject.name} has no steps to draw")
    if size > MOST:
        raise ValueError(
            f"a page of {subject.name} would hold {size / 2**20:,.0f} MiB of numbers; {MOST / 2**20:.0f} MiB have room: "
            f"choose with modules=[{next(iter(chosen))!r}] and sequences=[{next(iter(chosen.values()))[0]}]"
        )
    return chosen


def _places(subject: Subject, chosen: Mapping[str, Sequence[int]]) -> dict[tuple[str, int, int, int], str]:
    """Module, layer, direction and sequence of each place, and what the page calls it."""
    found = {}
    for number, (module, sequences) in enumerate(chosen.items()):
        sizes = subject.node(module).sizes
        for sequence in sequences:
            for direction in range(sizes["direction"]):
                for layer in range(sizes["layer"]):
                    found[module, layer, direction, sequence] = f"{number}-{sequence}-{direction}-{layer}"
    return found


def _module(subject: Subject, module: str, sequences: Sequence[int]) -> dict[str, Any]:
    node, names = subject.node(module), subject.sequences(module)
    return {
        "name": module,
        "kind": node.attrs["kind"],
        "layers": [number + 1 for number in subject.layers(module)],
        "directions": node.coords["direction"].values.tolist(),
        "sequences": [{"number": number, "name": names[number]} for number in sequences],
    }


def _views(store: Store, place: pictures.Place) -> dict[str, pictures.View]:
    return {
        "states": pictures.states(store, place),
        "gates": pictures.gates(store, place),
        "total": pictures.gradients(store, place, "total"),
        "direct": pictures.gradients(store, place, "direct"),
    }


def _words() -> dict[str, Any]:
    return {
        "pictures": {"states": _("Hidden states"), "gates": _("Gates"), "gradients": _("Gradients")},
        "look": {
            "states": _(
                "Move over the picture: one line runs through everything. Click a row to follow that unit through the text."
            ),
            "gates": _(
                "Each gate lies between 0 (shut) and 1 (open). Click a row or a dot to follow one unit through all of them."
            ),
            "gradients": _(
                "How much of the error at one step reaches each step before it. The line falls where the gradient fades."
            ),
        },
        "picture": _("What is drawn"),
        "module": _("Module"),
        "direction": _("Direction"),
        "directions": {"forward": _("forward"), "backward": _("backward")},
        "sequence": _("Sequence"),
        "layer": _("Layer"),
        "unit": _("Unit"),
        "order": _("Order of the units"),
        "orders": {"similarity": _("by similarity"), "stored": _("as stored"), "activity": _("by activity")},
        "rows": {
            "similarity": _("unit, by similarity"),
            "stored": _("unit"),
            "activity": _("unit, by activity"),
        },
        "part": _("Gradient"),
        "parts": part_names(),
        "language": _("Language"),
        "theme": _("Colours"),
        "themes": {"auto": _("as the system"), "light": _("light"), "dark": _("dark")},
        "subject": _("{model}, layer {layer}, unit {unit}"),
        "settings": _("How to move through it"),
        "made": _("Every number was recorded from the network itself. Made with rnnviz {version}.").format(
            version=__version__
        ),
    }
