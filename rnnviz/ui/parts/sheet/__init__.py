"""How a worked example is written: formulas with their numbers as LaTeX, and pictures of squares, numbers and bars."""

from collections.abc import Sequence
from pathlib import Path

from rnnviz.figures.style import SCALES
from rnnviz.ui.parts.component import component
from rnnviz.ui.parts.numbers import aligned, number, numeral, percent, short

HERE = Path(__file__).parent
LIMITS = (-2.0, 2.0)  # of the squares' colours
STYLE = """
.st-key-attention_by_hand .katex { font-size: 1rem; }
.st-key-attention_by_hand .katex-display { padding: 2px 2px 4px 0; } /* where a formula fits there is nothing to scroll */
@media (max-width: 700px) { .st-key-attention_by_hand .katex { font-size: 0.875rem; } } /* most fit a telephone */
"""

_component = component(HERE)


# Formulas


def _factor(value: float) -> str:
    text = numeral(value)
    return f"({text})" if text.startswith("-") or "times" in text else text


def sums(formula: str, left: str, factors: Sequence, terms: Sequence, totals: Sequence, bias=None) -> None:
    """A formula, and for each total its products, what each of them is, and what they are together.

    left: what total number %d is called. factors: for each total, pairs of numbers. terms: for each total, their products.
    bias: for each total a last summand that is no product.
    """
    rows = [formula]
    for i, (pairs, own, total) in enumerate(zip(factors, terms, totals, strict=True)):
        products = [rf"{_factor(a)}\cdot {_factor(b)}" for a, b in pairs]
        summands = list(own)
        if bias is not None:
            products.append(_factor(bias[i]))
            summands.append(bias[i])
        if abs(total) < 1e-13 * max(map(abs, summands)):
            total = 0.0  # what rounding leaves where all cancels
        values = [numeral(value) for value in summands]
        values = values[:1] + [f"-{v[1:]}" if v.startswith("-") else f"+{v}" for v in values[1:]]
        for first, part in _lines(products, 3):
            rows.append((r"&\quad+" if first else f"{left % (i + 1)}&=") + "+".join(part))
        for first, part in _lines(values, 4):
            rows.append((r"&\quad " if first else "&=") + "".join(part))
        rows[-1] += rf"=\boldsymbol{{{numeral(total)}}}"
    aligned(rows)


def _lines(parts: list[str], most: int) -> list[tuple[int, list[str]]]:
    """The parts on as few lines as hold them, equally long, each with the place of its first."""
    length = -(-len(parts) // -(-len(parts) // most))
    return [(first, parts[first : first + length]) for first in range(0, len(parts), length)]


def softmax(formula: str, sign: str, left: str, scores, log_total: float, shares) -> None:
    """A formula, then e to the power of each score, their sum, and each one's share of it.

    sign: what score number j is called. left: what share number %d is called. log_total: ln of the sum.
    """
    powers, total = [_power(score) for score in scores], _power(log_total)
    rows = [
        formula,
        *(rf"e^{{{numeral(score)}}}&={power}" for score, power in zip(scores, powers, strict=True)),
        rf"\textstyle\sum_j e^{{{sign}}}&={total}",
    ]
    for i, (power, share) in enumerate(zip(powers, shares, strict=True), 1):
        shown = percent(share).replace(" %", r"\,\%").replace("< ", r"{<}\,")
        rows.append(rf"{left % i}&={power}\,/\,{total}={numeral(share)}=\boldsymbol{{{shown}}}")
    aligned(rows)


def _power(log: float) -> str:
    return number(log) if abs(log) < 1e6 else rf"e^{{{numeral(log)}}}"  # whose digits would fill the page


# Pictures: rows of items, drawn by sheet.js


def cells(values, labels: Sequence[str] = ()) -> dict:
    """Numbers as coloured squares. labels: what stands over each."""
    squares = [{"value": float(v), "text": short(v), "title": f"{v:.4g}".replace("-", "−")} for v in values]
    return {"cells": squares, "labels": list(labels)}


def word(text: str) -> dict:
    return {"text": text, "kind": "text"}


def value(text: str) -> dict:
    return {"text": text, "kind": "number"}


def sign(text: str) -> dict:
    return {"text": text, "kind": "sign"}


def row(*items: dict, strong: bool = False, rule: bool = False) -> dict:
    """strong: it is the largest. rule: a line above it, as over a sum."""
    return {"items": list(items), "strong": bool(strong), "rule": rule}


def picture(id: str, summary: str, **data) -> None:
    """Draws `rows`, or `weights` with their `foot` and the `keys` of the colours. summary: for those who do not see it."""
    scales = {name: SCALES[name] for name in ("diverging", "probability")}
    _component(data={"summary": summary, "limits": LIMITS, "scales": scales, **data}, key=f"sheet_{id}")
