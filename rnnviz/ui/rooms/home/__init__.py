"""What is this, and what does it look like inside?"""

from rnnviz.ui.parts import explored
from rnnviz.ui.shell.language import current
from rnnviz.ui.shell.settings import settings

SETTINGS = explored.SETTINGS
ENGLISH, KOREAN = "shakespeare-gru", "korean-lstm"  # whose units are shown
LONGEST = 240  # characters that are drawn
TEXTS = {
    "en": "Shall I compare thee to a summer's day?\nThou art more lovely and more temperate:\n",
    "ko": "처음에는 지루할 줄 알았는데 끝까지 보고 나니 정말 감동적이었다.\n배우들의 연기가 좋았고 음악도 잘 어울렸어요.\n",
}


def shown_text() -> str:
    """What the reader typed, or a text in the reader's language."""
    typed = settings()["text"]
    return TEXTS[current()] if typed is None else typed
