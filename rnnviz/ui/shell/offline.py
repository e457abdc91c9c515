"""Whether a page is drawn to be put into a file, and what it hands over for that; see rnnviz/ui/offline."""

from typing import Any

import streamlit as st

KEY = "offline"  # in the state of the visit that draws the page: no link and no reader can set it


def kept() -> dict[str, Any] | None:
    """Where to put what a file needs beside what is drawn; None where a reader looks at the page."""
    return st.session_state.get(KEY)
