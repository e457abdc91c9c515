"""The page that reads layers out early: its cells are what the library says of them, and of a map that is missing it says so."""

import base64

import numpy as np
import pytest

from rnnviz.studies import lens, lenses, live
from rnnviz.ui.parts import working

TEXT = "ROMEO:\nWhat say you"


def numbers(values) -> np.ndarray:
    found = np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"])
    return found.reshape([int(n) for n in values["shape"].split(",")]) if "shape" in values else found


def test_the_cells_are_what_the_library_says_of_each_layer(visit):
    seen = visit("lens", text=TEXT)
    assert not seen.test.exception and seen.lines == []
    subject = live.shipped("shakespeare-lstm")
    raw, mapped = (lens.read(subject, TEXT, one) for one in (None, lenses.shipped("shakespeare-lstm")))
    parts = [raw.isel(layer=0), mapped.isel(layer=0), raw.isel(layer=1)]
    picture = seen.figures["layers"]
    trace = picture["data"][0]
    drawn = numbers(trace["z"])
    for row, part in enumerate(parts):
        np.testing.assert_allclose(drawn[row, :-1], np.exp(-part["loss"].values[:-1]), rtol=1e-5)
        best = [
            subject.outputs[id].replace("\n", "↵").replace(" ", "·")
            for id in part["log_probability"].values.argmax(1)
        ]
        # of what follows the last step nothing is known: plotly.js would write there as if on white
        written = [*trace["text"][row][:-1], picture["data"][1]["text"][row]]
        assert trace["text"][row][-1] == "" and written == [
            token.replace("<", "&lt;").replace("&", "&amp;") for token in best
        ]
    assert picture["layout"]["meta"]["names"] == seen.board["candidates"]["heads"]
    curves = seen.figures["kl"]["data"]
    for curve, part in zip(curves, parts, strict=False):
        np.testing.assert_allclose(numbers(curve["y"]), part["kl"], atol=1e-5)
    losses = [float(part["loss"].mean()) for part in parts]
    line = next(one.value for one in seen.test.markdown if one.value.startswith("Mean loss")).replace(
        "\\", ""
    )
    assert all(f"{loss:.4g}"[:4] in line for loss in losses)
    ids = numbers(seen.board["candidates"]["ids"]).reshape(len(TEXT), 3, -1)
    for row, part in enumerate(parts):
        wanted = part["log_probability"].values.argsort(1)[:, ::-1][:, : ids.shape[-1]]
        np.testing.assert_array_equal(ids[:, row], wanted)


def test_the_colour_may_be_the_distance_from_the_output(visit):
    seen = visit("lens", text=TEXT, lens_shows="kl")
    drawn = numbers(seen.figures["layers"]["data"][0]["z"])
    np.testing.assert_allclose(
        drawn[0], lens.read(live.shipped("shakespeare-lstm"), TEXT)["kl"][0], atol=1e-4
    )
    assert not drawn[-1].any() and "lens_shows=kl" in seen.address
    meta = seen.figures["layers"]["layout"]["meta"]
    assert meta["limits"][0] == 0 and meta["limits"][1] >= drawn.max() and not meta["beyond"]


def test_where_no_map_is_it_says_so_and_one_is_fitted_on_the_spot(visit, monkeypatch):
    monkeypatch.setattr(working, "PATIENCE", 600)
    monkeypatch.setattr(lenses, "shipped", lambda name: None)
    monkeypatch.setattr(lenses, "stamp", lambda name: "gone")
    seen = visit("lens", text=TEXT, model="korean-lstm")
    assert any("No fitted map comes with this model" in one.value for one in seen.test.caption)
    assert len(seen.figures["layers"]["layout"]["meta"]["names"]) == 2
    seen.test.button(key="lens_fit").click().run()
    assert not seen.test.exception
    names = seen.figures["layers"]["layout"]["meta"]["names"]
    assert names == ["layer 1, as it is", "layer 1, with the map", "layer 2: the output"]
    assert any("fitted to what this network itself has written" in one.value for one in seen.test.caption)


def test_one_layer_alone_has_none_below(visit):
    seen = visit("lens", text=TEXT, model="growing-gru")
    assert not seen.test.exception and list(seen.figures) == ["layers"]
    assert any("This network has one layer" in one.value for one in seen.test.markdown)


@pytest.mark.parametrize("text", ["x", "한", "\n\n"])
def test_short_and_strange_texts_are_read_out(visit, text):
    seen = visit("lens", text=text)
    assert not seen.test.exception and "layers" in seen.figures


def test_it_is_korean(visit):
    seen = visit("lens", text=TEXT, lang="ko")
    assert seen.figures["layers"]["layout"]["meta"]["ticks"] == ["1 원래", "1 변환", "2 출력"]
