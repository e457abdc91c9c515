"""Two models translating the reader's text, with attention and without: done once, kept, and shared by all readers."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import streamlit as st
import xarray as xr

from rnnviz.models import checkpoints, decoding
from rnnviz.models.vocabularies import END_ID, START_ID, Lexicon, cut, visible
from rnnviz.studies import translating
from rnnviz.studies.translating import Override, Translation, parse, written
from rnnviz.training import dates
from rnnviz.ui.shell.keeping import keeps
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings

MODELS = {"dates": "translate-dates", "korean": "translate-korean"}
LONGEST = {"dates": 100, "korean": 40}  # tokens that are read
DEFAULT_TEXTS = {"dates": "the seventh of June 1981", "korean": "Tom wants to study French."}
EXAMPLES = {
    "dates": {
        "short": "5 Mar 2024",
        "long": "Wednesday, the twenty-first of September, nineteen ninety-four",
        "order": "5/3/24",
        "hangul": "이천이십사년 삼월 오일 화요일",
        "impossible": "2023년 2월 29일",
    },
    "korean": {
        "short": "I like music.",
        "question": "Where does Tom live?",
        "long": "Tom said he didn't want to study French.",
        "hard": "Mary told me that Tom doesn't want to do that.",
    },
}


def checked(value: str) -> str:
    """The changes of a link as settings keep them. Raises ValueError where they are damaged."""
    try:
        return written(parse(value))
    except ValueError:
        raise ValueError(_("The changes in this link are damaged and were left out.")) from None


@dataclass(frozen=True)
class Reading:
    """One text translated by one model with attention, and by its twin. Shared between readers: look, never change.

    original_ids: what would have been written without the changes; plain_ids: what the twin writes. The rest is that of its
    `translation`, under the same names.
    """

    key: str
    name: str
    card: dict
    text: str
    source: Lexicon
    target: Lexicon
    translation: Translation
    original_ids: tuple[int, ...]
    plain_ids: tuple[int, ...]

    @property
    def source_ids(self) -> tuple[int, ...]:
        return self.translation.source_ids

    @property
    def target_ids(self) -> tuple[int, ...]:
        return self.translation.target_ids

    @property
    def trace(self) -> xr.DataTree:
        return self.translation.trace

    @property
    def steps(self) -> xr.Dataset:
        return self.translation.steps

    @property
    def overrides(self) -> dict[int, Override]:
        return self.translation.overrides

    @property
    def task(self) -> str:
        return self.name.removeprefix("translate-")

    @property
    def plain(self) -> str:
        """The name of the twin without attention."""
        return f"{self.name}-plain"

    @property
    def source_tokens(self) -> list[str]:
        return [visible(token) for token in self.source.split(self.text)]

    @property
    def unknown(self) -> list[int]:
        """The places of tokens that the model does not know."""
        return [i for i, id in enumerate(self.source_ids) if not id]

    def shown(self, ids) -> list[str]:
        """Target tokens as they are shown."""
        special = {0: _("⟨unknown⟩"), START_ID: _("⟨start⟩"), END_ID: _("⟨end⟩")}
        return [special.get(i) or visible(self.target.tokens[i]) for i in ids]


def text() -> str:
    """What is in the text box: what the reader typed, or the default of the task."""
    now = settings()
    return DEFAULT_TEXTS[now["translate_task"]] if now["translate_text"] is None else now["translate_text"]


def current_reading() -> Reading | None:
    """The chosen models translating the reader's text; None, and a line on the page, where that cannot be."""
    from rnnviz.ui.shell.frame import notice

    now, typed = settings(), text()
    task = now["translate_task"]
    name = MODELS[task]
    if not typed.strip():
        notice(_("Type something above, and the networks will translate it."))
        return None
    try:
        opened(f"{name}-plain", checkpoints.stamp(f"{name}-plain"))
        *_rest, source, _target = opened(name, checkpoints.stamp(name))
        read, left = cut(source, typed, LONGEST[task])
        if left:
            message = {
                "dates": _("Only the first {longest} characters are read; the rest ({left}) is left out."),
                "korean": _(
                    "Only the first {longest} words and punctuation marks are read; the rest ({left}) is left out."
                ),
            }[task]
            notice(message.format(longest=LONGEST[task], left=left))
        reading = translate(name, read, now["translate_changes"])
    except checkpoints.CheckpointError as problem:
        notice(_("This model cannot be opened:") + f" {problem}", error=True)
        return None
    _say_unknown(reading)
    if reading.translation.ignored:
        steps = ", ".join(str(step + 1) for step in reading.translation.ignored)
        notice(_("The changes at step {steps} do not fit here and were left out.").format(steps=steps))
    return reading


def _say_unknown(reading: Reading) -> None:
    """A line where a text is not what the models were trained on."""
    from rnnviz.ui.shell.frame import notice

    count, total = len(reading.unknown), len(reading.source_ids)
    if not count:
        return
    tokens = reading.source_tokens
    some = list(dict.fromkeys(tokens[i] for i in reading.unknown))
    shown = " ".join(some[:5]) + (" …" if len(some) > 5 else "")
    line = _(
        "Unknown to these models: {count} of {total} ({some}). They are underlined, and read as “unknown”."
    )
    line = line.format(count=count, total=total, some=shown)
    if count >= total / 2:
        line += (
            " "
            + {
                "dates": _("These models read dates, in English and Korean."),
                "korean": _("These models read English sentences."),
            }[reading.task]
        )
    notice(line)


def truth(reading: Reading) -> tuple[str | None, str]:
    """The right output where it is known, and a line on what to expect where it is not."""
    if reading.task != "dates":
        line = _("Learned from only {count:,} sentence pairs: expect mistakes.")
        return None, line.format(count=reading.card["data"]["sentences"]["train"])
    try:
        date = dates.read_date(reading.text)
    except ValueError:
        line = _(
            "There is no such day from {first} to {last}: no answer is right, and the networks can only guess."
        )
        return None, line.format(first=dates.FIRST_YEAR, last=dates.LAST_YEAR)
    if date is None:
        line = _(
            "This is none of the {count} ways of writing a date that the networks have seen; they write one all the same."
        )
        return None, line.format(count=len(dates.DATE_FORMATS))
    return date.isoformat(), ""


def translate(name: str, text: str, edits: str = "") -> Reading:
    """The model `name` and its twin translating `text`. edits: as in a link. Raises CheckpointError."""
    return _translate(name, checkpoints.stamp(name), checkpoints.stamp(f"{name}-plain"), text, edits)


@st.cache_resource(max_entries=8, show_spinner=False)
def opened(name: str, stamp: str):
    """A translator, its card, what it reads and what it writes. stamp: see checkpoints.stamp."""
    model, card = checkpoints.load(name)
    return model, card, *checkpoints.lexicons(card)


@keeps
def _plain(name: str, stamp: str, text: str) -> tuple[int, ...]:
    model, _card, source, _target = opened(name, stamp)
    return tuple(decoding.greedy(model, source.encode(text)).tokens)


@keeps
def _translate(name: str, stamp: str, plain_stamp: str, text: str, edits: str) -> Reading:
    model, card, source, target = opened(name, stamp)
    found = translating.translate(model, source, target, text, parse(edits))
    original = _translate(name, stamp, plain_stamp, text, "") if found.overrides else found
    return Reading(
        key=f"{name}-{hashlib.sha256(f'{stamp}{plain_stamp}{text}{edits}'.encode()).hexdigest()[:16]}",
        name=name,
        card=card,
        text=text,
        source=source,
        target=target,
        translation=found,
        original_ids=original.target_ids,
        plain_ids=_plain(f"{name}-plain", plain_stamp, text),
    )


# ---- what the reader does ------------------------------------------------------------------------------------------


def change(wish: Mapping) -> None:
    """Puts a wish that came from the browser into the settings: see attention.js, `send`."""
    history = st.session_state.setdefault("translate_history", [])
    before = settings()["translate_changes"]
    if wish["do"] == "undo":
        choose(translate_changes=history.pop() if history else "")
        return
    edits = parse(before)
    if wish["do"] == "reset":
        edits = {} if wish["step"] is None else {s: e for s, e in edits.items() if s != int(wish["step"])}
    elif wish["do"] == "all":
        for step in range(min(int(wish["steps"]), decoding.LONGEST)):
            token = edits[step].token if step in edits else None
            edits[step] = Override({int(wish["place"]): 1.0}, True, token)
    else:
        step = int(wish["step"])
        old = edits.get(step, Override())
        if wish["do"] == "only":
            edits[step] = Override({int(wish["place"]): 1.0}, True, old.token)
        elif wish["do"] == "weight":
            place, weight = int(wish["place"]), wish["weight"]
            weights = {i: w for i, w in old.weights.items() if i != place}
            weights |= {} if weight is None else {place: float(weight)}
            edits[step] = Override(weights, old.bare, old.token)
        elif wish["do"] == "token":
            edits[step] = Override(
                old.weights, old.bare, None if wish["token"] is None else int(wish["token"])
            )
    after = written(edits)
    if after != before:
        history.append(before)
        choose(translate_changes=after)


def can_undo() -> bool:
    """Whether there is a change of this text to take back."""
    return bool(st.session_state.get("translate_history"))


def translation_text() -> None:
    """The task and the view, the box for the reader's text, and texts that make a point; what is typed stays."""
    from rnnviz.ui.shell.widgets import examples, pick

    names = {"dates": _("dates → ISO"), "korean": _("English → Korean")}
    views = {"map": _("the map"), "beam": _("beam search"), "bottleneck": _("the bottleneck")}
    with st.container(horizontal=True):
        for name, title, options in (
            ("translate_task", _("Translate"), names),
            ("translate_view", _("View"), views),
        ):
            pick(st.segmented_control, name, title, list(options), format_func=options.get, required=True)
    task = settings()["translate_task"]
    pick(
        st.text_input,
        "translate_text",
        {"dates": _("A date, written any way you like"), "korean": _("An English sentence")}[task],
        value=text(),
        choose=_choose_text,
        help={
            "dates": _("Up to {longest} characters; press Enter to have them read.").format(
                longest=LONGEST["dates"]
            ),
            "korean": _("Up to {longest} words and punctuation marks; press Enter to have them read.").format(
                longest=LONGEST["korean"]
            ),
        }[task],
    )
    labels = {
        "short": _("short"),
        "long": _("long"),
        "order": _("which is the month?"),
        "hangul": _("numbers in Hangul"),
        "impossible": _("no such day"),
        "question": _("a question"),
        "hard": _("too hard for it"),
    }
    texts = EXAMPLES[task]
    here = next((k for k, v in texts.items() if v == text()), None)
    examples("pick_translate_example", texts, here, lambda name: _choose_text(texts[name]), labels)


def _choose_text(typed: str) -> None:
    st.session_state["translate_history"] = []
    choose(translate_text=typed)


def weights_table(reading: Reading) -> pd.DataFrame:
    """The weights in use: a row for each token written, a column for each token read."""
    places = [f"{i} {token}" for i, token in enumerate(reading.source_tokens, 1)]
    steps = [f"{i} {token}" for i, token in enumerate(reading.shown(reading.target_ids), 1)]
    return pd.DataFrame(reading.steps["weight"].values, index=pd.Index(steps, name=_("step")), columns=places)


def about_models(reading: Reading) -> None:
    """What both models were trained on and how well they do."""
    scores = {name: checkpoints.card(name)["scores"]["test"] for name in (reading.name, reading.plain)}
    card = reading.card
    rows = {
        _("test score, with attention and without"): " · ".join(f"{score:g}" for score in scores.values())
        + f" ({card['scores_unit']})",
        _("parameters"): f"{card['parameters']:,}",
        _("data"): card["data"]["source"].removeprefix("https://"),
        _("licence"): " · ".join(filter(None, (card["data"]["licence"], card["data"].get("attribution")))),
        _("made by"): card["command"],
    }
    with st.expander(_("About these models")):
        for name, value in rows.items():
            st.caption(name)
            st.text(value)
