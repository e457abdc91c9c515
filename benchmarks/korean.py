"""Syllables or jamo? A GRU reads each for as many steps of as many tokens, with as many parameters: nats a syllable, held out.

python benchmarks/korean.py PATH_OF_NSMC_TABLE [syllables | jamo]   250 steps each; about 4 minutes on one core that is free
python benchmarks/korean.py PATH_OF_NSMC_TABLE cards                the scores of the shipped models, computed anew

A syllable that the vocabulary does not hold costs what "unknown" costs, and the choice among all those that are not held.
"""

import dataclasses
import math
import sys
import unicodedata
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rnnviz.models import checkpoints
from rnnviz.models.networks import parameter_count
from rnnviz.training import corpora, recipes, scores, trainings

FORMS = {"syllables": "NFC", "jamo": "NFD"}
HIDDEN = {"syllables": 148, "jamo": 212}  # about as many parameters: jamo need few rows to read and write
LENGTH = {"syllables": 64, "jamo": 128}  # about as much text in a window; 4,096 tokens in a batch
SYLLABLES = 11_172  # that there are

text = corpora.nsmc_text(Path(sys.argv[1]))
if sys.argv[2:] == ["cards"]:
    for name in ("korean-rnn", "korean-gru", "korean-lstm"):
        model, card = checkpoints.load(name)
        for part in ("validation", "test"):
            ids = np.array(checkpoints.vocabulary(card).encode(getattr(text, part)))
            loss = scores.held_out_loss(model, ids)
            print(
                f"{name:11} {part:10} {loss:.4f} nats a syllable; its card says {card['scores'][part]}",
                flush=True,
            )
    sys.exit()
for unit in sys.argv[2:] or FORMS:
    parts = {
        part: unicodedata.normalize(FORMS[unit], getattr(text, part))
        for part in ("train", "validation", "test")
    }
    recipe = dataclasses.replace(
        recipes.RECIPES["korean-gru"],
        hidden=HIDDEN[unit],
        length=LENGTH[unit],
        batch=4096 // LENGTH[unit],
        steps=250,
        learning_rate=6e-3,
    )
    training = trainings.begin(recipe, dataclasses.replace(text, **parts))
    for _measured in training.run():
        pass
    ids, vocabulary = training.validation_ids, training.vocabulary
    loss = scores.held_out_loss(training.model, ids) * len(ids) / len(text.validation)
    unknown = (ids == 0).sum() / len(text.validation)
    spelled = loss + unknown * math.log(SYLLABLES - len(vocabulary))
    print(
        f"{unit:10} {parameter_count(training.model):,} parameters, {len(vocabulary):,} tokens known, "
        f"{len(ids) / len(text.validation):.3f} a syllable: {loss:.3f} nats a syllable, {spelled:.3f} with the "
        f"{unknown:.2%} unknown ones told apart",
        flush=True,
    )
