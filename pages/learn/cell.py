"""What happens inside one cell, at one step? Every number can be changed, and leads to the next."""

from rnnviz.ui.rooms.cell import page

page.show()
