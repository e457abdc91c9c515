"""What does this unit do, in a text too long to read?"""

from rnnviz.ui.rooms.unit import page

page.show()
