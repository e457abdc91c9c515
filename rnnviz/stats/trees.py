"""Where the nodes of a beam search stand when its tree is drawn."""

from collections.abc import Sequence

import numpy as np
import xarray as xr


def layout(
    step: Sequence[int],
    parent: Sequence[int | None],
    log_probability: Sequence[float],
    kept: Sequence[bool],
    best: int | None = None,
) -> xr.Dataset:
    """A row for each node: within a step the likelier stands higher; a sentence that has ended keeps its row to itself.

    step: from 0. parent: place of the node before, None at the first step. log_probability: nats, of all from the start to
    here. kept: whether the search went on from the node or ended a sentence there. best: place of the node that ends the best
    sentence. Returns, over `node`:
        step, parent     as given, −1 for None
        row              from 0, the highest
        log_probability  as given (nats)
        own              log probability of the node's token alone, given those before it (nats)
        score            mean log probability of a token so far (nats)
        kept, ends       ends: a sentence that was kept ends here, its `END` written or cut at the longest
        best             on the path of the best sentence
    Raises ValueError where the four are not as many, a parent is not a kept node of the step before, or `best` is not there.

    >>> import rnnviz
    >>> found = rnnviz.stats.trees.layout([0, 0, 1], [None, None, 1], [-2.0, -0.5, -0.9], [False, True, True], best=2)
    >>> found["row"].values, found["best"].values
    (array([1, 0, 0]), array([False,  True,  True]))
    """
    counts = [len(values) for values in (step, parent, log_probability, kept)]
    if len(set(counts)) > 1:
        raise ValueError(
            f"a step, a parent, a log probability and a kept for each node; got {counts} of them"
        )
    count = counts[0]
    steps, whether_kept = np.asarray(step, np.int64), np.asarray(kept, bool)
    total = np.asarray(log_probability, np.float64)
    parents = np.array([-1 if p is None else p for p in parent], np.int64)
    for node, (at, before) in enumerate(zip(steps.tolist(), parents.tolist(), strict=True)):
        if not (before == -1 and at == 0) and not (
            0 <= before < count and whether_kept[before] and steps[before] == at - 1
        ):
            raise ValueError(
                f"node {node} of step {at}: its parent must be a kept node of step {at - 1}; got {before}"
            )
    if best is not None and not 0 <= best < count:
        raise ValueError(f"best must be one of the nodes 0 to {count - 1}; got {best}")
    ends = whether_kept & ~np.isin(np.arange(count), parents)
    row = np.zeros(count, np.int64)
    taken: set[int] = set()
    for at in np.unique(steps).tolist():
        here = np.flatnonzero(steps == at)
        here = here[np.argsort(-total[here], kind="stable")]
        free = [r for r in range(len(here) + len(taken)) if r not in taken]
        row[here] = free[: len(here)]
        taken |= set(row[here[ends[here]]].tolist())
    on_path, place = np.zeros(count, bool), -1 if best is None else best
    while place >= 0:
        on_path[place], place = True, int(parents[place])
    so_far = np.where(parents < 0, 0.0, total[parents]) if count else total
    nats = {"units": "nat"}
    return xr.Dataset(
        {
            "step": ("node", steps),
            "parent": ("node", parents),
            "row": ("node", row, {"long_name": "row, the likeliest on top"}),
            "log_probability": ("node", total, {"long_name": "log probability"} | nats),
            "own": ("node", total - so_far, {"long_name": "log probability of the token"} | nats),
            "score": ("node", total / (steps + 1), {"long_name": "mean log probability of a token"} | nats),
            "kept": ("node", whether_kept),
            "ends": ("node", ends),
            "best": ("node", on_path),
        }
    )
