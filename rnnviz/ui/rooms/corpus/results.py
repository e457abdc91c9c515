"""What was found: places of the long text under each other, and what they have in common."""

import numpy as np
import pandas as pd
import streamlit as st

from rnnviz.models.vocabularies import visible
from rnnviz.studies import changing, corpus
from rnnviz.studies.corpus import Common, Corpus, Found, Matches, annotating
from rnnviz.told import Told
from rnnviz.ui.parts import explored, places
from rnnviz.ui.parts.explored import recorded
from rnnviz.ui.parts.numbers import percent, shown
from rnnviz.ui.parts.tables import table_csv
from rnnviz.ui.rooms.corpus import COLOURS
from rnnviz.ui.shell.jobs import Job, jobs
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _, said
from rnnviz.ui.shell.readers import reader
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import as_text, notice, pick, pick_one

MOST = 25  # places that are shown
AROUND = 30  # characters on each side, in the table
NEAREST = 20
LIKELY = 0.05
"""Up to which a chance is shown."""
LISTED = 10  # things in common


def show(own: Corpus, run, sought, text: recorded.Text) -> None:
    names = {
        "units": _("where the units are on"),
        "state": _("where the state is alike"),
        "text": _("where the text is so"),
    }
    pick_one("where_by", _("Search for"), names)
    try:
        match settings()["where_by"]:
            case "units":
                _units(own, run, sought)
            case "state":
                _state(own, run, sought, text)
            case _:
                _text(own, run, sought)
    except Told as problem:
        notice(said(problem))


def _units(own: Corpus, run, sought) -> None:
    _also(sought)
    pattern = sought.pattern(recorded.place(own, run))
    if pattern is None:
        return
    with st.spinner(_("Searching …")):
        found = kept(_match, own, pattern)
        if len(found) and (condition := _condition(own, run, sought)) is not None:
            found = kept(_combined, own, pattern, *condition)
    if not len(found):
        notice(
            _(
                "These units are on elsewhere, but in no such stretch: allow any length, or let them be on around it."
            )
        )
        return
    likely = [one for one in kept(_counted, own, found) if one.p <= LIKELY][:LISTED]
    line = _("{count:,} places in {steps:,} characters; the best {most}:")
    line = line.format(count=len(found), steps=own.steps, most=min(MOST, len(found)))
    if likely:
        first, kinds = likely[0], _kinds()
        most = _("What sets them apart most: {what} “{which}”, {here} of them ({against}: {all}).")
        most = most.format(
            what=kinds.get(first.what, first.what),
            which=_which(first),
            here=percent(first.here / first.of_here),
            against=_against(found),
            all=percent(first.all / first.of_all),
        )
        line = f"{most} {line}"
    st.markdown(as_text(line))
    _places(
        own, run, sought, found.starts[:MOST], found.stops[:MOST], [shown(one) for one in found.scores[:MOST]]
    )
    _common(found, likely)


def _match(own: Corpus, pattern: corpus.Pattern) -> Matches:
    return corpus.match(own, pattern)


def _also(sought) -> None:
    """A second condition: how, and what."""
    now = settings()
    ways = {"none": _("nothing else"), "and": _("and there"), "not": _("but not there")}
    kinds = {"text": _("the text is so"), "steps": _("the units of a second stretch are so")}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        pick(
            st.segmented_control,
            "where_also",
            _("A second condition"),
            list(ways),
            format_func=ways.get,
            required=True,
        )
        if now["where_also"] == "none":
            return
        pick(
            st.segmented_control,
            "where_also_by",
            _("What is there, or is not"),
            list(kinds),
            format_func=kinds.get,
            required=True,
        )
        if now["where_also_by"] == "text":
            recorded.expression("where_also_regex", _("A regular expression, as in \\bthe\\b"))
            return
        pick(
            st.text_input,
            "where_also_steps",
            _("Its steps, as in 5-12"),
            value=now["where_also_steps"] or "",
            choose=lambda value: choose(where_also_steps=value.strip() or None),
            width=190,
        )
        marked = changing.numbers(range(sought.first + 1, sought.last + 2))
        st.button(
            _("Take what is marked"),
            key="where_also_take",
            on_click=choose,
            kwargs={"where_also_steps": marked},
            disabled=marked == now["where_also_steps"],
        )


def _condition(own: Corpus, run, sought) -> tuple[corpus.Pattern | str, bool] | None:
    """What else is to be there, a pattern or a regular expression, and whether it is not to be; None for nothing."""
    now = settings()
    without = now["where_also"] == "not"
    if now["where_also"] == "none":
        return None
    if now["where_also_by"] == "text":
        return None if now["where_also_regex"] is None else (now["where_also_regex"], without)
    pattern = None if sought.also is None else sought.also.pattern(recorded.place(own, run))
    if sought.also is not None and pattern is None:
        notice(_("No unit stands out at the second stretch: it is left out."))
    return None if pattern is None else (pattern, without)


def _combined(own: Corpus, pattern: corpus.Pattern, also: corpus.Pattern | str, without: bool) -> Matches:
    where = kept(_search, own, also) if isinstance(also, str) else kept(_match, own, also)
    return corpus.combined(kept(_match, own, pattern), where.where(), without)


def _state(own: Corpus, run, sought, text: recorded.Text) -> None:
    now = settings()
    step = explored.cursor(sought.last)
    step = min(step, run.steps - 1)
    node = run.states(now["layer"])
    field = now["where_field"] if now["where_field"] in node else "hidden"
    metrics = {"cosine": _("by direction (cosine)"), "euclid": _("by distance (Euclid)")}
    fields = {"hidden": _("hidden state h"), "cell": _("cell state c")}
    among = {"all": _("all units"), "sought": _("the units that are sought")}
    with st.container(horizontal=True):
        pick_one("where_metric", _("Alike"), metrics)
        if "cell" in node:
            pick_one("where_field", _("Which state"), fields)
        pick_one("where_among", _("By which units"), among)
    units = None
    if now["where_among"] == "sought":
        units = tuple(sorted({*sought.on, *sought.off}))
        if not units:
            notice(_("No unit is sought: mark other letters, lower the threshold, or compare all units."))
            return
    searched = own
    if field == "cell":
        found_cells = recorded.opened(run, text, "cell")
        if found_cells is None:
            return
        searched = found_cells
    state = np.ascontiguousarray(node[field].transpose("time", "unit").values[step])
    place = recorded.place(searched, run, field)
    with st.spinner(_("Searching …")):
        found = kept(_nearest, searched, state, now["where_metric"], place, units)
    token = visible(run.text[step]) if run.text else ""
    line = _(
        "The {count} states nearest to that after step {step}, “{token}”; click a letter above for another:"
    )
    st.markdown(as_text(line.format(count=len(found), step=step + 1, token=token)))
    _places(own, run, sought, found.steps, found.steps + 1, [shown(one) for one in found.distances])


def _nearest(
    own: Corpus, state: np.ndarray, metric: str, place: str, units: tuple[int, ...] | None
) -> corpus.Neighbours:
    return corpus.nearest(own, state, NEAREST, metric, units, place)


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
    _places(own, run, sought, found.starts[:MOST], found.stops[:MOST], None)
    _telling(own, run, regex)


def _search(own: Corpus, regex: str) -> Found:
    return corpus.search(own, regex, recorded.LIMIT)


def _telling(own: Corpus, run, regex: str) -> None:
    """Which units tell these places from all others, computed in a process of its own."""
    asked = {
        "path": str(own.path),
        "regex": regex,
        "limit": recorded.LIMIT,
        "place": recorded.place(own, run),
    }
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


def _places(
    own: Corpus, run, sought, starts: np.ndarray, stops: np.ndarray, scores: list[str] | None
) -> None:
    """The places under each other, in colour, what is found beginning in one column."""
    colour = _coloured(own, run, sought)
    notes = scores or [f"{one + 1:,}" for one in starts.tolist()]
    rows = [
        places.place(own, int(start), int(stop), colour, note)
        for start, stop, note in zip(starts, stops, notes, strict=True)
    ]
    summary = _("Places of the long text, what was found framed; the first: {text}").format(
        text="".join(rows[0]["tokens"])
    )
    places.show("where_places", {"": rows}, summary, colour)
    contexts = [
        ["".join(map(visible, part)) for part in own.context(int(start), int(stop), AROUND, AROUND)]
        for start, stop in zip(starts, stops, strict=True)
    ]
    frame = pd.DataFrame(contexts, columns=[_("before"), _("found"), _("after")])
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


def _coloured(own: Corpus, run, sought) -> places.Colour | None:
    """What places are coloured by, as the reader chooses; None for nothing."""
    known = {one.name: one for one in kept(_annotated, own)}
    chosen = settings()["where_colour"]
    unit = settings()["unit"]
    units = sought.on or sought.off
    names = {"sought": _("the sought units, their mean")} if units else {}
    names |= {"unit": _("hidden state of unit {unit}").format(unit=unit), "none": _("nothing")}
    names |= {name: title for name, title in explored.annotation_names().items() if name in known}
    there = [name for name in COLOURS if name in names]
    if chosen not in there:
        if chosen != "sought":
            notice(_("This text says too little of that: the places are coloured by the unit."))
        chosen = "unit"
    pick(
        st.selectbox, "where_colour", _("Coloured by"), there, value=chosen, format_func=names.get, width=300
    )
    if chosen == "none":
        return None
    if chosen == "sought":
        mean = kept(_mean, own, recorded.place(own, run), units)
        return places.Colour(mean.__getitem__, title=names["sought"])
    if chosen == "unit":
        column = kept(_column, own, recorded.place(own, run), unit)
        return places.Colour(column.at, title=names["unit"])
    values = known[chosen].values
    most = float(values.max()) if known[chosen].numeric else 1.0
    low = min(0.0, float(values.min())) if known[chosen].numeric else 0.0
    return places.Colour(lambda part: values[part].astype(float), low, most, "gate", names[chosen])


def _annotated(own: Corpus) -> tuple[annotating.Annotation, ...]:
    return annotating.of(own)


def _mean(own: Corpus, place: str, units: tuple[int, ...]) -> np.ndarray:
    """(step,), the mean state of some units."""
    return np.concatenate([own.values(place, number, units).mean(0) for number, *_span in own.pieces(place)])


def _column(own: Corpus, place: str, unit: int) -> corpus.unit.Column:
    return corpus.unit.column(own, place, unit)


def _kinds() -> dict[str, str]:
    return {
        "next token": _("next character"),
        "position in line": _("characters since the line began"),
        "label": _("label"),
    }


def _which(one: Common) -> str:
    return visible(one.value) if one.what == "next token" else one.value


def _against(found: Matches) -> str:
    """What places are held against, as a heading."""
    if not found.conditions:
        return _("in the whole text")
    if found.conditions[-1].without:
        return _("wherever the second condition is not met")
    return _("wherever the second condition is met")


def _common(found: Matches, likely: list[Common]) -> None:
    heading = _("What the places have in common")
    st.markdown(f"**{as_text(heading)}**")
    if not likely:
        st.markdown(
            as_text(
                _(
                    "Nothing that chance would not give: neither the next character nor the position in the line."
                )
            )
        )
        return
    kinds = _kinds()
    frame = pd.DataFrame(
        {
            _("what"): [kinds.get(one.what, one.what) for one in likely],
            _("which"): [_which(one) for one in likely],
            _("at these places"): [percent(one.here / one.of_here) for one in likely],
            _against(found): [percent(one.all / one.of_all) for one in likely],
            _("chance"): [shown(one.p) for one in likely],
        }
    ).set_index(_("what"))
    table_csv(frame, "rnnviz-common")


def _counted(own: Corpus, found: Matches) -> tuple[Common, ...]:
    return corpus.common(own, found)
