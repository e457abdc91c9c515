"""Why do gradients vanish or explode, and what helps? Five short parts, one picture each."""

from rnnviz.ui.shell.settings import number, one_of, some_of

PARTS = ("factor", "product", "unit", "network", "helps")
HELPS = (
    "gru",
    "lstm",
    "forget_bias",
    "orthogonal",
    "identity",
    "deeper",
    "skip",
    "bidirectional",
    "truncate",
    "clip",
)
# of factors: about as far apart on a log scale, so that small numbers can be chosen as well as large ones
COUNTS = (
    *(1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100),
    *(120, 150, 200, 250, 300, 400, 500, 600, 800, 1000),
)
RATES = (0.001, 0.01, 0.1, 1.0)
SETTINGS = {
    "vanishing_part": one_of("factor", PARTS),
    "vanishing_x": number(1.0, -6, 6),
    "vanishing_factors": number(100, 1, 1000),
    "vanishing_function": one_of("tanh", ("tanh", "relu")),
    "vanishing_weight": number(0.9, 0, 2),
    "vanishing_input": number(0.5, 0, 1),  # some, so that tanh′ is below 1
    "vanishing_steps": number(50, 2, 100),
    "vanishing_radius": number(0.6, 0.1, 2),  # about what PyTorch draws
    "vanishing_helps": some_of(["lstm", "forget_bias"], HELPS),
    "vanishing_forget_bias": number(2.0, -2, 6),
    "vanishing_truncate": number(20, 1, 100),
    "vanishing_clip": number(1.0, 0.001, 1000),
    "vanishing_norm": number(5.0, 0, 100_000),  # of a gradient that the reader makes up
    "vanishing_rate": one_of(0.1, RATES),
}
