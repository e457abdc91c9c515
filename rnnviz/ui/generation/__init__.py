"""Models that write from one seed text side by side, why each character came, and how any text surprises them.

The browser plays and asks for the next piece when it runs low; a piece is written while no other reader waits for long. What
was written is kept for the reader's visit, by all that it follows from.
"""

import base64
import hashlib
import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st
import xarray as xr

from rnnviz import checkpoints, stats
from rnnviz.figures.style import ARCHITECTURE, ON_DARK, SCALES
from rnnviz.text import Vocabulary, visible
from rnnviz.ui import choices as chosen
from rnnviz.ui.component import component
from rnnviz.ui.frame import folded, notice, pick
from rnnviz.ui.language import _
from rnnviz.ui.views import LIMITS, shown, table_csv
from rnnviz.writing import Counts, Network, Rule, Writing, surprises

HERE = Path(__file__).parent
# who writes, by what they have read
MODELS = {
    "plays": {
        "rnn": "shakespeare-rnn", "gru": "shakespeare-gru", "lstm": "shakespeare-lstm", "counts": "counts-characters",
    },
    "python": {"lstm": "python-lstm"},
}  # fmt: skip
SEED_TEXTS = {"plays": "ROMEO:\n", "python": "def "}
PASTED = {
    "plays": "To be, or not to be, that is the question: whether to tweet it.\n",
    "python": "for i in range(10):\n    print(i)\nwhile you sleep, dear reader\n",
}
COLOURS = ARCHITECTURE | {"counts": "#CC79A7"}
QUANTITIES = {
    "rnn": ("hidden",),
    "gru": ("hidden", "reset_gate", "update_gate", "candidate"),
    "lstm": ("hidden", "cell", "input_gate", "forget_gate", "candidate", "output_gate"),
}
CANDIDATES = 10  # of each character that are sent
PIECE = 192  # characters that all writers together write at one time: less than a tenth of a second
OPENING = 128  # characters of each that are shown at first
BEFORE = 120  # characters of the seed text whose states are shown
KEPT = 16  # texts of one visit
MOST_CHANGES = 60
MOST_NATS = 8.0  # where the colour of surprise ends

_component = component(HERE)


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
        return _title(self.kind, self.writer)


@dataclass(frozen=True)
class Asked:
    """What the reader wants written."""

    authors: tuple[Author, ...]
    text: str
    rule: Rule
    length: int

    @property
    def shown(self) -> Author:
        """The one whose states are shown."""
        wanted = chosen.settings()["generate_writer"]
        return next((a for a in self.authors if a.kind == wanted), self.authors[-1])


# ---- what the reader chooses ------------------------------------------------------------------------------------------


def _or_default(name: str, defaults: Mapping[str, str]) -> str:
    now = chosen.settings()
    return defaults[now["generate_who"]] if now[name] is None else now[name]


def _text_box(name: str, label: str, text: str, height: int, **more) -> None:
    """A box whose text stays, also where it cannot be read."""
    key = f"pick_{name}"
    st.session_state[key] = text
    st.text_area(
        label, key=key, height=height, on_change=lambda: chosen.choose(**{name: st.session_state[key]}), **more
    )  # fmt: skip


def controls() -> None:
    """Who writes, from what, and how a character is drawn."""
    whose = {
        "plays": _("RNN, GRU, LSTM and counts, trained on plays"),
        "python": _("LSTM, trained on Python"),
    }
    pick(
        st.segmented_control, "generate_who", _("Who writes"), list(whose), format_func=whose.get, required=True,
    )  # fmt: skip
    left, right = st.columns([2, 3], gap="medium")
    with left:
        _text_box(
            "generate_text", _("Seed text: read first, then continued"), _or_default("generate_text", SEED_TEXTS), 124,
            help=_("Up to {longest:,} characters. Ctrl+Enter, or a click outside the box, reads it.").format(
                longest=chosen.LONGEST
            ),
        )  # fmt: skip
    with right:
        first, second, third = st.columns(3)
        with first:
            pick(
                st.slider, "generate_temperature", _("Temperature"), min_value=0.0, max_value=2.0, step=0.05,
                help=_("Divides the scores before the softmax: below 1 the likely gets likelier. 0 is greedy."),
            )  # fmt: skip
            pick(
                st.number_input, "generate_length", _("Length"), min_value=1, max_value=chosen.LONGEST, step=100,
                help=_("Characters that each model writes."),
            )  # fmt: skip
        with second:
            pick(
                st.number_input, "generate_top_k", "Top-k", min_value=0, max_value=1000, step=1,
                help=_("Draws from the k likeliest only; 0: from all."),
            )  # fmt: skip
            pick(
                st.number_input, "generate_seed", _("Seed number"), min_value=0, max_value=999_999, step=1,
                help=_("All luck follows from it: the same number gives the same text again, and all models the same luck."),
            )  # fmt: skip
        with third:
            pick(
                st.slider, "generate_top_p", "Top-p", min_value=0.0, max_value=1.0, step=0.01,
                help=_("Draws from the fewest likeliest whose probabilities reach p; 1: from all."),
            )  # fmt: skip
            if chosen.settings()["generate_who"] == "plays":
                pick(
                    st.number_input, "generate_order", _("Order of the counts"), min_value=1, max_value=6, step=1,
                    help=_("The counting model looks at one character less than this."),
                )  # fmt: skip


def current() -> Asked | None:
    """Who writes what; None, and a line on the page, where nothing can be written."""
    now, text = chosen.settings(), _or_default("generate_text", SEED_TEXTS)
    if not text:
        notice(
            _("Give the models at least one character of seed text: they must read before they can write.")
        )
        return None
    if len(text) > chosen.LONGEST:
        message = _(
            "The seed text has {count:,} characters; the last {longest:,} are read. Shorten it to choose which."
        )
        notice(message.format(count=len(text), longest=chosen.LONGEST))
        text = text[-chosen.LONGEST :]
    if now["generate_top_p"] <= 0:
        notice(_("Top-p 0 leaves nothing to draw from: set it above 0."))
        return None
    rule = Rule(*(now[f"generate_{name}"] for name in ("temperature", "top_k", "top_p", "seed")))
    authors = _authors(text, rule)
    if not authors:
        return None
    _say(text, rule, authors)
    return Asked(tuple(authors), text, rule, now["generate_length"])


def _authors(text: str, rule: Rule) -> list[Author]:
    """All that can be opened, and a line on the page for each that cannot."""
    found, now = [], chosen.settings()
    for kind, name in MODELS[now["generate_who"]].items():
        stamp = checkpoints.stamp(name)
        try:
            writer, card, vocabulary = _writer(name, stamp, now["generate_order"])
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


def _writer(name: str, stamp: str, order: int):
    model, card, vocabulary = _model(name, stamp)
    if card.get("task") == "counts":
        writer = Counts(model, min(order, model.order), card["recipe"]["discount"])
    else:
        writer = Network(model)
    return writer, card, vocabulary


def _say(text: str, rule: Rule, authors: Sequence[Author]) -> None:
    """What the reader should know of these settings."""
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
                "Temperature 0: greedy, always the likeliest character. No luck is left, and texts soon go round in circles."
            )
        )


# ---- changes: a character that the reader put in the place of another -----------------------------------------------


def changes() -> list[list]:
    """[kind of the writer, number of the character from 1, the character that stands there], in the order they were made."""
    return _read_changes(chosen.settings()["generate_changes"])


def _read_changes(value: str) -> list[list]:
    if not value:
        return []
    try:
        found = chosen.unpacked(value, 10_000)
        right = isinstance(found, list) and len(found) <= MOST_CHANGES and all(
            isinstance(one, list) and len(one) == 3 and one[0] in chosen.GENERATE_WRITERS
            and type(one[1]) is int and 1 <= one[1] <= chosen.LONGEST
            and isinstance(one[2], str) and len(one[2]) == 1
            for one in found
        )  # fmt: skip
        if not right:
            raise ValueError
        return found
    except ValueError:
        raise ValueError(_("The changes in this link are damaged; they are left out.")) from None


def checked(value: str) -> str:
    """The changes of a link as settings keep them. Raises ValueError where they are damaged."""
    return _packed(_read_changes(value))


def _packed(found: list[list]) -> str:
    return chosen.packed(found) if found else ""


def _changes_of(kind: str, vocabulary: Vocabulary, first: int) -> dict[int, int]:
    """By place in the text: a change undoes those of its writer that come after it, as what they stood in is gone."""
    found: dict[int, int] = {}
    for whose, number, character in changes():
        if whose != kind:
            continue
        (id,) = vocabulary.encode(character)
        if not id:
            line = _("“{character}” is unknown to these models: this change is left out.")
            notice(line.format(character=visible(character)))
            continue
        place = first + number - 1
        found = {p: i for p, i in found.items() if p < place} | {place: id}
    return found


# ---- what the browser asks for ------------------------------------------------------------------------------------------


def _kept() -> dict:
    """What this visit has: `writings` by key, what was `sent` to the browser, what it asks for in `ask`."""
    return st.session_state.setdefault("generation", {"writings": OrderedDict(), "sent": {}})


def _wish(name: str):
    return (st.session_state.get("generation_view") or {}).get(name)


def _asked() -> None:
    wish = _wish("ask")
    if isinstance(wish, dict):
        _kept()["ask"] = wish


def _choose(**settings) -> None:
    """Settings that the component changes: they go into the address, which the whole page writes."""
    chosen.choose(**settings)
    _kept()["again"] = True


def _changed() -> None:
    wish = _wish("change")
    try:
        (one,) = _read_changes(_packed([wish]))
    except (ValueError, TypeError):
        return
    if len(made := changes()) < MOST_CHANGES:
        _choose(generate_changes=_packed([*made, one]), generate_place=one[1])


def _undone() -> None:
    if made := changes():
        _choose(generate_changes=_packed(made[:-1]), generate_place=made[-1][1])


def _shown() -> None:
    wish = _wish("show")
    allowed = {
        "generate_writer": chosen.GENERATE_WRITERS,
        "generate_layer": range(1, 10),
        "generate_quantity": chosen.GENERATE_QUANTITIES,
        "generate_place": (None, *range(1, chosen.LONGEST + 1)),
    }
    if isinstance(wish, dict) and all(k in allowed and wish[k] in allowed[k] for k in wish):
        _choose(**wish)


def _placed() -> None:
    number = _wish("place")
    if isinstance(number, int) and 0 <= number <= chosen.LONGEST:
        _choose(generate_place=number or None)


def _writing(author: Author, asked: Asked) -> Writing:
    """What the author has written so far in this visit; a text that is changed is gone on with, not begun again."""
    texts = _kept()["writings"]
    if author.key not in texts:
        texts[author.key] = _branched(author) or Writing(
            author.writer, author.ids, asked.rule, author.changes
        )
    texts.move_to_end(author.key)
    while len(texts) > KEPT:
        texts.popitem(last=False)
    return texts[author.key]


def _branched(author: Author) -> Writing | None:
    """From a text that is the same up to the last change."""
    if not author.changes:
        return None
    place = max(author.changes)
    before = {p: i for p, i in author.changes.items() if p < place}
    for key, text in reversed(_kept()["writings"].items()):
        same = {p: i for p, i in text.changes.items() if p < place} == before
        if same and key.split("-")[0] == author.root and len(text.ids) > place:
            return text.branch(place, author.changes[place])
    return None


# ---- the texts as they grow -------------------------------------------------------------------------------------------


@st.fragment
def board(asked: Asked) -> None:
    """The texts side by side, the chosen writer's states, and why the chosen character came."""
    kept = _kept()
    if kept.pop("again", False):
        st.rerun()  # the settings have changed: the whole page answers, and the address with it
    writings = _written(asked, kept)
    data = _data(asked, writings, kept)
    _component(
        data=data, key="generation_view", on_ask_change=_asked, on_change_change=_changed, on_undo_change=_undone,
        on_show_change=_shown, on_place_change=_placed,
    )  # fmt: skip


def _written(asked: Asked, kept: dict) -> dict[str, Writing]:
    """Every author's text, a piece further where the browser asks for one or has nothing yet. By kind."""
    writings = {author.kind: _writing(author, asked) for author in asked.authors}
    ask = kept.pop("ask", None)
    kept["answer"] = (ask or {}).get("serial", kept.get("answer", 0))
    if ask:
        have = ask.get("have")
        have = have if isinstance(have, dict) else {}
        kept["sent"] = {key: max(0, count) for key, count in have.items() if isinstance(count, int)}
    sent = kept["sent"]
    if ask or any(author.key not in sent for author in asked.authors):
        piece = min(OPENING, PIECE // len(asked.authors))
        behind = min(
            sent.get(a.key, len(writings[a.kind].ids) - writings[a.kind].first) for a in asked.authors
        )
        for writing in writings.values():
            writing.write(max(0, min(asked.length, behind + piece) - len(writing.ids) + writing.first))
    return writings


def _data(asked: Asked, writings: Mapping[str, Writing], kept: dict) -> dict:
    """For the browser: what it does not have yet."""
    now, sent = chosen.settings(), kept["sent"]
    return {
        "mode": "writing",
        "answer": kept["answer"],
        "seed": [visible(c) for c in asked.text],
        "text": asked.text,
        "length": asked.length,
        "opening": max(OPENING, now["generate_place"] or 0, *(one[1] for one in changes()), 1),
        "place": now["generate_place"],
        "writers": [_author(author, writings[author.kind], sent) for author in asked.authors],
        "states": _states(asked, writings[asked.shown.kind], sent),
        "undo": bool(changes()),
        "greedy": asked.rule.temperature == 0,
        "scales": SCALES,
        "labels": _labels(),
    }


def _author(author: Author, writing: Writing, sent: dict[str, int]) -> dict:
    """What an author has written since the browser was last told, and how each character was chosen."""
    written = len(writing.ids) - writing.first
    start = min(sent.get(author.key, 0), written)
    sent[author.key] = written
    colour = COLOURS[author.kind]
    candidates = min(CANDIDATES, len(author.vocabulary))
    return {
        "kind": author.kind,
        "title": author.title,
        "colour": {"light": colour, "dark": ON_DARK.get(colour, colour)},
        "key": author.key,
        "from": start,
        "count": written - start,
        "tokens": list(author.vocabulary.tokens),
        "visible": [visible(token) for token in author.vocabulary.tokens],
        "changed": [place - writing.first for place in writing.changes],
        "candidates": candidates,
        **(_reasons(writing, start, candidates) if written > start else {"ids": "", "floats": ""}),
    }


def _reasons(writing: Writing, start: int, candidates: int) -> dict[str, str]:
    """How each character from one on was chosen, a row for each, packed.

    ids: its own, what was drawn, its rank, the candidates. floats: the number, where the stretch of what was drawn begins,
    how long that is, the character's own probability before and after, the candidates' before, theirs after.
    """
    steps = writing.steps(writing.first + start)
    logs, after = steps["log_probability"], steps["probability"].values
    best = stats.text.candidates(logs, candidates)["id"].values
    own = [np.take_along_axis(after, steps[name].values[:, None], 1)[:, 0] for name in ("drawn", "id")]
    numbers = [
        steps["uniform"], steps["low"], own[0], np.exp(-steps["surprise"]), own[1],
        np.exp(np.take_along_axis(logs.values, best, 1)), np.take_along_axis(after, best, 1),
    ]  # fmt: skip
    ids = [steps["id"], steps["drawn"], steps["rank"], best]
    return {
        "ids": _packed_array(np.column_stack(ids), np.uint16),
        "floats": _packed_array(np.column_stack(numbers), np.float32),
    }


def _packed_array(values: np.ndarray, kind: type) -> str:
    return base64.b64encode(np.ascontiguousarray(values, kind).tobytes()).decode()


def _states(asked: Asked, writing: Writing, sent: dict[str, int]) -> dict:
    """What the shown author carried while it wrote; of counts, how long a context had been seen. A byte a value."""
    author, now = asked.shown, chosen.settings()
    start = max(0, writing.first - BEFORE)  # in the text
    options = QUANTITIES.get(author.kind, ("context",))
    quantity = now["generate_quantity"] if now["generate_quantity"] in options else options[0]
    layers = author.card["model"].get("layers", 1)
    layer = min(now["generate_layer"], layers)
    key = f"{author.key}:{layer}:{quantity}"
    done = min(sent.get(key, 0), len(writing.ids) - start)
    limits = LIMITS.get(quantity, (0.0, 1.0))
    if start + done == len(writing.ids):
        values = np.zeros((0, 1), np.uint8)
    else:
        seen = writing.states(start + done, len(writing.ids))
        if author.kind == "counts":
            array = (seen["context"] + seen["followed"].astype(float)) / 2
        else:
            array = seen[quantity].isel(layer=layer - 1)
        values = stats.pixels.codes(array.transpose("time", ...), limits).values
    sent[key] = done + len(values)
    return {
        "key": key,
        "kind": author.kind,
        "start": start,
        "from": done,
        "count": len(values),
        "units": author.writer.order - 1 if author.kind == "counts" else author.card["model"]["hidden"],
        "limits": limits,
        "layers": layers,
        "layer": layer,
        "quantity": quantity,
        "options": {name: _quantity(name) for name in options},
        "bytes": _packed_array(values, np.uint8),
    }


def _quantity(name: str) -> str:
    """The field's English term."""
    return {"hidden": "hidden state", "cell": "cell state", "context": "context"}.get(
        name, name.replace("_", " ")
    )


def take_away(asked: Asked) -> None:
    """The written text on other pages, and to take away: all that is there when the reader asks for it."""
    author, texts = asked.shown, _kept()["writings"]
    with st.container(horizontal=True):
        if author.kind != "counts":
            for page, label in (
                ("states", _("{model}’s text in: Hidden states")),
                ("gates", _("{model}’s text in: Gates")),
            ):
                if st.button(label.format(model=author.title), key=f"generation_{page}"):
                    text = author.vocabulary.decode(_writing(author, asked).ids)[: chosen.LONGEST]
                    chosen.choose(text=text, model=author.name)
                    st.switch_page(f"pages/explore/{page}.py")
        columns = {
            "model": _("model"), "number": _("number"), "id": _("character"), "drawn": _("drawn"), "uniform": "u",
            "rank": _("rank"), "before": _("p before"), "after": _("p after"), "surprise": "−ln p (nats)",
        }  # fmt: skip
        titles = [author.title for author in asked.authors]  # while the reader's language is known
        st.download_button(
            _("Download the texts (txt)"),
            data=lambda: _as_text(asked, texts, titles),
            file_name="rnnviz-generate.txt",
            mime="text/plain",
            key="generation_txt",
            on_click="ignore",
        )
        st.download_button(
            _("Download every character (CSV)"),
            data=lambda: _as_table(asked, texts).rename(columns=columns).to_csv(index=False).encode("utf-8"),
            file_name="rnnviz-generate.csv",
            mime="text/csv",
            key="generation_csv",
            on_click="ignore",
        )


def _as_text(asked: Asked, texts: Mapping[str, Writing], titles: Sequence[str]) -> bytes:
    rule = asked.rule
    parts = [
        f"temperature {rule.temperature:g}, top-k {rule.top_k}, top-p {rule.top_p:g}, seed number {rule.seed}"
    ]
    for author, title in zip(asked.authors, titles, strict=True):
        written = author.vocabulary.decode(texts[author.key].ids[len(asked.text) :])
        parts.append(f"== {title} ({author.name})\n{asked.text}{written}")
    return "\n\n".join(parts).encode("utf-8")


def _as_table(asked: Asked, texts: Mapping[str, Writing]) -> pd.DataFrame:
    """A row for each character that was written."""
    tables = []
    for author in asked.authors:
        steps, tokens = texts[author.key].steps(), author.vocabulary.tokens
        own = np.take_along_axis(steps["probability"].values, steps["id"].values[:, None], 1)[:, 0]
        tables.append(
            pd.DataFrame(
                {
                    "model": author.name,
                    "number": np.arange(1, len(own) + 1),
                    "id": [visible(tokens[id]) for id in steps["id"].values],
                    "drawn": [visible(tokens[id]) for id in steps["drawn"].values],
                    "uniform": steps["uniform"].values,
                    "rank": steps["rank"].values,
                    "before": np.exp(-steps["surprise"].values),
                    "after": own,
                    "surprise": steps["surprise"].values,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def _labels() -> dict[str, str]:
    return {
        "board": _("Texts that are written"),
        "start": _("From the start"),
        "step": _("Step"),
        "play": _("Play"),
        "pause": _("Pause"),
        "stop": _("Stop"),
        "undo": _("Undo the last change"),
        "speed": _("Speed"),
        "pace": _("{count} characters a second"),
        "fast": _("as fast as it comes"),
        "progress": _("{shown} of {length} characters"),
        "stopped": _("stopped"),
        "written": _("{model}: what it has written. Arrow keys choose a character."),
        "show": _("Show the states of {model}"),
        "layer": _("Layer"),
        "quantity": _("Quantity"),
        "states": _("{model}, {quantity}: one column for each character, one row for each unit"),
        "contexts": _("{model}: how many of the characters before were ever seen together"),
        "context": _("how much of what is before was ever seen"),
        "seen": _("seen in training"),
        "followed": _("seen with this character after it"),
        "never": _("never seen"),
        "why": _("Why “{character}”?"),
        "number": _("character {number} of {model}"),
        "candidates": _("Candidates, before and after temperature, top-k and top-p"),
        "before": _("before"),
        "after": _("after"),
        "rank": _("rank"),
        "surprise": _("surprise"),
        "nats": "{value} nats",
        "luck": _("The number drawn, {value}, falls into the stretch of “{character}”: {low} to {high}."),
        "greedy": _("Greedy: the likeliest is taken, no number decides."),
        "yours": _("You put it here; the number {value} had drawn “{character}”."),
        "branch": _("Click a candidate to go on from here with it, or type a character:"),
        "put": _("Write “{character}” here instead"),
        "type": _("Another character"),
        "unknown": _("These models do not know “{character}”."),
        "never_written": _("unknown, never written"),
        "mark": _("changed here"),
        "waiting": _("Choose a character in a text above."),
        "seedText": _("seed text"),
        "value": _("unit {row}, “{character}”: {value}"),
        "length": _("the {row} characters before “{character}”: {value}"),
    }


# ---- surprise ---------------------------------------------------------------------------------------------------------


@st.cache_resource(max_entries=24, show_spinner=False)
def _surprises(name: str, stamp: str, order: int, text: str) -> xr.Dataset:
    writer, _card, vocabulary = _writer(name, stamp, order)
    return surprises(writer, vocabulary.encode(text))


def surprise() -> None:
    """A text of the reader's, coloured by how much each character surprises each model; and the totals."""
    now = chosen.settings()
    text = _or_default("generate_pasted", PASTED)
    _text_box(
        "generate_pasted", _("Any text"), text, 110,
        help=_("Up to {longest:,} characters. Ctrl+Enter, or a click outside the box, reads it.").format(longest=chosen.LONGEST),
    )  # fmt: skip
    if not text:
        notice(_("Paste a text above, and each model says how much every character surprises it."))
        return
    if len(text) > chosen.LONGEST:
        message = _(
            "The text has {count:,} characters; the first {longest:,} are read. Shorten it to choose which."
        )
        notice(message.format(count=len(text), longest=chosen.LONGEST))
        text = text[: chosen.LONGEST]
    if len(text) == 1:
        notice(_("Nothing comes before a single character, so nothing can be said of it: type one more."))
    found = {}
    for kind, name in MODELS[now["generate_who"]].items():
        stamp = checkpoints.stamp(name)
        try:
            writer, _card, vocabulary = _writer(name, stamp, now["generate_order"])
            found[kind] = (name, writer, vocabulary, _surprises(name, stamp, now["generate_order"], text))
        except checkpoints.CheckpointError:
            continue  # which the page has said above
    if not found:
        return
    if unknown := vocabulary.unknown(text):
        line = _(
            "Unknown to these models: {count} of {total} characters. They are underlined and do not count."
        )
        notice(line.format(count=unknown.total(), total=len(text)))
    _component(
        data={
            "mode": "surprise",
            "characters": [visible(c) for c in text],
            "shown": [{" ": " ", "\n": "↵\n"}.get(c) or visible(c) for c in text],
            "unknown": [i for i, c in enumerate(text) if c in unknown],
            "most": MOST_NATS,
            "models": [_surprised(kind, *one[1:]) for kind, one in found.items()],
            "scales": {"surprise": SCALES["probability"]},
            "labels": {
                "text": _("{model}: the text by surprise. Arrow keys choose a character."),
                "first": _("nothing comes before the first character"),
                "unknown": _("unknown, does not count"),
                "hover": _("Move over a character."),
                "surprise": "“{character}”: {nats} nats, p = {share}",
                "expected": _("rather “{character}”, {share}"),
                "legend": _("surprise, −ln p (nats)"),
            },
        },
        key="surprise_view",
    )  # fmt: skip
    rows = {}
    for kind, (_name, writer, _vocabulary, numbers) in found.items():
        rates = stats.text.rates(numbers["surprise"])
        rows[_title(kind, writer)] = {
            _("characters that count"): int(rates["count"]),
            **{
                label: shown(float(rates[name]))
                for name, label in (
                    ("nats", _("nats a character")), ("bits", _("bits a character")), ("perplexity", _("perplexity")),
                )
            },
        }  # fmt: skip
    table_csv(pd.DataFrame.from_dict(rows, orient="index").rename_axis(_("Model")), "rnnviz-surprise")


def _title(kind: str, writer: Network | Counts) -> str:
    return _("{order}-gram counts").format(order=writer.order) if kind == "counts" else kind.upper()


def _surprised(kind: str, writer, vocabulary: Vocabulary, numbers: xr.Dataset) -> dict:
    colour = COLOURS[kind]
    nats = [None if math.isnan(v) else round(float(v), 5) for v in numbers["surprise"].values]
    return {
        "kind": kind,
        "title": _title(kind, writer),
        "colour": {"light": colour, "dark": ON_DARK.get(colour, colour)},
        "nats": nats,
        "likeliest": [visible(vocabulary.tokens[id]) for id in numbers["likeliest"].values],
        "share": [None if math.isnan(v) else round(float(v), 5) for v in numbers["probability"].values],
    }


def reading() -> None:
    """How to read the page, folded below."""
    folded(
        (
            _(
                "A network reads one character, moves its state, and gives every character a probability. One is drawn and read "
                "next. Counts do the same from a table of what followed the last few characters (interpolated Kneser-Ney)."
            ),
            _(
                "Before a character is drawn: temperature (scores divided by it), then top-k, then top-p (Holtzman et al. 2020). "
                "Characters that the model did not know in training share one “unknown” candidate, which is never written."
            ),
            _(
                "The candidates lie on a line from 0 to 1, the likeliest first, each as long as its probability. A number that "
                "depends only on the seed number and the place falls into one of them. So all models have the same luck, and a "
                "changed text keeps it."
            ),
            _(
                "Surprise is −ln p of the character that came: 0 nats where it was certain, 0.69 at 50 %, 4.6 at 1 %. Its mean "
                "is the loss of training; divided by ln 2 it is bits a character; perplexity is e to its power: so many "
                "equally likely characters would be as hard."
            ),
            _(
                "States are those after the character was read, recorded from the network that wrote. Counts have none; what is "
                "shown instead is how many of the characters before stood together anywhere in the training text."
            ),
            _(
                "Keys, once you have clicked the texts or gone to them with Tab: space plays and pauses, ← → choose a character, "
                "Home and End go to the ends, Escape lets the choice follow the text again."
            ),
        )
    )
