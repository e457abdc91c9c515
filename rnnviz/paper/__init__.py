"""Recordings on paper: the app's own pictures where no server is, in one file and in a notebook.

Scripts, styles and words are the app's, read as files; nothing here knows streamlit.
"""

from rnnviz import lazy

_NAMES = {"board": "rnnviz.paper.notebook", "page": "rnnviz.paper.file"}
__getattr__, __dir__, __all__ = lazy.attach(__name__, _NAMES)
