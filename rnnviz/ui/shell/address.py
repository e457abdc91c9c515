"""The address holds the reader's settings, so that a copied link shows the same.

It is written by the browser's history.replaceState: a choice makes no history entry, and Back leads to the page before. Links
are read once when they arrive: at a first visit, after Back, or when the address was edited by hand.
"""

import logging
import re
from collections.abc import Container
from urllib.parse import quote, urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from rnnviz.ui.shell import lesson
from rnnviz.ui.shell.folding import fold, unfold
from rnnviz.ui.shell.language import LANGUAGES, _
from rnnviz.ui.shell.settings import LONGEST_LINK, OWN, choose, declared, settings, without_surrogates

PLAIN = 3000  # characters of an address up to which a text stands in it as it is; else folded
LONGEST = 30_000  # characters of all texts in an address: servers refuse twice that

_address = st.components.v2.component(
    "rnnviz_address",
    js="""export default function ({ data }) {
  const url = new URL(window.location.href);
  const own = new URLSearchParams([...url.searchParams].filter(([name]) => name.startsWith("embed"))); // Streamlit's
  const search = own.size ? `${data.search}${data.search.length > 1 ? "&" : ""}${own}` : data.search;
  if (url.search === search) return;
  url.search = search;
  window.history.replaceState(window.history.state, "", url);
}""",
)


def read() -> list[str]:
    """Takes the settings from the address where it brings new ones. Returns what was wrong with it, a line each."""
    params = st.query_params.to_dict()
    where = (st.context.url or "").split("?")[0]
    came = urlencode(sorted(params.items()), errors="replace")
    moved = where != st.session_state.get("page")
    first = "settings" not in st.session_state
    st.session_state["page"] = where
    seen = st.session_state.setdefault("addresses", set())
    known = {name: one for name, one in declared().items() if one.read}
    folded = {folded_name(name): name for name, one in known.items() if one.folds}
    # while a newer address is on its way to the browser, a rerun still brings the one before: that is not a wish
    names = known.keys() | folded.keys() | {lesson.NAME}
    if not params.keys() & names or (came in seen and not moved and not first):
        return []
    if came == st.session_state.get("address"):
        return []
    seen.add(came)
    if params.get("lang") in LANGUAGES:
        choose(lang=params["lang"])  # what is wrong with the rest is said in it
    found = {name: one.default for name, one in declared().items()} | {name: settings()[name] for name in OWN}
    wrong = []
    for name, value in params.items():
        value = without_surrogates(value)
        try:
            if name in known:
                found[name] = known[name].read(name, value)
            elif name in folded:
                found[folded[name]] = _unfolded(value)
        except ValueError as problem:
            wrong.append(str(problem))
        except Exception:  # a link costs no more than the setting that it names, whatever it holds
            logging.getLogger(__name__).exception("a link's value for %s", name)
            wrong.append(_("The link's value for “{name}” is damaged and was left out.").format(name=name))
    said = {folded.get(name, name) for name in params}
    for name, one in declared().items():
        if name not in said and said.intersection(one.among):
            found[name] = one.was
    choose(**found)
    if lesson.NAME in params:
        line = _(
            "This lesson asks for “{name}”, which this version does not know; the rest is as it was made."
        )
        wrong += [
            line.format(name=without_surrogates(name)[:40])
            for name in sorted(params.keys() - names - {lesson.TURN})
        ]
    lesson.came(params if lesson.NAME in params else None)
    return wrong


def gone(known: Container[str]) -> str | None:
    """A page that this visit has asked for by name, where there is none of that name (any more). known: the names there are."""
    context = get_script_run_ctx()
    name = getattr(getattr(context, "pages_manager", None), "intended_page_name", None) or ""
    if name not in known and re.fullmatch(r"[a-z0-9_-]{1,40}", name, re.IGNORECASE):
        st.session_state["gone"] = name
    return st.session_state.get("gone")


def write(names: Container[str]) -> bool:
    """Puts a page's settings that differ from the defaults into the browser's address. False: a text was too long for it.

    names: of the page's own settings; those of the shell go with every page.
    """
    params, room, said = {}, LONGEST, _to_say(names)
    for name, one in declared().items():
        if name not in said:
            continue
        value = settings()[name]
        if one.counts:
            value += 1
        text = ",".join(value) if isinstance(value, list) else str(value)
        if one.folds and len(quote(text)) > PLAIN:
            whole, text, name = len(text) <= LONGEST_LINK, fold(text), folded_name(name)
            room = room - len(quote(text)) if whole and len(quote(text)) <= room else -1
            if room < 0:
                continue
        params[name] = text
    if lesson.shown():
        params[lesson.NAME] = lesson.tag(st.session_state["room"], params, lesson.now())
    came = urlencode(sorted(params.items()))
    st.session_state["address"] = came
    st.session_state.setdefault("addresses", set()).add(came)
    # Streamlit empties the address at a change of page: it must be written again, though the settings are the same
    st.session_state["runs"] = st.session_state.get("runs", 0) + 1
    _address(data={"search": "?" + urlencode(params), "run": st.session_state["runs"]}, key="address")
    return room >= 0


def _to_say(names: Container[str]) -> set[str]:
    """The settings that a link of this page must name, so that it brings back what they are now."""
    there = {name: one for name, one in declared().items() if one.read and (name in OWN or name in names)}
    said = {name for name, one in there.items() if one.always or settings()[name] != one.default}
    for name, one in there.items():
        # what a link means that does not name it
        if one.among and said.intersection(one.among):
            said.discard(name)
            if settings()[name] != one.was:
                said.add(name)
    return said


def folded_name(name: str) -> str:
    """What a text is called in an address where it is folded."""
    return f"{name}z"


def _unfolded(value: str) -> str:
    try:
        # what a mail or a chat has put between its letters is no part of it
        return unfold(re.sub(r"[^\w=-]", "", value, flags=re.ASCII), 4 * LONGEST_LINK)[:LONGEST_LINK]
    except ValueError:
        raise ValueError(_("The text in this link is damaged; type or paste the text again.")) from None
