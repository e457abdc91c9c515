"""A model run over a corpus, and its states written to a store as they come.

    Size   what a store will take, before anything is written
    record the store: written piece by piece, gone on with where it was cut short

Texts are read in their order, by groups: texts of up to `GATHERED` steps together are run side by side and written at once;
longer ones are read `cut` steps at a time, up to `BESIDE` of them side by side, and what a recurrent module returned as its last
state is what it is given at the next `cut` (see `Carrying`): the states are those of a reading without cuts, up to rounding. What
is needed to go on is put into one file, which takes its place as a whole, after each group or cut has been written.
"""

import math
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.torch
import torch
import xarray as xr
from torch import Tensor, nn

from rnnviz import files
from rnnviz.models.networks import reading
from rnnviz.recording.block import record as recorded
from rnnviz.recording.wanted import FIELDS_OF_STEPS
from rnnviz.studies.corpus import material, store
from rnnviz.studies.corpus.material import Feed, Material, Named
from rnnviz.studies.corpus.opened import Corpus
from rnnviz.studies.live import Live, LiveError
from rnnviz.studies.progress import Progress
from rnnviz.told import Told
from rnnviz.trace import branch

CUT = 2048  # steps that a module reads in one call, where the text is longer
BESIDE = 32  # sequences that are read side by side
GATHERED = 16_384  # steps of short texts that are run and written together
GOING = "going.safetensors"
STOCK = (nn.RNN, nn.GRU, nn.LSTM)
BITS = (32, 8)


@dataclass(frozen=True)
class Place:
    """A layer of a module and a field of it. name: of its folder in the store; kind: of what is stored."""

    node: str
    layer: int
    direction: str
    field: str
    units: int
    kind: str
    scale: float | None
    long_name: str

    @property
    def group(self) -> str:
        return f"{self.node}/layer_{self.layer}" + ("" if self.direction == "forward" else "_backward")

    def taken(self, trace: xr.DataTree, rows: int, steps: int) -> np.ndarray:
        """Its numbers of a recording, (batch, time, unit), float32. Raises Told where the module took another number of steps."""
        if self.node not in trace.children or trace[self.node].sizes.get("time") != steps:
            raise Told("{name} did not take one step for each token", name=self.node)
        array = branch(trace, self.node).to_dataset()[self.field]
        found: np.ndarray = array.sel(layer=self.layer, direction=self.direction).values
        if len(found) != rows:
            raise Told(
                "{name} read {count} sequences at once; wanted {rows}",
                name=self.node,
                count=len(found),
                rows=rows,
            )
        return found

    def stored(self, values: np.ndarray) -> np.ndarray:
        if self.scale is None:
            return np.asarray(values, np.float32)
        low = -127 if self.kind == "int8" else 0
        levels = 127 if self.kind == "int8" else 255
        return np.asarray(np.clip(np.rint(values * levels), low, levels), self.kind)


@dataclass(frozen=True)
class Size:
    """What a store will take. bytes: on disk; free: what is free there; largest_error: of what is quantised, 0 where nothing
    is."""

    steps: int
    sequences: int
    places: tuple[Place, ...]
    bytes: int
    free: int
    largest_error: float

    def __str__(self) -> str:
        layers = ", ".join(f"{one.group}/{one.field} ({one.units} units, {one.kind})" for one in self.places)
        error = f"; off by at most {self.largest_error:.2g} where quantised" if self.largest_error else ""
        return (
            f"{self.steps:,} steps in {self.sequences:,} sequence{'s' * (self.sequences != 1)}: "
            f"{readable(self.bytes)} of {layers}{error}; "
            f"{readable(self.free)} are free"
        )


def readable(count: float) -> str:
    """A number of bytes as one reads it."""
    power = min(3, int(math.log10(max(count, 1))) // 3)
    shown = count / 1000**power
    return f"{shown:.{int(bool(power) and shown < 100)}f} {('bytes', 'kB', 'MB', 'GB')[power]}"


def size_of(
    model: Live,
    texts: str | Iterable[str | Named] | Material,
    out: str | Path = ".",
    layers: Iterable[int] | None = None,
    fields: Iterable[str] = ("hidden",),
    bits: int = 32,
) -> Size:
    """What `record` of the same would write. Raises as `record` does for what cannot be recorded, but for a full disk."""
    given = texts if isinstance(texts, Material) else material.of(model, texts)
    return _size(given, _places(model, given, layers, tuple(fields), bits), Path(out))


def record(
    model: Live,
    texts: str | Iterable[str | Named],
    out: str | Path,
    layers: Iterable[int] | None = None,
    fields: Iterable[str] = ("hidden",),
    bits: int = 32,
    cut: int = CUT,
    progress: Progress | None = None,
    resume: bool = True,
) -> Corpus:
    """The states of a model over texts, written to a store `out`, and the corpus that it is.

    texts: see `material.of`. layers: their numbers, from -1 down as well; None: all. fields: of the trace, as `hidden`, `cell`,
    `forget_gate`. bits: 32, numbers as they are; 8, what is bounded (hidden states, gates) as whole numbers of 8 bits, off by at
    most half a step, 1/254 of a hidden state and 1/510 of a gate, which the store's attributes say. cut: see above. progress: is
    told (steps done, steps in all) after each piece; if it raises, what was written stays, and the same call goes on from there.
    resume: whether a store that was cut short is gone on with; one that is whole and of the same model and texts is opened.

    Raises Told, in one line: where `material.of` does, for a folder that holds something else or another corpus, a disk that is
    too small, fields or layers that no module has, and a long text whose module's state cannot be carried on (see `Carrying`).
    """
    out, own = Path(out), material.of(model, texts)
    if cut < 1:
        raise Told("cut must be at least 1 step; got {cut}", cut=cut)
    places = _places(model, own, layers, tuple(fields), bits)
    out.parent.mkdir(parents=True, exist_ok=True)
    with files.alone(out.with_name(f"{out.name}.lock"), f"{out} is written"):
        about = _about(model, own, places, bits, cut)
        there = _there(out, about, resume)
        if there is not None and there["complete"]:
            return Corpus.open(out, model)
        if there is None:
            size = _size(own, places, out.parent)
            if size.bytes > size.free:
                raise Told(
                    "{out} needs {needed}; {free} are free there: keep fewer layers or fields, or 8 bits",
                    out=out,
                    needed=readable(size.bytes),
                    free=readable(size.free),
                )
            _create(out, own, places, about)
        _run(Feed(model, own), places, out, cut, progress)
        store.put_group(out, {**about, "complete": True}, nested=True)
        (out / GOING).unlink(missing_ok=True)
    return Corpus.open(out, model)


def _places(
    model: Live, own: Material, layers: Iterable[int] | None, fields: tuple[str, ...], bits: int
) -> tuple[Place, ...]:
    """What is kept, from what a few steps of the first sequence leave behind."""
    if bits not in BITS:
        raise Told("bits must be 32 or 8; got {bits}", bits=bits)
    for name in fields:
        if name not in (*FIELDS_OF_STEPS, "hidden"):
            raise Told(
                "{name!r} is no field of a trace; wanted some of hidden, {names}",
                name=name,
                names=", ".join(each for each in FIELDS_OF_STEPS if "grad" not in each),
            )
    layers = None if layers is None else list(layers)
    if layers == [] or not fields:
        raise Told("nothing is to be kept: name at least one layer and one field")
    steps = min(8, own.length(0))
    trace = _read(Feed(model, own), [(0, 0, steps)], fields, None)
    fitting = [n for n in trace.children.values() if "hidden" in n and n.sizes["time"] == steps]
    if not fitting:
        raise Told("{name}: none of its recurrent modules takes one step for each token", name=model.name)
    found = []
    for node in fitting:
        count = node.sizes["layer"]
        wanted = range(count) if layers is None else sorted({n + count if n < 0 else n for n in layers})
        for layer in wanted:
            if not 0 <= layer < count:
                raise Told(
                    "layer {layer} is not there; {name} has {count}", layer=layer, name=node.name, count=count
                )
            for direction in node.to_dataset()["direction"].values:
                found += [
                    _place(node, layer, str(direction), field, bits)
                    for field in dict.fromkeys(fields)
                    if field in node.data_vars and "time" in node[field].dims and "layer" in node[field].dims
                ]
    missing = sorted(set(fields) - {one.field for one in found})
    if missing:
        raise Told(
            "{name} has no {field} at each step: name another field", name=model.name, field=missing[0]
        )
    return tuple(found)


def _place(node: xr.DataTree, layer: int, direction: str, field: str, bits: int) -> Place:
    array = node[field]
    bounds = tuple(float(one) for one in array.attrs.get("valid_range", ()))
    kind, scale = "float32", None
    if bits == 8 and bounds in ((-1.0, 1.0), (0.0, 1.0)):
        kind, scale = ("int8", 1 / 127) if bounds[0] < 0 else ("uint8", 1 / 255)
    name = str(array.attrs.get("long_name", field))
    return Place(str(node.name), layer, direction, field, array.sizes[array.dims[-1]], kind, scale, name)


def _size(own: Material, places: Sequence[Place], folder: Path) -> Size:
    there = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
    taken = sum(_array(folder, own, one).bytes for one in places)
    taken += 4 * max(own.steps, min(own.steps, store.TOKENS)) + 16 * len(own.names) + 65_536
    error = max((one.scale / 2 for one in places if one.scale), default=0.0)
    return Size(own.steps, len(own.names), tuple(places), taken, shutil.disk_usage(there).free, error)


def _array(out: Path, own: Material, place: Place) -> store.Array:
    steps = min(store.STEPS, own.steps)
    kind = np.dtype(place.kind)
    return store.Array(
        out / place.group / place.field, (own.steps, place.units), steps, kind, scale=place.scale
    )


def _about(model: Live, own: Material, places: Sequence[Place], bits: int, cut: int) -> dict[str, object]:
    about: dict[str, object] = {
        "format": store.FORMAT,
        "model": model.name,
        "weights_sha256": material.weights_sha256(model),
        "vocabulary_sha256": material.vocabulary_sha256(model.outputs),
        "texts_sha256": own.sha256(),
        "outputs": len(model.outputs),
        "joint": model.joint,
        "steps": own.steps,
        "unknown": own.unknown,
        "places": [f"{one.group}/{one.field}" for one in places],
        "bits": bits,
        "cut": cut,
        "cut_comment": "a text is read so many steps at a call, each from the state that the one before ended in",
    }
    errors = [f"{one.group}/{one.field}: {one.scale / 2:.3g}" for one in places if one.scale]
    if errors:
        about["quantisation"] = "off by at most " + ", ".join(errors)
    return about


def _there(out: Path, about: dict[str, object], resume: bool) -> dict[str, Any] | None:
    """What stands at `out`, if it is this corpus; None if nothing is."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return None
    if not (out / store.META).exists():
        if out.is_dir() and (out / "unfinished").exists():  # cut short before it was described
            shutil.rmtree(out)
            return None
        raise Told("{path} holds something else than a corpus: name another folder", path=out)
    found = store.attributes_of(out)
    if found.get("format") != about["format"]:
        raise Told("{path} holds something else than a corpus: name another folder", path=out)
    if any(found.get(key) != about[key] for key in ("weights_sha256", "vocabulary_sha256")):
        raise Told("{path} holds states of another model: name another folder, or delete it", path=out)
    if found.get("texts_sha256") != about["texts_sha256"]:
        raise Told("{path} holds states over other texts: name another folder, or delete it", path=out)
    if any(found.get(key) != about[key] for key in ("places", "bits", "cut")):
        raise Told(
            "{path} holds other layers, fields, bits or cuts: name another folder, or delete it", path=out
        )
    if not resume:
        raise Told("{path} is there already: name another folder, or delete it", path=out)
    return found


def _create(out: Path, own: Material, places: Sequence[Place], about: dict[str, object]) -> None:
    """All of a store but its states. Its root is described last: what has none was cut short here."""
    out.mkdir(exist_ok=True)
    (out / "unfinished").touch()
    tokens = store.Array(out / "token", (own.steps,), min(own.steps, store.TOKENS), np.dtype("int32"))
    tokens.create(["step"], {"long_name": "number of the token in `vocabulary`"})
    tokens.put(0, own.tokens)
    for name, values in (("start", own.starts[:-1]), ("length", np.diff(own.starts))):
        array = store.Array(out / name, values.shape, len(values), np.dtype("int64"))
        array.create(["sequence"], {"units": "step"})
        array.put(0, values)
    store.put_texts(out / "sequence", own.names, "sequence")
    store.put_texts(out / "label", own.labels, "sequence")
    store.put_texts(out / "vocabulary", own.vocabulary, "entry")
    for one in places:
        for above in Path(one.group).parents:
            if str(above) != ".":
                store.put_group(out / above, {})
        store.put_group(out / one.group, {"layer": one.layer, "direction": one.direction, "module": one.node})
        error = {} if one.scale is None else {"largest_error": one.scale / 2}
        _array(out, own, one).create(["step", "unit"], {"long_name": one.long_name, "units": "1", **error})
    store.put_group(out, {**about, "complete": False})
    (out / "unfinished").unlink()


@dataclass
class Group:
    """Sequences that are read side by side: from `first` up to `last`. long: one at least is read cut by cut, straight into the
    store; else all of it is gathered and written at once."""

    first: int
    last: int
    long: bool


def groups(own: Material) -> Iterator[Group]:
    """All sequences in their order: short ones together up to GATHERED steps, long ones together up to BESIDE."""
    first, taken = 0, 0
    for number in range(len(own.names)):
        length = own.length(number)
        long = length > GATHERED
        before = number - 1
        changed = number > first and long != (own.length(before) > GATHERED)
        full = number - first >= BESIDE if long else taken + length > GATHERED
        if number > first and (changed or full):
            yield Group(first, number, own.length(before) > GATHERED)
            first, taken = number, 0
        taken += length
    yield Group(first, len(own.names), own.length(len(own.names) - 1) > GATHERED)


def _run(feed: Feed, places: Sequence[Place], out: Path, cut: int, progress: Progress | None) -> None:
    own, fields = feed.material, tuple({one.field for one in places})
    arrays = [_array(out, own, one) for one in places]
    layers = sorted({one.layer for one in places})
    begin, at, carried = _going(out)
    done = 0
    for number, group in enumerate(groups(own)):
        total = int(own.starts[group.last] - own.starts[group.first])
        if number < begin:
            done += total
            continue
        base = int(own.starts[group.first])
        gathered = None if group.long else [np.empty((total, a.units), a.kind) for a in arrays]
        start = done
        for piece in _pieces(feed, group, fields, layers, cut, at if number == begin else 0, carried):
            done = start + piece.done
            for array, place, into in zip(arrays, places, gathered or arrays, strict=True):
                values = place.taken(piece.trace, len(piece.spans), piece.width)
                for row, (sequence, first, last) in zip(values, piece.spans, strict=True):
                    stored = place.stored(row[: last - first])
                    where = int(own.starts[sequence]) + first
                    if isinstance(into, np.ndarray):
                        into[where - base : where - base + len(stored)] = stored
                    else:
                        array.put(where, stored)
            if group.long:
                _going_on(out, number, piece.last, piece.carried)
                if progress:
                    progress(done, own.steps)
        done, carried = start + total, {}
        if gathered:
            for array, values in zip(arrays, gathered, strict=True):
                array.put(base, values)
        _going_on(out, number + 1, 0, {})
        if gathered and progress:
            progress(done, own.steps)


@dataclass(frozen=True, eq=False)
class Piece:
    """A cut of sequences that was read. spans: (sequence, from, to). last: the step that the group's sequences were read to.
    done: steps of the group so far."""

    trace: xr.DataTree
    spans: list[tuple[int, int, int]]
    width: int
    last: int
    done: int
    carried: dict[str, Tensor]


def _pieces(
    feed: Feed,
    group: Group,
    fields: tuple[str, ...],
    layers: Sequence[int],
    cut: int,
    at: int,
    carried: dict[str, Tensor],
) -> Iterator[Piece]:
    """A group, cut by cut: the longest first, so many side by side. at, carried: where a long group goes on, and from what."""
    own = feed.material
    beside = BESIDE if feed.stacks else 1
    order = sorted(range(group.first, group.last), key=lambda n: (-own.length(n), n))
    if (
        group.long
    ):  # what goes on after a kill must know its place by one number: a sequence at a time, or all at once
        beside = len(order) if feed.stacks else 1
    for begin in range(0, len(order), beside):
        rows = order[begin : begin + beside]
        longest = own.length(rows[0])
        # `at` counts through the sequences where they are read one at a time
        offset = sum(own.length(n) for n in order[:begin]) if beside == 1 else 0
        if at >= offset + longest:
            continue
        carrying, carried = Carrying(feed.model.model, carried), {}
        for start in range(max(0, at - offset), longest, cut):
            spans = [(n, start, min(start + cut, own.length(n))) for n in rows if own.length(n) > start]
            if len(spans) < len(rows):
                carrying.keep(len(spans))  # the longest come first
                rows = rows[: len(spans)]
            width = max(last - first for _n, first, last in spans)
            more = start + width < longest
            trace = _read(feed, spans, fields, layers, carrying if longest > cut else None)
            done = sum(min(own.length(n), start + width) for n in order[begin : begin + beside]) + sum(
                own.length(n) for n in order[:begin]
            )
            yield Piece(trace, spans, width, offset + start + width, done, carrying.last if more else {})


def _read(
    feed: Feed,
    spans: list[tuple[int, int, int]],
    fields: Sequence[str],
    layers: Iterable[int] | None,
    carrying: "Carrying | None" = None,
) -> xr.DataTree:
    model = feed.model
    arguments = feed.arguments(spans)
    with model._lock, reading(model.model), torch.no_grad(), (carrying or _nothing()).on():
        with model._says("recording"), recorded(model.model, keep=fields, layers=layers) as found:
            model._called(model.model, arguments)
        with model._says("recording"):
            return found.trace


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


class _Nothing:
    @contextmanager
    def on(self) -> Iterator[None]:
        yield


def _nothing() -> _Nothing:
    return _Nothing()


def _refused(name: str) -> None:
    raise LiveError(
        "the state of {name} cannot be carried on from cut to cut (a cell, two directions, several calls, packed, or a state of "
        "its own): give a cut that is as long as the longest text",
        name=name,
    )


def _going_on(out: Path, group: int, at: int, carried: dict[str, Tensor]) -> None:
    """Where the recording stands: a file that takes its place as a whole, once what it tells of is written."""
    with files.written(out / GOING) as unfinished:
        safetensors.torch.save_file(
            {name: state.contiguous().cpu() for name, state in carried.items()},
            unfinished,
            metadata={"group": str(group), "at": str(at)},
        )


def _going(out: Path) -> tuple[int, int, dict[str, Tensor]]:
    if not (out / GOING).exists():
        return 0, 0, {}
    try:
        with safetensors.safe_open(out / GOING, "pt") as file:
            said = file.metadata()
            return int(said["group"]), int(said["at"]), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except Exception:  # what a damaged file makes safetensors raise is not all listed
        raise store.damaged(out / GOING) from None
