"""rnnviz: see inside recurrent networks.

    with rnnviz.record(model) as recording:
        model(x)
    recording.trace["lstm"]["forget_gate"]

The names below are imported when they are first used, so that importing rnnviz is cheap.
"""

from rnnviz import lazy

__version__ = "0.2.0.dev0"

_NAMES = {
    "Edit": "rnnviz.recording.edits",
    "Live": "rnnviz.studies.live",
    "Monitor": "rnnviz.monitoring.monitor",
    "board": "rnnviz.paper.notebook",
    "load": "rnnviz.models.checkpoints",
    "named": "rnnviz.naming",
    "open_trace": "rnnviz.trace",
    "page": "rnnviz.paper.file",
    "record": "rnnviz.recording.block",
    "save": "rnnviz.trace",
    "view": "rnnviz.cli.view",
    "weights": "rnnviz.foreign.reading",
}
_MODULES = {
    name: f"rnnviz.{name}"
    for name in (
        "figures",
        "foreign",
        "models",
        "monitoring",
        "paper",
        "recording",
        "stats",
        "studies",
        "trace",
        "training",
    )
} | {
    "ablation": "rnnviz.studies.ablation",
    "attention": "rnnviz.recording.attention",
    "attribution": "rnnviz.studies.attribution",
    "changing": "rnnviz.studies.changing",
    "cells": "rnnviz.recording.cells",
    "checkpoints": "rnnviz.models.checkpoints",
    "clipping": "rnnviz.studies.clipping",
    "comparing": "rnnviz.studies.comparing",
    "corpus": "rnnviz.studies.corpus",
    "counting": "rnnviz.models.counting",
    "decoding": "rnnviz.models.decoding",
    "differing": "rnnviz.studies.differing",
    "directions": "rnnviz.studies.directions",
    "filling": "rnnviz.studies.filling",
    "features": "rnnviz.studies.features",
    "judging": "rnnviz.studies.judging",
    "lens": "rnnviz.studies.lens",
    "lenses": "rnnviz.studies.lenses",
    "live": "rnnviz.studies.live",
    "one_cell": "rnnviz.studies.one_cell",
    "patching": "rnnviz.studies.patching",
    "probing": "rnnviz.studies.probing",
    "series": "rnnviz.studies.series",
    "shared_weight": "rnnviz.studies.shared_weight",
    "subjects": "rnnviz.studies.subjects",
    "growing": "rnnviz.studies.growing",
    "memory": "rnnviz.studies.memory",
    "tiny": "rnnviz.studies.tiny",
    "trajectories": "rnnviz.studies.trajectories",
    "translating": "rnnviz.studies.translating",
    "unrolled": "rnnviz.studies.unrolled",
    "vocabularies": "rnnviz.models.vocabularies",
    "writing": "rnnviz.studies.writing",
}
__getattr__, __dir__, __all__ = lazy.attach(__name__, _NAMES, _MODULES)
