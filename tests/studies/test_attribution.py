"""Shares of tokens: three methods agree where F is linear, differ as the formula says where it is not."""

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from torch import nn

from rnnviz.models.networks import LanguageModel
from rnnviz.studies import attribution
from rnnviz.studies.attribution import attributions, gradient_input, integrated_gradients, occlusion

METHODS = [gradient_input, integrated_gradients, occlusion]
each_method = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)


class Sum(nn.Module):
    """Adds the vectors of the tokens, weighs the sum: F = Σ w · e_t + 5, bent if asked."""

    def __init__(self, vectors=((1, 0), (0, 1), (2, 3)), weights=(1, -2), bend=None, dtype=torch.float64):
        super().__init__()
        self.embedding = nn.Embedding.from_pretrained(torch.tensor(vectors, dtype=dtype), freeze=False)
        self.weights = nn.Parameter(torch.tensor(weights, dtype=dtype))
        self.bend = bend or (lambda x: x + 5)
        self.widest = 0

    def forward(self, ids):
        self.widest = max(self.widest, len(ids))
        return self.bend(self.embedding(ids).sum(1) @ self.weights)


def itself(output):
    return output


def last(output):
    return output[0][:, -1, 2]


def small(kind="lstm", dtype=torch.float64, **more):
    torch.manual_seed(3)
    return LanguageModel(kind, 7, 3, 4, **more).to(dtype)


IDS = [0, 1, 2, 0]
WEIGHTS = [1, -2, -4, 1]  # w · e_t, by hand


@each_method
def test_of_a_sum_every_token_has_its_weight(method):
    share = method(Sum(), IDS, itself, tokens="abca", units="nat")
    np.testing.assert_allclose(share, WEIGHTS, atol=1e-6)
    assert share.dtype == np.float64 and share.dims == ("time",)
    assert share.attrs["method"] == share.name == method.__name__
    assert (share.attrs["units"], share.attrs["baseline"]) == ("nat", "zero")
    assert (share.attrs["value"], share.attrs["value_baseline"]) == (1, 5)
    assert abs(share.attrs["completeness_error"]) < 1e-6
    assert share.attrs["long_name"].startswith("share by")
    assert list(share["token"].values) == ["a", "b", "c", "a"] and list(share["time"].values) == [0, 1, 2, 3]


def test_of_a_square_each_method_says_something_else():
    model = Sum(bend=torch.square)  # F = s², s = -4: slope 2s at x, s on the mean of the way
    slope, way = gradient_input(model, IDS, itself), integrated_gradients(model, IDS, itself)
    np.testing.assert_allclose(slope, [-8, 16, 32, -8])
    np.testing.assert_allclose(way, [-4, 8, 16, -4], rtol=1e-6)
    alone = occlusion(model, IDS, itself)
    np.testing.assert_allclose(alone, [-9, 12, 16, -9])  # s² - (s - s_t)²
    assert slope.attrs["completeness_error"] == pytest.approx(32 - 16)
    assert slope.attrs["completeness_error_relative"] == pytest.approx(16 / 64)
    assert way.attrs["completeness_error"] == pytest.approx(0, abs=1e-6)
    assert alone.attrs["completeness_error"] == pytest.approx(10 - 16)


def test_against_an_id_a_share_is_the_difference_to_it():
    np.testing.assert_allclose(occlusion(Sum(), IDS, itself, 1), [3, 0, -2, 3])
    way = integrated_gradients(Sum(), IDS, itself, baseline=1)
    np.testing.assert_allclose(way, [3, 0, -2, 3], atol=1e-6)
    assert way.attrs["value_baseline"] == 5 - 8 and way.attrs["baseline"] == 1


def test_deleting_a_token_of_a_sum_takes_its_weight_away():
    share = occlusion(Sum(), IDS, itself, "delete")
    np.testing.assert_allclose(share, WEIGHTS)
    assert np.isnan(share.attrs["value_baseline"]) and np.isnan(share.attrs["completeness_error"])


def test_zero_leaves_the_mask_and_an_id_changes_it():
    class Mean(Sum):
        def forward(self, ids):
            return super().forward(ids) / (ids != 1).sum(1)

    model = Mean(vectors=((1.0,), (0.0,), (3.0,)), weights=(1.0,), bend=itself)  # id 1 is padding, of zeros
    np.testing.assert_allclose(occlusion(model, [0, 2], itself, "zero"), [2 - 3 / 2, 2 - 1 / 2])
    np.testing.assert_allclose(occlusion(model, [0, 2, 0], itself, 0), [0, 5 / 3 - 1, 0])
    np.testing.assert_allclose(occlusion(model, [0, 2, 1], itself, 1)[:2], [2 - 3, 2 - 1])


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
def test_integrated_gradients_of_a_network_add_up(kind):
    share = integrated_gradients(small(kind), torch.tensor([[1, 2, 3, 4, 5, 6]]), last)
    assert abs(share.attrs["completeness_error"]) < 1e-6
    assert share.attrs["completeness_error_relative"] < 1e-6
    assert share.sum().item() == pytest.approx(share.attrs["value"] - share.attrs["value_baseline"], abs=1e-6)
    assert share.attrs["steps"] == attribution.STEPS


def test_float32_adds_up_to_its_rounding():
    share = integrated_gradients(small(dtype=torch.float32), [1, 2, 3, 4], last)
    assert share.attrs["completeness_error_relative"] <= share.attrs["tolerance"] == 1e-4


def test_a_difference_below_the_rounding_of_its_values_is_not_chased():
    share = integrated_gradients(Sum(bend=lambda x: x * 1e-4 + 1000, dtype=torch.float32), IDS, itself)
    assert share.attrs["completeness_error_relative"] > share.attrs["tolerance"]
    assert share.attrs["steps"] == attribution.STEPS
    np.testing.assert_allclose(share, np.array(WEIGHTS) * 1e-4, rtol=1e-5)


def test_integrated_gradients_are_those_of_a_fine_sum():
    model, ids, count = small(), torch.tensor([[3, 1, 4, 1, 5]]), 2000
    vectors = model.embedding.weight.detach()[ids]
    way = (torch.arange(count, dtype=torch.float64) + 0.5)[:, None, None] / count * vectors
    way.requires_grad_()
    model.head(model.rnn(way)[0])[:, -1, 2].sum().backward()
    wanted = (way.grad.mean(0) * vectors[0]).sum(-1)
    np.testing.assert_allclose(integrated_gradients(model, ids, last), wanted, atol=1e-7)


def test_steps_are_doubled_until_the_shares_add_up():
    model = Sum(bend=lambda x: torch.tanh(3 * x))
    share = integrated_gradients(model, IDS, itself, steps=3)
    assert share.attrs["completeness_error_relative"] <= 1e-6
    assert share.attrs["steps"] in (12, 24, 48)


def test_shares_that_do_not_add_up_are_warned_of():
    model = Sum(bend=lambda x: x + torch.sigmoid(1e7 * (x + 2.123)))
    with pytest.warns(RuntimeWarning, match="with 1024 steps the shares miss F.x. − F.baseline. by 1"):
        share = integrated_gradients(model, IDS, itself)
    assert share.attrs["steps"] == 1024 and share.attrs["completeness_error"] == pytest.approx(1, abs=1e-3)


def test_gradient_input_is_that_of_autograd():
    model, ids = small("gru"), torch.tensor([1, 2, 3, 4])
    vectors = model.embedding.weight.detach()[ids].requires_grad_()
    score = model.head(model.rnn(vectors[None])[0])[0, -1, 2]
    (gradient,) = torch.autograd.grad(score, vectors)
    np.testing.assert_allclose(gradient_input(model, ids, last), (gradient * vectors).sum(-1).detach())


def without(model, ids, scalar, replacement):
    """Token by token, without batches: the oracle."""
    found = []
    with torch.no_grad():
        for t in range(len(ids)):
            if replacement == "delete":
                output = model(torch.cat((ids[:t], ids[t + 1 :]))[None])
            elif replacement == "zero":
                vectors = model.embedding(ids[None])
                vectors[0, t] = 0
                hidden, state = model.rnn(vectors)
                output = model.head(hidden), state
            else:
                changed = ids.clone()
                changed[t] = replacement
                output = model(changed[None])
            found.append((scalar(model(ids[None])) - scalar(output)).item())
    return found


@settings(max_examples=30, deadline=None)
@given(
    kind=st.sampled_from(["rnn", "gru", "lstm"]),
    ids=st.lists(st.integers(0, 6), min_size=2, max_size=8),
    replacement=st.one_of(st.sampled_from(["zero", "delete"]), st.integers(0, 6)),
    memory_limit=st.integers(1_000, 100_000),
)
def test_occlusion_is_a_plain_loop_in_chunks_of_any_size(kind, ids, replacement, memory_limit):
    model = small(kind)
    came = occlusion(model, ids, last, replacement, memory_limit=memory_limit)
    np.testing.assert_allclose(came, without(model, torch.tensor(ids), last, replacement), atol=1e-12)
    assert (came.values[np.array(ids) == replacement] == 0).all()


@settings(max_examples=30, deadline=None)
@given(
    kind=st.sampled_from(["rnn", "gru", "lstm"]),
    ids=st.lists(st.integers(0, 6), min_size=1, max_size=8),
    baseline=st.one_of(st.just("zero"), st.integers(0, 6)),
    memory_limit=st.integers(1_000, 100_000),
)
def test_integrated_gradients_always_add_up(kind, ids, baseline, memory_limit):
    share = integrated_gradients(small(kind), ids, last, baseline=baseline, memory_limit=memory_limit)
    difference = share.attrs["value"] - share.attrs["value_baseline"]
    assert share.sum().item() == pytest.approx(difference, abs=1e-6)
    assert (share.values[np.array(ids) == baseline] == 0).all()


@settings(max_examples=30, deadline=None)
@given(
    vectors=st.lists(st.tuples(*[st.floats(-9, 9)] * 2), min_size=1, max_size=4),
    weights=st.tuples(*[st.floats(-9, 9)] * 2),
    data=st.data(),
)
def test_of_any_sum_the_methods_agree(vectors, weights, data):
    ids = data.draw(st.lists(st.integers(0, len(vectors) - 1), min_size=2, max_size=5))
    found = attributions(Sum(vectors, weights), ids, itself, replacement="delete")
    wanted = np.array([np.dot(vectors[token], weights) for token in ids])
    for method in METHODS:
        # captum's weights of the steps are float32
        np.testing.assert_allclose(found[method.__name__], wanted, rtol=1e-6, atol=1e-9)


def test_a_small_memory_means_small_chunks():
    narrow, wide = Sum(), Sum()
    few = attributions(narrow, IDS * 10, itself, memory_limit=1300)
    many = attributions(wide, IDS * 10, itself)
    assert narrow.widest == 2 and wide.widest == 40
    xr.testing.assert_allclose(few, many, atol=1e-6)


def test_a_reading_that_does_not_fit_is_refused_before_it_is_tried():
    model = Sum()
    with pytest.raises(
        ValueError, match="two rows of 4 vectors of 2 features take 128 bytes; memory_limit is 100"
    ):
        gradient_input(model, IDS, itself, memory_limit=100)
    assert model.widest == 0


def test_all_three_in_one_dataset_that_can_be_kept(tmp_path):
    found = attributions(small(), [1, 2, 3, 4, 5], last, baseline=0, replacement="delete", tokens="abcde")
    table = found["rank_disagreement"]
    assert table.dims == ("attribution", "other_attribution")
    assert list(table.attrs["valid_range"]) == [0, 2]
    for one in METHODS:
        for other in METHODS:
            wanted = 1 - spearmanr(found[one.__name__], found[other.__name__]).statistic
            came = table.sel(attribution=one.__name__, other_attribution=other.__name__)
            assert came.item() == pytest.approx(wanted, abs=1e-12)
    found.to_netcdf(tmp_path / "shares.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "shares.nc", engine="h5netcdf") as kept:
        xr.testing.assert_equal(kept, found)
        assert kept["integrated_gradients"].attrs["steps"] == 32


@settings(max_examples=60, deadline=None)
@given(pairs=st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=2, max_size=9))
def test_disagreement_is_one_minus_spearman_with_ties(pairs):
    one, other = np.array(pairs).T
    came = attribution._disagreement(one, other)
    if len(set(one)) == 1 or len(set(other)) == 1:
        assert np.isnan(came)
    else:
        assert came == pytest.approx(1 - spearmanr(one, other).statistic, abs=1e-12)
        assert 0 <= came <= 2
        assert came == pytest.approx(attribution._disagreement(other, one), abs=1e-12)


def footprint(model):
    """All that must be as it was."""
    modules = [
        (
            name,
            module.training,
            sorted(vars(module)),
            dict(module._forward_hooks),
            dict(module._forward_pre_hooks),
        )
        for name, module in model.named_modules()
    ]
    parameters = [
        (
            name,
            parameter.requires_grad,
            parameter.data.tolist(),
            None if parameter.grad is None else parameter.grad.tolist(),
        )
        for name, parameter in model.named_parameters()
    ]
    return modules, parameters, torch.get_rng_state().tolist(), torch.is_grad_enabled()


@each_method
@pytest.mark.parametrize("raises", ["nothing", "the model", "the scalar"])
def test_nothing_is_left_behind(method, raises):
    model = small(dropout=0.5).train()
    model.head.eval()
    model.head.weight.requires_grad_(False)
    model.rnn.weight_ih_l0.grad = torch.ones_like(model.rnn.weight_ih_l0)
    seen = []

    class Noisy(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = model

        def forward(self, ids):
            seen.append([module.training for module in model.modules()])
            torch.rand(3)
            if raises == "the model":
                raise RuntimeError("the model fell over")
            return self.inner(ids)

    def scalar(output):
        return last(output) if raises != "the scalar" else output[0][:, 99, 0]

    whole = Noisy()
    before = footprint(whole)
    if raises == "nothing":
        with torch.no_grad():
            method(whole, [1, 2, 3], scalar)
    else:
        wanted = {"the model": (RuntimeError, "fell over"), "the scalar": (ValueError, "scalar fails on the")}
        with pytest.raises(wanted[raises][0], match=wanted[raises][1]):
            method(whole, [1, 2, 3], scalar)
    assert footprint(whole) == before
    assert seen and not any(any(flags) for flags in seen)


@each_method
def test_shares_are_the_same_in_training_and_inside_inference_mode(method):
    model = small(dropout=0.9)
    wanted = method(model.eval(), [1, 2, 3], last)
    xr.testing.assert_equal(method(model.train(), [1, 2, 3], last), wanted)
    with torch.inference_mode():
        xr.testing.assert_equal(method(model, torch.tensor([1, 2, 3]), last), wanted)


@pytest.mark.parametrize("width", [None, 1, 2])
@each_method
def test_a_model_that_reads_step_by_step_has_the_same_shares(method, width):
    class Stepped(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = small()

        def forward(self, ids):
            state, scores = None, []
            for start in range(0, ids.shape[1], width or 1):
                read = self.inner.embedding(ids[:, start] if width is None else ids[:, start : start + width])
                hidden, state = self.inner.rnn(read[:, None] if width is None else read, state)
                scores.append(self.inner.head(hidden))
            return torch.cat(scores, 1), state

    stepped = Stepped()
    xr.testing.assert_allclose(method(stepped, [1, 2, 3, 4], last), method(stepped.inner, [1, 2, 3, 4], last))


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.places = nn.Embedding(5, 2), nn.Embedding(9, 2)

    def forward(self, ids):
        return (self.words(ids) * self.places(torch.arange(ids.shape[1]))).sum((1, 2))


@each_method
def test_of_several_embeddings_one_is_named(method):
    with pytest.raises(
        ValueError, match="Two holds 2 embeddings: name one with embedding=, of 'words', 'places'"
    ):
        method(Two(), [1, 2], itself)
    with pytest.raises(ValueError, match="embedding must be one of 'words', 'places'; got 'letters'"):
        method(Two(), [1, 2], itself, embedding="letters")
    share = method(Two(), [1, 2], itself, embedding="words")
    assert share.attrs["completeness_error"] == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([], "ids must be (time,) or (1, time), with at least one; got shape (0,)"),
        (torch.zeros(2, 3, dtype=torch.long), "got shape (2, 3)"),
        ([0, 3], "ids must lie in 0…2, the rows of embedding 'embedding'; got 3 at step 1"),
        ([-1, 0], "got -1 at step 0"),
        ([0.5], "ids must be whole numbers; got torch.float32"),
        ([True], "ids must be whole numbers; got torch.bool"),
        ([[0], [1, 2]], "ids must be whole numbers, (time,) or (1, time): "),
        ("ab", "ids must be whole numbers, (time,) or (1, time): "),
    ],
)
@each_method
def test_ids_that_do_not_fit_are_refused(method, ids, message):
    with pytest.raises(ValueError) as error:
        method(Sum(), ids, itself)
    assert message in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("scalar", "message"),
    [
        (5, "scalar must be a function of the model's output, returning (N,); got int"),
        (lambda out: 1.5, "scalar must return a tensor (N,), a number for each row; got float"),
        (lambda out: out.sum(), "for each of the 2 rows, shape (2,); got torch.float64 of shape ()"),
        (lambda out: out[:1], "got torch.float64 of shape (1,)"),
        (lambda out: out[:, None], "got torch.float64 of shape (2, 1)"),
        (lambda out: out > 0, "got torch.bool of shape (2,)"),
        (lambda out: out[:, 1], "scalar fails on the model's output for 2 rows: IndexError: "),
        (lambda out: out * torch.nan, "scalar is nan on the model's output: it must be finite"),
        (lambda out: out / 0, "scalar is inf on the model's output"),
    ],
)
@each_method
def test_a_scalar_that_does_not_fit_is_refused(method, scalar, message):
    with pytest.raises(ValueError) as error:
        method(Sum(), IDS, scalar)
    assert message in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("method", METHODS[:2])
@pytest.mark.parametrize(
    ("scalar", "message"),
    [
        (lambda out: out.detach(), "scalar has no gradient to embedding 'embedding'"),
        (lambda out: out - out.mean(), "scalar mixes rows"),
        (lambda out: (out - out.detach()).sqrt() + 1, "the gradient of scalar is not finite at token 0"),
    ],
)
def test_a_scalar_without_a_gradient_of_its_own_row_is_refused(method, scalar, message):
    with pytest.raises(ValueError, match=message):
        method(Sum(), IDS, scalar)


def test_occlusion_needs_no_gradient():
    share = occlusion(
        Sum(), IDS, lambda out: (out > 0).double()
    )  # F = 1: positive, and without a word of weight 1 not
    np.testing.assert_array_equal(share, [1, 0, 0, 1])


def test_a_number_that_is_not_finite_without_a_token_is_named():
    model = Sum(bend=lambda x: 1 / (x + 2))  # -4 without token 1, of weight -2, is -2
    with pytest.raises(ValueError, match="scalar is not finite with token 1 replaced by 'zero'"):
        occlusion(model, IDS, itself)


def test_a_baseline_without_a_finite_number_troubles_only_the_path_from_it():
    model = Sum(bend=lambda x: 1 / x)
    np.testing.assert_allclose(gradient_input(model, IDS, itself), np.array(WEIGHTS) * -1 / 16)
    np.testing.assert_allclose(occlusion(model, [0, 0], itself), [-0.5, -0.5])
    assert np.isinf(occlusion(model, [0, 0], itself).attrs["value_baseline"])
    with pytest.raises(ValueError, match="scalar is inf at the baseline 'zero': it must be finite"):
        integrated_gradients(model, IDS, itself)


def test_a_path_that_is_not_finite_is_refused():
    hole = Sum(bend=lambda x: ((x + 1) * (x + 3)).sqrt())  # from 0 to -4, and nothing between -1 and -3
    np.testing.assert_allclose(gradient_input(hole, IDS, itself), np.array(WEIGHTS) * -2 / np.sqrt(3))
    with pytest.raises(ValueError, match="integrated_gradients is not finite at token 0"):
        integrated_gradients(hole, IDS, itself)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: occlusion(Sum(), IDS, itself, "none"),
            "replacement must be an id in 0…2, 'zero' or 'delete'; got 'none'",
        ),
        (
            lambda: occlusion(Sum(), IDS, itself, 3),
            "replacement must be an id in 0…2, 'zero' or 'delete'; got 3",
        ),
        (lambda: occlusion(Sum(), IDS, itself, True), "got True"),
        (lambda: occlusion(Sum(), [1], itself, "delete"), "needs at least 2 tokens"),
        (
            lambda: integrated_gradients(Sum(), IDS, itself, baseline="delete"),
            "baseline must be an id in 0…2, 'zero'; got",
        ),
        (
            lambda: integrated_gradients(Sum(), IDS, itself, steps=0),
            "steps must be a whole number from 1 to 1024; got 0",
        ),
        (
            lambda: integrated_gradients(Sum(), IDS, itself, tolerance=-1),
            "tolerance must be a number, 0 or more; got -1",
        ),
        (
            lambda: gradient_input(Sum(), IDS, itself, tokens="abc"),
            "tokens came with length 3; ids have length 4",
        ),
        (lambda: gradient_input(Sum(), IDS, itself, tokens=IDS), "tokens must be strings; got 0"),
        (lambda: gradient_input(Sum(), IDS, itself, units=1), "units must be a string; got 1"),
        (
            lambda: gradient_input(Sum(), IDS, itself, memory_limit=0),
            "memory_limit must be a number of bytes above 0",
        ),
        (lambda: gradient_input(nn.Linear(1, 1), IDS, itself), "Linear holds no nn.Embedding"),
        (lambda: gradient_input(itself, IDS, itself), "model must be an nn.Module; got function"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert message in str(error.value) and "\n" not in str(error.value)


def test_an_embedding_that_changes_when_it_is_read_is_refused():
    model = nn.Embedding(3, 2, max_norm=1.0)
    with pytest.raises(ValueError, match="embedding '' has max_norm: reading it changes its weights"):
        gradient_input(model, [1], lambda out: out[:, -1, 0])


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda table, ids: table(ids.flip(1)), "must look up each id once and in order, as (batch, time)"),
        (lambda table, ids: table(ids.T), "it was asked for shape (4, 2) after 0 of 4 steps"),
        (lambda table, ids: table(ids) + table(ids), "it was asked for shape (2, 4) after 4 of 4 steps"),
        (lambda table, ids: table(ids[0, 0]), "it was asked for shape () after 0 of 4 steps"),
        (lambda table, ids: table(ids[:, :3]), "looked up 3 of 4 ids in one call of the model"),
        (lambda table, ids: table.weight[ids], "looked up 0 of 4 ids in one call of the model"),
    ],
)
def test_an_embedding_that_is_read_otherwise_is_named(read, message):
    class Other(Sum):
        def forward(self, ids):
            return read(self.embedding, ids).sum((-1, -2))

    with pytest.raises(ValueError) as error:
        gradient_input(Other(), IDS, itself)
    assert message in str(error.value) and "embedding 'embedding'" in str(error.value)
