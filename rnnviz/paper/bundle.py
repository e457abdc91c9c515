"""The app's scripts as one, for where nobody serves files: each module a function, called in the order of their imports."""

import functools
import gzip
import re
from importlib import util
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_FOUND = util.find_spec("plotly")
PLOTLY_FILE = Path(str(_FOUND and _FOUND.origin)).parent / "package_data" / "plotly.min.js"
ENTRY, WIDGET = (_PACKAGE / "paper" / name for name in ("explorer.js", "widget.js"))
STYLES = (
    _PACKAGE / "ui" / "parts" / "common.css",
    _PACKAGE / "ui" / "parts" / "board" / "board.css",
    _PACKAGE / "paper" / "explorer.css",
)
# one line each, as all our scripts have them; of types, which stand in comments, nothing is left
_IMPORT = re.compile(r'^import \{([^}]*)\} from "([^"]+)";$', re.MULTILINE)
_NAMED = re.compile(r"^export ((?:async )?function\*?|class|const) (\w+)", re.MULTILINE)
_LIST = re.compile(r"^export \{([^}]*)\};$", re.MULTILINE)
_DEFAULT = re.compile(r"^export default ", re.MULTILINE)


@functools.cache
def script(entry: Path = ENTRY) -> str:
    """An expression whose value is what the module `entry` exports. It may stand in a page: nothing in it ends a script.

    Raises ValueError where a module imports or exports in a way that is not known here.
    """
    done: dict[Path, str] = {}
    _add(entry.resolve(), done, ())
    whole = "\n".join(["(() => {", '"use strict";', "const modules = {};", *done.values()])
    whole += f"\nreturn modules[{_name(entry.resolve())!r}];\n}})()"
    return re.sub(r"<(?=/script|!--)", r"\\x3c", whole, flags=re.IGNORECASE)


def styles() -> str:
    """All styles that the pictures need."""
    return "\n".join(path.read_text("utf-8") for path in STYLES)


@functools.cache
def plotly() -> bytes:
    """plotly.js, compressed: a third of its size."""
    return gzip.compress(PLOTLY_FILE.read_bytes(), 9, mtime=0)


def _name(path: Path) -> str:
    return path.relative_to(_PACKAGE).as_posix()


def _add(path: Path, done: dict[Path, str], waiting: tuple[Path, ...]) -> None:
    if path in done:
        return
    if path in waiting:
        raise ValueError(f"{_name(path)} imports itself, by way of {', '.join(map(_name, waiting))}")
    text = path.read_text("utf-8")
    for asked in _IMPORT.findall(text):
        _add((path.parent / asked[1]).resolve(), done, (*waiting, path))
    offered = {name: name for _kind, name in _NAMED.findall(text)}
    for names in _LIST.findall(text):
        for name in filter(None, map(str.strip, names.split(","))):
            own, _as, outside = name.partition(" as ")
            offered[outside or own] = own
    text = _IMPORT.sub(lambda found: _taken(path, found), text)
    text = _NAMED.sub(r"\1 \2", _LIST.sub("", text))
    if _DEFAULT.search(text):
        text, offered["default"] = _DEFAULT.sub("const byDefault = ", text), "byDefault"
    if left := re.search(r"^(?:import|export)\b.*", text, re.MULTILINE):
        raise ValueError(f"{_name(path)}: cannot be put into one script with others: {left[0]}")
    pairs = ", ".join(f"{outside}: {own}" for outside, own in sorted(offered.items()))
    done[path] = f"modules[{_name(path)!r}] = (() => {{\n{text.strip()}\nreturn {{ {pairs} }};\n}})();"


def _taken(path: Path, found: "re.Match[str]") -> str:
    names = found[1].replace(" as ", ": ")
    return f"const {{{names}}} = modules[{_name((path.parent / found[2]).resolve())!r}];"
