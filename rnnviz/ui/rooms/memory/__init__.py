"""Who remembers longest? Networks learn side by side, and one sees when the gradient arrives."""

from rnnviz.ui.shell.settings import number, one_of

TASKS = ("first", "adding", "copy", "parity", "brackets")
STARTS = ("default", "orthogonal", "identity")
SETTINGS = {
    "memory_task": one_of("first", TASKS),
    "memory_steps": number(20, 1, 200),
    "memory_seed": number(0, 0, 999),
    "memory_update": number(None, 0, 20_000, int),  # None: where something was learned first
    "memory_optimiser": one_of("adam", ("adam", "sgd")),
    "memory_rate": number(0.003, 1e-6, 100),
    "memory_clip": number(1.0, 0, 1000),  # 0: none
    "memory_truncate": number(0, 0, 200),  # 0: not at all
    "memory_units": number(32, 1, 256),
    "memory_updates": number(1000, 1, 20_000),
    "memory_rnn": one_of("default", STARTS),
    "memory_gru": one_of("default", STARTS[:2]),
    "memory_lstm": one_of("default", STARTS[:2]),
    "memory_forget": number(None, -10, 10, float),
}
