"""The search for the learning rate: every recipe, every rate, 300 steps, loss on validation. About 25 minutes.

python benchmarks/learning_rates.py PATH_OF_TINY_SHAKESPEARE
"""

import dataclasses
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rnnviz.training import tasks, train

corpus = tasks.shakespeare(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
print("recipe               rate    validation, nats a character")
for name in ("shakespeare-rnn", "shakespeare-gru", "shakespeare-lstm"):
    for rate in train.LEARNING_RATES:
        recipe = dataclasses.replace(train.RECIPES[name], learning_rate=rate, steps=300)
        training = train.Training(recipe, corpus)
        for _measured in training.run():
            pass
        print(
            f"{name:20} {rate:<7g} {train.held_out_loss(training.model, training.validation_ids):.4f}",
            flush=True,
        )
