"""Components of our own: script and style lie beside the python that fills them."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

COMMON = Path(__file__).parent / "common.js"


def component(folder: Path) -> Callable:
    """The component in a folder: its NAME.js, after what all of them have in common, and its NAME.css. Call it to draw."""
    script, style = (folder / f"{folder.name}.{end}" for end in ("js", "css"))
    return st.components.v2.component(
        f"rnnviz_{folder.name}",
        css=style.read_text("utf-8"),
        js=COMMON.read_text("utf-8") + script.read_text("utf-8"),
        isolate_styles=False,
    )
