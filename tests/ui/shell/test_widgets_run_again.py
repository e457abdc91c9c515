"""A page that runs itself again has not been read twice: what was said of the reader's link stays."""

from streamlit.testing.v1 import AppTest

from tests.conftest import PATIENCE


def page():
    import streamlit as st

    from rnnviz.ui.shell import widgets

    said = st.session_state["notices"]
    for line in said:
        widgets.notice(line)
    st.session_state["noticed"], st.session_state["notices"] = said, []  # as frame.finish leaves them
    if st.session_state.pop("working", False):
        widgets.run_again()


def test_what_is_wrong_with_a_link_is_still_said_when_the_work_has_ended():
    test = AppTest.from_function(page, default_timeout=PATIENCE)
    test.session_state["notices"], test.session_state["working"] = ["odd link"], True
    test.run()
    assert [one.value for one in test.warning] == ["odd link"]
    test.run()  # the reader does something
    assert not test.warning
