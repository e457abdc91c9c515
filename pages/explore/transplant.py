"""Which step, and which units, carry what two texts differ in?"""

from rnnviz.ui.rooms.transplant import page

page.show()
