"""The example of the course as its pages name it: where else its numbers are met, and the ways between the pages."""

from collections.abc import Mapping
from urllib.parse import urlencode

import streamlit as st

from rnnviz.studies import example, tiny
from rnnviz.ui.parts.explored import live
from rnnviz.ui.parts.numbers import percent
from rnnviz.ui.shell import ways
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _, current
from rnnviz.ui.shell.settings import choose, held, settings
from rnnviz.ui.shell.widgets import as_text

LETTERS, READ = example.LETTER_NAMES, example.READ
LEARNED = (example.UNITS, example.SEED, tiny.STEPS)  # the last is the training step that learn/letters shows
LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def name() -> str:
    return _("the example “hello”")


def view(room: str, kind: str) -> dict[str, object]:
    """What a link says for a page to show the example."""
    subject = next(link for link, own in live.HELLO.items() if own == kind)
    return {
        "network": {"network_numbers": "hello", "network_kind": kind, "network_stage": "unrolled"},
        "cell": {"cell_preset": "hello", "cell_kind": kind},
        "letters": {"letters_kind": kind}
        | dict(zip(("letters_units", "letters_seed", "letters_trained"), LEARNED, strict=True)),
        "bptt": {"bptt_network": "hello", "bptt_kind": kind},
        "vanishing": {"vanishing_part": "unit"},
        "gradients": {"subject": subject},
        "gates": {"subject": subject},
    }[room]


ALIKE = (3, 4)  # steps that read the same letter, and are followed by others
ROOMS = ("network", "cell", "letters", "bptt", "vanishing", "gradients", "gates")


def met(room: str, kind: str) -> None:
    """A line with numbers of the example that stand on this page, and the pages where they were met or will be met again."""
    states, right = kept(example.states, kind), kept(example.chances, kind)
    numbers = {
        f"h{step}": f"h{str(step).translate(LOWERED)} = ({', '.join(map(signed, states[step - 1].tolist()))})"
        for step in ALIKE
    }
    shares = {
        f"p{step}": percent(right[step - 1, letter].item())
        for step, letter in zip(ALIKE, example.targets()[-2:].tolist(), strict=True)
    }
    line = _(
        "{name}: the {kind} holds {h3} after the first l and gives l {p3}; {h4} after the second and gives o {p4}. "
        "Its numbers are also on:"
    )
    said = line.format(name=_("The example “hello”"), kind=kind.upper(), **numbers, **shares)
    _elsewhere(room, kind, said)


def offered(room: str, kind: str) -> None:
    """On an exploring page: the line where the example is looked at, else a click that shows it there."""
    if own := live.HELLO.get(settings()["subject"]):
        met(room, own)
        return
    label = _("The same with three units: the example “hello” ({kind})").format(kind=kind.upper())
    whole = view(room, kind) | {"text": None, "layer": 0, "unit": 0}
    st.button(label, key=f"{room}_hello", type="tertiary", on_click=choose, kwargs=whole, disabled=held())


def met_on_the_way_back(room: str) -> None:
    """The same of the gradient's way from the last step to the first: the factors that stand on the arrows of the network."""
    factors, whole = kept(example.factors)
    line = _(
        "{name}: its three factors are matrices, of norms {factors}, and their product has norm {whole}. Its numbers are also on:"
    )
    said = line.format(
        name=_("The example “hello”"), factors=" · ".join(map(signed, factors)), whole=signed(whole)
    )
    _elsewhere(room, "rnn", said)


def _elsewhere(room: str, kind: str, line: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="met"):
        st.caption(as_text(line))
        known, order = ways.stops(), ways.ways()[ways.LEARN]
        for other in ROOMS:
            if other == room:
                continue
            before = order.index(other) < order.index(room)
            title = known[other].title
            st.page_link(
                known[other].file,
                label=f"← {title}" if before else f"{title} →",
                query_params=_said(view(other, kind)),
                width="content",
            )


def signed(value: float) -> str:
    return f"{value:.4f}".replace("-", "−")


def address(room: str, kind: str) -> str:
    """A link to a page that shows the example, for a picture: from any page of the app."""
    said = _said(view(room, kind)) | ({"projector": "True"} if settings()["projector"] else {})
    return f"{ways.ADDRESSES[room]}?{urlencode(said)}"


def _said(params: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in params.items()} | {"lang": current()}
