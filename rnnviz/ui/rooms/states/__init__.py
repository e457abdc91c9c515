"""Which units are active, and on which tokens?"""

from collections.abc import Iterable

from rnnviz.ui.shell.settings import one_of


def _orders() -> Iterable[str]:
    from rnnviz.stats.states import ORDERS  # brings xarray, which the first answer need not wait for

    return ORDERS


SETTINGS = {"order": one_of("similarity", _orders), "components": one_of(2, (2, 3))}
