"""A network learns the reader's own text or series, or a task, while they watch."""

from urllib.parse import urlencode

import streamlit as st

from rnnviz.studies.lab import Letters, Table
from rnnviz.studies.lab.result import command
from rnnviz.ui.parts import trainings, working
from rnnviz.ui.parts.trainings import choices
from rnnviz.ui.rooms.train import KINDS, data, results, saying
from rnnviz.ui.shell.jobs import Job, jobs
from rnnviz.ui.shell.language import _, current, said
from rnnviz.ui.shell.readers import reader
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import as_text, folded, notice, pick, run_again

FRAME = 0.5  # seconds between two pictures of a training
MOST_UPDATES = 20_000


def show() -> None:
    st.header(_("Train your own"), anchor=False)
    st.write(
        _(
            "What does a network learn from your own data, and when? It predicts the next character of a text or the next step "
            "of a series; a part is held out, and no update sees it. Or it learns a task whose answers are known."
        )
    )
    jobs.warm("rnnviz.studies.lab.work")
    results.join()
    mine = _mine()
    if mine and mine.on:
        _opens(mine)
        st.fragment(_live, run_every=FRAME)()
        return
    if key := results.elsewhere():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(_("A training of yours runs in another tab of this browser."))
            st.button(_("Show it here"), key="train_join", on_click=choose, kwargs={"train_run": key})
    data.choice()
    mine = _mine()
    material, setup = _checked()
    _network()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button(
            _("Train now"),
            key="train_now",
            type="primary",
            disabled=material is None or setup is None,
            on_click=_begun,
            args=(setup,),
        )
        if mine and setup:
            _further(mine, setup)
    _said(material)
    if mine is None:
        _reading()
        return
    results.lines(mine)
    if mine.frames:
        _pictures(mine)
        _after(mine)
    _reading()


def _mine() -> results.Mine | None:
    """The training that is looked at: the one that runs, else the last on the kind of data that is chosen."""
    return next(iter(results.shown(settings()["train_data"])), None)


def _opens(mine: results.Mine) -> None:
    """A link that opens it in another tab."""
    with st.container(horizontal=True, vertical_alignment="center"):
        link = urlencode({"train_run": mine.key, "lang": current()})
        st.link_button(_("Open it in another tab"), f"train?{link}")
        st.caption(_("This link, and the address above, open it in this browser alone."))


def _said(material) -> None:
    """How much there is to learn from."""
    if isinstance(material, Letters):
        said = _("{count:,} characters, {kinds} different ones")
        st.caption(said.format(count=len(material.text), kinds=len(material.vocabulary)))
    elif isinstance(material, Table):
        said = _("{count:,} steps of {columns} columns, the last {held_out:,} held out")
        held_out = len(material.values) - material.cut
        columns = len(material.series.features)
        st.caption(said.format(count=len(material.values), columns=columns, held_out=held_out))


def _checked():
    """What is learned and the set-up, each None where it cannot be; then a line says why."""
    material = setup = None
    try:
        material = data.made(data.here())
        setup = results.asked()
        if isinstance(material, Letters) and len(material.train) <= setup.length:
            line = _("The text is too short for windows of {length} characters; choose shorter ones.")
            raise ValueError(line.format(length=setup.length))
        if isinstance(material, Table) and material.cut <= setup.length:
            line = _("The table is too short for windows of {length} steps; choose shorter ones.")
            raise ValueError(line.format(length=setup.length))
    except ValueError as problem:
        notice(_("This cannot be trained:") + f" {said(problem)}")
        setup = None
    return material, setup


def _begun(setup) -> None:
    choose(train_update=None)
    results.begin(setup, data.here())


def _on(mine, setup) -> None:
    choose(train_update=None)
    results.go_on(mine, setup)


def _further(mine, setup) -> None:
    """Go on where it stands, also with another rate or for longer."""
    if mine.setup.network != setup.network or mine.asked != data.here() or mine.diverged or not mine.frames:
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
    mine = _mine()
    if mine is None or mine.over:
        run_again()
    jobs.hear(mine.job, reader())
    working.progress(mine.job, "train_stop", _so_far, mine.stop)
    if mine.frames:
        _pictures(mine, live=True)


def _so_far(job: Job) -> str:
    return _("Update {done:,} of {total:,}").format(done=job.done, total=job.total)


def _pictures(mine, live: bool = False) -> None:
    shown = [one for one in results.shown(mine.data) if one.frames]
    saying.above(mine)
    trainings.look_into("train", [one.seen() for one in shown], live, saying.forecasts(shown))
    saying.column(mine)
    saying.below(mine)


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
    if mine.changed:
        line = _(
            "This training was gone on with another rate or clipping; from the start with the last of them it is:"
        )
        st.caption(line)
    else:
        st.caption(_("The same training on your own machine:"))
    st.code(command(mine.setup, mine.material), language=None, wrap_lines=True)
    several = results.shown(mine.data)
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
            _("Length of BPTT (steps)"),
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
    said = {
        "text": [
            _(
                "The dotted line is the loss on the held-out tenth, in nats a character: where it turns up while the other still "
                "falls, the network learns your text by heart."
            ),
            _(
                "Each update reads 32 windows of the text, drawn at random, from the zero state. Gradients and gates are "
                "measured "
                "on held-out windows."
            ),
        ],
        "series": [
            _(
                "The network forecasts all columns of the next step from those up to now. The loss is the mean squared error, "
                "counted after each column was scaled by what it is in the first four fifths; the dotted line is that of the "
                "last fifth, which no update sees."
            ),
            _(
                "The dashed line is the loss of a forecast that repeats the last value. A network that stays above it is of no"
                " use as a forecast, however well its curve falls."
            ),
            _(
                "Each update reads 32 windows of the table, drawn at random, from the zero state. What is held out is forecast"
                " one step ahead, each from the true values before it."
            ),
        ],
        "task": [
            _(
                "Every update reads 32 new sequences; the dotted line is the loss on 256 others. The dashed line is what guessing"
                " gets."
            ),
            _(
                "A length of BPTT below the steps of a sequence cuts it, counted back from the end: no gradient gets past the"
                " cut."
            ),
        ],
    }
    folded(
        [
            *said[settings()["train_data"]],
            _(
                "It trains in a process of its own, on one thread; a server takes one training of a reader at a time and stops "
                "it "
                "after {minutes} minutes. Go on where it stands."
            ).format(minutes=round(jobs.longest / 60)),
        ]
    )
    st.page_link("pages/lab/runs.py", label=_("Watch a training of your own script instead"))
