"""What is gained by reading what comes after a word, too?"""

from rnnviz.ui.shell.settings import index, text

SETTINGS = {
    "blank_text": text(),  # None: the first example
    "blank_place": index(
        None
    ),  # of the word that is left out; None: where the example has it, or the reader wrote ____
}
