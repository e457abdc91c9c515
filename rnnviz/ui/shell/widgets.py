"""Controls that show and change settings, texts that make a point, and lines for the reader."""

import string
from collections.abc import Callable, Iterable, Mapping, Sequence

import streamlit as st
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.scriptrunner import get_script_run_ctx

from rnnviz.ui.shell import lesson
from rnnviz.ui.shell.language import _, current
from rnnviz.ui.shell.settings import OWN, held, settings, typed
from rnnviz.ui.shell.settings import choose as _choose


def pick(widget, name: str, label: str, options=None, value=None, choose=None, **more):
    """A widget that shows and changes the setting `name`, and keeps it over page changes; what is typed stays.

    value: shown where it is not the setting itself, as for a text that nobody has typed yet. choose: called with what the
    reader chose, in place of settings.choose.
    """
    key = f"pick_{name}"
    arguments = {} if options is None else {"options": options}
    shown = settings()[name] if value is None else value
    choose = choose or (lambda value: _choose(**{name: value}))
    more["disabled"] = more.get("disabled", False) or (held() and name not in OWN)
    # of several options the browser sends the name and not the value
    brought = brings(key) if options is None else None
    if brought is not None and brought != shown:
        choose(brought)
        _drawn()[key] = None
        st.rerun()
    shows(key, shown, label, options, *more.values())
    return widget(label, key=key, on_change=_picked, args=(key, choose), **arguments, **more)


def pick_one(name: str, label: str, names: Mapping[str, str]) -> None:
    """Buttons beside each other, of which one is pressed; what they choose is seen by itself, and the label heard. names: of what
    the setting `name` can be."""
    pick(
        st.segmented_control,
        name,
        label,
        list(names),
        format_func=names.get,
        required=True,
        label_visibility="collapsed",
    )


def pick_cell(name: str) -> None:
    """The kind of cell: RNN, GRU or LSTM. name: of the setting."""
    kinds = ["rnn", "gru", "lstm"]
    pick(st.segmented_control, name, _("Cell"), kinds, format_func=str.upper, required=True)


def shows(key: str, value, *drawn: object) -> None:
    """What the widget with that key shows. Call it before the widget is drawn. drawn: what it is drawn with.

    Nothing is told to a widget that shows it already: what the reader does meanwhile, while the page runs, would be undone.
    On another page, in another language, or with other options it may be another widget, which shows nothing yet; and one
    that the browser has not spoken of may not be drawn yet, and would begin empty.
    """
    known = _drawn()
    now = (st.session_state.get("room"), current(), repr([one for one in drawn if not callable(one)]))
    same = known.get(key) == now and key in st.session_state and st.session_state[key] == value
    brought = brings(key)
    if (brought is None or brought != value) and not (same and sent(key) is not None):
        st.session_state[key] = value
    known[key] = now


def brings(key: str) -> str | bool | None:
    """The text, or whether it is on, that a tab brings along which is older than this visit: the server has ended and begun again
    under it. None where it brings none for the widget of that key, or once that has been drawn."""
    told = sent(key) if key not in _drawn() else None
    if told is not None and told.HasField("bool_value"):
        return told.bool_value
    return typed(told.string_value) if told is not None and told.HasField("string_value") else None


def sent(key: str) -> WidgetState | None:
    """What the browser sent for this run of the widget with that key. None where it did not, or Streamlit cannot be asked."""
    context = get_script_run_ctx()
    state = getattr(context and context.session_state, "_state", None)
    states = getattr(getattr(state, "_new_widget_state", None), "states", {})
    for name, told in states.items():
        if name.endswith(f"-{key}"):
            return told.value if isinstance(told.value, WidgetState) else WidgetState()  # read already
    return None


def _drawn() -> dict:
    """With what each widget of this visit was last drawn."""
    return st.session_state.setdefault("drawn", {})


def examples(
    key: str, options: Iterable, here, choose: Callable, names: Mapping | None = None, **more
) -> None:
    """Texts that make a point, each a click away. here: the one that is shown, None for the reader's own. choose: called with
    the one that was clicked. names: what they are called, where that is not what they are. more: as st.pills takes it."""
    shows(key, here)
    st.pills(
        _("Examples"),
        list(options),
        key=key,
        on_change=_picked,
        args=(key, choose),
        disabled=held(),
        **({"format_func": names.get} if names else {}),
        **more,
    )


def _picked(key: str, choose: Callable) -> None:
    value = st.session_state[key]
    if value is not None:
        choose(value)


def notice(line: str, error: bool = False) -> None:
    """One line for the reader."""
    (st.error if error else st.warning)(as_text(line))


def run_again() -> None:
    """Runs the page once more by itself, as where work has ended: what was said of the reader's link stays."""
    st.session_state["notices"] = st.session_state.get("noticed", [])
    st.rerun()


def as_text(line: str) -> str:
    """A line as Streamlit's markdown writes it: nothing in it is taken for markdown."""
    return "".join(f"\\{c}" if c in string.punctuation else c for c in line)


def folded(lines: Sequence[str]) -> None:
    """What to know about the pictures above, under each other, folded away; not where a lesson asks without answers."""
    if lesson.asks(lesson.UNANSWERED):
        return
    with st.expander(_("What you see")):
        for line in lines:
            st.markdown(f"- {line}")
