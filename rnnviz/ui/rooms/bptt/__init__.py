"""What does each step add to the gradient of the one weight that all steps share?"""

from rnnviz.ui.shell.settings import index, number, one_of, opened_on, text

LIMITS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)  # that colours go to
GATES = ("reset_gate", "update_gate", "candidate", "input_gate", "forget_gate", "output_gate")
# until they are chosen: the example is short, and its gradient small, since it has learned
WINDOWS = {"hello": 2, "own": 3}
COLOURS = {"hello": 0.01, "own": 0.1}
_SETTINGS = {
    "bptt_network": one_of("hello", ("hello", "own")),
    "bptt_text": text("abracadabra").but(resets=("bptt_step",)),
    "bptt_kind": one_of("rnn", ("rnn", "gru", "lstm")),
    "bptt_units": number(4, 2, 5),
    "bptt_seed": number(0, 0, 999),
    "bptt_trained": one_of("no", ("no", "yes")),
    "bptt_loss": one_of("last", ("last", "all")),
    "bptt_window": number(None, 1, 29, int),  # steps that are kept; None: WINDOWS
    "bptt_gate": one_of("candidate", GATES),  # whose rows are drawn
    "bptt_limit": one_of(None, LIMITS),  # None: COLOURS
    "bptt_step": index(None, last=True),  # the step that is opened
}
SETTINGS = opened_on(_SETTINGS, bptt_network="own")
