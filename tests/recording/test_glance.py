"""What a recording says of itself."""

import torch
from torch import nn

import rnnviz


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.LSTM(2, 4, num_layers=2, proj_size=3)
        self.head = nn.GRU(3, 5, bidirectional=True)

    def forward(self, x):
        return self.head(self.encoder(x)[0])[0]


def recorded(backward=True):
    model = Model()
    with rnnviz.record(model) as recording:
        output = model(torch.zeros(6, 2, 2))
        if backward:
            output.sum().backward()
    return recording


def test_a_recording_says_what_is_in_it():
    first, second = repr(recorded()).splitlines()[1:]
    assert first.startswith(
        "  encoder: LSTM, 2 layers, 1 direction, 2 sequences, 6 steps, 4 → 3 units, with gradients, "
    )
    assert second.startswith(
        "  head: GRU, 1 layer, 2 directions, 2 sequences, 6 steps, 5 units, with gradients, "
    )
    assert "without gradients" in repr(recorded(backward=False))


def test_a_notebook_shows_it_as_a_table():
    recording = recorded()
    shown = recording._repr_html_()
    assert shown.count("<tr>") == 3 and '<td style="text-align: left">encoder</td>' in shown
    assert "hidden, input, cell, input_gate, forget_gate, candidate, output_gate" in shown
    size = sum(array.nbytes for array in recording.trace["head"].data_vars.values())
    assert f"{size / 1024:.3g} KiB" in shown


def test_names_are_text():
    module = nn.ModuleDict({"<b>": nn.RNN(1, 2)})
    with rnnviz.record(module) as recording:
        module["<b>"](torch.zeros(3, 1, 1))
    assert "&lt;b&gt;" in recording._repr_html_() and "<b>" not in recording._repr_html_()


def test_a_recording_without_a_trace_says_why():
    model = nn.Linear(1, 1)
    with rnnviz.record(model) as recording:
        assert repr(recording) == "rnnviz recording: its block has not ended"
    assert repr(recording).startswith("rnnviz recording: ") and "\n" not in repr(recording)
    assert recording._repr_html_().startswith("<p>rnnviz recording: ")


def test_sequences_of_unlike_lengths_say_from_what_to_what():
    packed = nn.utils.rnn.pack_sequence([torch.zeros(4, 1), torch.zeros(2, 1)])
    model = nn.GRU(1, 2)
    with rnnviz.record(model) as recording:
        model(packed)
    assert "2 sequences, 2 to 4 steps" in repr(recording)
