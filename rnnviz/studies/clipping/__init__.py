"""What does clipping save? The same training twice, without clipping and with it, and one update both ways.

    setup = Setup((Architecture("rnn", units=16),), optimiser="sgd", rate=0.3, clip=1.0, updates=250)
    found = pair(setup)
    found["norm"]                           # (run, update), of the gradient of all parameters, before clipping
    at = int(worst(found))                  # the update that made the loss of its own batch rise the most
    one = one_update(setup, at)
    one["along"]                            # (way, place), the loss along the update, from the state before it

Both runs begin with the same weights and read the same batches; see `studies.memory` for tasks and set-ups.
"""

from rnnviz.studies.clipping.one import one_update
from rnnviz.studies.clipping.running import RUNS, Course, Made, after_clipping, gathered, pair, worst

__all__ = ["RUNS", "Course", "Made", "after_clipping", "gathered", "one_update", "pair", "worst"]
