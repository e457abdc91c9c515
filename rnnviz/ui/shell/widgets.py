"""Controls that show and change settings, texts that make a point, and lines for the reader."""

import string
from collections.abc import Callable, Iterable, Mapping, Sequence

import streamlit as st

from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose as _choose
from rnnviz.ui.shell.settings import settings


def pick(widget, name: str, label: str, options=None, value=None, choose=None, **more):
    """A widget that shows and changes the setting `name`, and keeps it over page changes; what is typed stays.

    value: shown where it is not the setting itself, as for a text that nobody has typed yet. choose: called with what the
    reader chose, in place of settings.choose.
    """
    key = f"pick_{name}"
    st.session_state[key] = settings()[name] if value is None else value
    arguments = {} if options is None else {"options": options}
    choose = choose or (lambda value: _choose(**{name: value}))
    return widget(label, key=key, on_change=_picked, args=(key, choose), **arguments, **more)


def examples(key: str, options: Iterable, here, choose: Callable, names: Mapping | None = None) -> None:
    """Texts that make a point, each a click away. here: the one that is shown, None for the reader's own. choose: called with
    the one that was clicked. names: what they are called, where that is not what they are."""
    st.session_state[key] = here
    st.pills(
        _("Examples"),
        list(options),
        key=key,
        on_change=_picked,
        args=(key, choose),
        **({"format_func": names.get} if names else {}),
    )


def _picked(key: str, choose: Callable) -> None:
    value = st.session_state[key]
    if value is not None:
        choose(value)


def notice(line: str, error: bool = False) -> None:
    """One line for the reader, shown as text: nothing in it is taken for markdown."""
    shown = "".join(f"\\{c}" if c in string.punctuation else c for c in line)
    (st.error if error else st.warning)(shown)


def folded(lines: Sequence[str]) -> None:
    """What to know about the pictures above, under each other, folded away."""
    with st.expander(_("What you see")):
        for line in lines:
            st.markdown(f"- {line}")
