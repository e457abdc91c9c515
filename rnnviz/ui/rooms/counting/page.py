"""learn/counting: a sentence's probability from counts, its zero, what smoothing and networks do about it."""

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st
import xarray as xr

from rnnviz import figures, stats
from rnnviz.figures.counting import LOOKS, order_looks
from rnnviz.figures.steps import escaped
from rnnviz.models.counting import METHODS
from rnnviz.ui.parts.board import drawn
from rnnviz.ui.parts.numbers import power, shown
from rnnviz.ui.parts.tables import table_csv
from rnnviz.ui.parts.tasks import Asked, answers, by_hand, guess_first
from rnnviz.ui.rooms.counting import KS
from rnnviz.ui.rooms.counting.beyond import heldout, network
from rnnviz.ui.rooms.counting.setup import Counted, current, given, place_of, strengths
from rnnviz.ui.rooms.counting.sheet import bold, conditional, draw, fraction, ledger, log10, number, scores
from rnnviz.ui.rooms.counting.tasks import of_chain, of_smoothing, of_zero, tasks
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import folded, pick

CANDIDATES = 10


def show() -> None:
    parts = {
        "chain": (
            _("1 The chain rule"),
            chain,
            _(
                "How likely is a sentence? Count how often each word came after the ones before it, and multiply. Choose a word "
                "to see its fraction."
            ),
        ),
        "zero": (
            _("2 The zero"),
            zero,
            _(
                "One pair of words that was never seen is enough: its factor is 0, and so is the whole product from there on."
            ),
        ),
        "smoothing": (
            _("3 Smoothing"),
            smoothing,
            _(
                "Four ways to share out the probability: only the first gives 0 to what was never seen. Choose a word to "
                "see where its probability comes from. No single sentence can tell which way is best; part 5 does."
            ),
        ),
        "network": (
            _("4 Networks"),
            network,
            _(
                "Shakespeare’s letters, counted, beside three networks that read them. A network never says 0, not even "
                "untrained: its softmax leaves every character a chance. What it learned decides how large, also in contexts it "
                "never saw."
            ),
        ),
        "heldout": (
            _("5 Who is best"),
            heldout,
            _(
                "The real test is text that nobody has seen: lower is better. More text helps every method. A longer "
                "context helps up to a point, and the better the smoothing, the later that point."
            ),
        ),
    }
    st.header(_("The limits of counting"))
    pick(
        st.segmented_control,
        "counting_part",
        _("Part"),
        list(parts),
        format_func=lambda name: parts[name][0],
        required=True,
    )
    _title, show, said = parts[settings()["counting_part"]]
    st.write(said)
    guessing = st.container()
    asked = show() or Asked([])
    with guessing:
        guess_first("counting", asked.questions)
    by_hand("counting", tasks(asked))
    st.page_link("pages/explore/generate.py", label=_("The same counts write text, next to networks"))


# ---- 1 the chain rule ------------------------------------------------------------------------------------------------


def chain() -> Asked | None:
    """The picture of the first part."""
    if not (found := current(given())):
        return None
    place = place_of(found)
    count, total = _fraction_parts(found)
    p = found.probability("likelihood")
    logs = stats.counting.products({"likelihood": p}).values[0]
    ledger(
        found,
        place,
        {
            _("context h"): [found.written(found.context(t)) or "–" for t in range(len(p))],
            "c(h w) / c(h)": [fraction(f"{a:,}", f"{b:,}") for a, b in zip(count, total, strict=True)],
            "p(w | h)": list(map(number, p)),
            _("product so far"): list(map(power, logs)),
            "log₁₀": list(map(log10, logs)),
        },
        _chain_lines(found, place, p, logs, count, total),
        [[False] * len(p), p == 0, p == 0, np.isneginf(logs), np.isneginf(logs)],
        marks=True,
    )
    _products(found, [found.order], _("The product, token by token"))
    prose_chain(found)
    return of_chain(found, place, p, int(count[place]), int(total[place]))


def _fraction_parts(found: Counted) -> tuple[np.ndarray, np.ndarray]:
    """c(h w) and c(h) of each token, at the order that is chosen: (time,) twice."""
    count, total = found.counts.seen(found.ids, found.order)
    at = np.minimum(np.arange(len(found.ids)), found.order - 1)
    return count[at, np.arange(len(at))], total[at, np.arange(len(at))]


def _chain_lines(found: Counted, place: int, p, logs, count, total) -> list[list]:
    context, own = found.written(found.context(place)), found.shown[place]
    joined = found.written((*found.context(place), found.ids[place]))
    over, under = (f"c({joined})", f"c({context})") if context else (f"c({own})", "N")
    first = [
        f"{conditional(found, place)} =",
        fraction(over, under),
        "=",
        fraction(f"{count[place]:,}", f"{total[place]:,}"),
        ["=", bold(number(p[place]))],
    ]
    before = logs[place - 1] if place else 0.0
    lines = [first, [f"{power(before)} × {number(p[place])} =", bold(power(logs[place]))]]
    if not place:
        lines.append(
            [
                _("No word comes before it: this is its share of all N = {count:,} tokens.").format(
                    count=total[0]
                )
            ]
        )
    if not total[place]:
        lines.append([_("The context itself was never seen: 0 / 0 says nothing, and is taken as 0.")])
    return lines


def _products(found: Counted, orders: Sequence[int], title: str) -> None:
    names = [str(order) for order in orders]
    logs = stats.counting.products({n: found.probability("likelihood", int(n)) for n in names})
    chosen_row = names.index(str(found.order))
    characters = found.source == "characters"

    def make():
        looks = order_looks(names, str(found.order))
        return figures.down_to_zero(
            logs,
            looks,
            found.shown,
            wall=chosen_row,
            axis="time" if characters else "free",
            height=360 if len(orders) > 1 else 280,
        )

    drawing = drawn("products", title, make)
    end = logs.values[chosen_row, -1]
    summary = _("The product over {count} tokens at order {order}: {product}.").format(
        count=len(found.tokens), order=found.order, product=power(end)
    )
    draw(found, [drawing], summary)


# ---- 2 the zero ------------------------------------------------------------------------------------------------------


def zero() -> Asked | None:
    """One zero wipes out the sentence; the longer the context, the sooner."""
    if not (found := current(given())):
        return None
    place = place_of(found)
    p = found.probability("likelihood")
    if (p == 0).any():
        at = int((p == 0).argmax())
        said = found.written((*found.context(at), found.ids[at]))
        line = _("“{gram}” was never seen: from token {place} on the product is 0, whatever else follows.")
        line = line.format(gram=said, place=at + 1)
    else:
        line = _(
            "No zero at order {order}: everything here has been seen. Raise the order, or click another example."
        ).format(order=found.order)
    with answers("said"):
        st.text(line)
    orders = list(range(1, found.counts.order + 1))
    _products(found, orders, _("The product so far, for each order; the chosen one stands out"))
    rows, zeros = {}, []
    count, total = found.counts.seen(found.ids)
    time = np.arange(len(found.ids))
    for order in orders:
        at = np.minimum(time, order - 1)
        pairs = list(zip(count[at, time], total[at, time], strict=True))
        rows[_("order {order}").format(order=order)] = [fraction(f"{a:,}", f"{b:,}") for a, b in pairs]
        zeros.append([a == 0 < b for a, b in pairs])
    ledger(found, place, rows, zeros=zeros, marks=True)
    folded(
        (
            _(
                "A product is 0 as soon as one factor is. Being half right counts for nothing: by these counts, a sentence "
                "with one new pair is as impossible as any jumble of words."
            ),
            _(
                "A longer context says more where it was seen, but most long contexts never were. The rows of the table are "
                "c(h w) / c(h) for each order: follow one token down, and watch both numbers shrink."
            ),
            _(
                "0/0 means that the context itself was never seen. The quotient is not defined there; programs take it as 0."
            ),
        )
    )
    return of_zero(found, p)


# ---- 3 smoothing -----------------------------------------------------------------------------------------------------


def smoothing() -> Asked | None:
    """Four estimates side by side: for each token, and for one place in full."""
    source = given()
    left, right = st.columns(2)
    with left:
        pick(
            st.select_slider,
            "counting_k",
            _("add-k: k"),
            KS,
            help=_("As if every n-gram had been seen k more times. k = 1 is Laplace’s rule."),
        )
    with right:
        pick(
            st.slider,
            "counting_discount",
            _("backoff and Kneser-Ney: discount d"),
            min_value=0.05,
            max_value=0.95,
            step=0.05,
            help=_("What is taken off every count, to be shared out among what was never seen."),
        )
    if not (found := current(source)):
        return None
    place = place_of(found)
    p = {method: found.probability(method) for method in METHODS}
    answered = _answered(found)
    rows = {LOOKS[method].title: list(map(number, p[method])) for method in METHODS}
    rows[_("backoff: order that answered")] = [str(n) if n else "1/V" for n in answered]
    zeros = [p[method] == 0 for method in METHODS]
    ledger(found, place, rows, _worked(found, place, p, int(answered[place])), zeros)
    strength = strengths()
    shares = kept(_shares, found, place, strength)
    unseen = shares.sel(series="likelihood").values == 0
    given_away = [f"{100 * share:.3g} %" for share in shares.values[:, unseen].sum(1)]
    with answers("said"):
        st.text(
            _(
                "Seen after this context: {seen:,} of V = {size:,} tokens. Together, all the others get:"
            ).format(seen=int((~unseen).sum()), size=len(unseen))
            + " "
            + " · ".join(f"{LOOKS[m].title} {share}" for m, share in zip(METHODS, given_away, strict=True))
        )
    surprises = stats.counting.surprises(p)
    drawing = drawn(
        "estimates",
        _("−ln p of each token: the higher, the less it was expected"),
        lambda: figures.estimates(
            surprises, found.shown, place, "time" if found.source == "characters" else "free", 360
        ),
    )
    totals = dict(zip(METHODS, surprises.sum("time").values.tolist(), strict=True))
    draw(
        found,
        [drawing, *_place(found, place, shares, strength["discount"])],
        _("In all:") + " " + "; ".join(f"{LOOKS[m].title} {shown(v)} {_('nats')}" for m, v in totals.items()),
    )
    table = scores({LOOKS[m].title: v for m, v in totals.items()}, len(found.tokens))
    table[_("given to the unseen")] = given_away
    with answers("table"):
        table_csv(table, "rnnviz-smoothing")
    prose_smoothing()
    add_k = METHODS.index("add-k")
    with_one = kept(_shares, found, place, strength | {"k": 1.0}).values[add_k, unseen].sum()
    return of_smoothing(found, place, p, float(shares.values[add_k, unseen].sum()), float(with_one))


def _answered(found: Counted) -> np.ndarray:
    """The order at which backoff found each token: (time,), 0 where none did."""
    count, _total = found.counts.seen(found.ids, found.order)
    return np.where(count > 0, np.arange(1, found.order + 1)[:, None], 0).max(0)


def _worked(found: Counted, place: int, p: Mapping[str, np.ndarray], answered: int) -> list[list]:
    """The four estimates of one token, with its numbers in."""
    count, total = (int(v[place]) for v in _fraction_parts(found))
    k, d = strengths()["k"], strengths()["discount"]
    size, order = found.counts.size, found.length(place) + 1
    lines = [
        [
            f"{LOOKS['likelihood'].title}: {conditional(found, place)} =",
            fraction(f"{count:,}", f"{total:,}"),
            ["=", bold(number(p["likelihood"][place]))],
        ],
        [
            f"{LOOKS['add-k'].title}: (c + k) / (c(h) + k V) =",
            fraction(f"{count:,} + {k:g}", f"{total:,} + {k:g} · {size:,}"),
            ["=", bold(number(p["add-k"][place]))],
        ],
    ]
    stages = {
        name: rows[:, place]
        for name, rows in found.counts.stages(found.ids, "backoff", found.order, d).items()
    }
    pieces: list = [f"{LOOKS['backoff'].title}:"]
    for n in range(order, answered, -1):
        if stages["total"][n - 1]:
            pieces.append(f"{number(stages['rest'][n - 1])} ×")
    if answered:
        own, whole = int(stages["count"][answered - 1]), int(stages["total"][answered - 1])
        taken = own - stages["own"][answered - 1] * whole
        pieces.append(fraction(f"{own:,} − {shown(taken)}", f"{whole:,}"))
    else:
        pieces.append(fraction("1", f"V = {size:,}"))
    lines.append([*pieces, ["=", bold(number(p["backoff"][place]))]])
    stages = {
        name: rows[:, place]
        for name, rows in found.counts.stages(found.ids, "kneser-ney", found.order, d).items()
    }
    below = number(1 / size)
    for n in range(1, order + 1):
        own, whole = (int(stages[name][n - 1]) for name in ("count", "total"))
        now = number(stages["estimate"][n - 1])
        end = bold(now) if n == order else now
        head = (
            f"{LOOKS['kneser-ney'].title}, "
            + _("order {n}").format(n=n)
            + f": {conditional(found, place, n)} ="
        )
        if whole:
            rest = number(stages["rest"][n - 1])
            own_part = fraction(f"max({own:,} − {d:g}, 0)", f"{whole:,}")
            lines.append([head, own_part, f"+ {rest} × {below}", ["=", end]])
        else:
            lines.append([head, end, _("(this context was never seen)")])
        below = now
    return lines


def _shares(found: Counted, place: int, strength: Mapping[str, float]) -> xr.DataArray:
    """What every token gets at one place, under each estimate: (series, candidate)."""
    context = found.context(place)
    name = f"p(w | {found.written(context)})" if context else "p(w)"
    return xr.DataArray(
        [found.counts.distribution(context, method, found.order, **strength) for method in METHODS],
        dims=("series", "candidate"),
        coords={"series": list(METHODS)},
        attrs={"long_name": escaped(name), "units": "1"},
    )


def _place(found: Counted, place: int, shares: xr.DataArray, discount: float) -> list:
    """The likeliest tokens at one place, and how Kneser-Ney's estimate of the one that came grows."""
    own, order = found.ids[place], found.length(place) + 1
    best = np.argsort(-shares.sel(series="kneser-ney").values, kind="stable")[:CANDIDATES].tolist()
    # the unknown token, to which much goes, and the one that came
    wanted = (own,) if found.source == "characters" else (0, own)
    best += [each for each in dict.fromkeys(wanted) if each not in best]
    names = [found.name(i) for i in best]

    def grown():
        stages = found.counts.stages(found.ids, "kneser-ney", found.order, discount)
        own, whole = (stages[name][:order, place] for name in ("own", "estimate"))
        parts = {
            "own": ("order", own, {"long_name": "discounted count"}),
            "passed": ("order", whole - own, {"long_name": "passed down"}),
        }
        return figures.build_up(
            xr.Dataset(parts), [_("order {n}").format(n=n + 1) for n in range(order)], 110 + 44 * order
        )

    return [
        drawn(
            "next",
            _("The likeliest tokens at the chosen place, and the one that came (✓)"),
            lambda: figures.next_tokens(shares.isel(candidate=best), names, best.index(own)),
        ),
        drawn("build_up", _("How Kneser-Ney builds the chosen token’s p, order by order"), grown),
    ]


def prose_chain(found: Counted) -> None:
    """What to know about the first part, folded."""
    size = found.counts.size
    folded(
        (
            _(
                "The chain rule is exact: $p(w_1 … w_T)=\\prod_t p(w_t \\mid w_1 … w_{t-1})$. Counting cuts the context to "
                "the last n − 1 tokens, h: that is the Markov assumption, and all that an n-gram model assumes."
            ),
            _(
                "c(h w) is how often w came right after h, c(h) how often anything did. The first tokens have shorter contexts; "
                "N is the number of all tokens."
            ),
            _(
                "V = {size:,} tokens are known, one of them “unknown”, which stands for all that was not counted."
            ).format(size=size),
            _(
                "Products of many probabilities are soon too small to write: log₁₀ adds them up, so −6 is one in a million."
            ),
        )
    )


def prose_smoothing() -> None:
    """The four methods as formulas, folded, in the symbols of the table."""
    with st.expander(_("The four formulas")):
        for line, formula in (
            (
                _("Maximum likelihood: what was counted, and nothing else."),
                r"p(w\mid h)=\frac{c(h\,w)}{c(h)}",
            ),
            (
                _(
                    "add-k (Laplace for k = 1; Lidstone 1920): simple, but with a large V nearly everything goes to the unseen."
                ),
                r"p(w\mid h)=\frac{c(h\,w)+k}{c(h)+k\,V}",
            ),
            (
                _(
                    "Backoff (Katz 1987; with absolute discounting, Ney, Essen & Kneser 1994): what was seen keeps its "
                    "count minus d; for what was not, the context h′, one token shorter, is asked. α makes everything sum "
                    "to 1."
                ),
                r"p(w\mid h)=\begin{cases}\frac{c(h\,w)-d}{c(h)}&c(h\,w)>0\\ \alpha(h)\,p(w\mid h')&\text{else}\end{cases}",
            ),
            (
                _(
                    "Interpolated Kneser-Ney (Kneser & Ney 1995; Chen & Goodman 1999, equation 12): the shorter context "
                    "always has its say. K(h) is how many different tokens followed h. Below the longest context, c is not how "
                    "often but after how many different tokens: “francisco” is frequent, yet nearly always after “san”."
                ),
                r"p(w\mid h)=\frac{\max(c(h\,w)-d,\,0)}{c(h)}+\frac{d\,K(h)}{c(h)}\,p(w\mid h')",
            ),
        ):
            st.markdown(line)
            st.latex(formula)
        st.markdown(_("Below the empty context every token has 1/V: no estimate but the first is ever 0."))
