"""Pictures speak Korean to a Korean reader: no English word stands on them but symbols, names and what the reader typed."""

import json
import re
from collections.abc import Iterator

import pytest

from rnnviz.figures import words
from rnnviz.studies import comparing
from rnnviz.ui.parts import working
from rnnviz.ui.rooms import vanishing
from rnnviz.ui.shell import language

# letters of formulas stand alone and need no list
SYMBOLS = {
    *("RNN", "LSTM", "GRU", "tanh", "relu", "sigmoid", "softmax", "ln", "log", "max", "min", "cos", "KL"),
    *("nat", "ms", "chrF", "sacrebleu", "Kneser-Ney", "add-k", "top-k", "top-p"),
    *("torch", "grad", "hh"),  # .grad and W_hh, as programs have them
    *("Tab", "Shift", "Enter", "Home", "End"),
    *("beam", "search"),  # once, in brackets
}
TEXTS = r"\.(text|name|hovertemplate|customdata|ticktext|title)$"  # where a figure writes
WORD = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*")


def strings(value, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text inside, with the names that lead to it."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else (("", one) for one in value):
            yield from strings(inner, f"{path}.{name}" if name else path)


def english(text: str) -> set[str]:
    """The words of two letters and more, without what plotly or the catalogue fills in, and tags."""
    plain = re.sub(r"%?\{[^}]*\}|<[^>]*>|\de[+-]?\d", " ", text)
    return {word for word in WORD.findall(plain) if len(word) > 1 and word not in SYMBOLS}


def drawn(visit) -> Iterator[str]:
    """What is written on the page's figures, and what its pictures are labelled with."""
    for component in visit.test.get("bidi_component"):
        data = json.loads(component.proto.json)
        for figure in data.get("figures", ()):
            yield figure["title"]
            for path, text in strings(json.loads(figure["spec"])):
                if re.search(TEXTS, path):
                    yield text
        yield from (text for _path, text in strings(data.get("labels", {})))
        for path, text in strings(data.get("sections", ())):
            if re.search(r"\.(title|lead|about|foot)$", path):
                yield text


@pytest.mark.parametrize(
    ("page", "params", "typed"),
    [
        ("home", {}, ""),
        ("states", {"components": 2}, ""),
        ("states", {"components": 3}, ""),
        *(("gates", {"model": f"shakespeare-{kind}"}, "") for kind in ("rnn", "gru", "lstm")),
        *(
            ("gradients", {"model": f"shakespeare-{kind}"}, f"shakespeare-{kind}")
            for kind in ("rnn", "gru", "lstm")
        ),
        *(
            (
                "vanishing",
                {"vanishing_part": part, "vanishing_steps": 5, "vanishing_helps": ",".join(vanishing.HELPS)},
                "",
            )
            for part in vanishing.PARTS
        ),
        ("change", {"model": "korean-gru"}, ""),
        ("pair", {"model": "korean-gru"}, ""),
        ("pair", {"model": "shakespeare-lstm"}, ""),
        ("units", {"model": "growing-gru"}, ""),
        ("knows", {"model": "growing-gru"}, ""),
        ("cell", {}, ""),
        ("order", {}, "as soon"),
        ("letters", {}, ""),
        *(("bptt", {"bptt_kind": kind}, "abracadabra") for kind in ("rnn", "gru", "lstm")),
        ("clipping", {}, ""),
        ("clipping", {"clipping_network": "tanh", "clipping_optimiser": "adam", "clipping_rate": 0.1}, ""),
        *(
            ("network", {"network_stage": stage}, "")
            for stage in ("perceptron", "multilayer", "recurrent", "unrolled")
        ),
        *(
            ("counting", {"counting_part": part}, "is one two three seven times days six")
            for part in ("chain", "zero", "smoothing", "network", "heldout")
        ),
        ("blank", {}, "show me the weather forecast for new york"),
        ("attention", {}, ""),
        ("attention", {"translate_view": "beam"}, ""),
        ("attention", {"translate_view": "bottleneck"}, ""),
        (
            "attention",
            {"translate_view": "bottleneck", "translate_task": "korean"},
            "tom wants to study french",
        ),
        ("generate", {}, ""),
        ("sentiment", {}, ""),
    ],
)
def test_no_english_word_stands_on_a_korean_picture(visit, monkeypatch, page, params, typed):
    """typed: words of the text that the picture shows."""
    monkeypatch.setattr(working, "PATIENCE", 600)  # what is computed is waited for
    found = visit(page, lang="ko", **params)
    assert not found.test.exception
    assert set().union(*map(english, drawn(found))) - set(WORD.findall(typed)) == set()


def test_every_part_of_an_architectures_name_is_korean():
    """As the legends, tables and titles of the comparison write it."""
    rows = [
        comparing.Architecture(
            "rnn", nonlinearity="relu", initialisation="identity", layers=2, residual=True
        ),
        comparing.Architecture("rnn", initialisation="orthogonal", gain=1.5, units=4, bidirectional=True),
        comparing.Architecture("gru", layers=3, layer_norm=True),
        comparing.Architecture("lstm", layers=2, forget_bias=2),
    ]
    korean = language.catalogue("ko").gettext
    words.speak(korean)
    try:
        names = [words.series(row.name) for row in rows]
    finally:
        words.speak(language._)
    assert names[0] == "RNN relu 2층, 단위행렬, 스킵 연결"
    assert set().union(*map(english, names)) == set()
