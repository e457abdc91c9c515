"""What would the network say already here? Each layer's state, at each step, through the output layer.

    lens = rnnviz.lens.fit(subject, corpus)                # a small affine map for each lower layer
    rnnviz.lens.read(subject, "To be, or not to be", lens)["log_probability"]      # (layer, time, candidate)

Without `lens` the states go through the output layer as they are (the logit lens, nostalgebraist 2020): it was trained for those
of the top layer and takes the units of another in vain. With it, a lower layer's state is first carried to where the top layer's
are expected (as the tuned lens, Belrose et al. 2023, arXiv:2303.08112). Which of the two says more is told with a fit. Those of
the shipped models are in `rnnviz.lenses`.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn

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
NEAR = 1e-3  # nats by which an output layer may miss what the model itself says


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
        wanted = _wanted(stretches[-last:])
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
            "held_out": int((wanted >= 0).sum()),
            "ridge": ridge,
            "iterations": iterations,
            "subject": subject.name,
        },
    )


def measure(subject: Live, corpus: str | Sequence[str], lens: xr.Dataset | None = None) -> xr.Dataset:
    """How much a lens says of text that it was not fitted to: `kl` and `loss` (layer,), as `fit` has them of what it held out.

    corpus: as of `fit`. lens: None for states as they are. Raises ValueError as `fit` and `read`.
    """
    model, stretches = _read(subject, corpus)
    _check(subject, lens, model.rnn.num_layers, model.rnn.hidden_size)
    with reading(model), torch.no_grad():
        parts = [
            _layers(model, stretches[first : first + TOGETHER])[:, WARM:]
            for first in range(0, len(stretches), TOGETHER)
        ]
        states = torch.cat(parts, 2).flatten(1, 2)
        wanted = _wanted(stretches)
        output = model.head(states[-1]).log_softmax(-1)
        found = np.array([_figures(model, one, output, wanted) for one in _seen(states, lens)])
    return xr.Dataset(
        {
            "kl": ("layer", found[:, 0], _described("KL(output ‖ lens)", "nat")),
            "loss": ("layer", found[:, 1], _described("loss of the lens", "nat")),
        }
    )


def read(subject: Live, text: str, lens: xr.Dataset | None = None) -> xr.Dataset:
    """What each layer's state says of the next token, at each step of a text.

    subject: a language model, or any other whose `next` gives what one linear layer makes of a recurrent layer's state; then all
    layers of that width are read, that one last. lens: of `fit`; without it the states go through the output layer as they are.

    Returns `log_probability` (layer, time, candidate), nats; `kl` (layer, time), KL(output ‖ layer), nats, 0 at the top layer;
    `loss` (layer, time), −ln of what it gives to the next token, NaN at the last. The coordinates `module` and `number` say which
    layer each is. Raises ValueError where there is no such output layer, or the lens is that of another.
    """
    model = subject.model
    ids = rows.ids_of(subject, text) if text else None
    if ids and isinstance(model, LanguageModel):
        with reading(model), torch.no_grad():
            states = _layers(model, torch.tensor([ids]))[:, :, 0]  # (layer, time, unit)
        head: nn.Linear = model.head
        places = [("rnn", layer) for layer in range(len(states))]
        following = [subject.outputs[one] for one in ids]
    else:
        states, head, places, following = _spoken(subject, text)
    _check(subject, lens, len(states), states.shape[-1])
    with torch.no_grad():
        logs = head(_seen(states, lens)).log_softmax(-1)
        kl = (logs[-1].exp() * (logs[-1] - logs)).sum(-1)
        loss = torch.full(logs.shape[:2], torch.nan, dtype=logs.dtype)
        known = {token: place for place, token in enumerate(subject.outputs)}
        for step, token in enumerate(following[1:]):
            if token in known:
                loss[:, step] = -logs[:, step, known[token]]
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
            "module": ("layer", [module for module, _number in places], {"units": "1"}),
            "number": ("layer", [number for _module, number in places], {"units": "1"}),
        },
        attrs={"lens": "raw" if lens is None else "affine"},
    )


def _spoken(subject: Live, text: str) -> tuple[Tensor, nn.Linear, list[tuple[str, int]], list[str]]:
    """Of any model the states that its output layer could read, (layer, time, unit), the one that it does read last; that layer,
    found by what it gives; of each the module and the number; and what was read."""
    if not text:
        raise Told("{name}: a lens needs a text of at least one token", name=subject.name)
    came = subject.read(text)
    if came.log_probability is None:
        raise Told("{name} does not say what it predicts: give Live `next` and `outputs`", name=subject.name)
    wanted = torch.from_numpy(came.log_probability.values)
    found: list[tuple[tuple[str, int], Tensor]] = []
    for module in came.subject.modules:
        node = came.subject.node(module)
        if node.sizes["direction"] > 1:
            continue  # what stands at a step has read what comes after it
        for layer in range(node.sizes["layer"]):
            hidden = came.subject.states(module, layer)["hidden"].transpose("time", "unit")
            if hidden.sizes["time"] == len(wanted):
                found.append(((module, layer), torch.from_numpy(hidden.values.copy())))
    heads = [
        one
        for one in subject.model.modules()
        if isinstance(one, nn.Linear) and one.out_features == wanted.shape[-1]
    ]
    for place, state in reversed(found):
        for head in heads:
            if head.in_features != state.shape[-1]:
                continue
            head = _alone(head, state)
            with torch.no_grad():
                if (head(state).log_softmax(-1) - wanted).abs().max() <= NEAR:
                    own = [(p, one) for p, one in found if one.shape == state.shape and p != place]
                    places = [*(p for p, _one in own), place]
                    return torch.stack([*(one for _p, one in own), state]), head, places, list(came.tokens)
    raise Told(
        "{name}: no linear layer gives what `next` says from one recurrent layer's state alone, so there is none to look through",
        name=subject.name,
    )


def _alone(head: nn.Linear, like: Tensor) -> nn.Linear:
    """A copy of the layer where the states are, in their type."""
    with torch.device("meta"):
        copy = nn.Linear(head.in_features, head.out_features, head.bias is not None)
    copy.weight = nn.Parameter(head.weight.detach().to(like), requires_grad=False)
    if head.bias is not None:
        copy.bias = nn.Parameter(head.bias.detach().to(like), requires_grad=False)
    return copy


def _check(subject: Live, lens: xr.Dataset | None, layers: int, width: int) -> None:
    """Raises ValueError where the lens is that of another model."""
    if lens is not None and lens["weight"].shape != (layers, width, width):
        raise Told(
            "this lens is for (layer, unit, top) {shape}; {name} has {value}",
            shape=lens["weight"].shape,
            name=subject.name,
            value=(layers, width, width),
        )


def _seen(states: Tensor, lens: xr.Dataset | None) -> Tensor:
    """The states as the output layer is given them: (layer, …, unit). The top layer's stay as they are."""
    if lens is None:
        return states
    weight = torch.from_numpy(lens["weight"].values).to(states)
    bias = torch.from_numpy(lens["bias"].values).to(states)
    return torch.cat((states[:-1] @ weight[:-1] + bias[:-1, None], states[-1:]))


def _wanted(stretches: Tensor) -> Tensor:
    """The token that comes next, of every state that counts, (time · stretch,); −100 at the end of a stretch, which has none."""
    following = stretches[:, WARM:].T.roll(-1, 0)
    known = torch.ones_like(following, dtype=torch.bool)
    known[-1] = False
    return torch.where(known, following, -100).flatten()


def _model(subject: Live) -> LanguageModel:
    if not isinstance(subject.model, LanguageModel):
        raise Told("{name} is no LanguageModel: a lens is fitted to those alone", name=subject.name)
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
