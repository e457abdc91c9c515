"""The changes that are made: their list, what a new one is made of, and the examples to begin with."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from rnnviz.models.vocabularies import visible
from rnnviz.paper.terms import LETTERS, gate_name
from rnnviz.recording.edits import FIELDS
from rnnviz.stats import states, tracking
from rnnviz.studies import changing, directions
from rnnviz.studies.changing import Change
from rnnviz.studies.telling import KINDS
from rnnviz.ui.parts import explored
from rnnviz.ui.parts.board import Marked
from rnnviz.ui.parts.explored.runs import Run
from rnnviz.ui.parts.explored.views import choose_picture
from rnnviz.ui.parts.numbers import shown
from rnnviz.ui.rooms.change import LONGEST_CHANGES
from rnnviz.ui.shell import language
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import LONGEST, choose, held, settings, typed
from rnnviz.ui.shell.widgets import as_text, examples, notice, shows

GROUP = 8  # units
UNDONE = 30  # earlier lists that are kept
BRIEF = 20  # characters of another text that name it


Known = Mapping[str, tuple[Change, ...]]


def made(run: Run, known: Known | None = None) -> tuple[Change, ...]:
    """The reader's changes, or the first example; of a link that cannot be read none, with a line. known: examples, by name,
    where they are others than those of a text."""
    written = settings()["changes"]
    if written is None:
        return next(iter((known or _examples(run)).values()))
    line = _("The changes in this link cannot be read; none are made.")
    if len(written) > LONGEST_CHANGES:  # of a link in which they are folded
        notice(line)
        return ()
    try:
        found = changing.parsed(written)
        return changing.sourced(found, (settings()["change_other"] or "")[:LONGEST])
    except ValueError as problem:
        notice(f"{line} {language.said(problem)}")
        return ()


def _examples(run: Run) -> dict[str, tuple[Change, ...]]:
    """By name, changes that make a point, for any text and each kind of network."""
    now, half = settings(), run.steps // 2
    where = {"direction": now["direction"], "module": _module(run)}
    layers = range(run.node.sizes["layer"])
    memory = "cell" if run.kind == "lstm" else "hidden"  # from which h follows
    keeping = {"lstm": "forget_gate", "gru": "update_gate"}.get(run.kind)
    found = {"forget": tuple(Change(memory, "zero", None, (half, half), layer=i, **where) for i in layers)}
    if keeping is not None:
        found["never"] = (Change(keeping, "set", None, None, 1.0, now["layer"], **where),)
    if (told := telling(run)) is not None:
        _text, _kind, layer, unit = told
        found["telling"] = (Change("hidden", "zero", (unit,), None, layer=layer),)
    found["silent"] = (Change("hidden", "zero", (now["unit"],), None, layer=now["layer"], **where),)
    found["frozen"] = (Change("hidden", "freeze", None, (half, run.steps - 1), layer=now["layer"], **where),)
    return found


def telling(run: Run) -> tuple[str, str, int, int] | None:
    """Of a shipped model, a text that makes a point and the unit that tells one kind of its characters from all else: the text,
    the kind, the unit's layer and number."""
    texts = explored.EXAMPLES[explored.corpus(run.name)] if run.card is not None else {}
    for name in ("verse", "endings", "brackets"):
        kind, units = explored.TELLING.get(name, ("", {}))
        if name in texts and run.name in units:
            return texts[name], kind, *units[run.name]
    return None


def _module(run: Run) -> str | None:
    return run.module if len(run.subject.modules) > 1 else None


def _example(run: Run, changes: tuple[Change, ...], known: Known | None) -> None:
    told = telling(run)
    names = {
        "token": _("one token from another sentence"),
        "again": _("the decoder forgets all, once"),
        "held": _("the decoder stands still"),
        "forget": _("forget all, once"),
        "never": _("never forget"),
        "telling": _("silence the unit for {kind}").format(kind=explored.kind_names()[told[1]])
        if told
        else "",
        "silent": _("silence unit {unit}").format(unit=settings()["unit"]),
        "frozen": _("stand still from the middle on"),
    }
    known = known or _examples(run)
    here = next((name for name, own in known.items() if own == changes), None)

    def take(name: str) -> None:
        put(known[name], changes)
        if name == "telling":
            text, _kind, layer, unit = telling(run)
            choose(text=text, layer=layer, unit=unit)

    examples("pick_change", known, here, take, names, label_visibility="collapsed")


def put(now: Sequence[Change], before: Sequence[Change]) -> None:
    """These are the changes from now on; what was before can come back."""
    _earlier().append(changing.written(before))
    del _earlier()[:-UNDONE]
    choose(changes=changing.written(now), change_other=None)  # each of them has its text


def _earlier() -> list[str]:
    found: list[str] = st.session_state.setdefault(f"changes_before_{settings()['change_kind']}", [])
    return found


def _undo() -> None:
    choose(changes=_earlier().pop())


def marked(told: Marked) -> None:
    """What the reader has drawn up stands in the form; what the drag left open stays as it was."""
    if told.steps is not None:
        choose(mark_steps=told.steps)
    if told.units is not None:
        choose(mark_units=told.units)


def said(change: Change, kind: str) -> str:
    """A change in short: 'f = 0, layer 1, units 3, 7–9, step 5'."""
    letter = {"hidden": "h", "cell": "c", **LETTERS.get(kind, {})}.get(change.field)
    name = letter or gate_name(change.field)
    how = {
        "zero": f"{name} = 0",
        "set": f"{name} = {shown(change.value)}",
        "add": f"{name} + {shown(change.value)}",
        "keep": _("{name} kept as it was").format(name=name),
        "freeze": _("{name} frozen").format(name=name),
        "swap": _("{name} from “{text}”").format(name=name, text=_brief(change.source)),
        "lead": _("{name} + {value} × towards {kind}").format(
            name=name, value=shown(change.value), kind=_toward(change.toward)
        ),
    }[change.how]
    parts = [change.module, how, _("layer {layer}").format(layer=change.layer + 1)]
    if change.direction == "backward":
        parts.append(_("backward"))
    if change.units is not None:
        one = _("unit {unit}").format(unit=change.units[0])
        parts.append(one if len(change.units) == 1 else _("units {list}").format(list=_listed(change.units)))
    parts.append(_("all steps") if change.steps is None else _stretch(*change.steps))
    return ", ".join(part for part in parts if part)


def _apart(words: list[str]) -> list[str]:
    """The same, what is said twice with a number: Streamlit tells the pills of a group by their words alone."""
    return [
        f"{line} ({n})" if (n := words[: at + 1].count(line)) > 1 else line for at, line in enumerate(words)
    ]


def _brief(text: str) -> str:
    return visible(text if len(text) <= BRIEF else f"{text[: BRIEF - 1]}…")


def _toward(name: str) -> str:
    """What a direction goes towards."""
    if name in _ways():
        return _ways()[name]
    return f"“{visible(chr(int(name[1:], 16)))}”" if directions.known(name) else name


def _ways() -> dict[str, str]:
    return explored.kind_names() | {"quotations": _("what stands in quotation marks")}


def _stretch(first: int, last: int) -> str:
    if first == last:
        return _("step {step}").format(step=first + 1)
    return _("steps {list}").format(list=_listed(range(first + 1, last + 2)))


def _listed(values: Sequence[int]) -> str:
    return changing.numbers(values).replace(" ", ", ").replace("-", "–")


def show(run: Run, changes: tuple[Change, ...], known: Known | None = None) -> None:
    """Examples, the form for a new change, and the list, each of which can be switched off and on. known: as of `made`."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.popover(_add_label(), disabled=held()):
            _form(run, changes)
        _example(run, changes, known)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _choices()
        if changes:
            _list(run, changes)
        st.button(_("Undo"), key="change_undo", on_click=_undo, disabled=held() or not _earlier())


def _choices() -> None:
    names = {"difference": _("the difference"), "after": _("with the changes"), "before": _("as it was")}
    choose_picture("change_shows", names)


def _list(run: Run, changes: tuple[Change, ...]) -> None:
    """The changes; a click switches one off, or on again."""
    places = list(range(len(changes)))
    key, on = "change_list", [place for place in places if changes[place].on]
    words = _apart([as_text(said(change, run.kind)) for change in changes])
    shows(key, on, words)
    st.pills(
        _("Changes; a click switches one off"),
        places,
        selection_mode="multi",
        key=key,
        format_func=words.__getitem__,
        label_visibility="collapsed",
        disabled=held(),
        on_change=_switched,
        args=(changes,),
    )
    with st.popover(_("Remove"), disabled=held()):
        for place, line in enumerate(words):
            rest = changing.without(changes, place)
            st.button(
                line, key=f"change_out_{place}", icon=":material/close:", on_click=put, args=(rest, changes)
            )
        st.button(_("Remove all"), key="change_clear", on_click=put, args=((), changes))


def _switched(changes: tuple[Change, ...]) -> None:
    on = st.session_state["change_list"]
    put([dataclasses.replace(change, on=place in on) for place, change in enumerate(changes)], changes)


def _add_label() -> str:
    """The button says what is marked."""
    now = settings()
    if now["mark_steps"] is None and now["mark_units"] is None:
        return _("Add a change")
    units = _("unit {unit}").format(unit=now["unit"])
    if now["mark_units"] is not None:
        units = _("{count} units").format(count=len(now["mark_units"]))
    steps = _("all steps")
    if now["mark_steps"] is not None:
        steps = _stretch(*now["mark_steps"])
    layer = _("layer {layer}").format(layer=now["layer"] + 1)
    return _("Change what is marked: {layer}, {units}, {steps}").format(layer=layer, units=units, steps=steps)


def _form(run: Run, changes: tuple[Change, ...]) -> None:
    now = settings()
    names = {"hidden": _("hidden state h"), "cell": _("cell state c")}
    fields = ["hidden", *(name for name in reversed(FIELDS[run.kind]) if name != "hidden")]
    ways = {
        "zero": _("set to 0"),
        "set": _("set to a value"),
        "add": _("add a value"),
        "freeze": _("freeze as at the first step"),
        "swap": _("take from another text"),
        "lead": _("move towards a kind of character"),
        "keep": _("keep as without any change"),
    }
    units = [now["unit"]] if now["mark_units"] is None else now["mark_units"]
    marks = (now["mark_units"], now["mark_steps"], now["unit"])
    if st.session_state.get("change_marks") != marks:  # the fields show what was marked last
        st.session_state["change_marks"] = marks
        st.session_state["change_units"] = changing.numbers(units).replace(" ", ", ")
        st.session_state["change_group"] = None
        steps = now["mark_steps"]
        st.session_state["change_steps"] = (
            "" if steps is None else changing.numbers(range(steps[0] + 1, steps[1] + 2))
        )
    # kept over page changes, where Streamlit lets go of what a widget that is not drawn has held
    begin = {"change_field": "hidden", "change_how": "zero", "change_value": "0"}
    last = next((one.source for one in reversed(changes) if one.source), "")
    for key, value in (
        begin | {"change_toward": "blanks", "change_character": "", "change_text": last}
    ).items():
        st.session_state[key] = st.session_state.get(key, value)
    if st.session_state["change_field"] not in fields:
        st.session_state["change_field"] = "hidden"
    field = st.selectbox(
        _("What"),
        fields,
        key="change_field",
        disabled=held(),
        format_func=lambda f: names.get(f) or gate_name(f, run.kind),
    )
    if field not in changing.STATES or not run.live:
        del ways["lead"]
        if st.session_state["change_how"] == "lead":
            st.session_state["change_how"] = "zero"
    how = st.selectbox(_("What happens"), list(ways), key="change_how", disabled=held(), format_func=ways.get)
    if how == "lead":
        kinds = _ways()
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.selectbox(
                _("Towards"), list(kinds), key="change_toward", disabled=held(), format_func=kinds.get
            )
            st.text_input(_("or towards one character"), key="change_character", max_chars=1, disabled=held())
        if st.session_state["change_value"] == "0":  # which would change nothing
            st.session_state["change_value"] = "1"
    if how in changing.VALUED:
        low, high = _bounds(field, how)
        label = _("Value, from {low} to {high}")
        if how == "lead":
            label = _("How far, from {low} to {high}; 1: as far as the means lie apart")
        label = label.format(low=f"{low:g}", high=f"{high:g}")
        st.text_input(label, key="change_value", disabled=held())
    if how == "swap":
        st.text_area(
            _("The other text"),
            key="change_text",
            disabled=held(),
            height=68,
            max_chars=LONGEST,
            help=_(
                "What it had at the same steps. Each change can take from a text of its own, up to {count}."
            ).format(count=changing.MOST_SOURCES),
        )
    with st.container(
        horizontal=True, vertical_alignment="bottom"
    ):  # beside each other: the form covers the picture
        st.text_input(_("Units, as in 3, 7-9; empty: all"), key="change_units", disabled=held())
        if field == "hidden":
            groups = _groups(run)
            st.selectbox(
                _("or a group that was found"),
                [None, *groups],
                key="change_group",
                disabled=held(),
                format_func=lambda name: "–" if name is None else groups[name],
                placeholder="–",
                on_change=_take_group,
                args=(run,),
                help=_("The {count} units that go along with it the most on this text.").format(count=GROUP),
            )
    st.text_input(_("Steps, as in 5-12; empty: all"), key="change_steps", disabled=held())
    st.button(_("Make this change"), key="change_add", on_click=_add, args=(run, changes), type="primary")
    if line := st.session_state.pop("change_problem", None):
        notice(line)


def _groups(run: Run) -> dict[str, str]:
    """Groups of units that can be found on this text, by name."""
    found = {"like": _("units like unit {unit}").format(unit=settings()["unit"])}
    if not run.live or run.text is None or any(len(token) != 1 for token in run.text):
        return found
    names = explored.kind_names()
    there = kept(_kinds, "".join(run.text))
    return found | {
        kind: _("units that tell {kind} from all else").format(kind=names[kind]) for kind in there
    }


def _kinds(text: str) -> tuple[str, ...]:
    """The kinds of characters of which a text has some, and others."""
    told = {kind: where(text) for kind, where in KINDS.items()}
    return tuple(kind for kind, where in told.items() if any(where) and not all(where))


def _take_group(run: Run) -> None:
    """The units of the chosen group stand in the form."""
    name = st.session_state["change_group"]
    if name is not None:
        units = kept(_group, run.states(settings()["layer"]), settings()["unit"], name, tuple(run.text or ()))
        st.session_state["change_units"] = changing.numbers(units).replace(" ", ", ")


def _group(node, unit: int, name: str, text: tuple[str, ...]) -> tuple[int, ...]:
    """The units whose states go along with those of a unit, or tell a kind of character, the most: those most correlated with it,
    or with the largest share of pairs in which they are right, whatever the sign."""
    hidden = node["hidden"]
    if name == "like":
        strength = abs(tracking.correlation(hidden, hidden.sel(unit=unit).values)).values
    else:
        strength = abs(states.separation(hidden, KINDS[name]("".join(text))) - 0.5).values
    order = np.argsort(-np.nan_to_num(strength), kind="stable")[:GROUP]
    return tuple(sorted(int(one) for one in hidden["unit"].values[order]))


def _bounds(field: str, how: str) -> tuple[float, float]:
    return changing.limits(field) if how == "set" else (-changing.LARGEST, changing.LARGEST)


def _add(run: Run, changes: tuple[Change, ...]) -> None:
    """What the form says becomes a change; what it cannot be is said, and stays in the form."""
    form = st.session_state
    if len(changes) >= changing.MOST:
        form["change_problem"] = _("Up to {count} changes are made at once: take one out first.").format(
            count=changing.MOST
        )
        return
    try:
        units = changing.whole(form["change_units"]) if form["change_units"].strip() else None
        steps = changing.whole(form["change_steps"]) if form["change_steps"].strip() else None
    except ValueError:
        form["change_problem"] = _("Units and steps are whole numbers, as in 3, 7-9.")
        return
    if steps and (steps[0] < 1 or len(steps) != steps[-1] - steps[0] + 1 or steps[-1] > run.steps):
        form["change_problem"] = _("The steps must be one stretch, from 1 to {last}.").format(last=run.steps)
        return
    field, how = form["change_field"], form["change_how"]
    wide = run.units if field == "hidden" else run.node.sizes["unit"]
    if units and units[-1] >= wide:
        form["change_problem"] = _("The units must be from 0 to {last}.").format(last=wide - 1)
        return
    source = typed(form["change_text"]) if how == "swap" else ""
    if how == "swap" and not source:
        form["change_problem"] = _("Type the other text first.")
        return
    if source and len({source, *(one.source for one in changes if one.source)}) > changing.MOST_SOURCES:
        line = _("Changes take from up to {count} other texts: take one out first.")
        form["change_problem"] = line.format(count=changing.MOST_SOURCES)
        return
    value, toward = 0.0, ""
    if how == "lead":
        one = form["change_character"]
        toward = f"u{ord(one):x}" if one else form["change_toward"]
    if how in changing.VALUED:
        low, high = _bounds(field, how)
        try:
            value = float(form["change_value"].replace(",", ".").replace("−", "-"))
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            line = _("The value must be a number from {low} to {high}.")
            form["change_problem"] = line.format(low=f"{low:g}", high=f"{high:g}")
            return
    stretch = None if steps is None else (steps[0] - 1, steps[-1] - 1)
    now = settings()
    change = Change(
        field,
        how,
        units,
        stretch,
        value,
        now["layer"],
        now["direction"],
        _module(run),
        toward=toward,
        source=source,
    )
    put((*changes, change), changes)
    choose(mark_units=None, mark_steps=None)
