"""What would the network say already here? Each layer's state, at each step, through the output layer.

    lens = rnnviz.lens.fit(subject, corpus)                # a small affine map for each lower layer
    rnnviz.lens.read(subject, "To be, or not to be", lens)["log_probability"]      # (layer, time, candidate)

Without `lens` the states go through the output layer as they are (the logit lens, nostalgebraist 2020): it was trained for those
of the top layer and takes the units of another in vain. With it, a lower layer's state is first carried to where the top layer's
are expected (as the tuned lens, Belrose et al. 2023, arXiv:2303.08112). Which of the two says more is told with a fit.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from rnnviz.models.networks import LanguageModel, reading
from rnnviz.studies import rows
from rnnviz.studies.live import Live
from rnnviz.studies.progress import Progress
from rnnviz.told import Told

STRETCH = 256  # tokens that are read from a state of zeros
WARM = 16  # of them, those whose states are not yet fitted to
FEWEST = 8  # stretches that a fit needs
TOGETHER = 32  # stretches that are read side by side
MOST = 400  # stretches that a fit takes


def fit(
    subject: Live,
    corpus: str | Sequence[str],
    *,
    ridge: float = 10.0,
    held_out: float = 0.125,
    iterations: int = 0,
    progress: Progress | None = None,
) -> xr.Dataset:
    """For each layer the affine map of its h to the top layer's h of the same step that errs the least (ridge regression).

    corpus: a text or several, of FEWEST · STRETCH tokens at least; of a long one the first MOST stretches are taken. ridge: how
    strongly weights are held near 0, λ of ‖h' − hA − b‖² + λ‖A‖². held_out: the share at the end that is only measured.
    iterations: how many steps of L-BFGS the maps are then led towards what the tuned lens minimises, KL(output ‖ lens).
    progress: told from the first what is done, of how much; what it raises stops the work.

    Returns `weight` (layer, unit, top) and `bias` (layer, top), of the top layer the identity; and over (layer), of the part that
    was held out, `kl` and `kl_raw`, the mean KL(output ‖ lens) in nats with the map and without, `loss` and `loss_raw`, nats a
    token, and in attrs `loss` of the network itself. Nothing is drawn: the same corpus gives the same map.
    Raises ValueError, in one line, where the subject is no language model or the corpus too short.
    """
    model, stretches = _read(subject, corpus)
    if not (ridge > 0 and 0 < held_out < 1 and iterations >= 0):
        raise Told(
            "wanted ridge > 0, 0 < held_out < 1, iterations ≥ 0; got {ridge}, {held_out}, {iterations}",
            ridge=ridge,
            held_out=held_out,
            iterations=iterations,
        )
    last = max(1, round(len(stretches) * held_out))
    total = len(stretches) + (model.rnn.num_layers - 1) * iterations
    with reading(model), torch.no_grad():
        parts = []
        for first in range(0, len(stretches), TOGETHER):
            if progress is not None:
                progress(first, total)
            parts.append(_layers(model, stretches[first : first + TOGETHER])[:, WARM:])
        states = torch.cat(parts, 2)  # (layer, time, stretch, unit)
        learned, tested = states[:, :, :-last].flatten(1, 2), states[:, :, -last:].flatten(1, 2)
        following = stretches[-last:, WARM:].T.roll(-1, 0)  # a stretch has no next token at its end
        known = torch.ones_like(following, dtype=torch.bool)
        known[-1] = False
        wanted = torch.where(known, following, -100).flatten()
        maps = [_ridge(one, learned[-1], ridge) for one in learned[:-1]]
    for layer in range(len(maps) if iterations else 0):

        def told(done: int, layer: int = layer) -> None:
            if progress is not None:
                progress(len(stretches) + layer * iterations + done, total)

        maps[layer] = _led(model, maps[layer], learned[layer], learned[-1], iterations, told)
    with reading(model), torch.no_grad():
        width = states.shape[-1]
        maps.append((torch.eye(width, dtype=states.dtype), torch.zeros(width, dtype=states.dtype)))
        output = model.head(tested[-1]).log_softmax(-1)
        figures = np.array(
            [
                [_figures(model, one, output, wanted), _figures(model, one @ weight + bias, output, wanted)]
                for one, (weight, bias) in zip(tested, maps, strict=True)
            ]
        )  # (layer, raw or mapped, KL or loss)
    if progress is not None:
        progress(total, total)
    return xr.Dataset(
        {
            "weight": (
                ("layer", "unit", "top"),
                torch.stack([weight for weight, _bias in maps]).numpy(),
                _described("weight of the lens", "1"),
            ),
            "bias": (
                ("layer", "top"),
                torch.stack([bias for _weight, bias in maps]).numpy(),
                _described("bias of the lens", "1"),
            ),
            "kl": ("layer", figures[:, 1, 0], _described("KL(output ‖ lens), held out", "nat")),
            "kl_raw": (
                "layer",
                figures[:, 0, 0],
                _described("KL(output ‖ lens) without the map, held out", "nat"),
            ),
            "loss": ("layer", figures[:, 1, 1], _described("loss of the lens, held out", "nat")),
            "loss_raw": (
                "layer",
                figures[:, 0, 1],
                _described("loss of the lens without the map, held out", "nat"),
            ),
        },
        attrs={
            "loss": torch.nn.functional.nll_loss(output, wanted).item(),
            "held_out": int(known.sum()),
            "ridge": ridge,
            "iterations": iterations,
            "subject": subject.name,
        },
    )


def read(subject: Live, text: str, lens: xr.Dataset | None = None) -> xr.Dataset:
    """What each layer's state says of the next token, at each step of a text.

    lens: of `fit`; without it the states go through the output layer as they are. Returns `log_probability` (layer, time,
    candidate), nats; `kl` (layer, time), KL(output ‖ layer), nats, 0 at the top layer; `loss` (layer, time), −ln of what it gives
    to the next token, NaN at the last. Raises ValueError where the subject is no language model or the lens that of another.
    """
    model, ids = _model(subject), rows.ids_of(subject, text)
    if ids is None or not ids:
        raise Told("{name}: a lens needs a text of at least one token", name=subject.name)
    layers, width = model.rnn.num_layers, model.rnn.hidden_size
    if lens is not None and lens["weight"].shape != (layers, width, width):
        raise Told(
            "this lens is for (layer, unit, top) {shape}; {name} has {value}",
            shape=lens["weight"].shape,
            name=subject.name,
            value=(layers, width, width),
        )
    with reading(model), torch.no_grad():
        states = _layers(model, torch.tensor([ids]))[:, :, 0]  # (layer, time, unit)
        if lens is not None:
            weight = torch.from_numpy(lens["weight"].values).to(states)
            bias = torch.from_numpy(lens["bias"].values).to(states)
            states = torch.cat((states[:-1] @ weight[:-1] + bias[:-1, None], states[-1:]))
        scores: Tensor = model.head(states)
        logs = scores.log_softmax(-1)
        kl = (logs[-1].exp() * (logs[-1] - logs)).sum(-1)
        loss = torch.full(logs.shape[:2], torch.nan, dtype=logs.dtype)
        following = torch.tensor(ids[1:], dtype=torch.long).expand(layers, -1)
        loss[:, :-1] = -logs[:, :-1].gather(-1, following[..., None])[..., 0]
    return xr.Dataset(
        {
            "log_probability": (
                ("layer", "time", "candidate"),
                logs.numpy(),
                _described("log probability", "nat"),
            ),
            "kl": (("layer", "time"), kl.numpy(), _described("KL(output ‖ layer)", "nat")),
            "loss": (("layer", "time"), loss.numpy(), _described("loss of the next token", "nat")),
        },
        coords={
            "token": ("time", list(subject.steps(text)), _described("token read at this step", "1")),
            "candidate": list(subject.outputs),
        },
        attrs={"lens": "raw" if lens is None else "affine"},
    )


def _model(subject: Live) -> LanguageModel:
    if not isinstance(subject.model, LanguageModel):
        raise Told(
            "{name} is no LanguageModel, whose output layer a lens could look through", name=subject.name
        )
    return subject.model


def _read(subject: Live, corpus: str | Sequence[str]) -> tuple[LanguageModel, Tensor]:
    """The model, and the corpus as (stretch, token)."""
    model = _model(subject)
    found: list[list[int]] = []
    for text in [corpus] if isinstance(corpus, str) else corpus:
        ids = subject.encode(text[: MOST * STRETCH * 4])[0].tolist()
        found += [ids[first : first + STRETCH] for first in range(0, len(ids) - STRETCH + 1, STRETCH)]
    if len(found) < FEWEST:
        raise Told(
            "a lens is fitted on at least {fewest} stretches of {stretch} tokens; the corpus has {count}",
            fewest=FEWEST,
            stretch=STRETCH,
            count=len(found),
        )
    return model, torch.tensor(found[:MOST])


def _layers(model: LanguageModel, ids: Tensor) -> Tensor:
    """The states of all layers, (layer, time, row, unit). ids: (row, time)."""
    x: Tensor = model.embedding(ids.T)
    found = []
    for layer in range(model.rnn.num_layers):
        part = rows.part_of(model.rnn, layer, layer + 1)
        assert part is not None
        x = part(x)[0]
        found.append(x)
    return torch.stack(found)


def _ridge(x: Tensor, y: Tensor, strength: float) -> tuple[Tensor, Tensor]:
    """A and b of y ≈ x A + b, (unit, top) and (top,), solved in float64."""
    means = x.double().mean(0), y.double().mean(0)
    centred = x.double() - means[0]
    gram = centred.T @ centred
    gram.diagonal().add_(strength)
    weight = torch.linalg.solve(gram, centred.T @ (y.double() - means[1]))
    return weight.to(x).contiguous(), (means[1] - means[0] @ weight).to(x)


def _led(
    model: LanguageModel,
    start: tuple[Tensor, Tensor],
    x: Tensor,
    top: Tensor,
    iterations: int,
    told: Callable[[int], None],
) -> tuple[Tensor, Tensor]:
    """The map led on towards the least KL(output ‖ lens)."""
    head, bias_of_head = model.head.weight.detach(), model.head.bias.detach()
    with torch.no_grad():
        output = torch.nn.functional.linear(top, head, bias_of_head).log_softmax(-1)
        share = output.exp()
    weight, bias = (one.clone().requires_grad_() for one in start)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=1, history_size=10, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        said = torch.nn.functional.linear(x @ weight + bias, head, bias_of_head).log_softmax(-1)
        kl = (share * (output - said)).sum(-1).mean()
        kl.backward()  # type: ignore[no-untyped-call]
        return kl

    with torch.enable_grad():
        for done in range(iterations):
            told(done)
            optimizer.step(closure)  # type: ignore[no-untyped-call]
    return weight.detach(), bias.detach()


def _figures(model: LanguageModel, states: Tensor, output: Tensor, wanted: Tensor) -> tuple[float, float]:
    """Mean KL(output ‖ lens) and mean loss, nats."""
    said = model.head(states).log_softmax(-1)
    kl = (output.exp() * (output - said)).sum(-1).mean().item()
    return kl, torch.nn.functional.nll_loss(said, wanted).item()


def _described(long_name: str, units: str) -> dict[str, object]:
    return {"long_name": long_name, "units": units}
