"""Where do many texts go?"""

from rnnviz.ui.parts import explored
from rnnviz.ui.shell.settings import one_of

LANGUAGES = ("english", "korean")
MODELS = ("rnn", "gru", "lstm", "lstm-mean", "lstm-attention")
SOURCES = ("shipped", "paste", "file")
SETTINGS = {name: explored.SETTINGS[name] for name in ("subject", "module", "direction", "layer", "text")} | {
    "many_language": one_of(None, LANGUAGES),  # of the reviews; None: the reader's own
    "many_model": one_of("lstm", MODELS),
    "many_from": one_of("shipped", SOURCES),
}
