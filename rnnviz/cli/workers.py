"""The app in several processes behind one port: nginx before them, and each reader's browser stays with one of them."""

import ctypes
import importlib
import os
import runpy
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from rnnviz import forking
from rnnviz.cli.stops import stops_noted

HERE = "127.0.0.1"
MOST = 64
PLACES = ("/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin")  # not on everybody's PATH
PAUSE = 0.5  # s between looks, and before what died is started again
GRACE = 5.0  # s that a process has to end by itself

# A browser that has been here holds a cookie with the number of its process, see rnnviz/ui/shell/guard.py. Whoever comes without
# one to see a page goes to the next process in turn; all else without one, as in a frame whose cookies the browser keeps back,
# follows the address and the kind of browser, so that what belongs together stays together. A request of another machine says
# nothing of who it is for, or how it came: only a proxy on this one may.
CONFIGURATION = """
daemon off;
pid "{folder}/pid";
worker_processes 1;
worker_rlimit_nofile 4096;
events {{ worker_connections 2000; }}
http {{
  access_log off;
  server_tokens off;
  large_client_header_buffers 8 64k;
  client_max_body_size 20m;  # more than a page takes: that is the app's to say
  client_body_temp_path "{folder}/body";
  proxy_temp_path "{folder}/proxy";
  fastcgi_temp_path "{folder}/fastcgi";
  uwsgi_temp_path "{folder}/uwsgi";
  scgi_temp_path "{folder}/scgi";

  map $remote_addr $client {{ {here} $http_x_forwarded_for; ::1 $http_x_forwarded_for; default $remote_addr; }}
  map $remote_addr $seen_scheme {{ {here} $http_x_forwarded_proto; ::1 $http_x_forwarded_proto; default $scheme; }}
  map $http_upgrade $upgraded {{ default ""; ~*^websocket$ websocket; }}
  map $upgraded $stays {{ default close; websocket upgrade; }}
  map $http_accept $newcomer {{ default by_address; ~text/html in_turn; }}
  map $cookie_{cookie} $held {{ default $newcomer; {numbers} }}

  upstream in_turn {{ {servers} }}
  upstream by_address {{ hash "$client $remote_addr $http_user_agent"; {servers} }}
  {upstreams}

  proxy_http_version 1.1;
  proxy_buffer_size 32k;
  proxy_buffers 8 32k;
  proxy_max_temp_file_size 0;
  proxy_request_buffering off;
  proxy_connect_timeout 5s;
  proxy_read_timeout 1h;
  proxy_send_timeout 1h;
  proxy_set_header Host $http_host;
  proxy_set_header Upgrade $upgraded;
  proxy_set_header Connection $stays;
  proxy_set_header X-Forwarded-For $client;
  proxy_set_header X-Forwarded-Proto $seen_scheme;
  proxy_set_header X-Forwarded-Host "";
  proxy_set_header X-Real-IP "";
  proxy_set_header Forwarded "";

  server {{
    listen {listen};
    location / {{ proxy_pass http://$held; proxy_redirect off; error_page 502 504 @away; }}
    location @away {{
      default_type text/html;
      charset utf-8;
      add_header Cache-Control no-store always;
      add_header X-Content-Type-Options nosniff always;
      add_header Content-Security-Policy "frame-ancestors 'self'" always;
      return 502 '<!doctype html><title>rnnviz</title><meta http-equiv="refresh" content="2"><p>{away}</p>';
    }}
  }}
}}
"""
AWAY = "The app is starting again; this page comes back by itself. 앱이 다시 시작되고 있습니다. 이 페이지는 저절로 돌아옵니다."

Process = subprocess.Popen[bytes] | forking.Forked

_linux = ctypes.CDLL(None) if sys.platform == "linux" else None
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def nginx() -> str | None:
    """Where nginx is, if it is here."""
    if os.name != "posix":
        return None
    return shutil.which("nginx", path=os.pathsep.join([os.environ.get("PATH", ""), *PLACES]))


def serve(
    front: str, host: str, port: int, count: int, command: Sequence[str], ready: Callable[[], None]
) -> int:
    """Runs so many processes of the app behind nginx until it is told to end; one that dies is started again.

    front: where nginx is. command: what `python -m` is given to start the app on this machine, at the port that is added. ready:
    called once readers can come. Raises OSError where nginx, or a process of the app before it first listened, ended by itself.
    """
    with stops_noted() as asked, tempfile.TemporaryDirectory(prefix="rnnviz-") as folder, ExitStack() as ends:
        if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
            ends.callback(signal.signal, signal.SIGHUP, signal.SIG_DFL)
            signal.signal(signal.SIGHUP, lambda *_: asked.append(True))  # the terminal was closed
        ports, cookie = _free_ports(count), f"rnnviz_process_{port}"  # browsers tell hosts apart, not ports
        file, log = Path(folder, "nginx.conf"), Path(folder, "log")
        file.write_text(configuration(folder, host, port, ports, cookie), "utf-8")
        secret = {"STREAMLIT_SERVER_COOKIE_SECRET": secrets.token_hex(32)} | os.environ
        running: dict[int, Process] = {}
        forks = _forks(Path(folder)) if forking.POSSIBLE else None
        if forks:
            ends.callback(forks.close)
        ends.callback(lambda: _end([*running.values()]))

        def start(number: int) -> None:
            own = secret | {"RNNVIZ_PROCESS": f"{cookie}={number}", "RNNVIZ_PROCESSES": str(count)}
            full = [*command, f"--server.port={ports[number]}"]
            if forks:
                own |= {forking.PLACE: forks.place}
                running[number] = forks.fork(lambda: _module(full), f"rnnviz-{port}-{number}", own)
            else:
                running[number] = _started([sys.executable, "-m", *full], env=own)

        def wait(seconds: float) -> None:
            forks.answer(seconds) if forks else time.sleep(seconds)

        for number in range(count):
            start(number)
        while not all(map(_listens, ports)):
            if asked:
                return 0
            if any(process.poll() is not None for process in running.values()):
                raise ChildProcessError("a process of the app ended before it listened")
            wait(PAUSE / 5)
        with log.open("wb") as errors:
            before = _started([front, "-p", folder, "-c", str(file), "-e", "stderr"], stderr=errors)
        ends.callback(lambda: _end([before]))  # first: nobody is sent to a process that ends
        ready()
        while not asked:
            wait(PAUSE)
            if before.poll() is not None:
                said = log.read_text("utf-8", "replace").splitlines() or [f"with status {before.returncode}"]
                raise ChildProcessError(f"nginx ended: {said[-1]}")
            for number, process in running.items():
                if process.poll() is not None and not asked:
                    print(
                        f"rnnviz: process {number + 1} of {count} ended, and is started again",
                        file=sys.stderr,
                    )
                    start(number)
    return 0


def configuration(folder: str, host: str, port: int, ports: Sequence[int], cookie: str) -> str:
    """What nginx is told. folder: for its files; host, port: where it listens; ports: of the processes; cookie: its name."""
    servers = [f"server {HERE}:{each};" for each in ports]
    return CONFIGURATION.format(
        folder=folder,
        here=HERE,
        listen=f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        cookie=cookie,
        numbers=" ".join(f"{number} process_{number};" for number in range(len(ports))),
        servers=" ".join(servers),
        upstreams="\n  ".join(f"upstream process_{n} {{ {server} }}" for n, server in enumerate(servers)),
        away=AWAY,
    )


def _free_ports(count: int) -> list[int]:
    with ExitStack() as probes:
        taken = [probes.enter_context(socket.create_server((HERE, 0))) for _ in range(count)]
        return [probe.getsockname()[1] for probe in taken]


def _listens(port: int) -> bool:
    try:
        socket.create_connection((HERE, port), timeout=1).close()
    except OSError:
        return False
    return True


def _started(
    command: Sequence[str], env: Mapping[str, str] | None = None, stderr: IO[bytes] | None = None
) -> subprocess.Popen[bytes]:
    """A process that Ctrl+C in the terminal does not reach, and that ends, on Linux, however this one does."""
    prepare = (lambda: _linux.prctl(_DEATH_SIGNAL, signal.SIGTERM)) if _linux else None
    return subprocess.Popen(
        command,
        preexec_fn=prepare,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        process_group=0,
        env=env,
        stderr=stderr,
    )


def _forks(folder: Path) -> forking.Forks:
    """This process, having imported all that those of the app need."""
    importlib.import_module("streamlit.web.cli")
    importlib.import_module("rnnviz.ui.shell.server").everything()
    return forking.Forks(folder)


def _module(command: Sequence[str]) -> None:
    """As `python -m` does."""
    sys.argv = [*command]
    sys.path.insert(0, os.getcwd())
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)


def _end(processes: Sequence[Process]) -> None:
    for process in processes:
        process.terminate()
    until = time.monotonic() + GRACE
    for process in processes:
        try:
            process.wait(max(0.0, until - time.monotonic()))
        except (subprocess.TimeoutExpired, TimeoutError):
            process.kill()
            process.wait()
