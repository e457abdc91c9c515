"""Rows and set-ups of a comparison: what makes no sense is refused in one line, before anything is computed."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnviz.studies import comparing
from rnnviz.studies.comparing import Architecture, Setup, compare

SMALL = Architecture("rnn", units=4)
BOTH_WAYS = Architecture("gru", units=3, bidirectional=True)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "mamba"}, "kind must be one of rnn, gru, lstm; got 'mamba'"),
        ({"kind": "rnn", "forget_bias": 1}, "forget_bias is for an lstm; a rnn has no forget gate"),
        ({"kind": "gru", "nonlinearity": "relu"}, "nonlinearity 'relu' is for an rnn; a gru has its own"),
        ({"nonlinearity": "sigmoid"}, "nonlinearity must be one of tanh, relu"),
        ({"initialisation": "xavier"}, "initialisation must be one of default, orthogonal, identity"),
        ({"units": 0}, "units must be a whole number of at least 1; got 0"),
        ({"units": 2.5}, "units must be a whole number of at least 1; got 2.5"),
        ({"units": 1e300}, "units must be a whole number"),
        ({"layers": "two"}, "layers must be a number; got 'two'"),
        ({"layers": None}, "layers must be a number; got None"),
        ({"gain": math.nan}, "gain must be a number; got nan"),
        ({"gain": True}, "gain must be a number; got True"),
        ({"forget_bias": math.inf}, "forget_bias must be a number; got inf"),
        ({"residual": True}, "residual goes between layers; wanted layers of 2 or more, got 1"),
        ({"layer_norm": True}, "layer_norm goes between layers"),
        ({"bidirectional": "yes"}, "bidirectional must be true or false; got 'yes'"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused_in_one_line(fields, words):
    with pytest.raises(ValueError, match="^" + words.replace("(", r"\(")) as refused:
        Architecture(**fields)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"architectures": ()}, "nothing to compare"),
        ({"architectures": ("lstm",)}, "nothing to compare"),
        ({"architectures": (SMALL, SMALL)}, "two rows are the same: RNN, 4 units"),
        ({"input": "speech"}, "input must be one of"),
        ({"input": "text"}, "needs a text of at least 2 characters; got 0"),
        ({"input": "text", "text": 7}, "text must be a text; got 7"),
        ({"input": "text", "text": "a\0b"}, "NUL"),
        ({"input": "copy", "steps": 2}, "'copy' needs at least 3 steps; got 2"),
        ({"input": "adding", "steps": 1}, "'adding' needs at least 2 steps; got 1"),
        ({"steps": 0}, "steps must be a whole number of at least 1; got 0"),
        ({"seeds": -1}, "seeds must be"),
        ({"batch": 0}, "batch must be"),
        ({"loss": "first"}, "loss must be one of last, all"),
        ({"clip": 0}, "clip must be above 0; got 0"),
        ({"truncate": 0}, "truncate must be a whole number of at least 1; got 0"),
        ({"truncate": 5, "architectures": (BOTH_WAYS,)}, "a bidirectional network reads from the end too"),
    ],
)
def test_a_setup_that_makes_no_sense_is_refused_in_one_line(fields, words):
    with pytest.raises(ValueError, match=words) as refused:
        Setup(**{"architectures": (SMALL,)} | fields)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("fields", [{"steps": 10**9}, {"seeds": 10**9}, {"batch": 10**8}])
def test_what_would_not_fit_is_refused_before_memory_is_taken(fields):
    with pytest.raises(ValueError, match=r"GiB; the limit is 4 GiB: fewer steps"):
        compare(Setup((SMALL,), **fields))
    with pytest.raises(ValueError, match="GiB"):
        compare(Setup((Architecture("lstm", units=10**6),), steps=1))


def test_cost_grows_with_what_is_asked_and_usual_ones_are_below_the_limit():
    usual = Setup((Architecture("rnn"), Architecture("lstm")))
    assert usual.cost() < comparing.LIMIT
    for field in ("steps", "seeds"):
        assert Setup(**vars(usual) | {field: 10 * getattr(usual, field)}).cost() == 10 * usual.cost()
    assert Setup(usual.architectures, truncate=1).cost() > 10 * usual.cost()
    assert Setup((Architecture("lstm", units=1024),), steps=2000, seeds=50).cost() > comparing.LIMIT


def test_numbers_from_a_table_are_understood():
    row = Architecture(
        "lstm", units=np.float64(8.0), layers=np.int64(2), forget_bias=math.nan, residual=np.True_
    )
    assert row == Architecture("lstm", units=8, layers=2, residual=True)
    assert type(row.units) is int and type(row.residual) is bool


ROWS = st.builds(
    lambda kind, relu, layers, bias, deep, **more: Architecture(
        kind,
        "relu" if relu and kind == "rnn" else "tanh",
        layers,
        forget_bias=bias if kind == "lstm" else None,
        residual=deep and layers > 1,
        **more,
    ),
    st.sampled_from(["rnn", "gru", "lstm"]),
    st.booleans(),
    st.integers(1, 3),
    st.sampled_from([None, 0.0, 1.0, -1.5]),
    st.booleans(),
    units=st.sampled_from([1, 64, 65]),
    gain=st.sampled_from([1.0, 0.0, 1.0000001, -2.0]),
    initialisation=st.sampled_from(comparing.INITIALISATIONS),
    bidirectional=st.booleans(),
)


@settings(max_examples=200, deadline=None)
@given(ROWS, ROWS)
def test_names_tell_unlike_rows_apart_and_rows_survive_json(one, other):
    assert (one.name == other.name) == (one == other)
    setup = Setup((one,))
    assert Setup.from_dict(json.loads(json.dumps(setup.to_dict()))) == setup


def test_rows_are_read_from_words():
    assert Architecture.parse("rnn") == Architecture("rnn")
    row = Architecture.parse("lstm, layers=2,units=32,forget_bias=2,residual,layer_norm=True")
    assert row.name == "LSTM 2 layers, 32 units, forget bias 2, residual, layer norm"
    assert Architecture.parse("rnn,nonlinearity=relu,initialisation=identity").name == "RNN relu, identity"
    with pytest.raises(ValueError, match="no field 'width'; there is kind, nonlinearity"):
        Architecture.parse("rnn,width=3")
    with pytest.raises(ValueError, match="list of architectures"):
        Setup.from_dict({"architectures": "rnn"})
    with pytest.raises(ValueError, match="a row is an object with fields; got 7"):
        Setup.from_dict({"architectures": [7]})
    with pytest.raises(ValueError, match="no field 'step'"):
        Setup.from_dict({"architectures": ["rnn"], "step": 3})
