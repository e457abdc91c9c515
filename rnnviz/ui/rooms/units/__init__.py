"""What is each unit for?"""

from collections.abc import Iterable

from rnnviz.ui.parts import explored
from rnnviz.ui.shell.settings import one_of


def _kinds() -> Iterable[str]:
    from rnnviz.studies.telling import KINDS  # brings xarray, which the first answer need not wait for

    return ("all", *KINDS)


FIELDS = (
    "hidden",
    "input_gate",
    "forget_gate",
    "output_gate",
    "reset_gate",
    "update_gate",
    "candidate",
    "cell",
)
SETTINGS = explored.SETTINGS | {
    "units_field": one_of("hidden", FIELDS),
    "units_to": one_of("zero", ("zero", "mean")),
    "units_texts": one_of("this", ("this", "several")),
    "units_kind": one_of("all", _kinds),  # characters whose loss counts
}
