"""The questions of the course, each with the picture that answers it."""

from rnnviz.ui.rooms.explain import page

page.show()
