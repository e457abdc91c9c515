"""A sentence with one word left out: two models fill the blank, one from the words before it, one from both sides."""

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import streamlit as st
import xarray as xr

from rnnviz import figures
from rnnviz.models import checkpoints
from rnnviz.models.vocabularies import Lexicon, visible
from rnnviz.studies import filling
from rnnviz.ui.parts import recordings
from rnnviz.ui.parts.board import drawn, show_figures
from rnnviz.ui.parts.component import component
from rnnviz.ui.parts.numbers import percent, shown
from rnnviz.ui.parts.tables import table_csv
from rnnviz.ui.parts.tasks import answers, by_hand, guess_first
from rnnviz.ui.rooms.blank.filled import MODELS, Blank, Filling, fill, loaded
from rnnviz.ui.rooms.blank.tasks import questions, tasks
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import examples, folded, notice, pick

HERE = Path(__file__).parent
LONGEST = 60  # words and signs that are read
CANDIDATES = 8
SCALES = (10, 20, 40, 80, 160)  # of the bars that show a score's parts: the first that holds them all
# a sentence and the place of its blank, counted from 0
EXAMPLES = {
    "weather": ("show me the weather forecast for new york", 3),
    "verb": ("i would like you to add this song to my playlist", 5),
    "film": ("show me the movie schedule for the nearest cinema", 3),
    "first": ("rate this book five out of six stars", 0),
    "before": ("rate this book five out of six stars", 5),
}
DEFAULT_TEXT, DEFAULT_PLACE = EXAMPLES["weather"]

_component = component(HERE)


def show() -> None:
    st.header(_("Fill in the blank"))
    st.write(
        _(
            "Click a word to leave it out. One network reads only what is before the blank, the other also what comes after: "
            "which of them finds the word?"
        )
    )
    guessing = st.container()
    sentence()
    if found := current():
        with answers():
            picture(found)
            board(found)
        with guessing:
            guess_first("blank", questions(found))
        by_hand("blank", tasks(found))
        about(found)
    background()
    st.page_link("pages/explore/attention.py", label=_("A translator that reads in both directions"))


# ---- what the reader does ------------------------------------------------------------------------------------------


def text() -> str:
    """What is in the text box: what the reader typed, or the first example."""
    typed = settings()["blank_text"]
    return DEFAULT_TEXT if typed is None else typed


def box() -> str:
    """What the text box is called, by which the script finds it."""
    return _("An English sentence, as you would say it to a voice assistant")


def sentence() -> None:
    """The box for the reader's sentence, and sentences that make a point; what is typed stays."""
    pick(
        st.text_input,
        "blank_text",
        box(),
        value=text(),
        choose=_choose_text,
        help=_("Up to {longest} words and punctuation marks; press Enter to have them read.").format(
            longest=LONGEST
        ),
    )
    labels = {
        "weather": _("decided by what follows"),
        "verb": _("the verb, by its object"),
        "film": _("same beginning, different end"),
        "first": _("the first word"),
        "before": _("decided by what comes before"),
    }
    now = settings()
    here = (text(), DEFAULT_PLACE if now["blank_place"] is None else now["blank_place"])
    shown = next((k for k, v in EXAMPLES.items() if v == here), None)
    examples("pick_blank_example", EXAMPLES, shown, _choose_example, labels)
    if shown:
        with answers("said"):
            st.write(_seen(shown))


def _choose_text(typed: str) -> None:
    """The blank stays where it is, unless the reader wrote one."""
    place = next(_marked(Lexicon("words", ()).split(typed)), settings()["blank_place"])
    choose(blank_text=typed, blank_place=place)


def _choose_example(name: str) -> None:
    choose(**dict(zip(("blank_text", "blank_place"), EXAMPLES[name], strict=True)))


def _seen(example: str) -> str:
    """What to see in an example."""
    return {
        "weather": _(
            "“show me the …” can go on in many ways. Only “forecast”, after the blank, tells which: see how much surer the "
            "network that reads it becomes."
        ),
        "verb": _(
            "Built like “Exercise is very effective at ____ belly fat”, in words that these models know: what is done is decided "
            "by what it is done to. From the left “add” is one guess among many; “this song to my playlist” makes it all but "
            "sure."
        ),
        "film": _(
            "The same three words before the blank as with “forecast”, so the network that reads from the left gives the very "
            "same answer; the other hears “schedule” and changes its mind."
        ),
        "first": _(
            "Before the first word there is nothing to read: from the left alone the network can only guess how people begin."
        ),
        "before": _(
            "“five out …” leaves hardly any choice: both networks are nearly sure, and the future adds little."
        ),
    }[example]


def current() -> Blank | None:
    """Both models on the reader's sentence; None, and a line on the page, where that cannot be."""
    typed, now = text(), settings()
    try:
        lexicon = loaded(MODELS[1], checkpoints.stamp(MODELS[1]))[2]
        tokens = lexicon.split(typed)
        if not tokens:
            notice(_("Type a sentence above, then click the word that the networks should fill in."))
            return None
        left = len(tokens) - LONGEST
        if left > 0:
            tokens = tokens[:LONGEST]
            message = _(
                "Only the first {longest} words and punctuation marks are read; the rest ({left}) is left out."
            )
            notice(message.format(longest=LONGEST, left=left))
        stamps = [checkpoints.stamp(name) for name in MODELS]
        read = " ".join(tokens)
        both = [fill(name, stamp, read) for name, stamp in zip(MODELS, stamps, strict=True)]
    except checkpoints.CheckpointError as problem:
        notice(_("This model cannot be opened:") + f" {problem}", error=True)
        return None
    place = now["blank_place"]
    if place is None:
        place = DEFAULT_PLACE if now["blank_text"] is None else next(_marked(tokens), 0)
    if place >= len(tokens):
        message = _(
            "There is no word {place} any more, since the sentence has {count}: the last one is left out instead."
        )
        notice(message.format(place=place + 1, count=len(tokens)))
        place = len(tokens) - 1
        choose(blank_place=place)
    key = hashlib.sha256(" ".join((*stamps, read)).encode()).hexdigest()[:16]
    found = Blank(key, place, *both)
    _say(found)
    return found


def _marked(tokens):
    """The places where the reader wrote a blank: ____."""
    return (i for i, token in enumerate(tokens) if not token.strip("_"))


def _say(found: Blank) -> None:
    """A line where the sentence is not what the models were trained on."""
    tokens = found.tokens
    unknown = [i for i, id in enumerate(found.both.ids[1:-1]) if not id]
    if len(tokens) == 1:
        notice(
            _(
                "A single word has nothing on either side: both networks can only guess what a one-word command might be."
            )
        )
    if len(unknown) > len(tokens) / 2:
        notice(
            _("Unknown to these models: {count} of {total} words. They know English voice commands.").format(
                count=len(unknown), total=len(tokens)
            )
        )
    if found.true is None and len(unknown) <= len(tokens) / 2 and tokens[found.place].strip("_"):
        line = _("“{word}” is not among the {count:,} words that the models know: neither can name it.")
        notice(line.format(word=visible(tokens[found.place]), count=len(found.both.words) - 3))


def _chosen(place: object) -> None:
    if isinstance(place, (int, float)) and 0 <= place < LONGEST:
        choose(blank_place=int(place))


# ---- the pictures --------------------------------------------------------------------------------------------------


def _titles() -> dict[str, str]:
    return {MODELS[0]: _("Reads what is before"), MODELS[1]: _("Reads both sides")}


def picture(found: Blank) -> None:
    """The sentence, whose words can be left out; each model's candidates, and how much of their score is of which side."""
    fillings = (found.forward, found.both)
    compared = list(dict.fromkeys([c for one in fillings[::-1] for c in one.best(found.place, 3)]))
    if found.true is not None and found.true not in compared:
        compared.append(found.true)
    compared.sort(key=lambda id: -found.both.probability[found.place][id])
    parts = {one.name: [_parts(one, found.place, c) for c in compared] for one in fillings}
    largest = max(abs(v) for rows in parts.values() for row in rows for v in row.values())
    scale = next((s for s in SCALES if s >= largest), 10 ** math.ceil(math.log10(largest)))
    _component(
        data={
            "words": [
                {"text": visible(token), "unknown": not id}
                for token, id in zip(found.tokens, found.both.ids[1:-1], strict=True)
            ],
            "read": " ".join(found.tokens),
            "known": " ".join(found.both.words.entries),
            "place": found.place,
            "models": [
                {
                    "title": _titles()[one.name],
                    "about": _("names {score:.1f} % of the words of sentences that it has never seen").format(
                        score=one.card["scores"]["test"]
                    ),
                    "hatched": one is found.forward,
                    "candidates": _candidates(found, one),
                    "split": [
                        _split(found, candidate, row, scale)
                        for candidate, row in zip(compared, parts[one.name], strict=True)
                    ],
                }
                for one in fillings
            ],
            "ticks": [f"−{scale}", "0", str(scale)],
            "labels": {
                "box": box(),
                "all": _("These models know all {total} words."),
                "some": _(
                    "These models know {known} of {total} words. They do not know, and read as gaps: {words}."
                ),
                "enter": _("Press Enter to fill in this sentence."),
                "sentence": _("The sentence: choose the word that is left out"),
                "candidates": _("the likeliest words for the blank"),
                "own": _("the word that was left out"),
                "split": _("Which side speaks for it"),
                "left": _("the words before"),
                "right": _("the words after"),
                "bias": _("bias"),
            },
        },
        key="blank",
        on={"choice": _chosen},
    )


def _candidates(found: Blank, one: Filling) -> list[dict]:
    """The likeliest words and, where it is not among them, the one that was left out."""
    best, share = one.best(found.place, CANDIDATES), one.probability[found.place]
    rows = list(enumerate(best, 1))
    if found.true is not None and found.true not in best:
        rows.append((int(one.numbers["rank"][found.place]), found.true))
    return [
        {
            "rank": f"{rank:,}",
            "text": visible(one.words.tokens[id]),
            "share": float(share[id]),
            "percent": percent(share[id]),
            "own": id == found.true,
            "below": i == len(best),
        }
        for i, (rank, id) in enumerate(rows)
    ]


def _parts(one: Filling, place: int, candidate: int) -> dict[str, float]:
    """What each side and the bias give to a candidate's score."""
    at = one.numbers.isel(candidate=candidate)
    return {
        side: float(at[side] if side == "bias" else at[side][place])
        for side in ("left", "right", "bias")
        if side in at
    }


def _split(found: Blank, candidate: int, parts: Mapping[str, float], scale: float) -> dict:
    """The parts as bars from the middle of a scale, and their sum in numbers."""
    half = {side: 0.5 + value / scale / 2 for side, value in parts.items()}
    return {
        "text": visible(found.both.words.tokens[candidate]),
        "own": candidate == found.true,
        "sum": _number(sum(parts.values())),
        "parts": [
            {"side": side, "from": min(at, 0.5), "to": max(at, 0.5), "text": _number(parts[side])}
            for side, at in half.items()
        ],
    }


def _number(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")


def board(found: Blank) -> None:
    """Each word left out in turn: how much it surprises both models; and the states that run towards the blank."""
    place, tokens = found.place, [visible(token) for token in found.tokens]
    forward, both = found.forward, found.both
    names, best = list(_titles().values()), both.best(place, 1)[0]
    word = visible(both.words.tokens[best])

    def surprises():
        rows = [one.numbers["surprise"].assign_attrs(long_name="−ln p") for one in (forward, both)]
        joined = xr.concat(rows, pd.Index(names, name="model"), combine_attrs="override")
        return figures.surprises(joined, tokens, both.card["model"]["kind"], place)

    def flow():
        states = filling.flow(both.numbers, both.trace, place, best)
        return figures.flow(states, [_("⟨start⟩"), *tokens, _("⟨end⟩")], place)

    drawings = [
        drawn(
            "surprises",
            _("Surprise at each word when it is left out: the higher, the harder to guess"),
            surprises,
        ),
        drawn(
            "flow",
            _(
                "The states that run towards the blank from both sides, ordered by what they give to “{word}”"
            ).format(word=word),
            flow,
        ),
    ]
    means = [float(one.numbers["surprise"].mean()) for one in (found.forward, found.both)]
    st.write(_means(means))
    show_figures(
        f"blank-{found.key}-{place}",
        drawings,
        summary=_(
            "−ln p of each of {count} words, and the hidden states on both sides of word {place}."
        ).format(count=len(tokens), place=place + 1),
        subject=", ".join(MODELS),
    )
    with st.expander(_("Every word in numbers")):
        table_csv(_table(found), "rnnviz-blank")
    recordings.take_away(found.both.trace, found.both.name)


def _means(means: list[float]) -> str:
    """How hard the sentence is for both, in a line with the numbers."""
    if math.isnan(means[0]):
        return ""
    numbers = {"forward": shown(means[0]), "both": shown(means[1])}
    if means[0] > means[1]:
        line = _(
            "Over the whole sentence, the mean surprise per word is {forward} nats read from the left and {both} from both "
            "sides."
        )
    else:
        line = _(
            "In this sentence the right-hand side does not help: {forward} nats per word from the left, {both} from both "
            "sides."
        )
    return line.format(**numbers)


def _table(found: Blank) -> pd.DataFrame:
    """A row for each word, left out in turn."""
    rank, guess = _("rank"), _("first guess")  # not in the f-strings below, where Babel does not look
    columns = {_("word"): [visible(token) for token in found.tokens]}
    for one, title in zip((found.forward, found.both), _titles().values(), strict=True):
        surprise = one.numbers["surprise"].values
        columns |= {
            f"{title}: p": ["–" if math.isnan(s) else percent(math.exp(-s)) for s in surprise],
            f"{title}: −ln p": [shown(s) for s in surprise],
            f"{title}: {rank}": [shown(r) for r in one.numbers["rank"].values],
            f"{title}: {guess}": [
                visible(one.words.tokens[one.best(i, 1)[0]]) for i in range(len(found.tokens))
            ],
        }
    return pd.DataFrame(columns, index=pd.RangeIndex(1, len(found.tokens) + 1, name=_("place")))


def about(found: Blank) -> None:
    """What both models were trained on, and how well they do."""
    cards = [found.forward.card, found.both.card]
    rows = {
        _("words guessed right: from the left, from both sides (validation; test)"): " · ".join(
            "{validation:g} %; {test:g} %".format(**card["scores"]) for card in cards
        ),
        _("parameters"): " · ".join(f"{card['parameters']:,}" for card in cards),
        _("architecture"): " · ".join(
            f"{card['model']['kind'].upper()}, {1 + card['model']['bidirectional']} × {card['model']['hidden']}"
            for card in cards
        ),
        _("data"): cards[1]["data"]["source"].removeprefix("https://"),
        _("licence"): cards[1]["data"]["licence"],
        _("made by"): " · ".join(card["command"] for card in cards),
    }
    with st.expander(_("About these models")):
        for name, value in rows.items():
            st.caption(name)
            st.text(value)


def background() -> None:
    """How to read the pictures, folded below."""
    folded(
        (
            _(
                "The forward model has one LSTM that reads from the left; its state before the blank is all it knows. The "
                "other has a second LSTM that reads from the right (a bidirectional RNN, Schuster & Paliwal 1997). Both have "
                "about as many parameters, the same data and the same training."
            ),
            _(
                "A candidate’s score is what the words before say, plus what the words after say, plus its bias, which "
                "knows nothing of the sentence. The split is exact, as the scores are linear in the states; numbers are "
                "rounded to three digits."
            ),
            _(
                "A softmax over all words turns the scores into percentages, so only differences between candidates count: "
                "a word that one side likes is ruled out if the other side does not."
            ),
            _(
                "None of the states used has seen the word itself: to the left of the blank the forward states lead up to "
                "it, to the right the backward ones. Rows are ordered by what a unit gives to the first candidate’s score "
                "at the edge of the blank: for it at the top, against it at the bottom. The two halves are different units."
            ),
            _(
                "−ln p is 0 when the word was certain, 0.69 when it had 50 %, 2.3 at 10 %, 4.6 at 1 %. A gap is a word that the "
                "models do not know."
            ),
            _(
                "When you write word by word, or answer while someone is still speaking, there is no future to read. When "
                "you tag, translate or complete a finished sentence, there is."
            ),
            _("Keys: Tab to the sentence, then ← → move the blank, Home and End go to the ends."),
        )
    )
