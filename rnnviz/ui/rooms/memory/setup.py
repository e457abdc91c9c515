"""What is trained, as the settings describe it; the experiments that are shipped are sets of settings."""

from rnnviz.studies import memory
from rnnviz.studies.comparing import Architecture
from rnnviz.studies.memory import Setup, survey
from rnnviz.ui.shell.settings import choose, settings

FIELDS = ("task", "steps", "seed", "optimiser", "rate", "updates")
FRAMES = 200  # moments of a training


def asked() -> Setup:
    """The set-up that the settings describe. Raises ValueError, in one line, where it cannot be."""
    now = {
        name.removeprefix("memory_"): value
        for name, value in settings().items()
        if name.startswith("memory_")
    }
    networks = tuple(
        Architecture(
            kind,
            units=now["units"],
            initialisation=now[kind],
            forget_bias=now["forget"] if kind == "lstm" else None,
        )
        for kind in survey.KINDS
    )
    return Setup(
        networks,
        clip=now["clip"] or None,
        truncate=now["truncate"] or None,
        every=max(1, -(-now["updates"] // FRAMES)),
        **{name: now[name] for name in FIELDS},
    )


def experiment(of: Setup) -> str | None:
    """The shipped experiment that this is one seed and length of."""
    free = dict.fromkeys(("steps", "seed", "every"))
    alike = of.to_dict() | free
    return next((name for name, one in survey.EXPERIMENTS.items() if one.to_dict() | free == alike), None)


def take(name: str) -> None:
    """The settings of an experiment; the length and the seed stay where something is shipped for them."""
    one = survey.EXPERIMENTS[name]
    rnn, gru, lstm = one.networks
    choose(
        memory_task=one.task,
        memory_optimiser=one.optimiser,
        memory_rate=one.rate,
        memory_clip=one.clip or 0.0,
        memory_truncate=one.truncate or 0,
        memory_units=rnn.units,
        memory_updates=one.updates,
        memory_rnn=rnn.initialisation,
        memory_gru=gru.initialisation,
        memory_lstm=lstm.initialisation,
        memory_forget=lstm.forget_bias,
        memory_update=None,
    )
    now = settings()
    if name in ("truncated", "copy"):  # where it is learned all the same, and by some alone
        choose(memory_steps=10)
    elif not survey.path(name, now["memory_steps"]).is_file():
        choose(memory_steps=one.steps)
    if now["memory_seed"] >= survey.SEEDS:
        choose(memory_seed=0)


def too_much(of: Setup) -> float | None:
    """How many times more than this server takes on; None where it takes it on."""
    times = of.work() / memory.LARGEST_WORK
    return times if times > 1 else None
