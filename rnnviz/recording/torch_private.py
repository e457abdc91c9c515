"""What a recording borrows from torch's private side, each name with what it is for. No other file reaches there.

torch promises nothing about these names, so they are asked for one by one when the recorder is first imported: a torch
that lacks one is refused in one line that says which, not in the middle of somebody's training.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from types import CodeType, FrameType
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.autograd.function import BackwardCFunction
from torch.autograd.graph import Node
from torch.backends.cudnn import rnn as cudnn
from torch.utils.hooks import RemovableHandle

# Paths below `torch`, and what each is for.
NAMES = {
    "_VF.lstm": "the kernel in which nn.LSTM ends: it is watched, and run layer by layer",
    "_VF.gru": "the kernel in which nn.GRU ends",
    "_VF.rnn_tanh": "the kernel in which nn.RNN ends",
    "_VF.rnn_relu": "the kernel in which nn.RNN with nonlinearity='relu' ends",
    "_VF.lstm_cell": "the kernel in which nn.LSTMCell ends",
    "_VF.gru_cell": "the kernel in which nn.GRUCell ends",
    "_VF.rnn_tanh_cell": "the kernel in which nn.RNNCell ends",
    "_VF.rnn_relu_cell": "the kernel in which nn.RNNCell with nonlinearity='relu' ends",
    "ops.aten.mkldnn_rnn_layer": "oneDNN's LSTM, which hands out its gates",
    "_C._get_mkldnn_enabled": "whether oneDNN may be used",
    "_use_cudnn_rnn_flatten_weight": "whether cuDNN wants the weights of a layer in one buffer",
    "_cudnn_rnn_flatten_weight": "lays the weights of a layer into one buffer, as cuDNN wants them",
    "_C.DisableTorchFunction": "the recorder's own calls are not watched",
    "_C._current_graph_task_id": "whether a backward is running: what it computes again is no new call",
    "_C._will_engine_execute_node": "whether a backward goes on to a node, or was told to stop before it",
    "_C._autograd._top_saved_tensors_default_hooks": "whether somebody packs what autograd saves",
    "_C._functorch.is_functorch_wrapped_tensor": "whether a tensor is one of torch.func's",
    "_C._functorch.is_legacy_batchedtensor": "whether a gradient comes for many losses at once",
    "autograd.forward_ad._current_level": "whether forward-mode AD is on",
    "autograd.graph.Node.metadata": "a place at a node of the graph, where the call that made it is noted",
    "nn.Module._compiled_call_impl": "whether a module was compiled in place",
}
# Names that no class shows: a local variable, and attributes of modules. Each with a function whose code has it.
IN_CODE = {
    ("nn.TransformerEncoder.forward", "why_not_sparsity_fast_path"): "why it leaves torch's fast path",
    ("nn.TransformerEncoderLayer.forward", "why_not_sparsity_fast_path"): "why it leaves torch's fast path",
    ("nn.RNN.forward", "unsorted_indices"): "the order that a packed sequence is brought back to",
    ("nn.LSTM.forward", "unsorted_indices"): "the order that a packed sequence is brought back to",
    ("nn.GRU.forward", "unsorted_indices"): "the order that a packed sequence is brought back to",
    (
        "nn.RNNBase.flatten_parameters",
        "_flat_weights",
    ): "the list of weights that a module gives its kernel, by which it is known",
    (
        "nn.Module.register_parameter",
        "_parameters",
    ): "weights of a cell, without computing a parametrisation anew",
}


def check(root: Any = torch) -> None:
    """Nothing, if this torch has every name.

    Raises ImportError, in one line, with the first that it lacks and what that is for.
    """
    for path, purpose in NAMES.items():
        _find(root, path, purpose)
    for (path, name), purpose in IN_CODE.items():
        code = _code(_find(root, path, purpose))
        if name not in (*code.co_varnames, *code.co_names):
            raise _missing(root, f"{name} in torch.{path}", purpose)


def _find(root: Any, path: str, purpose: str) -> Any:
    at = root
    for name in path.split("."):
        try:
            at = getattr(at, name)
        except (AttributeError, RuntimeError):  # torch.ops raises the one or the other
            raise _missing(root, f"torch.{path}", purpose) from None
    return at


def _missing(root: Any, name: str, purpose: str) -> ImportError:
    return ImportError(
        f"rnnviz cannot record with torch {root.__version__}: {name} is not there ({purpose});"
        " use the torch that requirements.txt names"
    )


def _code(function: Callable[..., Any]) -> CodeType:
    return cast(CodeType, inspect.unwrap(function).__code__)


check()

_lstm, _gru, _rnn_tanh, _rnn_relu = torch._VF.lstm, torch._VF.gru, torch._VF.rnn_tanh, torch._VF.rnn_relu
_lstm_cell, _gru_cell = torch._VF.lstm_cell, torch._VF.gru_cell
_rnn_tanh_cell, _rnn_relu_cell = torch._VF.rnn_tanh_cell, torch._VF.rnn_relu_cell

# What a kernel computes: its kind, and the nonlinearity of a simple RNN.
KERNELS: dict[object, tuple[str, str]] = {
    _lstm: ("lstm", ""),
    _gru: ("gru", ""),
    _rnn_tanh: ("rnn", "tanh"),
    _rnn_relu: ("rnn", "relu"),
}
CELLS: dict[object, tuple[str, str]] = {
    _lstm_cell: ("lstm", ""),
    _gru_cell: ("gru", ""),
    _rnn_tanh_cell: ("rnn", "tanh"),
    _rnn_relu_cell: ("rnn", "relu"),
}
CELL_OF: dict[object, Callable[..., Any]] = {
    _lstm: _lstm_cell,
    _gru: _gru_cell,
    _rnn_tanh: _rnn_tanh_cell,
    _rnn_relu: _rnn_relu_cell,
}
FORWARDS = {_code(cls.forward) for cls in (nn.RNN, nn.LSTM, nn.GRU)}
CELL_FORWARDS = {_code(cls.forward) for cls in (nn.RNNCell, nn.LSTMCell, nn.GRUCell)}

_MARK = "rnnviz"  # in a node's metadata, which autograd keeps for the use of others
_ONEDNN_LSTM = 2  # mode of the kernel


def unwatched() -> AbstractContextManager[None]:
    """No function mode sees what is called in the block."""
    return torch._C.DisableTorchFunction()


def in_backward() -> bool:
    """Whether autograd is going back in this thread."""
    return torch._C._current_graph_task_id() != -1


def backward_number() -> int:
    """Which backward is running: autograd numbers them."""
    return torch._C._current_graph_task_id()


def hook(tensor: Tensor, told: Callable[[Tensor], None]) -> RemovableHandle:
    """Tells of each gradient that comes to a tensor."""
    handle = tensor.register_hook(told)  # type: ignore[no-untyped-call]  # torch leaves it untyped
    return cast(RemovableHandle, handle)


def is_passed_by(node: Node | None) -> bool:
    """Whether the backward that is running was told not to go on there."""
    if node is None:
        return False
    try:
        return not torch._C._will_engine_execute_node(cast(Any, node))
    except RuntimeError:  # a leaf, which autograd.grad does not answer for
        return False


def packs_saved_tensors() -> bool:
    """Whether torch.utils.checkpoint or somebody else has hooks on what autograd saves."""
    return torch._C._autograd._top_saved_tensors_default_hooks(True) is not None


def is_wrapped(tensor: Tensor) -> bool:
    """Whether it is one of torch.func's, which has no numbers to be read."""
    return torch._C._functorch.is_functorch_wrapped_tensor(tensor)


def is_batched(gradient: Tensor) -> bool:
    """Whether it stands for the gradients of many losses at once."""
    return is_wrapped(gradient) or torch._C._functorch.is_legacy_batchedtensor(gradient)


def forward_mode() -> bool:
    """Whether forward-mode AD is on."""
    return torch.autograd.forward_ad._current_level >= 0


def is_compiled(module: nn.Module) -> bool:
    """Whether torch.compile has wrapped it, or compiled it in place."""
    # by name, since importing torch._dynamo to ask takes seconds
    return type(module).__name__ == "OptimizedModule" or module._compiled_call_impl is not None


@contextmanager
def run_eagerly() -> Iterator[None]:
    """Where what torch.compile has compiled runs as if it were not."""
    with torch.compiler.set_stance("force_eager"):
        yield


def inside_wrappers(name: str) -> str:
    """A module's name without what torch.compile puts between its parts."""
    return ".".join(part for part in name.split(".") if part != "_orig_mod")


def has_stock_forward(module: nn.Module) -> bool:
    """Whether a recurrent module or cell runs torch's own forward."""
    return _code(type(module).forward) in FORWARDS | CELL_FORWARDS


def own_weights(module: nn.Module) -> Sequence[Tensor | None]:
    """The weights that a recurrent module or cell gives its kernel; of an nn.RNNBase the very list."""
    if isinstance(module, nn.RNNBase):
        return module._flat_weights
    return [weight for weight in module._parameters.values() if weight is not None]


def frame_of(forwards: set[CodeType]) -> FrameType | None:
    """The innermost call of one of these functions, by their code; None where there is none."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_code not in forwards:
        frame = frame.f_back
    return frame


def left_fast_path(known: Mapping[str, Any]) -> bool:
    """Whether the forward of an nn.TransformerEncoder or of its layer, by its local variables, left torch's fast path for no
    other reason than that its functions are watched."""
    return known.get("why_not_sparsity_fast_path") == "some Tensor argument has_torch_function"


def in_function() -> bool:
    """Whether the forward of a custom autograd function is running, as that of a reentrant checkpoint."""
    frame = inspect.currentframe()
    while frame is not None:
        first = frame.f_code.co_varnames[:1]
        if first == ("ctx",) and isinstance(frame.f_locals.get("ctx"), BackwardCFunction):
            return True
        frame = frame.f_back
    return False


def unsorted_indices() -> Tensor | None:
    """The order that a packed sequence is to be brought back to. No function that a mode sees is given it: it is read from
    the forward of the stock module, which is on the stack. Raises NotImplementedError outside of one."""
    frame = frame_of(FORWARDS)
    if frame is None or "unsorted_indices" not in frame.f_locals:
        raise NotImplementedError(
            "record cannot tell the order of a packed sequence outside the stock forward: call the module itself"
        )
    return cast(Tensor | None, frame.f_locals["unsorted_indices"])


def mark(state: Tensor, note: object) -> None:
    """Notes something at the node of the graph that made a tensor."""
    metadata = cast(dict[object, object], cast(Any, state.grad_fn).metadata)
    metadata[_MARK] = note


def mark_of(node: Node) -> object:
    """What was noted at a node; None where nothing was."""
    return cast(dict[object, object], node.metadata).get(_MARK)


def in_one_buffer(weights: Sequence[Tensor], kernel: object) -> list[Tensor]:
    """Copies of the weights of one layer and direction, in a buffer of their own where cuDNN runs them.

    cuDNN reads all weights from one buffer, and torch gives it that in which the first weight lies, if the others stand there at
    the places that cuDNN expects. Without biases it compares the matrices alone (aten/native/cudnn/RNN.cpp,
    try_get_weight_buf); the first layer of a larger module passes, and what follows it in the buffer, the matrices of the next
    layer, is read as its biases. With biases it finds that they do not stand there, and warns at every call.
    """
    own = [weight.clone() for weight in weights]
    with torch.no_grad():
        acceptable = cast(Callable[[Tensor], bool], torch.backends.cudnn.is_acceptable)
        if acceptable(own[0]) and torch._use_cudnn_rnn_flatten_weight():
            kind, nonlinearity = KERNELS[kernel]
            mode_of = cast(Callable[[str], int], cudnn.get_cudnn_mode)
            mode = mode_of("_".join(filter(None, (kind, nonlinearity))).upper())
            rows, projected = own[1].shape
            units = rows // {"lstm": 4, "gru": 3, "rnn": 1}[kind]
            proj = projected if projected != units else 0
            torch._cudnn_rnn_flatten_weight(
                own, len(own), own[0].shape[1], mode, units, proj, 1, False, False
            )
    return own


def onednn_is_on() -> bool:
    """Whether torch may call oneDNN on the CPU."""
    available = cast(Callable[[], bool], torch.backends.mkldnn.is_available)
    return available() and torch._C._get_mkldnn_enabled()


def onednn_lstm(
    x: Tensor, states: Sequence[Tensor], weights: Sequence[Tensor]
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """oneDNN's LSTM for training: output, h_n, c_n and the workspace that it keeps for its backward."""
    h, c = states
    with keeping():
        result: tuple[Tensor, Tensor, Tensor, Tensor | None] = torch.ops.aten.mkldnn_rnn_layer(
            x, *weights, h, c, False, [], _ONEDNN_LSTM, h.shape[-1], 1, True, False, False, True
        )
    output, h_n, c_n, workspace = result
    return output.detach(), h_n.detach(), c_n.detach(), None if workspace is None else workspace.detach()


@contextmanager
def keeping() -> Iterator[None]:
    """Where oneDNN keeps its workspace: as it would for a backward."""
    with torch.inference_mode(False), torch.enable_grad():
        yield
