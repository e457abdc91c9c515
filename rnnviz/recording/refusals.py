"""What cannot be recorded, each refused in one line that says what to do."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from rnnviz.recording.observed import MODULES
from rnnviz.recording.torch_private import forward_mode, is_compiled, is_wrapped, packs_saved_tensors

# by the names of their classes, as a scripted module no longer is one of them
STOCK = ("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell")
DTYPES = (torch.float32, torch.float64, torch.bfloat16, torch.float16)


def refuse_model(model: nn.Module) -> None:
    """Raises TypeError for what is no module, NotImplementedError for a model that cannot be looked into."""
    if not isinstance(model, nn.Module):
        raise TypeError(f"record wants an nn.Module; got {type(model).__name__}")
    for name, module in model.named_modules():
        title = f"module {name!r}" if name else "the model"
        if isinstance(module, torch.jit.ScriptModule) and module.original_name in STOCK:
            raise NotImplementedError(
                f"record cannot look into a ScriptModule ({title}): record the model that was scripted"
            )
        if is_compiled(module) and any(isinstance(inner, MODULES) for inner in module.modules()):
            raise NotImplementedError(
                f"record cannot look into a compiled module ({title}): record the model before torch.compile"
            )


def refuse_numbers(input: Tensor, weights: Sequence[Tensor]) -> None:
    """Raises NotImplementedError at a call whose numbers cannot be read."""
    if any(tensor.is_meta or is_wrapped(tensor) for tensor in (input, *weights)):
        raise NotImplementedError(
            "record cannot read meta tensors or inside torch.func: use tensors with numbers, and autograd"
        )
    if input.dtype not in DTYPES:
        raise NotImplementedError(f"record cannot read {input.dtype}: run the model in float32")
    if forward_mode():
        raise NotImplementedError(
            "record cannot read under forward-mode AD: use backward, or leave the recording out"
        )
    if torch.is_autocast_enabled(input.device.type):
        raise NotImplementedError(
            "record cannot read under autocast: run the model outside torch.autocast, or in bfloat16 as a whole"
        )


def refuse_saved_tensor_hooks() -> None:
    """Raises NotImplementedError where what autograd saves is not kept as it is."""
    if packs_saved_tensors():
        raise NotImplementedError(
            "record cannot follow a backward through torch.utils.checkpoint or other saved-tensor hooks: leave them out"
        )


def refuse_dropout(device: torch.device) -> None:
    """Raises NotImplementedError where dropout between layers is drawn from a state that nothing else can draw from."""
    if device.type != "cpu":
        raise NotImplementedError(
            f"record cannot draw dropout between layers as {device.type} does: call model.eval() first"
        )
