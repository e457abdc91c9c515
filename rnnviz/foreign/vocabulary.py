"""What tokens are called, by their ids: as a file of weights says it, or as somebody types or uploads it."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from rnnviz.foreign.arrays import shown
from rnnviz.told import Told

MOST = 200_000  # tokens
LONGEST = 1_000_000  # letters of a text that lists them
LONGEST_TOKEN = 200  # letters of one
SIGNS = {"\\n": "\n", "\\t": "\t", "\\r": "\r", "\\s": " ", "\\\\": "\\"}  # as they stand in a list of lines
_NAMED = re.compile(
    r"(?i)(id(x)?(_to_|2)?|ix(_to_|2)?)?(vocab(ulary)?|itos|stoi|tokens?|chars?|characters|letters|alphabet|words?|word_index)"
    r"((_to_|2)?(id|idx|ix|index|int))?s?"
)


def is_called_so(name: str) -> bool:
    """Whether what goes by that name may be a vocabulary: vocab, stoi, char_to_ix …"""
    return _NAMED.fullmatch(re.split(r"[./]", name)[-1]) is not None


def of_file(said: Iterable[Any]) -> dict[int, str] | None:
    """The vocabulary of a file: the only one among what it says under such names. None where there is none, or more than one."""
    found: list[dict[int, str]] = []
    for one in said:
        try:
            made = parsed(one) if isinstance(one, str) else of(one)
        except ValueError:
            continue
        if made not in found:
            found.append(made)
    return found[0] if len(found) == 1 else None


def parsed(text: str) -> dict[int, str]:
    """Tokens by their ids, of a text: JSON, a list or an object that has ids; or one token a line, the first of id 0; or one line
    of single characters.

    In lines, \\n \\t \\r \\s stand for a line end, a tab, a carriage return and a blank; a line may be a blank itself.
    Raises Told.

    >>> parsed('["a", "b"]') == parsed("a\\nb") == parsed("ab") == parsed('{"b": 1, "a": 0}')
    True
    """
    if len(text) > LONGEST:
        raise Told("a vocabulary of {count:,} letters; at most {most:,}", count=len(text), most=LONGEST)
    if text.lstrip()[:1] in ("[", "{"):
        try:
            said = json.loads(text)
        except (ValueError, RecursionError) as problem:
            if (
                len(text.strip()) > 2 and text.lstrip()[1] != "\n"
            ):  # else a list of lines whose first token is a bracket
                line = " ".join(str(problem).split())[:100]
                raise Told("the vocabulary begins as JSON and is none: {line}", line=line) from None
        else:
            return of(said)
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    if len(lines) == 1:
        return of(list(lines[0]))
    return of([re.sub(r"\\[ntrs\\]", lambda sign: SIGNS[sign[0]], line) for line in lines])


def of(said: Any) -> dict[int, str]:
    """Tokens by their ids, of a list (the first has id 0), of token → id, or of id → token; also of a tokenizer as Keras writes
    it. Raises Told."""
    if isinstance(said, Mapping) and isinstance(said.get("config"), Mapping):
        said = said["config"].get("word_index", said["config"].get("vocabulary"))
        if isinstance(said, str):
            return parsed(said)
    if isinstance(said, Mapping):
        if said and all(type(one) is int for one in said.values()):
            pairs = [(one, token) for token, one in said.items()]
        else:
            pairs = [(_id(one), token) for one, token in said.items()]
    elif isinstance(said, list | tuple):
        pairs = list(enumerate(said))
    else:
        raise Told("the vocabulary is neither a list of tokens nor tokens with their ids")
    if not 2 <= len(pairs) <= MOST:
        raise Told("the vocabulary has {count:,} tokens; wanted 2 to {most:,}", count=len(pairs), most=MOST)
    found: dict[int, str] = {}
    for one, token in pairs:
        if not isinstance(token, str) or not 0 < len(token) <= LONGEST_TOKEN:
            raise Told(
                "the token of id {id} came as {token!r}; wanted a text of 1 to {most} letters",
                id=one,
                token=shown(token),
                most=LONGEST_TOKEN,
            )
        if one in found or not 0 <= one < 2**31:
            raise Told("the id {id} stands in the vocabulary twice, or is below 0", id=one)
        found[one] = token
    if len(set(found.values())) < len(found):
        seen: set[str] = set()
        twice = next(token for token in found.values() if token in seen or seen.add(token))  # type: ignore[func-returns-value]
        raise Told("{token!r} stands in the vocabulary twice", token=shown(twice))
    return dict(sorted(found.items()))


def _id(said: object) -> int:
    if type(said) is int:
        return said
    if isinstance(said, str) and re.fullmatch(r"[0-9]{1,9}", said):
        return int(said)
    raise Told("{said!r} in the vocabulary has no whole number as its id", said=shown(said))
