"""What the pages write as Markdown, as HTML: paragraphs, lists, headings, emphasis, code, links and formulas."""

import re
from collections.abc import Callable
from html import escape

from rnnviz.paper.formulas import formula

_INLINE = re.compile(
    r"\\(?P<kept>[!-/:-@\[-`{-~])|\$\$(?P<display>.+?)\$\$|(?<!\\)\$(?P<formula>[^$]+)\$|`(?P<code>[^`]+)`"
    r"|\[(?P<link>(?:\\.|[^\]\\])+)\]\((?P<to>[^)\s]+)\)|\*\*(?P<strong>.+?)\*\*|(?<!\w)\*(?P<em>[^*\s](?:[^*]*[^*\s])?)\*"
    r"|:material/\w+:",
    re.DOTALL,
)
_ITEM = re.compile(r"^(?:[-*]|(\d+)\.) +")


def inline(text: str, linked: Callable[[str, str], str] | None = None) -> str:
    """A sentence. linked: makes HTML of an address and of what stands on it, which is HTML already; without it, what stands on a
    link is shown and leads nowhere."""

    def one(found: "re.Match[str]") -> str:
        match found.lastgroup:
            case "kept":
                return escape(found["kept"])
            case "display":
                return formula(found["display"], display=True)
            case "formula":
                return formula(found["formula"])
            case "code":
                return f"<code>{escape(found['code'])}</code>"
            case "to":
                inner = inline(found["link"], linked)
                return linked(found["to"], inner) if linked else inner
            case "strong":
                return f"<strong>{inline(found['strong'], linked)}</strong>"
            case "em":
                return f"<em>{inline(found['em'], linked)}</em>"
        return ""  # a sign of the app's own font

    parts, last = [], 0
    for found in _INLINE.finditer(text):
        parts += [escape(text[last : found.start()]), one(found)]
        last = found.end()
    return "".join([*parts, escape(text[last:])])


def blocks(text: str, linked: Callable[[str, str], str] | None = None) -> str:
    """A text of several paragraphs and lists."""
    made = []
    for part in re.split(r"\n\s*\n", text.strip()):
        lines = part.split("\n")
        if head := re.match(r"^(#{1,4}) +(.*)", part):
            level = len(head[1]) + 1
            made.append(f"<h{level}>{inline(head[2], linked)}</h{level}>")
        elif part.startswith("$$") and part.endswith("$$"):
            made.append(formula(part[2:-2], display=True))
        elif all(_ITEM.match(line) or line.startswith("  ") for line in lines):
            made.append(_list(lines, linked))
        else:
            made.append(f"<p>{inline(part, linked)}</p>")
    return "".join(made)


def _list(lines: list[str], linked: Callable[[str, str], str] | None) -> str:
    items: list[str] = []
    for line in lines:
        if start := _ITEM.match(line):
            items.append(line[start.end() :])
        else:
            items[-1] += f" {line.strip()}"
    first = _ITEM.match(lines[0])
    tag = "ol" if first and first[1] else "ul"
    return f"<{tag}>{''.join(f'<li>{inline(item, linked)}</li>' for item in items)}</{tag}>"
