"""Monitor: keeps what happens inside a network while somebody's own loop trains it.

Between the moments that are kept nothing is watched, and nothing is ever put on the model: at such a moment torch's global hooks
say when one of its recurrent modules is about to run, and `rnnviz.recording` sees it, as in `rnnviz.record`. So random numbers
and losses are what they would have been, and gradients too, up to the rounding of another order of the same sums.
"""

import atexit
import contextlib
import os
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules import module as torch_modules
from torch.optim.optimizer import Optimizer, register_optimizer_step_pre_hook
from torch.overrides import TorchFunctionMode
from torch.utils.hooks import RemovableHandle

from rnnviz import files
from rnnviz.monitoring import runs
from rnnviz.monitoring.moments import FIELDS, seen
from rnnviz.recording.observed import MODULES, Observed
from rnnviz.recording.refusals import refuse_model
from rnnviz.recording.to_trace import recorded
from rnnviz.recording.torch_private import is_compiled
from rnnviz.recording.wanted import Wanted
from rnnviz.recording.watch import Watch, watching

MOST_CALLS = 20_000  # of recurrent modules in one moment: without a backward they are not held for ever
_OPEN: "dict[Path, Monitor]" = {}  # those of this process that write, by their folders


class _Patient(Watch):
    """Watches, and where a recording would refuse a call lets it run as it would."""

    def __init__(self, refused: Callable[[Exception], None]):
        super().__init__()
        self._refused = refused

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return super().__torch_function__(func, types, args, kwargs)
        except NotImplementedError as problem:
            self._refused(problem)
        return func(*args, **(kwargs or {}))


class _Losses(TorchFunctionMode):
    """Sees on which tensors backward is called."""

    def __init__(self) -> None:
        super().__init__()
        self.losses: list[Tensor] = []

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if func is Tensor.backward and args and args[0].numel() == 1:
            self.losses.append(args[0].detach())
        return func(*args, **(kwargs or {}))


class Monitor:
    """Keeps what happens inside a network while your own loop trains it; `rnnviz view` shows it, also while it goes.

        monitor = rnnviz.Monitor("runs/a", model, every=50)
        for x, y in batches:
            optimiser.zero_grad()
            loss = criterion(model(x), y)
            with monitor:
                loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()

    Every `every`-th time that its block is entered, from the first on, a moment is kept: the loss; the gradient norm of all
    parameters and of each, before and after clipping; of each recurrent layer and direction ‖∂L/∂h_t‖ at each distance from the
    last step (total and direct, as `stats.gradients.by_distance`), what its gates do, and the spectral radius and spectral norm
    of each part of its recurrent weight. `rnnviz.monitoring.runs` says how it is written.

    folder: where run.jsonl is written; it is made where it is missing. model: as for `record`. every: blocks between two moments,
    at least 1. resume: go on with a run that lies there; step: how many blocks came before, where it is not the last that was
    kept. tensorboard: whether the same numbers are written as TensorBoard's event files beside it (needs tensorboard).

    The forward may run in the block or before it. The loss is the sum of the numbers on which `backward` is called in the block;
    where that is scaled (GradScaler) or divided, say the right one: `monitor.log(loss=…)`. What comes after clipping is read when
    the optimiser is about to step, so a moment is written then, or where the next block begins. A block that raises keeps
    nothing. Where a recording would refuse a call, as under torch.utils.checkpoint, the model runs as it would, and the moment
    says what is missing.

    Raises ValueError for a folder that holds a run (without resume) or for every < 1; BlockingIOError where another process
    writes there; TypeError and NotImplementedError as `record` does, and for modules of torch.compile.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        model: nn.Module,
        every: int = 50,
        *,
        resume: bool = False,
        step: int | None = None,
        tensorboard: bool = False,
    ):
        refuse_model(model)
        if any(is_compiled(module) for module in model.modules()):
            raise NotImplementedError(
                "Monitor cannot look into what torch.compile has compiled: give it, and train, the model as it was before"
            )
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise ValueError(f"every is a whole number of blocks, at least 1; got {every!r}")
        if not any(isinstance(module, MODULES) for module in model.modules()):
            raise ValueError(
                f"{type(model).__name__} holds no nn.RNN, nn.LSTM or nn.GRU, and none of their cells"
            )
        writer = _event_writer() if tensorboard else None  # before anything is made that would be left behind
        self.folder, self.model, self.every = Path(folder), model, every
        self._held = ExitStack()  # the right to write
        self._file, self._step = self._opened(resume, step)
        self._events = writer(str(self.folder), purge_step=self._step or None) if writer else None
        self._process = os.getpid()
        self._began = time.monotonic()
        self._observed: Observed | None = None
        self._hooks: list[RemovableHandle] = []
        self._modes: list[tuple[nn.Module, _Patient]] = []
        self._inside = False
        self._losses: _Losses | None = None  # of a block that is kept, while it is open
        self._pending: dict[str, Any] | None = None
        self._waiting: RemovableHandle | None = None
        self._problems: list[str] = []
        self._closed = False
        _OPEN[self.folder.resolve()] = self
        atexit.register(self.close)
        self._listen()

    def _opened(self, resume: bool, step: int | None) -> tuple[Any, int]:
        path = self.folder / runs.NAME
        if self.folder.resolve() in _OPEN:
            raise ValueError(
                f"{self.folder} is written to by another Monitor: close() it, or give another folder"
            )
        files.check_writable(self.folder)
        self._held.enter_context(files.alone(self.folder / runs.WRITING, f"{self.folder} is written to"))
        try:
            before = runs.Run(path) if path.exists() else None
            if before is not None and not resume:
                raise ValueError(
                    f"{self.folder} holds a run already: give another folder, or resume=True to go on with it"
                )
            last = before.moments[-1]["step"] + 1 if before is not None and before.moments else 0
            own = last if step is None else step
            file = path.open("ab")
            if before is not None and file.tell() > before.read_to:  # it was killed while it wrote
                file.write(b"\n")
            if before is None:
                file.write(runs.line(self._described()))
            file.flush()
        except BaseException:
            self._held.close()
            raise
        return file, own

    def _described(self) -> dict[str, Any]:
        from rnnviz import __version__

        model = self.model
        return {
            "format": runs.FORMAT,
            "model": type(model).__name__,
            "modules": {
                name or type(module).__name__.lower(): type(module).__name__
                for name, module in model.named_modules()
                if isinstance(module, MODULES)
            },
            "parameters": sum(p.numel() for p in model.parameters()),
            "every": self.every,
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "rnnviz": __version__,
            "torch": str(torch.__version__),
        }

    @property
    def step(self) -> int:
        """How many blocks have come to their end."""
        return self._step

    @property
    def due(self) -> bool:
        """Whether the next block, or the one that is open, is kept."""
        return self._step % self.every == 0

    def log(self, **numbers: float) -> None:
        """Keeps numbers of your own, as `monitor.log(validation_loss=2.1)`, beside the step that was reached. `loss` stands for
        the loss of the last moment. Raises TypeError for what is no number."""
        own = {}
        for name, number in numbers.items():
            try:
                own[name] = float(number)
            except (TypeError, ValueError):
                raise TypeError(f"log takes numbers; {name} came as {type(number).__name__}") from None
        self._write({"step": max(self._step - 1, 0) if "loss" in own else self._step, "logged": own})

    def __enter__(self) -> "Monitor":
        if self._inside:
            raise RuntimeError("the block of this monitor is open already: it cannot stand in itself")
        self._flush()
        self._inside = True
        if self.due and not self._closed:
            self._losses = _Losses()
            self._losses.__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, _trace: TracebackType | None
    ) -> None:
        kept, self._losses = self._losses, None
        self._inside = False
        if kept is not None:
            kept.__exit__(kind, problem, _trace)  # type: ignore[no-untyped-call]
            if problem is None and not self._closed:
                self._keep(kept.losses)
        if problem is None:
            self._step += 1
        if kept is not None or self.due:
            self._listen()

    def _keep(self, losses: Sequence[Tensor]) -> None:
        """What is so at this moment; written once the optimiser steps."""
        began = time.perf_counter()
        observed, problems = self._observed, self._problems
        self._observed, self._problems = None, []
        moment: dict[str, Any] = {"step": self._step, "seconds": round(time.monotonic() - self._began, 3)}
        with torch.no_grad():
            moment["loss"] = sum(float(one) for one in losses) if losses else None
            moment["parameters"] = {
                name: {"norm": _norm([p]), "gradient_norm": _norm([p.grad]), "clipped_norm": None}
                for name, p in self.model.named_parameters()
            }
            moment["gradient_norm"], moment["clipped_norm"] = self._gradient_norm(), None
        if observed is not None:
            observed.end()
            try:
                with warnings.catch_warnings(record=True) as said:
                    warnings.simplefilter("always")
                    nodes = recorded(observed)
                problems += [str(one.message) for one in said]
                moment["modules"] = {name: seen(node) for name, node in nodes.items() if "hidden" in node}
            except Exception as problem:  # a training of hours does not end for what could not be kept of it
                problems.append(f"{type(problem).__name__}: {problem}")
        if not moment.get("modules"):
            moment["modules"] = {}
            problems = problems or ["no recurrent module ran forward for this backward"]
        if problems:
            moment["missing"] = [" ".join(line.split())[:300] for line in dict.fromkeys(problems)]
        moment["cost"] = round(time.perf_counter() - began, 4)
        self._pending = moment
        self._waiting = register_optimizer_step_pre_hook(self._steps)

    def _steps(self, optimiser: Optimizer, _args: Any, _kwargs: Any) -> None:
        """An optimiser is about to step: what clipping has left is known."""
        moment = self._pending
        if moment is None or os.getpid() != self._process:
            return
        own = {id(p) for group in optimiser.param_groups for p in group["params"]}
        if not any(id(p) in own for p in self.model.parameters()):
            return
        with torch.no_grad():
            moment["clipped_norm"] = self._gradient_norm()
            for name, p in self.model.named_parameters():
                if name in moment["parameters"]:
                    moment["parameters"][name]["clipped_norm"] = _norm([p.grad])
        self._flush()

    def _gradient_norm(self) -> float | None:
        return _norm([p.grad for p in self.model.parameters()])

    def _flush(self) -> None:
        moment, self._pending = self._pending, None
        if self._waiting is not None:
            self._waiting.remove()
            self._waiting = None
        if moment is not None:
            self._write(moment)

    def _write(self, what: Mapping[str, Any]) -> None:
        """A line more. Where the disk is full or gone the training goes on without."""
        if self._closed or os.getpid() != self._process:
            return
        try:
            self._file.write(runs.line(what))
            self._file.flush()
        except (OSError, ValueError) as problem:
            warnings.warn(
                f"{self.folder}: nothing more is kept of this training ({problem})",
                RuntimeWarning,
                stacklevel=3,
            )
            self._end_of_it()
            return
        if self._events is not None:
            for name, number in runs.scalars(what):
                self._events.add_scalar(name, number, what["step"])
            self._events.flush()

    def _listen(self) -> None:
        """From now on the model's recurrent modules are watched, where the next block is kept; else no longer."""
        self._deaf()
        if self._closed or not self.due:
            return
        self._observed, self._problems = self._unwatched(), []
        own = {module for module in self.model.modules() if isinstance(module, MODULES)}
        owner = threading.get_ident()

        def before(module: nn.Module, _args: Any) -> None:
            observed = self._observed
            if module not in own or observed is None or threading.get_ident() != owner:
                return
            if not torch.is_grad_enabled():  # a look at held-out data
                return
            if sum(len(one.calls) for one in observed.watched) >= MOST_CALLS:
                self._observed = observed = self._unwatched()
            watching().append(observed)
            mode = _Patient(self._refused)
            mode.__enter__()  # type: ignore[no-untyped-call]
            self._modes.append((module, mode))

        def after(module: nn.Module, _args: Any, _result: Any) -> None:
            if self._modes and self._modes[-1][0] is module and threading.get_ident() == owner:
                self._modes.pop()[1].__exit__(None, None, None)  # type: ignore[no-untyped-call]
                watching().pop()

        self._hooks = [
            torch_modules.register_module_forward_pre_hook(before),
            torch_modules.register_module_forward_hook(after, always_call=True),
        ]

    def _unwatched(self) -> Observed:
        """The model, of which nothing was seen yet."""
        return Observed(self.model, (), Wanted(frozenset(FIELDS)))

    def _refused(self, problem: Exception) -> None:
        self._problems.append(str(problem))

    def _deaf(self) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks = []
        if self._observed is not None:
            self._observed.end()
            self._observed = None

    def _end_of_it(self) -> None:
        self._closed = True
        _OPEN.pop(self.folder.resolve(), None)
        atexit.unregister(self.close)
        self._deaf()
        if self._waiting is not None:
            self._waiting.remove()
            self._waiting = None
        with contextlib.suppress(OSError):  # what did not go onto a full disk does not go there now
            self._file.close()
        if self._events is not None:
            self._events.close()
        self._held.close()

    def close(self) -> None:
        """Writes what is still to be written, and ends. The end of the process does it as well."""
        if self._closed or os.getpid() != self._process:
            return
        self._flush()
        if not self._closed:
            self._end_of_it()

    def __repr__(self) -> str:
        return f"rnnviz.Monitor({str(self.folder)!r}, step {self._step}, every {self.every})"


def _norm(tensors: Iterable[Tensor | None]) -> float | None:
    """L2, in float64 where the device has it; None where no tensor is there."""
    there = [tensor.detach() for tensor in tensors if tensor is not None]
    if not there:
        return None
    lengths = [
        torch.linalg.vector_norm(t.coalesce().values() if t.is_sparse else t, dtype=_wide(t)) for t in there
    ]
    return float(torch.linalg.vector_norm(torch.stack([length.to(lengths[0].device) for length in lengths])))


def _wide(tensor: Tensor) -> torch.dtype:
    return torch.float32 if tensor.device.type == "mps" else torch.float64


def _event_writer() -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as problem:
        raise ModuleNotFoundError(
            "tensorboard=True needs the package tensorboard: pip install tensorboard", name="tensorboard"
        ) from problem
    return SummaryWriter
