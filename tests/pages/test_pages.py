"""The three pages, as a reader meets them."""

import json
import random
import re
import shutil
import unicodedata

import h5py
import numpy as np
import pytest
import torch
import xarray as xr

from rnnviz.models import checkpoints
from rnnviz.ui.parts.explored import DEFAULT_TEXTS, EXAMPLES, runs
from rnnviz.ui.rooms.sentiment import opinions

PAGES = ("states", "gates", "gradients")
MODELS = ("shakespeare-rnn", "shakespeare-gru", "shakespeare-lstm", "python-lstm")
TEXT = "ROMEO: I would"


def decoded(array: dict) -> np.ndarray:
    import base64

    values = np.frombuffer(base64.b64decode(array["bdata"]), array["dtype"])
    return values.reshape([int(n) for n in array["shape"].split(",")]) if "shape" in array else values


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_every_page_draws_every_model_in_both_languages(visit, page, model, lang):
    seen = visit(page, model=model, text=TEXT, lang=lang)
    assert not seen.test.exception
    assert seen.lines == []
    assert seen.board["tokens"] == list("ROMEO:·I·would")


def test_what_is_read_is_the_row_of_the_embedding_that_the_character_picks(visit):
    seen = visit("states", model="shakespeare-lstm", text="abba", step=2)
    model, _card = checkpoints.load("shakespeare-lstm")
    said = next(part.value.replace("\\", "") for part in seen.test.markdown if "vocabulary" in part.value)
    row = int(re.search(r"row (\d+) of the embedding", said)[1])
    assert "(in this text: 2)" in said and "64 trained numbers" in said
    table = seen.test.dataframe[0].value
    shown = [float(text.replace("−", "-")) for text in table["x_t"]]
    np.testing.assert_allclose(shown, model.embedding.weight[row].detach(), rtol=1e-3)


def test_the_heatmap_shows_the_states_that_the_network_computes(visit):
    model, card = checkpoints.load("shakespeare-gru")
    ids = checkpoints.vocabulary(card).encode(TEXT)
    hidden, _state = model.rnn(model.embedding(torch.tensor([ids])))
    drawn = visit("states", model="shakespeare-gru", text=TEXT, layer=2, order="stored").figures["hidden"]
    values = decoded(drawn["data"][0]["z"])
    assert drawn["layout"]["meta"]["units"] == list(range(296))
    np.testing.assert_allclose(values, hidden[0].T.detach().numpy(), atol=1e-5)


def test_the_candidates_are_the_models_own_probabilities(visit):
    model, card = checkpoints.load("shakespeare-lstm")
    ids = checkpoints.vocabulary(card).encode(TEXT)
    probability = model(torch.tensor([ids]))[0][0].softmax(-1)
    sent = visit("states", model="shakespeare-lstm", text=TEXT).board["candidates"]
    best = decoded(sent["values"]).reshape(len(TEXT), sent["count"])
    np.testing.assert_allclose(best, probability.topk(sent["count"]).values.detach().numpy(), rtol=1e-3)


def test_the_path_says_what_share_of_the_variance_it_shows(visit):
    seen = visit("states", model="shakespeare-lstm", text=TEXT, layer=2)
    with xr.open_dataset(checkpoints.components_path("shakespeare-lstm"), engine="h5netcdf") as fitted:
        share = float(fitted["share"][1, 0, :2].sum())
    assert share < 0.5  # far from the whole state
    (title,) = (figure["title"] for figure in seen.board["figures"] if figure["id"] == "path")
    assert title == f"The state's path in 2 of its 256 dimensions: {100 * share:.1f} % of the variance"


def test_kept_and_written_add_up_to_the_cell(visit):
    bars = visit("gates", model="shakespeare-lstm", text=TEXT, unit=7).figures["contributions"]["data"]
    kept, written, cell = (decoded(trace["y"]) for trace in bars)
    np.testing.assert_allclose(kept + written, cell, atol=1e-6)


@pytest.mark.parametrize(
    ("model", "wanted"),
    [
        ("shakespeare-lstm", ["input_gate", "forget_gate", "candidate", "output_gate", "cell"]),
        ("shakespeare-gru", ["reset_gate", "update_gate", "candidate"]),
    ],
)
def test_the_gates_page_draws_all_gates_and_what_they_imply(visit, model, wanted):
    drawn = list(visit("gates", model=model, text=TEXT).figures)
    assert drawn == [*wanted, "contributions", "saturation", "half_life"]


def test_an_rnn_has_no_gates_and_the_page_says_what_it_has_instead(visit):
    seen = visit("gates", model="shakespeare-rnn", text=TEXT)
    assert "no gates" in seen.test.info[0].value
    assert list(seen.figures) == ["hidden", "slope"]


def test_a_link_brings_back_the_view(visit):
    seen = visit(
        "states", model="shakespeare-gru", text=TEXT, layer=2, unit=40, order="activity", lang="ko", step=3
    )
    board = seen.board
    assert (board["unit"], board["step"]) == (40, 2)
    assert seen.test.header[0].value == "은닉 상태"
    assert seen.test.selectbox[0].value == "shakespeare-gru"
    for part in ("model=shakespeare-gru", "layer=2", "unit=40", "order=activity", "lang=ko", "step=3"):
        assert part in seen.address


def test_model_text_layer_and_unit_are_kept_over_page_changes(visit):
    seen = visit("states", model="shakespeare-gru", text=TEXT, layer=2, unit=40)
    seen.go("gates")
    assert seen.board["unit"] == 40
    assert seen.test.text_area[0].value == TEXT
    assert seen.test.segmented_control(key="pick_layer").value == 1
    assert all(part in seen.address for part in ("model=shakespeare-gru", "layer=2", "unit=40"))


def test_every_run_tells_the_browser_the_address_anew(visit):
    """Streamlit empties it at a change of page; what is sent unchanged is not heard."""
    seen = visit("states", text=TEXT)
    before = seen.address, seen.runs
    seen.go("home").go("states")
    assert seen.runs > before[1]
    assert seen.address == before[0]


@pytest.mark.parametrize(("page", "of"), [("states", "hidden state h"), ("gates", "forget gate f")])
def test_the_board_says_what_colours_the_characters(visit, page, of):
    assert visit(page, unit=7).board["colour"]["label"] == f"Colour of the text: {of} of unit 7"


@pytest.mark.parametrize(
    ("order", "title"),
    [("stored", "unit"), ("similarity", "unit, by similarity"), ("activity", "unit, by activity")],
)
def test_the_rows_of_a_heatmap_are_named_by_their_order(visit, order, title):
    drawn = visit("states", text=TEXT, order=order).figures["hidden"]
    assert drawn["layout"]["yaxis"]["title"]["text"] == title


def test_choosing_in_the_sidebar_changes_the_address(visit):
    seen = visit("states")
    seen.test.number_input(key="pick_unit").set_value(12).run()
    assert seen.board["unit"] == 12
    assert "unit=12" in seen.address


def test_another_model_brings_its_own_default_text_and_keeps_a_typed_one(visit):
    seen = visit("states")
    seen.test.selectbox[0].set_value("python-lstm").run()
    assert seen.test.text_area[0].value == DEFAULT_TEXTS["python"]
    seen.test.text_area[0].set_value("x = 1").run()
    seen.test.selectbox[0].set_value("shakespeare-lstm").run()
    assert seen.test.text_area[0].value == "x = 1"


BAD_TEXTS = {
    "one character": ("a", None),
    "only a blank": (" ", None),
    "too long": ("to be or not " * 20, "first 200 are read"),
    "not in the vocabulary": ("Ελλάδα", "6 of 6"),
    "control characters": ("a\x07\x1b[31mb", "unknown to this model"),
    "right to left": ("שלום abc", "4 of 8"),
    "emoji": ("ok 👩‍👩‍👧 done", "unknown to this model"),
    "HTML": ("<img src=x onerror=alert(1)><b>bold</b>", "unknown to this model"),
    "markdown": ("![a](https://example.com/a.png) **b** $x^2$", "unknown to this model"),
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("name", BAD_TEXTS)
def test_odd_text_is_read_or_gets_one_line_and_is_never_lost(visit, monkeypatch, page, name):
    text, line = BAD_TEXTS[name]
    monkeypatch.setattr(runs, "LONGEST", 200)
    seen = visit(page, text=text)
    assert not seen.test.exception
    assert seen.test.text_area[0].value == text
    if page == "gradients" and len(text) < 2:
        line = "type at least two"
    else:
        assert len(seen.board["tokens"]) == min(len(text), 200)
    assert [line in shown for shown in seen.lines] == ([] if line is None else [True])


@pytest.mark.parametrize(
    ("model", "data"),
    [("shakespeare-rnn", "English plays: "), ("python-lstm", "Python code: standard library")],
)
def test_where_most_characters_are_unknown_the_line_says_what_the_model_was_trained_on(visit, model, data):
    assert f"This model was trained on {data}" in visit("states", model=model, text="안녕 a 하세요").lines[0]
    assert "trained on" not in visit("states", model=model, text="안녕 abcdefg").lines[0]


@pytest.mark.parametrize("model", ["shakespeare-gru", "python-lstm", "korean-gru"])
def test_an_example_is_a_click_away_and_all_of_it_is_known(visit, model):
    seen = visit("states", model=model)
    for name, text in EXAMPLES[model.split("-")[0]].items():
        seen.test.pills(key="pick_example").set_value(name).run()
        assert seen.test.text_area[0].value == text
        assert len(seen.board["tokens"]) == len(text)
        assert seen.lines == []
    seen.test.text_area[0].set_value("own words").run()
    assert seen.test.pills(key="pick_example").value is None


@pytest.mark.parametrize("page", PAGES)
def test_a_korean_model_reads_syllables_whether_they_came_whole_or_in_parts(visit, page):
    text = "정말 재미있어요 🎬"
    whole, parts = (
        visit(page, model="korean-gru", text=unicodedata.normalize(form, text), lang="ko")
        for form in ("NFC", "NFD")
    )
    assert whole.board["tokens"] == parts.board["tokens"] == list(text.replace(" ", "·"))
    assert parts.test.text_area[0].value == text
    assert whole.lines == parts.lines
    (line,) = parts.lines  # of the emoji alone
    assert "10자 중 1자(1종류)" in line


def test_a_reader_of_korean_is_offered_a_korean_model_and_no_link_changes_what_it_means(visit):
    seen = visit("states", lang="ko")
    assert seen.test.session_state["settings"]["model"] == "shakespeare-lstm"
    assert seen.test.text_area[0].value == DEFAULT_TEXTS["shakespeare"]
    seen.test.button(key="take_korean").click().run()
    assert "model=korean-gru" in seen.address
    assert seen.test.text_area[0].value == DEFAULT_TEXTS["korean"]
    assert seen.board["tokens"] == list(DEFAULT_TEXTS["korean"].replace(" ", "·"))
    assert "take_korean" not in [button.key for button in seen.test.button]


@pytest.mark.parametrize(("text", "offered"), [("정말 좋았어요", True), ("to be", False), ("", False)])
def test_korean_that_another_model_does_not_know_can_be_read_by_one_that_does(visit, text, offered):
    seen = visit("states", text=text)
    keys = [button.key for button in seen.test.button]
    assert ("take_korean" in keys) is offered
    if offered:
        seen.test.button(key="take_korean").click().run()
        assert seen.test.text_area[0].value == text
        assert seen.lines == []


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_text_is_asked_for(visit, page):
    seen = visit(page)
    seen.test.text_area[0].set_value("").run()
    assert not seen.test.exception
    assert seen.board is None
    assert len(seen.lines) == 1
    assert "at least one character" in seen.lines[0]


BAD_LINKS = {
    "model": ("nonsense", "names a model that is not here"),
    "layer": ("9", "has 2 layers"),
    "unit": ("100000", "units 0 to 255"),
    "order": ("backwards", "must be one of stored, similarity, activity"),
    "components": ("7", "must be one of 2, 3"),
    "lang": ("xx", "must be one of en, ko"),
    "textz": ("%%%", "damaged"),
    "gate": ("door", "must be one of"),
    "step": ("-5", "must be a whole number of at least 1. The last step is shown."),
}


@pytest.mark.parametrize("name", BAD_LINKS)
def test_a_bad_link_gets_one_line_and_a_working_page(visit, name):
    value, line = BAD_LINKS[name]
    seen = visit("states", **{name: value, "text": TEXT} if name != "textz" else {name: value})
    assert not seen.test.exception
    assert [line in shown for shown in seen.lines] == [True]
    assert seen.board["tokens"]


@pytest.mark.parametrize("value", ["-1", "1.5", "1e3", "٣", "", "9" * 50, "<b>"])
def test_a_unit_that_is_no_whole_number_is_refused(visit, value):
    seen = visit("states", unit=value)
    assert not seen.test.exception
    assert seen.board["unit"] == 0
    assert "The first one is shown." in seen.lines[0]
    assert "<b>" not in "".join(seen.lines)


def test_a_step_that_is_no_whole_number_shows_the_last_one(visit):
    seen = visit("states", text=TEXT, step=-5)
    assert seen.board["step"] is None  # the board's cursor then stands at the end


def test_a_step_beyond_the_text_shows_its_end(visit):
    seen = visit("states", text=TEXT, step=500)
    assert not seen.test.exception
    assert seen.board["step"] is None


def test_a_long_text_travels_packed_in_the_link(visit):
    text = "안녕하세요 " * 300
    seen = visit("states")
    seen.test.text_area[0].set_value(text).run()
    assert "textz=" in seen.address
    assert len(seen.address) < 6000
    packed = seen.address.split("textz=")[1].split("&")[0].replace("%3D", "=")
    assert visit("states", textz=packed).test.text_area[0].value == text


def test_every_text_of_the_reader_is_folded_where_it_is_long_and_left_out_where_no_server_would_take_it(
    visit, monkeypatch
):
    monkeypatch.setattr(opinions, "LONGEST", 10)  # what is judged is not what is asked here
    seen = visit("sentiment", sentiment_language="korean")
    box = next(box for box in seen.test.text_area if box.key == "pick_sentiment_text")
    text = "재미있는 영화 " * 400
    box.set_value(text).run()
    packed = seen.address.split("sentiment_textz=")[1].split("&")[0].replace("%3D", "=")
    again = visit("sentiment", sentiment_language="korean", sentiment_textz=packed)
    assert again.test.session_state["settings"]["sentiment_text"] == text
    rng = random.Random(0)
    box.set_value("".join(chr(0xAC00 + rng.randrange(11_172)) for _syllable in range(20_000))).run()
    assert len(seen.address) < 1000
    assert "too long for a link" in seen.test.main.caption[-1].value


def test_of_a_long_text_2000_characters_are_read_and_at_most_a_megabyte_is_sent(visit):
    seen = visit("states", model="shakespeare-rnn", text="the quick brown fox " * 101)
    assert ["first 2,000 are read" in line for line in seen.lines] == [True]
    assert len(seen.board["tokens"]) == 2000 and seen.board["finer"]
    assert len(json.dumps(seen.board)) <= 1_000_000


@pytest.fixture
def few_checkpoints(tmp_path, monkeypatch):
    """A folder with one good checkpoint under another name beside a copy to be broken."""
    for end in (".json", ".safetensors", ".nc"):
        for name in ("good", "shakespeare-lstm"):
            shutil.copy(checkpoints.FOLDER / f"shakespeare-lstm{end}", tmp_path / f"{name}{end}")
    monkeypatch.setenv("RNNVIZ_CHECKPOINTS", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("end", [".safetensors", ".nc"])
@pytest.mark.parametrize("damage", ["missing", "truncated", "not a checkpoint"])
@pytest.mark.parametrize("page", PAGES)
def test_a_damaged_checkpoint_gets_one_line(visit, few_checkpoints, end, damage, page):
    path = few_checkpoints / f"shakespeare-lstm{end}"
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:1000] if damage == "truncated" else b"hello, I am no checkpoint")
    seen = visit(page, model="shakespeare-lstm", text=TEXT)
    assert not seen.test.exception
    assert len(seen.lines) == 1
    assert path.name in seen.lines[0]
    assert "\n" not in seen.lines[0]
    assert seen.test.text_area[0].value == TEXT


def test_a_damaged_card_gets_one_line(visit, few_checkpoints):
    (few_checkpoints / "shakespeare-lstm.json").write_text("{")
    seen = visit("states", model="shakespeare-lstm", text=TEXT)
    assert not seen.test.exception
    assert len(seen.lines) == 1
    assert "shakespeare-lstm.json is damaged" in seen.lines[0]


def test_a_card_that_cannot_be_read_costs_no_other_model(visit, few_checkpoints):
    (few_checkpoints / "shakespeare-lstm.json").write_text("[" * 10_000)
    (few_checkpoints / "a-folder.json").mkdir()
    seen = visit("gradients", model="good", text=TEXT)
    assert not seen.test.exception and seen.lines == []


def test_components_that_lead_to_other_files_are_refused(visit, few_checkpoints):
    with h5py.File(few_checkpoints / "shakespeare-lstm.nc", "r+") as file:
        shape = file["axis"].shape
        del file["axis"]
        file.create_dataset("axis", shape, "f4", external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)])
    (line,) = visit("states", model="shakespeare-lstm", text=TEXT).lines
    assert "shakespeare-lstm.nc is missing or damaged" in line


def test_a_model_that_goes_while_the_server_runs_is_said(visit, few_checkpoints):
    seen = visit("states", model="shakespeare-lstm", text=TEXT)
    assert seen.lines == []
    (few_checkpoints / "shakespeare-lstm.json").unlink()
    assert not seen.test.run().exception
    assert seen.lines == ["The model shakespeare-lstm is not here any more; good is shown."]
    assert "model=good" in seen.address


def test_a_model_that_is_replaced_while_the_server_runs_is_read_anew(visit, few_checkpoints):
    seen = visit("states", model="shakespeare-lstm", text=TEXT)
    before = seen.figures["hidden"]
    for end in (".json", ".safetensors", ".nc"):
        shutil.copy(checkpoints.FOLDER / f"shakespeare-gru{end}", few_checkpoints / f"shakespeare-lstm{end}")
    assert not seen.test.run().exception
    assert seen.figures["hidden"] != before


def test_without_any_checkpoint_the_page_says_how_to_train_one(visit, tmp_path, monkeypatch):
    monkeypatch.setenv("RNNVIZ_CHECKPOINTS", str(tmp_path))
    seen = visit("states")
    assert not seen.test.exception
    assert any("python -m rnnviz train" in line for line in seen.lines)


def test_units_are_found_for_a_kind_of_character_and_chosen(visit):
    seen = visit("states", text="A bc.\nDe f g\n", find="blank")
    (pills,) = (group for group in seen.test.get("button_group") if group.key == "found")
    unit = int(pills.options[0].split(":")[0])
    pills.set_value(unit).run()
    assert seen.board["unit"] == unit and "find=blank" in seen.address and f"unit={unit}" in seen.address
    assert "none of them" in " ".join(t.value for t in visit("states", text="abc", find="line").test.text)


def test_units_are_found_for_syllables_that_end_in_a_consonant_where_there_are_syllables(visit):
    seen = visit("states", text="강 나무 밭", model="korean-gru", find="final")
    assert not seen.test.exception
    assert any("(2 in this text)" in caption.value for caption in seen.test.caption)
    options = [
        name for group in visit("states", text="abc").test.get("button_group") for name in group.options
    ]
    assert "blanks" in options and "syllables that end in a consonant" not in options
