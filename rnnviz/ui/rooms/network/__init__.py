"""How does a perceptron become a recurrent network?"""

from rnnviz.ui.shell.settings import number, one_of

STAGES = ("perceptron", "multilayer", "recurrent", "unrolled")
SHAPES = ("one_to_one", "one_to_many", "many_to_one", "many_to_many", "encoder_decoder")
SETTINGS = {
    "network_stage": one_of("perceptron", STAGES),
    "network_shape": one_of("many_to_one", SHAPES),
    "network_kind": one_of("rnn", ("rnn", "gru", "lstm")),
    "network_layers": number(1, 1, 3),
    "network_directions": number(1, 1, 2),
    "network_steps": number(4, 1, 8),
    "network_inputs": number(3, 1, 8),
    "network_units": number(4, 1, 16),
    "network_outputs": number(3, 1, 8),
    "network_seed": number(0, 0, 999),
}
