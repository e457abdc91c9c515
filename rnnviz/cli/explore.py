"""rnnviz explore: the app on a model of one's own that a Python function returns; rnnviz example: a file with such a function."""

import argparse
import os
import sys
import threading
from pathlib import Path
from urllib.parse import urlencode

from rnnviz.cli import app, view
from rnnviz.cli.extras import need

TEMPLATE = Path(__file__).with_name("own_model.py")
SLOW = 10.0  # s after which a line says that it still runs
VARIABLE = "RNNVIZ_EXPLORE"  # in the environment, for the app; see ui/parts/explored/live.py


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser(
        "explore",
        help="look into a model of your own, on any text",
        description="Runs a function of yours that returns an rnnviz.Live, starts the app on it, and opens the browser. "
        "Only what you name here is run, never what somebody uploads. Ctrl+C ends it.",
    )
    command.add_argument(
        "function", metavar="package.module:function", help="see rnnviz example for one that works"
    )
    command.add_argument(
        "--corpus",
        action="append",
        default=[],
        metavar="states.zarr",
        help="what rnnviz corpus has recorded of it, to be searched; may be given again",
    )
    view.add_opening(command)
    command.set_defaults(run=run, extra="app")


def add_example(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser(
        "example", help="write a small model of your own to start from, for explore"
    )
    command.add_argument("file", nargs="?", default=TEMPLATE.name, metavar="model.py", help=TEMPLATE.name)
    command.set_defaults(run=example, extra="")


def run(options: argparse.Namespace) -> int:
    need(*app.NEEDED)
    from rnnviz.studies import live

    waiting = threading.Timer(
        SLOW, print, [f"{options.function} is still running; Ctrl+C ends it"], {"file": sys.stderr}
    )
    waiting.daemon = True
    waiting.start()
    try:
        one = live.found(options.function)
        one.read(one.text)  # what is wrong is said here, before anything is started
    finally:
        waiting.cancel()
    os.environ[VARIABLE] = options.function
    page, link = "states", {"subject": live.link(options.function)}
    if options.corpus:
        page, link = "corpus", link | view.beginning(view.searched(options.corpus, one)[0])
    return view.opened_on(f"{page}?{urlencode(link)}", options)


def example(options: argparse.Namespace) -> int:
    path = Path(options.file)
    if path.suffix != ".py" or not path.stem.isidentifier():
        raise ValueError(f"wanted a file that Python can import, such as {TEMPLATE.name}; got {path.name}")
    if path.exists():
        raise ValueError(f"{path} is there already; name another file")
    path.write_text(
        TEMPLATE.read_text("utf-8").replace(f"explore {TEMPLATE.stem}:", f"explore {path.stem}:"), "utf-8"
    )
    print(f"{path} written; look into it with: rnnviz explore {path.stem}:subject")
    return 0
