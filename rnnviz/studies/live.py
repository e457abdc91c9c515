"""A model of one's own that can be run again: on a text that is typed, back from a loss, and on from what it has read.

def subject():
    return rnnviz.Live(model, encode, text="hello", next=lambda scores: scores[0], outputs=LETTERS)

rnnviz explore package.module:subject
"""

import contextlib
import copy
import functools
import hashlib
import importlib
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn

from rnnviz.models import checkpoints
from rnnviz.models.networks import LanguageModel, reading
from rnnviz.models.vocabularies import Vocabulary
from rnnviz.naming import named
from rnnviz.recording.block import Recording, record
from rnnviz.recording.edits import Edit
from rnnviz.studies import series
from rnnviz.studies.answers import Answers
from rnnviz.studies.subjects import Subject
from rnnviz.studies.writing import Rule, draw, filtered, uniform
from rnnviz.told import Told

Edits = Edit | Sequence[Edit]
RECURRENT = (nn.RNN, nn.LSTM, nn.GRU, nn.RNNCell, nn.LSTMCell, nn.GRUCell)
MOST_OUTPUTS = 200_000
HOUSE = (
    str(Path(__file__).resolve().parents[1]),
    str(Path(torch.__file__).parent),
    "<",
)  # whose frames nobody asks for


class LiveError(Told):
    """What went wrong with a model of one's own, in one line."""


@dataclass(frozen=True, eq=False)
class Reading:
    """What came of one text. subject: what was recorded. tokens: what the steps are called. log_probability: of what comes after
    each step, (time, candidate), nats; None where the model does not say. inputs: of rows of numbers, (time, feature). loss: what
    was sent back; None where nothing was. step: whose loss that is; None where it is the whole. seconds: that it all took.
    shares: of rows, what each of their numbers adds to that loss to first order, (feature, time): gradient × input (Shrikumar et
    al. 2016, arXiv:1605.01713). forecast: of rows, what had been forecast of each, one step before, (feature, time), in the units
    that the model is given; NaN at the first. answers: what it answers, as `Answers.of` has it."""

    subject: Subject
    tokens: tuple[str, ...]
    log_probability: xr.DataArray | None = None
    inputs: series.Series | None = None
    loss: float | None = None
    step: int | None = None
    seconds: float = 0.0
    shares: xr.DataArray | None = None
    forecast: xr.DataArray | None = None
    answers: xr.Dataset | None = None


@dataclass(frozen=True, eq=False)
class Live:
    """A model, and how to run it on what a reader types.

    model: has recurrent modules that `record` can read. encode: what it is called with for a text: one argument, or a tuple of
    them; with `rows` it is given numbers, (time, column) float64, instead. text: what a page opens on. name:
    as a reader calls it.
    steps: what the steps of a text are called, as many as the model takes; its characters. Of rows they are called as the table
    calls them. next: from what the model returned, scores (logits) of what comes after each step, (time, output). outputs: what
    these are called; of a model that writes, they are tokens as `steps` gives them. loss: from what the model returned and the
    text, a loss of every step, (time,), or one number; else it is that of the next token, by `next`. joint: stands between
    tokens in a text. forecast: of rows, from what the model returned what it says of the next row after each, (time, column), in
    the units that `encode` gives. lacks: why there is no `next`, where something else than a function would bring it. answers: of
    a model that is asked at the end, see `studies.answers`.

    Raises TypeError and ValueError, in one line, for what is none of these.
    """

    model: nn.Module
    encode: Callable[[Any], Any]
    text: str
    name: str = ""
    steps: Callable[[str], Sequence[str]] = list
    next: Callable[[Any], Tensor] | None = None
    outputs: Sequence[str] = ()
    loss: Callable[[Any, str], Tensor] | None = None
    joint: str = ""
    rows: bool = False
    forecast: Callable[[Any], Tensor] | None = None
    lacks: Told | None = None
    answers: Answers | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.model, nn.Module):
            raise TypeError(f"model must be an nn.Module; got {type(self.model).__name__}")
        if not any(isinstance(module, RECURRENT) for module in self.model.modules()):
            raise Told("model holds no nn.RNN, nn.LSTM or nn.GRU, and no cell of these")
        for name in ("encode", "steps", "next", "loss", "forecast"):
            if not callable(getattr(self, name)) and (name in ("encode", "steps") or getattr(self, name)):
                raise TypeError(f"{name} must be a function; got {type(getattr(self, name)).__name__}")
        if not isinstance(self.text, str) or not self.text:
            raise TypeError("text must be a text of at least one character: what a page opens on")
        names = list(self.outputs)
        if not all(isinstance(name, str) for name in names) or len(names) > MOST_OUTPUTS:
            raise TypeError(f"outputs must be up to {MOST_OUTPUTS:,} strings, one for each score of `next`")
        object.__setattr__(self, "outputs", tuple(names))
        object.__setattr__(self, "name", self.name or type(self.model).__name__)

    def __getstate__(self) -> dict[str, Any]:  # for another process, which has a lock of its own
        return {name: value for name, value in vars(self).items() if name not in ("_lock", "exact")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _lock=threading.Lock())

    @property
    def writes(self) -> bool:
        """Whether it can go on with a text."""
        return self.next is not None and bool(self.outputs) and not self.rows

    @property
    def learns(self) -> bool:
        """Whether there is a loss to send back."""
        return self.loss is not None or self.writes

    def read(self, text: str, edit: Edits = ()) -> Reading:
        """The model reading a text, with states and gates changed as `edit` says (see `Edit`). Raises LiveError, in one line that
        says whose function it was, for whatever went wrong."""
        began = time.monotonic()
        with self._lock, reading(self.model), torch.no_grad():
            tokens, table, arguments = self._encoded(text)
            with self._says("recording"), record(self.model, edit=edit) as recording:
                result = self._called(self.model, arguments)
            log_probability = None
            if self.next is not None:
                scores = self._scores(result)
                if self.outputs:
                    log_probability = xr.DataArray(
                        scores.double().log_softmax(-1).float().cpu().numpy(),
                        dims=("time", "candidate"),
                        attrs={"long_name": "log probability", "units": "nat"},
                    )
            subject = self._subject(recording, f"{text}{_said(edit)}", tokens)
            forecast, answers = self._forecast(result, table), self._answers(result, text)
        took = time.monotonic() - began
        return Reading(
            subject, tokens, log_probability, table, seconds=took, forecast=forecast, answers=answers
        )

    def losses(self, text: str, edit: Edits = ()) -> np.ndarray:
        """What the model loses at each step, (time,) float64: of the next token in nats, so that the last step has none, or what
        `loss` says; where that is one number, (1,). edit: as of `read`. Raises LiveError as `send_back`."""
        if not self.learns:
            raise self._without or LiveError(
                "{name} has no loss: give Live a `loss`, or `next` and `outputs`", name=self.name
            )
        with self._lock, reading(self.model), torch.no_grad():
            tokens, _table, arguments = self._encoded(text)
            with self._edited(edit):
                found = self._losses(self._called(self.model, arguments), text, tokens)
        return np.atleast_1d(found.double().cpu().numpy())

    def send_back(
        self, text: str, step: int | None = None, edit: Edits = (), steps: Sequence[int] | None = None
    ) -> Reading:
        """The loss at a step, or of all, sent back through the model; in float64 where the model can be run in it. A step beyond
        the last that has a loss is that last one. edit: as of `read`. steps: of a loss of every step, those whose sum is sent
        back. Raises LiveError as `read`, and where there is no loss."""
        if not self.learns:
            raise self._without or LiveError(
                "{name} has no loss: give Live a `loss`, or `next` and `outputs`", name=self.name
            )
        began = time.monotonic()
        with self._lock, reading(self.model), torch.enable_grad():
            tokens, table, arguments = self._encoded(text)
            try:
                recording, loss, step, shares, answers = self._sent(
                    self.exact, _doubled(arguments), text, tokens, step, edit, steps
                )
            except LiveError:  # as of a model that makes numbers of its own type on its way
                recording, loss, step, shares, answers = self._sent(
                    self.model, arguments, text, tokens, step, edit, steps
                )
            which = step if steps is None else list(steps)
            subject = self._subject(recording, f"{which}:{text}{_said(edit)}", tokens)
        took = time.monotonic() - began
        shared = _over_rows(shares, table)
        return Reading(subject, tokens, None, table, loss, step, took, shared, answers=answers)

    def write(self, text: str, count: int, rule: Rule | None = None, edit: Edits = ()) -> str:
        """The text and so many tokens more, drawn as `Rule` says from what the model expects next. edit: as of `read`; one of all
        steps holds for those that are written, too. Raises LiveError as `read`, and where it cannot write."""
        if not self.writes:
            raise self._without or LiveError(
                "{name} cannot write: give Live `next`, and `outputs` that are called as the steps are",
                name=self.name,
            )
        rule = rule or Rule()
        for _token in range(count):
            with self._lock, reading(self.model), torch.no_grad():
                tokens, _table, arguments = self._encoded(text)
                with self._edited(edit):
                    result = self._called(self.model, arguments)
                scores = self._scores(result)[-1]
            logs = scores.double().log_softmax(-1).cpu().numpy()
            known = np.pad(logs, (1, 0), constant_values=-np.inf)  # `filtered` leaves candidate 0 out
            shares = filtered(known, rule.temperature, rule.top_k, rule.top_p)[1:]
            drawn, _low = draw(shares, uniform(rule.seed, len(tokens)))
            text = f"{text}{self.joint if text else ''}{self.outputs[drawn]}"
        return text

    @property
    def _without(self) -> LiveError | None:
        return LiveError.of(self.lacks) if self.lacks else None

    @contextlib.contextmanager
    def _edited(self, edit: Edits) -> Iterator[None]:
        if isinstance(edit, Edit) or edit:
            with self._says("recording"), record(self.model, edit=edit, keep=()):
                yield
        else:
            yield

    @functools.cached_property
    def exact(self) -> nn.Module:
        """The model in double precision. Raises LiveError where it cannot be copied."""
        with self._says("the model"):
            return copy.deepcopy(self.model).double().requires_grad_()

    def doubled(self) -> "Live":
        """The same in double precision, model and numbers that it is given. Raises LiveError as `exact`."""
        return replace(self, model=self.exact, encode=lambda given: _doubled(_arguments(self.encode(given))))

    def _encoded(self, text: str) -> tuple[tuple[str, ...], series.Series | None, tuple[Any, ...]]:
        """What the steps are called, the table that the text is, and what the model is called with."""
        table = None
        given: Any = text
        if self.rows:
            try:
                table = series.parse(text)
            except ValueError as problem:
                raise LiveError.of(problem) from None
            given = table.values
            tokens = table.steps or ()
        else:
            with self._says("steps"):
                tokens = tuple(self.steps(text))
            if not all(isinstance(token, str) for token in tokens):
                raise LiveError(
                    "{name}: steps must give strings; got {tokens!r} …", name=self.name, tokens=tokens[:3]
                )
        with self._says("encode"):
            found = self.encode(given)
        return tokens, table, _arguments(found)

    def _called(self, model: nn.Module, arguments: tuple[Any, ...]) -> Any:
        with self._says("the model"):
            return model(*arguments)

    def _sent(
        self,
        model: nn.Module,
        arguments: tuple[Any, ...],
        text: str,
        tokens: tuple[str, ...],
        step: int | None,
        edit: Edits,
        steps: Sequence[int] | None,
    ) -> tuple[Recording, float, int | None, list[np.ndarray], xr.Dataset | None]:
        read = [one.detach().requires_grad_() if _is_floating(one) else one for one in arguments]
        with self._says("recording"), record(model, edit=edit) as recording:
            result = self._called(model, tuple(read))
            losses = self._losses(result, text, tokens)
            if losses.dim() == 0:
                step = None
            elif step is not None:
                step = min(step, len(losses) - 1)
            chosen = losses.sum() if step is None else losses[step]
            if steps is not None and losses.dim():
                chosen = losses[list(steps)].sum()
            with self._says("the way back"):
                weights = [weight for weight in model.parameters() if weight.requires_grad]
                own = [one for one in read if _is_floating(one)]
                slopes = torch.autograd.grad(
                    chosen, [*own, *weights], allow_unused=True, materialize_grads=True
                )
        shares = [(slope * one).numpy(force=True) for slope, one in zip(slopes, own, strict=False)]
        return recording, chosen.item(), step, shares, self._answers(result, text)

    def _answers(self, result: Any, text: str) -> xr.Dataset | None:
        if self.answers is None:
            return None
        with self._says("answers"):
            return self.answers.of(result, text)

    def _forecast(self, result: Any, table: series.Series | None) -> xr.DataArray | None:
        """Of each row what was said one step before, (feature, time)."""
        if self.forecast is None or table is None:
            return None
        with self._says("forecast"):
            said = self.forecast(result)
        shape = tuple(said.shape) if isinstance(said, Tensor) else type(said).__name__
        if not isinstance(said, Tensor) or said.shape != table.values.shape:
            raise LiveError(
                "{name}: forecast must give {shape}; got {shape_2}",
                name=self.name,
                shape=table.values.shape,
                shape_2=shape,
            )
        before = np.full(table.values.shape[::-1], np.nan)
        before[:, 1:] = said.detach().double().cpu().numpy().T[:, :-1]
        return xr.DataArray(before, dims=("feature", "time"), coords={"feature": list(table.features)})

    def _scores(self, result: Any) -> Tensor:
        assert self.next is not None
        with self._says("next"):
            scores = self.next(result)
        shape = tuple(scores.shape) if isinstance(scores, Tensor) else type(scores).__name__
        wanted = len(self.outputs)
        if not isinstance(scores, Tensor) or scores.dim() != 2 or (wanted and scores.shape[1] != wanted):
            has = f"(time, {wanted})" if wanted else "(time, output)"
            raise LiveError(
                "{name}: next must give scores {has}; got {shape}", name=self.name, has=has, shape=shape
            )
        return scores

    def _losses(self, result: Any, text: str, tokens: tuple[str, ...]) -> Tensor:
        """(time,), or () where the loss is one number."""
        if self.loss is not None:
            with self._says("loss"):
                found = self.loss(result, text)
            if (
                not isinstance(found, Tensor)
                or found.dim() > 1
                or torch.is_grad_enabled() > found.requires_grad
            ):
                raise LiveError(
                    "{name}: loss must give a tensor (time,) or () that leads to the model", name=self.name
                )
            return found
        places = {token: place for place, token in enumerate(self.outputs)}
        unknown = [token for token in tokens[1:] if token not in places]
        if unknown:
            raise LiveError(
                "{name}: {unknown!r} is none of its outputs: no loss can be told there",
                name=self.name,
                unknown=unknown[0],
            )
        if len(tokens) < 2:
            raise LiveError("a loss needs a next token: type at least two")
        scores = self._scores(result)
        if len(scores) != len(tokens):
            raise LiveError(
                "{name}: next gave {count} steps; the text has {count_2}",
                name=self.name,
                count=len(scores),
                count_2=len(tokens),
            )
        wanted = torch.tensor([places[token] for token in tokens[1:]], device=scores.device)
        return nn.functional.cross_entropy(scores[:-1], wanted, reduction="none")

    def _subject(self, recording: Recording, about: str, tokens: tuple[str, ...]) -> Subject:
        """The tokens stand at the modules that take as many steps."""
        with self._says("recording"):
            found = recording.trace
            fitting = [n.path[1:] for n in found.subtree if "hidden" in n and n.sizes["time"] == len(tokens)]
            recorded = named(found, {module: list(tokens) for module in fitting}) if tokens else found
        key = hashlib.sha256(f"{id(self)}:{about}".encode("utf-8", "replace")).hexdigest()[:16]
        subject = Subject(self.name, key, recorded)
        if not subject.modules:
            raise LiveError("{name} ran none of its recurrent modules", name=self.name)
        return subject

    @contextlib.contextmanager
    def _says(self, what: str) -> Iterator[None]:
        """Whatever is raised here becomes one line that says in which of the functions, and where in whose file."""
        try:
            yield
        except Exception as problem:
            if isinstance(problem, LiveError):
                raise
            raise LiveError(
                "{name}: {what} raised {problem}", name=self.name, what=what, problem=_line(problem)
            ) from problem


def _arguments(found: Any) -> tuple[Any, ...]:
    """What a model is called with."""
    return tuple(found) if isinstance(found, tuple | list) else (found,)


def _is_floating(one: Any) -> bool:
    return isinstance(one, Tensor) and one.is_floating_point()


def language(model: LanguageModel, vocabulary: Vocabulary, name: str, text: str) -> Live:
    """A language model over characters, to be run on any text. text: what it begins with."""

    def encode(given: str) -> Tensor:
        return torch.tensor([vocabulary.encode(given)])

    def following(result: tuple[Tensor, object]) -> Tensor:
        return result[0][0]

    def steps(given: str) -> list[str]:
        return list(vocabulary.read(given))

    return Live(model, encode, text, name, steps, following, vocabulary.tokens)


def shipped(name: str, text: str = "To be, or not to be") -> Live:
    """A shipped language model, as `rnnviz models` names it, to be run on any text. Raises CheckpointError where it is not here,
    ValueError where it is no language model."""
    model, card = checkpoints.load(name)
    if not isinstance(model, LanguageModel):
        raise Told(
            "{name} is no language model; wanted one of {names}",
            name=name,
            names=", ".join(checkpoints.names("language")),
        )
    return language(model, checkpoints.vocabulary(card), name, text)


def _said(edit: Edits) -> str:
    """What tells the runs of one text apart; no function is told from another."""
    made = [edit] if isinstance(edit, Edit) else list(edit)
    return "".join(f"\n{each}{id(each)}" for each in made)


def _doubled(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(one.double() if _is_floating(one) else one for one in arguments)


def _over_rows(shares: list[np.ndarray], table: series.Series | None) -> xr.DataArray | None:
    """The shares of the one argument that has the table's rows and columns; None where there is none."""
    if table is None:
        return None
    for each in shares:
        rows = each.reshape([size for size in each.shape if size > 1] or [1])
        rows = rows[:, None] if rows.ndim == 1 and table.values.shape[1] == 1 else rows
        if rows.shape == table.values.shape:
            return xr.DataArray(
                rows.T,
                dims=("feature", "time"),
                coords={"feature": list(table.features)},
                attrs={"long_name": "gradient × input", "units": "1"},
            )
    return None


@functools.cache
def link(spec: str) -> str:
    """How a link calls what that function returns."""
    return f"{spec}~{hashlib.sha256(spec.encode()).hexdigest()[:16]}"


@functools.cache
def found(spec: str) -> Live:
    """What a function of somebody's own returns, called once in a process. spec: as of `function_of`.

    Raises LiveError, in one line, where there is none, where it raises, and where it returns something else.
    """
    function = function_of(spec)
    try:
        made = function()
    except Exception as problem:
        raise LiveError("{spec} raised {problem}", spec=spec, problem=_line(problem)) from problem
    if not isinstance(made, Live):
        raise LiveError("{spec} must return an rnnviz.Live; got {name}", spec=spec, name=type(made).__name__)
    return made


def function_of(spec: str) -> Callable[..., Any]:
    """A function of somebody's own. spec: `package.module:function`; a module in the working folder counts too.

    Raises LiveError, in one line, where there is none.
    """
    module_name, colon, function_name = spec.partition(":")
    if not colon or not module_name or not function_name.isidentifier():
        raise LiveError("wanted package.module:function; got {spec!r}", spec=spec)
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())  # last: a file of theirs may be called as one of the standard library
    try:
        module = importlib.import_module(module_name.removesuffix(".py"))
    except ModuleNotFoundError as problem:
        if problem.name and module_name.startswith(problem.name):
            raise LiveError(
                "there is no module {module_name}, from {value}", module_name=module_name, value=os.getcwd()
            ) from problem
        raise LiveError(
            "{module_name} needs {name}, which is not installed", module_name=module_name, name=problem.name
        ) from problem
    except Exception as problem:
        raise LiveError(
            "{module_name} cannot be imported: {problem}", module_name=module_name, problem=_line(problem)
        ) from problem
    function: Callable[..., Any] | None = getattr(module, function_name, None)
    if not callable(function):
        have = [name for name, one in vars(module).items() if callable(one) and not name.startswith("_")][:8]
        raise LiveError(
            "{module_name} has no function {function_name}; it has {names}",
            module_name=module_name,
            function_name=function_name,
            names=", ".join(have) or "none",
        )
    return function


def _line(problem: Exception) -> str:
    """What was raised, and where in somebody's own file."""
    frames = [f for f in traceback.extract_tb(problem.__traceback__) if not f.filename.startswith(HOUSE)]
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(problem).__name__}: {' '.join(str(problem).split())[:300]}{where}"
