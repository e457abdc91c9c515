"""What the pages look at: a model reading the reader's text, done once, kept, and shared by all pages and readers; or one
sequence of a recording."""

import copy
import functools
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import streamlit as st
import xarray as xr

from rnnviz import netcdf, stats
from rnnviz.models import checkpoints, networks
from rnnviz.models.vocabularies import visible
from rnnviz.recording.block import record
from rnnviz.studies import returned
from rnnviz.studies.live import Live, LiveError, Reading, language
from rnnviz.studies.subjects import Subject, of_states
from rnnviz.ui.parts import explored
from rnnviz.ui.parts.explored import aside, growing, live, subjects
from rnnviz.ui.shell import memory
from rnnviz.ui.shell.keeping import keeps, kept
from rnnviz.ui.shell.language import _, said
from rnnviz.ui.shell.settings import LONGEST, choose, settings
from rnnviz.ui.shell.widgets import as_text, notice

MOST_CURVES = 6  # features of a step that are drawn as curves


@dataclass(frozen=True)
class Run:
    """One sequence that was read by one recurrent module. Shared between readers: look, never change.

    text: what was read, a character or a token a step; None where nobody said. components: of the model's states, fitted on
    held-out text; None where they are to be of this sequence alone. The rest is there where a model read the reader's text.
    log_probability: (time, candidate), nats; outputs: what the candidates are called. own: a model of the reader's own that did.
    features: names of the columns that it was given. forecast: of each of them what had been said one step
    before, (feature, time). answers: of a model that is asked at the end, see studies.answers.
    grown: of a network that grows up, the same text read at the end of its training.
    """

    key: str
    name: str
    subject: Subject
    text: Sequence[str] | None
    module: str = "rnn"
    direction: int = 0
    sequence: int = 0
    components: xr.Dataset | None = None
    card: dict | None = None
    outputs: Sequence[str] = ()
    log_probability: xr.DataArray | None = None
    unknown: Counter = field(default_factory=Counter)
    own: Live | None = None
    features: tuple[str, ...] = ()
    forecast: xr.DataArray | None = None
    answers: xr.Dataset | None = None
    grown: "Run | None" = None

    @property
    def view(self) -> str:
        """Stands for what a picture shows of a text, whatever the training step: the reader's zoom stays."""
        return self.grown.key if self.grown else self.key

    @property
    def live(self) -> bool:
        """Whether the model is here as well, and not its recording alone."""
        return self.card is not None or self.own is not None

    @property
    def trace(self) -> xr.DataTree:
        return self.subject.trace

    @property
    def node(self) -> xr.DataTree:
        return self.subject.node(self.module)

    @property
    def kind(self) -> str:
        return self.node.attrs["kind"]

    @property
    def steps(self) -> int:
        return self.subject.steps(self.module, self.sequence)

    @property
    def layers(self) -> tuple[int, ...]:
        """Numbers of the layers that are there, from 0; the setting `layer` is one of them."""
        return self.subject.layers(self.module)

    @property
    def units(self) -> int:
        """Of the states."""
        return self.subject.units(self.module)

    @functools.cached_property
    def inputs(self) -> xr.DataArray | None:
        """What was read, (feature, time), where it is few numbers at each step and no embedding of what stands on the strip."""
        found = self.subject.inputs(self.module, self.sequence) if self.card is None else None
        if found is None or found.sizes["feature"] > MOST_CURVES:
            return None
        named = {"feature": list(self.features)} if len(self.features) == found.sizes["feature"] else {}
        return found.load().assign_coords(named)

    @functools.cached_property
    def returned(self) -> xr.DataArray | None:
        """What the model returned, where a recording has it; see studies.returned."""
        return None if self.card is not None else returned.rows(self.subject, self.module, self.sequence)

    @functools.cached_property
    def strip(self) -> dict[str, list]:
        """What the board's strip shows: `tokens`, one visible one a step, and the steps that are `unknown`."""
        if self.text is None:
            return {"tokens": [""] * self.steps, "unknown": []}
        return {
            "tokens": [visible(c) for c in self.text],
            "unknown": [t for t, c in enumerate(self.text) if c in self.unknown],
        }

    @property
    def candidates(self) -> tuple[xr.Dataset, list[str]] | None:
        """The likeliest next characters after each step, and the shown form of the vocabulary."""
        if self.log_probability is None:
            return None
        best = kept(stats.text.candidates, self.log_probability)
        return best, [visible(token) for token in self.outputs]

    def order(self, layer: int, by: str, name: str = "hidden"):
        """The units of a layer in drawing order: (unit,), integers. name: whose units, where an LSTM projects its states. Of a
        network that grows up they keep the order that they have in the end."""
        one = self.grown or self
        return kept(lambda: stats.states.order(one.of(layer, name)[name], by))

    def at(self, layer: int) -> xr.Dataset:
        """What was recorded of the layer of that number, of this one sequence. Raises ValueError where the file cannot be read
        there."""
        place = self.layers.index(layer)
        return kept(self.subject.layer, self.module, place, self.direction, self.sequence)

    def states(self, layer: int) -> xr.Dataset:
        """The same with states and gradients over `unit`, projected or not."""
        return kept(of_states, self.at(layer))

    def of(self, layer: int, name: str) -> xr.Dataset:
        """Of these two the one in which the array lies over `unit`."""
        node = self.at(layer)
        return self.states(layer) if "projection" in node[name].dims else node

    def main_axes(self, layer: int) -> xr.Dataset:
        """The principal components of a layer: `mean` (unit), `axis` (component, unit), `share` (component)."""
        if self.components is not None:
            return self.components.isel(layer=layer, direction=0)
        return kept(_own_axes, self.states(layer))


def _own_axes(node: xr.Dataset) -> xr.Dataset:
    return stats.states.own_components(node["hidden"])


def current_run() -> Run | None:
    """What the reader has chosen to look at; None, and a line on the page, where that cannot be."""
    if settings()["subject"] is None:
        run = _read_text()
    elif live.is_chosen():
        run = _read_own()
    elif (subject := subjects.chosen()) is not None:
        run = _sequence(subject)
    else:
        notice(subjects.wanted())
        return None
    return None if run is None else _settled(run)


def of_subject(subject: Subject) -> Run | None:
    """What was recorded of a subject at the chosen module and direction; what is not there gives way, with a line."""
    run = _sequence(subject)
    return None if run is None else _settled(run)


def _settled(run: Run) -> Run:
    """The run, once what is chosen of it is there: what is not gives way, with a line."""
    now = settings()
    if now["layer"] not in run.layers:
        if run.layers == tuple(range(len(run.layers))):
            line = _("This model has {count} layers; the first one is shown.")
            notice(line.format(count=len(run.layers)))
        elif now["layer"]:  # a page begins at the first layer, whether or not it was kept
            line = _("Layers in this recording: {layers}. Layer {shown} is shown.")
            layers = ", ".join(str(number + 1) for number in run.layers)
            notice(line.format(layers=layers, shown=run.layers[0] + 1))
        choose(layer=run.layers[0])
    if now["unit"] >= run.units:
        notice(_("This model has units 0 to {last}; unit 0 is shown.").format(last=run.units - 1))
        choose(unit=0)
    if now["step"] is not None and now["step"] >= run.steps:
        choose(step=None)
    return run


def module_of(subject: Subject, modules: Sequence[str], name: str = "module") -> str:
    """Which of these modules is looked at, by the setting of that name; one that the recording has not gives way to the first,
    with a line."""
    module = settings()[name]
    if module is None or module in modules:
        return module or modules[0]
    line = _("{name} holds no module {module}; {shown} is shown.")
    notice(line.format(name=subject.name, module=module, shown=modules[0]))
    choose(**{name: modules[0]})
    return modules[0]


def sequence_of(subject: Subject, module: str) -> int:
    """Which sequence is looked at; one that the recording has not gives way to the first, with a line."""
    count = subject.node(module).sizes["batch"]
    if settings()["sequence"] >= count:
        notice(_("Number of sequences here: {count}. The first one is shown.").format(count=count))
        choose(sequence=0)
    return settings()["sequence"]


def _sequence(subject: Subject, own: Live | None = None, reading: Reading | None = None) -> Run | None:
    """The chosen sequence of a recording; what is chosen and not in it gives way to what is, with a line. own, reading: the model
    that made it just now, and what else came of that."""
    modules = subject.modules
    if not modules:
        notice(
            _("{name} holds attention and no recurrent module: look at it on the page “Attention”.").format(
                name=subject.name
            )
        )
        return None
    module = module_of(subject, modules)
    node, sequence = subject.node(module), sequence_of(subject, module)
    if settings()["direction"] not in node["direction"].values:
        notice(_("{module} reads forward only.").format(module=module))
        choose(direction="forward")
    direction = node["direction"].values.tolist().index(settings()["direction"])
    if not subject.steps(module, sequence):
        notice(_("This sequence has no steps; choose another."))
        return None
    run = kept(_recorded, subject, module, sequence, direction, own, reading)
    try:
        run.at(settings()["layer"] if settings()["layer"] in run.layers else run.layers[0])
    except ValueError as problem:
        notice(said(problem), error=True)
        return None
    return run


def _recorded(
    subject: Subject, module: str, sequence: int, direction: int, own: Live | None, reading: Reading | None
) -> Run:
    number = subject.modules.index(module)
    expected = reading and reading.log_probability
    fits = expected is not None and expected.sizes["time"] == subject.steps(module, sequence)
    outputs, log_probability = (
        (own.outputs if own else (), expected) if fits else returned.expected(subject, module, sequence)
    )
    return Run(
        outputs=outputs,
        log_probability=log_probability,
        key=f"{subject.key}-{number}-{sequence}-{direction}",
        name=f"{subject.name} · {module}" if len(subject.modules) > 1 else subject.name,
        subject=subject,
        text=subject.tokens(module, sequence),
        module=module,
        direction=direction,
        sequence=sequence,
        own=own,
        features=reading.inputs.features if reading and reading.inputs else (),
        forecast=reading.forecast if reading else None,
        answers=answered(reading, subject.steps(module, sequence)),
    )


def answered(reading: Reading | None, steps: int) -> xr.Dataset | None:
    """What a model answered, where it answers at as many steps as are looked at."""
    found = reading.answers if reading else None
    return found if found is not None and found.sizes["time"] == steps else None


SLOW = 3.0  # s that a model of one's own takes before a line says so


def own_reading(step: int | None = None, back: bool = False) -> Reading:
    """What the reader's own model makes of the reader's text; `back`: with the loss of a step, or of all, sent back. Raises
    LiveError."""
    own, text = live.chosen(), explored.reader_text()
    text = text if own.rows else text[:LONGEST]
    with st.spinner(_("Running {name} …").format(name=as_text(own.name))):
        return kept(_sent_back_by, own, text, step) if back else kept(_read_by, own, text)


def _read_by(own: Live, text: str) -> Reading:
    return live.in_its_way(own, "read", text)


def _sent_back_by(own: Live, text: str, step: int | None) -> Reading:
    return live.in_its_way(own, "send_back", text, step)


def _read_own() -> Run | None:
    """The reader's own model reading the reader's text."""
    try:
        own, text = live.chosen(), explored.reader_text()
        if not text:
            notice(_("Type at least one character above, and the network will read it."))
            return None
        if not own.rows:
            _say_too_long(text)
        reading = own_reading()
    except LiveError as problem:
        aside.say(problem)
        return None
    if reading.seconds > SLOW:
        line = _("{name} took {seconds:.1f} s to read this.")
        notice(line.format(name=own.name, seconds=reading.seconds))
    return _sequence(reading.subject, own, reading)


def own_back(run: Run, step: int | None) -> tuple[Run, Reading]:
    """The same run with the loss of a step, or of all, sent back. Raises LiveError."""
    reading = own_reading(step, back=True)
    found = kept(_recorded, reading.subject, run.module, run.sequence, run.direction, run.own, reading)
    return found, reading


def _say_too_long(text: str) -> None:
    """A line, where only the beginning of a text is read."""
    if len(text) > LONGEST:
        message = _(
            "The text has {count:,} characters; only the first {longest:,} are read. Shorten it to choose which ones."
        )
        notice(message.format(count=len(text), longest=LONGEST))


def live_run() -> Run | None:
    """The same where the model itself is here, to be run again otherwise; None, and a line on the page, where it is not."""
    run = current_run()
    if run is None or run.live:
        return run
    notice(
        _(
            "A recording cannot be run again. Choose a shipped model, or bring the model itself: rnnviz explore "
            "package.module:function."
        )
    )
    return None


def _read_text() -> Run | None:
    """The chosen model reading the chosen text."""
    text = explored.reader_text()
    if text:
        _say_too_long(text)
    return read_by(growing.named(settings()["model"]), text[:LONGEST])


def read_by(name: str, text: str) -> Run | None:
    """A shipped model, by its name, reading a text; None, and a line on the page, where it cannot."""
    if not text:
        notice(_("Type at least one character, and the network will read it."))
        return None
    try:
        run = read(name, checkpoints.stamp(name), text)
    except checkpoints.CheckpointError as problem:
        notice(_("This model cannot be opened:") + f" {problem}", error=True)
        return None
    if run.unknown:
        count, total = run.unknown.total(), len(run.text)
        line = _(
            "Characters unknown to this model: {count} of {total} ({kinds} different). It reads each as “unknown”; "
            "they are underlined."
        ).format(count=count, total=total, kinds=len(run.unknown))
        if count > total / 2:
            language = explored.corpus_names()[explored.corpus(name)]
            source = run.card["data"]["source"].removeprefix("https://")
            line += " " + _("This model was trained on {language}: {source}.").format(
                language=language, source=source
            )
        notice(line)
    return run


@st.cache_resource(max_entries=8, show_spinner=False)
def model_of(name: str, stamp: str):
    model, card = checkpoints.load(name)
    return model, card, checkpoints.vocabulary(card), _components(name, card)


def _components(name: str, card: Mapping) -> xr.Dataset:
    """The principal components of a model's states. card: of the model. Raises CheckpointError."""
    path, size = checkpoints.components_path(name), card["model"]
    try:
        components = measured(path.stem, checkpoints.stamp(name))
        if "moment" in card:
            components = components[["mean", "axis", "share"]].sel(moment=card["moment"])
        wanted = {
            "layer": size["layers"],
            "direction": 1,
            "component": min(3, size["hidden"]),
            "unit": size["hidden"],
        }
        for key, left_out in (("mean", "component"), ("axis", ""), ("share", "unit")):
            found = components[key]
            if dict(found.sizes) != {dim: n for dim, n in wanted.items() if dim != left_out}:
                raise ValueError(f"{key} came as {dict(found.sizes)}")
            if found.dtype.kind != "f" or not np.isfinite(found).all():
                raise ValueError(f"{key} holds what is no finite number")
        return components
    except Exception as problem:  # what a damaged file makes four libraries raise, nobody has listed
        raise checkpoints.CheckpointError(
            f"{path.name} is missing or damaged; restore it with git, or train it again: python -m rnnviz train {path.stem}"
        ) from problem


@keeps
def measured(name: str, stamp: str) -> xr.Dataset:
    """All that is on file of the states of a model, whatever the training step. name: of its files. stamp: changes when a file
    does. Raises ValueError where it cannot be read."""
    path = checkpoints.components_path(name)
    netcdf.look_over(path)
    with xr.open_dataset(path, engine="h5netcdf") as opened:
        return opened.load()


@keeps
def read(name: str, stamp: str, text: str) -> Run:
    """The model `name` reading `text`. stamp: changes when the file does. Raises CheckpointError."""
    model, card, vocabulary, components = model_of(name, stamp)
    text = vocabulary.read(text)
    ids = vocabulary.encode(text)
    with record(model, tokens=list(text)) as recording:
        log_probability = networks.log_probabilities(model, ids)
    key = f"{name}-{hashlib.sha256(f'{stamp}{text}'.encode()).hexdigest()[:16]}"
    return Run(
        key=key,
        name=name,
        card=card,
        outputs=vocabulary.tokens,
        text=text,
        subject=Subject(name, key, memory.once(recording.trace)),
        log_probability=xr.DataArray(
            log_probability.numpy(),
            dims=("time", "candidate"),
            attrs={"long_name": "log probability", "units": "nat"},
        ),
        components=components,
        unknown=vocabulary.unknown(text),
        grown=_grown(card, stamp, text),
    )


def again(run: Run) -> Live:
    """The model that read, to be run again otherwise. Raises CheckpointError."""
    return run.own or named_again(run.name)


def named_again(name: str) -> Live:
    """A shipped language model, by its name, to be run on any text. Raises CheckpointError."""
    return _again(name, checkpoints.stamp(name))


def light(reading: Reading) -> Reading:
    """A reading that was just made, with its model's weights in memory once; see memory.once."""
    subject = replace(reading.subject, trace=memory.once(reading.subject.trace))
    return replace(reading, subject=subject)


@keeps
def reread(model: Live, text: str) -> Reading:
    """A text read by a model that is here, to hold changed or other readings against. Raises LiveError."""
    return light(live.in_its_way(model, "read", text))


@st.cache_resource(max_entries=8, show_spinner=False)
def _again(name: str, stamp: str) -> Live:
    model, _card, vocabulary, _components = model_of(name, stamp)
    return language(model, vocabulary, name, explored.DEFAULT_TEXTS[explored.corpus(name)])


def _grown(card: Mapping, stamp: str, text: str) -> Run | None:
    """The end of its training, where the card is of an earlier moment of a network that grows up."""
    last = card["moments"][-1]["step"] if "moment" in card else None
    if last is None or card["moment"] == last:
        return None
    return read(checkpoints.at(card["name"], last), stamp, text)


@st.cache_resource(max_entries=8, show_spinner=False)
def exact_model(name: str, stamp: str):
    """The model in float64, in which gradients have room down to 1e-308, and with nothing to learn."""
    model, _card, vocabulary, _components = model_of(name, stamp)
    return copy.deepcopy(model).double().eval().requires_grad_(False), vocabulary
