"""A model run over a corpus, and its states written to a store as they come.

    Size   what a store will take, before anything is written
    record the store: written piece by piece, gone on with where it was cut short

Texts are read by groups, in their order: texts of up to `GATHERED` steps together are run side by side and written at once;
longer ones are read `cut` steps at a time, up to `BESIDE` of them side by side, and what a recurrent module returned as its last
state is what it is given at the next `cut` (see `Carrying`): the states are those of a reading without cuts, up to rounding. What
is needed to go on is put into one file, which takes its place as a whole, after each group or cut has been written.
"""

import contextlib
import errno
import itertools
import json
import math
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import safetensors
import safetensors.torch
import xarray as xr
from torch import Tensor

from rnnviz import files
from rnnviz.recording.wanted import FIELDS_OF_STEPS
from rnnviz.studies.corpus import material, spread, store
from rnnviz.studies.corpus.cutting import BESIDE, Cut, Group, Place, Reader, cuts, read
from rnnviz.studies.corpus.material import Feed, Material, Named
from rnnviz.studies.corpus.opened import Corpus
from rnnviz.studies.live import Live
from rnnviz.studies.progress import Progress
from rnnviz.told import Told

if TYPE_CHECKING:
    from distributed import Client

CUT = 2048  # steps that a module reads in one call, where the text is longer
GATHERED = 16_384  # steps of short texts that are run and written together
GOING = "going.safetensors"
BITS = (32, 8)


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
    return taken(given, _places(model, given, layers, tuple(fields), bits), Path(out))


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
    dask: "str | Client | None" = None,
) -> Corpus:
    """The states of a model over texts, written to a store `out`, and the corpus that it is.

    texts: see `material.of`. layers: their numbers, from -1 down as well; None: all. fields: of the trace, as `hidden`, `cell`,
    `forget_gate`. bits: 32, numbers as they are; 8, what is bounded (hidden states, gates) as whole numbers of 8 bits, off by at
    most half a step, 1/254 of a hidden state and 1/510 of a gate, which the store's attributes say. cut: see above. progress: is
    told (steps done, steps in all) after each piece; if it raises, what was written stays, and the same call goes on from there.
    resume: whether a store that was cut short is gone on with; one that is whole and of the same model and texts is opened.
    dask: a Dask cluster that shares the work, by the address of its scheduler or a client of it; see `spread`. The store is the
    same, byte for byte where torch computes in one thread on processors of one kind.

    Raises Told, in one line: where `material.of` does, for a folder that holds something else or another corpus, a disk that is
    too small, fields or layers that no module has, a long text whose module's state cannot be carried on (see `Carrying`), and
    a cluster that cannot be used (see `spreading.spread`).
    """
    out, own = Path(out), material.of(model, texts)
    if cut < 1:
        raise Told("cut must be at least 1 step; got {cut}", cut=cut)
    places = _places(model, own, layers, tuple(fields), bits)
    out.parent.mkdir(parents=True, exist_ok=True)
    with files.alone(out.with_name(f"{out.name}.lock"), f"{out} is written"):
        about = _about(model, own, places, bits, cut)
        before = there(out, about, resume)
        if before is not None and before.get("complete") is True:
            return Corpus.open(out, model)
        feed = Feed(model, own)
        shared = spread.begun(dask, feed, places, cut) if dask is not None else contextlib.nullcontext()
        with shared as cluster:  # before anything is written
            if before is None:
                check_room(taken(own, places, out.parent), out)
                create(out, own, places, about)
            writing = Writing(feed, places, out, progress)
            if cluster is None:
                _run(feed, places, writing, cut)
            else:
                spread.run(cluster, feed, writing, cut)
        store.put_group(out, {**about, "complete": True}, nested=True)
        (out / GOING).unlink(missing_ok=True)
    return Corpus.open(out, model)


def check_room(size: Size, out: Path) -> None:
    if size.bytes > size.free:
        raise Told(
            "{out} needs {needed}; {free} are free there: keep fewer layers or fields, or 8 bits",
            out=out,
            needed=readable(size.bytes),
            free=readable(size.free),
        )


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
    trace = read(Feed(model, own), [(0, 0, steps)], fields, None)
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


def taken(own: Material, places: Sequence[Place], folder: Path) -> Size:
    there = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
    taken = sum(one.array(folder, own.steps).bytes for one in places)
    taken += 4 * max(own.steps, min(own.steps, store.TOKENS)) + 16 * len(own.names) + 65_536
    error = max((one.scale / 2 for one in places if one.scale), default=0.0)
    return Size(own.steps, len(own.names), tuple(places), taken, shutil.disk_usage(there).free, error)


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


def there(out: Path, about: dict[str, object], resume: bool = True) -> dict[str, Any] | None:
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


def create(out: Path, own: Material, places: Sequence[Place], about: dict[str, object]) -> None:
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
        one.array(out, own.steps).create(
            ["step", "unit"], {"long_name": one.long_name, "units": "1", **error}
        )
    store.put_group(out, {**about, "complete": False})
    (out / "unfinished").unlink()


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


@dataclass
class Standing:
    """How far a recording is. done: groups that are written. at, carried: of long groups that are under way, where each goes on,
    and from what."""

    done: set[int] = field(default_factory=set)
    at: dict[int, int] = field(default_factory=dict)
    carried: dict[int, dict[str, Tensor]] = field(default_factory=dict)

    def write(self, out: Path) -> None:
        """A file that takes its place as a whole, once what it tells of is written."""
        first = next(n for n in itertools.count() if n not in self.done)
        said = {"done": [first, *sorted(n for n in self.done if n > first)], "at": self.at}
        with files.written(out / GOING) as unfinished:
            safetensors.torch.save_file(
                {
                    f"{number}/{name}": state.contiguous().cpu()
                    for number, states in self.carried.items()
                    for name, state in states.items()
                },
                unfinished,
                metadata={"standing": json.dumps(said)},
            )

    @classmethod
    def of(cls, out: Path, lengths: Sequence[int]) -> Self:
        """What stands in the file; nothing where there is none. lengths: what `at` stays below, group by group."""
        if not (out / GOING).exists():
            return cls()
        try:
            with safetensors.safe_open(out / GOING, "pt") as file:
                said = json.loads(file.metadata()["standing"])
                first, *further = said["done"]
                found = cls(
                    {*range(min(first, len(lengths))), *further}, {int(n): at for n, at in said["at"].items()}
                )
                if not found.done <= {*range(len(lengths))} or found.done & {*found.at}:
                    raise ValueError
                if not all(0 < at < lengths[number] for number, at in found.at.items()):
                    raise ValueError
                for key in file.keys():  # noqa: SIM118
                    number, _slash, name = key.partition("/")
                    found.carried.setdefault(int(number), {})[name] = file.get_tensor(key)
                return found
        except Exception:  # what a damaged file makes safetensors raise is not all listed
            raise store.damaged(out / GOING) from None


class Writing:
    """A store whose states are being written, in any order of its groups."""

    def __init__(self, feed: Feed, places: Sequence[Place], out: Path, progress: Progress | None):
        self.material, self.out, self._progress = feed.material, out, progress
        self._arrays = [one.array(out, self.material.steps) for one in places]
        self.all = list(groups(self.material))
        beside = max if feed.stacks else sum  # of `at`, which counts through what is read one at a time
        lengths = [[self.material.length(n) for n in range(one.first, one.last)] for one in self.all]
        self.standing = Standing.of(out, [beside(one) for one in lengths])
        self._going = {}  # steps that are done, of each group under way
        for number, at in self.standing.at.items():
            self._going[number] = sum(min(one, at) for one in lengths[number]) if feed.stacks else at

    def missing(self) -> list[int]:
        """Groups that are not written whole, those under way first."""
        left = [number for number in range(len(self.all)) if number not in self.standing.done]
        return sorted(left, key=lambda number: (number not in self.standing.at, number))

    def whole(self, number: int, values: Sequence[np.ndarray]) -> None:
        """All of a group that was gathered."""
        with self._there():
            for array, one in zip(self._arrays, values, strict=True):
                array.put(int(self.material.starts[self.all[number].first]), one)
            self._ended(number)
        self.told()

    def cut(self, one: Cut, stored: Sequence[Sequence[np.ndarray]], carried: dict[str, Tensor]) -> None:
        """A cut of a long group."""
        with self._there():
            for array, rows in zip(self._arrays, stored, strict=True):
                for row, (sequence, first, _last) in zip(rows, one.spans, strict=True):
                    array.put(int(self.material.starts[sequence]) + first, row)
            group = self.all[one.group]
            self._going[one.group] = one.done
            if one.done == int(self.material.starts[group.last] - self.material.starts[group.first]):
                self._ended(one.group)
            else:
                self.standing.at[one.group], self.standing.carried[one.group] = one.last, carried
                self._went_on()
        self.told()

    def told(self) -> None:
        """Says how far it is, to whoever may raise to stop it."""
        if self._progress:
            starts, whole = self.material.starts, (self.all[number] for number in self.standing.done)
            done = sum(int(starts[one.last] - starts[one.first]) for one in whole)
            self._progress(done + sum(self._going.values()), self.material.steps)

    @contextlib.contextmanager
    def _there(self) -> Iterator[None]:
        """What is written lands in the store, or is said not to in one line."""
        if not (self.out / store.META).exists():  # which writing would make again, without what was in it
            raise Told(
                "{path} was moved or deleted while it was recorded: put it back, and record it again",
                path=self.out,
            )
        try:
            yield
        except OSError as problem:
            if problem.errno != errno.ENOSPC:
                raise
            raise Told(
                "{path}: the disk is full; free some of it, and record it again: it goes on", path=self.out
            ) from None

    def _ended(self, number: int) -> None:
        self.standing.done.add(number)
        for told in (self._going, self.standing.at, self.standing.carried):
            told.pop(number, None)
        self._went_on()

    def _went_on(self) -> None:
        _going_on(self.out, self.standing)


def _going_on(out: Path, standing: Standing) -> None:
    standing.write(out)


def _run(feed: Feed, places: Sequence[Place], writing: Writing, cut: int) -> None:
    reader = Reader(feed, places)
    for number in writing.missing():
        group = writing.all[number]
        if not group.long:
            writing.whole(number, reader.gathered(group, cut))
            continue
        carried = writing.standing.carried.get(number, {})
        at = writing.standing.at.get(number, 0)
        for one in cuts(feed.material, number, group, feed.stacks, cut, at):
            stored, carried = reader.read(one, carried)
            writing.cut(one, stored, carried)
