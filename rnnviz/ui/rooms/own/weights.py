"""Weights that the reader has brought: the recurrent layers found in them, and a series for these to read."""

import hashlib
import tempfile
from pathlib import Path

import pandas as pd
import streamlit as st

from rnnviz.foreign import vocabulary
from rnnviz.models.vocabularies import visible
from rnnviz.studies import series, worded
from rnnviz.ui.parts import brought
from rnnviz.ui.parts.explored import live, subjects
from rnnviz.ui.parts.trainings import choices
from rnnviz.ui.shell.language import _, said
from rnnviz.ui.shell.settings import choose, settings, typed
from rnnviz.ui.shell.widgets import as_text, notice, pick

MOST_REFUSED = 6  # layers that are not read and of which a line each says why


def bring(name: str, raw: bytes) -> None:
    """Takes a file of weights in, in place of the one before. Raises ValueError in one line."""
    from rnnviz import foreign

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"weights{Path(name).suffix[:12]}")
        path.write_bytes(raw)
        try:
            found = foreign.weights(path)
        except ValueError as problem:
            raise ValueError(str(problem).replace(path.name, name, 1)) from None
    st.session_state["own_weights"] = (name, found, hashlib.sha256(raw).hexdigest())


def show() -> None:
    """What was found in the weights, and what they are to read."""
    if "own_weights" not in st.session_state:
        return
    name, found, key = st.session_state["own_weights"]
    st.subheader(_("Weights"), anchor=False)
    st.markdown(f"**{as_text(name)}** · {as_text(found.format)}")
    rows = {
        layer: {
            _("kind"): module.mode.partition("_")[0],
            _("layers"): module.num_layers,
            _("directions"): 1 + module.bidirectional,
            _("numbers it reads"): module.input_size,
            _("units"): module.hidden_size,
        }
        for layer, module in found.items()
    }
    st.dataframe(pd.DataFrame.from_dict(rows, orient="index").rename_axis(_("Module")), width="stretch")
    for line in found.notes:
        st.caption(as_text(line))
    for refused, why in found.refused[:MOST_REFUSED]:
        notice(_("{layer} is not read: {why}").format(layer=refused, why=why))
    if len(found.refused) > MOST_REFUSED:
        notice(_("Further layers that are not read: {count}").format(count=len(found.refused) - MOST_REFUSED))
    if found.left:
        shown = ", ".join(f"{array.name} {tuple(array.shape)}" for array in found.left[:8])
        more = _(" and {count} more").format(count=len(found.left) - 8) if len(found.left) > 8 else ""
        st.caption(as_text(_("In no layer: {arrays}").format(arrays=shown) + more))
    chosen = _chain(found)
    if found.vocabulary or (found.embedding is not None and found.output is not None):
        text, numbers = st.tabs([_("A text"), _("Numbers")])
    else:
        numbers, text = st.tabs([_("Numbers"), _("A text")])
    with numbers:
        _numbers(name, found, chosen)
    with text:
        _text(name, found, chosen, key)


def _chain(found) -> tuple[str, ...]:
    """Which of the layers read, one after the other."""
    whole = [found.chain] if len(found.chain) > 1 else []
    chains = [*whole, *((layer,) for layer in found if (layer,) not in whole)]
    return st.selectbox(
        _("Layers that read"), chains, format_func=lambda chain: " → ".join(chain), key="own_chain", width=320
    )


def _text(name: str, found, chosen: tuple[str, ...], key: str) -> None:
    """A vocabulary, with which the layers read whatever is typed."""
    if found.vocabulary:
        st.caption(
            _("The file names its {count:,} tokens: {names} …").format(
                count=len(found.vocabulary),
                names=as_text(" ".join(map(visible, list(found.vocabulary.values())[:12]))),
            )
        )
    brought.box(
        "own_vocabulary",
        _("Another vocabulary") if found.vocabulary else _("Its vocabulary"),
        help=_(
            'What its tokens are called: as JSON, a list or an object with ids ({{"a": 1, "b": 2}}); or one token a line, the '
            "first of id 0; or all characters in one line. In lines, \\n stands for a line end and \\s for a blank. Or a file of "
            "this, up to {size} MB."
        ),
        or_file=_("or a JSON or text file, up to {size} MB"),
        types=("json", "txt"),
        placeholder='{"a": 1, "b": 2, " ": 3}',
        check=vocabulary.parsed,
        largest=1,
    )
    if not st.button(_("Read texts with it"), key="own_words_read"):
        return
    try:
        text = brought.file("own_vocabulary")
        given = text[1] if text else settings()["own_vocabulary"] or ""
        if not given and not found.vocabulary:
            notice(_("Give the vocabulary: without it nobody knows which token is which number."), error=True)
            return
        words = vocabulary.parsed(given) if given else found.vocabulary
        called = name[-200:]
        own = worded.live(found, words, called, chosen)
        made = hashlib.sha256(f"{key}{chosen}{words}".encode("utf-8", "replace")).hexdigest()
        choose(subject=live.bring(own, made, called), text=None)
    except ValueError as problem:
        notice(said(problem), error=True)
        return
    st.switch_page("pages/explore/states.py")


def _numbers(name: str, found, chosen: tuple[str, ...]) -> None:
    """A series, which the layers read once."""
    pick(
        st.text_area,
        "own_numbers",
        _("What it is to read, one step a line"),
        value=settings()["own_numbers"] or "",
        height=150,
        placeholder="0.1, 0.5\n0.2, 0.4\n0.3, 0.3",
        help=_(
            "Numbers parted by commas, tabs or blanks, as many in each line as the first layer reads; names in the first line "
            "and times in the first column if you like; a column named “id” parts several series. Paste it from a table, or "
            "choose a CSV or Parquet file."
        ),
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        choices.scale("own_scale", series.SCALES)
        pressed = st.button(_("Read"))
    table = st.file_uploader(
        _("or a CSV or Parquet file"),
        type=["csv", "tsv", "txt", "parquet"],
        max_upload_size=5,
        key="own_table",
    )
    if not pressed:
        return
    try:
        if table is not None and table.name.lower().endswith(".parquet"):
            several = series.from_parquet(table.getvalue())
        else:
            text = settings()["own_numbers"] or ""
            if table is not None:
                text = typed(table.getvalue().decode("utf-8-sig"))
            several = series.parse_all(text)
        read = [series.scaled(one, settings()["own_scale"]) for one in several]
        embedding = found.embedding if not found.chain or chosen[0] == found.chain[0] else None
        trace = series.read({layer: found[layer] for layer in chosen}, read, embedding)
        subjects.bring(name, trace)
    except UnicodeDecodeError:
        notice(_("The file is not text in UTF-8. Save it as “CSV UTF-8” and choose it again."), error=True)
    except ValueError as problem:
        notice(said(problem), error=True)
    else:
        st.switch_page("pages/explore/states.py")
