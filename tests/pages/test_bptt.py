"""learn/bptt as a reader meets it: what is drawn adds up to torch's gradient, and the address holds what was chosen."""

import numpy as np
import pytest
import torch

from rnnviz import stats
from rnnviz.studies import shared_weight
from rnnviz.ui.parts.numbers import shown
from tests.pages.test_pages import decoded

TASK = shared_weight.reading("abracadabra")


def matrices(figure: dict, places: int) -> np.ndarray:
    """The matrices side by side in a heatmap: (place, row, column)."""
    (trace,) = figure["data"]
    z = np.array(decoded(trace["z"]), float)
    z = z.reshape(-1, len(decoded(trace["x"])) - 1)
    z = np.hstack([z, np.full((len(z), 1), np.nan)]).reshape(len(z), places, -1)
    return z[:, :, :-1].transpose(1, 0, 2)


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize(
    ("kind", "gate", "rows"), [("rnn", "candidate", 0), ("gru", "update_gate", 1), ("lstm", "output_gate", 3)]
)
def test_the_matrices_that_are_drawn_add_up_to_what_torch_has(visit, lang, kind, gate, rows):
    seen = visit("bptt", lang=lang, bptt_kind=kind, bptt_gate=gate, bptt_units=3, bptt_loss="all")
    assert not seen.test.exception and seen.lines == []
    model = shared_weight.network(TASK, kind, 3, 0)
    scores = model(TASK.x.double())[0]
    torch.nn.functional.cross_entropy(scores, torch.tensor(TASK.targets), reduction="sum").backward()
    grad = model.rnn.weight_hh_l0.grad.numpy()[3 * rows : 3 * rows + 3]
    drawn = seen.figures
    parts = matrices(drawn["parts"], 10)
    np.testing.assert_allclose(parts.sum(axis=0), grad, rtol=0, atol=1e-14)
    torchs, whole, kept, cut = matrices(drawn["sums"], 4)
    np.testing.assert_array_equal(torchs, grad)
    np.testing.assert_allclose(whole, grad, rtol=0, atol=1e-14)
    np.testing.assert_allclose(kept, parts[-3:].sum(axis=0), rtol=0, atol=1e-14)
    np.testing.assert_allclose(kept + cut, grad, rtol=0, atol=1e-14)
    limits = {(name, t["zmin"], t["zmax"]) for name in ("parts", "sums") for t in drawn[name]["data"]}
    assert limits == {("parts", -0.1, 0.1), ("sums", -0.1, 0.1)}


def test_the_norms_and_the_window_are_those_of_the_statistics(visit):
    seen = visit("bptt", bptt_window=4)
    back = shared_weight.send_back(shared_weight.network(TASK, "rnn", 4, 0), TASK, "last")
    norms = np.array(decoded(seen.figures["norms"]["data"][0]["y"]), float)
    np.testing.assert_allclose(10 ** norms[1:], stats.gradients.weight_norms(back.node).values[1:])
    window = stats.gradients.weight_window(back.node, 6, 9)
    said = " ".join(part.value for part in seen.test.markdown)
    assert f"**{window['angle'].item():.1f}°**" in said
    assert f"**{100 * window['share'].item():.1f} %**" in said
    assert "exactly truncated BPTT with 4 steps" in said
    table = seen.test.dataframe[0].value
    assert len(table) == 10 and table.iloc[3, 1] == f"{window['angle'].item():.1f}°"
    assert (table.iloc[9, 0], table.iloc[9, 1]) == ("100.0 %", "0.0°")


@pytest.mark.parametrize(("kind", "gate"), [("rnn", "hidden"), ("gru", "candidate"), ("lstm", "forget_gate")])
def test_a_step_opens_with_its_numbers(visit, kind, gate):
    seen = visit("bptt", bptt_kind=kind, bptt_gate=gate if kind != "rnn" else "candidate", bptt_step=6)
    assert "Step 6" in seen.test.subheader[0].value and seen.board["step"] == 5
    node = shared_weight.send_back(shared_weight.network(TASK, kind, 4, 0), TASK, "last").node
    delta = stats.gradients.deltas(node).sel(gate=gate).values[5]
    before = node["hidden"].transpose("time", "unit").values[4]
    factors, product = (table.value for table in seen.test.table[:2])
    assert factors.iloc[:, -1].tolist() == [shown(value) for value in delta]
    wanted = [[shown(a * b) for b in before] for a in delta]
    assert product.values.tolist() == wanted
    assert [column.split(" = ")[1] for column in product.columns] == [shown(value) for value in before]


def test_the_first_step_adds_nothing(visit):
    seen = visit("bptt", bptt_step=1)
    assert set(seen.test.table[1].value.values.ravel()) == {"0"}
    assert any("a probability of" in part.value for part in seen.test.markdown)
    assert any("this step adds nothing" in part.value for part in seen.test.markdown)


def test_with_a_loss_at_every_step_the_window_is_not_called_truncated_bptt(visit):
    said = " ".join(part.value for part in visit("bptt", bptt_loss="all").test.markdown)
    assert "exactly truncated BPTT" not in said and "a probability of" not in said
    assert "gradient of the last 3 losses" in said and "It is not what you get" in said


def test_a_trained_network_is_another_and_small_numbers_are_pointed_out(visit):
    seen = visit("bptt", bptt_trained="yes", bptt_text="abcabc", bptt_units=2)
    assert not seen.test.exception
    fresh = visit("bptt", bptt_text="abcabc", bptt_units=2)
    assert abs(matrices(seen.figures["parts"], 5)).max() < abs(matrices(fresh.figures["parts"], 5)).max()
    assert any("choose smaller limits" in part.value for part in seen.test.caption)
    assert not any("choose smaller limits" in part.value for part in fresh.test.caption)


def test_choosing_changes_the_picture_and_the_address(visit):
    seen = visit("bptt", bptt_network="own")
    seen.test.slider(key="pick_bptt_window").set_value(5).run()
    seen.test.selectbox(key="pick_bptt_limit").set_value(0.01).run()
    assert "bptt_window=5" in seen.address and "bptt_limit=0.01" in seen.address
    assert seen.figures["sums"]["data"][0]["zmax"] == 0.01
    seen.test.segmented_control(key="pick_bptt_kind").set_value("lstm").run()
    assert seen.test.selectbox(key="pick_bptt_gate").value == "candidate"
    seen.test.text_input(key="pick_bptt_text").set_value("hello").run()
    assert seen.board["tokens"] == list("hell")
    assert seen.test.slider(key="pick_bptt_window").value == 4  # all there are
    assert not seen.test.exception


@pytest.mark.parametrize("text", ["", "ab", "aaaa", "  a  ", "!!!"])
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_a_text_that_gives_nothing_to_learn_gets_one_line_and_stays(visit, text, lang):
    seen = visit("bptt", lang=lang, bptt_text=text)
    assert not seen.test.exception and seen.board is None
    (line,) = seen.lines
    assert ("at least three letters" if lang == "en" else "세 글자 이상") in line
    assert seen.test.text_input(key="pick_bptt_text").value == text


def test_a_readers_text_is_shown_as_text_and_cut_at_thirty_letters(visit):
    text = "<b>**안녕** $x$</b> `a`\t[l](//e) and more of it"
    seen = visit("bptt", bptt_text=text, bptt_step=2)
    assert not seen.test.exception
    assert ["The first 30 letters" in line for line in seen.lines] == [True]
    assert len(seen.board["tokens"]) == 29
    assert seen.test.subheader[0].value.endswith("“b”")
    assert visit("bptt", bptt_text="a*b*", bptt_step=2).test.subheader[0].value.endswith("“\\*”")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kind", "cnn"),
        ("units", "6"),
        ("loss", "none"),
        ("window", "0"),
        ("limit", "0.5"),
        ("gate", "door"),
        ("step", "x"),
        ("trained", "1"),
    ],
)
def test_a_bad_value_in_a_link_gets_one_line(visit, name, value):
    seen = visit("bptt", **{f"bptt_{name}": value})
    assert not seen.test.exception
    assert [f"bptt_{name}" in line for line in seen.greeting] == [True]


def test_the_same_choice_computes_nothing_anew(visit):
    from rnnviz.ui.shell import keeping

    seen = visit("bptt")
    before = keeping.computed
    seen.test.run()
    assert keeping.computed == before
