"""A network trained on a text or a series of the reader's own, or on a task, watched while it learns."""

from rnnviz import lazy

_NAMES = {
    "Letters": "rnnviz.studies.lab.letters",
    "Setup": "rnnviz.studies.lab.setup",
    "Table": "rnnviz.studies.lab.table",
    "Task": "rnnviz.studies.lab.task",
    "Training": "rnnviz.studies.lab.running",
    "live": "rnnviz.studies.lab.result",
    "packed": "rnnviz.studies.lab.result",
}
_MODULES = {
    name: f"rnnviz.studies.lab.{name}"
    for name in (
        "asked",
        "letters",
        "material",
        "result",
        "running",
        "setup",
        "shipped",
        "table",
        "task",
        "work",
    )
}
__getattr__, __dir__, __all__ = lazy.attach(__name__, _NAMES, _MODULES)
