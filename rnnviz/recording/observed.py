"""What one recording watches of a model, and what it has seen of it so far."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from rnnviz.recording.attention import Look
from rnnviz.recording.calls import Call, CameBack, Seen
from rnnviz.recording.edits import Edit
from rnnviz.recording.torch_private import has_stock_forward, inside_wrappers, own_weights
from rnnviz.recording.wanted import ALL, Wanted

# by the names of their classes, as a scripted module no longer is one of them
STOCK = ("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell")
QUANTISED = ("torch.ao.nn.quanti", "torch.nn.quanti")  # …zed, …zable
MODULES = (nn.RNNBase, nn.RNNCellBase)


@dataclass(eq=False)
class Watched:
    """A recurrent module of the model, the edits of it, and the calls of it that were seen.

    came_back: what backward calls brought to each call until the block ended. seen, steps: how many calls came, and
    how many steps in all; last: what the last of them was.
    """

    name: str
    module: nn.Module
    calls: list[Call] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    came_back: list[CameBack] = field(default_factory=list)
    seen: int = 0
    steps: int = 0
    last: Seen | None = None
    _known: set[Call] = field(default_factory=set)  # the same calls

    def keep(self, call: Call) -> None:
        """Adds a call."""
        self.calls.append(call)
        self._known.add(call)
        self.seen, self.steps, self.last = self.seen + 1, self.steps + call.seen.layout.steps, call.seen

    def taken(self) -> list[Call]:
        """The calls that came since they were last taken, which are held no longer."""
        own, self.calls, self._known = self.calls, [], set()
        return own

    def drop(self) -> None:
        """The last call is not kept after all."""
        call = self.calls.pop()
        self._known.discard(call)
        self.seen, self.steps = self.seen - 1, self.steps - call.seen.layout.steps

    def __contains__(self, call: Call) -> bool:
        return call in self._known

    @property
    def title(self) -> str:
        return self.name or (self.last.kind if self.last else "")

    def owns(self, weights: Sequence[Tensor], loosely: bool) -> bool:
        """Whether these are the module's weights: the very list, or loosely the same tensors."""
        own = own_weights(self.module)
        if isinstance(self.module, nn.RNNBase) and not loosely:
            return own is weights
        return len(own) == len(weights) and all(a is b for a, b in zip(own, weights, strict=True))


def _unwrapped(model: nn.Module) -> nn.Module:
    """The model inside torch.compile, DataParallel and DistributedDataParallel, whose names its modules have."""
    while True:
        inner = getattr(model, "_orig_mod", None)
        if isinstance(model, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            inner = model.module
        if not isinstance(inner, nn.Module):
            return model
        model = inner


def _layers(module: nn.Module) -> int:
    return int(getattr(module, "num_layers", 1))  # a cell is one


class Observed:
    """The modules of one model: which are watched, which may call attention, and what was seen of either."""

    def __init__(self, model: nn.Module, edits: Iterable[Edit] = (), wanted: Wanted = ALL):
        model = _unwrapped(model)
        self.name = type(model).__name__
        self.names = {module: inside_wrappers(name) for name, module in model.named_modules()}
        self.wanted = wanted
        recurrent = {module: name for module, name in self.names.items() if isinstance(module, MODULES)}
        self.watched = [
            Watched(name, module) for module, name in recurrent.items() if wanted.of_layers(_layers(module))
        ]
        if recurrent and not self.watched:
            have = ", ".join(
                f"{name or self.name!r} has {_layers(module)}" for module, name in recurrent.items()
            )
            raise ValueError(f"layers={sorted(wanted.layers or ())}: no module has any of them; {have}")
        self.quantised = {
            name: type(module).__name__
            for name, module in model.named_modules()
            if type(module).__module__.startswith(QUANTISED) and type(module).__name__ in STOCK
        }
        self.strangers: set[str] = set()  # kernels that were called with weights of no module that is watched
        self.looks: dict[nn.Module, list[Look]] = {}
        self.hooks: list[RemovableHandle] = []
        self.told: Callable[[Watched, Call], None] | None = None  # of each call that was kept
        for edit in edits:
            self._edited_module(edit).edits.append(edit)

    def _edited_module(self, edit: Edit) -> Watched:
        names = ", ".join(repr(watched.name) for watched in self.watched)
        fitting = [watched for watched in self.watched if edit.module in (None, watched.name)]
        if len(fitting) != 1:
            raise ValueError(
                f"edit of {edit.module!r}, {edit.field}: wanted module= one of {names or 'none'}"
            )
        return fitting[0]

    def find(self, weights: Sequence[Tensor], cell: nn.Module | None = None) -> Watched | None:
        """The module whose weights these are: the very list if it is there, else the same tensors. cell: itself, if known."""
        if cell is not None:
            return next((watched for watched in self.watched if watched.module is cell), None)
        for loosely in (False, True):
            for watched in self.watched:
                if watched.owns(weights, loosely):
                    return watched
        return None

    def looked(self, look: Callable[[], Look], callers: Iterable[nn.Module]) -> None:
        """Keeps a call of attention, if one of its callers, the innermost first, is a module of the model."""
        for caller in callers:
            if caller in self.names:
                self.looks.setdefault(caller, []).append(look())
                return

    def end(self) -> None:
        """What comes later, as a backward after the block, is no longer seen."""
        for hook in self.hooks:
            hook.remove()
        self.hooks = []
        for watched in self.watched:
            watched.came_back = [call.all_that_came_back() for call in watched.calls]
            for call in watched.calls:
                call.listening -= self.wanted.gradients

    @property
    def titled(self) -> dict[str, Watched]:
        """The modules that were called, by the names that their nodes will have; the model itself gives way to a module
        inside it of the same name."""
        called = [watched for watched in self.watched if watched.seen]
        titled = {watched.name: watched for watched in called if watched.name}
        for watched in called:
            if not watched.name:
                titled[f"{watched.title}_itself" if watched.title in titled else watched.title] = watched
        return titled

    @property
    def left_out(self) -> list[str]:
        """What the model holds and no trace has."""
        return [
            f"{name or self.name!r} is a quantised {kind}, which record cannot look into: record the float model"
            for name, kind in self.quantised.items()
        ]

    @property
    def nothing_seen(self) -> str:
        """Why there is no trace, and what to do."""
        if self.quantised:
            return f"no recurrent call was seen: {'; '.join(self.left_out)}"
        stranger = "".join(
            f"; torch's {kernel} was called with weights that no module of it holds"
            for kernel in sorted(self.strangers)
        )
        own = "".join(
            f"; {watched.name or self.name!r} has a forward of its own without torch's kernel: call super().forward in it"
            for watched in self.watched
            if not has_stock_forward(watched.module)
        )
        if not self.watched:
            holds = f"{self.name} holds no nn.RNN, nn.LSTM or nn.GRU, and none of their cells"
            return f"no recurrent call was seen: {holds}{stranger}"
        if own or stranger:
            return f"no recurrent call was seen{stranger}{own}"
        names = ", ".join(repr(watched.name or type(watched.module).__name__) for watched in self.watched)
        advice = f"call {self.name} inside the block and in its thread"
        return f"no recurrent call was seen: {advice}; it holds {names}"
