"""The small models that are shipped, built of stock torch modules."""

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
