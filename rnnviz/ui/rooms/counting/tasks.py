"""What to guess of counts in each part before the table says it, and what to bring a sentence to by hand."""

import math
from collections.abc import Mapping

import numpy as np

from rnnviz.figures.counting import LOOKS
from rnnviz.models.counting import METHODS
from rnnviz.ui.parts.numbers import percent, power, shown
from rnnviz.ui.parts.tasks import Answer, Asked, Question, Task
from rnnviz.ui.rooms.counting.setup import EXAMPLES, MOST, Counted
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import as_text


def tasks(asked: Asked) -> list[Task]:
    return asked.tasks(
        {
            "new": (
                _(
                    "Parts 1 and 2: write a sentence of your own, of words that the lines hold, that gets the probability 0."
                ),
                _("“{gram}” was never seen: a factor of 0."),
            ),
            "order": (
                _(
                    "Part 2: a sentence has the probability 0 at order 2. Make it possible without changing a word."
                ),
                _("At order {order} its probability is {product}: every factor was seen."),
            ),
            "little": (
                _(
                    "Part 3: find a k with which add-k gives all that was never seen after this context less than 10 % together."
                ),
                _("k = {k}: together {unseen}; with k = 1 it would be {one}."),
            ),
        }
    )


def _product(p: np.ndarray) -> float:
    """ln of the sentence's probability; −∞ where it is 0."""
    with np.errstate(divide="ignore"):
        return float(np.log(p).sum())


def _new(found: Counted, p: np.ndarray) -> Mapping[str, str] | bool:
    typed = settings()["counting_sentence"]
    if found.source != "own" or typed is None or typed in EXAMPLES["own"] or not all(found.ids):
        return False
    if not (p == 0).any():
        return False
    at = int((p == 0).argmax())
    return {"gram": found.written((*found.context(at), found.ids[at]))}


# ---- part by part --------------------------------------------------------------------------------------------------


def of_chain(found: Counted, place: int, p: np.ndarray, count: int, total: int) -> Asked:
    """count, total: c(h w) and c(h) of the token that is chosen."""
    other = found.order + 1 if found.order < min(MOST, found.counts.order) else found.order - 1

    def factor() -> Answer:
        says = _("It was counted {count} times among {total}: {share}.").format(
            count=f"{count:,}", total=f"{total:,}", share=percent(float(p[place]))
        )
        return Answer(100 * float(p[place]), says)

    def longer() -> Answer:
        now, then = (_product(found.probability("likelihood", n)) for n in (found.order, other))
        says = _("At order {order}: {now}. At order {other}: {then}.").format(
            order=found.order, now=power(now), other=other, then=power(then)
        )
        return Answer("same" if now == then else "more" if then > now else "less", says)

    word, context = as_text(found.shown[place]), as_text(found.written(found.context(place)))
    asks = (
        _("How often, in percent, is it “{word}” that comes after “{context}”?")
        if found.context(place)
        else _("How often, in percent, is a token “{word}”?")
    )
    questions = [Question("factor", asks.format(word=word, context=context), factor, tolerance=3)]
    if other >= 1:
        asks = _("At order {other} in place of {order}: does the sentence become more or less likely?")
        choices = {"more": _("more likely"), "same": _("just as likely"), "less": _("less likely")}
        questions.append(Question("longer", asks.format(other=other, order=found.order), longer, choices))
    return Asked(questions, {"new": _new(found, p)})


def of_zero(found: Counted, p: np.ndarray) -> Asked:
    def zeros() -> Answer:
        none = np.flatnonzero(p == 0)
        says = _("{zeros} of {count} factors are 0; the sentence gets {product}.").format(
            zeros=len(none), count=len(p), product=power(_product(p))
        )
        return Answer(len(none), says)

    def alone() -> Answer:
        product = _product(found.probability("likelihood", 1))
        says = _("At order 1, each word by itself: {product}.").format(product=power(product))
        return Answer("no" if math.isinf(product) else "yes", says)

    asks = _("How many of the {count} tokens get the probability 0 at order {order}?")
    two = found.probability("likelihood", 2) if found.counts.order > 1 else p
    possible = {"order": str(found.order), "product": power(_product(p))}
    return Asked(
        [
            Question("zeros", asks.format(count=len(p), order=found.order), zeros),
            Question(
                "alone",
                _("Without any context, at order 1: is the same sentence possible?"),
                alone,
                {"yes": _("Yes"), "no": _("No")},
            ),
        ],
        {"new": _new(found, p), "order": bool((two == 0).any()) and not (p == 0).any() and possible},
    )


def of_smoothing(
    found: Counted, place: int, p: Mapping[str, np.ndarray], unseen: float, with_one: float
) -> Asked:
    """p: by method, of each token. unseen: what add-k gives to all that was never seen after this context; with_one: at k = 1."""
    names = {method: LOOKS[method].title for method in METHODS}

    def best() -> Answer:
        logs = {method: _product(p[method]) for method in METHODS}
        says = ", ".join(f"{names[method]}: {power(log)}" for method, log in logs.items()) + "."
        return Answer(tuple(method for method in METHODS if logs[method] == max(logs.values())), says)

    def price() -> Answer:
        seen = np.flatnonzero(p["likelihood"] > 0)
        moved = int((p["add-k"][seen] < p["likelihood"][seen]).sum())
        says = _(
            "add-k lowers {moved} of the {count} tokens that were seen, and lifts the rest: it all has to sum to 1."
        )
        return Answer(
            "none"
            if not moved
            else "all"
            if moved == len(seen)
            else "most"
            if 2 * moved > len(seen)
            else "few",
            says.format(moved=moved, count=len(seen)),
        )

    k = settings()["counting_k"]
    said = {"k": f"{k:g}", "unseen": percent(unseen), "one": percent(with_one)}
    return Asked(
        [
            Question("best", _("Which estimate gives the sentence the highest probability?"), best, names),
            Question(
                "price",
                _("How many of the tokens that were seen get less by add-k than what was counted?"),
                price,
                {
                    "none": _("none of the tokens"),
                    "few": _("at most half"),
                    "most": _("more than half"),
                    "all": _("all of them"),
                },
            ),
        ],
        {"little": 0 < unseen < 0.1 and said},
    )


def of_network(bottom: Mapping[str, float], totals: Mapping[str, float]) -> Asked:
    """bottom: ln of the smallest probability that any character gets, by estimate; totals: −ln p of the text."""
    names = {name: LOOKS[name].title for name in bottom}

    def least() -> Answer:
        says = ", ".join(f"{names[name]}: {power(log)}" for name, log in bottom.items()) + "."
        return Answer("yes" if math.isinf(bottom["rnn"]) else "no", says)

    def best() -> Answer:
        says = ", ".join(f"{names[name]}: {shown(total)}" for name, total in totals.items()) + " (nats)."
        return Answer(tuple(name for name in totals if totals[name] == min(totals.values())), says)

    return Asked(
        [
            Question(
                "never",
                _("Does the RNN give any character the probability 0 anywhere?"),
                least,
                {"yes": _("Yes"), "no": _("No")},
            ),
            Question("best", _("Which of them expects this text best?"), best, names),
        ]
    )


def of_heldout(losses: Mapping[str, float], orders: Mapping[str, int]) -> Asked:
    """losses: the best of each, nats a token; orders: of the counts, at which that is."""
    names = {name: LOOKS[name].title for name in losses}

    def best() -> Answer:
        says = ", ".join(f"{names[name]}: {math.exp(loss):.4g}" for name, loss in losses.items()) + "."
        return Answer(min(losses, key=losses.__getitem__), _("Perplexities:") + " " + says)

    def order() -> Answer:
        says = ", ".join(f"{names[name]}: n = {n}" for name, n in orders.items()) + "."
        return Answer(orders["kneser-ney"], says)

    return Asked(
        [
            Question(
                "best", _("Which of them is least surprised by text that nobody has seen?"), best, names
            ),
            Question(
                "order", _("At which order n is Kneser-Ney best, with all of the text?"), order, tolerance=0
            ),
        ]
    )
