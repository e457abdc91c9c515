"""The same training without clipping and with it, and what the optimiser did at its worst update."""

import streamlit as st
import xarray as xr

from rnnviz.studies.clipping import survey
from rnnviz.studies.memory import Setup
from rnnviz.ui.parts import working
from rnnviz.ui.rooms.clipping import NETWORKS, TASKS, pictures, results, setup
from rnnviz.ui.rooms.clipping.results import Found
from rnnviz.ui.shell.jobs import Job, jobs
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.readers import reader
from rnnviz.ui.shell.settings import choose
from rnnviz.ui.shell.widgets import examples, notice, pick

FRAME = 0.4  # seconds between two pictures of a training


def show() -> None:
    st.header(_("What does clipping save?"), anchor=False)
    st.write(
        _(
            "The same network learns twice, from the same start and the same batches: once without clipping, once with it. Look "
            "for the update where the gradient shoots up, and at what the loss does right after."
        )
    )
    jobs.warm("rnnviz.studies.clipping.work")
    try:
        asked = setup.asked()
    except ValueError as problem:
        asked = None
        line = problem
    name = setup.experiment(asked) if asked else None
    examples("clipping_examples", survey.EXPERIMENTS, name, setup.take, names=_experiments())
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _choices()
        if asked:
            _buttons(asked)
    if asked is None:
        notice(_("This cannot be trained:") + f" {line}")
        return
    if times := setup.too_much(asked):
        notice(
            _(
                "This is {times:,.1f} times as much as this server takes on: fewer steps, units or updates."
            ).format(times=times)
        )
    mine = results.own(asked)
    if mine and not mine.over:
        st.fragment(_live, run_every=FRAME)(asked)
        return
    results.lines(asked)
    _found(asked)
    if name:
        pictures.over_seeds(name)
    _measured()
    _reading()


def _live(asked: Setup) -> None:
    """A training while it runs."""
    mine = results.own(asked)
    if mine is None or mine.over:
        st.rerun()
    jobs.hear(mine.job, reader())
    working.progress(mine.job, "clipping_stop", _so_far, mine.stop)
    if found := results.found(asked):
        pictures.show(found, found.worst, None)


def _so_far(job: Job) -> str:
    return _("Update {done:,} of {total:,}").format(done=job.done, total=job.total)


def _found(asked: Setup) -> None:
    one = results.found(asked)
    if one is None:
        if not setup.too_much(asked):
            st.info(
                _(
                    "There is no saved training for these settings: those of the examples are for the thresholds 0.1, 1 and 10 "
                    "and the seeds 0 to 9. Press *Train now*, and watch both runs."
                )
            )
        return
    at = pictures.chosen(one)
    look = results.look(one, at)
    known = look if isinstance(look, xr.Dataset) else None
    pictures.show(one, at, known)
    _update(one, at)
    pictures.outcome(one)
    if isinstance(look, Job):
        st.fragment(_looking, run_every=FRAME)(one, at)
    elif known is not None:
        pictures.one_update(one, at, known)
        if not results.alike(one, known):
            notice(
                _(
                    "This machine rounds otherwise than the one that made the pictures above: made again here, the run without "
                    "clipping has another norm at this update. *Train now* draws what it does here."
                )
            )
    else:
        line = _("Without clipping, update {update:,} was not made: the numbers had left 32 bits before it.")
        st.text(line.format(update=at))


def _looking(one: Found, at: int) -> None:
    """The update that is looked at is made again: until then, how far that is."""
    look = results.look(one, at)
    if not isinstance(look, Job):
        st.rerun()
    if look.over:
        if line := working.came_to_nothing(look):
            notice(line)
        return
    jobs.hear(look, reader())
    st.progress(look.done / look.total if look.total else 0.0, text=working.where(look, _again))


def _again(job: Job) -> str:
    return _("Making the run again up to this update: {done:,} of {total:,}").format(
        done=job.done, total=job.total
    )


def _update(one: Found, at: int) -> None:
    """The slider of updates, and the way back to the worst."""
    last = one.dataset.sizes["update"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if last > 1:
            pick(
                st.slider,
                "clipping_update",
                _("Update; or click into a picture"),
                value=at,
                min_value=1,
                max_value=last,
                width=460,
            )
        st.button(
            _("The worst: {update:,}").format(update=one.worst),
            key="clipping_worst",
            on_click=choose,
            kwargs={"clipping_update": None},
            disabled=at == one.worst,
        )


def _buttons(asked: Setup) -> None:
    """Train now, and back to what is shipped. Stop stands beside the progress."""
    mine = results.own(asked)
    running = bool(mine and not mine.over)
    st.button(
        _("Train now") if mine is None else _("Train anew"),
        key="clipping_train",
        type="primary",
        on_click=_begun,
        args=(asked,),
        disabled=running or bool(setup.too_much(asked)),
    )
    if mine and not running and setup.experiment(asked):
        st.button(
            _("Show the shipped trainings"), key="clipping_back", on_click=results.forget, args=(asked,)
        )


def _begun(asked: Setup) -> None:
    choose(clipping_update=None)
    results.begin(asked)


def _experiments() -> dict[str, str]:
    return {
        "tanh": _("tanh, SGD"),
        "slow": _("a tenth of the rate"),
        "relu": _("relu, SGD"),
        "adam": _("Adam"),
        "quick": _("Adam, ten times the rate"),
        "numbers": _("relu, 50 steps: out of numbers"),
    }


def _choices() -> None:
    """The seed and the threshold; everything else that may be changed, folded away."""
    tasks = {
        "first": _("the first symbol"),
        "adding": _("the adding problem"),
        "copy": _("copy memory"),
        "parity": _("parity"),
        "brackets": _("brackets: aⁿbⁿ"),
    }
    networks = {
        "tanh": _("RNN, tanh, orthogonal start"),
        "relu": _("RNN, relu, identity start"),
        "gru": "GRU",
        "lstm": "LSTM",
    }
    whole = {"min_value": 1, "step": 1}
    pick(
        st.number_input,
        "clipping_clip",
        _("Clip at norm"),
        min_value=1e-6,
        max_value=1e6,
        step=0.1,
        format="%g",
        width=140,
    )
    pick(st.number_input, "clipping_seed", _("Seed"), min_value=0, max_value=999, step=1, width=120)
    with st.popover(_("Change the training"), width="content"):
        with st.container(horizontal=True):
            pick(
                st.selectbox,
                "clipping_network",
                _("Network"),
                list(NETWORKS),
                format_func=networks.get,
                width=260,
            )
            pick(
                st.segmented_control,
                "clipping_optimiser",
                _("Optimiser"),
                ["sgd", "adam"],
                format_func={"adam": "Adam", "sgd": "SGD"}.get,
                required=True,
            )
            pick(
                st.number_input,
                "clipping_rate",
                _("Learning rate"),
                min_value=1e-6,
                max_value=100.0,
                step=0.01,
                format="%g",
                width=140,
            )
        with st.container(horizontal=True):
            pick(st.selectbox, "clipping_task", _("Task"), list(TASKS), format_func=tasks.get, width=220)
            pick(
                st.number_input, "clipping_steps", _("Steps of a sequence"), max_value=200, width=150, **whole
            )
            pick(st.number_input, "clipping_units", _("Units"), max_value=256, width=110, **whole)
            pick(st.number_input, "clipping_updates", _("Updates"), max_value=2000, width=130, **whole)


def _measured() -> None:
    pass


def _reading() -> None:
    pass
