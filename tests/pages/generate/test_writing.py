"""explore/generate as a reader meets it: what is sent to be drawn is what the models write, and why."""

import io
import math
import unicodedata
from urllib.parse import parse_qs

import numpy as np
import pandas as pd
import pytest
import torch

from rnnviz import stats
from rnnviz.models import checkpoints
from rnnviz.studies.writing import Network, Rule, Writing
from rnnviz.ui.parts import explored
from rnnviz.ui.rooms import SETTINGS
from rnnviz.ui.rooms.generate import authors, away, texts
from rnnviz.ui.rooms.generate.surprise import PASTED
from rnnviz.ui.shell.folding import packed
from tests.pages.generate.conftest import LETTERS, ORDER, PIECE, SIZE, Page, by_hand, change, ids, unpacked
from tests.pages.test_pages import decoded


def test_four_writers_begin_side_by_side_with_what_the_library_writes(page):
    seen = page()
    assert [w["kind"] for w in seen.drawn["writers"]] == ["rnn", "gru", "lstm", "counts"]
    assert seen.drawn["writers"][3]["title"] == f"{ORDER}-gram counts" and seen.lines == []
    for writer in seen.drawn["writers"]:
        wanted = by_hand(writer["kind"])
        assert writer["from"] == 0 and ids(writer) == wanted.ids[6:]


def test_each_character_comes_with_its_reasons(page):
    (writer,) = (w for w in page().drawn["writers"] if w["kind"] == "gru")
    steps = by_hand("gru").steps()
    count = writer["candidates"]
    assert count == 10
    numbers, floats = (unpacked(writer[n], k, PIECE) for n, k in (("ids", np.uint16), ("floats", np.float32)))
    np.testing.assert_array_equal(numbers[:, 2], steps["rank"])
    np.testing.assert_allclose(floats[:, 0], steps["uniform"], rtol=1e-6)
    np.testing.assert_allclose(floats[:, 3], np.exp(-steps["surprise"]), rtol=1e-5)
    before, after = np.exp(steps["log_probability"].values), steps["probability"].values
    for i in range(PIECE):
        best = np.argsort(-before[i], kind="stable")[:10]
        assert numbers[i, 3:].tolist() == best.tolist()
        np.testing.assert_allclose(floats[i, 5:15], before[i][best], rtol=1e-5)
        np.testing.assert_allclose(floats[i, 15:], after[i][best], rtol=1e-5)
        own = numbers[i, 0]
        assert floats[i, 4] == pytest.approx(after[i][own], rel=1e-5)
        # the number lies in the stretch of what was drawn
        assert floats[i, 1] - 1e-6 <= floats[i, 0] <= floats[i, 1] + floats[i, 2] + 1e-6


def test_the_next_piece_holds_only_what_is_new(page):
    seen = page()
    more = seen.ask()
    assert more["answer"] == 5
    for writer in more["writers"]:
        assert writer["from"] == PIECE and writer["count"] == PIECE
        assert ids(writer) == by_hand(writer["kind"], count=2 * PIECE).ids[6 + PIECE :]
    states = more["states"]
    assert (states["from"], states["count"]) == (6 + PIECE, PIECE)


def test_a_browser_that_has_nothing_is_told_all_from_the_start(page):
    seen = page()
    seen.ask()
    again = seen.ask({writer["key"]: 0 for writer in seen.drawn["writers"]})
    for writer in again["writers"]:
        assert writer["from"] == 0 and writer["count"] == 2 * PIECE


def test_the_text_ends_at_its_length(page):
    seen = page(generate_length=30)
    for _ in range(3):
        more = seen.ask()
    assert [w["from"] + w["count"] for w in more["writers"]] == [30] * 4


def test_another_run_of_the_page_sends_nothing_twice(page):
    seen = page()
    seen.test.run()
    assert [w["count"] for w in seen.drawn["writers"]] == [0] * 4 and seen.drawn["states"]["count"] == 0


@pytest.mark.parametrize(
    ("kind", "quantity", "layer", "limits"),
    [("lstm", "cell", 1, (-3, 3)), ("gru", "update_gate", 2, (0, 1)), ("rnn", "hidden", 2, (-1, 1))],
)
def test_the_states_are_those_of_one_pass(page, kind, quantity, layer, limits):
    seen = page(generate_writer=kind, generate_quantity=quantity, generate_layer=layer)
    states = seen.drawn["states"]
    assert states["limits"] == list(limits) and states["quantity"] == quantity and states["start"] == 0
    text = by_hand(kind)
    wanted = (
        text.writer.watch(text.ids, None)[quantity].isel(layer=layer - 1).transpose("time", "unit").values
    )
    found = unpacked(states["bytes"], np.uint8, states["count"])
    assert found.shape == wanted.shape == (6 + PIECE, 5)
    low, high = limits
    np.testing.assert_allclose(
        low + found / 255 * (high - low), wanted.clip(low, high), atol=(high - low) / 500
    )


def test_a_quantity_that_a_writer_has_not_falls_back_to_its_state(page):
    assert (
        page(generate_writer="rnn", generate_quantity="forget_gate").drawn["states"]["quantity"] == "hidden"
    )


def test_counts_show_how_long_a_context_was_seen(page):
    states = page(generate_writer="counts").drawn["states"]
    assert states["kind"] == "counts" and states["units"] == ORDER - 1
    found = unpacked(states["bytes"], np.uint8, states["count"])
    text = by_hand("counts")
    seen = text.writer.watch(text.ids, ())
    wanted = seen["context"].values.astype(int) + seen["followed"].values
    np.testing.assert_array_equal(np.rint(found / 127.5), wanted)


def test_counts_of_order_1_look_at_nothing(page):
    states = page(generate_writer="counts", generate_order=1).drawn["states"]
    assert states["units"] == 0


def test_python_is_written_by_one_model(page):
    seen = page(generate_who="python", generate_text="def ")
    (writer,) = seen.drawn["writers"]
    piece = min(texts.OPENING, texts.PIECE)
    assert ids(writer) == by_hand(text="def ", count=piece, name="python-lstm").ids[4:]


def test_the_units_are_drawn_in_an_order_that_no_text_changes(page):
    for text in ("ROMEO:", "to be"):
        states = page(generate_text=text, generate_writer="gru", generate_layer=2).drawn["states"]
        model, _card = checkpoints.load("shakespeare-gru")
        writer = Network(model)
        examples = "".join(explored.EXAMPLES["shakespeare"].values())
        hidden = writer.watch(LETTERS.encode(examples), None)["hidden"].isel(layer=1)
        assert states["rows"] == stats.states.order(hidden, "similarity").tolist()
        assert sorted(states["rows"]) == list(range(5)) and states["rows"] != list(range(5))
    assert page(generate_writer="counts").drawn["states"]["rows"] == []


def test_korean_is_written_by_three_networks_in_syllables_from_text_in_parts(visit):
    seed = "재미있을 줄 "
    seen = Page(
        visit, generate_who="korean", generate_text=unicodedata.normalize("NFD", seed), generate_length=20
    )
    assert seen.lines == []
    assert seen.drawn["text"] == seed and seen.drawn["seed"] == list(seed.replace(" ", "·"))
    assert [one["kind"] for one in seen.drawn["writers"]] == ["rnn", "gru", "lstm"]
    for writer in seen.drawn["writers"]:
        model, card = checkpoints.load(f"korean-{writer['kind']}")
        vocabulary = checkpoints.vocabulary(card)
        writing = Writing(Network(model), vocabulary.encode(seed), Rule(0.8, 0, 1.0, 1), None)
        writing.write(writer["count"])
        assert ids(writer) == writing.ids[len(seed) :]
        assert writer["tokens"] == list(vocabulary.tokens)
    assert seen.sent("surprise")["characters"] == list(PASTED["korean"].replace(" ", "·").replace("\n", "↵"))
    assert seen.sent("surprise")["unknown"] == []
    changed = packed(
        [["gru", 2, "\u0958"], ["gru", 3, "한"]]
    )  # the first is two characters where it is put together
    seen = Page(visit, generate_who="korean", generate_length=20, generate_changes=changed)
    assert len(seen.lines) == 1 and "is unknown to these models" in seen.lines[0]
    assert [writer["changed"] for writer in seen.drawn["writers"]] == [[], [2], []]


def test_a_reader_who_comes_back_finds_the_place_reached(page):
    seen = page()
    assert seen.drawn["reached"] == texts.OPENING
    seen.test.session_state["generate"]["reached"] = 300
    seen.visit.go("states").go("generate")
    assert seen.drawn["reached"] == 300
    seen.settings["generate_place"] = 400  # what is explained is shown
    seen.test.run()
    assert seen.drawn["reached"] == 400


# --- changes


def test_one_step_at_two_temperatures_leaves_the_text_as_it_is(page):
    seen = page(generate_compare=True, generate_place=5, generate_hot=1.25)
    written = ids(seen.drawn["writers"][2])
    logs = torch.tensor(by_hand().steps()["log_probability"].values[4, 1:], dtype=torch.float64)
    likeliest = logs.argsort(descending=True, stable=True)[:10]

    def bars() -> list[np.ndarray]:
        (spec,) = seen.visit.figures.values()
        assert spec["layout"]["xaxis"]["range"] == [0, 1]
        return [decoded(bar["x"]) for bar in spec["data"]]

    for hot in (1.25, 2.0):
        for found, temperature in zip(bars(), (0.2, hot), strict=True):
            wanted = (logs / temperature).softmax(0)[likeliest].numpy()
            np.testing.assert_allclose(found, [*wanted, 1 - wanted.sum()], atol=1e-6)
        seen.test.slider(key="pick_generate_hot").set_value(2.0).run()
    assert seen.settings["generate_hot"] == 2.0
    assert seen.drawn["writers"][2]["count"] == 0  # nothing was written anew
    assert ids(seen.ask({})["writers"][2])[:PIECE] == written
    # without a choice there is nothing to compare; who asks for it begins with the first character
    seen = page(generate_compare=True)
    assert seen.visit.board is None
    assert "Choose a character in a text above." in [caption.value for caption in seen.test.caption]
    seen = page()
    seen.test.toggle(key="pick_generate_compare").set_value(True).run()
    assert seen.settings["generate_place"] == seen.drawn["place"] == 1
    assert any(text.value.startswith("LSTM, character 1: ") for text in seen.test.text)
    far = page(generate_compare=True, generate_place=PIECE + 9)  # not written yet when the page opens
    assert any(text.value.startswith(f"LSTM, character {PIECE + 9}: ") for text in far.test.text)


# --- bad input


def test_without_a_seed_text_there_is_one_line_and_all_settings_stay(page):
    seen = page(generate_temperature=1.5)
    seen.test.main.text_area[0].set_value("").run()
    assert seen.drawn is None
    assert seen.lines == [
        "Give the models at least one character of seed text: they must read before they can write."
    ]
    assert seen.settings["generate_temperature"] == 1.5
    assert seen.sent("surprise") is not None  # the other half does not need it
    seen.test.main.text_area[0].set_value("to").run()
    assert seen.drawn["text"] == "to" and seen.lines == []


def test_a_long_seed_text_is_read_from_its_end(page):
    seen = page(generate_text="to be " * 400)
    assert seen.lines == [
        "The seed text has 2,400 characters; only the last 2,000 are read. Shorten it to choose which ones."
    ]
    assert seen.drawn["text"] == ("to be " * 400)[-2000:]
    assert seen.test.main.text_area[0].value == "to be " * 400
    assert seen.drawn["states"]["start"] == 2000 - texts.BEFORE


def test_unknown_characters_are_counted_and_read(page):
    seen = page(generate_text="한글")
    assert seen.lines == [
        "Unknown to these models, and read as “unknown”: 2 of 2 characters of the seed text."
    ]
    assert all(w["count"] == PIECE for w in seen.drawn["writers"])


def test_a_top_p_that_leaves_nothing_gives_one_line(page):
    seen = page(generate_top_p=0)
    assert seen.lines == ["Top-p 0 leaves nothing to draw from: set it above 0."] and seen.drawn is None


def test_a_top_k_above_the_vocabulary_is_said(page):
    seen = page(generate_top_k=999)
    assert seen.lines == [
        f"There are only {SIZE - 1} characters to draw from: a top-k of 999 leaves all of them."
    ]
    assert ids(seen.drawn["writers"][0]) == by_hand("rnn").ids[6:]


def test_temperature_0_is_greedy_and_said(page):
    seen = page(generate_temperature=0)
    assert any(c.value.startswith("Temperature 0: greedy") for c in seen.test.caption) and seen.lines == []
    assert ids(seen.drawn["writers"][2]) == by_hand(rule=Rule(0, 0, 1.0, 1)).ids[6:]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("generate_temperature", "3"),
        ("generate_temperature", "nan"),
        ("generate_length", "0"),
        ("generate_length", "2001"),
        ("generate_order", "7"),
        ("generate_who", "x"),
        ("generate_writer", "x"),
        ("generate_quantity", "x"),
        ("generate_top_p", "-1"),
        ("generate_place", "x"),
        ("generate_seed", "1.5"),
    ],
)
def test_a_wrong_value_in_a_link_gives_one_line_and_the_default(page, name, value):
    seen = page(**{name: value})
    assert any(name in line for line in seen.greeting)
    assert seen.settings[name] == SETTINGS[name].default and seen.drawn is not None


def test_a_model_that_is_missing_gives_one_line_and_the_others_write(page, own_models):
    (own_models / "counts-characters.safetensors").unlink()
    seen = page()
    (line,) = seen.lines
    assert line.startswith("This model cannot be opened:")
    assert [w["kind"] for w in seen.drawn["writers"]] == ["rnn", "gru", "lstm"]


# --- surprise


def test_the_pasted_text_is_coloured_by_each_models_own_surprise(page):
    text = "to be\nx"
    seen = page(generate_pasted=text).sent("surprise")
    assert seen["characters"] == ["t", "o", "·", "b", "e", "↵", "x"] and seen["unknown"] == [6]
    assert "".join(seen["shown"]) == "to be↵\nx"
    for model in seen["models"]:
        writer = by_hand(model["kind"]).writer
        rows = writer.log_probability(LETTERS.encode(text))
        wanted = [-rows[i, id] for i, id in enumerate(LETTERS.encode(text)[1:6])]
        assert model["nats"][0] is None and model["nats"][6] is None
        assert model["nats"][1:6] == pytest.approx(wanted, abs=1e-4)
        assert model["share"][1:] == pytest.approx(np.exp(rows.max(1)[:-1]), abs=1e-4)


def test_the_table_has_nats_bits_and_perplexity(page):
    seen = page(generate_pasted="to bex")
    assert seen.lines == ["Unknown to these models: 1 of 6 characters. They are underlined and not scored."]
    (table,) = seen.test.dataframe
    assert table.value.index.tolist() == ["RNN", "GRU", "LSTM", f"{ORDER}-gram counts"]
    sent = seen.sent("surprise")["models"]
    for model, (_name, row) in zip(sent, table.value.iterrows(), strict=True):
        nats = float(np.mean([v for v in model["nats"] if v is not None]))
        assert row.iloc[0] == 4
        wanted = (nats, nats / math.log(2), math.exp(nats))
        assert row.iloc[1:].tolist() == pytest.approx(wanted, rel=1e-3)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "Paste a text above, and each model says how much every character surprises it."),
        ("t", "Nothing is read before the first character, so nothing predicts it: type two or more."),
        (
            "t" * 2100,
            "The text has 2,100 characters; only the first 2,000 are read. Shorten it to choose which ones.",
        ),
    ],
)
def test_a_text_that_cannot_be_judged_gives_one_line(page, text, line):
    seen = page()
    seen.test.main.text_area[1].set_value(text).run()
    assert seen.lines == [line] and not seen.test.exception
    assert seen.test.main.text_area[1].value == text


def test_what_is_typed_is_never_taken_for_markdown(page):
    hostile = "<img src=x onerror=alert(1)> ![x](http://a.b) **bold**"
    seen = page(generate_text=hostile, generate_pasted=hostile)
    said = [
        part.value for kind in (seen.test.markdown, seen.test.caption, seen.test.warning) for part in kind
    ]
    assert not any("onerror" in text or "**bold**" in text or "http://a.b" in text for text in said)
    assert seen.drawn["text"] == hostile


# --- away from here, and back


def test_the_address_leads_back_to_the_same_view(page):
    seen = page(
        generate_temperature=1.25,
        generate_top_k=5,
        generate_top_p=0.9,
        generate_seed=77,
        generate_length=300,
        generate_order=3,
        generate_writer="gru",
        generate_layer=2,
        generate_quantity="update_gate",
        generate_place=12,
        generate_pasted="to be",
    )
    params = {k: v[0] for k, v in parse_qs(seen.visit.address[1:]).items()}
    again = page(**params)
    assert again.greeting == [] or all("generate" not in line for line in again.greeting)
    assert {k: v for k, v in again.settings.items() if k.startswith("generate")} == {
        k: v for k, v in seen.settings.items() if k.startswith("generate")
    }
    assert again.drawn["writers"][1]["ids"] == seen.drawn["writers"][1]["ids"]
    assert again.drawn["place"] == 12


def test_the_written_text_is_read_on_the_other_pages(page):
    seen = page(generate_writer="gru")
    button = next(b for b in seen.test.button if b.key == "leave_states")
    assert button.label == "GRU’s text in: Hidden states"
    button.click().run()
    assert seen.settings["model"] == "shakespeare-gru"
    assert seen.settings["text"] == LETTERS.decode(by_hand("gru").ids)


def test_every_character_can_be_taken_away_as_a_row(page):
    seen = page(**change(("gru", 4, "q")))
    labels = {b.label for b in seen.test.get("download_button")}
    assert labels >= {
        "Download what is written so far (txt)",
        "Download every character so far (CSV)",
        "Download the table (CSV)",
    }
    writing = by_hand("gru", changes={9: LETTERS.encode("q")[0]})
    author = authors.Author("gru", "a-gru", {}, LETTERS, writing.writer, "x", (), {})
    asked = authors.Asked((author,), "ROMEO:", writing.rule, PIECE, ())
    table = away._as_table(asked, {"x": writing})
    assert len(table) == PIECE and table["number"].tolist() == list(range(1, PIECE + 1))
    assert table["character"][3] == "q" != table["drawn"][3]
    # what was written can be put together again from the file, blanks and line ends too
    file = pd.read_csv(io.StringIO(table.to_csv(index=False)), keep_default_na=False)
    written = LETTERS.decode(writing.ids[6:])
    assert "".join(file["character"]) == written
    assert "".join(chr(int(code.removeprefix("U+"), 16)) for code in file["code"]) == written
    assert "".join(file["shown"]) == written.replace(" ", "·").replace("\n", "↵")
    assert file[["temperature", "top_k", "top_p", "seed"]].drop_duplicates().values.tolist() == [
        [0.8, 0, 1, 1]
    ]
    steps = writing.steps()
    np.testing.assert_allclose(-np.log(table["before"]), steps["surprise"], rtol=1e-5)
    np.testing.assert_array_equal(table["uniform"], steps["uniform"])
    text = away._as_text(asked, {"x": writing}, ["GRU"]).decode()
    assert text.startswith("temperature 0.8, top-k 0, top-p 1, seed number 1\n\n== GRU (a-gru)\nROMEO:")
    assert text.endswith(LETTERS.decode(writing.ids[6:]))


@pytest.mark.parametrize("writer", ["lstm", "counts"])
def test_the_page_speaks_korean(page, writer):
    seen = page(lang="ko", generate_writer=writer, generate_compare=True, generate_place=2)
    assert "온도 0.2" in seen.visit.board["summary"]
    assert seen.lines == [] and seen.drawn["labels"]["play"]
    assert not seen.test.exception
