"""How do I teach with these pages?"""

from rnnviz.ui.shell import ways
from rnnviz.ui.shell.lesson import WORDS
from rnnviz.ui.shell.settings import kept, one_of, some_of

PARTS = ("plan", "worksheet", "link", "views", "embed", "server")
PLANS = ("50", "90")
SETTINGS = {
    "teach_part": one_of("plan", PARTS),
    "teach_plan": one_of("50", PLANS),
    "teach_answers": one_of(True, (False, True)),  # on a sheet of their own, below the questions
    "teach_page": one_of("network", tuple(room for room in ways.FILES if room != "teach")),
    "teach_asks": some_of([], WORDS),
    "teach_large": one_of(False, (False, True)),
    "teach_pasted": kept(""),  # a link to start from
}
