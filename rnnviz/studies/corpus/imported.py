"""A corpus that another program recorded: a folder of LSTMVis's, written to a store of ours, so that all that is asked of one
recorded here can be asked of it. The numbers stay as they stand in the file, in float32: LSTMVis draws their tanh unless it is
told otherwise, so that a threshold of 0.3 there is one of artanh 0.3 here."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from rnnviz import files
from rnnviz.foreign import lstmvis
from rnnviz.studies.corpus import material, recording, store
from rnnviz.studies.corpus.cutting import Place
from rnnviz.studies.corpus.material import Material
from rnnviz.studies.corpus.opened import Corpus
from rnnviz.studies.progress import Progress
from rnnviz.told import Told

LONG_NAMES = {"hidden": "hidden state", "cell": "cell state"}


def from_lstmvis(folder: str | Path, out: str | Path, progress: Progress | None = None) -> Corpus:
    """The states of a folder of LSTMVis's (lstm.yml, states.h5, train.h5, words.dict) as a corpus, written to a store `out`.

    Its words are the tokens, all one sequence; `state` is 'lstm/layer_0/cell', `output` 'lstm/layer_0/hidden', layers from 0. A
    second array of the same layer and type is of the module 'lstm_2'. Words beyond the last state are left out. progress: as of
    `record`; what was cut short is written anew.

    Raises Told, in one line, as `lstmvis.opened`, and as `record` for a folder that holds something else or a disk that is full.
    """
    out = Path(out)
    with lstmvis.opened(folder) as found:
        own = _material(found)
        places = tuple(_places(found.states))
        about: dict[str, object] = {
            "format": store.FORMAT,
            "model": found.name,
            "weights_sha256": _stamp(found.files),
            "vocabulary_sha256": material.vocabulary_sha256(found.words),
            "texts_sha256": own.sha256(),
            "outputs": len(found.words),
            "joint": _joint(found.words),
            "steps": own.steps,
            "unknown": 0,
            "places": [f"{one.group}/{one.field}" for one in places],
            "bits": 32,
            "cut": 0,
            "from": "LSTMVis",
        }
        out.parent.mkdir(parents=True, exist_ok=True)
        with files.alone(out.with_name(f"{out.name}.lock"), f"{out} is written"):
            there = recording.there(out, about)
            if there is not None and there.get("complete") is True:
                return Corpus.open(out)
            recording.check_room(recording.taken(own, places, out.parent), out)
            recording.create(out, own, places, about)
            _write(found, places, out, progress)
            store.put_group(out, {**about, "complete": True}, nested=True)
    return Corpus.open(out)


def _write(found: lstmvis.Folder, places: Iterable[Place], out: Path, progress: Progress | None) -> None:
    steps = found.states[0].steps
    arrays = [place.array(out, steps) for place in places]
    for first in range(0, steps, store.STEPS):
        last = min(steps, first + store.STEPS)
        for states, array in zip(found.states, arrays, strict=True):
            array.put(first, states.read(first, last))
        if progress:
            progress(last, steps)


def _material(found: lstmvis.Folder) -> Material:
    steps = found.states[0].steps
    if steps < 2:
        raise Told("{name} has {count} token: give at least two", name=found.name, count=steps)
    if len(found.words) > material.MOST_TOKENS:
        raise Told("the corpus has over {most:,} different tokens", most=material.MOST_TOKENS)
    return Material((found.name,), ("",), np.array([0, steps]), found.ids, found.words, 0)


def _places(states: Iterable[lstmvis.States]) -> Iterable[Place]:
    seen: dict[tuple[int, str], int] = {}
    for one in states:
        count = seen[one.layer, one.field] = seen.get((one.layer, one.field), 0) + 1
        node = "lstm" if count == 1 else f"lstm_{count}"
        yield Place(node, one.layer, "forward", one.field, one.units, "float32", None, LONG_NAMES[one.field])


def _joint(words: Iterable[str]) -> str:
    """What stands between them: characters stand side by side, words do not."""
    return "" if all(len(word) == 1 for word in words) else " "


def _stamp(paths: Iterable[Path]) -> str:
    """Stands for files as they lie there now."""
    said = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    return hashlib.sha256(repr(sorted(said)).encode("utf-8", "replace")).hexdigest()
