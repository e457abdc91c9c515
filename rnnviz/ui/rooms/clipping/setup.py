"""What is trained, as the settings describe it; the experiments that are shipped are sets of settings."""

from rnnviz.studies import memory
from rnnviz.studies.clipping import survey
from rnnviz.studies.comparing import Architecture
from rnnviz.studies.memory import Setup
from rnnviz.ui.shell.settings import choose, settings

FIELDS = ("seed", "clip", "optimiser", "rate", "task", "steps", "updates")
MOMENTS = 400  # a set-up keeps no more; every update is kept here all the same
NETWORKS = {
    "tanh": survey.TANH,
    "relu": survey.RELU,
    "gru": Architecture("gru", units=survey.UNITS),
    "lstm": Architecture("lstm", units=survey.UNITS),
}


def asked() -> Setup:
    """The set-up that the settings describe. Raises ValueError, in one line, where it cannot be."""
    now = {name.removeprefix("clipping_"): value for name, value in settings().items()}
    one = NETWORKS[now["network"]]
    network = Architecture(one.kind, one.nonlinearity, units=now["units"], initialisation=one.initialisation)
    return Setup(
        (network,),
        batch=survey.BATCH,
        every=-(-now["updates"] // MOMENTS),
        **{name: now[name] for name in FIELDS},
    )


def experiment(of: Setup) -> str | None:
    """The shipped experiment that this is a seed and a threshold of, whether that seed is shipped or not."""
    free = dict.fromkeys(("seed", "clip", "every"))
    alike = of.to_dict() | free
    return next((name for name, one in survey.EXPERIMENTS.items() if one.to_dict() | free == alike), None)


def take(name: str) -> None:
    """The settings of an experiment; the threshold and the seed stay where something is shipped for them."""
    one = survey.EXPERIMENTS[name]
    (network,) = one.networks
    choose(
        clipping_network=next(key for key, each in NETWORKS.items() if each == network),
        clipping_units=network.units,
        clipping_update=None,
        **{
            f"clipping_{name}": getattr(one, name)
            for name in ("optimiser", "rate", "task", "steps", "updates")
        },
    )
    now = settings()
    if now["clipping_clip"] not in survey.THRESHOLDS:
        choose(clipping_clip=1.0)
    if now["clipping_seed"] >= survey.SEEDS:
        choose(clipping_seed=0)


def too_much(of: Setup) -> float | None:
    """How many times more than this server takes on; None where it takes it on. It is trained twice."""
    times = 2 * of.work() / memory.LARGEST_WORK
    return times if times > 1 else None
