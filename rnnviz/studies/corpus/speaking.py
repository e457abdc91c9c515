"""What a unit says of the next token: by its own weights to the scores, and by what is missing once it is silenced.

The two differ. The direct effect is what the unit adds to the scores at the same step, and only a unit of the highest layer has
one; silencing it also takes away what other units, at this step and later, make of it.
"""

import copy
from collections.abc import Sequence

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn

from rnnviz.models.networks import LanguageModel, reading
from rnnviz.recording.edits import Edit
from rnnviz.studies.corpus.opened import Corpus
from rnnviz.studies.live import Live
from rnnviz.told import Told

STRETCHES = 16
LENGTH = 160
WARM = 32  # steps of a stretch that do not count: it begins from a state of zeros


def direct(model: Live, layer: int, unit: int) -> xr.DataArray | None:
    """What one unit of hidden state more adds to the score of each next token, less the mean over all tokens, which no
    probability heeds: (candidate,), nats. None where the unit has no weights to the scores: in any layer but the highest, and
    where the model is no `LanguageModel`."""
    language = model.model
    if not isinstance(language, LanguageModel) or layer != language.rnn.num_layers - 1:
        return None
    weights = language.head.weight.detach()[:, unit].double().cpu().numpy()
    attrs = {"long_name": "direct effect on the score", "units": "nats"}
    return xr.DataArray(
        weights - weights.mean(), dims="candidate", coords={"candidate": list(model.outputs)}, attrs=attrs
    )


def stretches(
    corpus: Corpus, count: int = STRETCHES, length: int = LENGTH, seed: int = 0
) -> list[tuple[int, int]]:
    """Parts of a corpus, from a step up to another, each of one sequence, drawn from the seed without overlap."""
    found = []
    for first, last in zip(corpus.starts[:-1].tolist(), corpus.starts[1:].tolist(), strict=True):
        found += [
            (at, min(last, at + length))
            for at in range(first, last, length)
            if min(last, at + length) - at > 1
        ]
    whole = [each for each in found if each[1] - each[0] == length] or found
    chosen = np.random.default_rng(seed).permutation(len(whole))[:count]
    return [whole[n] for n in sorted(chosen.tolist())]


def silenced(
    model: Live,
    corpus: Corpus,
    layer: int,
    unit: int,
    field: str = "hidden",
    parts: Sequence[tuple[int, int]] | None = None,
    module: str | None = None,
) -> xr.Dataset:
    """A unit set to 0 at every step, over some stretches of a corpus that are each read from the beginning.

    parts: by default of `stretches`. Returns `growth` (stretch,), of the mean loss of a next token, nats, and `change`
    (candidate,), how much more probable the unit makes each token, the mean over the steps: as it is, less without it. The first
    `WARM` steps of a stretch do not count where it is longer than twice that. `steps`: how many count. `loss`: as it is.
    Tokens that the model does not know do not count. Raises Told where it foretells none of the corpus.
    """
    parts = stretches(corpus) if parts is None else list(parts)
    if not model.writes:
        raise Told("{name} foretells no tokens", name=model.name)
    losses: list[list[float]] = [[], []]
    shares = np.zeros((2, len(model.outputs)))
    counted = 0
    for (first, last), logs in zip(
        parts, _read(model, corpus, parts, layer, unit, field, module), strict=True
    ):
        own = corpus.tokens[first:last]
        at = np.arange(WARM if len(own) > 2 * WARM else 0, len(own) - 1)
        at = at[own[at + 1] < len(model.outputs)]  # what the model does not know it cannot foretell
        if not len(at):
            continue
        counted += len(at)
        for which, one in enumerate(logs):
            losses[which].append(float(-one[at, own[at + 1]].mean()))
            shares[which] += np.exp(one[at]).sum(0)
    if not counted:
        raise Told("{name} knows none of the tokens of this corpus", name=model.name)
    as_it_is, without = (np.array(one) for one in losses)
    attrs = {"long_name": "change of the probability", "units": "1"}
    return xr.Dataset(
        {
            "growth": ("stretch", without - as_it_is, {"long_name": "growth of the loss", "units": "nats"}),
            "change": ("candidate", (shares[0] - shares[1]) / counted, attrs),
            "loss": ("stretch", as_it_is, {"long_name": "loss", "units": "nats"}),
        },
        coords={"candidate": list(model.outputs)},
        attrs={"layer": layer, "unit": unit, "field": field, "steps": counted},
    )


def _read(
    model: Live,
    corpus: Corpus,
    parts: Sequence[tuple[int, int]],
    layer: int,
    unit: int,
    field: str,
    module: str | None,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Log probabilities of the next token, (time, candidate), as it is and without the unit, of each stretch."""
    language = model.model
    if isinstance(language, LanguageModel) and field == "hidden":
        with reading(language), torch.inference_mode():
            mute = _mute(language, layer, unit)
            whole = [model.encode(corpus.text(first, last))[0] for first, last in parts]
            ids = nn.utils.rnn.pad_sequence(whole, batch_first=True)
            both = [one(ids)[0].log_softmax(-1).double().cpu().numpy() for one in (language, mute)]
        return [(both[0][n, : len(own)], both[1][n, : len(own)]) for n, own in enumerate(whole)]
    found = []
    for first, last in parts:
        text = corpus.text(first, last)
        edit = Edit(field, 0.0, [unit], layer=layer, module=module)
        pair = [model.read(text, one).log_probability for one in ((), edit)]
        if any(one is None or one.sizes["time"] != last - first for one in pair):
            raise Told("{name} does not say what comes after each step", name=model.name)
        found.append(tuple(one.transpose("time", "candidate").values for one in pair if one is not None))
    return found  # type: ignore[return-value]


def _mute(language: LanguageModel, layer: int, unit: int) -> LanguageModel:
    """The same network without what a unit's hidden state leads to: it counts as if it were 0 at every step."""
    mute = copy.deepcopy(language)
    leaving: list[Tensor] = [getattr(mute.rnn, f"weight_hh_l{layer}")]
    above = layer + 1 < mute.rnn.num_layers
    leaving.append(getattr(mute.rnn, f"weight_ih_l{layer + 1}") if above else mute.head.weight)
    for weight in leaving:
        weight.data[:, unit] = 0
    return mute
