"""Parts 4 and 5 of learn/counting: networks on the same sentence, and all of them on text that nobody has seen."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
import streamlit as st
import xarray as xr

from rnnviz import figures, stats
from rnnviz.figures.counting import LOOKS
from rnnviz.models import checkpoints
from rnnviz.models.counting import METHODS
from rnnviz.ui.parts.board import drawn, show_figures
from rnnviz.ui.parts.explored import runs
from rnnviz.ui.parts.numbers import power, shown
from rnnviz.ui.parts.tables import table_csv
from rnnviz.ui.parts.tasks import Asked, answers
from rnnviz.ui.rooms.counting.setup import SHIPPED, current, given
from rnnviz.ui.rooms.counting.sheet import draw, scores
from rnnviz.ui.rooms.counting.tasks import of_heldout, of_network
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import folded, notice, pick

STREAMS = (
    16  # that training.held_out_loss reads a text as: the first of each, and what is left over, is not scored
)
NETWORKS = {kind: f"shakespeare-{kind}" for kind in ("rnn", "gru", "lstm")}


# ---- 4 a network -----------------------------------------------------------------------------------------------------


def network() -> Asked | None:
    """The sentence letter by letter: counts on characters beside three networks."""
    if not (found := current(given("characters"))):
        return None
    if len(found.tokens) < 2:
        notice(_("Type at least two characters: the first is given, the next is scored."))
        return None
    text = "".join(found.tokens)
    try:
        read = {kind: runs.read(name, checkpoints.stamp(name), text) for kind, name in NETWORKS.items()}
    except checkpoints.CheckpointError as problem:
        notice(_("This model cannot be opened:") + f" {problem}", error=True)
        return None
    d = found.card["recipe"]["discount"]
    own = {"likelihood": found.probability("likelihood")}
    own["kneser-ney"] = found.counts.probability(found.ids, "kneser-ney", found.order, discount=d)
    said = {
        kind: stats.text.surprise(run.log_probability, list(found.ids)).values for kind, run in read.items()
    }
    surprises = stats.counting.surprises(own | {kind: np.exp(-v.astype(float)) for kind, v in said.items()})
    surprises[:, 0] = np.nan  # which no network predicts

    def least() -> xr.DataArray:
        with np.errstate(divide="ignore"):
            of_counts = {
                name: np.log(found.counts.distributions(found.ids[:-1], name, found.order, discount=d))
                for name in own
            }
        rows = of_counts | {kind: run.log_probability.values[:-1].astype(float) for kind, run in read.items()}
        smallest = stats.counting.smallest(rows)
        return smallest.pad(time=(1, 0)).assign_attrs(smallest.attrs)

    smallest = kept(least)
    looks = [LOOKS[name] for name in surprises["series"].values.tolist()]
    drawings = [
        drawn(
            "estimates",
            _("−ln p of each character but the first, which is given: the higher, the less it was expected"),
            lambda: figures.estimates(surprises, found.shown, None, "time", 340),
        ),
        drawn(
            "smallest",
            _("The smallest probability that any character gets, on an axis with a floor for 0"),
            lambda: figures.down_to_zero(smallest, looks, found.shown, None, "time", 300),
        ),
    ]
    bottom = {kind: float(smallest.sel(series=kind).min()) for kind in ("likelihood", "kneser-ney", *read)}
    summary = _("The smallest probability that any character got:") + " "
    summary += "; ".join(f"{LOOKS[name].title} {power(value)}" for name, value in bottom.items())
    draw(found, drawings, summary)
    totals = dict(
        zip((LOOKS[n].title for n in bottom), surprises.sum("time", skipna=True).values.tolist(), strict=True)
    )
    table = scores(totals, len(text) - 1)
    table[_("smallest p of any character")] = list(map(power, bottom.values()))
    with answers("table"):
        table_csv(table, "rnnviz-counting-network")
    folded(
        (
            _(
                "A network gives every character a score, and softmax makes $p_i=e^{s_i}/\\sum_j e^{s_j}$ of them: e to any "
                "power is above 0, so no character is ever ruled out. It may still be very sure: see how small the smallest gets."
            ),
            _(
                "Counts know two strings as the same or as different. A network reads letters into a state, and states that are "
                "alike lead to predictions that are alike: what it learned of one context serves others that it never saw."
            ),
            _(
                "All five have seen the same {train:,} characters of Shakespeare. The first character is given and not scored: "
                "networks predict what comes after something."
            ).format(train=found.card["data"]["characters"]["train"]),
            _("Here Kneser-Ney uses the discount of the shipped counts, {discount:g}.").format(discount=d),
        )
    )
    return of_network(bottom, dict(zip(bottom, totals.values(), strict=True)))


# ---- 5 held-out text -------------------------------------------------------------------------------------------------


def heldout() -> Asked | None:
    """All of them on text that nobody counted: against order, and against the size of the training text."""
    pick(
        st.segmented_control,
        "counting_unit",
        _("Tokens"),
        list(SHIPPED),
        required=True,
        format_func={"words": _("words"), "characters": _("characters")}.get,
    )
    name = SHIPPED[settings()["counting_unit"]]
    try:
        card = _card(name)
        losses = stats.counting.held_out(card.get("held_out", ()))
    except ValueError as problem:  # a CheckpointError is one
        notice(_("These counts cannot be opened:") + f" {problem}", error=True)
        return None
    best = stats.counting.best(losses)
    networks = _networks(card)
    unit = card["recipe"]["unit"].removesuffix("s")
    drawing = drawn(
        "held_out",
        _("Perplexity on held-out text: against the order, and against the size of the training text"),
        lambda: figures.held_out(losses, best, networks, unit),
    )
    last = best.isel(tokens=-1)
    said = [
        f"{LOOKS[m].title} {shown(math.exp(last.sel(series=m)))} (n = {int(last.sel(series=m)['order'])})"
        for m in METHODS
    ]
    said += [f"{LOOKS[kind].title} {shown(math.exp(loss))}" for kind, loss in networks.items()]
    with answers():
        show_figures(
            f"counting-heldout-{name}", [drawing], summary=_("Lowest perplexity:") + " " + "; ".join(said)
        )
        st.text(_verdict(last, networks))
    with st.expander(_("Every point in numbers")):
        table_csv(_all(losses, networks, unit), f"rnnviz-held-out-{unit}s")
    recipe, count = card["recipe"], card["data"]["characters"]["validation"]
    folded(
        (
            _(
                "Perplexity is e to the power of the mean −ln p: as if each token had been picked from that many equally "
                "likely ones. One token with p = 0 makes it infinite, which is drawn at the top: maximum likelihood fails "
                "on this text from order 2 on."
            ),
            _(
                "Every point was measured on the same validation text, the 5 % after the first 90 % of Tiny Shakespeare, which "
                "nobody counted or trained on. add-k has k = {k:g}, the discount is {discount:g}. On the right each method "
                "stands at the order that is its best with the whole text."
            ).format(k=recipe["k"], discount=recipe["discount"]),
            _(
                "The networks were trained on the whole training text alone: a line over all orders, as they have none, and "
                "one point on the right. They read the validation text as 16 pieces, each from the zero state, so that "
                "{missed} of its {count:,} characters are not scored. Perplexities of words and of characters cannot be "
                "compared."
            ).format(missed=STREAMS + count % STREAMS, count=count),
        )
    )
    rows = {method: last.sel(series=method) for method in METHODS}
    return of_heldout(
        {method: float(row) for method, row in rows.items()} | networks,
        {method: int(row["order"]) for method, row in rows.items()},
    )


def _card(name: str) -> dict:
    """Read once for each state of its file. Raises CheckpointError."""
    return kept(_card_at, name, checkpoints.stamp(name))


def _card_at(name: str, _stamp: str) -> dict:
    return checkpoints.card(name)


def _networks(card: Mapping) -> dict[str, float]:
    """Validation losses of the networks that read the same parts of the same text: none where the counts are of words."""
    found = {}
    if card["recipe"]["unit"] == "characters":
        for kind, name in NETWORKS.items():
            try:
                other = _card(name)
            except checkpoints.CheckpointError:
                continue
            if other["data"] == card["data"]:
                found[kind] = other["scores"]["validation"]
    return found


def _verdict(last: xr.DataArray, networks: Mapping[str, float]) -> str:
    """Who is ahead, in one line."""
    counts = float(last.min())
    method = LOOKS[str(last["series"].values[last.values.argmin()])].title
    if not networks:
        return _("{method} is ahead of the other ways to count: perplexity {counts:.4g}.").format(
            method=method, counts=math.exp(counts)
        )
    ahead = [LOOKS[kind].title for kind, loss in networks.items() if loss < counts]
    behind = [LOOKS[kind].title for kind, loss in networks.items() if loss >= counts]
    return _(
        "Counting at its best ({method}) reaches {counts:.4g}. Networks ahead of it: {ahead}; behind it: {behind}."
    ).format(
        method=method, counts=math.exp(counts), ahead=", ".join(ahead) or "–", behind=", ".join(behind) or "–"
    )


def _all(losses: xr.DataArray, networks: Mapping[str, float], unit: str) -> pd.DataFrame:
    """Every point of the figure, a row each."""
    points = losses.to_series().items()
    rows = [(LOOKS[method].title, order, f"{tokens:,}", loss) for (method, order, tokens), loss in points]
    largest = f"{losses['tokens'].values.max():,}"
    rows += [(LOOKS[kind].title, "–", largest, loss) for kind, loss in networks.items()]
    return pd.DataFrame(
        {
            _("order"): [str(row[1]) for row in rows],
            _("training tokens"): [row[2] for row in rows],
            _("perplexity"): [shown(math.exp(row[3])) for row in rows],
            _("nats per token"): [shown(row[3]) for row in rows],
            _("bits per token"): [shown(row[3] / math.log(2)) for row in rows],
        },
        index=pd.Index([row[0] for row in rows], name=_("estimate")),
    )
