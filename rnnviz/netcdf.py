"""netCDF files: written whole or not at all, and looked over before anything in them is read.

A file may name other files of the machine, load code, or claim more than fits in memory; and it comes from anyone.
"""

import contextlib
import errno
import functools
import math
import mmap
import os
import shutil
import struct
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import h5netcdf
import h5py
import xarray as xr

from rnnviz import files

DEEPEST = 20  # groups inside groups; a trace has one level
MOST = 4_000  # groups and arrays in all: 150 modules, a minute to read
FREE = 64 * 2**20  # bytes that a file of any size may claim
TIMES = 50  # and beyond them so many times its own size: compression makes numbers a few times smaller
FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}
HEAP = b"GCOL\1\0\0\0"  # how one begins
OBJECT = struct.Struct("<HHIQ")  # what an object of a heap begins with
SCANNED = (
    256 * 2**20
)  # bytes of a file that is searched for heaps as a whole, a larger one between its arrays
LARGE = 2**16  # bytes of such an array, or of a piece of it
WHOLE = 64 * 2**20  # bytes of arrays in another file that are read at once to be written
TEXT = 64  # bytes that an empty str takes, and more
PIECE = 256  # texts that are read at once to be measured
CHUNK = 2**20  # bytes of a piece in which an array that grows is kept: of one layer, direction and sequence
SPARE = (
    64 * 2**20
)  # bytes that must stay free on the disk: HDF5 takes the whole process down where it is full


def packed(data: xr.Dataset | xr.DataTree) -> bytes:
    """The bytes of a netCDF file, made in memory: HDF5 takes the whole process down where the disk is full."""
    return bytes(data.to_netcdf(engine="h5netcdf"))


def write(data: xr.Dataset | xr.DataTree, path: str | os.PathLike[str]) -> None:
    """Writes a netCDF file, over one that may be there; what lies in another file piece by piece, where it is large. Raises
    OSError, and leaves what was there, where the disk is full."""
    if isinstance(data, xr.DataTree) and not data.variables and _lies_elsewhere(data) > WHOLE:
        _write_in_pieces(data, path)
        return
    raw = packed(data)
    with files.written(path) as unfinished:
        unfinished.write_bytes(raw)
        look_over(unfinished)  # what is written can be opened


def _lies_elsewhere(tree: xr.DataTree) -> int:
    """Bytes of the arrays that are read from a file only where they are looked at."""
    parts = (array for node in tree.subtree for array in node.to_dataset(inherit=False).variables.values())
    return sum(array.nbytes for array in parts if not array._in_memory)


def _write_in_pieces(tree: xr.DataTree, path: str | os.PathLike[str]) -> None:
    """Of each node a few steps at a time (of an attention, a few queries), about WHOLE bytes at once."""
    file = Growing(path, {str(key): value for key, value in tree.attrs.items()})
    with file.writing():
        for node in tree.subtree:
            own = node.to_dataset(inherit=False).drop_encoding()
            if node.path == "/":
                continue
            along = next((dim for dim in ("time", "query") if own.sizes.get(dim)), None)
            if along is None:
                file.add(node.path, own, ())
                continue
            words = {
                str(key): own[key].variable
                for key in own.coords
                if along in own[key].dims and _is_text(own[key])
            }
            rest = own.drop_vars(list(words))
            grown = sum(array.nbytes for array in rest.variables.values() if along in array.dims)
            step = max(1, WHOLE * own.sizes[along] // max(1, grown))
            for start in range(0, own.sizes[along], step):
                piece = rest.isel({along: slice(start, start + step)})
                if start:
                    file.append(node.path, piece, (along,))
                else:
                    file.add(node.path, piece, (along,))
            file.describe(node.path, words, {})
        look_over(file.unfinished)


def _is_text(array: xr.DataArray) -> bool:
    return array.dtype.kind in "OUST"


def stamp(path: Path) -> tuple[Path, int, int]:
    """Stands for a file as it lies there now: path, size in bytes and time of the last change. Raises FileNotFoundError."""
    seen = path.stat()
    return path, seen.st_size, seen.st_mtime_ns


@functools.lru_cache(maxsize=64)
def whole(file: tuple[Path, int, int]) -> xr.Dataset:
    """A small file of ours in memory, read once as long as it stays the same. file: its `stamp`. Shared: look, never change.

    Raises ValueError as `look_over`."""
    look_over(file[0])
    with xr.open_dataset(file[0], engine="h5netcdf") as found:
        return found.load()


class Growing:
    """A netCDF file that is written as its arrays come, node by node; after each piece it can be read, if the process should end.
    It takes its place when it is closed, over one that may be there."""

    def __init__(self, path: str | os.PathLike[str], attributes: Mapping[str, object]):
        self._path, self._stack = Path(path), contextlib.ExitStack()
        self.unfinished = self._stack.enter_context(files.written(path))
        xr.Dataset(attrs=attributes).to_netcdf(self.unfinished, engine="h5netcdf")

    def add(self, name: str, node: xr.Dataset, along: Iterable[str]) -> None:
        """A node that is new, whose dims `along` may go on later. Raises OSError, and writes nothing, where the disk is full."""
        self._check_room(node)
        growing = tuple(along)
        encoding = {
            key: {"chunksizes": _chunks(array, growing)}
            for key, array in node.variables.items()
            if set(array.dims) & set(growing)
        }
        node.to_netcdf(
            self.unfinished, "a", group=name, engine="h5netcdf", encoding=encoding, unlimited_dims=growing
        )

    def append(self, name: str, node: xr.Dataset, along: Iterable[str]) -> None:
        """What comes after it: of arrays over a dim of `along` more of it, and the node's attributes as they now are; an array
        that has lost its `valid_range` loses it. Raises OSError, and writes nothing, where the disk is full."""
        self._check_room(node)
        with h5netcdf.File(self.unfinished, "r+") as file:
            group = file[name]
            starts = {dim: group.dimensions[dim].size for dim in along if dim in node.sizes}
            for dim, start in starts.items():
                group.resize_dimension(dim, start + node.sizes[dim])
            _go_on(group, node, starts)

    def beside(self, name: str, node: xr.Dataset, along: str, within: str) -> None:
        """What lies beside it: of arrays over the dim `along` more of it, of those over `within`, which may be longer or shorter
        than what is there, what it has; the rest of such an array is NaN. Both dims were among those that `add` was told may go
        on; attributes and `valid_range` as of `append`. Raises OSError, and writes nothing, where the disk is full."""
        self._check_room(node)
        with h5netcdf.File(self.unfinished, "r+") as file:
            group = file[name]
            starts = {along: group.dimensions[along].size}
            group.resize_dimension(along, starts[along] + node.sizes[along])
            if node.sizes[within] > group.dimensions[within].size:
                group.resize_dimension(within, node.sizes[within])
                starts[within] = 0  # what lies along it alone is there as far as it was known
            _go_on(group, node, starts)

    def describe(
        self, name: str, coordinates: Mapping[str, xr.Variable], attributes: Mapping[str, object]
    ) -> None:
        """Coordinates of text and attributes that a node gets in the end."""
        with h5netcdf.File(self.unfinished, "r+") as file:
            group = file[name]
            for key, array in coordinates.items():
                values = array.values.astype(object)
                made = group.create_variable(key, array.dims, h5py.string_dtype(), data=values)
                made.attrs.update(array.attrs)
            if coordinates:
                group.attrs["coordinates"] = " ".join(coordinates)
            group.attrs.update(attributes)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Closes the file in the end; where something is raised there is none."""
        with self._stack:
            yield

    def close(self) -> None:
        """The file is there, whole."""
        self._stack.close()

    def _check_room(self, node: xr.Dataset) -> None:
        free = shutil.disk_usage(self._path.absolute().parent).free
        if free < node.nbytes + SPARE:
            line = f"the disk has {free:,} bytes left, too few for {node.nbytes:,} more"
            raise OSError(errno.ENOSPC, line, str(self._path))


def _go_on(group: h5netcdf.Group, node: xr.Dataset, starts: Mapping[str, int]) -> None:
    """Writes what has a dim of `starts` from there on; attributes and ranges are as the node has them now."""
    for key, array in node.variables.items():
        if "valid_range" in group[key].attrs and "valid_range" not in array.attrs:
            del group[key].attrs["valid_range"]
        if set(array.dims) & set(starts):
            begin = [starts.get(str(dim), 0) for dim in array.dims]
            group[key][tuple(slice(at, at + n) for at, n in zip(begin, array.shape, strict=True))] = (
                array.values
            )
    group.attrs.update(node.attrs)


def _chunks(array: xr.Variable, growing: Iterable[str]) -> tuple[int, ...]:
    """Pieces of one layer, direction and sequence, of as many steps as come at once or as CHUNK holds."""
    sizes = [1 if dim in ("layer", "direction", "batch") else n for dim, n in array.sizes.items()]
    if array.ndim == 1:
        return (max(sizes[0], CHUNK // 256),)
    for place, dim in enumerate(array.dims):
        if str(dim) in growing:
            sizes[place] = max(
                1, min(sizes[place], CHUNK * sizes[place] // (math.prod(sizes) * array.dtype.itemsize or 1))
            )
    return tuple(max(1, n) for n in sizes)


def look_over(path: str | os.PathLike[str]) -> int:
    """How many bytes its longest text may have, if all that the file holds lies in it and fits in memory.

    Raises ValueError that names the part of the file and what is wrong: links other than plain ones, arrays that lie in other
    files or are put together from them, filters other than gzip, shuffle and fletcher32, arrays of neither numbers nor text,
    a part that stands in it twice (a circle), more depth, parts or bytes than a trace has. OSError where it is no HDF5 file.
    """
    with Path(path).open("rb") as raw, mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ) as content:
        size = len(content)
        _check_start(content)
        if size <= SCANNED:
            longest = _check_heaps(content, [(0, size)])
        left = limit = FREE + TIMES * size
        with h5py.File(path, "r") as file:
            if size > SCANNED:
                longest = _check_heaps(content, _gaps([array for _name, array in _arrays(file)], size))
            for name, array in _arrays(file):
                left -= _claimed(name, array, left)
                if left < 0:
                    raise ValueError(
                        f"{name}: up to here the arrays claim more than {limit:,} bytes, in a file of {size:,}"
                    )
    return longest


def _check_start(content: mmap.mmap) -> None:
    """Raises ValueError where it is no HDF5 file whose lengths have 8 bytes, as all of this century have."""
    length_at = 14 if content[8:9] < b"\2" else 10  # of the superblock, by its version
    if content[:8] != b"\x89HDF\r\n\x1a\n" or content[length_at : length_at + 1] != b"\x08":
        raise ValueError("no netCDF or HDF5 file, or one that was cut short")


def _gaps(arrays: list[h5py.Dataset], size: int) -> list[tuple[int, int]]:
    """What of a large file lies between the numbers of its large arrays, where its texts are: (start, end), in order."""
    taken: list[tuple[int, int]] = []
    for array in arrays:
        if array.chunks is None:
            start = array.id.get_offset()
            if start is not None:
                taken.append((start, start + array.id.get_storage_size()))
        else:
            array.id.chunk_iter(
                lambda chunk: taken.append((chunk.byte_offset, chunk.byte_offset + chunk.size))
            )
    gaps, at = [], 0
    for start, end in sorted((start, end) for start, end in taken if end - start >= LARGE):
        gaps.append((at, start))
        at = max(at, end)
    return [(start, end) for start, end in [*gaps, (at, size)] if end > start]


def _check_heaps(content: mmap.mmap, places: Iterable[tuple[int, int]]) -> int:
    """How many bytes the longest text may have.

    Raises ValueError where a heap, in which HDF5 keeps texts, is no chain that ends: HDF5 would read it for ever.

    HDF5 File Format Specification 4.0, II.A and III.E: a heap is "GCOL", a version, its size, and objects, each with its number,
    how often it is used, four zeros and its size; number 0 is the room that is left.
    """
    longest = 0
    for start in _found(content, HEAP, places):
        at, end = start + 16, start + int.from_bytes(content[start + 8 : start + 16], "little")
        while at + 16 <= end <= len(content):
            number, _used, zeros, size = OBJECT.unpack_from(content, at)
            if zeros or (not number and size < 16):
                break
            longest = max(longest, size if number else 0)
            at += 16 + (size + 7) // 8 * 8 if number else size
        if not end - 16 < at <= end:
            raise ValueError(f"the texts that begin at byte {start:,} are damaged")
    return longest


def _found(content: mmap.mmap, sign: bytes, places: Iterable[tuple[int, int]]) -> Iterator[int]:
    """Where the sign stands in these places."""
    for first, last in places:
        start = content.find(sign, first, last)
        while start >= 0:
            yield start
            start = content.find(sign, start + 4, last)


def _arrays(file: h5py.File) -> Iterator[tuple[str, h5py.Dataset]]:
    """All arrays of a file, by their path in it."""
    waiting, seen = [("", file["/"], 0)], {_address(file["/"])}
    while waiting:
        path, group, depth = waiting.pop()
        if depth > DEEPEST:
            raise ValueError(f"{_short(path)}: groups lie more than {DEEPEST} deep")
        for key in group:
            name = _short(f"{path}/{key}")
            if not isinstance(link := group.get(key, getlink=True), h5py.HardLink):
                raise ValueError(f"{name}: a {type(link).__name__}; what a file holds lies in it")
            part = group[key]
            if (address := _address(part)) in seen:
                raise ValueError(f"{name}: stands in the file twice")
            seen.add(address)
            if len(seen) > MOST:
                raise ValueError(f"{name}: more than {MOST:,} groups and arrays")
            if isinstance(part, h5py.Group):
                waiting.append((f"{path}/{key}", part, depth + 1))
            elif isinstance(part, h5py.Dataset):
                yield name, part
            else:
                raise ValueError(f"{name}: neither a group nor an array")


def _address(part: Any) -> int:
    return int(h5py.h5o.get_info(part.id).addr)


def _claimed(name: str, array: h5py.Dataset, left: int) -> int:
    """Bytes that an array takes once it is read. Raises ValueError where it lies elsewhere or is of no kind that a trace has."""
    made = array.id.get_create_plist()
    if made.get_external_count():
        raise ValueError(
            f"{name}: lies in another file, {made.get_external(0)[0].decode(errors='replace')!r}"
        )
    if made.get_layout() == h5py.h5d.VIRTUAL:
        raise ValueError(f"{name}: is put together from other arrays")
    for n in range(made.get_nfilters()):
        code, _flags, _values, called = made.get_filter(n)
        if code not in FILTERS:
            raise ValueError(
                f"{name}: compressed by {called.decode(errors='replace') or code!r}; wanted gzip or nothing"
            )
    text = h5py.check_string_dtype(array.dtype)
    if array.dtype.kind not in "fiubc" and text is None:
        raise ValueError(f"{name}: of type {array.dtype}; wanted numbers or text")
    if array.shape is None:
        raise ValueError(f"{name}: empty of any value")
    longer = text is not None and text.length is None
    claimed = int(array.size) * (TEXT if longer else array.dtype.itemsize)
    if array.chunks is not None:  # read as a whole
        claimed = max(claimed, math.prod(array.chunks) * array.dtype.itemsize)
    return claimed + (_lengths(array, left - claimed) if longer and claimed < left else 0)


def _lengths(array: h5py.Dataset, left: int) -> int:
    """Bytes of all texts of an array, as far as they fit: many may point to one long one."""
    if not array.ndim:
        return len(array[()])
    total, step = 0, max(1, PIECE * len(array) // max(1, array.size))
    for start in range(0, len(array), step):
        total += sum(map(len, array[start : start + step].ravel()))
        if total > left:
            break
    return total


def _short(name: str) -> str:
    return name if len(name) <= 100 else f"{name[:50]} … {name[-40:]}"
