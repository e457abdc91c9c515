"""Components of our own: script and style lie beside the python that fills them."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

HERE = Path(__file__).parent


def component(folder: Path) -> Callable:
    """The component in a folder: its NAME.css and NAME.js, each after what all of them have in common. Call it to draw."""
    css, js = (
        (HERE / f"common.{end}").read_text("utf-8") + (folder / f"{folder.name}.{end}").read_text("utf-8")
        for end in ("css", "js")
    )
    return st.components.v2.component(f"rnnviz_{folder.name}", css=css, js=js, isolate_styles=False)
