"""What is drawn of reviews: sections of curves, token strips and tables under one cursor. See sentiment.js for the parts."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from rnnviz.figures.style import SCALES
from rnnviz.studies import judging
from rnnviz.ui.parts.component import component
from rnnviz.ui.parts.numbers import shown
from rnnviz.ui.rooms.sentiment import MODELS
from rnnviz.ui.rooms.sentiment.opinions import ARCHITECTURES, READOUTS, Opinion, called, percent
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose

LIMIT = 2.0  # nats: where the colour of a share ends, for every text and method
UNITS = 8  # that are listed
SCALES_OF_CURVES = (
    0.25,
    0.5,
    1.0,
    2.0,
    4.0,
    8.0,
    16.0,
    32.0,
    64.0,
)  # the first that holds all values is taken
ROUGH = 0.01  # relative error of completeness from which on it is said
NAMED = 4  # turns or tokens that a line names
RANKED = 5  # tokens from which on a rank correlation says something

_component = component(Path(__file__).parent)


def methods() -> dict[str, str]:
    """What the methods of attribution are called."""
    return {
        "gradient_input": _("gradient × input"),
        "integrated_gradients": _("integrated gradients"),
        "occlusion": _("occlusion"),
    }


def draw(sections: Sequence[dict], places: Sequence[str], one: Opinion, *key: str) -> None:
    """Draws sections over places of a text, each called by what stands there. key: the text. The cursor
    stays where it is as long as the key does."""
    _component(
        data={
            "id": hashlib.sha256("\n".join((one.words.unit, *key)).encode()).hexdigest()[:16],
            "joined": one.words.unit == "words",
            "places": list(places),
            "scales": {name: SCALES[name] for name in ("diverging", "probability")},
            "sections": list(sections),
        },
        key="sentiment",
        on={"model": _model_chosen},
    )


def _model_chosen(which: object) -> None:
    if which in MODELS:
        choose(sentiment_model=which)


# ---- one review ----------------------------------------------------------------------------------------------------


def verdicts(found: Mapping[str, Opinion]) -> dict:
    """The verdict of each architecture after every token, and where it changes its mind."""
    compared = [found[which] for which in ARCHITECTURES if which in found] or list(found.values())[:1]
    says = [
        [_saying(one, one.label, percent(one.praise[t])) for one in compared]
        for t in range(len(compared[0].ids))
    ]
    return {
        "name": "verdicts",
        "title": _("The verdict after every token"),
        "lead": _(
            "Had the review ended there: the probability that it is positive. A ring marks where a network changes its mind."
        ),
        "parts": [
            {"part": "headline", "items": [_headline(one, one.label) for one in compared]},
            {
                "part": "lines",
                "lines": [{"kind": one.kind, "name": one.label, "text": _turning(one)} for one in compared],
            },
            {"part": "readout", "says": says},
            _chart(
                _("Probability of a positive review after every token"),
                compared[0].shown,
                [
                    _curve(one, one.label, one.praise) | {"marks": judging.turns(one.numbers["verdict"])}
                    for one in compared
                ],
            ),
        ],
    }


def shares(one: Opinion, options: Mapping[str, Opinion]) -> dict:
    """Each token's share of one model's log odds by three methods, on one scale, and where the methods disagree."""
    numbers = one.shares()
    opposed = numbers["opposed"].values
    says = [
        [{"name": methods()[m], "text": signed(numbers[m].values[t])} for m in judging.METHODS]
        for t in range(len(one.ids))
    ]
    strips = []
    for method in judging.METHODS:
        values = numbers[method].values
        tokens = [
            {
                "text": token,
                "place": t,
                "unknown": not id,
                "opposed": bool(opposed[t]),
                "value": float(values[t]),
                "say": signed(values[t]),
            }
            for t, (token, id) in enumerate(zip(one.shown, one.ids, strict=True))
        ]
        strips.append(
            {
                "part": "strip",
                "title": methods()[method],
                "tokens": tokens,
                "scale": "diverging",
                "limit": LIMIT,
                "foot": _completeness(numbers[method]),
            }
        )
    keys = [{"mark": "se-opposed", "text": _("signs differ")}] if opposed.any() else []
    if not all(one.ids):
        keys.append({"mark": "se-unknown", "text": _("unknown")})
    return {
        "name": "shares",
        "title": _("Which tokens speak for the {model}’s verdict?").format(model=one.label),
        "lead": _(
            "Each token’s share of the log odds ln p / (1 − p), by three methods on one scale. None is the truth: look "
            "where they disagree."
        ),
        "parts": [
            _picker(one, options),
            {"part": "readout", "says": says},
            *strips,
            {
                "part": "legend",
                "title": _("share of the log odds, nats; beyond ±2 the colour no longer changes"),
                "scale": "diverging",
                "limit": LIMIT,
                "ticks": [{"value": v, "text": short_signed(v)} for v in (-2, -1, 0, 1, 2)],
                "keys": keys,
            },
            {"part": "lines", "lines": [{"text": line} for line in _disagreement(numbers, one)]},
        ],
    }


def units(one: Opinion) -> dict:
    """The units of one model that give most to its verdict, and what all others give, after every token."""
    given, head = one.numbers["contribution"].values, one.numbers["head"].values
    order = np.argsort(-np.abs(given[-1]), kind="stable")
    listed, rest = order[:UNITS], order[UNITS:]
    others, bias = given[:, rest].sum(1), one.numbers.attrs["bias"]
    # no unit that is listed gives more anywhere
    limit = float(np.abs(given[:, listed]).max()) or 1.0
    share = np.abs(given[-1, listed]).sum() / (np.abs(given[-1]).sum() or 1.0)
    sums = _limit(np.concatenate((others, one.odds, [bias])))
    lead = {
        "last": _("h is the last state: the head takes the log odds from it as Σ w·h + b, exactly. "),
        "mean": _(
            "h is the mean of all states so far: the head takes the log odds from it as Σ w·h + b, exactly. "
        ),
        "attention": _(
            "h is the mean of all states so far, weighted by attention: the head takes the log odds from it as Σ w·h + b, "
            "exactly. "
        ),
    }[one.card["model"]["readout"]]
    return {
        "name": "units",
        "title": _("The units that carry the {model}’s verdict").format(model=one.label),
        "lead": lead
        + _(
            "The {count} of {total} units that contribute most at the end give {sum} of the log odds {odds}, and make up "
            "{share} of all |w · h|"
        ).format(
            count=len(listed),
            total=len(order),
            sum=signed(given[-1, listed].sum()),
            odds=signed(one.odds[-1]),
            share=percent(share),
        )
        + (_(": the verdict is spread over many units.") if share < 0.5 else "."),
        "parts": [
            {"part": "readout", "says": [[{"name": "p", "text": percent(p)}] for p in one.praise]},
            {
                "part": "units",
                "title": _("Units that carry the verdict"),
                "columns": [_("unit"), "w", "h", "w · h", _("w · h after every token")],
                "rows": [
                    {
                        "unit": int(u),
                        "weight": float(head[u]),
                        "states": _rounded(one.numbers["pooled"].values[:, u]),
                        "curve": _rounded(given[:, u]),
                    }
                    for u in listed
                ],
                "sums": [
                    {
                        "name": _("the other {count} units").format(count=len(rest)),
                        "values": _rounded(others),
                    },
                    {"name": _("bias b"), "values": [float(bias)] * len(others)},
                    {"name": _("sum = log odds"), "values": _rounded(one.odds)},
                ],
                "limit": limit,
                "limitOfSums": sums,
                "about": _(
                    "Numbers are in nats, at the cursor. The curves of single units run from −{limit} to {limit}, those of "
                    "the sums from −{sums} to {sums}."
                ).format(limit=f"{limit:.3g}", sums=f"{sums:g}"),
            },
        ],
    }


def readouts(found: Mapping[str, Opinion]) -> dict | None:
    """The LSTM with each readout: its verdict, and how much of it is read from each token's state."""
    compared = [found[which] for which in READOUTS if which in found]
    if len(compared) < 2:
        return None
    names = {"last": _("last state"), "mean": _("mean of all states"), "attention": _("attention")}
    weights = [one.numbers["weight"].values for one in compared]
    titles = [f"LSTM, {names[one.card['model']['readout']]}" for one in compared]
    strips = []
    for one, title, weight in zip(compared, titles, weights, strict=True):
        about = _("{percent} positive").format(percent=percent(one.praise[-1]))
        if one.card["model"]["readout"] == "last":  # a row of tokens would say no more
            about += ", " + _("read from the last token’s state alone")
            strips.append({"part": "row", "title": title, "about": about})
            continue
        tokens = [
            {
                "text": token,
                "place": t,
                "unknown": not id,
                "value": float(weight[t]),
                "say": percent(weight[t]),
            }
            for t, (token, id) in enumerate(zip(one.shown, one.ids, strict=True))
        ]
        strips.append(
            {
                "part": "strip",
                "title": title,
                "tokens": tokens,
                "scale": "probability",
                "limit": 1.0,
                "about": about,
            }
        )
    says = [
        [
            {"name": title, "text": percent(weight[t])}
            for one, title, weight in zip(compared, titles, weights, strict=True)
            if one.card["model"]["readout"] != "last"
        ]
        for t in range(len(compared[0].ids))
    ]
    return {
        "name": "readouts",
        "title": _("What the verdict is read from"),
        "lead": _(
            "Three LSTMs, each trained with its own readout: the last state alone, the mean of all, or a mean whose weights the "
            "network chooses. The colour is the weight of each token’s state."
        ),
        "parts": [
            {"part": "readout", "says": says},
            *strips,
            {
                "part": "legend",
                "title": _("weight; the colour grows with its square root"),
                "scale": "probability",
                "limit": 1.0,
                "ticks": [{"value": v, "text": f"{100 * v:g} %"} for v in (0, 0.1, 0.5, 1)],
                "keys": [],
            },
        ],
    }


# ---- two reviews ---------------------------------------------------------------------------------------------------


def pair(
    both: Sequence[Opinion], options: Mapping[str, Opinion]
) -> tuple[list[dict], list[str], dict[str, list]]:
    """Two reviews read by one model, side by side: the sections, what stands at each place, and the numbers there."""
    one = both[0]
    places = judging.align(both[0].tokens, both[1].tokens)
    parted = judging.parting(both[0].numbers, both[1].numbers, places)
    there = [
        [None if step is None else own.shown[step] for own, step in zip(both, place, strict=True)]
        for place in places
    ]
    labels = [a if a == b else f"{a or '–'} | {b or '–'}" for a, b in there]
    distance, praise = parted["distance"].values, parted["probability"].values
    names = [_("first review"), _("second review")]
    words = [list(map(percent, row)) for row in praise]
    says = [
        [
            _saying(one, names[0], words[0][i]),
            _saying(one, names[1], words[1][i]) | {"dash": True},
            {"name": "‖h − h′‖", "text": shown(distance[i])},
        ]
        for i in range(len(places))
    ]
    aligned = [
        {
            "texts": there[i],
            "differs": there[i][0] != there[i][1],
            "say": ", ".join(f"{each['name']} {each['text']}" for each in says[i]),
            "unknown": [
                step is not None and not own.ids[step] for own, step in zip(both, place, strict=True)
            ],
        }
        for i, place in enumerate(places)
    ]
    limit = _limit(distance)
    sections = [
        {
            "name": "pair",
            "title": _("Where the two reviews part ({model})").format(
                model=one.label.replace(" (", ", ").removesuffix(")")
            ),
            "lead": _(
                "The first review above, the second below. Where they differ is underlined; – where one has no token."
            ),
            "parts": [
                _picker(one, options),
                {
                    "part": "headline",
                    "items": [
                        _headline(own, name, dash)
                        for own, name, dash in zip(both, names, (False, True), strict=True)
                    ],
                },
                {"part": "aligned", "title": _("Both reviews, place by place"), "places": aligned},
                {
                    "part": "lines",
                    "lines": [{"text": line} for line in _partings(parted, places, labels, there)],
                },
                {"part": "readout", "says": says},
                _chart(
                    _("Probability of a positive review after every token of both"),
                    labels,
                    [
                        _curve(one, name, row) | {"dash": dash}
                        for name, row, dash in zip(names, praise, (False, True), strict=True)
                    ],
                ),
            ],
        },
        {
            "name": "distance",
            "title": _("How far apart the states are"),
            "lead": _(
                "‖h − h′‖ of the hidden states right after each token, whatever the verdict is read from: 0 until the first "
                "token that differs."
            ),
            "parts": [
                _chart(
                    _("Distance of the states after each place"),
                    labels,
                    [
                        {
                            "kind": one.kind,
                            "name": "‖h − h′‖",
                            "values": _rounded(distance),
                            "says": list(map(shown, distance)),
                        }
                    ],
                )
                | {
                    "bars": True,
                    "high": limit,
                    "middle": None,
                    "above": None,
                    "below": None,
                    "height": 8,
                    "ticks": [{"value": v, "text": f"{v:g}"} for v in (0, limit / 2, limit)],
                }
            ],
        },
    ]
    columns = {name: [row[side] or "" for row in there] for side, name in enumerate(names)}
    columns |= {f"{name}: p": praise[side] for side, name in enumerate(names)}
    columns |= {
        f"{name}: " + _("log odds"): parted["verdict"].values[side] for side, name in enumerate(names)
    }
    return sections, labels, columns | {"‖h − h′‖": distance}


def _partings(parted: xr.Dataset, places, labels: Sequence[str], there) -> list[str]:
    """In words: where two reviews part."""
    distance, praise = parted["distance"].values, parted["probability"].values
    apart = [i for i, (a, b) in enumerate(there) if a != b]
    if not apart:
        return [_("Both are the same to these models.")]
    most, at = int(np.argmax(distance)), apart[0]
    lines = [
        _(
            "The states part at place {place} (“{token}”) with a distance of {first}; they are furthest apart at place {most} "
            "(“{other}”), {largest}; at the end {last}."
        ).format(
            place=at + 1,
            token=labels[at],
            first=shown(distance[at]),
            most=most + 1,
            other=labels[most],
            largest=shown(distance[most]),
            last=shown(distance[-1]),
        )
    ]
    gap = np.abs(praise[0] - praise[1])
    if not np.isnan(gap).all():
        widest = int(np.nanargmax(gap))
        lines.append(
            _("The verdicts are furthest apart at place {place} (“{token}”): {first} and {second}.").format(
                place=widest + 1,
                token=labels[widest],
                first=percent(praise[0][widest]),
                second=percent(praise[1][widest]),
            )
        )
    return lines


# ---- what they are made of -----------------------------------------------------------------------------------------


def signed(value: float) -> str:
    """Three digits behind the point, with a sign."""
    return f"{value:+.3f}".replace("-", "−")


def short_signed(value: float) -> str:
    return f"{value:+g}".replace("-", "−") if value else "0"


def side(probability: float) -> str:
    """What a verdict comes to, in a word."""
    return _("positive") if probability > 0.5 else _("negative")


def _saying(one: Opinion, name: str, text: str) -> dict:
    return {"kind": one.kind, "name": name, "text": text}


def _headline(one: Opinion, name: str, dash: bool = False) -> dict:
    last = one.praise[-1]
    return {"name": name, "kind": one.kind, "dash": dash, "percent": percent(last), "word": side(last)}


def _curve(one: Opinion, name: str, values: np.ndarray) -> dict:
    says = list(map(percent, values))
    return {"kind": one.kind, "name": name, "values": _rounded(values), "says": says}


def _chart(title: str, labels: Sequence[str], lines: Sequence[dict]) -> dict:
    """Probabilities over the places of a text."""
    return {
        "part": "chart",
        "title": title,
        "labels": list(labels),
        "lines": list(lines),
        "low": 0,
        "high": 1,
        "middle": 0.5,
        "ticks": [{"value": v / 4, "text": f"{25 * v} %"} for v in range(5)],
        "height": 14,
        "above": _("positive"),
        "below": _("negative"),
    }


def _picker(one: Opinion, options: Mapping[str, Opinion]) -> dict:
    return {
        "part": "picker",
        "label": _("Model"),
        "options": [{"value": which, "text": called(which)} for which in options],
        "chosen": one.which,
    }


def _turning(one: Opinion) -> str:
    """Where a model changes its mind, in a line."""
    steps = judging.turns(one.numbers["verdict"])
    if not steps:
        return _("{word} from the first token to the last.").format(word=side(one.praise[-1]))
    some = [
        f"{t + 1} “{one.shown[t]}” ({percent(one.praise[t - 1])} → {percent(one.praise[t])})"
        for t in steps[:NAMED]
    ]
    line, more = _("changes its mind at {places}").format(places=", ".join(some)), len(steps) - NAMED
    if more > 0:  # which, the table says
        line += _(" and once more") if more == 1 else _(" and {count} more times").format(count=more)
    return line + "."


def _completeness(share: xr.DataArray) -> str:
    """What the shares sum to, and what they should."""
    at = share.attrs
    line = _(
        "sum {sum}; F(x) − F(baseline) = {value} − ({baseline}) = {difference}; completeness error {error}"
    ).format(
        sum=signed(share.values.sum()),
        value=signed(at["value"]),
        baseline=signed(at["value_baseline"]),
        difference=signed(at["value"] - at["value_baseline"]),
        error=shown(at["completeness_error"]),
    )
    if "steps" in at:
        line += _(" ({steps} steps)").format(steps=at["steps"])
        if at["completeness_error_relative"] > ROUGH:
            line += _("; on the way from zeros the network changes too abruptly for this number of steps")
    return line


def _disagreement(numbers: xr.Dataset, one: Opinion) -> list[str]:
    """How much the methods disagree, in lines."""
    ranks, names = numbers["rank_disagreement"].values, methods()
    pairs = [
        f"{names[judging.METHODS[i]]} / {names[judging.METHODS[j]]} {shown(1 - ranks[i, j])}"
        for i, j in ((0, 1), (0, 2), (1, 2))
    ]
    ranked = _("Spearman’s rank correlation of the tokens’ shares:") + " " + " · ".join(pairs) + "."
    opposed = np.flatnonzero(numbers["opposed"].values)
    some = ", ".join(f"{t + 1} “{one.shown[t]}”" for t in opposed[:NAMED]) + (
        " …" if len(opposed) > NAMED else "."
    )
    signs = _("Opposite signs, both beyond ±{slight}: {count} of {total} tokens").format(
        slight=f"{judging.SLIGHT:g}", count=len(opposed), total=len(one.ids)
    )
    return [*([ranked] if len(one.ids) >= RANKED else []), signs + (f": {some}" if len(opposed) else ".")]


def _limit(values: np.ndarray) -> float:
    largest = float(np.abs(values).max())
    return next((s for s in SCALES_OF_CURVES if s >= largest), largest)


def _rounded(values: np.ndarray) -> list[float | None]:
    """As they are sent: five digits behind the point are more than a pixel shows; None for a gap."""
    return [None if math.isnan(v) else round(float(v), 5) for v in values]
