"""rnnviz compare: how gradients vanish and explode across architectures, as arrays, tables and a page."""

import argparse
import html
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnviz.cli.clusters import add_dask, needed
from rnnviz.cli.stops import stops_noted

if TYPE_CHECKING:  # a command that is not asked for costs no import
    import xarray as xr

    from rnnviz.studies.comparing import Setup


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    compare = commands.add_parser(
        "compare",
        help="compare how gradients vanish and explode across architectures",
        description="Networks as they are before training read the same data; a loss is sent back. Writes what reaches each "
        "step: compare.nc, compare.csv (a row each network), curves.csv and compare.html.",
        epilog="example: rnnviz compare --architecture rnn --architecture lstm,units=64,forget_bias=2 --steps 200",
    )
    compare.add_argument(
        "rows",
        nargs="*",
        metavar="ROW",
        help="an architecture: rnn, gru or lstm, then fields of rnnviz.comparing.Architecture, as lstm,layers=2,residual=true",
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
    add_dask(compare, "networks are shared out among its workers; the numbers are the same")
    compare.add_argument("--out", type=Path, default=Path("compare"), help="folder to write to: ./compare")
    compare.set_defaults(run=run, extra="")


def run(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from rnnviz import files
    from rnnviz.studies import comparing

    needed(options)
    setup = comparing.Setup.from_dict(asked(options))
    files.check_writable(options.out)
    options.out.mkdir(parents=True, exist_ok=True)
    jobs = {"networks": comparing.run(setup, dask=options.dask)}
    if options.dynamics:
        jobs["dynamics"] = comparing.run_dynamics(setup, dask=options.dask)
    results: list[xr.Dataset] = []
    with stops_noted() as asked_to_stop:
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
                    bar.update(at.done - bar.n)
        if asked_to_stop:
            for job in jobs.values():
                job.close()
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


def asked(options: argparse.Namespace) -> dict[str, Any]:
    """The set-up as plain values: the file's, and what the options say instead."""
    values: dict[str, Any] = {}
    if options.setup is not None:
        try:
            values = json.loads(options.setup.read_text("utf-8"))
        except (ValueError, RecursionError) as problem:
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


def _write_comparison(folder: Path, setup: "Setup", found: "xr.Dataset", inside: "xr.Dataset | None") -> None:
    from rnnviz import files, netcdf

    netcdf.write(found, folder / "compare.nc")
    if inside is not None:
        netcdf.write(inside, folder / "dynamics.nc")
    curves = found[[name for name in found.data_vars if "time" in found[name].dims]]
    numbers = found.drop_vars([*curves.data_vars, "layer", "time", "token"], errors="ignore")
    with files.written(folder / "compare.csv") as unfinished:
        numbers.to_dataframe().to_csv(unfinished)
    table = curves.drop_vars(["kind", "token"], errors="ignore").to_dataframe().reset_index()
    there = table.pop("layers") > table["layer"]
    with files.written(folder / "curves.csv") as unfinished:
        table[there].to_csv(unfinished, index=False)
    with files.written(folder / "compare.html") as unfinished:
        unfinished.write_text(_page(setup, found, inside), "utf-8")


def _medians(found: "xr.Dataset") -> dict[str, list[str]]:
    """A row for each architecture: what it is called, then its numbers, the median over the seeds."""
    numbers = found[
        ["rate", "half_life", "halved", "horizon", "loss", "parameter_norm", "parameter_norm_clipped"]
    ].median("seed")
    head = (
        "decades a step",
        "half-life of the line, steps",
        "half after",
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


def _page(setup: "Setup", found: "xr.Dataset", inside: "xr.Dataset | None") -> str:
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
    every = () if inside is None else inside["log_singular_value"].transpose("architecture", ...)
    for number, own in enumerate(every):
        own = own.assign_attrs(long_name="singular value", units="1", scale="natural logarithm")
        for layer in own.dropna("layer", how="all")["layer"].values:
            kind = str(found["kind"].values[number])
            title = f"Singular values of ∂s_T/∂s_t: {own['architecture'].item()}, layer {layer + 1}"
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
