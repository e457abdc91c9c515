"""What does a judge of reviews know while it reads? Linear probes read a review's label, and the verdict so far, from its states.

checkpoints/probes/NAME.json        how well they do, for every shipped judge: the card is all that there is

    found = rnnviz.studies.verdicts.shipped("sentiment-english-lstm")
    found["end"]["score"].sel(field="cell", property="label")      # (distance): accuracy, so many tokens before the end
    found["share"]["score"].sel(field="cell", property="label")    # the same after each tenth of the review

Beside each probe stand three others, as in `probing`: the commonest answer; the best guess from the token just read, without any
memory; and a control task, in which every kind of token has been given an answer by lot, and the probe is asked for that of the
token just read. Probes learn from reviews that the judge was not trained on, and are tested on others.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr

from rnnviz import files
from rnnviz.models import cards, checkpoints
from rnnviz.models.cards import NUMBER, TEXT, Schema, Wanted
from rnnviz.models.checkpoints import CheckpointError
from rnnviz.models.networks import Classifier, reading, within
from rnnviz.studies import probing
from rnnviz.studies.probing import Split
from rnnviz.studies.progress import Progress
from rnnviz.told import Told

FOLDER = "probes"
DISTANCES = (0, 1, 2, 3, 5, 7, 10, 13, 16, 20)  # tokens before the end
SHARES = (10, 20, 30, 40, 50, 60, 70, 80, 90, 100)  # percent of a review that have been read
PROPERTIES = ("label", "verdict")
AXES = {"end": DISTANCES, "share": SHARES}
FEWEST = 50  # reviews to learn from, and to be tested on
SCORES = ("score", "control")  # of every field
BESIDE = ("majority", "present")
Review = tuple[Sequence[int], int]  # ids, and 1 for praise or 0

ROWS = Wanted(
    "lists of numbers, one for each place",
    lambda v: isinstance(v, list) and all(isinstance(one, list) and all(map(NUMBER.holds, one)) for one in v),
)
AXIS: Mapping[str, Schema] = {name: ROWS for name in (*SCORES, *BESIDE)} | {
    "reviews": Wanted("two lists of counts", lambda v: isinstance(v, list) and len(v) == 2)
}
CARD: Mapping[str, Schema] = {
    "model": TEXT,
    "of": TEXT,  # sha256 of the model's weights
    "fields": Wanted("hidden, and of an LSTM cell", lambda v: v in (["hidden"], ["hidden", "cell"])),
    "seed": cards.COUNT,
    "data": {"source": TEXT, "licence": TEXT, "attribution?": TEXT, "split": TEXT},
    "end": AXIS,
    "share": AXIS,
    "command": TEXT,
}


def probe(
    model: Classifier,
    learned: Sequence[Review],
    tested: Sequence[Review],
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, xr.Dataset]:
    """How well a linear probe reads from each state what the review's `label` is, and which `verdict` the judge would give there.

    learned, tested: reviews, each of at least one token. seed: of the lots of the control task. progress: told how many states
    have been asked, of how many; what it raises stops the work. Returns `end`, over `distance`, tokens before the last, and
    `share`, over percent of the review; each with accuracies `score` and `control` (field, property, distance), `majority` and
    `present` (property, distance), and `reviews` (part, distance), learned from and tested on. NaN where one answer is all.
    Raises ValueError, in one line, for too few reviews and for an empty one.
    """
    reviews = [*learned, *tested]
    if min(len(learned), len(tested)) < FEWEST or not all(len(ids) for ids, _label in reviews):
        raise Told(
            "probes need {fewest} reviews to learn from and as many to be tested on, none empty",
            fewest=FEWEST,
        )
    first = np.arange(len(reviews)) < len(learned)
    lengths = np.array([len(ids) for ids, _label in reviews])
    labels = np.array([label for _ids, label in reviews])
    states = _states(model, [ids for ids, _label in reviews])
    lots = _lots(reviews, labels[first], seed)
    asked = {"end": [lengths - 1 - far for far in DISTANCES]}
    asked["share"] = [np.ceil(lengths * share / 100).astype(int) - 1 for share in SHARES]
    total, done, found = len(DISTANCES) + len(SHARES), 0, {}
    for axis, places in asked.items():
        shape = (len(states), len(PROPERTIES), len(places))
        arrays = {name: np.full(shape, np.nan) for name in SCORES}
        arrays |= {name: np.full(shape[1:], np.nan) for name in BESIDE}
        counts = np.zeros((2, len(places)), int)
        for column, at in enumerate(places):
            if progress is not None:
                progress(done, total)
            done += 1
            there = at >= 0
            parts = Split(there & first, there & ~first)
            counts[:, column] = parts.learned.sum(), parts.tested.sum()
            step = np.maximum(at, 0)
            rows = np.arange(len(reviews))
            read = np.array([ids[i] for (ids, _label), i in zip(reviews, step, strict=True)])
            answers = {"label": labels, "verdict": _verdicts(model, states["hidden"], step)}
            seen = {name: probing._standardised(every[rows, step], parts) for name, every in states.items()}
            for row, name in enumerate(PROPERTIES):
                for task, given in (("score", answers[name]), ("control", lots[read])):
                    known, wanted = given[parts.learned], given[parts.tested]
                    if len(np.unique(known)) < 2 or not len(wanted):
                        continue
                    for which, one in enumerate(seen.values()):
                        arrays[task][which, row, column] = probing._fitted(one, known, wanted, parts, False)
                    if task == "score":
                        arrays["majority"][row, column] = probing._guessed(known, wanted, None, None, False)
                        kinds = read[parts.learned], read[parts.tested]
                        arrays["present"][row, column] = probing._guessed(known, wanted, *kinds, False)
        found[axis] = _labelled(arrays, counts, list(states), AXES[axis], axis)
    if progress is not None:
        progress(total, total)
    return found


def path(name: str) -> Path:
    """Where the figures of a judge lie."""
    return checkpoints.folder() / FOLDER / f"{name}.json"


def stamp(name: str) -> str:
    """Changes when the file does."""
    found = path(name)
    return f"{found.stat().st_mtime_ns}-{found.stat().st_size}" if found.is_file() else "missing"


def shipped(name: str) -> dict[str, xr.Dataset] | None:
    """What `probe` found of a shipped judge; in attrs `card`, as JSON. None where there is nothing. Raises CheckpointError, in
    one line, where the file is damaged or is of other weights."""
    if not path(name).is_file():
        return None
    try:
        card: Any = cards.read(path(name))
        cards.compare(card, CARD)
        if card["of"] != checkpoints.card(name)["sha256"]:
            raise ValueError("it was fitted to other weights")
        return {axis: _read(card, axis) for axis in AXES}
    except Exception as problem:
        line = " ".join(str(problem).split())[:200]
        raise CheckpointError(
            f"the probes of {name} cannot be used ({line}); restore them with git, or fit them again: "
            f"python benchmarks/reviews.py {name} --data FOLDER --write"
        ) from problem


def save(name: str, found: Mapping[str, xr.Dataset], card: Mapping[str, Any]) -> None:
    """Writes what was found of a shipped judge. card: `data`, `seed` and `command`."""
    said: dict[str, Any] = {
        **card,
        "model": name,
        "of": checkpoints.card(name)["sha256"],
        "fields": found["end"]["field"].values.tolist(),
    }
    for axis, one in found.items():
        said[axis] = {
            n: one[n].values.reshape(-1, one.sizes["distance"]).round(4).tolist() for n in (*SCORES, *BESIDE)
        }
        said[axis]["reviews"] = one["reviews"].values.tolist()
    cards.compare(said, CARD)
    path(name).parent.mkdir(parents=True, exist_ok=True)
    with files.written(path(name)) as place:
        place.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _read(card: Mapping[str, Any], axis: str) -> xr.Dataset:
    fields, places = card["fields"], AXES[axis]
    shape = (len(fields), len(PROPERTIES), len(places))
    arrays = {name: np.array(card[axis][name], float).reshape(shape) for name in SCORES}
    arrays |= {name: np.array(card[axis][name], float).reshape(shape[1:]) for name in BESIDE}
    counts = np.array(card[axis]["reviews"], int).reshape(2, len(places))
    if not all((one >= 0).all() and (one <= 1).all() for one in arrays.values()):
        raise ValueError("accuracies must lie within 0 and 1")
    return _labelled(arrays, counts, fields, places, axis).assign_attrs(card=json.dumps(card))


def _labelled(
    arrays: Mapping[str, np.ndarray], counts: np.ndarray, fields: list[str], places: Sequence[int], axis: str
) -> xr.Dataset:
    said = {
        "score": "score of the probe",
        "control": "score on the control task",
        "majority": "score of the commonest answer",
        "present": "score from the token just read",
    }
    dims = ("field", "property", "distance")
    where = {
        "end": {"long_name": "tokens before the end", "units": "1"},
        "share": {"long_name": "read so far (%)", "units": "percent"},
    }[axis]
    found = xr.Dataset(
        {n: (dims[-one.ndim :], one, {"long_name": said[n], "units": "1"}) for n, one in arrays.items()}
        | {"reviews": (("part", "distance"), counts, {"long_name": "reviews", "units": "1"})},
        coords={
            "field": fields,
            "property": list(PROPERTIES),
            "part": ["learned", "tested"],
            "distance": ("distance", list(places), where),
        },
    )
    about = {"long_name": "score of the best guess without memory", "units": "1"}
    guess = np.fmax(found["majority"].values, found["present"].values)
    return found.assign(guess=(dims[1:], guess, about))


def _states(model: Classifier, reviews: Sequence[Sequence[int]]) -> dict[str, np.ndarray]:
    """h, and of an LSTM c, after each token: (review, time, unit); what lies beyond an end is no state of it."""
    padded = torch.nn.utils.rnn.pad_sequence([torch.tensor(list(ids)) for ids in reviews], batch_first=True)
    found: dict[str, list[torch.Tensor]] = {}
    with reading(model), torch.inference_mode():
        embedded, state = model.embedding(padded), None
        for step in range(embedded.shape[1]):
            _told, state = model.rnn(embedded[:, step : step + 1], state)
            both = state if isinstance(state, tuple) else (state,)
            for name, one in zip(("hidden", "cell"), both, strict=False):
                found.setdefault(name, []).append(one[0])
    return {name: torch.stack(steps, 1).numpy() for name, steps in found.items()}


def _verdicts(model: Classifier, hidden: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Whether the judge would praise, had each review ended at its step."""
    with reading(model), torch.inference_mode():
        valid = within(torch.from_numpy(step + 1), hidden.shape[1])
        return (model.judge(torch.from_numpy(hidden), valid) > 0).numpy().astype(int)


def _lots(reviews: Sequence[Review], labels: np.ndarray, seed: int) -> np.ndarray:
    """An answer for each id, drawn from all answers, of which the best balanced drawing is taken."""
    random = np.random.default_rng(seed)
    read = np.concatenate([np.asarray(ids) for ids, _label in reviews])
    often = np.bincount(read).astype(float)
    drawn = random.choice(labels, (probing.LOTS, len(often)))
    wanted = labels.mean() * often.sum()
    best: np.ndarray = drawn[np.abs(drawn @ often - wanted).argmin()]
    return best
