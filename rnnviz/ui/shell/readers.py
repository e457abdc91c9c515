"""Who reads: a visit is one tab, a person the browser that tabs have in common."""

import hashlib

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

COOKIE = "_streamlit_xsrf"  # Streamlit gives each browser one of its own


def reader() -> str:
    """PERSON/VISIT of whoever the script runs for; what the cookie holds cannot be read from it."""
    context = get_script_run_ctx()
    visit = context.session_id if context else ""
    browser = st.context.cookies.get(COOKIE) or visit
    return f"{hashlib.sha256(str(browser).encode()).hexdigest()[:16]}/{visit}"


def present(reader: str) -> bool:
    """Whether a visit's connection is there; without a server, as in a test, it is."""
    return not runtime.exists() or runtime.get_instance().is_active_session(reader.partition("/")[2])
