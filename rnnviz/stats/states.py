"""What the hidden states do: order of the units, where a unit is excited, the path of the state."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rnnviz.stats.pixels import LONG

ORDERS = ("stored", "similarity", "activity")
MANY = 300  # units from which on a long sequence has its components sought one by one


def order(hidden: xr.DataArray, by: str = "stored") -> np.ndarray:
    """Unit numbers in the order in which to draw them.

    hidden: (unit, time), any order of dims. by: 'stored' as the model has them; 'similarity' puts units with similar
    curves side by side (average linkage of Euclidean distances, optimal leaf order: Bar-Joseph et al. 2001);
    'activity' by falling root mean square over time. Returns (unit,), integers. Raises ValueError for another `by`.

    >>> import rnnviz, xarray as xr
    >>> hidden = xr.DataArray([[0.1, 0.1], [0.9, -0.9], [0.0, 0.5]], dims=("unit", "time"))
    >>> rnnviz.stats.states.order(hidden, by="activity")
    array([1, 2, 0])
    """
    if by not in ORDERS:
        raise ValueError(f"order must be one of {', '.join(ORDERS)}; got {by!r}")
    values = hidden.transpose("unit", "time").values
    if not (finite := np.isfinite(values).all(0)).all():
        values = values[:, finite]
    values = values.astype(np.float64)
    stored = np.arange(len(values))
    if by == "stored" or (by == "similarity" and len(values) < 3):
        return stored
    if by == "activity":
        return np.argsort(-np.sqrt(np.square(values).mean(1)), kind="stable")
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
    from scipy.spatial.distance import squareform

    squares = np.square(values).sum(
        1
    )  # |a - b|² = |a|² + |b|² - 2ab: one matrix product, far faster than pdist
    apart = np.sqrt(np.maximum(squares[:, None] + squares - 2 * values @ values.T, 0))
    distances = squareform(apart, checks=False)
    return leaves_list(optimal_leaf_ordering(linkage(distances, "average"), distances))


def strongest(curve: xr.DataArray, count: int = 5) -> xr.Dataset:
    """The steps at which a unit is highest and lowest.

    curve: (time,); NaN steps never count. Returns `highest` and `lowest`, each
    (rank,): values with a coordinate `highest_step` or
    `lowest_step`, the position in time; ties in reading order. Raises ValueError unless count >= 1.

    >>> import rnnviz, xarray as xr
    >>> found = rnnviz.stats.states.strongest(xr.DataArray([0.1, -0.7, 0.9, 0.3], dims="time"), count=2)
    >>> found["highest_step"].values, found["lowest_step"].values
    (array([2, 3]), array([1, 0]))
    """
    if count < 1:
        raise ValueError(f"count must be at least 1; got {count}")
    values = curve.values
    steps = np.flatnonzero(np.isfinite(values))
    found = {}
    for name, sign in (("highest", -1), ("lowest", 1)):
        best = steps[np.argsort(sign * values[steps], kind="stable")][:count]
        found[name] = xr.DataArray(
            values[best], dims="rank", coords={f"{name}_step": ("rank", best)}, attrs=curve.attrs, name=name
        )
    return xr.Dataset(found)


def separation(hidden: xr.DataArray, where: Sequence[bool] | np.ndarray) -> xr.DataArray:
    """How well each unit tells some steps from all others: the share of pairs, one of each, in which it is higher at the first.

    hidden: (unit, time), any order of dims; NaN steps are left out. where: (time,), true at the steps that are sought. Returns
    (unit,) from 0 (always lower there) over 0.5 (chance) to 1 (always higher there); a tie counts half. It is U / (n m) of Mann
    & Whitney 1947, the area under the ROC curve. Raises ValueError where `where` has another length, or no step of either kind.

    >>> import rnnviz, xarray as xr
    >>> hidden = xr.DataArray([[0.9, 0.1, 0.8], [0.0, 0.5, 0.5]], dims=("unit", "time"))
    >>> rnnviz.stats.states.separation(hidden, [True, False, True]).values
    array([1.  , 0.25])
    """
    values = hidden.transpose("unit", "time").values
    sought = np.asarray(where, bool)
    if sought.shape != values.shape[1:]:
        raise ValueError(f"where has {len(sought)} steps; hidden has {values.shape[1]}")
    kept = np.isfinite(values).all(0)
    values, sought = values[:, kept], sought[kept]
    count = int(sought.sum())
    if not 0 < count < len(sought):
        raise ValueError(f"wanted steps of both kinds; {count} of {len(sought)} are sought")
    ranks = np.empty(len(values))
    for own, row in enumerate(values):  # sorting is many times faster than ranking each step
        ordered, few = np.sort(row), row[sought]
        below, upto = np.searchsorted(ordered, few), np.searchsorted(ordered, few, side="right")
        ranks[own] = (below + upto + 1).sum() / 2
    share = (ranks - count * (count + 1) / 2) / (count * (len(sought) - count))
    coords = {"unit": hidden["unit"].values} if "unit" in hidden.coords else {}
    attrs = {"long_name": "share of pairs in which it is higher", "units": "1", "valid_range": [0.0, 1.0]}
    return xr.DataArray(share, dims="unit", coords=coords, attrs=attrs)


def principal_components(hidden: xr.DataArray, count: int = 3) -> xr.Dataset:
    """The directions along which the states of a model spread most, fitted once on a long text.

    hidden: (layer, direction, batch, time, unit); NaN steps are left out. Returns `mean` (layer, direction, unit), `axis`
    (layer, direction, component, unit), orthonormal, each with its largest loading positive, and `share`
    (layer, direction, component): fraction of the variance along it. Pearson 1901; scikit-learn's PCA.
    """
    from sklearn.decomposition import PCA

    layers, directions, units = (hidden.sizes[d] for d in ("layer", "direction", "unit"))
    count = min(count, units)
    mean = np.empty((layers, directions, units), np.float32)
    axis = np.empty((layers, directions, count, units), np.float32)
    share = np.empty((layers, directions, count), np.float32)
    for layer, direction in np.ndindex(layers, directions):
        steps = hidden.isel(layer=layer, direction=direction).transpose("batch", "time", "unit").values
        steps = steps.reshape(-1, units)
        steps = steps[np.isfinite(steps).all(1)].astype(np.float64)
        # the same axes: where there are many more of them, those that are wanted are found in a fraction of the time
        solver = "arpack" if min(steps.shape) > 100 * count else "full"
        if (
            len(steps) > LONG and units < MANY
        ):  # from the units' covariance: 20 times as fast, with 64 of them
            solver = "covariance_eigh"
        fit = PCA(count, svd_solver=solver, random_state=0).fit(steps)
        largest = np.abs(fit.components_).argmax(1)
        sign = np.sign(fit.components_[np.arange(count), largest])
        mean[layer, direction] = fit.mean_
        axis[layer, direction] = fit.components_ * sign[:, None]
        share[layer, direction] = fit.explained_variance_ratio_
    return xr.Dataset(
        {
            "mean": (("layer", "direction", "unit"), mean, {"long_name": "mean state", "units": "1"}),
            "axis": (
                ("layer", "direction", "component", "unit"),
                axis,
                {"long_name": "principal axis", "units": "1"},
            ),
            "share": (
                ("layer", "direction", "component"),
                share,
                {"long_name": "share of variance", "units": "1", "valid_range": [0.0, 1.0]},
            ),
        },
        coords={
            "layer": np.arange(layers),
            "direction": hidden["direction"].values,
            "component": np.arange(count),
        },
    )


def own_components(hidden: xr.DataArray, count: int = 3) -> xr.Dataset:
    """The same of one sequence alone. hidden: (time, unit). Returns `mean` (unit), `axis` (component, unit), `share`
    (component)."""
    alone = hidden.drop_vars([name for name in hidden.coords if name not in ("time", "unit")])
    whole = alone.expand_dims(layer=1, direction=["here"], batch=1)
    whole = whole.transpose("layer", "direction", "batch", "time", "unit")
    return principal_components(whole, count).isel(layer=0, direction=0)


def path(hidden: xr.DataArray, components: xr.Dataset) -> xr.DataArray:
    """The state's way through time along the principal axes.

    hidden: (time, unit) of one layer and direction; components: that layer and direction of `principal_components`.
    Returns (time, component). Raises ValueError where the numbers of units differ.
    """
    if hidden.sizes["unit"] != components.sizes["unit"]:
        raise ValueError(
            f"components are of {components.sizes['unit']} units; the states have {hidden.sizes['unit']}"
        )
    centred = hidden.transpose("time", "unit").values - components["mean"].values
    thin = {"every": hidden.attrs["every"]} if "every" in hidden.attrs else {}  # see pixels.thinned
    return xr.DataArray(
        centred @ components["axis"].transpose("unit", "component").values,
        dims=("time", "component"),
        coords={k: v for k, v in hidden.coords.items() if v.dims == ("time",)}
        | {"component": components["component"].values, "share": ("component", components["share"].values)},
        attrs={"long_name": "state along its principal components", "units": "1"} | thin,
    )


def slope(hidden: xr.DataArray, relu: bool = False) -> xr.DataArray:
    """The slope of a tanh unit where it stands, 1 - h², the factor that its gradient meets at each step; in [0, 1].
    relu: of a relu unit, 1 where h > 0 and else 0, as torch takes it."""
    if relu:
        on = (hidden > 0).astype(hidden.dtype).where(hidden.notnull())
        return on.assign_attrs(long_name="slope of relu", units="1", valid_range=[0.0, 1.0])
    return (1 - hidden**2).assign_attrs(long_name="slope of tanh, 1 - h²", units="1", valid_range=[0.0, 1.0])
