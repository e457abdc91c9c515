"""What was trained, to look into and to take away."""

import hashlib
import io
import json
import zipfile

import torch
from torch import nn

from rnnviz.models.networks import parameter_count
from rnnviz.studies.lab.running import Training
from rnnviz.studies.lab.setup import Setup
from rnnviz.studies.live import Live


class _Scores(nn.Module):
    """A language model that reads one text: the scores of what comes after each character, (time, candidate)."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.rnn, self.embedding, self.head = model.rnn, model.embedding, model.head

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.head(self.rnn(self.embedding(ids))[0])[0]


def live(training: Training, name: str) -> Live:
    """A trained model as one of the reader's own: the pages that explore run it on whatever is typed."""
    vocabulary = training.letters.vocabulary
    text = training.letters.text[len(training.letters.train) :][:80]

    def encode(typed: str) -> torch.Tensor:
        return torch.tensor([vocabulary.encode(typed)])

    model = _Scores(training.model).eval().requires_grad_(False)
    return Live(model, encode, text, name=name, next=lambda scores: scores, outputs=vocabulary.tokens)


def packed(training: Training, held_out: float, command: str) -> bytes:
    """A ZIP of model.safetensors and card.json, which says what it is: sizes, vocabulary, set-up, held-out loss in nats a
    character, the sha256 of the text and of the weights, and the command that makes it again."""
    import safetensors.torch

    setup, letters = training.setup, training.letters
    weights = safetensors.torch.save(
        {name: p.detach().clone() for name, p in training.model.named_parameters()}
    )
    card = {
        "model": {
            "kind": setup.kind,
            "vocabulary": len(letters.vocabulary),
            "embedding": training.model.embedding.embedding_dim,
            "hidden": setup.units,
            "layers": setup.layers,
        },
        "vocabulary": list(letters.vocabulary.characters),
        "parameters": parameter_count(training.model),
        "training": setup.to_dict() | {"updates": training.update},
        "held_out": {"loss": held_out, "units": "nats a character", "part": "the last tenth of the text"},
        "text": {
            "characters": len(letters.text),
            "sha256": hashlib.sha256(letters.text.encode("utf-8", "replace")).hexdigest(),
        },
        "command": command,
        "sha256": hashlib.sha256(weights).hexdigest(),
        "torch": str(torch.__version__),
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("model.safetensors", weights)
        archive.writestr("card.json", json.dumps(card, ensure_ascii=False, indent=1))
    return file.getvalue()


def command(setup: Setup, file: str = "text.txt") -> str:
    """What makes a training again, on a machine with rnnviz."""
    plain = Setup()
    given = [
        f"--{name} {'none' if value is None else f'{value:g}' if isinstance(value, float) else value}"
        for name, value in setup.to_dict().items()
        if value != getattr(plain, name)
    ]
    return " ".join(["rnnviz train-text", file, *given])
