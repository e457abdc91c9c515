"""What a network says on its way: what it writes, what it forecasts, what it answers."""

import pandas as pd
import streamlit as st
import xarray as xr

from rnnviz import figures
from rnnviz.figures.steps import escaped
from rnnviz.figures.style import SEVERAL
from rnnviz.figures.words import named
from rnnviz.studies.lab import Table, Task
from rnnviz.studies.memory.tasks import ANSWERS
from rnnviz.ui.parts.board import Drawn
from rnnviz.ui.parts.numbers import percent
from rnnviz.ui.rooms.train.results import Mine
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import pick

LONGEST = 44  # symbols of a sequence that are shown; of a longer one both ends


def last(mine: Mine) -> tuple[int, object] | None:
    """What it said last at the moment that is looked at, and after how many updates."""
    wanted = settings()["train_update"]
    said = [one for one in mine.said() if wanted is None or one[0] <= wanted]
    return said[-1] if said else None


def above(mine: Mine) -> None:
    """What stands above the pictures: a sample of text, or answers."""
    found = last(mine)
    if found is None or mine.data == "series":
        return
    update, said = found
    if mine.data == "text":
        st.caption(_("What it writes after {count:,} updates").format(count=update))
        st.code(said, language=None, wrap_lines=True)
    else:
        st.caption(_("What it answers after {count:,} updates, to held-out sequences").format(count=update))
        st.dataframe(_answers(mine.material, mine, said), hide_index=True, width="stretch")


def below(mine: Mine) -> None:
    """What it wrote, at a few moments."""
    written = mine.said()
    if mine.data != "text" or len(written) < 2:
        return
    st.subheader(_("What it wrote on the way"), anchor=False)
    few = written if len(written) <= 5 else [written[round(i * (len(written) - 1) / 4)] for i in range(5)]
    for update, text in few:
        left, right = st.columns([1, 6], vertical_alignment="top")
        left.caption(_("update {count:,}").format(count=update))
        right.code(text, language=None, wrap_lines=True)


def forecasts(shown: list[Mine]) -> list[Drawn]:
    """What came and what was forecast, of the trainings on the series of the first; nothing where it learns something else."""
    first = shown[0]
    own = first.material
    if not isinstance(own, Table) or last(first) is None:
        return []
    place = _column(own)
    name = own.series.features[place]
    curves, colours = [], []
    for mine, colour in zip(shown, SEVERAL, strict=False):
        found = last(mine)
        if mine.asked == first.asked and found:
            label = escaped(mine.title) if len(shown) > 1 else _("forecast")
            curves.append(_curve(own, [row[place] for row in found[1]], label))
            colours.append(colour)
    truth = _curve(own, own.series.values[own.cut :, place].tolist()[: curves[0].size], _("what came"))
    if own.series.steps:
        truth = truth.assign_coords(token=("time", list(own.series.steps[own.cut :][: truth.size])))
    update = last(first)[0]
    title = _("Forecast of the next step, held out, after {count:,} updates: {column}")
    title = title.format(count=update, column=name)
    drawn = figures.forecast(truth, curves, colours, title=escaped(title))
    return [Drawn.of("forecast", drawn, title)]


def _curve(own: Table, values: list, name: str) -> xr.DataArray:
    """values: of the steps from the first that is held out."""
    floats = [float("nan") if value is None else float(value) for value in values]
    steps = range(own.cut, own.cut + len(floats))
    return xr.DataArray(floats, dims="time", coords={"time": list(steps)}, name=name)


def _column(own: Table) -> int:
    return min(settings()["train_column"], len(own.series.features) - 1)


def column(mine: Mine) -> None:
    """Which column of a series is drawn, where it has several."""
    own = mine.material
    if isinstance(own, Table) and len(own.series.features) > 1:
        places = range(len(own.series.features))
        pick(
            st.selectbox,
            "train_column",
            _("Column that is drawn"),
            list(places),
            value=_column(own),
            format_func=own.series.features.__getitem__,
            width=260,
        )


def _answers(own: Task, mine: Mine, answers: list) -> pd.DataFrame:
    """A row for each sequence."""
    held_out = own.of(mine.setup, len(answers))
    rows = []
    for x, wanted, said in zip(held_out.x, held_out.target.tolist(), answers, strict=True):
        if own.task == "adding":
            marked = [(number, step) for step, (number, mark) in enumerate(x.tolist(), 1) if mark]
            read = " + ".join(_("{number:.2f} (step {step})").format(number=n, step=s) for n, s in marked)
            rows.append([read, f"{wanted[0]:.2f}", f"{said[0][0]:.2f}", None])
            continue
        read = own.written(x)
        if len(read) > LONGEST:
            read = f"{read[: LONGEST // 2]} … {read[-LONGEST // 2 :]}"
        words = list(map(named, ANSWERS[own.task]))
        sure = sum(share for _answer, share in said) / len(said)
        rows.append(
            [
                read,
                "".join(words[one] for one in wanted),
                "".join(words[one] for one, _share in said),
                percent(sure),
            ]
        )
    names = [_("it reads"), _("right"), _("it says"), _("probability it gives that")]
    if own.task == "copy":
        names[3] = _("probability it gives that, on average")
    frame = pd.DataFrame(rows, columns=names)
    return frame.drop(columns=names[3]) if own.task == "adding" else frame
