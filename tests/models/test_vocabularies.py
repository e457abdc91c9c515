"""A vocabulary gives back every text it was made of, and no token is shown as nothing."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnviz.models.vocabularies import END, END_ID, START, UNKNOWN, Lexicon, Vocabulary, composed, visible


@settings(max_examples=60, deadline=None)
@given(st.text())
def test_a_text_comes_back_from_its_own_ids(text):
    vocabulary = Vocabulary.of(text)
    ids = vocabulary.encode(text)
    assert len(ids) == len(text)
    assert all(0 <= i < len(vocabulary) for i in ids)
    assert vocabulary.decode(ids) == text


HANGUL = st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3) | st.sampled_from("aé ㅋㅠ.\n"))


@settings(max_examples=60, deadline=None)
@given(HANGUL, HANGUL)
def test_hangul_is_read_in_syllables_whether_it_comes_whole_or_in_parts(known, text):
    vocabulary, parts = Vocabulary.of(known + "한"), unicodedata.normalize("NFD", text)
    assert vocabulary.read(parts) == vocabulary.read(text) == text
    assert vocabulary.encode(parts) == vocabulary.encode(text)
    assert len(vocabulary.encode(parts)) == len(text)
    assert vocabulary.unknown(parts) == vocabulary.unknown(text)


@pytest.mark.parametrize("characters", ["abc", "한\u1100\u1161", "한e\u0301", "한\u212b"])
def test_no_text_is_put_together_for_a_vocabulary_that_holds_parts_or_no_syllable(characters):
    vocabulary = Vocabulary.of(characters)
    assert vocabulary.read("\u1100\u1161e\u0301") == "\u1100\u1161e\u0301"
    assert vocabulary.decode(vocabulary.encode(characters)) == characters


@settings(max_examples=60, deadline=None)
@given(st.text(), st.text())
def test_what_is_not_known_becomes_id_0_and_is_counted(known, text):
    vocabulary = Vocabulary.of(known)
    ids, text = vocabulary.encode(text), vocabulary.read(text)
    strangers = [c for c in text if c not in known or c == UNKNOWN]
    assert ids.count(0) == len(strangers) == vocabulary.unknown(text).total()
    assert vocabulary.decode(ids) == "".join(UNKNOWN if c in strangers else c for c in text)


def test_ids_follow_the_code_points_after_unknown():
    vocabulary = Vocabulary.of("banana 한")
    assert vocabulary.tokens == (UNKNOWN, " ", "a", "b", "n", "한")
    assert len(vocabulary) == 6
    assert vocabulary.encode("nab한?") == [4, 2, 3, 5, 0]


def test_rare_characters_are_left_out():
    assert Vocabulary.of("aaabbc", at_least=2).characters == ("a", "b")


def test_unknown_characters_are_counted_each():
    assert Vocabulary.of("ab").unknown("abzzy") == {"z": 2, "y": 1}


@pytest.mark.parametrize("characters", [("ab",), ("",), ("a", "a"), (UNKNOWN,)])
def test_a_vocabulary_holds_single_characters_each_once(characters):
    with pytest.raises(ValueError, match="single characters, each once"):
        Vocabulary(characters)


@pytest.mark.parametrize("beyond", [3, 99, -1])
def test_an_id_beyond_the_vocabulary_is_an_error(beyond):
    with pytest.raises(IndexError):
        Vocabulary(("a", "b")).decode([beyond])


@pytest.mark.parametrize(
    ("token", "sign"),
    [
        (" ", "·"),
        ("\n", "↵"),
        ("\t", "⇥"),
        ("\r", "␍"),
        ("\0", "␀"),
        ("\x7f", "␡"),
        ("\u0301", "◌\u0301"),
        ("\u200b", "U+200B"),
        ("\u3000", "U+3000"),
        ("a b", "a·b"),
        ("한", "한"),
        (UNKNOWN, UNKNOWN),
        ("", ""),
    ],
)
def test_a_token_is_shown_as_its_sign(token, sign):
    assert visible(token) == sign


@settings(max_examples=200, deadline=None)
@given(st.characters())
def test_nothing_shown_is_a_blank_or_a_control_character(character):
    shown = visible(character)
    assert shown
    assert all(unicodedata.category(c)[0] not in "CZ" for c in shown)


@pytest.mark.parametrize("filler", ["\u3164", "\u115f", "\u1160", "\uffa0"])
def test_a_hangul_filler_which_has_no_shape_gets_a_sign(filler):
    assert visible(filler) != filler


@settings(max_examples=60, deadline=None)
@given(st.text(), st.sampled_from(["characters", "words"]))
def test_a_lexicon_knows_the_tokens_it_was_made_of(text, unit):
    lexicon = Lexicon.of([text], unit)
    ids, tokens = lexicon.encode(text), lexicon.split(text)
    assert [lexicon.tokens[i] for i in ids] == [t if t != UNKNOWN else UNKNOWN for t in tokens]
    assert lexicon.unknown(text) == [i for i, t in enumerate(tokens) if t == UNKNOWN]
    if unit == "characters":
        assert lexicon.decode(ids) == unicodedata.normalize("NFC", text).replace("’", "'")


def test_words_are_small_and_signs_stand_alone():
    words = Lexicon.of(["I'm fine, Tom."], "words")
    assert words.split("I’m FINE, Tom.") == ["i'm", "fine", ",", "tom", "."]
    assert words.unknown("fine Bob.") == [1]
    assert words.encode("fine") == [words.tokens.index("fine")]


def test_a_lexicon_begins_with_three_tokens_that_no_text_holds():
    lexicon = Lexicon("characters", ("a", "b"))
    assert lexicon.tokens == (UNKNOWN, START, END, "a", "b") and len(lexicon) == 5
    assert lexicon.decode([3, 4, END_ID, 3]) == "ab"
    assert 2 not in lexicon.encode(END)


def test_the_commonest_comes_first_and_the_rare_is_not_known():
    assert Lexicon.of(["bab", "bc"], "characters").entries == ("b", "a", "c")
    assert Lexicon.of(["bab", "bc"], "characters", at_least=2).entries == ("b",)


def test_hangul_in_parts_is_put_together():
    assert Lexicon.of(["각"], "characters").unknown("\u1100\u1161\u11a8") == []


@pytest.mark.parametrize(
    ("unit", "entries"),
    [
        ("letters", ()),
        ("words", ("two words",)),
        ("words", ("A",)),
        ("characters", ("a", "a")),
        ("characters", (1,)),
    ],
)
def test_what_is_no_lexicon_is_refused(unit, entries):
    with pytest.raises((ValueError, TypeError)):
        Lexicon(unit, entries)


def test_words_are_cut_as_the_script_of_the_blank_cuts_them():
    """The same cases as in tests/js/blank.test.js."""
    words = Lexicon("words", ())
    assert words.split("It’s five o'clock, 'now' — ok?") == "it's five o'clock , ' now ' — ok ?".split()
    assert words.split("\u1112\u1161\u11ab 2² ____") == ["한", "2²", "____"]
    assert words.split("  ") == []
    assert [len(word) for word in words.split("a" * 250)] == [100, 100, 50]


@given(
    st.text(st.characters() | st.sampled_from("a \u0301\u0327\u1112\u1161\u11ab"), max_size=60),
    st.integers(0, 600),
)
def test_a_text_is_composed_stretch_by_stretch_as_it_is_as_a_whole(text, before):
    text = "b" * before + text
    assert composed(text) == unicodedata.normalize("NFC", text)
