"""Recordings to be put on paper."""

import pytest
import torch

import rnnviz

HOSTILE = ["</script><img src=x onerror=alert(1)>", "<b>bold</b>", "a&amp;b", "<!--", "\u202e\n"]


def made(kind=torch.nn.LSTM, **more):
    """A network that is the same whenever it is made."""
    torch.manual_seed(1)
    return kind(2, 4, **more)


def recorded(module, steps=5, batch=1, tokens=None, backward=True):
    torch.manual_seed(0)
    x = torch.randn(steps, batch, module.input_size)
    with rnnviz.record(module, tokens=tokens) as recording:
        output = module(x)[0]
        if backward:
            output[-1].sum().backward()
    return recording


@pytest.fixture(scope="module")
def lstm():
    return recorded(torch.nn.LSTM(2, 4, num_layers=2), tokens=HOSTILE)
