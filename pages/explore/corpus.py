"""Where else in a long text are these units on?"""

from rnnviz.ui.rooms.corpus import page

page.show()
