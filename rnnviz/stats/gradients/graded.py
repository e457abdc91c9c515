"""A product of Jacobians, transposed, in a form that no number of factors can under- or overflow:
basis · e^logs · lower · (orthogonal, dropped)."""

from collections.abc import Iterator

import numpy as np
from scipy.linalg import eigvalsh, lapack, qr
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from rnnviz.stats.gradients.lengths import log_length, unit_length

# nats: columns at most this far apart share one call of LAPACK; float64 holds about 1400
_REPRESENTABLE = 600.0
_NEGLIGIBLE = 25.0  # nats: values this far apart disturb each other by the square of e^-25, 2e-22
_WINDOW = 150.0  # nats of singular values that are found together
_EVEN = 7.0  # nats: within this spread an ordinary SVD loses no more than three digits

Form = tuple[np.ndarray, np.ndarray, np.ndarray]
"""basis (state, rank), logs (rank,), lower (rank, rank)."""


def multiplied(
    jacobian: np.ndarray, basis: np.ndarray, logs: np.ndarray, lower: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same form of J' · basis · e^logs · lower. basis: (state, rank); logs: (rank,); lower: (rank, rank).

    States that the step does not set or does not hear are taken out first: a rank that is lost is lost exactly.
    """
    set_, heard = jacobian.any(1), jacobian.any(0)
    within = basis[set_]
    if len(within) < len(logs):
        within, logs, lower = _factored(within, logs, lower)
    found, logs, lower = _factored(jacobian[np.ix_(set_, heard)].T @ within, logs, lower)
    basis = np.zeros((len(jacobian), len(logs)))
    basis[heard] = found
    return basis, logs, lower


def _factored(
    product: np.ndarray, logs: np.ndarray, lower: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """product · e^logs · lower in the form orthonormal · e^logs · lower, a right orthogonal factor dropped.

    Directions that meet in no state are factored apart: rounding in one would else leak into another, where the exact
    product has zeros, and be all that is left once a later zero takes the first away.
    """
    columns, gained = unit_length((product @ _between(lower, logs)).T)
    scales = logs + gained
    order = np.argsort(-scales, kind="stable")[: np.count_nonzero(np.isfinite(scales))]
    columns, scales = columns.T[:, order], scales[order]
    parts = list(_parts(columns))
    if len(parts) == 1:
        return _one_part(columns, scales)
    return _side_by_side(
        len(product),
        [(states, _one_part(columns[np.ix_(states, own)], scales[own])) for states, own in parts],
    )


def _parts(columns: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows and columns, as indices, of the parts that no entry connects."""
    height, width = columns.shape
    if columns.all():
        yield np.arange(height), np.arange(width)
        return
    rows, own = np.nonzero(columns)
    edges = coo_array((np.ones(len(rows), bool), (rows, height + own)), shape=(height + width,) * 2)
    count, part = connected_components(edges, directed=False)
    members = np.split(np.argsort(part, kind="stable"), np.cumsum(np.bincount(part, minlength=count))[:-1])
    for member in members:
        if member[-1] >= height:  # a row of zeros is no part
            split = np.searchsorted(member, height)
            yield member[:split], member[split:] - height


def _one_part(columns: np.ndarray, scales: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """columns · e^scales as orthonormal · e^logs · lower. columns: of unit length; scales: falling."""
    if len(scales) == 1:
        return columns, scales, np.ones((1, 1))
    basis, upper, pivots, columns_order = _graded_qr(columns, scales)
    scales = scales[columns_order]
    diagonal = np.abs(upper[np.arange(len(pivots)), pivots])
    apart = np.minimum(scales - scales[pivots][:, None], _REPRESENTABLE)
    rows = upper / diagonal[:, None] * np.exp(apart)  # 1 at its pivot, about 1 or less right of it
    triangle = qr(rows.T, mode="r", check_finite=False)[0][: len(pivots)] if len(pivots) else rows[:, :0]
    return basis, scales[pivots] + np.log(diagonal), np.tril(triangle.T)


def _side_by_side(height: int, parts: list[tuple[np.ndarray, Form]]) -> Form:
    """Parts (states, (basis, logs, lower)) as one, logs falling and lower triangular still."""
    logs = np.concatenate([own for _, (_, own, _) in parts] or [np.zeros(0)])
    # within a part the order stays, or lower would not be triangular
    falling = [_falling(own) for _, (_, own, _) in parts]
    order = np.argsort(-np.concatenate(falling or [logs]), kind="stable")
    place = np.empty(len(order), int)
    place[order] = np.arange(len(order))
    basis, lower, first = np.zeros((height, len(order))), np.zeros((len(order),) * 2), 0
    for states, (own_basis, own, own_lower) in parts:
        here = place[first : first + len(own)]
        basis[np.ix_(states, here)] = own_basis
        lower[np.ix_(here, here)] = own_lower
        first += len(own)
    return basis, logs[order], lower


def _falling(logs: np.ndarray) -> np.ndarray:
    """The largest from each place on."""
    return np.maximum.accumulate(logs[::-1])[::-1]


def _between(lower: np.ndarray, logs: np.ndarray) -> np.ndarray:
    """e^logs · lower · e^-logs: lower triangular, and the nearer to diagonal the further apart the logs are."""
    found: np.ndarray = lower * np.exp(np.minimum(logs[:, None] - logs, _REPRESENTABLE))
    return found


def _graded_qr(
    columns: np.ndarray, scales: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """QR with column pivoting of columns · e^scales for scales beyond what float64 can hold.

    columns: (row, column) of unit length; scales: (column,), falling. Householder's QR does not mind a column's scale, only
    the choice of pivots does: so columns within one range of float64 are pivoted together, the largest range first.
    Returns orthonormal (row, rank), upper (rank, column) without the scales, the column of each row's pivot, (rank,), and
    the order that the columns were put in.
    """
    height, width = columns.shape
    basis, upper = np.eye(height, order="F"), np.zeros((min(height, width), width))
    order = np.arange(width)
    pivots: list[int] = []
    rest, first = columns, 0  # rest: rows and columns that have no pivot yet
    while first < width and len(pivots) < height:
        rank = len(pivots)
        near = int(np.count_nonzero(scales[first:] > scales[first] - _REPRESENTABLE))
        here = slice(first, first + near)
        scale = np.exp(scales[here] - scales[first])
        packed, chosen, tau, _, _ = lapack.dgeqp3(rest[:, :near] * scale, lwork=2 * near + 32 * (near + 1))
        chosen = chosen - 1
        triangle = np.triu(packed[: len(tau)])
        gained = int(np.count_nonzero(np.diagonal(triangle)))
        far = _turned(packed, tau, rest[:, near:], "L", "T")
        upper[rank : rank + gained, here] = triangle[:gained] / scale[chosen]
        upper[rank : rank + gained, here.stop :] = far[:gained]
        order[here] = order[here][chosen]
        basis[:, rank:] = _turned(packed, tau, basis[:, rank:], "R", "N")
        pivots += range(first, first + gained)
        rest, first = far[gained:], here.stop
    rank = len(pivots)
    return basis[:, :rank], upper[:rank], np.array(pivots, int), order


def _turned(
    packed: np.ndarray, tau: np.ndarray, matrix: np.ndarray, side: str, transposed: str
) -> np.ndarray:
    """Q matrix, Q' matrix or matrix Q, of a Q that LAPACK left packed."""
    if not matrix.size:
        return matrix
    work = 64 * max(matrix.shape) + 64 * 65
    found: np.ndarray = lapack.dormqr(side, transposed, packed[:, : len(tau)], tau, matrix, work)[0]
    return found


def log_singular_values(logs: np.ndarray, lower: np.ndarray, count: int) -> np.ndarray:
    """ln of the `count` largest singular values of e^logs · lower, in falling order; −inf beyond its rank."""
    found = np.full(count, -np.inf)
    between = _between(lower, logs)
    falling = _falling(logs)
    end = min(count, len(logs))
    start = 0
    while start < end:
        top = falling[start]
        stop = min(end, int(np.count_nonzero(falling > top - _WINDOW)))
        above = int(np.count_nonzero(falling > top + _NEGLIGIBLE))
        below = int(np.count_nonzero(falling > falling[stop - 1] - _NEGLIGIBLE))
        here = slice(above, below)
        block = between[here, here] * np.exp(logs[here] - top)
        values = _accurate_singular_values(block, np.ptp(logs[here]), stop - above)
        with np.errstate(divide="ignore"):
            found[start:stop] = np.log(values[start - above :]) + top
        start = stop
    return -np.sort(-found)


def _accurate_singular_values(block: np.ndarray, spread: float, count: int) -> np.ndarray:
    """The `count` largest singular values, each to its own last digits, of a matrix with columns scaled over `spread` nats."""
    if len(block) == 1:
        only: np.ndarray = np.abs(block[0])
        return only
    if 4 * count <= len(block):
        # few: from their squares, unless these lose more than three digits to the largest
        within = [len(block) - count, len(block) - 1]
        squares = eigvalsh(block @ block.T, subset_by_index=within, check_finite=False)
        if squares[0] > squares[-1] * np.exp(-_EVEN):
            return np.sqrt(squares[::-1])
    if spread < _EVEN:
        return np.linalg.svd(block, compute_uv=False)[:count]
    # joba=0: 'C', columns scaled; its default drops what is small beside the largest. jobu, jobv=3: values alone.
    values, _, _, work, _, failed = lapack.dgejsv(block, joba=0, jobu=3, jobv=3, jobp=0)
    if failed:
        raise ArithmeticError(f"one-sided Jacobi did not converge on a {len(block)} × {len(block)} matrix")
    found: np.ndarray = values[:count] * (work[0] / work[1])
    return found


def log_frobenius(logs: np.ndarray, lower: np.ndarray) -> float:
    if not len(logs):
        return -np.inf
    return float(np.logaddexp.reduce(2 * (logs + log_length(lower))) / 2)
