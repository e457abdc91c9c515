"""Lengths of vectors whose squares would leave float64."""

import numpy as np


def log_length(rows: np.ndarray) -> np.ndarray:
    """ln of the L2 length over the last axis; −inf for zeros. Where a square might underflow, the largest entry comes out."""
    rows = np.asarray(rows, np.float64)
    with np.errstate(over="ignore", divide="ignore"):
        squares = np.einsum("...i,...i->...", rows, rows)
        logs: np.ndarray = np.log(squares) / 2
    far = (squares < 1e-200) | (squares > 1e200)
    if far.any():
        far &= rows.any(-1)  # of zeros, the log is there already
        logs = np.where(far, 0, logs)
        logs[far] = unit_length(rows[far])[1]
    return logs


def unit_length(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of length 1 over the last axis (0 where they were 0), and ln of the length they had."""
    rows = np.asarray(rows, np.float64)
    largest = np.abs(rows).max(-1, initial=0, keepdims=True)
    rows = rows / np.where(largest == 0, 1, largest)
    length = np.sqrt(np.square(rows).sum(-1, keepdims=True))
    with np.errstate(divide="ignore"):
        logs = np.log(largest) + np.log(np.where(length == 0, 1, length))
    return rows / np.where(length == 0, 1, length), logs[..., 0]


def near_one(rows: np.ndarray, logs: np.ndarray) -> None:
    """Takes powers of 2 out of rows whose largest entry has left [2^-32, 2^32], into their logs; both in place."""
    largest = np.maximum(rows.max(-1, initial=0), -rows.min(-1, initial=0))
    far = np.flatnonzero((largest > 0) & ((largest < 2.0**-32) | (largest > 2.0**32)))
    if len(far):
        power = np.frexp(largest[far])[1]
        rows[far] = np.ldexp(rows[far], -power[:, None])
        logs[far] += power * np.log(2)
