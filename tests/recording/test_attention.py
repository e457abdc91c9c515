"""Attention is softmax and a weighted sum; a recording sees it, in our module and in torch's, and leaves no trace of itself."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import rnnviz
from rnnviz.models.networks import Translator
from rnnviz.recording.attention import KINDS, Attention, attend
from rnnviz.trace import open_trace, save

each_kind = pytest.mark.parametrize("kind", KINDS)


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


class Reader(nn.Module):
    """A model of somebody else's with torch's own attention in it."""

    def __init__(self, **more):
        super().__init__()
        self.gaze = nn.MultiheadAttention(8, 2, **more)

    def forward(self, x, **more):
        return self.gaze(x, x, x, **more)


def test_two_places_by_hand():
    scores = torch.tensor([[[math.log(3.0), 0.0]]])
    context, weights = attend(scores, torch.tensor([[[4.0, 0.0], [0.0, 8.0]]]))
    torch.testing.assert_close(weights, torch.tensor([[[0.75, 0.25]]]))
    torch.testing.assert_close(context, torch.tensor([[[3.0, 2.0]]]))


@each_kind
def test_scores_are_those_of_the_papers(kind):
    attention, s, h = Attention(kind, 5).double(), drawn(2, 3, 5).double(), drawn(2, 4, 5, seed=1).double()
    found = attention.scores(s, h)
    for b, t, i in np.ndindex(2, 3, 4):
        if kind == "dot":
            wanted = s[b, t] @ h[b, i]
        elif kind == "general":
            wanted = s[b, t] @ attention.of_memory.weight @ h[b, i]
        else:
            joined = attention.of_state.weight @ s[b, t] + attention.of_memory.weight @ h[b, i]
            wanted = attention.sum.weight[0] @ joined.tanh()
        assert found[b, t, i].item() == pytest.approx(wanted.item(), rel=1e-12)


def test_another_kind_is_refused():
    with pytest.raises(ValueError, match="one of dot, general, additive; got 'cosine'"):
        Attention("cosine", 4)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 5), st.lists(st.integers(1, 6), min_size=1, max_size=4), st.integers(0, 99))
def test_rows_sum_to_one_and_padding_gets_nothing(queries, lengths, seed):
    keys = max(lengths)
    valid = torch.arange(keys) < torch.tensor(lengths)[:, None]
    scores = 50 * drawn(len(lengths), queries, keys, seed=seed)
    context, weights = attend(scores, drawn(len(lengths), keys, 3), valid)
    torch.testing.assert_close(weights.sum(-1), torch.ones(len(lengths), queries))
    assert (weights.masked_select(~valid[:, None]) == 0).all()
    assert context.shape == (len(lengths), queries, 3)


def test_weights_that_are_given_stand_in_place_of_the_softmax():
    given = torch.tensor([[[0.0, 1.0, 0.0], [math.nan] * 3]])
    values = drawn(1, 3, 2)
    context, weights = attend(drawn(1, 2, 3), values, given=given)
    assert weights[0, 0].tolist() == [0, 1, 0]
    assert torch.equal(context[0, 0], values[0, 1])
    assert torch.equal(weights[0, 1], attend(drawn(1, 2, 3), values)[1][0, 1])


@each_kind
def test_a_recording_has_scores_weights_and_context_of_every_call(kind):
    torch.manual_seed(0)
    model = Translator("gru", 7, 6, 3, 4, attention=kind)
    source, target = torch.tensor([[3, 4, 5, 6], [3, 5, 0, 0]]), torch.tensor([[1, 3, 4], [1, 5, 2]])
    plain = model(source, torch.tensor([4, 2]), target)
    with rnnviz.record(model) as recording:
        out = model(source, torch.tensor([4, 2]), target)
    assert torch.equal(out, plain)
    node = recording.trace["attention"]
    assert node["weight"].dims == ("batch", "head", "query", "key")
    assert dict(node.sizes) == {"batch": 2, "head": 1, "query": 3, "key": 4, "feature": 4}
    np.testing.assert_allclose(node["weight"].sum("key"), 1, rtol=1e-6)
    assert np.isnan(node["weight"][1, :, :, 2:]).all() and np.isfinite(node["weight"][0]).all()
    powers = np.exp(node["score"][0])
    np.testing.assert_allclose(node["weight"][0], powers / powers.sum("key"), rtol=1e-5)
    memory = (
        recording.trace["encoder"]["hidden"].isel(layer=0).transpose("batch", "time", "direction", "unit")
    )
    context = np.einsum("qk,ku->qu", node["weight"][0, 0], memory[0].values.reshape(4, 4))
    np.testing.assert_allclose(node["context"][0], context, atol=1e-6)


def test_calls_one_after_the_other_follow_on_query(tmp_path):
    model = Translator("lstm", 7, 6, 3, 4)
    with rnnviz.record(model, tokens={"encoder": "abc"}) as recording, torch.no_grad():
        memory, state = model.read(torch.tensor([[3, 4, 5]]))
        for token in (1, 3):
            _, _, state = model.write(torch.tensor([[token]]), state, memory)
    node = recording.trace["attention"]
    assert node["call"].values.tolist() == [0, 1]
    assert "".join(recording.trace["encoder"]["token"].values) == "abc"
    assert "token" not in recording.trace["decoder"].coords
    save(recording.trace, tmp_path / "a.nc")
    assert open_trace(tmp_path / "a.nc")["attention"]["weight"].equals(node["weight"])


def test_tokens_may_be_named_while_the_block_runs_also_those_of_attention():
    model, tokens = Translator("rnn", 7, 6, 3, 4), {"encoder": "ab"}
    with rnnviz.record(model, tokens=tokens) as recording, torch.no_grad():
        memory, state = model.read(torch.tensor([[3, 4]]))
        model.write(torch.tensor([[1, 5, 4]]), state, memory)
        tokens |= {"decoder": "xyz", "attention": ("xyz", "ab")}
    assert "".join(recording.trace["attention"]["query_token"].values) == "xyz"
    assert "".join(recording.trace["attention"]["key_token"].values) == "ab"


def test_tokens_of_another_number_are_left_out():
    model = Translator("rnn", 7, 6, 3, 4)
    with rnnviz.record(model, tokens={"attention": ("xy", "ab")}) as recording, torch.no_grad():
        memory, state = model.read(torch.tensor([[3, 4, 5]]))
        model.write(torch.tensor([[1, 5]]), state, memory)
    with pytest.warns(RuntimeWarning, match="attention: key tokens came with length 2; key has length 3"):
        assert "key_token" not in recording.trace["attention"].coords


def test_what_a_shorter_memory_does_not_have_is_unknown():
    model = Translator("gru", 7, 6, 3, 4)
    with rnnviz.record(model) as recording, torch.no_grad():
        for source in ([[3, 4]], [[3, 4, 5]]):
            memory, state = model.read(torch.tensor(source))
            model.write(torch.tensor([[1]]), state, memory)
    weight = recording.trace["attention"]["weight"].values[0, 0]
    assert weight.shape == (2, 3) and np.isnan(weight[0, 2])
    np.testing.assert_allclose(np.nansum(weight, 1), 1, rtol=1e-6)


@pytest.mark.parametrize("need", [True, False])
@pytest.mark.parametrize("batch_first", [True, False])
def test_torchs_attention_is_recorded_head_by_head(need, batch_first):
    torch.manual_seed(0)
    model, x = Reader(batch_first=batch_first).eval(), drawn(3, 3, 8)
    with torch.no_grad():
        plain = model(x, need_weights=need, average_attn_weights=False)
        with rnnviz.record(model) as recording:
            out = model(x, need_weights=need, average_attn_weights=False)
        wanted = model(x, need_weights=True, average_attn_weights=False)[1]
    torch.testing.assert_close(out[0], plain[0])
    assert (out[1] is None) == (plain[1] is None)
    found = recording.trace["gaze"]["weight"]
    assert dict(found.sizes) == {"batch": 3, "head": 2, "query": 3, "key": 3}
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_padding_of_torchs_attention_is_nan_and_the_rest_sums_to_one():
    model = Reader(batch_first=True, add_zero_attn=True).eval()
    padding = torch.tensor([[False, False, True], [False, False, False]])
    with rnnviz.record(model) as recording, torch.no_grad():
        model(drawn(2, 3, 8), key_padding_mask=padding)
    weight = recording.trace["gaze"]["weight"]
    assert np.isnan(weight[0, :, :, 2]).all() and weight.sizes["key"] == 4
    np.testing.assert_allclose(weight.sum("key"), 1, rtol=1e-5)


def test_torchs_causal_attention_looks_at_nothing_later():
    model = Reader(batch_first=True).eval()
    later = nn.Transformer.generate_square_subsequent_mask(4)
    with rnnviz.record(model) as recording, torch.no_grad():
        model(drawn(1, 4, 8), attn_mask=later, is_causal=True, need_weights=False)
    weight = recording.trace["gaze"]["weight"].values[0]
    assert (np.triu(weight, 1) == 0).all()
    np.testing.assert_allclose(weight.sum(-1), 1, rtol=1e-5)


def test_unbatched_torch_attention_is_a_batch_of_one():
    model = Reader()
    with rnnviz.record(model) as recording, torch.no_grad():
        model(drawn(5, 8))
    assert recording.trace["gaze"]["weight"].shape == (1, 2, 5, 5)


def test_dropout_and_gradients_of_torchs_attention_are_what_they_would_have_been():
    model, x = Reader(dropout=0.5, batch_first=True).train(), drawn(2, 3, 8)

    def run():
        torch.manual_seed(3)
        model.zero_grad()
        out = model(x, need_weights=False)[0]
        out.square().sum().backward()
        return out, model.gaze.in_proj_weight.grad.clone(), torch.get_rng_state()

    plain = run()
    with rnnviz.record(model) as recording:
        recorded = run()
    assert all(torch.equal(a, b) for a, b in zip(plain, recorded, strict=True))
    np.testing.assert_allclose(
        recording.trace["gaze"]["weight"].sum("key"), 1, rtol=1e-5
    )  # before the dropout


def test_a_transformer_has_one_node_for_each_layer():
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    model = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False).eval()
    x = drawn(1, 4, 8)
    with torch.no_grad():
        plain = model(x)
        with rnnviz.record(model) as recording:
            out = model(x)
    torch.testing.assert_close(out, plain)
    assert sorted(recording.trace.children) == ["layers.0.self_attn", "layers.1.self_attn"]


def test_another_models_attention_is_not_in_the_trace():
    watched, other = Translator("gru", 7, 6, 3, 4, attention=None), Translator("gru", 7, 6, 3, 4)
    source, target = torch.tensor([[3, 4]]), torch.tensor([[1, 3]])
    with rnnviz.record(watched) as outer, rnnviz.record(other) as inner, torch.no_grad():
        watched(source, None, target)
        other(source, None, target)
    assert sorted(outer.trace.children) == ["decoder", "encoder"]
    assert sorted(inner.trace.children) == ["attention", "decoder", "encoder"]


def test_attention_recorded_by_itself_goes_by_its_kind():
    model = nn.MultiheadAttention(4, 1)
    with rnnviz.record(model) as recording, torch.no_grad():
        model(*[drawn(3, 1, 4)] * 3)
    assert list(recording.trace.children) == ["attention"]
