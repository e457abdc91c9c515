"""Links to pages of the app: what one says, and one that a teacher gives to a class."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

import streamlit as st

from rnnviz.ui.shell import address, lesson, ways
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import declared, without_surrogates

HERE = {"localhost", "127.0.0.1", "::1"}
LONGEST = 40_000  # characters of a link


@dataclass(frozen=True)
class View:
    """A page and what it is to show. params: as they stand in a link; place: what stands behind its #."""

    room: str
    params: Mapping[str, str] = field(default_factory=dict)
    place: str = ""


def read(link: str) -> tuple[View, list[str]]:
    """What a link of this app leads to, on whichever machine it was made, and what was wrong with it, a line each. Raises
    ValueError, in one line, where it is no link of this app."""
    link = without_surrogates(link.strip())
    if len(link) > LONGEST:
        raise ValueError(_("This link is too long: it has {count:,} characters.").format(count=len(link)))
    try:
        parts = urlsplit(link)
        given = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=200)
    except ValueError:
        raise ValueError(_("This is no link; copy one from the address bar of a page of this app.")) from None
    name = parts.path.rstrip("/").rpartition("/")[2]
    rooms = {page: room for room, page in ways.ADDRESSES.items() if room != "home"} | {"": "home"}
    if name not in rooms or not (parts.path or parts.query):
        line = _("There is no page “{name}” here; copy a link from the address bar of a page of this app.")
        raise ValueError(line.format(name=name[:40]))
    known = {name: one for name, one in declared().items() if one.read}
    folds = {address.folded_name(name) for name, one in known.items() if one.folds}
    params, wrong = {}, []
    for one, value in given:
        if one in lesson.FREE or one.startswith("embed"):
            continue
        if one not in known.keys() | folds:
            wrong.append(
                _("The link asks for “{name}”, which this version does not know; it was left out.").format(
                    name=one[:40]
                )
            )
            continue
        try:
            if one in known:
                known[one].read(one, value)
            params[one] = value
        except ValueError as problem:
            wrong.append(str(problem))
        except Exception:  # as where a link is opened
            logging.getLogger(__name__).exception("a link's value for %s", one)
            wrong.append(_("The link's value for “{name}” is damaged and was left out.").format(name=one))
    return View(rooms[name], params, parts.fragment), wrong


def root() -> str:
    """The app's own address, as this reader's browser has it: where the page stands that asks."""
    url = (st.context.url or "http://localhost:8501/teach").partition("?")[0].partition("#")[0]
    return url.rstrip("/").rpartition("/")[0] + "/"


def local(link: str) -> bool:
    """Whether a link leads to this machine from this machine only."""
    return urlsplit(link).hostname in HERE


def made(view: View, asks: Iterable[str], language: str, large: bool = False) -> str:
    """A link to that view, which begins with the app's own address: '' for the first page."""
    page = "" if view.room == "home" else ways.ADDRESSES[view.room]
    params = {name: value for name, value in view.params.items() if name not in lesson.FREE}
    asks = list(asks)
    if asks:
        params[lesson.NAME] = lesson.tag(page, params, asks)
    params |= {"lang": language} | ({"projector": "True"} if large else {})
    return f"{page}?{urlencode(params, errors='replace')}" + (f"#{view.place}" if view.place else "")
