"""One cell: presets, sizes and grids of numbers that a reader edits, and what torch made of them."""

import math

import pandas as pd
import streamlit as st
import xarray as xr

from rnnviz.paper.terms import LETTERS
from rnnviz.stats import worked
from rnnviz.studies import one_cell
from rnnviz.trace import GATES
from rnnviz.ui.parts import example
from rnnviz.ui.parts.cell import keys, show_cell
from rnnviz.ui.parts.tasks import answers, by_hand, guess_first
from rnnviz.ui.rooms.cell.setup import change, draft, edit
from rnnviz.ui.rooms.cell.tasks import questions, tasks
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, held, settings
from rnnviz.ui.shell.widgets import folded, notice, pick, shows

KINDS = {"rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}
SUBSCRIPTS = "₁₂₃₄₅₆₇₈"


def show() -> None:
    st.header(_("One cell by hand"))
    st.write(opening())
    guessing = st.container()
    kind()
    above = st.container()
    numbers()
    with above:  # says whose numbers these are, so it waits for what is typed into them
        presets()
    found = workings()
    with guessing:
        guess_first("cell", questions(found))
    with answers():
        drawing(found)
        if shows_example():
            example.met("cell", found[0].attrs["kind"])
    by_hand("cell", tasks(found))
    if settings()["cell_kind"] in ("gru", "all"):
        st.caption(
            _(
                "The GRU here is PyTorch’s: n = tanh(W_xn x + b_xn + r∘(W_hn h + b_hn)), so r acts after the weight. In Cho et "
                "al. 2014 and most diagrams it acts before: W_hn(r∘h). The numbers differ as soon as W_hn mixes units."
            )
        )
    prose()
    onward()


def opening() -> str:
    """What to look at, in one sentence or two."""
    way = _(
        "The previous step's state comes in on the left, the input from below; the state for the next step leaves on the right."
    )
    if settings()["cell_kind"] == "rnn":
        look = _("Go one step forward and watch the new state: all of it is written anew. Then choose LSTM.")
    else:
        look = _("Go one step forward and watch which values are kept and which are written.")
    return f"{way} {look}"


def shows_example() -> bool:
    """Whether the numbers are those of the course's example, none of them changed."""
    now = settings()
    return now["cell_preset"] == "hello" and now["cell_own"] is None


# Choosing


def kind() -> None:
    """RNN, LSTM or GRU, or all; of an RNN the function too."""
    names = KINDS | {"all": _("all three")}
    left, right = st.columns([3, 2])
    with left:
        pick(st.segmented_control, "cell_kind", _("Cell"), list(names), format_func=names.get, required=True)
    if settings()["cell_kind"] in ("rnn", "all"):
        with right:
            shows("cell_nonlinearity", draft()["nonlinearity"])
            st.segmented_control(
                _("The RNN's activation function"),
                one_cell.NONLINEARITIES,
                key="cell_nonlinearity",
                required=True,
                disabled=held(),
                on_change=lambda: change(draft() | {"nonlinearity": st.session_state["cell_nonlinearity"]}),
            )


def presets() -> None:
    """Numbers that make a point, each a click away, and what the chosen one shows."""
    names = {
        "hello": example.name(),
        "latch": _("a latch"),
        "remember": _("remember for ever"),
        "forget": _("forget at once"),
        "counter": _("a counter"),
        "explode": _("an exploding cell"),
        "random": _("random"),
    }
    now = settings()
    shows("cell_pill", None if now["cell_own"] else now["cell_preset"])
    st.pills(
        _("Presets"),
        list(names),
        key="cell_pill",
        format_func=names.get,
        on_change=_preset_picked,
        disabled=held(),
    )
    if now["cell_preset"] == "random":
        st.button(_("Other random numbers"), on_click=_reseeded)
    kinds = KINDS if now["cell_kind"] == "all" else (now["cell_kind"],)
    if now["cell_own"] is not None:
        left, right = st.columns([3, 1], vertical_alignment="center")
        left.text(
            _("These are your numbers, made from the preset “{name}”.").format(name=names[now["cell_preset"]])
        )
        right.button(_("Back to the preset"), on_click=_undone, width="stretch")
    elif "cell_before" in st.session_state:
        st.button(_("Bring my numbers back"), on_click=lambda: choose(**st.session_state.pop("cell_before")))
    if now["cell_own"] is None:
        points = {point(now["cell_preset"], name): name for name in kinds}
        with answers("said"):
            for text, name in points.items():
                st.text((f"{KINDS[name]}: " if len(points) > 1 else "") + text)


def point(preset: str, kind: str) -> str:
    """What a preset shows on a kind of cell, in one sentence."""
    return {
        "hello": dict.fromkeys(
            KINDS,
            _(
                "Three units that have learned to spell: each step reads a letter of h, e, l, l (x₁ to x₄ stand for h, e, l, o). "
                "Steps 3 and 4 read the same l, but l comes next after one and o after the other: h must differ."
            ),
        ),
        "latch": {
            "lstm": _(
                "Input 1 sets unit 1, input 2 resets it (unit 2 the other way round); in between f = 1 and i = 0 hold it."
            ),
            "gru": _(
                "Input 1 sets unit 1, input 2 resets it: z = 1 holds the state, z = 0 takes the candidate in its place."
            ),
            "rnn": _(
                "A strong weight from each unit to itself (3) holds the sign of the state; a strong input (±6) turns it over."
            ),
        },
        "remember": {
            "lstm": _(
                "Input 3 says “write”, only at step 1: from then on f = 1 and i = 0, and c stays the same whatever comes in."
            ),
            "gru": _(
                "Input 3 says “write”, only at step 1: from then on z = 1, and h stays the same whatever comes in."
            ),
            "rnn": _(
                "A plain RNN has no gate to shut: every input is added, and what came first is washed away."
            ),
        },
        "forget": {
            "lstm": _(
                "f = 0 and i = 1 at every step: c is the newest candidate alone, and the past leaves no trace."
            ),
            "gru": _("z = 0 at every step: h is the newest candidate alone, and the past leaves no trace."),
            "rnn": _("W_hh is 0: h follows the newest input alone, and the past leaves no trace."),
        },
        "counter": {
            "lstm": _(
                "f = 1 and i = 1: input 1 adds one to c, input 2 takes one off unit 1. h = tanh c shows ever less of it."
            ),
            "gru": _(
                "A GRU's state mixes old and new, so it stays between −1 and 1: it cannot count, each step adds less."
            ),
            "rnn": _(
                "W_hh = 1 with relu adds up exactly; with tanh the sum is pressed below 1 at every step."
            ),
        },
        "explode": {
            "lstm": _(
                "One input, then nothing. What explodes in an RNN adds at most 1 per step to c here: i, f and g are at most "
                "1."
            ),
            "gru": _(
                "One input, then nothing. The state grows, but as a mixture with the candidate it stays below 1."
            ),
            "rnn": _(
                "One input, then nothing: with relu, W_hh (eigenvalues 2 and 1) nearly doubles h at each step; tanh stops it."
            ),
        },
        "random": dict.fromkeys(
            KINDS, _("Random numbers, the same for the same seed: predict what comes out of them.")
        ),
    }[preset][kind]


def _preset_picked() -> None:
    name = st.session_state["cell_pill"]
    if name is not None:
        _undone()
        choose(cell_preset=name)


def _reseeded() -> None:
    _undone()
    choose(cell_seed=settings()["cell_seed"] % 9999 + 1)


def _undone() -> None:
    """Leaves the reader's own numbers, which can be brought back."""
    now = settings()
    if now["cell_own"] is not None:
        st.session_state["cell_before"] = {
            name: now[name] for name in ("cell_preset", "cell_seed", "cell_own")
        }
    choose(cell_own=None)


# Editing


def numbers() -> None:
    """Sizes and grids, folded away until they are wanted."""
    with st.expander(_("Change the numbers")):
        _sizes()
        now = settings()["cell_kind"]
        kinds = list(KINDS) if now == "all" else [now]
        pages = {"inputs": _("inputs"), "start": _("initial state")}
        for name in kinds:
            for gate in GATES[name]:
                own = LETTERS[name][gate]
                before = f"{KINDS[name]} · " if len(kinds) > 1 else ""
                pages[f"{name}/{gate}"] = f"{before}{gate.replace('_', ' ')} {own}"
        if st.session_state.get("cell_grid") not in pages:
            st.session_state["cell_grid"] = "inputs"
        st.segmented_control(
            _("Which numbers"), list(pages), key="cell_grid", format_func=pages.get, required=True
        )
        _grids(st.session_state["cell_grid"], kinds)


def _sizes() -> None:
    labels = {"inputs": _("Inputs"), "units": _("Units"), "steps": _("Steps")}
    now = draft()["sizes"]
    for (name, most), column in zip(one_cell.MOST.items(), st.columns(3), strict=True):
        key = f"cell_{name}"
        shows(key, now[name])
        column.number_input(
            labels[name],
            min_value=1,
            max_value=most,
            step=1,
            key=key,
            disabled=held(),
            on_change=_sized,
            args=(name, key),
            help=_("From 1 to {most}; what you typed is kept when you make it smaller.").format(most=most),
        )


def _sized(name: str, key: str) -> None:
    if st.session_state[key] is not None:
        setup = draft()
        setup["sizes"][name] = st.session_state[key]
        change(setup)


def _grids(page: str, kinds: list[str]) -> None:
    inputs, units, steps = draft()["sizes"].values()
    read = [f"x{SUBSCRIPTS[k]}" for k in range(inputs)]
    heard = [f"h{SUBSCRIPTS[k]}" for k in range(units)]
    of_units = [f"{_('unit')} {k + 1}" for k in range(units)]
    if page == "inputs":
        st.caption(_("x, a row for each step; shape ({steps}, {inputs})").format(steps=steps, inputs=inputs))
        _grid(("inputs",), [f"{_('step')} {t + 1}" for t in range(steps)], read)
    elif page == "start":
        for name, symbol in {"hidden": "h₀", "cell": "c₀"}.items():
            if name == "hidden" or "lstm" in kinds:
                st.caption(f"{symbol}, ({units},)")
                _grid((name,), [symbol], of_units)
    else:
        name, gate = page.split("/")
        place = GATES[name].index(gate)
        rows = f"{place * units}:{(place + 1) * units}"
        own = LETTERS[name][gate]
        weights = ("weights", name, gate)
        columns = st.columns([max(2, inputs), max(2, units), 2])
        with columns[0]:
            st.caption(f"W_x{own} ({units}, {inputs}) = weight_ih_l0[{rows}]")
            _grid((*weights, "input"), of_units, read)
        with columns[1]:
            st.caption(f"W_h{own} ({units}, {units}) = weight_hh_l0[{rows}]")
            _grid((*weights, "recurrent"), of_units, heard)
        with columns[2]:
            st.caption(f"b ({units},) = bias_ih_l0[{rows}], bias_hh_l0[{rows}]")
            _grid((*weights, "bias"), of_units, [f"b_x{own}", f"b_h{own}"])


def _grid(path: tuple[str, ...], index: list[str], columns: list[str]) -> None:
    """A field of the set-up as a table to edit. index, columns: headings, as many as count."""
    setup = draft()
    field = setup
    for name in path:
        field = field[name]
    rows = [field] if path[0] in ("hidden", "cell") else field  # a vector is a table of one row
    now = [row[: len(columns)] for row in rows[: len(index)]]
    tables = st.session_state.setdefault("cell_tables", {})
    name = "_".join(path)
    version, base, seen = tables.get(name, (0, None, None))
    if seen != now or f"cell_{name}_{version}" not in st.session_state:  # changed elsewhere: another table
        version, base = version + 1, now
    edited = st.data_editor(
        pd.DataFrame(base, index=index, columns=columns, dtype="float64"),
        key=f"cell_{name}_{version}",
        width="stretch",
        disabled=held(),
        column_config={
            "_index": st.column_config.Column(width=72),
            **{
                column: st.column_config.NumberColumn(
                    column, min_value=-one_cell.LARGEST, max_value=one_cell.LARGEST, width=64
                )
                for column in columns
            },
        },
    )
    values = [[None if math.isnan(value) else value for value in row] for row in edited.values.tolist()]
    tables[name] = version, base, values
    if values != now:
        for row, new in zip(rows, values, strict=False):
            row[: len(new)] = new
        change(setup)


# Showing


def workings() -> list[xr.Dataset]:
    """What torch makes of the set-up, each kind that was chosen; an empty cell counts as 0, and a line says so."""
    setup, now = draft(), settings()["cell_kind"]
    found, empty = [], set()
    for name in KINDS if now == "all" else (now,):
        given = one_cell.cut(setup, name)
        empty |= set(_fill(given))
        node = one_cell.run(**given)[name].to_dataset()
        found.append(worked.steps(node.isel(layer=0, direction=0, batch=0)))
    if empty:
        places = "; ".join(sorted(empty)[:3]) + ("; …" if len(empty) > 3 else "")
        notice(_("Empty, and counted as 0 until you fill it: {places}.").format(places=places))
    return found


def _fill(given, names: tuple[str, ...] = (), places: tuple[int, ...] = ()):
    """Puts 0 where a cell is empty; yields where that was."""
    for key, value in given.items() if isinstance(given, dict) else enumerate(given):
        at = ((*names, key), places) if isinstance(given, dict) else (names, (*places, key + 1))
        if isinstance(value, dict | list):
            yield from _fill(value, *at)
        elif value is None:
            given[key] = 0.0
            field = ", ".join(name.replace("_", " ") for name in at[0] if name != "weights")
            text = _("{field}, row {row}, column {column}") if places else _("{field}, unit {row}")
            yield text.format(field=field, row=at[1][0], column=at[1][-1])


def drawing(found: list[xr.Dataset]) -> None:
    """The drawing with its equations, and what is saturated."""
    now = settings()
    kind = found[0].attrs["kind"]
    show_cell(
        "bench",
        found,
        tokens=letters(),
        edited=edit,
        largest=one_cell.LARGEST,
        begin=(now["cell_step"], now["cell_product"]),
        around=example.address("network", kind) if shows_example() else None,
    )
    counts = [worked.saturated(one) for one in found]
    flat, every = (sum(column) for column in zip(*counts, strict=True))
    if flat:
        st.caption(
            _(
                "Saturated: {flat} of {every} activations lie so near an end of their function (0 or 1 for σ, −1 or 1 for tanh) "
                "that four decimals show the end. There the slope is nearly 0, so a small change of a weight changes next to "
                "nothing; in the middle it is largest: tanh has slope 1 at 0."
            ).format(flat=flat, every=every)
        )


def letters() -> list[str] | None:
    """What the example reads, as letters: a dot where the reader has made something else of one."""
    if settings()["cell_preset"] != "hello":
        return None
    given = one_cell.cut(draft(), "rnn")["inputs"]
    names = example.LETTERS
    one_hot = {tuple(float(k == place) for k in range(len(names))): one for place, one in enumerate(names)}
    return [one_hot.get(tuple(row), "·") for row in given]


def prose() -> None:
    """What to look at, other notations, sources; folded."""
    folded(
        [
            _(
                "Every number is computed: your weights are put into torch's own nn.RNN, nn.LSTM or nn.GRU (float64), which runs "
                "and is recorded. All steps are sent at once, so stepping needs no server."
            ),
            _(
                "Look at the line on top: in an LSTM the cell state passes with one multiplication (f) and one addition (i∘g); "
                "in a GRU the state itself does. ⊙ multiplies unit by unit, + adds, a dot marks where a value is used twice."
            ),
            _(
                "Shapes: PyTorch keeps W as (units, inputs) and computes x Wᵀ with x as a row; textbooks write W x with x "
                "as a column. The gates are stacked in weight_ih_l0: i, f, g, o, or r, z, n."
            ),
            _(
                "Why is g a tanh and not a σ? i, f and o say how much, from 0 to 1. g says what: a number that can push c up or "
                "down, from −1 to 1. With σ in its place i∘g would never be negative: a c that starts at 0 would never fall "
                "below it."
            ),
            _(
                "There are two biases, b_x and b_h. They are simply added, except in a GRU's candidate, where r multiplies "
                "b_h."
            ),
            _(
                "The sign of z: here and in PyTorch, Keras and Cho et al. 2014 z keeps the old state. Chung et al. 2014 and many "
                "textbooks write h = z∘n + (1 − z)∘h before: there z lets the new one in."
            ),
            _(
                "Elman 1990 (RNN); Hochreiter & Schmidhuber 1997 (LSTM); Gers, Schmidhuber & Cummins 2000 (its forget gate); Cho "
                "et al. 2014 (GRU)."
            ),
            keys(),
        ]
    )


def onward() -> None:
    """The same elsewhere."""
    st.page_link(
        "pages/explore/gates.py", label=_("Gates: the same gates in a trained model that reads your text")
    )
