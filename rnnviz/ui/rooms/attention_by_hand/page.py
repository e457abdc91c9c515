"""One step of attention worked by hand: the numbers that a reader edits, and six stages from scores to an output word."""

import numpy as np
import streamlit as st
import xarray as xr

from rnnviz.stats import attention
from rnnviz.ui.parts import sheet
from rnnviz.ui.parts.numbers import percent, short
from rnnviz.ui.parts.sheet import cells, row, sign, value, word
from rnnviz.ui.parts.tasks import answers, by_hand, guess_first
from rnnviz.ui.rooms.attention_by_hand.setup import (
    SUBSCRIPTS,
    arrays,
    called,
    combine,
    draft,
    empty,
    examples,
    given,
    head,
    sizes,
)
from rnnviz.ui.rooms.attention_by_hand.tasks import questions, tasks
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.widgets import folded, notice

SATURATED = 1e-4  # of the weight, left for all other words


def show() -> None:
    st.header(_("Attention by hand"))
    st.write(
        _(
            "One step of a translator, just before it writes its next word. Change a number and follow it through six "
            "stages, down to the word."
        )
    )
    guessing = st.container()
    examples()
    sizes()
    left, right = st.columns([5, 6], gap="medium")
    with left:
        given()
        found = worked()
    with guessing:
        guess_first("attention_by_hand", questions(found), "attention_guess")
    with right, answers():
        weights(found)
    with answers("stages"):
        stages(found)
    by_hand("attention_by_hand", tasks(found))
    reading()


def worked() -> xr.Dataset | None:
    """All of the step, by stats.attention.step; None, with a line on the page, where it cannot be worked out."""
    setup = draft()
    if where := empty(setup):
        notice(_("Empty cells count as 0 until there is a number in them: {where}.").format(where=where))
    if not all(
        name.strip() for names in ("words", "candidates") for name in setup[names][: setup["sizes"][names]]
    ):
        notice(_("A word without a name goes by its number."))
    try:
        found = attention.step(*arrays(setup))
    except ValueError:
        notice(_("These numbers are too large: a sum of their products is beyond 10³⁰⁸, where float64 ends."))
        return None
    return found


def weights(found: xr.Dataset | None) -> None:
    """The largest picture: how much each source word gives to the context, and what is written of it."""
    if found is None:
        return
    setup = draft()
    memory, state, *_rest = arrays(setup)
    shares, best = found["weight"].values, found["probability"].values.argmax()
    words, candidate = called(setup, "words"), called(setup, "candidates")[best]
    chance = percent(found["probability"].values[best])
    summary = _("Attention weights: {weights}. Likeliest next word: {word}, {share}.").format(
        weights=", ".join(f"{name} {percent(share)}" for name, share in zip(words, shares, strict=True)),
        word=candidate,
        share=chance,
    )
    rest = np.delete(shares, shares.argmax()).sum()
    if rest < SATURATED:
        line = _(
            "The softmax is saturated: “{word}” leaves {rest} of the weight for all the others, and small changes to the "
            "states hardly move it."
        )
        notice(line.format(word=words[shares.argmax()], rest=percent(rest)))
    st.write(_("**Attention weights $\\alpha_{t,i}$** over the source words, which sum to 100 %"))
    sheet.picture(
        "weights",
        summary,
        weights=[
            {
                "name": name,
                "share": float(share),
                "text": percent(share),
                "most": bool(share == shares.max()),
                **cells(own),
            }
            for name, share, own in zip(words, shares, memory, strict=True)
        ],
        foot=[
            row(sign("sₜ"), cells(state), sign(_("the decoder’s state asks"))),
            row(sign("aₜ"), cells(found["context"].values), sign(_("the context answers"))),
            row(sign("ŷₜ"), word(candidate), sign(chance), strong=True),
        ],
        keys=[
            {"low": "≤ −2", "high": "≥ 2", "scale": "diverging"},
            {"low": "0 %", "high": "100 %", "scale": "probability"},
        ],
    )


def stages(found: xr.Dataset | None) -> None:
    """The six stages, and W_c and W_y to edit where they are needed."""
    st.html(f"<style>{sheet.STYLE}</style>")
    titles = {
        _("Scores"): _scores,
        "Softmax": _softmax,
        _("Weighted sum"): _context,
        _("Concatenation"): _joined,
        "tanh": _attentional,
        _("Candidates"): _candidates,
    }
    with st.container(key="attention_by_hand"):
        for number, (title, stage) in enumerate(titles.items(), 1):
            st.subheader(f"{number} {title}", anchor=False)
            stage(found)


def _scores(found: xr.Dataset | None) -> None:
    st.write(_("How well does each word’s state fit what the decoder asks? Multiply unit by unit and add."))
    if found is None:
        return
    setup = draft()
    memory, state, *_rest = arrays(setup)
    scores = found["score"].values
    left, right = st.columns(2)
    with left:
        sheet.sums(
            r"\mathrm{score}(s_t,h_i)&=s_t\cdot h_i=\lVert s_t\rVert\,\lVert h_i\rVert\cos\theta_i",
            r"s_t\cdot h_{%d}",
            [zip(state, own, strict=True) for own in memory],
            found["score_term"].values,
            scores,
        )
    with right:
        rows = [
            row(*map(sign, ("", "", _("score"), _("length"), "cos θ"))),
            row(sign("sₜ"), cells(state), sign(""), value(short(found["state_length"].item()))),
        ]
        numbers = zip(scores, found["length"].values, found["cosine"].values, strict=True)
        for name, own, three in zip(called(setup, "words"), memory, numbers, strict=True):
            rows.append(
                row(
                    word(name), cells(own), *(value(short(n)) for n in three), strong=three[0] == scores.max()
                )
            )
        sheet.picture(
            "scores", _("The decoder’s state and the words’ states, with scores and lengths"), rows=rows
        )


def _softmax(found: xr.Dataset | None) -> None:
    st.write(
        _(
            "Turn the scores into shares: none below 0, all adding up to 1. A score that is higher by 1 gets 2.718 times "
            "the share."
        )
    )
    if found is None:
        return
    scores, shares = found["score"].values, found["weight"].values
    left, right = st.columns(2)
    with left:
        sheet.softmax(
            r"\alpha_{t,i}&=\frac{e^{\mathrm{score}(s_t,h_i)}}{\sum_j e^{\mathrm{score}(s_t,h_j)}}",
            r"\mathrm{score}(s_t,h_j)",
            r"\alpha_{t,%d}",
            scores,
            found["score_log_total"].item(),
            shares,
        )
    with right:
        _shares("softmax", _("Scores and weights of the words"), "words", scores, shares)


def _shares(id: str, summary: str, names: str, scores: np.ndarray, shares: np.ndarray) -> None:
    """Names, scores, and a bar for the share that each makes."""
    rows = [
        row(
            word(name),
            value(short(score)),
            {"bar": float(share)},
            value(percent(share)),
            strong=share == shares.max(),
        )
        for name, score, share in zip(called(draft(), names), scores, shares, strict=True)
    ]
    sheet.picture(id, summary, rows=rows)


def _context(found: xr.Dataset | None) -> None:
    st.write(
        _("Take that share of each state and add them up: one context vector, however long the sentence.")
    )
    if found is None:
        return
    setup = draft()
    memory, *_rest = arrays(setup)
    shares, weighted, context = (found[name].values for name in ("weight", "weighted", "context"))
    left, right = st.columns(2)
    with left:
        sheet.sums(
            r"a_t&=\textstyle\sum_i\alpha_{t,i}\,h_i",
            "a_{t,%d}",
            [zip(shares, unit, strict=True) for unit in memory.T],
            weighted.T,
            context,
        )
    with right:
        rows = [
            row(word(name), value(percent(share)), sign("×"), cells(own), sign("="), cells(part))
            for name, share, own, part in zip(called(setup, "words"), shares, memory, weighted, strict=True)
        ]
        rows.append(row(sign("aₜ"), *map(sign, ("", "", "", "=")), cells(context), rule=True))
        sheet.picture("context", _("Each word’s state times its weight, and their sum"), rows=rows)


def _joined(found: xr.Dataset | None) -> None:
    st.write(_("Append the decoder’s own state to the context: twice as many numbers, none of them changed."))
    if found is None:
        return
    joined = found["joined"].values
    left, right = st.columns(2)
    with left:
        numbers = map(sheet.numeral, joined)
        st.latex(r"[a_t;s_t]=(" + r",\;".join(numbers) + ")")
    with right:
        rows = [row(_headed(joined))]
        sheet.picture("joined", _("The context and the decoder’s state, joined end to end"), rows=rows)


def _headed(joined: np.ndarray) -> dict:
    """[a; s] as squares with their names above."""
    return cells(joined, [f"{half}{SUBSCRIPTS[u]}" for half in "as" for u in range(len(joined) // 2)])


def _attentional(found: xr.Dataset | None) -> None:
    st.write(
        _(
            "A learned matrix mixes context and state into as many numbers as there are units; tanh keeps them between −1 "
            "and 1."
        )
    )
    left, right = st.columns(2)
    with left:
        st.write(_("$W_c$ (editable): each row makes one unit"))
        combine()
    if found is None:
        return
    _memory, _state, matrix, *_rest = arrays(draft())
    joined, product, attentional = (found[name].values for name in ("joined", "product", "attentional"))
    with right:
        rows = [row(_headed(joined), sign("z"), sign("tanh z"))]
        for own, before, after in zip(matrix, product, attentional, strict=True):
            rows.append(row(cells(own), cells([before]), cells([after]), rule=len(rows) == 1))
        sheet.picture(
            "attentional", _("The rows of W_c under the joined vector, their sums z, and tanh z"), rows=rows
        )
    left, right = st.columns(2)
    with left:
        sheet.sums(
            r"z&=W_c\,[a_t;s_t]",
            "z_{%d}",
            [zip(own, joined, strict=True) for own in matrix],
            found["product_term"].values,
            product,
        )
    with right:
        pairs = enumerate(zip(product, attentional, strict=True), 1)
        sheet.aligned(
            [
                r"\tilde s_t&=\tanh(z)",
                *(
                    rf"\tilde s_{{t,{u}}}&=\tanh({sheet.numeral(z)})=\boldsymbol{{{sheet.numeral(s)}}}"
                    for u, (z, s) in pairs
                ),
            ]
        )


def _candidates(found: xr.Dataset | None) -> None:
    st.write(_("Each candidate has its own row of weights; a softmax turns the results into probabilities."))
    left, right = st.columns(2)
    with left:
        st.write(_("$W_y$ and $b_y$ (editable): one row for each candidate"))
        head()
    if found is None:
        return
    *_rest, matrix, bias = arrays(draft())
    attentional, logits, shares = (found[name].values for name in ("attentional", "logit", "probability"))
    with right:
        _shares("candidates", _("The candidates and their probabilities"), "candidates", logits, shares)
    left, right = st.columns(2)
    with left:
        sheet.sums(
            r"o&=W_y\,\tilde s_t+b_y",
            "o_{%d}",
            [zip(own, attentional, strict=True) for own in matrix],
            found["logit_term"].values,
            logits,
            bias,
        )
    with right:
        sheet.softmax(
            r"\hat y_t&=\mathrm{softmax}(o)",
            "o_j",
            r"\hat y_{t,%d}",
            logits,
            found["logit_log_total"].item(),
            shares,
        )


def reading() -> None:
    """A caution, then what to know and where it comes from, folded."""
    st.write(
        _(
            "The weights show where the context came from. On their own they do not explain the output: the decoder’s own "
            "state and $W_c$ play their part too. Set the columns a of $W_c$ to 0: the weights stay the same, but no longer "
            "matter."
        )
    )
    lines = (
        _(
            "Everything is computed in float64 and shown with four digits; carry more if you want the last digit to come "
            "out right."
        ),
        _("In papers on transformers, $s_t$ is the query, and $h_i$ is key and value at once."),
        _(
            "A trained translator has a hundred units or more and a whole vocabulary of candidates; the six stages are the "
            "same."
        ),
        _(
            "Bahdanau, Cho & Bengio 2015 (attention, with a small network as the score); Luong, Pham & Manning 2015 (the dot "
            "product and these six stages)."
        ),
    )
    folded(lines)
