"""A training on its way, one moment after the other. A moment is a line as `rnnviz.monitoring.runs` has it, so that what draws a
training of somebody's own loop draws this one."""

import json
import math
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rnnviz.models.networks import parameter_count, reading
from rnnviz.monitoring import runs
from rnnviz.monitoring.moments import FIELDS, seen
from rnnviz.recording.block import record
from rnnviz.studies.lab.material import Material
from rnnviz.studies.lab.setup import Setup
from rnnviz.studies.memory.running import clipped
from rnnviz.studies.spreading import one_thread
from rnnviz.told import Told
from rnnviz.training.optimisers import SGD, Adam

SAMPLES = 12  # times in a training, about


class Training:
    """A network that learns a text, a series or a task. Ask `run` for the next moment as long as there is one; `state` is all
    that is needed to go on later, with the same numbers to the last bit.

    diverged: the loss or a gradient has left the numbers; then no update follows. Raises ValueError where the material cannot be
    learned with that set-up.
    """

    def __init__(self, setup: Setup, material: Material):
        self.setup, self.material, self.update = setup, material, 0
        material.check(setup)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(setup.seed)
            self.model = material.model(setup)
        known: dict[str, type[Adam] | type[SGD]] = {"adam": Adam, "sgd": SGD}
        make = known[setup.optimiser]
        self._optimiser = make(self.model.parameters(), setup.rate)
        self._loss = self._norm = self._clipped = math.nan
        self.diverged = False
        self._began = time.monotonic()

    def header(self) -> dict[str, Any]:
        """The first line of its run."""
        return {
            "format": runs.FORMAT,
            "model": self.setup.name,
            "modules": {"rnn": type(self.model.rnn).__name__},
            "parameters": parameter_count(self.model),
            "every": self.setup.every,
        }

    def run(self) -> Iterator[dict[str, Any]]:
        """The moments that are still to come; at the very start, the one before the first update. Each has, beside what a run
        has, what the material is judged by (`held_out`, the loss there, among it) and, now and then, what it shows."""
        places = self.setup.moments()
        shown = {
            places[i] for i in np.linspace(0, len(places) - 1, min(SAMPLES, len(places))).round().astype(int)
        }
        for update in places:
            if update < self.update or update == self.update > 0:
                continue
            with one_thread():
                while self.update < update and not self.diverged:
                    self._one_update()
                moment = self._moment(update in shown or self.diverged)
            yield moment
            if self.diverged:
                return

    def _one_update(self) -> None:
        setup = self.setup
        inputs, wanted = self.material.batch(setup, self.update)
        self.model.train()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(setup.seed * 1_000_003 + self.update)
            loss = self.material.loss(self.model, setup, inputs, wanted)
        parameters = list(self.model.parameters())
        gradients, norm = clipped(torch.autograd.grad(loss, parameters), setup.clip)
        self._loss, self._norm = loss.item(), norm
        self._clipped = norm if setup.clip is None else min(norm, setup.clip)
        self.update += 1
        if math.isfinite(self._loss) and math.isfinite(norm):
            self._optimiser.step(gradients)
        else:
            self.diverged = True

    def _moment(self, shows: bool) -> dict[str, Any]:
        judged = self.material.judged(self.model, self.setup)
        self.diverged = self.diverged or not math.isfinite(judged["held_out"])
        moment = {
            "step": self.update,
            "seconds": round(time.monotonic() - self._began, 2),
            "loss": self._loss,
            "gradient_norm": self._norm,
            "clipped_norm": self._clipped,
            "modules": {"rnn": self._inside()},
        } | judged
        if shows and not self.diverged:
            moment |= self.material.shown(self.model, self.setup)
        return moment

    def _inside(self) -> dict[str, Any]:
        """What a recording says of held-out sequences, their mean loss sent back."""
        inputs, wanted = self.material.measured(self.setup)
        with torch.enable_grad(), reading(self.model), record(self.model, keep=FIELDS) as recording:
            loss = self.material.loss(self.model, self.setup, inputs, wanted)
            torch.autograd.backward(loss, inputs=list(self.model.parameters()))
        self.model.zero_grad()
        return seen(recording.trace["rnn"].to_dataset().assign_attrs(recording.trace["rnn"].attrs))

    def state(self) -> bytes:
        """All that is needed to go on, as safetensors; what the set-up is and how far it came is in its metadata."""
        import safetensors.torch

        about = {
            "setup": self.setup.to_dict(),
            "material": self.material.fingerprint,
            "update": self.update,
            "numbers": [None if math.isnan(x) else str(x) for x in (self._loss, self._norm, self._clipped)],
            "diverged": self.diverged,
        }
        return safetensors.torch.save(self._tensors(), {"training": json.dumps(about)})

    @classmethod
    def of(cls, setup: Setup, material: Material, state: bytes) -> "Training":
        """Goes on from what `state` gave, where the network is the same; the rate, clipping and the number of updates may be
        others. Raises ValueError else."""
        import safetensors.torch

        try:
            size = int.from_bytes(state[:8], "little")
            about = json.loads(json.loads(state[8 : 8 + size])["__metadata__"]["training"])
            if Setup.from_dict(about["setup"]).network != setup.network:
                raise Told("another network")
            if about["material"] != material.fingerprint:
                raise Told("other data")
            tensors, training = safetensors.torch.load(state), cls(setup, material)
            mine = training._tensors()
            if mine.keys() != tensors.keys() or any(mine[n].shape != tensors[n].shape for n in mine):
                raise Told("other tensors")
            with torch.no_grad():
                for name, tensor in mine.items():
                    tensor.copy_(tensors[name])
            training.update, training.diverged = about["update"], about["diverged"]
            numbers = [math.nan if x is None else float(x) for x in about["numbers"]]
            training._loss, training._norm, training._clipped = numbers
        except Exception as problem:  # what safetensors and json raise, nobody has listed
            line = " ".join(str(problem).split())[:200]
            raise Told("this training cannot be gone on with ({line}); begin it anew", line=line) from None
        return training

    def _tensors(self) -> dict[str, Tensor]:
        """All tensors that an update changes: the tensors themselves."""
        found = {f"model.{name}": p.detach() for name, p in self.model.named_parameters()}
        return found | {f"optimiser.{i}": tensor for i, tensor in enumerate(self._optimiser.state)}
