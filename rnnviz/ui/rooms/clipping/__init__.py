"""What does clipping save? The same training without clipping and with it, and what the optimiser did at the worst update."""

from rnnviz.ui.shell.settings import number, one_of

TASKS = ("first", "adding", "copy", "parity", "brackets")
NETWORKS = ("relu", "tanh", "gru", "lstm")
SETTINGS = {
    "clipping_seed": number(0, 0, 999),
    "clipping_clip": number(1.0, 1e-6, 1e6),
    "clipping_update": number(None, 1, 2000, int),  # None: the worst
    "clipping_network": one_of("relu", NETWORKS),
    "clipping_optimiser": one_of("sgd", ("sgd", "adam")),
    "clipping_rate": number(0.03, 1e-6, 100),
    "clipping_task": one_of("first", TASKS),
    "clipping_steps": number(20, 1, 200),
    "clipping_units": number(32, 1, 256),
    "clipping_updates": number(250, 1, 2000),
}
