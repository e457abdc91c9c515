"""One step at two temperatures: the same scores, the text stays as it is."""

import streamlit as st
import xarray as xr

from rnnviz.models.vocabularies import visible
from rnnviz.studies.writing import at_temperatures
from rnnviz.ui.parts.numbers import percent
from rnnviz.ui.rooms.generate.authors import WIDE, Asked
from rnnviz.ui.rooms.generate.texts import CANDIDATES, writing_of
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import pick

BEFORE = 12  # characters before the one that is looked at, for the reader to find it


def two_temperatures(asked: Asked) -> None:
    """What could have come in place of the chosen character, at two temperatures side by side."""
    now = settings()
    pick(
        st.toggle,
        "generate_compare",
        _("One step at two temperatures"),
        choose=_compared,
        help=_("The text stays as it is: only the candidates for this one character are worked out again."),
    )
    if not now["generate_compare"]:
        return
    with st.container(horizontal=True):
        for name, label in (("cold", _("First temperature")), ("hot", _("Second temperature"))):
            pick(st.slider, f"generate_{name}", label, min_value=0.0, max_value=2.0, step=0.05, width=WIDE)
    author = asked.shown
    writing = writing_of(author, asked)
    number = now["generate_place"]
    if number is None or number > asked.length:
        st.caption(_("Choose a character in a text above."))
        return
    place = writing.first + number - 1
    writing.write(max(0, place + 1 - len(writing.ids)))  # a link may name one that the texts reach later
    step = writing.steps(place, place + 1).isel(time=0)
    found = at_temperatures(
        step["log_probability"].values, (now["generate_cold"], now["generate_hot"]), CANDIDATES
    )
    names = [visible(author.vocabulary.tokens[id]) for id in found["id"].values]
    before = "".join(visible(author.vocabulary.tokens[id]) for id in writing.ids[:place][-BEFORE:])
    st.text(
        _("{model}, character {number}: what could follow “{before}”; ✓ stands at what did.").format(
            model=author.title, number=number, before=before
        )
    )
    _draw(found, names, step["id"].item())


def _compared(wanted: bool) -> None:
    """Where no character is chosen the first one is: the texts show which, and the picture is of it alone."""
    choose(generate_compare=wanted, generate_place=settings()["generate_place"] or (1 if wanted else None))


def _draw(found: xr.Dataset, names: list[str], came: int) -> None:
    from rnnviz import figures
    from rnnviz.figures.counting import Look
    from rnnviz.figures.style import SKY_BLUE, VERMILION
    from rnnviz.ui.parts.board import drawn, show_figures

    titles = [_("temperature {value}").format(value=f"{one:g}") for one in found["temperature"].values]
    keys = ("cold", "hot")
    looks = {
        key: Look(title, colour)
        for key, title, colour in zip(keys, titles, (SKY_BLUE, VERMILION), strict=True)
    }
    shares = xr.concat(
        [found["probability"], found["others"].expand_dims("rank", 1)], "rank", combine_attrs="override"
    )
    shares = shares.rename(temperature="series", rank="candidate").assign_coords(series=list(keys))
    ids = found["id"].values.tolist()
    own = ids.index(came) if came in ids else len(ids)
    rows = [*names, _("others")]
    drawing = drawn(
        "temperatures",
        _("The same step at two temperatures"),
        lambda: figures.next_tokens(shares, rows, own, looks=looks, limits=(0.0, 1.0)),
    )
    said = [
        f"{title}: " + ", ".join(f"“{name}” {percent(share)}" for name, share in zip(names, row, strict=True))
        for title, row in zip(titles, found["probability"].values.tolist(), strict=True)
    ]
    show_figures("temperatures", [drawing], summary="; ".join(said))
