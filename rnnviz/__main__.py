"""The command line: python -m rnnviz …"""

import argparse
import contextlib
import dataclasses
import html
import json
import math
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns the exit status: 0 done, 1 stopped early, 2 could not."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (ValueError, OSError, ArithmeticError) as problem:
        print(f"rnnviz: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("rnnviz: stopped", file=sys.stderr)
        return 1


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
    train.set_defaults(run=_train)

    compare = commands.add_parser(
        "compare",
        help="compare how gradients vanish and explode across architectures",
        description="Networks as they are before training read the same data; a loss is sent back. Writes what reaches each "
        "step: compare.nc, compare.csv (a row each network), curves.csv and compare.html.",
        epilog="example: python -m rnnviz compare --architecture rnn --architecture lstm,units=64,forget_bias=2 --steps 200",
    )
    compare.add_argument(
        "rows",
        nargs="*",
        metavar="ROW",
        help="an architecture: rnn, gru or lstm, then fields of rnnviz.experiments.Architecture, as lstm,layers=2,residual=true",
    )
    compare.add_argument(
        "--architecture", action="append", metavar="ROW", default=[], help="the same, once for each"
    )
    compare.add_argument("--setup", type=Path, metavar="FILE.json", help="a set-up; other options change it")
    compare.add_argument("--input", help="noise, adding, copy or text")
    compare.add_argument("--text", help="for --input text: what is read")
    compare.add_argument("--steps", type=int, help="length of a sequence")
    compare.add_argument("--loss", help="last: at the last step; all: the mean over the steps")
    compare.add_argument("--seeds", type=int, help="networks of each architecture")
    compare.add_argument("--batch", type=int, help="sequences that each reads")
    compare.add_argument("--clip", type=float, help="norm to which the parameters' gradient is clipped")
    compare.add_argument(
        "--truncate", type=int, metavar="STEPS", help="cut backpropagation every that many steps"
    )
    compare.add_argument(
        "--dynamics",
        action="store_true",
        help="also singular values and Lyapunov exponents of each architecture's first seed: dynamics.nc",
    )
    compare.add_argument("--out", type=Path, default=Path("compare"), help="folder to write to: ./compare")
    compare.set_defaults(run=_compare)

    listing = commands.add_parser("models", help="list the checkpoints and their scores")
    listing.set_defaults(run=_models)
    return parser


def _train(options: argparse.Namespace) -> int:
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

    corpus = corpora.CORPORA[recipe.corpus](options.data)
    if isinstance(recipe, recipes.CountRecipe):
        return _count(recipe, corpus, options, name)
    training = trainings.begin(recipe, corpus)
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
    if training.task == "language":
        _principal_components(name, training)
    unfinished.unlink(missing_ok=True)
    print(f"{path}: {card['parameters']:,} parameters, {card['scores']}: {card['scores_unit']}")
    return 0


CHANGEABLE = ("steps", "seed", "learning_rate", "dropout", "recurrent_dropout")


def _asked_of(options: argparse.Namespace, recipe):
    """The recipe with what the reader asked for in place of its own. Raises ValueError for what it has not."""
    given = {k: getattr(options, k) for k in CHANGEABLE if getattr(options, k) is not None}
    if missing := [k for k in given if not hasattr(recipe, k)]:
        raise ValueError(f"{options.name} has no {', '.join(missing)}")
    for name in ("dropout", "recurrent_dropout"):
        if not 0 <= given.get(name, 0) < 1:
            raise ValueError(f"{name} must be from 0 to below 1; got {given[name]}")
    return dataclasses.replace(recipe, **given)


def _summary(recipe) -> str:
    if hasattr(recipe, "hidden"):
        return f"{recipe.kind:5} {getattr(recipe, 'layers', 1)} x {recipe.hidden} units, {recipe.steps} steps"
    return f"counts of 1 to {recipe.order} {recipe.unit}"


def _count(recipe, corpus, options: argparse.Namespace, name: str) -> int:
    from rnnviz.models import checkpoints
    from rnnviz.training import counts

    start = time.monotonic()
    table, described = counts.count(recipe, corpus)
    card = described | _made(recipe, corpus, options, time.monotonic() - start)
    parts = {part: len(getattr(corpus, part)) for part in ("train", "validation", "test")}
    card["data"] |= {"characters": parts}
    path = checkpoints.save(name, table, card)
    print(f"{path}: {card['parameters']:,} n-grams, {card['scores']}: {card['scores_unit']}")
    return 0


def _run_with_bar(training, unfinished: Path, name: str) -> float:
    """Trains until the end, Ctrl+C or a polite kill; saves at the stop and every minute. Returns the seconds it took."""
    from tqdm import tqdm

    unfinished.parent.mkdir(parents=True, exist_ok=True)
    start = saved = time.monotonic()
    with (
        _stops_noted() as asked_to_stop,  # a stop waits for the end of the step: half a step must not be saved
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


@contextlib.contextmanager
def _stops_noted() -> Iterator[list]:
    """While it lasts, Ctrl+C and a polite kill do no more than add to the list."""
    asked: list[bool] = []
    before = {s: signal.signal(s, lambda *_: asked.append(True)) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _card(training, corpus, options, seconds: float) -> dict:
    import torch

    from rnnviz.models.networks import parameter_count

    card = {
        "task": training.task,
        **training.described(),
        "parameters": parameter_count(training.model),
        **_made(training.recipe, corpus, options, seconds),
        "torch": torch.__version__,
    }
    card["data"] |= {
        training.counted: {part: len(getattr(corpus, part)) for part in ("train", "validation", "test")}
    }
    return card


def _made(recipe, corpus, options, seconds: float) -> dict:
    """What every card says: the data, the recipe, and the command that makes it again."""
    from rnnviz.training.recipes import NOTES, TUNING, Recipe

    flags = [
        f"--{name.replace('_', '-')} {getattr(options, name)}"
        for name in CHANGEABLE
        if getattr(options, name) is not None
    ]
    if options.save_as:
        flags.append(f"--as {options.save_as}")
    data = {k: getattr(corpus, k) for k in ("source", "licence", "sha256", "split")}
    if attribution := getattr(corpus, "attribution", ""):
        data["attribution"] = attribution
    tuned = TUNING if isinstance(recipe, Recipe) and recipe.corpus == "shakespeare" else ""
    return {
        "data": data,
        "recipe": dataclasses.asdict(recipe),
        "tuning": "; ".join(filter(None, [tuned, NOTES.get(options.name)])),
        "command": " ".join(["python -m rnnviz train", options.name, *flags]),
        "seconds_of_last_run": round(seconds),
    }


def _principal_components(name: str, training) -> None:
    """Fits the axes of the state's path once, on the first 20,000 characters of the validation text."""
    import torch

    from rnnviz.models import checkpoints
    from rnnviz.recording.block import record
    from rnnviz.stats import states

    training.model.eval()
    text = training.validation_ids[:20_000]
    length = min(500, len(text))
    ids = torch.from_numpy(text[: len(text) // length * length].reshape(-1, length))
    with record(training.model) as recording, torch.inference_mode():
        training.model(ids)
    components = states.principal_components(recording.trace["rnn"]["hidden"])
    components.to_netcdf(checkpoints.components_path(name), engine="h5netcdf")


def _compare(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from rnnviz.studies import comparing

    setup = comparing.Setup.from_dict(_asked(options))
    options.out.mkdir(parents=True, exist_ok=True)
    jobs = {"networks": comparing.run(setup)}
    if options.dynamics:
        jobs["dynamics"] = comparing.run_dynamics(setup)
    results = []
    with _stops_noted() as asked_to_stop:
        for title, job in jobs.items():
            with tqdm(
                desc=title, total=len(setup.architectures) * (setup.seeds if not results else 1)
            ) as bar:
                while not asked_to_stop:
                    try:
                        at = next(job)
                    except StopIteration as end:
                        results.append(end.value)
                        break
                    bar.set_postfix_str(at.what, refresh=False)
                    bar.update()
        if asked_to_stop:
            print("stopped; nothing was written")
            return 1
    found, inside = results[0], results[1] if options.dynamics else None
    _write_comparison(options.out, setup, found, inside)
    rows = [[name, *values] for name, values in _medians(found).items()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
    print(f"{options.out}: {', '.join(sorted(path.name for path in options.out.iterdir()))}")
    return 0


def _asked(options: argparse.Namespace) -> dict:
    """The set-up as plain values: the file's, and what the options say instead."""
    values = {}
    if options.setup is not None:
        try:
            values = json.loads(options.setup.read_text("utf-8"))
        except ValueError as problem:
            raise ValueError(f"{options.setup} is no JSON: {problem}") from None
        if not isinstance(values, dict):
            raise ValueError(f"{options.setup} holds no object with fields")
    if options.rows or options.architecture:
        values["architectures"] = options.rows + options.architecture
    if "architectures" not in values:
        raise ValueError(
            "nothing to compare: give architectures, as in compare rnn gru lstm, or --setup FILE.json"
        )
    names = ("input", "text", "steps", "loss", "seeds", "batch", "clip", "truncate")
    return values | {name: getattr(options, name) for name in names if getattr(options, name) is not None}


def _write_comparison(folder: Path, setup, found, inside) -> None:
    found.to_netcdf(folder / "compare.nc", engine="h5netcdf")
    if inside is not None:
        inside.to_netcdf(folder / "dynamics.nc", engine="h5netcdf")
    curves = found[[name for name in found.data_vars if "time" in found[name].dims]]
    numbers = found.drop_vars([*curves.data_vars, "layer", "time", "token"], errors="ignore")
    numbers.to_dataframe().to_csv(folder / "compare.csv")
    table = curves.drop_vars(["kind", "token"], errors="ignore").to_dataframe().reset_index()
    there = table.pop("layers") > table["layer"]
    table[there].to_csv(folder / "curves.csv", index=False)
    (folder / "compare.html").write_text(_page(setup, found, inside), "utf-8")


def _medians(found) -> dict[str, list[str]]:
    """A row for each architecture: what it is called, then its numbers, the median over the seeds."""
    numbers = found[
        ["rate", "half_life", "horizon", "loss", "parameter_norm", "parameter_norm_clipped"]
    ].median("seed")
    head = (
        "decades a step",
        "half-life, steps",
        "a thousandth after",
        "loss",
        "parameter gradient",
        "clipped",
    )
    rows = {"": [*head, "not finite"]}
    for number, name in enumerate(found["architecture"].values):
        rate, *rest = (float(numbers[each][number]) for each in numbers.data_vars)
        own = found.isel(architecture=number)
        ends = zip(own["blown_in"].values, own["blown"].values, strict=True)
        blown = "; ".join(sorted({f"{way}, step {step + 1}" for way, step in ends if way}))
        rows[str(name)] = [*(f"{value:.4g}" for value in (rate / math.log(10), *rest)), blown or "–"]
    return rows


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>rnnviz: architectures compared</title>
<meta name="viewport" content="width=device-width">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 1rem auto; padding: 0 1rem; color-scheme: light }}
table {{ border-collapse: collapse }} td, th {{ padding: .2rem .8rem; text-align: right; font-variant-numeric: tabular-nums }}
td:first-child, th:first-child {{ text-align: left }} tr + tr {{ border-top: 1px solid #ccc }} pre {{ white-space: pre-wrap }}
</style></head><body>
<h1>What reaches back</h1>
<p>How much of the error reaches each earlier step, in networks as they are before training: the median over the seeds, and the
band from the lowest to the highest. The scale is absolute, the same for all.</p>
{figures}
<h2>Numbers</h2>
<p>Medians over the seeds, of the total gradient in the top layer.</p>
<table>{table}</table>
<h2>Set-up</h2>
<pre>{setup}</pre>
</body></html>
"""


def _page(setup, found, inside) -> str:
    """A page of its own: the figures with plotly.js, the table, the set-up."""
    from rnnviz import figures
    from rnnviz.studies import comparing

    drawings = []
    deep = int(found["layers"].max()) > 1
    for name, layer, title in (
        ("log_norm", "top", "Total gradient" + ", top layer of each" * deep),
        ("log_norm", "bottom", "Total gradient, bottom layer of each"),
        ("log_cell_norm", "top", "Total gradient of the cell" + ", top layer of each" * deep),
    ):
        middle, band = comparing.curves(found, name, layer)
        if middle.size and (deep or layer == "top"):
            drawings.append(
                figures.log_norms(middle, list(middle["kind"].values), band, title, axis="free", height=440)
            )
    for number in range(0 if inside is None else inside.sizes["architecture"]):
        own = inside["log_singular_value"].isel(architecture=number)
        own = own.assign_attrs(long_name="singular value", units="1")
        for layer in own.dropna("layer", how="all")["layer"].values:
            kind = str(found["kind"].values[number])
            title = (
                f"Singular values of ∂s_T/∂s_t: {inside['architecture'].values[number]}, layer {layer + 1}"
            )
            drawings.append(figures.log_norms(own.sel(layer=layer), [kind] * 3, title=title, axis="free"))
    for drawing in drawings:
        drawing.update_layout(showlegend=True, margin={"l": 84, "r": 24, "t": 64, "b": 64})
    config = {"displaylogo": False, "responsive": True, "toImageButtonOptions": {"format": "svg"}}
    shown = [
        each.to_html(config, full_html=False, include_plotlyjs=not number)
        for number, each in enumerate(drawings)
    ]
    rows = [
        "<tr>" + "".join(f"<{cell}>{html.escape(text)}</{cell}>" for text in (name, *values)) + "</tr>"
        for (name, values), cell in zip(
            _medians(found).items(), ["th", *["td"] * found.sizes["architecture"]], strict=True
        )
    ]
    given = html.escape(json.dumps(setup.to_dict(), indent=1, ensure_ascii=False))
    return PAGE.format(figures="\n".join(shown), table="\n".join(rows), setup=given)


def _models(options: argparse.Namespace) -> int:
    from rnnviz.models import checkpoints

    for name in checkpoints.names():
        card = checkpoints.card(name)
        scores = ", ".join(f"{part} {value:.4f}" for part, value in card["scores"].items())
        print(
            f"{name:22} {card['parameters']:>9,} parameters, {card['scores_unit'].partition(',')[0]}: {scores}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
