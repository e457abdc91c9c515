"""Which gates are open, and when?"""

from rnnviz.ui.rooms.gates import page

page.show()
