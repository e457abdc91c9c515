"""What would each layer already say comes next?"""

from rnnviz.ui.parts import explored
from rnnviz.ui.shell.settings import one_of

SETTINGS = explored.SETTINGS | {"lens_shows": one_of("probability", ("probability", "kl"))}
