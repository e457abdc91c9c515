"""English and Korean without a server: gettext catalogues, read from their .po files through Babel."""

import functools
import gettext
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rnnviz.figures import words

LANGUAGES = {"en": "English", "ko": "한국어"}
LOCALES = Path(__file__).resolve().parents[1] / "ui" / "shell" / "locale"


@functools.cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The translations of one language. English is the source, so it needs none."""
    if language == "en":
        return gettext.NullTranslations()
    from babel.messages import mofile, pofile

    with (LOCALES / f"{language}.po").open("rb") as file:
        messages = pofile.read_po(file, locale=language)
    compiled = io.BytesIO()
    mofile.write_mo(compiled, messages)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """While it lasts, figures and what is written on paper speak this language: 'en' or 'ko'."""
    with words.spoken(catalogue(language).gettext):
        yield
