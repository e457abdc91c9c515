"""The length of the loss's gradient at each step, and which step's loss it came from."""

import numpy as np
import xarray as xr

from rnnviz.stats.gradients.lengths import log_length, near_one
from rnnviz.stats.gradients.paths import LARGEST, along_time, path_of
from rnnviz.stats.nodes import Node, dataset


def norm(node: Node, part: str = "total", of: str = "hidden") -> xr.DataArray:
    """The length of the loss's gradient at each step: ‖∂L/∂h_t‖ or ‖∂L/∂c_t‖, L2 over the units.

    node: a recorded module, whole or with any of its dims chosen. part: 'total', the recurrence included, or 'direct', what
    reaches h_t other than through the next step. of: 'hidden' or, of an LSTM, 'cell', which has the total alone. Returns the
    gradient's dims without unit (or projection), float64, absolute; NaN in padding. The largest entry is taken out before
    squaring, so that no square underflows.
    Raises ValueError where no backward ran while recording, and for another `part` or `of`.

    >>> import rnnviz, torch
    >>> _ = torch.manual_seed(0)
    >>> model = torch.nn.LSTM(2, 3)
    >>> with rnnviz.record(model) as recording:
    ...     model(torch.randn(5, 1, 2))[0][-1].sum().backward()
    >>> norms = rnnviz.stats.gradients.norm(recording.trace["lstm"])
    >>> dict(norms.sizes), bool((norms > 0).all())
    ({'layer': 1, 'direction': 1, 'batch': 1, 'time': 5}, True)
    """
    if part not in ("total", "direct"):
        raise ValueError(f"part must be total or direct; got {part!r}")
    if of not in ("hidden", "cell"):
        raise ValueError(f"of must be hidden or cell; got {of!r}")
    if of == "cell" and node.attrs["kind"] != "lstm":
        raise ValueError(f"a {node.attrs['kind']} has no cell state, so no gradient of one")
    if of == "cell" and part == "direct":
        raise ValueError("a cell has the total gradient alone: part='total'")
    gradient = _gradient(node, f"{of}_grad" + ("_direct" if part == "direct" else ""))
    over = "projection" if "projection" in gradient.dims else "unit"
    values = gradient.transpose(..., over)
    lengths = np.exp(log_length(values.values))
    symbol = "h" if of == "hidden" else "c"
    kept = values.isel({over: 0}, drop=True)
    return xr.DataArray(
        lengths,
        dims=kept.dims,
        coords=kept.coords,
        attrs={"long_name": f"{part} gradient norm ‖∂L/∂{symbol}‖", "units": "1", "scale": "linear"},
    )


def logarithm(norms: xr.DataArray) -> xr.DataArray:
    """Natural logs of norms, -inf where one is exactly 0, with their names; the attribute `scale` says that they are logs."""
    with np.errstate(divide="ignore"):
        logs: xr.DataArray = xr.apply_ufunc(np.log, norms)
    return logs.assign_attrs(norms.attrs | {"scale": "natural logarithm"})


def contributions(node: Node, of: str = "hidden") -> xr.DataArray:
    """Where a gradient came from: what the loss at each step `source` adds to the total gradient at each step `time`.

    node: as for `jacobians`, recorded with a backward. of: 'hidden' for what it adds to ∂L/∂h, 'cell' for ∂L/∂c of an LSTM.
    Returns (source, time), ln of the norm over units, in nats. The direct gradient d of a source enters at h and travels as
    the row (d, 0) J_source … J_{time+1} (Werbos 1990); summed over the sources these vectors, not their norms, are the total
    gradient. Where the model uses c itself, as c_n after the last step, that part has no source here.
    −inf where nothing arrives: at steps read after the source, or at an exact zero; NaN in padding.

    All sources that have a gradient go back in one pass; of a row that grows or shrinks beyond 2^±32 a power of 2 is taken out
    and kept as its logarithm. A value is right to about 1e-16 n a step times the most that step could have passed on over what it
    did, and to 1e-16 of itself a step.
    Raises ValueError as `jacobians` does, where no backward ran, for another `of`, and if the result would exceed 1 GiB.

    >>> import rnnviz, torch
    >>> _ = torch.manual_seed(0)
    >>> model = torch.nn.LSTM(2, 3)
    >>> with rnnviz.record(model) as recording:
    ...     model(torch.randn(5, 1, 2))[0][-1].sum().backward()
    >>> node = recording.trace["lstm"].sel(layer=0, direction="forward").isel(batch=0)
    >>> found = rnnviz.stats.gradients.contributions(node)
    >>> dict(found.sizes), int((found > -float("inf")).any("time").sum())  # the last step alone has a loss
    ({'source': 5, 'time': 5}, 1)
    """
    if of not in ("hidden", "cell"):
        raise ValueError(f"of must be hidden or cell; got {of!r}")
    if of == "cell" and node.attrs["kind"] != "lstm":
        raise ValueError(f"a {node.attrs['kind']} has no cell state, so no gradient of one")
    gradient = _gradient(node, "hidden_grad_direct")
    total = node.sizes["time"]
    if 8 * total**2 > LARGEST:
        size = 8 * total**2 / 2**30
        raise ValueError(
            f"contributions of {total} sources to {total} steps take {size:.1f} GiB; the limit is 1 GiB"
        )
    path = path_of(node)
    over = "projection" if "projection" in gradient.dims else "unit"
    direct = gradient.transpose("time", over).values[path.positions].astype(np.float64)
    steps = len(path.positions)
    found = np.full((steps, steps), -np.inf)  # [source, time], both in the direction of reading
    sources = np.flatnonzero(direct.any(1))[::-1]  # the last one sets out first
    rows, logs = np.zeros((len(sources), path.width)), np.zeros(len(sources))
    first = under_way = 0
    for step in range(steps - 1, -1, -1):
        if step + 1 < steps:
            if path.linked[step + 1]:
                rows[first:under_way] = path.back(step + 1, rows[first:under_way])
            else:
                first = under_way
        if under_way < len(sources) and sources[under_way] == step:
            rows[under_way, : path.hidden] = direct[step]
            under_way += 1
        here = slice(first, under_way)
        near_one(rows[here], logs[here])
        part = rows[here, : path.hidden]
        if path.slope is not None and of == "cell":
            through = part if path.projection is None else part @ path.projection
            part = rows[here, path.hidden :] + through * path.slope[step]
        found[sources[here], step] = logs[here] + log_length(part)
    values = np.full((total, total), np.nan)
    values[np.ix_(path.positions, path.positions)] = found
    times = node["time"].values if "time" in node.coords else np.arange(total)
    symbol = "h" if of == "hidden" else "c"
    return xr.DataArray(
        values,
        dims=("source", "time"),
        coords=along_time(node) | {"source": times},
        attrs={
            "long_name": f"ln of the norm that the direct gradient of a source adds to the total ∂L/∂{symbol}",
            "units": "nat",
            "scale": "natural logarithm",
        },
    )


def _gradient(node: Node, name: str) -> xr.DataArray:
    try:
        return dataset(node)[name]
    except KeyError:
        raise ValueError("no gradients in this trace: run backward inside the record block") from None
