"""What the reader has chosen, kept over page changes and held by the address, so that a copied link shows the same.

The address is written by the browser's history.replaceState: a choice makes no history entry, and Back leads to the page
before. Links are read once when they arrive: at a first visit, after Back, or when the address was edited by hand.
"""

import base64
import binascii
import json
import zlib
from urllib.parse import quote, urlencode

import streamlit as st

from rnnviz.models import checkpoints
from rnnviz.ui.shell.language import LANGUAGES, _

LONGEST = 2000  # characters that are read
LONGEST_LINK = 200_000  # characters that a link may unfold to; more is not looked at
PLAIN = 3000  # characters of an address up to which a text stands in it as it is; else folded
LONGEST_ADDRESS = 30_000  # characters of all texts in an address: servers refuse twice that
DEFAULT_MODEL = "shakespeare-lstm"
DEFAULT_TEXTS = {
    "shakespeare": "To be, or not to be, that is the question:",
    "python": "def total(values):\n    return sum(v for v in values if v > 0)\n",
}
# by the corpus a model was trained on: short texts that make a point
EXAMPLES = {
    "shakespeare": {
        "speaker": "ROMEO:\nGood morrow, father.\n\nFRIAR LAURENCE:\nGood morrow, Romeo.\n\nROMEO:\n",
        "verse": "Shall I compare thee to a summer's day?\nThou art more lovely and more temperate:\n",
        "repetition": "To-morrow, and to-morrow, and to-morrow, and to-morrow, and to-morrow, and ",
        "quotation": "Then said the king, 'Bring me my sword, my horse, and all my men from here to Rome,' and wept.",
    },
    "python": {
        "indentation": "def first(rows):\n    for row in rows:\n        if row:\n            return row\n    return None\n",
        "brackets": "pairs = dict(zip(names, (sum(row[1:]) for row in (rows + [[0, (1, 2)]]))))\n",
        "string": "message = \"a string may hold (brackets[ and # signs that mean nothing\" + 'x'  # a comment\n",
    },
}
DEFAULTS = {
    "model": DEFAULT_MODEL,
    "text": None,  # the default text of the model
    "layer": 0,
    "unit": 0,
    "order": "similarity",
    "components": 2,
    "gate": None,
    "step": None,  # the cursor, where a click has set it; None: the end of the text
    "loss": "step",
    "part": "total",
    "bench": None,  # the set-up of the lab, packed
    # learn/cell
    "cell_kind": "lstm",
    "cell_preset": "latch",
    "cell_seed": 1,  # of the preset 'random'
    "cell_own": None,  # numbers that differ from the preset, packed
    # learn/vanishing
    "vanishing_part": "factor",
    "vanishing_x": 1.0,
    "vanishing_factors": 100,
    "vanishing_function": "tanh",
    "vanishing_weight": 0.9,
    "vanishing_input": 0.5,  # some, so that tanh′ is below 1
    "vanishing_steps": 50,
    "vanishing_radius": 0.6,  # about what PyTorch draws
    "vanishing_helps": ["lstm", "forget_bias"],
    "vanishing_forget_bias": 2.0,
    "vanishing_truncate": 20,
    "vanishing_clip": 1.0,
    "vanishing_rate": 0.1,
    # learn/network
    "network_stage": "perceptron",
    "network_shape": "many_to_one",
    "network_kind": "rnn",
    "network_layers": 1,
    "network_directions": 1,
    "network_steps": 4,
    "network_units": 4,
    "network_seed": 0,
    # learn/order
    "order_kind": "rnn",
    "order_units": 3,
    "order_seed": 0,
    "order_sequence": 0,
    # learn/letters
    "letters_kind": "rnn",
    "letters_units": 3,
    "letters_seed": 0,
    "letters_trained": 200,  # the step of training that is shown
    "letters_text": "hello",
    "letters_temperature": 1.0,
    "letters_draw": 0,  # the seed that letters are drawn with
    "letters_shown": 12,  # letters that have been drawn so far, at most
    # learn/attention
    "attention_example": "one",
    "attention_own": None,  # the reader's own numbers, packed
    # explore/attention
    "translate_task": "dates",
    "translate_text": None,  # the default text of the task
    "translate_view": "map",
    "translate_step": None,  # the output step that is worked out; None: the first
    "translate_changes": "",  # as ui.translation.parse reads them
    "translate_beam": 3,
    "translate_loss_step": 0,  # counted from 1; 0: all
    # learn/blank
    "blank_text": None,  # the first example
    "blank_place": None,  # of the word that is left out; None: where the example has it, or the reader wrote ____
    # explore/generate
    "generate_who": "plays",
    "generate_text": None,  # the seed text; None: the default of who writes
    "generate_temperature": 0.8,
    "generate_top_k": 0,
    "generate_top_p": 1.0,
    "generate_length": 600,
    "generate_seed": 1,
    "generate_order": 6,  # of the counting model
    "generate_writer": "lstm",  # whose states are shown
    "generate_layer": 1,
    "generate_quantity": "hidden",
    "generate_place": None,  # the character that is explained; None: the last one written
    "generate_changes": "",  # as ui.generation.changes reads them
    "generate_dropped": "",  # those that the last change of the other settings has left out; no part of the address
    "generate_pasted": None,  # the text whose surprise is shown
    # explore/sentiment
    "sentiment_language": None,  # of the reviews; None: the reader's own
    "sentiment_view": "one",
    "sentiment_text": None,  # the first example of the language
    "sentiment_first": None,  # the first pair's
    "sentiment_second": None,
    "sentiment_model": "lstm",  # the one that is looked into
    # learn/counting
    "counting_part": "chain",
    "counting_source": "own",
    "counting_order": None,  # what shows most of the source
    "counting_text": None,  # what is counted; None: our few lines
    "counting_sentence": None,  # an example that makes the point of the part
    "counting_place": None,  # of the token that is worked out; None: the first that gets a zero, else the last
    "counting_k": 1.0,
    "counting_discount": 0.75,
    "counting_unit": "characters",  # of the held-out text
    "lang": "en",
    "projector": False,
}
SENTIMENT_LANGUAGES = ("english", "korean")
SENTIMENT_VIEWS = ("one", "two", "many")
SENTIMENT_MODELS = ("rnn", "gru", "lstm", "lstm-mean", "lstm-attention")
ATTENTION_EXAMPLES = ("one", "even", "tie", "long", "turned", "own")
GENERATE_WHO = ("plays", "python")
GENERATE_WRITERS = ("rnn", "gru", "lstm", "counts")
# what a written text follows from: a character that was put into one text has no place in another
GENERATE_TEXT = {f"generate_{name}" for name in "who text temperature top_k top_p seed order".split()}
GENERATE_QUANTITIES = (
    "hidden",
    "cell",
    "input_gate",
    "forget_gate",
    "candidate",
    "output_gate",
    "reset_gate",
    "update_gate",
)
TRANSLATE_TASKS = ("dates", "korean")
TRANSLATE_VIEWS = ("map", "beam", "bottleneck")
CELL_PRESETS = ("latch", "remember", "forget", "counter", "explode", "random")
HELPS = (
    "gru",
    "lstm",
    "forget_bias",
    "orthogonal",
    "identity",
    "deeper",
    "skip",
    "bidirectional",
    "truncate",
    "clip",
)
NETWORK_STAGES = ("perceptron", "multilayer", "recurrent", "unrolled")
NETWORK_SHAPES = ("one_to_one", "one_to_many", "many_to_one", "many_to_many", "encoder_decoder")
COUNTING_PARTS = ("chain", "zero", "smoothing", "network", "heldout")
COUNTED = {f"counting_{name}" for name in ("source", "order", "text", "sentence")}
COUNTING_SOURCES = ("own", "words", "characters")
COUNTING_KS = (0.001, 0.01, 0.1, 0.3, 1.0, 3.0, 10.0)
CLIPS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
RATES = (0.001, 0.01, 0.1, 1.0)

_address = st.components.v2.component(
    "rnnviz_address",
    js="""export default function ({ data }) {
  const url = new URL(window.location.href);
  if (url.search === data.search) return;
  url.search = data.search;
  window.history.replaceState(window.history.state, "", url);
}""",
)


def settings() -> dict:
    """The reader's settings; change them through `choose`."""
    return st.session_state.setdefault("settings", dict(DEFAULTS))


def choose(**changes) -> None:
    """Changes settings. Another model or text starts with the cursor at its end; another one to translate or to write,
    unchanged."""
    if "model" in changes or "text" in changes:
        changes = {"step": None} | changes
    if "translate_task" in changes:
        changes = {"translate_text": None} | changes
    if "translate_task" in changes or "translate_text" in changes:
        changes = {"translate_step": None, "translate_changes": ""} | changes
    if "counting_source" in changes:
        changes = {"counting_order": None} | changes
    if changes.keys() & COUNTED:
        changes = {"counting_place": None} | changes
    if changes.keys() & GENERATE_TEXT:
        now = settings()
        dropped = now["generate_changes"] or now["generate_dropped"]
        changes = {"generate_changes": "", "generate_dropped": dropped} | changes
    settings().update(changes)


def text() -> str:
    """What is in the text box: what the reader typed, or the default for the model's corpus."""
    typed = settings()["text"]
    if typed is not None:
        return typed
    return DEFAULT_TEXTS[corpus()]


def corpus() -> str:
    """What the chosen model reads, by its name: a key of DEFAULT_TEXTS and EXAMPLES."""
    found = settings()["model"].split("-")[0]
    return found if found in DEFAULT_TEXTS else "shakespeare"


def read_address() -> list[str]:
    """Takes the settings from the address where it brings new ones. Returns what was wrong with it, a line each."""
    params = st.query_params.to_dict()
    page = (st.context.url or "").split("?")[0]
    came = urlencode(sorted(params.items()))
    moved = page != st.session_state.get("page")
    first = "settings" not in st.session_state
    st.session_state["page"] = page
    seen = st.session_state.setdefault("addresses", set())
    # while a newer address is on its way to the browser, a rerun still brings the one before: that is not a wish
    if not params.keys() & _READERS.keys() or (came in seen and not moved and not first):
        return []
    if came == st.session_state.get("address"):
        return []
    seen.add(came)
    if params.get("lang") in LANGUAGES:
        choose(lang=params["lang"])  # what is wrong with the rest is said in it
    found, wrong = dict(DEFAULTS) | {name: settings()[name] for name in ("lang", "projector")}, []
    for name, reader in _READERS.items():
        if name in params:
            try:
                found[_FOLDED.get(name, name)] = reader(params[name])
            except ValueError as problem:
                wrong.append(str(problem))
    choose(**found)
    return wrong


def write_address() -> bool:
    """Puts the settings that differ from the defaults into the browser's address. False: a text was too long for it."""
    now = settings()
    params = {k: now[k] for k in _READERS if k in DEFAULTS and now[k] != DEFAULTS[k]}
    for counted in (
        "layer",
        "step",
        "translate_step",
        "blank_place",
        "counting_place",
    ):  # from 1 on screen, and so in the address
        if counted in params:
            params[counted] += 1
    params["model"] = now["model"]
    room = LONGEST_ADDRESS
    for folded, name in _FOLDED.items():
        if len(quote(params.get(name, ""))) > PLAIN:
            text = fold(params.pop(name))
            if len(quote(text)) <= room:
                params[folded] = text
                room -= len(quote(text))
            else:
                room = -1
    params = {k: ",".join(v) if isinstance(v, list) else str(v) for k, v in params.items()}
    came = urlencode(sorted(params.items()))
    st.session_state["address"] = came
    st.session_state.setdefault("addresses", set()).add(came)
    # Streamlit empties the address at a change of page: it must be written again, though the settings are the same
    st.session_state["runs"] = st.session_state.get("runs", 0) + 1
    _address(data={"search": "?" + urlencode(params), "run": st.session_state["runs"]}, key="address")
    return room >= 0


def fold(text: str) -> str:
    """A text as it travels in a link."""
    return base64.urlsafe_b64encode(zlib.compress(text.encode("utf-8", "replace"), 9)).decode()


def unfold(folded: bytes, longest: int) -> str:
    """What was folded, its base64 undone. Raises ValueError or zlib.error where it is damaged or unfolds to more than
    `longest` bytes."""
    unfolding = zlib.decompressobj()
    raw = unfolding.decompress(folded, longest)
    if not unfolding.eof:
        raise ValueError("cut off, or longer than it may be")
    return raw.decode("utf-8")


def packed(value) -> str:
    """Plain values, as JSON has them, as they travel in a link."""
    return fold(json.dumps(value, separators=(",", ":"), ensure_ascii=False))


def unpacked(value: str, longest: int):
    """What was packed. Raises ValueError where it is damaged, or unfolds to more than `longest` characters."""
    try:
        return json.loads(unfold(base64.b64decode(value, altchars=b"-_", validate=True), longest))
    except (zlib.error, binascii.Error, UnicodeDecodeError, RecursionError) as problem:
        raise ValueError("damaged") from problem


def _unpack(value: str) -> str:
    try:
        return _typed(unfold(base64.urlsafe_b64decode(value), LONGEST_LINK))
    except (zlib.error, binascii.Error, UnicodeDecodeError, ValueError):
        raise ValueError(_("The text in this link is damaged; type or paste the text again.")) from None


def _typed(value: str) -> str:
    return (
        value[:LONGEST_LINK]
        .replace("\r\n", "\n")
        .replace("\r", "\n")
        .encode("utf-8", "replace")
        .decode("utf-8")
    )


def _model(value: str) -> str:
    if value not in checkpoints.names("language"):
        have = ", ".join(checkpoints.names("language")) or "–"
        raise ValueError(
            _("The link names a model that is not here; choose one of {names}.").format(names=have)
        )
    return value


def _number(name: str, lowest: int):
    def read(value: str) -> int:
        if not (value.isascii() and value.isdecimal()) or len(value) > 6 or int(value) < lowest:
            message = _("The link's value for “{name}” is not a whole number from {lowest} on.")
            shown = _("The last step is shown.") if name == "step" else _("The first one is shown.")
            raise ValueError(f"{message.format(name=name, lowest=lowest)} {shown}")
        return int(value) - lowest

    return read


def _between(name: str, low: float, high: float, kind: type = float):
    """A number in a range, of the type that its slider has."""

    def read(value: str):
        try:
            found = kind(value)
        except ValueError:
            found = None
        if found is None or len(value) > 12 or not low <= found <= high:
            message = _("The link's value for “{name}” must be a number from {low} to {high}.")
            raise ValueError(message.format(name=name, low=low, high=high))
        return found

    return read


def _some_of(name: str, options):
    def read(value: str) -> list[str]:
        chosen = [part for part in value.split(",") if part]
        if set(chosen) - set(options):
            message = _("The link's value for “{name}” must be one of {options}.")
            raise ValueError(message.format(name=name, options=", ".join(options)))
        return chosen

    return read


def _one_of(name: str, options):
    def read(value: str):
        for option in options:
            if str(option) == value:
                return option
        message = _("The link's value for “{name}” must be one of {options}.")
        raise ValueError(message.format(name=name, options=", ".join(map(str, options))))

    return read


def _order(value: str) -> str:
    from rnnviz.stats.states import ORDERS  # brings xarray, which the first answer need not wait for

    return _one_of("order", ORDERS)(value)


def _bench(value: str) -> str:
    from rnnviz.ui.rooms.compare import bench  # which stands on this

    return bench.checked(value)


def _attention(value: str) -> str:
    from rnnviz.ui.rooms.attention_by_hand import page

    return page.checked(value)


def _cell(value: str) -> str:
    from rnnviz.ui.rooms.cell import page

    return page.checked(value)


def _changes(value: str) -> str:
    from rnnviz.ui.rooms.attention import translation

    return translation.checked(value)


def _writing_changes(value: str) -> str:
    from rnnviz.ui.rooms.generate import page

    return page.checked(value)


_READERS = {
    "lang": _one_of("lang", tuple(LANGUAGES)),
    "model": _model,
    "text": _typed,
    "layer": _number("layer", 1),
    "unit": _number("unit", 0),
    "order": _order,
    "components": _one_of("components", (2, 3)),
    "gate": _one_of("gate", ("input_gate", "forget_gate", "output_gate", "reset_gate", "update_gate")),
    "step": _number("step", 1),
    "loss": _one_of("loss", ("step", "all")),
    "part": _one_of("part", ("total", "direct")),
    "bench": _bench,
    "cell_kind": _one_of("cell_kind", ("rnn", "lstm", "gru", "all")),
    "cell_preset": _one_of("cell_preset", CELL_PRESETS),
    "cell_seed": _between("cell_seed", 1, 9999, int),
    "cell_own": _cell,
    "vanishing_part": _one_of("vanishing_part", ("factor", "product", "unit", "network", "helps")),
    "vanishing_x": _between("vanishing_x", -6, 6),
    "vanishing_factors": _between("vanishing_factors", 1, 1000, int),
    "vanishing_function": _one_of("vanishing_function", ("tanh", "relu")),
    "vanishing_weight": _between("vanishing_weight", 0, 2),
    "vanishing_input": _between("vanishing_input", 0, 1),
    "vanishing_steps": _between("vanishing_steps", 2, 100, int),
    "vanishing_radius": _between("vanishing_radius", 0.1, 2),
    "vanishing_helps": _some_of("vanishing_helps", HELPS),
    "vanishing_forget_bias": _between("vanishing_forget_bias", -2, 6),
    "vanishing_truncate": _between("vanishing_truncate", 1, 100, int),
    "vanishing_clip": _one_of("vanishing_clip", CLIPS),
    "vanishing_rate": _one_of("vanishing_rate", RATES),
    "network_stage": _one_of("network_stage", NETWORK_STAGES),
    "network_shape": _one_of("network_shape", NETWORK_SHAPES),
    "network_kind": _one_of("network_kind", ("rnn", "gru", "lstm")),
    "network_layers": _between("network_layers", 1, 3, int),
    "network_directions": _between("network_directions", 1, 2, int),
    "network_steps": _between("network_steps", 1, 8, int),
    "network_units": _between("network_units", 1, 16, int),
    "network_seed": _between("network_seed", 0, 999, int),
    "order_kind": _one_of("order_kind", ("rnn", "gru", "lstm")),
    "order_units": _between("order_units", 1, 8, int),
    "order_seed": _between("order_seed", 0, 999, int),
    "order_sequence": _between("order_sequence", 0, 2, int),
    "letters_kind": _one_of("letters_kind", ("rnn", "gru", "lstm")),
    "letters_units": _between("letters_units", 1, 8, int),
    "letters_seed": _between("letters_seed", 0, 999, int),
    "letters_trained": _between("letters_trained", 0, 200, int),
    "letters_text": _typed,
    "letters_temperature": _between("letters_temperature", 0, 2),
    "letters_draw": _between("letters_draw", 0, 999, int),
    "letters_shown": _between("letters_shown", 1, 12, int),
    "attention_example": _one_of("attention_example", ATTENTION_EXAMPLES),
    "attention_own": _attention,
    "translate_task": _one_of("translate_task", TRANSLATE_TASKS),
    "translate_text": _typed,
    "translate_view": _one_of("translate_view", TRANSLATE_VIEWS),
    "translate_step": _number("translate_step", 1),
    "translate_changes": _changes,
    "translate_beam": _between("translate_beam", 1, 6, int),
    "translate_loss_step": _between("translate_loss_step", 0, 80, int),
    "blank_text": _typed,
    "blank_place": _number("blank_place", 1),
    "generate_who": _one_of("generate_who", GENERATE_WHO),
    "generate_text": _typed,
    "generate_temperature": _between("generate_temperature", 0, 2),
    "generate_top_k": _between("generate_top_k", 0, 1000, int),
    "generate_top_p": _between("generate_top_p", 0, 1),
    "generate_length": _between("generate_length", 1, LONGEST, int),
    "generate_seed": _between("generate_seed", 0, 999_999, int),
    "generate_order": _between("generate_order", 1, 6, int),
    "generate_writer": _one_of("generate_writer", GENERATE_WRITERS),
    "generate_layer": _between("generate_layer", 1, 9, int),
    "generate_quantity": _one_of("generate_quantity", GENERATE_QUANTITIES),
    "generate_place": _between("generate_place", 1, 2 * LONGEST, int),
    "generate_changes": _writing_changes,
    "generate_pasted": _typed,
    "sentiment_language": _one_of("sentiment_language", SENTIMENT_LANGUAGES),
    "sentiment_view": _one_of("sentiment_view", SENTIMENT_VIEWS),
    "sentiment_text": _typed,
    "sentiment_first": _typed,
    "sentiment_second": _typed,
    "sentiment_model": _one_of("sentiment_model", SENTIMENT_MODELS),
    "counting_part": _one_of("counting_part", COUNTING_PARTS),
    "counting_source": _one_of("counting_source", COUNTING_SOURCES),
    "counting_order": _between("counting_order", 1, 6, int),
    "counting_text": _typed,
    "counting_sentence": _typed,
    "counting_place": _number("counting_place", 1),
    "counting_k": _one_of("counting_k", COUNTING_KS),
    "counting_discount": _between("counting_discount", 0.05, 0.95),
    "counting_unit": _one_of("counting_unit", COUNTING_SOURCES[1:]),
    "projector": _one_of("projector", (False, True)),
}
# the reader's texts, by the name that each has in an address where it is folded
_FOLDED = {f"{name}z": name for name, reader in _READERS.items() if reader is _typed}
_READERS |= dict.fromkeys(_FOLDED, _unpack)
