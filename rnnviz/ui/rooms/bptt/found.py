"""The gradient that the page takes apart, and the pictures of it: each computed once."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from rnnviz import figures, stats
from rnnviz.models.vocabularies import visible
from rnnviz.paper.packing import Drawn
from rnnviz.paper.terms import gate_name
from rnnviz.studies import example, shared_weight, tiny
from rnnviz.ui.parts.board import drawn
from rnnviz.ui.parts.numbers import percent
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _


@dataclass(frozen=True, eq=False)
class Found:
    """What the page is about, from one computation.

    parts: (time, gate, unit, previous_unit). norms: (time,). deltas: (time, gate, unit). factors: of each gate, (factor, time,
    unit). before: h_{t-1}, (time, previous_unit). windows: what stats.gradients.weight_window says of the last step, of the last
    two, and so on. off_grad, off_copies: the largest difference of the sum from torch's gradient, and of a part from its copy's.
    """

    back: shared_weight.Back
    parts: xr.DataArray
    norms: xr.DataArray
    deltas: xr.DataArray
    factors: dict[str, xr.DataArray]
    before: np.ndarray
    windows: list[xr.Dataset]
    off_grad: float
    off_copies: float

    @property
    def kind(self) -> str:
        return self.back.node.attrs["kind"]

    @property
    def gates(self) -> list[str]:
        return self.parts["gate"].values.tolist()

    @property
    def steps(self) -> int:
        return self.parts.sizes["time"]

    @property
    def letters(self) -> list[str]:
        return [visible(letter) for letter in self.back.node["token"].values.tolist()]

    def share(self, keep: int) -> float:
        """‖kept‖ / ‖whole‖ of the last `keep` steps."""
        return self.windows[keep - 1]["share"].item()

    def share_text(self, keep: int) -> str:
        share = self.share(keep)
        return "–" if np.isnan(share) else percent(share)

    def angle_text(self, keep: int) -> str:
        angle = self.windows[keep - 1]["angle"].item()
        return "–" if np.isnan(angle) else f"{angle:.1f}"


def found(text: str, kind: str, units: int, seed: int, trained: bool, loss: str) -> Found:
    """The network that reads the text, and what a loss adds to its gradient, step by step."""
    task = shared_weight.reading(text)
    model = kept(shared_weight.network, task, kind, units, seed, tiny.STEPS if trained else 0)
    return _taken_apart(shared_weight.send_back(model, task, loss))


def _taken_apart(back: shared_weight.Back) -> Found:
    node, steps = back.node, back.node.sizes["time"]
    parts, deltas = stats.gradients.weight_contributions(node), stats.gradients.deltas(node)
    return Found(
        back,
        parts,
        stats.gradients.weight_norms(node),
        deltas,
        {gate: stats.gradients.delta_factors(node, gate) for gate in deltas["gate"].values.tolist()},
        np.vstack([node["hidden_initial"], node["hidden"].transpose("time", "unit")[:-1]]),
        [stats.gradients.weight_window(node, steps - keep, steps - 1) for keep in range(1, steps + 1)],
        float(abs(parts.sum("time") - back.grad).max()),
        float(abs(parts - back.copies).max()),
    )


def found_of_example(kind: str, loss: str) -> Found:
    """The same of the example of the course."""
    return _taken_apart(shared_weight.send_back(example.network(kind), tiny.LETTERS, loss))


def drawings(of: Found, gate: str, keep: int, limit: float) -> tuple[list[Drawn], float]:
    """The figures, of the rows of one gate, with colours to ±limit; and the largest number in a step's matrix."""
    first, limits, several = of.steps - keep, (-limit, limit), len(of.gates) > 1
    own = of.parts.sel(gate=gate, drop=True)
    whole, keeps = own.sum("time"), of.windows[keep - 1]["kept"].sel(gate=gate)
    names = [_("torch's .grad"), _("sum of all steps"), _("in the window"), _("cut away")]
    sums = xr.concat(
        [of.back.grad.sel(gate=gate), whole, keeps, whole - keeps],
        pd.Index(names, name="matrix"),
        coords="minimal",
        compat="override",
    ).assign_attrs(long_name="gradient ∂L/∂W_hh", units="1")
    rows = f" ({gate_name(gate, of.kind)})" if several else ""
    size = _("How large it is, ‖δ<sub>t</sub>‖ ‖h<sub>t−1</sub>‖") + (
        _(", all gates together") if several else ""
    )
    made = [
        drawn(
            "parts",
            _("What each step adds to ∂L/∂W_hh") + rows,
            figures.summands,
            own,
            limits,
            first,
            height=200,
        ),
        drawn("norms", size, figures.summand_norms, of.norms, of.kind, first, height=140),
        drawn(
            "sums", _("∂L/∂W_hh as torch has it, and as a sum") + rows, figures.matrices, sums, limits, "==+"
        ),
    ]
    return made, float(abs(own).max())
