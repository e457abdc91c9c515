"""Products of thousands of Jacobians, in logarithms: how much of a small change is left."""

import numpy as np
import xarray as xr

from rnnviz.stats.gradients.graded import log_frobenius, log_singular_values, multiplied
from rnnviz.stats.gradients.paths import along_time, count_of, path_of, step_of
from rnnviz.stats.nodes import Node


def reach(node: Node, to: int | None = None, count: int | None = None) -> xr.Dataset:
    """How much of a small change at each step is left at step `to`: the size of ∂s_to/∂s_t = J_to … J_{t+1}.

    node: as for `jacobians`. to: a position on time; the last step in the direction of reading by default. count: how many
    leading singular values to find; all by default. Every direction is carried whatever `count` is, since one that is far
    behind may come to lead further back: `count` spares the search for singular values, not the products.

    Returns, in nats (natural logarithm of a dimensionless number):
        log_spectral_norm (time,)              the largest singular value: the most a change can grow
        log_frobenius_norm (time,)             root sum of squares of all of them
        log_singular_values (time, rank)       in falling order
    At `to` itself the matrix is the identity. NaN after `to` and in padding; −inf where nothing at all passes.

    Method: the product is never formed. It is kept as Q · e^d · L · (an orthogonal matrix that changes no singular value
    and is dropped), Q orthonormal, e^d positive and falling, L lower triangular with rows near unit length: J'Q is
    multiplied in, and a QR factorisation with column pivoting followed by an LQ factorisation brings back the form
    (Demmel, Gu, Eisenstat, Slapničar, Veselić & Drmač 1999, "Computing the singular value decomposition with high relative
    accuracy"). Singular values of e^d L come from one-sided Jacobi (Demmel & Veselić 1992; LAPACK's dgejsv, Drmač &
    Veselić 2008), or from an ordinary SVD or the squares where those asked for lie close together, in windows of d: values
    more than 25 nats outside a window do not disturb it. States and directions that no entry of a factor connects are
    factored apart, so that no rounding enters where the product has zeros.

    Accuracy: the values are those of a product of Jacobians each off by rounding, ‖δJ‖ ≈ 1e-16 n ‖J‖, and no more. Every one
    of them, the smallest too, is therefore right to about 1e-16 n Σ κ(J) in nats, the sum over the steps multiplied, κ the
    condition number of one step's Jacobian, however far apart the values are and however many steps there are, and to about
    1e-16 of itself a step, as sums of logarithms are (after 5000 halvings 2e-10 of 3466 nats). A Jacobian that
    is singular because rows or columns of it are 0 (dead relu units, gates at 0) gives −inf for exactly as many values;
    one that is singular in a hidden way cannot be told from one at 1e-16 of it. Where Jacobians mix states in separate groups
    alone, each group is as right as it would be by itself: diagonal ones give exact sums of logarithms, whatever κ is.
    A limit: where a zero takes away the states that lead, and those left had mixed with them at a later step and have since
    fallen 700 nats and more behind, what is left can be some nats off.
    Raises ValueError as `jacobians` does, if `to` is not a step of the sequence, or unless count >= 1.

    >>> import rnnviz, torch
    >>> _ = torch.manual_seed(0)
    >>> model = torch.nn.LSTM(2, 3)
    >>> with rnnviz.record(model) as recording:
    ...     model(torch.randn(5, 1, 2))[0][-1].sum().backward()
    >>> node = recording.trace["lstm"].sel(layer=0, direction="forward").isel(batch=0)
    >>> found = rnnviz.stats.gradients.reach(node)
    >>> dict(found["log_singular_values"].sizes), found["log_spectral_norm"].values[-1].item()
    ({'time': 5, 'rank': 6}, 0.0)
    """
    path = path_of(node)
    last = step_of(path, to, node.sizes["time"])
    ranks = count_of(count, path.width)
    total = node.sizes["time"]
    singular = np.full((total, ranks), np.nan)
    frobenius = np.full(total, np.nan)
    basis, logs, lower = np.eye(path.width), np.zeros(path.width), np.eye(path.width)
    for step in range(last, -1, -1):
        position = path.positions[step]
        singular[position] = log_singular_values(logs, lower, ranks)
        frobenius[position] = log_frobenius(logs, lower)
        if step:
            if path.linked[step]:
                basis, logs, lower = multiplied(path.jacobian(step), basis, logs, lower)
            else:
                basis, logs, lower = basis[:, :0], logs[:0], lower[:0, :0]
    what = "of ∂s_T/∂s_t"
    return xr.Dataset(
        {
            "log_spectral_norm": (
                "time",
                singular[:, 0] if ranks else frobenius,
                {"long_name": f"ln of the spectral norm {what}", "units": "nat"},
            ),
            "log_frobenius_norm": (
                "time",
                frobenius,
                {"long_name": f"ln of the Frobenius norm {what}", "units": "nat"},
            ),
            "log_singular_values": (
                ("time", "rank"),
                singular,
                {"long_name": f"ln of the singular values {what}", "units": "nat"},
            ),
        },
        coords=along_time(node) | {"rank": np.arange(ranks)},
        attrs={"to": int(path.positions[last])} if last >= 0 else {},
    )
