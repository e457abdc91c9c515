"""The server ends under a reader and begins again: what was typed is there, and a line says what else to do."""

import contextlib
import socket
import subprocess

import pytest
from playwright.sync_api import expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.browser.conftest import Reader, answers, at_rest, fetched, started
from tests.browser.test_sentiment import Review
from tests.conftest import PATIENCE, until

TEXT = "ROMEO: I would I were thy bird."


class Server:
    """One that can be killed, and started again at the same port."""

    def __init__(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen | None = None
        self.start()

    def start(self) -> None:
        self.process = started(self.port)
        until(lambda: answers(self.address))

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)


@pytest.fixture
def server_to_kill(chromium):
    server = Server()
    yield server
    server.kill()


def again(server: Server, *pages: Reader) -> list:
    """The server is killed and begins again, and all pages have found it; returns their new connections. A page runs when the
    reader next does something."""
    with contextlib.ExitStack() as stack:
        waits = (seen.tab.expect_websocket(timeout=1000 * PATIENCE) for seen in pages)
        opened = [stack.enter_context(wait) for wait in waits]
        server.kill()
        server.start()
    for seen in pages:
        seen.tab.wait_for_selector("[data-testid=stApp][data-test-connection-state=CONNECTED]")
        seen.rests()
        seen.wrong.clear()  # what the browser says of a connection that broke
    return [one.value for one in opened]


def finished(frame: bytes | str) -> bool:
    """Whether it says that the page has run."""
    return isinstance(frame, bytes) and ForwardMsg.FromString(frame).HasField("script_finished")


def test_half_a_text_and_a_pasted_list_stay_and_a_file_is_asked_for_again(server_to_kill, reader, tmp_path):
    text = reader(f"/states?text={TEXT}", address=server_to_kill.address)
    # in tabs of the same browser, which has loaded the scripts
    pasted, filed = (Review(text.tab.context.new_page(), server_to_kill.address) for _ in range(2))
    for seen in (pasted, filed):
        seen.open("/sentiment?sentiment_language=english&sentiment_view=many")
    typed = text.tab.get_by_role("textbox", name="Your text")
    typed.fill(TEXT + " And so")
    listed = pasted.tab.get_by_role("textbox", name="Reviews, one per line")
    listed.fill("a good film\na bad film\na third")
    listed.press("Control+Enter")
    file = tmp_path / "reviews.csv"
    file.write_text("text,label\n" + "a good film,1\n" * 7)
    judged = filed.tab.get_by_text("Judged right, of 7 reviews with a label")
    filed.tab.get_by_role("radio", name="a CSV file").click()
    filed.tab.locator("input[type=file]").set_input_files(file)
    expect(judged).to_be_visible()

    _connection, connection, _other = again(server_to_kill, text, pasted, filed)

    expect(typed).to_have_value(TEXT + " And so")
    typed.press("Control+End")
    typed.press_sequentially(" on")
    typed.press("Control+Enter")
    expect(text.tab.locator(".rv-readout")).to_contain_text(f"step {len(TEXT) + 10} / {len(TEXT) + 10}")
    expect(typed).to_have_value(TEXT + " And so on")

    expect(listed).to_have_value("a good film\na bad film\na third")
    listed.press("Control+End")
    listed.press_sequentially(" one")
    with connection.expect_event("framereceived", finished, timeout=1000 * PATIENCE):
        listed.press("Control+Enter")
    pasted.rests()
    expect(listed).to_have_value("a good film\na bad film\na third one")
    assert fetched(pasted.tab, "Download the table (CSV)").path().read_text("utf-8").count("\n") == 4

    filed.tab.get_by_text("Projector view").click()
    gone = filed.tab.get_by_text("no longer has your file: choose it once more")
    expect(gone).to_be_visible()
    expect(filed.tab.get_by_role("switch", name="Projector view")).to_be_checked()
    # the box of the file that is gone goes too; another one stands in its place
    box = filed.tab.locator("[class*=st-key-sentiment_file_]:not(.st-key-sentiment_file_0) input[type=file]")
    expect(box).to_have_count(1)
    at_rest(filed.tab)
    box.set_input_files(file)
    expect(judged).to_be_visible()
    expect(gone).to_be_hidden()
    for seen in (pasted, filed):
        seen.tab.close()
        assert seen.wrong == []
