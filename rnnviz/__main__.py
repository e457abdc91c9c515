"""The command line: python -m rnnviz …"""

import argparse
import dataclasses
import signal
import sys
import time
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns the exit status: 0 done, 1 stopped early with the work saved, 2 could not."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (ValueError, OSError, ArithmeticError) as problem:
        print(f"rnnviz: {problem}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rnnviz", description="See inside recurrent networks.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    train = commands.add_parser(
        "train",
        help="train a shipped model again",
        description="Stop with Ctrl+C: what was trained is kept, the same command goes on.",
    )
    train.add_argument("name", help="which recipe; --list shows them", nargs="?")
    train.add_argument("--list", action="store_true", help="show the recipes")
    train.add_argument(
        "--data", type=Path, help="the corpus: a file or folder; without it, it is downloaded or found"
    )
    train.add_argument("--steps", type=int, help="optimiser steps in place of the recipe's")
    train.add_argument("--seed", type=int, help="seed in place of the recipe's")
    train.add_argument("--learning-rate", type=float, help="peak learning rate in place of the recipe's")
    train.add_argument("--as", dest="save_as", metavar="NAME", help="save under another name")
    train.add_argument(
        "--fresh", action="store_true", help="start again, even where a stopped training could go on"
    )
    train.set_defaults(run=_train)

    listing = commands.add_parser("models", help="list the checkpoints and their scores")
    listing.set_defaults(run=_models)
    return parser


def _train(options: argparse.Namespace) -> int:
    from rnnviz import checkpoints, tasks, train

    if options.list or not options.name:
        for name, recipe in train.RECIPES.items():
            print(
                f"{name:18} {recipe.kind:5} {recipe.layers} x {recipe.hidden} units, {recipe.steps} steps, {recipe.corpus}"
            )
        return 0 if options.list else 2
    if options.name not in train.RECIPES:
        raise ValueError(f"no recipe {options.name!r}; there is {', '.join(train.RECIPES)}")
    given = {"steps": options.steps, "seed": options.seed, "learning_rate": options.learning_rate}
    recipe = dataclasses.replace(
        train.RECIPES[options.name], **{k: v for k, v in given.items() if v is not None}
    )
    name = options.save_as or options.name
    if not name.replace("-", "").replace("_", "").isalnum():
        raise ValueError(f"a name has letters, digits, - and _ only; got {name!r}")

    corpus = tasks.CORPORA[recipe.corpus](options.data)
    training = train.Training(recipe, corpus)
    unfinished = checkpoints.folder() / f"{name}.training.pt"
    if unfinished.exists() and not options.fresh:
        training.resume(unfinished)
        print(f"going on from step {training.step} of {unfinished}")
    seconds = _run_with_bar(training, unfinished, name)
    if training.step < recipe.steps:
        print(f"stopped at step {training.step} of {recipe.steps}; the same command goes on from there")
        return 1

    card = _card(training, corpus, options, seconds)
    path = checkpoints.save(name, training.model, card)
    _principal_components(name, training)
    unfinished.unlink(missing_ok=True)
    print(f"{path}: {card['parameters']:,} parameters, {card['scores']} nats a character")
    return 0


def _run_with_bar(training, unfinished: Path, name: str) -> float:
    """Trains until the end, Ctrl+C or a polite kill; saves at the stop and every minute. Returns the seconds it took."""
    from tqdm import tqdm

    unfinished.parent.mkdir(parents=True, exist_ok=True)
    asked_to_stop = []  # a stop waits for the end of the step: half a step must not be saved
    before = {
        s: signal.signal(s, lambda *_: asked_to_stop.append(True)) for s in (signal.SIGINT, signal.SIGTERM)
    }
    start = saved = time.monotonic()
    try:
        with tqdm(
            initial=training.step, total=training.recipe.steps, desc=name, unit="step", mininterval=1
        ) as bar:
            for measured in training.run():
                bar.set_postfix(loss=f"{measured['loss']:.3f}", refresh=False)
                bar.update()
                if asked_to_stop or time.monotonic() - saved > 60:
                    training.save(unfinished)
                    saved = time.monotonic()
                if asked_to_stop:
                    break
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return time.monotonic() - start


def _card(training, corpus, options, seconds: float) -> dict:
    import torch

    from rnnviz.models import parameter_count
    from rnnviz.train import NOTES, TUNING, held_out_loss

    recipe = training.recipe
    flags = [f"--{flag} {getattr(options, flag.replace('-', '_'))}" for flag in ("steps", "seed", "learning-rate")
             if getattr(options, flag.replace("-", "_")) is not None]  # fmt: skip
    if options.save_as:
        flags.append(f"--as {options.save_as}")
    return {
        "model": {
            "kind": recipe.kind,
            "vocabulary": len(training.vocabulary),
            "embedding": recipe.embedding,
            "hidden": recipe.hidden,
            "layers": recipe.layers,
        },
        "parameters": parameter_count(training.model),
        "scores": {
            part: round(held_out_loss(training.model, ids), 4)
            for part, ids in (("validation", training.validation_ids), ("test", training.test_ids))
        },
        "scores_unit": "nats a character, 16 streams read from the zero state to their end",
        "data": {k: getattr(corpus, k) for k in ("source", "licence", "sha256", "split")}
        | {"characters": {p: len(getattr(corpus, p)) for p in ("train", "validation", "test")}},
        "recipe": dataclasses.asdict(recipe),
        "tuning": "; ".join(
            filter(None, [TUNING if recipe.corpus == "shakespeare" else "", NOTES.get(options.name)])
        ),
        "command": " ".join(["python -m rnnviz train", options.name, *flags]),
        "seconds_of_last_run": round(seconds),
        "torch": torch.__version__,
        "vocabulary": list(training.vocabulary.characters),
    }


def _principal_components(name: str, training) -> None:
    """Fits the axes of the state's path once, on the first 20,000 characters of the validation text."""
    import torch

    from rnnviz import checkpoints
    from rnnviz.record import record
    from rnnviz.stats import states

    training.model.eval()
    text = training.validation_ids[:20_000]
    length = min(500, len(text))
    ids = torch.from_numpy(text[: len(text) // length * length].reshape(-1, length))
    with record(training.model) as recording, torch.inference_mode():
        training.model(ids)
    components = states.principal_components(recording.trace["rnn"]["hidden"])
    components.to_netcdf(checkpoints.components_path(name), engine="h5netcdf")


def _models(options: argparse.Namespace) -> int:
    from rnnviz import checkpoints

    for name in checkpoints.names():
        card = checkpoints.card(name)
        scores = ", ".join(f"{part} {value:.4f}" for part, value in card["scores"].items())
        print(f"{name:18} {card['parameters']:>9,} parameters, nats a character: {scores}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
