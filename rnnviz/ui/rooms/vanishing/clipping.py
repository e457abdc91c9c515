"""Clipping by the norm, in part 5."""

from rnnviz import figures, stats
from rnnviz.figures.style import PURPLE
from rnnviz.ui.parts.board import drawn
from rnnviz.ui.rooms.vanishing.networks import measured, plain
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import settings

# where the gradient of the parameters is measured
RADII = (0.4, 0.7, 0.9, 1.0, 1.1, 1.2, 1.35, 1.5, 1.75, 2.0)


def clipping(drawings: list, radius: float, steps: int) -> list[str]:
    """Adds the picture of clipping. Returns its formulas."""
    threshold, rate = settings()["vanishing_clip"], settings()["vanishing_rate"]
    here = measured(plain(radius), clip=threshold).isel(architecture=0)
    before, after = here["parameter_norm"].item(), here["parameter_norm_clipped"].item()
    array, point = stats.vanishing.clipping(
        RADII, measured(*map(plain, RADII))["parameter_norm"], threshold, radius, (before, after)
    )
    drawings.append(
        drawn(
            "clipping",
            _("The gradient of all parameters, before and after clipping"),
            lambda: figures.powers(
                array, ["rnn", PURPLE], ["solid", "dash"], point, across=_("spectral radius ρ"), height=280
            ),
        )
    )
    return [
        rf"\lVert g_{{\text{{clipped}}}}\rVert&={after:#.4g}",
        rf"\lVert\Delta\theta\rVert=\eta\lVert g\rVert&={rate * before:#.4g}\;\to\;{rate * after:#.4g}",
    ]
