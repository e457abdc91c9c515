"""The tree that a beam search walks."""

import html
import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from rnnviz.figures import style
from rnnviz.figures.style import Style
from rnnviz.figures.words import _

STEPS, ROWS = 14, 14  # that are in view; the rest comes when the picture is dragged
ROW = 26  # px
LABEL = 8  # steps: room for the scores at the ends
TOLD = 30  # tokens of the sentence so far that a hover tells
MONO = "D2Coding, Noto Sans Mono CJK KR, Nanum Gothic Coding, ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace"


def tree(nodes: xr.Dataset, tokens: Sequence[str], kind: str = "gru") -> go.Figure:
    """The sentences that were kept, solid, in their architecture's colour, those that were discarded faint; the best thick.

    nodes: (node,), as stats.trees.layout makes them. tokens: of each node, as shown. kind: 'rnn', 'gru' or 'lstm'. Steps are
    counted from 1. The numbers at the ends: mean log probability (nats per token) and probability of the sentence.
    Raises ValueError unless there is a token for each node.
    """
    if len(tokens) != nodes.sizes["node"]:
        raise ValueError(f"a token for each of the {nodes.sizes['node']} nodes; got {len(tokens)}")
    colour = style.ARCHITECTURE[kind]
    across, row = nodes["step"].values + 1, nodes["row"].values
    kept, ends, best = (nodes[name].values for name in ("kept", "ends", "best"))
    words = [html.escape(token, quote=False) for token in tokens]
    told = np.array(_told(nodes, tokens, words), object)
    shown = np.array(words, object)

    def edges(chosen: np.ndarray, name: str, look: Style, **more: object) -> go.Scatter:
        x: list[int | None] = []
        y: list[int | None] = []
        for node in np.flatnonzero(chosen & (nodes["parent"].values >= 0)):
            parent = nodes["parent"].values[node]
            x += [int(across[parent]), int(across[node]), None]
            y += [int(row[parent]), int(row[node]), None]
        # the board's legend shows the mark; a line alone draws none
        return go.Scatter(x=x, y=y, name=name, mode="lines", line=look, hoverinfo="skip", **more)

    def at(chosen: np.ndarray, mode: str, **look: object) -> go.Scatter:
        hover = (
            {"hoverinfo": "skip"}
            if mode == "markers"
            else {"customdata": told[chosen], "hovertemplate": "%{customdata}<extra></extra>"}
        )
        text = {"text": shown[chosen], "textfont": {"family": MONO}} if "text" in mode else {}
        return go.Scatter(
            x=across[chosen],
            y=row[chosen],
            mode=mode,
            showlegend=False,
            cliponaxis=True,
            **hover,
            **text,
            **look,
        )

    def mark(size: int, symbol: str = "circle", width: float = 1.5) -> Style:
        return {
            "color": style.PAPER,
            "size": size,
            "symbol": symbol,
            "line": {"color": colour, "width": width},
        }

    scores = [
        _label(nodes["score"].values[n], nodes["log_probability"].values[n], best[n])
        for n in np.flatnonzero(ends)
    ]
    traces = [
        edges(~kept, _("discarded"), {"color": style.EARLY, "width": 1}, opacity=0.45),
        edges(
            kept & ~best,
            _("kept"),
            {"color": colour, "width": 2.5},
            marker={"symbol": "circle", "color": colour},
        ),
        edges(best, _("best"), {"color": colour, "width": 6}, marker={"symbol": "square", "color": colour}),
        at(~kept, "markers", marker={"color": style.PAPER, "size": 14}),
        at(~kept, "text", opacity=0.7),
        at(kept & ~best, "markers+text", marker=mark(19)),
        at(best, "markers+text", marker=mark(22, "square", 3)),
        go.Scatter(
            x=across[ends] + 0.35,
            y=row[ends],
            mode="text",
            text=scores,
            textposition="middle right",
            showlegend=False,
            hoverinfo="skip",
            cliponaxis=True,
        ),
    ]
    steps, rows = int(across.max(initial=1)), int(row.max(initial=0)) + 1
    wide, high = min(steps, STEPS), min(rows, ROWS)
    drawn = style.figure(
        *traces, axis="free", title=_("Beam search"), height=60 + ROW * max(high, 4), legend=True
    )
    drawn.update_layout(dragmode="pan", hoverlabel={"font": {"size": 14}})
    # another tree starts where it begins, wherever the one before was dragged to
    seen = {"uirevision": f"{steps} × {rows}", "showgrid": False}
    drawn.update_xaxes(
        title=_("step"),
        range=[0.4, wide + 0.6 + LABEL],
        tickvals=list(range(1, steps + 1)),
        minallowed=0.4,
        maxallowed=steps + 0.6 + 2 * LABEL,
        **seen,
    )
    return drawn.update_yaxes(
        title=_("more probable →"),
        range=[max(high, 4) - 0.4, -0.6],
        showticklabels=False,
        ticks="",
        minallowed=-0.6,
        maxallowed=max(rows, 4) - 0.4,
        **seen,
    )


def _told(nodes: xr.Dataset, tokens: Sequence[str], words: Sequence[str]) -> list[str]:
    """What a hover says of each node."""
    columns = [
        nodes[name].values.tolist() for name in ("parent", "step", "log_probability", "own", "score", "kept")
    ]
    so_far: list[list[str]] = []
    found = []
    for token, word, parent, step, total, own, score, kept in zip(tokens, words, *columns, strict=True):
        so_far.append([*(so_far[parent] if parent >= 0 else []), token])
        ahead = "…" if len(so_far[-1]) > TOLD else ""
        sentence = html.escape("".join(so_far[-1][-TOLD:]), quote=False)
        found.append(
            "<br>".join(
                (
                    f"{_('step')} {step + 1}: <b>{word}</b> {_percent(own)}",
                    f"{ahead}{sentence}",
                    _("so far {share}, {mean} nats per token").format(
                        share=_percent(total), mean=_signed(score)
                    ),
                    _("kept") if kept else _("discarded"),
                )
            )
        )
    return found


def _label(score: float, total: float, best: bool) -> str:
    text = f"{_signed(score, 2)} · {_percent(total, 2)}"
    return f"<b>★ {text}</b>" if best else text


def _signed(value: float, digits: int = 4) -> str:
    return f"{value:.{digits}g}".replace("-", "−")


def _percent(log: float, digits: int = 4) -> str:
    return f"{_signed(100 * math.exp(log), digits)} %"
