"""Reviews judged by networks that read them token by token: one, two side by side, or many at once."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from rnnviz.studies import judging
from rnnviz.ui.parts.numbers import shown
from rnnviz.ui.parts.tables import table_csv
from rnnviz.ui.rooms.sentiment import pictures, reviews
from rnnviz.ui.rooms.sentiment.opinions import (
    LONGEST,
    Models,
    Opinion,
    called,
    language,
    models,
    percent,
    read,
)
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import examples, folded, notice, pick

TEXTS = ("sentiment_text", "sentiment_first", "sentiment_second")  # settings that are the reader's texts
# by language: reviews that make a point
EXAMPLES = {
    "english": {
        "negation": "The film is not bad at all, and it is never dull.",
        "turn": "The acting is wonderful and the music is moving, but the story is dull and far too long.",
        "praise_late": "A thin plot, flat jokes and a slow start; still, the ending is powerful and beautiful.",
        "long": (
            "I expected little, and the first half hour seemed to prove me right: a familiar story, told without much energy. "
            "But then the two leads meet, and the film becomes funny, honest and surprisingly moving. It is not perfect, and the "
            "ending is rushed, yet it is one of the best films of the year."
        ),
    },
    "korean": {
        "negation": "생각보다 나쁘지 않았어요. 지루할 틈이 없었네요.",
        "turn": "배우들 연기는 정말 좋았는데 이야기가 너무 지루해서 보다가 졸았다.",
        "praise_late": "초반은 좀 지루하고 유치하지만 마지막 장면은 정말 감동적이었다.",
        "long": (
            "기대를 별로 안 하고 봤는데 처음부터 끝까지 눈을 뗄 수가 없었다. 배우들 연기도 훌륭하고 음악도 장면마다 잘 어울렸다. "
            "결말이 너무 급하게 끝나서 조금 아쉽지만 그래도 올해 본 영화 중에 제일 좋았다."
        ),
    },
}
# two reviews that differ in little
PAIRS = {
    "english": {
        "token": ("The film is funny.", "The film is not funny."),
        "denied": ("The film is bad.", "The film is not bad."),
        "order": ("Boring at first, but beautiful in the end.", "Beautiful at first, but boring in the end."),
        "around": ("It is a great film.", "It should have been a great film."),
    },
    "korean": {
        "token": ("이 영화 정말 재미있다", "이 영화 정말 재미없다"),
        "denied": ("돈이 아깝다", "돈이 아깝지 않다"),
        "order": ("지루할 줄 알았는데 재미있었다", "재미있을 줄 알았는데 지루했다"),
        "around": ("또 보고 싶다", "다시는 보고 싶지 않다"),
    },
}


def show() -> None:
    st.header(_("Sentiment"))
    st.write(
        _(
            "Networks trained on film reviews read one token by token. After which token do they change their minds, and "
            "which tokens carry the verdict?"
        )
    )
    choose_what()
    opened = models()
    {"one": one, "two": two, "many": many}[settings()["sentiment_view"]](opened)
    about(opened)
    background()


# ---- what the reader does ------------------------------------------------------------------------------------------


def choose_what() -> None:
    """The language of the reviews, and whether one is read, two or many."""
    with st.container(horizontal=True):
        names = {"english": _("English"), "korean": _("Korean")}
        pick(
            st.segmented_control,
            "sentiment_language",
            _("Reviews in"),
            list(names),
            value=language(),
            choose=_choose_language,
            format_func=names.get,
            required=True,
        )
        views = {"one": _("one review"), "two": _("two, token by token"), "many": _("many at once")}
        pick(
            st.segmented_control,
            "sentiment_view",
            _("View"),
            list(views),
            format_func=views.get,
            required=True,
        )


def _choose_language(picked: str) -> None:
    """What was typed in a language is there again when the reader comes back to it."""
    typed, now = st.session_state.setdefault("sentiment_typed", {}), settings()
    typed[language()] = {name: now[name] for name in TEXTS}
    choose(sentiment_language=picked, **typed.get(picked, dict.fromkeys(TEXTS)))


def _text(name: str) -> str:
    """What is in a text box: what the reader typed, or the first example."""
    typed = settings()[name]
    if typed is not None:
        return typed
    if name == "sentiment_text":
        return EXAMPLES[language()]["turn"]
    return PAIRS[language()]["token"][name == "sentiment_second"]


def _box(widget, name: str, label: str, **more) -> None:
    pick(widget, name, label, value=_text(name), choose=lambda text: _typed(**{name: text}), **more)


def _typed(**texts: str) -> None:
    """The language is kept with what is typed, whatever language the page changes to."""
    choose(sentiment_language=language(), **texts)


def _pills(labels: Mapping[str, tuple[str, str]], texts: Mapping, now, choose) -> None:
    """Examples, each a click away. labels: of each its name, and what to look at while it is read."""
    here = next((name for name, text in texts.items() if text == now), None)
    names = {name: called for name, (called, _seen) in labels.items()}
    examples("pick_sentiment_example", texts, here, lambda name: choose(texts[name]), names)
    if here:
        st.write(labels[here][1])


# ---- the three views -----------------------------------------------------------------------------------------------


def one(opened: Models) -> None:
    """One review: its verdicts, the shares of its tokens, the units that carry the verdict, and three readouts."""
    _box(
        st.text_area,
        "sentiment_text",
        _("A film review"),
        height=90,
        help=_(
            "Up to {longest} words and punctuation marks (syllables in Korean). Press Ctrl+Enter or click outside the box "
            "to have them read."
        ).format(longest=LONGEST),
    )
    labels = {
        "negation": (
            _("criticism denied"),
            _(
                "Two criticisms are denied, which we take as praise. Do the networks, or do they hear only the bad words?"
            ),
        ),
        "turn": (
            _("praise, but …"),
            _(
                "Praise first, criticism after: at which token does each verdict turn? And do the three readouts at the "
                "bottom (last state, mean and attention) come to the same verdict?"
            ),
        ),
        "praise_late": (
            _("praise comes late"),
            _(
                "The last state has just heard the praise; a mean of all states still hears the beginning. Compare the "
                "readouts."
            ),
        ),
        "long": (
            _("a long one"),
            _("The first part is many steps from the end. Does it still have a share in the last verdict?"),
        ),
    }
    _pills(labels, EXAMPLES[language()], _text("sentiment_text"), lambda text: _typed(sentiment_text=text))
    found = read(opened, _text("sentiment_text"))
    if not found:
        return
    into = _looked_into(found)

    def sections() -> list[dict]:
        every = (
            pictures.verdicts(found),
            pictures.shares(into, found),
            pictures.units(into),
            pictures.readouts(found),
        )
        return [section for section in every if section]

    pictures.draw(kept(sections), into.shown, into, into.text)
    with st.expander(_("Every token in numbers")):
        shown, file = kept(_tables, found, into)
        table_csv(shown, "rnnviz-sentiment", file)


def _looked_into(found: Mapping[str, Opinion]) -> Opinion:
    """The chosen model, or the first that is there."""
    return found.get(settings()["sentiment_model"]) or next(iter(found.values()))


def _tables(found: Mapping[str, Opinion], into: Opinion) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every token: rounded for the screen, and in full for the file, where the log odds are there for sums."""
    shares = into.shares()
    index = pd.RangeIndex(1, len(into.ids) + 1, name=_("step"))
    tables = []
    for full in (False, True):
        columns = {_("token"): into.shown}
        for own in found.values():
            columns[f"{own.label}: p"] = own.praise if full else [percent(p) for p in own.praise]
            if full:
                columns[f"{own.label}: " + _("log odds")] = own.odds
        turning = {own.label: judging.turns(own.numbers["verdict"]) for own in found.values()}
        columns[_("changes its mind")] = [
            ", ".join(label for label, turns in turning.items() if t in turns) for t in range(len(into.ids))
        ]
        for method in judging.METHODS:
            values = shares[method].values
            columns[f"{into.label}: {pictures.methods()[method]}"] = (
                values if full else [shown(v) for v in values]
            )
        tables.append(pd.DataFrame(columns, index=index))
    return tables[0], tables[1]


def two(opened: Models) -> None:
    """Two reviews side by side: where their states and their verdicts part."""
    help = _(
        "Up to {longest} words and punctuation marks (syllables in Korean); press Enter to have them read."
    ).format(longest=LONGEST)
    _box(st.text_input, "sentiment_first", _("First review"), help=help)
    _box(st.text_input, "sentiment_second", _("Second review"), help=help)
    labels = {
        "token": (
            _("one token"),
            _(
                "The states are the same up to one token: see how far it drives them apart, and whether the verdict follows."
            ),
        ),
        "denied": (
            _("criticism denied"),
            _(
                "To us, a criticism that is denied is no criticism. Do the verdicts part, or does the network hear only the "
                "bad word?"
            ),
        ),
        "order": (
            _("a different order"),
            _(
                "Nearly the same words in a different order, so counting them tells little. Which end does the network "
                "believe?"
            ),
        ),
        "around": (
            _("the words around"),
            _("The same words appear in both reviews; what surrounds them changes their meaning."),
        ),
    }
    now = (_text("sentiment_first"), _text("sentiment_second"))
    _pills(
        labels,
        PAIRS[language()],
        now,
        lambda pair: _typed(**dict(zip(("sentiment_first", "sentiment_second"), pair, strict=True))),
    )
    if not all(map(str.strip, now)):
        notice(_("Fill in both boxes."))
        return
    both = [read(opened, text) for text in now]
    if not all(both):
        return
    into = [_looked_into(found) for found in both]
    sections, places, columns = pictures.pair(into, both[0])
    pictures.draw(sections, places, into[0], into[0].text, into[1].text)
    with st.expander(_("Every place in numbers")):
        file = pd.DataFrame(columns, index=pd.RangeIndex(1, len(places) + 1, name=_("place")))
        words = {
            name: file[name].map(percent if name.endswith(": p") else shown)
            for name in file.select_dtypes("number")
        }
        table_csv(file.assign(**words), "rnnviz-two-reviews", file)


def many(opened: Models) -> None:
    """Many reviews: pasted or from a file, judged by all models, as a table to sort and to take away."""
    reviews.show(opened)


# ---- below ---------------------------------------------------------------------------------------------------------


def about(opened: Models) -> None:
    """What the models were trained on, how well they do, and whether counting words does better."""
    if not opened:
        return
    cards = {which: card for which, (_model, card, _words) in opened.items()}
    st.write(_against_counting(cards) + _certain(cards))
    with st.expander(_("About the models")):
        baseline = next((card["baseline"] for card in cards.values() if "baseline" in card), None)
        rows = {
            called(which): _scores(card["scores"]) | {_("parameters"): f"{card['parameters']:,}"}
            for which, card in cards.items()
        }
        if baseline:
            rows[_("naive Bayes")] = _scores(baseline["scores"]) | {_("parameters"): "–"}
        st.dataframe(pd.DataFrame.from_dict(rows, orient="index").rename_axis(_("Model")), width="stretch")
        card = next(iter(cards.values()))
        lines = {
            _("data"): card["data"]["source"].removeprefix("https://"),
            _("licence"): " · ".join(
                filter(None, (card["data"]["licence"], card["data"].get("attribution")))
            ),
            _("split"): card["data"].get("split", "–"),
            _("naive Bayes"): baseline["name"] if baseline else "–",
            _("made by"): "\n".join(card["command"] for card in cards.values()),
        }
        for name, value in lines.items():
            st.caption(name)
            st.text(value)


def _scores(scores: Mapping[str, float]) -> dict[str, str]:
    return {
        _("right on validation reviews"): f"{scores['validation']:.1f} %",
        _("right on test reviews"): f"{scores['test']:.1f} %",
    }


def _best(cards: Mapping[str, dict]) -> str:
    return max(cards, key=lambda which: cards[which]["scores"]["validation"])


def _certain(cards: Mapping[str, dict]) -> str:
    """What chance does to accuracies on so many test reviews, in a line."""
    card = cards[_best(cards)]
    if not (count := card["data"].get("reviews", {}).get("test")):
        return ""
    scores = {called(_best(cards)): card["scores"]["test"]}
    if "baseline" in card:
        scores[_("naive Bayes")] = card["baseline"]["scores"]["test"]
    found = []
    for name, score in scores.items():
        low, high = judging.interval(score / 100, count)
        found.append(f"{name} {100 * low:.1f} – {100 * high:.1f} %")
    return " " + _(
        "95 % intervals for {count:,} test reviews (Wilson 1927): {intervals}. Where they overlap, a difference may be chance."
    ).format(count=count, intervals=", ".join(found))


def _against_counting(cards: Mapping[str, dict]) -> str:
    """Whether the best network beats naive Bayes on reviews that neither has seen, in a line."""
    best = _best(cards)
    scores = cards[best]["scores"]
    numbers = {"model": called(best), "network": f"{scores['test']:.1f}"}
    if "baseline" not in cards[best]:
        return _("{model} judges {network} % of test reviews right.").format(**numbers)
    counting = cards[best]["baseline"]["scores"]["test"]
    numbers |= {"counting": f"{counting:.1f}", "ahead": f"{abs(counting - scores['test']):.1f}"}
    if counting > scores["test"]:
        line = _(
            "On test reviews naive Bayes, which only counts tokens and pairs of neighbours, is ahead with {counting} % "
            "right; {model}, the best network by validation, gets {network} %."
        )
    else:
        line = _(
            "On test reviews {model}, the best network by validation, is ahead of naive Bayes, which only counts tokens and "
            "pairs of neighbours: {network} % right against {counting} %."
        )
    return line.format(**numbers)


def background() -> None:
    """How to read the pictures, folded below."""
    folded(
        (
            _(
                "A verdict is p = σ(w · h + b). The curves ask the same question after every token: what if the review "
                "ended here? Only the last point was trained for; an earlier one is what the network expects so far."
            ),
            _(
                "Gradient × input asks how the log odds change along a token’s vector, at this text; integrated gradients "
                "sums such slopes on the way from vectors of zeros (Sundararajan, Taly & Yan 2017); occlusion reads the review "
                "again with the token’s vector set to zero (Zeiler & Fergus 2014)."
            ),
            _(
                "Only integrated gradients must sum to F(x) − F(baseline), here the log odds of the review minus those of "
                "zeros: the completeness error says how far the numerical sum is off. For the other two the gap shows how "
                "far the network is from adding up its tokens."
            ),
            _(
                "The head is linear, so the units’ products w · h and the bias sum to the log odds without a remainder. "
                "This does not say what a unit stands for."
            ),
            _(
                "Two reviews are aligned by their longest common pieces. Where one has no token at a place, its state waits."
            ),
            _(
                "English models read words in lower case, Korean models syllables; the space is a token there, shown as ·."
            ),
            _(
                "Keys: Tab to a chart or a row of tokens, then ← → move the cursor everywhere, Home and End go to the ends."
            ),
        )
    )
