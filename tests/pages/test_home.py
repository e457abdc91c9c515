"""The first page: a text as units see it, computed anew; two doors; and the way, said on every page."""

import base64
import json

import numpy as np
import pytest
import torch

from rnnviz.models import checkpoints
from rnnviz.studies.telling import FIRST, KINDS
from rnnviz.ui.rooms.home import TEXTS
from rnnviz.ui.shell import ways
from tests.pages.conftest import PAGES


def sent(seen) -> dict:
    return seen._sent("rnnviz_home")


@pytest.mark.parametrize(
    ("lang", "text", "model"),
    [
        ("en", None, "shakespeare-gru"),
        ("ko", None, "korean-lstm"),
        ("en", "Take my <b>hand</b>,\nand we will walk along the river to the sea.\n", "shakespeare-gru"),
        ("en", "정말 재미있게 봤어요. 배우들이 좋았다.", "korean-lstm"),
    ],
)
def test_each_row_is_the_unit_s_own_state_and_its_share_is_counted_on_this_text(visit, lang, text, model):
    seen = visit(lang=lang, **({"text": text} if text else {}))
    assert (
        not seen.test.exception and all("unknown" in line for line in seen.lines) and (text or not seen.lines)
    )
    text = text or TEXTS[lang]
    network, card = checkpoints.load(model)
    ids = checkpoints.vocabulary(card).encode(text)
    with torch.no_grad():
        states, _last = network.rnn(network.embedding(torch.tensor([ids])))  # of the upper layer
    data = sent(seen)
    assert len(data["tokens"]) == len(text) and len(data["rows"]) == len(FIRST[model])
    for row, one in zip(data["rows"], FIRST[model], strict=True):
        assert one.layer == card["model"]["layers"] - 1
        values = np.frombuffer(base64.b64decode(row["values"]["bdata"]), "f4")
        np.testing.assert_allclose(values, states[0, :, one.unit], atol=1e-5)
        where = np.array(KINDS[one.kind](text))
        if where.any():
            pairs = np.subtract.outer(values[where], values[~where])
            share = (pairs > 0).mean() + (pairs == 0).mean() / 2
            assert f"{100 * (share if one.higher else 1 - share):.1f} %" in row["right"]
        else:
            assert "%" not in row["right"]


def test_what_cannot_be_read_or_is_long_is_one_line_and_stays(visit):
    empty = visit(text="")
    assert ["Type at least one character" in line for line in empty.lines] == [True]
    long = visit(text="to be or not to be " * 30)
    assert "first 240 characters" in long.lines[0] and len(sent(long)["tokens"]) == 240
    assert long.test.text_area[0].value == "to be or not to be " * 30


def test_the_doors_lead_to_the_first_stop_and_to_the_same_text_inside(visit):
    seen = visit(text="so long a line that nobody would say it")
    seen.test.button(key="leave_inside").click().run()
    assert (seen.board["unit"], len(seen.board["tokens"])) == (257, 39)
    assert seen.test.selectbox[0].value == "shakespeare-gru"
    learn = visit()
    learn.test.button(key="leave_learn").click().run()
    assert learn.test.header[0].value == ways.stops()["counting"].title
    assert "open it on" in json.dumps([link.proto.label for link in visit(unit=5).test.main.get("page_link")])


def links(part) -> list[str]:
    return [link.proto.label for link in part.get("page_link")]


def test_every_page_has_its_place_and_one_next(visit):
    known, order = ways.stops(), ways.ways()[ways.LEARN]
    assert set(known) == set(PAGES) - {"home"} == set(ways.FILES) - {"home"}
    assert all(ways.FILES[room] == PAGES[room] for room in ways.FILES)
    assert {room for way in ways.ways().values() for room in way} == set(known) - {"words"}
    for at, room in enumerate(order):  # what a page builds on comes before it
        assert all(one in order[:at] for one in ways.BUILDS_ON.get(room, ()))
    cell = visit("cell")
    line = next(caption.value for caption in cell.test.caption if "stop" in caption.value)
    count = len(ways.ways()[ways.LEARN])
    assert (
        line
        == f"Learn, step by step · stop 4 of {count} · about 10 minutes · builds on: The network unrolled"
    )
    assert [label for label in links(cell.test.main) if "Next" in label] == ["**Next: The four letters** →"]
    assert [e.label for e in cell.test.sidebar.expander if e.proto.expanded] == ["One cell"]
    assert "4 · One cell by hand" in links(cell.test.sidebar)


def test_who_came_from_their_own_network_stays_on_that_way(visit):
    own = visit("own")
    own.go("gates")
    assert "**Next: Gradients** →" in links(own.test.main)
    assert "**Next: Fill in the blank** →" in links(visit("gates").test.main)
    korean = visit("explain", lang="ko")
    count = len(ways.ways()[ways.LEARN])
    assert any(f"{count}단계 중 {count}단계" in caption.value for caption in korean.test.caption)
    assert any("처음 화면으로" in label for label in links(korean.test.main))


def test_every_question_opens_a_picture_that_can_be_drawn_so(visit):
    from rnnviz.ui import rooms
    from rnnviz.ui.rooms.explain.page import questions

    seen = visit("explain")
    asked = [one for chapter in questions().values() for one in chapter]
    assert len(asked) == 20 and list(questions()) == [chapter.title for chapter in ways.chapters()]
    found = [link.proto for link in seen.test.main.get("page_link")]
    assert len(found) >= 20
    for one in asked:
        assert any(link.page == one.room.replace("_", "-") for link in found)
        for name, value in one.view.items():  # what a link holds is read, and shown as it was meant
            assert str(rooms.OF_ROOM[one.room][name].read(name, str(value))) == str(value)
    opened = visit("bptt", bptt_window=2)
    assert not opened.test.exception and opened.lines == []


def test_a_word_is_found_by_its_english_its_korean_or_its_symbol(visit):
    from rnnviz.ui.rooms.words.terms import terms

    every = terms()
    assert 60 <= len(every) == len({one.english for one in every}) and {one.room for one in every} <= set(
        ways.stops()
    )
    for find, wanted in (
        ("forget", ["forget gate"]),
        ("망각", ["forget gate"]),
        ("α_t", ["attention weight"]),
    ):
        seen = visit("words", words_find=find)
        shown = [
            part.value.replace("\\", "") for part in seen.test.main.markdown if part.value.startswith("**")
        ]
        assert [line.split("**")[1] for line in shown] == wanted
    nothing = visit("words", words_find="<b>")
    assert "<b>" in nothing.lines[0] and not nothing.test.exception
