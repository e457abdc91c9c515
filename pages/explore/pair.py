"""Where do two readings part, and for how long?"""

from rnnviz.ui.rooms.pair import page

page.show()
