"""Which step, and which units, carry what two texts differ in? The state of one is put into the run of the other, step by step.

    found = rnnviz.patching.patch(rnnviz.live.shipped("shakespeare-lstm"), "He said", '"He said')
    found["moved"]                 # (group, time): 0 the prediction is as before, 1 it is as that of the other text

Activation patching (Vig et al. 2020, arXiv:2004.12265; Meng et al. 2022, arXiv:2202.05262) for recurrent networks: the state is
put in at one step, and all that follows, in this step and later, goes on from it over the first text's own tokens.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from torch import Tensor
from torch.nn.functional import linear

from rnnviz.models.networks import Classifier, LanguageModel, Stock, Translator, reading
from rnnviz.models.vocabularies import START_ID
from rnnviz.recording.block import record
from rnnviz.recording.cells import States
from rnnviz.recording.edits import Edit
from rnnviz.studies import live, rows
from rnnviz.studies.live import Live, Reading
from rnnviz.studies.progress import Done, Progress, followed
from rnnviz.told import Told

ALIGNMENTS = ("edit", "left")
STATE = ("hidden", "cell")
WHAT = {"state": STATE, "hidden": STATE[:1], "cell": STATE[1:]}  # what is put in: h, and of an LSTM c
NOTHING = 1e-6  # nats: predictions that differ by less do not differ


def aligned(first: Sequence[str], second: Sequence[str], align: str = "edit") -> list[int | None]:
    """For each step of the first text the step of the second that stands there; None where there is none.

    'left': step by step from the beginning. 'edit': what both begin with and what both end with stand for each other; what lies
    between does from its end on, so that what is common goes on from the same place.

    >>> aligned("He said", '"He said'), aligned("a cat!", "a horse!", "left")
    ([1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 3, 4, 5])
    """
    if align not in ALIGNMENTS:
        raise Told("align must be one of {names}; got {align!r}", names=", ".join(ALIGNMENTS), align=align)
    if align == "left":
        return [step if step < len(second) else None for step in range(len(first))]
    shorter = min(len(first), len(second))
    begin = next((n for n in range(shorter) if first[n] != second[n]), shorter)
    apart = len(second) - len(first)
    places: list[int | None] = list(range(begin))
    for step in range(begin, len(first)):
        places.append(step + apart if step + apart >= begin else None)
    return places


def patch(
    subject: Live,
    first: str,
    second: str,
    *,
    groups: int | Sequence[Sequence[int]] = 8,
    state: str = "state",
    at: int | None = None,
    tokens: tuple[str, str] | None = None,
    align: str | Sequence[int | None] = "edit",
    module: str | None = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """The states that the second text leaves, put into the run over the first at each step in turn, group by group of units.

    groups: so many in each layer, of neighbours, at most one for every unit; or lists of units, the same in each layer. state:
    what is put in, 'state' (h, and of an LSTM c), 'hidden' or 'cell'. at: the step of the first text whose prediction is looked
    at, by default the last that has a place in the second. tokens: the two whose log odds are measured, the first text's and the
    second's; by default the one whose log probability the second text lowers the most and the one it raises the most. align: see
    `aligned`; or for each step of the first text the step of the second, None where it has none. module: needed where the model
    has several. progress: told from the first how many runs are done; what it raises stops the work.

    Returns over `time`, the steps of the first text up to `at`, NaN where a step has no place in the second:
    `moved` (group, time), `moved_layer` (layer, time), a whole layer's state, `moved_all` (time), the whole state: of the log
    odds d of the two tokens (d − d_first) / (d_second − d_first), 0 as before, 1 as after the second text; below 0 and above 1
    where it goes the other way or too far. `nearer`, `nearer_layer`, `nearer_all`: 1 − KL(second ‖ changed) / KL(second ‖ first),
    of all candidates: 1 where the prediction is that of the second text. Where both texts predict the same at `at`, to a
    millionth of a nat, nothing can move: all are NaN. In attrs: the tokens, d of both, KL in nats, and `at`.

    Raises ValueError, in one line, for texts that are the same, steps or tokens that are not there; LiveError as `Live.read`.
    """
    one, other = subject.read(first), subject.read(second)
    if one.log_probability is None or other.log_probability is None:
        raise Told("{name} does not say what it predicts: give Live `next` and `outputs`", name=subject.name)
    if one.tokens == other.tokens:
        raise Told("the two texts are the same: there is nothing to put across")
    if state not in WHAT:
        raise Told("state must be one of {names}; got {state!r}", names=", ".join(WHAT), state=state)
    places = _placed(one.tokens, other.tokens, align)
    at = _looked_at(places, at)
    module = one.subject.only(module)
    node = one.subject.node(module).to_dataset(inherit=False)
    fields = [field for field in WHAT[state] if field in node]
    if not fields:
        raise Told("{module} has no {state}; it has hidden", module=module, state=state)
    masks, names = _groups(groups, node.sizes["layer"], node["hidden"].shape[-1])
    steps = [(step, place) for step, place in enumerate(places[: at + 1]) if place is not None]
    before, after = (_states(read.subject.node(module).to_dataset(inherit=False)) for read in (one, other))
    clean = one.log_probability.values[at].astype(np.float64)
    wanted = other.log_probability.values[steps[-1][1]].astype(np.float64)
    model, ids = subject.model, rows.ids_of(subject, first)
    if ids is not None and isinstance(model, LanguageModel):
        with reading(model), torch.inference_mode():
            embedded = model.embedding(torch.tensor(ids))
            run = Run(model.rnn, embedded[: at + 1], before, after, masks, fields)
            *_, (_step, top) = run.tops(steps, progress)
            plain = (before[-1][0][at], after[-1][0][steps[-1][1]])
            clean, wanted, *every = (_logs(model, one) for one in (*plain, top))
            logs = every[0].reshape(len(steps), len(masks), -1)
    else:
        logs = _singly(subject, first, steps, after, masks, fields, module, at, progress)
    pair = _pair(clean, wanted, tokens, subject.outputs)
    found = _compared(logs, clean, wanted, pair)
    dataset = _laid_out(found, steps, at, node.sizes["layer"], names)
    dataset.attrs |= {
        "first_token": subject.outputs[pair[0]],
        "second_token": subject.outputs[pair[1]],
        "log_odds_first": float(clean[pair[1]] - clean[pair[0]]),
        "log_odds_second": float(wanted[pair[1]] - wanted[pair[0]]),
        "kl": _kl(wanted, clean),
        "state": state,
        "module": module,
    }
    read = [one.tokens[: at + 1], [other.tokens[p] if p is not None else "" for p in places[: at + 1]]]
    return dataset.assign_coords(
        token=("time", list(read[0]), {"long_name": "token of the first text", "units": "1"}),
        token_second=("time", list(read[1]), {"long_name": "token of the second text", "units": "1"}),
    )


def shipped(
    name: str,
    first: str,
    second: str,
    groups: int,
    state: str,
    at: int,
    tokens: tuple[str, str] | None,
    align: Sequence[int | None],
) -> Generator[Done, None, xr.Dataset]:
    """`patch` with a shipped model, for a worker. Raises ValueError and CheckpointError."""
    subject = live.shipped(name)

    def work(progress: Progress) -> xr.Dataset:
        more = {"groups": groups, "state": state, "at": at, "tokens": tokens, "align": align}
        return patch(subject, first, second, progress=progress, **more)  # type: ignore[arg-type]

    return (yield from followed(work))


def put(
    subject: Live,
    first: str,
    second: str,
    step: int,
    place: int,
    units: Mapping[int, Sequence[int] | None],
    *,
    state: str = "state",
    module: str | None = None,
) -> Reading:
    """The first text read with the state of the second, at its step `place`, put in at one step: one cell of what `patch` finds.

    units: by layer, which of them, None for all. state, module: as of `patch`. Raises ValueError and LiveError as `patch`.
    """
    if state not in WHAT:
        raise Told("state must be one of {names}; got {state!r}", names=", ".join(WHAT), state=state)
    other = subject.read(second).subject
    module = other.only(module)
    edits = []
    for layer, chosen in units.items():
        node = other.layer(module, layer)
        for field in (field for field in WHAT[state] if field in node):
            value = torch.from_numpy(node[field].values[place].copy())
            value = value if chosen is None else value[list(chosen)]
            which = None if chosen is None else list(chosen)
            edits.append(Edit(field, value, which, step, layer=layer, module=module))
    return subject.read(first, edits)


def verdict(
    model: Classifier,
    first: Sequence[int],
    second: Sequence[int],
    *,
    groups: int | Sequence[Sequence[int]] = 8,
    align: str = "edit",
    progress: Progress | None = None,
) -> xr.Dataset:
    """Which step of a review carries the verdict: states of the second put into the reading of the first, as `patch` does.

    first, second: ids. Returns `moved` (group, time) and `moved_all` (time) of the log odds of praise at the end, 0 as of the
    first review, 1 as of the second, NaN where both are judged alike; in attrs both verdicts, in nats. Raises ValueError for an
    empty or the same review.
    """
    if not len(first) or not len(second) or list(first) == list(second):
        raise Told("wanted two reviews that differ, each of at least one token")
    places = aligned(list(map(str, first)), list(map(str, second)), align)
    steps = [(step, place) for step, place in enumerate(places) if place is not None]
    with reading(model), torch.inference_mode():
        both = [model.embedding(torch.tensor(list(ids))) for ids in (first, second)]
        before, after = (_run_once(model.rnn, one) for one in both)
        masks, names = _groups(groups, 1, model.rnn.hidden_size)
        run = Run(model.rnn, both[0], before, after, masks, STATE)
        states = before[0][0].repeat(len(steps) * len(masks), 1, 1)
        for step, top in run.tops(steps, progress):
            states[: len(top), step] = top
        whole = torch.ones(len(states), len(first), dtype=torch.bool)
        odds = model.judge(states, whole).double().numpy().reshape(len(steps), len(masks))
        clean, wanted = (model(torch.tensor([list(ids)])).double().item() for ids in (first, second))
    gap = wanted - clean
    moved = (odds - clean) / gap if abs(gap) > NOTHING else np.full_like(odds, np.nan)
    dataset = _laid_out({"moved": moved}, steps, len(first) - 1, 1, names).drop_dims("layer")
    return dataset.assign_attrs(verdict_first=clean, verdict_second=wanted, state="state")


def source(
    model: Translator,
    first: Sequence[int],
    second: Sequence[int],
    written: Sequence[int],
    *,
    other: Sequence[int] | None = None,
    align: str = "edit",
) -> xr.Dataset:
    """The encoder's state at one source token put into the translation of another sentence, both directions of every layer.

    first, second: ids of the sentences; written: those of the first one's translation, which the decoder is told step by step;
    other: those of the second one's, whose tokens are wanted instead; by default at each step the likeliest after its source.
    Returns `moved` (time, query): over the tokens of the first source and the steps of its translation, of the log odds of the
    wanted token to the written one (d − d_first) / (d_second − d_first), as in `patch`; NaN where the two tokens are the same and
    where a token has no place in the second sentence; `moved_all` (query), all states at once where the sentences are as long as
    each other; `p_written` and `p_wanted` (time, query), the probabilities of the two tokens then, and `p_written_first` …
    `p_wanted_second` (query), of the sentences as they are. Raises ValueError for an empty or the same sentence.
    """
    if not len(first) or not len(second) or list(first) == list(second) or not len(written):
        raise Told("wanted two sentences that differ, each of at least one token, and what was written")
    places = aligned(list(map(str, first)), list(map(str, second)), align)
    steps = [(step, place) for step, place in enumerate(places) if place is not None]
    told = torch.tensor([[START_ID, *written[:-1]]])

    def scores(ids: Sequence[int], count: int, edits: Sequence[Edit] = ()) -> tuple[Tensor, xr.Dataset]:
        with record(model.encoder, edit=edits) as recording:
            memory, begin = model.read(torch.tensor([list(ids)] * count))
            logs = model.write(told.expand(count, -1), begin, memory)[0].double().log_softmax(-1)
        node = next(n for n in recording.trace.subtree if "hidden" in n)
        return logs, node.to_dataset(inherit=False)

    with reading(model), torch.inference_mode():
        clean, _own = scores(first, 1)
        changed, states = scores(second, 1)
        edits = []
        alike = len(first) == len(second)
        for row, (step, place) in enumerate(steps):
            for field in (name for name in STATE if name in states):
                for layer, direction in np.ndindex(states.sizes["layer"], states.sizes["direction"]):
                    value = torch.from_numpy(states[field].values[layer, direction, 0].copy())
                    way = str(states["direction"].values[direction])
                    edits.append(Edit(field, value[place], steps=step, batch=row, layer=layer, direction=way))
                    if alike:  # the last row has them all
                        edits.append(
                            Edit(
                                field, value[place], steps=step, batch=len(steps), layer=layer, direction=way
                            )
                        )
        logs, _states = scores(first, len(steps) + alike, edits)
    wanted = changed[0].argmax(-1) if other is None else _as_long(other, len(written))
    query = torch.arange(len(written))
    own = torch.tensor(list(written))
    odds = logs[:, query, wanted] - logs[:, query, own]
    begin, end = (one[0, query, wanted] - one[0, query, own] for one in (clean, changed))
    gap = torch.where(wanted == own, torch.nan, end - begin)
    shares = ((odds - begin) / torch.where(gap.abs() > NOTHING, gap, torch.nan)).numpy()
    moved = np.full((len(first), len(written)), np.nan)
    where = [step for step, _place in steps]
    moved[where] = shares[: len(steps)]
    described = _described("moved towards the second sentence")
    found = {
        "moved": (("time", "query"), moved, described),
        "wanted": ("query", wanted.numpy(), {"long_name": "token that is wanted instead", "units": "1"}),
    }
    if alike:
        found["moved_all"] = ("query", shares[-1], described)
    for name, token in (("written", own), ("wanted", wanted)):
        of_cells = np.full((len(first), len(written)), np.nan)
        of_cells[where] = logs[: len(steps), query, token].exp().numpy()
        probability = {"long_name": f"probability of the {name} token", "units": "1"}
        found[f"p_{name}"] = (("time", "query"), of_cells, probability)
        for text, one in (("first", clean), ("second", changed)):
            found[f"p_{name}_{text}"] = ("query", one[0, query, token].exp().numpy(), probability)
    return xr.Dataset(found)


@dataclass
class Run:
    """Rows that are born at a step with another text's state in their units, and read on from there.

    embedded: (time, feature), what all rows read. before, after: of each layer (h,) or (h, c), each (time, unit), of the text
    itself and of the other. masks: (group, layer, unit), which of them each row takes over; fields: `hidden`, `cell`.
    """

    rnn: Stock
    embedded: Tensor
    before: list[States]
    after: list[States]
    masks: Tensor
    fields: Sequence[str]

    def tops(
        self, steps: Sequence[tuple[int, int]], progress: Progress | None = None
    ) -> Iterator[tuple[int, Tensor]]:
        """From the first birth on each step and the top layer's states of the rows so far, (row, unit): the groups of the first
        birth, then those of the next. steps: where rows are born, and the other text's step that they take over."""
        born, count = dict(steps), len(self.masks)
        total = len(steps) * count
        w_ih, _w_hh, b_ih, _b_hh = rows.weights_of(self.rnn, 0)
        projections = linear(self.embedded, w_ih, b_ih)
        carried = [rows.start(self.rnn, 0) for _layer in range(self.rnn.num_layers)]
        for step in range(min(born), len(self.embedded)):
            if progress is not None:
                progress(len(carried[0][0]), total)
            place = born.get(step)
            if place is not None:
                carried = [self._joined(one, layer, step, count) for layer, one in enumerate(carried)]
            below = projections[step].expand(len(carried[0][0]), -1)
            for layer in range(self.rnn.num_layers):

                def touch(field: str, now: Tensor, layer: int = layer, place: int | None = place) -> Tensor:
                    if place is None or field not in self.fields:
                        return now
                    value = self.after[layer][STATE.index(field)][place]
                    put = torch.where(self.masks[:, layer], value, now[-count:])
                    return torch.cat((now[:-count], put))

                if layer:
                    w_ih, _w_hh, b_ih, _b_hh = rows.weights_of(self.rnn, layer)
                    below = linear(carried[layer - 1][0], w_ih, b_ih)
                carried[layer] = rows.step(self.rnn, layer, below, carried[layer], touch)
            yield step, carried[-1][0]
        if progress is not None:
            progress(total, total)

    def _joined(self, carried: States, layer: int, step: int, count: int) -> States:
        """The states of the rows so far, and those from which new ones begin."""
        own = self.before[layer]
        fresh = [one[step - 1] if step else torch.zeros_like(one[0]) for one in own]
        return tuple(torch.cat((one, new.expand(count, -1))) for one, new in zip(carried, fresh, strict=True))


def _run_once(rnn: Stock, embedded: Tensor) -> list[States]:
    """The states of every layer over one text: of each (h,) or (h, c), each (time, unit)."""
    carried = [rows.start(rnn, 1) for _layer in range(rnn.num_layers)]
    found: list[list[States]] = [[] for _layer in carried]
    for x in embedded:
        below = x[None]
        for layer, before in enumerate(carried):
            w_ih, _w_hh, b_ih, _b_hh = rows.weights_of(rnn, layer)
            carried[layer] = rows.step(rnn, layer, linear(below, w_ih, b_ih), before)
            below = carried[layer][0]
            found[layer].append(carried[layer])
    return [tuple(torch.cat(every) for every in zip(*steps, strict=True)) for steps in found]


def _states(node: xr.Dataset) -> list[States]:
    """Of each layer's forward direction what `Run` takes, of the first sequence."""
    names = [name for name in STATE if name in node]
    forward = node.isel(direction=0, batch=0)
    return [
        tuple(torch.from_numpy(forward[name].isel(layer=layer).values.copy()) for name in names)
        for layer in range(node.sizes["layer"])
    ]


def _logs(model: LanguageModel, top: Tensor) -> np.ndarray:
    """Log probabilities of all candidates after these states of the top layer, float64."""
    scores: Tensor = model.head(top)
    return scores.double().log_softmax(-1).numpy()


def _singly(
    subject: Live,
    text: str,
    steps: Sequence[tuple[int, int]],
    after: list[States],
    masks: Tensor,
    fields: Sequence[str],
    module: str,
    at: int,
    progress: Progress | None,
) -> np.ndarray:
    """What `Run` gives, of a model that is run anew for every row: (place, group, candidate)."""
    found: list[np.ndarray] = []
    for step, place in steps:
        for mask in masks:
            if progress is not None:
                progress(len(found), len(steps) * len(masks))
            edits = [
                Edit(
                    field,
                    after[layer][STATE.index(field)][place, chosen],
                    chosen.tolist(),
                    step,
                    layer=layer,
                    module=module,
                )
                for layer in range(len(after))
                if len(chosen := mask[layer].nonzero()[:, 0])
                for field in fields
            ]
            logs = subject.read(text, edits).log_probability
            assert logs is not None
            found.append(logs.values[at].astype(np.float64))
    if progress is not None:
        progress(len(found), len(found))
    return np.stack(found).reshape(len(steps), len(masks), -1)


def _placed(
    first: Sequence[str], second: Sequence[str], align: str | Sequence[int | None]
) -> list[int | None]:
    """What `aligned` gives, or what the caller says where it fits the texts."""
    if isinstance(align, str):
        return aligned(first, second, align)
    if len(align) != len(first) or not all(place is None or 0 <= place < len(second) for place in align):
        raise Told(
            "align must say a step of the second text, or None, for each of the {count} of the first",
            count=len(first),
        )
    return list(align)


def _looked_at(places: Sequence[int | None], at: int | None) -> int:
    have = [step for step, place in enumerate(places) if place is not None]
    if not have:
        raise Told("no step of the first text has a place in the second: align them from the left")
    if at is None:
        return have[-1]
    if at not in have:
        raise Told(
            "step {at} of the first text has no place in the second; choose one up to {have}",
            at=at,
            have=have[-1],
        )
    return at


def _groups(
    groups: int | Sequence[Sequence[int]], layers: int, units: int
) -> tuple[Tensor, list[tuple[int, str]]]:
    """Masks (group, layer, unit): the groups of each layer, each whole layer, all; and of the groups layer and name."""
    if isinstance(groups, int | np.integer):
        if groups < 1:
            raise Told("groups must be 1 or more, or lists of units; got {groups}", groups=groups)
        lists = [part.tolist() for part in np.array_split(np.arange(units), min(groups, units))]
    else:
        lists = [list(group) for group in groups]
    wrong = [unit for group in lists for unit in group if not 0 <= unit < units]
    if wrong or not lists or not all(lists):
        raise Told(
            "a group holds units 0 to {units}, at least one; got {value}",
            units=units - 1,
            value=wrong[0] if wrong else "none",
        )
    masks = torch.zeros(len(lists) * layers + layers + 1, layers, units, dtype=torch.bool)
    names = []
    for n, (layer, group) in enumerate((layer, group) for layer in range(layers) for group in lists):
        masks[n, layer, group] = True
        run = group == list(range(group[0], group[-1] + 1))
        names.append(
            (layer, f"{group[0]}–{group[-1]}" if run and len(group) > 1 else ", ".join(map(str, group)))
        )
    for layer in range(layers):
        masks[len(names) + layer, layer] = True
    masks[-1] = True
    return masks, names


def _pair(
    clean: np.ndarray, wanted: np.ndarray, tokens: tuple[str, str] | None, outputs: Sequence[str]
) -> tuple[int, int]:
    """Places of the two candidates whose log odds are measured."""
    if tokens is None:
        return int((clean - wanted).argmax()), int((wanted - clean).argmax())
    missing = [token for token in tokens if token not in outputs]
    if missing or len(tokens) != 2 or tokens[0] == tokens[1]:
        raise Told("tokens must be two different ones that the model knows; got {tokens!r}", tokens=tokens)
    return list(outputs).index(tokens[0]), list(outputs).index(tokens[1])


def _compared(
    logs: np.ndarray, clean: np.ndarray, wanted: np.ndarray, pair: tuple[int, int]
) -> dict[str, np.ndarray]:
    """The two measures of every row. logs: (place, group, candidate)."""

    def odds(of: np.ndarray) -> np.ndarray:
        return np.asarray(of[..., pair[1]] - of[..., pair[0]])

    gap, far = float(odds(wanted) - odds(clean)), _kl(wanted, clean)
    kl = (np.exp(wanted) * (wanted - logs)).sum(-1)
    differ = far > NOTHING
    return {
        "moved": (odds(logs) - odds(clean)) / gap
        if differ and abs(gap) > NOTHING
        else np.full(logs.shape[:2], np.nan),
        "nearer": 1 - kl / far if differ else np.full(logs.shape[:2], np.nan),
    }


def _kl(one: np.ndarray, other: np.ndarray) -> float:
    """KL(one ‖ other), nats, of log probabilities."""
    return float((np.exp(one) * (one - other)).sum())


def _laid_out(
    found: dict[str, np.ndarray],
    steps: Sequence[tuple[int, int]],
    at: int,
    layers: int,
    names: Sequence[tuple[int, str]],
) -> xr.Dataset:
    """Measures (place, group) over the steps, the groups, whole layers and all of them apart."""
    where = [step for step, _place in steps]
    said = {"moved": "moved towards the second text", "nearer": "nearer to the second text"}
    arrays: dict[str, tuple[str | tuple[str, str], np.ndarray, dict[str, object]]] = {}
    for name, values in found.items():
        whole = np.full((len(names) + layers + 1, at + 1), np.nan)
        whole[:, where] = values.T
        described = _described(said[name])
        arrays[name] = (("group", "time"), whole[: len(names)], described)
        arrays[f"{name}_layer"] = (("layer", "time"), whole[len(names) : -1], described)
        arrays[f"{name}_all"] = ("time", whole[-1], described)
    second = np.full(at + 1, -1)
    second[where] = [place for _step, place in steps]
    return xr.Dataset(
        arrays,
        coords={
            "time": ("time", np.arange(at + 1), {"long_name": "step of the first text", "units": "1"}),
            "time_second": (
                "time",
                second,
                {"long_name": "step of the second text, -1 for none", "units": "1"},
            ),
            "group": ("group", np.arange(len(names)), {"long_name": "group of units", "units": "1"}),
            "group_layer": ("group", [layer for layer, _name in names], {"long_name": "layer", "units": "1"}),
            "group_units": ("group", [name for _layer, name in names], {"long_name": "units", "units": "1"}),
        },
        attrs={"at": at},
    )


def _described(long_name: str) -> dict[str, object]:
    return {
        "long_name": long_name,
        "units": "1",
        "valid_range": (-1.0, 1.0),
        "comment": "0 as before, 1 as the second",
    }


def _as_long(ids: Sequence[int], length: int) -> Tensor:
    if len(ids) < length:
        raise Told(
            "the other translation must have at least {length} tokens; got {count}",
            length=length,
            count=len(ids),
        )
    return torch.tensor(list(ids[:length]))
