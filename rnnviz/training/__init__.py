"""How the shipped models learned: the data, the recipes, and the loop."""

from rnnviz import lazy

_NAMES = {
    name: f"rnnviz.training.{module}"
    for module, names in {
        "corpora": ("CORPORA", "Corpus", "Examples"),
        "counts": ("count",),
        "loop": ("Training",),
        "recipes": (
            "BlankRecipe",
            "CountRecipe",
            "RECIPES",
            "Recipe",
            "SentimentRecipe",
            "TranslationRecipe",
        ),
        "scores": ("held_out_loss",),
        "trainings": ("begin",),
    }.items()
    for name in names
}
_MODULES = {
    name: f"rnnviz.training.{name}"
    for name in (
        "corpora",
        "counts",
        "dates",
        "generated",
        "loop",
        "optimisers",
        "recipes",
        "scores",
        "trainings",
    )
}
__getattr__, __dir__, __all__ = lazy.attach(__name__, _NAMES, _MODULES)
