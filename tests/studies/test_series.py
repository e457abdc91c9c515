"""A table of numbers as layers read it: columns, names and times as they stand, and states as torch has them."""

import io

import numpy as np
import pandas as pd
import pytest
import torch

import rnnviz
from rnnviz.studies import series, subjects


@pytest.mark.parametrize(
    ("text", "features", "steps"),
    [
        ("1,2\n3,4\n5,6", ("1", "2"), None),
        ("a;b\n1;2\n3;4\n5;6\n", ("a", "b"), None),
        ("1 2\n\n3 4\n5   6", ("1", "2"), None),
        (
            "date,a,b\n2026-01-01,1,2\n2026-01-02,3,4\n2026-01-03,5,6",
            ("a", "b"),
            ("2026-01-01", "2026-01-02", "2026-01-03"),
        ),
        ("t\ta\tb\n0\t1\t2\n0.5\t3\t4\n1\t5\t6", ("a", "b"), ("0", "0.5", "1")),
        ("x,1,2\ny,3,4\nx,5,6", ("1", "2"), ("x", "y", "x")),
    ],
)
def test_a_table_is_read_as_it_stands(text, features, steps):
    found = series.parse(text)
    assert (found.features, found.steps) == (features, steps)
    np.testing.assert_array_equal(found.values, [[1, 2], [3, 4], [5, 6]])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "empty"),
        ("a,b\n", "at least two rows of numbers; got 0"),
        ("1,2", "at least two rows of numbers; got 1"),
        ("a,b\n1,2\n3,x\n", "line 3, column 'b': wanted a number; got 'x'"),
        ("1,2\n3,\n", "line 2, column '2': a gap"),
        ("1,2\n3\n", "line 2 has 1 columns; the first row has 2"),
        ("a,b,c\n1,2\n3,4\n", "line 1 names 3 columns; line 2 has 2"),
        ("1,nan\n2,3", "line 1, column '2': wanted a number; got 'nan'"),
        ("1,1e999\n2,3", "wanted a number; got '1e999'"),
        (
            "date,a\n2026-01-02,1\n2026-01-01,2",
            "line 3: time runs backwards, from '2026-01-02' to '2026-01-01'",
        ),
        ("t,a\n2,1\n1,2", "line 3: time runs backwards"),
        ("1\n" * 100_002, "100,002 lines; the limit is 100,000"),
    ],
)
def test_what_is_no_series_is_one_line(text, line):
    with pytest.raises(ValueError) as refused:
        series.parse(text)
    assert line in str(refused.value) and "\n" not in str(refused.value)


def test_a_table_of_several_series_and_a_parquet_file_of_it_are_read_as_each_alone(tmp_path):
    text = "id,t,a,b\nx,1,1,2\ny,1,7,8\nx,2,3,4\ny,3,9,1\nx,5,5,6\n"
    found = series.parse_all(text)
    assert [(one.name, one.steps) for one in found] == [("x", ("1", "2", "5")), ("y", ("1", "3"))]
    np.testing.assert_array_equal(found[0].values, [[1, 2], [3, 4], [5, 6]])
    with pytest.raises(ValueError, match="holds 2 series, 'x', 'y' …: keep the lines of one"):
        series.parse(text)
    frame = pd.read_csv(io.StringIO(text)).assign(t=pd.date_range("2026-01-01", periods=5, freq="h"))
    frame.to_parquet(tmp_path / "several.parquet")
    raw = (tmp_path / "several.parquet").read_bytes()
    same = series.from_parquet(raw)
    assert [one.name for one in same] == ["x", "y"] and same[1].steps[0] == "2026-01-01 01:00:00"
    np.testing.assert_array_equal(same[1].values, found[1].values)
    torch.manual_seed(0)
    modules = {"lower": torch.nn.LSTM(2, 3, batch_first=True), "upper": torch.nn.GRU(3, 4)}
    together = series.read(modules, same)
    assert together["upper"]["sequence"].values.tolist() == ["x", "y"]
    for number, one in enumerate(same):
        alone = series.read(modules, one)["upper"]["hidden"].isel(layer=0, direction=0, batch=0)
        there = together["upper"]["hidden"].isel(
            layer=0, direction=0, batch=number, time=slice(len(one.values))
        )
        np.testing.assert_allclose(there, alone, atol=1e-6)
    assert together["lower"]["token"].values[1].tolist() == ["2026-01-01 01:00:00", "2026-01-01 03:00:00", ""]


def parquet(**columns) -> bytes:
    file = io.BytesIO()
    pd.DataFrame(columns).to_parquet(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b"PAR1 and nothing", "cannot be read as Parquet"),
        (parquet(a=[1.0, 2.0])[:-30] + b"PAR1", "cannot be read as Parquet"),
        (parquet(a=[[1, 2], [3]], b=[1, 2]), "column 'a' holds list"),
        (parquet(a=[1.0, None, 3.0], b=[1, 2, 3]), "line 3, column 'a': a gap"),
        (parquet(a=np.zeros(100_001)), "the table has 100,001 rows of 1 columns"),
        (parquet(id=["x", "x", "y"], a=[1, 2, 3]), "at least two rows of numbers; 'y' has 1"),
        (parquet(id=range(500), a=range(500)), "holds 500 series; the limit is 200"),
    ],
    ids=range(7),
)
def test_what_is_no_table_of_parquet_is_one_line(raw, line):
    with pytest.raises(ValueError) as refused:
        series.from_parquet(raw)
    assert line in str(refused.value) and "\n" not in str(refused.value)


def test_columns_are_scaled_each_by_itself():
    found = series.Series(np.array([[1.0, 5.0, 0.0], [3.0, 5.0, 4.0]]), ("a", "b", "c"))
    np.testing.assert_array_equal(series.scaled(found, "standardised").values, [[-1, 0, -1], [1, 0, 1]])
    np.testing.assert_array_equal(series.scaled(found, "from 0 to 1").values, [[0, 0, 0], [1, 0, 1]])
    assert series.scaled(found, "as they are") is found
    with pytest.raises(
        ValueError, match="scale must be one of as they are, standardised, from 0 to 1; got 'log'"
    ):
        series.scaled(found, "log")


def test_layers_read_it_one_after_the_other_as_torch_does(tmp_path):
    torch.manual_seed(0)
    lower = torch.nn.LSTM(2, 3, bidirectional=True, batch_first=True)
    upper = torch.nn.GRU(6, 4)
    found = series.parse("date,a,b\n" + "\n".join(f"2026-01-{day:02d},{day},{-day}" for day in range(1, 10)))
    trace = series.read({"net.lower": lower, "upper": upper}, found)
    inputs = torch.tensor(found.values, dtype=torch.float32)
    below = lower(inputs[None])[0][0]
    above = upper(below[:, None])[0][:, 0]
    np.testing.assert_allclose(
        trace["net_lower"]["hidden"].isel(layer=0, direction=1, batch=0), below[:, 3:].detach(), atol=1e-6
    )
    np.testing.assert_allclose(
        trace["upper"]["hidden"].isel(layer=0, direction=0, batch=0), above.detach(), atol=1e-6
    )
    assert trace["upper"]["token"].values.tolist() == list(found.steps)
    rnnviz.save(trace, tmp_path / "series.nc")
    inputs = subjects.opened(tmp_path / "series.nc").inputs("net_lower")
    assert inputs["feature"].values.tolist() == ["a", "b"]
    np.testing.assert_array_equal(inputs, found.values.T)
    with pytest.raises(ValueError, match=r"upper reads 6 numbers a step; got 2 columns"):
        series.read({"upper": upper}, found)
    with pytest.raises(ValueError, match=r"upper reads 6 numbers a step; got 4"):
        series.read({"first": torch.nn.GRU(2, 4), "upper": upper}, found)


def test_with_an_embedding_whole_numbers_are_read():
    torch.manual_seed(0)
    embedding, module = torch.nn.Embedding(5, 2), torch.nn.RNN(2, 3)
    trace = series.read({"rnn": module}, series.parse("4\n0\n3"), embedding)
    wanted = module(embedding(torch.tensor([4, 0, 3]))[:, None])[0][:, 0]
    np.testing.assert_allclose(
        trace["rnn"]["hidden"].isel(layer=0, direction=0, batch=0), wanted.detach(), atol=1e-6
    )
    for text in ("1\n5", "0.5\n1", "1,2\n3,4", "-1\n0"):
        with pytest.raises(
            ValueError, match="an embedding of 5 tokens: give one whole number a step, 0 to 4"
        ):
            series.read({"rnn": module}, series.parse(text), embedding)
