"""The networks that are shipped, what they read, and the files that they are kept in."""

from rnnviz import lazy

_NAMES = dict.fromkeys(
    ("BlankFiller", "Classifier", "LanguageModel", "Translator"), "rnnviz.models.networks"
) | {"NGrams": "rnnviz.models.counting", "load": "rnnviz.models.checkpoints"}
_NAMES |= dict.fromkeys(("Lexicon", "Vocabulary"), "rnnviz.models.vocabularies")
_MODULES = {
    name: f"rnnviz.models.{name}"
    for name in ("checkpoints", "counting", "decoding", "networks", "vocabularies")
}
__getattr__, __dir__, __all__ = lazy.attach(__name__, _NAMES, _MODULES)
