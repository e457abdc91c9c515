"""Keras's cells as its documentation has them, in NumPy and float64: rows are steps, one weight matrix for all gates."""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def keras_lstm(x, kernel, recurrent, bias):
    """x (time, input). Returns the states (time, unit). Gates i f c o."""
    hidden = cell = np.zeros(len(recurrent))
    states = []
    for step in x:
        i, f, c, o = np.split(step @ kernel + hidden @ recurrent + bias, 4)
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(c)
        hidden = sigmoid(o) * np.tanh(cell)
        states.append(hidden)
    return np.array(states)


def keras_gru(x, kernel, recurrent, bias):
    """reset_after=True; bias (2, gates · unit). Gates z r h."""
    hidden = np.zeros(len(recurrent))
    states = []
    for step in x:
        given = np.split(step @ kernel + bias[0], 3)
        drawn = np.split(hidden @ recurrent + bias[1], 3)
        z, r = sigmoid(given[0] + drawn[0]), sigmoid(given[1] + drawn[1])
        hidden = z * hidden + (1 - z) * np.tanh(given[2] + r * drawn[2])
        states.append(hidden)
    return np.array(states)


def keras_rnn(x, kernel, recurrent, bias, activation=np.tanh):
    hidden = np.zeros(len(recurrent))
    states = []
    for step in x:
        hidden = activation(step @ kernel + hidden @ recurrent + bias)
        states.append(hidden)
    return np.array(states)


def to_cudnn(kernel, recurrent, gates):
    """Keras 2's `_convert_rnn_weights`, with from_cudnn=False, of kernel and recurrent kernel."""

    def transform(kernels, function):
        return np.hstack([function(k) for k in np.hsplit(kernels, gates)])

    return transform(kernel, lambda k: k.T.reshape(k.shape, order="C")), transform(recurrent, lambda k: k.T)
