"""What can counting not do that a network can?"""

from rnnviz.ui.parts import explored
from rnnviz.ui.shell.settings import index, number, one_of, text

PARTS = ("chain", "zero", "smoothing", "network", "heldout")
SOURCES = ("own", "words", "characters")
KS = (0.001, 0.01, 0.1, 0.3, 1.0, 3.0, 10.0)
SETTINGS = {
    "step": explored.SETTINGS["step"],
    "counting_part": one_of("chain", PARTS),
    "counting_source": one_of("own", SOURCES).but(resets=("counting_order", "counting_place")),
    "counting_order": number(None, 1, 6, int).but(
        resets=("counting_place",)
    ),  # None: what shows most of the source
    "counting_text": text().but(resets=("counting_place",)),  # what is counted; None: our few lines
    "counting_sentence": text().but(
        resets=("counting_place",)
    ),  # None: an example that makes the point of the part
    "counting_place": index(
        None
    ),  # of the token that is worked out; None: the first that gets a zero, else the last
    "counting_k": one_of(1.0, KS),
    "counting_discount": number(0.75, 0.05, 0.95),
    "counting_unit": one_of("characters", SOURCES[1:]),  # of the held-out text
}
