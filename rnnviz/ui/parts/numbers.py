"""Numbers as a page writes them: four digits, a true minus, powers of ten; in words, in LaTeX, in a square."""

import math

import streamlit as st

from rnnviz import stats


def shown(value: float) -> str:
    """A number as a table has it: four digits, a true minus."""
    return "–" if math.isnan(value) else f"{value:.4g}".replace("inf", "∞").replace("-", "−")


def percent(share: float) -> str:
    if share < 1e-4:
        return "< 0.01 %" if share else "0 %"
    return f"{100 * share:.1f} %" if share >= 0.0995 else f"{100 * share:.2g} %"


def probability(loss: float) -> str:
    """The probability whose −ln p is a loss, in nats: what a model gave the one token that came."""
    return percent(math.exp(-loss))


def short(value: float) -> str:
    """A number that fits in a square."""
    if abs(value) >= 100:
        return f"{value:.0e}".replace("e+0", "e").replace("e+", "e").replace("-", "−")
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", "−")


def numeral(value: float) -> str:
    """A number as LaTeX, four digits at most."""
    mantissa, _sign, exponent = f"{value:.4g}".partition("e")
    if exponent:
        return rf"{mantissa}\times 10^{{{int(exponent)}}}"
    return "0" if mantissa == "-0" else mantissa


def power(log: float) -> str:
    """e^log, as a power of ten where it is small or large: −∞ is 0."""
    if log == -math.inf:
        return "0"
    mantissa, exponent = stats.vanishing.decimal(log, 3)
    if -4 < exponent < 4:
        return shown(math.exp(log))
    return f"{mantissa:.3f} × 10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def number(log: float) -> str:
    """e^log as LaTeX, four digits."""
    mantissa, exponent = stats.vanishing.decimal(log, 3)
    if mantissa in (0, 1) and exponent == 0:
        return f"{mantissa:g}"
    if -4 < exponent < 4:
        return f"{mantissa * 10**exponent:#.4g}"
    return rf"{mantissa:.3f}\times 10^{{{exponent}}}"


def aligned(rows: list[str]) -> None:
    """Formulas under each other, at their & signs."""
    st.latex(r"\begin{aligned}\rule{0pt}{2.5ex}" + r"\\ ".join(rows) + r"\end{aligned}")
