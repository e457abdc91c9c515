"""Three networks learn side by side, and one sees when the gradient reaches what decides."""

import streamlit as st

from rnnviz.studies.memory import TASKS, Setup, chance, survey
from rnnviz.ui.parts import working
from rnnviz.ui.parts.numbers import percent
from rnnviz.ui.parts.tasks import answers, by_hand, guess_first
from rnnviz.ui.parts.trainings import choices
from rnnviz.ui.rooms.memory import STARTS, pictures, results, setup
from rnnviz.ui.rooms.memory.tasks import questions, tasks
from rnnviz.ui.shell.jobs import Job, jobs
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.readers import reader
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import examples, folded, notice, pick, run_again

FRAME = 0.4  # seconds between two pictures of a training
MOST_UPDATES = 20_000


def show() -> None:
    st.header(_("Who remembers longest?"), anchor=False)
    st.write(
        _(
            "Three networks learn the same task side by side. Below, you see how much gradient reaches each step while they "
            "learn."
        )
    )
    guessing = st.container()
    jobs.warm("rnnviz.studies.memory.work")
    try:
        asked = setup.asked()
    except ValueError as problem:
        asked = None
        line = problem
    name = setup.experiment(asked) if asked else None
    examples("memory_examples", survey.EXPERIMENTS, name, setup.take, names=_experiments())
    with st.container(horizontal=True, vertical_alignment="bottom"):
        pick(
            st.number_input,
            "memory_steps",
            _("Steps of a sequence"),
            min_value=1,
            max_value=200,
            step=1,
            width=150,
        )
        pick(st.number_input, "memory_seed", _("Seed"), min_value=0, max_value=999, step=1, width=120)
        _training()
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
    there = results.found(asked)
    if there:
        with guessing:
            guess_first("memory", questions(there))
    with answers():
        _pictures(asked)
    by_hand("memory", tasks(there))
    _measured()
    _reading()


def _live(asked: Setup) -> None:
    """A training while it runs."""
    mine = results.own(asked)
    if mine is None or mine.over:
        run_again()
    jobs.hear(mine.job, reader())
    working.progress(mine.job, "memory_stop", _so_far, mine.stop)
    if found := results.found(asked):
        pictures.show(found)


def _so_far(job: Job) -> str:
    return _("Update {done:,} of {total:,}").format(done=job.done, total=job.total)


def _pictures(asked: Setup) -> None:
    found = results.found(asked)
    if found is None:
        if not setup.too_much(asked):
            st.info(
                _(
                    "There is no saved training for these settings: those of the examples are for 5, 10, 20 and (but for "
                    "copying) 50 steps and the seeds 0 to 9. Press *Train now*, and the three networks learn while you watch."
                )
            )
        return
    if found.shipped:
        st.text(_sum(found.shipped, asked.steps, found.setup.updates))
    pictures.show(found)
    updates = found.dataset["update"].values.tolist()
    if len(updates) > 1:
        now = int(pictures.moment(found))
        pick(
            st.select_slider,
            "memory_update",
            _("Moment of the training (update); or click into a picture"),
            updates,
            value=min(updates, key=lambda u: abs(u - now)),
            format_func=lambda update: f"{update:,}",
        )
    pictures.results(found)
    if name := setup.experiment(asked):
        pictures.over_lengths(name)


def _sum(name: str, steps: int, updates: int) -> str:
    """With how many of the seeds each network learned it, and between which shares of all seeds would."""
    counts = survey.counted(name, steps)
    line = _(
        "Learned within {updates:,} updates, of {seeds} seeds: {networks}. In brackets the 95 % interval."
    )
    each = (f"{kind.upper()} {counts[kind]} ({_between(counts, kind)})" for kind in survey.KINDS)
    return line.format(updates=updates, seeds=counts["seeds"], networks=", ".join(each))


def _between(counts: dict[str, float], kind: str) -> str:
    return f"{100 * counts[f'{kind}_low']:.0f}–{100 * counts[f'{kind}_high']:.0f} %"


def _buttons(asked: Setup) -> None:
    """Train now, go on, and back to what is shipped. Stop stands beside the progress."""
    mine = results.own(asked)
    running = bool(mine and not mine.over)
    st.button(
        _("Train now") if mine is None else _("Train anew"),
        key="memory_train",
        type="primary",
        on_click=_begun,
        args=(results.begin, asked),
        disabled=running or bool(setup.too_much(asked)),
    )
    if mine and not running:
        if mine.stopped or mine.job.state != "done":
            st.button(_("Go on"), key="memory_on", on_click=_begun, args=(results.go_on, asked))
        elif mine.frames and asked.updates > mine.frames[-1]["update"]:
            to = _("Go on to {count:,}").format(count=asked.updates)
            st.button(to, key="memory_on", on_click=_begun, args=(results.go_on, asked))
        elif asked.updates < MOST_UPDATES:
            st.button(_("Go on: as many again"), key="memory_more", on_click=_more, args=(asked,))
        if setup.experiment(asked):
            st.button(
                _("Show the shipped trainings"), key="memory_back", on_click=results.forget, args=(asked,)
            )


def _begun(how, asked: Setup) -> None:
    choose(memory_update=None)
    how(asked)


def _more(asked: Setup) -> None:
    choose(memory_updates=min(2 * asked.updates, MOST_UPDATES))
    _begun(results.go_on, setup.asked())


def _experiments() -> dict[str, str]:
    return {
        "plain": _("as PyTorch starts them"),
        "repaired": _("orthogonal start, forget bias 3"),
        "sgd": _("plain SGD instead of Adam"),
        "truncated": _("BPTT cut after 4 steps"),
        "adding": _("another task: adding"),
        "copy": _("copy memory"),
        "parity": _("parity"),
        "brackets": _("brackets: aⁿbⁿ"),
    }


def _training() -> None:
    """Everything that may be changed, folded away."""
    starts = {"default": _("PyTorch's"), "orthogonal": _("orthogonal"), "identity": _("identity")}
    with st.popover(_("Change the training"), width="content"):
        st.text(choices.rules()[settings()["memory_task"]])
        with st.container(horizontal=True):
            choices.task("memory_task", tuple(TASKS))
            choices.optimiser("memory_optimiser")
            choices.rate("memory_rate")
            pick(st.number_input, "memory_units", _("Units"), min_value=1, max_value=256, step=1, width=110)
            pick(
                st.number_input,
                "memory_updates",
                _("Updates"),
                min_value=1,
                max_value=MOST_UPDATES,
                step=100,
                width=130,
            )
        with st.container(horizontal=True):
            pick(
                st.number_input,
                "memory_clip",
                _("Clip at norm"),
                min_value=0.0,
                max_value=1000.0,
                step=0.1,
                width=130,
                help=_("0: no clipping."),
            )
            pick(
                st.number_input,
                "memory_truncate",
                _("Cut BPTT after (steps)"),
                min_value=0,
                max_value=200,
                step=1,
                width=170,
                help=_("0: it is not cut."),
            )
            for kind in survey.KINDS:
                pick(
                    st.selectbox,
                    f"memory_{kind}",
                    _("Start of the {kind}").format(kind=kind.upper()),
                    list(STARTS if kind == "rnn" else STARTS[:2]),
                    format_func=starts.get,
                    width=150,
                )
            pick(
                st.number_input,
                "memory_forget",
                _("Forget bias"),
                min_value=-10.0,
                max_value=10.0,
                step=0.5,
                width=130,
                help=_("Of the LSTM; empty: as PyTorch draws it, about 0."),
            )


def _measured() -> None:
    """What the shipped trainings say of the sentence that tutorials have, with their counts."""
    try:
        plain, sgd, adding = (survey.counted(name, 20) for name in ("plain", "sgd", "adding"))
        long, start = (survey.counted(name, 50) for name in ("plain", "repaired"))
        cut, far = (survey.counted("truncated", steps) for steps in (10, 20))
        few, copied = (survey.counted("copy", steps) for steps in (10, 20))
        parity = survey.counted("parity", 5)
        brackets, deep = (survey.counted("brackets", steps) for steps in (20, 50))
    except ValueError:  # a folder of checkpoints without them
        return
    st.subheader(_("“The RNN cannot, the LSTM can”: what was measured"), anchor=False)
    lines = [
        _(
            "The first symbol, 20 steps, Adam, PyTorch's own start: learned with {rnn} of {seeds} seeds by the RNN, {gru} by "
            "the GRU, {lstm} by the LSTM. The plain network is not the one that fails."
        ).format(**plain),
        _(
            "In {arrived} of these {learned} trainings the gradient had arrived within the same 20 updates or earlier. In the "
            "{lost} others it never arrived, and nothing was learned. Arriving is not enough: with 50 steps it reached the "
            "first step of the RNN with {reached} of {seeds} seeds, and {far} learned."
        ).format(**plain, reached=long["rnn_arrived"], far=long["rnn"]),
        _(
            "50 steps: RNN {rnn}, GRU {gru}, LSTM {lstm} of {seeds}. With an orthogonal start of RNN and GRU and a forget bias "
            "of 3 in the LSTM: {better[rnn]}, {better[gru]} and {better[lstm]}."
        ).format(**long, better=start),
        _(
            "20 steps with plain SGD, at a rate of 0.1: RNN {rnn}, GRU {gru}, LSTM {lstm} of {seeds}. Adam divides a gradient "
            "by its own size, so that a small one moves the weights as well; SGD does not."
        ).format(**sgd),
        _(
            "The adding problem, 20 steps, 1,000 updates: in the median the RNN told {rnn} of the sums, the GRU {gru}, the "
            "LSTM {lstm}; guessing tells {chance}. Here the sentence is right, though the gradient had arrived in the RNN as "
            "well."
        ).format(
            chance=percent(chance("adding")),
            **{kind: percent(adding[f"{kind}_right"]) for kind in survey.KINDS},
        ),
        _(
            "BPTT cut after 4 steps, sequences of 10: {rnn} of {seeds} by the RNN, {gru} by the GRU, {lstm} by the LSTM, "
            "although no gradient reaches the first step. An untrained state carries a symbol on for some steps by itself, but "
            "not far: with sequences of 20, {far} of {all} trainings learned it."
        ).format(**cut, far=far["learned"], all=3 * far["seeds"]),
        _(
            "Copy memory, 10 steps (4 symbols): RNN {rnn}, GRU {gru}, LSTM {lstm} of {seeds}. With 20 steps (9 symbols) "
            "{none} of {all} trainings learned it within 1,000 updates; in the median the RNN then has {right_rnn} of the "
            "symbols right, the GRU {right_gru}, the LSTM {right_lstm}; guessing gets {chance}. Here the plain network is ahead."
        ).format(
            none=copied["learned"],
            all=3 * copied["seeds"],
            chance=percent(chance("copy")),
            **{kind: few[kind] for kind in ("seeds", *survey.KINDS)},
            **{f"right_{kind}": percent(copied[f"{kind}_right"]) for kind in survey.KINDS},
        ),
        _(
            "Parity, already with 5 steps: {learned} of {all} trainings learned it within 1,000 updates, though the gradient "
            "had arrived at the first step in {reached}. Each symbol counts, and one alone tells nothing."
        ).format(
            learned=parity["learned"],
            all=3 * parity["seeds"],
            reached=sum(parity[f"{kind}_arrived"] for kind in survey.KINDS),
        ),
        _(
            "The brackets aⁿbⁿ, 20 steps, up to 10 of each letter, at the end of the sequence: RNN {rnn}, GRU {gru}, LSTM {lstm} "
            "of {seeds}. With 50 steps, up to 25 of each: {far[rnn]}, {far[gru]} and {far[lstm]}."
        ).format(**brackets, far=deep),
        _(
            "Ten seeds are few: none of {seeds} leaves room for a share of up to {high}, all of {seeds} for one down to {low} "
            "(95 % interval, Wilson 1927)."
        ).format(seeds=10, high=percent(parity["rnn_high"]), low=percent(brackets["rnn_low"])),
    ]
    st.markdown("\n".join(f"- {line}" for line in lines))


def _reading() -> None:
    """What to know about the page, folded, and where to go next."""
    folded(
        [
            _(
                "Every network reads the same sequences and makes as many updates. A line in the upper picture is one seed; the "
                "bold ones are the seed that you chose. The dotted line across is what guessing gets."
            ),
            _(
                "In the picture under it, time in a sequence runs down and training runs to the right. The colour is the total "
                "gradient, ‖∂L/∂h_t‖, measured in double precision on 32 sequences that no update saw."
            ),
            _(
                "Once all answers are right the loss is nearly 0, and so is its gradient: then it is small at every step."
            ),
            _(
                "*Train now* trains in a process of its own, on one thread; the same settings give the same numbers. The page of "
                "another reader does not wait for it."
            ),
        ]
    )
    st.page_link("pages/lab/compare.py", label=_("Compare more architectures, untrained"))
