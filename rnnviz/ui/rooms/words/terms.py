"""The words of the course: what each is called in English and Korean, its symbol, a sentence, and the page that shows it."""

from dataclasses import dataclass

from rnnviz.ui.shell.language import _, catalogue


@dataclass(frozen=True)
class Term:
    """english: as papers have it. symbol: as formulas have it, "" where there is none. says: what it is, in the reader's
    language. room: of the page that shows it."""

    english: str
    symbol: str
    says: str
    room: str

    @property
    def korean(self) -> str:
        return catalogue("ko").gettext(self.english)


def terms() -> tuple[Term, ...]:
    """All of them, in the order of the way."""
    return tuple(
        Term(*one)
        for one in (*_counting(), *_networks(), *_gradients(), *_gates(), *_attention(), *_trained())
    )


def _counting() -> tuple[tuple[str, str, str, str], ...]:
    return (
        ("token", "", _("What is read at one step: a character, a syllable or a word."), "counting"),
        ("vocabulary", "V", _("All tokens that a model knows."), "counting"),
        ("language model", "", _("What says how likely each token is to come next."), "counting"),
        ("n-gram", "", _("n tokens in a row, counted as one thing."), "counting"),
        (
            "chain rule of probability",
            "",
            _("The probability of a text is the product of those of its tokens, each given those before it."),
            "counting",
        ),
        (
            "smoothing",
            "",
            _("Gives a little probability to what was never seen, and takes it from what was."),
            "counting",
        ),
        ("backoff", "", _("Asks a shorter history where the longer one was never seen."), "counting"),
        (
            "perplexity",
            "e^L",
            _(
                "The number of equally likely tokens that a model seems to choose among; e to the mean loss in nats."
            ),
            "counting",
        ),
    )


def _networks() -> tuple[tuple[str, str, str, str], ...]:
    return (
        ("perceptron", "", _("A weighted sum of numbers, put through an activation function."), "network"),
        ("weight", "W", _("A learned number that an input is multiplied by."), "network"),
        (
            "bias",
            "b",
            _("A learned number that is added to a sum, one for each unit (PyTorch has two)."),
            "network",
        ),
        ("activation function", "f", _("What a sum is put through, such as tanh, σ or relu."), "network"),
        (
            "recurrent neural network",
            "RNN",
            _("A network whose hidden layer also reads what it held one step before."),
            "network",
        ),
        ("time step", "t", _("One token read, one state made."), "network"),
        ("unit", "", _("One number of a state, and the weights that make it."), "network"),
        ("layer", "", _("Units side by side; what one layer holds is what the next one reads."), "network"),
        (
            "hidden state",
            "h_t",
            _("What the network holds after a step, one number for each unit."),
            "states",
        ),
        ("parameter", "", _("Every number that is learned: weights and biases."), "network"),
        ("one-hot", "x_t", _("A token as a row of zeros with a single one."), "order"),
        (
            "embedding",
            "",
            _("A row of learned numbers for each token, read in place of a one-hot row."),
            "states",
        ),
        ("softmax", "", _("Turns scores into shares that add up to 1."), "letters"),
        ("logit", "", _("A score before the softmax."), "letters"),
        ("encoder", "", _("The half of a translator that reads."), "network"),
        ("decoder", "", _("The half of a translator that writes."), "network"),
        (
            "bidirectional",
            "",
            _(
                "Two networks read the text, one from each end; together their states know what comes before and what "
                "comes after."
            ),
            "blank",
        ),
        ("deep RNN", "", _("Several recurrent layers, each reading the states of the one below."), "network"),
    )


def _gradients() -> tuple[tuple[str, str, str, str], ...]:
    return (
        ("loss", "L", _("How wrong the outputs are, as one number that training makes smaller."), "letters"),
        (
            "cross-entropy",
            "−ln p",
            _(
                "The loss of a prediction: minus the logarithm of the probability that was given to what came."
            ),
            "letters",
        ),
        ("gradient", "∂L/∂·", _("How much the loss grows when a number grows a little."), "gradients"),
        ("gradient norm", "‖∂L/∂h‖", _("The length of a gradient, as one number."), "gradients"),
        (
            "total gradient",
            "∂L/∂h_t",
            _("All that reaches a state: its own error and what comes back from later steps."),
            "gradients",
        ),
        ("direct gradient", "", _("What reaches a state without passing through the next one."), "gradients"),
        (
            "backpropagation through time",
            "BPTT",
            _(
                "Sends the gradient of the loss back from the last step to the first, through the same weights again and again."
            ),
            "bptt",
        ),
        ("truncated BPTT", "", _("Sends the gradient back a few steps only, and no further."), "bptt"),
        (
            "vanishing gradient",
            "",
            _("The gradient shrinks on its way back until nothing can be learned from it."),
            "vanishing",
        ),
        ("exploding gradient", "", _("The gradient grows on its way back without bound."), "vanishing"),
        (
            "Jacobian",
            "∂h_t/∂h_{t−1}",
            _("All slopes of a state with respect to the one before, as a matrix."),
            "vanishing",
        ),
        (
            "singular value",
            "σ",
            _(
                "By how much a matrix stretches or shrinks one of a set of perpendicular directions; the largest is the most "
                "it stretches anything."
            ),
            "vanishing",
        ),
        ("spectral radius", "ρ", _("The largest absolute value of a matrix’s eigenvalues."), "vanishing"),
        (
            "gradient clipping",
            "min(1, c/‖g‖)",
            _("Shortens a gradient that is longer than c and leaves its direction."),
            "clipping",
        ),
        ("learning rate", "η", _("How far a step of training goes against the gradient."), "clipping"),
        ("optimiser", "", _("The rule by which weights are changed, such as SGD or Adam."), "memory"),
        ("initialisation", "", _("The numbers that the weights begin with."), "memory"),
        ("long-term dependency", "", _("What a step needs to know of a step long before."), "memory"),
        (
            "saturation",
            "",
            _("A unit lies so near the end of its range that its slope is almost 0."),
            "gates",
        ),
    )


def _gates() -> tuple[tuple[str, str, str, str], ...]:
    return (
        (
            "gate",
            "0 … 1",
            _("A number between 0 and 1 by which something is multiplied: shut, or open."),
            "gates",
        ),
        (
            "cell state",
            "c_t",
            _("What an LSTM carries along: kept by the forget gate, added to by the input gate."),
            "cell",
        ),
        ("input gate", "i_t", _("How much of the candidate is written."), "cell"),
        ("forget gate", "f_t", _("How much of the old cell state is kept."), "cell"),
        ("output gate", "o_t", _("How much of the cell state is shown as the hidden state."), "cell"),
        ("candidate value", "g_t, n_t", _("What could be written, between −1 and 1."), "cell"),
        ("reset gate", "r_t", _("How much of the old state a GRU’s candidate sees."), "cell"),
        (
            "update gate",
            "z_t",
            _("How much of the old state a GRU keeps (in PyTorch; some papers turn it round)."),
            "cell",
        ),
        ("half-life", "ln 2 / −ln f", _("After how many steps half of a memory is left."), "gates"),
    )


def _attention() -> tuple[tuple[str, str, str, str], ...]:
    return (
        (
            "attention",
            "",
            _("Looks back at all states that were read, and weighs them anew for each output."),
            "attention",
        ),
        (
            "attention weight",
            "α_ti",
            _("How much one state counts for one output; all of them add up to 1."),
            "attention",
        ),
        (
            "score",
            "s_t·h_i",
            _("How well a state fits what is looked for, before the softmax."),
            "attention_by_hand",
        ),
        (
            "context vector",
            "a_t",
            _("The weighted sum of the states that were looked at."),
            "attention_by_hand",
        ),
        (
            "beam search",
            "",
            _("Keeps the few best beginnings of a sentence while it is written."),
            "attention",
        ),
    )


def _trained() -> tuple[tuple[str, str, str, str], ...]:
    return (
        (
            "temperature",
            "T",
            _("Scores are divided by it before the softmax: low is safe, high is bold."),
            "generate",
        ),
        ("heatmap", "", _("A table of numbers as colours."), "states"),
        ("principal component", "", _("A direction along which the states spread most."), "states"),
        ("checkpoint", "", _("The weights of a network, saved."), "generate"),
        ("sentiment", "", _("Whether a text praises or finds fault."), "sentiment"),
    )
