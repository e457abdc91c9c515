"""Who may ask the server, what a browser is told, and what no reader may send."""

import socket
from pathlib import Path

import pytest
import streamlit
from starlette.responses import HTMLResponse
from streamlit import config
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState

from rnnviz.ui.shell.guard import WITHOUT, Guard, _unscripted, known, own

RERUN = BackMsg(rerun_script=ClientState(query_string="text=a")).SerializeToString()


async def app(scope, receive, send):
    """What stands behind: answers with a page, or says back what it hears."""
    if scope["type"] == "http":
        await HTMLResponse("hello")(scope, receive, send)
        return
    while (message := await receive())["type"] == "websocket.receive":
        await send(message)


def asked(kind: str, path: str = "/", query: bytes = b"", sent: tuple = (), **headers: str) -> list[dict]:
    """All that comes back. Nothing here waits, so that no loop is needed."""
    scope = {"type": kind, "method": "GET", "path": path, "query_string": query}
    scope["headers"] = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    inbox = [{"type": "websocket.receive", "bytes": message} for message in sent]
    back: list[dict] = []

    async def receive():
        return inbox.pop(0) if inbox else {"type": f"{kind}.disconnect"}

    async def send(message):
        back.append(message)

    with pytest.raises(StopIteration):
        Guard(app)(scope, receive, send).send(None)
    return back


def headers_of(back: list[dict]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in back[0]["headers"]}


@pytest.mark.parametrize(
    "host",
    [
        "localhost:8501",
        "LOCALHOST",
        "localhost.",
        "127.0.0.1:8501",
        "[::1]:8501",
        "192.0.2.7:80",
        socket.gethostname(),
    ],
)
def test_the_server_goes_by_its_own_names_and_by_addresses(host):
    assert known(host)
    assert asked("http", host=host)[0]["status"] == 200


@pytest.mark.parametrize(
    "host", ["", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "[", "a@b", "é"]
)
def test_a_name_that_someone_pointed_here_is_refused(host):
    assert not known(host)
    assert asked("http", host=host)[0]["status"] == 421
    assert [message["type"] for message in asked("websocket", host=host, sent=(RERUN,))] == [
        "websocket.close"
    ]


def test_names_and_pages_that_the_host_allows(monkeypatch):
    allowed = {
        "server.allowedHosts": ["rnnviz.example", "*.School.example"],
        "server.corsAllowedOrigins": ["https://course.example"],
        "browser.serverAddress": "proxy.example",
    }
    monkeypatch.setattr(config, "get_option", allowed.__getitem__)
    for host in ("rnnviz.example", "a.school.example:443", "proxy.example"):
        assert known(host)
    assert not known("school.example.evil")
    assert own("https://course.example", "rnnviz.example")
    assert not own("https://other.example", "rnnviz.example")


def test_a_websocket_is_for_this_servers_own_pages():
    mine = asked("websocket", host="localhost:8501", origin="http://localhost:8501", sent=(RERUN,))
    assert [message["bytes"] for message in mine] == [RERUN]
    for origin in ("http://evil.example", "http://localhost:9999", "null", "http://[", ""):
        back = asked("websocket", host="localhost:8501", origin=origin, sent=(RERUN,))
        assert [message["type"] for message in back] == ["websocket.close"]


def test_what_acts_on_everybody_is_not_heard():
    everybody = [BackMsg(clear_cache=True), BackMsg(set_run_on_save=True), BackMsg(load_git_info=True)]
    sent = (*(message.SerializeToString() for message in everybody), b"\xff\xff", RERUN)
    back = asked("websocket", host="localhost", sent=sent)
    assert [message["bytes"] for message in back] == [b"\xff\xff", RERUN]


def test_a_browser_is_told_to_keep_types_addresses_and_frames():
    told = headers_of(asked("http", host="localhost"))
    assert told["x-content-type-options"] == "nosniff"
    assert told["referrer-policy"] == "same-origin"
    assert told["content-security-policy"] == "frame-ancestors 'self'"
    assert "content-security-policy" not in headers_of(
        asked("http", host="localhost", query=b"embed=true&lang=ko")
    )


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/_stcore/metrics/", "/base/_stcore/metrics"])
def test_what_sessions_hold_is_told_to_nobody(path):
    assert asked("http", path, host="localhost")[0]["status"] == 404


def test_a_browser_without_javascript_is_told_so_in_both_languages(monkeypatch):
    page = b"<body><noscript>" + b" " * 600 + b"</noscript><div id='root'></div></body>"

    async def page_of(scope, receive, send):
        await HTMLResponse(page)(scope, receive, send)

    monkeypatch.setattr(f"{__name__}.app", page_of)
    back = asked("http", host="localhost")
    body = back[1]["body"]
    assert len(body) == len(page) == int(headers_of(back)["content-length"])
    assert "needs JavaScript" in body.decode() and "자바스크립트" in body.decode()
    assert body.endswith(b"</noscript><div id='root'></div></body>")


def test_streamlits_page_has_room_for_what_is_said_without_javascript():
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_bytes()
    assert "자바스크립트" in WITHOUT.sub(_unscripted, page).decode()
