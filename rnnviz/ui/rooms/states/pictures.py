"""The hidden states of a layer: all units as a heatmap, the chosen one as a curve, the state's path along its main axes."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnviz import figures, stats
from rnnviz.models.vocabularies import visible
from rnnviz.paper.packing import keys
from rnnviz.ui.parts import explored, recordings
from rnnviz.ui.parts.board import drawn
from rnnviz.ui.parts.explored.ahead import prepare
from rnnviz.ui.parts.explored.runs import Run, current_run
from rnnviz.ui.parts.explored.views import in_view, limits_of, returned, show_board, unit_heatmap
from rnnviz.ui.parts.numbers import percent, shown
from rnnviz.ui.rooms.states import training
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, held, settings
from rnnviz.ui.shell.widgets import as_text, folded, pick, shows

MOST = 8  # units that are named


def show(row: DeltaGenerator) -> None:
    """What stands below the reader's text. row: for controls."""
    if run := current_run():
        with row:
            _choices()
        _draw(run)
        _find(run)
        _input(run)
    _reading()
    if run:
        prepare(run)


def _choices() -> None:
    names = dict(
        zip(stats.states.ORDERS, (_("as stored"), _("by similarity"), _("by activity")), strict=True)
    )
    pick(
        st.segmented_control,
        "order",
        _("Order of the units"),
        list(names),
        format_func=names.get,
        required=True,
    )
    pick(st.segmented_control, "components", _("Components of the path"), (2, 3), required=True)


def _draw(run: Run) -> None:
    now = settings()
    layer, unit, components = now["layer"], now["unit"], now["components"]
    node, id = run.states(layer), f"states-{run.view}-{layer}"
    curve = kept(lambda: node["hidden"].sel(unit=unit))
    height = 420 if node.sizes["unit"] <= 300 else 560
    limits = limits_of(node, "hidden")
    states, finer = unit_heatmap(run, id, node, "hidden", limits, _("Hidden state h"), height)
    seen = in_view(curve, id, run.steps)
    drawings = [states, drawn("curve", _("Unit {unit}").format(unit=unit), figures.lines, seen, run.kind)]
    drawings += returned(run, id)
    if run.components is not None or run.steps > components < run.units:
        axes = run.main_axes(layer).isel(component=slice(components))
        drawings.append(
            drawn(
                "path",
                _("The state's path in {count} of its {units} dimensions: {share} of the variance").format(
                    count=components, units=node.sizes["unit"], share=percent(float(axes["share"].sum()))
                ),
                lambda: figures.path(
                    stats.states.path(stats.pixels.thinned(node["hidden"]), axes),
                    run.kind,
                    tokens=run.strip["tokens"],
                ),
            )
        )
    if (tracked := training.tracked(run)) is not None:
        drawings.append(training.drawing(run, tracked))
    extremes = stats.states.strongest(curve)
    show_board(
        id,
        run,
        drawings,
        colour=(curve, limits, _("hidden state h")),
        candidates=run.candidates,
        lists=[(_("Highest at"), extremes["highest"]), (_("Lowest at"), extremes["lowest"])],
        finer=finer,
        summary=_(
            "Hidden states of {model}, layer {layer}; units: {units}, steps: {steps}. "
            "Unit {unit} runs from {low:.2f} to {high:.2f}."
        ).format(
            model=run.name,
            layer=layer + 1,
            units=node.sizes["unit"],
            steps=run.steps,
            unit=unit,
            low=curve.min().item(),
            high=curve.max().item(),
        ),
    )
    if tracked is not None:
        training.said(run, tracked)
    with st.container(horizontal=True):
        if run.live:
            recordings.take_away(run.trace, run.name)
        recordings.take_page(run)


def _find(run: Run) -> None:
    """Units that tell one kind of token of this text from all others, ranked; a click chooses one."""
    now, text = settings(), run.text
    if text is None:
        st.caption(
            _(
                "Nobody said what was read at each step, so that no units can be sought for it. Say it when you record: "
                "rnnviz.record(model, tokens=[…])."
            )
        )
        return
    here = text[_at_cursor(text)]
    kinds = {
        "blank": (_("blanks"), str.isspace),
        "line": (_("line ends"), "\n".__eq__),
        "capital": (_("capitals"), lambda c: c[:1].isupper()),
        "punctuation": (_("punctuation marks"), lambda c: not any(map(str.isalnum, c)) and not c.isspace()),
        "final": (_("syllables that end in a consonant"), _ends_in_a_consonant),
        "cursor": (_("what stands at the cursor: {token}").format(token=visible(here)), here.__eq__),
    }
    if now["find"] != "final" and not kept(_has_syllables, run):
        del kinds["final"]
    st.subheader(_("Find units for"))
    names = {name: as_text(said) for name, (said, _holds) in kinds.items()}
    pick(
        st.pills,
        "find",
        _("Find units for"),
        list(names),
        format_func=names.get,
        label_visibility="collapsed",
    )
    if now["find"] is None:
        return
    where = [bool(kinds[now["find"]][1](c)) for c in text]
    if not 0 < sum(where) < len(text):
        st.text(_("This text has none of them.") if not sum(where) else _("This text has nothing else."))
        return
    share = kept(stats.states.separation, run.states(now["layer"])["hidden"], where)
    best = abs(share - 0.5).argsort().values[::-1][:MOST].tolist()
    labels = {unit: f"{unit}: {percent(float(share[unit]))}" for unit in best}
    shows("found", now["unit"] if now["unit"] in labels else None, labels)
    st.pills(
        _("Units, the most telling first; choose one"),
        best,
        key="found",
        format_func=labels.get,
        on_change=_found,
        disabled=held(),
    )
    st.caption(
        _(
            "The percentage says how often the unit is higher at such a character ({count} in this text) than at another one: "
            "100 % is always higher, 0 % always lower, 50 % is chance. In a short text, some of {units} units look telling by "
            "chance alone."
        ).format(count=sum(where), units=share.size)
    )


def _has_syllables(run: Run) -> bool:
    return any(map(_is_syllable, run.text))


def _is_syllable(token: str) -> bool:
    """Whether a token is one syllable of Hangul."""
    return len(token) == 1 and "가" <= token <= "힣"


def _ends_in_a_consonant(token: str) -> bool:
    """Whether a syllable has a final consonant: Unicode counts 28 ends of each beginning, the first without one."""
    return _is_syllable(token) and (ord(token) - ord("가")) % 28 > 0


def _at_cursor(text: Sequence[str]) -> int:
    """The step at which the cursor stands: by default the last."""
    last = len(text) - 1
    return min(explored.cursor(last), last)


def _input(run: Run) -> None:
    """What x_t is: the row of the embedding that the character at the cursor picks, with its numbers on demand."""
    if run.card is None or run.text is None or not run.outputs:
        return
    every = kept(run.subject.inputs, run.module, run.sequence)
    if every is None:
        return
    step = _at_cursor(run.text)
    token, vocabulary = run.text[step], list(run.outputs)
    row = vocabulary.index(token) if token in vocabulary else 0
    st.subheader(_("What is read: the embedding"))
    line = _(
        "At the cursor the model reads “{token}”, entry {row} of the {count} in its vocabulary. What enters the first layer as "
        "x_t "
        "is row {row} of the embedding: {width} trained numbers, the same wherever this character stands (in this text: "
        "{times}). A layer above reads the h of the layer below."
    )
    times = sum(c == token for c in run.text)
    found = line.format(
        token=visible(token), row=row, count=len(vocabulary), width=every.sizes["feature"], times=times
    )
    st.markdown(as_text(found))
    with st.expander(_("The numbers of x_t")):
        values = every.isel(time=step).values
        frame = pd.DataFrame({"x_t": list(map(shown, values.tolist()))})
        frame.index = pd.RangeIndex(1, len(values) + 1, name=_("number"))
        st.dataframe(frame, width="stretch")


def _found() -> None:
    if (unit := st.session_state["found"]) is not None:
        choose(unit=unit)


def _reading() -> None:
    """How to read the pictures and which keys move them, folded below."""
    folded(
        (
            _(
                "Each column is one character. Each row is one unit, with its value h, between −1 and 1, after reading that "
                "character. White (or the dark background) is 0."
            ),
            _(
                "Units with similar curves lie side by side when ordered by similarity; by activity, the busiest are on top."
            ),
            _(
                "The path is a shadow of the layer's state: a point that moves along the two or three directions in which states "
                "spread most. The share in its title is how much of their variance these hold; the rest does not show. Of "
                "our models the axes were fitted once on held-out text, so two texts can be compared (of one that grows up, at "
                "each training step anew); of a recording, on the sequence that you see."
            ),
            _(
                "The candidates are the next characters at the cursor, with the probability that the model gives them."
            ),
            _(
                "A network that grows up was kept at some of its training steps. Its rows keep the order that they have at the "
                "last one, so that a unit stays where it is while you move the slider. Its weights are kept in half precision "
                "(float16)."
            ),
            keys(),
        )
    )
