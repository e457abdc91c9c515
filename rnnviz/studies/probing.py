"""What does the network still know? Linear probes that read from its states what was there some steps ago.

    found = rnnviz.probing.probe(rnnviz.live.shipped("shakespeare-lstm"), text, layer=1)
    found["score"].sel(property="token")                  # (field, distance), beside majority, present and control

That a probe can read something shows that it is there, not that the network uses it: for that see `ablation` and `patching`. And
a probe may owe its score to its own strength; so it stands beside three others: what the commonest answer gets; what the token
that was just read would let one guess without any memory; and a control task (Hewitt & Liang 2019, arXiv:1909.03368), in which
every kind of token has been given an answer by lot, so that whoever does well knows the tokens by heart. Selectivity is what a
probe has over it.
"""

import itertools
import warnings
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from rnnviz.studies import live
from rnnviz.studies.live import Live
from rnnviz.studies.progress import Done, Progress, followed
from rnnviz.studies.telling import KINDS, LATE
from rnnviz.studies.writing import Network, Rule, Writing
from rnnviz.told import Told

Tokens = Sequence[str]
DISTANCES = (0, 1, 2, 3, 5, 7, 10, 13, 16, 20)
FURTHEST = 1000
STRENGTH = 0.01  # C of the logistic regression; its inverse is the alpha of the ridge regression
ROUNDS = 50  # of fitting, at most
STRETCHES = 12  # into which a text is cut
TESTED = 4  # every so many stretches one is for testing
FEWEST = 200  # steps to learn from
WRITTEN_AT_ONCE = 100  # tokens of a text that a model goes on with, between two words on how far it is
LOTS = 200  # drawings of a control task, of which the best balanced is taken


@dataclass(frozen=True)
class Property:
    """Something that can be said of every token of a text. of: from the tokens, one answer for each. numeric: the answers are
    numbers, read by ridge regression and told as R²; else they are names, read by logistic regression and told as accuracy."""

    of: Callable[[Tokens], Sequence[Any]]
    numeric: bool = False


def _kind(name: str) -> Property:
    return Property(lambda tokens: _of_characters(tokens, KINDS[name]))


def _of_characters(tokens: Tokens, of: Callable[[str], Sequence[Any]]) -> list[Any]:
    """Of each token what is said of its last character."""
    said, ends = of("".join(tokens)), np.cumsum([len(token) for token in tokens])
    return [said[end - 1] for end in ends]


def _places(text: str, begins: Callable[[str], bool]) -> list[int]:
    """Characters since the last that begins anew, itself 0."""
    found, at = [], -1
    for character in text:
        at = 0 if begins(character) else at + 1
        found.append(at)
    return found


def _in_quotation(text: str) -> list[bool]:
    found, inside = [], False
    for character in text:
        inside = character in "“「" or (inside != (character == '"') and character not in "”」")
        found.append(inside)
    return found


def _depth(text: str) -> list[int]:
    steps = [(character in "([{") - (character in ")]}") for character in text]
    return np.maximum(np.cumsum(steps), 0).tolist() if steps else []


def _speaker_lines(text: str) -> list[bool]:
    """Whether the line is one that says who speaks: short, and with a colon at its end."""
    found = []
    for line in text.splitlines(keepends=True):
        named = line.rstrip("\n").endswith(":") and len(line) <= LATE
        found += [named] * len(line)
    return found


def speakers(text: str) -> list[str]:
    """Who speaks, by the last line 'NAME:' before; nobody before the first, and where such a line stands.

    >>> speakers("A:\\nhi")
    ['', '', '', 'A', 'A']
    """
    found, name = [], ""
    for line in text.splitlines(keepends=True):
        if line.rstrip("\n").endswith(":") and len(line) <= LATE:
            name = line.strip()[:-1]
            found += [""] * len(line)
        else:
            found += [name] * len(line)
    return found


def heard_again(text: str, least: int = 4) -> bool:
    """Whether every speaker of a text speaks at least so often: of one that is heard once, nothing can be learned that another
    part of the text could test."""
    names = [line.strip() for line in text.splitlines() if line.endswith(":") and len(line) < LATE]
    return len(set(names)) > 1 and min(Counter(names).values()) >= least


PROPERTIES: dict[str, Property] = {
    "token": Property(lambda tokens: list(tokens)),
    "capital": _kind("capitals"),
    "vowel": _kind("vowels"),
    "blank": _kind("blanks"),
    "line end": _kind("line ends"),
    "first letter": _kind("first letters"),
    "punctuation": Property(
        lambda tokens: _of_characters(tokens, lambda text: [not (c.isalnum() or c.isspace()) for c in text])
    ),
    "place in the word": Property(
        lambda tokens: _of_characters(tokens, lambda text: _places(text, lambda c: not c.isalpha())),
        numeric=True,
    ),
    "place in the line": Property(
        lambda tokens: _of_characters(tokens, lambda text: _places(text, lambda c: c == "\n")), numeric=True
    ),
    "in a quotation": Property(lambda tokens: _of_characters(tokens, _in_quotation)),
    "bracket depth": Property(lambda tokens: _of_characters(tokens, _depth)),
    "speaker's line": Property(lambda tokens: _of_characters(tokens, _speaker_lines)),
    "speaker": Property(lambda tokens: _of_characters(tokens, speakers)),
}


@dataclass(frozen=True)
class Split:
    """Which steps are learned from and which tested: (step,), true and false. Between the two lie steps that are neither."""

    learned: np.ndarray
    tested: np.ndarray


def split(lengths: Sequence[int], apart: int) -> Split:
    """Stretches in turn, so that what is tested lies nowhere next to what was learned from.

    lengths: of the texts that follow each other. apart: steps left out on each side of a stretch that is tested.
    """
    learned, tested = np.ones(sum(lengths), bool), np.zeros(sum(lengths), bool)
    start = 0
    for length in lengths:
        edges = np.linspace(0, length, STRETCHES + 1).astype(int)
        for n in range(TESTED - 2, STRETCHES, TESTED):
            first, end = edges[n], edges[n + 1]
            tested[start + first : start + end] = True
            learned[start + max(0, first - apart) : start + min(length, end + apart)] = False
        start += length
    return Split(learned, tested)


def score(states: np.ndarray, answers: Sequence[Any], parts: Split, numeric: bool = False) -> float:
    """How well a linear probe that has learned from some steps does on others.

    states: (step, unit), standardised by the steps that are learned from; answers: (step,). Returns the accuracy of
    a logistic regression (scikit-learn, L2 with C = STRENGTH), 0 to 1; of numbers R² of a ridge regression, against the mean of
    what was learned from: 1 at best, 0 for that mean, below 0 for worse. NaN where there is only one answer.
    """
    every = np.asarray(answers)
    known, wanted = every[parts.learned], every[parts.tested]
    if len(np.unique(known)) < 2 or not len(wanted):
        return float("nan")
    return _fitted(_standardised(states, parts), known, wanted, parts, numeric)


def probe(
    subject: Live,
    texts: str | Sequence[str],
    *,
    layer: int = 0,
    fields: str | Sequence[str] = "hidden",
    properties: Mapping[str, Property] | Sequence[str] | None = None,
    distances: Sequence[int] = DISTANCES,
    module: str | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Reads from the states after each token what holds of the token `distance` steps before it.

    texts: together of some thousand tokens; three quarters are learned from. fields: `hidden`, `cell`, gates. properties:
    names of PROPERTIES, all by default, or properties of one's own by name. distances: in steps, 0 for the token just read.
    seed: of the lots of the control task. progress: told from the first how many probes are done, of how many; what it raises
    stops the work.

    Returns `score` (field, property, distance), accuracy or, where `numeric` (property), R²; beside it `majority` (property,
    distance), of the commonest answer (0 for R²), `present` (property, distance), of the best guess from the token just read
    alone, `control` (field, property, distance), of the same probe on answers drawn by lot, one for each kind of token, as often
    as in the property itself, as nearly as tokens allow; `selectivity`, score less control; `control_majority`. NaN where the
    text gives one answer only. What a token is itself, and what follows from that, a control can know as well: small selectivity
    there says that the tokens are known one by one.
    Raises ValueError, in one line, for too short a text, another field, or answers that do not fit; LiveError as `Live.read`.
    """
    chosen = _chosen(properties)
    fields = [fields] if isinstance(fields, str) else list(fields)
    distances = list(distances)
    if not distances or any(not 0 <= distance <= FURTHEST for distance in distances):
        raise Told(
            "distances must be 0 to {furthest} steps, at least one; got {distances}",
            furthest=FURTHEST,
            distances=distances[:5],
        )
    states, tokens, module = _states(
        subject, [texts] if isinstance(texts, str) else list(texts), layer, fields, module
    )
    lengths = [len(one) for one in tokens]
    parts = split(lengths, max(distances) + 1)
    if parts.learned.sum() < FEWEST:
        raise Told(
            "probes need {fewest} steps to learn from, with stretches left out between; the texts leave {value}",
            fewest=FEWEST,
            value=parts.learned.sum(),
        )
    read = np.array([token for one in tokens for token in one])
    of_kind = np.unique(read, return_inverse=True)[1]
    random = np.random.default_rng(seed)
    shape = (len(fields), len(chosen), len(distances))
    found = {name: np.full(shape, np.nan) for name in ("score", "control")}
    beside = {name: np.full(shape[1:], np.nan) for name in ("majority", "present", "control_majority")}
    total, done = 2 * int(np.prod(shape)), 0
    ready: dict[tuple[int, int], np.ndarray] = {}
    for row, (name, one) in enumerate(chosen.items()):
        answers = _answers(name, one, tokens)
        lots = _lots(answers, of_kind, random)
        for column, distance in enumerate(distances):
            there = _there(lengths, distance)
            own = Split(parts.learned & there, parts.tested & there)
            for task, given, common in (
                ("score", answers, "majority"),
                ("control", lots, "control_majority"),
            ):
                moved = np.roll(given, distance)
                known, wanted = moved[own.learned], moved[own.tested]
                several = len(np.unique(known)) > 1 and len(np.unique(wanted)) > 0
                if several:
                    beside[common][row, column] = _guessed(known, wanted, None, None, one.numeric)
                    if task == "score":
                        beside["present"][row, column] = _guessed(
                            known, wanted, of_kind[own.learned], of_kind[own.tested], one.numeric
                        )
                for which, values in enumerate(states):
                    if progress is not None:
                        progress(done, total)
                    done += 1
                    if several:
                        if (which, distance) not in ready:
                            ready[which, distance] = _standardised(values, own)
                        found[task][which, row, column] = _fitted(
                            ready[which, distance], known, wanted, own, one.numeric
                        )
    if progress is not None:
        progress(total, total)
    return _labelled(found, beside, fields, chosen, distances, parts, layer, module, seed)


def enough(distances: Sequence[int] = DISTANCES) -> int:
    """How many tokens one text has at least, that probes at these distances can learn from."""
    apart = max(distances) + 1
    return next(count for count in itertools.count(FEWEST) if split([count], apart).learned.sum() >= FEWEST)


def memory(found: xr.Dataset) -> xr.Dataset:
    """How far back the answers of probes are better than what needs no memory.

    found: of `probe`. Returns `guess` (property, distance), the better of `majority` and `present`; `reach` (field, property),
    the last distance up to which, from the token before on, every probe is right more often than that guess, by two standard
    errors of its own accuracy: 0 where not even the first is, NaN of numbers and where the text gives one answer only.
    """
    guess = found["majority"].where(found["majority"] > found["present"], found["present"])
    score = found["score"].sel(distance=found["distance"] > 0).transpose("field", "property", "distance")
    share = score.clip(0, 1)  # R² may be below, and has no such error
    error = np.sqrt(share * (1 - share) / found.attrs["tested"])
    better = (score - guess.sel(distance=score["distance"]) > 2 * error).cumprod("distance")
    reach = (better * score["distance"]).max("distance")
    told = score.notnull().all("distance") & ~found["numeric"]
    return xr.Dataset(
        {
            "guess": guess.assign_attrs(long_name="score of the best guess without memory", units="1"),
            "reach": reach.where(told).assign_attrs(long_name="tokens back that are remembered", units="1"),
        }
    )


def shipped(
    name: str, text: str, length: int, layer: int, field: str, properties: Sequence[str], seed: int
) -> Generator[Done, None, xr.Dataset]:
    """Probes of one layer of a shipped model, for a worker: what `probe` and `memory` find. In attrs `text`, which was read.

    length: to which the model goes on with the text, drawn by `seed` as `writing.Rule` says; a text as long as that stays as it
    is. Raises ValueError and CheckpointError.
    """
    subject = live.shipped(name)
    text = yield from gone_on(subject, text, length, seed)

    def work(progress: Progress) -> xr.Dataset:
        return of_layer(subject, text, layer, field, properties, seed, None, progress)

    return (yield from followed(work))


def of_layer(
    subject: Live,
    text: str,
    layer: int,
    field: str,
    properties: Sequence[str],
    seed: int,
    module: str | None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """What `shipped` finds in a text as it is, of any model. Raises ValueError and LiveError as `probe`."""
    found = probe(
        subject,
        text,
        layer=layer,
        fields=field,
        properties=properties,
        module=module,
        seed=seed,
        progress=progress,
    )
    return found.merge(memory(found)).assign_attrs(found.attrs, text=text)


def gone_on(subject: Live, text: str, length: int, seed: int) -> Generator[Done, None, str]:
    """The text with what the model writes after it, up to so many tokens."""
    ids = subject.encode(text)[0].tolist()
    if (missing := length - len(ids)) <= 0:
        return text
    writing = Writing(Network(subject.model), ids, Rule(seed=seed))  # type: ignore[arg-type]
    for done in range(0, missing, WRITTEN_AT_ONCE):
        yield Done(done, missing, "writing")
        writing.write(min(WRITTEN_AT_ONCE, missing - done))
    return text + "".join(subject.outputs[id] for id in writing.ids[len(ids) :])


def _chosen(properties: Mapping[str, Property] | Sequence[str] | None) -> dict[str, Property]:
    if isinstance(properties, Mapping):
        return dict(properties)
    names = list(PROPERTIES) if properties is None else list(properties)
    for name in names:
        if name not in PROPERTIES:
            raise Told("a property is one of {names}; got {name!r}", names=", ".join(PROPERTIES), name=name)
    if not names:
        raise Told("name at least one property")
    return {name: PROPERTIES[name] for name in names}


def _states(
    subject: Live, texts: Sequence[str], layer: int, fields: Sequence[str], module: str | None
) -> tuple[list[np.ndarray], list[Tokens], str]:
    """Of each field the states over all texts, (step, unit); what was read, text by text; and the module."""
    every: list[list[np.ndarray]] = [[] for _field in fields]
    tokens: list[Tokens] = []
    for text in texts:
        reading = subject.read(text)
        module = reading.subject.only(module)
        node = reading.subject.layer(module, layer)
        for field, parts in zip(fields, every, strict=True):
            if field not in node or "time" not in node[field].dims:
                raise Told("{module} has no {field!r}", module=module, field=field)
            parts.append(node[field].values)
        if len(parts[-1]) != len(reading.tokens):
            raise Told(
                "{module} takes {count} steps; the text has {count_2} tokens",
                module=module,
                count=len(parts[-1]),
                count_2=len(reading.tokens),
            )
        tokens.append(reading.tokens)
    if module is None or not fields:
        raise Told("wanted one text or several, and at least one field")
    return [np.concatenate(parts).astype(np.float32) for parts in every], tokens, module


def _answers(name: str, one: Property, tokens: Sequence[Tokens]) -> np.ndarray:
    """(step,) over all texts."""
    found: list[Any] = []
    for text in tokens:
        said = list(one.of(text))
        if len(said) != len(text):
            raise Told(
                "{name!r} gave {count} answers for {count_2} tokens",
                name=name,
                count=len(said),
                count_2=len(text),
            )
        found += said
    answers = np.asarray(found)
    if answers.ndim != 1 or (one.numeric and not np.isfinite(answers.astype(float)).all()):
        raise ValueError(f"{name!r} must give one answer for each token" + ", a finite number" * one.numeric)
    return answers.astype(np.float32) if one.numeric else answers


def _lots(answers: np.ndarray, of_kind: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """An answer for each kind of token, drawn from all answers: (step,). of_kind: the kind of each step's token.

    Of LOTS drawings the one is taken that gives each answer the most nearly as often as it is: kinds are few, and their numbers
    uneven, and a control that has another balance would be harder or easier for that alone. The property itself is no lot.
    """
    names, own = np.unique(answers, return_inverse=True)
    steps = np.bincount(of_kind)
    drawn = random.choice(own, (LOTS, len(steps)))
    often = np.stack([np.bincount(one, steps, len(names)) for one in drawn])
    off = np.abs(often - np.bincount(own, minlength=len(names))).sum(1)
    off[(drawn[:, of_kind] == own).all(1)] = np.inf
    found: np.ndarray = names[drawn[off.argmin()][of_kind]]
    return found


def _there(lengths: Sequence[int], distance: int) -> np.ndarray:
    """Whether there is a token so many steps before, in the same text: (step,)."""
    return np.concatenate([np.arange(length) >= distance for length in lengths])


def _standardised(states: np.ndarray, parts: Split) -> np.ndarray:
    known = states[parts.learned].astype(np.float32)
    spread = known.std(0)
    found: np.ndarray = (states.astype(np.float32) - known.mean(0)) / np.where(spread > 0, spread, 1)
    return found


def _fitted(states: np.ndarray, known: np.ndarray, wanted: np.ndarray, parts: Split, numeric: bool) -> float:
    from sklearn.linear_model import LogisticRegression, Ridge  # slow to import

    learned, tested = states[parts.learned], states[parts.tested]
    if numeric:
        said = Ridge(alpha=1 / STRENGTH).fit(learned, known).predict(tested)
        return _r2(wanted, said, float(known.mean()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fitted for so many rounds, be it to the end or not
        probe = LogisticRegression(C=STRENGTH, max_iter=ROUNDS, tol=1e-3).fit(learned, known)
    return float((probe.predict(tested) == wanted).mean())


def _r2(wanted: np.ndarray, said: np.ndarray, mean: float) -> float:
    off = ((wanted - mean) ** 2).sum()
    return float(1 - ((wanted - said) ** 2).sum() / off) if off > 0 else float("nan")


def _guessed(
    known: np.ndarray, wanted: np.ndarray, kinds: np.ndarray | None, tested: np.ndarray | None, numeric: bool
) -> float:
    """What the commonest answer gets, or the mean; of each kind of token by itself where kinds are given."""
    common: Callable[[np.ndarray], Any] = np.mean if numeric else _commonest
    said = np.full(len(wanted), common(known))
    if kinds is not None and tested is not None:
        for kind in np.unique(tested):
            if len(seen := known[kinds == kind]):
                said[tested == kind] = common(seen)
    return _r2(wanted, said, float(known.mean())) if numeric else float((said == wanted).mean())


def _commonest(answers: np.ndarray) -> Any:
    names, counts = np.unique(answers, return_counts=True)
    return names[counts.argmax()]


def _labelled(
    found: Mapping[str, np.ndarray],
    beside: Mapping[str, np.ndarray],
    fields: Sequence[str],
    chosen: Mapping[str, Property],
    distances: Sequence[int],
    parts: Split,
    layer: int,
    module: str,
    seed: int,
) -> xr.Dataset:
    said = {
        "score": "score of the probe",
        "control": "score on the control task",
        "majority": "score of the commonest answer",
        "present": "score from the token just read",
        "control_majority": "score of the commonest answer on the control task",
        "selectivity": "selectivity",
    }
    comment = "accuracy; R² where numeric"
    arrays = {**found, "selectivity": found["score"] - found["control"], **beside}
    dims = ("field", "property", "distance")
    return xr.Dataset(
        {
            name: (dims[-values.ndim :], values, {"long_name": said[name], "units": "1", "comment": comment})
            for name, values in arrays.items()
        },
        coords={
            "field": list(fields),
            "property": list(chosen),
            "numeric": ("property", [one.numeric for one in chosen.values()], {"units": "1"}),
            "distance": ("distance", list(distances), {"long_name": "tokens back", "units": "1"}),
        },
        attrs={
            "learned": int(parts.learned.sum()),
            "tested": int(parts.tested.sum()),
            "layer": layer,
            "module": module,
            "seed": seed,
        },
    )
