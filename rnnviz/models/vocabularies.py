"""Vocabularies: text to ids and back, and how a token is shown."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

UNKNOWN = "\N{REPLACEMENT CHARACTER}"
"""The token that stands for every character a vocabulary does not hold; always id 0."""

HANGUL_FILLERS = "\u115f\u1160\u3164\uffa0"  # letters by category, but without a shape


# up to 500 characters and then one that is never composed with what stands before it: there a text can be cut
_STRETCH = re.compile(r".{1,500}(?=[\0-\x7f\u1100-\u115f\u4e00-\u9fff\uac00-\ud7a3]|\Z)|.{1,500}", re.DOTALL)


def composed(text: str) -> str:
    """Unicode's form NFC: Hangul and accents that came in parts are put together.

    Python takes time that grows with the square of how many marks stand on one letter; so they are looked at by hundreds.
    """
    return "".join(unicodedata.normalize("NFC", stretch) for stretch in _STRETCH.findall(text))


@dataclass(frozen=True)
class Vocabulary:
    """Characters and their ids. Id 0 is `UNKNOWN`; the others follow in code point order.

    characters: the known characters, each a string of length 1. Where they hold syllables of Hangul, and no parts of what could
    be put together, a text is read with its Hangul and its accents put together (NFC): some systems hand it over in parts.
    """

    characters: tuple[str, ...]
    composes: bool = field(init=False, repr=False, compare=False)
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        counts = Counter(self.characters)
        wrong = [
            c for c, n in counts.items() if not isinstance(c, str) or len(c) != 1 or c == UNKNOWN or n > 1
        ]
        if wrong:
            raise ValueError(
                f"a vocabulary holds single characters, each once, without {UNKNOWN!r}; got {wrong!r}"
            )
        object.__setattr__(self, "_ids", {c: i for i, c in enumerate(self.characters, start=1)})
        object.__setattr__(
            self,
            "composes",
            any(map(_is_syllable, self.characters)) and not any(map(_is_part, self.characters)),
        )

    @classmethod
    def of(cls, text: str, at_least: int = 1) -> "Vocabulary":
        """The characters that occur `at_least` times in `text`."""
        counts = Counter(text)
        return cls(tuple(sorted(c for c, n in counts.items() if n >= at_least and c != UNKNOWN)))

    def __len__(self) -> int:
        return len(self.characters) + 1

    @property
    def tokens(self) -> tuple[str, ...]:
        """The token of each id."""
        return (UNKNOWN, *self.characters)

    def read(self, text: str) -> str:
        """The text as it is read, a character a token: put together where this vocabulary `composes`, else as it is."""
        return composed(text) if self.composes else text

    def encode(self, text: str) -> list[int]:
        """One id for each character of the text as it is read; 0 where the character is not known."""
        return [self._ids.get(c, 0) for c in self.read(text)]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of the ids; `UNKNOWN` for 0. Raises IndexError beyond the vocabulary."""
        tokens, ids = self.tokens, list(ids)
        if any(i < 0 for i in ids):
            raise IndexError(f"ids count from 0; got {min(ids)}")
        return "".join(tokens[i] for i in ids)

    def unknown(self, text: str) -> Counter[str]:
        """The characters of the text as it is read that are not known, and how often each occurs."""
        return Counter(c for c in self.read(text) if c not in self._ids)


def _is_syllable(character: str) -> bool:
    return "\uac00" <= character <= "\ud7a3"


def _is_part(character: str) -> bool:
    """Whether composing may take this character out of a text."""
    joins = unicodedata.category(character).startswith("M") or "\u1100" <= character <= "\u11ff"
    return joins or unicodedata.normalize("NFC", character) != character


START, END = "⟨start⟩", "⟨end⟩"
START_ID, END_ID = 1, 2
LONGEST_WORD = 100  # letters; what is longer is no word, and counts as several
WORD = re.compile(rf"(?:\w(?:'(?=\w))?){{1,{LONGEST_WORD}}}|[^\w\s]")


@dataclass(frozen=True)
class Lexicon:
    """The tokens of one side of a model that reads or writes sentences. Ids: 0 `UNKNOWN`, 1 `START`, 2 `END`, then the entries.

    unit: 'characters', or 'words' (lower case, each sign by itself). entries: each once.
    """

    unit: str
    entries: tuple[str, ...]
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.unit not in ("characters", "words"):
            raise ValueError(f"a lexicon's unit is 'characters' or 'words'; got {self.unit!r}")
        wrong = [e for e in self.entries if not isinstance(e, str) or self.split(e) != [e]]
        wrong += [e for e, n in Counter(self.entries).items() if n > 1]
        if wrong:
            raise ValueError(f"a lexicon holds {self.unit}, each once; got {wrong!r}")
        object.__setattr__(self, "_ids", {e: i for i, e in enumerate(self.tokens)})

    @classmethod
    def of(cls, texts: Iterable[str], unit: str, at_least: int = 1) -> "Lexicon":
        """The tokens that occur `at_least` times in the texts, the commonest first."""
        empty = cls(unit, ())
        counts = Counter(token for text in texts for token in empty.split(text))
        common = sorted((-n, token) for token, n in counts.items() if n >= at_least and token != UNKNOWN)
        return cls(unit, tuple(token for _n, token in common))

    def __len__(self) -> int:
        return len(self.entries) + 3

    @property
    def tokens(self) -> tuple[str, ...]:
        """The token of each id."""
        return (UNKNOWN, START, END, *self.entries)

    def split(self, text: str) -> list[str]:
        """The tokens of a text; Hangul that came in parts is put together, typographic quotes become plain ones."""
        text = composed(text).replace("’", "'")
        return list(text) if self.unit == "characters" else WORD.findall(text.lower())

    def encode(self, text: str) -> list[int]:
        """One id for each token of the text; 0 where it is not known."""
        return [self._ids.get(token, 0) for token in self.split(text)]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of the ids, up to the first `END`."""
        found = []
        for i in ids:
            if i == END_ID:
                break
            found.append(self.tokens[i])
        return ("" if self.unit == "characters" else " ").join(found)

    def unknown(self, text: str) -> list[int]:
        """Which tokens of the text are not known."""
        return [i for i, id in enumerate(self.encode(text)) if not id]


def cut(lexicon: Lexicon, typed: str, longest: int) -> tuple[str, int]:
    """What is read of a text, at most `longest` tokens, and how many are left out."""
    typed = typed.strip()
    tokens = lexicon.split(typed)
    if len(tokens) <= longest:
        return typed, 0
    return ("" if lexicon.unit == "characters" else " ").join(tokens[:longest]), len(tokens) - longest


def visible(token: str) -> str:
    """A token as it is shown: blanks, line ends and what has no shape of its own get a sign.

    ' ' -> '·', newline -> '↵', tab -> '⇥', other control characters their Unicode control picture, a combining mark
    sits on a dotted circle, an invisible format character becomes its code point.
    """
    if (
        token.isascii() and token.isprintable() and " " not in token
    ):  # most are, and a series has a hundred thousand
        return token
    return "".join(_visible(c) for c in token)


def _visible(character: str) -> str:
    signs = {" ": "·", "\n": "↵", "\t": "⇥", "\x7f": "␡"}
    if character in signs:
        return signs[character]
    if character < " ":
        return chr(0x2400 + ord(character))
    category = unicodedata.category(character)
    if category.startswith("M"):
        return "◌" + character
    if category.startswith(("C", "Z")) or character in HANGUL_FILLERS:
        return f"U+{ord(character):04X}"
    return character
