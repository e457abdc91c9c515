"""explore/sentiment, a list or a file of reviews: each is judged, and what cannot be read gives a line."""

import tomllib

import numpy as np
import pytest

from rnnviz import shipped
from rnnviz.studies import judging
from rnnviz.ui.parts import listed
from rnnviz.ui.rooms import sentiment
from rnnviz.ui.rooms.own import page as own
from rnnviz.ui.rooms.sentiment import page as room_page
from rnnviz.ui.rooms.sentiment import reviews
from tests.pages.sentiment.conftest import opinion


def chosen_file(seen, raw: bytes, name: str = "reviews.csv"):
    """The page with a file in its box."""
    seen.widget("sentiment_source").set_value("file").run()
    seen.test.file_uploader[0].upload(name, raw, "text/csv").run()
    assert not seen.test.exception
    return seen


def table_of(seen):
    return seen.test.dataframe[0].value


@pytest.fixture
def several(page):
    return lambda **more: page(sentiment_view="many", **more)


def test_a_pasted_list_is_judged_line_by_line(several):
    seen = several().type("the film is bad\n\n  not bad at all \nqqq bad", "sentiment_pasted")
    table = table_of(seen)
    assert table["review"].tolist() == ["the film is bad", "not bad at all", "qqq bad"]
    assert table["tokens"].tolist() == [4, 4, 2] and table["unknown (%)"].tolist() == [0, 0, 50]
    for which in sentiment.MODELS:
        wanted = [100 * opinion(which, text)[1]["probability"].values[-1] for text in table["review"]]
        np.testing.assert_allclose(table[f"{room_page.called(which)} (%)"], wanted, atol=0.051)


def test_nothing_pasted_gives_one_line(several):
    assert several().type(" \n ", "sentiment_pasted").lines == ["Type or paste at least one review."]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_file_is_judged_and_its_labels_give_an_accuracy(several, delimiter):
    rows = [("the film is bad", "0"), ("the film is not bad", "positive"), ("all", "부정"), ("bad", "")]
    lines = ["\ufeffid,Text,label", *(f"{i},{text},{label}" for i, (text, label) in enumerate(rows))]
    seen = chosen_file(several(), "\n".join(lines).replace(",", delimiter).encode())
    table = table_of(seen)
    assert table["review"].tolist() == [text for text, _label in rows]
    assert table["label"].tolist() == [label for _text, label in rows]
    odds = (
        opinion("gru", "the film is bad")[1],
        opinion("gru", "the film is not bad")[1],
        opinion("gru", "all")[1],
    )
    right = [
        (one["verdict"].values[-1] > 0) == wanted
        for one, wanted in zip(odds, (False, True, False), strict=True)
    ]
    said = next(part.value for part in seen.test.markdown if part.value.startswith("Judged right"))
    assert "of 3 reviews" in said and f"GRU {100 * sum(right) / 3:.1f} %" in said
    assert seen.lines == ["Rows without a label, which are not counted: 1."]


@pytest.mark.parametrize(
    ("labels", "other", "blank"),
    [("1 2 3 4 5", 4, 0), ("1 0 perhaps", 1, 0), ("1 0 -1", 1, 0), ("5  1", 1, 1), ("3 3", 2, 0)],
)
def test_labels_that_mean_something_else_give_no_accuracy(several, labels, other, blank):
    rows = "".join(f"bad,{label}\n" for label in labels.split(" "))
    seen = chosen_file(several(), f"text,label\n{rows}".encode())
    assert not any(part.value.startswith("Judged right") for part in seen.test.markdown)
    assert [line.split(":")[1].split()[0].rstrip(".") for line in seen.lines] == [
        str(n) for n in (blank, other) if n
    ]
    assert "understood: 1, pos, positive, 긍정; 0, −1, neg, negative, 부정" in seen.lines[-1]


@pytest.mark.parametrize("labels", ["1 0", "pos neg", "1 -1", "1.0 0.0", "긍정 부정", "Positive NEGATIVE"])
def test_labels_that_are_understood_give_an_accuracy(several, labels):
    rows = "".join(f"bad,{label}\n" for label in labels.split())
    seen = chosen_file(several(), f"text,label\n{rows}".encode())
    said = next(part.value for part in seen.test.markdown if part.value.startswith("Judged right"))
    assert "of 2 reviews" in said and said.count("50.0 %") == 5 and seen.lines == []


@pytest.mark.parametrize("encoding", ["cp949", "euc_kr"])
def test_a_file_in_cp949_is_read_and_it_is_said(several, encoding):
    texts = ["정말 재미있다", "안 보면 후회한다", "film"] + (["똠방각하"] if encoding == "cp949" else [])
    seen = chosen_file(several(), "\n".join(["text", *texts]).encode(encoding))
    assert seen.lines == ["The file is not UTF-8; it was read as CP949 (EUC-KR)."]
    assert table_of(seen)["review"].tolist() == texts


def test_the_file_of_many_has_numbers_in_full_and_no_formulas(several, saved):
    texts = ["=1+1 bad", "+bad", "-bad", "@bad", "not = bad", "bad"]
    rows = "".join(
        f'"{text}",{label}\n' for text, label in zip(texts, ("=A1", -1, 1, 0, "pos", "-x"), strict=True)
    )
    seen = chosen_file(several(), f"text,label\n{rows}".encode())
    table = saved["rnnviz-reviews"]
    assert table["review"].tolist() == ["'=1+1 bad", "'+bad", "'-bad", "'@bad", "not = bad", "bad"]
    assert table["label"].tolist() == ["'=A1", "-1", "1", "0", "pos", "'-x"]
    assert table_of(seen)["review"].tolist() == texts
    for which in sentiment.MODELS:
        wanted = [opinion(which, text)[1] for text in texts]
        name = room_page.called(which)
        np.testing.assert_allclose(
            table[f"{name}: log odds"], [one["verdict"][-1] for one in wanted], rtol=1e-4
        )
        np.testing.assert_allclose(
            table[f"{name}: p"], 1 / (1 + np.exp(-table[f"{name}: log odds"])), rtol=1e-12
        )
    assert table["unknown share"].between(0, 1).all()


def test_many_are_said_not_to_be_in_the_address(several):
    assert any("not part of the address" in part.value for part in several().test.markdown)


def test_another_column_can_be_chosen(several):
    seen = chosen_file(several(), b"title,body\nbad,the film\nall,not bad\n")
    (line,) = seen.lines
    assert line.startswith("No column is called “text” or “review”") and line.endswith(
        "Columns found: title, body."
    )
    seen.test.selectbox[0].set_value(1).run()
    assert table_of(seen)["review"].tolist() == ["the film", "not bad"]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("text\nun film réel, étonné et très étrange".encode("latin-1"), "is not text in UTF-8"),
        ("text\nbad".encode("utf-16"), "The file is UTF-16"),
        (b"text\n\xff\xff\xff", "is not text in UTF-8"),
        (b"text\n\0bad", "is not a text table"),
        (b"", "at least one row"),
        (b"text\n\n\n", "at least one row"),
        (b"text,label\n,1\n", "The column “text” is empty"),
        (b'text\n"' + b"a" * 200_000 + b'"', "cannot be read as CSV"),
        (b"text\n" + b"bad\n" * 1_400_000, "The file has 5.3 MB; the limit is 5 MB"),
        (b"text" + b",a" * 99_999 + b"\nbad", "The file has 100,000 columns; the limit is 100. Leave out"),
        (b'text,"\n"' + b",a" * 150 + b"\nbad", "The file has 152 columns; the limit is 100"),
        (b"text\nbad" + b",a" * 10**6, "The file has 1,000,001 columns; the limit is 100"),
        (b"text\n" + b"a\r" * 300_000, "The file has 300,001 lines; the limit is 200,000. Split it."),
    ],
)
def test_a_file_that_cannot_be_read_gives_one_line(several, raw, words):
    seen = chosen_file(several(), raw)
    (line,) = seen.lines
    assert words in line and "\n" not in line and "review" not in table_of(seen)


def test_the_server_takes_no_larger_file_than_the_page():
    config = tomllib.loads(shipped.path(".streamlit/config.toml").read_text("utf-8"))
    assert (
        config["server"]["maxUploadSize"] == max(listed.LARGEST // 2**20, own.LARGEST) + 1
    )  # what a form adds


def test_rows_without_a_review_and_long_ones_are_judged_as_far_as_can_be(several):
    seen = chosen_file(several(), b"text,n\nbad,1\n,2\n" + b"bad " * 230 + b",3\nfilm\n")
    table = table_of(seen)
    assert np.isnan(table["GRU (%)"].tolist()).tolist() == [False, True, False, False]
    assert seen.lines == [
        "Rows without a review, which get no verdict: 1.",
        "Reviews of which only the first 200 tokens are read: 1.",
    ]


def test_no_more_rows_are_judged_than_there_is_room_for(several, monkeypatch):
    monkeypatch.setattr(listed, "ROWS", 3)
    seen = several().type("bad\n" * 5, "sentiment_pasted")
    assert seen.lines == ["There are 5 reviews; the first 3 are judged."] and len(table_of(seen)) == 3


def test_work_that_was_stopped_shows_what_is_done_and_goes_on(several, monkeypatch):
    monkeypatch.setattr(reviews, "CHUNK", 2)
    seen = several()
    judged = judging.log_odds
    calls = []

    def some(model, rows):
        calls.append(len(rows))
        if len(calls) == 6:  # five models judge the first chunk; then the reader stops
            reviews._stop(seen.test.session_state["sentiment_work"], True)
            reviews.st.stop()
        return judged(model, rows)

    monkeypatch.setattr(judging, "log_odds", some)
    seen.type("bad\nfilm\nnot bad\nthe film\nall", "sentiment_pasted")
    seen.test.run()
    assert seen.lines == ["Stopped: 2 of 5 reviews are judged."] and len(table_of(seen)) == 2
    seen.widget("sentiment_on").click().run()
    assert seen.lines == [] and len(table_of(seen)) == 5


def test_what_was_judged_is_not_judged_again(several, monkeypatch):
    seen = several().type("bad\nfilm", "sentiment_pasted")
    monkeypatch.setattr(judging, "log_odds", lambda *a: pytest.fail("judged again"))
    assert not seen.test.run().exception and len(table_of(seen)) == 2
