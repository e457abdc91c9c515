"""A whole corpus: a model's states over as many texts as there are, kept on disk, and what is asked of all of them at once.

    model = rnnviz.live.shipped("shakespeare-lstm")
    own = corpus.record(model, [("play", text)], "states.zarr", fields=["hidden", "cell"])
    found = corpus.match(own, corpus.Pattern(on=(3, 70), threshold=0.5, outside=True))
    corpus.common(own, found), corpus.nearest(own, 1234, k=20)
    corpus.unit.reactions(corpus.unit.column(own, "rnn/layer_1", 257), corpus.unit.Annotated(own))
    corpus.finding.survey(own)

Nothing is sampled: every answer is that of a plain loop over all steps.
"""

from rnnviz import lazy

_NAMES = {
    "Common": "rnnviz.studies.corpus.shared",
    "Corpus": "rnnviz.studies.corpus.opened",
    "Found": "rnnviz.studies.corpus.searching",
    "Matches": "rnnviz.studies.corpus.matching",
    "Neighbours": "rnnviz.studies.corpus.neighbours",
    "Pattern": "rnnviz.studies.corpus.matching",
    "Size": "rnnviz.studies.corpus.recording",
    "combined": "rnnviz.studies.corpus.combining",
    "common": "rnnviz.studies.corpus.shared",
    "from_lstmvis": "rnnviz.studies.corpus.imported",
    "match": "rnnviz.studies.corpus.matching",
    "nearest": "rnnviz.studies.corpus.neighbours",
    "record": "rnnviz.studies.corpus.recording",
    "search": "rnnviz.studies.corpus.searching",
    "size_of": "rnnviz.studies.corpus.recording",
    "standing_out": "rnnviz.studies.corpus.matching",
    "telling": "rnnviz.studies.corpus.searching",
}
_MODULES = {
    name: f"rnnviz.studies.corpus.{name}"
    for name in (
        "annotating",
        "combining",
        "carrying",
        "cutting",
        "finding",
        "grouping",
        "imported",
        "machine",
        "matching",
        "material",
        "naming",
        "neighbours",
        "opened",
        "recording",
        "searching",
        "shared",
        "speaking",
        "spread",
        "store",
        "unit",
        "work",
    )
} | {"held_out": "rnnviz.models.held_out"}
__getattr__, __dir__, __all__ = lazy.attach(__name__, _NAMES, _MODULES)
