"""How does a perceptron become a recurrent network?"""

from rnnviz.ui.shell.settings import index, number, one_of, opened_on

STAGES = ("perceptron", "multilayer", "recurrent", "unrolled")
SHAPES = ("one_to_one", "one_to_many", "many_to_one", "many_to_many", "encoder_decoder")
NUMBERS = ("hello", "seed")
_SETTINGS = {
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
    "network_numbers": one_of("hello", NUMBERS),  # where the weights come from
    "network_step": index(None),  # whose cell is looked at first
}
SETTINGS = opened_on(_SETTINGS, network_numbers="seed")
