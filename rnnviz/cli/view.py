"""rnnviz view, and rnnviz.view from a script or a notebook: the app on recordings of one's own, opened on a picture of them."""

import argparse
import atexit
import html
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode

from rnnviz.cli import app
from rnnviz.cli.extras import need

MOST = 6  # recordings at once
FIRST_PORT = 8501
VARIABLE = "RNNVIZ_VIEW"  # in the environment, for the app; see ui/parts/explored/subjects.py
CORPUS = "RNNVIZ_CORPUS"  # likewise; see ui/parts/explored/stores.py
RUNS = "RNNVIZ_RUNS"  # likewise; see ui/rooms/runs/source.py


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser(
        "view",
        help="look at recordings and trainings of your own",
        description="Starts the app on recordings that rnnviz.save has written, and opens the browser on the first one; or on "
        "folders in which rnnviz.Monitor keeps trainings, also while these go; or on what rnnviz corpus has "
        "recorded of a shipped model. They stay on this machine. Ctrl+C ends it.",
    )
    command.add_argument(
        "files",
        nargs="+",
        metavar="run.nc|runs/|states.zarr",
        help=f"one recording, or up to {MOST}; or folders of trainings; or corpora",
    )
    add_opening(command)
    command.add_argument("--until-input-ends", action="store_true", help=argparse.SUPPRESS)
    command.set_defaults(run=run, extra="app")


def run(options: argparse.Namespace) -> int:
    need(*app.NEEDED)
    if len(options.files) > MOST:
        raise ValueError(f"up to {MOST} recordings can be looked at at once; got {len(options.files)}")
    corpora = [is_corpus(Path(path)) for path in options.files]
    if any(corpora):
        if not all(corpora):
            raise ValueError(
                "these are corpora and something else: start the app on one kind, and again on the other"
            )
        return opened_on(_searching(options.files), options)
    trainings = [_is_of_trainings(Path(path)) for path in options.files]
    if any(trainings) and not all(trainings):
        raise ValueError(
            "these are recordings and trainings: start the app on one kind, and again on the other"
        )
    page = _watching(options.files) if all(trainings) else _viewing(options.files)
    if options.until_input_ends:
        threading.Thread(target=_end_with_input, daemon=True).start()
    return opened_on(page, options)


def _viewing(files: list[str]) -> str:
    """The app is to show these recordings. Returns the page that it opens on."""
    from rnnviz.studies import subjects

    opened = [subjects.opened(path) for path in files]
    os.environ[VARIABLE] = json.dumps([str(Path(path).resolve()) for path in files])
    return f"states?{urlencode({'subject': opened[0].link})}"


def is_corpus(path: Path) -> bool:
    return (path / "zarr.json").is_file()


def searched(files: list[str], model: Any = None) -> list[Any]:
    """The app is to show these corpora. model: whose states they must be. Returns them. Raises ValueError."""
    from rnnviz.studies.corpus import Corpus

    opened = [Corpus.open(path, model) for path in files]
    names = [one.path.resolve().name for one in opened]
    if len(set(names)) < len(names):
        raise ValueError("these corpora have the same name: rename the folder of one")
    os.environ[CORPUS] = json.dumps([str(one.path.resolve()) for one in opened])
    return opened


def beginning(own: Any) -> dict[str, Any]:
    """What a link holds that opens on a corpus: its name, and the lowest layer that it has, from 1."""
    layer = int(next(iter(own.arrays)).partition("/layer_")[2].partition("/")[0].removesuffix("_backward"))
    return {"where_store": own.path.resolve().name} | ({"layer": layer + 1} if layer else {})


def _searching(files: list[str]) -> str:
    """The app is to show these corpora. Returns the page that it opens on."""
    from rnnviz.models import checkpoints
    from rnnviz.studies import live
    from rnnviz.studies.corpus import Corpus

    opened = searched(files)
    for one in opened:
        if one.model not in checkpoints.names("language"):
            raise ValueError(
                f"{one.path} holds states of {one.model}, which does not come along: "
                f"rnnviz explore package.module:function --corpus {one.path}"
            )
        Corpus.open(one.path, live.shipped(one.model))  # that it is of these weights is said here
    return f"corpus?{urlencode({'model': opened[0].model, **beginning(opened[0])})}"


def _watching(files: list[str]) -> str:
    """The app is to show the trainings in these folders. Returns the page that it opens on."""
    from rnnviz.monitoring import runs

    for path in map(Path, files):
        if not path.is_dir():
            runs.Run(path)
        elif not runs.found(path) and any(path.iterdir()):
            raise ValueError(f"{path} holds no run ({runs.NAME}) that rnnviz.Monitor has written")
    os.environ[RUNS] = json.dumps([str(Path(path).resolve()) for path in files])
    return "runs"


def _is_of_trainings(path: Path) -> bool:
    return path.is_dir() or path.suffix == ".jsonl"


def add_opening(command: argparse.ArgumentParser) -> None:
    """What can be said of how the app opens on something of the reader's own."""
    command.add_argument(
        "--port", type=int, help=f"where it listens: the first that is free from {FIRST_PORT} on"
    )
    command.add_argument("--no-browser", action="store_true", help="print the address and open nothing")


def opened_on(page: str, options: argparse.Namespace) -> int:
    """The app for this machine alone, opened on a page with what its link holds. options: as `add_opening` reads them."""
    port = options.port or app.free_port(FIRST_PORT)
    return app.run(
        argparse.Namespace(host=app.HERE, port=port, no_browser=options.no_browser, page=page, workers=1)
    )


def _end_with_input() -> None:
    """Whoever started this process holds its input open: it ends when they do, however they end."""
    sys.stdin.buffer.read()
    os._exit(0)


class Viewed:
    """The app on recordings, in a process of its own that ends with this one. address: where the browser finds it."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", folder: "tempfile.TemporaryDirectory[str]", address: str
    ):
        self.address = address
        self._process, self._folder = process, folder
        atexit.register(self.close)

    def close(self) -> None:
        """Ends it. What was recorded stays with whoever holds it."""
        atexit.unregister(self.close)
        if self._process.stdin:
            self._process.stdin.close()
        self._process.terminate()
        self._process.wait()
        self._folder.cleanup()

    def __enter__(self) -> "Viewed":
        return self

    def __exit__(self, *_problem: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"rnnviz: {self.address}"

    def _repr_html_(self) -> str:
        source = html.escape(f"{self.address}&embed=true")
        return f'<iframe src="{source}" title="rnnviz" width="100%" height="900" style="border: 0"></iframe>'


def view(*recordings: Any, port: int | None = None, browser: bool | None = None) -> Viewed:
    """Shows recordings in the app: starts it on this machine, opens the browser on the first one, and returns at once.

    recordings: what rnnviz.record has given, traces, or paths of saved ones; up to 6. port: where it listens; the first that is
    free. browser: whether to open one; in a notebook the app stands in a frame beside the code instead. The app ends with this
    process, or with `close`. Raises TypeError and ValueError, in one line, where something is none of these.

        with rnnviz.record(model) as recording:
            model(x)
        rnnviz.view(recording)
    """
    if not 1 <= len(recordings) <= MOST:
        raise ValueError(f"view takes 1 to {MOST} recordings; got {len(recordings)}")
    need(*app.NEEDED)
    folder = tempfile.TemporaryDirectory(prefix="rnnviz-")
    try:
        paths = [_saved(one, Path(folder.name), number + 1) for number, one in enumerate(recordings)]
        command = [sys.executable, "-m", "rnnviz", "view", *map(str, paths), "--until-input-ends"]
        command += [] if port is None else ["--port", str(port)]
        command += ["--no-browser"] if browser is False or (browser is None and _in_a_notebook()) else []
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)
        assert process.stdout and process.stderr
        line = process.stdout.readline().decode()
        if not line.startswith("rnnviz: http"):
            process.kill()
            said = process.communicate()[1].decode(errors="replace").strip()
            raise ValueError(said.rpartition("\n")[2].removeprefix("rnnviz: ") or "the app did not start")
        for stream in (process.stdout, process.stderr):
            # a full pipe would stop it
            threading.Thread(target=_emptied, args=(stream,), daemon=True).start()
    except BaseException:
        folder.cleanup()
        raise
    return Viewed(process, folder, line.split()[1])


def _emptied(stream: IO[bytes]) -> None:
    with stream:
        while stream.read(2**16):
            pass


def _saved(recording: Any, folder: Path, number: int) -> Path:
    """The file of a recording, written into the folder where it is none yet."""
    if isinstance(recording, str | os.PathLike):
        return Path(recording)
    import xarray as xr

    from rnnviz import trace

    tree = recording if isinstance(recording, xr.DataTree) else getattr(recording, "trace", None)
    if not isinstance(tree, xr.DataTree):
        raise TypeError(
            f"view takes recordings, traces or paths of saved ones; got {type(recording).__name__}"
        )
    path = folder / (f"recording-{number}.nc" if number > 1 else "recording.nc")
    trace.save(tree, path)
    return path


def _in_a_notebook() -> bool:
    shell = sys.modules.get("IPython")
    return bool(shell and type(shell.get_ipython()).__name__ == "ZMQInteractiveShell")
