"""Who writes what: the models, what the reader has chosen, and the characters that the reader put in the place of others."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from rnnviz.figures.style import ARCHITECTURE, ON_DARK, PURPLE
from rnnviz.models import checkpoints
from rnnviz.models.vocabularies import Vocabulary, composed, visible
from rnnviz.studies.writing import Counts, Network, Rule
from rnnviz.ui.parts.explored import growing
from rnnviz.ui.rooms.generate import WRITTEN
from rnnviz.ui.rooms.generate.changes import changes, read_changes
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import LONGEST, choose, settings
from rnnviz.ui.shell.widgets import notice, pick

# who writes, by what they have read
MODELS = {
    "plays": {
        "rnn": "shakespeare-rnn",
        "gru": "shakespeare-gru",
        "lstm": "shakespeare-lstm",
        "counts": "counts-characters",
    },
    "python": {"lstm": "python-lstm"},
    "korean": {"rnn": "korean-rnn", "gru": "korean-gru", "lstm": "korean-lstm"},
    "growing": {"rnn": "growing-rnn", "gru": "growing-gru", "lstm": "growing-lstm"},
}
SEED_TEXTS = {"plays": "ROMEO:\n", "python": "def ", "korean": "이 영화는 ", "growing": "ROMEO:\n"}
COUNTS_COLOUR = PURPLE
WIDE = 150  # pixels of each setting: two of them fit on a phone
WIDE_FAR = 228  # with the type of the projector


@dataclass(frozen=True)
class Author:
    """One model that writes. root: stands for all that its text follows from, but the changes: ids by place in the text."""

    kind: str
    name: str
    card: dict
    vocabulary: Vocabulary
    writer: Network | Counts
    root: str
    ids: tuple[int, ...]
    changes: Mapping[int, int]

    @property
    def key(self) -> str:
        """Stands for all that its text follows from."""
        return self.root + "".join(f"-{place}.{id}" for place, id in sorted(self.changes.items()))

    @property
    def title(self) -> str:
        return title_of(self.kind, self.writer)

    @property
    def colour(self) -> dict[str, str]:
        """By side of the theme."""
        return colour_of(self.kind)


@dataclass(frozen=True)
class Asked:
    """What the reader wants written."""

    authors: tuple[Author, ...]
    text: str
    rule: Rule
    length: int
    settings: tuple  # that all this follows from

    @property
    def shown(self) -> Author:
        """The one whose states are shown."""
        wanted = settings()["generate_writer"]
        return next((a for a in self.authors if a.kind == wanted), self.authors[-1])


def models() -> dict[str, str]:
    """Who writes: checkpoints by kind, those of networks that grow up at the chosen step of their training."""
    return {
        kind: growing.named(name, "generate_trained")
        for kind, name in MODELS[settings()["generate_who"]].items()
    }


def or_default(name: str, defaults: Mapping[str, str]) -> str:
    """What the reader typed, as those who write read it, or what stands in the box by default."""
    now = settings()
    if now[name] is None:
        return defaults[now["generate_who"]]
    return composed(now[name]) if now["generate_who"] == "korean" else now[name]


def controls() -> None:
    """Who writes, from what, and how a character is drawn."""
    whose = {  # in this order
        "plays": _("English plays"),
        "growing": _("plays, growing up"),
        "python": _("Python code"),
        "korean": _("Korean film reviews"),
    }
    far = settings()["projector"]  # what is written is to be seen without scrolling
    pick(
        st.segmented_control,
        "generate_who",
        _("Networks that write, by what they have read"),
        list(whose),
        format_func=whose.get,
        required=True,
        label_visibility="collapsed" if far else "visible",
    )
    steps = {step for name in MODELS["growing"].values() for step in checkpoints.moments(name)}
    if settings()["generate_who"] == "growing" and steps:
        growing.slider(sorted(steps), "generate_trained")
    left, right = st.columns([2, 3] if not far else [1, 1], gap="medium")
    with left:
        pick(
            st.text_area,
            "generate_text",
            _("Seed text: read first, then continued"),
            value=or_default("generate_text", SEED_TEXTS),
            height=68 if far else 124,
            help=_(
                "Up to {longest:,} characters. Press Ctrl+Enter or click outside the box to have them read."
            ).format(longest=LONGEST),
        )
    with right, st.expander(_("Settings")) if far else st.container(), st.container(horizontal=True):
        _drawing(WIDE_FAR if far else WIDE)


def _drawing(width: int) -> None:
    """How a character is drawn, then how many and with what numbers. width: of each box, pixels; two fit on a phone."""
    pick(
        st.slider,
        "generate_temperature",
        _("Temperature"),
        min_value=0.0,
        max_value=2.0,
        step=0.05,
        width=width,
        help=_(
            "Divides the scores before the softmax: below 1, likely characters get likelier. 0 is greedy."
        ),
    )
    pick(
        st.number_input,
        "generate_top_k",
        "Top-k",
        min_value=0,
        max_value=1000,
        step=1,
        width=width,
        help=_("Draws only from the k likeliest; 0: from all."),
    )
    pick(
        st.slider,
        "generate_top_p",
        "Top-p",
        min_value=0.0,
        max_value=1.0,
        step=0.01,
        width=width,
        help=_("Draws only from the likeliest few whose probabilities together reach p; 1: from all."),
    )
    pick(
        st.number_input,
        "generate_length",
        _("Length"),
        min_value=1,
        max_value=LONGEST,
        step=100,
        width=width,
        help=_("Characters that each model writes."),
    )
    pick(
        st.number_input,
        "generate_seed",
        _("Seed number"),
        min_value=0,
        max_value=999_999,
        step=1,
        width=width,
        help=_("All random numbers follow from it: the same seed number gives the same text again."),
    )
    if settings()["generate_who"] == "plays":
        pick(
            st.number_input,
            "generate_order",
            _("n of the n-grams"),
            min_value=1,
            max_value=6,
            step=1,
            width=width,
            help=_("With n = 6, the counts choose by the 5 characters before."),
        )


def current() -> Asked | None:
    """Who writes what; None, and a line on the page, where nothing can be written."""
    now, text = settings(), or_default("generate_text", SEED_TEXTS)
    if not text:
        notice(
            _("Give the models at least one character of seed text: they must read before they can write.")
        )
        return None
    if len(text) > LONGEST:
        message = _(
            "The seed text has {count:,} characters; only the last {longest:,} are read. Shorten it to choose which ones."
        )
        notice(message.format(count=len(text), longest=LONGEST))
        text = text[-LONGEST:]
    if now["generate_top_p"] <= 0:
        notice(_("Top-p 0 leaves nothing to draw from: set it above 0."))
        return None
    rule = Rule(*(now[f"generate_{name}"] for name in ("temperature", "top_k", "top_p", "seed")))
    authors = _authors(text, rule)
    if not authors:
        return None
    _say(text, rule, authors)
    return Asked(tuple(authors), text, rule, now["generate_length"], inputs())


def inputs() -> tuple:
    """The settings that a written text follows from, as they are now."""
    now = settings()
    return tuple(now[name] for name in (*sorted(WRITTEN), "generate_length", "generate_changes"))


def _authors(text: str, rule: Rule) -> list[Author]:
    """All that can be opened, and a line on the page for each that cannot."""
    found, now = [], settings()
    for kind, name in models().items():
        stamp = checkpoints.stamp(name)
        try:
            writer, card, vocabulary = open_writer(name, stamp, now["generate_order"])
        except checkpoints.CheckpointError as problem:
            notice(_("This model cannot be opened:") + f" {problem}", error=True)
            continue
        order = writer.order if kind == "counts" else None
        root = hashlib.sha256(repr((name, stamp, order, text, rule)).encode()).hexdigest()[:16]
        ids, changed = tuple(vocabulary.encode(text)), _changes_of(kind, vocabulary, len(text))
        found.append(Author(kind, name, card, vocabulary, writer, root, ids, changed))
    return found


@st.cache_resource(max_entries=8, show_spinner=False)
def _model(name: str, stamp: str):
    model, card = checkpoints.load(name)
    return model, card, checkpoints.vocabulary(card)


def open_writer(name: str, stamp: str, order: int) -> tuple[Network | Counts, dict, Vocabulary]:
    """A model that writes, its card and its vocabulary. order: of the counts. Raises CheckpointError."""
    model, card, vocabulary = _model(name, stamp)
    if card.get("task") == "counts":
        writer = Counts(model, min(order, model.order), card["recipe"]["discount"])
    else:
        writer = Network(model)
    return writer, card, vocabulary


def title_of(kind: str, writer: Network | Counts) -> str:
    """What a writer is called on the page."""
    return _("{order}-gram counts").format(order=writer.order) if kind == "counts" else kind.upper()


def _say(text: str, rule: Rule, authors: Sequence[Author]) -> None:
    """What the reader should know of these settings."""
    if dropped := read_changes(settings()["generate_dropped"]):
        line = _("The texts were written again, without the changed characters ({count}).")
        notice(line.format(count=len(dropped)))
        st.button(_("Put them back"), key="generate_back", on_click=_back)
    vocabulary = authors[-1].vocabulary
    if unknown := vocabulary.unknown(text):
        line = _(
            "Unknown to these models, and read as “unknown”: {count} of {total} characters of the seed text."
        )
        notice(line.format(count=unknown.total(), total=len(text)))
    if rule.top_k > len(vocabulary.characters):
        line = _("There are only {count} characters to draw from: a top-k of {top_k} leaves all of them.")
        notice(line.format(count=len(vocabulary.characters), top_k=rule.top_k))
    if rule.temperature == 0:
        st.caption(
            _(
                "Temperature 0: greedy, always the likeliest character. No random number is used, and texts soon go round "
                "in circles."
            )
        )


def colour_of(kind: str) -> dict[str, str]:
    """By side of the theme."""
    colour = ARCHITECTURE.get(kind, COUNTS_COLOUR)
    return {"light": colour, "dark": ON_DARK.get(colour, colour)}


def _back() -> None:
    """What a change of the settings has left out stands in the new texts."""
    choose(generate_changes=settings()["generate_dropped"], generate_dropped="")


def _changes_of(kind: str, vocabulary: Vocabulary, first: int) -> dict[int, int]:
    """By place in the text: a change undoes those of its writer that come after it, as what they stood in is gone."""
    found: dict[int, int] = {}
    for whose, number, character in changes():
        if whose != kind:
            continue
        id, *more = vocabulary.encode(character)  # Unicode takes some characters apart
        if not id or more:
            line = _("“{character}” is unknown to these models: this change is left out.")
            notice(line.format(character=visible(character)))
            continue
        place = first + number - 1
        found = {p: i for p, i in found.items() if p < place} | {place: id}
    return found
