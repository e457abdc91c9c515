"""A network that reads three words, beside a bag of words that only adds them up; both learn while one looks."""

import numpy as np
import pandas as pd
import streamlit as st

from rnnviz import figures
from rnnviz.studies import tiny
from rnnviz.studies.tiny import ORDER, STEPS
from rnnviz.ui.parts.board import drawn, show_figures
from rnnviz.ui.parts.cell import show_cell
from rnnviz.ui.parts.numbers import aligned, percent, shown
from rnnviz.ui.parts.sheet import sums
from rnnviz.ui.parts.tasks import answers, by_hand, guess_first
from rnnviz.ui.parts.tiny import (
    BAG,
    Training,
    asked,
    called,
    code,
    go_on,
    losses,
    shapes,
    steps,
    training,
    vector,
)
from rnnviz.ui.rooms.order.tasks import questions, tasks
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import folded, pick


def show() -> None:
    st.header(_("The order of words"))
    st.write(
        _(
            "Three sentences made of the same words; only “as soon as” is right (1). The rings mark the right answer after "
            "the last word: the recurrent network learns to reach them, while the bag of words gives the same answer three "
            "times."
        )
    )
    guessing = st.container()
    found = training("order")
    if found is None:
        return
    with guessing:
        guess_first("order", questions(found))
    with answers():
        _picture(found)
    go_on(found)
    _results(found)
    by_hand("order", tasks(found))
    shapes(found, "order")
    _steps(found)
    code("order")
    _reading()


def _picture(found: Training) -> None:
    """The largest picture: what both say after each word; below, the loss."""
    outputs = kept(tiny.answers, found.models, ORDER)
    outputs = outputs.assign_coords(model=[called(name) for name in found.models])
    texts = [" ".join(words) for words in ORDER.sequences]
    last = [
        f"{name}: "
        + ", ".join(
            f"{text} {percent(value)}" for text, value in zip(texts, row[:, -1].tolist(), strict=True)
        )
        for name, row in zip(outputs["model"].values, outputs.values, strict=True)
    ]
    show_figures(
        "order",
        [
            drawn(
                "answers",
                _("The output after each word; rings: the right answer at the end"),
                figures.answers,
                outputs,
                ORDER.targets,
                [asked("order")[1], BAG],
            ),
            losses(found),
        ],
        summary=_("After the last word:") + " " + "; ".join(last),
    )


def _results(found: Training) -> None:
    """What both say in the end, and why the bag of words cannot do better."""
    last = kept(tiny.answers, found.models, ORDER).isel(time=-1)
    texts = [" ".join(words) for words in ORDER.sequences]
    columns = {_("right answer"): [str(target) for target in ORDER.targets]} | {
        called(name): [percent(value) for value in last.sel(model=name).values.tolist()]
        for name in found.course.models
    }
    rows = pd.DataFrame(columns, index=pd.Index(texts, name=_("sequence")))
    rows.loc[_("loss (nats)")] = ["", *(shown(loss) for loss in found.seen[-1].losses().values())]
    left, right = st.columns(2, gap="medium")
    with left:
        st.table(rows)
        name = next(iter(found.course.models))
        if found.seen[-1].losses()[name] > 0.1:
            st.text(
                _(
                    "The {name} has not learned it yet. Let it train to the end, or try another seed or more units."
                ).format(name=called(name))
            )
    with right:
        st.subheader(_("Why the bag of words fails"), anchor=False)
        aligned(
            [
                rf"\text{{{text}}}&:\;"
                + "+".join(vector(v) for v in rows_)
                + rf"=\boldsymbol{{{vector(sum(rows_))}}}"
                for text, rows_ in zip(texts, ORDER.x.int().numpy(), strict=True)
            ]
        )
        share = float(np.mean(ORDER.targets))
        best = -(share * np.log(share) + (1 - share) * np.log(1 - share))
        st.markdown(
            _(
                "It adds up its inputs, and the three sums are the same vector: whatever its weights, its three outputs are "
                "equal. The best it can do is to answer {share} each time, a loss of {loss:.4g} nats."
            ).format(share=percent(share), loss=best)
        )


def _steps(found: Training) -> None:
    """Every number of one sequence's reading, and of the output after it."""
    st.subheader(_("Every step, with its numbers"))
    texts = [" ".join(words) for words in ORDER.sequences]
    pick(
        st.segmented_control,
        "order_sequence",
        _("Sequence"),
        range(len(texts)),
        format_func=texts.__getitem__,
        required=True,
    )
    sequence = ORDER.sequences[settings()["order_sequence"]]
    working = steps(found.main, ORDER, sequence)
    show_cell("order", working, tokens=sequence)
    state = working["hidden"].values[-1]
    head = found.main.head
    w, b = head.weight.detach().double().numpy()[0], head.bias.item()
    score = float(w @ state + b)
    st.markdown(_("The head reads the last state and gives the output:"))
    sums(
        r"s&=W_y h_3+b_y,\quad y=\sigma(s)=\frac{1}{1+e^{-s}}",
        "%.0s",  # the one line has no number
        [zip(w, state, strict=True)],
        [w * state],
        [score],
        [b],
    )
    st.latex(rf"y=\sigma({score:.4g})=\boldsymbol{{{1 / (1 + np.exp(-score)):.4g}}}")


def _reading() -> None:
    """What to know about the page, folded, and where to go next."""
    folded(
        [
            _(
                "Many-to-one: the network reads all three words and is asked once, after the last. The outputs before that "
                "are drawn too, but no answer was asked for there."
            ),
            _(
                "After two words, “as soon” must have left a different state from “soon as”; otherwise the last word could "
                "not tell them apart. The bag's output after two words belongs to the sum so far."
            ),
            _(
                "Trained with Adam (rate {rate}) for {steps} steps on all three sequences; the loss is "
                "binary cross-entropy, −ln of the probability of the right answer. The same seed gives the same numbers."
            ).format(rate=tiny.RATE, steps=STEPS),
            _(
                "The bag is the same network without the loop: $\\tanh(W\\sum_t x_t+b)$ and the same head, trained for as "
                "many steps."
            ),
            _(
                "Some tutorials write the bias as (1,1); there is one number for each unit: ({units},)."
            ).format(units=settings()["order_units"]),
        ]
    )
