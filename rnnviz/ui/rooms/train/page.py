"""A network learns the reader's own text, while they watch."""

import streamlit as st

from rnnviz.studies.lab.result import command
from rnnviz.ui.parts import trainings, working
from rnnviz.ui.parts.trainings import choices
from rnnviz.ui.rooms.train import KINDS, results, texts
from rnnviz.ui.shell.jobs import Job, jobs
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.readers import reader
from rnnviz.ui.shell.settings import choose
from rnnviz.ui.shell.widgets import as_text, folded, notice, pick

FRAME = 0.5  # seconds between two pictures of a training
MOST_UPDATES = 20_000


def show() -> None:
    st.header(_("Train your own"), anchor=False)
    st.write(
        _(
            "What does a network learn from your own text, and when? It predicts the next character; a tenth of the text is held "
            "out, and no update sees it."
        )
    )
    jobs.warm("rnnviz.studies.lab.work")
    mine = results.all_own()[0] if results.all_own() else None
    if mine and mine.on:
        st.fragment(_live, run_every=FRAME)()
        return
    texts.choice()
    letters, setup = _checked()
    _network()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button(
            _("Train now"),
            key="train_now",
            type="primary",
            disabled=letters is None or setup is None,
            on_click=_begun,
            args=(setup,),
        )
        if mine and setup:
            _further(mine, setup)
    if letters is not None:
        said = _("{count:,} characters, {kinds} different ones")
        st.caption(said.format(count=len(letters.text), kinds=len(letters.vocabulary)))
    if mine is None:
        _reading()
        return
    results.lines(mine)
    if mine.frames:
        _pictures()
        _after(mine)
    _reading()


def _checked():
    """The text and the set-up, each None where it cannot be; then a line says why."""
    letters = setup = None
    try:
        letters = texts.ready()
        setup = results.asked()
        if len(letters.train) <= setup.length:
            raise ValueError(
                _("The text is too short for windows of {length} characters; choose shorter ones.").format(
                    length=setup.length
                )
            )
    except ValueError as problem:
        notice(_("This cannot be trained:") + f" {problem}")
        setup = None
    return letters, setup


def _begun(setup) -> None:
    choose(train_update=None)
    results.begin(setup, texts.here())


def _on(mine, setup) -> None:
    choose(train_update=None)
    results.go_on(mine, setup)


def _further(mine, setup) -> None:
    """Go on where it stands, also with another rate or for longer."""
    if mine.setup.network != setup.network or mine.text != texts.here() or mine.diverged or not mine.frames:
        return
    done = mine.frames[-1]["step"]
    if setup.updates > done:
        label = _("Go on to {count:,}").format(count=setup.updates)
        st.button(label, key="train_on", on_click=_on, args=(mine, setup))
    elif 2 * done <= MOST_UPDATES:
        st.button(_("Go on: as many again"), key="train_more", on_click=_more, args=(mine, 2 * done))


def _more(mine, updates: int) -> None:
    choose(train_updates=updates)
    _on(mine, results.asked())


def _live() -> None:
    """A training while it runs."""
    mine = results.all_own()[0] if results.all_own() else None
    if mine is None or mine.over:
        st.rerun()
    jobs.hear(mine.job, reader())
    working.progress(mine.job, "train_stop", _so_far, mine.stop)
    if mine.frames:
        _pictures(live=True)


def _so_far(job: Job) -> str:
    return _("Update {done:,} of {total:,}").format(done=job.done, total=job.total)


def _pictures(live: bool = False) -> None:
    mine = results.all_own()[0]
    written = mine.samples()
    if written:
        update, text = written[-1]
        st.caption(_("What it writes after {count:,} updates").format(count=update))
        st.code(text, language=None, wrap_lines=True)
    trainings.look_into("train", [one.seen() for one in results.all_own() if one.frames], live)
    if len(written) > 1:
        _samples(written)


def _samples(written: list[tuple[int, str]]) -> None:
    """What it wrote, at a few moments."""
    st.subheader(_("What it wrote on the way"), anchor=False)
    few = written if len(written) <= 5 else [written[round(i * (len(written) - 1) / 4)] for i in range(5)]
    for update, text in few:
        left, right = st.columns([1, 6], vertical_alignment="top")
        left.caption(_("update {count:,}").format(count=update))
        right.code(text, language=None, wrap_lines=True)


def _after(mine) -> None:
    """To look into, to take away, to make again."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for page, label in (
            ("states", _("Hidden states")),
            ("gates", _("Gates")),
            ("gradients", _("Gradients")),
        ):
            if st.button(_("Look into it: {page}").format(page=label), key=f"train_to_{page}"):
                choose(subject=mine.look_into(), text=None, module=None)
                st.switch_page(f"pages/explore/{page}.py")
        st.download_button(
            _("Download weights and card (ZIP)"),
            data=mine.file,
            file_name="rnnviz-trained.zip",
            mime="application/zip",
            key="train_zip",
            on_click="ignore",
        )
    st.caption(_("The same training on your own machine:"))
    st.code(command(mine.setup), language=None, wrap_lines=True)
    several = results.all_own()
    if len(several) > 1:
        with st.container(horizontal=True):
            for one in several:
                st.button(
                    _("Take out: {name}").format(name=as_text(one.title)),
                    key=f"train_forget_{one.number}",
                    on_click=results.forget,
                    args=(one,),
                )


def _network() -> None:
    """The network, and how it is trained."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        pick(st.segmented_control, "train_kind", _("Kind"), list(KINDS), format_func=str.upper, required=True)
        pick(st.number_input, "train_units", _("Units"), min_value=1, max_value=256, step=1, width=110)
        pick(st.number_input, "train_layers", _("Layers"), min_value=1, max_value=3, step=1, width=110)
        pick(
            st.number_input,
            "train_updates",
            _("Updates"),
            min_value=1,
            max_value=MOST_UPDATES,
            step=100,
            width=130,
        )
        choices.rate("train_rate", most=1000.0)
        with st.popover(_("Change the training"), width="content"):
            _more_settings()


def _more_settings() -> None:
    with st.container(horizontal=True):
        choices.optimiser("train_optimiser")
        pick(
            st.number_input,
            "train_clip",
            _("Clip at norm"),
            min_value=0.0,
            max_value=1000.0,
            step=0.1,
            width=130,
            help=_("0: no clipping."),
        )
        pick(
            st.number_input,
            "train_length",
            _("Length of BPTT (characters)"),
            min_value=1,
            max_value=200,
            step=5,
            width=190,
        )
        pick(
            st.number_input, "train_dropout", _("Dropout"), min_value=0.0, max_value=0.9, step=0.05, width=120
        )
        pick(st.number_input, "train_seed", _("Seed"), min_value=0, max_value=999, step=1, width=110)


def _reading() -> None:
    folded(
        [
            _(
                "The dotted line is the loss on the held-out tenth, in nats a character: where it turns up while the other still "
                "falls, the network learns your text by heart."
            ),
            _(
                "Each update reads 32 windows of the text, drawn at random, from the zero state. Gradients and gates are "
                "measured "
                "on held-out windows."
            ),
            _(
                "It trains in a process of its own, on one thread; a server takes one training of a reader at a time and stops "
                "it "
                "after {minutes} minutes. Go on where it stands."
            ).format(minutes=round(jobs.longest / 60)),
        ]
    )
    st.page_link("pages/lab/runs.py", label=_("Watch a training of your own script instead"))
