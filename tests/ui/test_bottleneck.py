"""Beam search and the bottleneck on a page: the numbers are those of the models, found by hand here."""

import base64
import copy
import html
import json
import math

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from rnnviz.models import checkpoints, decoding
from rnnviz.models.networks import Translator
from rnnviz.models.vocabularies import END_ID, START_ID, Lexicon
from rnnviz.ui.parts.numbers import probability
from tests.pages.conftest import Visit

TEXT = "5 mar 1996"


def page():
    import streamlit as st

    from rnnviz.ui.rooms import SETTINGS
    from rnnviz.ui.rooms.attention import bottleneck, translation
    from rnnviz.ui.shell.settings import declare

    declare(SETTINGS)

    if reading := translation.current_reading():
        getattr(bottleneck, st.session_state["view"])(reading)


def card_of(model, source, target, score):
    return {
        "task": "translation",
        "model": model,
        "scores": {"validation": score, "test": score},
        "scores_unit": "% of dates",
        "by_length": [
            {"from": 2, "to": 8, "sentences": 40, "score": score},
            {"from": 9, "to": 20, "sentences": 60, "score": score / 2},
        ],
        "parameters": 1,
        "data": {
            "source": "a test",
            "licence": "none",
            "sentences": {"train": 1, "validation": 1, "test": 100},
        },
        "command": "none",
        "source": {"unit": source.unit, "tokens": list(source.entries)},
        "target": {"unit": target.unit, "tokens": list(target.entries)},
    }


@pytest.fixture
def models(tmp_path, monkeypatch):
    """Small untrained models for both tasks, each with its twin."""
    monkeypatch.setenv("RNNVIZ_CHECKPOINTS", str(tmp_path))
    target = Lexicon("characters", tuple("0123<-"))
    sides = {
        "dates": Lexicon("characters", tuple("0123456789 abcdefghijklmnopqrstuvwxyz")),
        "korean": Lexicon("words", ("tom", "is", "<", "here", ".")),
    }
    for task, source in sides.items():
        for name, attention, score in ((task, "dot", 98.0), (f"{task}-plain", None, 50.0)):
            size = {
                "kind": "gru",
                "source": len(source),
                "target": len(target),
                "embedding": 5,
                "hidden": 6,
                "layers": 1,
                "bidirectional": True,
                "attention": attention,
            }
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(3)
                model = Translator(**size)
                with torch.no_grad():
                    model.head.weight *= 4
                    model.head.bias[END_ID] += 1  # so that sentences end
            checkpoints.save(f"translate-{name}", model, card_of(size, source, target, score))
    return tmp_path


def visit(view, text=TEXT, **settings):

    test = AppTest.from_function(page, default_timeout=60)
    test.session_state["view"] = view
    test.session_state["settings"] = {"translate_text": text} | settings
    test.run()
    assert not test.exception
    return test


def figures(test):
    """The figures on the board, by id."""
    (board,) = [b.proto for b in test.get("bidi_component") if b.proto.component_name == "rnnviz_board"]
    sent = json.loads(board.json)
    return {f["id"]: json.loads(f["spec"]) for f in sent["figures"]}, sent


def values(trace, key="y"):
    array = trace[key]
    return (
        np.frombuffer(base64.b64decode(array["bdata"]), array["dtype"]) if isinstance(array, dict) else array
    )


def by_hand(name, ids, written, step):
    """‖∂L/∂h‖ over both directions at each source token: the encoder stepped, autograd asked at each state."""
    model = copy.deepcopy(checkpoints.load(name)[0]).double()
    embedded = model.source_embedding(torch.tensor([list(ids)]))[0].detach()
    states = {}
    for suffix, order in (("", range(len(ids))), ("_reverse", reversed(range(len(ids))))):
        cell = torch.nn.GRUCell(embedded.shape[1], model.encoder.hidden_size).double()
        for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            setattr(cell, part, getattr(model.encoder, f"{part}_l0{suffix}"))
        state = torch.zeros(1, cell.hidden_size, dtype=torch.float64)
        for t in order:
            state = cell(embedded[t : t + 1], state).requires_grad_()
            states[suffix, t] = state
    memory = torch.stack([torch.cat([states["", t], states["_reverse", t]], 1) for t in range(len(ids))], 1)
    start = torch.cat([states["", len(ids) - 1], states["_reverse", 0]], 1)[None]
    scores = model.write(torch.tensor([[START_ID, *written[:-1]]]), start, memory)[0][0]
    losses = torch.nn.functional.cross_entropy(scores, torch.tensor(written), reduction="none")
    loss = losses.sum() if step is None else losses[step]
    grads = torch.autograd.grad(loss, list(states.values()))
    squares = dict(zip(states, (g.square().sum().item() for g in grads), strict=True))
    return [math.sqrt(squares["", t] + squares["_reverse", t]) for t in range(len(ids))], loss.item()


@pytest.mark.parametrize("chosen", [0, 2])
def test_the_curves_are_what_autograd_finds_in_both_models(models, chosen):
    test = visit("bottleneck_view", translate_loss_step=chosen)
    drawn, board = figures(test)
    assert board["tokens"] == list(TEXT.replace(" ", "·"))
    (table,) = test.dataframe
    for row, (trace, name) in enumerate(
        zip(drawn["total"]["data"], ("translate-dates", "translate-dates-plain"), strict=True)
    ):
        model, card = checkpoints.load(name)
        ids = checkpoints.lexicons(card)[0].encode(TEXT)
        written = decoding.greedy(model, ids).tokens
        step = None if chosen == 0 else min(chosen, len(written)) - 1
        wanted, loss = by_hand(name, ids, written, step)
        np.testing.assert_allclose(values(trace), np.log10(wanted), atol=1e-9)
        assert float(table.value["loss (nats)"].iloc[row]) == pytest.approx(loss, rel=1e-3)
        if step is None:
            assert "p = e^−loss" not in table.value  # of all steps together no token has it
        else:
            assert table.value["p = e^−loss"].iloc[row] == probability(loss)
        assert float(table.value["first ÷ last"].iloc[row]) == pytest.approx(wanted[0] / wanted[-1], rel=1e-3)
    assert [t["line"]["dash"] for t in drawn["total"]["data"]] == ["solid", "dash"]


def test_without_attention_the_loss_speaks_to_the_last_state_of_each_direction_alone(models):
    test = visit("bottleneck_view")
    attended, plain = figures(test)[0]["direct"]["data"]
    assert np.isfinite(values(attended)).all()
    assert np.flatnonzero(np.isfinite(values(plain))).tolist() == [0, len(TEXT) - 1]
    (table,) = test.dataframe
    assert table.value["tokens reached directly"].tolist() == ["10 of 10", "2 of 10"]


def test_the_scores_are_those_of_the_cards_and_the_readers_length_is_marked(models):
    lengths = figures(visit("bottleneck_view"))[0]["lengths"]
    assert [list(values(t)) for t in lengths["data"]] == [[98, 49], [50, 25]]
    assert lengths["layout"]["annotations"][0]["text"] == "this sentence: 10"


def test_words_stand_under_the_axis_as_text(models):
    drawn, board = figures(visit("bottleneck_view", "Tom is < here.", translate_task="korean"))
    assert board["tokens"] == []
    assert drawn["total"]["layout"]["xaxis"]["ticktext"] == ["tom", "is", "&lt;", "here", "."]


def test_a_step_that_is_not_there_becomes_all_of_them(models):
    test = visit("bottleneck_view", translate_loss_step=80)
    assert test.session_state["settings"]["translate_loss_step"] == 0
    assert test.selectbox[0].value == 0


@pytest.mark.parametrize("view", ["beam_view", "bottleneck_view"])
def test_one_token_is_enough(models, view):
    visit(view, "5")


def test_width_1_is_greedy_search_and_the_page_says_so(models):
    test = visit("beam_view", translate_beam=1)
    (table,) = test.dataframe
    model, card = checkpoints.load("translate-dates")
    source, target = checkpoints.lexicons(card)
    written = decoding.greedy(model, source.encode(TEXT))
    assert table.value["sentence"].tolist() == [target.decode(written.tokens)]
    total = sum(written.log_probability[t, token].item() for t, token in enumerate(written.tokens))
    assert float(table.value["total (nats)"].iloc[0].replace("−", "-")) == pytest.approx(total, rel=1e-3)
    assert test.markdown[1].value.startswith("Greedy search finds the same sentence")


def test_the_tree_is_that_of_the_search(models):
    test = visit("beam_view", translate_beam=6)
    model, card = checkpoints.load("translate-dates")
    source, target = checkpoints.lexicons(card)
    nodes = decoding.beam(model, source.encode(TEXT), 6)
    data = figures(test)[0]["tree"]["data"]
    drawn = [t for t in data if "text" in t.get("mode", "") and "customdata" in t]
    signs = {0: "?", START_ID: "⊢", END_ID: "∎"}
    wanted = [html.escape(signs.get(n.token, target.tokens[n.token])) for n in nodes]
    assert sorted(word for t in drawn for word in t["text"]) == sorted(wanted)
    (table,) = test.dataframe
    means = [float(m.replace("−", "-")) for m in table.value["mean (nats per token)"]]
    assert means == sorted(means, reverse=True)


@pytest.mark.parametrize(
    ("found", "greedy", "line"),
    [
        (
            ([3, 2], -0.5, -1.0),
            ([3, 2], -1.0),
            "Greedy search finds the same sentence: −0.5 nats per token, −1 in total",
        ),
        (
            ([3, 2], -0.5, -1.0),
            ([4, 5, 2], -3.0),
            "Beam search found a more probable sentence than greedy search: −0.5 nats",
        ),
        (
            ([4, 5, 6, 2], -0.5, -2.0),
            ([3, 2], -1.5),
            "Beam search found no sentence more probable than that of greedy search",
        ),
    ],
)
def test_beam_and_greedy_search_are_compared_by_the_whole_probability(found, greedy, line):
    from rnnviz.ui.rooms.attention.bottleneck import _against_greedy

    assert _against_greedy(*found, *greedy).startswith(line)


def test_a_second_look_computes_nothing(models, monkeypatch):
    for view in ("beam_view", "bottleneck_view"):
        test = visit(view)
        with monkeypatch.context() as patched:
            for name in ("beam", "greedy", "teach"):
                patched.setattr(decoding, name, lambda *a, **k: pytest.fail("computed again"))
            assert not test.run().exception


@pytest.mark.parametrize(
    ("view", "ids"), [("beam", ["tree"]), ("bottleneck", ["total", "direct", "lengths"])]
)
def test_the_page_shows_the_view_that_a_link_names(view, ids):
    seen = Visit("attention", translate_view=view, translate_beam=2, translate_loss_step=3)
    assert list(seen.figures) == ids
    assert f"translate_view={view}" in seen.address and "translate_beam=2" in seen.address
    assert seen.lines == [] and len(seen.test.dataframe) == 1


def test_what_a_link_gets_wrong_is_one_line():
    seen = Visit(translate_view="beam", translate_beam=9, translate_loss_step="x")
    assert seen.lines == [
        "The link's value for “translate_beam” must be a number from 1 to 6.",
        "The link's value for “translate_loss_step” must be a number from 0 to 80.",
    ]
    assert list(seen.go("attention").figures) == ["tree"]


def test_the_shipped_translator_without_attention_mixes_up_the_places_of_digits_as_the_page_says():
    right = {}
    for name in ("translate-dates-plain", "translate-dates"):
        model, card = checkpoints.load(name)
        source, target = checkpoints.lexicons(card)
        right[name] = target.decode(decoding.greedy(model, source.encode("1950/5/1")).tokens)
    assert right == {"translate-dates-plain": "1950-05-10", "translate-dates": "1950-05-01"}
