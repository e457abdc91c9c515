"""What was trained, to look into and to take away."""

import hashlib
import io
import json
import zipfile

import torch

from rnnviz.models.networks import parameter_count
from rnnviz.studies.lab.material import Material
from rnnviz.studies.lab.running import Training
from rnnviz.studies.lab.setup import Setup
from rnnviz.studies.live import Live


def live(training: Training, name: str) -> Live:
    """What was trained as a model of the reader's own: the pages that explore run it on whatever is typed."""
    return training.material.live(training.model, training.setup, name)


def packed(training: Training, held_out: float, command: str) -> bytes:
    """A ZIP of model.safetensors and card.json, which says what it is: sizes, set-up, what must be known to use the weights,
    held-out loss with its units, the sha256 of the data and of the weights, and the command that makes it again."""
    import safetensors.torch

    setup, material = training.setup, training.material
    weights = safetensors.torch.save(
        {name: p.detach().clone() for name, p in training.model.named_parameters()}
    )
    card = material.card(training.model, setup) | {
        "parameters": parameter_count(training.model),
        "training": setup.to_dict() | {"updates": training.update},
        "held_out": {"loss": held_out, "units": material.units, "part": material.part},
        "command": command,
        "sha256": hashlib.sha256(weights).hexdigest(),
        "torch": str(torch.__version__),
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("model.safetensors", weights)
        archive.writestr("card.json", json.dumps(card, ensure_ascii=False, indent=1))
    return file.getvalue()


def command(setup: Setup, material: Material, *file: str) -> str:
    """What makes a training again, on a machine with rnnviz. file: of the data, where they have one; as an example is called."""
    plain = Setup()
    given = [
        f"--{name} {'none' if value is None else f'{value:g}' if isinstance(value, float) else value}"
        for name, value in setup.to_dict().items()
        if value != getattr(plain, name)
    ]
    return " ".join(["rnnviz", *material.command(*file), *given])
