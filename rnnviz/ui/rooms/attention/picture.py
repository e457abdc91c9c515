"""The attention map, one step of its arithmetic on paper, and the hands to change it: drawn in the browser alone."""

import base64
from pathlib import Path

import numpy as np

from rnnviz.figures.style import SCALES
from rnnviz.models.vocabularies import END_ID
from rnnviz.studies.translating import different
from rnnviz.ui.parts.component import component
from rnnviz.ui.rooms.attention import translation
from rnnviz.ui.rooms.attention.translation import Reading
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings

HERE = Path(__file__).parent
CANDIDATES = 8  # of each step that are sent


_component = component(HERE)


def show_attention(reading: Reading) -> None:
    """Draws the map of a reading. What the reader changes there goes into the settings and is translated anew."""
    right, line = translation.truth(reading)
    if reading.target_ids[-1] != END_ID:
        line += " " + _("It was cut off after {count} tokens without coming to an end.").format(
            count=len(reading.target_ids)
        )
    steps, now = reading.steps, settings()
    best = np.argsort(-steps["probability"].values, axis=1, kind="stable")[:, :CANDIDATES]
    data = {
        "id": reading.key,
        "text": f"{reading.name} {reading.text}",  # another one starts anew
        "source": reading.source_tokens,
        "unknown": reading.unknown,
        "target": reading.shown(reading.target_ids),
        "targetIds": list(reading.target_ids),
        "slanted": reading.source.unit == "words",
        "arrays": {
            name: _packed(steps[name].values)
            for name in ("memory", "hidden", "context", "product", "attentional", "score", "weight", "own")
        },
        "units": steps.sizes["unit"],
        "candidates": [_candidates(reading, step, ids) for step, ids in enumerate(best)],
        "edits": {
            str(step): {
                "given": reading.translation.given.get(step),
                "places": sorted(edit.weights),
                "bare": edit.bare,
                "token": edit.token,
            }
            for step, edit in reading.overrides.items()
        },
        "lines": _lines(reading, right),
        "right": right,
        "note": line,
        "step": now["translate_step"],
        "undo": translation.can_undo(),
        "scales": {name: SCALES[name] for name in ("probability", "diverging")},
        "summary": _(
            "Attention of {model}: {steps} steps written, {places} tokens read. Output: {output}"
        ).format(
            model=reading.name,
            steps=len(reading.target_ids),
            places=len(reading.source_ids),
            output=reading.target.decode(reading.target_ids),
        ),
        "file": f"rnnviz-attention-{reading.task}",
        "labels": _labels(),
    }
    _component(data=data, key="attention", on={"edit": _edited, "step": _stepped})


def _lines(reading: Reading, right: str | None) -> list[dict]:
    """The outputs that stand above the map, each with what differs from the one with attention."""
    outputs = [
        ("original", _("with attention"), reading.original_ids),
        ("changed", _("with your change"), reading.target_ids),  # its place is kept: nothing below moves
        ("plain", _("without attention"), reading.plain_ids),
    ]
    said = ""
    if not reading.overrides:
        said = _("You have not changed anything yet.")
    elif reading.target_ids == reading.original_ids:
        said = _("Your change alters nothing: the same tokens are written.")
    lines = []
    for name, title, ids in outputs:
        places, missing = different(reading.original_ids, ids)
        lines.append(
            {
                "name": name,
                "title": title,
                "tokens": [] if name == "changed" and said else reading.shown(ids),
                "said": said if name == "changed" else "",
                "different": places,
                "missing": [[place, "".join(reading.shown(left))] for place, left in missing],
                "right": None if right is None else reading.target.decode(ids) == right,
            }
        )
    return lines


def _candidates(reading: Reading, step: int, ids: np.ndarray) -> list[list]:
    """[id, token, probability] of the likeliest tokens of a step, and of the one that was taken."""
    ids = ids.tolist()
    taken = reading.target_ids[step]
    ids += [] if taken in ids else [taken]
    row = reading.steps["probability"].values[step]
    return [[i, token, float(row[i])] for i, token in zip(ids, reading.shown(ids), strict=True)]


def _edited(wish: object) -> None:
    if isinstance(wish, dict):
        choose(translate_step=int(wish["at"]))
        translation.change(wish)


def _stepped(step: object) -> None:
    if isinstance(step, int):
        choose(translate_step=step)


def _packed(values: np.ndarray) -> dict:
    raw = np.ascontiguousarray(values, np.float32).tobytes()
    return {"shape": list(values.shape), "bdata": base64.b64encode(raw).decode()}


def keys() -> str:
    """The keys that the map hears."""
    return _(
        "Keys (first click the map, or press Tab until it has the focus): ↑ ↓ choose an output step, ← → a source token, "
        "Enter makes this step look only there, the space bar plays, Home and End go to the first and last step."
    )


def attention_reading() -> tuple[str, ...]:
    """How to read the map, a line each."""
    return (
        _(
            "Columns are what was read, in reading order; rows are what was written, from the top down. The weights in a "
            "row sum to 1."
        ),
        _(
            "Above the columns are the encoder's states (forward units first), to the left of the rows the decoder's: the "
            "score of a cell is the product of the two."
        ),
        _(
            "Weights show where the context came from; they do not explain the output by themselves. Change one and see "
            "whether the output follows."
        ),
        _("A change affects its step and all after it: what is written is read again at the next step."),
        _(
            "Dot-product attention as in Luong, Pham & Manning 2015; the idea comes from Bahdanau, Cho & Bengio 2015."
        ),
        keys(),
    )


def _labels() -> dict[str, str]:
    return {
        "map": _("Attention map"),
        "keys": keys(),
        "step": _("step"),
        "place": _("place"),
        "weight": _("weight"),
        "score": _("score"),
        "unit": _("unit"),
        "units": _("units"),
        "encoder": _("encoder states h"),
        "decoder": _("decoder states s"),
        "stronger": _("the stronger of each {count}"),
        "back": _("One step back"),
        "forward": _("One step forward"),
        "play": _("Play or pause: the rows are written one after another"),
        "pace": _("Speed: {time} ms per step"),
        "save": _("Save the map"),
        "undo": _("Undo"),
        "resetStep": _("Reset this step"),
        "reset": _("Reset all"),
        "marked": _("marked: differs from the output with attention"),
        "missing": _("left out here: {tokens}"),
        "right": _("right"),
        "wrong": _("wrong: it is {right}"),
        "looks": _("“{target}” looks at “{source}”"),
        "writing": _("Step {step}: how “{token}” is written"),
        "scores": _("Scores"),
        "softmax": _("Softmax"),
        "sum": _("Weighted sum"),
        "concatenation": _("Concatenation"),
        "tanh": "tanh",
        "best": _("Best candidates"),
        "scoresLine": _(
            "How well does the decoder's state fit each encoder state? The largest terms of the product for “{token}”:"
        ),
        "more": _("and {count} more, together"),
        "softmaxLine": _("All scores become weights that sum to 1; for “{token}”:"),
        "change": _("Drag a bar or type a number to change it; click a word to look only there."),
        "own": _("the network's own weight"),
        "ownWorked": _("the network's own:"),
        "setSum": _(
            "You set these weights; they sum to {sum}, so each is divided by that: "
            "α for token {place} is {set} / {sum} = {weight}."
        ),
        "setDone": _("The marks show the network's own weights."),
        "sumLine": _("The encoder states, each taken as much as its weight says and added up: the context."),
        "concatenationLine": _("Context and decoder state side by side: {units} + {units} numbers."),
        "tanhLine": _("One matrix mixes the two and tanh bounds the result: before and after."),
        "bestLine": _(
            "The probability of each possible token. Click another one, and the decoder carries on from there."
        ),
        "before": _("before"),
        "after": _("after"),
        "yours": _("your choice"),
        "taken": _("written"),
        "noNumber": _("A weight must be a number of 0 or more, such as 0.25."),
        "allZero": _("All weights would be 0: keep at least one of them above 0."),
        "only": _("Look only at “{token}”, place {place}"),
        "of": _("weight of “{token}”, place {place}"),
        "outputs": _("Outputs"),
        "all": _("All steps look here"),
    }
