"""The researcher's bench: the set-up that a reader edits, what was computed of it, and its tables.

The whole set-up travels in the address as one packed setting, `bench`. Edits change the draft; Run computes it.
"""

import base64
import binascii
import dataclasses
import json
import math
import shlex
import uuid
import zlib

import numpy as np
import pandas as pd
import streamlit as st
import xarray as xr

from rnnviz.ui import choices as chosen
from rnnviz.ui.frame import notice
from rnnviz.ui.jobs import Job, jobs
from rnnviz.ui.language import _

ROW = {
    "kind": "lstm",
    "nonlinearity": "tanh",
    "layers": 1,
    "units": 64,
    "initialisation": "default",
    "gain": 1.0,
    "forget_bias": None,
    "residual": False,
    "bidirectional": False,
    "layer_norm": False,
}
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
# the set-up of a first visit; `part` and `inside` are what is looked at: a variable, and a row or None
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
    "inside": None,
}
OPTIONS = {
    "kind": ("rnn", "gru", "lstm"),
    "nonlinearity": ("tanh", "relu"),
    "initialisation": ("default", "orthogonal", "identity"),
    "input": ("noise", "adding", "copy", "text"),
    "loss": ("last", "all"),
    "part": ("log_norm", "log_norm_direct", "log_cell_norm"),
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
    "inside": (0, 11),
}
EMPTY = ("forget_bias", "clip", "truncate", "inside")
MOST_ROWS = 12
LONGEST_LINK = 20_000  # characters that a set-up may unfold to
PATIENCE = 0.4  # seconds that a page waits for a job before it shows its progress


# The draft


def draft() -> dict:
    """The set-up as it is edited: a value for each field of BENCH."""
    packed = chosen.settings().get("bench")
    return dict(BENCH) if packed is None else unpacked(packed)


def change(**changes) -> None:
    """Changes the draft, and with it the address."""
    now = draft() | changes
    packed = None if now == BENCH else _packed(now)
    chosen.choose(bench=packed)
    st.session_state["bench_seen"] = packed


def checked(value: str) -> str:
    """A packed set-up from an address, for choices: itself, where all of it can be read. Raises ValueError in one line."""
    unpacked(value)
    return value


def unpacked(value: str) -> dict:
    """The set-up that was packed. Raises ValueError, in one line, where it is damaged or holds what no field takes."""
    try:
        unfold = zlib.decompressobj()
        raw = unfold.decompress(base64.b64decode(value, altchars=b"-_", validate=True), LONGEST_LINK)
        given = json.loads(raw.decode("utf-8")) if unfold.eof else None
        rows = given.pop("rows", None)
        found = BENCH | {name: _field(name, given[name]) for name in given}
        if rows is not None:
            found["rows"] = [ROW | {name: _field(name, row[name]) for name in row} for row in rows]
        if not (given.keys() <= BENCH.keys() and all(row.keys() <= ROW.keys() for row in found["rows"])):
            raise ValueError("unknown fields")
        if len(found["rows"]) > MOST_ROWS:
            raise ValueError("too many rows")
    except (zlib.error, binascii.Error, AttributeError, TypeError, ValueError, RecursionError):
        raise ValueError(_("The set-up in this link is damaged; the usual one is shown.")) from None
    return found


def _packed(setup: dict) -> str:
    plain = {name: value for name, value in setup.items() if value != BENCH[name]}
    if "rows" in plain:
        plain["rows"] = [{k: v for k, v in row.items() if v != ROW[k]} for row in plain["rows"]]
    raw = json.dumps(plain, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(zlib.compress(raw, 9)).decode()


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
    now, state = draft()["rows"], st.session_state
    version, base, seen = state.get("bench_table", (0, None, None))
    if seen != now or f"bench_rows_{version}" not in state:  # changed by a preset or a link: another table
        version, base = version + 1, now
    options = {name: list(values) for name, values in OPTIONS.items()}
    bounds = {name: dict(zip(("min_value", "max_value"), RANGES[name], strict=True)) for name in RANGES}
    column = st.column_config
    edited = st.data_editor(
        _frame(base),
        key=f"bench_rows_{version}",
        num_rows="dynamic",
        hide_index=True,
        width="stretch",
        column_config={
            **{
                name: column.SelectboxColumn(
                    name, options=options[name], required=True, default=ROW[name], width="small"
                )
                for name in ("kind", "nonlinearity", "initialisation")
            },
            **{
                name: column.NumberColumn(
                    name.replace("_", " "),
                    step=1 if type(RANGES[name][0]) is int else None,
                    default=ROW[name],
                    required=name not in EMPTY,
                    width="small",
                    **bounds[name],
                )
                for name in ("layers", "units", "gain", "forget_bias")
            },
            **{
                name: column.CheckboxColumn(name.replace("_", " "), default=False, width="small")
                for name in ("residual", "bidirectional", "layer_norm")
            },
        },
    )
    rows = _rows(edited)
    if len(rows) > MOST_ROWS:
        notice(_("The first {most} rows are read.").format(most=MOST_ROWS))
        rows = rows[:MOST_ROWS]
    state["bench_table"] = version, base, rows
    if rows != now:
        change(rows=rows)


def _frame(rows: list[dict]) -> pd.DataFrame:
    kinds = {str: "object", int: "Int64", float: "float64", type(None): "float64", bool: "bool"}
    return pd.DataFrame(rows, columns=list(ROW)).astype({name: kinds[type(ROW[name])] for name in ROW})


def _rows(frame: pd.DataFrame) -> list[dict]:
    """The rows of an edited table; what was left empty is as usual."""
    rows = []
    for record in frame.to_dict("records"):
        row = dict(ROW)
        for name, value in record.items():
            if value is not None and not pd.isna(value):
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
        change(rows=[ROW | row for row in PRESETS[name]], inside=None)
        st.session_state["bench_run"] = True


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
    """What was computed of a set-up. setup: as `experiments` takes it; rows: of the table, by number, for each architecture."""

    setup: "experiments.Setup"
    dataset: xr.Dataset
    netcdf: bytes
    key: str


def setup() -> "experiments.Setup | None":
    """The draft, ready to be computed; None, with a line on the page, where that cannot be.

    A row that makes no sense, or is there already, is left out and said.
    """
    from rnnviz import experiments

    now, rows, names = draft(), [], {}
    for number, row in enumerate(now["rows"], 1):
        try:
            one = experiments.Architecture(**row)
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
        asked = experiments.Setup(tuple(rows), text=text, **fields)
    except ValueError as problem:
        notice(_("This cannot be compared:") + f" {problem}")
        return None
    if asked.cost() > experiments.LIMIT:
        line = _(
            "This is {times:.2g} times what this server takes on. On a machine of your own, this command does it:"
        )
        notice(line.format(times=asked.cost() / experiments.LIMIT))
        st.code(command(asked), language="sh", wrap_lines=True)
        return None
    return asked


def reader() -> str:
    """Stands for this visit before the workers."""
    return st.session_state.setdefault("reader", uuid.uuid4().hex)


def found() -> Found | None:
    """Run, progress and stop; the last set-up that was computed, None before there is one.

    A first visit, a link and an example are computed at once, what is edited when the reader presses Run.
    """
    state = st.session_state
    packed = chosen.settings().get("bench")
    linked = packed != state.get("bench_seen", "none yet")  # not by an edit: a first visit, or another link
    state["bench_seen"] = packed
    asked = setup()
    pressed = st.button(_("Run"), type="primary", disabled=asked is None, icon=":material/play_arrow:")
    wanted = pressed or linked or state.pop("bench_run", False)
    if asked and wanted:
        begin("compare", "compare", asked, {"setup": asked.to_dict()})
    job = follow("compare")
    if job and job.state == "done" and job.result is not None:
        state["bench_found"] = Found(state["bench_compare_for"], job.result, job.netcdf, job.key)
    last = state.get("bench_found")
    if last and asked and asked != last.setup and not (job and not job.over):
        notice(_("The set-up was changed: the pictures show the one before. Press Run."))
    return last


def begin(place: str, work: str, asked, argument: dict) -> None:
    """Starts a job of this visit; the one that was in its place is left."""
    state = st.session_state
    leave(place)
    state[f"bench_{place}_for"] = asked
    state[f"bench_{place}_job"] = jobs.start(f"rnnviz.ui.jobs:{work}", argument, reader())


def leave(place: str) -> None:
    """Ends this visit's interest in its job."""
    before = st.session_state.pop(f"bench_{place}_job", None)
    if before is not None and not before.over:
        jobs.leave(before, reader())


def follow(place: str) -> Job | None:
    """The job in its place, with its progress on the page while it is not over, and a line where it came to nothing."""
    job = st.session_state.get(f"bench_{place}_job")
    if job is None:
        return None
    jobs.hear(job, reader())
    if not job.ended.wait(PATIENCE):
        st.fragment(_progress, run_every=0.5)(job, place)
    words = {
        "failed": _("This could not be computed:") + f" {job.problem}",
        "stopped": _("Stopped. Press Run to start again."),
        "abandoned": _("Stopped, because this page was away for long. Press Run to start again."),
        "late": _(
            "Stopped after {minutes} minutes, the longest that this server computes. This command does it:"
        ),
        "lost": _("The computing process ended, perhaps for want of memory. Try a smaller set-up."),
        "busy": _("Too many readers are waiting. Try again in a minute."),
    }
    if job.state in words:
        notice(words[job.state].format(minutes=round(jobs.longest / 60)))
    if job.state == "late":
        st.code(command(st.session_state["bench_compare_for"]), language="sh", wrap_lines=True)
    return job


def _progress(job: Job, place: str) -> None:
    jobs.hear(job, reader())
    if job.over:
        st.rerun()
    ahead = jobs.ahead(job)
    if job.state == "waiting":
        line = _("Waiting: {ahead} before yours.").format(ahead=ahead)
    else:
        line = _("Computing {done} of {total}: {what}").format(
            done=job.done, total=job.total or "…", what=job.what
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(job.done / job.total if job.total else 0.0, text=line)
        st.button(_("Stop"), key=f"bench_stop_{place}", on_click=jobs.leave, args=(job, reader()))


# What is shown of it


def curves(of: Found, part: str, layer: str) -> tuple[xr.DataArray, xr.DataArray, list[str]]:
    """Median over the seeds (architecture, time), the band from the lowest to the highest (bound, architecture, time), and kinds.

    part: a variable of the dataset; architectures that have none are left out. layer: 'top' or 'bottom' of each.
    """
    depths = [one.layers - 1 if layer == "top" else 0 for one in of.setup.architectures]
    every = of.dataset[part].isel(
        architecture=xr.DataArray(range(len(depths)), dims="row"), layer=xr.DataArray(depths, dims="row")
    )
    every = every.swap_dims(row="architecture").drop_vars("layer", errors="ignore")
    every = every.transpose("architecture", "seed", "time").dropna("architecture", how="all")
    band = xr.concat([every.min("seed"), every.max("seed")], dim="bound")
    return every.median("seed", keep_attrs=True), band, [str(kind) for kind in every["kind"].values]
