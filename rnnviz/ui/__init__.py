"""All that knows Streamlit: language, settings and address, cached runs, the board, the sidebar.

The names below are imported when they are first used: the server starts listening before torch is there.
"""

import importlib

_HOMES = {
    "_": "language",
    "beam_view": "bottleneck",
    "bottleneck_view": "bottleneck",
    "choose": "choices",
    "compared": "views",
    "current_run": "runs",
    "downloads": "frame",
    "drawn": "views",
    "fading": "views",
    "finish": "frame",
    "folded": "frame",
    "gate_name": "views",
    "kept": "runs",
    "open_page": "frame",
    "pick": "frame",
    "reader_text": "frame",
    "reading": "frame",
    "notice": "frame",
    "loss_matrix": "runs",
    "peers": "runs",
    "Run": "runs",
    "send_back": "runs",
    "settings": "choices",
    "show_board": "board",
    "show_cell": "cell",
    "show_network": "network",
    "show_figures": "board",
    "table_csv": "views",
    "small_multiples": "views",
    "start": "frame",
    "subject": "views",
    "about_models": "translation",
    "current_reading": "translation",
    "translate": "translation",
    "translation_text": "translation",
    "truth": "translation",
    "weights_table": "translation",
    "show_attention": "attention",
    "attention_reading": "attention",
    "unit_heatmap": "views",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module 'rnnviz.ui' has no attribute {name!r}")
    return getattr(importlib.import_module(f"rnnviz.ui.{_HOMES[name]}"), name)
