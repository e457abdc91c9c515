"""Clipping by the norm, in part 5."""

import xarray as xr

from rnnviz import figures, stats
from rnnviz.figures.style import PURPLE
from rnnviz.ui.parts.board import drawn
from rnnviz.ui.parts.numbers import shown
from rnnviz.ui.rooms.vanishing.networks import measured, plain
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import settings

# where the gradient of the parameters is measured
RADII = (0.4, 0.7, 0.9, 1.0, 1.1, 1.2, 1.35, 1.5, 1.75, 2.0)


def clipping(drawings: list, radius: float) -> list[str]:
    """Adds the pictures of clipping: of a gradient of the reader's own, and of the network's. Returns the formulas of both."""
    threshold, rate = settings()["vanishing_clip"], settings()["vanishing_rate"]
    here = measured(plain(radius), clip=threshold).isel(architecture=0)
    before, after = here["parameter_norm"].item(), here["parameter_norm_clipped"].item()
    array, point = stats.vanishing.clipping(
        RADII, measured(*map(plain, RADII))["parameter_norm"], threshold, radius, (before, after)
    )
    own = own_gradient()
    drawings += [
        drawn(
            "arrows",
            _("A gradient of your own, before and after clipping") + f": {in_words(own)}",
            lambda: figures.arrows(own["norm"], threshold),
        ),
        drawn(
            "clipping",
            _("The gradient of all parameters, before and after clipping"),
            lambda: figures.powers(
                array, ["rnn", PURPLE], ["solid", "dash"], point, across=_("spectral radius ρ"), height=280
            ),
        ),
    ]
    return [
        rf"\lVert g_{{\text{{clipped}}}}\rVert&={after:#.4g}",
        rf"\lVert\Delta\theta\rVert=\eta\lVert g\rVert&={rate * before:#.4g}\;\to\;{rate * after:#.4g}",
    ]


def own_gradient() -> xr.Dataset:
    """The gradient whose norm the reader has typed, before and after clipping."""
    return stats.vanishing.one_clipped(settings()["vanishing_norm"], settings()["vanishing_clip"])


def in_words(own: xr.Dataset) -> str:
    """The factor and both norms, with the numbers in."""
    norm, left = map(shown, own["norm"].values.tolist())
    numbers = {
        "norm": norm,
        "left": left,
        "clip": shown(own.attrs["threshold"]),
        "factor": shown(own["factor"].item()),
    }
    line = (
        _("‖g‖ = {norm}, times min(1, c/‖g‖) = {clip}/{norm} = {factor}, leaves {left}")
        if own["factor"] < 1
        else _("‖g‖ = {norm} is not above c = {clip}: min(1, c/‖g‖) = 1, nothing changes")
    )
    return line.format(**numbers)
