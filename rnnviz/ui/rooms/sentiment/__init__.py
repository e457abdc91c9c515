"""Where does a network change its mind about a film review?"""

from rnnviz.ui.shell.settings import one_of, text

LANGUAGES = ("english", "korean")
VIEWS = ("one", "two", "many")
MODELS = ("rnn", "gru", "lstm", "lstm-mean", "lstm-attention")
SETTINGS = {
    "sentiment_language": one_of(None, LANGUAGES),  # of the reviews; None: the reader's own
    "sentiment_view": one_of("one", VIEWS),
    "sentiment_text": text(),  # None: the first example of the language
    "sentiment_first": text(),  # the first pair's
    "sentiment_second": text(),
    "sentiment_model": one_of("lstm", MODELS),  # the one that is looked into
}
