"""Two looks at a translation: the tree that beam search walks, and what passes from the source with and without attention."""

import copy
import math

import numpy as np
import pandas as pd
import streamlit as st
import xarray as xr

from rnnviz import figures, stats
from rnnviz.models import checkpoints, decoding
from rnnviz.models.vocabularies import END_ID, START_ID
from rnnviz.studies import translating
from rnnviz.ui.parts import explored
from rnnviz.ui.parts.board import drawn, show_board, show_figures
from rnnviz.ui.parts.numbers import probability, shown
from rnnviz.ui.parts.tables import table_csv
from rnnviz.ui.rooms.attention import translation
from rnnviz.ui.rooms.attention.translation import Reading
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import folded, notice, pick

WIDTHS = range(1, 7)
SIGNS = {0: "?", START_ID: "⊢", END_ID: "∎"}  # narrow, so that they fit a node
NAMES = ("with attention", "without")


def beam_view(reading: Reading) -> None:
    """The tree of a beam search on the reader's sentence, the sentences that it found, and whether greedy search found them."""
    st.write(
        _(
            "At each step, every sentence still in the running tries its likeliest next tokens; the best overall are kept "
            "and the rest discarded. Widen the beam: does a sentence win that was not ahead at first?"
        )
    )
    pick(st.segmented_control, "translate_beam", _("Beam width"), WIDTHS, required=True)
    width, plain = settings()["translate_beam"], _untouched(reading)
    with st.spinner(_("Searching …")):
        nodes = kept(_searched, plain, width)
        greedy = kept(_greedy, plain)
    found = decoding.sentences(nodes)
    tree = drawn("tree", _("The tree of the beam search"), lambda: _tree(plain, nodes, found))
    table = _sentences(reading, nodes, found)
    best, total = found[0]
    total = nodes[total[-1]].log_probability
    summary = _(
        "Beam search of width {width} looked at {count} tokens and finished {sentences} sentences."
    ).format(width=width, count=len(nodes), sentences=len(found))
    show_figures(
        f"beam-{plain.key}-{width}",
        [tree],
        summary=summary,
        subject=_("{model}, beam width {width}").format(model=reading.name, width=width),
    )
    st.write(_against_greedy([nodes[i].token for i in found[0][1]], best, total, *greedy))
    if reading.overrides:
        st.caption(_("Both searches ignore your changes to the attention."))
    if nodes[found[0][1][-1]].token != END_ID:
        notice(
            _("No sentence came to an end within {longest} tokens: they are cut off there.").format(
                longest=decoding.LONGEST
            )
        )
    table_csv(table, "rnnviz-beam")
    folded(
        (
            _(
                "Each column is a step; the likeliest sentence so far is at the top. A finished sentence ({sign}) keeps its "
                "row, with its mean log probability (nats per token) and its probability."
            ).format(sign=SIGNS[END_ID]),
            _(
                "The best (thick, square, ★) is the one with the highest mean: the total alone would favour short sentences."
            ),
            _("Drag the picture to see the rest; double-click to go back. Point at a node for its numbers."),
            _("Beam search of width 1 is greedy search. Sutskever, Vinyals & Le 2014, section 3.2."),
        )
    )


def bottleneck_view(reading: Reading) -> None:
    """What the error of an output step sends to each source token, and how the score depends on the source's length."""
    st.write(
        _(
            "Without attention, the whole source must pass through one vector. Choose an output step and see where its "
            "error arrives: with attention, straight at the tokens it looked at; without, only at the ends, and from there "
            "step by step."
        )
    )
    tokens = reading.shown(reading.original_ids)
    if settings()["translate_loss_step"] > len(tokens):
        choose(translate_loss_step=0)
    pick(
        st.selectbox,
        "translate_loss_step",
        _("The loss that is sent back"),
        range(len(tokens) + 1),
        width=260,
        format_func=lambda n: (
            _("of step {step}: {token}").format(step=n, token=tokens[n - 1]) if n else _("of all steps")
        ),
    )
    step = settings()["translate_loss_step"] - 1
    plain = _untouched(reading)
    written = dict(zip((reading.name, reading.plain), (reading.original_ids, reading.plain_ids), strict=True))
    with st.spinner(_("Sending the loss back …")):
        backs = [kept(_sent_back, name, plain, ids, step) for name, ids in written.items()]
        scores = kept(_by_length, plain)
    if step >= len(reading.plain_ids):
        notice(
            _("Without attention only {count} tokens were written: the loss of the last one is used.").format(
                count=len(reading.plain_ids)
            )
        )
    joined = kept(lambda: xr.concat(backs, pd.Index(NAMES, name="model")))
    words = reading.source.unit == "words"
    drawings = [
        drawn(part, title, _norms, plain, joined[part], height)
        for part, height, title in (
            ("total", 320, _("Total gradient at each source token, both directions of the encoder combined")),
            ("direct", 260, _("Direct gradient: what does not come through a neighbouring token")),
        )
    ]
    drawings.append(
        drawn(
            "lengths",
            _("Score against the length of the source: {count:,} test sentences").format(
                count=int(next(iter(scores.values()))["sentences"].sum())
            ),
            lambda: figures.by_length(scores, _kind(plain), own=len(plain.source_ids)),
        )
    )
    st.text(
        _("With attention: {one}\nwithout: {other}").format(
            one=reading.target.decode(reading.original_ids), other=reading.target.decode(reading.plain_ids)
        )
    )
    table = _table(reading, joined, step >= 0)
    show_board(
        f"bottleneck-{plain.key}-{step}",
        () if words else reading.source_tokens,
        () if words else reading.unknown,
        drawings,
        summary=_("Gradient norms at {count} source tokens, with attention and without.").format(
            count=len(reading.source_ids)
        ),
        subject=f"{reading.name}, {reading.plain}",
        cursor=explored.cursor(int(joined["total"].values[0].argmax())),
        clicked=explored.clicked,
    )
    if not words:
        st.caption(  # measured by benchmarks/translating.py
            _(
                "Why are the shortest dates hard without attention? They are bare digits: in 5/1/50 or 19500501 only its place "
                "tells what a digit means, and one vector mixes places up (1950/5/1 became 1950-05-10). Of 200 unseen days it "
                "wrote 66 % and 70 % right in these two forms, but 96 % as “1 May '50”: two digits for the year are not the "
                "trouble. Of the long dates those spelt out in words fail (70 to 81 %); with their digits kept they do as well "
                "as others. With attention every form is at least 99 % right."
            )
        )
    table_csv(table, "rnnviz-bottleneck")
    folded(
        (
            _(
                "Each model's loss is for the text it wrote itself, so the height of a curve reflects how sure that model "
                "is. Compare the shapes instead: where the peaks are and what fades."
            ),
            _(
                "The direct part shows the shortcut: attention hands the error to every source token. Without it the error "
                "enters at two states only, the last one of each direction, and travels on from there."
            ),
            _(
                "Attention does not even out the gradient. It delivers it to where the step looked, however far away that "
                "is."
            ),
            _(
                "The scores were computed after training on sentences that neither model had seen. A bar spans the lengths of "
                "a group, a point stands at its middle."
            ),
            _(
                "Sutskever, Vinyals & Le 2014; Cho et al. 2014; Bahdanau, Cho & Bengio 2015. Computed in float64 with the "
                "models' own weights."
            ),
        )
    )


def _untouched(reading: Reading) -> Reading:
    """The same models on the same text, whatever was changed by hand."""
    return translation.translate(reading.name, reading.text)


def _model(name: str):
    return translation.opened(name, checkpoints.stamp(name))[0]


def _kind(reading: Reading) -> str:
    return reading.card["model"]["kind"]


# ---- beam search ---------------------------------------------------------------------------------------------------


def _searched(reading: Reading, width: int) -> list[decoding.Node]:
    return decoding.beam(_model(reading.name), reading.source_ids, width)


def _greedy(reading: Reading) -> tuple[list[int], float]:
    """What greedy search writes, and the log probability of all of it (nats)."""
    written = decoding.greedy(_model(reading.name), reading.source_ids)
    return written.tokens, written.log_probability[range(len(written.tokens)), written.tokens].sum().item()


def _tree(reading: Reading, nodes: list[decoding.Node], found):
    placed = stats.trees.layout(
        [n.step for n in nodes],
        [n.parent for n in nodes],
        [n.log_probability for n in nodes],
        [n.kept for n in nodes],
        best=found[0][1][-1],
    )
    names = reading.shown(range(len(reading.target)))
    tokens = [SIGNS.get(n.token, names[n.token]) for n in nodes]
    return figures.tree(placed, tokens, _kind(reading))


def _against_greedy(
    tokens: list[int], mean: float, total: float, greedy: list[int], greedy_total: float
) -> str:
    """Whether beam search found a more probable sentence than greedy search, in a line with the numbers."""
    numbers = {
        "mean": shown(mean),
        "total": shown(total),
        "share": _percent(total),
        "greedy_mean": shown(greedy_total / len(greedy)),
        "greedy_total": shown(greedy_total),
        "greedy_share": _percent(greedy_total),
    }
    if tokens == greedy:
        line = _(
            "Greedy search finds the same sentence: {mean} nats per token, {total} in total, a probability of {share}."
        )
    elif total > greedy_total:
        line = _(
            "Beam search found a more probable sentence than greedy search: {mean} nats per token, {total} in total "
            "({share}), against {greedy_mean} per token, {greedy_total} in total ({greedy_share}). More probable does not "
            "mean more correct."
        )
    else:
        line = _(
            "Beam search found no sentence more probable than that of greedy search; its best by the mean has {mean} nats "
            "per token, {total} in total ({share}), against {greedy_mean} per token, {greedy_total} in total "
            "({greedy_share})."
        )
    return line.format(**numbers)


def _sentences(reading: Reading, nodes: list[decoding.Node], found) -> pd.DataFrame:
    """The sentences that were ended, best first, a row each."""
    rows = []
    for score, path in found:
        total = nodes[path[-1]].log_probability
        rows.append(
            {
                _("sentence"): reading.target.decode(nodes[i].token for i in path),
                _("mean (nats per token)"): shown(score),
                _("total (nats)"): shown(total),
                _("probability"): _percent(total),
                _("tokens"): len(path),
            }
        )
    return pd.DataFrame(rows, index=pd.RangeIndex(1, len(rows) + 1, name=_("rank")))


def _percent(log: float) -> str:
    return f"{shown(100 * math.exp(log))} %"


# ---- the bottleneck ------------------------------------------------------------------------------------------------


@st.cache_resource(max_entries=8, show_spinner=False)
def _exact(name: str, stamp: str):
    """The model in float64, with nothing to learn."""
    return copy.deepcopy(_model(name)).double().requires_grad_(False)


def _sent_back(name: str, reading: Reading, written: tuple[int, ...], step: int) -> xr.Dataset:
    """See studies.translating.sent_back; step: −1 for all."""
    model = _exact(name, checkpoints.stamp(name))
    return translating.sent_back(model, reading.source_ids, written, None if step < 0 else step)


def _norms(reading: Reading, norms: xr.DataArray, height: int):
    """norms: (model, time). Under a strip where tokens are characters; words stand under the axis."""
    words = reading.source.unit == "words"
    figure = figures.log_norms(
        norms, [_kind(reading)] * len(NAMES), height=height, axis="free" if words else "time"
    )
    # a lone point, such as each of the two where the error enters without attention, is no line
    for trace, symbol in zip(figure.data[:2], ("circle", "square"), strict=True):
        trace.update(mode="lines+markers", marker={"color": trace.line.color, "size": 6, "symbol": symbol})
    if words:
        ticks = [token.replace("&", "&amp;").replace("<", "&lt;") for token in reading.source_tokens]
        figure.update_xaxes(
            tickvals=list(range(1, len(ticks) + 1)), ticktext=ticks, automargin=True, title=_("source token")
        )
    return figure


def _by_length(reading: Reading) -> dict[str, xr.DataArray]:
    """The scores of both models by the length of the source, from their cards."""
    found = {}
    for label, card in zip(NAMES, (reading.card, checkpoints.card(reading.plain)), strict=True):
        groups = pd.DataFrame(card["by_length"])
        found[label] = xr.DataArray(
            groups["score"].astype(float),
            dims="group",
            coords={name: ("group", groups[name]) for name in ("from", "to", "sentences")},
            attrs={"long_name": "score", "units": card["scores_unit"]},
        )
    return found


def _table(reading: Reading, both: xr.Dataset, single: bool) -> pd.DataFrame:
    """Loss, and the total gradient at the first source token against the last, a row for each model. single: whether the loss is
    one token's, which is a probability too."""
    tokens, rows = reading.source_tokens, {}
    for label, name in zip((_("with attention"), _("without")), NAMES, strict=True):
        one = both.sel(model=name)
        total = one["total"].values
        strongest = int(total.argmax())
        rows[label] = {
            _("loss (nats)"): shown(one["loss"].item()),
            **({_("p = e^−loss"): probability(one["loss"].item())} if single else {}),
            _("norm at the first token"): shown(math.exp(total[0])),
            _("norm at the last token"): shown(math.exp(total[-1])),
            _("first ÷ last"): shown(math.exp(total[0] - total[-1])),
            _("largest at"): f"{strongest + 1}: {tokens[strongest]}",
            _("tokens reached directly"): _("{count} of {total}").format(
                count=int(np.isfinite(one["direct"].values).sum()), total=len(tokens)
            ),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(_("model"))
