"""Which architecture carries the error furthest back, and what helps?"""

from rnnviz.ui.rooms.compare import page

page.show()
