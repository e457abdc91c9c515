"""rnnviz app: the app on this machine, by the Streamlit that is installed."""

import argparse
import errno
import os
import runpy
import signal
import socket
import sys
import threading
import time
import webbrowser

from rnnviz import shipped
from rnnviz.cli import workers
from rnnviz.cli.extras import need
from rnnviz.cli.models import there

NEEDED = ("streamlit", "babel", "captum")  # of the extra `app`, those that nothing else brings
PORTS = range(1, 2**16)
HERE = workers.HERE


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    app = commands.add_parser(
        "app", help="start the app and open it in the browser", description="Ctrl+C ends it."
    )
    app.add_argument("--port", type=int, default=8501, help="where it listens: 8501")
    app.add_argument(
        "--host", default=HERE, help=f"for whom: {HERE}, this machine only; 0.0.0.0, everyone on its network"
    )
    app.add_argument(
        "--workers",
        type=int,
        help="how many processes share the readers; by itself as many as there are cores. More than one needs nginx",
    )
    app.add_argument("--no-browser", action="store_true", help="print the address and open nothing")
    app.set_defaults(run=run, extra="app", page="")


def run(options: argparse.Namespace) -> int:
    need(*NEEDED)
    there()
    _check(options.host, options.port)
    many = _processes(options.workers, options.host)

    def tell() -> None:
        arguments = (options.host, options.port, not options.no_browser, options.page)
        threading.Thread(target=_tell, args=arguments, daemon=True).start()

    settings = {
        "server.headless": "true",  # it asks for no e-mail address; the browser is opened here
        "server.fileWatcherType": "none",  # what is installed does not change
        "logger.hideWelcomeMessage": "true",  # the address is printed here
        "server.address": HERE if many > 1 else options.host,
    }
    command = ["streamlit", "run", str(shipped.path("app.py"))]
    command += [f"--{name}={value}" for name, value in settings.items()]
    if many > 1 and (front := workers.nginx()):
        return workers.serve(front, options.host, options.port, many, command, tell)
    tell()
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))  # Ctrl+C is how it is ended
    sys.argv = [*command, f"--server.port={options.port}"]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)  # as python -m streamlit does
    return 0


def _processes(wanted: int | None, host: str) -> int:
    """How many processes there will be. Raises ValueError where no such number can be."""
    if wanted is not None and not 1 <= wanted <= workers.MOST:
        raise ValueError(f"--workers is a number from 1 to {workers.MOST}; got {wanted}")
    many = min(workers.cores(), workers.MOST) if wanted is None else wanted
    if many == 1 or workers.nginx():
        return many
    if wanted is not None or host != HERE:  # alone at this machine, nobody misses it
        print(
            f"rnnviz: one process, not {many}: nginx is not installed, which shares readers between several"
            " (apt-get install nginx, brew install nginx)",
            file=sys.stderr,
        )
    return 1


def _check(host: str, port: int) -> None:
    """Raises ValueError, in one line that says what to do, where nothing can listen at that port."""
    if port not in PORTS:
        raise ValueError(f"a port is a number from 1 to {PORTS[-1]}; got {port}")
    if why := _refused(host, port):
        free = free_port(port + 1, host) or "NUMBER"
        raise ValueError(
            f"port {port} is {why}; end what listens there, or choose another: rnnviz app --port {free}"
        )


def free_port(first: int, host: str = HERE) -> int | None:
    """The first port from there on at which something can listen; None where there is none."""
    return next((port for port in PORTS[first - 1 :] if not _refused(host, port)), None)


def _refused(host: str, port: int) -> str:
    """Why nothing can listen at that port; empty where it can. Raises ValueError where the host is none of this machine's."""
    try:
        kind, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError:
        raise ValueError(_no_host(host)) from None
    with socket.socket(kind) as probe:
        if os.name == "posix":  # elsewhere the option would let two listen at one port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(place)
        except OSError as problem:
            if problem.errno == errno.EADDRNOTAVAIL:
                raise ValueError(_no_host(host)) from None
            return "taken" if problem.errno == errno.EADDRINUSE else f"refused ({problem.strerror})"
    return ""


def _no_host(host: str) -> str:
    return f"--host is an address of this machine, {HERE}, or 0.0.0.0 for all of them; got {host}"


def _tell(host: str, port: int, browser: bool, page: str) -> None:
    """Once the server answers, says where, and opens it in the browser, where there is one that does not draw in the terminal.
    page: which one, with what its link holds."""
    everyone = host in ("0.0.0.0", "::")
    asked = HERE if everyone else host
    while True:
        try:
            socket.create_connection((asked, port), timeout=1).close()
            break
        except OSError:
            time.sleep(0.1)
    address = f"http://{'localhost' if asked == HERE else asked}:{port}{page and f'/{page}'}"
    others = f"; for others on its network: http://{_on_the_network()}:{port}" if everyone else ""
    print(f"rnnviz: {address}{others} (Ctrl+C ends it)", flush=True)
    seen = (
        sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    if browser and seen:
        webbrowser.open(address)


def _on_the_network() -> str:
    """The address of this machine as its network has it; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("10.255.255.255", 1))
        except OSError:
            return socket.gethostname()
        address: str = probe.getsockname()[0]
        return address
