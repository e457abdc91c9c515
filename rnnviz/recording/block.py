"""record(model): watches the stock recurrent modules of a model while it runs, and yields a trace.

nn.RNN, nn.LSTM and nn.GRU all end in one call of a native kernel, which returns the states of the last layer only. While a
recording is active, a TorchFunctionMode sees that call and runs the same kernel one layer and direction at a time, with the
dropout between layers that the kernel would have drawn. So every layer's states are the kernel's own; the gates, which no
kernel returns, follow from them in one matrix product for all steps, and so do the gradients that a backward brings
(`passes`). The cells (nn.RNNCell, nn.LSTMCell, nn.GRUCell) are steps of a loop of the caller's and are seen one by one. A
mode belongs to its thread and ends with its block: nothing is put on a module, and nothing has to be taken off again.
"""

import math
import sys
import threading
import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn
from torch.nn.functional import multi_head_attention_forward
from torch.overrides import TorchFunctionMode

from rnnviz.recording import edits, kernels, passes
from rnnviz.recording.attention import Look, attend, look_at_attend, look_at_multihead
from rnnviz.recording.edits import Edit
from rnnviz.recording.passes import ACTIVATIONS, Pass, Weights, storage
from rnnviz.trace import Recorded, assemble, pad_inputs

KERNELS = {torch._VF.lstm: "lstm", torch._VF.gru: "gru", torch._VF.rnn_tanh: "rnn", torch._VF.rnn_relu: "rnn"}
CELLS = {
    torch._VF.lstm_cell: "lstm",
    torch._VF.gru_cell: "gru",
    torch._VF.rnn_tanh_cell: "rnn",
    torch._VF.rnn_relu_cell: "rnn",
}
NONLINEARITIES = {
    torch._VF.rnn_tanh: "tanh",
    torch._VF.rnn_relu: "relu",
    torch._VF.rnn_tanh_cell: "tanh",
    torch._VF.rnn_relu_cell: "relu",
}
MODULES = (nn.RNNBase, nn.RNNCellBase)
# by the names of their classes, as a scripted module no longer is one of them
STOCK = ("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell")
FORWARDS = {cls.forward.__code__ for cls in (nn.RNN, nn.LSTM, nn.GRU)}
CELL_FORWARDS = {cls.forward.__code__ for cls in (nn.RNNCell, nn.LSTMCell, nn.GRUCell)}
DTYPES = (torch.float32, torch.float64, torch.bfloat16, torch.float16)

FARTHEST = 2000  # nodes of a graph that are searched for where a state came from
MARK = "rnnviz"  # in a node's metadata, as autograd keeps it for the use of others

_thread = threading.local()  # as torch's stack of modes is


@dataclass(frozen=True)
class Layout:
    """How the sequences of one call lie in memory: all of one length, (time, batch, …); or packed, with the rows of one
    step together and sequences in falling order of length.

    order: where each sequence of the caller's stands in the packed order, None where they came sorted.
    """

    steps: int
    batch: int
    sizes: Tensor | None = None
    valid: Tensor | None = None  # (time, batch)
    order: Tensor | None = None

    @classmethod
    def packed(cls, sizes: Tensor, order: Tensor | None, device: torch.device) -> "Layout":
        batch = int(sizes[0])
        valid = torch.arange(batch) < sizes[:, None]
        return cls(len(sizes), batch, sizes, valid.to(device), order)

    @property
    def lengths(self) -> Tensor:
        """(batch,) in packed order."""
        return torch.full((self.batch,), self.steps) if self.valid is None else self.valid.sum(0)

    @property
    def last(self) -> tuple[Tensor, Tensor]:
        """Index of (time, batch, …) at the last step of each sequence."""
        lengths = self.lengths
        return lengths - 1, torch.arange(self.batch, device=lengths.device)

    def dense(self, data: Tensor) -> Tensor:
        """(time, batch, …) of what the kernel reads or returns; 0 beyond the end of a sequence."""
        if self.valid is None:
            return data
        spread = data.new_zeros(self.steps, self.batch, *data.shape[1:])
        spread[self.valid] = data
        return spread

    def flat(self, spread: Tensor) -> Tensor:
        """As the kernel reads it: the inverse of `dense`."""
        return spread if self.valid is None else spread[self.valid]

    def turned(self, data: Tensor) -> Tensor:
        """Each sequence from its end to its start; the inverse of itself."""
        if self.valid is None:
            return data.flip(0)
        return data.index_select(0, self._turning())

    def turned_dense(self, spread: Tensor) -> Tensor:
        """The same for (time, batch, …)."""
        return spread.flip(0) if self.valid is None else self.dense(self.turned(self.flat(spread)))

    def _turning(self) -> Tensor:
        offsets = torch.cat((self.sizes.new_zeros(1), self.sizes.cumsum(0)[:-1])).to(self.valid.device)
        step, row = self.valid.nonzero(as_tuple=True)
        return offsets[self.lengths[row] - 1 - step] + row

    def unsorted(self, arrays: Tensor, dim: int) -> Tensor:
        """In the caller's order of the sequences."""
        return arrays if self.order is None else arrays.index_select(dim, self.order)


@dataclass
class Gradients:
    """What came back through one pass, summed over all backward calls: (time, batch, unit) in reading order."""

    total: Tensor
    direct: Tensor
    cell: Tensor | None = None
    calls: int = 1

    def __add__(self, other: "Gradients") -> "Gradients":
        # a new one: a recording that has ended keeps the one that it had
        cell = None if self.cell is None else self.cell + other.cell
        return Gradients(self.total + other.total, self.direct + other.direct, cell, self.calls + other.calls)


@dataclass
class Call:
    """One call of one module: its passes by layer and direction, and what came back through them."""

    kind: str
    nonlinearity: str
    layers: int
    directions: int
    layout: Layout
    weights: list[Tensor]  # a snapshot: an optimiser may step before the block ends
    biases: bool
    passes: dict[tuple[int, int], Pass] = field(default_factory=dict)
    hidden: Tensor | None = None  # (layer, direction, time, batch, unit), and so the other three
    cell: Tensor | None = None
    rows: Tensor | None = None
    gradients: dict[tuple[int, int], Gradients] = field(default_factory=dict)
    # dL/dh_0, which the call before may have given
    handed: dict[tuple[int, int], Tensor] = field(default_factory=dict)
    cut: bool = False  # a backward stopped on its way to the lower layers
    open: int = 0  # recordings that listen
    listeners: int = 0  # as many as there were
    tracked: bool = False  # part of a graph
    follows: list["Call"] = field(default_factory=list)  # calls whose states it was given
    final_cells: dict[tuple[int, int], Tensor] = field(default_factory=dict)
    # passes whose gates stand, and their error
    edited: dict[tuple[int, int], float] = field(default_factory=dict)
    replay_error: float | None = None
    tolerance: float = math.inf

    def weights_of(self, layer: int, direction: int) -> Weights:
        each = len(self.weights) // (self.layers * self.directions)
        at = (layer * self.directions + direction) * each
        own = [_working(weight) for weight in self.weights[at : at + each]]
        return Weights.of(own, self.biases)

    @property
    def steps(self) -> int:
        return self.layout.steps

    def rows_of(self, layer: int, direction: int, gates: int) -> Tensor:
        """Where a kernel that hands out its gates may put those of a pass."""
        if self.rows is None:
            shape = (self.layers, self.directions, self.steps, self.layout.batch, gates)
            self.rows = storage(_working(self.weights[0]), *shape)
        return self.rows[layer, direction]

    def keep(
        self, layer: int, direction: int, input: Tensor, hidden: Tensor, initial, final, given: bool = False
    ) -> None:
        """Notes a pass: input and hidden (time, batch, …) in reading order, states (batch, unit).

        given: whether its gates lie in `rows_of` already."""
        if self.hidden is None:
            self.hidden = storage(_working(hidden), self.layers, self.directions, *hidden.shape)
        own = self.hidden[layer, direction]
        own.copy_(hidden)
        weights = self.weights_of(layer, direction)
        initial = tuple(_working(state).clone() for state in initial)
        # the caller may write to the first layer's input later; those above are nobody else's
        input = _copy(input) if not layer else _working(input)
        one = Pass(self.kind, self.nonlinearity, input, own, initial, weights, valid=self.layout.valid)
        if given:
            one.given, one.rows = True, self.rows[layer, direction]
        self.passes[layer, direction] = one
        if self.kind == "lstm":
            self.final_cells[layer, direction] = _working(final[1]).clone()

    def recover(self) -> None:
        """The gates of all passes, once."""
        if self.replay_error is not None:
            return
        one = self.passes[0, 0]
        shape = (self.layers, self.directions, self.steps, self.layout.batch)
        if self.kind != "rnn" and self.rows is None:
            self.rows = storage(one.hidden, *shape, one.weights.recurrent.shape[0])
        if self.kind == "lstm":
            self.cell = storage(one.hidden, *shape, one.units)
        error, tolerance = 0.0, math.inf
        for (layer, direction), one in self.passes.items():
            known = (one.rows, one.cell)
            one.rows = None if self.rows is None else self.rows[layer, direction]
            one.cell = None if self.cell is None else self.cell[layer, direction]
            if (layer, direction) in self.edited:
                for own, array in zip((one.rows, one.cell), known, strict=True):
                    if own is not None:
                        own.copy_(array)
                off = self.edited[layer, direction]
            else:
                off = passes.recover(one)
            if self.kind == "lstm" and not self.edited:
                off = max(
                    off, passes.distance(one.cell[self.layout.last], self.final_cells[layer, direction])
                )
            if off >= error:
                error, tolerance = off, _rounding(one, off, self.weights[0].dtype)
        self.replay_error, self.tolerance = error, tolerance

    def came_back(self, key: tuple[int, int], gradients: Gradients) -> None:
        self.gradients[key] = self.gradients[key] + gradients if key in self.gradients else gradients

    def handed_back(self, key: tuple[int, int], gradient: Tensor) -> None:
        self.handed[key] = self.handed[key] + gradient if key in self.handed else gradient


@dataclass
class Watched:
    """A recurrent module of the model and the calls of it that were seen."""

    name: str
    module: nn.Module
    calls: list[Call] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    gradients: list[dict[tuple[int, int], Gradients]] = field(default_factory=list)  # as the block ended

    @property
    def title(self) -> str:
        return self.name or self.calls[0].kind

    def owns(self, weights: Sequence[Tensor], loosely: bool) -> bool:
        """Whether these are the module's weights: the very list, or loosely the same tensors."""
        if isinstance(self.module, nn.RNNBase):
            own = self.module._flat_weights
            if not loosely:
                return own is weights
        else:
            own = [w for w in self.module._parameters.values() if w is not None]
        return len(own) == len(weights) and all(a is b for a, b in zip(own, weights, strict=True))


Tokens = Iterable[str] | Mapping[str, Iterable[str] | tuple[Iterable[str], Iterable[str]]] | None


class Recording:
    """What `record` yields. `trace` is complete once the block has ended."""

    def __init__(self, model: nn.Module, tokens: Tokens = None, edit: Sequence[Edit] = ()):
        self._watched = [
            Watched(name, module) for name, module in model.named_modules() if isinstance(module, MODULES)
        ]
        for each in edit:
            self._edited_module(each).edits.append(each)
        self._model_name = type(model).__name__
        self._modules = {module: name for name, module in model.named_modules()}
        self._looks: dict[str, list[Look]] = {}
        self._tokens = tokens if tokens is None or isinstance(tokens, Mapping) else list(tokens)
        self._ended = False
        self._hooks: list = []
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
            if not called and not self._looks:
                raise RuntimeError(self._nothing_seen())
            with torch.no_grad():
                recorded = {title: _recorded(watched) for title, watched in _titled(called).items()}
                recorded |= {name: _looked(name, looks) for name, looks in self._looks.items()}
            self._trace = assemble(recorded, self._tokens, {"torch_version": str(torch.__version__)})
            # the trace has it all; a recording that is kept need not keep the model
            self._watched, self._modules, self._looks = [], {}, {}
        return self._trace

    def _edited_module(self, edit: Edit) -> Watched:
        names = ", ".join(repr(watched.name) for watched in self._watched)
        fitting = [watched for watched in self._watched if edit.module in (None, watched.name)]
        if len(fitting) != 1:
            raise ValueError(
                f"edit of {edit.module!r}, {edit.field}: wanted module= one of {names or 'none'}"
            )
        if isinstance(fitting[0].module, nn.RNNCellBase):
            raise ValueError(
                f"edit of {fitting[0].name!r}, {edit.field}: a cell is stepped by the model's own loop; edit its states there"
            )
        return fitting[0]

    def _end(self) -> None:
        """What comes later, as a backward after the block, is no longer this recording's."""
        self._ended = True
        for hook in self._hooks:
            hook.remove()
        self._hooks = []
        for watched in self._watched:
            watched.gradients = [dict(call.gradients) for call in watched.calls]
            for call in watched.calls:
                call.open -= 1

    def _nothing_seen(self) -> str:
        if not self._watched:
            return f"no recurrent call was seen: {self._model_name} holds no nn.RNN, nn.LSTM or nn.GRU, and none of their cells"
        names = ", ".join(repr(watched.name or type(watched.module).__name__) for watched in self._watched)
        advice = f"call {self._model_name} inside the block and in its thread"
        return f"no recurrent call was seen: {advice}; it holds {names}"

    def _noticed(self, look: Callable[[], Look], owners: list[nn.Module]) -> None:
        """Keeps a call of attention, if one of its callers, the innermost first, is a module of the model."""
        for owner in owners:
            if owner in self._modules:
                name = self._modules[owner] or "attention"
                self._looks.setdefault(name, []).append(look())
                return

    def _find(self, weights: Sequence[Tensor], cell: nn.Module | None = None) -> Watched | None:
        """The module whose weights these are: the very list if it is there, else the same tensors. cell: itself, if known."""
        if cell is not None:
            return next((watched for watched in self._watched if watched.module is cell), None)
        for loosely in (False, True):
            for watched in self._watched:
                if watched.owns(weights, loosely):
                    return watched
        return None


@contextmanager
def record(model: nn.Module, tokens: Tokens = None, edit: Edit | Sequence[Edit] = ()) -> Iterator[Recording]:
    """Records every call of the model's nn.RNN, nn.LSTM, nn.GRU and of their cells in the block.

        with record(model, tokens="hello") as recording:
            loss = criterion(model(x), y)
            loss.backward()                  # leave it out: states and gates, no gradients
        recording.trace["lstm"]["forget_gate"]

    Attention is recorded too: nn.MultiheadAttention, and whatever module calls `rnnviz.attention.attend`.

    tokens: one string for each time step, kept as the coordinate `token`; for modules that read unlike texts a mapping from
    their names, of an attention to a pair (of queries, of keys), which may be filled while the block runs.
    Gradients: every backward in the block, of any loss, adds to `hidden_grad`, `hidden_grad_direct` and `cell_grad`, as it
    adds to the `.grad` of a parameter; so several backward calls give the gradient of the sum of their losses. The direct
    part of dL/dh_t is all but what comes back from the next step of the same module, also where that is in its next call;
    NaN where a state was changed on its way there. What a backward was told not to reach is NaN, too.
    edit: states and gates to change while the model runs, without gradients; see `Edit`.
    Without edits it changes nothing: outputs, gradients, random numbers and the modules are what they would have been.
    Raises NotImplementedError for scripted and compiled modules, and at the call for numbers that are no floats, under
    torch.autocast, torch.func and vmap, saved-tensor hooks as torch.utils.checkpoint sets them, and for dropout between
    layers in training off the CPU; TypeError if model is not a module; ValueError for an edit of what is not there.
    """
    _refuse_model(model)
    recording = Recording(model, tokens, [edit] if isinstance(edit, Edit) else edit)
    active = _active()
    try:
        with _Watch():
            active.append(recording)
            try:
                yield recording
            finally:
                active.remove(recording)
    finally:
        recording._end()


class _Watch(TorchFunctionMode):
    """Sees every torch function that is called in its thread, and acts on the recurrent kernels."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func in KERNELS and len(args) == 9:  # the stock modules pass all by position
            packed = isinstance(args[3], (list, tuple))  # data, batch sizes, states, weights, …
            weights, run = args[3] if packed else args[2], _run_packed if packed else _run
        elif func in CELLS and len(args) >= 4:
            weights, run = [w for w in args[2:6] if w is not None], _run_cell
        elif func in (attend, multi_head_attention_forward) and torch._C._current_graph_task_id() == -1:
            return _look(func, args, kwargs)
        else:
            return func(*args, **kwargs)
        # to read the weights of a parametrized cell would compute them anew: its forward, on the stack, says whose they are
        frame = _stock_frame(CELL_FORWARDS) if run is _run_cell else None
        cell = None if frame is None else frame.f_locals.get("self")
        # One mode answers for all recordings of the thread: an inner must not hide a call from an outer.
        watching = [(one, found) for one in _active() if (found := one._find(weights, cell))]
        # in a backward, a checkpoint may be computed again: that is no new call
        if not watching or torch._C._current_graph_task_id() != -1:
            return func(*args, **kwargs)
        with torch._C.DisableTorchFunction():
            return run(func, watching, *args)


def _look(func, args: tuple, kwargs: dict):
    """Attention runs as it would; then each recording is told that one of its modules called it."""
    result = func(*args, **kwargs)
    owners, frame = [], sys._getframe(1)
    while frame is not None:
        owner = frame.f_locals.get("self")
        if isinstance(owner, nn.Module):
            owners.append(owner)
        frame = frame.f_back

    def look() -> Look:
        return look_at_attend(result, *args, **kwargs) if func is attend else look_at_multihead(args, kwargs)

    with torch._C.DisableTorchFunction():
        for recording in _active():
            recording._noticed(look, owners)
    return result


def _titled(called: list[Watched]) -> dict[str, Watched]:
    """By the names that their nodes will have; the model itself gives way to a module inside it of the same name."""
    titled = {watched.name: watched for watched in called if watched.name}
    for watched in called:
        if not watched.name:
            titled[f"{watched.title}_itself" if watched.title in titled else watched.title] = watched
    return titled


def _active() -> list[Recording]:
    if not hasattr(_thread, "recordings"):
        _thread.recordings = []
    return _thread.recordings


def _refuse_model(model: nn.Module) -> None:
    if not isinstance(model, nn.Module):
        raise TypeError(f"record wants an nn.Module; got {type(model).__name__}")
    for name, module in model.named_modules():
        title = f"module {name!r}" if name else "the model"
        if isinstance(module, torch.jit.ScriptModule) and module.original_name in STOCK:
            raise NotImplementedError(
                f"record cannot look into a ScriptModule ({title}): record the model that was scripted"
            )
        # by name, since importing torch._dynamo to ask takes seconds
        compiled = type(module).__name__ == "OptimizedModule" or module._compiled_call_impl is not None
        if compiled and any(isinstance(inner, MODULES) for inner in module.modules()):
            raise NotImplementedError(
                f"record cannot look into a compiled module ({title}): record the model before torch.compile"
            )


def _refuse_numbers(input: Tensor, weights: Sequence[Tensor]) -> None:
    wrapped = torch._C._functorch.is_functorch_wrapped_tensor
    if any(tensor.is_meta or wrapped(tensor) for tensor in (input, *weights)):
        raise NotImplementedError(
            "record cannot read meta tensors or inside torch.func: use tensors with numbers, and autograd"
        )
    if input.dtype not in DTYPES:
        raise NotImplementedError(f"record cannot read {input.dtype}: run the model in float32")
    if torch.autograd.forward_ad._current_level >= 0:
        raise NotImplementedError(
            "record cannot read under forward-mode AD: use backward, or leave the recording out"
        )
    if torch.is_autocast_enabled(input.device.type):
        raise NotImplementedError(
            "record cannot read under autocast: run the model outside torch.autocast, or in bfloat16 as a whole"
        )


def _working(tensor: Tensor) -> Tensor:
    """In the type that the trace has: half numbers as float32, which holds all of them; numpy has no bfloat16."""
    tensor = tensor.detach()
    return tensor.float() if tensor.dtype in (torch.bfloat16, torch.float16) else tensor


def _copy(tensor: Tensor) -> Tensor:
    working = _working(tensor)
    return storage(working, *working.shape).copy_(working)


# ---- modules ----------------------------------------------------------------------------------------------------------


def _run_packed(kernel, watching, data, sizes, states, weights, biases, layers, dropout, training, two):
    layout = Layout.packed(sizes, _order(), data.device)
    return _by_layer(kernel, watching, layout, data, states, weights, biases, layers, dropout, training, two)


def _run(kernel, watching, input, states, weights, biases, layers, dropout, training, two, batch_first):
    sequence = input.transpose(0, 1) if batch_first else input  # (time, batch, input)
    layout = Layout(len(sequence), sequence.shape[1])
    output, *finals = _by_layer(
        kernel, watching, layout, sequence, states, weights, biases, layers, dropout, training, two
    )
    if batch_first:
        # as each kernel does it: only an LSTM's output is a view, and autograd treats writing to one apart
        output = output.transpose(0, 1) if len(finals) > 1 else output.transpose_(0, 1)
    return output, *finals


def _order() -> Tensor | None:
    """The order that a packed sequence is to be brought back to. No function that a mode sees is given it: it is read from
    the forward of the stock module, which is on the stack."""
    frame = _stock_frame(FORWARDS)
    if frame is None or "unsorted_indices" not in frame.f_locals:
        raise NotImplementedError(
            "record cannot tell the order of a packed sequence outside the stock forward: call the module itself"
        )
    return frame.f_locals["unsorted_indices"]


def _stock_frame(forwards: set):
    """The innermost call of one of these functions, by their code; None where there is none."""
    frame = sys._getframe()
    while frame is not None and frame.f_code not in forwards:
        frame = frame.f_back
    return frame


def _by_layer(kernel, watching, layout, data, states, weights, biases, layers, dropout, training, two):
    """What one call of the kernel returns, run one layer and direction at a time.

    aten does the same inside one call (RNN.cpp, apply_layer_stack): time first, dropout on what goes up,
    states stacked. cuDNN draws its dropout in one piece from a state of its own, so there this cannot be what
    the plain call draws.
    """
    _refuse_numbers(data, weights)
    states = _tupled(states)
    if not layout.steps:
        title = watching[0][1].name or KERNELS[kernel]
        raise RuntimeError(
            f"{title!r}: input came with shape (time 0, batch {layout.batch}, feature {data.shape[-1]}); wanted at least one step"
        )
    dropping = bool(dropout) and training and layers > 1
    if dropping and data.device.type != "cpu":
        raise NotImplementedError(
            f"record cannot draw dropout between layers as {data.device.type} does: call model.eval() first"
        )
    directions = 2 if two else 1
    each = len(weights) // (layers * directions)
    kind, nonlinearity = KERNELS[kernel], NONLINEARITIES.get(kernel, "")
    call = _new_call(watching, kind, nonlinearity, layers, directions, layout, weights, biases)
    tracked = torch.is_grad_enabled() and any(t.requires_grad for t in (data, *states, *weights))
    call.tracked = tracked
    call.follows = _sources(states, watching) if tracked else []
    placing = [(found, each) for _, found in watching for each in found.edits]
    if placing and tracked:
        raise RuntimeError("an edited recording has no gradients: call the model under torch.no_grad()")
    if tracked and torch._C._autograd._top_saved_tensors_default_hooks(True) is not None:
        raise NotImplementedError(
            "record cannot follow a backward through torch.utils.checkpoint or other saved-tensor hooks: leave them out"
        )
    # where the plain call leads to parameters at all, the way down leads through every layer
    anchor = torch.zeros((), requires_grad=True, device=data.device) if tracked else None
    below, finals = data, []
    for layer in range(layers):
        outputs = []
        for direction in range(directions):
            at = layer * directions + direction
            begin = [state[at : at + 1] for state in states]
            own = weights[at * each : (at + 1) * each]
            x = layout.turned(below) if direction else below
            run = _Run(call, layer, direction, kernel, biases, training, len(states))
            if tracked:
                output, *final = _Layer.apply(run, anchor, x, *begin, *own)
            else:
                output, *final = run.forward(x, begin, own, placing)
            outputs.append(layout.turned(output) if direction else output)
            finals.append(final)
        output = torch.cat(outputs, -1) if two else outputs[0]
        below = torch.dropout(output, dropout, True) if dropping and layer < layers - 1 else output
    _listen(call, watching)
    if len(finals) == 1:
        return output, *finals[0]
    return output, *[torch.cat(one) for one in zip(*finals, strict=True)]


def _new_call(watching, kind, nonlinearity, layers, directions, layout, weights, biases) -> Call:
    with torch.no_grad():
        last = next((found.calls[-1].weights for _, found in watching if found.calls), [])
        return Call(kind, nonlinearity, layers, directions, layout, _snapshot(weights, last), biases)


def _listen(call: Call, watching) -> None:
    """A call that has run is the recordings'; one that raised never was."""
    for _, found in watching:
        found.calls.append(call)
    call.open = call.listeners = len(watching)


def _sources(states: Sequence[Tensor], watching) -> list[Call]:
    """The earlier calls of the same module from which these states came, by autograd's graph."""
    earlier = {id(call) for _, found in watching for call in found.calls}
    found: list[Call] = []
    stack, seen = [state.grad_fn for state in states] if earlier else [], set()
    while stack and len(seen) < FARTHEST:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        run = getattr(node, "run", None)
        call = run.call if isinstance(run, _Run) else node.metadata.get(MARK, _nothing)()
        if call is not None and id(call) in earlier:
            found.append(call)
        else:
            stack += [following for following, _ in node.next_functions]
    return found


def _nothing() -> None:
    return None


def _tupled(states: Tensor | Sequence[Tensor]) -> tuple[Tensor, ...]:
    """(h,) or (h, c): an LSTM comes with both, the others with h alone."""
    return (states,) if isinstance(states, Tensor) else tuple(states)


def _all_states(one: Pass) -> tuple[Tensor, ...]:
    return (one.hidden,) if one.cell is None else (one.hidden, one.cell)


@dataclass(frozen=True)
class _Run:
    """One layer and direction of one call, run by the native kernel."""

    call: Call
    layer: int
    direction: int
    kernel: Callable
    biases: bool
    training: bool
    states: int

    def plain(
        self, x: Tensor, begin: Sequence[Tensor], weights: Sequence[Tensor], sizes: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """torch's own kernel. sizes: of the steps, where x is packed."""
        states = tuple(begin) if self.states > 1 else begin[0]
        more = (list(weights), self.biases, 1, 0.0, self.training, False)
        return self.kernel(x, states, *more, False) if sizes is None else self.kernel(x, sizes, states, *more)

    def forward(
        self, x: Tensor, begin: Sequence[Tensor], weights: Sequence[Tensor], placing: Sequence = ()
    ) -> tuple[Tensor, ...]:
        call, given = self.call, False
        if call.kind == "lstm" and call.layout.sizes is None:
            given = kernels.gives_gates(x, tuple(begin), weights, self.biases)
        if given:
            rows = call.rows_of(self.layer, self.direction, weights[1].shape[0])
            result = kernels.lstm(x, tuple(begin), weights, self.biases, rows)
        else:
            result = self.plain(x, begin, weights, call.layout.sizes)
        with torch.no_grad():
            dense = call.layout.dense
            squeezed = [[state[0] for state in states] for states in (begin, result[1:])]
            call.keep(self.layer, self.direction, dense(x), dense(result[0]), *squeezed, given)
            return self._edited(result, placing, weights) if placing else result

    def _edited(self, result, placing, weights) -> tuple[Tensor, ...]:
        """The result with the edits of this layer and direction made; the very result where none changes a number."""
        call, layout, one = self.call, self.call.layout, self.call.passes[self.layer, self.direction]
        placed = []
        for found, edit in placing:
            start = sum(before.steps for before in found.calls)
            title = found.name or call.kind
            here = edits.place(edit, title, one, call.layers, call.directions, start, layout.order)
            if (edit.layer, edits.DIRECTIONS.index(edit.direction)) == (self.layer, self.direction):
                placed.append(here)
        if not placed:
            return result
        lengths = layout.lengths.tolist()

        def order(t: int) -> list[tuple[int, int]]:
            rows = [row for row, length in enumerate(lengths) if t < length]
            return [(row, lengths[row] - 1 - t if self.direction else t) for row in rows]

        def segment(x: Tensor, states: Sequence[Tensor]) -> Tensor:
            dtype = weights[0].dtype
            hidden, *_ = self.plain(x.to(dtype), [state[None].to(dtype) for state in states], weights)
            return _working(hidden)

        error, changed = edits.run(one, placed, segment, order)
        call.edited[self.layer, self.direction] = error
        if not changed:
            return result
        finals = [
            states[layout.last][None].to(x.dtype)
            for x, states in zip(result[1:], _all_states(one), strict=True)
        ]
        return layout.flat(one.hidden).to(result[0].dtype, copy=True), *finals


class _Layer(torch.autograd.Function):
    """A pass whose backward is ours, so that the gradient of every step is seen on its way."""

    @staticmethod
    def forward(ctx, run, anchor, x, *rest):
        ctx.run = run
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(x, *rest)
        return run.forward(x, rest[: run.states], rest[run.states :])

    @staticmethod
    def backward(ctx, grad_output, *grad_finals):
        run, call = ctx.run, ctx.run.call
        if any(_batched(g) for g in (grad_output, *grad_finals) if g is not None):
            raise NotImplementedError(
                "record cannot see a batched backward: call it without is_grads_batched or vmap"
            )
        if torch.is_grad_enabled():  # create_graph: torch's own, which can be derived again
            x, *rest = ctx.saved_tensors
            grads = _derivable(run, x, rest, (grad_output, *grad_finals), ctx.needs_input_grad[2:])
            if call.open:
                with torch.no_grad():
                    _pass_back(ctx, grad_output, grad_finals)
            return None, None, *grads
        return None, None, *_pass_back(ctx, grad_output, grad_finals)


def _pass_back(ctx, grad_output: Tensor | None, grad_finals: Sequence[Tensor | None]) -> list[Tensor | None]:
    """Gradients of x, the initial states and the weights; what came back is kept where somebody listens."""
    run = ctx.run
    call, key = run.call, (run.layer, run.direction)
    call.recover()
    one = call.passes[key]
    direct = torch.zeros_like(one.hidden)
    layout = call.layout
    if grad_output is not None:
        direct.copy_(layout.dense(grad_output))
    if grad_finals[0] is not None:
        direct[layout.last] += grad_finals[0][0]
    final_cell = grad_finals[1] if len(grad_finals) > 1 else None
    need_x, *need = ctx.needs_input_grad[2:]
    need_weights = any(need[run.states :])
    back = passes.backpropagate(
        one, direct, None if final_cell is None else _working(final_cell[0]), need_x, need_weights
    )
    if call.open:
        call.came_back(key, Gradients(back.total, direct, back.cell))
        if need[0]:
            call.handed_back(key, back.initial[0])
        onward = ctx.next_functions[1:2] if run.layer else ()
        onward += ctx.next_functions[2 : 2 + run.states] if call.follows else ()
        call.cut |= any(_passed_by(node) for node, _ in onward)
    # not from what autograd saved: the caller may have used its input's memory again, and here it is not needed
    dtype = call.weights[0].dtype
    grads: list[Tensor | None] = [layout.flat(back.input).to(dtype) if need_x else None]
    grads += [
        state[None].to(dtype) if wanted else None for state, wanted in zip(back.initial, need, strict=False)
    ]
    own = [w for w in back.weights if w is not None] if need_weights else [None] * len(need[run.states :])
    grads += [g.to(dtype) if wanted else None for g, wanted in zip(own, need[run.states :], strict=True)]
    return grads


def _batched(tensor: Tensor) -> bool:
    known = torch._C._functorch
    return known.is_functorch_wrapped_tensor(tensor) or known.is_legacy_batchedtensor(tensor)


def _passed_by(node) -> bool:
    """Whether this backward was told not to go on there."""
    try:
        return node is not None and not torch._C._will_engine_execute_node(node)
    except RuntimeError:  # a leaf, which autograd.grad does not answer for
        return False


def _derivable(run: _Run, x, rest, came, needs) -> list[Tensor | None]:
    """The same gradients from torch's kernel, as part of a graph that can be derived again."""
    # under names of their own: what one of them has to do with another is not this pass's affair
    x, *rest = (tensor.view_as(tensor) for tensor in (x, *rest))
    result = run.plain(x, rest[: run.states], rest[run.states :], run.call.layout.sizes)
    pairs = [(out, grad) for out, grad in zip(result, came, strict=True) if grad is not None]
    wanted = [tensor for tensor, need in zip((x, *rest), needs, strict=True) if need]
    found = iter(
        torch.autograd.grad(
            [out for out, _ in pairs],
            wanted,
            [grad for _, grad in pairs],
            create_graph=True,
            allow_unused=True,
        )
    )
    return [next(found) if need else None for need in needs]


# ---- cells ------------------------------------------------------------------------------------------------------------


def _run_cell(kernel, watching, input, states, *weights):
    """One step of a loop of the caller's. Torch's own cell runs; hooks on its states bring what comes back."""
    kind = CELLS[kernel]
    given = [weight for weight in weights if weight is not None]
    _refuse_numbers(input, given)
    states = _tupled(states)
    layout = Layout(1, len(input))
    call = _new_call(watching, kind, NONLINEARITIES.get(kernel, ""), 1, 1, layout, given, len(given) == 4)
    tracked = torch.is_grad_enabled() and any(t.requires_grad for t in (input, *states, *given))
    call.tracked, through = tracked, None
    if tracked:
        call.follows = _sources(states, watching)
    if tracked and states[0].requires_grad:
        through = states[0].view_as(states[0])  # what comes back to it comes through this step
        states = (through, *states[1:])
    result = kernel(input, states if kind == "lstm" else states[0], *weights)
    after = _tupled(result)
    with torch.no_grad():
        call.keep(0, 0, input[None], after[0][None], states, after)
    _listen(call, watching)
    if tracked:
        for state in after:
            state.grad_fn.metadata[MARK] = weakref.ref(call)
        hooks = [after[0].register_hook(lambda grad: _cell_grad(call, "hidden", grad))]
        if kind == "lstm":
            hooks.append(after[1].register_hook(lambda grad: _cell_grad(call, "cell", grad)))
        if through is not None:
            hooks.append(through.register_hook(lambda grad: _cell_grad(call, "handed", grad)))
        watching[0][0]._hooks.extend(hooks)
    return result


def _cell_grad(call: Call, what: str, grad: Tensor) -> None:
    if not call.open:
        return
    grad = _working(grad)[None].clone()
    if what == "handed":
        call.handed_back((0, 0), grad[0])
        return
    zero = torch.zeros_like(grad)
    cell = None if call.kind != "lstm" else grad if what == "cell" else zero
    hidden = grad if what == "hidden" else zero
    call.came_back((0, 0), Gradients(hidden, hidden, cell, calls=1 if what == "hidden" else 0))


# ---- from calls to a trace --------------------------------------------------------------------------------------------


def _rounding(one: Pass, error: float, dtype: torch.dtype) -> float:
    """The largest difference that rounding in dtype explains: sqrt(machine epsilon), by the size of the numbers.

    An error below that for numbers of size 1 needs no closer look; else the largest sum of products counts.
    """
    tolerance = math.sqrt(torch.finfo(dtype).eps)
    if error <= tolerance:
        return tolerance
    size = one.hidden.abs().max().item()
    if one.cell is not None:
        size = max(size, one.cell.abs().max().item())
    for weight, factor in zip(one.weights[:2], (one.input, one.hidden), strict=True):
        largest = max(factor.abs().max().item(), one.initial[0].abs().max().item())
        size = max(size, weight.abs().sum(1).max().item() * largest)
    return tolerance * max(1.0, size) if math.isfinite(size) else math.inf


def _snapshot(weights: Sequence[Tensor], last: list[Tensor]) -> list[Tensor]:
    """A copy of the weights, or the last copy where nothing has changed since.

    By value: the version counter of a parameter does not see what is written through `.data`.
    """
    if last and all(_unchanged(now, then) for now, then in zip(weights, last, strict=True)):
        return last
    return [weight.detach().clone() for weight in weights]


def _unchanged(now: Tensor, then: Tensor) -> bool:
    if (now.dtype, now.shape) != (then.dtype, then.shape):
        return False
    # the slower comparison is for a diverged model, whose NaN are not equal to themselves
    return torch.equal(now, then) or torch.allclose(now, then, rtol=0, atol=0, equal_nan=True)


def _recorded(watched: Watched) -> Recorded:
    """All calls of one module, one after the other on `time`."""
    name, calls = watched.title, watched.calls
    first = calls[0]
    for number, call in enumerate(calls):
        if call.weights is not first.weights:
            raise RuntimeError(
                f"the weights of {name!r} changed before its call {number}:"
                " record each step of training in its own block"
            )
        if call.layout.batch != first.layout.batch:
            raise RuntimeError(
                f"{name!r} was called with batch {first.layout.batch}, then {call.layout.batch}:"
                " record each batch size in its own block"
            )
        if len(calls) > 1 and call.layout.valid is not None:
            raise RuntimeError(
                f"{name!r} was called {len(calls)} times, one with a packed sequence:"
                " record each packed call in its own block"
            )
    steps = [call.steps for call in calls]
    gradients = _gradient_arrays(calls, watched.gradients)
    joined = [_joined(calls)] if len(calls) > 1 and all(_raw(c) for c in calls) else calls
    for call in joined:
        call.recover()
        if call.replay_error > call.tolerance:
            warnings.warn(
                f"{name!r}: the gates rebuild its states with an error of {call.replay_error:.3g},"
                f" more than rounding explains ({call.tolerance:.3g})",
                RuntimeWarning,
                stacklevel=4,
            )
    pieces = [_arrays(call) for call in joined]
    arrays = {key: _along_time([piece[key] for piece in pieces]) for key in pieces[0]} | gradients
    arrays = {key: _finished(first, key, array, steps) for key, array in arrays.items()} | _initials(calls)
    arrays |= _weight_arrays(first, arrays["hidden"])
    attributes: dict[str, object] = {"nonlinearity": first.nonlinearity} if first.nonlinearity else {}
    attributes["replay_error"] = max(call.replay_error for call in joined)
    total = sum(steps)
    for each in watched.edits:
        if edits.last_step(each) >= total:
            raise ValueError(
                f"edit of {name!r}, {each.field}: step {edits.last_step(each)} is not there; wanted 0 to {total - 1}"
            )
    if watched.edits:
        attributes["edits"] = "; ".join(map(str, watched.edits))
    attributes |= _odd_numbers(arrays["input"], first)
    if gradients:
        attributes["backward_calls"] = max(1, *(g.calls for one in watched.gradients for g in one.values()))
    lengths = None
    if first.layout.valid is not None:
        lengths = first.layout.unsorted(first.layout.lengths, 0).cpu().numpy()
    return Recorded(first.kind, arrays, steps, attributes, lengths)


def _looked(name: str, looks: list[Look]) -> Recorded:
    """All calls of one attention, one after the other on `query`; what is padding is NaN."""
    first = looks[0].weight
    for number, look in enumerate(looks):
        if (look.weight.shape[:2], look.weight.shape[3]) != (first.shape[:2], first.shape[3]):
            raise RuntimeError(
                f"{name!r} looked at {tuple(first.shape)} (batch, head, query, key), then, in call {number}, at"
                f" {tuple(look.weight.shape)}: record each in its own block"
            )
    arrays = {}
    for key, dim in (("weight", 2), ("score", 2), ("context", 1)):
        pieces = []
        for look in looks:
            piece = getattr(look, key)
            if piece is not None and look.valid is not None and key != "context":
                piece = piece.masked_fill(~look.valid[:, None, None], math.nan)
            pieces.append(piece)
        if all(piece is not None for piece in pieces):
            arrays[key] = _working(torch.cat(pieces, dim)).cpu().numpy()
    return Recorded("attention", arrays, [look.weight.shape[2] for look in looks])


def _raw(call: Call) -> bool:
    """Whether nothing but the states is known yet."""
    return call.replay_error is None and call.rows is None and not call.edited


def _joined(calls: list[Call]) -> Call:
    """Many calls as one, so that their gates are recovered in one go; each starts from its own initial state."""
    first = calls[0]
    steps = [call.steps for call in calls]
    starts = torch.tensor([0, *np.cumsum(steps)[:-1].tolist()], device=first.hidden.device)
    one = Call(
        first.kind,
        first.nonlinearity,
        first.layers,
        first.directions,
        Layout(sum(steps), first.layout.batch),
        first.weights,
        first.biases,
    )
    one.hidden = torch.cat([call.hidden for call in calls], 2)
    one.final_cells = calls[-1].final_cells
    for key, a in first.passes.items():
        own = [call.passes[key] for call in calls]
        initial = tuple(torch.stack(states) for states in zip(*(p.initial for p in own), strict=True))
        input = torch.cat([p.input for p in own])
        one.passes[key] = Pass(
            a.kind, a.nonlinearity, input, one.hidden[key], initial, a.weights, starts=starts
        )
    return one


def _arrays(call: Call) -> dict[str, Tensor]:
    """(layer, direction, time, batch, …) in reading order, and the input as it was read."""
    found = {"hidden": call.hidden}
    if call.kind == "lstm":
        found["cell"] = call.cell
    names = ACTIVATIONS[call.kind]
    if names:
        found |= dict(zip(names, call.rows.chunk(len(names), -1), strict=True))
    found["input"] = call.passes[0, 0].input
    # another recording has them too, or a backward after the block will still need them
    if call.listeners > 1 or (call.tracked and not call.gradients):
        return {name: array.clone() for name, array in found.items()}
    return found


def _along_time(pieces: list[Tensor]) -> Tensor:
    return pieces[0] if len(pieces) == 1 else torch.cat(pieces, 0 if pieces[0].ndim == 3 else 2)


def _finished(call: Call, name: str, array: Tensor, steps: list[int]) -> np.ndarray:
    """As the trace has it: aligned to what was read, the caller's order of sequences, NaN beyond their ends."""
    layout = call.layout
    if name == "input":
        array = array[None, None]
    elif call.directions == 2:
        array = _aligned(call, array, steps)
    if layout.valid is not None:
        array = array.masked_fill(~layout.valid[:, :, None], math.nan)
        array = layout.unsorted(array, 3)
    array = array.transpose(2, 3)  # (layer, direction, batch, time, …)
    return array.cpu().numpy()[0, 0] if name == "input" else array.cpu().numpy()


def _aligned(call: Call, array: Tensor, steps: list[int]) -> Tensor:
    """Each call's backward passes turned, so that a state stands at what it read."""
    turned = storage(array, *array.shape)
    turned[:, 0] = array[:, 0]
    for layer in range(call.layers):
        at = 0
        for each in steps:
            part = slice(at, at + each)
            turned[layer, 1, part] = call.layout.turned_dense(array[layer, 1, part])
            at += each
    return turned


def _initials(calls: list[Call]) -> dict[str, np.ndarray]:
    """The states before the first call, and where there are several before each."""
    first = calls[0]
    names = ("hidden_initial", "cell_initial")[: len(first.passes[0, 0].initial)]
    found = {}
    for position, name in enumerate(names):
        each = []
        for call in calls:
            states = torch.stack([one.initial[position] for one in call.passes.values()])
            states = call.layout.unsorted(states.unflatten(0, (call.layers, call.directions)), 2)
            each.append(states.cpu().numpy())
        found[name] = each[0]
        if len(each) > 1:
            found[f"{name}_by_call"] = np.stack(each)
    return found


def _gradient_arrays(calls: list[Call], gradients: list[dict]) -> dict[str, Tensor]:
    """Total and direct gradients of all calls, nothing where no backward came. What the loss does not depend on is 0;
    what a backward was told not to reach is not known, NaN."""
    if not any(gradients):
        return {}
    names = {"hidden_grad": "total", "hidden_grad_direct": "direct"}
    if calls[0].kind == "lstm":
        names["cell_grad"] = "cell"
    unknown = math.nan if _cut_short(calls, gradients) else 0.0
    found: dict[str, list[Tensor]] = {name: [] for name in names}
    for number, (call, own) in enumerate(zip(calls, gradients, strict=True)):
        for name, part in names.items():
            each = []
            for key, one in call.passes.items():
                if key in own:
                    array = getattr(own[key], part)
                    if part == "direct":
                        following = [
                            later for later in calls[number + 1 :] if any(c is call for c in later.follows)
                        ]
                        array = _without_next_calls(key, array, call, following)
                else:
                    wide = one.units if part == "cell" else one.hidden.shape[-1]
                    array = one.hidden.new_full((*one.hidden.shape[:2], wide), unknown)
                each.append(array)
            shape = (call.layers, call.directions)
            stacked = each[0][None, None] if len(each) == 1 else torch.stack(each).unflatten(0, shape)
            found[name].append(stacked)
    return {name: _along_time(arrays) for name, arrays in found.items()}


def _cut_short(calls: list[Call], gradients: list[dict]) -> bool:
    """Whether a backward stopped before it had reached all that it could: it handed something to a call that got nothing."""
    reached = {id(call) for call, own in zip(calls, gradients, strict=True) if own}
    handing = [call for call in calls if any(handed.any() for handed in call.handed.values())]
    return any(call.cut for call in calls) or any(
        id(source) not in reached for call in handing for source in call.follows
    )


def _without_next_calls(key, direct: Tensor, call: Call, following: list[Call]) -> Tensor:
    """What later calls that began with this one's last states hand back is not direct. Where such a state was changed on
    its way (a mask, another order of the sequences), how much came back through it is not known: NaN."""
    for later in following:
        if key not in later.handed:
            continue
        handed = later.handed[key]
        last, begun = call.passes[key].hidden[-1], later.passes[key].initial[0]
        same = (last == begun).all(-1, keepdim=True) | (handed == 0).all(-1, keepdim=True)
        direct = direct.clone()
        direct[-1] -= torch.where(same, handed, math.nan)
    return direct


def _odd_numbers(input: np.ndarray, call: Call) -> dict[str, object]:
    valid = input if call.layout.valid is None else input[~np.isnan(input).all(-1)]
    odd = int(valid.size - np.isfinite(valid).sum())
    return {"nonfinite_inputs": odd} if odd else {}


def _weight_arrays(call: Call, hidden: np.ndarray) -> dict[str, np.ndarray]:
    """Weights and biases over (layer, direction, gate, unit, …)."""
    units = call.passes[0, 0].units

    def of_layers(name: str) -> list[np.ndarray]:
        layers = []
        for layer in range(call.layers):
            own = [getattr(call.passes[layer, d].weights, name) for d in range(call.directions)]
            layers.append(np.stack([weight.cpu().unflatten(0, (-1, units)).numpy() for weight in own]))
        return layers

    arrays = {
        "input_weight": pad_inputs(of_layers("input")),
        "recurrent_weight": np.stack(of_layers("recurrent")),
    }
    for name in ("input_bias", "recurrent_bias"):
        zeros = np.zeros_like(arrays["recurrent_weight"][..., 0])
        arrays[name] = np.stack(of_layers(name)) if call.biases else zeros
    if call.passes[0, 0].weights.projection is not None:
        own = [one.weights.projection.cpu().numpy() for one in call.passes.values()]
        arrays["projection_weight"] = np.stack(own).reshape(call.layers, call.directions, *own[0].shape)
    return arrays
