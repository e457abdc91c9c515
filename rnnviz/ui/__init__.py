"""All that knows Streamlit: language, settings and address, cached runs, the board, the sidebar."""

from rnnviz.ui.board import board
from rnnviz.ui.frame import downloads, finish, open_page, pick, reader_text, reading, start
from rnnviz.ui.language import _
from rnnviz.ui.runs import Run, current_run, kept
from rnnviz.ui.settings import choose, settings
from rnnviz.ui.views import drawn, gate_name, small_multiples, unit_heatmap

__all__ = [
    "Run",
    "_",
    "board",
    "choose",
    "current_run",
    "downloads",
    "drawn",
    "finish",
    "gate_name",
    "kept",
    "open_page",
    "pick",
    "reader_text",
    "reading",
    "settings",
    "small_multiples",
    "start",
    "unit_heatmap",
]
