"""The search for the learning rate: every recipe, every rate, 300 steps, loss on validation. About 40 minutes.

python benchmarks/learning_rates.py PATH_OF_TINY_SHAKESPEARE
"""

import dataclasses
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rnnviz.training import corpora, recipes, scores, trainings

corpus = corpora.shakespeare(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
print("recipe               rate    validation, nats a character")
for name in (f"{what}-{kind}" for what in ("shakespeare", "growing") for kind in ("rnn", "gru", "lstm")):
    for rate in recipes.LEARNING_RATES:
        recipe = dataclasses.replace(recipes.RECIPES[name], learning_rate=rate, steps=300)
        training = trainings.begin(recipe, corpus)
        for _measured in training.run():
            pass
        print(
            f"{name:20} {rate:<7g} {scores.held_out_loss(training.model, training.validation_ids):.4f}",
            flush=True,
        )
