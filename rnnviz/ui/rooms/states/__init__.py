"""Which units are active, and on which tokens?"""

from rnnviz.ui.parts import explored
from rnnviz.ui.shell.settings import one_of

FOUND = ("blank", "line", "capital", "punctuation", "final", "cursor")
TRACKED = ("speaker", "line", "end", "word")
SETTINGS = explored.SETTINGS | {
    "components": one_of(2, (2, 3)),
    "tracked": one_of("speaker", TRACKED),  # of a network that grows up: what its units follow
    "find": one_of(None, FOUND),  # what units are sought for
}
