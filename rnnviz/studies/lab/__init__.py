"""A language model trained on a text of the reader's own, watched while it learns."""

from rnnviz import lazy

_NAMES = {
    "Letters": "rnnviz.studies.lab.letters",
    "Setup": "rnnviz.studies.lab.setup",
    "Training": "rnnviz.studies.lab.running",
    "live": "rnnviz.studies.lab.result",
    "packed": "rnnviz.studies.lab.result",
}
_MODULES = {name: f"rnnviz.studies.lab.{name}" for name in ("letters", "result", "running", "setup", "work")}
__getattr__, __dir__, __all__ = lazy.attach(__name__, _NAMES, _MODULES)
