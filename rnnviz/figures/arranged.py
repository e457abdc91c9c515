"""What a figure is given: an array whose dims it can draw, logarithms where it needs them. Else one line says what to choose."""

import numpy as np
import xarray as xr

LOGARITHM = "natural logarithm"  # the attribute `scale` of an array of logarithms; of norms it is 'linear'


def arranged(array: xr.DataArray, *dims: str | None, of: str) -> xr.DataArray:
    """The array with these dims alone, in this order; None stands for one of any name. Dims of length 1 are left out.

    of: the figure's name. Raises ValueError, naming the dims, where one is missing or another is left; TypeError for what is no
    array, naming those that a node holds.

    >>> import xarray as xr
    >>> state = xr.DataArray([[[0.1, 0.2]]], dims=("batch", "time", "unit"))
    >>> arranged(state, "unit", "time", of="heatmap").dims
    ('unit', 'time')
    """
    if not isinstance(array, xr.DataArray):
        raise refusal(array, *dims, of=of)
    known = [dim for dim in dims if dim is not None]
    missing = [dim for dim in known if dim not in array.dims]
    others = [str(dim) for dim in array.dims if dim not in known]
    long = [dim for dim in others if array.sizes[dim] > 1]
    free = long or others  # those that may stand for None
    places = len(dims) - len(known)
    if missing or len(long) > places or len(free) < places:
        wanted = ", ".join(dim or "one more" for dim in dims)
        has = ", ".join(f"{dim}: {length}" for dim, length in array.sizes.items())
        line = f"{of} draws ({wanted}); got ({has})"
        if missing:
            raise ValueError(f"{line}: {' and '.join(missing)} missing")
        if len(long) <= places:
            raise ValueError(f"{line}: a dim is missing")
        chosen = ", ".join(f"{dim}=0" for dim in long if places == 0 or dim != long[-1])
        raise ValueError(f"{line}: choose one of each other, as array.isel({chosen}) does")
    kept = iter(free[:places])
    order = [dim or next(kept) for dim in dims]
    dropped = [dim for dim in array.dims if dim not in order]
    return array.squeeze(dropped, drop=True).transpose(*order)


def refusal(came: object, *dims: str | None, of: str) -> TypeError:
    """What says that an array was wanted; of a node it names those that it holds."""
    wanted = ", ".join(dim or "one more" for dim in dims)
    there = list(map(str, getattr(came, "data_vars", ())))
    held = f"; it holds {', '.join(there)}: give one of them, as node[{there[0]!r}]" if there else ""
    return TypeError(f"{of} draws one array ({wanted}); got a {type(came).__name__}{held}")


def check_holds(parts: xr.Dataset, *names: str, of: str, made: str) -> None:
    """Nothing, where these arrays are in it; else ValueError, with the function of stats that makes them of a node."""
    there = [str(name) for name in getattr(parts, "data_vars", ())]
    if missing := [name for name in names if name not in there]:
        held = ", ".join(there) or f"a {type(parts).__name__}"
        raise ValueError(
            f"{of} draws {', '.join(names)}; got {held}: {', '.join(missing)} missing. Take {made} of it"
        )


def logarithms(array: xr.DataArray, of: str) -> xr.DataArray:
    """Natural logarithms, −inf at an exact 0; of norms, as `stats.gradients.norm` makes them, they are taken.

    of: the figure's name. Raises ValueError where nothing says which the array holds: no attribute `scale`, no value below 0.
    """
    values = array.values
    if array.attrs.get("scale") == LOGARITHM or bool((values < 0).any()) or not np.isfinite(values).any():
        return array
    if array.attrs.get("scale") != "linear":
        raise ValueError(
            f"{of} draws natural logarithms; no value of this array is below 0, as if it held norms:"
            " take stats.gradients.logarithm(norms), or say what it holds in attrs['scale']:"
            f" 'linear' or {LOGARITHM!r}"
        )
    with np.errstate(divide="ignore"):
        return array.copy(data=np.log(values)).assign_attrs(scale=LOGARITHM)
