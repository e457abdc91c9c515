"""The same training without clipping and with it, and what the optimiser did at its worst update."""

import streamlit as st
import xarray as xr

from rnnviz.studies.clipping import survey
from rnnviz.studies.memory import Setup
from rnnviz.ui.parts import working
from rnnviz.ui.parts.tasks import answers, by_hand, guess_first
from rnnviz.ui.parts.trainings import choices
from rnnviz.ui.rooms.clipping import NETWORKS, TASKS, pictures, results, setup
from rnnviz.ui.rooms.clipping.results import Found
from rnnviz.ui.rooms.clipping.tasks import questions, tasks
from rnnviz.ui.shell.jobs import Job, jobs
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.readers import reader
from rnnviz.ui.shell.settings import choose
from rnnviz.ui.shell.widgets import examples, folded, notice, pick, run_again

FRAME = 0.4  # seconds between two pictures of a training


def show() -> None:
    st.header(_("What does clipping save?"), anchor=False)
    st.write(
        _(
            "The same network learns twice, from the same start and the same batches: without clipping and with it. The dotted "
            "line stands at an update: at first at the one that, without clipping, makes the loss of its batch rise the most."
        )
    )
    guessing = st.container()
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
    one = results.found(asked)
    if one:
        with guessing:
            guess_first("clipping", questions(one))
    with answers():
        look = _found(asked, one)
    if name:
        pictures.over_seeds(name)
    by_hand("clipping", tasks(one, look))
    _measured()
    _reading()


def _live(asked: Setup) -> None:
    """A training while it runs."""
    mine = results.own(asked)
    if mine is None or mine.over:
        run_again()
    jobs.hear(mine.job, reader())
    working.progress(mine.job, "clipping_stop", _so_far, mine.stop)
    if found := results.found(asked):
        pictures.show(found, found.worst, None)


def _so_far(job: Job) -> str:
    return _("Update {done:,} of {total:,}").format(done=job.done, total=job.total)


def _found(asked: Setup, one: Found | None) -> xr.Dataset | None:
    """The pictures. Returns both ways of the update that is looked at, as far as they are known."""
    if one is None:
        if not setup.too_much(asked):
            st.info(
                _(
                    "There is no saved training for these settings: those of the examples are for the thresholds 0.1, 1 and 10 "
                    "and the seeds 0 to 9. Press *Train now*, and watch both runs."
                )
            )
        return None
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
    return known


def _looking(one: Found, at: int) -> None:
    """The update that is looked at is made again: until then, how far that is."""
    look = results.look(one, at)
    if not isinstance(look, Job):
        run_again()
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
        largest = pictures.largest(one)
        for key, label, update, choice in (
            ("clipping_worst", _("The loss rises the most: {update:,}"), one.worst, None),
            ("clipping_largest", _("Largest gradient: {update:,}"), largest, largest),
        ):
            st.button(
                label.format(update=update),
                key=key,
                on_click=choose,
                kwargs={"clipping_update": choice},
                disabled=at == update,
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
        "relu": "relu, SGD",
        "tanh": _("tanh, SGD, rate 0.3"),
        "slow": _("tanh, SGD, rate 0.03"),
        "adam": _("tanh, Adam, rate 0.01"),
        "quick": _("tanh, Adam, rate 0.1"),
        "numbers": _("relu, SGD, adding over 50 steps"),
    }


def _choices() -> None:
    """The seed and the threshold; everything else that may be changed, folded away."""
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
            choices.optimiser("clipping_optimiser", ("sgd", "adam"))
            choices.rate("clipping_rate", step=0.01)
        with st.container(horizontal=True):
            choices.task("clipping_task", TASKS)
            pick(
                st.number_input, "clipping_steps", _("Steps of a sequence"), max_value=200, width=150, **whole
            )
            pick(st.number_input, "clipping_units", _("Units"), max_value=256, width=110, **whole)
            pick(st.number_input, "clipping_updates", _("Updates"), max_value=2000, width=130, **whole)


def _measured() -> None:
    """What the shipped trainings say of what is often said of clipping, with their counts."""
    try:
        relu, tanh, slow, adam, quick, numbers = (
            survey.counted(name) for name in ("relu", "tanh", "slow", "adam", "quick", "numbers")
        )
    except ValueError:  # a folder of checkpoints without them
        return

    def count(of: xr.Dataset, name: str = "learned") -> dict[str, int]:
        """By the threshold: none, low, middle, high."""
        return dict(zip(("none", "low", "middle", "high"), of[name].astype(int).values.tolist(), strict=True))

    seeds = int(relu["seeds"])
    thrown = [count(of, "thrown")["none"] for of in (relu, tanh)]
    late = [count(of, "late")["none"] for of in (relu, tanh)]
    st.subheader(_("“A huge gradient throws the weights away”: what was measured"), anchor=False)
    lines = [
        _(
            "The RNN with relu, SGD at a rate of 0.03: without clipping {none} of {seeds} seeds learned it. Clipping at 1 makes "
            "that {middle}, clipping at 0.1 {low}, and clipping at 10 only {high}: the gradients that do the harm are smaller."
        ).format(**count(relu), seeds=seeds),
        _(
            "The step that does the harm is seldom the one with the largest gradient. Without clipping, {thrown} of the {runs} "
            "runs with relu and with tanh were thrown back, by gradients with a median norm of {relu} and {tanh}. In {late} of "
            "these the largest gradient came only later, when the weights had been thrown to where the loss is steep."
        ).format(
            thrown=sum(thrown),
            runs=2 * seeds,
            late=sum(late),
            **{name: f"{of['threw'].values[0]:.2g}" for name, of in (("relu", relu), ("tanh", tanh))},
        ),
        _(
            "tanh is bounded, so no number leaves 32 bits; still only {none} of {seeds} learned at a rate of 0.3 without "
            "clipping, and {middle} clipped at 1."
        ).format(**count(tanh), seeds=seeds),
        _(
            "A tenth of that rate does it too: {none} of {seeds} without clipping. There, a threshold of 0.1 makes every step "
            "short and costs time: {low} learned within the same {updates} updates."
        ).format(**count(slow), seeds=seeds, updates=survey.EXPERIMENTS["slow"].updates),
        _(
            "Adam divides the gradient by its own recent size. At a rate of 0.01 it needed no clipping here: {without} of "
            "{seeds} learned without, {with_it} clipped at 1. At 0.1 its steps are too long either way: {none} without, "
            "{middle} clipped at 1."
        ).format(**count(quick), without=count(adam)["none"], with_it=count(adam)["middle"], seeds=seeds),
        _(
            "relu on the adding problem, 50 steps: without clipping the numbers grew beyond 32 bits in {none} of {seeds} runs, "
            "clipped at 1 in {middle}. None of them learned it: clipping saves the numbers, and learning is another matter."
        ).format(**count(numbers, "left"), seeds=seeds),
    ]
    st.markdown("\n".join(f"- {line}" for line in lines))


def _reading() -> None:
    """What to know about the page, folded, and where to go next."""
    folded(
        [
            _(
                "Clipping: where the norm ‖g‖ of the gradient of all parameters is above the threshold c, the gradient is "
                "multiplied by c/‖g‖. Its direction stays, its length becomes c (Pascanu, Mikolov and Bengio 2013)."
            ),
            _(
                "Every point of a curve is a batch of its own, so a curve jitters. Below 10⁻⁴ the loss leaves the picture; a "
                "cross marks the last number of a run that grew beyond what 32 bits can hold."
            ),
            _(
                "The third picture stops the run without clipping just before the update. From there, all weights are moved "
                "along the update, and the loss of the same batch is computed at each distance: a cross-section through the "
                "landscape of the loss. Where it climbs like a wall, a long step lands high up."
            ),
            _(
                "With SGD the clipped update goes the same way, only less far. With Adam it may go another way, since Adam "
                "remembers earlier gradients: then there are two curves."
            ),
            _(
                "*Train now* trains both runs in a process of its own, on one thread; the same settings give the same numbers. "
                "An update that you choose is computed there as well, from the start of the run."
            ),
        ]
    )
