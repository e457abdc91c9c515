"""Would chance do as well? A curve beside labels that are turned around as a whole, and what trying many things costs."""

import numpy as np


def turned(curve: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """What a curve and labels have in common, Σ_t curve_t · labels_(t − k), for every number of steps k that labels can be turned
    by, the first as they stand.

    curve, labels: (time,), each less its mean. Turned around, labels run on as before, which a shuffle of single steps would not
    leave them, but belong to other steps. Returns (time,), by the Fourier transform, in float32: off by about 1e-6 of the
    product of both lengths. A length with small prime factors (scipy.fft.prev_fast_len) is many times faster.

    >>> import numpy as np
    >>> turned(np.array([1.0, 0.0, -1.0]), np.array([2.0, -1.0, -1.0])).round(5) + 0.0
    array([ 3.,  0., -3.], dtype=float32)
    """
    return against(spectrum(curve), spectrum(labels), len(labels))


def spectrum(row: np.ndarray) -> np.ndarray:
    """The transform of a row of numbers, for `against`."""
    from scipy.fft import rfft

    return np.asarray(rfft(np.ascontiguousarray(row, np.float32)))


def against(curve: np.ndarray, labels: np.ndarray, size: int) -> np.ndarray:
    """`turned` of the transforms of both, for labels that are looked at beside many a curve. size: of both rows."""
    from scipy.fft import irfft

    return np.asarray(irfft(curve * labels.conj(), size))


def share_as_high(found: np.ndarray) -> float:
    """How many of all turns do as well as none, the labels as they stand among them: the p of a test by permutation, one-sided.

    found: (time,), of `turned`.
    """
    return float(np.count_nonzero(found >= found[0]) / len(found))


def holm(chances: np.ndarray) -> np.ndarray:
    """The p-values of so many tests, each so corrected that the chance of one or more false finds among all is no higher than
    the level that they are held against (Holm 1979). NaN was not tried and stays.

    >>> import numpy as np
    >>> holm(np.array([0.01, 0.04, 0.03])).round(3)
    array([0.03, 0.06, 0.06])
    """
    found = np.full(len(chances), np.nan)
    tried = np.flatnonzero(~np.isnan(chances))
    order = tried[np.argsort(chances[tried], kind="stable")]
    factors = len(order) - np.arange(len(order))
    found[order] = np.minimum(1.0, np.maximum.accumulate(chances[order] * factors))
    return found


def drawn(count: int, sizes: np.ndarray, kinds: np.ndarray, draws: np.ndarray) -> float:
    """The chance of `count` or more of a kind, where so many are drawn from each of several heaps, without putting back.

    sizes, kinds, draws: (heap,), how many are in each, how many of them are of the kind, and how many are drawn. Of one heap the
    hypergeometric tail, however small; of several the sum of hypergeometric numbers, whose distributions are folded together by
    the Fourier transform: off by 1e-12 at most, and never less than that.

    >>> import numpy as np
    >>> drawn(2, np.array([4]), np.array([2]), np.array([2]))  # both of two in four
    0.16666666666666666
    >>> round(drawn(2, np.array([2, 2]), np.array([1, 1]), np.array([1, 1])), 12)  # one of two, twice
    0.25
    """
    from scipy.fft import irfft, next_fast_len, rfft
    from scipy.stats import hypergeom

    if len(sizes) == 1:
        return float(hypergeom.sf(count - 1, sizes[0], kinds[0], draws[0]))
    length = int(draws.sum()) + 1
    padded = next_fast_len(length, real=True)
    spectrum = np.ones(padded // 2 + 1, complex)
    for size, kind, many in zip(sizes, kinds, draws, strict=True):
        spectrum *= rfft(hypergeom.pmf(np.arange(many + 1), size, kind, many), padded)
    return float(np.clip(irfft(spectrum, padded)[count:length].sum(), 1e-12, 1.0))
