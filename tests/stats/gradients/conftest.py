"""A path of states with Jacobians of choice."""

import numpy as np
import pytest

from rnnviz.stats.gradients import exponents, paths, products
from tests.stats.gradients.networks import kept


@pytest.fixture
def walk(monkeypatch):
    """walk(matrices): a node whose step t has the Jacobian matrices[t].

    The Jacobians are put in place of a path's: a network's own cannot be chosen freely.
    """

    def make(matrices):
        matrices = [np.asarray(matrix, np.float64) for matrix in matrices]
        node = kept(np.ones((len(matrices), len(matrices[0]))))
        linked = np.arange(len(matrices)) > 0
        path = paths.Path(np.arange(len(matrices)), linked, matrices.__getitem__, None, len(matrices[0]))
        for module in (products, exponents):
            monkeypatch.setattr(module, "path_of", lambda _: path)
        return node

    return make
