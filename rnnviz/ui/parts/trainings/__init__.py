"""Trainings over their updates: losses, gradients, gates, wherever they were kept."""

from collections.abc import Sequence

import streamlit as st

from rnnviz.ui.parts.board import Choice, Drawn, show_board
from rnnviz.ui.parts.trainings import pictures
from rnnviz.ui.parts.trainings.seen import Seen
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import as_text, pick


def look_into(prefix: str, shown: list[Seen], live: bool = False, more: Sequence[Drawn] = ()) -> None:
    """Trainings side by side, and the first of them looked into: its recurrent modules, layers, directions and moments.

    prefix: of the settings that say which, `_module`, `_layer`, `_direction` and `_update`; a room has those that it needs. live:
    moments still come, so that none is chosen but by a click. more: pictures that stand behind the losses.
    """
    now = {part: settings().get(f"{prefix}_{part}") for part in ("module", "layer", "direction", "update")}
    seen, drawn = shown[0], pictures.beside(shown, now["update"])
    drawn[1:1] = more
    modules = seen.modules()
    if not modules:
        _show(prefix, f"{prefix}-{seen.name}", drawn, _("Nothing of a recurrent module was kept."), seen.name)
        _missing(seen)
        return
    module = now["module"] if now["module"] in modules else modules[0]
    found = seen.layers(module)
    layers, directions = found.sizes["layer"], [str(d) for d in found["direction"].values]
    layer = min(now["layer"] or 0, layers - 1)
    direction = now["direction"] if now["direction"] in directions else directions[0]
    own = found.isel(layer=layer).sel(direction=direction)
    more, summary = pictures.into(own, seen.name, now["update"])
    _show(prefix, f"{prefix}-{seen.name}-{module}-{layer}-{direction}", [*drawn, *more], summary, seen.name)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(modules) > 1:
            pick(st.selectbox, f"{prefix}_module", _("Module"), modules, value=module, width=260)
        if layers > 1:
            shown = {i: str(i + 1) for i in range(layers)}
            pick(
                st.segmented_control,
                f"{prefix}_layer",
                _("Layer"),
                list(shown),
                value=layer,
                format_func=shown.get,
                required=True,
            )
        if len(directions) > 1:
            words = {"forward": _("forward"), "backward": _("backward")}
            pick(
                st.segmented_control,
                f"{prefix}_direction",
                _("Direction"),
                directions,
                value=direction,
                format_func=words.get,
                required=True,
            )
    updates = own["update"].values.tolist()
    if live and now["update"] is not None:
        st.button(
            _("Follow the last moment"),
            key=f"{prefix}_follow",
            on_click=choose,
            kwargs={f"{prefix}_update": None},
        )
    elif not live and len(updates) > 1:
        pick(
            st.select_slider,
            f"{prefix}_update",
            _("Moment of the training (update); or click into a picture"),
            updates,
            value=int(pictures.moment(own["update"].values, now["update"])),
            format_func=lambda update: f"{update:,}",
        )
    _missing(seen)


def _missing(seen: Seen) -> None:
    last = seen.run.moments[-1] if seen.run.moments else {}
    for line in list(last.get("missing", []))[:4] if isinstance(last.get("missing"), list) else []:
        st.caption(as_text(_("Not kept at update {update}: {why}").format(update=last["step"], why=line)))
    if seen.run.unread:
        st.caption(_("Lines that could not be read: {count}.").format(count=seen.run.unread))


def _show(prefix: str, id: str, drawn: list[Drawn], summary: str, subject: str) -> None:
    def clicked(choice: Choice) -> None:
        if choice.figure != "profile" and choice.time is not None:
            choose(**{f"{prefix}_update": max(0, round(choice.time))})

    show_board(id, (), (), drawn, summary=summary, subject=subject, clicked=clicked)
