"""Two tasks so small that a network learns them while one watches: the order of words, and the four letters of 'hello'.

    models = {"rnn": build(ORDER, "rnn", hidden=3, seed=0), "bag": bag(ORDER, hidden=3, seed=0)}
    for now in train(models, ORDER):
        print(now.step, now.losses())
    answers(models, ORDER)                  # (model, sequence, time), the output after each step

Each network is stock torch modules, drawn as `torch.manual_seed(seed)` and torch's own initialisation draw it; each step of
training sees the whole data, so that a seed always gives the same numbers.
"""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
import xarray as xr
from torch import Tensor, nn
from torch.nn import functional

from rnnviz.models.networks import KINDS, module_of
from rnnviz.recording.block import record
from rnnviz.trace import branch
from rnnviz.training.optimisers import Adam

STEPS = 200  # of training
RATE = 0.05  # of Adam; with it nearly every seed learns both tasks with 3 units in STEPS steps
MOST = 8  # units
SYMBOLS = {"rnn": ("h",), "gru": ("r", "z", "n"), "lstm": ("i", "f", "g", "o")}
START = """import torch
from torch import nn

"""


@dataclass(frozen=True)
class Task:
    """What is read and what is right. Tokens are read one-hot.

    targets: with one `output`, for each sequence 1 or 0, wanted after its last token; else for each step of the one sequence
    the number of the right token.
    """

    tokens: tuple[str, ...]
    sequences: tuple[tuple[str, ...], ...]
    targets: tuple[int, ...]
    outputs: int

    @property
    def x(self) -> Tensor:
        """The one-hot sequences: (batch, time, input)."""
        return self.one_hot(self.sequences)

    def one_hot(self, sequences: Sequence[Sequence[str]]) -> Tensor:
        """Sequences of one length: (batch, time, input). Raises ValueError for a token that the task has not."""
        for token in (token for sequence in sequences for token in sequence):
            if token not in self.tokens:
                raise ValueError(f"the tokens are {', '.join(self.tokens)}; got {token!r}")
        ids = [[self.tokens.index(token) for token in sequence] for sequence in sequences]
        return torch.eye(len(self.tokens))[torch.tensor(ids)]


ORDER = Task(
    ("as", "soon"), (("as", "soon", "as"), ("soon", "as", "as"), ("as", "as", "soon")), (1, 0, 0), outputs=1
)
LETTERS = Task(("h", "e", "l", "o"), (tuple("hell"),), (1, 2, 2, 3), outputs=4)  # e, l, l, o come next


class Reader(nn.Module):
    """A recurrent layer and a head that speaks after each step."""

    def __init__(self, kind: str, inputs: int, hidden: int, outputs: int):
        super().__init__()
        if not 1 <= hidden <= MOST:
            raise ValueError(f"hidden must be from 1 to {MOST}; got {hidden}")
        self.rnn = module_of(kind)(inputs, hidden, batch_first=True)
        self.head = nn.Linear(hidden, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """x: (batch, time, input). Returns scores (batch, time, output)."""
        scores: Tensor = self.head(self.rnn(x)[0])
        return scores


class Bag(nn.Module):
    """The same without a loop: tanh of the summed inputs, and the same head."""

    def __init__(self, inputs: int, hidden: int, outputs: int):
        super().__init__()
        self.hidden = nn.Linear(inputs, hidden)
        self.head = nn.Linear(hidden, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """x: (batch, time, input). Returns scores (batch, time, output), at each step of the sum so far."""
        scores: Tensor = self.head(torch.tanh(self.hidden(x.cumsum(1))))
        return scores


Model = TypeVar("Model", bound=nn.Module)


def build(task: Task, kind: str, hidden: int, seed: int) -> Reader:
    """An untrained network of a kind. Raises ValueError for another kind or a size out of range.

    >>> import rnnviz
    >>> model = rnnviz.tiny.build(rnnviz.tiny.LETTERS, "gru", hidden=3, seed=0)
    >>> sum(weight.numel() for weight in model.parameters())
    97
    """
    return _drawn(lambda: Reader(kind, len(task.tokens), hidden, task.outputs), seed)


def bag(task: Task, hidden: int, seed: int) -> Bag:
    """The untrained bag of words beside it."""
    return _drawn(lambda: Bag(len(task.tokens), hidden, task.outputs), seed)


def _drawn(make: Callable[[], Model], seed: int) -> Model:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()


@dataclass(frozen=True)
class Step:
    """Where training stands after `step` updates. log_right: for each model ln of what it gives to each right answer, nats."""

    step: int
    log_right: dict[str, list[float]]

    def losses(self) -> dict[str, float]:
        """The mean of −ln p of what is right, nats: binary or plain cross-entropy."""
        return {name: -sum(logs) / len(logs) for name, logs in self.log_right.items()}


def train(
    models: Mapping[str, nn.Module], task: Task, steps: int = STEPS, rate: float = RATE
) -> Iterator[Step]:
    """Trains all models side by side with Adam on all of the data; yields before the first update and after each."""
    x = task.x
    optimizers = {name: Adam(model.parameters(), rate) for name, model in models.items()}
    for step in range(steps + 1):
        logs = {name: log_right(model(x), task) for name, model in models.items()}
        yield Step(step, {name: values.tolist() for name, values in logs.items()})
        if step == steps:
            return
        for name, optimizer in optimizers.items():
            optimizer.step(torch.autograd.grad(-logs[name].mean(), optimizer.parameters))


def log_right(scores: Tensor, task: Task) -> Tensor:
    """ln of the probability of each right answer, nats: (item,). scores: (batch, time, output)."""
    targets = torch.tensor(task.targets)
    if task.outputs == 1:
        last = scores[:, -1, 0]
        return functional.logsigmoid(torch.where(targets == 1, last, -last))
    return functional.log_softmax(scores[0], -1).gather(-1, targets[:, None])[:, 0]


def weights(model: nn.Module) -> Tensor:
    """All parameters of a model as one vector, a copy."""
    return nn.utils.parameters_to_vector(model.parameters()).detach().clone()


def with_weights(model: nn.Module, vector: Tensor) -> nn.Module:
    """A copy of the model with other parameters, as `weights` returns them."""
    other = copy.deepcopy(model)
    nn.utils.vector_to_parameters(vector, other.parameters())
    return other


def answers(models: Mapping[str, nn.Module], task: Task) -> xr.DataArray:
    """The output after each step, a probability: (model, sequence, time), with `token` (sequence, time)."""
    with torch.no_grad():
        outputs = [torch.sigmoid(model(task.x)[..., 0]).numpy() for model in models.values()]
    return xr.DataArray(
        outputs,
        dims=("model", "sequence", "time"),
        coords={"model": list(models), "token": (("sequence", "time"), [list(s) for s in task.sequences])},
        attrs={"long_name": "output", "units": "1", "valid_range": (0.0, 1.0)},
    )


def recorded(model: Reader, task: Task, sequence: Sequence[str]) -> xr.DataTree:
    """The recording of one sequence's reading: the node of the recurrent layer."""
    with torch.no_grad(), record(model, tokens=list(sequence)) as recording:
        model(task.one_hot([sequence]))
    return branch(recording.trace, "rnn")


def read(model: Reader, task: Task, text: str) -> xr.Dataset:
    """Teacher forcing: whatever the model says, the true letter is fed. text: two letters or more.

    Returns over the steps `probability` (time, letter), `fed` and `following` (time,), the letter that is right.
    """
    with torch.no_grad():
        probability = torch.softmax(model(task.one_hot([text[:-1]]))[0], -1)
    return _spoken(task, probability, text[:-1], text[1:])


def write(model: Reader, task: Task, first: str, count: int, temperature: float, seed: int) -> xr.Dataset:
    """Writes `count` letters after the first: each is drawn, and fed at the next step.

    temperature: scores are divided by it; at 0 the likeliest letter is taken. Returns what `read` does, with the probabilities
    that were drawn from and, as `following`, the letter drawn. Raises ValueError for a temperature below 0.
    """
    if not temperature >= 0:
        raise ValueError(f"temperature must be 0 or more; got {temperature}")
    generator, text, rows = torch.Generator().manual_seed(seed), first, []
    with torch.no_grad():
        for _letter in range(count):
            # read anew from the start: the same numbers as with the state handed on
            scores = model(task.one_hot([text]))[0, -1].double()
            rows.append(tempered(scores, temperature))
            text += task.tokens[torch.multinomial(rows[-1], 1, generator=generator)]
    return _spoken(task, torch.stack(rows), text[:-1], text[1:])


def tempered(scores: Tensor, temperature: float) -> Tensor:
    """Probabilities at a temperature; at 0 all of it on the largest score, the first of equals."""
    if temperature == 0:
        return functional.one_hot(scores.argmax(-1), scores.shape[-1]).to(scores.dtype)
    return torch.softmax(scores / temperature, -1)


def _spoken(task: Task, probability: Tensor, fed: str, following: str) -> xr.Dataset:
    return xr.Dataset(
        {
            "probability": (
                ("time", "letter"),
                probability.double().numpy(),
                {"long_name": "probability", "units": "1", "valid_range": (0.0, 1.0)},
            ),
            "fed": ("time", list(fed)),
            "following": ("time", list(following)),
        },
        coords={"letter": list(task.tokens)},
    )


@dataclass(frozen=True)
class Shape:
    """A weight as textbooks have it, once for each of the `gates`, and in PyTorch: its name, or names, and the shape of each."""

    symbol: str
    gates: tuple[str, ...]
    textbook: tuple[int, ...]
    names: str
    torch: tuple[int, ...]
    count: int


def shapes(model: Reader) -> list[Shape]:
    """The weights of a network: textbooks write x W, so W is (from, to); PyTorch computes x Wᵀ and stacks the gates' rows."""
    gates = next(SYMBOLS[kind] for kind, module in KINDS.items() if type(model.rnn) is module)
    recurrent = {"W_xh": ["weight_ih_l0"], "W_hh": ["weight_hh_l0"], "b_h": ["bias_ih_l0", "bias_hh_l0"]}
    found = []
    for place, own, symbols in (
        ("rnn", gates, recurrent),
        ("head", ("",), {"W_y": ["weight"], "b_y": ["bias"]}),
    ):
        part = model.get_submodule(place)
        for symbol, names in symbols.items():
            shape = tuple(part.get_parameter(names[0]).shape)
            textbook = (*shape[1:], shape[0] // len(own))
            count = sum(part.get_parameter(name).numel() for name in names)
            called = ", ".join(f"{place}.{name}" for name in names)
            found.append(Shape(symbol, own, textbook, called, shape, count))
    return found


def start(task: Task) -> str:
    """What a program needs before the three lines that make its network: imports and x."""
    rows = "".join(
        f"    {row},  # {' '.join(tokens)}\n"
        for row, tokens in zip(task.x.int().tolist(), task.sequences, strict=True)
    )
    return START + f"x = torch.tensor([\n{rows}]).float()  # {tuple(task.x.shape)}\n"


def lines(task: Task, kind: str, hidden: int, seed: int) -> str:
    """The seed, and the three lines of PyTorch that make a network and let it read x. kind: 'rnn', 'gru', 'lstm' or 'bag'."""
    inputs = len(task.tokens)
    if kind == "bag":
        first, features = f"hidden = nn.Linear({inputs}, {hidden})", "torch.tanh(hidden(x.sum(1)))"
    else:
        first = f"rnn = nn.{KINDS[kind].__name__}({inputs}, {hidden}, batch_first=True)"
        features = "rnn(x)[0][:, -1]" if task.outputs == 1 else "rnn(x)[0]"
    scores = f"head({features})"
    output = f"torch.sigmoid({scores})" if task.outputs == 1 else f"torch.softmax({scores}, -1)"
    return (
        f"torch.manual_seed({seed})\n{first}\nhead = nn.Linear({hidden}, {task.outputs})\noutput = {output}\n"
    )
