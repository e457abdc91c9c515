"""How the app bears many readers at once: how long they wait, what goes wrong, and how much memory the server takes.

python benchmarks/load.py [--readers 30] [--seconds 60] [--length 200] [--warm 20]
    [--workers 2 | --address http://…]

Each reader gets the page, which says in a cookie where the reader belongs, and is then a websocket that speaks as a browser does:
a first visit, then, after 2 to 6 s of thought, a new text of up to --length characters on a page that explores, or another page,
by turns of a coin. A wait ends with the script. Without --address a server is started here, and shares the processors with the
readers: one process, or with --workers `rnnviz app` with so many.
"""

import argparse
import asyncio
import contextlib
import itertools
import random
import statistics
import string
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import psutil
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.browser.conftest import serving

EXPLORE = (
    "states",
    "gates",
    "gradients",
    "home",
)  # a text typed on another page is typed on the first of these
THOUGHT = (2.0, 6.0)  # s
PATIENCE = 120.0  # s after which an answer is a failure
LETTERS = string.ascii_letters + " " * 12


@dataclass
class Seen:
    """What readers met. waits: seconds, by what was done."""

    waits: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def waited(self, what: str, begun: float) -> None:
        self.waits.setdefault(what, []).append(time.perf_counter() - begun)


class Reader:
    def __init__(
        self,
        address: str,
        seen: Seen,
        chance: random.Random,
        length: int,
        thought: tuple[float, float] = THOUGHT,
    ):
        self.address, self.seen, self.chance, self.length, self.thought = (
            address,
            seen,
            chance,
            length,
            thought,
        )
        self.pages: dict[str, str] = {}  # hashes by the name in the address
        self.page, self.query = "", ""

    async def visit(self, goes_on: Callable[[int], bool]) -> None:
        """goes_on: whether after so many answers there is another."""
        url = self.address.replace("http", "ws", 1) + "/_stcore/stream"
        begun = time.perf_counter()
        cookies = await asyncio.to_thread(self.come)
        async with websockets.connect(
            url,
            max_size=None,
            subprotocols=["streamlit"],
            origin=self.address,
            additional_headers={"Cookie": cookies},
        ) as socket_:
            self.socket = socket_
            await self.ask("first visit", begun)
            for answers in itertools.count(1):
                if not goes_on(answers):
                    return
                await asyncio.sleep(self.chance.uniform(*self.thought))
                await self.act()

    def come(self) -> str:
        """Gets the page; returns the cookies that it gives."""
        page = Request(self.address, headers={"Accept": "text/html"})
        with urlopen(page, timeout=PATIENCE) as answer:
            given = answer.headers.get_all("Set-Cookie") or []
        return "; ".join(cookie.partition(";")[0] for cookie in given)

    async def act(self) -> None:
        if self.chance.random() < 0.5:
            if self.page not in EXPLORE:
                self.page = "states"
            text = "".join(self.chance.choices(LETTERS, k=self.chance.randint(20, self.length)))
            self.query = urlencode({"text": text})
            await self.ask(f"a new text: {self.page}", time.perf_counter())
        else:
            self.page, self.query = self.chance.choice([name for name in self.pages if name != self.page]), ""
            await self.ask(f"another page: {self.page}", time.perf_counter())

    async def ask(self, what: str, begun: float) -> None:
        """Runs the script, and waits for its end."""
        state = ClientState(query_string=self.query, page_script_hash=self.pages.get(self.page, ""))
        state.context_info.url = f"{self.address}/{self.page}"
        await self.socket.send(BackMsg(rerun_script=state).SerializeToString())
        try:
            async with asyncio.timeout(PATIENCE):
                while not self.ended(await self.socket.recv(), what):
                    pass
        except TimeoutError:
            self.seen.errors.append(f"{what}: no answer in {PATIENCE:.0f} s")
        else:
            self.seen.waited(what, begun)

    def ended(self, sent: bytes, what: str) -> bool:
        message = ForwardMsg.FromString(sent)
        kind = message.WhichOneof("type")
        if kind == "navigation":
            self.pages = {
                page.url_pathname or ("home" if page.is_default else page.page_name): page.page_script_hash
                for page in message.navigation.app_pages
            }
        if kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            if element.WhichOneof("type") == "exception":
                self.seen.errors.append(f"{what}: {element.exception.type} {element.exception.message[:90]}")
        return kind == "script_finished" and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY


def megabytes() -> int:
    """Of the servers that were started here, and their children; what several share counts once, where the system says it."""
    total = 0
    for one in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            held = one.memory_full_info()
            total += getattr(held, "pss", held.rss)
    return total // 10**6


async def loaded(address: str, readers: int, seconds: float, length: int, seed: int = 0) -> Seen:
    """So many readers for so long; they come within two seconds."""
    seen, until = Seen(), time.perf_counter() + seconds

    async def come(number: int) -> None:
        await asyncio.sleep(2 * number / readers)
        reader = Reader(address, seen, random.Random(f"{seed} {number}"), length)
        await reader.visit(lambda _: time.perf_counter() < until)

    for problem in await asyncio.gather(*map(come, range(readers)), return_exceptions=True):
        if problem is not None:
            seen.errors.append(f"{type(problem).__name__}: {problem}")
    return seen


def table(seen: Seen) -> str:
    rows = {
        "all but first visits": [w for what, ws in seen.waits.items() if what != "first visit" for w in ws]
    }
    rows |= dict(sorted(seen.waits.items()))
    lines = [f"{'':32}{'times':>7}{'p50, s':>9}{'p95, s':>9}{'most, s':>9}"]
    for what, waits in rows.items():
        if len(waits) > 1:
            p = statistics.quantiles(waits, n=20, method="inclusive")
            lines.append(f"{what:32}{len(waits):7}{p[9]:9.2f}{p[18]:9.2f}{max(waits):9.2f}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--readers", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--length", type=int, default=200)
    parser.add_argument(
        "--warm", type=float, default=20, help="seconds that the server has been there before"
    )
    parser.add_argument("--address", help="of a server that runs; else one is started")
    parser.add_argument(
        "--workers", type=int, default=0, help="processes of the server, behind nginx if several"
    )
    options = parser.parse_args()
    server = contextlib.nullcontext(options.address) if options.address else serving(options.workers)
    with server as address:
        time.sleep(0 if options.address else options.warm)
        before = megabytes()
        seen = asyncio.run(loaded(address, options.readers, options.seconds, options.length))
        print(
            f"{options.readers} readers, {options.seconds:.0f} s, texts of 20 to {options.length} characters"
        )
        print(table(seen))
        reruns = sum(map(len, seen.waits.values()))
        print(f"{reruns / options.seconds:.1f} answers a second, {len(seen.errors)} errors")
        for line in dict.fromkeys(seen.errors):
            print("  ", line)
        if not options.address:
            print(f"memory: {before} MB before, {megabytes()} MB after")


if __name__ == "__main__":
    main()
