"""What was found: places of the long text under each other, and what they have in common."""

import numpy as np
import pandas as pd
import streamlit as st

from rnnviz.models.vocabularies import visible
from rnnviz.studies import corpus
from rnnviz.studies.corpus import Common, Corpus, Found, Matches
from rnnviz.told import Told
from rnnviz.ui.parts import explored
from rnnviz.ui.parts.explored import recorded
from rnnviz.ui.parts.numbers import percent, shown
from rnnviz.ui.parts.tables import table_csv
from rnnviz.ui.shell.jobs import Job, jobs
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _, said
from rnnviz.ui.shell.readers import reader
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import as_text, notice, pick_one

MOST = 25  # places that are shown
AROUND = 30  # characters on each side
NEAREST = 20
LIKELY = 0.05
"""Up to which a chance is shown."""


def show(own: Corpus, run, sought) -> None:
    names = {
        "units": _("where the units are on"),
        "state": _("where the state is alike"),
        "text": _("where the text is so"),
    }
    pick_one("where_by", _("Search for"), names)
    try:
        {"units": _units, "state": _state, "text": _text}[settings()["where_by"]](own, run, sought)
    except Told as problem:
        notice(said(problem))


def _units(own: Corpus, run, sought) -> None:
    pattern = sought.pattern(recorded.place(own))
    if pattern is None:
        return
    with st.spinner(_("Searching …")):
        found = kept(_match, own, pattern)
    if not len(found):
        notice(
            _(
                "These units are on elsewhere, but in no such stretch: allow any length, or let them be on around it."
            )
        )
        return
    st.markdown(
        as_text(
            _("{count:,} places in {steps:,} characters; the best {most}:").format(
                count=len(found), steps=own.steps, most=min(MOST, len(found))
            )
        )
    )
    _places(own, found.starts[:MOST], found.stops[:MOST], [shown(one) for one in found.scores[:MOST]])
    _common(own, found)


def _match(own: Corpus, pattern: corpus.Pattern) -> Matches:
    return corpus.match(own, pattern)


def _state(own: Corpus, run, sought) -> None:
    now = settings()
    step = explored.cursor(sought.last)
    step = min(step, run.steps - 1)
    names = {"cosine": _("by direction (cosine)"), "euclid": _("by distance (Euclid)")}
    pick_one("where_metric", _("Alike"), names)
    state = run.states(now["layer"])["hidden"].sel(unit=slice(None)).transpose("time", "unit").values[step]
    with st.spinner(_("Searching …")):
        found = kept(_nearest, own, np.ascontiguousarray(state), now["where_metric"], recorded.place(own))
    token = visible(run.text[step]) if run.text else ""
    line = _(
        "The {count} states nearest to that after step {step}, “{token}”; click a letter above for another:"
    )
    st.markdown(as_text(line.format(count=len(found), step=step + 1, token=token)))
    _places(own, found.steps, found.steps + 1, [shown(one) for one in found.distances])


def _nearest(own: Corpus, state: np.ndarray, metric: str, place: str) -> corpus.Neighbours:
    return corpus.nearest(own, state, NEAREST, metric, place=place)


def _text(own: Corpus, run, sought) -> None:
    regex = recorded.expression("where_regex")
    if regex is None:
        return
    with st.spinner(_("Searching …")):
        found = kept(_search, own, regex)
    first = min(MOST, len(found))
    line = _("{count:,} places in {steps:,} characters; the first {most}:")
    if found.more:
        line = _("More than {count:,} places in {steps:,} characters; the first {most}:")
    st.markdown(as_text(line.format(count=len(found), steps=own.steps, most=first)))
    _places(own, found.starts[:MOST], found.stops[:MOST], None)
    _telling(own, regex)


def _search(own: Corpus, regex: str) -> Found:
    return corpus.search(own, regex, recorded.LIMIT)


def _telling(own: Corpus, regex: str) -> None:
    """Which units tell these places from all others, computed in a process of its own."""
    asked = {"path": str(own.path), "regex": regex, "limit": recorded.LIMIT, "place": recorded.place(own)}
    held: dict[str, Job] = st.session_state.setdefault("where_telling", {})
    heading = _("Which units tell these places from all others?")
    st.markdown(f"**{as_text(heading)}**")
    job = held.get(repr(asked))
    if job is None:
        st.button(_("Look at every unit"), key="where_tell", on_click=_tell, args=(asked,))
        return
    if not recorded.follow(job, "where_tell_stop", recorded.units_so_far):
        held.pop(repr(asked), None) if job.over else None
        return
    found = job.result
    frame = pd.DataFrame(
        {
            _("unit"): found["unit"].values,
            _("higher there, found on the first half"): [percent(one) for one in found["found"].values],
            _("on the second half"): [percent(one) for one in found["held_out"].values],
            _("chance"): [shown(one) for one in found["p"].values],
        }
    ).set_index(_("unit"))
    table_csv(frame, "rnnviz-telling")
    st.caption(
        _(
            "The share of pairs, one such place and one other, in which the unit is higher at the first: 50 % tells nothing, and "
            "0 % as much as 100 %. The units were chosen on the first half; the chance is that of the second half turned around, "
            "the best of these units each time."
        )
    )


def _tell(asked: dict) -> None:
    st.session_state["where_telling"] = {
        repr(asked): jobs.start("rnnviz.studies.corpus.work:telling", asked, reader())
    }


def _places(own: Corpus, starts: np.ndarray, stops: np.ndarray, scores: list[str] | None) -> None:
    """The places under each other, what is found in one column."""
    rows = [
        ["".join(map(visible, part)) for part in own.context(int(start), int(stop), AROUND, AROUND)]
        for start, stop in zip(starts, stops, strict=True)
    ]
    width = max(map(recorded.width, (left for left, _here, _right in rows)))
    widest = max(map(len, scores)) + 2 if scores else 0
    lines = [
        f"{(scores[n] if scores else ''):<{widest}}{' ' * (width - recorded.width(left))}{left}│{here}│{right}"
        for n, (left, here, right) in enumerate(rows)
    ]
    st.code("\n".join(lines), language=None)
    frame = pd.DataFrame(rows, columns=[_("before"), _("found"), _("after")])
    frame.insert(0, _("step"), np.asarray(starts) + 1)
    if scores:
        frame.insert(1, _("score"), scores)
    st.download_button(
        _("Download the table (CSV)"),
        data=lambda: frame.to_csv(index=False).encode("utf-8"),
        file_name="rnnviz-places.csv",
        mime="text/csv",
        key="csv_places",
        on_click="ignore",
    )


def _common(own: Corpus, found: Matches) -> None:
    heading = _("What the places have in common")
    st.markdown(f"**{as_text(heading)}**")
    likely = [one for one in kept(_counted, own, found) if one.p <= LIKELY][:10]
    if not likely:
        st.markdown(
            as_text(
                _(
                    "Nothing that chance would not give: neither the next character nor the position in the line."
                )
            )
        )
        return
    kinds = {"next token": _("next character"), "position in line": _("characters since the line began")}
    frame = pd.DataFrame(
        {
            _("what"): [kinds.get(one.what, one.what) for one in likely],
            _("which"): [
                one.value if one.what == "position in line" else visible(one.value) for one in likely
            ],
            _("at these places"): [percent(one.here / one.of_here) for one in likely],
            _("in the whole text"): [percent(one.all / one.of_all) for one in likely],
            _("chance"): [shown(one.p) for one in likely],
        }
    ).set_index(_("what"))
    table_csv(frame, "rnnviz-common")


def _counted(own: Corpus, found: Matches) -> tuple[Common, ...]:
    return corpus.common(own, found)
