"""What is in a recording, at a glance: a line or a row of a table for each recorded module."""

import html
from collections.abc import Mapping

import xarray as xr

HEAD = (
    "module",
    "kind",
    "layers",
    "directions",
    "sequences",
    "steps",
    "units",
    "arrays",
    "gradients",
    "size",
)
WEIGHTS = ("_weight", "_bias", "_initial", "_by_call")


def rows(tree: xr.DataTree) -> list[dict[str, str]]:
    """By HEAD, of each node that has a kind; sizes as they lie in memory."""
    found = []
    for node in tree.subtree:
        kind = node.attrs.get("kind")
        if not isinstance(kind, str):
            continue
        sizes: Mapping[str, int] = {str(name): length for name, length in node.sizes.items()}
        names = [str(name) for name in node.data_vars]
        shown = [name for name in names if not name.endswith(WEIGHTS) and "_grad" not in name]
        found.append(
            {
                "module": node.path.lstrip("/"),
                "kind": kind.upper() if kind != "attention" else kind,
                "layers": str(sizes.get("layer", "–")),
                "directions": str(sizes.get("direction", "–")),
                "sequences": str(sizes.get("batch", "–")),
                "steps": _steps(node, sizes),
                "units": _units(sizes),
                "arrays": ", ".join(shown),
                "gradients": "yes" if "hidden_grad" in names else "no",
                "size": _size(sum(array.nbytes for array in node.data_vars.values())),
            }
        )
    return found


def text(tree: xr.DataTree) -> str:
    """A line for each module."""
    lines = []
    for row in rows(tree):
        graded = "with gradients" if row["gradients"] == "yes" else "without gradients"
        parts = [
            f"{row['module']}: {row['kind']}",
            _counted(row["layers"], "layer"),
            _counted(row["directions"], "direction"),
            _counted(row["sequences"], "sequence"),
            _counted(row["steps"], "step"),
            _counted(row["units"], "unit"),
            graded,
            row["size"],
        ]
        lines.append("  " + ", ".join(part for part in parts if not part.startswith("–")))
    return "\n".join(lines)


def table(tree: xr.DataTree) -> str:
    """The same as a table of HTML; names are text."""
    head = "".join(f'<th scope="col">{name}</th>' for name in HEAD)
    left = 'style="text-align: left"'
    body = "".join(
        "<tr>" + "".join(f"<td {left}>{html.escape(row[name])}</td>" for name in HEAD) + "</tr>"
        for row in rows(tree)
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _steps(node: xr.DataTree, sizes: Mapping[str, int]) -> str:
    if "query" in sizes:
        return f"{sizes['query']} × {sizes.get('key', 0)}"
    if "length" not in node.coords or not node["length"].size:
        return str(sizes.get("time", "–"))
    least, most = int(node["length"].min()), int(node["length"].max())
    return str(most) if least == most else f"{least} to {most}"


def _units(sizes: Mapping[str, int]) -> str:
    units = str(sizes.get("unit", "–"))
    return f"{units} → {sizes['projection']}" if "projection" in sizes else units


def _counted(count: str, what: str) -> str:
    return f"{count} {what}" + ("" if count == "1" else "s")


def _size(count: float) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if count < 1024 or unit == "GiB":
            break
        count /= 1024
    return f"{count:.3g} {unit}" if count < 1000 else f"{count:,.0f} {unit}"
