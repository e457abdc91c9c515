"""What the exploring pages let a reader choose: a text and the model that reads it, or a recording, its module and its
sequence; then the layer and the unit."""

import contextlib
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnviz.models import checkpoints
from rnnviz.ui.parts import explored
from rnnviz.ui.parts.explored import growing, live, subjects
from rnnviz.ui.parts.numbers import percent
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import LONGEST, choose, settings
from rnnviz.ui.shell.widgets import examples, notice, pick

if TYPE_CHECKING:
    from rnnviz.studies.subjects import Subject


def text_box(with_examples: bool = True) -> None:
    """The box for the reader's text; what is typed stays, also when it cannot be read."""
    pick(
        st.text_area,
        "text",
        _("Your text"),
        value=explored.reader_text(),
        height=84,
        help=_(
            "Up to {longest:,} characters. Press Ctrl+Enter or click outside the box to have them read."
        ).format(longest=LONGEST),
    )
    if with_examples:
        _text_examples()
    if explored.offers_korean():
        typed = _("Read it with the Korean model ({model})").format(model=explored.KOREAN)
        label = _("Try it in Korean") if settings()["text"] is None else typed
        st.button(label, key="take_korean", on_click=explored.take_korean)


def _text_examples() -> None:
    texts = explored.EXAMPLES[explored.corpus()]
    names = {
        "speaker": _("speakers in capitals"),
        "verse": _("line ends"),
        "repetition": _("a phrase repeated"),
        "quotation": _("a long quotation"),
        "indentation": _("indentation"),
        "brackets": _("nested brackets"),
        "string": _("a string and a comment"),
        "turn": _("expectation, then the turn"),
        "spacing": _("with and without blanks"),
        "endings": _("polite and plain endings"),
        "said": _("what somebody said"),
    }
    here = next((k for k, v in texts.items() if v == explored.reader_text()), None)
    examples("pick_example", texts, here, _read_example, names)


def _read_example(name: str) -> None:
    """Its text, and the unit for which it was made, where the model has one."""
    _what, units = explored.TELLING.get(name, ("", {}))
    found = dict(zip(("layer", "unit"), units.get(settings()["model"], ()), strict=False))
    choose(text=explored.EXAMPLES[explored.corpus()][name], **found)


def _telling() -> None:
    """What the chosen unit tells apart, where it came with the text."""
    now, read = settings(), explored.reader_text()
    name = next((name for name, text in explored.EXAMPLES[explored.corpus()].items() if text == read), "")
    what, units = explored.TELLING.get(name, ("", {}))
    if units.get(now["model"]) != (now["layer"], now["unit"]):
        return
    line = _(
        "Chosen with this text: unit {unit} of layer {layer}. Its hidden state tells {what} from all else here."
    )
    st.caption(line.format(unit=now["unit"], layer=now["layer"] + 1, what=explored.kind_names()[what]))


def settle() -> None:
    """A chosen model that is not here gives way to one that is, and a line says so where the reader has seen it."""
    names, gone = checkpoints.names("language"), settings()["model"]
    if not names or gone in names:
        return
    shown = explored.DEFAULT_MODEL if explored.DEFAULT_MODEL in names else names[0]
    choose(model=shown)
    if st.session_state.get("runs"):
        line = _("The model {gone} is not here any more; {shown} is shown.")
        st.session_state["notices"].append(line.format(gone=gone, shown=shown))


def text_and_model(
    with_examples: bool = True, with_units: bool = True, place: DeltaGenerator | None = None
) -> DeltaGenerator:
    """What is looked at: the reader's text and what reads it, or a recording and what of it. Returns the row below, where a
    page's own controls stand too. with_examples: whether texts that make a point are offered. with_units: whether a layer and a
    unit are chosen. place: where the text stands, as beside a second one."""
    own = live.is_chosen()
    with place or contextlib.nullcontext():
        if settings()["subject"] is None:
            text_box(with_examples)
        elif own:
            live.text_box()
    row = st.container(horizontal=True, vertical_alignment="bottom")
    with row:
        subject_choice(_("a shipped model"))
        if settings()["subject"] is None:
            _model(with_units)
        elif (subject := own_subject() if own else subjects.chosen()) and subject.modules:
            module_and_unit(subject, with_units)
    if settings()["subject"] is None:
        if kept := checkpoints.moments(settings()["model"]):
            growing.slider(kept)
        if with_units:
            _telling()
    elif not own and not subjects.chosen():
        st.page_link("pages/lab/own.py", label=_("To “Your own”"))
    return row


def model_and_unit() -> DeltaGenerator:
    """The same where no short text is looked at: the model, its layer and its unit. Returns the row."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    with row:
        subject_choice(_("a shipped model"))
        if settings()["subject"] is None:
            _model(with_units=True)
    if settings()["subject"] is None and (moments := checkpoints.moments(settings()["model"])):
        growing.slider(moments)
    return row


def own_subject() -> "Subject | None":
    """What a model of the reader's own has recorded of the text; None where it cannot, which the page says below."""
    from rnnviz.studies.live import LiveError
    from rnnviz.ui.parts.explored import runs

    with contextlib.suppress(LiveError):
        return runs.own_reading().subject
    return None


def has_choice() -> bool:
    """Whether there is something to look at beside the shipped models, or a link wants it."""
    return bool(subjects.here() or live.here()) or settings()["subject"] is not None


def subject_choice(shipped: str) -> None:
    """A choice between the shipped models, the reader's own model, and the recordings that are here, if there are any.

    shipped: what the first of these is called.
    """
    if not has_choice():
        return
    here, own, now = subjects.here(), live.here(), settings()["subject"]
    names = own | {name: subject.name for name, subject in here.items()}
    for name, title in names.items():
        if list(names.values()).count(title) > 1:  # two files of one name
            names[name] = f"{title} ({here[name].key[:4]})" if name in here else title
    if now is not None and now not in names:
        names[now] = _("{name} (not here)").format(name=now.rpartition("~")[0])
    pick(
        st.selectbox,
        "subject",
        _("What you look at"),
        [None, *names],
        format_func=lambda name: shipped if name is None else names[name],
        width=240,
    )


def module_and_unit(subject: "Subject", with_units: bool = True) -> None:
    """Of a recording: the module, its direction and the sequence, where there are several; the layer and the unit."""
    module = module_choice(subject)
    sequence_choice(subject, module)
    layers = subject.layers(module)
    _settle_layer(layers)
    if with_units:
        _layer_and_unit(layers, subject.units(module))


def layer_of_all(subject: "Subject") -> None:
    """Of a recording whose sequences are all looked at: the module, its direction and the layer, where there are several."""
    layers = subject.layers(module_choice(subject))
    _settle_layer(layers)
    _layer(layers)


def module_choice(subject: "Subject") -> str:
    """A choice between the modules of a recording and between the directions, where there are several. Returns the module."""
    now, modules = settings(), subject.modules
    module = now["module"] if now["module"] in modules else modules[0]
    node = subject.node(module)
    if len(modules) > 1:
        pick(st.selectbox, "module", _("Module"), list(modules), value=module, width=180)
    if node.sizes["direction"] > 1:
        directions = {"forward": _("forward"), "backward": _("backward")}
        pick(
            st.segmented_control,
            "direction",
            _("Direction"),
            list(directions),
            format_func=directions.get,
            required=True,
        )
    return module


def _settle_layer(layers: tuple[int, ...]) -> None:
    if not settings()["layer"] and 0 not in layers:  # where nobody has chosen one
        choose(layer=layers[0])


def sequence_choice(subject: "Subject", module: str) -> None:
    """A choice between the sequences of a recording, where there are several."""
    names = subject.sequences(module)
    if settings()["sequence"] < len(names) > 1:
        pick(
            st.selectbox,
            "sequence",
            _("Sequence"),
            range(len(names)),
            format_func=lambda number: names[number],
            width=150,
        )


def _model(with_units: bool) -> None:
    """The model, its layer and its unit, and what it was trained on."""
    now, names = settings(), checkpoints.names("language")
    if not names:
        notice(
            _("There is no trained model here. Train one:") + " python -m rnnviz train shakespeare-lstm",
            error=True,
        )
        return
    called = {name: _called(name) for name in names}
    pick(st.selectbox, "model", _("Model"), names, choose=_choose_model, format_func=called.get, width=300)
    try:
        card = checkpoints.card(growing.named(now["model"]))
    except checkpoints.CheckpointError:
        return  # the page says what is wrong with it
    if with_units:
        _layer_and_unit(tuple(range(card["model"]["layers"])), card["model"]["hidden"])
    with st.popover(_("About this model")):
        about(card)


def _choose_model(name: str) -> None:
    """Of networks that grow up, another one is looked at after as many steps; another model has none."""
    choose(model=name, **({} if checkpoints.moments(name) else {"trained": None}))


def _called(name: str) -> str:
    """What a shipped model is called where one is chosen: its name, and what it has read."""
    known = explored.corpus_names().get(name.split("-")[0])
    return f"{growing.label(name)} ({known})" if known else growing.label(name)


def _layer(layers: tuple[int, ...]) -> None:
    """layers: numbers of those that are there, from 0."""
    if settings()["layer"] in layers and layers != (0,):
        pick(
            st.segmented_control,
            "layer",
            _("Layer"),
            list(layers),
            format_func=lambda i: str(i + 1),
            required=True,
        )


def _layer_and_unit(layers: tuple[int, ...], units: int) -> None:
    """layers: as `_layer` has them."""
    now = settings()
    _layer(layers)
    if now["unit"] < units:
        pick(
            st.number_input,
            "unit",
            _("Unit"),
            min_value=0,
            max_value=units - 1,
            step=1,
            width=150,
            help=_("Or click a row of a heatmap. Units are numbered from 0, as in the tensor."),
        )


def about(card: dict) -> None:
    """What a model was trained on and how well it reads."""
    scores, unknown = card["scores"], card.get("unknown")
    steps = {}
    if "moment" in card:
        of = _("{step:,} of {all:,}").format(step=card["moment"], all=card["moments"][-1]["step"])
        steps = {_("training steps"): of}
    rows = {
        _(
            "architecture"
        ): f"{card['model']['kind'].upper()}, {card['model']['layers']} × {card['model']['hidden']}",
        _("parameters"): f"{card['parameters']:,}",
        **steps,
        _("held-out loss"): _("{validation:.3f} validation, {test:.3f} test (nats per character)").format(
            **scores
        ),
        _("unknown characters"): unknown
        and _("{validation} of the validation text, {test} of the test text").format(
            **{part: percent(share) for part, share in unknown.items()}
        ),
        _("data"): card["data"]["source"].removeprefix("https://"),
        _("attribution"): card["data"].get("attribution"),
        _("licence"): card["data"]["licence"],
        _("made by"): card["command"],
    }
    for name, value in rows.items():
        if value:
            st.caption(name)
            st.text(value)
