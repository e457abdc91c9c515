"""One sentence into another, token by token: the likeliest each time, with changes on the way, or by beam search."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rnnviz.models.networks import State, Translator, reading, within
from rnnviz.models.vocabularies import END_ID, START_ID

LONGEST = 80  # tokens that are written at most
NEAR = 1e-6  # weights whose sum is so close to 1 are left as they are
HUGE = 1e300  # weights whose sum is beyond it are made smaller before they are summed


@dataclass(frozen=True)
class Change:
    """What is done otherwise at one step: weights over the source's tokens, or the token that is taken, or both."""

    weights: tuple[float, ...] | None = None
    token: int | None = None


@dataclass(frozen=True)
class Written:
    """What was written and how.

    tokens: the token of each step, `END` at the last unless the text was cut at the longest. log_probability: (query,
    target), nats. attentional: s̃ (query, unit).
    """

    tokens: list[int]
    log_probability: Tensor
    attentional: Tensor

    @property
    def ended(self) -> bool:
        return bool(self.tokens) and self.tokens[-1] == END_ID


def normalised(weights: Sequence[float]) -> tuple[float, ...]:
    """Weights that sum to 1; unchanged, to the last digit, where they already do. (key,)

    Raises ValueError where one is negative or not a number, or all are 0.
    """
    for i, weight in enumerate(weights):
        if not (math.isfinite(weight) and weight >= 0):
            raise ValueError(f"a weight must be a number from 0 up; weight {i + 1} is {weight}")
    if sum(weights) > HUGE:  # only shares matter, and a sum beyond float64 is none
        weights = [weight / max(weights) for weight in weights]
    total = math.fsum(weights)
    if total == 0:
        raise ValueError("all weights are 0; give one of them a number")
    return tuple(weights) if abs(total - 1) <= NEAR else tuple(weight / total for weight in weights)


def greedy(
    model: Translator,
    source: Sequence[int],
    changes: Mapping[int, Change | Callable[[list[float]], Change]] | None = None,
    longest: int = LONGEST,
) -> Written:
    """Writes the likeliest token at each step, until `END`.

    source: ids (key,). changes: by step, what is done otherwise, or what says so from the step's own weights (key,); the steps
    after it go on from there. Raises ValueError for an empty source, weights that are not as many as the source's tokens or do
    not fit `normalised`, a token that is not there, or weights for a model without attention.

    >>> import rnnviz
    >>> model, card = rnnviz.load("translate-dates")
    >>> source, target = rnnviz.checkpoints.lexicons(card)
    >>> target.decode(rnnviz.decoding.greedy(model, source.encode("June 7, 1981")).tokens)
    '1981-06-07'
    """
    if not source:
        raise ValueError("there is nothing to read: give at least one token")
    changes = changes or {}
    targets = model.head.out_features
    for step, change in changes.items():
        if callable(change):
            continue
        if change.token is not None and not 0 <= change.token < targets:
            raise ValueError(f"step {step}: a token must be from 0 to {targets - 1}; got {change.token}")
        if change.weights is None:
            continue
        if model.attention is None:
            raise ValueError(f"step {step}: this model has no attention whose weights could be set")
        if len(change.weights) != len(source):
            raise ValueError(f"step {step}: {len(source)} weights are needed; got {len(change.weights)}")
    rows, attentionals, tokens = [], [], []
    with torch.inference_mode(), reading(model):
        memory, state = model.read(torch.tensor([list(source)]))
        last = START_ID
        for step in range(longest):
            change = changes.get(step, Change())
            if callable(change):
                change = change(model.weights(torch.tensor([[last]]), state, memory)[0, 0].tolist())
            given = None
            if change.weights is not None:
                given = torch.tensor([[normalised(change.weights)]], dtype=memory.dtype)
            scores, attentional, state = model.write(torch.tensor([[last]]), state, memory, given=given)
            rows.append(scores[0, 0].log_softmax(-1))
            attentionals.append(attentional[0, 0])
            last = int(rows[-1].argmax()) if change.token is None else change.token
            tokens.append(last)
            if last == END_ID:
                break
        return Written(tokens, torch.stack(rows), torch.stack(attentionals))


def greedy_many(
    model: Translator, sources: Sequence[Sequence[int]], longest: int = LONGEST, batch: int = 250
) -> list[list[int]]:
    """The same for many sources at once, without changes: the ids of each, without `END`."""
    written = []
    with torch.inference_mode(), reading(model):
        for start in range(0, len(sources), batch):
            ids, lengths = padded(sources[start : start + batch])
            memory, state = model.read(ids, lengths)
            valid = within(lengths, ids.shape[1])
            last = torch.full((len(ids), 1), START_ID)
            steps: list[Tensor] = []
            ended = torch.zeros(len(ids), dtype=torch.bool)
            while len(steps) < longest and not ended.all():
                scores, _, state = model.write(last, state, memory, valid)
                last = scores.argmax(-1)
                steps.append(last[:, 0])
                ended |= steps[-1] == END_ID
            for row in torch.stack(steps, 1).tolist():
                written.append(row[: row.index(END_ID)] if END_ID in row else row)
    return written


def padded(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Rows of unlike lengths as one tensor (batch, time), 0 beyond their ends, and the lengths (batch,)."""
    lengths = torch.tensor([len(row) for row in rows])
    ids = torch.zeros(len(rows), int(lengths.max()), dtype=torch.long)
    for own, row in zip(ids, rows, strict=True):
        own[: len(row)] = torch.tensor(row)
    return ids, lengths


@dataclass(frozen=True)
class Node:
    """A token that beam search looked at.

    step: counted from 0. parent: place of the node before it in the list, None at the first step. log_probability: nats,
    of all from the start to here. kept: whether the search went on from it, or it ended a sentence that was kept.
    """

    step: int
    token: int
    parent: int | None
    log_probability: float
    kept: bool

    @property
    def score(self) -> float:
        """Mean log probability of a token, nats: so that a long sentence does not lose for being long."""
        return self.log_probability / (self.step + 1)


def beam(model: Translator, source: Sequence[int], width: int = 3, longest: int = LONGEST) -> list[Node]:
    """The tree that beam search walks: of each kept sentence its `width` likeliest next tokens, of all those `width` kept.

    A sentence that ends takes its place out of the width. Sutskever, Vinyals & Le 2014, arXiv:1409.3215, section 3.2.
    Raises ValueError for an empty source or a width below 1.
    """
    if not source:
        raise ValueError("there is nothing to read: give at least one token")
    if width < 1:
        raise ValueError(f"a beam keeps at least one sentence; got {width}")
    nodes: list[Node] = []
    with torch.inference_mode(), reading(model):
        memory, state = model.read(torch.tensor([list(source)]))
        live: Sequence[int | None] = [None]
        last = torch.tensor([[START_ID]])
        for step in range(longest):
            scores, _, state = model.write(last, state, memory.expand(len(live), -1, -1))
            best = scores[:, 0].log_softmax(-1).topk(min(width, scores.shape[-1]), -1)
            found = sorted(
                (
                    ((0.0 if parent is None else nodes[parent].log_probability) + value, parent, row, token)
                    for row, parent in enumerate(live)
                    for value, token in zip(
                        best.values[row].tolist(), best.indices[row].tolist(), strict=True
                    )
                ),
                reverse=True,
                key=lambda f: f[0],
            )
            rows, kept = [], []
            for rank, (total, parent, row, token) in enumerate(found):
                nodes.append(Node(step, token, parent, total, rank < width))
                if rank < width and token != END_ID:
                    kept.append(len(nodes) - 1)
                    rows.append(row)
            width -= sum(1 for total, parent, row, token in found[:width] if token == END_ID)
            if not kept or width < 1:
                break
            live, last = kept, torch.tensor([[nodes[i].token] for i in kept])
            state = _rows(state, rows)
    return nodes


def sentences(nodes: Sequence[Node]) -> list[tuple[float, list[int]]]:
    """The sentences that a beam search ended, best score first: score (nats a token) and places of their nodes."""
    ended = [i for i, node in enumerate(nodes) if node.kept and node.token == END_ID]
    if not ended and nodes:
        ended = [i for i, node in enumerate(nodes) if node.kept and node.step == nodes[-1].step]
    return sorted(((nodes[i].score, path(nodes, i)) for i in ended), key=lambda found: -found[0])


def path(nodes: Sequence[Node], place: int) -> list[int]:
    """The places of the nodes from the first step to that one."""
    found: list[int] = []
    at: int | None = place
    while at is not None:
        found.append(at)
        at = nodes[at].parent
    return found[::-1]


def teach(model: Translator, source: Sequence[int], target: Iterable[int], step: int | None = None) -> Tensor:
    """Sends the loss of a known sentence back, for a recording to see; no `.grad` changes.

    target: ids with their `END`. step: of the token whose loss is sent back; None for all. Returns the loss, nats.
    Raises ValueError for a step that is not there.
    """
    target = list(target)
    if step is not None and not 0 <= step < len(target):
        raise ValueError(f"the loss of step {step} is asked for; there are steps 0 to {len(target) - 1}")
    with torch.enable_grad(), reading(model):
        embedded = model.source_embedding(torch.tensor([list(source)])).detach().requires_grad_()
        memory, state = model.encoded(embedded)
        scores = model.write(torch.tensor([[START_ID, *target[:-1]]]), state, memory)[0]
        each = nn.functional.cross_entropy(scores[0], torch.tensor(target), reduction="none")
        loss = each.sum() if step is None else each[step]
        torch.autograd.grad(loss, embedded)
    return loss.detach()


def _rows(state: State, rows: list[int]) -> State:
    """The decoder's states of those sentences: (layer, batch, hidden), of an LSTM two of them."""
    if isinstance(state, tuple):
        hidden, cell = state
        return hidden[:, rows], cell[:, rows]
    return state[:, rows]
