"""The command line. Each command is a file here, or a few that belong together; this one reads what was typed."""

import argparse
import sys
from typing import NoReturn

from rnnviz.cli import app, compare, corpus, course, explore, models, train, train_own, units, view


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns the exit status: 0 done, 1 stopped early, 2 could not."""
    reader = parser()
    options = reader.parse_args(arguments)
    if "run" not in options:
        reader.print_help()
        return 0
    try:
        status: int = options.run(options)
        return status
    except ModuleNotFoundError as problem:
        if problem.name is None or problem.name.partition(".")[0] == "rnnviz":
            raise
        wanted = f"'rnnviz[{options.extra}]'" if options.extra else "rnnviz"
        return _could_not(f"{problem.name} is not installed; get it with: pip install {wanted}")
    except (ValueError, OSError, ArithmeticError) as problem:
        return _could_not(problem)
    except KeyboardInterrupt:
        print("rnnviz: stopped", file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    """What can be typed; `run` of what it reads is the function that does it, `extra` the extra of the package it stands on."""
    reader: argparse.ArgumentParser = _Parser(prog="rnnviz", description="See inside recurrent networks.")
    commands = reader.add_subparsers(metavar="COMMAND")
    for add in (
        app.add,
        view.add,
        explore.add,
        explore.add_example,
        models.add,
        train.add,
        train_own.add,
        compare.add,
        corpus.add,
        units.add,
        course.add,
    ):
        add(commands)
    return reader


class _Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line, as all else here does."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"rnnviz: {message}; {self.prog} --help shows what there is\n")


def _could_not(why: object) -> int:
    print(f"rnnviz: {why}", file=sys.stderr)
    return 2
