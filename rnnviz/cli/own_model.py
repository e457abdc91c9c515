"""A small model of one's own for the explorer: an LSTM that learns to write one sentence, letter by letter.

rnnviz explore own_model:subject
"""

import torch
from torch import nn

import rnnviz

TEXT = "the quick brown fox jumps over the lazy dog. "
LETTERS = sorted(set(TEXT))


class Writer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(len(LETTERS), 16)
        self.lstm = nn.LSTM(16, 48, batch_first=True)
        self.head = nn.Linear(48, len(LETTERS))

    def forward(self, ids):
        return self.head(self.lstm(self.embedding(ids))[0])  # (batch, time, letter)


def encode(text):
    return torch.tensor([[LETTERS.index(letter) for letter in text]])


def subject():
    torch.manual_seed(0)
    model, ids = Writer(), encode(TEXT * 2)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.03)
    for _step in range(100):
        loss = nn.functional.cross_entropy(model(ids)[0, :-1], ids[0, 1:])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return rnnviz.Live(model, encode, text=TEXT * 2, next=lambda scores: scores[0], outputs=LETTERS)
