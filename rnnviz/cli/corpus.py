"""rnnviz corpus: a model's states over whole texts, written to a store that `rnnviz.corpus` and xarray open."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rnnviz.cli.clusters import add_dask, needed
from rnnviz.cli.extras import need
from rnnviz.cli.stops import stops_noted
from rnnviz.cli.texts import text_of

if TYPE_CHECKING:  # a command that is not asked for costs no import
    from rnnviz.studies.live import Live


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser(
        "corpus",
        help="record a model's states over whole texts",
        description="Runs a model over texts and writes its states to a Zarr store, with tokens, names and labels, as it goes: "
        "Ctrl+C or a kill costs nothing but the last piece, and the same command goes on. rnnviz.corpus asks it questions.",
        epilog="example: rnnviz corpus shakespeare-lstm text.txt --out states.zarr --layers -1 --bits 8",
    )
    command.add_argument(
        "model",
        nargs="?",
        help="a shipped language model, see rnnviz models, or package.module:function, see rnnviz example",
    )
    command.add_argument(
        "files", nargs="*", metavar="file", help="texts in UTF-8, or CSV files for a model of rows"
    )
    command.add_argument(
        "--held-out",
        action="store_true",
        help="the text that comes along with a shipped model, in place of files",
    )
    command.add_argument(
        "--out", type=Path, default=Path("states.zarr"), help="where to write: ./states.zarr"
    )
    command.add_argument("--layers", metavar="N,…", help="only these, from 0, or from -1 down (all)")
    command.add_argument(
        "--fields", default="hidden", help="of a trace, as hidden,cell,forget_gate (%(default)s)"
    )
    command.add_argument(
        "--bits", type=int, default=32, help="32, or 8: a quarter of the size, off by up to 1/254"
    )
    command.add_argument(
        "--cut", type=int, help="steps read at a call, each from the state of the one before"
    )
    command.add_argument(
        "--by", choices=("file", "line"), default="file", help="what is a sequence by itself (%(default)s)"
    )
    command.add_argument(
        "--labels", action="store_true", help="with --by line: a line is its label, a tab and its text"
    )
    command.add_argument(
        "--lstmvis",
        type=Path,
        metavar="FOLDER",
        help="in place of model and files: states that LSTMVis shows, with lstm.yml, HDF5 files and a dictionary; their numbers "
        "stay as they are (needs rnnviz[lstmvis])",
    )
    add_dask(
        command,
        "short texts are shared out by groups, long ones cut by cut, so spread many texts, as with --by line: up to 32 long "
        "ones keep one worker busy. The store is the same, byte for byte where OMP_NUM_THREADS=1",
    )
    command.set_defaults(run=run, extra="")


def run(options: argparse.Namespace) -> int:
    if options.lstmvis is not None:
        return _from_lstmvis(options)
    if options.model is None or not (options.files or options.held_out):
        raise ValueError(
            "give a model and at least one file, as in: rnnviz corpus shakespeare-lstm text.txt, or --held-out and none"
        )
    return _record(options)


def _from_lstmvis(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from rnnviz.studies.corpus import imported

    given = ("model", "files", "held_out", "layers", "cut", "labels", "dask")
    if any(getattr(options, name) for name in given) or options.bits != 32 or options.fields != "hidden":
        raise ValueError("--lstmvis goes with --out alone: its states are recorded already")
    options.extra = "lstmvis"
    need("yaml")
    with stops_noted() as asked_to_stop, tqdm(unit=" steps", unit_scale=True) as bar:

        def progress(done: int, steps: int) -> None:
            bar.total = steps
            bar.update(done - bar.n)
            if asked_to_stop and done < steps:
                raise KeyboardInterrupt

        own = imported.from_lstmvis(options.lstmvis, options.out, progress)
    print(f"{own.path}: {own.steps:,} steps, {', '.join(own.arrays)}")
    return 0


def _record(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from rnnviz.studies.corpus import recording

    needed(options)
    if options.labels and options.by != "line":
        raise ValueError("--labels needs --by line: a label stands before the tab of each line")
    layers = None if options.layers is None else [_number(each) for each in options.layers.split(",")]
    if options.files and options.held_out:
        raise ValueError("give files, or --held-out and none")
    model = _model(options.model)
    texts: list[tuple[str, str] | tuple[str, str, str]]
    texts = [text for file in options.files for text in _texts(file, options.by == "line", options.labels)]
    if options.held_out:
        from rnnviz.models import held_out

        texts = [*held_out.shipped(options.model)]
    asked = {
        "layers": layers,
        "fields": [one.strip() for one in options.fields.split(",")],
        "bits": options.bits,
    }
    size = recording.size_of(model, texts, options.out.parent, **asked)
    print(size)
    cut = {} if options.cut is None else {"cut": options.cut}
    with stops_noted() as asked_to_stop, tqdm(total=size.steps, unit=" steps", unit_scale=True) as bar:

        def progress(done: int, _steps: int) -> None:
            bar.update(done - bar.n)
            if asked_to_stop and done < size.steps:
                raise KeyboardInterrupt

        try:
            own = recording.record(
                model, texts, options.out, progress=progress, dask=options.dask, **asked, **cut
            )
        except KeyboardInterrupt:
            bar.close()
            print(f"stopped after {bar.n:,} of {size.steps:,} steps; the same command goes on")
            return 1
        bar.update(size.steps - bar.n)
    print(f"{own.path}: {own.steps:,} steps, {', '.join(own.arrays)}")
    return 0


def _model(name: str) -> "Live":
    from rnnviz.studies import live

    return live.found(name) if ":" in name else live.shipped(name)


def _texts(file: str, by_line: bool, labels: bool) -> Iterator[tuple[str, str] | tuple[str, str, str]]:
    """(name, text), or (name, text, label), of each sequence of a file."""
    text = text_of(file)
    if not text:
        raise ValueError(f"{file} is empty: give a text of at least two tokens")
    if not by_line:
        yield Path(file).name, text
        return
    for number, line in enumerate(text.split("\n"), 1):
        label, tab, rest = line.partition("\t") if labels else ("", "", line)
        if labels and line.strip() and not tab:
            raise ValueError(f"{file}, line {number} has no tab: wanted a label, a tab and a text")
        if rest.strip():
            yield f"{Path(file).name}:{number}", rest, label


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"--layers takes numbers parted by commas, as 0,1 or -1; got {text!r}") from None
