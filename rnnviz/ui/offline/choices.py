"""What a reader of a file can choose on a page: of its own controls, those whose views all have room in the file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rnnviz.studies.clipping import survey as clipping
from rnnviz.studies.memory import survey as memory
from rnnviz.ui.rooms import attention_by_hand, cell, counting, network, vanishing
from rnnviz.ui.rooms.blank.page import EXAMPLES as SENTENCES

KINDS = ("rnn", "gru", "lstm")  # as pick_cell lists them


@dataclass(frozen=True)
class Axis:
    """One thing to choose.

    control: the key of the widget that the page has for it, or the name of the component that is clicked. options: the settings
    that each option stands for, in the widget's order; of a slider, those that are shipped. clicked: in their place, what the
    widget takes for each option: a click finds out what it stands for. labelled: in their place, the setting that gets an
    option's label. heard: the setting that gets the place that was clicked in the component. resets: controls that fall back.
    """

    control: str
    options: tuple[Mapping[str, object], ...] = ()
    clicked: Sequence[object] = ()
    labelled: str = ""
    heard: str = ""
    resets: tuple[str, ...] = ()


def _of(setting: str, values: Sequence[object], control: str = "", **more) -> Axis:
    return Axis(control or f"pick_{setting}", tuple({setting: value} for value in values), **more)


POINTS = (-4.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 4.0)
# what part 5 of learn/vanishing compares with
HELPS = (
    ["lstm", "forget_bias"],
    ["gru"],
    ["orthogonal", "identity"],
    ["deeper", "skip"],
    ["bidirectional"],
    ["truncate"],
    ["clip"],
)
CHOICES: dict[str, tuple[Axis, ...]] = {
    "counting": (
        _of("counting_part", counting.PARTS),
        _of("counting_unit", counting.SOURCES[1:]),
        Axis("pick_counting_example", labelled="counting_sentence", resets=("counting",)),
        Axis("counting", heard="counting_place"),
    ),
    "network": (
        _of("network_stage", network.STAGES),
        _of("network_numbers", network.NUMBERS),
        _of("network_shape", network.SHAPES),
        _of("network_kind", KINDS),
        _of("network_steps", (2, 4, 6, 8)),
    ),
    "order": (_of("order_kind", KINDS), _of("order_sequence", (0, 1, 2))),
    "cell": (
        _of("cell_kind", ("rnn", "lstm", "gru", "all")),
        _of("cell_preset", cell.PRESETS, control="cell_pill"),
    ),
    "letters": (
        _of("letters_kind", KINDS),
        _of("letters_trained", (0, 5, 10, 20, 30, 40, 60, 80, 100, 150, 200)),
        _of("letters_temperature", (0.0, 1.0, 2.0)),
    ),
    "bptt": (_of("bptt_kind", KINDS), _of("bptt_window", (1, 2, 3, 4)), Axis("board", heard="bptt_step")),
    "memory": (
        Axis("memory_examples", clicked=tuple(memory.EXPERIMENTS), resets=("pick_memory_steps",)),
        _of("memory_steps", (10, 20, 50)),
    ),
    "vanishing": (
        _of("vanishing_part", vanishing.PARTS),
        _of("vanishing_x", POINTS),
        _of("vanishing_factors", (5, 10, 20, 50, 100, 1000)),
        _of("vanishing_function", ("tanh", "relu")),
        _of("vanishing_weight", (0.5, 0.8, 0.9, 1.0, 1.1, 1.2, 1.5)),
        _of("vanishing_input", (0.0, 0.5, 1.0)),
        _of("vanishing_radius", (0.4, 0.6, 0.8, 1.0, 1.2, 1.5)),
        _of("vanishing_helps", HELPS),
    ),
    "clipping": (
        Axis("clipping_examples", clicked=tuple(clipping.EXPERIMENTS)),
        _of("clipping_clip", (0.1, 1.0, 10.0)),
    ),
    "blank": (
        Axis(
            "pick_blank_example",
            tuple({"blank_text": text, "blank_place": place} for text, place in SENTENCES.values()),
            resets=("blank",),
        ),
        Axis("blank", heard="blank_place"),
    ),
    "attention_by_hand": (_of("attention_example", attention_by_hand.NAMES[:-1], control="attention_pill"),),
    "explain": (),
    "words": (),
}
