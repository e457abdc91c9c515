"""A person is a browser, however many tabs it has and however often its cookie is written anew."""

import hashlib

import pytest
import streamlit as st
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

from rnnviz.ui.shell import readers


def test_a_cookie_that_was_written_anew_is_the_same_person(monkeypatch):
    def person(cookie):
        monkeypatch.setattr(type(st.context), "cookies", {readers.COOKIE: cookie})
        return readers.reader().partition("/")[0]

    mine, other = bytes(range(16)), bytes(16)
    first, second = (generate_xsrf_token_string(mine, 1) for _page in range(2))
    assert first != second and person(first) == person(second) != person(generate_xsrf_token_string(other, 1))
    assert person(first) == hashlib.sha256(mine).hexdigest()[:16]


@pytest.mark.parametrize("cookie", ["", "abc", "2||00|1", "2|zz|00|1", "a|b|c"])
def test_a_cookie_of_another_form_counts_as_it_is(cookie):
    assert readers.secret(cookie) == cookie.encode()
