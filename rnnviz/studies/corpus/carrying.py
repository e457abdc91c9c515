"""The state that a model's text ends in, given to it where the text goes on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from rnnviz.studies.live import LiveError

STOCK = (nn.RNN, nn.GRU, nn.LSTM)


class Carrying:
    """The last states of a model's recurrent modules, which are given to them where the text goes on.

    A module is given what it returned where it is called without a state, or with one of zeros. It must be nn.RNN, nn.LSTM or
    nn.GRU, read in one direction, be called once for each stretch and not be packed: all else raises Told once a text is longer
    than `cut`, since its states would be those of a text that begins anew.
    """

    def __init__(self, model: nn.Module, states: dict[str, Tensor]):
        self.model, self.last = model, dict(states)
        self._given = bool(states)

    def keep(self, count: int) -> None:
        """Only the first sequences go on."""
        self.last = {name: state[:, :count].contiguous() for name, state in self.last.items()}

    @contextmanager
    def on(self) -> Iterator[None]:
        called: set[str] = set()
        hooks = []
        for name, module in self.model.named_modules():
            if isinstance(module, nn.RNNCellBase):
                hooks.append(module.register_forward_pre_hook(lambda *_, n=name: _refused(n)))
            if isinstance(module, STOCK):
                hooks.append(module.register_forward_pre_hook(self._before(name, called), with_kwargs=True))
                hooks.append(module.register_forward_hook(self._after(name)))
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _before(self, name: str, called: set[str]) -> Callable[..., Any]:
        def before(module: nn.RNNBase, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            given = args[1] if len(args) > 1 else kwargs.get("hx")
            parts = given if isinstance(given, tuple) else (given,)
            fresh = given is None or all(isinstance(one, Tensor) and not one.any() for one in parts)
            if name in called or module.bidirectional or not fresh or not isinstance(args[0], Tensor):
                _refused(name)
            called.add(name)
            own = [self.last[key] for key in (f"{name}:h", f"{name}:c") if key in self.last]
            if not own:
                return None
            state = tuple(own) if isinstance(module, nn.LSTM) else own[0]
            return (args[0], state), {key: value for key, value in kwargs.items() if key != "hx"}

        return before

    def _after(self, name: str) -> Callable[..., None]:
        def after(_module: nn.Module, _args: Any, returned: Any) -> None:
            state = returned[1]
            parts = state if isinstance(state, tuple) else (state,)
            for letter, one in zip("hc", parts, strict=False):
                self.last[f"{name}:{letter}"] = one.detach()

        return after


def _refused(name: str) -> None:
    raise LiveError(
        "the state of {name} cannot be carried on from cut to cut (a cell, two directions, several calls, packed, or a state of "
        "its own): give a cut that is as long as the longest text",
        name=name,
    )
