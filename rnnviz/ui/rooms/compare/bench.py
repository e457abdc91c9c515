"""The researcher's bench: the set-up that a reader edits, what was computed of it, and its tables.

The whole set-up travels in the address as one packed setting, `bench`. Edits change the draft; Run computes it.
"""

import dataclasses
import itertools
import math
import shlex
import uuid

import numpy as np
import pandas as pd
import streamlit as st
import xarray as xr

from rnnviz import figures
from rnnviz.studies import comparing
from rnnviz.ui.parts.board import Drawn
from rnnviz.ui.parts.runs import kept
from rnnviz.ui.parts.views import drawn, faded, shown, table_csv
from rnnviz.ui.shell import choices as chosen
from rnnviz.ui.shell.frame import folded, notice
from rnnviz.ui.shell.jobs import Job, jobs
from rnnviz.ui.shell.language import _

ROW = dataclasses.asdict(comparing.Architecture())
RELU = {"kind": "rnn", "nonlinearity": "relu", "initialisation": "identity"}
# what sets of rows show when they are set side by side
PRESETS = {
    "kinds": [{"kind": "rnn"}, RELU, {"kind": "gru"}, {"forget_bias": 1.0}],
    "initialisation": [
        *({"kind": "rnn", "initialisation": i} for i in ("default", "orthogonal", "identity")),
        RELU,
    ],
    "gain": [{"kind": "rnn", "initialisation": "orthogonal", "gain": g} for g in (0.9, 1.0, 1.1, 1.5)],
    "forget bias": [{"forget_bias": b} for b in (-1.0, 0.0, 1.0, 2.0)],
    "depth": [
        {},
        {"layers": 4},
        {"layers": 4, "residual": True},
        {"layers": 4, "residual": True, "layer_norm": True},
    ],
}
# the set-up of a first visit; `part`, `layer` and `inside` are what is looked at: a variable, each
# architecture's top or bottom layer, and an architecture by its number, -1 for none
BENCH = {
    "rows": [ROW | row for row in PRESETS["kinds"]],
    "input": "noise",
    "steps": 200,
    "loss": "last",
    "seeds": 5,
    "batch": 4,
    "clip": None,
    "truncate": None,
    "part": "log_norm",
    "layer": "top",
    "inside": -1,
}
CELLS = {
    "rnn tanh": {"kind": "rnn"},
    "rnn relu": {"kind": "rnn", "nonlinearity": "relu"},
    "gru": {"kind": "gru"},
    "lstm": {"kind": "lstm"},
}
OPTIONS = {
    "kind": ("rnn", "gru", "lstm"),
    "nonlinearity": comparing.NONLINEARITIES,
    "initialisation": comparing.INITIALISATIONS,
    "input": comparing.INPUTS,
    "loss": comparing.LOSSES,
    "part": tuple(comparing.CURVES),
    "layer": ("top", "bottom"),
}
# numbers and the smallest and largest that a field takes; None where it may be left empty
RANGES = {
    "layers": (1, 16),
    "units": (1, 1024),
    "gain": (0.0, 100.0),
    "forget_bias": (-100.0, 100.0),
    "steps": (1, 2000),
    "seeds": (1, 50),
    "batch": (1, 64),
    "clip": (1e-6, 1e6),
    "truncate": (1, 2000),
    "inside": (-1, 11),
}
EMPTY = ("forget_bias", "clip", "truncate")
FURTHER = ("#CC79A7", "#D55E00", "#56B4E9")
MOST_ROWS = 12
DEEPEST = 3e10  # layers · steps · states³ of a look inside: about a minute
LONGEST_LINK = 20_000  # characters that a set-up may unfold to
PATIENCE = 0.4  # seconds that a page waits for a job before it shows its progress


# The draft


def visit() -> dict:
    """What this visit's bench keeps beside the draft: its table, its jobs, what was found last."""
    return st.session_state.setdefault("bench", {})


def draft() -> dict:
    """The set-up as it is edited: a value for each field of BENCH."""
    packed = chosen.settings().get("bench")
    return dict(BENCH) if packed is None else unpacked(packed)


def change(**changes) -> None:
    """Changes the draft, and with it the address."""
    now = draft() | changes
    packed = None if now == BENCH else _packed(now)
    chosen.choose(bench=packed)
    visit()["seen"] = packed


def checked(value: str) -> str:
    """A packed set-up from an address, for choices: itself, where all of it can be read. Raises ValueError in one line."""
    unpacked(value)
    return value


def unpacked(value: str) -> dict:
    """The set-up that was packed. Raises ValueError, in one line, where it is damaged or holds what no field takes."""
    try:
        given = chosen.unpacked(value, LONGEST_LINK)
        rows = given.pop("rows", None)
        found = BENCH | {name: _field(name, given[name]) for name in given}
        if rows is not None:
            found["rows"] = [ROW | {name: _field(name, row[name]) for name in row} for row in rows]
            for row in found["rows"]:  # a table has no place for that of another kind
                row["nonlinearity"] = row["nonlinearity"] if row["kind"] == "rnn" else "tanh"
        if not (given.keys() <= BENCH.keys() and all(row.keys() <= ROW.keys() for row in found["rows"])):
            raise ValueError("unknown fields")
        if len(found["rows"]) > MOST_ROWS:
            raise ValueError("too many rows")
    except (AttributeError, TypeError, ValueError):
        raise ValueError(_("The set-up in this link is damaged; the usual one is shown.")) from None
    return found


def _packed(setup: dict) -> str:
    plain = {name: value for name, value in setup.items() if value != BENCH[name]}
    if "rows" in plain:
        plain["rows"] = [{k: v for k, v in row.items() if v != ROW[k]} for row in plain["rows"]]
    return chosen.packed(plain)


def _field(name: str, value):
    """The value, of the kind that the field takes. Raises ValueError else."""
    if value is None and name in EMPTY:
        return None
    if name in OPTIONS and value in OPTIONS[name]:
        return value
    if name in RANGES and type(value) in (int, float):
        low, high = RANGES[name]
        if low <= value <= high and (type(low) is float or type(value) is int):
            return type(low)(value)
    if name in ROW and type(ROW[name]) is bool is type(value):
        return value
    raise ValueError(name)


# Editing it


def table() -> None:
    """The architectures, a row each, to edit; rows are added at the end and deleted by their boxes."""
    now, state = draft()["rows"], visit()
    version, base, seen = state.get("table", (0, None, None))
    if (
        seen != now or f"bench_rows_{version}" not in st.session_state
    ):  # changed by a preset or a link: another table
        version, base = version + 1, now
    column = st.column_config
    headings = {
        "cell": column.SelectboxColumn("cell", options=list(CELLS), required=True, default="lstm", width=88),
        "initialisation": column.SelectboxColumn(
            "initialisation",
            options=OPTIONS["initialisation"],
            required=True,
            default="default",
            width=118,
            help=_("Of the recurrent weight, each gate's block by itself."),
        ),
    }
    for name, width in {"layers": 72, "units": 68, "gain": 66, "forget_bias": 104}.items():
        low, high = RANGES[name]
        headings[name] = column.NumberColumn(
            name.replace("_", " "),
            min_value=low,
            max_value=high,
            step=1 if type(low) is int else None,
            default=ROW[name],
            required=name not in EMPTY,
            width=width,
        )
    for name, width in {"residual": 88, "bidirectional": 112, "layer_norm": 104}.items():
        headings[name] = column.CheckboxColumn(name.replace("_", " "), default=False, width=width)
    edited = st.data_editor(
        _frame(base),
        key=f"bench_rows_{version}",
        num_rows="dynamic",
        hide_index=True,
        width="stretch",
        column_config=headings,
    )
    rows = _rows(edited)
    if len(rows) > MOST_ROWS:
        notice(_("The first {most} rows are read.").format(most=MOST_ROWS))
        rows = rows[:MOST_ROWS]
    state["table"] = version, base, rows
    if rows != now:
        change(rows=rows)


def _frame(rows: list[dict]) -> pd.DataFrame:
    """The rows as a table shows them: kind and nonlinearity in one column, `cell`."""
    kinds = {int: "Int64", float: "float64", type(None): "float64", bool: "bool"}
    frame = pd.DataFrame(rows, columns=list(ROW))
    frame = frame.astype({name: kinds[type(value)] for name, value in ROW.items() if type(value) in kinds})
    cells = [row["kind"] if row["kind"] != "rnn" else f"rnn {row['nonlinearity']}" for row in rows]
    frame.insert(0, "cell", pd.Series(cells, dtype="object"))
    return frame.drop(columns=["kind", "nonlinearity"])


def _rows(frame: pd.DataFrame) -> list[dict]:
    """The rows of an edited table; what was left empty is as usual."""
    rows = []
    for record in frame.to_dict("records"):
        given = {name: value for name, value in record.items() if not pd.isna(value)}
        row = ROW | CELLS[given.pop("cell", "lstm")]
        for name, value in given.items():
            row[name] = type(RANGES[name][0])(value) if name in RANGES else type(ROW[name])(value)
        rows.append(row)
    return rows


def presets() -> None:
    """Sets of rows, each a click away."""
    names = {
        "kinds": _("RNN, GRU and LSTM"),
        "initialisation": _("start of an RNN"),
        "gain": _("gain"),
        "forget bias": _("forget bias"),
        "depth": _("depth"),
    }
    rows = draft()["rows"]
    same = (name for name, preset in PRESETS.items() if [ROW | row for row in preset] == rows)
    st.session_state["bench_preset"] = next(same, None)
    st.pills(
        _("Examples"), list(PRESETS), key="bench_preset", format_func=names.get, on_change=_preset_picked
    )


def _preset_picked() -> None:
    name = st.session_state["bench_preset"]
    if name is not None:
        change(rows=[ROW | row for row in PRESETS[name]], inside=-1)
        visit()["run"] = True


def pick(widget, name: str, label: str, options=None, **more) -> None:
    """A widget that shows and changes a field of the draft."""
    key = f"bench_{name}"
    st.session_state[key] = draft()[name]
    given = {} if options is None else {"options": options}
    if widget is st.number_input:
        low, high = RANGES[name]
        given = {"min_value": low, "max_value": high, "step": 1 if type(low) is int else None}
        given |= {"value": None, "placeholder": _("none")} if name in EMPTY else {}
    widget(label, key=key, on_change=_picked, args=(name, key), **given, **more)


def _picked(name: str, key: str) -> None:
    value = st.session_state[key]
    if value is not None or name in EMPTY:
        change(**{name: value})


# Computing it


@dataclasses.dataclass(frozen=True)
class Found:
    """What was computed of a set-up: a dataset, the same as a file, and a key that stands for it."""

    setup: comparing.Setup
    dataset: xr.Dataset
    netcdf: bytes
    key: str


def setup() -> comparing.Setup | None:
    """The draft, ready to be computed; None, with a line on the page, where that cannot be.

    A row that makes no sense, or is there already, is left out and said.
    """
    now, rows, names = draft(), [], {}
    for number, row in enumerate(now["rows"], 1):
        try:
            one = comparing.Architecture(**row)
        except ValueError as problem:
            notice(_("Row {number} is left out:").format(number=number) + f" {problem}")
            continue
        if one.name in names:
            line = _("Row {number} is left out: it is the same as row {first}.")
            notice(line.format(number=number, first=names[one.name]))
            continue
        names[one.name] = number
        rows.append(one)
    if not rows:
        notice(_("Add a row to the table, or choose an example above it."))
        return None
    fields = {name: now[name] for name in ("input", "steps", "loss", "seeds", "batch", "clip", "truncate")}
    text = chosen.text()[: chosen.LONGEST] if now["input"] == "text" else ""
    try:
        asked = comparing.Setup(tuple(rows), text=text, **fields)
    except ValueError as problem:
        notice(_("This cannot be compared:") + f" {problem}")
        return None
    if asked.cost() > comparing.LIMIT:
        line = _(
            "This is {times:.2g} times what this server takes on. On a machine of your own, this command does it:"
        )
        notice(line.format(times=asked.cost() / comparing.LIMIT))
        st.code(command(asked), language="sh", wrap_lines=True)
        return None
    return asked


def reader() -> str:
    """Stands for this visit before the workers."""
    return visit().setdefault("reader", uuid.uuid4().hex)


def found(pressed: bool) -> Found | None:
    """Progress and stop; the last set-up that was computed, None before there is one. pressed: Run was.

    A first visit, a link and an example are computed at once, what is edited when the reader presses Run.
    """
    state = visit()
    packed = chosen.settings().get("bench")
    linked = packed != state.get("seen", "none yet")  # not by an edit: a first visit, or another link
    state["seen"] = packed
    asked = setup()
    wanted = pressed or linked or state.pop("run", False)
    if asked and wanted:
        state["inside"] = None
        begin("compare", asked, {"setup": asked.to_dict()})
    job = follow("compare")
    if job and job.state == "done" and job.result is not None:
        state["found"] = Found(state["compare_for"], job.result, job.netcdf, job.key)
    state["asked"] = asked
    last = state.get("found")
    tried = job is not None and state["compare_for"] == asked  # its progress or its line is there already
    if last and asked and asked != last.setup and not tried:
        notice(_("The set-up was changed: the pictures show the one before. Press Run."))
    elif last and asked != last.setup:
        st.text(_("Below, faded: the set-up before ({setup}).").format(setup=subject(last)))
    return last


def place(of: Found):
    """Where its pictures and tables stand: a container, faded unless they are of the set-up that is asked for."""
    st.html("<style>.st-key-bench_before { opacity: 0.5; }</style>")
    return st.container(key="bench_now" if visit()["asked"] == of.setup else "bench_before")


def begin(place: str, asked: comparing.Setup, argument: dict) -> None:
    """Starts a job of this visit, 'compare' or 'dynamics'; the one before it is left, unless it is the same and runs."""
    state = visit()
    job = jobs.start(f"rnnviz.studies.comparing.work:{place}", argument, reader())
    if job is not state.get(f"{place}_job"):
        leave(place)
    state[f"{place}_for"] = asked
    state[f"{place}_job"] = job


def leave(place: str) -> None:
    """Ends this visit's interest in its job."""
    before = visit().pop(f"{place}_job", None)
    if before is not None and not before.over:
        jobs.leave(before, reader())


def follow(place: str) -> Job | None:
    """The job in its place, with its progress on the page while it is not over, and a line where it came to nothing."""
    job = visit().get(f"{place}_job")
    if job is None:
        return None
    jobs.hear(job, reader())
    if not job.over:
        first = (
            st.empty()
        )  # what is going on shows at once; most jobs end before their progress would be drawn
        first.progress(0.0, text=_so_far(job))
        ended = job.ended.wait(PATIENCE)
        first.empty()
        if not ended:
            st.fragment(_progress, run_every=0.5)(job, place)
    words = {
        "failed": _("This could not be computed:") + f" {job.problem}",
        "stopped": _("Stopped before it was computed."),
        "abandoned": _("Stopped, because this page was away for long."),
        "late": _(
            "Stopped after {minutes} minutes, the longest that this server computes. This command does it:"
        ),
        "lost": _("The computing process ended, perhaps for want of memory. Try a smaller set-up."),
        "busy": _("Too many readers are waiting. Try again in a minute."),
    }
    if job.state in words:
        notice(words[job.state].format(minutes=round(jobs.longest / 60)))
    if job.state == "late":
        st.code(command(visit()["compare_for"]), language="sh", wrap_lines=True)
    if job.state in ("stopped", "abandoned", "lost", "busy"):
        again = {"compare": {"run": True}, "dynamics": {"inside": None}}[place]
        st.button(_("Start again"), key=f"bench_again_{place}", on_click=visit().update, kwargs=again)
    return job


def _progress(job: Job, place: str) -> None:
    jobs.hear(job, reader())
    if job.over:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(job.done / job.total if job.total else 0.0, text=_so_far(job))
        st.button(_("Stop"), key=f"bench_stop_{place}", on_click=jobs.leave, args=(job, reader()))


def _so_far(job: Job) -> str:
    """How far a job is, in a line."""
    if job.state == "waiting" and (ahead := jobs.ahead(job)):
        return _("Waiting: {ahead} before yours.").format(ahead=ahead)
    if not job.total:
        return _("Starting, which may take a few seconds")
    return _("Computing {done} of {total}: {what}").format(done=job.done, total=job.total, what=job.what)


# What is shown of it


def colours(kinds: list[str]) -> list[str]:
    """The first two of a kind bear its colour, the second dashed; further ones a colour of their own."""
    found, more = [], itertools.cycle(FURTHER)
    for i, kind in enumerate(kinds):
        found.append(kind if kinds[:i].count(kind) < 2 else next(more))
    return found


def pictures(of: Found, within: xr.Dataset | None) -> list[Drawn]:
    """The norms of all architectures; of the chosen one its singular values and, of an RNN, its eigenvalues.

    within: as `inside` gives it.
    """
    now = draft()
    part, layer = now["part"], now["layer"]
    middle, band = kept(lambda: comparing.curves(of.dataset, part, layer), "bench", of.key, part, layer)
    drawings = []
    if middle.size:  # else nothing was finite, which the remarks say
        make = lambda: figures.log_norms(  # noqa: E731
            middle, colours(middle["kind"].values.tolist()), band, height=440, axis="free"
        )
        drawings.append(drawn("norms", make, _("What reaches each step"), of.key, part, layer))
    if within is not None:
        one = of.setup.architectures[now["inside"]]
        own = within.isel(layer=-1 if layer == "top" else 0)
        key = (of.key, one.name, layer)
        values = (
            own["log_singular_value"]
            .transpose("rank", "time")
            .assign_attrs(long_name="singular value", units="1")
        )
        make = lambda: figures.log_norms(values, [one.kind] * len(values), axis="free")  # noqa: E731
        drawings.append(
            drawn(
                "singular",
                make,
                _("{name}: singular values of ∂s<sub>T</sub>/∂s<sub>t</sub>").format(name=one.name),
                *key,
            )
        )
        if "eigenvalue_real" in own:
            found = own["eigenvalue_real"] + 1j * own["eigenvalue_imag"]
            radius = float(abs(found).max())
            make = lambda: figures.eigenvalues(found, radius, max(2.1, 1.1 * radius))  # noqa: E731
            title = _("{name}: eigenvalues of the recurrent weight").format(name=one.name)
            drawings.append(drawn("eigenvalues", make, title, *key))
    return drawings


def pick_part(of: Found) -> None:
    """Which gradient, and of which layer; only what there is to choose."""
    names = {
        "log_norm": _("total ∂L/∂h"),
        "log_norm_direct": _("direct ∂L/∂h"),
        "log_cell_norm": _("total ∂L/∂c"),
    }
    if not any(one.kind == "lstm" for one in of.setup.architectures):
        del names["log_cell_norm"]
        if draft()["part"] == "log_cell_norm":
            change(part="log_norm")
    pick(st.segmented_control, "part", _("Gradient"), list(names), format_func=names.get, required=True)
    if of.dataset.sizes["layer"] > 1:
        layers = {"top": _("top"), "bottom": _("bottom")}
        pick(st.segmented_control, "layer", _("Layer"), list(layers), format_func=layers.get, required=True)


def pick_inside(of: Found) -> None:
    """Which architecture to look into."""
    names = [one.name for one in of.setup.architectures]
    if draft()["inside"] >= len(names):
        change(inside=-1)
    pick(
        st.selectbox,
        "inside",
        _("Look inside"),
        range(-1, len(names)),
        width=240,
        format_func=lambda i: _("none") if i < 0 else names[i],
        help=_(
            r"Singular values of $\partial s_T/\partial s_t$ and Lyapunov exponents of one network, of the first seed."
        ),
    )


def inside(of: Found) -> xr.Dataset | None:
    """What `comparing.dynamics` finds of the chosen architecture, once it is computed."""
    state, number = visit(), draft()["inside"]
    asked = None if number < 0 else (of.key, number)
    if asked is None:
        leave("dynamics")
        state["inside"] = None
        return None
    one = of.setup.architectures[number]
    width = one.units * (2 if one.kind == "lstm" else 1)
    if one.layers * of.setup.length * width**3 > DEEPEST:
        leave("dynamics")
        notice(
            _("To look inside {name} takes longer than this server may. This command does it:").format(
                name=one.name
            )
        )
        st.code(command(of.setup) + " --dynamics", language="sh", wrap_lines=True)
        return None
    if state.get("inside") != asked:
        state["inside"] = asked
        begin("dynamics", of.setup, {"architecture": dataclasses.asdict(one), "setup": of.setup.to_dict()})
    job = follow("dynamics")
    return job.result if job else None


def remarks(of: Found) -> None:
    """What a reader should know about the numbers: where they ended, where there is nothing, what has no slope."""
    data = of.dataset
    steps, seeds = data.sizes["time"], data.sizes["seed"]
    for way, line in {
        "forward": _(
            "{name}: on the way forward a number stops being finite at step {step} (seeds: {count} of {seeds}); it is drawn "
            "as far as it goes."
        ),
        "backward": _(
            "{name}: the gradient is beyond what float64 holds from step {step} back (seeds: {count} of {seeds}); it is "
            "carried as a logarithm and drawn all the same."
        ),
    }.items():
        blown = data["blown"].where(data["blown_in"] == way)
        for name in data["architecture"].values:
            own = blown.sel(architecture=name).dropna("seed")
            if own.size:
                step = int(own.min() if way == "forward" else own.max()) + 1
                notice(line.format(name=name, step=step, count=own.size, seeds=seeds))
    if steps == 1:
        notice(_("One step has no slope and no horizon: choose a greater length."))
        return
    middle, _band = kept(
        lambda: comparing.curves(data, "log_norm", "top"), "bench", of.key, "log_norm", "top"
    )
    zeros = (middle == -np.inf).sum("time")
    for count in sorted({int(n) for n in zeros.values if n}):
        names = "; ".join(str(name) for name in middle["architecture"].values[zeros.values == count])
        line = _(
            "{names}: the gradient is exactly 0 at {count} of {steps} steps, which a log axis leaves empty."
        )
        if of.setup.truncate:
            line += " " + _("That is what truncation cuts away.")
        notice(line.format(names=names, count=count, steps=steps))


def fading(of: Found) -> pd.DataFrame:
    """How fast each architecture's gradient fades, a row each: medians over the seeds."""
    data = of.dataset
    numbers = data[["rate", "half_life", "horizon", "loss", "parameter_norm", "parameter_norm_clipped"]]
    middle, steps = numbers.median("seed"), data.sizes["time"]
    rows = {}
    for name in data["architecture"].values:
        one = {key: value.item() for key, value in middle.sel(architecture=name).data_vars.items()}
        rows[str(name)] = {
            _("slope (log10 a step)"): shown(one["rate"] / math.log(10)),
            **faded(one, steps),
            _("loss"): shown(one["loss"]),
            _("parameter gradient"): shown(one["parameter_norm"]),
        }
        if of.setup.clip is not None:
            rows[str(name)][_("after clipping")] = shown(one["parameter_norm_clipped"])
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(_("architecture"))


def take_away(of: Found) -> None:
    """The dataset as a file, and the command that makes it."""
    with st.container(horizontal=True):
        st.download_button(
            _("Download the numbers (netCDF)"),
            data=of.netcdf,
            file_name="compare.nc",
            mime="application/x-netcdf",
            on_click="ignore",
            help=_("Every seed, layer and step in float64; open it with xarray."),
        )
    with st.expander(_("The same on the command line")):
        st.code(command(of.setup), language="sh", wrap_lines=True)


def exponents(of: Found, within: xr.Dataset | None) -> None:
    """The Lyapunov exponents of the chosen architecture, a column a layer."""
    if within is None:
        return
    st.subheader(_("Lyapunov exponents"))
    values = within["lyapunov"].transpose("exponent", "layer")
    line = _("{name}: the largest is {value} nats a step.")
    st.write(
        line.format(name=of.setup.architectures[draft()["inside"]].name, value=shown(values.max().item()))
    )
    titles = [
        _("layer {layer} (nats a step)").format(layer=layer + 1) for layer in range(values.sizes["layer"])
    ]
    rows = {str(i + 1): [shown(v) for v in row] for i, row in enumerate(values.values.tolist())}
    with st.expander(_("All exponents")):
        table_csv(
            pd.DataFrame.from_dict(rows, orient="index", columns=titles).rename_axis(_("Layer")), "lyapunov"
        )


def summary(of: Found) -> str:
    """The picture in a sentence, for those who do not see it."""
    middle = of.dataset["horizon"].median("seed")
    steps = of.dataset.sizes["time"]
    found = "; ".join(
        _("{name}: not within {steps}").format(name=name, steps=steps)
        if horizon == math.inf
        else f"{name}: {shown(horizon)}"
        for name, horizon in zip(middle["architecture"].values, middle.values, strict=True)
    )
    return _("Steps back until a thousandth of the gradient is left. {found}.").format(found=found)


def subject(of: Found) -> str:
    """What was compared, for the title of a saved figure."""
    asked = of.setup
    return f"{asked.input}, {asked.length} steps, loss: {asked.loss}, {asked.seeds} seeds"


def reading() -> None:
    """How to read the pictures, and where they come from, folded below."""
    lines = (
        _(
            "Each network is as it was drawn, untrained: the picture shows what learning starts from. A straight line is a "
            "constant factor a step; where it is level, the error arrives undiminished."
        ),
        _(
            "The total gradient is what a small change of the state at a step would do to the loss through all later steps; "
            "the direct part leaves out what comes back from the next step."
        ),
        _(
            r"Singular values of $\partial s_T/\partial s_t$ say why: the largest is the most a small change at step t can "
            "grow until the end. The same network can carry one direction and lose another. An LSTM's state s is h and c "
            "together."
        ),
        _(
            "A positive Lyapunov exponent means that small changes grow on average, a negative one that they fade; at 0 "
            "they are carried."
        ),
        _(
            "Clipping shortens the step that an optimiser takes and changes no direction; truncation cuts what lies further "
            "back to exactly 0."
        ),
        _(
            "Hochreiter 1991; Bengio, Simard & Frasconi 1994; Hochreiter & Schmidhuber 1997; Pascanu, Mikolov & Bengio 2013; "
            "Le, Jaitly & Hinton 2015; Jozefowicz, Zaremba & Sutskever 2015."
        ),
    )
    folded(lines)


def command(asked: comparing.Setup) -> str:
    """The command line that does the same."""
    usual = comparing.Setup(asked.architectures[:1])
    parts = ["python -m rnnviz compare"]
    for one in asked.architectures:
        given = {f.name: getattr(one, f.name) for f in dataclasses.fields(one)}
        own = [one.kind, *(f"{k}={v}" for k, v in given.items() if k != "kind" and v != ROW[k])]
        parts.append(shlex.quote(",".join(own)))
    for name in ("input", "text", "steps", "loss", "seeds", "batch", "clip", "truncate"):
        value = getattr(asked, name)
        if value != getattr(usual, name):
            parts.append(f"--{name}={shlex.quote(str(value))}")
    return " ".join(parts)
