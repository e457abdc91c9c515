"""Many sequences at once, against numpy's SVD in float64 and plain loops."""

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import rnnviz
from rnnviz import subjects, trace, trajectories
from rnnviz.models.networks import READOUTS, Classifier
from rnnviz.studies import judging
from rnnviz.told import Told


def judge(kind: str = "gru", readout: str = "last") -> Classifier:
    torch.manual_seed(0)
    return Classifier(kind, 9, embedding=3, hidden=5, readout=readout).eval()


REVIEWS = [[1, 2, 3], [4], [5, 6, 7, 8, 1, 2], [3, 3], [8, 7, 6, 5]]


def of(*paths: list[list[float]]) -> xr.Dataset:
    """States that were read as these, one list a sequence."""
    hidden = np.concatenate([np.array(path, np.float32) for path in paths])
    return xr.Dataset(
        {"hidden": (("state", "unit"), hidden), "length": ("sequence", [len(path) for path in paths])}
    )


def wandering(random: np.random.Generator, lengths: list[int], units: int) -> xr.Dataset:
    return of(*(random.normal(size=(length, units)).cumsum(0) for length in lengths))


@pytest.mark.parametrize("readout", READOUTS)
@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
def test_many_reviews_are_read_as_each_alone(kind, readout):
    model = judge(kind, readout)
    found = trajectories.of_reviews(model, REVIEWS)
    starts = trajectories.starts(found["length"])
    assert found["length"].values.tolist() == [3, 1, 6, 2, 4] and starts[-1] == found.sizes["state"] == 16
    for number, ids in enumerate(REVIEWS):
        alone = judging.read(model, ids)
        own = slice(starts[number], starts[number + 1])
        np.testing.assert_allclose(found["hidden"].values[own], alone["hidden"].values, atol=1e-6)
        np.testing.assert_allclose(found["verdict"].values[own], alone["verdict"].values, atol=1e-5)
    np.testing.assert_allclose(trajectories.last(found), judging.log_odds(model, REVIEWS), atol=1e-5)
    np.testing.assert_array_equal(trajectories.ends(found), found["hidden"].values[starts[1:] - 1])
    assert found["hidden"].attrs["units"] == "1" and found["verdict"].attrs["units"] == "nat"


def test_the_axes_are_those_of_the_singular_value_decomposition_in_float64():
    found = wandering(np.random.default_rng(1), [30, 1, 50, 7], 12)
    axes = trajectories.axes(found)
    values = found["hidden"].values.astype(np.float64)
    centred = values - values.mean(0)
    _left, size, directions = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(axes["mean"], values.mean(0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(axes["share"], (size**2 / (size**2).sum())[:2], rtol=1e-5)
    for own, other in zip(axes["axis"].values, directions, strict=False):
        assert abs(abs(own @ other) - 1) < 1e-5
    paths = trajectories.paths(found, axes)
    assert paths.dims == ("state", "component") and paths.shape == (88, 2)
    np.testing.assert_allclose(np.abs(paths), np.abs(centred @ directions[:2].T), atol=1e-4)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(-1, 2)), min_size=1, max_size=12),
    st.integers(0, 2**32 - 1),
    st.integers(1, 4),
)
def test_the_mean_path_is_that_of_a_plain_loop(sequences, seed, least):
    lengths, groups = zip(*sequences, strict=True)
    values = np.random.default_rng(seed).normal(size=(sum(lengths), 2))
    along = xr.DataArray(values, dims=("state", "component"))
    starts = trajectories.starts(np.array(lengths))
    rows = [values[starts[i] : starts[i + 1]] for i in range(len(lengths))]
    by_step = trajectories.mean_path(along, lengths, groups, least=least)
    by_share = trajectories.mean_path(along, lengths, groups, by="share", points=5, least=least)
    assert by_step.sizes["group"] == by_share.sizes["group"] == max(max(groups) + 1, 0)
    for group in range(by_step.sizes["group"]):
        own = [row for row, one in zip(rows, groups, strict=True) if one == group]
        for step in range(max(lengths)):
            check(by_step, group, step, [row[step] for row in own if len(row) > step], least)
        for point, share in enumerate((0, 0.25, 0.5, 0.75, 1)):
            there = [
                [np.interp(share * (len(row) - 1), np.arange(len(row)), row[:, part]) for part in (0, 1)]
                for row in own
            ]
            check(by_share, group, point, there, least)


def check(found: xr.Dataset, group: int, point: int, there: list, least: int) -> None:
    one = found.isel(group=group, point=point)
    assert int(one["count"]) == len(there)
    if len(there) < least:
        assert one["mean"].isnull().all() and one["covariance"].isnull().all()
        return
    np.testing.assert_allclose(one["mean"], np.mean(there, 0), atol=1e-12)
    np.testing.assert_allclose(one["covariance"], np.cov(np.transpose(there), ddof=0), atol=1e-12)


def test_paths_of_unlike_lengths_meet_at_the_same_share():
    along = xr.DataArray([[0.0], [10.0], [0.0], [5.0], [10.0], [7.0]], dims=("state", "component"))
    found = trajectories.mean_path(along, [2, 3, 1], [0, 0, 1], by="share", points=3)
    assert found["mean"].values[0, :, 0].tolist() == [0.0, 5.0, 10.0]
    assert found["at"].values.tolist() == [0.0, 0.5, 1.0]
    assert found["mean"].isnull().values[1].all(), "one sequence alone is no mean"


@pytest.mark.parametrize("metric", trajectories.METRICS)
def test_neighbours_are_those_of_brute_force(metric):
    random = np.random.default_rng(3)
    found = wandering(random, random.integers(1, 9, 700).tolist(), 6)  # more than a block
    last = trajectories.ends(found).astype(np.float64)
    near = trajectories.nearest(found, 4, metric)
    for number in range(0, 700, 23):
        if metric == "euclid":
            apart = np.sqrt(((last - last[number]) ** 2).sum(1))
        else:
            apart = 1 - last @ last[number] / np.linalg.norm(last, axis=1) / np.linalg.norm(last[number])
        apart[number] = np.inf
        np.testing.assert_allclose(near["distance"].values[number], np.sort(apart)[:4], atol=1e-12)
        assert near["neighbour"].values[number].tolist() == np.argsort(apart, kind="stable")[:4].tolist()


def test_of_equals_the_earlier_comes_first_and_zeros_have_no_direction():
    found = of([[1.0, 0.0]], [[1.0, 0.0]], [[0.0, 0.0]], [[1.0, 0.0]])
    assert trajectories.nearest(found, 2)["neighbour"].values.tolist() == [[1, 3], [0, 3], [0, 1], [0, 1]]
    assert trajectories.nearest(found, 3)["distance"].values[2].tolist() == [1, 1, 1]
    assert trajectories.nearest(found, 99, "euclid").sizes["rank"] == 3


def test_the_surest_mistakes_come_first_and_who_has_no_label_makes_none():
    assert trajectories.wrong([0.0, 5.0, -7.0, 1.0, -1.0, np.nan], [1, 0, 1, -1, 0, 1]).tolist() == [2, 1, 0]


def test_the_gap_is_counted_in_spreads_and_who_ends_with_the_others_has_strayed():
    along = xr.DataArray([[-1.0, 0], [1, 0], [9, 0], [11, 0], [10, 0]], dims=("state", "component"))
    lengths, labels = [1] * 5, [0, 0, 1, 1, 0]
    gap = trajectories.gap(trajectories.mean_path(along, lengths, [0, 0, 1, 1, -1]))
    assert gap["distance"].values.tolist() == [10] and gap["spread"].values.tolist() == [1]
    assert trajectories.strayed(along, lengths, labels).tolist() == [False, False, False, False, True]
    assert not trajectories.strayed(along, lengths, [0, 0, 0, 0, -1]).any()


class Says(torch.nn.Module):
    """A class after every step."""

    def __init__(self):
        super().__init__()
        self.rnn = torch.nn.GRU(2, 3, batch_first=True)
        self.head = torch.nn.Linear(3, 2)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return self.head(self.rnn(rows)[0])


def test_a_recording_s_sequences_are_read_without_what_lies_beyond_their_ends(tmp_path):
    torch.manual_seed(1)
    rnn = torch.nn.LSTM(2, 3, bidirectional=True, batch_first=True)
    rows = [torch.randn(length, 2) for length in (4, 2, 3)]
    with rnnviz.record(rnn) as recording:
        rnn(torch.nn.utils.rnn.pack_sequence(rows, enforce_sorted=False))
    named = rnnviz.named(recording.trace, names=["a", "b", "c"], labels=["up", "down", "up"])
    trace.save(named, tmp_path / "run.nc")
    subject = subjects.opened(tmp_path / "run.nc")
    for direction in (0, 1):
        found = trajectories.of_subject(subject, direction=direction)
        assert found["length"].values.tolist() == [4, 2, 3] and found["name"].values.tolist() == [
            "a",
            "b",
            "c",
        ]
        assert found["label"].values.tolist() == ["up", "down", "up"] and "said" not in found.coords
        starts = trajectories.starts(found["length"])
        for number, row in enumerate(rows):
            states = rnn(row[None])[0][0].detach().numpy()[:, 3 * direction : 3 * direction + 3]
            own = found["hidden"].values[starts[number] : starts[number + 1]]
            np.testing.assert_allclose(own, states[::-1] if direction else states, atol=1e-6)
    one_by_one = []
    for number, row in enumerate(rows):
        with rnnviz.record(rnn) as recording:
            rnn(row[None])
        trace.save(recording.trace, tmp_path / f"{number}.nc")
        one_by_one.append(subjects.opened(tmp_path / f"{number}.nc"))
    apart, together = (
        trajectories.of_readings(one_by_one, direction=1),
        trajectories.of_subject(subject, direction=1),
    )
    np.testing.assert_allclose(apart["hidden"], together["hidden"], atol=1e-6)
    few = trajectories.of_subject(subject, most=2)
    assert few["number"].values.tolist() == [0, 1]
    assert trajectories.of_subject(subject, most_states=7)["number"].values.tolist() == [0, 1]


def test_what_a_model_said_at_the_end_stands_beside_the_label(tmp_path):
    torch.manual_seed(2)
    model, rows = Says(), torch.randn(4, 5, 2)
    with rnnviz.record(model, outputs=["no", "yes"]) as recording:
        scores = model(rows)
    named = rnnviz.named(recording.trace, labels=["yes", "no", "maybe", "yes"])
    trace.save(named, tmp_path / "run.nc")
    found = trajectories.of_subject(subjects.opened(tmp_path / "run.nc"))
    said = [("no", "yes")[one] for one in scores[:, -1].argmax(1).tolist()]
    assert found["said"].values.tolist() == [*said[:2], "", said[3]], "nobody asked the third for one of them"
    trace.save(recording.trace, tmp_path / "bare.nc")
    bare = trajectories.of_subject(subjects.opened(tmp_path / "bare.nc"))
    assert "said" not in bare.coords and bare["name"].values.tolist() == ["1", "2", "3", "4"]
    with rnnviz.record(model.rnn) as recording:
        model.rnn(rows[:1])
    trace.save(recording.trace, tmp_path / "one.nc")
    with pytest.raises(Told, match="one.nc holds fewer than two sequences"):
        trajectories.of_subject(subjects.opened(tmp_path / "one.nc"))


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: trajectories.of_reviews(judge(), []), "at least one review"),
        (lambda: trajectories.of_reviews(judge(), [[1], []]), "at least one token"),
        (lambda: trajectories.axes(of([[1.0, 2.0]], [[1.0, 2.0]])), "spread nowhere"),
        (lambda: trajectories.nearest(of([[1.0]]), 1), "at least two sequences"),
        (lambda: trajectories.nearest(of([[1.0]], [[2.0]]), 0), "at least one neighbour"),
        (lambda: trajectories.nearest(of([[1.0]], [[2.0]]), 1, "taxicab"), "cosine, euclid; got 'taxicab'"),
        (
            lambda: trajectories.mean_path(xr.DataArray([[1.0]], dims=("state", "component")), [1], [0], "x"),
            "step, share; got 'x'",
        ),
        (
            lambda: trajectories.mean_path(xr.DataArray([[1.0]], dims=("state", "component")), [2], [0, 0]),
            "2 groups and lengths of 2 states do not fit 1 sequences of 1 states",
        ),
    ],
)
def test_what_cannot_be_is_said_in_a_line(call, line):
    with pytest.raises(Told, match=line):
        call()
