"""What is followed in a text, and the unit that does, moment by moment."""

import numpy as np
import pytest
import torch

from rnnviz.models.networks import LanguageModel
from rnnviz.studies import growing

TEXT = "A B:\nab cd\n\nC:\nno: x\n\ny"


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("line", "1234 0 12345 0 0 12 0 12345 0 0 1"),
        ("end", "0001 0 00001 1 0 01 0 00001 1 0 0"),
        ("speaker", "1111 0 00000 0 0 11 0 00000 0 0 0"),
        ("word", "1010 0 12012 0 0 10 0 12001 0 0 1"),
    ],
)
def test_what_is_followed_can_be_counted_by_hand(name, wanted):
    assert growing.ANNOTATIONS[name](TEXT).tolist() == [float(c) for c in wanted if c != " "]


def test_a_line_with_a_colon_within_a_speech_names_nobody():
    assert growing.speaker("Yes,\nHe said:\n").sum() == 0


def planted(seed, unit=None):
    """A small network that reads two tokens; the planted unit says which it read last."""
    torch.manual_seed(seed)
    model = LanguageModel("rnn", vocabulary=3, embedding=3, hidden=6, layers=2)
    if unit is not None:
        with torch.no_grad():
            model.embedding.weight.copy_(torch.eye(3))
            for layer, source in ((0, 2), (1, unit)):
                into, back = (getattr(model.rnn, f"weight_{kind}_l{layer}") for kind in ("ih", "hh"))
                into[unit], back[unit] = 0, 0
                into[unit, source] = 2
    return model


def test_a_planted_unit_appears_at_the_moment_at_which_it_was_planted():
    ids = np.random.default_rng(5).integers(1, 3, 3000).tolist()
    text = "".join(".ab"[i] for i in ids)
    models = {0: planted(1), 10: planted(2), 100: planted(3, unit=4), 1000: planted(3, unit=4)}
    found = growing.tracked(models, ids, text, {"b": lambda text: np.array([c == "b" for c in text], float)})
    assert found["correlation"].dims == ("annotation", "moment")
    late = found.sel(annotation="b", moment=[100, 1000])
    assert late["best"].values.tolist() == [4, 4] and (late["correlation"] > 0.999).all()
    np.testing.assert_allclose(late["followed"], late["correlation"])
    early = found.sel(annotation="b", moment=[0, 10])
    assert (early["followed"] < 0.98).all()  # the unit of that number, not yet planted
    assert (found["control"] < 0.15).all()


def test_labels_that_belong_to_nothing_are_not_found():
    ids = np.random.default_rng(5).integers(1, 3, 3000).tolist()
    coins = np.random.default_rng(6).integers(0, 2, 3000).astype(float)
    found = growing.tracked({0: planted(3, unit=4)}, ids, "a" * 3000, {"coins": lambda _text: coins})
    assert found["correlation"].item() < 0.1
