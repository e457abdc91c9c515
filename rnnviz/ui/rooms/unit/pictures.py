"""What is looked at: a model's unit, a long text, and which of four views; and what the unit is called."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnviz.models.checkpoints import CheckpointError
from rnnviz.ui.parts import explored
from rnnviz.ui.parts.explored import recorded, stores
from rnnviz.ui.parts.explored.runs import Run, current_run
from rnnviz.ui.rooms.unit import EXAMPLES, LONGEST_NAME, finding, joined, key_of, named, one, together
from rnnviz.ui.shell.language import _, said
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import examples, folded, notice, pick, pick_one


def show(row: DeltaGenerator) -> None:
    """What stands below the choice of the unit. row: for controls."""
    run = current_run()
    if run is None:
        return
    if run.card is None and not (run.own and stores.fitting(run)):
        line = stores.refused(run) if run.own else None
        notice(
            line
            or _(
                "Here the shipped models read long texts. For your own: rnnviz corpus package.module:function text.txt, then "
                "rnnviz explore package.module:function --corpus states.zarr."
            )
        )
        return
    with row:
        _name(run)
    _examples(run)
    views = {
        "unit": _("This unit"),
        "find": _("Which units …?"),
        "groups": _("Groups"),
        "states": _("A machine of states"),
    }
    pick_one("one_view", _("What is shown"), views)
    try:
        text = recorded.text(run)
        recorded.box(run, text)
        own = recorded.opened(run, text)
        if own is not None:
            {"unit": one.show, "find": finding.show, "groups": together.groups, "states": together.states}[
                settings()["one_view"]
            ](own, run)
    except (CheckpointError, ValueError) as problem:
        notice(said(problem), error=True)
    _reading()


def _examples(run: Run) -> None:
    """Units that are worth a look."""
    known, now = EXAMPLES.get(run.name, {}), settings()
    if not known or now["one_view"] != "unit":
        return
    names = explored.annotation_names() | {"half_life": _("a long memory")}
    here = next((one for one, pair in known.items() if pair == (now["layer"], now["unit"])), None)
    examples("one_example", known, here, lambda one: choose(layer=known[one][0], unit=known[one][1]), names)


def _name(run: Run) -> None:
    now = settings()
    where = key_of(run.name, now["layer"], now["unit"])
    pick(
        st.text_input,
        "one_names",
        _("You call it"),
        value=named(now["one_names"]).get(where, ""),
        choose=lambda value: _call(where, value),
        max_chars=LONGEST_NAME,
        width=220,
        placeholder=_("a name, kept in the link"),
    )


def _call(where: str, value: str) -> None:
    """A name is one line without what parts names in a link."""
    name = "".join(c if c.isprintable() and c != ";" else " " for c in value[:LONGEST_NAME])
    names = named(settings()["one_names"])
    names.pop(where, None)
    if name := " ".join(name.split()):
        names[where] = name
    choose(one_names=joined(names))


def _reading() -> None:
    folded(
        (
            _(
                "Every character of the long text is looked at, none is sampled. The states are kept in 8 bits, off by at "
                "most 1/254. Without a text of yours it is one that comes along, of the kind that the model was trained "
                "on, but not the part that it was trained on."
            ),
            _(
                "Strongest and weakest places: no two lie less than 20 characters from each other, and no two end in the same "
                "four characters. Of places with the same value some are drawn by lot."
            ),
            _(
                "Half-life: so many steps before, the unit is still half correlated with itself. Saturated: its value is "
                "below −0.9 or above 0.9."
            ),
            _(
                "The direct effect is the unit's own weights to the scores; only units of the highest layer have any. The "
                "measured effect is what is missing when the unit is set to 0 throughout, by the network itself on 16 "
                "stretches of the text."
            ),
            _(
                "What can be told from it: the direction, and for Matthews' correlation (1: always right, 0: chance) the "
                "threshold, come from the first half of the text, the numbers from the second. Chance: how often labels "
                "that are turned around the second half as a whole do as well, corrected for all that were tried (Holm)."
            ),
            _(
                "Pairs: one character of the kind and one that is not. At 50 % the unit tells nothing, at 0 % as much as at "
                "100 %. ρ: the rank correlation with a number, as how far along the line a character is."
            ),
            _(
                "The best of hundreds of units does well by luck: so units are chosen on the first half and measured on the "
                "second, corrected for the twenty that are measured. Of 200 corpora drawn without anything to find, 4 % had "
                "a unit below 5 %."
            ),
            _(
                "Groups: units and characters are clustered together by how far each character moves each unit (spectral "
                "co-clustering, as RNNVis). The machine: clusters of the states (k-means along ten principal components) "
                "and how often one follows the other, as DeepSeer draws them."
            ),
        )
    )
