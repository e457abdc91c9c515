"""The folder: a file for each learn page and language, what all of them share beside them, and the way through them."""

import base64
import gzip
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from html import escape
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from rnnviz import __version__, files
from rnnviz.paper import bundle
from rnnviz.paper.file import FAILED, HEAD
from rnnviz.paper.language import LANGUAGES, catalogue
from rnnviz.paper.markup import blocks, inline
from rnnviz.ui.offline.choices import CHOICES, Axis
from rnnviz.ui.offline.elements import COMPONENTS, Sheet, plain
from rnnviz.ui.offline.visits import View, Visit
from rnnviz.ui.shell import ways
from rnnviz.ui.shell.language import spoken
from rnnviz.ui.shell.ways import ADDRESSES

HERE = Path(__file__).parent
UI = HERE.parent
ASSETS = "assets"
LONG = 80  # characters of a text that lies once for all views
# nothing is loaded but what lies beside the page, and nothing is asked of anybody
POLICY = (
    "default-src 'none'; script-src 'self' file: blob:; style-src 'self' file: 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src blob:"
)
SHEET = (
    HEAD
    + """<link rel="stylesheet" href="{assets}/rnnviz.css">
{scripts}
</head>
<body>
<div class="rp-page rp-alone co-page" data-side="auto">
<header class="co-top">{top}</header>
<noscript><p class="co-note">{failed}</p></noscript>
<main>{main}</main>
{below}
</div>
{contents}
</body>
</html>
"""
)


@dataclass(frozen=True)
class Way:
    """The way for learners in one language. chapters: titles and their rooms. stops: title, question and minutes by room."""

    chapters: list[tuple[str, list[str]]]
    stops: dict[str, tuple[str, str, int]]

    @property
    def order(self) -> list[str]:
        return [room for _title, rooms in self.chapters for room in rooms]


def pages() -> int:
    """How many pages `write` writes in each language, beside the first."""
    return len(CHOICES)


def write(
    out: Path,
    languages: Sequence[str],
    rooms: Sequence[str] | None = None,
    most: int | None = None,
    told: Callable[[str, str], object] = lambda language, room: None,
) -> Iterator[Path]:
    """Writes the course into a folder that is there; yields each file. rooms: of the pages, without it all. most: views of a page
    at most. told: hears which page comes next."""
    logging.getLogger("streamlit").setLevel(logging.ERROR)  # it misses a browser
    for name, content in _assets().items():
        yield _written(out / ASSETS / name, content)
    rooms = list(CHOICES) if rooms is None else list(rooms)
    for language in languages:
        way, visit = _way(language), Visit(language)
        book = Book(language, languages, way, [room for room in CHOICES if room in rooms])
        yield _written(out / book.file("index"), book.first().encode())
        for room in book.rooms:
            told(language, room)
            visit.go(room)
            views = list(visit.views(CHOICES[room], partial(book.sheet, room), most))
            yield _written(out / book.file(room), book.page(room, views).encode())


def _written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(exist_ok=True)
    with files.written(path) as unfinished:
        unfinished.write_bytes(content)
    return path


def _assets() -> dict[str, bytes]:
    """What all pages share."""
    styles = [UI / "parts" / "common.css"]
    for name in COMPONENTS:
        folder = UI / "parts" / name
        styles.append((folder if folder.is_dir() else UI / "rooms" / name) / f"{name}.css")
    styles += [bundle.STYLES[-1], HERE / "course.css"]
    css = "body { margin: 0; }\n" + "\n".join(path.read_text("utf-8") for path in styles)
    return {
        "rnnviz.css": css.encode(),
        "rnnviz.js": f"{bundle.script(HERE / 'course.js')}.open();\n".encode(),
        "plotly.min.js": bundle.PLOTLY_FILE.read_bytes(),
    }


def _way(language: str) -> Way:
    """As the pages have it."""
    with spoken(language):
        stops = {room: (one.title, one.question, one.minutes) for room, one in ways.stops().items()}
        return Way([(one.title, list(one.rooms)) for one in ways.chapters()], stops)


class Book:
    """The pages of one language. rooms: of those that are written."""

    def __init__(self, language: str, languages: Sequence[str], way: Way, rooms: Sequence[str]):
        self.language, self.languages, self.way, self.rooms = language, languages, way, rooms
        self.say = catalogue(language).gettext

    def file(self, room: str, language: str | None = None) -> str:
        """The name of a page's file; the first language has the short ones."""
        language = language or self.language
        name = ADDRESSES.get(room, room)
        return f"{name}.html" if language == self.languages[0] else f"{name}.{language}.html"

    def address(self, page: str, query: str) -> str | None:
        """Of a page, by its address in the app, with what a link to it holds."""
        room = page.replace("-", "_")
        if room not in self.rooms:
            return None
        held = urlencode([(name, value) for name, value in parse_qsl(query) if name != "lang"])
        return self.file(room) + (f"#{held}" if held else "")

    def sheet(self, room: str, controls: dict) -> Sheet:
        _ = self.say
        return Sheet(controls, self.way.stops[room][1], self.address, _("(in the app)"))

    # ---- a page -----------------------------------------------------------------------------------------------------

    def page(self, room: str, views: Sequence[View]) -> str:
        """A page's file. views: the one that it opens with first."""
        _ = self.say
        beyond = dict.fromkeys(plain(label) for view in views for label in view.sheet.beyond)
        line = _(
            "A copy of this page, made by rnnviz {version} on {date}: every number on it was computed by the network itself."
        ).format(version=__version__, date=date.today().isoformat())
        if beyond:
            line += " " + _("In the app there is more to choose: {controls}.").format(
                controls=" · ".join(beyond)
            )
        boards = any(part["name"] == "board" for view in views for part in view.sheet.parts.values())
        return self._sheet(
            room,
            title=self.way.stops[room][0],
            main=views[0].sheet.html,
            below=f'<footer><p class="co-beyond">{escape(line)}</p>{self._onward(room)}</footer>',
            scripts=["plotly.min.js"] * boards + ["rnnviz.js"],
            contents=self._contents(CHOICES[room], views),
        )

    def _sheet(
        self, room: str, title: str, main: str, below: str, scripts: Sequence[str], contents: str
    ) -> str:
        return SHEET.format(
            language=self.language,
            policy=POLICY,
            generator=f"rnnviz {__version__}",
            title=escape(f"{title} · rnnviz"),
            assets=ASSETS,
            scripts="\n".join(f'<script defer src="{ASSETS}/{name}"></script>' for name in scripts),
            top=self._top(room),
            failed=FAILED,
            main=main,
            below=below,
            contents=contents,
        )

    def _top(self, room: str) -> str:
        """The way back to the first page, the other language, the theme."""
        _ = self.say
        every, colours = escape(_("All pages")), escape(_("Colours"))
        links = [f'<a href="{self.file("index")}">{every}</a>'] if room != "index" else []
        links += [
            f'<a href="{self.file(room, other)}" hreflang="{other}" lang="{other}">{LANGUAGES[other]}</a>'
            for other in self.languages
            if other != self.language
        ]
        themes = {"auto": _("as the system"), "light": _("light"), "dark": _("dark")}
        options = "".join(f'<option value="{name}">{escape(said)}</option>' for name, said in themes.items())
        select = f'<select class="rp-field">{options}</select>'
        label = f'<label class="co-theme"><span>{colours}</span>{select}</label>'
        return f'<nav aria-label="{every}">{"".join(links)}</nav>{label}'

    def _onward(self, room: str) -> str:
        """The page before and the one that comes next, of those that are here."""
        _ = self.say
        here = [one for one in self.way.order if one in self.rooms]
        if room not in here:
            return ""
        at = here.index(room)
        made = ""
        if at:
            before = here[at - 1]
            title = escape(self.way.stops[before][0])
            made += f'<p><a href="{self.file(before)}" rel="prev">← {title}</a></p>'
        if at + 1 < len(here):
            title, question, _minutes = self.way.stops[here[at + 1]]
            label = inline(_("**Next: {title}**").format(title=title))
            link = f'<a href="{self.file(here[at + 1])}" rel="next">{label} →</a>'
            made += f'<div><p>{link}</p><p class="co-caption">{escape(question)}</p></div>'
        name = escape(_("Learn, step by step"))
        return f'<nav class="co-onward" aria-label="{name}">{made}</nav>'

    def _contents(self, axes: Sequence[Axis], views: Sequence[View]) -> str:
        """All views, packed, as the script reads them (see types.js)."""
        pool: dict[str, int] = {}
        sent: dict[str, int] = {}

        def kept(value: str) -> int:
            return pool.setdefault(value, len(pool))

        def packed(value: object) -> object:
            if isinstance(value, str):
                return {"$": kept(value)} if len(value) >= LONG else value
            if isinstance(value, list):
                return [packed(one) for one in value]
            return {name: packed(one) for name, one in value.items()} if isinstance(value, dict) else value

        def part(one: dict) -> dict:
            text = json.dumps(packed(one["data"]), ensure_ascii=False, separators=(",", ":"))
            return {"name": one["name"], "axis": one["axis"], "data": sent.setdefault(text, len(sent))}

        found = [
            {
                "chosen": view.chosen,
                "held": view.held,
                "html": kept(view.sheet.html),
                "parts": {key: part(one) for key, one in view.sheet.parts.items()},
                "questions": [self._question(one) for one in view.questions],
            }
            for view in views
        ]
        controls = [axis.control for axis in axes]
        held = {
            "resets": [[controls.index(name) for name in axis.resets] for axis in axes],
            "names": list(dict.fromkeys(name for view in views for name in view.held)),
            "views": found,
            "pool": list(pool),
            "sent": [json.loads(text) for text in sent],
            "words": self._words(),
        }
        text = json.dumps(held, ensure_ascii=False, separators=(",", ":"))
        data = base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()
        return f'<script type="application/octet-stream" id="rnnviz-contents">{data}</script>'

    @staticmethod
    def _question(one: dict) -> dict:
        choices = {"choices": [inline(choice) for choice in one["choices"]]} if "choices" in one else {}
        return one | choices | {"asks": blocks(one["asks"])}

    def _words(self) -> dict[str, str]:
        _ = self.say
        return {
            "guess": inline(_("**Guess first** · {count} questions")),
            "yours": _("your guess"),
            "right": _("Right."),
            "wrong": _("Wrong."),
            "waits": _("The picture comes back when you have answered, or when you fold this away."),
            "again": _("{right} of {count} right · guess again"),
        }

    # ---- the first page ---------------------------------------------------------------------------------------------

    def first(self) -> str:
        """The way through the pages."""
        _ = self.say
        order = self.way.order
        title = _("Learn, step by step")
        about = _(
            "The course of rnnviz for a classroom without a network: begin with the first page, or open any other. What needs "
            "the app is named without a link."
        )
        made = f"<h1>{escape(title)}</h1><p>{escape(about)}</p>"
        for chapter, rooms in self.way.chapters:
            made += f"<h2>{escape(chapter)}</h2>"
            made += (
                f'<ol class="co-way">{"".join(self._stop(one, order.index(one) + 1) for one in rooms)}</ol>'
            )
        beside = "".join(self._stop(one, None) for one in self.rooms if one not in order)
        if beside:
            made += f'<ul class="co-way">{beside}</ul>'
        return self._sheet("index", title=title, main=made, below="", scripts=["rnnviz.js"], contents="")

    def _stop(self, room: str, number: int | None) -> str:
        _ = self.say
        title, question, minutes = self.way.stops[room]
        name = escape(title if number is None else f"{number} · {title}")
        where, elsewhere = f'<a href="{self.file(room)}"><strong>{name}</strong></a>', _("(in the app)")
        if room not in self.rooms:
            where = f"<strong>{name}</strong> {escape(elsewhere)}"
        time = escape(_("about {minutes} minutes").format(minutes=minutes))
        return f'<li><p>{where} <span class="co-minutes">· {time}</span></p><p>{escape(question)}</p></li>'
