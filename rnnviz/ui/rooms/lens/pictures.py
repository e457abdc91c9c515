"""What every layer would say at every step, how far that is from what the network says, and what it costs."""

import numpy as np
import pandas as pd
import streamlit as st
import xarray as xr
from streamlit.delta_generator import DeltaGenerator

from rnnviz import figures
from rnnviz.models.checkpoints import CheckpointError
from rnnviz.models.vocabularies import visible
from rnnviz.paper.packing import keys
from rnnviz.studies.live import LiveError
from rnnviz.told import Told
from rnnviz.ui.parts import board, explored, working
from rnnviz.ui.parts.board import Choice, drawn
from rnnviz.ui.parts.explored import elsewhere
from rnnviz.ui.parts.explored.runs import Run, again, live_run
from rnnviz.ui.parts.explored.views import choose_picture, in_view
from rnnviz.ui.parts.numbers import percent, shown
from rnnviz.ui.parts.tables import table_csv
from rnnviz.ui.rooms.lens import results
from rnnviz.ui.rooms.lens.results import ReadOut, Row
from rnnviz.ui.shell.jobs import Job
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _, said
from rnnviz.ui.shell.settings import LONGEST, choose, settings
from rnnviz.ui.shell.widgets import as_text, folded, notice

WORK = "rnnviz.studies.lenses:to_own_text"
SEED = 1


def show(row: DeltaGenerator) -> None:
    """What stands below the reader's text. row: for controls."""
    run = live_run()
    if run is not None:
        _shown(run, row)
    _reading()


def _shown(run: Run, row: DeltaGenerator) -> None:
    if run.own is not None and run.own.rows:
        notice(_("This model reads numbers and says no next token, so there is nothing to read out."))
        return
    text = "".join(run.text) if run.own is None else explored.reader_text()[:LONGEST]
    fitted = _fitted(run)
    try:
        out = results.read_out(again(run), text, fitted)
    except (LiveError, CheckpointError, Told) as problem:
        notice(said(problem), error=True)
        return
    with row:
        names = {"probability": _("how likely the next character was"), "kl": _("distance from the output")}
        choose_picture("lens_shows", names)
    _draw(run, out)
    _about_the_map(run, out, fitted)
    table_csv(kept(_table, out, fitted, True), "lens", file=kept(_table, out, fitted, False))
    elsewhere.links({"change": {"change_kind": "text"}, "units": {}, "pair": {}})


def _fitted(run: Run) -> xr.Dataset | None:
    """The map that is there, or that the reader has had fitted; None, where there is none, or nothing to map."""
    if run.card is None or run.card["model"]["layers"] < 2:
        return None
    try:
        found = results.map_of(run.name)
    except CheckpointError as problem:
        notice(said(problem))
        found = None
    if found is not None or st.session_state.get("lens_asked") != run.name:
        return found
    return working.found(
        "lens",
        WORK,
        {"name": run.name, "text": explored.DEFAULT_TEXTS[explored.corpus(run.name)], "seed": SEED},
        _so_far,
    )


def _so_far(job: Job) -> str:
    if job.what == "writing":
        line = _("The network writes a text to fit to: {done:,} of {total:,} characters")
    else:
        line = _("Reading: {done:,} of {total:,} parts of the text")
    return line.format(done=min(job.done + 1, job.total), total=job.total)


def _names(out: ReadOut) -> tuple[str, ...]:
    """What the rows are called."""
    return tuple(_name(out, row) for row in out.rows)


def _name(out: ReadOut, row: Row) -> str:
    module, number = out.modules[row.place]
    layer = _("layer {layer}").format(layer=number + 1)
    if out.several:
        layer = f"{module}, {layer}"
    if row.top:
        return _("{layer}: the output").format(layer=layer)
    return (_("{layer}, with the map") if row.fitted else _("{layer}, as it is")).format(layer=layer)


def _ticks(out: ReadOut) -> tuple[str, ...]:
    """The same in short."""
    words = [_("map") if row.fitted else _("out") if row.top else _("raw") for row in out.rows]
    return tuple(f"{row.place + 1} {word}" for row, word in zip(out.rows, words, strict=True))


def _clicked(choice: Choice) -> None:
    if choice.time is not None:
        choose(step=choice.time)


def _draw(run: Run, out: ReadOut) -> None:
    which, names = settings()["lens_shows"], _names(out)
    id = f"lens-{run.view}"
    title = _("What each layer would say comes next; colour: probability of the character that did")
    if which == "kl":
        title = _("What each layer would say comes next; colour: KL divergence to the output (nats)")
    drawings = [drawn("layers", title, _rows, out, which, names, _ticks(out), board.zoom(id, run.steps))]
    if len(out.rows) > 1:
        parts = results.curves(out, names)
        title = _("How far what a layer says is from the output: KL divergence (nats)")
        drawings.append(drawn("kl", title, figures.inputs, in_view(parts, id, run.steps)))
    line = _summary(out)
    st.markdown(as_text(line))
    board.show_board(
        id,
        **run.strip,
        figures=drawings,
        candidates=(results.candidates(out), [visible(token) for token in out.outputs]),
        heads=names,
        finer=run.steps > results.LONGEST,
        subject=run.name,
        cursor=explored.cursor(),
        clicked=_clicked,
        summary=line,
    )


def _rows(out: ReadOut, which: str, names, ticks, window: tuple[int, int] | None):
    """The picture: in each cell, where few enough steps are in view, what that layer would say."""
    array = out.found[which].drop_vars("token")
    first, last = window or (0, array.sizes["time"])
    texts = None
    if last - first <= results.LONGEST:
        best = out.found["id"].values[:, :, 0]
        texts = [
            [out.outputs[id] if first <= step < last else "" for step, id in enumerate(row)] for row in best
        ]
    if which == "kl":
        array = array.assign_attrs(valid_range=(0.0, max(1.0, float(np.ceil(float(array.max()))))))
    scale = "probability" if which == "probability" else "norm"
    return figures.named_rows(array, names, ticks, None, texts, scale)


def _mean(out: ReadOut, row: int) -> float:
    """The loss of a row, nats a character; NaN of a text of one."""
    losses = out.found["loss"].values[row, :-1]
    known = losses[~np.isnan(losses)]
    return float(known.mean()) if known.size else float("nan")


def _summary(out: ReadOut) -> str:
    """What the rows cost on this text, in words."""
    if len(out.rows) == 1:
        return _("This network has one layer: the output layer reads it as it is, and there is none below.")
    parts, top = [], _mean(out, len(out.rows) - 1)
    if np.isnan(top):
        return _("Type at least two characters, and what each layer would have said can be compared.")
    for place, row in enumerate(out.rows[:-1]):
        parts.append(f"{_name(out, row)} {shown(_mean(out, place))}")
    line = _("Mean loss on this text, nats a character: {parts}; the network itself {top}.")
    return line.format(parts="; ".join(parts), top=shown(top))


def _about_the_map(run: Run, out: ReadOut, fitted: xr.Dataset | None) -> None:
    """Where the map comes from and how well it does; where there is none, what can be done."""
    if len(out.rows) == 1:
        return
    if fitted is not None:
        card = results.card_of(fitted)
        source = _("what this network itself has written")
        if card is not None:
            source = explored.corpus_names()[explored.corpus(run.name)]
        line = _(
            "The map of layer {layer} was fitted to {source}. On {count:,} held-out characters its KL divergence to the output "
            "is {kl} nats; without the map, {raw}."
        )
        for layer in range(fitted.sizes["layer"] - 1):
            st.caption(
                as_text(
                    line.format(
                        layer=layer + 1,
                        source=source,
                        count=int(fitted.attrs["held_out"]),
                        kl=shown(fitted["kl"].values[layer]),
                        raw=shown(fitted["kl_raw"].values[layer]),
                    )
                )
            )
    elif run.card is None:
        st.caption(
            _(
                "For models of your own, states are read as they are. rnnviz.lens.fit fits a map to a language model."
            )
        )
    elif st.session_state.get("lens_asked") != run.name:
        st.caption(_("No fitted map comes with this model, so its layers are read as they are."))
        st.button(_("Fit one to what it writes itself"), key="lens_fit", on_click=_ask, args=(run.name,))


def _ask(name: str) -> None:
    st.session_state["lens_asked"] = name


def _table(out: ReadOut, fitted: xr.Dataset | None, readable: bool) -> pd.DataFrame:
    """A row for each row of the picture."""
    rows = {}
    for place, row in enumerate(out.rows):
        held_out = (
            None if fitted is None else fitted["kl" if row.fitted or row.top else "kl_raw"].values[row.place]
        )
        values = [
            _mean(out, place),
            float(out.found["kl"].values[place].mean()),
            float("nan") if held_out is None else float(held_out),
        ]
        agreement = float(out.found["agreement"].values[place])
        rows[_name(out, row)] = (
            [*("–" if np.isnan(value) else shown(value) for value in values), percent(agreement)]
            if readable
            else [*values, agreement]
        )
    columns = [
        _("loss on this text (nats)"),
        _("KL to the output (nats)"),
        _("the same, held out (nats)"),
        _("same best candidate as the output"),
    ]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis(_("read out"))


def _reading() -> None:
    folded(
        (
            _(
                "The output layer was trained on the top layer's state. The units of a layer below mean other things, so “as it "
                "is” reads them wrongly: what it says may be far off although the layer knows much (the logit lens)."
            ),
            _(
                "The map is one matrix and one vector for each layer. It takes the layer's state to where the top layer's is "
                "expected, and was fitted so that what the output layer then says is as close as possible to what the network "
                "says (the tuned lens, Belrose et al. 2023). It adds no memory: it sees one state."
            ),
            _(
                "KL divergence measures how far what a layer says is from the output, over all of them: 0 where they agree."
            ),
            _("A cell at a step shows what would come after it; · and ↵ are the blank and the line end."),
            keys(),
        )
    )
