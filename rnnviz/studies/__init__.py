"""What one asks of a network, without a screen: each file is one question, and answers with labelled arrays."""

from rnnviz import lazy

_MODULES = {
    name: f"rnnviz.studies.{name}"
    for name in (
        "ablation",
        "attribution",
        "changing",
        "clipping",
        "comparing",
        "corpus",
        "differing",
        "directions",
        "filling",
        "growing",
        "judging",
        "lens",
        "lenses",
        "one_cell",
        "series",
        "shared_weight",
        "subjects",
        "memory",
        "patching",
        "probing",
        "reviews",
        "tiny",
        "trajectories",
        "translating",
        "unrolled",
        "verdicts",
        "worded",
        "writing",
    )
}
__getattr__, __dir__, __all__ = lazy.attach(__name__, {}, _MODULES)
