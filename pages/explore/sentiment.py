"""Where does the network change its mind about a review?"""

import streamlit as st

from rnnviz.ui.rooms.sentiment import page
from rnnviz.ui.shell.choices import settings
from rnnviz.ui.shell.language import _

st.header(_("Sentiment"))
st.write(
    _(
        "Networks that learned from film reviews read one token by token. After which token do they change their mind, and "
        "which tokens carry the verdict?"
    )
)
page.choose_what()
models = page.models()
{"one": page.one, "two": page.two, "many": page.many}[settings()["sentiment_view"]](models)
page.about(models)
page.background()
