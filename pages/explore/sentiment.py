"""Where does the network change its mind about a review?"""

import streamlit as st

from rnnviz import ui
from rnnviz.ui import _, sentiment

st.header(_("Sentiment"))
st.write(
    _(
        "Networks that learned from film reviews read one token by token. After which token do they change their mind, and "
        "which tokens carry the verdict?"
    )
)
sentiment.choose_what()
models = sentiment.models()
{"one": sentiment.one, "two": sentiment.two, "many": sentiment.many}[ui.settings()["sentiment_view"]](models)
sentiment.about(models)
sentiment.background()
