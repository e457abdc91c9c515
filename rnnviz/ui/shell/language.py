"""English and Korean: gettext catalogues, read from their .po files through Babel."""

import functools
import gettext
import io
from pathlib import Path

import streamlit as st
from babel.messages import mofile, pofile

from rnnviz.figures import words

LANGUAGES = {"en": "English", "ko": "한국어"}
LOCALES = Path(__file__).parent / "locale"


def current() -> str:
    """The reader's language, 'en' until chosen."""
    return st.session_state.get("settings", {}).get("lang", "en")


def _(message: str) -> str:
    """The message in the reader's language; the English source where there is no translation."""
    return catalogue(current()).gettext(message) if message else ""


@functools.cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The translations of one language. English is the source, so it needs none."""
    if language == "en":
        return gettext.NullTranslations()
    with (LOCALES / f"{language}.po").open("rb") as file:
        messages = pofile.read_po(file, locale=language)
    compiled = io.BytesIO()
    mofile.write_mo(compiled, messages)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


words.speak(
    _
)  # a figure asks for each word while it is drawn: it speaks the language of whoever it is drawn for
