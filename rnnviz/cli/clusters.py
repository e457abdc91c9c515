"""The option of commands that share their work with a Dask cluster."""

import argparse

from rnnviz.cli.extras import need


def add_dask(command: argparse.ArgumentParser, what: str) -> None:
    """what: becomes of the work there."""
    command.add_argument(
        "--dask",
        metavar="tcp://HOST:PORT",
        help=f"the scheduler of a Dask cluster: {what}. Its workers need rnnviz, and no disk of yours: they send back what they "
        "find (needs rnnviz[dask])",
    )


def needed(options: argparse.Namespace) -> None:
    """Raises ModuleNotFoundError where a cluster is asked for and Dask is not installed."""
    if options.dask is not None:
        options.extra = "dask"
        need("distributed")
