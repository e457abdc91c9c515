"""The networks of parts 4 and 5, as they are before training, and what is measured of them."""

from rnnviz import stats
from rnnviz.studies import comparing
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.settings import settings

UNITS = 64  # of each network
SEEDS = 5  # that the spread of part 5 is taken over; the line drawn is of the first


def weight():
    """The recurrent weight as PyTorch draws it: its spectrum, before it is scaled to the chosen radius."""
    as_drawn = comparing.Stack(plain(), comparing.NOISE, 1)
    return stats.vanishing.spectrum(as_drawn.layers[0].weight_hh_l0.detach().numpy())


def plain(radius: float | None = None, **more):
    """The plain RNN, its recurrent weight scaled to a spectral radius or as drawn."""
    gain = 1.0 if radius is None else radius / kept(weight)["spectral_radius"].item()
    return comparing.Architecture("rnn", units=UNITS, gain=gain, **more)


def measured(*architectures, **more):
    """Networks of one seed that read one sequence of noise, with the loss at the last step."""
    steps = settings()["vanishing_steps"]
    setup = comparing.Setup(architectures, steps=steps, seeds=1, batch=1, **more)
    return kept(lambda: comparing.compare(setup).isel(seed=0))


def over_seeds(architecture, **more):
    """Networks of one architecture, SEEDS seeds: ln ‖∂L/∂h_t‖ in the lowest layer, (seed, time), and the half-lives of the
    lines fitted to the top one, (seed,)."""
    setup = comparing.Setup(
        (architecture,), steps=settings()["vanishing_steps"], seeds=SEEDS, batch=1, **more
    )
    found = kept(comparing.compare, setup).isel(architecture=0)
    return found["log_norm"].isel(layer=0), found["half_life"]


def single_paths(architecture):
    """The gradient of the network of the first seed, measured and along single paths: ln, (path, time)."""
    setup = comparing.Setup((architecture,), steps=settings()["vanishing_steps"], seeds=1, batch=1)
    return kept(comparing.paths, architecture, setup)
