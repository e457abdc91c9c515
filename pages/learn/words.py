"""The words of the course in English and Korean, each with its symbol, a sentence and the picture that shows it."""

from rnnviz.ui.rooms.words import page

page.show()
