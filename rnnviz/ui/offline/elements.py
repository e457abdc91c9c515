"""What a page has drawn, as HTML: its texts, tables and formulas; places for its components; controls for what can be chosen."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

import pandas as pd

from rnnviz.paper.markup import blocks, inline

COMPONENTS = ("board", "cell", "sheet", "network", "counting", "blank")
# widgets that ask for something; a page in a file has those of them that can be answered
INPUTS = (
    *("button_group", "slider", "select_slider", "number_input", "selectbox", "multiselect", "radio"),
    *("checkbox", "toggle", "text_input", "text_area", "file_uploader"),
)
QUIET = ("button", "download_button", "progress", "divider", "toast", "spinner", "balloons")
SKIPPED = (
    "onward",
    "lesson",
    "address",
    "preload",
    "seen",
    "present",
)  # what stands around a page in the app
_KEY = re.compile(r"^\$\$ID-[0-9a-f]+-(.*)$", re.DOTALL)
FEW = 6  # options that stand side by side; of more, a slider is made where they are numbers


@dataclass(frozen=True)
class Control:
    """What can be chosen here. at: the number of its axis; now: of the option that is shown, None where it is none of them."""

    at: int
    labels: tuple[str, ...]
    now: int | None


@dataclass
class Sheet:
    """One view of a page. controls: by the key of their widget, what can be chosen. address: of a page and what a link to it
    holds, that of its file, None where there is none. beyond: what the page has in the app and not here, by its labels."""

    controls: dict[str, Control]
    question: str
    address: Callable[[str, str], str | None]
    elsewhere: str
    html: str = ""
    parts: dict[str, dict] = field(default_factory=dict)
    beyond: list[str] = field(default_factory=list)
    heading: bool = False

    def draw(self, root) -> "Sheet":
        self.html = self._children(root)
        return self

    # ---- containers -----------------------------------------------------------------------------------------------

    def _children(self, block) -> str:
        return "".join(self._one(child) for child in block.children.values())

    def _one(self, node) -> str:
        if not hasattr(node, "children"):
            return self._element(node)
        key = _key(getattr(node.proto, "id", "") if node.proto is not None else "")
        if key in SKIPPED:
            return ""
        if key == "guess":
            return '<div data-guess="1"></div>'
        if node.type in ("expander", "popover", "status"):
            return self._folded(node)
        inner = self._children(node)
        if not inner:
            return ""
        if node.type == "column":
            return f'<div class="co-column" style="flex-grow: {node.proto.weight * 12:.3g}">{inner}</div>'
        return _div(inner, *_classes(node), f"st-key-{key}" if key else "")

    def _folded(self, node) -> str:
        label = node.proto.label if node.type != "popover" else node.proto.popover.label
        if any(one.type in INPUTS and one.key not in self.controls for one in _leaves(node)):
            self.beyond.append(label)
            return ""
        inner = self._children(node)
        if not inner:
            return ""
        return f'<details class="co-fold"><summary>{inline(label)}</summary>{inner}</details>'

    # ---- what stands in them --------------------------------------------------------------------------------------

    def _element(self, one) -> str:
        if one.type in INPUTS:
            return self._input(one)
        if one.type in QUIET:
            return ""
        if one.type == "bidi_component":
            return self._component(one)
        made = getattr(self, f"_{one.type}", None)
        if made is None:
            raise ValueError(f"a page in a file has no {one.type}")
        return made(one)

    def _input(self, one) -> str:
        control = self.controls.get(one.key)
        if control is None:
            self.beyond.append(one.proto.label)
            return ""
        name = inline(one.proto.label)
        if len(control.labels) > FEW and one.type != "button_group":
            now = 0 if control.now is None else control.now
            said = escape(json.dumps(control.labels, ensure_ascii=False))
            return (
                f'<label class="co-control" data-axis="{control.at}" data-labels="{said}"><span>{name}</span>'
                f'<input type="range" min="0" max="{len(control.labels) - 1}" step="1" value="{now}" '
                f'aria-valuetext="{escape(control.labels[now])}"><output>{escape(control.labels[now])}</output></label>'
            )
        buttons = "".join(
            f'<button type="button" data-option="{at}" aria-pressed="{str(at == control.now).lower()}">{inline(label)}</button>'
            for at, label in enumerate(control.labels)
        )
        return (
            f'<div class="co-control" role="group" aria-label="{escape(plain(one.proto.label))}" data-axis="{control.at}">'
            f'<span aria-hidden="true">{name}</span><div class="co-options">{buttons}</div></div>'
        )

    def _component(self, one) -> str:
        name = one.proto.component_name.removeprefix("rnnviz_")
        if name not in COMPONENTS:
            return ""
        key = _key(one.proto.id)
        data = json.loads(one.proto.json)
        data.pop("heard", None)
        if name == "cell":
            data["largest"] = data["around"] = (
                None  # no number is changed here, and a step's own address is the app's
            )
        if name == "network":
            data["zoom"] = None
        if name == "board":
            for figure in data["figures"]:
                figure["spec"] = json.loads(figure["spec"])
        heard = self.controls.get(name)
        self.parts[key] = {"name": name, "data": data, "axis": None if heard is None else heard.at}
        return f'<div class="co-part" data-part="{escape(key)}"></div>'

    def _header(self, one) -> str:
        if self.heading:
            return f"<h2>{inline(one.proto.body)}</h2>"
        self.heading = True
        return f'<h1>{inline(one.proto.body)}</h1><h2 class="co-question">{escape(self.question)}</h2>'

    def _subheader(self, one) -> str:
        return f"<h2>{inline(one.proto.body)}</h2>"

    def _markdown(self, one) -> str:
        return _div(blocks(one.proto.body), "stMarkdown")

    def _caption(self, one) -> str:
        return _div(blocks(one.proto.body), "co-caption")

    def _latex(self, one) -> str:
        return _div(blocks(one.proto.body.replace("$$\n", "$$").replace("\n$$", "$$")), "co-formula")

    def _text(self, one) -> str:
        return f'<p class="co-text">{escape(one.proto.body)}</p>'

    def _html(self, one) -> str:
        return one.proto.body

    def _alert(self, one) -> str:
        return f'<div class="co-note" role="note">{blocks(one.proto.body)}</div>'

    _warning = _info = _error = _success = _alert

    def _code(self, one) -> str:
        return f'<pre class="co-code" tabindex="0"><code>{escape(one.proto.code_text)}</code></pre>'

    def _page_link(self, one) -> str:
        where = self.address(one.proto.page, one.proto.query_string)
        label = inline(one.proto.label)
        if where is None:
            return f'<p class="co-elsewhere">{label.removesuffix(" →")} {escape(self.elsewhere)}</p>'
        return f'<p class="co-link"><a href="{escape(where)}">{label}</a></p>'

    def _table(self, one) -> str:
        return _table(one.value, {})

    def _dataframe(self, one) -> str:
        named = json.loads(one.proto.columns or "{}")
        return _table(
            one.value, {name: given["label"] for name, given in named.items() if given.get("label")}
        )


def _key(id: str) -> str:
    """The key that the page gave an element or container; nothing where it gave none."""
    found = _KEY.match(id)
    return found[1] if found and found[1] != "None" else ""


def _leaves(block) -> Iterable:
    for child in block.children.values():
        if hasattr(child, "children"):
            yield from _leaves(child)
        else:
            yield child


def _div(inner: str, *classes: str) -> str:
    said = " ".join(filter(None, classes))
    return f'<div class="{escape(said)}">{inner}</div>' if said else f"<div>{inner}</div>"


def _classes(node) -> Sequence[str]:
    """How what stands in a container is laid out."""
    if node.type != "flex_container":
        return ()
    flex = node.proto.flex_container
    found = ["co-bordered"] if flex.border else []
    if flex.direction == flex.Direction.HORIZONTAL:
        columns = any(child.type == "column" for child in node.children.values())
        found.append("co-columns" if columns else "co-row")
    return found


def _table(frame: pd.DataFrame, names: dict[str, str]) -> str:
    """names: of columns, where they are not called as they are shown."""
    indexed = not (isinstance(frame.index, pd.RangeIndex) and frame.index.name is None)
    corner = (
        f"<th scope='col'>{escape(str(frame.index.name or ''))}</th>" if frame.index.name else "<td></td>"
    )
    heads = [names.get(str(column), str(column)) for column in frame.columns]
    head = (corner if indexed else "") + "".join(f"<th scope='col'>{escape(one)}</th>" for one in heads)
    rows = []
    for index, *cells in frame.itertuples():
        first = f"<th scope='row'>{escape(str(index))}</th>" if indexed else ""
        rows.append(f"<tr>{first}{''.join(f'<td>{escape(_cell(cell))}</td>' for cell in cells)}</tr>")
    inner = f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
    said = escape(", ".join(filter(None, [str(frame.index.name or ""), *heads])))
    return f'<div class="co-table" role="group" aria-label="{said}"><table>{inner}</table></div>'


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and value != value):
        return ""
    return f"{value:.6g}".replace("-", "−") if isinstance(value, float) else str(value)


def plain(label: str) -> str:
    """A label as it is said, without what Markdown adds."""
    return re.sub(r"[*$\\`]", "", label)
