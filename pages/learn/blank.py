"""What do the words after a blank tell? Two models fill it in: one reads what is before, one both sides."""

from rnnviz.ui.rooms.blank import page

page.show()
