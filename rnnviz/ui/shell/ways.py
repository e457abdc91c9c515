"""The ways through the pages: in which order they build on each other, for learners and for those with a network of their own.

One home for what a page is called, which question it answers, how long that takes and what it builds on. A page's file lies in
pages/FOLDER/ROOM.py.
"""

import functools
from dataclasses import dataclass

import streamlit as st

from rnnviz.ui.shell.language import _, current

LEARN, OWN = "learn", "own"
FOLDERS = {
    "learn": (
        "cell order letters network bptt memory vanishing clipping attention_by_hand blank counting explain words teach".split()
    ),
    "explore": (
        "home states gates gradients change units knows lens pair transplant corpus unit many attention generate "
        "sentiment".split()
    ),
    "lab": "own train runs compare".split(),
}
FILES = {room: f"pages/{folder}/{room}.py" for folder, rooms in FOLDERS.items() for room in rooms}
ADDRESSES = {room: room.replace("_", "-") for room in FILES}
# what a reader should have seen before, as far as it lies on the way
BUILDS_ON = {
    "order": ("network",),
    "cell": ("network",),
    "letters": ("cell",),
    "bptt": ("network",),
    "memory": ("bptt",),
    "vanishing": ("bptt",),
    "clipping": ("vanishing",),
    "gradients": ("vanishing",),
    "gates": ("cell", "vanishing"),
    "blank": ("order",),
    "attention": ("attention_by_hand",),
    "states": ("cell",),
    "change": ("states", "gates"),
    "units": ("states", "change"),
    "knows": ("states", "memory"),
    "lens": ("states", "network"),
    "pair": ("states", "vanishing"),
    "transplant": ("pair", "change"),
    "corpus": ("states",),
    "unit": ("states", "corpus"),
    "many": ("states", "sentiment"),
    "generate": ("letters", "states"),
    "sentiment": ("states",),
    "compare": ("vanishing",),
}


@dataclass(frozen=True)
class Stop:
    """A page. minutes: for a first look at it."""

    room: str
    title: str
    question: str
    minutes: int

    @property
    def file(self) -> str:
        return FILES[self.room]


@dataclass(frozen=True)
class Chapter:
    """Stops that belong together."""

    title: str
    rooms: tuple[str, ...]


def stops() -> dict[str, Stop]:
    """All pages but the first, by their rooms, in the reader's language. Shared: look, never change."""
    return _stops(current())


@functools.cache
def _stops(language: str) -> dict[str, Stop]:
    """Every rerun of every page asks. language: the reader's, which `_` speaks."""
    known = (
        ("counting", _("The limits of counting"), _("What can a network do that counting cannot?"), 6),
        ("network", _("The network unrolled"), _("How does a perceptron become a recurrent network?"), 8),
        (
            "order",
            _("The order of words"),
            _("What does a network see in the order of words that a bag of words does not?"),
            6,
        ),
        ("cell", _("One cell by hand"), _("What enters a cell, what does it keep, what does it write?"), 10),
        ("letters", _("The four letters"), _("How does a network learn to write “hello”?"), 6),
        (
            "bptt",
            _("One weight, many steps"),
            _("What does each step add to the gradient of the weight that all steps share?"),
            8,
        ),
        (
            "memory",
            _("Who remembers longest?"),
            _("Which network learns to carry a symbol over many steps, and when does the gradient arrive?"),
            8,
        ),
        (
            "vanishing",
            _("Why gradients vanish"),
            _("What does a product of many small numbers do to learning, and what helps?"),
            10,
        ),
        (
            "clipping",
            _("What does clipping save?"),
            _("What does one overlong step do to training, and what does a clipped one do?"),
            5,
        ),
        (
            "gradients",
            _("Gradients"),
            _("How much of the error at one step reaches each earlier step, in an RNN, a GRU and an LSTM?"),
            6,
        ),
        ("gates", _("Gates"), _("What does an LSTM or GRU let in, keep and show, and for how long?"), 6),
        ("blank", _("Fill in the blank"), _("What do we gain by reading what comes after, too?"), 5),
        ("attention_by_hand", _("Attention by hand"), _("What is attention, one product at a time?"), 8),
        ("attention", _("Attention"), _("Where does a translator look while it writes?"), 6),
        (
            "states",
            _("Hidden states"),
            _("Which units are active, on which characters, and what comes next?"),
            6,
        ),
        ("change", _("Change it"), _("What if a state or a gate had been different?"), 6),
        ("pair", _("Side by side"), _("Where do two readings part, and for how long?"), 6),
        ("transplant", _("Transplant"), _("Which step, and which units, carry what two texts differ in?"), 8),
        ("corpus", _("Where else?"), _("Where else in a long text are these units on?"), 6),
        ("unit", _("What does this unit do?"), _("What does this unit do, in a text too long to read?"), 6),
        ("many", _("Many at once"), _("Where do many texts go?"), 5),
        (
            "units",
            _("What is each unit for?"),
            _("What can the network no longer predict without this unit?"),
            6,
        ),
        (
            "knows",
            _("What does it still know?"),
            _("What can be read from a state about the characters before it?"),
            6,
        ),
        ("lens", _("Read it out early"), _("What would each layer already say comes next?"), 5),
        (
            "generate",
            _("Text, letter by letter"),
            _("What does a network write, letter by letter, and why this character?"),
            6,
        ),
        ("sentiment", _("Sentiment"), _("Where does a network change its mind about a film review?"), 5),
        (
            "explain",
            _("What I can explain"),
            _("What can I explain now, and which picture would help me?"),
            20,
        ),
        ("words", _("The words"), _("What does this word mean, and which picture shows it?"), 2),
        ("teach", _("For teachers"), _("How do I teach with these pages?"), 5),
        ("own", _("Your own"), _("What did your own PyTorch model do, unit by unit, gate by gate?"), 5),
        ("train", _("Train your own"), _("What does a network learn from your own text?"), 10),
        ("runs", _("Your training, live"), _("What does your own training do, while it runs?"), 5),
        (
            "compare",
            _("Compare architectures"),
            _("Which architecture, initialisation and gate keep the error alive longest?"),
            8,
        ),
    )
    return {room: Stop(room, title, question, minutes) for room, title, question, minutes in known}


def chapters() -> tuple[Chapter, ...]:
    """The way for learners, in the reader's language."""
    return _chapters(current())


@functools.cache
def _chapters(language: str) -> tuple[Chapter, ...]:
    """As `_stops`."""
    return (
        Chapter(_("Counting words"), ("counting",)),
        Chapter(_("A loop"), ("network", "order")),
        Chapter(_("One cell"), ("cell", "letters")),
        Chapter(_("Training and memory"), ("bptt", "memory")),
        Chapter(_("Vanishing gradients"), ("vanishing", "clipping", "gradients")),
        Chapter(_("Gates that keep"), ("gates",)),
        Chapter(_("Looking back"), ("blank", "attention_by_hand", "attention")),
        Chapter(_("A trained network, your text"), ("states", "generate", "sentiment")),
        Chapter(
            _("What its parts do"),
            ("change", "units", "knows", "lens", "pair", "transplant", "corpus", "unit", "many", "explain"),
        ),
    )


def own() -> Chapter:
    """The pages for those with a network of their own."""
    return Chapter(_("Your own network"), ("own", "train", "runs", "compare"))


def ways() -> dict[str, tuple[str, ...]]:
    """The rooms of each way, in order."""
    return {
        LEARN: tuple(room for chapter in chapters() for room in chapter.rooms),
        OWN: (
            "own",
            "states",
            "gates",
            "gradients",
            "change",
            "lens",
            "pair",
            "transplant",
            "corpus",
            "unit",
            "many",
            "compare",
            "train",
            "runs",
        ),
    }


def follow(way: str) -> None:
    """The reader is on that way from now on, as far as it leads."""
    st.session_state["way"] = way


def way_of(room: str) -> str | None:
    """The way that the reader is on: the one so far, where it leads here, or else the first that does. None on the first page."""
    known = ways()
    now = st.session_state.get("way")
    found = (
        now
        if room in known.get(now, ())
        else next((way for way, rooms in known.items() if room in rooms), None)
    )
    if found is not None:
        follow(found)
    return found


def minutes(rooms: tuple[str, ...]) -> int:
    """What a way takes in all."""
    known = stops()
    return sum(known[room].minutes for room in rooms)
