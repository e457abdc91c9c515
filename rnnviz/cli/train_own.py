"""rnnviz train-text, train-series, train-task: what the page *Train your own* trains, with the same numbers."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnviz import files
from rnnviz.cli.texts import text_of

if TYPE_CHECKING:
    from rnnviz.studies.lab.material import Material

Learned = (
    tuple["Material"] | tuple["Material", str]
)  # what is learned, and the name of its file if there is one


def _clip(text: str) -> float | str:
    return text if text == "none" else float(text)


OPTIONS: dict[str, tuple[Callable[[str], Any], str]] = {  # as studies.lab.Setup has them
    "kind": (str, "rnn, gru or lstm (lstm)"),
    "units": (int, "of each layer (128)"),
    "layers": (int, "(1)"),
    "dropout": (float, "share of what is left out (0)"),
    "length": (int, "characters or steps over which backpropagation runs (60)"),
    "batch": (int, "windows or sequences of an update (32)"),
    "updates": (int, "(1000)"),
    "optimiser": (str, "adam or sgd (adam)"),
    "rate": (float, "learning rate (0.003)"),
    "clip": (_clip, "norm at which gradients are clipped, or none (1)"),
    "every": (int, "updates between two looks at what is held out (20)"),
    "seed": (int, "(0)"),
}


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    text = _command(
        commands,
        "train-text",
        "train a language model on a text of your own",
        "Trains a language model on a text, character by character",
        _text,
    )
    text.add_argument("file", help="a file of text in UTF-8, up to 2 MB")
    series = _command(
        commands,
        "train-series",
        "train a network to forecast a series of your own",
        "Trains a network that forecasts the next row of a table of numbers",
        _series,
    )
    series.add_argument("file", help="a CSV file in UTF-8, one step a line, up to 2 MB")
    series.add_argument(
        "--scale",
        default="standardised",
        help="as they are, standardised or from 0 to 1: each column (%(default)s)",
    )
    task = _command(
        commands,
        "train-task",
        "train a network on a generated task",
        "Trains a network on a task whose sequences are made up",
        _task,
    )
    task.add_argument("task", help="first, adding, copy, parity or brackets")
    task.add_argument("--steps", type=int, default=20, help="of each sequence (%(default)s)")


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    short: str,
    long: str,
    material: Callable[[argparse.Namespace], Learned],
) -> argparse.ArgumentParser:
    """A command with what all three take. material: from the options what is learned, and the file's name if there is one."""
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=short,
        description=f"{long}, and writes weights and card into a ZIP. The same options give the same weights on the same machine."
        " Ctrl+C ends it.",
    )
    command.add_argument(
        "--out", default="rnnviz-trained.zip", help="where the weights are written (%(default)s)"
    )
    for option, (kind, said) in OPTIONS.items():
        command.add_argument(f"--{option}", type=kind, help=said)
    command.set_defaults(run=run, extra="", material=material)
    return command


def _text(options: argparse.Namespace) -> Learned:
    from rnnviz.studies.lab import Letters

    return Letters.of(text_of(options.file)), Path(options.file).name


def _series(options: argparse.Namespace) -> Learned:
    from rnnviz.studies.lab import Table

    return Table.of(text_of(options.file), options.scale), Path(options.file).name


def _task(options: argparse.Namespace) -> Learned:
    from rnnviz.studies.lab import Task

    return (Task(options.task, options.steps),)


def run(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from rnnviz.studies.lab import Setup, Training, packed
    from rnnviz.studies.lab.result import command

    given = {name: getattr(options, name) for name in OPTIONS if getattr(options, name) is not None}
    if given.get("clip") == "none":
        given["clip"] = None
    setup = Setup(**given)
    out = Path(options.out)
    files.check_writable(out.parent)
    learned: Learned = options.material(options)
    material, file = learned[0], learned[1:]
    training = Training(setup, material)
    moment: dict[str, Any] = {}
    with tqdm(total=setup.updates, unit=" updates") as bar:
        for moment in training.run():
            bar.update(training.update - bar.n)
            bar.set_postfix(loss=f"{moment['loss']:.3f}", held_out=f"{moment['held_out']:.3f}")
    if training.diverged:
        raise ArithmeticError(
            f"the loss left the numbers after {training.update} updates: choose a smaller --rate, or --clip"
        )
    with files.written(out) as unfinished:
        unfinished.write_bytes(packed(training, moment["held_out"], command(setup, material, *file)))
    line = f"rnnviz: {out}, {moment['held_out']:.4f} {material.units} on {material.part}"
    if "repeated" in moment:
        line += f"; {moment['repeated']:.4f} where the last value is repeated"
    if "right" in moment:
        line += f"; {moment['right']:.1%} of the answers right"
    print(line)
    return 0
