"""Whatever is typed into a page or stands in its link, the page stands, and what was typed is still there."""

import pytest

from rnnviz.ui.rooms.attention_by_hand.setup import ONE
from rnnviz.ui.shell.folding import packed
from rnnviz.ui.shell.settings import typed

TEXTS = (
    "a\0b\x07\x1b[31m \x7f\x85\x9f \ufffe\uffff\U0001fffe\U0010ffff",  # controls and noncharacters
    "שלום \u202eabc\u2066 \u200b\u200d\u0301 \u3164\uffa0\ufeff e\u0301 👩‍👩‍👧",  # what has no shape of its own
    "<img src=x onerror=alert(1)> **b** $x^2$ `c` [d](//e) :red[f] {g} %s ____ \\",
    "²⁵/٣/𝟘𝟘 -1e999 " + "9" * 60,  # digits, and none that int() knows
    "\0",
    " \t\n",
)
VIEWS = {
    **{page: {} for page in ("home", "states", "gates", "gradients", "blank", "letters", "generate")},
    "bptt": {"bptt_network": "own"},
    "compare": {"bench": packed({"input": "text", "steps": 8, "seeds": 1, "rows": [{"units": 2}]})},
    "lens": {},
    **{f"transplant {kind}": {"transplant_kind": kind} for kind in ("text", "review", "translation")},
    **{f"attention {task}": {"translate_task": task} for task in ("dates", "korean")},
    **{f"counting {source}": {"counting_source": source} for source in ("own", "characters")},
    **{f"sentiment {view}": {"sentiment_view": view} for view in ("one", "two", "many")},
}


def boxes(test) -> list:
    return [*test.text_area, *test.text_input]


@pytest.mark.parametrize("view", VIEWS)
def test_whatever_is_typed_the_page_stands_and_keeps_it(visit, view):
    page, link = view.split()[0], VIEWS[view]
    test = visit(page, **link).test
    names = [box.key for box in boxes(test)]
    assert names
    for text in TEXTS:
        for box in boxes(test):
            box.set_value(text)
        test.run()
        assert not test.exception, text
        shown = {box.key: box.value for box in boxes(test)}
        assert {key: shown[key] for key in names} == dict.fromkeys(names, typed(text)), text


def test_names_in_a_table_are_texts_like_all_others(visit):
    words = [*TEXTS[:3], "\ud800", ""]
    own = packed({"words": [word[:40] for word in words], "candidates": list(words[:4])})
    seen = visit("attention_by_hand", attention_own=own, attention_example="own")
    assert not seen.test.exception


@pytest.mark.parametrize("page", ["home", "attention_by_hand"])
def test_a_number_beyond_float64_costs_its_setting_only(visit, page):
    memory = [[10**400, *ONE["memory"][0][1:]], *ONE["memory"][1:]]
    seen = visit(page, attention_own=packed({"memory": memory}), lang="ko")
    assert not seen.test.exception
    assert seen.test.sidebar.get("page_link")
    assert ["손상" in line for line in seen.greeting] == [True]
