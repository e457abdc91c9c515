"""Two models translating the reader's text, with attention and without: done once, kept, and shared by all readers."""

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher

import numpy as np
import pandas as pd
import streamlit as st
import torch
import xarray as xr

from rnnviz.models import checkpoints, decoding
from rnnviz.models.vocabularies import START, Lexicon, cut, visible
from rnnviz.recording.block import record
from rnnviz.training import dates
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


@dataclass(frozen=True)
class Edit:
    """What the reader changed at one step.

    weights: of those places in the source that were set, counted from 0. bare: all the others are 0, not what the network
    gives them. token: the id that is taken instead.
    """

    weights: Mapping[int, float] = field(default_factory=dict)
    bare: bool = False
    token: int | None = None

    def over(self, own: list[float]) -> list[float] | None:
        """The weights that it makes of the network's own; None where it leaves them. Raises ValueError for another length."""
        if not self.weights and not self.bare:
            return None
        if max(self.weights, default=0) >= len(own):
            raise ValueError(f"there are {len(own)} weights; got one for place {max(self.weights) + 1}")
        return [self.weights.get(i, 0.0 if self.bare else weight) for i, weight in enumerate(own)]


def parse(value: str) -> dict[int, Edit]:
    """Edits by step from their form in a link: '3:*=0,7=1;5:>12' looks at step 3 only at place 7 and takes token 12 at step 5.

    Steps and places count from 1 there. Raises ValueError, in the reader's language, for anything else.
    """
    edits = {}
    try:
        if len(value) > 20_000:
            raise ValueError
        for part in filter(None, value.split(";")):
            step, wishes = re.fullmatch(r"(\d{1,3}):(.+)", part, re.ASCII).groups()
            weights, bare, token = {}, False, None
            for wish in wishes.split(","):
                if wish == "*=0":
                    bare = True
                elif wish.startswith(">"):
                    token = int(re.fullmatch(r">(\d{1,6})", wish, re.ASCII).group(1))
                else:
                    place, weight = re.fullmatch(r"(\d{1,3})=([0-9.e+-]{1,30})", wish, re.ASCII).groups()
                    weights[int(place) - 1] = float(weight)
            if int(step) < 1 or any(i < 0 or not 0 <= w < math.inf for i, w in weights.items()):
                raise ValueError
            edits[int(step) - 1] = Edit(weights, bare, token)
    except (ValueError, AttributeError):
        raise ValueError(_("The changes in this link are damaged; they are left out.")) from None
    return edits


def written(edits: Mapping[int, Edit]) -> str:
    """Edits as they stand in a link; see `parse`."""
    parts = []
    for step, edit in sorted(edits.items()):
        wishes = ["*=0"] if edit.bare else []
        wishes += [f"{place + 1}={weight!r}" for place, weight in sorted(edit.weights.items())]
        wishes += [] if edit.token is None else [f">{edit.token}"]
        if wishes:
            parts.append(f"{step + 1}:{','.join(wishes)}")
    return ";".join(parts)


def checked(value: str) -> str:
    """The changes of a link as settings keep them. Raises ValueError where they are damaged."""
    return written(parse(value))


@dataclass(frozen=True)
class Reading:
    """One text translated by one model with attention, and by its twin. Shared between readers: look, never change.

    source_ids, source_tokens: what was read, as ids and as shown. target_ids: what was written, with `END` unless it was
    cut. original_ids: what would have been without the edits; plain_ids: what the twin writes.
    steps: memory (key, unit), hidden, context, product, attentional (query, unit), score, weight, own (query, key),
    probability (query, target).
    edits: those that were made, by step; given: their weights before they were normalised; ignored: steps that fit nothing.
    """

    key: str
    name: str
    card: dict
    text: str
    source: Lexicon
    target: Lexicon
    source_ids: tuple[int, ...]
    target_ids: tuple[int, ...]
    original_ids: tuple[int, ...]
    plain_ids: tuple[int, ...]
    trace: xr.DataTree
    steps: xr.Dataset
    edits: dict[int, Edit]
    given: dict[int, list[float]]
    ignored: tuple[int, ...]

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
        return [visible(self.target.tokens[i]) if i else _("⟨unknown⟩") for i in ids]


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
                    "Only the first {longest} words and signs are read; the rest ({left}) is left out."
                ),
            }[task]
            notice(message.format(longest=LONGEST[task], left=left))
        reading = translate(name, read, now["translate_changes"])
    except checkpoints.CheckpointError as problem:
        notice(_("This model cannot be opened:") + f" {problem}", error=True)
        return None
    _say_unknown(reading)
    if reading.ignored:
        steps = ", ".join(str(step + 1) for step in reading.ignored)
        notice(_("The changes at step {steps} fit nothing here and are left out.").format(steps=steps))
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
        line = _("Learned from {count:,} sentence pairs, which is few: expect mistakes.")
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
            "Not one of the {count} ways of writing a date that the networks have seen; they write one all the same."
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


@st.cache_resource(max_entries=48, show_spinner=False)
def _plain(name: str, stamp: str, text: str) -> tuple[int, ...]:
    model, _card, source, _target = opened(name, stamp)
    return tuple(decoding.greedy(model, source.encode(text)).tokens)


@st.cache_resource(max_entries=48, show_spinner=False)
def _translate(name: str, stamp: str, plain_stamp: str, text: str, edits: str) -> Reading:
    model, card, source, target = opened(name, stamp)
    ids = source.encode(text)
    wanted, made, changes, given, ignored = parse(edits), {}, {}, {}, []
    for step, edit in sorted(wanted.items()):
        # what was not touched stays what the network makes of the changes before
        before = _translate(name, stamp, plain_stamp, text, written(made))
        try:
            if step >= len(before.target_ids):
                raise ValueError("the text ended before")
            if edit.token is not None and edit.token >= len(target):
                raise ValueError("no such token")
            weights = edit.over(before.steps["weight"].values[step].astype(float).tolist())
            changes[step] = decoding.Change(weights and decoding.normalised(weights), edit.token)
        except ValueError:
            ignored.append(step)
            continue
        made[step] = edit
        if weights:
            given[step] = weights
    read, wrote = source.split(text), []
    tokens = {"encoder": read, "decoder": wrote, "attention": (wrote, read)}
    with record(model, tokens=tokens) as recording:
        done = decoding.greedy(model, ids, changes)
        wrote += [START, *(target.tokens[i] for i in done.tokens[:-1])]  # what each step was told
    trace = recording.trace
    steps = _steps(model, trace, done, list(given))
    original = tuple(done.tokens)
    if made:
        original = _translate(name, stamp, plain_stamp, text, "").target_ids
    return Reading(
        key=f"{name}-{hashlib.sha256(f'{stamp}{plain_stamp}{text}{edits}'.encode()).hexdigest()[:16]}",
        name=name,
        card=card,
        text=text,
        source=source,
        target=target,
        source_ids=tuple(ids),
        target_ids=tuple(done.tokens),
        original_ids=original,
        plain_ids=_plain(f"{name}-plain", plain_stamp, text),
        trace=trace,
        steps=steps,
        edits=made,
        given=given,
        ignored=tuple(ignored),
    )


def _steps(model, trace: xr.DataTree, done: decoding.Written, given: list[int]) -> xr.Dataset:
    """The arithmetic of every step, as `Reading.steps` has it. given: the steps whose weights are not the network's own."""
    memory = trace["encoder"]["hidden"].isel(layer=-1, batch=0).transpose("time", "direction", "unit").values
    hidden = trace["decoder"]["hidden"].isel(layer=-1, direction=0, batch=0).values
    looked = trace["attention"].to_dataset().isel(batch=0, head=0)
    score, context, weight = (looked[name].values for name in ("score", "context", "weight"))
    own = weight.copy()
    own[given] = torch.from_numpy(score[given]).softmax(-1).numpy()
    with torch.inference_mode():
        product = model.combine(torch.from_numpy(np.concatenate([context, hidden], 1))).numpy()
    return xr.Dataset(
        {
            "memory": (("key", "unit"), memory.reshape(len(memory), -1)),
            "hidden": (("query", "unit"), hidden),
            "context": (("query", "unit"), context),
            "product": (("query", "unit"), product),
            "attentional": (("query", "unit"), done.attentional.numpy()),
            "score": (("query", "key"), score),
            "weight": (("query", "key"), weight),
            "own": (("query", "key"), own),
            "probability": (("query", "target"), done.log_probability.exp().numpy()),
        }
    )


def different(wanted, found) -> tuple[list[int], list[tuple[int, list[int]]]]:
    """Which places of `found` differ from `wanted`, and what is missing before which place of it."""
    places, missing = [], []
    for kind, a, b, c, d in SequenceMatcher(None, list(wanted), list(found), autojunk=False).get_opcodes():
        if kind != "equal":
            places += range(c, d)
        if kind == "delete":
            missing.append((c, list(wanted[a:b])))
    return places, missing


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
    else:
        step = int(wish["step"])
        old = edits.get(step, Edit())
        if wish["do"] == "only":
            edits[step] = Edit({int(wish["place"]): 1.0}, True, old.token)
        elif wish["do"] == "weight":
            place, weight = int(wish["place"]), wish["weight"]
            weights = {i: w for i, w in old.weights.items() if i != place}
            weights |= {} if weight is None else {place: float(weight)}
            edits[step] = Edit(weights, old.bare, old.token)
        elif wish["do"] == "token":
            edits[step] = Edit(old.weights, old.bare, None if wish["token"] is None else int(wish["token"]))
    after = written(edits)
    if after != before:
        history.append(before)
        choose(translate_changes=after)


def can_undo() -> bool:
    """Whether there is a change of this text to take back."""
    return bool(st.session_state.get("translate_history"))


def translation_text() -> None:
    """The task, the box for the reader's text, and texts that make a point; what is typed stays."""
    from rnnviz.ui.shell.widgets import examples, pick

    names = {"dates": _("dates → ISO"), "korean": _("English → Korean")}
    pick(
        st.segmented_control,
        "translate_task",
        _("Translate"),
        list(names),
        format_func=names.get,
        required=True,
    )
    task = settings()["translate_task"]
    pick(
        st.text_input,
        "translate_text",
        {"dates": _("A date, written as you like"), "korean": _("An English sentence")}[task],
        value=text(),
        choose=_choose_text,
        help={
            "dates": _("Up to {longest} characters; Enter reads it.").format(longest=LONGEST["dates"]),
            "korean": _("Up to {longest} words and signs; Enter reads it.").format(longest=LONGEST["korean"]),
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
