"""What does this word mean, and which picture shows it?"""

from rnnviz.ui.shell.settings import text

SETTINGS = {"words_find": text("")}
