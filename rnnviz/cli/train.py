"""rnnviz train: a shipped model once more, or one of one's own recipe."""

import argparse
import dataclasses
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnviz.cli.extras import need
from rnnviz.cli.stops import stops_noted

if TYPE_CHECKING:  # a command that is not asked for costs no import
    import numpy as np
    import numpy.typing as npt
    import xarray as xr

    from rnnviz.models.cards import Card, Data
    from rnnviz.models.networks import LanguageModel
    from rnnviz.training.corpora import Corpus, Examples
    from rnnviz.training.loop import AnyTraining
    from rnnviz.training.recipes import CountRecipe, Trained
    from rnnviz.training.trainings import LanguageTraining

CHANGEABLE = ("steps", "seed", "learning_rate", "dropout", "recurrent_dropout")


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
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
    train.add_argument(
        "--dropout", type=float, help="share of the inputs that training hides, in place of the recipe's"
    )
    train.add_argument(
        "--recurrent-dropout",
        type=float,
        help="the same of h on its way to the next step; of a sentiment model",
    )
    train.add_argument("--as", dest="save_as", metavar="NAME", help="save under another name")
    train.add_argument(
        "--fresh", action="store_true", help="start again, even where a stopped training could go on"
    )
    train.set_defaults(run=run, extra="train")


def run(options: argparse.Namespace) -> int:
    from rnnviz import files
    from rnnviz.models import checkpoints
    from rnnviz.training import corpora, recipes, trainings

    if options.list or not options.name:
        for name, recipe in recipes.RECIPES.items():
            print(f"{name:27} {_summary(recipe)}, {recipe.corpus}")
        return 0 if options.list else 2
    if options.name not in recipes.RECIPES:
        raise ValueError(f"no recipe {options.name!r}; there is {', '.join(recipes.RECIPES)}")
    recipe = _asked_of(options, recipes.RECIPES[options.name])
    name = options.save_as or options.name
    if not name.replace("-", "").replace("_", "").isalnum():
        raise ValueError(f"a name has letters, digits, - and _ only; got {name!r}")

    need("sacrebleu")
    files.check_writable(checkpoints.folder())
    corpus = corpora.CORPORA[recipe.corpus](options.data)
    if isinstance(recipe, recipes.CountRecipe):
        assert isinstance(corpus, corpora.Corpus)
        return _count(recipe, corpus, options, name)
    training = trainings.begin(recipe, corpus)
    unfinished = checkpoints.folder() / f"{name}.training.pt"
    with files.alone(unfinished.with_suffix(".lock"), f"{name} is being trained"):
        if unfinished.exists() and not options.fresh:
            training.resume(unfinished)
            print(f"going on from step {training.step} of {unfinished}")
        seconds = _run_with_bar(training, unfinished, name)
        if training.step < recipe.steps:
            print(f"stopped at step {training.step} of {recipe.steps}; the same command goes on from there")
            return 1
        card = _card(training, corpus, options, seconds)
        measured = _measured(training) if isinstance(training, trainings.LanguageTraining) else None
        path = checkpoints.save(name, training.model, card, measured, getattr(training, "kept", None))
        unfinished.unlink(missing_ok=True)
    print(f"{path}: {card['parameters']:,} parameters, {card['scores']}: {card['scores_unit']}")
    return 0


def _asked_of(options: argparse.Namespace, recipe: "Trained | CountRecipe") -> "Trained | CountRecipe":
    """The recipe with what the reader asked for in place of its own. Raises ValueError for what it has not."""
    given = {k: getattr(options, k) for k in CHANGEABLE if getattr(options, k) is not None}
    if missing := [k for k in given if not hasattr(recipe, k)]:
        raise ValueError(f"{options.name} has no {', '.join(missing)}")
    for name in ("dropout", "recurrent_dropout"):
        if not 0 <= given.get(name, 0) < 1:
            raise ValueError(f"{name} must be from 0 to below 1; got {given[name]}")
    return dataclasses.replace(recipe, **given)


def _summary(recipe: "Trained | CountRecipe") -> str:
    from rnnviz.training.recipes import CountRecipe

    if isinstance(recipe, CountRecipe):
        return f"counts of 1 to {recipe.order} {recipe.unit}"
    return f"{recipe.kind:5} {getattr(recipe, 'layers', 1)} x {recipe.hidden} units, {recipe.steps} steps"


def _count(recipe: "CountRecipe", corpus: "Corpus", options: argparse.Namespace, name: str) -> int:
    from rnnviz.models import checkpoints
    from rnnviz.training import counts

    start = time.monotonic()
    table, described = counts.count(recipe, corpus)
    card = described | _made(recipe, corpus, options, time.monotonic() - start)
    card["data"]["characters"] = {
        part: len(getattr(corpus, part)) for part in ("train", "validation", "test")
    }
    path = checkpoints.save(name, table, card)
    print(f"{path}: {card['parameters']:,} n-grams, {card['scores']}: {card['scores_unit']}")
    return 0


def _run_with_bar(training: "AnyTraining", unfinished: Path, name: str) -> float:
    """Trains until the end, Ctrl+C or a polite kill; saves at the stop and every minute. Returns the seconds it took."""
    from tqdm import tqdm

    start = saved = time.monotonic()
    with (
        stops_noted() as asked_to_stop,  # a stop waits for the end of the step: half a step must not be saved
        tqdm(
            initial=training.step, total=training.recipe.steps, desc=name, unit="step", mininterval=1
        ) as bar,
    ):
        for measured in training.run():
            bar.set_postfix(loss=f"{measured['loss']:.3f}", refresh=False)
            bar.update()
            if asked_to_stop or time.monotonic() - saved > 60:
                training.save(unfinished)
                saved = time.monotonic()
            if asked_to_stop:
                break
    return time.monotonic() - start


def _card(
    training: "AnyTraining", corpus: "Corpus | Examples[Any]", options: argparse.Namespace, seconds: float
) -> "Card":
    import torch

    from rnnviz.models.networks import parameter_count

    card: Card = {
        "task": training.task,
        **training.described(),
        "parameters": parameter_count(training.model),
        **_made(training.recipe, corpus, options, seconds),
        "torch": torch.__version__,
    }
    card["data"][training.counted] = {
        part: len(getattr(corpus, part)) for part in ("train", "validation", "test")
    }
    return card


def _made(
    recipe: "Trained | CountRecipe",
    corpus: "Corpus | Examples[Any]",
    options: argparse.Namespace,
    seconds: float,
) -> "Card":
    """What every card says: the data, the recipe, and the command that makes it again."""
    from rnnviz.training.recipes import NOTES, TUNING, Recipe

    flags = [
        f"--{name.replace('_', '-')} {getattr(options, name)}"
        for name in CHANGEABLE
        if getattr(options, name) is not None
    ]
    if options.save_as:
        flags.append(f"--as {options.save_as}")
    data: Data = {
        "source": corpus.source,
        "licence": corpus.licence,
        "sha256": corpus.sha256,
        "split": corpus.split,
    }
    if corpus.attribution:
        data["attribution"] = corpus.attribution
    tuned = TUNING.get(recipe.corpus, "") if isinstance(recipe, Recipe) else ""
    return {
        "data": data,
        "recipe": dataclasses.asdict(recipe),
        "tuning": "; ".join(filter(None, [tuned, NOTES.get(options.name)])),
        "command": " ".join(["python -m rnnviz train", options.name, *flags]),
        "seconds_of_last_run": round(seconds),
    }


def _measured(training: "LanguageTraining") -> bytes | memoryview:
    """What is known of the states on the first 20,000 characters of the validation text, as netCDF: the axes of their path; of a
    network that grows up, those at each of its moments, and which of its units follow something."""
    import xarray as xr

    from rnnviz import netcdf
    from rnnviz.studies import growing
    from rnnviz.training.trainings import GrowingTraining

    ids = training.validation_ids[:20_000]
    if not isinstance(training, GrowingTraining):
        return netcdf.packed(_components(training.model, ids))
    models = {step: training.at(step) for step in training.kept}
    every = [_components(model, ids) for model in models.values()]
    axes = xr.concat(every, xr.DataArray(list(models), dims="moment", name="moment"))
    return netcdf.packed(axes.merge(growing.tracked(models, ids, training.vocabulary.decode(ids))))


def _components(model: "LanguageModel", ids: "npt.NDArray[np.int64]") -> "xr.Dataset":
    import torch

    from rnnviz.recording.block import record
    from rnnviz.stats import states
    from rnnviz.trace import branch

    model.eval()
    length = min(500, len(ids))
    rows = torch.from_numpy(ids[: len(ids) // length * length].reshape(-1, length))
    with record(model) as recording, torch.inference_mode():
        model(rows)
    return states.principal_components(branch(recording.trace, "rnn").dataset["hidden"])
