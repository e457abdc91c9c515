"""Which gates are open, and when?"""

from rnnviz.ui.parts import explored
from rnnviz.ui.shell.settings import one_of

SETTINGS = explored.SETTINGS | {
    "gate": one_of(
        None, ("input_gate", "forget_gate", "output_gate", "reset_gate", "update_gate")
    )  # None: the one that keeps
}
