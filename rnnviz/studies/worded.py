"""Weights of a file as a model that reads text: with the embedding below them, the output above, and a vocabulary.

found = rnnviz.weights("writer.pt")
own = worded.live(found, found.vocabulary, "writer")
own.read("hello").log_probability         # (time, candidate)
"""

import itertools
import re
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from rnnviz.foreign import Weights
from rnnviz.models.vocabularies import UNKNOWN, WORD, Vocabulary, composed
from rnnviz.studies.live import Live, LiveError
from rnnviz.studies.series import gives
from rnnviz.told import Told

BEGINS = "To be, or not to be, that is the question"  # what a page opens on, as far as the vocabulary goes
UNKNOWNS = ("<unk>", "<UNK>", "[UNK]", "<oov>", "<OOV>", "unk", "UNK", "OOV", UNKNOWN)


class Stack(nn.Module):
    """Layers on each other, under the names that they have in their file, between what turns ids to numbers and what scores.

    table: (token, width), one-hot rows where a file has none. Called with ids (1, time); returns scores (time, output), or where
    there is no output the last layer's states.
    """

    def __init__(
        self, table: nn.Embedding, layers: Mapping[str, nn.RNNBase], output: nn.Linear | None
    ) -> None:
        super().__init__()
        self._table = table
        self._layers = []
        for layer, module in layers.items():
            name = layer.replace(".", "_") or "layer"
            while hasattr(self, name):
                name += "_"
            self.add_module(name, module)
            self._layers.append(name)
        self._output = output

    def forward(self, ids: Tensor) -> Tensor:
        found: Tensor = self._table(ids)
        for name in self._layers:
            found = getattr(self, name)(found)[0]
        return found[0] if self._output is None else self._output(found)[0]


class Tokens:
    """Texts as tokens of a vocabulary: characters, of which several may be one token, or words.

    names: by their ids. It is one of words where most tokens of letters have more than one.
    """

    def __init__(self, names: Mapping[int, str]) -> None:
        self.names, self.ids = dict(names), {token: one for one, token in names.items()}
        lettered = [token for token in self.ids if re.fullmatch(r"[\w']+", token)]
        self.words = sum(len(token) > 1 for token in lettered) > len(lettered) / 2
        self.unknown = next((token for token in UNKNOWNS if token in self.ids), None)
        self.small = not any(token != token.lower() for token in lettered)
        single = tuple(sorted({token for token in self.ids if len(token) == 1 and token != UNKNOWN}))
        self.composes = Vocabulary(single).composes
        longest = sorted((token for token in self.ids if len(token) > 1), key=len, reverse=True)
        odd = [token for token in self.ids if not token.isspace() and WORD.findall(token) != [token]]
        self._special = "|".join(map(re.escape, odd[:200]))  # what no word is, as <s>: it may be typed
        self._several = re.compile("|".join(map(re.escape, longest)) or r"(?!)")

    def split(self, text: str) -> list[str]:
        """The tokens of a text; the vocabulary's own for what is unknown. Raises LiveError where it has none."""
        if self.words:
            parts = re.split(f"({self._special})", text) if self._special else [text]
            pieces = [[part] if part in self.ids else WORD.findall(part) for part in parts]
            return [self._known(piece) for piece in itertools.chain.from_iterable(pieces)]
        text = composed(text) if self.composes else text
        found, at = [], 0
        while at < len(text):
            several = self._several.match(text, at)
            piece = several[0] if several else text[at]
            found.append(self._known(piece))
            at += len(piece)
        return found

    def encode(self, text: str) -> list[int]:
        return [self.ids[token] for token in self.split(text)]

    def begins(self) -> str:
        """A text that it can read to begin with."""
        text = BEGINS.lower() if self.small else BEGINS
        pieces = WORD.findall(text) if self.words else list(text)
        known = [piece for piece in pieces if piece in self.ids]
        if len(known) < 4:
            known = [token for token in self.ids if token.isprintable() and token != self.unknown][:12]
        return (" " if self.words else "").join(known) or next(iter(self.ids))

    def _known(self, piece: str) -> str:
        for one in (piece, piece.lower()) if self.words or self.small else (piece,):
            if one in self.ids:
                return one
        if self.unknown is None:
            raise LiveError(
                "{piece!r} is not in the vocabulary, which has no token for what is unknown: leave it out, or type it otherwise",
                piece=piece,
            )
        return self.unknown


def live(
    found: Weights,
    vocabulary: Mapping[int, str],
    name: str,
    chain: Sequence[str] | None = None,
    text: str = "",
) -> Live:
    """The layers of a file, to be run on any text, with states, gates, what comes next and gradients as a shipped model has them.

    vocabulary: tokens by their ids, as `Weights.vocabulary` and `foreign.vocabulary.parsed` give them. chain: the layers that
    read, one taking what the one before gives; by default the file's own. text: what a page opens on. Where nothing gives a score
    to each token, `lacks` of what comes back says why, and there are states and gates alone.

    Raises Told, in one line, where the layers, the embedding and the vocabulary do not fit.

    >>> from rnnviz.foreign import Weights
    >>> rnn, above = nn.RNN(3, 4, batch_first=True), nn.Linear(4, 3)
    >>> found = Weights({"rnn": rnn}, ("rnn",), None, above, (), (), "NumPy")
    >>> live(found, {0: "a", 1: "b", 2: "c"}, "abc").read("abba").log_probability.shape
    (4, 3)
    """
    chain = tuple(chain or found.chain or (found if len(found) == 1 else ()))
    if not chain:
        raise Told(
            "which of the layers read, and in which order, the file does not say: {names}",
            names=", ".join(found),
        )
    for below, layer in itertools.pairwise(chain):
        if gives(found[below]) != found[layer].input_size:
            raise Told(
                "{layer} takes {wanted} numbers; {below} gives {given}",
                layer=layer,
                wanted=found[layer].input_size,
                below=below,
                given=gives(found[below]),
            )
    table, rows = _table(found, chain, vocabulary, name)
    tokens = Tokens(vocabulary)
    output, lacks = _output(found, chain, rows, name)
    model = Stack(table, {layer: found[layer] for layer in chain}, output)
    names = [vocabulary.get(one, f"⟨{one}⟩") for one in range(rows)]

    def encode(typed: str) -> Tensor:
        return torch.tensor([tokens.encode(typed)])

    return Live(
        model.eval(),
        encode,
        text or tokens.begins(),
        name=name,
        steps=tokens.split,
        next=None if output is None else lambda scores: scores,
        outputs=() if output is None else names,
        joint=" " if tokens.words else "",
        lacks=lacks,
    )


def _table(
    found: Weights, chain: Sequence[str], vocabulary: Mapping[int, str], name: str
) -> tuple[nn.Embedding, int]:
    """What gives each id its numbers, and how many ids there are."""
    width, count = found[chain[0]].input_size, len(vocabulary)
    first, last = min(vocabulary), max(vocabulary)
    below = found.embedding if not found.chain or chain[0] == found.chain[0] else None
    rows = width if below is None else below.num_embeddings
    if last < rows and (first > 0 or last != count - 1 or last == rows - 1):
        return below or one_hot(width), rows
    said = {
        "name": name,
        "rows": rows,
        "count": count,
        "first": first,
        "last": last,
        "example": '{"a": 1, "b": 2}',
    }
    if below is None:
        raise Told(
            "{name}: its first layer reads {rows:,} numbers and no embedding was found, so that it would take as many tokens "
            "one-hot; the vocabulary has {count:,}, of ids {first} to {last}. Give as many, or the ids with them as JSON: "
            "{example}",
            **said,
        )
    raise Told(
        "{name}: its embedding has {rows:,} tokens; the vocabulary has {count:,}, of ids {first} to {last}. Give as many, or the "
        "ids with them as JSON: {example}",
        **said,
    )


def one_hot(width: int) -> nn.Embedding:
    """Of so many tokens each a row with a single 1."""
    made = nn.Embedding(width, width, device="meta")  # moves nobody's random generator
    made.load_state_dict({"weight": torch.eye(width)}, assign=True)
    return made


def _output(
    found: Weights, chain: Sequence[str], rows: int, name: str
) -> tuple[nn.Linear | None, Told | None]:
    last = chain[-1]
    if any(found[layer].bidirectional for layer in chain):
        return None, Told(
            "{name} reads backward too, so that it knows what comes next: there are no candidates and no loss.",
            name=name,
        )
    output = found.output if not found.chain or last == found.chain[-1] else None
    if output is None or output.in_features != gives(found[last]):
        return None, Told(
            "{name}: no output layer that takes the {count} numbers of {layer} was found in the file, so there are no candidates "
            "and no loss. The model itself has them: rnnviz explore package.module:function.",
            name=name,
            count=gives(found[last]),
            layer=last,
        )
    if output.out_features != rows:
        return None, Told(
            "{name}: its output gives {count} numbers, and there are {rows} tokens: they are no scores of what comes next, so "
            "there are no candidates and no loss.",
            name=name,
            count=output.out_features,
            rows=rows,
        )
    return output, None
