"""rnnviz train-text: a language model on a text of one's own, as the page *Train your own* trains it."""

import argparse
from pathlib import Path

from rnnviz import files


def _clip(text: str) -> float | str:
    return text if text == "none" else float(text)


OPTIONS = {  # as studies.lab.Setup has them
    "kind": (str, "rnn, gru or lstm (lstm)"),
    "units": (int, "of each layer (128)"),
    "layers": (int, "(1)"),
    "dropout": (float, "share of what is left out (0)"),
    "length": (int, "characters over which backpropagation runs (60)"),
    "batch": (int, "windows of an update (32)"),
    "updates": (int, "(1000)"),
    "optimiser": (str, "adam or sgd (adam)"),
    "rate": (float, "learning rate (0.003)"),
    "clip": (_clip, "norm at which gradients are clipped, or none (1)"),
    "every": (int, "updates between two looks at the held-out text (20)"),
    "seed": (int, "(0)"),
}


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser(
        "train-text",
        help="train a language model on a text of your own",
        description="Trains a language model on a text, character by character, and writes weights and card into a ZIP. The same "
        "options give the same weights on the same machine. Ctrl+C ends it.",
    )
    command.add_argument("text", help="a file of text in UTF-8, up to 2 MB")
    command.add_argument(
        "--out", default="rnnviz-trained.zip", help="where the weights are written (%(default)s)"
    )
    for name, (kind, said) in OPTIONS.items():
        command.add_argument(f"--{name}", type=kind, help=said)
    command.set_defaults(run=run, extra="")


def run(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from rnnviz.studies.lab import Letters, Setup, Training, packed
    from rnnviz.studies.lab.result import command

    given = {name: getattr(options, name) for name in OPTIONS if getattr(options, name) is not None}
    if given.get("clip") == "none":
        given["clip"] = None
    setup = Setup(**given)
    out = Path(options.out)
    files.check_writable(out.parent)
    try:
        text = Path(options.text).read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{options.text} is not text in UTF-8: save it as UTF-8") from None
    training = Training(setup, Letters.of(text))
    moment: dict = {}
    with tqdm(total=setup.updates, unit=" updates") as bar:
        for moment in training.run():
            bar.update(training.update - bar.n)
            bar.set_postfix(loss=f"{moment['loss']:.3f}", held_out=f"{moment['held_out']:.3f}")
    if training.diverged:
        raise ArithmeticError(
            f"the loss left the numbers after {training.update} updates: choose a smaller --rate, or --clip"
        )
    with files.written(out) as unfinished:
        unfinished.write_bytes(packed(training, moment["held_out"], command(setup, Path(options.text).name)))
    print(f"rnnviz: {out}, {moment['held_out']:.4f} nats a character on the last tenth of the text")
    return 0
