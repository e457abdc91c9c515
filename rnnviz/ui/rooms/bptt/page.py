"""Backpropagation through time: ∂L/∂W_hh of a small network as the sum of what each step adds, and what a window keeps of it."""

import functools
import re

import pandas as pd
import streamlit as st

from rnnviz.paper.terms import gate_name
from rnnviz.studies import tiny
from rnnviz.studies.shared_weight import SHORTEST
from rnnviz.ui.parts import example
from rnnviz.ui.parts.board import Choice, show_board
from rnnviz.ui.parts.numbers import aligned, probability, shown
from rnnviz.ui.parts.tables import table_csv
from rnnviz.ui.parts.tasks import answers, by_hand, guess_first
from rnnviz.ui.parts.tiny import STYLE
from rnnviz.ui.rooms.bptt import COLOURS, LIMITS, WINDOWS
from rnnviz.ui.rooms.bptt.found import Found, drawings, found, found_of_example
from rnnviz.ui.rooms.bptt.tasks import questions, tasks
from rnnviz.ui.shell.keeping import ahead, kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import as_text, folded, notice, pick, pick_cell

LONGEST = 30  # letters that are read
LOWERED = str.maketrans("0123456789-hnt", "₀₁₂₃₄₅₆₇₈₉₋ₕₙₜ")


def show() -> None:
    st.html(f"<style>{STYLE}</style>")
    st.header(_("One weight, many steps"))
    st.markdown(
        _(
            "Every step uses the same weight $W_{hh}$ and adds its part $\\delta_t\\,h_{t-1}^{\\top}$ to the gradient. Together "
            "they are torch's `.grad`."
        )
    )
    guessing = st.container()
    text = _controls()
    if text is None:
        _onward()
        return
    now = settings()
    trained = now["bptt_trained"] == "yes"
    own = functools.partial(kept, found, text, now["bptt_kind"], now["bptt_units"], now["bptt_seed"])
    one = (
        kept(found_of_example, now["bptt_kind"], now["bptt_loss"])
        if of_example()
        else own(trained, now["bptt_loss"])
    )
    _choices(one)
    keep = _kept(one)
    with guessing:
        guess_first("bptt", questions(one, keep))
    with answers():
        _sums_up(one)
        _picture(one)
        if of_example():
            example.met("bptt", one.kind)
    _step(one)
    _window(one)
    by_hand("bptt", tasks(one, keep))
    _shared(one)
    _reading()
    _onward()
    if not of_example() and not trained:  # training takes a quarter of a second: the reader goes there next
        ahead(functools.partial(own, True, now["bptt_loss"]))


def of_example() -> bool:
    return settings()["bptt_network"] == "hello"


def _kept(of: Found) -> int:
    """The steps that the window keeps."""
    now = settings()
    return now["bptt_window"] or min(WINDOWS[now["bptt_network"]], of.steps)


def _limit() -> float:
    """What colours go to, either way."""
    now = settings()
    return now["bptt_limit"] or COLOURS[now["bptt_network"]]


def _controls() -> str | None:
    """The widgets that choose the network and its text. Returns the text; None, and a line, where it cannot be read."""
    own = not of_example()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        networks = {"hello": example.name(), "own": _("a text of your own")}
        pick(
            st.segmented_control,
            "bptt_network",
            _("What is read"),
            list(networks),
            format_func=networks.get,
            required=True,
            choose=_other,
        )
        if own:
            pick(st.text_input, "bptt_text", _("Text to read, letter by letter"), width=230)
        pick_cell("bptt_kind")
        if own:
            pick(st.slider, "bptt_units", _("Units"), min_value=2, max_value=5, step=1, width=110)
        losses = {"last": _("at the last step"), "all": _("at every step")}
        pick(
            st.segmented_control,
            "bptt_loss",
            _("Loss"),
            list(losses),
            format_func=losses.get,
            required=True,
            help=_(
                "−ln of the probability of the letter that comes next; at every step it is the sum of all."
            ),
        )
    if not own:
        return example.READ
    text = settings()["bptt_text"].strip()
    if len(text) < SHORTEST or len(set(text[:LONGEST])) < 2:
        notice(
            _(
                "Type at least three letters that are not all the same: the network learns which one comes next."
            )
        )
        return None
    if len(text) > LONGEST:
        notice(_("The first {longest} letters are read.").format(longest=LONGEST))
    return text[:LONGEST]


def _choices(of: Found) -> None:
    """What is chosen of a network: how far it has learned, which of its gates is drawn, the window, and the colours."""
    now, gates = settings(), of.gates
    if (now["bptt_window"] or 0) > of.steps:
        choose(bptt_window=of.steps)
    if len(gates) > 1 and now["bptt_gate"] not in gates:
        choose(bptt_gate="candidate")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if not of_example():
            trained = {"no": _("untrained"), "yes": _("trained")}
            pick(
                st.segmented_control,
                "bptt_trained",
                _("Network"),
                list(trained),
                format_func=trained.get,
                required=True,
                help=_("Trained: {steps} steps of Adam on this text, with the loss at every step.").format(
                    steps=tiny.STEPS
                ),
            )
            pick(st.number_input, "bptt_seed", _("Seed"), min_value=0, max_value=999, step=1, width=110)
        pick(
            st.slider,
            "bptt_window",
            _("Window: steps kept, from the end"),
            value=_kept(of),
            min_value=1,
            max_value=of.steps,
            step=1,
            width=230,
        )
        if len(gates) > 1:
            pick(
                st.selectbox,
                "bptt_gate",
                _("Rows of W_hh shown"),
                gates,
                format_func={name: gate_name(name, now["bptt_kind"]) for name in gates}.get,
                width=170,
            )
        pick(
            st.selectbox,
            "bptt_limit",
            _("Colours to ±"),
            list(LIMITS),
            value=_limit(),
            format_func="{:g}".format,
            width=120,
            help=_("One scale for all matrices. It stays as you choose it, so that sizes can be compared."),
        )


def _other(network: str) -> None:
    """Another network is read: what was chosen of the one before says nothing of it."""
    choose(bptt_network=network, bptt_window=None, bptt_limit=None, bptt_step=None)


def _gate(of: Found) -> str:
    return settings()["bptt_gate"] if len(of.gates) > 1 else of.gates[0]


def _sums_up(of: Found) -> None:
    """How exactly the sum is torch's, and what the window keeps."""
    keep = _kept(of)
    st.markdown(
        _(
            "Sum and `.grad` differ by at most **{off}**. What the last {kept} of {steps} steps add up to is **{share}** as "
            "long as the whole, and points **{angle}°** away from it."
        ).format(
            off=shown(of.off_grad),
            kept=keep,
            steps=of.steps,
            share=of.share_text(keep),
            angle=of.angle_text(keep),
        )
    )


def _picture(of: Found) -> None:
    """The largest picture: what each step adds, how large that is, and the sum beside what torch has."""
    now = settings()
    keep, limit = _kept(of), _limit()
    pictures, largest = kept(drawings, of, _gate(of), keep, limit)
    if largest < 0.3 * limit and limit > min(LIMITS):
        st.caption(
            _("No number here is above {largest}: choose smaller limits for the colours to see them.").format(
                largest=shown(largest)
            )
        )
    text = "".join(of.letters)
    show_board(
        f"bptt-{text}",
        of.letters,
        (),
        pictures,
        summary=_(
            "{steps} steps; the largest number in a step's matrix is {largest}. The last {kept} steps keep {share} of the "
            "gradient's norm, {angle}° from its direction."
        ).format(
            steps=of.steps,
            largest=shown(largest),
            kept=keep,
            share=of.share_text(keep),
            angle=of.angle_text(keep),
        ),
        subject=f"{of.kind.upper()} · {text}",
        cursor=None if now["bptt_step"] is None else _opened(of),
        clicked=_clicked,
    )


def _clicked(choice: Choice) -> None:
    if choice.time is not None:
        choose(bptt_step=choice.time)


def _opened(of: Found) -> int:
    """The step that is opened: the last one until another is chosen."""
    chosen = settings()["bptt_step"]
    return of.steps - 1 if chosen is None else min(chosen, of.steps - 1)


def _step(of: Found) -> None:
    """All numbers of the chosen step's part: what δ is the product of, and δ times h before."""
    step, gate = _opened(of), _gate(of)
    st.subheader(
        _("Step {step} with its numbers, reading “{letter}”").format(
            step=step + 1, letter=as_text(of.letters[step])
        ),
        anchor=False,
    )
    st.caption(_("Click another step in the picture to open it here."))
    factors = of.factors[gate].isel(time=step)
    part = of.parts.sel(gate=gate).isel(time=step)
    delta, before = of.deltas.sel(gate=gate).isel(time=step).values, of.before[step]
    names = factors["factor"].values.tolist()
    units = [str(unit + 1) for unit in range(len(delta))]
    left, right = st.columns(2, gap="medium")
    with left:
        factors_in_tex = list(map(_tex, names))
        rows = [
            r"\circ ".join(factors_in_tex[at : at + 3]) for at in range(0, len(names), 3)
        ]  # fit a telephone
        aligned([rf"\delta_t&={rows[0]}", *(rf"&\quad\circ {row}" for row in rows[1:])])
        columns = [*zip(names, factors.values, strict=True), ("δ_t", delta)]
        st.table(
            pd.DataFrame(
                {_plain(name): list(map(shown, row)) for name, row in columns},
                index=pd.Index(units, name=_("unit")),
            )
        )
    with right:
        st.latex(rf"\delta_{{{step + 1}}}\,h_{{{step}}}^{{\top}}")
        down, across = (
            [
                f"{sign}{unit.translate(LOWERED)} = {shown(value)}"
                for unit, value in zip(units, own, strict=True)
            ]
            for sign, own in (("δ", delta), ("h", before))
        )
        st.table(
            pd.DataFrame(
                [[shown(value + 0.0) for value in row] for row in part.values],
                columns=across,
                index=pd.Index(down, name="δ ↓ h →"),
            )
        )
    lines = [
        _(
            "$\\partial L/\\partial h_t$ is the total gradient: all that reaches $h_t$, from the loss at this step and through "
            "all later steps."
        )
        if of.kind != "lstm"
        else _(
            "$\\partial L/\\partial c_t$ and $\\partial L/\\partial h_t$ are total gradients: all that reaches the state, from "
            "the loss at this step and through all later steps."
        ),
        _("Row i: weights into unit i; column j: weights from unit j of the step before."),
    ]
    lines.append(
        _(
            "The loss is {loss} nats: the network gave the letter that comes last a probability of {share}."
        ).format(loss=shown(of.back.loss), share=probability(of.back.loss))
        if settings()["bptt_loss"] == "last"
        else _("The loss is {loss} nats.").format(loss=shown(of.back.loss))
    )
    if step == 0:
        lines.append(_("Before the first step the state is 0, so this step adds nothing, whatever its δ."))
    st.markdown(" ".join(lines))


def _tex(name: str) -> str:
    """A formula of stats.gradients.delta_factors as a factor in LaTeX."""
    text = re.sub(r"_([a-z]{2,})", r"_{\1}", name).replace("∂", r"\partial ").replace("²", "^2")
    text = text.replace("tanh", r"\tanh ")
    return f"({text})" if re.search(" [-+>] ", name) else text


def _plain(name: str) -> str:
    """The same as a heading of a table: one that is LaTeX alone says nothing to who hears the page."""
    lowered = re.sub(
        r"_(?:\{(.*?)\}|([a-z]+))", lambda found: (found[1] or found[2]).translate(LOWERED), name
    )
    return lowered.replace(" - ", " − ")


def _window(of: Found) -> None:
    """What the window is, and the same for every length of it."""
    now = settings()
    keep, steps = _kept(of), of.steps
    st.subheader(_("What a window cuts away"), anchor=False)
    left, right = st.columns(2, gap="medium")
    with left:
        if now["bptt_loss"] == "last":
            st.markdown(
                _(
                    "With the loss at the last step this is exactly truncated BPTT with {kept} steps: the loss is sent back "
                    "through {kept} steps and no further. What a step adds does not depend on the steps before it, so the parts "
                    "that are kept stay as they are."
                ).format(kept=keep)
            )
        else:
            st.markdown(
                _(
                    "With a loss at every step, each part holds what all losses from its step on send back. The window keeps the "
                    "last {kept} parts. That is the gradient of the last {kept} losses when the text is read in chunks: the "
                    "state is handed on to the last chunk, the gradient stops there (`h.detach()` in PyTorch). Losses before the "
                    "chunk reach only earlier parts, so nothing of them is left."
                ).format(kept=keep)
            )
            st.markdown(
                _(
                    "It is not what you get when every loss is sent back through {kept} steps: there each step still adds a "
                    "part, from the losses that are near enough."
                ).format(kept=keep)
            )
        share = of.share(keep)
        if share > 1:
            st.markdown(
                _(
                    "What is kept is longer than the whole: the parts that were cut away point against it and had cancelled some "
                    "of it."
                )
            )
    with right:
        rows = pd.DataFrame(
            {
                _("norm kept, of the whole"): [of.share_text(k) for k in range(1, steps + 1)],
                _("angle"): [f"{of.angle_text(k)}°" for k in range(1, steps + 1)],
            },
            index=pd.Index(range(1, steps + 1), name=_("steps kept")),
        )
        table_csv(rows, "rnnviz-bptt")


def _shared(of: Found) -> None:
    """That it is one weight, shown with copies of it, and its shape."""
    st.subheader(_("The same weight at every step"), anchor=False)
    st.markdown(
        _(
            "Every step reads the same numbers $W_{{hh}}$. Give each of the {steps} steps a copy of its own, "
            "$W_{{hh}}^{{(1)}}$ to $W_{{hh}}^{{({steps})}}$, and let torch send the same loss back: each copy gets exactly the "
            "part of its step (largest difference {off}). A change of the one weight changes all copies at once, so its gradient "
            "is their sum."
        ).format(steps=of.steps, off=shown(of.off_copies))
    )
    st.latex(
        r"\frac{\partial L}{\partial W_{hh}}=\sum_{t=1}^{T}\frac{\partial L}{\partial W_{hh}^{(t)}}"
        r"=\sum_{t=1}^{T}\delta_t\,h_{t-1}^{\top}"
    )
    gates, units = len(of.gates), of.parts.sizes["unit"]
    times = f"{gates} × " if gates > 1 else ""
    rows = pd.DataFrame(
        {
            _("textbook, x W"): [f"{times}({units}, {units})", "hₜ₋₁ᵀ δₜ", _("from, to")],
            _("PyTorch, x Wᵀ"): [f"({gates * units}, {units})", "δₜᵀ hₜ₋₁", _("to, from")],
        },
        index=pd.Index(["W_hh", _("part of a step"), _("rows, columns")], name=_("with h and δ as rows")),
    )
    st.table(rows)


def _reading() -> None:
    """What to know about the page, folded."""
    folded(
        [
            _(
                "All matrices have one scale, the sum as well; you choose its limits. A frame that looks empty holds numbers "
                "that are small on it. The norms are on a log scale, and they do not depend on the choice."
            ),
            _(
                "The first step always adds nothing, because the state before it is 0. With the loss at the last step, the "
                "gradient passes through all later steps on its way to step t. Where it fades on that way, early parts are small."
            ),
            _(
                "The share and the angle are of the whole of W_hh. In a GRU or LSTM that is all gates together, though the "
                "matrices show the rows of one."
            ),
            # these numbers: benchmarks/shared_weight.py
            _(
                "Measured in 16 untrained networks of each kind, with 4 units, on “abracadabra” and the loss at the last step: "
                "the last part was 27 to 7,480 times as large as that of step 2. The last 3 of 10 steps kept 72 % to 111 % of "
                "the norm and pointed at most 18° away."
            ),
            _(
                "With a loss at every step the early parts are as large as the late ones, since each has losses close by. Then "
                "the last 3 steps kept only 21 % to 90 %, and pointed 18° to 96° away."
            ),
            _(
                "In a trained network the loss is small, and the parts cancel as well. In the same networks after "
                "training, with a loss at every step, the norm of the sum was 10 % to 35 % of the sum of the norms (before: 19 % "
                "to 82 %), and a window of 3 steps pointed 56° to 112° away from the whole."
            ),
            _(
                "Sent back through every step and summed: Werbos 1990. Cut off after some steps: Williams & Peng 1990. The loss "
                "here is a sum over the steps; PyTorch's default is the mean, which divides every part by the number of losses."
            ),
        ]
    )


def _onward() -> None:
    st.page_link("pages/explore/gradients.py", label=_("Gradients in trained models, on your own text"))
