"""A sentence as a table, a column for each token, and the arithmetic of the one that is chosen; numbers as they are shown."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from rnnviz.models.vocabularies import visible
from rnnviz.ui.parts import explored
from rnnviz.ui.parts.board import show_board, show_figures
from rnnviz.ui.parts.component import component
from rnnviz.ui.parts.numbers import power, shown
from rnnviz.ui.parts.tasks import answers
from rnnviz.ui.rooms.counting.setup import LONGEST, Counted
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings

HERE = Path(__file__).parent

_component = component(HERE)


# ---- numbers as they are shown ---------------------------------------------------------------------------------------


def number(value: float) -> str:
    """Four digits; what is very small or large as a power of ten."""
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        return shown(value)
    return power(math.log(value))


def log10(log: float) -> str:
    return "−∞" if log == -math.inf else f"{log / math.log(10):.2f}".replace("-", "−")


def fraction(over: object, under: object) -> dict[str, str]:
    return {"over": str(over), "under": str(under)}


def bold(text: str) -> dict[str, str]:
    return {"strong": text}


# ---- the table of tokens ---------------------------------------------------------------------------------------------


def ledger(
    found: Counted,
    place: int,
    rows: Mapping[str, Sequence],
    lines: Sequence[Sequence] = (),
    zeros: Sequence[Sequence[bool]] = (),
    marks: bool = False,
) -> None:
    """The sentence as a table, a column for each token, one of which is chosen; below it what is worked out of that one.

    rows: by their label a cell for each token, text or a fraction. zeros: by row, the cells that hold a zero. lines: of
    formulas, each of pieces: text, a fraction, or what is bold. marks: with the reader's lines and what was counted in them.
    """
    data = {
        "tokens": [
            {"text": text, "unknown": not id} for text, id in zip(found.shown, found.ids, strict=True)
        ],
        "rows": [
            {"label": label, "cells": [cell if isinstance(cell, dict) else str(cell) for cell in cells]}
            for label, cells in rows.items()
        ],
        "zeros": [[bool(zero) for zero in row] for row in zeros],
        "place": place,
        "chosen": settings()["counting_place"] is not None,
        "lines": [list(line) for line in lines],
        "text": _marked(found, place) if marks and found.lines else None,
        "labels": {
            "sentence": _("The sentence: choose a token"),
            "table": _("Every token in numbers"),
            "counted": _("Count it yourself"),
            "context": _("the context h"),
            "hit": _("the context followed by this token: h w"),
            "token": _("token"),
        },
    }
    with answers("ledger"):
        _component(data=data, key="counting", on={"choice": _chosen})


def _chosen(place: object) -> None:
    if isinstance(place, (int, float)) and 0 <= place < max(LONGEST.values()):
        choose(counting_place=int(place))


def _marked(found: Counted, place: int) -> list[list[dict]]:
    """The reader's lines: which tokens are the context of the chosen one, and which of them it follows."""
    flat = [token for line in found.lines for token in line]
    known = {name: i for i, name in enumerate(found.names)}
    ids = [known[token] for token in flat]
    context, own = list(found.context(place)), found.ids[place]
    length, kinds = len(context), [""] * len(flat)
    for end in range(length, len(ids) + 1):
        if ids[end - length : end] != context:
            continue
        follows = end < len(ids) and ids[end] == own
        for i in range(end - length, end):
            kinds[i] = kinds[i] or "context"
        if follows:
            kinds[end] = "hit"
    rows, pairs = [], iter(zip(flat, kinds, strict=True))
    for line in found.lines:
        rows.append([{"text": visible(t), "kind": kind} for t, kind in (next(pairs) for _token in line)])
    return rows


def conditional(found: Counted, place: int, order: int | None = None) -> str:
    """p(w | h) with the words in."""
    context = found.context(place, order)
    return f"p({found.shown[place]}" + (f" | {found.written(context)})" if context else ")")


def draw(found: Counted, drawings: list, summary: str) -> None:
    """Characters stand in a strip above, words below their axis."""
    id = f"counting-{settings()['counting_part']}-{found.key}"
    with answers():
        if found.source != "characters":
            show_figures(id, drawings, summary=summary)
            return
        unknown = [t for t, i in enumerate(found.ids) if not i]
        show_board(
            id,
            found.shown,
            unknown,
            drawings,
            summary=summary,
            cursor=explored.cursor(len(found.tokens) - 1),
            clicked=explored.clicked,
        )


def scores(totals: Mapping[str, float], tokens: int) -> pd.DataFrame:
    """Totals of −ln p, nats, as the field reports them: a row for each estimate."""
    return pd.DataFrame(
        {
            _("total −ln p (nats)"): [shown(v) for v in totals.values()],
            _("nats per token"): [shown(v / tokens) for v in totals.values()],
            _("bits per token"): [shown(v / tokens / math.log(2)) for v in totals.values()],
            _("perplexity"): [shown(math.exp(v / tokens)) for v in totals.values()],
        },
        index=pd.Index(list(totals), name=_("estimate")),
    )
