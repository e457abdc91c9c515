"""The page on which units are silenced: its pictures are what the library finds, and its choices count."""

import base64

import numpy as np
import pytest

from rnnviz.studies import ablation, live, probing
from rnnviz.ui.parts import working

TEXT = "ROMEO:\nWhat say you to my Lord?\n"


@pytest.fixture
def opened(visit, monkeypatch):
    monkeypatch.setattr(working, "PATIENCE", 600)

    def opened(text=TEXT, model="growing-gru", **params):
        seen = visit("units", text=text, model=model, **params)
        assert not seen.test.exception
        return seen

    return opened


def numbers(values) -> np.ndarray:
    return np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"])


@pytest.fixture(scope="module")
def found():
    subject = live.shipped("growing-gru")
    everything = ablation.ablate(subject, TEXT)
    return subject, everything, ablation.ranked(everything).isel(layer=0)


def test_the_pictures_are_what_the_library_finds(opened, found):
    subject, everything, ranked = found
    seen = opened(unit=5)
    drawn = seen.figures
    assert list(drawn) == ["importances", "foretold", "activity", "together"]
    growth = ranked["growth"].sortby(ranked["growth"], ascending=False)
    np.testing.assert_allclose(numbers(drawn["importances"]["data"][0]["y"]), growth, atol=1e-6)
    assert drawn["importances"]["layout"]["meta"]["points"] == growth["unit"].values.tolist()
    np.testing.assert_allclose(numbers(drawn["foretold"]["data"][0]["x"]), ranked["foretold"], atol=1e-6)
    np.testing.assert_allclose(numbers(drawn["activity"]["data"][0]["x"]), ranked["activity"], atol=1e-6)
    together = ablation.curve(subject, TEXT, everything)["growth"].isel(text=0)
    for curve, wanted in zip(drawn["together"]["data"], together.values, strict=True):
        np.testing.assert_allclose(numbers(curve["y"]), wanted, atol=1e-6)
    rank = int(ranked["rank"].sel(measure="growth", unit=5))
    assert f"place {rank} of 128 in layer 1" in seen.test.text[-1].value
    assert f"Loss of this text: {everything['loss'].item():.3f} nats" in seen.test.text[-1].value


def test_the_field_the_value_and_the_kind_that_are_chosen_count(opened, found):
    subject = found[0]
    seen = opened(units_field="update_gate", units_to="mean", units_kind="capitals")
    wanted = ablation.ablate(subject, TEXT, field="update_gate", to="mean", kind="capitals")
    growth = np.sort(wanted["growth"].values.ravel())[::-1]
    np.testing.assert_allclose(numbers(seen.figures["importances"]["data"][0]["y"]), growth, atol=1e-6)
    for choice in ("units_field=update_gate", "units_to=mean", "units_kind=capitals"):
        assert choice in seen.address


def test_a_click_chooses_the_unit_and_computes_nothing_anew(opened):
    from rnnviz.ui.shell.jobs import jobs

    seen = opened(unit=5)
    before = len(jobs._jobs)
    seen.test.session_state["settings"] = seen.test.session_state["settings"] | {"unit": 9}
    seen.test.run()
    sizes = seen.figures["activity"]["data"][0]["marker"]["size"]
    assert sizes.index(16) == 9 and len(jobs._jobs) == before


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"text": "a"}, "A loss needs a next character: type at least two."),
        ({"units_kind": "particles"}, "This text has no such characters to predict; all of them count."),
    ],
)
def test_what_cannot_be_is_a_line(opened, params, said):
    assert said in opened(**params).lines


def test_a_field_that_the_model_lacks_gives_way(opened):
    seen = opened(model="growing-rnn", units_field="cell")
    assert "units_field" not in seen.address and seen.figures


def test_it_is_korean(opened):
    seen = opened(lang="ko")
    assert seen.figures["importances"]["layout"]["yaxis"]["title"]["text"] == "손실의 증가 (nat)"
    assert "128개 가운데" in seen.test.text[-1].value


def test_over_several_texts_the_mean_its_spread_and_the_own_mean_are_over_all_of_them(opened):
    seen = opened(units_texts="several", units_to="mean", unit=5)
    subject = live.shipped("growing-gru")
    length = len(TEXT) + 4 * ablation.WRITTEN
    *_written, corpus = _all_of(probing.gone_on(subject, TEXT, length, 1))
    more = corpus[len(TEXT) :]
    texts = [TEXT, *(more[n * ablation.WRITTEN : (n + 1) * ablation.WRITTEN] for n in range(4))]
    found = ablation.ablate(subject, texts, to="mean")
    ranked = ablation.ranked(found).isel(layer=0)
    growth = ranked["growth"].sortby(ranked["growth"], ascending=False)
    drawn = seen.figures["importances"]["data"][0]
    np.testing.assert_allclose(numbers(drawn["y"]), growth, atol=1e-6)
    spread = ranked["spread"].sel(unit=growth["unit"])
    np.testing.assert_allclose(numbers(drawn["error_y"]["array"]), spread, atol=1e-6)
    wanted = found["growth"].isel(layer=0, unit=5).std().item()
    assert f"with a standard deviation of {wanted:.4g} over the texts" in seen.test.text[-1].value
    assert "units_texts=several" in seen.address


def _all_of(work) -> list:
    found = []
    while True:
        try:
            found.append(next(work))
        except StopIteration as end:
            return [*found, end.value]
