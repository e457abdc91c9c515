"""The search for the learning rate: every recipe, every rate, some steps of its own schedule, loss on validation.

python benchmarks/learning_rates.py shakespeare PATH_OF_TINY_SHAKESPEARE   300 steps each; about 25 minutes
python benchmarks/learning_rates.py growing PATH_OF_TINY_SHAKESPEARE       300 steps each; about 15 minutes
python benchmarks/learning_rates.py korean PATH_OF_NSMC_TABLE [KIND]       120 steps each
"""

import dataclasses
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rnnviz.training import corpora, recipes, scores, trainings

which, path = (sys.argv[1:3] + ["shakespeare", None][len(sys.argv[1:3]) :])[:2]
kinds = sys.argv[3:] or ["rnn", "gru", "lstm"]
steps = {"shakespeare": recipes.TRIED, "growing": recipes.TRIED, "korean": recipes.TRIED_KOREAN}[which]
corpus = corpora.CORPORA[recipes.RECIPES[f"{which}-lstm"].corpus](Path(path) if path else None)
print("recipe               rate    validation, nats a character")
for name in (f"{which}-{kind}" for kind in kinds):
    for rate in recipes.LEARNING_RATES:
        recipe = dataclasses.replace(recipes.RECIPES[name], learning_rate=rate, steps=steps)
        training = trainings.begin(recipe, corpus)
        for _measured in training.run():
            pass
        print(
            f"{name:20} {rate:<7g} {scores.held_out_loss(training.model, training.validation_ids):.4f}",
            flush=True,
        )
