"""A text file that a command is given."""

from pathlib import Path


def text_of(file: str | Path) -> str:
    """What stands in it, without a mark of its order of bytes. Raises ValueError, in one line, where it is not UTF-8."""
    try:
        return Path(file).read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{file} is not text in UTF-8: save it as UTF-8") from None
