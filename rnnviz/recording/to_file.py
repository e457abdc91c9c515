"""A recording that is written to its file as it comes: what was written is held no longer.

Calls are gathered until they are worth a piece of the file (GATHERED), put together as `to_trace` does, and appended on `time`.
"""

import os
from collections.abc import Hashable
from pathlib import Path

import numpy as np
import torch
import xarray as xr

from rnnviz import trace
from rnnviz.naming import Words, put
from rnnviz.netcdf import Growing
from rnnviz.recording.calls import Call
from rnnviz.recording.observed import Observed, Watched
from rnnviz.recording.outputs import NODE, Outputs
from rnnviz.recording.packed import APART, side_by_side, together
from rnnviz.recording.to_trace import beside, free, grouped, looks_of, of_calls

GATHERED = 32 * 2**20  # bytes of states of a module that are written at once; one call may be more
LISTED = 4_000  # calls of a part that its attribute `calls` names; HDF5 keeps 64 kB of one


class Ongoing:
    """The file of a recording, while it goes on."""

    def __init__(self, path: str | os.PathLike[str], observed: Observed, words: Words):
        self.path = Path(path)
        if not self.path.absolute().parent.is_dir():
            raise FileNotFoundError(f"no such folder: {self.path.absolute().parent}")
        self.outputs: Outputs | None = None
        self._observed, self._words = observed, words
        self._file: Growing | None = None
        self._gathered: dict[Watched, int] = {}
        self._weights: dict[Watched, object] = {}
        self._nodes: dict[str, dict[str, object]] = {}  # attributes of each so far
        self._parts: dict[Watched | None, dict[Hashable, str]] = {}  # see _name
        self._rows: dict[str, int] = {}  # sequences of each node
        self._returned = 0  # packed outputs so far
        self._calls: dict[str, list[int]] = {}  # which calls of their module a node holds

    def came(self, watched: Watched, call: Call) -> None:
        """A call was kept. Raises RuntimeError where its weights are not those of the call before."""
        if call.seen.tracked:
            watched.drop()
            raise RuntimeError(
                "a recording into a file has no gradients: call the model under torch.no_grad()"
            )
        if self._weights.setdefault(watched, call.seen.weights) is not call.seen.weights:
            watched.drop()
            raise RuntimeError(
                f"the weights of {watched.title!r} changed before its call {watched.seen}: record them in another file"
            )
        hidden = call.run.hidden
        fields = max(1, 1 + len(self._observed.wanted.recovered(call.seen.kind)))
        self._gathered[watched] = self._gathered.get(watched, 0) + hidden.nbytes * fields
        if self._gathered[watched] >= GATHERED:
            self._write(watched)

    def end(self) -> None:
        """What is left is written, and the words; the file is there, if anything was seen."""
        try:
            for watched in self._observed.titled.values():
                self._write(watched)
            for name, node in looks_of(self._observed, self._nodes).items():
                self._put(name, node, ())
        finally:
            if self._file is not None:
                try:
                    self._describe(self._file)
                finally:
                    self._file.close()

    def opened(self) -> xr.DataTree:
        """The trace, read where it is looked at. Raises RuntimeError where nothing was seen."""
        if self._file is None:
            raise RuntimeError(self._observed.nothing_seen)
        return trace.open_trace(self.path, lazy=True)

    def _write(self, watched: Watched) -> None:
        """The calls that are gathered, and what the model returned in the meantime."""
        self._gathered[watched] = 0
        first, calls = watched.seen - len(watched.calls), watched.taken()
        title = next(name for name, each in self._observed.titled.items() if each is watched)
        aside: dict[str, list[xr.Dataset]] = {}  # packed calls that share a node: written at once
        with torch.no_grad():
            for key, numbers in grouped(calls).items():
                packed = calls[numbers[0]].seen.layout.valid is not None
                key = self._of_packed(watched, first + numbers[0]) if packed else key
                own = self._name(watched, title, key)
                part = of_calls(own, [calls[n] for n in numbers], self._observed.wanted, by_call=True)
                self._calls.setdefault(own, []).extend(first + n for n in numbers)
                node = trace.node(own, part)
                if packed:
                    aside.setdefault(own, []).append(node)
                else:
                    self._put(own, node, ("time", "calls"))
        for part in self.outputs.taken() if self.outputs else ():
            shape, packed = part.arrays["value"].shape[::2], part.lengths is not None
            self._returned += packed
            key = (*self._of_packed(None, self._returned), shape[1]) if packed else shape
            own = self._name(None, NODE, key)
            if packed:
                aside.setdefault(own, []).append(trace.node(own, part))
            else:
                self._put(own, trace.node(own, part), ("time",))
        for own, nodes in aside.items():
            self._put(own, side_by_side(nodes), ("batch", "time"), True)

    def _of_packed(self, owner: Watched | None, number: int) -> tuple[object, ...]:
        """What stands for the node of a packed call: its number, for the first few; see `packed`."""
        known = [key for key in self._parts.get(owner, {}) if isinstance(key, tuple) and key[0] == "packed"]
        return ("packed", number) if len(known) < APART else ("packed", "beside")

    def _name(self, owner: Watched | None, title: str, key: Hashable) -> str:
        """The node of the calls of a module that lie on one time axis, which the key stands for. owner: None is the model."""
        own = self._parts.setdefault(owner, {})
        if key not in own:
            own[key] = free(title if not own else f"{title}_{len(own) + 1}", self._nodes)
        return own[key]

    def _put(self, name: str, node: xr.Dataset, along: tuple[str, ...], packed: bool = False) -> None:
        if self._file is None:
            self._file = Growing(self.path, {"format": trace.FORMAT, "torch_version": str(torch.__version__)})
        before = self._nodes.get(name)
        if before is None:
            self._file.add(name, node, along)
            self._nodes[name] = node.attrs | {"_steps": node.sizes.get("time", 0), "_calls": _calls(node)}
            self._rows[name] = node.sizes.get("batch", 0)
            return
        own = {key: value for key, value in before.items() if not key.startswith("_")}
        if packed:
            attributes = dict(node["batch"].attrs)
            node = node.assign_coords(batch=node["batch"].variable + self._rows[name])
            node["batch"].attrs = attributes
            node.attrs = together(own, node.attrs)
            self._file.beside(name, node, "batch", "time")
            self._rows[name] += node.sizes["batch"]
            self._nodes[name] = node.attrs
            return
        steps, calls = int(str(before["_steps"])), int(str(before["_calls"]))
        counted = node.assign_coords(
            time=node["time"].variable + steps, call=("time", node["call"].values + calls, node["call"].attrs)
        )
        for key in ("time", "call"):
            counted[key].attrs = dict(node[key].attrs)
        counted.attrs = together(own, node.attrs, ("steps", "nonfinite_inputs"))
        self._file.append(name, counted, along)
        self._nodes[name] = counted.attrs | {
            "_steps": steps + node.sizes["time"],
            "_calls": calls + _calls(node),
        }

    def _describe(self, file: Growing) -> None:
        with xr.open_datatree(file.unfinished, engine="h5netcdf", phony_dims="access") as tree:
            named, problems = put(tree, self._words)
            words = {
                name: {
                    str(key): named[name].coords[key].variable.load()
                    for key in named[name].coords
                    if key not in tree[name].coords
                }
                for name in self._nodes
            }
        beside(problems)
        several = {name for own in self._parts.values() if len(own) > 1 for name in own.values()}
        for name, own in words.items():
            calls = self._calls.get(name, [])
            more = {"calls": np.array(calls)} if name in several and 0 < len(calls) <= LISTED else {}
            if own or more:
                file.describe(name, own, more)


def _calls(node: xr.Dataset) -> int:
    return int(node["call"].values[-1]) + 1 if node["call"].size else 0
