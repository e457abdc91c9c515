"""The server ends under a reader and begins again: what was typed is there, and a line says what else to do."""

import socket
import subprocess

import pytest
from playwright.sync_api import expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.browser.conftest import Reader, answers, started
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


@pytest.fixture(scope="module")
def server_to_kill(chromium):
    server = Server()
    yield server
    server.kill()


def again(server: Server, seen: Reader):
    """The server is killed and begins again, and the page has found it; returns the new connection. The page runs when the reader
    next does something."""
    with seen.tab.expect_websocket(timeout=1000 * PATIENCE) as opened:
        server.kill()
        server.start()
    seen.tab.wait_for_selector("[data-testid=stApp][data-test-connection-state=CONNECTED]")
    seen.rests()
    seen.wrong.clear()  # what the browser says of a connection that broke
    return opened.value


def finished(frame: bytes | str) -> bool:
    """Whether it says that the page has run."""
    return isinstance(frame, bytes) and ForwardMsg.FromString(frame).HasField("script_finished")


def test_half_a_text_stays_in_its_box(server_to_kill, reader):
    seen = reader(f"/states?text={TEXT}", address=server_to_kill.address)
    box = seen.tab.get_by_role("textbox", name="Your text")
    box.fill(TEXT + " And so")
    again(server_to_kill, seen)
    expect(box).to_have_value(TEXT + " And so")
    box.press("Control+End")
    box.press_sequentially(" on")
    box.press("Control+Enter")
    expect(seen.tab.locator(".rv-readout")).to_contain_text(f"step {len(TEXT) + 10} / {len(TEXT) + 10}")
    expect(box).to_have_value(TEXT + " And so on")


def test_a_pasted_list_stays_and_a_file_is_asked_for_again(server_to_kill, reader, tmp_path):
    page = "/sentiment?sentiment_language=english&sentiment_view=many"
    seen = reader(page, kind=Review, address=server_to_kill.address)
    tab = seen.tab
    box = tab.get_by_role("textbox", name="Reviews, one per line")
    box.fill("a good film\na bad film\na third")
    box.press("Control+Enter")
    connection = again(server_to_kill, seen)
    expect(box).to_have_value("a good film\na bad film\na third")
    box.press("Control+End")
    box.press_sequentially(" one")
    with connection.expect_event("framereceived", finished, timeout=1000 * PATIENCE):
        box.press("Control+Enter")
    seen.rests()
    expect(box).to_have_value("a good film\na bad film\na third one")
    with tab.expect_download() as coming:
        tab.get_by_role("button", name="Download the table (CSV)").click()
    assert coming.value.path().read_text("utf-8").count("\n") == 4
    tab.get_by_role("radio", name="a CSV file").click()
    file = tmp_path / "reviews.csv"
    file.write_text("text,label\n" + "a good film,1\n" * 7)
    tab.locator("input[type=file]").set_input_files(file)
    expect(tab.get_by_text("Judged right, of 7 reviews with a label")).to_be_visible()
    again(server_to_kill, seen)
    tab.get_by_text("Projector view").click()
    gone = tab.get_by_text("no longer has your file: choose it once more")
    expect(gone).to_be_visible()
    expect(tab.get_by_role("switch", name="Projector view")).to_be_checked()
    expect(tab.locator("input[type=file]")).to_have_count(1)  # the box of the file that is gone goes too
    tab.locator("input[type=file]").set_input_files(file)
    expect(tab.get_by_text("Judged right, of 7 reviews with a label")).to_be_visible()
    expect(gone).to_be_hidden()
