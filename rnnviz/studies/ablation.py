"""What is each unit for? Every unit of a layer, or a gate of it, is silenced in turn, and what the network then loses is told.

    found = rnnviz.ablation.ablate(rnnviz.live.shipped("shakespeare-lstm"), "To be, or not to be", layer=1)
    found["growth"].mean("text")                          # (layer, unit), nats a token
    rnnviz.ablation.ranked(found)                         # beside what gradients and activity say
    rnnviz.ablation.curve(subject, texts, found)          # the k most and the k least important silenced together

Looking shows what goes together with what; silencing shows what the prediction rests on, once all the rest goes on as it can.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Literal

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from rnnviz.models.networks import LanguageModel
from rnnviz.recording.edits import FIELDS, Edit
from rnnviz.studies import live, probing, rows
from rnnviz.studies.live import Live, Reading
from rnnviz.studies.progress import Done, Progress, followed
from rnnviz.studies.rows import Change
from rnnviz.studies.telling import KINDS
from rnnviz.told import Told

Kind = str | Callable[[str], Sequence[bool]]
Layers = int | Sequence[int] | None
To = float | Literal["mean"]
FOUND = ("growth", "first_order", "activity")
MEASURES = ("growth", "foretold", "size", "activity")
LARGEST = 1e6  # that a state is set to
WRITTEN = 200  # tokens of each text that a model writes to be silenced on
WHICH = ("most", "least", "random")


def ablate(
    subject: Live,
    texts: str | Sequence[str],
    *,
    layer: Layers = None,
    field: str = "hidden",
    to: To = 0.0,
    means: str | Sequence[str] | None = None,
    kind: Kind | None = None,
    module: str | None = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Each unit silenced in turn: at every step its `field` is set, and all that follows goes on from there.

    texts: one or several, each of at least two tokens. layer: which of them, all by default. field: `hidden`, `cell` or a gate.
    to: what it is set to; 'mean' is its own mean over all steps of `means`, by default of the texts. kind: only the loss of
    such tokens counts: a name in `telling.KINDS`, or a function from the text to as many truths as it has tokens; the loss at
    step t is that of token t + 1. module: needed where the model has several. progress: told from the first how many runs are
    done, of how many; what it raises stops the work.

    Returns, over (layer, unit, text): `growth`, nats a token: the mean loss with the unit silenced less the mean loss;
    `first_order`, what the gradient foretells of it, Σ_t ∂L/∂x_t · (value − x_t) with the total gradient (Molchanov et al.
    2017, arXiv:1611.06440: with value 0 it is −gradient × activation); `activity`, the mean of |x_t|. Over (text): `loss`, nats
    a token, and `counted`, how many tokens that is; NaN where a text has none of the kind. In attrs `batched`: whether all units
    of a layer ran side by side, as in a `LanguageModel`; other models are run once for every unit, with the same numbers.

    Raises ValueError, in one line, for what the model or the texts do not have; LiveError as `Live.read`.
    """
    texts = _texts(texts)
    plain = _Plain(subject, texts, field, module, kind)
    layers = plain.chosen(layer)
    value = plain.value(to, _texts(means) if means is not None else None)
    units = plain.units
    growth = np.full((len(layers), units, len(texts)), np.nan)
    total = growth.size
    for n in range(len(texts)):
        for place, one in enumerate(layers):
            done = (n * len(layers) + place) * units
            changes = [Change(field, one, torch.eye(units, dtype=torch.bool), value[one])]
            growth[place, :, n] = plain.growth(n, changes, _from(progress, done, total))
    first_order, activity = plain.foretold(value)
    dims = ("layer", "unit", "text")
    return xr.Dataset(
        {
            "growth": (
                dims,
                growth,
                _described("growth of the loss", "nats", "silenced less as it is, a token"),
            ),
            "first_order": (
                dims,
                first_order[layers],
                _described(
                    "growth predicted by the gradient", "nats", "Σ_t ∂L/∂x_t (value − x_t), total gradient"
                ),
            ),
            "activity": (
                dims,
                activity[layers],
                _described("mean activity", "1", "mean of |x_t| over the steps"),
            ),
            "loss": (
                "text",
                plain.loss,
                _described("loss as it is", "nats", "mean over the tokens that count"),
            ),
            "counted": ("text", plain.counted, _described("tokens that count", "1")),
        },
        coords={
            "layer": ("layer", layers, {"long_name": "layer", "units": "1"}),
            "unit": ("unit", np.arange(units), {"long_name": "unit", "units": "1"}),
        },
        attrs={
            "field": field,
            "to": to,
            "kind": kind if isinstance(kind, str) else "" if kind is None else "as given",
            "module": plain.module,
            "batched": int(plain.batched),
        },
    )


def ranked(found: xr.Dataset) -> xr.Dataset:
    """What `ablate` found, unit beside unit: means over the texts, their spread, and rankings of all units of all layers.

    Returns over (layer, unit): `growth`, its `spread` over the texts (standard deviation, 0 with one text), `foretold` (of
    `first_order`), `activity`; and `rank` (measure, layer, unit), 1 for the largest: of the `growth`, of what is `foretold`, of
    its `size`, |gradient × activation| where units are set to 0, and of the `activity`. `agreement` (measure,): Spearman's rank
    correlation of each with the growth. Growth has a sign: there are units without which this text is foretold better.
    """
    growth, foretold, activity = (found[name].mean("text", keep_attrs=True) for name in FOUND)
    ranks = np.stack([_ranks(one.values) for one in _measured(found).values()])
    spread = found["growth"].std("text").assign_attrs(_described("spread over the texts", "nats"))
    of_growth = ranks[0].ravel()
    agreement = [_correlation(of_growth, rank.ravel()) for rank in ranks]
    return xr.Dataset(
        {
            "growth": growth,
            "spread": spread,
            "foretold": foretold,
            "activity": activity,
            "rank": (("measure", *growth.dims), ranks, _described("rank, 1 for the largest", "1")),
            "agreement": (
                "measure",
                agreement,
                _described("rank correlation with the growth", "1", "Spearman")
                | {"valid_range": (-1.0, 1.0)},
            ),
        },
        coords={"measure": list(MEASURES)},
        attrs=found.attrs,
    )


def curve(
    subject: Live,
    texts: str | Sequence[str],
    found: xr.Dataset,
    *,
    measure: str = "growth",
    counts: Iterable[int] | None = None,
    means: str | Sequence[str] | None = None,
    kind: Kind | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> xr.Dataset:
    """How the loss grows as more units are silenced together, as `found` silenced each: the most important first, the least
    important first, and in random order.

    found: of `ablate`, which says the layers, the field, what it is set to and the module. measure: what importance is, one of
    MEASURES as `ranked` has them. counts: how many go; by default 1, 2, 4 … and all. means, kind: as of `ablate`.
    seed: of the random order. Returns `growth` (order, count, text), nats a token, and `loss` (text,).
    """
    if measure not in MEASURES:
        raise Told(
            "measure must be one of {names}; got {measure!r}", names=", ".join(MEASURES), measure=measure
        )
    texts = _texts(texts)
    field = found.attrs["field"]
    plain = _Plain(subject, texts, field, found.attrs["module"], kind)
    layers = plain.chosen(found["layer"].values.tolist())
    value = plain.value(found.attrs["to"], _texts(means) if means is not None else None)
    size = len(layers) * plain.units
    wanted = sorted({*(2**n for n in range(size.bit_length())), size} if counts is None else set(counts))
    if not wanted or wanted[0] < 1 or wanted[-1] > size:
        raise Told(
            "counts must be 1 to {size}, the units there are; got {wanted}", size=size, wanted=wanted[:3]
        )
    most = np.argsort(-_measured(found)[measure].values.ravel(), kind="stable")
    orders = (most, most[::-1], np.random.default_rng(seed).permutation(size))
    chosen = torch.zeros(len(orders), len(wanted), size, dtype=torch.bool)
    for order, mask in zip(orders, chosen, strict=True):
        for count, row in zip(wanted, mask, strict=True):
            row[order[:count].copy()] = True
    by_layer = chosen.view(len(orders) * len(wanted), len(layers), plain.units)
    changes = [Change(field, one, by_layer[:, place], value[one]) for place, one in enumerate(layers)]
    each = len(by_layer)
    growth = np.stack(
        [plain.growth(n, changes, _from(progress, n * each, each * len(texts))) for n in range(len(texts))],
        -1,
    )
    return xr.Dataset(
        {
            "growth": (
                ("order", "count", "text"),
                growth.reshape(len(orders), len(wanted), len(texts)),
                _described("growth of the loss", "nats", "silenced together less as it is, a token"),
            ),
            "loss": ("text", plain.loss, _described("loss as it is", "nats")),
        },
        coords={
            "order": list(WHICH),
            "count": ("count", wanted, {"long_name": "units silenced", "units": "1"}),
        },
        attrs=found.attrs | {"measure": measure, "seed": seed},
    )


def shipped(
    name: str, text: str, layer: int, field: str, to: To, kind: str | None, others: int = 0, seed: int = 1
) -> Generator[Done, None, xr.Dataset]:
    """One layer of a shipped model, for a worker: what `ranked` says of its units, (unit,), `together` (order, count) of `curve`,
    and `loss`, step by step. others: so many texts beside the one, each of WRITTEN tokens that the model goes on with, drawn by
    `seed`. Raises ValueError and CheckpointError."""
    subject = live.shipped(name, text)
    texts = [text]
    if others:
        start = len(subject.encode(text)[0])
        corpus = yield from probing.gone_on(subject, text, start + others * WRITTEN, seed)
        written = corpus[len(text) :]
        texts += [written[n * WRITTEN : (n + 1) * WRITTEN] for n in range(others)]
    return (
        yield from followed(lambda progress: of_layer(subject, texts, layer, field, to, kind, None, progress))
    )


def of_layer(
    subject: Live,
    text: str | Sequence[str],
    layer: int,
    field: str,
    to: To,
    kind: str | None,
    module: str | None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """What `shipped` finds, of any model on one text or several. Raises ValueError and LiveError as `ablate`."""
    found = ablate(
        subject, text, layer=layer, field=field, to=to, kind=kind, module=module, progress=progress
    )
    together = curve(subject, text, found, kind=kind)
    units = ranked(found).isel(layer=0, drop=True)
    return units.assign(
        together=together["growth"].mean("text", keep_attrs=True),
        loss=found["loss"].mean("text", keep_attrs=True),
    ).assign_attrs(texts=found.sizes["text"])


def _measured(found: xr.Dataset) -> dict[str, xr.DataArray]:
    """The measures by name, (layer, unit): means over the texts."""
    growth, foretold, activity = (found[name].mean("text") for name in FOUND)
    return dict(zip(MEASURES, (growth, foretold, abs(foretold), activity), strict=True))


class _Plain:
    """A subject and its texts as they are, and what it loses once something is changed.

    loss, counted: (text,). units: of the field. batched: whether rows run side by side.
    """

    def __init__(
        self, subject: Live, texts: Sequence[str], field: str, module: str | None, kind: Kind | None
    ):
        self.subject, self.texts, self.field = subject, texts, field
        if not subject.learns:
            raise Told("{name} has no loss that could grow", name=subject.name)
        self.readings = [subject.read(text) for text in texts]
        self.module = self.readings[0].subject.only(module)
        node = self.readings[0].subject.node(self.module).to_dataset(inherit=False)
        fields = [name for name in FIELDS[node.attrs["kind"]] if name in node]
        if field not in fields:
            raise Told(
                "{module} has no {field!r}; it has {names}",
                module=self.module,
                field=field,
                names=", ".join(fields),
            )
        self.values = [self._values(one) for one in self.readings]
        self.layers, self.units = len(self.values[0]), self.values[0].shape[-1]
        plain = [subject.losses(text) for text in texts]
        self.masks = [
            _mask(kind, text, r.tokens, len(own))
            for text, r, own in zip(texts, self.readings, plain, strict=True)
        ]
        self.counted = np.array([mask.sum() for mask in self.masks])
        if not self.counted.any():
            raise ValueError(
                f"no text has a token of the kind {kind!r}" if isinstance(kind, str) else "no token counts"
            )
        self.loss = self._means(plain)
        self.ids = [rows.ids_of(subject, text) for text in texts]
        self.batched = all(self.ids)

    def _values(self, read: Reading) -> Tensor:
        """The field, of the forward direction: (layer, batch, time, unit)."""
        node = read.subject.node(self.module).to_dataset(inherit=False)
        return torch.from_numpy(node[self.field].isel(direction=0).values.copy())

    def _means(self, losses: Sequence[np.ndarray]) -> np.ndarray:
        """Over the tokens that count: (text,)."""
        return np.array(
            [own[mask].mean() if mask.any() else np.nan for own, mask in zip(losses, self.masks, strict=True)]
        )

    def chosen(self, layer: Layers) -> list[int]:
        """The layers that are asked for."""
        wanted = (
            list(range(self.layers))
            if layer is None
            else [int(layer)]
            if isinstance(layer, int | np.integer)
            else list(layer)
        )
        for one in wanted:
            if not 0 <= one < self.layers:
                raise Told("layer must be 0 to {layers}; got {one}", layers=self.layers - 1, one=one)
        return wanted

    def value(self, to: To, means: Sequence[str] | None) -> Tensor:
        """What the units are set to: (layer, unit)."""
        if to == "mean":
            over = self.values
            if means is not None:
                over = [self._values(self.subject.read(text)) for text in means]
            return torch.cat([one.flatten(1, 2) for one in over], 1).mean(1)
        if isinstance(to, str) or not abs(to) <= LARGEST:
            raise Told(
                "to must be a number up to {largest:g} in size, or 'mean'; got {to!r}", largest=LARGEST, to=to
            )
        if self.field.endswith("_gate") and not 0 <= to <= 1:
            raise Told(
                "a gate lies between 0 and 1; {field} cannot be set to {to!r}", field=self.field, to=to
            )
        return torch.full((self.layers, self.units), float(to), dtype=self.values[0].dtype)

    def growth(self, n: int, changes: Sequence[Change], progress: Progress | None) -> np.ndarray:
        """Of text n, with the changes of each row: (row,), nats a token."""
        mask, total = self.masks[n], len(changes[0].chosen)
        if not mask.any():
            return np.full(total, np.nan)
        ids, model = self.ids[n], self.subject.model
        if self.batched and ids is not None and isinstance(model, LanguageModel):
            losses = rows.losses(model, ids, changes, progress).double().numpy()
            return np.asarray(losses[:, mask].mean(-1) - self.loss[n])
        found = np.empty(total)
        for row in range(total):
            if progress is not None:
                progress(row, total)
            edits = [
                Edit(self.field, one.value[units], units.tolist(), layer=one.layer, module=self.module)
                for one in changes
                if len(units := one.chosen[row].nonzero()[:, 0])
            ]
            found[row] = self.subject.losses(self.texts[n], edits)[mask].mean() - self.loss[n]
        if progress is not None:
            progress(total, total)
        return found

    def foretold(self, value: Tensor) -> tuple[np.ndarray, np.ndarray]:
        """What gradients foretell, and the mean of |x|: each (layer, unit, text)."""
        first_order = np.full((self.layers, self.units, len(self.texts)), np.nan)
        activity = np.empty_like(first_order)
        for n, values in enumerate(self.values):
            activity[..., n] = values.abs().double().mean((1, 2))
            if self.masks[n].any():
                slopes = self._slopes(n)  # (layer, batch, time, unit)
                change = value[:, None, None].double() - values.double()
                first_order[..., n] = (slopes * change).sum((1, 2)) / int(self.counted[n])
        return first_order, activity

    def _slopes(self, n: int) -> Tensor:
        """∂L/∂x_t of the sum of the losses that count, total: (layer, batch, time, unit), float64."""
        text, steps = self.texts[n], np.flatnonzero(self.masks[n]).tolist()
        if self.field in ("hidden", "cell"):
            node = self.subject.send_back(text, steps=steps).subject.node(self.module)
            grad = node.to_dataset(inherit=False)[f"{self.field}_grad"]
            return torch.from_numpy(grad.isel(direction=0).values.copy()).double()
        values = self.values[n]
        slopes = values.new_zeros(values.shape, dtype=torch.float64)
        listening = [
            Edit(self.field, _Listening(slopes[layer]), layer=layer, module=self.module)
            for layer in range(self.layers)
        ]
        self.subject.send_back(text, edit=listening, steps=steps)
        return slopes


class _Listening:
    """Leaves a field as it is and hears its gradient. slopes: (batch, time, unit), where it is written."""

    def __init__(self, slopes: Tensor):
        self.slopes, self.step = slopes, 0

    def __call__(self, now: Tensor) -> Tensor:
        step, self.step = self.step, self.step + 1
        if now.requires_grad:
            now.register_hook(lambda slope: self._hear(step, slope))  # type: ignore[no-untyped-call]
        return now

    def _hear(self, step: int, slope: Tensor) -> None:
        self.slopes[:, step] = slope.detach().double()


def _texts(given: str | Sequence[str]) -> list[str]:
    texts = [given] if isinstance(given, str) else list(given)
    if not texts or not all(isinstance(text, str) and len(text) > 1 for text in texts):
        raise Told("wanted one text or several, each of at least two tokens")
    return texts


def _mask(kind: Kind | None, text: str, tokens: Sequence[str], count: int) -> np.ndarray:
    """Which of the losses count: of next tokens those of the tokens from the second on."""
    if kind is None:
        return np.ones(count, bool)
    if isinstance(kind, str):
        if kind not in KINDS:
            raise Told(
                "kind must be one of {names}, or a function; got {kind!r}", names=", ".join(KINDS), kind=kind
            )
        kind = KINDS[kind]
        text = "".join(tokens)  # as the model reads it
    told = np.asarray(kind(text), dtype=bool)
    if told.shape != (len(tokens),):
        raise Told("kind told of {size} tokens; the text has {count}", size=told.size, count=len(tokens))
    if count not in (len(tokens), len(tokens) - 1):
        raise Told(
            "a kind of token needs a loss of every token; the model has {count} for {count_2}",
            count=count,
            count_2=len(tokens),
        )
    return told[len(tokens) - count :]


def _from(progress: Progress | None, done: int, total: int) -> Progress | None:
    """The progress of a part of the work as that of all."""
    return None if progress is None else lambda rows_done, _of: progress(done + rows_done, total)


def _described(long_name: str, units: str, comment: str = "") -> dict[str, object]:
    told: dict[str, object] = {"long_name": long_name, "units": units}
    return told | ({"comment": comment} if comment else {})


def _ranks(values: np.ndarray) -> np.ndarray:
    """1 for the largest; of equals the first comes first."""
    ranks = np.empty(values.size, int)
    ranks[np.argsort(-values.ravel(), kind="stable")] = np.arange(1, values.size + 1)
    return ranks.reshape(values.shape)


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's, of ranks."""
    from scipy.stats import spearmanr  # slow to import

    if len(first) < 2:
        return float("nan")
    return float(spearmanr(first, second).statistic)
