"""What a figure is given: an array whose dims it can draw, logarithms where it needs them. Else one line says what to choose."""

import numpy as np
import xarray as xr

LOGARITHM = "natural logarithm"  # the attribute `scale` of an array of logarithms; of norms it is 'linear'


def arranged(array: xr.DataArray, *dims: str | None, of: str) -> xr.DataArray:
    """The array with these dims alone, in this order; None stands for one of any name. Dims of length 1 are left out.

    of: the figure's name. Raises ValueError, naming the dims, where one is missing or another is left.

    >>> import xarray as xr
    >>> state = xr.DataArray([[[0.1, 0.2]]], dims=("batch", "time", "unit"))
    >>> arranged(state, "unit", "time", of="heatmap").dims
    ('unit', 'time')
    """
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
