"""The app in several processes behind one port: a reader notices nothing of it, and what one process holds is found there."""

import contextlib
import re
import signal
import subprocess
import urllib.error
import urllib.request

import psutil
import pytest
from playwright.sync_api import expect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from rnnviz.cli import workers
from tests.browser.conftest import fetched, serving
from tests.browser.test_own import Plain
from tests.conftest import PATIENCE, until
from tests.studies.test_subjects import recorded  # noqa: F401  the fixture

TEXT = "ROMEO: I would I were thy bird."
PAGE = {"Accept": "text/html,*/*"}


@pytest.fixture(scope="module")
def nginx():
    if workers.nginx() is None:
        pytest.skip("no nginx on this machine; install it with: apt-get install nginx")


@pytest.fixture(scope="module")
def crowd(nginx):
    """The address of a server of two processes."""
    with serving(workers=2) as address:
        yield address


def asked(address: str, headers: dict[str, str], method: str = "GET"):
    """Status and headers."""
    request = urllib.request.Request(address, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, answer.headers
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers


def cookie(address: str) -> str:
    return f"rnnviz_process_{address.rpartition(':')[2]}"


def given(address: str, headers: dict[str, str]) -> str | None:
    """The number of the process that the browser is told to come back to."""
    told = asked(address, headers)[1].get_all("Set-Cookie") or []
    return next((line[len(cookie(address)) + 1] for line in told if line.startswith(cookie(address))), None)


def process(address: str, number: str) -> psutil.Process:
    for each in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # one that has just ended
            name, said = f"rnnviz-{address.rpartition(':')[2]}-{number}", f"{cookie(address)}={number}"
            if (
                each.name() == name or each.environ().get("RNNVIZ_PROCESS") == said
            ):  # which it has where it was not forked
                return each
    raise LookupError(f"no process {number}")


def held(seen) -> str:
    """By which process a browser is held."""
    names = {one["name"]: one["value"] for one in seen.tab.context.cookies()}
    return names[cookie(seen.address)]


def test_new_visits_go_round_and_a_browser_stays(crowd):
    assert sorted(given(crowd, PAGE) for _ in range(4)) == ["0", "0", "1", "1"]
    for number in "01":
        assert given(crowd, PAGE | {"Cookie": f"{cookie(crowd)}={number}"}) is None
        assert (
            given(crowd, PAGE | {"Cookie": f"{cookie(crowd)}=7; a={number}"}) is not None
        )  # of a larger server


def test_a_browser_that_keeps_no_cookies_is_held_by_its_address(crowd):
    """As one does in a frame on another site."""

    def visit(kind: str) -> str | None:
        headers = {"User-Agent": kind}
        with connect(crowd.replace("http", "ws") + "/_stcore/stream", additional_headers=headers) as socket:
            return re.search(r"=(\d);", socket.response.headers["Set-Cookie"])[1]

    for kind in ("one", "another", "a third"):
        assert len({visit(kind) for _ in range(3)}) == 1
    assert {visit(f"kind {number}") for number in range(12)} == {"0", "1"}


def test_the_guard_stands_behind_the_port_as_well(crowd):
    assert asked(crowd, {"Host": "evil.example"})[0] == 421
    assert asked(crowd, {"X-Forwarded-Host": "evil.example"})[0] == 200
    assert asked(f"{crowd}/_stcore/metrics", {})[0] == 404
    answer = asked(crowd, PAGE)[1]
    assert answer["Content-Security-Policy"] == "frame-ancestors 'self'"
    assert "HttpOnly" in answer["Set-Cookie"] and "SameSite=Lax" in answer["Set-Cookie"]
    stream = crowd.replace("http", "ws") + "/_stcore/stream"
    with (
        pytest.raises((InvalidStatus, ConnectionClosed)),
        connect(stream, origin="http://evil.example") as one,
    ):
        one.recv(PATIENCE)
    with connect(stream, origin=crowd):
        pass


def test_only_a_proxy_on_this_machine_says_who_asked(nginx, tmp_path):
    """What another machine sends of that is not passed on."""
    text = workers.configuration(str(tmp_path), "0.0.0.0", 8501, [1, 2], "held")
    assert "default $remote_addr; }" in text and "X-Forwarded-For $client;" in text
    file = tmp_path / "nginx.conf"
    file.write_text(text)
    for host in ("0.0.0.0", "::", "localhost"):
        file.write_text(workers.configuration(str(tmp_path), host, 8501, range(9000, 9064), "held"))
        command = [workers.nginx(), "-t", "-q", "-p", tmp_path, "-c", file, "-e", "stderr"]
        assert subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=PATIENCE).stderr == ""


def test_two_readers_upload_and_download_each_at_their_own_process(crowd, reader, recorded):  # noqa: F811
    numbers = set()
    for _reader in range(2):
        seen = reader("/own", kind=Plain, address=crowd)
        tab = seen.tab
        numbers.add(held(seen))
        tab.locator("input[type=file]").set_input_files(recorded[2])
        tab.wait_for_function("location.search.includes('subject=run.nc')")
        tab.get_by_role("link", name="Hidden states").first.click()
        seen.drawn()
        expect(tab.locator(".rv-strip")).to_contain_text("word·0")
        # asked for by a connection of its own
        assert fetched(tab, "Download this view as a page").path().stat().st_size > 1000
    assert numbers == {"0", "1"}


def test_a_process_that_is_killed_comes_back_and_its_reader_with_what_was_typed(crowd, reader):
    seen, other = reader("/states", address=crowd), reader("/states", address=crowd)
    if held(other) == held(seen):
        other = reader("/states", address=crowd)

    def types(one, text: str) -> None:
        one.tab.get_by_role("textbox", name="Your text").fill(text)
        one.tab.keyboard.press("Control+Enter")
        expect(one.tab.locator(".rv-readout")).to_contain_text(f"step {len(text)} / {len(text)}")

    types(seen, TEXT)
    number = held(seen)
    killed = process(crowd, number)
    killed.kill()
    types(other, "still here")
    until(lambda: not killed.is_running() and asked(crowd, {"Cookie": f"{cookie(crowd)}={number}"})[0] == 200)
    assert process(crowd, number).pid != killed.pid
    seen.tab.wait_for_selector("[data-testid=stApp][data-test-connection-state=CONNECTED]")
    expect(seen.tab.get_by_role("textbox", name="Your text")).to_have_value(TEXT)
    seen.rests()
    types(seen, TEXT[:10])
    assert held(seen) == number
    seen.wrong.clear()  # what the browser says of a connection that broke


def test_whoever_comes_while_their_process_starts_again_is_told_so(crowd):
    process(crowd, "0").suspend()
    process(crowd, "0").kill()
    mine = PAGE | {"Cookie": f"{cookie(crowd)}=0"}
    statuses = []

    def came() -> bool:
        request = urllib.request.Request(crowd, headers=mine)
        try:
            urllib.request.urlopen(request, timeout=PATIENCE).close()
        except urllib.error.HTTPError as away:
            statuses.append((away.code, workers.AWAY in away.read().decode("utf-8")))
            return False
        return True

    until(came)
    assert set(statuses) == {(502, True)}


def test_ctrl_c_ends_all_of_it(crowd):
    """The last that is asked of them."""
    parent = process(crowd, "0").parent()
    family = [parent, *parent.children(recursive=True)]
    assert len(family) == 5  # two of the app, two of nginx
    parent.send_signal(signal.SIGINT)
    assert psutil.wait_procs(family, PATIENCE)[1] == []
