"""Which units are active, and on which tokens?"""

from rnnviz.ui.parts import explored
from rnnviz.ui.shell.settings import one_of

SETTINGS = explored.SETTINGS | {"components": one_of(2, (2, 3))}
