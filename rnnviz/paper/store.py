"""Arrays as a page holds them: each once, its bytes in an order that packs well."""

import base64
import gzip
import hashlib
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.utils import PlotlyJSONEncoder

from rnnviz.paper.packing import still

KINDS = {"int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4"} | {
    "float32": "f4",
    "float64": "f8",
}


class Store:
    """What was put in, by a short name each: the same numbers twice are one array."""

    def __init__(self) -> None:
        self.placed: dict[str, dict[str, Any]] = {}
        self._parts: list[bytes] = []
        self._length = 0

    def put(self, array: np.ndarray) -> str:
        """The name of the array. Its bytes are kept by their place in a number: all first ones, all second ones …"""
        array = np.ascontiguousarray(array)
        if array.dtype.name not in KINDS:
            array = array.astype(np.float32 if array.dtype.kind == "f" else np.int32)
        kind = KINDS[array.dtype.name]
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        raw = array.tobytes()
        name = hashlib.sha256(f"{kind}{array.shape}".encode() + raw).hexdigest()[:16]
        if name not in self.placed:
            size = array.dtype.itemsize
            apart = np.frombuffer(raw, np.uint8).reshape(-1, size).T.tobytes()
            self.placed[name] = {
                "dtype": kind,
                "shape": list(array.shape),
                "from": self._length,
                "size": len(raw),
            }
            self._parts.append(apart)
            self._length += len(raw)
        return name

    def figure(self, figure: go.Figure) -> dict[str, Any]:
        """A figure as plotly's JSON has it, its arrays put in: where one was, {"array": NAME} stands."""

        def named(value: Any) -> Any:
            if isinstance(value, np.ndarray) and value.dtype.kind in "fiu":
                return {"array": self.put(value)}
            if isinstance(value, dict) and "bdata" in value:  # as plotly keeps an array
                flat = np.frombuffer(base64.b64decode(value["bdata"]), np.dtype(value["dtype"]))
                return {"array": self.put(flat.reshape(_shape(value.get("shape"), flat.size)))}
            if isinstance(value, dict):
                return {key: named(one) for key, one in value.items()}
            if isinstance(value, list | tuple):
                return [named(one) for one in value]
            return value if value is None or isinstance(value, str | int | float) else plain(value)

        sheet = still(figure.to_plotly_json())
        found: dict[str, Any] = named({"data": sheet["data"], "layout": sheet["layout"]})
        return found

    def packed(self) -> bytes:
        """All arrays one after the other, compressed."""
        return gzip.compress(b"".join(self._parts), 9, mtime=0)


def plain(value: Any) -> Any:
    """What plotly's JSON writes of a value that is no number, text or list."""
    return PlotlyJSONEncoder().default(value)


def _shape(said: str | int | None, size: int) -> tuple[int, ...]:
    """As plotly writes it: '3, 4'."""
    return (size,) if said is None else tuple(map(int, str(said).split(",")))
