"""The gradients page: what it draws is what torch's autograd finds in the shipped models."""

import base64
import copy

import numpy as np
import pytest
import torch

from rnnviz.models import checkpoints, networks
from rnnviz.ui.parts.numbers import probability

TEXT = "ROMEO: I would"


def values(trace, key="y"):
    array = trace[key]
    found = np.frombuffer(base64.b64decode(array["bdata"]), array["dtype"])
    return found.reshape([int(n) for n in array["shape"].split(",")]) if "shape" in array else found


def by_hand(name, step):
    """‖dL_step/dh_t‖ of the upper layer by stepping the model and asking autograd at each state."""
    model, card = checkpoints.load(name)
    model = copy.deepcopy(model).double().requires_grad_()
    ids = checkpoints.vocabulary(card).encode(TEXT)
    x, state, states = model.embedding(torch.tensor([ids])), None, []
    for t in range(step + 1):
        _, state = model.rnn(x[:, t : t + 1], state)
        parts = state if isinstance(state, tuple) else (state,)
        parts = tuple(part.clone() for part in parts)
        states.append(parts[0])
        if t == step:
            top = parts[0][-1]
        state = parts if len(parts) > 1 else parts[0]
    loss = -model.head(top).log_softmax(-1)[0, ids[step + 1]]
    return [torch.autograd.grad(loss, h, retain_graph=True)[0][-1, 0].norm().item() for h in states]


def test_the_curves_are_the_total_gradients_of_the_shipped_models(visit):
    seen = visit("gradients", model="shakespeare-gru", text=TEXT, layer=2, step=10)
    drawn = seen.figures["norms"]["data"]
    assert [trace["name"] for trace in drawn] == ["RNN", "GRU", "LSTM"]
    for trace, kind in zip(drawn, ("rnn", "gru", "lstm"), strict=True):
        wanted = np.log10(by_hand(f"shakespeare-{kind}", 9))
        np.testing.assert_allclose(values(trace)[:10], wanted, atol=1e-6)
        assert np.isnan(values(trace)[10:]).all()


def test_the_matrix_has_the_same_numbers_in_its_rows(visit):
    seen = visit("gradients", model="shakespeare-lstm", text=TEXT, step=13)
    (matrix,) = seen.figures["matrix"]["data"]
    (curve,) = (t for t in seen.figures["norms"]["data"] if t["name"] == "LSTM")
    rows = values(matrix, "z")
    assert rows.shape == (len(TEXT) - 1, len(TEXT))
    np.testing.assert_allclose(rows[12][:13], values(curve)[:13], atol=1e-3)


def test_clicking_another_step_sends_its_loss_back(visit):
    early = visit("gradients", text=TEXT, step=3).figures["norms"]["data"][0]
    assert np.isfinite(values(early)).sum() == 3


def test_the_table_has_the_crossing_of_the_curve_that_is_drawn_beside_the_fitted_line(visit):
    seen = visit("gradients", text=TEXT, step=12)
    table = seen.test.dataframe[0].value
    for trace, (_name, row) in zip(seen.figures["norms"]["data"], table.iterrows(), strict=True):
        going_back = values(trace)[:12][::-1]
        halved = float(row["half left after (steps)"])
        assert np.interp(halved, range(12), going_back) == pytest.approx(
            going_back[0] - np.log10(2), abs=1e-3
        )
        slope = np.polyfit(range(12), going_back, 1)[0]
        fitted = float(row["half-life of the line (steps)"])
        assert fitted == pytest.approx(-np.log10(2) / slope, rel=1e-3)
        assert row["line over (steps)"] == "12"


def test_what_is_left_at_a_distance_is_read_off_the_curves(visit):
    seen = visit("gradients", text=TEXT, step=12, back=5)
    (line,) = (text.value for text in seen.test.text if "steps back" in text.value)
    assert line.startswith("The gradient 5 steps back, against that at step 12: RNN ÷ ")
    for trace in seen.figures["norms"]["data"]:
        said = float(line.split(trace["name"] + " ÷ ")[1].split()[0])
        assert said == pytest.approx(10 ** (values(trace)[11] - values(trace)[6]), rel=1e-3)
    assert seen.figures["norms"]["layout"]["meta"]["end"] == 11
    far = visit("gradients", text=TEXT, step=12, back=5000)
    assert any(text.value.startswith("The gradient 11 steps back") for text in far.test.text)


def test_what_a_step_passes_back_is_what_the_curve_falls_by(visit):
    seen = visit("gradients", model="shakespeare-gru", text=TEXT, step=12, layer=2)
    curves = {trace["name"]: values(trace) for trace in seen.figures["ways"]["data"]}
    assert list(curves) == ["together", "directly, times z", "update gate", "candidate", "reset gate"]
    (norms,) = (t for t in seen.figures["norms"]["data"] if t["name"] == "GRU")
    np.testing.assert_allclose(curves["together"][1:12], -np.diff(values(norms)[:12]), atol=1e-6)
    factor = 10 ** np.mean(curves["together"][1:12])
    (line,) = (text.value for text in seen.test.text if text.value.startswith("GRU: × "))
    assert float(line.split("× ")[1].split()[0].rstrip(".")) == pytest.approx(factor, rel=1e-3)


def test_all_steps_and_the_direct_part(visit):
    seen = visit("gradients", text=TEXT, loss="all", part="direct", layer=2)
    assert np.isfinite(values(seen.figures["norms"]["data"][0])).sum() == len(TEXT) - 1
    assert "hidden_grad_direct" in seen.figures


def test_one_character_has_no_loss_and_the_page_says_so(visit):
    seen = visit("gradients", text="R")
    assert seen.lines == ["A loss needs a next character: type at least two."]
    assert seen.board is None


def test_a_loss_without_a_next_token_is_refused():
    model, _card = checkpoints.load("shakespeare-gru")
    with pytest.raises(ValueError, match="a loss needs a next token: steps 0 to 1; got 2"):
        networks.send_back(model, [1, 2, 3], [[2]])


def test_sending_back_leaves_the_model_as_it_was():
    model, _card = checkpoints.load("shakespeare-gru")
    model.zero_grad()
    networks.send_back(model, [1, 2, 3], [[0], [1]])
    assert all(parameter.grad is None for parameter in model.parameters())


def test_what_each_architecture_leaves_stands_in_the_table(visit):
    seen = visit("gradients", text=TEXT)
    (table,) = seen.test.dataframe
    (said,) = (text.value for text in seen.test.text if " comes next" in text.value)
    for row, kind in zip(table.value["loss (nats)"], ("RNN", "GRU", "LSTM"), strict=True):
        assert f"{kind} {row} nats, p = {probability(float(row))}" in said  # of the one character that came
    assert list(table.value.index) == ["shakespeare-rnn", "shakespeare-gru", "shakespeare-lstm"]
    assert float(table.value["factor per step"].iloc[0]) < 1
