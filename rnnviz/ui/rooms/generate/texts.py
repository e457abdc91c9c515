"""Texts that grow side by side in the browser, what the chosen writer carried meanwhile, and why a character came.

The browser plays and asks for the next piece when it runs low; a piece is written while no other reader waits for long. What
was written is kept for the reader's visit, by all that it follows from.
"""

import base64
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import streamlit as st

from rnnviz import stats
from rnnviz.figures.style import SCALES
from rnnviz.models import checkpoints
from rnnviz.models.vocabularies import visible
from rnnviz.paper.terms import LIMITS, gate_name
from rnnviz.studies.writing import Writing
from rnnviz.ui.parts import explored
from rnnviz.ui.parts.component import component
from rnnviz.ui.rooms import generate
from rnnviz.ui.rooms.generate.authors import Asked, Author, inputs, open_writer
from rnnviz.ui.rooms.generate.changes import MOST_CHANGES, changes, packed_changes, read_changes
from rnnviz.ui.shell.keeping import keeps
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import LONGEST, choose, settings

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
picture = component(Path(__file__).parent)


def visit() -> dict:
    """What this visit has: `writings` by key, what was `sent` to the browser, what it asks for in `ask`, how far it has
    `reached`."""
    return st.session_state.setdefault("generate", {"writings": OrderedDict(), "sent": {}})


def _asked(wish: object) -> None:
    if isinstance(wish, dict):
        visit()["ask"] = wish
        if _is_number(wish.get("shown")):
            visit()["reached"] = wish["shown"]


def _choose(**settings) -> None:
    """Settings that the component changes: they go into the address, which the whole page writes."""
    choose(**settings)
    visit()["again"] = True


def _changed(wish: object) -> None:
    try:
        (one,) = read_changes(packed_changes([wish]))
    except (ValueError, TypeError):
        return
    if len(made := changes()) < MOST_CHANGES:
        _choose(generate_changes=packed_changes([*made, one]), generate_dropped="", generate_place=one[1])


def _undone(_serial: object) -> None:
    if made := changes():
        _choose(generate_changes=packed_changes(made[:-1]), generate_place=made[-1][1])


def _shown(wish: object) -> None:
    allowed = {
        "generate_writer": generate.WRITERS,
        "generate_layer": range(1, 10),
        "generate_quantity": generate.QUANTITIES,
        "generate_place": (None, *range(1, LONGEST + 1)),
    }
    if isinstance(wish, dict) and all(k in allowed and wish[k] in allowed[k] for k in wish):
        _choose(**wish)


def _rested(wish: object) -> None:
    if not (isinstance(wish, list) and len(wish) == 2 and all(_is_number(one) for one in wish)):
        return
    place, visit()["reached"] = wish
    if (place or None) != settings()["generate_place"]:
        _choose(generate_place=place or None)


def _is_number(value) -> bool:
    return type(value) is int and 0 <= value <= LONGEST


def writing_of(author: Author, asked: Asked) -> Writing:
    """What the author has written so far in this visit; a text that is changed is gone on with, not begun again."""
    texts = visit()["writings"]
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
    for key, text in reversed(visit()["writings"].items()):
        same = {p: i for p, i in text.changes.items() if p < place} == before
        if same and key.split("-")[0] == author.root and len(text.ids) > place:
            return text.branch(place, author.changes[place])
    return None


@st.fragment
def board(asked: Asked) -> None:
    """The texts side by side, the chosen writer's states, and why the chosen character came."""
    kept = visit()
    if kept.pop("again", False) or asked.settings != inputs():
        st.rerun()  # the settings have changed: the whole page answers, and the address with it
    writings = _written(asked, kept)
    data = _data(asked, writings, kept)
    picture(
        data=data,
        key="generate_view",
        on={"ask": _asked, "change": _changed, "undo": _undone, "show": _shown, "rest": _rested},
    )


def _written(asked: Asked, kept: dict) -> dict[str, Writing]:
    """Every author's text, a piece further where the browser asks for one or has nothing yet. By kind."""
    writings = {author.kind: writing_of(author, asked) for author in asked.authors}
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
    now, sent = settings(), kept["sent"]
    return {
        "mode": "writing",
        "answer": kept["answer"],
        "seed": [visible(c) for c in asked.text],
        "text": asked.text,
        "length": asked.length,
        "opening": OPENING,
        "reached": max(
            kept.get("reached", OPENING), now["generate_place"] or 0, *(one[1] for one in changes()), 0
        ),
        "projector": now["projector"],
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
    candidates = min(CANDIDATES, len(author.vocabulary))
    return {
        "kind": author.kind,
        "title": author.title,
        "colour": author.colour,
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
        steps["uniform"],
        steps["low"],
        own[0],
        np.exp(-steps["surprise"]),
        own[1],
        np.exp(np.take_along_axis(logs.values, best, 1)),
        np.take_along_axis(after, best, 1),
    ]
    ids = [steps["id"], steps["drawn"], steps["rank"], best]
    return {
        "ids": _packed_array(np.column_stack(ids), np.uint16),
        "floats": _packed_array(np.column_stack(numbers), np.float32),
    }


def _packed_array(values: np.ndarray, kind: type) -> str:
    return base64.b64encode(np.ascontiguousarray(values, kind).tobytes()).decode()


def _states(asked: Asked, writing: Writing, sent: dict[str, int]) -> dict:
    """What the shown author carried while it wrote; of counts, how long a context had been seen. A byte a value."""
    author, now = asked.shown, settings()
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
        "rows": _rows(author, layer),
        "bytes": _packed_array(values, np.uint8),
    }


def _rows(author: Author, layer: int) -> list[int]:
    """The order of the rows; of counts, as they come. Of a network that grows up that of the end of its training, so that no row
    moves while it does."""
    if author.kind == "counts":
        return []
    return _order(checkpoints.parted(author.name)[0], checkpoints.stamp(author.name), layer)


@keeps
def _order(name: str, stamp: str, layer: int) -> list[int]:
    """The units of a layer as they are drawn, similar ones side by side: fixed by what they do while the network reads our
    examples, so that no row moves while a text grows and two texts can be compared."""
    writer, _card, vocabulary = open_writer(name, stamp, 1)
    text = "".join(explored.EXAMPLES.get(name.split("-")[0], explored.EXAMPLES["shakespeare"]).values())
    hidden = writer.watch(vocabulary.encode(text), writer.start)["hidden"]
    return stats.states.order(hidden.isel(layer=layer - 1), "similarity").tolist()


def _quantity(name: str) -> str:
    """What a field is called."""
    return {
        "hidden": _("hidden state"),
        "cell": _("cell state"),
        "candidate": _("candidate value"),
        "context": _("context"),
    }.get(name) or gate_name(name)


def _labels() -> dict[str, str]:
    return {
        "board": _("Texts that are written"),
        "start": _("From the start"),
        "step": _("Step"),
        "play": _("Play (Space)"),
        "stop": _("Stop (Space)"),
        "undo": _("Undo the last change"),
        "speed": _("Speed"),
        "pace": _("{count} characters per second"),
        "fast": _("as fast as it comes"),
        "progress": _("{shown} of {length} characters"),
        "stopped": _("stopped"),
        "anew": _("written anew"),
        "written": _("{model}: what it has written. Arrow keys choose a character."),
        "show": _("Show the states of {model}"),
        "layer": _("Layer"),
        "quantity": _("Quantity"),
        "states": _("{model}, {quantity}: one column for each character, one row for each unit"),
        "contexts": _("{model}: how many of the preceding characters were ever seen together"),
        "context": _("how much of what comes before was ever seen"),
        "seen": _("seen in training"),
        "followed": _("seen with this character after it"),
        "never": _("never seen"),
        "why": _("Why “{character}”?"),
        "whyBlank": _("Why the blank (·)?"),
        "whyEnd": _("Why the line end (↵)?"),
        "number": _("character {number} of {model}"),
        "candidates": _("Candidates, before and after temperature, top-k and top-p"),
        "before": _("before"),
        "after": _("after"),
        "shares": _("before: {before} (rank {rank}, surprise {nats} nats) → after: {after}"),
        "others": _("others"),
        "luck": _("The random number {value} falls into the stretch of “{character}”, from {low} to {high}."),
        "greedy": _("Greedy: the likeliest is taken; no random number is used."),
        "yours": _("You put it here; the random number {value} would have drawn “{character}”."),
        "yoursGreedy": _("You put it here; the likeliest was “{character}”."),
        "branch": _("Click a candidate to carry on from here with it, or type a character:"),
        "put": _("Write “{character}” here instead"),
        "type": _("Another character"),
        "unknown": _("These models do not know “{character}”."),
        "never_written": _("unknown, never written"),
        "mark": _("changed here"),
        "waiting": _("Choose a character in a text above."),
        "seedText": _("seed text"),
        "units": _("unit, by similarity"),
        "look": _(
            "Look for rows that change at one kind of place: a line end, a new word, a name in capitals."
        ),
        "value": _("unit {row}, “{character}”: {value}"),
        "length": _("the {row} characters before “{character}”: {value}"),
    }
