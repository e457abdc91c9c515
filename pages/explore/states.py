"""Which units are active, and on which tokens?"""

from rnnviz.ui.rooms.states import page

page.show()
