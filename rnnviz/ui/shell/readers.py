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
    browser = secret(str(st.context.cookies.get(COOKIE) or visit))
    return f"{hashlib.sha256(browser).hexdigest()[:16]}/{visit}"


def person() -> str:
    """Who it is, in whichever tab."""
    return reader().partition("/")[0]


def secret(cookie: str) -> bytes:
    """What stays the same in a browser's cookie: each page that is opened writes it anew, 2|MASK|MASKED|TIME in hexadecimal
    digits, under another mask. A cookie of another form is that itself."""
    try:
        _version, mask, masked, _time = cookie.split("|")
        key = bytes.fromhex(mask)
        return bytes(byte ^ key[at % len(key)] for at, byte in enumerate(bytes.fromhex(masked)))
    except (ValueError, ZeroDivisionError):
        return cookie.encode()


def present(reader: str) -> bool:
    """Whether a visit's connection is there; without a server, as in a test, it is."""
    return not runtime.exists() or runtime.get_instance().is_active_session(reader.partition("/")[2])
