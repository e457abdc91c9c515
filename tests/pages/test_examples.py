"""An example text chooses the unit for which it was made: what the units tell apart is computed anew with the shipped models."""

import pytest

from rnnviz import stats
from rnnviz.models import checkpoints, networks
from rnnviz.recording.block import record
from rnnviz.studies.telling import FIRST, KINDS
from rnnviz.ui.parts.explored import EXAMPLES, TELLING

OTHER = {
    "shakespeare": "KING HENRY:\nMy lord of York, what news?\n\nYORK:\n'The king is dead,' they say, my gracious liege,\n"
    "and all his men are gone to France and Rome.\n\nKING HENRY:\nThen go, and say 'We come with ten thousand men' to him.\n",
    "python": "class Reader:\n    def __init__(self, path, mode='r', limit=(1, 2)):\n        self.path = path\n"
    '        self.text = "a line of text"\n\n    def rows(self):\n        for row in open(self.path):\n'
    "            yield [int(v) for v in row.split(',')]\n",
    "korean": "어제 친구와 극장에서 새로 나온 영화를 봤어요. 음악도 좋고, 배우들의 연기도 훌륭했다.\n"
    "결말이 조금 아쉬웠지만 또 보고 싶네요!\n",
}


CASES = [(example, model) for example, (_what, units) in TELLING.items() for model in units]


@pytest.mark.parametrize(("example", "model"), CASES)
def test_the_unit_tells_apart_what_it_is_chosen_for_here_and_in_another_text(example, model):
    what, units = TELLING[example]
    layer, unit = units[model]
    network, card = checkpoints.load(model)
    corpus = model.split("-")[0]
    for text in (EXAMPLES[corpus][example], OTHER[corpus]):
        with record(network) as recording:
            networks.log_probabilities(network, checkpoints.vocabulary(card).encode(text))
        hidden = recording.trace["rnn"]["hidden"].isel(layer=layer, direction=0, batch=0)
        share = stats.states.separation(hidden, KINDS[what](text)).sel(unit=unit).item()
        assert abs(share - 0.5) > 0.4


@pytest.mark.parametrize("model", FIRST)
def test_the_units_of_the_first_page_tell_apart_what_is_said_of_them_in_other_texts_too(model):
    network, card = checkpoints.load(model)
    corpus = model.split("-")[0]
    for text in (OTHER[corpus], "".join(EXAMPLES[corpus].values())):
        with record(network) as recording:
            networks.log_probabilities(network, checkpoints.vocabulary(card).encode(text))
        for one in FIRST[model]:
            hidden = recording.trace["rnn"]["hidden"].isel(layer=one.layer, direction=0, batch=0)
            assert one.right(hidden, text) > 0.85


def test_an_example_chooses_its_unit_and_says_what_it_tells(visit):
    seen = visit("states", model="shakespeare-gru", text=EXAMPLES["shakespeare"]["speaker"])
    assert not any("Chosen with this text" in caption.value for caption in seen.test.caption)
    seen.test.pills(key="pick_example").set_value("verse").run()
    layer, unit = TELLING["verse"][1]["shakespeare-gru"]
    assert seen.test.session_state["settings"]["unit"] == unit
    assert seen.test.session_state["settings"]["layer"] == layer
    (line,) = (caption.value for caption in seen.test.caption if "Chosen with" in caption.value)
    assert line.startswith(
        f"Chosen with this text: unit {unit} of layer {layer + 1}. Its hidden state tells line ends"
    )
