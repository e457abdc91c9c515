"""learn/counting as a reader meets it: every number drawn is what the counts or the networks say."""

import json
import math
from urllib.parse import parse_qs

import numpy as np
import pytest
import torch

from rnnviz.models import checkpoints, networks
from rnnviz.models.counting import METHODS, NGrams
from rnnviz.models.vocabularies import Lexicon
from rnnviz.ui.rooms.counting import setup
from tests.pages.conftest import Opened
from tests.pages.test_pages import decoded

TEXT = "the cat saw the dog .\nthe dog saw a cat ."
PARTS = ("chain", "zero", "smoothing", "network", "heldout")


class Page(Opened):
    """The page inside the app, opened by a link. params: settings without their prefix."""

    page = "counting"

    def __init__(self, visit, part="chain", lang="en", **params):
        own = {f"counting_{name}": value for name, value in params.items()}
        super().__init__(visit, lang=lang, counting_part=part, **own)

    @property
    def ledger(self) -> dict | None:
        """What the table of tokens was sent."""
        return self.visit._sent("rnnviz_counting")

    @property
    def rows(self) -> dict[str, list]:
        return {
            row["label"]: [f"{c['over']}/{c['under']}" if isinstance(c, dict) else c for c in row["cells"]]
            for row in self.ledger["rows"]
        }

    def figure(self, id: str) -> dict:
        return self.visit.figures[id]

    def type(self, text: str) -> "Page":
        self.test.main.text_input[0].set_value(text).run()
        assert not self.test.exception
        return self

    def count(self, text: str) -> "Page":
        self.test.main.text_area[0].set_value(text).run()
        assert not self.test.exception
        return self


@pytest.fixture
def page(visit):
    return lambda part="chain", **params: Page(visit, part, **params)


def counted(text=TEXT, sentence=""):
    """The same counts made by hand: the first id stands for unknown words."""
    words = Lexicon.of([text], "words")
    ids = lambda read: [max(0, i - 2) for i in words.encode(read)]  # noqa: E731
    return NGrams.of(ids(text), 6, len(words) - 2), ids(sentence)


def values(trace, key="y"):
    return np.array(trace[key] if isinstance(trace[key], list) else decoded(trace[key]), float)


# --- the parts


def test_the_chain_rule_by_hand(page):
    seen = page(text=TEXT, sentence="the dog saw a cat .")
    assert seen.rows["c(h w) / c(h)"] == ["3/12", "2/3", "1/2", "1/2", "1/1", "1/2"]
    assert seen.rows["context h"] == ["–", "the", "dog", "saw", "a", "cat"]
    assert seen.rows["product so far"] == ["0.25", "0.1667", "0.08333", "0.04167", "0.04167", "0.02083"]
    assert seen.rows["log₁₀"][-1] == "−1.68"
    assert seen.ledger["place"] == 5
    np.testing.assert_allclose(
        values(seen.figure("products")["data"][0]),
        np.log10(np.cumprod([1 / 4, 2 / 3, 1 / 2, 1 / 2, 1, 1 / 2])),
    )
    kinds = [[(t["text"], t["kind"]) for t in line if t["kind"]] for line in seen.ledger["text"]]
    assert kinds == [[("cat", "context")], [("cat", "context"), (".", "hit")]]


def test_the_fraction_of_the_chosen_token_is_written_out(page):
    seen = page(text=TEXT, sentence="the dog saw", place=2)
    assert seen.ledger["place"] == 1
    first, second = seen.ledger["lines"]
    assert first[0] == "p(dog | the) =" and first[1] == {"over": "c(the dog)", "under": "c(the)"}
    assert first[3] == {"over": "2", "under": "3"} and first[4][1] == {"strong": "0.6667"}
    assert second == ["0.25 × 0.6667 =", {"strong": "0.1667"}]


def test_without_a_link_the_tutorials_case_is_shown_with_its_zero(page):
    seen = page("zero")
    assert [token["text"] for token in seen.ledger["tokens"]] == "seven times one is seven".split()
    assert seen.rows["order 1"] == ["2/36", "4/36", "3/36", "5/36", "2/36"]
    assert seen.rows["order 2"] == ["2/36", "0/2", "1/4", "2/3", "1/5"]
    assert seen.rows["order 3"][2] == "0/0"
    assert seen.ledger["zeros"][:2] == [[False] * 5, [False, True, False, False, False]]
    assert seen.ledger["place"] == 1
    assert "“seven times” was never seen: from token 2" in seen.test.text[0].value
    traces = {t["name"]: t for t in seen.figure("products")["data"]}
    assert np.isfinite(values(traces["order 1"])).all() and "order 1: 0" not in traces
    assert np.isnan(values(traces["order 2"])).tolist() == [False, True, True, True, True]
    assert [s["x0"] for s in seen.figure("products")["layout"]["shapes"] if s["type"] == "rect"] == [1.5]


@pytest.mark.parametrize("sentence", ["one times two is two", "two times three is six"])
def test_what_the_tutorial_saw_has_no_zero(page, sentence):
    seen = page("zero", sentence=sentence)
    assert not any(map(any, seen.ledger["zeros"][:2])) and "No zero at order 2" in seen.test.text[0].value


def test_every_estimate_is_the_counts_own(page):
    sentence, more = "a dog saw a zebra .", {"k": 0.3, "discount": 0.6}
    seen = page("smoothing", text=TEXT, sentence=sentence, order=3, place=2, **more)
    counts, ids = counted(sentence=sentence)
    names = dict(zip(METHODS, ("likelihood", "add-k", "backoff", "Kneser-Ney"), strict=True))
    traces = {t["name"]: t for t in seen.figure("estimates")["data"]}
    for method, name in names.items():
        p = counts.probability(ids, method, 3, **more)
        assert [float(cell) for cell in seen.rows[name]] == pytest.approx(p, rel=1e-3)
        np.testing.assert_allclose(values(traces[name])[p > 0], -np.log(p[p > 0]))
    assert seen.rows["backoff: order that answered"] == ["1", "1", "2", "3", "1/V", "1"]
    ends = [line[-1][-1]["strong"] for line in seen.ledger["lines"] if isinstance(line[-1][-1], dict)]
    wanted = [counts.probability(ids, method, 3, **more)[1] for method in METHODS]
    assert [float(end) for end in ends] == pytest.approx(wanted, rel=1e-3)
    (table,) = seen.test.dataframe
    assert table.value["perplexity"].tolist()[0] == "∞"
    shares = [counts.distribution(ids[:1], method, 3, **more) for method in METHODS]
    unseen = shares[0] == 0
    given = [float(cell.removesuffix(" %")) for cell in table.value["given to the unseen"]]
    assert given == pytest.approx([100 * share[unseen].sum() for share in shares], rel=0.01)


def test_one_place_in_full(page):
    seen = page("smoothing", text=TEXT, sentence="the dog", place=2)
    counts, ids = counted(sentence="the dog")
    bars = {t["name"]: t for t in seen.figure("next")["data"]}
    row = counts.distribution(ids[:1], "kneser-ney", 2)
    np.testing.assert_allclose(values(bars["Kneser-Ney"], "x"), sorted(row, reverse=True))
    assert "<b>dog ✓</b>" in seen.figure("next")["layout"]["yaxis"]["ticktext"]
    own, passed = (values(t, "x") for t in seen.figure("build_up")["data"])
    np.testing.assert_allclose(own + passed, counts.stages(ids, "kneser-ney", 2)["estimate"][:, 1])


def test_the_networks_read_the_same_letters_and_never_give_a_zero(page):
    text = "the king drinks wine"
    seen = page("network", sentence=text)
    traces = {t["name"]: t for t in seen.figure("estimates")["data"]}
    counts, _card = checkpoints.load("counts-characters")
    for kind in ("rnn", "gru", "lstm"):
        model, card = checkpoints.load(f"shakespeare-{kind}")
        ids = checkpoints.vocabulary(card).encode(text)
        with torch.inference_mode():
            logs = networks.log_probabilities(model, ids).double().numpy()
        wanted = -logs[np.arange(len(ids) - 1), ids[1:]]
        np.testing.assert_allclose(values(traces[kind.upper()])[1:], wanted, rtol=1e-4, atol=1e-6)
        smallest = next(t for t in seen.figure("smallest")["data"] if t["name"] == kind.upper())
        np.testing.assert_allclose(
            values(smallest)[1:], logs[:-1].min(1) / math.log(10), rtol=1e-4, atol=1e-4
        )
        assert f"{kind.upper()}: 0" not in [t["name"] for t in seen.figure("smallest")["data"]]
    with np.errstate(divide="ignore"):
        own = -np.log(counts.probability(ids, "likelihood", 6))[1:]
    drawn = values(traces["likelihood"])
    np.testing.assert_array_equal(np.isinf(drawn[1:]), np.isinf(own))
    np.testing.assert_allclose(drawn[1:][np.isfinite(own)], own[np.isfinite(own)])
    assert np.isnan(drawn[0])
    assert "likelihood: 0" in [t["name"] for t in seen.figure("smallest")["data"]]


@pytest.mark.parametrize("unit", ["characters", "words"])
def test_held_out_losses_are_those_of_the_cards(page, unit):
    seen = page("heldout", unit=unit)
    card = checkpoints.card(f"counts-{unit}")
    whole = max(row["tokens"] for row in card["held_out"])
    data = seen.figure("held_out")["data"]
    top = seen.figure("held_out")["layout"]["yaxis"]["tickvals"][-1]
    over_order = {t["name"]: values(t) for t in data if t["xaxis"] == "x"}
    for method, name in zip(METHODS, ("likelihood", "add-k", "backoff", "Kneser-Ney"), strict=True):
        wanted = [r["loss"] for r in card["held_out"] if r["method"] == method and r["tokens"] == whole]
        np.testing.assert_allclose(over_order[name], [top if loss is None else loss for loss in wanted])
    networks = {"RNN", "GRU", "LSTM"} if unit == "characters" else set()
    assert over_order.keys() - networks == {"likelihood", "add-k", "backoff", "Kneser-Ney"}
    for name in networks:
        loss = checkpoints.card(f"shakespeare-{name.lower()}")["scores"]["validation"]
        assert over_order[name].tolist() == [loss, loss]
    (table,) = seen.test.dataframe
    assert len(table.value) == len(card["held_out"]) + len(networks)
    assert (table.value["perplexity"] == "∞").sum() == sum(r["loss"] is None for r in card["held_out"])


def test_networks_of_another_text_are_not_drawn_beside_the_counts(page, monkeypatch):
    real = checkpoints.card

    def other(name):
        card = real(name)
        return card | {"data": {"source": "another"}} if name == "shakespeare-rnn" else card

    monkeypatch.setattr(checkpoints, "card", other)
    monkeypatch.setattr(checkpoints, "stamp", lambda name: "another")
    names = {t["name"] for t in page("heldout").figure("held_out")["data"]}
    assert "RNN" not in names and {"GRU", "LSTM"} <= names


# --- what the reader does


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("part", PARTS)
def test_each_part_is_there_for_each_source_in_both_languages(page, part, lang):
    for source in ("own", "words", "characters"):
        seen = page(part, lang=lang, source=source)
        assert seen.lines == [] and seen.greeting == []


def test_the_address_leads_back_to_the_same_view(page):
    given = {
        "part": "smoothing",
        "order": 3,
        "text": TEXT,
        "sentence": "the dog",
        "place": 2,
        "k": 0.1,
        "discount": 0.5,
    }
    address = parse_qs(page(**given).visit.address[1:])
    assert {name: address[f"counting_{name}"] for name in given} == {k: [str(v)] for k, v in given.items()}
    assert not any(name.startswith("counting") for name in parse_qs(page().visit.address[1:]))


@pytest.mark.parametrize("source", setup.EXAMPLES)
def test_each_example_is_a_click_away(page, source):
    seen = page("zero", source=source)
    for sentence in setup.EXAMPLES[source]:
        seen.test.button_group(key="pick_counting_example").set_value(sentence).run()
        assert not seen.test.exception and seen.settings["counting_sentence"] == sentence
        assert len(seen.ledger["tokens"]) == len(seen.rows["order 1"])


def test_another_source_keeps_the_sentence_and_takes_the_order_that_suits_it(page):
    seen = page(sentence="the king", order=3)
    seen.test.button_group(key="pick_counting_source").set_value("characters").run()
    assert not seen.test.exception
    assert seen.settings["counting_order"] is None and seen.test.slider(key="pick_counting_order").value == 6
    assert [token["text"] for token in seen.ledger["tokens"]] == list("the·king")


def test_another_text_is_counted_anew(page):
    seen = page(sentence="b a").count("a b a b a")
    assert seen.rows["c(h w) / c(h)"] == ["2/5", "2/2"]


# --- bad input


@pytest.mark.parametrize("part", PARTS[:3])
@pytest.mark.parametrize("text", ["", "   \n "])
def test_an_empty_text_or_sentence_gives_one_line_and_keeps_what_was_typed(page, part, text):
    seen = page(part, sentence="the dog").count(text)
    assert seen.lines == ["There is nothing to count: write a few words in the box above."]
    assert seen.ledger is None and seen.settings["counting_sentence"] == "the dog"
    seen = page(part, text=TEXT).type(text)
    assert seen.lines == ["Type a sentence above, and each of its tokens is looked up in the counts."]
    assert seen.settings["counting_text"] == TEXT


@pytest.mark.parametrize(
    ("source", "word", "longest"), [("own", "two ", 60), ("words", "king ", 60), ("characters", "k", 100)]
)
def test_a_long_sentence_is_cut_and_it_is_said(page, source, word, longest):
    seen = page(source=source, sentence=word * 110)
    assert seen.lines == [
        f"Only the first {longest} tokens of the sentence are read; the rest ({110 - longest}) is left out."
    ]
    assert len(seen.ledger["tokens"]) == longest and seen.test.main.text_input[0].value == word * 110


def test_a_long_text_is_cut_and_it_is_said(page):
    seen = page().count("one two " * 400)
    assert seen.lines[0] == "Only the first 3,000 of your 3,200 characters are counted."
    assert seen.settings["counting_text"] == "one two " * 400


def test_only_unknown_words_are_read_as_one_token_and_it_is_said(page):
    seen = page("smoothing", sentence="zebras yodel 파리")
    assert seen.lines == ["None of these tokens was counted: each is read as the one token “unknown”."]
    assert seen.rows["likelihood"] == ["0"] * 3 and all(token["unknown"] for token in seen.ledger["tokens"])
    assert seen.rows["backoff: order that answered"] == ["1/V"] * 3


def test_unknown_words_are_named(page):
    assert page(sentence="one zebra").lines == ["Not counted, and read as the one token “unknown”: zebra"]


def test_an_order_above_what_was_counted_is_lowered_and_it_is_said(page):
    seen = page("zero", text="a b", sentence="a b", order=4)
    assert seen.lines == ["Your lines have 2 tokens, so there is no n-gram of order 4; order 2 is shown."]
    assert (
        list(seen.rows) == ["order 1", "order 2"] and seen.test.slider(key="pick_counting_order").value == 4
    )


def test_one_letter_is_too_little_for_a_network(page):
    assert page("network", sentence="a").lines == [
        "Type at least two characters: the first is given, the next is scored."
    ]


def test_a_place_that_is_no_longer_there_gives_one_line(page):
    seen = page(sentence="one times two", place=9)
    assert seen.lines == ["There is no token 9 any more, since the sentence has 3."]
    assert seen.ledger["place"] == 2 and seen.test.run() and seen.lines == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("part", "x"),
        ("source", "me"),
        ("order", "7"),
        ("order", "x"),
        ("k", "0"),
        ("discount", "1"),
        ("unit", "own"),
        ("place", "0"),
    ],
)
def test_a_damaged_link_gives_one_line(visit, name, value):
    seen = Page(visit, **{name: value}) if name != "part" else Page(visit, value)
    assert len(seen.greeting) == 1 and f"counting_{name}" in seen.greeting[0]


@pytest.mark.parametrize("part", PARTS[:4])
def test_what_the_reader_typed_is_never_taken_for_markdown(page, part):
    hostile = "<img src=x onerror=alert(1)> ![x](http://example.org/x.png) **bold**"
    seen = page(part, text=f"{hostile}\n{hostile}", sentence=hostile)
    shown = [part.value for kind in (seen.test.markdown, seen.test.caption) for part in kind]
    assert not any("example.org" in text or "<img" in text or "**bold" in text for text in shown)
    for spec in seen.visit.figures.values():
        drawn = json.dumps(spec).replace("<b>0</b>", "")
        assert "<img" not in drawn and '"<"' not in drawn


@pytest.mark.parametrize("sign", ["�", "⟨start⟩", "\u2028a\u2028", "\x00"])
def test_odd_signs_are_counted_like_others(page, sign):
    assert page("smoothing", text=f"{sign} a {sign} a", sentence=f"a {sign}").ledger["tokens"]


def test_counts_that_are_missing_give_one_line(page, tmp_path, monkeypatch):
    monkeypatch.setenv("RNNVIZ_CHECKPOINTS", str(tmp_path))
    for part, params in (("chain", {"source": "words"}), ("network", {}), ("heldout", {})):
        (line,) = (line for line in page(part, **params).lines if "counts" in line)
        assert line.startswith("These counts cannot be opened: there is no checkpoint")
    assert page().ledger["tokens"]  # the reader's own lines need none


@pytest.mark.parametrize("part", PARTS)
def test_a_second_look_counts_nothing(page, part, monkeypatch):
    seen = page(part)
    monkeypatch.setattr(NGrams, "of", lambda *a, **k: pytest.fail("counted again"))
    monkeypatch.setattr(checkpoints, "load", lambda *a, **k: pytest.fail("loaded again"))
    monkeypatch.setattr(networks, "log_probabilities", lambda *a, **k: pytest.fail("read again"))
    assert not seen.test.run().exception
