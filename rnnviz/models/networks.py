"""The small models that are shipped, built of stock torch modules."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from rnnviz.recording.attention import Attention

State = Tensor | tuple[Tensor, Tensor]  # of a recurrent module, (layer, batch, unit): of an LSTM two of them
Stock = nn.RNN | nn.GRU | nn.LSTM
Model = TypeVar("Model", bound=nn.Module)

KINDS: dict[str, type[Stock]] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


def module_of(kind: str) -> type[Stock]:
    """The stock module of a kind. Raises ValueError for another kind."""
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {kind!r}")
    return KINDS[kind]


def made_room(model: Model) -> Model:
    """The same model, which was built on meta, with room for its numbers on the CPU; what stands there is arbitrary.

    As `Module.to_empty`, which asks for `empty_like` of a tensor on meta: torch imports SymPy for it, a second and 100 MB.
    """
    room = {name: torch.empty(one.shape, dtype=one.dtype) for name, one in model.state_dict().items()}
    model.load_state_dict(room, assign=True)
    return model


def run_padded(
    run: Callable[[Tensor | PackedSequence], Any], embedded: Tensor, lengths: Tensor | None
) -> tuple[Tensor, State]:
    """What a batch_first recurrent module returns of padded rows: states (batch, time, unit), 0 beyond an end, and the last.

    run: the module, or what calls it. embedded: (batch, time, feature). lengths: (batch,); None where all rows are whole.
    """
    states: Tensor
    last: State
    if lengths is None:
        states, last = run(embedded)
        return states, last
    packed = nn.utils.rnn.pack_padded_sequence(
        embedded, lengths.cpu(), batch_first=True, enforce_sorted=False
    )
    padded, last = run(packed)
    states, _ = nn.utils.rnn.pad_packed_sequence(padded, batch_first=True, total_length=embedded.shape[1])
    return states, last


def within(lengths: Tensor, steps: int) -> Tensor:
    """Where there is a token, not padding: (batch, step). lengths: (batch,)."""
    return torch.arange(steps, device=lengths.device) < lengths[:, None]


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
        module = module_of(kind)
        self.embedding = nn.Embedding(vocabulary, embedding)
        between = dropout if layers > 1 else 0.0
        self.rnn = module(embedding, hidden, layers, batch_first=True, dropout=between)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden, vocabulary)

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """ids: (batch, time), integers. Returns scores (batch, time, vocabulary) and the state after the last step."""
        hidden, state = self.rnn(self.dropout(self.embedding(ids)), state)
        return self.head(self.dropout(hidden)), state


class NumberModel(nn.Module):
    """Reads numbers, and after each step tells numbers: what it forecasts, or the scores of an answer.

    kind: 'rnn' (tanh), 'gru' or 'lstm'. inputs, outputs: numbers of a step. hidden: width. layers: how many recurrent layers lie
    on each other. dropout: between layers and before the head, in training only. Raises ValueError for another kind.
    """

    def __init__(
        self, kind: str, inputs: int, outputs: int, hidden: int = 64, layers: int = 1, dropout: float = 0.0
    ):
        super().__init__()
        between = dropout if layers > 1 else 0.0
        self.rnn = module_of(kind)(inputs, hidden, layers, batch_first=True, dropout=between)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden, outputs)

    def forward(self, numbers: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """numbers: (batch, time, input). Returns what is told (batch, time, output) and the state after the last step."""
        hidden, state = self.rnn(numbers, state)
        return self.head(self.dropout(hidden)), state


class Translator(nn.Module):
    """Reads one sentence and writes another: an encoder, a decoder and, between them, attention or nothing but a state.

    kind: 'rnn', 'gru' or 'lstm', of both halves. source, target: numbers of tokens. embedding, hidden: widths; a
    bidirectional encoder has hidden / 2 units in each direction, so that what it hands over fits the decoder. layers: of
    each half. attention: 'dot', 'general', 'additive', or None for the twin in which all must pass through the encoder's
    last state. dropout: on embeddings, between layers and before the head, in training only.
    Source: Luong, Pham & Manning 2015, arXiv:1508.04025, equations 3 to 6 (global attention, without input feeding).
    Raises ValueError for another kind, or where hidden is odd and the encoder bidirectional.
    """

    def __init__(
        self,
        kind: str,
        source: int,
        target: int,
        embedding: int = 64,
        hidden: int = 128,
        layers: int = 1,
        bidirectional: bool = True,
        attention: str | None = "dot",
        dropout: float = 0.0,
    ):
        super().__init__()
        module = module_of(kind)
        if bidirectional and hidden % 2:
            raise ValueError(f"hidden must be even for two directions; got {hidden}")
        between = dropout if layers > 1 else 0.0
        half = hidden // 2 if bidirectional else hidden
        self.source_embedding = nn.Embedding(source, embedding)
        self.target_embedding = nn.Embedding(target, embedding)
        self.encoder = module(
            embedding, half, layers, batch_first=True, bidirectional=bidirectional, dropout=between
        )
        self.decoder = module(embedding, hidden, layers, batch_first=True, dropout=between)
        self.attention = None if attention is None else Attention(attention, hidden)
        self.combine = nn.Linear(hidden if attention is None else 2 * hidden, hidden, bias=False)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden, target)

    def read(self, ids: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, State]:
        """ids: (batch, key), integers. lengths: (batch,), of padded rows; without it all are whole.

        Returns the memory (batch, key, hidden), one state of the top layer for each token, and the state that the decoder
        starts from: (layer, batch, hidden), of an LSTM two of them.
        """
        return self.encoded(self.dropout(self.source_embedding(ids)), lengths)

    def encoded(self, embedded: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, State]:
        """The same from the embedded tokens, (batch, key, embedding)."""
        memory, state = run_padded(self.encoder, embedded, lengths)
        if isinstance(state, tuple):
            hidden, cell = state
            return memory, (self._joined(hidden), self._joined(cell))
        return memory, self._joined(state)

    def _joined(self, state: Tensor) -> Tensor:
        """Both directions of a layer side by side: (layer, batch, hidden)."""
        if not self.encoder.bidirectional:
            return state
        sides = torch.unflatten(state, 0, (self.encoder.num_layers, 2))
        return sides.transpose(1, 2).flatten(2).contiguous()

    def write(
        self,
        ids: Tensor,
        state: State,
        memory: Tensor,
        valid: Tensor | None = None,
        given: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, State]:
        """ids: (batch, query), the tokens before each that is asked for. valid, given: see attention.attend.

        Returns scores of the next tokens (batch, query, target), s̃ = tanh(W_c [a; s]) (batch, query, hidden), and the
        decoder's state after the last of them.
        """
        states, state = self._told(ids, state)
        told = states
        if self.attention is not None:
            told = torch.cat((self.attention(states, memory, valid, given), states), -1)
        attentional = self.combine(told).tanh()
        return self.head(self.dropout(attentional)), attentional, state

    def weights(self, ids: Tensor, state: State, memory: Tensor) -> Tensor:
        """Where `write` looks by itself: (batch, query, key). Raises ValueError for a model without attention."""
        if self.attention is None:
            raise ValueError("this model has no attention that could have weights")
        return self.attention.scores(self._told(ids, state)[0], memory).softmax(-1)

    def _told(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """The decoder's states once it has been told these tokens, (batch, query, hidden), and the last for the next call."""
        states: Tensor
        states, state = self.decoder(self.dropout(self.target_embedding(ids)), state)
        return states, state

    def forward(self, source: Tensor, lengths: Tensor | None, target: Tensor) -> Tensor:
        """Teacher forcing: the scores (batch, query, target) of the token after each of `target` (batch, query)."""
        memory, state = self.read(source, lengths)
        valid = None if lengths is None else within(lengths.to(source.device), source.shape[1])
        return self.write(target, state, memory, valid)[0]


class BlankFiller(nn.Module):
    """Says which word stands in each place, from the words before it alone or from those on both sides.

    kind: 'rnn', 'gru' or 'lstm'; one layer, so that no state has seen the word that is asked for. vocabulary: number of
    tokens. embedding, hidden: widths, hidden of each direction. bidirectional: whether the words after a place are read, too.
    The heads are linear, so each candidate's score is what the left says plus what the right says plus its bias.
    """

    def __init__(
        self,
        kind: str,
        vocabulary: int,
        embedding: int = 64,
        hidden: int = 128,
        bidirectional: bool = True,
        dropout: float = 0.0,
    ):
        super().__init__()
        module = module_of(kind)
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.rnn = module(embedding, hidden, batch_first=True, bidirectional=bidirectional)
        self.dropout = nn.Dropout(dropout)
        self.left = nn.Linear(hidden, vocabulary)
        self.right = nn.Linear(hidden, vocabulary, bias=False) if bidirectional else None

    def sides(self, ids: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """ids: (batch, time), each sentence between `START` and `END`. lengths: (batch,), of padded rows, both ends counted.

        Returns what the words before and those after each place say of it: scores (batch, time - 2, vocabulary), of the
        places between the ends; None for the words after it where they are not read.
        """
        hidden, _ = run_padded(self.rnn, self.dropout(self.embedding(ids)), lengths)
        hidden = self.dropout(hidden)
        units = self.rnn.hidden_size
        before = self.left(hidden[:, :-2, :units])
        return before, None if self.right is None else self.right(hidden[:, 2:, units:])

    def forward(self, ids: Tensor, lengths: Tensor | None = None) -> Tensor:
        """The scores of each place's word: (batch, time - 2, vocabulary)."""
        before, after = self.sides(ids, lengths)
        return before if after is None else before + after


READOUTS = ("last", "mean", "attention")


class Classifier(nn.Module):
    """Reads a text and says one of two things of it: the log odds of the second.

    kind: 'rnn', 'gru' or 'lstm'. vocabulary: number of tokens. embedding, hidden: widths. readout: what the verdict is read
    from: the 'last' state, the 'mean' of all states, or their mean weighted by 'attention' (Yang et al. 2016, NAACL, section
    2.2). dropout: on the embedding and on what is read out; recurrent_dropout: on h_{t-1} where the gates read it. Both in
    training only, with the same mask at each step (Gal & Ghahramani 2016, arXiv:1512.05287); that on h_{t-1} is one for the
    whole batch, as it is laid on the columns of the recurrent weight, so that torch's own kernel runs.
    Raises ValueError for another kind or readout.
    """

    def __init__(
        self,
        kind: str,
        vocabulary: int,
        embedding: int = 64,
        hidden: int = 128,
        readout: str = "last",
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
    ):
        super().__init__()
        module = module_of(kind)
        if readout not in READOUTS:
            raise ValueError(f"readout must be one of {', '.join(READOUTS)}; got {readout!r}")
        self.readout, self.recurrent_dropout = readout, recurrent_dropout
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.rnn = module(embedding, hidden, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        if readout == "attention":
            self.key = nn.Linear(hidden, hidden)
            self.query = nn.Linear(hidden, 1, bias=False)
        self.head = nn.Linear(hidden, 1)

    def states(self, embedded: Tensor, lengths: Tensor | None = None) -> Tensor:
        """The hidden states (batch, time, hidden) over embedded tokens (batch, time, embedding); 0 beyond a row's length."""
        run: Callable[[Tensor | PackedSequence], Any] = self.rnn
        if self.training:
            # the same places at every step: a mask over the embedding's units, not over its time
            embedded = embedded * self.dropout(torch.ones_like(embedded[:, :1]))
            if self.recurrent_dropout:
                run = self._masked
        return run_padded(run, embedded, lengths)[0]

    def _masked(self, input: Tensor | PackedSequence) -> Any:
        weight = self.rnn.weight_hh_l0
        assert isinstance(weight, Tensor)
        mask = nn.functional.dropout(torch.ones_like(weight[:1]), self.recurrent_dropout)
        return torch.func.functional_call(self.rnn, {"weight_hh_l0": weight * mask}, (input,))

    def weights(self, states: Tensor, valid: Tensor) -> Tensor:
        """How much of the verdict is read from each state: (batch, time), rows sum to 1. valid: (batch, time)."""
        if self.readout == "last":
            last = valid.sum(1, keepdim=True) - 1
            return torch.zeros_like(valid, dtype=states.dtype).scatter_(1, last, 1.0)
        if self.readout == "mean":
            return valid / valid.sum(1, keepdim=True).to(states.dtype)
        scores: Tensor = self.query(self.key(states).tanh())
        return scores.squeeze(-1).masked_fill(~valid, -torch.inf).softmax(1)

    def judge(self, states: Tensor, valid: Tensor) -> Tensor:
        """The log odds (batch,) that are read from states (batch, time, hidden)."""
        pooled = (self.weights(states, valid)[:, None] @ states)[:, 0]
        odds: Tensor = self.head(self.dropout(pooled))
        return odds[:, 0]

    def forward(self, ids: Tensor, lengths: Tensor | None = None) -> Tensor:
        """ids: (batch, time), integers; lengths: (batch,), of padded rows. Returns log odds (batch,)."""
        states = self.states(self.embedding(ids), lengths)
        whole = torch.full((len(ids),), ids.shape[1]) if lengths is None else lengths
        return self.judge(states, within(whole.to(ids.device), ids.shape[1]))

    def verdicts(self, states: Tensor) -> Tensor:
        """The log odds after each step of one text, had it ended there. states: (time, hidden). Returns (time,)."""
        steps = len(states)
        valid = torch.ones(steps, steps, dtype=torch.bool, device=states.device).tril()
        return self.judge(states.expand(steps, -1, -1), valid)


def parameter_count(model: nn.Module) -> int:
    """How many numbers the model has learned."""
    return sum(p.numel() for p in model.parameters())


def log_probabilities(model: LanguageModel, ids: list[int]) -> Tensor:
    """Log probability (nats) of every token at every step: (time, vocabulary); row t is what may follow token t."""
    with reading(model), torch.inference_mode():
        scores: Tensor = model(torch.tensor([ids]))[0]
        return scores[0].log_softmax(-1)


@contextmanager
def reading(model: nn.Module) -> Iterator[None]:
    """The model in eval mode in the block, then each of its modules as it was."""
    modes = [(module, module.training) for module in model.modules()]
    for module, _training in modes:
        module.training = False
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


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
