"""What cannot be recorded, each refused in one line that says what to do."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from rnnviz.recording.observed import STOCK
from rnnviz.recording.torch_private import forward_mode, in_function, is_wrapped, packs_saved_tensors

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
        if isinstance(module, nn.DataParallel) and len(module.device_ids) > 1:
            raise NotImplementedError(
                f"record cannot look into the copies that DataParallel makes on each device ({title}): record its .module"
            )


def refuse_numbers(input: Tensor, weights: Sequence[Tensor]) -> None:
    """Raises NotImplementedError at a call whose numbers cannot be read."""
    if any(tensor.is_meta or is_wrapped(tensor) for tensor in (input, *weights)):
        raise NotImplementedError(
            "record cannot read meta tensors or inside torch.func: use tensors with numbers, and autograd"
        )
    for cls in {type(tensor) for tensor in (input, *weights)}:
        if cls.__torch_dispatch__ is not Tensor.__torch_dispatch__ and not issubclass(cls, nn.Parameter):
            raise NotImplementedError(
                f"record cannot read {cls.__name__}, as torch.export and torch.compile use: trace the model outside the block"
            )
    if input.dtype not in DTYPES:
        raise NotImplementedError(f"record cannot read {input.dtype}: run the model in float32")
    if forward_mode():
        raise NotImplementedError(
            "record cannot read under forward-mode AD: use backward, or leave the recording out"
        )


def refuse_saved_tensor_hooks() -> None:
    """Raises NotImplementedError where what autograd saves is not kept as it is."""
    if packs_saved_tensors():
        raise NotImplementedError(
            "record cannot follow a backward through torch.utils.checkpoint or other saved-tensor hooks: leave them out"
        )


def refuse_untracked(tensors: Sequence[Tensor]) -> None:
    """Raises NotImplementedError where a custom autograd function runs the call without its graph, to run it again later."""
    if not torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors) and in_function():
        raise NotImplementedError(
            "record cannot follow a backward that runs the module again, as torch.utils.checkpoint(use_reentrant=True) does:"
            " leave the checkpoint out"
        )


def refuse_subclass(cls: type) -> None:
    """Raises NotImplementedError for a kind of tensor that answers for torch's functions itself."""
    raise NotImplementedError(
        f"record cannot read {cls.__name__}, which has a __torch_function__ of its own: give the module plain tensors"
    )


def refuse_again(title: str) -> None:
    """Raises NotImplementedError in a backward that runs a module again: its gradients would pass unseen."""
    if torch.is_grad_enabled():
        raise NotImplementedError(
            f"record cannot follow a backward that runs {title!r} again, as torch.utils.checkpoint(use_reentrant=True) does:"
            " leave the checkpoint out"
        )


def refuse_second_order(seen_under_autocast: bool) -> None:
    """Raises NotImplementedError for gradients of gradients where torch.autocast was on in the forward and is not now."""
    if seen_under_autocast:
        raise NotImplementedError(
            "record cannot follow gradients of gradients (create_graph) through a call under torch.autocast: leave autocast out"
        )


def refuse_edits_under_autocast() -> None:
    """Raises NotImplementedError for an edited call whose gradients would be of numbers that autocast has rounded."""
    raise NotImplementedError(
        "record cannot derive an edited call under torch.autocast: leave autocast out, or call the model under torch.no_grad()"
    )


def refuse_dropout(device: torch.device) -> None:
    """Raises NotImplementedError where dropout between layers is drawn from a state that nothing else can draw from."""
    if device.type != "cpu":
        raise NotImplementedError(
            f"record cannot draw dropout between layers as {device.type} does: call model.eval() first"
        )
