"""lab/own and recordings of the reader's own on the exploring pages: every number drawn is the recording's."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

import rnnviz
from rnnviz.models import checkpoints
from rnnviz.studies import subjects
from rnnviz.studies.lab import shipped
from rnnviz.ui.parts import board
from rnnviz.ui.parts.explored.subjects import VIEWED
from tests.studies.test_subjects import WORDS, long, recorded  # noqa: F401  the fixtures

GONE = "gone.nc~0123456789abcdef"


def named(path) -> str:
    return f"{Path(path).name}~{subjects.fingerprint(path)}"


@pytest.fixture
def files(recorded, tmp_path, monkeypatch):  # noqa: F811
    """The app was started on two recordings: one of words with gradients, a longer one of numbers without."""
    torch.manual_seed(1)
    module = torch.nn.RNN(2, 4, nonlinearity="relu")
    with rnnviz.record(module) as recording:
        module(torch.randn(9, 2, 2))
    other = tmp_path / "numbers.nc"
    rnnviz.save(recording.trace, other)
    paths = [str(recorded[2]), str(other)]
    monkeypatch.setenv(VIEWED, json.dumps(paths))
    return paths


def drawn(seen, id: str, trace: int = 0, axis: str = "y") -> np.ndarray:
    """The numbers of a figure's curve or heatmap as they were sent."""
    found = seen.figures[id]["data"][trace]["z" if axis == "z" else axis]
    if isinstance(found, dict):
        flat = np.frombuffer(base64.b64decode(found["bdata"]), found["dtype"])
        return flat.reshape([int(n) for n in found["shape"].split(",")]) if "shape" in found else flat
    return np.array(found, float)


def test_each_page_draws_the_sequence_that_was_chosen(visit, files):
    trace = rnnviz.open_trace(files[0])["encoder"]
    view = {
        "subject": named(files[0]),
        "module": "encoder",
        "layer": 2,
        "direction": "backward",
        "sequence": 3,
    }
    states = visit("states", **view, unit=1, order="stored")
    assert not states.test.exception and states.lines == []
    assert states.board["tokens"] == [word.replace(" ", "·") for word in WORDS[:5]]
    wanted = trace["hidden"].isel(layer=1, direction=1, batch=2, projection=1, time=slice(5))
    np.testing.assert_array_equal(drawn(states, "curve"), wanted.values)
    for page in ("gates", "gradients"):
        seen = visit(page, **view)
        assert not seen.test.exception and seen.lines == []
        assert seen.board["tokens"] == states.board["tokens"]
        assert all(part in seen.address for part in ("module=encoder", "sequence=3", "direction=backward"))
    gradients = visit("gradients", **view)
    norms = np.linalg.norm(
        trace["hidden_grad"].isel(layer=1, direction=1, batch=2, time=slice(5)).values, axis=-1
    )
    np.testing.assert_allclose(10 ** drawn(gradients, "norms").astype(float), norms, rtol=1e-5)


@pytest.fixture
def looks(tmp_path, monkeypatch):
    """The app was started on a recording of nothing but attention: two heads, the second sequence two keys shorter."""
    torch.manual_seed(2)
    module, x = torch.nn.MultiheadAttention(4, 2, batch_first=True).eval(), torch.randn(2, 5, 4)
    padding = torch.tensor([[False] * 5, [False] * 3 + [True] * 2])
    with torch.no_grad(), rnnviz.record(module) as recording:
        weights = module(x, x, x, key_padding_mask=padding, average_attn_weights=False)[1]
    path = tmp_path / "looks.nc"
    words = ["the", "cat", "sat", "on", "<it>"]
    rnnviz.save(
        rnnviz.named(recording.trace, tokens={"attention": (words, words)}, names=["one", "two"]), path
    )
    monkeypatch.setenv(VIEWED, json.dumps([str(path)]))
    return str(path), weights.numpy()


def test_the_attention_of_a_recording_is_what_torch_computed_head_by_head(visit, looks):
    path, weights = looks
    head = visit("attention", subject=named(path), sequence=2, attention_head=2)
    assert not head.test.exception and head.lines == []
    np.testing.assert_allclose(drawn(head, "attention", axis="z"), weights[1, 1, :, :3], atol=1e-6)
    sheet = head.figures["attention"]
    assert sheet["layout"]["xaxis"]["ticktext"] == ["the", "cat", "sat"]
    assert sheet["layout"]["yaxis"]["ticktext"][-1] == "&lt;it>" and sheet["data"][0]["zmax"] == 1
    mean = visit("attention", subject=named(path))
    np.testing.assert_allclose(drawn(mean, "attention", axis="z"), weights[0].mean(0), atol=1e-6)
    table = mean.test.dataframe[0].value
    best = weights[0].mean(0).argmax(1)
    assert [int(cell.split()[0]) - 1 for cell in table.iloc[:, 0]] == best.tolist()
    entropy = -(weights[0].mean(0) * np.log(weights[0].mean(0))).sum(1)
    np.testing.assert_allclose(table.iloc[:, 2].astype(float), np.exp(entropy), rtol=5e-3)
    beyond = visit("attention", subject=named(path), attention_head=9, sequence=7, attention_module="none")
    assert [line for line in beyond.lines if "mean is shown" in line] and len(beyond.lines) == 3
    assert "looks.nc holds attention and no recurrent module" in visit("states", subject=named(path)).lines[0]
    assert "attention" in visit("own").test.dataframe[0].value.index


def test_a_recording_without_attention_says_what_would_bring_it(visit, files):
    seen = visit("attention", subject=named(files[0]))
    assert not seen.test.exception and "nn.MultiheadAttention" in seen.lines[0]
    assert "not here" in visit("attention", subject=GONE).lines[0]


def test_what_a_recording_lacks_is_said_with_what_would_bring_it(visit, files):
    numbers = {"subject": named(files[1])}
    assert "loss.backward()" in visit("gradients", **numbers).lines[0]
    states = visit("states", **numbers)
    assert states.board["tokens"] == [""] * 9
    assert any("tokens=" in caption.value for caption in states.test.caption)
    gates = visit("gates", **numbers)
    assert "relu" in gates.test.info[0].value
    hidden = rnnviz.open_trace(files[1])["rnn"]["hidden"].isel(layer=0, direction=0, batch=0, unit=0)
    gates.test.session_state["settings"]["unit"] = 0
    np.testing.assert_array_equal(np.unique(drawn(gates, "slope", axis="z")), np.unique((hidden > 0) * 1.0))


def test_recordings_stand_on_one_axis_with_shipped_models(visit, files):
    beside = json.dumps([f"{named(files[0])}#head", "shakespeare-gru"])
    seen = visit("gradients", subject=named(files[0]), beside=beside, text="abcdefgh")
    assert [trace["name"] for trace in seen.figures["norms"]["data"]] == [
        "run.nc · encoder",
        "run.nc · head",
        "GRU",
    ]
    head = rnnviz.open_trace(files[0])["head"]["hidden_grad"].isel(layer=0, direction=0, batch=0)
    np.testing.assert_allclose(
        10 ** drawn(seen, "norms", 1).astype(float), np.linalg.norm(head.values, axis=-1), rtol=1e-5
    )


def test_a_file_that_is_not_here_is_named_and_the_rest_of_the_view_stays(visit):
    for page in ("states", "gates", "gradients", "own"):
        seen = visit(page, subject=GONE, module="encoder", unit=3)
        assert not seen.test.exception
        assert seen.lines == [
            "This view shows the recording gone.nc (01234567), which is not here. Choose that file in “Your own”, or start the "
            "app on it: rnnviz view gone.nc"
        ]
        assert "unit=3" in seen.address and "gone.nc" in seen.address


@pytest.mark.parametrize(
    ("params", "line"),
    [
        ({"module": "decoder"}, "run.nc holds no module decoder; encoder is shown."),
        ({"sequence": 9}, "Number of sequences here: 3. The first one is shown."),
        ({"module": "head", "direction": "backward"}, "head reads forward only."),
        ({"layer": 7}, "This model has 2 layers; the first one is shown."),
        ({"unit": 99}, "This model has units 0 to 2; unit 0 is shown."),
    ],
)
def test_a_view_of_what_is_not_in_it_shows_what_is(visit, files, params, line):
    seen = visit("states", **({"subject": named(files[0])} | params))
    assert not seen.test.exception
    assert seen.lines == [line]
    assert seen.board


@pytest.mark.parametrize(
    "subject", ["run.nc", "run.nc~12", f"{'x' * 400}~{'0' * 16}", "a\x00b~0123456789abcdef"]
)
def test_a_link_that_names_no_recording_costs_only_that(visit, subject):
    seen = visit("states", subject=subject)
    assert not seen.test.exception
    assert seen.greeting and seen.board


def test_what_is_brought_is_found_led_to_and_seen_by_nobody_else(visit, recorded):  # noqa: F811
    seen = visit("own")
    seen.test.file_uploader[0].upload("run.nc", Path(recorded[2]).read_bytes(), "application/x-netcdf").run()
    assert not seen.test.exception and seen.lines == []
    assert seen.test.dataframe[0].value.index.tolist() == ["encoder", "head"]
    seen.go("gates")
    assert seen.board["tokens"] and not seen.lines
    other = visit("own")
    assert not other.test.dataframe


@pytest.mark.parametrize("raw", [b"", b"no recording", b"\x89HDF\r\n\x1a\n" + bytes(200)])
def test_a_file_that_is_none_is_one_line_and_costs_nothing(visit, recorded, raw):  # noqa: F811
    seen = visit("own")
    seen.test.file_uploader[0].upload("run.nc", Path(recorded[2]).read_bytes(), "application/x-netcdf").run()
    seen.test.file_uploader[0].upload("other.nc", raw, "application/x-netcdf").run()
    assert not seen.test.exception
    assert len(seen.lines) == 1 and seen.lines[0].startswith("other.nc cannot be read as a trace")
    assert seen.test.dataframe[0].value.index.tolist() == ["encoder", "head"]


def weights_of(modules, tmp_path) -> bytes:
    path = tmp_path / "mine.pt"
    torch.save(
        {
            f"{name}.{key}": value
            for name, module in modules.items()
            for key, value in module.state_dict().items()
        },
        path,
    )
    return path.read_bytes()


def test_weights_read_a_series_and_every_page_shows_it(visit, tmp_path):
    torch.manual_seed(0)
    modules = {"low": torch.nn.LSTM(2, 5, batch_first=True), "high": torch.nn.GRU(5, 4, batch_first=True)}
    seen = visit("own")
    seen.test.file_uploader[0].upload(
        "mine.pt", weights_of(modules, tmp_path), "application/octet-stream"
    ).run()
    assert not seen.test.exception and seen.lines == []
    assert seen.test.dataframe[0].value.index.tolist() == ["low", "high"]
    seen.test.text_area[0].set_value("date,a,b\n2026-01-01,1,4\n2026-01-02,3,5\n2026-01-03,2,x").run()
    read = next(button for button in seen.test.button if button.label == "Read")
    read.click().run()
    assert seen.lines == ["line 4, column 'b': wanted a number; got 'x'"]  # and what was typed stays
    assert seen.test.text_area[0].value.endswith("2,x")
    seen.test.text_area[0].set_value("date,a,b\n2026-01-01,1,4\n2026-01-02,3,5\n2026-01-03,2,6").run()
    next(button for button in seen.test.button if button.label == "Read").click().run()
    assert not seen.test.exception
    seen.go("states")
    assert seen.board["tokens"] == ["2026-01-01", "2026-01-02", "2026-01-03"]
    seen.test.session_state["settings"].update(module="high", unit=2)
    seen.test.run()
    inputs = torch.tensor([[[1.0, 4.0], [3.0, 5.0], [2.0, 6.0]]])
    wanted = modules["high"](modules["low"](inputs)[0])[0][0, :, 2].detach()
    np.testing.assert_allclose(drawn(seen, "curve"), wanted, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "raw", "line"),
    [("a.pt", b"PK", "a.pt"), ("b.onnx", b"", "b.onnx"), ("c.npz", b"\x80\x04cos\nsystem\n", "c.npz")],
)
def test_weights_that_cannot_be_read_are_one_line(visit, name, raw, line):
    seen = visit("own")
    seen.test.file_uploader[0].upload(name, raw, "application/octet-stream").run()
    assert not seen.test.exception
    assert len(seen.lines) == 1 and seen.lines[0].startswith(line)


def test_a_recording_that_kept_a_part_shows_it_and_says_what_is_missing(visit, tmp_path, monkeypatch):
    torch.manual_seed(1)
    module = torch.nn.LSTM(3, 4)
    with rnnviz.record(module, keep=["forget_gate", "hidden_grad"]) as recording:
        module(torch.randn(9, 2, 3))[0].sum().backward()
    path = tmp_path / "part.nc"
    rnnviz.save(recording.trace, path)
    monkeypatch.setenv(VIEWED, json.dumps([str(path)]))
    gates = visit("gates", subject=named(path))
    assert not gates.test.exception and any(
        "did not keep all of it; missing: input gate" in line for line in gates.lines
    )
    np.testing.assert_array_equal(drawn(gates, "forget_gate", axis="z").shape, (4, 9))
    for page in ("states", "gradients"):
        assert not visit(page, subject=named(path)).test.exception, page
    direct = visit("gradients", subject=named(path), part="direct")
    assert not direct.test.exception and any(
        "hidden_grad_direct" in line.replace("\\", "") for line in direct.lines
    ), direct.lines


def test_a_long_series_is_sent_in_a_megabyte_and_exactly_where_it_is_zoomed_to(visit, long, monkeypatch):  # noqa: F811
    monkeypatch.setenv(VIEWED, json.dumps([str(long)]))
    node = rnnviz.open_trace(long)["gru"].isel(layer=0, direction=0, batch=0)
    hidden = node["hidden"].sel(unit=2).values
    seen = {page: visit(page, subject=named(long), unit=2) for page in ("states", "gates", "gradients")}
    for page in seen.values():
        assert not page.test.exception and page.lines == [] and page.board["finer"]
        assert len(json.dumps(page.board)) <= 1_000_000
        names = page.board["tokens"]
        assert names["count"] == 100_000 and names["coarse"][3] == f"2026-{3 * names['every']:06}"
    states, gates, gradients = seen.values()
    curve = drawn(states, "curve")
    assert len(curve) <= 2000 and (curve.min(), curve.max()) == (hidden.min(), hidden.max())
    assert len(drawn(states, "path")) * states.figures["path"]["layout"]["meta"]["every"] >= 100_000
    rough = base64.b64decode(states.board["colour"]["values"]["bdata"])
    np.testing.assert_allclose(np.frombuffer(rough, np.uint8) / 127.5 - 1, hidden, atol=0.004)
    at_end = np.log10(np.linalg.norm(node["hidden_grad"].values[-1]))
    assert gradients.figures["norms"]["layout"]["meta"]["ends"] == [pytest.approx(at_end, rel=1e-5)]
    monkeypatch.setattr(board, "zoom", lambda _id, _steps: (50_000, 58_191))  # as the browser would say
    for page in seen.values():
        page.test.run()
        assert not page.test.exception and len(json.dumps(page.board)) <= 1_000_000
        window = next(one for one in page.board["tokens"]["known"] if one["first"] == 50_000)
        assert window["names"][-1] == "2026-058190" and len(window["names"]) == 8191
    part = slice(50_000, 58_191)
    np.testing.assert_array_equal(drawn(states, "curve"), hidden[part])
    np.testing.assert_array_equal(drawn(states, "inputs", 1), node["input"].values[part, 1])
    np.testing.assert_array_equal(drawn(gates, "contributions", 2), hidden[part])
    logs = np.log10(np.linalg.norm(node["hidden_grad"].values[part], axis=-1))
    np.testing.assert_allclose(drawn(gradients, "norms"), logs, rtol=1e-5)
    assert states.figures["curve"]["data"][0]["x0"] == 50_000
    exact = states.board["colour"]["exact"]
    assert exact["first"] == 50_000
    np.testing.assert_array_equal(
        np.frombuffer(base64.b64decode(exact["values"]["bdata"]), np.float32), hidden[part]
    )


def test_a_series_comes_along_and_what_was_forecast_stands_beside_what_came(visit):
    seen = visit("own")
    seen.test.button(key="leave_series").click().run()
    assert not seen.test.exception and seen.lines == []
    truth, said = drawn(seen, "inputs"), drawn(seen, "inputs", 1)
    with open(checkpoints.folder() / "series" / "sunspots.csv") as file:
        rows = [float(line.split(",")[1]) for line in file.read().splitlines()[1:]]
    card = shipped.card()
    (column,) = card["columns"]
    held_out = np.array(rows[len(rows) * 4 // 5 :])
    np.testing.assert_allclose(truth * column["spread"] + column["centre"], held_out, rtol=1e-5, atol=1e-4)
    weights = safetensors.torch.load_file(checkpoints.folder() / "series" / "sunspots.safetensors")
    gru = torch.nn.GRU(1, 16, batch_first=True)
    gru.load_state_dict({name[4:]: value for name, value in weights.items() if name.startswith("rnn.")})
    states = gru(torch.tensor(truth, dtype=torch.float32)[None, :, None])[0][0]
    wanted = (states @ weights["head.weight"].T + weights["head.bias"])[:-1, 0].detach()
    np.testing.assert_allclose(said[1:], wanted, atol=1e-5)
    assert np.isnan(said[0]) and seen.board["tokens"][0] == "1947"
    # better than repeating the last value, as the card says of the whole held-out part
    assert np.square(said[1:] - truth[1:]).mean() < np.square(truth[:-1] - truth[1:]).mean() / 2
    assert (
        card["held_out"]["loss"] < card["held_out"]["repeated"] / 3
        and "public domain" in card["data"]["licence"]
    )
    sent_back = visit("gradients", subject="sunspots~0000000000000000")
    assert not sent_back.test.exception and "norms" in sent_back.figures


def test_layers_that_can_be_had_are_and_of_each_other_a_line_says_why(visit, tmp_path):
    torch.manual_seed(0)
    modules = {"low": torch.nn.LSTM(2, 5), "high": torch.nn.GRU(5, 4)}
    modules["high"].weight_ih_l0.data[0, 0] = torch.inf
    seen = visit("own")
    seen.test.file_uploader[0].upload(
        "mine.pt", weights_of(modules, tmp_path), "application/octet-stream"
    ).run()
    assert not seen.test.exception
    assert seen.test.dataframe[0].value.index.tolist() == ["low"]
    assert seen.lines == ["high is not read: high.weight_ih_l0 (12, 5) holds NaN or infinite numbers"]


def test_weights_with_a_vocabulary_read_what_is_typed(visit, tmp_path):
    from tests.studies.test_worded import LETTERS, Writer, ids

    one = Writer()
    torch.save(one.state_dict(), tmp_path / "writer.pt")
    seen = visit("own")
    raw = (tmp_path / "writer.pt").read_bytes()
    seen.test.file_uploader[0].upload("writer.pt", raw, "application/octet-stream").run()
    seen.test.button(key="own_words_read").click().run()
    assert seen.lines == ["Give the vocabulary: without it nobody knows which token is which number."]
    box = next(area for area in seen.test.text_area if area.label == "Its vocabulary")
    box.set_value("abc").run()
    seen.test.button(key="own_words_read").click().run()
    assert len(seen.lines) == 1 and "its embedding has 10 tokens; the vocabulary has 3" in seen.lines[0]
    box = next(area for area in seen.test.text_area if area.label == "Its vocabulary")
    box.set_value(json.dumps(list(LETTERS))).run()
    seen.test.button(key="own_words_read").click().run()
    seen.go("states")
    assert not seen.test.exception and seen.lines == []
    seen.test.session_state["settings"].update(text="a bad cab", unit=2)
    seen.test.run()
    assert seen.board["tokens"] == [c.replace(" ", "·") for c in "a bad cab"]
    np.testing.assert_allclose(
        drawn(seen, "curve"), one.rnn(one.embedding(ids("a bad cab")))[0][0, :, 2].detach(), atol=1e-6
    )
    assert seen.board["candidates"]
    seen.go("gradients")
    assert not seen.test.exception and seen.lines == [] and "norms" in seen.figures
    seen.test.session_state["settings"].update(text="a bad Zab")
    seen.test.run()
    assert len(seen.lines) == 1 and "'Z' is not in the vocabulary" in seen.lines[0]
    elsewhere = visit("states", subject="writer.pt~0123456789abcdef")
    assert "weights of writer.pt" in elsewhere.lines[0]


def test_what_the_model_returned_is_drawn_over_what_was_to_come(visit, tmp_path, monkeypatch):
    from tests.studies.test_returned import TOKENS, Writer
    from tests.studies.test_returned import recorded as made

    scores, subject = made(tokens=TOKENS)
    numbers, bare = made(outputs=True)
    wide = Writer()
    wide.head = torch.nn.Linear(5, 20)
    many, third = made(wide, outputs=True)
    paths = [str(tmp_path / name) for name in ("named.nc", "bare.nc", "many.nc")]
    for path, one in zip(paths, (subject, bare, third), strict=True):
        rnnviz.save(one.trace, path)
    monkeypatch.setenv(VIEWED, json.dumps(paths))
    seen = visit("states", subject=named(paths[0]), sequence=2)
    assert not seen.test.exception and seen.lines == []
    np.testing.assert_allclose(drawn(seen, "returned", axis="z"), scores[1].softmax(-1).T, atol=1e-6)
    rings = seen.figures["returned"]["data"][1]
    assert (drawn(seen, "returned", 1, "x").tolist(), drawn(seen, "returned", 1).tolist()) == (
        [0, 1, 2],
        [2, 0, 1],
    )
    assert rings["name"] == "what was to come" and seen.board["candidates"]["tokens"] == ["a", "b", "c"]
    plain = visit("states", subject=named(paths[1]))
    assert not plain.test.exception and plain.board["candidates"] is None
    for output in range(3):
        np.testing.assert_allclose(drawn(plain, "returned", output), numbers[0, :, output], atol=1e-6)
    map_of_many = visit("states", subject=named(paths[2]))
    assert not map_of_many.test.exception
    np.testing.assert_allclose(drawn(map_of_many, "returned", axis="z"), many[0].T, atol=1e-6)
    assert map_of_many.figures["returned"]["layout"]["meta"]["scale"] == "diverging"


@pytest.fixture
def parts(tmp_path, monkeypatch):
    """The app was started on recordings of the second layer of three, and of the first and the last."""
    torch.manual_seed(3)
    module = torch.nn.LSTM(2, 4, num_layers=3)
    x, paths = torch.randn(9, 1, 2), [str(tmp_path / "second.nc"), str(tmp_path / "ends.nc")]
    with rnnviz.record(module) as recording:
        module(x)[0].sum().backward()
    for path, layers in zip(paths, ([1], [0, -1]), strict=True):
        with rnnviz.record(module, layers=layers) as part:
            module(x)[0].sum().backward()
        rnnviz.save(part.trace, path)
    monkeypatch.setenv(VIEWED, json.dumps(paths))
    return paths, recording.trace["lstm"]


def layer_picker(seen):
    return next((one for one in seen.test.segmented_control if one.label == "Layer"), None)


def test_layers_that_were_kept_are_chosen_by_their_own_numbers(visit, parts):
    (second, ends), whole = parts
    seen = visit("states", subject=named(second), unit=1)
    assert not seen.test.exception and seen.lines == []
    assert layer_picker(seen).options == ["2"] and "layer 2" in seen.board["summary"]
    wanted = whole["hidden"].isel(layer=1, direction=0, batch=0, unit=1)
    np.testing.assert_array_equal(drawn(seen, "curve"), wanted)
    assert "layer=2" in seen.address
    last = visit("gates", subject=named(ends), layer=3)
    assert layer_picker(last).options == ["1", "3"] and last.lines == []
    forget = whole["forget_gate"].isel(layer=2, direction=0, batch=0).transpose("unit", "time")
    stored = visit("gates", subject=named(ends), layer=3, order="stored")
    np.testing.assert_array_equal(drawn(stored, "forget_gate", axis="z"), forget)
    norms = np.linalg.norm(whole["hidden_grad"].isel(layer=2, direction=0, batch=0), axis=-1)
    gradients = visit("gradients", subject=named(ends), layer=3)
    np.testing.assert_allclose(10 ** drawn(gradients, "norms").astype(float), norms, rtol=1e-5)
    gone = visit("states", subject=named(ends), layer=2)
    assert gone.lines == ["Layers in this recording: 1, 3. Layer 1 is shown."]
    table = visit("own", subject=named(ends)).test.dataframe[0].value
    assert table.loc["lstm", "layers"] == "2 (layer 1, 3)"


def test_gradients_that_were_kept_are_those_to_choose_from(visit, tmp_path, monkeypatch):
    torch.manual_seed(1)
    module, path = torch.nn.GRU(3, 4), tmp_path / "direct.nc"
    with rnnviz.record(module, keep=["hidden_grad_direct"]) as recording:
        module(torch.randn(9, 1, 3))[0].sum().backward()
    rnnviz.save(recording.trace, path)
    monkeypatch.setenv(VIEWED, json.dumps([str(path)]))
    seen = visit("gradients", subject=named(path))
    assert not seen.test.exception
    assert next(one for one in seen.test.segmented_control if one.label == "Gradient").options == ["direct"]
    wanted = np.linalg.norm(
        recording.trace["gru"]["hidden_grad_direct"].isel(layer=0, direction=0, batch=0), axis=-1
    )
    np.testing.assert_allclose(10 ** drawn(seen, "norms").astype(float), wanted, rtol=1e-5)
    assert not visit("states", subject=named(path)).test.exception
