"""What stands before Streamlit: who may ask, what a browser is told about what it gets, and what no reader may send."""

import ipaddress
import os
import re
import socket
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose
from streamlit import config
from streamlit.proto.BackMsg_pb2 import BackMsg

# of what a page can send: these act on everybody's caches, on the server's watching of files, and on its git
DROPPED = {"clear_cache", "set_run_on_save", "load_git_info"}
CLOSED = "/_stcore/metrics"  # how many readers there are, and what their sessions hold
# what a browser shows that runs no scripts; Streamlit's own is in English, and of other things
UNSCRIPTED = """<p>This page draws in your browser and needs JavaScript: turn it on, then load the page again.</p>
<p lang="ko">이 페이지는 브라우저에서 그림을 그리므로 자바스크립트가 필요합니다. 켠 다음 페이지를 새로 고치세요.</p>"""
WITHOUT = re.compile(rb"(?<=<noscript>).*?(?=</noscript>)", re.DOTALL)
REFUSED = 1008  # a websocket's code for 'against the rules'


class Guard:
    """ASGI middleware.

    A Host that is a name nobody gave this server is refused: a page elsewhere may have had its own name point here (DNS
    rebinding). Names are `localhost`, the machine's own, `browser.serverAddress` and those of `server.allowedHosts`; an
    address in digits cannot be pointed elsewhere. A websocket is opened for this server's own pages, and for
    `server.corsAllowedOrigins`; Streamlit would ask an outside server for its own address before it refuses another.

    Where several processes share the readers (rnnviz/cli/workers.py), a browser is given a cookie with the number of this one:
    what a visit holds is here, and in no other.
    """

    def __init__(self, app: ASGIApp):
        self.app = app
        self.process, _, self.number = os.environ.get("RNNVIZ_PROCESS", "").partition("=")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        page = scope["type"] == "http"
        if not known(host) or (not page and not own(headers.get("origin"), host)):
            refusal = PlainTextResponse(
                f"This server does not go by the name {host!r}; allow it with --server.allowedHosts.", 421
            )
            return await (refusal if page else WebSocketClose(REFUSED))(scope, receive, send)
        if page and scope["path"].rstrip("/").endswith(CLOSED):
            return await PlainTextResponse("Not Found", 404)(scope, receive, send)
        visits = not page or "text/html" in headers.get("accept", "")
        if self.process and visits and HTTPConnection(scope).cookies.get(self.process) != self.number:
            send = _held(send, f"{self.process}={self.number}; Path=/; HttpOnly; SameSite=Lax")
        if page:
            embedded = "true" in parse_qs(scope["query_string"].decode("latin-1")).get("embed", ())
            return await self.app(scope, receive, _told(send, embedded))
        return await self.app(scope, _heard(receive), send)


def known(host: str) -> bool:
    """Whether a request's Host is one of this server's names."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        pass
    machine = socket.gethostname().lower()
    names = {"localhost", machine, f"{machine}.local", config.get_option("browser.serverAddress").lower()}
    return name in names or any(_fits(name, pattern) for pattern in config.get_option("server.allowedHosts"))


def own(origin: str | None, host: str) -> bool:
    """Whether a page of that origin may open a websocket here; None is no browser."""
    if origin is None:
        return True
    return origin.partition("://")[2] == host or origin in map(
        str.strip, config.get_option("server.corsAllowedOrigins")
    )


def _fits(name: str, pattern: str) -> bool:
    pattern = pattern.strip().lower().rstrip(".")
    return pattern == "*" or name == pattern or (pattern.startswith("*.") and name.endswith(pattern[1:]))


def _told(send: Send, embedded: bool) -> Send:
    """Answers with what a browser keeps to: types as they are said, no address told elsewhere (it holds what was typed), and
    no frame around a page but on pages of this server, unless the address asks for it by embed=true. A page says in both
    languages that it needs JavaScript."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["X-Content-Type-Options"] = "nosniff"
            headers["Referrer-Policy"] = "same-origin"
            if not embedded and headers.get("content-type", "").startswith("text/html"):
                headers["Content-Security-Policy"] = "frame-ancestors 'self'"
        elif b"<noscript>" in message.get("body", b""):
            message["body"] = WITHOUT.sub(_unscripted, message["body"])
        await send(message)

    return sent


def _unscripted(found: re.Match[bytes]) -> bytes:
    """In the room of what it takes the place of: the length of the answer has been said."""
    ours = UNSCRIPTED.encode()
    return ours.ljust(len(found[0])) if len(ours) <= len(found[0]) else found[0]


def _held(send: Send, cookie: str) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.accept"):
            MutableHeaders(scope=message).append("Set-Cookie", cookie)
        await send(message)

    return sent


def _heard(receive: Receive) -> Receive:
    """What a reader sends, less what acts on everybody."""

    async def received() -> Message:
        while True:
            message = await receive()
            if message["type"] != "websocket.receive" or _kind(message.get("bytes")) not in DROPPED:
                return message

    return received


def _kind(sent: bytes | None) -> str | None:
    try:
        return BackMsg.FromString(sent or b"").WhichOneof("type")
    except Exception:  # no such message: Streamlit's to refuse
        return None
