"""Where does a translator look while it writes?"""

from rnnviz.ui.parts import explored
from rnnviz.ui.shell.settings import checked, index, number, one_of, text


def _changes(value: str) -> str:
    from rnnviz.ui.rooms.attention import translation

    return translation.checked(value)


SETTINGS = {
    **{name: explored.SETTINGS[name] for name in ("step", "subject", "sequence")},
    "attention_module": checked(None, explored.module_named),  # of a recording; None: the first one
    "attention_head": index(None),  # None: the mean of all heads
    "translate_task": one_of("dates", ("dates", "korean")).but(resets=("translate_text",)),
    "translate_text": text().but(resets=("translate_step", "translate_changes")),
    "translate_view": one_of("map", ("map", "beam", "bottleneck")),
    "translate_step": index(None),  # the output step that is worked out; None: the first
    "translate_changes": checked("", _changes),
    "translate_beam": number(3, 1, 6),
    "translate_loss_step": number(0, 0, 80),  # counted from 1; 0: all
}
