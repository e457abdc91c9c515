"""rnnviz units: what the units of a corpus do, and what they are called."""

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnviz.cli.stops import stops_noted
from rnnviz.cli.texts import text_of

if TYPE_CHECKING:  # a command that is not asked for costs no import
    import xarray as xr

    from rnnviz.studies.corpus.annotating import Annotation
    from rnnviz.studies.corpus.opened import Corpus

LISTED = 5  # units for each annotation


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser(
        "units",
        help="what the units of a recorded corpus do",
        description="Looks at a store that rnnviz corpus wrote. Without --unit: which units tell what is known of each step, or "
        "what you say of it; which remember longest and which switch rarely. With --unit: all about one of them, or its name.",
        epilog="example: rnnviz units states.zarr --regex '\\bthe\\b'; rnnviz units states.zarr --unit 257 --name 'line ends'",
    )
    command.add_argument("store", type=Path, help="that rnnviz corpus wrote")
    command.add_argument("--unit", type=int, metavar="N", help="from 0")
    command.add_argument("--place", help="a layer of the store, as rnn/layer_1 (its highest)")
    command.add_argument("--name", help="what --unit is called from now on; '' takes the name away")
    what = command.add_mutually_exclusive_group()
    what.add_argument("--regex", help="what is sought: the characters that a regular expression matches")
    what.add_argument(
        "--labels",
        type=Path,
        metavar="CSV",
        help="with a column label for every step, or start,stop,label, from 1",
    )
    what.add_argument(
        "--function",
        metavar="package.module:function",
        help="from the tokens of a sequence, a number or truth for each",
    )
    command.add_argument(
        "--behave", action="store_true", help="rank by half-life, switches and unlikeness, too"
    )
    command.set_defaults(run=run, extra="")


def run(options: argparse.Namespace) -> int:
    from rnnviz.studies.corpus import finding, naming, unit
    from rnnviz.studies.corpus.opened import Corpus

    own = Corpus.open(options.store)
    if options.name is not None:
        if options.unit is None:
            raise ValueError("--name needs --unit: which is called so?")
        naming.name(own, options.place, options.unit, options.name)
    names = naming.names(own)
    annotated = unit.Annotated(own, _said(own, options))
    if options.unit is not None:
        _one(own, unit.column(own, options.place, options.unit), annotated, names)
        return 0
    asked = None if options.place is None else [options.place]
    found = _bar(lambda progress: finding.by_annotation(own, annotated, asked, progress=progress))
    for annotation in found["annotation"].values:
        _listed(found.sel(annotation=annotation), names)
    if options.behave:
        _behaving(_bar(lambda progress: finding.survey(own, asked, progress)), names)
    return 0


def _said(own: "Corpus", options: argparse.Namespace) -> "tuple[Annotation, ...] | None":
    from rnnviz.studies import live
    from rnnviz.studies.corpus import annotating

    if options.regex is not None:
        return (annotating.of_regex(own, options.regex),)
    if options.labels is not None:
        return annotating.of_csv(own, text_of(options.labels), options.labels.name)
    if options.function is not None:
        return (annotating.of_function(own, live.function_of(options.function), options.function),)
    return None


def _bar(work: "Callable[[Callable[[int, int], None]], xr.Dataset]") -> "xr.Dataset":
    from tqdm import tqdm

    with stops_noted() as asked_to_stop, tqdm(unit=" units") as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)
            if asked_to_stop:
                raise KeyboardInterrupt

        return work(progress)


def _called(names: "dict[tuple[str, int], str]", place: object, number: object) -> str:
    name = names.get((str(place), int(str(number))))
    return f"{place} {number}" + (f" “{name}”" if name else "")


def _listed(found: "xr.Dataset", names: "dict[tuple[str, int], str]") -> None:
    numeric = bool(found["numeric"])
    print(
        f"\n{found['annotation'].item()} ({'rank correlation' if numeric else 'pairs told apart'}, second half; p, Holm)"
    )
    for row in range(min(LISTED, found.sizes["rank"])):
        one = found.isel(rank=row)
        mcc = "" if numeric else f"  MCC {one['mcc'].item():+.2f}"
        print(
            f"  {_called(names, one['place'].item(), one['unit'].item()):<40} {one['held_out'].item():+.3f}{mcc}"
            f"  p {one['corrected'].item():.2g}"
        )


def _behaving(found: "xr.Dataset", names: "dict[tuple[str, int], str]") -> None:
    for title, name, ascending in (
        ("remember longest (half-life, steps)", "half_life", False),
        ("switch rarely (times in 1,000 steps)", "switches", True),
        ("most unlike the others (|r| with the nearest)", "nearest", True),
    ):
        print(f"\n{title}")
        values = found[name].dropna("unit")
        ordered = values.sortby(values, ascending=ascending)
        for row in range(min(LISTED, ordered.size)):
            one = ordered.isel(unit=row)
            print(f"  {_called(names, one['place'].item(), one['number'].item()):<40} {one.item():.3g}")


def _one(own: "Corpus", column: Any, annotated: Any, names: "dict[tuple[str, int], str]") -> None:
    from rnnviz.studies.corpus import unit

    low, high = unit.saturation(column)
    mean, deviation = column.spread
    life = unit.half_life(unit.autocorrelation(own, column))
    print(_called(names, column.place, column.unit))
    print(
        f"  mean {mean:+.3f}, standard deviation {deviation:.3f}; below −0.9 {low:.1%}, above 0.9 {high:.1%}"
    )
    print(f"  half-life {life:.3g} steps")
    for title, highest in (("highest", True), ("lowest", False)):
        print(f"  {title}")
        _contexts(own, unit.contexts(own, column, highest=highest), column)
    found = unit.reactions(column, annotated)
    print("  what can be told from it alone (second half; p, Holm)")
    for row in range(found.sizes["annotation"]):
        one = found.isel(annotation=row)
        print(
            f"    {one['annotation'].item():<24} {one['held_out'].item():+.3f}  p {one['corrected'].item():.2g}"
        )


def _contexts(own: "Corpus", steps: "Iterable[int]", column: Any) -> None:
    from rnnviz.models.vocabularies import visible

    for step in steps:
        left, here, right = (
            "".join(map(visible, part)) for part in own.context(int(step), int(step) + 1, 30, 12)
        )
        print(f"    {float(column.at(slice(step, step + 1))[0]):+.2f}  {left:>30}│{here}│{right}")
