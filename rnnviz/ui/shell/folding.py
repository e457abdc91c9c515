"""Texts and plain values as they travel in a link: deflated, then in letters that an address may hold."""

import base64
import binascii
import json
import zlib


def fold(text: str) -> str:
    """A text as it travels in a link."""
    return base64.urlsafe_b64encode(zlib.compress(text.encode("utf-8", "replace"), 9)).decode()


def unfold(folded: str, longest: int) -> str:
    """What was folded. Raises ValueError where it is damaged, or unfolds to more than `longest` bytes."""
    try:
        unfolding = zlib.decompressobj()
        raw = unfolding.decompress(base64.b64decode(folded, altchars=b"-_", validate=True), longest)
        if not unfolding.eof:
            raise ValueError("cut off, or longer than it may be")
        return raw.decode("utf-8")
    except (zlib.error, binascii.Error, UnicodeDecodeError) as problem:
        raise ValueError("damaged") from problem


def packed(value) -> str:
    """Plain values, as JSON has them, as they travel in a link."""
    return fold(json.dumps(value, separators=(",", ":"), ensure_ascii=False))


def unpacked(value: str, longest: int):
    """What was packed. Raises ValueError where it is damaged, or unfolds to more than `longest` bytes."""
    try:
        return json.loads(unfold(value, longest))
    except RecursionError as problem:
        raise ValueError("damaged") from problem
