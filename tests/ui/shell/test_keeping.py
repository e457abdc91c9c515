"""What is kept is keyed by the function and by all that it was given, and by nothing that somebody could forget."""

import dataclasses
import gc
import threading

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given
from hypothesis import strategies as some

from rnnviz.recording.block import record
from rnnviz.ui.shell import keeping, language
from rnnviz.ui.shell.keeping import SMALL, kept
from rnnviz.ui.shell.memory import buffers, once, processes
from rnnviz.ui.shell.settings import settings
from tests.conftest import PATIENCE


@pytest.fixture(autouse=True)
def empty():
    keeping.ahead().result()  # of a page that another test has left
    keeping.forget()
    yield
    keeping.forget()


def computed(action):
    """How often something is computed anew while the action runs."""
    before = keeping.computed
    action()
    return keeping.computed - before


def doubled(value):
    return [2 * value]


def test_what_is_asked_for_ahead_is_there_in_the_readers_language_and_the_last_wish_counts():
    begun, gate, said = threading.Event(), threading.Event(), []
    first = keeping.ahead(begun.set, lambda: said.append("first"), gate.wait, lambda: 1 / 0)
    assert begun.wait(PATIENCE)
    second = keeping.ahead(lambda: said.append("second"))
    with language.spoken("ko"):
        third = keeping.ahead(lambda: kept(doubled, 4), lambda: said.append(language.current()))
    gate.set()
    assert third.result() is None and first.result() is None and second.cancelled()
    assert said == ["first", "ko"] and language.current() == "en"
    with language.spoken("ko"):
        assert computed(lambda: kept(doubled, 4)) == 0
    assert computed(lambda: kept(doubled, 4)) == 1


def test_the_same_function_of_the_same_arguments_is_computed_once():
    first = kept(doubled, 3)
    assert kept(doubled, 3) is first
    assert kept(doubled, 4) == [8]


@given(some.lists(some.integers() | some.text() | some.floats(allow_nan=False) | some.booleans(), max_size=4))
def test_plain_values_count_by_what_they_are(values):
    kept(lambda: list(values))
    assert computed(lambda: kept(lambda: list(values))) == 1  # another function, though it reads the same
    make = lambda copy: kept(lambda: list(copy))  # noqa: E731
    make(values)
    assert computed(lambda: make(list(values))) == 0


def test_one_and_true_and_one_point_nought_are_three_things():
    assert [kept(repr, value) for value in (1, True, 1.0, "1")] == ["1", "True", "1.0", "'1'"]


def test_every_value_that_a_function_closes_over_is_in_its_key():
    def make(unit, layer):
        return kept(lambda: (unit, layer))

    assert [make(1, 2), make(1, 3), make(2, 2), make(1, 2)] == [(1, 2), (1, 3), (2, 2), (1, 2)]


def test_a_function_inside_a_function_brings_what_it_closes_over():
    def make(unit):
        def inner():
            return unit

        return kept(lambda: inner())

    assert [make(1), make(2), make(1)] == [1, 2, 1]


def test_defaults_and_named_arguments_count():
    def make(n):
        return kept(lambda value=n: value)

    assert [make(1), make(2)] == [1, 2]
    assert kept(dict, a=1) == {"a": 1}
    assert kept(dict, a=2) == {"a": 2}


@pytest.mark.parametrize("wrap", [np.asarray, xr.DataArray, lambda v: xr.Dataset({"a": ("x", v)})])
def test_small_arrays_count_by_what_they_hold(wrap):
    def text(array):
        return kept(lambda: repr(array))

    text(wrap(np.arange(3.0)))
    assert computed(lambda: text(wrap(np.arange(3.0)))) == 0
    assert computed(lambda: text(wrap(np.arange(3.0) + 1))) == 1


def test_labels_of_a_small_array_count_too():
    array = xr.DataArray([1.0, 2.0], dims="unit", coords={"unit": [0, 1]}, attrs={"units": "1"})
    others = [
        array.rename(unit="time"),
        array.assign_coords(unit=[0, 2]),
        array.assign_attrs(units="nat"),
        array.rename("x"),
    ]
    kept(str, array)
    assert [computed(lambda other=other: kept(str, other)) for other in others] == [1, 1, 1, 1]


def test_a_large_array_counts_by_which_it_is():
    one, other = np.zeros(SMALL), np.zeros(SMALL)
    other[7] = 1  # of thousands of numbers one differs, which a sample would not see
    assert [float(kept(np.sum, array)) for array in (one, other, one)] == [0, 1, 0]
    assert computed(lambda: kept(np.sum, one)) == 0


def test_a_small_array_whose_labels_are_large_counts_by_which_it_is():
    names = np.array([f"a name that is rather long {step}" for step in range(4000)])
    one = xr.DataArray(np.zeros(4000), dims="time", coords={"token": ("time", names)})
    other = one.copy()
    assert computed(lambda: [kept(doubled, array) for array in (one, other, one)]) == 2


def test_another_array_in_the_place_of_one_that_is_gone_is_another():
    for value in range(20):
        array = np.full(SMALL, float(value))
        assert float(kept(np.max, array)) == value
        del array
        gc.collect(0)  # the youngest: all of them takes a quarter of a second


@dataclasses.dataclass(frozen=True)
class Plain:
    value: int


class Calls:
    count = 0


@dataclasses.dataclass(frozen=True)
class Holding:
    array: np.ndarray


def test_frozen_records_count_by_what_they_are_and_what_holds_arrays_by_which_it_is():
    kept(str, Plain(1))
    assert computed(lambda: kept(str, Plain(1))) == 0
    assert computed(lambda: kept(str, Plain(2))) == 1
    holding = Holding(np.zeros(2))
    kept(str, holding)
    assert computed(lambda: kept(str, holding)) == 0
    assert computed(lambda: kept(str, Holding(np.zeros(2)))) == 1


def test_the_language_counts(monkeypatch):
    said = []
    monkeypatch.setattr(keeping.language, "current", lambda: "en")
    kept(said.append, "x")
    monkeypatch.setattr(keeping.language, "current", lambda: "ko")
    kept(said.append, "x")
    assert said == ["x", "x"]


def test_what_is_kept_may_not_ask_what_the_reader_has_chosen():
    with pytest.raises(RuntimeError, match="must be given all that it depends on"):
        kept(lambda: settings()["unit"])


def test_what_failed_is_not_kept():
    tries = []

    def failing():
        tries.append(1)
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            kept(failing)
    assert len(tries) == 2


def test_two_readers_at_once_wait_for_one_computation():
    inside, may_end, calls = threading.Event(), threading.Event(), Calls()

    def slow():
        calls.count += 1
        inside.set()
        may_end.wait()
        return calls

    found = []
    readers = [threading.Thread(target=lambda: found.append(kept(slow))) for _ in range(3)]
    readers[0].start()
    inside.wait()
    for reader in readers[1:]:
        reader.start()
    may_end.set()
    for reader in readers:
        reader.join()
    assert calls.count == 1 and found == [calls] * 3


def test_the_oldest_result_makes_room_and_shared_arrays_count_once(monkeypatch):
    monkeypatch.setattr(keeping, "MOST", 2_500_000)

    def made(value):
        return kept(np.full, 125_000, float(value))  # a million bytes

    for value in (1, 2, 3):
        made(value)
    views = [kept(lambda n=n: made(3)[n:]) for n in range(1, 9)]  # of what is there
    assert len(views) == 8
    assert computed(lambda: (made(3), made(2))) == 0
    assert computed(lambda: made(1)) == 1
    assert computed(lambda: made(3)) == 1  # the views did not go alone


def test_what_is_too_large_is_still_given(monkeypatch):
    monkeypatch.setattr(keeping, "MOST", 1000)
    assert kept(np.zeros, 10_000).sum() == 0


def test_what_nobody_asks_for_is_let_go(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(keeping.time, "monotonic", lambda: now[0])
    old, young = np.zeros(9_000), np.zeros(9_000)
    kept(lambda: old)
    now[0] = keeping.REST
    kept(lambda: young)
    now[0] += 1
    keeping.sweep()
    assert keeping._held.total == young.nbytes
    now[0] += keeping.REST
    keeping.sweep()
    assert keeping._held.total == 0 and not keeping._results


def test_who_is_called_away_takes_nobody_along():
    inside, may_end, tries = threading.Event(), threading.Event(), []

    class Rerun(BaseException):
        pass

    def slow():
        tries.append(1)
        if len(tries) > 1:
            return "there"
        inside.set()
        may_end.wait()
        raise Rerun

    def first():
        with pytest.raises(Rerun):
            kept(slow)

    found = []
    readers = [threading.Thread(target=first), threading.Thread(target=lambda: found.append(kept(slow)))]
    readers[0].start()
    inside.wait()
    readers[1].start()
    may_end.set()
    for reader in readers:
        reader.join()
    assert found == ["there"]


@dataclasses.dataclass(frozen=True)
class Recorded:
    trace: xr.DataTree
    text: str


def test_all_that_a_result_keeps_alive_is_counted():
    array, tensor = np.zeros((100, 100)), torch.zeros(1000)
    trace = xr.DataTree(xr.Dataset({"whole": (("a", "b"), array), "part": ("b", array[3])}))
    result = [
        Recorded(trace, "x" * 5_000),
        {"tensor": tensor, "view": tensor[1:].numpy()},
        torch.nn.Linear(50, 50),
    ]
    counted = sum(buffers(result).values())
    assert counted == pytest.approx(80_000 + 5_000 + 4_000 + 10_000, rel=0.02)


def test_what_has_no_identity_is_refused():
    class Bare:
        __slots__ = ()

    with pytest.raises(TypeError, match="Bare cannot stand in a key"):
        kept(str, Bare())


def traced(model, steps):
    with record(model) as recording, torch.no_grad():
        model(torch.zeros(steps, 1, 2))
    return recording.trace


def test_the_weights_of_a_model_are_in_memory_once_however_often_it_was_recorded():
    model = torch.nn.LSTM(2, 64, 2)  # the upper layer reads more: the lower one's weights are padded with NaN
    whole = traced(model, 3).copy(deep=True)
    traces = [once(traced(model, steps)) for steps in (3, 5)]
    assert traces[0].identical(whole)
    one, two = (trace["lstm"].to_dataset() for trace in traces)
    for name in ("input_weight", "recurrent_weight", "input_bias", "recurrent_bias"):
        assert one[name].values is two[name].values
    assert one["hidden"].values is not two["hidden"].values
    alone, both = (sum(buffers(held).values()) for held in (one, [one, two]))
    assert both - alone < alone / 4


def test_other_weights_are_other_weights():
    one = torch.nn.LSTM(2, 64)
    other = torch.nn.LSTM(2, 64)
    other.load_state_dict(one.state_dict())
    with torch.no_grad():
        other.weight_hh_l0[7, 5] += 1  # where no sample is taken
    traces = [once(traced(model, 3)) for model in (one, other)]
    weights = [trace["lstm"]["recurrent_weight"].values.reshape(256, 64) for trace in traces]
    for weight, model in zip(weights, (one, other), strict=True):
        np.testing.assert_array_equal(weight, model.weight_hh_l0.detach())


def test_weights_that_nobody_holds_are_let_go():
    from rnnviz.ui.shell import memory

    gc.collect()
    before = len(memory._alike)
    trace = once(traced(torch.nn.GRU(2, 65), 3))
    assert len(memory._alike) > before
    del trace
    gc.collect()
    assert len(memory._alike) <= before


@pytest.mark.parametrize(
    ("said", "count"), [("", 1), ("4", 4), ("0", 1), ("-3", 1), ("two", 1), ("9" * 30, 1)]
)
def test_what_is_kept_is_divided_among_the_processes_of_the_app(monkeypatch, said, count):
    monkeypatch.setenv("RNNVIZ_PROCESSES", said)
    assert processes() == count
