"""record(model): watches the stock recurrent modules of a model while it runs, and yields a trace.

nn.RNN, nn.LSTM and nn.GRU all end in one call of a native kernel, which returns the states of the last layer
only. While a recording is active, a TorchFunctionMode sees that call and runs the same kernel one layer at a
time, with the dropout between layers that the kernel would have drawn. So every layer's states are the
kernel's own; the gates, which no kernel returns, follow from them in one matrix product for all steps
(`cells`). A mode belongs to its thread and ends with its block: nothing is put on a module, and nothing has
to be taken off again.
"""

import math
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from rnnviz import cells
from rnnviz.trace import Recorded, assemble, pad_inputs

KERNELS = {torch._VF.lstm: "lstm", torch._VF.gru: "gru", torch._VF.rnn_tanh: "rnn", torch._VF.rnn_relu: "rnn"}
NONLINEARITIES = {torch._VF.rnn_tanh: "tanh", torch._VF.rnn_relu: "relu"}
PLAIN = (
    "input",
    "initial",
    "weights",
    "has_biases",
    "layers",
    "dropout",
    "training",
    "bidirectional",
    "batch_first",
)

_thread = threading.local()  # as torch's stack of modes is


@dataclass(frozen=True)
class Pass:
    """One direction of one layer, in one call: what went in, and what the kernel gave back.

    input: (time, batch, input); hidden: (time, batch, unit), both aligned to the token that was read.
    initial, final: the states before and after all steps, (h,) or (h, c), each (batch, unit).
    weights: input weight, recurrent weight, input bias, recurrent bias; None for a bias that is not there.
    """

    input: Tensor
    hidden: Tensor
    initial: tuple[Tensor, ...]
    final: tuple[Tensor, ...]
    weights: tuple[Tensor | None, ...]
    backward: bool

    @property
    def previous_hidden(self) -> Tensor:
        """h_{t-1} at every t: (time, batch, unit). Reading backward, it stands one to the right."""
        start = self.initial[0][None]
        if self.backward:
            return torch.cat((self.hidden[1:], start))
        return torch.cat((start, self.hidden[:-1]))


@dataclass(frozen=True)
class Call:
    """One call of one module: arrays in the trace's shapes, and how well the gates replay the states."""

    arrays: dict[str, np.ndarray]
    weights: list[Tensor]  # a snapshot: an optimiser may step before the block ends
    directions: int
    replay_error: float
    tolerance: float

    @property
    def steps(self) -> int:
        return self.arrays["input"].shape[1]


@dataclass
class Watched:
    """A recurrent module of the model and the calls of it that were seen."""

    name: str
    module: nn.RNNBase
    kind: str = ""
    nonlinearity: str = ""
    calls: list[Call] = field(default_factory=list)


class Recording:
    """What `record` yields. `trace` is complete once the block has ended."""

    def __init__(self, model: nn.Module, tokens: Iterable[str] | None = None):
        self._watched = [
            Watched(name, module) for name, module in model.named_modules() if isinstance(module, nn.RNNBase)
        ]
        self._model_name = type(model).__name__
        self._tokens = None if tokens is None else list(tokens)
        self._ended = False
        self._trace: xr.DataTree | None = None

    @property
    def trace(self) -> xr.DataTree:
        """The trace: one node for each recurrent module that was called.

        Raises RuntimeError before the block has ended, if no recurrent module was called in it, or if the
        calls of one module cannot lie in one trace; ValueError if the tokens are not as many as the steps.
        Warns with RuntimeWarning where the gates rebuild the states worse than rounding explains.
        """
        if not self._ended:
            raise RuntimeError(
                "the trace is complete once the `with record(...)` block has ended; read it after the block"
            )
        if self._trace is None:
            called = [watched for watched in self._watched if watched.calls]
            if not called:
                raise RuntimeError(self._nothing_seen())
            self._trace = assemble(
                {watched.name or watched.kind: _recorded(watched) for watched in called},
                self._tokens,
                {"torch_version": str(torch.__version__)},
            )
            self._watched = []  # the trace has it all; a recording that is kept need not keep the model
        return self._trace

    def _nothing_seen(self) -> str:
        if not self._watched:
            return f"no recurrent call was seen: {self._model_name} holds no nn.RNN, nn.LSTM or nn.GRU"
        names = ", ".join(repr(watched.name or type(watched.module).__name__) for watched in self._watched)
        advice = f"call {self._model_name} inside the block and in its thread"
        return f"no recurrent call was seen: {advice}; it holds {names}"

    def _find(self, weights: list[Tensor]) -> Watched | None:
        """The module whose weights these are: the very list if it is there, else the same tensors."""
        for watched in self._watched:
            if watched.module._flat_weights is weights:
                return watched
        for watched in self._watched:
            own = watched.module._flat_weights
            if len(own) == len(weights) and all(a is b for a, b in zip(own, weights, strict=True)):
                return watched
        return None


@contextmanager
def record(model: nn.Module, tokens: Iterable[str] | None = None) -> Iterator[Recording]:
    """Records every call of the model's nn.RNN, nn.LSTM and nn.GRU in the block.

        with record(model, tokens="hello") as recording:
            model(x)
        recording.trace["lstm"]["forget_gate"]

    tokens: one string for each time step, kept as the coordinate `token`.
    Changes nothing: outputs, gradients, random numbers and the modules are what they would have been.
    Raises NotImplementedError for scripted and compiled modules, and at the call for packed sequences,
    proj_size > 0 and numbers other than float32 and float64; TypeError if model is not a module.
    """
    _refuse_model(model)
    recording = Recording(model, tokens)
    active = _active()
    try:
        with _Watch():
            active.append(recording)
            try:
                yield recording
            finally:
                active.remove(recording)
    finally:
        recording._ended = True


class _Watch(TorchFunctionMode):
    """Sees every torch function that is called in its thread, and acts on the recurrent kernels."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func not in KERNELS or len(args) != len(PLAIN):  # the stock modules pass all by position
            return func(*args, **kwargs)
        packed = isinstance(args[3], (list, tuple))  # data, batch sizes, states, weights, …
        weights = args[3] if packed else args[2]
        # One mode answers for all recordings of the thread: an inner must not hide a call from an outer.
        watching = [found for recording in _active() if (found := recording._find(weights))]
        if not watching:
            return func(*args, **kwargs)
        if packed:
            raise NotImplementedError("record cannot read a PackedSequence yet: pad it and pass a tensor")
        with torch._C.DisableTorchFunction():
            return _run(func, watching, **dict(zip(PLAIN, args, strict=True)))


def _active() -> list[Recording]:
    if not hasattr(_thread, "recordings"):
        _thread.recordings = []
    return _thread.recordings


def _refuse_model(model: nn.Module) -> None:
    if not isinstance(model, nn.Module):
        raise TypeError(f"record wants an nn.Module; got {type(model).__name__}")
    for name, module in model.named_modules():
        title = f"module {name!r}" if name else "the model"
        if isinstance(module, torch.jit.ScriptModule) and module.original_name in ("RNN", "LSTM", "GRU"):
            raise NotImplementedError(
                f"record cannot look into a ScriptModule ({title}): record the model that was scripted"
            )
        # by name, since importing torch._dynamo to ask takes seconds
        compiled = type(module).__name__ == "OptimizedModule" or module._compiled_call_impl is not None
        if compiled and any(isinstance(inner, nn.RNNBase) for inner in module.modules()):
            raise NotImplementedError(
                f"record cannot look into a compiled module ({title}): record the model before torch.compile"
            )


def _refuse_numbers(input: Tensor, weights: list[Tensor]) -> None:
    if input.dtype not in (torch.float32, torch.float64):
        raise NotImplementedError(f"record cannot read {input.dtype} yet: run the model in float32")
    wrapped = torch._C._functorch.is_functorch_wrapped_tensor
    if any(tensor.is_meta or wrapped(tensor) for tensor in (input, *weights)):
        raise NotImplementedError(
            "record cannot read meta tensors or inside torch.func: use tensors with numbers, and autograd"
        )
    if torch.is_autocast_enabled(input.device.type):
        raise NotImplementedError(
            "record cannot read under autocast yet: run the model outside torch.autocast"
        )


def _run(kernel: Callable, watching: list[Watched], **call) -> tuple[Tensor, ...]:
    """The kernel's result, run layer by layer; what was seen goes to those who watch."""
    kind = KERNELS[kernel]
    states = call["initial"] if kind == "lstm" else (call["initial"],)
    if states[0].shape[-1] != call["weights"][1].shape[-1] or any(
        s.shape[-1] != states[0].shape[-1] for s in states
    ):
        raise NotImplementedError(
            "record cannot read an LSTM with proj_size > 0 yet: build it with proj_size=0"
        )
    _refuse_numbers(call["input"], call["weights"])
    result, layers = _by_layer(kernel, **call | {"initial": states})
    nonlinearity = NONLINEARITIES.get(kernel, "")
    with torch.no_grad():
        arrays, replay_error, tolerance = _observe(kind, nonlinearity, layers)
        for watched in watching:
            watched.kind, watched.nonlinearity = kind, nonlinearity
            weights = _snapshot(call["weights"], watched.calls[-1].weights if watched.calls else [])
            watched.calls.append(Call(arrays, weights, len(layers[0]), replay_error, tolerance))
    return result


def _by_layer(
    kernel: Callable,
    input: Tensor,
    initial: tuple[Tensor, ...],
    weights: list[Tensor],
    has_biases: bool,
    layers: int,
    dropout: float,
    training: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[tuple[Tensor, ...], list[list[Pass]]]:
    """What one call of the kernel returns, and its passes by layer and direction.

    aten does the same inside one call (RNN.cpp, apply_layer_stack): time first, dropout on what goes up,
    states stacked. cuDNN draws its dropout in one piece from a state of its own, so there this cannot be what
    the plain call draws.
    """
    dropping = bool(dropout) and training and layers > 1
    if dropping and input.device.type != "cpu":
        raise NotImplementedError(
            f"record cannot draw dropout between layers as {input.device.type} does: call model.eval() first"
        )
    directions = 2 if bidirectional else 1
    per_layer = len(weights) // layers
    sequence = input.transpose(0, 1) if batch_first else input  # (time, batch, input)
    passes, finals = [], []
    for layer in range(layers):
        own = weights[layer * per_layer : (layer + 1) * per_layer]
        begin = tuple(state[layer * directions : (layer + 1) * directions] for state in initial)
        states = begin if len(begin) > 1 else begin[0]
        output, *final = kernel(sequence, states, own, has_biases, 1, 0.0, training, bidirectional, False)
        passes.append(_passes(sequence, output, begin, final, own, directions))
        finals.append(final)
        sequence = torch.dropout(output, dropout, True) if dropping and layer < layers - 1 else output
    final = finals[0] if layers == 1 else [torch.cat(states) for states in zip(*finals, strict=True)]
    if batch_first:
        # as each kernel does it: only an LSTM's output is a view, and autograd treats writing to one apart
        output = output.transpose(0, 1) if len(initial) > 1 else output.transpose_(0, 1)
    return (output, *final), passes


def _passes(input, output, initial, final, weights, directions) -> list[Pass]:
    """The passes of one layer: each direction has its share of the units, the states and the weights."""
    input, output = input.detach(), output.detach()
    units = output.shape[-1] // directions
    each = len(weights) // directions
    passes = []
    for d in range(directions):
        own = [weight.detach() for weight in weights[d * each : (d + 1) * each]]
        passes.append(
            Pass(
                input,
                output[..., d * units : (d + 1) * units],
                tuple(state[d].detach() for state in initial),
                tuple(state[d].detach() for state in final),
                (*own, *[None] * (4 - each)),
                backward=d == 1,
            )
        )
    return passes


def _observe(
    kind: str, nonlinearity: str, layers: list[list[Pass]]
) -> tuple[dict[str, np.ndarray], float, float]:
    """All arrays of one call but the weights, the replay error, and the error that rounding would explain."""
    found, error, tolerance = [], 0.0, math.inf
    for passes in layers:
        for one in passes:
            arrays, rebuilt = _recover(kind, nonlinearity, one)
            off = max(_distance(mine, theirs) for mine, theirs in rebuilt)
            if off >= error:
                error, tolerance = off, _rounding(one, arrays, off)
            found.append(arrays)
    shape = (len(layers), len(layers[0]))
    arrays = {name: _stacked([arrays[name] for arrays in found], shape) for name in found[0]}
    for position, name in enumerate(("hidden_initial", "cell_initial")[: len(layers[0][0].initial)]):
        initial = [one.initial[position] for passes in layers for one in passes]  # each (batch, unit)
        arrays[name] = torch.stack(initial).unflatten(0, shape).cpu().numpy()
    arrays["input"] = layers[0][0].input.transpose(0, 1).cpu().numpy().copy()
    return arrays, error, tolerance


def _recover(
    kind: str, nonlinearity: str, one: Pass
) -> tuple[dict[str, Tensor], list[tuple[Tensor, Tensor]]]:
    """States and gates of one pass, each (time, batch, unit), and pairs (rebuilt from them, the kernel's)."""
    input_weight, recurrent_weight, input_bias, recurrent_bias = one.weights
    projection = torch.nn.functional.linear(one.input, input_weight, input_bias)
    previous = one.previous_hidden
    if kind == "rnn":
        rebuilt = cells.rnn_states(projection, previous, recurrent_weight, recurrent_bias, nonlinearity)
        return {"hidden": one.hidden}, [(rebuilt, one.hidden)]
    if kind == "gru":
        gates = cells.gru_gates(projection, previous, recurrent_weight, recurrent_bias)
        return {"hidden": one.hidden, **gates._asdict()}, [(cells.gru_hidden(gates, previous), one.hidden)]
    gates = cells.lstm_gates(projection, previous, recurrent_weight, recurrent_bias)
    decay, drive = gates.forget_gate, gates.input_gate * gates.candidate
    if one.backward:
        cell = cells.scan(decay.flip(0), drive.flip(0), one.initial[1]).flip(0)
    else:
        cell = cells.scan(decay, drive, one.initial[1])
    last = cell[0 if one.backward else -1]
    pairs = [(cells.lstm_hidden(gates, cell), one.hidden), (last, one.final[1])]
    return {"hidden": one.hidden, "cell": cell, **gates._asdict()}, pairs


def _distance(mine: Tensor, theirs: Tensor) -> float:
    """Largest absolute difference. Infinities or NaN in the same place agree; one alone is infinitely off."""
    if not mine.numel():
        return 0.0
    largest = (mine - theirs).abs().max().item()
    if math.isfinite(largest):
        return largest
    same = (mine == theirs) | (mine.isnan() & theirs.isnan())
    return (mine - theirs).abs().nan_to_num(nan=math.inf).masked_fill(same, 0).max().item()


def _rounding(one: Pass, arrays: Mapping[str, Tensor], error: float) -> float:
    """The largest difference that rounding explains: sqrt(machine epsilon), by the size of the numbers.

    An error below that for numbers of size 1 needs no closer look; else the largest sum of products counts.
    """
    tolerance = math.sqrt(torch.finfo(one.hidden.dtype).eps)
    if error <= tolerance:
        return tolerance
    size = max(arrays[name].abs().max().item() for name in arrays)
    for weight, factor in zip(one.weights[:2], (one.input, one.previous_hidden), strict=True):
        size = max(size, weight.abs().sum(1).max().item() * factor.abs().max().item())
    return tolerance * max(1.0, size) if math.isfinite(size) else math.inf


def _stacked(tensors: list[Tensor], shape: tuple[int, int]) -> np.ndarray:
    """Each (time, batch, unit), one a pass, as a new array (layer, direction, batch, time, unit)."""
    return torch.stack(tensors).transpose(1, 2).unflatten(0, shape).cpu().contiguous().numpy()


def _snapshot(weights: list[Tensor], last: list[Tensor]) -> list[Tensor]:
    """A copy of the weights, or the last copy where nothing has changed since.

    By value: the version counter of a parameter does not see what is written through `.data`.
    """
    if last and all(_unchanged(now, then) for now, then in zip(weights, last, strict=True)):
        return last
    return [weight.detach().clone() for weight in weights]


def _unchanged(now: Tensor, then: Tensor) -> bool:
    # the slower comparison is for a diverged model, whose NaN are not equal to themselves
    return torch.equal(now, then) or torch.allclose(now, then, rtol=0, atol=0, equal_nan=True)


def _recorded(watched: Watched) -> Recorded:
    """All calls of one module, one after the other on `time`."""
    name, calls = watched.name or watched.kind, watched.calls
    first = calls[0]
    for number, call in enumerate(calls):
        if call.weights is not first.weights:
            raise RuntimeError(
                f"the weights of {name!r} changed before its call {number}:"
                " record each step of training in its own block"
            )
        batch, wanted = len(call.arrays["input"]), len(first.arrays["input"])
        if batch != wanted:
            raise RuntimeError(
                f"{name!r} was called with batch {wanted}, then {batch}:"
                " record each batch size in its own block"
            )
    for call in calls:
        if call.replay_error > call.tolerance:
            warnings.warn(
                f"{name!r}: the gates rebuild its states with an error of {call.replay_error:.3g},"
                f" more than rounding explains ({call.tolerance:.3g})",
                RuntimeWarning,
                stacklevel=4,
            )
    arrays = _joined([call.arrays for call in calls])
    arrays |= _weight_arrays(first.weights, first.directions, arrays["hidden"])
    attributes = {"nonlinearity": watched.nonlinearity} if watched.nonlinearity else {}
    attributes["replay_error"] = max(call.replay_error for call in calls)
    return Recorded(watched.kind, arrays, [call.steps for call in calls], attributes)


def _joined(calls: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """The arrays of all calls: joined on `time`; initial states are the first call's, and each call's."""
    joined = {}
    for name in calls[0]:
        arrays = [arrays[name] for arrays in calls]
        if not name.endswith("_initial"):
            joined[name] = arrays[0] if len(arrays) == 1 else np.concatenate(arrays, axis=-2)
            continue
        joined[name] = arrays[0]
        if len(arrays) > 1:
            joined[f"{name}_by_call"] = np.stack(arrays)
    return joined


def _weight_arrays(weights: list[Tensor], directions: int, hidden: np.ndarray) -> dict[str, np.ndarray]:
    """Weights and biases over (layer, direction, gate, unit, …), from PyTorch's flat list of them."""
    layers, units = hidden.shape[0], hidden.shape[-1]
    each = len(weights) // (layers * directions)  # 2 without biases, else 4
    gated = [weight.cpu().unflatten(0, (-1, units)).numpy() for weight in weights]  # (gate, unit, …)

    def of_layers(position: int) -> list[np.ndarray]:
        own = gated[position::each]
        return [np.stack(own[layer * directions : (layer + 1) * directions]) for layer in range(layers)]

    arrays = {"input_weight": pad_inputs(of_layers(0)), "recurrent_weight": np.stack(of_layers(1))}
    for position, name in ((2, "input_bias"), (3, "recurrent_bias")):
        zeros = np.zeros_like(arrays["recurrent_weight"][..., 0])
        arrays[name] = np.stack(of_layers(position)) if each == 4 else zeros
    return arrays
