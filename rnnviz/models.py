"""The small models that are shipped, built of stock torch modules."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

KINDS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class LanguageModel(nn.Module):
    """Reads tokens, and after each gives the scores of the next one.

    kind: 'rnn' (tanh), 'gru' or 'lstm'. vocabulary: number of tokens. embedding, hidden: widths. layers: how many recurrent
    layers lie on each other. dropout: on the embedding, between layers and before the head, in training only.
    Raises ValueError for another kind.
    """

    def __init__(
        self,
        kind: str,
        vocabulary: int,
        embedding: int = 64,
        hidden: int = 256,
        layers: int = 2,
        dropout: float = 0.0,
    ):
        super().__init__()
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {kind!r}")
        self.embedding = nn.Embedding(vocabulary, embedding)
        between = dropout if layers > 1 else 0.0
        self.rnn = KINDS[kind](embedding, hidden, layers, batch_first=True, dropout=between)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden, vocabulary)

    def forward(self, ids: Tensor, state=None) -> tuple[Tensor, Tensor | tuple[Tensor, Tensor]]:
        """ids: (batch, time), integers. Returns scores (batch, time, vocabulary) and the state after the last step."""
        hidden, state = self.rnn(self.dropout(self.embedding(ids)), state)
        return self.head(self.dropout(hidden)), state


def parameter_count(model: nn.Module) -> int:
    """How many numbers the model has learned."""
    return sum(p.numel() for p in model.parameters())


def log_probabilities(model: LanguageModel, ids: list[int]) -> Tensor:
    """Log probability (nats) of every token at every step: (time, vocabulary); row t is what may follow token t."""
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            scores, _ = model(torch.tensor([ids]))
            return scores[0].log_softmax(-1)
    finally:
        model.train(was_training)


@contextmanager
def without_denormals() -> Iterator[None]:
    """Numbers too small for their type are 0 in the block; processors are a hundred times slower with them."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def send_back(model: LanguageModel, ids: list[int], losses: list[list[int]]) -> Tensor:
    """Sends the loss of chosen steps back through a model that reads one text, for a recording to see; no `.grad` changes.

    losses: for each row of a batch of the same text, the steps whose loss is summed: at step t, -ln of the probability that
    the model gives to token t + 1. Returns the loss of each row (row,), nats. Raises ValueError where a step has no next.
    """
    for row in losses:
        for step in row:
            if not 0 <= step < len(ids) - 1:
                raise ValueError(f"a loss needs a next token: steps 0 to {len(ids) - 2}; got {step}")
    with torch.enable_grad():
        read = torch.tensor([ids])
        embedded = model.embedding(read).detach().repeat(len(losses), 1, 1).requires_grad_()
        hidden, _ = model.rnn(embedded)
        scores = model.head(hidden)
        surprise = nn.functional.cross_entropy(
            scores[:, :-1].flatten(0, 1), read[:, 1:].repeat(len(losses), 1).flatten(), reduction="none"
        ).view(len(losses), -1)
        chosen = torch.zeros_like(surprise)
        for row, steps in zip(chosen, losses, strict=True):
            row[steps] = 1
        each = (surprise * chosen).sum(1)
        torch.autograd.grad(each.sum(), embedded)
    return each.detach()
